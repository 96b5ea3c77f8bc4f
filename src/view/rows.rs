//! One channel as typed samples: what a kernel loops over.

use std::marker::PhantomData;

use crate::dtype::Sample;

/// One channel to read from: values, never references.
///
/// Invariant 1: the `len` samples of type `T`, `stride` bytes apart, are allocated and initialised
/// during `'a`. They may be unaligned, and others may write to them.
#[derive(Clone, Copy)]
pub struct Source<'a, T> {
    pub(super) start: *const u8,
    pub(super) len: usize,
    pub(super) stride: isize,
    pub(super) memory: PhantomData<&'a T>,
}

/// One channel to write to. As [`Source`], with invariant 2: writing to it is allowed.
#[derive(Clone, Copy)]
pub struct Target<'a, T> {
    pub(super) start: *mut u8,
    pub(super) len: usize,
    pub(super) stride: isize,
    pub(super) memory: PhantomData<&'a T>,
}

// SAFETY: an address and two numbers; reading through it is reading values (invariant 1) on any thread.
unsafe impl<T: Sample> Send for Source<'_, T> {}
// SAFETY: as for Source; writing through it is storing values (invariant 2) on any thread.
unsafe impl<T: Sample> Send for Target<'_, T> {}

impl<'a, T: Sample> Source<'a, T> {
    /// A temporary to read from.
    #[inline(always)]
    pub fn from_slice(samples: &'a [T]) -> Source<'a, T> {
        Source {
            start: samples.as_ptr().cast(),
            len: samples.len(),
            stride: size_of::<T>() as isize,
            memory: PhantomData,
        }
    }

    /// Samples in the row.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len
    }

    /// True for a row without samples.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes from one sample to the next.
    #[inline(always)]
    pub fn stride(&self) -> isize {
        self.stride
    }

    /// Whether the samples lie side by side.
    #[inline(always)]
    pub fn is_dense(&self) -> bool {
        self.stride == size_of::<T>() as isize || self.len <= 1
    }

    /// The address of the first sample. It may be unaligned.
    #[inline(always)]
    pub fn as_ptr(&self) -> *const u8 {
        self.start
    }

    /// The same samples from the last to the first.
    #[inline(always)]
    pub fn reversed(&self) -> Source<'a, T> {
        let way = self
            .stride
            .wrapping_mul(self.len.saturating_sub(1) as isize);
        Source {
            start: self.start.wrapping_offset(way),
            stride: self.stride.wrapping_neg(),
            ..*self
        }
    }

    /// Whether these are the samples of `target`, in the same order.
    #[inline(always)]
    pub fn is_own(&self, target: &Target<'_, T>) -> bool {
        self.start == target.start.cast_const() && self.stride == target.stride
    }

    /// Whether they share no byte with `target`. May say no for rows that only interleave.
    #[inline(always)]
    pub fn is_apart_from(&self, target: &Target<'_, T>) -> bool {
        let size = size_of::<T>();
        let bounds = |start: usize, len: usize, stride: isize| {
            let way = stride.wrapping_mul(len as isize - 1);
            let (back, forth) = (way.min(0), way.max(0));
            (
                start.wrapping_add_signed(back),
                start.wrapping_add_signed(forth) + size,
            )
        };
        if self.len == 0 || target.len == 0 {
            return true;
        }
        let (low, high) = bounds(self.start.addr(), self.len, self.stride);
        let (other_low, other_high) = bounds(target.start.addr(), target.len, target.stride);
        if high <= other_low || other_high <= low {
            return true;
        }
        // Two channels that interleave step over each other.
        let step = target.stride.unsigned_abs();
        if self.stride.unsigned_abs() != step || step < 2 * size {
            return false;
        }
        let between = low.abs_diff(other_low) % step;
        between >= size && between <= step - size
    }

    /// `len` samples from `from` on.
    #[inline(always)]
    pub fn range(&self, from: usize, len: usize) -> Source<'a, T> {
        assert!(from <= self.len && len <= self.len - from, "part of a row");
        Source {
            start: self
                .start
                .wrapping_offset(self.stride.wrapping_mul(from as isize)),
            len,
            ..*self
        }
    }

    /// The value of one sample.
    #[inline(always)]
    pub fn get(&self, index: usize) -> T {
        assert!(index < self.len, "sample {index} of {}", self.len);
        let place = self
            .start
            .wrapping_offset(self.stride.wrapping_mul(index as isize));
        // SAFETY: invariant 1, the index having been checked; no alignment is assumed.
        unsafe { place.cast::<T>().read_unaligned() }
    }
}

impl<'a, T: Sample> Target<'a, T> {
    /// A temporary to write to.
    #[inline(always)]
    pub fn from_slice(samples: &'a mut [T]) -> Target<'a, T> {
        Target {
            start: samples.as_mut_ptr().cast(),
            len: samples.len(),
            stride: size_of::<T>() as isize,
            memory: PhantomData,
        }
    }

    /// Samples in the row.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len
    }

    /// True for a row without samples.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes from one sample to the next.
    #[inline(always)]
    pub fn stride(&self) -> isize {
        self.stride
    }

    /// Whether the samples lie side by side.
    #[inline(always)]
    pub fn is_dense(&self) -> bool {
        self.stride == size_of::<T>() as isize || self.len <= 1
    }

    /// The address of the first sample. It may be unaligned.
    #[inline(always)]
    pub fn as_mut_ptr(&self) -> *mut u8 {
        self.start
    }

    /// `len` samples from `from` on.
    #[inline(always)]
    pub fn range(&self, from: usize, len: usize) -> Target<'a, T> {
        assert!(from <= self.len && len <= self.len - from, "part of a row");
        Target {
            start: self
                .start
                .wrapping_offset(self.stride.wrapping_mul(from as isize)),
            len,
            ..*self
        }
    }

    /// The same samples from the last to the first.
    #[inline(always)]
    pub fn reversed(&self) -> Target<'a, T> {
        let way = self
            .stride
            .wrapping_mul(self.len.saturating_sub(1) as isize);
        Target {
            start: self.start.wrapping_offset(way),
            stride: self.stride.wrapping_neg(),
            ..*self
        }
    }

    /// The row as something to read from.
    #[inline(always)]
    pub fn as_source(&self) -> Source<'a, T> {
        Source {
            start: self.start,
            len: self.len,
            stride: self.stride,
            memory: PhantomData,
        }
    }

    /// Stores one sample.
    #[inline(always)]
    pub fn set(&self, index: usize, value: T) {
        assert!(index < self.len, "sample {index} of {}", self.len);
        let place = self
            .start
            .wrapping_offset(self.stride.wrapping_mul(index as isize));
        // SAFETY: invariants 1 and 2, the index having been checked; no alignment is assumed.
        unsafe { place.cast::<T>().write_unaligned(value) }
    }
}
