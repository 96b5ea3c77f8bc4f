//! Locks and atomics, named once so that the registry's own tests can swap them for loom's.

#[cfg(not(all(test, loom)))]
pub use parking_lot::{Condvar, Mutex, MutexGuard};
pub use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
