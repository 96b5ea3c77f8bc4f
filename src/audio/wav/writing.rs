//! The header of a WAV file, and what stands behind its samples.

use std::io::Write;

use crate::audio::Audio;
use crate::audio::clipping::Clipped;
use crate::audio::encoding::{ByteOrder, Encoding, Law};
use crate::audio::passing::{Family, Passing};
use crate::audio::writing::Body;
use crate::error::Error;
use crate::registry::Patience;

/// One past the bytes that the 32 bits of a RIFF chunk count.
const RIFF_LIMIT: u64 = 1 << 32;

/// Writes a whole file; see [`crate::audio::writing::write`].
///
/// # Errors
/// As there.
pub fn write<W: Write>(
    writer: &mut W,
    audio: &Audio,
    encoding: Option<Encoding>,
    patience: Patience<'_>,
) -> Result<Clipped, Error> {
    write_passing(
        writer,
        audio,
        encoding,
        &Passing::default(),
        false,
        patience,
    )
}

/// As [`write`], with what is passed on from another file, and with sizes of 64 bits if `is_long`.
///
/// # Errors
/// As [`write`].
pub fn write_passing<W: Write>(
    writer: &mut W,
    audio: &Audio,
    encoding: Option<Encoding>,
    passing: &Passing,
    is_long: bool,
    patience: Patience<'_>,
) -> Result<Clipped, Error> {
    let encoding = encoding.unwrap_or(Encoding::of(audio.dtype()));
    if encoding == Encoding::Signed8 {
        return Err(Error::InvalidArgument {
            message: "a WAV file has no signed 8-bit samples; use the subtype PCM_U8".into(),
        });
    }
    passing.require(Some(Family::Riff), "a WAV file")?;
    let behind = passing.behind(true);
    let size = Size::of(audio, encoding)?;
    let limit = if is_long { 0 } else { RIFF_LIMIT };
    let before = header(
        audio,
        encoding,
        size,
        &passing.before(true),
        behind.len(),
        limit,
    );
    // A chunk of odd size is followed by a byte of padding.
    let behind = [&[0][..(size.data % 2) as usize], &behind].concat();
    let body = Body {
        before: &before,
        encoding,
        order: ByteOrder::Little,
        behind: &behind,
    };
    body.write(writer, audio, patience)
}

/// What the fields of a header say.
#[derive(Clone, Copy)]
struct Size {
    channels: u16,
    frame: u16,
    frames: u64,
    data: u64,
}

impl Size {
    fn of(audio: &Audio, encoding: Encoding) -> Result<Size, Error> {
        let (channels, frames) = (audio.layout().channels(), audio.layout().frames());
        if channels == 0 {
            return Err(Error::InvalidArgument {
                message: "audio without a channel cannot be written: a WAV file has one at least"
                    .into(),
            });
        }
        let frame = channels * encoding.width();
        let (Ok(narrow), Ok(frame_bytes)) = (u16::try_from(channels), u16::try_from(frame)) else {
            return Err(Error::InvalidArgument {
                message: format!(
                    "{channels} channels as {} are frames of {frame} bytes; a WAV file has at most \
                     65535",
                    encoding.name()
                ),
            });
        };
        Ok(Size {
            channels: narrow,
            frame: frame_bytes,
            frames: frames as u64,
            data: frames as u64 * u64::from(frame_bytes),
        })
    }
}

/// Everything before the samples: 44 bytes for integers, 56 for floats where nothing is passed on, so that the
/// samples of every encoding lie aligned in the file. From `limit` bytes on it is RF64, with its sizes in a chunk
/// of their own.
fn header(
    audio: &Audio,
    encoding: Encoding,
    size: Size,
    passed: &[u8],
    behind: usize,
    limit: u64,
) -> Vec<u8> {
    let rate = audio.rate().hertz();
    let bits = 8 * encoding.width() as u16;
    // A field for the eye of a reader; nobody computes with it, and 4 GB in a second are beyond it.
    let bytes_per_second = rate.saturating_mul(u32::from(size.frame));
    let tag: u16 = match encoding {
        Encoding::Float32 | Encoding::Float64 => 3,
        Encoding::Telephone(Law::A) => 6,
        Encoding::Telephone(Law::Mu) => 7,
        _ => 1,
    };

    let mut inside = b"fmt ".to_vec();
    inside.extend(16_u32.to_le_bytes());
    inside.extend(tag.to_le_bytes());
    inside.extend(size.channels.to_le_bytes());
    inside.extend(rate.to_le_bytes());
    inside.extend(bytes_per_second.to_le_bytes());
    inside.extend(size.frame.to_le_bytes());
    inside.extend(bits.to_le_bytes());
    if tag != 1 {
        // Whatever is not PCM says how many frames there are.
        inside.extend(*b"fact");
        inside.extend(4_u32.to_le_bytes());
        let frames = u32::try_from(size.frames).unwrap_or(u32::MAX);
        inside.extend(frames.to_le_bytes());
    }
    inside.extend(passed);

    let trailer = 8 + size.data + size.data % 2 + behind as u64;
    let riff = 4 + inside.len() as u64 + trailer;
    let is_long = riff >= limit;
    let mut header = Vec::with_capacity(inside.len() + 80);
    if is_long {
        // 36 bytes of sizes; what follows is moved so that the samples begin at a multiple of 8.
        let fill = (8 - (12 + 36 + inside.len() + 8) % 8) % 8;
        let filling = if fill == 0 { 0 } else { 8 + fill };
        header.extend(*b"RF64\xFF\xFF\xFF\xFFWAVEds64");
        header.extend(28_u32.to_le_bytes());
        header.extend((riff + 36 + filling as u64).to_le_bytes());
        header.extend(size.data.to_le_bytes());
        header.extend(size.frames.to_le_bytes());
        header.extend(0_u32.to_le_bytes());
        header.extend(inside);
        if fill > 0 {
            header.extend(*b"JUNK");
            header.extend((fill as u32).to_le_bytes());
            header.resize(header.len() + fill, 0);
        }
        header.extend(*b"data\xFF\xFF\xFF\xFF");
    } else {
        // Less than `limit`, which is 32 bits.
        header.extend(*b"RIFF");
        header.extend((riff as u32).to_le_bytes());
        header.extend(*b"WAVE");
        header.extend(inside);
        header.extend(*b"data");
        header.extend((size.data as u32).to_le_bytes());
    }
    header
}
