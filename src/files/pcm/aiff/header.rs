//! AIFF and AIFF-C: big-endian chunks in any order, a sample rate of 80 bits, and samples of either order.

use std::io::{Read, Seek};

use crate::audio::SampleRate;
use crate::error::Error;
use crate::files::pcm::encoding::{ByteOrder, Encoding, Law};
use crate::files::pcm::reader;
use crate::files::pcm::reader::Bytes;
use crate::files::pcm::{Chunk, Container, Header, Info};
use crate::files::sniff::Contents;

/// The chunk 'COMM'.
struct Common {
    channels: usize,
    frames: u64,
    encoding: Encoding,
    order: ByteOrder,
    rate: SampleRate,
}

pub fn header<R: Read + Seek>(bytes: &mut Bytes<'_, R>) -> Result<Contents<Header>, Error> {
    let start = bytes.start;
    let prefix: [u8; 12] = bytes.take(start, "its header")?;
    let [.., a, b, c, d] = prefix;
    let is_compressed = match &[a, b, c, d] {
        b"AIFF" => false,
        b"AIFC" => true,
        other => {
            return Err(Error::damaged(
                start + 8,
                format!(
                    "this FORM file holds {}, neither 'AIFF' nor 'AIFC'",
                    reader::letters(*other)
                ),
            ));
        }
    };
    let mut at = start + 12;
    let mut chunks = Vec::new();
    let (mut common, mut sound, mut is_stream) = (None, None, false);
    // Bytes of samples that a file that was cut short claims and has not.
    let mut missing = 0;
    while bytes.end.saturating_sub(at) >= 8 {
        let head: [u8; 8] = bytes.take(at, "a chunk's header")?;
        let [a, b, c, d, e, f, g, h] = head;
        let mut chunk = Chunk {
            id: [a, b, c, d],
            offset: at + 8,
            size: u64::from(u32::from_be_bytes([e, f, g, h])),
        };
        if chunk.id == *b"SSND" && sound.is_none() && is_unknown(bytes, &chunk)? {
            chunk.size = bytes.end - chunk.offset;
            is_stream = true;
        }
        let there = bytes.end - chunk.offset;
        if chunk.id == *b"SSND" && sound.is_none() && chunk.size > there && there >= 8 {
            missing = chunk.size - there;
            chunk.size = there;
        }
        if let Err(error) = bytes.require_chunk(at, &chunk) {
            if sound.is_some() && common.is_some() {
                // The reader needs nothing behind these two.
                break;
            }
            return Err(error);
        }
        match &chunk.id {
            b"COMM" if common.is_some() => {
                return Err(Error::damaged(at, "the file has two 'COMM' chunks".into()));
            }
            b"COMM" => match parse_common(bytes, &chunk, is_compressed)? {
                Contents::Plain(found) => common = Some(found),
                Contents::Coded(coded) => return Ok(Contents::Coded(coded)),
            },
            b"SSND" if sound.is_none() => sound = Some(chunk),
            _ => {}
        }
        reader::keep(&mut chunks, at, chunk)?;
        at = chunk.offset + chunk.size + chunk.size % 2;
    }
    let Some(common) = common else {
        let message = "the file has no chunk 'COMM', which says what its samples are".into();
        return Err(Error::damaged(bytes.end, message));
    };
    let (data_offset, frames) = place_samples(bytes, &common, sound, (is_stream, missing))?;
    let info = Info {
        container: Container::Aiff,
        encoding: common.encoding,
        order: common.order,
        channels: common.channels,
        frames,
        rate: common.rate,
        data_offset,
    };
    let claimed = (common.channels * common.encoding.width()) as u64 * common.frames;
    Ok(Contents::Plain(Header {
        info,
        chunks,
        is_stream,
        shortage: (missing > 0)
            .then(|| info.shortage(claimed, bytes.end))
            .flatten(),
    }))
}

/// Whether the chunk of the samples goes on to the end of the file, because the program that wrote it could not go back.
fn is_unknown<R: Read + Seek>(bytes: &mut Bytes<'_, R>, chunk: &Chunk) -> Result<bool, Error> {
    let there = bytes.end - chunk.offset;
    if chunk.size > 0 {
        return Ok(chunk.size > there && chunk.size >= 0x7FFF_0000);
    }
    // Behind a chunk without a byte stands another, or nothing.
    let mut next = [0; 4];
    let next = bytes.peek(chunk.offset, &mut next)?;
    Ok(there >= 8 && !reader::is_printable(next))
}

/// Where the first frame begins and how many there are, once all of them are known to be there.
fn place_samples<R: Read + Seek>(
    bytes: &mut Bytes<'_, R>,
    common: &Common,
    sound: Option<Chunk>,
    (is_stream, missing): (bool, u64),
) -> Result<(u64, u64), Error> {
    let Some(chunk) = sound else {
        if common.frames == 0 {
            return Ok((bytes.end, 0));
        }
        let message = format!(
            "the file has no chunk 'SSND' for its {} frames",
            common.frames
        );
        return Err(Error::damaged(bytes.end, message));
    };
    if chunk.size < 8 {
        return Err(Error::damaged(
            chunk.offset - 4,
            format!("the 'SSND' chunk has {} bytes; it takes 8", chunk.size),
        ));
    }
    let fields: [u8; 8] = bytes.take(chunk.offset, "its chunk 'SSND'")?;
    let [a, b, c, d, block @ ..] = fields;
    let skipped = 8 + u64::from(u32::from_be_bytes([a, b, c, d]));
    let frame = (common.channels * common.encoding.width()) as u64;
    let there = chunk.size.saturating_sub(skipped);
    let whole = there / frame;
    let begin = (chunk.offset + skipped).min(chunk.offset + chunk.size);
    // A count that was never filled in, or is less than there is: the samples count. Blocks may be padded.
    let is_unfilled = is_stream || common.frames == u64::from(u32::MAX);
    if is_unfilled || (whole > common.frames && (block == [0; 4] || common.frames == 0)) {
        return Ok((begin, whole));
    }
    if missing > 0 && whole < common.frames {
        return Ok((begin, whole));
    }
    let needed = u128::from(common.frames) * u128::from(frame);
    if needed > u128::from(there) {
        return Err(Error::damaged(
            chunk.offset - 4,
            format!(
                "the file claims {} frames of {frame} bytes, and its 'SSND' chunk has {there} bytes \
                 for them",
                common.frames
            ),
        ));
    }
    Ok((begin, common.frames))
}

fn parse_common<R: Read + Seek>(
    bytes: &mut Bytes<'_, R>,
    chunk: &Chunk,
    is_compressed: bool,
) -> Result<Contents<Common>, Error> {
    let at = chunk.offset;
    let needed = if is_compressed { 22 } else { 18 };
    if chunk.size < needed {
        return Err(Error::damaged(
            at - 4,
            format!(
                "the 'COMM' chunk has {} bytes; it takes {needed}",
                chunk.size
            ),
        ));
    }
    let fixed: [u8; 18] = bytes.take(at, "its chunk 'COMM'")?;
    let [c0, c1, f0, f1, f2, f3, b0, b1, rate @ ..] = fixed;
    let compression = if is_compressed {
        bytes.take(at + 18, "its chunk 'COMM'")?
    } else {
        *b"NONE"
    };
    let channels = usize::from(u16::from_be_bytes([c0, c1]));
    if channels == 0 {
        return Err(Error::damaged(at, "the file claims 0 channels".into()));
    }
    let bits = u16::from_be_bytes([b0, b1]);
    let Some((encoding, order)) = encoding(compression, bits) else {
        let place = if is_compressed { at + 18 } else { at + 6 };
        let message = format!(
            "the samples are compressed or of an unknown kind ({}, {bits} bits), and not plain \
             integers of 1 to 32 bits or floats",
            reader::letters(compression)
        );
        return Ok(Contents::coded(place, message));
    };
    let hertz = extended(rate);
    let rate = reader::rate(hertz, at + 8)?;
    Ok(Contents::Plain(Common {
        channels,
        frames: u64::from(u32::from_be_bytes([f0, f1, f2, f3])),
        encoding,
        order,
        rate,
    }))
}

fn encoding(compression: [u8; 4], bits: u16) -> Option<(Encoding, ByteOrder)> {
    let integer = match bits {
        1..=8 => Some(Encoding::Signed8),
        9..=16 => Some(Encoding::Pcm16),
        17..=24 => Some(Encoding::Pcm24),
        25..=32 => Some(Encoding::Pcm32),
        _ => None,
    };
    let big = |encoding| Some((encoding, ByteOrder::Big));
    match &compression {
        b"NONE" | b"none" => big(integer?),
        b"twos" => big(integer?),
        b"sowt" => Some((integer?, ByteOrder::Little)),
        b"raw " if bits == 8 => big(Encoding::Unsigned8),
        b"in24" => big(Encoding::Pcm24),
        b"in32" => big(Encoding::Pcm32),
        // libsndfile writes the one, and others write the other.
        b"42n1" | b"42ni" => Some((Encoding::Pcm24, ByteOrder::Little)),
        b"23ni" => Some((Encoding::Pcm32, ByteOrder::Little)),
        b"alaw" | b"ALAW" => big(Encoding::G711(Law::A)),
        b"ulaw" | b"ULAW" => big(Encoding::G711(Law::Mu)),
        b"fl32" | b"FL32" => big(Encoding::Float32),
        b"fl64" | b"FL64" => big(Encoding::Float64),
        _ => None,
    }
}

/// A floating-point number of 80 bits: sign and exponent, then a mantissa with its leading 1.
fn extended(bytes: [u8; 10]) -> f64 {
    let [high, low, mantissa @ ..] = bytes;
    let exponent = i32::from(u16::from_be_bytes([high & 0x7F, low])) - 16383 - 63;
    let mantissa = u64::from_be_bytes(mantissa) as f64;
    let value = mantissa * 2.0_f64.powi(exponent);
    if high & 0x80 == 0 { value } else { -value }
}
