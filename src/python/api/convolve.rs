//! Impulse responses, correlation, delay.

use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::audio::{Audio, SampleRate};
use crate::dsp::{ConvolutionMode, ImpulseResponse};
use crate::python::api::level::length;
use crate::python::arguments;
use crate::python::array::operand::refuse_masked;
use crate::python::class::AudioSamples;
use crate::python::exchange::ndarray;
use crate::python::exchange::outward::Outward;
use crate::python::numpy::numpy_module;
use crate::python::running;

/// Times that a pass over the samples takes less.
const WORK: usize = 64;

/// What samples are convolved with.
enum Taps<'py> {
    /// Audio of a rate.
    Audio(Bound<'py, AudioSamples>),
    /// Numbers, as samples of float64.
    Numbers(Audio),
}

impl<'py> Taps<'py> {
    fn of(given: &Bound<'py, PyAny>, name: &str) -> PyResult<Taps<'py>> {
        if let Ok(audio) = given.cast::<AudioSamples>() {
            return Ok(Taps::Audio(audio.clone()));
        }
        let py = given.py();
        refuse_masked(given)?;
        let array = numpy_module(py)?.call_out(intern!(py, "asarray"), (given,))?;
        let kind: String = array
            .getattr(intern!(py, "dtype"))?
            .getattr(intern!(py, "kind"))?
            .extract()?;
        let axes: usize = array.getattr(intern!(py, "ndim"))?.extract()?;
        if !matches!(kind.as_str(), "f" | "i" | "u") || axes == 0 {
            return Err(PyTypeError::new_err(format!(
                "{name} is AudioSamples, or an array or a list of real numbers of shape (taps,) or (channels, taps), \
                 not {}",
                arguments::shown(given)
            )));
        }
        // A copy: nothing else can change or lend it.
        let array = array.call_method1(intern!(py, "astype"), (intern!(py, "float64"),))?;
        // The rate is not used: numbers go with audio of any.
        Ok(Taps::Numbers(Audio::new(
            ndarray::adopt(&array)?,
            SampleRate::new(1)?,
        )?))
    }

    fn load(
        &self,
        py: Python<'_>,
        load: impl Fn(&Audio, crate::audio::Wait<'_>) -> Result<ImpulseResponse, crate::error::Error>
        + Sync,
    ) -> PyResult<ImpulseResponse> {
        match self {
            Taps::Audio(audio) => {
                let audio = audio.get();
                running::run(py, audio.bytes_per_pass(), |wait| load(audio.audio(), wait))
            }
            Taps::Numbers(audio) => {
                let bytes = audio.layout().len() * size_of::<f64>();
                let loaded = running::run(py, bytes, |wait| load(audio, wait))?;
                Ok(loaded.for_any_rate())
            }
        }
    }
}

/// An impulse response: audio, an array or a list.
pub fn impulse(given: &Bound<'_, PyAny>) -> PyResult<ImpulseResponse> {
    Taps::of(given, "ir")?.load(given.py(), ImpulseResponse::of)
}

fn mode(given: Option<&Bound<'_, PyString>>) -> PyResult<ConvolutionMode> {
    match given {
        None => Ok(ConvolutionMode::default()),
        Some(name) => Ok(name.to_string_lossy().parse()?),
    }
}

impl AudioSamples {
    fn convolution_bytes(&self, impulse: &ImpulseResponse) -> usize {
        WORK * (self.bytes_per_pass() + impulse.taps() * size_of::<f64>())
    }
}

#[pymethods]
impl AudioSamples {
    /// New audio convolved with an impulse response: a room, a loudspeaker, a FIR filter.
    ///
    /// `ir` is audio of the same rate, or an array or a list of shape (taps,) for all channels or
    /// (channels, taps). `"full"` gives `frames + taps - 1` frames, `"same"` as many as the audio
    /// has, from the middle of those, `"valid"` the `abs(frames - taps) + 1` for which the shorter
    /// of both lies inside the longer; audio without frames stays so. By overlap-save, up to 16
    /// taps by the sum itself; float32 is computed in float32, all else in float64. Integers are
    /// fractions of full scale, also those of audio as `ir`, and saturate. `out` is audio of that
    /// shape and the same rate, in memory of its own. A NaN spoils what the response reaches from
    /// it and what is in the same blocks.
    ///
    /// ValueError for no taps, taps that are not finite, other channels, another rate
    /// (`SampleRateError`) or an `out` that does not fit.
    ///
    /// >>> AudioSamples.new_mono(np.array([1.0, 0.0, 0.5]), 48_000).convolve([1, 0.5]).to_numpy()
    /// array([1.  , 0.5 , 0.5 , 0.25])
    #[pyo3(
        signature = (ir, mode = None, *, out = None),
        text_signature = "($self, ir, mode='full', *, out=None)"
    )]
    fn convolve<'py>(
        slf: &Bound<'py, Self>,
        ir: &Bound<'py, PyAny>,
        mode: Option<&Bound<'py, PyString>>,
        out: Option<Bound<'py, AudioSamples>>,
    ) -> PyResult<Bound<'py, AudioSamples>> {
        let (py, audio) = (slf.py(), slf.get());
        let (mode, impulse) = (self::mode(mode)?, impulse(ir)?);
        let bytes = audio.convolution_bytes(&impulse);
        if let Some(out) = out {
            let into = out.get().audio();
            running::run(py, bytes, |wait| {
                audio.audio().convolve_into(into, &impulse, mode, wait)
            })?;
            return Ok(out);
        }
        let convolved = running::run(py, bytes, |wait| {
            audio.audio().convolved(&impulse, mode, wait)
        })?;
        Bound::new(py, AudioSamples::new(convolved))
    }

    /// The sums of products with other audio that is moved along this: largest where they match.
    ///
    /// As `scipy.signal.correlate` of real numbers, channel by channel: `other` is audio of the
    /// same rate, or an array, of one channel or as many. Frame `i` of `"full"` is for this audio
    /// being later by `i - (len(other) - 1)` frames. Modes as for `convolve`. The result is
    /// float32 for float32 audio and float64 for all other, in which integers are fractions of
    /// full scale: sums know no full scale, and nothing saturates. Errors as for `convolve`, but
    /// NaN and infinity come out as they do of the sums.
    ///
    /// >>> audio = AudioSamples.new_mono(np.array([0.0, 0.0, 1.0, -1.0]), 48_000)
    /// >>> int(audio.correlate([1, -1]).argmax()) - 1
    /// 2
    #[pyo3(signature = (other, mode = None), text_signature = "($self, other, mode='full')")]
    fn correlate(
        &self,
        py: Python<'_>,
        other: &Bound<'_, PyAny>,
        mode: Option<&Bound<'_, PyString>>,
    ) -> PyResult<AudioSamples> {
        let mode = self::mode(mode)?;
        let backwards = Taps::of(other, "other")?.load(py, ImpulseResponse::backwards)?;
        let correlated = running::run(py, self.convolution_bytes(&backwards), |wait| {
            self.audio().correlated(&backwards, mode, wait)
        })?;
        Ok(AudioSamples::new(correlated))
    }

    /// New audio of the same length, later by `seconds` (to the nearest frame) or `frames`.
    ///
    /// Silence is in front, and what would come behind the end is lost: the channels of several
    /// audios still fit together. `pad(seconds)` keeps it and makes the audio longer;
    /// `audio[frames:]` is the other direction. ValueError for a negative time.
    ///
    /// >>> AudioSamples.new_mono(np.array([1.0, 2.0, 3.0]), 10).delay(0.1).to_numpy()
    /// array([0., 1., 2.])
    #[pyo3(signature = (seconds = None, *, frames = None))]
    fn delay(
        &self,
        py: Python<'_>,
        seconds: Option<&Bound<'_, PyAny>>,
        frames: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<AudioSamples> {
        let frames = length(self, seconds, frames)?;
        let delayed = running::run(py, self.bytes_per_pass(), |wait| {
            self.audio().delayed(frames, wait)
        })?;
        Ok(AudioSamples::new(delayed))
    }

    /// `delay`, where the samples lie. Gives the same object.
    #[pyo3(signature = (seconds = None, *, frames = None))]
    fn delay_inplace<'py>(
        slf: Bound<'py, Self>,
        seconds: Option<&Bound<'_, PyAny>>,
        frames: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Bound<'py, Self>> {
        let audio = slf.get();
        let frames = length(audio, seconds, frames)?;
        running::run(slf.py(), audio.bytes_per_pass(), |wait| {
            audio.audio().delay_own(frames, wait)
        })?;
        Ok(slf)
    }
}
