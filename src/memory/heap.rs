//! Memory of our own: aligned, initialised, huge pages where they pay, reused where it can be.

use std::ptr::NonNull;

use crate::error::Error;
use crate::memory::chunk::{HUGE, MemoryChunk, SMALL, large_capacity};
use crate::memory::pool;

/// Initialised bytes of our own, which go back to the pool when they are dropped.
///
/// Invariant 1: `len` is at most the chunk's capacity.
pub struct Allocation {
    chunk: MemoryChunk,
    len: usize,
    /// Whether the bytes came from the system, zeroed.
    is_fresh: bool,
}

impl Allocation {
    /// Bytes that are initialised, to no value in particular.
    #[inline]
    pub fn new(len: usize) -> Result<Allocation, Error> {
        if len <= SMALL {
            let class = pool::class_of(len);
            if let Some(chunk) = pool::take_small(class) {
                return Ok(Allocation::used(chunk, len));
            }
            return Allocation::fresh(len, pool::capacity_of(class));
        }
        let capacity = large_capacity(len).ok_or(Error::OutOfMemory { bytes: len })?;
        match pool::take_large(capacity) {
            Some(chunk) => Ok(Allocation::used(chunk, len)),
            None => Allocation::fresh(len, capacity),
        }
    }

    /// Bytes that are all zero.
    pub fn zeroed(len: usize) -> Result<Allocation, Error> {
        let mut used = Allocation::new(len)?;
        if used.is_fresh {
            return Ok(used);
        }
        if len >= HUGE {
            // Zeroed pages come when they are first touched, if they ever are.
            used.chunk.clear();
        } else {
            // SAFETY: invariant 1; the chunk is ours alone (its invariant 1).
            unsafe { used.chunk.start().as_ptr().write_bytes(0, len) };
        }
        Ok(used)
    }

    #[cold]
    fn fresh(len: usize, capacity: usize) -> Result<Allocation, Error> {
        let chunk = pool::take_vacant(capacity).or_else(|| MemoryChunk::from_system(capacity));
        let chunk = chunk.or_else(|| {
            // What the pool holds may be what is missing.
            pool::trim();
            MemoryChunk::from_system(capacity)
        });
        let chunk = chunk.ok_or(Error::OutOfMemory { bytes: len })?;
        pool::count_fresh(&chunk);
        Ok(Allocation {
            chunk,
            len,
            is_fresh: true,
        })
    }

    #[inline]
    fn used(chunk: MemoryChunk, len: usize) -> Allocation {
        Allocation {
            chunk,
            len,
            is_fresh: false,
        }
    }

    #[inline]
    pub fn start(&self) -> NonNull<u8> {
        self.chunk.start()
    }

    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }
}

impl Drop for Allocation {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the address and the capacity of one chunk; the allocation, which ends here, does not use it again.
        let chunk = unsafe { MemoryChunk::from_start(self.chunk.start(), self.chunk.capacity()) };
        if chunk.capacity() <= SMALL {
            pool::put_small(chunk);
        } else {
            pool::put_large(chunk);
        }
    }
}
