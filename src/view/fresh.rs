//! Memory that nothing else can reach yet.

use super::{Access, Samples, Strided, fork};
use crate::dtype::{Dtype, Sample};
use crate::error::Error;
use crate::layout::Layout;
use crate::memory::{Buffer, pool};

/// Contiguous samples that nothing else can reach yet: the one case in which memory may be a slice.
///
/// Invariant 1: this is the only handle on its buffer, which is writable, and whose first bytes are the samples,
/// side by side in one order or the other.
pub struct Fresh {
    samples: Samples,
}

impl Fresh {
    /// Samples of no value in particular. `shape` is `(frames,)` or `(channels, frames)`.
    #[inline]
    pub fn new(shape: &[usize], dtype: Dtype) -> Result<Fresh, Error> {
        Fresh::with_shape(shape, dtype, Buffer::allocate)
    }

    /// Silence.
    pub fn zeroed(shape: &[usize], dtype: Dtype) -> Result<Fresh, Error> {
        Fresh::with_shape(shape, dtype, Buffer::allocate_zeroed)
    }

    /// As [`Fresh::new`], in the shape of a layout and in its order of memory.
    #[inline(always)]
    pub fn alike(layout: &Layout, dtype: Dtype) -> Result<Fresh, Error> {
        let layout = layout.contiguous_alike(dtype.size())?;
        Fresh::with_layout(layout, dtype, Buffer::allocate)
    }

    #[inline]
    fn with_shape(
        shape: &[usize],
        dtype: Dtype,
        allocate: impl FnOnce(usize) -> Result<Buffer, Error>,
    ) -> Result<Fresh, Error> {
        Fresh::with_layout(Layout::contiguous(shape, dtype.size())?, dtype, allocate)
    }

    #[inline(always)]
    fn with_layout(
        layout: Layout,
        dtype: Dtype,
        allocate: impl FnOnce(usize) -> Result<Buffer, Error>,
    ) -> Result<Fresh, Error> {
        let bytes = layout.len() * dtype.size();
        if pool::has_lock_for(bytes) {
            fork::survive();
        }
        let buffer = allocate(bytes)?;
        Ok(Fresh {
            samples: Samples {
                buffer,
                layout,
                dtype,
                writable: true,
            },
        })
    }

    /// All samples as they lie in memory (channel after channel, but for [`Fresh::alike`]), or `None` if they are
    /// of another type.
    #[expect(clippy::disallowed_methods, reason = "the one place: invariant 1")]
    pub fn as_mut_slice<T: Sample>(&mut self) -> Option<&mut [T]> {
        if self.samples.dtype != T::DTYPE {
            return None;
        }
        let start = self.samples.first().cast::<T>();
        // SAFETY: invariant 1 makes the memory ours alone while self is borrowed; the buffer is aligned
        // to at least 256 bytes, initialised, and as long as the layout that it was allocated for.
        Some(unsafe { std::slice::from_raw_parts_mut(start.as_ptr(), self.samples.layout.len()) })
    }

    /// Their layout.
    #[inline]
    pub fn layout(&self) -> &Layout {
        &self.samples.layout
    }

    /// Their type.
    #[inline]
    pub fn dtype(&self) -> Dtype {
        self.samples.dtype
    }

    /// The destination for an operation.
    #[inline]
    pub fn strided(&mut self) -> Strided<'_> {
        self.samples.strided()
    }

    /// Runs work that touches nothing but this memory, which needs no lease.
    #[inline]
    pub fn fill<R>(&mut self, work: impl FnOnce(&Access, Strided<'_>) -> R) -> R {
        work(&Access(()), self.samples.strided())
    }

    /// Lets others see the samples.
    #[inline]
    pub fn share(self) -> Samples {
        self.samples
    }

    pub(super) fn share_as(self, writable: bool) -> Samples {
        Samples {
            writable,
            ..self.samples
        }
    }
}
