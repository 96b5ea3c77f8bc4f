//! Ufuncs of small blocks: the class's own operators where they give what NumPy gives, and no detour where not.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;

use super::{is_of_python, wrapped};
use crate::kernel::{Operator, Sign};
use crate::python::array::operand;
use crate::python::array::operand::Side;
use crate::python::class::AudioSamples;
use crate::python::exchange::ndarray;
use crate::python::numpy::numpy_module;
use crate::python::running::leased;
use crate::python::{policy, running};
use crate::registry::Mode;

/// `array * audio`, which NumPy asks for as a ufunc: the class's own operator where it gives what NumPy gives.
pub fn of_two<'py>(
    ufunc: &Bound<'py, PyAny>,
    inputs: &Bound<'py, PyTuple>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    static UFUNCS: PyOnceLock<[Py<PyAny>; 3]> = PyOnceLock::new();
    // Not division: `np.divide` keeps NumPy's inf and nan.
    const OPERATORS: [Operator; 3] = [Operator::Add, Operator::Sub, Operator::Mul];
    let py = ufunc.py();
    let ufuncs = UFUNCS.get_or_try_init(py, || -> PyResult<_> {
        let one = |operator| operand::ufunc(py, operator).map(Bound::unbind);
        let [add, sub, mul] = OPERATORS;
        Ok([one(add)?, one(sub)?, one(mul)?])
    })?;
    let Some(place) = ufuncs.iter().position(|one| ufunc.is(one)) else {
        return Ok(None);
    };
    let (left, right) = (inputs.get_item(0)?, inputs.get_item(1)?);
    let (audio, other, side) = match left.cast_exact::<AudioSamples>() {
        Ok(audio) => (audio, &right, Side::Right),
        Err(_) => match right.cast_exact::<AudioSamples>() {
            Ok(audio) => (audio, &left, Side::Left),
            Err(_) => return Ok(None),
        },
    };
    if !ndarray::is_exact_array(other) {
        return Ok(None);
    }
    let facts = ndarray::facts(other)?;
    let own = audio.get().audio().layout();
    let fits = facts
        .layout
        .is_some_and(|layout| layout.broadcast_into(own).is_some());
    if facts.dtype.is_none() || !fits {
        return Ok(None);
    }
    AudioSamples::operate(audio, OPERATORS[place], side, other).map(Some)
}

/// `np.abs(audio)`: a ufunc of NumPy's own, of one operand. `None` for all others.
pub fn of_one<'py>(
    ufunc: &Bound<'py, PyAny>,
    input: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = ufunc.py();
    let Ok(audio) = input.cast_exact::<AudioSamples>() else {
        return Ok(None);
    };
    if let Some(sign) = sign_of(ufunc)? {
        return signed(audio, sign).map(Some);
    }
    if is_of_python(ufunc)? {
        return Ok(None);
    }
    let own = audio.get().audio();
    let array = audio.get().shared_array(py, false)?;
    let result = leased(py, &[(own, Mode::Read)], || ufunc.call1((array,)))?;
    if let Ok(several) = result.cast_exact::<PyTuple>() {
        let wrapped = several.iter().map(|one| wrapped([own], one));
        return Ok(Some(
            PyTuple::new(py, wrapped.collect::<PyResult<Vec<_>>>()?)?.into_any(),
        ));
    }
    wrapped([own], result).map(Some)
}

/// The sign that NumPy's `absolute` or `negative` gives; the loops for it are ours.
fn sign_of(ufunc: &Bound<'_, PyAny>) -> PyResult<Option<Sign>> {
    static UFUNCS: PyOnceLock<[Py<PyAny>; 2]> = PyOnceLock::new();
    let [absolute, negative] = UFUNCS.get_or_try_init(ufunc.py(), || -> PyResult<_> {
        let numpy = numpy_module(ufunc.py())?;
        Ok([
            numpy.getattr("absolute")?.unbind(),
            numpy.getattr("negative")?.unbind(),
        ])
    })?;
    Ok(match ufunc {
        ufunc if ufunc.is(absolute) => Some(Sign::Absolute),
        ufunc if ufunc.is(negative) => Some(Sign::Negate),
        _ => None,
    })
}

pub fn signed<'py>(audio: &Bound<'py, AudioSamples>, sign: Sign) -> PyResult<Bound<'py, PyAny>> {
    let (py, this) = (audio.py(), audio.get());
    let overflow = policy::overflow(py, this.audio().dtype())?;
    let done = running::run(py, this.bytes_per_pass(), |wait| {
        this.audio().sign(sign, overflow, wait)
    })?;
    Ok(Bound::new(py, AudioSamples::new(done))?.into_any())
}
