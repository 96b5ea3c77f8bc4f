//! How audio is cut into frames, and the frames on their way through the transform.

use std::f64::consts::TAU;
use std::str::FromStr;
use std::sync::Mutex;

use realfft::num_complex::Complex;

use crate::dsp::fft::{Transform, TransformScratch, Transformed};
use crate::error::Error;
use crate::kernel;
use crate::kernel::planes::{filled, load_row};
use crate::view::{Access, Strided};

/// Samples of a transform at most.
const MOST: usize = 1 << 24;
/// Frames that a thread does at a time.
const BATCH: usize = 32;

/// What stands in front of the first sample and behind the last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Padding {
    /// Silence.
    #[default]
    Zeros,
    /// The audio turned round, without its last sample.
    Reflect,
}

impl FromStr for Padding {
    type Err = Error;

    fn from_str(name: &str) -> Result<Padding, Error> {
        match name {
            "zeros" => Ok(Padding::Zeros),
            "reflect" => Ok(Padding::Reflect),
            _ => Err(Error::invalid(format!(
                "pad must be 'zeros' or 'reflect', not '{name}'"
            ))),
        }
    }
}

/// A periodic window by its name.
///
/// # Errors
/// [`Error::InvalidArgument`] for a name that is none.
pub fn window_of(name: &str, len: usize) -> Result<Vec<f64>, Error> {
    let terms: &[f64] = match name {
        "hann" => &[0.5, -0.5],
        "hamming" => &[0.54, -0.46],
        "blackman" => &[0.42, -0.5, 0.08],
        "boxcar" => &[1.0],
        _ => {
            return Err(Error::invalid(format!(
                "window must be 'hann', 'hamming', 'blackman', 'boxcar' or a list of values, not '{name}'"
            )));
        }
    };
    // What a period of one value has in the middle, as in SciPy: a cosine has nothing at its end.
    if len == 1 {
        return Ok(vec![1.0]);
    }
    let value = |place: usize| {
        let turn = TAU * place as f64 / len as f64;
        let of_term = |(order, factor): (usize, &f64)| factor * (order as f64 * turn).cos();
        terms.iter().enumerate().map(of_term).sum()
    };
    Ok((0..len).map(value).collect())
}

/// Frames of `n_fft` samples, one every `hop`, each centred on its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Framing {
    n_fft: usize,
    hop: usize,
    /// As long as a frame.
    window: Vec<f64>,
    padding: Padding,
}

impl Framing {
    /// With a window that is no longer than a frame, and lies in its middle.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for frames of less than 2 or more than 16,777,216 samples, a hop of none, a window that is
    /// longer, or has no value, or one that is not finite.
    pub fn new(
        n_fft: usize,
        hop: usize,
        window: &[f64],
        padding: Padding,
    ) -> Result<Framing, Error> {
        if !(2..=MOST).contains(&n_fft) {
            return Err(Error::invalid(format!(
                "n_fft must be from 2 to {MOST}, not {n_fft}"
            )));
        }
        if hop == 0 {
            return Err(Error::invalid(
                "hop must be at least 1 sample, not 0".into(),
            ));
        }
        if window.is_empty() || window.len() > n_fft {
            return Err(Error::invalid(format!(
                "the window has {} values, and frames of {n_fft} samples take 1 to {n_fft}",
                window.len()
            )));
        }
        if let Some(value) = window.iter().find(|value| !value.is_finite()) {
            return Err(Error::invalid(format!(
                "the values of a window are finite numbers, not {value}"
            )));
        }
        let before = (n_fft - window.len()) / 2;
        let mut whole = vec![0.0; n_fft];
        whole[before..before + window.len()].copy_from_slice(window);
        Ok(Framing {
            n_fft,
            hop,
            window: whole,
            padding,
        })
    }

    /// Samples of a frame.
    pub fn n_fft(&self) -> usize {
        self.n_fft
    }

    /// Samples from one frame to the next.
    pub fn hop(&self) -> usize {
        self.hop
    }

    /// The window, as long as a frame.
    pub fn window(&self) -> &[f64] {
        &self.window
    }

    /// Numbers of a spectrum.
    pub fn bins(&self) -> usize {
        self.n_fft / 2 + 1
    }

    /// How many frames so many samples give: none of none.
    pub fn count(&self, samples: usize) -> usize {
        match samples {
            0 => 0,
            _ => 1 + (samples - self.n_fft % 2) / self.hop,
        }
    }

    fn require_padding(&self, samples: usize) -> Result<(), Error> {
        if self.padding == Padding::Reflect && samples > 0 && samples <= self.n_fft / 2 {
            return Err(Error::invalid(format!(
                "pad='reflect' with n_fft={} takes more than {} samples, not {samples}; pad='zeros' takes any",
                self.n_fft,
                self.n_fft / 2
            )));
        }
        Ok(())
    }

    /// Transforms all frames of all channels, and has `store` make `each` numbers of every spectrum: those of one frame
    /// after the other, channel by channel.
    ///
    /// # Errors
    /// Padding that the samples are too few for; [`Error::OutOfMemory`].
    pub fn run<T: Transformed, R: Send + Copy>(
        &self,
        access: &Access,
        samples: &Strided<'_>,
        (each, empty): (usize, R),
        store: impl Fn(&[Complex<T>], &mut [R]) + Sync,
    ) -> Result<Vec<R>, Error> {
        let layout = samples.layout();
        self.require_padding(layout.frames())?;
        let (count, channels) = (self.count(layout.frames()), layout.channels());
        let (Some(len), batches) = (
            count
                .checked_mul(each)
                .and_then(|one| one.checked_mul(channels)),
            count.div_ceil(BATCH),
        ) else {
            return Err(Error::OutOfMemory { bytes: usize::MAX });
        };
        let mut out = filled(len, empty)?;
        if len == 0 {
            return Ok(out);
        }
        let parts: Vec<Mutex<&mut [R]>> = (out.chunks_mut(count * each))
            .flat_map(|channel| channel.chunks_mut(BATCH * each).map(Mutex::new))
            .collect();
        let transform = Transform::<T>::of(self.n_fft);
        let window: Vec<T> = self.window.iter().map(|value| T::nearest(*value)).collect();
        let is_long = count.saturating_mul(self.n_fft) >= 1 << 18;
        let threads = if is_long { kernel::threads() } else { 1 };
        let done = kernel::in_order(parts.len(), 4, threads, |first, number| {
            let mut work = FrameWork::<T>::new(&transform, &window);
            for (index, part) in parts.iter().enumerate().skip(first).take(number) {
                let Ok(mut part) = part.lock() else { continue };
                let place = (index / batches, index % batches * BATCH);
                let frames = part.len() / each;
                self.batch(access, samples, place, frames, &mut work, |at, spectrum| {
                    store(spectrum, &mut part[at * each..][..each]);
                })?;
            }
            Ok(())
        });
        done.into_iter().collect::<Result<(), Error>>()?;
        drop(parts);
        Ok(out)
    }

    /// The spectra of `count` frames of a channel from one on.
    fn batch<T: Transformed>(
        &self,
        access: &Access,
        samples: &Strided<'_>,
        (channel, first): (usize, usize),
        count: usize,
        work: &mut FrameWork<'_, T>,
        mut store: impl FnMut(usize, &[Complex<T>]),
    ) -> Result<(), Error> {
        // Frames that lie apart are loaded one by one.
        let together = if self.hop < self.n_fft { count } else { 1 };
        for start in (0..count).step_by(together.max(1)) {
            let begin = (first + start) as i128 * self.hop as i128 - (self.n_fft / 2) as i128;
            work.samples.resize(
                (together - 1) * self.hop.min(self.n_fft) + self.n_fft,
                T::zero(),
            );
            self.load(access, samples, channel, begin, &mut work.samples)?;
            for at in 0..together {
                let frame = &work.samples[at * self.hop.min(self.n_fft)..][..self.n_fft];
                let factors = frame.iter().zip(work.window);
                for (out, (sample, factor)) in work.frame.iter_mut().zip(factors) {
                    *out = *sample * *factor;
                }
                work.transform
                    .forward(&mut work.frame, &mut work.spectrum, &mut work.scratch);
                store(start + at, &work.spectrum);
            }
        }
        Ok(())
    }

    /// The samples from `begin` on, which may lie before the first and behind the last.
    fn load<T: Transformed>(
        &self,
        access: &Access,
        samples: &Strided<'_>,
        channel: usize,
        begin: i128,
        out: &mut [T],
    ) -> Result<(), Error> {
        let frames = samples.layout().frames();
        let place = |at: i128| usize::try_from(at.clamp(0, frames as i128)).unwrap_or(frames);
        let (from, to) = (place(begin), place(begin + out.len() as i128));
        let before = usize::try_from(-begin).unwrap_or(0).min(out.len());
        out.fill(T::zero());
        let inside = &mut out[before..][..to.saturating_sub(from)];
        load_row(
            access,
            &samples.take_frames(from, inside.len())?,
            channel,
            inside,
        );
        if self.padding == Padding::Zeros {
            return Ok(());
        }
        let mut one = [T::zero()];
        for (at, sample) in out.iter_mut().enumerate() {
            let place = begin + at as i128;
            let last = frames as i128 - 1;
            let mirrored = match place {
                ..0 => -place,
                place if place > last => 2 * last - place,
                _ => continue,
            };
            let Ok(mirrored) = usize::try_from(mirrored) else {
                continue;
            };
            load_row(
                access,
                &samples.take_frames(mirrored, 1)?,
                channel,
                &mut one,
            );
            *sample = one[0];
        }
        Ok(())
    }
}

/// What a thread has for frames.
struct FrameWork<'w, T: Transformed> {
    transform: &'w Transform<T>,
    window: &'w [T],
    samples: Vec<T>,
    frame: Vec<T>,
    spectrum: Vec<Complex<T>>,
    scratch: TransformScratch<T>,
}

impl<'w, T: Transformed> FrameWork<'w, T> {
    fn new(transform: &'w Transform<T>, window: &'w [T]) -> FrameWork<'w, T> {
        FrameWork {
            transform,
            window,
            samples: Vec::new(),
            frame: vec![T::zero(); transform.len()],
            spectrum: vec![Complex::new(T::zero(), T::zero()); transform.bins()],
            scratch: transform.scratch(),
        }
    }
}
