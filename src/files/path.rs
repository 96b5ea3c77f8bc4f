//! Audio files by path: opening what can be read, and replacing a file as a whole or not at all.
//!
//! A file is written beside its target under a name that nobody can guess, then renamed over it. Whoever
//! has the old file open or mapped keeps it; whoever opens the path finds the old file or the new one,
//! never a part. Where anything fails, the old file is as it was and nothing else is left behind.

use std::fs::{self, File, Metadata, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::audio::Audio;
use crate::dtype::Dtype;
use crate::error::Error;
use crate::files::clipping::Clipped;
use crate::files::info::Particulars;
use crate::files::info::{self};
#[cfg(unix)]
use crate::files::source::Reader;
use crate::files::source::{Input, Source};
use crate::files::write::{self};
use crate::files::write::{Format, Recipe};
use crate::kernel;
use crate::memory;
use crate::registry::Until;

/// As many links as the system itself follows.
const MAX_LINKS: usize = 40;

/// How often a name beside the target may turn out to be taken.
const MAX_NAMES: usize = 16;

/// Reads `frames` frames of a file from `start` on, or as many as there are; see
/// [`source::read`](crate::files::source::read).
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
    let read = Source::open(input).and_then(|mut it| it.read_with(dtype, start, frames, threads));
    read.map_err(|error| named(error, path))
}

/// The bytes of the file at a path.
///
/// # Errors
/// [`Error::Io`] with the path, and [`Error::File`] for what is no regular file.
pub fn input(path: &Path) -> Result<Input<'static>, Error> {
    let file = open(path, false)?;
    // By position, so that several threads can read it.
    #[cfg(unix)]
    let file = Reader::new(file);
    Ok(Box::new(file))
}

/// What a file holds; see [`info::of`].
///
/// # Errors
/// As there, with the path.
pub fn info(path: &Path) -> Result<Particulars, Error> {
    info::of(input(path)?).map_err(|error| named(error, path))
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
    let clipped = written.map_err(|error| named(error, path))?;
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

/// Which format is meant is not guessed from audio whose name promises another.
fn format_of(path: &Path, asked: Option<Format>) -> Result<Format, Error> {
    let ending = path.extension().unwrap_or_default().to_string_lossy();
    let known = Format::from_ending(&ending);
    let is_fitting = match (asked, known) {
        (Some(asked), Some(known)) => {
            asked == known || (asked, known) == (Format::Rf64, Format::Wav)
        }
        (Some(_), None) => true,
        (None, None) => ending.is_empty(),
        (None, Some(_)) => true,
    };
    if is_fitting {
        return Ok(asked.or(known).unwrap_or(Format::Wav));
    }
    Err(Error::InvalidArgument {
        message: match asked {
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
        },
    })
}

/// The error with the path of the file in it.
pub fn named(mut error: Error, file: &Path) -> Error {
    if let Error::File { path, .. } | Error::Compressed { path, .. } | Error::Io { path, .. } =
        &mut error
    {
        path.get_or_insert_with(|| file.display().to_string());
    }
    error
}

/// Opens a regular file for reading, or to change it where it is. Nothing else is waited for: a pipe that nobody writes to would
/// never open.
///
/// # Errors
/// [`Error::Io`] with the path, and [`Error::File`] for what is no regular file.
pub fn open(path: &Path, writable: bool) -> Result<File, Error> {
    let io = |error| Error::io(&error, Some(path));
    let mut options = OpenOptions::new();
    options.read(true).write(writable);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(libc::O_NONBLOCK);
    }
    let file = options.open(path).map_err(io)?;
    require_regular(&file.metadata().map_err(io)?, path)?;
    Ok(file)
}

fn require_regular(metadata: &Metadata, path: &Path) -> Result<(), Error> {
    if metadata.is_file() {
        return Ok(());
    }
    if metadata.is_dir() {
        return Err(Error::Io {
            #[cfg(unix)]
            code: Some(libc::EISDIR),
            #[cfg(not(unix))]
            code: None,
            message: "Is a directory".into(),
            path: Some(path.display().to_string()),
        });
    }
    Err(Error::File {
        offset: None,
        message: "it is a pipe or a device, not a regular file, and is not waited for; open it yourself and \
                  give the open file, which is read to its end first"
            .into(),
        path: Some(path.display().to_string()),
    })
}

/// A file on its way to a path. Dropped, it is gone, and the old file is as it was.
pub struct Replacement {
    path: PathBuf,
    /// Where the links of the path lead to.
    target: PathBuf,
    file: File,
    beside: Beside,
    replaces: bool,
}

impl Replacement {
    /// An empty file beside the path.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::File`] with the path, for one that cannot be written to.
    pub fn begin(path: &Path) -> Result<Replacement, Error> {
        let io = |error| Error::io(&error, Some(path));
        let target = follow_links(path).map_err(io)?;
        let old = match fs::metadata(&target) {
            Ok(metadata) => Some(metadata),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(io(error)),
        };
        if let Some(old) = &old {
            require_regular(old, path)?;
            require_unopened(old, path)?;
            // A rename asks only the folder. Who may not write to the file may not replace it either.
            OpenOptions::new().write(true).open(&target).map_err(io)?;
        }
        let (file, beside) = create_beside(&target, old.is_some()).map_err(io)?;
        if let Some(old) = &old {
            take_after(&file, old).map_err(io)?;
        }
        Ok(Replacement {
            path: path.into(),
            target,
            file,
            beside,
            replaces: old.is_some(),
        })
    }

    /// Puts it in the place of the old file.
    ///
    /// # Errors
    /// [`Error::Io`] with the path.
    pub fn commit(self) -> Result<(), Error> {
        let io = |error| Error::io(&error, Some(&self.path));
        if self.replaces {
            // A machine that stops may have kept the new name and lost the new bytes: then the old file would be gone.
            self.file.sync_data().map_err(io)?;
        }
        drop(self.file);
        if let Ok(now) = fs::metadata(&self.target) {
            // Somebody may have opened it while the new one was written.
            require_unopened(&now, &self.path)?;
        }
        self.beside.rename(&self.target).map_err(io)
    }
}

impl Write for Replacement {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for Replacement {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

/// An error for a file that is changed through its mapping here: a new one would take its name, and what is changed
/// from then on would be lost with the old one.
fn require_unopened(old: &Metadata, path: &Path) -> Result<(), Error> {
    if !memory::is_changed_here(old) {
        return Ok(());
    }
    Err(Error::InvalidArgument {
        message: format!(
            "'{}' is open here with mode 'r+' (or was, and is still open), and what is changed through that audio \
             would go nowhere once the file is replaced; close() it first, or change it where it lies",
            path.display()
        ),
    })
}

/// The path that a chain of symbolic links ends at, whether or not there is a file.
fn follow_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_path_buf();
    for _ in 0..MAX_LINKS {
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_symlink() => {
                let onward = fs::read_link(&path)?;
                path = path.parent().unwrap_or(Path::new("")).join(onward);
            }
            Ok(_) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(path),
            Err(error) => return Err(error),
        }
    }
    // The system says it in its own words.
    fs::metadata(&path).map(|_| path)
}

/// A file that is removed again unless it is renamed.
struct Beside(Option<PathBuf>);

impl Beside {
    fn rename(mut self, target: &Path) -> io::Result<()> {
        if let Some(path) = &self.0 {
            fs::rename(path, target)?;
        }
        self.0 = None;
        Ok(())
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // There is nobody to tell, and a reason has been given already.
            let _ = fs::remove_file(path);
        }
    }
}

/// A new file in the folder of `target`, so that a rename is all it takes.
fn create_beside(target: &Path, is_private: bool) -> io::Result<(File, Beside)> {
    if target.file_name().is_none() {
        // The system says it in its own words.
        fs::metadata(target)?;
        return Err(io::ErrorKind::NotFound.into());
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if is_private {
        use std::os::unix::fs::OpenOptionsExt;
        // Until it has the permissions of the file that it replaces.
        options.mode(0o600);
    }
    #[cfg(not(unix))]
    let _ = is_private;
    let mut taken = None;
    for _ in 0..MAX_NAMES {
        // Keyed by the system's randomness, anew each time.
        let number = RandomState::new().hash_one(target);
        let path = target.with_file_name(format!(".audio-{number:016x}.tmp"));
        match options.open(&path) {
            Ok(file) => return Ok((file, Beside(Some(path)))),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => taken = Some(error),
            Err(error) => return Err(error),
        }
    }
    Err(taken.unwrap_or_else(|| io::ErrorKind::AlreadyExists.into()))
}

/// Gives a file the permissions of another, and its owner where the system lets us.
fn take_after(file: &File, old: &Metadata) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let new = file.metadata()?;
        if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
            let _ = std::os::unix::fs::fchown(file, Some(old.uid()), Some(old.gid()));
        }
    }
    file.set_permissions(old.permissions())
}
