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
use std::thread;
use std::{hint, mem};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

type Call = unsafe extern "C-unwind" fn(
    *mut ffi::PyObject,
    *mut ffi::PyObject,
    *mut ffi::PyObject,
) -> *mut ffi::PyObject;
type GetItem =
    unsafe extern "C-unwind" fn(*mut ffi::PyObject, *mut ffi::PyObject) -> *mut ffi::PyObject;
type SetItem = unsafe extern "C-unwind" fn(
    *mut ffi::PyObject,
    *mut ffi::PyObject,
    *mut ffi::PyObject,
) -> c_int;

/// A function of the interpreter's by its address, which the compiler is kept from following: PyO3 declares it as one
/// that no unwinding comes out of, and on the strength of that the compiler drops what is to run then.
macro_rules! unwinding {
    ($function:path as $Kind:ty) => {{
        let address: *const () = hint::black_box($function as *const ());
        #[expect(clippy::disallowed_methods, reason = "an address made a function again")]
        // SAFETY: the function's own type, but for the ABI, which may unwind besides: the two are compatible.
        let function: $Kind = unsafe { mem::transmute(address) };
        function
    }};
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
    let function = unwinding!(ffi::PyObject_Call as Call);
    // SAFETY: attached to the interpreter, and all three are objects of the types that the call wants.
    let result = staying(|| unsafe { function(callable.as_ptr(), args.as_ptr(), kwargs) });
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
    let function = unwinding!(ffi::PyObject_GetItem as GetItem);
    // SAFETY: two objects; attached to the interpreter.
    let result = staying(|| unsafe { function(object.as_ptr(), key.as_ptr()) });
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
    let function = unwinding!(ffi::PyObject_SetItem as SetItem);
    // SAFETY: three objects; attached to the interpreter.
    let done = staying(|| unsafe { function(object, key.as_ptr(), value.as_ptr()) });
    match done {
        0 => Ok(()),
        _ => Err(PyErr::fetch(py)),
    }
}
