//! The other operators of Python's numbers, and NumPy's functions that are no ufuncs: all put to NumPy.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use crate::kernel::Sign;
use crate::python::audio::AudioSamples;
use crate::python::{policy, running, ufunc};

type Any<'py> = Bound<'py, PyAny>;

#[pymethods]
impl AudioSamples {
    fn __neg__<'py>(slf: &Bound<'py, Self>) -> PyResult<Any<'py>> {
        signed(slf, Sign::Negate)
    }

    fn __pos__<'py>(slf: &Bound<'py, Self>) -> PyResult<Any<'py>> {
        ufunc::unary(slf, "positive")
    }

    fn __abs__<'py>(slf: &Bound<'py, Self>) -> PyResult<Any<'py>> {
        signed(slf, Sign::Absolute)
    }

    fn __invert__<'py>(slf: &Bound<'py, Self>) -> PyResult<Any<'py>> {
        ufunc::unary(slf, "invert")
    }

    fn __floordiv__<'py>(slf: &Bound<'py, Self>, other: &Any<'py>) -> PyResult<Any<'py>> {
        ufunc::binary("floor_divide", slf, other, None)
    }

    fn __rfloordiv__<'py>(slf: &Bound<'py, Self>, other: &Any<'py>) -> PyResult<Any<'py>> {
        ufunc::binary("floor_divide", other, slf, None)
    }

    fn __ifloordiv__(slf: &Bound<'_, Self>, other: &Any<'_>) -> PyResult<()> {
        ufunc::binary("floor_divide", slf, other, Some(slf)).map(drop)
    }

    fn __mod__<'py>(slf: &Bound<'py, Self>, other: &Any<'py>) -> PyResult<Any<'py>> {
        ufunc::binary("remainder", slf, other, None)
    }

    fn __rmod__<'py>(slf: &Bound<'py, Self>, other: &Any<'py>) -> PyResult<Any<'py>> {
        ufunc::binary("remainder", other, slf, None)
    }

    fn __imod__(slf: &Bound<'_, Self>, other: &Any<'_>) -> PyResult<()> {
        ufunc::binary("remainder", slf, other, Some(slf)).map(drop)
    }

    fn __divmod__<'py>(slf: &Bound<'py, Self>, other: &Any<'py>) -> PyResult<Any<'py>> {
        ufunc::binary("divmod", slf, other, None)
    }

    fn __rdivmod__<'py>(slf: &Bound<'py, Self>, other: &Any<'py>) -> PyResult<Any<'py>> {
        ufunc::binary("divmod", other, slf, None)
    }

    fn __matmul__<'py>(slf: &Bound<'py, Self>, other: &Any<'py>) -> PyResult<Any<'py>> {
        ufunc::binary("matmul", slf, other, None)
    }

    fn __rmatmul__<'py>(slf: &Bound<'py, Self>, other: &Any<'py>) -> PyResult<Any<'py>> {
        ufunc::binary("matmul", other, slf, None)
    }

    fn __imatmul__(slf: &Bound<'_, Self>, other: &Any<'_>) -> PyResult<()> {
        ufunc::binary("matmul", slf, other, Some(slf)).map(drop)
    }

    fn __lshift__<'py>(slf: &Bound<'py, Self>, other: &Any<'py>) -> PyResult<Any<'py>> {
        ufunc::binary("left_shift", slf, other, None)
    }

    fn __rlshift__<'py>(slf: &Bound<'py, Self>, other: &Any<'py>) -> PyResult<Any<'py>> {
        ufunc::binary("left_shift", other, slf, None)
    }

    fn __ilshift__(slf: &Bound<'_, Self>, other: &Any<'_>) -> PyResult<()> {
        ufunc::binary("left_shift", slf, other, Some(slf)).map(drop)
    }

    fn __rshift__<'py>(slf: &Bound<'py, Self>, other: &Any<'py>) -> PyResult<Any<'py>> {
        ufunc::binary("right_shift", slf, other, None)
    }

    fn __rrshift__<'py>(slf: &Bound<'py, Self>, other: &Any<'py>) -> PyResult<Any<'py>> {
        ufunc::binary("right_shift", other, slf, None)
    }

    fn __irshift__(slf: &Bound<'_, Self>, other: &Any<'_>) -> PyResult<()> {
        ufunc::binary("right_shift", slf, other, Some(slf)).map(drop)
    }

    fn __and__<'py>(slf: &Bound<'py, Self>, other: &Any<'py>) -> PyResult<Any<'py>> {
        ufunc::binary("bitwise_and", slf, other, None)
    }

    fn __rand__<'py>(slf: &Bound<'py, Self>, other: &Any<'py>) -> PyResult<Any<'py>> {
        ufunc::binary("bitwise_and", other, slf, None)
    }

    fn __iand__(slf: &Bound<'_, Self>, other: &Any<'_>) -> PyResult<()> {
        ufunc::binary("bitwise_and", slf, other, Some(slf)).map(drop)
    }

    fn __xor__<'py>(slf: &Bound<'py, Self>, other: &Any<'py>) -> PyResult<Any<'py>> {
        ufunc::binary("bitwise_xor", slf, other, None)
    }

    fn __rxor__<'py>(slf: &Bound<'py, Self>, other: &Any<'py>) -> PyResult<Any<'py>> {
        ufunc::binary("bitwise_xor", other, slf, None)
    }

    fn __ixor__(slf: &Bound<'_, Self>, other: &Any<'_>) -> PyResult<()> {
        ufunc::binary("bitwise_xor", slf, other, Some(slf)).map(drop)
    }

    fn __or__<'py>(slf: &Bound<'py, Self>, other: &Any<'py>) -> PyResult<Any<'py>> {
        ufunc::binary("bitwise_or", slf, other, None)
    }

    fn __ror__<'py>(slf: &Bound<'py, Self>, other: &Any<'py>) -> PyResult<Any<'py>> {
        ufunc::binary("bitwise_or", other, slf, None)
    }

    fn __ior__(slf: &Bound<'_, Self>, other: &Any<'_>) -> PyResult<()> {
        ufunc::binary("bitwise_or", slf, other, Some(slf)).map(drop)
    }

    fn __pow__<'py>(
        slf: &Bound<'py, Self>,
        other: &Any<'py>,
        modulo: Option<&Any<'py>>,
    ) -> PyResult<Any<'py>> {
        if modulo.is_some_and(|modulo| !modulo.is_none()) {
            return Ok(slf.py().NotImplemented().into_bound(slf.py()));
        }
        ufunc::binary("power", slf, other, None)
    }

    fn __rpow__<'py>(
        slf: &Bound<'py, Self>,
        other: &Any<'py>,
        _modulo: Option<&Any<'py>>,
    ) -> PyResult<Any<'py>> {
        ufunc::binary("power", other, slf, None)
    }

    fn __ipow__(slf: &Bound<'_, Self>, other: &Any<'_>, _modulo: Option<&Any<'_>>) -> PyResult<()> {
        ufunc::binary("power", slf, other, Some(slf)).map(drop)
    }

    /// NumPy's functions that are no ufuncs work on arrays that share the memory; what they write, they
    /// write into the audio.
    fn __array_function__<'py>(
        &self,
        function: &Any<'py>,
        types: &Any<'py>,
        args: &Bound<'py, PyTuple>,
        kwargs: &Bound<'py, PyDict>,
    ) -> PyResult<Any<'py>> {
        let py = function.py();
        let ndarray = crate::python::operand::numpy_module(py)?.getattr(intern!(py, "ndarray"))?;
        let own = py.get_type::<AudioSamples>();
        for kind in types.try_iter()? {
            let kind = kind?;
            if !kind.is(&own) && !kind.cast::<pyo3::types::PyType>()?.is_subclass(&ndarray)? {
                return Ok(py.NotImplemented().into_bound(py));
            }
        }
        let mut stand_ins = Vec::new();
        let args = args
            .iter()
            .map(|arg| stand_in(&arg, &mut stand_ins))
            .collect::<PyResult<Vec<_>>>()?;
        let options = PyDict::new(py);
        for (name, value) in kwargs {
            options.set_item(name, stand_in(&value, &mut stand_ins)?)?;
        }
        let result = function.call(PyTuple::new(py, args)?, Some(&options))?;
        // `out=audio` gives the audio back, as `out=array` gives the array.
        let given = stand_ins.into_iter().find(|(array, _)| array.is(&result));
        Ok(given.map_or(result, |(_, audio)| audio))
    }
}

fn signed<'py>(audio: &Bound<'py, AudioSamples>, sign: Sign) -> PyResult<Any<'py>> {
    let (py, this) = (audio.py(), audio.get());
    let overflow = policy::overflow(py, this.audio().dtype())?;
    let done = running::run(py, this.bytes_per_pass(), |manner| {
        this.audio().sign(sign, overflow, manner)
    })?;
    Ok(Bound::new(py, AudioSamples::new(done))?.into_any())
}

/// The argument with arrays in place of audio, also inside lists and tuples.
fn stand_in<'py>(
    object: &Any<'py>,
    stand_ins: &mut Vec<(Any<'py>, Any<'py>)>,
) -> PyResult<Any<'py>> {
    let py = object.py();
    if let Ok(audio) = object.cast_exact::<AudioSamples>() {
        let array = audio.get().shared_array(py, true)?;
        stand_ins.push((array.clone(), object.clone()));
        return Ok(array);
    }
    if let Ok(list) = object.cast_exact::<PyList>() {
        let items = list
            .iter()
            .map(|item| stand_in(&item, stand_ins))
            .collect::<PyResult<Vec<_>>>()?;
        return Ok(PyList::new(py, items)?.into_any());
    }
    if let Ok(tuple) = object.cast_exact::<PyTuple>() {
        let items = tuple
            .iter()
            .map(|item| stand_in(&item, stand_ins))
            .collect::<PyResult<Vec<_>>>()?;
        return Ok(PyTuple::new(py, items)?.into_any());
    }
    Ok(object.clone())
}
