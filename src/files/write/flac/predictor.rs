//! What a sample is guessed from: the samples before it, weighted (linear prediction), or a polynomial through them.
//!
//! ```text
//!   samples  ->  windowed  ->  autocorrelation  ->  weights of each order (Levinson and Durbin)  ->  whole numbers
//! ```
//!
//! What is computed in floats only chooses the weights. The differences from the guess are exact.

use crate::kernel::{Arch, SafeLoop};

/// The most samples that a guess is made from, as by default in the reference encoder.
pub const ORDER: usize = 8;
/// Partial sums of a long sum: enough for every set of vector instructions, and the same bits with each of them.
const LANES: usize = 8;

/// The highest polynomial through samples is a cubic, through four of them.
const POLYNOMIALS: usize = 5;

/// Samples of one channel behind [`ORDER`] zeros: each has its predecessors.
pub type Padded = [i32];

/// A block's taper: a cosine over a quarter at each end, so that the block's edges do not count as sound.
pub struct Taper(Vec<f64>);

/// The mean of the taper's squares.
const TAPER_POWER: f64 = 0.6875;

impl Taper {
    /// For blocks of that length.
    pub fn new(len: usize) -> Taper {
        let edge = len / 4;
        let at = |place: usize| {
            let from_end = place.min(len - 1 - place);
            match from_end < edge {
                true => 0.5 - 0.5 * (std::f64::consts::PI * from_end as f64 / edge as f64).cos(),
                false => 1.0,
            }
        };
        Taper((0..len).map(at).collect())
    }

    /// The length of the blocks.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The autocorrelation of samples under the taper, from lag 0 to [`ORDER`].
    pub fn autocorrelation(&self, samples: &Padded, room: &mut Vec<f64>) -> [f64; ORDER + 1] {
        let padded = ORDER + self.len().next_multiple_of(LANES);
        room.clear();
        room.resize(padded, 0.0);
        Arch::best().compute(Windowed {
            taper: &self.0,
            samples: &samples[ORDER..],
            out: &mut room[ORDER..],
        });
        Arch::best().compute(Autocorrelation(room))
    }
}

struct Windowed<'a> {
    taper: &'a [f64],
    samples: &'a [i32],
    out: &'a mut [f64],
}

impl SafeLoop for Windowed<'_> {
    type Result = ();

    #[inline(always)]
    fn run(self) {
        let weighted = self.samples.iter().zip(self.taper);
        for (out, (sample, weight)) in self.out.iter_mut().zip(weighted) {
            *out = f64::from(*sample) * weight;
        }
    }
}

struct Autocorrelation<'a>(&'a [f64]);

impl Autocorrelation<'_> {
    /// Three lags at a time: their sums fit into the registers of every set.
    #[inline(always)]
    fn three(&self, first: usize) -> [f64; 3] {
        let len = self.0.len() - ORDER;
        let behind = |lag: usize| self.0[ORDER - lag..][..len].as_chunks::<LANES>().0;
        let now = behind(0);
        let (a, b, c) = (behind(first), behind(first + 1), behind(first + 2));
        let mut sums = [[0.0; LANES]; 3];
        for (((x, a), b), c) in now.iter().zip(a).zip(b).zip(c) {
            for lane in 0..LANES {
                sums[0][lane] += x[lane] * a[lane];
                sums[1][lane] += x[lane] * b[lane];
                sums[2][lane] += x[lane] * c[lane];
            }
        }
        sums.map(|lanes| lanes.iter().sum())
    }
}

impl SafeLoop for Autocorrelation<'_> {
    type Result = [f64; ORDER + 1];

    #[inline(always)]
    fn run(self) -> [f64; ORDER + 1] {
        let [a, b, c] = self.three(0);
        let [d, e, f] = self.three(3);
        let [g, h, i] = self.three(6);
        [a, b, c, d, e, f, g, h, i]
    }
}

/// Weights for the samples before, the latest first.
#[derive(Clone, Copy)]
pub struct Weights {
    order: usize,
    weights: [f64; ORDER],
    /// How alike a sample and the next one are, from -1 to 1.
    likeness: f64,
}

impl Weights {
    /// The best order of Levinson's and Durbin's recursion for a block of `len` samples: each order more costs its
    /// weight and its first sample, `overhead` bits. None for what has no sound.
    pub fn of(autocorrelation: &[f64; ORDER + 1], len: usize, overhead: u32) -> Option<Weights> {
        let mut error = autocorrelation[0];
        let mut weights = [0.0; ORDER];
        let (mut best, mut fewest) = (None, f64::INFINITY);
        for order in 0..ORDER.min(len - 1) {
            if !(error > 0.0 && error.is_finite()) {
                break;
            }
            let past = weights;
            let predicted: f64 = (0..order)
                .map(|tap| past[tap] * autocorrelation[order - tap])
                .sum();
            let reflection = (autocorrelation[order + 1] - predicted) / error;
            weights[order] = reflection;
            for tap in 0..order {
                weights[tap] = past[tap] - reflection * past[order - 1 - tap];
            }
            error *= 1.0 - reflection * reflection;
            let bits = expected_bits(error, len) + f64::from(overhead) * (order + 1) as f64;
            if bits < fewest {
                fewest = bits;
                best = Some(Weights {
                    order: order + 1,
                    weights,
                    likeness: autocorrelation[1] / autocorrelation[0],
                });
            }
        }
        best
    }

    /// As whole numbers of `precision` bits. What rounding takes from one it gives to the next, as far as their samples
    /// are alike, and takes it there too where they are opposites. None where a block of samples up to `peak` could
    /// have differences beyond 32 bits.
    pub fn rounded(&self, precision: u32, peak: u32) -> Option<LinearPredictor> {
        let largest = self.weights[..self.order]
            .iter()
            .fold(0.0, |most: f64, it| most.max(it.abs()));
        if !(largest > 0.0 && largest.is_finite()) {
            return None;
        }
        let top = (1 << (precision - 1)) - 1;
        let whole = largest.log2().floor() as i32 + 1;
        let shift = (precision as i32 - 1 - whole).clamp(0, 15) as u32;
        let mut predictor = LinearPredictor {
            order: self.order,
            precision,
            shift,
            weights: [0; ORDER],
        };
        let mut left = 0.0;
        for (rounded, weight) in predictor
            .weights
            .iter_mut()
            .zip(&self.weights[..self.order])
        {
            left += weight * f64::from(1 << shift);
            *rounded = (left.round_ties_even() as i32).clamp(-top - 1, top);
            left = (left - f64::from(*rounded)) * self.likeness;
        }
        let most = (predictor.most_sum(peak) >> shift) + u64::from(peak) + 1;
        (most < 1 << 31).then_some(predictor)
    }
}

/// Bits of `len` differences with that energy under the taper: those of a Laplace distribution, in a code that is a
/// little longer than ideal.
fn expected_bits(energy: f64, len: usize) -> f64 {
    let mean_square = energy / (len as f64 * TAPER_POWER);
    // log2(e * sqrt(2) * deviation), plus what Rice's code wastes.
    let each = 0.5 * (mean_square * 2.0).log2() + 1.5;
    each.max(1.0) * len as f64
}

/// Whole weights: the guess is their sum of products with the samples before, shifted right.
#[derive(Clone, Copy)]
pub struct LinearPredictor {
    pub order: usize,
    /// Bits of a weight.
    pub precision: u32,
    pub shift: u32,
    pub weights: [i32; ORDER],
}

impl LinearPredictor {
    /// What no sum of products with samples up to `peak` exceeds.
    fn most_sum(&self, peak: u32) -> u64 {
        let weights = self
            .weights
            .iter()
            .map(|weight| u64::from(weight.unsigned_abs()));
        weights.sum::<u64>() * u64::from(peak)
    }

    /// The differences of samples up to `peak` from the guess; those of the warm-up are 0.
    pub fn differences(&self, samples: &Padded, peak: u32, out: &mut Vec<i32>) {
        out.resize(samples.len() - ORDER, 0);
        if self.most_sum(peak) < 1 << 31 {
            Arch::best().compute(NarrowDifferences(self, samples, out));
        } else {
            Arch::best().compute(WideDifferences(self, samples, out));
        }
        out[..self.order].fill(0);
    }
}

/// The samples `1 + tap` places before each.
#[inline(always)]
fn before(samples: &Padded) -> [&[i32]; ORDER] {
    let len = samples.len() - ORDER;
    std::array::from_fn(|tap| &samples[ORDER - 1 - tap..][..len])
}

/// Where every sum of products fits into 32 bits.
struct NarrowDifferences<'a>(&'a LinearPredictor, &'a Padded, &'a mut [i32]);

impl SafeLoop for NarrowDifferences<'_> {
    type Result = ();

    #[inline(always)]
    fn run(self) {
        let NarrowDifferences(predictor, samples, out) = self;
        let (before, now) = (before(samples), &samples[ORDER..][..out.len()]);
        let (weights, shift) = (predictor.weights, predictor.shift);
        let before = before.map(|taps| &taps[..out.len()]);
        for i in 0..out.len() {
            let mut sum = 0_i32;
            for tap in 0..ORDER {
                sum = sum.wrapping_add(weights[tap].wrapping_mul(before[tap][i]));
            }
            out[i] = now[i].wrapping_sub(sum >> shift);
        }
    }
}

/// Where it takes 64 bits.
struct WideDifferences<'a>(&'a LinearPredictor, &'a Padded, &'a mut [i32]);

impl SafeLoop for WideDifferences<'_> {
    type Result = ();

    #[inline(always)]
    fn run(self) {
        let WideDifferences(predictor, samples, out) = self;
        let (before, now) = (before(samples), &samples[ORDER..][..out.len()]);
        let (weights, shift) = (predictor.weights, predictor.shift);
        let before = before.map(|taps| &taps[..out.len()]);
        for i in 0..out.len() {
            let mut sum = 0_i64;
            for tap in 0..ORDER {
                sum += i64::from(weights[tap]) * i64::from(before[tap][i]);
            }
            out[i] = now[i].wrapping_sub((sum >> shift) as i32);
        }
    }
}

/// The sums of the magnitudes of the differences from polynomials of order 0 to 4, about.
pub fn polynomial_sums(samples: &Padded) -> [f32; POLYNOMIALS] {
    Arch::best().compute(PolynomialSums(&samples[ORDER..]))
}

struct PolynomialSums<'a>(&'a [i32]);

impl SafeLoop for PolynomialSums<'_> {
    type Result = [f32; POLYNOMIALS];

    #[inline(always)]
    fn run(self) -> [f32; POLYNOMIALS] {
        let Some(len) = self.0.len().checked_sub(4) else {
            return [0.0; POLYNOMIALS];
        };
        let behind = |lag: usize| self.0[4 - lag..][..len].as_chunks::<LANES>().0;
        let mut sums = [[0.0_f32; LANES]; POLYNOMIALS];
        let rows = behind(0)
            .iter()
            .zip(behind(1))
            .zip(behind(2))
            .zip(behind(3))
            .zip(behind(4));
        for ((((a, b), c), d), e) in rows {
            for lane in 0..LANES {
                let (a, b, c, d, e) = (a[lane], b[lane], c[lane], d[lane], e[lane]);
                let (ab, bc, cd, de) = (a - b, b - c, c - d, d - e);
                let (abc, bcd, cde) = (ab - bc, bc - cd, cd - de);
                let (abcd, bcde) = (abc - bcd, bcd - cde);
                sums[0][lane] += a.abs() as f32;
                sums[1][lane] += ab.abs() as f32;
                sums[2][lane] += abc.abs() as f32;
                sums[3][lane] += abcd.abs() as f32;
                sums[4][lane] += (abcd - bcde).abs() as f32;
            }
        }
        sums.map(|lanes| lanes.iter().sum())
    }
}

/// The differences from the polynomial of that order; those of the warm-up are 0.
pub fn polynomial_differences(order: usize, samples: &Padded, out: &mut Vec<i32>) {
    const BINOMIALS: [[i32; ORDER]; POLYNOMIALS] = [
        [0, 0, 0, 0, 0, 0, 0, 0],
        [1, 0, 0, 0, 0, 0, 0, 0],
        [2, -1, 0, 0, 0, 0, 0, 0],
        [3, -3, 1, 0, 0, 0, 0, 0],
        [4, -6, 4, -1, 0, 0, 0, 0],
    ];
    out.resize(samples.len() - ORDER, 0);
    let predictor = LinearPredictor {
        order,
        precision: 0,
        shift: 0,
        weights: BINOMIALS[order],
    };
    // Sixteen times a sample of 25 bits fits into 32.
    Arch::best().compute(NarrowDifferences(&predictor, samples, out));
    out[..order].fill(0);
}
