//! A few bytes that lie across two pages of a file, stored at once.
//!
//! The system copies what is written into a file page by page. A process that is killed in between leaves the
//! first page new and the second one old, and of a number that lies in both a part of each. A store of the
//! processor's own is not cut there: it is done, or it is not.

use std::fs::File;
use std::io;

use memmap2::{MmapOptions, MmapRaw};

use super::fault;
use crate::error::Error;

/// The most bytes that are stored at once.
pub const MOST: usize = size_of::<u64>();

/// A part of a file in which a few bytes at a time are stored.
///
/// Invariant 1: `map` has `MOST` bytes more than the part, all of which may be read and written: by the pages of the
/// file, or by those that `guard` puts in. Behind the end of the file its last page goes on; what is stored there is
/// lost.
pub struct Straddling {
    // Dropped before the map: the signal handler must not put pages at addresses that have a new owner.
    guard: fault::FaultGuard,
    map: MmapRaw,
    at: u64,
    len: usize,
}

impl Straddling {
    /// The `len` bytes from `at` on, all of which the file has.
    ///
    /// # Errors
    /// [`Error::Io`] where the file cannot be mapped, or too many files are, [`Error::File`] where it became shorter.
    pub fn new(file: &File, at: u64, len: usize) -> Result<Straddling, Error> {
        let facts = file.metadata().map_err(|error| Error::io(&error, None))?;
        if at.saturating_add(len as u64) > facts.len() {
            return Err(missing(at));
        }
        let mut options = MmapOptions::new();
        options.offset(at).len(len + MOST);
        let map = options
            .map_raw(file)
            .map_err(|error| Error::io(&error, None))?;
        let guard = fault::FaultGuard::new(map.as_ptr().addr(), map.len());
        if !guard.is_on() {
            let error = io::Error::from(io::ErrorKind::ResourceBusy);
            return Err(Error::io(&error, None));
        }
        Ok(Straddling {
            guard,
            map,
            at,
            len,
        })
    }

    /// Stores up to `MOST` bytes, `from` bytes behind the first one. The bytes behind them, as many as make up
    /// `MOST`, are stored again as they are; at the end of a part those before them, for other threads may be
    /// changing what follows it.
    ///
    /// # Errors
    /// [`Error::File`] where the file became shorter; bytes that are too many, or not in the part.
    pub fn store(&self, from: usize, bytes: &[u8]) -> Result<(), Error> {
        let inside = from.checked_add(bytes.len());
        if bytes.len() > MOST || inside.is_none_or(|end| end > self.len) {
            let error = io::Error::from(io::ErrorKind::InvalidInput);
            return Err(Error::io(&error, None));
        }
        let start = from.min(self.len.saturating_sub(MOST));
        let place = self.map.as_mut_ptr().wrapping_add(start).cast::<u64>();
        // SAFETY: MOST bytes from here on are in the map (invariant 1), `start` being in the part.
        let mut word = unsafe { place.read_unaligned() }.to_ne_bytes();
        word[from - start..][..bytes.len()].copy_from_slice(bytes);
        // SAFETY: invariant 1, as for the read. One instruction where the processor stores words at any address.
        unsafe { place.write_unaligned(u64::from_ne_bytes(word)) };
        match self.guard.torn() {
            Some(_) => Err(missing(self.at + from as u64)),
            None => Ok(()),
        }
    }
}

#[cold]
fn missing(at: u64) -> Error {
    Error::damaged(
        at,
        "the file could not be written here: it became shorter, or its disk is full or failing"
            .into(),
    )
}

#[cfg(all(test, not(miri)))]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_those_bytes_and_no_others() {
        let path = std::env::temp_dir().join(format!("audio-straddling-{}", std::process::id()));
        let before: Vec<u8> = (0..8200_u32).map(|byte| byte as u8).collect();
        std::fs::write(&path, &before).unwrap();
        let mut options = File::options();
        let file = options.read(true).write(true).open(&path).unwrap();
        // Straddling two pages, and at the end of the file.
        for (at, bytes) in [(4095, &[7, 8, 9][..]), (8188, &[1; 8]), (8197, &[5, 6, 7])] {
            let start = at - at % 100;
            let part = Straddling::new(&file, start, 8200 - start as usize).unwrap();
            part.store((at - start) as usize, bytes).unwrap();
            let mut expected = before.clone();
            expected[at as usize..][..bytes.len()].copy_from_slice(bytes);
            let now = std::fs::read(&path).unwrap();
            assert_eq!(now.len(), 8200);
            assert!(now == expected, "at {at}");
            std::fs::write(&path, &before).unwrap();
        }
        for at in [8198, 9000, u64::MAX] {
            assert!(matches!(
                Straddling::new(&file, at, 3),
                Err(Error::File { .. })
            ));
        }
        let part = Straddling::new(&file, 10, 100).unwrap();
        for (from, bytes) in [(0, &[0; 9][..]), (98, &[0; 3]), (usize::MAX, &[0; 3])] {
            assert!(part.store(from, bytes).is_err(), "{from}");
        }
        // Nothing behind the part is touched, where there may be no page.
        file.set_len(8192).unwrap();
        let part = Straddling::new(&file, 8000, 192).unwrap();
        part.store(189, &[1, 2, 3]).unwrap();
        assert_eq!(std::fs::read(&path).unwrap()[8189..], [1, 2, 3]);
        file.set_len(8000).unwrap();
        let part = Straddling::new(&file, 4000, 100).unwrap();
        file.set_len(4000).unwrap();
        assert!(matches!(
            part.store(96, &[1, 2, 3]),
            Err(Error::File { .. })
        ));
        std::fs::remove_file(&path).unwrap();
    }
}
