//! Calls out to Python code that may give the GIL away and take it back.
//!
//! Before Python 3.14 a thread that takes the GIL back while the interpreter ends is unwound by `pthread_exit`,
//! which aborts the process at the first frame of Rust that catches panics: PyO3's own. A thread that is inside a
//! call of this room stays where it is instead, as newer interpreters have it, until the process has ended.
//!
//! # Invariants
//!
//! 1. Only a forced unwinding drops [`Staying`]: every other way out of a call forgets it.

#![allow(unsafe_code)]

use std::ffi::c_int;
use std::mem;
use std::thread;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

mod foreign {
    use super::c_int;
    use pyo3::ffi::PyObject;

    // As PyO3 declares it, but for the ABI: through this one an unwinding may come.
    unsafe extern "C-unwind" {
        pub fn PyObject_Call(
            callable: *mut PyObject,
            args: *mut PyObject,
            kwargs: *mut PyObject,
        ) -> *mut PyObject;
        pub fn PyObject_GetItem(object: *mut PyObject, key: *mut PyObject) -> *mut PyObject;
        pub fn PyObject_SetItem(
            object: *mut PyObject,
            key: *mut PyObject,
            value: *mut PyObject,
        ) -> c_int;
    }
}

/// Keeps its thread from being unwound any further.
struct Staying;

impl Drop for Staying {
    fn drop(&mut self) {
        loop {
            thread::park();
        }
    }
}

fn staying<R>(work: impl FnOnce() -> R) -> R {
    let staying = Staying;
    let done = work();
    // Invariant 1.
    mem::forget(staying);
    done
}

/// `callable(*args, **kwargs)`.
pub fn call<'py, A>(
    callable: &Bound<'py, PyAny>,
    args: A,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>>
where
    A: IntoPyObject<'py, Target = PyTuple, Output = Bound<'py, PyTuple>, Error: Into<PyErr>>,
{
    let py = callable.py();
    let args = args.into_pyobject(py).map_err(Into::into)?;
    let kwargs = kwargs.map_or(std::ptr::null_mut(), |kwargs| kwargs.as_ptr());
    // SAFETY: attached to the interpreter, and all three are objects of the types that the call wants.
    let result =
        staying(|| unsafe { foreign::PyObject_Call(callable.as_ptr(), args.as_ptr(), kwargs) });
    // SAFETY: a new reference, or null with an exception set.
    unsafe { Bound::from_owned_ptr_or_err(py, result) }
}

/// Calls of methods that stay where they are.
pub trait Outward<'py> {
    /// `object.name(*args)`.
    fn call_out<A>(&self, name: &Bound<'py, PyString>, args: A) -> PyResult<Bound<'py, PyAny>>
    where
        A: IntoPyObject<'py, Target = PyTuple, Output = Bound<'py, PyTuple>, Error: Into<PyErr>>;
}

impl<'py> Outward<'py> for Bound<'py, PyAny> {
    fn call_out<A>(&self, name: &Bound<'py, PyString>, args: A) -> PyResult<Bound<'py, PyAny>>
    where
        A: IntoPyObject<'py, Target = PyTuple, Output = Bound<'py, PyTuple>, Error: Into<PyErr>>,
    {
        call(&self.getattr(name)?, args, None)
    }
}

/// `object[key]`.
pub fn get_item<'py>(
    object: &Bound<'py, PyAny>,
    key: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: two objects; attached to the interpreter.
    let result = staying(|| unsafe { foreign::PyObject_GetItem(object.as_ptr(), key.as_ptr()) });
    // SAFETY: a new reference, or null with an exception set.
    unsafe { Bound::from_owned_ptr_or_err(object.py(), result) }
}

/// `object[key] = value`.
pub fn set_item<'py>(
    object: &Bound<'py, PyAny>,
    key: &Bound<'py, PyAny>,
    value: &Bound<'py, PyAny>,
) -> PyResult<()> {
    let (object, py) = (object.as_ptr(), object.py());
    // SAFETY: three objects; attached to the interpreter.
    let done =
        staying(|| unsafe { foreign::PyObject_SetItem(object, key.as_ptr(), value.as_ptr()) });
    match done {
        0 => Ok(()),
        _ => Err(PyErr::fetch(py)),
    }
}
