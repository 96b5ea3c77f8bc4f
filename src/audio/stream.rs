//! Files block by block: as much memory as a block takes, however long the file.

use std::fs::File;
use std::path::Path;

use crate::audio::Audio;
use crate::audio::file::{named, open};
use crate::audio::pcm::{self, Frames, Info};
use crate::dtype::Dtype;
use crate::error::Error;
use crate::registry::{Mode, Patience};
use crate::view::{Effort, Fresh, access};

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

/// The blocks of a file, one after the other.
pub struct Stream {
    frames: Frames<File>,
    path: std::path::PathBuf,
    dtype: Dtype,
    cut: Cut,
    /// One past the last frame of the last block.
    end: u64,
    /// The first frame of the next block; `None` after the last one.
    next: Option<u64>,
}

impl Stream {
    /// The blocks of the file at `path`, in the file's own type or converted.
    ///
    /// # Errors
    /// As [`crate::audio::file::read`], and [`Error::InvalidArgument`] for blocks or hops of no frame.
    pub fn open(path: &Path, dtype: Option<Dtype>, cut: Cut) -> Result<Stream, Error> {
        if cut.block == 0 || cut.hop == 0 {
            return Err(Error::InvalidArgument {
                message: format!(
                    "blocks of {} frames every {} frames never reach the end; both take at least 1",
                    cut.block, cut.hop
                ),
            });
        }
        let mut file = open(path, false)?;
        let info = pcm::info(&mut file).map_err(|error| named(error, path))?;
        let mut frames = Frames::new(file, info);
        frames.seek(cut.start)?;
        let rest = info.frames - cut.start;
        let end = cut.start + cut.frames.unwrap_or(rest).min(rest);
        Ok(Stream {
            frames,
            path: path.to_path_buf(),
            dtype: dtype.unwrap_or(info.dtype()),
            cut,
            end,
            next: (cut.start < end).then_some(cut.start),
        })
    }

    /// What the file is.
    pub fn info(&self) -> &Info {
        self.frames.info()
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

    /// Has the next block begin at `frame`, counted from the beginning of the file.
    ///
    /// # Errors
    /// [`Error::IndexOutOfRange`] behind the end.
    pub fn seek(&mut self, frame: u64) -> Result<(), Error> {
        if frame > self.end {
            return Err(Error::IndexOutOfRange {
                what: "frame",
                index: i128::from(frame),
                count: usize::try_from(self.end).unwrap_or(usize::MAX),
            });
        }
        self.next = (frame < self.end).then_some(frame);
        Ok(())
    }

    /// Memory for a block.
    ///
    /// # Errors
    /// No memory.
    pub fn make_block(&self, frames: usize) -> Result<Audio, Error> {
        let info = self.info();
        let fresh = if info.channels == 1 {
            Fresh::new(&[frames], self.dtype)?
        } else {
            Fresh::new(&[info.channels, frames], self.dtype)?
        };
        Audio::new(fresh.share(), info.rate)
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
    pub fn read_into(&mut self, block: &Audio, patience: Patience<'_>) -> Result<(), Error> {
        let count = self.next_frames() as u64;
        let out = block.samples().strided();
        self.frames.seek(self.position())?;
        let claims = [out.claim(Mode::Write)];
        let read = access(&claims, Effort::Long, patience, |access| {
            self.frames.read_into(access, &out)
        });
        read?.map_err(|error| named(error, &self.path))?;
        let reached = self.position() + count;
        let next = self.position().saturating_add(self.cut.hop as u64);
        self.next = (reached < self.end && next < self.end).then_some(next);
        Ok(())
    }
}
