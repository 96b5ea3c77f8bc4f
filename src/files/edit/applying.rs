//! A processor used once on a whole file, where it lies.

use super::Edit;
use crate::audio::{Audio, Wait};
use crate::dsp::{Processor, Session};
use crate::error::Error;
use crate::files::asking::Caller;
use crate::registry::Until;
use crate::view::Lock;

impl Edit {
    /// Processes the whole file in blocks of `block_frames`, and stores what comes out in the place of what went in:
    /// without the latency, and with what is inside at the end. Gives the number of blocks that had to be written.
    ///
    /// # Errors
    /// What the processor is not for, before anything is stored; a processor that changes the rate; [`Error::Io`]; the caller,
    /// who wants it no more: what was stored by then stays so.
    pub fn apply(
        &mut self,
        processor: &dyn Processor,
        block_frames: usize,
        until: Until<'_>,
    ) -> Result<u64, Error> {
        let caller = Caller::of(until);
        let mut session = Session::new(processor.fresh());
        let frames = self.info.frames;
        let (mut read, mut stored, mut written) = (0, Stored::default(), 0);
        while read < frames {
            if !caller.goes_on() {
                return Err(Error::Interrupted);
            }
            let rest = usize::try_from(frames - read).unwrap_or(usize::MAX);
            let block = self.read(read, block_frames.min(rest))?;
            read += block.layout().frames() as u64;
            session.process_inplace(&block, own_wait())?;
            written += self.put_processed(&mut stored, &session, &block)?;
        }
        if let Some(rest) = session.flush()? {
            written += self.put_processed(&mut stored, &session, &rest)?;
        }
        Ok(written)
    }

    /// Stores what came out, but for the latency in front of it.
    fn put_processed(
        &mut self,
        stored: &mut Stored,
        session: &Session,
        block: &Audio,
    ) -> Result<u64, Error> {
        let late = *stored
            .late
            .get_or_insert_with(|| session.processor().latency());
        let frames = block.layout().frames();
        let skipped = late.min(frames);
        stored.late = Some(late - skipped);
        let room = usize::try_from(self.info.frames - stored.frames).unwrap_or(usize::MAX);
        let count = (frames - skipped).min(room);
        if count == 0 {
            return Ok(0);
        }
        let block = block.with_layout(block.layout().take_frames(skipped, count, 1)?)?;
        let written = self.write(stored.frames, &block, Until::Now)?;
        stored.frames += count as u64;
        Ok(u64::from(written))
    }
}

/// What of the processed signal is in the file.
#[derive(Default)]
struct Stored {
    frames: u64,
    /// Frames of latency that are still to come; unknown before the first block.
    late: Option<usize>,
}

/// Blocks are the editor's own: nothing else has them.
fn own_wait() -> Wait<'static> {
    Wait {
        lock: Lock::Leases,
        until: Until::Now,
    }
}
