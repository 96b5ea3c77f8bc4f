//! `__dlpack__` as a C method: every import calls it with the same few keywords, and to look those up by their
//! text took half of the time. They are known by their address here, and by their text where that fails.

use std::ffi::c_char;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyString, PyTuple};

use super::{TensorRequest, answer_to, knows_flags, shared};
use crate::python::class::AudioSamples;
use crate::sync::Mutex;

struct Method(ffi::PyMethodDef);

// SAFETY: read only, and what it points to is static.
unsafe impl Sync for Method {}

static METHOD: Method = Method(ffi::PyMethodDef {
    ml_name: c"__dlpack__".as_ptr(),
    ml_meth: ffi::PyMethodDefPointer {
        PyCFunctionFastWithKeywords: call,
    },
    ml_flags: ffi::METH_FASTCALL | ffi::METH_KEYWORDS,
    ml_doc: DOC,
});

const DOC: *const c_char = c"__dlpack__($self, /, *, stream=None, max_version=None, dl_device=None, copy=None)
--

A capsule that a consumer of DLPack takes the samples from: the same memory, or with `copy=True` its own.

`stream` must be None. `max_version` of (1, 0) or more gives a capsule whose flags can say read-only; None gives
the legacy kind, for writable audio only. `dl_device` is None or (1, 0), main memory. What cannot be done is a
BufferError."
    .as_ptr();

/// Puts the method on the class.
pub fn install(py: Python<'_>) -> PyResult<()> {
    let class = py.get_type::<AudioSamples>();
    let definition = ptr::from_ref(&METHOD.0).cast_mut();
    // SAFETY: a ready type, and a definition that is static; CPython only reads it.
    let method = unsafe { ffi::PyDescr_NewMethod(class.as_type_ptr(), definition) };
    // SAFETY: a new reference, or NULL with an exception set.
    let method = unsafe { Bound::from_owned_ptr_or_err(py, method) }?;
    class.setattr("__dlpack__", method)
}

/// What CPython calls: `positional` values, then one for each name in `names`.
unsafe extern "C" fn call(
    slf: *mut ffi::PyObject,
    values: *const *mut ffi::PyObject,
    positional: ffi::Py_ssize_t,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: a method is called by a thread that is attached.
    let py = unsafe { Python::assume_attached() };
    if positional == 0 {
        // SAFETY: what CPython passed, and for as long as that.
        let everyday = || unsafe { everyday(py, slf, values, names) };
        if let Ok(Some(capsule)) = catch_unwind(AssertUnwindSafe(everyday)) {
            return capsule.into_ptr();
        }
    }
    // SAFETY: what CPython passed, and for as long as that.
    let run = |py: Python<'_>| unsafe { run(py, slf, values, positional, names) };
    // SAFETY: as above. PyO3 counts that: what is dropped inside goes at once.
    unsafe { Python::attach_unchecked(run) }
}

/// The names and the `max_version` of everyday calls: the two tuples that a library passes again and again.
static HEARD: [PyOnceLock<(Py<PyTuple>, Py<PyAny>)>; 4] = [const { PyOnceLock::new() }; 4];

/// The names of the latest call that may be an everyday one. A wrapper that passes keywords on makes a new tuple for
/// each call: only one that comes twice in a row is a library's own.
static LATEST: Mutex<Option<Py<PyTuple>>> = Mutex::new(None);

/// The answer to an everyday call that has been heard before, known by its addresses. `None` for everything else, and
/// for what is refused.
///
/// # Safety
/// The arguments are those of [`call`].
#[inline(always)]
unsafe fn everyday<'py>(
    py: Python<'py>,
    slf: *mut ffi::PyObject,
    values: *const *mut ffi::PyObject,
    names: *mut ffi::PyObject,
) -> Option<Bound<'py, PyAny>> {
    let mut heard = HEARD.iter().map_while(|heard| heard.get(py));
    let (_, known) = heard.find(|(known, _)| known.as_ptr() == names)?;
    // SAFETY: as many references as there are names, which are three, held by the caller during the call; a `Bound`
    // is one such reference, and none of them is dropped.
    let [device, copy, version] = unsafe { &*values.cast::<[Bound<'_, PyAny>; 3]>() };
    if !device.is_none() || !copy.is_none() || !version.is(known) {
        return None;
    }
    // SAFETY: the caller holds a reference to the object during the call.
    let slf = unsafe { Borrowed::from_ptr(py, slf) };
    let audio = slf.cast_exact::<AudioSamples>().ok()?.get();
    shared(py, audio.audio().samples()).ok()
}

/// Remembers what was asked, if it is an everyday call: the same memory, with flags, and the names in NumPy's order.
fn hear(names: &Bound<'_, PyTuple>, request: &TensorRequest<'_, '_>) -> PyResult<()> {
    let (py, Some(version)) = (names.py(), request.max_version) else {
        return Ok(());
    };
    if names.len() != 3 || !names.eq(("dl_device", "copy", "max_version"))? {
        return Ok(());
    }
    let lasts =
        names.is_exact_instance_of::<PyTuple>() && version.is_exact_instance_of::<PyTuple>();
    let free = HEARD.iter().find(|heard| heard.get(py).is_none());
    if let (true, Some(free)) = (lasts && knows_flags(version)?, free) {
        let before = LATEST.lock().replace(names.clone().unbind());
        if !before.is_some_and(|before| before.is(names)) {
            return Ok(());
        }
        // Refused where another thread has put one in meanwhile.
        let _ = free.set(py, (names.clone().unbind(), version.clone().unbind()));
    }
    Ok(())
}

/// # Safety
/// The arguments are those of [`call`].
unsafe fn run(
    py: Python<'_>,
    slf: *mut ffi::PyObject,
    values: *const *mut ffi::PyObject,
    positional: ffi::Py_ssize_t,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    let done = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: the caller holds a reference to the object during the call.
        let slf = unsafe { Borrowed::from_ptr(py, slf) };
        // SAFETY: as above; NULL where no keyword is given.
        let names = unsafe { Borrowed::from_ptr_or_opt(py, names) };
        let named = names.as_ref().map_or(Ok(0), |names| names.len())?;
        let count = positional as usize + named;
        let values: &[Bound<'_, PyAny>] = if count == 0 {
            &[]
        } else {
            // SAFETY: as many references as there are values, held by the caller during the call; a `Bound` is
            // one such reference, and none of them is dropped.
            unsafe { std::slice::from_raw_parts(values.cast(), count) }
        };
        let names = names.as_deref().map(|names| names.cast::<PyTuple>());
        let names = names.transpose()?;
        let request = request(py, positional as usize, values, names)?;
        if let Some(names) = names {
            hear(names, &request)?;
        }
        answer_to(slf.cast::<AudioSamples>()?.get(), py, &request)
    }));
    let panicked = |_| Err(PyRuntimeError::new_err("a panic in __dlpack__"));
    match done.unwrap_or_else(panicked) {
        Ok(capsule) => capsule.into_ptr(),
        Err(error) => {
            error.restore(py);
            ptr::null_mut()
        }
    }
}

/// The values by their names.
fn request<'a, 'py>(
    py: Python<'py>,
    positional: usize,
    values: &'a [Bound<'py, PyAny>],
    names: Option<&Bound<'py, PyTuple>>,
) -> PyResult<TensorRequest<'a, 'py>> {
    if positional > 0 {
        return Err(PyTypeError::new_err(format!(
            "__dlpack__() takes no positional arguments ({positional} given): say stream=, max_version=, \
             dl_device= or copy="
        )));
    }
    let mut request = TensorRequest::default();
    let Some(names) = names else {
        return Ok(request);
    };
    let known = [
        intern!(py, "max_version"),
        intern!(py, "copy"),
        intern!(py, "dl_device"),
        intern!(py, "stream"),
    ];
    for (place, value) in values.iter().enumerate() {
        let name = names.get_borrowed_item(place)?;
        let found = match known.iter().position(|known| name.is(*known)) {
            Some(found) => Some(found),
            None => by_text(&known, &name)?,
        };
        let slot = match found {
            Some(0) => &mut request.max_version,
            Some(1) => &mut request.copy,
            Some(2) => &mut request.dl_device,
            Some(_) => &mut request.stream,
            None => {
                return Err(PyTypeError::new_err(format!(
                    "__dlpack__() got an unexpected keyword argument '{}': it knows stream, max_version, \
                     dl_device and copy",
                    name.str()?
                )));
            }
        };
        *slot = (!value.is_none()).then_some(value);
    }
    Ok(request)
}

/// A name that is no interned string, which C code may pass.
#[cold]
fn by_text(known: &[&Bound<'_, PyString>], name: &Bound<'_, PyAny>) -> PyResult<Option<usize>> {
    for (place, known) in known.iter().enumerate() {
        if name.eq(known)? {
            return Ok(Some(place));
        }
    }
    Ok(None)
}
