//! Where audio is silent, found in one pass.
//!
//! A frame is silent if no channel of it is further from zero than a threshold. Full scale is 1; a sample that is no number
//! is not silent.

use std::ops::Range;

use crate::audio::blockwise::each_block;
use crate::audio::{Audio, Wait};
use crate::dtype::Dtype;
use crate::error::Error;
use crate::kernel::planes::{Planes, Real};
use crate::kernel::{Arch, SafeLoop};
use crate::registry::Mode;
use crate::view::{Access, Strided, access_to};

/// Frames that are looked at together: where none of them is loud, nothing else is looked at.
const TOGETHER: usize = 64;

/// The factor of a threshold in dBFS.
///
/// # Errors
/// [`Error::InvalidArgument`] for one that is no number.
pub fn threshold(db: f64) -> Result<f64, Error> {
    if db.is_nan() {
        return Err(Error::invalid(
            "a threshold is a number of decibels, such as -60, not NaN".into(),
        ));
    }
    Ok(10_f64.powf(db / 20.0))
}

/// The runs of silent frames that are found so far.
struct Runs {
    least: usize,
    since: Option<usize>,
    found: Vec<Range<usize>>,
}

impl Runs {
    fn loud_at(&mut self, frame: usize) {
        if let Some(since) = self.since.take()
            && frame - since >= self.least
        {
            self.found.push(since..frame);
        }
    }

    fn silent_from(&mut self, frame: usize) {
        self.since.get_or_insert(frame);
    }
}

/// Whether a sample of each channel's frames is further from zero than a threshold.
struct Loud<'a, T> {
    samples: &'a [T],
    threshold: T,
}

impl<T: Real> SafeLoop for Loud<'_, T> {
    type Result = bool;

    #[inline(always)]
    fn run(self) -> bool {
        let threshold = self.threshold;
        // A number that is none is within no bounds.
        let within = |sample: T| sample >= -threshold && sample <= threshold;
        let quiet = self.samples.iter().map(|sample| u32::from(within(*sample)));
        quiet.sum::<u32>() as usize != self.samples.len()
    }
}

fn is_loud<T: Real>(sample: T, threshold: T) -> bool {
    !(sample >= -threshold && sample <= threshold)
}

fn look<T: Real>(first: usize, block: &Planes<T>, threshold: T, runs: &mut Runs) {
    let frames = block.frames();
    for start in (0..frames).step_by(TOGETHER) {
        let part = start..frames.min(start + TOGETHER);
        let loud = block.planes().any(|plane| {
            Arch::best().compute(Loud {
                samples: &plane[part.clone()],
                threshold,
            })
        });
        if !loud {
            runs.silent_from(first + start);
            continue;
        }
        let is_loud = |frame: usize| {
            let mut planes = block.planes();
            planes.any(|plane| is_loud(plane[frame], threshold))
        };
        if runs.least > TOGETHER {
            // A run that counts is longer than this: only its ends can lie in here.
            let begin = part.clone().find(|at| is_loud(*at));
            let end = part.clone().rev().find(|at| is_loud(*at));
            let (Some(begin), Some(end)) = (begin, end) else {
                continue;
            };
            if begin > start {
                runs.silent_from(first + start);
            }
            runs.loud_at(first + begin);
            if end + 1 < frames.min(start + TOGETHER) {
                runs.silent_from(first + end + 1);
            }
            continue;
        }
        for frame in part {
            match is_loud(frame) {
                true => runs.loud_at(first + frame),
                false => runs.silent_from(first + frame),
            }
        }
    }
}

fn runs_in<T: Real>(
    access: &Access,
    samples: &Strided<'_>,
    threshold: f64,
    runs: &mut Runs,
) -> Result<(), Error> {
    let layout = samples.layout();
    // A sample is at most the threshold where it is at most the next number of its type down.
    let at_most = T::at_most(threshold);
    let channels = layout.channels();
    let mut block = Planes::<T>::new(channels);
    each_block(0, layout.frames(), channels, |at, frames| {
        let part = samples.take_frames(at, frames)?;
        block.load(access, &part);
        look(at, &block, at_most, runs);
        part.give_back();
        Ok(())
    })
}

impl Audio {
    /// The runs of at least `least` silent frames, from the first to the last.
    ///
    /// # Errors
    /// As [`threshold`]; samples that are borrowed for writing.
    pub fn silent_runs(
        &self,
        threshold_db: f64,
        least: usize,
        wait: Wait<'_>,
    ) -> Result<Vec<Range<usize>>, Error> {
        let threshold = threshold(threshold_db)?;
        let mut runs = Runs {
            least: least.max(1),
            since: None,
            found: Vec::new(),
        };
        let samples = self.samples().strided();
        let claims = [samples.claim(Mode::Read)];
        access_to(
            &samples,
            &claims,
            wait.lock,
            wait.until,
            |access| match samples.dtype() {
                Dtype::Float32 => runs_in::<f32>(access, &samples, threshold, &mut runs),
                _ => runs_in::<f64>(access, &samples, threshold, &mut runs),
            },
        )??;
        runs.loud_at(self.layout().frames());
        Ok(runs.found)
    }
}
