//! Processors one after the other.

use crate::dsp::processor::{Processor, SignalBlock, SignalFormat, on_planes};
use crate::error::Error;

/// Several processors, each of which takes what comes out of the one before it.
///
/// Each of them counts from the first frame of the signal: the latency of the one before it is taken out in between, and
/// comes as silence in front of all. Where one of them changes the rate there is none, for the lengths of blocks are other
/// ones anyway.
pub struct Chain {
    links: Vec<Link>,
    changes_rate: bool,
}

struct Link {
    processor: Box<dyn Processor>,
    /// Frames of its latency that are still to be taken out.
    late: usize,
}

impl Chain {
    /// In this order; none at all gives back what goes in.
    pub fn new(processors: Vec<Box<dyn Processor>>) -> Chain {
        let link = |processor| Link { processor, late: 0 };
        Chain {
            links: processors.into_iter().map(link).collect(),
            changes_rate: false,
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
        self.changes_rate = last.rate != format.rate;
        for link in &mut self.links {
            link.late = link.processor.latency();
        }
        Ok(last)
    }

    fn process(&mut self, block: &mut SignalBlock) {
        let frames = block.frames();
        for link in &mut self.links {
            link.processor.process(block);
            link.compensate(block);
        }
        if !self.changes_rate {
            let missing = frames - block.frames();
            on_planes!(block, planes => planes.put_silence_first(missing));
        }
    }

    fn finish(&mut self, block: &mut SignalBlock) {
        for link in &mut self.links {
            link.processor.finish(block);
            link.compensate(block);
        }
    }

    fn latency(&self) -> usize {
        let links = self.links.iter().filter(|_| !self.changes_rate);
        links.map(|link| link.processor.latency()).sum()
    }

    fn output_frames(&self, frames: usize) -> usize {
        let links = self.links.iter();
        links.fold(frames, |frames, link| link.processor.output_frames(frames))
    }

    fn fresh(&self) -> Box<dyn Processor> {
        let links = self.links.iter();
        Box::new(Chain::new(
            links.map(|link| link.processor.fresh()).collect(),
        ))
    }
}
