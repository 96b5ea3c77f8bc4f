//! How an operation is done: which instructions, how many threads, past the cache or through it.

mod planning;

use crate::dtype::Dtype;
use crate::error::Error;
use crate::kernel::arch::{Arch, Combination, Element, Misfits, Sign};
use crate::kernel::engine::planning::Spare;
use crate::kernel::row::Feed;
use crate::kernel::rows::{Task, Work};
use crate::kernel::{Operand, Operation, Operator, Overflow, Scalar, scalar};
use crate::view::{Access, Strided, Target};
use crate::with_sample;

/// Bytes touched from which an operation is split among threads: fewer stay in the cache, which one core reads as
/// fast as two once the other has been woken.
const PARALLEL_FROM: usize = 10 << 20;
/// Bytes that a part of it touches: little enough that no thread waits long for the last one.
const PART_BYTES: usize = 1 << 20;
/// Bytes of a result from which it is written past the cache.
const STREAM_FROM: usize = 8 << 20;
/// Parts start at a multiple of this many samples: no two threads write to one cache line.
const GRAIN: usize = 1024;

/// The loops with all their settings. Every engine gives the same bits; they differ in time.
#[derive(Clone, Copy, Debug)]
pub struct Engine {
    /// Which instructions.
    pub arch: Arch,
    /// How many threads at most; 0 for `kernel::threads`.
    pub threads: usize,
    /// Bytes touched from which an operation is split among threads.
    pub parallel_from: usize,
    /// Bytes of a result from which it is written past the cache.
    pub stream_from: usize,
}

impl Default for Engine {
    fn default() -> Engine {
        Engine::new()
    }
}

impl Engine {
    /// What this machine does best.
    #[inline]
    pub fn new() -> Engine {
        Engine {
            arch: Arch::best(),
            threads: 0,
            parallel_from: PARALLEL_FROM,
            stream_from: STREAM_FROM,
        }
    }

    /// `out = a op b`, computed in the operation's type and stored with NumPy's cast. The sides stand in the order of
    /// [`Operation::sides`].
    ///
    /// # Errors
    /// [`Error::DivisionByZero`] for a zero in a divisor, and [`Error::IntegerOverflow`] if the operation asks for it.
    /// `out` is unchanged then if `a` or `b` overlaps it; otherwise its content is of no value.
    #[inline]
    pub fn binary(
        &self,
        access: &Access,
        operation: &Operation,
        out: &Strided<'_>,
        a: &Operand<'_>,
        b: &Operand<'_>,
    ) -> Result<(), Error> {
        let compute = operation.compute;
        let divides = operation.operator == Operator::Div;
        let Some((operator, mode, factor)) = self.step(access, operation, out, a, b) else {
            return Err(zero_in(access, b));
        };
        let right = factor.as_ref().unwrap_or(b);
        // Which result did not fit, only the plan tells.
        let planned = mode == Misfits::Detect && !divides;
        let small = match planned {
            true => None,
            false => self.at_once(access, (operator, mode), compute, out, a, right),
        };
        let flagged = match small {
            Some(flagged) => flagged,
            None => {
                let mut spare = Spare::default();
                let work = Work::Binary(operator);
                let plan = self.plan(access, work, out, a, right, &mut spare)?;
                let task = Task {
                    compute,
                    mode,
                    ..plan
                };
                self.carry_out(access, &task)?
            }
        };
        if !flagged {
            return Ok(());
        }
        if divides {
            return Err(zero_in(access, b));
        }
        let index = scalar::first_overflow(access, operator, compute, out, a, b);
        Err(Error::IntegerOverflow {
            operator: operator.symbol(),
            dtype: narrower(compute, out.dtype()).name(),
            index: index.map(|index| index_in(out, index)),
        })
    }

    /// [`Engine::binary`] without a plan, where integers wrap and no divisor is zero: samples of the type that is computed
    /// in, of one shape, one channel or side by side in one order, the same or apart, and not many of them. `None` for
    /// all others: what is read then keeps its values.
    #[inline(always)]
    pub fn small(
        &self,
        access: &Access,
        operation: &Operation,
        out: &Strided<'_>,
        a: &Operand<'_>,
        b: &Operand<'_>,
    ) -> Option<()> {
        if let (Operator::Div, Operand::Samples(divisor)) = (operation.operator, b)
            && !(self.are_few(out) && divisor.layout().same_shape(out.layout()))
        {
            // Nothing is looked through before it fits.
            return None;
        }
        let wraps = Operation {
            overflow: Overflow::Wrap,
            ..*operation
        };
        let (operator, mode, factor) = self.step(access, &wraps, out, a, b)?;
        let right = factor.as_ref().unwrap_or(b);
        let flagged = self.at_once(access, (operator, mode), wraps.compute, out, a, right)?;
        (!flagged).then_some(())
    }

    /// The loop's operator and mode, and a factor where that stands for the right side; `None` where a divisor is known
    /// to be zero.
    #[inline(always)]
    fn step<'a>(
        &self,
        access: &Access,
        operation: &Operation,
        out: &Strided<'_>,
        a: &Operand<'_>,
        b: &Operand<'_>,
    ) -> Option<(Operator, Misfits, Option<Operand<'a>>)> {
        let compute = operation.compute;
        if operation.operator != Operator::Div {
            let mode = mode_of(compute, operation.overflow);
            return Some((operation.operator, mode, None));
        }
        let divisor = match b {
            Operand::Scalar(number) if number.is_zero() => return None,
            Operand::Scalar(number) => {
                let factor = exact_reciprocal(compute, *number).map(Operand::Scalar);
                let operator = match factor {
                    Some(_) => Operator::Mul,
                    None => Operator::Div,
                };
                return Some((operator, Misfits::Plain, factor));
            }
            Operand::Samples(divisor) => divisor,
        };
        let starts = |x: &Operand<'_>| match x {
            Operand::Samples(x) => x.first_address() == out.first_address(),
            Operand::Scalar(_) => false,
        };
        // Where the loop would find a zero too late, it is looked for first.
        let early = !compute.is_float() || starts(a) || starts(b);
        if early && self.any_zero(access, divisor) {
            return None;
        }
        let mode = if early {
            Misfits::Plain
        } else {
            Misfits::Detect
        };
        Some((Operator::Div, mode, None))
    }

    /// An error if there is a zero in a divisor.
    ///
    /// # Errors
    /// [`Error::DivisionByZero`] with the place of the first one.
    pub fn check_divisor(&self, access: &Access, divisor: &Operand<'_>) -> Result<(), Error> {
        let is_zero = match divisor {
            Operand::Scalar(number) => number.is_zero(),
            Operand::Samples(samples) => self.any_zero(access, samples),
        };
        match is_zero {
            true => Err(zero_in(access, divisor)),
            false => Ok(()),
        }
    }

    /// The case that needs no plan: samples of one type side by side, the same or apart, and not many of them.
    /// Returns whether something was flagged, or `None` for all other cases, where nothing was done.
    #[inline]
    fn at_once(
        &self,
        access: &Access,
        (operator, mode): (Operator, Misfits),
        compute: Dtype,
        out: &Strided<'_>,
        a: &Operand<'_>,
        b: &Operand<'_>,
    ) -> Option<bool> {
        let (arch, stream) = (self.arch, false);
        if out.dtype() != compute || !self.are_few(out) {
            return None;
        }
        with_sample!(compute, R => {
            let row = out.one_row_to_write::<R>(access)?;
            let mut x = feed_beside(access, a, out, &row)?;
            let mut y = feed_beside(access, b, out, &row)?;
            let mut out = row;
            if out.stride() < 0 {
                // The loops are fast forwards.
                (out, x, y) = (out.reversed(), x.reversed(), y.reversed());
            }
            Some(R::combine(arch, &Combination { operator, mode, out, x, y, stream }))
        })
    }

    /// Whether the samples are so few that no plan would spread them over threads or past the cache.
    #[inline]
    fn are_few(&self, samples: &Strided<'_>) -> bool {
        let bytes = samples.layout().len() * samples.dtype().size();
        3 * bytes < self.parallel_from.min(self.stream_from)
    }

    /// `out = -from` or `|from|`, computed in the type of `from` and stored with NumPy's cast, as if copied first where
    /// the two overlap.
    ///
    /// # Errors
    /// [`Error::IntegerOverflow`] if `overflow` says so, as for [`Engine::binary`].
    pub fn unary(
        &self,
        access: &Access,
        sign: Sign,
        overflow: Overflow,
        out: &Strided<'_>,
        from: &Strided<'_>,
    ) -> Result<(), Error> {
        let compute = from.dtype();
        let mode = mode_of(compute, overflow);
        let (x, y) = (Operand::Samples(*from), Operand::Scalar(Scalar::Int(0)));
        let mut spare = Spare::default();
        let plan = self.plan(access, Work::Unary(sign), out, &x, &y, &mut spare)?;
        let task = Task {
            compute,
            mode,
            ..plan
        };
        if self.carry_out(access, &task)? {
            return Err(Error::IntegerOverflow {
                operator: match sign {
                    Sign::Negate => "-",
                    Sign::Absolute => "abs",
                },
                dtype: narrower(compute, out.dtype()).name(),
                index: None,
            });
        }
        Ok(())
    }

    /// Stores `from` in `out` with NumPy's cast, as if copied first where the two overlap.
    ///
    /// # Errors
    /// No memory for the copy.
    pub fn copy(
        &self,
        access: &Access,
        out: &Strided<'_>,
        from: &Strided<'_>,
    ) -> Result<(), Error> {
        self.change(access, Work::Cast, out, &Operand::Samples(*from))
    }

    /// Stores one number in every sample.
    pub fn fill(&self, access: &Access, out: &Strided<'_>, value: Scalar) {
        // Nothing overlaps and nothing is gathered: there is no memory that could be missing.
        let filled = self.change(access, Work::Cast, out, &Operand::Scalar(value));
        debug_assert!(filled.is_ok());
    }

    /// Stores `from` in `out` with the scale of audio: an integer sample is a fraction of `2^(bits-1)`; results are
    /// rounded to the nearest, ties to even, and saturate. `nan` becomes 0. The two do not overlap.
    pub fn convert(&self, access: &Access, out: &Strided<'_>, from: &Strided<'_>) {
        let (x, y) = (Operand::Samples(*from), Operand::Scalar(Scalar::Int(0)));
        let task = self.task(Work::Convert, out, &x, &y);
        let task = Task {
            compute: out.dtype(),
            ..task
        };
        // As for `fill`: the two do not overlap.
        let converted = self.spread(access, &task);
        debug_assert!(converted.is_ok());
    }

    fn change(
        &self,
        access: &Access,
        work: Work,
        out: &Strided<'_>,
        x: &Operand<'_>,
    ) -> Result<(), Error> {
        let y = Operand::Scalar(Scalar::Int(0));
        let mut spare = Spare::default();
        let plan = self.plan(access, work, out, x, &y, &mut spare)?;
        let compute = out.dtype();
        self.spread(access, &Task { compute, ..plan })?;
        Ok(())
    }
}

/// An operand as one row beside that of the destination, if it is a number, or samples of the same type and shape
/// in the same order of memory, that are the destination's own or apart from it.
#[inline(always)]
fn feed_beside<'a, R: Element>(
    access: &'a Access,
    operand: &Operand<'a>,
    out: &Strided<'a>,
    target: &Target<'a, R>,
) -> Option<Feed<'a, R>> {
    let samples = match operand {
        Operand::Scalar(number) => return Some(Feed::Number(number.sample())),
        Operand::Samples(samples) => samples,
    };
    let one_channel = out.layout().channels() == 1;
    if !samples.layout().same_shape(out.layout())
        || !(one_channel || samples.order().agrees_with(out.order()))
    {
        return None;
    }
    let row = samples.one_row::<R>(access)?;
    (row.is_own(target) || row.is_apart_from(target)).then_some(Feed::Row(row))
}

#[inline]
fn mode_of(compute: Dtype, overflow: Overflow) -> Misfits {
    match overflow {
        _ if compute.is_float() => Misfits::Plain,
        Overflow::Wrap => Misfits::Plain,
        Overflow::Saturate => Misfits::Saturate,
        Overflow::Raise => Misfits::Detect,
    }
}

fn narrower(a: Dtype, b: Dtype) -> Dtype {
    if a.size() <= b.size() { a } else { b }
}

/// A factor that gives the very bits that dividing by `divisor` gives.
fn exact_reciprocal(compute: Dtype, divisor: Scalar) -> Option<Scalar> {
    let (value, is_normal): (f64, fn(f64) -> bool) = match compute {
        Dtype::Int16 | Dtype::Int32 => return None,
        Dtype::Float32 => {
            let is_normal = |value| (value as f32).is_normal();
            (f64::from(divisor.sample::<f32>()), is_normal)
        }
        Dtype::Float64 => (divisor.sample(), f64::is_normal),
    };
    // A power of two whose reciprocal is normal too: both ways round the same exact number once.
    let fraction = value.to_bits() & ((1 << (f64::MANTISSA_DIGITS - 1)) - 1);
    let reciprocal = 1.0 / value;
    let exact = fraction == 0 && is_normal(value) && is_normal(reciprocal);
    exact.then_some(Scalar::Float(reciprocal))
}

#[cold]
fn zero_in(access: &Access, divisor: &Operand<'_>) -> Error {
    let index = match divisor {
        Operand::Scalar(_) => None,
        Operand::Samples(divisor) => {
            let index = scalar::first_zero(access, divisor);
            index.map(|index| index_in(divisor, index))
        }
    };
    Error::DivisionByZero { index }
}

/// The index as a user of that shape writes it.
fn index_in(samples: &Strided<'_>, [channel, frame]: [usize; 2]) -> Vec<usize> {
    match samples.layout().ndim() {
        2 => vec![channel, frame],
        _ => vec![frame],
    }
}
