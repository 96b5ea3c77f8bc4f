//! Where the packets of a FLAC file end, and whether they are all there, as far as that is seen without decoding them.
//!
//! Packets are numbered, so the last one tells how far the file goes. What stands behind it is no packet.

use std::io::{Read, Seek};

use crate::error::Error;
use crate::files::pcm::reader::Bytes;

/// Bytes at the end of a file that are searched first where it does not say how large its packets are.
const LIKELY: u64 = 1 << 16;
/// Bytes that are searched if no packet is found there.
const TAIL: u64 = 1 << 20;

/// The end of the packets.
pub struct Found {
    pub end: u64,
    /// What is missing.
    pub damage: Option<String>,
}

/// Looks at the end of the packets behind the magic word at `at`, which is `end` or before.
pub fn end<R: Read + Seek>(bytes: &mut Bytes<'_, R>, at: u64, end: u64) -> Result<Found, Error> {
    let found = |end, damage| Ok(Found { end, damage });
    let Some(stream) = stream(bytes, at)? else {
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

/// The packet whose frames reach furthest: how far, where it begins and how many frames it has.
fn last_packet(window: &[u8], stream: &StreamInfo) -> Option<(u64, usize, u64)> {
    let found = (0..window.len()).filter_map(|place| {
        let (start, count) = packet_at(&window[place..], stream.block)?;
        // Other bytes may look like the head of a packet by chance, but hardly of one that the file can have.
        (start < stream.frames).then_some((start.saturating_add(count), place, count))
    });
    found.max()
}

/// Where the packet ends that begins with these bytes: its CRC makes the sum of all of it 0. Bytes inside may do so by chance, and
/// so may those behind; the one nearest to what such a packet takes in this file is meant.
fn packet_end(bytes: &[u8], expected: usize) -> Option<usize> {
    let mut sum = 0;
    let mut ends = Vec::new();
    for (place, byte) in bytes.iter().enumerate() {
        sum = add_to_check(sum, *byte);
        // A packet is longer than its head.
        if place > 8 && sum == 0 {
            ends.push(place + 1);
        }
    }
    if ends.last() == Some(&bytes.len()) {
        return ends.pop();
    }
    ends.into_iter().min_by_key(|end| end.abs_diff(expected))
}

/// What the first block of metadata says, and where the packets begin.
struct StreamInfo {
    begin: u64,
    /// Frames of a packet where all have one size, or else 0.
    block: u64,
    /// Bytes of the largest packet, or 0.
    largest: u64,
    /// Frames of the file.
    frames: u64,
}

/// Blocks of metadata in front of the packets of FLAC that are looked at.
const MOST_BLOCKS: usize = 4096;

fn stream<R: Read + Seek>(bytes: &mut Bytes<'_, R>, at: u64) -> Result<Option<StreamInfo>, Error> {
    let mut fields = [0; 22];
    let there = bytes.peek(at + 4, &mut fields)?.len();
    if there < fields.len() || fields[0] & 0x7F != 0 {
        return Ok(None);
    }
    let [_, _, _, _, a, b, c, d, _, _, _, e, f, g, ..] = fields;
    let (least, most) = ([a, b], [c, d]);
    let largest = u64::from(u32::from_be_bytes([0, e, f, g]));
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
    Ok(is_known.then_some(StreamInfo {
        begin,
        block: if least == most { block } else { 0 },
        largest,
        frames,
    }))
}

/// Bytes of the metadata that are shown as others than they are, by their places, for a demuxer refuses the file because of
/// them and needs none: packets of no length, and a cue sheet of a CD whose tracks begin within its sectors, which is shown as
/// padding.
pub fn harmless<R: Read + Seek>(
    bytes: &mut Bytes<'_, R>,
    at: u64,
) -> Result<Vec<(u64, u8)>, Error> {
    /// Frames of a sector of a CD.
    const SECTOR: u64 = 588;
    /// The kind of a block that says nothing.
    const PADDING: u8 = 1;
    /// Frames of the smallest packet.
    const SMALLEST: u16 = 16;
    /// Where in a cue sheet the flags stand, and the number of tracks in front of them.
    const CD: u64 = 136;
    const TRACKS: u64 = 395;
    let (mut changed, mut sizes) = (Vec::new(), None);
    let mut begin = at + 4;
    for _ in 0..MOST_BLOCKS {
        let mut head = [0; 4];
        let &[kind, x, y, z] = bytes.peek(begin, &mut head)? else {
            break;
        };
        let (inside, len) = (begin + 4, u64::from(u32::from_be_bytes([0, x, y, z])));
        let mut four = [0; 4];
        match (kind & 0x7F, bytes.peek(inside, &mut four)?) {
            (0, &[a, b, c, d]) => {
                sizes = Some((
                    inside,
                    u16::from_be_bytes([a, b]),
                    u16::from_be_bytes([c, d]),
                ));
            }
            (5, _) if len > TRACKS => {
                let mut sheet = vec![0; len.min(LARGEST_SHEET) as usize];
                let sheet = bytes.peek(inside, &mut sheet)?;
                let is_cd = sheet
                    .get(CD as usize)
                    .is_some_and(|flags| flags & 0x80 != 0);
                if is_cd && tracks(sheet).any(|first| first % SECTOR != 0) {
                    changed.push((begin, kind & 0x80 | PADDING));
                }
            }
            _ => {}
        }
        begin = inside + len;
        if kind & 0x80 != 0 {
            break;
        }
    }
    if let Some((place, least, mut most)) = sizes
        && least < SMALLEST
    {
        if most < SMALLEST {
            // The first packet is as long as all of them but the last.
            let mut packet = [0; 20];
            let first = packet_at(bytes.peek(begin, &mut packet)?, 1);
            most = first.map_or(most, |(_, count)| count.min(u64::from(u16::MAX)) as u16);
        }
        let [high, low] = most.to_be_bytes();
        changed.extend((place..).zip([high, low, high, low]));
    }
    Ok(changed)
}

/// Bytes of the longest cue sheet: 100 tracks of 100 places.
const LARGEST_SHEET: u64 = 396 + 100 * (36 + 100 * 12);

/// The first frame of each track of a cue sheet.
fn tracks(sheet: &[u8]) -> impl Iterator<Item = u64> {
    let mut rest = sheet.get(396..).unwrap_or_default();
    std::iter::from_fn(move || {
        let first = u64::from_be_bytes(*rest.first_chunk()?);
        let places = usize::from(*rest.get(35)?);
        rest = rest.get(36 + 12 * places..)?;
        Some(first)
    })
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
    if check_of_head(head) != *check {
        return None;
    }
    let start = match second {
        0xF9 => number,
        _ if block == 0 => return None,
        _ => number.checked_mul(block)?,
    };
    Some((start, count))
}

/// The CRC of 8 bits over a packet's head.
fn check_of_head(bytes: &[u8]) -> u8 {
    const TABLE: [u16; 256] = table(8, 0x07);
    let add = |sum: u8, byte: &u8| TABLE[usize::from(sum ^ byte)] as u8;
    bytes.iter().fold(0, add)
}

/// The CRC of 16 bits over a packet, one byte further.
fn add_to_check(sum: u16, byte: u8) -> u16 {
    const TABLE: [u16; 256] = table(16, 0x8005);
    sum << 8 ^ TABLE[usize::from(sum >> 8) ^ usize::from(byte)]
}

/// What each byte makes of a CRC of so many bits that is 0.
const fn table(bits: u32, polynomial: u16) -> [u16; 256] {
    let (top, mask) = (1 << (bits - 1), u16::MAX >> (16 - bits));
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < table.len() {
        let mut sum = (byte as u16) << (bits - 8);
        let mut bit = 0;
        while bit < 8 {
            let over = sum & top != 0;
            sum = sum << 1 & mask;
            if over {
                sum ^= polynomial;
            }
            bit += 1;
        }
        table[byte] = sum;
        byte += 1;
    }
    table
}
