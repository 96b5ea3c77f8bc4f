//! `audio_samples.dsp`: processors, which go on from block to block.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::audio::level::Gain as GainOf;
use crate::audio::measure::{Levels, together};
use crate::dsp as core;
use crate::dsp::{Framewise, largest_peak};
use crate::python::api::level::curve;
use crate::python::api::loudness::weights;
use crate::python::api::processor::{OneAtATime, ProcessorObject, wait};
use crate::python::api::resample;
use crate::python::api::{conversion, convolve, dynamics, equalizer, filter, processor};
use crate::python::arguments;
use crate::python::class::AudioSamples;
use crate::python::files::edit::FileEdit;

/// A gain of `db` decibels; -inf is silence. As `AudioSamples.gain`.
#[pyclass(frozen, extends = ProcessorObject, module = "audio_samples.dsp", name = "Gain")]
pub struct GainObject;

#[pymethods]
impl GainObject {
    #[new]
    fn __new__(db: &Bound<'_, PyAny>) -> PyResult<PyClassInitializer<GainObject>> {
        let gain = GainOf::decibels(arguments::number(db, "db")?)?;
        Ok(ProcessorObject::of(Framewise::new(gain)).add_subclass(GainObject))
    }
}

/// A fade in of `fade_in` seconds at the beginning, and a fade out of `fade_out` seconds at the
/// end, wherever that comes.
///
/// The fade out holds back as many frames as it takes: that is the latency. Curves as for
/// `AudioSamples.fade_in`.
#[pyclass(frozen, extends = ProcessorObject, module = "audio_samples.dsp", name = "Fade")]
pub struct FadeObject;

#[pymethods]
impl FadeObject {
    #[new]
    #[pyo3(
        signature = (fade_in = None, fade_out = None, *, curve = None),
        text_signature = "(fade_in=0.0, fade_out=0.0, *, curve='linear')"
    )]
    fn __new__(
        fade_in: Option<&Bound<'_, PyAny>>,
        fade_out: Option<&Bound<'_, PyAny>>,
        curve: Option<&Bound<'_, PyString>>,
    ) -> PyResult<PyClassInitializer<FadeObject>> {
        let seconds = |given: Option<&Bound<'_, PyAny>>, name| {
            given.map_or(Ok(0.0), |given| arguments::number(given, name))
        };
        let (start, end) = (seconds(fade_in, "fade_in")?, seconds(fade_out, "fade_out")?);
        let fade = core::FadeEnds::new(start, end, self::curve(curve)?)?;
        Ok(ProcessorObject::of(fade).add_subclass(FadeObject))
    }
}

/// A filter of second-order sections, of shape (sections, 6). As `AudioSamples.filter`.
#[pyclass(frozen, extends = ProcessorObject, module = "audio_samples.dsp", name = "Filter")]
pub struct FilterObject;

#[pymethods]
impl FilterObject {
    #[new]
    fn __new__(sos: &Bound<'_, PyAny>) -> PyResult<PyClassInitializer<FilterObject>> {
        let filter = core::Filter::new(filter::sections(sos)?);
        Ok(ProcessorObject::of(filter).add_subclass(FilterObject))
    }
}

/// The bands of an equalizer, such as `("peaking", 1_000, 3.0)`. As `AudioSamples.eq`.
#[pyclass(frozen, extends = ProcessorObject, module = "audio_samples.dsp", name = "Equalizer")]
pub struct EqualizerObject;

#[pymethods]
impl EqualizerObject {
    #[new]
    fn __new__(bands: &Bound<'_, PyAny>) -> PyResult<PyClassInitializer<EqualizerObject>> {
        let filter = core::Filter::by_bands(equalizer::bands(bands)?);
        Ok(ProcessorObject::of(filter).add_subclass(EqualizerObject))
    }
}

/// Rounds to steps of `2**-(bits - 1)` with dither: `tpdf` or `shaped`, as
/// `AudioSamples.convert`.
#[pyclass(frozen, extends = ProcessorObject, module = "audio_samples.dsp", name = "Dither")]
pub struct DitherObject;

#[pymethods]
impl DitherObject {
    #[new]
    #[pyo3(
        signature = (bits = None, kind = None, *, seed = None),
        text_signature = "(bits=16, kind='tpdf', *, seed=None)"
    )]
    fn __new__(
        py: Python<'_>,
        bits: Option<&Bound<'_, PyAny>>,
        kind: Option<&Bound<'_, PyString>>,
        seed: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<PyClassInitializer<DitherObject>> {
        let bits = bits.map_or(Ok(16), |given| arguments::count(given, "bits", 2))?;
        let usual = PyString::new(py, "tpdf");
        let dither = conversion::dither(Some(kind.unwrap_or(&usual)), seed)?;
        let (kind, seed) = dither.ok_or_else(|| PyTypeError::new_err("a kind of dither"))?;
        let bits = u32::try_from(bits).unwrap_or(u32::MAX);
        let dithering = core::Dithering::new(bits, kind, seed)?;
        Ok(ProcessorObject::of(dithering).add_subclass(DitherObject))
    }
}

/// Another sample rate. As `AudioSamples.resample`: no frame comes late, some are held back.
#[pyclass(frozen, extends = ProcessorObject, module = "audio_samples.dsp", name = "Resampler")]
pub struct ResamplerObject;

#[pymethods]
impl ResamplerObject {
    #[new]
    #[pyo3(
        signature = (rate, quality = None),
        text_signature = "(rate, quality='high')"
    )]
    fn __new__(
        rate: &Bound<'_, PyAny>,
        quality: Option<&Bound<'_, PyString>>,
    ) -> PyResult<PyClassInitializer<ResamplerObject>> {
        let rate = arguments::sample_rate(rate)?;
        let resampler = core::Resampler::new(rate, resample::quality(quality)?);
        Ok(ProcessorObject::of(resampler).add_subclass(ResamplerObject))
    }
}

/// An impulse response: audio, or an array of shape (taps,) or (channels, taps). As
/// `AudioSamples.convolve`.
///
/// Frames are held back until a block of the convolution is whole: that is the latency, some
/// 16,384 frames for a second of response, and 0 up to 16 taps. The tail of `taps - 1` frames
/// comes out of `flush`, `stream` and `AudioSamples.apply`; where samples stay in their place
/// (`apply_inplace`, `edit(path).apply`) there is no room for it, and it is cut off: `stream`
/// into `write` keeps it.
///
/// >>> echo = audio_samples.dsp.Convolver([1.0, 0.0, 0.5])
/// >>> AudioSamples.new_mono(np.ones(2), 48_000).apply(echo).to_numpy()
/// array([1. , 1. , 0.5, 0.5])
#[pyclass(frozen, extends = ProcessorObject, module = "audio_samples.dsp", name = "Convolver")]
pub struct ConvolverObject;

#[pymethods]
impl ConvolverObject {
    #[new]
    fn __new__(ir: &Bound<'_, PyAny>) -> PyResult<PyClassInitializer<ConvolverObject>> {
        let convolver = core::Convolver::new(convolve::impulse(ir)?);
        Ok(ProcessorObject::of(convolver).add_subclass(ConvolverObject))
    }
}

/// Processors one after the other. Copies of them are made: what they have processed stays with
/// them.
///
/// >>> from audio_samples import dsp
/// >>> chain = dsp.Chain([dsp.Gain(-6), dsp.Fade(0.1, 0.5)])
#[pyclass(frozen, extends = ProcessorObject, module = "audio_samples.dsp", name = "Chain")]
pub struct ChainObject;

#[pymethods]
impl ChainObject {
    #[new]
    fn __new__(processors: &Bound<'_, PyAny>) -> PyResult<PyClassInitializer<ChainObject>> {
        let mut stages = Vec::new();
        let none = |_| {
            PyTypeError::new_err(format!(
                "a Chain takes a list of processors, such as Chain([dsp.Gain(-6)]), not {}",
                arguments::shown(processors)
            ))
        };
        for item in processors.try_iter().map_err(none)? {
            let item = item?;
            let stage = item.cast::<ProcessorObject>().map_err(|_| {
                PyTypeError::new_err(format!(
                    "a Chain takes processors such as dsp.Gain(-6), not {}; a meter is updated with the blocks beside it",
                    arguments::shown(&item)
                ))
            })?;
            stages.push(stage.get().another());
        }
        Ok(ProcessorObject::of(core::Chain::new(stages)).add_subclass(ChainObject))
    }
}

/// Levels of all blocks so far: what audio's methods give of the whole, bit for bit.
///
/// >>> meter = audio_samples.dsp.LevelMeter()
/// >>> meter.update(AudioSamples.new_mono(np.array([0.5, -0.5]), 48_000))
/// >>> meter.peak, meter.rms
/// (0.5, 0.5)
#[pyclass(frozen, module = "audio_samples.dsp", name = "LevelMeter")]
pub struct LevelMeterObject {
    meter: OneAtATime<core::LevelMeter>,
}

impl LevelMeterObject {
    fn levels(&self) -> PyResult<Levels> {
        let channels = self.meter.with(|meter| Ok(meter.levels()))?;
        Ok(together(&channels))
    }
}

#[pymethods]
impl LevelMeterObject {
    #[new]
    fn __new__() -> LevelMeterObject {
        LevelMeterObject {
            meter: OneAtATime::new(core::LevelMeter::new()),
        }
    }

    /// Takes in a block. ValueError for one of another rate, type or number of channels.
    fn update(&self, py: Python<'_>, block: &Bound<'_, AudioSamples>) -> PyResult<()> {
        let audio = block.get().audio();
        self.meter
            .with(|meter| wait(py, |until| meter.update(audio, until)))
    }

    /// Forgets all blocks.
    fn reset(&self) -> PyResult<()> {
        self.meter.with(|meter| {
            *meter = core::LevelMeter::new();
            Ok(())
        })
    }

    /// The largest distance of a sample from zero; full scale is 1.0.
    #[getter]
    fn peak(&self) -> PyResult<f64> {
        Ok(self.levels()?.peak())
    }

    /// The root of the mean square; full scale is 1.0.
    #[getter]
    fn rms(&self) -> PyResult<f64> {
        Ok(self.levels()?.rms())
    }

    /// Peak by RMS.
    #[getter]
    fn crest_factor(&self) -> PyResult<f64> {
        Ok(self.levels()?.crest_factor())
    }

    /// The mean; full scale is 1.0.
    #[getter]
    fn dc_offset(&self) -> PyResult<f64> {
        Ok(self.levels()?.dc_offset())
    }
}

/// Loudness of all blocks so far (EBU R 128, ITU-R BS.1770-4).
///
/// `weights` as for `AudioSamples.loudness`. `only` is 'integrated', 'range' or 'true_peak' for a
/// meter of one of them, which takes half the time; asked for another, it raises a ValueError.
///
/// >>> meter = audio_samples.dsp.LoudnessMeter()
/// >>> meter.update(AudioSamples.zeros(48_000, 48_000))
/// >>> meter.integrated
/// -inf
#[pyclass(frozen, module = "audio_samples.dsp", name = "LoudnessMeter")]
pub struct LoudnessMeterObject {
    meter: OneAtATime<core::LoudnessMeter>,
    only: Option<core::Measure>,
}

/// What a meter may measure alone, as users call it.
const MEASURES: [(&str, core::Measure); 3] = [
    ("integrated", core::Measure::Integrated),
    ("range", core::Measure::Range),
    ("true_peak", core::Measure::TruePeak),
];

impl LoudnessMeterObject {
    fn of(
        &self,
        measured_by: &[core::Measure],
        of: impl FnOnce(&core::LoudnessMeter) -> f64,
    ) -> PyResult<f64> {
        if let Some(only) = self.only.filter(|only| !measured_by.contains(only)) {
            let known = MEASURES.iter().find(|(_, measure)| *measure == only);
            let name = known.map_or("", |(name, _)| name);
            return Err(PyValueError::new_err(format!(
                "this meter was made with only='{name}'; one without it measures all"
            )));
        }
        self.meter.with(|meter| Ok(of(meter)))
    }
}

#[pymethods]
impl LoudnessMeterObject {
    #[new]
    #[pyo3(signature = (weights = None, *, only = None))]
    fn __new__(
        weights: Option<&Bound<'_, PyAny>>,
        only: Option<&str>,
    ) -> PyResult<LoudnessMeterObject> {
        let measure = |given: &str| {
            let known = MEASURES.iter().find(|(name, _)| *name == given);
            known.map(|(_, measure)| *measure).ok_or_else(|| {
                PyValueError::new_err(format!(
                    "only is 'integrated', 'range' or 'true_peak', not '{given}'"
                ))
            })
        };
        let only = only.map(measure).transpose()?;
        let weights = self::weights(weights)?;
        let meter = match only {
            None => core::LoudnessMeter::new(weights)?,
            Some(only) => core::LoudnessMeter::of_one(only, weights.as_deref())?,
        };
        Ok(LoudnessMeterObject {
            meter: OneAtATime::new(meter),
            only,
        })
    }

    /// Takes in a block. ValueError for one of another rate, type or number of channels.
    fn update(&self, py: Python<'_>, block: &Bound<'_, AudioSamples>) -> PyResult<()> {
        let audio = block.get().audio();
        self.meter
            .with(|meter| wait(py, |until| meter.update(audio, until)))
    }

    /// Forgets all blocks.
    fn reset(&self) -> PyResult<()> {
        self.meter.with(|meter| {
            meter.reset();
            Ok(())
        })
    }

    /// Integrated loudness in LUFS, gated: -inf for silence.
    #[getter]
    fn integrated(&self) -> PyResult<f64> {
        self.of(
            &[core::Measure::Integrated],
            core::LoudnessMeter::integrated,
        )
    }

    /// Loudness of the last 400 ms in LUFS.
    #[getter]
    fn momentary(&self) -> PyResult<f64> {
        self.of(
            &[core::Measure::Integrated, core::Measure::Range],
            core::LoudnessMeter::momentary,
        )
    }

    /// Loudness of the last 3 s in LUFS.
    #[getter]
    fn short_term(&self) -> PyResult<f64> {
        self.of(
            &[core::Measure::Integrated, core::Measure::Range],
            core::LoudnessMeter::short_term,
        )
    }

    /// Loudness range in LU (EBU Tech 3342).
    #[getter]
    fn range(&self) -> PyResult<f64> {
        self.of(&[core::Measure::Range], core::LoudnessMeter::range)
    }

    /// The largest true peak in dBTP (ITU-R BS.1770-4, Annex 2).
    #[getter]
    fn true_peak(&self) -> PyResult<f64> {
        self.of(&[core::Measure::TruePeak], |meter| {
            Levels::decibels(largest_peak(&meter.true_peaks()))
        })
    }
}

/// The processor that `apply` uses, as it was made.
fn one_processor(given: &Bound<'_, PyAny>) -> PyResult<Box<dyn core::Processor>> {
    let processor = given.cast::<ProcessorObject>().map_err(|_| {
        PyTypeError::new_err(format!(
            "apply takes a processor of audio_samples.dsp, such as dsp.Gain(-6), not {}; dsp.Chain([...]) is several, one \
             after the other",
            arguments::shown(given)
        ))
    })?;
    Ok(processor.get().another())
}

#[pymethods]
impl AudioSamples {
    /// New audio: a processor of `audio_samples.dsp` used once on the whole.
    ///
    /// Latency is taken out and what is inside at the end comes out. The processor's own state is
    /// neither used nor changed.
    ///
    /// >>> AudioSamples.new_mono(np.ones(2), 48_000).apply(audio_samples.dsp.Gain(-20)).to_numpy()
    /// array([0.1, 0.1])
    fn apply(&self, py: Python<'_>, processor: &Bound<'_, PyAny>) -> PyResult<AudioSamples> {
        let processor = one_processor(processor)?;
        let applied = wait(py, |until| self.audio().applied(&*processor, until))?;
        Ok(AudioSamples::new(applied))
    }

    /// `apply`, where the samples lie. Gives the same object.
    fn apply_inplace<'py>(
        slf: Bound<'py, Self>,
        processor: &Bound<'_, PyAny>,
    ) -> PyResult<Bound<'py, Self>> {
        let processor = one_processor(processor)?;
        let audio = slf.get().audio();
        wait(slf.py(), |until| audio.apply_to_own(&*processor, until))?;
        Ok(slf)
    }
}

#[pymethods]
impl FileEdit {
    /// Uses a processor of `audio_samples.dsp` once on the whole file, where it lies, in bounded
    /// memory.
    ///
    /// Latency is taken out, and what is inside at the end comes out. Iterating begins at the first
    /// frame again. Ctrl-C stops it: the file is processed up to some block then.
    fn apply(&self, py: Python<'_>, processor: &Bound<'_, PyAny>) -> PyResult<()> {
        let processor = one_processor(processor)?;
        self.process(py, &*processor)
    }
}

/// Processing that goes on from block to block.
#[pymodule(gil_used = false)]
pub mod dsp {
    #[pymodule_export]
    use super::dynamics::{CompressorObject, ExpanderObject, GateObject, LimiterObject};
    #[pymodule_export]
    use super::filter::design;
    #[pymodule_export]
    use super::processor::ProcessorObject;
    #[pymodule_export]
    use super::{
        ChainObject, ConvolverObject, DitherObject, EqualizerObject, FadeObject, FilterObject,
        GainObject, LevelMeterObject, LoudnessMeterObject, ResamplerObject,
    };
}
