//! Waves from the place in their cycle, in vectors.

use std::marker::PhantomData;

use super::turns::{Few, Turns, of_fixed};
use super::{finite, frames_of};
use crate::audio::elementary::sine_of_turns;
use crate::audio::{Audio, SampleRate};
use crate::dtype::{Dtype, Sample};
use crate::error::Error;
use crate::kernel::{Arch, SafeLoop};
use crate::view::Fresh;
use crate::with_sample;

/// The shape of a cycle.
pub trait Wave {
    /// The value at a place from -0.5 to 0.5, as `#[inline(always)]`.
    fn at(turns: f64) -> f64;
}

/// `sin(2 pi x)`.
pub struct Sine;
/// `cos(2 pi x)`.
pub struct Cosine;
/// 1 for the first half of a cycle, -1 for the second.
pub struct Square;
/// From -1 up to 1.
pub struct Sawtooth;
/// From -1 up to 1 and back.
pub struct Triangle;

impl Wave for Sine {
    #[inline(always)]
    fn at(turns: f64) -> f64 {
        sine_of_turns(turns)
    }
}

impl Wave for Cosine {
    #[inline(always)]
    fn at(turns: f64) -> f64 {
        sine_of_turns(turns + 0.25)
    }
}

impl Wave for Square {
    #[inline(always)]
    fn at(turns: f64) -> f64 {
        // The second half of a cycle is the one before 0.
        if (0.0..0.5).contains(&turns) {
            1.0
        } else {
            -1.0
        }
    }
}

impl Wave for Sawtooth {
    #[inline(always)]
    fn at(turns: f64) -> f64 {
        2.0 * turns + if turns < 0.0 { 1.0 } else { -1.0 }
    }
}

impl Wave for Triangle {
    #[inline(always)]
    fn at(turns: f64) -> f64 {
        4.0 * turns.abs() - 1.0
    }
}

/// A wave of one frequency.
///
/// # Errors
/// A duration that is negative, not finite or beyond memory; a frequency or amplitude that is not finite.
pub fn tone<W: Wave>(
    frequency: f64,
    duration: f64,
    rate: SampleRate,
    amplitude: f64,
    dtype: Dtype,
) -> Result<Audio, Error> {
    finite("frequency", frequency)?;
    finite("amplitude", amplitude)?;
    let turns = Turns::of(frequency, rate);
    let frames = frames_of(duration, rate, dtype)?;
    let mut fresh = Fresh::new(&[frames], dtype)?;
    with_sample!(dtype, T => {
        let samples = fresh.as_mut_slice::<T>().unwrap_or_default();
        let wave = PhantomData::<W>;
        let full_scale = dtype.full_scale();
        Arch::best().compute(WaveLoop { samples, turns, amplitude, full_scale, wave });
    });
    Audio::new(fresh.share(), rate)
}

struct WaveLoop<'a, T, W> {
    samples: &'a mut [T],
    turns: Turns,
    amplitude: f64,
    full_scale: f64,
    wave: PhantomData<W>,
}

impl<T: Sample, W: Wave> SafeLoop for WaveLoop<'_, T, W> {
    type Result = ();

    #[inline(always)]
    fn run(self) {
        const STEP: usize = 256;
        for (number, samples) in self.samples.chunks_mut(STEP).enumerate() {
            let few = Few::after(self.turns, number * STEP);
            for (frame, sample) in samples.iter_mut().enumerate() {
                let turns = of_fixed(few.fixed(frame as u32));
                let value = self.amplitude * W::at(turns);
                *sample = T::round_from_f64(value * self.full_scale);
            }
        }
    }
}
