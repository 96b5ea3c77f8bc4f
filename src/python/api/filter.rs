//! Filters: each method gives new audio, and its `_inplace` twin changes the samples where they lie and gives the same
//! object.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::audio::SampleRate;
use crate::dsp::{Band, Response, Sections};
use crate::python::arguments;
use crate::python::class::AudioSamples;
use crate::python::numpy::numpy_module;
use crate::python::running;

/// What a filter lets pass, as callers write it: all options but the edges.
pub struct Shape {
    order: usize,
    kind: String,
    ripple: Option<f64>,
    attenuation: Option<f64>,
}

impl Shape {
    pub fn of(
        order: Option<&Bound<'_, PyAny>>,
        kind: Option<&Bound<'_, PyString>>,
        ripple_db: Option<&Bound<'_, PyAny>>,
        attenuation_db: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Shape> {
        /// The order where none is given.
        const USUAL: u64 = 2;
        let order = order.map_or(Ok(USUAL), |given| arguments::count(given, "order", 1))?;
        let number = |given: &Bound<'_, PyAny>, name| arguments::number(given, name);
        Ok(Shape {
            order: usize::try_from(order).unwrap_or(usize::MAX),
            kind: kind.map_or("butterworth".into(), |kind| {
                kind.to_string_lossy().into_owned()
            }),
            ripple: ripple_db
                .map(|given| number(given, "ripple_db"))
                .transpose()?,
            attenuation: attenuation_db
                .map(|given| number(given, "attenuation_db"))
                .transpose()?,
        })
    }

    pub fn sections(&self, band: Band, rate: SampleRate) -> PyResult<Sections> {
        let Shape {
            order,
            kind,
            ripple,
            attenuation,
        } = self;
        let response = Response::named(kind, band, *order, *ripple, *attenuation)?;
        Ok(response.sections(rate)?)
    }
}

/// Sections as SciPy gives them: an array or a list of six numbers each.
pub fn sections(given: &Bound<'_, PyAny>) -> PyResult<Sections> {
    let py = given.py();
    let list = match given.getattr_opt(intern!(py, "tolist"))? {
        Some(tolist) => tolist.call0()?,
        None => given.clone(),
    };
    let rows: Vec<[f64; 6]> = list.extract().map_err(|_| {
        PyTypeError::new_err(format!(
            "sos is an array of shape (sections, 6), as scipy.signal.butter(..., output='sos') gives it, not {}",
            arguments::shown(given)
        ))
    })?;
    Ok(Sections::new(rows)?)
}

/// The band of that name with its edges.
pub fn band(name: &str, hz: &Bound<'_, PyAny>) -> PyResult<Band> {
    let pair = || -> PyResult<(f64, f64)> {
        hz.extract().map_err(|_| {
            PyTypeError::new_err(format!(
                "a {name} has two edges, hz=(low, high), not {}",
                arguments::shown(hz)
            ))
        })
    };
    match name {
        "lowpass" => Ok(Band::Below(arguments::number(hz, "hz")?)),
        "highpass" => Ok(Band::Above(arguments::number(hz, "hz")?)),
        "bandpass" => pair().map(|(low, high)| Band::Between(low, high)),
        "bandstop" => pair().map(|(low, high)| Band::Without(low, high)),
        _ => Err(PyValueError::new_err(format!(
            "band must be 'lowpass', 'highpass', 'bandpass' or 'bandstop', not '{name}'"
        ))),
    }
}

/// The sections of a filter, of shape (sections, 6), as `scipy.signal.iirfilter` gives them.
///
/// `bandpass` and `bandstop` take two edges. Options as for `AudioSamples.lowpass`.
///
/// >>> audio_samples.dsp.design("bandpass", (300, 3_400), 16_000, order=4).shape
/// (4, 6)
#[pyfunction]
#[pyo3(
    signature = (band, hz, sample_rate, order = None, kind = None, *, ripple_db = None, attenuation_db = None),
    text_signature = "(band, hz, sample_rate, order=2, kind='butterworth', *, ripple_db=None, attenuation_db=None)"
)]
#[expect(clippy::too_many_arguments, reason = "they are the caller's")]
pub fn design<'py>(
    py: Python<'py>,
    band: &str,
    hz: &Bound<'py, PyAny>,
    sample_rate: &Bound<'py, PyAny>,
    order: Option<&Bound<'py, PyAny>>,
    kind: Option<&Bound<'py, PyString>>,
    ripple_db: Option<&Bound<'py, PyAny>>,
    attenuation_db: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let shape = Shape::of(order, kind, ripple_db, attenuation_db)?;
    let rate = arguments::sample_rate(sample_rate)?;
    let sections = shape.sections(self::band(band, hz)?, rate)?;
    let rows: Vec<Vec<f64>> = sections.as_slice().iter().map(|row| row.to_vec()).collect();
    numpy_module(py)?.call_method1(intern!(py, "array"), (rows,))
}

/// Times that a pass over the samples takes less than a filter.
const WORK: usize = 16;

impl AudioSamples {
    pub fn filtered(
        &self,
        py: Python<'_>,
        sections: &Sections,
        zero_phase: bool,
    ) -> PyResult<AudioSamples> {
        let bytes = WORK * self.bytes_per_pass();
        let filtered = running::run(py, bytes, |wait| {
            self.audio().filtered(sections, zero_phase, wait)
        })?;
        Ok(AudioSamples::new(filtered))
    }

    pub fn filtered_inplace<'py>(
        slf: Bound<'py, Self>,
        sections: &Sections,
        zero_phase: bool,
    ) -> PyResult<Bound<'py, Self>> {
        let audio = slf.get();
        running::run(slf.py(), WORK * audio.bytes_per_pass(), |wait| {
            audio.audio().filter_own(sections, zero_phase, wait)
        })?;
        Ok(slf)
    }

    pub fn rate(&self) -> SampleRate {
        self.audio().rate()
    }
}

/// A method of one edge and its twin.
macro_rules! with_one_edge {
    ($name:ident, $twin:ident, $Band:ident, $doc:literal, $twin_doc:literal) => {
        #[pymethods]
        impl AudioSamples {
            #[doc = $doc]
            #[pyo3(
                signature = (
                    hz, order = None, kind = None, *, ripple_db = None, attenuation_db = None, zero_phase = false
                ),
                text_signature = "($self, hz, order=2, kind='butterworth', *, ripple_db=None, attenuation_db=None, \
                    zero_phase=False)"
            )]
            #[expect(clippy::too_many_arguments, reason = "they are the caller's")]
            fn $name(
                &self,
                py: Python<'_>,
                hz: &Bound<'_, PyAny>,
                order: Option<&Bound<'_, PyAny>>,
                kind: Option<&Bound<'_, PyString>>,
                ripple_db: Option<&Bound<'_, PyAny>>,
                attenuation_db: Option<&Bound<'_, PyAny>>,
                zero_phase: bool,
            ) -> PyResult<AudioSamples> {
                let shape = Shape::of(order, kind, ripple_db, attenuation_db)?;
                let band = Band::$Band(arguments::number(hz, "hz")?);
                self.filtered(py, &shape.sections(band, self.rate())?, zero_phase)
            }

            #[doc = $twin_doc]
            #[pyo3(
                signature = (
                    hz, order = None, kind = None, *, ripple_db = None, attenuation_db = None, zero_phase = false
                ),
                text_signature = "($self, hz, order=2, kind='butterworth', *, ripple_db=None, attenuation_db=None, \
                    zero_phase=False)"
            )]
            fn $twin<'py>(
                slf: Bound<'py, Self>,
                hz: &Bound<'_, PyAny>,
                order: Option<&Bound<'_, PyAny>>,
                kind: Option<&Bound<'_, PyString>>,
                ripple_db: Option<&Bound<'_, PyAny>>,
                attenuation_db: Option<&Bound<'_, PyAny>>,
                zero_phase: bool,
            ) -> PyResult<Bound<'py, Self>> {
                let shape = Shape::of(order, kind, ripple_db, attenuation_db)?;
                let band = Band::$Band(arguments::number(hz, "hz")?);
                let sections = shape.sections(band, slf.get().rate())?;
                AudioSamples::filtered_inplace(slf, &sections, zero_phase)
            }
        }
    };
}

/// A method of two edges and its twin.
macro_rules! with_two_edges {
    ($name:ident, $twin:ident, $Band:ident, $doc:literal, $twin_doc:literal) => {
        #[pymethods]
        impl AudioSamples {
            #[doc = $doc]
            #[pyo3(
                signature = (
                    low_hz, high_hz, order = None, kind = None, *, ripple_db = None, attenuation_db = None,
                    zero_phase = false
                ),
                text_signature = "($self, low_hz, high_hz, order=2, kind='butterworth', *, ripple_db=None, \
                    attenuation_db=None, zero_phase=False)"
            )]
            #[expect(clippy::too_many_arguments, reason = "they are the caller's")]
            fn $name(
                &self,
                py: Python<'_>,
                low_hz: &Bound<'_, PyAny>,
                high_hz: &Bound<'_, PyAny>,
                order: Option<&Bound<'_, PyAny>>,
                kind: Option<&Bound<'_, PyString>>,
                ripple_db: Option<&Bound<'_, PyAny>>,
                attenuation_db: Option<&Bound<'_, PyAny>>,
                zero_phase: bool,
            ) -> PyResult<AudioSamples> {
                let shape = Shape::of(order, kind, ripple_db, attenuation_db)?;
                let low = arguments::number(low_hz, "low_hz")?;
                let band = Band::$Band(low, arguments::number(high_hz, "high_hz")?);
                self.filtered(py, &shape.sections(band, self.rate())?, zero_phase)
            }

            #[doc = $twin_doc]
            #[pyo3(
                signature = (
                    low_hz, high_hz, order = None, kind = None, *, ripple_db = None, attenuation_db = None,
                    zero_phase = false
                ),
                text_signature = "($self, low_hz, high_hz, order=2, kind='butterworth', *, ripple_db=None, \
                    attenuation_db=None, zero_phase=False)"
            )]
            #[expect(clippy::too_many_arguments, reason = "they are the caller's")]
            fn $twin<'py>(
                slf: Bound<'py, Self>,
                low_hz: &Bound<'_, PyAny>,
                high_hz: &Bound<'_, PyAny>,
                order: Option<&Bound<'_, PyAny>>,
                kind: Option<&Bound<'_, PyString>>,
                ripple_db: Option<&Bound<'_, PyAny>>,
                attenuation_db: Option<&Bound<'_, PyAny>>,
                zero_phase: bool,
            ) -> PyResult<Bound<'py, Self>> {
                let shape = Shape::of(order, kind, ripple_db, attenuation_db)?;
                let low = arguments::number(low_hz, "low_hz")?;
                let band = Band::$Band(low, arguments::number(high_hz, "high_hz")?);
                let sections = shape.sections(band, slf.get().rate())?;
                AudioSamples::filtered_inplace(slf, &sections, zero_phase)
            }
        }
    };
}

with_one_edge!(
    lowpass,
    lowpass_inplace,
    Below,
    r#"New audio of what lies below `hz`, which is 3 dB down there.

Second-order sections with a state of float64, computed as SciPy computes them, at rest
in the beginning. Kinds: `butterworth`; `chebyshev1`, which takes `ripple_db`;
`chebyshev2`, which takes `attenuation_db`; `elliptic`, which takes both; `bessel`. `order`
is from 1 to 24.
`zero_phase=True` filters forwards and backwards: nothing comes late, and the attenuation is
twice as high. ValueError for a frequency that is not between 0 and half the sample rate.

>>> AudioSamples.new_mono(np.ones(48_000), 48_000).lowpass(1_000).peak() > 0.99
True"#,
    "`lowpass`, where the samples lie. Gives the same object."
);
with_one_edge!(
    highpass,
    highpass_inplace,
    Above,
    r#"New audio of what lies above `hz`, which is 3 dB down there; otherwise as `lowpass`.

>>> abs(AudioSamples.new_mono(np.ones(48_000), 48_000).highpass(80)[-1]) < 1e-6
np.True_"#,
    "`highpass`, where the samples lie. Gives the same object."
);
with_two_edges!(
    bandpass,
    bandpass_inplace,
    Between,
    r#"New audio of what lies between `low_hz` and `high_hz`; otherwise as `lowpass`.

>>> AudioSamples.zeros(10, 48_000).bandpass(300, 3_400, 4).shape
(10,)"#,
    "`bandpass`, where the samples lie. Gives the same object."
);
with_two_edges!(
    bandstop,
    bandstop_inplace,
    Without,
    r#"New audio without what lies between `low_hz` and `high_hz`; otherwise as `lowpass`.

>>> AudioSamples.zeros(10, 48_000).bandstop(49, 51).shape
(10,)"#,
    "`bandstop`, where the samples lie. Gives the same object."
);

#[pymethods]
impl AudioSamples {
    /// New audio through second-order sections, as `scipy.signal.sosfilt` and `sosfiltfilt` do.
    ///
    /// `sos` has the shape (sections, 6), `a0` is 1. The bits are SciPy's for float64; float32 and
    /// integers are computed in float64 too, and rounded at the end. ValueError for other sections.
    ///
    /// >>> sos = audio_samples.dsp.design("lowpass", 1_000, 48_000, order=4)
    /// >>> AudioSamples.zeros(10, 48_000).filter(sos).shape
    /// (10,)
    #[pyo3(signature = (sos, zero_phase = false))]
    fn filter(
        &self,
        py: Python<'_>,
        sos: &Bound<'_, PyAny>,
        zero_phase: bool,
    ) -> PyResult<AudioSamples> {
        self.filtered(py, &sections(sos)?, zero_phase)
    }

    /// `filter`, where the samples lie. Gives the same object.
    #[pyo3(signature = (sos, zero_phase = false))]
    fn filter_inplace<'py>(
        slf: Bound<'py, Self>,
        sos: &Bound<'_, PyAny>,
        zero_phase: bool,
    ) -> PyResult<Bound<'py, Self>> {
        AudioSamples::filtered_inplace(slf, &sections(sos)?, zero_phase)
    }
}
