//! Regular files by path. A pipe or a device is refused at once: opening it could wait for ever.

use std::fs::{File, Metadata, OpenOptions};
use std::path::Path;

use crate::error::Error;

/// Opens a regular file for reading, or to change it where it is. Opening a pipe without a
/// writer would never end.
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

/// An error for what is no regular file.
///
/// # Errors
/// [`Error::Io`] for a directory, [`Error::File`] for a pipe or a device.
pub fn require_regular(metadata: &Metadata, path: &Path) -> Result<(), Error> {
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
