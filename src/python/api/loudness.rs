//! How loud audio is, and audio made as loud as a caller says.

use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::audio::measure::Levels;
use crate::dsp::{Goal, LoudnessMeter, Measure, largest_peak};
use crate::python::arguments;
use crate::python::class::AudioSamples;
use crate::python::numpy::numpy_module;
use crate::python::running;

/// Factors of the channels' energies, as callers write them.
pub fn weights(given: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Vec<f64>>> {
    let Some(given) = given else {
        return Ok(None);
    };
    let weights = given.extract().map_err(|_| {
        PyTypeError::new_err(format!(
            "weights are numbers, one for each channel, such as [1, 1, 0], not {}",
            arguments::shown(given)
        ))
    })?;
    Ok(Some(weights))
}

/// What a caller normalizes to, in decibels: one of three, or the usual peak.
fn goal(
    peak: Option<&Bound<'_, PyAny>>,
    rms: Option<&Bound<'_, PyAny>>,
    lufs: Option<&Bound<'_, PyAny>>,
) -> PyResult<Goal> {
    /// dBFS of the peak where nothing is said.
    const USUAL: f64 = -1.0;
    let number = |given: &Bound<'_, PyAny>, name| arguments::number(given, name);
    match (peak, rms, lufs) {
        (None, None, None) => Ok(Goal::Peak(USUAL)),
        (Some(peak), None, None) => Ok(Goal::Peak(number(peak, "peak")?)),
        (None, Some(rms), None) => Ok(Goal::Rms(number(rms, "rms")?)),
        (None, None, Some(lufs)) => Ok(Goal::Lufs(number(lufs, "lufs")?)),
        _ => Err(pyo3::exceptions::PyValueError::new_err(
            "audio is normalized to one level: peak= in dBFS, rms= in dBFS or lufs= in LUFS",
        )),
    }
}

impl AudioSamples {
    fn measured(
        &self,
        py: Python<'_>,
        weights: Option<&Bound<'_, PyAny>>,
        measure: Measure,
    ) -> PyResult<LoudnessMeter> {
        let weights = self::weights(weights)?;
        running::run(py, 16 * self.bytes_per_pass(), |wait| {
            self.audio()
                .measured_loudness(measure, weights.as_deref(), wait)
        })
    }
}

#[pymethods]
impl AudioSamples {
    /// Integrated loudness in LUFS (ITU-R BS.1770-4, EBU R 128).
    ///
    /// -inf for silence, nan if a sample is. Audio of less than 0.4 s counts as one block of its
    /// own length. 5 and 6 channels count by their BS.1770 positions (L R C Ls Rs, L R C LFE Ls
    /// Rs), channels of any other number as 1 each, or by `weights`, one factor of the energy for
    /// each channel. ValueError for another number of weights, or more than 64 channels.
    ///
    /// >>> round(audio_samples.generation.sine_wave(997, duration=5.0).loudness(), 1)
    /// -3.0
    #[pyo3(signature = (weights = None))]
    fn loudness(&self, py: Python<'_>, weights: Option<&Bound<'_, PyAny>>) -> PyResult<f64> {
        Ok(self
            .measured(py, weights, Measure::Integrated)?
            .integrated())
    }

    /// Loudness range in LU (EBU Tech 3342); 0.0 for less than 3 s. `weights` as for `loudness`.
    ///
    /// >>> AudioSamples.zeros(48_000, 48_000).loudness_range()
    /// 0.0
    #[pyo3(signature = (weights = None))]
    fn loudness_range(&self, py: Python<'_>, weights: Option<&Bound<'_, PyAny>>) -> PyResult<f64> {
        Ok(self.measured(py, weights, Measure::Range)?.range())
    }

    /// Loudness of every 400 ms in LUFS, not gated: one value each 100 ms, the first at 400 ms.
    ///
    /// Less than 400 ms gives one value, of what there is. `weights` as for `loudness`.
    ///
    /// >>> AudioSamples.zeros(48_000, 48_000).momentary_loudness().shape
    /// (7,)
    #[pyo3(signature = (weights = None))]
    fn momentary_loudness<'py>(
        &self,
        py: Python<'py>,
        weights: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let [momentary, _] = self.measured(py, weights, Measure::Series)?.series();
        numpy_module(py)?.call_method1(intern!(py, "array"), (momentary, intern!(py, "float64")))
    }

    /// Loudness of every 3 s in LUFS, as `momentary_loudness`: one value each 100 ms, the first
    /// at 3 s.
    ///
    /// >>> AudioSamples.zeros(48_000, 48_000).short_term_loudness().shape
    /// (1,)
    #[pyo3(signature = (weights = None))]
    fn short_term_loudness<'py>(
        &self,
        py: Python<'py>,
        weights: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let [_, short] = self.measured(py, weights, Measure::Series)?.series();
        numpy_module(py)?.call_method1(intern!(py, "array"), (short, intern!(py, "float64")))
    }

    /// The largest true peak, between the samples too (ITU-R BS.1770-4, Annex 2): in dBTP, or
    /// 1.0 for full scale.
    ///
    /// >>> AudioSamples.new_mono(np.array([0.5, 0.5]), 48_000).true_peak(db=False) >= 0.5
    /// True
    #[pyo3(signature = (db = true, per_channel = false))]
    fn true_peak<'py>(
        &self,
        py: Python<'py>,
        db: bool,
        per_channel: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let peaks = running::run(py, 64 * self.bytes_per_pass(), |wait| {
            self.audio().true_peaks(wait)
        })?;
        let shown = |peak: f64| if db { Levels::decibels(peak) } else { peak };
        if !per_channel {
            return Ok(shown(largest_peak(&peaks)).into_pyobject(py)?.into_any());
        }
        let peaks: Vec<f64> = peaks.into_iter().map(shown).collect();
        numpy_module(py)?.call_method1(intern!(py, "array"), (peaks, intern!(py, "float64")))
    }

    /// New audio of one level: its peak or its RMS in dBFS, or its loudness in LUFS, over all
    /// channels.
    ///
    /// Silence stays silence. ValueError for two levels, and for a level that is no number, with
    /// the first frame to blame.
    ///
    /// >>> AudioSamples.new_mono(np.array([0.25, -0.5]), 48_000).normalize(peak=0).to_numpy()
    /// array([ 0.5, -1. ])
    #[pyo3(
        signature = (peak = None, *, rms = None, lufs = None, **others),
        text_signature = "($self, peak=-1.0, *, rms=None, lufs=None)"
    )]
    fn normalize(
        &self,
        py: Python<'_>,
        peak: Option<&Bound<'_, PyAny>>,
        rms: Option<&Bound<'_, PyAny>>,
        lufs: Option<&Bound<'_, PyAny>>,
        others: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<AudioSamples> {
        arguments::refuse_others("normalize", "peak=, rms= and lufs=", None, others)?;
        let goal = goal(peak, rms, lufs)?;
        let bytes = 2 * self.bytes_per_pass();
        let normalized = running::run(py, bytes, |wait| self.audio().normalized(goal, wait))?;
        Ok(AudioSamples::new(normalized))
    }

    /// `normalize`, where the samples lie. Gives the same object.
    #[pyo3(
        signature = (peak = None, *, rms = None, lufs = None, **others),
        text_signature = "($self, peak=-1.0, *, rms=None, lufs=None)"
    )]
    fn normalize_inplace<'py>(
        slf: Bound<'py, Self>,
        peak: Option<&Bound<'_, PyAny>>,
        rms: Option<&Bound<'_, PyAny>>,
        lufs: Option<&Bound<'_, PyAny>>,
        others: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Bound<'py, Self>> {
        arguments::refuse_others("normalize_inplace", "peak=, rms= and lufs=", None, others)?;
        let goal = goal(peak, rms, lufs)?;
        let audio = slf.get();
        running::run(slf.py(), 2 * audio.bytes_per_pass(), |wait| {
            audio.audio().normalize_own(goal, wait)
        })?;
        Ok(slf)
    }
}
