//! Sines, powers of two and logarithms for loops: without a table or a call, in instructions that round alike on every machine.

use std::f64::consts::{LN_2, TAU};

/// `1.5 * 2^52`: to add it and take it away rounds a number below `2^51` to the nearest whole one.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// `TAU^n / n!` for n = 1, 3, 5, ..., with the signs of the sine's series.
const SINE: [f64; 12] = sine_series();

const fn sine_series() -> [f64; 12] {
    let mut series = [0.0; 12];
    let (mut term, mut n) = (TAU, 0);
    while n < series.len() {
        series[n] = term;
        let k = (2 * n + 2) as f64;
        term = -term * TAU / k * TAU / (k + 1.0);
        n += 1;
    }
    series
}

/// `LN_2^n / n!` for n = 0, 1, 2, ...: the series of `2^x`.
const POWER: [f64; 14] = power_series();

const fn power_series() -> [f64; 14] {
    let mut series = [0.0; 14];
    let (mut term, mut n) = (1.0, 0);
    while n < series.len() {
        series[n] = term;
        n += 1;
        term = term * LN_2 / n as f64;
    }
    series
}

/// `sin(2 pi x)` to about `2e-16`, for x between -0.75 and 0.75.
#[inline(always)]
pub fn sine_of_turns(x: f64) -> f64 {
    // Into the quarter turns around 0, where the series is short: the sine of half a turn minus x is the same.
    let x = if x > 0.25 { 0.5 - x } else { x };
    let x = if x < -0.25 { -0.5 - x } else { x };
    let square = x * x;
    let mut sum = SINE[SINE.len() - 1];
    for n in (0..SINE.len() - 1).rev() {
        sum = sum * square + SINE[n];
    }
    x * sum
}

/// `2^x` to about `4e-16` of it, for x between -1000 and 1000.
#[inline(always)]
pub fn power_of_two(x: f64) -> f64 {
    let shifted = x + ROUND;
    let rest = x - (shifted - ROUND);
    let mut sum = POWER[POWER.len() - 1];
    for n in (0..POWER.len() - 1).rev() {
        sum = sum * rest + POWER[n];
    }
    // The whole number stands in the lowest bits of the sum; moved up, it is an exponent.
    let exponent = shifted.to_bits() << 52;
    f64::from_bits(sum.to_bits().wrapping_add(exponent))
}

/// The factor of a level in decibels: `10^(db / 20)`. 0 for -inf.
#[inline(always)]
pub fn factor_of(decibels: f64) -> f64 {
    // log2(10) / 20
    power_of_two(decibels * 0.166_096_404_744_368_12)
}

/// `2 / (n * LN_2)` for n = 1, 3, 5, ...: the series of `log2((1 + x) / (1 - x))`.
const LOGARITHM: [f64; 12] = logarithm_series();

const fn logarithm_series() -> [f64; 12] {
    let mut series = [0.0; 12];
    let mut n = 0;
    while n < series.len() {
        series[n] = 2.0 / ((2 * n + 1) as f64 * LN_2);
        n += 1;
    }
    series
}

/// `log2(x)` to about `4e-16`, or so much of it where that is more, for normal positive x. 1024 for inf.
#[inline(always)]
pub fn logarithm_of(x: f64) -> f64 {
    /// The bits of 1, and of the root of 1/2.
    const ONE: u64 = 0x3ff0_0000_0000_0000;
    const ROOT: u64 = 0x3fe6_a09e_667f_3bcd;
    /// `2^52`: below it stand whole numbers in the lowest bits.
    const WHOLE: f64 = 4_503_599_627_370_496.0;
    // A power of two times a number from the root of 1/2 to the root of 2, where the series is short.
    let shifted = x.to_bits() + (ONE - ROOT);
    let exponent = f64::from_bits((shifted >> 52) | WHOLE.to_bits()) - (WHOLE + 1023.0);
    let rest = f64::from_bits((shifted & ((1 << 52) - 1)) + ROOT);
    let x = (rest - 1.0) / (rest + 1.0);
    let square = x * x;
    let mut sum = LOGARITHM[LOGARITHM.len() - 1];
    for n in (0..LOGARITHM.len() - 1).rev() {
        sum = sum * square + LOGARITHM[n];
    }
    exponent + x * sum
}

/// The level of a factor in decibels: `20 * log10(x)`, for normal positive x.
#[inline(always)]
pub fn decibels_of(factor: f64) -> f64 {
    // 20 * log10(2)
    logarithm_of(factor) * 6.020_599_913_279_624
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sines_are_those_of_the_library() {
        for n in -750..=750 {
            let x = f64::from(n) / 1000.0;
            let error = (sine_of_turns(x) - (TAU * x).sin()).abs();
            // The reference rounds its argument.
            assert!(error < 8e-16, "{x}: {error:e}");
        }
        assert_eq!(sine_of_turns(0.25), 1.0);
        assert_eq!(sine_of_turns(0.0), 0.0);
    }

    #[test]
    fn powers_are_those_of_the_library() {
        for n in -10_000..=10_000 {
            let x = f64::from(n) / 100.0 + 1e-3 * f64::from(n % 7);
            let error = (power_of_two(x) / x.exp2() - 1.0).abs();
            assert!(error < 5e-16, "{x}: {error:e}");
        }
        assert_eq!(factor_of(0.0), 1.0);
        assert!((factor_of(-20.0) - 0.1).abs() < 1e-16);
    }

    #[test]
    fn logarithms_are_those_of_the_library() {
        for n in -10_000..=10_000 {
            let x = (f64::from(n) / 10.0 + 1e-3 * f64::from(n % 7)).exp2();
            let error = (logarithm_of(x) - x.log2()).abs();
            assert!(error < 5e-16 * x.log2().abs().max(1.0), "{x}: {error:e}");
            let near = 1.0 + f64::from(n) * 1e-5;
            let error = (logarithm_of(near) - near.log2()).abs();
            assert!(near < 0.5 || error < 5e-16, "{near}: {error:e}");
        }
        assert_eq!(logarithm_of(1.0), 0.0);
        assert_eq!(logarithm_of(f64::INFINITY), 1024.0);
        assert!((decibels_of(0.1) + 20.0).abs() < 1e-14);
    }
}
