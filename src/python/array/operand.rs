//! What stands on the other side of an operator: which samples or which number, and the type to compute in.
//!
//! The rules are NumPy's (NEP 50): a Python number takes the audio's type where it can, an array or a NumPy
//! scalar brings its own. Arrays of other types are asked of NumPy itself.

use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyComplex, PyFloat, PyInt, PySequence};

use crate::audio::Audio;
use crate::dtype::Dtype;
use crate::kernel::{self, Operator, Scalar};
use crate::python::class::AudioSamples;
use crate::python::exchange::ndarray;
use crate::python::exchange::ndarray::Readable;
use crate::python::exchange::outward::Outward;
use crate::python::numpy::numpy_module;

enum OperandKind<'py> {
    Audio(Bound<'py, AudioSamples>),
    Array(Readable<'py>),
    Number(Scalar),
    /// An array whose result is no sample type: only NumPy can store that in place.
    Other(Bound<'py, PyAny>),
}

/// How an operator of the class is computed.
pub trait Operates {
    /// `audio op other`, or the reverse for [`Side::Left`], in new memory.
    fn operate<'py>(
        self,
        audio: &Bound<'py, AudioSamples>,
        side: Side,
        other: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>>;

    /// `audio op= other`.
    fn operate_in_place(
        self,
        audio: &Bound<'_, AudioSamples>,
        other: &Bound<'_, PyAny>,
    ) -> PyResult<()>;
}

/// On which side of the operator the object stands, and whether the audio takes the result.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// `audio op object`
    Right,
    /// `object op audio`
    Left,
    /// `audio op= object`
    InPlace,
}

/// The other side of an operator.
pub struct OtherSide<'py> {
    source: OperandKind<'py>,
    /// The type that NumPy computes in.
    pub compute: Dtype,
}

impl<'py> OtherSide<'py> {
    /// What the core works on.
    #[inline]
    pub fn kernel(&self, audio: &Audio) -> PyResult<kernel::Operand<'_>> {
        Ok(match &self.source {
            OperandKind::Audio(audio) => {
                kernel::Operand::Samples(audio.get().audio().samples().strided())
            }
            OperandKind::Array(array) => kernel::Operand::Samples(array.strided(audio.layout())?),
            OperandKind::Other(array) => {
                return Err(PyTypeError::new_err(format!(
                    "an array of {} is no operand",
                    array.getattr(intern!(array.py(), "dtype"))?
                )));
            }
            OperandKind::Number(number) => kernel::Operand::Scalar(*number),
        })
    }

    /// The array that only NumPy can compute with, if it is one.
    pub fn other(&self) -> Option<&Bound<'py, PyAny>> {
        match &self.source {
            OperandKind::Other(array) => Some(array),
            _ => None,
        }
    }

    /// The audio, if it is one.
    pub fn audio(&self) -> Option<&Audio> {
        match &self.source {
            OperandKind::Audio(audio) => Some(audio.get().audio()),
            _ => None,
        }
    }
}

/// The everyday operands, arrays of sample types and Python floats, with the type to compute in; `None` for all
/// others, which [`parse`] knows.
#[inline(always)]
pub fn everyday<'a>(
    own: Dtype,
    operator: Operator,
    object: &'a Bound<'_, PyAny>,
) -> Option<(Dtype, kernel::Operand<'a>)> {
    if let Some(samples) = ndarray::everyday(object) {
        let compute = operator.compute_type(own, samples.dtype());
        return Some((compute, kernel::Operand::Samples(samples)));
    }
    let value = ndarray::exact_float(object)?;
    let compute = weak_float(own);
    let number = kernel::Operand::Scalar(Scalar::Float(rounded(value, compute)));
    Some((compute, number))
}

/// A Python float in the type that is computed in: NumPy too rounds it before, without a word. One that is too
/// large stays what it is, for that NumPy speaks of.
#[inline(always)]
fn rounded(value: f64, compute: Dtype) -> f64 {
    let near = f64::from(value as f32);
    if compute == Dtype::Float32 && near.is_finite() {
        near
    } else {
        value
    }
}

/// Understands `object` as the operand of `audio op object` or, on the other side, of `object op audio`.
/// `None` for an object of a kind that is no number and no array: its own class may know what to do.
#[inline]
pub fn parse<'py>(
    audio: &Audio,
    operator: Operator,
    side: Side,
    object: &Bound<'py, PyAny>,
) -> PyResult<Option<OtherSide<'py>>> {
    let own = audio.dtype();
    if ndarray::is_exact_array(object) {
        return array(own, operator, side, object.clone()).map(Some);
    }
    if let Ok(other) = object.cast_exact::<AudioSamples>() {
        let theirs = other.get().audio();
        audio.require_rate_of(theirs)?;
        return Ok(Some(OtherSide {
            compute: operator.compute_type(own, theirs.dtype()),
            source: OperandKind::Audio(other.clone()),
        }));
    }
    uncommon(own, operator, side, object)
}

fn number<'py>(compute: Dtype, value: Scalar) -> OtherSide<'py> {
    OtherSide {
        source: OperandKind::Number(value),
        compute,
    }
}

/// A Python float computes in the audio's own floating-point type, with integers in float64.
fn weak_float(own: Dtype) -> Dtype {
    if own.is_float() { own } else { Dtype::Float64 }
}

#[cold]
fn uncommon<'py>(
    own: Dtype,
    operator: Operator,
    side: Side,
    object: &Bound<'py, PyAny>,
) -> PyResult<Option<OtherSide<'py>>> {
    let py = object.py();
    if object.is_instance(scalar_type(py)?)? {
        // A NumPy scalar is a 0-d array: its type counts in full.
        let as_array = numpy_module(py)?.call_out(intern!(py, "asarray"), (object,))?;
        return array(own, operator, side, as_array).map(Some);
    }
    if let Ok(value) = object.cast::<PyInt>() {
        return whole_number(own, operator, value).map(Some);
    }
    if let Ok(value) = object.cast::<PyFloat>() {
        let compute = weak_float(own);
        let value = Scalar::Float(rounded(value.extract()?, compute));
        return Ok(Some(number(compute, value)));
    }
    if object.is_instance_of::<PyComplex>() {
        return Err(no_sample_type(own, operator, "complex", "complex128"));
    }
    if ndarray::is_array(object) {
        refuse_masked(object)?;
        let plain = numpy_module(py)?.call_out(intern!(py, "asarray"), (object,))?;
        return array(own, operator, side, plain).map(Some);
    }
    if object.is_instance_of::<PySequence>() && !object.hasattr(intern!(py, "__array_ufunc__"))? {
        // Said here: bytes and lists would otherwise take audio for a sequence to append.
        let name = object.get_type().name()?;
        let operands = match side {
            Side::Left => format!("'{name}' and 'AudioSamples'"),
            _ => format!("'AudioSamples' and '{name}'"),
        };
        return Err(PyTypeError::new_err(format!(
            "unsupported operand type for {}: {operands}; give a number, a NumPy array (np.asarray of it) or \
             audio",
            symbol(operator, side)
        )));
    }
    if let Some(library) = tensor_library(object)? {
        let (sign, name) = (operator.symbol(), object.get_type().name()?);
        let audio = format!("{library}.from_dlpack(audio)");
        let (operands, way_out) = if side == Side::Left {
            (
                format!("'{name}' and 'AudioSamples'"),
                format!("tensor {sign} {audio}"),
            )
        } else {
            (
                format!("'AudioSamples' and '{name}'"),
                format!("{audio} {sign} tensor"),
            )
        };
        return Err(PyTypeError::new_err(format!(
            "unsupported operand types for {}: {operands}, for tensors have no part in NumPy's \
             arithmetic; give np.from_dlpack(tensor), which shares its memory, or compute on a tensor of the \
             audio: {way_out}",
            symbol(operator, side)
        )));
    }
    Ok(None)
}

/// The operator as the user wrote it.
fn symbol(operator: Operator, side: Side) -> &'static str {
    match side {
        Side::InPlace => operator.in_place_symbol(),
        _ => operator.symbol(),
    }
}

/// The library of a tensor, by the name that its users give it, if it knows no other array types than its own: it
/// would only say that it does not.
fn tensor_library(object: &Bound<'_, PyAny>) -> PyResult<Option<&'static str>> {
    let module = object.get_type().module()?;
    let library = match module.to_str()?.split('.').next() {
        Some("torch") => "torch",
        Some("jaxlib" | "jax") => "jnp",
        _ => return Ok(None),
    };
    Ok(object.hasattr("__dlpack__")?.then_some(library))
}

/// A Python int computes in the audio's own type, and has to fit into it.
fn whole_number<'py>(
    own: Dtype,
    operator: Operator,
    value: &Bound<'py, PyInt>,
) -> PyResult<OtherSide<'py>> {
    let compute = operator.compute_type(own, own);
    if own.is_float() {
        let scalar = match value.extract::<i64>() {
            Ok(small) => Scalar::Int(small),
            Err(_) => Scalar::Float(value.extract::<f64>()?),
        };
        return Ok(number(compute, scalar));
    }
    if operator == Operator::Div {
        // Integers divide as float64, which takes any of them.
        return Ok(number(compute, Scalar::Float(value.extract::<f64>()?)));
    }
    let limit = own.full_scale() as i64;
    match value.extract::<i64>() {
        Ok(fits) if (-limit..limit).contains(&fits) => Ok(number(compute, Scalar::Int(fits))),
        _ => Err(PyOverflowError::new_err(format!(
            "Python integer {value} out of bounds for {}, which holds {} to {}; \
             use a float, or convert the audio with .astype() first",
            own.name(),
            -limit,
            limit - 1
        ))),
    }
}

/// An array brings its own type. One of another type than ours is what NumPy makes of it.
#[inline]
fn array<'py>(
    own: Dtype,
    operator: Operator,
    side: Side,
    array: Bound<'py, PyAny>,
) -> PyResult<OtherSide<'py>> {
    match Readable::new(array)? {
        Ok(array) => Ok(OtherSide {
            compute: operator.compute_type(own, array.dtype()),
            source: OperandKind::Array(array),
        }),
        Err(array) => other_type(own, operator, side, &array),
    }
}

#[cold]
fn other_type<'py>(
    own: Dtype,
    operator: Operator,
    side: Side,
    array: &Bound<'py, PyAny>,
) -> PyResult<OtherSide<'py>> {
    let py = array.py();
    let theirs = array.getattr(intern!(py, "dtype"))?;
    let own_type = numpy_module(py)?.call_out(intern!(py, "dtype"), (own.name(),))?;
    let inputs = if side == Side::Left {
        (theirs.clone(), own_type, py.None())
    } else {
        (own_type, theirs.clone(), py.None())
    };
    let resolved = ufunc(py, operator)?.call_out(intern!(py, "resolve_dtypes"), (inputs,))?;
    let result = resolved.get_item(2)?;
    let name: String = result.getattr(intern!(py, "name"))?.extract()?;
    let Ok(compute) = Dtype::from_name(&name) else {
        if side == Side::InPlace {
            return Ok(OtherSide {
                source: OperandKind::Other(array.clone()),
                compute: own,
            });
        }
        let theirs = theirs.str()?.to_string();
        return Err(no_sample_type(own, operator, &theirs, &name));
    };
    let wanted = resolved.get_item(usize::from(side != Side::Left))?;
    let cast = array.call_out(intern!(py, "astype"), (wanted,))?;
    match Readable::new(cast)? {
        Ok(cast) => Ok(OtherSide {
            source: OperandKind::Array(cast),
            compute,
        }),
        // NumPy computes in a type of its own and gives one of ours: a loop that we do not have.
        Err(_) => Err(no_sample_type(
            own,
            operator,
            &theirs.str()?.to_string(),
            &name,
        )),
    }
}

#[cold]
fn no_sample_type(own: Dtype, operator: Operator, theirs: &str, result: &str) -> PyErr {
    PyTypeError::new_err(format!(
        "{own} {symbol} {theirs} gives {result}, which is no sample type; cast the operand first, \
         with .astype('{own}') or another of int16, int32, float32 and float64, \
         or compute on audio.to_numpy()",
        own = own.name(),
        symbol = operator.symbol(),
    ))
}

fn is_masked(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    let may_be = ndarray::is_array(object) && !ndarray::is_exact_array(object);
    Ok(may_be && object.hasattr(intern!(object.py(), "filled"))?)
}

/// An error for a masked array, which has no value for every sample.
pub fn refuse_masked(object: &Bound<'_, PyAny>) -> PyResult<()> {
    if is_masked(object)? {
        return Err(PyTypeError::new_err(
            "a masked array has no value where it is masked; give .filled(value) of it",
        ));
    }
    Ok(())
}

/// Whether an operand is one of NumPy's: an array, of any class, or a scalar.
pub fn is_numpys(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    if ndarray::is_array(object) {
        return Ok(!is_masked(object)?);
    }
    object.is_instance(scalar_type(object.py())?)
}

/// Whether an operand is one that operators of audio compute with.
pub fn is_known(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(object.is_instance_of::<PyInt>()
        || object.is_instance_of::<PyFloat>()
        || object.cast_exact::<AudioSamples>().is_ok()
        || is_numpys(object)?)
}

pub fn scalar_type(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static GENERIC: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let found = GENERIC.get_or_try_init(py, || {
        numpy_module(py)?.getattr("generic").map(Bound::unbind)
    })?;
    Ok(found.bind(py))
}

/// NumPy's ufunc of an operator.
pub fn ufunc(py: Python<'_>, operator: Operator) -> PyResult<Bound<'_, PyAny>> {
    let name = match operator {
        Operator::Add => intern!(py, "add"),
        Operator::Sub => intern!(py, "subtract"),
        Operator::Mul => intern!(py, "multiply"),
        Operator::Div => intern!(py, "true_divide"),
    };
    numpy_module(py)?.getattr(name)
}
