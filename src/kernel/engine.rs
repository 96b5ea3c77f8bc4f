//! How an operation is done: which instructions, how many threads, past the cache or through it.

use crate::dtype::{Dtype, Sample};
use crate::error::Error;
use crate::kernel::arch::{Arch, Combination, Mode, Sign};
use crate::kernel::plan::{Meeting, Order, Rows, distinct};
use crate::kernel::row::{AnySource, Feed};
use crate::kernel::rows::{Task, Work};
use crate::kernel::{Operand, Operator, Overflow, Scalar, bytes_moved, scalar, threads};
use crate::view::{Access, Fresh, Strided};
use crate::with_sample;

/// Bytes from which an operation is split among threads: some 100 microseconds of work, several times what
/// starting a thread takes.
const PARALLEL_FROM: usize = 4 << 20;
/// Bytes of a result from which it is written past the cache.
const STREAM_FROM: usize = 8 << 20;
/// Bytes of a result up to which planning an operation costs more than carrying it out.
const AT_ONCE: usize = 32 << 10;
/// Parts start at a multiple of this many samples: no two threads write to one cache line.
const GRAIN: usize = 1024;

/// The loops with all their settings. Every engine gives the same bits; they differ in time.
#[derive(Clone, Copy, Debug)]
pub struct Engine {
    /// Which instructions.
    pub arch: Arch,
    /// How many threads at most; 0 for [`threads`](crate::kernel::threads).
    pub threads: usize,
    /// Bytes moved from which an operation is split among threads.
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

    /// As [`binary_with`](crate::kernel::binary_with).
    ///
    /// # Errors
    /// As there.
    #[allow(
        clippy::too_many_arguments,
        reason = "an operation has this many sides"
    )]
    #[inline]
    pub fn binary(
        &self,
        access: &Access,
        operator: Operator,
        compute: Dtype,
        overflow: Overflow,
        out: &Strided<'_>,
        a: &Operand<'_>,
        b: &Operand<'_>,
    ) -> Result<(), Error> {
        let mode = mode_of(compute, overflow);
        if self.at_once(access, operator, compute, mode, out, a, b) {
            return Ok(());
        }
        if operator == Operator::Div {
            return self.divide(access, compute, out, a, b);
        }
        let mut spare = Spare::default();
        let plan = self.plan(access, Work::Binary(operator), out, a, b, &mut spare)?;
        let task = Task {
            compute,
            mode,
            ..plan
        };
        if self.carry_out(access, &task)? {
            let index = scalar::first_overflow(access, operator, compute, out, a, b);
            return Err(Error::IntegerOverflow {
                operator: operator.symbol(),
                dtype: narrower(compute, out.dtype()).name(),
                index: index.map(|index| index_in(out, index)),
            });
        }
        Ok(())
    }

    /// Carries out what needs no plan: little of it, side by side, of one type, and nothing to be noted.
    /// False if it is something else, and nothing has been done.
    #[allow(
        clippy::too_many_arguments,
        reason = "an operation has this many sides"
    )]
    #[inline]
    fn at_once(
        &self,
        access: &Access,
        operator: Operator,
        compute: Dtype,
        mode: Mode,
        out: &Strided<'_>,
        a: &Operand<'_>,
        b: &Operand<'_>,
    ) -> bool {
        let size = compute.size();
        let divides = operator == Operator::Div;
        let by_number = matches!(b, Operand::Scalar(number) if !number.is_zero());
        if out.dtype() != compute
            || mode == Mode::Note
            || (divides && !(by_number && compute.is_float()))
            || out.layout().channels() != 1
            || !out.layout().has_dense_rows(size)
            || out.layout().frames() * size > AT_ONCE
            || !lies_like(out, a)
            || !lies_like(out, b)
        {
            return false;
        }
        with_sample!(compute, T => {
            self.arch.binary(&Combination {
                operator,
                mode,
                out: out.target::<T>(access, 0),
                x: feed::<T>(access, a),
                y: feed::<T>(access, b),
                stream: false,
            });
        });
        true
    }

    /// As [`check_divisor`](crate::kernel::check_divisor).
    ///
    /// # Errors
    /// As there.
    pub fn check_divisor(&self, access: &Access, divisor: &Strided<'_>) -> Result<(), Error> {
        if self.any_zero(access, divisor) {
            return Err(zero_in(access, divisor));
        }
        Ok(())
    }

    fn divide(
        &self,
        access: &Access,
        compute: Dtype,
        out: &Strided<'_>,
        a: &Operand<'_>,
        b: &Operand<'_>,
    ) -> Result<(), Error> {
        let mut operator = Operator::Div;
        let mut divisor = *b;
        let mut mode = Mode::Plain;
        match b {
            Operand::Scalar(number) if number.is_zero() => {
                return Err(Error::DivisionByZero { index: None });
            }
            Operand::Scalar(number) => {
                if let Some(factor) = exact_reciprocal(compute, *number) {
                    operator = Operator::Mul;
                    divisor = Operand::Scalar(factor);
                }
            }
            Operand::Samples(samples) => {
                // Where a zero would be found too late, it is looked for first.
                let meets = |x| Meeting::of(out, x) != Meeting::Clear;
                let early = !compute.is_float() || meets(a) || meets(b);
                if !early {
                    mode = Mode::Note;
                } else {
                    self.check_divisor(access, samples)?;
                }
            }
        }
        let mut spare = Spare::default();
        let plan = self.plan(access, Work::Binary(operator), out, a, &divisor, &mut spare)?;
        let task = Task {
            compute,
            mode,
            ..plan
        };
        match (self.carry_out(access, &task)?, b) {
            (true, Operand::Samples(samples)) => Err(zero_in(access, samples)),
            _ => Ok(()),
        }
    }

    /// `out = op from`.
    ///
    /// # Errors
    /// As [`negate`](crate::kernel::negate).
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

    /// As [`copy`](crate::kernel::copy).
    ///
    /// # Errors
    /// As there.
    pub fn copy(
        &self,
        access: &Access,
        out: &Strided<'_>,
        from: &Strided<'_>,
    ) -> Result<(), Error> {
        self.change(access, Work::Cast, out, &Operand::Samples(*from))
    }

    /// As [`fill`](crate::kernel::fill).
    pub fn fill(&self, access: &Access, out: &Strided<'_>, value: Scalar) {
        // Nothing overlaps and nothing is gathered: there is no memory that could be missing.
        let filled = self.change(access, Work::Cast, out, &Operand::Scalar(value));
        debug_assert!(filled.is_ok());
    }

    /// As [`convert`](crate::kernel::convert).
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

    fn task<'a>(
        &self,
        work: Work,
        out: &Strided<'a>,
        x: &Operand<'a>,
        y: &Operand<'a>,
    ) -> Task<'a> {
        let bytes = out.layout().len() * out.dtype().size();
        Task {
            arch: self.arch,
            work,
            compute: out.dtype(),
            mode: Mode::Plain,
            rows: Rows::new(*out, *x, *y),
            order: Order::Any,
            early: [false; 2],
            stream: bytes >= self.stream_from,
            dry: false,
        }
    }

    /// Rows, and an order in which no operand is overwritten before it is read; what no order helps is copied
    /// into `spare`.
    #[inline]
    fn plan<'a>(
        &self,
        access: &Access,
        work: Work,
        out: &Strided<'a>,
        x: &Operand<'a>,
        y: &Operand<'a>,
        spare: &'a mut Spare,
    ) -> Result<Task<'a>, Error> {
        let mut task = self.task(work, out, x, y);
        let out = task.rows.out;
        let (x, y) = (task.rows.x, task.rows.y);
        let (meets_x, meets_y) = (Meeting::of(&out, &x), Meeting::of(&out, &y));
        if (meets_x, meets_y) == (Meeting::Clear, Meeting::Clear) {
            return Ok(task);
        }
        task.stream = false;
        let order_x = Order::for_meeting(meets_x);
        let order_y = Order::for_meeting(meets_y);
        task.order = match order_x {
            Some(order) => order,
            None => {
                task.rows.x = self.copied(access, &x, &out, &mut spare.x)?;
                Order::Any
            }
        };
        match order_y.and_then(|order| order.with(task.order)) {
            Some(order) => task.order = order,
            None => task.rows.y = self.copied(access, &y, &out, &mut spare.y)?,
        }
        let early = |order: Option<Order>| order.is_some_and(|order| order != Order::Any);
        task.early = [
            early(order_x),
            early(order_y) && order_y == Some(task.order),
        ];
        Ok(task)
    }

    /// A copy of an operand's different samples, repeated as the operand repeats them.
    #[cold]
    fn copied<'a>(
        &self,
        access: &Access,
        operand: &Operand<'a>,
        out: &Strided<'_>,
        spare: &'a mut Option<Fresh>,
    ) -> Result<Operand<'a>, Error> {
        let Operand::Samples(samples) = operand else {
            return Ok(*operand);
        };
        let from = distinct(samples);
        let shape = [from.layout().channels(), from.layout().frames()];
        let axes = out.layout().ndim();
        let fresh = spare.insert(Fresh::new(&shape[2 - axes..], from.dtype())?);
        let copy = fresh.strided();
        self.copy(access, &copy, &from)?;
        match copy.broadcast_into(out.layout()) {
            Some(copy) => Ok(Operand::Samples(copy)),
            None => unreachable!("a part of an operand in the destination's shape fits into it"),
        }
    }

    /// Runs a task that may note something; what would be found too late is looked for first.
    #[inline]
    fn carry_out(&self, access: &Access, task: &Task<'_>) -> Result<bool, Error> {
        let clear = |operand| Meeting::of(&task.rows.out, operand) == Meeting::Clear;
        if task.mode == Mode::Note && !(clear(&task.rows.x) && clear(&task.rows.y)) {
            let dry = Task {
                dry: true,
                order: Order::Any,
                early: [false; 2],
                ..*task
            };
            if self.spread(access, &dry)? {
                return Ok(true);
            }
        }
        self.spread(access, task)
    }

    /// Runs a task on as many threads as it is worth.
    #[inline]
    fn spread(&self, access: &Access, task: &Task<'_>) -> Result<bool, Error> {
        let moved = bytes_moved(&task.rows.out, &[&task.rows.x, &task.rows.y]);
        if moved < self.parallel_from || task.order != Order::Any {
            return task.run(access);
        }
        self.spread_over_threads(access, task)
    }

    #[cold]
    fn spread_over_threads(&self, access: &Access, task: &Task<'_>) -> Result<bool, Error> {
        let parts = match self.threads {
            0 => threads::threads(),
            threads => threads,
        };
        let layout = task.rows.out.layout();
        let (axis, len, grain) = if layout.frames() >= parts * GRAIN {
            (1, layout.frames(), GRAIN)
        } else {
            (0, layout.channels(), 1)
        };
        if parts == 1 || len == 0 {
            return task.run(access);
        }
        let each = threads::split(len, grain, parts, |from, len| {
            let part = Task {
                rows: task.rows.window(axis, from, len),
                ..*task
            };
            part.run(access)
        });
        each.into_iter()
            .try_fold(false, |noted, part| Ok(noted | part?))
    }

    /// Whether one of the samples is zero.
    fn any_zero(&self, access: &Access, samples: &Strided<'_>) -> bool {
        let samples = distinct(samples);
        let number = Operand::Scalar(Scalar::Int(0));
        let rows = Rows::new(samples, number, number).out;
        let look = |rows: &Strided<'_>| {
            (0..rows.layout().channels())
                .any(|channel| self.arch.any_zero(&AnySource::of(rows, access, channel)))
        };
        let bytes = rows.layout().len() * rows.dtype().size();
        let parts = match self.threads {
            0 if bytes >= self.parallel_from => threads::threads(),
            threads => threads.max(1),
        };
        if bytes < self.parallel_from || rows.layout().frames() < parts * GRAIN {
            return look(&rows);
        }
        let found = threads::split(rows.layout().frames(), GRAIN, parts, |from, len| {
            look(&rows.window(1, from, len))
        });
        found.contains(&true)
    }
}

/// Copies of operands that an operation would otherwise overwrite before it reads them.
#[derive(Default)]
struct Spare {
    x: Option<Fresh>,
    y: Option<Fresh>,
}

/// One row of an operand, or its number.
#[inline]
fn feed<'a, T: Sample>(access: &'a Access, operand: &Operand<'a>) -> Feed<'a, T> {
    match operand {
        Operand::Samples(samples) => Feed::Row(samples.source::<T>(access, 0)),
        Operand::Scalar(number) => Feed::Number(number.sample()),
    }
}

/// Whether the operand is a number, or dense samples of `out`'s type in `out`'s own place or clear of it.
#[inline]
fn lies_like(out: &Strided<'_>, operand: &Operand<'_>) -> bool {
    let Operand::Samples(samples) = operand else {
        return true;
    };
    let size = out.dtype().size();
    let bytes = out.layout().frames() * size;
    let (ours, theirs) = (out.first_address(), samples.first_address());
    samples.dtype() == out.dtype()
        && samples.layout().has_dense_rows(size)
        && (ours == theirs || ours.abs_diff(theirs) >= bytes)
}

#[inline]
fn mode_of(compute: Dtype, overflow: Overflow) -> Mode {
    match overflow {
        _ if compute.is_float() => Mode::Plain,
        Overflow::Wrap => Mode::Plain,
        Overflow::Saturate => Mode::Saturate,
        Overflow::Raise => Mode::Note,
    }
}

fn narrower(a: Dtype, b: Dtype) -> Dtype {
    if a.size() <= b.size() { a } else { b }
}

fn exact_reciprocal(compute: Dtype, divisor: Scalar) -> Option<Scalar> {
    use crate::kernel::arch::Element;
    match compute {
        Dtype::Float32 => {
            let reciprocal = divisor.sample::<f32>().exact_reciprocal()?;
            Some(Scalar::Float(f64::from(reciprocal)))
        }
        Dtype::Float64 => divisor
            .sample::<f64>()
            .exact_reciprocal()
            .map(Scalar::Float),
        Dtype::Int16 | Dtype::Int32 => None,
    }
}

#[cold]
fn zero_in(access: &Access, divisor: &Strided<'_>) -> Error {
    let index = scalar::first_zero(access, divisor);
    Error::DivisionByZero {
        index: index.map(|index| index_in(divisor, index)),
    }
}

/// The index as a user of that shape writes it.
fn index_in(samples: &Strided<'_>, [channel, frame]: [usize; 2]) -> Vec<usize> {
    match samples.layout().ndim() {
        2 => vec![channel, frame],
        _ => vec![frame],
    }
}
