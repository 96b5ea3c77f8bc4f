//! One allocation of bytes, with the owner that frees it.
//!
//! ```text
//!   AudioSamples   slice   NumPy array   capsule        any number of handles, on any thread
//!        |           |          |           |
//!        +-----+-----+----+-----+-----------+
//!              v          v
//!           Buffer  =  Arc<Region>                      one count
//!                         |
//!                 start, len, owner                     owner: heap | file | shared | foreign
//!                         |
//!                         v
//!                    the samples                        freed when the last handle goes
//! ```
//!
//! A [`Buffer`] is no slice and lends none: Python may write to the same bytes at any time. It hands out
//! addresses; only [`crate::view`] reads and writes through them.

#![allow(unsafe_code)]

mod chunk;
mod foreign;
mod heap;
mod mapping;
mod pages;
pub mod pool;
mod shared;

use std::collections::BTreeMap;
use std::ptr::NonNull;
use std::sync::{Arc, Weak};

use crate::error::Error;
use crate::sync::{AtomicBool, AtomicU64, Mutex, MutexGuard, Ordering};

pub use foreign::Owner as ForeignOwner;
pub use mapping::{Straddling, check as check_file, give_back, is_changed_here, is_mapped_here};
pub use pages::page_size;
pub use shared::{Content, Ticket};

/// Identifies one allocation for as long as it lives. All adopted memory shares [`Origin::FOREIGN`],
/// because two adoptions may be of one memory and only addresses can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin(u64);

impl Origin {
    /// Memory that came from outside.
    pub const FOREIGN: Origin = Origin(0);

    /// Set in the number of a mapped file.
    const MAPPED: u64 = 1 << 63;

    /// Memory of the heap is known by where it lies: a multiple of [`ALIGNMENT`](chunk::ALIGNMENT), never 0, and nothing to count.
    #[inline]
    fn of_heap(start: NonNull<u8>) -> Origin {
        Origin(start.addr().get() as u64)
    }

    /// An odd number, which is no address of the heap's.
    fn next() -> Origin {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Origin(2 * NEXT.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// As [`Origin::next`], and [`Origin::is_file_number`] knows it.
    fn next_mapped() -> Origin {
        Origin(Origin::next().0 | Origin::MAPPED)
    }

    /// The number itself, for spreading over locks.
    #[inline]
    pub fn number(self) -> u64 {
        self.0
    }

    /// Whether a number is that of a mapped file: no look-up, for operations ask it each time.
    #[inline]
    pub fn is_file_number(number: u64) -> bool {
        number & Origin::MAPPED != 0
    }
}

enum Storage {
    Heap(heap::Allocation),
    // Boxed: memory of the heap, which every result is, does not pay for what these have to know.
    File(Box<mapping::Mapped>),
    Shared(Box<shared::Segment>),
    Foreign {
        start: NonNull<u8>,
        len: usize,
        /// Whether its owner has promised not to write to it.
        is_constant: AtomicBool,
        /// Dropped with the region: that is what gives the memory back.
        _owner: ForeignOwner,
    },
}

/// Invariants, from construction to drop:
/// 1. the bytes `start .. start + len` of its storage are allocated, and initialised;
/// 2. they are neither freed nor moved while the region lives;
/// 3. `published` is true exactly while the directory has an entry for this region.
struct Region {
    storage: Storage,
    origin: Origin,
    writable: bool,
    published: AtomicBool,
}

// SAFETY: invariants 1 and 2 hold on every thread: heap memory has none, and foreign owners are Send + Sync.
unsafe impl Send for Region {}
// SAFETY: as for Send; a region lends no reference to its bytes, its methods only copy the address out.
unsafe impl Sync for Region {}

/// Length and region of buffers by their start address.
type Directory = BTreeMap<usize, (usize, Weak<Region>)>;

/// Buffers of our own that something outside Rust can reach.
static DIRECTORY: Mutex<Directory> = Mutex::new(BTreeMap::new());

/// The locks of the directory, of the lists of mapped files and of segments, and of the pool, held around a fork.
pub struct ForkGuard {
    _directory: MutexGuard<'static, Directory>,
    _mapped: MutexGuard<'static, mapping::MappedFiles>,
    segments: shared::FrozenSegments,
    _pool: MutexGuard<'static, pool::Depot>,
}

/// Locks them in the order in which operations do: a thread that holds one of the first three may allocate and so
/// take the pool's, never the other way round.
pub fn freeze() -> ForkGuard {
    ForkGuard {
        _directory: DIRECTORY.lock(),
        _mapped: mapping::freeze(),
        segments: shared::freeze(),
        _pool: pool::freeze(),
    }
}

impl ForkGuard {
    /// In the child of a fork, which has segments of its own right.
    pub fn thaw_in_child(self) {
        self.segments.thaw_in_child();
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        if *self.published.get_mut() {
            DIRECTORY.lock().remove(&self.start().addr().get());
        }
    }
}

impl Region {
    #[inline]
    fn start(&self) -> NonNull<u8> {
        match &self.storage {
            Storage::Heap(memory) => memory.start(),
            Storage::File(mapped) => mapped.start(),
            Storage::Shared(segment) => segment.start(),
            Storage::Foreign { start, .. } => *start,
        }
    }

    #[inline]
    fn len(&self) -> usize {
        match &self.storage {
            Storage::Heap(memory) => memory.len(),
            Storage::File(mapped) => mapped.len(),
            Storage::Shared(segment) => segment.len(),
            Storage::Foreign { len, .. } => *len,
        }
    }
}

/// A share in one allocation. Cloning is cheap and shares; the last one to go frees.
#[derive(Clone)]
pub struct Buffer(Arc<Region>);

impl Buffer {
    /// Memory of our own, every byte initialised: zero, unless the block has been used before.
    /// Aligned to 256 bytes, from 64 KiB to a page, from 4 MiB to 2 MiB.
    pub fn allocate(len: usize) -> Result<Buffer, Error> {
        Ok(Buffer::of_heap(heap::Allocation::new(len)?))
    }

    /// As [`Buffer::allocate`], and every byte is zero.
    pub fn allocate_zeroed(len: usize) -> Result<Buffer, Error> {
        Ok(Buffer::of_heap(heap::Allocation::zeroed(len)?))
    }

    #[inline]
    fn of_heap(memory: heap::Allocation) -> Buffer {
        Buffer(Arc::new(Region {
            origin: Origin::of_heap(memory.start()),
            storage: Storage::Heap(memory),
            writable: true,
            published: AtomicBool::new(false),
        }))
    }

    /// Shares foreign memory, until `owner` is dropped with the last handle.
    /// Memory that turns out to be ours is found again by its address, and `owner` is not needed.
    ///
    /// # Safety
    /// The bytes `start .. start + len` must be allocated and initialised, and neither freed nor moved
    /// before `owner` is dropped. They may be written to by others at any time; if `writable`, writing
    /// to them must be allowed.
    pub unsafe fn adopt(
        start: NonNull<u8>,
        len: usize,
        writable: bool,
        owner: ForeignOwner,
    ) -> Buffer {
        if let Some(known) = Buffer::find(start.addr().get(), len) {
            return known;
        }
        // Invariants 1 and 2 are the caller's promise.
        Buffer(Arc::new(Region {
            storage: Storage::Foreign {
                start,
                len,
                is_constant: AtomicBool::new(false),
                _owner: owner,
            },
            origin: Origin::FOREIGN,
            writable,
            published: AtomicBool::new(false),
        }))
    }

    /// The buffer of our own that holds these bytes, if something outside Rust can reach it.
    pub fn find(address: usize, len: usize) -> Option<Buffer> {
        let directory = DIRECTORY.lock();
        let (start, (bytes, region)) = directory.range(..=address).next_back()?;
        let end = address.checked_add(len)?;
        if end > start + bytes || (len == 0 && address == start + bytes) {
            return None;
        }
        region.upgrade().map(Buffer)
    }

    /// Puts the buffer into the directory: from now on [`Buffer::find`] knows it by its address.
    #[inline]
    pub fn publish(&self) {
        if self.0.origin == Origin::FOREIGN || self.0.published.load(Ordering::Acquire) {
            return;
        }
        self.enter_directory();
    }

    #[cold]
    fn enter_directory(&self) {
        let mut directory = DIRECTORY.lock();
        if !self.0.published.swap(true, Ordering::AcqRel) {
            directory.insert(
                self.start().addr().get(),
                (self.len(), Arc::downgrade(&self.0)),
            );
        }
    }

    /// The first byte. Reading and writing through it is [`crate::view`]'s business.
    #[inline]
    pub fn start(&self) -> NonNull<u8> {
        self.0.start()
    }

    /// Length in bytes.
    #[inline]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True for a buffer of no bytes.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether its bytes may be written at all.
    #[inline]
    pub fn writable(&self) -> bool {
        match &self.0.storage {
            Storage::File(mapped) => mapped.is_shared(),
            _ => self.0.writable,
        }
    }

    /// Records that the owner of adopted memory does not write to it any more.
    pub fn declare_constant(&self) {
        if let Storage::Foreign { is_constant, .. } = &self.0.storage {
            is_constant.store(true, Ordering::Release);
        }
    }

    /// True if every possible writer goes through the registry: no other process, and no owner of adopted memory.
    pub fn has_only_known_writers(&self) -> bool {
        match &self.0.storage {
            Storage::Heap(_) => true,
            Storage::File(mapped) => !mapped.is_shared(),
            Storage::Shared(segment) => !segment.content().writable,
            Storage::Foreign { is_constant, .. } => is_constant.load(Ordering::Acquire),
        }
    }

    /// Whether it is a mapped file or a segment, which can be closed.
    pub fn can_close(&self) -> bool {
        matches!(self.0.storage, Storage::File(_) | Storage::Shared(_))
    }

    /// Whether it is a mapped file or a segment that was closed.
    pub fn is_closed(&self) -> bool {
        match &self.0.storage {
            Storage::File(mapped) => mapped.is_closed(),
            Storage::Shared(segment) => segment.is_closed(),
            _ => false,
        }
    }

    /// Gives up one opening of a mapped file or of a segment, and says whether it was the last one.
    pub fn leave(&self) -> bool {
        match &self.0.storage {
            Storage::File(mapped) => mapped.leave(),
            Storage::Shared(segment) => segment.leave(),
            _ => false,
        }
    }

    /// From now on opening the file or attaching the segment makes another buffer. False, and nothing is done, if this
    /// one is open.
    pub fn retire(&self) -> bool {
        match &self.0.storage {
            Storage::File(mapped) => mapped.retire(),
            Storage::Shared(segment) => segment.retire(),
            _ => true,
        }
    }

    /// Takes back what [`Buffer::leave`] and [`Buffer::retire`] did: the buffer could not be closed.
    pub fn stay(&self) {
        match &self.0.storage {
            Storage::File(mapped) => mapped.stay(&self.0),
            Storage::Shared(segment) => segment.stay(),
            _ => {}
        }
    }

    /// Lets go of a mapped file or of a segment. The bytes stay readable and writable, but belong to neither; the caller
    /// has made sure that no view reaches them, and `seal` is kept until the last handle goes.
    pub fn close(&self, seal: ForeignOwner) {
        match &self.0.storage {
            Storage::File(mapped) => mapped.close(seal),
            Storage::Shared(segment) => segment.close(seal),
            _ => {}
        }
    }

    /// Which allocation this is.
    #[inline]
    pub fn origin(&self) -> Origin {
        self.0.origin
    }

    /// `heap`, `file`, `shared` or `foreign`.
    pub fn owner_name(&self) -> &'static str {
        match self.0.storage {
            Storage::Heap(_) => "heap",
            Storage::File(_) => "file",
            Storage::Shared(_) => "shared",
            Storage::Foreign { .. } => "foreign",
        }
    }

    /// Whether two handles share one allocation.
    #[inline]
    pub fn same_allocation(&self, other: &Buffer) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl std::fmt::Debug for Buffer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Buffer")
            .field("start", &self.start())
            .field("len", &self.len())
            .field("owner", &self.owner_name())
            .finish()
    }
}
