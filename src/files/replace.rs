//! A file replaced as a whole or not at all.
//!
//! The new file is written beside its target under a name drawn from the system's randomness, then renamed over it. A
//! program that has the old file open or mapped keeps it; a program that opens the path finds the old file or the new
//! one, never a part. Where anything fails, the old file is as it was and nothing else is left behind.

use std::fs::{self, File, Metadata, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::files::regular::require_regular;
use crate::memory;

/// As many links as the system itself follows.
const MAX_LINKS: usize = 40;

/// How often a name beside the target may turn out to be taken.
const MAX_NAMES: usize = 16;

/// A file on its way to a path. Dropped, it is gone, and the old file is as it was.
pub struct Replacement {
    path: PathBuf,
    /// Where the links of the path lead to.
    target: PathBuf,
    file: File,
    temporary: TemporaryFile,
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
            // A rename asks only the folder's permissions; the caller needs the file's too.
            OpenOptions::new().write(true).open(&target).map_err(io)?;
        }
        let created = create_beside(&target, old.is_some());
        let (file, temporary) = created.map_err(|error| match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
                if old.is_some() =>
            {
                folder_refuses(io(error))
            }
            _ => io(error),
        })?;
        if let Some(old) = &old {
            take_after(&file, old).map_err(io)?;
            keep_attributes(&target, &file);
        }
        Ok(Replacement {
            path: path.into(),
            target,
            file,
            temporary,
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
            // Another thread may have opened it while the new one was written.
            require_unopened(&now, &self.path)?;
        }
        self.temporary.rename(&self.target).map_err(io)
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
    Err(Error::invalid(format!(
        "'{}' is open here with mode 'r+' (or was, and is still open), and what is changed through that audio \
             would go nowhere once the file is replaced; close() it first, or change it where it lies",
        path.display()
    )))
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
struct TemporaryFile(Option<PathBuf>);

impl TemporaryFile {
    fn rename(mut self, target: &Path) -> io::Result<()> {
        if let Some(path) = &self.0 {
            fs::rename(path, target)?;
        }
        self.0 = None;
        Ok(())
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // A reason has been given already.
            let _ = fs::remove_file(path);
        }
    }
}

/// A new file in the folder of `target`, so that a rename is all it takes.
fn create_beside(target: &Path, is_private: bool) -> io::Result<(File, TemporaryFile)> {
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
            Ok(file) => return Ok((file, TemporaryFile(Some(path)))),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => taken = Some(error),
            Err(error) => return Err(error),
        }
    }
    Err(taken.unwrap_or_else(|| io::ErrorKind::AlreadyExists.into()))
}

/// The error for a file whose folder takes no new one.
fn folder_refuses(error: Error) -> Error {
    match error {
        Error::Io {
            code,
            message,
            path: Some(path),
        } => Error::FolderRefuses {
            code,
            message,
            path,
        },
        error => error,
    }
}

/// Attributes of the system that vouch for the old bytes.
#[cfg(unix)]
const OF_CONTENT: [&str; 3] = ["security.capability", "security.evm", "security.ima"];

/// Gives a file the extended attributes of another (what a user noted, access lists), as far as the system lets us.
fn keep_attributes(old: &Path, file: &File) {
    #[cfg(unix)]
    {
        use xattr::FileExt;
        let Ok(names) = xattr::list(old) else { return };
        for name in names.filter(|name| OF_CONTENT.iter().all(|own| name != own)) {
            if let Ok(Some(value)) = xattr::get(old, &name) {
                let _ = file.set_xattr(&name, &value);
            }
        }
    }
    #[cfg(not(unix))]
    let _ = (old, file);
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
