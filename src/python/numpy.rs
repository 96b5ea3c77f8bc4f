//! NumPy's module, its types, and what is an array.

use ::numpy::npyffi::NPY_TYPES;
use ::numpy::{PyArrayDescr, PyArrayDescrMethods, PyUntypedArray};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyString;

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

/// NumPy's number of a sample type.
pub const fn type_number(dtype: Dtype) -> i32 {
    (match dtype {
        Dtype::Int16 => NPY_TYPES::NPY_SHORT,
        Dtype::Int32 => NPY_TYPES::NPY_INT,
        Dtype::Float32 => NPY_TYPES::NPY_FLOAT,
        Dtype::Float64 => NPY_TYPES::NPY_DOUBLE,
    }) as i32
}

/// The sample type that the caller names in a usual way: `"float32"`, `np.float32`, a native dtype object. `None` for
/// every other way, which NumPy understands.
pub fn usual_dtype(given: &Bound<'_, PyAny>) -> PyResult<Option<Dtype>> {
    let mut all = Dtype::ALL.into_iter();
    if let Ok(name) = given.cast_exact::<PyString>() {
        let name = name.to_str()?;
        return Ok(all.find(|dtype| dtype.name() == name));
    }
    if let Ok(descr) = given.cast::<PyArrayDescr>() {
        let number = descr.num();
        return Ok(all.find(|dtype| {
            type_number(*dtype) == number && descr.is_native_byteorder() == Some(true)
        }));
    }
    let scalars = scalar_types(given.py())?;
    Ok(all.find(|dtype| given.is(&scalars[*dtype as usize])))
}

/// NumPy's class of one number of each sample type, in the order of [`Dtype::ALL`].
pub fn scalar_types(py: Python<'_>) -> PyResult<&[Py<PyAny>; 4]> {
    static SCALARS: PyOnceLock<[Py<PyAny>; 4]> = PyOnceLock::new();
    SCALARS.get_or_try_init(py, || {
        let numpy = numpy_module(py)?;
        let [a, b, c, d] = Dtype::ALL.map(|dtype| numpy.getattr(dtype.name()).map(Bound::unbind));
        Ok([a?, b?, c?, d?])
    })
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
