//! FLAC, encoded by flacenc block by block.
//!
//! The header has a checksum of all samples, so they are gone through twice: nothing but a block is in memory,
//! and what is written to need not seek.

use std::io::Write;

use flacenc::bitsink::MemSink;
use flacenc::component::{BitRepr, Stream};
use flacenc::config::Encoder;
use flacenc::encode_fixed_size_frame;
use flacenc::error::{Verified, Verify};
use flacenc::source::{Context, Fill, FrameBuf};

use crate::audio::Audio;
use crate::audio::clipping::Clipped;
use crate::audio::codec::guarded_write;
use crate::audio::encoding::{Encoding, as_slice, round_to, transfer};
use crate::audio::passing::Passing;
use crate::dtype::Dtype;
use crate::error::Error;
use crate::registry::{Mode, Patience};
use crate::view::{Access, Effort, Fresh, access};

/// Frames of a block, as the reference encoder has them.
const BLOCK: usize = 4096;
const MOST_CHANNELS: usize = 8;
/// What the header counts.
const MOST_FRAMES: u64 = (1 << 36) - 1;
/// What its field for the rate holds.
const MOST_HERTZ: u32 = (1 << 20) - 1;

/// Writes a whole file; see [`crate::audio::writing::write`]. Without an encoding it is 16 bits for int16, and
/// 24 bits for every other type.
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
    passing.require(None, "a FLAC file")?;
    let bits = match encoding.unwrap_or(match audio.dtype() {
        Dtype::Int16 => Encoding::Pcm16,
        _ => Encoding::Pcm24,
    }) {
        Encoding::Signed8 => 8,
        Encoding::Pcm16 => 16,
        Encoding::Pcm24 => 24,
        other => {
            return Err(invalid(format!(
                "a FLAC file has no {} samples; its subtypes are PCM_S8, PCM_16 and PCM_24",
                other.name()
            )));
        }
    };
    let (channels, frames) = (audio.layout().channels(), audio.layout().frames());
    if channels == 0 || channels > MOST_CHANNELS {
        return Err(invalid(format!(
            "a FLAC file has 1 to {MOST_CHANNELS} channels, not {channels}; write it as WAV"
        )));
    }
    if frames == 0 {
        return Err(invalid(
            "a FLAC file has at least one frame; write audio without any as WAV".into(),
        ));
    }
    if audio.rate().hertz() > MOST_HERTZ || frames as u64 > MOST_FRAMES {
        return Err(invalid(format!(
            "a FLAC file has at most {MOST_HERTZ} Hz and {MOST_FRAMES} frames, not {} Hz and {frames} \
             frames; write it as WAV",
            audio.rate().hertz()
        )));
    }
    let claim = audio.samples().strided().claim(Mode::Read);
    access(&[claim], Effort::Long, patience, |access| {
        let mut encoder = Whole {
            audio,
            bits,
            room: Fresh::new(&[BLOCK.min(frames.max(1)), channels], Dtype::Float64)?,
            whole: Vec::new(),
            clipped: Clipped::default(),
        };
        guarded_write(|| encoder.write(writer, access))
    })?
}

fn invalid(message: String) -> Error {
    Error::InvalidArgument { message }
}

/// What the encoder refuses, which it has no reason for: its conditions were checked.
fn refused(error: impl std::fmt::Display) -> Error {
    Error::File {
        offset: None,
        message: format!("the FLAC encoder gave up: {error}"),
        path: None,
    }
}

fn verified(config: Encoder) -> Result<Verified<Encoder>, Error> {
    config.into_verified().map_err(|(_, error)| refused(error))
}

/// Audio on its way to whole numbers of `bits`.
struct Whole<'a> {
    audio: &'a Audio,
    bits: u32,
    room: Fresh,
    whole: Vec<i32>,
    clipped: Clipped,
}

impl Whole<'_> {
    fn write<W: Write>(&mut self, writer: &mut W, access: &Access) -> Result<Clipped, Error> {
        let io = |error| Error::io(&error, None);
        let layout = self.audio.layout();
        let (channels, frames) = (layout.channels(), layout.frames());
        let hertz = self.audio.rate().hertz() as usize;
        let mut stream = Stream::new(hertz, channels, self.bits as usize).map_err(refused)?;
        let info = stream.stream_info_mut();
        info.set_block_sizes(BLOCK, BLOCK).map_err(refused)?;
        let mut context = Context::new(self.bits as usize, channels);
        let mut done = 0;
        while done < frames {
            let count = BLOCK.min(frames - done);
            let filled = context.fill_interleaved(self.block(access, done, count)?);
            filled.map_err(refused)?;
            done += count;
        }
        let clipped = self.clipped;
        info.set_total_samples(frames);
        info.set_md5_digest(&context.md5_digest());
        let mut bytes = MemSink::<u8>::new();
        stream
            .write(&mut bytes)
            .map_err(|error| refused(format!("{error:?}")))?;
        writer.write_all(bytes.as_slice()).map_err(io)?;

        let config = verified(Encoder::default())?;
        let mut plain = Encoder::default();
        plain.subframe_coding.use_fixed = false;
        plain.subframe_coding.use_lpc = false;
        let plain = verified(plain)?;
        let mut buffer = FrameBuf::with_size(channels, BLOCK).map_err(refused)?;
        for (number, start) in (0..frames).step_by(BLOCK).enumerate() {
            let count = BLOCK.min(frames - start);
            let samples = self.block(access, start, count)?;
            buffer.fill_interleaved(samples).map_err(refused)?;
            let info = stream.stream_info();
            let frame = encode_fixed_size_frame(&config, &buffer, number, info).map_err(refused)?;
            // For some extreme samples the encoder finds something far longer than the samples themselves.
            let as_they_are = count * channels * (self.bits as usize + 1);
            let frame = if frame.count_bits() > as_they_are + 1024 {
                encode_fixed_size_frame(&plain, &buffer, number, info).map_err(refused)?
            } else {
                frame
            };
            bytes.clear();
            frame
                .write(&mut bytes)
                .map_err(|error| refused(format!("{error:?}")))?;
            writer.write_all(bytes.as_slice()).map_err(io)?;
        }
        writer.flush().map_err(io)?;
        // As the first time through has them.
        Ok(clipped)
    }

    /// Some frames, interleaved.
    fn block(&mut self, access: &Access, start: usize, count: usize) -> Result<&[i32], Error> {
        let part = self.audio.samples().strided().take_frames(start, count)?;
        let room = self.room.strided().transposed().take_frames(0, count)?;
        transfer(access, &room, &part)?;
        let samples = as_slice::<f64>(&mut self.room);
        let samples = &samples[..count * self.audio.layout().channels()];
        self.clipped.count(self.bits, samples);
        self.whole.clear();
        self.whole
            .extend(samples.iter().map(|sample| round_to(self.bits, *sample)));
        Ok(&self.whole)
    }
}
