//! Tones that change, and several at a time.

use std::f64::consts::LN_2;

use super::turns::{Turns, near_zero};
use super::{countable, finite, frames_of, generate};
use crate::audio::elementary::{power_of_two, sine_of_turns};
use crate::audio::{Audio, SampleRate};
use crate::dtype::Dtype;
use crate::error::Error;

/// A sine of `carrier` Hz whose amplitude goes up and down `modulator` times a second: `(1 + depth sin) / (1 + depth)`.
///
/// # Errors
/// As [`super::sine_wave`]; a depth that is not from 0 to 1.
pub fn am(
    (carrier, modulator): (f64, f64),
    depth: f64,
    duration: f64,
    rate: SampleRate,
    amplitude: f64,
    dtype: Dtype,
) -> Result<Audio, Error> {
    for (name, value) in [
        ("carrier", carrier),
        ("modulator", modulator),
        ("amplitude", amplitude),
    ] {
        finite(name, value)?;
    }
    if !(0.0..=1.0).contains(&depth) {
        return Err(Error::invalid(format!("depth is from 0 to 1, not {depth}")));
    }
    let (carried, modulating) = (Turns::of(carrier, rate), Turns::of(modulator, rate));
    let scale = amplitude / (1.0 + depth);
    generate(duration, rate, dtype, |frame| {
        let up = 1.0 + depth * sine_of_turns(modulating.at(frame));
        scale * up * sine_of_turns(carried.at(frame))
    })
}

/// A sine around `carrier` Hz that goes `deviation` Hz up and down `modulator` times a second.
///
/// # Errors
/// As [`super::sine_wave`]; a modulator that is not above 0.
pub fn fm(
    (carrier, modulator): (f64, f64),
    deviation: f64,
    duration: f64,
    rate: SampleRate,
    amplitude: f64,
    dtype: Dtype,
) -> Result<Audio, Error> {
    for (name, value) in [
        ("carrier", carrier),
        ("modulator", modulator),
        ("deviation", deviation),
        ("amplitude", amplitude),
    ] {
        finite(name, value)?;
    }
    if modulator <= 0.0 {
        return Err(Error::invalid(format!(
            "modulator must be above 0 Hz, not {modulator}"
        )));
    }
    let (carried, modulating) = (Turns::of(carrier, rate), Turns::of(modulator, rate));
    // The phase is the integral of the frequency, in turns.
    let index = deviation / modulator / std::f64::consts::TAU;
    countable(2.0 * index)?;
    generate(duration, rate, dtype, |frame| {
        let cosine = sine_of_turns(near_zero(modulating.at(frame) + 0.25));
        amplitude * sine_of_turns(near_zero(carried.at(frame) + index * (1.0 - cosine)))
    })
}

/// Sines of some frequencies at a time, each of an equal share of the amplitude.
///
/// # Errors
/// As [`super::sine_wave`]; no frequency.
pub fn tones(
    frequencies: &[f64],
    duration: f64,
    rate: SampleRate,
    amplitude: f64,
    dtype: Dtype,
) -> Result<Audio, Error> {
    finite("amplitude", amplitude)?;
    if frequencies.is_empty() {
        return Err(Error::invalid("tones are of at least one frequency".into()));
    }
    for frequency in frequencies {
        finite("frequency", *frequency)?;
    }
    let turns: Vec<Turns> = frequencies
        .iter()
        .map(|hertz| Turns::of(*hertz, rate))
        .collect();
    let share = amplitude / turns.len() as f64;
    generate(duration, rate, dtype, |frame| {
        share
            * turns
                .iter()
                .map(|turns| sine_of_turns(turns.at(frame)))
                .sum::<f64>()
    })
}

/// The tones of a telephone's keys (ITU-T Q.23): each for `tone` seconds, with `pause` seconds between them.
///
/// # Errors
/// As [`super::sine_wave`]; a key that no telephone has.
pub fn dtmf(
    keys: &str,
    (tone, pause): (f64, f64),
    rate: SampleRate,
    amplitude: f64,
    dtype: Dtype,
) -> Result<Audio, Error> {
    const ROWS: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
    const COLUMNS: [f64; 4] = [1209.0, 1336.0, 1477.0, 1633.0];
    const KEYS: [&str; 4] = ["123A", "456B", "789C", "*0#D"];
    finite("amplitude", amplitude)?;
    let mut pairs = Vec::new();
    for key in keys.chars() {
        let upper = key.to_ascii_uppercase();
        let place = (0..4).find_map(|row| Some((row, KEYS[row].find(upper)?)));
        let Some((row, column)) = place else {
            return Err(Error::invalid(format!(
                "'{key}' is no key of a telephone: 0 to 9, * and #, and A to D are"
            )));
        };
        pairs.push([ROWS[row], COLUMNS[column]].map(|hertz| Turns::of(hertz, rate)));
    }
    let (long, gap) = (
        frames_of(tone, rate, dtype)?,
        frames_of(pause, rate, dtype)?,
    );
    let each = (long.saturating_add(gap)).max(1);
    let frames = pairs.len().saturating_mul(each).saturating_sub(gap);
    let duration = frames as f64 / f64::from(rate.hertz());
    generate(duration, rate, dtype, |frame| {
        let (key, at) = (frame / each, frame % each);
        match pairs.get(key) {
            Some([low, high]) if at < long => {
                amplitude / 2.0 * (sine_of_turns(low.at(at)) + sine_of_turns(high.at(at)))
            }
            _ => 0.0,
        }
    })
}

/// A sine whose frequency goes from `first` to `last` by the same factor in the same time, beginning with a zero.
///
/// # Errors
/// As [`super::sine_wave`]; frequencies that are not above 0.
pub fn exponential_chirp(
    first: f64,
    last: f64,
    duration: f64,
    rate: SampleRate,
    amplitude: f64,
    dtype: Dtype,
) -> Result<Audio, Error> {
    finite("amplitude", amplitude)?;
    for (name, value) in [("first", first), ("last", last)] {
        finite(name, value)?;
        if value <= 0.0 {
            return Err(Error::invalid(format!(
                "{name} must be above 0 Hz, not {value}: no factor leads from or to there"
            )));
        }
    }
    let hertz = f64::from(rate.hertz());
    let octaves = last.log2() - first.log2();
    let pace = octaves / (duration * hertz);
    let turns = Turns::of(first, rate);
    // What is nearly one tone has its phase by the frames alone; the integral divides by the octaves.
    let is_tone = octaves.abs() < 1e-9;
    let scale = first * duration / (octaves * LN_2);
    if !is_tone {
        countable((last - first) * duration / (octaves * LN_2))?;
    }
    generate(duration, rate, dtype, |frame| {
        if is_tone {
            return amplitude * sine_of_turns(turns.at(frame));
        }
        let swept = scale * (power_of_two(pace * frame as f64) - 1.0);
        amplitude * sine_of_turns(near_zero(swept))
    })
}
