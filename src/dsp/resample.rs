//! Another sample rate: overlap-save with a windowed sinc of zero phase.
//!
//! A block of the input is transformed, its spectrum multiplied by that of the filter and cut (or filled up with zeros) to
//! the number of bins that the same time has at the other rate, and transformed back. Blocks begin at multiples of the
//! smallest whole number of input frames that is a whole number of output frames, so that every output frame stands where
//! it belongs, for any two rates; and they are counted from frame 0, so that no split changes a bit.
//!
//! The window is Kaiser's (Kaiser and Schafer, IEEE Trans. ASSP 28, 1980), its length by his formula.

mod design;
mod stream;

use std::str::FromStr;

use crate::audio::{Audio, SampleRate, Wait, patiently};
use crate::dtype::Dtype;
use crate::error::Error;
use crate::kernel;
use crate::kernel::Engine;
use crate::kernel::planes::{load_row, store_row};
use crate::registry::Mode;
use crate::view::{Access, Fresh, Strided, access_to};
use design::Designed;

pub use stream::Resampler;

/// How much of the band is kept, and how far what is not is turned down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quality {
    /// Flat to 0.90 of the lower Nyquist frequency, 140 dB down at that frequency; in the type of the samples.
    #[default]
    High,
    /// Flat to 0.95 of it, 186 dB down; in float64.
    Best,
}

impl Quality {
    /// Where the band ends that is kept, as a fraction of the lower Nyquist frequency.
    fn pass(self) -> f64 {
        match self {
            Quality::High => 0.90,
            Quality::Best => 0.95,
        }
    }

    /// By how many decibels the rest is turned down.
    fn attenuation(self) -> f64 {
        match self {
            Quality::High => 140.0,
            Quality::Best => 186.0,
        }
    }

    /// The type that samples of another one are computed in.
    fn compute(self, dtype: Dtype) -> Dtype {
        match (self, dtype) {
            (Quality::High, Dtype::Float32) => Dtype::Float32,
            _ => Dtype::Float64,
        }
    }
}

impl FromStr for Quality {
    type Err = Error;

    fn from_str(name: &str) -> Result<Quality, Error> {
        match name {
            "high" => Ok(Quality::High),
            "best" => Ok(Quality::Best),
            _ => Err(Error::invalid(format!(
                "quality must be 'high' or 'best', not '{name}'"
            ))),
        }
    }
}

/// From one rate to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    from: SampleRate,
    to: SampleRate,
}

impl Ratio {
    /// Between two rates.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for rates of which only a long time is a whole number of frames of both.
    pub fn new(from: SampleRate, to: SampleRate) -> Result<Ratio, Error> {
        /// Frames of the time that is whole at both rates: some megabytes.
        const MOST: usize = 1 << 21;
        let ratio = Ratio { from, to };
        let (input, output) = ratio.whole();
        let longest = input.max(output);
        if longest > MOST {
            return Err(Error::invalid(format!(
                "from {} to {} Hz takes blocks of {longest} frames, more than {MOST}; rates that share a divisor, such as \
                 multiples of 25 Hz, take short ones",
                from.hertz(),
                to.hertz()
            )));
        }
        Ok(ratio)
    }

    /// As [`Ratio::new`], for a filter of this quality.
    ///
    /// # Errors
    /// As there; rates so far apart that a block of the filter takes more than some hundreds of megabytes.
    pub fn of_quality(from: SampleRate, to: SampleRate, quality: Quality) -> Result<Ratio, Error> {
        /// Frames of a block.
        const MOST: usize = 1 << 24;
        let ratio = Ratio::new(from, to)?;
        let longest = design::Lengths::of(ratio, quality).longest();
        if longest > MOST {
            return Err(Error::invalid(format!(
                "from {} to {} Hz takes blocks of {longest} frames, more than {MOST}; resample to a rate in between first",
                from.hertz(),
                to.hertz()
            )));
        }
        Ok(ratio)
    }

    /// The least numbers of frames that take the same time.
    fn whole(self) -> (usize, usize) {
        let (mut divisor, mut rest) = (self.from.hertz(), self.to.hertz());
        while rest != 0 {
            (divisor, rest) = (rest, divisor % rest);
        }
        let reduced = |hertz: u32| (hertz / divisor) as usize;
        (reduced(self.from.hertz()), reduced(self.to.hertz()))
    }

    /// How many frames come of so many: the nearest whole number, ties to even.
    pub fn frames(self, frames: usize) -> usize {
        let (from, to) = (u128::from(self.from.hertz()), u128::from(self.to.hertz()));
        let scaled = frames as u128 * to;
        let (whole, rest) = (scaled / from, scaled % from);
        let up = match (2 * rest).cmp(&from) {
            std::cmp::Ordering::Less => 0,
            std::cmp::Ordering::Equal => whole % 2,
            std::cmp::Ordering::Greater => 1,
        };
        usize::try_from(whole + up).unwrap_or(usize::MAX)
    }
}

impl Audio {
    /// New audio of another sample rate.
    ///
    /// # Errors
    /// As [`Ratio::new`]; samples that are borrowed; [`Error::OutOfMemory`].
    pub fn resampled(
        &self,
        rate: SampleRate,
        quality: Quality,
        wait: Wait<'_>,
    ) -> Result<Audio, Error> {
        let ratio = Ratio::of_quality(self.rate(), rate, quality)?;
        let frames = ratio.frames(self.layout().frames());
        let mut fresh = Fresh::new(&self.shape_with(frames), self.dtype())?;
        let own = self.samples().strided();
        let claims = [own.claim(Mode::Read)];
        access_to(&own, &claims, wait.lock, wait.until, |access| {
            resample_all(access, &fresh.strided(), &own, ratio, quality)
        })??;
        Audio::new(fresh.share(), rate)
    }

    /// Stores the samples at another rate in audio of that rate, which has as many frames as come of them, and does not
    /// overlap these samples.
    ///
    /// # Errors
    /// As [`Audio::resampled`]; another shape; read-only samples.
    pub fn resample_into(
        &self,
        out: &Audio,
        quality: Quality,
        wait: Wait<'_>,
    ) -> Result<(), Error> {
        let ratio = Ratio::of_quality(self.rate(), out.rate(), quality)?;
        let frames = ratio.frames(self.layout().frames());
        out.require_room(self, &self.shape_with(frames))?;
        let (own, into) = (self.samples().strided(), out.samples().strided());
        let claims = [own.claim(Mode::Read), into.claim(Mode::Write)];
        access_to(&own, &claims, wait.lock, wait.until, |access| {
            resample_all(access, &into, &own, ratio, quality)
        })?
    }

    /// New audio of another sample rate: of `round(frames * rate / own rate)` frames, none of them late.
    ///
    /// ```
    /// # use audio_samples::{Audio, SampleRate, Dtype, audio::generation::sine_wave, dsp::Quality};
    /// let tone = sine_wave(440.0, 1.0, SampleRate::new(44_100)?, 0.5, Dtype::Float32)?;
    /// let other = tone.resample(SampleRate::new(48_000)?, Quality::High)?;
    /// assert_eq!(other.layout().frames(), 48_000);
    /// # Ok::<(), audio_samples::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Audio::resampled`].
    pub fn resample(&self, rate: SampleRate, quality: Quality) -> Result<Audio, Error> {
        patiently(|wait| self.resampled(rate, quality, wait))
    }
}

fn resample_all(
    access: &Access,
    out: &Strided<'_>,
    from: &Strided<'_>,
    ratio: Ratio,
    quality: Quality,
) -> Result<(), Error> {
    if ratio.from == ratio.to {
        return Engine::new().copy(access, out, from);
    }
    match quality.compute(from.dtype()) {
        Dtype::Float32 => resample_in::<f32>(access, out, from, ratio, quality),
        _ => resample_in::<f64>(access, out, from, ratio, quality),
    }
}

/// Block by block, on all threads: blocks know nothing of each other.
fn resample_in<T: Designed>(
    access: &Access,
    out: &Strided<'_>,
    from: &Strided<'_>,
    ratio: Ratio,
    quality: Quality,
) -> Result<(), Error> {
    /// Blocks that a thread does at a time.
    const AT_ONCE: usize = 4;
    /// Bytes that the blocks of all threads may take together.
    const MEMORY: usize = 512 << 20;
    let design = T::converter(ratio, quality);
    let (frames, total) = (from.layout().frames(), out.layout().frames());
    let blocks = total.div_ceil(design.hop_out);
    let threads = (MEMORY / design.block_bytes()).clamp(1, kernel::threads());
    let done = kernel::in_order(blocks, AT_ONCE, threads, |first, count| {
        let mut work = design.work();
        for channel in 0..from.layout().channels() {
            for block in first..first + count {
                let begin = block * design.hop_in;
                work.input.fill(T::nearest(0.0));
                // The frames of the input that lie inside the audio.
                let before = design.half.saturating_sub(begin);
                let start = begin.saturating_sub(design.half).min(frames);
                let there = (design.len_in() - before).min(frames - start);
                let part = from.take_frames(start, there)?;
                load_row(
                    access,
                    &part,
                    channel,
                    &mut work.input[before..before + there],
                );
                let found = design.run(&mut work);
                let at = block * design.hop_out;
                let count = design.hop_out.min(total - at);
                let into = out.take_frames(at, count)?;
                store_row(access, &into, channel, &found[..count], false);
            }
        }
        Ok(())
    });
    done.into_iter().collect()
}
