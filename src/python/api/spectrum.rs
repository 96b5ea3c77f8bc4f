//! What the package's spectra are made of: numbers in one row, which Python gives a shape.

use ::numpy::{Complex32, Complex64, Element, IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::dsp::{
    Framing, InType, Intensity, MelBands, MelScale, Padding, overlap_added, window_of,
};
use crate::error::Error;
use crate::python::arguments;
use crate::python::class::AudioSamples;
use crate::python::running;

/// Transforms take long for their bytes.
const LONG: usize = usize::MAX;

/// A size that a caller has named.
fn size(given: &Bound<'_, PyAny>, name: &str, least: u64) -> PyResult<usize> {
    let count = arguments::count(given, name, least)?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

/// How audio is cut into frames, as `(n_fft, hop, window, pad)`.
fn framing(
    (n_fft, hop, window, pad): &(
        Bound<'_, PyAny>,
        Bound<'_, PyAny>,
        Bound<'_, PyAny>,
        Bound<'_, PyString>,
    ),
) -> PyResult<Framing> {
    let (n_fft, hop) = (size(n_fft, "n_fft", 2)?, size(hop, "hop", 1)?);
    let padding: Padding = pad.to_string_lossy().parse()?;
    if let Ok(name) = window.cast::<PyString>() {
        // As long as a frame: what is too long is refused before there is one.
        let len = if n_fft > 1 << 24 { 1 } else { n_fft };
        let name = name.to_string_lossy();
        let made = || Framing::new(n_fft, hop, &window_of(&name, len)?, padding);
        // A million cosines would hold other threads up.
        return Ok(window.py().detach(made)?);
    }
    // The bytes of a name are numbers, too.
    let is_text = window.is_instance_of::<PyBytes>();
    let values: Option<Vec<f64>> = window.extract().ok().filter(|_| !is_text);
    let values = values.ok_or_else(|| {
        PyTypeError::new_err(format!(
            "window is a name, such as 'hann', or the values of one, not {}",
            arguments::shown(window)
        ))
    })?;
    Ok(Framing::new(n_fft, hop, &values, padding)?)
}

type FrameArguments<'py> = (
    Bound<'py, PyAny>,
    Bound<'py, PyAny>,
    Bound<'py, PyAny>,
    Bound<'py, PyString>,
);

fn row<'py, S: Element, D: Element>(py: Python<'py>, numbers: InType<S, D>) -> Bound<'py, PyAny> {
    match numbers {
        InType::Single(values) => values.into_pyarray(py).into_any(),
        InType::Double(values) => values.into_pyarray(py).into_any(),
    }
}

/// The spectra of all frames, one after the other, channel by channel.
#[pyfunction]
pub fn _spectra<'py>(
    py: Python<'py>,
    audio: &Bound<'py, AudioSamples>,
    frames: FrameArguments<'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let framing = framing(&frames)?;
    let audio = audio.get().audio();
    let spectra = running::run(py, LONG, |wait| audio.spectra(&framing, wait))?;
    Ok(row(py, spectra))
}

/// What is made of the bins of all frames. `bands` are `(n_mels, fmin, fmax, scale, norm)`.
#[pyfunction]
#[expect(clippy::type_complexity, reason = "a row of arguments as it comes")]
pub fn _intensities<'py>(
    py: Python<'py>,
    audio: &Bound<'py, AudioSamples>,
    frames: FrameArguments<'py>,
    power: &Bound<'py, PyAny>,
    db: bool,
    bands: Option<(
        Bound<'py, PyAny>,
        Bound<'py, PyAny>,
        Option<Bound<'py, PyAny>>,
        Bound<'py, PyString>,
        Option<Bound<'py, PyString>>,
    )>,
) -> PyResult<Bound<'py, PyAny>> {
    let framing = framing(&frames)?;
    let audio = audio.get().audio();
    let bands = match bands {
        None => None,
        Some((count, low, high, scale, norm)) => {
            let nyquist = f64::from(audio.rate().hertz()) / 2.0;
            let high = high.map_or(Ok(nyquist), |given| arguments::number(&given, "fmax"))?;
            let norm = norm.map(|name| name.to_string_lossy().into_owned());
            let has_unit_area = match norm.as_deref() {
                None => false,
                Some("slaney") => true,
                Some(other) => {
                    return Err(PyValueError::new_err(format!(
                        "norm must be 'slaney' or None, not '{other}'"
                    )));
                }
            };
            Some(MelBands {
                count: size(&count, "n_mels", 1)?,
                hertz: (arguments::number(&low, "fmin")?, high),
                scale: scale.to_string_lossy().parse::<MelScale>()?,
                has_unit_area,
            })
        }
    };
    let intensity = Intensity {
        power: arguments::number(power, "power")?,
        bands,
        in_decibels: db,
    };
    let found = running::run(py, LONG, |wait| {
        audio.intensities(&framing, &intensity, wait)
    })?;
    Ok(row(py, found))
}

/// The density of each channel.
#[pyfunction]
pub fn _density<'py>(
    py: Python<'py>,
    audio: &Bound<'py, AudioSamples>,
    n_fft: &Bound<'py, PyAny>,
    window: &Bound<'py, PyString>,
) -> PyResult<Vec<Bound<'py, PyArray1<f64>>>> {
    let n_fft = size(n_fft, "n_fft", 2)?;
    let window = window.to_string_lossy();
    let audio = audio.get().audio();
    let rows = running::run(py, LONG, |wait| audio.density(n_fft, &window, wait))?;
    Ok(rows.into_iter().map(|row| row.into_pyarray(py)).collect())
}

/// The samples of one channel from its spectra, one after the other.
#[pyfunction]
pub fn _overlap_added<'py>(
    py: Python<'py>,
    spectra: &Bound<'py, PyAny>,
    frames: FrameArguments<'py>,
    samples: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let (framing, samples) = (framing(&frames)?, size(samples, "frames", 0)?);
    let only = || PyTypeError::new_err("spectra are complex64 or complex128, in one row");
    if let Ok(single) = spectra.extract::<PyReadonlyArray1<'_, Complex32>>() {
        let spectra = single.as_slice().map_err(|_| only())?;
        let found = py.detach(|| overlap_added(spectra, &framing, samples));
        return Ok(found?.into_pyarray(py).into_any());
    }
    let double: PyReadonlyArray1<'_, Complex64> = spectra.extract().map_err(|_| only())?;
    let spectra = double.as_slice().map_err(|_| only())?;
    let found: Result<Vec<f64>, Error> = py.detach(|| overlap_added(spectra, &framing, samples));
    Ok(found?.into_pyarray(py).into_any())
}
