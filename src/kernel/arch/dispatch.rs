//! From rows to loops, for operators: which loop fits the operator, its mode and the rows that are given.

use std::marker::PhantomData;

use crate::dtype::Sample;
use crate::kernel::Operator;
use crate::kernel::arch::Arch;
use crate::kernel::arch::cast::CastTo;
use crate::kernel::arch::loops::{
    Apply, Combine, Dense, DenseOut, Every, InPlace, InPlaceWidened, LoopInput, Output, Rounded,
    Splat, Stepped, SteppedOut, StreamCombine,
};
use crate::kernel::arch::operators::{
    Absolute, Add, Binary, Checked, Div, DivNonzero, Flagging, Mul, Negate, Saturating, Sub, Unary,
};
use crate::kernel::row::{Feed, Tagged};
use crate::view::{Source, Target};

/// What to do about results that the type cannot hold, and about zero divisors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfits {
    /// Nothing: integers wrap, divisors are known not to be zero or may be.
    Plain,
    /// Results that do not fit become the nearest that does.
    Saturate,
    /// Detect results that do not fit; note zero divisors.
    Detect,
}

/// `out = x op y` over one row.
#[derive(Clone, Copy)]
pub struct Combination<'a, T> {
    /// `+ - * /`
    pub operator: Operator,
    /// About results that do not fit.
    pub mode: Misfits,
    /// The destination.
    pub out: Target<'a, T>,
    /// The left side.
    pub x: Feed<'a, T>,
    /// The right side.
    pub y: Feed<'a, T>,
    /// Write past the cache: for results that do not fit into it.
    pub stream: bool,
}

/// A unary operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// `-x`
    Negate,
    /// `|x|`
    Absolute,
}

/// A sample type as the loops know it.
pub trait Element: Flagging + Tagged + CastTo<Self> {
    /// Runs the loop of the operator and the mode. Returns whether something was flagged.
    fn combine(arch: Arch, combination: &Combination<'_, Self>) -> bool;
    /// `out = op x`. Returns whether something was flagged.
    fn apply(
        arch: Arch,
        sign: Sign,
        mode: Misfits,
        out: Target<'_, Self>,
        x: Source<'_, Self>,
    ) -> bool;
}

macro_rules! integer_element {
    ($T:ty) => {
        impl Element for $T {
            #[inline]
            fn combine(arch: Arch, c: &Combination<'_, Self>) -> bool {
                match (c.operator, c.mode) {
                    (Operator::Add, Misfits::Plain) => arch.combine_fast::<_, Add>(c),
                    (Operator::Sub, Misfits::Plain) => arch.combine_fast::<_, Sub>(c),
                    (Operator::Mul, Misfits::Plain) => arch.combine_fast::<_, Mul>(c),
                    (Operator::Add, Misfits::Saturate) => arch.combine::<_, Saturating<Add>>(c),
                    (Operator::Sub, Misfits::Saturate) => arch.combine::<_, Saturating<Sub>>(c),
                    (Operator::Mul, Misfits::Saturate) => arch.combine::<_, Saturating<Mul>>(c),
                    (Operator::Add, Misfits::Detect) => arch.combine::<_, Checked<Add>>(c),
                    (Operator::Sub, Misfits::Detect) => arch.combine::<_, Checked<Sub>>(c),
                    (Operator::Mul, Misfits::Detect) => arch.combine::<_, Checked<Mul>>(c),
                    // Integers divide as float64; between themselves only if the caller insists.
                    (Operator::Div, _) => arch.combine::<_, DivNonzero>(c),
                }
            }
            fn apply(
                arch: Arch,
                sign: Sign,
                mode: Misfits,
                out: Target<'_, Self>,
                x: Source<'_, Self>,
            ) -> bool {
                match (sign, mode) {
                    (Sign::Negate, Misfits::Plain) => arch.apply::<_, Negate>(out, x),
                    (Sign::Negate, Misfits::Saturate) => {
                        arch.apply::<_, Saturating<Negate>>(out, x)
                    }
                    (Sign::Negate, Misfits::Detect) => arch.apply::<_, Checked<Negate>>(out, x),
                    (Sign::Absolute, Misfits::Plain) => arch.apply::<_, Absolute>(out, x),
                    (Sign::Absolute, Misfits::Saturate) => {
                        arch.apply::<_, Saturating<Absolute>>(out, x)
                    }
                    (Sign::Absolute, Misfits::Detect) => arch.apply::<_, Checked<Absolute>>(out, x),
                }
            }
        }
    };
}

macro_rules! float_element {
    ($T:ty) => {
        impl Element for $T {
            #[inline]
            fn combine(arch: Arch, c: &Combination<'_, Self>) -> bool {
                match (c.operator, c.mode) {
                    (Operator::Add, _) => arch.combine_fast::<_, Add>(c),
                    (Operator::Sub, _) => arch.combine_fast::<_, Sub>(c),
                    (Operator::Mul, _) => arch.combine_fast::<_, Mul>(c),
                    (Operator::Div, Misfits::Detect) => arch.combine_fast::<_, DivNonzero>(c),
                    (Operator::Div, _) => arch.combine_fast::<_, Div>(c),
                }
            }
            fn apply(
                arch: Arch,
                sign: Sign,
                _mode: Misfits,
                out: Target<'_, Self>,
                x: Source<'_, Self>,
            ) -> bool {
                match sign {
                    Sign::Negate => arch.apply::<_, Negate>(out, x),
                    Sign::Absolute => arch.apply::<_, Absolute>(out, x),
                }
            }
        }
    };
}

integer_element!(i16);
integer_element!(i32);
float_element!(f32);
float_element!(f64);

/// A row as the loops take it: pointer, stride, and whether it is the destination itself.
#[derive(Clone, Copy)]
enum RowFeed<T> {
    Dense(*const T),
    InPlace(*const T),
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
                    RowFeed::InPlace(start)
                } else {
                    RowFeed::Dense(start)
                }
            }
        }
    }

    /// As steps; one value is a step of 0 over `place`.
    #[inline(always)]
    fn steps(self, place: &mut T) -> Stepped<T> {
        match self {
            RowFeed::Dense(start) | RowFeed::InPlace(start) => Stepped(start, steps::<T>(1)),
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
    fn combine_fast<T: Flagging, O: Binary<T>>(self, c: &Combination<'_, T>) -> bool {
        if !c.out.is_dense() {
            return self.combine_steps::<T, O>(c);
        }
        let out: *mut T = c.out.as_mut_ptr().cast();
        let stream = c.stream && out.addr().is_multiple_of(size_of::<T>());
        let (x, y) = (RowFeed::new(&c.x, &c.out), RowFeed::new(&c.y, &c.out));
        match (x, y) {
            (RowFeed::InPlace(x), RowFeed::InPlace(y)) => {
                self.dense::<T, O, _, _>(c, InPlace(x), InPlace(y))
            }
            (RowFeed::Dense(x), RowFeed::InPlace(y)) => {
                self.dense::<T, O, _, _>(c, Dense(x), InPlace(y))
            }
            (RowFeed::Splat(x), RowFeed::InPlace(y)) => {
                self.dense::<T, O, _, _>(c, Splat(x), InPlace(y))
            }
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
    fn combine<T: Flagging, O: Binary<T>>(self, c: &Combination<'_, T>) -> bool {
        if !c.out.is_dense() {
            return self.combine_steps::<T, O>(c);
        }
        let (x, y) = (RowFeed::new(&c.x, &c.out), RowFeed::new(&c.y, &c.out));
        match (x, y) {
            (RowFeed::InPlace(x), RowFeed::Dense(y)) => {
                self.dense::<T, O, _, _>(c, InPlace(x), Dense(y))
            }
            (RowFeed::InPlace(x), RowFeed::Splat(y)) => {
                self.dense::<T, O, _, _>(c, InPlace(x), Splat(y))
            }
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
            x: RowFeed::new(&c.x, &c.out).steps(&mut one),
            y: RowFeed::new(&c.y, &c.out).steps(&mut two),
            len: c.out.len(),
            operator: PhantomData,
        };
        // SAFETY: as for `dense`; the two values outlive the loop.
        unsafe { self.run(body) }
    }

    /// `out op= y` for float32 samples and float64 beside them, computed in float64 without a detour through a
    /// block. Both lie side by side and apart from each other. Flags nothing.
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
            x: InPlaceWidened(out.as_mut_ptr().cast()),
            y: Dense(y.as_ptr().cast()),
            len: out.len(),
            operator: PhantomData,
        };
        // SAFETY: one length, side by side, and what Source and Target promise.
        unsafe { self.run(body) };
    }

    /// `out = op x`. Returns whether something was flagged.
    fn apply<T: Flagging, O: Unary<T>>(self, out: Target<'_, T>, x: Source<'_, T>) -> bool {
        let (start, len): (*mut T, usize) = (out.as_mut_ptr().cast(), out.len());
        let beside = DenseOut(start);
        match RowFeed::new(&Feed::Row(x), &out) {
            RowFeed::Dense(x) if out.is_dense() => {
                self.apply_to::<T, O, _, _>(beside, Dense(x), len)
            }
            RowFeed::InPlace(x) if out.is_dense() => {
                self.apply_to::<T, O, _, _>(beside, InPlace(x), len)
            }
            given => {
                let mut spare = T::default();
                let x = given.steps(&mut spare);
                self.apply_to::<T, O, _, _>(SteppedOut(start, out.stride()), x, len)
            }
        }
    }

    fn apply_to<T, O, D, X>(self, out: D, x: X, len: usize) -> bool
    where
        T: Flagging,
        O: Unary<T>,
        D: Output<T>,
        X: LoopInput<T>,
    {
        let operator = PhantomData::<(T, O)>;
        // SAFETY: one length (`RowFeed::new`), and what Source and Target promise.
        unsafe {
            self.run(Apply {
                out,
                x,
                len,
                operator,
            })
        }
    }
}
