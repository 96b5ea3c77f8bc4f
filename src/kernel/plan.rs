//! The shape of the loops and their order: which axis is a row, and what an overlap allows.

use crate::kernel::Operand;
use crate::view::Strided;

/// An operation as rows that the loops run along: the longest that all of its samples allow.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    pub out: Strided<'a>,
    pub x: Operand<'a>,
    pub y: Operand<'a>,
}

impl<'a> Rows<'a> {
    /// Rows in the destination's order of memory: a step forward in a row is a step forward in memory.
    #[inline]
    pub fn new(out: Strided<'a>, x: Operand<'a>, y: Operand<'a>) -> Rows<'a> {
        let mut rows = Rows { out, x, y };
        if let Some(merged) = rows.merged() {
            rows = merged;
        } else {
            rows = rows.forward(0);
        }
        rows = rows.forward(1);
        if rows.out.layout().channels() <= 1 {
            return rows;
        }
        let transposed = rows.map(|samples| Some(samples.transposed()));
        let merged = rows.merged().or_else(|| transposed?.merged());
        match (merged, transposed) {
            (Some(merged), _) => merged,
            (None, Some(transposed)) if rows.runs_better_transposed() => transposed,
            _ => rows,
        }
    }

    fn map(&self, change: impl Fn(&Strided<'a>) -> Option<Strided<'a>>) -> Option<Rows<'a>> {
        let operand = |operand: &Operand<'a>| match operand {
            Operand::Samples(samples) => change(samples).map(Operand::Samples),
            Operand::Scalar(_) => Some(*operand),
        };
        Some(Rows {
            out: change(&self.out)?,
            x: operand(&self.x)?,
            y: operand(&self.y)?,
        })
    }

    #[inline]
    fn merged(&self) -> Option<Rows<'a>> {
        self.map(Strided::merged)
    }

    fn forward(self, axis: usize) -> Rows<'a> {
        let layout = self.out.layout();
        let backward = match axis {
            0 => layout.channel_stride() < 0,
            _ => layout.frame_stride() < 0,
        };
        let forward = if backward {
            self.map(|samples| Some(samples.reversed(axis)))
        } else {
            None
        };
        forward.unwrap_or(self)
    }

    /// Rows of a handful of samples cost more than steps through memory.
    fn runs_better_transposed(&self) -> bool {
        let layout = self.out.layout();
        let (channels, frames) = (layout.channels(), layout.frames());
        let closer = layout.channel_stride().abs() < layout.frame_stride().abs();
        frames < channels && (frames < 16 || closer)
    }

    /// `len` of the rows (axis 0) or of the samples in each (axis 1) from `from` on.
    pub fn window(&self, axis: usize, from: usize, len: usize) -> Rows<'a> {
        let part = self.map(|samples| Some(samples.window(axis, from, len)));
        part.unwrap_or(*self)
    }
}

/// How an operand lies to the destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlap {
    /// No byte in common, or no samples at all.
    Clear,
    /// The same samples in the same order.
    Same,
    /// The same order, further on in memory: what is written first has been read by then.
    Ahead,
    /// The same order, further back: right if the last samples are written first.
    Behind,
    /// Each row of the destination backwards: right if mirrored pairs are read before both are written.
    Mirrored,
    /// Any other overlap: it takes a copy.
    NeedsCopy,
}

impl Overlap {
    /// How `x` lies to `out`, both in the form that [`Rows::new`] gives.
    #[inline]
    pub fn of(out: &Strided<'_>, x: &Operand<'_>) -> Overlap {
        let Operand::Samples(x) = x else {
            return Overlap::Clear;
        };
        if out.same_samples(x) {
            return Overlap::Same;
        }
        if !out.span().overlaps(&x.span()) {
            return Overlap::Clear;
        }
        Overlap::of_overlapping(out, x)
    }

    #[cold]
    fn of_overlapping(out: &Strided<'_>, x: &Strided<'_>) -> Overlap {
        let size = out.dtype().size() as i128;
        let (at, from) = (out.layout(), x.layout());
        let (rows, len) = (at.channels() as i128, at.frames() as i128);
        let (across, along) = (at.channel_stride() as i128, at.frame_stride() as i128);
        // Every sample of the destination behind the one before it, row after row.
        let ordered =
            (len == 1 || along >= size) && (rows == 1 || across >= along * (len - 1) + size);
        let same_across = rows == 1 || from.channel_stride() as i128 == across;
        if x.dtype() != out.dtype() || !ordered || !same_across {
            return Overlap::NeedsCopy;
        }
        let distance = x.first_address() as i128 - out.first_address() as i128;
        if len == 1 || from.frame_stride() as i128 == along {
            return if distance > 0 {
                Overlap::Ahead
            } else {
                Overlap::Behind
            };
        }
        if from.frame_stride() as i128 == -along && distance == along * (len - 1) {
            return Overlap::Mirrored;
        }
        Overlap::NeedsCopy
    }
}

/// In which order the samples of a destination are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Any, in parts and at once.
    Any,
    /// Block after block, the first one first.
    Upward,
    /// Block after block, the last one first.
    Downward,
    /// Pairs of blocks from both ends of a row.
    Mirrored,
}

impl Direction {
    /// The order that an operand asks for; `None` where no order helps.
    #[inline]
    pub fn for_overlap(overlap: Overlap) -> Option<Direction> {
        match overlap {
            Overlap::Clear | Overlap::Same => Some(Direction::Any),
            Overlap::Ahead => Some(Direction::Upward),
            Overlap::Behind => Some(Direction::Downward),
            Overlap::Mirrored => Some(Direction::Mirrored),
            Overlap::NeedsCopy => None,
        }
    }

    /// One order that suits both; `None` if there is none.
    #[inline]
    pub fn with(self, other: Direction) -> Option<Direction> {
        match (self, other) {
            (Direction::Any, order) | (order, Direction::Any) => Some(order),
            _ if self == other => Some(self),
            _ => None,
        }
    }
}

/// The samples of an operand that are different ones: an axis along which it repeats is one sample long.
pub fn distinct<'a>(samples: &Strided<'a>) -> Strided<'a> {
    let mut distinct = *samples;
    let layout = samples.layout();
    if layout.channel_stride() == 0 && layout.channels() > 1 {
        distinct = distinct.window(0, 0, 1);
    }
    if layout.frame_stride() == 0 && layout.frames() > 1 {
        distinct = distinct.window(1, 0, 1);
    }
    distinct
}
