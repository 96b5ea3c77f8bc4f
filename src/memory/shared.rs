//! Memory that several processes have at once: a segment, which is a file that lives in memory.
//!
//! ```text
//!   /dev/shm/audio_samples-4711-9f86d081884c7d65
//!   | header: what it holds, handles on their way |  samples, contiguous  |      mapped by every user
//! ```
//!
//! # How long it lasts
//!
//! * A shared lock (`flock`) belongs to an open file, and lasts as long as some process has that file open or
//!   mapped. A process opens the file once and keeps it; the child of a fork inherits it with the lock. The
//!   system drops the lock when the last of them ends, however it ends.
//! * A process that lets go opens the file anew and tries to get an exclusive lock. If that works, no process has the
//!   segment any more, and its name is removed ([`place::remove_if_unused`]). The bytes go with the name.
//! * A process that is killed removes nothing. So every process that makes, attaches or leaves a segment, makes a handle
//!   of one, or ends, also looks for segments that no process has, and removes those ([`place::sweep`]).
//! * A handle on its way (pickled, in a queue) holds nothing open, and its sender may have let go. Each has a
//!   [`ticket`] of its own in the header. While one is there, the name stays, for ten minutes at most.
//!
//! In one process a segment is mapped once ([`LIVE`]).
//!
//! # Limits
//!
//! After the ten minutes a segment still lies there until some process uses this crate's segments again: what was
//! pickled last, and never taken, waits for one. A sender that ends cannot take it along, for a queue brings handles
//! of processes that have ended.

mod header;
mod place;
mod ticket;

use std::collections::BTreeMap;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::sync::{Arc, Once, Weak};
use std::time::{Duration, Instant};

use super::chunk::HUGE;
use super::pages::{self, page_size, unmap};
use super::{Buffer, ForeignOwner, Origin, Region, Storage};
use crate::error::Error;
use crate::sync::{AtomicBool, Mutex, MutexGuard, Ordering};

pub use header::Content;
use header::SegmentHeader;
pub use ticket::Ticket;

/// The least time between two searches for segments that no process has.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

/// The segments that this process has. A function that looks a region up drops it after the lock: the last handle of a
/// region takes the lock when it goes. Every file with a lock is opened and closed under it, so that no
/// fork copies one unseen.
static LIVE: Mutex<Segments> = Mutex::new(Segments {
    segments: BTreeMap::new(),
    making: BTreeMap::new(),
    swept: None,
});

struct Segments {
    /// By name.
    segments: BTreeMap<String, Use>,
    /// The files of segments that are being made.
    making: BTreeMap<String, Arc<File>>,
    swept: Option<Instant>,
}

/// What this process has of a segment.
struct Use {
    /// The number of the region.
    origin: Origin,
    region: Weak<Region>,
    /// The open file whose lock says that this process has it.
    file: Arc<File>,
}

impl Segments {
    /// Ends this process's part in a segment.
    fn leave(&mut self, name: &str, origin: Origin) {
        if self
            .segments
            .get(name)
            .is_some_and(|it| it.origin == origin)
        {
            self.segments.remove(name);
            place::remove_if_unused(&place::folder().join(name));
        }
        self.sweep();
    }

    /// From now on what is written to a segment's samples in this process stays in it.
    fn settle(&self, buffer: &Buffer) -> Result<(), Error> {
        let Some(segment) = buffer.segment() else {
            return Ok(());
        };
        match self.segments.get(&segment.membership.name) {
            Some(used) if used.origin == segment.membership.origin => segment.settle(&used.file),
            _ => Ok(()),
        }
    }

    fn sweep(&mut self) {
        if self.swept.is_none_or(|last| last.elapsed() > SWEEP_EVERY) {
            place::sweep(|name| self.segments.contains_key(name));
            self.swept = Some(Instant::now());
        }
    }

    fn enter(
        &mut self,
        name: String,
        header: SegmentHeader,
        file: Arc<File>,
    ) -> Result<Buffer, Error> {
        let origin = Origin::next();
        let map = Mapping::new(&file, header.end(), header.alignment())?;
        let segment = Segment {
            seal: Mutex::new(None),
            map,
            header,
            is_closed: AtomicBool::new(false),
            openings: AtomicUsize::new(1),
            is_retired: AtomicBool::new(false),
            membership: Membership {
                name: name.clone(),
                origin,
            },
        };
        let region = Arc::new(Region {
            storage: Storage::Shared(Box::new(segment)),
            origin,
            writable: true,
            published: AtomicBool::new(false),
        });
        let used = Use {
            origin,
            region: Arc::downgrade(&region),
            file,
        };
        self.segments.insert(name, used);
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            // SAFETY: a function that lives as long as the process. If the system has no room for it, what
            // this process leaves is found by the next one that looks.
            unsafe { libc::atexit(at_exit) };
        });
        Ok(Buffer(region))
    }
}

/// A process that ends in good order leaves the segments that it still has.
extern "C" fn at_exit() {
    let segments = std::mem::take(&mut LIVE.lock().segments);
    for (name, used) in segments {
        if let Some(region) = used.region.upgrade()
            && let Storage::Shared(segment) = &region.storage
        {
            segment.vacate();
        }
        drop(used);
        place::remove_if_unused(&place::folder().join(name));
    }
    place::sweep(|_| false);
}

/// The lock of the list, held around a fork.
pub struct FrozenSegments(MutexGuard<'static, Segments>);

pub fn freeze() -> FrozenSegments {
    FrozenSegments(LIVE.lock())
}

impl FrozenSegments {
    /// The child forgets the segments that other threads of the parent were making or leaving.
    pub fn thaw_in_child(mut self) {
        self.0.making.clear();
        let live = &mut self.0.segments;
        live.retain(|_, used| used.region.strong_count() > 0);
    }
}

/// Pages of a file, shared with all processes that have it mapped.
///
/// Invariants, from construction to drop:
/// 1. the bytes `start .. start + len` are mapped, readable and writable, by this mapping alone;
/// 2. the file is at least as long as that, unless another program cuts it against all rules.
struct Mapping {
    start: NonNull<u8>,
    len: usize,
}

impl Mapping {
    fn new(file: &File, len: usize, alignment: usize) -> Result<Mapping, Error> {
        let start = pages::map(len, alignment, libc::PROT_NONE, libc::MAP_NORESERVE)
            .ok_or(Error::OutOfMemory { bytes: len })?;
        let mapping = Mapping { start, len };
        mapping.replace(libc::MAP_SHARED, file.as_raw_fd())?;
        Ok(mapping)
    }

    /// Puts other pages in the place of those that are there.
    fn replace(&self, flags: libc::c_int, file: libc::c_int) -> Result<(), Error> {
        self.replace_from(0, flags, file)
    }

    /// As [`Mapping::replace`], from a page of the mapping on, which is the same page of the file.
    fn replace_from(
        &self,
        offset: usize,
        flags: libc::c_int,
        file: libc::c_int,
    ) -> Result<(), Error> {
        assert!(
            offset.is_multiple_of(page_size()) && offset < self.len,
            "a page of the mapping"
        );
        // SAFETY: a part of the mapping (invariant 1), whose length stays. A thread that reads or writes meanwhile
        // finds the old pages or the new ones.
        let placed = unsafe {
            libc::mmap(
                self.start.as_ptr().wrapping_add(offset).cast(),
                self.len - offset,
                libc::PROT_READ | libc::PROT_WRITE,
                flags | libc::MAP_FIXED,
                file,
                offset as libc::off_t,
            )
        };
        if placed == libc::MAP_FAILED {
            return Err(Error::io(&std::io::Error::last_os_error(), None));
        }
        Ok(())
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: invariant 1; the handles that reached the pages kept the mapping alive, and are gone.
        unsafe { unmap(self.start.as_ptr(), self.len) };
    }
}

/// The part of this process in a segment, which it leaves at the end.
struct Membership {
    name: String,
    origin: Origin,
}

impl Drop for Membership {
    fn drop(&mut self) {
        LIVE.lock().leave(&self.name, self.origin);
    }
}

/// Invariants, from construction to drop:
/// 1. `map` reaches from the header's first byte to the last sample, and the header was checked against the
///    length of the file;
/// 2. this process has an entry in [`LIVE`] for its `membership` until it is closed or dropped.
pub struct Segment {
    // Dropped before the addresses are free for others: it may be an entry about them.
    seal: Mutex<Option<ForeignOwner>>,
    map: Mapping,
    header: SegmentHeader,
    is_closed: AtomicBool,
    /// How many have made or attached the segment and have use for it still. Changed under the lock of [`LIVE`].
    openings: AtomicUsize,
    /// Whether it is about to be closed, and attached anew by other handles.
    is_retired: AtomicBool,
    // Dropped last: as long as the file is mapped it is locked.
    membership: Membership,
}

impl Segment {
    pub fn start(&self) -> NonNull<u8> {
        let start = self.map.start.as_ptr().wrapping_add(self.header.offset);
        // Invariant 1: inside the mapping, so not 0.
        NonNull::new(start).unwrap_or(self.map.start)
    }

    pub fn len(&self) -> usize {
        self.header.len
    }

    pub fn content(&self) -> &Content {
        &self.header.content
    }

    /// A number of the header that changes, by its byte.
    fn word(&self, at: usize) -> &AtomicU64 {
        assert!(
            at.is_multiple_of(8) && at < header::LEN,
            "a number of the header"
        );
        let place = self.map.start.as_ptr().wrapping_add(at);
        // SAFETY: in the header and so in the mapping (invariant 1), aligned as the mapping is, there while self
        // lives; every process that has the segment touches it as an atomic.
        unsafe { AtomicU64::from_ptr(place.cast()) }
    }

    pub fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    /// Maps the samples copy-on-write: a consumer that ignores the flag (PyTorch does) changes no other
    /// process's samples.
    fn settle(&self, file: &File) -> Result<(), Error> {
        if self.header.len == 0 || !self.header.offset.is_multiple_of(page_size()) {
            return Ok(());
        }
        self.map
            .replace_from(self.header.offset, libc::MAP_PRIVATE, file.as_raw_fd())
    }

    /// As [`Buffer::close`].
    pub fn close(&self, seal: ForeignOwner) {
        *self.seal.lock() = Some(seal);
        // Before the pages go: attaching the segment from now on maps it anew.
        self.is_closed.store(true, Ordering::Release);
        self.vacate();
        LIVE.lock()
            .leave(&self.membership.name, self.membership.origin);
    }

    /// As [`Buffer::leave`].
    pub fn leave(&self) -> bool {
        let _live = LIVE.lock();
        self.openings.fetch_sub(1, Ordering::Relaxed) == 1
    }

    /// As [`Buffer::retire`].
    pub fn retire(&self) -> bool {
        let _live = LIVE.lock();
        let is_open = self.openings.load(Ordering::Relaxed) > 0;
        self.is_retired.store(!is_open, Ordering::Relaxed);
        !is_open
    }

    /// As [`Buffer::stay`].
    pub fn stay(&self) {
        let _live = LIVE.lock();
        self.openings.fetch_add(1, Ordering::Relaxed);
        self.is_retired.store(false, Ordering::Relaxed);
    }

    /// One more handle has use for it, under the lock of [`LIVE`]. False if it is closed or about to be.
    fn is_attached_again(&self) -> bool {
        if self.is_closed() || self.is_retired.load(Ordering::Relaxed) {
            return false;
        }
        self.openings.fetch_add(1, Ordering::Relaxed);
        true
    }

    /// Puts empty pages in the place of the segment's.
    fn vacate(&self) {
        let empty = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        if self.map.replace(empty, -1).is_err() {
            // The range has no pages, perhaps, and handles that reach it: nothing safe is left to do.
            std::process::abort();
        }
    }
}

impl Buffer {
    /// A new segment, all zero, for samples that lie as `content` says. It takes all its memory now: a write
    /// never finds that there is none left.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Io`] where there is no room for it.
    pub fn make_shared(content: Content) -> Result<Buffer, Error> {
        let header = SegmentHeader::new(content)?;
        let mut live = LIVE.lock();
        live.sweep();
        let (name, file) = place::make()?;
        let file = Arc::new(file);
        live.making.insert(name.clone(), Arc::clone(&file));
        drop(live);
        let path = place::folder().join(&name);
        // Without the lock: a gigabyte takes its time, and others want to let go of theirs meanwhile.
        let reserved = place::reserve(&file, &header, &path).and_then(|()| {
            file.write_all_at(&header.to_bytes(), 0)
                .map_err(|error| Error::io(&error, Some(&path)))
        });
        let mut live = LIVE.lock();
        live.making.remove(&name);
        let made = reserved.and_then(|()| live.enter(name, header, file));
        if made.is_err() {
            let _ = std::fs::remove_file(&path);
        }
        drop(live);
        let buffer = made?;
        #[cfg(target_os = "linux")]
        if buffer.len() >= HUGE {
            let start = buffer.start().as_ptr().cast();
            // SAFETY: the samples' own pages. Advice may be refused; the memory works all the same.
            unsafe { libc::madvise(start, buffer.len(), libc::MADV_HUGEPAGE) };
        }
        Ok(buffer)
    }

    /// The segment of that name, which another process or this one made; with the ticket of the handle that has
    /// arrived, if it had one. A segment that this process has is the same buffer. Each call is one more opening of it,
    /// to be given up with [`Buffer::leave`].
    ///
    /// # Errors
    /// [`Error::Io`] where there is none of that name, [`Error::File`] for one that is damaged.
    pub fn attach_shared(name: &str, ticket: Option<Ticket>) -> Result<Buffer, Error> {
        place::check(name)?;
        let mut live = LIVE.lock();
        let known = live.segments.get(name).and_then(|it| it.region.upgrade());
        let known = known.map(Buffer);
        let attached = match known {
            Some(buffer) if buffer.segment().is_some_and(Segment::is_attached_again) => Ok(buffer),
            closing => {
                let entered = place::open(name).and_then(|file| {
                    let header = SegmentHeader::read(&file)?;
                    let readonly = !header.content.writable;
                    let buffer = live.enter(name.to_owned(), header, Arc::new(file))?;
                    Ok((buffer, readonly))
                });
                let settled = match &entered {
                    Ok((buffer, true)) => live.settle(buffer),
                    _ => Ok(()),
                };
                drop(live);
                // Either may be the last handle of its region, which takes the lock to leave: that of a closed
                // one, and that of one which the system would not settle.
                drop(closing);
                let attached = settled.and(entered.map(|(buffer, _)| buffer));
                live = LIVE.lock();
                attached
            }
        };
        if let (Some(ticket), Ok(buffer)) = (ticket, &attached)
            && let Some(segment) = buffer.segment()
        {
            ticket::take(|at| segment.word(at), ticket);
        }
        live.sweep();
        drop(live);
        attached
    }

    /// Ends all writing through a segment that was made to be read only, now that it has its samples.
    ///
    /// # Errors
    /// What the system says about the mapping.
    pub fn settle_shared(&self) -> Result<(), Error> {
        LIVE.lock().settle(self)
    }

    fn segment(&self) -> Option<&Segment> {
        match &self.0.storage {
            Storage::Shared(segment) => Some(segment),
            _ => None,
        }
    }

    /// The name and the content of a segment; `None` for memory of another kind.
    pub fn shared(&self) -> Option<(&str, &Content)> {
        self.segment()
            .map(|segment| (segment.membership.name.as_str(), segment.content()))
    }

    /// Says that a handle of the segment goes on its way, with the ticket that it takes along. Without one it keeps
    /// the segment for the whole time that handles are waited for.
    pub fn send_handle(&self) -> Option<Ticket> {
        LIVE.lock().sweep();
        let segment = self.segment()?;
        ticket::give(|at| segment.word(at), place::now())
    }
}
