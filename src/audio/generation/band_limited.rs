//! Waves of those harmonics alone that lie below half the sample rate: nothing aliases.
//!
//! Harmonics are summed by Clenshaw's recurrence (Mathematical Tables and Other Aids to Computation 9, 1955), which takes
//! a product and two sums for each of them.

use std::f64::consts::PI;

use super::turns::{Turns, near_zero};
use super::{finite, generate};
use crate::audio::elementary::sine_of_turns;
use crate::audio::{Audio, SampleRate};
use crate::dtype::Dtype;
use crate::error::Error;

/// More harmonics than these take too long, and lose too much.
const MOST: f64 = 8192.0;

/// How many harmonics lie below half the rate.
fn harmonics(frequency: f64, rate: SampleRate) -> Result<usize, Error> {
    finite("frequency", frequency)?;
    let half = f64::from(rate.hertz()) / 2.0;
    let least = half / MOST;
    if frequency < least {
        return Err(Error::invalid(format!(
            "a band-limited wave has a frequency of at least {least} Hz at {} Hz, not {frequency}",
            rate.hertz()
        )));
    }
    Ok(((half / frequency).ceil() as usize).saturating_sub(1))
}

/// The sums of `weights[n]` times the sines, or the cosines, of `(2n + 1)` times an angle, in turns.
fn odd_sum(weights: &[f64], turns: f64, cosines: bool) -> f64 {
    let cosine = |turns: f64| sine_of_turns(near_zero(turns + 0.25));
    let twice = 2.0 * cosine(near_zero(2.0 * turns));
    let (mut one, mut two) = (0.0, 0.0);
    for weight in weights.iter().rev() {
        (one, two) = (weight + twice * one - two, one);
    }
    match cosines {
        true => cosine(turns) * (one - two),
        false => sine_of_turns(turns) * (one + two),
    }
}

/// `amplitude` for the first half of every cycle, `-amplitude` for the second, of the harmonics below half the rate.
///
/// # Errors
/// As [`super::sine_wave`]; a frequency so low that there are more than 8192 harmonics.
pub fn band_limited_square(
    frequency: f64,
    duration: f64,
    rate: SampleRate,
    amplitude: f64,
    dtype: Dtype,
) -> Result<Audio, Error> {
    finite("amplitude", amplitude)?;
    let count = harmonics(frequency, rate)?.div_ceil(2);
    let weights: Vec<f64> = (0..count)
        .map(|n| 4.0 / (PI * (2 * n + 1) as f64))
        .collect();
    let turns = Turns::of(frequency, rate);
    generate(duration, rate, dtype, |frame| {
        amplitude * odd_sum(&weights, turns.at(frame), false)
    })
}

/// From `-amplitude` up to `amplitude` and back in every cycle, of the harmonics below half the rate.
///
/// # Errors
/// As [`band_limited_square`].
pub fn band_limited_triangle(
    frequency: f64,
    duration: f64,
    rate: SampleRate,
    amplitude: f64,
    dtype: Dtype,
) -> Result<Audio, Error> {
    finite("amplitude", amplitude)?;
    let count = harmonics(frequency, rate)?.div_ceil(2);
    let weights: Vec<f64> = (0..count)
        .map(|n| {
            let order = PI * (2 * n + 1) as f64;
            -8.0 / (order * order)
        })
        .collect();
    let turns = Turns::of(frequency, rate);
    generate(duration, rate, dtype, |frame| {
        amplitude * odd_sum(&weights, turns.at(frame), true)
    })
}

/// From `-amplitude` up to `amplitude` in every cycle, of the harmonics below half the rate.
///
/// # Errors
/// As [`band_limited_square`].
pub fn band_limited_sawtooth(
    frequency: f64,
    duration: f64,
    rate: SampleRate,
    amplitude: f64,
    dtype: Dtype,
) -> Result<Audio, Error> {
    finite("amplitude", amplitude)?;
    let count = harmonics(frequency, rate)?;
    let weights: Vec<f64> = (1..=count).map(|n| -2.0 / (PI * n as f64)).collect();
    let turns = Turns::of(frequency, rate);
    generate(duration, rate, dtype, |frame| {
        let at = turns.at(frame);
        let twice = 2.0 * sine_of_turns(near_zero(at + 0.25));
        let (mut one, mut two) = (0.0, 0.0);
        for weight in weights.iter().rev() {
            (one, two) = (weight + twice * one - two, one);
        }
        amplitude * sine_of_turns(at) * one
    })
}
