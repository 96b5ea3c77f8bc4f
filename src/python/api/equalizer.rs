//! Equalizers: bands up and down, one frequency out, the highs up.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::audio::SampleRate;
use crate::dsp::{Equal, Sections};
use crate::python::arguments;
use crate::python::class::AudioSamples;

/// A number, or what is usual.
fn number_or(given: Option<&Bound<'_, PyAny>>, name: &str, usual: f64) -> PyResult<f64> {
    given.map_or(Ok(usual), |given| arguments::number(given, name))
}

/// The bands of an equalizer, as callers write them.
pub fn bands(given: &Bound<'_, PyAny>) -> PyResult<Vec<Equal>> {
    let wrong = |what: &Bound<'_, PyAny>| {
        PyTypeError::new_err(format!(
            "a band is (kind, hz, gain_db) or (kind, hz, gain_db, q), where kind is 'peaking', 'low_shelf' or \
             'high_shelf', or ('notch', hz, q), not {}",
            arguments::shown(what)
        ))
    };
    let mut bands = Vec::new();
    for item in given.try_iter()? {
        let item = item?;
        let parts: Vec<Bound<'_, PyAny>> = item.extract().map_err(|_| wrong(&item))?;
        let Some((kind, numbers)) = parts.split_first() else {
            return Err(wrong(&item));
        };
        let kind: String = kind.extract().map_err(|_| wrong(&item))?;
        let numbers = numbers
            .iter()
            .map(|number| arguments::number(number, "a number of a band"));
        let numbers: Vec<f64> = numbers.collect::<PyResult<_>>()?;
        bands.push(match (kind.as_str(), numbers[..].as_ref()) {
            ("peaking", &[hertz, gain]) => Equal::Peaking {
                hertz,
                gain,
                q: 1.0,
            },
            ("peaking", &[hertz, gain, q]) => Equal::Peaking { hertz, gain, q },
            ("low_shelf", &[hertz, gain]) => Equal::LowShelf {
                hertz,
                gain,
                q: BEND,
            },
            ("low_shelf", &[hertz, gain, q]) => Equal::LowShelf { hertz, gain, q },
            ("high_shelf", &[hertz, gain]) => Equal::HighShelf {
                hertz,
                gain,
                q: BEND,
            },
            ("high_shelf", &[hertz, gain, q]) => Equal::HighShelf { hertz, gain, q },
            ("notch", &[hertz]) => Equal::Notch { hertz, q: NARROW },
            ("notch", &[hertz, q]) => Equal::Notch { hertz, q },
            _ => return Err(wrong(&item)),
        });
    }
    Ok(bands)
}

/// The widths that are usual: of shelves without a bump, and of a notch.
const BEND: f64 = std::f64::consts::FRAC_1_SQRT_2;
const NARROW: f64 = 30.0;

#[pymethods]
impl AudioSamples {
    /// New audio through the bands of an equalizer, one after the other.
    ///
    /// A band is `("peaking", hz, gain_db, q=1.0)`, `("low_shelf", hz, gain_db, q=0.7071)`,
    /// `("high_shelf", hz, gain_db, q=0.7071)` or `("notch", hz, q=30.0)` (Bristow-Johnson's
    /// formulae). ValueError for a frequency that is not between 0 and half the sample rate, and
    /// for a `q` that is not above 0.
    ///
    /// >>> bands = [("low_shelf", 100, -6), ("peaking", 3_000, 2, 0.9)]
    /// >>> AudioSamples.zeros(10, 48_000).eq(bands).shape
    /// (10,)
    fn eq(&self, py: Python<'_>, bands: &Bound<'_, PyAny>) -> PyResult<AudioSamples> {
        let bands = self::bands(bands)?;
        self.filtered(py, &Sections::equalizer(&bands, self.rate())?, false)
    }

    /// `eq`, where the samples lie. Gives the same object.
    fn eq_inplace<'py>(
        slf: Bound<'py, Self>,
        bands: &Bound<'_, PyAny>,
    ) -> PyResult<Bound<'py, Self>> {
        let bands = self::bands(bands)?;
        let sections = Sections::equalizer(&bands, slf.get().rate())?;
        AudioSamples::filtered_inplace(slf, &sections, false)
    }

    /// New audio, by `gain_db` louder or softer around `hz`. As a band of `eq`.
    ///
    /// >>> AudioSamples.zeros(10, 48_000).peaking(1_000, 3).shape
    /// (10,)
    #[pyo3(signature = (hz, gain_db, q = None), text_signature = "($self, hz, gain_db, q=1.0)")]
    fn peaking(
        &self,
        py: Python<'_>,
        hz: &Bound<'_, PyAny>,
        gain_db: &Bound<'_, PyAny>,
        q: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<AudioSamples> {
        self.filtered(py, &peak_of(hz, gain_db, q, self.rate())?, false)
    }

    /// `peaking`, where the samples lie. Gives the same object.
    #[pyo3(signature = (hz, gain_db, q = None), text_signature = "($self, hz, gain_db, q=1.0)")]
    fn peaking_inplace<'py>(
        slf: Bound<'py, Self>,
        hz: &Bound<'_, PyAny>,
        gain_db: &Bound<'_, PyAny>,
        q: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Bound<'py, Self>> {
        let sections = peak_of(hz, gain_db, q, slf.get().rate())?;
        AudioSamples::filtered_inplace(slf, &sections, false)
    }

    /// New audio, by `gain_db` louder or softer below `hz`. As a band of `eq`.
    ///
    /// >>> AudioSamples.zeros(10, 48_000).low_shelf(100, -6).shape
    /// (10,)
    #[pyo3(signature = (hz, gain_db, q = None), text_signature = "($self, hz, gain_db, q=0.7071)")]
    fn low_shelf(
        &self,
        py: Python<'_>,
        hz: &Bound<'_, PyAny>,
        gain_db: &Bound<'_, PyAny>,
        q: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<AudioSamples> {
        self.filtered(py, &low_shelf_of(hz, gain_db, q, self.rate())?, false)
    }

    /// `low_shelf`, where the samples lie. Gives the same object.
    #[pyo3(signature = (hz, gain_db, q = None), text_signature = "($self, hz, gain_db, q=0.7071)")]
    fn low_shelf_inplace<'py>(
        slf: Bound<'py, Self>,
        hz: &Bound<'_, PyAny>,
        gain_db: &Bound<'_, PyAny>,
        q: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Bound<'py, Self>> {
        let sections = low_shelf_of(hz, gain_db, q, slf.get().rate())?;
        AudioSamples::filtered_inplace(slf, &sections, false)
    }

    /// New audio, by `gain_db` louder or softer above `hz`. As a band of `eq`.
    ///
    /// >>> AudioSamples.zeros(10, 48_000).high_shelf(8_000, 2).shape
    /// (10,)
    #[pyo3(signature = (hz, gain_db, q = None), text_signature = "($self, hz, gain_db, q=0.7071)")]
    fn high_shelf(
        &self,
        py: Python<'_>,
        hz: &Bound<'_, PyAny>,
        gain_db: &Bound<'_, PyAny>,
        q: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<AudioSamples> {
        self.filtered(py, &high_shelf_of(hz, gain_db, q, self.rate())?, false)
    }

    /// `high_shelf`, where the samples lie. Gives the same object.
    #[pyo3(signature = (hz, gain_db, q = None), text_signature = "($self, hz, gain_db, q=0.7071)")]
    fn high_shelf_inplace<'py>(
        slf: Bound<'py, Self>,
        hz: &Bound<'_, PyAny>,
        gain_db: &Bound<'_, PyAny>,
        q: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Bound<'py, Self>> {
        let sections = high_shelf_of(hz, gain_db, q, slf.get().rate())?;
        AudioSamples::filtered_inplace(slf, &sections, false)
    }

    /// New audio without `hz`; `q` is the frequency by the bandwidth at 3 dB.
    ///
    /// >>> AudioSamples.zeros(10, 48_000).notch(50).shape
    /// (10,)
    #[pyo3(signature = (hz, q = None), text_signature = "($self, hz, q=30.0)")]
    fn notch(
        &self,
        py: Python<'_>,
        hz: &Bound<'_, PyAny>,
        q: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<AudioSamples> {
        self.filtered(py, &notch_of(hz, q, self.rate())?, false)
    }

    /// `notch`, where the samples lie. Gives the same object.
    #[pyo3(signature = (hz, q = None), text_signature = "($self, hz, q=30.0)")]
    fn notch_inplace<'py>(
        slf: Bound<'py, Self>,
        hz: &Bound<'_, PyAny>,
        q: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Bound<'py, Self>> {
        let sections = notch_of(hz, q, slf.get().rate())?;
        AudioSamples::filtered_inplace(slf, &sections, false)
    }

    /// New audio of `x[n] - coefficient * x[n - 1]`: the highs of speech up.
    ///
    /// >>> AudioSamples.zeros(10, 48_000).preemphasis().shape
    /// (10,)
    #[pyo3(signature = (coefficient = None), text_signature = "($self, coefficient=0.97)")]
    fn preemphasis(
        &self,
        py: Python<'_>,
        coefficient: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<AudioSamples> {
        let coefficient = number_or(coefficient, "coefficient", USUAL_EMPHASIS)?;
        self.filtered(py, &Sections::preemphasis(coefficient)?, false)
    }

    /// `preemphasis`, where the samples lie. Gives the same object.
    #[pyo3(signature = (coefficient = None), text_signature = "($self, coefficient=0.97)")]
    fn preemphasis_inplace<'py>(
        slf: Bound<'py, Self>,
        coefficient: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Bound<'py, Self>> {
        let coefficient = number_or(coefficient, "coefficient", USUAL_EMPHASIS)?;
        AudioSamples::filtered_inplace(slf, &Sections::preemphasis(coefficient)?, false)
    }
}

/// What speech recognition takes where nothing is said.
const USUAL_EMPHASIS: f64 = 0.97;

fn peak_of(
    hz: &Bound<'_, PyAny>,
    gain_db: &Bound<'_, PyAny>,
    q: Option<&Bound<'_, PyAny>>,
    rate: SampleRate,
) -> PyResult<Sections> {
    let (hertz, gain) = (
        arguments::number(hz, "hz")?,
        arguments::number(gain_db, "gain_db")?,
    );
    let q = number_or(q, "q", 1.0)?;
    Ok(Sections::equalizer(
        &[Equal::Peaking { hertz, gain, q }],
        rate,
    )?)
}

fn low_shelf_of(
    hz: &Bound<'_, PyAny>,
    gain_db: &Bound<'_, PyAny>,
    q: Option<&Bound<'_, PyAny>>,
    rate: SampleRate,
) -> PyResult<Sections> {
    let (hertz, gain) = (
        arguments::number(hz, "hz")?,
        arguments::number(gain_db, "gain_db")?,
    );
    let q = number_or(q, "q", BEND)?;
    Ok(Sections::equalizer(
        &[Equal::LowShelf { hertz, gain, q }],
        rate,
    )?)
}

fn high_shelf_of(
    hz: &Bound<'_, PyAny>,
    gain_db: &Bound<'_, PyAny>,
    q: Option<&Bound<'_, PyAny>>,
    rate: SampleRate,
) -> PyResult<Sections> {
    let (hertz, gain) = (
        arguments::number(hz, "hz")?,
        arguments::number(gain_db, "gain_db")?,
    );
    let q = number_or(q, "q", BEND)?;
    Ok(Sections::equalizer(
        &[Equal::HighShelf { hertz, gain, q }],
        rate,
    )?)
}

fn notch_of(
    hz: &Bound<'_, PyAny>,
    q: Option<&Bound<'_, PyAny>>,
    rate: SampleRate,
) -> PyResult<Sections> {
    let hertz = arguments::number(hz, "hz")?;
    let q = number_or(q, "q", NARROW)?;
    Ok(Sections::equalizer(&[Equal::Notch { hertz, q }], rate)?)
}
