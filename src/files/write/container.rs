//! Files of plain samples: a header, the samples as they are encoded, a trailer.

use std::io::Write;

use super::coder::{Coder, Finished, SampleSpec, Whole, put};
use crate::error::Error;
use crate::files::clipping::ClipCounter;
use crate::files::pcm::block::{Block, transfer};
use crate::files::pcm::encoding::{ByteOrder, Encoding};
use crate::view::{Access, Strided};

/// Makes the bytes around the samples of a file.
pub trait Muxer: Send {
    /// Everything before the samples of so many frames. It has the same length for any number.
    fn header(&self, frames: u64) -> Vec<u8>;

    /// Everything before the samples while their number is not known.
    fn open_header(&self) -> Vec<u8> {
        self.header(0)
    }

    /// Everything behind so many frames.
    fn trailer(&self, frames: u64) -> Vec<u8>;

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
pub struct PcmCoder<M> {
    muxer: M,
    /// How many frames there will be, where that is known.
    known: Option<u64>,
    /// What is not written yet: the first `filled` frames of it.
    block: Block,
    filled: usize,
    counter: Option<ClipCounter>,
    /// Frames so far.
    frames: u64,
}

impl<M: Muxer> PcmCoder<M> {
    /// A file of `frames` frames, or of as many as will come.
    ///
    /// # Errors
    /// No memory, and more frames than the format counts.
    pub fn new(
        muxer: M,
        spec: SampleSpec,
        encoding: Encoding,
        order: ByteOrder,
        frames: Option<usize>,
    ) -> Result<PcmCoder<M>, Error> {
        let known = frames.map(|frames| frames as u64);
        muxer.require(known.unwrap_or(0))?;
        let most = frames.unwrap_or(usize::MAX);
        let is_passed =
            frames.is_some() && encoding.is_sample_type() && encoding.dtype() == spec.dtype;
        let block = match is_passed {
            true => Block::to_pass(encoding, order, spec.channels, most)?,
            false => Block::to_write(encoding, order, spec.channels, most)?,
        };
        Ok(PcmCoder {
            counter: ClipCounter::new(spec.dtype, encoding, spec.channels, block.frames())?,
            muxer,
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

impl<M: Muxer> Coder for PcmCoder<M> {
    fn begin(&mut self, out: &mut dyn Write, _: Whole<'_>) -> Result<(), Error> {
        let header = match self.known {
            Some(frames) => self.muxer.header(frames),
            None => self.muxer.open_header(),
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
        self.muxer.require(total)?;
        let mut done = 0;
        while done < frames {
            let count = (self.block.frames() - self.filled).min(frames - done);
            let part = samples.take_frames(done, count)?;
            transfer(access, &self.block.part(self.filled, count)?, &part)?;
            if let Some(counter) = &mut self.counter {
                counter.add_samples(access, &part)?;
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
        put(out, &self.muxer.trailer(self.frames))?;
        let is_known = self.known == Some(self.frames);
        let clipped = self.counter.as_ref().map(|counter| counter.clipped);
        Ok(Finished {
            clipped: clipped.unwrap_or_default(),
            header: (!is_known).then(|| self.muxer.header(self.frames)),
        })
    }
}
