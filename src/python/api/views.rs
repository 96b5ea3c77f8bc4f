//! The entries of the registry, as Python sees them.

use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::registry::{Mode, ViewEntry};

/// One entry of `AudioSamples.views`: something outside Rust that can reach the samples.
#[pyclass(frozen, module = "audio_samples")]
pub struct View(pub ViewEntry);

#[pymethods]
impl View {
    /// Through which protocol: `numpy`, `buffer`, `dlpack`, `arrow`, `borrow` or `borrow_mut`.
    #[getter]
    fn kind(&self) -> &'static str {
        self.0.kind.name()
    }

    /// `read` or `write`.
    #[getter]
    fn mode(&self) -> &'static str {
        match self.0.mode {
            Mode::Read => "read",
            Mode::Write => "write",
        }
    }

    /// The shape that its holder sees.
    #[getter]
    fn shape<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.0.shape[2 - self.0.ndim..])
    }

    /// The address of the first byte that the view reaches, and the one past its last.
    #[getter]
    fn span(&self) -> (usize, usize) {
        self.0.span.bounds()
    }

    fn __repr__(&self) -> String {
        let (low, high) = self.span();
        format!(
            "View(kind='{}', mode='{}', shape={}, span=({low:#x}, {high:#x}))",
            self.kind(),
            self.mode(),
            crate::error::shape_text(&self.0.shape[2 - self.0.ndim..])
        )
    }
}
