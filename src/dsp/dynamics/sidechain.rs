//! Gains that the level of other audio decides.

use crate::audio::blockwise::each_block;
use crate::audio::{Audio, Wait};
use crate::dsp::dynamics::Reduction;
use crate::dsp::processor::{Processor, SignalBlock, SignalFormat};
use crate::error::Error;
use crate::registry::Mode;
use crate::view::{Access, Fresh, Strided, access_to};

impl Audio {
    /// New audio, made softer as the level of a sidechain of as many frames says.
    ///
    /// ```
    /// # use audio_samples::{Audio, SampleRate, audio::Wait, dsp::Compressor};
    /// let rate = SampleRate::new(48_000)?;
    /// let music = Audio::from_vec(vec![0.1_f64; 48_000], rate)?;
    /// let voice = Audio::from_vec(vec![1.0_f64; 48_000], rate)?;
    /// let ducked = music.reduced_by(&Compressor::default().processor()?, &voice, Wait::brief())?;
    /// assert!((20.0 * ducked.to_vec::<f64>()?[47_999].log10() + 35.0).abs() < 1e-6);
    /// # Ok::<(), audio_samples::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a sidechain of another length or rate; samples that are borrowed;
    /// [`Error::OutOfMemory`].
    pub fn reduced_by(
        &self,
        by: &Reduction,
        sidechain: &Audio,
        wait: Wait<'_>,
    ) -> Result<Audio, Error> {
        self.require_alike(sidechain)?;
        let mut fresh = Fresh::alike(self.layout(), self.dtype())?;
        let (own, key) = (self.samples().strided(), sidechain.samples().strided());
        let claims = [own.claim(Mode::Read), key.claim(Mode::Read)];
        access_to(&own, &claims, wait.lock, wait.until, |access| {
            reduce(
                access,
                &fresh.strided(),
                &own,
                &key,
                by,
                &SignalFormat::of(self),
            )
        })??;
        Audio::new(fresh.share(), self.rate())
    }

    /// As [`Audio::reduced_by`], where the samples lie.
    ///
    /// # Errors
    /// As there; read-only samples; a sidechain that lies in these samples. No sample has changed then.
    pub fn reduce_own_by(
        &self,
        by: &Reduction,
        sidechain: &Audio,
        wait: Wait<'_>,
    ) -> Result<(), Error> {
        self.samples().require_writable()?;
        self.require_alike(sidechain)?;
        let (own, key) = (self.samples().strided(), sidechain.samples().strided());
        if own.span().overlaps(&key.span()) {
            return Err(Error::invalid(
                "the sidechain lies in the samples that are changed; give a copy of it".into(),
            ));
        }
        let claims = [own.claim(Mode::Write), key.claim(Mode::Read)];
        access_to(&own, &claims, wait.lock, wait.until, |access| {
            reduce(access, &own, &own, &key, by, &SignalFormat::of(self))
        })?
    }

    fn require_alike(&self, sidechain: &Audio) -> Result<(), Error> {
        let of = |audio: &Audio| (audio.layout().frames(), audio.rate().hertz());
        let ((frames, rate), (own_frames, own_rate)) = (of(sidechain), of(self));
        if (frames, rate) == (own_frames, own_rate) {
            return Ok(());
        }
        Err(Error::invalid(format!(
            "the sidechain has {frames} frames at {rate} Hz, and this audio {own_frames} at {own_rate} Hz; resample(rate) \
             and fit(duration) make them alike"
        )))
    }
}

fn reduce(
    access: &Access,
    out: &Strided<'_>,
    from: &Strided<'_>,
    key: &Strided<'_>,
    by: &Reduction,
    format: &SignalFormat,
) -> Result<(), Error> {
    let mut worker = by.clone();
    worker.begin(format)?;
    let empty = |of: &Strided<'_>| SignalBlock::empty(of.dtype(), of.layout().channels());
    let (mut block, mut levels) = (empty(from), empty(key));
    let channels = from.layout().channels() + key.layout().channels();
    each_block(0, from.layout().frames(), channels, |at, frames| {
        let (part, side) = (from.take_frames(at, frames)?, key.take_frames(at, frames)?);
        block.load(access, &part);
        levels.load(access, &side);
        worker.process_by(&levels, &mut block);
        block.store(access, &out.take_frames(at, frames)?, 0);
        part.give_back();
        side.give_back();
        Ok(())
    })
}
