//! WAV: RIFF files of uncompressed samples, read from and written to anything that has bytes.
//!
//! ```text
//!   RIFF size WAVE                       header::read   finds every chunk, believes none of them
//!     fmt   encoding, channels, rate
//!     LIST, bext, ...                    kept as offset and size
//!     data  interleaved frames           reading, writing   block by block
//! ```
//!
//! What is read: PCM of 8, 16, 24 and 32 bits, float of 32 and 64 bits, plain or extensible, little-endian
//! (`RIFF`) and big-endian (`RIFX`). What is written: the same, plain and little-endian.
//!
//! # Damaged files
//!
//! A header is a claim, and the length of the file is the fact that it is held against. Nothing is
//! allocated for frames that the file has no bytes for.
//!
//! * Bytes missing at the end of the samples are an error. So is a header that contradicts itself.
//! * A stream is no damage: who writes to a pipe does not know the size. Its data chunk claims more than
//!   there is, namely `0xFFFFFFFF` bytes or 2 GiB (or up to 64 KiB less), or its RIFF chunk claims `0` or
//!   `0xFFFFFFFF`; its samples go on to the end of the file, as far as frames are whole. The same
//!   holds for a data chunk of size 0 at the very end of a RIFF chunk in a file that goes on: it was never
//!   closed.
//! * The size of the RIFF chunk and the byte rate are otherwise not looked at; too many programs
//!   write them wrong. A missing padding byte is forgiven, and so is anything behind the samples.

mod format;
mod header;
mod reading;
mod writing;

use std::io::{Read, Seek};

use crate::audio::SampleRate;
use crate::audio::encoding::{ByteOrder, Encoding};
use crate::dtype::Dtype;
use crate::error::Error;

pub use header::{Chunk, Header};
pub use reading::read;
pub use writing::write;

/// What a header says about its samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Info {
    /// How one sample is written.
    pub encoding: Encoding,
    /// Which byte of a sample comes first.
    pub order: ByteOrder,
    /// Channels, at least one.
    pub channels: usize,
    /// Frames that the file holds.
    pub frames: u64,
    /// Frames per second.
    pub rate: SampleRate,
    /// Where the first frame begins, in bytes from the start of the file.
    pub data_offset: u64,
}

impl Info {
    /// The name of the file format.
    pub const fn container(&self) -> &'static str {
        "WAV"
    }

    /// The name of the encoding.
    pub const fn subtype(&self) -> &'static str {
        self.encoding.name()
    }

    /// The sample type that holds every value.
    pub const fn dtype(&self) -> Dtype {
        self.encoding.dtype()
    }

    /// Length in seconds.
    pub fn duration(&self) -> f64 {
        self.frames as f64 / f64::from(self.rate.hertz())
    }

    /// Bytes of one frame.
    pub const fn frame_bytes(&self) -> usize {
        self.channels * self.encoding.width()
    }
}

/// What a file holds, without decoding it. The position in the file is the same afterwards.
///
/// # Errors
/// [`Error::File`] with the byte offset of what is damaged or not read, [`Error::Io`].
pub fn info<R: Read + Seek>(reader: &mut R) -> Result<Info, Error> {
    let (start, header) = header::read(reader)?;
    header::seek(reader, start)?;
    Ok(header.info)
}
