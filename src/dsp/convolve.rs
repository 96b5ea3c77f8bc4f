//! Convolution with an impulse response, and correlation, which is the same backwards.
//!
//! By overlap-save on transforms, in blocks that are counted from frame 0, so that no split of a signal changes a bit; up
//! to 16 taps by the sum itself. Float32 is computed in float32, all else in float64.

mod blocks;
mod impulse;
mod stream;

use std::str::FromStr;

use crate::audio::{Audio, Wait, patiently};
use crate::dsp::fft::Transformed;
use crate::dsp::processor::SignalFormat;
use crate::dtype::Dtype;
use crate::error::Error;
use crate::kernel;
use crate::kernel::planes::{load_row, store_row};
use crate::registry::Mode;
use crate::view::{Access, Fresh, Strided, access_to};
use blocks::BlockFilter;

pub use impulse::ImpulseResponse;
pub use stream::Convolver;

/// Which frames of a convolution are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConvolutionMode {
    /// All: as many as the audio has, and one less than the taps.
    #[default]
    Full,
    /// As many as the audio has, from the middle.
    Same,
    /// Those for which the shorter of both lies inside the longer.
    Valid,
}

impl FromStr for ConvolutionMode {
    type Err = Error;

    fn from_str(name: &str) -> Result<ConvolutionMode, Error> {
        match name {
            "full" => Ok(ConvolutionMode::Full),
            "same" => Ok(ConvolutionMode::Same),
            "valid" => Ok(ConvolutionMode::Valid),
            _ => Err(Error::invalid(format!(
                "mode must be 'full', 'same' or 'valid', not '{name}'"
            ))),
        }
    }
}

impl ConvolutionMode {
    /// The first of the wanted frames, and how many they are. Of nothing comes nothing.
    fn range(self, frames: usize, taps: usize) -> (usize, usize) {
        if frames == 0 || taps == 0 {
            return (0, 0);
        }
        match self {
            ConvolutionMode::Full => (0, frames.saturating_add(taps - 1)),
            ConvolutionMode::Same => ((taps - 1) / 2, frames),
            ConvolutionMode::Valid => (frames.min(taps) - 1, frames.abs_diff(taps) + 1),
        }
    }
}

impl Audio {
    /// New audio convolved with an impulse response.
    ///
    /// # Errors
    /// As [`ImpulseResponse::require`]; samples that are borrowed; [`Error::OutOfMemory`].
    pub fn convolved(
        &self,
        impulse: &ImpulseResponse,
        mode: ConvolutionMode,
        wait: Wait<'_>,
    ) -> Result<Audio, Error> {
        self.convolved_as(self.dtype(), impulse, mode, wait)
    }

    fn convolved_as(
        &self,
        dtype: Dtype,
        impulse: &ImpulseResponse,
        mode: ConvolutionMode,
        wait: Wait<'_>,
    ) -> Result<Audio, Error> {
        impulse.require(&SignalFormat::of(self))?;
        let (first, frames) = mode.range(self.layout().frames(), impulse.taps());
        let mut fresh = Fresh::new(&self.shape_with(frames), dtype)?;
        let own = self.samples().strided();
        let claims = [own.claim(Mode::Read)];
        access_to(&own, &claims, wait.lock, wait.until, |access| {
            convolve_all(access, &fresh.strided(), &own, impulse, first)
        })??;
        Audio::new(fresh.share(), self.rate())
    }

    /// Stores the convolution in audio of the same rate, which has as many frames as come out, and does not overlap these
    /// samples.
    ///
    /// # Errors
    /// As [`Audio::convolved`]; another shape or rate; read-only samples. No sample has changed then.
    pub fn convolve_into(
        &self,
        out: &Audio,
        impulse: &ImpulseResponse,
        mode: ConvolutionMode,
        wait: Wait<'_>,
    ) -> Result<(), Error> {
        impulse.require(&SignalFormat::of(self))?;
        let (first, frames) = mode.range(self.layout().frames(), impulse.taps());
        out.require_fit(self, &self.shape_with(frames))?;
        let (own, into) = (self.samples().strided(), out.samples().strided());
        let claims = [own.claim(Mode::Read), into.claim(Mode::Write)];
        access_to(&own, &claims, wait.lock, wait.until, |access| {
            convolve_all(access, &into, &own, impulse, first)
        })?
    }

    /// New audio, correlated with other audio, whose [`ImpulseResponse::backwards`] is given: what comes out is largest where
    /// they are alike. Frame `i` of [`ConvolutionMode::Full`] is for this audio being later by `i - (frames of the other - 1)`
    /// frames. Floats of the type that is computed in, for sums of products know no full scale.
    ///
    /// # Errors
    /// As [`Audio::convolved`], of the other audio.
    pub fn correlated(
        &self,
        backwards: &ImpulseResponse,
        mode: ConvolutionMode,
        wait: Wait<'_>,
    ) -> Result<Audio, Error> {
        let dtype = match self.dtype() {
            Dtype::Float32 => Dtype::Float32,
            _ => Dtype::Float64,
        };
        self.convolved_as(dtype, backwards, mode, wait)
    }

    /// New audio convolved with an impulse response: a room, a loudspeaker, a filter of finite length. Integers are fractions
    /// of full scale, are rounded to the nearest, ties to even, and saturate.
    ///
    /// ```
    /// # use audio_samples::{Audio, SampleRate};
    /// use audio_samples::dsp::{ConvolutionMode, ImpulseResponse};
    /// let audio = Audio::from_vec(vec![1.0_f32, 0.0, 0.5], SampleRate::new(48_000)?)?;
    /// let echo = ImpulseResponse::new(vec![vec![1.0, 0.5]])?;
    /// let found = audio.convolve(&echo, ConvolutionMode::Full)?;
    /// assert_eq!(found.to_vec::<f32>()?, [1.0, 0.5, 0.5, 0.25]);
    /// # Ok::<(), audio_samples::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Audio::convolved`].
    pub fn convolve(
        &self,
        impulse: &ImpulseResponse,
        mode: ConvolutionMode,
    ) -> Result<Audio, Error> {
        patiently(|wait| self.convolved(impulse, mode, wait))
    }

    /// [`Audio::correlated`] with other audio of the same rate; waits for other operations as long as they take.
    ///
    /// ```
    /// # use audio_samples::{Audio, SampleRate};
    /// use audio_samples::dsp::ConvolutionMode;
    /// let rate = SampleRate::new(48_000)?;
    /// let click = Audio::from_vec(vec![1.0, -1.0], rate)?;
    /// let audio = Audio::from_vec(vec![0.0, 0.0, 1.0, -1.0], rate)?;
    /// // Largest at 3, and so 2 frames later.
    /// let found = audio.correlate(&click, ConvolutionMode::Full)?;
    /// assert_eq!(found.to_vec::<f64>()?, [0.0, 0.0, -1.0, 2.0, -1.0]);
    /// # Ok::<(), audio_samples::Error>(())
    /// ```
    ///
    /// # Errors
    /// As there.
    pub fn correlate(&self, other: &Audio, mode: ConvolutionMode) -> Result<Audio, Error> {
        let backwards = patiently(|wait| ImpulseResponse::backwards(other, wait))?;
        patiently(|wait| self.correlated(&backwards, mode, wait))
    }
}

/// Stores as many frames of the convolution as `out` has, from frame `first` on.
fn convolve_all(
    access: &Access,
    out: &Strided<'_>,
    from: &Strided<'_>,
    impulse: &ImpulseResponse,
    first: usize,
) -> Result<(), Error> {
    match from.dtype() {
        Dtype::Float32 => convolve_in::<f32>(access, out, from, impulse, first),
        _ => convolve_in::<f64>(access, out, from, impulse, first),
    }
}

/// Block by block, on all threads: each begins as many blocks earlier as take part in its first.
fn convolve_in<T: Transformed>(
    access: &Access,
    out: &Strided<'_>,
    from: &Strided<'_>,
    impulse: &ImpulseResponse,
    first: usize,
) -> Result<(), Error> {
    /// Blocks that a thread does at a time, for each part of the impulse response.
    const AT_ONCE: usize = 4;
    let (frames, total) = (from.layout().frames(), out.layout().frames());
    if total == 0 {
        return Ok(());
    }
    let filter = BlockFilter::<T>::new(impulse)?;
    let (hop, lead, before) = (filter.grid.hop, filter.grid.lead, filter.grid.before());
    let start = first / hop;
    let blocks = (first + total - 1) / hop + 1 - start;
    let threads = kernel::threads();
    let part = match threads {
        1 => blocks,
        _ => (AT_ONCE * (1 + before)).min(blocks.div_ceil(threads)),
    };
    let done = kernel::in_order(blocks, part, threads, |number, count| {
        let (mut work, mut history) = (filter.scratch(), filter.history()?);
        let wanted = start + number..start + number + count;
        for channel in 0..from.layout().channels() {
            history.forget();
            for block in wanted.start.saturating_sub(before)..wanted.end {
                let begin = block * hop;
                work.window.fill(T::nearest(0.0));
                // The frames that lie inside the audio.
                let silent = lead.saturating_sub(begin);
                let at = begin.saturating_sub(lead).min(frames);
                let there = (lead + hop - silent).min(frames - at);
                let row = &mut work.window[silent..silent + there];
                load_row(access, &from.take_frames(at, there)?, channel, row);
                filter.take(&mut work, &mut history);
                if !wanted.contains(&block) {
                    continue;
                }
                let found = filter.give(&mut work, &history, channel);
                let skipped = first.saturating_sub(begin);
                let at = begin + skipped - first;
                let count = (hop - skipped).min(total - at);
                let into = out.take_frames(at, count)?;
                store_row(access, &into, channel, &found[skipped..][..count], false);
            }
        }
        Ok(())
    });
    done.into_iter().collect()
}
