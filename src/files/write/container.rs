//! Files of plain samples: something before them, the samples as they are encoded, something behind them.

use std::io::Write;

use super::coder::{Coder, Finished, SampleFacts, Whole, put};
use crate::error::Error;
use crate::files::clipping::Watch;
use crate::files::pcm::encoding::{Block, ByteOrder, Encoding, transfer};
use crate::view::{Access, Strided};

/// What is around the samples of a file.
pub trait Wrapping: Send {
    /// Everything before the samples if there are so many frames. It has the same length for any number.
    fn before(&self, frames: u64) -> Vec<u8>;

    /// Everything before the samples while their number is not known.
    fn before_any(&self) -> Vec<u8> {
        self.before(0)
    }

    /// Everything behind so many frames.
    fn behind(&self, frames: u64) -> Vec<u8>;

    /// An error for more frames than the format counts.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`].
    fn require(&self, frames: u64) -> Result<(), Error> {
        let _ = frames;
        Ok(())
    }
}

/// Writes a file of plain samples.
pub struct Plain<E> {
    envelope: E,
    /// How many frames there will be, where that is known.
    known: Option<u64>,
    /// What is not written yet: the first `filled` frames of it.
    block: Block,
    filled: usize,
    watch: Option<Watch>,
    /// Frames so far.
    frames: u64,
}

impl<E: Wrapping> Plain<E> {
    /// A file of `frames` frames, or of as many as will come.
    ///
    /// # Errors
    /// No memory, and more frames than the format counts.
    pub fn new(
        envelope: E,
        kind: SampleFacts,
        encoding: Encoding,
        order: ByteOrder,
        frames: Option<usize>,
    ) -> Result<Plain<E>, Error> {
        let known = frames.map(|frames| frames as u64);
        envelope.require(known.unwrap_or(0))?;
        let most = frames.unwrap_or(usize::MAX);
        let block = Block::to_write(encoding, order, kind.channels, most)?;
        Ok(Plain {
            watch: Watch::new(kind.dtype, encoding, kind.channels, block.frames())?,
            envelope,
            known,
            block,
            filled: 0,
            frames: 0,
        })
    }

    fn store(&mut self, out: &mut dyn Write) -> Result<(), Error> {
        put(out, self.block.encode(self.filled))?;
        self.filled = 0;
        Ok(())
    }
}

impl<E: Wrapping> Coder for Plain<E> {
    fn begin(&mut self, out: &mut dyn Write, _: Whole<'_>) -> Result<(), Error> {
        let header = match self.known {
            Some(frames) => self.envelope.before(frames),
            None => self.envelope.before_any(),
        };
        put(out, &header)
    }

    fn append(
        &mut self,
        out: &mut dyn Write,
        access: &Access,
        samples: &Strided<'_>,
    ) -> Result<(), Error> {
        let frames = samples.layout().frames();
        let total = self.frames + frames as u64;
        self.envelope.require(total)?;
        let mut done = 0;
        while done < frames {
            let count = (self.block.frames() - self.filled).min(frames - done);
            let part = samples.take_frames(done, count)?;
            transfer(access, &self.block.part(self.filled, count)?, &part)?;
            if let Some(watch) = &mut self.watch {
                watch.see(access, &part)?;
            }
            self.filled += count;
            done += count;
            if self.filled == self.block.frames() {
                self.store(out)?;
            }
        }
        self.frames = total;
        Ok(())
    }

    fn finish(&mut self, out: &mut dyn Write) -> Result<Finished, Error> {
        self.store(out)?;
        put(out, &self.envelope.behind(self.frames))?;
        let is_known = self.known == Some(self.frames);
        Ok(Finished {
            clipped: self
                .watch
                .as_ref()
                .map(|watch| watch.clipped)
                .unwrap_or_default(),
            header: (!is_known).then(|| self.envelope.before(self.frames)),
        })
    }
}
