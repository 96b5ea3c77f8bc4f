//! Audio as a file: which kind, and what every kind has in common.
//!
//! ```text
//!   whole audio, of known length   write    ->              begin, append once, finish
//!   block after block              Blocks   ->  a Coder:    begin, append, append, ..., finish, header again
//! ```

mod blocks;
pub(super) mod coder;
pub(super) mod container;
mod flac;
pub mod metadata;
pub mod tags;

use std::io::{Seek, Write};

pub use blocks::Blocks;
pub use coder::{Coder, FileFormat, Finished, Recipe, SampleSpec, Whole};

use crate::audio::Audio;
use crate::error::Error;
use crate::files::asking::{Asking, Caller};
use crate::files::clipping::Clipped;
use crate::files::pcm::{aiff, wav};
use crate::registry::{Mode, Until};
use crate::view::{Lock, access};

/// Writes a whole file. From the narrowest to the widest type there is one rounding to the nearest, and saturation
/// where the encoding has fewer bits; the result says how much that has clipped. The writer leases the samples for
/// reading all the while and copies no more than a block of them. The output need not seek: the length is known from
/// the beginning.
///
/// # Errors
/// Audio that the format cannot hold, [`Error::Io`], what [`access`] gives, and [`Error::Interrupted`] also in the middle.
pub fn write<W: Write>(
    writer: &mut W,
    audio: &Audio,
    recipe: &Recipe,
    until: Until<'_>,
) -> Result<Clipped, Error> {
    written(writer, audio, recipe, until, false).map(|finished| finished.clipped)
}

/// As [`write()`], into an output that seeks: what the header says about all samples is put there at the end, and the
/// writer goes through the samples once. What was written to stands at the end of the file.
///
/// # Errors
/// As there.
pub fn write_seeking<W: Write + Seek>(
    writer: &mut W,
    audio: &Audio,
    recipe: &Recipe,
    until: Until<'_>,
) -> Result<Clipped, Error> {
    let start = writer.stream_position().map_err(io)?;
    let finished = written(writer, audio, recipe, until, true)?;
    finished.put_header(writer, start)?;
    Ok(finished.clipped)
}

fn io(error: std::io::Error) -> Error {
    Error::io(&error, None)
}

fn written<W: Write>(
    writer: &mut W,
    audio: &Audio,
    recipe: &Recipe,
    until: Until<'_>,
    can_seek: bool,
) -> Result<Finished, Error> {
    let samples = audio.samples().strided();
    let mut coder = coder_of(SampleSpec::of(audio), Some(audio.layout().frames()), recipe)?;
    let claim = samples.claim(Mode::Read);
    let caller = Caller::of(until);
    let written = caller.until(|until| {
        access(&[claim], Lock::Leases, until, |access| {
            let mut writer = Asking::new(writer, &caller);
            let whole = (!can_seek).then_some((access, &samples));
            coder.begin(&mut writer, whole)?;
            coder.append(&mut writer, access, &samples)?;
            let finished = coder.finish(&mut writer)?;
            writer.flush().map_err(io)?;
            Ok(finished)
        })?
    });
    caller.outcome(written)
}

/// What turns samples into the bytes of a format. `frames` says how many there will be, where that is known.
fn coder_of(
    spec: SampleSpec,
    frames: Option<usize>,
    recipe: &Recipe,
) -> Result<Box<dyn Coder>, Error> {
    Ok(match recipe.format.unwrap_or(FileFormat::Wav) {
        FileFormat::Wav => Box::new(wav::coder(spec, frames, recipe, false)?),
        FileFormat::Rf64 => Box::new(wav::coder(spec, frames, recipe, true)?),
        FileFormat::Aiff => Box::new(aiff::coder(spec, frames, recipe)?),
        FileFormat::Flac => Box::new(flac::coder(spec, frames, recipe)?),
    })
}
