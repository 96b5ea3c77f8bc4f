//! Cut and join: parts as views of the same memory, and audio put together of other audio.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3::types::{PyList, PyString};

use crate::audio::Audio;
use crate::audio::arrangement::{Arrangement, Clip};
use crate::audio::editing::one_after_the_other;
use crate::audio::fading::{Curve, frames_in};
use crate::audio::level::Gain;
use crate::python::api::level::{curve, length};
use crate::python::arguments;
use crate::python::class::AudioSamples;
use crate::python::running;

/// A time in seconds, or what is usual, in frames.
fn frames_or(
    audio: &AudioSamples,
    seconds: Option<&Bound<'_, PyAny>>,
    name: &str,
    usual: f64,
) -> PyResult<usize> {
    let seconds = seconds.map_or(Ok(usual), |given| arguments::number(given, name))?;
    Ok(frames_in(audio.audio(), seconds)?)
}

/// A threshold in dBFS, or the usual one.
fn threshold(given: Option<&Bound<'_, PyAny>>) -> PyResult<f64> {
    /// What 10 bits cannot hold.
    const USUAL: f64 = -60.0;
    let threshold = given.map_or(Ok(USUAL), |given| arguments::number(given, "threshold_db"))?;
    if threshold > 0.0 {
        return Err(PyValueError::new_err(format!(
            "threshold_db is in dBFS, 0 at most, not {threshold}; {} is so far below full scale",
            -threshold
        )));
    }
    Ok(threshold)
}

/// Seconds of silence that count, and that are kept, where nothing is said.
const USUAL_SILENCE: f64 = 0.3;
const USUAL_KEPT: f64 = 0.1;

/// The pieces of an iterable of audio.
fn pieces<'py>(given: &Bound<'py, PyAny>) -> PyResult<Vec<Bound<'py, AudioSamples>>> {
    let wrong = |what: &Bound<'_, PyAny>| {
        PyTypeError::new_err(format!(
            "pieces of audio are AudioSamples in a list, such as [one, two], not {}",
            arguments::shown(what)
        ))
    };
    if given.is_instance_of::<AudioSamples>() {
        return Err(wrong(given));
    }
    let items = given.try_iter().map_err(|_| wrong(given))?;
    items
        .map(|item| {
            item?
                .cast_into::<AudioSamples>()
                .map_err(|error| wrong(&error.into_inner()))
        })
        .collect()
}

/// What an arrangement makes: new audio, or `out`.
fn rendered<'py>(
    py: Python<'py>,
    arrangement: &Arrangement,
    out: Option<Bound<'py, AudioSamples>>,
) -> PyResult<Bound<'py, AudioSamples>> {
    /// Bytes from which other threads run meanwhile: more than any arrangement that is worth the while has.
    const BYTES: usize = 1 << 20;
    let into = out.as_ref().map(|out| out.get().audio());
    let made = running::run(py, BYTES, |wait| arrangement.render(into, wait))?;
    match out {
        Some(out) => Ok(out),
        None => Bound::new(py, AudioSamples::new(made)),
    }
}

/// Pieces of audio one after the other, in new memory or in `out`.
///
/// Mono goes into the channels of the others; types promote at audio scale. SampleRateError for
/// two rates, ValueError for channels that do not go together, and for an `out` that overlaps a
/// piece.
///
/// >>> one = AudioSamples.zeros(10, 48_000)
/// >>> audio_samples.concatenate([one, one]).shape
/// (20,)
#[pyfunction]
#[pyo3(signature = (pieces, *, out = None))]
pub fn concatenate<'py>(
    py: Python<'py>,
    pieces: &Bound<'py, PyAny>,
    out: Option<Bound<'py, AudioSamples>>,
) -> PyResult<Bound<'py, AudioSamples>> {
    let pieces = self::pieces(pieces)?;
    let all: Vec<&Audio> = pieces.iter().map(|piece| piece.get().audio()).collect();
    rendered(py, &one_after_the_other(&all)?, out)
}

/// The sum of pieces of audio that begin together: as long as the longest, rounded once.
///
/// Each has a gain in decibels. Integers saturate. Otherwise as `concatenate`.
///
/// >>> one = AudioSamples.new_mono(np.ones(3), 48_000)
/// >>> audio_samples.mix([one, one[:1]], gains_db=[0, -20]).to_numpy()
/// array([1.1, 1. , 1. ])
#[pyfunction]
#[pyo3(signature = (pieces, *, gains_db = None, out = None))]
pub fn mix<'py>(
    py: Python<'py>,
    pieces: &Bound<'py, PyAny>,
    gains_db: Option<&Bound<'py, PyAny>>,
    out: Option<Bound<'py, AudioSamples>>,
) -> PyResult<Bound<'py, AudioSamples>> {
    let pieces = self::pieces(pieces)?;
    let gains: Vec<f64> = match gains_db {
        None => vec![0.0; pieces.len()],
        Some(given) => given.extract().map_err(|_| {
            PyTypeError::new_err(format!(
                "gains_db are numbers of decibels, one for each piece, not {}",
                arguments::shown(given)
            ))
        })?,
    };
    if gains.len() != pieces.len() {
        return Err(pyo3::exceptions::PyValueError::new_err(format!(
            "{} gains for {} pieces: one is needed for each",
            gains.len(),
            pieces.len()
        )));
    }
    let clips = pieces.iter().zip(gains).map(|(piece, db)| {
        Ok(Clip::new(piece.get().audio(), 0).scaled(Gain::decibels(db)?.value()))
    });
    let clips = clips.collect::<PyResult<Vec<Clip>>>()?;
    rendered(py, &Arrangement::of(clips)?, out)
}

#[pymethods]
impl AudioSamples {
    /// The frames from `start` to `end` seconds, on the same memory.
    ///
    /// Negative times count from the end. ValueError for times outside the audio.
    ///
    /// >>> AudioSamples.zeros(100, 10).trim(1, -2).duration
    /// 7.0
    #[pyo3(signature = (start = None, end = None, **others), text_signature = "($self, start=0.0, end=None)")]
    fn trim(
        &self,
        start: Option<&Bound<'_, PyAny>>,
        end: Option<&Bound<'_, PyAny>>,
        others: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<AudioSamples> {
        arguments::refuse_others("trim", "start= and end=", None, others)?;
        let start = start.map_or(Ok(0.0), |given| arguments::number(given, "start"))?;
        let end = end
            .map(|given| arguments::number(given, "end"))
            .transpose()?;
        Ok(self.part(self.audio().trim(start, end)?))
    }

    /// Without the silence at both ends, but `keep` seconds of it, on the same memory.
    ///
    /// A frame is silent if no channel is further from zero than `threshold_db` of full scale. Of
    /// audio that is all silent nothing is left.
    ///
    /// >>> len(AudioSamples.new_mono(np.array([0.0, 0.5, 0.0]), 48_000).trim_silence())
    /// 1
    #[pyo3(
        signature = (threshold_db = None, keep = None, **others),
        text_signature = "($self, threshold_db=-60.0, keep=0.0)"
    )]
    fn trim_silence(
        &self,
        py: Python<'_>,
        threshold_db: Option<&Bound<'_, PyAny>>,
        keep: Option<&Bound<'_, PyAny>>,
        others: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<AudioSamples> {
        arguments::refuse_others("trim_silence", "threshold_db= and keep=", None, others)?;
        let (db, keep) = (
            threshold(threshold_db)?,
            frames_or(self, keep, "keep", 0.0)?,
        );
        let trimmed = running::run(py, self.bytes_per_pass(), |wait| {
            self.audio().without_silent_ends(db, keep, wait)
        })?;
        Ok(self.part(trimmed))
    }

    /// Parts of `seconds` (or `frames`) each, on the same memory; the last may be shorter.
    ///
    /// >>> [len(part) for part in AudioSamples.zeros(10, 48_000).split(frames=4)]
    /// [4, 4, 2]
    #[pyo3(signature = (seconds = None, *, frames = None))]
    fn split<'py>(
        &self,
        py: Python<'py>,
        seconds: Option<&Bound<'py, PyAny>>,
        frames: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyList>> {
        let parts = self.audio().parts(length(self, seconds, frames)?)?;
        self.views_of(py, parts)
    }

    /// The silences of at least `min_silence` seconds: the first frame, and the one behind the
    /// last.
    ///
    /// They are in frames: `audio[a:b]` is silent. A frame is silent if no sample of it is further
    /// from zero than `threshold_db` dBFS; nan is not silent.
    ///
    /// >>> AudioSamples.zeros(10, 10).silences()
    /// [(0, 10)]
    #[pyo3(
        signature = (threshold_db = None, min_silence = None),
        text_signature = "($self, threshold_db=-60.0, min_silence=0.3)"
    )]
    fn silences(
        &self,
        py: Python<'_>,
        threshold_db: Option<&Bound<'_, PyAny>>,
        min_silence: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Vec<(usize, usize)>> {
        let db = threshold(threshold_db)?;
        let least = frames_or(self, min_silence, "min_silence", USUAL_SILENCE)?;
        let runs = running::run(py, self.bytes_per_pass(), |wait| {
            self.audio().silent_runs(db, least, wait)
        })?;
        Ok(runs.into_iter().map(|run| (run.start, run.end)).collect())
    }

    /// What lies between the silences, with `keep` seconds of them at each side, on the same
    /// memory.
    ///
    /// Of a silence that is shorter than twice `keep`, each side has half.
    ///
    /// >>> AudioSamples.zeros(10, 10).split_silence()
    /// []
    #[pyo3(
        signature = (threshold_db = None, min_silence = None, keep = None),
        text_signature = "($self, threshold_db=-60.0, min_silence=0.3, keep=0.1)"
    )]
    fn split_silence<'py>(
        &self,
        py: Python<'py>,
        threshold_db: Option<&Bound<'py, PyAny>>,
        min_silence: Option<&Bound<'py, PyAny>>,
        keep: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyList>> {
        let db = threshold(threshold_db)?;
        let least = frames_or(self, min_silence, "min_silence", USUAL_SILENCE)?;
        let keep = frames_or(self, keep, "keep", USUAL_KEPT)?;
        let parts = running::run(py, self.bytes_per_pass(), |wait| {
            self.audio().between_silences(db, least, keep, wait)
        })?;
        self.views_of(py, parts)
    }

    /// New audio with `start` seconds of silence in front and `end` behind.
    ///
    /// >>> AudioSamples.zeros(10, 10).pad(end=0.5).duration
    /// 1.5
    #[pyo3(signature = (start = None, end = None), text_signature = "($self, start=0.0, end=0.0)")]
    fn pad(
        &self,
        py: Python<'_>,
        start: Option<&Bound<'_, PyAny>>,
        end: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<AudioSamples> {
        let before = frames_or(self, start, "start", 0.0)?;
        let behind = frames_or(self, end, "end", 0.0)?;
        let padded = running::run(py, self.bytes_per_pass(), |wait| {
            self.audio().padded(before, behind, wait)
        })?;
        Ok(AudioSamples::new(padded))
    }

    /// New audio of `seconds` (or `frames`): cut off, or with silence behind.
    ///
    /// >>> AudioSamples.zeros(10, 10).fit(frames=4).shape
    /// (4,)
    #[pyo3(signature = (seconds = None, *, frames = None))]
    fn fit(
        &self,
        py: Python<'_>,
        seconds: Option<&Bound<'_, PyAny>>,
        frames: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<AudioSamples> {
        let frames = length(self, seconds, frames)?;
        let fitted = running::run(py, self.bytes_per_pass(), |wait| {
            self.audio().fitted(frames, wait)
        })?;
        Ok(AudioSamples::new(fitted))
    }

    /// New audio of this one `times` times.
    ///
    /// >>> AudioSamples.zeros((2, 10), 10).repeat(3).shape
    /// (2, 30)
    fn repeat(&self, py: Python<'_>, times: &Bound<'_, PyAny>) -> PyResult<AudioSamples> {
        let times = arguments::count(times, "times", 0)?;
        let times = usize::try_from(times).unwrap_or(usize::MAX);
        let bytes = self.bytes_per_pass().saturating_mul(times);
        let repeated = running::run(py, bytes, |wait| self.audio().repeated(times, wait))?;
        Ok(AudioSamples::new(repeated))
    }

    /// Turns the order of the frames where they lie, and gives the same object; `audio[::-1]` is a
    /// view.
    fn reverse_inplace(slf: Bound<'_, Self>) -> PyResult<Bound<'_, Self>> {
        let audio = slf.get();
        running::run(slf.py(), audio.bytes_per_pass(), |wait| {
            audio.audio().reverse_own(wait)
        })?;
        Ok(slf)
    }

    /// New audio: this one and another, one into the other over `seconds` (or `frames`).
    ///
    /// Curves as for `fade_in`: equal power for audio that is not alike, linear for audio that is.
    /// ValueError for a fade longer than either.
    ///
    /// >>> AudioSamples.zeros(10, 10).crossfade(AudioSamples.zeros(5, 10), frames=2).shape
    /// (13,)
    #[pyo3(
        signature = (other, seconds = None, *, frames = None, curve = None),
        text_signature = "($self, other, seconds=None, *, frames=None, curve='equal_power')"
    )]
    fn crossfade<'py>(
        &self,
        py: Python<'py>,
        other: &Bound<'py, AudioSamples>,
        seconds: Option<&Bound<'py, PyAny>>,
        frames: Option<&Bound<'py, PyAny>>,
        curve: Option<&Bound<'py, PyString>>,
    ) -> PyResult<Bound<'py, AudioSamples>> {
        let shape = match curve {
            None => Curve::EqualPower,
            given => self::curve(given)?,
        };
        let frames = length(self, seconds, frames)?;
        let crossing = self.audio().crossing(other.get().audio(), frames, shape)?;
        rendered(py, &crossing, None)
    }

    /// New audio with another on top of it from `at` seconds on.
    ///
    /// Mono goes onto any channels; integers saturate. ValueError for audio that does not end
    /// within this one: `pad` or `fit` makes room.
    ///
    /// >>> AudioSamples.zeros(10, 10).overlay(AudioSamples.new_mono(np.ones(1), 10), 0.5)[5]
    /// np.float64(1.0)
    #[pyo3(
        signature = (other, at = None, gain_db = None),
        text_signature = "($self, other, at=0.0, gain_db=0.0)"
    )]
    fn overlay<'py>(
        &self,
        py: Python<'py>,
        other: &Bound<'py, AudioSamples>,
        at: Option<&Bound<'py, PyAny>>,
        gain_db: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, AudioSamples>> {
        let (at, gain) = overlay_options(self, at, gain_db)?;
        rendered(
            py,
            &self.audio().overlaid(other.get().audio(), at, gain)?,
            None,
        )
    }

    /// `overlay`, where the samples lie. Gives the same object.
    #[pyo3(
        signature = (other, at = None, gain_db = None),
        text_signature = "($self, other, at=0.0, gain_db=0.0)"
    )]
    fn overlay_inplace<'py>(
        slf: Bound<'py, Self>,
        other: &Bound<'py, AudioSamples>,
        at: Option<&Bound<'py, PyAny>>,
        gain_db: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, Self>> {
        let audio = slf.get();
        let (at, gain) = overlay_options(audio, at, gain_db)?;
        let other = other.get();
        running::run(slf.py(), other.bytes_per_pass(), |wait| {
            audio
                .audio()
                .overlay_onto_own(other.audio(), at, gain, wait)
        })?;
        Ok(slf)
    }
}

fn overlay_options(
    audio: &AudioSamples,
    at: Option<&Bound<'_, PyAny>>,
    gain_db: Option<&Bound<'_, PyAny>>,
) -> PyResult<(usize, Gain)> {
    let gain = gain_db.map_or(Ok(0.0), |given| arguments::number(given, "gain_db"))?;
    Ok((frames_or(audio, at, "at", 0.0)?, Gain::decibels(gain)?))
}

impl AudioSamples {
    fn views_of<'py>(&self, py: Python<'py>, parts: Vec<Audio>) -> PyResult<Bound<'py, PyList>> {
        let parts = parts
            .into_iter()
            .map(|part| Bound::new(py, self.part(part)));
        PyList::new(py, parts.collect::<PyResult<Vec<_>>>()?)
    }
}
