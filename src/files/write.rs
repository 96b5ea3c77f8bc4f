//! Audio as a file: which kind, and what every kind has in common.
//!
//! ```text
//!   whole audio, of known length   write    ->              begin, append once, finish
//!   block after block              Blocks   ->  a Coder:    begin, append, append, ..., finish, header again
//! ```

mod blocks;
pub(super) mod container;
mod flac;
pub mod metadata;

use std::io::Write;

pub use blocks::Blocks;

use crate::audio::{Audio, SampleRate};
use crate::dtype::Dtype;
use crate::error::Error;
use crate::files::clipping::Clipped;
use crate::files::pcm::encoding::Encoding;
use crate::files::pcm::{aiff, wav};
use crate::files::write::metadata::Passing;
use crate::registry::{Mode, Until};
use crate::view::{Access, Lock, Strided, access};

/// A kind of file that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// RIFF; RF64 by itself from 4 GiB on.
    Wav,
    /// WAV with sizes of 64 bits, whatever its length.
    Rf64,
    /// AIFF for integers, AIFF-C for floats.
    Aiff,
    /// FLAC, of 8, 16 or 24 bits.
    Flac,
}

impl Format {
    /// Every format with the endings of its file names.
    const ENDINGS: [(Format, &[&str]); 4] = [
        (Format::Wav, &["wav", "wave", "bwf"]),
        (Format::Rf64, &["rf64"]),
        (Format::Aiff, &["aiff", "aif", "aifc"]),
        (Format::Flac, &["flac"]),
    ];

    /// The format of that name; upper and lower case are the same.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] with the names that there are.
    pub fn from_name(name: &str) -> Result<Format, Error> {
        let lower = name.to_ascii_lowercase();
        Format::from_ending(&lower).ok_or_else(|| Error::InvalidArgument {
            message: format!(
                "there is no format '{name}' to write; the formats are WAV, RF64, AIFF, FLAC"
            ),
        })
    }

    /// The format that the ending of a file name promises.
    pub fn from_ending(ending: &str) -> Option<Format> {
        let lower = ending.to_ascii_lowercase();
        let known = |(_, endings): &&(Format, &[&str])| endings.contains(&lower.as_str());
        Format::ENDINGS
            .iter()
            .find(known)
            .map(|(format, _)| *format)
    }
}

/// How audio becomes a file.
#[derive(Clone, Debug, Default)]
pub struct Recipe {
    /// The kind of file; WAV unless its name says otherwise.
    pub format: Option<Format>,
    /// How samples are stored; without it as the audio's own type asks for.
    pub encoding: Option<Encoding>,
    /// What is passed on from another file.
    pub passing: Passing,
}

/// Writes a whole file. From the narrowest to the widest type there is one rounding to the nearest, and saturation
/// where the encoding has fewer bits; what that has clipped is told. The samples are leased for reading all the
/// while; no more than a block of them is copied. What is written to need not seek: the length is known from the
/// beginning.
///
/// # Errors
/// Audio that the format cannot hold, [`Error::Io`], and what [`access`] gives.
pub fn write<W: Write>(
    writer: &mut W,
    audio: &Audio,
    recipe: &Recipe,
    until: Until<'_>,
) -> Result<Clipped, Error> {
    let samples = audio.samples().strided();
    let mut coder = coder(Kind::of(audio), Some(audio.layout().frames()), recipe)?;
    let claim = samples.claim(Mode::Read);
    access(&[claim], Lock::Leases, until, |access| {
        coder.begin(writer, Some((access, &samples)))?;
        coder.append(writer, access, &samples)?;
        let finished = coder.finish(writer)?;
        writer.flush().map_err(|error| Error::io(&error, None))?;
        Ok(finished.clipped)
    })?
}

/// What turns samples into the bytes of a format. `frames` says how many there will be, where that is known.
fn coder(kind: Kind, frames: Option<usize>, recipe: &Recipe) -> Result<Box<dyn Coder>, Error> {
    Ok(match recipe.format.unwrap_or(Format::Wav) {
        Format::Wav => Box::new(wav::coder(kind, frames, recipe, false)?),
        Format::Rf64 => Box::new(wav::coder(kind, frames, recipe, true)?),
        Format::Aiff => Box::new(aiff::coder(kind, frames, recipe)?),
        Format::Flac => Box::new(flac::coder(kind, frames, recipe)?),
    })
}

/// What all samples of a file have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// How many channels.
    pub channels: usize,
    /// The type in memory.
    pub dtype: Dtype,
    /// Frames per second.
    pub rate: SampleRate,
}

impl Kind {
    /// That of some audio.
    pub fn of(audio: &Audio) -> Kind {
        Kind {
            channels: audio.layout().channels(),
            dtype: audio.dtype(),
            rate: audio.rate(),
        }
    }
}

/// All samples that will come, where they are there from the beginning.
pub type Whole<'a> = Option<(&'a Access, &'a Strided<'a>)>;

/// What is known when the last sample was written.
pub struct Finished {
    /// What was clipped.
    pub clipped: Clipped,
    /// The first bytes of the file as they have to be, if they were not known when they were written.
    pub header: Option<Vec<u8>>,
}

/// Writes some bytes of a file.
pub(super) fn put(out: &mut dyn Write, bytes: &[u8]) -> Result<(), Error> {
    out.write_all(bytes)
        .map_err(|error| Error::io(&error, None))
}

/// Turns samples into the bytes of one format, a block at a time. Once it has failed, its file is none.
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
