//! The header of a WAV file, and what stands behind its samples.

use crate::audio::SampleRate;
use crate::error::Error;
use crate::files::pcm::encoding::{ByteOrder, Encoding, Law};
use crate::files::write::coder::{Recipe, SampleSpec};
use crate::files::write::container::{Muxer, PcmCoder};
use crate::files::write::metadata::Family;

/// One past the bytes that the 32 bits of a RIFF chunk count.
const RIFF_LIMIT: u64 = 1 << 32;

/// Writes WAV, with sizes of 64 bits if `is_long`, or else if 32 bits do not count its bytes.
///
/// # Errors
/// What a WAV file cannot hold.
pub fn coder(
    spec: SampleSpec,
    frames: Option<usize>,
    recipe: &Recipe,
    is_long: bool,
) -> Result<PcmCoder<WavMuxer>, Error> {
    let encoding = recipe.encoding.unwrap_or(Encoding::of(spec.dtype));
    if encoding == Encoding::Signed8 {
        return Err(Error::invalid(
            "a WAV file has no signed 8-bit samples; use the subtype PCM_U8".into(),
        ));
    }
    recipe.metadata.require(Some(Family::Riff), "a WAV file")?;
    let metadata = recipe.metadata.with_texts(recipe.tags.info_list()?);
    let chunks = WavMuxer {
        rate: spec.rate,
        encoding,
        frame: Frame::of(spec.channels, encoding)?,
        before: metadata.before(true),
        behind: metadata.behind(true),
        limit: if is_long { 0 } else { RIFF_LIMIT },
        // A file that is RF64 from the beginning has its sizes there already.
        has_reserve: frames.is_none() && !is_long,
    };
    PcmCoder::new(chunks, spec, encoding, ByteOrder::Little, frames)
}

/// What the fields of a header say about a frame.
#[derive(Clone, Copy)]
struct Frame {
    channels: u16,
    bytes: u16,
}

impl Frame {
    fn of(channels: usize, encoding: Encoding) -> Result<Frame, Error> {
        if channels == 0 {
            return Err(Error::invalid(
                "audio without a channel cannot be written: a WAV file has one at least".into(),
            ));
        }
        let bytes = channels * encoding.width();
        let (Ok(narrow), Ok(frame_bytes)) = (u16::try_from(channels), u16::try_from(bytes)) else {
            return Err(Error::invalid(format!(
                "{channels} channels as {} are frames of {bytes} bytes; a WAV file has at most \
                     65535",
                encoding.name()
            )));
        };
        Ok(Frame {
            channels: narrow,
            bytes: frame_bytes,
        })
    }
}

/// The chunks around the samples. In front are 44 bytes for integers, 56 for floats where nothing is passed on, so that
/// the samples of every encoding lie aligned in the file. From `limit` bytes on it is RF64, with its sizes in a chunk
/// 'ds64' of their own. Where the size is not known yet, its place is kept by a chunk 'JUNK', as EBU Tech 3306 has it.
pub struct WavMuxer {
    rate: SampleRate,
    encoding: Encoding,
    frame: Frame,
    /// Chunks of another file.
    before: Vec<u8>,
    behind: Vec<u8>,
    limit: u64,
    has_reserve: bool,
}

impl WavMuxer {
    fn data(&self, frames: u64) -> u64 {
        frames * u64::from(self.frame.bytes)
    }

    /// The chunks between the sizes and the samples.
    fn inside(&self, frames: u64) -> Vec<u8> {
        let rate = self.rate.hertz();
        let bits = 8 * self.encoding.width() as u16;
        // No program computes with this field, and it cannot hold 4 GB in a second.
        let bytes_per_second = rate.saturating_mul(u32::from(self.frame.bytes));
        let tag: u16 = match self.encoding {
            Encoding::Float32 | Encoding::Float64 => 3,
            Encoding::G711(Law::A) => 6,
            Encoding::G711(Law::Mu) => 7,
            _ => 1,
        };
        let mut inside = b"fmt ".to_vec();
        inside.extend(16_u32.to_le_bytes());
        inside.extend(tag.to_le_bytes());
        inside.extend(self.frame.channels.to_le_bytes());
        inside.extend(rate.to_le_bytes());
        inside.extend(bytes_per_second.to_le_bytes());
        inside.extend(self.frame.bytes.to_le_bytes());
        inside.extend(bits.to_le_bytes());
        if tag != 1 {
            // Whatever is not PCM says how many frames there are.
            inside.extend(*b"fact");
            inside.extend(4_u32.to_le_bytes());
            let frames = u32::try_from(frames).unwrap_or(u32::MAX);
            inside.extend(frames.to_le_bytes());
        }
        inside.extend(&self.before);
        inside
    }
}

impl Muxer for WavMuxer {
    fn header(&self, frames: u64) -> Vec<u8> {
        let data = self.data(frames);
        let inside = self.inside(frames);
        // 36 bytes of sizes; what follows is moved so that the samples begin at a multiple of 8.
        let fill = (8 - (12 + 36 + inside.len() + 8) % 8) % 8;
        let filling = if fill == 0 { 0 } else { 8 + fill };
        let reserve = 36 + filling as u64;

        let trailer = 8 + data + data % 2 + self.behind.len() as u64;
        let short = 4 + inside.len() as u64 + trailer;
        let riff = short + if self.has_reserve { reserve } else { 0 };
        let is_long = riff >= self.limit;
        let mut header = Vec::with_capacity(inside.len() + 80);
        if is_long {
            header.extend(*b"RF64\xFF\xFF\xFF\xFFWAVEds64");
            header.extend(28_u32.to_le_bytes());
            header.extend((short + reserve).to_le_bytes());
            header.extend(data.to_le_bytes());
            header.extend(frames.to_le_bytes());
            header.extend(0_u32.to_le_bytes());
        } else {
            // Less than `limit`, which is 32 bits.
            header.extend(*b"RIFF");
            header.extend((riff as u32).to_le_bytes());
            header.extend(*b"WAVE");
            if self.has_reserve {
                header.extend(*b"JUNK");
                header.extend(28_u32.to_le_bytes());
                header.resize(header.len() + 28, 0);
            }
        }
        header.extend(inside);
        if (is_long || self.has_reserve) && fill > 0 {
            header.extend(*b"JUNK");
            header.extend((fill as u32).to_le_bytes());
            header.resize(header.len() + fill, 0);
        }
        header.extend(*b"data");
        header.extend(if is_long { u32::MAX } else { data as u32 }.to_le_bytes());
        header
    }

    /// Sizes as streams have them: a reader of what a killed process leaves goes on to the end of the file.
    fn open_header(&self) -> Vec<u8> {
        let mut header = self.header(0);
        let size = header.len() - 4;
        header[size..].fill(0xFF);
        header[4..8].fill(0xFF);
        header
    }

    fn trailer(&self, frames: u64) -> Vec<u8> {
        // A chunk of odd size is followed by a byte of padding.
        let padding = (self.data(frames) % 2) as usize;
        [&[0][..padding], &self.behind].concat()
    }
}
