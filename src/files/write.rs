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

use std::io::Write;

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
    let samples = audio.samples().strided();
    let mut coder = coder_of(SampleSpec::of(audio), Some(audio.layout().frames()), recipe)?;
    let claim = samples.claim(Mode::Read);
    let caller = Caller::of(until);
    let written = caller.until(|until| {
        access(&[claim], Lock::Leases, until, |access| {
            let mut writer = Asking::new(writer, &caller);
            coder.begin(&mut writer, Some((access, &samples)))?;
            coder.append(&mut writer, access, &samples)?;
            let finished = coder.finish(&mut writer)?;
            writer.flush().map_err(|error| Error::io(&error, None))?;
            Ok(finished.clipped)
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
