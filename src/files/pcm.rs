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
//! for frames that the file has no bytes for.

pub(super) mod aiff;
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
use crate::files::sniff;
use crate::files::sniff::{Compressed, Format, Unread};

pub use frames::{Frames, read};

/// The kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// RIFF or RIFX.
    Wav,
    /// WAV with sizes of 64 bits.
    Rf64,
    /// The same by a later standard.
    Bw64,
    /// Sony Wave64.
    W64,
    /// Apple's AIFF, and AIFF-C.
    Aiff,
    /// Apple's Core Audio Format.
    Caf,
}

impl Container {
    /// The name that libsndfile has made common.
    pub const fn name(self) -> &'static str {
        match self {
            Container::Wav => "WAV",
            Container::Rf64 => "RF64",
            Container::Bw64 => "BW64",
            Container::W64 => "W64",
            Container::Aiff => "AIFF",
            Container::Caf => "CAF",
        }
    }
}

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
        match header(reader)? {
            Found::Plain(header) => Ok(header),
            Found::Compressed(samples) => Err(samples.refused(otherwise)),
        }
    }
}

/// What a file was found to hold.
pub enum Found {
    /// Samples that are plain numbers.
    Plain(Header),
    /// Others.
    Compressed(Compressed),
}

/// What the file holds that begins where the reader stands.
///
/// # Errors
/// As [`Header::read`].
pub fn header<R: Read + Seek>(reader: &mut R) -> Result<Found, Error> {
    let mut bytes = reader::Bytes::new(reader)?;
    let mut prefix = [0; 12];
    let prefix = bytes.peek(bytes.start, &mut prefix)?;
    let found = match sniff::format(prefix) {
        _ if prefix.is_empty() => return Err(nothing(&bytes)),
        Format::Aiff => aiff::header(&mut bytes),
        Format::Caf => caf::header(&mut bytes),
        Format::W64 => w64::header(&mut bytes),
        Format::Riff => wav::header(&mut bytes),
        Format::Coded(kind) => Err(Unread::Compressed(Compressed {
            offset: bytes.start,
            message: format!("this is {kind}, which holds no plain samples"),
            begins_like: Some(kind),
        })),
        Format::Unknown => return Err(Error::damaged(bytes.start, unknown(prefix))),
    };
    match found {
        Ok(header) => Ok(Found::Plain(header)),
        Err(Unread::Compressed(samples)) => Ok(Found::Compressed(samples)),
        Err(Unread::Error(error)) => Err(error),
    }
}

/// What begins like no file that is read.
fn unknown(prefix: &[u8]) -> String {
    let found = prefix.get(..8).unwrap_or(prefix);
    let bytes: Vec<String> = found.iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "no format that is read begins with '{}' (the bytes {}); known are WAV, RF64, BW64, W64, AIFF, CAF, \
         FLAC, Ogg, MP3, ADTS, MP4 and Matroska",
        found.escape_ascii(),
        bytes.join(" ")
    )
}

/// There is no byte to look at.
fn nothing<R>(bytes: &reader::Bytes<'_, R>) -> Error {
    let message = match bytes.end {
        0 => "the file is empty: it has 0 bytes".into(),
        end => format!(
            "there is nothing to read: the file object stands at byte {} of {end}; seek(0) comes first",
            bytes.start
        ),
    };
    Error::damaged(bytes.start, message)
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
