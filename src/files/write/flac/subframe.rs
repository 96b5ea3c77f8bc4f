//! One channel of a block: looked at, predicted in the shortest way, written.

use super::bits::BitWriter;
use super::predictor::{
    LinearPredictor, ORDER, Taper, Weights, polynomial_differences, polynomial_sums,
};
use super::rice::{RicePlan, parameter_of};
use crate::kernel::{Arch, SafeLoop};

/// Fewer samples than these are not worth weights.
const LEAST_LINEAR: usize = 32;

/// BlockRoom for one block that the next block takes over.
#[derive(Default)]
pub struct BlockRoom {
    windowed: Vec<f64>,
    linear: Vec<i32>,
    polynomial: Vec<i32>,
}

/// One channel of a block.
#[derive(Default)]
pub struct Channel {
    /// Behind [`ORDER`] zeros; without the bits that are 0 in all of them.
    padded: Vec<i32>,
    /// Bits of a sample, without those.
    width: u32,
    /// Low bits that are 0 in all samples.
    wasted: u32,
    /// The largest magnitude.
    peak: u32,
    is_constant: bool,
    weights: Option<Weights>,
}

/// How a channel is written.
enum Plan {
    Constant,
    Verbatim,
    Polynomial(usize, RicePlan),
    Linear(LinearPredictor, RicePlan),
}

impl Channel {
    /// BlockRoom for the samples of a block, which the caller fills in before [`Channel::examine`].
    pub fn room(&mut self, len: usize) -> &mut [i32] {
        self.padded.clear();
        self.padded.resize(ORDER + len, 0);
        &mut self.padded[ORDER..]
    }

    /// The samples.
    pub fn samples(&self) -> &[i32] {
        &self.padded[ORDER..]
    }

    /// Looks at samples of `width` bits, and finds weights.
    pub fn examine(&mut self, width: u32, taper: &Taper, room: &mut BlockRoom) {
        let found = Arch::best().compute(Extent(self.samples()));
        self.is_constant = found.differing == 0;
        self.wasted = match self.is_constant {
            true => 0,
            false => found.used.trailing_zeros(),
        };
        if self.wasted > 0 {
            let shift = self.wasted;
            self.padded.iter_mut().for_each(|sample| *sample >>= shift);
        }
        self.peak = found.peak >> self.wasted;
        self.width = width - self.wasted;
        self.weights = None;
        let len = self.samples().len();
        if self.is_constant || len < LEAST_LINEAR {
            return;
        }
        let autocorrelation = taper.autocorrelation(&self.padded, &mut room.windowed);
        let overhead = self.width + precision(self.width);
        self.weights = Weights::of(&autocorrelation, len, overhead);
    }

    /// Writes the samples that were looked at last.
    pub fn write(&self, room: &mut BlockRoom, out: &mut BitWriter) {
        let plan = self.plan(room);
        let (kind, order) = match &plan {
            Plan::Constant => (0, 0),
            Plan::Verbatim => (1, 0),
            Plan::Polynomial(order, _) => (8 + *order as u32, *order),
            Plan::Linear(predictor, _) => (31 + predictor.order as u32, predictor.order),
        };
        out.put(kind << 1 | u32::from(self.wasted > 0), 8);
        if self.wasted > 0 {
            out.put_unary(self.wasted - 1);
        }
        let samples = self.samples();
        let as_they_are = match plan {
            Plan::Constant => 1,
            Plan::Verbatim => samples.len(),
            _ => order,
        };
        for sample in &samples[..as_they_are] {
            out.put_signed(*sample, self.width);
        }
        match plan {
            Plan::Constant | Plan::Verbatim => {}
            Plan::Polynomial(_, rice) => rice.write(&room.polynomial, order, out),
            Plan::Linear(predictor, rice) => {
                out.put(predictor.precision - 1, 4);
                out.put(predictor.shift, 5);
                for weight in &predictor.weights[..order] {
                    out.put_signed(*weight, predictor.precision);
                }
                rice.write(&room.linear, order, out);
            }
        }
    }

    /// The shortest way, with its differences in the room.
    fn plan(&self, room: &mut BlockRoom) -> Plan {
        if self.is_constant {
            return Plan::Constant;
        }
        let width = u64::from(self.width);
        let len = self.samples().len();
        let mut best = (Plan::Verbatim, len as u64 * width);
        let precision = precision(self.width);
        let rounded = self
            .weights
            .and_then(|weights| weights.rounded(precision, self.peak));
        if let Some(predictor) = rounded {
            predictor.differences(&self.padded, self.peak, &mut room.linear);
            let rice = RicePlan::of(&room.linear, predictor.order);
            let each = width + u64::from(precision);
            let bits = rice.bits + 9 + each * predictor.order as u64;
            if bits < best.1 {
                best = (Plan::Linear(predictor, rice), bits);
            }
        }
        // A polynomial is tried where it could be better: where loud follows on quiet, its parts are much shorter.
        let sums = polynomial_sums(&self.padded);
        let bits_of = |sum: f32| parameter_of(len as u64, sum as u64).1;
        let (order, about) = (0..sums.len().min(len))
            .map(|order| (order, bits_of(sums[order]) + width * order as u64))
            .min_by_key(|(_, bits)| *bits)
            .unwrap_or_default();
        if about < best.1 + best.1 / 4 {
            polynomial_differences(order, &self.padded, &mut room.polynomial);
            let rice = RicePlan::of(&room.polynomial, order);
            let bits = rice.bits + width * order as u64;
            if bits < best.1 {
                best = (Plan::Polynomial(order, rice), bits);
            }
        }
        best.0
    }
}

/// Bits of a weight: where samples have more bits, what a rounded weight misses is larger.
fn precision(width: u32) -> u32 {
    match width {
        ..16 => (2 + width / 2).max(5),
        16 | 17 => 14,
        _ => 15,
    }
}

/// What all samples have in common.
struct Extent<'a>(&'a [i32]);

struct Extremes {
    /// Every bit that is 1 in some sample.
    used: u32,
    /// Every bit that is not the same in all of them.
    differing: u32,
    peak: u32,
}

impl SafeLoop for Extent<'_> {
    type Result = Extremes;

    #[inline(always)]
    fn run(self) -> Extremes {
        let first = self.0.first().copied().unwrap_or(0);
        let (mut used, mut differing, mut peak) = (0, 0, 0);
        for sample in self.0 {
            used |= sample;
            differing |= sample ^ first;
            peak = peak.max(sample.unsigned_abs());
        }
        Extremes {
            used: used as u32,
            differing: differing as u32,
            peak,
        }
    }
}
