//! Every view and every lease, by the bytes they reach.
//!
//! Samples of ours can be reached from many places at once: other handles, slices, NumPy arrays, threads.
//! This room is where all of them are written down, and where an operation asks before it reads or
//! writes. It knows addresses ([`Span`]) and nothing else: no pointer, no interpreter, no sample.
//!
//! Three kinds of entry:
//!
//! * a **view** says that something outside Rust can reach a span. It stops nobody; it is listed, and it
//!   is what [`Registry::borrow`] looks at.
//! * a **lease** is the right of one running operation to read or to write spans. Readers share; a writer
//!   is alone on its bytes. Who meets a lease of another thread waits for it.
//! * a **borrow** is a lease that a user holds (`with audio.borrow_mut()`). Nobody waits for a user: who
//!   meets one is refused at once.
//!
//! ```
//! use audio_samples::layout::Span;
//! use audio_samples::registry::{Claim, Mode, Patience, Registry};
//!
//! let registry = Registry::new();
//! let left = Span::new(0x1000, [1, 100], [0, 8], 4); // every other sample of an interleaved pair
//! let right = Span::new(0x1004, [1, 100], [0, 8], 4);
//! let writes = |span| Claim { domain: 1, span, mode: Mode::Write };
//!
//! let one = registry.lease(&[writes(left)], Patience::Never).unwrap();
//! let two = registry.lease(&[writes(right)], Patience::Never).unwrap(); // other bytes: no conflict
//! assert!(registry.lease(&[writes(left)], Patience::Never).is_err()); // the same bytes: refused
//! drop(one);
//! assert!(registry.lease(&[writes(left)], Patience::Never).is_ok());
//! # drop(two);
//! ```
//!
//! # Rationale
//!
//! *Spans, not objects.* The same bytes have many names: a slice, an array made from a memoryview, a foreign
//! array adopted twice. Only addresses tell whether two of them meet, so addresses are what is compared,
//! stride for stride. A 0-d view reaches one sample, never none.
//!
//! *Shards.* The table is cut into [`SHARDS`] parts with a lock each. An allocation of ours belongs to one
//! part for life ([`Claim::domain`]), and no view of one allocation reaches into another. All adopted memory
//! is domain 0 and shares one part, for there only the addresses can tell.
//!
//! *No deadlock.* All leases of an operation are taken in one step: the locks of its parts in ascending
//! order, every claim checked, then all entered or none. Nobody holds a lease while it waits for another,
//! and nobody waits while it holds a lock. A thread that would wait for itself is refused.
//!
//! *Brief work under the lock.* An operation on a few hundred samples takes less time than entering and
//! leaving the table. [`Registry::briefly`] runs it while the lock itself keeps everybody out.
//!
//! # Limits
//!
//! The buffer protocol and DLPack have no lock: who was handed an array writes to it without asking anybody.
//! A lease excludes operations that go through this crate, not those. Such a writer can spoil numbers, and
//! nothing else, because no code here takes a reference to samples that a view can reach.
//!
//! Beyond 64 x 64 rows the comparison of spans may see a conflict where rows only interleave
//! ([`Span::overlaps`]); it never misses one.

use std::time::Duration;

use crate::layout::Span;
use crate::sync::{AtomicU64, Condvar, Mutex, MutexGuard, Ordering};

/// Parts of the table, each with its own lock.
pub const SHARDS: usize = 32;

/// Claims that one operation can make at once.
pub const MAX_CLAIMS: usize = 4;

/// How long a waiting thread sleeps before it asks whether it should go on.
const PATIENCE_CHECK: Duration = Duration::from_millis(50);

/// What somebody may do with the bytes of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Look at them.
    Read,
    /// Look at them and change them.
    Write,
}

impl Mode {
    /// Two claims on the same bytes get along only if both read.
    #[inline]
    fn excludes(self, other: Mode) -> bool {
        self == Mode::Write || other == Mode::Write
    }
}

/// The wish to read or write a span.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// Which allocation; 0 for all adopted memory.
    pub domain: u64,
    /// Which bytes of it.
    pub span: Span,
    /// To do what.
    pub mode: Mode,
}

impl Claim {
    #[inline]
    fn shard(&self) -> usize {
        if self.domain == 0 {
            0
        } else {
            1 + (self.domain as usize) % (SHARDS - 1)
        }
    }
}

/// What kind of thing reaches the samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A NumPy array from `to_numpy()` or `__array__`.
    Array,
    /// A consumer of the buffer protocol.
    Buffer,
    /// A DLPack tensor.
    Tensor,
    /// An Arrow array.
    Arrow,
    /// The array of a `with audio.borrow()`.
    Borrow,
    /// The array of a `with audio.borrow_mut()`.
    BorrowMut,
}

impl Kind {
    /// The word that a user reads.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Array => "numpy",
            Kind::Buffer => "buffer",
            Kind::Tensor => "dlpack",
            Kind::Arrow => "arrow",
            Kind::Borrow => "borrow",
            Kind::BorrowMut => "borrow_mut",
        }
    }
}

/// One live view.
#[derive(Clone, Copy, Debug)]
pub struct ViewEntry {
    /// Unique among all views of the process.
    pub id: u64,
    /// Through which protocol.
    pub kind: Kind,
    /// Whether it may write.
    pub mode: Mode,
    /// Which bytes.
    pub span: Span,
    /// The shape that its holder sees.
    pub shape: [usize; 2],
    /// How many axes of that shape count, from the last one.
    pub ndim: usize,
}

/// Who stands in the way of a claim.
#[derive(Clone, Copy, Debug)]
pub struct Conflict {
    /// The bytes asked for.
    pub wanted: Span,
    /// To do what.
    pub mode: Mode,
    /// The bytes that are held.
    pub held: Span,
    /// What holds them.
    pub holder: Holder,
}

/// What holds the bytes of a [`Conflict`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A running operation.
    Operation,
    /// An operation of the very thread that asks.
    OwnOperation,
    /// A user's borrow.
    Borrow(Kind),
    /// A writable view.
    View(Kind),
}

/// Why a claim was not granted.
#[derive(Clone, Copy, Debug)]
pub enum Refusal {
    /// Waiting would not help.
    Conflict(Conflict),
    /// Waiting would help, but the caller has no patience.
    Busy,
    /// The caller gave up waiting.
    Interrupted,
}

/// Whether to wait for other operations.
pub enum Patience<'a> {
    /// Do not wait: [`Refusal::Busy`].
    Never,
    /// Wait, and ask every 50 ms whether to go on.
    While(&'a mut dyn FnMut() -> bool),
}

struct LeaseEntry {
    id: u64,
    thread: usize,
    span: Span,
    mode: Mode,
}

struct BorrowEntry {
    view: usize,
    span: Span,
    kind: Kind,
    mode: Mode,
}

#[derive(Default)]
struct Table {
    leases: Vec<LeaseEntry>,
    borrows: Vec<BorrowEntry>,
    /// A slab: holes are reused, so that entering and leaving cost the same whatever else is alive.
    views: Vec<Option<ViewEntry>>,
    holes: Vec<usize>,
    waiting: usize,
}

impl Table {
    const fn new() -> Table {
        Table {
            leases: Vec::new(),
            borrows: Vec::new(),
            views: Vec::new(),
            holes: Vec::new(),
            waiting: 0,
        }
    }

    /// Who stands in the way of one claim, if anybody. `leases` and `borrows` are empty but while
    /// large operations run or a user borrows: this is the whole cost of a small operation.
    #[inline]
    fn check(&self, claim: &Claim) -> Result<(), Conflict> {
        if self.leases.is_empty() && self.borrows.is_empty() {
            return Ok(());
        }
        self.find_conflict(claim)
    }

    #[cold]
    fn find_conflict(&self, claim: &Claim) -> Result<(), Conflict> {
        let against = |held: Span, holder: Holder| Conflict {
            wanted: claim.span,
            mode: claim.mode,
            held,
            holder,
        };
        for borrow in &self.borrows {
            if claim.mode.excludes(borrow.mode) && claim.span.overlaps(&borrow.span) {
                return Err(against(borrow.span, Holder::Borrow(borrow.kind)));
            }
        }
        for lease in &self.leases {
            if claim.mode.excludes(lease.mode) && claim.span.overlaps(&lease.span) {
                let own = lease.thread == current_thread();
                let holder = if own {
                    Holder::OwnOperation
                } else {
                    Holder::Operation
                };
                return Err(against(lease.span, holder));
            }
        }
        Ok(())
    }

    fn insert_view(&mut self, view: ViewEntry) -> usize {
        if let Some(hole) = self.holes.pop() {
            self.views[hole] = Some(view);
            return hole;
        }
        self.views.push(Some(view));
        self.views.len() - 1
    }

    fn remove_view(&mut self, index: usize) {
        self.views[index] = None;
        self.holes.push(index);
    }
}

struct Shard {
    table: Mutex<Table>,
    changed: Condvar,
}

/// The table of views, leases and borrows. The process has one ([`Registry::global`]); tests make their own.
pub struct Registry {
    shards: [Shard; SHARDS],
}

type Guards<'r> = [Option<MutexGuard<'r, Table>>; MAX_CLAIMS];

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

fn next_id() -> u64 {
    NEXT_ID.fetch_add(1, Ordering::Relaxed)
}

impl Default for Registry {
    fn default() -> Registry {
        Registry::new()
    }
}

impl Registry {
    /// An empty table.
    pub const fn new() -> Registry {
        Registry {
            shards: [const {
                Shard {
                    table: Mutex::new(Table::new()),
                    changed: Condvar::new(),
                }
            }; SHARDS],
        }
    }

    /// The table of this process.
    pub fn global() -> &'static Registry {
        static GLOBAL: Registry = Registry::new();
        &GLOBAL
    }

    /// Takes all leases of an operation, or none of them.
    ///
    /// # Errors
    /// [`Refusal::Conflict`] where a borrow or the thread's own operation stands in the way, and what
    /// `patience` brings where another thread's operation does.
    pub fn lease(&self, claims: &[Claim], patience: Patience<'_>) -> Result<Lease<'_>, Refusal> {
        let mut guards = self.enter(claims, patience)?;
        let id = next_id();
        let thread = current_thread();
        for claim in claims {
            let entry = LeaseEntry {
                id,
                thread,
                span: claim.span,
                mode: claim.mode,
            };
            table_of(&mut guards, claims, claim).leases.push(entry);
        }
        let mut shards = [usize::MAX; MAX_CLAIMS];
        for (slot, claim) in shards.iter_mut().zip(claims) {
            *slot = claim.shard();
        }
        Ok(Lease {
            registry: self,
            id,
            shards,
        })
    }

    /// Runs work of a few microseconds under the lock itself, if nobody stands in the way. The work
    /// must not come back to the registry.
    ///
    /// # Errors
    /// As [`Registry::lease`] without patience; `work` has not run then.
    #[inline]
    pub fn briefly<R>(&self, claims: &[Claim], work: impl FnOnce() -> R) -> Result<R, Refusal> {
        if let [claim] = claims {
            let table = self.shards[claim.shard()].table.lock();
            table.check(claim).map_err(without_patience)?;
            return Ok(work());
        }
        let _guards = self.enter(claims, Patience::Never)?;
        Ok(work())
    }

    /// Locks the parts of all claims in ascending order and checks every claim.
    fn enter(&self, claims: &[Claim], mut patience: Patience<'_>) -> Result<Guards<'_>, Refusal> {
        assert!(
            claims.len() <= MAX_CLAIMS,
            "{} claims at once, at most {MAX_CLAIMS}",
            claims.len()
        );
        loop {
            let mut guards = self.lock(claims);
            let conflict = claims.iter().find_map(|claim| {
                let found = table_of(&mut guards, claims, claim).check(claim);
                found.err().map(|conflict| (claim, conflict))
            });
            let Some((claim, conflict)) = conflict else {
                return Ok(guards);
            };
            if conflict.holder != Holder::Operation {
                return Err(Refusal::Conflict(conflict));
            }
            let Patience::While(go_on) = &mut patience else {
                return Err(Refusal::Busy);
            };
            // The lock of the part in question is kept up to the wait: no release slips through.
            let index = slot_of(claims, claim);
            let Some(mut guard) = guards[index].take() else {
                unreachable!("the slot of a claim holds the lock of its part");
            };
            drop(guards);
            if !self.wait(claim.shard(), &mut guard, *go_on) {
                return Err(Refusal::Interrupted);
            }
        }
    }

    /// Sleeps until a lease of this part ends. False if the caller gives up.
    fn wait(
        &self,
        shard: usize,
        guard: &mut MutexGuard<'_, Table>,
        go_on: &mut dyn FnMut() -> bool,
    ) -> bool {
        guard.waiting += 1;
        let timed_out = self.shards[shard]
            .changed
            .wait_for(guard, PATIENCE_CHECK)
            .timed_out();
        guard.waiting -= 1;
        !timed_out || MutexGuard::unlocked(guard, go_on)
    }

    fn lock(&self, claims: &[Claim]) -> Guards<'_> {
        let mut guards: Guards<'_> = Default::default();
        let mut lowest = 0;
        // Ascending by part; claims of one part share the lock that its first claim holds.
        while let Some(shard) = claims
            .iter()
            .map(Claim::shard)
            .filter(|s| *s >= lowest)
            .min()
        {
            let first = claims.iter().position(|claim| claim.shard() == shard);
            if let Some(first) = first {
                guards[first] = Some(self.shards[shard].table.lock());
            }
            lowest = shard + 1;
        }
        guards
    }

    /// Writes a view down until the registration is dropped. A writable view of samples that somebody
    /// has borrowed for reading is entered, and to be handed out, as a read-only one.
    ///
    /// # Errors
    /// The borrow that keeps everybody out.
    pub fn register(&self, domain: u64, view: ViewEntry) -> Result<Registration<'_>, Conflict> {
        let mut claim = Claim {
            domain,
            span: view.span,
            mode: Mode::Read,
        };
        let shard = claim.shard();
        let mut table = self.shards[shard].table.lock();
        let mut view = ViewEntry {
            id: next_id(),
            ..view
        };
        if !table.borrows.is_empty() {
            let borrows = |table: &Table, claim: &Claim| {
                let met = table.find_conflict(claim).err();
                met.filter(|conflict| matches!(conflict.holder, Holder::Borrow(_)))
            };
            if let Some(conflict) = borrows(&table, &claim) {
                return Err(conflict);
            }
            claim.mode = view.mode;
            if borrows(&table, &claim).is_some() {
                view.mode = Mode::Read;
            }
        }
        let index = table.insert_view(view);
        Ok(Registration {
            registry: self,
            shard,
            index,
            mode: view.mode,
        })
    }

    /// Lends a span to a user: to read ([`Kind::Borrow`]) or alone to write ([`Kind::BorrowMut`]).
    ///
    /// # Errors
    /// Another borrow, the thread's own operation or, for writing, a writable view stands in the way; other
    /// operations are waited for with `patience`.
    pub fn borrow(
        &self,
        domain: u64,
        view: ViewEntry,
        patience: Patience<'_>,
    ) -> Result<Borrow<'_>, Refusal> {
        let claim = Claim {
            domain,
            span: view.span,
            mode: view.mode,
        };
        let mut guards = self.enter(&[claim], patience)?;
        let table = table_of(&mut guards, &[claim], &claim);
        if view.mode == Mode::Write {
            let writable = table
                .views
                .iter()
                .flatten()
                .find(|other| other.mode == Mode::Write && other.span.overlaps(&view.span));
            if let Some(other) = writable {
                return Err(Refusal::Conflict(Conflict {
                    wanted: view.span,
                    mode: view.mode,
                    held: other.span,
                    holder: Holder::View(other.kind),
                }));
            }
        }
        let id = next_id();
        let index = table.insert_view(ViewEntry { id, ..view });
        table.borrows.push(BorrowEntry {
            view: index,
            span: view.span,
            kind: view.kind,
            mode: view.mode,
        });
        Ok(Borrow {
            registry: self,
            shard: claim.shard(),
            index,
        })
    }

    /// The live views that share a byte with the span, oldest first; of views without a byte those that
    /// start within it.
    pub fn views(&self, domain: u64, span: &Span) -> Vec<ViewEntry> {
        let claim = Claim {
            domain,
            span: *span,
            mode: Mode::Read,
        };
        let table = self.shards[claim.shard()].table.lock();
        let mut found: Vec<ViewEntry> = table
            .views
            .iter()
            .flatten()
            .filter(|view| view.span.touches(span))
            .copied()
            .collect();
        found.sort_by_key(|view| view.id);
        found
    }

    /// Locks the whole table, so that no thread is inside it while the process forks.
    pub fn freeze(&self) -> Frozen<'_> {
        Frozen {
            guards: self.shards.iter().map(|shard| shard.table.lock()).collect(),
        }
    }
}

/// The lock that the claim's part is held by: that of the first claim of the same part.
#[inline]
fn slot_of(claims: &[Claim], claim: &Claim) -> usize {
    claims
        .iter()
        .position(|other| other.shard() == claim.shard())
        .unwrap_or(0)
}

#[inline]
fn table_of<'g>(guards: &'g mut Guards<'_>, claims: &[Claim], claim: &Claim) -> &'g mut Table {
    match &mut guards[slot_of(claims, claim)] {
        Some(guard) => guard,
        None => unreachable!("the slot of a claim holds the lock of its part"),
    }
}

#[cold]
fn without_patience(conflict: Conflict) -> Refusal {
    if conflict.holder == Holder::Operation {
        Refusal::Busy
    } else {
        Refusal::Conflict(conflict)
    }
}

/// A number that no other living thread has: the address of a variable of this thread.
fn current_thread() -> usize {
    thread_local!(static MARK: u8 = const { 0 });
    MARK.with(|mark| std::ptr::from_ref(mark).addr())
}

/// The right to read or write the spans it was taken for, until it is dropped.
pub struct Lease<'r> {
    registry: &'r Registry,
    id: u64,
    shards: [usize; MAX_CLAIMS],
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        for shard in self.shards.iter().filter(|shard| **shard != usize::MAX) {
            let shard = &self.registry.shards[*shard];
            let mut table = shard.table.lock();
            table.leases.retain(|entry| entry.id != self.id);
            if table.waiting > 0 {
                shard.changed.notify_all();
            }
        }
    }
}

/// A view's place in the table, until it is dropped.
pub struct Registration<'r> {
    registry: &'r Registry,
    shard: usize,
    index: usize,
    mode: Mode,
}

impl Registration<'_> {
    /// Whether the view may write, after what borrows allow.
    #[inline]
    pub fn mode(&self) -> Mode {
        self.mode
    }
}

impl Drop for Registration<'_> {
    #[inline]
    fn drop(&mut self) {
        let mut table = self.registry.shards[self.shard].table.lock();
        table.remove_view(self.index);
    }
}

/// A user's borrow, until it is dropped.
pub struct Borrow<'r> {
    registry: &'r Registry,
    shard: usize,
    index: usize,
}

impl Drop for Borrow<'_> {
    fn drop(&mut self) {
        let mut table = self.registry.shards[self.shard].table.lock();
        table.borrows.retain(|entry| entry.view != self.index);
        table.remove_view(self.index);
    }
}

/// The whole table locked, around a fork.
pub struct Frozen<'r> {
    guards: Vec<MutexGuard<'r, Table>>,
}

impl Frozen<'_> {
    /// In the child of a fork: the other threads are gone, and with them their operations.
    pub fn thaw_in_child(mut self) {
        let thread = current_thread();
        for table in &mut self.guards {
            table.leases.retain(|lease| lease.thread == thread);
            table.waiting = 0;
        }
    }
}
