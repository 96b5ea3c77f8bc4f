//! `__array_function__`: NumPy's functions that are no ufuncs. A call of audio and plain values takes a fast way; the
//! package's `_functions.py` looks through every other.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyString, PyTuple};

use crate::audio::Audio;
use crate::python::class::AudioSamples;
use crate::python::exchange::outward;
use crate::python::running::leased;
use crate::registry::Mode;

type Any<'py> = Bound<'py, PyAny>;

/// The slow way, and the names of the functions that need it.
fn slow<'py>(py: Python<'py>) -> PyResult<&'py (Py<PyAny>, Py<PyAny>)> {
    static SLOW: PyOnceLock<(Py<PyAny>, Py<PyAny>)> = PyOnceLock::new();
    SLOW.get_or_try_init(py, || {
        let module = py.import("audio_samples._functions")?;
        let part = |name| module.getattr(name).map(Bound::unbind);
        Ok((part("array_function")?, part("SPECIAL")?))
    })
}

/// Audio among the arguments, the array that stands for it, and what is done to it.
type Argument<'py> = (Bound<'py, AudioSamples>, Any<'py>, Mode);

/// An argument with an array in place of audio; `None` for what is neither that nor plain.
fn stand_in<'py>(
    value: &Any<'py>,
    mode: Mode,
    given: &mut Vec<Argument<'py>>,
) -> PyResult<Option<Any<'py>>> {
    let Ok(audio) = value.cast_exact::<AudioSamples>() else {
        let plain = value.is_none()
            || value.is_exact_instance_of::<PyInt>()
            || value.is_exact_instance_of::<PyFloat>()
            || value.is_exact_instance_of::<PyBool>()
            || value.is_exact_instance_of::<PyString>();
        return Ok(plain.then(|| value.clone()));
    };
    if let Some((first, ..)) = given.first() {
        first.get().audio().require_rate_of(audio.get().audio())?;
    }
    // Read-only audio is NumPy's to refuse.
    let writable = audio.get().audio().samples().writable();
    let mode = if writable { mode } else { Mode::Read };
    let array = audio.get().shared_array(value.py(), true)?;
    given.push((audio.clone(), array.clone(), mode));
    Ok(Some(array))
}

/// The call with arrays in place of audio, if that is all it takes.
fn plain<'py>(
    function: &Any<'py>,
    args: &Bound<'py, PyTuple>,
    kwargs: &Bound<'py, PyDict>,
) -> PyResult<Option<Any<'py>>> {
    let py = function.py();
    let mut given = Vec::with_capacity(2);
    let mut arrays = Vec::with_capacity(args.len());
    for (place, arg) in args.iter_borrowed().enumerate() {
        match stand_in(&arg, Mode::Read, &mut given)? {
            // Behind the first one it may be the output, which only the function's signature tells.
            Some(_) if place > 0 && given.len() > 1 => return Ok(None),
            Some(array) => arrays.push(array),
            None => return Ok(None),
        }
    }
    let options = PyDict::new(py);
    for (key, value) in kwargs {
        let is_out = key.eq(intern!(py, "out"))?;
        let mode = if is_out { Mode::Write } else { Mode::Read };
        match stand_in(&value, mode, &mut given)? {
            Some(array) => options.set_item(key, array)?,
            None => return Ok(None),
        }
    }
    let wanted = given
        .iter()
        .map(|(audio, _, mode)| (audio.get().audio(), *mode));
    let wanted: Vec<(&Audio, Mode)> = wanted.collect();
    let args = PyTuple::new(py, arrays)?;
    let options = Some(&options).filter(|options| !options.is_empty());
    let result = leased(py, &wanted, || outward::call(function, args, options))?;
    // `out=audio` gives the audio back, as `out=array` gives the array.
    let given = given.into_iter().find(|(_, array, _)| array.is(&result));
    Ok(Some(given.map_or(result, |(audio, ..)| audio.into_any())))
}

#[pymethods]
impl AudioSamples {
    /// NumPy's functions that are no ufuncs work on arrays that share the memory; what they write, they write into
    /// the audio.
    fn __array_function__<'py>(
        &self,
        function: &Any<'py>,
        types: &Bound<'py, PyTuple>,
        args: &Bound<'py, PyTuple>,
        kwargs: &Bound<'py, PyDict>,
    ) -> PyResult<Any<'py>> {
        let py = function.py();
        let (slow, special) = slow(py)?;
        let own = py.get_type::<AudioSamples>();
        let alone = types.iter_borrowed().all(|kind| kind.is(&own));
        let name = function.getattr(intern!(py, "__name__"))?;
        if alone
            && !special.bind(py).contains(name)?
            && let Some(done) = plain(function, args, kwargs)?
        {
            return Ok(done);
        }
        outward::call(slow.bind(py), (function, types, args, kwargs), None)
    }
}
