//! The blocks of interleaved frames in which samples pass between a file and memory.
//!
//! ```text
//!   file  <->  Block: some frames, interleaved  <->  transfer  <->  (channels, frames)
//! ```
//!
//! Nothing here scales or rounds but the two encodings that no sample type has, 8 and 24 bits. They become
//! the next wider type without loss, and come from float64, so that every value is rounded once.

use crate::dtype::Dtype;
use crate::error::Error;
use crate::files::pcm::Info;
use crate::files::pcm::encoding::{ByteOrder, Encoding};
use crate::kernel::Engine;
use crate::view::{Access, Fresh, Strided};
use crate::with_sample;

/// Bytes of a block, unless one frame is more: small enough for a core's own cache.
const BLOCK: usize = 128 << 10;

/// The same for samples that go to a file as they lie: the system takes more bytes at once at a better price.
const PASSED: usize = 1 << 18;

/// Some frames on their way between a file and memory: interleaved, bytes on one side and samples on
/// the other.
pub struct Block {
    encoding: Encoding,
    order: ByteOrder,
    channels: usize,
    /// The frames as samples, `(frames, channels)`.
    samples: Fresh,
    /// The frames as bytes where no sample type is like them; empty otherwise.
    packed: Vec<u8>,
}

impl Block {
    /// A block for reading a file, which holds no more than `frames`.
    pub fn to_read(info: &Info, frames: usize) -> Result<Block, Error> {
        Block::new(
            info.encoding,
            info.order,
            info.channels,
            frames,
            info.dtype(),
            BLOCK,
        )
    }

    /// A block for writing files of `channels`, which holds no more than `frames`.
    pub fn to_write(
        encoding: Encoding,
        order: ByteOrder,
        channels: usize,
        frames: usize,
    ) -> Result<Block, Error> {
        // Samples that the encoder rounds to 8 or 24 bits must not have been rounded before.
        let own = encoding.is_sample_type().then(|| encoding.dtype());
        let dtype = own.unwrap_or(Dtype::Float64);
        Block::new(encoding, order, channels, frames, dtype, BLOCK)
    }

    /// A block for samples that are all there and are written as they lie.
    pub fn to_pass(
        encoding: Encoding,
        order: ByteOrder,
        channels: usize,
        frames: usize,
    ) -> Result<Block, Error> {
        let dtype = encoding.dtype();
        Block::new(encoding, order, channels, frames, dtype, PASSED)
    }

    fn new(
        encoding: Encoding,
        order: ByteOrder,
        channels: usize,
        frames: usize,
        dtype: Dtype,
        bytes: usize,
    ) -> Result<Block, Error> {
        let fitting = bytes / (channels * dtype.size()).max(1);
        let frames = fitting.max(1).min(frames);
        let samples = Fresh::new(&[frames, channels], dtype)?;
        let packed = if encoding.is_sample_type() {
            Vec::new()
        } else {
            vec![0; samples.layout().len() * encoding.width()]
        };
        Ok(Block {
            encoding,
            order,
            channels,
            samples,
            packed,
        })
    }

    /// The byte of a sample of 8 bits that is 0.
    fn silence(&self) -> u8 {
        u8::from(self.encoding == Encoding::Unsigned8) << 7
    }

    /// Whether a block for more frames would hold no more.
    pub fn is_full_size(&self) -> bool {
        let frame = self.channels * self.samples.dtype().size();
        self.frames() >= (BLOCK / frame.max(1)).max(1)
    }

    /// How many frames fit.
    pub fn frames(&self) -> usize {
        // Its layout is (frames, channels): the other way round than that of audio.
        self.samples.layout().channels()
    }

    /// The bytes of the first `frames` frames, to be filled from a file.
    pub fn bytes(&mut self, frames: usize) -> &mut [u8] {
        let len = frames * self.channels * self.encoding.width();
        let bytes = if self.encoding.is_sample_type() {
            as_bytes(&mut self.samples)
        } else {
            &mut self.packed[..]
        };
        &mut bytes[..len]
    }

    /// The first `frames` frames as `(channels, frames)` samples, to be filled before [`Block::encode`].
    pub fn samples(&mut self, frames: usize) -> Result<Strided<'_>, Error> {
        self.part(0, frames)
    }

    /// As [`Block::samples`], from frame `start` on.
    pub fn part(&mut self, start: usize, frames: usize) -> Result<Strided<'_>, Error> {
        self.samples
            .strided()
            .transposed()
            .take_frames(start, frames)
    }

    /// The first `frames` frames of the bytes as `(channels, frames)` samples.
    pub fn decode(&mut self, frames: usize) -> Result<Strided<'_>, Error> {
        let (encoding, order) = (self.encoding, self.order);
        let count = frames * self.channels;
        match encoding {
            Encoding::Unsigned8 | Encoding::Signed8 => {
                let silence = self.silence();
                let samples = self.samples.as_mut_slice::<i16>().unwrap_or_default();
                for (sample, byte) in samples[..count].iter_mut().zip(&self.packed) {
                    // The highest bit of unsigned samples is the sign of signed ones, turned over.
                    *sample = i16::from_be_bytes([*byte ^ silence, 0]);
                }
            }
            Encoding::G711(law) => {
                let samples = self.samples.as_mut_slice::<i16>().unwrap_or_default();
                for (sample, byte) in samples[..count].iter_mut().zip(&self.packed) {
                    *sample = law.expand(*byte);
                }
            }
            Encoding::Pcm24 => {
                let samples = self.samples.as_mut_slice::<i32>().unwrap_or_default();
                // One loop each, so that no loop tests the byte order.
                match order {
                    ByteOrder::Little => unpack_24(&mut samples[..count], &self.packed),
                    ByteOrder::Big => {
                        let (packed, _) = self.packed.as_chunks::<3>();
                        for (sample, [a, b, c]) in samples[..count].iter_mut().zip(packed) {
                            *sample = i32::from_be_bytes([*a, *b, *c, 0]);
                        }
                    }
                }
            }
            _ => order.exchange(self.bytes(frames), encoding.width()),
        }
        self.samples(frames)
    }

    /// The first `frames` frames of the samples as bytes.
    pub fn encode(&mut self, frames: usize) -> &[u8] {
        let (encoding, order) = (self.encoding, self.order);
        if encoding.is_sample_type() {
            let bytes = self.bytes(frames);
            order.exchange(bytes, encoding.width());
            return bytes;
        }
        let silence = self.silence();
        let samples = self.samples.as_mut_slice::<f64>().unwrap_or_default();
        let samples = &samples[..frames * self.channels];
        if let Encoding::G711(law) = encoding {
            for (byte, sample) in self.packed.iter_mut().zip(samples) {
                *byte = law.compress(round_to(16, *sample) as i16);
            }
        } else if encoding.width() == 1 {
            for (byte, sample) in self.packed.iter_mut().zip(samples) {
                *byte = round_to(8, *sample) as u8 ^ silence;
            }
        } else {
            for (bytes, sample) in self.packed.chunks_exact_mut(3).zip(samples) {
                let [low, middle, high, _] = round_to(24, *sample).to_le_bytes();
                bytes.copy_from_slice(&match order {
                    ByteOrder::Little => [low, middle, high],
                    ByteOrder::Big => [high, middle, low],
                });
            }
        }
        self.bytes(frames)
    }
}

/// Samples of three bytes, the lowest first, four at a time: they are three words then, which vector
/// instructions can take.
fn unpack_24(samples: &mut [i32], packed: &[u8]) {
    let (fours, rest) = samples.as_chunks_mut::<4>();
    let (twelves, _) = packed.as_chunks::<12>();
    for (four, twelve) in fours.iter_mut().zip(twelves) {
        let (words, _) = twelve.as_chunks::<4>();
        let word = |number: usize| u32::from_le_bytes(words[number]);
        let (a, b, c) = (word(0), word(1), word(2));
        let shifted = [a << 8, a >> 16 | b << 16, b >> 8 | c << 24, c];
        *four = shifted.map(|wide| (wide & 0xFFFF_FF00) as i32);
    }
    let (threes, _) = packed[fours.len() * 12..].as_chunks::<3>();
    for (sample, [low, middle, high]) in rest.iter_mut().zip(threes) {
        *sample = i32::from_le_bytes([0, *low, *middle, *high]);
    }
}

/// Stores `from` in `out` with the scale of audio; samples of one type are the same samples.
///
/// # Errors
/// As [`Engine::copy`].
pub fn transfer(access: &Access, out: &Strided<'_>, from: &Strided<'_>) -> Result<(), Error> {
    if out.dtype() == from.dtype() {
        return Engine::new().copy(access, out, from);
    }
    Engine::new().convert(access, out, from);
    Ok(())
}

/// Half of the values between `2^52` and `2^53`, where the distance of two float64 is 1: to add it and take it away
/// rounds to the nearest whole number, ties to even.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// A fraction of full scale as an integer of `bits`: to the nearest, ties to even, saturating, `nan` is 0.
#[inline(always)]
pub(in crate::files) fn round_to(bits: u32, value: f64) -> i32 {
    let full_scale = f64::from(1 << (bits - 1));
    let scaled = (value * full_scale).clamp(-full_scale, full_scale - 1.0);
    // Both bounds are whole: to round last is the same, and this is faster than to call for it.
    ((scaled + ROUND) - ROUND) as i32
}

/// The samples, whose type the caller knows.
pub(in crate::files) fn as_slice<T: crate::dtype::Sample>(fresh: &mut Fresh) -> &[T] {
    fresh.as_mut_slice::<T>().unwrap_or_default()
}

/// The memory of fresh samples, byte by byte.
pub fn as_bytes(fresh: &mut Fresh) -> &mut [u8] {
    with_sample!(fresh.dtype(), T => {
        bytemuck::cast_slice_mut(fresh.as_mut_slice::<T>().unwrap_or_default())
    })
}
