//! What audio is, in numbers.

use pyo3::intern;
use pyo3::prelude::*;

use crate::audio::measure::{Levels, together};
use crate::python::class::AudioSamples;
use crate::python::numpy::numpy_module;
use crate::python::running;

/// Of some levels one number for all channels, or an array of one for each.
fn numbers<'py>(
    py: Python<'py>,
    channels: &[Levels],
    per_channel: bool,
    of: impl Fn(&Levels) -> f64,
) -> PyResult<Bound<'py, PyAny>> {
    if !per_channel {
        return Ok(of(&together(channels)).into_pyobject(py)?.into_any());
    }
    let all: Vec<f64> = channels.iter().map(of).collect();
    numpy_module(py)?.call_method1(intern!(py, "array"), (all,))
}

/// As [`numbers`], of counts.
fn counts<'py>(
    py: Python<'py>,
    channels: &[Levels],
    per_channel: bool,
) -> PyResult<Bound<'py, PyAny>> {
    if !per_channel {
        let count = together(channels).zero_crossings();
        return Ok(count.into_pyobject(py)?.into_any());
    }
    let all: Vec<u64> = channels.iter().map(Levels::zero_crossings).collect();
    let numpy = numpy_module(py)?;
    numpy.call_method1(intern!(py, "array"), (all, intern!(py, "int64")))
}

/// A level as a factor of full scale, or in decibels.
fn level(of: impl Fn(&Levels) -> f64, db: bool) -> impl Fn(&Levels) -> f64 {
    move |levels| match db {
        true => Levels::decibels(of(levels)),
        false => of(levels),
    }
}

impl AudioSamples {
    fn levels(&self, py: Python<'_>, crossings: bool) -> PyResult<Vec<Levels>> {
        running::run(py, self.bytes_per_pass(), |wait| {
            self.audio().levels(crossings, wait)
        })
    }
}

#[pymethods]
impl AudioSamples {
    /// The largest distance of a sample from zero.
    ///
    /// Full scale is 1.0: -32768 in int16 is 1.0. With `db=True` in dBFS, -inf for silence. One
    /// number for all channels, or a float64 array of one for each with `per_channel=True`. Empty
    /// audio gives 0.0; nan if a sample is.
    ///
    /// >>> AudioSamples.new_mono(np.array([0.5, -0.25]), 48_000).peak()
    /// 0.5
    #[pyo3(signature = (db = false, per_channel = false))]
    fn peak<'py>(
        &self,
        py: Python<'py>,
        db: bool,
        per_channel: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        numbers(
            py,
            &self.levels(py, false)?,
            per_channel,
            level(Levels::peak, db),
        )
    }

    /// The root of the mean square of the samples, summed in float64; otherwise as `peak`.
    ///
    /// >>> AudioSamples.new_mono(np.array([0.5, -0.5]), 48_000).rms()
    /// 0.5
    #[pyo3(signature = (db = false, per_channel = false))]
    fn rms<'py>(
        &self,
        py: Python<'py>,
        db: bool,
        per_channel: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        numbers(
            py,
            &self.levels(py, false)?,
            per_channel,
            level(Levels::rms, db),
        )
    }

    /// Peak by RMS: 1.0 for a square wave, 1.414 for a sine, 0.0 for silence; otherwise as
    /// `peak`.
    ///
    /// >>> AudioSamples.new_mono(np.array([0.5, -0.5]), 48_000).crest_factor()
    /// 1.0
    #[pyo3(signature = (db = false, per_channel = false))]
    fn crest_factor<'py>(
        &self,
        py: Python<'py>,
        db: bool,
        per_channel: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let of = level(Levels::crest_factor, db);
        numbers(py, &self.levels(py, false)?, per_channel, of)
    }

    /// The mean of the samples; full scale is 1.0. 0.0 for empty audio.
    ///
    /// >>> AudioSamples.new_mono(np.array([0.5, 0.0]), 48_000).dc_offset()
    /// 0.25
    #[pyo3(signature = (per_channel = false))]
    fn dc_offset<'py>(&self, py: Python<'py>, per_channel: bool) -> PyResult<Bound<'py, PyAny>> {
        numbers(py, &self.levels(py, false)?, per_channel, Levels::dc_offset)
    }

    /// How often a sample is below zero and the next one of its channel is not, or the other way
    /// round.
    ///
    /// An int, the sum over all channels, or an int64 array with `per_channel=True`.
    ///
    /// >>> AudioSamples.new_mono(np.array([0.5, -0.5, 0.5]), 48_000).zero_crossings()
    /// 2
    #[pyo3(signature = (per_channel = false))]
    fn zero_crossings<'py>(
        &self,
        py: Python<'py>,
        per_channel: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        counts(py, &self.levels(py, true)?, per_channel)
    }

    /// Peak, RMS, crest factor, DC offset, zero crossings, minimum and maximum, in one pass over
    /// the samples.
    ///
    /// >>> AudioSamples.new_mono(np.array([0.5, -0.5]), 48_000).statistics().crest_factor
    /// 1.0
    #[pyo3(signature = (per_channel = false))]
    fn statistics<'py>(&self, py: Python<'py>, per_channel: bool) -> PyResult<Bound<'py, PyAny>> {
        let levels = self.levels(py, true)?;
        let of = |of: fn(&Levels) -> f64| numbers(py, &levels, per_channel, of);
        let module = py.import(intern!(py, "audio_samples._measures"))?;
        let fields = (
            of(Levels::peak)?,
            of(Levels::rms)?,
            of(Levels::crest_factor)?,
            of(Levels::dc_offset)?,
            counts(py, &levels, per_channel)?,
            of(Levels::min)?,
            of(Levels::max)?,
        );
        module.call_method1(intern!(py, "Statistics"), fields)
    }
}
