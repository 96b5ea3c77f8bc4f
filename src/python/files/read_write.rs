//! `read`, `write` and `info`: paths and file objects to the core's readers and writers.

use std::collections::HashMap;
use std::path::PathBuf;

use pyo3::exceptions::{PyTypeError, PyUserWarning, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::files;
use crate::files::batch;
use crate::files::batch::Range;
use crate::files::clipping::Clipped;
use crate::files::facts::Facts;
use crate::files::info::FileInfo;
use crate::files::path;
use crate::files::pcm::encoding::Encoding;
use crate::files::write::metadata::Metadata;
use crate::files::write::{FileFormat, Recipe};
use crate::python::arguments;
use crate::python::class::AudioSamples;
use crate::python::files::blocks;
use crate::python::files::facts;
use crate::python::files::facts::facts_of;
use crate::python::files::file_object::{From, To};
use crate::python::running;

/// Threads that read files at one time, whatever is asked for.
const MOST_WORKERS: usize = 256;

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

/// Reads audio of any format from a path, a binary file object, or bytes.
///
/// `dtype` converts by the scale of audio while decoding; without it the file's own type is kept: float32 for
/// lossy codecs, int16 up to 16 bits, int32 up to 32 bits. `start` and `frames` choose a range: only that is
/// decoded; `frames=-1` is all the rest. Multi-channel audio is `(channels, frames)`. Long files at paths and in
/// bytes are read by up to `num_threads()` threads.
/// Raises `AudioFileError` for a damaged file, with the byte offset, and OSError for one that cannot be opened.
#[pyfunction]
#[pyo3(
    signature = (path_or_file, *rest, dtype = None, start = None, frames = None, **others),
    text_signature = "(path_or_file, *, dtype=None, start=0, frames=None)"
)]
pub fn read(
    py: Python<'_>,
    path_or_file: &Bound<'_, PyAny>,
    rest: &Bound<'_, PyTuple>,
    dtype: Option<&Bound<'_, PyAny>>,
    start: Option<&Bound<'_, PyAny>>,
    frames: Option<&Bound<'_, PyAny>>,
    others: Option<&Bound<'_, PyDict>>,
) -> PyResult<AudioSamples> {
    arguments::refuse_others("read", "dtype=, start= and frames=", Some(rest), others)?;
    let dtype = dtype.map(arguments::dtype).transpose()?;
    let start = start.map_or(Ok(0), |start| first_frame(start, "start"))?;
    let frames = frames.map_or(Ok(None), number_of_frames)?;
    let (from, input) = From::open(path_or_file)?;
    let audio = from.finish(py.detach(|| files::read_from(input, dtype, start, frames)))?;
    Ok(AudioSamples::new(audio))
}

/// Reads several files at once, each with a thread, and gives a list of their audio in the order of the paths.
///
/// `workers` is how many are read at a time, by default as many as the machine has cores. `dtype`, `start` and
/// `frames` as for `read`, for each of them. Raises the error of the first path that has one.
#[pyfunction]
#[pyo3(
    signature = (paths, *, workers = None, dtype = None, start = None, frames = None),
    text_signature = "(paths, *, workers=None, dtype=None, start=0, frames=None)"
)]
pub fn read_many(
    py: Python<'_>,
    paths: &Bound<'_, PyAny>,
    workers: Option<&Bound<'_, PyAny>>,
    dtype: Option<&Bound<'_, PyAny>>,
    start: Option<&Bound<'_, PyAny>>,
    frames: Option<&Bound<'_, PyAny>>,
) -> PyResult<Vec<AudioSamples>> {
    if paths.extract::<PathBuf>().is_ok() {
        return Err(PyTypeError::new_err(format!(
            "read_many takes several paths, such as a list, not {}; read() reads one",
            arguments::shown(paths)
        )));
    }
    let paths = paths.try_iter()?.map(|path| path?.extract());
    let paths = paths.collect::<PyResult<Vec<PathBuf>>>()?;
    let wanted = Range {
        dtype: dtype.map(arguments::dtype).transpose()?,
        start: start.map_or(Ok(0), |start| first_frame(start, "start"))?,
        frames: frames.map_or(Ok(None), number_of_frames)?,
    };
    let workers = match workers {
        Some(given) => {
            // More threads than this the system may refuse, and no machine has the cores for.
            usize::try_from(arguments::count(given, "workers", 1)?)
                .map_or(MOST_WORKERS, |given| given.min(MOST_WORKERS))
        }
        None => std::thread::available_parallelism().map_or(1, |cores| cores.get()),
    };
    let read = running::wait(py, |until| batch::read(&paths, wanted, workers, until))?;
    Ok(read.into_iter().map(AudioSamples::new).collect())
}

/// Writes audio to a path or a binary file object, as WAV, AIFF or FLAC: whole, or block by block.
///
/// The ending of the path says which, or `format` (`WAV`, `RF64`, `AIFF`, `FLAC`); a WAV file from 4 GiB on is
/// RF64. `subtype` is `PCM_U8` (WAV), `PCM_S8` (AIFF, FLAC), `PCM_16`, `PCM_24`, `PCM_32`, `FLOAT`, `DOUBLE`, `ULAW` or
/// `ALAW` (the last five not in FLAC); without it the one of the audio's type, and 24 bits for FLAC of anything but int16. FLAC has 1 to 8
/// channels and up to 96000 Hz. Floats become integers rounded to the nearest, ties to even, and saturated.
/// `metadata_from` is a WAV or AIFF file whose chunks besides the samples go into the new file of the same kind. Floats
/// beyond full scale are clipped, with a UserWarning that has their number and peak; the file is written all the same.
/// A path is written beside its target and renamed: a failure leaves the old file.
///
/// `audio` may be an iterable of AudioSamples, such as a generator or a `stream`: they are written one after the
/// other, in the memory of one. Sample rate, channels and type are those of the first; another one of a later block
/// is a ValueError, as is an iterable without a block. Lengths may differ. What the iterable raises is raised, and
/// the old file left. A file object has to seek then, for the length is written at the end; it is left there.
#[pyfunction]
#[pyo3(
    signature = (path_or_file, audio, *rest, subtype = None, format = None, metadata_from = None, **others),
    text_signature = "(path_or_file, audio, *, subtype=None, format=None, metadata_from=None)"
)]
pub fn write(
    path_or_file: &Bound<'_, PyAny>,
    audio: &Bound<'_, PyAny>,
    rest: &Bound<'_, PyTuple>,
    subtype: Option<&Bound<'_, PyAny>>,
    format: Option<&Bound<'_, PyAny>>,
    metadata_from: Option<&Bound<'_, PyAny>>,
    others: Option<&Bound<'_, PyDict>>,
) -> PyResult<()> {
    let py = path_or_file.py();
    arguments::refuse_others(
        "write",
        "subtype=, format= and metadata_from=",
        None,
        others,
    )?;
    let subtype = subtype.map(|given| name_of(given, "subtype", "PCM_24"));
    let format = format.map(|given| name_of(given, "format", "FLAC"));
    let (subtype, format) = (subtype.transpose()?, format.transpose()?);
    let whole = audio.cast::<AudioSamples>().ok();
    if !rest.is_empty() || (whole.is_none() && !blocks::may_give_blocks(audio)?) {
        return Err(no_audio(audio, rest)?);
    }
    let metadata = match metadata_from {
        Some(given) => {
            let (from, input) = From::open(given)?;
            from.finish(py.detach(|| Metadata::from(input)))?
        }
        None => Metadata::default(),
    };
    let recipe = Recipe {
        format: format.as_deref().map(FileFormat::from_name).transpose()?,
        encoding: subtype.as_deref().map(Encoding::from_name).transpose()?,
        metadata,
    };
    let to = To::of(path_or_file)?;
    let (name, clipped) = match (whole, to) {
        (None, to) => blocks::write(audio, to, &recipe)?,
        (Some(audio), To::Path(path)) => {
            let audio = audio.get().audio();
            let clipped = running::wait(py, |until| path::write(&path, audio, &recipe, until))?;
            (format!("'{}'", path.display()), clipped)
        }
        (Some(audio), To::Object(mut object)) => {
            let audio = audio.get().audio();
            let result = running::wait(py, |until| {
                files::write::write(&mut object, audio, &recipe, until)
            });
            ("the file".into(), object.finish(result)?)
        }
    };
    warn_of(py, &name, clipped)
}

/// A name in an argument.
fn name_of(given: &Bound<'_, PyAny>, what: &str, such_as: &str) -> PyResult<String> {
    given.extract().map_err(|_| {
        let bits = given.extract::<u32>().ok();
        let meant = match bits.filter(|bits| what == "subtype" && [16, 24, 32].contains(bits)) {
            Some(bits) => format!("PCM_{bits}"),
            None => such_as.to_owned(),
        };
        PyTypeError::new_err(format!(
            "{what} must be a name such as '{meant}', not {}",
            arguments::shown(given)
        ))
    })
}

/// Warns of samples that were clipped: a file that was written without a word does not tell.
fn warn_of(py: Python<'_>, name: &str, clipped: Clipped) -> PyResult<()> {
    let way_out = "make it quieter first, or write subtype='FLOAT' (integer audio times a float keeps the \
        integers' size: convert() it to float32 before)";
    warn_with(py, name, clipped, way_out)
}

/// [`warn_of`], with what is to be done about it.
pub(super) fn warn_with(
    py: Python<'_>,
    name: &str,
    clipped: Clipped,
    way_out: &str,
) -> PyResult<()> {
    let Clipped { samples, peak } = clipped;
    if samples == 0 {
        return Ok(());
    }
    let message = format!(
        "{samples} sample{} in {name} {} clipped: floats become integers from -1 to 1, and the peak is {peak:.6} \
         ({:+.2} dB); {way_out}",
        if samples == 1 { "" } else { "s" },
        if samples == 1 { "was" } else { "were" },
        20.0 * peak.log10()
    );
    let message = std::ffi::CString::new(message).unwrap_or_default();
    PyErr::warn(py, &py.get_type::<PyUserWarning>(), &message, 1)
}

/// `write` takes audio, which knows its rate, and not an array with a rate beside it.
#[cold]
fn no_audio(given: &Bound<'_, PyAny>, rest: &Bound<'_, PyTuple>) -> PyResult<PyErr> {
    if given.is_instance_of::<AudioSamples>() || blocks::may_give_blocks(given)? {
        let rest = arguments::shown(&rest.get_item(0)?);
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
            facts: told.facts.clone(),
            told,
        }
    }

    pub(super) fn told(&self) -> &FileInfo {
        &self.told
    }
}

#[pymethods]
impl AudioInfo {
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

    /// What is missing of a compressed file; None if nothing is known to be. It is looked for without decoding:
    /// by the number of a FLAC file's last packet, and the length that MPEG files begin with.
    #[getter]
    fn damage(&self) -> Option<&str> {
        self.told.damage.as_deref()
    }

    fn __repr__(&self) -> String {
        facts::shown("AudioInfo", &self.facts, false)
    }
}

/// What a path, a binary file object or bytes hold. Nothing is decoded, unless the file does not say how many
/// frames it has: then they are counted.
#[pyfunction]
pub fn info(py: Python<'_>, path_or_file: &Bound<'_, PyAny>) -> PyResult<AudioInfo> {
    let (from, input) = From::open(path_or_file)?;
    let told = from.finish(py.detach(|| files::info::of(input)))?;
    Ok(AudioInfo::new(told))
}
