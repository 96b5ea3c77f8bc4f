//! Apple's Core Audio Format: big-endian chunks with sizes of 64 bits, samples of either order.

use std::io::{Read, Seek};

use crate::audio::SampleRate;
use crate::error::Error;
use crate::files::pcm::encoding::{ByteOrder, Encoding, Law};
use crate::files::pcm::reader;
use crate::files::pcm::reader::Bytes;
use crate::files::pcm::{Chunk, Container, Header, Info};
use crate::files::sniff::Contents;

const FLOAT: u32 = 1;
const LITTLE_ENDIAN: u32 = 2;
/// The data chunk goes on to the end of the file.
const UNKNOWN: i64 = -1;

struct Description {
    channels: usize,
    encoding: Encoding,
    order: ByteOrder,
    rate: SampleRate,
}

pub fn header<R: Read + Seek>(bytes: &mut Bytes<'_, R>) -> Result<Contents<Header>, Error> {
    let start = bytes.start;
    let prefix: [u8; 8] = bytes.take(start, "its header")?;
    let version = u16::from_be_bytes([prefix[4], prefix[5]]);
    if version != 1 {
        return Err(Error::damaged(
            start + 4,
            format!("the file is of version {version} of CAF; version 1 is read"),
        ));
    }
    let mut at = start + 8;
    // Bytes of samples that a file that was cut short claims and has not.
    let mut missing = 0;
    let mut chunks = Vec::new();
    let mut description = None;
    let mut data: Option<(Chunk, bool)> = None;
    while bytes.end.saturating_sub(at) >= 12 {
        let head: [u8; 12] = bytes.take(at, "a chunk's header")?;
        let [a, b, c, d, size @ ..] = head;
        let (id, claimed) = ([a, b, c, d], i64::from_be_bytes(size));
        let offset = at + 12;
        let there = bytes.end - offset;
        let is_stream = id == *b"data" && claimed == UNKNOWN;
        let mut chunk = Chunk {
            id,
            offset,
            size: match u64::try_from(claimed) {
                _ if is_stream => there,
                Ok(size) => size,
                // No size at all.
                Err(_) => u64::MAX,
            },
        };
        if id == *b"data" && data.is_none() && (there..u64::MAX).contains(&chunk.size) {
            missing = chunk.size - there;
            chunk.size = there;
        }
        if let Err(error) = bytes.require_chunk(at, &chunk) {
            if data.is_some() {
                break;
            }
            return Err(error);
        }
        match &id {
            b"desc" if description.is_none() => {
                if chunk.size < 32 {
                    return Err(Error::damaged(
                        at + 4,
                        format!("the 'desc' chunk has {} bytes; it takes 32", chunk.size),
                    ));
                }
                match describe(bytes, &chunk)? {
                    Contents::Plain(found) => description = Some(found),
                    Contents::Coded(coded) => return Ok(Contents::Coded(coded)),
                }
            }
            b"data" if data.is_none() => data = Some((chunk, is_stream)),
            _ => {}
        }
        reader::keep(&mut chunks, at, chunk)?;
        at = chunk.offset + chunk.size;
    }
    let lacking = |what: &str| Error::damaged(bytes.end, format!("the file has no chunk '{what}'"));
    let description = description.ok_or_else(|| lacking("desc"))?;
    let (data, is_stream) = data.ok_or_else(|| lacking("data"))?;
    // The samples come after a count of edits.
    let Some(size) = data.size.checked_sub(4) else {
        return Err(Error::damaged(
            data.offset - 8,
            format!("the 'data' chunk has {} bytes; it takes 4", data.size),
        ));
    };
    let frame_bytes = (description.channels * description.encoding.width()) as u64;
    let info = Info {
        container: Container::Caf,
        encoding: description.encoding,
        order: description.order,
        channels: description.channels,
        frames: size / frame_bytes,
        rate: description.rate,
        data_offset: data.offset + 4,
    };
    Ok(Contents::Plain(Header {
        info,
        chunks,
        is_stream,
        shortage: info.shortage(size + missing, bytes.end),
    }))
}

fn describe<R: Read + Seek>(
    bytes: &mut Bytes<'_, R>,
    chunk: &Chunk,
) -> Result<Contents<Description>, Error> {
    let at = chunk.offset;
    let fields: [u8; 32] = bytes.take(at, "its chunk 'desc'")?;
    let [r0, r1, r2, r3, r4, r5, r6, r7, a, b, c, d, numbers @ ..] = fields;
    let hertz = f64::from_be_bytes([r0, r1, r2, r3, r4, r5, r6, r7]);
    let rate = reader::rate(hertz, at)?;
    let kind = [a, b, c, d];
    let number = |index: usize| u32::from_be_bytes(numbers.as_chunks::<4>().0[index]);
    let [flags, packet_bytes, packet_frames, channels, bits] = [0, 1, 2, 3, 4].map(number);
    let law = match &kind {
        b"alaw" => Some(Law::A),
        b"ulaw" => Some(Law::Mu),
        _ => None,
    };
    if kind != *b"lpcm" && law.is_none() {
        let message = format!(
            "the samples are compressed or of an unknown kind ({}), and not plain integers or floats",
            reader::letters(kind)
        );
        return Ok(Contents::coded(at + 8, message));
    }
    if channels == 0 || channels > 1 << 16 {
        let message = format!("the file claims {channels} channels; 1 to 65536 are read");
        return Err(Error::damaged(at + 24, message));
    }
    let encoding = match (law, flags & FLOAT != 0, bits) {
        (Some(law), ..) => Encoding::G711(law),
        (None, false, 1..=8) => Encoding::Signed8,
        (None, false, 9..=16) => Encoding::Pcm16,
        (None, false, 17..=24) => Encoding::Pcm24,
        (None, false, 25..=32) => Encoding::Pcm32,
        (None, true, 32) => Encoding::Float32,
        (None, true, 64) => Encoding::Float64,
        (None, is_float, _) => {
            let kind = if is_float { "floats" } else { "integers" };
            let message = format!("samples are {bits}-bit {kind}, which are not read");
            return Err(Error::damaged(at + 28, message));
        }
    };
    let frame = u64::from(channels) * encoding.width() as u64;
    if packet_frames != 1 || u64::from(packet_bytes) != frame {
        return Err(Error::damaged(
            at + 16,
            format!(
                "the file claims packets of {packet_frames} frames in {packet_bytes} bytes, but a frame \
                 of {channels} channels of {bits} bits takes {frame}"
            ),
        ));
    }
    let order = if flags & LITTLE_ENDIAN != 0 {
        ByteOrder::Little
    } else {
        ByteOrder::Big
    };
    Ok(Contents::Plain(Description {
        channels: channels as usize,
        encoding,
        order,
        rate,
    }))
}
