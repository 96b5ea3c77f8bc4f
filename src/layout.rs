//! Where samples lie: shape, byte strides, offset; what they reach, and whether two of them meet.
//!
//! Integers only. Every layout is kept as channels x frames; a mono layout has one channel and a
//! 0-d layout (one bare sample) one channel of one frame, so that no caller needs three cases.

mod span;

use crate::error::Error;

pub use span::Span;

/// Which sample lies where in a buffer: at most two axes, strides and offset in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Layout {
    shape: [usize; 2],
    strides: [isize; 2],
    offset: usize,
    // Whole and last: see `AudioSamples` in `python`.
    ndim: usize,
}

/// In which order samples lie side by side, without a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// They do not.
    None,
    /// Channel after channel.
    Channels,
    /// Frame after frame: interleaved.
    Frames,
    /// Either way: there is one channel, or one frame.
    Both,
}

impl Order {
    /// Whether two sets of samples of one shape lie side by side in the same order.
    #[inline]
    pub fn agrees_with(self, other: Order) -> bool {
        match (self, other) {
            (Order::None, _) | (_, Order::None) => false,
            (Order::Both, _) | (_, Order::Both) => true,
            _ => self == other,
        }
    }
}

impl Layout {
    /// Samples side by side, channel after channel. `shape` is `(frames,)` or `(channels, frames)`.
    pub fn contiguous(shape: &[usize], size: usize) -> Result<Layout, Error> {
        let frames = shape.last().copied().unwrap_or(1);
        let fits = |bytes: &usize| isize::try_from(*bytes).is_ok();
        let row = frames.checked_mul(size).filter(fits);
        let all = shape
            .iter()
            .try_fold(size, |all, axis| all.checked_mul(*axis));
        let (Some(row), Some(_)) = (row, all.filter(fits)) else {
            return Err(Error::TooLarge {
                samples: frames,
                size,
            });
        };
        let strides = [row as isize, size as isize];
        Layout::strided(shape, &strides[2 - shape.len().min(2)..], 0)
    }

    /// Samples side by side in the order in which those of `self` lie in memory: interleaved if they are.
    #[inline(always)]
    pub fn contiguous_alike(&self, size: usize) -> Result<Layout, Error> {
        let [channels, frames] = self.shape;
        let bytes = self.len().checked_mul(size);
        if bytes.is_none_or(|bytes| isize::try_from(bytes).is_err()) {
            return Layout::contiguous(self.shape(), size); // says what is wrong
        }
        let by_frames = channels > 1 && frames > 1 && self.strides[0].abs() < self.strides[1].abs();
        let (row, one) = (frames.wrapping_mul(size) as isize, size as isize);
        let strides = match by_frames {
            true => [one, channels.wrapping_mul(size) as isize],
            false => [if self.ndim == 2 { row } else { 0 }, one],
        };
        Ok(Layout {
            strides,
            offset: 0,
            ..*self
        })
    }

    /// Whether both have the same channels, frames and axes.
    #[inline]
    pub fn same_shape(&self, other: &Layout) -> bool {
        self.shape == other.shape && self.ndim == other.ndim
    }

    /// Mono: `frames` samples, `step` bytes apart.
    #[inline(always)]
    pub fn mono(frames: usize, step: isize) -> Layout {
        Layout {
            ndim: 1,
            shape: [1, frames],
            strides: [0, step],
            offset: 0,
        }
    }

    /// The same with an axis for the channels.
    #[inline]
    pub fn as_rows(&self) -> Layout {
        Layout { ndim: 2, ..*self }
    }

    /// Any layout of up to two axes; more are an error.
    #[inline]
    pub fn strided(shape: &[usize], strides: &[isize], offset: usize) -> Result<Layout, Error> {
        let (shape2, strides2) = match (shape, strides) {
            ([], []) => ([1, 1], [0, 0]),
            ([frames], [step]) => ([1, *frames], [0, *step]),
            ([channels, frames], [across, along]) => ([*channels, *frames], [*across, *along]),
            _ => {
                return Err(Error::NotAudio {
                    shape: shape.to_vec(),
                });
            }
        };
        // Where strides are zero there can be more samples than bytes. Their number has to be a number.
        if shape2[0].checked_mul(shape2[1]).is_none() {
            return Err(Error::TooManySamples {
                channels: shape2[0],
                frames: shape2[1],
            });
        }
        Ok(Layout {
            ndim: shape.len(),
            shape: shape2,
            strides: strides2,
            offset,
        })
    }

    /// Number of axes that a user sees: 0, 1 or 2.
    #[inline]
    pub fn ndim(&self) -> usize {
        self.ndim
    }

    /// The shape that a user sees: `()`, `(frames,)` or `(channels, frames)`.
    #[inline]
    pub fn shape(&self) -> &[usize] {
        &self.shape[2 - self.ndim()..]
    }

    /// Byte strides, one per axis of [`Layout::shape`].
    #[inline]
    pub fn strides(&self) -> &[isize] {
        &self.strides[2 - self.ndim()..]
    }

    /// Bytes from the start of the buffer to the first sample.
    #[inline]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Channels; 1 for mono.
    #[inline]
    pub fn channels(&self) -> usize {
        self.shape[0]
    }

    /// Frames: the samples of one channel.
    #[inline]
    pub fn frames(&self) -> usize {
        self.shape[1]
    }

    /// All samples of all channels.
    #[inline]
    pub fn len(&self) -> usize {
        self.shape[0] * self.shape[1]
    }

    /// True if there is no sample at all.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.shape[0] == 0 || self.shape[1] == 0
    }

    /// Bytes from one channel's sample to the next channel's of the same frame.
    #[inline]
    pub fn channel_stride(&self) -> isize {
        self.strides[0]
    }

    /// Bytes from one frame to the next.
    #[inline]
    pub fn frame_stride(&self) -> isize {
        self.strides[1]
    }

    /// Whether the samples lie side by side in the order of the shape (C order).
    #[inline]
    pub fn is_contiguous(&self, size: usize) -> bool {
        self.is_empty()
            || ((self.shape[1] == 1 || self.strides[1] == size as isize)
                && (self.shape[0] == 1 || self.strides[0] == (size * self.shape[1]) as isize))
    }

    /// Whether the samples lie side by side with the first axis fastest (Fortran order).
    #[inline]
    pub fn is_fortran_contiguous(&self, size: usize) -> bool {
        self.transposed().is_contiguous(size)
    }

    /// How the samples lie side by side, if they do.
    #[inline]
    pub fn order(&self, size: usize) -> Order {
        let one = size as isize;
        let [channels, frames] = self.shape;
        let [across, along] = self.strides;
        if channels == 1 {
            let dense = along == one || frames <= 1;
            return if dense { Order::Both } else { Order::None };
        }
        if frames == 1 {
            let dense = across == one || channels == 0;
            return if dense { Order::Both } else { Order::None };
        }
        let by_channels = along == one && across == one.wrapping_mul(frames as isize);
        let by_frames = across == one && along == one.wrapping_mul(channels as isize);
        match (by_channels, by_frames) {
            (true, true) => Order::Both,
            (true, false) => Order::Channels,
            (false, true) => Order::Frames,
            (false, false) => Order::None,
        }
    }

    /// Whether the samples of each channel lie side by side.
    #[inline]
    pub fn has_dense_rows(&self, size: usize) -> bool {
        self.shape[1] == 1 || self.strides[1] == size as isize
    }

    /// The same samples with the axes exchanged: `(frames, channels)`.
    pub fn transposed(&self) -> Layout {
        Layout {
            ndim: 2,
            shape: [self.shape[1], self.shape[0]],
            strides: [self.strides[1], self.strides[0]],
            offset: self.offset,
        }
    }

    /// `count` frames from `start`, every `step`-th. The caller has clipped them to the frames.
    pub fn take_frames(&self, start: usize, count: usize, step: isize) -> Result<Layout, Error> {
        self.take(1, start, count, step)
    }

    /// `count` channels from `start`, every `step`-th.
    pub fn take_channels(&self, start: usize, count: usize, step: isize) -> Result<Layout, Error> {
        self.take(0, start, count, step)
    }

    fn take(&self, axis: usize, start: usize, count: usize, step: isize) -> Result<Layout, Error> {
        let mut taken = *self;
        taken.shape[axis] = count;
        if count == 0 {
            return Ok(taken);
        }
        // Only a step of zero takes more than there are, and that is none.
        let have = self.shape[axis];
        let last = start as i128 + (count as i128 - 1) * step as i128;
        let inside = |index: &i128| (0..have as i128).contains(index);
        let outside = [start as i128, last].into_iter().find(|i| !inside(i));
        let outside = outside.or((count > have).then_some(count as i128));
        if let Some(index) = outside {
            return Err(Error::IndexOutOfRange {
                what: if axis == 1 { "frame" } else { "channel" },
                index: index.into(),
                count: have,
            });
        }
        taken.offset = self
            .offset
            .wrapping_add_signed(self.strides[axis].wrapping_mul(start as isize));
        taken.strides[axis] = if count == 1 {
            self.strides[axis]
        } else {
            self.strides[axis] * step
        };
        Ok(taken)
    }

    /// One channel as a mono layout.
    pub fn channel(&self, index: usize) -> Result<Layout, Error> {
        let mut one = self.take_channels(index, 1, 1)?;
        one.ndim = 1;
        one.strides[0] = 0;
        Ok(one)
    }

    /// A mono layout as one channel of a multi-channel one: `(n,)` becomes `(1, n)`.
    pub fn as_multi(&self) -> Layout {
        Layout { ndim: 2, ..*self }
    }

    /// This layout repeated into `shape` by NumPy's rules, or `None` where it does not fit.
    #[inline]
    pub fn broadcast_into(&self, target: &Layout) -> Option<Layout> {
        if self.ndim > target.ndim {
            return None;
        }
        let mut wide = *self;
        wide.ndim = target.ndim;
        for axis in 0..2 {
            if wide.shape[axis] != target.shape[axis] {
                if wide.shape[axis] != 1 {
                    return None;
                }
                wide.shape[axis] = target.shape[axis];
                wide.strides[axis] = 0;
            }
        }
        Some(wide)
    }

    /// Lowest and one-past-highest byte relative to the buffer's start; `None` if empty.
    /// `size` is that of one sample.
    pub fn reach(&self, size: usize) -> Option<(i128, i128)> {
        if self.is_empty() {
            return None;
        }
        let (mut low, mut high) = (self.offset as i128, self.offset as i128);
        for axis in 0..2 {
            let way = self.strides[axis] as i128 * (self.shape[axis] as i128 - 1);
            low += way.min(0);
            high += way.max(0);
        }
        Some((low, high + size as i128))
    }

    /// Whether two of the samples share a byte: a stride shorter than a sample, or channels that reach into each
    /// other. Layouts that a slice or an axis swap can make never do; for others it may say yes too often.
    pub fn overlaps_itself(&self, size: usize) -> bool {
        if self.is_empty() {
            return false;
        }
        let axis = |i: usize| (self.shape[i], self.strides[i].unsigned_abs());
        let ((outer, far), (inner, near)) = if axis(0).1 >= axis(1).1 {
            (axis(0), axis(1))
        } else {
            (axis(1), axis(0))
        };
        let run = if inner > 1 {
            near * (inner - 1) + size
        } else {
            size
        };
        (inner > 1 && near < size) || (outer > 1 && far < run)
    }

    /// The bytes reached when the buffer starts at address `base`.
    #[inline]
    pub fn span(&self, base: usize, size: usize) -> Span {
        Span::new(
            base.wrapping_add(self.offset),
            self.shape,
            self.strides,
            size,
        )
    }
}
