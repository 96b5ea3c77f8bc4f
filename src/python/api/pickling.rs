//! Pickling: with protocol 5 the samples travel beside the pickle, without a copy where the carrier allows it.
//!
//! What comes back is audio on the memory that the carrier hands over: the very same in this process, Ray's
//! object store on a cluster, a `bytearray` of the unpickler where the samples were in the pickle itself.
//! Audio in shared memory is pickled as a handle.

use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;

use crate::audio::{Audio, SampleRate};
use crate::dtype::Dtype;
use crate::error::shape_text;
use crate::layout::Layout;
use crate::python::api::shared;
use crate::python::class::AudioSamples;
use crate::python::exchange::ndarray;
use crate::python::numpy::numpy_module;
use crate::python::running::leased;
use crate::python::{policy, running};
use crate::registry::Mode;
use crate::view::{Fresh, Samples};

/// The first protocol that carries buffers.
const WITH_BUFFERS: i32 = 5;

/// What is pickled beside the samples: type, shape, order of axes, rate, whether the samples may be changed,
/// and whether they have to be copied out of the pickle.
type Description = (String, Vec<usize>, String, u32, bool, bool);

fn buffer_of<'py>(audio: &Bound<'py, AudioSamples>) -> PyResult<Bound<'py, PyAny>> {
    static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = audio.py();
    let class = CLASS.get_or_try_init(py, || {
        py.import("pickle")?
            .getattr("PickleBuffer")
            .map(Bound::unbind)
    })?;
    class.bind(py).call1((audio,))
}

/// `C` or `F` for samples that fill their memory in that order of axes; others have to be copied first.
fn order(samples: &Samples) -> Option<&'static str> {
    let size = samples.dtype().size();
    if samples.layout().is_contiguous(size) {
        Some("C")
    } else if samples.layout().is_fortran_contiguous(size) {
        Some("F")
    } else {
        None
    }
}

#[pymethods]
impl AudioSamples {
    fn __reduce_ex__<'py>(slf: &Bound<'py, Self>, protocol: i32) -> PyResult<Bound<'py, PyTuple>> {
        let py = slf.py();
        let audio = slf.get().audio();
        let module = py.import(intern!(py, "audio_samples._audio_samples"))?;
        if audio.shared_name().is_some()
            && let Some(handle) = shared::handle(py, audio)?
        {
            return (module.getattr(intern!(py, "_attach"))?, (handle,)).into_pyobject(py);
        }
        let (whole, order) = match order(audio.samples()) {
            Some(order) => (slf.clone(), order),
            None => {
                let why = "samples that do not lie side by side are pickled from a copy";
                let own = AudioSamples::new(slf.get().copied(py, why)?);
                (Bound::new(py, own)?, "C")
            }
        };
        let buffer = buffer_of(&whole)?;
        let payload = if protocol >= WITH_BUFFERS {
            buffer
        } else {
            slf.get().allow_copy(
                py,
                "this protocol copies the samples into the pickle; protocol 5 carries them beside it",
            )?;
            leased(py, &[(audio, Mode::Read)], || {
                let raw = buffer.call_method0(intern!(py, "raw"))?;
                raw.call_method0(intern!(py, "tobytes"))
            })?
        };
        let description = (
            audio.dtype().name().to_owned(),
            audio.layout().shape().to_vec(),
            order.to_owned(),
            audio.rate().hertz(),
            audio.samples().writable(),
            protocol < WITH_BUFFERS,
        );
        let restore = module.getattr(intern!(py, "_restore"))?;
        (restore, (payload, description)).into_pyobject(py)
    }
}

/// Audio on the memory of `payload`, which any object with a buffer may hold.
#[pyfunction]
#[pyo3(name = "_restore")]
pub fn restore(payload: &Bound<'_, PyAny>, description: Description) -> PyResult<AudioSamples> {
    let py = payload.py();
    let (dtype, shape, order, rate, writable, copy) = description;
    let (dtype, rate) = (Dtype::from_name(&dtype)?, SampleRate::new(rate)?);
    let compact = Layout::contiguous(&shape, dtype.size())?;
    let wanted = compact.len() * dtype.size();
    let class = py
        .import(intern!(py, "pickle"))?
        .getattr(intern!(py, "PickleBuffer"))?;
    let raw = class.call1((payload,))?.call_method0(intern!(py, "raw"))?;
    let given: usize = raw.getattr(intern!(py, "nbytes"))?.extract()?;
    if given != wanted {
        return Err(PyValueError::new_err(format!(
            "{given} bytes of samples came with a pickle of {} audio of shape {}, \
             which needs {wanted} bytes",
            dtype.name(),
            shape_text(&shape)
        )));
    }
    if compact.is_empty() {
        let samples = Fresh::new(&shape, dtype)?.share();
        let samples = if writable {
            samples
        } else {
            samples.readonly()
        };
        return Ok(AudioSamples::new(Audio::new(samples, rate)?));
    }
    let arguments = PyTuple::new(py, [raw.as_any(), numpy_name(py, dtype).as_any()])?;
    let flat = numpy_module(py)?.call_method1(intern!(py, "frombuffer"), arguments)?;
    let flat = ndarray::adopt(&flat)?;
    let offset = flat.layout().offset();
    let strides: Vec<isize> = match order.as_str() {
        "F" => {
            let across = dtype.size() as isize;
            vec![
                across,
                across * shape.first().copied().unwrap_or(1) as isize,
            ]
        }
        _ => compact.strides().to_vec(),
    };
    let samples = flat.with_layout(Layout::strided(&shape, &strides, offset)?)?;
    let samples = if writable || copy {
        samples
    } else {
        samples.readonly()
    };
    let audio = Audio::new(samples, rate)?;
    if !(copy && writable) {
        return Ok(AudioSamples::new(audio));
    }
    policy::allow_copy(py, wanted, || {
        "samples in a pickle of an older protocol are copied out of it; use protocol 5".to_owned()
    })?;
    let copied = running::run(py, 2 * wanted, |wait| audio.cast(dtype, wait))?;
    Ok(AudioSamples::new(copied))
}

fn numpy_name(py: Python<'_>, dtype: Dtype) -> Bound<'_, pyo3::types::PyString> {
    pyo3::types::PyString::intern(py, dtype.name())
}
