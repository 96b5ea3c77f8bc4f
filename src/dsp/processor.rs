//! The protocol of processors, and the blocks that they work on.

use crate::audio::blockwise::each_block;
use crate::audio::{Audio, SampleRate, Wait};
use crate::dtype::Dtype;
use crate::error::Error;
use crate::kernel::planes::Planes;
use crate::registry::Mode;
use crate::view::{Access, Strided, access_to};

/// What the blocks of a signal have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignalFormat {
    /// Frames per second.
    pub rate: SampleRate,
    /// The number of channels.
    pub channels: usize,
    /// The type of the samples; what is no float32 is computed in float64.
    pub dtype: Dtype,
}

impl SignalFormat {
    /// That of some audio.
    pub fn of(audio: &Audio) -> SignalFormat {
        SignalFormat {
            rate: audio.rate(),
            channels: audio.layout().channels(),
            dtype: audio.dtype(),
        }
    }

    /// An error unless a later block is of the same format.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] with both.
    pub fn require(&self, later: &SignalFormat) -> Result<(), Error> {
        if self == later {
            return Ok(());
        }
        let of = |format: &SignalFormat| {
            let SignalFormat {
                rate,
                channels,
                dtype,
            } = format;
            let name = dtype.name();
            let channels = match channels {
                1 => "1 channel".to_owned(),
                more => format!("{more} channels"),
            };
            format!("{name} of {channels} at {} Hz", rate.hertz())
        };
        Err(Error::invalid(format!(
            "this block is {}, and those before it were {}; reset() begins another signal",
            of(later),
            of(self)
        )))
    }
}

/// The frames of a block in private memory, in the type that is computed in.
#[derive(Clone, Debug)]
pub enum SignalBlock {
    /// In float32, for float32.
    Single(Planes<f32>),
    /// In float64, for all other types.
    Double(Planes<f64>),
}

/// Runs a body on the planes of a block, whichever type they have.
macro_rules! on_planes {
    ($block:expr, $planes:ident => $body:expr) => {
        match $block {
            $crate::dsp::processor::SignalBlock::Single($planes) => $body,
            $crate::dsp::processor::SignalBlock::Double($planes) => $body,
        }
    };
}
pub(in crate::dsp) use on_planes;

impl SignalBlock {
    /// A block without frames.
    pub fn empty(dtype: Dtype, channels: usize) -> SignalBlock {
        match dtype {
            Dtype::Float32 => SignalBlock::Single(Planes::new(channels)),
            _ => SignalBlock::Double(Planes::new(channels)),
        }
    }

    /// The number of frames.
    pub fn frames(&self) -> usize {
        on_planes!(self, planes => planes.frames())
    }

    /// Loads all of `from`.
    pub fn load(&mut self, access: &Access, from: &Strided<'_>) {
        on_planes!(self, planes => planes.load(access, from));
    }

    /// Stores the frames from `first` on in `into`, which has as many as it takes of them.
    pub fn store(&self, access: &Access, into: &Strided<'_>, first: usize) {
        on_planes!(self, planes => planes.store_from(access, into, first, false));
    }
}

/// The state of one kind of processing, carried from block to block.
///
/// For every split of a signal into blocks the frames that come out are the same, bit for bit.
pub trait Processor: Send + Sync {
    /// Begins a signal of this format, and forgets an earlier one. Gives the format of what comes out.
    ///
    /// # Errors
    /// A format that this kind of processing is not for.
    fn begin(&mut self, format: &SignalFormat) -> Result<SignalFormat, Error>;

    /// Takes the next frames, and leaves those that come out in their place: as many, unless the processor changes
    /// lengths.
    fn process(&mut self, block: &mut SignalBlock);

    /// As [`Processor::process`] for the last frames of the signal (there may be none), with all that is still inside
    /// behind them.
    fn finish(&mut self, block: &mut SignalBlock) {
        self.process(block);
    }

    /// Frames that come out before the first of the signal: by these what comes out lags behind what goes in.
    fn latency(&self) -> usize {
        0
    }

    /// Whether other numbers of frames come out than go in: of such a processor memory keeps nothing in place. Known once a
    /// signal has begun.
    fn changes_lengths(&self) -> bool {
        false
    }

    /// How many frames come out of a signal of so many, besides the latency. Samples that stay in their place have no room
    /// for more frames than went in: those behind them are cut off.
    fn output_frames(&self, frames: usize) -> usize {
        frames
    }

    /// Another one of the same kind that has not processed anything.
    fn fresh(&self) -> Box<dyn Processor>;

    /// The processors that it is a chain of, anew.
    fn links(&self) -> Option<Vec<Box<dyn Processor>>> {
        None
    }
}

/// Calls `work` with block after block of some samples, in private memory.
///
/// # Errors
/// Those of `work`.
pub fn each_of(
    access: &Access,
    samples: &Strided<'_>,
    mut work: impl FnMut(&mut SignalBlock) -> Result<(), Error>,
) -> Result<(), Error> {
    let layout = samples.layout();
    let mut block = SignalBlock::empty(samples.dtype(), layout.channels());
    each_block(0, layout.frames(), layout.channels(), |at, frames| {
        let part = samples.take_frames(at, frames)?;
        block.load(access, &part);
        work(&mut block)?;
        part.give_back();
        Ok(())
    })
}

/// Calls `work` with block after block of audio that is only read.
///
/// # Errors
/// Samples that are borrowed for writing.
pub fn measured(
    audio: &Audio,
    wait: Wait<'_>,
    mut work: impl FnMut(&SignalBlock),
) -> Result<(), Error> {
    let own = audio.samples().strided();
    let claims = [own.claim(Mode::Read)];
    access_to(&own, &claims, wait.lock, wait.until, |access| {
        each_of(access, &own, |block| {
            work(block);
            Ok(())
        })
    })?
}
