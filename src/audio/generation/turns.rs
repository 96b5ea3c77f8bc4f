//! Where in its cycle a tone is: exactly, however late.

use crate::audio::SampleRate;

/// The cycles of one frame as a fraction of 128 bits: the number of a frame times it is right to `2^-64` of a cycle for
/// longer than any machine runs, for whole cycles fall out of the product by themselves.
#[derive(Clone, Copy)]
pub struct Turns {
    step: u128,
}

impl Turns {
    /// Of a frequency at a rate.
    pub fn of(frequency: f64, rate: SampleRate) -> Turns {
        // At whole numbers of frames, a frequency and its remainder are one tone; the remainder is exact.
        let rest = frequency % f64::from(rate.hertz());
        let step = fraction(rest.abs(), u64::from(rate.hertz()));
        Turns {
            step: if rest < 0.0 {
                step.wrapping_neg()
            } else {
                step
            },
        }
    }

    /// Cycles at a frame, as a fraction of 64 bits.
    #[inline]
    pub fn fixed(self, frame: usize) -> u64 {
        ((frame as u128).wrapping_mul(self.step) >> 64) as u64
    }

    /// Cycles of one frame, as a fraction of 64 bits.
    #[inline]
    pub fn step(self) -> u64 {
        (self.step >> 64) as u64
    }

    /// Cycles at a frame since the nearest whole one, from -0.5 to 0.5.
    #[inline]
    pub fn at(self, frame: usize) -> f64 {
        of_fixed(self.fixed(frame))
    }
}

/// A fraction of 64 bits as a number from -0.5 to 0.5.
#[inline(always)]
pub fn of_fixed(fixed: u64) -> f64 {
    const UNIT: f64 = 1.0 / (1_u128 << 64) as f64;
    fixed.cast_signed() as f64 * UNIT
}

/// The lowest 128 bits of `value / divisor * 2^128`, by long division.
fn fraction(value: f64, divisor: u64) -> u128 {
    let bits = value.to_bits();
    let (exponent, mantissa) = ((bits >> 52) as i32, bits & ((1 << 52) - 1));
    let (mantissa, exponent) = match exponent {
        0 => (mantissa, -1074),
        exponent => (mantissa | 1 << 52, exponent - 1075),
    };
    // What is less than 2^-75 of a cycle in a frame does not make one in 30 years of them.
    let Ok(shift) = u32::try_from(exponent + 128) else {
        return 0;
    };
    let mut quotient = u128::from(mantissa / divisor);
    let mut rest = mantissa % divisor;
    for _ in 0..shift {
        quotient <<= 1;
        rest <<= 1;
        if rest >= divisor {
            rest -= divisor;
            quotient |= 1;
        }
    }
    quotient
}

/// The nearest whole number to one below 2^51: beyond 2^52, floats have no fraction to keep.
#[inline(always)]
pub fn nearest(value: f64) -> f64 {
    const BEYOND: f64 = 1.5 * (1_u64 << 52) as f64;
    value + BEYOND - BEYOND
}

/// The same place in the cycle, from -0.5 to 0.5.
#[inline(always)]
pub fn near_zero(turns: f64) -> f64 {
    turns - nearest(turns)
}
