//! A file as memory: mapped once in a process, shared by all that open it there.
//!
//! ```text
//!   open "r+"   shared pages            a write is a write into the file
//!   open "r"    copy-on-write pages     a write that ignores the flag stays in this process
//!   close       empty pages             the file is let go of; the addresses stay taken
//! ```
//!
//! A file that is open already is found again by its device and its number there ([`LIVE`]), and is the same buffer.
//! Opened for reading first and for writing later, its pages are exchanged where they are.
//!
//! # What other processes can do to it
//!
//! Another process may cut the file short. A thread that touches a missing page then gets an empty one ([`fault`]) instead
//! of a crash, and every later operation is refused ([`Mapped::check`]).

mod fault;
mod straddling;

use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::ptr::NonNull;
use std::sync::{Arc, Weak};

use memmap2::{MmapOptions, MmapRaw};

pub use straddling::Straddling;

use super::pages::page_size;
use super::{Buffer, ForeignOwner, Origin, Region, Storage};
use crate::error::Error;
use crate::sync::{AtomicBool, Mutex, MutexGuard, Ordering};
use std::sync::atomic::AtomicUsize;

/// Device, and number of the file there.
type Identity = (u64, u64);

/// The files that are mapped now. A function that looks a region up drops it after the lock: the last handle of a
/// region takes the lock when it goes.
static LIVE: Mutex<MappedFiles> = Mutex::new(MappedFiles {
    open: BTreeMap::new(),
    mapped: BTreeMap::new(),
});

/// Locks the list until the guard is dropped, for a fork.
pub fn freeze() -> MutexGuard<'static, MappedFiles> {
    LIVE.lock()
}

pub struct MappedFiles {
    /// By file, those that are not closed; with their origin.
    open: BTreeMap<Identity, (u64, Weak<Region>)>,
    /// By origin, all of them.
    mapped: BTreeMap<u64, Weak<Region>>,
}

impl MappedFiles {
    /// From now on the file is another buffer when it is opened.
    fn forget(&mut self, identity: Identity, origin: Origin) {
        let is_ours = self.open.get(&identity);
        if is_ours.is_some_and(|(number, _)| *number == origin.number()) {
            self.open.remove(&identity);
        }
    }
}

/// A mapped file, whole, from its first byte on.
///
/// Invariants, from construction to drop:
/// 1. every byte of `map` may be read and written: by its pages, or by those that [`fault`] puts in;
/// 2. `is_shared` says whether a write reaches the file;
/// 3. `file` is `None` once the file is closed; the pages are empty then.
pub struct Mapped {
    // Dropped before the addresses are free for others: it may be an entry about them.
    seal: Mutex<Option<ForeignOwner>>,
    // Also before: the signal handler must not put pages at addresses that have a new owner.
    guard: fault::FaultGuard,
    map: MmapRaw,
    file: Mutex<Option<File>>,
    is_shared: AtomicBool,
    /// How many have opened the file and have use for it still. Changed under the lock of [`LIVE`].
    openings: AtomicUsize,
    identity: Identity,
    origin: Origin,
}

impl Drop for Mapped {
    fn drop(&mut self) {
        let mut live = LIVE.lock();
        live.forget(self.identity, self.origin);
        live.mapped.remove(&self.origin.number());
    }
}

impl Mapped {
    fn new(file: File, identity: Identity, len: usize, shared: bool) -> Result<Mapped, Error> {
        let mut options = MmapOptions::new();
        options.len(len);
        let map = if shared {
            options.map_raw(&file)
        } else {
            // SAFETY: what others do to the file is no undefined behaviour here: a MmapRaw lends no
            // reference, and its bytes are only read as values.
            unsafe { options.map_copy(&file) }.map(MmapRaw::from)
        };
        let map = map.map_err(|error| Error::io(&error, None))?;
        Ok(Mapped {
            seal: Mutex::new(None),
            guard: fault::FaultGuard::new(map.as_ptr().addr(), map.len()),
            map,
            file: Mutex::new(Some(file)),
            is_shared: AtomicBool::new(shared),
            openings: AtomicUsize::new(1),
            identity,
            origin: Origin::next_mapped(),
        })
    }

    pub fn start(&self) -> NonNull<u8> {
        // A mapping never begins at 0.
        NonNull::new(self.map.as_mut_ptr()).unwrap_or(NonNull::dangling())
    }

    pub fn len(&self) -> usize {
        self.map.len()
    }

    pub fn is_shared(&self) -> bool {
        self.is_shared.load(Ordering::Acquire)
    }

    pub fn is_closed(&self) -> bool {
        self.file.lock().is_none()
    }

    /// An error if bytes of the mapping are no longer bytes of the file.
    pub fn check(&self) -> Result<(), Error> {
        fault::stand_in_front();
        if let Some(place) = self.guard.torn() {
            return Err(Error::damaged(
                place as u64,
                "the mapped file could not be read or written here: it became shorter, or its disk \
                 is full or failing; close it, and open it again"
                    .into(),
            ));
        }
        let Some(file) = &*self.file.lock() else {
            return Ok(());
        };
        let now = file.metadata().map_err(|error| Error::io(&error, None))?;
        if now.len() < self.len() as u64 {
            return Err(Error::damaged(
                now.len(),
                format!(
                    "the file became shorter while it was mapped: it had {} bytes and has {}; close \
                     it, and open it again",
                    self.len(),
                    now.len()
                ),
            ));
        }
        Ok(())
    }

    /// Waits until every change is on the disk.
    fn flush(&self) -> Result<(), Error> {
        if self.is_closed() || !self.is_shared() {
            return Ok(());
        }
        self.map.flush().map_err(|error| Error::io(&error, None))
    }

    /// Puts other pages in the place of those that are there.
    fn replace(&self, flags: libc::c_int, file: libc::c_int) -> Result<(), Error> {
        // SAFETY: the range is the mapping of invariant 1, whose length stays. A thread that reads or writes meanwhile
        // finds the old pages or the new ones.
        let placed = unsafe {
            libc::mmap(
                self.map.as_mut_ptr().cast(),
                self.map.len(),
                libc::PROT_READ | libc::PROT_WRITE,
                flags | libc::MAP_FIXED,
                file,
                0,
            )
        };
        if placed == libc::MAP_FAILED {
            return Err(Error::io(&std::io::Error::last_os_error(), None));
        }
        Ok(())
    }

    /// From pages of our own to those of the file.
    fn make_shared(&self, file: File) -> Result<(), Error> {
        if let Err(error) = self.replace(libc::MAP_SHARED, file.as_raw_fd()) {
            // Whatever the system left there: invariant 1 has to hold.
            self.vacate();
            return Err(error);
        }
        *self.file.lock() = Some(file);
        self.is_shared.store(true, Ordering::Release);
        Ok(())
    }

    /// As [`Buffer::close`].
    pub fn close(&self, seal: ForeignOwner) {
        LIVE.lock().forget(self.identity, self.origin);
        *self.seal.lock() = Some(seal);
        self.vacate();
    }

    /// Lets go of the file.
    fn vacate(&self) {
        let empty = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        if self.replace(empty, -1).is_err() {
            // The range has no pages, perhaps, and handles that reach it: nothing safe is left to do.
            std::process::abort();
        }
        drop(self.file.lock().take());
    }

    /// Tells the system that these pages are not needed in memory for now. The next access reads them
    /// again from the file, or from where the system keeps the changed ones.
    fn give_back(&self, low: usize, high: usize) {
        let start = self.map.as_ptr().addr();
        let page = page_size();
        let low = (low.max(start) - start) / page * page;
        let high = high.saturating_sub(start).min(self.len());
        if low < high {
            let from = self.map.as_mut_ptr().wrapping_add(low);
            // SAFETY: inside the mapping (invariant 1). Shared pages keep their changes in the file's own
            // cache. Pages of our own have changes only against the rules, and lose those.
            unsafe { libc::madvise(from.cast(), high - low, libc::MADV_DONTNEED) };
        }
    }
}

impl Mapped {
    /// As [`Buffer::leave`].
    pub fn leave(&self) -> bool {
        let _live = LIVE.lock();
        self.openings.fetch_sub(1, Ordering::Relaxed) == 1
    }

    /// As [`Buffer::retire`].
    pub fn retire(&self) -> bool {
        let mut live = LIVE.lock();
        let is_open = self.openings.load(Ordering::Relaxed) > 0;
        if !is_open {
            live.forget(self.identity, self.origin);
        }
        !is_open
    }

    /// As [`Buffer::stay`], for the file of a region.
    pub fn stay(&self, region: &Arc<Region>) {
        let mut live = LIVE.lock();
        self.openings.fetch_add(1, Ordering::Relaxed);
        let entry = (self.origin.number(), Arc::downgrade(region));
        // Unless the file was opened in between.
        live.open.entry(self.identity).or_insert(entry);
    }
}

impl Buffer {
    /// The first `len` bytes of a file, as memory: a write through it is a write into the file if `writable`.
    /// A file that is mapped already is the same buffer; it becomes writable if it was not. Each call is one more
    /// opening of the file, to be given up with [`Buffer::leave`].
    ///
    /// # Errors
    /// [`Error::Io`], and a length that another mapping of the file does not have.
    pub fn map(file: File, len: usize, writable: bool) -> Result<Buffer, Error> {
        let facts = file.metadata().map_err(|error| Error::io(&error, None))?;
        if facts.len() < len as u64 {
            return Err(Error::damaged(
                facts.len(),
                "the file became shorter while it was opened".into(),
            ));
        }
        let identity = (facts.dev(), facts.ino());
        let mut live = LIVE.lock();
        let known = live.open.get(&identity).and_then(|(_, it)| it.upgrade());
        if let Some(region) = known {
            let buffer = Buffer(region);
            let Some(mapped) = buffer.mapped() else {
                unreachable!("only mapped files are in the list of mapped files");
            };
            let refused = if mapped.len() < len {
                Err(Error::InvalidArgument {
                    message: format!(
                        "the file is open already and has grown since, from {} to {len} bytes; \
                         close() it first",
                        mapped.len()
                    ),
                })
            } else if writable && !mapped.is_shared() {
                let made = mapped.make_shared(file);
                if made.is_err() {
                    live.forget(identity, mapped.origin);
                }
                made
            } else {
                Ok(())
            };
            if refused.is_ok() {
                mapped.openings.fetch_add(1, Ordering::Relaxed);
            }
            drop(live);
            return refused.map(|()| buffer);
        }
        let mapped = Mapped::new(file, identity, len, writable)?;
        let origin = mapped.origin;
        let region = Arc::new(Region {
            storage: Storage::File(Box::new(mapped)),
            origin,
            writable: true,
            published: AtomicBool::new(false),
        });
        let weak = Arc::downgrade(&region);
        live.open.insert(identity, (origin.number(), weak.clone()));
        live.mapped.insert(origin.number(), weak);
        Ok(Buffer(region))
    }

    fn mapped(&self) -> Option<&Mapped> {
        match &self.0.storage {
            Storage::File(mapped) => Some(mapped),
            _ => None,
        }
    }

    /// Whether it is a mapped file, open or closed.
    pub fn is_file(&self) -> bool {
        self.mapped().is_some()
    }

    /// Waits until every change of a mapped file is on its disk. Other buffers have nothing to wait for.
    ///
    /// # Errors
    /// [`Error::Io`], and a file that became shorter.
    pub fn flush(&self) -> Result<(), Error> {
        let Some(mapped) = self.mapped() else {
            return Ok(());
        };
        mapped.check()?;
        mapped.flush()
    }
}

/// Whether changes are made to the file with these facts through a mapping of this process.
pub fn is_changed_here(facts: &Metadata) -> bool {
    let buffer = mapping_of(facts);
    let mapped = buffer.as_ref().and_then(Buffer::mapped);
    mapped.is_some_and(Mapped::is_shared)
}

/// Whether the file with these facts is mapped in this process, to be read or to be changed.
pub fn is_mapped_here(facts: &Metadata) -> bool {
    mapping_of(facts).is_some()
}

fn mapping_of(facts: &Metadata) -> Option<Buffer> {
    let live = LIVE.lock();
    let known = live.open.get(&(facts.dev(), facts.ino()));
    let region = known.and_then(|(_, region)| region.upgrade());
    drop(live);
    region.map(Buffer)
}

/// The mapped file of an origin, if it is alive.
fn find(origin: u64) -> Option<Buffer> {
    let region = LIVE.lock().mapped.get(&origin)?.upgrade();
    region.map(Buffer)
}

/// An error if the file mapped as `origin` has become shorter.
pub fn check(origin: u64) -> Result<(), Error> {
    let Some(buffer) = find(origin) else {
        return Ok(());
    };
    buffer.mapped().map_or(Ok(()), Mapped::check)
}

/// Gives the pages between two addresses of the file mapped as `origin` back to the system, changed ones
/// to the file. `is_seen` says whether anything outside Rust can reach them.
pub fn give_back(origin: u64, low: usize, high: usize, is_seen: impl FnOnce() -> bool) {
    let Some(buffer) = find(origin) else {
        return;
    };
    if let Some(mapped) = buffer.mapped()
        && !mapped.is_closed()
        // A view may have written into a copy-on-write page, and would lose that.
        && (mapped.is_shared() || !is_seen())
    {
        mapped.give_back(low, high);
    }
}
