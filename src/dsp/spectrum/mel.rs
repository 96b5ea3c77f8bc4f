//! Bands that are as wide as the ear hears them.
//!
//! The scales are that of Slaney's Auditory Toolbox (Interval Technical Report 1998-010) and that of the HTK book.

use std::str::FromStr;

use crate::error::Error;
use crate::kernel::planes::Real;

/// How pitch follows frequency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MelScale {
    /// Linear up to 1 kHz, logarithmic above.
    #[default]
    Slaney,
    /// `2595 log10(1 + f / 700)`.
    Htk,
}

impl FromStr for MelScale {
    type Err = Error;

    fn from_str(name: &str) -> Result<MelScale, Error> {
        match name {
            "slaney" => Ok(MelScale::Slaney),
            "htk" => Ok(MelScale::Htk),
            _ => Err(Error::invalid(format!(
                "scale must be 'slaney' or 'htk', not '{name}'"
            ))),
        }
    }
}

/// Hertz of a step below 1 kHz, and the natural logarithm of one above: 27 steps for a factor of 6.4.
const LINEAR: f64 = 200.0 / 3.0;
const KNEE_HERTZ: f64 = 1000.0;
const KNEE_MELS: f64 = KNEE_HERTZ / LINEAR;

fn steep() -> f64 {
    6.4_f64.ln() / 27.0
}

impl MelScale {
    fn mels(self, hertz: f64) -> f64 {
        match self {
            MelScale::Htk => 2595.0 * (1.0 + hertz / 700.0).log10(),
            MelScale::Slaney if hertz >= KNEE_HERTZ => {
                KNEE_MELS + (hertz / KNEE_HERTZ).ln() / steep()
            }
            MelScale::Slaney => hertz / LINEAR,
        }
    }

    fn hertz(self, mels: f64) -> f64 {
        match self {
            MelScale::Htk => 700.0 * (10_f64.powf(mels / 2595.0) - 1.0),
            MelScale::Slaney if mels >= KNEE_MELS => {
                KNEE_HERTZ * (steep() * (mels - KNEE_MELS)).exp()
            }
            MelScale::Slaney => LINEAR * mels,
        }
    }
}

/// Which bands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MelBands {
    /// How many.
    pub count: usize,
    /// The lowest and the highest frequency.
    pub hertz: (f64, f64),
    /// Where they lie.
    pub scale: MelScale,
    /// Whether the area under each is 1 rather than its height.
    pub has_unit_area: bool,
}

/// Triangles over the bins of a spectrum: of each, the first bin and the weights from there on.
pub struct MelBank<T> {
    bands: Vec<(usize, Vec<T>)>,
}

impl<T: Real> MelBank<T> {
    /// Over the bins of transforms of `n_fft` samples at a rate.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for no band, or more than bins; frequencies that are not between 0 and half the rate, the
    /// lower first.
    pub fn new(bands: &MelBands, n_fft: usize, rate: f64) -> Result<MelBank<T>, Error> {
        let (low, high) = bands.hertz;
        let bins = n_fft / 2 + 1;
        if bands.count == 0 || bands.count > bins {
            return Err(Error::invalid(format!(
                "n_mels must be from 1 to the {bins} bins of n_fft={n_fft}, not {}",
                bands.count
            )));
        }
        if !(0.0 <= low && low < high && high <= rate / 2.0) {
            return Err(Error::invalid(format!(
                "fmin and fmax must go up from 0 to half the rate, {} Hz, not from {low} to {high}",
                rate / 2.0
            )));
        }
        let (first, last) = (bands.scale.mels(low), bands.scale.mels(high));
        let pace = (last - first) / (bands.count + 1) as f64;
        let corner = |at: usize| bands.scale.hertz(first + pace * at as f64);
        let band = |at: usize| {
            let (left, middle, right) = (corner(at), corner(at + 1), corner(at + 2));
            let height = match bands.has_unit_area {
                true => 2.0 / (right - left),
                false => 1.0,
            };
            let weight = |bin: usize| {
                let hertz = bin as f64 * rate / n_fft as f64;
                let up = (hertz - left) / (middle - left);
                let down = (right - hertz) / (right - middle);
                up.min(down).max(0.0) * height
            };
            // No bin before the left corner is inside, nor one behind the right: bands as many as bins would else take
            // a time by the square of both.
            let place = |hertz: f64| ((hertz * n_fft as f64 / rate) as usize).min(bins);
            let mut near = place(left).saturating_sub(1)..(place(right) + 2).min(bins);
            let begin = near.find(|bin| weight(*bin) > 0.0).unwrap_or(0);
            let weights = (begin..bins).map(weight).take_while(|weight| *weight > 0.0);
            (begin, weights.map(T::nearest).collect())
        };
        Ok(MelBank {
            bands: (0..bands.count).map(band).collect(),
        })
    }

    /// How many bands.
    pub fn len(&self) -> usize {
        self.bands.len()
    }

    /// The sums of what lies in each band.
    pub fn sums(&self, bins: &[T], out: &mut [T]) {
        for ((begin, weights), out) in self.bands.iter().zip(out) {
            *out = dot(&bins[*begin..][..weights.len()], weights);
        }
    }
}

/// The sum of products: in lanes, and then of the rest.
#[inline]
fn dot<T: Real>(bins: &[T], weights: &[T]) -> T {
    const LANES: usize = 4;
    let zero = T::nearest(0.0);
    let (some, others) = (bins.as_chunks::<LANES>(), weights.as_chunks::<LANES>());
    let [mut a, mut b, mut c, mut d] = [zero; LANES];
    for (bins, weights) in some.0.iter().zip(others.0) {
        a = a + bins[0] * weights[0];
        b = b + bins[1] * weights[1];
        c = c + bins[2] * weights[2];
        d = d + bins[3] * weights[3];
    }
    let rest = some.1.iter().zip(others.1);
    rest.fold((a + b) + (c + d), |sum, (bin, weight)| sum + *bin * *weight)
}
