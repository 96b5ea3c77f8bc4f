//! What the registry hands out: each is a place in its table that is given up by dropping it.

use super::parts::Parts;
use super::table::Table;
use super::{Mode, Registry};
use crate::sync::{MutexGuard, per_thread};

per_thread! {
    static MARK: u8 = 0;
}

/// A number that no other living thread has: the address of a variable of this thread.
#[inline]
pub fn current_thread() -> usize {
    MARK.with(|mark| std::ptr::from_ref(mark).addr())
}

/// The right to read or write the spans it was taken for, until it is dropped. It counts as held by the
/// thread that took it.
pub struct Lease<'r> {
    pub(super) registry: &'r Registry,
    pub(super) id: u64,
    pub(super) parts: Parts,
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        for part in self.parts.iter() {
            let part = &self.registry.parts[part];
            let mut table = part.table.lock();
            table.remove_lease(self.id);
            if table.has_waiting() {
                part.changed.notify_all();
            }
        }
    }
}

/// A view's place in the table, until it is dropped.
pub struct Registration<'r> {
    pub(super) registry: &'r Registry,
    pub(super) part: usize,
    pub(super) index: usize,
    pub(super) mode: Mode,
}

impl Registration<'_> {
    /// Whether the view may write, after what borrows allow.
    #[inline]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The view can no longer write.
    pub fn make_readonly(&mut self) {
        let mut table = self.registry.parts[self.part].table.lock();
        table.make_readonly(self.index);
        self.mode = Mode::Read;
    }
}

impl Drop for Registration<'_> {
    #[inline]
    fn drop(&mut self) {
        let mut table = self.registry.parts[self.part].table.lock();
        table.remove_view(self.index);
    }
}

/// A user's borrow, until it is dropped or ended.
pub struct Borrow<'r> {
    /// Empty once it has ended.
    view: Option<Registration<'r>>,
}

impl<'r> Borrow<'r> {
    pub(super) fn new(view: Registration<'r>) -> Borrow<'r> {
        Borrow { view: Some(view) }
    }

    fn release(&mut self) -> Option<Registration<'r>> {
        let view = self.view.take()?;
        // No thread waits for a borrow: those that met it were refused.
        let mut table = view.registry.parts[view.part].table.lock();
        table.end_borrow(view.index);
        drop(table);
        Some(view)
    }

    /// Ends the borrow while its array lives on, which is a view like any other from now on.
    pub fn end(mut self) -> Registration<'r> {
        match self.release() {
            Some(view) => view,
            None => unreachable!("it ends here or when it is dropped"),
        }
    }
}

impl Drop for Borrow<'_> {
    fn drop(&mut self) {
        self.release();
    }
}

/// The whole table locked, around a fork.
pub struct Frozen<'r> {
    pub(super) guards: Vec<MutexGuard<'r, Table>>,
}

impl Frozen<'_> {
    /// In the child of a fork: the other threads are gone, and with them their operations.
    pub fn thaw_in_child(mut self) {
        let thread = current_thread();
        for table in &mut self.guards {
            table.keep_only(thread);
        }
    }
}
