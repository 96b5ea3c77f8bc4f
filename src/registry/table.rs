//! What one part of the registry knows: the views, leases, borrows and waiting claims of its bytes.
//!
//! Plain data under the lock of its part. Nothing here waits.

use super::{Claim, Conflict, Holder, LENT, Mode, ViewEntry, ViewKind};
use crate::layout::Span;
use crate::sync::{AtomicU64, Ordering};

/// A number that nothing else in this process has; later ones are larger.
pub fn next_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The place of a request in the queue: it waits for the claims that joined the queue before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Turn(u64);

impl Turn {
    /// Before all requests that wait.
    pub const FIRST: Turn = Turn(0);
    /// Behind all requests that wait.
    pub const LAST: Turn = Turn(u64::MAX);

    /// Behind all requests that wait now, and before those to come.
    pub fn next() -> Turn {
        Turn(next_id())
    }
}

struct LeaseEntry {
    id: u64,
    thread: usize,
    span: Span,
    mode: Mode,
}

struct BorrowEntry {
    view: usize,
    /// The thread that took it.
    thread: usize,
    /// That thread is in the parent of this process only.
    is_lost: bool,
    span: Span,
    kind: ViewKind,
    mode: Mode,
}

struct WaitingEntry {
    turn: Turn,
    span: Span,
    mode: Mode,
}

pub struct Table {
    leases: Vec<LeaseEntry>,
    borrows: Vec<BorrowEntry>,
    waiting: Vec<WaitingEntry>,
    /// A slab: holes are reused, so that entering and leaving cost the same whatever else is alive.
    views: Vec<Option<ViewEntry>>,
    holes: Vec<usize>,
    /// The number of the latest view.
    latest: u64,
}

impl Claim {
    #[inline]
    fn collides(&self, span: &Span, mode: Mode) -> bool {
        // Two claims on the same bytes get along only if both read.
        (self.mode == Mode::Write || mode == Mode::Write)
            && self.domain != LENT
            && self.span.overlaps(span)
    }

    fn against(&self, held: Span, holder: Holder) -> Conflict {
        Conflict {
            wanted: self.span,
            mode: self.mode,
            held,
            holder,
        }
    }
}

impl Table {
    pub const fn new() -> Table {
        Table {
            leases: Vec::new(),
            borrows: Vec::new(),
            waiting: Vec::new(),
            views: Vec::new(),
            holes: Vec::new(),
            latest: 0,
        }
    }

    /// No lease and no borrow is out, as between long operations. For small ones this is the whole check.
    #[inline]
    pub fn is_quiet(&self) -> bool {
        self.leases.is_empty() && self.borrows.is_empty()
    }

    /// The borrow that keeps a claim out.
    pub fn borrowed(&self, claim: &Claim) -> Option<Conflict> {
        let met = |entry: &&BorrowEntry| claim.collides(&entry.span, entry.mode);
        let entry = self.borrows.iter().find(met)?;
        let holder = match entry.is_lost {
            true => Holder::LostBorrow,
            false => Holder::Borrow(entry.kind),
        };
        Some(claim.against(entry.span, holder))
    }

    /// What keeps a claim of `thread` out, and is not to be waited for.
    pub fn refusal(&self, claim: &Claim, thread: usize) -> Option<Conflict> {
        let own =
            |entry: &&LeaseEntry| entry.thread == thread && claim.collides(&entry.span, entry.mode);
        self.borrowed(claim).or_else(|| {
            let entry = self.leases.iter().find(own)?;
            Some(claim.against(entry.span, Holder::OwnOperation))
        })
    }

    /// The writable view that keeps a claim from being the only writer.
    pub fn writable_view(&self, claim: &Claim) -> Option<Conflict> {
        self.view_that(claim, |view| view.mode == Mode::Write)
    }

    /// The view that keeps the samples from staying as they are: a writable one, or a tensor, for not every
    /// consumer of DLPack looks at its flag (PyTorch does not).
    pub fn possible_writer(&self, claim: &Claim) -> Option<Conflict> {
        let may_write =
            |view: &ViewEntry| view.mode == Mode::Write || view.kind == ViewKind::Tensor;
        self.view_that(claim, may_write)
    }

    fn view_that(&self, claim: &Claim, is: impl Fn(&ViewEntry) -> bool) -> Option<Conflict> {
        let met = |view: &&ViewEntry| is(view) && view.span.overlaps(&claim.span);
        let view = self.views.iter().flatten().find(met)?;
        Some(claim.against(view.span, Holder::View(view.kind)))
    }

    /// Whether a claim has to wait: for a lease, or for a request that waits already.
    pub fn obstructs(&self, claim: &Claim, turn: Turn) -> bool {
        let held = |entry: &LeaseEntry| claim.collides(&entry.span, entry.mode);
        let sooner =
            |entry: &WaitingEntry| entry.turn < turn && claim.collides(&entry.span, entry.mode);
        self.leases.iter().any(held) || self.waiting.iter().any(sooner)
    }

    pub fn insert_lease(&mut self, id: u64, thread: usize, claim: &Claim) {
        self.leases.push(LeaseEntry {
            id,
            thread,
            span: claim.span,
            mode: claim.mode,
        });
    }

    pub fn remove_lease(&mut self, id: u64) {
        self.leases.retain(|entry| entry.id != id);
    }

    pub fn has_lease_of(&self, thread: usize) -> bool {
        self.leases.iter().any(|entry| entry.thread == thread)
    }

    pub fn insert_waiting(&mut self, turn: Turn, claim: &Claim) {
        self.waiting.push(WaitingEntry {
            turn,
            span: claim.span,
            mode: claim.mode,
        });
    }

    pub fn remove_waiting(&mut self, turn: Turn) {
        self.waiting.retain(|entry| entry.turn != turn);
    }

    pub fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    #[inline(always)]
    pub fn insert_view(&mut self, view: ViewEntry) -> usize {
        self.latest += 1;
        let view = ViewEntry {
            id: self.latest,
            ..view
        };
        if let Some(hole) = self.holes.pop() {
            self.views[hole] = Some(view);
            return hole;
        }
        self.views.push(Some(view));
        self.views.len() - 1
    }

    #[inline]
    pub fn remove_view(&mut self, index: usize) {
        self.views[index] = None;
        self.holes.push(index);
    }

    pub fn views(&self) -> impl Iterator<Item = &ViewEntry> {
        self.views.iter().flatten()
    }

    /// A view that is a borrow.
    pub fn insert_borrow(&mut self, view: ViewEntry, thread: usize) -> usize {
        let index = self.insert_view(view);
        self.borrows.push(BorrowEntry {
            view: index,
            thread,
            is_lost: false,
            span: view.span,
            kind: view.kind,
            mode: view.mode,
        });
        index
    }

    /// Ends a borrow. Its view stays, as one like any other.
    pub fn end_borrow(&mut self, index: usize) {
        self.borrows.retain(|entry| entry.view != index);
        if let Some(view) = &mut self.views[index] {
            view.kind = ViewKind::Array;
        }
    }

    /// Ends the borrows of lost threads on a span. No thread of this process has their arrays to write to.
    pub fn end_lost_borrows(&mut self, span: &Span) {
        let is_meant = |entry: &BorrowEntry| entry.is_lost && entry.span.overlaps(span);
        let ended: Vec<usize> = self
            .borrows
            .iter()
            .filter(|entry| is_meant(entry))
            .map(|entry| entry.view)
            .collect();
        for index in ended {
            self.end_borrow(index);
            self.make_readonly(index);
        }
    }

    pub fn make_readonly(&mut self, index: usize) {
        if let Some(view) = &mut self.views[index] {
            view.mode = Mode::Read;
        }
    }

    /// Forgets all threads but one, except for what they have borrowed: the array may have come to that one.
    pub fn keep_only(&mut self, thread: usize) {
        for entry in &mut self.borrows {
            let is_user = matches!(entry.kind, ViewKind::Borrow | ViewKind::BorrowMut);
            entry.is_lost |= is_user && entry.thread != thread;
        }
        self.leases.retain(|entry| entry.thread == thread);
        self.waiting.clear();
    }
}
