//! Audio at another sample rate.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3::types::PyString;

use crate::dsp::Quality;
use crate::python::arguments;
use crate::python::class::AudioSamples;
use crate::python::running;

/// A quality by its name.
pub fn quality(given: Option<&Bound<'_, PyString>>) -> PyResult<Quality> {
    match given {
        None => Ok(Quality::default()),
        Some(name) => Ok(name.to_string_lossy().parse()?),
    }
}

#[pymethods]
impl AudioSamples {
    /// New audio of another sample rate: `round(frames * rate / sample_rate)` frames, none late.
    ///
    /// Linear phase, by overlap-save with a sinc in Kaiser's window. `"high"` keeps the band up to
    /// 0.90 of the lower Nyquist frequency and turns the rest down by 140 dB; `"best"` up to 0.95
    /// and 186 dB, in float64. Integers saturate. `out` is audio of that rate and shape. ValueError
    /// for two rates that only a long time divides.
    ///
    /// >>> AudioSamples.zeros(44_100, 44_100).resample(48_000).shape
    /// (48000,)
    #[pyo3(
        signature = (rate = None, quality = None, *, out = None, **others),
        text_signature = "($self, rate, quality='high', *, out=None)"
    )]
    fn resample<'py>(
        slf: &Bound<'py, Self>,
        rate: Option<&Bound<'py, PyAny>>,
        quality: Option<&Bound<'py, PyString>>,
        out: Option<Bound<'py, AudioSamples>>,
        others: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Bound<'py, AudioSamples>> {
        arguments::refuse_others("resample", "rate=, quality= and out=", None, others)?;
        let rate = arguments::required("resample", "rate", rate)?;
        /// The filter may have to be designed, which takes long for any audio.
        const LONG: usize = usize::MAX;
        let (py, audio) = (slf.py(), slf.get());
        let (rate, quality) = (arguments::sample_rate(rate)?, self::quality(quality)?);
        if let Some(out) = out {
            if out.get().audio().rate() != rate {
                return Err(pyo3::exceptions::PyValueError::new_err(format!(
                    "out has {} Hz, and {} were asked for",
                    out.get().audio().rate().hertz(),
                    rate.hertz()
                )));
            }
            let into = out.get().audio();
            running::run(py, LONG, |wait| {
                audio.audio().resample_into(into, quality, wait)
            })?;
            return Ok(out);
        }
        let resampled = running::run(py, LONG, |wait| {
            audio.audio().resampled(rate, quality, wait)
        })?;
        Bound::new(py, AudioSamples::new(resampled))
    }
}
