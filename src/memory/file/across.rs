//! A few bytes that lie across two pages of a file, stored at once.
//!
//! The system copies what is written into a file page by page. A process that is killed in between leaves the
//! first page new and the second one old, and of a number that lies in both a part of each. A store of the
//! processor's own is not cut there: it is done, or it is not.

use std::fs::File;
use std::io;

use memmap2::MmapOptions;

use super::fault;
use crate::error::Error;

/// The most bytes that are stored at once.
pub const MOST: usize = size_of::<u64>();

/// Stores up to [`MOST`] bytes at `at` that lie across two pages, all of which the file has. The bytes behind them,
/// as many as make up [`MOST`], are stored again as they are.
///
/// # Errors
/// [`Error::Io`] where the file cannot be mapped, or too many files are, [`Error::File`] where it became shorter.
pub fn store_across(file: &File, at: u64, bytes: &[u8]) -> Result<(), Error> {
    let missing = || {
        Error::damaged(
            at,
            "the file could not be written here: it became shorter, or its disk is full or failing"
                .into(),
        )
    };
    let len = file
        .metadata()
        .map_err(|error| Error::io(&error, None))?
        .len();
    if at.saturating_add(bytes.len() as u64) > len {
        return Err(missing());
    }
    if bytes.len() > MOST {
        let error = io::Error::from(io::ErrorKind::InvalidInput);
        return Err(Error::io(&error, None));
    }
    // Behind the end of the file its last page goes on; what is stored there reaches nobody.
    let mut options = MmapOptions::new();
    options.offset(at).len(MOST);
    let map = options
        .map_raw(file)
        .map_err(|error| Error::io(&error, None))?;
    let guard = fault::Guard::new(map.as_ptr().addr(), MOST);
    if !guard.is_on() {
        let error = io::Error::from(io::ErrorKind::ResourceBusy);
        return Err(Error::io(&error, None));
    }
    let place = map.as_mut_ptr().cast::<u64>();
    // SAFETY: MOST bytes from here on are mapped to be read and written, by the pages of the file or by those
    // that the guard puts in.
    let mut word = unsafe { place.read_unaligned() }.to_ne_bytes();
    word[..bytes.len()].copy_from_slice(bytes);
    // SAFETY: as above. One instruction where the processor stores words at any address.
    unsafe { place.write_unaligned(u64::from_ne_bytes(word)) };
    match guard.torn() {
        Some(_) => Err(missing()),
        None => Ok(()),
    }
}

#[cfg(all(test, not(miri)))]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_those_bytes_and_no_others() {
        let path = std::env::temp_dir().join(format!("audio-across-{}", std::process::id()));
        let before: Vec<u8> = (0..8200_u32).map(|byte| byte as u8).collect();
        std::fs::write(&path, &before).unwrap();
        let mut options = File::options();
        let file = options.read(true).write(true).open(&path).unwrap();
        // Across two pages, and at the end of the file.
        for (at, bytes) in [(4095, &[7, 8, 9][..]), (8188, &[1; 8]), (8197, &[5, 6, 7])] {
            store_across(&file, at, bytes).unwrap();
            let mut expected = before.clone();
            expected[at as usize..][..bytes.len()].copy_from_slice(bytes);
            let now = std::fs::read(&path).unwrap();
            assert_eq!(now.len(), 8200);
            assert!(now == expected, "at {at}");
            std::fs::write(&path, &before).unwrap();
        }
        for at in [8198, 9000, u64::MAX] {
            assert!(matches!(
                store_across(&file, at, &[1, 2, 3]),
                Err(Error::File { .. })
            ));
        }
        assert!(store_across(&file, 0, &[0; 9]).is_err());
        std::fs::remove_file(&path).unwrap();
    }
}
