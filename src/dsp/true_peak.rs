//! Peaks between the samples: ITU-R BS.1770-4, Annex 2, by the interpolator of libebur128, a windowed sinc of 48 taps.
//!
//! What the interpolator gives is at most the largest sample it sees times the sum of its coefficients. Where that is no
//! more than the peak that is known, nothing is computed, and the result is the same to the bit.

use crate::audio::SampleRate;
use crate::kernel::planes::Real;
use crate::kernel::{Arch, SafeLoop};

/// Coefficients of all phases.
const TAPS: usize = 48;
/// Frames that are looked at, and computed, at a time.
const CHUNK: usize = 64;
/// Samples before a chunk that its first frame needs, at most.
const BEFORE: usize = 24;

/// One phase of the interpolator: the coefficients of the samples that it sees, the latest first.
struct Phase {
    coefficients: Vec<f64>,
}

/// The largest distance from zero of a signal, on the samples and between them, channel by channel.
pub struct TruePeak {
    phases: Vec<Phase>,
    /// How much more than a sample the interpolator may give.
    gain: f64,
    channels: Vec<ChannelPeak>,
}

struct ChannelPeak {
    peak: f64,
    /// The last samples that there were, the latest at the end.
    before: [f64; BEFORE],
}

impl TruePeak {
    /// No frame yet. Below 96 kHz three places between two samples are looked at, below 192 kHz one, and none above.
    pub fn new(rate: SampleRate, channels: usize) -> TruePeak {
        let factor = match rate.hertz() {
            0..96_000 => 4,
            96_000..192_000 => 2,
            _ => 1,
        };
        let phases: Vec<Phase> = (1..factor).map(|phase| Phase::of(phase, factor)).collect();
        let gain = phases.iter().map(Phase::gain).fold(1.0, f64::max);
        let none = || ChannelPeak {
            peak: 0.0,
            before: [0.0; BEFORE],
        };
        TruePeak {
            phases,
            gain,
            channels: (0..channels).map(|_| none()).collect(),
        }
    }

    /// Takes in the next frames of a channel.
    pub fn add<T: Real>(&mut self, channel: usize, samples: &[T]) {
        let (phases, gain) = (&self.phases, self.gain);
        let channel = &mut self.channels[channel];
        Arch::best().compute(Interpolated {
            phases,
            gain,
            channel,
            samples,
        });
    }

    /// The peak of each channel so far; full scale is 1.
    pub fn peaks(&self) -> impl Iterator<Item = f64> {
        self.channels.iter().map(|channel| channel.peak)
    }
}

impl Phase {
    fn of(phase: usize, factor: usize) -> Phase {
        let coefficient = |tap: usize| {
            let place = (tap * factor + phase) as f64;
            let turn = std::f64::consts::PI * (place - (TAPS / 2) as f64) / factor as f64;
            let window = 0.5 * (1.0 - (2.0 * std::f64::consts::PI * place / TAPS as f64).cos());
            match turn.abs() < 1e-6 {
                true => window,
                false => window * turn.sin() / turn,
            }
        };
        Phase {
            coefficients: (0..TAPS / factor).map(coefficient).collect(),
        }
    }

    fn gain(&self) -> f64 {
        self.coefficients.iter().map(|one| one.abs()).sum()
    }
}

/// The loop over the samples of a channel.
struct Interpolated<'s, T> {
    phases: &'s [Phase],
    gain: f64,
    channel: &'s mut ChannelPeak,
    samples: &'s [T],
}

impl<T: Real> SafeLoop for Interpolated<'_, T> {
    type Result = ();

    #[inline(always)]
    fn run(self) {
        let channel = self.channel;
        // The samples that a chunk sees: those before it, and its own.
        let mut seen = [0.0; BEFORE + CHUNK];
        seen[..BEFORE].copy_from_slice(&channel.before);
        let mut largest_before = largest(&channel.before);
        for chunk in self.samples.chunks(CHUNK) {
            for (into, sample) in seen[BEFORE..].iter_mut().zip(chunk) {
                *into = sample.to_f64();
            }
            let own = largest(&seen[BEFORE..BEFORE + chunk.len()]);
            channel.peak = channel.peak.max(own);
            if own.max(largest_before) * self.gain > channel.peak {
                for phase in self.phases {
                    let between = phase_peak(&phase.coefficients, &seen, chunk.len());
                    channel.peak = channel.peak.max(between);
                }
            }
            seen.copy_within(chunk.len()..chunk.len() + BEFORE, 0);
            largest_before = largest(&seen[..BEFORE]);
        }
        channel.before.copy_from_slice(&seen[..BEFORE]);
    }
}

/// The largest of what a phase gives for the first `frames` frames of a chunk.
#[inline(always)]
fn phase_peak(coefficients: &[f64], seen: &[f64; BEFORE + CHUNK], frames: usize) -> f64 {
    let mut sums = [0.0; CHUNK];
    for (tap, coefficient) in coefficients.iter().enumerate() {
        let samples = &seen[BEFORE - tap..][..CHUNK];
        for (sum, sample) in sums.iter_mut().zip(samples) {
            *sum += coefficient * sample;
        }
    }
    largest(&sums[..frames])
}

#[inline(always)]
fn largest(samples: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    let (parts, rest) = samples.as_chunks::<8>();
    for part in parts {
        for (lane, sample) in lanes.iter_mut().zip(part) {
            *lane = if sample.abs() > *lane {
                sample.abs()
            } else {
                *lane
            };
        }
    }
    let of = |values: &[f64]| {
        values
            .iter()
            .fold(0.0, |most: f64, one| most.max(one.abs()))
    };
    of(&lanes).max(of(rest))
}
