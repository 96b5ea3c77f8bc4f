//! Processors one after the other.

use crate::dsp::processor::{Processor, SignalBlock, SignalFormat, on_planes};
use crate::error::Error;

/// Several processors, each of which takes what comes out of the one before it.
///
/// Each of them counts from the first frame of the signal: the latency of the one before it is taken out in between, and
/// comes as silence in front of all. Where one of them changes the rate there is none, for the lengths of blocks are other
/// ones anyway.
pub struct Chain {
    stages: Vec<Stage>,
    changes_rate: bool,
}

struct Stage {
    processor: Box<dyn Processor>,
    /// Frames of its latency that are still to be taken out.
    late: usize,
}

impl Chain {
    /// In this order; none at all gives back what goes in.
    pub fn new(processors: Vec<Box<dyn Processor>>) -> Chain {
        let stage = |processor| Stage { processor, late: 0 };
        Chain {
            stages: processors.into_iter().map(stage).collect(),
            changes_rate: false,
        }
    }
}

impl Stage {
    fn compensate(&mut self, block: &mut SignalBlock) {
        let skipped = self.late.min(block.frames());
        self.late -= skipped;
        on_planes!(block, planes => planes.drop_first(skipped));
    }
}

impl Processor for Chain {
    fn begin(&mut self, format: &SignalFormat) -> Result<SignalFormat, Error> {
        let mut stages = self.stages.iter_mut();
        let last = stages.try_fold(*format, |format, stage| stage.processor.begin(&format))?;
        self.changes_rate = last.rate != format.rate;
        for stage in &mut self.stages {
            stage.late = stage.processor.latency();
        }
        Ok(last)
    }

    fn process(&mut self, block: &mut SignalBlock) {
        let frames = block.frames();
        for stage in &mut self.stages {
            stage.processor.process(block);
            stage.compensate(block);
        }
        if !self.changes_rate {
            let missing = frames - block.frames();
            on_planes!(block, planes => planes.put_silence_first(missing));
        }
    }

    fn finish(&mut self, block: &mut SignalBlock) {
        for stage in &mut self.stages {
            stage.processor.finish(block);
            stage.compensate(block);
        }
    }

    fn latency(&self) -> usize {
        let stages = self.stages.iter().filter(|_| !self.changes_rate);
        stages.map(|stage| stage.processor.latency()).sum()
    }

    fn output_frames(&self, frames: usize) -> usize {
        let stages = self.stages.iter();
        stages.fold(frames, |frames, stage| {
            stage.processor.output_frames(frames)
        })
    }

    fn fresh(&self) -> Box<dyn Processor> {
        let stages = self.stages.iter();
        Box::new(Chain::new(
            stages.map(|stage| stage.processor.fresh()).collect(),
        ))
    }
}
