//! Samples that are too loud for the whole numbers that they become: how many there are, and how loud.

use crate::dtype::Dtype;
use crate::error::Error;
use crate::files::pcm::block::{as_slice, transfer};
use crate::files::pcm::encoding::Encoding;
use crate::view::{Access, Fresh, Strided};

/// What was clipped.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Clipped {
    /// How many samples.
    pub samples: u64,
    /// The loudest of them, as a fraction of full scale; 0 without any.
    pub peak: f64,
}

impl Clipped {
    /// Counts samples that become integers of `bits`. +1.0 is one step above the largest integer: a sample that exceeds
    /// full scale by half a step or less is not counted.
    pub fn count(&mut self, bits: u32, samples: &[f64]) {
        let limit = 1.0 + f64::from(bits - 1).exp2().recip() / 2.0;
        for sample in samples {
            if sample.abs() > limit {
                self.samples += 1;
                self.peak = self.peak.max(sample.abs());
            }
        }
    }

    /// Both together.
    pub fn add(&mut self, other: Clipped) {
        self.samples += other.samples;
        self.peak = self.peak.max(other.peak);
    }
}

/// Counts what is clipped of floats that become whole numbers, block by block.
pub struct ClipCounter {
    bits: u32,
    /// The samples of a block as they were.
    room: Fresh,
    /// What was found so far.
    pub clipped: Clipped,
}

impl ClipCounter {
    /// For blocks of no more than `frames` frames; `None` for samples that are never clipped.
    ///
    /// # Errors
    /// No memory.
    pub fn new(
        dtype: Dtype,
        encoding: Encoding,
        channels: usize,
        frames: usize,
    ) -> Result<Option<ClipCounter>, Error> {
        if encoding.is_float() || !matches!(dtype, Dtype::Float32 | Dtype::Float64) {
            return Ok(None);
        }
        Ok(Some(ClipCounter {
            bits: match encoding {
                Encoding::G711(_) => 16,
                other => 8 * other.width() as u32,
            },
            room: Fresh::new(&[frames, channels], Dtype::Float64)?,
            clipped: Clipped::default(),
        }))
    }

    /// Looks at some samples.
    ///
    /// # Errors
    /// More of them than there is room for.
    pub fn add_samples(&mut self, access: &Access, samples: &Strided<'_>) -> Result<(), Error> {
        let layout = samples.layout();
        let (frames, channels) = (layout.frames(), layout.channels());
        let room = self.room.strided().transposed().take_frames(0, frames)?;
        transfer(access, &room, samples)?;
        let seen = &as_slice::<f64>(&mut self.room)[..frames * channels];
        self.clipped.count(self.bits, seen);
        Ok(())
    }
}
