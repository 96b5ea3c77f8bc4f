//! Samples, encoded into a file block by block.

use std::io::Write;

use crate::audio::Audio;
use crate::audio::encoding::{Block, ByteOrder, Encoding, transfer};
use crate::error::Error;
use crate::registry::{Mode, Patience};
use crate::view::{Effort, access};

/// Writes a whole file: from the narrowest to the widest type, with one rounding to the nearest and saturation
/// where the encoding has fewer bits. Without an encoding that of the audio's own type is taken. The samples
/// are leased for reading all the while; no more than a block of them is copied.
///
/// # Errors
/// Audio that the format cannot hold, [`Error::Io`], and what [`access`] gives.
pub fn write<W: Write>(
    writer: &mut W,
    audio: &Audio,
    encoding: Option<Encoding>,
    patience: Patience<'_>,
) -> Result<(), Error> {
    let encoding = encoding.unwrap_or(Encoding::of(audio.dtype()));
    if encoding == Encoding::Signed8 {
        return Err(Error::InvalidArgument {
            message: "a WAV file has no signed 8-bit samples; use the subtype PCM_U8".into(),
        });
    }
    let size = Size::of(audio, encoding)?;
    let claim = audio.samples().strided().claim(Mode::Read);
    access(&[claim], Effort::Long, patience, |access| {
        let io = |error| Error::io(&error, None);
        writer
            .write_all(&header(audio, encoding, size))
            .map_err(io)?;
        let frames = audio.layout().frames();
        let channels = audio.layout().channels();
        let mut block = Block::to_write(encoding, ByteOrder::Little, channels, frames)?;
        let mut done = 0;
        while done < frames {
            let count = block.frames().min(frames - done);
            let part = audio.samples().strided().take_frames(done, count)?;
            transfer(access, &block.samples(count)?, &part)?;
            writer.write_all(block.encode(count)).map_err(io)?;
            done += count;
        }
        // A chunk of odd size is followed by a byte of padding.
        writer
            .write_all(&[0][..(size.data % 2) as usize])
            .map_err(io)?;
        writer.flush().map_err(io)
    })?
}

/// What the fields of a header say.
#[derive(Clone, Copy)]
struct Size {
    channels: u16,
    frame: u16,
    frames: u32,
    data: u32,
    riff: u32,
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
        let too_large = |_| {
            let bytes = frames as u128 * frame as u128;
            Error::InvalidArgument {
                message: format!(
                    "{frames} frames of {frame} bytes are {bytes} bytes; a WAV file has less than \
                     4294967296: write it in parts, or as a narrower subtype"
                ),
            }
        };
        let data = u128::from(frame_bytes) * frames as u128;
        let prefix = if encoding.is_float() { 48 } else { 36 };
        Ok(Size {
            channels: narrow,
            frame: frame_bytes,
            frames: u32::try_from(frames).map_err(too_large)?,
            data: u32::try_from(data).map_err(too_large)?,
            riff: u32::try_from(prefix + data + data % 2).map_err(too_large)?,
        })
    }
}

/// Everything before the samples: 44 bytes for integers, 56 for floats, so that the samples of every
/// encoding lie aligned in the file.
fn header(audio: &Audio, encoding: Encoding, size: Size) -> Vec<u8> {
    let rate = audio.rate().hertz();
    let bits = 8 * encoding.width() as u16;
    // A field for the eye of a reader; nobody computes with it, and 4 GB in a second are beyond it.
    let bytes_per_second = rate.saturating_mul(u32::from(size.frame));
    let tag: u16 = if encoding.is_float() { 3 } else { 1 };

    let mut header = Vec::with_capacity(56);
    header.extend(*b"RIFF");
    header.extend(size.riff.to_le_bytes());
    header.extend(*b"WAVEfmt ");
    header.extend(16_u32.to_le_bytes());
    header.extend(tag.to_le_bytes());
    header.extend(size.channels.to_le_bytes());
    header.extend(rate.to_le_bytes());
    header.extend(bytes_per_second.to_le_bytes());
    header.extend(size.frame.to_le_bytes());
    header.extend(bits.to_le_bytes());
    if encoding.is_float() {
        // Whatever is not PCM says how many frames there are.
        header.extend(*b"fact");
        header.extend(4_u32.to_le_bytes());
        header.extend(size.frames.to_le_bytes());
    }
    header.extend(*b"data");
    header.extend(size.data.to_le_bytes());
    header
}
