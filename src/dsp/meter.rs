//! Levels of a signal that comes in blocks.

use crate::audio::measure::{Levels, RunningLevels};
use crate::audio::{Audio, Wait};
use crate::dsp::processor::{SignalBlock, SignalFormat, measured};
use crate::error::Error;

/// Peak, RMS and offset of all blocks so far: what the methods of audio give of the whole, bit for bit.
#[derive(Clone, Debug, Default)]
pub struct LevelMeter {
    signal: Option<(SignalFormat, AnyLevels)>,
}

#[derive(Clone, Debug)]
enum AnyLevels {
    Single(RunningLevels<f32>),
    Double(RunningLevels<f64>),
}

impl LevelMeter {
    /// Nothing measured yet.
    pub fn new() -> LevelMeter {
        LevelMeter::default()
    }

    /// Takes in a block.
    ///
    /// # Errors
    /// A block of another format than those before it; samples that are borrowed for writing.
    pub fn update(&mut self, audio: &Audio, wait: Wait<'_>) -> Result<(), Error> {
        let is_first = self.signal.is_none();
        let done = self.update_next(audio, wait);
        if is_first && done.is_err() {
            self.signal = None;
        }
        done
    }

    fn update_next(&mut self, audio: &Audio, wait: Wait<'_>) -> Result<(), Error> {
        let format = SignalFormat::of(audio);
        let (known, levels) = self.signal.get_or_insert_with(|| {
            let levels = match SignalBlock::empty(format.dtype, format.channels) {
                SignalBlock::Single(_) => AnyLevels::Single(RunningLevels::new(format.channels)),
                SignalBlock::Double(_) => AnyLevels::Double(RunningLevels::new(format.channels)),
            };
            (format, levels)
        });
        known.require(&format)?;
        measured(audio, wait, |block| match (&mut *levels, block) {
            (AnyLevels::Single(levels), SignalBlock::Single(planes)) => levels.add(planes),
            (AnyLevels::Double(levels), SignalBlock::Double(planes)) => levels.add(planes),
            _ => unreachable!("blocks of one type"),
        })
    }

    /// The levels of each channel so far; none before the first block.
    pub fn levels(&self) -> Vec<Levels> {
        match &self.signal {
            None => Vec::new(),
            Some((_, AnyLevels::Single(levels))) => levels.levels(),
            Some((_, AnyLevels::Double(levels))) => levels.levels(),
        }
    }
}
