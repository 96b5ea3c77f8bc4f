//! Buffer + layout + sample type + lease: the only door to samples.
//!
//! ```text
//!   Samples   a share in a buffer, and which samples of it          (what an AudioSamples holds)
//!      |
//!   Strided   the same for as long as the caller keeps it alive     (what an operation is given)
//!      |  + Access: the proof that the registry was asked
//!   Source, Target   one channel as typed samples                   (what a kernel loops over)
//! ```
//!
//! None of them is a slice. Python may write to the same bytes while a kernel reads them; a kernel therefore
//! loads and stores values and never holds a reference. [`Fresh`] is the exception: memory that
//! nothing else can reach yet may be a slice.

#![allow(unsafe_code)]

mod access;
mod fork;
mod fresh;
mod mapped;
mod rows;
mod shared;
mod strided;

use std::marker::PhantomData;
use std::ptr::NonNull;

use crate::dtype::Dtype;
use crate::error::Error;
use crate::layout::{Layout, Span};
use crate::memory::{Buffer, ForeignOwner};
use crate::registry::{
    Borrow, Conflict, Holder, Mode, Refusal, Registration, Registry, Until, ViewEntry, ViewKind,
};
use access::{describe, error_of};
use mapped::seen;

pub use access::{Access, Lock, access, access_if_quiet, access_to, lease, told_of};
pub use fork::survive as survive_forks;
pub use fresh::Fresh;
pub use rows::{Source, Target};
pub use strided::Strided;

/// Samples in a shared buffer. Cloning shares them; nothing here copies a sample.
///
/// Invariants:
/// 1. every sample that `layout` reaches lies inside `buffer`;
/// 2. `writable` only if the buffer is.
#[derive(Clone, Debug)]
#[repr(C)]
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
                low: low.into(),
                high: high.into(),
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

    /// Foreign memory, as it lies.
    ///
    /// # Safety
    /// Every byte that `layout` reaches from `first` on (the address of its first sample; the layout's
    /// offset is 0) must be allocated and initialised until `owner` is dropped, and writable if `writable`.
    ///
    /// Samples that share bytes with each other come out read-only: an operation would meet its own results.
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
            low: low.into(),
            high: high.into(),
            bytes: 0,
        })?;
        // SAFETY: the bytes from the lowest to the highest that the layout reaches, by the caller's promise.
        let buffer = unsafe { Buffer::adopt(start, (high - low) as usize, writable, owner) };
        // A buffer that was known already may begin earlier.
        let offset = first.addr().get() - buffer.start().addr().get();
        let layout = Layout::strided(layout.shape(), layout.strides(), offset)?;
        let writable = writable && !layout.overlaps_itself(dtype.size());
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

    /// The same samples, to be changed if those of `whole`, in the same buffer, may be.
    pub fn as_writable_as(self, whole: &Samples) -> Samples {
        let same = self.buffer.same_allocation(&whole.buffer);
        Samples {
            // Invariant 2: the buffer is writable, or `whole` would not be.
            writable: self.writable || (same && whole.writable),
            ..self
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
        seen(self.buffer.origin().number(), &self.span())
    }

    #[inline(always)]
    fn entry(&self, kind: ViewKind, mode: Mode, shown: &Layout) -> ViewEntry {
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
    #[inline(always)]
    pub fn export(&self, kind: ViewKind, writable: bool, shown: &Layout) -> Result<Export, Error> {
        Ok(Export {
            registration: self.register(kind, writable, shown)?,
            samples: Samples {
                layout: *shown,
                writable: self.writable,
                ..self.clone()
            },
        })
    }

    /// As [`Samples::export`] of these samples as they lie, for a consumer that asks only once where they lie.
    #[inline(always)]
    pub fn hold(&self, kind: ViewKind, writable: bool) -> Result<Hold, Error> {
        Ok(Hold {
            registration: self.register(kind, writable, &self.layout)?,
            _buffer: self.buffer.clone(),
        })
    }

    #[inline(always)]
    fn register(
        &self,
        kind: ViewKind,
        writable: bool,
        shown: &Layout,
    ) -> Result<Registration<'static>, Error> {
        self.check_file()?;
        self.buffer.publish();
        let mode = if writable && self.writable {
            Mode::Write
        } else {
            Mode::Read
        };
        Registry::global()
            .register(self.buffer.origin().number(), self.entry(kind, mode, shown))
            .map_err(|conflict| describe(&conflict, Some(&self.strided())))
    }

    /// Lends the samples to a user, to read or alone to write, until the loan is dropped.
    pub fn lend(&self, mode: Mode, until: Until<'_>) -> Result<Loan, Error> {
        if mode == Mode::Write {
            self.require_writable()?;
        }
        self.check_file()?;
        self.buffer.publish();
        let kind = if mode == Mode::Write {
            ViewKind::BorrowMut
        } else {
            ViewKind::Borrow
        };
        let borrow = Registry::global()
            .borrow(
                self.buffer.origin().number(),
                self.entry(kind, mode, &self.layout),
                until,
            )
            .map_err(|refusal| error_of(&refusal, Some(&self.strided())))?;
        Ok(Loan {
            borrow,
            samples: self.clone(),
        })
    }
}

impl Samples {
    /// Lends the samples to Arrow, whose data never changes: until the loan is dropped, writing to them is refused.
    ///
    /// # Errors
    /// A borrow for writing is out, and as `until` says where operations run.
    pub fn keep_constant(&self, until: Until<'_>) -> Result<Constancy, Error> {
        self.check_file()?;
        if !self.buffer.has_only_known_writers() {
            return Ok(Constancy::ForeignWriter);
        }
        self.buffer.publish();
        let entry = self.entry(ViewKind::Arrow, Mode::Read, &self.layout);
        match Registry::global().borrow(self.buffer.origin().number(), entry, until) {
            Ok(borrow) => Ok(Constancy::Kept(Loan {
                borrow,
                samples: self.clone(),
            })),
            Err(Refusal::Conflict(Conflict {
                holder: Holder::View(_),
                ..
            })) => Ok(Constancy::WritableView),
            Err(refusal) => Err(error_of(&refusal, Some(&self.strided()))),
        }
    }
}

impl Samples {
    /// In a process that was forked while other threads had borrowed some of the samples: ends those borrows.
    pub fn reclaim(&self) {
        Registry::global().reclaim(self.buffer.origin().number(), &self.span());
    }
}

/// What [`Samples::keep_constant`] found.
pub enum Constancy {
    /// Nothing can write to the samples while the loan is out.
    Kept(Loan),
    /// The memory belongs to another process or library, which may write to it.
    ForeignWriter,
    /// A view that may write to the samples is alive.
    WritableView,
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

    /// Says that the consumer can no longer write.
    pub fn make_readonly(&mut self) {
        self.registration.make_readonly();
    }
}

/// As [`Export`], without a layout: all that its consumer needs is that the memory stays.
pub struct Hold {
    // Dropped before the buffer: the entry goes while the memory is still there.
    registration: Registration<'static>,
    _buffer: Buffer,
}

impl Hold {
    /// Whether the consumer may write.
    #[inline]
    pub fn writable(&self) -> bool {
        self.registration.mode() == Mode::Write
    }
}

/// A borrow that is out.
pub struct Loan {
    borrow: Borrow<'static>,
    samples: Samples,
}

impl Loan {
    /// The samples lent.
    pub fn samples(&self) -> &Samples {
        &self.samples
    }

    /// Ends the borrow. The array that was handed out is a view like any other until it goes.
    pub fn end(self) -> Export {
        Export {
            registration: self.borrow.end(),
            samples: self.samples,
        }
    }
}
