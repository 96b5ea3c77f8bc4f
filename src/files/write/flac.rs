//! FLAC, encoded by flacenc block by block: nothing but a block is in memory.
//!
//! The header has a checksum of all samples. Given whole audio, the coder goes through it twice and the output need not
//! seek; given blocks, the coder writes the header again at the end.

use std::io::Write;

use flacenc::bitsink::MemSink;
use flacenc::component::{BitRepr, Stream};
use flacenc::config::Encoder;
use flacenc::encode_fixed_size_frame;
use flacenc::error::{Verified, Verify};
use flacenc::source::{Context, Fill, FrameBuf};

use super::coder::{Coder, Finished, Recipe, SampleSpec, Whole, put};
use super::tags::Tags;
use crate::dtype::Dtype;
use crate::error::Error;
use crate::files::clipping::Clipped;
use crate::files::codec::guarded_write;
use crate::files::pcm::block::{as_slice, round_to, transfer};
use crate::files::pcm::encoding::Encoding;
use crate::view::{Access, Fresh, Strided};

/// Frames of a block, as the reference encoder has them.
const BLOCK: usize = 4096;
const MOST_CHANNELS: usize = 8;
/// What the header counts.
const MOST_FRAMES: u64 = (1 << 36) - 1;
/// The limit of the encoder; the format allows more.
const MOST_HERTZ: u32 = 96_000;

/// Writes FLAC. Without an encoding it is 16 bits for int16, and 24 bits for every other type.
///
/// # Errors
/// What a FLAC file cannot hold.
pub fn coder(spec: SampleSpec, frames: Option<usize>, recipe: &Recipe) -> Result<Flac, Error> {
    recipe.metadata.require(None, "a FLAC file")?;
    // What cannot be a comment is refused before anything is written.
    recipe.tags.in_flac(vec![0; 42])?;
    let bits = match recipe.encoding.unwrap_or(match spec.dtype {
        Dtype::Int16 => Encoding::Pcm16,
        _ => Encoding::Pcm24,
    }) {
        Encoding::Signed8 => 8,
        Encoding::Pcm16 => 16,
        Encoding::Pcm24 => 24,
        other => {
            return Err(Error::invalid(format!(
                "a FLAC file has no {} samples; its subtypes are PCM_S8, PCM_16 and PCM_24",
                other.name()
            )));
        }
    };
    let channels = spec.channels;
    if channels == 0 || channels > MOST_CHANNELS {
        return Err(Error::invalid(format!(
            "a FLAC file has 1 to {MOST_CHANNELS} channels, not {channels}; write it as WAV"
        )));
    }
    if spec.rate.hertz() > MOST_HERTZ {
        return Err(Error::invalid(format!(
            "FLAC is written up to {MOST_HERTZ} Hz, and this is {} Hz; WAV and AIFF take the rate",
            spec.rate.hertz()
        )));
    }
    if let Some(frames) = frames {
        require(frames as u64)?;
    }
    let width = bits as usize;
    let mut stream = Stream::new(spec.rate.hertz() as usize, channels, width).map_err(refused)?;
    let info = stream.stream_info_mut();
    info.set_block_sizes(BLOCK, BLOCK).map_err(refused)?;
    let mut plain = Encoder::default();
    plain.subframe_coding.use_fixed = false;
    plain.subframe_coding.use_lpc = false;
    Ok(Flac {
        bits,
        channels,
        known: false,
        stream,
        context: Context::new(width, channels),
        room: Fresh::new(&[BLOCK, channels], Dtype::Float64)?,
        filled: 0,
        whole: Vec::with_capacity(BLOCK * channels),
        frames: 0,
        clipped: Clipped::default(),
        config: verified(Encoder::default())?,
        plain: verified(plain)?,
        buffer: FrameBuf::with_size(channels, BLOCK).map_err(refused)?,
        number: 0,
        bytes: MemSink::new(),
        tags: recipe.tags.clone(),
    })
}

/// An error for a number of frames that no FLAC file has.
fn require(frames: u64) -> Result<(), Error> {
    if frames == 0 {
        return Err(Error::invalid(
            "a FLAC file has at least one frame; write audio without any as WAV".into(),
        ));
    }
    if frames > MOST_FRAMES {
        return Err(Error::invalid(format!(
            "a FLAC file has at most {MOST_FRAMES} frames, not {frames}; write it as WAV"
        )));
    }
    Ok(())
}

/// A refusal of the encoder. It should have none: we checked its conditions.
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

/// [`refused`], for an error without words.
fn unwritten(error: impl std::fmt::Debug) -> Error {
    refused(format!("{error:?}"))
}

/// Writes FLAC.
pub struct Flac {
    bits: u32,
    channels: usize,
    /// Whether the header was right from the beginning.
    known: bool,
    stream: Stream,
    /// The checksum.
    context: Context,
    /// What is not written yet: the first `filled` frames of it, `(frames, channels)`.
    room: Fresh,
    filled: usize,
    /// The same as whole numbers of `bits`.
    whole: Vec<i32>,
    /// Frames so far.
    frames: u64,
    clipped: Clipped,
    config: Verified<Encoder>,
    /// For samples that the other one would make longer than they are.
    plain: Verified<Encoder>,
    buffer: FrameBuf,
    /// FLAC's own frames, of [`BLOCK`] frames each, so far.
    number: usize,
    bytes: MemSink<u8>,
    tags: Tags,
}

impl Flac {
    /// Takes as many samples into the room as it has place for.
    fn take(
        &mut self,
        access: &Access,
        samples: &Strided<'_>,
        start: usize,
    ) -> Result<usize, Error> {
        let rest = samples.layout().frames() - start;
        let count = (BLOCK - self.filled).min(rest);
        let room = self.room.strided().transposed();
        let room = room.take_frames(self.filled, count)?;
        transfer(access, &room, &samples.take_frames(start, count)?)?;
        self.filled += count;
        Ok(count)
    }

    /// The room, rounded.
    fn round(&mut self) {
        let samples = as_slice::<f64>(&mut self.room);
        let samples = &samples[..self.filled * self.channels];
        self.whole.clear();
        self.whole
            .extend(samples.iter().map(|sample| round_to(self.bits, *sample)));
    }

    /// Goes through all samples for what the header says about them. The output is asked whether to go on.
    fn foresee(
        &mut self,
        out: &mut dyn Write,
        access: &Access,
        samples: &Strided<'_>,
    ) -> Result<(), Error> {
        let frames = samples.layout().frames();
        let mut done = 0;
        while done < frames {
            done += self.take(access, samples, done)?;
            self.round();
            self.context
                .fill_interleaved(&self.whole)
                .map_err(refused)?;
            self.filled = 0;
            out.flush().map_err(|error| Error::io(&error, None))?;
        }
        self.known = true;
        self.complete();
        Ok(())
    }

    /// Has the header say what is known by now.
    fn complete(&mut self) {
        let info = self.stream.stream_info_mut();
        info.set_total_samples(self.context.total_samples());
        info.set_md5_digest(&self.context.md5_digest());
    }

    fn header(&mut self) -> Result<Vec<u8>, Error> {
        self.bytes.clear();
        self.stream.write(&mut self.bytes).map_err(unwritten)?;
        self.tags.in_flac(self.bytes.as_slice().to_vec())
    }

    /// Writes the room as one of FLAC's own frames.
    fn encode(&mut self, out: &mut dyn Write) -> Result<(), Error> {
        let count = self.filled * self.channels;
        let samples = as_slice::<f64>(&mut self.room);
        self.clipped.count(self.bits, &samples[..count]);
        self.round();
        if !self.known {
            self.context
                .fill_interleaved(&self.whole)
                .map_err(refused)?;
        }
        self.buffer.fill_interleaved(&self.whole).map_err(refused)?;
        let info = self.stream.stream_info();
        let encode = |config| encode_fixed_size_frame(config, &self.buffer, self.number, info);
        let mut frame = encode(&self.config).map_err(refused)?;
        // For some extreme samples the encoder finds something far longer than the samples themselves.
        let as_they_are = count * (self.bits as usize + 1);
        if frame.count_bits() > as_they_are + 1024 {
            frame = encode(&self.plain).map_err(refused)?;
        }
        self.bytes.clear();
        frame.write(&mut self.bytes).map_err(unwritten)?;
        self.filled = 0;
        self.number += 1;
        put(out, self.bytes.as_slice())
    }
}

impl Coder for Flac {
    fn begin(&mut self, out: &mut dyn Write, whole: Whole<'_>) -> Result<(), Error> {
        guarded_write(|| {
            if let Some((access, samples)) = whole {
                self.foresee(out, access, samples)?;
            }
            put(out, &self.header()?)
        })
    }

    fn append(
        &mut self,
        out: &mut dyn Write,
        access: &Access,
        samples: &Strided<'_>,
    ) -> Result<(), Error> {
        let frames = samples.layout().frames();
        if frames == 0 {
            return Ok(());
        }
        let total = self.frames + frames as u64;
        require(total)?;
        let mut done = 0;
        while done < frames {
            done += self.take(access, samples, done)?;
            if self.filled == BLOCK {
                guarded_write(|| self.encode(out))?;
            }
        }
        self.frames = total;
        Ok(())
    }

    fn finish(&mut self, out: &mut dyn Write) -> Result<Finished, Error> {
        require(self.frames)?;
        guarded_write(|| {
            if self.filled > 0 {
                self.encode(out)?;
            }
            let header = if self.known {
                None
            } else {
                self.complete();
                Some(self.header()?)
            };
            Ok(Finished {
                clipped: self.clipped,
                header,
            })
        })
    }
}
