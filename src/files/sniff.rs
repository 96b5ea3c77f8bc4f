//! Which format a file is of: told once, by how it begins.

use crate::error::Error;

/// A format, and for RIFF its letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// WAV and its kin: `RIFF`, `RIFX`, `RF64`, `BW64`.
    Riff,
    /// Sony Wave64.
    W64,
    /// AIFF and AIFF-C.
    Aiff,
    /// Apple's Core Audio Format.
    Caf,
    /// A format of compressed samples, by its name with an article.
    Coded(&'static str),
    /// None that is known.
    Unknown,
}

/// The format of a file that begins with these bytes, at least twelve where the file has them.
pub fn format(prefix: &[u8]) -> Format {
    match prefix {
        [b'R', b'I', b'F', b'F' | b'X', ..]
        | [b'R', b'F', b'6', b'4', ..]
        | [b'B', b'W', b'6', b'4', ..] => Format::Riff,
        [b'r', b'i', b'f', b'f', ..] => Format::W64,
        [b'F', b'O', b'R', b'M', ..] => Format::Aiff,
        [b'c', b'a', b'f', b'f', ..] => Format::Caf,
        [b'f', b'L', b'a', b'C', ..] => Format::Coded("a FLAC file"),
        [b'O', b'g', b'g', b'S', ..] => Format::Coded("an Ogg file"),
        [b'I', b'D', b'3', ..] | [0xFF, 0xE0..=0xFF, ..] => Format::Coded("an MPEG file"),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Format::Coded("an MP4 file"),
        [0x1A, 0x45, 0xDF, 0xA3, ..] => Format::Coded("a Matroska or WebM file"),
        _ => Format::Unknown,
    }
}

/// Bytes of the ID3 tag that begins with these ten; 0 if none does.
pub fn id3_length(head: &[u8]) -> u64 {
    let [b'I', b'D', b'3', _, _, flags, a, b, c, d] = *head else {
        return 0;
    };
    // Four bytes of seven bits.
    let size = [a, b, c, d]
        .iter()
        .fold(0, |size, byte| size << 7 | u64::from(byte & 0x7F));
    10 + size + if flags & 0x10 == 0 { 0 } else { 10 }
}

/// Samples that are no plain numbers, where the walk over a file came upon them.
#[derive(Clone, Debug, PartialEq)]
pub struct Compressed {
    /// Byte offset of what says so.
    pub offset: u64,
    /// What they are.
    pub message: String,
    /// The format, where how the file begins is all that is known of it.
    pub begins_like: Option<&'static str>,
}

impl Compressed {
    /// The error where only plain samples will do. `otherwise` is what can be done instead.
    pub fn refused(self, otherwise: &str) -> Error {
        Error::damaged(self.offset, format!("{}; {otherwise}", self.message))
    }

    /// The error where no decoder takes the file either: what begins as a known format, and cannot be read as one,
    /// is damaged.
    pub fn undecoded(self) -> Error {
        let message = match self.begins_like {
            Some(kind) => format!(
                "this begins like {kind}, and what it takes to read one is not there: it was cut short or is damaged, \
                 or there is no sound in it"
            ),
            None => self.message,
        };
        Error::damaged(self.offset, message)
    }
}

/// Why a walk over a file has no header to give.
#[derive(Debug)]
pub enum Unread {
    /// There is something for a decoder.
    Compressed(Compressed),
    /// The file is damaged, or of a kind that is not read.
    Error(Error),
}

impl From<Error> for Unread {
    fn from(error: Error) -> Unread {
        Unread::Error(error)
    }
}

impl Unread {
    /// What is wrong with a file, and at which byte.
    pub fn damaged(offset: u64, message: String) -> Unread {
        Error::damaged(offset, message).into()
    }

    /// Samples of another kind than plain numbers, and at which byte the file says so.
    pub fn compressed(offset: u64, message: String) -> Unread {
        Unread::Compressed(Compressed {
            offset,
            message,
            begins_like: None,
        })
    }
}
