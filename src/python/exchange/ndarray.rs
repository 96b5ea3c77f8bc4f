//! NumPy arrays: made on our memory, read as operands, adopted with their owner.
//!
//! Arrays are read by the fields of their C structure, which NumPy keeps stable; an attribute look-up costs
//! more than multiplying 64 samples.

#![allow(unsafe_code)]

use std::ffi::c_int;
use std::ptr::{self, NonNull};

use numpy::npyffi::{self, NPY_ARRAY_WRITEABLE, NpyTypes, PY_ARRAY_API, PyArrayObject, npy_intp};
use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;

use crate::dtype::Dtype;
use crate::error::Error;
use crate::layout::Layout;
use crate::memory::{Buffer, Origin};
use crate::view::{Export, Samples, Strided};

/// What an array on our memory keeps alive: the export, and with it the memory and its registry entry.
#[pyclass(frozen, name = "_Export", module = "audio_samples")]
pub struct Exported {
    export: Export,
}

const fn type_number(dtype: Dtype) -> c_int {
    match dtype {
        Dtype::Int16 => npyffi::NPY_TYPES::NPY_SHORT as c_int,
        Dtype::Int32 => npyffi::NPY_TYPES::NPY_INT as c_int,
        Dtype::Float32 => npyffi::NPY_TYPES::NPY_FLOAT as c_int,
        Dtype::Float64 => npyffi::NPY_TYPES::NPY_DOUBLE as c_int,
    }
}

/// A NumPy array on the exported samples, in the layout of the export.
pub fn array_of(py: Python<'_>, export: Export) -> PyResult<Bound<'_, PyAny>> {
    let samples = export.samples();
    let layout = samples.layout();
    let (mut shape, mut strides) = ([0 as npy_intp; 2], [0 as npy_intp; 2]);
    for axis in 0..layout.ndim() {
        shape[axis] = layout.shape()[axis] as npy_intp;
        strides[axis] = layout.strides()[axis] as npy_intp;
    }
    let first = samples.first().as_ptr();
    let ndim = layout.ndim() as c_int;
    let number = type_number(samples.dtype());
    let flags = if export.writable() {
        NPY_ARRAY_WRITEABLE
    } else {
        0
    };
    let owner = Bound::new(py, Exported { export })?;
    // SAFETY: a builtin type's descriptor; the call cannot fail and returns a new reference.
    let descr = unsafe { PY_ARRAY_API.PyArray_DescrFromType(py, number) };
    // SAFETY: reads a type object out of NumPy's table.
    let ndarray = unsafe { npyffi::get_type_object(py, NpyTypes::PyArray_Type) };
    // SAFETY: descr is consumed; shape and strides hold `ndim` entries and are copied; the memory they
    // reach stays allocated while `owner`, the array's base from the next call on, lives.
    let array = unsafe {
        PY_ARRAY_API.PyArray_NewFromDescr(
            py,
            ndarray,
            descr,
            ndim,
            shape.as_mut_ptr(),
            strides.as_mut_ptr(),
            first.cast(),
            flags,
            ptr::null_mut(),
        )
    };
    // SAFETY: a new reference, or NULL with an exception set.
    let array = unsafe { Bound::from_owned_ptr_or_err(py, array) }?;
    // SAFETY: `array` is an array; the reference to `owner` is consumed, also on failure.
    let failed =
        unsafe { PY_ARRAY_API.PyArray_SetBaseObject(py, array.as_ptr().cast(), owner.into_ptr()) };
    if failed != 0 {
        return Err(PyErr::fetch(py));
    }
    Ok(array)
}

/// Whether the object is an `ndarray`, and no subclass.
#[inline]
pub fn is_exact_array(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: compares the object's type with NumPy's; attached to the interpreter.
    unsafe { npyffi::PyArray_CheckExact(object.py(), object.as_ptr()) != 0 }
}

/// Whether the object is an `ndarray` or of a subclass.
pub fn is_array(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: a type check; attached to the interpreter.
    unsafe { npyffi::PyArray_Check(object.py(), object.as_ptr()) != 0 }
}

/// An array's own description of its memory.
pub struct Facts {
    first: *mut u8,
    /// `None` for a type that is no sample type, or of the other byte order.
    pub dtype: Option<Dtype>,
    /// Shape and strides, if there are at most two axes.
    pub layout: Result<Layout, Error>,
    /// Whether NumPy lets the array be written.
    pub writable: bool,
}

/// The facts of an array. An error for what is no array.
#[inline]
pub fn facts(array: &Bound<'_, PyAny>) -> PyResult<Facts> {
    if !is_exact_array(array) && !is_array(array) {
        return Err(PyTypeError::new_err("expected a NumPy array"));
    }
    let object = array.as_ptr().cast::<PyArrayObject>();
    // SAFETY: it is an array; the structure is read while we are attached and hold a reference.
    let fields = unsafe { &(*object).fields };
    // SAFETY: an array always has a descriptor, which lives as long as the array.
    let descr = unsafe { &(*fields.descr).fields };
    let swapped = if cfg!(target_endian = "little") {
        b'>'
    } else {
        b'<'
    };
    let native = descr.byteorder as u8 != swapped;
    let dtype = Dtype::ALL
        .into_iter()
        .find(|dtype| native && type_number(*dtype) == descr.type_num);
    let ndim = fields.nd as usize;
    let layout = if ndim == 0 {
        Layout::strided(&[], &[], 0)
    } else {
        // SAFETY: an array of ndim > 0 has that many dimensions, valid while it lives.
        let shape = unsafe { std::slice::from_raw_parts(fields.dimensions.cast::<usize>(), ndim) };
        // SAFETY: and as many strides.
        let strides = unsafe { std::slice::from_raw_parts(fields.strides.cast::<isize>(), ndim) };
        Layout::strided(shape, strides, 0)
    };
    Ok(Facts {
        first: fields.data.cast(),
        dtype,
        layout,
        writable: fields.flags & NPY_ARRAY_WRITEABLE != 0,
    })
}

/// The samples of an array as an operand for audio of `audio`'s shape, for as long as the array is held.
///
/// # Errors
/// A type that is no sample type, or more than two axes.
#[inline]
pub fn operand<'a>(array: &'a Bound<'_, PyAny>, audio: &Layout) -> PyResult<Strided<'a>> {
    let facts = facts(array)?;
    let dtype = facts.dtype.ok_or_else(|| no_sample_type(array))?;
    let layout = facts.layout.map_err(|error| match error {
        Error::TooManyAxes { shape } => Error::ShapeMismatch {
            audio: audio.shape().to_vec(),
            operand: shape,
        },
        other => other,
    })?;
    let domain = origin_of(array, facts.first, &layout, dtype).number();
    // SAFETY: NumPy keeps the array's memory allocated and initialised while the array lives, and the
    // reference `array` outlives the result; writing is allowed as its flag says.
    Ok(unsafe { Strided::from_raw(facts.first, layout, dtype, facts.writable, domain) })
}

#[cold]
fn no_sample_type(array: &Bound<'_, PyAny>) -> PyErr {
    let name = array.getattr("dtype").map(|dtype| dtype.to_string());
    Error::NotASampleType {
        name: name.unwrap_or_default(),
    }
    .into()
}

/// Whose memory the array lies in: one of our allocations, or none.
fn origin_of(array: &Bound<'_, PyAny>, first: *mut u8, layout: &Layout, dtype: Dtype) -> Origin {
    let mut object = array.as_ptr();
    // An array of its own memory has no base; one on ours has an export, perhaps behind another array.
    for _ in 0..4 {
        // SAFETY: `object` is an array (checked by `facts`, or below), alive because `array` holds it.
        let base = unsafe { (*object.cast::<PyArrayObject>()).fields.base };
        if base.is_null() {
            return Origin::FOREIGN;
        }
        // SAFETY: the base of a living array is a living object; borrowed for this loop only.
        let base = unsafe { Borrowed::from_ptr(array.py(), base) };
        if let Ok(exported) = base.cast_exact::<Exported>() {
            return exported.get().export.samples().buffer().origin();
        }
        if !is_array(&base) {
            break;
        }
        object = base.as_ptr();
    }
    let reach = layout.reach(dtype.size()).unwrap_or((0, 0));
    let low = first.addr().wrapping_add_signed(reach.0 as isize);
    let known = Buffer::find(low, (reach.1 - reach.0) as usize);
    known.map_or(Origin::FOREIGN, |buffer| buffer.origin())
}

/// Holds a Python object and lets go of it on any thread.
struct Held(Option<Py<PyAny>>);

impl Drop for Held {
    fn drop(&mut self) {
        let object = self.0.take();
        // Without an interpreter the object can no longer be let go of, only forgotten.
        let mut object = std::mem::ManuallyDrop::new(object);
        Python::try_attach(|_| drop(object.take()));
    }
}

/// The array's samples as they lie, shared; the array is held until the last handle on them goes.
///
/// # Errors
/// A type that is no sample type, or more than two axes.
pub fn adopt(array: &Bound<'_, PyAny>) -> PyResult<Samples> {
    let facts = facts(array)?;
    let dtype = facts.dtype.ok_or_else(|| no_sample_type(array))?;
    let layout = facts.layout?;
    let first = NonNull::new(facts.first).unwrap_or(NonNull::dangling());
    let owner = Box::new(Held(Some(array.clone().unbind())));
    // SAFETY: NumPy keeps the memory while the array lives, and `owner` holds the array.
    Ok(unsafe { Samples::adopt(first, layout, dtype, facts.writable, owner) }?)
}

/// The object as a Python float, if that is exactly what it is.
#[inline]
pub fn exact_float(object: &Bound<'_, PyAny>) -> Option<f64> {
    // SAFETY: a type check; attached to the interpreter.
    if unsafe { ffi::PyFloat_CheckExact(object.as_ptr()) } == 0 {
        return None;
    }
    // SAFETY: it is a float, so this cannot fail.
    Some(unsafe { ffi::PyFloat_AsDouble(object.as_ptr()) })
}
