//! Plans: which samples are read and written in which order, and by which loop.
//!
//! Everything here works on [`Strided`] samples that the caller has claimed ([`Access`]). An operation
//! whose operand overlaps its destination gives what it would give had the operand been copied first.

mod scalar;

use crate::dtype::{Dtype, Sample};
use crate::error::Error;
use crate::view::{Access, Fresh, Strided};

/// `+ - * /`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `a + b`
    Add,
    /// `a - b`
    Sub,
    /// `a * b`
    Mul,
    /// `a / b`
    Div,
}

impl Operator {
    /// The type that two sample types are computed in.
    #[inline]
    pub fn compute_type(self, a: Dtype, b: Dtype) -> Dtype {
        match self {
            Operator::Div => a.quotient(b),
            _ => a.promote(b),
        }
    }

    /// As Python writes it.
    pub fn symbol(self) -> &'static str {
        match self {
            Operator::Add => "+",
            Operator::Sub => "-",
            Operator::Mul => "*",
            Operator::Div => "/",
        }
    }

    /// The in-place form, as Python writes it.
    pub fn in_place_symbol(self) -> &'static str {
        match self {
            Operator::Add => "+=",
            Operator::Sub => "-=",
            Operator::Mul => "*=",
            Operator::Div => "/=",
        }
    }
}

/// One number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar {
    /// A whole number.
    Int(i64),
    /// Any other.
    Float(f64),
}

impl Scalar {
    /// As a sample; the caller has made sure that it fits.
    #[inline]
    pub fn sample<T: Sample>(self) -> T {
        match self {
            Scalar::Int(value) => T::cast_from_f64(value as f64),
            Scalar::Float(value) => T::cast_from_f64(value),
        }
    }

    /// Whether dividing by it is an error.
    #[inline]
    pub fn is_zero(self) -> bool {
        match self {
            Scalar::Int(value) => value == 0,
            Scalar::Float(value) => value == 0.0,
        }
    }
}

/// One side of an operation: samples in the shape of the destination, or one number for all of them.
#[derive(Clone, Copy, Debug)]
pub enum Operand<'a> {
    /// Samples, already broadcast into the destination's shape.
    Samples(Strided<'a>),
    /// The same number everywhere.
    Scalar(Scalar),
}

/// `out = a op b`, computed in `compute` and stored with NumPy's cast.
///
/// # Errors
/// [`Error::DivisionByZero`] for a zero in a divisor. `out` is unchanged then if `a` or `b` overlaps it;
/// otherwise its content is of no value.
pub fn binary(
    access: &Access,
    operator: Operator,
    compute: Dtype,
    out: &Strided<'_>,
    a: &Operand<'_>,
    b: &Operand<'_>,
) -> Result<(), Error> {
    if operator == Operator::Div {
        check_divisor(access, b)?;
    }
    let (mut spare_a, mut spare_b) = (None, None);
    let a = clear_of(access, out, a, &mut spare_a)?;
    let b = clear_of(access, out, b, &mut spare_b)?;
    scalar::binary(access, operator, compute, out, &a, &b);
    Ok(())
}

fn check_divisor(access: &Access, divisor: &Operand<'_>) -> Result<(), Error> {
    let index = match divisor {
        Operand::Scalar(scalar) if scalar.is_zero() => None,
        Operand::Scalar(_) => return Ok(()),
        Operand::Samples(samples) => match scalar::first_zero(access, samples) {
            None => return Ok(()),
            Some([channel, frame]) => Some(match samples.layout().ndim() {
                2 => vec![channel, frame],
                _ => vec![frame],
            }),
        },
    };
    Err(Error::DivisionByZero { index })
}

/// The operand, or a copy of it where writing `out` would change it before it is read.
fn clear_of<'a>(
    access: &Access,
    out: &Strided<'_>,
    operand: &Operand<'a>,
    spare: &'a mut Option<Fresh>,
) -> Result<Operand<'a>, Error> {
    match operand {
        Operand::Samples(samples)
            if !samples.same_samples(out) && samples.span().overlaps(&out.span()) =>
        {
            let fresh = spare.insert(Fresh::new(samples.layout().shape(), samples.dtype())?);
            let copied = fresh.strided();
            scalar::copy(access, &copied, samples);
            Ok(Operand::Samples(copied))
        }
        _ => Ok(*operand),
    }
}

/// Stores `from` in `out` with NumPy's cast, as if copied first where the two overlap.
///
/// # Errors
/// No memory for the copy.
pub fn copy(access: &Access, out: &Strided<'_>, from: &Strided<'_>) -> Result<(), Error> {
    let mut spare = None;
    match clear_of(access, out, &Operand::Samples(*from), &mut spare)? {
        Operand::Samples(from) => scalar::copy(access, out, &from),
        Operand::Scalar(_) => {}
    }
    Ok(())
}

/// Stores one number in every sample.
pub fn fill(access: &Access, out: &Strided<'_>, value: Scalar) {
    scalar::fill(access, out, value);
}

/// Stores `from` in `out` with the scale of audio: an integer sample is a fraction of `2^(bits-1)`;
/// results are rounded to the nearest, ties to even, and saturate. `nan` becomes 0. The two do not overlap.
pub fn convert(access: &Access, out: &Strided<'_>, from: &Strided<'_>) {
    scalar::convert(access, out, from);
}

/// Bytes that an operation moves: what its time goes into.
pub fn bytes_moved(out: &Strided<'_>, operands: &[&Operand<'_>]) -> usize {
    let each = |operand: &&Operand<'_>| match operand {
        Operand::Samples(samples) => samples.dtype().size(),
        Operand::Scalar(_) => 0,
    };
    let sizes: usize = operands.iter().map(each).sum();
    out.layout().len() * (out.dtype().size() + sizes)
}
