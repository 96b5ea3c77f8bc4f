//! Noise whose power falls with frequency.

use super::random::{SplitMix64, Xoshiro256PlusPlus};
use super::{each_channel, finite, frames_of, seed_or_new};
use crate::audio::elementary::power_of_two;
use crate::audio::{Audio, SampleRate};
use crate::dtype::Dtype;
use crate::error::Error;

/// Frames that go before the first, until the lowest frequencies have come in.
const RUN_IN: usize = 1 << 16;
/// Where pink noise begins to fall, and where brown noise does, in Hz.
const PINK_FROM: f64 = 5.0;
const BROWN_FROM: f64 = 5.0;

/// A filter of the first order: a pole, and a zero or none.
#[derive(Clone, Copy)]
struct FirstOrder {
    pole: f64,
    zero: f64,
    last: f64,
    out: f64,
}

impl FirstOrder {
    /// Falling from one frequency to another; to the end of the band where there is no other.
    fn between(from: f64, to: Option<f64>, rate: SampleRate) -> FirstOrder {
        // exp(-2 pi f / rate), the place of a pole or zero of a frequency.
        const TURN: f64 = -9.064_720_283_654_388; // -2 pi / ln 2
        let place = |hertz: f64| power_of_two(TURN * hertz / f64::from(rate.hertz()));
        FirstOrder {
            pole: place(from),
            zero: to.map_or(0.0, place),
            last: 0.0,
            out: 0.0,
        }
    }

    #[inline]
    fn next(&mut self, sample: f64) -> f64 {
        self.out = sample - self.zero * self.last + self.pole * self.out;
        self.last = sample;
        self.out
    }
}

/// Noise whose power falls by 3.01 dB an octave from 5 Hz on; the last octave below half the rate falls by less. A seed
/// gives the same noise on every machine. The largest sample of all channels is `amplitude`: what is longer or has more
/// channels may be quieter.
///
/// White noise goes through filters of the first order, each of which falls for half an octave of every octave.
///
/// # Errors
/// As [`super::sine_wave`].
pub fn pink_noise(
    duration: f64,
    rate: SampleRate,
    amplitude: f64,
    dtype: Dtype,
    seed: Option<u64>,
    channels: Option<usize>,
) -> Result<Audio, Error> {
    let octaves = (f64::from(rate.hertz()) / 2.0 / PINK_FROM)
        .log2()
        .ceil()
        .max(1.0) as usize;
    let mut from = PINK_FROM;
    let slopes = (0..octaves).map(|_| {
        let slope = FirstOrder::between(from, Some(from * std::f64::consts::SQRT_2), rate);
        from *= 2.0;
        slope
    });
    let slopes: Vec<FirstOrder> = slopes.collect();
    coloured(duration, rate, amplitude, dtype, seed, channels, &slopes)
}

/// Noise whose power falls by 6.02 dB an octave from 5 Hz on; the last octave below half the rate falls by less. Seed and
/// amplitude as for [`pink_noise`].
///
/// # Errors
/// As [`super::sine_wave`].
pub fn brown_noise(
    duration: f64,
    rate: SampleRate,
    amplitude: f64,
    dtype: Dtype,
    seed: Option<u64>,
    channels: Option<usize>,
) -> Result<Audio, Error> {
    let slopes = [FirstOrder::between(BROWN_FROM, None, rate)];
    coloured(duration, rate, amplitude, dtype, seed, channels, &slopes)
}

fn coloured(
    duration: f64,
    rate: SampleRate,
    amplitude: f64,
    dtype: Dtype,
    seed: Option<u64>,
    channels: Option<usize>,
    slopes: &[FirstOrder],
) -> Result<Audio, Error> {
    finite("amplitude", amplitude)?;
    let frames = frames_of(duration, rate, dtype)?;
    let seed = seed_or_new(seed);
    // The same noise twice: how loud it is, and then as loud as it is to be.
    let mut mix = SplitMix64(seed);
    let mut largest = 0.0_f64;
    for _ in 0..channels.unwrap_or(1) {
        let mut noise = Coloured::new(&mut mix, slopes);
        for _ in 0..frames {
            largest = largest.max(noise.next().abs());
        }
    }
    let scale = if largest > 0.0 {
        amplitude / largest
    } else {
        0.0
    };
    let mut mix = SplitMix64(seed);
    each_channel(duration, rate, dtype, channels, |_| {
        let mut noise = Coloured::new(&mut mix, slopes);
        move |_| scale * noise.next()
    })
}

/// White noise through some slopes.
struct Coloured {
    random: Xoshiro256PlusPlus,
    slopes: Vec<FirstOrder>,
}

impl Coloured {
    fn new(mix: &mut SplitMix64, slopes: &[FirstOrder]) -> Coloured {
        let mut noise = Coloured {
            random: Xoshiro256PlusPlus::drawn(mix),
            slopes: slopes.to_vec(),
        };
        for _ in 0..RUN_IN {
            noise.next();
        }
        noise
    }

    #[inline]
    fn next(&mut self) -> f64 {
        const STEP: f64 = 2.0 / (1_u64 << 53) as f64;
        let white = (self.random.next() >> 11) as f64 * STEP - 1.0;
        self.slopes
            .iter_mut()
            .fold(white, |sample, slope| slope.next(sample))
    }
}
