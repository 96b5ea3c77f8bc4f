//! Plans: which samples are read and written in which order, and by which loop.
//!
//! Everything here works on [`Strided`] samples that the caller has claimed ([`Access`](crate::view::Access)). An operation
//! whose operand overlaps its destination gives what it would give had the operand been copied first.
//!
//! ```text
//!   kernel     what is computed, and whether it may be           (this file)
//!   engine     how: instruction set, threads, past the cache
//!   plan       which axis is a row; what an overlap allows
//!   rows       along a row, block by block where types differ
//!   planes     blocks in private memory, for loops over slices
//!   arch       the loops, compiled for each instruction set      unsafe
//!   scalar     the same one sample at a time: the oracle
//! ```

mod arch;
mod engine;
mod plan;
pub mod planes;
mod row;
mod rows;
pub mod scalar;
mod threads;
mod workers;

use crate::dtype::{Dtype, Sample};
use crate::view::Strided;
use plan::{Overlap, Rows};

pub use arch::{Arch, FloatFlags, SafeLoop, Sign};
pub use engine::Engine;
pub use threads::{cut, in_order, set_threads, threads};

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

/// What becomes of an integer result that its type cannot hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overflow {
    /// It wraps, as NumPy's does.
    #[default]
    Wrap,
    /// The nearest number that the type holds.
    Saturate,
    /// An error.
    Raise,
}

/// What to compute: the operator, the type to compute in, and on which side the audio stands.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// `+ - * /`.
    pub operator: Operator,
    /// The type that NumPy would compute in.
    pub compute: Dtype,
    /// True for `operand op audio`.
    pub reflected: bool,
    /// What becomes of integer results that do not fit.
    pub overflow: Overflow,
}

impl Operation {
    /// `audio op operand`, computed in a type; integers wrap.
    #[inline]
    pub fn plain(operator: Operator, compute: Dtype) -> Operation {
        Operation {
            operator,
            compute,
            reflected: false,
            overflow: Overflow::Wrap,
        }
    }

    /// What stands on the left and what on the right.
    #[inline]
    pub fn sides<'s, 'a>(
        &self,
        audio: &'s Operand<'a>,
        operand: &'s Operand<'a>,
    ) -> (&'s Operand<'a>, &'s Operand<'a>) {
        if self.reflected {
            (operand, audio)
        } else {
            (audio, operand)
        }
    }
}

/// The bytes of `operand` that have to be copied before `out` is changed in place with it: none, unless the
/// two overlap in a way that no order of the loop allows.
pub fn copied_bytes(out: &Strided<'_>, operand: &Operand<'_>) -> usize {
    let rows = Rows::new(*out, Operand::Samples(*out), *operand);
    match rows.y {
        Operand::Samples(samples) if Overlap::of(&rows.out, &rows.y) == Overlap::NeedsCopy => {
            plan::distinct(&samples).layout().len() * samples.dtype().size()
        }
        _ => 0,
    }
}

/// Bytes that an operation touches, those of an operand that is the destination once: what its time goes into.
pub fn bytes_touched(out: &Strided<'_>, operands: &[&Operand<'_>]) -> usize {
    let each = |operand: &&Operand<'_>| match operand {
        Operand::Samples(samples) if samples.first_address() == out.first_address() => 0,
        Operand::Samples(samples) => samples.dtype().size(),
        Operand::Scalar(_) => 0,
    };
    let sizes: usize = operands.iter().map(each).sum();
    out.layout().len() * (out.dtype().size() + sizes)
}
