//! Spectra of audio over time, and the way back.
//!
//! Frame `t` is centred on sample `t * hop`; a spectrum has `n_fft / 2 + 1` bins, and is not scaled. The frames of a
//! channel lie one after the other, each with its bins together.
//!
//! ```text
//!   framing   audio into frames, through the transform, on all threads
//!   mel       bins into bands
//!   inverse   frames into audio
//!   welch     the mean of all frames, as a density
//! ```

mod framing;
mod inverse;
mod mel;
mod welch;

pub use framing::{Framing, Padding, window_of};
pub use inverse::overlap_added;
pub use mel::{MelBands, MelScale};
pub use realfft::num_complex::Complex;

use crate::audio::{Audio, Wait};
use crate::dsp::fft::Transformed;
use crate::dtype::Dtype;
use crate::error::Error;
use crate::registry::Mode;
use crate::view::access_to;
use mel::MelBank;

/// Numbers in float32, of float32 audio, or in float64, of all other.
#[derive(Clone, Debug, PartialEq)]
pub enum InType<S, D> {
    /// Of float32 audio.
    Single(Vec<S>),
    /// Of all other audio.
    Double(Vec<D>),
}

/// The spectra of frames.
pub type Spectra = InType<Complex<f32>, Complex<f64>>;
/// What was made of the bins of frames.
pub type Intensities = InType<f32, f64>;

/// What is made of the bins of a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Intensity {
    /// The exponent of the magnitude: 1 for magnitudes, 2 for powers.
    pub power: f64,
    /// Sums by bands.
    pub bands: Option<MelBands>,
    /// Whether it is in decibels, `10 log10`, of at least -100.
    pub in_decibels: bool,
}

impl Audio {
    /// The spectra of all frames.
    ///
    /// # Errors
    /// As [`Framing::run`]; samples that are borrowed for writing.
    pub fn spectra(&self, framing: &Framing, wait: Wait<'_>) -> Result<Spectra, Error> {
        let own = self.samples().strided();
        let claims = [own.claim(Mode::Read)];
        access_to(&own, &claims, wait.lock, wait.until, |access| {
            let each = framing.bins();
            match own.dtype() {
                Dtype::Float32 => {
                    let empty = Complex::new(0.0_f32, 0.0);
                    let run = framing.run(access, &own, (each, empty), |bins, out| {
                        out.copy_from_slice(bins);
                    });
                    run.map(InType::Single)
                }
                _ => {
                    let empty = Complex::new(0.0_f64, 0.0);
                    let run = framing.run(access, &own, (each, empty), |bins, out| {
                        out.copy_from_slice(bins);
                    });
                    run.map(InType::Double)
                }
            }
        })?
    }

    /// What `intensity` makes of the spectra of all frames. No more than a frame of them is in memory for each thread.
    ///
    /// # Errors
    /// As [`Audio::spectra`]; a power that is not above 0; bands that do not fit.
    pub fn intensities(
        &self,
        framing: &Framing,
        intensity: &Intensity,
        wait: Wait<'_>,
    ) -> Result<Intensities, Error> {
        if !intensity.power.is_finite() || intensity.power <= 0.0 {
            return Err(Error::invalid(format!(
                "power must be a number above 0, such as 2 for power or 1 for magnitude, not {}",
                intensity.power
            )));
        }
        match self.dtype() {
            Dtype::Float32 => self
                .intensities_in(framing, intensity, wait)
                .map(InType::Single),
            _ => self
                .intensities_in(framing, intensity, wait)
                .map(InType::Double),
        }
    }

    fn intensities_in<T: Transformed>(
        &self,
        framing: &Framing,
        intensity: &Intensity,
        wait: Wait<'_>,
    ) -> Result<Vec<T>, Error> {
        let rate = f64::from(self.rate().hertz());
        let bank = intensity.bands.as_ref();
        let bank = bank.map(|bands| MelBank::<T>::new(bands, framing.n_fft(), rate));
        let bank = bank.transpose()?;
        let each = bank.as_ref().map_or(framing.bins(), MelBank::len);
        let own = self.samples().strided();
        let claims = [own.claim(Mode::Read)];
        access_to(&own, &claims, wait.lock, wait.until, |access| {
            framing.run::<T, T>(access, &own, (each, T::zero()), |bins, out| {
                match &bank {
                    None => powers(bins, intensity.power, out),
                    Some(bank) => {
                        let mut all = vec![T::zero(); bins.len()];
                        powers(bins, intensity.power, &mut all);
                        bank.sums(&all, out);
                    }
                }
                if intensity.in_decibels {
                    for value in out {
                        *value = T::nearest(decibels(value.to_f64()));
                    }
                }
            })
        })?
    }
}

/// The magnitudes to a power.
fn powers<T: Transformed>(bins: &[Complex<T>], power: f64, out: &mut [T]) {
    for (out, bin) in out.iter_mut().zip(bins) {
        let square = bin.re * bin.re + bin.im * bin.im;
        *out = if power == 2.0 {
            square
        } else if power == 1.0 {
            T::nearest(square.to_f64().sqrt())
        } else {
            T::nearest(square.to_f64().powf(power / 2.0))
        };
    }
}

/// `10 log10`, of at least -100; NaN stays.
fn decibels(value: f64) -> f64 {
    const LEAST: f64 = 1e-10;
    let kept = if value < LEAST { LEAST } else { value };
    10.0 * kept.log10()
}
