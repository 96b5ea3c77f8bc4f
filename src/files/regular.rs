//! Files by path: regular ones, which readers seek in, and pipes, which are read to their end first.

use std::fs::{self, File, Metadata, OpenOptions};
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

/// Whether there is a pipe at the path, as `mkfifo`, a shell's `<(...)` and `/dev/stdin` behind a `|` are.
pub fn is_pipe(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo())
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
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
        message: "it is a pipe or a device, not a regular file, and cannot be changed or mapped; read() and write() \
                  take pipes, and of a device the open file"
            .into(),
        path: Some(path.display().to_string()),
        whole: None,
    })
}
