//! From rows to loops, for operators: which form of a loop fits the rows that are given.

use std::marker::PhantomData;

use crate::dtype::Sample;
use crate::kernel::Operator;
use crate::kernel::arch::Arch;
use crate::kernel::arch::element::{Combination, Element, Misfits, Sign};
use crate::kernel::arch::loops::{
    Apply, Combine, Dense, DenseOut, Every, InPlace, InPlaceWidened, LoopInput, Rounded, Splat,
    Stepped, SteppedOut, StreamCombine,
};
use crate::kernel::arch::operators::{Add, Binary, Div, Flagging, Mul, Sub, Unary};
use crate::kernel::row::Feed;
use crate::view::{Source, Target};

/// A row as the loops take it: pointer, stride, and whether it is the destination itself.
#[derive(Clone, Copy)]
enum RowFeed<T> {
    Dense(*const T),
    InPlace,
    Stepped(*const T, isize),
    Splat(T),
}

impl<T: Sample> RowFeed<T> {
    #[inline(always)]
    fn new(feed: &Feed<'_, T>, out: &Target<'_, T>) -> RowFeed<T> {
        match feed {
            Feed::Number(value) => RowFeed::Splat(*value),
            Feed::Row(row) => {
                assert_eq!(row.len(), out.len(), "rows of one length");
                let start = row.as_ptr().cast();
                if !row.is_dense() {
                    RowFeed::Stepped(start, row.stride())
                } else if row.as_ptr() == out.as_mut_ptr().cast_const() {
                    RowFeed::InPlace
                } else {
                    RowFeed::Dense(start)
                }
            }
        }
    }

    /// As steps; one value is a step of 0 over `place`.
    #[inline(always)]
    fn steps(self, out: *mut T, place: &mut T) -> Stepped<T> {
        match self {
            RowFeed::Dense(start) => Stepped(start, size_of::<T>() as isize),
            RowFeed::InPlace => Stepped(out, size_of::<T>() as isize),
            RowFeed::Stepped(start, stride) => Stepped(start, stride),
            RowFeed::Splat(value) => {
                *place = value;
                Stepped(place, 0)
            }
        }
    }
}

/// `count` samples, in bytes.
#[inline(always)]
const fn steps<T>(count: isize) -> isize {
    count * size_of::<T>() as isize
}

/// What vector stores like best to start on.
const ALIGNED: usize = 32;
/// Bytes from which it pays to begin with what lies before such a place.
const ALIGN_FROM: usize = 2048;

impl Arch {
    /// The forms that matter for speed, each with a loop of its own.
    #[inline]
    pub(super) fn combine_fast<T: Flagging, O: Binary<T>>(self, c: &Combination<'_, T>) -> bool {
        if !c.out.is_dense() {
            return self.combine_steps::<T, O>(c);
        }
        let out: *mut T = c.out.as_mut_ptr().cast();
        let stream = c.stream && out.addr().is_multiple_of(size_of::<T>());
        let (x, y) = (RowFeed::new(&c.x, &c.out), RowFeed::new(&c.y, &c.out));
        match (x, y) {
            (RowFeed::InPlace, RowFeed::InPlace) => self.dense::<T, O, _, _>(c, InPlace, InPlace),
            (RowFeed::Dense(x), RowFeed::InPlace) => self.dense::<T, O, _, _>(c, Dense(x), InPlace),
            (RowFeed::Splat(x), RowFeed::InPlace) => self.dense::<T, O, _, _>(c, Splat(x), InPlace),
            (RowFeed::Dense(x), RowFeed::Splat(y)) if stream => {
                self.streamed::<T, O, _, _>(c, Dense(x), Splat(y))
            }
            (RowFeed::Dense(x), RowFeed::Dense(y)) if stream => {
                self.streamed::<T, O, _, _>(c, Dense(x), Dense(y))
            }
            (RowFeed::Splat(x), RowFeed::Dense(y)) if stream => {
                self.streamed::<T, O, _, _>(c, Splat(x), Dense(y))
            }
            (RowFeed::Stepped(x, way), RowFeed::Splat(y)) if way == steps::<T>(-1) => {
                self.dense::<T, O, _, _>(c, Every::<T, -1>(x), Splat(y))
            }
            (RowFeed::Stepped(x, way), RowFeed::Splat(y)) if way == steps::<T>(2) => {
                self.dense::<T, O, _, _>(c, Every::<T, 2>(x), Splat(y))
            }
            (RowFeed::Stepped(x, one), RowFeed::Stepped(y, other)) if one == other => {
                if one == steps::<T>(-1) {
                    self.dense::<T, O, _, _>(c, Every::<T, -1>(x), Every::<T, -1>(y))
                } else if one == steps::<T>(2) {
                    self.dense::<T, O, _, _>(c, Every::<T, 2>(x), Every::<T, 2>(y))
                } else {
                    self.combine_steps::<T, O>(c)
                }
            }
            _ => self.combine::<T, O>(c),
        }
    }

    /// The forms that every operator has.
    #[inline]
    pub(super) fn combine<T: Flagging, O: Binary<T>>(self, c: &Combination<'_, T>) -> bool {
        if !c.out.is_dense() {
            return self.combine_steps::<T, O>(c);
        }
        let (x, y) = (RowFeed::new(&c.x, &c.out), RowFeed::new(&c.y, &c.out));
        match (x, y) {
            (RowFeed::InPlace, RowFeed::Dense(y)) => self.dense::<T, O, _, _>(c, InPlace, Dense(y)),
            (RowFeed::InPlace, RowFeed::Splat(y)) => self.dense::<T, O, _, _>(c, InPlace, Splat(y)),
            (RowFeed::Dense(x), RowFeed::Dense(y)) => {
                self.dense::<T, O, _, _>(c, Dense(x), Dense(y))
            }
            (RowFeed::Dense(x), RowFeed::Splat(y)) => {
                self.dense::<T, O, _, _>(c, Dense(x), Splat(y))
            }
            (RowFeed::Splat(x), RowFeed::Dense(y)) => {
                self.dense::<T, O, _, _>(c, Splat(x), Dense(y))
            }
            _ => self.combine_steps::<T, O>(c),
        }
    }

    #[inline]
    fn dense<T, O, X, Y>(self, c: &Combination<'_, T>, x: X, y: Y) -> bool
    where
        T: Flagging,
        O: Binary<T>,
        X: LoopInput<T>,
        Y: LoopInput<T>,
    {
        let out: *mut T = c.out.as_mut_ptr().cast();
        let part = |from: usize, len: usize| {
            let body = Combine::<T, O, _, X, Y> {
                out: DenseOut(out.wrapping_add(from)),
                x: x.skip(from),
                y: y.skip(from),
                len,
                operator: PhantomData,
            };
            // SAFETY: the rows have one length (`RowFeed::new`) and are what Source and Target promise;
            // so are their parts.
            unsafe { self.run(body) }
        };
        let len = c.out.len();
        let before = out.addr().wrapping_neg() % ALIGNED / size_of::<T>();
        if before == 0 || len * size_of::<T>() < ALIGN_FROM {
            return part(0, len);
        }
        part(0, before) | part(before, len - before)
    }

    #[inline]
    fn streamed<T, O, X, Y>(self, c: &Combination<'_, T>, x: X, y: Y) -> bool
    where
        T: Flagging,
        O: Binary<T>,
        X: LoopInput<T>,
        Y: LoopInput<T>,
    {
        let body = StreamCombine::<T, O, X, Y> {
            out: c.out.as_mut_ptr().cast(),
            x,
            y,
            len: c.out.len(),
            operator: PhantomData,
        };
        // SAFETY: the rows have one length (`RowFeed::new`) and are what Source and Target promise; the
        // destination's alignment was checked by `combine_fast`.
        unsafe { self.run(body) }
    }

    fn combine_steps<T: Flagging, O: Binary<T>>(self, c: &Combination<'_, T>) -> bool {
        let (mut one, mut two) = (T::default(), T::default());
        let out: *mut T = c.out.as_mut_ptr().cast();
        let body = Combine::<T, O, _, _, _> {
            out: SteppedOut(out, c.out.stride()),
            x: RowFeed::new(&c.x, &c.out).steps(out, &mut one),
            y: RowFeed::new(&c.y, &c.out).steps(out, &mut two),
            len: c.out.len(),
            operator: PhantomData,
        };
        // SAFETY: as for `dense`; the two values outlive the loop.
        unsafe { self.run(body) }
    }

    /// `out op= y` for float32 samples and float64 beside them, computed in float64 without a detour through a
    /// block. Both lie side by side and apart from each other. Notes nothing.
    pub fn widened(self, operator: Operator, out: Target<'_, f32>, y: Source<'_, f64>) {
        match operator {
            Operator::Add => self.widened_by::<Add>(out, y),
            Operator::Sub => self.widened_by::<Sub>(out, y),
            Operator::Mul => self.widened_by::<Mul>(out, y),
            Operator::Div => self.widened_by::<Div>(out, y),
        }
    }

    fn widened_by<O: Binary<f64>>(self, out: Target<'_, f32>, y: Source<'_, f64>) {
        assert!(out.is_dense() && y.is_dense(), "samples side by side");
        assert_eq!(out.len(), y.len(), "rows of one length");
        let body = Combine::<f64, O, _, _, _> {
            out: Rounded(out.as_mut_ptr().cast()),
            x: InPlaceWidened,
            y: Dense(y.as_ptr().cast()),
            len: out.len(),
            operator: PhantomData,
        };
        // SAFETY: one length, side by side, and what Source and Target promise.
        unsafe { self.run(body) };
    }

    /// `out = op x`. Returns whether something was flagged.
    pub(super) fn apply<T: Flagging, O: Unary<T>>(
        self,
        out: Target<'_, T>,
        x: Source<'_, T>,
    ) -> bool {
        let len = out.len();
        let operator = PhantomData;
        let start: *mut T = out.as_mut_ptr().cast();
        let lane = DenseOut(start);
        match RowFeed::new(&Feed::Row(x), &out) {
            RowFeed::Dense(x) if out.is_dense() => {
                let (out, x) = (lane, Dense(x));
                // SAFETY: one length (`RowFeed::new`), and what Source and Target promise.
                unsafe {
                    self.run(Apply::<T, O, _, _> {
                        out,
                        x,
                        len,
                        operator,
                    })
                }
            }
            RowFeed::InPlace if out.is_dense() => {
                let (out, x) = (lane, InPlace);
                // SAFETY: as above.
                unsafe {
                    self.run(Apply::<T, O, _, _> {
                        out,
                        x,
                        len,
                        operator,
                    })
                }
            }
            given => {
                let mut spare = T::default();
                let x = given.steps(start, &mut spare);
                let out = SteppedOut(start, out.stride());
                // SAFETY: as above.
                unsafe {
                    self.run(Apply::<T, O, _, _> {
                        out,
                        x,
                        len,
                        operator,
                    })
                }
            }
        }
    }

    /// `out = x op y` over one row. Returns whether something was flagged.
    #[inline]
    pub fn binary<T: Element>(self, combination: &Combination<'_, T>) -> bool {
        T::combine(self, combination)
    }

    /// `out = op x` over one row. Returns whether something was flagged.
    #[inline]
    pub fn unary<T: Element>(
        self,
        sign: Sign,
        mode: Misfits,
        out: Target<'_, T>,
        x: Source<'_, T>,
    ) -> bool {
        T::apply(self, sign, mode, out, x)
    }
}
