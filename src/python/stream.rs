//! `stream`: files of any format and length, read block by block.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::audio::source::Facts;
use crate::audio::stream::{Cut, Stream};
use crate::python::audio::AudioSamples;
use crate::python::edit::{BLOCK_FRAMES, closed};
use crate::python::facts::{self, facts_of};
use crate::python::input::From;
use crate::python::{construct, running};
use crate::sync::Mutex;

struct Reading {
    from: From,
    stream: Stream,
    /// The one block, where the user wants no fresh ones.
    block: Option<Py<AudioSamples>>,
}

/// The blocks of a file, as `stream` gives them.
#[pyclass(frozen, module = "audio_samples")]
pub struct FileStream {
    open: Mutex<Option<Reading>>,
    facts: Facts,
    reuse: bool,
}

impl FileStream {
    fn with<R: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut Reading) -> PyResult<R> + Send,
    ) -> PyResult<R> {
        py.detach(|| {
            let mut open = self.open.lock();
            Python::attach(|_| work(open.as_mut().ok_or_else(closed)?))
        })
    }
}

impl Reading {
    /// Memory for the next block: fresh, or the first one again.
    fn memory(&mut self, py: Python<'_>, reuse: bool) -> PyResult<Py<AudioSamples>> {
        let count = self.stream.next_frames();
        if !reuse {
            let block = self.stream.make_block(count)?;
            return Py::new(py, AudioSamples::new(block));
        }
        let whole = match &self.block {
            Some(block) => block.clone_ref(py),
            None => {
                let block = self.stream.make_block(count)?;
                let block = Py::new(py, AudioSamples::new(block))?;
                self.block = Some(block.clone_ref(py));
                block
            }
        };
        let audio = whole.get().audio();
        if audio.layout().frames() == count {
            return Ok(whole);
        }
        if audio.layout().frames() < count {
            self.block = None;
            return self.memory(py, reuse);
        }
        let shorter = audio.with_layout(audio.layout().take_frames(0, count, 1)?)?;
        Py::new(py, AudioSamples::new(shorter))
    }
}

facts_of!(FileStream);

#[pymethods]
impl FileStream {
    /// The first frame of the next block.
    #[getter]
    fn position(&self, py: Python<'_>) -> PyResult<u64> {
        self.with(py, |reading| Ok(reading.stream.position()))
    }

    /// Has the next block begin at a frame, or at a time in seconds.
    #[pyo3(signature = (frame = None, *, seconds = None))]
    fn seek(&self, py: Python<'_>, frame: Option<u64>, seconds: Option<f64>) -> PyResult<()> {
        let frame = match (frame, seconds) {
            (Some(frame), None) => frame,
            (None, Some(seconds)) if seconds >= 0.0 && seconds.is_finite() => {
                (seconds * f64::from(self.facts.rate.hertz())).round_ties_even() as u64
            }
            _ => {
                return Err(PyValueError::new_err(
                    "seek takes a frame, or seconds= from the beginning of the file on",
                ));
            }
        };
        self.with(py, |reading| Ok(reading.stream.seek(frame)?))
    }

    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<AudioSamples>>> {
        self.with(py, |reading| {
            Python::attach(|py| {
                if reading.stream.next_frames() == 0 {
                    return Ok(None);
                }
                let block = reading.memory(py, self.reuse)?;
                let audio = block.get().audio().clone();
                let Reading { from, stream, .. } = reading;
                let read = running::wait(py, |patience| {
                    let read = stream.read_into(&audio, patience);
                    read.map_err(|error| from.named(error))
                });
                from.finish_named(read)?;
                Ok(Some(block))
            })
        })
    }

    fn __repr__(&self) -> String {
        facts::shown("FileStream", &self.facts)
    }

    /// Lets go of the file.
    fn close(&self, py: Python<'_>) {
        let reading = py.detach(|| self.open.lock().take());
        drop(reading);
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
    ) {
        let _ = (kind, error, trace);
        self.close(py);
    }
}

/// The blocks of a file of any format, one after the other, in the memory of one block.
///
/// `hop` is the frames from one block to the next: smaller than `block_frames` the blocks overlap. The last block
/// may be shorter. `reuse=True` gives the same memory again and again: take a `.copy()` of what is to stay. `dtype`,
/// `start` and `frames` as for `read`.
#[pyfunction]
#[pyo3(
    signature = (path_or_file, block_frames = BLOCK_FRAMES, hop = None, *, dtype = None, start = 0,
        frames = None, reuse = false),
    text_signature = "(path_or_file, block_frames=65536, hop=None, *, dtype=None, start=0, frames=None, reuse=False)"
)]
pub fn stream(
    path_or_file: &Bound<'_, PyAny>,
    block_frames: usize,
    hop: Option<usize>,
    dtype: Option<&Bound<'_, PyAny>>,
    start: u64,
    frames: Option<u64>,
    reuse: bool,
) -> PyResult<FileStream> {
    let py = path_or_file.py();
    let dtype = dtype.map(construct::dtype).transpose()?;
    let cut = Cut {
        block: block_frames,
        hop: hop.unwrap_or(block_frames),
        start,
        frames,
    };
    let (from, input) = From::open(path_or_file)?;
    let stream = from.finish(py.detach(|| Stream::open(input, dtype, cut)))?;
    Ok(FileStream {
        facts: stream.facts().clone(),
        reuse,
        open: Mutex::new(Some(Reading {
            from,
            stream,
            block: None,
        })),
    })
}
