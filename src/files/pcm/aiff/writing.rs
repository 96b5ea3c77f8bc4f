//! AIFF: integers as AIFF, floats as AIFF-C, the highest byte first.

use crate::audio::SampleRate;
use crate::error::Error;
use crate::files::pcm::encoding::{ByteOrder, Encoding, Law};
use crate::files::write::coder::{Recipe, SampleSpec};
use crate::files::write::container::{Muxer, PcmCoder};
use crate::files::write::metadata::Family;

/// The date of the only version of AIFF-C, in its own calendar.
const VERSION: u32 = 0xA280_5140;

/// Writes AIFF.
///
/// # Errors
/// What an AIFF file cannot hold.
pub fn coder(
    spec: SampleSpec,
    frames: Option<usize>,
    recipe: &Recipe,
) -> Result<PcmCoder<AiffMuxer>, Error> {
    let encoding = recipe.encoding.unwrap_or(Encoding::of(spec.dtype));
    if encoding == Encoding::Unsigned8 {
        return Err(Error::invalid(
            "an AIFF file has no unsigned 8-bit samples; use the subtype PCM_S8".into(),
        ));
    }
    recipe
        .metadata
        .require(Some(Family::Aiff), "an AIFF file")?;
    let metadata = recipe.metadata.with_texts(recipe.tags.aiff_chunks()?);
    let channels = spec.channels;
    let narrow = u16::try_from(channels).ok().filter(|count| *count > 0);
    let mut form = AiffMuxer {
        channels: narrow.ok_or_else(|| {
            Error::invalid(format!(
                "an AIFF file has 1 to 65535 channels, not {channels}"
            ))
        })?,
        rate: spec.rate,
        encoding,
        before: metadata.before(false),
        behind: metadata.behind(false),
        head: 0,
    };
    form.head = form.inside(0).len();
    PcmCoder::new(form, spec, encoding, ByteOrder::Big, frames)
}

/// The chunks around the samples.
pub struct AiffMuxer {
    channels: u16,
    rate: SampleRate,
    encoding: Encoding,
    /// Chunks of another file.
    before: Vec<u8>,
    behind: Vec<u8>,
    /// Bytes between the first size and the samples.
    head: usize,
}

impl AiffMuxer {
    /// Bytes of so many frames.
    fn data(&self, frames: u64) -> u128 {
        u128::from(frames) * (usize::from(self.channels) * self.encoding.width()) as u128
    }

    /// Bytes that the first size counts.
    fn total(&self, frames: u64) -> u128 {
        let data = self.data(frames);
        self.head as u128 + data + data % 2 + self.behind.len() as u128
    }

    /// Everything between the first size and the samples.
    fn inside(&self, frames: u64) -> Vec<u8> {
        let mut inside = Vec::with_capacity(self.head);
        // The name is counted and padded: no name.
        let compression = match self.encoding {
            Encoding::Float32 => Some(b"fl32\0\0"),
            Encoding::Float64 => Some(b"fl64\0\0"),
            Encoding::G711(Law::A) => Some(b"alaw\0\0"),
            Encoding::G711(Law::Mu) => Some(b"ulaw\0\0"),
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
        inside.extend(self.channels.to_be_bytes());
        // `require` has refused more.
        inside.extend((frames as u32).to_be_bytes());
        inside.extend((8 * self.encoding.width() as u16).to_be_bytes());
        inside.extend(extended(self.rate.hertz()));
        inside.extend(compression.into_iter().flatten());
        inside.extend(&self.before);
        inside.extend(*b"SSND");
        inside.extend((self.data(frames) as u32 + 8).to_be_bytes());
        // Samples begin at once, and in blocks of no size.
        inside.extend([0; 8]);
        inside
    }
}

impl Muxer for AiffMuxer {
    fn header(&self, frames: u64) -> Vec<u8> {
        let mut header = b"FORM".to_vec();
        header.extend((self.total(frames) as u32).to_be_bytes());
        header.extend(self.inside(frames));
        header
    }

    fn trailer(&self, frames: u64) -> Vec<u8> {
        let padding = (self.data(frames) % 2) as usize;
        [&[0][..padding], &self.behind].concat()
    }

    fn require(&self, frames: u64) -> Result<(), Error> {
        if self.total(frames) <= u128::from(u32::MAX) {
            return Ok(());
        }
        let data = self.data(frames);
        Err(Error::invalid(format!(
            "{frames} frames are {data} bytes of samples; an AIFF file has less than 4294967296 bytes: \
             write it as WAV, which goes on as RF64"
        )))
    }
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
