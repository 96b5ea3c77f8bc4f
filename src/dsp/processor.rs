//! The protocol of processors, and a processor at work: on block after block of audio, or once on the whole.

use crate::audio::blockwise::each_block;
use crate::audio::{Audio, SampleRate, Wait, patiently};
use crate::dtype::Dtype;
use crate::error::Error;
use crate::kernel::planes::Planes;
use crate::registry::Mode;
use crate::view::{Access, Fresh, Strided, access_to};

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
    fn load(&mut self, access: &Access, from: &Strided<'_>) {
        on_planes!(self, planes => planes.load(access, from));
    }

    /// Stores the frames from `first` on in `into`, which has as many as it takes of them.
    fn store(&self, access: &Access, into: &Strided<'_>, first: usize) {
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

    /// Takes the next frames, and leaves those that come out in their place: as many, unless the processor changes the
    /// rate.
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

    /// How many frames come out of a signal of so many, besides the latency. Samples that stay in their place have no room
    /// for more frames than went in: those behind them are cut off.
    fn output_frames(&self, frames: usize) -> usize {
        frames
    }

    /// Another one of the same kind that has not processed anything.
    fn fresh(&self) -> Box<dyn Processor>;
}

/// A processor, and the signal that it is in the middle of.
pub struct Session {
    processor: Box<dyn Processor>,
    signal: Option<Signal>,
}

/// The formats of what goes in and of what comes out.
#[derive(Clone, Copy)]
struct Signal {
    input: SignalFormat,
    output: SignalFormat,
    /// Whether blocks are mono, as `(frames,)`.
    is_flat: bool,
}

impl Session {
    /// A processor at the beginning of a signal.
    pub fn new(processor: Box<dyn Processor>) -> Session {
        Session {
            processor,
            signal: None,
        }
    }

    /// The processor.
    pub fn processor(&self) -> &dyn Processor {
        &*self.processor
    }

    /// Forgets the signal.
    pub fn reset(&mut self) {
        self.processor = self.processor.fresh();
        self.signal = None;
    }

    /// Processes a block that is not empty, or is the first: what comes out is new audio, of as many frames unless the
    /// processor changes the rate.
    ///
    /// # Errors
    /// A block of another format than those before it; what the processor is not for; samples that are borrowed. The
    /// processor is where it was then.
    pub fn process(&mut self, audio: &Audio, wait: Wait<'_>) -> Result<Audio, Error> {
        let signal = self.begin(audio)?;
        let own = audio.samples().strided();
        let claims = [own.claim(Mode::Read)];
        access_to(&own, &claims, wait.lock, wait.until, |access| {
            let mut out = Collected::new(&signal);
            each_of(access, &own, |block| {
                self.processor.process(block);
                out.blocks.push(block.clone());
                Ok(())
            })?;
            out.into_audio()
        })?
    }

    /// Processes a block where it lies.
    ///
    /// # Errors
    /// As [`Session::process`]; read-only samples; a processor that changes the format.
    pub fn process_inplace(&mut self, audio: &Audio, wait: Wait<'_>) -> Result<(), Error> {
        audio.samples().require_writable()?;
        let signal = self.begin(audio)?;
        signal.require_one_format()?;
        let own = audio.samples().strided();
        let claims = [own.claim(Mode::Write)];
        access_to(&own, &claims, wait.lock, wait.until, |access| {
            let mut at = 0;
            each_of(access, &own, |block| {
                self.processor.process(block);
                let frames = block.frames();
                block.store(access, &own.take_frames(at, frames)?, 0);
                at += frames;
                Ok(())
            })
        })?
    }

    /// What is still inside; then the signal is at its end, and the next block begins another one. `None` where there was
    /// no block.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn flush(&mut self) -> Result<Option<Audio>, Error> {
        let Some(signal) = self.signal.take() else {
            return Ok(None);
        };
        let mut rest = SignalBlock::empty(signal.input.dtype, signal.input.channels);
        self.processor.finish(&mut rest);
        self.processor = self.processor.fresh();
        let mut out = Collected::new(&signal);
        out.blocks.push(rest);
        out.into_audio().map(Some)
    }

    fn begin(&mut self, audio: &Audio) -> Result<Signal, Error> {
        let format = SignalFormat::of(audio);
        if let Some(signal) = self.signal {
            signal.input.require(&format)?;
            return Ok(signal);
        }
        let signal = Signal {
            input: format,
            output: self.processor.begin(&format)?,
            is_flat: audio.layout().ndim() == 1,
        };
        self.signal = Some(signal);
        Ok(signal)
    }
}

impl Signal {
    /// Memory for frames that come out.
    fn fresh(&self, frames: usize) -> Result<Fresh, Error> {
        let SignalFormat {
            channels, dtype, ..
        } = self.output;
        match self.is_flat && channels == 1 {
            true => Fresh::new(&[frames], dtype),
            false => Fresh::new(&[channels, frames], dtype),
        }
    }

    fn require_one_format(&self) -> Result<(), Error> {
        if self.input == self.output {
            return Ok(());
        }
        Err(Error::invalid(
            "this processor changes the rate or the channels, and memory keeps its own; process() and apply() give new \
             audio"
                .into(),
        ))
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

/// Blocks that came out, one after the other.
struct Collected {
    blocks: Vec<SignalBlock>,
    signal: Signal,
}

impl Collected {
    fn new(signal: &Signal) -> Collected {
        Collected {
            blocks: Vec::new(),
            signal: *signal,
        }
    }

    fn into_audio(self) -> Result<Audio, Error> {
        let format = self.signal.output;
        let frames = self.blocks.iter().map(SignalBlock::frames).sum();
        let mut fresh = self.signal.fresh(frames)?;
        fresh.fill(|access, out| {
            let mut at = 0;
            self.blocks.iter().try_for_each(|block| {
                block.store(access, &out.take_frames(at, block.frames())?, 0);
                at += block.frames();
                Ok::<(), Error>(())
            })
        })?;
        Audio::new(fresh.share(), format.rate)
    }
}

/// Where the frames of a whole signal go, without the latency in front of them.
struct Compensated<'a> {
    out: Strided<'a>,
    late: usize,
    at: usize,
}

impl Compensated<'_> {
    fn store(&mut self, access: &Access, block: &SignalBlock) -> Result<(), Error> {
        let skipped = self.late.min(block.frames());
        self.late -= skipped;
        let room = self.out.layout().frames() - self.at;
        let count = (block.frames() - skipped).min(room);
        block.store(access, &self.out.take_frames(self.at, count)?, skipped);
        self.at += count;
        Ok(())
    }
}

impl Audio {
    /// New audio: the processor used once on the whole. Its state is neither used nor changed; latency is taken out, and
    /// what is inside at the end comes out.
    ///
    /// # Errors
    /// What the processor is not for; samples that are borrowed; [`Error::OutOfMemory`].
    pub fn applied(&self, processor: &dyn Processor, wait: Wait<'_>) -> Result<Audio, Error> {
        let mut session = Session::new(processor.fresh());
        let signal = session.begin(self)?;
        let frames = session.processor.output_frames(self.layout().frames());
        let format = signal.output;
        let mut fresh = if signal.input == format && frames == self.layout().frames() {
            Fresh::alike(self.layout(), format.dtype)?
        } else {
            signal.fresh(frames)?
        };
        let own = self.samples().strided();
        let claims = [own.claim(Mode::Read)];
        access_to(&own, &claims, wait.lock, wait.until, |access| {
            session.through(access, &own, &signal, fresh.strided())
        })??;
        Audio::new(fresh.share(), format.rate)
    }

    /// As [`Audio::applied`], where the samples lie.
    ///
    /// # Errors
    /// As there; read-only samples; a processor that changes the format. No sample has changed then.
    pub fn apply_to_own(&self, processor: &dyn Processor, wait: Wait<'_>) -> Result<(), Error> {
        self.samples().require_writable()?;
        let mut session = Session::new(processor.fresh());
        let signal = session.begin(self)?;
        signal.require_one_format()?;
        let own = self.samples().strided();
        let claims = [own.claim(Mode::Write)];
        access_to(&own, &claims, wait.lock, wait.until, |access| {
            // What comes out is never ahead of what went in: nothing is read that was written.
            session.through(access, &own, &signal, own)
        })?
    }

    /// New audio of a processor used once on the whole; waits for other operations as long as they take.
    ///
    /// ```
    /// # use audio_samples::{Audio, SampleRate};
    /// use audio_samples::audio::level::Gain;
    /// use audio_samples::dsp::{Chain, Framewise, Processor};
    /// let audio = Audio::from_vec(vec![1.0_f32, -0.5], SampleRate::new(48_000)?)?;
    /// let half = || -> Box<dyn Processor> { Box::new(Framewise::new(Gain::factor(0.5).unwrap())) };
    /// let quarter = audio.apply(&Chain::new(vec![half(), half()]))?;
    /// assert_eq!(quarter.to_vec::<f32>()?, [0.25, -0.125]);
    /// # Ok::<(), audio_samples::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Audio::applied`].
    pub fn apply(&self, processor: &dyn Processor) -> Result<Audio, Error> {
        patiently(|wait| self.applied(processor, wait))
    }

    /// [`Audio::apply`], where the samples lie.
    ///
    /// # Errors
    /// As [`Audio::apply_to_own`].
    pub fn apply_inplace(&self, processor: &dyn Processor) -> Result<(), Error> {
        patiently(|wait| self.apply_to_own(processor, wait))
    }
}

impl Session {
    /// The whole of a signal, from its first frame to its last.
    fn through(
        &mut self,
        access: &Access,
        from: &Strided<'_>,
        signal: &Signal,
        out: Strided<'_>,
    ) -> Result<(), Error> {
        let late = self.processor.latency();
        let mut out = Compensated { out, late, at: 0 };
        each_of(access, from, |block| {
            self.processor.process(block);
            out.store(access, block)
        })?;
        let mut rest = SignalBlock::empty(signal.input.dtype, signal.input.channels);
        self.processor.finish(&mut rest);
        out.store(access, &rest)
    }
}
