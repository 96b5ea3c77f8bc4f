//! Signals made from numbers: tones, noise, silence.
//!
//! Every sample is computed in float64 from the number of its frame, so that the last frame of an hour is as
//! exact as the first (after a day the phase of a chirp is right to 1e-7 of a cycle); then it is written straight into the buffer of the result. Integer types
//! take full scale as 1, rounded to the nearest, ties to even, saturating. A duration in seconds is
//! `duration * rate` frames, rounded to the nearest, ties to even.

mod band_limited;
mod modulated;
mod noise;
mod random;
mod turns;
mod waves;

use std::hash::{BuildHasher, RandomState};

use crate::audio::elementary::sine_of_turns;
use crate::audio::{Audio, SampleRate};
use crate::dtype::{Dtype, Sample};
use crate::error::Error;
use crate::view::Fresh;
use crate::with_sample;
use random::{SplitMix64, Xoshiro256PlusPlus};
use turns::{Turns, near_zero, nearest};

pub use band_limited::{band_limited_sawtooth, band_limited_square, band_limited_triangle};
pub use modulated::{am, dtmf, exponential_chirp, fm, tones};
pub use noise::{brown_noise, pink_noise};

/// Nothing to hear: mono, or as many channels as named.
///
/// # Errors
/// A duration that is negative, not finite or beyond memory; no channel.
pub fn silence(
    duration: f64,
    rate: SampleRate,
    dtype: Dtype,
    channels: Option<usize>,
) -> Result<Audio, Error> {
    let frames = frames_of(duration, rate, dtype)?;
    match channels {
        None => Audio::zeros(&[frames], dtype, rate),
        Some(0) => Err(Error::InvalidArgument {
            message: "channels must be at least 1, not 0".into(),
        }),
        Some(channels) => Audio::zeros(&[channels, frames], dtype, rate),
    }
}

/// `amplitude * sin(2 pi frequency t)`.
///
/// # Errors
/// A duration that is negative, not finite or beyond memory; a frequency or amplitude that is not finite.
pub fn sine_wave(
    frequency: f64,
    duration: f64,
    rate: SampleRate,
    amplitude: f64,
    dtype: Dtype,
) -> Result<Audio, Error> {
    waves::tone::<waves::Sine>(frequency, duration, rate, amplitude, dtype)
}

/// `amplitude * cos(2 pi frequency t)`.
///
/// # Errors
/// As [`sine_wave`].
pub fn cosine_wave(
    frequency: f64,
    duration: f64,
    rate: SampleRate,
    amplitude: f64,
    dtype: Dtype,
) -> Result<Audio, Error> {
    waves::tone::<waves::Cosine>(frequency, duration, rate, amplitude, dtype)
}

/// `amplitude` for the first half of every cycle, `-amplitude` for the second. Not band-limited.
///
/// # Errors
/// As [`sine_wave`].
pub fn square_wave(
    frequency: f64,
    duration: f64,
    rate: SampleRate,
    amplitude: f64,
    dtype: Dtype,
) -> Result<Audio, Error> {
    waves::tone::<waves::Square>(frequency, duration, rate, amplitude, dtype)
}

/// From `-amplitude` up to `amplitude` in every cycle. Not band-limited.
///
/// # Errors
/// As [`sine_wave`].
pub fn sawtooth_wave(
    frequency: f64,
    duration: f64,
    rate: SampleRate,
    amplitude: f64,
    dtype: Dtype,
) -> Result<Audio, Error> {
    waves::tone::<waves::Sawtooth>(frequency, duration, rate, amplitude, dtype)
}

/// From `-amplitude` up to `amplitude` and back in every cycle. Not band-limited.
///
/// # Errors
/// As [`sine_wave`].
pub fn triangle_wave(
    frequency: f64,
    duration: f64,
    rate: SampleRate,
    amplitude: f64,
    dtype: Dtype,
) -> Result<Audio, Error> {
    waves::tone::<waves::Triangle>(frequency, duration, rate, amplitude, dtype)
}

/// A sine whose frequency goes from `first` to `last` at a constant pace, beginning with a zero.
///
/// # Errors
/// As [`sine_wave`].
pub fn chirp(
    first: f64,
    last: f64,
    duration: f64,
    rate: SampleRate,
    amplitude: f64,
    dtype: Dtype,
) -> Result<Audio, Error> {
    finite("first", first)?;
    finite("last", last)?;
    finite("amplitude", amplitude)?;
    let hertz = f64::from(rate.hertz());
    let pace = (last - first) / (2.0 * duration * hertz * hertz);
    countable(pace * duration * hertz * duration * hertz)?;
    let turns = Turns::of(first, rate);
    generate(duration, rate, dtype, |frame| {
        let frame_number = frame as f64;
        let swept = pace * frame_number * frame_number;
        amplitude * sine_of_turns(near_zero(turns.at(frame) + (swept - nearest(swept))))
    })
}

/// Silence but for one sample of `amplitude`, `position` seconds after the start.
///
/// # Errors
/// As [`silence`], and a position at which there is no frame.
pub fn impulse(
    position: f64,
    duration: f64,
    rate: SampleRate,
    amplitude: f64,
    dtype: Dtype,
) -> Result<Audio, Error> {
    finite("amplitude", amplitude)?;
    let frames = frames_of(duration, rate, dtype)?;
    let frame = (position * f64::from(rate.hertz())).round_ties_even();
    if !(0.0..frames as f64).contains(&frame) {
        return Err(Error::InvalidArgument {
            message: format!(
                "an impulse at {position} s does not fall into {duration} s at {} Hz",
                rate.hertz()
            ),
        });
    }
    let frame = frame as usize;
    generate(duration, rate, dtype, |at| {
        if at == frame { amplitude } else { 0.0 }
    })
}

/// Every value from `-amplitude` up to, but without, `amplitude` with the same probability. A seed gives the
/// same noise on every machine, today and later; without one, it is new each time. The noise of each channel is its own,
/// and that of the first the same whatever their number.
///
/// The numbers are those of xoshiro256++ (Blackman and Vigna), whose state is the seed drawn out
/// by SplitMix64. float64 takes the upper 53 bits of each, float32 the upper 24, so that neither
/// rounds up to `amplitude`; integers are the float64 value rounded and saturated.
///
/// # Errors
/// As [`sine_wave`].
pub fn white_noise(
    duration: f64,
    rate: SampleRate,
    amplitude: f64,
    dtype: Dtype,
    seed: Option<u64>,
    channels: Option<usize>,
) -> Result<Audio, Error> {
    finite("amplitude", amplitude)?;
    let bits = if dtype == Dtype::Float32 { 24 } else { 53 };
    let step = 2.0 / (1_u64 << bits) as f64;
    // The product is rounded to float32 once, from an amplitude that is float32 already.
    let amplitude = match dtype {
        Dtype::Float32 => f64::from(amplitude as f32),
        _ => amplitude,
    };
    let mut mix = SplitMix64(seed_or_new(seed));
    each_channel(duration, rate, dtype, channels, |_| {
        let mut random = Xoshiro256PlusPlus::drawn(&mut mix);
        move |_| amplitude * ((random.next() >> (64 - bits)) as f64 * step - 1.0)
    })
}

/// The seed, or a new one: keyed by the system's randomness, anew each time.
fn seed_or_new(seed: Option<u64>) -> u64 {
    seed.unwrap_or_else(|| RandomState::new().hash_one(()))
}

/// Writes the value of each frame into new memory, of a source of its own for each channel.
fn each_channel<S: FnMut(usize) -> f64>(
    duration: f64,
    rate: SampleRate,
    dtype: Dtype,
    channels: Option<usize>,
    mut source: impl FnMut(usize) -> S,
) -> Result<Audio, Error> {
    let frames = frames_of(duration, rate, dtype)?;
    let count = channels.unwrap_or(1);
    if count == 0 {
        return Err(Error::invalid("channels must be at least 1, not 0".into()));
    }
    let mut fresh = match channels {
        None => Fresh::new(&[frames], dtype)?,
        Some(channels) => Fresh::new(&[channels, frames], dtype)?,
    };
    let full_scale = dtype.full_scale();
    with_sample!(dtype, T => {
        let samples = fresh.as_mut_slice::<T>().unwrap_or_default();
        for (channel, samples) in samples.chunks_mut(frames.max(1)).enumerate() {
            let mut value = source(channel);
            for (frame, sample) in samples.iter_mut().enumerate() {
                *sample = T::round_from_f64(value(frame) * full_scale);
            }
        }
    });
    Audio::new(fresh.share(), rate)
}

/// Writes the value of each frame into new memory.
fn generate(
    duration: f64,
    rate: SampleRate,
    dtype: Dtype,
    mut value: impl FnMut(usize) -> f64,
) -> Result<Audio, Error> {
    let frames = frames_of(duration, rate, dtype)?;
    let mut fresh = Fresh::new(&[frames], dtype)?;
    let full_scale = dtype.full_scale();
    with_sample!(dtype, T => {
        let samples = fresh.as_mut_slice::<T>().unwrap_or_default();
        for (frame, sample) in samples.iter_mut().enumerate() {
            *sample = T::round_from_f64(value(frame) * full_scale);
        }
    });
    Audio::new(fresh.share(), rate)
}

fn finite(name: &str, value: f64) -> Result<(), Error> {
    if value.is_finite() {
        return Ok(());
    }
    Err(Error::InvalidArgument {
        message: format!("{name} must be a finite number, not {value}"),
    })
}

/// An error for more cycles than float64 counts with a fraction.
fn countable(cycles: f64) -> Result<(), Error> {
    const MOST: f64 = (1_u64 << 50) as f64;
    // What is no number is 0 / 0: no frame at all.
    if cycles.is_nan() || cycles.abs() < MOST {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "these frequencies and this duration are {cycles:.3e} cycles: from {MOST:.3e} on no place within a cycle is left"
    )))
}

fn frames_of(duration: f64, rate: SampleRate, dtype: Dtype) -> Result<usize, Error> {
    if !duration.is_finite() || duration < 0.0 {
        return Err(Error::InvalidArgument {
            message: format!(
                "duration must be a finite number of seconds from 0 on, not {duration}"
            ),
        });
    }
    let frames = (duration * f64::from(rate.hertz())).round_ties_even();
    let limit = (isize::MAX as usize / dtype.size()) as f64;
    if frames >= limit {
        return Err(Error::InvalidArgument {
            message: format!(
                "{duration} s at {} Hz are {frames} frames of {} bytes: more than memory can hold",
                rate.hertz(),
                dtype.size()
            ),
        });
    }
    Ok(frames as usize)
}
