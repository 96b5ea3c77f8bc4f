//! Locks and atomics, named once so that the registry's own tests can swap them for loom's.
//!
//! The locks are std's without the poison: what they guard is whole again before anything can panic.
//!
//! They are std's, not parking_lot's, wherever a thread may wait. A lock of std's keeps its sleepers in the kernel, by its
//! own address, and the kernel does not copy them into a forked child. parking_lot keeps them in a table of the process,
//! which the child inherits: its next unlock wakes a thread of the parent's that is not there, and the child's own
//! sleeper sleeps on.

pub use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

#[cfg(all(test, loom))]
pub(crate) use modelled::per_thread;
#[cfg(all(test, loom))]
pub use modelled::{Condvar, Mutex, MutexGuard};
#[cfg(not(all(test, loom)))]
pub(crate) use native::per_thread;
#[cfg(not(all(test, loom)))]
pub use native::{Condvar, Mutex, MutexGuard};

#[cfg(not(all(test, loom)))]
mod native {
    use std::sync::PoisonError;
    use std::time::Duration;

    pub use std::sync::MutexGuard;

    /// A variable of each thread.
    macro_rules! per_thread {
        ($(#[$doc:meta])* static $name:ident: $T:ty = $init:expr;) => {
            std::thread_local! { $(#[$doc])* static $name: $T = const { $init } }
        };
    }
    pub(crate) use per_thread;

    pub struct Mutex<T>(std::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub const fn new(value: T) -> Mutex<T> {
            Mutex(std::sync::Mutex::new(value))
        }

        #[inline]
        pub fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }

    pub struct Condvar(std::sync::Condvar);

    impl Condvar {
        pub const fn new() -> Condvar {
            Condvar(std::sync::Condvar::new())
        }

        pub fn notify_all(&self) {
            self.0.notify_all();
        }

        /// Sleeps while `condition` holds, but no longer than `limit`. Also says whether it holds still.
        pub fn wait_while<'a, T>(
            &self,
            guard: MutexGuard<'a, T>,
            limit: Duration,
            condition: impl FnMut(&mut T) -> bool,
        ) -> (MutexGuard<'a, T>, bool) {
            let woken = self.0.wait_timeout_while(guard, limit, condition);
            let (guard, limited) = woken.unwrap_or_else(PoisonError::into_inner);
            (guard, limited.timed_out())
        }
    }
}

/// The same on loom, which tries every order of the threads. Time stands still: nothing times out, so
/// that a wake-up that is lost is a deadlock that loom reports.
#[cfg(all(test, loom))]
mod modelled {
    use std::sync::{OnceLock, PoisonError};
    use std::time::Duration;

    pub use loom::sync::MutexGuard;

    macro_rules! per_thread {
        ($(#[$doc:meta])* static $name:ident: $T:ty = $init:expr;) => {
            loom::thread_local! { $(#[$doc])* static $name: $T = $init; }
        };
    }
    pub(crate) use per_thread;

    /// Loom's own locks have no const constructor; these become one of them when first used.
    pub struct Mutex<T> {
        first: std::sync::Mutex<Option<T>>,
        model: OnceLock<loom::sync::Mutex<T>>,
    }

    impl<T> Mutex<T> {
        pub const fn new(value: T) -> Mutex<T> {
            Mutex {
                first: std::sync::Mutex::new(Some(value)),
                model: OnceLock::new(),
            }
        }

        pub fn lock(&self) -> MutexGuard<'_, T> {
            let model = self.model.get_or_init(|| {
                let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
                loom::sync::Mutex::new(first.take().expect("taken once"))
            });
            model.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }

    pub struct Condvar(OnceLock<loom::sync::Condvar>);

    impl Condvar {
        pub const fn new() -> Condvar {
            Condvar(OnceLock::new())
        }

        pub fn notify_all(&self) {
            self.0.get_or_init(loom::sync::Condvar::new).notify_all();
        }

        pub fn wait_while<'a, T>(
            &self,
            mut guard: MutexGuard<'a, T>,
            _limit: Duration,
            mut condition: impl FnMut(&mut T) -> bool,
        ) -> (MutexGuard<'a, T>, bool) {
            while condition(&mut guard) {
                let model = self.0.get_or_init(loom::sync::Condvar::new);
                guard = model.wait(guard).unwrap_or_else(PoisonError::into_inner);
            }
            (guard, false)
        }
    }
}
