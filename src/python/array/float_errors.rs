//! Results that floats cannot hold: answered as `np.errstate` says, by NumPy itself.
//!
//! The core's arithmetic leaves its exceptions in the CPU's flags. Where one that counts is set, NumPy's function of that
//! name computes something small that sets it again, in the caller's own frame: it then ignores, warns, raises or
//! calls, whatever the caller has chosen. Where it raises, what was computed in place is in place, as NumPy has it.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::audio::Wait;
use crate::dtype::Dtype;
use crate::error::Error;
use crate::kernel::{FloatFlags, Operand, Operation, Operator, Scalar};
use crate::python::array::operand;
use crate::python::exchange::outward;
use crate::python::exchange::outward::Outward;
use crate::python::numpy::numpy_module;
use crate::python::running;

/// Larger than a float32 can be.
const LARGE: f64 = 1e300;
/// Smaller than a float32 can be.
const SMALL: f64 = 1e-300;

/// What computes.
#[derive(Clone, Copy)]
pub enum Computing<'a> {
    /// An operator, and its operand.
    Operator(&'a Operation, &'a Operand<'a>),
    /// A change of type.
    Cast,
}

/// [`running::run`] for arithmetic: what floats cannot hold is answered when it is done.
#[inline]
pub fn run<R: Send>(
    py: Python<'_>,
    bytes: usize,
    computing: Computing<'_>,
    work: impl Fn(Wait<'_>) -> Result<R, Error> + Sync,
) -> PyResult<R> {
    FloatFlags::clear();
    let done = running::run(py, bytes, work);
    let raised = FloatFlags::raised();
    if raised.is_empty() {
        // As it is, without a copy of the result.
        return done;
    }
    let done = done?;
    answer(py, computing, raised)?;
    Ok(done)
}

/// In the order in which NumPy looks at them.
#[cold]
fn answer(py: Python<'_>, computing: Computing<'_>, raised: FloatFlags) -> PyResult<()> {
    match computing {
        Computing::Cast => answer_cast(py, raised),
        Computing::Operator(operation, operand) => answer_operator(py, operation, operand, raised),
    }
}

fn answer_operator(
    py: Python<'_>,
    operation: &Operation,
    operand: &Operand<'_>,
    raised: FloatFlags,
) -> PyResult<()> {
    let operator = operation.operator;
    // A number of Python's that is too large for float32 is said to be so by the cast that comes first.
    let number = match operand {
        Operand::Scalar(Scalar::Float(number)) if number.is_finite() => *number,
        _ => 0.0,
    };
    let is_too_large = operation.compute == Dtype::Float32 && (number as f32).is_infinite();
    let ufunc = operand::ufunc(py, operator)?;
    let computed = |x: f64, y: f64| outward::call(&ufunc, (x, y), None).map(drop);
    // As NumPy does where the destination is float32: by a cast that belongs to the function.
    let stored = |x: f64| {
        let numpy = numpy_module(py)?;
        let options = PyDict::new(py);
        options.set_item(intern!(py, "casting"), "same_kind")?;
        let out = numpy.call_out(intern!(py, "zeros"), (1, "float32"))?;
        options.set_item(intern!(py, "out"), out)?;
        let neutral = match operator {
            Operator::Add | Operator::Sub => 0.0,
            Operator::Mul | Operator::Div => 1.0,
        };
        let x = numpy.call_out(intern!(py, "full"), (1, x))?;
        outward::call(&ufunc, (x, neutral), Some(&options)).map(drop)
    };
    if raised.is_division() && operator == Operator::Div {
        computed(1.0, 0.0)?;
    }
    if raised.is_overflow() {
        match is_too_large {
            true => cast_of(py, LARGE, "float32")?,
            false => stored(LARGE)?,
        }
    }
    if raised.is_underflow() {
        stored(SMALL)?;
    }
    if raised.is_invalid() {
        let infinity = f64::INFINITY;
        let (x, y) = match operator {
            Operator::Add => (infinity, -infinity),
            Operator::Sub => (infinity, infinity),
            Operator::Mul => (infinity, 0.0),
            Operator::Div => (0.0, 0.0),
        };
        computed(x, y)?;
    }
    Ok(())
}

fn answer_cast(py: Python<'_>, raised: FloatFlags) -> PyResult<()> {
    if raised.is_overflow() {
        cast_of(py, LARGE, "float32")?;
    }
    if raised.is_underflow() {
        cast_of(py, SMALL, "float32")?;
    }
    if raised.is_invalid() {
        cast_of(py, f64::NAN, "int32")?;
    }
    Ok(())
}

fn cast_of(py: Python<'_>, value: f64, dtype: &str) -> PyResult<()> {
    let array = numpy_module(py)?.call_out(intern!(py, "full"), (1, value))?;
    let dtype = PyString::new(py, dtype);
    array.call_out(intern!(py, "astype"), (dtype,)).map(drop)
}
