//! Audio that comes later in its own length.

use crate::audio::fading::frames_in;
use crate::audio::{Audio, Wait, patiently};
use crate::error::Error;
use crate::kernel::{Engine, Scalar};
use crate::registry::Mode;
use crate::view::{Access, Fresh, Strided, access_to};

impl Audio {
    /// New audio of the same length, later by so many frames: silence in front, and what would come behind the end is lost.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`]; samples that are borrowed.
    pub fn delayed(&self, frames: usize, wait: Wait<'_>) -> Result<Audio, Error> {
        let mut fresh = Fresh::alike(self.layout(), self.dtype())?;
        let own = self.samples().strided();
        let claims = [own.claim(Mode::Read)];
        access_to(&own, &claims, wait.lock, wait.until, |access| {
            delay(access, &fresh.strided(), &own, frames)
        })??;
        Audio::new(fresh.share(), self.rate())
    }

    /// As [`Audio::delayed`], where the samples lie.
    ///
    /// # Errors
    /// Read-only samples; samples that are borrowed. No sample has changed then.
    pub fn delay_own(&self, frames: usize, wait: Wait<'_>) -> Result<(), Error> {
        self.samples().require_writable()?;
        let own = self.samples().strided();
        let claims = [own.claim(Mode::Write)];
        access_to(&own, &claims, wait.lock, wait.until, |access| {
            delay(access, &own, &own, frames)
        })?
    }

    /// New audio of the same length, later by some seconds, to the nearest frame; [`Audio::pad`] keeps what would be lost at
    /// the end.
    ///
    /// ```
    /// # use audio_samples::{Audio, SampleRate};
    /// let audio = Audio::from_vec(vec![1_i16, 2, 3], SampleRate::new(10)?)?;
    /// assert_eq!(audio.delay(0.2)?.to_vec::<i16>()?, [0, 0, 1]);
    /// # Ok::<(), audio_samples::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for seconds that are negative or not finite; as [`Audio::delayed`].
    pub fn delay(&self, seconds: f64) -> Result<Audio, Error> {
        let frames = frames_in(self, seconds)?;
        patiently(|wait| self.delayed(frames, wait))
    }

    /// [`Audio::delay`], where the samples lie.
    ///
    /// # Errors
    /// As there, and as [`Audio::delay_own`].
    pub fn delay_inplace(&self, seconds: f64) -> Result<(), Error> {
        let frames = frames_in(self, seconds)?;
        patiently(|wait| self.delay_own(frames, wait))
    }
}

/// From the last frames to the first, so that none is overwritten before it was read.
fn delay(
    access: &Access,
    out: &Strided<'_>,
    from: &Strided<'_>,
    frames: usize,
) -> Result<(), Error> {
    /// Frames at a time: a mapped file gives its pages back in between.
    const STEP: usize = 1 << 20;
    let engine = Engine::new();
    let late = frames.min(from.layout().frames());
    let mut end = from.layout().frames() - late;
    while end > 0 {
        let start = end.saturating_sub(STEP);
        let into = out.take_frames(late + start, end - start)?;
        engine.copy(access, &into, &from.take_frames(start, end - start)?)?;
        into.give_back();
        end = start;
    }
    engine.fill(access, &out.take_frames(0, late)?, Scalar::Int(0));
    Ok(())
}
