//! Vector instructions, chosen once: every loop of [`loops`] compiled for each set that the CPU may have.
//!
//! An [`Arch`] is the proof that the CPU has the instructions of its set, for it is made by asking the CPU
//! and in no other way. Its methods are safe for every argument: rows are checked against each other, and
//! memory is what [`Source`] and [`Target`] promise. Rows that overlap in another way than being the
//! same give some result or other, nothing worse; which order is right is for the plan to decide.
//!
//! The sets differ in nothing but what the compiler may use. None of them fuses a product and a sum, so that all
//! give the same bits.

#![allow(unsafe_code)]

mod cast;
mod loops;
mod operators;

use std::marker::PhantomData;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::dtype::Sample;
use crate::kernel::Operator;
use crate::kernel::row::{AnySource, AnyTarget, Feed};
use crate::view::{Source, Target};

use cast::CastTo;
use loops::{
    AnyZero, Apply, Change, Combine, Lane, LaneOut, Narrow, Own, Same, Steps, StepsOut,
    StreamChange, StreamCombine,
};
use operators::{
    Absolute, Add, Binary, Checked, Div, DivNonzero, Mul, Negate, Saturating, Sub, Unary,
};

/// A loop, ready to run.
trait Body {
    /// What it tells its caller.
    type Result;
    /// # Safety
    /// The invariants of the loop hold.
    unsafe fn run(self) -> Self::Result;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Set {
    Portable = 1,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// A set of vector instructions that this CPU has.
///
/// Invariant 1: the CPU has the instructions of `set`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arch {
    set: Set,
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn with_avx2<B: Body>(body: B) -> B::Result {
    // SAFETY: the caller's promise.
    unsafe { body.run() }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
unsafe fn with_avx512<B: Body>(body: B) -> B::Result {
    // SAFETY: the caller's promise.
    unsafe { body.run() }
}

impl Arch {
    /// What every CPU of this architecture has.
    pub const PORTABLE: Arch = Arch { set: Set::Portable };

    /// Every set that this CPU has, the best last.
    pub fn available() -> Vec<Arch> {
        #[allow(unused_mut, reason = "other architectures have the portable set only")]
        let mut sets = vec![Arch::PORTABLE];
        #[cfg(target_arch = "x86_64")]
        {
            // Invariant 1: the CPU is asked here.
            if is_x86_feature_detected!("avx2") {
                sets.push(Arch { set: Set::Avx2 });
            }
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl")
            {
                sets.push(Arch { set: Set::Avx512 });
            }
        }
        sets
    }

    /// The best set that this CPU has.
    #[inline]
    pub fn best() -> Arch {
        static BEST: AtomicU8 = AtomicU8::new(0);
        // Invariant 1: what was stored was available a line below, on this CPU.
        match BEST.load(Ordering::Relaxed) {
            #[cfg(target_arch = "x86_64")]
            best if best == Set::Avx2 as u8 => Arch { set: Set::Avx2 },
            #[cfg(target_arch = "x86_64")]
            best if best == Set::Avx512 as u8 => Arch { set: Set::Avx512 },
            best if best == Set::Portable as u8 => Arch::PORTABLE,
            _ => {
                let best = Arch::available().pop().unwrap_or(Arch::PORTABLE);
                BEST.store(best.set as u8, Ordering::Relaxed);
                best
            }
        }
    }

    /// `portable`, `avx2` or `avx512`.
    pub fn name(self) -> &'static str {
        match self.set {
            Set::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => "avx512",
        }
    }

    /// # Safety
    /// The invariants of the loop hold.
    #[inline]
    unsafe fn run<B: Body>(self, body: B) -> B::Result {
        match self.set {
            // SAFETY: the caller's promise.
            Set::Portable => unsafe { body.run() },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the caller's promise, and invariant 1.
            Set::Avx2 => unsafe { with_avx2(body) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the caller's promise, and invariant 1.
            Set::Avx512 => unsafe { with_avx512(body) },
        }
    }
}

/// What to do about results that the type cannot hold, and about zero divisors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Nothing: integers wrap, divisors are known not to be zero or may be.
    Plain,
    /// Results that do not fit become the nearest that does.
    Saturate,
    /// Note results that do not fit; note zero divisors.
    Note,
}

/// `out = x op y` over one row.
#[derive(Clone, Copy)]
pub struct Combination<'a, T> {
    /// `+ - * /`
    pub operator: Operator,
    /// About results that do not fit.
    pub mode: Mode,
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
pub trait Element: Sample + CastTo<Self> {
    /// Runs the loop of the operator and the mode. Returns whether something was noted.
    fn combine(arch: Arch, combination: &Combination<'_, Self>) -> bool;
    /// `out = op x`. Returns whether something was noted.
    fn apply(
        arch: Arch,
        sign: Sign,
        mode: Mode,
        out: Target<'_, Self>,
        x: Source<'_, Self>,
    ) -> bool;
    /// The row among rows of any type.
    fn any_source(row: Source<'_, Self>) -> AnySource<'_>;
    /// The row among rows of any type.
    fn any_target(row: Target<'_, Self>) -> AnyTarget<'_>;
    /// The row, if it is of this type.
    fn target_of<'a>(row: &AnyTarget<'a>) -> Option<Target<'a, Self>>;
    /// `1 / self`, if multiplying by that gives the very bits that dividing by `self` gives.
    fn exact_reciprocal(self) -> Option<Self>;
}

macro_rules! integer_element {
    ($T:ty, $Any:ident) => {
        impl Element for $T {
            #[inline]
            fn combine(arch: Arch, c: &Combination<'_, Self>) -> bool {
                match (c.operator, c.mode) {
                    (Operator::Add, Mode::Plain) => arch.combine_fast::<_, Add>(c),
                    (Operator::Sub, Mode::Plain) => arch.combine_fast::<_, Sub>(c),
                    (Operator::Mul, Mode::Plain) => arch.combine_fast::<_, Mul>(c),
                    (Operator::Add, Mode::Saturate) => arch.combine::<_, Saturating<Add>>(c),
                    (Operator::Sub, Mode::Saturate) => arch.combine::<_, Saturating<Sub>>(c),
                    (Operator::Mul, Mode::Saturate) => arch.combine::<_, Saturating<Mul>>(c),
                    (Operator::Add, Mode::Note) => arch.combine::<_, Checked<Add>>(c),
                    (Operator::Sub, Mode::Note) => arch.combine::<_, Checked<Sub>>(c),
                    (Operator::Mul, Mode::Note) => arch.combine::<_, Checked<Mul>>(c),
                    // Integers divide as float64; between themselves only if somebody insists.
                    (Operator::Div, _) => arch.combine::<_, DivNonzero>(c),
                }
            }
            fn apply(
                arch: Arch,
                sign: Sign,
                mode: Mode,
                out: Target<'_, Self>,
                x: Source<'_, Self>,
            ) -> bool {
                match (sign, mode) {
                    (Sign::Negate, Mode::Plain) => arch.apply::<_, Negate>(out, x),
                    (Sign::Negate, Mode::Saturate) => arch.apply::<_, Saturating<Negate>>(out, x),
                    (Sign::Negate, Mode::Note) => arch.apply::<_, Checked<Negate>>(out, x),
                    (Sign::Absolute, Mode::Plain) => arch.apply::<_, Absolute>(out, x),
                    (Sign::Absolute, Mode::Saturate) => {
                        arch.apply::<_, Saturating<Absolute>>(out, x)
                    }
                    (Sign::Absolute, Mode::Note) => arch.apply::<_, Checked<Absolute>>(out, x),
                }
            }
            fn any_source(row: Source<'_, Self>) -> AnySource<'_> {
                AnySource::$Any(row)
            }
            #[inline]
            fn any_target(row: Target<'_, Self>) -> AnyTarget<'_> {
                AnyTarget::$Any(row)
            }
            #[inline]
            fn target_of<'a>(row: &AnyTarget<'a>) -> Option<Target<'a, Self>> {
                match row {
                    AnyTarget::$Any(row) => Some(*row),
                    _ => None,
                }
            }
            fn exact_reciprocal(self) -> Option<Self> {
                None
            }
        }
    };
}

macro_rules! float_element {
    ($T:ty, $Any:ident) => {
        impl Element for $T {
            #[inline]
            fn combine(arch: Arch, c: &Combination<'_, Self>) -> bool {
                match (c.operator, c.mode) {
                    (Operator::Add, _) => arch.combine_fast::<_, Add>(c),
                    (Operator::Sub, _) => arch.combine_fast::<_, Sub>(c),
                    (Operator::Mul, _) => arch.combine_fast::<_, Mul>(c),
                    (Operator::Div, Mode::Note) => arch.combine_fast::<_, DivNonzero>(c),
                    (Operator::Div, _) => arch.combine_fast::<_, Div>(c),
                }
            }
            fn apply(
                arch: Arch,
                sign: Sign,
                _mode: Mode,
                out: Target<'_, Self>,
                x: Source<'_, Self>,
            ) -> bool {
                match sign {
                    Sign::Negate => arch.apply::<_, Negate>(out, x),
                    Sign::Absolute => arch.apply::<_, Absolute>(out, x),
                }
            }
            fn any_source(row: Source<'_, Self>) -> AnySource<'_> {
                AnySource::$Any(row)
            }
            #[inline]
            fn any_target(row: Target<'_, Self>) -> AnyTarget<'_> {
                AnyTarget::$Any(row)
            }
            #[inline]
            fn target_of<'a>(row: &AnyTarget<'a>) -> Option<Target<'a, Self>> {
                match row {
                    AnyTarget::$Any(row) => Some(*row),
                    _ => None,
                }
            }
            fn exact_reciprocal(self) -> Option<Self> {
                // A power of two whose reciprocal is normal too: both ways round the same exact number once.
                let fraction = self.to_bits() & ((1 << (<$T>::MANTISSA_DIGITS - 1)) - 1);
                let reciprocal = 1.0 / self;
                (fraction == 0 && self.is_normal() && reciprocal.is_normal()).then_some(reciprocal)
            }
        }
    };
}

integer_element!(i16, Int16);
integer_element!(i32, Int32);
float_element!(f32, Float32);
float_element!(f64, Float64);

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

impl Arch {
    /// The forms that matter for speed, each with a loop of its own.
    #[inline]
    fn combine_fast<T: Sample, O: Binary<T>>(self, c: &Combination<'_, T>) -> bool {
        if !c.out.is_dense() {
            return self.combine_steps::<T, O>(c);
        }
        let out: *mut T = c.out.as_mut_ptr().cast();
        let stream = c.stream && out.addr().is_multiple_of(size_of::<T>());
        let (x, y) = (Given::new(&c.x, &c.out), Given::new(&c.y, &c.out));
        match (x, y) {
            (Given::Own, Given::Same(y)) => self.dense::<T, O, _, _>(c, Own, Same(y)),
            (Given::Own, Given::Lane(y)) => self.dense::<T, O, _, _>(c, Own, Lane(y)),
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
            _ => self.combine::<T, O>(c),
        }
    }

    /// The forms that every operator has.
    #[inline]
    fn combine<T: Sample, O: Binary<T>>(self, c: &Combination<'_, T>) -> bool {
        if !c.out.is_dense() {
            return self.combine_steps::<T, O>(c);
        }
        let (x, y) = (Given::new(&c.x, &c.out), Given::new(&c.y, &c.out));
        match (x, y) {
            (Given::Lane(x), Given::Lane(y)) => self.dense::<T, O, _, _>(c, Lane(x), Lane(y)),
            (Given::Lane(x), Given::Same(y)) => self.dense::<T, O, _, _>(c, Lane(x), Same(y)),
            (Given::Same(x), Given::Lane(y)) => self.dense::<T, O, _, _>(c, Same(x), Lane(y)),
            _ => self.combine_steps::<T, O>(c),
        }
    }

    #[inline]
    fn dense<T, O, X, Y>(self, c: &Combination<'_, T>, x: X, y: Y) -> bool
    where
        T: Sample,
        O: Binary<T>,
        X: loops::Input<T>,
        Y: loops::Input<T>,
    {
        let body = Combine::<T, O, _, X, Y> {
            out: LaneOut(c.out.as_mut_ptr().cast()),
            x,
            y,
            len: c.out.len(),
            operator: PhantomData,
        };
        // SAFETY: the rows have one length (`Given::new`) and are what Source and Target promise.
        unsafe { self.run(body) }
    }

    #[inline]
    fn streamed<T, O, X, Y>(self, c: &Combination<'_, T>, x: X, y: Y) -> bool
    where
        T: Sample,
        O: Binary<T>,
        X: loops::Input<T>,
        Y: loops::Input<T>,
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

    fn combine_steps<T: Sample, O: Binary<T>>(self, c: &Combination<'_, T>) -> bool {
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

    /// `out = op x`. Returns whether something was noted.
    fn apply<T: Sample, O: Unary<T>>(self, out: Target<'_, T>, x: Source<'_, T>) -> bool {
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

    /// Stores one value in every sample.
    pub fn fill<T: Element>(self, out: Target<'_, T>, value: T) {
        let start: *mut T = out.as_mut_ptr().cast();
        let (len, x, types) = (out.len(), Same(value), PhantomData);
        if out.is_dense() {
            let out = LaneOut(start);
            // SAFETY: what Target promises.
            unsafe { self.run(Change::<T, T, _, _, false> { out, x, len, types }) }
        } else {
            let out = StepsOut(start, out.stride());
            // SAFETY: what Target promises.
            unsafe { self.run(Change::<T, T, _, _, false> { out, x, len, types }) }
        }
    }

    /// Whether a sample of the row is zero.
    pub fn any_zero(self, row: &AnySource<'_>) -> bool {
        match row {
            AnySource::Int16(row) => self.any_zero_of(row),
            AnySource::Int32(row) => self.any_zero_of(row),
            AnySource::Float32(row) => self.any_zero_of(row),
            AnySource::Float64(row) => self.any_zero_of(row),
        }
    }

    fn any_zero_of<T: Sample>(self, row: &Source<'_, T>) -> bool {
        let (start, len, types) = (row.as_ptr().cast(), row.len(), PhantomData::<T>);
        if row.is_dense() {
            let x = Lane(start);
            // SAFETY: what Source promises.
            unsafe { self.run(AnyZero { x, len, types }) }
        } else {
            let x = Steps(start, row.stride());
            // SAFETY: what Source promises.
            unsafe { self.run(AnyZero { x, len, types }) }
        }
    }

    /// Stores int32 as int16: saturated, noted, or their lower halves. Returns whether one was noted.
    pub fn narrow(self, mode: Mode, out: Target<'_, i16>, from: Source<'_, i32>) -> bool {
        assert_eq!(out.len(), from.len(), "rows of one length");
        let body = Narrow {
            out: StepsOut(out.as_mut_ptr().cast(), out.stride()),
            x: Steps(from.as_ptr().cast(), from.stride()),
            len: out.len(),
            saturate: mode == Mode::Saturate,
        };
        // SAFETY: one length, and what Source and Target promise.
        let narrowed = unsafe { self.run(body) };
        narrowed && mode == Mode::Note
    }

    /// Stores a row as another type with NumPy's cast.
    pub fn cast(self, out: &AnyTarget<'_>, from: &AnySource<'_>, stream: bool) {
        self.change_any::<false>(out, from, stream);
    }

    /// Stores a row as another type with the scale of audio.
    pub fn convert(self, out: &AnyTarget<'_>, from: &AnySource<'_>, stream: bool) {
        self.change_any::<true>(out, from, stream);
    }

    fn change_any<const SCALE: bool>(
        self,
        out: &AnyTarget<'_>,
        from: &AnySource<'_>,
        stream: bool,
    ) {
        match from {
            AnySource::Int16(from) => self.change_from::<i16, SCALE>(out, from, stream),
            AnySource::Int32(from) => self.change_from::<i32, SCALE>(out, from, stream),
            AnySource::Float32(from) => self.change_from::<f32, SCALE>(out, from, stream),
            AnySource::Float64(from) => self.change_from::<f64, SCALE>(out, from, stream),
        }
    }

    fn change_from<A, const SCALE: bool>(
        self,
        out: &AnyTarget<'_>,
        from: &Source<'_, A>,
        stream: bool,
    ) where
        A: CastTo<i16> + CastTo<i32> + CastTo<f32> + CastTo<f64>,
    {
        match out {
            AnyTarget::Int16(out) => self.change::<A, i16, SCALE>(out, from, stream),
            AnyTarget::Int32(out) => self.change::<A, i32, SCALE>(out, from, stream),
            AnyTarget::Float32(out) => self.change::<A, f32, SCALE>(out, from, stream),
            AnyTarget::Float64(out) => self.change::<A, f64, SCALE>(out, from, stream),
        }
    }

    fn change<A: CastTo<B>, B: Sample, const SCALE: bool>(
        self,
        out: &Target<'_, B>,
        from: &Source<'_, A>,
        stream: bool,
    ) {
        assert_eq!(out.len(), from.len(), "rows of one length");
        let (len, types) = (out.len(), PhantomData);
        let (start, first): (*mut B, *const A) = (out.as_mut_ptr().cast(), from.as_ptr().cast());
        if !out.is_dense() {
            let x = Steps(first, from.stride());
            let out = StepsOut(start, out.stride());
            // SAFETY: one length, and what Source and Target promise.
            unsafe { self.run(Change::<A, B, _, _, SCALE> { out, x, len, types }) }
        } else if !from.is_dense() {
            let x = Steps(first, from.stride());
            let out = LaneOut(start);
            // SAFETY: as above.
            unsafe { self.run(Change::<A, B, _, _, SCALE> { out, x, len, types }) }
        } else if stream && start.addr().is_multiple_of(size_of::<B>()) {
            let (out, x) = (start, Lane(first));
            // SAFETY: as above; the destination is aligned.
            unsafe { self.run(StreamChange::<A, B, _, SCALE> { out, x, len, types }) }
        } else {
            let (out, x) = (LaneOut(start), Lane(first));
            // SAFETY: as above.
            unsafe { self.run(Change::<A, B, _, _, SCALE> { out, x, len, types }) }
        }
    }
}
