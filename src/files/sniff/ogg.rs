//! Where an Ogg stream ends that has no last page: it was cut short, or its recorder was ended.
//!
//! Pages carry their own length and check, and the last one a mark. Demuxers take a stream without the mark for damaged, so
//! the last whole page is shown to them with it.

use std::io::{Read, Seek};

use crc::{Algorithm, Crc};

use crate::error::Error;
use crate::files::pcm::reader::Bytes;

/// The check of a page (RFC 3533): that of Ethernet, neither inverted nor the other way round.
const PAGE_CHECK: Crc<u32> = Crc::<u32>::new(&Algorithm {
    width: 32,
    poly: 0x04C1_1DB7,
    init: 0,
    refin: false,
    refout: false,
    xorout: 0,
    check: 0x89A1_897F,
    residue: 0,
});

/// Bytes of the head of a page, in front of the lengths of its segments.
const HEAD: usize = 27;
/// Bytes at the end of a file in which its last page is looked for first.
const LIKELY: u64 = 1 << 14;
/// Bytes of the largest page.
const LARGEST: u64 = 27 + 255 + 255 * 255;
/// The mark of a stream's last page, among the flags.
const LAST: u8 = 4;
/// Places of fields in the head of a page.
const FLAGS: usize = 5;
const POSITION: usize = 6;
const SERIAL: usize = 14;
const CHECK: usize = 22;

/// The end of a stream that has no last page.
pub struct Unfinished {
    /// Where its last whole page ends.
    pub end: u64,
    /// Bytes of that page as they would be if it were marked, by their places in the file.
    pub marked: Vec<(u64, u8)>,
}

/// The end of the one stream in the file, if its last page is not there.
pub fn unfinished<R: Read + Seek>(bytes: &mut Bytes<'_, R>) -> Result<Option<Unfinished>, Error> {
    let mut first = [0; HEAD];
    let first = bytes.peek(bytes.start, &mut first)?;
    let Some(serial) = first.get(SERIAL..SERIAL + 4).map(<[u8]>::to_vec) else {
        return Ok(None);
    };
    for tail in [LIKELY, 2 * LARGEST] {
        let from = bytes.end.saturating_sub(tail).max(bytes.start);
        let mut tail = vec![0; (bytes.end - from) as usize];
        let tail = bytes.peek(from, &mut tail)?;
        let places = (0..tail.len())
            .rev()
            .filter(|at| tail[*at..].starts_with(b"OggS"));
        for at in places {
            let Some(page) = page_at(&tail[at..]) else {
                continue;
            };
            if page[SERIAL..SERIAL + 4] != serial || page[FLAGS] & LAST != 0 {
                // Another stream's, or as it should be.
                return Ok(None);
            }
            // On a page in the middle of a packet nothing ends.
            let is_inside = page[POSITION..POSITION + 8] == [0xFF; 8];
            if !is_inside && check_of(page) == page[CHECK..CHECK + 4] {
                return Ok(Some(marked(page, from + at as u64)));
            }
        }
    }
    Ok(None)
}

/// The end of a stream whose last page is this one, at a place of the file.
fn marked(page: &[u8], place: u64) -> Unfinished {
    let mut page = page.to_vec();
    page[FLAGS] |= LAST;
    let mark = (place + FLAGS as u64, page[FLAGS]);
    let check = (place + CHECK as u64..).zip(check_of(&page));
    Unfinished {
        end: place + page.len() as u64,
        marked: std::iter::once(mark).chain(check).collect(),
    }
}

/// The page that begins here, if all of it is there.
fn page_at(bytes: &[u8]) -> Option<&[u8]> {
    let segments = usize::from(*bytes.get(HEAD - 1)?);
    let lengths = bytes.get(HEAD..HEAD + segments)?;
    let body: usize = lengths.iter().map(|length| usize::from(*length)).sum();
    bytes.get(..HEAD + segments + body)
}

/// The check of a page, as if its own were 0.
fn check_of(page: &[u8]) -> [u8; 4] {
    let mut sum = PAGE_CHECK.digest();
    sum.update(&page[..CHECK]);
    sum.update(&[0; 4]);
    sum.update(&page[CHECK + 4..]);
    sum.finalize().to_le_bytes()
}
