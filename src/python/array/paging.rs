//! Ufuncs into mapped files that are too large to be in memory at once, part by part.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyEllipsis, PySlice, PyTuple};

use crate::audio::{Audio, paging};
use crate::python::exchange::ndarray;
use crate::python::numpy::numpy_module;

/// Calls `work` with a key for each part of a mapped file too large to be in memory at once, and gives the
/// pages of each back. False for any other audio, with which nothing was done.
fn in_parts<'py>(
    py: Python<'py>,
    audio: &Audio,
    mut work: impl FnMut(&Bound<'py, PyAny>) -> PyResult<()>,
) -> PyResult<bool> {
    let samples = audio.samples().strided();
    let Some(parts) = paging::of(&samples) else {
        return Ok(false);
    };
    for (start, count) in parts {
        let frames = PySlice::new(py, start as isize, (start + count) as isize, 1);
        let key = (PyEllipsis::get(py), frames).into_pyobject(py)?;
        work(key.as_any())?;
        samples.take_frames(start, count)?.give_back();
        py.check_signals()?;
    }
    Ok(true)
}

/// A ufunc whose result goes into `out`, the array of a large mapped file, part by part. False where that
/// might give another result: nothing was done then.
pub fn ufunc<'py>(
    ufunc: &Bound<'py, PyAny>,
    inputs: &[Bound<'py, PyAny>],
    audio: &Audio,
    out: &Bound<'py, PyAny>,
    options: &Bound<'py, PyDict>,
) -> PyResult<bool> {
    let py = ufunc.py();
    let frames = audio.layout().frames();
    let mut is_cut = Vec::with_capacity(inputs.len());
    for input in inputs {
        is_cut.push(if !ndarray::is_exact_array(input) {
            if input.hasattr(intern!(py, "__len__"))? {
                return Ok(false);
            }
            false
        } else {
            let shape: Vec<usize> = input.getattr(intern!(py, "shape"))?.extract()?;
            let overlaps = numpy_module(py)?
                .call_method1(intern!(py, "may_share_memory"), (input, out))?
                .is_truthy()?;
            if overlaps && !ndarray::same_samples(input, audio)? {
                return Ok(false);
            }
            match shape.last() {
                None | Some(1) => false,
                Some(last) if *last == frames => true,
                Some(_) => return Ok(false),
            }
        });
    }
    let options = options.copy()?;
    in_parts(py, audio, |key| {
        let part = |(input, is_cut): (&Bound<'py, PyAny>, &bool)| {
            if *is_cut {
                input.get_item(key)
            } else {
                Ok(input.clone())
            }
        };
        let parts = inputs.iter().zip(&is_cut).map(part);
        let parts = PyTuple::new(py, parts.collect::<PyResult<Vec<_>>>()?)?;
        options.set_item(intern!(py, "out"), (out.get_item(key)?,))?;
        ufunc.call(parts, Some(&options)).map(drop)
    })
}
