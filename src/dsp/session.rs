//! A processor at work: on block after block of audio, or once on the whole.

use crate::audio::{Audio, Wait, patiently};
use crate::dsp::processor::{Processor, SignalBlock, SignalFormat, each_of};
use crate::error::Error;
use crate::registry::Mode;
use crate::view::{Access, Fresh, Strided, access_to};

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
        self.unless_first_fails(|session| session.process_next(audio, wait))
    }

    fn process_next(&mut self, audio: &Audio, wait: Wait<'_>) -> Result<Audio, Error> {
        let signal = self.begin(audio)?;
        let own = audio.samples().strided();
        let claims = [own.claim(Mode::Read)];
        if !self.processor.changes_lengths() {
            let mut fresh = signal.fresh(audio.layout().frames())?;
            access_to(&own, &claims, wait.lock, wait.until, |access| {
                self.block(access, &own, fresh.strided())
            })??;
            return Audio::new(fresh.share(), signal.output.rate);
        }
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
    /// As [`Session::process`]; read-only samples; a processor that changes the format or lengths.
    pub fn process_inplace(&mut self, audio: &Audio, wait: Wait<'_>) -> Result<(), Error> {
        self.unless_first_fails(|session| session.process_next_inplace(audio, wait))
    }

    fn process_next_inplace(&mut self, audio: &Audio, wait: Wait<'_>) -> Result<(), Error> {
        audio.samples().require_writable()?;
        let signal = self.begin(audio)?;
        self.require_in_place(&signal)?;
        let own = audio.samples().strided();
        let claims = [own.claim(Mode::Write)];
        access_to(&own, &claims, wait.lock, wait.until, |access| {
            self.block(access, &own, own)
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

    /// Runs `work`; where the first block of a signal fails, the signal has not begun.
    fn unless_first_fails<R>(
        &mut self,
        work: impl FnOnce(&mut Session) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let is_first = self.signal.is_none();
        let done = work(self);
        if is_first && done.is_err() {
            self.reset();
        }
        done
    }

    /// An error unless what comes out has a place where what goes in lies.
    fn require_in_place(&self, signal: &Signal) -> Result<(), Error> {
        if signal.input == signal.output && !self.processor.changes_lengths() {
            return Ok(());
        }
        Err(Error::invalid(
            "this processor changes the rate, the channels or the number of frames, and memory keeps its own; process() \
             and apply() give new audio"
                .into(),
        ))
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

    /// An error where not all frames have come: the rest of the memory holds what it held.
    fn require_all(&self) -> Result<(), Error> {
        match self.out.layout().frames() {
            wanted if wanted == self.at => Ok(()),
            wanted => Err(Error::invalid(format!(
                "the processor says that {wanted} frames come out, and gave {}",
                self.at
            ))),
        }
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
    /// As there; read-only samples; a processor that changes the format or lengths. No sample has changed then.
    pub fn apply_to_own(&self, processor: &dyn Processor, wait: Wait<'_>) -> Result<(), Error> {
        self.samples().require_writable()?;
        let mut session = Session::new(processor.fresh());
        let signal = session.begin(self)?;
        session.require_in_place(&signal)?;
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
    /// let gain = Gain::factor(0.5)?;
    /// let half = || -> Box<dyn Processor> { Box::new(Framewise::new(gain)) };
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
    /// The next frames of a signal, of which as many come out.
    fn block(
        &mut self,
        access: &Access,
        from: &Strided<'_>,
        out: Strided<'_>,
    ) -> Result<(), Error> {
        let (late, at) = (0, 0);
        let mut out = Compensated { out, late, at };
        each_of(access, from, |block| {
            self.processor.process(block);
            out.store(access, block)
        })?;
        out.require_all()
    }

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
        out.store(access, &rest)?;
        out.require_all()
    }
}
