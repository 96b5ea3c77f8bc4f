//! From rows to loops, for everything with one operand that changes type or is only looked at.

use std::marker::PhantomData;

use crate::dtype::Sample;
use crate::kernel::arch::Arch;
use crate::kernel::arch::cast::CastTo;
use crate::kernel::arch::element::{Element, Misfits};
use crate::kernel::arch::loops::{
    AnyZero, Change, Dense, DenseOut, Every, Narrow, Splat, Stepped, SteppedOut, StreamChange,
};
use crate::kernel::arch::operators::Flagging;
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
            unsafe { self.run(Change::<T, T, _, _, false> { out, x, len, types }) }
        } else {
            let out = SteppedOut(start, out.stride());
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
        if !out.is_dense() {
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
        }
    }
}
