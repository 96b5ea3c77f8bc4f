//! Sections for single bands, by their frequency, gain and width (Bristow-Johnson, Cookbook formulae for audio equalizer
//! biquad filter coefficients).

use std::f64::consts::PI;

use super::Sections;
use super::design::require_frequency;
use crate::audio::SampleRate;
use crate::error::Error;

/// One band of an equalizer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Equal {
    /// Up or down around a frequency.
    Peaking {
        /// In Hz.
        hertz: f64,
        /// At the frequency, in dB.
        gain: f64,
        /// Frequency by bandwidth.
        q: f64,
    },
    /// Up or down below a frequency, where it is half of that in dB.
    LowShelf {
        /// In Hz.
        hertz: f64,
        /// At 0 Hz, in dB.
        gain: f64,
        /// How steep; 0.7071 is as steep as it goes without a bump.
        q: f64,
    },
    /// Up or down above a frequency.
    HighShelf {
        /// In Hz.
        hertz: f64,
        /// At half the sample rate, in dB.
        gain: f64,
        /// As for [`Equal::LowShelf`].
        q: f64,
    },
    /// One frequency taken out.
    Notch {
        /// In Hz.
        hertz: f64,
        /// Frequency by the bandwidth at 3 dB.
        q: f64,
    },
}

impl Equal {
    /// Its section.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a frequency that is not between 0 and half the rate, a width that is not above 0, a
    /// gain that is not finite.
    pub fn section(self, rate: SampleRate) -> Result<[f64; 6], Error> {
        let (hertz, gain, q) = match self {
            Equal::Peaking { hertz, gain, q }
            | Equal::LowShelf { hertz, gain, q }
            | Equal::HighShelf { hertz, gain, q } => (hertz, gain, q),
            Equal::Notch { hertz, q } => (hertz, 0.0, q),
        };
        require_frequency(hertz, rate)?;
        if !(q > 0.0 && q.is_finite()) {
            return Err(Error::invalid(format!("q must be above 0, not {q}")));
        }
        if gain.is_nan() || gain.abs() > 200.0 {
            return Err(Error::invalid(format!(
                "the gain of a band is from -200 to 200 dB, not {gain}"
            )));
        }
        let angle = 2.0 * PI * hertz / f64::from(rate.hertz());
        let (sine, cosine) = angle.sin_cos();
        let a = 10_f64.powf(gain / 40.0);
        let alpha = sine / (2.0 * q);
        let [b0, b1, b2, a0, a1, a2] = match self {
            Equal::Peaking { .. } => [
                1.0 + alpha * a,
                -2.0 * cosine,
                1.0 - alpha * a,
                1.0 + alpha / a,
                -2.0 * cosine,
                1.0 - alpha / a,
            ],
            Equal::LowShelf { .. } => shelf(a, cosine, alpha),
            Equal::HighShelf { .. } => {
                let [b0, b1, b2, a0, a1, a2] = shelf(a, -cosine, alpha);
                [b0, -b1, b2, a0, -a1, a2]
            }
            Equal::Notch { .. } => {
                // The band at 3 dB is exactly the frequency by q: the bilinear transformation moves neither edge.
                let width = (angle / q / 2.0).tan();
                let top = 1.0 / (1.0 + width);
                let middle = -2.0 * top * cosine;
                [top, middle, top, 1.0, middle, 2.0 * top - 1.0]
            }
        };
        Ok([b0 / a0, b1 / a0, b2 / a0, 1.0, a1 / a0, a2 / a0])
    }
}

/// The low shelf; the high one is its mirror image.
fn shelf(a: f64, cosine: f64, alpha: f64) -> [f64; 6] {
    let bend = 2.0 * a.sqrt() * alpha;
    let (up, down) = (a + 1.0, a - 1.0);
    [
        a * (up - down * cosine + bend),
        2.0 * a * (down - up * cosine),
        a * (up - down * cosine - bend),
        up + down * cosine + bend,
        -2.0 * (down + up * cosine),
        up + down * cosine - bend,
    ]
}

impl Sections {
    /// Some bands, one after the other.
    ///
    /// # Errors
    /// As [`Equal::section`]; [`Error::InvalidArgument`] for no band.
    pub fn equalizer(bands: &[Equal], rate: SampleRate) -> Result<Sections, Error> {
        let sections = bands.iter().map(|band| band.section(rate));
        Sections::new(sections.collect::<Result<_, _>>()?)
    }

    /// `y[n] = x[n] - coefficient * x[n - 1]`: the highs of speech up.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a coefficient that is not from 0 to 1.
    pub fn preemphasis(coefficient: f64) -> Result<Sections, Error> {
        if !(0.0..=1.0).contains(&coefficient) {
            return Err(Error::invalid(format!(
                "the coefficient of a pre-emphasis is from 0 to 1, not {coefficient}"
            )));
        }
        Sections::new(vec![[1.0, -coefficient, 0.0, 1.0, 0.0, 0.0]])
    }
}
