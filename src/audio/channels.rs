//! Fewer channels, more of them, and where in the stereo field they are.

use std::f64::consts::FRAC_PI_4;
use std::str::FromStr;

use crate::audio::blockwise::{PerFrame, each_block, in_parts};
use crate::audio::{Audio, Wait, patiently};
use crate::dtype::Dtype;
use crate::error::Error;
use crate::kernel::planes::{Planes, Real, load_row, store_row};
use crate::registry::Mode;
use crate::view::{Access, Fresh, Strided, access_to};

/// How loud a panned channel is in the middle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PanLaw {
    /// The powers add up to 1: -3.01 dB in the middle.
    #[default]
    ConstantPower,
    /// The gains add up to 1: -6.02 dB in the middle.
    Linear,
}

impl FromStr for PanLaw {
    type Err = Error;

    fn from_str(name: &str) -> Result<PanLaw, Error> {
        match name {
            "constant_power" => Ok(PanLaw::ConstantPower),
            "linear" => Ok(PanLaw::Linear),
            _ => Err(Error::invalid(format!(
                "law must be 'constant_power' or 'linear', not '{name}'"
            ))),
        }
    }
}

/// A factor for the left and one for the right channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sides {
    gains: [f64; 2],
}

impl Sides {
    /// Panned: from -1, all on the left, to 1, all on the right.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for another position, or audio that is not stereo.
    pub fn panned(audio: &Audio, position: f64, law: PanLaw) -> Result<Sides, Error> {
        require_position(position)?;
        require_stereo(audio, "pan")?;
        let gains = match law {
            PanLaw::Linear => [(1.0 - position) / 2.0, f64::midpoint(1.0, position)],
            PanLaw::ConstantPower => {
                let angle = (position + 1.0) * FRAC_PI_4;
                [angle.cos(), angle.sin()]
            }
        };
        // A cosine of a quarter turn is not quite 0.
        let gains = gains.map(|gain| if gain < 1e-15 { 0.0 } else { gain });
        Ok(Sides { gains })
    }

    /// Balanced: the other side is turned down, up to silence at -1 and 1; in the middle nothing changes.
    ///
    /// # Errors
    /// As [`Sides::panned`].
    pub fn balanced(audio: &Audio, position: f64) -> Result<Sides, Error> {
        require_position(position)?;
        require_stereo(audio, "balance")?;
        Ok(Sides {
            gains: [(1.0 - position).min(1.0), (1.0 + position).min(1.0)],
        })
    }
}

impl PerFrame for Sides {
    fn change<T: Real>(&self, _first: usize, block: &mut Planes<T>) {
        for (plane, gain) in block.planes_mut().zip(self.gains) {
            for sample in plane {
                *sample = sample.times(gain);
            }
        }
    }
}

/// Left and right to middle and side, or back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MidSide {
    inverse: bool,
}

impl MidSide {
    /// `(l + r) / 2` and `(l - r) / 2`; or `m + s` and `m - s`, which undoes it.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for audio that is not stereo.
    pub fn of(audio: &Audio, inverse: bool) -> Result<MidSide, Error> {
        require_stereo(audio, "mid_side")?;
        Ok(MidSide { inverse })
    }
}

impl PerFrame for MidSide {
    fn change<T: Real>(&self, _first: usize, block: &mut Planes<T>) {
        let factor = if self.inverse { 1.0 } else { 0.5 };
        if let Some((left, right)) = block.pair_mut(0, 1) {
            for (left, right) in left.iter_mut().zip(right) {
                let (one, other) = (left.to_f64(), right.to_f64());
                (*left, *right) = (
                    T::nearest((one + other) * factor),
                    T::nearest((one - other) * factor),
                );
            }
        }
    }
}

/// Two channels, each in the place of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Swap {
    channels: (usize, usize),
}

impl Swap {
    /// Of these channels.
    ///
    /// # Errors
    /// [`Error::IndexOutOfRange`].
    pub fn of(audio: &Audio, first: usize, second: usize) -> Result<Swap, Error> {
        let count = audio.layout().channels();
        for channel in [first, second] {
            if channel >= count {
                return Err(Error::IndexOutOfRange {
                    what: "channel",
                    index: (channel as i128).into(),
                    count,
                });
            }
        }
        Ok(Swap {
            channels: (first, second),
        })
    }
}

impl PerFrame for Swap {
    fn change<T: Real>(&self, _first: usize, block: &mut Planes<T>) {
        if let Some((one, other)) = block.pair_mut(self.channels.0, self.channels.1) {
            one.swap_with_slice(other);
        }
    }
}

fn require_position(position: f64) -> Result<(), Error> {
    if (-1.0..=1.0).contains(&position) {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "a position is from -1 (left) to 1 (right), not {position}"
    )))
}

fn require_stereo(audio: &Audio, method: &str) -> Result<(), Error> {
    match audio.layout().channels() {
        2 if audio.layout().ndim() == 2 => Ok(()),
        1 => Err(Error::invalid(format!(
            "{method} takes stereo audio, and this is mono; to_stereo() gives it two channels"
        ))),
        count => Err(Error::invalid(format!(
            "{method} takes stereo audio, and this has {count} channels; audio[:2, :] are two of them"
        ))),
    }
}

/// A weighted sum of all channels, in float64, rounded once.
pub struct Mixdown {
    weights: Vec<f64>,
}

impl Mixdown {
    /// The mean.
    pub fn mean(audio: &Audio) -> Mixdown {
        let channels = audio.layout().channels();
        Mixdown {
            weights: vec![1.0 / channels as f64; channels],
        }
    }

    /// By a factor for each channel.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for another number of weights than channels, or weights that are not finite.
    pub fn weighted(audio: &Audio, weights: Vec<f64>) -> Result<Mixdown, Error> {
        let channels = audio.layout().channels();
        if weights.len() != channels {
            return Err(Error::invalid(format!(
                "{} weights for {channels} channels: one is needed for each",
                weights.len()
            )));
        }
        if let Some(weight) = weights.iter().find(|weight| !weight.is_finite()) {
            return Err(Error::invalid(format!("a weight is finite, not {weight}")));
        }
        Ok(Mixdown { weights })
    }

    fn run(&self, access: &Access, out: &Strided<'_>, from: &Strided<'_>) -> Result<(), Error> {
        match from.dtype() {
            Dtype::Float32 => self.run_in::<f32>(access, out, from),
            _ => self.run_in::<f64>(access, out, from),
        }
    }

    fn run_in<T: Real>(
        &self,
        access: &Access,
        out: &Strided<'_>,
        from: &Strided<'_>,
    ) -> Result<(), Error> {
        let channels = self.weights.len();
        let done = in_parts(from, |start, count| {
            let (mut plane, mut sums) = (Vec::<T>::new(), Vec::new());
            each_block(start, count, channels, |at, frames| {
                let part = from.take_frames(at, frames)?;
                plane.resize(frames, T::nearest(0.0));
                sums.clear();
                sums.resize(frames, 0.0);
                // A mean is a sum that is divided once.
                let (factor, divisor) = self.divided();
                for (channel, weight) in self.weights.iter().enumerate() {
                    load_row(access, &part, channel, &mut plane);
                    let weight = factor.unwrap_or(*weight);
                    for (sum, sample) in sums.iter_mut().zip(&plane) {
                        *sum += sample.to_f64() * weight;
                    }
                }
                for (sample, sum) in plane.iter_mut().zip(&sums) {
                    *sample = T::nearest(*sum / divisor);
                }
                store_row(access, &out.take_frames(at, frames)?, 0, &plane, false);
                part.give_back();
                Ok(())
            })
        });
        done.into_iter().collect()
    }

    /// The weight of all channels and what the sum is divided by, where that is their number.
    fn divided(&self) -> (Option<f64>, f64) {
        let count = self.weights.len() as f64;
        let is_mean = self.weights.iter().all(|weight| *weight == 1.0 / count);
        if is_mean {
            (Some(1.0), count)
        } else {
            (None, 1.0)
        }
    }
}

impl Audio {
    /// New mono audio of all channels.
    ///
    /// # Errors
    /// Samples that are borrowed; [`Error::OutOfMemory`].
    pub fn mixed_down(&self, mix: &Mixdown, wait: Wait<'_>) -> Result<Audio, Error> {
        let mut fresh = Fresh::new(&[self.layout().frames()], self.dtype())?;
        let from = self.samples().strided();
        let claims = [from.claim(Mode::Read)];
        access_to(&from, &claims, wait.lock, wait.until, |access| {
            mix.run(access, &fresh.strided(), &from)
        })??;
        Ok(self.with_samples(fresh.share()))
    }

    /// Stores all channels in one, in audio that does not overlap them.
    ///
    /// # Errors
    /// Read-only samples; another shape, type or rate; samples that are borrowed.
    pub fn mix_down_into(&self, mix: &Mixdown, out: &Audio, wait: Wait<'_>) -> Result<(), Error> {
        out.require_fit(self, &[self.layout().frames()])?;
        let (from, into) = (self.samples().strided(), out.samples().strided());
        let claims = [from.claim(Mode::Read), into.claim(Mode::Write)];
        access_to(&from, &claims, wait.lock, wait.until, |access| {
            mix.run(access, &into, &from)
        })?
    }

    /// The shape of audio of so many frames in these channels.
    pub fn shape_with(&self, frames: usize) -> Vec<usize> {
        let mut shape = self.layout().shape().to_vec();
        if let Some(last) = shape.last_mut() {
            *last = frames;
        }
        shape
    }

    /// An error unless this is `out=` of a method on `from` whose result has a shape.
    ///
    /// # Errors
    /// Read-only samples; another shape or rate; samples that overlap those of `from`.
    pub fn require_fit(&self, from: &Audio, shape: &[usize]) -> Result<(), Error> {
        from.require_rate_of(self)?;
        self.require_room(from, shape)
    }

    /// As [`Audio::require_fit`], for a result of any rate.
    ///
    /// # Errors
    /// As there, but for the rate.
    pub fn require_room(&self, from: &Audio, shape: &[usize]) -> Result<(), Error> {
        self.samples().require_writable()?;
        if self.layout().shape() != shape {
            return Err(Error::invalid(format!(
                "out has the shape {:?}, and the result has {shape:?}: make it of shape {shape:?}",
                self.layout().shape()
            )));
        }
        if self.samples().span().overlaps(&from.samples().span()) {
            return Err(Error::invalid(
                "out overlaps the samples that are read; give other memory".into(),
            ));
        }
        Ok(())
    }

    /// Mono audio of all channels: their mean, in new memory. Mono audio is given back as it is, on its own memory.
    ///
    /// ```
    /// # use audio_samples::{Audio, SampleRate};
    /// let stereo = Audio::from_interleaved([1.0_f32, 0.0, 0.5, 0.25], 2, SampleRate::new(48_000)?)?;
    /// assert_eq!(stereo.to_mono()?.to_vec::<f32>()?, [0.5, 0.375]);
    /// # Ok::<(), audio_samples::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Audio::mixed_down`].
    pub fn to_mono(&self) -> Result<Audio, Error> {
        match (self.layout().ndim(), self.layout().channels()) {
            (1, _) => Ok(self.clone()),
            (_, 1) => self.channel(0),
            _ => patiently(|wait| self.mixed_down(&Mixdown::mean(self), wait)),
        }
    }
}

/// A method that gives new audio of a change, and its twin that changes the samples where they lie.
macro_rules! both_ways {
    ($($(#[$doc:meta])* $name:ident, $twin:ident($($arg:ident: $T:ty),*) = $make:expr;)*) => {
        impl Audio {
            $(
                $(#[$doc])*
                ///
                /// # Errors
                /// Audio that this is not for; samples that are borrowed; [`Error::OutOfMemory`].
                pub fn $name(&self, $($arg: $T),*) -> Result<Audio, Error> {
                    let make: fn(&Audio, $($T),*) -> Result<_, Error> = $make;
                    let work = make(self, $($arg),*)?;
                    patiently(|wait| self.changed(&work, wait))
                }

                #[doc = concat!("[`Audio::", stringify!($name), "`], where the samples lie.")]
                ///
                /// # Errors
                /// As there; read-only samples. No sample has changed then.
                pub fn $twin(&self, $($arg: $T),*) -> Result<(), Error> {
                    let make: fn(&Audio, $($T),*) -> Result<_, Error> = $make;
                    let work = make(self, $($arg),*)?;
                    patiently(|wait| self.change_inplace(&work, wait))
                }
            )*
        }
    };
}

both_ways! {
    /// New stereo audio, panned: from -1, all on the left, to 1, all on the right.
    pan, pan_inplace(position: f64, law: PanLaw) = Sides::panned;
    /// New stereo audio with the other side turned down: from -1, the left alone, to 1, the right alone.
    balance, balance_inplace(position: f64) = Sides::balanced;
    /// New audio of middle and side, or back.
    mid_side, mid_side_inplace(inverse: bool) = MidSide::of;
    /// New audio with two channels in each other's place.
    swap_channels, swap_channels_inplace(first: usize, second: usize) = Swap::of;
}
