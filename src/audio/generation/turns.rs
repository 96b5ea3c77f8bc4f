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

    /// Cycles at a frame since the nearest whole one, from -0.5 to 0.5.
    #[inline]
    pub fn at(self, frame: usize) -> f64 {
        of_fixed(Few::after(self, frame).fixed(0))
    }
}

/// Some frames from one on, fewer than 2^31: their cycles in sums of 64 bits, which vectors have.
#[derive(Clone, Copy)]
pub struct Few {
    /// Cycles at the first frame and those of one, as fractions of 64 bits.
    first: u64,
    step: u64,
    /// The next 32 bits of both.
    first_rest: u64,
    step_rest: u64,
}

impl Few {
    /// From a frame on.
    #[inline]
    pub fn after(turns: Turns, frame: usize) -> Few {
        let first = (frame as u128).wrapping_mul(turns.step);
        let rest = |bits: u128| (bits as u64) >> 32;
        Few {
            first: (first >> 64) as u64,
            step: (turns.step >> 64) as u64,
            first_rest: rest(first),
            step_rest: rest(turns.step),
        }
    }

    /// Cycles at the frame of this number, to the nearest fraction of 64 bits: a whole number of cycles is one, for the
    /// step is less than the exact one by less than `2^-128`.
    #[inline(always)]
    pub fn fixed(self, number: u32) -> u64 {
        const HALF: u64 = 1 << 31;
        let number = u64::from(number);
        let rest = (self.first_rest + self.step_rest * number + HALF) >> 32;
        let whole = self.first.wrapping_add(self.step.wrapping_mul(number));
        whole.wrapping_add(rest)
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
