//! How audio becomes a file of some format: what the caller asks for, and what every coder does.

use std::io::{Seek, SeekFrom, Write};

use super::metadata::Metadata;
use super::tags::Tags;
use crate::audio::{Audio, SampleRate};
use crate::dtype::Dtype;
use crate::error::Error;
use crate::files::clipping::Clipped;
use crate::files::pcm::encoding::Encoding;
use crate::view::{Access, Strided};

/// A kind of file that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// RIFF; RF64 by itself from 4 GiB on.
    Wav,
    /// WAV with sizes of 64 bits, whatever its length.
    Rf64,
    /// AIFF for integers, AIFF-C for floats.
    Aiff,
    /// FLAC, of 8, 16 or 24 bits.
    Flac,
}

impl FileFormat {
    /// Every format with the endings of its file names.
    const ENDINGS: [(FileFormat, &[&str]); 4] = [
        (FileFormat::Wav, &["wav", "wave", "bwf"]),
        (FileFormat::Rf64, &["rf64"]),
        (FileFormat::Aiff, &["aiff", "aif", "aifc"]),
        (FileFormat::Flac, &["flac"]),
    ];

    /// The format of that name; upper and lower case are the same.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] with the names that there are.
    pub fn from_name(name: &str) -> Result<FileFormat, Error> {
        FileFormat::from_ending(name).ok_or_else(|| {
            Error::invalid(format!(
                "there is no format '{name}' to write; the formats are WAV, RF64, AIFF, FLAC"
            ))
        })
    }

    /// The format that the ending of a file name promises.
    pub fn from_ending(ending: &str) -> Option<FileFormat> {
        let lower = ending.to_ascii_lowercase();
        let known = |(format, endings): (_, &[&str])| endings.contains(&&*lower).then_some(format);
        FileFormat::ENDINGS.into_iter().find_map(known)
    }
}

/// How audio becomes a file.
#[derive(Clone, Debug, Default)]
pub struct Recipe {
    /// The kind of file; WAV unless its name says otherwise.
    pub format: Option<FileFormat>,
    /// How samples are stored; without it as the audio's own type asks for.
    pub encoding: Option<Encoding>,
    /// What is passed on from another file.
    pub metadata: Metadata,
    /// Texts about the recording, which take the place of those that are passed on.
    pub tags: Tags,
}

/// What all samples of a file have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleSpec {
    /// How many channels.
    pub channels: usize,
    /// The type in memory.
    pub dtype: Dtype,
    /// Frames per second.
    pub rate: SampleRate,
}

impl SampleSpec {
    /// That of some audio.
    pub fn of(audio: &Audio) -> SampleSpec {
        SampleSpec {
            channels: audio.layout().channels(),
            dtype: audio.dtype(),
            rate: audio.rate(),
        }
    }
}

/// All samples of a file, where the caller has them from the beginning.
pub type Whole<'a> = Option<(&'a Access, &'a Strided<'a>)>;

/// What is known when the last sample was written.
pub struct Finished {
    /// What was clipped.
    pub clipped: Clipped,
    /// The first bytes of the file, where the coder did not know them when it wrote them.
    pub header: Option<Vec<u8>>,
}

impl Finished {
    /// Puts the header where the file begins, and goes back to its end.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn put_header<W: Write + Seek>(&self, out: &mut W, start: u64) -> Result<(), Error> {
        let io = |error| Error::io(&error, None);
        if let Some(header) = &self.header {
            let behind = out.stream_position().map_err(io)?;
            out.seek(SeekFrom::Start(start)).map_err(io)?;
            out.write_all(header).map_err(io)?;
            out.seek(SeekFrom::Start(behind)).map_err(io)?;
        }
        out.flush().map_err(io)
    }
}

/// Writes some bytes of a file.
pub fn put(out: &mut dyn Write, bytes: &[u8]) -> Result<(), Error> {
    out.write_all(bytes)
        .map_err(|error| Error::io(&error, None))
}

/// Turns samples into the bytes of one format, a block at a time. After an error the output is not a valid file.
pub trait Coder: Send {
    /// Everything before the samples.
    ///
    /// # Errors
    /// [`Error::Io`].
    fn begin(&mut self, out: &mut dyn Write, whole: Whole<'_>) -> Result<(), Error>;

    /// The next samples.
    ///
    /// # Errors
    /// [`Error::Io`], and [`Error::InvalidArgument`] for more than the format holds.
    fn append(
        &mut self,
        out: &mut dyn Write,
        access: &Access,
        samples: &Strided<'_>,
    ) -> Result<(), Error>;

    /// Everything behind the samples.
    ///
    /// # Errors
    /// [`Error::Io`], and [`Error::InvalidArgument`] for fewer samples than the format holds.
    fn finish(&mut self, out: &mut dyn Write) -> Result<Finished, Error>;
}
