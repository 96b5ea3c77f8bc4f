//! The methods of `AudioSamples`: constructors, facts, copies.

use pyo3::exceptions::{PyIndexError, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::audio::Audio;
use crate::python::api::construct;
use crate::python::api::construct::{Form, Request};
use crate::python::api::views::View;
use crate::python::arguments;
use crate::python::arguments::AxisOrder;
use crate::python::array::float_errors;
use crate::python::array::float_errors::Computing;
use crate::python::array::ufunc;
use crate::python::class::AudioSamples;
use crate::python::exchange::ndarray;
use crate::python::exchange::outward::Outward;
use crate::python::numpy;
use crate::registry::{Mode, ViewKind};

#[pymethods]
impl AudioSamples {
    #[new]
    #[pyo3(signature = (*_args, **_options))]
    fn __new__(
        _args: &Bound<'_, PyTuple>,
        _options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<AudioSamples> {
        Err(PyTypeError::new_err(
            "AudioSamples is not called; make audio with AudioSamples.new_mono(data, sample_rate) for data of \
             shape (frames,), AudioSamples.new_multi(data, sample_rate) for (channels, frames), or \
             audio_samples.read(path)",
        ))
    }

    /// Mono audio of an array, a buffer, a tensor or a sequence of numbers of shape `(frames,)`.
    ///
    /// `copy=True` copies, `copy=False` shares the memory or raises, `copy=None` shares it where it can. With
    /// `dtype` the numbers become samples of that type, unscaled; a ValueError names the first that it does not
    /// hold. Numbers of a type that is no sample type, such as Python's ints, need it.
    #[staticmethod]
    #[pyo3(
        signature = (data, sample_rate = None, *, dtype = None, copy = Some(true), **others),
        text_signature = "(data, sample_rate, *, dtype=None, copy=True)"
    )]
    fn new_mono(
        data: &Bound<'_, PyAny>,
        sample_rate: Option<&Bound<'_, PyAny>>,
        dtype: Option<&Bound<'_, PyAny>>,
        copy: Option<bool>,
        others: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<AudioSamples> {
        arguments::refuse_others(
            "AudioSamples.new_mono",
            "data=, sample_rate=, dtype= and copy=",
            None,
            others,
        )?;
        let sample_rate = arguments::required("AudioSamples.new_mono", "sample_rate", sample_rate)?;
        let request = Request {
            called: "new_mono",
            form: Form::Mono,
            order: AxisOrder::ChannelsFirst,
            copy,
            dtype: dtype.map(arguments::dtype).transpose()?,
        };
        construct::build(data, sample_rate, &request)
    }

    /// Multi-channel audio of an array of shape `(channels, frames)`, or `(frames, channels)` with
    /// `layout="frames_first"`. `dtype` and `copy` as for `new_mono`.
    #[staticmethod]
    #[pyo3(
        signature = (data, sample_rate = None, *, dtype = None, layout = None, copy = Some(true), **others),
        text_signature = "(data, sample_rate, *, dtype=None, layout=None, copy=True)"
    )]
    fn new_multi(
        data: &Bound<'_, PyAny>,
        sample_rate: Option<&Bound<'_, PyAny>>,
        dtype: Option<&Bound<'_, PyAny>>,
        layout: Option<&str>,
        copy: Option<bool>,
        others: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<AudioSamples> {
        arguments::refuse_others(
            "AudioSamples.new_multi",
            "data=, sample_rate=, dtype=, layout= and copy=",
            None,
            others,
        )?;
        let sample_rate =
            arguments::required("AudioSamples.new_multi", "sample_rate", sample_rate)?;
        let request = Request {
            called: "new_multi",
            form: Form::Multi,
            order: AxisOrder::parse(layout)?,
            copy,
            dtype: dtype.map(arguments::dtype).transpose()?,
        };
        construct::build(data, sample_rate, &request)
    }

    /// Audio on an array's own memory, mono or multi-channel as the array's shape is. `dtype` and `copy` as for
    /// `new_mono`; an array of another type is refused unless it may be copied.
    #[staticmethod]
    #[pyo3(
        signature = (array, sample_rate = None, *, dtype = None, layout = None, copy = Some(false), **others),
        text_signature = "(array, sample_rate, *, dtype=None, layout=None, copy=False)"
    )]
    fn from_numpy(
        array: &Bound<'_, PyAny>,
        sample_rate: Option<&Bound<'_, PyAny>>,
        dtype: Option<&Bound<'_, PyAny>>,
        layout: Option<&str>,
        copy: Option<bool>,
        others: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<AudioSamples> {
        arguments::refuse_others(
            "AudioSamples.from_numpy",
            "array=, sample_rate=, dtype=, layout= and copy=",
            None,
            others,
        )?;
        let sample_rate =
            arguments::required("AudioSamples.from_numpy", "sample_rate", sample_rate)?;
        if !ndarray::is_array(array) {
            return Err(PyTypeError::new_err(format!(
                "from_numpy takes a NumPy array, not {}; new_mono and new_multi take other things",
                array.get_type().name()?
            )));
        }
        let request = Request {
            called: "from_numpy",
            form: Form::Any,
            order: AxisOrder::parse(layout)?,
            copy,
            dtype: dtype.map(arguments::dtype).transpose()?,
        };
        construct::build(array, sample_rate, &request)
    }

    /// Audio on the memory of a buffer exporter (bytearray, mmap, array.array, memoryview). With `dtype`, a buffer of bytes
    /// is read as samples of that type, and numbers of another type become samples of it in a copy, as for `from_numpy`
    /// (`memoryview(buffer).cast("B")` is their bytes). Without, the buffer's own type counts.
    #[staticmethod]
    #[pyo3(
        signature = (buffer, sample_rate = None, *, dtype = None, layout = None, copy = Some(false), **others),
        text_signature = "(buffer, sample_rate, *, dtype=None, layout=None, copy=False)"
    )]
    fn from_buffer(
        buffer: &Bound<'_, PyAny>,
        sample_rate: Option<&Bound<'_, PyAny>>,
        dtype: Option<&Bound<'_, PyAny>>,
        layout: Option<&str>,
        copy: Option<bool>,
        others: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<AudioSamples> {
        arguments::refuse_others(
            "AudioSamples.from_buffer",
            "buffer=, sample_rate=, dtype=, layout= and copy=",
            None,
            others,
        )?;
        let sample_rate =
            arguments::required("AudioSamples.from_buffer", "sample_rate", sample_rate)?;
        let (array, dtype) = construct::buffer_array(buffer, dtype)?;
        let request = Request {
            called: "from_buffer",
            form: Form::Any,
            order: AxisOrder::parse(layout)?,
            copy,
            dtype,
        };
        construct::build(&array, sample_rate, &request)
    }

    /// Silence of shape `(frames,)` or `(channels, frames)`; `shape` may be a number of frames. With
    /// `shared=True` it lies in memory that other processes can have too, as that of `share()` does.
    #[staticmethod]
    #[pyo3(signature = (shape, sample_rate = None, *, dtype = None, shared = false, **others), text_signature = "(shape, sample_rate, *, dtype=None, shared=False)")]
    fn zeros(
        shape: &Bound<'_, PyAny>,
        sample_rate: Option<&Bound<'_, PyAny>>,
        dtype: Option<&Bound<'_, PyAny>>,
        shared: bool,
        others: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<AudioSamples> {
        arguments::refuse_others(
            "AudioSamples.zeros",
            "shape=, sample_rate=, dtype= and shared=",
            None,
            others,
        )?;
        let sample_rate = arguments::required("AudioSamples.zeros", "sample_rate", sample_rate)?;
        let shape = arguments::shape(shape)?;
        let dtype = match dtype {
            Some(dtype) => arguments::dtype(dtype)?,
            None => crate::dtype::Dtype::Float64,
        };
        let rate = arguments::sample_rate(sample_rate)?;
        if shared {
            let make = || Audio::zeros_shared(&shape, dtype, rate, true);
            return Ok(AudioSamples::opened(sample_rate.py().detach(make)?));
        }
        Ok(AudioSamples::new(Audio::zeros(&shape, dtype, rate)?))
    }

    /// Frames per second, in Hz.
    #[getter]
    fn sample_rate(&self) -> u32 {
        self.audio().rate().hertz()
    }

    /// The number of channels; 1 for mono.
    #[getter]
    fn num_channels(&self) -> usize {
        self.audio().layout().channels()
    }

    /// The number of frames.
    fn samples_per_channel(&self) -> usize {
        self.audio().layout().frames()
    }

    /// Length in seconds.
    #[getter]
    fn duration(&self) -> f64 {
        self.audio().duration()
    }

    /// The sample type, as a NumPy dtype.
    #[getter]
    fn dtype<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        numpy::numpy_dtype(py, self.audio().dtype())
    }

    /// `(frames,)` or `(channels, frames)`.
    #[getter]
    fn shape<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.audio().layout().shape())
    }

    /// 1 for mono audio, 2 for multi-channel audio.
    #[getter]
    fn ndim(&self) -> usize {
        self.audio().layout().ndim()
    }

    /// All samples of all channels.
    #[getter]
    fn size(&self) -> usize {
        self.audio().layout().len()
    }

    /// Bytes of all samples.
    #[getter]
    fn nbytes(&self) -> usize {
        self.audio().layout().len() * self.audio().dtype().size()
    }

    /// Bytes from one sample to the next along each axis.
    #[getter]
    fn strides<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.audio().layout().strides())
    }

    /// Whether there is one channel only.
    #[getter]
    fn is_mono(&self) -> bool {
        self.audio().layout().channels() == 1
    }

    /// Whether the samples may be changed.
    #[getter]
    fn writable(&self) -> bool {
        self.audio().samples().writable()
    }

    /// The address of the first sample.
    #[getter]
    fn address(&self) -> usize {
        self.audio().samples().first().addr().get()
    }

    /// Everything outside Rust that can reach these samples now, oldest first.
    #[getter]
    fn views(&self) -> Vec<View> {
        self.audio()
            .samples()
            .views()
            .into_iter()
            .map(View)
            .collect()
    }

    /// The number of frames.
    fn __len__(&self) -> usize {
        self.audio().layout().frames()
    }

    fn __repr__(&self) -> String {
        let layout = self.audio().layout();
        let channels = match layout.ndim() {
            1 => "mono".to_owned(),
            _ if layout.channels() == 1 => "1 channel".to_owned(),
            _ => format!("{} channels", layout.channels()),
        };
        format!(
            "AudioSamples({channels}, {} frame{}, {}, {} Hz, {:.3} s{})",
            layout.frames(),
            if layout.frames() == 1 { "" } else { "s" },
            self.audio().dtype().name(),
            self.audio().rate().hertz(),
            self.audio().duration(),
            if self.audio().samples().buffer().is_closed() {
                ", closed"
            } else if self.writable() {
                ""
            } else {
                ", read-only"
            }
        )
    }

    fn _repr_html_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let notebook = slf.py().import("audio_samples.notebook")?;
        notebook.call_out(intern!(slf.py(), "show"), (slf,))
    }

    /// A NumPy array on the same memory (`copy=True`: on its own).
    #[pyo3(signature = (*, copy = false))]
    fn to_numpy<'py>(&self, py: Python<'py>, copy: bool) -> PyResult<Bound<'py, PyAny>> {
        if copy {
            let copied = self.copied(py, "to_numpy(copy=True) is a copy; to_numpy() shares")?;
            return AudioSamples::new(copied).shared_array(py, true);
        }
        self.shared_array(py, true)
    }

    /// The array that `np.array(audio)` and `np.asarray(audio)` take (NumPy 2's protocol).
    #[pyo3(signature = (dtype = None, *, copy = None))]
    fn __array__<'py>(
        &self,
        py: Python<'py>,
        dtype: Option<&Bound<'py, PyAny>>,
        copy: Option<bool>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let shared = self.shared_array(py, true)?;
        let own = shared.getattr(intern!(py, "dtype"))?;
        let cast = match dtype {
            Some(dtype) if !dtype.is_none() && !own.eq(dtype)? => Some(dtype),
            _ => None,
        };
        if copy == Some(false) && cast.is_some() {
            return Err(PyValueError::new_err(
                "copy=False: another dtype needs a copy; use copy=None, or .astype()",
            ));
        }
        match (cast, copy) {
            (Some(dtype), _) => {
                self.allow_copy(py, "another dtype takes a copy; share the one it has")?;
                self.with_array(py, Mode::Read, |array| {
                    array.call_out(intern!(py, "astype"), (dtype,))
                })
            }
            (None, Some(true)) => {
                let copied = self.copied(py, "copy=True is a copy; copy=None shares")?;
                AudioSamples::new(copied).shared_array(py, true)
            }
            (None, _) => Ok(shared),
        }
    }

    #[pyo3(signature = (ufunc, method, *inputs, **kwargs))]
    fn __array_ufunc__<'py>(
        &self,
        ufunc: &Bound<'py, PyAny>,
        method: &str,
        inputs: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        ufunc::call(ufunc, method, inputs, kwargs)
    }

    /// The samples as a `(frames, channels)` array on the same memory, for soundfile and SciPy.
    #[getter]
    fn frames_first<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let samples = self.audio().samples();
        let export = samples.export(ViewKind::Array, true, &samples.layout().transposed())?;
        ndarray::array_of(py, export)
    }

    /// The same audio in memory of its own: contiguous and writable.
    fn copy(&self, py: Python<'_>) -> PyResult<AudioSamples> {
        let why = "copy() is a copy; slices, channel() and as_readonly() share";
        Ok(AudioSamples::new(self.copied(py, why)?))
    }

    /// One channel as mono audio on the same memory; negative numbers count from the last.
    fn channel(&self, index: &Bound<'_, PyAny>) -> PyResult<AudioSamples> {
        let count = self.audio().layout().channels();
        let Some(whole) = arguments::whole(index)? else {
            return Err(PyTypeError::new_err(format!(
                "a channel is a whole number from {} to {}, not {}; audio[c, a:b] takes slices",
                -(count as isize),
                count as isize - 1,
                arguments::shown(index)
            )));
        };
        let place = whole.extract::<isize>().ok().and_then(|place| {
            let from_last = if place < 0 { count as isize } else { 0 };
            usize::try_from(place.checked_add(from_last)?).ok()
        });
        let Some(place) = place.filter(|place| *place < count) else {
            return Err(PyIndexError::new_err(format!(
                "channel {} is out of range for {count} channels",
                arguments::shown(&whole)
            )));
        };
        Ok(self.part(self.audio().channel(place)?))
    }

    /// A copy with another sample type, by NumPy's cast: 1.7 becomes 1, and 40000 wraps in int16.
    fn astype(&self, py: Python<'_>, dtype: &Bound<'_, PyAny>) -> PyResult<AudioSamples> {
        let dtype = arguments::dtype(dtype)?;
        self.allow_copy(
            py,
            "astype() gives new samples; make the audio in that type",
        )?;
        let cast = float_errors::run(py, self.bytes_per_pass(), Computing::Cast, |wait| {
            self.audio().cast(dtype, wait)
        })?;
        Ok(AudioSamples::new(cast))
    }

    fn __copy__(&self, py: Python<'_>) -> PyResult<AudioSamples> {
        self.copy(py)
    }

    fn __deepcopy__(&self, py: Python<'_>, _memo: &Bound<'_, PyAny>) -> PyResult<AudioSamples> {
        self.copy(py)
    }
}
