//! `write`: audio, whole or block by block, to a path or a file object.

use pyo3::exceptions::{PyTypeError, PyUserWarning};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyMapping, PyTuple};

use crate::files;
use crate::files::clipping::Clipped;
use crate::files::destination::Placement;
use crate::files::path;
use crate::files::pcm::encoding::Encoding;
use crate::files::write::metadata::Metadata;
use crate::files::write::tags::Tags;
use crate::files::write::{FileFormat, Recipe};
use crate::python::arguments;
use crate::python::class::AudioSamples;
use crate::python::files::blocks;
use crate::python::files::file_object::{From, To, path_of};
use crate::python::running;

/// Writes audio to a path or a binary file object, as WAV, AIFF or FLAC: whole, or block by
/// block.
///
/// The ending of the path, or of the `name` of the file object, says which, or `format` (`WAV`,
/// `RF64`, `AIFF`, `FLAC`); a WAV file from 4 GiB on is RF64. `subtype` is `PCM_U8` (WAV),
/// `PCM_S8` (AIFF, FLAC), `PCM_16`, `PCM_24`, `PCM_32`, `FLOAT`, `DOUBLE`, `ULAW` or `ALAW`
/// (the last five not in FLAC); without it the one of the audio's type, and 24 bits for FLAC of
/// anything but int16. FLAC has 1 to 8 channels and up to 655350 Hz. Floats become integers
/// rounded to the nearest, ties to even, and saturated. `metadata_from` is a WAV or AIFF file
/// whose chunks besides the samples go into the new file of the same kind. Floats beyond full
/// scale are clipped, with a UserWarning that has their number and peak; the file is written
/// all the same. `tags` are texts about the recording by the names of `info(path).tags`, such
/// as `{"title": "Take 2"}`, with a list for several of one name; they take the place of texts
/// that `metadata_from` brings. FLAC takes any name; WAV has title, artist, album, comment,
/// copyright, date, genre, software, track_number and letters of its own such as `IENG`; AIFF
/// has title, artist, copyright and comment.
///
/// A path is written beside its target and renamed: a failure leaves the old file, whose
/// permissions and extended attributes the new one has. `replace=False` writes into the file
/// that is there, which a folder that takes no new file needs and which keeps hard links: what
/// fails after the first byte leaves a part. Pipes and devices, `/dev/stdout` and `/dev/null`
/// among them, take the bytes as they come.
///
/// `audio` may be an iterable of AudioSamples, such as a generator or a `stream`: they are
/// written one after the other, in the memory of one. Sample rate, channels and type are those
/// of the first; another one of a later block is a ValueError, as is an iterable without a
/// block. Lengths may differ. What the iterable raises is raised, and the old file left. A file
/// object has to seek then, for the length is written at the end; it is left there.
#[pyfunction]
#[pyo3(
    signature = (path_or_file, audio, *rest, subtype = None, format = None, metadata_from = None, tags = None,
        replace = true, **others),
    text_signature = "(path_or_file, audio, *, subtype=None, format=None, metadata_from=None, tags=None, replace=True)"
)]
#[expect(clippy::too_many_arguments, reason = "they are the caller's")]
pub fn write(
    path_or_file: &Bound<'_, PyAny>,
    audio: &Bound<'_, PyAny>,
    rest: &Bound<'_, PyTuple>,
    subtype: Option<&Bound<'_, PyAny>>,
    format: Option<&Bound<'_, PyAny>>,
    metadata_from: Option<&Bound<'_, PyAny>>,
    tags: Option<&Bound<'_, PyAny>>,
    replace: bool,
    others: Option<&Bound<'_, PyDict>>,
) -> PyResult<()> {
    let py = path_or_file.py();
    arguments::refuse_others(
        "write",
        "subtype=, format=, metadata_from=, tags= and replace=",
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
    let to = To::of(path_or_file)?;
    let format = match (&to, format) {
        (_, Some(name)) => Some(FileFormat::from_name(&name)?),
        (To::Object(_), None) => named_format(path_or_file)?,
        (To::Path(_), None) => None,
    };
    let recipe = Recipe {
        format,
        encoding: subtype.as_deref().map(Encoding::from_name).transpose()?,
        metadata,
        tags: tags.map_or(Ok(Tags::default()), tags_of)?,
    };
    let placement = match replace {
        true => Placement::Replace,
        false => Placement::InPlace,
    };
    let (name, clipped) = match (whole, to) {
        (None, to) => blocks::write(audio, to, &recipe, placement)?,
        (Some(audio), To::Path(path)) => {
            let audio = audio.get().audio();
            let clipped = running::wait(py, |until| {
                path::write_to(&path, audio, &recipe, placement, until)
            })?;
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

/// Endings of audio files that are not written: a file object of such a name is a mistake.
const NOT_WRITTEN: [&str; 12] = [
    "mp3", "mp2", "ogg", "oga", "opus", "m4a", "mp4", "aac", "wma", "caf", "w64", "au",
];

/// The format that the name of a file object promises.
fn named_format(object: &Bound<'_, PyAny>) -> PyResult<Option<FileFormat>> {
    let name = object.getattr_opt(intern!(object.py(), "name"))?;
    let Some(path) = name.map(|name| path_of(&name)).transpose()?.flatten() else {
        return Ok(None);
    };
    let ending = path.extension().unwrap_or_default().to_string_lossy();
    if NOT_WRITTEN.contains(&&*ending.to_ascii_lowercase()) {
        return path::recipe_for(&path, &Recipe::default())
            .map_or_else(|error| Err(error.into()), |it| Ok(it.format));
    }
    Ok(FileFormat::from_ending(&ending))
}

/// Names and texts of a mapping. A list stands for several texts of one name.
fn tags_of(given: &Bound<'_, PyAny>) -> PyResult<Tags> {
    let Ok(mapping) = given.cast::<PyMapping>() else {
        return Err(PyTypeError::new_err(format!(
            "tags are names and texts, as in tags={{'title': 'Take 2'}}, not {}",
            arguments::shown(given)
        )));
    };
    let mut tags = Vec::new();
    for item in mapping.items()?.iter() {
        let (name, value) = item.extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>)>()?;
        let name: String = name.extract().map_err(|_| {
            PyTypeError::new_err(format!(
                "the name of a tag is a str, not {}",
                arguments::shown(&name)
            ))
        })?;
        let values = match value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
            true => value.try_iter()?.collect::<PyResult<Vec<_>>>()?,
            false => vec![value],
        };
        for value in values {
            let is_number = arguments::whole(&value)?.is_some();
            let text = match value.extract::<String>() {
                Ok(text) => text,
                Err(_) if is_number => value.str()?.to_string(),
                Err(_) => {
                    return Err(PyTypeError::new_err(format!(
                        "the tag {name:?} is a str, a whole number or a list of them, not {}",
                        arguments::shown(&value)
                    )));
                }
            };
            tags.push((name.clone(), text));
        }
    }
    Ok(Tags(tags))
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
