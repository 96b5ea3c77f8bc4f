//! Files block by block: as much memory as a block takes, however long the file.

use crate::audio::Audio;
use crate::dtype::Dtype;
use crate::error::Error;
use crate::files::asking::Caller;
use crate::files::conformed::ConformedFrames;
use crate::files::facts::{Facts, make_room, out_of_range};
use crate::files::input::Input;
use crate::files::pcm::block::transfer;
use crate::files::selection::{ReadAs, Selection};
use crate::files::source::FrameSource;
use crate::registry::{Mode, Until};
use crate::view::{Access, Fresh, Lock, Strided, access};

/// How a file is cut into blocks.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    /// Frames of a block; the last one may have fewer.
    pub block: usize,
    /// Frames from the beginning of one block to that of the next.
    pub hop: usize,
    /// The first frame of the first block.
    pub start: u64,
    /// How many frames there are to be cut; `None` stands for all the rest.
    pub frames: Option<u64>,
}

impl Cut {
    fn require_frames(&self) -> Result<(), Error> {
        if self.block > 0 && self.hop > 0 {
            return Ok(());
        }
        Err(Error::invalid(format!(
            "blocks of {} frames every {} frames never reach the end; both take at least 1",
            self.block, self.hop
        )))
    }
}

/// The blocks of a file, one after the other.
pub struct Stream {
    source: StreamedFrames,
    dtype: Dtype,
    cut: Cut,
    /// One past the last frame of the last block.
    end: u64,
    /// The first frame of the next block; `None` after the last one.
    next: Option<u64>,
    kept: Option<Kept>,
}

/// Where the frames of the blocks come from.
enum StreamedFrames {
    /// As the file has them.
    Stored(FrameSource<'static>),
    /// At the caller's rate and in the caller's channels.
    Conformed(Box<ConformedFrames>),
}

impl StreamedFrames {
    fn facts(&self) -> &Facts {
        match self {
            StreamedFrames::Stored(source) => source.facts(),
            StreamedFrames::Conformed(frames) => frames.facts(),
        }
    }

    fn likely_frames(&self) -> u64 {
        match self {
            StreamedFrames::Stored(source) => source.likely_frames(),
            StreamedFrames::Conformed(frames) => frames.likely_frames(),
        }
    }

    /// Fills `out` with the frames from `frame` on.
    fn read_into(
        &mut self,
        access: &Access,
        out: &Strided<'_>,
        frame: u64,
        caller: &Caller<'_>,
    ) -> Result<(), Error> {
        match self {
            StreamedFrames::Stored(source) => {
                source.seek(frame)?;
                source.read_into(access, out)
            }
            StreamedFrames::Conformed(frames) => {
                frames.seek(frame, caller)?;
                frames.read_into(access, out, caller)
            }
        }
    }
}

/// The last frames of a block, which are the first of the next: kept, for a decoder seeks back at a price.
struct Kept {
    samples: Fresh,
    /// The first of them.
    start: u64,
    /// How many of them there are.
    frames: usize,
}

impl Stream {
    /// The blocks of a file, as floats or in another type. A file that does not say how many frames it has is
    /// read once to count them.
    ///
    /// # Errors
    /// As [`crate::files::read_from`], and [`Error::InvalidArgument`] for blocks or hops of no frame.
    pub fn open(input: Input<'static>, dtype: ReadAs, cut: Cut) -> Result<Stream, Error> {
        cut.require_frames()?;
        let mut source = FrameSource::open(input)?;
        let all = source.count()?;
        source.seek(cut.start)?;
        Ok(Stream::of(
            dtype.of(source.facts()),
            StreamedFrames::Stored(source),
            cut,
            all,
        ))
    }

    /// The blocks of what [`crate::files::read_from`] gives of a selection, at a rate and in channels of the caller's, in
    /// the type `dtype`. They are cut by the frames of that, which count from its beginning; `block` and `hop` are theirs.
    ///
    /// # Errors
    /// As [`Stream::open`]; channels that those of the file do not become.
    pub fn conformed(
        input: Input<'static>,
        selection: Selection,
        dtype: ReadAs,
        (block, hop): (usize, usize),
    ) -> Result<Stream, Error> {
        let cut = Cut {
            block,
            hop,
            start: 0,
            frames: None,
        };
        cut.require_frames()?;
        let source = FrameSource::open(input)?;
        let dtype = dtype.of(source.facts());
        let frames = ConformedFrames::of(source, selection)?;
        let all = frames.count();
        let source = StreamedFrames::Conformed(Box::new(frames));
        Ok(Stream::of(dtype, source, cut, all))
    }

    fn of(dtype: Dtype, source: StreamedFrames, cut: Cut, all: u64) -> Stream {
        let rest = all - cut.start;
        let end = cut.start + cut.frames.unwrap_or(rest).min(rest);
        Stream {
            dtype,
            source,
            cut,
            end,
            next: (cut.start < end).then_some(cut.start),
            kept: None,
        }
    }

    /// What the file is, or what is made of it.
    pub fn facts(&self) -> &Facts {
        self.source.facts()
    }

    /// The type of the blocks.
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// How the file is cut.
    pub fn cut(&self) -> Cut {
        self.cut
    }

    /// The first frame of the next block, or the end.
    pub fn position(&self) -> u64 {
        self.next.unwrap_or(self.end)
    }

    /// One past the last frame of the last block.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// How many blocks there are, from the first frame of the cut on. A file that claims more than its bytes can be is
    /// damaged, and a caller may make room for as many blocks as this says.
    pub fn blocks(&self) -> usize {
        let frames = (self.end - self.cut.start).min(self.source.likely_frames());
        let (block, hop) = (self.cut.block as u64, self.cut.hop as u64);
        // The last block is the first one that reaches the end, or that the next would begin behind.
        let reaching = 1 + frames.saturating_sub(block).div_ceil(hop);
        usize::try_from(reaching.min(frames.div_ceil(hop))).unwrap_or(usize::MAX)
    }

    /// Has the next block begin at `frame`, counted from the beginning of the file.
    ///
    /// # Errors
    /// [`Error::IndexOutOfRange`] behind the end.
    pub fn seek(&mut self, frame: u64) -> Result<(), Error> {
        if frame > self.end {
            return Err(out_of_range(frame, self.end));
        }
        self.next = (frame < self.end).then_some(frame);
        Ok(())
    }

    /// Memory for a block.
    ///
    /// # Errors
    /// No memory.
    pub fn make_block(&self, frames: usize) -> Result<Audio, Error> {
        let facts = self.facts();
        let fresh = make_room(facts.channels, frames, self.dtype)?;
        Audio::new(fresh.share(), facts.rate)
    }

    /// Frames of the next block; 0 after the last one.
    pub fn next_frames(&self) -> usize {
        let rest = self.end - self.position();
        usize::try_from(rest).map_or(self.cut.block, |rest| rest.min(self.cut.block))
    }

    /// Reads the next block into memory of [`Stream::next_frames`] frames.
    ///
    /// # Errors
    /// A damaged file, memory of another shape, samples that are borrowed.
    pub fn read_into(&mut self, block: &Audio, until: Until<'_>) -> Result<(), Error> {
        let count = self.next_frames() as u64;
        let out = block.samples().strided();
        let at = self.position();
        let claims = [out.claim(Mode::Write)];
        let caller = Caller::of(until);
        let read = caller.until(|until| {
            access(&claims, Lock::Leases, until, |access| {
                let ready = match &mut self.kept {
                    Some(kept) if kept.start == at => {
                        let frames = kept.frames.min(out.layout().frames());
                        let from = kept.samples.strided().take_frames(0, frames)?;
                        transfer(access, &out.take_frames(0, frames)?, &from)?;
                        frames
                    }
                    _ => 0,
                };
                let rest = out.layout().frames() - ready;
                let rest = out.take_frames(ready, rest)?;
                self.source
                    .read_into(access, &rest, at + ready as u64, &caller)?;
                self.keep(access, &out, at)
            })
        });
        read??;
        let reached = self.position() + count;
        let next = self.position().saturating_add(self.cut.hop as u64);
        self.next = (reached < self.end && next < self.end).then_some(next);
        Ok(())
    }

    /// Keeps what the block that begins at frame `at` shares with the next.
    fn keep(&mut self, access: &Access, block: &Strided<'_>, at: u64) -> Result<(), Error> {
        let Cut {
            block: most, hop, ..
        } = self.cut;
        let frames = block.layout().frames();
        if hop >= frames {
            return Ok(());
        }
        if self.kept.is_none() {
            let all = usize::try_from(self.end).unwrap_or(usize::MAX);
            let channels = self.facts().channels;
            self.kept = Some(Kept {
                samples: make_room(channels, most.min(all) - hop, self.dtype)?,
                start: 0,
                frames: 0,
            });
        }
        if let Some(kept) = &mut self.kept {
            let shared = frames - hop;
            let out = kept.samples.strided().take_frames(0, shared)?;
            transfer(access, &out, &block.take_frames(hop, shared)?)?;
            (kept.start, kept.frames) = (at + hop as u64, shared);
        }
        Ok(())
    }
}
