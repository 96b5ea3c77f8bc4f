//! Memory of our own: aligned, initialised, huge pages where they pay, reused where it can be.

use std::alloc::{self, Layout};
use std::ptr::NonNull;

use crate::error::Error;
use crate::memory::pool;

/// What DLPack asks of CPU memory, and more than any vector instruction needs.
pub const ALIGNMENT: usize = 256;
/// From here on a chunk starts on a page of its own.
pub const PAGED: usize = 64 << 10;
const PAGE: usize = 4096;
/// From here on a chunk is made of huge pages: a page fault then brings 2 MiB instead of 4 KiB.
pub const HUGE: usize = 4 << 20;
const HUGE_PAGE: usize = 2 << 20;

/// Initialised bytes of our own, which go back to the pool when they are dropped.
///
/// Invariant 1: `len` is at most the chunk's capacity.
pub struct Allocation {
    chunk: Chunk,
    len: usize,
}

impl Allocation {
    /// Bytes that are initialised, to no value in particular.
    #[inline]
    pub fn new(len: usize) -> Result<Allocation, Error> {
        if len <= pool::SMALL {
            let class = pool::class_of(len);
            if let Some(chunk) = pool::take_small(class) {
                return Ok(Allocation { chunk, len });
            }
            return Allocation::fresh(len, pool::capacity_of(class));
        }
        let capacity = large_capacity(len).ok_or(Error::OutOfMemory { bytes: len })?;
        match pool::take_large(capacity) {
            Some(chunk) => Ok(Allocation { chunk, len }),
            None => Allocation::fresh(len, capacity),
        }
    }

    /// Bytes that are all zero.
    pub fn zeroed(len: usize) -> Result<Allocation, Error> {
        if len >= HUGE {
            // The system clears such pages when they are first touched, if they ever are: to clear them
            // here would only bring that forward.
            let capacity = large_capacity(len).ok_or(Error::OutOfMemory { bytes: len })?;
            return Allocation::fresh(len, capacity);
        }
        let used = Allocation::new(len)?;
        // SAFETY: invariant 1; the chunk is ours alone (its invariant 1).
        unsafe { used.chunk.start.as_ptr().write_bytes(0, len) };
        Ok(used)
    }

    #[cold]
    fn fresh(len: usize, capacity: usize) -> Result<Allocation, Error> {
        let chunk = Chunk::from_system(capacity).or_else(|| {
            // What the pool holds may be what is missing.
            pool::trim();
            Chunk::from_system(capacity)
        });
        let chunk = chunk.ok_or(Error::OutOfMemory { bytes: len })?;
        pool::count_fresh(&chunk);
        Ok(Allocation { chunk, len })
    }

    #[inline]
    pub fn start(&self) -> NonNull<u8> {
        self.chunk.start
    }

    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }
}

impl Drop for Allocation {
    #[inline]
    fn drop(&mut self) {
        let chunk = Chunk { ..self.chunk };
        if chunk.capacity <= pool::SMALL {
            pool::put_small(chunk);
        } else {
            pool::put_large(chunk);
        }
    }
}

/// Bytes from the system. It has no `Drop`: whoever holds it passes it on or calls [`Chunk::release`].
///
/// Invariants:
/// 1. the bytes `start .. start + capacity` were obtained by [`Chunk::from_system`], are initialised, and
///    belong to whoever holds the chunk and to nobody else;
/// 2. they are given back once, by [`Chunk::release`];
/// 3. `start` is aligned by [`alignment_of`] its capacity.
pub struct Chunk {
    start: NonNull<u8>,
    capacity: usize,
}

// SAFETY: an address that belongs to its holder alone (invariant 1); neither the allocator nor the
// system's pages know threads.
unsafe impl Send for Chunk {}

impl Chunk {
    /// Zeroed bytes; `capacity` is a class of the pool's or a whole number of pages.
    fn from_system(capacity: usize) -> Option<Chunk> {
        #[cfg(all(unix, not(miri)))]
        if capacity > pool::SMALL {
            return Chunk::from_pages(capacity);
        }
        let layout = Layout::from_size_align(capacity, alignment_of(capacity)).ok()?;
        // SAFETY: no capacity is 0: the smallest class is one alignment, the smallest mapping one page.
        let start = unsafe { alloc::alloc_zeroed(layout) };
        NonNull::new(start).map(|start| Chunk { start, capacity })
    }

    /// Pages from the system, which come zeroed when they are first touched.
    #[cfg(all(unix, not(miri)))]
    fn from_pages(capacity: usize) -> Option<Chunk> {
        let alignment = alignment_of(capacity);
        // Mapped with room to spare; what lies before and behind the aligned part goes back at once.
        let spare = if alignment > PAGE { alignment } else { 0 };
        let total = capacity.checked_add(spare)?;
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
            return None;
        }
        let mapped = mapped.cast::<u8>();
        let before = mapped.addr().next_multiple_of(alignment) - mapped.addr();
        let start = mapped.wrapping_add(before);
        if spare > 0 {
            unmap(mapped, before);
            unmap(start.wrapping_add(capacity), spare - before);
        }
        #[cfg(target_os = "linux")]
        if capacity >= HUGE {
            // SAFETY: the range was mapped just above. Advice may be refused; the memory works all the same.
            unsafe { libc::madvise(start.cast(), capacity, libc::MADV_HUGEPAGE) };
        }
        NonNull::new(start).map(|start| Chunk { start, capacity })
    }

    /// Gives the bytes back to the system.
    pub fn release(self) {
        #[cfg(all(unix, not(miri)))]
        if self.capacity > pool::SMALL {
            unmap(self.start.as_ptr(), self.capacity);
            return;
        }
        if let Ok(layout) = Layout::from_size_align(self.capacity, alignment_of(self.capacity)) {
            // SAFETY: invariants 1 and 2; the layout is the one of `from_system`.
            unsafe { alloc::dealloc(self.start.as_ptr(), layout) };
        }
    }

    #[inline]
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// The address alone; [`Chunk::from_start`] makes a chunk of it again.
    #[inline]
    pub fn into_start(self) -> NonNull<u8> {
        self.start
    }

    /// # Safety
    /// `start` came from [`Chunk::into_start`] of a chunk of this capacity, and makes one chunk only.
    #[inline]
    pub unsafe fn from_start(start: NonNull<u8>, capacity: usize) -> Chunk {
        Chunk { start, capacity }
    }
}

/// Gives pages of a mapping of ours back to the system. Nobody may know them any more.
#[cfg(all(unix, not(miri)))]
fn unmap(start: *mut u8, len: usize) {
    if len > 0 {
        // SAFETY: only called in this file, on whole pages of mappings made by `Chunk::from_pages`.
        unsafe { libc::munmap(start.cast(), len) };
    }
}

/// Whole pages, or whole huge pages; `None` past the address space.
#[inline]
fn large_capacity(len: usize) -> Option<usize> {
    let capacity = len.checked_next_multiple_of(if len >= HUGE { HUGE_PAGE } else { PAGE })?;
    isize::try_from(capacity).ok().map(|_| capacity)
}

/// The boundary that a chunk of this capacity starts on.
#[inline]
fn alignment_of(capacity: usize) -> usize {
    match capacity {
        HUGE.. => HUGE_PAGE,
        PAGED.. => PAGE,
        _ => ALIGNMENT,
    }
}
