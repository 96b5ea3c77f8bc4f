//! Audio as a file: which kind, and what every kind has in common.

use std::io::Write;

use crate::audio::clipping::{Clipped, Watch};
use crate::audio::encoding::{Block, ByteOrder, Encoding, transfer};
use crate::audio::passing::Passing;
use crate::audio::{Audio, aiff, flac, wav};
use crate::error::Error;
use crate::registry::{Mode, Patience};
use crate::view::{Access, Effort, access};

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
/// where the encoding has fewer bits; what that has clipped is told. The samples are leased for reading all the while; no more than a block
/// of them is copied.
///
/// # Errors
/// Audio that the format cannot hold, [`Error::Io`], and what [`access`] gives.
pub fn write<W: Write>(
    writer: &mut W,
    audio: &Audio,
    recipe: &Recipe,
    patience: Patience<'_>,
) -> Result<Clipped, Error> {
    let Recipe {
        encoding, passing, ..
    } = recipe;
    match recipe.format.unwrap_or(Format::Wav) {
        Format::Wav => wav::write_passing(writer, audio, *encoding, passing, false, patience),
        Format::Rf64 => wav::write_passing(writer, audio, *encoding, passing, true, patience),
        Format::Aiff => aiff::write(writer, audio, *encoding, passing, patience),
        Format::Flac => flac::write(writer, audio, *encoding, passing, patience),
    }
}

/// What is before the samples of a file, how they lie, and what is behind them.
pub struct Body<'a> {
    /// Bytes before the first frame.
    pub before: &'a [u8],
    /// How a sample is stored.
    pub encoding: Encoding,
    /// Which byte of it comes first.
    pub order: ByteOrder,
    /// Bytes behind the last frame.
    pub behind: &'a [u8],
}

impl Body<'_> {
    /// Writes it all, the samples under a lease.
    ///
    /// # Errors
    /// [`Error::Io`], and what [`access`] gives.
    pub fn write<W: Write>(
        &self,
        writer: &mut W,
        audio: &Audio,
        patience: Patience<'_>,
    ) -> Result<Clipped, Error> {
        let claim = audio.samples().strided().claim(Mode::Read);
        access(&[claim], Effort::Long, patience, |access| {
            let io = |error| Error::io(&error, None);
            writer.write_all(self.before).map_err(io)?;
            let clipped = self.write_frames(writer, audio, access)?;
            writer.write_all(self.behind).map_err(io)?;
            writer.flush().map_err(io)?;
            Ok(clipped)
        })?
    }

    fn write_frames<W: Write>(
        &self,
        writer: &mut W,
        audio: &Audio,
        access: &Access,
    ) -> Result<Clipped, Error> {
        let (frames, channels) = (audio.layout().frames(), audio.layout().channels());
        let mut block = Block::to_write(self.encoding, self.order, channels, frames)?;
        let mut watch = Watch::new(audio.dtype(), self.encoding, channels, block.frames())?;
        let mut done = 0;
        while done < frames {
            let count = block.frames().min(frames - done);
            let part = audio.samples().strided().take_frames(done, count)?;
            transfer(access, &block.samples(count)?, &part)?;
            if let Some(watch) = &mut watch {
                watch.see(access, &part)?;
            }
            let written = writer.write_all(block.encode(count));
            written.map_err(|error| Error::io(&error, None))?;
            done += count;
        }
        Ok(watch.map(|watch| watch.clipped).unwrap_or_default())
    }
}
