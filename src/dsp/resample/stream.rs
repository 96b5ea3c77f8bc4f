//! Resampling block after block.

use std::sync::Arc;

use super::design::{BlockMemory, Converter, Designed};
use super::{Quality, Ratio};
use crate::audio::SampleRate;
use crate::dsp::processor::{Processor, SignalBlock, SignalFormat};
use crate::dtype::Dtype;
use crate::error::Error;
use crate::kernel::planes::{Planes, Real};

/// Another sample rate: what comes out is what [`crate::Audio::resample`] gives of the whole, bit for bit. No frame comes
/// late; as many are held back as a block of the filter takes.
pub struct Resampler {
    rate: SampleRate,
    quality: Quality,
    state: Option<RateChange>,
}

enum RateChange {
    /// The rate is that of the signal.
    Same,
    Single(Ratio, Lines<f32>),
    Double(Ratio, Lines<f64>),
}

impl Resampler {
    /// To a rate.
    pub fn new(rate: SampleRate, quality: Quality) -> Resampler {
        Resampler {
            rate,
            quality,
            state: None,
        }
    }

    /// From where on a resampler that begins anew gives the same from `frame` of what comes out on: the frame that goes in
    /// first, and the one that comes out first.
    ///
    /// # Errors
    /// As [`Ratio::new`].
    pub fn entry(&self, format: &SignalFormat, frame: usize) -> Result<(usize, usize), Error> {
        let ratio = Ratio::new(format.rate, self.rate)?;
        if format.rate == self.rate {
            return Ok((frame, frame));
        }
        let (hop_in, hop_out) = match self.quality.compute(format.dtype) {
            Dtype::Float32 => f32::converter(ratio, self.quality).hops(),
            _ => f64::converter(ratio, self.quality).hops(),
        };
        // What is in front of the first block is silence to it: the second is the first that is the same.
        let blocks = (frame / hop_out).saturating_sub(1);
        Ok((blocks * hop_in, blocks * hop_out))
    }

    fn run(&mut self, block: &mut SignalBlock, ends: bool) {
        match (self.state.as_mut(), block) {
            (None | Some(RateChange::Same), _) => {}
            (Some(RateChange::Single(ratio, lines)), SignalBlock::Single(planes)) => {
                lines.run(planes, ends.then_some(*ratio));
            }
            (Some(RateChange::Double(ratio, lines)), SignalBlock::Single(planes)) => {
                lines.run(planes, ends.then_some(*ratio));
            }
            (Some(RateChange::Double(ratio, lines)), SignalBlock::Double(planes)) => {
                lines.run(planes, ends.then_some(*ratio));
            }
            (Some(RateChange::Single(..)), SignalBlock::Double(_)) => {
                unreachable!("float64 is computed in float64")
            }
        }
    }
}

impl Processor for Resampler {
    fn begin(&mut self, format: &SignalFormat) -> Result<SignalFormat, Error> {
        let ratio = Ratio::of_quality(format.rate, self.rate, self.quality)?;
        let channels = format.channels;
        self.state = Some(match self.quality.compute(format.dtype) {
            _ if format.rate == self.rate => RateChange::Same,
            Dtype::Float32 => RateChange::Single(ratio, Lines::new(ratio, self.quality, channels)),
            _ => RateChange::Double(ratio, Lines::new(ratio, self.quality, channels)),
        });
        Ok(SignalFormat {
            rate: self.rate,
            ..*format
        })
    }

    fn process(&mut self, block: &mut SignalBlock) {
        self.run(block, false);
    }

    fn finish(&mut self, block: &mut SignalBlock) {
        self.run(block, true);
    }

    fn changes_lengths(&self) -> bool {
        !matches!(self.state, None | Some(RateChange::Same))
    }

    fn output_frames(&self, frames: usize) -> usize {
        match &self.state {
            None | Some(RateChange::Same) => frames,
            Some(RateChange::Single(ratio, _) | RateChange::Double(ratio, _)) => {
                ratio.frames(frames)
            }
        }
    }

    fn fresh(&self) -> Box<dyn Processor> {
        Box::new(Resampler::new(self.rate, self.quality))
    }
}

/// Frames that came in and have not gone out: of each channel those from `half` before the next block on.
struct Lines<T> {
    design: Arc<Converter<T>>,
    work: BlockMemory<T>,
    pending: Vec<Vec<T>>,
    seen: usize,
    given: usize,
}

impl<T: Designed> Lines<T> {
    fn new(ratio: Ratio, quality: Quality, channels: usize) -> Lines<T> {
        let design = T::converter(ratio, quality);
        Lines {
            work: design.work(),
            pending: vec![vec![T::zero(); design.half]; channels],
            design,
            seen: 0,
            given: 0,
        }
    }

    /// Takes the frames of a block and leaves what comes out; at the end of the signal all of the rest.
    fn run<S: Real>(&mut self, block: &mut Planes<S>, end: Option<Ratio>) {
        let channels = self.pending.len();
        self.seen += block.frames();
        for (pending, plane) in self.pending.iter_mut().zip(block.planes()) {
            pending.extend(plane.iter().map(|sample| T::nearest(sample.to_f64())));
        }
        let mut out = vec![Vec::new(); channels];
        let mut count = 0;
        let total = end.map(|ratio| ratio.frames(self.seen));
        let held = self.pending.first().map_or(0, Vec::len);
        let mut at = 0;
        loop {
            let wanted = match total {
                // To the last frame, with silence behind it.
                Some(total) if self.given < total => self.design.hop_out.min(total - self.given),
                None if held - at >= self.design.len_in() => self.design.hop_out,
                _ => break,
            };
            let work = &mut self.work;
            for (pending, out) in self.pending.iter().zip(&mut out) {
                let there = pending.get(at..).unwrap_or_default();
                let there = &there[..there.len().min(self.design.len_in())];
                let (filled, rest) = work.input.split_at_mut(there.len());
                filled.copy_from_slice(there);
                rest.fill(T::zero());
                let found = self.design.run(work);
                out.extend(
                    found[..wanted]
                        .iter()
                        .map(|sample| S::nearest(sample.to_f64())),
                );
            }
            at += self.design.hop_in;
            self.given += wanted;
            count += wanted;
        }
        for pending in &mut self.pending {
            pending.drain(..at.min(pending.len()));
        }
        block.resize(count);
        for (plane, out) in block.planes_mut().zip(&out) {
            plane.copy_from_slice(out);
        }
    }
}
