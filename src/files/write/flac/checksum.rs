//! The MD5 of all samples, interleaved as whole bytes with the lowest first, as the header of a FLAC file has it.

use md5::{Digest, Md5};

use super::batch::SampleBatch;
use super::frame::{BLOCK, FrameFormat};

/// Bytes behind the last sample, which is written with more bytes than it has.
const SPARE: usize = 4;

/// The checksum of the samples so far.
pub struct Checksum {
    md5: Md5,
    channels: Vec<Vec<i32>>,
    bytes: Vec<u8>,
}

impl Checksum {
    /// That of no samples.
    pub fn new(format: FrameFormat) -> Checksum {
        Checksum {
            md5: Md5::new(),
            channels: vec![vec![0; BLOCK]; format.channels],
            bytes: vec![0; BLOCK * format.channels * format.bits as usize / 8 + SPARE],
        }
    }

    /// Adds samples.
    pub fn add(&mut self, batch: &SampleBatch<'_>) {
        let width = batch.format.bits as usize / 8;
        for block in 0..batch.blocks() {
            let len = batch.len_of(block);
            for (number, channel) in self.channels.iter_mut().enumerate() {
                batch.load(block, number, &mut channel[..len]);
            }
            let count = len * self.channels.len() * width;
            let (channels, bytes) = (&self.channels, &mut self.bytes[..count + SPARE]);
            match width {
                1 => interleave::<1, 2>(channels, len, bytes),
                2 => interleave::<2, 4>(channels, len, bytes),
                _ => interleave::<3, 6>(channels, len, bytes),
            }
            self.md5.update(&self.bytes[..count]);
        }
    }

    /// The checksum.
    pub fn value(&self) -> [u8; 16] {
        self.md5.clone().finalize().into()
    }
}

/// The lowest `WIDTH` bytes of each sample, frame after frame; those of two channels are `PAIR` bytes.
fn interleave<const WIDTH: usize, const PAIR: usize>(
    channels: &[Vec<i32>],
    len: usize,
    bytes: &mut [u8],
) {
    if let [left, right] = channels {
        // Most files: both samples of a frame are one number.
        let mask = (1 << (8 * WIDTH)) - 1;
        let (frames, _) = bytes[..len * PAIR].as_chunks_mut::<PAIR>();
        for (frame, (left, right)) in frames.iter_mut().zip(left.iter().zip(right)) {
            let (left, right) = (*left as u64 & mask, *right as u64 & mask);
            let both = (left | right << (8 * WIDTH)).to_le_bytes();
            frame.copy_from_slice(&both[..PAIR]);
        }
        return;
    }
    let mut place = 0;
    for frame in 0..len {
        for channel in channels {
            // All four bytes: the next sample is written over those that are too many.
            bytes[place..][..4].copy_from_slice(&channel[frame].to_le_bytes());
            place += WIDTH;
        }
    }
}
