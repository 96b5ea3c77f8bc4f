//! Audio files by path: reading, writing, and what they hold.

use std::path::Path;

use crate::audio::Audio;
use crate::dtype::Dtype;
use crate::error::Error;
use crate::files::clipping::Clipped;
use crate::files::info::{self, FileInfo};
use crate::files::input::Input;
#[cfg(unix)]
use crate::files::input::Reader;
use crate::files::parallel;
use crate::files::regular;
use crate::files::replace::Replacement;
use crate::files::source::FrameSource;
use crate::files::write::{self, FileFormat, Recipe};
use crate::kernel;
use crate::registry::Until;

/// Reads `frames` frames of a file from `start` on, or as many as there are; see
/// [`crate::files::read_from`].
///
/// # Errors
/// As there, with the path.
pub fn read(
    path: &Path,
    dtype: Option<Dtype>,
    start: u64,
    frames: Option<u64>,
) -> Result<Audio, Error> {
    read_with(path, dtype, start, frames, kernel::threads())
}

/// [`read`] with no more than so many threads.
///
/// # Errors
/// As there.
pub fn read_with(
    path: &Path,
    dtype: Option<Dtype>,
    start: u64,
    frames: Option<u64>,
    threads: usize,
) -> Result<Audio, Error> {
    let input = input(path)?;
    let read = FrameSource::open(input)
        .and_then(|mut it| parallel::read(&mut it, dtype, start, frames, threads));
    read.map_err(|error| error.at_path(path))
}

/// The bytes of the file at a path.
///
/// # Errors
/// [`Error::Io`] with the path, and [`Error::File`] for what is no regular file.
pub fn input(path: &Path) -> Result<Input<'static>, Error> {
    let file = regular::open(path, false)?;
    // By position, so that several threads can read it.
    #[cfg(unix)]
    let file = Reader::new(file);
    Ok(Box::new(file))
}

/// What a file holds; see [`info::of`].
///
/// # Errors
/// As there, with the path.
pub fn info(path: &Path) -> Result<FileInfo, Error> {
    info::of(input(path)?).map_err(|error| error.at_path(path))
}

/// Writes audio to a path as what its ending says; see [`write::write`]. An existing file is replaced when all is
/// written, and keeps its permissions. A symbolic link stays, and the file that it leads to is replaced.
///
/// # Errors
/// As [`write::write`], with the path. The old file is unchanged then.
pub fn write(
    path: &Path,
    audio: &Audio,
    recipe: &Recipe,
    until: Until<'_>,
) -> Result<Clipped, Error> {
    let recipe = recipe_for(path, recipe)?;
    let mut file = Replacement::begin(path)?;
    let written = write::write(&mut file, audio, &recipe, until);
    let clipped = written.map_err(|error| error.at_path(path))?;
    file.commit()?;
    Ok(clipped)
}

/// The recipe with the format that the path promises.
///
/// # Errors
/// [`Error::InvalidArgument`] for a path that promises none, or another than the recipe has.
pub fn recipe_for(path: &Path, recipe: &Recipe) -> Result<Recipe, Error> {
    Ok(Recipe {
        format: Some(format_of(path, recipe.format)?),
        ..recipe.clone()
    })
}

/// The format that the caller asks for, or that the name promises; they may not contradict each other.
fn format_of(path: &Path, asked: Option<FileFormat>) -> Result<FileFormat, Error> {
    let ending = path.extension().unwrap_or_default().to_string_lossy();
    let known = FileFormat::from_ending(&ending);
    let is_fitting = match (asked, known) {
        (Some(asked), Some(known)) => {
            asked == known || (asked, known) == (FileFormat::Rf64, FileFormat::Wav)
        }
        (Some(_), None) => true,
        (None, None) => ending.is_empty(),
        (None, Some(_)) => true,
    };
    if is_fitting {
        return Ok(asked.or(known).unwrap_or(FileFormat::Wav));
    }
    Err(Error::invalid(match asked {
        Some(asked) => format!(
            "'{}' is a name for another format than {}; name it so, or leave format= out",
            path.display(),
            format!("{asked:?}").to_ascii_uppercase()
        ),
        None => format!(
            "'{}' does not end in .wav, .rf64, .aiff or .flac, which is what is written; name it so, \
                 or say which it is by format=",
            path.display()
        ),
    }))
}
