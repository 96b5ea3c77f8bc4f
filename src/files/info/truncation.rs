//! Whether a compressed file is as long as it says, as far as that is seen without decoding it.
//!
//! FLAC numbers its packets, so the last one tells how far the file goes. MPEG files begin with a packet that
//! counts the bytes of all.

use std::io::{Read, Seek};

use crate::error::Error;
use crate::files::codec::ebml;
use crate::files::pcm::reader::{Bytes, failed};
use crate::files::sniff::{Coded, Coding};

/// Bytes at the end of a file that are searched.
const TAIL: u64 = 1 << 20;

/// What is missing at the end of a file; `None` if nothing is known to be.
pub fn missing<R: Read + Seek>(
    bytes: &mut Bytes<'_, R>,
    coded: &Coded,
) -> Result<Option<String>, Error> {
    match coded.coding {
        Some(Coding::Flac { magic }) => flac(bytes, magic),
        Some(Coding::Mpeg {
            first,
            bytes: Some(claimed),
            ..
        }) => {
            let there = bytes.end - first;
            Ok((u64::from(claimed) > there).then(|| {
                format!(
                    "the file was cut short: it claims {claimed} bytes of packets from byte {first} on, of which \
                     there are {there}"
                )
            }))
        }
        Some(Coding::Matroska) => {
            let (start, end) = (bytes.start, bytes.end);
            ebml::missing(bytes.reader(), start, end).map_err(|error| failed(&error, start))
        }
        _ => Ok(None),
    }
}

fn flac<R: Read + Seek>(bytes: &mut Bytes<'_, R>, at: u64) -> Result<Option<String>, Error> {
    let Some((begin, block, frames)) = packets(bytes, at)? else {
        return Ok(None);
    };
    let from = bytes.end.saturating_sub(TAIL).max(begin);
    let mut tail = vec![0; bytes.end.saturating_sub(from) as usize];
    let tail = bytes.peek(from, &mut tail)?;
    let found = (0..tail.len()).filter_map(|place| {
        let (start, count) = packet_at(&tail[place..], block)?;
        // Other bytes may look like the head of a packet by chance, but hardly of one that the file can have.
        (start < frames).then_some((start.saturating_add(count), place))
    });
    let Some((reached, place)) = found.max() else {
        return Ok((tail.is_empty() && frames > 0)
            .then(|| format!("the file claims {frames} frames and ends before the first")));
    };
    if reached < frames {
        return Ok(Some(format!(
            "the file was cut short: it claims {frames} frames, and the last that begin in it end with \
             {reached}"
        )));
    }
    Ok((!is_whole(&tail[place..])).then(|| {
        format!(
            "the file was cut short: it claims {frames} frames, and the last of them are not whole"
        )
    }))
}

/// Blocks of metadata in front of the packets of FLAC that are looked at.
const MOST_BLOCKS: usize = 4096;

/// Where the packets of a FLAC file begin, frames of a packet where all have one size, or else 0, and frames of the file.
fn packets<R: Read + Seek>(
    bytes: &mut Bytes<'_, R>,
    at: u64,
) -> Result<Option<(u64, u64, u64)>, Error> {
    let mut fields = [0; 22];
    let there = bytes.peek(at + 4, &mut fields)?.len();
    if there < fields.len() || fields[0] & 0x7F != 0 {
        return Ok(None);
    }
    let [_, _, _, _, a, b, c, d, ..] = fields;
    let (least, most) = ([a, b], [c, d]);
    let last = fields.last_chunk().copied().unwrap_or_default();
    let frames = u64::from_be_bytes(last) & ((1 << 36) - 1);
    let mut begin = at + 4;
    for number in 0.. {
        let mut head = [0; 4];
        let &[kind, x, y, z] = bytes.peek(begin, &mut head)? else {
            return Ok(None);
        };
        // The first of them is of kind 0, and no file has so many.
        if (number > 0 && kind & 0x7F == 0) || number == MOST_BLOCKS {
            return Ok(None);
        }
        begin += 4 + u64::from(u32::from_be_bytes([0, x, y, z]));
        if kind & 0x80 != 0 {
            break;
        }
    }
    let block = u64::from(u16::from_be_bytes(most));
    let is_known = frames > 0 && begin <= bytes.end;
    Ok(is_known.then_some((begin, if least == most { block } else { 0 }, frames)))
}

/// The first frame of the packet that begins here and how many it has, if one does.
fn packet_at(bytes: &[u8], block: u64) -> Option<(u64, u64)> {
    let &[0xFF, second @ (0xF8 | 0xF9), sizes, kinds, ..] = bytes else {
        return None;
    };
    let (size, rate) = (sizes >> 4, sizes & 15);
    if size == 0 || rate == 15 || kinds >> 4 > 10 || kinds & 1 != 0 {
        return None;
    }
    let mut rest = bytes.get(4..)?;
    let (first, behind) = rest.split_first()?;
    rest = behind;
    let more = match first.leading_ones() {
        0 => 0,
        ones @ 2..=7 => ones - 1,
        _ => return None,
    };
    let mut number = u64::from(*first) & (0x7F >> first.leading_ones());
    for _ in 0..more {
        let (next, behind) = rest.split_first()?;
        if next & 0xC0 != 0x80 {
            return None;
        }
        (number, rest) = (number << 6 | u64::from(next & 0x3F), behind);
    }
    let count = match size {
        1 => 192,
        2..=5 => 576 << (size - 2),
        6 => u64::from(*rest.split_off_first()?) + 1,
        7 => {
            let high = *rest.split_off_first()?;
            u64::from(u16::from_be_bytes([high, *rest.split_off_first()?])) + 1
        }
        _ => 256 << (size - 8),
    };
    let skipped = match rate {
        12 => 1,
        13 | 14 => 2,
        _ => 0,
    };
    let check = rest.get(skipped)?;
    let head = &bytes[..bytes.len() - rest.len() + skipped];
    if check_of::<8>(head, 0x07) != u16::from(*check) {
        return None;
    }
    let start = match second {
        0xF9 => number,
        _ if block == 0 => return None,
        _ => number.checked_mul(block)?,
    };
    Some((start, count))
}

/// Whether a packet ends somewhere in these bytes, with the CRC of all bytes before.
fn is_whole(bytes: &[u8]) -> bool {
    let mut sum = 0;
    bytes.iter().enumerate().any(|(place, byte)| {
        sum = add_to_check::<16>(sum, *byte, 0x8005);
        // A packet is longer than its head; its CRC behind it makes the sum 0.
        place > 8 && sum == 0
    })
}

fn check_of<const BITS: u32>(bytes: &[u8], polynomial: u16) -> u16 {
    let add = |sum, byte: &u8| add_to_check::<BITS>(sum, *byte, polynomial);
    bytes.iter().fold(0, add)
}

fn add_to_check<const BITS: u32>(sum: u16, byte: u8, polynomial: u16) -> u16 {
    let top = 1 << (BITS - 1);
    let mask = u16::MAX >> (16 - BITS);
    (0..8).fold(sum ^ u16::from(byte) << (BITS - 8), |sum, _| {
        let shifted = sum << 1 & mask;
        if sum & top == 0 {
            shifted
        } else {
            shifted ^ polynomial
        }
    })
}
