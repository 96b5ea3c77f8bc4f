//! Bytes from the system: small ones from the allocator, from 64 KiB on in pages.

use std::alloc::{self, Layout};
use std::ptr::NonNull;

#[cfg(all(unix, not(miri)))]
use crate::memory::pages;

/// What DLPack asks of CPU memory, and more than any vector instruction needs.
pub const ALIGNMENT: usize = 256;
/// From here on a chunk starts on a page of its own.
pub const PAGED: usize = 64 << 10;
const PAGE: usize = 4096;
/// From here on a chunk is made of huge pages: a page fault then brings 2 MiB instead of 4 KiB.
pub const HUGE: usize = 4 << 20;
const HUGE_PAGE: usize = 2 << 20;
/// Up to here memory comes in the pool's size classes; what is larger comes in pages.
pub const SMALL: usize = PAGED - ALIGNMENT * 16;

/// Bytes from the system. It has no `Drop`: its holder passes it on or calls [`MemoryChunk::release`].
///
/// Invariants:
/// 1. the bytes `start .. start + capacity` were obtained by [`MemoryChunk::from_system`], are initialised, and
///    belong to the holder of the chunk alone;
/// 2. they are given back once, by [`MemoryChunk::release`];
/// 3. `start` is aligned by [`alignment_of`] its capacity.
pub struct MemoryChunk {
    start: NonNull<u8>,
    capacity: usize,
}

// SAFETY: an address that belongs to its holder alone (invariant 1); neither the allocator nor the
// system's pages know threads.
unsafe impl Send for MemoryChunk {}

impl MemoryChunk {
    /// Zeroed bytes; `capacity` is a class of the pool's or a whole number of pages.
    pub fn from_system(capacity: usize) -> Option<MemoryChunk> {
        #[cfg(all(unix, not(miri)))]
        if capacity > SMALL {
            return MemoryChunk::from_pages(capacity);
        }
        let layout = Layout::from_size_align(capacity, alignment_of(capacity)).ok()?;
        // SAFETY: no capacity is 0: the smallest class is one alignment, the smallest mapping one page.
        let start = unsafe { alloc::alloc_zeroed(layout) };
        NonNull::new(start).map(|start| MemoryChunk { start, capacity })
    }

    /// Pages from the system, which come zeroed when they are first touched.
    #[cfg(all(unix, not(miri)))]
    fn from_pages(capacity: usize) -> Option<MemoryChunk> {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let start = pages::map(capacity, alignment_of(capacity), protection, 0)?;
        #[cfg(target_os = "linux")]
        if capacity >= HUGE {
            // SAFETY: the range was mapped just above. Advice may be refused; the memory works all the same.
            unsafe { libc::madvise(start.as_ptr().cast(), capacity, libc::MADV_HUGEPAGE) };
        }
        Some(MemoryChunk { start, capacity })
    }

    /// Gives the bytes back to the system.
    pub fn release(self) {
        #[cfg(all(unix, not(miri)))]
        if self.capacity > SMALL {
            // SAFETY: invariants 1 and 2; above this capacity `from_system` takes pages.
            unsafe { pages::unmap(self.start.as_ptr(), self.capacity) };
            return;
        }
        if let Ok(layout) = Layout::from_size_align(self.capacity, alignment_of(self.capacity)) {
            // SAFETY: invariants 1 and 2; the layout is the one of `from_system`.
            unsafe { alloc::dealloc(self.start.as_ptr(), layout) };
        }
    }

    /// Gives the pages back to the system and keeps their addresses: all bytes are zero afterwards. For chunks in pages.
    pub fn clear(&mut self) {
        #[cfg(all(target_os = "linux", not(miri)))]
        // SAFETY: invariant 1: whole pages of a private anonymous mapping, which the system replaces by zeroed ones.
        if unsafe { pages::discard(self.start.as_ptr(), self.capacity) } {
            return;
        }
        // SAFETY: invariant 1.
        unsafe { self.start.as_ptr().write_bytes(0, self.capacity) };
    }

    #[inline]
    pub fn start(&self) -> NonNull<u8> {
        self.start
    }

    #[inline]
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// The address alone; [`MemoryChunk::from_start`] makes a chunk of it again.
    #[inline]
    pub fn into_start(self) -> NonNull<u8> {
        self.start
    }

    /// # Safety
    /// `start` came from [`MemoryChunk::into_start`] of a chunk of this capacity, and makes one chunk only.
    #[inline]
    pub unsafe fn from_start(start: NonNull<u8>, capacity: usize) -> MemoryChunk {
        MemoryChunk { start, capacity }
    }
}

/// Whole pages; below [`HUGE`] one of eight sizes to a doubling, so that freed addresses suit most of what comes later.
/// Pages that are never touched cost nothing. `None` past the address space.
#[inline]
pub fn large_capacity(len: usize) -> Option<usize> {
    let step = match len {
        HUGE.. => PAGE,
        _ => ((len.next_power_of_two() / 2) / 8).max(PAGE),
    };
    let capacity = len.checked_next_multiple_of(step)?;
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
