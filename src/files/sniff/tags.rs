//! Tags of other formats around the packets of a file: where they lie, so that no demuxer takes them for packets.

use std::io::{Read, Seek};
use std::ops::Range;

use crate::error::Error;
use crate::files::pcm::reader::Bytes;

/// More tags than any program writes around one file.
const MOST: usize = 8;
/// Bytes of an ID3v1 tag.
const ID3V1: u64 = 128;
/// Bytes of the head of an APE tag, and of its foot.
const APE: u64 = 32;

/// The format of a tag, that which says most first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TagKind {
    Id3v2,
    Ape,
    Id3v1,
}

/// A tag, and the bytes of the file that it is.
#[derive(Clone, Debug, PartialEq)]
pub struct TagBytes {
    pub kind: TagKind,
    pub bytes: Range<u64>,
}

/// Where the tags end that a file begins with.
pub fn in_front<R: Read + Seek>(
    bytes: &mut Bytes<'_, R>,
    tags: &mut Vec<TagBytes>,
) -> Result<u64, Error> {
    let mut at = bytes.start;
    for _ in 0..MOST {
        let mut head = [0; APE as usize];
        let (kind, len) = match *bytes.peek(at, &mut head)? {
            [b'I', b'D', b'3', _, _, flags, a, b, c, d, ..] => {
                let foot = if flags & 0x10 == 0 { 0 } else { 10 };
                (TagKind::Id3v2, 10 + seven_bits([a, b, c, d]) + foot)
            }
            ref ape if ape_size(ape).is_some() => {
                (TagKind::Ape, APE + ape_size(ape).unwrap_or_default())
            }
            _ => break,
        };
        let end = (at + len).min(bytes.end);
        tags.push(TagBytes {
            kind,
            bytes: at..end,
        });
        at = end;
    }
    Ok(at)
}

/// Where what lies in front of the tags that a file ends with ends, at `begin` at least.
pub fn behind<R: Read + Seek>(
    bytes: &mut Bytes<'_, R>,
    begin: u64,
    tags: &mut Vec<TagBytes>,
) -> Result<u64, Error> {
    let mut end = bytes.end;
    for _ in 0..MOST {
        let Some((kind, len)) = last_tag(bytes, end)? else {
            break;
        };
        let Some(start) = end.checked_sub(len).filter(|start| *start >= begin) else {
            break;
        };
        if let Some(kind) = kind {
            tags.push(TagBytes {
                kind,
                bytes: start..end,
            });
        }
        end = start;
    }
    Ok(end)
}

/// The tag that ends at `end`, and its bytes; without a kind it is none that is read.
fn last_tag<R: Read + Seek>(
    bytes: &mut Bytes<'_, R>,
    end: u64,
) -> Result<Option<(Option<TagKind>, u64)>, Error> {
    let mut last = [0; ID3V1 as usize];
    let from = end.saturating_sub(ID3V1).max(bytes.start);
    let wanted = (end - from) as usize;
    let last = bytes.peek(from, &mut last[..wanted])?;
    if last.len() == ID3V1 as usize && last.starts_with(b"TAG") {
        return Ok(Some((Some(TagKind::Id3v1), ID3V1)));
    }
    if let Some(foot) = last.last_chunk::<{ APE as usize }>()
        && let Some(size) = ape_size(foot)
    {
        // The size counts the foot; a head comes in front where the flags say so.
        let head = if foot[23] & 0x80 == 0 { 0 } else { APE };
        return Ok(Some((Some(TagKind::Ape), size + head)));
    }
    if let Some(
        [
            digits @ ..,
            b'L',
            b'Y',
            b'R',
            b'I',
            b'C',
            b'S',
            b'2',
            b'0',
            b'0',
        ],
    ) = last.last_chunk::<15>()
        && let Some(size) = std::str::from_utf8(digits)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    {
        return Ok(Some((None, size + 15)));
    }
    if let Some(&[b'3', b'D', b'I', _, _, _, a, b, c, d]) = last.last_chunk::<10>() {
        return Ok(Some((None, seven_bits([a, b, c, d]) + 20)));
    }
    Ok(None)
}

/// The bytes of an APE tag without its head, from its head or its foot.
fn ape_size(bytes: &[u8]) -> Option<u64> {
    let size = bytes.strip_prefix(b"APETAGEX")?.get(4..8)?.first_chunk()?;
    let size = u64::from(u32::from_le_bytes(*size));
    (size >= APE).then_some(size)
}

/// Four bytes of seven bits each.
fn seven_bits(bytes: [u8; 4]) -> u64 {
    bytes
        .iter()
        .fold(0, |size, byte| size << 7 | u64::from(byte & 0x7F))
}
