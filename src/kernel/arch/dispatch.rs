//! From rows to loops, for operators: which form of a loop fits the rows that are given.

use std::marker::PhantomData;

use crate::dtype::Sample;
use crate::kernel::Operator;
use crate::kernel::arch::Arch;
use crate::kernel::arch::element::{Combination, Element, Mode, Sign};
use crate::kernel::arch::loops::{
    Apply, Combine, Every, Input, Lane, LaneOut, Own, OwnWidened, Rounded, Same, Steps, StepsOut,
    StreamCombine,
};
use crate::kernel::arch::operators::{Add, Binary, Div, Mul, Noting, Sub, Unary};
use crate::kernel::row::Feed;
use crate::view::{Source, Target};

/// A row as the loops take it: pointer, stride, and whether it is the destination itself.
#[derive(Clone, Copy)]
enum Given<T> {
    Lane(*const T),
    Own,
    Steps(*const T, isize),
    Same(T),
}

impl<T: Sample> Given<T> {
    #[inline(always)]
    fn new(feed: &Feed<'_, T>, out: &Target<'_, T>) -> Given<T> {
        match feed {
            Feed::Number(value) => Given::Same(*value),
            Feed::Row(row) => {
                assert_eq!(row.len(), out.len(), "rows of one length");
                let start = row.as_ptr().cast();
                if !row.is_dense() {
                    Given::Steps(start, row.stride())
                } else if row.as_ptr() == out.as_mut_ptr().cast_const() {
                    Given::Own
                } else {
                    Given::Lane(start)
                }
            }
        }
    }

    /// As steps; one value is a step of 0 over `place`.
    #[inline(always)]
    fn steps(self, out: *mut T, place: &mut T) -> Steps<T> {
        match self {
            Given::Lane(start) => Steps(start, size_of::<T>() as isize),
            Given::Own => Steps(out, size_of::<T>() as isize),
            Given::Steps(start, stride) => Steps(start, stride),
            Given::Same(value) => {
                *place = value;
                Steps(place, 0)
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
    pub(super) fn combine_fast<T: Noting, O: Binary<T>>(self, c: &Combination<'_, T>) -> bool {
        if !c.out.is_dense() {
            return self.combine_steps::<T, O>(c);
        }
        let out: *mut T = c.out.as_mut_ptr().cast();
        let stream = c.stream && out.addr().is_multiple_of(size_of::<T>());
        let (x, y) = (Given::new(&c.x, &c.out), Given::new(&c.y, &c.out));
        match (x, y) {
            (Given::Own, Given::Own) => self.dense::<T, O, _, _>(c, Own, Own),
            (Given::Lane(x), Given::Own) => self.dense::<T, O, _, _>(c, Lane(x), Own),
            (Given::Same(x), Given::Own) => self.dense::<T, O, _, _>(c, Same(x), Own),
            (Given::Lane(x), Given::Same(y)) if stream => {
                self.streamed::<T, O, _, _>(c, Lane(x), Same(y))
            }
            (Given::Lane(x), Given::Lane(y)) if stream => {
                self.streamed::<T, O, _, _>(c, Lane(x), Lane(y))
            }
            (Given::Same(x), Given::Lane(y)) if stream => {
                self.streamed::<T, O, _, _>(c, Same(x), Lane(y))
            }
            (Given::Steps(x, way), Given::Same(y)) if way == steps::<T>(-1) => {
                self.dense::<T, O, _, _>(c, Every::<T, -1>(x), Same(y))
            }
            (Given::Steps(x, way), Given::Same(y)) if way == steps::<T>(2) => {
                self.dense::<T, O, _, _>(c, Every::<T, 2>(x), Same(y))
            }
            (Given::Steps(x, one), Given::Steps(y, other)) if one == other => {
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
    pub(super) fn combine<T: Noting, O: Binary<T>>(self, c: &Combination<'_, T>) -> bool {
        if !c.out.is_dense() {
            return self.combine_steps::<T, O>(c);
        }
        let (x, y) = (Given::new(&c.x, &c.out), Given::new(&c.y, &c.out));
        match (x, y) {
            (Given::Own, Given::Lane(y)) => self.dense::<T, O, _, _>(c, Own, Lane(y)),
            (Given::Own, Given::Same(y)) => self.dense::<T, O, _, _>(c, Own, Same(y)),
            (Given::Lane(x), Given::Lane(y)) => self.dense::<T, O, _, _>(c, Lane(x), Lane(y)),
            (Given::Lane(x), Given::Same(y)) => self.dense::<T, O, _, _>(c, Lane(x), Same(y)),
            (Given::Same(x), Given::Lane(y)) => self.dense::<T, O, _, _>(c, Same(x), Lane(y)),
            _ => self.combine_steps::<T, O>(c),
        }
    }

    #[inline]
    fn dense<T, O, X, Y>(self, c: &Combination<'_, T>, x: X, y: Y) -> bool
    where
        T: Noting,
        O: Binary<T>,
        X: Input<T>,
        Y: Input<T>,
    {
        let out: *mut T = c.out.as_mut_ptr().cast();
        let part = |from: usize, len: usize| {
            let body = Combine::<T, O, _, X, Y> {
                out: LaneOut(out.wrapping_add(from)),
                x: x.skip(from),
                y: y.skip(from),
                len,
                operator: PhantomData,
            };
            // SAFETY: the rows have one length (`Given::new`) and are what Source and Target promise;
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
        T: Noting,
        O: Binary<T>,
        X: Input<T>,
        Y: Input<T>,
    {
        let body = StreamCombine::<T, O, X, Y> {
            out: c.out.as_mut_ptr().cast(),
            x,
            y,
            len: c.out.len(),
            operator: PhantomData,
        };
        // SAFETY: the rows have one length (`Given::new`) and are what Source and Target promise; the
        // destination's alignment was checked by `combine_fast`.
        unsafe { self.run(body) }
    }

    fn combine_steps<T: Noting, O: Binary<T>>(self, c: &Combination<'_, T>) -> bool {
        let (mut one, mut two) = (T::default(), T::default());
        let out: *mut T = c.out.as_mut_ptr().cast();
        let body = Combine::<T, O, _, _, _> {
            out: StepsOut(out, c.out.stride()),
            x: Given::new(&c.x, &c.out).steps(out, &mut one),
            y: Given::new(&c.y, &c.out).steps(out, &mut two),
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
            x: OwnWidened,
            y: Lane(y.as_ptr().cast()),
            len: out.len(),
            operator: PhantomData,
        };
        // SAFETY: one length, side by side, and what Source and Target promise.
        unsafe { self.run(body) };
    }

    /// `out = op x`. Returns whether something was noted.
    pub(super) fn apply<T: Noting, O: Unary<T>>(
        self,
        out: Target<'_, T>,
        x: Source<'_, T>,
    ) -> bool {
        let len = out.len();
        let operator = PhantomData;
        let start: *mut T = out.as_mut_ptr().cast();
        let lane = LaneOut(start);
        match Given::new(&Feed::Row(x), &out) {
            Given::Lane(x) if out.is_dense() => {
                let (out, x) = (lane, Lane(x));
                // SAFETY: one length (`Given::new`), and what Source and Target promise.
                unsafe {
                    self.run(Apply::<T, O, _, _> {
                        out,
                        x,
                        len,
                        operator,
                    })
                }
            }
            Given::Own if out.is_dense() => {
                let (out, x) = (lane, Own);
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
                let out = StepsOut(start, out.stride());
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

    /// `out = x op y` over one row. Returns whether something was noted.
    #[inline]
    pub fn binary<T: Element>(self, combination: &Combination<'_, T>) -> bool {
        T::combine(self, combination)
    }

    /// `out = op x` over one row. Returns whether something was noted.
    #[inline]
    pub fn unary<T: Element>(
        self,
        sign: Sign,
        mode: Mode,
        out: Target<'_, T>,
        x: Source<'_, T>,
    ) -> bool {
        T::apply(self, sign, mode, out, x)
    }
}
