//! How the differences of a prediction become short: in Rice's code, with a parameter for each of some equal parts.
//!
//! A part of `n` numbers with the sum `s` of their magnitudes takes about `n * (1 + k) + 2 * s / 2^k - n / 2` bits with
//! the parameter `k`: no number need be looked at again to choose it, and the sums of two parts are that of both.

use super::bits::BitWriter;
use crate::kernel::{Arch, SafeLoop};

/// The block is cut into up to `2^5` parts, as the reference encoder does by default.
const MOST_CUTS: u32 = 5;
const MOST_PARTS: usize = 1 << MOST_CUTS;

/// Parameters of four bits go up to 14, those of five to 30: the last of each says that no code follows.
const MOST_NARROW: u32 = 14;
const MOST_WIDE: u32 = 30;

/// How the differences of a block are written.
#[derive(Clone, Copy)]
pub struct RicePlan {
    /// The block is cut into `2^cuts` parts.
    cuts: u32,
    parameters: [u32; MOST_PARTS],
    /// About how many bits that takes.
    pub bits: u64,
}

impl RicePlan {
    /// The best for a block whose first `warm_up` differences are 0 and not written.
    pub fn of(differences: &[i32], warm_up: usize) -> RicePlan {
        let len = differences.len();
        let mut cuts = len.trailing_zeros().min(MOST_CUTS);
        while cuts > 0 && len >> cuts <= warm_up {
            cuts -= 1;
        }
        let mut sums = [0; MOST_PARTS];
        Arch::best().compute(Magnitudes {
            numbers: differences,
            part: len >> cuts,
            sums: &mut sums,
        });
        let mut best = RicePlan::with(cuts, len, warm_up, &sums);
        while cuts > 0 {
            cuts -= 1;
            for part in 0..1 << cuts {
                sums[part] = sums[2 * part] + sums[2 * part + 1];
            }
            let plan = RicePlan::with(cuts, len, warm_up, &sums);
            if plan.bits <= best.bits {
                best = plan;
            }
        }
        best
    }

    fn with(cuts: u32, len: usize, warm_up: usize, sums: &[u64; MOST_PARTS]) -> RicePlan {
        let mut plan = RicePlan {
            cuts,
            parameters: [0; MOST_PARTS],
            bits: 0,
        };
        let part = len >> cuts;
        for (number, parameter) in plan.parameters[..1 << cuts].iter_mut().enumerate() {
            let count = if number == 0 { part - warm_up } else { part };
            let (best, bits) = parameter_of(count as u64, sums[number]);
            *parameter = best;
            plan.bits += bits;
        }
        plan.bits += 6 + (u64::from(plan.width()) << cuts);
        plan
    }

    /// The bits of each parameter.
    fn width(&self) -> u32 {
        let parts = &self.parameters[..1 << self.cuts];
        4 + u32::from(parts.iter().any(|parameter| *parameter > MOST_NARROW))
    }

    /// Writes the differences behind the warm-up.
    pub fn write(&self, differences: &[i32], warm_up: usize, out: &mut BitWriter) {
        let width = self.width();
        out.put(width - 4, 2);
        out.put(self.cuts, 4);
        let part = differences.len() >> self.cuts;
        let mut start = warm_up;
        for (number, parameter) in self.parameters[..1 << self.cuts].iter().enumerate() {
            let end = (number + 1) * part;
            out.put(*parameter, width);
            out.put_rice(&differences[start..end], *parameter);
            start = end;
        }
    }
}

/// The best parameter for `count` numbers whose magnitudes have that sum, and about how many bits they take.
pub fn parameter_of(count: u64, sum: u64) -> (u32, u64) {
    let bits = |parameter: u32| {
        let unary = (2 * sum) >> parameter;
        (count * u64::from(parameter + 1) + unary).saturating_sub(count / 2)
    };
    let mean = sum.checked_div(count).unwrap_or(0);
    let guess = mean.checked_ilog2().unwrap_or(0);
    let around = guess.saturating_sub(1)..=(guess + 1).min(MOST_WIDE);
    around
        .map(|parameter| (parameter, bits(parameter)))
        .min_by_key(|(_, bits)| *bits)
        .unwrap_or_default()
}

/// The sums of the magnitudes of each part.
struct Magnitudes<'a> {
    numbers: &'a [i32],
    part: usize,
    sums: &'a mut [u64; MOST_PARTS],
}

impl SafeLoop for Magnitudes<'_> {
    type Result = ();

    #[inline(always)]
    fn run(self) {
        let parts = self.numbers.chunks_exact(self.part);
        for (sum, part) in self.sums.iter_mut().zip(parts) {
            *sum = 0;
            for number in part {
                *sum += u64::from(number.unsigned_abs());
            }
        }
    }
}
