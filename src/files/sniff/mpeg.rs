//! Packets of MPEG audio and of ADTS: where the first one begins, and where the last one ends.
//!
//! Neither format has a header of its own. A packet begins with a pattern that other bytes have by chance too, but hardly
//! three times, each time where the one before ends, and of the same kind.

use std::io::{Read, Seek};

use crate::error::Error;
use crate::files::pcm::reader::Bytes;

/// Packets that follow each other and are no chance.
const CHAIN: usize = 3;
/// Bytes in front of the first packet that are searched.
const FRONT: u64 = 1 << 16;
/// Bytes at the end that are searched: at first, and if that does not show where the packets end.
const TAILS: [u64; 2] = [1 << 14, 1 << 20];

/// The head of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketHead {
    /// What all packets of a file have in common: version, layer and rate.
    pub kind: u32,
    /// Its bytes.
    pub len: usize,
    /// The bytes of the largest packet of its kind.
    pub most: usize,
}

/// The head of the packet that begins here, if one does whose length is known.
pub fn head(bytes: &[u8]) -> Option<PacketHead> {
    let &[0xFF, second, third, fourth, ref rest @ ..] = bytes else {
        return None;
    };
    if second & 0xE0 != 0xE0 {
        return None;
    }
    let kind = u32::from_be_bytes([0, second & 0xFE, third & 0x0C, 0]);
    if second & 0xF6 == 0xF0 {
        // ADTS: a length of 13 bits.
        let &[fifth, sixth, ..] = rest else {
            return None;
        };
        let len = usize::from(fourth & 3) << 11 | usize::from(fifth) << 3 | usize::from(sixth >> 5);
        let kind = u32::from_be_bytes([0, second & 0xFE, third & 0xFD, fourth & 0xC0]);
        return (len >= 7 && (third >> 2) & 15 < 13).then_some(PacketHead {
            kind,
            len,
            most: 8191,
        });
    }
    let (version, layer) = ((second >> 3) & 3, (second >> 1) & 3);
    let (bits, rate) = (usize::from(third >> 4), usize::from((third >> 2) & 3));
    if version == 1 || layer == 0 || bits == 0 || bits == 15 || rate == 3 {
        return None;
    }
    let is_first = version == 3;
    let hertz = [44_100, 48_000, 32_000][rate] >> [2, 0, 1, 0][usize::from(version)];
    // Kilobits a second.
    let rates: [usize; 14] = match (is_first, layer) {
        (true, 3) => [
            32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448,
        ],
        (true, 2) => [
            32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384,
        ],
        (true, _) => [
            32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320,
        ],
        (false, 3) => [
            32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256,
        ],
        (false, _) => [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    };
    let padding = usize::from((third >> 1) & 1);
    let size = |rate: usize, padding: usize| match (layer, is_first) {
        (3, _) => (12_000 * rate / hertz + padding) * 4,
        (1, false) => 72_000 * rate / hertz + padding,
        _ => 144_000 * rate / hertz + padding,
    };
    Some(PacketHead {
        kind,
        len: size(rates[bits - 1], padding),
        most: size(rates[13], 1),
    })
}

/// Packets of one kind that follow each other from the first byte on: how many, and where the last of them ends.
fn chain(bytes: &[u8]) -> (usize, usize) {
    let (mut count, mut at) = (0, 0);
    let mut kind = None;
    while let Some(head) = bytes.get(at..).and_then(head) {
        if kind.is_some_and(|kind| kind != head.kind) {
            break;
        }
        kind = Some(head.kind);
        (count, at) = (count + 1, at + head.len);
    }
    (count, at)
}

/// The first packet behind `from`, where the file does not begin with one.
pub fn first<R: Read + Seek>(bytes: &mut Bytes<'_, R>, from: u64) -> Result<Option<u64>, Error> {
    let mut window = vec![0; bytes.end.saturating_sub(from).min(2 * FRONT) as usize];
    let is_all = window.len() as u64 == bytes.end.saturating_sub(from);
    let window = bytes.peek(from, &mut window)?;
    let begins = |place: &usize| {
        let (count, end) = chain(&window[*place..]);
        count >= CHAIN || (is_all && count > 0 && place + end == window.len())
    };
    let places = 0..window.len().min(FRONT as usize);
    Ok(places
        .into_iter()
        .filter(|place| window[*place] == 0xFF)
        .find(begins)
        .map(|place| from + place as u64))
}

/// Where the packets from `first` on end, at `end` at most: other bytes may stand behind them.
pub fn end<R: Read + Seek>(bytes: &mut Bytes<'_, R>, first: u64, end: u64) -> Result<u64, Error> {
    let mut begin = [0; 8];
    let Some(known) = head(bytes.peek(first, &mut begin)?) else {
        return Ok(end);
    };
    for tail in TAILS {
        let from = end.saturating_sub(tail).max(first);
        let mut window = vec![0; (end - from) as usize];
        let window = bytes.peek(from, &mut window)?;
        let mut last = None;
        let mut at = 0;
        while at < window.len() {
            let is_kind = head(&window[at..]).is_some_and(|head| head.kind == known.kind);
            let (count, len) = if is_kind {
                chain(&window[at..])
            } else {
                (0, 0)
            };
            // The last packet ends with the file, or was cut; one alone may be there by chance.
            let is_last = count > 1 || (count == 1 && (at + len == window.len() || from == first));
            if is_last && at + len >= window.len() {
                return Ok(end);
            }
            if count >= CHAIN {
                last = Some(at + len);
                at += len;
            } else {
                at += 1;
            }
        }
        if let Some(last) = last {
            return Ok(from + last as u64);
        }
        if from == first {
            break;
        }
    }
    Ok(end)
}
