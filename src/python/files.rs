//! `read`, `write` and `info`: paths and file objects to the core's readers and writers.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use pyo3::exceptions::{PyBlockingIOError, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

use crate::audio::encoding::Encoding;
use crate::audio::{file, pcm, wav};
use crate::python::audio::AudioSamples;
use crate::python::{construct, running};

/// Where samples come from or go to.
enum Place {
    Path(PathBuf),
    Object(FileObject),
}

impl Place {
    fn of(given: &Bound<'_, PyAny>, method: &str) -> PyResult<Place> {
        if let Ok(path) = given.extract::<PathBuf>() {
            return Ok(Place::Path(path));
        }
        if given.hasattr(method)? {
            return Ok(Place::Object(FileObject {
                object: given.clone().unbind(),
                raised: None,
            }));
        }
        Err(PyTypeError::new_err(format!(
            "expected a path or a binary file object with .{method}(), not {}",
            given.get_type().name()?
        )))
    }
}

/// A Python file object. What it raises is kept and raised again once the core has given up.
struct FileObject {
    object: Py<PyAny>,
    raised: Option<PyErr>,
}

impl FileObject {
    fn call<R>(&mut self, work: impl FnOnce(&Bound<'_, PyAny>) -> PyResult<R>) -> io::Result<R> {
        Python::attach(|py| work(self.object.bind(py))).map_err(|error| {
            self.raised = Some(error);
            io::Error::other("the file object raised an exception")
        })
    }

    /// The result, or what the file object itself raised.
    fn finish<R>(self, result: Result<R, impl Into<PyErr>>) -> PyResult<R> {
        match self.raised {
            Some(error) => Err(error),
            None => result.map_err(Into::into),
        }
    }
}

impl Read for FileObject {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.call(|object| {
            let py = object.py();
            let read = object.call_method1(intern!(py, "read"), (into.len(),))?;
            let bytes = read.cast::<PyBytes>().map_err(|_| {
                PyTypeError::new_err(
                    "the file object's read() gave no bytes; open it with mode 'rb'",
                )
            })?;
            let bytes = bytes.as_bytes();
            if bytes.len() > into.len() {
                return Err(PyValueError::new_err(format!(
                    "the file object's read({}) gave {} bytes",
                    into.len(),
                    bytes.len()
                )));
            }
            into[..bytes.len()].copy_from_slice(bytes);
            Ok(bytes.len())
        })
    }
}

impl Seek for FileObject {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.call(|object| {
            let py = object.py();
            let seek = intern!(py, "seek");
            let place = match to {
                SeekFrom::Start(offset) => object.call_method1(seek, (offset, 0))?,
                SeekFrom::Current(offset) => object.call_method1(seek, (offset, 1))?,
                SeekFrom::End(offset) => object.call_method1(seek, (offset, 2))?,
            };
            place.extract()
        })
    }
}

impl Write for FileObject {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.call(|object| {
            let py = object.py();
            let chunk = PyBytes::new(py, bytes);
            let written = object.call_method1(intern!(py, "write"), (chunk,))?;
            let length = bytes.len();
            if written.is_none() {
                // What a raw file in non-blocking mode says when it took nothing.
                return Err(PyBlockingIOError::new_err(format!(
                    "the file object's write({length} bytes) returned None: it wrote nothing; open \
                     it in blocking mode, and let write() return the number of bytes written"
                )));
            }
            let Some(count) = construct::whole(&written)? else {
                return Err(PyTypeError::new_err(format!(
                    "the file object's write() returned {}, and not the number of bytes written",
                    construct::shown(&written)
                )));
            };
            // A raw file may take a part.
            match count.extract::<usize>() {
                Ok(count) if count <= length => Ok(count),
                _ => Err(PyValueError::new_err(format!(
                    "the file object's write() returned {} for {length} bytes; it has to return \
                     how many of them it wrote",
                    construct::shown(&count)
                ))),
            }
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Where to begin, in frames from the start of a file.
fn first_frame(given: &Bound<'_, PyAny>) -> PyResult<u64> {
    let negative = construct::whole(given)?
        .map(|index| index.lt(0))
        .transpose()?;
    if negative == Some(true) {
        return Err(PyValueError::new_err(format!(
            "start must be 0 or more, not {}; frames count from the start of the file, and \
             info(path).frames says how many there are",
            construct::shown(given)
        )));
    }
    construct::count(given, "start", 0)
}

/// How many frames to read: -1, as libraries of the field have it, and more than any file has are all.
fn number_of_frames(given: &Bound<'_, PyAny>) -> PyResult<Option<u64>> {
    if let Some(index) = construct::whole(given)? {
        if index.eq(-1)? {
            return Ok(None);
        }
        if index.lt(0)? {
            return Err(PyValueError::new_err(format!(
                "frames must be 0 or more, or None or -1 for all the rest, not {}",
                construct::shown(given)
            )));
        }
        if index.gt(u64::MAX)? {
            return Ok(None);
        }
    }
    construct::count(given, "frames", 0).map(Some)
}

/// Reads audio from a path or a binary file object.
///
/// `dtype` converts by the scale of audio while decoding; without it the file's own type is kept. `start`
/// and `frames` choose a range: only that is decoded; `frames=-1` is all the rest. Multi-channel audio is `(channels, frames)`.
/// Raises `AudioFileError` for a damaged file, with the byte offset, and OSError for one that cannot be opened.
#[pyfunction]
#[pyo3(
    signature = (path_or_file, *, dtype = None, start = None, frames = None),
    text_signature = "(path_or_file, *, dtype=None, start=0, frames=None)"
)]
pub fn read(
    py: Python<'_>,
    path_or_file: &Bound<'_, PyAny>,
    dtype: Option<&Bound<'_, PyAny>>,
    start: Option<&Bound<'_, PyAny>>,
    frames: Option<&Bound<'_, PyAny>>,
) -> PyResult<AudioSamples> {
    let dtype = dtype.map(construct::dtype).transpose()?;
    let start = start.map_or(Ok(0), first_frame)?;
    let frames = frames.map_or(Ok(None), number_of_frames)?;
    let audio = match Place::of(path_or_file, "read")? {
        Place::Path(path) => py.detach(|| file::read(&path, dtype, start, frames))?,
        Place::Object(mut object) => {
            let result = py.detach(|| pcm::read(&mut object, dtype, start, frames));
            object.finish(result)?
        }
    };
    Ok(AudioSamples::new(audio))
}

/// Writes audio as WAV to a path or a binary file object.
///
/// `subtype` is `PCM_U8`, `PCM_16`, `PCM_24`, `PCM_32`, `FLOAT` or `DOUBLE`; without it the one of the
/// audio's type. Floats become integers rounded to the nearest, ties to even, and saturated. A path is
/// written beside its target and renamed: a failure leaves the old file.
#[pyfunction]
#[pyo3(
    signature = (path_or_file, audio, *rest, subtype = None),
    text_signature = "(path_or_file, audio, *, subtype=None)"
)]
pub fn write(
    py: Python<'_>,
    path_or_file: &Bound<'_, PyAny>,
    audio: &Bound<'_, PyAny>,
    rest: &Bound<'_, PyTuple>,
    subtype: Option<&str>,
) -> PyResult<()> {
    let audio = match audio.cast::<AudioSamples>() {
        Ok(audio) if rest.is_empty() => audio,
        _ => return Err(no_audio(audio, rest)?),
    };
    let encoding = subtype.map(Encoding::from_name).transpose()?;
    let audio = audio.get().audio();
    match Place::of(path_or_file, "write")? {
        Place::Path(path) => {
            running::wait(py, |patience| file::write(&path, audio, encoding, patience))
        }
        Place::Object(mut object) => {
            let result = running::wait(py, |patience| {
                wav::write(&mut object, audio, encoding, patience)
            });
            object.finish(result)
        }
    }
}

/// `write` takes audio, which knows its rate, and not an array with a rate beside it.
#[cold]
fn no_audio(given: &Bound<'_, PyAny>, rest: &Bound<'_, PyTuple>) -> PyResult<PyErr> {
    if given.is_instance_of::<AudioSamples>() {
        let rest = construct::shown(&rest.get_item(0)?);
        return Ok(PyTypeError::new_err(format!(
            "write takes a path and audio, and no {rest} besides: the audio has its sample rate, and \
             the encoding is named as in subtype='PCM_24'"
        )));
    }
    Ok(PyTypeError::new_err(format!(
        "write takes AudioSamples, which know their sample rate, not {}; use write(path, \
         AudioSamples.new_mono(data, sample_rate)), or AudioSamples.new_multi(data, sample_rate) for \
         several channels, with layout='frames_first' for an array of shape (frames, channels)",
        given.get_type().name()?
    )))
}

/// What a file holds, as `info` tells it without decoding.
#[pyclass(frozen, module = "audio_samples")]
pub struct AudioInfo(pcm::Info);

#[pymethods]
impl AudioInfo {
    /// The container, such as `WAV`.
    #[getter]
    fn format(&self) -> &'static str {
        self.0.container()
    }

    /// How samples are stored, such as `PCM_16`.
    #[getter]
    fn subtype(&self) -> &'static str {
        self.0.subtype()
    }

    /// The number of frames.
    #[getter]
    fn frames(&self) -> u64 {
        self.0.frames
    }

    /// The number of channels.
    #[getter]
    fn num_channels(&self) -> usize {
        self.0.channels
    }

    /// Frames per second, in Hz.
    #[getter]
    fn sample_rate(&self) -> u32 {
        self.0.rate.hertz()
    }

    /// Length in seconds.
    #[getter]
    fn duration(&self) -> f64 {
        self.0.duration()
    }

    /// The sample type that `read` gives.
    #[getter]
    fn dtype<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        construct::numpy_dtype(py, self.0.dtype())
    }

    fn __repr__(&self) -> String {
        format!(
            "AudioInfo({} {}, {} channel{}, {} frames, {} Hz, {:.3} s)",
            self.format(),
            self.subtype(),
            self.0.channels,
            if self.0.channels == 1 { "" } else { "s" },
            self.0.frames,
            self.0.rate.hertz(),
            self.0.duration()
        )
    }
}

/// What a path or a binary file object holds, without decoding it.
#[pyfunction]
pub fn info(py: Python<'_>, path_or_file: &Bound<'_, PyAny>) -> PyResult<AudioInfo> {
    let info = match Place::of(path_or_file, "read")? {
        Place::Path(path) => py.detach(|| file::info(&path))?,
        Place::Object(mut object) => {
            let result = py.detach(|| pcm::info(&mut object));
            object.finish(result)?
        }
    };
    Ok(AudioInfo(info))
}
