//! `read` and `info`: paths, file objects and bytes to the core's readers.

use std::collections::HashMap;
use std::ffi::CString;

use pyo3::exceptions::{PyTypeError, PyUserWarning, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use crate::audio::Audio;
use crate::error::Error;
use crate::files;
use crate::files::facts::Facts;
use crate::files::info::FileInfo;
use crate::files::selection::{ReadAs, Selection};
use crate::python::arguments;
use crate::python::class::AudioSamples;
use crate::python::files::facts;
use crate::python::files::facts::facts_of;
use crate::python::files::file_object::From;
use crate::python::numpy::numpy_dtype;
use crate::python::running;

/// Where to begin, in frames from the start of a file.
pub(super) fn first_frame(given: &Bound<'_, PyAny>, name: &str) -> PyResult<u64> {
    let negative = arguments::whole(given)?
        .map(|index| index.lt(0))
        .transpose()?;
    if negative == Some(true) {
        return Err(PyValueError::new_err(format!(
            "{name} must be 0 or more, not {}; frames count from the start of the file, and \
             info(path).frames says how many there are",
            arguments::shown(given)
        )));
    }
    arguments::count(given, name, 0)
}

/// How many frames to read: -1, as libraries of the field have it, and more than any file has are all.
pub(super) fn number_of_frames(given: &Bound<'_, PyAny>) -> PyResult<Option<u64>> {
    if let Some(index) = arguments::whole(given)? {
        if index.eq(-1)? {
            return Ok(None);
        }
        if index.lt(0)? {
            return Err(PyValueError::new_err(format!(
                "frames must be 0 or more, or None or -1 for all the rest, not {}",
                arguments::shown(given)
            )));
        }
        if index.gt(u64::MAX)? {
            return Ok(None);
        }
    }
    arguments::count(given, "frames", 0).map(Some)
}

/// The type of the samples that are read, as users write it.
pub(super) fn read_as(given: Option<&Bound<'_, PyAny>>) -> PyResult<ReadAs> {
    let Some(given) = given else {
        return Ok(ReadAs::Float);
    };
    let is_stored = given
        .cast::<PyString>()
        .is_ok_and(|name| name.to_str().is_ok_and(|name| name == "stored"));
    if is_stored {
        return Ok(ReadAs::Stored);
    }
    arguments::dtype(given).map(ReadAs::Type)
}

/// What of a file is to be read.
pub(super) fn selection(
    dtype: Option<&Bound<'_, PyAny>>,
    start: Option<&Bound<'_, PyAny>>,
    frames: Option<&Bound<'_, PyAny>>,
) -> PyResult<Selection> {
    Ok(Selection {
        dtype: read_as(dtype)?,
        start: start.map_or(Ok(0), |start| first_frame(start, "start"))?,
        frames: frames.map_or(Ok(None), number_of_frames)?,
        ..Selection::default()
    })
}

/// What is to be read at a rate and in a number of channels of the caller's.
pub(super) fn conformed(
    selection: Selection,
    sample_rate: Option<&Bound<'_, PyAny>>,
    channels: Option<&Bound<'_, PyAny>>,
) -> PyResult<Selection> {
    let channels = channels.map(|given| arguments::count(given, "channels", 1));
    let channels = channels.transpose()?;
    Ok(Selection {
        rate: sample_rate.map(arguments::sample_rate).transpose()?,
        channels: channels.map(|count| usize::try_from(count).unwrap_or(usize::MAX)),
        ..selection
    })
}

/// Whether the whole frames of a damaged file are kept, as users write it.
pub(super) fn keeps_damaged(given: Option<&Bound<'_, PyAny>>) -> PyResult<bool> {
    let name = given.map(|given| given.extract::<String>());
    match name {
        None => Ok(false),
        Some(Ok(name)) if name == "raise" => Ok(false),
        Some(Ok(name)) if name == "keep" => Ok(true),
        _ => Err(PyValueError::new_err(format!(
            "damaged must be 'raise', or 'keep' for the whole frames of a damaged file, not {}",
            given.map_or_else(String::new, arguments::shown)
        ))),
    }
}

/// Warns of what is missing of audio that is the whole frames of a damaged file.
pub(super) fn warn_of_damage(py: Python<'_>, damage: &Error, audio: &Audio) -> PyResult<()> {
    let kept = audio.layout().frames();
    let text = format!("{damage}; the {kept} whole frames were kept");
    let text = CString::new(text.replace('\0', " "))?;
    PyErr::warn(py, &py.get_type::<PyUserWarning>(), &text, 1)
}

/// The audio of `out=`.
pub(super) fn out_of<'a, 'py>(
    given: Option<&'a Bound<'py, PyAny>>,
) -> PyResult<Option<&'a Bound<'py, AudioSamples>>> {
    let cast = |given: &'a Bound<'py, PyAny>| {
        given.cast::<AudioSamples>().map_err(|_| {
            PyTypeError::new_err(format!(
                "out must be AudioSamples, not {}; AudioSamples.from_numpy(array, sample_rate) is audio on the \
                 memory of an array, and from_torch on that of a tensor",
                given
                    .get_type()
                    .name()
                    .map_or_else(|_| "this".into(), |name| name.to_string())
            ))
        })
    };
    given.map(cast).transpose()
}

/// Reads audio of any format from a path, a binary file object, or bytes.
///
/// Samples are floats to compute with: float32, or float64 where the file has 32-bit integers
/// or 64-bit floats. `dtype` names another type, to which samples are converted by the scale of
/// audio while decoding; `dtype="stored"` is the file's own: float32 for lossy codecs, int16 up
/// to 16 bits, int32 up to 32 bits. `start` and `frames` choose a range: only that is decoded;
/// `frames=-1` is all the rest. Multi-channel audio is `(channels, frames)`. Long files at
/// paths and in bytes are read by up to `num_threads()` threads. A pipe, and an object that has
/// only `read()`, is read to its end first: up to 16 MiB are kept in memory, and more in a
/// temporary file.
///
/// `sample_rate` and `channels` are those that the audio is to have: it is mixed (all channels
/// to 1, as their mean, or 1 to several) and resampled as `resample` does, while it is decoded,
/// in the memory of some seconds. `start` and `frames` count frames of the file.
///
/// `out` is audio that the samples are decoded into, converted to its type, and that is
/// returned: a slice, the memory of an array or a tensor, shared memory, a mapped file. It has
/// the sample rate, the channels and as many frames as what is read, or nothing is written
/// (ValueError, SampleRateError). If decoding fails later, at a damaged place, the message says
/// how many frames were stored; `out` is undefined behind them, as it is after Ctrl-C.
///
/// Of a damaged file, `damaged="keep"` gives the whole frames before the damage, with a
/// UserWarning that says what is missing. Otherwise it is an `AudioFileError`, with the byte
/// offset; OSError for a file that cannot be opened.
///
/// >>> audio_samples.read("recording.wav", sample_rate=16_000, channels=1).sample_rate
/// 16000
#[pyfunction]
#[pyo3(
    signature = (
        path_or_file, *rest, dtype = None, start = None, frames = None, sample_rate = None, channels = None, out = None,
        damaged = None, **others
    ),
    text_signature = "(path_or_file, *, dtype=None, start=0, frames=None, sample_rate=None, channels=None, out=None, \
        damaged='raise')"
)]
#[expect(clippy::too_many_arguments, reason = "they are the caller's")]
pub fn read(
    py: Python<'_>,
    path_or_file: &Bound<'_, PyAny>,
    rest: &Bound<'_, PyTuple>,
    dtype: Option<&Bound<'_, PyAny>>,
    start: Option<&Bound<'_, PyAny>>,
    frames: Option<&Bound<'_, PyAny>>,
    sample_rate: Option<&Bound<'_, PyAny>>,
    channels: Option<&Bound<'_, PyAny>>,
    out: Option<&Bound<'_, PyAny>>,
    damaged: Option<&Bound<'_, PyAny>>,
    others: Option<&Bound<'_, PyDict>>,
) -> PyResult<Py<AudioSamples>> {
    let takes = "dtype=, start=, frames=, sample_rate=, channels=, out= and damaged=";
    arguments::refuse_others("read", takes, Some(rest), others)?;
    let selection = conformed(selection(dtype, start, frames)?, sample_rate, channels)?;
    let out = out_of(out)?;
    let keeps = keeps_damaged(damaged)?;
    if keeps && out.is_some() {
        return Err(PyValueError::new_err(
            "damaged='keep' gives as many frames as are whole, and out= is filled or nothing; read without out=",
        ));
    }
    if let Some(out) = out {
        // Before a pipe is read to its end.
        out.get().audio().samples().require_writable()?;
    }
    let (from, input) = From::open(path_or_file)?;
    if let Some(out) = out {
        let audio = out.get().audio();
        let read = running::wait(py, |until| {
            let read = files::conformed::read_into(input, audio, selection, until);
            read.map_err(|error| from.named(error))
        });
        from.finish_named(read)?;
        return Ok(out.clone().unbind());
    }
    if keeps {
        let (audio, damage) = from.finish(py.detach(|| files::read_kept(input, selection)))?;
        if let Some(damage) = damage {
            warn_of_damage(py, &from.named(damage), &audio)?;
        }
        return Py::new(py, AudioSamples::new(audio));
    }
    let audio = from.finish(py.detach(|| files::read_from(input, selection)))?;
    Py::new(py, AudioSamples::new(audio))
}

/// What a file holds, as `info` tells it.
#[pyclass(frozen, module = "audio_samples")]
pub struct AudioInfo {
    facts: Facts,
    told: FileInfo,
}

facts_of!(AudioInfo);

impl AudioInfo {
    pub(super) fn new(told: FileInfo) -> AudioInfo {
        AudioInfo {
            facts: Facts {
                dtype: told.facts.float(),
                ..told.facts.clone()
            },
            told,
        }
    }

    pub(super) fn told(&self) -> &FileInfo {
        &self.told
    }
}

#[pymethods]
impl AudioInfo {
    /// The sample type that holds every value of the file as it is stored: that of `read(path,
    /// dtype="stored")`.
    #[getter]
    fn stored_dtype<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        numpy_dtype(py, self.told.facts.dtype)
    }

    /// Where each channel is heard, such as `('FL', 'FR')`, if the file says it.
    #[getter]
    fn channel_positions<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        let positions = &self.told.positions;
        let some = (!positions.is_empty()).then(|| PyTuple::new(py, positions));
        some.transpose()
    }

    /// Texts such as the title, by their names. Where a name stands for several, they are lines.
    #[getter]
    fn tags<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let mut names = Vec::new();
        let mut values: HashMap<&str, Vec<&str>> = HashMap::new();
        for (name, value) in &self.told.tags {
            let lines = values.entry(name).or_insert_with(|| {
                names.push(name.as_str());
                Vec::new()
            });
            lines.push(value);
        }
        let tags = PyDict::new(py);
        for name in names {
            tags.set_item(name, values[name].join("\n"))?;
        }
        Ok(tags)
    }

    /// Places in the file as `(frame, label)`, in the order of frames.
    #[getter]
    fn cues(&self) -> Vec<(u64, String)> {
        let cues = self.told.cues.iter();
        cues.map(|cue| (cue.frame, cue.label.clone())).collect()
    }

    /// Whether `open` maps the file.
    #[getter]
    fn mappable(&self) -> bool {
        self.told.obstacle.is_none()
    }

    /// Why `open` does not map the file; None if it does.
    #[getter]
    fn obstacle(&self) -> Option<&str> {
        self.told.obstacle.as_deref()
    }

    /// What is missing of a compressed file; None if nothing is known to be. It is looked for
    /// without decoding: by the number of a FLAC file's last packet, and the length that MPEG files
    /// begin with.
    #[getter]
    fn damage(&self) -> Option<&str> {
        self.told.damage.as_deref()
    }

    fn __repr__(&self) -> String {
        facts::shown("AudioInfo", &self.facts, false)
    }
}

/// What a path, a binary file object or bytes hold. Nothing is decoded, unless the file does
/// not say how many frames it has: then they are counted.
#[pyfunction]
pub fn info(py: Python<'_>, path_or_file: &Bound<'_, PyAny>) -> PyResult<AudioInfo> {
    let (from, input) = From::open(path_or_file)?;
    let told = from.finish(py.detach(|| files::info::of(input)))?;
    Ok(AudioInfo::new(told))
}
