//! From what Python has to samples: arrays, buffers, tensors, sequences, with or without a copy.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyInt, PyMemoryView, PyString};

use crate::audio::{Audio, SampleRate};
use crate::dtype::Dtype;
use crate::error::{Error, shape_text};
use crate::layout::Layout;
use crate::python::audio::AudioSamples;
use crate::python::exchange::dlpack::{self, Legacy};
use crate::python::exchange::ndarray;
use crate::python::operand::numpy_module;
use crate::python::{policy, running};
use crate::view::Samples;

/// More rows than this, and fewer frames than rows: surely somebody meant the transposed array.
const MOST_CHANNELS: usize = 64;

/// Which axis of a two-dimensional array is time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum AxisOrder {
    /// `(channels, frames)`, by name.
    ChannelsFirst,
    /// `(frames, channels)`, by name.
    FramesFirst,
    /// `(channels, frames)` unless it looks otherwise.
    Unnamed,
}

impl AxisOrder {
    /// The order of that name.
    pub fn parse(name: Option<&str>) -> PyResult<AxisOrder> {
        match name {
            None => Ok(AxisOrder::Unnamed),
            Some("channels_first") => Ok(AxisOrder::ChannelsFirst),
            Some("frames_first") => Ok(AxisOrder::FramesFirst),
            Some(other) => Err(PyValueError::new_err(format!(
                "layout must be 'channels_first' or 'frames_first', not '{other}'"
            ))),
        }
    }
}

/// How many axes the caller asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `(frames,)`
    Mono,
    /// `(channels, frames)`
    Multi,
    /// Either, as the array has it.
    Any,
}

/// A sample rate as users write it: an int, a NumPy int, or a float without a fraction.
pub fn sample_rate(given: &Bound<'_, PyAny>) -> PyResult<SampleRate> {
    let invalid = || -> PyErr {
        let given = given.repr().map(|text| text.to_string());
        Error::InvalidSampleRate {
            given: given.unwrap_or_default(),
        }
        .into()
    };
    let hertz = if let Ok(float) = given.cast::<PyFloat>() {
        let value = float.extract::<f64>()?;
        if value.fract() != 0.0 || !(1.0..=f64::from(u32::MAX)).contains(&value) {
            return Err(invalid());
        }
        value as u32
    } else if given.is_instance_of::<PyInt>() || given.hasattr(intern!(given.py(), "__index__"))? {
        let py = given.py();
        let index = py
            .import(intern!(py, "operator"))?
            .call_method1(intern!(py, "index"), (given,))?;
        index.extract::<u32>().map_err(|_| invalid())?
    } else if let Ok(value) = given.extract::<f64>()
        && !given.is_instance_of::<PyString>()
        && value.fract() == 0.0
    {
        value as u32
    } else {
        return Err(PyTypeError::new_err(format!(
            "sample_rate must be a whole number of Hz, not {}",
            given.repr()?
        )));
    };
    SampleRate::new(hertz).map_err(|_| invalid())
}

/// A sample type as users write it: `np.float32`, `"float32"`, a dtype object.
pub fn dtype(given: &Bound<'_, PyAny>) -> PyResult<Dtype> {
    let py = given.py();
    let dtype = numpy_module(py)?.call_method1(intern!(py, "dtype"), (given,))?;
    let name: String = dtype.getattr(intern!(py, "name"))?.extract()?;
    Ok(Dtype::from_name(&name)?)
}

/// A sample type as NumPy's dtype object.
pub fn numpy_dtype(py: Python<'_>, dtype: Dtype) -> PyResult<Bound<'_, PyAny>> {
    numpy_module(py)?.call_method1(intern!(py, "dtype"), (dtype.name(),))
}

/// What the arguments of a constructor ask for.
pub struct Request {
    /// How many axes.
    pub form: Form,
    /// Which axis is time.
    pub order: AxisOrder,
    /// `True`: a copy; `False`: no copy, or an error; `None`: a copy only where there has to be one.
    pub copy: Option<bool>,
}

/// Audio of whatever holds samples.
pub fn build(
    data: &Bound<'_, PyAny>,
    rate: &Bound<'_, PyAny>,
    request: &Request,
) -> PyResult<AudioSamples> {
    let rate = sample_rate(rate)?;
    if let Ok(audio) = data.cast_exact::<AudioSamples>() {
        let samples = audio.get().audio().samples().clone();
        return finish(data.py(), samples, rate, request, false);
    }
    if is_tensor(data)? {
        let samples = dlpack::import(data, request.copy, Legacy::ReadOnly)?;
        return finish(data.py(), samples, rate, request, false);
    }
    let (array, fresh) = array_of(data, request.copy)?;
    let facts = ndarray::facts(&array)?;
    if request.copy == Some(true) && ndarray::is_lent(&array)? {
        // The audio that it was borrowed from is closed, also to us.
        let copied = array.call_method0(intern!(data.py(), "copy"))?;
        return finish(data.py(), ndarray::adopt(&copied)?, rate, request, fresh);
    }
    if facts.dtype.is_none() {
        let (array, fresh) = (native(&array, request.copy)?, true);
        return finish(data.py(), ndarray::adopt(&array)?, rate, request, fresh);
    }
    finish(data.py(), ndarray::adopt(&array)?, rate, request, fresh)
}

/// Audio of a tensor, whatever else it is.
pub fn of_tensor(
    tensor: &Bound<'_, PyAny>,
    rate: &Bound<'_, PyAny>,
    request: &Request,
    legacy: Legacy,
) -> PyResult<AudioSamples> {
    let rate = sample_rate(rate)?;
    let samples = dlpack::import(tensor, request.copy, legacy)?;
    finish(tensor.py(), samples, rate, request, false)
}

/// Whether DLPack is the way to the object's memory: arrays and buffers say more about theirs.
fn is_tensor(data: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(!ndarray::is_array(data)
        && data.hasattr(intern!(data.py(), "__dlpack__"))?
        && PyMemoryView::from(data).is_err())
}

/// The object as an array on its own memory, or (true) on memory that was made just now.
fn array_of<'py>(
    data: &Bound<'py, PyAny>,
    copy: Option<bool>,
) -> PyResult<(Bound<'py, PyAny>, bool)> {
    let py = data.py();
    let numpy = numpy_module(py)?;
    if ndarray::is_array(data) {
        if data.hasattr(intern!(py, "filled"))? {
            return Err(PyTypeError::new_err(
                "a masked array has no value where it is masked; give .filled(0) of it",
            ));
        }
        return Ok((data.clone(), false));
    }
    if data.is_instance_of::<PyString>() || data.is_none() {
        return Err(PyTypeError::new_err(format!(
            "samples come from an array, a buffer, a tensor or a sequence of numbers, not from {}",
            data.get_type().name()?
        )));
    }
    if let Ok(view) = PyMemoryView::from(data) {
        let array = numpy.call_method1(intern!(py, "asarray"), (view,))?;
        return Ok((array, false));
    }
    let array = numpy.call_method1(intern!(py, "asarray"), (data,))?;
    if data.hasattr(intern!(py, "__array__"))? {
        return Ok((array, false));
    }
    if copy == Some(false) {
        return Err(PyValueError::new_err(format!(
            "copy=False: a {} has no memory to share; give an array or a buffer, or copy=None",
            data.get_type().name()?
        )));
    }
    Ok((array, true))
}

/// An array of the other byte order as a native copy; anything else is no sample type.
fn native<'py>(array: &Bound<'py, PyAny>, copy: Option<bool>) -> PyResult<Bound<'py, PyAny>> {
    let py = array.py();
    let theirs = array.getattr(intern!(py, "dtype"))?;
    let name: String = theirs.getattr(intern!(py, "name"))?.extract()?;
    let dtype = Dtype::from_name(&name)?;
    if copy == Some(false) {
        return Err(PyValueError::new_err(format!(
            "copy=False: {} is of the other byte order and cannot be shared; \
             use copy=None or copy=True",
            theirs.str()?
        )));
    }
    let bytes: usize = array.getattr(intern!(py, "nbytes"))?.extract()?;
    policy::allow_copy(py, bytes, || {
        format!("samples of the other byte order ({theirs}) are turned around in a copy")
    })?;
    array.call_method1(intern!(py, "astype"), (dtype.name(),))
}

/// Checks the shape, puts time last, and copies where it was asked for.
fn finish(
    py: Python<'_>,
    samples: Samples,
    rate: SampleRate,
    request: &Request,
    fresh: bool,
) -> PyResult<AudioSamples> {
    let layout = arranged(samples.layout(), request)?;
    let samples = samples.with_layout(layout)?;
    let audio = Audio::new(samples, rate)?;
    if request.copy != Some(true) || (fresh && layout.is_contiguous(audio.dtype().size())) {
        return Ok(AudioSamples::new(audio));
    }
    let bytes = layout.len() * audio.dtype().size();
    policy::allow_copy(py, bytes, || {
        "copy=True is a copy; copy=False shares the memory or says why it cannot".into()
    })?;
    let bytes = 2 * bytes;
    let copied = running::run(py, bytes, |manner| audio.cast(audio.dtype(), manner))?;
    Ok(AudioSamples::new(copied))
}

fn arranged(layout: &Layout, request: &Request) -> Result<Layout, Error> {
    let wrong = |message: String| Err(Error::InvalidShape { message });
    let shape = shape_text(layout.shape());
    match (layout.ndim(), request.form) {
        (0, _) => wrong("a single number is no audio; give a sequence such as [0.5]".into()),
        (2, Form::Mono) => wrong(format!(
            "mono audio has the shape (frames,), not {shape}; \
             use new_multi for several channels, or pick one with array[0] or array[:, 0]"
        )),
        (1, Form::Multi) => wrong(format!(
            "multi-channel audio has the shape (channels, frames), not {shape}; \
             use new_mono, or array[None, :] for one channel"
        )),
        (1, _) => Ok(*layout),
        _ if request.order == AxisOrder::FramesFirst => Ok(layout.transposed()),
        _ => {
            let (channels, frames) = (layout.channels(), layout.frames());
            if request.order == AxisOrder::Unnamed && channels > MOST_CHANNELS && frames < channels
            {
                return wrong(format!(
                    "{channels} channels of {frames} frames look like a transposed array; \
                     name the layout: layout='frames_first' for (frames, channels), \
                     layout='channels_first' if {channels} channels are meant"
                ));
            }
            Ok(*layout)
        }
    }
}

/// Raw bytes or a typed buffer as an array on the same memory.
pub fn buffer_array<'py>(
    data: &Bound<'py, PyAny>,
    dtype: Option<Dtype>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = data.py();
    let numpy = numpy_module(py)?;
    let Some(dtype) = dtype else {
        let view = PyMemoryView::from(data)?;
        return numpy.call_method1(intern!(py, "asarray"), (view,));
    };
    let options = PyDict::new(py);
    options.set_item(intern!(py, "dtype"), dtype.name())?;
    numpy.call_method(intern!(py, "frombuffer"), (data,), Some(&options))
}
