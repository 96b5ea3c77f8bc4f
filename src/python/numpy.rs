//! NumPy's module, its types, and what is an array.

use ::numpy::PyUntypedArray;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::dtype::Dtype;

/// The module `numpy`.
pub fn numpy_module(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static NUMPY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let module = NUMPY.get_or_try_init(py, || py.import("numpy").map(|m| m.into_any().unbind()))?;
    Ok(module.bind(py))
}

/// Whether the object is an `ndarray` or of a subclass.
pub fn is_array(object: &Bound<'_, PyAny>) -> bool {
    object.cast::<PyUntypedArray>().is_ok()
}

/// A sample type as NumPy's dtype object.
pub fn numpy_dtype(py: Python<'_>, dtype: Dtype) -> PyResult<Bound<'_, PyAny>> {
    static DTYPES: PyOnceLock<Vec<Py<PyAny>>> = PyOnceLock::new();
    let all = DTYPES.get_or_try_init(py, || {
        let numpy = numpy_module(py)?;
        let made = Dtype::ALL
            .into_iter()
            .map(|dtype| numpy.call_method1(intern!(py, "dtype"), (dtype.name(),)));
        made.map(|object| object.map(Bound::unbind))
            .collect::<PyResult<_>>()
    })?;
    // `Dtype::ALL` is in the order of the enum.
    Ok(all[dtype as usize].bind(py).clone())
}
