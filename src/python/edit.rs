//! `edit`: files of any length changed where they lie, block by block.

use std::path::PathBuf;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::audio::Audio;
use crate::audio::edit::Edit;
use crate::audio::source::Facts;

use crate::python::audio::AudioSamples;
use crate::python::facts::{self, facts_of};
use crate::python::{construct, running};
use crate::sync::Mutex;

/// Frames of a block unless the user says otherwise: some hundred kilobytes, a second or so.
pub(super) const BLOCK_FRAMES: usize = 65_536;

pub(super) fn closed() -> PyErr {
    PyValueError::new_err("the file is closed; open it again")
}

struct Open {
    edit: Edit,
    /// The frame after the block that is out.
    next: u64,
    /// The block that the user works on, and its first frame.
    out: Option<(u64, Audio)>,
    written: u64,
}

impl Open {
    /// Stores the block that is out, if it has changed.
    fn store(&mut self, py: Python<'_>) -> PyResult<()> {
        let Some((start, block)) = self.out.take() else {
            return Ok(());
        };
        let changed = running::wait(py, |patience| self.edit.write(start, &block, patience));
        match changed {
            Ok(changed) => {
                self.written += u64::from(changed);
                Ok(())
            }
            Err(error) => {
                self.out = Some((start, block));
                Err(error)
            }
        }
    }
}

/// A file that `edit` changes where it lies. Iterating gives its blocks; what is done to a block is in the
/// file when the next one is asked for, or the file is closed.
#[pyclass(frozen, module = "audio_samples")]
pub struct FileEdit {
    open: Mutex<Option<Open>>,
    facts: Facts,
    block_frames: usize,
}

impl FileEdit {
    fn with<R>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut Open) -> PyResult<R> + Send,
    ) -> PyResult<R>
    where
        R: Send,
    {
        // Another thread may hold the lock while it waits for the GIL.
        py.detach(|| {
            let mut open = self.open.lock();
            Python::attach(|_| work(open.as_mut().ok_or_else(closed)?))
        })
    }
}

facts_of!(FileEdit);

#[pymethods]
impl FileEdit {
    /// Whether the file was closed.
    #[getter]
    fn closed(&self, py: Python<'_>) -> bool {
        py.detach(|| self.open.lock().is_none())
    }

    /// How many blocks had to be written so far.
    #[getter]
    fn blocks_written(&self, py: Python<'_>) -> PyResult<u64> {
        self.with(py, |open| Ok(open.written))
    }

    /// Begins at the first frame again.
    fn __iter__(slf: Py<Self>, py: Python<'_>) -> PyResult<Py<Self>> {
        slf.get().with(py, |open| {
            Python::attach(|py| open.store(py))?;
            open.next = 0;
            Ok(())
        })?;
        Ok(slf)
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<AudioSamples>> {
        self.with(py, |open| {
            Python::attach(|py| {
                open.store(py)?;
                let rest = open.edit.info().frames - open.next;
                if rest == 0 {
                    return Ok(None);
                }
                let count = self
                    .block_frames
                    .min(usize::try_from(rest).unwrap_or(usize::MAX));
                let start = open.next;
                let block = py.detach(|| open.edit.read(start, count))?;
                open.next += count as u64;
                open.out = Some((start, block.clone()));
                Ok(Some(AudioSamples::new(block)))
            })
        })
    }

    /// Stores the block that is out and waits until every change is on the disk.
    fn flush(&self, py: Python<'_>) -> PyResult<()> {
        self.with(py, |open| {
            Python::attach(|py| {
                let again = open.out.clone();
                open.store(py)?;
                open.out = again;
                Ok(py.detach(|| open.edit.flush())?)
            })
        })
    }

    /// Stores the block that is out and lets go of the file, whether or not that can be stored.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        match py.detach(|| self.open.lock().take()) {
            Some(mut open) => open.store(py),
            None => Ok(()),
        }
    }

    fn __enter__(slf: Py<Self>, py: Python<'_>) -> PyResult<Py<Self>> {
        slf.get().with(py, |_| Ok(()))?;
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
        if kind.is_some_and(|kind| !kind.is_none()) {
            // The block in which something went wrong stays the old one.
            py.detach(|| drop(self.open.lock().take()));
            return Ok(());
        }
        self.close(py)
    }

    fn __repr__(&self) -> String {
        facts::shown("FileEdit", &self.facts)
    }
}

fn block_frames(given: usize) -> PyResult<usize> {
    if given == 0 {
        return Err(PyValueError::new_err(
            "blocks of 0 frames never reach the end; block_frames takes at least 1",
        ));
    }
    Ok(given)
}

/// Opens a file to be changed where it lies, block by block: any plain encoding, 24 bits included.
///
/// Blocks are float32, or float64 where the file has 32 bits and more; `dtype` gives them another type. Values are
/// rounded to the nearest and saturated once; samples that keep their value keep their bytes, and so
/// does everything else in the file. Use it in a `with`, which stores the last block.
#[pyfunction]
#[pyo3(
    signature = (path, *, dtype = None, block_frames = BLOCK_FRAMES),
    text_signature = "(path, *, dtype=None, block_frames=65536)"
)]
pub fn edit(
    py: Python<'_>,
    path: PathBuf,
    dtype: Option<&Bound<'_, PyAny>>,
    block_frames: usize,
) -> PyResult<FileEdit> {
    let dtype = dtype.map(construct::dtype).transpose()?;
    let block_frames = self::block_frames(block_frames)?;
    let edit = py.detach(|| Edit::open(&path, dtype))?;
    Ok(FileEdit {
        facts: Facts::from(edit.info()),
        block_frames,
        open: Mutex::new(Some(Open {
            edit,
            next: 0,
            out: None,
            written: 0,
        })),
    })
}
