//! The processors of dynamics, block by block.

use pyo3::prelude::*;

use super::{Number, compressor_of, curve_of, expander_of, gate_of, limiter_of};
use crate::dsp::{Limiting, Reduction};
use crate::python::api::processor::ProcessorObject;
use crate::python::class::AudioSamples;

/// Makes what is above `threshold_db` softer. As `AudioSamples.compress`.
///
/// >>> loud = AudioSamples.new_mono(np.ones(48_000), 48_000)
/// >>> softer = loud.apply(audio_samples.dsp.Compressor(-20, ratio=4))
#[pyclass(frozen, extends = ProcessorObject, module = "audio_samples.dsp", name = "Compressor")]
pub struct CompressorObject {
    made: Reduction,
}

#[pymethods]
impl CompressorObject {
    #[new]
    #[pyo3(
        signature = (threshold_db = None, ratio = None, *, attack_ms = None, release_ms = None, knee_db = None),
        text_signature = "(threshold_db=-20.0, ratio=4.0, *, attack_ms=5.0, release_ms=100.0, knee_db=6.0)"
    )]
    fn __new__(
        threshold_db: Number<'_, '_>,
        ratio: Number<'_, '_>,
        attack_ms: Number<'_, '_>,
        release_ms: Number<'_, '_>,
        knee_db: Number<'_, '_>,
    ) -> PyResult<PyClassInitializer<CompressorObject>> {
        let made =
            compressor_of(threshold_db, ratio, attack_ms, release_ms, knee_db)?.processor()?;
        Ok(ProcessorObject::of(made.clone()).add_subclass(CompressorObject { made }))
    }

    /// The gain of each frame of `audio` as a whole, in dB: 0 or less, of shape (frames,).
    ///
    /// The processor's own state is neither used nor changed.
    ///
    /// >>> loud = AudioSamples.new_mono(np.ones(48_000), 48_000)
    /// >>> audio_samples.dsp.Compressor(-20, ratio=4).gain_curve(loud)[-1].round(3)
    /// np.float64(-15.0)
    fn gain_curve<'py>(&self, audio: &Bound<'py, AudioSamples>) -> PyResult<Bound<'py, PyAny>> {
        curve_of(audio, |audio, wait| self.made.gain_curve(audio, wait))
    }
}

/// Makes what is below `threshold_db` softer still. As `AudioSamples.expand`.
#[pyclass(frozen, extends = ProcessorObject, module = "audio_samples.dsp", name = "Expander")]
pub struct ExpanderObject {
    made: Reduction,
}

#[pymethods]
impl ExpanderObject {
    #[new]
    #[pyo3(
        signature = (threshold_db = None, ratio = None, *, attack_ms = None, release_ms = None, knee_db = None),
        text_signature = "(threshold_db=-40.0, ratio=2.0, *, attack_ms=5.0, release_ms=100.0, knee_db=6.0)"
    )]
    fn __new__(
        threshold_db: Number<'_, '_>,
        ratio: Number<'_, '_>,
        attack_ms: Number<'_, '_>,
        release_ms: Number<'_, '_>,
        knee_db: Number<'_, '_>,
    ) -> PyResult<PyClassInitializer<ExpanderObject>> {
        let made = expander_of(threshold_db, ratio, attack_ms, release_ms, knee_db)?.processor()?;
        Ok(ProcessorObject::of(made.clone()).add_subclass(ExpanderObject { made }))
    }

    /// The gain of each frame of `audio` as a whole, in dB: 0 or less, of shape (frames,).
    ///
    /// The processor's own state is neither used nor changed.
    ///
    /// >>> loud = AudioSamples.new_mono(np.ones(48_000), 48_000)
    /// >>> audio_samples.dsp.Compressor(-20, ratio=4).gain_curve(loud)[-1].round(3)
    /// np.float64(-15.0)
    fn gain_curve<'py>(&self, audio: &Bound<'py, AudioSamples>) -> PyResult<Bound<'py, PyAny>> {
        curve_of(audio, |audio, wait| self.made.gain_curve(audio, wait))
    }
}

/// Turns down what is below `threshold_db`. As `AudioSamples.gate`.
#[pyclass(frozen, extends = ProcessorObject, module = "audio_samples.dsp", name = "Gate")]
pub struct GateObject {
    made: Reduction,
}

#[pymethods]
impl GateObject {
    #[new]
    #[pyo3(
        signature = (threshold_db = None, *, attack_ms = None, hold_ms = None, release_ms = None, range_db = None),
        text_signature = "(threshold_db=-50.0, *, attack_ms=1.0, hold_ms=50.0, release_ms=100.0, range_db=80.0)"
    )]
    fn __new__(
        threshold_db: Number<'_, '_>,
        attack_ms: Number<'_, '_>,
        hold_ms: Number<'_, '_>,
        release_ms: Number<'_, '_>,
        range_db: Number<'_, '_>,
    ) -> PyResult<PyClassInitializer<GateObject>> {
        let made = gate_of(threshold_db, attack_ms, hold_ms, release_ms, range_db)?.processor()?;
        Ok(ProcessorObject::of(made.clone()).add_subclass(GateObject { made }))
    }

    /// The gain of each frame of `audio` as a whole, in dB: 0 or less, of shape (frames,).
    ///
    /// The processor's own state is neither used nor changed.
    ///
    /// >>> loud = AudioSamples.new_mono(np.ones(48_000), 48_000)
    /// >>> audio_samples.dsp.Compressor(-20, ratio=4).gain_curve(loud)[-1].round(3)
    /// np.float64(-15.0)
    fn gain_curve<'py>(&self, audio: &Bound<'py, AudioSamples>) -> PyResult<Bound<'py, PyAny>> {
        curve_of(audio, |audio, wait| self.made.gain_curve(audio, wait))
    }
}

/// Lets no sample past `ceiling_db`. As `AudioSamples.limit`.
///
/// The look-ahead holds back as many frames: that is the latency.
///
/// >>> master = audio_samples.dsp.Chain([audio_samples.dsp.Gain(3), audio_samples.dsp.Limiter(-1)])
#[pyclass(frozen, extends = ProcessorObject, module = "audio_samples.dsp", name = "Limiter")]
pub struct LimiterObject {
    made: Limiting,
}

#[pymethods]
impl LimiterObject {
    #[new]
    #[pyo3(
        signature = (ceiling_db = None, *, lookahead_ms = None, release_ms = None),
        text_signature = "(ceiling_db=-1.0, *, lookahead_ms=5.0, release_ms=50.0)"
    )]
    fn __new__(
        ceiling_db: Number<'_, '_>,
        lookahead_ms: Number<'_, '_>,
        release_ms: Number<'_, '_>,
    ) -> PyResult<PyClassInitializer<LimiterObject>> {
        let made = limiter_of(ceiling_db, lookahead_ms, release_ms)?.processor()?;
        Ok(ProcessorObject::of(made.clone()).add_subclass(LimiterObject { made }))
    }

    /// The gain of each frame of `audio` as a whole, in dB: 0 or less, of shape (frames,).
    ///
    /// The processor's own state is neither used nor changed.
    ///
    /// >>> loud = AudioSamples.new_mono(np.ones(48_000), 48_000)
    /// >>> audio_samples.dsp.Compressor(-20, ratio=4).gain_curve(loud)[-1].round(3)
    /// np.float64(-15.0)
    fn gain_curve<'py>(&self, audio: &Bound<'py, AudioSamples>) -> PyResult<Bound<'py, PyAny>> {
        curve_of(audio, |audio, wait| self.made.gain_curve(audio, wait))
    }
}
