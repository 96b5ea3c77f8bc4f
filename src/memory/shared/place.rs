//! Where segments lie, what they are called, and when their names go.

use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::header::{self, SegmentHeader};
use super::ticket;
use crate::error::Error;

/// What every name begins with.
const PREFIX: &str = "audio_samples-";

/// Seconds on a clock that all processes of the machine share, and that cannot be set: segments live in memory, no
/// longer than the system runs. It starts at an hour, so that 0 is no time and what is too old has a number too.
#[cfg(target_os = "linux")]
pub fn now() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: a clock that the system always has, and a place for the answer.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    3600 + u64::try_from(time.tv_sec).unwrap_or(0)
}

/// Seconds since 1970: where the folder is on a disk, segments may be older than the system's last start.
#[cfg(not(target_os = "linux"))]
pub fn now() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.unwrap_or_default().as_secs().max(1)
}

/// Files that live in memory, where the system has such; the folder for temporary files elsewhere.
pub fn folder() -> PathBuf {
    let memory = Path::new("/dev/shm");
    if cfg!(target_os = "linux") && memory.is_dir() {
        memory.to_owned()
    } else {
        std::env::temp_dir()
    }
}

/// An error for what cannot be the name of a segment, and would be some other file's path.
pub fn check(name: &str) -> Result<(), Error> {
    let rest = name.strip_prefix(PREFIX).unwrap_or_default();
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if !rest.is_empty() && rest.chars().all(allowed) {
        return Ok(());
    }
    Err(Error::InvalidArgument {
        message: format!(
            "{name:?} is not the name of shared audio, which begins with {PREFIX:?}; audio.shared_name \
             says it"
        ),
    })
}

/// Whether [`make`] gives such names: others may have files of their own beside ours.
fn is_made_here(name: &str) -> bool {
    let parts = name
        .strip_prefix(PREFIX)
        .and_then(|rest| rest.split_once('-'));
    parts.is_some_and(|(process, number)| {
        let digits = |text: &str, radix| text.chars().all(|digit| digit.is_digit(radix));
        !process.is_empty() && digits(process, 10) && number.len() == 16 && digits(number, 16)
    })
}

fn lock(file: &File) -> io::Result<()> {
    loop {
        match file.lock_shared() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    options.custom_flags(libc::O_NOFOLLOW);
    options
}

/// What the system refused about a file, and the way out where its own words say none.
#[cold]
fn open_error(error: &io::Error, path: &Path) -> Error {
    match (error.raw_os_error(), Error::io(error, Some(path))) {
        (Some(libc::EMFILE), Error::Io { code, path, .. }) => Error::Io {
            code,
            message: "too many open files: each shared audio keeps one open; let go of some, or raise the \
                      limit (ulimit -n)"
                .into(),
            path,
        },
        (_, error) => error,
    }
}

/// A new file, empty, locked, under an unused name.
pub fn make() -> Result<(String, File), Error> {
    loop {
        let number = RandomState::new().hash_one(now());
        let name = format!("{PREFIX}{}-{number:016x}", std::process::id());
        let path = folder().join(&name);
        let failed = |error| open_error(&error, &path);
        let file = match options().create_new(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            file => file.map_err(failed)?,
        };
        lock(&file).map_err(failed)?;
        // Another process's search for unused segments may have removed it before it was locked.
        if file.metadata().map_err(failed)?.nlink() > 0 {
            return Ok((name, file));
        }
    }
}

/// The file of that name, locked.
pub fn open(name: &str) -> Result<File, Error> {
    let path = folder().join(name);
    let gone = || Error::Io {
        code: Some(libc::ENOENT),
        message:
            "no shared audio of this name is on this machine: every process that had it has let go \
                  of it; keep the audio until the other process has attached it"
                .into(),
        path: Some(name.to_owned()),
    };
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => gone(),
        _ => open_error(&error, &path),
    };
    let file = options().open(&path).map_err(failed)?;
    lock(&file).map_err(failed)?;
    // The last user may have gone between the two.
    if file.metadata().map_err(failed)?.nlink() == 0 {
        return Err(gone());
    }
    Ok(file)
}

/// Takes the memory for a segment from the system.
pub fn reserve(file: &File, header: &SegmentHeader, path: &Path) -> Result<(), Error> {
    let parts = [
        (0, header::LEN),
        (header.offset, header.end() - header.offset),
    ];
    for (from, len) in parts {
        allocate(file, from, len).map_err(|error| match error.kind() {
            io::ErrorKind::StorageFull => no_room(&error, header, path),
            _ => Error::io(&error, Some(path)),
        })?;
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn allocate(file: &File, from: usize, len: usize) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    loop {
        // SAFETY: an open file, and two numbers. Without it a full file system would show as a signal in the
        // middle of a write.
        let code = unsafe {
            libc::posix_fallocate(file.as_raw_fd(), from as libc::off_t, len as libc::off_t)
        };
        match code {
            0 => return Ok(()),
            libc::EINTR => {}
            code => return Err(io::Error::from_raw_os_error(code)),
        }
    }
}

/// Elsewhere the folder is on a disk, and the system has no such call.
#[cfg(not(target_os = "linux"))]
fn allocate(file: &File, from: usize, len: usize) -> io::Result<()> {
    file.set_len((from + len) as u64)
}

#[cold]
fn no_room(error: &io::Error, header: &SegmentHeader, path: &Path) -> Error {
    let folder = path.parent().unwrap_or(path);
    let space = space(folder).map_or(String::new(), |(free, total)| {
        format!(", of which {free} of {total} bytes are free")
    });
    Error::Io {
        code: error.raw_os_error(),
        message: format!(
            "no room for {} bytes of shared audio in {}{space}; free some, or make it larger (for a \
             container: --shm-size)",
            header.len,
            folder.display()
        ),
        path: Some(path.display().to_string()),
    }
}

/// Free and all bytes of a file system.
fn space(folder: &Path) -> Option<(u64, u64)> {
    use std::os::unix::ffi::OsStrExt;
    let folder = std::ffi::CString::new(folder.as_os_str().as_bytes()).ok()?;
    // SAFETY: a structure of numbers, for all of which zero is a value.
    let mut facts: libc::statvfs = unsafe { std::mem::zeroed() };
    // SAFETY: a path that ends in a zero, and a place for the answer.
    let code = unsafe { libc::statvfs(folder.as_ptr(), &raw mut facts) };
    #[allow(clippy::unnecessary_cast, reason = "the widths differ between systems")]
    let size = facts.f_frsize as u64;
    #[allow(clippy::unnecessary_cast, reason = "as above")]
    let (free, all) = (facts.f_bavail as u64, facts.f_blocks as u64);
    (code == 0).then_some((free * size, all * size))
}

/// Removes the name of a segment that no process has, unless handles of it are on their way.
pub fn remove_if_unused(path: &Path) {
    let Ok(file) = options().open(path) else {
        return;
    };
    // An exclusive lock is to be had when no process holds another.
    if file.try_lock().is_err() {
        return;
    }
    if ticket::is_awaited(&file, now()) == Some(false) {
        let _ = fs::remove_file(path);
    }
}

/// Removes the segments that no process has, and that wait for no handle: those of processes that were killed, and
/// those whose handles were not taken in time.
pub fn sweep(is_ours: impl Fn(&str) -> bool) {
    for entry in fs::read_dir(folder()).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if let Some(name) = name.to_str()
            && is_made_here(name)
            && !is_ours(name)
        {
            remove_if_unused(&entry.path());
        }
    }
}
