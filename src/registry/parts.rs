//! The parts of the table and their locks: which are needed, and all of them held at once.

use super::table::{Table, Turn};
use super::{Claim, FEW, Registry};
use crate::sync::{Condvar, Mutex, MutexGuard};

/// Parts of the table, each with its own lock.
pub const PARTS: usize = if cfg!(all(test, loom)) { 3 } else { 32 };

/// One part of the table. Aligned so that two threads at work in two parts share no cache line.
#[repr(align(128))]
pub struct Part {
    pub table: Mutex<Table>,
    /// A lease was given up, or a request left the queue.
    pub changed: Condvar,
}

impl Part {
    pub const fn new() -> Part {
        Part {
            table: Mutex::new(Table::new()),
            changed: Condvar::new(),
        }
    }
}

impl Claim {
    /// The part of the table that knows about its bytes.
    #[inline]
    pub(super) fn part_index(&self) -> usize {
        part_index(self.domain)
    }
}

/// The part of the table that knows about a domain.
#[inline]
pub fn part_index(domain: u64) -> usize {
    match domain {
        0 => 0,
        domain => 1 + (domain as usize) % (PARTS - 1),
    }
}

/// Some parts of the table, one bit each.
#[derive(Clone, Copy)]
pub struct Parts(u32);

const _: () = assert!(PARTS <= u32::BITS as usize);

impl Parts {
    #[inline]
    pub fn of_claims(claims: &[Claim]) -> Parts {
        Parts(
            claims
                .iter()
                .fold(0, |parts, claim| parts | 1 << claim.part_index()),
        )
    }

    /// The part, if it is one.
    #[inline]
    pub fn only(self) -> Option<usize> {
        self.0
            .is_power_of_two()
            .then(|| self.0.trailing_zeros() as usize)
    }

    /// In ascending order: the order in which locks are taken.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let part = (rest != 0).then(|| rest.trailing_zeros() as usize)?;
            rest &= rest - 1;
            Some(part)
        })
    }

    /// How many of the parts stand before this one.
    fn rank(self, part: usize) -> usize {
        (self.0 & ((1 << part) - 1)).count_ones() as usize
    }
}

/// Some parts of the table, locked: the guard of the part with rank `i` stands at `i`.
pub struct Locked<'r> {
    registry: &'r Registry,
    pub parts: Parts,
    few: [Option<MutexGuard<'r, Table>>; FEW],
    /// Those of rank [`FEW`] and above: only an operation on many allocations has any.
    more: Vec<Option<MutexGuard<'r, Table>>>,
}

impl<'r> Locked<'r> {
    /// Locks some parts, in ascending order: two requests cannot each hold what the other lacks.
    pub fn lock(registry: &'r Registry, parts: Parts) -> Locked<'r> {
        let lock = |part: usize| Some(registry.parts[part].table.lock());
        let mut few: [Option<MutexGuard<'r, Table>>; FEW] = Default::default();
        let mut rest = parts.iter();
        for (slot, part) in few.iter_mut().zip(rest.by_ref()) {
            *slot = lock(part);
        }
        let more = rest.map(lock).collect();
        Locked {
            registry,
            parts,
            few,
            more,
        }
    }

    fn guard(&mut self, part: usize) -> &mut Option<MutexGuard<'r, Table>> {
        let rank = self.parts.rank(part);
        match rank.checked_sub(FEW) {
            None => &mut self.few[rank],
            Some(rank) => &mut self.more[rank],
        }
    }

    pub fn table(&mut self, claim: &Claim) -> &mut Table {
        match self.guard(claim.part_index()) {
            Some(guard) => guard,
            None => unreachable!("the part of every claim is locked"),
        }
    }

    /// Whether no operation runs on any of the parts, and no bytes of them are borrowed.
    pub fn is_quiet(&self) -> bool {
        let mut guards = self.few.iter().chain(&self.more).flatten();
        guards.all(|table| table.is_quiet())
    }

    /// Lets go of all parts but one.
    pub fn keep(mut self, part: usize) -> MutexGuard<'r, Table> {
        match self.guard(part).take() {
            Some(guard) => guard,
            None => unreachable!("the part of every claim is locked"),
        }
    }

    pub fn join_queue(&mut self, claims: &[Claim], turn: Turn) {
        for claim in claims {
            self.table(claim).insert_waiting(turn, claim);
        }
    }

    /// Wakes the requests behind it: they may be next.
    pub fn leave_queue(&mut self, turn: Turn) {
        let guards = self.few.iter_mut().chain(&mut self.more).flatten();
        for (part, table) in self.parts.iter().zip(guards) {
            table.remove_waiting(turn);
            if table.has_waiting() {
                self.registry.parts[part].changed.notify_all();
            }
        }
    }
}
