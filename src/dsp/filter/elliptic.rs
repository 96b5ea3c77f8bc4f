//! The elliptic prototype: ripples in both bands, and the steepest edge of its order.
//!
//! By Landen's transformations, which give the elliptic functions in a few steps (Orfanidis, Lecture Notes on Elliptic
//! Filter Design, 2006).

use std::f64::consts::PI;

use realfft::num_complex::Complex;

use super::roots::{Point, Roots, product};

/// The prototype whose ripple ends at 1 radian a second.
pub fn prototype(order: usize, ripple: f64, attenuation: f64) -> Roots {
    let pass = (10_f64.powf(0.1 * ripple) - 1.0).sqrt();
    let stop = (10_f64.powf(0.1 * attenuation) - 1.0).sqrt();
    if order == 1 {
        let pole = Complex::new(-1.0 / pass, 0.0);
        return Roots {
            zeros: Vec::new(),
            poles: vec![pole],
            gain: -pole.re,
        };
    }
    let ripples = pass / stop;
    let (selectivity, complementary) = modulus_of_degree(order, ripples);
    let steps = landen(selectivity, complementary);
    let half = order / 2;
    let n = order as f64;
    let places = (1..=half).map(|i| (2.0 * i as f64 - 1.0) / n);
    let mut zeros = Vec::new();
    for place in places.clone() {
        let zeta = cd(Complex::new(place, 0.0), &steps);
        let zero = Complex::new(0.0, 1.0) / (zeta * selectivity);
        zeros.extend([zero, zero.conj()]);
    }
    // Where the poles lie: -j sn^-1(j / pass) / order, by the modulus of the ripples.
    let ripple_steps = landen(ripples, complement(ripples));
    let deep = inverse_sn(Complex::new(0.0, 1.0 / pass), &ripple_steps, ripples);
    let depth = (deep * Complex::new(0.0, -1.0) / n).re;
    let mut poles = Vec::new();
    for place in places {
        let pole = Complex::new(0.0, 1.0) * cd(Complex::new(place, -depth), &steps);
        poles.extend([pole, pole.conj()]);
    }
    if !order.is_multiple_of(2) {
        let pole = Complex::new(0.0, 1.0) * sn(Complex::new(0.0, depth), &steps);
        poles.push(Complex::new(pole.re, 0.0));
    }
    let mut gain = (product(&poles) / product(&zeros)).re;
    if order.is_multiple_of(2) {
        gain /= (1.0 + pass * pass).sqrt();
    }
    Roots { zeros, poles, gain }
}

/// The moduli that Landen's transformation makes of one, each much smaller than the one before. The complementary modulus
/// goes along, for near 1 it cannot be told from the modulus.
fn landen(modulus: f64, complementary: f64) -> Vec<f64> {
    let mut steps = Vec::new();
    let (mut k, mut complement) = (modulus, complementary);
    while k > f64::EPSILON && steps.len() < 16 {
        k = (k / (1.0 + complement)).powi(2);
        complement = 2.0 * complement.sqrt() / (1.0 + complement);
        steps.push(k);
    }
    steps
}

fn complement(k: f64) -> f64 {
    ((1.0 - k) * (1.0 + k)).sqrt()
}

/// The elliptic function cd at `u` quarter periods.
fn cd(u: Point, steps: &[f64]) -> Point {
    upwards((u * (PI / 2.0)).cos(), steps)
}

/// The elliptic function sn at `u` quarter periods.
fn sn(u: Point, steps: &[f64]) -> Point {
    upwards((u * (PI / 2.0)).sin(), steps)
}

fn upwards(start: Point, steps: &[f64]) -> Point {
    let ascend = |w: Point, k: &f64| w * (1.0 + k) / (Complex::new(1.0, 0.0) + w * w * *k);
    steps.iter().rev().fold(start, ascend)
}

/// The inverse of [`sn`], in quarter periods.
fn inverse_sn(w: Point, steps: &[f64], modulus: f64) -> Point {
    let one = Complex::new(1.0, 0.0);
    let mut before = modulus;
    let mut w = w;
    for k in steps {
        w = w * 2.0 / ((1.0 + k) * (one + (one - w * w * (before * before)).sqrt()));
        before = *k;
    }
    w.asin() * (2.0 / PI)
}

/// The modulus, and the complementary one, whose quarter periods are in the ratio that the order and the modulus of the ripples ask for: the degree
/// equation, solved by its product of elliptic sines.
fn modulus_of_degree(order: usize, ripples: f64) -> (f64, f64) {
    let other = complement(ripples);
    let steps = landen(other, ripples);
    let n = order as f64;
    let sines = (1..=order / 2).map(|i| {
        let place = (2.0 * i as f64 - 1.0) / n;
        sn(Complex::new(place, 0.0), &steps).re
    });
    let product: f64 = sines.product();
    let complementary = other.powi(order as i32) * product.powi(4);
    (complement(complementary), complementary)
}
