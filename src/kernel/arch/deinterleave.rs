//! Stereo out of interleaved frames: both channels in one pass, so that no sample is loaded twice.

use std::marker::PhantomData;

use crate::dtype::Sample;
use crate::kernel::arch::Arch;
use crate::kernel::arch::cast::CastTo;
use crate::kernel::arch::loops::{Body, DenseOut, Every, LoopInput, Output};
use crate::kernel::row::{AnySource, AnyTarget};
use crate::view::{Source, Target};

/// `out[c][i] = x[2 i + c]` in another type, with NumPy's cast or audio's conversion.
///
/// Invariant 1: `x` has `2 len` samples, and each of `out` has `len`.
struct Deinterleave<A, B, const SCALE: bool> {
    out: [*mut B; 2],
    x: *const A,
    len: usize,
    types: PhantomData<(A, B)>,
}

impl<A: CastTo<B>, B: Sample, const SCALE: bool> Body for Deinterleave<A, B, SCALE> {
    type Result = ();

    #[inline(always)]
    unsafe fn run(self) {
        let [left, right] = self.out.map(DenseOut);
        let first = Every::<A, 2>(self.x);
        let second = Every::<A, 2>(self.x.wrapping_add(1));
        let change = |x: A| {
            if SCALE { x.convert_to() } else { x.cast_to() }
        };
        for index in 0..self.len {
            // SAFETY: invariant 1.
            let x = unsafe { first.get(index) };
            // SAFETY: invariant 1.
            let y = unsafe { second.get(index) };
            // SAFETY: invariant 1.
            unsafe { left.put(index, change(x)) };
            // SAFETY: invariant 1.
            unsafe { right.put(index, change(y)) };
        }
    }
}

impl Arch {
    /// Stores two rows as another type, with the scale of audio or with NumPy's cast, if they are the two channels of
    /// interleaved frames and each goes to a row side by side. False for all others, where nothing was done. No row
    /// may overlap one that is written.
    pub fn split(self, scale: bool, out: [AnyTarget<'_>; 2], from: [AnySource<'_>; 2]) -> bool {
        match scale {
            true => self.split_any::<true>(out, from),
            false => self.split_any::<false>(out, from),
        }
    }

    fn split_any<const SCALE: bool>(
        self,
        out: [AnyTarget<'_>; 2],
        from: [AnySource<'_>; 2],
    ) -> bool {
        match from {
            [AnySource::Int16(x), AnySource::Int16(y)] => self.split_from::<_, SCALE>(out, [x, y]),
            [AnySource::Int32(x), AnySource::Int32(y)] => self.split_from::<_, SCALE>(out, [x, y]),
            [AnySource::Float32(x), AnySource::Float32(y)] => {
                self.split_from::<_, SCALE>(out, [x, y])
            }
            [AnySource::Float64(x), AnySource::Float64(y)] => {
                self.split_from::<_, SCALE>(out, [x, y])
            }
            _ => false,
        }
    }

    fn split_from<A, const SCALE: bool>(
        self,
        out: [AnyTarget<'_>; 2],
        from: [Source<'_, A>; 2],
    ) -> bool
    where
        A: CastTo<i16> + CastTo<i32> + CastTo<f32> + CastTo<f64>,
    {
        match out {
            [AnyTarget::Int16(x), AnyTarget::Int16(y)] => {
                self.split_rows::<_, _, SCALE>([x, y], from)
            }
            [AnyTarget::Int32(x), AnyTarget::Int32(y)] => {
                self.split_rows::<_, _, SCALE>([x, y], from)
            }
            [AnyTarget::Float32(x), AnyTarget::Float32(y)] => {
                self.split_rows::<_, _, SCALE>([x, y], from)
            }
            [AnyTarget::Float64(x), AnyTarget::Float64(y)] => {
                self.split_rows::<_, _, SCALE>([x, y], from)
            }
            _ => false,
        }
    }

    fn split_rows<A: CastTo<B>, B: Sample, const SCALE: bool>(
        self,
        out: [Target<'_, B>; 2],
        from: [Source<'_, A>; 2],
    ) -> bool {
        let [x, y] = &from;
        let frame = 2 * size_of::<A>() as isize;
        let beside = y.as_ptr() == x.as_ptr().wrapping_add(size_of::<A>());
        let interleaved = beside && from.iter().all(|row| row.stride() == frame);
        if !interleaved || !out.iter().all(Target::is_dense) {
            return false;
        }
        let len = x.len();
        let lengths = [y.len(), out[0].len(), out[1].len()];
        assert_eq!(lengths, [len; 3], "rows of one length");
        let body = Deinterleave::<A, B, SCALE> {
            out: out.map(|row| row.as_mut_ptr().cast()),
            x: x.as_ptr().cast(),
            len,
            types: PhantomData,
        };
        // SAFETY: one length, what Target promises, and Source: the samples of both rows are all those of `x`.
        unsafe { self.run(body) };
        true
    }
}
