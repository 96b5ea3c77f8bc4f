//! The blocks of metadata in front of the packets: what they say of these, and what in them is in a demuxer's way.

use std::io::{Read, Seek};

use super::packet_at;
use crate::error::Error;
use crate::files::pcm::reader::Bytes;

/// Blocks that are looked at: no file has so many.
const MOST_BLOCKS: usize = 4096;
/// Kinds of blocks: what the packets are, nothing, and a cue sheet.
const STREAM: u8 = 0;
const PADDING: u8 = 1;
const CUE_SHEET: u8 = 5;
/// More frames than a file can say that it has.
pub const MOST_FRAMES: u64 = (1 << 36) - 1;
/// The bit that says that no other block follows.
const LAST: u8 = 0x80;

/// A block of metadata.
pub struct MetadataBlock {
    /// Its first byte, and where that is.
    kind: u8,
    at: u64,
    /// Bytes of its content, four behind its first.
    len: u64,
}

impl MetadataBlock {
    fn content(&self) -> u64 {
        self.at + 4
    }

    fn end(&self) -> u64 {
        self.content() + self.len
    }
}

/// What the first block says, and where the packets begin.
pub struct StreamInfo {
    pub begin: u64,
    /// Frames of a packet where all have one size, or else 0.
    pub block: u64,
    /// Bytes of the largest packet, or 0.
    pub largest: u64,
    /// Frames of the file, or 0 where the encoder did not know.
    pub frames: u64,
    /// The eight bytes whose last 36 bits are that number, and where they stand.
    numbers: u64,
    numbers_at: u64,
}

impl StreamInfo {
    /// The bytes of a file that says how many frames it has, by their places.
    pub fn with_frames(&self, frames: u64) -> impl Iterator<Item = (u64, u8)> + use<> {
        (self.numbers_at..).zip((self.numbers | frames).to_be_bytes())
    }
}

/// All blocks behind the magic word at `at`; none if they have no end in the file, or the first says nothing of the packets.
pub fn blocks<R: Read + Seek>(
    bytes: &mut Bytes<'_, R>,
    at: u64,
) -> Result<Vec<MetadataBlock>, Error> {
    let (mut blocks, mut at) = (Vec::new(), at + 4);
    while blocks.len() < MOST_BLOCKS {
        let mut head = [0; 4];
        let &[kind, x, y, z] = bytes.peek(at, &mut head)? else {
            break;
        };
        // The first of them says what the packets are, and no other.
        if blocks.is_empty() != (kind & !LAST == STREAM) {
            break;
        }
        let len = u64::from(u32::from_be_bytes([0, x, y, z]));
        let block = MetadataBlock { kind, at, len };
        at = block.end();
        blocks.push(block);
        if kind & LAST != 0 {
            return Ok(blocks);
        }
    }
    Ok(Vec::new())
}

/// What the blocks say of the packets.
pub fn stream<R: Read + Seek>(
    bytes: &mut Bytes<'_, R>,
    blocks: &[MetadataBlock],
) -> Result<Option<StreamInfo>, Error> {
    let (Some(first), Some(last)) = (blocks.first(), blocks.last()) else {
        return Ok(None);
    };
    let mut fields = [0; 18];
    let &[a, b, c, d, _, _, _, e, f, g, ref rest @ ..] =
        bytes.peek(first.content(), &mut fields)?
    else {
        return Ok(None);
    };
    let Some(numbers) = rest.first_chunk() else {
        return Ok(None);
    };
    let numbers = u64::from_be_bytes(*numbers);
    Ok((last.end() <= bytes.end).then_some(StreamInfo {
        begin: last.end(),
        block: if [a, b] == [c, d] {
            u64::from(u16::from_be_bytes([c, d]))
        } else {
            0
        },
        largest: u64::from(u32::from_be_bytes([0, e, f, g])),
        frames: numbers & MOST_FRAMES,
        numbers,
        numbers_at: first.content() + 10,
    }))
}

/// Bytes that are shown as others than they are, by their places, for a demuxer refuses the file because of them and needs
/// none: packets of no length, and a cue sheet of a CD whose tracks begin within its sectors, which is shown as padding.
pub fn harmless<R: Read + Seek>(
    bytes: &mut Bytes<'_, R>,
    blocks: &[MetadataBlock],
) -> Result<Vec<(u64, u8)>, Error> {
    let mut changed = Vec::new();
    for block in blocks {
        match block.kind & !LAST {
            STREAM => changed.extend(sizes(bytes, block, blocks)?),
            CUE_SHEET if is_off_sectors(bytes, block)? => {
                changed.push((block.at, block.kind & LAST | PADDING));
            }
            _ => {}
        }
    }
    Ok(changed)
}

/// The sizes of packets where the smallest is none that there may be.
fn sizes<R: Read + Seek>(
    bytes: &mut Bytes<'_, R>,
    block: &MetadataBlock,
    blocks: &[MetadataBlock],
) -> Result<Vec<(u64, u8)>, Error> {
    /// Frames of the smallest packet.
    const SMALLEST: u16 = 16;
    let mut four = [0; 4];
    let &[a, b, c, d] = bytes.peek(block.content(), &mut four)? else {
        return Ok(Vec::new());
    };
    if u16::from_be_bytes([a, b]) >= SMALLEST {
        return Ok(Vec::new());
    }
    let mut most = u16::from_be_bytes([c, d]);
    if most < SMALLEST {
        // The first packet is as long as all of them but the last.
        let begin = blocks.last().map_or(block.end(), MetadataBlock::end);
        let mut packet = [0; 20];
        let first = packet_at(bytes.peek(begin, &mut packet)?, 1);
        most = first.map_or(most, |(_, count)| count.min(u64::from(u16::MAX)) as u16);
    }
    let [high, low] = most.to_be_bytes();
    Ok((block.content()..).zip([high, low, high, low]).collect())
}

/// Whether a cue sheet says that it is of a CD, and has a track that begins within a sector.
fn is_off_sectors<R: Read + Seek>(
    bytes: &mut Bytes<'_, R>,
    block: &MetadataBlock,
) -> Result<bool, Error> {
    /// Frames of a sector.
    const SECTOR: u64 = 588;
    /// Where the flags stand, and the tracks.
    const FLAGS: usize = 136;
    const TRACKS: usize = 396;
    /// Bytes of the longest sheet: 100 tracks of 100 places.
    const LONGEST: u64 = 396 + 100 * (36 + 100 * 12);
    let mut sheet = vec![0; block.len.min(LONGEST) as usize];
    let sheet = bytes.peek(block.content(), &mut sheet)?;
    if sheet.get(FLAGS).is_none_or(|flags| flags & 0x80 == 0) {
        return Ok(false);
    }
    let mut rest = sheet.get(TRACKS..).unwrap_or_default();
    while let (Some(first), Some(places)) = (rest.first_chunk(), rest.get(35)) {
        if u64::from_be_bytes(*first) % SECTOR != 0 {
            return Ok(true);
        }
        rest = rest
            .get(36 + 12 * usize::from(*places)..)
            .unwrap_or_default();
    }
    Ok(false)
}
