//! Sample types, how they promote, and the one macro that dispatches on them.

use bytemuck::Pod;

use crate::error::Error;

/// The type of one sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dtype {
    /// 16-bit signed integer.
    Int16,
    /// 32-bit signed integer.
    Int32,
    /// IEEE 754 single precision.
    Float32,
    /// IEEE 754 double precision.
    Float64,
}

impl Dtype {
    /// Every sample type, narrowest first.
    pub const ALL: [Dtype; 4] = [Dtype::Int16, Dtype::Int32, Dtype::Float32, Dtype::Float64];

    /// Bytes of one sample.
    #[inline]
    pub const fn size(self) -> usize {
        match self {
            Dtype::Int16 => 2,
            Dtype::Int32 | Dtype::Float32 => 4,
            Dtype::Float64 => 8,
        }
    }

    /// NumPy's name.
    pub const fn name(self) -> &'static str {
        match self {
            Dtype::Int16 => "int16",
            Dtype::Int32 => "int32",
            Dtype::Float32 => "float32",
            Dtype::Float64 => "float64",
        }
    }

    /// The sample type of that NumPy name.
    pub fn from_name(name: &str) -> Result<Dtype, Error> {
        Dtype::ALL
            .into_iter()
            .find(|dtype| dtype.name() == name)
            .ok_or_else(|| Error::NotASampleType { name: name.into() })
    }

    /// True for the two floating-point types.
    #[inline]
    pub const fn is_float(self) -> bool {
        matches!(self, Dtype::Float32 | Dtype::Float64)
    }

    /// The type in which `+ - *` between two types is computed, as NumPy promotes.
    #[inline]
    pub const fn promote(self, other: Dtype) -> Dtype {
        use Dtype::{Float32, Float64, Int16, Int32};
        match (self, other) {
            (Int16, Int16) => Int16,
            (Int16 | Int32, Int16 | Int32) => Int32,
            (Float32, Int16 | Float32) | (Int16, Float32) => Float32,
            // int32 does not fit into a float32's 24 bits of precision.
            _ => Float64,
        }
    }

    /// The type in which `/` is computed: integers divide into float64.
    #[inline]
    pub const fn quotient(self, other: Dtype) -> Dtype {
        let common = self.promote(other);
        if common.is_float() {
            common
        } else {
            Dtype::Float64
        }
    }

    /// Whether NumPy's `casting="same_kind"` lets a result of `self` be stored as `target`.
    #[inline]
    pub const fn casts_same_kind(self, target: Dtype) -> bool {
        target.is_float() || !self.is_float()
    }

    /// What full scale is as a number: `2^(bits-1)` for the integers, 1 for the floating-point types.
    pub const fn full_scale(self) -> f64 {
        match self {
            Dtype::Int16 => 32_768.0,
            Dtype::Int32 => 2_147_483_648.0,
            Dtype::Float32 | Dtype::Float64 => 1.0,
        }
    }
}

mod sealed {
    /// Keeps `Sample` to the types of which every bit pattern is a value.
    pub trait Sealed {}
    impl Sealed for i16 {}
    impl Sealed for i32 {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// A Rust type that is a sample: `i16`, `i32`, `f32` or `f64`, and no other.
pub trait Sample:
    sealed::Sealed + Pod + Default + PartialEq + PartialOrd + std::fmt::Debug + Send + Sync
{
    /// The tag of this type.
    const DTYPE: Dtype;
    /// Through float64, which holds every value of every sample type.
    fn to_f64(self) -> f64;
    /// NumPy's cast from float64: towards zero. What does not fit becomes what x86 gives NumPy:
    /// `i32::MIN` for int32 and its low half for int16.
    fn cast_from_f64(value: f64) -> Self;
    /// `self + other`; integers wrap.
    fn add(self, other: Self) -> Self;
    /// `self - other`; integers wrap.
    fn sub(self, other: Self) -> Self;
    /// `self * other`; integers wrap.
    fn mul(self, other: Self) -> Self;
    /// `self / other`. Integers are divided as float64 (see [`Dtype::quotient`]); between themselves
    /// they divide towards zero, and by zero give zero.
    fn div(self, other: Self) -> Self;
    /// Audio's conversion: to the nearest, ties to even; what does not fit saturates, `nan` is 0 as an integer.
    fn round_from_f64(value: f64) -> Self;
}

macro_rules! integer_sample {
    ($T:ty, $dtype:expr) => {
        impl Sample for $T {
            const DTYPE: Dtype = $dtype;
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn cast_from_f64(value: f64) -> Self {
                let fits = value > -2_147_483_649.0 && value < 2_147_483_648.0;
                (if fits { value as i32 } else { i32::MIN }) as $T
            }
            #[inline(always)]
            fn add(self, other: Self) -> Self {
                self.wrapping_add(other)
            }
            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }
            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                self.wrapping_mul(other)
            }
            #[inline(always)]
            fn div(self, other: Self) -> Self {
                if other == 0 {
                    0
                } else {
                    self.wrapping_div(other)
                }
            }
            #[inline(always)]
            fn round_from_f64(value: f64) -> Self {
                value.round_ties_even() as $T
            }
        }
    };
}

macro_rules! float_sample {
    ($T:ty, $dtype:expr) => {
        impl Sample for $T {
            const DTYPE: Dtype = $dtype;
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn cast_from_f64(value: f64) -> Self {
                value as $T
            }
            #[inline(always)]
            fn add(self, other: Self) -> Self {
                self + other
            }
            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                self - other
            }
            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                self * other
            }
            #[inline(always)]
            fn div(self, other: Self) -> Self {
                self / other
            }
            #[inline(always)]
            fn round_from_f64(value: f64) -> Self {
                value as $T
            }
        }
    };
}

integer_sample!(i16, Dtype::Int16);
integer_sample!(i32, Dtype::Int32);
float_sample!(f32, Dtype::Float32);
float_sample!(f64, Dtype::Float64);

/// Runs `$body` with `$T` bound to the Rust type of a [`Dtype`]: the only dispatch of the crate.
#[macro_export]
macro_rules! with_sample {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            $crate::dtype::Dtype::Int16 => {
                type $T = i16;
                $body
            }
            $crate::dtype::Dtype::Int32 => {
                type $T = i32;
                $body
            }
            $crate::dtype::Dtype::Float32 => {
                type $T = f32;
                $body
            }
            $crate::dtype::Dtype::Float64 => {
                type $T = f64;
                $body
            }
        }
    };
}
