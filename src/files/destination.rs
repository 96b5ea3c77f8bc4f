//! Where a file that is written by path goes: beside the old one, to take its place at the end; into the old one itself,
//! where the caller asks for that; or straight into a pipe or a device, which nothing takes the place of.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::error::Error;
use crate::files::asking::Caller;
use crate::files::regular::require_regular;
use crate::files::replace::Replacement;
use crate::memory;

/// How often a pipe is tried that has no reader yet.
const TRIED_EVERY: Duration = Duration::from_millis(20);

/// Names of this process's own output, which is written where it stands and not opened anew.
const OUTPUTS: [&str; 3] = ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

/// What to do with a file that stands there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Placement {
    /// A new file takes its place when all is written; until then, and after a failure, it is as it was.
    #[default]
    Replace,
    /// Its bytes are written anew: it keeps its hard links and needs no right to the folder, and a failure leaves a part.
    InPlace,
}

/// A file that is written by path.
pub enum Destination {
    /// A new one beside it.
    Beside(Replacement),
    /// The file itself.
    Itself(DirectFile),
}

/// A file, a pipe or a device that is written where it is.
pub struct DirectFile {
    file: File,
    path: PathBuf,
    /// Whether its old bytes are still there: what is refused before the first write leaves them.
    is_untouched: bool,
    can_seek: bool,
}

impl Destination {
    /// Where the file at `path` goes. A pipe without a reader is waited for.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::File`] with the path, for one that cannot be written to; [`Error::Interrupted`].
    pub fn begin(
        path: &Path,
        placement: Placement,
        caller: &Caller<'_>,
    ) -> Result<Destination, Error> {
        let io = |error| Error::io(&error, Some(path));
        if OUTPUTS.iter().any(|name| path == Path::new(name)) {
            return Ok(Destination::Itself(DirectFile::new(
                own_output().map_err(io)?,
                path,
            )));
        }
        match fs::metadata(path) {
            Ok(there) if is_stream(&there) => {
                let file = open_stream(path, &there, caller)?;
                Ok(Destination::Itself(DirectFile::new(file, path)))
            }
            Ok(there) if placement == Placement::InPlace => {
                require_regular(&there, path)?;
                if memory::is_mapped_here(&there) {
                    return Err(Error::invalid(format!(
                        "'{}' is open here (or was, and is still open), and to write into it would cut it short under \
                         that audio; close() it first, or let a new file take its place",
                        path.display()
                    )));
                }
                let file = OpenOptions::new().write(true).open(path).map_err(io)?;
                Ok(Destination::Itself(DirectFile {
                    is_untouched: true,
                    ..DirectFile::new(file, path)
                }))
            }
            Err(error)
                if error.kind() == io::ErrorKind::NotFound && placement == Placement::InPlace =>
            {
                let new = OpenOptions::new()
                    .write(true)
                    .create(true)
                    .truncate(false)
                    .open(path);
                Ok(Destination::Itself(DirectFile::new(new.map_err(io)?, path)))
            }
            _ => Replacement::begin(path).map(Destination::Beside),
        }
    }

    /// An error for what goes on and on: the writer cannot go back and write there.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a pipe or a terminal.
    pub fn require_return(&self) -> Result<(), Error> {
        match self {
            Destination::Itself(it) if !it.can_seek => Err(Error::invalid(format!(
                "'{}' cannot seek: how many frames there are is written into the beginning of the file, and known \
                 after the last block only; write to a file and send that on, or give all audio at once",
                it.path.display()
            ))),
            _ => Ok(()),
        }
    }

    /// All is written.
    ///
    /// # Errors
    /// [`Error::Io`] with the path.
    pub fn commit(self) -> Result<(), Error> {
        match self {
            Destination::Beside(file) => file.commit(),
            Destination::Itself(mut it) => it
                .touch()
                .map_err(|error| Error::io(&error, Some(&it.path))),
        }
    }
}

impl DirectFile {
    fn new(mut file: File, path: &Path) -> DirectFile {
        DirectFile {
            can_seek: file.stream_position().is_ok(),
            file,
            path: path.into(),
            is_untouched: false,
        }
    }

    /// Lets go of the old bytes.
    fn touch(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.is_untouched) {
            self.file.set_len(0)?;
        }
        Ok(())
    }
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Destination::Beside(file) => file.write(bytes),
            Destination::Itself(it) => {
                it.touch()?;
                it.file.write(bytes)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Destination::Beside(file) => file.flush(),
            Destination::Itself(it) => it.file.flush(),
        }
    }
}

impl Seek for Destination {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Destination::Beside(file) => file.seek(to),
            Destination::Itself(it) => it.file.seek(to),
        }
    }
}

/// The output of this process, at the place where it stands: what is printed later comes behind.
fn own_output() -> io::Result<File> {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd;
        let output = io::stdout();
        output.as_fd().try_clone_to_owned().map(File::from)
    }
    #[cfg(not(unix))]
    OpenOptions::new().write(true).open("/dev/stdout")
}

/// Whether bytes go away as they are written: a pipe, a terminal, `/dev/null`.
fn is_stream(metadata: &Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        let kind = metadata.file_type();
        kind.is_fifo() || kind.is_char_device()
    }
    #[cfg(not(unix))]
    {
        let _ = metadata;
        false
    }
}

/// Opens a pipe or a device. A pipe opens once it has a reader, and the caller is asked meanwhile.
fn open_stream(path: &Path, there: &Metadata, caller: &Caller<'_>) -> Result<File, Error> {
    let io = |error| Error::io(&error, Some(path));
    let mut options = OpenOptions::new();
    options.write(true);
    // Held until the pipe is open for good: a reader that sees no writer any more takes it for the end.
    let mut tried = None;
    #[cfg(unix)]
    {
        use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
        let mut trying = options.clone();
        trying.custom_flags(libc::O_NONBLOCK);
        while there.file_type().is_fifo() && tried.is_none() {
            match trying.open(path) {
                Ok(file) => tried = Some(file),
                Err(error) if error.raw_os_error() != Some(libc::ENXIO) || !caller.may_wait() => {
                    return Err(io(error));
                }
                Err(_) if !caller.goes_on() => return Err(Error::Interrupted),
                Err(_) => thread::sleep(TRIED_EVERY),
            }
        }
    }
    let file = options.open(path).map_err(io);
    drop(tried);
    file
}
