//! Rounding with dither, block after block.

use crate::audio::conversion::{Dither, DitherKind};
use crate::dsp::processor::{Processor, SignalBlock, SignalFormat, on_planes};
use crate::dtype::Dtype;
use crate::error::Error;

/// Rounds a signal to some bits with dither: what comes out is what [`crate::Audio::dithered`] gives of the whole.
#[derive(Clone, Debug)]
pub struct Dithering {
    bits: u32,
    kind: DitherKind,
    seed: u64,
    dither: Dither,
    at: usize,
}

impl Dithering {
    /// To so many bits.
    ///
    /// # Errors
    /// As [`Dither::new`].
    pub fn new(bits: u32, kind: DitherKind, seed: u64) -> Result<Dithering, Error> {
        Ok(Dithering {
            bits,
            kind,
            seed,
            dither: Dither::new(bits, kind, seed)?,
            at: 0,
        })
    }
}

impl Processor for Dithering {
    fn begin(&mut self, format: &SignalFormat) -> Result<SignalFormat, Error> {
        /// Bits that a float32 holds.
        const SINGLE: u32 = 24;
        if format.dtype == Dtype::Float32 && self.bits > SINGLE {
            return Err(Error::invalid(format!(
                "float32 holds {SINGLE} bits, and dither is to round to {}; convert('float64') holds them",
                self.bits
            )));
        }
        *self = Dithering::new(self.bits, self.kind, self.seed)?;
        Ok(*format)
    }

    fn process(&mut self, block: &mut SignalBlock) {
        let frames = block.frames();
        on_planes!(block, planes => self.dither.round(self.at, planes));
        self.at += frames;
    }

    fn fresh(&self) -> Box<dyn Processor> {
        Box::new(self.clone())
    }
}
