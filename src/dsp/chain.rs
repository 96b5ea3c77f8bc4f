//! Processors one after the other.

use crate::dsp::processor::{Processor, SignalBlock, SignalFormat, on_planes};
use crate::error::Error;

/// Several processors, each of which takes what comes out of the one before it.
///
/// Each of them counts from the first frame of the signal: the latency of the one before it is taken out in between, and
/// comes as silence in front of all. Where one of them changes how many frames there are there is none, for the lengths of
/// blocks are other ones anyway.
pub struct Chain {
    links: Vec<Link>,
    /// Frames of silence in front of all that have not come out yet.
    silence: usize,
}

struct Link {
    processor: Box<dyn Processor>,
    /// Frames of its latency that are still to be taken out.
    late: usize,
}

impl Chain {
    /// In this order; none at all gives back what goes in.
    ///
    /// Chains within are as if their processors stood here: of chains of chains the time grows with the cube of their depth,
    /// and the stack with it, until it ends the process.
    pub fn new(processors: Vec<Box<dyn Processor>>) -> Chain {
        let link = |processor| Link { processor, late: 0 };
        let each = (processors.into_iter())
            .flat_map(|processor| processor.links().unwrap_or_else(|| vec![processor]));
        Chain {
            links: each.map(link).collect(),
            silence: 0,
        }
    }
}

impl Link {
    fn compensate(&mut self, block: &mut SignalBlock) {
        let skipped = self.late.min(block.frames());
        self.late -= skipped;
        on_planes!(block, planes => planes.drop_first(skipped));
    }
}

impl Processor for Chain {
    fn begin(&mut self, format: &SignalFormat) -> Result<SignalFormat, Error> {
        let mut links = self.links.iter_mut();
        let last = links.try_fold(*format, |format, link| link.processor.begin(&format))?;
        for link in &mut self.links {
            link.late = link.processor.latency();
        }
        self.silence = self.latency();
        Ok(last)
    }

    fn process(&mut self, block: &mut SignalBlock) {
        let frames = block.frames();
        for link in &mut self.links {
            link.processor.process(block);
            link.compensate(block);
        }
        let missing = frames.saturating_sub(block.frames()).min(self.silence);
        self.silence -= missing;
        on_planes!(block, planes => planes.put_silence_first(missing));
    }

    fn finish(&mut self, block: &mut SignalBlock) {
        for link in &mut self.links {
            link.processor.finish(block);
            link.compensate(block);
        }
        // Of a signal shorter than the latency.
        let missing = std::mem::take(&mut self.silence);
        on_planes!(block, planes => planes.put_silence_first(missing));
    }

    fn latency(&self) -> usize {
        if self.changes_lengths() {
            return 0;
        }
        let late = |sum: usize, link: &Link| sum.saturating_add(link.processor.latency());
        self.links.iter().fold(0, late)
    }

    fn changes_lengths(&self) -> bool {
        self.links
            .iter()
            .any(|link| link.processor.changes_lengths())
    }

    fn output_frames(&self, frames: usize) -> usize {
        let links = self.links.iter();
        links.fold(frames, |frames, link| link.processor.output_frames(frames))
    }

    fn fresh(&self) -> Box<dyn Processor> {
        Box::new(Chain::new(self.links().unwrap_or_default()))
    }

    fn links(&self) -> Option<Vec<Box<dyn Processor>>> {
        let links = self.links.iter();
        Some(links.map(|link| link.processor.fresh()).collect())
    }
}
