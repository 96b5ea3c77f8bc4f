//! `audio[key]` and `audio[key] = x`: one index runs over time, a tuple means what it means for the array.
//!
//! Integers and slices, also in tuples, are taken apart here. Everything else is put to NumPy, on an array
//! that shares the memory; what comes back on the same memory is made audio of that memory again. Code of
//! the user (an `__index__`) runs once, and before anything is claimed.

mod key;

use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyEllipsis, PyFloat, PyInt, PyIterator};

use crate::audio::Audio;
use crate::dtype::{Dtype, Sample};
use crate::error::Error;
use crate::kernel::{Operand, Operator, Scalar};
use crate::layout::Layout;
use crate::python::array::float_errors;
use crate::python::array::float_errors::Computing;
use crate::python::array::operand;
use crate::python::array::operand::Side;
use crate::python::class::AudioSamples;
use crate::python::exchange::ndarray::Readable;
use crate::python::exchange::outward::Outward;
use crate::python::exchange::{ndarray, outward};
use crate::python::numpy::{numpy_module, scalar_types};
use crate::python::running::{leased, leased_within};
use crate::python::{policy, running};
use crate::registry::{Mode, ViewKind};
use crate::view::{self, Samples};
use crate::with_sample;
use key::{Gives, Simple};

impl AudioSamples {
    /// What NumPy gave for a key: audio where it is some frames of this audio, on our memory if it can be.
    fn audio_of<'py>(&self, array: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = array.py();
        let fits = ndarray::is_exact_array(array)
            && ndarray::facts(array)?
                .layout
                .is_some_and(|layout| layout.ndim() > 0);
        if !fits {
            return Ok(array.clone());
        }
        let own = self.audio().samples();
        let inside = match Readable::new(array.clone())? {
            Ok(readable) => {
                let found = readable.strided(self.audio().layout())?;
                let (layout, start) = (found.layout(), own.buffer().start().addr().get());
                let offset = found.first_address().checked_sub(start);
                let offset = offset.filter(|_| !layout.is_empty());
                offset.and_then(|offset| {
                    let there = Layout::strided(layout.shape(), layout.strides(), offset).ok()?;
                    own.with_layout(there).ok()
                })
            }
            Err(_) => None,
        };
        let found = match inside {
            // Our memory is held as ours: held through the array, slices of slices would be a chain.
            Some(samples) => self.part(self.audio().with_samples(samples)),
            None => AudioSamples::new(self.audio().with_samples(ndarray::adopt(array)?)),
        };
        Ok(Bound::new(py, found)?.into_any())
    }

    /// A value as NumPy assigns it, in the audio's type and complete before anything is claimed: foreign code
    /// may run meanwhile, and a value that cannot be stored must not be stored in part.
    fn assignable<'py>(&self, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = value.py();
        let own = self.audio().dtype();
        if let Ok(audio) = value.cast_exact::<AudioSamples>() {
            let other = audio.get();
            if other.audio().dtype() == own {
                return other.shared_array(py, false);
            }
            let cast = running::run(py, other.bytes_per_pass(), |wait| {
                other.audio().cast(own, wait)
            })?;
            return AudioSamples::new(cast).shared_array(py, false);
        }
        operand::refuse_masked(value)?;
        let numpy = numpy_module(py)?;
        let array = numpy.call_out(intern!(py, "asarray"), (value,))?;
        let dtype = array.getattr(intern!(py, "dtype"))?;
        let kind: String = dtype.getattr(intern!(py, "kind"))?.extract()?;
        if !matches!(kind.as_str(), "b" | "i" | "u" | "f") {
            return Err(PyTypeError::new_err(format!(
                "a {} of {dtype} values cannot be stored in {} audio; give numbers",
                value.get_type().name()?,
                own.name()
            )));
        }
        if ndarray::facts(&array)?.dtype == Some(own) {
            return Ok(array);
        }
        if ndarray::is_array(value) {
            return array.call_out(intern!(py, "astype"), (own.name(),));
        }
        // A sequence is read in the audio's type at once, which finds integers that do not fit.
        numpy.call_out(intern!(py, "asarray"), (value, own.name()))
    }
}

#[pymethods]
impl AudioSamples {
    fn __getitem__<'py>(
        slf: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (py, this) = (slf.py(), slf.get());
        match this.simple(key)? {
            Some(Simple::Part(layout)) => {
                let part = this.audio().with_layout(layout)?;
                Ok(Bound::new(py, this.part(part))?.into_any())
            }
            Some(Simple::Frame(layout) | Simple::Sample(layout)) => {
                let frame = this.audio().with_layout(layout)?;
                if layout.ndim() == 1 {
                    return sample(py, this.audio(), frame.samples());
                }
                let strides = [layout.channel_stride()];
                let shown = Layout::strided(&[layout.channels()], &strides, layout.offset())?;
                let export = frame.samples().export(ViewKind::Array, true, &shown);
                let export = export.map_err(|error| this.audio().told_of(&frame, error));
                ndarray::array_of(py, export?)
            }
            None => {
                let (key, result) = this.array_key(key)?;
                let array = this.shared_array(py, true)?;
                let found = leased(py, &[(this.audio(), Mode::Read)], || {
                    outward::get_item(&array, &key)
                })?;
                let own = this.audio().samples().buffer();
                if ndarray::is_array(&found) && !ndarray::lies_in(&found, own) {
                    let bytes: usize = found.getattr(intern!(py, "nbytes"))?.extract()?;
                    policy::allow_copy(py, bytes, || {
                        "frames picked by a mask or by indices are copied; slices share".into()
                    })?;
                }
                match result {
                    Gives::Audio => this.audio_of(&found),
                    Gives::Array => Ok(found),
                }
            }
        }
    }

    fn __setitem__<'py>(
        slf: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
        value: &Bound<'py, PyAny>,
    ) -> PyResult<()> {
        let (py, this) = (slf.py(), slf.get());
        let whole = this.audio();
        whole.samples().require_writable()?;
        if let Ok(other) = value.cast_exact::<AudioSamples>() {
            this.audio().require_rate_of(other.get().audio())?;
        }
        let (target, key) = match this.simple(key)? {
            Some(Simple::Part(layout)) => {
                let part = this.audio().with_layout(layout)?;
                if fill(py, whole, &part, value)? || assign(py, whole, &part, value)? {
                    return Ok(());
                }
                let everything = PyEllipsis::get(py).to_owned().into_any();
                (AudioSamples::new(part), everything)
            }
            Some(Simple::Frame(layout)) => {
                let frame = this.audio().with_layout(layout)?;
                if fill(py, whole, &frame, value)? {
                    return Ok(());
                }
                let key = (PyEllipsis::get(py), 0).into_pyobject(py)?;
                (AudioSamples::new(frame), key.into_any())
            }
            Some(Simple::Sample(layout)) => {
                let sample = this.audio().with_layout(layout)?;
                if fill(py, whole, &sample, value)? {
                    return Ok(());
                }
                (
                    AudioSamples::new(sample),
                    0i32.into_pyobject(py)?.into_any(),
                )
            }
            None => {
                let key = this.array_key(key)?.0;
                (AudioSamples::new(this.audio().clone()), key)
            }
        };
        // Through a mask or a list of indices NumPy casts its own numbers, which it refuses elsewhere if they do not fit.
        let plain = match value.is_instance(operand::scalar_type(py)?)? {
            true => None,
            false => number(this.audio().dtype(), value)?,
        };
        let stored_as = match plain {
            Some(Scalar::Int(whole)) => whole.into_pyobject(py)?.into_any(),
            Some(Scalar::Float(other)) => other.into_pyobject(py)?.into_any(),
            None => this.assignable(value)?,
        };
        let mut wanted = vec![(target.audio(), Mode::Write)];
        if let Ok(other) = value.cast_exact::<AudioSamples>() {
            wanted.push((other.get().audio(), Mode::Read));
        }
        leased_within(py, whole, &wanted, || {
            outward::set_item(&target.shared_array(py, true)?, &key, &stored_as)
        })
    }

    fn __delitem__(&self, _key: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(PyTypeError::new_err(
            "audio keeps its length: frames cannot be deleted; take the others with a slice or a mask",
        ))
    }

    fn __iter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyIterator>> {
        refuse_unpacking(slf)?;
        frames_of(slf.py(), slf.get().audio())
    }

    fn __reversed__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyIterator>> {
        let audio = slf.get().audio();
        let frames = audio.layout().frames();
        let turned = audio
            .layout()
            .take_frames(frames.saturating_sub(1), frames, -1)?;
        frames_of(slf.py(), &audio.with_layout(turned)?)
    }
}

/// An error where the caller writes `samples, rate = audio`, as other libraries return files.
fn refuse_unpacking(audio: &Bound<'_, AudioSamples>) -> PyResult<()> {
    let py = audio.py();
    let names = py.import(intern!(py, "audio_samples._names"))?;
    let frames = audio.get().audio().layout().frames();
    let error = names.call_method1(intern!(py, "unpacked"), (frames,))?;
    if error.is_none() {
        return Ok(());
    }
    Err(PyErr::from_value(error))
}

/// One frame after the other, as arrays on the same memory or, in mono, as samples.
fn frames_of<'py>(py: Python<'py>, audio: &Audio) -> PyResult<Bound<'py, PyIterator>> {
    let samples = audio.samples();
    let layout = samples.layout();
    let shown = if layout.ndim() == 1 {
        *layout
    } else {
        layout.transposed()
    };
    ndarray::array_of(py, samples.export(ViewKind::Array, true, &shown)?)?.try_iter()
}

/// The only one of some samples, as NumPy's scalar.
fn sample<'py>(py: Python<'py>, whole: &Audio, samples: &Samples) -> PyResult<Bound<'py, PyAny>> {
    let strided = samples.strided();
    let dtype = samples.dtype();
    // float64 holds every sample exactly.
    let value = running::run(py, dtype.size(), |wait| {
        let claims = [strided.claim(Mode::Read)];
        view::access_to(
            &whole.samples().strided(),
            &claims,
            wait.lock,
            wait.until,
            |access| with_sample!(dtype, T => strided.source::<T>(access, 0).get(0).to_f64()),
        )
    })?;
    let scalar = scalar_types(py)?[dtype as usize].bind(py);
    if dtype.is_float() {
        scalar.call1((value,))
    } else {
        scalar.call1((value as i64,))
    }
}

/// A number of Python's or NumPy's as a sample of that type, by NumPy's rules; `None` for anything else.
fn number(dtype: Dtype, value: &Bound<'_, PyAny>) -> PyResult<Option<Scalar>> {
    if let Some(value) = ndarray::exact_float(value) {
        let fits = !value.is_finite() || value.abs() <= f64::from(f32::MAX);
        if dtype == Dtype::Float64 || dtype == Dtype::Float32 && fits {
            return Ok(Some(Scalar::Float(value)));
        }
    } else if let Ok(value) = value.cast_exact::<PyInt>()
        && let Ok(value) = value.extract::<i64>()
    {
        let limit = if dtype.is_float() {
            1 << 53
        } else {
            dtype.full_scale() as i64
        };
        if (-limit..limit).contains(&value) {
            return Ok(Some(Scalar::Int(value)));
        }
    } else if !value.is_instance_of::<PyInt>()
        && !value.is_instance_of::<PyFloat>()
        && !value.is_instance(operand::scalar_type(value.py())?)?
    {
        return Ok(None);
    }
    // What warns, is refused or is cut off is NumPy's to say: it stores the number in one sample first.
    let py = value.py();
    let cell = numpy_module(py)?.call_out(intern!(py, "zeros"), (1, dtype.name()))?;
    cell.set_item(PyEllipsis::get(py), value)?;
    let stored = cell.call_out(intern!(py, "item"), ())?;
    Ok(Some(if dtype.is_float() {
        Scalar::Float(stored.extract()?)
    } else {
        Scalar::Int(stored.extract()?)
    }))
}

/// Stores a number in all samples; false for anything else.
fn fill(py: Python<'_>, whole: &Audio, part: &Audio, value: &Bound<'_, PyAny>) -> PyResult<bool> {
    let Some(number) = number(part.dtype(), value)? else {
        return Ok(false);
    };
    let bytes = part.layout().len() * part.dtype().size();
    running::run(py, bytes, |wait| {
        let done = part.assign(&Operand::Scalar(number), wait);
        done.map_err(|error| whole.told_of(part, error))
    })?;
    Ok(true)
}

/// Whether an array is one of samples on as many axes as audio has. More may be there if they are of length 1, which is
/// NumPy's business.
fn is_of_samples(facts: &ndarray::ArrayFacts) -> bool {
    facts.dtype.is_some() && facts.layout.is_some()
}

/// Stores what needs no NumPy; false if the value is of another kind.
fn assign(py: Python<'_>, whole: &Audio, part: &Audio, value: &Bound<'_, PyAny>) -> PyResult<bool> {
    let plain = value.cast_exact::<AudioSamples>().is_ok()
        || (ndarray::is_exact_array(value) && is_of_samples(&ndarray::facts(value)?));
    if !plain {
        return Ok(false);
    }
    let Some(operand) = operand::parse(part, Operator::Add, Side::InPlace, value)? else {
        return Ok(false);
    };
    let kernel = operand.kernel(part)?;
    let Operand::Samples(samples) = &kernel else {
        return Ok(false);
    };
    if samples.same_samples(&part.samples().strided()) {
        // `audio[a:b] *= x` ends by storing the slice in itself: it has changed in place already.
        return Ok(true);
    }
    if samples.broadcast_into(part.layout()).is_none() {
        // Arrays are NumPy's business, and so is an axis of one channel that mono audio has not.
        let Ok(other) = value.cast_exact::<AudioSamples>() else {
            return Ok(false);
        };
        let other = other.get().audio();
        let theirs = other.layout();
        if theirs.channels() == 1 && [1, part.layout().frames()].contains(&theirs.frames()) {
            return Ok(false);
        }
        return Err(Error::between(part.layout().shape(), theirs.shape(), "=").into());
    }
    policy::allow_operand(py, || part.copied_bytes(&kernel))?;
    let bytes = 2 * part.layout().len() * part.dtype().size();
    float_errors::run(py, bytes, Computing::Cast, |wait| {
        let done = part.assign(&kernel, wait);
        done.map_err(|error| whole.told_of(part, error))
    })?;
    Ok(true)
}
