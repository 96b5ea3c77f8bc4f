//! Filters of the classical kinds: an analogue low-pass, brought to the band, and to the digital plane.
//!
//! The steps and the figures are those of SciPy's `iirfilter(..., output="sos")`: prototypes by their poles and zeros, the
//! band by substitution, the bilinear transformation with its edges in place, and poles paired with the nearest zeros.

use std::f64::consts::PI;
use std::str::FromStr;

use realfft::num_complex::Complex;

use super::roots::{Point, Roots, product};
use super::{Sections, elliptic, pairing};
use crate::audio::SampleRate;
use crate::error::Error;

/// What of the band passes, by its edges in Hz.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Band {
    /// Below an edge.
    Below(f64),
    /// Above an edge.
    Above(f64),
    /// Between two edges.
    Between(f64, f64),
    /// All but what is between two edges.
    Without(f64, f64),
}

/// The kind of a filter.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Butterworth,
    Chebyshev1 { ripple: f64 },
    Chebyshev2 { attenuation: f64 },
    Elliptic { ripple: f64, attenuation: f64 },
    Bessel,
}

/// A filter by what it lets pass, how steeply, and by which kind of curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Response {
    kind: Kind,
    band: Band,
    order: usize,
}

/// The highest order: beyond it the roots lie too close for float64.
const MOST: usize = 24;

impl Response {
    /// As flat as it can be in the pass band; 3.01 dB down at the edges.
    pub fn butterworth(band: Band, order: usize) -> Response {
        let kind = Kind::Butterworth;
        Response { kind, band, order }
    }

    /// The kind of that name: `butterworth`, `chebyshev1` (which needs a ripple in dB), `chebyshev2` (an attenuation in dB),
    /// `elliptic` (both) or `bessel`.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for another name; for decibels that the kind needs and does not have, has and does not
    /// need, or that are not above 0.
    pub fn named(
        name: &str,
        band: Band,
        order: usize,
        ripple: Option<f64>,
        attenuation: Option<f64>,
    ) -> Result<Response, Error> {
        let kind = match (KindName::from_str(name)?, ripple, attenuation) {
            (KindName::Butterworth, None, None) => Kind::Butterworth,
            (KindName::Bessel, None, None) => Kind::Bessel,
            (KindName::Chebyshev1, Some(ripple), None) => Kind::Chebyshev1 { ripple },
            (KindName::Chebyshev2, None, Some(attenuation)) => Kind::Chebyshev2 { attenuation },
            (KindName::Elliptic, Some(ripple), Some(attenuation)) => Kind::Elliptic {
                ripple,
                attenuation,
            },
            _ => {
                return Err(Error::invalid(format!(
                    "a filter of kind '{name}' takes {}",
                    match name {
                        "chebyshev1" => "ripple_db= and no attenuation_db=",
                        "chebyshev2" => "attenuation_db= and no ripple_db=",
                        "elliptic" => "ripple_db= and attenuation_db=",
                        _ => "neither ripple_db= nor attenuation_db=",
                    }
                )));
            }
        };
        for (what, db) in [("ripple_db", ripple), ("attenuation_db", attenuation)] {
            if let Some(db) = db
                && !(db > 0.0 && db < 1000.0)
            {
                return Err(Error::invalid(format!(
                    "{what} must be above 0 and below 1000, not {db}"
                )));
            }
        }
        if let (Some(ripple), Some(attenuation)) = (ripple, attenuation)
            && ripple >= attenuation
        {
            return Err(Error::invalid(format!(
                "a ripple of {ripple} dB is no less than the attenuation of {attenuation} dB"
            )));
        }
        Ok(Response { kind, band, order })
    }

    /// The sections at a sample rate.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for an order of 0 or more than 24, and edges that are not between 0 and half the rate, or
    /// do not go up.
    pub fn sections(&self, rate: SampleRate) -> Result<Sections, Error> {
        if self.order == 0 || self.order > MOST {
            return Err(Error::invalid(format!(
                "the order of a filter is from 1 to {MOST}, not {}",
                self.order
            )));
        }
        let edges = match self.band {
            Band::Below(edge) | Band::Above(edge) => [edge, edge],
            Band::Between(low, high) | Band::Without(low, high) => [low, high],
        };
        let half = f64::from(rate.hertz()) / 2.0;
        for edge in edges {
            require_frequency(edge, rate)?;
        }
        if matches!(self.band, Band::Between(..) | Band::Without(..)) && edges[0] >= edges[1] {
            return Err(Error::invalid(format!(
                "the edges of a band go up, and {} Hz is not below {} Hz",
                edges[0], edges[1]
            )));
        }
        // Where the bilinear transformation of a rate of 2 puts the edges.
        let [low, high] = edges.map(|edge| 4.0 * (PI * edge / half / 2.0).tan());
        let prototype = self.prototype();
        let roots = match self.band {
            Band::Below(_) => prototype.to_lowpass(low),
            Band::Above(_) => prototype.to_highpass(low),
            Band::Between(..) => prototype.to_bandpass((low * high).sqrt(), high - low),
            Band::Without(..) => prototype.to_bandstop((low * high).sqrt(), high - low),
        };
        Sections::new(pairing::sections(roots.bilinear()))
    }

    /// The low-pass whose edge is at 1 radian a second.
    fn prototype(&self) -> Roots {
        let order = self.order;
        match self.kind {
            Kind::Butterworth => Roots {
                zeros: Vec::new(),
                poles: odd_steps(order).map(|angle| -turn(angle)).collect(),
                gain: 1.0,
            },
            Kind::Chebyshev1 { ripple } => chebyshev1(order, ripple),
            Kind::Chebyshev2 { attenuation } => chebyshev2(order, attenuation),
            Kind::Elliptic {
                ripple,
                attenuation,
            } => elliptic::prototype(order, ripple, attenuation),
            Kind::Bessel => bessel(order),
        }
    }
}

/// The names of the kinds.
#[derive(Clone, Copy)]
enum KindName {
    Butterworth,
    Chebyshev1,
    Chebyshev2,
    Elliptic,
    Bessel,
}

impl FromStr for KindName {
    type Err = Error;

    fn from_str(name: &str) -> Result<KindName, Error> {
        match name {
            "butterworth" => Ok(KindName::Butterworth),
            "chebyshev1" => Ok(KindName::Chebyshev1),
            "chebyshev2" => Ok(KindName::Chebyshev2),
            "elliptic" => Ok(KindName::Elliptic),
            "bessel" => Ok(KindName::Bessel),
            _ => Err(Error::invalid(format!(
                "kind must be 'butterworth', 'chebyshev1', 'chebyshev2', 'elliptic' or 'bessel', not '{name}'"
            ))),
        }
    }
}

/// An error unless a frequency lies between 0 and half the sample rate.
///
/// # Errors
/// [`Error::InvalidArgument`].
pub fn require_frequency(hertz: f64, rate: SampleRate) -> Result<(), Error> {
    let half = f64::from(rate.hertz()) / 2.0;
    if hertz > 0.0 && hertz < half {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "a frequency is above 0 and below half the sample rate, which is {half} Hz, not {hertz} Hz"
    )))
}

/// The angles `pi m / (2 order)` for m from `1 - order` to `order - 1` in steps of 2.
fn odd_steps(order: usize) -> impl Iterator<Item = f64> {
    (0..order).map(move |step| {
        let m = 2.0 * step as f64 + 1.0 - order as f64;
        PI * m / (2.0 * order as f64)
    })
}

fn turn(angle: f64) -> Point {
    Complex::from_polar(1.0, angle)
}

fn chebyshev1(order: usize, ripple: f64) -> Roots {
    let epsilon = (10_f64.powf(0.1 * ripple) - 1.0).sqrt();
    let mu = (1.0 / epsilon).asinh() / order as f64;
    let poles: Vec<Point> = odd_steps(order)
        .map(|angle| -Complex::new(mu, angle).sinh())
        .collect();
    let mut gain = product(&poles).re;
    if order.is_multiple_of(2) {
        gain /= (1.0 + epsilon * epsilon).sqrt();
    }
    Roots {
        zeros: Vec::new(),
        poles,
        gain,
    }
}

fn chebyshev2(order: usize, attenuation: f64) -> Roots {
    let delta = 1.0 / (10_f64.powf(0.1 * attenuation) - 1.0).sqrt();
    let mu = (1.0 / delta).asinh() / order as f64;
    // The zero of the angle 0 lies at infinity.
    let zeros: Vec<Point> = odd_steps(order)
        .filter(|angle| *angle != 0.0)
        .map(|angle| Complex::new(0.0, 1.0 / angle.sin()))
        .collect();
    let poles: Vec<Point> = odd_steps(order)
        .map(|angle| {
            let pole = -turn(angle);
            Complex::new(mu.sinh() * pole.re, mu.cosh() * pole.im).inv()
        })
        .collect();
    let gain = (product(&poles) / product(&zeros)).re;
    Roots { zeros, poles, gain }
}

/// The roots of the reverse Bessel polynomial, scaled so that the phase at the edge is that of a Butterworth filter.
fn bessel(order: usize) -> Roots {
    // a(k) = (2n - k)! / (2^(n - k) k! (n - k)!), from the highest power, which is 1, downwards.
    let mut coefficients = vec![1.0_f64];
    for k in (0..order).rev() {
        let (n, k) = (order as f64, k as f64);
        let ratio = (2.0 * n - k) * (k + 1.0) / (2.0 * (n - k));
        let last = coefficients[coefficients.len() - 1];
        coefficients.push(last * ratio);
    }
    let scale = coefficients[order].powf(1.0 / order as f64);
    // In units of the scale all roots are near 1, and so are the coefficients' own.
    let mut power = 1.0;
    for coefficient in &mut coefficients {
        *coefficient /= power;
        power *= scale;
    }
    let poles = roots_of(&coefficients);
    Roots {
        zeros: Vec::new(),
        poles,
        gain: 1.0,
    }
}

/// The roots of a polynomial whose highest coefficient is 1, all at once (Aberth, Mathematics of Computation 27, 1973).
fn roots_of(coefficients: &[f64]) -> Vec<Point> {
    let order = coefficients.len() - 1;
    let mut roots: Vec<Point> = (0..order)
        .map(|k| Complex::from_polar(1.0, 2.0 * PI * (k as f64 + 0.35) / order as f64 + 0.1))
        .collect();
    for _ in 0..200 {
        let mut largest = 0.0_f64;
        for k in 0..order {
            let (mut value, mut slope) = (Complex::new(0.0, 0.0), Complex::new(0.0, 0.0));
            for coefficient in coefficients {
                slope = slope * roots[k] + value;
                value = value * roots[k] + coefficient;
            }
            let newton = value / slope;
            let others: Point = (0..order)
                .filter(|other| *other != k)
                .map(|other| (roots[k] - roots[other]).inv())
                .sum();
            let change = newton / (Complex::new(1.0, 0.0) - newton * others);
            roots[k] -= change;
            largest = largest.max(change.norm());
        }
        if largest < 1e-16 {
            break;
        }
    }
    // Roots of a real polynomial come in pairs: both of a pair are made of the upper.
    let mut paired: Vec<Point> = Vec::with_capacity(order);
    for root in &roots {
        if root.im > 1e-9 {
            paired.extend([*root, root.conj()]);
        } else if root.im.abs() <= 1e-9 {
            paired.push(Complex::new(root.re, 0.0));
        }
    }
    paired
}
