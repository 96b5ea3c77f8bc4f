//! `audio_samples.memory`: what is kept for reuse, and how much of it.

use pyo3::prelude::*;

use crate::memory::pool;

/// What our own memory is doing.
#[pyclass(frozen, module = "audio_samples.memory")]
pub struct Stats(pool::PoolStats);

#[pymethods]
impl Stats {
    /// Bytes that may be kept for reuse.
    #[getter]
    fn limit(&self) -> usize {
        self.0.limit
    }

    /// Bytes that are kept for reuse now.
    #[getter]
    fn held(&self) -> usize {
        self.0.held
    }

    /// Blocks that are kept for reuse now.
    #[getter]
    fn chunks(&self) -> usize {
        self.0.chunks
    }

    /// Bytes that samples occupy now.
    #[getter]
    fn in_use(&self) -> usize {
        self.0.in_use
    }

    /// Allocations so far that took a kept block.
    #[getter]
    fn reused(&self) -> u64 {
        self.0.reused
    }

    /// Allocations so far that took memory from the system.
    #[getter]
    fn fresh(&self) -> u64 {
        self.0.fresh
    }

    fn __repr__(&self) -> String {
        let pool::PoolStats {
            limit,
            held,
            chunks,
            in_use,
            reused,
            fresh,
        } = self.0;
        format!(
            "Stats(limit={limit}, held={held}, chunks={chunks}, in_use={in_use}, \
             reused={reused}, fresh={fresh})"
        )
    }
}

/// What is kept, what is in use, and how often memory was reused.
#[pyfunction]
fn stats() -> Stats {
    Stats(pool::stats())
}

/// Sets how many bytes may be kept for reuse; what is beyond goes back at once. 0 keeps
/// nothing.
#[pyfunction]
fn set_limit(bytes: usize) {
    pool::set_limit(bytes);
}

/// Gives everything that is kept back to the system, and says how many bytes that was.
#[pyfunction]
fn trim() -> usize {
    pool::trim()
}

/// Freed memory is kept for the next result: fresh pages cost more than arithmetic on them.
#[pymodule(gil_used = false)]
pub mod memory {
    #[pymodule_export]
    use super::{Stats, set_limit, stats, trim};
}
