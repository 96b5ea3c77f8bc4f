//! Louder and softer: each method gives new audio, and its `_inplace` twin changes the samples where they lie and gives
//! the same object.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3::types::PyString;

use crate::audio::blockwise::PerFrame;
use crate::audio::fading::{Curve, End, Envelope, Fade, frames_in};
use crate::audio::level::{Gain, SoftClip};
use crate::python::arguments;
use crate::python::class::AudioSamples;
use crate::python::running;

impl AudioSamples {
    /// New audio in which `work` has changed each frame.
    pub fn changed(&self, py: Python<'_>, work: &impl PerFrame) -> PyResult<AudioSamples> {
        let changed = running::run(py, self.bytes_per_pass(), |wait| {
            self.audio().changed(work, wait)
        })?;
        Ok(AudioSamples::new(changed))
    }

    /// The same audio, in which `work` has changed each frame.
    pub fn changed_inplace<'py>(
        slf: Bound<'py, Self>,
        work: &impl PerFrame,
    ) -> PyResult<Bound<'py, Self>> {
        let audio = slf.get();
        running::run(slf.py(), audio.bytes_per_pass(), |wait| {
            audio.audio().change_inplace(work, wait)
        })?;
        Ok(slf)
    }
}

fn gain(db: &Bound<'_, PyAny>) -> PyResult<Gain> {
    Ok(Gain::decibels(arguments::number(db, "db")?)?)
}

fn scale(factor: &Bound<'_, PyAny>) -> PyResult<Gain> {
    Ok(Gain::factor(arguments::number(factor, "factor")?)?)
}

fn soft_clip(drive_db: Option<&Bound<'_, PyAny>>) -> PyResult<SoftClip> {
    let drive = drive_db.map_or(Ok(0.0), |given| arguments::number(given, "drive_db"))?;
    Ok(SoftClip::driven(drive)?)
}

/// A length in seconds or in frames, one of which is given.
pub fn length(
    audio: &AudioSamples,
    seconds: Option<&Bound<'_, PyAny>>,
    frames: Option<&Bound<'_, PyAny>>,
) -> PyResult<usize> {
    match (seconds, frames) {
        (Some(seconds), None) => {
            let seconds = arguments::number(seconds, "seconds")?;
            Ok(frames_in(audio.audio(), seconds)?)
        }
        (None, Some(frames)) => {
            let frames = arguments::count(frames, "frames", 0)?;
            Ok(usize::try_from(frames).unwrap_or(usize::MAX))
        }
        (Some(_), Some(_)) => Err(PyTypeError::new_err(
            "a length is given by seconds= or by frames=, not by both",
        )),
        (None, None) => Err(PyTypeError::new_err(
            "a length is needed: seconds= or frames=",
        )),
    }
}

/// A curve by its name.
pub fn curve(given: Option<&Bound<'_, PyString>>) -> PyResult<Curve> {
    match given {
        None => Ok(Curve::default()),
        Some(name) => Ok(name.to_string_lossy().parse()?),
    }
}

fn fade(
    audio: &AudioSamples,
    end: End,
    seconds: Option<&Bound<'_, PyAny>>,
    frames: Option<&Bound<'_, PyAny>>,
    shape: Option<&Bound<'_, PyString>>,
) -> PyResult<Fade> {
    let frames = length(audio, seconds, frames)?;
    Ok(Fade::new(audio.audio(), end, frames, curve(shape)?)?)
}

fn envelope(audio: &AudioSamples, points: &Bound<'_, PyAny>) -> PyResult<Envelope> {
    let wrong = |_| {
        PyTypeError::new_err(format!(
            "an envelope is a list of points (seconds, decibels), such as [(0, -60), (2.5, 0)], not {}",
            arguments::shown(points)
        ))
    };
    // Lists and rows of arrays are points too.
    let point = |point: PyResult<Bound<'_, PyAny>>| match point?
        .try_iter()?
        .collect::<PyResult<Vec<_>>>()?
        .as_slice()
    {
        [time, db] => Ok((time.extract::<f64>()?, db.extract::<f64>()?)),
        _ => Err(PyTypeError::new_err("two numbers")),
    };
    let found: PyResult<Vec<(f64, f64)>> = points
        .try_iter()
        .and_then(|points| points.map(point).collect());
    let points = found.map_err(wrong)?;
    Ok(Envelope::new(audio.audio(), &points)?)
}

#[pymethods]
impl AudioSamples {
    /// New audio, louder or softer by `db` decibels; -inf is silence.
    ///
    /// Integers are rounded to the nearest, ties to even, and saturate. ValueError for nan and
    /// +inf.
    ///
    /// >>> AudioSamples.new_mono(np.array([1.0]), 48_000).gain(-20).to_numpy()
    /// array([0.1])
    fn gain(&self, py: Python<'_>, db: &Bound<'_, PyAny>) -> PyResult<AudioSamples> {
        self.changed(py, &gain(db)?)
    }

    /// `gain`, where the samples lie: every view of them sees it. Gives the same object.
    fn gain_inplace<'py>(
        slf: Bound<'py, Self>,
        db: &Bound<'_, PyAny>,
    ) -> PyResult<Bound<'py, Self>> {
        AudioSamples::changed_inplace(slf, &gain(db)?)
    }

    /// New audio of `factor` times each sample; a negative factor turns the phase. Integers as
    /// for `gain`.
    ///
    /// >>> AudioSamples.new_mono(np.array([30_000], np.int16), 48_000).scale(2).to_numpy()
    /// array([32767], dtype=int16)
    fn scale(&self, py: Python<'_>, factor: &Bound<'_, PyAny>) -> PyResult<AudioSamples> {
        self.changed(py, &scale(factor)?)
    }

    /// `scale`, where the samples lie: every view of them sees it. Gives the same object.
    fn scale_inplace<'py>(
        slf: Bound<'py, Self>,
        factor: &Bound<'_, PyAny>,
    ) -> PyResult<Bound<'py, Self>> {
        AudioSamples::changed_inplace(slf, &scale(factor)?)
    }

    /// New audio of `tanh(drive * x)`: what is quiet grows by `drive_db`, and full scale is
    /// never passed.
    ///
    /// >>> AudioSamples.new_mono(np.array([0.0, 10.0]), 48_000).soft_clip(6).peak()
    /// 1.0
    #[pyo3(signature = (drive_db = None), text_signature = "($self, drive_db=0.0)")]
    fn soft_clip(
        &self,
        py: Python<'_>,
        drive_db: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<AudioSamples> {
        self.changed(py, &soft_clip(drive_db)?)
    }

    /// `soft_clip`, where the samples lie. Gives the same object.
    #[pyo3(signature = (drive_db = None), text_signature = "($self, drive_db=0.0)")]
    fn soft_clip_inplace<'py>(
        slf: Bound<'py, Self>,
        drive_db: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Bound<'py, Self>> {
        AudioSamples::changed_inplace(slf, &soft_clip(drive_db)?)
    }

    /// New audio without the mean of each channel. ValueError if a mean is no number.
    ///
    /// >>> AudioSamples.new_mono(np.array([0.5, 0.0]), 48_000).remove_dc().to_numpy()
    /// array([ 0.25, -0.25])
    fn remove_dc(&self, py: Python<'_>) -> PyResult<AudioSamples> {
        let bytes = 2 * self.bytes_per_pass();
        let changed = running::run(py, bytes, |wait| self.audio().without_dc(wait))?;
        Ok(AudioSamples::new(changed))
    }

    /// `remove_dc`, where the samples lie. Gives the same object.
    fn remove_dc_inplace(slf: Bound<'_, Self>) -> PyResult<Bound<'_, Self>> {
        let audio = slf.get();
        running::run(slf.py(), 2 * audio.bytes_per_pass(), |wait| {
            audio.audio().take_dc_inplace(wait)
        })?;
        Ok(slf)
    }

    /// New audio that begins in silence; the frame behind the fade is as it was.
    ///
    /// A length in seconds or frames. Curves of time t from 0 to 1: `linear` t; `equal_power`
    /// sin(pi t / 2); `exponential` (1000**t - 1) / 999; `logarithmic` the same turned by half;
    /// `raised_cosine` (1 - cos(pi t)) / 2. ValueError for a fade longer than the audio.
    ///
    /// >>> AudioSamples.new_mono(np.ones(4), 48_000).fade_in(frames=2).to_numpy()
    /// array([0. , 0.5, 1. , 1. ])
    #[pyo3(
        signature = (seconds = None, *, frames = None, curve = None, **others),
        text_signature = "($self, seconds=None, *, frames=None, curve='linear')"
    )]
    fn fade_in(
        &self,
        py: Python<'_>,
        seconds: Option<&Bound<'_, PyAny>>,
        frames: Option<&Bound<'_, PyAny>>,
        curve: Option<&Bound<'_, PyString>>,
        others: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<AudioSamples> {
        arguments::refuse_others("fade_in", "seconds=, frames= and curve=", None, others)?;
        self.changed(py, &fade(self, End::Start, seconds, frames, curve)?)
    }

    /// `fade_in`, where the samples lie: only those of the fade are written. Gives the same
    /// object.
    #[pyo3(
        signature = (seconds = None, *, frames = None, curve = None, **others),
        text_signature = "($self, seconds=None, *, frames=None, curve='linear')"
    )]
    fn fade_in_inplace<'py>(
        slf: Bound<'py, Self>,
        seconds: Option<&Bound<'_, PyAny>>,
        frames: Option<&Bound<'_, PyAny>>,
        curve: Option<&Bound<'_, PyString>>,
        others: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Bound<'py, Self>> {
        arguments::refuse_others(
            "fade_in_inplace",
            "seconds=, frames= and curve=",
            None,
            others,
        )?;
        let fade = fade(slf.get(), End::Start, seconds, frames, curve)?;
        AudioSamples::changed_inplace(slf, &fade)
    }

    /// New audio that ends in silence: `fade_in` backwards.
    ///
    /// >>> AudioSamples.new_mono(np.ones(4), 48_000).fade_out(frames=2).to_numpy()
    /// array([1. , 1. , 0.5, 0. ])
    #[pyo3(
        signature = (seconds = None, *, frames = None, curve = None, **others),
        text_signature = "($self, seconds=None, *, frames=None, curve='linear')"
    )]
    fn fade_out(
        &self,
        py: Python<'_>,
        seconds: Option<&Bound<'_, PyAny>>,
        frames: Option<&Bound<'_, PyAny>>,
        curve: Option<&Bound<'_, PyString>>,
        others: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<AudioSamples> {
        arguments::refuse_others("fade_out", "seconds=, frames= and curve=", None, others)?;
        self.changed(py, &fade(self, End::Finish, seconds, frames, curve)?)
    }

    /// `fade_out`, where the samples lie: only those of the fade are written. Gives the same
    /// object.
    #[pyo3(
        signature = (seconds = None, *, frames = None, curve = None, **others),
        text_signature = "($self, seconds=None, *, frames=None, curve='linear')"
    )]
    fn fade_out_inplace<'py>(
        slf: Bound<'py, Self>,
        seconds: Option<&Bound<'_, PyAny>>,
        frames: Option<&Bound<'_, PyAny>>,
        curve: Option<&Bound<'_, PyString>>,
        others: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Bound<'py, Self>> {
        arguments::refuse_others(
            "fade_out_inplace",
            "seconds=, frames= and curve=",
            None,
            others,
        )?;
        let fade = fade(slf.get(), End::Finish, seconds, frames, curve)?;
        AudioSamples::changed_inplace(slf, &fade)
    }

    /// New audio with a gain through points of (seconds, decibels), in straight lines of
    /// decibels.
    ///
    /// Before the first point and behind the last the gain stays. ValueError for times that do not
    /// go up from 0.
    ///
    /// >>> AudioSamples.new_mono(np.ones(3), 2).apply_envelope([(0, 0), (1, -40)]).to_numpy()
    /// array([1.  , 0.1 , 0.01])
    fn apply_envelope(&self, py: Python<'_>, points: &Bound<'_, PyAny>) -> PyResult<AudioSamples> {
        self.changed(py, &envelope(self, points)?)
    }

    /// `apply_envelope`, where the samples lie. Gives the same object.
    fn apply_envelope_inplace<'py>(
        slf: Bound<'py, Self>,
        points: &Bound<'_, PyAny>,
    ) -> PyResult<Bound<'py, Self>> {
        let envelope = envelope(slf.get(), points)?;
        AudioSamples::changed_inplace(slf, &envelope)
    }
}
