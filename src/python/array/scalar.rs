//! Audio where Python wants one number, or a yes or no.

use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;

use crate::python::class::AudioSamples;
use crate::python::numpy::numpy_module;
use crate::registry::Mode;

impl AudioSamples {
    /// The only sample as a Python number; NumPy's error where there are more or none.
    fn number<'py>(&self, py: Python<'py>, method: &str) -> PyResult<Bound<'py, PyAny>> {
        self.with_array(py, Mode::Read, |array| {
            if self.audio().layout().len() != 1 {
                return array.call_method0(method);
            }
            // NumPy wants one number in an array without axes only.
            let sample = array.call_method0(intern!(py, "item"))?;
            sample.call_method0(method)
        })
    }
}

/// A number, if there is one sample.
#[pymethods]
impl AudioSamples {
    fn __bool__(&self, py: Python<'_>) -> PyResult<bool> {
        let samples = self.audio().layout().len();
        if samples != 1 {
            return Err(PyValueError::new_err(format!(
                "the truth value of audio of {samples} samples is ambiguous; len(audio) > 0 tells whether it has \
                 frames, np.array_equal(a, b) whether two are equal, and np.any(audio) and np.all(audio) ask of \
                 all samples"
            )));
        }
        self.with_array(py, Mode::Read, |array| array.is_truthy())
    }

    fn __float__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.number(py, "__float__")
    }

    fn __int__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.number(py, "__int__")
    }

    #[pyo3(signature = (ndigits = None, /))]
    fn __round__<'py>(
        slf: &Bound<'py, Self>,
        ndigits: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let numpy = numpy_module(slf.py())?;
        match ndigits {
            Some(digits) => numpy.call_method1(intern!(slf.py(), "round"), (slf, digits)),
            None => numpy.call_method1(intern!(slf.py(), "round"), (slf,)),
        }
    }
}
