//! Power spectral density: the mean of the spectra of overlapping segments (Welch, IEEE Trans. AU 15, 1967).

use realfft::num_complex::Complex;

use super::framing::window_of;
use crate::audio::{Audio, Wait};
use crate::dsp::fft::Transform;
use crate::error::Error;
use crate::kernel::planes::load_row;
use crate::registry::Mode;
use crate::view::access_to;

impl Audio {
    /// The density of each channel, from 0 Hz to half the rate, in full scale squared per hertz. Segments of `n_fft` samples
    /// (of all there are, where those are fewer) overlap by half; the mean of each is taken away.
    ///
    /// # Errors
    /// Segments of less than 2 or more than 16,777,216 samples; samples that are borrowed for writing.
    pub fn density(
        &self,
        n_fft: usize,
        window: &str,
        wait: Wait<'_>,
    ) -> Result<Vec<Vec<f64>>, Error> {
        const MOST: usize = 1 << 24;
        if !(2..=MOST).contains(&n_fft) {
            return Err(Error::invalid(format!(
                "n_fft must be from 2 to {MOST}, not {n_fft}"
            )));
        }
        let frames = self.layout().frames();
        let len = n_fft.min(frames);
        let window = window_of(window, len)?;
        if len == 0 {
            return Ok(vec![Vec::new(); self.layout().channels()]);
        }
        let squares: f64 = window.iter().map(|value| value * value).sum();
        let scale = 1.0 / (f64::from(self.rate().hertz()) * squares);
        let step = len - len / 2;
        let transform = Transform::<f64>::of(len);
        let own = self.samples().strided();
        let claims = [own.claim(Mode::Read)];
        access_to(&own, &claims, wait.lock, wait.until, |access| {
            let mut scratch = transform.scratch();
            let mut segment = vec![0.0; len];
            let mut bins = vec![Complex::new(0.0, 0.0); transform.bins()];
            let mut of_channel = |channel: usize| {
                let (mut sums, mut count) = (vec![0.0; transform.bins()], 0.0);
                let mut start = 0;
                while start + len <= frames {
                    load_row(access, &own.take_frames(start, len)?, channel, &mut segment);
                    let mean = segment.iter().sum::<f64>() / len as f64;
                    for (sample, factor) in segment.iter_mut().zip(&window) {
                        *sample = (*sample - mean) * factor;
                    }
                    transform.forward(&mut segment, &mut bins, &mut scratch);
                    for (sum, bin) in sums.iter_mut().zip(&bins) {
                        *sum += bin.norm_sqr();
                    }
                    (start, count) = (start + step, count + 1.0);
                }
                let last = if len.is_multiple_of(2) { len / 2 } else { len };
                let sided = |bin: usize| if bin == 0 || bin == last { 1.0 } else { 2.0 };
                let means = sums.iter().enumerate();
                Ok(means
                    .map(|(bin, sum)| sum / count * scale * sided(bin))
                    .collect())
            };
            (0..own.layout().channels()).map(&mut of_channel).collect()
        })?
    }
}
