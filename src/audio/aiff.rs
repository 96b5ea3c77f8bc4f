//! AIFF: integers as AIFF, floats as AIFF-C, the highest byte first.

use std::io::Write;

use crate::audio::Audio;
use crate::audio::clipping::Clipped;
use crate::audio::encoding::{ByteOrder, Encoding, Law};
use crate::audio::passing::{Family, Passing};
use crate::audio::writing::Body;
use crate::error::Error;
use crate::registry::Patience;

/// When the version of AIFF-C that there is was made, in its own calendar.
const VERSION: u32 = 0xA280_5140;

/// Writes a whole file; see [`crate::audio::writing::write`].
///
/// # Errors
/// As there.
pub fn write<W: Write>(
    writer: &mut W,
    audio: &Audio,
    encoding: Option<Encoding>,
    passing: &Passing,
    patience: Patience<'_>,
) -> Result<Clipped, Error> {
    let encoding = encoding.unwrap_or(Encoding::of(audio.dtype()));
    if encoding == Encoding::Unsigned8 {
        return Err(invalid(
            "an AIFF file has no unsigned 8-bit samples; use the subtype PCM_S8".into(),
        ));
    }
    passing.require(Some(Family::Aiff), "an AIFF file")?;
    let behind = passing.behind(false);
    let (before, padding) = header(audio, encoding, passing, behind.len())?;
    let behind = [&[0][..padding], &behind].concat();
    let body = Body {
        before: &before,
        encoding,
        order: ByteOrder::Big,
        behind: &behind,
    };
    body.write(writer, audio, patience)
}

fn invalid(message: String) -> Error {
    Error::InvalidArgument { message }
}

/// Everything before the samples, and how many bytes of padding follow them.
fn header(
    audio: &Audio,
    encoding: Encoding,
    passing: &Passing,
    behind: usize,
) -> Result<(Vec<u8>, usize), Error> {
    let (channels, frames) = (audio.layout().channels(), audio.layout().frames());
    let narrow = u16::try_from(channels).ok().filter(|count| *count > 0);
    let narrow = narrow.ok_or_else(|| {
        invalid(format!(
            "an AIFF file has 1 to 65535 channels, not {channels}"
        ))
    })?;
    let data = frames as u128 * (channels * encoding.width()) as u128;
    let padding = (data % 2) as usize;
    let mut inside = Vec::new();
    // The name is counted and padded: no name.
    let compression = match encoding {
        Encoding::Float32 => Some(b"fl32\0\0"),
        Encoding::Float64 => Some(b"fl64\0\0"),
        Encoding::Telephone(Law::A) => Some(b"alaw\0\0"),
        Encoding::Telephone(Law::Mu) => Some(b"ulaw\0\0"),
        _ => None,
    };
    if compression.is_some() {
        inside.extend(*b"AIFCFVER");
        inside.extend(4_u32.to_be_bytes());
        inside.extend(VERSION.to_be_bytes());
    } else {
        inside.extend(*b"AIFF");
    }
    inside.extend(*b"COMM");
    inside.extend(if compression.is_some() { 24_u32 } else { 18 }.to_be_bytes());
    inside.extend(narrow.to_be_bytes());
    let too_large = || {
        invalid(format!(
            "{frames} frames are {data} bytes of samples; an AIFF file has less than 4294967296 bytes: \
             write it as WAV, which goes on as RF64"
        ))
    };
    let count = u32::try_from(frames).map_err(|_| too_large())?;
    inside.extend(count.to_be_bytes());
    inside.extend((8 * encoding.width() as u16).to_be_bytes());
    inside.extend(extended(audio.rate().hertz()));
    inside.extend(compression.into_iter().flatten());
    inside.extend(passing.before(false));
    inside.extend(*b"SSND");
    let size = u32::try_from(data + 8).map_err(|_| too_large())?;
    inside.extend(size.to_be_bytes());
    // Samples begin at once, and in blocks of no size.
    inside.extend([0; 8]);
    let total = inside.len() as u128 + data + padding as u128 + behind as u128;
    let total = u32::try_from(total).map_err(|_| too_large())?;
    let mut header = b"FORM".to_vec();
    header.extend(total.to_be_bytes());
    header.extend(inside);
    Ok((header, padding))
}

/// A whole number as a floating-point number of 80 bits.
fn extended(value: u32) -> [u8; 10] {
    let shift = value.leading_zeros();
    let exponent = (16383 + 31 - shift) as u16;
    let mantissa = u64::from(value) << (32 + shift);
    let mut bytes = [0; 10];
    bytes[..2].copy_from_slice(&exponent.to_be_bytes());
    bytes[2..].copy_from_slice(&mantissa.to_be_bytes());
    bytes
}
