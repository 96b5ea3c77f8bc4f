//! What a Rust caller says by name: audio from and to vectors, and arithmetic in words.
//!
//! Each of these waits for operations of other threads on the same samples. Callers that must not wait, or want
//! another type, order or rule of overflow, use [`Audio::operate`] and its siblings.

use crate::audio::{Audio, SampleRate, patiently};
use crate::dtype::Sample;
use crate::error::Error;
use crate::kernel::{Engine, Operand, Operation, Operator};
use crate::registry::Mode;
use crate::view::{Fresh, access_to};

impl Audio {
    /// Mono audio of samples, which are copied into aligned memory.
    ///
    /// ```
    /// # use audio_samples::{Audio, SampleRate};
    /// let audio = Audio::from_vec(vec![0.0_f32, 0.5, -0.5], SampleRate::new(48_000)?)?;
    /// assert_eq!(audio.layout().frames(), 3);
    /// # Ok::<(), audio_samples::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn from_vec<T: Sample>(samples: impl AsRef<[T]>, rate: SampleRate) -> Result<Audio, Error> {
        let samples = samples.as_ref();
        filled(&[samples.len()], samples, rate)
    }

    /// Multi-channel audio of interleaved frames: left, right, left, right. They are copied in that order, and the
    /// audio's shape is `(channels, frames)` all the same.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for samples that are no whole number of frames, or no channel.
    pub fn from_interleaved<T: Sample>(
        samples: impl AsRef<[T]>,
        channels: usize,
        rate: SampleRate,
    ) -> Result<Audio, Error> {
        let samples = samples.as_ref();
        if channels == 0 || !samples.len().is_multiple_of(channels) {
            return Err(Error::InvalidArgument {
                message: format!(
                    "{} interleaved samples are no whole number of frames of {channels} channels",
                    samples.len()
                ),
            });
        }
        let audio = filled(&[samples.len() / channels, channels], samples, rate)?;
        audio.with_layout(audio.layout().transposed())
    }

    /// All samples, channel after channel. Another type than the audio's own is converted to, at audio scale, as
    /// [`Audio::convert`] does.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`]; samples that this thread has borrowed.
    pub fn to_vec<T: Sample>(&self) -> Result<Vec<T>, Error> {
        self.converted_to(Fresh::new(self.layout().shape(), T::DTYPE)?)
    }

    /// All samples, frame after frame: left, right, left, right. Types as for [`Audio::to_vec`].
    ///
    /// # Errors
    /// As [`Audio::to_vec`].
    pub fn to_interleaved<T: Sample>(&self) -> Result<Vec<T>, Error> {
        let transposed = self.with_layout(self.layout().transposed())?;
        let fresh = Fresh::new(transposed.layout().shape(), T::DTYPE)?;
        transposed.converted_to(fresh)
    }
}

impl Audio {
    /// `audio + other` in new memory: NumPy's type and bits, the audio's shape and rate.
    ///
    /// # Errors
    /// [`Error::SampleRateMismatch`]; shapes that do not fit; samples that this thread has borrowed.
    pub fn add(&self, other: &Audio) -> Result<Audio, Error> {
        self.operate_with(Operator::Add, other)
    }

    /// `audio - other`, as [`Audio::add`].
    ///
    /// # Errors
    /// As there.
    pub fn subtract(&self, other: &Audio) -> Result<Audio, Error> {
        self.operate_with(Operator::Sub, other)
    }

    /// `audio * other`, as [`Audio::add`].
    ///
    /// # Errors
    /// As there.
    pub fn multiply(&self, other: &Audio) -> Result<Audio, Error> {
        self.operate_with(Operator::Mul, other)
    }

    /// `audio += other`, where the samples lie.
    ///
    /// # Errors
    /// As [`Audio::add`]; read-only samples; a type that the audio's own does not hold. No sample has changed then.
    pub fn add_inplace(&self, other: &Audio) -> Result<(), Error> {
        self.operate_in_place_with(Operator::Add, other)
    }

    /// `audio -= other`, as [`Audio::add_inplace`].
    ///
    /// # Errors
    /// As there.
    pub fn subtract_inplace(&self, other: &Audio) -> Result<(), Error> {
        self.operate_in_place_with(Operator::Sub, other)
    }

    /// `audio *= other`, as [`Audio::add_inplace`].
    ///
    /// # Errors
    /// As there.
    pub fn multiply_inplace(&self, other: &Audio) -> Result<(), Error> {
        self.operate_in_place_with(Operator::Mul, other)
    }

    fn operate_with(&self, operator: Operator, other: &Audio) -> Result<Audio, Error> {
        self.require_rate_of(other)?;
        let operation =
            Operation::plain(operator, operator.compute_type(self.dtype(), other.dtype()));
        patiently(|wait| self.operate_beside(operation, other, wait))
    }

    fn operate_in_place_with(&self, operator: Operator, other: &Audio) -> Result<(), Error> {
        self.require_rate_of(other)?;
        let operation =
            Operation::plain(operator, operator.compute_type(self.dtype(), other.dtype()));
        let operand = Operand::Samples(other.samples().strided());
        patiently(|wait| self.operate_in_place(operation, &operand, wait))
    }

    /// The samples of an audio of the same number of them, converted into fresh ones of the type `T`.
    fn converted_to<T: Sample>(&self, mut fresh: Fresh) -> Result<Vec<T>, Error> {
        let from = self.samples().strided();
        let claims = [from.claim(Mode::Read)];
        patiently(|wait| {
            access_to(&from, &claims, wait.lock, wait.until, |access| {
                Engine::new().convert(access, &fresh.strided(), &from);
            })
        })?;
        Ok(fresh.as_mut_slice().unwrap_or_default().to_vec())
    }
}

fn filled<T: Sample>(shape: &[usize], samples: &[T], rate: SampleRate) -> Result<Audio, Error> {
    let mut fresh = Fresh::new(shape, T::DTYPE)?;
    if let Some(slice) = fresh.as_mut_slice() {
        slice.copy_from_slice(samples);
    }
    Audio::new(fresh.share(), rate)
}
