//! Signals made from numbers: tones, noise, silence.
//!
//! Every sample is computed in float64 from the number of its frame, so that the last frame of an hour is as
//! exact as the first (the phase of a chirp to 1e-7); then it is written straight into the buffer of the result. Integer types
//! take full scale as 1, rounded to the nearest, ties to even, saturating. A duration in seconds is
//! `duration * rate` frames, rounded to the nearest, ties to even.

use std::f64::consts::TAU;
use std::hash::{BuildHasher, RandomState};

use crate::audio::{Audio, SampleRate};
use crate::dtype::{Dtype, Sample};
use crate::error::Error;
use crate::view::Fresh;
use crate::with_sample;

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
    tone(frequency, duration, rate, amplitude, dtype, |phase| {
        (TAU * phase).sin()
    })
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
    tone(frequency, duration, rate, amplitude, dtype, |phase| {
        (TAU * phase).cos()
    })
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
    tone(frequency, duration, rate, amplitude, dtype, |phase| {
        if in_cycle(phase) < 0.5 { 1.0 } else { -1.0 }
    })
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
    tone(frequency, duration, rate, amplitude, dtype, |phase| {
        2.0 * in_cycle(phase) - 1.0
    })
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
    tone(frequency, duration, rate, amplitude, dtype, |phase| {
        1.0 - 4.0 * (in_cycle(phase) - 0.5).abs()
    })
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
    let phase = Phase::of(first, rate);
    generate(duration, rate, dtype, |frame| {
        let frame_number = frame as f64;
        let swept = pace * frame_number * frame_number;
        let turned = phase.at(frame) + (swept - nearest(swept));
        amplitude * (TAU * turned).sin()
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
/// same noise on every machine, today and later; without one, it is new each time.
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
) -> Result<Audio, Error> {
    finite("amplitude", amplitude)?;
    // Keyed by the system's randomness, anew each time.
    let seed = seed.unwrap_or_else(|| RandomState::new().hash_one(()));
    let mut random = Xoshiro256PlusPlus::from_seed(seed);
    let bits = if dtype == Dtype::Float32 { 24 } else { 53 };
    let step = 2.0 / (1_u64 << bits) as f64;
    if dtype == Dtype::Float32 {
        // The product is rounded to float32 once, from an amplitude that is float32 already.
        let amplitude = f64::from(amplitude as f32);
        return generate(duration, rate, dtype, |_| {
            amplitude * ((random.next() >> (64 - bits)) as f64 * step - 1.0)
        });
    }
    generate(duration, rate, dtype, |_| {
        amplitude * ((random.next() >> (64 - bits)) as f64 * step - 1.0)
    })
}

/// A wave from its value at each [`Phase`].
fn tone(
    frequency: f64,
    duration: f64,
    rate: SampleRate,
    amplitude: f64,
    dtype: Dtype,
    wave: impl Fn(f64) -> f64,
) -> Result<Audio, Error> {
    finite("frequency", frequency)?;
    finite("amplitude", amplitude)?;
    let phase = Phase::of(frequency, rate);
    generate(duration, rate, dtype, |frame| {
        amplitude * wave(phase.at(frame))
    })
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

/// Where in its cycle a tone is at a frame.
struct Phase {
    frequency: f64,
    rate: f64,
    /// Seconds of one frame, not exactly.
    period: f64,
}

impl Phase {
    fn of(frequency: f64, rate: SampleRate) -> Phase {
        let rate = f64::from(rate.hertz());
        Phase {
            // At whole numbers of frames, a frequency and its remainder are one tone; the remainder is exact.
            frequency: frequency % rate,
            rate,
            period: 1.0 / rate,
        }
    }

    /// Cycles since the nearest whole one, from -0.5 to 0.5 and perhaps a rounding beyond. The number
    /// of cycles may be so large that it has no bits left for a fraction: the whole ones go before
    /// the division, without a rounding.
    #[inline]
    fn at(&self, frame: usize) -> f64 {
        let frame = frame as f64;
        let product = self.frequency * frame;
        let lost = self.frequency.mul_add(frame, -product);
        let whole = nearest(product * self.period);
        (whole.mul_add(-self.rate, product) + lost) / self.rate
    }
}

/// The nearest whole number to one below 2^51: beyond 2^52, floats have no fraction to keep.
#[inline]
fn nearest(value: f64) -> f64 {
    const BEYOND: f64 = 1.5 * (1_u64 << 52) as f64;
    value + BEYOND - BEYOND
}

/// The fraction of a cycle, from 0 up to but without 1.
#[inline]
fn in_cycle(phase: f64) -> f64 {
    let fraction = if phase < 0.0 { phase + 1.0 } else { phase };
    // The sum may have been rounded up to the whole.
    if fraction < 1.0 { fraction } else { 0.0 }
}

fn finite(name: &str, value: f64) -> Result<(), Error> {
    if value.is_finite() {
        return Ok(());
    }
    Err(Error::InvalidArgument {
        message: format!("{name} must be a finite number, not {value}"),
    })
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

/// SplitMix64 (Steele, Lea and Flood): turns any seed into as many well-mixed numbers as needed.
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

/// xoshiro256++ 1.0 (Blackman and Vigna): 256 bits of state that are never all zero.
struct Xoshiro256PlusPlus([u64; 4]);

impl Xoshiro256PlusPlus {
    fn from_seed(seed: u64) -> Xoshiro256PlusPlus {
        let mut mix = SplitMix64(seed);
        Xoshiro256PlusPlus(std::array::from_fn(|_| mix.next()))
    }

    #[inline]
    fn next(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.0;
        let result = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::{SplitMix64, Xoshiro256PlusPlus};

    #[test]
    fn splitmix64_gives_its_published_numbers() {
        let mut random = SplitMix64(1_234_567);
        let first: [u64; 5] = std::array::from_fn(|_| random.next());
        let published = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ];
        assert_eq!(first, published);
    }

    #[test]
    fn xoshiro256plusplus_gives_its_published_numbers() {
        let mut random = Xoshiro256PlusPlus([1, 2, 3, 4]);
        let first: [u64; 6] = std::array::from_fn(|_| random.next());
        let published = [
            41_943_041,
            58_720_359,
            3_588_806_011_781_223,
            3_591_011_842_654_386,
            9_228_616_714_210_784_205,
            9_973_669_472_204_895_162,
        ];
        assert_eq!(first, published);
    }
}
