//! Arguments as users write them: counts, shapes, sample rates and sample types.

use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyBytes, PyDict, PyInt, PySequence, PyString, PyTuple};

use crate::audio::SampleRate;
use crate::dtype::Dtype;
use crate::error::Error;
use crate::files::pcm::encoding::Encoding;
use crate::python::numpy::{is_array, numpy_module, usual_dtype};

/// Which axis of a two-dimensional array is time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum AxisOrder {
    /// `(channels, frames)`, by name.
    ChannelsFirst,
    /// `(frames, channels)`, by name.
    FramesFirst,
    /// `(channels, frames)` unless it looks otherwise.
    Unnamed,
}

impl AxisOrder {
    /// The order of that name.
    pub fn parse(name: Option<&str>) -> PyResult<AxisOrder> {
        match name {
            None => Ok(AxisOrder::Unnamed),
            Some("channels_first") => Ok(AxisOrder::ChannelsFirst),
            Some("frames_first") => Ok(AxisOrder::FramesFirst),
            Some(other) => Err(PyValueError::new_err(format!(
                "layout must be 'channels_first' or 'frames_first', not '{other}'"
            ))),
        }
    }
}

/// Characters of a user's value in a message.
const MOST_SHOWN: usize = 60;

/// A user's value as it stands in a message: an int of thousands of digits has no repr.
pub fn shown(given: &Bound<'_, PyAny>) -> String {
    let Ok(text) = given.repr() else {
        let bits = given.call_method0(intern!(given.py(), "bit_length"));
        return match bits {
            Ok(bits) => format!("an int of {bits} bits"),
            Err(_) => format!("a {}", type_name(given)),
        };
    };
    let text = text.to_string();
    match text.char_indices().nth(MOST_SHOWN) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

pub fn type_name(object: &Bound<'_, PyAny>) -> String {
    let name = object.get_type().name();
    name.map_or_else(|_| "object".into(), |name| name.to_string())
}

/// A whole number as Python's `operator.index` has it, but no bool. `None` for anything else.
pub fn whole<'py>(given: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    static INDEX: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    if given.is_exact_instance_of::<PyInt>() {
        return Ok(Some(given.clone()));
    }
    let py = given.py();
    if given.is_instance_of::<PyBool>() || !given.hasattr(intern!(py, "__index__"))? {
        return Ok(None);
    }
    match INDEX.import(py, "operator", "index")?.call1((given,)) {
        Ok(index) => Ok(Some(index)),
        Err(error) if error.is_instance_of::<PyTypeError>(py) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A count as users write it: a whole number from `least` on. What is meant is named in errors.
pub fn count(given: &Bound<'_, PyAny>, what: &str, least: u64) -> PyResult<u64> {
    let Some(index) = whole(given)? else {
        return Err(PyTypeError::new_err(format!(
            "{what} must be a whole number, not {}; use int() of it if that is meant",
            shown(given)
        )));
    };
    match index.extract::<u64>() {
        Ok(count) if count >= least => Ok(count),
        _ => Err(PyValueError::new_err(format!(
            "{what} must be from {least} to {}, not {}",
            u64::MAX,
            shown(&index)
        ))),
    }
}

/// A number as users write it; what is meant is named in errors.
pub fn number(given: &Bound<'_, PyAny>, what: &str) -> PyResult<f64> {
    let py = given.py();
    given.extract::<f64>().map_err(|error| {
        if !error.is_instance_of::<PyTypeError>(py) {
            return error;
        }
        let is_type = named_dtype(given).is_ok() && !given.is_none();
        let hint = if is_type {
            format!("; a sample type is named, as in dtype={}", shown(given))
        } else {
            String::new()
        };
        PyTypeError::new_err(format!(
            "{what} must be a number, not {}{hint}",
            shown(given)
        ))
    })
}

/// The shape of new audio: a number of frames, `(frames,)` or `(channels, frames)`.
pub fn shape(given: &Bound<'_, PyAny>) -> PyResult<Vec<usize>> {
    if let Ok(lengths) = given.cast_exact::<PyTuple>()
        && lengths
            .iter()
            .all(|length| length.is_exact_instance_of::<PyInt>())
        && let Ok(shape) = given.extract()
    {
        return Ok(shape);
    }
    let axis = |length: &Bound<'_, PyAny>, what: &str| -> PyResult<usize> {
        let what = format!("the number of {what} in the shape {}", shown(given));
        // What the address space does not hold is refused by the allocation.
        Ok(usize::try_from(count(length, &what, 0)?).unwrap_or(usize::MAX))
    };
    let is_text = given.is_instance_of::<PyString>() || given.is_instance_of::<PyBytes>();
    if !is_text && (given.is_instance_of::<PySequence>() || axes(given) > Some(0)) {
        let lengths = given.try_iter()?.collect::<PyResult<Vec<_>>>()?;
        let several = lengths.len() > 1;
        return lengths
            .iter()
            .enumerate()
            .map(|(at, length)| {
                axis(
                    length,
                    if several && at == 0 {
                        "channels"
                    } else {
                        "frames"
                    },
                )
            })
            .collect();
    }
    if whole(given)?.is_none() {
        return Err(PyTypeError::new_err(format!(
            "a shape is a whole number of frames, (frames,) or (channels, frames), not {}; \
             use int() of a number",
            shown(given)
        )));
    }
    Ok(vec![axis(given, "frames")?])
}

/// The axes of an array.
pub fn axes(given: &Bound<'_, PyAny>) -> Option<usize> {
    if !is_array(given) {
        return None;
    }
    given
        .getattr(intern!(given.py(), "ndim"))
        .ok()?
        .extract()
        .ok()
}

/// A sample rate as users write it: an int, a NumPy int, or any other number without a fraction.
pub fn sample_rate(given: &Bound<'_, PyAny>) -> PyResult<SampleRate> {
    let py = given.py();
    let invalid = || -> PyErr {
        Error::InvalidSampleRate {
            given: shown(given),
        }
        .into()
    };
    let no_number = || {
        Err(PyTypeError::new_err(format!(
            "sample_rate must be a whole number of Hz, such as 44100, not {}",
            shown(given)
        )))
    };
    let hertz = if let Some(index) = whole(given)? {
        index.extract::<u32>().map_err(|_| invalid())?
    } else if given.is_instance_of::<PyBool>() || is_numpy_bool(given) {
        return no_number();
    } else {
        match given.extract::<f64>() {
            Ok(value) if value.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&value) => {
                value as u32
            }
            Ok(_) => return Err(invalid()),
            // A number past all floats: a Decimal or a Fraction.
            Err(error) if error.is_instance_of::<PyOverflowError>(py) => return Err(invalid()),
            Err(_) => return no_number(),
        }
    };
    SampleRate::new(hertz).map_err(|_| invalid())
}

/// Whether it is NumPy's bool, a scalar or in an array: it counts as a float for Python.
fn is_numpy_bool(given: &Bound<'_, PyAny>) -> bool {
    let dtype = given.getattr(intern!(given.py(), "dtype"));
    let kind = dtype.and_then(|dtype| dtype.getattr(intern!(given.py(), "kind")));
    kind.is_ok_and(|kind| kind.extract::<String>().is_ok_and(|kind| kind == "b"))
}

/// A sample type as users write it: `np.float32`, `"float32"`, a dtype object.
///
/// # Errors
/// No sample type, or one of the other byte order: nothing is stored so.
pub fn dtype(given: &Bound<'_, PyAny>) -> PyResult<Dtype> {
    if let Some(dtype) = usual_dtype(given)? {
        return Ok(dtype);
    }
    let (dtype, theirs) = named_dtype(given)?;
    let native: bool = theirs.getattr(intern!(given.py(), "isnative"))?.extract()?;
    if !native {
        return Err(PyTypeError::new_err(format!(
            "dtype {} is of the other byte order, and samples are native; use '{}'",
            theirs.getattr(intern!(given.py(), "str"))?,
            dtype.name()
        )));
    }
    Ok(dtype)
}

/// A sample type of either byte order, and NumPy's object for it.
pub fn named_dtype<'py>(given: &Bound<'py, PyAny>) -> PyResult<(Dtype, Bound<'py, PyAny>)> {
    let py = given.py();
    let theirs = numpy_module(py)?
        .call_method1(intern!(py, "dtype"), (given,))
        .map_err(|error| no_dtype(given, error))?;
    let name: String = theirs.getattr(intern!(py, "name"))?.extract()?;
    let dtype = Dtype::from_name(&name).map_err(|error| {
        let way_out = if name.starts_with("str") || name.starts_with("object") {
            String::new()
        } else {
            format!("; audio.to_numpy().astype('{name}') makes {name} data of audio")
        };
        PyTypeError::new_err(format!("{error}{way_out}"))
    })?;
    Ok((dtype, theirs))
}

/// What NumPy does not know as a type: perhaps the name of a file's encoding.
#[cold]
fn no_dtype(given: &Bound<'_, PyAny>, error: PyErr) -> PyErr {
    if !error.is_instance_of::<PyTypeError>(given.py()) {
        return error;
    }
    let base = Error::NotASampleType { name: shown(given) };
    let Ok(name) = given.extract::<String>() else {
        return PyTypeError::new_err(base.to_string());
    };
    let encodings = Encoding::ALL.map(Encoding::name);
    let named = encodings
        .iter()
        .find(|known| known.eq_ignore_ascii_case(&name));
    let hint = match named {
        Some(encoding) => {
            format!(
                "; {encoding} is an encoding of files, as in write(path, audio, subtype='{encoding}')"
            )
        }
        None if name.contains("24") => {
            "; int32 holds 24 bits, and write(path, audio, subtype='PCM_24') stores them".into()
        }
        None => String::new(),
    };
    PyTypeError::new_err(format!("{base}{hint}"))
}

/// An argument that has to be given. Where callers bring its name along from other libraries it is optional to PyO3, so that
/// [`refuse_others`] may say what it is called here.
pub fn required<'a, 'py>(
    function: &str,
    name: &str,
    given: Option<&'a Bound<'py, PyAny>>,
) -> PyResult<&'a Bound<'py, PyAny>> {
    given.ok_or_else(|| {
        PyTypeError::new_err(format!("{function}() is missing its argument '{name}'"))
    })
}

/// An error if there are arguments that the function does not take; Python words it, and says what is meant here.
/// `takes` are the function's own keywords.
pub fn refuse_others(
    function: &str,
    takes: &str,
    rest: Option<&Bound<'_, PyTuple>>,
    others: Option<&Bound<'_, PyDict>>,
) -> PyResult<()> {
    let rest = rest.filter(|rest| !rest.is_empty());
    let others = others.filter(|others| !others.is_empty());
    let Some(py) = rest
        .map(|rest| rest.py())
        .or(others.map(|others| others.py()))
    else {
        return Ok(());
    };
    let rest = rest.cloned().unwrap_or_else(|| PyTuple::empty(py));
    let others = others.cloned().unwrap_or_else(|| PyDict::new(py));
    let names = py.import(intern!(py, "audio_samples._names"))?;
    let error = names.call_method1(intern!(py, "unexpected"), (function, takes, rest, others))?;
    Err(PyErr::from_value(error))
}
