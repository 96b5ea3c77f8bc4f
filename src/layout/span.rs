//! The bytes that a layout reaches, in a normal form that can be compared.

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
        let one = size as isize;
        let by_channels = strides[1] == one
            && (shape[0] == 1 || strides[0] == one.wrapping_mul(shape[1] as isize));
        let by_frames = strides[0] == one && strides[1] == one.wrapping_mul(shape[0] as isize);
        if by_channels || by_frames {
            // Side by side in one order or the other: by far the most common.
            return Span::run(start, size * shape[0] * shape[1]);
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

    /// `width` bytes in one piece; in normal form already.
    #[inline]
    fn run(start: usize, width: usize) -> Span {
        Span {
            start,
            count: [1, 1],
            step: [0, 0],
            width,
        }
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
        let ((rows, step), row) = self.rows();
        let ((other_rows, other_step), other_row) = other.rows();
        if rows.saturating_mul(other_rows) > EXACT_PAIRS {
            return true;
        }
        (0..rows).any(|i| {
            (0..other_rows).any(|j| {
                row.at(self.start + i * step)
                    .meets(&other_row.at(other.start + j * other_step))
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

    /// The axis with fewer entries as rows (how many, and the step between them), the other as the run along each.
    fn rows(&self) -> ((usize, usize), Run) {
        let (outer, inner) = if self.count[0] <= self.count[1] {
            (0, 1)
        } else {
            (1, 0)
        };
        let run = Run {
            start: self.start,
            count: self.count[inner],
            step: self.step[inner],
            width: self.width,
        };
        ((self.count[outer], self.step[outer]), run)
    }
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
