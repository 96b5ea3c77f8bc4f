//! Audio made as loud as a goal.

use crate::audio::level::{Gain, require_finite};
use crate::audio::measure::{Levels, levels_of, together};
use crate::audio::{Audio, Wait, patiently};
use crate::dsp::loudness::{LoudnessMeter, Measure};
use crate::dsp::processor::{SignalFormat, each_of};
use crate::error::Error;
use crate::view::{Access, Strided};

/// What audio is to be made as loud as.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// The largest sample, in dBFS.
    Peak(f64),
    /// The root of the mean square, in dBFS.
    Rms(f64),
    /// The integrated loudness, in LUFS.
    Lufs(f64),
}

impl Goal {
    /// What makes samples as loud as this, which nothing changes in between; nothing for silence.
    fn gain(
        self,
        access: &Access,
        samples: &Strided<'_>,
        audio: &Audio,
    ) -> Result<Option<Gain>, Error> {
        let (Goal::Peak(goal) | Goal::Rms(goal) | Goal::Lufs(goal)) = self;
        if !goal.is_finite() {
            return Err(Error::invalid(format!(
                "the level to normalize to must be a finite number of decibels, not {goal}"
            )));
        }
        let (what, level) = match self {
            Goal::Peak(_) | Goal::Rms(_) => {
                let levels = together(&levels_of(access, samples, false)?);
                let (what, level) = match self {
                    Goal::Peak(_) => ("peak", levels.peak()),
                    _ => ("RMS", levels.rms()),
                };
                (what, Levels::decibels(level))
            }
            Goal::Lufs(_) => {
                let mut meter = LoudnessMeter::of_one(Measure::Integrated, None)?;
                meter.begin(&SignalFormat::of(audio))?;
                each_of(access, samples, |block| {
                    meter.add(block);
                    Ok(())
                })?;
                ("loudness", meter.integrated())
            }
        };
        if level == f64::NEG_INFINITY {
            return Ok(None);
        }
        require_finite(access, samples, [level].into_iter(), what)?;
        let gain = Gain::decibels(goal - level).map_err(|_| {
            Error::invalid(format!(
                "the {what} of these samples is {level:.1} dB: nothing but silence to any ear, and too far below {goal} dB to \
                 be raised"
            ))
        });
        gain.map(Some)
    }
}

impl Audio {
    /// New audio, as loud as the goal. Silence stays silence.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a level that is no number; samples that are borrowed.
    pub fn normalized(&self, goal: Goal, wait: Wait<'_>) -> Result<Audio, Error> {
        self.changed_by_levels(|access, own| goal.gain(access, own, self), wait)
    }

    /// As [`Audio::normalized`], where the samples lie.
    ///
    /// # Errors
    /// As there; read-only samples. No sample has changed then.
    pub fn normalize_own(&self, goal: Goal, wait: Wait<'_>) -> Result<(), Error> {
        self.change_by_levels_inplace(|access, own| goal.gain(access, own, self), wait)
    }

    /// New audio, as loud as the goal; waits for other operations as long as they take.
    ///
    /// ```
    /// # use audio_samples::{Audio, SampleRate, dsp::Goal};
    /// let audio = Audio::from_vec(vec![0.25_f64, -0.5], SampleRate::new(48_000)?)?;
    /// assert_eq!(audio.normalize(Goal::Peak(0.0))?.to_vec::<f64>()?, [0.5, -1.0]);
    /// # Ok::<(), audio_samples::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Audio::normalized`].
    pub fn normalize(&self, goal: Goal) -> Result<Audio, Error> {
        patiently(|wait| self.normalized(goal, wait))
    }

    /// [`Audio::normalize`], where the samples lie.
    ///
    /// # Errors
    /// As [`Audio::normalize_own`].
    pub fn normalize_inplace(&self, goal: Goal) -> Result<(), Error> {
        patiently(|wait| self.normalize_own(goal, wait))
    }
}
