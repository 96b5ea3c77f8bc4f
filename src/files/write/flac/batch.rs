//! The samples between memory and the encoder.

use super::frame::{BLOCK, FrameFormat};
use crate::files::clipping::Clipped;
use crate::files::pcm::block::round_to;
use crate::kernel::{Arch, SafeLoop};

/// The samples that are encoded next: those of one channel begin `stride` behind those of the channel before.
pub struct SampleBatch<'a> {
    pub samples: BatchSamples<'a>,
    pub stride: usize,
    pub frames: usize,
    pub format: FrameFormat,
}

/// Samples as the caller has them.
pub enum BatchSamples<'a> {
    Int16(&'a [i16]),
    Int32(&'a [i32]),
    Float32(&'a [f32]),
    Float64(&'a [f64]),
}

impl SampleBatch<'_> {
    /// How many blocks that is; the last may be short.
    pub fn blocks(&self) -> usize {
        self.frames.div_ceil(BLOCK)
    }

    /// The frames of one block.
    pub fn len_of(&self, block: usize) -> usize {
        BLOCK.min(self.frames - block * BLOCK)
    }

    /// One channel of one block as whole numbers, and what was clipped of it.
    pub fn load(&self, block: usize, channel: usize, out: &mut [i32]) -> Clipped {
        let start = channel * self.stride + block * BLOCK;
        let part = start..start + out.len();
        let bits = self.format.bits;
        match self.samples {
            BatchSamples::Int16(samples) => round(&samples[part], bits, out),
            BatchSamples::Int32(samples) => round(&samples[part], bits, out),
            BatchSamples::Float32(samples) => round(&samples[part], bits, out),
            BatchSamples::Float64(samples) => round(&samples[part], bits, out),
        }
    }
}

/// Samples as whole numbers of `bits`, and what was clipped of them.
fn round<T: Fraction>(samples: &[T], bits: u32, out: &mut [i32]) -> Clipped {
    let mut clipped = Clipped::default();
    if Arch::best().compute(RoundedBlock { samples, bits, out }) {
        let wide: Vec<f64> = samples.iter().map(|sample| sample.widen()).collect();
        clipped.count(bits, &wide);
    }
    clipped
}

/// A fraction of full scale that becomes a whole number as by [`round_to`], with fewer steps where its type needs fewer.
trait Fraction: Copy {
    /// To the nearest, ties to even, saturating; `nan` is 0.
    fn round_to_bits(self, bits: u32) -> i32;

    /// Whether it is beyond full scale.
    fn is_loud(self) -> bool;

    fn widen(self) -> f64;
}

impl Fraction for f64 {
    #[inline(always)]
    fn round_to_bits(self, bits: u32) -> i32 {
        round_to(bits, self)
    }

    #[inline(always)]
    fn is_loud(self) -> bool {
        self.abs() > 1.0
    }

    fn widen(self) -> f64 {
        self
    }
}

impl Fraction for f32 {
    #[inline(always)]
    fn round_to_bits(self, bits: u32) -> i32 {
        // Exact up to 24 bits: both bounds are numbers of the type, and the product only moves the exponent.
        let full_scale = (1 << (bits - 1)) as f32;
        let scaled = (self * full_scale).clamp(-full_scale, full_scale - 1.0);
        scaled.round_ties_even() as i32
    }

    #[inline(always)]
    fn is_loud(self) -> bool {
        self.abs() > 1.0
    }

    fn widen(self) -> f64 {
        self.into()
    }
}

impl Fraction for i32 {
    #[inline(always)]
    fn round_to_bits(self, bits: u32) -> i32 {
        let shift = 32 - bits;
        let (whole, rest) = (self >> shift, self & ((1 << shift) - 1));
        // A rest of more than half gives a carry, and half does where the number is odd.
        let carry = (rest + (1 << (shift - 1)) - 1 + (whole & 1)) >> shift;
        (whole + carry).min((1 << (bits - 1)) - 1)
    }

    #[inline(always)]
    fn is_loud(self) -> bool {
        false
    }

    fn widen(self) -> f64 {
        f64::from(self) * 0.5_f64.powi(31)
    }
}

impl Fraction for i16 {
    #[inline(always)]
    fn round_to_bits(self, bits: u32) -> i32 {
        (i32::from(self) << 16).round_to_bits(bits)
    }

    #[inline(always)]
    fn is_loud(self) -> bool {
        false
    }

    fn widen(self) -> f64 {
        f64::from(self) * 0.5_f64.powi(15)
    }
}

struct RoundedBlock<'a, T> {
    samples: &'a [T],
    bits: u32,
    out: &'a mut [i32],
}

impl<T: Fraction> SafeLoop for RoundedBlock<'_, T> {
    /// Whether some sample is beyond full scale.
    type Result = bool;

    #[inline(always)]
    fn run(self) -> bool {
        let mut loud = 0;
        for (out, sample) in self.out.iter_mut().zip(self.samples) {
            *out = sample.round_to_bits(self.bits);
            loud |= u32::from(sample.is_loud());
        }
        loud != 0
    }
}
