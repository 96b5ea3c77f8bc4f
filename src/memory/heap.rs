//! Memory of our own: aligned, initialised, huge pages where they pay.

use std::alloc::{self, Layout};
use std::ptr::NonNull;

use crate::error::Error;

/// What DLPack asks of CPU memory, and more than any vector instruction needs.
const ALIGNMENT: usize = 256;
/// From here on a block starts on a page of its own.
const PAGED: usize = 64 << 10;
const PAGE: usize = 4096;
/// From here on a block is made of huge pages: a page fault then brings 2 MiB instead of 4 KiB.
const HUGE: usize = 4 << 20;
const HUGE_PAGE: usize = 2 << 20;

/// How a block was obtained, and so how it is given back.
enum Source {
    /// The global allocator.
    Allocator(Layout),
    /// Pages from the system, this many bytes.
    #[cfg(not(miri))]
    Pages(usize),
}

/// Invariants:
/// 1. `start` came from `source` and is given back to it once, in `drop`;
/// 2. all its bytes are initialised: zeroed by the allocator or fresh from the system.
pub struct Block {
    start: NonNull<u8>,
    len: usize,
    source: Source,
}

impl Block {
    /// Bytes that are initialised, to no value in particular.
    #[inline]
    pub fn allocate(len: usize) -> Result<Block, Error> {
        Block::allocate_zeroed(len)
    }

    /// Bytes that are all zero.
    #[inline]
    pub fn allocate_zeroed(len: usize) -> Result<Block, Error> {
        #[cfg(not(miri))]
        if len >= PAGED {
            return Block::map(len);
        }
        Block::from_allocator(len)
    }

    fn from_allocator(len: usize) -> Result<Block, Error> {
        let refused = || Error::OutOfMemory { bytes: len };
        let alignment = alignment_of(len);
        let size = len.max(1).checked_next_multiple_of(alignment);
        let layout = size.and_then(|size| Layout::from_size_align(size, alignment).ok());
        let layout = layout.ok_or_else(refused)?;
        // SAFETY: the layout's size is not zero, being a multiple of the alignment above `len.max(1)`.
        let start = unsafe { alloc::alloc_zeroed(layout) };
        Ok(Block {
            start: NonNull::new(start).ok_or_else(refused)?,
            len,
            source: Source::Allocator(layout),
        })
    }

    /// Pages from the system, which come zeroed when they are first touched.
    #[cfg(not(miri))]
    fn map(len: usize) -> Result<Block, Error> {
        let refused = || Error::OutOfMemory { bytes: len };
        let alignment = alignment_of(len);
        let size = len
            .checked_next_multiple_of(alignment)
            .ok_or_else(refused)?;
        // Mapped with room to spare; what lies before and behind the aligned part goes back at once.
        let spare = if alignment > PAGE { alignment } else { 0 };
        let total = size.checked_add(spare).ok_or_else(refused)?;
        // SAFETY: a fresh private mapping at an address of the system's choice touches nobody's memory.
        let mapped = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                total,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if mapped == libc::MAP_FAILED {
            return Err(refused());
        }
        let mapped = mapped.cast::<u8>();
        let before = mapped.addr().next_multiple_of(alignment) - mapped.addr();
        let start = mapped.wrapping_add(before);
        unmap(mapped, before);
        unmap(start.wrapping_add(size), spare - before);
        if size >= HUGE {
            // SAFETY: the range was mapped just above. Advice may be refused; the memory works all the same.
            unsafe { libc::madvise(start.cast(), size, libc::MADV_HUGEPAGE) };
        }
        Ok(Block {
            start: NonNull::new(start).ok_or_else(refused)?,
            len,
            source: Source::Pages(size),
        })
    }

    #[inline]
    pub fn start(&self) -> NonNull<u8> {
        self.start
    }

    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }
}

/// Gives pages of a mapping of ours back to the system. Nobody may know them any more.
#[cfg(not(miri))]
fn unmap(start: *mut u8, len: usize) {
    if len > 0 {
        // SAFETY: only called in this file, on whole pages of mappings made by `Block::map`.
        unsafe { libc::munmap(start.cast(), len) };
    }
}

impl Drop for Block {
    #[inline]
    fn drop(&mut self) {
        match self.source {
            // SAFETY: invariant 1.
            Source::Allocator(layout) => unsafe { alloc::dealloc(self.start.as_ptr(), layout) },
            #[cfg(not(miri))]
            Source::Pages(size) => unmap(self.start.as_ptr(), size),
        }
    }
}

fn alignment_of(len: usize) -> usize {
    match len {
        HUGE.. => HUGE_PAGE,
        PAGED.. => PAGE,
        _ => ALIGNMENT,
    }
}
