//! Sony Wave64: the chunks of WAV with GUIDs for letters, sizes of 64 bits, and eight bytes for alignment.

use std::io::{Read, Seek};

use crate::error::Error;
use crate::files::pcm::encoding::ByteOrder;
use crate::files::pcm::reader;
use crate::files::pcm::reader::{Bytes, is_printable};
use crate::files::pcm::wav::format;
use crate::files::pcm::wav::format::WavFormat;
use crate::files::pcm::{Chunk, Container, Header, Info};
use crate::files::sniff::Contents;

/// What follows the letters in the GUID of the file itself.
const RIFF_REST: [u8; 12] = [
    0x2E, 0x91, 0xCF, 0x11, 0xA5, 0xD6, 0x28, 0xDB, 0x04, 0xC1, 0x00, 0x00,
];
/// What follows the letters in all other GUIDs.
const CHUNK_REST: [u8; 12] = [
    0xF3, 0xAC, 0xD3, 0x11, 0x8C, 0xD1, 0x00, 0xC0, 0x4F, 0x8E, 0xDB, 0x8A,
];
/// A size from which on it stands for none that is known: programs write the largest of 63 bits or of 64 less
/// what stands in front.
const UNKNOWN: u64 = 1 << 62;
/// A GUID and a size; the size counts them.
const HEAD: u64 = 24;

pub fn header<R: Read + Seek>(bytes: &mut Bytes<'_, R>) -> Result<Contents<Header>, Error> {
    let start = bytes.start;
    let prefix: [u8; 40] = bytes.take(start, "its header")?;
    if prefix[4..16] != RIFF_REST || prefix[24..28] != *b"wave" || prefix[28..] != CHUNK_REST {
        return Err(Error::damaged(
            start,
            "this begins like a W64 file, but its GUIDs are others".into(),
        ));
    }
    let end = start.saturating_add(u64_at(&prefix, 16));
    let mut at = start + 40;
    let mut claimed = 0;
    let mut chunks = Vec::new();
    let mut format: Option<WavFormat> = None;
    let mut data: Option<(Chunk, bool)> = None;
    while bytes.end.saturating_sub(at) >= HEAD {
        let head: [u8; HEAD as usize] = bytes.take(at, "a chunk's header")?;
        let [a, b, c, d, ..] = head;
        let (id, size) = ([a, b, c, d], u64_at(&head, 16));
        if !is_printable(&id) || size < HEAD {
            if data.is_some() {
                break;
            }
            return Err(Error::damaged(
                at,
                format!(
                    "no chunk begins where one should: {} of {size} bytes",
                    reader::letters(id)
                ),
            ));
        }
        let mut chunk = Chunk {
            id,
            offset: at + HEAD,
            size: size - HEAD,
        };
        let there = bytes.end - chunk.offset;
        let is_data = id == *b"data";
        // A recording that was never closed has the size of its header alone, or none that can be.
        // The file's own size tells a closed file without a frame from it.
        let is_open =
            chunk.size == 0 && there > 0 && !(chunk.offset + 1..=bytes.end).contains(&end);
        let is_stream = is_data && (is_open || size >= UNKNOWN);
        if is_stream {
            chunk.size = there;
        }
        if chunk.size > there {
            if data.is_some() {
                break;
            }
            if !is_data {
                return Err(reader::cut_short(&chunk, bytes.end));
            }
            claimed = chunk.size;
            chunk.size = there;
        }
        if id == *b"fmt " && format.is_none() {
            let mut content = [0; 40];
            let len = chunk.size.min(40) as usize;
            let content = bytes.peek(chunk.offset, &mut content[..len])?;
            match format::parse(ByteOrder::Little, chunk.offset, content)? {
                Contents::Plain(found) => format = Some(found),
                Contents::Coded(coded) => return Ok(Contents::Coded(coded)),
            }
        }
        if is_data && data.is_none() {
            data = Some((chunk, is_stream));
        }
        reader::keep(&mut chunks, at, chunk)?;
        let Some(next) = chunk.size.checked_next_multiple_of(8) else {
            break;
        };
        at = chunk.offset.saturating_add(next);
    }
    let missing = |what: &str| Error::damaged(bytes.end, format!("the file has no chunk '{what}'"));
    let format = format.ok_or_else(|| missing("fmt "))?;
    let (data, is_stream) = data.ok_or_else(|| missing("data"))?;
    let channels = usize::from(format.channels);
    let frame_bytes = (channels * format.encoding.width()) as u64;
    let info = Info {
        container: Container::W64,
        encoding: format.encoding,
        order: ByteOrder::Little,
        channels,
        frames: data.size / frame_bytes,
        rate: format.rate,
        data_offset: data.offset,
    };
    Ok(Contents::Plain(Header {
        info,
        chunks,
        is_stream,
        shortage: info.shortage(claimed, bytes.end),
    }))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let eight = bytes[at..].first_chunk();
    u64::from_le_bytes(eight.copied().unwrap_or_default())
}
