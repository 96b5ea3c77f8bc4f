//! `stream`: files of any format and length, read block by block.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::files::facts::Facts;
use crate::files::into;
use crate::files::selection::ReadAs;
use crate::files::stream::{Cut, Stream};
use crate::python::arguments;
use crate::python::class::AudioSamples;
use crate::python::files::closable::{Opened, closes_with_its_block};
use crate::python::files::edit::block_frames;
use crate::python::files::facts;
use crate::python::files::facts::facts_of;
use crate::python::files::file_object::From;
use crate::python::files::read::{conformed, first_frame, out_of, selection};
use crate::python::running;

struct Reading {
    from: From,
    stream: Stream,
    /// The one block, where the user wants no fresh ones.
    block: Option<Py<AudioSamples>>,
    /// Whether `seek` said last where to go on, which may be the end: iterating begins there, and not again.
    sought: bool,
}

/// The blocks of a file, as `stream` gives them.
#[pyclass(frozen, module = "audio_samples")]
pub struct FileStream {
    open: Opened<Reading>,
    facts: Facts,
    reuse: bool,
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
        self.open
            .with(py, |_, reading| Ok(reading.stream.position()))
    }

    /// Has the next block begin at a frame, or at a time in seconds.
    #[pyo3(signature = (frame = None, *, seconds = None))]
    fn seek(
        &self,
        py: Python<'_>,
        frame: Option<&Bound<'_, PyAny>>,
        seconds: Option<f64>,
    ) -> PyResult<()> {
        let frame = match (frame, seconds) {
            (Some(frame), None) => first_frame(frame, "frame")?,
            (None, Some(seconds)) if seconds >= 0.0 && seconds.is_finite() => {
                (seconds * f64::from(self.facts.rate.hertz())).round_ties_even() as u64
            }
            _ => {
                return Err(PyValueError::new_err(
                    "seek takes a frame, or seconds= from the beginning of the file on",
                ));
            }
        };
        self.open.with(py, |_, reading| {
            reading.stream.seek(frame)?;
            reading.sought = true;
            Ok(())
        })
    }

    /// Goes on with the next block; after the last one it begins again.
    fn __iter__(slf: Py<Self>, py: Python<'_>) -> PyResult<Py<Self>> {
        slf.get().open.with(py, |_, reading| {
            let stream = &mut reading.stream;
            if stream.next_frames() == 0 && !reading.sought {
                stream.seek(stream.cut().start)?;
            }
            Ok(())
        })?;
        Ok(slf)
    }

    /// The number of blocks, from the first on.
    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        self.open.with(py, |_, reading| Ok(reading.stream.blocks()))
    }

    /// A stream is true, also one without a block.
    fn __bool__(&self) -> bool {
        true
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<AudioSamples>>> {
        self.open.with(py, |py, reading| {
            reading.sought = false;
            if reading.stream.next_frames() == 0 {
                return Ok(None);
            }
            let block = reading.memory(py, self.reuse)?;
            let audio = block.get().audio().clone();
            let Reading { from, stream, .. } = reading;
            let read = running::wait(py, |until| {
                let read = stream.read_into(&audio, until);
                read.map_err(|error| from.named(error))
            });
            from.finish_named(read)?;
            Ok(Some(block))
        })
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        // A thread that is reading a block has it open.
        let closed = self.open.is_closed(py).unwrap_or(false);
        facts::shown("FileStream", &self.facts, closed)
    }

    /// Lets go of the file.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.open.take(py).map(drop)
    }
}

closes_with_its_block!(FileStream);

/// The frames of `out=`, which are those of a block.
fn frames_of(out: &Bound<'_, AudioSamples>, given: Option<&Bound<'_, PyAny>>) -> PyResult<usize> {
    let frames = out.get().audio().layout().frames();
    if frames == 0 {
        return Err(PyValueError::new_err(
            "out has no frame; blocks are decoded into it, and take at least 1",
        ));
    }
    match given {
        Some(given) if block_frames(Some(given), "block_frames")? != frames => {
            Err(PyValueError::new_err(format!(
                "out has {frames} frames, and block_frames is {}; leave block_frames= out: a block has the frames of \
                 out",
                arguments::shown(given)
            )))
        }
        _ => Ok(frames),
    }
}

/// The blocks of a file of any format, one after the other, in the memory of one block.
///
/// `hop` is the frames from one block to the next: smaller than `block_frames` the blocks
/// overlap. The last block may be shorter. `reuse=True` gives the same memory again and again:
/// take a `.copy()` of what is to stay. `out` is audio that every block is decoded into, in its
/// type: a block is `out` itself, and a shorter last one is `out[:n]`; `block_frames` are its
/// frames. A block that cannot be decoded leaves it undefined. `dtype`, `start` and `frames` as
/// for `read`. Iterating goes on where it was, or where `seek` went to (at the end: no block),
/// and after the last block begins again. `len()` is the number of blocks from the first on.
///
/// `sample_rate` and `channels` are those that the blocks are to have, mixed and resampled as
/// `read` does: joined they are what `read` gives with the same arguments, bit for bit.
/// `block_frames` and `hop` are then frames of that rate, and `frames`, `position` and `seek`
/// count them from `start` on, while `start=` and `frames=` select frames of the file.
#[pyfunction]
#[pyo3(
    signature = (path_or_file, block_frames = None, hop = None, *, dtype = None, start = None, frames = None,
        sample_rate = None, channels = None, reuse = false, out = None, **others),
    text_signature = "(path_or_file, block_frames=65536, hop=None, *, dtype=None, start=0, frames=None, \
        sample_rate=None, channels=None, reuse=False, out=None)"
)]
#[expect(clippy::too_many_arguments, reason = "they are the caller's")]
pub fn stream(
    path_or_file: &Bound<'_, PyAny>,
    block_frames: Option<&Bound<'_, PyAny>>,
    hop: Option<&Bound<'_, PyAny>>,
    dtype: Option<&Bound<'_, PyAny>>,
    start: Option<&Bound<'_, PyAny>>,
    frames: Option<&Bound<'_, PyAny>>,
    sample_rate: Option<&Bound<'_, PyAny>>,
    channels: Option<&Bound<'_, PyAny>>,
    reuse: bool,
    out: Option<&Bound<'_, PyAny>>,
    others: Option<&Bound<'_, PyDict>>,
) -> PyResult<FileStream> {
    let takes =
        "block_frames=, hop=, dtype=, start=, frames=, sample_rate=, channels=, reuse= and out=";
    arguments::refuse_others("stream", takes, None, others)?;
    let py = path_or_file.py();
    let out = out_of(out)?;
    let selection = conformed(selection(dtype, start, frames)?, sample_rate, channels)?;
    let block = match out {
        None => self::block_frames(block_frames, "block_frames")?,
        Some(out) => frames_of(out, block_frames)?,
    };
    let cut = Cut {
        block,
        hop: match hop {
            Some(_) => self::block_frames(hop, "hop")?,
            None => block,
        },
        start: selection.start,
        frames: selection.frames,
    };
    let (from, input) = From::open(path_or_file)?;
    let dtype = match out {
        // What was asked for is held against it below.
        Some(out) => ReadAs::Type(out.get().audio().dtype()),
        None => selection.dtype,
    };
    let stream = from.finish(py.detach(|| match (selection.rate, selection.channels) {
        (None, None) => Stream::open(input, dtype, cut),
        _ => Stream::conformed(input, selection, dtype, (cut.block, cut.hop)),
    }))?;
    if let Some(out) = out {
        into::require_kind(out.get().audio(), stream.facts(), selection.dtype)?;
    }
    Ok(FileStream {
        facts: Facts {
            dtype: stream.dtype(),
            ..stream.facts().clone()
        },
        reuse: reuse || out.is_some(),
        open: Opened::new(Reading {
            from,
            stream,
            block: out.map(|out| out.clone().unbind()),
            sought: false,
        }),
    })
}
