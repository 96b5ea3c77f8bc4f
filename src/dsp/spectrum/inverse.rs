//! From the spectra of frames back to audio.

use realfft::num_complex::Complex;

use super::Framing;
use crate::dsp::fft::{Transform, Transformed};
use crate::error::Error;
use crate::kernel::planes::filled;

/// The audio of one channel, of so many samples, from spectra one after the other: each transformed back, windowed again,
/// added where it lies and divided by the sum of the squares of the windows (Griffin and Lim, IEEE Trans. ASSP 32, 1984).
/// Where no window reaches there is silence.
///
/// # Errors
/// [`Error::OutOfMemory`].
pub fn overlap_added<T: Transformed>(
    spectra: &[Complex<T>],
    framing: &Framing,
    samples: usize,
) -> Result<Vec<T>, Error> {
    let (mut sum, mut weights) = (filled(samples, T::zero())?, filled(samples, T::zero())?);
    let transform = Transform::<T>::of(framing.n_fft());
    let mut scratch = transform.scratch();
    let mut bins = vec![Complex::new(T::zero(), T::zero()); framing.bins()];
    let mut frame = vec![T::zero(); framing.n_fft()];
    let scale = 1.0 / framing.n_fft() as f64;
    let half = framing.n_fft() / 2;
    let window: Vec<T> = framing
        .window()
        .iter()
        .map(|value| T::nearest(*value))
        .collect();
    for (number, spectrum) in spectra.chunks_exact(framing.bins()).enumerate() {
        bins.copy_from_slice(spectrum);
        transform.inverse(&mut bins, &mut frame, &mut scratch);
        let Some(centre) = number.checked_mul(framing.hop()) else {
            break;
        };
        // The part of the frame that lies within the audio.
        let (begin, skipped) = (centre.saturating_sub(half), half.saturating_sub(centre));
        if begin >= samples {
            break;
        }
        let inside = frame[skipped..].iter().zip(&window[skipped..]);
        let targets = sum[begin..].iter_mut().zip(&mut weights[begin..]);
        for ((sample, factor), (sum, weight)) in inside.zip(targets) {
            *sum = *sum + sample.times(scale) * *factor;
            *weight = *weight + *factor * *factor;
        }
    }
    for (sample, weight) in sum.iter_mut().zip(&weights) {
        if weight.to_f64() > 1e-30 {
            *sample = T::nearest(sample.to_f64() / weight.to_f64());
        }
    }
    Ok(sum)
}
