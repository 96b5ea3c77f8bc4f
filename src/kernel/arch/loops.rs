//! The loops, written once: [`super::Arch`] compiles each of them for every instruction set.
//!
//! What a loop reads and writes is given by types, so that each combination becomes a loop of its own
//! that the compiler can turn into vector instructions:
//!
//! ```text
//!   Dense     samples side by side              InPlace   the destination itself
//!   Stepped   samples `stride` bytes apart      Splat     one value, everywhere
//!   Every     a step that the compiler knows: backwards, or every other sample
//! ```
//!
//! In place is a type of its own because the compiler tests at run time whether two rows overlap, and takes
//! equal rows for overlapping ones. Where rows do overlap otherwise, every loop still works in
//! the order of its index.
//!
//! A block of a streamed loop is computed in the cache and then written past it: the destination's
//! lines are not fetched first, and push nothing else out.

use std::marker::PhantomData;

use crate::dtype::Sample;
use crate::kernel::arch::operators::{Binary, Flagging, Unary};
use crate::kernel::arch::{Arch, Set};

/// Bytes that a streamed loop computes at a time: few, so that reads and writes keep each other company.
const STREAM_BLOCK: usize = 512;
/// The unit of non-temporal stores.
const LINE: usize = 64;

/// A loop, ready to run.
pub trait Body {
    /// What it tells its caller.
    type Result;
    /// # Safety
    /// The invariants of the loop hold.
    unsafe fn run(self) -> Self::Result;
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
    /// # Safety
    /// The invariants of the loop hold.
    #[inline]
    pub(super) unsafe fn run<B: Body>(self, body: B) -> B::Result {
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

/// Something with a value at each index.
pub trait LoopInput<T>: Copy {
    /// The value at `index`.
    ///
    /// # Safety
    /// `index` is one of the row's.
    unsafe fn get(self, index: usize) -> T;
    /// The same from `index` on.
    fn skip(self, index: usize) -> Self;
    /// The same for a loop whose destination starts at `out`: there the compiler must see that it is the row in place.
    #[inline(always)]
    fn beside(self, _out: *mut T) -> Self {
        self
    }
}

/// Samples side by side.
#[derive(Clone, Copy)]
pub struct Dense<T>(pub *const T);
/// Samples some bytes apart.
#[derive(Clone, Copy)]
pub struct Stepped<T>(pub *const T, pub isize);
/// Samples `N` samples apart: steps that vector instructions can take, because they are known.
#[derive(Clone, Copy)]
pub struct Every<T, const N: isize>(pub *const T);
/// The destination's own samples.
#[derive(Clone, Copy)]
pub struct InPlace<T>(pub *const T);
/// One value everywhere.
#[derive(Clone, Copy)]
pub struct Splat<T>(pub T);

impl<T: Sample> LoopInput<T> for Dense<T> {
    #[inline(always)]
    unsafe fn get(self, index: usize) -> T {
        // SAFETY: the caller's promise.
        let place = unsafe { self.0.add(index) };
        // SAFETY: as above.
        unsafe { place.read_unaligned() }
    }
    #[inline(always)]
    fn skip(self, index: usize) -> Self {
        Dense(self.0.wrapping_add(index))
    }
}

impl<T: Sample> LoopInput<T> for Stepped<T> {
    #[inline(always)]
    unsafe fn get(self, index: usize) -> T {
        let way = self.1.wrapping_mul(index as isize);
        // SAFETY: the caller's promise.
        unsafe { self.0.wrapping_byte_offset(way).read_unaligned() }
    }
    #[inline(always)]
    fn skip(self, index: usize) -> Self {
        let way = self.1.wrapping_mul(index as isize);
        Stepped(self.0.wrapping_byte_offset(way), self.1)
    }
}

impl<T: Sample, const N: isize> LoopInput<T> for Every<T, N> {
    #[inline(always)]
    unsafe fn get(self, index: usize) -> T {
        // SAFETY: the caller's promise.
        let place = unsafe { self.0.offset(index as isize * N) };
        // SAFETY: as above.
        unsafe { place.read_unaligned() }
    }
    #[inline(always)]
    fn skip(self, index: usize) -> Self {
        Every(self.0.wrapping_offset((index as isize).wrapping_mul(N)))
    }
}

impl<T: Sample> LoopInput<T> for InPlace<T> {
    #[inline(always)]
    unsafe fn get(self, index: usize) -> T {
        // SAFETY: the caller's promise.
        unsafe { Dense(self.0).get(index) }
    }
    #[inline(always)]
    fn skip(self, index: usize) -> Self {
        InPlace(self.0.wrapping_add(index))
    }
    #[inline(always)]
    fn beside(self, out: *mut T) -> Self {
        InPlace(out)
    }
}

impl<T: Sample> LoopInput<T> for Splat<T> {
    #[inline(always)]
    unsafe fn get(self, _index: usize) -> T {
        self.0
    }
    #[inline(always)]
    fn skip(self, _index: usize) -> Self {
        self
    }
}

/// Somewhere to store a value at each index.
pub trait Output<T>: Copy {
    /// Stores the value of `index`.
    ///
    /// # Safety
    /// `index` is one of the row's.
    unsafe fn put(self, index: usize, value: T);
    /// The first sample.
    fn start(self) -> *mut T;
}

/// A destination whose samples lie side by side.
#[derive(Clone, Copy)]
pub struct DenseOut<T>(pub *mut T);
/// A destination whose samples are some bytes apart.
#[derive(Clone, Copy)]
pub struct SteppedOut<T>(pub *mut T, pub isize);

impl<T: Sample> Output<T> for DenseOut<T> {
    #[inline(always)]
    unsafe fn put(self, index: usize, value: T) {
        // SAFETY: the caller's promise.
        let place = unsafe { self.0.add(index) };
        // SAFETY: as above.
        unsafe { place.write_unaligned(value) }
    }
    #[inline(always)]
    fn start(self) -> *mut T {
        self.0
    }
}

impl<T: Sample> Output<T> for SteppedOut<T> {
    #[inline(always)]
    unsafe fn put(self, index: usize, value: T) {
        let way = self.1.wrapping_mul(index as isize);
        // SAFETY: the caller's promise.
        unsafe { self.0.wrapping_byte_offset(way).write_unaligned(value) }
    }
    #[inline(always)]
    fn start(self) -> *mut T {
        self.0
    }
}

/// A float32 destination of what is computed in float64: rounded once, when it is stored.
#[derive(Clone, Copy)]
pub struct Rounded(pub *mut f32);
/// The samples of a [`Rounded`] destination, widened.
#[derive(Clone, Copy)]
pub struct InPlaceWidened(pub *const f32);

impl Output<f64> for Rounded {
    #[inline(always)]
    unsafe fn put(self, index: usize, value: f64) {
        // SAFETY: the caller's promise.
        let place = unsafe { self.0.add(index) };
        // SAFETY: as above.
        unsafe { place.write_unaligned(value as f32) }
    }
    #[inline(always)]
    fn start(self) -> *mut f64 {
        self.0.cast()
    }
}

impl LoopInput<f64> for InPlaceWidened {
    #[inline(always)]
    unsafe fn get(self, index: usize) -> f64 {
        // SAFETY: the caller's promise.
        f64::from(unsafe { Dense(self.0).get(index) })
    }
    #[inline(always)]
    fn skip(self, index: usize) -> Self {
        InPlaceWidened(self.0.wrapping_add(index))
    }
    #[inline(always)]
    fn beside(self, out: *mut f64) -> Self {
        // A `Rounded` destination starts with float32.
        InPlaceWidened(out.cast())
    }
}

/// `out[i] = x[i] op y[i]`. Returns whether a pair was flagged.
///
/// Invariant 1: `out`, `x` and `y` have `len` samples that may be read and, in `out`, written.
pub struct Combine<T, O, D, X, Y> {
    pub out: D,
    pub x: X,
    pub y: Y,
    pub len: usize,
    pub operator: PhantomData<(T, O)>,
}

impl<T, O, D, X, Y> Body for Combine<T, O, D, X, Y>
where
    T: Flagging,
    O: Binary<T>,
    D: Output<T>,
    X: LoopInput<T>,
    Y: LoopInput<T>,
{
    type Result = bool;

    #[inline(always)]
    unsafe fn run(self) -> bool {
        let out = self.out.start();
        let (left, right) = (self.x.beside(out), self.y.beside(out));
        let mut flagged = T::Flags::default();
        for index in 0..self.len {
            // SAFETY: invariant 1.
            let x = unsafe { left.get(index) };
            // SAFETY: invariant 1.
            let y = unsafe { right.get(index) };
            flagged |= T::flags(O::flags(x, y));
            // SAFETY: invariant 1.
            unsafe { self.out.put(index, O::apply(x, y)) };
        }
        flagged != T::Flags::default()
    }
}

/// As [`Combine`] into samples side by side, written past the cache. Invariant 1 as there; invariant 2: `out` is
/// aligned to the size of its samples.
pub struct StreamCombine<T, O, X, Y> {
    pub out: *mut T,
    pub x: X,
    pub y: Y,
    pub len: usize,
    pub operator: PhantomData<(T, O)>,
}

impl<T, O, X, Y> Body for StreamCombine<T, O, X, Y>
where
    T: Flagging,
    O: Binary<T>,
    X: LoopInput<T>,
    Y: LoopInput<T>,
{
    type Result = bool;

    #[inline(always)]
    unsafe fn run(self) -> bool {
        let part = |out: *mut T, from: usize, len: usize| {
            let part = Combine::<T, O, _, _, _> {
                out: DenseOut(out),
                x: self.x.skip(from),
                y: self.y.skip(from),
                len,
                operator: PhantomData,
            };
            // SAFETY: invariant 1; `out` is the destination's own part, or the block.
            unsafe { part.run() }
        };
        stream(self.out, self.len, part)
    }
}

/// Runs `part(place, from, len)` over all of `0 .. len`, mostly into a block in the cache that is then written to
/// `out` past the cache. `out` has `len` samples and is aligned to their size.
#[inline(always)]
pub(super) fn stream<T: Sample>(
    out: *mut T,
    len: usize,
    part: impl Fn(*mut T, usize, usize) -> bool,
) -> bool {
    #[repr(align(64))]
    struct Vectors([u8; STREAM_BLOCK]);
    let mut block = Vectors([0; STREAM_BLOCK]);
    let block: *mut T = block.0.as_mut_ptr().cast();
    let samples = STREAM_BLOCK / size_of::<T>();
    let head = (out.addr().next_multiple_of(LINE) - out.addr()) / size_of::<T>();
    let head = head.min(len);
    let mut flagged = part(out, 0, head);
    let mut done = head;
    while len - done >= samples {
        flagged |= part(block, done, samples);
        let place = out.wrapping_add(done);
        // SAFETY: a whole block lies between `done` and `len`, and `place` is on a line: `head` led there.
        unsafe { write_past_cache(place.cast(), block.cast()) };
        done += samples;
    }
    fence();
    flagged | part(out.wrapping_add(done), done, len - done)
}

/// Copies a block past the cache.
///
/// # Safety
/// Both may be accessed over a whole block, do not overlap, and start on a line.
#[inline(always)]
unsafe fn write_past_cache(out: *mut u8, block: *const u8) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        use std::arch::x86_64::{__m128i, _mm_load_si128, _mm_stream_si128};
        let (out, block): (*mut __m128i, *const __m128i) = (out.cast(), block.cast());
        for index in 0..STREAM_BLOCK / size_of::<__m128i>() {
            // SAFETY: inside the block, and aligned.
            let value = unsafe { _mm_load_si128(block.wrapping_add(index)) };
            // SAFETY: as above. The fence follows before any other thread is told of the samples.
            unsafe { _mm_stream_si128(out.wrapping_add(index), value) };
        }
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    {
        // SAFETY: the caller's promise.
        unsafe { out.copy_from_nonoverlapping(block, STREAM_BLOCK) };
    }
}

/// Orders what was written past the cache before everything that follows.
#[inline(always)]
fn fence() {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: every CPU of this architecture has the instruction.
    unsafe {
        std::arch::x86_64::_mm_sfence();
    }
}

/// `out[i] = op x[i]`. Returns whether a sample was flagged. Invariant 1 as for [`Combine`].
pub struct Apply<T, O, D, X> {
    pub out: D,
    pub x: X,
    pub len: usize,
    pub operator: PhantomData<(T, O)>,
}

impl<T, O, D, X> Body for Apply<T, O, D, X>
where
    T: Flagging,
    O: Unary<T>,
    D: Output<T>,
    X: LoopInput<T>,
{
    type Result = bool;

    #[inline(always)]
    unsafe fn run(self) -> bool {
        let row = self.x.beside(self.out.start());
        let mut flagged = T::Flags::default();
        for index in 0..self.len {
            // SAFETY: invariant 1.
            let x = unsafe { row.get(index) };
            flagged |= T::flags(O::flags(x));
            // SAFETY: invariant 1.
            unsafe { self.out.put(index, O::apply(x)) };
        }
        flagged != T::Flags::default()
    }
}
