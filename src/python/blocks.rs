//! `edit` and `stream`: files of any length, block by block.

use std::path::PathBuf;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::audio::Audio;
use crate::audio::edit::Edit;
use crate::audio::stream::{Cut, Stream};
use crate::python::audio::AudioSamples;
use crate::python::{construct, running};
use crate::sync::Mutex;

/// Frames of a block unless the user says otherwise: some hundred kilobytes, a second or so.
const BLOCK_FRAMES: usize = 65_536;

fn closed() -> PyErr {
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
    facts: crate::audio::pcm::Info,
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

#[pymethods]
impl FileEdit {
    /// Frames per second, in Hz.
    #[getter]
    fn sample_rate(&self) -> u32 {
        self.facts.rate.hertz()
    }

    /// The number of channels.
    #[getter]
    fn num_channels(&self) -> usize {
        self.facts.channels
    }

    /// The number of frames.
    #[getter]
    fn frames(&self) -> u64 {
        self.facts.frames
    }

    /// How samples are stored, such as `PCM_24`.
    #[getter]
    fn subtype(&self) -> &'static str {
        self.facts.subtype()
    }

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
                let rest = self.facts.frames - open.next;
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
        format!(
            "FileEdit({} {}, {} channels, {} frames, {} Hz)",
            self.facts.container(),
            self.facts.subtype(),
            self.facts.channels,
            self.facts.frames,
            self.facts.rate.hertz()
        )
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
        facts: *edit.info(),
        block_frames,
        open: Mutex::new(Some(Open {
            edit,
            next: 0,
            out: None,
            written: 0,
        })),
    })
}

struct Reading {
    stream: Stream,
    /// The one block, where the user wants no fresh ones.
    block: Option<Py<AudioSamples>>,
}

/// The blocks of a file, as `stream` gives them.
#[pyclass(frozen, module = "audio_samples")]
pub struct FileStream {
    open: Mutex<Option<Reading>>,
    facts: crate::audio::pcm::Info,
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

#[pymethods]
impl FileStream {
    /// Frames per second, in Hz.
    #[getter]
    fn sample_rate(&self) -> u32 {
        self.facts.rate.hertz()
    }

    /// The number of channels.
    #[getter]
    fn num_channels(&self) -> usize {
        self.facts.channels
    }

    /// The number of frames of the file.
    #[getter]
    fn frames(&self) -> u64 {
        self.facts.frames
    }

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
                running::wait(py, |patience| reading.stream.read_into(&audio, patience))?;
                Ok(Some(block))
            })
        })
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

/// The blocks of a file, one after the other, in the memory of one block.
///
/// `hop` is the frames from one block to the next: smaller than `block_frames` the blocks overlap. The last block
/// may be shorter. `reuse=True` gives the same memory again and again: take a `.copy()` of what is to stay. `dtype`,
/// `start` and `frames` as for `read`.
#[pyfunction]
#[pyo3(
    signature = (path, block_frames = BLOCK_FRAMES, hop = None, *, dtype = None, start = 0,
        frames = None, reuse = false),
    text_signature = "(path, block_frames=65536, hop=None, *, dtype=None, start=0, frames=None, reuse=False)"
)]
#[allow(clippy::too_many_arguments)] // A call of the user's: each has a name there.
pub fn stream(
    py: Python<'_>,
    path: PathBuf,
    block_frames: usize,
    hop: Option<usize>,
    dtype: Option<&Bound<'_, PyAny>>,
    start: u64,
    frames: Option<u64>,
    reuse: bool,
) -> PyResult<FileStream> {
    let dtype = dtype.map(construct::dtype).transpose()?;
    let cut = Cut {
        block: block_frames,
        hop: hop.unwrap_or(block_frames),
        start,
        frames,
    };
    let stream = py.detach(|| Stream::open(&path, dtype, cut))?;
    Ok(FileStream {
        facts: *stream.info(),
        reuse,
        open: Mutex::new(Some(Reading {
            stream,
            block: None,
        })),
    })
}
