//! Along the rows: straight from memory to memory where the types allow it, block by block otherwise.
//!
//! ```text
//!   operand   of another type, or to be read before the destination is written
//!      |  gather (cast)
//!   block  -- operator -->  block  -- scatter (cast) -->  destination of another type
//! ```
//!
//! Stretches stay in the cache, so that one loop for each type that is computed in will do.

use crate::dtype::Dtype;
use crate::error::Error;
use crate::kernel::arch::{Arch, Combination, Element, Misfits, Sign};
use crate::kernel::plan::{Direction, Rows};
use crate::kernel::row::{AnySource, AnyTarget, Feed};
use crate::kernel::{Operand, Operator};
use crate::view::{Access, Fresh, Source, Strided, Target};
use crate::with_sample;

/// Samples of a block. Three blocks of float64 fit into the first-level cache.
const BLOCK: usize = 1024;

/// What happens to each sample.
#[derive(Clone, Copy)]
pub enum Work {
    Binary(Operator),
    /// Of `x`.
    Unary(Sign),
    /// `x` with NumPy's cast.
    Cast,
    /// `x` with the scale of audio.
    Convert,
}

/// One operation, planned.
#[derive(Clone, Copy)]
pub struct Task<'a> {
    pub arch: Arch,
    pub work: Work,
    /// The type that is computed in.
    pub compute: Dtype,
    pub mode: Misfits,
    pub rows: Rows<'a>,
    pub order: Direction,
    /// For each operand, whether it is to be read before its part of the destination is written.
    pub early: [bool; 2],
    /// Write past the cache.
    pub stream: bool,
    /// Look only: nothing is stored.
    pub dry: bool,
}

impl<'a> Task<'a> {
    /// Runs it. Returns whether something was flagged.
    pub fn run(&self, access: &'a Access) -> Result<bool, Error> {
        with_sample!(self.compute, R => self.run_in::<R>(access))
    }

    fn run_in<R: Element>(&self, access: &'a Access) -> Result<bool, Error> {
        let layout = self.rows.out.layout();
        let (channels, frames) = (layout.channels(), layout.frames());
        if self.splits_stereo(access) {
            return Ok(false);
        }
        let mut scratch = Scratch::<R>::new(self.needs_blocks())?;
        let tile = match self.order {
            Direction::Any if channels > 1 && shares_lines(&self.rows.out) => BLOCK,
            Direction::Any if channels > 1 && self.reads_interleaved() => 4 * BLOCK,
            _ => frames,
        };
        let mut flagged = false;
        let mut from = 0;
        while from < frames {
            let len = tile.min(frames - from);
            for number in 0..channels {
                let channel = match self.order {
                    Direction::Downward => channels - 1 - number,
                    _ => number,
                };
                let row = TaskRow {
                    task: self,
                    out: AnyTarget::of(&self.rows.out, access, channel).range(from, len),
                    x: self.side(access, &self.rows.x, self.early[0], channel, from, len),
                    y: self.side(access, &self.rows.y, self.early[1], channel, from, len),
                    len,
                };
                flagged |= row.run(&mut scratch);
            }
            from += len;
        }
        Ok(flagged)
    }

    /// Does it all, if it is stereo that only changes its type or its place, and goes from interleaved frames to
    /// channels.
    fn splits_stereo(&self, access: &'a Access) -> bool {
        let (Work::Cast | Work::Convert, Operand::Samples(x)) = (self.work, &self.rows.x) else {
            return false;
        };
        let any_order = self.order == Direction::Any && !self.early[0] && !self.dry;
        if self.rows.out.layout().channels() != 2 || !any_order {
            return false;
        }
        let out = [0, 1].map(|channel| AnyTarget::of(&self.rows.out, access, channel));
        let from = [0, 1].map(|channel| AnySource::of(x, access, channel));
        let scale = matches!(self.work, Work::Convert);
        self.arch.split(scale, out, from)
    }

    /// What an operand gives to one row.
    #[inline]
    fn side<R: Element>(
        &self,
        access: &'a Access,
        operand: &Operand<'a>,
        early: bool,
        channel: usize,
        from: usize,
        len: usize,
    ) -> Fetched<'a, R> {
        let samples = match operand {
            Operand::Scalar(number) => return Fetched::Ready(Feed::Number(number.sample())),
            Operand::Samples(samples) => samples,
        };
        if samples.layout().frame_stride() == 0 && len > 1 && !matches!(self.work, Work::Convert) {
            let mut number = [R::default()];
            let one = AnySource::of(samples, access, channel).range(from, 1);
            let place = R::any_target(Target::from_slice(&mut number));
            self.arch.cast(&place, &one, false);
            return Fetched::Ready(Feed::Number(number[0]));
        }
        let changes = matches!(self.work, Work::Cast | Work::Convert);
        if samples.dtype() == R::DTYPE && !early && !changes {
            let row = samples.source::<R>(access, channel);
            return Fetched::Ready(Feed::Row(row.range(from, len)));
        }
        Fetched::Gather(AnySource::of(samples, access, channel).range(from, len))
    }

    fn reads_interleaved(&self) -> bool {
        let operand = |operand: &Operand<'_>| match operand {
            Operand::Samples(samples) => shares_lines(samples),
            Operand::Scalar(_) => false,
        };
        operand(&self.rows.x) || operand(&self.rows.y)
    }

    fn needs_blocks(&self) -> bool {
        let other = |operand: &Operand<'_>| match operand {
            Operand::Samples(samples) => samples.dtype() != self.compute,
            Operand::Scalar(_) => false,
        };
        match self.work {
            Work::Cast | Work::Convert => self.early[0],
            _ => {
                self.dry
                    || self.early != [false; 2]
                    || self.rows.out.dtype() != self.compute
                    || other(&self.rows.x)
                    || other(&self.rows.y)
            }
        }
    }
}

/// Whether channels share cache lines: then they are done a stretch at a time.
fn shares_lines(samples: &Strided<'_>) -> bool {
    let layout = samples.layout();
    let across = layout.channel_stride().unsigned_abs();
    across < 4096 && layout.frame_stride().unsigned_abs() > across
}

/// An operand along one row.
#[derive(Clone, Copy)]
enum Fetched<'a, R> {
    /// As the loops take it.
    Ready(Feed<'a, R>),
    /// To be brought into a block first.
    Gather(AnySource<'a>),
}

impl<'a, R: Element> Fetched<'a, R> {
    /// A part of it, in `block` if it has to be.
    #[inline]
    fn fetch<'b>(&self, arch: Arch, from: usize, len: usize, block: &'b mut [R]) -> Feed<'b, R>
    where
        'a: 'b,
    {
        match self {
            Fetched::Ready(feed) => feed.range(from, len),
            Fetched::Gather(source) => {
                let block = &mut block[..len];
                let place = R::any_target(Target::from_slice(block));
                arch.cast(&place, &source.range(from, len), false);
                Feed::Row(Source::from_slice(block))
            }
        }
    }
}

/// One row of a task, or a stretch of it.
struct TaskRow<'t, 'a, R> {
    task: &'t Task<'a>,
    out: AnyTarget<'a>,
    x: Fetched<'a, R>,
    y: Fetched<'a, R>,
    len: usize,
}

impl<'a, R: Element> TaskRow<'_, 'a, R> {
    fn run(&self, scratch: &mut Scratch<R>) -> bool {
        let task = self.task;
        match (task.work, &self.x, &self.y) {
            (Work::Cast, Fetched::Gather(x), _) if !task.early[0] => {
                task.arch.cast(&self.out, x, task.stream);
                return false;
            }
            (Work::Convert, Fetched::Gather(x), _) => {
                task.arch.convert(&self.out, x, task.stream);
                return false;
            }
            (_, Fetched::Ready(x), Fetched::Ready(y)) if !task.dry => {
                if let Some(out) = R::target_of(&self.out) {
                    return self.store(out, x, y, task.stream);
                }
            }
            (Work::Binary(operator), Fetched::Gather(AnySource::Float32(x)), Fetched::Ready(y)) => {
                if let Some((out, y)) = self.widens(x, y) {
                    task.arch.widened(operator, out, y);
                    return false;
                }
            }
            _ => {}
        }
        let mut blocks = scratch.blocks();
        let count = self.len.div_ceil(BLOCK);
        let mut flagged = false;
        match task.order {
            Direction::Any | Direction::Upward => {
                for number in 0..count {
                    flagged |= self.block(number, &mut blocks);
                }
            }
            Direction::Downward => {
                for number in (0..count).rev() {
                    flagged |= self.block(number, &mut blocks);
                }
            }
            Direction::Mirrored => {
                let mut from = 0;
                while 2 * from < self.len {
                    // Once less than two blocks are left, a block in the middle, or two that just meet.
                    let left = self.len - 2 * from;
                    let len = if left <= BLOCK {
                        left
                    } else {
                        BLOCK.min(left / 2)
                    };
                    flagged |= self.pair(from, len, &mut blocks);
                    from += len;
                }
            }
        }
        flagged
    }

    /// Destination and operand, if this is float32 `out op= y` with float64 `y`, both side by side.
    fn widens(
        &self,
        x: &Source<'a, f32>,
        y: &Feed<'a, R>,
    ) -> Option<(Target<'a, f32>, Source<'a, f64>)> {
        let (AnyTarget::Float32(out), Feed::Row(y)) = (self.out, y) else {
            return None;
        };
        let AnySource::Float64(y) = R::any_source(*y) else {
            return None;
        };
        let task = self.task;
        let plain = task.mode == Misfits::Plain && task.early == [false; 2] && !task.dry;
        let own = x.is_own(&out) && out.is_dense() && y.is_dense();
        (plain && own && task.order == Direction::Any).then_some((out, y))
    }

    fn block(&self, number: usize, blocks: &mut Stretches<'_, R>) -> bool {
        let (arch, from) = (self.task.arch, number * BLOCK);
        let len = BLOCK.min(self.len - from);
        let x = self.x.fetch(arch, from, len, blocks.x[0]);
        let y = self.y.fetch(arch, from, len, blocks.y[0]);
        self.finish(from, len, &x, &y, blocks.result)
    }

    /// `len` samples from `from` on and their mirror image at the row's other end, which may meet in the
    /// middle: all operands are read before anything is written.
    fn pair(&self, from: usize, len: usize, blocks: &mut Stretches<'_, R>) -> bool {
        let arch = self.task.arch;
        let back = self.len - from - len;
        let [x_front, x_back] = &mut blocks.x;
        let [y_front, y_back] = &mut blocks.y;
        let front = (
            self.x.fetch(arch, from, len, x_front),
            self.y.fetch(arch, from, len, y_front),
        );
        if back < from + len {
            // The last pair is one block in the middle.
            return self.finish(from, len, &front.0, &front.1, blocks.result);
        }
        let behind = (
            self.x.fetch(arch, back, len, x_back),
            self.y.fetch(arch, back, len, y_back),
        );
        let flagged = self.finish(from, len, &front.0, &front.1, blocks.result);
        flagged | self.finish(back, len, &behind.0, &behind.1, blocks.result)
    }

    /// Computes a part whose operands are at hand, and stores it.
    fn finish(
        &self,
        from: usize,
        len: usize,
        x: &Feed<'_, R>,
        y: &Feed<'_, R>,
        block: &mut [R],
    ) -> bool {
        let (arch, mode) = (self.task.arch, self.task.mode);
        let out = self.out.range(from, len);
        if !self.task.dry
            && let Some(out) = R::target_of(&out)
        {
            return self.store(out, x, y, false);
        }
        let block = &mut block[..len];
        let flagged = self.store(Target::from_slice(block), x, y, false);
        let result = R::any_source(Source::from_slice(block));
        let mut unseen = [0_i16; BLOCK];
        match (&out, &result) {
            (AnyTarget::Int16(out), AnySource::Int32(result)) if mode != Misfits::Plain => {
                let out = match self.task.dry {
                    true => Target::from_slice(&mut unseen[..len]),
                    false => *out,
                };
                return flagged | arch.narrow(mode, out, *result);
            }
            _ if self.task.dry => {}
            _ => arch.cast(&out, &result, false),
        }
        flagged
    }

    /// The operator itself, in the type that is computed in.
    #[inline]
    fn store(&self, out: Target<'_, R>, x: &Feed<'_, R>, y: &Feed<'_, R>, stream: bool) -> bool {
        let Task { arch, mode, .. } = *self.task;
        match (self.task.work, x) {
            (Work::Binary(operator), _) => R::combine(
                arch,
                &Combination {
                    operator,
                    mode,
                    out,
                    x: *x,
                    y: *y,
                    stream,
                },
            ),
            (Work::Unary(sign), Feed::Row(x)) => R::apply(arch, sign, mode, out, *x),
            (Work::Unary(sign), Feed::Number(x)) => {
                arch.fill(out, *x);
                R::apply(arch, sign, mode, out, out.as_source())
            }
            (Work::Cast | Work::Convert, Feed::Row(x)) => {
                arch.cast(&R::any_target(out), &R::any_source(*x), false);
                false
            }
            (Work::Cast | Work::Convert, Feed::Number(x)) => {
                arch.fill(out, *x);
                false
            }
        }
    }
}

/// Memory for blocks, if any are needed.
struct Scratch<R> {
    memory: Option<Fresh>,
    none: [R; 0],
}

/// Stretches to compute in: for two operands, twice each for mirrored pairs, and for the result.
struct Stretches<'s, R> {
    x: [&'s mut [R]; 2],
    y: [&'s mut [R]; 2],
    result: &'s mut [R],
}

impl<R: Element> Scratch<R> {
    fn new(needed: bool) -> Result<Scratch<R>, Error> {
        let memory = match needed {
            true => Some(Fresh::new(&[5 * BLOCK], R::DTYPE)?),
            false => None,
        };
        Ok(Scratch { memory, none: [] })
    }

    fn blocks(&mut self) -> Stretches<'_, R> {
        let memory = self.memory.as_mut().and_then(Fresh::as_mut_slice::<R>);
        let mut rest = memory.unwrap_or(&mut self.none);
        let mut next = || {
            let (block, others) = std::mem::take(&mut rest).split_at_mut(BLOCK);
            rest = others;
            block
        };
        Stretches {
            x: [next(), next()],
            y: [next(), next()],
            result: next(),
        }
    }
}
