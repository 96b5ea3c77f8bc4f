//! Compressors, expanders and gates at work.

use std::f64::consts::LOG2_E;

use crate::audio::elementary::{decibels_of, factor_of, power_of_two};
use crate::audio::{Audio, SampleRate, Wait};
use crate::dsp::dynamics::{Compressor, Expander, Gate};
use crate::dsp::processor::{Processor, SignalBlock, SignalFormat, measured, on_planes};
use crate::error::Error;
use crate::kernel::planes::{Planes, Real, room_for};

/// Levels are from here on, so that silence has a logarithm: -200 dBFS.
const SILENCE: f64 = 1e-10;
/// Levels end here, above all of float32: what is infinite is as loud as that.
const LOUDEST_DB: f64 = 800.0;
/// No sample is made softer by more.
const MOST_DB: f64 = 200.0;
/// What is left of a reduction, in dB, when it ends: so little changes no float64 by more than its last bits.
const OVER_DB: f64 = 1e-13;

/// The share of a state that is kept from one frame to the next, of what takes some time. 0 for no time.
pub(super) fn kept_per_frame(milliseconds: f64, rate: SampleRate) -> f64 {
    let frames = milliseconds * 1e-3 * f64::from(rate.hertz());
    if frames == 0.0 {
        return 0.0;
    }
    power_of_two((-LOG2_E / frames).max(-1000.0))
}

/// The largest distance of a sample from zero in each frame. No number is silence.
pub(super) fn levels_of<T: Real>(planes: &Planes<T>, levels: &mut Vec<f64>) {
    levels.clear();
    levels.resize(planes.frames(), 0.0);
    for plane in planes.planes() {
        for (level, sample) in levels.iter_mut().zip(plane) {
            let distance = sample.to_f64().abs();
            // False for NaN.
            *level = if distance > *level { distance } else { *level };
        }
    }
}

/// By how many decibels a steady level is made softer.
#[derive(Clone, Copy, Debug)]
enum Computer {
    /// `slope` for each decibel past the threshold, above it (`sign` 1) or below (-1), at most `most`.
    Slope {
        sign: f64,
        threshold: f64,
        slope: f64,
        knee: f64,
        most: f64,
    },
    /// `range` below the threshold, and `hold` milliseconds later.
    Gate {
        threshold: f64,
        range: f64,
        hold: f64,
    },
}

/// A compressor, an expander or a gate, from block to block.
#[derive(Clone, Debug)]
pub struct Reduction {
    computer: Computer,
    /// The times in which a reduction grows and shrinks, in ms.
    times: (f64, f64),
    /// The same as shares that are kept from frame to frame.
    kept: (f64, f64),
    /// The reduction of the last frame, in dB.
    state: f64,
    /// Frames for which a gate is held open, and what is left of them.
    hold: (usize, usize),
    /// Of the frames of a block: levels, then reductions, then gains.
    scratch: Vec<f64>,
}

impl Reduction {
    fn new(computer: Computer, growing: f64, shrinking: f64) -> Reduction {
        Reduction {
            computer,
            times: (growing, shrinking),
            kept: (0.0, 0.0),
            state: 0.0,
            hold: (0, 0),
            scratch: Vec::new(),
        }
    }

    pub(super) fn compressor(of: Compressor) -> Reduction {
        let computer = Computer::Slope {
            sign: 1.0,
            threshold: of.threshold_db,
            slope: 1.0 - 1.0 / of.ratio,
            knee: of.knee_db,
            most: f64::INFINITY,
        };
        Reduction::new(computer, of.attack_ms, of.release_ms)
    }

    pub(super) fn expander(of: Expander) -> Reduction {
        let computer = Computer::Slope {
            sign: -1.0,
            threshold: of.threshold_db,
            slope: of.ratio - 1.0,
            knee: of.knee_db,
            most: MOST_DB,
        };
        Reduction::new(computer, of.release_ms, of.attack_ms)
    }

    pub(super) fn gate(of: Gate) -> Reduction {
        let computer = Computer::Gate {
            threshold: of.threshold_db,
            range: of.range_db,
            hold: of.hold_ms,
        };
        Reduction::new(computer, of.release_ms, of.attack_ms)
    }

    /// Leaves in the scratch memory by how many decibels each frame is made softer, from its level.
    fn reduce(&mut self) {
        match self.computer {
            Computer::Slope {
                sign,
                threshold,
                slope,
                knee,
                most,
            } => {
                let half = knee / 2.0;
                // Finite: a knee of next to nothing is none.
                let bend = (0.5 / knee).min(f64::MAX);
                for level in &mut self.scratch {
                    let decibels = decibels_of(level.max(SILENCE)).min(LOUDEST_DB);
                    let past = sign * (decibels - threshold);
                    let inside = (past + half).max(0.0).min(knee);
                    let behind = (past - half).max(0.0);
                    *level = (slope * (inside * inside * bend + behind)).min(most);
                }
            }
            Computer::Gate {
                threshold, range, ..
            } => {
                let threshold = factor_of(threshold);
                let (held, mut left) = self.hold;
                for level in &mut self.scratch {
                    // This frame, and those for which it is held.
                    left = if *level >= threshold {
                        held + 1
                    } else {
                        left.saturating_sub(1)
                    };
                    *level = if left > 0 { 0.0 } else { range };
                }
                self.hold = (held, left);
            }
        }
        let (grow, shrink) = self.kept;
        let mut state = self.state;
        for reduction in &mut self.scratch {
            let kept = if *reduction > state { grow } else { shrink };
            state = kept * state + (1.0 - kept) * *reduction;
            // An end, before numbers get so small that they are slow.
            state = if state < OVER_DB { 0.0 } else { state };
            *reduction = state;
        }
        self.state = state;
    }

    /// The gain of each frame of audio in dB: 0, or less.
    ///
    /// # Errors
    /// Samples that are borrowed; [`Error::OutOfMemory`].
    pub fn gain_curve(&self, audio: &Audio, wait: Wait<'_>) -> Result<Vec<f64>, Error> {
        let mut worker = self.anew();
        worker.begin(&SignalFormat::of(audio))?;
        let mut curve = room_for(audio.layout().frames())?;
        measured(audio, wait, |block| {
            worker.reductions_of(block);
            curve.extend(worker.scratch.iter().map(|reduction| 0.0 - reduction));
        })?;
        Ok(curve)
    }

    fn anew(&self) -> Reduction {
        Reduction::new(self.computer, self.times.0, self.times.1)
    }

    /// Makes the next frames softer, as the levels of the next frames of another signal say.
    pub(super) fn process_by(&mut self, key: &SignalBlock, block: &mut SignalBlock) {
        self.reductions_of(key);
        self.soften(block);
    }

    /// Makes a block softer by the reductions in the scratch memory.
    fn soften(&mut self, block: &mut SignalBlock) {
        // Most frames of speech and music are above the threshold of a gate.
        if self.scratch.iter().any(|reduction| *reduction != 0.0) {
            on_planes!(block, planes => self.multiply(planes));
        }
    }

    /// By how many decibels each frame of a block is made softer, as the next of the signal.
    fn reductions_of(&mut self, block: &SignalBlock) {
        on_planes!(block, planes => levels_of(planes, &mut self.scratch));
        self.reduce();
    }

    fn multiply<T: Real>(&mut self, planes: &mut Planes<T>) {
        for gain in &mut self.scratch {
            *gain = factor_of(-*gain);
        }
        for plane in planes.planes_mut() {
            for (sample, gain) in plane.iter_mut().zip(&self.scratch) {
                *sample = sample.times(*gain);
            }
        }
    }
}

impl Processor for Reduction {
    fn begin(&mut self, format: &SignalFormat) -> Result<SignalFormat, Error> {
        let kept = |time| kept_per_frame(time, format.rate);
        self.kept = (kept(self.times.0), kept(self.times.1));
        (self.state, self.hold) = match self.computer {
            Computer::Slope { .. } => (0.0, (0, 0)),
            Computer::Gate { range, hold, .. } => {
                let frames = hold * 1e-3 * f64::from(format.rate.hertz());
                (range, (frames.round_ties_even() as usize, 0))
            }
        };
        Ok(*format)
    }

    fn process(&mut self, block: &mut SignalBlock) {
        self.reductions_of(block);
        self.soften(block);
    }

    fn fresh(&self) -> Box<dyn Processor> {
        Box::new(self.anew())
    }
}
