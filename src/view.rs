//! Buffer + layout + sample type + lease: the only door to samples.
//!
//! ```text
//!   Samples   a share in a buffer, and which samples of it          (what an AudioSamples holds)
//!      |
//!   Strided   the same for as long as somebody else keeps it alive  (what an operation is given)
//!      |  + Access: the proof that the registry was asked
//!   Source, Target   one channel as typed samples                   (what a kernel loops over)
//! ```
//!
//! None of them is a slice. Python may write to the same bytes while a kernel reads them; a kernel therefore
//! loads and stores values and never holds a reference. [`Fresh`] is the exception: memory that
//! nothing else can reach yet may be a slice.

#![allow(unsafe_code)]

use std::marker::PhantomData;
use std::ptr::NonNull;

use crate::dtype::{Dtype, Sample};
use crate::error::Error;
use crate::layout::{Layout, Span};
use crate::memory::{Buffer, ForeignOwner};
use crate::registry::{
    Borrow, Claim, Conflict, Holder, Kind, Lease, Mode, Patience, Refusal, Registration, Registry,
    ViewEntry,
};

/// Samples in a shared buffer. Cloning shares them; nothing here copies a sample.
///
/// Invariants:
/// 1. every sample that `layout` reaches lies inside `buffer`;
/// 2. `writable` only if the buffer is.
#[derive(Clone, Debug)]
pub struct Samples {
    buffer: Buffer,
    layout: Layout,
    dtype: Dtype,
    writable: bool,
}

impl Samples {
    /// Samples of `buffer`, all of which the layout must find inside it.
    pub fn new(
        buffer: Buffer,
        layout: Layout,
        dtype: Dtype,
        writable: bool,
    ) -> Result<Samples, Error> {
        if let Some((low, high)) = layout.reach(dtype.size())
            && (low < 0 || high > buffer.len() as i128)
        {
            return Err(Error::OutsideBuffer {
                low,
                high,
                bytes: buffer.len(),
            });
        }
        let writable = writable && buffer.writable();
        Ok(Samples {
            buffer,
            layout,
            dtype,
            writable,
        })
    }

    /// Memory of somebody else, as it lies.
    ///
    /// # Safety
    /// Every byte that `layout` reaches from `first` on (the address of its first sample; the layout's
    /// offset is 0) must be allocated and initialised until `owner` is dropped, and writable if `writable`.
    pub unsafe fn adopt(
        first: NonNull<u8>,
        layout: Layout,
        dtype: Dtype,
        writable: bool,
        owner: ForeignOwner,
    ) -> Result<Samples, Error> {
        let Some((low, high)) = layout.reach(dtype.size()) else {
            return Ok(Fresh::new(layout.shape(), dtype)?.share_as(writable));
        };
        let start = first.as_ptr().wrapping_offset(low as isize);
        let start = NonNull::new(start).ok_or(Error::OutsideBuffer {
            low,
            high,
            bytes: 0,
        })?;
        // SAFETY: the bytes from the lowest to the highest that the layout reaches, by the caller's promise.
        let buffer = unsafe { Buffer::adopt(start, (high - low) as usize, writable, owner) };
        // A buffer that was known already may begin earlier.
        let offset = first.addr().get() - buffer.start().addr().get();
        let layout = Layout::strided(layout.shape(), layout.strides(), offset)?;
        Samples::new(buffer, layout, dtype, writable)
    }

    /// The buffer that they lie in.
    #[inline]
    pub fn buffer(&self) -> &Buffer {
        &self.buffer
    }

    /// Where in the buffer they lie.
    #[inline]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Their type.
    #[inline]
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// Whether they may be changed.
    #[inline]
    pub fn writable(&self) -> bool {
        self.writable
    }

    /// The same samples in another order or fewer of them.
    pub fn with_layout(&self, layout: Layout) -> Result<Samples, Error> {
        Samples::new(self.buffer.clone(), layout, self.dtype, self.writable)
    }

    /// The same samples, not to be changed through this handle.
    pub fn readonly(&self) -> Samples {
        Samples {
            writable: false,
            ..self.clone()
        }
    }

    /// The address of the first sample.
    #[inline]
    pub fn first(&self) -> NonNull<u8> {
        let address = self
            .buffer
            .start()
            .as_ptr()
            .wrapping_add(self.layout.offset());
        // By invariant 1 this is inside the buffer, or its start where there is no sample.
        NonNull::new(address).unwrap_or(self.buffer.start())
    }

    /// The bytes that they are.
    #[inline]
    pub fn span(&self) -> Span {
        self.layout
            .span(self.buffer.start().addr().get(), self.dtype.size())
    }

    /// What an operation is given to work on.
    #[inline]
    pub fn strided(&self) -> Strided<'_> {
        Strided {
            base: self.buffer.start().as_ptr(),
            layout: self.layout,
            dtype: self.dtype,
            writable: self.writable,
            domain: self.buffer.origin().number(),
            memory: PhantomData,
        }
    }

    /// An error unless they may be changed.
    #[inline]
    pub fn require_writable(&self) -> Result<(), Error> {
        if self.writable {
            Ok(())
        } else {
            Err(Error::ReadOnly)
        }
    }

    /// The live views that reach any of them.
    pub fn views(&self) -> Vec<ViewEntry> {
        Registry::global().views(self.buffer.origin().number(), &self.span())
    }

    fn entry(&self, kind: Kind, mode: Mode, shown: &Layout) -> ViewEntry {
        ViewEntry {
            id: 0,
            kind,
            mode,
            span: self.span(),
            shape: [shown.channels(), shown.frames()],
            ndim: shown.ndim(),
        }
    }

    /// Hands the samples to something outside Rust, written down in the registry until the export is
    /// dropped. `shown` is the layout that the consumer sees (these samples, perhaps transposed).
    pub fn export(&self, kind: Kind, writable: bool, shown: &Layout) -> Result<Export, Error> {
        self.buffer.publish();
        let mode = if writable && self.writable {
            Mode::Write
        } else {
            Mode::Read
        };
        let view = self.entry(kind, mode, shown);
        let registration = Registry::global()
            .register(self.buffer.origin().number(), view)
            .map_err(|conflict| describe(&conflict, Some(&self.strided())))?;
        Ok(Export {
            registration,
            samples: Samples {
                layout: *shown,
                writable: self.writable,
                ..self.clone()
            },
        })
    }

    /// Lends the samples to a user, to read or alone to write, until the loan is dropped.
    pub fn lend(&self, mode: Mode, patience: Patience<'_>) -> Result<Loan, Error> {
        if mode == Mode::Write {
            self.require_writable()?;
        }
        self.buffer.publish();
        let kind = if mode == Mode::Write {
            Kind::BorrowMut
        } else {
            Kind::Borrow
        };
        let borrow = Registry::global()
            .borrow(
                self.buffer.origin().number(),
                self.entry(kind, mode, &self.layout),
                patience,
            )
            .map_err(|refusal| refused(&refusal, Some(&self.strided())))?;
        Ok(Loan {
            _borrow: borrow,
            samples: self.clone(),
        })
    }
}

/// A view that is out: its entry in the registry and its share in the buffer.
pub struct Export {
    // Dropped before the samples: the entry goes while the memory is still there.
    registration: Registration<'static>,
    samples: Samples,
}

impl Export {
    /// The samples as the consumer sees them.
    #[inline]
    pub fn samples(&self) -> &Samples {
        &self.samples
    }

    /// Whether the consumer may write.
    #[inline]
    pub fn writable(&self) -> bool {
        self.registration.mode() == Mode::Write
    }
}

/// A borrow that is out.
pub struct Loan {
    _borrow: Borrow<'static>,
    samples: Samples,
}

impl Loan {
    /// The samples lent.
    pub fn samples(&self) -> &Samples {
        &self.samples
    }
}

/// Samples that somebody keeps alive for `'a`: the operand and the destination of operations.
///
/// Invariants:
/// 1. every byte that `layout` reaches from `base` is allocated and initialised during `'a`;
/// 2. if `writable`, writing to them is allowed.
#[derive(Clone, Copy, Debug)]
pub struct Strided<'a> {
    base: *mut u8,
    layout: Layout,
    dtype: Dtype,
    writable: bool,
    domain: u64,
    memory: PhantomData<&'a ()>,
}

// SAFETY: an address with a promise about its lifetime; it is used only through Source and Target.
unsafe impl Send for Strided<'_> {}
// SAFETY: as above; it lends no reference.
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

    /// All samples as one row, where they lie side by side.
    #[inline]
    pub fn flattened(&self) -> Option<Strided<'a>> {
        let size = self.dtype.size();
        if !self.layout.is_contiguous(size) {
            return None;
        }
        let layout = Layout::strided(&[self.layout.len()], &[size as isize], self.layout.offset());
        layout.ok().map(|layout| Strided { layout, ..*self })
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

/// The proof that the registry was asked: rows of samples are handed out only against it.
pub struct Access(());

/// How long an operation takes, and so how it keeps others out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Microseconds: under the registry's own lock.
    Brief,
    /// Longer: with leases in the registry.
    Long,
}

/// Runs `work` with the right to everything claimed, once all of it is free.
///
/// # Errors
/// [`Error::Borrowed`], [`Error::Busy`] or [`Error::Interrupted`]; `work` has not run then.
#[inline]
pub fn access<R>(
    claims: &[Claim],
    effort: Effort,
    patience: Patience<'_>,
    work: impl FnOnce(&Access) -> R,
) -> Result<R, Error> {
    let registry = Registry::global();
    match effort {
        Effort::Brief => match registry.briefly(claims, || work(&Access(()))) {
            Ok(done) => Ok(done),
            Err(refusal) => Err(refused(&refusal, None)),
        },
        Effort::Long => match registry.lease(claims, patience) {
            Ok(_lease) => Ok(work(&Access(()))),
            Err(refusal) => Err(refused(&refusal, None)),
        },
    }
}

/// Takes leases that outlast this call: for what NumPy computes on our memory.
///
/// # Errors
/// As [`access`].
pub fn lease(claims: &[Claim], patience: Patience<'_>) -> Result<Lease<'static>, Error> {
    let leased = Registry::global().lease(claims, patience);
    leased.map_err(|refusal| refused(&refusal, None))
}

#[cold]
fn refused(refusal: &Refusal, asked: Option<&Strided<'_>>) -> Error {
    match refusal {
        Refusal::Conflict(conflict) => describe(conflict, asked),
        Refusal::Busy => Error::Busy,
        Refusal::Interrupted => Error::Interrupted,
    }
}

/// Which samples collide, with what, and the way out.
#[cold]
fn describe(conflict: &Conflict, asked: Option<&Strided<'_>>) -> Error {
    let (low, high) = conflict.wanted.bounds();
    let (held_low, held_high) = conflict.held.bounds();
    let (low, high) = (low.max(held_low), high.min(held_high));
    let place = match asked.and_then(|asked| frames_between(asked, low, high)) {
        Some((first, last)) => format!("frames {first} to {last}"),
        None => format!("{} bytes from address {low:#x}", high.saturating_sub(low)),
    };
    let doing = match conflict.mode {
        Mode::Read => "reading",
        Mode::Write => "writing",
    };
    let message = match conflict.holder {
        Holder::Borrow(Kind::BorrowMut) => format!(
            "{doing} {place} is refused: they are borrowed for writing (borrow_mut); \
             use the borrowed array, or leave its with-block first"
        ),
        Holder::Borrow(_) => format!(
            "{doing} {place} is refused: they are borrowed for reading (borrow); \
             leave the with-block of the borrow first, or work on a .copy()"
        ),
        Holder::View(kind) => format!(
            "borrowing {place} for writing is refused: a writable view ({}) of them is alive; \
             delete it first, or borrow_mut() a .copy()",
            kind.name()
        ),
        Holder::OwnOperation => format!(
            "{doing} {place} is refused: an operation of this thread is still using them; \
             let it finish, or work on a .copy()"
        ),
    };
    Error::Borrowed { message }
}

/// The frames of `samples` between two addresses; `None` if they have no single place in time.
fn frames_between(samples: &Strided<'_>, low: usize, high: usize) -> Option<(usize, usize)> {
    let layout = samples.layout();
    let stride = layout.frame_stride();
    if stride == 0 || layout.is_empty() {
        return None;
    }
    let size = samples.dtype().size() as i128;
    let (mut first, mut last) = (layout.frames(), None);
    for channel in 0..layout.channels() {
        let row =
            samples.first_address() as i128 + layout.channel_stride() as i128 * channel as i128;
        let frame = |address: i128| (address - row).div_euclid(stride as i128);
        let (a, b) = (frame(low as i128), frame(high as i128 - size));
        let (from, to) = (a.min(b).max(0), a.max(b));
        let to = to.min(layout.frames() as i128 - 1);
        if from <= to {
            first = first.min(from as usize);
            last = last.max(Some(to as usize));
        }
    }
    last.map(|last| (first, last))
}

/// One channel to read from: values, never references.
///
/// Invariant 1: the `len` samples of type `T`, `stride` bytes apart, are allocated and initialised
/// during `'a`. They may be unaligned, and others may write to them.
#[derive(Clone, Copy)]
pub struct Source<'a, T> {
    start: *const u8,
    len: usize,
    stride: isize,
    memory: PhantomData<&'a T>,
}

/// One channel to write to. As [`Source`], with invariant 2: writing to it is allowed.
#[derive(Clone, Copy)]
pub struct Target<'a, T> {
    start: *mut u8,
    len: usize,
    stride: isize,
    memory: PhantomData<&'a T>,
}

// SAFETY: an address and two numbers; reading through it is reading values (invariant 1) on any thread.
unsafe impl<T: Sample> Send for Source<'_, T> {}
// SAFETY: as for Source; writing through it is storing values (invariant 2) on any thread.
unsafe impl<T: Sample> Send for Target<'_, T> {}

impl<'a, T: Sample> Source<'a, T> {
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

    /// `len` samples from `from` on.
    #[inline(always)]
    pub fn part(&self, from: usize, len: usize) -> Source<'a, T> {
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
    pub fn part(&self, from: usize, len: usize) -> Target<'a, T> {
        assert!(from <= self.len && len <= self.len - from, "part of a row");
        Target {
            start: self
                .start
                .wrapping_offset(self.stride.wrapping_mul(from as isize)),
            len,
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

/// Contiguous samples that nothing else can reach yet: the one case in which memory may be a slice.
///
/// Invariant 1: this is the only handle on its buffer, which is writable and contiguous from its start.
pub struct Fresh {
    samples: Samples,
}

impl Fresh {
    /// Samples of no value in particular. `shape` is `(frames,)` or `(channels, frames)`.
    #[inline]
    pub fn new(shape: &[usize], dtype: Dtype) -> Result<Fresh, Error> {
        Fresh::from(shape, dtype, Buffer::allocate)
    }

    /// Silence.
    pub fn zeroed(shape: &[usize], dtype: Dtype) -> Result<Fresh, Error> {
        Fresh::from(shape, dtype, Buffer::allocate_zeroed)
    }

    #[inline]
    fn from(
        shape: &[usize],
        dtype: Dtype,
        allocate: impl FnOnce(usize) -> Result<Buffer, Error>,
    ) -> Result<Fresh, Error> {
        let layout = Layout::contiguous(shape, dtype.size())?;
        let buffer = allocate(layout.len() * dtype.size())?;
        Ok(Fresh {
            samples: Samples {
                buffer,
                layout,
                dtype,
                writable: true,
            },
        })
    }

    /// All samples, channel after channel, or `None` if they are of another type.
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

    /// Runs work that touches nothing but this memory: there is nobody to ask.
    #[inline]
    pub fn fill<R>(&mut self, work: impl FnOnce(&Access, Strided<'_>) -> R) -> R {
        work(&Access(()), self.samples.strided())
    }

    /// Lets others see the samples.
    #[inline]
    pub fn share(self) -> Samples {
        self.samples
    }

    fn share_as(self, writable: bool) -> Samples {
        Samples {
            writable,
            ..self.samples
        }
    }
}
