//! What audio is, in numbers: levels and offsets, in one pass.
//!
//! Integers count as fractions of full scale. Sums are kept in float64 by lanes within a chunk of frames, chunk by chunk
//! within a part, and compensated between parts (Neumaier, ZAMM 54, 1974), so that an hour measures as exactly as a
//! second. Chunks and parts are counted from frame 0: neither threads nor the way the samples lie change a bit.

use std::ops::Add;

use crate::audio::{Audio, Wait, blockwise, patiently};
use crate::dtype::Dtype;
use crate::error::Error;
use crate::kernel;
use crate::kernel::planes::{Planes, Real};
use crate::kernel::{Arch, SafeLoop};
use crate::registry::Mode;
use crate::view::{Access, Strided, access_to};

/// Frames whose sums are kept by lanes, and those of a part: multiples of each other.
const CHUNK: usize = 1024;
const PART: usize = 64 * CHUNK;
/// Sums that are kept side by side.
const LANES: usize = 16;
/// Bytes from which parts are shared among threads.
const PARALLEL_FROM: usize = 2 << 20;

/// Levels of one channel, or of several together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Levels {
    samples: usize,
    min: f64,
    max: f64,
    sum: CompensatedSum,
    squares: CompensatedSum,
    zero_crossings: u64,
}

impl Levels {
    /// Those of nothing.
    pub const EMPTY: Levels = Levels {
        samples: 0,
        min: f64::INFINITY,
        max: f64::NEG_INFINITY,
        sum: CompensatedSum::ZERO,
        squares: CompensatedSum::ZERO,
        zero_crossings: 0,
    };

    /// How many samples were measured.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Whether one of the samples is no number, which the squares alone cannot hide.
    fn has_nan(&self) -> bool {
        self.squares.value().is_nan()
    }

    /// `value`, but NaN if a sample is, and 0 if there is none.
    fn unless_empty(&self, value: f64) -> f64 {
        match self.samples {
            0 => 0.0,
            _ if self.has_nan() => f64::NAN,
            _ => value,
        }
    }

    /// The lowest sample.
    pub fn min(&self) -> f64 {
        self.unless_empty(self.min)
    }

    /// The highest sample.
    pub fn max(&self) -> f64 {
        self.unless_empty(self.max)
    }

    /// The largest distance from zero.
    pub fn peak(&self) -> f64 {
        // Never a zero with a sign.
        self.unless_empty(self.max.max(-self.min).abs())
    }

    /// The root of the mean square.
    pub fn rms(&self) -> f64 {
        self.unless_empty((self.squares.value() / self.samples as f64).sqrt())
    }

    /// Peak by RMS: 1 for a square wave, 1.414 for a sine, 0 for silence.
    pub fn crest_factor(&self) -> f64 {
        let (peak, rms) = (self.peak(), self.rms());
        if peak == 0.0 { 0.0 } else { peak / rms }
    }

    /// The mean.
    pub fn dc_offset(&self) -> f64 {
        match self.samples {
            0 => 0.0,
            samples => self.sum.value() / samples as f64,
        }
    }

    /// How often a sample is below zero and the next one of its channel is not, or the other way round.
    pub fn zero_crossings(&self) -> u64 {
        self.zero_crossings
    }

    /// The number of times that this level, of a factor, is in decibels relative to full scale: -inf for silence.
    pub fn decibels(factor: f64) -> f64 {
        20.0 * factor.log10()
    }

    /// Takes in a chunk of samples, which follow those before.
    fn add_chunk<T: Real>(&mut self, samples: &[T]) {
        let chunk = Arch::best().compute(ChunkLevels { samples });
        self.samples += samples.len();
        self.min = self.min.min(chunk.min);
        self.max = self.max.max(chunk.max);
        self.sum.high += chunk.sum;
        self.squares.high += chunk.squares;
    }
}

impl Add for Levels {
    type Output = Levels;

    /// The levels of both together: of what follows, or of another channel.
    fn add(self, other: Levels) -> Levels {
        Levels {
            samples: self.samples + other.samples,
            min: self.min.min(other.min),
            max: self.max.max(other.max),
            sum: self.sum.plus(other.sum),
            squares: self.squares.plus(other.squares),
            zero_crossings: self.zero_crossings + other.zero_crossings,
        }
    }
}

/// A sum, and what its roundings have lost.
#[derive(Clone, Copy, Debug, PartialEq)]
struct CompensatedSum {
    high: f64,
    lost: f64,
}

impl CompensatedSum {
    const ZERO: CompensatedSum = CompensatedSum {
        high: 0.0,
        lost: 0.0,
    };

    fn value(self) -> f64 {
        // What was lost of an infinite sum is no number.
        if self.lost.is_finite() {
            self.high + self.lost
        } else {
            self.high
        }
    }

    fn plus(self, other: CompensatedSum) -> CompensatedSum {
        let high = self.high + other.high;
        let (large, small) = match self.high.abs() >= other.high.abs() {
            true => (self.high, other.high),
            false => (other.high, self.high),
        };
        CompensatedSum {
            high,
            lost: self.lost + other.lost + ((large - high) + small),
        }
    }
}

/// The sums and extremes of a chunk.
struct ChunkLevels<'a, T> {
    samples: &'a [T],
}

struct ChunkSums {
    min: f64,
    max: f64,
    sum: f64,
    squares: f64,
}

impl<T: Real> SafeLoop for ChunkLevels<'_, T> {
    type Result = ChunkSums;

    #[inline(always)]
    fn run(self) -> ChunkSums {
        let (mut sums, mut squares) = ([0.0; LANES], [0.0; LANES]);
        let (mut min, mut max) = (
            [T::nearest(f64::INFINITY); LANES],
            [T::nearest(f64::NEG_INFINITY); LANES],
        );
        let (lanes, rest) = self.samples.as_chunks::<LANES>();
        for samples in lanes {
            for lane in 0..LANES {
                let sample = samples[lane];
                min[lane] = if sample < min[lane] {
                    sample
                } else {
                    min[lane]
                };
                max[lane] = if sample > max[lane] {
                    sample
                } else {
                    max[lane]
                };
                let wide = sample.to_f64();
                sums[lane] += wide;
                squares[lane] += wide * wide;
            }
        }
        for (lane, sample) in rest.iter().enumerate() {
            min[lane] = if *sample < min[lane] {
                *sample
            } else {
                min[lane]
            };
            max[lane] = if *sample > max[lane] {
                *sample
            } else {
                max[lane]
            };
            let wide = sample.to_f64();
            sums[lane] += wide;
            squares[lane] += wide * wide;
        }
        let mut half = LANES / 2;
        while half > 0 {
            for lane in 0..half {
                let other = lane + half;
                min[lane] = if min[other] < min[lane] {
                    min[other]
                } else {
                    min[lane]
                };
                max[lane] = if max[other] > max[lane] {
                    max[other]
                } else {
                    max[lane]
                };
                sums[lane] += sums[other];
                squares[lane] += squares[other];
            }
            half /= 2;
        }
        ChunkSums {
            min: min[0].to_f64(),
            max: max[0].to_f64(),
            sum: sums[0],
            squares: squares[0],
        }
    }
}

/// Changes of sign from each sample to the next.
struct Crossings<'a, T> {
    samples: &'a [T],
}

impl<T: Real> SafeLoop for Crossings<'_, T> {
    type Result = u64;

    #[inline(always)]
    fn run(self) -> u64 {
        let zero = T::nearest(0.0);
        let pairs = self
            .samples
            .iter()
            .zip(self.samples.get(1..).unwrap_or_default());
        // A block has fewer samples than 2^32.
        let crossings = pairs.map(|(one, next)| u32::from((*one < zero) != (*next < zero)));
        u64::from(crossings.sum::<u32>())
    }
}

/// Levels of samples that come in blocks of any length: those of the whole, bit for bit.
#[derive(Clone, Debug)]
pub struct RunningLevels<T> {
    channels: Vec<RunningChannel<T>>,
}

#[derive(Clone, Debug)]
struct RunningChannel<T> {
    /// The beginning of a chunk.
    pending: Vec<T>,
    part: Levels,
    before: Levels,
}

impl<T: Real> RunningLevels<T> {
    /// Nothing measured yet.
    pub fn new(channels: usize) -> RunningLevels<T> {
        let channel = RunningChannel {
            pending: Vec::new(),
            part: Levels::EMPTY,
            before: Levels::EMPTY,
        };
        RunningLevels {
            channels: vec![channel; channels],
        }
    }

    /// Takes in a block.
    pub fn add(&mut self, block: &Planes<T>) {
        for (channel, plane) in self.channels.iter_mut().zip(block.planes()) {
            channel.add(plane);
        }
    }

    /// What was measured so far, of each channel.
    pub fn levels(&self) -> Vec<Levels> {
        self.channels.iter().map(RunningChannel::levels).collect()
    }
}

impl<T: Real> RunningChannel<T> {
    fn add(&mut self, mut samples: &[T]) {
        while !samples.is_empty() {
            let missing = CHUNK - self.pending.len();
            if self.pending.is_empty() && samples.len() >= CHUNK {
                self.close(&samples[..CHUNK]);
                samples = &samples[CHUNK..];
                continue;
            }
            let (now, later) = samples.split_at(missing.min(samples.len()));
            self.pending.extend_from_slice(now);
            samples = later;
            if self.pending.len() == CHUNK {
                let whole = std::mem::take(&mut self.pending);
                self.close(&whole);
                self.pending = whole;
                self.pending.clear();
            }
        }
    }

    fn close(&mut self, chunk: &[T]) {
        self.part.add_chunk(chunk);
        if self.part.samples == PART {
            self.before = self.before + std::mem::replace(&mut self.part, Levels::EMPTY);
        }
    }

    fn levels(&self) -> Levels {
        let mut part = self.part;
        if !self.pending.is_empty() {
            part.add_chunk(&self.pending);
        }
        match part.samples {
            0 => self.before,
            _ => self.before + part,
        }
    }
}

/// The levels of each channel. Changes of sign are counted only if they are wanted, for they take a second look.
///
/// # Errors
/// None that is not a fault of the caller.
pub fn levels_of(
    access: &Access,
    samples: &Strided<'_>,
    crossings: bool,
) -> Result<Vec<Levels>, Error> {
    let layout = samples.layout();
    let bytes = layout.len() * samples.dtype().size();
    let threads = if bytes >= PARALLEL_FROM {
        kernel::threads()
    } else {
        1
    };
    let parts = kernel::in_order(layout.frames(), PART, threads, |start, count| {
        let part = match samples.dtype() {
            Dtype::Float32 => part_levels::<f32>(access, samples, start, count, crossings),
            _ => part_levels::<f64>(access, samples, start, count, crossings),
        };
        samples.take_frames(start, count)?.give_back();
        part
    });
    let mut all = vec![Levels::EMPTY; layout.channels()];
    for part in parts {
        for (all, part) in all.iter_mut().zip(part?) {
            *all = *all + part;
        }
    }
    Ok(all)
}

fn part_levels<T: Real>(
    access: &Access,
    samples: &Strided<'_>,
    start: usize,
    count: usize,
    crossings: bool,
) -> Result<Vec<Levels>, Error> {
    let channels = samples.layout().channels();
    let mut all = vec![Levels::EMPTY; channels];
    let mut block = Planes::<T>::new(channels);
    blockwise::each_block(start, count, channels, |at, frames| {
        // With the frame before, from which a sign may have changed.
        let lead = usize::from(crossings && at > 0);
        block.load(access, &samples.take_frames(at - lead, frames + lead)?);
        for (levels, plane) in all.iter_mut().zip(block.planes()) {
            for chunk in plane[lead..].chunks(CHUNK) {
                levels.add_chunk(chunk);
            }
            if crossings {
                levels.zero_crossings += Arch::best().compute(Crossings { samples: plane });
            }
        }
        Ok(())
    })?;
    Ok(all)
}

impl Audio {
    /// The levels of each channel, in one pass; zero crossings only if `crossings`.
    ///
    /// # Errors
    /// Samples that are borrowed for writing.
    pub fn levels(&self, crossings: bool, wait: Wait<'_>) -> Result<Vec<Levels>, Error> {
        let samples = self.samples.strided();
        let claims = [samples.claim(Mode::Read)];
        access_to(&samples, &claims, wait.lock, wait.until, |access| {
            levels_of(access, &samples, crossings)
        })?
    }

    /// The levels of each channel in one pass: peak, RMS, crest factor, offset, extremes and zero crossings.
    ///
    /// ```
    /// # use audio_samples::{Audio, SampleRate};
    /// let audio = Audio::from_vec(vec![0.5_f32, -1.0, 0.5, -1.0], SampleRate::new(48_000)?)?;
    /// let levels = audio.statistics()?[0];
    /// assert_eq!((levels.peak(), levels.dc_offset(), levels.zero_crossings()), (1.0, -0.25, 3));
    /// # Ok::<(), audio_samples::Error>(())
    /// ```
    ///
    /// # Errors
    /// Samples that this thread has borrowed for writing.
    pub fn statistics(&self) -> Result<Vec<Levels>, Error> {
        patiently(|wait| self.levels(true, wait))
    }

    /// The largest distance from zero of all channels; full scale is 1. 0 for empty audio, NaN if a sample is.
    ///
    /// # Errors
    /// As [`Audio::statistics`].
    pub fn peak(&self) -> Result<f64, Error> {
        self.overall(|levels| levels.peak())
    }

    /// The root of the mean square of all channels; full scale is 1. 0 for empty audio, NaN if a sample is.
    ///
    /// # Errors
    /// As [`Audio::statistics`].
    pub fn rms(&self) -> Result<f64, Error> {
        self.overall(|levels| levels.rms())
    }

    /// Peak by RMS: 1 for a square wave, 1.414 for a sine. 0 for silence.
    ///
    /// # Errors
    /// As [`Audio::statistics`].
    pub fn crest_factor(&self) -> Result<f64, Error> {
        self.overall(|levels| levels.crest_factor())
    }

    /// The mean of all samples; full scale is 1.
    ///
    /// # Errors
    /// As [`Audio::statistics`].
    pub fn dc_offset(&self) -> Result<f64, Error> {
        self.overall(|levels| levels.dc_offset())
    }

    /// How often, in all channels, a sample is below zero and the next one is not, or the other way round.
    ///
    /// # Errors
    /// As [`Audio::statistics`].
    pub fn zero_crossings(&self) -> Result<u64, Error> {
        let channels = self.statistics()?;
        Ok(channels.iter().map(Levels::zero_crossings).sum())
    }

    fn overall(&self, of: impl FnOnce(Levels) -> f64) -> Result<f64, Error> {
        let channels = patiently(|wait| self.levels(false, wait))?;
        Ok(of(together(&channels)))
    }
}

/// The levels of all channels together.
pub fn together(channels: &[Levels]) -> Levels {
    channels.iter().fold(Levels::EMPTY, |all, one| all + *one)
}
