//! Audio files by path: reading, writing, and what they hold.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::audio::Audio;
use crate::error::Error;
use crate::files::asking::Caller;
use crate::files::clipping::Clipped;
use crate::files::conformed;
use crate::files::destination::{Destination, Placement};
use crate::files::info::{self, FileInfo};
use crate::files::input::{Input, Positional, Reader};
use crate::files::regular;
use crate::files::selection::Selection;
use crate::files::source::FrameSource;
use crate::files::spool::{Pipe, spool};
use crate::files::write::{self, FileFormat, Recipe};
use crate::kernel;
use crate::registry::Until;
use crate::sync::{AtomicBool, Ordering};

/// Reads what is selected of a file; see [`crate::files::read_from`].
///
/// # Errors
/// As there, with the path.
pub fn read(path: &Path, selection: Selection) -> Result<Audio, Error> {
    let read = read_until(path, selection, false, kernel::threads(), &Arc::default());
    read.map(|(audio, _)| audio)
}

/// Decodes what is selected of a file into samples that exist; see [`crate::files::read_into`].
///
/// # Errors
/// As there, with the path.
pub fn read_into(
    path: &Path,
    out: &Audio,
    selection: Selection,
    until: Until<'_>,
) -> Result<(), Error> {
    conformed::read_into(input(path)?, out, selection, until).map_err(|error| error.at_path(path))
}

/// The bytes of the file at a path. A pipe is read to its end first.
///
/// # Errors
/// [`Error::Io`] with the path, and [`Error::File`] for a device.
pub fn input(path: &Path) -> Result<Input<'static>, Error> {
    input_until(path, &Arc::default())
}

/// [`input`], for a thread that is to end early: once `is_over`, every byte that it asks for is an error.
fn input_until(path: &Path, is_over: &Arc<AtomicBool>) -> Result<Input<'static>, Error> {
    if regular::is_pipe(path) {
        let io = |error| Error::io(&error, Some(path));
        let over = is_over.clone();
        let mut pipe = Pipe::open(path, move || ended(&over)).map_err(io)?;
        return Ok(Box::new(Reader::new(spool(&mut pipe).map_err(io)?)));
    }
    // By position, so that several threads can read it.
    Ok(Box::new(Reader::new(Ending {
        file: regular::open(path, false)?,
        is_over: is_over.clone(),
    })))
}

fn ended(is_over: &AtomicBool) -> io::Result<()> {
    match is_over.load(Ordering::Relaxed) {
        true => Err(io::Error::other("reading was given up")),
        false => Ok(()),
    }
}

/// A file until its reader is to end.
struct Ending {
    file: File,
    is_over: Arc<AtomicBool>,
}

impl Positional for Ending {
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        ended(&self.is_over)?;
        self.file.read_at(into, offset)
    }

    fn size(&self) -> io::Result<u64> {
        self.file.size()
    }
}

/// [`read`] with no more than so many threads, until it is over. Of a damaged file, the whole frames before the damage if
/// those are to be kept, and the error that stood in the way of the others.
///
/// # Errors
/// As there, and [`Error::Io`] once it is over.
pub fn read_until(
    path: &Path,
    selection: Selection,
    keeps: bool,
    threads: usize,
    is_over: &Arc<AtomicBool>,
) -> Result<(Audio, Option<Error>), Error> {
    let read = FrameSource::open(input_until(path, is_over)?).and_then(|mut source| match keeps {
        true => conformed::read_kept(&mut source, selection, threads),
        false => conformed::read(&mut source, selection, threads).map(|audio| (audio, None)),
    });
    let (audio, damage) = read.map_err(|error| error.at_path(path))?;
    Ok((audio, damage.map(|error| error.at_path(path))))
}

/// What a file holds; see [`info::of`].
///
/// # Errors
/// As there, with the path.
pub fn info(path: &Path) -> Result<FileInfo, Error> {
    info::of(input(path)?).map_err(|error| error.at_path(path))
}

/// Writes audio to a path as what its ending says; see [`write::write`]. An existing file is replaced when all is
/// written, and keeps its permissions and extended attributes. A symbolic link stays, and the file that it leads to is
/// replaced. A pipe or a device takes the bytes as they come.
///
/// # Errors
/// As [`write::write`], with the path. The old file is unchanged then.
pub fn write(
    path: &Path,
    audio: &Audio,
    recipe: &Recipe,
    until: Until<'_>,
) -> Result<Clipped, Error> {
    write_to(path, audio, recipe, Placement::Replace, until)
}

/// As [`write()`], or into the file that is there.
///
/// # Errors
/// As there. Of a file that is written in place, a part may be left, once its first byte was written.
pub fn write_to(
    path: &Path,
    audio: &Audio,
    recipe: &Recipe,
    placement: Placement,
    until: Until<'_>,
) -> Result<Clipped, Error> {
    let recipe = recipe_for(path, recipe)?;
    let caller = Caller::of(until);
    let mut target = Destination::begin(path, placement, &caller)?;
    let written = caller.until(|until| match &mut target {
        // What stands there already may be a device, or be appended to: there no byte is written twice.
        Destination::Beside(file) => write::write_seeking(file, audio, &recipe, until),
        Destination::Itself(_) => write::write(&mut target, audio, &recipe, until),
    });
    let clipped = written.map_err(|error| error.at_path(path))?;
    target.commit()?;
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
