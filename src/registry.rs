//! Every view and every lease, by the bytes they reach.
//!
//! Samples of ours can be reached from many places at once: other handles, slices, NumPy arrays, threads.
//! This room is where all of them are written down, and where an operation asks before it reads or
//! writes. It knows addresses ([`Span`]) and nothing else: no pointer, no interpreter, no sample.
//!
//! Three kinds of entry:
//!
//! * a **view** says that something outside Rust can reach a span. It stops no operation; it is listed, and it
//!   is what [`Registry::borrow`] looks at.
//! * a **lease** is the right of one running operation to read or to write spans. Readers share; a writer
//!   is alone on its bytes. A thread that meets a lease of another thread waits for it.
//! * a **borrow** is a lease that a user holds (`with audio.borrow_mut()`), or Arrow data, which is not to change.
//!   No operation waits for a user: one that meets a borrow is refused at once.
//!
//! ```
//! use audio_samples::layout::Span;
//! use audio_samples::registry::{Claim, Mode, Until, Registry};
//!
//! let registry = Registry::new();
//! let left = Span::new(0x1000, [1, 100], [0, 8], 4); // every other sample of an interleaved pair
//! let right = Span::new(0x1004, [1, 100], [0, 8], 4);
//! let writes = |span| Claim { domain: 1, span, mode: Mode::Write };
//!
//! let one = registry.lease(&[writes(left)], Until::Now).unwrap();
//! let two = registry.lease(&[writes(right)], Until::Now).unwrap(); // other bytes: no conflict
//! assert!(registry.lease(&[writes(left)], Until::Now).is_err()); // the same bytes: refused
//! drop(one);
//! assert!(registry.lease(&[writes(left)], Until::Now).is_ok());
//! # drop(two);
//! ```
//!
//! A view stops no operation, but a borrow that is to be the only writer is refused because of it:
//!
//! ```
//! # use audio_samples::layout::Span;
//! # use audio_samples::registry::{Conflict, Holder, ViewKind, Mode, Until, Refusal, Registry, ViewEntry};
//! # let registry = Registry::new();
//! let view = ViewEntry {
//!     id: 0, // given by the registry
//!     kind: ViewKind::Array,
//!     mode: Mode::Write,
//!     span: Span::new(0x1000, [1, 100], [0, 8], 8),
//!     shape: [1, 100],
//!     ndim: 1,
//! };
//! let array = registry.register(1, view).unwrap();
//! let alone = ViewEntry { kind: ViewKind::BorrowMut, ..view };
//!
//! let refused = registry.borrow(1, alone, Until::Now).err().unwrap();
//! let expected = Holder::View(ViewKind::Array);
//! assert!(matches!(refused, Refusal::Conflict(Conflict { holder, .. }) if holder == expected));
//!
//! drop(array);
//! let borrow = registry.borrow(1, alone, Until::Now).unwrap();
//! assert!(registry.register(1, view).is_err()); // no door is open while it is out
//! # drop(borrow);
//! ```
//!
//! # Rationale
//!
//! *Spans, not objects.* The same bytes have many names: a slice, an array made from a memoryview, a foreign
//! array adopted twice. Only addresses tell whether two of them meet, so addresses are what is compared,
//! stride for stride. A 0-d view reaches one sample, never none.
//!
//! *Parts.* The table is cut into [`PARTS`] parts with a lock each. An allocation of ours belongs to one
//! part for life ([`Claim::domain`]), and no view of one allocation reaches into another. All adopted memory
//! is domain 0 and shares one part, for there only the addresses can tell.
//!
//! *No deadlock.* All leases of an operation are taken in one step: the locks of its parts in ascending
//! order, every claim checked, then all entered or none. No thread waits while it holds a lock, and none
//! waits while it holds a lease: it is refused instead. So every thread that is waited for is running.
//!
//! *Refused at once.* What waiting cannot cure (a borrow, the thread's own operation) is looked for in all
//! claims before anything is waited for.
//!
//! *In turn.* A request that has to wait joins a queue, and a later one that collides with a claim in it waits
//! behind: a stream of readers cannot keep a writer out for ever. A request that waits for an earlier turn waits for
//! something that waits for earlier turns still, and in the end for a lease: no circle here either.
//!
//! *No wake-up is lost.* A claim is checked and its thread put to sleep under one hold of the lock of the
//! part where it is obstructed; whatever could free it happens under that lock, and wakes all threads that wait there.
//!
//! *Brief work under the lock.* An operation on a few hundred samples takes less time than entering and
//! leaving the table. [`Registry::briefly`] runs it while the lock itself keeps all others out. It is over
//! before any request could queue for it, and so passes by the queue.
//!
//! *Forks.* A child process has one thread. [`Registry::freeze`] makes sure that no other one is inside the
//! table at that moment, and [`Frozen::thaw_in_child`] takes the leases of the others away.
//!
//! # Limits
//!
//! The buffer protocol and DLPack have no lock: the consumer of an array writes to it without asking.
//! A lease excludes operations that go through this crate, not those. Such a writer can spoil numbers, and
//! nothing else, because no code here takes a reference to samples that a view can reach.
//!
//! Beyond 64 x 64 rows the comparison of spans may see a conflict where rows only interleave
//! ([`Span::overlaps`]); it never misses one.
//!
//! A borrow belongs to no thread: its array may be handed on. So one that another thread had out during a fork stays
//! out in the child, whose errors say so, until the child takes it back ([`Registry::reclaim`]).

mod entries;
mod holds;
#[cfg(all(test, loom))]
mod loom_model;
mod parts;
mod table;

use std::time::Duration;

use crate::layout::Span;
use holds::current_thread;
use parts::{Locked, Part, Parts, part_index};
use table::{Table, Turn, next_id};

pub use entries::{Claim, Conflict, Holder, Mode, Refusal, ViewEntry, ViewKind};
pub use holds::{Borrow, Frozen, Lease, Registration};
pub use parts::PARTS;

/// Claims of one operation that need no allocation. It may make any number.
const FEW: usize = 4;

/// The domain of samples that are reached through the array of a borrow, which keeps the others out already.
/// No allocation is of that number.
pub const LENT: u64 = u64::MAX >> 1;

/// How long a waiting thread sleeps before it asks whether it should go on.
const ASK_EVERY: Duration = Duration::from_millis(50);

/// How long to wait for other operations.
pub enum Until<'a> {
    /// Not at all: [`Refusal::Busy`].
    Now,
    /// Until they end, or the callback, asked every 50 ms whether to go on, returns false: [`Refusal::Interrupted`].
    Stopped(&'a mut dyn FnMut() -> bool),
}

/// How far a request has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It has not been obstructed yet.
    Arrived,
    /// Its thread holds no lease, so that it may wait. It has a turn, and is not in the queue.
    MayWait,
    /// It is in the queue.
    Queued,
}

/// The table of views, leases and borrows. The process has one ([`Registry::global`]); tests make their own.
pub struct Registry {
    parts: [Part; PARTS],
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
            parts: [const { Part::new() }; PARTS],
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
    /// [`Refusal::Conflict`] where a borrow or the thread's own operation stands in the way, and [`Refusal::Busy`] or
    /// [`Refusal::Interrupted`] where another thread's operation does, as `until` says.
    pub fn lease(&self, claims: &[Claim], until: Until<'_>) -> Result<Lease<'_>, Refusal> {
        let thread = current_thread();
        let refuse = |table: &Table, claim: &Claim| table.refusal(claim, thread);
        let mut locked = self.enter(claims, Turn::LAST, until, refuse)?;
        let id = next_id();
        for claim in claims {
            locked.table(claim).insert_lease(id, thread, claim);
        }
        Ok(Lease {
            registry: self,
            id,
            parts: locked.parts,
        })
    }

    /// Runs work of a few microseconds under the lock itself, if nothing stands in the way. The work
    /// must not come back to the registry.
    ///
    /// # Errors
    /// As [`Registry::lease`] with [`Until::Now`]; `work` has not run then.
    #[inline]
    pub fn briefly<R>(&self, claims: &[Claim], work: impl FnOnce() -> R) -> Result<R, Refusal> {
        let parts = Parts::of_claims(claims);
        if let Some(part) = parts.only() {
            let table = self.parts[part].table.lock();
            if table.is_quiet() {
                return Ok(work());
            }
        } else {
            let locked = Locked::lock(self, parts);
            if locked.is_quiet() {
                return Ok(work());
            }
        }
        let thread = current_thread();
        let refuse = |table: &Table, claim: &Claim| table.refusal(claim, thread);
        let _locked = self.enter(claims, Turn::FIRST, Until::Now, refuse)?;
        Ok(work())
    }

    /// As [`Registry::briefly`] for all bytes of one or two domains, if no lease or borrow is out on
    /// their parts; otherwise `None`. Then it takes claims to tell whether anything stands in the way.
    #[inline]
    pub fn if_quiet<R>(&self, domains: [u64; 2], work: impl FnOnce() -> R) -> Option<R> {
        let [one, other] = [part_index(domains[0]), part_index(domains[1])];
        let (low, high) = (one.min(other), one.max(other));
        let first = self.parts[low].table.lock();
        if !first.is_quiet() {
            return None;
        }
        if low == high {
            return Some(work());
        }
        let second = self.parts[high].table.lock();
        second.is_quiet().then(work)
    }

    /// Locks the parts of all claims once nothing stands in their way.
    fn enter(
        &self,
        claims: &[Claim],
        mut turn: Turn,
        mut until: Until<'_>,
        refuse: impl Fn(&Table, &Claim) -> Option<Conflict>,
    ) -> Result<Locked<'_>, Refusal> {
        let parts = Parts::of_claims(claims);
        let mut stage = Stage::Arrived;
        loop {
            let mut locked = Locked::lock(self, parts);
            let conflict = claims.iter().find_map(|c| refuse(locked.table(c), c));
            let obstructed = claims
                .iter()
                .find(|c| locked.table(c).obstructs(c, turn))
                .filter(|_| conflict.is_none());
            let (Some(claim), Until::Stopped(go_on)) = (obstructed, &mut until) else {
                if stage == Stage::Queued {
                    locked.leave_queue(turn);
                }
                return match (conflict, obstructed) {
                    (Some(conflict), _) => Err(Refusal::Conflict(conflict)),
                    (None, Some(_)) => Err(Refusal::Busy),
                    (None, None) => Ok(locked),
                };
            };
            match stage {
                Stage::Arrived => {
                    drop(locked);
                    if self.holds_lease(current_thread()) {
                        // Those in the queue may be waiting for what it holds.
                        (turn, until) = (Turn::FIRST, Until::Now);
                    } else {
                        (turn, stage) = (Turn::next(), Stage::MayWait);
                    }
                    continue;
                }
                Stage::MayWait => locked.join_queue(claims, turn),
                Stage::Queued => {}
            }
            stage = Stage::Queued;
            let part = claim.part_index();
            let (guard, still) =
                self.parts[part]
                    .changed
                    .wait_while(locked.keep(part), ASK_EVERY, |table| {
                        table.obstructs(claim, turn)
                    });
            drop(guard);
            if still {
                // The callback may come back to the registry, and must not meet this request in the queue. The turn
                // is kept.
                Locked::lock(self, parts).leave_queue(turn);
                stage = Stage::MayWait;
                if !go_on() {
                    return Err(Refusal::Interrupted);
                }
            }
        }
    }

    /// Whether a thread holds a lease on anything. Only asked before a wait.
    fn holds_lease(&self, thread: usize) -> bool {
        let mut parts = self.parts.iter();
        parts.any(|part| part.table.lock().has_lease_of(thread))
    }

    /// Writes a view down until the registration is dropped. A writable view of samples that are
    /// borrowed for reading is entered, and to be handed out, as a read-only one.
    ///
    /// # Errors
    /// The borrow that keeps all others out.
    #[inline(always)]
    pub fn register(&self, domain: u64, view: ViewEntry) -> Result<Registration<'_>, Conflict> {
        let claim = |mode| Claim {
            domain,
            span: view.span,
            mode,
        };
        let part = claim(Mode::Read).part_index();
        let mut table = self.parts[part].table.lock();
        let mut mode = view.mode;
        if !table.is_quiet() {
            if let Some(conflict) = table.borrowed(&claim(Mode::Read)) {
                return Err(conflict);
            }
            if table.borrowed(&claim(mode)).is_some() {
                mode = Mode::Read;
            }
        }
        let index = table.insert_view(ViewEntry { mode, ..view });
        Ok(Registration {
            registry: self,
            part,
            index,
            mode,
        })
    }

    /// Lends a span to a user: to read ([`ViewKind::Borrow`], [`ViewKind::Arrow`]) or alone to write ([`ViewKind::BorrowMut`]).
    ///
    /// # Errors
    /// Another borrow, the thread's own operation or, for writing and for Arrow, a view that may write stands in
    /// the way; other operations are waited for as `until` says.
    pub fn borrow(
        &self,
        domain: u64,
        view: ViewEntry,
        until: Until<'_>,
    ) -> Result<Borrow<'_>, Refusal> {
        let claim = Claim {
            domain,
            span: view.span,
            mode: view.mode,
        };
        let thread = current_thread();
        let refuse = |table: &Table, claim: &Claim| {
            let seen = || match (view.kind, claim.mode) {
                (ViewKind::Arrow, _) => table.possible_writer(claim),
                (_, Mode::Write) => table.writable_view(claim),
                (_, Mode::Read) => None,
            };
            table.refusal(claim, thread).or_else(seen)
        };
        let mut locked = self.enter(&[claim], Turn::LAST, until, refuse)?;
        let index = locked.table(&claim).insert_borrow(view, thread);
        Ok(Borrow::new(Registration {
            registry: self,
            part: claim.part_index(),
            index,
            mode: view.mode,
        }))
    }

    /// The live views that share a byte with the span, oldest first; of views without a byte those that
    /// start within it.
    pub fn views(&self, domain: u64, span: &Span) -> Vec<ViewEntry> {
        let claim = Claim {
            domain,
            span: *span,
            mode: Mode::Read,
        };
        let table = self.parts[claim.part_index()].table.lock();
        let mut found: Vec<ViewEntry> = table
            .views()
            .filter(|view| view.span.touches(span))
            .copied()
            .collect();
        found.sort_by_key(|view| view.id);
        found
    }

    /// Takes back what threads had borrowed of a span that are not in this process, for it was forked from theirs.
    pub fn reclaim(&self, domain: u64, span: &Span) {
        let claim = Claim {
            domain,
            span: *span,
            mode: Mode::Write,
        };
        self.parts[claim.part_index()]
            .table
            .lock()
            .end_lost_borrows(span);
    }

    /// Locks the whole table, so that no thread is inside it while the process forks.
    pub fn freeze(&self) -> Frozen<'_> {
        Frozen {
            guards: self.parts.iter().map(|part| part.table.lock()).collect(),
        }
    }
}
