//! Limiters at work.
//!
//! The gain that a frame needs is the ceiling by its peak. The least of those within the look-ahead (a monotonic wedge:
//! Lemire, Nordic Journal of Computing 13(4), 2006), from which the gain is released slowly, is averaged over the
//! look-ahead again (Hämäläinen, "Smoothing of the control signal without clipped output in digital peak limiters", DAFx
//! 2002): every number in that mean is at most what the frame needs that comes out, so the mean is, too.

use std::collections::VecDeque;

use crate::audio::elementary::{decibels_of, factor_of};
use crate::audio::{Audio, Wait};
use crate::dsp::dynamics::Limiter;
use crate::dsp::dynamics::reduction::{kept_per_frame, levels_of};
use crate::dsp::processor::{Processor, SignalBlock, SignalFormat, measured, on_planes};
use crate::dtype::{Dtype, Sample};
use crate::error::Error;
use crate::kernel::planes::{Planes, Real, filled, room_for};

/// Gains are counted in steps of `1 / ONE`, so that a running sum of them is exact for ever.
const ONE: u64 = 1 << 42;
/// Frames of look-ahead: so many gains have a sum that a u64 holds.
const MOST_AHEAD: usize = 1 << 20;
/// What is left of a reduction when it ends: less than float32 can tell.
const OVER: f64 = 1.0 / (1_u64 << 32) as f64;

/// A limiter, from block to block.
#[derive(Clone, Debug)]
pub struct Limiting {
    limiter: Limiter,
    /// The largest number of the samples' type that is not past the ceiling.
    ceiling: f64,
    /// Frames of look-ahead.
    ahead: usize,
    /// The share of what is turned down that is kept from frame to frame.
    kept: f64,
    /// 1 minus the gain before it is averaged.
    lack: f64,
    /// The number of the next frame.
    at: usize,
    /// Frames that need a gain below 1, each with less than all before it.
    wedge: VecDeque<(usize, f64)>,
    /// The gains that are averaged, and their sum.
    averaged: VecDeque<u64>,
    sum: u64,
    /// The frames held back, one channel after the other. Float64 holds float32 as it is.
    held: Vec<VecDeque<f64>>,
    /// Of the frames of a block: levels, then gains.
    scratch: Vec<f64>,
}

/// The largest number of a type that is not past a level.
fn ceiling_of(decibels: f64, dtype: Dtype) -> f64 {
    let factor = factor_of(decibels);
    match dtype {
        Dtype::Float32 => f32::at_most(factor).to_f64(),
        Dtype::Float64 => factor,
        Dtype::Int16 | Dtype::Int32 => (factor * dtype.full_scale()).floor() / dtype.full_scale(),
    }
}

impl Limiting {
    pub(super) fn new(limiter: Limiter) -> Limiting {
        Limiting {
            limiter,
            ceiling: 1.0,
            ahead: 0,
            kept: 0.0,
            lack: 0.0,
            at: 0,
            wedge: VecDeque::new(),
            averaged: VecDeque::new(),
            sum: 0,
            held: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// The gain of each frame of audio in dB: 0, or less.
    ///
    /// # Errors
    /// As [`Processor::begin`]; samples that are borrowed; [`Error::OutOfMemory`].
    pub fn gain_curve(&self, audio: &Audio, wait: Wait<'_>) -> Result<Vec<f64>, Error> {
        let mut worker = Limiting::new(self.limiter);
        worker.begin(&SignalFormat::of(audio))?;
        let mut late = worker.ahead;
        let mut curve = room_for(audio.layout().frames())?;
        let mut add = |gains: &[f64]| {
            let skipped = late.min(gains.len());
            late -= skipped;
            curve.extend(gains[skipped..].iter().map(|gain| match *gain {
                0.0 => f64::NEG_INFINITY,
                gain => decibels_of(gain),
            }));
        };
        measured(audio, wait, |block| {
            on_planes!(block, planes => levels_of(planes, &mut worker.scratch));
            worker.gains();
            add(&worker.scratch);
        })?;
        worker.scratch.clear();
        worker.scratch.resize(worker.ahead, 0.0);
        worker.gains();
        add(&worker.scratch);
        Ok(curve)
    }

    /// Makes gains of the levels in the scratch memory, each for the frame that comes out then.
    fn gains(&mut self) {
        let all = (self.ahead as u64 + 1) * ONE;
        for level in &mut self.scratch {
            if *level > self.ceiling {
                let needed = self.ceiling / *level;
                while self.wedge.back().is_some_and(|(_, last)| *last >= needed) {
                    self.wedge.pop_back();
                }
                self.wedge.push_back((self.at, needed));
            }
            if let Some((first, _)) = self.wedge.front()
                && first + self.ahead < self.at
            {
                self.wedge.pop_front();
            }
            self.at += 1;
            let least = self.wedge.front().map_or(1.0, |(_, least)| *least);
            let released = self.lack * self.kept;
            let released = if released < OVER { 0.0 } else { released };
            self.lack = released.max(1.0 - least);
            let gain = ((1.0 - self.lack).min(least) * ONE as f64) as u64;
            self.sum += gain;
            self.averaged.push_back(gain);
            self.sum -= self.averaged.pop_front().unwrap_or(0);
            *level = if self.sum == all {
                1.0
            } else {
                self.sum as f64 / all as f64
            };
        }
    }

    /// Puts the frames behind those that are held back, and gives as many of the first in their place, limited.
    fn limit<T: Real>(&mut self, planes: &mut Planes<T>) {
        let ceiling = T::nearest(self.ceiling);
        for (held, plane) in self.held.iter_mut().zip(planes.planes_mut()) {
            if self.ahead > 0 {
                held.extend(plane.iter().map(|sample| sample.to_f64()));
                for (sample, first) in plane.iter_mut().zip(held.drain(..self.scratch.len())) {
                    *sample = T::nearest(first);
                }
            }
            for (sample, gain) in plane.iter_mut().zip(&self.scratch) {
                let whole = sample.to_f64();
                let limited = whole * gain;
                // The last bits of a product may be past the ceiling; and no step of a gain is as small as what is infinite,
                // or nearly so, needs.
                *sample = if limited.abs() > self.ceiling || whole.abs() >= ONE as f64 {
                    if whole < 0.0 { -ceiling } else { ceiling }
                } else {
                    T::nearest(limited)
                };
            }
        }
    }

    /// Puts the frames held back behind others.
    fn rest<T: Real>(&mut self, planes: &mut Planes<T>) {
        let mut rest = Planes::new(planes.channels());
        rest.resize(self.ahead);
        levels_of(&rest, &mut self.scratch);
        self.gains();
        self.limit(&mut rest);
        planes.append(&rest);
    }
}

impl Processor for Limiting {
    fn begin(&mut self, format: &SignalFormat) -> Result<SignalFormat, Error> {
        let rate = f64::from(format.rate.hertz());
        let Limiter {
            ceiling_db,
            lookahead_ms,
            release_ms,
        } = self.limiter;
        let ahead = (lookahead_ms * 1e-3 * rate).round_ties_even() as usize;
        if ahead >= MOST_AHEAD {
            return Err(Error::invalid(format!(
                "lookahead_ms={lookahead_ms} is {ahead} frames at {rate} Hz, more than {}; take a shorter one",
                MOST_AHEAD - 1
            )));
        }
        let averaged = filled(ahead + 1, ONE)?;
        let held = (0..format.channels).map(|_| Ok(filled(ahead, 0.0)?.into()));
        *self = Limiting {
            ceiling: ceiling_of(ceiling_db, format.dtype),
            ahead,
            kept: kept_per_frame(release_ms, format.rate),
            sum: averaged.len() as u64 * ONE,
            averaged: averaged.into(),
            held: held.collect::<Result<_, Error>>()?,
            ..Limiting::new(self.limiter)
        };
        Ok(*format)
    }

    fn process(&mut self, block: &mut SignalBlock) {
        on_planes!(block, planes => levels_of(planes, &mut self.scratch));
        self.gains();
        on_planes!(block, planes => self.limit(planes));
    }

    fn finish(&mut self, block: &mut SignalBlock) {
        self.process(block);
        on_planes!(block, planes => self.rest(planes));
    }

    fn latency(&self) -> usize {
        self.ahead
    }

    fn fresh(&self) -> Box<dyn Processor> {
        Box::new(Limiting::new(self.limiter))
    }
}
