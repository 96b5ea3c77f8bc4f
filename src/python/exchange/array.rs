//! NumPy arrays on audio's samples.

use pyo3::prelude::*;

use crate::python::class::AudioSamples;
use crate::python::exchange::ndarray;
use crate::python::running::leased;
use crate::registry::{Mode, ViewKind};

impl AudioSamples {
    /// An array on the samples, as they lie.
    #[inline(always)]
    pub fn shared_array<'py>(
        &self,
        py: Python<'py>,
        writable: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let samples = self.audio().samples();
        let export = samples.export(ViewKind::Array, writable, samples.layout())?;
        ndarray::array_of(py, export)
    }

    /// Runs `work` on an array that shares the samples, with a lease on them: no other operation is in between.
    pub fn with_array<'py, R>(
        &self,
        py: Python<'py>,
        mode: Mode,
        work: impl FnOnce(&Bound<'py, PyAny>) -> PyResult<R>,
    ) -> PyResult<R> {
        let samples = self.audio().samples();
        if mode == Mode::Write {
            samples.require_writable()?;
        }
        let array = self.shared_array(py, mode == Mode::Write)?;
        leased(py, &[(self.audio(), mode)], || work(&array))
    }
}
