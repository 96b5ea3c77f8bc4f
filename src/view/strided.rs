//! Samples for as long as the caller keeps them alive: what an operation is given.

use std::marker::PhantomData;

use super::{Access, Source, Target};
use crate::dtype::{Dtype, Sample};
use crate::error::Error;
use crate::layout::{Layout, Order, Span};
use crate::registry::{Claim, Mode};

/// Samples that the caller keeps alive for `'a`: the operand and the destination of operations.
///
/// Invariants:
/// 1. every byte that `layout` reaches from `base` is allocated and initialised during `'a`;
/// 2. if `writable`, writing to them is allowed.
#[derive(Clone, Copy, Debug)]
pub struct Strided<'a> {
    pub(super) base: *mut u8,
    pub(super) layout: Layout,
    pub(super) dtype: Dtype,
    pub(super) writable: bool,
    pub(super) domain: u64,
    pub(super) memory: PhantomData<&'a ()>,
}

// SAFETY: invariants 1 and 2 hold on every thread; the address is used only through Source and Target.
unsafe impl Send for Strided<'_> {}
// SAFETY: as for Send; it lends no reference.
unsafe impl Sync for Strided<'_> {}

impl<'a> Strided<'a> {
    /// Samples that are no buffer of ours: an array that is an operand.
    ///
    /// # Safety
    /// Every byte that `layout` reaches from `base` must be allocated and initialised during `'a`, and
    /// writing to it allowed if `writable`.
    #[inline]
    pub unsafe fn from_raw(
        base: *mut u8,
        layout: Layout,
        dtype: Dtype,
        writable: bool,
        domain: u64,
    ) -> Self {
        Strided {
            base,
            layout,
            dtype,
            writable,
            domain,
            memory: PhantomData,
        }
    }

    /// A temporary to read from, as one channel.
    pub fn of_slice<T: Sample>(samples: &'a [T]) -> Self {
        let layout = Layout::strided(&[samples.len()], &[size_of::<T>() as isize], 0);
        let Ok(layout) = layout else {
            unreachable!("one axis is a layout")
        };
        Strided {
            // Never written to: it is not writable.
            base: samples.as_ptr().cast_mut().cast(),
            layout,
            dtype: T::DTYPE,
            writable: false,
            domain: 0,
            memory: PhantomData,
        }
    }

    /// Where they lie.
    #[inline]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Their type.
    #[inline]
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// The bytes that they are.
    #[inline]
    pub fn span(&self) -> Span {
        self.layout.span(self.base.addr(), self.dtype.size())
    }

    /// The wish to read or to write them.
    #[inline]
    pub fn claim(&self, mode: Mode) -> Claim {
        Claim {
            domain: self.domain,
            span: self.span(),
            mode,
        }
    }

    /// Repeated into another layout's shape, or `None` where the shapes do not fit.
    #[inline]
    pub fn broadcast_into(&self, target: &Layout) -> Option<Strided<'a>> {
        let layout = self.layout.broadcast_into(target)?;
        Some(Strided { layout, ..*self })
    }

    /// Whether both are the same samples in the same order.
    #[inline]
    pub fn same_samples(&self, other: &Strided<'_>) -> bool {
        self.dtype == other.dtype
            && self.first_address() == other.first_address()
            && (0..2).all(|axis| self.axis(axis) == other.axis(axis))
    }

    #[inline]
    fn axis(&self, axis: usize) -> (usize, isize) {
        let (count, stride) = match axis {
            0 => (self.layout.channels(), self.layout.channel_stride()),
            _ => (self.layout.frames(), self.layout.frame_stride()),
        };
        (count, if count == 1 { 0 } else { stride })
    }

    /// The address of the first sample.
    #[inline]
    pub fn first_address(&self) -> usize {
        self.base.addr().wrapping_add(self.layout.offset())
    }

    /// The same samples with channels and frames exchanged, for loops over the other axis.
    #[inline]
    pub fn transposed(&self) -> Strided<'a> {
        Strided {
            layout: self.layout.transposed(),
            ..*self
        }
    }

    /// `count` frames from `start` on.
    ///
    /// # Errors
    /// [`Error::IndexOutOfRange`] where there are fewer.
    #[inline]
    pub fn take_frames(&self, start: usize, count: usize) -> Result<Strided<'a>, Error> {
        // A part of the layout reaches a part of its bytes: invariant 1 holds.
        let layout = self.layout.take_frames(start, count, 1)?;
        Ok(Strided { layout, ..*self })
    }

    /// How they lie side by side, if they do.
    #[inline]
    pub fn order(&self) -> Order {
        self.layout.order(self.dtype.size())
    }

    /// All samples as one row to read from, if they are one channel or lie side by side: then in the order
    /// of memory.
    #[inline]
    pub fn one_row<T: Sample>(&self, _access: &'a Access) -> Option<Source<'a, T>> {
        let stride = match self.layout.channels() {
            1 => self.layout.frame_stride(),
            _ if self.order() == Order::None => return None,
            _ => size_of::<T>() as isize,
        };
        // The row reaches the very bytes that the layout reaches: invariant 1 holds.
        (self.dtype == T::DTYPE).then(|| Source {
            start: self.base.wrapping_add(self.layout.offset()),
            len: self.layout.len(),
            stride,
            memory: PhantomData,
        })
    }

    /// As [`Strided::one_row`], to write to.
    #[inline]
    pub fn one_row_to_write<T: Sample>(&self, access: &'a Access) -> Option<Target<'a, T>> {
        assert!(self.writable, "a write into read-only samples");
        let row = self.one_row::<T>(access)?;
        Some(Target {
            start: row.start.cast_mut(),
            len: row.len,
            stride: row.stride,
            memory: PhantomData,
        })
    }

    /// The same samples as `shape` and `strides` say, from another first sample on. Only for layouts
    /// that reach no other samples than this one.
    #[inline]
    fn with_strides(&self, shape: [usize; 2], strides: [isize; 2], offset: usize) -> Strided<'a> {
        match Layout::strided(&shape, &strides, offset) {
            Ok(layout) => Strided { layout, ..*self },
            Err(_) => unreachable!("two axes are a layout"),
        }
    }

    /// All samples as one row, where one step leads through all of them, channel after channel.
    #[inline]
    pub fn merged(&self) -> Option<Strided<'a>> {
        let layout = &self.layout;
        let (channels, frames) = (layout.channels(), layout.frames());
        let (across, along) = (layout.channel_stride(), layout.frame_stride());
        if channels <= 1 {
            return Some(*self);
        }
        let step = if frames <= 1 { across } else { along };
        if frames > 1 && across != step.wrapping_mul(frames as isize) {
            return None;
        }
        Some(self.with_strides([1, layout.len()], [0, step], layout.offset()))
    }

    /// The same samples in the opposite order along an axis: 0 for channels, 1 for frames.
    #[inline]
    pub fn reversed(&self, axis: usize) -> Strided<'a> {
        let layout = &self.layout;
        let shape = [layout.channels(), layout.frames()];
        let mut strides = [layout.channel_stride(), layout.frame_stride()];
        if shape[axis] == 0 {
            return *self;
        }
        let way = strides[axis].wrapping_mul(shape[axis] as isize - 1);
        strides[axis] = strides[axis].wrapping_neg();
        self.with_strides(shape, strides, layout.offset().wrapping_add_signed(way))
    }

    /// `len` of the channels (axis 0) or frames (axis 1) from `from` on.
    #[inline]
    pub fn window(&self, axis: usize, from: usize, len: usize) -> Strided<'a> {
        let layout = &self.layout;
        let mut shape = [layout.channels(), layout.frames()];
        let strides = [layout.channel_stride(), layout.frame_stride()];
        assert!(
            from <= shape[axis] && len <= shape[axis] - from,
            "{len} from {from} on of {}",
            shape[axis]
        );
        shape[axis] = len;
        let way = strides[axis].wrapping_mul(from as isize);
        self.with_strides(shape, strides, layout.offset().wrapping_add_signed(way))
    }

    #[inline]
    fn row<T: Sample>(&self, channel: usize) -> (*mut u8, usize, isize) {
        assert_eq!(self.dtype, T::DTYPE, "samples read as another type");
        assert!(
            channel < self.layout.channels(),
            "channel {channel} of {}",
            self.layout.channels()
        );
        let start = self.base.wrapping_add(self.layout.offset());
        let start =
            start.wrapping_offset(self.layout.channel_stride().wrapping_mul(channel as isize));
        (start, self.layout.frames(), self.layout.frame_stride())
    }

    /// One channel to read from.
    #[inline]
    pub fn source<T: Sample>(&self, _access: &'a Access, channel: usize) -> Source<'a, T> {
        let (start, len, stride) = self.row::<T>(channel);
        Source {
            start,
            len,
            stride,
            memory: PhantomData,
        }
    }

    /// One channel to write to.
    #[inline]
    pub fn target<T: Sample>(&self, _access: &'a Access, channel: usize) -> Target<'a, T> {
        assert!(self.writable, "a write into read-only samples");
        let (start, len, stride) = self.row::<T>(channel);
        Target {
            start,
            len,
            stride,
            memory: PhantomData,
        }
    }
}
