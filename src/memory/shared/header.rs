//! The head of a segment: what it holds, in numbers of this machine's byte order.
//!
//! ```text
//!    0  magic          8     24  channels   8     48  offset of the samples   8     64  handles ever made      8
//!    8  version        4     32  frames     8     56  bytes of the samples    8     72  without a ticket, in s 8
//!   12  sample type    4     40  rate in Hz 4                                       80  tickets          502 x 8
//!   16  axes           4     44  writable   4
//! ```
//!
//! Only the last three ever change: see [`super::ticket`].

use std::fs::File;
use std::os::unix::fs::FileExt;

use super::HUGE;
use crate::dtype::Dtype;
use crate::error::{Error, shape_text};
use crate::layout::Layout;

pub const MAGIC: [u8; 8] = *b"AUDIOSEG";
const VERSION: u32 = 3;
/// Bytes of what never changes.
const FACTS: usize = 64;
/// Bytes of the header: one page of memory.
pub const LEN: usize = 4096;
/// The samples begin here: on a page, however large pages are. What lies between takes no memory.
const NEAR: usize = 64 << 10;
/// The same for samples that get huge pages.
const FAR: usize = 2 << 20;

/// What a segment holds: samples of one type, contiguous, channel after channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    /// The type of the samples.
    pub dtype: Dtype,
    /// `[frames]` or `[channels, frames]`.
    pub shape: Vec<usize>,
    /// Frames per second.
    pub rate: u32,
    /// Whether processes that attach it by name may change them.
    pub writable: bool,
}

/// A header that agrees with itself.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentHeader {
    pub content: Content,
    /// Where the samples begin.
    pub offset: usize,
    /// Their bytes.
    pub len: usize,
}

impl SegmentHeader {
    pub fn new(content: Content) -> Result<SegmentHeader, Error> {
        let layout = Layout::contiguous(&content.shape, content.dtype.size())?;
        let len = layout.len() * content.dtype.size();
        let header = SegmentHeader {
            content,
            offset: if len >= HUGE { FAR } else { NEAR },
            len,
        };
        // Past the address space there is no file either.
        let end = len.checked_add(header.offset + FAR);
        end.filter(|end| isize::try_from(*end).is_ok())
            .ok_or(Error::OutOfMemory { bytes: len })?;
        Ok(header)
    }

    /// The boundary on which a mapping begins, and so the samples.
    pub fn alignment(&self) -> usize {
        self.offset
    }

    /// One past the last byte of the file: a segment of no samples has a byte all the same, so that
    /// its address is its own.
    pub fn end(&self) -> usize {
        self.offset + self.len.max(1)
    }

    pub fn to_bytes(&self) -> [u8; FACTS] {
        let mut bytes = [0; FACTS];
        let mut at = 0;
        let mut push = |field: &[u8]| {
            bytes[at..at + field.len()].copy_from_slice(field);
            at += field.len();
        };
        let Content {
            dtype,
            shape,
            rate,
            writable,
        } = &self.content;
        let code = Dtype::ALL.iter().position(|it| it == dtype).unwrap_or(0);
        let channels = if shape.len() == 2 { shape[0] } else { 1 };
        push(&MAGIC);
        push(&VERSION.to_ne_bytes());
        push(&(code as u32).to_ne_bytes());
        push(&(shape.len() as u32).to_ne_bytes());
        push(&[0; 4]);
        push(&(channels as u64).to_ne_bytes());
        push(&(shape.last().copied().unwrap_or(0) as u64).to_ne_bytes());
        push(&rate.to_ne_bytes());
        push(&u32::from(*writable).to_ne_bytes());
        push(&(self.offset as u64).to_ne_bytes());
        push(&(self.len as u64).to_ne_bytes());
        bytes
    }

    /// The header of a segment, checked against the length of its file.
    ///
    /// # Errors
    /// [`Error::File`] with the byte and the numbers that do not fit.
    pub fn read(file: &File) -> Result<SegmentHeader, Error> {
        let io = |error| Error::io(&error, None);
        let there = file.metadata().map_err(io)?.len();
        if there < LEN as u64 {
            return Err(Error::damaged(
                there,
                format!("the segment has {there} bytes, and its header alone needs {LEN}"),
            ));
        }
        let mut bytes = [0; FACTS];
        file.read_exact_at(&mut bytes, 0).map_err(io)?;
        SegmentHeader::from_bytes(&bytes, there)
    }

    fn from_bytes(bytes: &[u8; FACTS], there: u64) -> Result<SegmentHeader, Error> {
        let short = |at: usize| u32::from_ne_bytes(std::array::from_fn(|i| bytes[at + i]));
        let long = |at: usize| u64::from_ne_bytes(std::array::from_fn(|i| bytes[at + i]));
        let wrong = |at: u64, message: String| Err(Error::damaged(at, message));
        if bytes[..8] != MAGIC {
            return wrong(
                0,
                "this is no segment of audio: its first bytes differ".into(),
            );
        }
        if short(8) != VERSION {
            let message = format!(
                "the segment is of version {}, and this is version {VERSION}: both processes need the \
                 same audio_samples",
                short(8)
            );
            return wrong(8, message);
        }
        let Some(dtype) = Dtype::ALL.get(short(12) as usize).copied() else {
            return wrong(12, format!("{} is the number of no sample type", short(12)));
        };
        let (channels, frames) = (long(24), long(32));
        let whole = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        let shape = match (short(16), channels) {
            (1, 1) => vec![whole(frames)],
            (2, _) => vec![whole(channels), whole(frames)],
            (axes, _) => {
                let message = format!("{channels} channels on {axes} axes are no audio");
                return wrong(16, message);
            }
        };
        let rate = short(40);
        if rate == 0 {
            return wrong(40, "a sample rate of 0 Hz".into());
        }
        let content = Content {
            dtype,
            rate,
            writable: short(44) != 0,
            shape,
        };
        let (offset, len) = (long(48), long(56));
        let needed = Layout::contiguous(&content.shape, dtype.size())
            .map(|layout| (layout.len() * dtype.size()) as u64);
        if needed != Ok(len) {
            let message = format!(
                "the segment says {len} bytes of samples, which are not those of {} audio of shape {}",
                dtype.name(),
                shape_text(&content.shape)
            );
            return wrong(56, message);
        }
        if ![NEAR as u64, FAR as u64].contains(&offset) {
            return wrong(48, format!("samples from byte {offset} on"));
        }
        if len.checked_add(offset).is_none_or(|end| end > there) {
            let message = format!(
                "the segment has {there} bytes, and its {len} bytes of samples begin at {offset}"
            );
            return wrong(there, message);
        }
        let header = SegmentHeader {
            content,
            offset: whole(offset),
            len: whole(len),
        };
        Ok(header)
    }
}
