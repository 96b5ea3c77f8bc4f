//! Forks: nobody is inside the table of views or the directory of buffers while the process is copied.
//!
//! A child has one thread, the one that forked. A lock that another thread held at that moment stays locked in
//! it for ever. So the thread that forks takes all of them first. The system calls us for every
//! `fork()`, also for those of C libraries that no interpreter hears of.

#![allow(unsafe_code)]

#[cfg(all(unix, not(miri)))]
pub use unix::survive;

/// Where there is no fork there is nothing to survive.
#[cfg(not(all(unix, not(miri))))]
pub fn survive() {}

#[cfg(all(unix, not(miri)))]
mod unix {
    use std::cell::Cell;
    use std::sync::Once;

    use crate::memory;
    use crate::registry::{Frozen, Registry};

    /// The locks, in the order in which operations take them.
    struct Still {
        registry: Frozen<'static>,
        directory: memory::Still,
    }

    thread_local! {
        /// Kept by the thread that forks, which in the child is the only one.
        static STILL: Cell<Option<Still>> = const { Cell::new(None) };
    }

    extern "C" fn before() {
        let registry = Registry::global().freeze();
        let directory = memory::freeze();
        STILL.set(Some(Still {
            registry,
            directory,
        }));
    }

    extern "C" fn after_in_parent() {
        STILL.set(None);
    }

    extern "C" fn after_in_child() {
        if let Some(still) = STILL.take() {
            still.directory.thaw_in_child();
            still.registry.thaw_in_child();
        }
    }

    /// Has both stand still around every fork from now on.
    pub fn survive() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            // Who comes later is called earlier: the pool's lock is the innermost.
            memory::pool::survive_forks();
            // SAFETY: functions that live as long as the process. If the system's list is full, forks
            // go unprotected.
            unsafe {
                libc::pthread_atfork(Some(before), Some(after_in_parent), Some(after_in_child))
            };
        });
    }
}
