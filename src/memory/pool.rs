//! Freed memory kept for reuse: most of the time of a large result goes into page faults, and most of the
//! time of a small one into the allocator, unless memory that was just freed is taken again.
//!
//! ```text
//!   up to 60 KiB   shelves    [shard of the thread][size class]: a few slots, each one atomic pointer
//!   larger         depot      by capacity, newest first out, oldest first evicted; one lock
//! ```
//!
//! What nothing has asked for within a second goes back to the system with the next operation on the depot. Of
//! chunks below 4 MiB only the pages go: their addresses wait for the next chunk of that capacity, for holes between
//! mappings would be mappings more, and a process may have some 65,000.
//!
//! A slot is taken and filled with one atomic exchange: no lock, nothing that a fork could leave locked, nothing
//! to run when a thread ends. The depot's lock is held around a fork. Both together never hold more
//! than the limit.

use std::collections::{BTreeMap, VecDeque};
use std::ptr::{self, NonNull};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::memory::chunk::{ALIGNMENT, HUGE, MemoryChunk, SMALL};
use crate::sync::{Mutex, MutexGuard};

/// Two classes for each doubling: at most a third of a chunk is unused.
const CLASSES: usize = 16;
const SHARDS: usize = 8;
const SLOTS: usize = 8;
/// Bytes that one class of one shard keeps at most.
const CLASS_BYTES: usize = 64 << 10;
/// Bytes that all shelves together keep at most.
const SHELVES_BYTES: usize = SHARDS * shelf_bytes();
/// The least limit under which the shelves are open: they are never more than a part of it.
const LEAST_WITH_SHELVES: usize = 8 << 20;
const _: () = assert!(SHELVES_BYTES < LEAST_WITH_SHELVES);

/// How long a large chunk waits for reuse.
const STALE_AFTER: Duration = Duration::from_secs(1);

/// Bytes of a class: 256 times 1, 2, 3, 4, 6, 8, 12, 16 and so on.
#[inline]
pub(super) const fn capacity_of(class: usize) -> usize {
    if class == CLASSES - 1 {
        return SMALL;
    }
    let units = if class < 2 {
        class + 1
    } else {
        (3 + class % 2) << (class / 2 - 1)
    };
    units * ALIGNMENT
}

/// The smallest class that holds `len` bytes, up to [`SMALL`].
#[inline]
pub(super) const fn class_of(len: usize) -> usize {
    let units = len.div_ceil(ALIGNMENT);
    if units <= 2 {
        return units.saturating_sub(1);
    }
    // The two leading binary digits of `units - 1` say between which classes it lies.
    let below = units - 1;
    let doublings = below.ilog2() as usize;
    2 * doublings + ((below >> (doublings - 1)) & 1)
}

// Every class is the smallest that holds its capacity, and holds no more than that.
const _: () = {
    let mut class = 0;
    while class < CLASSES {
        assert!(class_of(capacity_of(class)) == class);
        assert!(class == CLASSES - 1 || class_of(capacity_of(class) + 1) == class + 1);
        class += 1;
    }
};

const fn slots_of(class: usize) -> usize {
    let slots = CLASS_BYTES / capacity_of(class);
    if slots < SLOTS { slots } else { SLOTS }
}

const fn shelf_bytes() -> usize {
    let (mut class, mut bytes) = (0, 0);
    while class < CLASSES {
        bytes += slots_of(class) * capacity_of(class);
        class += 1;
    }
    bytes
}

/// One line of the cache, so that two classes or threads do not disturb each other.
///
/// Invariant 1: what a slot holds came from [`MemoryChunk::into_start`] of a chunk of this class.
#[repr(align(64))]
struct Slots([AtomicPtr<u8>; SLOTS]);

static SHELVES: [[Slots; CLASSES]; SHARDS] =
    [const { [const { Slots([const { AtomicPtr::new(ptr::null_mut()) }; SLOTS]) }; CLASSES] };
        SHARDS];

/// Whether the limit leaves room for the shelves.
static SHELVES_OPEN: AtomicBool = AtomicBool::new(true);

#[inline]
fn shard() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local!(static SHARD: std::cell::Cell<usize> = const { std::cell::Cell::new(usize::MAX) });
    SHARD.with(|shard| {
        if shard.get() == usize::MAX {
            shard.set(NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS);
        }
        shard.get()
    })
}

#[inline]
pub(super) fn take_small(class: usize) -> Option<MemoryChunk> {
    take_from(&SHELVES[shard()][class], class)
}

#[inline]
fn take_from(slots: &Slots, class: usize) -> Option<MemoryChunk> {
    for slot in &slots.0[..slots_of(class)] {
        if slot.load(Ordering::Relaxed).is_null() {
            continue;
        }
        if let Some(start) = NonNull::new(slot.swap(ptr::null_mut(), Ordering::Acquire)) {
            // SAFETY: invariant 1; the exchange emptied the slot, so that this chunk is the only one.
            return Some(unsafe { MemoryChunk::from_start(start, capacity_of(class)) });
        }
    }
    None
}

#[inline]
pub(super) fn put_small(chunk: MemoryChunk) {
    if !SHELVES_OPEN.load(Ordering::Relaxed) {
        return chunk.release();
    }
    let class = class_of(chunk.capacity());
    let slots = &SHELVES[shard()][class];
    let start = chunk.into_start();
    for slot in &slots.0[..slots_of(class)] {
        if !slot.load(Ordering::Relaxed).is_null() {
            continue;
        }
        let entered = slot.compare_exchange(
            ptr::null_mut(),
            start.as_ptr(),
            Ordering::SeqCst,
            Ordering::Relaxed,
        );
        if entered.is_ok() {
            // If the limit was lowered since the first look, the shelves were emptied without this slot.
            if !SHELVES_OPEN.load(Ordering::SeqCst)
                && let Some(chunk) = take_from(slots, class)
            {
                chunk.release();
            }
            return;
        }
    }
    // SAFETY: no slot took the address, which came from a chunk of this class a few lines above.
    unsafe { MemoryChunk::from_start(start, capacity_of(class)) }.release();
}

fn empty_shelves() -> usize {
    let mut bytes = 0;
    for shelf in &SHELVES {
        for (class, slots) in shelf.iter().enumerate() {
            while let Some(chunk) = take_from(slots, class) {
                bytes += chunk.capacity();
                chunk.release();
            }
        }
    }
    bytes
}

/// Large chunks that wait for reuse.
pub struct Depot {
    /// By capacity; of one capacity the newest last. The number tells which is oldest of all.
    chunks: BTreeMap<usize, VecDeque<(u64, Instant, MemoryChunk)>>,
    next: u64,
    /// When the oldest chunk will have waited too long; not before then is it looked for.
    due: Option<Instant>,
    /// Addresses whose pages went back, by capacity.
    vacant: BTreeMap<usize, Vec<MemoryChunk>>,
    held: usize,
    count: usize,
    in_use: usize,
    reused: u64,
    fresh: u64,
    /// `None` until it is first needed: the default depends on the machine.
    limit: Option<usize>,
}

static DEPOT: Mutex<Depot> = Mutex::new(Depot {
    chunks: BTreeMap::new(),
    next: 0,
    due: None,
    vacant: BTreeMap::new(),
    held: 0,
    count: 0,
    in_use: 0,
    reused: 0,
    fresh: 0,
    limit: None,
});

impl Depot {
    fn limit(&mut self) -> usize {
        *self.limit.get_or_insert_with(default_limit)
    }

    /// What of the limit the shelves leave.
    fn room(&mut self) -> usize {
        let limit = self.limit();
        if shelves_fit(limit) {
            limit - SHELVES_BYTES
        } else {
            limit
        }
    }

    fn insert(&mut self, chunk: MemoryChunk) {
        self.held += chunk.capacity();
        self.count += 1;
        let row = self.chunks.entry(chunk.capacity()).or_default();
        let now = Instant::now();
        row.push_back((self.next, now, chunk));
        self.due.get_or_insert(now + STALE_AFTER);
        self.next += 1;
    }

    /// The newest chunk of the smallest capacity that fits without wasting more than a quarter.
    fn take(&mut self, capacity: usize) -> Option<MemoryChunk> {
        let most = capacity.saturating_add(capacity / 4);
        let (&found, row) = self.chunks.range_mut(capacity..=most).next()?;
        let (.., chunk) = row.pop_back()?;
        self.forget(found);
        Some(chunk)
    }

    fn take_oldest(&mut self) -> Option<MemoryChunk> {
        let (_, capacity, _) = self.oldest()?;
        let (.., chunk) = self.chunks.get_mut(&capacity)?.pop_front()?;
        self.forget(capacity);
        Some(chunk)
    }

    /// The number of the oldest chunk, its capacity, and when it came.
    fn oldest(&self) -> Option<(u64, usize, Instant)> {
        let first = |(capacity, row): (&usize, &VecDeque<_>)| {
            let (number, since, _) = row.front()?;
            Some((*number, *capacity, *since))
        };
        self.chunks.iter().filter_map(first).min()
    }

    /// Takes out what nothing has asked for in time.
    fn take_stale(&mut self, evicted: &mut Vec<MemoryChunk>) {
        let now = Instant::now();
        if self.due.is_none_or(|due| now < due) {
            return;
        }
        self.due = loop {
            let Some((.., since)) = self.oldest() else {
                break None;
            };
            if now < since + STALE_AFTER {
                break Some(since + STALE_AFTER);
            }
            evicted.extend(self.take_oldest());
        };
    }

    /// Counts one chunk of this capacity out.
    fn forget(&mut self, capacity: usize) {
        self.held -= capacity;
        self.count -= 1;
        if self.chunks.get(&capacity).is_some_and(VecDeque::is_empty) {
            self.chunks.remove(&capacity);
        }
    }

    fn shrink_to(&mut self, bytes: usize) -> Vec<MemoryChunk> {
        let mut evicted = Vec::new();
        while self.held > bytes
            && let Some(chunk) = self.take_oldest()
        {
            evicted.push(chunk);
        }
        evicted
    }
}

pub(super) fn take_large(capacity: usize) -> Option<MemoryChunk> {
    let mut evicted = Vec::new();
    let mut depot = DEPOT.lock();
    let chunk = depot.take(capacity);
    if let Some(chunk) = &chunk {
        depot.in_use += chunk.capacity();
        depot.reused += 1;
    }
    depot.take_stale(&mut evicted);
    drop(depot);
    release_all(evicted);
    chunk
}

/// Addresses for a chunk of that capacity, with zeroed pages.
pub(super) fn take_vacant(capacity: usize) -> Option<MemoryChunk> {
    if capacity <= SMALL {
        return None;
    }
    DEPOT.lock().vacant.get_mut(&capacity)?.pop()
}

pub(super) fn put_large(chunk: MemoryChunk) {
    let mut depot = DEPOT.lock();
    let capacity = chunk.capacity();
    depot.in_use -= capacity;
    let room = depot.room();
    if capacity > room {
        drop(depot);
        release_all(vec![chunk]);
        return;
    }
    let mut evicted = depot.shrink_to(room - capacity);
    depot.insert(chunk);
    depot.take_stale(&mut evicted);
    // Unmapping takes long: other threads should not wait for it.
    drop(depot);
    release_all(evicted);
}

/// Counts a chunk that came from the system.
pub(super) fn count_fresh(chunk: &MemoryChunk) {
    if chunk.capacity() <= SMALL {
        return;
    }
    let mut depot = DEPOT.lock();
    depot.in_use += chunk.capacity();
    depot.fresh += 1;
}

/// Whether a buffer of so many bytes takes the depot's lock, which a fork must not find locked.
#[inline]
pub fn has_lock_for(bytes: usize) -> bool {
    bytes > SMALL
}

/// Locks the depot until the guard is dropped, for a fork: the child gets it between two changes.
pub(super) fn freeze() -> MutexGuard<'static, Depot> {
    DEPOT.lock()
}

fn release_all(chunks: Vec<MemoryChunk>) -> usize {
    let bytes = chunks.iter().map(MemoryChunk::capacity).sum();
    let keeps =
        |chunk: &MemoryChunk| cfg!(all(target_os = "linux", not(miri))) && chunk.capacity() < HUGE;
    let (mut vacant, gone): (Vec<_>, Vec<_>) = chunks.into_iter().partition(keeps);
    gone.into_iter().for_each(MemoryChunk::release);
    vacant.iter_mut().for_each(MemoryChunk::clear);
    if !vacant.is_empty() {
        let mut depot = DEPOT.lock();
        for chunk in vacant {
            depot
                .vacant
                .entry(chunk.capacity())
                .or_default()
                .push(chunk);
        }
    }
    bytes
}

/// What the pool holds and has done, in bytes and chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolStats {
    /// Bytes that the pool may hold.
    pub limit: usize,
    /// Bytes that it holds now: freed, and not given back to the system.
    pub held: usize,
    /// In how many pieces.
    pub chunks: usize,
    /// Bytes of large buffers (64 KiB and more) that are alive.
    pub in_use: usize,
    /// Large buffers that were made of memory freed before.
    pub reused: u64,
    /// Large buffers that were made of memory from the system.
    pub fresh: u64,
}

/// What the pool holds at this moment.
pub fn stats() -> PoolStats {
    let (mut bytes, mut count) = (0, 0);
    for shelf in &SHELVES {
        for (class, slots) in shelf.iter().enumerate() {
            let full = |slot: &&AtomicPtr<u8>| !slot.load(Ordering::Relaxed).is_null();
            let full = slots.0.iter().filter(full).count();
            bytes += full * capacity_of(class);
            count += full;
        }
    }
    let mut depot = DEPOT.lock();
    PoolStats {
        limit: depot.limit(),
        held: depot.held + bytes,
        chunks: depot.count + count,
        in_use: depot.in_use,
        reused: depot.reused,
        fresh: depot.fresh,
    }
}

/// Sets how many bytes the pool may hold, and gives back what is over; 0 turns reuse off. Below 8 MiB only large
/// buffers are kept.
pub fn set_limit(bytes: usize) {
    let evicted = {
        let mut depot = DEPOT.lock();
        depot.limit = Some(bytes);
        SHELVES_OPEN.store(shelves_fit(bytes), Ordering::SeqCst);
        let room = depot.room();
        depot.shrink_to(room)
    };
    release_all(evicted);
    if !shelves_fit(bytes) {
        empty_shelves();
    }
}

/// Gives everything that is held back to the system. Returns how many bytes that was.
pub fn trim() -> usize {
    let evicted = DEPOT.lock().shrink_to(0);
    release_all(evicted) + empty_shelves()
}

const fn shelves_fit(limit: usize) -> bool {
    limit >= LEAST_WITH_SHELVES
}

fn default_limit() -> usize {
    static MEMORY: OnceLock<usize> = OnceLock::new();
    let memory = *MEMORY.get_or_init(|| memory_of_machine().min(memory_of_group()));
    // Never so little that the shelves, which start open, would not fit.
    (memory / 8).max(LEAST_WITH_SHELVES)
}

#[cfg(all(unix, not(miri)))]
fn memory_of_machine() -> usize {
    let number = |name| {
        // SAFETY: the call has no preconditions; an unknown name gives -1.
        let number = unsafe { libc::sysconf(name) };
        usize::try_from(number).unwrap_or(usize::MAX)
    };
    number(libc::_SC_PHYS_PAGES).saturating_mul(number(libc::_SC_PAGESIZE))
}

#[cfg(not(all(unix, not(miri))))]
fn memory_of_machine() -> usize {
    usize::MAX
}

/// What a container may use, where that is less.
fn memory_of_group() -> usize {
    let text = if cfg!(miri) {
        None
    } else {
        std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok()
    };
    text.and_then(|text| text.trim().parse().ok())
        .unwrap_or(usize::MAX)
}
