//! Sample types as the loops know them: which operator and mode is which loop.

use crate::kernel::Operator;
use crate::kernel::arch::Arch;
use crate::kernel::arch::cast::CastTo;
use crate::kernel::arch::operators::{
    Absolute, Add, Checked, Div, DivNonzero, Flagging, Mul, Negate, Saturating, Sub,
};
use crate::kernel::row::{AnySource, AnyTarget, Feed};
use crate::view::{Source, Target};

/// What to do about results that the type cannot hold, and about zero divisors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfits {
    /// Nothing: integers wrap, divisors are known not to be zero or may be.
    Plain,
    /// Results that do not fit become the nearest that does.
    Saturate,
    /// Detect results that do not fit; note zero divisors.
    Detect,
}

/// `out = x op y` over one row.
#[derive(Clone, Copy)]
pub struct Combination<'a, T> {
    /// `+ - * /`
    pub operator: Operator,
    /// About results that do not fit.
    pub mode: Misfits,
    /// The destination.
    pub out: Target<'a, T>,
    /// The left side.
    pub x: Feed<'a, T>,
    /// The right side.
    pub y: Feed<'a, T>,
    /// Write past the cache: for results that do not fit into it.
    pub stream: bool,
}

/// A unary operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// `-x`
    Negate,
    /// `|x|`
    Absolute,
}

/// A sample type as the loops know it.
pub trait Element: Flagging + CastTo<Self> {
    /// Runs the loop of the operator and the mode. Returns whether something was flagged.
    fn combine(arch: Arch, combination: &Combination<'_, Self>) -> bool;
    /// `out = op x`. Returns whether something was flagged.
    fn apply(
        arch: Arch,
        sign: Sign,
        mode: Misfits,
        out: Target<'_, Self>,
        x: Source<'_, Self>,
    ) -> bool;
    /// The row among rows of any type.
    fn any_source(row: Source<'_, Self>) -> AnySource<'_>;
    /// The row among rows of any type.
    fn any_target(row: Target<'_, Self>) -> AnyTarget<'_>;
    /// The row, if it is of this type.
    fn target_of<'a>(row: &AnyTarget<'a>) -> Option<Target<'a, Self>>;
    /// `1 / self`, if multiplying by that gives the very bits that dividing by `self` gives.
    fn exact_reciprocal(self) -> Option<Self>;
}

macro_rules! integer_element {
    ($T:ty, $Any:ident) => {
        impl Element for $T {
            #[inline]
            fn combine(arch: Arch, c: &Combination<'_, Self>) -> bool {
                match (c.operator, c.mode) {
                    (Operator::Add, Misfits::Plain) => arch.combine_fast::<_, Add>(c),
                    (Operator::Sub, Misfits::Plain) => arch.combine_fast::<_, Sub>(c),
                    (Operator::Mul, Misfits::Plain) => arch.combine_fast::<_, Mul>(c),
                    (Operator::Add, Misfits::Saturate) => arch.combine::<_, Saturating<Add>>(c),
                    (Operator::Sub, Misfits::Saturate) => arch.combine::<_, Saturating<Sub>>(c),
                    (Operator::Mul, Misfits::Saturate) => arch.combine::<_, Saturating<Mul>>(c),
                    (Operator::Add, Misfits::Detect) => arch.combine::<_, Checked<Add>>(c),
                    (Operator::Sub, Misfits::Detect) => arch.combine::<_, Checked<Sub>>(c),
                    (Operator::Mul, Misfits::Detect) => arch.combine::<_, Checked<Mul>>(c),
                    // Integers divide as float64; between themselves only if the caller insists.
                    (Operator::Div, _) => arch.combine::<_, DivNonzero>(c),
                }
            }
            fn apply(
                arch: Arch,
                sign: Sign,
                mode: Misfits,
                out: Target<'_, Self>,
                x: Source<'_, Self>,
            ) -> bool {
                match (sign, mode) {
                    (Sign::Negate, Misfits::Plain) => arch.apply::<_, Negate>(out, x),
                    (Sign::Negate, Misfits::Saturate) => {
                        arch.apply::<_, Saturating<Negate>>(out, x)
                    }
                    (Sign::Negate, Misfits::Detect) => arch.apply::<_, Checked<Negate>>(out, x),
                    (Sign::Absolute, Misfits::Plain) => arch.apply::<_, Absolute>(out, x),
                    (Sign::Absolute, Misfits::Saturate) => {
                        arch.apply::<_, Saturating<Absolute>>(out, x)
                    }
                    (Sign::Absolute, Misfits::Detect) => arch.apply::<_, Checked<Absolute>>(out, x),
                }
            }
            fn any_source(row: Source<'_, Self>) -> AnySource<'_> {
                AnySource::$Any(row)
            }
            #[inline]
            fn any_target(row: Target<'_, Self>) -> AnyTarget<'_> {
                AnyTarget::$Any(row)
            }
            #[inline]
            fn target_of<'a>(row: &AnyTarget<'a>) -> Option<Target<'a, Self>> {
                match row {
                    AnyTarget::$Any(row) => Some(*row),
                    _ => None,
                }
            }
            fn exact_reciprocal(self) -> Option<Self> {
                None
            }
        }
    };
}

macro_rules! float_element {
    ($T:ty, $Any:ident) => {
        impl Element for $T {
            #[inline]
            fn combine(arch: Arch, c: &Combination<'_, Self>) -> bool {
                match (c.operator, c.mode) {
                    (Operator::Add, _) => arch.combine_fast::<_, Add>(c),
                    (Operator::Sub, _) => arch.combine_fast::<_, Sub>(c),
                    (Operator::Mul, _) => arch.combine_fast::<_, Mul>(c),
                    (Operator::Div, Misfits::Detect) => arch.combine_fast::<_, DivNonzero>(c),
                    (Operator::Div, _) => arch.combine_fast::<_, Div>(c),
                }
            }
            fn apply(
                arch: Arch,
                sign: Sign,
                _mode: Misfits,
                out: Target<'_, Self>,
                x: Source<'_, Self>,
            ) -> bool {
                match sign {
                    Sign::Negate => arch.apply::<_, Negate>(out, x),
                    Sign::Absolute => arch.apply::<_, Absolute>(out, x),
                }
            }
            fn any_source(row: Source<'_, Self>) -> AnySource<'_> {
                AnySource::$Any(row)
            }
            #[inline]
            fn any_target(row: Target<'_, Self>) -> AnyTarget<'_> {
                AnyTarget::$Any(row)
            }
            #[inline]
            fn target_of<'a>(row: &AnyTarget<'a>) -> Option<Target<'a, Self>> {
                match row {
                    AnyTarget::$Any(row) => Some(*row),
                    _ => None,
                }
            }
            fn exact_reciprocal(self) -> Option<Self> {
                // A power of two whose reciprocal is normal too: both ways round the same exact number once.
                let fraction = self.to_bits() & ((1 << (<$T>::MANTISSA_DIGITS - 1)) - 1);
                let reciprocal = 1.0 / self;
                (fraction == 0 && self.is_normal() && reciprocal.is_normal()).then_some(reciprocal)
            }
        }
    };
}

integer_element!(i16, Int16);
integer_element!(i32, Int32);
float_element!(f32, Float32);
float_element!(f64, Float64);
