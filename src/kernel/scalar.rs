//! One sample at a time, in plain safe Rust: slow, obvious, and the oracle of every other loop.

use crate::dtype::{Dtype, Sample};
use crate::kernel::{Operand, Operator, Scalar};
use crate::view::{Access, Source, Strided};
use crate::with_sample;

/// A row of samples of any type, or one number repeated.
#[derive(Clone, Copy)]
enum ScalarRow<'a> {
    Int16(Source<'a, i16>),
    Int32(Source<'a, i32>),
    Float32(Source<'a, f32>),
    Float64(Source<'a, f64>),
    Number(Scalar),
}

impl<'a> ScalarRow<'a> {
    fn of(access: &'a Access, operand: &Operand<'a>, channel: usize) -> ScalarRow<'a> {
        match operand {
            Operand::Scalar(scalar) => ScalarRow::Number(*scalar),
            Operand::Samples(samples) => match samples.dtype() {
                Dtype::Int16 => ScalarRow::Int16(samples.source(access, channel)),
                Dtype::Int32 => ScalarRow::Int32(samples.source(access, channel)),
                Dtype::Float32 => ScalarRow::Float32(samples.source(access, channel)),
                Dtype::Float64 => ScalarRow::Float64(samples.source(access, channel)),
            },
        }
    }

    /// The value at `index`, in a type that holds every value of the row's own.
    #[inline]
    fn get<R: Sample>(&self, index: usize) -> R {
        match self {
            ScalarRow::Int16(row) => cast(row.get(index)),
            ScalarRow::Int32(row) => cast(row.get(index)),
            ScalarRow::Float32(row) => cast(row.get(index)),
            ScalarRow::Float64(row) => cast(row.get(index)),
            ScalarRow::Number(scalar) => scalar.sample(),
        }
    }
}

/// NumPy's cast. Every sample fits into float64, so that there is one rounding at most.
#[inline]
fn cast<A: Sample, B: Sample>(value: A) -> B {
    B::cast_from_f64(value.to_f64())
}

#[inline]
fn apply<R: Sample>(operator: Operator, a: R, b: R) -> R {
    match operator {
        Operator::Add => a.add(b),
        Operator::Sub => a.sub(b),
        Operator::Mul => a.mul(b),
        Operator::Div => a.div(b),
    }
}

/// `out = a op b`: see [`Engine::binary`](crate::kernel::Engine::binary). Looks for no zeros.
pub fn binary(
    access: &Access,
    operator: Operator,
    compute: Dtype,
    out: &Strided<'_>,
    a: &Operand<'_>,
    b: &Operand<'_>,
) {
    for channel in 0..out.layout().channels() {
        let (a, b) = (
            ScalarRow::of(access, a, channel),
            ScalarRow::of(access, b, channel),
        );
        with_sample!(out.dtype(), D => {
            let target = out.target::<D>(access, channel);
            with_sample!(compute, R => {
                for i in 0..target.len() {
                    let value: R = apply(operator, a.get(i), b.get(i));
                    target.set(i, cast(value));
                }
            })
        });
    }
}

/// See [`Engine::copy`](crate::kernel::Engine::copy); the two do not overlap.
pub fn copy(access: &Access, out: &Strided<'_>, from: &Strided<'_>) {
    for channel in 0..out.layout().channels() {
        let source = ScalarRow::of(access, &Operand::Samples(*from), channel);
        with_sample!(out.dtype(), D => {
            let target = out.target::<D>(access, channel);
            for i in 0..target.len() {
                let value: f64 = source.get(i);
                target.set(i, cast(value));
            }
        });
    }
}

/// See [`Engine::fill`](crate::kernel::Engine::fill).
pub fn fill(access: &Access, out: &Strided<'_>, value: Scalar) {
    for channel in 0..out.layout().channels() {
        with_sample!(out.dtype(), D => {
            let target = out.target::<D>(access, channel);
            for i in 0..target.len() {
                target.set(i, value.sample());
            }
        });
    }
}

/// See [`Engine::convert`](crate::kernel::Engine::convert).
pub fn convert(access: &Access, out: &Strided<'_>, from: &Strided<'_>) {
    let (up, down) = (out.dtype().full_scale(), from.dtype().full_scale());
    for channel in 0..out.layout().channels() {
        let source = ScalarRow::of(access, &Operand::Samples(*from), channel);
        with_sample!(out.dtype(), D => {
            let target = out.target::<D>(access, channel);
            for i in 0..target.len() {
                // Full scales are powers of two: exact in float64.
                let value: f64 = source.get(i);
                target.set(i, D::round_from_f64(value / down * up));
            }
        });
    }
}

/// The index of the first zero.
pub fn first_zero(access: &Access, samples: &Strided<'_>) -> Option<[usize; 2]> {
    (0..samples.layout().channels()).find_map(|channel| {
        let row = ScalarRow::of(access, &Operand::Samples(*samples), channel);
        (0..samples.layout().frames())
            .find(|frame| row.get::<f64>(*frame) == 0.0)
            .map(|frame| [channel, frame])
    })
}

/// The index of the first result that `out` or the type computed in cannot hold.
pub fn first_overflow(
    access: &Access,
    operator: Operator,
    compute: Dtype,
    out: &Strided<'_>,
    a: &Operand<'_>,
    b: &Operand<'_>,
) -> Option<[usize; 2]> {
    let (low, high) = match (compute, out.dtype()) {
        (Dtype::Int16, _) | (_, Dtype::Int16) => (f64::from(i16::MIN), f64::from(i16::MAX)),
        _ => (f64::from(i32::MIN), f64::from(i32::MAX)),
    };
    (0..out.layout().channels()).find_map(|channel| {
        let (a, b) = (
            ScalarRow::of(access, a, channel),
            ScalarRow::of(access, b, channel),
        );
        (0..out.layout().frames())
            .find(|frame| {
                // Operands are at most 32 bits wide: their product in float64 is exact as far as is needed
                // to tell whether it is in a range of 32 bits.
                let exact = apply(operator, a.get::<f64>(*frame), b.get::<f64>(*frame));
                exact < low || exact > high
            })
            .map(|frame| [channel, frame])
    })
}
