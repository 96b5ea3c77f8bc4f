//! Changing a file of any plain encoding where it lies, block by block.
//!
//! Nothing but samples is written: not the header and no other chunk. A sample that kept its value keeps its
//! bytes, however its block was changed around it.
//!
//! A process that is killed in the middle leaves a valid file. Each sample in it is the old one or the new one, and so
//! is each block except the one that the process was writing: that one is new up to some page ([`page_size`]) and old
//! behind it, since the system cuts a write at pages. A sample that lies across two pages is stored by itself, at once.

mod applying;

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use bytemuck::{AnyBitPattern, cast_slice};

use crate::audio::Audio;
use crate::dtype::Dtype;
use crate::error::Error;
use crate::files::clipping::{ClipCounter, Clipped};
use crate::files::facts::Facts;
use crate::files::pcm;
use crate::files::pcm::block::{Block, as_bytes, transfer};
use crate::files::pcm::reader::failed;
use crate::files::pcm::{Header, Info};
use crate::files::regular;
use crate::files::selection::ReadAs;
use crate::memory::{Straddling, page_size};
use crate::registry::{Mode, Until};
use crate::view::{Access, Fresh, Lock, Strided, access};

/// A file that is being changed.
pub struct Edit {
    file: File,
    path: PathBuf,
    info: Info,
    dtype: Dtype,
    /// What was clipped of the block stored last, which may be stored again, and of those before it.
    latest: (u64, Clipped),
    earlier: Clipped,
}

impl Edit {
    /// The file at `path`, whose samples are seen as `dtype` says.
    ///
    /// # Errors
    /// As [`crate::files::path::read`], and a file that may not be written.
    pub fn open(path: &Path, dtype: ReadAs) -> Result<Edit, Error> {
        let mut file = regular::open(path, true)?;
        let header = Header::of(
            &mut file,
            "edit() changes plain samples only; read() decodes this file, and write() makes a new one",
        );
        let info = header.map_err(|error| error.at_path(path))?.info;
        Ok(Edit {
            file,
            path: path.to_path_buf(),
            dtype: dtype.of(&Facts::from(&info)),
            info,
            latest: (0, Clipped::default()),
            earlier: Clipped::default(),
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

    /// What was clipped of all that was stored.
    pub fn clipped(&self) -> Clipped {
        let mut all = self.earlier;
        all.add(self.latest.1);
        all
    }

    /// `frames` frames from `start` on, in memory of their own.
    ///
    /// # Errors
    /// A damaged file, or one that became shorter.
    pub fn read(&mut self, start: u64, frames: usize) -> Result<Audio, Error> {
        // A later write of this block counts what is clipped then: what was clipped before counts too.
        self.earlier.add(std::mem::take(&mut self.latest.1));
        let mut source = pcm::Frames::new(&mut self.file, self.info);
        let read = source.read(Some(self.dtype), start, Some(frames as u64));
        read.map_err(|error| error.at_path(&self.path))
    }

    /// Stores a block of [`Edit::read`] back at `start`: rounded once, saturated, and only where a sample has
    /// another value than the file. True if anything had to be written.
    ///
    /// # Errors
    /// [`Error::Io`], a file that became shorter, samples that are borrowed.
    pub fn write(&mut self, start: u64, audio: &Audio, until: Until<'_>) -> Result<bool, Error> {
        let samples = audio.samples().strided();
        let claims = [samples.claim(Mode::Read)];
        let written = access(&claims, Lock::Leases, until, |access| {
            if self.info.encoding.is_sample_type() && self.info.dtype() == self.dtype {
                let any = self.write_exact(start, access, &samples)?;
                return Ok((any, Clipped::default()));
            }
            self.write_rounded(start, access, &samples)
        });
        let (any, clipped) = written?.map_err(|error: Error| error.at_path(&self.path))?;
        if self.latest.0 != start {
            self.earlier.add(self.latest.1);
        }
        self.latest = (start, clipped);
        Ok(any)
    }

    /// Stores samples of the file's own type, of which other ones are other bytes and the same ones the same.
    fn write_exact(
        &mut self,
        start: u64,
        access: &Access,
        samples: &Strided<'_>,
    ) -> Result<bool, Error> {
        let frames = samples.layout().frames();
        let (mut old, mut new, most) = self.blocks(frames)?;
        let mut any = false;
        for done in (0..frames).step_by(most) {
            let count = most.min(frames - done);
            let at = self.read_block(&mut old, start + done as u64, count)?;
            transfer(
                access,
                &new.samples(count)?,
                &samples.take_frames(done, count)?,
            )?;
            any |= self.put(at, new.encode(count), old.bytes(count))?;
        }
        Ok(any)
    }

    /// Stores samples that are rounded to the file's encoding, but keeps the bytes of those that the caller did not
    /// change, for rounding may not give them back. Says whether anything was written, and what was clipped.
    fn write_rounded(
        &mut self,
        start: u64,
        access: &Access,
        samples: &Strided<'_>,
    ) -> Result<(bool, Clipped), Error> {
        let (frames, channels) = (samples.layout().frames(), self.info.channels);
        let (mut old, mut new, most) = self.blocks(frames)?;
        // As the caller had them and has them now, interleaved as the bytes are.
        let mut before = Fresh::new(&[most, channels], self.dtype)?;
        let mut after = Fresh::new(&[most, channels], self.dtype)?;
        let mut counter = ClipCounter::new(samples.dtype(), self.info.encoding, channels, most)?;
        let mut any = false;
        for done in (0..frames).step_by(most) {
            let count = most.min(frames - done);
            let part = samples.take_frames(done, count)?;
            let at = self.read_block(&mut old, start + done as u64, count)?;
            let kept = old.bytes(count).to_vec();
            for (fresh, from) in [(&mut before, &old.decode(count)?), (&mut after, &part)] {
                fresh.fill(|access, out| {
                    transfer(access, &out.transposed().take_frames(0, count)?, from)
                })?;
            }
            if let Some(counter) = &mut counter {
                counter.add_samples(access, &part)?;
            }
            let len = count * channels * self.dtype.size();
            let (before, after) = (&as_bytes(&mut before)[..len], &as_bytes(&mut after)[..len]);
            if before == after {
                continue;
            }
            transfer(access, &new.samples(count)?, &part)?;
            let mut bytes = new.encode(count).to_vec();
            let width = self.info.encoding.width();
            let keep = |index: usize| {
                let place = index * width..(index + 1) * width;
                bytes[place.clone()].copy_from_slice(&kept[place]);
            };
            match self.dtype.size() {
                2 => each_equal::<u16>(before, after, keep),
                4 => each_equal::<u32>(before, after, keep),
                _ => each_equal::<u64>(before, after, keep),
            }
            any |= self.put(at, &bytes, &kept)?;
        }
        Ok((
            any,
            counter.map(|counter| counter.clipped).unwrap_or_default(),
        ))
    }

    /// A block for the file's frames, one for those that take their place, and how many fit into both.
    fn blocks(&self, frames: usize) -> Result<(Block, Block, usize), Error> {
        let info = self.info;
        let old = Block::to_read(&info, frames)?;
        let new = Block::to_write(info.encoding, info.order, info.channels, old.frames())?;
        let most = old.frames().min(new.frames()).max(1);
        Ok((old, new, most))
    }

    /// Reads `count` frames from `frame` on as they are in the file, and says at which byte they begin.
    fn read_block(&mut self, block: &mut Block, frame: u64, count: usize) -> Result<u64, Error> {
        let at = self.info.data_offset + frame * self.info.frame_bytes() as u64;
        let read = self.file.read_exact_at(block.bytes(count), at);
        read.map_err(|error| failed(&error, at))?;
        Ok(at)
    }

    /// Writes whole samples at `at`, in the place of `kept`, unless they are the same.
    fn put(&self, at: u64, bytes: &[u8], kept: &[u8]) -> Result<bool, Error> {
        if bytes == kept {
            return Ok(false);
        }
        let width = self.info.encoding.width();
        let io = |error| Error::io(&error, Some(&self.path));
        let mut straddling = None;
        let mut done = 0;
        for (start, end) in across_pages(at, bytes.len(), width, page_size() as u64) {
            self.file
                .write_all_at(&bytes[done..start], at + done as u64)
                .map_err(io)?;
            let sample = &bytes[start..end];
            if sample != &kept[start..end] {
                if straddling.is_none() {
                    straddling = Some(match Straddling::new(&self.file, at, bytes.len()) {
                        Ok(part) => Some(part),
                        // Not every file system maps its files.
                        Err(Error::Io { .. }) => None,
                        Err(error) => return Err(error),
                    });
                }
                match &straddling {
                    Some(Some(part)) => part.store(start, sample)?,
                    _ => self
                        .file
                        .write_all_at(sample, at + start as u64)
                        .map_err(io)?,
                }
            }
            done = end;
        }
        let rest = self.file.write_all_at(&bytes[done..], at + done as u64);
        rest.map(|()| true).map_err(io)
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

/// Calls `equal` with the number of each sample whose bytes are the same in both, which are samples as wide as `T`.
fn each_equal<T: AnyBitPattern + PartialEq>(
    before: &[u8],
    after: &[u8],
    mut equal: impl FnMut(usize),
) {
    // Most often no sample is, or all are silence: one test covers many.
    const MANY: usize = 64;
    let (before, after): (&[T], &[T]) = (cast_slice(before), cast_slice(after));
    let runs = before.chunks(MANY).zip(after.chunks(MANY));
    for (run, (before, after)) in runs.enumerate() {
        let pairs = || before.iter().zip(after);
        if pairs().fold(false, |any, (before, after)| any | (before == after)) {
            let numbered = pairs().enumerate();
            let same = numbered.filter(|(_, (before, after))| before == after);
            same.for_each(|(index, _)| equal(run * MANY + index));
        }
    }
}

/// Which of `len` bytes of samples of `width` bytes, the first at `at` in a file, are a sample that lies across two
/// pages.
fn across_pages(
    at: u64,
    len: usize,
    width: usize,
    page: u64,
) -> impl Iterator<Item = (usize, usize)> {
    let next = (at / page + 1) * page;
    let boundaries = (next..at + len as u64).step_by(page as usize);
    boundaries.filter_map(move |boundary| {
        let inside = (boundary - at) as usize;
        let start = inside / width * width;
        (start < inside).then_some((start, start + width))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_lies_across_two_pages_if_its_bytes_are_on_both() {
        for (at, len, width, page) in [
            (44, 3 * 4000, 3, 4096),
            (45, 2 * 900, 2, 256),
            (4092, 8 * 300, 8, 1024),
            (56, 8 * 300, 8, 1024),
            (0, 12, 3, 4096),
            (4095, 3, 3, 4096),
            (4096, 0, 3, 4096),
        ] {
            let found: Vec<_> = across_pages(at, len, width, page).collect();
            let starts = (0..len).step_by(width);
            let both = starts.filter(|start| {
                let first = at + *start as u64;
                first / page != (first + width as u64 - 1) / page
            });
            let expected: Vec<_> = both.map(|start| (start, start + width)).collect();
            assert_eq!(found, expected, "{at} {len} {width} {page}");
        }
    }
}
