//! What people type who know other libraries, and what it is called here.
//!
//! Attributes that are not there are descriptors that say so: an AttributeError with a sentence more. Whoever
//! asks for one that is there pays nothing, as it would be with a `__getattr__`.

use pyo3::exceptions::{PyAttributeError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple, PyType};

use crate::python::arguments::shown;
use crate::python::class::AudioSamples;
use crate::python::files::edit::FileEdit;
use crate::python::files::read_write::AudioInfo;
use crate::python::files::stream::FileStream;

/// Names, and what there is in their place.
type Hints = &'static [(&'static [&'static str], &'static str)];

const AUDIO: Hints = &[
    (
        &["sr", "rate", "samplerate", "framerate", "frame_rate", "fs"],
        "the rate in Hz is audio.sample_rate",
    ),
    (
        &[
            "frames",
            "num_samples",
            "num_frames",
            "n_frames",
            "nframes",
            "length",
            "frame_count",
        ],
        "the number of frames is len(audio)",
    ),
    (
        &["duration_seconds"],
        "the length in seconds is audio.duration",
    ),
    (
        &["channels", "nchannels", "n_channels"],
        "the number of channels is audio.num_channels, and audio.channel(i) is one of them",
    ),
    (
        &["T", "transpose"],
        "audio.frames_first is the (frames, channels) array on the same memory",
    ),
    (
        &[
            "max", "min", "mean", "sum", "std", "var", "any", "all", "argmax", "argmin", "cumsum",
            "dot", "prod", "clip", "round",
        ],
        "NumPy's functions take audio: np.NAME(audio)",
    ),
    (
        &["rms", "peak", "max_dBFS", "dBFS"],
        "np.max(np.abs(audio)) is the peak, and 20 * np.log10 of it the level of float audio in dBFS",
    ),
    (
        &[
            "tolist", "item", "flatten", "ravel", "reshape", "squeeze", "view",
        ],
        "audio.to_numpy() is an array on the same memory, which has it: audio.to_numpy().NAME(...)",
    ),
    (
        &[
            "data",
            "samples",
            "numpy",
            "array",
            "values",
            "raw_data",
            "get_array_of_samples",
            "as_numpy",
        ],
        "audio.to_numpy() is the array on the same memory",
    ),
    (
        &["tobytes", "raw"],
        "bytes(memoryview(audio)) are its bytes, channel by channel where there are several",
    ),
    (
        &["save", "write", "export", "to_file", "tofile"],
        "audio_samples.write(path, audio) writes a file",
    ),
    (
        &["load", "read", "from_file", "open"],
        "audio_samples.read(path) reads a file",
    ),
    (
        &["resample", "set_frame_rate"],
        "scipy.signal.resample_poly(audio.to_numpy(), up, down, axis=-1) resamples, and \
         AudioSamples.from_numpy(..., new_rate) makes it audio again",
    ),
    (
        &["normalize", "normalise"],
        "audio /= np.max(np.abs(audio)) does it for float audio that is not silent",
    ),
    (
        &["to_mono", "set_channels", "mono"],
        "AudioSamples.from_numpy(np.mean(audio, axis=0), audio.sample_rate) is the mix of float audio",
    ),
    (
        &["plot", "waveform"],
        "audio_samples.plotting.waveform(audio) plots it, and so does plt.plot(audio.frames_first)",
    ),
    (
        &["play"],
        "a notebook shows a player for audio that ends a cell; a library for devices takes audio.frames_first",
    ),
    (
        &["append", "concatenate", "extend"],
        "AudioSamples.from_numpy(np.concatenate([a, b], axis=-1), a.sample_rate) joins two, as new audio",
    ),
    (
        &["gain", "apply_gain", "fade_in", "fade_out", "fade"],
        "audio *= 0.5 and audio *= np.linspace(0, 1, len(audio)) do it in place",
    ),
    (&["trim"], "audio[a:b] are those frames, on the same memory"),
    (&["reverse"], "audio[::-1] is that, on the same memory"),
    (
        &[
            "to",
            "type",
            "float",
            "double",
            "half",
            "int",
            "short",
            "as_type",
            "to_dtype",
            "to_float",
            "to_int16",
            "set_sample_width",
        ],
        "audio.convert('float32') gives another sample type by the scale of audio, audio.astype the same numbers",
    ),
    (
        &["sample_width", "bit_depth", "subtype", "bits_per_sample"],
        "the sample type is audio.dtype, and audio_samples.info(path).subtype tells that of a file",
    ),
];

const FILE: Hints = &[
    (
        &["sr", "rate", "samplerate", "framerate", "frame_rate"],
        "the rate in Hz is .sample_rate",
    ),
    (
        &["channels", "nchannels", "n_channels"],
        "the number of channels is .num_channels",
    ),
    (
        &[
            "num_samples",
            "num_frames",
            "n_frames",
            "nframes",
            "length",
            "samples",
        ],
        "the number of frames is .frames",
    ),
    (
        &[
            "bits",
            "bit_depth",
            "bits_per_sample",
            "sample_width",
            "subtype_info",
            "format_info",
        ],
        "how samples are stored is .subtype, and the sample type that is read .dtype",
    ),
];

const STREAM: Hints = &[
    (
        &["read", "blocks"],
        "iterating gives the blocks, and next(...) the next one",
    ),
    (&["tell"], "the first frame of the next block is .position"),
];

const EDIT: Hints = &[(
    &["read", "blocks", "write"],
    "iterating gives the blocks, and what is done to a block is in the file when the next one is asked for",
)];

/// An attribute that is not there.
#[pyclass(frozen, module = "audio_samples")]
struct Missing {
    class: &'static str,
    name: &'static str,
    hint: &'static str,
}

#[pymethods]
impl Missing {
    fn __get__(
        &self,
        _instance: &Bound<'_, PyAny>,
        _class: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let Missing { class, name, hint } = self;
        Err(PyAttributeError::new_err(format!(
            "'{class}' object has no attribute '{name}'; {}",
            hint.replace("NAME", name)
        )))
    }
}

fn names(tables: &[Hints]) -> impl Iterator<Item = (&'static str, &'static str)> {
    let rows = tables.iter().flat_map(|table| table.iter());
    rows.flat_map(|(names, hint)| names.iter().map(move |name| (*name, *hint)))
}

fn put(class: &Bound<'_, PyType>, called: &'static str, tables: &[Hints]) -> PyResult<()> {
    for (name, hint) in names(tables) {
        let missing = Missing {
            class: called,
            name,
            hint,
        };
        class.setattr(name, Bound::new(class.py(), missing)?)?;
    }
    Ok(())
}

/// Puts the hints into the classes.
pub fn install(py: Python<'_>) -> PyResult<()> {
    put(&py.get_type::<AudioSamples>(), "AudioSamples", &[AUDIO])?;
    put(&py.get_type::<AudioInfo>(), "AudioInfo", &[FILE])?;
    put(&py.get_type::<FileStream>(), "FileStream", &[FILE, STREAM])?;
    put(&py.get_type::<FileEdit>(), "FileEdit", &[FILE, EDIT])
}

/// What there is, for completion: no attribute that only says that it is not there.
fn listed<'py>(object: &Bound<'py, PyAny>, tables: &[Hints]) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let py = object.py();
    let base = py.import(intern!(py, "builtins"))?.getattr("object")?;
    let all = base.call_method1(intern!(py, "__dir__"), (object,))?;
    let mut listed = Vec::new();
    for name in all.try_iter()? {
        let name = name?;
        let text: String = name.extract()?;
        if !names(tables).any(|(missing, _)| missing == text) {
            listed.push(name);
        }
    }
    Ok(listed)
}

#[pymethods]
impl AudioInfo {
    fn __dir__<'py>(slf: &Bound<'py, Self>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        listed(slf, &[FILE])
    }
}

#[pymethods]
impl FileStream {
    fn __dir__<'py>(slf: &Bound<'py, Self>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        listed(slf, &[FILE, STREAM])
    }
}

#[pymethods]
impl FileEdit {
    fn __dir__<'py>(slf: &Bound<'py, Self>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        listed(slf, &[FILE, EDIT])
    }
}

#[pymethods]
impl AudioSamples {
    fn __dir__<'py>(slf: &Bound<'py, Self>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        listed(slf, &[AUDIO])
    }

    /// Audio has no attribute that could be set: shape, type and rate never change.
    fn __setattr__(&self, name: &str, _value: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(PyAttributeError::new_err(match name {
            "sample_rate" | "sr" | "rate" | "samplerate" | "frame_rate" => format!(
                "{name} of audio cannot be set; AudioSamples.from_numpy(audio.to_numpy(), new_rate) is audio of \
                 another rate on the same memory, and scipy.signal.resample_poly resamples"
            ),
            "dtype" => "dtype of audio cannot be set; audio.convert('float32') gives new audio by the scale of \
                        audio, and audio.astype('float32') the same numbers"
                .to_owned(),
            "shape" | "num_channels" | "channels" => format!(
                "{name} of audio cannot be set; slices such as audio[a:b] and audio[:2, :] are other audio on the \
                 same memory"
            ),
            _ => format!("'AudioSamples' object has no attribute '{name}' that could be set"),
        }))
    }

    fn __delattr__(&self, name: &str) -> PyResult<()> {
        Err(PyAttributeError::new_err(format!(
            "'AudioSamples' object has no attribute '{name}' that could be deleted"
        )))
    }
}

/// Keywords of other libraries: the function (or any), the names, and what there is in their place.
const KEYWORDS: &[(&str, &[&str], &str)] = &[
    (
        "write",
        &["samplerate", "sr", "rate", "sample_rate", "fs"],
        "the audio has its sample rate; AudioSamples.from_numpy(audio.to_numpy(), new_rate) names another",
    ),
    (
        "write",
        &["dtype"],
        "subtype='PCM_16' names how samples are stored, and audio.convert('int16') converts them before",
    ),
    ("write", &["data"], "it is write(path_or_file, audio)"),
    (
        "",
        &["sr", "samplerate", "rate", "sample_rate"],
        "audio has the rate of the file, as audio.sample_rate; scipy.signal.resample_poly resamples it",
    ),
    (
        "",
        &["mono"],
        "channels stay as in the file; AudioSamples.from_numpy(np.mean(audio, axis=0), audio.sample_rate) mixes \
         float audio",
    ),
    (
        "",
        &["always_2d"],
        "mono audio is (frames,), other audio (channels, frames); np.atleast_2d(audio) is (1, frames)",
    ),
    (
        "",
        &["stop"],
        "frames=stop - start says how many frames there are to be",
    ),
    (
        "",
        &["offset"],
        "start= is a frame: start=int(offset * sample_rate)",
    ),
    (
        "",
        &["duration"],
        "frames= is how many there are to be: frames=int(duration * sample_rate)",
    ),
    (
        "stream",
        &["blocksize", "block_length", "frame_length"],
        "block_frames= is the length of a block",
    ),
    (
        "edit",
        &["blocksize"],
        "block_frames= is the length of a block",
    ),
    (
        "",
        &["blocksize"],
        "stream(path, block_frames) reads block by block",
    ),
    (
        "stream",
        &["overlap"],
        "hop= is from one block to the next: hop=block_frames - overlap",
    ),
    (
        "stream",
        &["hop_length"],
        "hop= is the frames from one block to the next",
    ),
    (
        "",
        &["fill_value"],
        "nothing is filled up: audio ends where the file does, and the last block is shorter",
    ),
    (
        "stream",
        &["out"],
        "reuse=True gives the same memory again and again",
    ),
    (
        "",
        &["out"],
        "audio[:] = read(path) stores it in audio that is there",
    ),
    (
        "open",
        &["dtype"],
        "the file is the memory, of its own type; read(path, dtype=...) and edit(path, dtype=...) convert",
    ),
    (
        "open",
        &["start", "frames"],
        "audio[a:b] of what is opened is that part of the file",
    ),
    (
        "",
        &["channels", "subtype", "format", "endian", "closefd"],
        "the file says what it is; AudioSamples.from_buffer(data, sample_rate, dtype='int16') takes raw samples",
    ),
    (
        "",
        &["block_frames", "blocks"],
        "stream(path, block_frames) reads block by block",
    ),
];

/// An error if there are arguments that the function does not take, in the words of who knows what they are called
/// here. `takes` are its own keywords.
pub fn refuse_others(
    function: &str,
    takes: &str,
    rest: Option<&Bound<'_, PyTuple>>,
    others: Option<&Bound<'_, PyDict>>,
) -> PyResult<()> {
    if let Some(given) = rest.filter(|rest| !rest.is_empty()) {
        let given = given.get_item(0)?;
        let name = if given.hasattr(intern!(given.py(), "__index__"))? {
            "frames"
        } else {
            "dtype"
        };
        return Err(PyTypeError::new_err(format!(
            "{function}() takes {} after the path by name only, as in {name}={}; it takes {takes}",
            shown(&given),
            shown(&given)
        )));
    }
    let Some((name, _)) = others.and_then(|others| others.iter().next()) else {
        return Ok(());
    };
    let name: String = name.extract()?;
    let known = KEYWORDS.iter().find(|(of, names, _)| {
        (of.is_empty() || *of == function) && names.contains(&name.as_str())
    });
    let hint = known.map_or(String::new(), |(_, _, hint)| format!("; {hint}"));
    Err(PyTypeError::new_err(format!(
        "{function}() got an unexpected keyword argument '{name}'{hint}; it takes {takes}"
    )))
}
