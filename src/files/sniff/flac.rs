//! Where the packets of a FLAC file end, and whether they are all there, as far as that is seen without decoding them.
//!
//! Packets are numbered, so the last one tells how far the file goes. What stands behind it is no packet.

mod metadata;

use std::io::{Read, Seek};

use crc::{CRC_8_SMBUS, CRC_16_UMTS, Crc, Table};

use crate::error::Error;
use crate::files::pcm::reader::Bytes;
use metadata::{MOST_FRAMES, StreamInfo};

/// The checks of a packet's head, and of all of it: bytes one by one, and many at once.
static HEAD_CHECK: Crc<u8> = Crc::<u8>::new(&CRC_8_SMBUS);
static CHECK: Crc<u16> = Crc::<u16>::new(&CRC_16_UMTS);
static CHECK_OF_MANY: Crc<u16, Table<16>> = Crc::<u16, Table<16>>::new(&CRC_16_UMTS);

/// Bytes of a packet's head with a byte of content and the check; any packet has more.
const SHORTEST: usize = 9;
/// Bytes at the end of a file that are searched first where it does not say how large its packets are.
const LIKELY: u64 = 1 << 16;
/// Bytes that are searched if no packet is found there.
const TAIL: u64 = 1 << 20;

/// What of a file a demuxer is shown.
pub struct Found {
    /// Where the packets end.
    pub end: u64,
    /// What is missing.
    pub damage: Option<String>,
    /// Bytes that it is to see as others than they are, by their places.
    pub changed: Vec<(u64, u8)>,
}

/// Looks at the file whose magic word is at `at`, and whose packets end at `end` at most.
pub fn look<R: Read + Seek>(bytes: &mut Bytes<'_, R>, at: u64, end: u64) -> Result<Found, Error> {
    let blocks = metadata::blocks(bytes, at)?;
    let mut changed = metadata::harmless(bytes, &blocks)?;
    let stream = metadata::stream(bytes, &blocks)?;
    if let Some(stream) = stream.as_ref().filter(|stream| stream.frames == 0)
        && let Some(frames) = count(bytes, stream, end)?
    {
        changed.extend(stream.with_frames(frames));
    }
    let found = |end, damage| {
        Ok(Found {
            end,
            damage,
            changed,
        })
    };
    let Some(stream) = stream.filter(|stream| stream.frames > 0) else {
        return found(end, None);
    };
    let frames = stream.frames;
    let mut last = None;
    let likely = match stream.largest {
        0 => LIKELY,
        largest => 2 * largest,
    };
    for tail in [likely, TAIL] {
        let from = end.saturating_sub(tail).max(stream.begin);
        let mut window = vec![0; end.saturating_sub(from) as usize];
        let window = bytes.peek(from, &mut window)?;
        last = last_packet(window, &stream).map(|(reached, place, count)| {
            (
                reached,
                count,
                window[place..].to_vec(),
                from + place as u64,
            )
        });
        // The largest packet may be wrong, or the file may have been cut in the one before it.
        if matches!(last, Some((reached, ..)) if reached >= frames) {
            break;
        }
    }
    let Some((reached, count, packet, place)) = last else {
        let is_empty = end <= stream.begin && frames > 0;
        let damage =
            is_empty.then(|| format!("the file claims {frames} frames and ends before the first"));
        return found(end, damage);
    };
    if reached < frames {
        return found(
            end,
            Some(format!(
                "the file was cut short: it claims {frames} frames, and the last that begin in it end with {reached}"
            )),
        );
    }
    let before = u128::from(place - stream.begin) * u128::from(count);
    let expected = before / u128::from(frames.saturating_sub(count).max(1));
    match packet_end(&packet, usize::try_from(expected).unwrap_or(usize::MAX)) {
        Some(len) => found(place + len as u64, None),
        None => found(
            end,
            Some(format!(
                "the file was cut short: it claims {frames} frames, and the last of them are not whole"
            )),
        ),
    }
}

/// How many frames there are, where the file does not say it and ends with a whole packet: an encoder whose output goes
/// into a pipe cannot go back and say it.
fn count<R: Read + Seek>(
    bytes: &mut Bytes<'_, R>,
    stream: &StreamInfo,
    end: u64,
) -> Result<Option<u64>, Error> {
    let from = end.saturating_sub(LIKELY).max(stream.begin);
    let mut window = vec![0; end.saturating_sub(from) as usize];
    let window = bytes.peek(from, &mut window)?;
    let mut rest = window;
    while let Some(place) = rest.iter().rposition(|byte| *byte == 0xFF) {
        rest = &window[..place];
        let packet = &window[place..];
        if let Some((start, count)) = packet_at(packet, stream.block)
            && CHECK_OF_MANY.checksum(packet) == 0
        {
            let frames = start.checked_add(count);
            return Ok(frames.filter(|frames| *frames <= MOST_FRAMES));
        }
    }
    Ok(None)
}

/// The last packet that ends the file, or else the one whose frames reach furthest: how far, where it begins and how many
/// frames it has.
fn last_packet(window: &[u8], stream: &StreamInfo) -> Option<(u64, usize, u64)> {
    let mut furthest = None;
    let mut rest = window;
    while let Some(place) = rest.iter().rposition(|byte| *byte == 0xFF) {
        rest = &window[..place];
        // Other bytes may look like the head of a packet by chance, but hardly of one that the file can have.
        let Some((start, count)) =
            packet_at(&window[place..], stream.block).filter(|(start, _)| *start < stream.frames)
        else {
            continue;
        };
        let reached = start.saturating_add(count);
        furthest = furthest.max(Some((reached, place, count)));
        if reached >= stream.frames {
            break;
        }
    }
    furthest
}

/// Where the packet ends that begins with these bytes: its CRC makes the sum of all of it 0. Bytes inside may do so by chance, and
/// so may those behind; the one nearest to what such a packet takes in this file is meant.
fn packet_end(bytes: &[u8], expected: usize) -> Option<usize> {
    if bytes.len() > SHORTEST && CHECK_OF_MANY.checksum(bytes) == 0 {
        return Some(bytes.len());
    }
    let mut sum = CHECK.digest();
    let mut ends = Vec::new();
    for (place, byte) in bytes.iter().enumerate() {
        sum.update(std::slice::from_ref(byte));
        if place >= SHORTEST && sum.clone().finalize() == 0 {
            ends.push(place + 1);
        }
    }
    ends.into_iter().min_by_key(|end| end.abs_diff(expected))
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
    if HEAD_CHECK.checksum(head) != *check {
        return None;
    }
    let start = match second {
        0xF9 => number,
        _ if block == 0 => return None,
        _ => number.checked_mul(block)?,
    };
    Some((start, count))
}
