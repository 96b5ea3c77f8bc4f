//! Louder and softer: gain, soft clipping, the offset taken away.

use crate::audio::blockwise::{PerFrame, pass};
use crate::audio::measure::{Levels, levels_of};
use crate::audio::{Audio, Wait, patiently};
use crate::dtype::Dtype;
use crate::error::Error;
use crate::kernel::planes::{Planes, Real};
use crate::registry::Mode;
use crate::view::{Access, Fresh, Strided, access_to};

/// Every sample times a factor. Integers are rounded to the nearest, ties to even, and saturate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gain {
    factor: f64,
}

impl Gain {
    /// By decibels: 6.02 doubles, -inf silences.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for NaN, +inf, or more decibels than a float64 can be.
    pub fn decibels(db: f64) -> Result<Gain, Error> {
        let factor = 10_f64.powf(db / 20.0);
        if !factor.is_finite() {
            return Err(Error::invalid(format!(
                "a gain is a number of decibels below 6165, not {db}; -inf is silence"
            )));
        }
        Ok(Gain { factor })
    }

    /// By a factor; a negative one turns the phase.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a factor that is not finite.
    pub fn factor(factor: f64) -> Result<Gain, Error> {
        if !factor.is_finite() {
            return Err(Error::invalid(format!(
                "a factor must be a finite number, not {factor}"
            )));
        }
        Ok(Gain { factor })
    }

    /// What a sample is multiplied by.
    pub fn value(self) -> f64 {
        self.factor
    }

    /// The factor as a number of a type, unless it is too large or too small for that.
    fn of_type<T: Real>(self) -> Option<T> {
        let nearest = T::nearest(self.factor);
        (self.factor == 0.0 || T::is_normal(nearest)).then_some(nearest)
    }
}

impl PerFrame for Gain {
    fn factor(&self, dtype: Dtype) -> Option<f64> {
        match dtype {
            Dtype::Float32 => self.of_type::<f32>().map(|_| self.factor),
            _ => Some(self.factor),
        }
    }

    fn change<T: Real>(&self, _first: usize, block: &mut Planes<T>) {
        let factor = self.of_type::<T>();
        for plane in block.planes_mut() {
            match factor {
                Some(factor) => plane
                    .iter_mut()
                    .for_each(|sample| *sample = *sample * factor),
                // An infinite factor would make silence NaN.
                None => plane
                    .iter_mut()
                    .for_each(|sample| *sample = sample.times(self.factor)),
            }
        }
    }
}

/// `tanh(drive * x)`: what is quiet grows by the drive, and full scale is never passed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SoftClip {
    drive: Gain,
}

impl SoftClip {
    /// With a drive in decibels.
    ///
    /// # Errors
    /// As [`Gain::decibels`].
    pub fn driven(drive_db: f64) -> Result<SoftClip, Error> {
        let drive = Gain::decibels(drive_db)?;
        Ok(SoftClip { drive })
    }
}

impl PerFrame for SoftClip {
    fn change<T: Real>(&self, _first: usize, block: &mut Planes<T>) {
        for plane in block.planes_mut() {
            for sample in plane {
                *sample = T::nearest((sample.to_f64() * self.drive.value()).tanh());
            }
        }
    }
}

/// Takes a number of its own from every channel.
struct Shift {
    offsets: Vec<f64>,
}

impl PerFrame for Shift {
    fn change<T: Real>(&self, _first: usize, block: &mut Planes<T>) {
        for (plane, offset) in block.planes_mut().zip(&self.offsets) {
            for sample in plane {
                *sample = T::nearest(sample.to_f64() - offset);
            }
        }
    }
}

impl Audio {
    /// New audio of what `change` makes of the levels of these samples and the samples, which nothing changes in between.
    ///
    /// # Errors
    /// As `change` says; [`Error::OutOfMemory`]; samples that are borrowed.
    pub fn changed_by_levels<W: PerFrame>(
        &self,
        change: impl Fn(&Access, &Strided<'_>) -> Result<Option<W>, Error>,
        wait: Wait<'_>,
    ) -> Result<Audio, Error> {
        let mut fresh = Fresh::alike(self.layout(), self.dtype())?;
        let from = self.samples.strided();
        let claims = [from.claim(Mode::Read)];
        access_to(
            &from,
            &claims,
            wait.lock,
            wait.until,
            |access| match change(access, &from)? {
                Some(work) => pass(access, &fresh.strided(), &from, 0, &work),
                None => crate::kernel::Engine::new().copy(access, &fresh.strided(), &from),
            },
        )??;
        Ok(self.with_samples(fresh.share()))
    }

    /// As [`Audio::changed_by_levels`], where the samples lie.
    ///
    /// # Errors
    /// As `change` says; read-only samples; samples that are borrowed. No sample has changed then.
    pub fn change_by_levels_inplace<W: PerFrame>(
        &self,
        change: impl Fn(&Access, &Strided<'_>) -> Result<Option<W>, Error>,
        wait: Wait<'_>,
    ) -> Result<(), Error> {
        self.samples.require_writable()?;
        let own = self.samples.strided();
        let claims = [own.claim(Mode::Write)];
        access_to(
            &own,
            &claims,
            wait.lock,
            wait.until,
            |access| match change(access, &own)? {
                Some(work) => pass(access, &own, &own, 0, &work),
                None => Ok(()),
            },
        )?
    }

    /// New audio without the mean of each channel.
    ///
    /// # Errors
    /// As [`Audio::changed`]; [`Error::InvalidArgument`] for a mean that is no number.
    pub fn without_dc(&self, wait: Wait<'_>) -> Result<Audio, Error> {
        self.changed_by_levels(offsets, wait)
    }

    /// Takes the mean of each channel away, where the samples lie.
    ///
    /// # Errors
    /// As [`Audio::change_inplace`]; [`Error::InvalidArgument`] for a mean that is no number.
    pub fn take_dc_inplace(&self, wait: Wait<'_>) -> Result<(), Error> {
        self.change_by_levels_inplace(offsets, wait)
    }

    /// Louder or softer by decibels, in new memory. Integers are rounded to the nearest, ties to even, and saturate.
    ///
    /// ```
    /// # use audio_samples::{Audio, SampleRate};
    /// let audio = Audio::from_vec(vec![1.0_f64, -0.5], SampleRate::new(48_000)?)?;
    /// assert_eq!(audio.gain(-20.0)?.to_vec::<f64>()?, [0.1, -0.05]);
    /// # Ok::<(), audio_samples::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Gain::decibels`] and [`Audio::changed`].
    pub fn gain(&self, db: f64) -> Result<Audio, Error> {
        let gain = Gain::decibels(db)?;
        patiently(|wait| self.changed(&gain, wait))
    }

    /// [`Audio::gain`], where the samples lie: every view of them sees it.
    ///
    /// # Errors
    /// As [`Gain::decibels`] and [`Audio::change_inplace`].
    pub fn gain_inplace(&self, db: f64) -> Result<(), Error> {
        let gain = Gain::decibels(db)?;
        patiently(|wait| self.change_inplace(&gain, wait))
    }

    /// Every sample times a factor, in new memory. Integers are rounded to the nearest, ties to even, and saturate.
    ///
    /// # Errors
    /// As [`Gain::factor`] and [`Audio::changed`].
    pub fn scale(&self, factor: f64) -> Result<Audio, Error> {
        let gain = Gain::factor(factor)?;
        patiently(|wait| self.changed(&gain, wait))
    }

    /// [`Audio::scale`], where the samples lie: every view of them sees it.
    ///
    /// # Errors
    /// As [`Gain::factor`] and [`Audio::change_inplace`].
    pub fn scale_inplace(&self, factor: f64) -> Result<(), Error> {
        let gain = Gain::factor(factor)?;
        patiently(|wait| self.change_inplace(&gain, wait))
    }

    /// `tanh(drive * x)` in new memory: what is quiet grows by the drive, and full scale is never passed.
    ///
    /// # Errors
    /// As [`Gain::decibels`] and [`Audio::changed`].
    pub fn soft_clip(&self, drive_db: f64) -> Result<Audio, Error> {
        let work = SoftClip::driven(drive_db)?;
        patiently(|wait| self.changed(&work, wait))
    }

    /// [`Audio::soft_clip`], where the samples lie.
    ///
    /// # Errors
    /// As [`Gain::decibels`] and [`Audio::change_inplace`].
    pub fn soft_clip_inplace(&self, drive_db: f64) -> Result<(), Error> {
        let work = SoftClip::driven(drive_db)?;
        patiently(|wait| self.change_inplace(&work, wait))
    }

    /// Every channel without its mean, in new memory.
    ///
    /// # Errors
    /// As [`Audio::without_dc`].
    pub fn remove_dc(&self) -> Result<Audio, Error> {
        patiently(|wait| self.without_dc(wait))
    }

    /// [`Audio::remove_dc`], where the samples lie.
    ///
    /// # Errors
    /// As [`Audio::take_dc_inplace`].
    pub fn remove_dc_inplace(&self) -> Result<(), Error> {
        patiently(|wait| self.take_dc_inplace(wait))
    }
}

/// The means of the channels, to be taken away.
fn offsets(access: &Access, samples: &Strided<'_>) -> Result<Option<Shift>, Error> {
    let levels = levels_of(access, samples, false)?;
    let offsets: Vec<f64> = levels.iter().map(Levels::dc_offset).collect();
    require_finite(access, samples, offsets.iter().copied(), "offset")?;
    Ok(Some(Shift { offsets }))
}

/// An error that counts the samples that are no numbers, or infinite, if a level is.
///
/// # Errors
/// [`Error::InvalidArgument`].
pub fn require_finite(
    access: &Access,
    samples: &Strided<'_>,
    mut levels: impl Iterator<Item = f64>,
    what: &str,
) -> Result<(), Error> {
    if levels.all(f64::is_finite) {
        return Ok(());
    }
    let (mut count, mut first) = (0_usize, usize::MAX);
    let layout = samples.layout();
    let mut block = Planes::<f64>::new(layout.channels());
    crate::audio::blockwise::each_block(0, layout.frames(), layout.channels(), |at, frames| {
        block.load(access, &samples.take_frames(at, frames)?);
        for plane in block.planes() {
            for (frame, sample) in plane.iter().enumerate() {
                if !sample.is_finite() {
                    count += 1;
                    first = first.min(at + frame);
                }
            }
        }
        Ok(())
    })?;
    Err(Error::invalid(match count {
        0 => format!("the {what} of these samples is past the largest float64"),
        _ => format!(
            "the {what} is no number: {count} of the samples {} nan or infinite, the first at frame {first}",
            if count == 1 { "is" } else { "are" }
        ),
    }))
}
