//! Keys taken apart: which frames and channels they name, and what comes of the rest.

use pyo3::exceptions::{PyIndexError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyEllipsis, PyFloat, PyInt, PyList, PySlice, PyTuple};

use crate::layout::Layout;
use crate::python::class::AudioSamples;
use crate::python::exchange::ndarray;
use crate::python::exchange::outward::Outward;
use crate::python::numpy::numpy_module;

/// A key that needs no NumPy.
pub(super) enum Simple {
    /// One frame: what is left has lost the axis of frames.
    Frame(Layout),
    /// One sample, named by a tuple.
    Sample(Layout),
    /// Some frames of some channels.
    Part(Layout),
}

/// What a key makes of the frames' axis, and so what comes back.
#[derive(PartialEq, Eq)]
pub(super) enum Gives {
    Audio,
    Array,
}

impl AudioSamples {
    pub(super) fn simple(&self, key: &Bound<'_, PyAny>) -> PyResult<Option<Simple>> {
        let layout = self.audio().layout();
        if let Ok(slice) = key.cast_exact::<PySlice>() {
            let (start, count, step) = resolve(slice, layout.frames())?;
            return Ok(Some(Simple::Part(layout.take_frames(start, count, step)?)));
        }
        if let Ok(index) = key.cast_exact::<PyInt>() {
            return self.frame(index.extract::<isize>().ok(), index).map(Some);
        }
        if let Ok(tuple) = key.cast_exact::<PyTuple>() {
            return self.basic(tuple);
        }
        if key.is_instance_of::<PyEllipsis>() {
            return Ok(Some(Simple::Part(*layout)));
        }
        match index_of(key)? {
            Some(index) => self.frame(index.extract().ok(), &index).map(Some),
            None => Ok(None),
        }
    }

    /// A tuple of slices and numbers.
    fn basic(&self, tuple: &Bound<'_, PyTuple>) -> PyResult<Option<Simple>> {
        let mut layout = *self.audio().layout();
        let ndim = layout.ndim();
        let is_ellipsis = |part: &Bound<'_, PyAny>| part.is_instance_of::<PyEllipsis>();
        let dots: Vec<usize> = (0..tuple.len())
            .filter(|place| tuple.get_item(*place).is_ok_and(|part| is_ellipsis(&part)))
            .collect();
        let named = tuple.len() - dots.len();
        if dots.len() > 1 || named > ndim {
            return Ok(None);
        }
        // What names each axis: those before the dots count from the first, those behind from the last.
        let before = dots.first().copied().unwrap_or(named);
        let mut axes: [Option<Bound<'_, PyAny>>; 2] = [None, None];
        for (place, part) in tuple.iter().filter(|part| !is_ellipsis(part)).enumerate() {
            let axis = if place < before {
                place
            } else {
                ndim - (named - place)
            };
            axes[axis + 2 - ndim] = Some(part);
        }
        let [channel, frames] = axes;
        let one_channel = number_in(channel.as_ref(), layout.channels());
        let one_frame = number_in(frames.as_ref(), layout.frames());
        let (Some(one_channel), Some(one_frame)) = (one_channel, one_frame) else {
            return Ok(None);
        };
        if let Some(slice) = channel
            .as_ref()
            .and_then(|part| part.cast_exact::<PySlice>().ok())
        {
            let (start, count, step) = resolve(slice, layout.channels())?;
            layout = layout.take_channels(start, count, step)?;
        }
        if let Some(slice) = frames
            .as_ref()
            .and_then(|part| part.cast_exact::<PySlice>().ok())
        {
            let (start, count, step) = resolve(slice, layout.frames())?;
            layout = layout.take_frames(start, count, step)?;
        }
        if let Some(index) = one_frame {
            layout = layout.take_frames(index, 1, 1)?;
        }
        if let Some(index) = one_channel {
            layout = layout.channel(index)?;
        }
        Ok(match (one_frame, layout.ndim()) {
            (None, _) => Some(Simple::Part(layout)),
            (Some(_), 2) => Some(Simple::Frame(layout)).filter(|_| !layout.is_empty()),
            // With an ellipsis NumPy gives a 0-d array instead of a number.
            (Some(_), _) => Some(Simple::Sample(layout)).filter(|_| dots.is_empty()),
        })
    }

    fn frame(&self, index: Option<isize>, shown: &Bound<'_, PyInt>) -> PyResult<Simple> {
        let layout = self.audio().layout();
        let frames = layout.frames();
        let place = index.and_then(|index| position(index, frames));
        let place = place.ok_or_else(|| {
            PyIndexError::new_err(format!(
                "frame {shown} is out of range for audio of {frames} frames"
            ))
        })?;
        Ok(Simple::Frame(layout.take_frames(place, 1, 1)?))
    }

    /// The array on which a key other than a simple one is looked up, the key for it, and what it gives.
    pub(super) fn array_key<'py>(
        &self,
        key: &Bound<'py, PyAny>,
    ) -> PyResult<(Bound<'py, PyAny>, Gives)> {
        let py = key.py();
        if key.is_none() {
            return Ok((key.clone(), Gives::Array));
        }
        if let Ok(tuple) = key.cast::<PyTuple>() {
            let parts = tuple.iter().map(|part| settled(&part));
            let parts = parts.collect::<PyResult<Vec<_>>>()?;
            let result = self.tuple_result(&parts)?;
            return Ok((PyTuple::new(py, parts)?.into_any(), result));
        }
        let picks = numpy_module(py)?.call_out(intern!(py, "asarray"), (key,))?;
        let axes: usize = picks.getattr(intern!(py, "ndim"))?.extract()?;
        let size: usize = picks.getattr(intern!(py, "size"))?.extract()?;
        let kind: String = picks
            .getattr(intern!(py, "dtype"))?
            .getattr(intern!(py, "kind"))?
            .extract()?;
        let ndim = self.audio().layout().ndim();
        if kind == "b" && (axes == 0 || axes == 2 && ndim == 2) {
            return Ok((picks, Gives::Array));
        }
        let picks = if size == 0 && kind == "f" {
            picks.call_out(intern!(py, "astype"), (intern!(py, "intp"),))?
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
        for part in parts {
            // These put axes of their own into the result.
            if part.is_none() || part.is_instance_of::<PyBool>() || axes_of(part)? > 1 {
                return Ok(Gives::Array);
            }
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
        let picks = axes_of(part)? == 1;
        Ok(if picks && other_is_slice {
            Gives::Audio
        } else {
            Gives::Array
        })
    }
}

/// The place that a part of a key names, if it is a number and not a slice. `None` outside for what is
/// neither, and for a number that is out of range: those are put to NumPy.
fn number_in(part: Option<&Bound<'_, PyAny>>, count: usize) -> Option<Option<usize>> {
    let part = part.filter(|part| part.cast_exact::<PySlice>().is_err());
    let Some(part) = part else {
        return Some(None);
    };
    let index = part.cast_exact::<PyInt>().ok()?.extract().ok()?;
    position(index, count).map(Some)
}

/// Where an index counted from either end is, if it is inside.
fn position(index: isize, count: usize) -> Option<usize> {
    let place = if index < 0 {
        index.checked_add_unsigned(count)?
    } else {
        index
    };
    usize::try_from(place).ok().filter(|place| *place < count)
}

/// Start, count and step of a slice of `count` things.
fn resolve(slice: &Bound<'_, PySlice>, count: usize) -> PyResult<(usize, usize, isize)> {
    let indices = slice
        .indices(isize::try_from(count).unwrap_or(isize::MAX))
        .map_err(|error| in_frames(slice, error))?;
    let start = if indices.slicelength == 0 {
        0
    } else {
        indices.start as usize
    };
    Ok((start, indices.slicelength, indices.step))
}

/// The error of a slice whose bounds are no whole numbers: they may be meant as seconds.
fn in_frames(slice: &Bound<'_, PySlice>, error: PyErr) -> PyErr {
    let bound = |name| slice.getattr(name).ok();
    let bounds = [bound("start"), bound("stop")].map(|bound| bound.filter(|it| !it.is_none()));
    if !bounds
        .iter()
        .flatten()
        .any(|it| it.is_instance_of::<PyFloat>())
    {
        return error;
    }
    let shown = |bound: &Option<Bound<'_, PyAny>>, usual: &str| {
        bound
            .as_ref()
            .map_or_else(|| usual.into(), |it| it.to_string())
    };
    PyTypeError::new_err(format!(
        "slices of audio are in frames, whole numbers; audio.trim({}, {}) is in seconds",
        shown(&bounds[0], "0.0"),
        shown(&bounds[1], "None")
    ))
}

/// The index that an object stands for, if it stands for one. Truth values and arrays are something else.
fn index_of<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyInt>>> {
    let py = object.py();
    let other = object.is_none()
        || object.is_instance_of::<PyBool>()
        || object.is_instance_of::<PyEllipsis>()
        || object.is_instance_of::<PyList>()
        || object.is_instance_of::<AudioSamples>()
        || ndarray::is_array(object);
    if other || !object.hasattr(intern!(py, "__index__"))? {
        return Ok(None);
    }
    match object.call_out(intern!(py, "__index__"), ()) {
        Ok(index) => Ok(index.cast_into::<PyInt>().ok()),
        Err(error) if error.is_instance_of::<PyTypeError>(py) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A part of a tuple in which no code of the user is left.
fn settled<'py>(part: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = part.py();
    if let Ok(slice) = part.cast_exact::<PySlice>() {
        let member = |name: &str| -> PyResult<Bound<'py, PyAny>> {
            let bound = slice.getattr(name)?;
            Ok(index_of(&bound)?.map_or(bound, Bound::into_any))
        };
        let bounds = (member("start")?, member("stop")?, member("step")?);
        return py.get_type::<PySlice>().call1(bounds);
    }
    if let Some(index) = index_of(part)? {
        return Ok(index.into_any());
    }
    let plain = part.is_none()
        || part.is_instance_of::<PyBool>()
        || part.is_instance_of::<PyEllipsis>()
        || ndarray::is_array(part);
    if plain {
        return Ok(part.clone());
    }
    let picks = numpy_module(py)?.call_out(intern!(py, "asarray"), (part,))?;
    if part.is_instance_of::<PyList>() && part.len()? == 0 {
        return picks.call_out(intern!(py, "astype"), (intern!(py, "intp"),));
    }
    Ok(picks)
}

/// The axes of a part of a key: none but for arrays.
fn axes_of(part: &Bound<'_, PyAny>) -> PyResult<usize> {
    if !ndarray::is_array(part) {
        return Ok(0);
    }
    part.getattr(intern!(part.py(), "ndim"))?.extract()
}
