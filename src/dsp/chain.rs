//! Processors one after the other.

use crate::dsp::processor::{Processor, SignalBlock, SignalFormat};
use crate::error::Error;

/// Several processors, each of which takes what comes out of the one before it.
pub struct Chain {
    stages: Vec<Box<dyn Processor>>,
}

impl Chain {
    /// In this order; none at all gives back what goes in.
    pub fn new(stages: Vec<Box<dyn Processor>>) -> Chain {
        Chain { stages }
    }
}

impl Processor for Chain {
    fn begin(&mut self, format: &SignalFormat) -> Result<SignalFormat, Error> {
        let mut stages = self.stages.iter_mut();
        stages.try_fold(*format, |format, stage| stage.begin(&format))
    }

    fn process(&mut self, block: &mut SignalBlock) {
        for stage in &mut self.stages {
            stage.process(block);
        }
    }

    fn finish(&mut self, block: &mut SignalBlock) {
        for stage in &mut self.stages {
            stage.finish(block);
        }
    }

    fn latency(&self) -> usize {
        self.stages.iter().map(|stage| stage.latency()).sum()
    }

    fn output_frames(&self, frames: usize) -> usize {
        let stages = self.stages.iter();
        stages.fold(frames, |frames, stage| stage.output_frames(frames))
    }

    fn fresh(&self) -> Box<dyn Processor> {
        let stages = self.stages.iter().map(|stage| stage.fresh()).collect();
        Box::new(Chain { stages })
    }
}
