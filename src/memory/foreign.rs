//! Memory that another library allocated: the crate holds only the guard that gives it back.

/// Dropping it releases the memory. It may happen on any thread, at any time.
pub type Owner = Box<dyn Send + Sync>;
