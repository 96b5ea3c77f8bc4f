//! Audio in another type: at audio scale, with dither, by the laws of telephones.

use std::hash::{BuildHasher, RandomState};

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyString};

use crate::audio::Audio;
use crate::audio::conversion::DitherKind;
use crate::audio::g711::Law;
use crate::python::arguments;
use crate::python::class::AudioSamples;
use crate::python::numpy::numpy_module;
use crate::python::running;

/// A kind of dither by its name, and its seed: a new one each time if none is given.
pub fn dither(
    kind: Option<&Bound<'_, PyString>>,
    seed: Option<&Bound<'_, PyAny>>,
) -> PyResult<Option<(DitherKind, u64)>> {
    let seed = seed
        .map(|seed| arguments::count(seed, "seed", 0))
        .transpose()?;
    match (kind, seed) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(PyValueError::new_err(
            "seed= is that of dither; dither='tpdf' or 'shaped' goes with it",
        )),
        (Some(kind), seed) => {
            let seed = seed.unwrap_or_else(|| RandomState::new().hash_one(()));
            Ok(Some((kind.to_string_lossy().parse()?, seed)))
        }
    }
}

/// Samples of bytes in an array of a shape.
fn bytes_of<'py>(audio: &AudioSamples, py: Python<'py>, law: Law) -> PyResult<Bound<'py, PyAny>> {
    let bytes = running::run(py, 2 * audio.bytes_per_pass(), |wait| {
        audio.audio().companded(law, wait)
    })?;
    let numpy = numpy_module(py)?;
    let flat = numpy.call_method1(
        intern!(py, "frombuffer"),
        (PyByteArray::new(py, &bytes), intern!(py, "uint8")),
    )?;
    let shape = audio.audio().layout().shape().to_vec();
    flat.call_method1(intern!(py, "reshape"), (shape,))
}

fn of_bytes(
    data: &Bound<'_, PyAny>,
    sample_rate: &Bound<'_, PyAny>,
    law: Law,
) -> PyResult<AudioSamples> {
    let py = data.py();
    let rate = arguments::sample_rate(sample_rate)?;
    let numpy = numpy_module(py)?;
    let array = match data.hasattr(intern!(py, "shape"))? {
        true => data.clone(),
        false => numpy
            .call_method1(intern!(py, "frombuffer"), (data, intern!(py, "uint8")))
            .map_err(|_| no_bytes(data))?,
    };
    let dtype: String = array.getattr(intern!(py, "dtype"))?.str()?.extract()?;
    let shape: Vec<usize> = array.getattr(intern!(py, "shape"))?.extract()?;
    if dtype != "uint8" || shape.is_empty() || shape.len() > 2 {
        return Err(no_bytes(data));
    }
    let bytes: Vec<u8> = array.call_method0(intern!(py, "tobytes"))?.extract()?;
    let audio = Audio::from_companded(&bytes, &shape, law, rate)?;
    Ok(AudioSamples::new(audio))
}

fn no_bytes(data: &Bound<'_, PyAny>) -> PyErr {
    PyTypeError::new_err(format!(
        "G.711 is bytes, or an array of uint8 of shape (frames,) or (channels, frames), not {}",
        arguments::shown(data)
    ))
}

#[pymethods]
impl AudioSamples {
    /// New audio of another sample type, by the scale of audio: integers are fractions of full
    /// scale. Rounded to the nearest, ties to even, and saturated.
    ///
    /// `dither="tpdf"` adds noise of triangular density before the rounding, of 1 step at most, so
    /// that the error does not follow the signal; `"shaped"` also moves the error to where the ear
    /// hears it least (Lipshitz, Vanderkooy and Wannamaker, 1991). The same `seed` gives the same
    /// noise. ValueError for dither where nothing is rounded. `out` is audio of that type, shape
    /// and rate.
    ///
    /// >>> AudioSamples.new_mono(np.array([0.5, -1.0]), 48_000).convert("int16").to_numpy()
    /// array([ 16384, -32768], dtype=int16)
    #[pyo3(
        signature = (dtype, dither = None, *, seed = None, out = None),
        text_signature = "($self, dtype, dither=None, *, seed=None, out=None)"
    )]
    fn convert<'py>(
        &self,
        py: Python<'py>,
        dtype: &Bound<'py, PyAny>,
        dither: Option<&Bound<'py, PyString>>,
        seed: Option<&Bound<'py, PyAny>>,
        out: Option<Bound<'py, AudioSamples>>,
    ) -> PyResult<Bound<'py, AudioSamples>> {
        let dtype = arguments::dtype(dtype)?;
        let (dither, bytes) = (self::dither(dither, seed)?, self.bytes_per_pass());
        let from = self.audio();
        if let Some(out) = out {
            let into = out.get().audio();
            if into.dtype() != dtype {
                return Err(PyValueError::new_err(format!(
                    "out is {}, and {} was asked for",
                    into.dtype().name(),
                    dtype.name()
                )));
            }
            running::run(py, bytes, |wait| match dither {
                Some((kind, seed)) => from.dither_into(into, kind, seed, wait),
                None => from.convert_into(into, wait),
            })?;
            return Ok(out);
        }
        self.allow_copy(
            py,
            "convert() gives new samples; make the audio in that type",
        )?;
        let converted = running::run(py, bytes, |wait| match dither {
            Some((kind, seed)) => from.dithered(dtype, kind, seed, wait),
            None => from.convert(dtype, wait),
        })?;
        Bound::new(py, AudioSamples::new(converted))
    }

    /// The samples as bytes of G.711's mu-law, an array of the audio's shape.
    ///
    /// >>> AudioSamples.zeros(2, 8_000).mu_law().tolist()
    /// [255, 255]
    fn mu_law<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        bytes_of(self, py, Law::Mu)
    }

    /// The samples as bytes of G.711's A-law, an array of the audio's shape.
    ///
    /// >>> AudioSamples.zeros(2, 8_000).a_law().tolist()
    /// [213, 213]
    fn a_law<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        bytes_of(self, py, Law::A)
    }

    /// int16 audio of bytes of G.711's mu-law: bytes, or uint8 of shape (frames,) or (channels,
    /// frames).
    ///
    /// >>> AudioSamples.from_mu_law(bytes([255, 0]), 8_000).to_numpy().tolist()
    /// [0, -32124]
    #[staticmethod]
    fn from_mu_law(
        data: &Bound<'_, PyAny>,
        sample_rate: &Bound<'_, PyAny>,
    ) -> PyResult<AudioSamples> {
        of_bytes(data, sample_rate, Law::Mu)
    }

    /// int16 audio of bytes of G.711's A-law, as `from_mu_law`.
    ///
    /// >>> AudioSamples.from_a_law(bytes([213]), 8_000).to_numpy().tolist()
    /// [8]
    #[staticmethod]
    fn from_a_law(
        data: &Bound<'_, PyAny>,
        sample_rate: &Bound<'_, PyAny>,
    ) -> PyResult<AudioSamples> {
        of_bytes(data, sample_rate, Law::A)
    }
}
