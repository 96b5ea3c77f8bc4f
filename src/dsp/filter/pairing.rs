//! Poles and zeros in sections: the pole nearest to the unit circle first, with the zeros nearest to it, so that no
//! section swings far; it comes last in the cascade. As SciPy's `zpk2sos` with `pairing="nearest"`.

use realfft::num_complex::Complex;

use super::roots::{Point, Roots};

/// Numbers that are this near to the real axis, relative to their size, lie on it.
const REAL: f64 = 100.0 * f64::EPSILON;

/// The sections of roots, with the gain in the first.
pub fn sections(mut roots: Roots) -> Vec<[f64; 6]> {
    let count = roots.zeros.len().max(roots.poles.len());
    let zero = Complex::new(0.0, 0.0);
    // An odd number has one at the origin beside it, which is a delay.
    let even = count.max(1).div_ceil(2) * 2;
    roots.zeros.resize(even, zero);
    roots.poles.resize(even, zero);
    let (mut zeros, mut poles) = (upper(&roots.zeros), upper(&roots.poles));
    let mut sections = vec![[0.0; 6]; even / 2];
    for section in sections.iter_mut().rev() {
        let Some(pole) = take_worst(&mut poles, false) else {
            break;
        };
        let reals = |points: &[Point]| points.iter().filter(|point| is_real(**point)).count();
        *section = if is_real(pole) && reals(&poles) == 0 {
            let near = take_nearest(&mut zeros, pole, Some(true)).unwrap_or(zero);
            of_pairs([near, zero], [pole, zero])
        } else if poles.len() + 1 == zeros.len()
            && !is_real(pole)
            && reals(&poles) == 1
            && reals(&zeros) == 1
        {
            let near = take_nearest(&mut zeros, pole, Some(false)).unwrap_or(zero);
            of_pairs([near, near.conj()], [pole, pole.conj()])
        } else {
            let other = match is_real(pole) {
                true => take_worst(&mut poles, true).unwrap_or(zero),
                false => pole.conj(),
            };
            let near = take_nearest(&mut zeros, pole, None).unwrap_or(zero);
            let beside = match is_real(near) {
                false => near.conj(),
                true => take_nearest(&mut zeros, pole, Some(true)).unwrap_or(zero),
            };
            of_pairs([near, beside], [pole, other])
        };
    }
    if let Some(first) = sections.first_mut() {
        for coefficient in &mut first[..3] {
            *coefficient *= roots.gain;
        }
    }
    sections
}

fn is_real(point: Point) -> bool {
    point.im == 0.0
}

/// One of each pair, the upper, and all that are real; pairs are made equal.
fn upper(points: &[Point]) -> Vec<Point> {
    let lies_on_axis = |point: &Point| point.im.abs() <= REAL * point.norm();
    let by_place = |one: &Point, other: &Point| {
        let (one, other) = ([one.re, one.im.abs()], [other.re, other.im.abs()]);
        one.partial_cmp(&other).unwrap_or(std::cmp::Ordering::Equal)
    };
    let mut above: Vec<Point> = Vec::new();
    let mut real: Vec<Point> = Vec::new();
    for point in points {
        if lies_on_axis(point) {
            real.push(Complex::new(point.re, 0.0));
        } else if point.im > 0.0 {
            above.push(*point);
        }
    }
    above.sort_by(by_place);
    real.sort_by(by_place);
    above.extend(real);
    above
}

/// Takes the point nearest to the unit circle, of all or of those that are real.
fn take_worst(points: &mut Vec<Point>, real: bool) -> Option<Point> {
    let distance = |point: &Point| (1.0 - point.norm()).abs();
    let candidates = points.iter().enumerate();
    let wanted = candidates.filter(|(_, point)| !real || is_real(**point));
    let worst = wanted.min_by(|(_, one), (_, other)| distance(one).total_cmp(&distance(other)))?;
    let at = worst.0;
    Some(points.remove(at))
}

/// Takes the point nearest to another: any, or one that is real, or none that is.
fn take_nearest(points: &mut Vec<Point>, to: Point, real: Option<bool>) -> Option<Point> {
    let distance = |point: &Point| (point - to).norm();
    let candidates = points.iter().enumerate();
    let wanted = candidates.filter(|(_, point)| real.is_none_or(|real| is_real(**point) == real));
    let nearest =
        wanted.min_by(|(_, one), (_, other)| distance(one).total_cmp(&distance(other)))?;
    let at = nearest.0;
    Some(points.remove(at))
}

/// A section of two zeros and two poles, each of which are real or a pair.
fn of_pairs(zeros: [Point; 2], poles: [Point; 2]) -> [f64; 6] {
    let quadratic = |[one, other]: [Point; 2]| [1.0, -(one + other).re, (one * other).re];
    let ([b0, b1, b2], [a0, a1, a2]) = (quadratic(zeros), quadratic(poles));
    [b0, b1, b2, a0, a1, a2]
}
