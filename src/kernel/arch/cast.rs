//! One sample of one type as a sample of another: NumPy's cast, and audio's conversion.
//!
//! The same results as [`Sample::cast_from_f64`] and [`Sample::round_from_f64`] give, without the way
//! through float64 where there is a shorter one, and without a branch.

use crate::dtype::Sample;

/// Every pair of sample types.
pub trait CastTo<B>: Sample {
    /// NumPy's cast: towards zero; wraps between integers.
    fn cast_to(self) -> B;
    /// Whether the cast keeps the whole part of the number, as an integer of 32 bits at least.
    #[inline(always)]
    fn fits(self) -> bool {
        true
    }
    /// Audio's scale: integers are fractions of `2^(bits-1)`; to the nearest, ties to even; saturates.
    fn convert_to(self) -> B;
}

/// Half of the values between `2^52` and `2^53`, where the distance of two float64 is 1: to add it and take it
/// away rounds to the nearest whole number, ties to even, for numbers up to `2^51`.
const ROUND_F64: f64 = 6_755_399_441_055_744.0;
/// As [`ROUND_F64`], for numbers up to `2^22`.
const ROUND_F32: f32 = 12_582_912.0;

#[inline(always)]
fn fits(value: f64) -> bool {
    value > -2_147_483_649.0 && value < 2_147_483_648.0
}

/// The neighbours of `-2^31` are further away than 1.
#[inline(always)]
fn fits_f32(value: f32) -> bool {
    (-2_147_483_648.0..2_147_483_648.0).contains(&value)
}

/// Towards zero, and the lowest integer for what does not fit: what the CPU's own instruction does.
#[inline(always)]
fn truncate(value: f64) -> i32 {
    if fits(value) {
        // SAFETY: the truncated value is between -2^31 and 2^31 - 1.
        unsafe { value.to_int_unchecked() }
    } else {
        i32::MIN
    }
}

/// The same for float32.
#[inline(always)]
fn truncate_f32(value: f32) -> i32 {
    if fits_f32(value) {
        // SAFETY: the truncated value is between -2^31 and 2^31 - 1.
        unsafe { value.to_int_unchecked() }
    } else {
        i32::MIN
    }
}

/// Rounded into `low ..= high`, both of them whole and at most `2^31` from zero; `nan` is 0.
#[inline(always)]
fn round_between(value: f64, low: f64, high: f64) -> i32 {
    let value = if value.is_nan() { 0.0 } else { value };
    let value = if value > low { value } else { low };
    let value = if value < high { value } else { high };
    let whole = (value + ROUND_F64) - ROUND_F64;
    // SAFETY: whole and between `low` and `high`, which are in the range of i32 in all calls of this file.
    unsafe { whole.to_int_unchecked() }
}

#[inline(always)]
fn round_to_i16(value: f32) -> i16 {
    let value = if value.is_nan() { 0.0 } else { value };
    let value = if value > -32_768.0 { value } else { -32_768.0 };
    let value = if value < 32_767.0 { value } else { 32_767.0 };
    let whole = (value + ROUND_F32) - ROUND_F32;
    // SAFETY: whole and in the range of i16.
    let whole: i32 = unsafe { whole.to_int_unchecked() };
    whole as i16
}

/// The upper half of an int32, rounded.
#[inline(always)]
fn round_upper_half(value: i32) -> i16 {
    let floor = value >> 16;
    let rest = value & 0xFFFF;
    // Past the middle, or in it with an odd floor.
    let up = i32::from(rest + (floor & 1) > 0x8000);
    (floor + up).min(32_767) as i16
}

macro_rules! pairs {
    ($($A:ty => $B:ty: |$cast:ident| $cast_to:expr, |$value:ident| $convert_to:expr $(, $fits:ident)?;)*) => {$(
        impl CastTo<$B> for $A {
            #[inline(always)]
            fn cast_to(self) -> $B {
                let $cast = self;
                $cast_to
            }
            $(#[inline(always)]
            fn fits(self) -> bool {
                $fits(self)
            })?
            #[inline(always)]
            fn convert_to(self) -> $B {
                let $value = self;
                $convert_to
            }
        }
    )*};
}

const I16_SCALE: f64 = 32_768.0;
const I32_SCALE: f64 = 2_147_483_648.0;

// Scales are powers of two: multiplying and dividing by them is exact but for overflow, which saturates, and
// for float32 where an int32 is rounded to its 24 bits once, by the cast.
pairs! {
    i16 => i16: |x| x, |x| x;
    i16 => i32: |x| i32::from(x), |x| i32::from(x) << 16;
    i16 => f32: |x| f32::from(x), |x| f32::from(x) * (1.0 / 32_768.0);
    i16 => f64: |x| f64::from(x), |x| f64::from(x) * (1.0 / I16_SCALE);
    i32 => i16: |x| x as i16, |x| round_upper_half(x);
    i32 => i32: |x| x, |x| x;
    i32 => f32: |x| x as f32, |x| x as f32 * (1.0 / 2_147_483_648.0);
    i32 => f64: |x| f64::from(x), |x| f64::from(x) * (1.0 / I32_SCALE);
    f32 => i16: |x| truncate_f32(x) as i16, |x| round_to_i16(x * 32_768.0), fits_f32;
    f32 => i32: |x| truncate_f32(x),
        |x| round_between(f64::from(x) * I32_SCALE, -2_147_483_648.0, 2_147_483_647.0), fits_f32;
    f32 => f32: |x| x, |x| x;
    f32 => f64: |x| f64::from(x), |x| f64::from(x);
    f64 => i16: |x| truncate(x) as i16,
        |x| round_between(x * I16_SCALE, -32_768.0, 32_767.0) as i16, fits;
    f64 => i32: |x| truncate(x),
        |x| round_between(x * I32_SCALE, -2_147_483_648.0, 2_147_483_647.0), fits;
    f64 => f32: |x| x as f32, |x| x as f32;
    f64 => f64: |x| x, |x| x;
}
