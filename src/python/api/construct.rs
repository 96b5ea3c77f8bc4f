//! From what Python has to samples: arrays, buffers, tensors, sequences, with or without a copy.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFrozenSet, PyIterator, PyMapping, PyMemoryView, PySet, PyString};

use crate::audio::{Audio, SampleRate};
use crate::dtype::Dtype;
use crate::error::{Error, shape_text};
use crate::layout::Layout;
use crate::python::arguments::{AxisOrder, axes, named_dtype, sample_rate, type_name};
use crate::python::array::operand;
use crate::python::class::AudioSamples;
use crate::python::exchange::dlpack;
use crate::python::exchange::dlpack::Legacy;
use crate::python::exchange::outward::Outward;
use crate::python::exchange::{ndarray, outward};
use crate::python::numpy::numpy_module;
use crate::python::{policy, running};
use crate::view::Samples;

/// More rows than this, and fewer frames than rows: surely the caller meant the transposed array.
const MOST_CHANNELS: usize = 64;

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

/// What the arguments of a constructor ask for.
pub struct Request {
    /// The constructor that was called, as errors name it.
    pub called: &'static str,
    /// How many axes.
    pub form: Form,
    /// Which axis is time.
    pub order: AxisOrder,
    /// `True`: a copy; `False`: no copy, or an error; `None`: a copy only where there has to be one.
    pub copy: Option<bool>,
    /// The type that the samples are to have; as they come if there is none.
    pub dtype: Option<Dtype>,
}

/// What the caller gave, which is asked once: another time it may say something else.
enum Given<'py> {
    /// Samples of audio.
    Audio(Samples),
    /// NumPy's own array.
    Array,
    /// Something with a buffer, and whether it also calls itself an array.
    Buffer(Bound<'py, PyMemoryView>, bool),
    /// A tensor: DLPack is the way to its memory, since it says more about it than an array protocol does.
    Tensor,
    /// What shows NumPy an array in one of NumPy's own ways, and so perhaps memory of its own.
    Arraylike,
    /// Anything else with items.
    Sequence,
}

impl<'py> Given<'py> {
    fn of(data: &Bound<'py, PyAny>) -> PyResult<Given<'py>> {
        let py = data.py();
        if let Ok(audio) = data.cast_exact::<AudioSamples>() {
            return Ok(Given::Audio(audio.get().audio().samples().clone()));
        }
        if ndarray::is_array(data) {
            return Ok(Given::Array);
        }
        let buffer = PyMemoryView::from(data).ok();
        if buffer.is_none() && data.hasattr(intern!(py, "__dlpack__"))? {
            return Ok(Given::Tensor);
        }
        let is_array = data.hasattr(intern!(py, "__array__"))?
            || data.hasattr(intern!(py, "__array_interface__"))?
            || data.hasattr(intern!(py, "__array_struct__"))?;
        if !is_array && is_no_sequence(data) {
            return Err(PyTypeError::new_err(format!(
                "samples come from an array, a buffer, a tensor or a sequence of numbers, not from a {}; \
                 make an array of its numbers with np.array or np.fromiter",
                type_name(data)
            )));
        }
        Ok(match buffer {
            Some(buffer) => Given::Buffer(buffer, is_array),
            None if is_array => Given::Arraylike,
            None => Given::Sequence,
        })
    }

    /// The data as an array on its own memory, or (true) on memory that was made just now.
    fn array(
        &self,
        data: &Bound<'py, PyAny>,
        rate: SampleRate,
        request: &Request,
    ) -> PyResult<(Bound<'py, PyAny>, bool)> {
        let py = data.py();
        let asarray = intern!(py, "asarray");
        Ok(match self {
            Given::Array => {
                operand::refuse_masked(data)?;
                (data.clone(), false)
            }
            Given::Buffer(view, _) => (numpy_module(py)?.call_out(asarray, (view,))?, false),
            Given::Arraylike => (array_by_protocol(data, request.copy)?, false),
            _ if request.copy == Some(false) => {
                return Err(PyValueError::new_err(format!(
                    "copy=False: a {} has no memory to share; give an array or a buffer, or copy=None",
                    type_name(data)
                )));
            }
            _ => (
                outward::call(&refusal(py, "array_of")?, (data, rate.hertz()), None)?,
                true,
            ),
        })
    }

    /// Why the values of an array are no samples.
    #[cold]
    fn no_samples(&self, data: &Bound<'_, PyAny>, array: &Bound<'_, PyAny>, called: &str) -> PyErr {
        let (is_buffer, is_array) = match self {
            Given::Buffer(_, is_array) => (true, *is_array),
            Given::Array | Given::Arraylike => (false, true),
            _ => (false, false),
        };
        let refusal = refusal(data.py(), "no_samples");
        match refusal.and_then(|made| made.call1((data, array, called, is_buffer, is_array))) {
            Ok(error) => PyErr::from_value(error),
            Err(error) => error,
        }
    }
}

/// A function of the package's `_refusals.py`.
fn refusal<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import(intern!(py, "audio_samples._refusals"))?
        .getattr(name)
}

/// Audio of whatever holds samples.
pub fn build(
    data: &Bound<'_, PyAny>,
    rate: &Bound<'_, PyAny>,
    request: &Request,
) -> PyResult<AudioSamples> {
    let (py, rate) = (data.py(), sample_rate(rate)?);
    let given = Given::of(data)?;
    let samples = match &given {
        Given::Audio(samples) => {
            refuse_other_form(samples.layout(), request.form)?;
            Ok(samples.clone())
        }
        Given::Tensor => dlpack::import(data, request.copy, Legacy::ReadOnly),
        _ => {
            return of_array(
                &given,
                data,
                given.array(data, rate, request)?,
                rate,
                request,
            );
        }
    };
    let array = match samples {
        Ok(samples) if request.dtype.is_none_or(|dtype| dtype == samples.dtype()) => {
            return finish(py, samples, rate, request, false);
        }
        Ok(samples) => AudioSamples::new(Audio::new(samples, rate)?).shared_array(py, false)?,
        // A tensor of numbers that are no samples yet. What else is refused, such as its device, is told so.
        Err(error) if request.dtype.is_some() && error.is_instance_of::<PyTypeError>(py) => {
            let array = numpy_module(py)?.call_out(intern!(py, "from_dlpack"), (data,));
            array.map_err(|_| error)?
        }
        Err(error) => return Err(error),
    };
    of_array(&given, data, (array, false), rate, request)
}

/// Audio of an array; `fresh` if its memory was made just now.
fn of_array<'py>(
    given: &Given<'py>,
    data: &Bound<'py, PyAny>,
    (array, fresh): (Bound<'py, PyAny>, bool),
    rate: SampleRate,
    request: &Request,
) -> PyResult<AudioSamples> {
    let py = data.py();
    let own = ndarray::facts(&array)?.dtype;
    let (array, fresh) = match (own, request.dtype) {
        (own, Some(dtype)) if own != Some(dtype) => (
            of_type(given, data, array, fresh, rate, dtype, request)?,
            true,
        ),
        (None, _) => (native(given, data, &array, request)?, true),
        // The audio that it was borrowed from is closed, also to us.
        _ if request.copy == Some(true) && ndarray::is_lent(&array)? => {
            (array.call_out(intern!(py, "copy"), ())?, fresh)
        }
        _ => (array, fresh),
    };
    finish(py, ndarray::adopt(&array)?, rate, request, fresh)
}

/// The numbers of an array of another type, as a new array of that type.
///
/// # Errors
/// A value that the type does not hold, and `copy=False`.
fn of_type<'py>(
    given: &Given<'py>,
    data: &Bound<'py, PyAny>,
    array: Bound<'py, PyAny>,
    fresh: bool,
    rate: SampleRate,
    dtype: Dtype,
    request: &Request,
) -> PyResult<Bound<'py, PyAny>> {
    let py = data.py();
    let theirs = array.getattr(intern!(py, "dtype"))?;
    let kind: String = theirs.getattr(intern!(py, "kind"))?.extract()?;
    let name: String = theirs.getattr(intern!(py, "name"))?.extract()?;
    let is_raw = matches!(name.as_str(), "uint8" | "int8") && matches!(given, Given::Buffer(..));
    if is_raw || !matches!(kind.as_str(), "b" | "i" | "u" | "f") {
        return Err(given.no_samples(data, &array, request.called));
    }
    if request.copy == Some(false) {
        return Err(PyValueError::new_err(format!(
            "copy=False: {name} data becomes {} samples in a copy; use copy=None or copy=True",
            dtype.name()
        )));
    }
    let count: usize = array.getattr(intern!(py, "size"))?.extract()?;
    policy::allow_copy(py, count * dtype.size(), || {
        format!("{name} data becomes {} samples in a copy", dtype.name())
    })?;
    let array = if fresh {
        array
    } else {
        snapshot(&array, rate)?
    };
    let casting = py.import(intern!(py, "audio_samples._casting"))?;
    let converted = casting.getattr(intern!(py, "converted"))?;
    outward::call(&converted, (array, dtype.name()), None)
}

/// An array's numbers as they are at one moment, in memory of their own: they are looked at more than
/// once. Where they are samples of audio, operations that change them wait.
fn snapshot<'py>(array: &Bound<'py, PyAny>, rate: SampleRate) -> PyResult<Bound<'py, PyAny>> {
    let py = array.py();
    let is_sample = ndarray::facts(array)?.dtype.is_some();
    if is_sample && matches!(axes(array), Some(1 | 2)) && !ndarray::is_lent(array)? {
        let audio = Audio::new(ndarray::adopt(array)?, rate)?;
        let bytes = 2 * audio.layout().len() * audio.dtype().size();
        let own = running::run(py, bytes, |wait| audio.copy(wait))?;
        return AudioSamples::new(own).shared_array(py, false);
    }
    numpy_module(py)?.call_out(intern!(py, "array"), (array,))
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

/// Whether the object is surely no sequence of numbers, though NumPy would wrap it in an array.
fn is_no_sequence(data: &Bound<'_, PyAny>) -> bool {
    data.is_none()
        || data.is_instance_of::<PyString>()
        || data.is_instance_of::<PySet>()
        || data.is_instance_of::<PyFrozenSet>()
        || data.is_instance_of::<PyMapping>()
        || data.is_instance_of::<PyIterator>()
}

/// What an object's own `__array__` gives, or one of its elder brothers.
fn array_by_protocol<'py>(
    data: &Bound<'py, PyAny>,
    copy: Option<bool>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = data.py();
    let numpy = numpy_module(py)?;
    if copy != Some(false) {
        return numpy.call_out(intern!(py, "asarray"), (data,));
    }
    let refused = || {
        PyValueError::new_err(format!(
            "copy=False: __array__ of {} makes new memory, so that there is none to share; use \
             copy=None or copy=True",
            type_name(data)
        ))
    };
    let options = PyDict::new(py);
    options.set_item(intern!(py, "copy"), false)?;
    let array = match outward::call(
        &numpy.getattr(intern!(py, "asarray"))?,
        (data,),
        Some(&options),
    ) {
        Err(error) if error.is_instance_of::<PyValueError>(py) => {
            let refused = refused();
            refused.set_cause(py, Some(error));
            return Err(refused);
        }
        found => found?,
    };
    // Some classes do not look at `copy`: an array to which this is the only reference shares nothing.
    if ndarray::owns_samples(&array)? && ndarray::references(&array) == 1 {
        return Err(refused());
    }
    Ok(array)
}

/// An array of the other byte order as a native copy; anything else is no sample type.
fn native<'py>(
    given: &Given<'py>,
    data: &Bound<'py, PyAny>,
    array: &Bound<'py, PyAny>,
    request: &Request,
) -> PyResult<Bound<'py, PyAny>> {
    let (py, copy) = (array.py(), request.copy);
    let theirs = array.getattr(intern!(py, "dtype"))?;
    let name: String = theirs.getattr(intern!(py, "name"))?.extract()?;
    let Ok(dtype) = Dtype::from_name(&name) else {
        return Err(given.no_samples(data, array, request.called));
    };
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
    array.call_out(intern!(py, "astype"), (dtype.name(),))
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
    let copied = running::run(py, bytes, |wait| audio.copy(wait))?;
    Ok(AudioSamples::new(copied))
}

fn arranged(layout: &Layout, request: &Request) -> PyResult<Layout> {
    let wrong = |message: String| Err(PyValueError::new_err(message));
    let shape = shape_text(layout.shape());
    match (layout.ndim(), request.form) {
        (0, _) => Err(Error::NotAudio { shape: Vec::new() }.into()),
        (2, Form::Mono) => wrong(format!(
            "mono audio has the shape (frames,), not {shape}; \
             use new_multi for several channels, or pick one with array[0] of (channels, frames) or \
             array[:, 0] of (frames, channels)"
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

/// Raw bytes or a typed buffer as an array on the same memory, and the type that its numbers are still to be
/// converted to: bytes are read as samples of the type that is named, numbers become samples of it.
pub fn buffer_array<'py>(
    data: &Bound<'py, PyAny>,
    dtype: Option<&Bound<'py, PyAny>>,
) -> PyResult<(Bound<'py, PyAny>, Option<Dtype>)> {
    let py = data.py();
    let numpy = numpy_module(py)?;
    let view = PyMemoryView::from(data).map_err(|error| {
        if !error.is_instance_of::<PyTypeError>(py) {
            return error;
        }
        PyTypeError::new_err(format!(
            "from_buffer takes a buffer (bytes, bytearray, mmap, memoryview), not a {}; new_mono \
             and new_multi take other things",
            type_name(data)
        ))
    })?;
    let Some(dtype) = dtype else {
        let array = numpy.call_out(intern!(py, "asarray"), (&view,))?;
        if ndarray::facts(&array)?.dtype.is_none() {
            let theirs = array.getattr(intern!(py, "dtype"))?;
            let name: String = theirs.getattr(intern!(py, "name"))?.extract()?;
            if Dtype::from_name(&name).is_err() {
                let is_array = ndarray::is_array(data);
                let given = if is_array {
                    Given::Array
                } else {
                    Given::Buffer(view, false)
                };
                return Err(given.no_samples(data, &array, "from_buffer"));
            }
        }
        return Ok((array, None));
    };
    // The byte order stays: what is not native is copied or refused as any other array.
    let (wanted, theirs) = named_dtype(dtype)?;
    let format: String = view.getattr(intern!(py, "format"))?.extract()?;
    if !["B", "b", "c"].contains(&&*format) {
        let array = numpy.call_out(intern!(py, "asarray"), (&view,))?;
        return Ok((array, Some(wanted)));
    }
    let options = PyDict::new(py);
    options.set_item(intern!(py, "dtype"), theirs)?;
    outward::call(
        &numpy.getattr(intern!(py, "frombuffer"))?,
        (data,),
        Some(&options),
    )
    .map(|array| (array, None))
}

/// Audio for a constructor of the other form: it is indexed by frames, unlike an array.
fn refuse_other_form(layout: &Layout, form: Form) -> PyResult<()> {
    let shape = shape_text(layout.shape());
    let message = match (layout.ndim(), form) {
        (2, Form::Mono) => format!(
            "mono audio has the shape (frames,), and this audio {shape}: audio.channel(0) is one channel of it as \
             mono audio, and .copy() copies it"
        ),
        (1, Form::Multi) => format!(
            "multi-channel audio has the shape (channels, frames), and this audio is mono, {shape}: audio.copy() \
             copies it, and new_multi([audio, audio], sample_rate) has a channel of each"
        ),
        _ => return Ok(()),
    };
    Err(PyValueError::new_err(message))
}
