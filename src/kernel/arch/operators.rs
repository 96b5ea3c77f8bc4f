//! What is done to two samples, or one: the bodies' innermost lines, safe and free of loops.

use crate::dtype::Sample;

/// What a loop collects flags in: as wide as the samples, so that it fits beside them into a vector.
pub trait Flagging: Sample {
    /// An integer of the samples' width.
    type Flags: Copy + Default + PartialEq + std::ops::BitOrAssign;
    /// All bits, or none.
    fn flags(flagged: bool) -> Self::Flags;
    /// One more, if it is flagged.
    fn count(flags: Self::Flags, flagged: bool) -> Self::Flags;
}

macro_rules! flagging {
    ($($T:ty: $Flags:ty),*) => {$(
        impl Flagging for $T {
            type Flags = $Flags;
            #[inline(always)]
            fn flags(flagged: bool) -> $Flags {
                if flagged { !0 } else { 0 }
            }
            #[inline(always)]
            fn count(flags: $Flags, flagged: bool) -> $Flags {
                flags.wrapping_add(<$Flags>::from(flagged))
            }
        }
    )*};
}

flagging!(i16: u16, i32: u32, f32: u32, f64: u64);

/// A binary operator. Everything is inlined into a loop, and compiled once for each instruction set.
pub trait Binary<T>: Copy {
    /// The result.
    fn apply(x: T, y: T) -> T;
    /// Whether the caller must hear of these two: a zero divisor, an overflow.
    #[inline(always)]
    fn flags(_x: T, _y: T) -> bool {
        false
    }
}

/// `x + y`; integers wrap.
#[derive(Clone, Copy)]
pub struct Add;
/// `x - y`; integers wrap.
#[derive(Clone, Copy)]
pub struct Sub;
/// `x * y`; integers wrap.
#[derive(Clone, Copy)]
pub struct Mul;
/// `x / y`.
#[derive(Clone, Copy)]
pub struct Div;
/// `x / y`, flagging a zero `y`.
#[derive(Clone, Copy)]
pub struct DivNonzero;
/// The nearest integer of the type to what an operator gives without bounds.
#[derive(Clone, Copy)]
pub struct Saturating<O>(O);
/// What wraps, flagged.
#[derive(Clone, Copy)]
pub struct Checked<O>(O);

impl<T: Sample> Binary<T> for Add {
    #[inline(always)]
    fn apply(x: T, y: T) -> T {
        x.add(y)
    }
}

impl<T: Sample> Binary<T> for Sub {
    #[inline(always)]
    fn apply(x: T, y: T) -> T {
        x.sub(y)
    }
}

impl<T: Sample> Binary<T> for Mul {
    #[inline(always)]
    fn apply(x: T, y: T) -> T {
        x.mul(y)
    }
}

impl<T: Sample> Binary<T> for Div {
    #[inline(always)]
    fn apply(x: T, y: T) -> T {
        x.div(y)
    }
}

impl<T: Sample> Binary<T> for DivNonzero {
    #[inline(always)]
    fn apply(x: T, y: T) -> T {
        x.div(y)
    }
    #[inline(always)]
    fn flags(_x: T, y: T) -> bool {
        y == T::default()
    }
}

/// The next wider integer: it holds every sum, difference and product.
macro_rules! bounded {
    ($Narrow:ty, $Wide:ty) => {
        impl Binary<$Narrow> for Saturating<Add> {
            #[inline(always)]
            fn apply(x: $Narrow, y: $Narrow) -> $Narrow {
                x.saturating_add(y)
            }
        }
        impl Binary<$Narrow> for Saturating<Sub> {
            #[inline(always)]
            fn apply(x: $Narrow, y: $Narrow) -> $Narrow {
                x.saturating_sub(y)
            }
        }
        impl Binary<$Narrow> for Saturating<Mul> {
            #[inline(always)]
            fn apply(x: $Narrow, y: $Narrow) -> $Narrow {
                let exact = <$Wide>::from(x) * <$Wide>::from(y);
                let (low, high) = (<$Wide>::from(<$Narrow>::MIN), <$Wide>::from(<$Narrow>::MAX));
                exact.max(low).min(high) as $Narrow
            }
        }
        impl Binary<$Narrow> for Checked<Add> {
            #[inline(always)]
            fn apply(x: $Narrow, y: $Narrow) -> $Narrow {
                x.wrapping_add(y)
            }
            #[inline(always)]
            fn flags(x: $Narrow, y: $Narrow) -> bool {
                // The sum's sign differs from that of both summands.
                let sum = x.wrapping_add(y);
                ((x ^ sum) & (y ^ sum)) < 0
            }
        }
        impl Binary<$Narrow> for Checked<Sub> {
            #[inline(always)]
            fn apply(x: $Narrow, y: $Narrow) -> $Narrow {
                x.wrapping_sub(y)
            }
            #[inline(always)]
            fn flags(x: $Narrow, y: $Narrow) -> bool {
                let difference = x.wrapping_sub(y);
                ((x ^ y) & (x ^ difference)) < 0
            }
        }
        impl Binary<$Narrow> for Checked<Mul> {
            #[inline(always)]
            fn apply(x: $Narrow, y: $Narrow) -> $Narrow {
                x.wrapping_mul(y)
            }
            #[inline(always)]
            fn flags(x: $Narrow, y: $Narrow) -> bool {
                let exact = <$Wide>::from(x) * <$Wide>::from(y);
                exact != <$Wide>::from(exact as $Narrow)
            }
        }
    };
}

bounded!(i16, i32);
bounded!(i32, i64);

/// A unary operator.
pub trait Unary<T>: Copy {
    /// The result.
    fn apply(x: T) -> T;
    /// Whether the caller must hear of it.
    #[inline(always)]
    fn flags(_x: T) -> bool {
        false
    }
}

/// `-x`; the lowest integer is its own negative.
#[derive(Clone, Copy)]
pub struct Negate;
/// `|x|`; the lowest integer is its own magnitude.
#[derive(Clone, Copy)]
pub struct Absolute;

macro_rules! integer_unary {
    ($T:ty) => {
        impl Unary<$T> for Negate {
            #[inline(always)]
            fn apply(x: $T) -> $T {
                x.wrapping_neg()
            }
        }
        impl Unary<$T> for Absolute {
            #[inline(always)]
            fn apply(x: $T) -> $T {
                x.wrapping_abs()
            }
        }
        impl Unary<$T> for Saturating<Negate> {
            #[inline(always)]
            fn apply(x: $T) -> $T {
                x.max(-<$T>::MAX).wrapping_neg()
            }
        }
        impl Unary<$T> for Saturating<Absolute> {
            #[inline(always)]
            fn apply(x: $T) -> $T {
                x.max(-<$T>::MAX).wrapping_abs()
            }
        }
        impl Unary<$T> for Checked<Negate> {
            #[inline(always)]
            fn apply(x: $T) -> $T {
                x.wrapping_neg()
            }
            #[inline(always)]
            fn flags(x: $T) -> bool {
                x == <$T>::MIN
            }
        }
        impl Unary<$T> for Checked<Absolute> {
            #[inline(always)]
            fn apply(x: $T) -> $T {
                x.wrapping_abs()
            }
            #[inline(always)]
            fn flags(x: $T) -> bool {
                x == <$T>::MIN
            }
        }
    };
}

macro_rules! float_unary {
    ($T:ty) => {
        impl Unary<$T> for Negate {
            #[inline(always)]
            fn apply(x: $T) -> $T {
                -x
            }
        }
        impl Unary<$T> for Absolute {
            #[inline(always)]
            fn apply(x: $T) -> $T {
                x.abs()
            }
        }
    };
}

integer_unary!(i16);
integer_unary!(i32);
float_unary!(f32);
float_unary!(f64);
