//! Where Arrow data comes from: an array, or a stream that is asked until it ends.

use std::ffi::c_int;

use pyo3::exceptions::{PyOSError, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::structures::{ArrowArray, ArrowArrayStream, ArrowSchema, text};
use super::take;
use crate::python::exchange::outward;

/// The schema and the arrays of an object that offers them, as its capsules have them.
pub fn structures(data: &Bound<'_, PyAny>) -> PyResult<(ArrowSchema, Vec<ArrowArray>)> {
    let py = data.py();
    if let Ok(Some(method)) = data.getattr_opt(intern!(py, "__arrow_c_array__")) {
        let answer = outward::call(&method, (), None)?;
        let capsules = answer.cast::<PyTuple>()?;
        let schema = take::<ArrowSchema>(&capsules.get_item(0)?)?;
        return Ok((schema, vec![take::<ArrowArray>(&capsules.get_item(1)?)?]));
    }
    let Ok(Some(method)) = data.getattr_opt(intern!(py, "__arrow_c_stream__")) else {
        return Err(PyTypeError::new_err(format!(
            "from_arrow takes Arrow data (an object with __arrow_c_array__ or __arrow_c_stream__, such as a \
             pyarrow.Table), not {}",
            data.get_type().name()?
        )));
    };
    let mut stream = take::<ArrowArrayStream>(&outward::call(&method, (), None)?)?;
    // SAFETY: a producer's stream, straight from its capsule.
    unsafe { chunks_of(py, &mut stream) }
}

/// All that a stream gives. It is asked without the interpreter, for it may wait for threads of its own that need
/// it; a stream that needs it itself attaches, by the interface's rule that callbacks are for any thread.
///
/// # Safety
/// The stream is released, or one that the C stream interface describes.
unsafe fn chunks_of(
    py: Python<'_>,
    stream: &mut ArrowArrayStream,
) -> PyResult<(ArrowSchema, Vec<ArrowArray>)> {
    let (Some(get_schema), Some(get_next)) = (stream.get_schema, stream.get_next) else {
        return Err(PyValueError::new_err(
            "the Arrow stream is released already",
        ));
    };
    let mut schema = ArrowSchema::empty();
    let code = py.detach(|| {
        // SAFETY: by the caller's promise the stream's own callback, which no other thread calls meanwhile.
        unsafe { get_schema(stream, &raw mut schema) }
    });
    // SAFETY: the same stream, and the answer of its last call.
    unsafe { failed(py, stream, code) }?;
    let mut arrays = Vec::new();
    loop {
        let mut array = ArrowArray::empty();
        let code = py.detach(|| {
            // SAFETY: as above.
            unsafe { get_next(stream, &raw mut array) }
        });
        // SAFETY: as above.
        unsafe { failed(py, stream, code) }?;
        if array.release.is_none() {
            return Ok((schema, arrays));
        }
        arrays.push(array);
    }
}

/// The error of a stream, in its own words.
///
/// # Safety
/// As for [`chunks_of`], and `code` is what the stream's last call answered.
unsafe fn failed(py: Python<'_>, stream: &mut ArrowArrayStream, code: c_int) -> PyResult<()> {
    if code == 0 {
        return Ok(());
    }
    let said = py.detach(|| {
        let last = stream.get_last_error?;
        // SAFETY: by the caller's promise the stream's own callback, after a call that failed.
        let said = unsafe { last(stream) };
        // SAFETY: by the interface such a text or null, valid until the stream is called again.
        unsafe { text(stream, said) }.map(str::to_owned)
    });
    let said = said.unwrap_or_else(|| "the Arrow stream failed".to_owned());
    Err(PyOSError::new_err((code, said)))
}
