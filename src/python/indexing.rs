//! `audio[key]` and `audio[key] = x`: one index runs over time, a tuple means what it means for the array.
//!
//! Integers and slices are taken apart here. Everything else is put to NumPy, on an array that shares the
//! memory; what comes back on the same memory is made audio again.

use pyo3::exceptions::{PyIndexError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyEllipsis, PyFloat, PyInt, PyIterator, PySlice, PyTuple};

use crate::audio::Audio;
use crate::kernel::{Operand, Operator};
use crate::layout::Layout;
use crate::python::audio::AudioSamples;
use crate::python::exchange::ndarray;
use crate::python::mapped;
use crate::python::operand::{self, Side, numpy_module};
use crate::python::{policy, running};
use crate::registry::{Kind, Mode};

/// A key that needs no NumPy.
enum Simple {
    Frame(usize),
    Frames(Layout),
}

/// What a key makes of the frames' axis, and so what comes back.
#[derive(PartialEq, Eq)]
enum Gives {
    Audio,
    Array,
}

impl AudioSamples {
    fn simple(&self, key: &Bound<'_, PyAny>) -> PyResult<Option<Simple>> {
        let layout = self.audio().layout();
        if let Ok(slice) = key.cast_exact::<PySlice>() {
            let frames = isize::try_from(layout.frames()).unwrap_or(isize::MAX);
            let indices = slice.indices(frames)?;
            let start = if indices.slicelength == 0 {
                0
            } else {
                indices.start as usize
            };
            let taken = layout.take_frames(start, indices.slicelength, indices.step)?;
            return Ok(Some(Simple::Frames(taken)));
        }
        if let Ok(index) = key.cast_exact::<PyInt>() {
            return self.frame(index.extract::<isize>().ok(), index).map(Some);
        }
        Ok(None)
    }

    fn frame(&self, index: Option<isize>, shown: &Bound<'_, PyInt>) -> PyResult<Simple> {
        let frames = self.audio().layout().frames();
        let place = index.and_then(|index| {
            let place = if index < 0 {
                index.checked_add_unsigned(frames)?
            } else {
                index
            };
            usize::try_from(place).ok().filter(|place| *place < frames)
        });
        place.map(Simple::Frame).ok_or_else(|| {
            PyIndexError::new_err(format!(
                "frame {shown} is out of range for audio of {frames} frames"
            ))
        })
    }

    /// The array on which a key other than a simple one is looked up, the key for it, and what it gives.
    fn array_key<'py>(&self, key: &Bound<'py, PyAny>) -> PyResult<(Bound<'py, PyAny>, Gives)> {
        let py = key.py();
        if key.is_none() || key.is_instance_of::<PyEllipsis>() {
            let result = if key.is_none() {
                Gives::Array
            } else {
                Gives::Audio
            };
            return Ok((key.clone(), result));
        }
        if let Ok(tuple) = key.cast::<PyTuple>() {
            let mut parts: Vec<Bound<'py, PyAny>> = tuple.iter().collect();
            for part in &mut parts {
                if part.is_instance_of::<AudioSamples>() {
                    *part = numpy_module(py)?.call_method1(intern!(py, "asarray"), (&*part,))?;
                }
            }
            let result = self.tuple_result(&parts)?;
            return Ok((PyTuple::new(py, parts)?.into_any(), result));
        }
        if key.hasattr(intern!(py, "__index__"))? && !ndarray::is_array(key) {
            let index = (PyEllipsis::get(py), key).into_pyobject(py)?;
            return Ok((index.into_any(), Gives::Array));
        }
        let picks = numpy_module(py)?.call_method1(intern!(py, "asarray"), (key,))?;
        let axes: usize = picks.getattr(intern!(py, "ndim"))?.extract()?;
        let size: usize = picks.getattr(intern!(py, "size"))?.extract()?;
        let kind: String = picks
            .getattr(intern!(py, "dtype"))?
            .getattr(intern!(py, "kind"))?
            .extract()?;
        let ndim = self.audio().layout().ndim();
        if kind == "b" && axes == 2 && ndim == 2 {
            return Ok((picks, Gives::Array));
        }
        let picks = if size == 0 && kind == "f" {
            picks.call_method1(intern!(py, "astype"), (intern!(py, "intp"),))?
        } else {
            picks
        };
        if kind == "b" && axes == 1 && size != self.audio().layout().frames() {
            return Err(PyIndexError::new_err(format!(
                "a mask of {size} entries does not fit audio of {} frames",
                self.audio().layout().frames()
            )));
        }
        let result = if axes == 1 {
            Gives::Audio
        } else {
            Gives::Array
        };
        Ok((
            (PyEllipsis::get(py), picks).into_pyobject(py)?.into_any(),
            result,
        ))
    }

    /// Audio comes of a tuple that keeps the frames in their order or picks some of them.
    fn tuple_result(&self, parts: &[Bound<'_, PyAny>]) -> PyResult<Gives> {
        if parts.iter().any(|part| part.is_none()) {
            return Ok(Gives::Array);
        }
        let ndim = self.audio().layout().ndim();
        let named = parts
            .iter()
            .filter(|part| !part.is_instance_of::<PyEllipsis>())
            .count();
        let has_ellipsis = named < parts.len();
        let along_frames = match parts.last() {
            Some(last) if named == ndim || (has_ellipsis && named > 0) => {
                if last.is_instance_of::<PyEllipsis>() && named < ndim {
                    None
                } else {
                    parts
                        .iter()
                        .rev()
                        .find(|p| !p.is_instance_of::<PyEllipsis>())
                }
            }
            _ => None,
        };
        let Some(part) = along_frames else {
            return Ok(Gives::Audio);
        };
        if part.is_instance_of::<PySlice>() {
            return Ok(Gives::Audio);
        }
        let other_is_slice = ndim == 1 || parts[0].is_instance_of::<PySlice>() || named == 1;
        let picks = part.hasattr(intern!(part.py(), "__len__"))?;
        Ok(if picks && other_is_slice {
            Gives::Audio
        } else {
            Gives::Array
        })
    }

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
        // While the samples are borrowed for reading, arrays of them are read-only; audio is not.
        let samples = ndarray::adopt(array)?.as_writable_as(self.audio().samples());
        Ok(Bound::new(py, AudioSamples::new(self.audio().with_samples(samples)))?.into_any())
    }

    /// A value as NumPy assigns it, complete before anything is claimed: foreign code may run meanwhile, and
    /// a value that cannot be stored must not be stored in part.
    fn assignable<'py>(&self, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = value.py();
        if let Ok(audio) = value.cast_exact::<AudioSamples>() {
            return audio.get().shared_array(py, false);
        }
        if value.is_instance_of::<PyInt>() || value.is_instance_of::<PyFloat>() {
            return Ok(value.clone());
        }
        let numpy = numpy_module(py)?;
        let array = numpy.call_method1(intern!(py, "asarray"), (value,))?;
        let dtype = array.getattr(intern!(py, "dtype"))?;
        let kind: String = dtype.getattr(intern!(py, "kind"))?.extract()?;
        if !matches!(kind.as_str(), "b" | "i" | "u" | "f") {
            return Err(PyTypeError::new_err(format!(
                "a {} of {dtype} values cannot be stored in {} audio; give numbers",
                value.get_type().name()?,
                self.audio().dtype().name()
            )));
        }
        if ndarray::is_array(value) {
            return Ok(array);
        }
        // A sequence is read in the audio's type at once, which finds integers that do not fit.
        numpy.call_method1(intern!(py, "asarray"), (value, self.audio().dtype().name()))
    }

    /// Runs `work` on an array that shares the samples, with a lease on them: no other operation is in between.
    pub fn with_array<'py, R>(
        &self,
        py: Python<'py>,
        mode: Mode,
        work: impl FnOnce(&Bound<'py, PyAny>) -> PyResult<R>,
    ) -> PyResult<R> {
        let samples = self.audio().samples();
        if mode == Mode::Write {
            samples.require_writable()?;
        }
        let array = self.shared_array(py, mode == Mode::Write)?;
        leased(py, &[(self.audio(), mode)], || work(&array))
    }
}

/// Runs Python code while holding leases on some audio: for what NumPy computes on our memory.
pub fn leased<R>(
    py: Python<'_>,
    wanted: &[(&Audio, Mode)],
    work: impl FnOnce() -> PyResult<R>,
) -> PyResult<R> {
    let _held = running::lease(py, wanted)?;
    work()
}

#[pymethods]
impl AudioSamples {
    fn __getitem__<'py>(
        slf: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (py, this) = (slf.py(), slf.get());
        match this.simple(key)? {
            Some(Simple::Frames(layout)) => {
                let part = this.audio().with_layout(layout)?;
                Ok(Bound::new(py, AudioSamples::new(part))?.into_any())
            }
            Some(Simple::Frame(index)) => {
                let samples = this.audio().samples();
                let layout = samples.layout().take_frames(index, 1, 1)?;
                let column = samples.with_layout(layout)?;
                if layout.ndim() == 1 {
                    let array = AudioSamples::new(this.audio().with_samples(column));
                    return array.with_array(py, Mode::Read, |array| array.get_item(0));
                }
                let strides = [layout.channel_stride()];
                let frame = Layout::strided(&[layout.channels()], &strides, layout.offset())?;
                ndarray::array_of(py, samples.export(Kind::Array, true, &frame)?)
            }
            None => {
                let (key, result) = this.array_key(key)?;
                let array = this.shared_array(py, true)?;
                let found = leased(py, &[(this.audio(), Mode::Read)], || array.get_item(&key))?;
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
        this.audio().samples().require_writable()?;
        if let Ok(other) = value.cast_exact::<AudioSamples>() {
            this.audio().require_rate_of(other.get().audio())?;
        }
        if let Some(Simple::Frames(layout)) = this.simple(key)? {
            let part = this.audio().with_layout(layout)?;
            if assign(py, &part, value)? || assign_number(py, &part, value)? {
                return Ok(());
            }
        }
        let (key, _) = match this.simple(key)? {
            Some(_) => {
                let everything = (PyEllipsis::get(py), key).into_pyobject(py)?;
                (everything.into_any(), Gives::Array)
            }
            None => this.array_key(key)?,
        };
        let value = this.assignable(value)?;
        this.with_array(py, Mode::Write, |array| array.set_item(&key, &value))
    }

    fn __delitem__(&self, _key: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(PyTypeError::new_err(
            "audio keeps its length: frames cannot be deleted; take the others with a slice or a mask",
        ))
    }

    fn __iter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyIterator>> {
        let (py, samples) = (slf.py(), slf.get().audio().samples());
        let layout = samples.layout();
        let shown = if layout.ndim() == 1 {
            *layout
        } else {
            layout.transposed()
        };
        ndarray::array_of(py, samples.export(Kind::Array, true, &shown)?)?.try_iter()
    }

    fn __contains__(slf: &Bound<'_, Self>, value: &Bound<'_, PyAny>) -> PyResult<bool> {
        let py = slf.py();
        let array = slf.get().shared_array(py, false)?;
        array
            .call_method1(intern!(py, "__contains__"), (value,))?
            .is_truthy()
    }
}

/// Stores what needs no NumPy; false if the value is of another kind.
fn assign(py: Python<'_>, part: &Audio, value: &Bound<'_, PyAny>) -> PyResult<bool> {
    let plain = value.cast_exact::<AudioSamples>().is_ok()
        || (ndarray::is_exact_array(value) && ndarray::facts(value)?.dtype.is_some());
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
        return Ok(false);
    }
    policy::allow_operand(py, || part.copied_bytes(&kernel))?;
    let bytes = 2 * part.layout().len() * part.dtype().size();
    running::run(py, bytes, |manner| part.assign(&kernel, manner))?;
    Ok(true)
}

/// Stores one number in all samples of a large mapped file; false for anything else.
fn assign_number(py: Python<'_>, part: &Audio, value: &Bound<'_, PyAny>) -> PyResult<bool> {
    if !value.is_exact_instance_of::<PyInt>() && !value.is_exact_instance_of::<PyFloat>() {
        return Ok(false);
    }
    if !part.samples().strided().is_file() {
        return Ok(false);
    }
    AudioSamples::new(part.clone()).with_array(py, Mode::Write, |array| {
        mapped::in_windows(py, part, |key| array.set_item(key, value))
    })
}
