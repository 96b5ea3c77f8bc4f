//! Forks: no thread is inside the registry, the directory of buffers or the pool while the process is copied.
//!
//! A child has one thread, the one that forked. A lock that another thread held at that moment stays locked in it for
//! ever. So the forking thread takes all of them first: one handler, registered once, takes them in the order in which
//! operations do (the registry's parts, the directory, the lists of mapped files and of segments, the pool), and cannot
//! deadlock with one. The system runs it for every `fork()`, also for those of C libraries that no interpreter hears of.

#![allow(unsafe_code)]

#[cfg(all(unix, not(miri)))]
pub use unix::survive;

/// Without forks there is nothing to survive.
#[cfg(not(all(unix, not(miri))))]
pub fn survive() {}

#[cfg(all(unix, not(miri)))]
mod unix {
    use std::cell::Cell;
    use std::sync::Once;

    use crate::memory::{self, ForkGuard};
    use crate::registry::{Frozen, Registry};

    thread_local! {
        /// The locks that the forking thread holds, which in the child is the only thread.
        static HELD: Cell<Option<(Frozen<'static>, ForkGuard)>> = const { Cell::new(None) };
    }

    extern "C" fn before() {
        // In the order in which operations take them.
        let registry = Registry::global().freeze();
        HELD.set(Some((registry, memory::freeze())));
    }

    extern "C" fn after_in_parent() {
        HELD.set(None);
    }

    extern "C" fn after_in_child() {
        if let Some((registry, memory)) = HELD.take() {
            memory.thaw_in_child();
            registry.thaw_in_child();
        }
    }

    /// Makes forks safe from now on.
    pub fn survive() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            // SAFETY: functions that live as long as the process. If the system's list is full, forks
            // go unprotected.
            unsafe {
                libc::pthread_atfork(Some(before), Some(after_in_parent), Some(after_in_child))
            };
        });
    }
}
