//! Sun's AU: a header of six numbers, a text, and the samples, the highest byte first.

use std::io::{Read, Seek};

use crate::audio::SampleRate;
use crate::error::Error;
use crate::files::pcm::encoding::{ByteOrder, Encoding, Law};
use crate::files::pcm::reader::Bytes;
use crate::files::pcm::{Chunk, Container, Header, Info};
use crate::files::sniff::Contents;

/// Bytes of the six numbers.
const NUMBERS: u64 = 24;
/// The size of samples that go on to the end of the file.
const UNKNOWN: u32 = u32::MAX;

pub fn header<R: Read + Seek>(bytes: &mut Bytes<'_, R>) -> Result<Contents<Header>, Error> {
    let start = bytes.start;
    let numbers: [u8; NUMBERS as usize] = bytes.take(start, "its header")?;
    // The byte order of the samples is that of the header.
    let order = match &numbers[..4] {
        b"dns." => ByteOrder::Little,
        _ => ByteOrder::Big,
    };
    let (fields, _) = numbers.as_chunks::<4>();
    let [_, place, size, kind, hertz, channels] = fields else {
        unreachable!("24 bytes are six numbers");
    };
    let [place, size, kind, hertz, channels] =
        [place, size, kind, hertz, channels].map(|field| order.u32(*field));
    let offset = start + u64::from(place);
    if u64::from(place) < NUMBERS || offset > bytes.end {
        return Err(Error::damaged(
            start + 4,
            format!(
                "the file claims samples from byte {place} on, and has {} bytes",
                bytes.end - start
            ),
        ));
    }
    let encoding = match kind {
        1 => Encoding::G711(Law::Mu),
        2 => Encoding::Signed8,
        3 => Encoding::Pcm16,
        4 => Encoding::Pcm24,
        5 => Encoding::Pcm32,
        6 => Encoding::Float32,
        7 => Encoding::Float64,
        27 => Encoding::G711(Law::A),
        _ => {
            let message = format!(
                "the samples are compressed or of an unknown kind (number {kind} of AU), and not plain integers, \
                 floats, A-law or mu-law"
            );
            return Ok(Contents::coded(start + 12, message));
        }
    };
    let zero = |what: &str, at| Error::damaged(start + at, format!("the file claims {what}"));
    let rate = SampleRate::new(hertz).map_err(|_| zero("a sample rate of 0 Hz", 16))?;
    if channels == 0 {
        return Err(zero("0 channels", 20));
    }
    let there = bytes.end - offset;
    let is_stream = size == UNKNOWN;
    let claimed = if is_stream { there } else { u64::from(size) };
    // Of a file that was cut short, what is there.
    let size = claimed.min(there);
    let frame = u64::from(channels) * encoding.width() as u64;
    let info = Info {
        container: Container::Au,
        encoding,
        order,
        channels: channels as usize,
        frames: size / frame,
        rate,
        data_offset: offset,
    };
    let data = Chunk {
        id: *b"data",
        offset,
        size,
    };
    Ok(Contents::Plain(Header {
        info,
        chunks: vec![data],
        is_stream,
        shortage: info.shortage(claimed, bytes.end),
    }))
}
