//! The `fmt` chunk: what the samples are.

use crate::audio::SampleRate;
use crate::error::Error;
use crate::files::pcm::encoding::{ByteOrder, Encoding, Law};
use crate::files::sniff::Contents;

const PCM: u16 = 1;
const FLOAT: u16 = 3;
const A_LAW: u16 = 6;
const MU_LAW: u16 = 7;
const EXTENSIBLE: u16 = 0xFFFE;
/// What follows the two bytes of a format tag in the GUID of an extensible format.
const GUID_REST: [u8; 12] = [0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71];
/// The same for Ambisonic B-format.
const GUID_REST_AMBISONIC: [u8; 12] = [
    0x21, 0x07, 0xD3, 0x11, 0x86, 0x44, 0xC8, 0xC1, 0xCA, 0, 0, 0,
];

/// The encoding, the channels and the rate, from a `fmt` chunk.
pub struct WavFormat {
    pub encoding: Encoding,
    pub channels: u16,
    pub rate: SampleRate,
}

/// Reads the content of a `fmt` chunk that begins at `offset`, 40 bytes of it at most.
///
/// # Errors
/// [`Error::File`] at the field that is wrong or stands for what is not read.
pub fn parse(order: ByteOrder, offset: u64, content: &[u8]) -> Result<Contents<WavFormat>, Error> {
    let too_short = |needed: usize| {
        Error::damaged(
            offset - 4,
            format!(
                "the 'fmt ' chunk has {} bytes; it takes {needed}",
                content.len()
            ),
        )
    };
    let Some((fixed, extension)) = content.split_first_chunk::<16>() else {
        return Err(too_short(16));
    };
    let u16_at = |at: usize| order.u16([fixed[at], fixed[at + 1]]);
    let mut tag = u16_at(0);
    let mut tag_offset = offset;
    if tag == EXTENSIBLE {
        let guid = extension.get(8..24).ok_or_else(|| too_short(40))?;
        tag = subformat(order, guid).ok_or_else(|| {
            Error::damaged(
                offset + 24,
                "the extensible format has a GUID that stands for no known encoding".into(),
            )
        })?;
        tag_offset = offset + 24;
    }
    let (channels, frame_bytes, bits) = (u16_at(2), u16_at(12), u16_at(14));
    if channels == 0 {
        return Err(Error::damaged(
            offset + 2,
            "the file claims 0 channels".into(),
        ));
    }
    let hertz = order.u32([fixed[4], fixed[5], fixed[6], fixed[7]]);
    let rate = SampleRate::new(hertz)
        .map_err(|_| Error::damaged(offset + 4, "the file claims a sample rate of 0 Hz".into()))?;
    let encoding = match (tag, bits) {
        (PCM, 1..=8) => Encoding::Unsigned8,
        (PCM, 9..=16) => Encoding::Pcm16,
        (PCM, 17..=24) => Encoding::Pcm24,
        (PCM, 25..=32) => Encoding::Pcm32,
        (FLOAT, 32) => Encoding::Float32,
        (FLOAT, 64) => Encoding::Float64,
        (A_LAW, 8) => Encoding::G711(Law::A),
        (MU_LAW, 8) => Encoding::G711(Law::Mu),
        (PCM | FLOAT, _) => {
            let (kind, read) = if tag == PCM {
                ("integers", "1 to 32 bits are")
            } else {
                ("floats", "32 and 64 bits are")
            };
            let message = format!("samples are {bits}-bit {kind}; {read} read");
            return Err(Error::damaged(offset + 14, message));
        }
        _ => {
            let name = codec_name(tag);
            let message = format!(
                "the samples are compressed or of an unknown kind (format {tag:#06x}{name}), and not \
                 plain PCM or IEEE float"
            );
            return Ok(Contents::coded(tag_offset, message));
        }
    };
    let whole = u32::from(channels) * encoding.width() as u32;
    if whole != u32::from(frame_bytes) {
        return Err(Error::damaged(
            offset + 12,
            format!(
                "the file claims frames of {frame_bytes} bytes, but {channels} channels of {bits} bits \
                 take {whole}"
            ),
        ));
    }
    Ok(Contents::Plain(WavFormat {
        encoding,
        channels,
        rate,
    }))
}

/// The format tag that a GUID stands for.
fn subformat(order: ByteOrder, guid: &[u8]) -> Option<u16> {
    let (tag, rest) = guid.split_first_chunk::<4>()?;
    let mut rest: [u8; 12] = rest.try_into().ok()?;
    // The first three parts of a GUID are numbers, in the byte order of the file.
    if order == ByteOrder::Big {
        rest[..2].reverse();
        rest[2..4].reverse();
    }
    let known = rest == GUID_REST || rest == GUID_REST_AMBISONIC;
    let tag = order.u32(*tag);
    known.then(|| u16::try_from(tag).ok())?
}

/// The name of an encoding that is not read, after a comma.
fn codec_name(tag: u16) -> &'static str {
    match tag {
        0x0002 => ", Microsoft ADPCM",
        0x0006 => ", A-law",
        0x0007 => ", mu-law",
        0x0011 => ", IMA ADPCM",
        0x0031 => ", GSM 6.10",
        0x0045 | 0x0064 => ", G.726",
        0x0160..=0x0163 => ", Windows Media",
        0x2000 => ", AC-3",
        0x0050 | 0x0055 => ", MPEG",
        0x0092 => ", AC-3",
        0x00FF | 0x1600..=0x1610 => ", AAC",
        0x674F..=0x6771 => ", Vorbis",
        0xF1AC => ", FLAC",
        _ => "",
    }
}
