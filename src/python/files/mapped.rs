//! `open`: files as memory, and what only such audio can do.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::error::Error;
use crate::files::mapped;
use crate::python::arguments;
use crate::python::class::AudioSamples;
use crate::python::files::file_object::require_path;
use crate::python::running;

/// Opens an audio file as memory: nothing is read, and nothing is copied.
///
/// With mode `r` the samples are read-only. With `r+` they are the file: `audio *= 0.5` edits
/// it where it lies. Multi-channel audio is `(channels, frames)`, with the strides of
/// interleaved frames. `with` closes the file at its end; so does `close()`, and letting go of
/// the audio and all its views. A file that is open already is the same memory, and is closed
/// with the last of the handles that opened it.
///
/// Raises `AudioFileError` for samples that the machine does not compute with as they lie (24
/// bits, 8 bits, the other byte order, compressed); `edit()` changes those files and `read()`
/// decodes them.
#[pyfunction]
#[pyo3(signature = (path, mode = "r", **others), text_signature = "(path, mode='r')")]
pub fn open(
    py: Python<'_>,
    path: &Bound<'_, PyAny>,
    mode: &str,
    others: Option<&Bound<'_, PyDict>>,
) -> PyResult<AudioSamples> {
    arguments::refuse_others("open", "mode=", None, others)?;
    let writable = match mode {
        "r" => false,
        "r+" => true,
        other => {
            return Err(PyValueError::new_err(format!(
                "mode must be 'r' to look at a file or 'r+' to change it where it lies, not {other:?}; \
                 write() makes new files"
            )));
        }
    };
    let path = require_path(path)?;
    let audio = py.detach(|| mapped::open(&path, writable))?;
    Ok(AudioSamples::opened(audio))
}

/// What only audio of `open` can do, and for closing that of `share`.
#[pymethods]
impl AudioSamples {
    /// Waits until all changes are on the disk of the file that `open` has mapped.
    fn flush(&self, py: Python<'_>) -> PyResult<()> {
        Ok(py.detach(|| self.audio().samples().flush())?)
    }

    /// Lets go of the file that `open` has mapped, or of the memory of `share` and `attach`, once
    /// it was closed as often as it was opened. Running operations are waited for; while a view of
    /// the samples is alive it is refused with a `BorrowError` (a `BufferError`) that names it. Any
    /// access to the samples after that is a ValueError.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let samples = self.audio().samples();
        let close = || running::wait(py, |until| samples.close(until));
        match self.opening() {
            None => close(),
            Some(opening) => {
                opening.end(|| match running::wait(py, |until| samples.retire(until))? {
                    true => close(),
                    false => Ok(()),
                })
            }
        }
    }

    /// Whether this audio of `open` or `share` was closed; False for other audio.
    #[getter]
    fn closed(&self) -> bool {
        self.opening().is_some_and(|it| it.is_over()) || self.audio().samples().buffer().is_closed()
    }

    fn __enter__(slf: Py<Self>) -> PyResult<Py<Self>> {
        let this = slf.get();
        this.audio().samples().require_open("a with-block")?;
        if this.closed() {
            return Err(Error::Closed.into());
        }
        Ok(slf)
    }

    #[pyo3(signature = (kind = None, error = None, trace = None))]
    fn __exit__(
        &self,
        py: Python<'_>,
        kind: Option<&Bound<'_, PyAny>>,
        error: Option<&Bound<'_, PyAny>>,
        trace: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let _ = (error, trace);
        match self.close(py) {
            // What went wrong inside the block is what the user has to see: its traceback is what
            // keeps the views alive.
            Err(_) if kind.is_some_and(|kind| !kind.is_none()) => Ok(()),
            done => done,
        }
    }
}
