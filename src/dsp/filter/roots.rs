//! Filters by their poles and zeros, and what moves these from band to band and into the digital plane.

use realfft::num_complex::Complex;

/// A pole or a zero.
pub type Point = Complex<f64>;

/// Poles, zeros and a factor.
#[derive(Clone, Debug)]
pub struct Roots {
    pub zeros: Vec<Point>,
    pub poles: Vec<Point>,
    pub gain: f64,
}

/// The product of the numbers turned about 0.
pub fn product(roots: &[Point]) -> Point {
    roots
        .iter()
        .fold(Complex::new(1.0, 0.0), |all, root| all * -root)
}

impl Roots {
    fn degree(&self) -> usize {
        self.poles.len() - self.zeros.len()
    }

    /// With the edge at so many radians a second.
    pub fn to_lowpass(&self, edge: f64) -> Roots {
        let scaled = |roots: &[Point]| roots.iter().map(|root| root * edge).collect();
        Roots {
            zeros: scaled(&self.zeros),
            poles: scaled(&self.poles),
            gain: self.gain * edge.powi(self.degree() as i32),
        }
    }

    /// Turned about the edge.
    pub fn to_highpass(&self, edge: f64) -> Roots {
        let turned = |roots: &[Point]| roots.iter().map(|root| edge / root).collect::<Vec<_>>();
        let mut zeros = turned(&self.zeros);
        zeros.extend(vec![Complex::new(0.0, 0.0); self.degree()]);
        Roots {
            zeros,
            poles: turned(&self.poles),
            gain: self.gain * (product(&self.zeros) / product(&self.poles)).re,
        }
    }

    /// Around a centre, so wide.
    pub fn to_bandpass(&self, centre: f64, width: f64) -> Roots {
        let spread = |roots: &[Point]| {
            let scaled = roots.iter().map(|root| root * (width / 2.0));
            both_sides(scaled, centre)
        };
        let mut zeros = spread(&self.zeros);
        zeros.extend(vec![Complex::new(0.0, 0.0); self.degree()]);
        Roots {
            zeros,
            poles: spread(&self.poles),
            gain: self.gain * width.powi(self.degree() as i32),
        }
    }

    /// Without what is around a centre.
    pub fn to_bandstop(&self, centre: f64, width: f64) -> Roots {
        let spread = |roots: &[Point]| {
            let turned = roots.iter().map(|root| (width / 2.0) / root);
            both_sides(turned, centre)
        };
        let mut zeros = spread(&self.zeros);
        zeros.extend(vec![Complex::new(0.0, centre); self.degree()]);
        zeros.extend(vec![Complex::new(0.0, -centre); self.degree()]);
        Roots {
            zeros,
            poles: spread(&self.poles),
            gain: self.gain * (product(&self.zeros) / product(&self.poles)).re,
        }
    }

    /// The bilinear transformation for a rate of 2.
    pub fn bilinear(&self) -> Roots {
        const TWICE: f64 = 4.0;
        let across = |root: &Point| (TWICE + root) / (TWICE - root);
        let mut zeros: Vec<Point> = self.zeros.iter().map(across).collect();
        zeros.extend(vec![Complex::new(-1.0, 0.0); self.degree()]);
        let from = |roots: &[Point]| {
            let distances = roots.iter().map(|root| TWICE - root);
            distances.fold(Complex::new(1.0, 0.0), |all, one| all * one)
        };
        Roots {
            zeros,
            poles: self.poles.iter().map(across).collect(),
            gain: self.gain * (from(&self.zeros) / from(&self.poles)).re,
        }
    }
}

/// `root +- sqrt(root^2 - centre^2)` of each.
fn both_sides(roots: impl Iterator<Item = Point> + Clone, centre: f64) -> Vec<Point> {
    let way = move |root: Point| (root * root - centre * centre).sqrt();
    let up = roots.clone().map(move |root| root + way(root));
    up.chain(roots.map(move |root| root - way(root))).collect()
}
