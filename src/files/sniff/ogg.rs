//! Where an Ogg stream ends that has no last page: it was cut short, or its recorder was ended.
//!
//! Pages carry their own length and check, and the last one a mark. Demuxers take a stream without the mark for damaged, so
//! the last whole page is shown to them with it.
//!
//! And where one stream ends and another begins: stations send a chain of them, one for each title (RFC 3533, section 4).

use std::io::{Read, Seek};
use std::ops::Range;

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
/// The marks of a stream's first page and of its last, among the flags.
const FIRST: u8 = 2;
const LAST: u8 = 4;
/// More links than a chain has.
const MOST_LINKS: usize = 1 << 12;
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

/// Whether the first page is of Speex, of which the demuxer says nothing.
pub fn is_speex<R: Read + Seek>(bytes: &mut Bytes<'_, R>, at: u64) -> Result<bool, Error> {
    let mut page = [0; HEAD + 1 + 8];
    Ok(bytes.peek(at, &mut page)?.ends_with(b"Speex   "))
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

/// The links of a chain: the bytes of streams one after the other. Nothing for a file of one stream, or of several at once.
pub fn links<R: Read + Seek>(bytes: &mut Bytes<'_, R>) -> Result<Vec<Range<u64>>, Error> {
    let (mut at, mut found) = (bytes.start, Vec::<Range<u64>>::new());
    // Streams that are sent at once have their first pages in front of all others.
    let mut is_begun = true;
    let mut known = Vec::new();
    let last = last_serial(bytes)?;
    while let Some((len, flags, serial)) = page_head(bytes, at)? {
        let is_first = flags & FIRST != 0;
        if is_first && is_begun {
            found.push(at..at);
            if found.len() > MOST_LINKS {
                break;
            }
        }
        if is_first {
            known.push(serial);
        } else if !is_begun && found.len() == 1 && last.is_none_or(|last| known.contains(&last)) {
            // What is at the end began at the beginning.
            return Ok(Vec::new());
        }
        is_begun = !is_first;
        at += len;
        if let Some(link) = found.last_mut() {
            link.end = at;
        }
    }
    // What stands behind the pages belongs to the last.
    if let Some(link) = found.last_mut() {
        link.end = bytes.end;
    }
    if found.len() < 2 {
        found.clear();
    }
    Ok(found)
}

/// The number of the stream that has the last page of the file.
fn last_serial<R: Read + Seek>(bytes: &mut Bytes<'_, R>) -> Result<Option<[u8; 4]>, Error> {
    for tail in [LIKELY, LARGEST] {
        let from = bytes.end.saturating_sub(tail).max(bytes.start);
        let mut tail = vec![0; (bytes.end - from) as usize];
        let tail = bytes.peek(from, &mut tail)?;
        let is_page =
            |at: &usize| tail[*at..].starts_with(b"OggS") && page_at(&tail[*at..]).is_some();
        if let Some(at) = (0..tail.len()).rev().find(is_page) {
            return Ok(tail[at + SERIAL..].first_chunk().copied());
        }
    }
    Ok(None)
}

/// The length, the flags and the stream of the page that begins there, if one does and is all there.
fn page_head<R: Read + Seek>(
    bytes: &mut Bytes<'_, R>,
    at: u64,
) -> Result<Option<(u64, u8, [u8; 4])>, Error> {
    let mut head = [0; HEAD + 255];
    let head = bytes.peek(at, &mut head)?;
    let (Some(serial), true) = (
        head.get(SERIAL..).and_then(<[u8]>::first_chunk),
        head.starts_with(b"OggS"),
    ) else {
        return Ok(None);
    };
    let Some(segments) = head.get(HEAD - 1).map(|count| usize::from(*count)) else {
        return Ok(None);
    };
    let Some(lengths) = head.get(HEAD..HEAD + segments) else {
        return Ok(None);
    };
    let body: u64 = lengths.iter().map(|length| u64::from(*length)).sum();
    let len = (HEAD + segments) as u64 + body;
    Ok((at + len <= bytes.end).then_some((len, head[FLAGS], *serial)))
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
