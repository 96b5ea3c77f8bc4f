//! Gains that change over time: fades and envelopes, without an array for the curve.

use std::marker::PhantomData;
use std::ops::Range;
use std::str::FromStr;

use crate::audio::blockwise::PerFrame;
use crate::audio::elementary::{factor_of, power_of_two, sine_of_turns};
use crate::audio::{Audio, patiently};
use crate::error::Error;
use crate::kernel::planes::{Planes, Real};
use crate::kernel::{Arch, SafeLoop};

/// The gain of a fade from 0 to 1 as its time goes from 0 to 1. A fade out is the same backwards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Curve {
    /// `t`. Two that cross add up to 1: for audio that is alike.
    #[default]
    Linear,
    /// `sin(pi t / 2)`. The squares of two that cross add up to 1: for audio that is not alike.
    EqualPower,
    /// `(1000^t - 1) / 999`: even in decibels, over 60 of them; slow at first.
    Exponential,
    /// The exponential curve turned by half: fast at first.
    Logarithmic,
    /// `(1 - cos(pi t)) / 2`: begins and ends gently.
    RaisedCosine,
}

impl Curve {
    /// All of them, and how callers name them.
    pub const ALL: [(&'static str, Curve); 5] = [
        ("linear", Curve::Linear),
        ("equal_power", Curve::EqualPower),
        ("exponential", Curve::Exponential),
        ("logarithmic", Curve::Logarithmic),
        ("raised_cosine", Curve::RaisedCosine),
    ];
}

/// The gain of a curve at a time from 0 to 1, as a type: each becomes a loop of its own.
trait CurveGain {
    fn gain(time: f64) -> f64;
}

struct LinearGain;
struct EqualPowerGain;
struct ExponentialGain;
struct LogarithmicGain;
struct RaisedCosineGain;

impl CurveGain for LinearGain {
    #[inline(always)]
    fn gain(time: f64) -> f64 {
        time
    }
}

impl CurveGain for EqualPowerGain {
    #[inline(always)]
    fn gain(time: f64) -> f64 {
        sine_of_turns(0.25 * time)
    }
}

impl CurveGain for ExponentialGain {
    #[inline(always)]
    fn gain(time: f64) -> f64 {
        /// log2(1000)
        const RANGE: f64 = 9.965_784_284_662_087;
        (power_of_two(time * RANGE) - 1.0) * (1.0 / 999.0)
    }
}

impl CurveGain for LogarithmicGain {
    #[inline(always)]
    fn gain(time: f64) -> f64 {
        1.0 - ExponentialGain::gain(1.0 - time)
    }
}

impl CurveGain for RaisedCosineGain {
    #[inline(always)]
    fn gain(time: f64) -> f64 {
        let half = sine_of_turns(0.25 * time);
        half * half
    }
}

impl FromStr for Curve {
    type Err = Error;

    fn from_str(name: &str) -> Result<Curve, Error> {
        let found = Curve::ALL.iter().find(|(known, _)| *known == name);
        found.map(|(_, curve)| *curve).ok_or_else(|| {
            let names = Curve::ALL.map(|(known, _)| format!("'{known}'"));
            Error::invalid(format!(
                "curve must be one of {}, not '{name}'",
                names.join(", ")
            ))
        })
    }
}

/// A number of frames of some seconds, rounded to the nearest.
///
/// # Errors
/// [`Error::InvalidArgument`] for seconds that are negative or not finite.
pub fn frames_in(audio: &Audio, seconds: f64) -> Result<usize, Error> {
    if !seconds.is_finite() || seconds < 0.0 {
        return Err(Error::invalid(format!(
            "seconds must be a finite number from 0 on, not {seconds}"
        )));
    }
    Ok((seconds * f64::from(audio.rate().hertz())).round_ties_even() as usize)
}

/// Which end of the audio a fade is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Fades in.
    Start,
    /// Fades out.
    Finish,
}

/// A fade in: the first frame is silent, and the one behind the last is as it was. Or a fade out, which is the same
/// backwards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fade {
    /// In or out.
    pub end: End,
    /// How long.
    pub frames: usize,
    /// How.
    pub curve: Curve,
    /// Frames of the whole audio.
    pub of: usize,
}

impl Fade {
    /// A fade at one end of some audio.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a fade that is longer than the audio.
    pub fn new(audio: &Audio, end: End, frames: usize, curve: Curve) -> Result<Fade, Error> {
        let of = audio.layout().frames();
        if frames > of {
            let rate = f64::from(audio.rate().hertz());
            return Err(Error::invalid(format!(
                "a fade of {frames} frames ({} s) does not fit into audio of {of} frames ({} s)",
                frames as f64 / rate,
                audio.duration()
            )));
        }
        Ok(Fade {
            end,
            frames,
            curve,
            of,
        })
    }
}

impl PerFrame for Fade {
    fn frames(&self, _audio: &Audio) -> Range<usize> {
        match self.end {
            End::Start => 0..self.frames,
            End::Finish => self.of - self.frames..self.of,
        }
    }

    fn change<T: Real>(&self, first: usize, block: &mut Planes<T>) {
        let all = 0..block.frames();
        self.change_part(first, block, all);
    }
}

impl Fade {
    /// Fades a part of a block, whose first frame has the number `first`.
    pub fn change_part<T: Real>(&self, first: usize, block: &mut Planes<T>, part: Range<usize>) {
        match self.curve {
            Curve::Linear => self.run::<T, LinearGain>(first, block, part),
            Curve::EqualPower => self.run::<T, EqualPowerGain>(first, block, part),
            Curve::Exponential => self.run::<T, ExponentialGain>(first, block, part),
            Curve::Logarithmic => self.run::<T, LogarithmicGain>(first, block, part),
            Curve::RaisedCosine => self.run::<T, RaisedCosineGain>(first, block, part),
        }
    }

    /// As [`Fade::change_part`], where `first` is the number of the first frame of the part.
    pub fn change_from<T: Real>(&self, first: usize, block: &mut Planes<T>, part: Range<usize>) {
        // Frames are counted from the block's own first, which may lie before the fade's.
        let shifted = Fade {
            of: self.of + part.start,
            ..*self
        };
        shifted.change_part(first, block, part);
    }

    fn run<T: Real, C: CurveGain>(&self, first: usize, block: &mut Planes<T>, part: Range<usize>) {
        let pace = 1.0 / self.frames as f64;
        let silent = match self.end {
            End::Start => 0.0,
            End::Finish => (self.of - 1) as f64,
        };
        let curve = PhantomData::<C>;
        shape(
            first,
            block,
            part,
            FadeGain {
                silent,
                pace,
                curve,
            },
        );
    }
}

/// The gain of a fade at each frame.
struct FadeGain<C> {
    /// The frame that is silent.
    silent: f64,
    pace: f64,
    curve: PhantomData<C>,
}

impl<C: CurveGain> GainOverTime for FadeGain<C> {
    #[inline(always)]
    fn at(&self, frame: f64) -> f64 {
        C::gain((frame - self.silent).abs() * self.pace)
    }
}

/// A gain at each frame, in instructions that vectors have.
pub trait GainOverTime {
    /// The gain at a frame, as `#[inline(always)]`.
    fn at(&self, frame: f64) -> f64;
}

/// Multiplies a part of a block, whose first frame has the number `first`, by the gain at each frame.
pub fn shape<T: Real>(
    first: usize,
    block: &mut Planes<T>,
    part: Range<usize>,
    gain: impl GainOverTime,
) {
    Arch::best().compute(Shaped {
        first,
        block,
        part,
        gain,
    });
}

struct Shaped<'a, T, F> {
    first: usize,
    block: &'a mut Planes<T>,
    part: Range<usize>,
    gain: F,
}

impl<T: Real, F: GainOverTime> SafeLoop for Shaped<'_, T, F> {
    type Result = ();

    #[inline(always)]
    fn run(self) {
        const STEP: usize = 256;
        let mut gains = [0.0; STEP];
        for from in self.part.clone().step_by(STEP) {
            let count = STEP.min(self.part.end - from);
            let base = (self.first + from) as f64;
            for (place, gain) in gains.iter_mut().enumerate() {
                // Counted in 32 bits, which the vector instructions of every set turn into floats.
                *gain = self.gain.at(base + f64::from(place as u32));
            }
            for plane in self.block.planes_mut() {
                for (sample, gain) in plane[from..from + count].iter_mut().zip(&gains) {
                    *sample = sample.times(*gain);
                }
            }
        }
    }
}

/// A gain in decibels that goes from point to point in straight lines; before the first and behind the last it stays.
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope {
    /// Frame and decibels of each point, in the order of time.
    points: Vec<(f64, f64)>,
}

impl Envelope {
    /// Through `(seconds, decibels)`.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for no point, times that do not go up from 0, decibels that are not finite.
    pub fn new(audio: &Audio, points: &[(f64, f64)]) -> Result<Envelope, Error> {
        if points.is_empty() {
            return Err(Error::invalid(
                "an envelope has at least one point (seconds, decibels)".into(),
            ));
        }
        let mut last = 0.0;
        for (number, (time, db)) in points.iter().enumerate() {
            if !time.is_finite() || *time < last {
                return Err(Error::invalid(format!(
                    "point {number} of an envelope is at {time} s: times are finite and go up from 0"
                )));
            }
            if !(-1000.0..=1000.0).contains(db) {
                return Err(Error::invalid(format!(
                    "point {number} of an envelope has {db} dB: from -1000 to 1000 are possible; -120 is silence for \
                     24 bits"
                )));
            }
            last = *time;
        }
        let rate = f64::from(audio.rate().hertz());
        let points = points.iter().map(|(time, db)| (time * rate, *db)).collect();
        Ok(Envelope { points })
    }
}

/// Decibels that go from a point by a pace for each frame.
struct Slope {
    frame: f64,
    decibels: f64,
    pace: f64,
}

impl GainOverTime for Slope {
    #[inline(always)]
    fn at(&self, frame: f64) -> f64 {
        factor_of(self.decibels + self.pace * (frame - self.frame))
    }
}

impl PerFrame for Envelope {
    fn change<T: Real>(&self, first: usize, block: &mut Planes<T>) {
        let end = first + block.frames();
        let mut done = 0;
        while done < block.frames() {
            let at = (first + done) as f64;
            // The points around this frame: the last at or before it, and the next.
            let next = self.points.partition_point(|(frame, _)| *frame <= at);
            let behind = self.points.get(next);
            let until = behind.map_or(end, |(frame, _)| (frame.ceil() as usize).min(end));
            let count = until - first - done;
            let (before, behind) = (
                next.checked_sub(1).map(|at| self.points[at]),
                behind.copied(),
            );
            let (from, to) = match (before, behind) {
                (Some(before), Some(behind)) => (before, behind),
                (Some(only), None) | (None, Some(only)) => (only, only),
                (None, None) => return,
            };
            let pace = (to.1 - from.1) / (to.0 - from.0);
            // Two points at one time, or almost, are a step.
            let pace = if pace.is_finite() { pace } else { 0.0 };
            let gain = Slope {
                frame: from.0,
                decibels: from.1,
                pace,
            };
            shape(first, block, done..done + count, gain);
            done += count;
        }
    }
}

impl Audio {
    /// New audio that begins in silence and is as loud as this after some seconds.
    ///
    /// ```
    /// # use audio_samples::{Audio, SampleRate, audio::fading::Curve};
    /// let audio = Audio::from_vec(vec![1.0_f32; 4], SampleRate::new(2)?)?;
    /// assert_eq!(audio.fade_in(1.0, Curve::Linear)?.to_vec::<f32>()?, [0.0, 0.5, 1.0, 1.0]);
    /// # Ok::<(), audio_samples::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Fade::new`] and [`Audio::changed`].
    pub fn fade_in(&self, seconds: f64, curve: Curve) -> Result<Audio, Error> {
        let fade = Fade::new(self, End::Start, frames_in(self, seconds)?, curve)?;
        patiently(|wait| self.changed(&fade, wait))
    }

    /// [`Audio::fade_in`], where the samples lie.
    ///
    /// # Errors
    /// As [`Fade::new`] and [`Audio::change_inplace`].
    pub fn fade_in_inplace(&self, seconds: f64, curve: Curve) -> Result<(), Error> {
        let fade = Fade::new(self, End::Start, frames_in(self, seconds)?, curve)?;
        patiently(|wait| self.change_inplace(&fade, wait))
    }

    /// New audio that ends in silence: [`Audio::fade_in`] backwards.
    ///
    /// # Errors
    /// As there.
    pub fn fade_out(&self, seconds: f64, curve: Curve) -> Result<Audio, Error> {
        let fade = Fade::new(self, End::Finish, frames_in(self, seconds)?, curve)?;
        patiently(|wait| self.changed(&fade, wait))
    }

    /// [`Audio::fade_out`], where the samples lie.
    ///
    /// # Errors
    /// As [`Audio::fade_in_inplace`].
    pub fn fade_out_inplace(&self, seconds: f64, curve: Curve) -> Result<(), Error> {
        let fade = Fade::new(self, End::Finish, frames_in(self, seconds)?, curve)?;
        patiently(|wait| self.change_inplace(&fade, wait))
    }

    /// New audio with a gain that goes through points of `(seconds, decibels)` in straight lines.
    ///
    /// # Errors
    /// As [`Envelope::new`] and [`Audio::changed`].
    pub fn apply_envelope(&self, points: &[(f64, f64)]) -> Result<Audio, Error> {
        let envelope = Envelope::new(self, points)?;
        patiently(|wait| self.changed(&envelope, wait))
    }

    /// [`Audio::apply_envelope`], where the samples lie.
    ///
    /// # Errors
    /// As [`Envelope::new`] and [`Audio::change_inplace`].
    pub fn apply_envelope_inplace(&self, points: &[(f64, f64)]) -> Result<(), Error> {
        let envelope = Envelope::new(self, points)?;
        patiently(|wait| self.change_inplace(&envelope, wait))
    }
}
