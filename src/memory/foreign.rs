//! Memory that somebody else allocated: all we hold is the guard that gives it back.

/// Dropping it releases the memory. It may happen on any thread, at any time.
pub type Owner = Box<dyn Send + Sync>;
