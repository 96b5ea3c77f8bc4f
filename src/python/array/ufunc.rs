//! `__array_ufunc__`: NumPy's functions on audio. The operators have their own way; what arrives here is
//! computed by NumPy itself, on arrays that share our memory, under leases.
//!
//! What may call back into Python (ufuncs of `np.frompyfunc`, object arrays) could wait for another thread that
//! waits for the lease. It is computed on copies, which are taken and stored under leases, and holds none
//! while it runs: what another thread writes meanwhile into its output is overwritten. NumPy's own callback
//! (`np.errstate(call=...)`) runs under the leases: it is told so when it asks for the same samples.

mod fast;

use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::pyclass::CompareOp;
use pyo3::types::{
    PyBool, PyComplex, PyDict, PyEllipsis, PyFloat, PyInt, PyList, PySlice, PyTuple,
};

pub use fast::signed;

use crate::audio;
use crate::audio::Audio;
use crate::error::Error;
use crate::kernel::Operator;
use crate::python::array::{operand, paging};
use crate::python::class::AudioSamples;
use crate::python::exchange::ndarray;
use crate::python::numpy::numpy_module;
use crate::python::running::leased;
use crate::registry::Mode;

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
    if matches!(name, "floor_divide" | "remainder" | "divmod") {
        let audio = [left, right].map(|side| side.cast_exact::<AudioSamples>().ok());
        let audio = audio.into_iter().flatten().next();
        let is_integer = audio.is_some_and(|audio| !audio.get().audio().dtype().is_float());
        if is_integer && has_zero(right)? {
            return Err(Error::DivisionByZero { index: None }.into());
        }
    }
    if let Some(out) = out {
        modify(out, &ufunc, right)?;
        return Ok(out.clone().into_any());
    }
    // Called as NumPy calls it, so that strangers among the operands have their say.
    ufunc.call1((left, right))
}

/// Whether a divisor is zero anywhere.
fn has_zero(divisor: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = divisor.py();
    let all = |array: &Bound<'_, PyAny>| array.call_method0(intern!(py, "all"))?.is_truthy();
    if let Ok(audio) = divisor.cast_exact::<AudioSamples>() {
        return Ok(!audio.get().with_array(py, Mode::Read, all)?);
    }
    if is_stranger(divisor)? {
        return Ok(false);
    }
    refuse_masked(divisor)?;
    let array = numpy_module(py)?.call_method1(intern!(py, "asarray"), (divisor,))?;
    let dtype = array.getattr(intern!(py, "dtype"))?;
    let kind: String = dtype.getattr(intern!(py, "kind"))?.extract()?;
    Ok(matches!(kind.as_str(), "b" | "i" | "u" | "f") && !all(&array)?)
}

/// A masked array has no value for every sample.
pub fn refuse_masked(object: &Bound<'_, PyAny>) -> PyResult<()> {
    let is_plain = ndarray::is_exact_array(object) || !ndarray::is_array(object);
    if is_plain || !object.hasattr(intern!(object.py(), "filled"))? {
        return Ok(());
    }
    Err(PyTypeError::new_err(
        "a masked array has no value where it is masked; give .filled(value) of it",
    ))
}

/// `audio op= operand`: computed beside the samples and then stored, all under one lease. What NumPy raises
/// (a warning made an error included) leaves the samples alone. A large mapped file is computed where it
/// lies, window by window: there is no room beside it.
fn modify<'py>(
    audio: &Bound<'py, AudioSamples>,
    ufunc: &Bound<'py, PyAny>,
    operand: &Bound<'py, PyAny>,
) -> PyResult<()> {
    let (py, own) = (audio.py(), audio.get().audio());
    let by_numpy = audio::paging::of(&own.samples().strided()).is_some()
        || is_stranger(operand)?
        || calls_back(operand, 0)?;
    if by_numpy {
        let options = PyDict::new(py);
        options.set_item(intern!(py, "out"), audio)?;
        return ufunc.call((audio, operand), Some(&options)).map(drop);
    }
    refuse_masked(operand)?;
    let mut call = Call::default();
    let array = call.stand_in(audio.as_any(), Mode::Write)?;
    let operand = call.stand_in(operand, Mode::Read)?;
    leased(py, &call.wanted(), || {
        let result = ufunc.call1((&array, operand))?;
        let numpy = numpy_module(py)?;
        let result = numpy.call_method1(intern!(py, "asanyarray"), (result,))?;
        let from = result.getattr(intern!(py, "dtype"))?;
        let to = array.getattr(intern!(py, "dtype"))?;
        let same_kind = (&from, &to, intern!(py, "same_kind"));
        let can_cast = numpy.call_method1(intern!(py, "can_cast"), same_kind)?;
        if !can_cast.is_truthy()? {
            let kind: String = from.getattr(intern!(py, "kind"))?.extract()?;
            let way_out = if kind != "f" {
                format!("compute on audio.to_numpy(), which gives an array of {from}")
            } else {
                "use the operator without '=', which gives new audio or an array, or float audio, as \
                 audio.convert('float32') gives it"
                    .to_owned()
            };
            return Err(PyTypeError::new_err(format!(
                "{} gives {from}, which {to} audio cannot hold in place (casting='same_kind'); {way_out}",
                ufunc.getattr(intern!(py, "__name__"))?
            )));
        }
        let shape: Vec<usize> = result.getattr(intern!(py, "shape"))?.extract()?;
        if shape != own.layout().shape() {
            return Err(Error::ShapeMismatch {
                audio: own.layout().shape().to_vec(),
                operand: shape,
                between: None,
            }
            .into());
        }
        let cast = result.call_method1(intern!(py, "astype"), (to,))?;
        array.set_item(PyEllipsis::get(py), cast)
    })
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
    modify(audio, &operand::ufunc(py, operator)?, array)
}

/// The audio among the operands and outputs of one call, and the arrays that stand for it.
#[derive(Default)]
struct Call<'py> {
    audio: Vec<(Bound<'py, AudioSamples>, Mode)>,
    /// Whether copies stand for audio, because Python code may run.
    on_copies: bool,
    /// The copies to be stored in the audio that they stand for.
    copies: Vec<(Bound<'py, AudioSamples>, Bound<'py, PyAny>)>,
}

impl<'py> Call<'py> {
    /// The object, or an array for it if it is audio.
    fn stand_in(&mut self, object: &Bound<'py, PyAny>, mode: Mode) -> PyResult<Bound<'py, PyAny>> {
        let py = object.py();
        let Ok(audio) = object.cast_exact::<AudioSamples>() else {
            refuse_masked(object)?;
            return Ok(object.clone());
        };
        if let Some((first, _)) = self.audio.first() {
            first.get().audio().require_rate_of(audio.get().audio())?;
        }
        if mode == Mode::Write {
            audio.get().audio().samples().require_writable()?;
        }
        self.audio.push((audio.clone(), mode));
        if self.on_copies {
            let copy = copied(audio.get(), py)?;
            if mode == Mode::Write {
                self.copies.push((audio.clone(), copy.clone()));
            }
            return Ok(copy);
        }
        audio.get().shared_array(py, mode == Mode::Write)
    }

    fn wanted(&self) -> Vec<(&Audio, Mode)> {
        let claims = self.audio.iter();
        claims
            .map(|(audio, mode)| (audio.get().audio(), *mode))
            .collect()
    }

    /// Puts what was computed on copies where it belongs.
    fn store(&self, py: Python<'py>) -> PyResult<()> {
        let copies = self.copies.iter();
        let arrays = copies
            .clone()
            .map(|(audio, _)| audio.get().shared_array(py, true));
        let arrays = arrays.collect::<PyResult<Vec<_>>>()?;
        let wanted = copies.map(|(audio, _)| (audio.get().audio(), Mode::Write));
        leased(py, &wanted.collect::<Vec<_>>(), || {
            for (array, (_, copy)) in arrays.iter().zip(&self.copies) {
                array.set_item(PyEllipsis::get(py), copy)?;
            }
            Ok(())
        })
    }
}

/// The samples as an array of its own, complete as of one moment.
fn copied<'py>(audio: &AudioSamples, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
    let why = "code of Python's own runs on a copy, so that no lease is held meanwhile";
    AudioSamples::new(audio.copied(py, why)?).shared_array(py, true)
}

/// Whether computing with an object may run Python code: it is, or holds, something other than numbers.
fn calls_back(object: &Bound<'_, PyAny>, depth: usize) -> PyResult<bool> {
    let py = object.py();
    let plain = object.is_none()
        || object.is_exact_instance_of::<AudioSamples>()
        || object.is_exact_instance_of::<PyFloat>()
        || object.is_exact_instance_of::<PyInt>()
        || object.is_exact_instance_of::<PyBool>()
        || object.is_exact_instance_of::<PyComplex>()
        || object.is_instance_of::<PyEllipsis>()
        || object.is_exact_instance_of::<PySlice>();
    if plain {
        return Ok(false);
    }
    if ndarray::is_exact_array(object) {
        return is_of_objects(object);
    }
    if depth < 32
        && (object.is_exact_instance_of::<PyList>() || object.is_exact_instance_of::<PyTuple>())
    {
        for item in object.try_iter()? {
            if calls_back(&item?, depth + 1)? {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    if object.is_instance(&numpy_module(py)?.getattr(intern!(py, "generic"))?)? {
        return Ok(false);
    }
    Ok(true)
}

/// Whether an array holds Python objects.
pub fn is_of_objects(array: &Bound<'_, PyAny>) -> PyResult<bool> {
    if ndarray::facts(array)?.dtype.is_some() {
        return Ok(false);
    }
    let dtype = array.getattr(intern!(array.py(), "dtype"))?;
    dtype.getattr(intern!(array.py(), "hasobject"))?.is_truthy()
}

/// Whether a ufunc computes by calling Python, as those of `np.frompyfunc` do.
fn is_of_python(ufunc: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = ufunc.py();
    let loops: usize = ufunc.getattr(intern!(py, "ntypes"))?.extract()?;
    if loops > 1 {
        return Ok(false);
    }
    let kinds: Vec<String> = ufunc.getattr(intern!(py, "types"))?.extract()?;
    Ok(kinds.iter().all(|kinds| kinds.contains('O')))
}

/// Compares the audio with an object, both as arrays: under leases if nothing but numbers is compared.
pub fn beside<'py>(
    audio: &AudioSamples,
    other: &Bound<'py, PyAny>,
    work: impl FnOnce(&Bound<'py, PyAny>, &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = other.py();
    if calls_back(other, 0)? {
        return work(&copied(audio, py)?, other);
    }
    let own = audio.shared_array(py, false)?;
    let mut wanted = vec![(audio.audio(), Mode::Read)];
    if let Ok(theirs) = other.cast_exact::<AudioSamples>() {
        audio.audio().require_rate_of(theirs.get().audio())?;
        wanted.push((theirs.get().audio(), Mode::Read));
        let array = theirs.get().shared_array(py, false)?;
        return leased(py, &wanted, || work(&own, &array));
    }
    leased(py, &wanted, || work(&own, other))
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
    if method == "__call__" && kwargs.is_none_or(|kwargs| kwargs.is_empty()) {
        let done = match inputs.len() {
            1 => fast::of_one(ufunc, &inputs.get_item(0)?)?,
            2 => fast::of_two(ufunc, &inputs.get_item(0)?, &inputs.get_item(1)?)?,
            _ => None,
        };
        if let Some(done) = done {
            return Ok(done);
        }
    }
    if method == "__call__"
        && inputs.len() == 2
        && let Some(kwargs) = kwargs
        && kwargs.len() == 1
        && let Some(out) = kwargs.get_item(intern!(py, "out"))?
        && let Ok(out) = out.cast_exact::<PyTuple>()
        && out.len() == 1
        && let Some(done) = fast::into(
            ufunc,
            &inputs.get_item(0)?,
            &inputs.get_item(1)?,
            &out.get_item(0)?,
        )?
    {
        return Ok(done);
    }
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
    let mut on_copies = is_of_python(ufunc)?;
    for object in inputs.iter().chain(outputs.iter().cloned()) {
        on_copies = on_copies || calls_back(&object, 0)?;
    }
    let mut call = Call {
        on_copies,
        ..Call::default()
    };
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
    let arguments = PyTuple::new(py, arguments)?;
    let wanted = if on_copies { Vec::new() } else { call.wanted() };
    let result = leased(py, &wanted, || {
        if method == "__call__"
            && !on_copies
            && let [out] = &outputs[..]
            && let Ok(file) = out.cast_exact::<AudioSamples>()
            && options.get_item(intern!(py, "where"))?.is_none()
            && let Some(array) = options.get_item(intern!(py, "out"))?
        {
            let array = array.get_item(0)?;
            let inputs: Vec<_> = arguments.iter().collect();
            let audio = file.get().audio();
            if paging::ufunc(ufunc, &inputs, audio, &array, &options)? {
                return Ok(array);
            }
        }
        match method {
            "__call__" => ufunc.call(
                &arguments,
                Some(&options).filter(|options| !options.is_empty()),
            ),
            _ => ufunc.call_method(method, &arguments, Some(&options)),
        }
    })?;
    call.store(py)?;
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
    wrapped(
        call.audio.iter().map(|(audio, _)| audio.get().audio()),
        result,
    )
}

/// Audio of a result with the shape of one of the operands and a sample type, or the result.
fn wrapped<'a, 'py>(
    operands: impl IntoIterator<Item = &'a Audio>,
    result: Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    if !ndarray::is_exact_array(&result) {
        return Ok(result);
    }
    let facts = ndarray::facts(&result)?;
    let (Some(_), Some(layout)) = (facts.dtype, facts.layout) else {
        return Ok(result);
    };
    let mut operands = operands.into_iter();
    let Some(audio) = operands.find(|audio| audio.layout().shape() == layout.shape()) else {
        return Ok(result);
    };
    let samples = ndarray::adopt(&result)?;
    let wrapped = AudioSamples::new(audio.with_samples(samples));
    Ok(Bound::new(result.py(), wrapped)?.into_any())
}
