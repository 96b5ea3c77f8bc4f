//! Bytes of what cannot seek (pipes, sockets, objects with only `read()`), kept so that readers can: formats say at the
//! end what the beginning means.
//!
//! The first [`MOST`] bytes are kept in memory. More go into a file without a name in the system's folder for temporary
//! files, so that memory stays bounded however long the pipe is.

use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crate::files::input::{Memory, Positional};

/// Bytes that are kept in memory.
pub const MOST: usize = 16 << 20;

/// Bytes that are asked for at a time.
const PIECE: usize = 64 << 10;

/// How often the caller is asked whether to go on waiting.
const ASKED_EVERY: Duration = Duration::from_millis(50);

/// All bytes of something that cannot seek.
pub enum Spooled {
    /// Few of them.
    Memory(Memory<Vec<u8>>),
    /// More.
    File(File),
}

impl Positional for Spooled {
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        match self {
            Spooled::Memory(bytes) => bytes.read_at(into, offset),
            Spooled::File(file) => file.read_at(into, offset),
        }
    }

    fn size(&self) -> io::Result<u64> {
        match self {
            Spooled::Memory(bytes) => bytes.size(),
            Spooled::File(file) => file.size(),
        }
    }
}

/// Reads everything there is.
///
/// # Errors
/// Those of the reader, and of the file that takes what is too much for memory.
pub fn spool(from: &mut dyn Read) -> io::Result<Spooled> {
    let mut memory = Vec::new();
    let mut file = None;
    let mut piece = vec![0; PIECE];
    loop {
        let count = match from.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if file.is_none() && memory.len() + count > MOST {
            let mut new = nameless()?;
            new.write_all(&memory)?;
            memory = Vec::new();
            file = Some(new);
        }
        match &mut file {
            Some(file) => file.write_all(&piece[..count])?,
            None => memory.extend_from_slice(&piece[..count]),
        }
    }
    Ok(match file {
        Some(file) => Spooled::File(file),
        None => Spooled::Memory(Memory(memory)),
    })
}

/// A file that is gone when it is closed.
fn nameless() -> io::Result<File> {
    let folder = std::env::temp_dir();
    let number = RandomState::new().hash_one(&folder);
    let path = folder.join(format!("audio-{number:016x}.tmp"));
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let file = options.open(&path)?;
    fs::remove_file(&path)?;
    Ok(file)
}

/// A pipe at a path. A thread of its own opens and reads it: both may wait for ever, and the caller wants to be asked.
pub struct Pipe<F> {
    pieces: Receiver<io::Result<Vec<u8>>>,
    /// The piece that was taken last, and how much of it was given.
    piece: Vec<u8>,
    given: usize,
    ask: F,
}

impl<F: FnMut() -> io::Result<()>> Pipe<F> {
    /// Opens it. `ask` is called every 50 ms while there is nothing to read, and ends the wait by an error.
    ///
    /// # Errors
    /// No thread.
    pub fn open(path: &Path, ask: F) -> io::Result<Pipe<F>> {
        let (sender, pieces) = mpsc::sync_channel(4);
        let path = PathBuf::from(path);
        let work = move || {
            let mut file = match File::open(path) {
                Ok(file) => file,
                Err(error) => return drop(sender.send(Err(error))),
            };
            loop {
                let mut piece = vec![0; PIECE];
                let read = match file.read(&mut piece) {
                    Ok(0) => return,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    read => read,
                };
                let ends = read.is_err();
                let sent = sender.send(read.map(|count| {
                    piece.truncate(count);
                    piece
                }));
                if ends || sent.is_err() {
                    return;
                }
            }
        };
        thread::Builder::new()
            .name("audio-pipe".into())
            .spawn(work)?;
        Ok(Pipe {
            pieces,
            piece: Vec::new(),
            given: 0,
            ask,
        })
    }
}

impl<F: FnMut() -> io::Result<()>> Read for Pipe<F> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.given == self.piece.len() {
            match self.pieces.recv_timeout(ASKED_EVERY) {
                Ok(piece) => (self.piece, self.given) = (piece?, 0),
                Err(RecvTimeoutError::Disconnected) => return Ok(0),
                Err(RecvTimeoutError::Timeout) => (self.ask)()?,
            }
        }
        let rest = &self.piece[self.given..];
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        self.given += count;
        Ok(count)
    }
}
