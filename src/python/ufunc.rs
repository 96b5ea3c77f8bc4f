//! `__array_ufunc__`: NumPy's functions on audio. The operators have their own way; what arrives here is
//! computed by NumPy itself, on arrays that share our memory, under leases.

use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::pyclass::CompareOp;
use pyo3::types::{PyDict, PyTuple};

use crate::audio::Audio;
use crate::error::Error;
use crate::kernel::Operator;
use crate::python::audio::AudioSamples;
use crate::python::exchange::ndarray;
use crate::python::indexing::leased;
use crate::python::mapped;
use crate::python::operand::{self, numpy_module};
use crate::registry::{MAX_CLAIMS, Mode};

/// A ufunc of one operand, by name.
pub fn unary<'py>(audio: &Bound<'py, AudioSamples>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    let py = audio.py();
    let ufunc = numpy_module(py)?.getattr(name)?;
    call(&ufunc, "__call__", &PyTuple::new(py, [audio])?, None)
}

/// A ufunc of two operands, by name; the result goes into `out` if it is given.
pub fn binary<'py>(
    name: &str,
    left: &Bound<'py, PyAny>,
    right: &Bound<'py, PyAny>,
    out: Option<&Bound<'py, AudioSamples>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = left.py();
    let ufunc = numpy_module(py)?.getattr(name)?;
    let options = PyDict::new(py);
    if let Some(out) = out {
        options.set_item(intern!(py, "out"), out)?;
    }
    // Called as NumPy calls it, so that strangers among the operands have their say.
    ufunc.call((left, right), Some(&options))
}

/// `audio op= array` for an array type that only NumPy computes with.
pub fn in_place<'py>(
    audio: &Bound<'py, AudioSamples>,
    operator: Operator,
    array: &Bound<'py, PyAny>,
) -> PyResult<()> {
    let py = audio.py();
    if operator == Operator::Div {
        let zeros = array.rich_compare(0, CompareOp::Eq)?;
        if zeros.call_method0(intern!(py, "any"))?.is_truthy()? {
            return Err(Error::DivisionByZero { index: None }.into());
        }
    }
    let ufunc = operand::ufunc(py, operator)?;
    let options = PyDict::new(py);
    options.set_item(intern!(py, "out"), (audio,))?;
    let inputs = (audio, array).into_pyobject(py)?;
    call(&ufunc, "__call__", &inputs, Some(&options)).map(drop)
}

/// The audio among the operands and outputs of one call, and the arrays that stand for it.
struct Call<'py> {
    audio: Vec<(Bound<'py, AudioSamples>, Mode)>,
}

impl<'py> Call<'py> {
    /// The object, or an array on its memory if it is audio.
    fn stand_in(&mut self, object: &Bound<'py, PyAny>, mode: Mode) -> PyResult<Bound<'py, PyAny>> {
        let Ok(audio) = object.cast_exact::<AudioSamples>() else {
            return Ok(object.clone());
        };
        if let Some((first, _)) = self.audio.first() {
            first.get().audio().require_rate_of(audio.get().audio())?;
        }
        if mode == Mode::Write {
            audio.get().audio().samples().require_writable()?;
        }
        self.audio.push((audio.clone(), mode));
        audio.get().shared_array(object.py(), mode == Mode::Write)
    }
}

/// True for an object that has its own say in ufuncs: it gets its chance first.
fn is_stranger(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    if ndarray::is_exact_array(object) || object.cast_exact::<AudioSamples>().is_ok() {
        return Ok(false);
    }
    let py = object.py();
    let kind = object.get_type();
    let name = intern!(py, "__array_ufunc__");
    if !kind.hasattr(name)? {
        return Ok(false);
    }
    let plain = numpy_module(py)?
        .getattr(intern!(py, "ndarray"))?
        .getattr(name)?;
    Ok(!kind.getattr(name)?.is(&plain))
}

/// Carries out one call of a ufunc or of one of its methods.
pub fn call<'py>(
    ufunc: &Bound<'py, PyAny>,
    method: &str,
    inputs: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = ufunc.py();
    let options = match kwargs {
        Some(kwargs) => kwargs.copy()?,
        None => PyDict::new(py),
    };
    let outputs: Vec<Bound<'py, PyAny>> = match options.get_item(intern!(py, "out"))? {
        Some(out) => match out.cast::<PyTuple>() {
            Ok(tuple) => tuple.iter().collect(),
            Err(_) => vec![out],
        },
        None => Vec::new(),
    };
    for object in inputs.iter().chain(outputs.iter().cloned()) {
        if is_stranger(&object)? {
            return Ok(py.NotImplemented().into_bound(py));
        }
    }
    let mut call = Call { audio: Vec::new() };
    let mut arguments = Vec::with_capacity(inputs.len());
    for (index, input) in inputs.iter().enumerate() {
        // `ufunc.at` changes its first operand.
        let mode = if method == "at" && index == 0 {
            Mode::Write
        } else {
            Mode::Read
        };
        arguments.push(call.stand_in(&input, mode)?);
    }
    if !outputs.is_empty() {
        let arrays: Vec<_> = outputs
            .iter()
            .map(|out| call.stand_in(out, Mode::Write))
            .collect::<PyResult<_>>()?;
        options.set_item(intern!(py, "out"), PyTuple::new(py, arrays)?)?;
    }
    if let Some(selected) = options.get_item(intern!(py, "where"))? {
        let selected = call.stand_in(&selected, Mode::Read)?;
        options.set_item(intern!(py, "where"), selected)?;
    }
    if call.audio.len() > MAX_CLAIMS {
        return Err(PyTypeError::new_err(format!(
            "{} audio operands in one call; at most {MAX_CLAIMS} are possible, \
             pass the others as .to_numpy()",
            call.audio.len()
        )));
    }
    let wanted: Vec<(&Audio, Mode)> = call
        .audio
        .iter()
        .map(|(audio, mode)| (audio.get().audio(), *mode))
        .collect();
    let arguments = PyTuple::new(py, arguments)?;
    let result = leased(py, &wanted, || {
        if method == "__call__"
            && let [out] = &outputs[..]
            && let Ok(file) = out.cast_exact::<AudioSamples>()
            && options.get_item(intern!(py, "where"))?.is_none()
            && let Some(array) = options.get_item(intern!(py, "out"))?
        {
            let array = array.get_item(0)?;
            let inputs: Vec<_> = arguments.iter().collect();
            let audio = file.get().audio();
            if mapped::ufunc_in_windows(ufunc, &inputs, audio, &array, &options)? {
                return Ok(array);
            }
        }
        ufunc.call_method(method, &arguments, Some(&options))
    })?;
    match result.cast_exact::<PyTuple>() {
        Ok(several) => {
            let wrapped: Vec<_> = several
                .iter()
                .enumerate()
                .map(|(index, one)| wrap(&call, outputs.get(index), one))
                .collect::<PyResult<_>>()?;
            Ok(PyTuple::new(py, wrapped)?.into_any())
        }
        Err(_) => wrap(&call, outputs.first(), result),
    }
}

/// The output that was given, or audio of a result with the audio's shape and a sample type, or the result.
fn wrap<'py>(
    call: &Call<'py>,
    given: Option<&Bound<'py, PyAny>>,
    result: Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    if let Some(given) = given
        && !given.is_none()
    {
        return Ok(given.clone());
    }
    let py = result.py();
    if !ndarray::is_exact_array(&result) {
        return Ok(result);
    }
    let facts = ndarray::facts(&result)?;
    let (Some(_), Some(layout)) = (facts.dtype, facts.layout) else {
        return Ok(result);
    };
    let alike = call
        .audio
        .iter()
        .find(|(audio, _)| audio.get().audio().layout().shape() == layout.shape());
    let Some((audio, _)) = alike else {
        return Ok(result);
    };
    let samples = ndarray::adopt(&result)?;
    let wrapped = AudioSamples::new(audio.get().audio().with_samples(samples));
    Ok(Bound::new(py, wrapped)?.into_any())
}
