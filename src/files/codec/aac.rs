//! Kinds of AAC that Symphonia does not decode: it refuses some, and reads only the lower half of the band of others.
//! AAC-LC of one and two channels is read; HE-AAC adds the upper half (SBR) to packets that are whole without it.
//!
//! Bits: ISO/IEC 14496-3, sections 1.6.2.1 (the header) and 4.4.2.1 (a packet).

use symphonia::core::codecs::audio::{AudioCodecParameters, well_known as codecs};
use symphonia::core::formats::FormatReader;

use crate::files::codec::panics::caught;

/// Frames of a packet.
pub const PACKET: u64 = 1024;

/// The highest rate of the lower half.
const HIGHEST: u32 = 24_000;

/// Packets that are looked at.
const LOOKED_AT: usize = 8;

/// Object types of HE-AAC in a header, of the second version too.
const HIGH_EFFICIENCY: [u128; 2] = [5, 29];

/// What a decoder has refused, in words.
pub fn unread(params: &AudioCodecParameters) -> String {
    let header = Bits(params.extra_data.as_deref().unwrap_or_default());
    let is_there = header.len() >= 16;
    let object = header.at(0, 5);
    let set = params.channels.as_ref().map_or(0, |set| set.count());
    let channels = match header.at(9, 4) {
        _ if !is_there => set,
        7 => 8,
        count => count as usize,
    };
    match channels {
        _ if is_there && HIGH_EFFICIENCY.contains(&object) => "HE-AAC".into(),
        _ if is_there && object != 2 => format!("AAC of object type {object}"),
        0 => "AAC whose channels stand in its packets".into(),
        3.. => format!("AAC of {channels} channels"),
        _ => "AAC of another kind than LC".into(),
    }
}

/// Whether the header of AAC-LC adds, behind its end, that the upper half is there.
pub fn adds_upper_half(params: &AudioCodecParameters) -> bool {
    let header = Bits(params.extra_data.as_deref().unwrap_or_default());
    params.codec == codecs::CODEC_ID_AAC
        && header.len() >= 38
        && header.at(0, 5) == 2
        && header.at(5, 4) != 15
        && header.at(16, 11) == 0x2B7
        && HIGH_EFFICIENCY.contains(&header.at(27, 5))
        && header.at(32, 1) == 1
}

/// Whether the packets may have the upper half with no header saying so.
pub fn may_hide_upper_half(params: &AudioCodecParameters) -> bool {
    params.codec == codecs::CODEC_ID_AAC && params.sample_rate.is_some_and(|rate| rate <= HIGHEST)
}

/// Whether nearly all of the next packets have it. One in 70 seems to by chance.
pub fn hides_upper_half(reader: &mut dyn FormatReader, track: u32) -> bool {
    let (mut seen, mut with) = (0, 0);
    while seen < LOOKED_AT
        && let Ok(Some(packet)) = caught(|| reader.next_packet())
    {
        if packet.track_id == track {
            seen += 1;
            with += usize::from(ends_with_upper_half(&packet.data));
        }
    }
    with >= 2 && 4 * with >= 3 * seen
}

/// Whether a fill element (ID 6) with SBR in it (extension 13 or 14) ends where the end of the packet (ID 7) begins.
/// What is in front of it takes a decoder to read, so we try all lengths that the element can have.
fn ends_with_upper_half(packet: &[u8]) -> bool {
    let zeros = packet.iter().rev().take_while(|byte| **byte == 0).count();
    let Some((last, before)) = packet[..packet.len() - zeros].split_last() else {
        return false;
    };
    let used = 8 * before.len() + 8 - last.trailing_zeros() as usize;
    let bits = Bits(packet);
    let Some(end) = used.checked_sub(3).filter(|end| bits.at(*end, 3) == 7) else {
        return false;
    };
    (1..=269).any(|count: usize| {
        // A length of 15 and more has a second field.
        let (head, len) = if count < 15 {
            (7, 6 << 4 | count as u128)
        } else {
            (15, (6 << 4 | 15) << 8 | (count as u128 - 14))
        };
        let Some(from) = end.checked_sub(8 * count + head) else {
            return false;
        };
        bits.at(from, head) == len && matches!(bits.at(from + head, 4), 13 | 14)
    })
}

struct Bits<'b>(&'b [u8]);

impl Bits<'_> {
    fn len(&self) -> usize {
        8 * self.0.len()
    }

    /// A number of at most 32 bits; bits behind the end are 0.
    fn at(&self, bit: usize, count: usize) -> u128 {
        let bytes = self.0.get(bit / 8..).unwrap_or_default();
        let eight = bytes.iter().copied().chain(std::iter::repeat(0)).take(8);
        let word = eight.fold(0, |word, byte| word << 8 | u128::from(byte));
        word >> (64 - bit % 8 - count) & ((1 << count) - 1)
    }
}
