//! The loops, written once: [`super::Arch`] compiles each of them for every instruction set.
//!
//! What a loop reads and writes is given by types, so that each combination becomes a loop of its own
//! that the compiler can turn into vector instructions:
//!
//! ```text
//!   Dense      samples side by side              InPlace     the destination itself (in place)
//!   Stepped     samples `stride` bytes apart      Splat    one value, everywhere
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
use crate::kernel::arch::Body;
use crate::kernel::arch::cast::CastTo;
use crate::kernel::arch::operators::{Binary, Flagging, Unary};

/// Bytes that a streamed loop computes at a time: few, so that reads and writes keep each other company.
const STREAM_BLOCK: usize = 512;
/// The unit of non-temporal stores.
const LINE: usize = 64;

/// Something with a value at each index.
pub trait LoopInput<T>: Copy {
    /// The value at `index`.
    ///
    /// # Safety
    /// `index` is one of the row's; for [`InPlace`], also one of the destination's, `out` being its start.
    unsafe fn get(self, out: *mut T, index: usize) -> T;
    /// The same from `index` on.
    fn skip(self, index: usize) -> Self;
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
pub struct InPlace;
/// One value everywhere.
#[derive(Clone, Copy)]
pub struct Splat<T>(pub T);

impl<T: Sample> LoopInput<T> for Dense<T> {
    #[inline(always)]
    unsafe fn get(self, _out: *mut T, index: usize) -> T {
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
    unsafe fn get(self, _out: *mut T, index: usize) -> T {
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
    unsafe fn get(self, _out: *mut T, index: usize) -> T {
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

impl<T: Sample> LoopInput<T> for InPlace {
    #[inline(always)]
    unsafe fn get(self, out: *mut T, index: usize) -> T {
        // SAFETY: the caller's promise.
        let place = unsafe { out.add(index) };
        // SAFETY: as above.
        unsafe { place.read_unaligned() }
    }
    #[inline(always)]
    fn skip(self, _index: usize) -> Self {
        InPlace
    }
}

impl<T: Sample> LoopInput<T> for Splat<T> {
    #[inline(always)]
    unsafe fn get(self, _out: *mut T, _index: usize) -> T {
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
pub struct InPlaceWidened;

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
    unsafe fn get(self, out: *mut f64, index: usize) -> f64 {
        // SAFETY: the caller's promise; what a `Rounded` destination starts with is float32.
        let place = unsafe { out.cast::<f32>().add(index) };
        // SAFETY: as above.
        f64::from(unsafe { place.read_unaligned() })
    }
    #[inline(always)]
    fn skip(self, _index: usize) -> Self {
        self
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
        let mut flagged = T::Notes::default();
        for index in 0..self.len {
            // SAFETY: invariant 1.
            let x = unsafe { self.x.get(self.out.start(), index) };
            // SAFETY: invariant 1.
            let y = unsafe { self.y.get(self.out.start(), index) };
            flagged |= T::notes(O::note(x, y));
            // SAFETY: invariant 1.
            unsafe { self.out.put(index, O::apply(x, y)) };
        }
        flagged != T::Notes::default()
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
fn stream<T: Sample>(out: *mut T, len: usize, part: impl Fn(*mut T, usize, usize) -> bool) -> bool {
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
        let mut flagged = T::Notes::default();
        for index in 0..self.len {
            // SAFETY: invariant 1.
            let x = unsafe { self.x.get(self.out.start(), index) };
            flagged |= T::notes(O::note(x));
            // SAFETY: invariant 1.
            unsafe { self.out.put(index, O::apply(x)) };
        }
        flagged != T::Notes::default()
    }
}

/// `out[i] = x[i]` in another type, with NumPy's cast or audio's conversion.
///
/// Invariant 1: `out` and `x` have `len` samples; `x` is not [`InPlace`].
pub struct Change<A, B, D, X, const SCALE: bool> {
    pub out: D,
    pub x: X,
    pub len: usize,
    pub types: PhantomData<(A, B)>,
}

impl<A, B, D, X, const SCALE: bool> Body for Change<A, B, D, X, SCALE>
where
    A: CastTo<B>,
    B: Sample,
    D: Output<B>,
    X: LoopInput<A>,
{
    type Result = ();

    #[inline(always)]
    unsafe fn run(self) {
        for index in 0..self.len {
            // SAFETY: invariant 1.
            let x = unsafe { self.x.get(std::ptr::null_mut(), index) };
            let value = if SCALE { x.convert_to() } else { x.cast_to() };
            // SAFETY: invariant 1.
            unsafe { self.out.put(index, value) };
        }
    }
}

/// As [`Change`] into samples side by side, written past the cache; invariants as for [`StreamCombine`].
pub struct StreamChange<A, B, X, const SCALE: bool> {
    pub out: *mut B,
    pub x: X,
    pub len: usize,
    pub types: PhantomData<(A, B)>,
}

impl<A, B, X, const SCALE: bool> Body for StreamChange<A, B, X, SCALE>
where
    A: CastTo<B>,
    B: Sample,
    X: LoopInput<A>,
{
    type Result = ();

    #[inline(always)]
    unsafe fn run(self) {
        let part = |out: *mut B, from: usize, len: usize| {
            let part = Change::<A, B, _, _, SCALE> {
                out: DenseOut(out),
                x: self.x.skip(from),
                len,
                types: PhantomData,
            };
            // SAFETY: invariant 1; `out` is the destination's own part, or the block.
            unsafe { part.run() };
            false
        };
        stream(self.out, self.len, part);
    }
}

/// Whether a sample is zero.
pub struct AnyZero<T, X> {
    pub x: X,
    pub len: usize,
    pub types: PhantomData<T>,
}

impl<T: Flagging, X: LoopInput<T>> Body for AnyZero<T, X> {
    type Result = bool;

    #[inline(always)]
    unsafe fn run(self) -> bool {
        // Counted in integers of the samples' own width: a yes or no would be narrowed at every step. No
        // block has more samples than the narrowest of them can count.
        const BLOCK: usize = 4096;
        (0..self.len).step_by(BLOCK).any(|from| {
            let mut zeros = T::Notes::default();
            for index in from..self.len.min(from + BLOCK) {
                // SAFETY: invariant 1.
                let x = unsafe { self.x.get(std::ptr::null_mut(), index) };
                zeros = T::count(zeros, x == T::default());
            }
            zeros != T::Notes::default()
        })
    }
}

/// int32 stored as int16. Returns whether one of them did not fit. Invariant 1 as for [`Combine`].
pub struct Narrow {
    pub out: SteppedOut<i16>,
    pub x: Stepped<i32>,
    pub len: usize,
    pub saturate: bool,
}

impl Body for Narrow {
    type Result = bool;

    #[inline(always)]
    unsafe fn run(self) -> bool {
        let mut cut = false;
        for index in 0..self.len {
            // SAFETY: invariant 1.
            let exact = unsafe { self.x.get(std::ptr::null_mut(), index) };
            let near = exact.clamp(i32::from(i16::MIN), i32::from(i16::MAX));
            cut |= near != exact;
            let value = if self.saturate { near } else { exact };
            // SAFETY: invariant 1.
            unsafe { self.out.put(index, value as i16) };
        }
        cut
    }
}
