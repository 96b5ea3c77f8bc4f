//! `audio_samples.generation`: signals written straight into a buffer.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::audio::generation as core;
use crate::audio::{Audio, SampleRate, patiently};
use crate::dsp::Remix;
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

/// Mono audio, or the same in every channel of some.
fn spread(
    py: Python<'_>,
    channels: Option<usize>,
    make: impl FnOnce() -> Result<Audio, Error> + Send,
) -> PyResult<AudioSamples> {
    made(py, || {
        let mono = make()?;
        let Some(channels) = channels else {
            return Ok(mono);
        };
        let row = mono.with_layout(mono.layout().as_rows())?;
        if channels == 1 {
            return Ok(row);
        }
        let remix = Remix::new(channels)?;
        patiently(|wait| row.applied(&remix, wait))
    })
}

/// How many channels there are to be; `None` for mono.
fn channels_of(given: Option<&Bound<'_, PyAny>>) -> PyResult<Option<usize>> {
    let count = given.map(|given| arguments::count(given, "channels", 1));
    // What the address space does not hold is refused by the allocation.
    Ok(count
        .transpose()?
        .map(|count| usize::try_from(count).unwrap_or(usize::MAX)))
}

fn seed_of(given: Option<&Bound<'_, PyAny>>) -> PyResult<Option<u64>> {
    given
        .map(|seed| arguments::count(seed, "seed", 0))
        .transpose()
}

/// A number, or what is usual.
fn number_or(given: Option<&Bound<'_, PyAny>>, name: &str, usual: f64) -> PyResult<f64> {
    given.map_or(Ok(usual), |given| arguments::number(given, name))
}

/// A wave of one frequency: the functions differ in the shape of one period only.
macro_rules! waves {
    ($($name:ident: $doc:literal),*) => {
        $(
            #[doc = $doc]
            #[pyfunction]
            #[pyo3(
                signature = (
                    frequency, duration, sample_rate = None, amplitude = None, dtype = None, *, channels = None
                ),
                text_signature = "(frequency, duration, sample_rate=44100, amplitude=1.0, dtype=None, *, channels=None)"
            )]
            fn $name(
                py: Python<'_>,
                frequency: &Bound<'_, PyAny>,
                duration: &Bound<'_, PyAny>,
                sample_rate: Option<&Bound<'_, PyAny>>,
                amplitude: Option<&Bound<'_, PyAny>>,
                dtype: Option<&Bound<'_, PyAny>>,
                channels: Option<&Bound<'_, PyAny>>,
            ) -> PyResult<AudioSamples> {
                let SignalFacts { rate, dtype } = SignalFacts::of(sample_rate, dtype)?;
                let frequency = arguments::number(frequency, "frequency")?;
                let duration = arguments::number(duration, "duration")?;
                let (amplitude, channels) = (amplitude_of(amplitude)?, channels_of(channels)?);
                spread(py, channels, move || core::$name(frequency, duration, rate, amplitude, dtype))
            }
        )*
    };
}

waves!(
    sine_wave: r#"A sine of `frequency` Hz: `amplitude * sin(2 * pi * frequency * t)`, exact however late.

>>> audio_samples.generation.sine_wave(1, 1, sample_rate=4).tolist()
[0.0, 1.0, 0.0, -1.0]"#,
    cosine_wave: r#"A cosine of `frequency` Hz.

>>> audio_samples.generation.cosine_wave(1, 1, sample_rate=4).tolist()
[1.0, 0.0, -1.0, 0.0]"#
);

/// A wave with harmonics, of which those that would alias may be left out.
macro_rules! harmonic_waves {
    ($($name:ident or $band_limited:ident: $doc:literal),*) => {
        $(
            #[doc = $doc]
            #[pyfunction]
            #[pyo3(
                signature = (
                    frequency, duration, sample_rate = None, amplitude = None, dtype = None, *, band_limited = false,
                    channels = None
                ),
                text_signature = "(frequency, duration, sample_rate=44100, amplitude=1.0, dtype=None, *, \
                    band_limited=False, channels=None)"
            )]
            #[expect(clippy::too_many_arguments, reason = "they are the caller's")]
            fn $name(
                py: Python<'_>,
                frequency: &Bound<'_, PyAny>,
                duration: &Bound<'_, PyAny>,
                sample_rate: Option<&Bound<'_, PyAny>>,
                amplitude: Option<&Bound<'_, PyAny>>,
                dtype: Option<&Bound<'_, PyAny>>,
                band_limited: bool,
                channels: Option<&Bound<'_, PyAny>>,
            ) -> PyResult<AudioSamples> {
                let SignalFacts { rate, dtype } = SignalFacts::of(sample_rate, dtype)?;
                let frequency = arguments::number(frequency, "frequency")?;
                let duration = arguments::number(duration, "duration")?;
                let (amplitude, channels) = (amplitude_of(amplitude)?, channels_of(channels)?);
                spread(py, channels, move || match band_limited {
                    true => core::$band_limited(frequency, duration, rate, amplitude, dtype),
                    false => core::$name(frequency, duration, rate, amplitude, dtype),
                })
            }
        )*
    };
}

harmonic_waves!(
    square_wave or band_limited_square: r#"`amplitude` for the first half of every cycle, `-amplitude` for the second.

`band_limited=True` leaves the harmonics out that do not lie below half the sample rate; then
the frequency is at least a 16384th of the rate.

>>> audio_samples.generation.square_wave(1, 1, sample_rate=4).tolist()
[1.0, 1.0, -1.0, -1.0]"#,
    sawtooth_wave or band_limited_sawtooth: r#"From `-amplitude` up to `amplitude` in every cycle.

`band_limited=True` leaves the harmonics out that do not lie below half the sample rate; then
the frequency is at least a 16384th of the rate.

>>> audio_samples.generation.sawtooth_wave(1, 1, sample_rate=4).tolist()
[-1.0, -0.5, 0.0, 0.5]"#,
    triangle_wave or band_limited_triangle: r#"From `-amplitude` up to `amplitude` and back in every cycle.

`band_limited=True` leaves the harmonics out that do not lie below half the sample rate; then
the frequency is at least a 16384th of the rate.

>>> audio_samples.generation.triangle_wave(1, 1, sample_rate=4).tolist()
[-1.0, 0.0, 1.0, 0.0]"#
);

/// Noise, the same for the same `seed` on every machine.
macro_rules! noises {
    ($($name:ident: $doc:literal),*) => {
        $(
            #[doc = $doc]
            #[pyfunction]
            #[pyo3(
                signature = (
                    duration, sample_rate = None, amplitude = None, dtype = None, *, seed = None, channels = None
                ),
                text_signature = "(duration, sample_rate=44100, amplitude=1.0, dtype=None, *, seed=None, channels=None)"
            )]
            fn $name(
                py: Python<'_>,
                duration: &Bound<'_, PyAny>,
                sample_rate: Option<&Bound<'_, PyAny>>,
                amplitude: Option<&Bound<'_, PyAny>>,
                dtype: Option<&Bound<'_, PyAny>>,
                seed: Option<&Bound<'_, PyAny>>,
                channels: Option<&Bound<'_, PyAny>>,
            ) -> PyResult<AudioSamples> {
                let (seed, channels) = (seed_of(seed)?, channels_of(channels)?);
                let SignalFacts { rate, dtype } = SignalFacts::of(sample_rate, dtype)?;
                let duration = arguments::number(duration, "duration")?;
                let amplitude = amplitude_of(amplitude)?;
                made(py, move || core::$name(duration, rate, amplitude, dtype, seed, channels))
            }
        )*
    };
}

noises!(
    white_noise: r#"Every value from `-amplitude` up to `amplitude` with the same probability.

The same `seed` gives the same noise on every machine (xoshiro256++).

>>> one = audio_samples.generation.white_noise(1, seed=1)
>>> bool((one == audio_samples.generation.white_noise(1, seed=1)).all())
True"#,
    pink_noise: r#"Noise whose power falls by 3.01 dB an octave; its largest sample is `amplitude`.

`seed` as for `white_noise`.

>>> one = audio_samples.generation.pink_noise(1, seed=1)
>>> bool((one == audio_samples.generation.pink_noise(1, seed=1)).all())
True"#,
    brown_noise: r#"Noise whose power falls by 6.02 dB an octave; its largest sample is `amplitude`.

`seed` as for `white_noise`.

>>> one = audio_samples.generation.brown_noise(1, seed=1)
>>> bool((one == audio_samples.generation.brown_noise(1, seed=1)).all())
True"#
);

/// A tone that two frequencies make.
macro_rules! modulated {
    ($($name:ident by $option:ident = $usual:literal, $text:literal: $doc:literal),*) => {
        $(
            #[doc = $doc]
            #[pyfunction]
            #[pyo3(
                signature = (
                    carrier, modulator, duration, sample_rate = None, amplitude = None, dtype = None, *,
                    $option = None, channels = None
                ),
                text_signature = $text
            )]
            #[expect(clippy::too_many_arguments, reason = "they are the caller's")]
            fn $name(
                py: Python<'_>,
                carrier: &Bound<'_, PyAny>,
                modulator: &Bound<'_, PyAny>,
                duration: &Bound<'_, PyAny>,
                sample_rate: Option<&Bound<'_, PyAny>>,
                amplitude: Option<&Bound<'_, PyAny>>,
                dtype: Option<&Bound<'_, PyAny>>,
                $option: Option<&Bound<'_, PyAny>>,
                channels: Option<&Bound<'_, PyAny>>,
            ) -> PyResult<AudioSamples> {
                let SignalFacts { rate, dtype } = SignalFacts::of(sample_rate, dtype)?;
                let carrier = arguments::number(carrier, "carrier")?;
                let pair = (carrier, arguments::number(modulator, "modulator")?);
                let option = number_or($option, stringify!($option), $usual)?;
                let duration = arguments::number(duration, "duration")?;
                let (amplitude, channels) = (amplitude_of(amplitude)?, channels_of(channels)?);
                spread(py, channels, move || core::$name(pair, option, duration, rate, amplitude, dtype))
            }
        )*
    };
}

modulated!(
    am by depth = 1.0,
        "(carrier, modulator, duration, sample_rate=44100, amplitude=1.0, dtype=None, *, depth=1.0, channels=None)":
        r#"A sine of `carrier` Hz whose amplitude goes up and down `modulator` times a second.

`(1 + depth * sin) / (1 + depth)` is its gain, with a depth from 0 to 1.

>>> audio_samples.generation.am(440, 5, 1).peak() <= 1
True"#,
    fm by deviation = 100.0,
        "(carrier, modulator, duration, sample_rate=44100, amplitude=1.0, dtype=None, *, deviation=100.0, channels=None)":
        r#"A sine around `carrier` Hz that goes `deviation` Hz up and down `modulator` times a second.

>>> audio_samples.generation.fm(440, 5, 1, deviation=20).shape
(44100,)"#
);

/// Sines of some frequencies at a time, each of an equal share of the amplitude.
///
/// >>> audio_samples.generation.tones([440, 550, 660], 1).shape
/// (44100,)
#[pyfunction]
#[pyo3(
    signature = (frequencies, duration, sample_rate = None, amplitude = None, dtype = None, *, channels = None),
    text_signature = "(frequencies, duration, sample_rate=44100, amplitude=1.0, dtype=None, *, channels=None)"
)]
fn tones(
    py: Python<'_>,
    frequencies: &Bound<'_, PyAny>,
    duration: &Bound<'_, PyAny>,
    sample_rate: Option<&Bound<'_, PyAny>>,
    amplitude: Option<&Bound<'_, PyAny>>,
    dtype: Option<&Bound<'_, PyAny>>,
    channels: Option<&Bound<'_, PyAny>>,
) -> PyResult<AudioSamples> {
    let SignalFacts { rate, dtype } = SignalFacts::of(sample_rate, dtype)?;
    let frequencies: Vec<f64> = frequencies.extract().map_err(|_| {
        PyTypeError::new_err(format!(
            "frequencies are numbers of Hz in a list, such as [440, 550, 660], not {}",
            arguments::shown(frequencies)
        ))
    })?;
    let duration = arguments::number(duration, "duration")?;
    let (amplitude, channels) = (amplitude_of(amplitude)?, channels_of(channels)?);
    spread(py, channels, move || {
        core::tones(&frequencies, duration, rate, amplitude, dtype)
    })
}

/// The tones of a telephone's keys (ITU-T Q.23): 0 to 9, `*`, `#` and A to D.
///
/// Each for `tone` seconds, with `pause` seconds of silence between them.
///
/// >>> audio_samples.generation.dtmf("911", 8_000).duration
/// 0.4
#[pyfunction]
#[pyo3(
    signature = (
        keys, sample_rate = None, amplitude = None, dtype = None, *, tone = None, pause = None, channels = None
    ),
    text_signature = "(keys, sample_rate=44100, amplitude=1.0, dtype=None, *, tone=0.1, pause=0.05, channels=None)"
)]
#[expect(clippy::too_many_arguments, reason = "they are the caller's")]
fn dtmf(
    py: Python<'_>,
    keys: &str,
    sample_rate: Option<&Bound<'_, PyAny>>,
    amplitude: Option<&Bound<'_, PyAny>>,
    dtype: Option<&Bound<'_, PyAny>>,
    tone: Option<&Bound<'_, PyAny>>,
    pause: Option<&Bound<'_, PyAny>>,
    channels: Option<&Bound<'_, PyAny>>,
) -> PyResult<AudioSamples> {
    let SignalFacts { rate, dtype } = SignalFacts::of(sample_rate, dtype)?;
    let times = (
        number_or(tone, "tone", 0.1)?,
        number_or(pause, "pause", 0.05)?,
    );
    let (amplitude, channels) = (amplitude_of(amplitude)?, channels_of(channels)?);
    spread(py, channels, move || {
        core::dtmf(keys, times, rate, amplitude, dtype)
    })
}

/// A sine whose frequency goes from `first` to `last` Hz within `duration` seconds.
macro_rules! chirps {
    ($($name:ident: $doc:literal),*) => {
        $(
            #[doc = $doc]
            #[pyfunction]
            #[pyo3(
                signature = (
                    first, last, duration, sample_rate = None, amplitude = None, dtype = None, *, channels = None
                ),
                text_signature = "(first, last, duration, sample_rate=44100, amplitude=1.0, dtype=None, *, channels=None)"
            )]
            #[expect(clippy::too_many_arguments, reason = "they are the caller's")]
            fn $name(
                py: Python<'_>,
                first: &Bound<'_, PyAny>,
                last: &Bound<'_, PyAny>,
                duration: &Bound<'_, PyAny>,
                sample_rate: Option<&Bound<'_, PyAny>>,
                amplitude: Option<&Bound<'_, PyAny>>,
                dtype: Option<&Bound<'_, PyAny>>,
                channels: Option<&Bound<'_, PyAny>>,
            ) -> PyResult<AudioSamples> {
                let SignalFacts { rate, dtype } = SignalFacts::of(sample_rate, dtype)?;
                let first = arguments::number(first, "first")?;
                let last = arguments::number(last, "last")?;
                let duration = arguments::number(duration, "duration")?;
                let (amplitude, channels) = (amplitude_of(amplitude)?, channels_of(channels)?);
                spread(py, channels, move || core::$name(first, last, duration, rate, amplitude, dtype))
            }
        )*
    };
}

chirps!(
    chirp: r#"A sine whose frequency goes from `first` to `last` Hz at a constant pace.

>>> audio_samples.generation.chirp(20, 20_000, 1).shape
(44100,)"#,
    exponential_chirp: r#"A sine whose frequency goes from `first` to `last` Hz by the same factor in the same time.

>>> audio_samples.generation.exponential_chirp(20, 20_000, 1).shape
(44100,)"#
);

/// Silence but for one sample of `amplitude`, `position` seconds after the start.
///
/// >>> audio_samples.generation.impulse(1, 4, position=0.5).tolist()
/// [0.0, 0.0, 1.0, 0.0]
#[pyfunction]
#[pyo3(signature = (duration, sample_rate = None, amplitude = None, dtype = None, *, position = None, channels = None), text_signature = "(duration, sample_rate=44100, amplitude=1.0, dtype=None, *, position=0.0, channels=None)")]
fn impulse(
    py: Python<'_>,
    duration: &Bound<'_, PyAny>,
    sample_rate: Option<&Bound<'_, PyAny>>,
    amplitude: Option<&Bound<'_, PyAny>>,
    dtype: Option<&Bound<'_, PyAny>>,
    position: Option<&Bound<'_, PyAny>>,
    channels: Option<&Bound<'_, PyAny>>,
) -> PyResult<AudioSamples> {
    let SignalFacts { rate, dtype } = SignalFacts::of(sample_rate, dtype)?;
    let position = position.map_or(Ok(0.0), |given| arguments::number(given, "position"))?;
    let duration = arguments::number(duration, "duration")?;
    let (amplitude, channels) = (amplitude_of(amplitude)?, channels_of(channels)?);
    spread(py, channels, move || {
        core::impulse(position, duration, rate, amplitude, dtype)
    })
}

/// Silence of `duration` seconds; mono, or `(channels, frames)` if `channels` is given.
///
/// >>> audio_samples.generation.silence(1, 4, channels=2).shape
/// (2, 4)
#[pyfunction]
#[pyo3(signature = (duration, sample_rate = None, dtype = None, *, channels = None), text_signature = "(duration, sample_rate=44100, dtype=None, *, channels=None)")]
fn silence(
    py: Python<'_>,
    duration: &Bound<'_, PyAny>,
    sample_rate: Option<&Bound<'_, PyAny>>,
    dtype: Option<&Bound<'_, PyAny>>,
    channels: Option<&Bound<'_, PyAny>>,
) -> PyResult<AudioSamples> {
    let channels = channels_of(channels)?;
    let SignalFacts { rate, dtype } = SignalFacts::of(sample_rate, dtype)?;
    let duration = arguments::number(duration, "duration")?;
    made(py, move || core::silence(duration, rate, dtype, channels))
}

/// Signals: `duration` in seconds, `sample_rate` in Hz, `amplitude` as a fraction of full scale.
#[pymodule(gil_used = false)]
pub mod generation {
    #[pymodule_export]
    use super::{
        am, brown_noise, chirp, cosine_wave, dtmf, exponential_chirp, fm, impulse, pink_noise,
        sawtooth_wave, silence, sine_wave, square_wave, tones, triangle_wave, white_noise,
    };
}
