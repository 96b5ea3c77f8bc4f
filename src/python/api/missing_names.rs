//! Attributes that are not there: Python says what they are called here. Audio itself has no `__getattr__`, which
//! would add some 10 ns to each of its attributes and 40 to each call of a method.

use pyo3::intern;
use pyo3::prelude::*;

use crate::python::class::AudioSamples;
use crate::python::exchange::outward::Outward;
use crate::python::files::edit::FileEdit;
use crate::python::files::read::AudioInfo;
use crate::python::files::stream::FileStream;

fn missing(object: &Bound<'_, PyAny>, name: &str) -> PyErr {
    let py = object.py();
    let names = py.import(intern!(py, "audio_samples._names"));
    let error = names.and_then(|names| names.call_out(intern!(py, "attribute"), (object, name)));
    error.map_or_else(|error| error, PyErr::from_value)
}

macro_rules! advised {
    ($($Class:ident)*) => {
        $(#[pymethods]
        impl $Class {
            fn __getattr__(slf: &Bound<'_, $Class>, name: &str) -> PyResult<()> {
                Err(missing(slf, name))
            }
        })*
    };
}

advised! { AudioInfo FileStream FileEdit }

#[pymethods]
impl AudioSamples {
    fn __setattr__(&self, py: Python<'_>, name: &str, _value: &Bound<'_, PyAny>) -> PyResult<()> {
        let names = py.import(intern!(py, "audio_samples._names"))?;
        Err(PyErr::from_value(
            names.call_out(intern!(py, "unsettable"), (name,))?,
        ))
    }

    fn __delattr__(&self, name: &str) -> PyResult<()> {
        Err(pyo3::exceptions::PyAttributeError::new_err(format!(
            "'AudioSamples' object has no attribute '{name}' that could be deleted"
        )))
    }
}
