//! What is no audio, and how it becomes audio, in the words of the constructor that was called.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyMemoryView;

use super::{Form, has_array};
use crate::error::{Error, shape_text};
use crate::layout::Layout;
use crate::python::arguments::{axes, type_name};
use crate::python::exchange::ndarray;

/// Why some values are no samples, in the words of what was given.
#[cold]
pub(super) fn no_samples(
    data: &Bound<'_, PyAny>,
    array: &Bound<'_, PyAny>,
    dtype: &Bound<'_, PyAny>,
    name: String,
    called: &str,
) -> PyResult<PyErr> {
    let py = array.py();
    let fields = dtype.getattr(intern!(py, "names"))?;
    if !fields.is_none() {
        let fields: Vec<String> = fields.extract()?;
        let first = fields.first().map_or("", String::as_str);
        return Ok(PyTypeError::new_err(format!(
            "records with the fields {} are no samples; give one field, such as \
             np.asarray(data)['{first}'], with .astype() to int16, int32, float32 or float64 if it \
             is of another type",
            fields.join(", ")
        )));
    }
    let given = type_name(data);
    if PyMemoryView::from(data).is_ok() && !ndarray::is_array(data) {
        if matches!(name.as_str(), "uint8" | "int8" | "bytes8") {
            return Ok(PyTypeError::new_err(format!(
                "the bytes of a {given} do not say what samples they are; name their type with \
                 AudioSamples.from_buffer(data, sample_rate, dtype='int16') (or int32, float32, \
                 float64)"
            )));
        }
        let way_out = same_numbers(&name, "new_mono");
        return Ok(PyTypeError::new_err(format!(
            "{}; {way_out}",
            Error::NotASampleType { name }
        )));
    }
    if ndarray::is_array(data) || has_array(data)? {
        let error = Error::NotASampleType { name: name.clone() };
        // A buffer that calls itself an array: its own constructor names the type of its bytes.
        let called = if called == "from_buffer" {
            "new_mono"
        } else {
            called
        };
        let hint = if name == "uint8" {
            ". Audio of 8 bits rests at 128: (data.astype('int16') - 128) * 256 is that in int16"
        } else {
            ""
        };
        return Ok(PyTypeError::new_err(format!(
            "{error}; {}{hint}",
            same_numbers(&name, called)
        )));
    }
    let kind: String = dtype.getattr(intern!(py, "kind"))?.extract()?;
    let values = match kind.as_str() {
        "i" | "u" => "integers of no certain width",
        "b" => "bools",
        "c" => "complex numbers",
        "f" => "floats of another width",
        "U" | "S" => "strings",
        _ => "objects that are no numbers, or numbers past all sample types",
    };
    let scalar = axes(array) == Some(0);
    let held = match (scalar, matches!(kind.as_str(), "i" | "u" | "b" | "c" | "f")) {
        (true, true) => return Ok(Error::NotAudio { shape: Vec::new() }.into()),
        (true, false) => {
            return Ok(PyTypeError::new_err(format!(
                "samples come from an array, a buffer, a tensor or a sequence of numbers, not from \
                 a {given}; make an array of its numbers with np.array(..., dtype='float32')"
            )));
        }
        _ => format!("a {given} of {values} (NumPy reads {name})"),
    };
    if !matches!(kind.as_str(), "i" | "u" | "b" | "f") {
        return Ok(PyTypeError::new_err(format!(
            "{held} is no sequence of samples, which are int16, int32, float32 or float64: real numbers"
        )));
    }
    Ok(PyTypeError::new_err(format!(
        "{held} does not say its sample type; name it, as in AudioSamples.{called}(data, sample_rate, \
         dtype='int16'), or give np.array(data, dtype=np.int16), or another of np.int32, np.float32 and \
         np.float64"
    )))
}

/// How numbers of another type become samples.
fn same_numbers(name: &str, called: &str) -> String {
    if name.starts_with("complex") {
        return "real numbers are samples, such as data.real.astype('float32')".into();
    }
    let is_integer = name == "bool" || name.contains("int");
    let is_number = is_integer || name.starts_with("float") || name == "longdouble";
    if !is_number {
        return "numbers of one of these types are samples, as .astype() makes them".into();
    }
    let dtype = match (is_integer, name) {
        (true, _) => "int16",
        (false, "float16") => "float32",
        _ => "float64",
    };
    // The only one that does not copy by itself.
    let copy = if called == "from_numpy" {
        ", copy=True"
    } else {
        ""
    };
    format!(
        "AudioSamples.{called}(data, sample_rate, dtype='{dtype}'{copy}) takes the same numbers, as \
         data.astype('{dtype}') has them"
    )
}

/// Audio for a constructor of the other form: it is indexed by frames, unlike an array.
pub(super) fn refuse_other_form(layout: &Layout, form: Form) -> PyResult<()> {
    let shape = shape_text(layout.shape());
    let message = match (layout.ndim(), form) {
        (2, Form::Mono) => format!(
            "mono audio has the shape (frames,), and this audio {shape}: audio.channel(0) is one channel of it as \
             mono audio, and .copy() copies it"
        ),
        (1, Form::Multi) => format!(
            "multi-channel audio has the shape (channels, frames), and this audio is mono, {shape}: audio.copy() \
             copies it, and new_multi([audio, audio], sample_rate) has a channel of each"
        ),
        _ => return Ok(()),
    };
    Err(PyValueError::new_err(message))
}

/// Why a sequence is no array: perhaps its channels have not the same length.
#[cold]
pub(super) fn unequal(data: &Bound<'_, PyAny>, error: PyErr) -> PyErr {
    if !error.is_instance_of::<PyValueError>(data.py()) {
        return error;
    }
    let lengths = data.try_iter().and_then(|items| {
        let lengths = items.map(|item| item?.len());
        lengths.collect::<PyResult<Vec<usize>>>()
    });
    match lengths {
        Ok(lengths) if lengths.iter().any(|length| *length != lengths[0]) => {
            let shortest = lengths.iter().min().copied().unwrap_or(0);
            let mut told: Vec<String> = lengths.iter().take(8).map(ToString::to_string).collect();
            if lengths.len() > told.len() {
                told.push("...".into());
            }
            PyValueError::new_err(format!(
                "the channels have {} frames, and all of them take as many; slice the longer ones, as in x[:{shortest}]",
                told.join(", ")
            ))
        }
        _ => error,
    }
}
