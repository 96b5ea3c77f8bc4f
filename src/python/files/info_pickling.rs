//! What `info` tells, in a pickle: a pool of processes may ask of many files.

use std::borrow::Cow;

use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::audio::SampleRate;
use crate::dtype::Dtype;
use crate::files::facts::Facts;
use crate::files::facts::{Cue, POSITIONS};
use crate::files::info::FileInfo;
use crate::python::files::read::AudioInfo;

/// Format, subtype, sample type, channels, frames and rate.
type PickledFacts = (String, String, String, usize, Option<u64>, u32);
/// Positions, tags, cues, obstacle and damage.
type PickledRest = (
    Vec<String>,
    Vec<(String, String)>,
    Vec<(u64, String)>,
    Option<String>,
    Option<String>,
);

#[pymethods]
impl AudioInfo {
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let told = self.told();
        let facts = &told.facts;
        let cues = told.cues.iter();
        let facts: PickledFacts = (
            facts.format.to_string(),
            facts.subtype.to_string(),
            facts.dtype.name().to_owned(),
            facts.channels,
            facts.frames,
            facts.rate.hertz(),
        );
        let rest: PickledRest = (
            told.positions.iter().map(ToString::to_string).collect(),
            told.tags.clone(),
            cues.map(|cue| (cue.frame, cue.label.clone())).collect(),
            told.obstacle.clone(),
            told.damage.clone(),
        );
        let module = py.import(intern!(py, "audio_samples._audio_samples"))?;
        let restore = module.getattr(intern!(py, "_restore_info"))?;
        (restore, (facts, rest)).into_pyobject(py)
    }
}

/// What was told once, out of a pickle.
#[pyfunction]
#[pyo3(name = "_restore_info")]
pub fn restore_info(facts: PickledFacts, rest: PickledRest) -> PyResult<AudioInfo> {
    let (format, subtype, dtype, channels, frames, rate) = facts;
    let (positions, tags, cues, obstacle, damage) = rest;
    let known = |name: &String| {
        let known = POSITIONS.into_iter().find(|known| known == name);
        known.ok_or_else(|| PyValueError::new_err(format!("there is no position '{name}'")))
    };
    Ok(AudioInfo::new(FileInfo {
        facts: Facts {
            format: Cow::Owned(format),
            subtype: Cow::Owned(subtype),
            dtype: Dtype::from_name(&dtype)?,
            channels,
            frames,
            rate: SampleRate::new(rate)?,
        },
        positions: positions.iter().map(known).collect::<PyResult<_>>()?,
        tags,
        cues: cues
            .into_iter()
            .map(|(frame, label)| Cue { frame, label })
            .collect(),
        obstacle,
        damage,
    }))
}
