//! Frames of a file, decoded into samples of their own.

use std::io::{Read, Seek};

use crate::audio::Audio;
use crate::dtype::Dtype;
use crate::error::Error;
use crate::files::facts::{Split, make_room, out_of_range};
use crate::files::pcm::block::{Block, as_bytes, transfer};
use crate::files::pcm::encoding::ByteOrder;
use crate::files::pcm::reader::{failed, seek};
use crate::files::pcm::{Header, Info, Shortage};
use crate::view::{Access, Strided};

/// Bytes of a file that a thread reads at a time: waking a thread takes as long as reading some hundred thousand.
const PART: u64 = 1 << 19;

/// Reads `frames` frames from `start` on, or as many as there are; `None` stands for all the rest. They keep
/// the type of the file ([`Info::dtype`]), or are converted to `dtype` as [`Audio::convert`] does. The reader
/// stands at the beginning of the file; where it stands afterwards is not said.
///
/// # Errors
/// [`Error::File`] with the byte offset of what is damaged or not read, [`Error::Io`], and
/// [`Error::IndexOutOfRange`] for a start behind the last frame.
pub fn read<R: Read + Seek>(
    reader: &mut R,
    dtype: Option<Dtype>,
    start: u64,
    frames: Option<u64>,
) -> Result<Audio, Error> {
    let header = Header::read(reader)?;
    let mut source = Frames::new(reader, header.info);
    source.read(dtype, start, frames)
}

/// The frames of a file, one after the other.
pub struct Frames<R> {
    reader: R,
    info: Info,
    shortage: Option<Shortage>,
    /// The frame that is read next.
    at: u64,
    block: Option<Block>,
}

impl<R: Read + Seek> Frames<R> {
    /// The frames that a header describes.
    pub fn new(reader: R, info: Info) -> Frames<R> {
        Frames::of(reader, info, None)
    }

    /// As [`Frames::new`], of a file that may have been cut short: what it has is read, and the rest is an error.
    pub fn of(reader: R, info: Info, shortage: Option<Shortage>) -> Frames<R> {
        Frames {
            reader,
            info,
            shortage,
            at: 0,
            block: None,
        }
    }

    /// What is missing of a file that was cut short.
    pub fn shortage(&self) -> Option<&Shortage> {
        self.shortage.as_ref()
    }

    /// An error unless all frames up to this one are whole.
    fn require_whole(&self, end: u64) -> Result<(), Error> {
        match &self.shortage {
            Some(shortage) if end > self.info.frames => Err(shortage.error()),
            _ => Ok(()),
        }
    }

    /// What the header says.
    pub fn info(&self) -> &Info {
        &self.info
    }

    /// The frame that is read next.
    pub fn position(&self) -> u64 {
        self.at
    }

    /// Has `frame` be the one that is read next.
    ///
    /// # Errors
    /// [`Error::IndexOutOfRange`] behind the last frame.
    pub fn seek(&mut self, frame: u64) -> Result<(), Error> {
        self.require_whole(frame)?;
        if frame > self.info.frames {
            return Err(out_of_range(frame, self.info.frames));
        }
        self.at = frame;
        Ok(())
    }

    /// How threads may divide the frames among themselves.
    pub fn split(&self) -> Split {
        let bytes = self.info.frame_bytes() as u64;
        // Whole vectors of every sample type, so that no two threads write to one cache line.
        let frames = (PART / bytes.max(1)).next_multiple_of(1024).max(1024);
        Split {
            least: frames,
            most: frames,
            last: self.info.frames,
        }
    }

    /// [`read`], from a header that is known.
    ///
    /// # Errors
    /// As there.
    pub fn read(
        &mut self,
        dtype: Option<Dtype>,
        start: u64,
        frames: Option<u64>,
    ) -> Result<Audio, Error> {
        self.seek(start)?;
        self.require_whole(frames.map_or(u64::MAX, |frames| start.saturating_add(frames)))?;
        let rest = self.info.frames - start;
        let frames = frames.unwrap_or(rest).min(rest);
        let dtype = dtype.unwrap_or(self.info.dtype());
        // No more frames than the file has bytes for: the header was held against its length.
        let frames = usize::try_from(frames).map_err(|_| Error::TooLarge {
            samples: usize::MAX,
            size: dtype.size(),
        })?;
        let mut out = make_room(self.info.channels, frames, dtype)?;
        if self.is_memory(dtype) {
            let at = self.offset();
            seek(&mut self.reader, at)?;
            let filled = self.reader.read_exact(as_bytes(&mut out));
            filled.map_err(|error| failed(&error, at))?;
            self.at += frames as u64;
        } else {
            out.fill(|access, out| self.read_into(access, &out))?;
        }
        Audio::new(out.share(), self.info.rate)
    }

    /// Fills `out` with the next frames, converted to its type. There are as many.
    ///
    /// # Errors
    /// [`Error::File`] and [`Error::Io`]. The position is behind the frames that were stored then.
    pub fn read_into(&mut self, access: &Access, out: &Strided<'_>) -> Result<(), Error> {
        let info = self.info;
        let frames = out.layout().frames();
        self.require_whole(self.at + frames as u64)?;
        let mut at = self.offset();
        seek(&mut self.reader, at)?;
        let mut block = match self.block.take() {
            Some(block) if block.frames() >= frames || block.is_full_size() => block,
            _ => Block::to_read(&info, frames)?,
        };
        let mut done = 0;
        while done < frames {
            let count = block.frames().min(frames - done);
            let bytes = block.bytes(count);
            let filled = self.reader.read_exact(bytes);
            filled.map_err(|error| failed(&error, at))?;
            at += bytes.len() as u64;
            let decoded = block.decode(count)?;
            transfer(access, &out.take_frames(done, count)?, &decoded)?;
            done += count;
            self.at += count as u64;
        }
        self.block = Some(block);
        Ok(())
    }

    fn offset(&self) -> u64 {
        self.info.data_offset + self.at * self.info.frame_bytes() as u64
    }

    /// Whether the bytes of the file are the bytes of the samples asked for.
    fn is_memory(&self, dtype: Dtype) -> bool {
        let info = &self.info;
        info.channels == 1
            && info.encoding.is_sample_type()
            && info.dtype() == dtype
            && info.order == ByteOrder::NATIVE
    }
}
