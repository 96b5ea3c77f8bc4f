//! `__array_ufunc__`: NumPy's functions on audio. Small blocks take a fast way; the rest is Python's to compute.

pub mod fast;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple};

use crate::kernel::Operator;
use crate::python::array::operand;
use crate::python::class::AudioSamples;
use crate::python::exchange::outward;

/// A function of the package's `_ufunc.py`.
fn slow<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let import = || PyModule::import(py, "audio_samples._ufunc").map(Bound::unbind);
    MODULE.get_or_try_init(py, import)?.bind(py).getattr(name)
}

/// `audio op= array` for an array type that only NumPy computes with.
pub fn in_place<'py>(
    audio: &Bound<'py, AudioSamples>,
    operator: Operator,
    array: &Bound<'py, PyAny>,
) -> PyResult<()> {
    let py = audio.py();
    let ufunc = operand::ufunc(py, operator)?;
    outward::call(&slow(py, "in_place")?, (audio, ufunc, array), None).map(drop)
}

/// Carries out one call of a ufunc or of one of its methods.
pub fn call<'py>(
    ufunc: &Bound<'py, PyAny>,
    method: &str,
    inputs: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = ufunc.py();
    if method == "__call__"
        && let Some(done) = fast(ufunc, inputs, kwargs)?
    {
        return Ok(done);
    }
    let kwargs = kwargs.map_or_else(|| PyDict::new(py), Clone::clone);
    outward::call(&slow(py, "call")?, (ufunc, method, inputs, kwargs), None)
}

/// One or two operands, and at most an output.
fn fast<'py>(
    ufunc: &Bound<'py, PyAny>,
    inputs: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    match (inputs.len(), kwargs.filter(|kwargs| !kwargs.is_empty())) {
        (1, None) => fast::of_one(ufunc, &inputs.get_item(0)?),
        (2, None) => fast::of_two(ufunc, &inputs.get_item(0)?, &inputs.get_item(1)?),
        (2, Some(kwargs)) if kwargs.len() == 1 => {
            let Some(out) = kwargs.get_item(intern!(ufunc.py(), "out"))? else {
                return Ok(None);
            };
            let out = match out.cast_exact::<PyTuple>() {
                Ok(out) if out.len() == 1 => out.get_item(0)?,
                _ => return Ok(None),
            };
            let (left, right) = (inputs.get_item(0)?, inputs.get_item(1)?);
            fast::into(ufunc, &left, &right, &out)
        }
        _ => Ok(None),
    }
}
