//! Where the bytes of a file come from: one reader, or several that share them.
//!
//! ```text
//!   Input   one reader of anything: a file, a buffer, an object of another language
//!   Reader  one of several inputs: each has its own position in bytes that all of them share
//! ```

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::sync::Arc;

/// Whatever has bytes: a file, a buffer, an object of another language.
pub trait ByteSource: Read + Seek + Send + Sync {
    /// Another reader of the same bytes, which stands where this one does and may be used at the same time.
    /// `None` where there is but one.
    fn again(&self) -> Option<Reader> {
        None
    }
}

impl ByteSource for File {}

impl<T: AsRef<[u8]> + Send + Sync> ByteSource for Cursor<T> {}

/// The bytes of a caller, for as long as they are read.
pub type Input<'s> = Box<dyn ByteSource + 's>;

/// Bytes that several threads read at once, each at offsets of its own.
pub trait Positional: Send + Sync {
    /// Fills `into` from `offset` on as far as one call to the system does, and says how far; 0 at the end.
    ///
    /// # Errors
    /// Those of the system.
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize>;

    /// How many bytes there are now.
    ///
    /// # Errors
    /// Those of the system.
    fn size(&self) -> io::Result<u64>;
}

#[cfg(unix)]
impl Positional for File {
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(self, into, offset)
    }

    fn size(&self) -> io::Result<u64> {
        self.metadata().map(|metadata| metadata.len())
    }
}

/// Bytes in memory that no thread changes.
pub struct Memory<T>(pub T);

impl<T: AsRef<[u8]> + Send + Sync> Positional for Memory<T> {
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        let all = self.0.as_ref();
        let from = usize::try_from(offset).map_or(all.len(), |from| from.min(all.len()));
        let count = into.len().min(all.len() - from);
        into[..count].copy_from_slice(&all[from..from + count]);
        Ok(count)
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.0.as_ref().len() as u64)
    }
}

/// A reader with its own position in bytes that other readers share.
#[derive(Clone)]
pub struct Reader {
    bytes: Arc<dyn Positional>,
    at: u64,
}

impl Reader {
    /// A reader that stands at the first byte.
    pub fn new(bytes: impl Positional + 'static) -> Reader {
        Reader {
            bytes: Arc::new(bytes),
            at: 0,
        }
    }
}

/// The offset to which a seek from `at` leads. It asks for the size only where that counts.
///
/// # Errors
/// A place before the first byte or past all numbers, and those of `size`.
pub fn sought(to: SeekFrom, at: u64, size: impl FnOnce() -> io::Result<u64>) -> io::Result<u64> {
    let place = match to {
        SeekFrom::Start(offset) => Some(offset),
        SeekFrom::Current(way) => at.checked_add_signed(way),
        SeekFrom::End(way) => size()?.checked_add_signed(way),
    };
    place.ok_or_else(|| io::ErrorKind::InvalidInput.into())
}

impl ByteSource for Reader {
    fn again(&self) -> Option<Reader> {
        Some(self.clone())
    }
}

impl Read for Reader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.bytes.read_at(into, self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = sought(to, self.at, || self.bytes.size())?;
        Ok(self.at)
    }
}
