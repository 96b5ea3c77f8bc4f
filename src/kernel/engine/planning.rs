//! From operands to a task, and from a task to threads.

use crate::error::Error;
use crate::kernel::arch::Misfits;
use crate::kernel::engine::{Engine, GRAIN, PART_BYTES};
use crate::kernel::plan::{Direction, Overlap, Rows, distinct};
use crate::kernel::row::AnySource;
use crate::kernel::rows::{Task, Work};
use crate::kernel::{Operand, Scalar, bytes_touched, threads};
use crate::layout::Layout;
use crate::view::{Access, Fresh, Strided};

/// Copies of operands that an operation would otherwise overwrite before it reads them.
#[derive(Default)]
pub struct Spare {
    x: Option<Fresh>,
    y: Option<Fresh>,
}

impl Engine {
    pub(super) fn task<'a>(
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
            mode: Misfits::Plain,
            rows: Rows::new(*out, *x, *y),
            order: Direction::Any,
            early: [false; 2],
            stream: bytes >= self.stream_from,
            dry: false,
        }
    }

    /// Rows, and an order in which no operand is overwritten before it is read; what no order helps is copied
    /// into `spare`.
    #[inline]
    pub(super) fn plan<'a>(
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
        let (meets_x, meets_y) = (Overlap::of(&out, &x), Overlap::of(&out, &y));
        if (meets_x, meets_y) == (Overlap::Clear, Overlap::Clear) {
            return Ok(task);
        }
        task.stream = false;
        let order_x = Direction::for_overlap(meets_x);
        let order_y = Direction::for_overlap(meets_y);
        task.order = match order_x {
            Some(order) => order,
            None => {
                task.rows.x = self.copied(access, &x, &out, &mut spare.x)?;
                Direction::Any
            }
        };
        match order_y.and_then(|order| order.with(task.order)) {
            Some(order) => task.order = order,
            None => task.rows.y = self.copied(access, &y, &out, &mut spare.y)?,
        }
        let early = |order: Option<Direction>| order.is_some_and(|order| order != Direction::Any);
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
    pub(super) fn carry_out(&self, access: &Access, task: &Task<'_>) -> Result<bool, Error> {
        let clear = |operand| Overlap::of(&task.rows.out, operand) == Overlap::Clear;
        if task.mode == Misfits::Detect && !(clear(&task.rows.x) && clear(&task.rows.y)) {
            let dry = Task {
                dry: true,
                order: Direction::Any,
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
    pub(super) fn spread(&self, access: &Access, task: &Task<'_>) -> Result<bool, Error> {
        // Channels without a frame may be very many.
        if task.rows.out.layout().is_empty() {
            return Ok(false);
        }
        let touched = bytes_touched(&task.rows.out, &[&task.rows.x, &task.rows.y]);
        if touched < self.parallel_from || task.order != Direction::Any {
            return task.run(access);
        }
        self.spread_over_threads(access, task, touched)
    }

    #[cold]
    fn spread_over_threads(
        &self,
        access: &Access,
        task: &Task<'_>,
        touched: usize,
    ) -> Result<bool, Error> {
        let layout = task.rows.out.layout();
        let (axis, len, part) = self.parts(layout, touched);
        let done = threads::cut(
            len,
            part,
            self.thread_count(),
            |from, len| {
                let rows = task.rows.window(axis, from, len);
                Task { rows, ..*task }.run(access)
            },
            |one, other| Ok(one? | other?),
        );
        done.unwrap_or(Ok(false))
    }

    /// How an operation that touches so many bytes is cut: along which axis, how many there are, and how many
    /// of them make a part.
    fn parts(&self, layout: &Layout, touched: usize) -> (usize, usize, usize) {
        let wanted = (touched / PART_BYTES).max(self.thread_count());
        let (channels, frames) = (layout.channels(), layout.frames());
        if frames >= 2 * GRAIN {
            (1, frames, frames.div_ceil(wanted).next_multiple_of(GRAIN))
        } else {
            (0, channels, channels.div_ceil(wanted))
        }
    }

    fn thread_count(&self) -> usize {
        match self.threads {
            0 => threads::threads(),
            threads => threads,
        }
    }

    /// Whether one of the samples is zero.
    pub(super) fn any_zero(&self, access: &Access, samples: &Strided<'_>) -> bool {
        if samples.layout().is_empty() {
            return false;
        }
        let samples = distinct(samples);
        let number = Operand::Scalar(Scalar::Int(0));
        let rows = Rows::new(samples, number, number).out;
        let look = |rows: &Strided<'_>| {
            (0..rows.layout().channels())
                .any(|channel| self.arch.any_zero(&AnySource::of(rows, access, channel)))
        };
        let bytes = rows.layout().len() * rows.dtype().size();
        if bytes < self.parallel_from {
            return look(&rows);
        }
        let (axis, len, part) = self.parts(rows.layout(), bytes);
        let look = |from, len| look(&rows.window(axis, from, len));
        let found = threads::cut(len, part, self.thread_count(), look, |one, other| {
            one | other
        });
        found.unwrap_or(false)
    }
}
