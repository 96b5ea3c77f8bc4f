//! What every object that stands for a file tells of it.

use crate::files::facts::Facts;

/// Getters for what is known of a file, for a class with a field `facts`.
macro_rules! facts_of {
    ($Class:ident) => {
        #[::pyo3::pymethods]
        impl $Class {
            /// The kind of file, such as `WAV` or `FLAC`.
            #[getter]
            fn format(&self) -> &str {
                &self.facts.format
            }

            /// How samples are stored, such as `PCM_16` or `VORBIS`.
            #[getter]
            fn subtype(&self) -> &str {
                &self.facts.subtype
            }

            /// The number of frames.
            #[getter]
            fn frames(&self) -> u64 {
                self.facts.frames.unwrap_or(0)
            }

            /// The number of channels.
            #[getter]
            fn num_channels(&self) -> usize {
                self.facts.channels
            }

            /// Frames per second, in Hz.
            #[getter]
            fn sample_rate(&self) -> u32 {
                self.facts.rate.hertz()
            }

            /// Length in seconds.
            #[getter]
            fn duration(&self) -> f64 {
                $crate::python::files::facts::seconds(&self.facts)
            }

            /// The sample type that is read: that of `read`, or of the blocks.
            #[getter]
            fn dtype<'py>(
                &self,
                py: ::pyo3::Python<'py>,
            ) -> ::pyo3::PyResult<::pyo3::Bound<'py, ::pyo3::PyAny>> {
                $crate::python::numpy::numpy_dtype(py, self.facts.dtype)
            }
        }
    };
}

pub(super) use facts_of;

/// Length in seconds.
pub fn seconds(facts: &Facts) -> f64 {
    facts.frames.unwrap_or(0) as f64 / f64::from(facts.rate.hertz())
}

/// A file in one line.
pub fn shown(class: &str, facts: &Facts, closed: bool) -> String {
    format!(
        "{class}({} {}, {} channel{}, {} frame{}, {} Hz, {:.3} s{})",
        facts.format,
        facts.subtype,
        facts.channels,
        if facts.channels == 1 { "" } else { "s" },
        facts.frames.unwrap_or(0),
        if facts.frames == Some(1) { "" } else { "s" },
        facts.rate.hertz(),
        seconds(facts),
        if closed { ", closed" } else { "" }
    )
}
