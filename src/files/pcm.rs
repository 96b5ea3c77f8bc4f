//! Uncompressed samples in a file: what every container of them has in common.
//!
//! ```text
//!   WAV RF64 BW64 | W64 | AIFF AIFF-C | CAF        a header each, of its own kind
//!                     |
//!                  Header                          encoding, channels, rate; every chunk; where the frames lie
//!                     |
//!        read    stream    edit    open            frames, the same way for all
//! ```
//!
//! A header is a claim, and the length of the file is the fact that it is held against. Nothing is allocated
//! for frames that the file has no bytes for. The parsers are our own, for mapping, editing and damage at a byte need
//! the offset of every chunk and sizes of 64 bits, and Symphonia's demuxers give packets.

pub(super) mod aiff;
mod au;
pub(super) mod block;
mod caf;
pub mod encoding;
mod frames;
pub(super) mod reader;
mod w64;
pub mod wav;

use std::io::{Read, Seek};

use crate::audio::SampleRate;
use crate::dtype::Dtype;
use crate::error::Error;
use crate::files::pcm::encoding::{ByteOrder, Encoding};
use crate::files::sniff::{Contents, sniff};

pub use crate::files::sniff::Container;
pub use frames::{Frames, read};

/// What a header says about its samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Info {
    /// The kind of file.
    pub container: Container,
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
        self.container.name()
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

    /// Why the samples of a file are none that the machine computes with as they lie; `None` if they are.
    pub fn obstacle(&self) -> Option<String> {
        let bits = 8 * self.encoding.width();
        if !self.encoding.is_sample_type() {
            return Some(format!(
                "its samples are {bits}-bit integers, which are no sample type ({})",
                self.subtype()
            ));
        }
        if self.order != ByteOrder::NATIVE {
            let order = match self.order {
                ByteOrder::Little => "little-endian",
                ByteOrder::Big => "big-endian",
            };
            return Some(format!(
                "its samples are {order}, the other way round than this machine's"
            ));
        }
        None
    }

    /// Bytes of one frame.
    pub const fn frame_bytes(&self) -> usize {
        self.channels * self.encoding.width()
    }
}

impl Info {
    /// What is missing where the header claims so many bytes of samples, and the file ends before them.
    fn shortage(&self, claimed: u64, end: u64) -> Option<Shortage> {
        let there = end.saturating_sub(self.data_offset);
        let frame = self.frame_bytes().max(1) as u64;
        (claimed > there).then(|| Shortage {
            claimed,
            from: self.data_offset,
            end,
            frames: (claimed / frame, self.frames),
        })
    }
}

/// A chunk as it lies in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Four letters.
    pub id: [u8; 4],
    /// Where its content begins, in bytes from the start of the file.
    pub offset: u64,
    /// Bytes of its content, without padding.
    pub size: u64,
}

/// A file's chunks, and what its samples are.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// The samples.
    pub info: Info,
    /// Every chunk in the order of the file, those of the format and the samples among them.
    pub chunks: Vec<Chunk>,
    /// True if the end of the samples is the end of the file because the header does not know it.
    pub is_stream: bool,
    /// What is missing of a file that was cut short.
    pub shortage: Option<Shortage>,
}

/// What a file claims to have of frames and has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortage {
    /// Bytes of samples that the header claims.
    pub claimed: u64,
    /// Where they begin.
    pub from: u64,
    /// Where the file ends.
    pub end: u64,
    /// Frames that are claimed, and those that are whole.
    pub frames: (u64, u64),
}

impl Shortage {
    /// What is missing, in words.
    pub fn told(&self) -> String {
        format!(
            "the file was cut short: it claims {} bytes of samples from byte {} on, of which there are {}: {} of {} frames \
             are whole",
            self.claimed,
            self.from,
            self.end.saturating_sub(self.from),
            self.frames.1,
            self.frames.0
        )
    }

    /// The error of an operation that needs the rest.
    pub fn error(&self) -> Error {
        let (_, whole) = self.frames;
        let message = format!(
            "{}; frames={whole} reads those, as does damaged='keep'",
            self.told()
        );
        Error::damaged(self.end, message).after(whole)
    }
}

impl Header {
    /// Reads the header that begins at the reader's position, whose chunks go on to the end of the reader.
    ///
    /// # Errors
    /// [`Error::File`] with the byte offset of what is damaged or not read, [`Error::Io`].
    pub fn read<R: Read + Seek>(reader: &mut R) -> Result<Header, Error> {
        Header::of(reader, "read() decodes them")
    }

    /// As [`Header::read`]. `otherwise` is what the caller can do where the samples are no plain numbers.
    ///
    /// # Errors
    /// As [`Header::read`].
    pub fn of<R: Read + Seek>(reader: &mut R, otherwise: &str) -> Result<Header, Error> {
        let header = contents(reader)?.plain(otherwise)?;
        match &header.shortage {
            Some(shortage) => Err(shortage.error()),
            None => Ok(header),
        }
    }
}

/// The header of the file that begins where the reader stands, or what says that a decoder has to read it: the reader
/// stands there again then.
///
/// # Errors
/// As [`Header::read`].
pub fn contents<R: Read + Seek>(reader: &mut R) -> Result<Contents<Header>, Error> {
    let mut bytes = reader::Bytes::new(reader)?;
    let start = bytes.start;
    let found = match sniff(&mut bytes)? {
        Contents::Plain(Container::Aiff) => aiff::header(&mut bytes)?,
        Contents::Plain(Container::Caf) => caf::header(&mut bytes)?,
        Contents::Plain(Container::Au) => au::header(&mut bytes)?,
        Contents::Plain(Container::W64) => w64::header(&mut bytes)?,
        Contents::Plain(riff) => wav::header(&mut bytes, riff)?,
        Contents::Coded(coded) => Contents::Coded(coded),
    };
    if let Contents::Coded(_) = found {
        reader::seek(reader, start)?;
    }
    Ok(found)
}

/// What a file holds, without decoding it. The position in the file is the same afterwards.
///
/// # Errors
/// [`Error::File`] with the byte offset of what is damaged or not read, [`Error::Io`].
pub fn info<R: Read + Seek>(reader: &mut R) -> Result<Info, Error> {
    let start = reader::position(reader)?;
    let header = Header::read(reader)?;
    reader::seek(reader, start)?;
    Ok(header.info)
}
