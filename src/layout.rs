//! Where samples lie: shape, byte strides, offset; what they reach, and whether two of them meet.
//!
//! Integers only. Every layout is kept as channels x frames; a mono layout has one channel and a
//! 0-d layout (one bare sample) one channel of one frame, so that no caller needs three cases.

use crate::error::Error;

/// Which sample lies where in a buffer: at most two axes, strides and offset in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    ndim: u8,
    shape: [usize; 2],
    strides: [isize; 2],
    offset: usize,
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

    /// Any layout of up to two axes; more are an error.
    pub fn strided(shape: &[usize], strides: &[isize], offset: usize) -> Result<Layout, Error> {
        let (shape2, strides2) = match (shape, strides) {
            ([], []) => ([1, 1], [0, 0]),
            ([frames], [step]) => ([1, *frames], [0, *step]),
            ([channels, frames], [across, along]) => ([*channels, *frames], [*across, *along]),
            _ => {
                return Err(Error::TooManyAxes {
                    shape: shape.to_vec(),
                });
            }
        };
        // Where strides are zero there can be more samples than bytes. Their number has to be a number.
        if shape2[0].checked_mul(shape2[1]).is_none() {
            return Err(Error::InvalidShape {
                message: format!(
                    "{} channels of {} frames are more samples than can be counted",
                    shape2[0], shape2[1]
                ),
            });
        }
        Ok(Layout {
            ndim: shape.len() as u8,
            shape: shape2,
            strides: strides2,
            offset,
        })
    }

    /// Number of axes that a user sees: 0, 1 or 2.
    #[inline]
    pub fn ndim(&self) -> usize {
        self.ndim as usize
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
                index,
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

/// The exact bytes that a layout reaches: up to two nested steps over runs of `width` bytes.
///
/// Kept in a normal form (steps positive, the larger first, neighbours merged into longer runs), so that
/// the same samples in another order are the same span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    start: usize,
    count: [usize; 2],
    step: [usize; 2],
    width: usize,
}

/// How many pairs of rows are compared exactly before two spans are taken to overlap.
/// 64 x 64 channels; past that the answer may be a false alarm, never a miss.
const EXACT_PAIRS: usize = 4096;

impl Span {
    /// The bytes of `shape` samples of `size` bytes from address `start` on.
    #[inline]
    pub fn new(start: usize, shape: [usize; 2], strides: [isize; 2], size: usize) -> Span {
        if shape[0] == 0 || shape[1] == 0 {
            return Span {
                start,
                count: [0, 0],
                step: [0, 0],
                width: 0,
            };
        }
        if shape[0] == 1 && strides[1] == size as isize {
            // One row side by side: by far the most common, and in normal form already.
            return Span {
                start,
                count: [1, 1],
                step: [0, 0],
                width: size * shape[1],
            };
        }
        let mut span = Span {
            start,
            count: shape,
            step: [0, 0],
            width: size,
        };
        for (axis, &stride) in strides.iter().enumerate() {
            if stride == 0 {
                span.count[axis] = 1;
            }
            if stride < 0 {
                let way = stride.wrapping_mul(shape[axis] as isize - 1);
                span.start = span.start.wrapping_add_signed(way);
            }
            span.step[axis] = stride.unsigned_abs();
        }
        span.normalise();
        span
    }

    #[inline]
    fn normalise(&mut self) {
        // An axis of one entry steps nowhere; it goes first, where it stands for "no outer step".
        for axis in 0..2 {
            if self.count[axis] == 1 {
                self.step[axis] = usize::MAX;
            }
        }
        if (self.step[1], self.count[1]) > (self.step[0], self.count[0]) {
            self.step.swap(0, 1);
            self.count.swap(0, 1);
        }
        for _ in 0..2 {
            // Runs that touch or overlap are one run.
            if self.count[1] > 1 && self.step[1] <= self.width {
                self.width += self.step[1] * (self.count[1] - 1);
                self.count[1] = 1;
                self.step[1] = usize::MAX;
            }
            if self.count[1] == 1 {
                self.step.swap(0, 1);
                self.count.swap(0, 1);
            }
        }
        for axis in 0..2 {
            if self.count[axis] == 1 {
                self.step[axis] = 0;
            }
        }
    }

    /// True if the span holds no byte.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.width == 0
    }

    /// Lowest address and one past the highest.
    #[inline]
    pub fn bounds(&self) -> (usize, usize) {
        if self.is_empty() {
            return (self.start, self.start);
        }
        let way = self.step[0] * (self.count[0] - 1) + self.step[1] * (self.count[1] - 1);
        (self.start, self.start + way + self.width)
    }

    /// Whether two spans share a byte. Exact for up to 64 channels on either side; beyond, and for
    /// strides that no recording has, it may say yes for spans that only interleave, never no for
    /// spans that meet.
    pub fn overlaps(&self, other: &Span) -> bool {
        if self.is_empty() || other.is_empty() {
            return false;
        }
        let (low, high) = self.bounds();
        let (other_low, other_high) = other.bounds();
        if high <= other_low || other_high <= low {
            return false;
        }
        if self == other {
            return true;
        }
        let (rows, row) = self.rows();
        let (other_rows, other_row) = other.rows();
        if rows.count.saturating_mul(other_rows.count) > EXACT_PAIRS {
            return true;
        }
        (0..rows.count).any(|i| {
            (0..other_rows.count).any(|j| {
                row.at(self.start + i * rows.step)
                    .meets(&other_row.at(other.start + j * other_rows.step))
            })
        })
    }

    /// Whether two spans share a byte or, where one of them has none, whether it starts within the other.
    pub fn touches(&self, other: &Span) -> bool {
        if !self.is_empty() && !other.is_empty() {
            return self.overlaps(other);
        }
        let ((low, high), (other_low, other_high)) = (self.bounds(), other.bounds());
        low <= other_high && other_low <= high
    }

    /// The axis with fewer entries as rows, the other as the run along each of them.
    fn rows(&self) -> (Rows, Run) {
        let (outer, inner) = if self.count[0] <= self.count[1] {
            (0, 1)
        } else {
            (1, 0)
        };
        let rows = Rows {
            count: self.count[outer],
            step: self.step[outer],
        };
        let run = Run {
            start: self.start,
            count: self.count[inner],
            step: self.step[inner],
            width: self.width,
        };
        (rows, run)
    }
}

#[derive(Clone, Copy)]
struct Rows {
    count: usize,
    step: usize,
}

/// An arithmetic progression of byte runs.
#[derive(Clone, Copy)]
struct Run {
    start: usize,
    count: usize,
    step: usize,
    width: usize,
}

impl Run {
    fn at(self, start: usize) -> Run {
        Run { start, ..self }
    }

    /// Whether `i * step - j * other.step` hits a difference at which two runs share a byte,
    /// for some `i` and `j` in range: a bounded linear Diophantine equation per difference.
    fn meets(&self, other: &Run) -> bool {
        let (a, b) = (self.step as i128, other.step as i128);
        let distance = other.start as i128 - self.start as i128;
        // self.start + i*a + x = other.start + j*b + y with 0 <= x < width, 0 <= y < other.width
        let lowest = distance - (self.width as i128 - 1);
        let highest = distance + (other.width as i128 - 1);
        if self.count == 1 || other.count == 1 {
            // One side stands still: the other has to step into the window.
            let (step, count, low, high) = if self.count == 1 {
                (b, other.count as i128, -highest, -lowest)
            } else {
                (a, self.count as i128, lowest, highest)
            };
            if step == 0 || count == 1 {
                return low <= 0 && 0 <= high;
            }
            let first = low.max(0).div_euclid(step) + i128::from(low.max(0).rem_euclid(step) != 0);
            return first < count && first * step <= high;
        }
        let (gcd, u) = bezout(a, b);
        let first = lowest.div_euclid(gcd) + i128::from(lowest.rem_euclid(gcd) != 0);
        let last = highest.div_euclid(gcd);
        if last - first > EXACT_PAIRS as i128 {
            return true;
        }
        (first..=last).any(|c| {
            // i*a - j*b = c*gcd: all solutions are i0 + t*(b/gcd), j0 + t*(a/gcd).
            let (step_i, step_j) = (b / gcd, a / gcd);
            let i0 = (u * c).rem_euclid(step_i);
            let j0 = (i0 * a - c * gcd) / b;
            let t_low = (-j0).div_euclid(step_j) + i128::from((-j0).rem_euclid(step_j) != 0);
            let t_high = ((self.count as i128 - 1 - i0).div_euclid(step_i))
                .min((other.count as i128 - 1 - j0).div_euclid(step_j));
            t_low.max(0) <= t_high
        })
    }
}

/// Greatest common divisor of two positive numbers, and `u` with `u*a = gcd (mod b)`.
fn bezout(a: i128, b: i128) -> (i128, i128) {
    let (mut r0, mut r1, mut u0, mut u1) = (a, b, 1, 0);
    while r1 != 0 {
        let q = r0 / r1;
        (r0, r1) = (r1, r0 - q * r1);
        (u0, u1) = (u1, u0 - q * u1);
    }
    (r0, u0)
}
