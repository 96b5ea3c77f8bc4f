//! `audio_samples.generation`: signals written straight into a buffer.

use pyo3::prelude::*;

use crate::audio::generation as core;
use crate::audio::{Audio, SampleRate};
use crate::dtype::Dtype;
use crate::error::Error;
use crate::python::arguments;
use crate::python::class::AudioSamples;

/// The sample rate that is meant where none is given, in Hz.
const DEFAULT_RATE: u32 = 44_100;

/// What every signal has: how fast, and in which type.
struct SignalFacts {
    rate: SampleRate,
    dtype: Dtype,
}

impl SignalFacts {
    fn of(
        rate: Option<&Bound<'_, PyAny>>,
        dtype: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<SignalFacts> {
        let rate = match rate {
            Some(rate) => arguments::sample_rate(rate)?,
            None => SampleRate::new(DEFAULT_RATE)?,
        };
        let dtype = dtype.map_or(Ok(Dtype::Float64), arguments::dtype)?;
        Ok(SignalFacts { rate, dtype })
    }
}

fn amplitude_of(given: Option<&Bound<'_, PyAny>>) -> PyResult<f64> {
    given.map_or(Ok(1.0), |given| arguments::number(given, "amplitude"))
}

fn made(
    py: Python<'_>,
    make: impl FnOnce() -> Result<Audio, Error> + Send,
) -> PyResult<AudioSamples> {
    Ok(AudioSamples::new(py.detach(make)?))
}

/// A wave of one frequency: the functions differ in the shape of one period only.
macro_rules! waves {
    ($($name:ident: $doc:literal),*) => {
        $(
            #[doc = $doc]
            #[pyfunction]
            #[pyo3(signature = (frequency, duration, sample_rate = None, amplitude = None, dtype = None), text_signature = "(frequency, duration, sample_rate=44100, amplitude=1.0, dtype=None)")]
            fn $name(
                py: Python<'_>,
                frequency: &Bound<'_, PyAny>,
                duration: &Bound<'_, PyAny>,
                sample_rate: Option<&Bound<'_, PyAny>>,
                amplitude: Option<&Bound<'_, PyAny>>,
                dtype: Option<&Bound<'_, PyAny>>,
            ) -> PyResult<AudioSamples> {
                let SignalFacts { rate, dtype } = SignalFacts::of(sample_rate, dtype)?;
                let frequency = arguments::number(frequency, "frequency")?;
                let duration = arguments::number(duration, "duration")?;
                let amplitude = amplitude_of(amplitude)?;
                made(py, move || core::$name(frequency, duration, rate, amplitude, dtype))
            }
        )*
    };
}

waves!(
    sine_wave: "A sine of `frequency` Hz for `duration` seconds: `amplitude * sin(2*pi*frequency*t)`.",
    cosine_wave: "A cosine of `frequency` Hz for `duration` seconds.",
    square_wave: "A square wave of `frequency` Hz for `duration` seconds, not band-limited.",
    sawtooth_wave: "A rising sawtooth of `frequency` Hz for `duration` seconds, not band-limited.",
    triangle_wave: "A triangle wave of `frequency` Hz for `duration` seconds, not band-limited."
);

/// A sine that glides linearly from `first` to `last` Hz within `duration` seconds.
#[pyfunction]
#[pyo3(signature = (first, last, duration, sample_rate = None, amplitude = None, dtype = None), text_signature = "(first, last, duration, sample_rate=44100, amplitude=1.0, dtype=None)")]
fn chirp(
    py: Python<'_>,
    first: &Bound<'_, PyAny>,
    last: &Bound<'_, PyAny>,
    duration: &Bound<'_, PyAny>,
    sample_rate: Option<&Bound<'_, PyAny>>,
    amplitude: Option<&Bound<'_, PyAny>>,
    dtype: Option<&Bound<'_, PyAny>>,
) -> PyResult<AudioSamples> {
    let SignalFacts { rate, dtype } = SignalFacts::of(sample_rate, dtype)?;
    let (first, last) = (
        arguments::number(first, "first")?,
        arguments::number(last, "last")?,
    );
    let duration = arguments::number(duration, "duration")?;
    let amplitude = amplitude_of(amplitude)?;
    made(py, move || {
        core::chirp(first, last, duration, rate, amplitude, dtype)
    })
}

/// Silence but for one sample of `amplitude`, `position` seconds after the start.
#[pyfunction]
#[pyo3(signature = (duration, sample_rate = None, amplitude = None, dtype = None, *, position = None), text_signature = "(duration, sample_rate=44100, amplitude=1.0, dtype=None, *, position=0.0)")]
fn impulse(
    py: Python<'_>,
    duration: &Bound<'_, PyAny>,
    sample_rate: Option<&Bound<'_, PyAny>>,
    amplitude: Option<&Bound<'_, PyAny>>,
    dtype: Option<&Bound<'_, PyAny>>,
    position: Option<&Bound<'_, PyAny>>,
) -> PyResult<AudioSamples> {
    let SignalFacts { rate, dtype } = SignalFacts::of(sample_rate, dtype)?;
    let position = position.map_or(Ok(0.0), |given| arguments::number(given, "position"))?;
    let duration = arguments::number(duration, "duration")?;
    let amplitude = amplitude_of(amplitude)?;
    made(py, move || {
        core::impulse(position, duration, rate, amplitude, dtype)
    })
}

/// Silence of `duration` seconds; mono, or `(channels, frames)` if `channels` is given.
#[pyfunction]
#[pyo3(signature = (duration, sample_rate = None, dtype = None, *, channels = None), text_signature = "(duration, sample_rate=44100, dtype=None, *, channels=None)")]
fn silence(
    py: Python<'_>,
    duration: &Bound<'_, PyAny>,
    sample_rate: Option<&Bound<'_, PyAny>>,
    dtype: Option<&Bound<'_, PyAny>>,
    channels: Option<&Bound<'_, PyAny>>,
) -> PyResult<AudioSamples> {
    let channels = channels
        .map(|channels| arguments::count(channels, "channels", 1))
        .transpose()?
        // What the address space does not hold is refused by the allocation.
        .map(|channels| usize::try_from(channels).unwrap_or(usize::MAX));
    let SignalFacts { rate, dtype } = SignalFacts::of(sample_rate, dtype)?;
    let duration = arguments::number(duration, "duration")?;
    made(py, move || core::silence(duration, rate, dtype, channels))
}

/// Uniform noise from `-amplitude` to `amplitude`, the same for the same `seed` on every machine.
#[pyfunction]
#[pyo3(signature = (duration, sample_rate = None, amplitude = None, dtype = None, *, seed = None), text_signature = "(duration, sample_rate=44100, amplitude=1.0, dtype=None, *, seed=None)")]
fn white_noise(
    py: Python<'_>,
    duration: &Bound<'_, PyAny>,
    sample_rate: Option<&Bound<'_, PyAny>>,
    amplitude: Option<&Bound<'_, PyAny>>,
    dtype: Option<&Bound<'_, PyAny>>,
    seed: Option<&Bound<'_, PyAny>>,
) -> PyResult<AudioSamples> {
    let seed = seed
        .map(|seed| arguments::count(seed, "seed", 0))
        .transpose()?;
    let SignalFacts { rate, dtype } = SignalFacts::of(sample_rate, dtype)?;
    let duration = arguments::number(duration, "duration")?;
    let amplitude = amplitude_of(amplitude)?;
    made(py, move || {
        core::white_noise(duration, rate, amplitude, dtype, seed)
    })
}

/// Signals: `duration` in seconds, `sample_rate` in Hz, `amplitude` as a fraction of full scale.
#[pymodule(gil_used = false)]
pub mod generation {
    #[pymodule_export]
    use super::{
        chirp, cosine_wave, impulse, sawtooth_wave, silence, sine_wave, square_wave, triangle_wave,
        white_noise,
    };
}
