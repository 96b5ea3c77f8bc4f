//! Convolution block after block.

use std::collections::VecDeque;

use super::blocks::{BlockFilter, BlockScratch, Grid, History};
use super::impulse::ImpulseResponse;
use crate::dsp::fft::Transformed;
use crate::dsp::processor::{Processor, SignalBlock, SignalFormat};
use crate::dtype::Dtype;
use crate::error::Error;
use crate::kernel::planes::{Planes, filled};

/// An impulse response from block to block: what comes out is what [`crate::Audio::convolve`] gives of the whole, bit for
/// bit, with the tail behind the last frame.
///
/// Frames are held back until a block of the convolution is whole: that is the latency. Up to 16 taps need no blocks, and
/// have none. Where the samples stay in their place ([`crate::Audio::apply_inplace`]) the tail has no room, and is cut off.
///
/// ```
/// # use audio_samples::{Audio, SampleRate};
/// use audio_samples::dsp::{ConvolutionMode, Convolver, ImpulseResponse};
/// let audio = Audio::from_vec(vec![0.5_f32; 300], SampleRate::new(48_000)?)?;
/// let room = ImpulseResponse::new(vec![(0..100).map(|tap| 0.9_f64.powi(tap)).collect()])?;
/// let found = audio.apply(&Convolver::new(room.clone()))?;
/// assert_eq!(found.layout().frames(), 399);
/// let whole = audio.convolve(&room, ConvolutionMode::Full)?;
/// assert_eq!(found.to_vec::<f32>()?, whole.to_vec::<f32>()?);
/// # Ok::<(), audio_samples::Error>(())
/// ```
pub struct Convolver {
    impulse: ImpulseResponse,
    state: Option<Convolving>,
}

enum Convolving {
    Single(Tails<f32>),
    Double(Tails<f64>),
}

impl Convolver {
    /// With an impulse response.
    pub fn new(impulse: ImpulseResponse) -> Convolver {
        Convolver {
            impulse,
            state: None,
        }
    }

    fn run(&mut self, block: &mut SignalBlock, ends: bool) {
        match (self.state.as_mut(), block) {
            (None, _) => {}
            (Some(Convolving::Single(tails)), SignalBlock::Single(planes)) => {
                tails.run(planes, ends);
            }
            (Some(Convolving::Double(tails)), SignalBlock::Double(planes)) => {
                tails.run(planes, ends);
            }
            _ => unreachable!("blocks are of the type that the signal began with"),
        }
    }
}

impl Processor for Convolver {
    fn begin(&mut self, format: &SignalFormat) -> Result<SignalFormat, Error> {
        self.impulse.require(format)?;
        self.state = Some(match format.dtype {
            Dtype::Float32 => Convolving::Single(Tails::new(&self.impulse, format.channels)?),
            _ => Convolving::Double(Tails::new(&self.impulse, format.channels)?),
        });
        Ok(*format)
    }

    fn process(&mut self, block: &mut SignalBlock) {
        self.run(block, false);
    }

    fn finish(&mut self, block: &mut SignalBlock) {
        self.run(block, true);
    }

    fn latency(&self) -> usize {
        latency(&Grid::of(self.impulse.taps()))
    }

    fn output_frames(&self, frames: usize) -> usize {
        match frames {
            0 => 0,
            _ => frames.saturating_add(self.impulse.taps() - 1),
        }
    }

    fn fresh(&self) -> Box<dyn Processor> {
        Box::new(Convolver::new(self.impulse.clone()))
    }
}

/// Frames held back: at the last frame of a block all of the block come out.
fn latency(grid: &Grid) -> usize {
    match grid.is_summed() {
        true => 0,
        false => grid.hop - 1,
    }
}

/// The channels of a signal, and what they have in common.
struct Tails<T> {
    filter: BlockFilter<T>,
    work: BlockScratch<T>,
    channels: Vec<Tail<T>>,
    seen: usize,
}

/// One channel between what came in and what goes out.
struct Tail<T> {
    /// Frames from `lead` before the next block on.
    pending: Vec<T>,
    history: History<T>,
    /// What is to come out, after the latency.
    ready: VecDeque<T>,
}

impl<T: Transformed> Tails<T> {
    fn new(impulse: &ImpulseResponse, channels: usize) -> Result<Tails<T>, Error> {
        let filter = BlockFilter::new(impulse)?;
        let tail = |_| {
            Ok(Tail {
                pending: filled(filter.grid.lead, T::zero())?,
                history: filter.history()?,
                ready: filled(latency(&filter.grid), T::zero())?.into(),
            })
        };
        Ok(Tails {
            channels: (0..channels).map(tail).collect::<Result<_, Error>>()?,
            work: filter.scratch(),
            filter,
            seen: 0,
        })
    }

    /// Takes the frames of a block and leaves as many; at the end of the signal all of the rest behind them.
    fn run(&mut self, block: &mut Planes<T>, ends: bool) {
        self.seen += block.frames();
        for (channel, plane) in block.planes_mut().enumerate() {
            self.take(channel, plane);
            self.channels[channel].give(plane);
        }
        if ends {
            let tail = if self.seen > 0 {
                self.filter.grid.taps - 1
            } else {
                0
            };
            let mut rest = Planes::new(block.channels());
            rest.resize(latency(&self.filter.grid) + tail);
            for (channel, plane) in rest.planes_mut().enumerate() {
                let silence = vec![T::zero(); self.filter.grid.hop];
                while self.channels[channel].ready.len() < plane.len() {
                    self.take(channel, &silence);
                }
                self.channels[channel].give(plane);
            }
            block.append(&rest);
        }
    }

    /// Takes frames of a channel, and computes each block that they make whole.
    fn take(&mut self, channel: usize, mut frames: &[T]) {
        let (filter, work) = (&self.filter, &mut self.work);
        let Grid { hop, lead, .. } = filter.grid;
        let tail = &mut self.channels[channel];
        if filter.grid.is_summed() {
            tail.pending.extend_from_slice(frames);
            work.window.resize(frames.len(), T::zero());
            filter.sum(channel, &tail.pending, &mut work.window);
            tail.ready.extend(&work.window);
            tail.pending.drain(..frames.len());
            return;
        }
        loop {
            let missing = lead + hop - tail.pending.len();
            let (now, later) = frames.split_at(missing.min(frames.len()));
            tail.pending.extend_from_slice(now);
            if now.len() < missing {
                return;
            }
            work.window.copy_from_slice(&tail.pending);
            filter.take(work, &mut tail.history);
            tail.ready.extend(filter.give(work, &tail.history, channel));
            tail.pending.drain(..hop);
            frames = later;
        }
    }
}

impl<T: Copy> Tail<T> {
    /// Gives as many of the frames that are ready.
    fn give(&mut self, out: &mut [T]) {
        let count = out.len();
        for (out, sample) in out.iter_mut().zip(self.ready.drain(..count)) {
            *out = sample;
        }
    }
}
