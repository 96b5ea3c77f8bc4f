//! FLAC: a batch of blocks at a time is encoded on all cores, and nothing but the batch is in memory.
//!
//! ```text
//!   samples  ->  batch  ->  frames, each block by itself   ->  written in their order
//!                       ->  checksum of all samples        ->  header
//! ```
//!
//! The header has a checksum of all samples. Where the output seeks, the writer puts the header there again at the end;
//! where it does not, the coder goes through all samples twice.
//!
//! The encoder does what the reference encoder does at its default level, with less work: it chooses between the four
//! ways to write a pair of channels before it encodes the two that it writes. The crates of the registry that encode
//! FLAC in Rust took five times as long and more for the same size.

mod batch;
mod bits;
mod checksum;
mod frame;
mod predictor;
mod rice;
mod subframe;

use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

use batch::{BatchSamples, SampleBatch};
use bits::BitWriter;
use checksum::Checksum;
use frame::{BLOCK, FrameEncoder, FrameFormat};

use super::coder::{Coder, Finished, Recipe, SampleSpec, Whole, put};
use super::tags::Tags;
use crate::dtype::Dtype;
use crate::error::Error;
use crate::files::clipping::Clipped;
use crate::files::codec::guarded_write;
use crate::files::pcm::block::{as_slice, transfer};
use crate::files::pcm::encoding::Encoding;
use crate::kernel::{cut, threads};
use crate::view::{Access, Fresh, Strided};

/// Blocks of a batch: enough work to share, few enough to stay in a core's own cache.
const BATCH: usize = 32;
const MOST_CHANNELS: usize = 8;
/// What the header has 36 bits for.
const MOST_FRAMES: u64 = (1 << 36) - 1;
/// What a frame can say, in tens. The header would count a little further, and readers do not follow.
const MOST_HERTZ: u32 = 655_350;

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
    let hertz = spec.rate.hertz();
    if hertz > MOST_HERTZ {
        return Err(Error::invalid(format!(
            "FLAC is written up to {MOST_HERTZ} Hz, and this is {hertz} Hz; WAV and AIFF take the rate"
        )));
    }
    if let Some(frames) = frames {
        require(frames as u64)?;
    }
    let format = FrameFormat {
        channels,
        bits,
        hertz,
    };
    let room = frames.unwrap_or(usize::MAX).clamp(1, BATCH * BLOCK);
    Ok(Flac {
        format,
        is_foreseen: false,
        checksum: Checksum::new(format),
        room: Fresh::new(&[channels, room], spec.dtype)?,
        filled: 0,
        frames: 0,
        clipped: Clipped::default(),
        encoders: Mutex::default(),
        encoded: (0..BATCH).map(|_| Mutex::default()).collect(),
        number: 0,
        tags: recipe.tags.clone(),
    })
}

/// An error for a number of frames that no FLAC file says: 0 in its header is a length that is not known, and few
/// readers take a file without a frame.
fn require(frames: u64) -> Result<(), Error> {
    if frames == 0 {
        return Err(Error::invalid(
            "FLAC is written with at least one frame, for 0 in its header means an unknown length; write audio without \
             any frame as WAV"
                .into(),
        ));
    }
    if frames > MOST_FRAMES {
        return Err(Error::invalid(format!(
            "a FLAC file has at most {MOST_FRAMES} frames, not {frames}; write it as WAV"
        )));
    }
    Ok(())
}

/// Writes FLAC.
pub struct Flac {
    format: FrameFormat,
    /// Whether the checksum was known from the beginning.
    is_foreseen: bool,
    checksum: Checksum,
    /// What is not written yet: the first `filled` frames of it.
    room: Fresh,
    filled: usize,
    /// Frames so far.
    frames: u64,
    clipped: Clipped,
    /// One for each thread that encodes.
    encoders: Mutex<Vec<FrameEncoder>>,
    /// One for each block of a batch.
    encoded: Vec<Mutex<Encoded>>,
    /// FLAC's own frames, of [`BLOCK`] frames each, so far.
    number: u64,
    tags: Tags,
}

/// A block as the file has it.
#[derive(Default)]
struct Encoded {
    bytes: BitWriter,
    clipped: Clipped,
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
        let count = (self.room.layout().frames() - self.filled).min(rest);
        let room = self.room.strided();
        let room = room.take_frames(self.filled, count)?;
        transfer(access, &room, &samples.take_frames(start, count)?)?;
        self.filled += count;
        Ok(count)
    }

    fn is_full(&self) -> bool {
        self.filled == self.room.layout().frames()
    }

    /// What is in the room, and what is kept beside it.
    fn batch(&mut self) -> (SampleBatch<'_>, &mut Checksum, &Mutex<Vec<FrameEncoder>>) {
        let stride = self.room.layout().frames();
        let samples = match self.room.dtype() {
            Dtype::Int16 => BatchSamples::Int16(as_slice(&mut self.room)),
            Dtype::Int32 => BatchSamples::Int32(as_slice(&mut self.room)),
            Dtype::Float32 => BatchSamples::Float32(as_slice(&mut self.room)),
            Dtype::Float64 => BatchSamples::Float64(as_slice(&mut self.room)),
        };
        let batch = SampleBatch {
            samples,
            stride,
            frames: self.filled,
            format: self.format,
        };
        (batch, &mut self.checksum, &self.encoders)
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
            let (batch, checksum, _) = self.batch();
            checksum.add(&batch);
            self.filled = 0;
            out.flush().map_err(|error| Error::io(&error, None))?;
        }
        self.is_foreseen = true;
        Ok(())
    }

    /// The header for so many frames. The checksum is 0 as long as it is not known.
    fn header(&self, frames: u64, is_known: bool) -> Result<Vec<u8>, Error> {
        let mut out = BitWriter::default();
        // The block of facts has 34 bytes, and is the last one unless tags follow.
        out.put(0x80, 8);
        out.put(34, 24);
        out.put(BLOCK as u32, 16);
        out.put(BLOCK as u32, 16);
        // Bytes of the smallest and the largest frame: 0, for the header is the same where it is written first.
        out.put(0, 24);
        out.put(0, 24);
        out.put(self.format.hertz, 20);
        out.put(self.format.channels as u32 - 1, 3);
        out.put(self.format.bits - 1, 5);
        out.put((frames >> 32) as u32, 4);
        out.put(frames as u32, 32);
        let checksum = match is_known {
            true => self.checksum.value(),
            false => [0; 16],
        };
        self.tags
            .in_flac([b"fLaC", out.bytes(), &checksum].concat())
    }

    /// Writes the room as frames of FLAC's own.
    fn encode(&mut self, out: &mut dyn Write) -> Result<(), Error> {
        let (first, is_foreseen) = (self.number, self.is_foreseen);
        let encoded = std::mem::take(&mut self.encoded);
        let (batch, checksum, encoders) = self.batch();
        let blocks = batch.blocks();
        let checksum = Mutex::new((!is_foreseen).then_some(checksum));
        // The checksum takes the samples in their order. It is the longest part, so it is the first to be taken.
        let work = |part: usize, _| {
            let Some(block) = part.checked_sub(1) else {
                let checksum = locked(&checksum).take();
                return checksum.into_iter().for_each(|it| it.add(&batch));
            };
            let spare = locked(encoders).pop();
            let mut encoder = spare.unwrap_or_else(|| FrameEncoder::new(batch.format));
            let mut encoded = locked(&encoded[block]);
            encoded.clipped = Clipped::default();
            for channel in 0..batch.format.channels {
                let samples = encoder.channel(channel, batch.len_of(block));
                let clipped = batch.load(block, channel, samples);
                encoded.clipped.add(clipped);
            }
            encoder.encode(first + block as u64, &mut encoded.bytes);
            locked(encoders).push(encoder);
        };
        cut(blocks + 1, 1, threads(), work, |(), ()| ());
        for encoded in &encoded[..blocks] {
            let encoded = locked(encoded);
            put(out, encoded.bytes.bytes())?;
            self.clipped.add(encoded.clipped);
        }
        self.encoded = encoded;
        self.filled = 0;
        self.number += blocks as u64;
        Ok(())
    }
}

/// What a lock holds. A panic ends the file, so that no thread sees what it has left.
fn locked<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Coder for Flac {
    fn begin(&mut self, out: &mut dyn Write, whole: Whole<'_>) -> Result<(), Error> {
        let mut frames = 0;
        if let Some((access, samples)) = whole {
            self.foresee(out, access, samples)?;
            frames = samples.layout().frames() as u64;
        }
        put(out, &self.header(frames, whole.is_some())?)
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
            if self.is_full() {
                guarded_write(|| self.encode(out))?;
            }
        }
        self.frames = total;
        Ok(())
    }

    fn finish(&mut self, out: &mut dyn Write) -> Result<Finished, Error> {
        require(self.frames)?;
        if self.filled > 0 {
            guarded_write(|| self.encode(out))?;
        }
        let header = match self.is_foreseen {
            true => None,
            false => Some(self.header(self.frames, true)?),
        };
        Ok(Finished {
            clipped: self.clipped,
            header,
        })
    }
}
