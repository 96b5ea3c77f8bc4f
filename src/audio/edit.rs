//! Changing a file of any plain encoding where it lies, block by block.
//!
//! Nothing but the bytes of changed samples is written: not the header, no other chunk, and no sample that kept
//! its value, however its block was changed around it. Who stops in the middle leaves a valid file, in which
//! every block is the old one or the new one; but a process that is killed while it writes one leaves that new up
//! to some page of the file and old behind it, for there the system ends a write.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::audio::Audio;
use crate::audio::encoding::{Block, Encoding, as_bytes, transfer};
use crate::audio::file::{named, open};
use crate::audio::pcm::bytes::failed;
use crate::audio::pcm::{self, Info};
use crate::dtype::Dtype;
use crate::error::Error;
use crate::registry::{Mode, Patience};
use crate::view::{Effort, Fresh, access};

/// A file that is being changed.
pub struct Edit {
    file: File,
    path: PathBuf,
    info: Info,
    dtype: Dtype,
}

impl Edit {
    /// The file at `path`, whose samples are seen as `dtype`; without one as the narrower float that holds
    /// all of them.
    ///
    /// # Errors
    /// As [`crate::audio::file::read`], and a file that may not be written.
    pub fn open(path: &Path, dtype: Option<Dtype>) -> Result<Edit, Error> {
        let mut file = open(path, true)?;
        let info = pcm::info(&mut file).map_err(|error| named(error, path))?;
        Ok(Edit {
            file,
            path: path.to_path_buf(),
            dtype: dtype.unwrap_or(match info.encoding {
                Encoding::Pcm32 | Encoding::Float64 => Dtype::Float64,
                _ => Dtype::Float32,
            }),
            info,
        })
    }

    /// What the file is.
    pub fn info(&self) -> &Info {
        &self.info
    }

    /// The type of the blocks.
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// `frames` frames from `start` on, in memory of their own.
    ///
    /// # Errors
    /// A damaged file, or one that became shorter.
    pub fn read(&mut self, start: u64, frames: usize) -> Result<Audio, Error> {
        let mut source = pcm::Frames::new(&mut self.file, self.info);
        let read = source.read(Some(self.dtype), start, Some(frames as u64));
        read.map_err(|error| named(error, &self.path))
    }

    /// Stores a block of [`Edit::read`] back at `start`: rounded once, saturated, and only where a sample has
    /// another value than the file. True if anything had to be written.
    ///
    /// # Errors
    /// [`Error::Io`], a file that became shorter, samples that are borrowed.
    pub fn write(
        &mut self,
        start: u64,
        audio: &Audio,
        patience: Patience<'_>,
    ) -> Result<bool, Error> {
        let claim = audio.samples().strided().claim(Mode::Read);
        let written = access(&[claim], Effort::Long, patience, |access| {
            let info = self.info;
            let channels = info.channels;
            let frames = audio.layout().frames();
            let mut old = Block::to_read(info.encoding, info.order, channels, frames)?;
            let mut new = Block::to_write(info.encoding, info.order, channels, old.frames())?;
            let most = old.frames().min(new.frames());
            // Old and new samples, interleaved as the bytes are.
            let mut pair = [
                Fresh::new(&[most, channels], self.dtype)?,
                Fresh::new(&[most, channels], self.dtype)?,
            ];
            let (mut done, mut any) = (0, false);
            while done < frames {
                let count = most.min(frames - done);
                let at = info.data_offset + (start + done as u64) * info.frame_bytes() as u64;
                self.file
                    .seek(SeekFrom::Start(at))
                    .map_err(|error| failed(&error, at))?;
                let bytes = old.bytes(count);
                let filled = self.file.read_exact(bytes);
                filled.map_err(|error| failed(&error, at))?;
                let kept = bytes.to_vec();
                let part = audio.samples().strided().take_frames(done, count)?;
                let decoded = old.decode(count)?;
                for (fresh, from) in pair.iter_mut().zip([&decoded, &part]) {
                    fresh.fill(|access, out| {
                        transfer(access, &out.transposed().take_frames(0, count)?, from)
                    })?;
                }
                transfer(access, &new.samples(count)?, &part)?;
                let [before, after] = &mut pair;
                let size = self.dtype.size();
                let len = count * channels * size;
                let (before, after) = (&as_bytes(before)[..len], &as_bytes(after)[..len]);
                if before != after {
                    let width = info.encoding.width();
                    let mut bytes = new.encode(count).to_vec();
                    let samples = before.chunks_exact(size).zip(after.chunks_exact(size));
                    for (index, (before, after)) in samples.enumerate() {
                        if before == after {
                            let place = index * width..(index + 1) * width;
                            bytes[place.clone()].copy_from_slice(&kept[place]);
                        }
                    }
                    if bytes != kept {
                        self.put(at, &bytes)?;
                        any = true;
                    }
                }
                done += count;
            }
            Ok(any)
        });
        written?.map_err(|error| named(error, &self.path))
    }

    fn put(&mut self, at: u64, bytes: &[u8]) -> Result<(), Error> {
        let io = |error: io::Error| Error::io(&error, Some(&self.path));
        self.file.seek(SeekFrom::Start(at)).map_err(io)?;
        self.file.write_all(bytes).map_err(io)
    }

    /// Waits until every change is on the disk.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn flush(&mut self) -> Result<(), Error> {
        let synced = self.file.sync_data();
        synced.map_err(|error| Error::io(&error, Some(&self.path)))
    }
}
