//! Samples with a sample rate: what an audio engineer works with.
//!
//! Mono audio is `(frames,)`, multi-channel audio `(channels, frames)`. Shape, type and rate never change;
//! only the samples do. Two handles on the same samples see each other's changes.

mod arithmetic;
pub mod arrangement;
pub mod blockwise;
pub mod channels;
pub mod conversion;
mod delay;
pub mod editing;
pub mod elementary;
pub mod fading;
pub mod g711;
pub mod generation;
pub mod level;
pub mod measure;
pub mod paging;
pub mod shared;
pub mod silence;
mod verbs;

use crate::dtype::Dtype;
use crate::error::Error;
use crate::kernel::{Engine, Operand};
use crate::layout::Layout;
use crate::registry::{Mode, Until};
use crate::view::{Fresh, Lock, Samples, access_to, told_of};

/// Frames per second, in Hz: a whole number from 1 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleRate(u32);

impl SampleRate {
    /// A rate in Hz.
    ///
    /// # Errors
    /// [`Error::InvalidSampleRate`] for 0.
    pub fn new(hertz: u32) -> Result<SampleRate, Error> {
        if hertz == 0 {
            return Err(Error::InvalidSampleRate { given: "0".into() });
        }
        Ok(SampleRate(hertz))
    }

    /// The number of frames per second.
    #[inline]
    pub fn hertz(self) -> u32 {
        self.0
    }
}

/// How an operation waits and works: the caller decides, for it knows the interpreter and its threads.
pub struct Wait<'a> {
    /// Under the registry's lock, or with leases.
    pub lock: Lock,
    /// Whether to wait for other operations.
    pub until: Until<'a>,
}

impl Wait<'_> {
    /// Whether it is [`Wait::brief`].
    #[inline]
    pub fn is_brief(&self) -> bool {
        self.lock == Lock::Table
    }

    /// Quick and without waiting: [`Error::Busy`] if another operation stands in the way.
    #[inline]
    pub fn brief() -> Wait<'static> {
        Wait {
            lock: Lock::Table,
            until: Until::Now,
        }
    }
}

/// Runs work that waits for other operations as long as they take: the way of Rust callers.
pub fn patiently<R>(work: impl FnOnce(Wait<'_>) -> R) -> R {
    work(Wait {
        lock: Lock::Leases,
        until: Until::Stopped(&mut || true),
    })
}

/// Samples in memory, with a sample rate. Cloning shares the samples.
#[derive(Clone, Debug)]
#[repr(C)]
pub struct Audio {
    samples: Samples,
    rate: SampleRate,
}

impl Audio {
    /// Samples at a rate.
    ///
    /// # Errors
    /// A bare sample (0-d) is no audio.
    pub fn new(samples: Samples, rate: SampleRate) -> Result<Audio, Error> {
        if samples.layout().ndim() == 0 {
            return Err(Error::NotAudio { shape: Vec::new() });
        }
        Ok(Audio { samples, rate })
    }

    /// The error of an operation on a part of this audio, told in the frames and channels of the whole.
    #[cold]
    #[must_use]
    pub fn told_of(&self, part: &Audio, error: Error) -> Error {
        told_of(&self.samples.strided(), &part.samples.strided(), error)
    }

    /// Silence. `shape` is `(frames,)` or `(channels, frames)`.
    pub fn zeros(shape: &[usize], dtype: Dtype, rate: SampleRate) -> Result<Audio, Error> {
        Audio::new(Fresh::zeroed(shape, dtype)?.share(), rate)
    }

    /// The samples.
    #[inline]
    pub fn samples(&self) -> &Samples {
        &self.samples
    }

    /// Frames per second.
    #[inline]
    pub fn rate(&self) -> SampleRate {
        self.rate
    }

    /// Where the samples lie.
    #[inline]
    pub fn layout(&self) -> &Layout {
        self.samples.layout()
    }

    /// Their type.
    #[inline]
    pub fn dtype(&self) -> Dtype {
        self.samples.dtype()
    }

    /// Length in seconds.
    pub fn duration(&self) -> f64 {
        self.layout().frames() as f64 / f64::from(self.rate.hertz())
    }

    /// Other samples at the same rate.
    #[inline]
    pub fn with_samples(&self, samples: Samples) -> Audio {
        Audio {
            samples,
            rate: self.rate,
        }
    }

    /// The same memory in another layout: a slice, one channel.
    pub fn with_layout(&self, layout: Layout) -> Result<Audio, Error> {
        Ok(self.with_samples(self.samples.with_layout(layout)?))
    }

    /// One channel as mono audio on the same memory.
    pub fn channel(&self, index: usize) -> Result<Audio, Error> {
        self.with_layout(self.layout().channel(index)?)
    }

    /// The samples in memory of their own, channel after channel, writable.
    pub fn copy(&self, wait: Wait<'_>) -> Result<Audio, Error> {
        let fresh = Fresh::new(self.layout().shape(), self.dtype())?;
        self.to_fresh(fresh, wait, |access, out, from| {
            Engine::new().copy(access, out, from)
        })
    }

    /// The samples in memory of their own with NumPy's cast to `dtype`, in the same order of memory as here: what
    /// is interleaved stays so.
    pub fn cast(&self, dtype: Dtype, wait: Wait<'_>) -> Result<Audio, Error> {
        let fresh = Fresh::alike(self.layout(), dtype)?;
        self.to_fresh(fresh, wait, |access, out, from| {
            Engine::new().copy(access, out, from)
        })
    }

    /// The samples in memory of their own with the scale of audio: integers are fractions of
    /// `2^(bits-1)`, results are rounded to the nearest, ties to even, and saturate. In the same order of memory.
    pub fn convert(&self, dtype: Dtype, wait: Wait<'_>) -> Result<Audio, Error> {
        let fresh = Fresh::alike(self.layout(), dtype)?;
        self.to_fresh(fresh, wait, |access, out, from| {
            Engine::new().convert(access, out, from);
            Ok(())
        })
    }

    /// As [`Audio::convert`], into the samples of other audio of the same shape and rate.
    ///
    /// # Errors
    /// As [`Audio::require_fit`]; samples that are borrowed.
    pub fn convert_into(&self, out: &Audio, wait: Wait<'_>) -> Result<(), Error> {
        out.require_fit(self, self.layout().shape())?;
        let (from, into) = (self.samples.strided(), out.samples.strided());
        let claims = [into.claim(Mode::Write), from.claim(Mode::Read)];
        access_to(&into, &claims, wait.lock, wait.until, |access| {
            paging::each(&[&into, &from], |start, count| {
                let from = from.take_frames(start, count)?;
                Engine::new().convert(access, &into.take_frames(start, count)?, &from);
                Ok(())
            })
        })?
    }

    fn to_fresh(
        &self,
        mut fresh: Fresh,
        wait: Wait<'_>,
        work: impl Fn(
            &crate::view::Access,
            &crate::view::Strided<'_>,
            &crate::view::Strided<'_>,
        ) -> Result<(), Error>,
    ) -> Result<Audio, Error> {
        let from = self.samples.strided();
        access_to(
            &from,
            &[from.claim(Mode::Read)],
            wait.lock,
            wait.until,
            |access| {
                let out = fresh.strided();
                paging::each(&[&out, &from], |start, count| {
                    let (out, from) = (
                        out.take_frames(start, count)?,
                        from.take_frames(start, count)?,
                    );
                    work(access, &out, &from)
                })
            },
        )??;
        Ok(self.with_samples(fresh.share()))
    }

    /// Stores an operand in the samples, with NumPy's cast.
    ///
    /// # Errors
    /// The samples are read-only or borrowed, or the operand does not broadcast into their shape.
    pub fn assign(&self, operand: &Operand<'_>, wait: Wait<'_>) -> Result<(), Error> {
        self.samples.require_writable()?;
        let out = self.samples.strided();
        match operand {
            Operand::Scalar(value) => access_to(
                &out,
                &[out.claim(Mode::Write)],
                wait.lock,
                wait.until,
                |access| {
                    paging::each(&[&out], |start, count| {
                        Engine::new().fill(access, &out.take_frames(start, count)?, *value);
                        Ok(())
                    })
                },
            )?,
            Operand::Samples(from) => {
                let from = arithmetic::fit(from, self.layout())?;
                access_to(
                    &out,
                    &[out.claim(Mode::Write), from.claim(Mode::Read)],
                    wait.lock,
                    wait.until,
                    |access| {
                        if !paging::are_apart(&out, &Operand::Samples(from)) {
                            return Engine::new().copy(access, &out, &from);
                        }
                        paging::each(&[&out, &from], |start, count| {
                            let (out, from) = (
                                out.take_frames(start, count)?,
                                from.take_frames(start, count)?,
                            );
                            Engine::new().copy(access, &out, &from)
                        })
                    },
                )?
            }
        }
    }
}
