//! From rows to loops, for everything with one operand that changes type or is only looked at.

use std::marker::PhantomData;

use crate::dtype::Sample;
use crate::kernel::arch::cast::CastTo;
use crate::kernel::arch::dispatch::{Element, Misfits};
use crate::kernel::arch::loops::{
    Body, Dense, DenseOut, Every, LoopInput, Output, Splat, Stepped, SteppedOut, stream,
};
use crate::kernel::arch::operators::Flagging;
use crate::kernel::arch::{Arch, FloatFlags};
use crate::kernel::row::{AnySource, AnyTarget};
use crate::view::{Source, Target};

impl Arch {
    /// Stores one value in every sample.
    pub fn fill<T: Element>(self, out: Target<'_, T>, value: T) {
        let start: *mut T = out.as_mut_ptr().cast();
        let (len, x, types) = (out.len(), Splat(value), PhantomData);
        if out.is_dense() {
            let out = DenseOut(start);
            // SAFETY: what Target promises.
            unsafe {
                self.run(Change::<T, T, _, _, false> { out, x, len, types });
            }
        } else {
            let out = SteppedOut(start, out.stride());
            // SAFETY: what Target promises.
            unsafe {
                self.run(Change::<T, T, _, _, false> { out, x, len, types });
            }
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

    fn any_zero_of<T: Flagging>(self, row: &Source<'_, T>) -> bool {
        let (start, len, types) = (row.as_ptr().cast(), row.len(), PhantomData::<T>);
        if row.is_dense() {
            let x = Dense(start);
            // SAFETY: what Source promises.
            unsafe { self.run(AnyZero { x, len, types }) }
        } else if row.stride() == 2 * size_of::<T>() as isize {
            let x = Every::<T, 2>(start);
            // SAFETY: what Source promises.
            unsafe { self.run(AnyZero { x, len, types }) }
        } else if row.stride() == -(size_of::<T>() as isize) {
            let x = Every::<T, -1>(start);
            // SAFETY: what Source promises.
            unsafe { self.run(AnyZero { x, len, types }) }
        } else {
            let x = Stepped(start, row.stride());
            // SAFETY: what Source promises.
            unsafe { self.run(AnyZero { x, len, types }) }
        }
    }

    /// Stores int32 as int16: saturated, flagged, or their lower halves. Returns whether one was flagged.
    pub fn narrow(self, mode: Misfits, out: Target<'_, i16>, from: Source<'_, i32>) -> bool {
        assert_eq!(out.len(), from.len(), "rows of one length");
        let body = Narrow {
            out: SteppedOut(out.as_mut_ptr().cast(), out.stride()),
            x: Stepped(from.as_ptr().cast(), from.stride()),
            len: out.len(),
            saturate: mode == Misfits::Saturate,
        };
        // SAFETY: one length, and what Source and Target promise.
        let narrowed = unsafe { self.run(body) };
        narrowed && mode == Misfits::Detect
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
        let misfits = if !out.is_dense() {
            let x = Stepped(first, from.stride());
            let out = SteppedOut(start, out.stride());
            // SAFETY: one length, and what Source and Target promise.
            unsafe { self.run(Change::<A, B, _, _, SCALE> { out, x, len, types }) }
        } else if from.stride() == 2 * size_of::<A>() as isize && !from.is_dense() {
            // A channel of stereo.
            let (out, x) = (DenseOut(start), Every::<A, 2>(first));
            // SAFETY: as above.
            unsafe { self.run(Change::<A, B, _, _, SCALE> { out, x, len, types }) }
        } else if !from.is_dense() {
            let x = Stepped(first, from.stride());
            let out = DenseOut(start);
            // SAFETY: as above.
            unsafe { self.run(Change::<A, B, _, _, SCALE> { out, x, len, types }) }
        } else if stream && start.addr().is_multiple_of(size_of::<B>()) {
            let (out, x) = (start, Dense(first));
            // SAFETY: as above; the destination is aligned.
            unsafe { self.run(StreamChange::<A, B, _, SCALE> { out, x, len, types }) }
        } else {
            let (out, x) = (DenseOut(start), Dense(first));
            // SAFETY: as above.
            unsafe { self.run(Change::<A, B, _, _, SCALE> { out, x, len, types }) }
        };
        if misfits {
            // The CPU says so itself, but not with every instruction that a compiler may choose.
            FloatFlags::raise_invalid();
        }
    }
}

/// `out[i] = x[i]` in another type, with NumPy's cast or audio's conversion. Returns whether the cast met a number that
/// no integer of the type is.
///
/// Invariant 1: `out` and `x` have `len` samples.
struct Change<A, B, D, X, const SCALE: bool> {
    out: D,
    x: X,
    len: usize,
    types: PhantomData<(A, B)>,
}

impl<A, B, D, X, const SCALE: bool> Body for Change<A, B, D, X, SCALE>
where
    A: CastTo<B>,
    B: Sample,
    D: Output<B>,
    X: LoopInput<A>,
{
    type Result = bool;

    #[inline(always)]
    unsafe fn run(self) -> bool {
        let mut misfits = 0_u32;
        for index in 0..self.len {
            // SAFETY: invariant 1.
            let x = unsafe { self.x.get(index) };
            let value = if SCALE {
                x.convert_to()
            } else {
                misfits |= u32::from(!x.fits());
                x.cast_to()
            };
            // SAFETY: invariant 1.
            unsafe { self.out.put(index, value) };
        }
        misfits != 0
    }
}

/// As [`Change`] into samples side by side, written past the cache; the destination is aligned.
struct StreamChange<A, B, X, const SCALE: bool> {
    out: *mut B,
    x: X,
    len: usize,
    types: PhantomData<(A, B)>,
}

impl<A, B, X, const SCALE: bool> Body for StreamChange<A, B, X, SCALE>
where
    A: CastTo<B>,
    B: Sample,
    X: LoopInput<A>,
{
    type Result = bool;

    #[inline(always)]
    unsafe fn run(self) -> bool {
        let part = |out: *mut B, from: usize, len: usize| {
            let part = Change::<A, B, _, _, SCALE> {
                out: DenseOut(out),
                x: self.x.skip(from),
                len,
                types: PhantomData,
            };
            // SAFETY: invariant 1; `out` is the destination's own part, or the block.
            unsafe { part.run() }
        };
        stream(self.out, self.len, part)
    }
}

/// Whether a sample is zero.
struct AnyZero<T, X> {
    x: X,
    len: usize,
    types: PhantomData<T>,
}

impl<T: Flagging, X: LoopInput<T>> Body for AnyZero<T, X> {
    type Result = bool;

    #[inline(always)]
    unsafe fn run(self) -> bool {
        // Counted in integers of the samples' own width: a yes or no would be narrowed at every step. No
        // block has more samples than the narrowest of them can count.
        const BLOCK: usize = 4096;
        (0..self.len).step_by(BLOCK).any(|from| {
            let mut zeros = T::Flags::default();
            for index in from..self.len.min(from + BLOCK) {
                // SAFETY: invariant 1.
                let x = unsafe { self.x.get(index) };
                zeros = T::count(zeros, x == T::default());
            }
            zeros != T::Flags::default()
        })
    }
}

/// int32 stored as int16. Returns whether one of them did not fit. Invariant 1 as for [`Combine`].
struct Narrow {
    out: SteppedOut<i16>,
    x: Stepped<i32>,
    len: usize,
    saturate: bool,
}

impl Body for Narrow {
    type Result = bool;

    #[inline(always)]
    unsafe fn run(self) -> bool {
        let mut cut = false;
        for index in 0..self.len {
            // SAFETY: invariant 1.
            let exact = unsafe { self.x.get(index) };
            let near = exact.clamp(i32::from(i16::MIN), i32::from(i16::MAX));
            cut |= near != exact;
            let value = if self.saturate { near } else { exact };
            // SAFETY: invariant 1.
            unsafe { self.out.put(index, value as i16) };
        }
        cut
    }
}
