//! `from_dlpack`, `from_torch` and `to_torch`: the protocol by name, and what PyTorch cannot say for itself.
//! PyTorch is imported when it is asked for, never before.

use pyo3::exceptions::{PyBufferError, PyImportError, PyModuleNotFoundError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;

use crate::python::api::construct;
use crate::python::api::construct::{Form, Request};
use crate::python::arguments::AxisOrder;
use crate::python::class::AudioSamples;
use crate::python::exchange::dlpack;
use crate::python::exchange::dlpack::Legacy;
use crate::python::exchange::outward::Outward;

fn torch(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    py.import(intern!(py, "torch")).map_err(|error| {
        if !error.is_instance_of::<PyModuleNotFoundError>(py) {
            return error;
        }
        let told = PyImportError::new_err("to_torch needs PyTorch: pip install torch");
        told.set_cause(py, Some(error));
        told
    })
}

#[pymethods]
impl AudioSamples {
    /// A PyTorch tensor on the same memory: what one writes, the other sees. PyTorch knows no
    /// read-only tensors and no negative strides; such audio is copied, or with `copy=False`
    /// refused.
    #[pyo3(signature = (*, copy = None))]
    fn to_torch<'py>(&self, py: Python<'py>, copy: Option<bool>) -> PyResult<Bound<'py, PyAny>> {
        let torch = torch(py)?;
        let samples = self.audio().samples();
        let hindrance = if samples.writable() {
            dlpack::unshareable_forwards(samples)
        } else {
            Some("PyTorch would write to read-only audio".to_owned())
        };
        let capsule = match (copy, hindrance) {
            (Some(false), Some(why)) => {
                return Err(PyBufferError::new_err(format!(
                    "copy=False: {why}; use copy=None or copy=True"
                )));
            }
            (Some(true), _) => {
                let own = self.copied(py, "to_torch(copy=True) is a copy; to_torch() shares")?;
                dlpack::legacy_capsule(py, own.samples())?
            }
            (None, Some(why)) => dlpack::legacy_capsule(py, self.copied(py, &why)?.samples())?,
            (_, None) => dlpack::legacy_capsule(py, samples)?,
        };
        torch.call_out(intern!(py, "from_dlpack"), (capsule,))
    }

    /// Audio on a PyTorch tensor's own memory, mono or multi-channel as the tensor's shape is.
    #[staticmethod]
    #[pyo3(signature = (tensor, sample_rate, *, layout = None, copy = None))]
    fn from_torch(
        tensor: &Bound<'_, PyAny>,
        sample_rate: &Bound<'_, PyAny>,
        layout: Option<&str>,
        copy: Option<bool>,
    ) -> PyResult<AudioSamples> {
        let py = tensor.py();
        // There is no tensor before PyTorch is imported.
        let modules = py
            .import(intern!(py, "sys"))?
            .getattr(intern!(py, "modules"))?;
        let torch = modules.call_out(intern!(py, "get"), (intern!(py, "torch"),))?;
        if torch.is_none() || !tensor.is_instance(&torch.getattr(intern!(py, "Tensor"))?)? {
            return Err(PyTypeError::new_err(format!(
                "from_torch takes a torch.Tensor, not {}; from_dlpack takes other tensors",
                tensor.get_type().name()?
            )));
        }
        let request = Request {
            called: "from_torch",
            form: Form::Any,
            order: AxisOrder::parse(layout)?,
            copy,
            dtype: None,
        };
        construct::of_tensor(tensor, sample_rate, &request, Legacy::Writable)
    }

    /// Audio on a tensor's own memory (PyTorch, JAX, CuPy, NumPy and others), mono or multi-channel as its shape
    /// is. `copy=False` shares the memory or raises; `copy=None` shares it where the tensor's library does.
    #[staticmethod]
    #[pyo3(signature = (tensor, sample_rate, *, layout = None, copy = None))]
    fn from_dlpack(
        tensor: &Bound<'_, PyAny>,
        sample_rate: &Bound<'_, PyAny>,
        layout: Option<&str>,
        copy: Option<bool>,
    ) -> PyResult<AudioSamples> {
        let request = Request {
            called: "from_dlpack",
            form: Form::Any,
            order: AxisOrder::parse(layout)?,
            copy,
            dtype: None,
        };
        construct::of_tensor(tensor, sample_rate, &request, Legacy::ReadOnly)
    }
}
