//! NumPy arrays: made on our memory, read as operands, adopted with their owner.
//!
//! Arrays are read by the fields of their C structure, which NumPy keeps stable; an attribute look-up costs
//! more than multiplying 64 samples.

#![allow(unsafe_code)]

use std::ffi::c_int;
use std::ptr::{self, NonNull};

use numpy::npyffi::{
    self, NPY_ARRAY_OWNDATA, NPY_ARRAY_WRITEABLE, NpyTypes, PY_ARRAY_API, PyArrayObject, npy_intp,
};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyMemoryView};
use pyo3::{ffi, intern};

use crate::audio::Audio;
use crate::dtype::Dtype;
use crate::error::Error;
use crate::layout::Layout;
use crate::memory::{Buffer, Origin};
use crate::python::class::AudioSamples;
use crate::python::exchange::owner;
use crate::python::exchange::owner::Lent;
use crate::python::numpy::type_number;
use crate::registry::LENT;
use crate::view::{Export, Samples, Strided};

/// A NumPy array on the exported samples, in the layout of the export.
#[inline(always)]
pub fn array_of(py: Python<'_>, export: Export) -> PyResult<Bound<'_, PyAny>> {
    let (owner, export) = owner::of_export(py, export)?;
    // SAFETY: it lives as long as `owner`, and never changes.
    let export = unsafe { export.as_ref() };
    // SAFETY: the samples are those that `owner` keeps.
    unsafe { array_on(export.samples(), export.writable(), &owner) }
}

/// A NumPy array on samples that are lent.
pub fn array_of_loan<'py>(owner: &Bound<'py, Lent>, writable: bool) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: the samples are those that `owner` keeps.
    unsafe { array_on(owner.get().samples(), writable, owner.as_any()) }
}

/// A NumPy array on some samples.
///
/// # Safety
/// `owner` keeps the samples alive as long as it lives; writing to them is allowed if `writable`.
#[inline]
unsafe fn array_on<'py>(
    samples: &Samples,
    writable: bool,
    owner: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = owner.py();
    let layout = samples.layout();
    let (mut shape, mut strides) = ([0 as npy_intp; 2], [0 as npy_intp; 2]);
    for axis in 0..layout.ndim() {
        shape[axis] = layout.shape()[axis] as npy_intp;
        strides[axis] = layout.strides()[axis] as npy_intp;
    }
    // Strides that NumPy finds by itself cost it less than strides that it has to understand.
    let size = samples.dtype().size() as isize;
    let implied = match layout.strides() {
        [along] => *along == size,
        [across, along] => *along == size && *across == size * layout.frames() as isize,
        _ => false,
    };
    let strides = if implied && !layout.is_empty() {
        ptr::null_mut()
    } else {
        strides.as_mut_ptr()
    };
    let first = samples.first().as_ptr();
    let ndim = layout.ndim() as c_int;
    let number = type_number(samples.dtype());
    let flags = if writable { NPY_ARRAY_WRITEABLE } else { 0 };
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
            strides,
            first.cast(),
            flags,
            ptr::null_mut(),
        )
    };
    // SAFETY: a new reference, or NULL with an exception set.
    let array = unsafe { Bound::from_owned_ptr_or_err(py, array) }?;
    let base = owner.clone().into_ptr();
    // SAFETY: `array` is an array; the reference to its base is consumed, also on failure.
    let failed = unsafe { PY_ARRAY_API.PyArray_SetBaseObject(py, array.as_ptr().cast(), base) };
    if failed != 0 {
        return Err(PyErr::fetch(py));
    }
    Ok(array)
}

/// How many references to an object there are.
pub fn references(object: &Bound<'_, PyAny>) -> isize {
    // SAFETY: the object is alive, and we are attached to the interpreter.
    unsafe { ffi::Py_REFCNT(object.as_ptr()) }
}

/// Whether an array is that of a borrow that is out, or made from it.
pub fn is_lent(array: &Bound<'_, PyAny>) -> PyResult<bool> {
    let facts = facts(array)?;
    let (Some(dtype), Some(layout)) = (facts.dtype, facts.layout) else {
        return Ok(false);
    };
    Ok(domain_of(array, facts.first, &layout, dtype) == LENT)
}

/// Whether an array's samples are its own, and no view of others.
pub fn owns_samples(array: &Bound<'_, PyAny>) -> PyResult<bool> {
    if !is_array(array) {
        return Ok(false);
    }
    // SAFETY: it is an array; the structure is read while we are attached and hold a reference.
    let flags = unsafe { (*array.as_ptr().cast::<PyArrayObject>()).fields.flags };
    Ok(flags & NPY_ARRAY_OWNDATA != 0)
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
pub struct ArrayFacts {
    first: *mut u8,
    /// `None` for a type that is no sample type, or of the other byte order.
    pub dtype: Option<Dtype>,
    /// Shape and strides, if there are at most two axes.
    pub layout: Option<Layout>,
    /// Whether NumPy lets the array be written.
    pub writable: bool,
}

/// The facts of an array. An error for what is no array.
#[inline(always)]
pub fn facts(array: &Bound<'_, PyAny>) -> PyResult<ArrayFacts> {
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
        .find(|dtype| type_number(*dtype) == descr.type_num)
        .filter(|_| native);
    let ndim = fields.nd as usize;
    let layout = if ndim == 0 {
        Layout::strided(&[], &[], 0).ok()
    } else if ndim > 2 {
        None
    } else if ndim == 1 {
        // SAFETY: an array of one dimension has one length, valid while it lives.
        let frames = unsafe { fields.dimensions.read() };
        // SAFETY: and one stride.
        let step = unsafe { fields.strides.read() };
        Some(Layout::mono(frames as usize, step))
    } else {
        // SAFETY: an array of ndim > 0 has that many dimensions, valid while it lives.
        let shape = unsafe { std::slice::from_raw_parts(fields.dimensions.cast::<usize>(), ndim) };
        // SAFETY: and as many strides.
        let strides = unsafe { std::slice::from_raw_parts(fields.strides.cast::<isize>(), ndim) };
        Layout::strided(shape, strides, 0).ok()
    };
    Ok(ArrayFacts {
        first: fields.data.cast(),
        dtype,
        layout,
        writable: fields.flags & NPY_ARRAY_WRITEABLE != 0,
    })
}

/// The samples of an exact `ndarray` of a sample type with one or two axes: the everyday operand. `None` for all
/// others, which [`Readable`] knows or explains.
#[inline(always)]
pub fn everyday<'a>(array: &'a Bound<'_, PyAny>) -> Option<Strided<'a>> {
    if !is_exact_array(array) {
        return None;
    }
    let facts = facts(array).ok()?;
    let (dtype, layout) = (facts.dtype?, facts.layout?);
    if layout.ndim() == 0 {
        return None;
    }
    let domain = domain_of(array, facts.first, &layout, dtype);
    // SAFETY: NumPy keeps the array's memory allocated and initialised while the array lives, which is held for
    // `'a`. It is not to be written.
    Some(unsafe { Strided::from_raw(facts.first, layout, dtype, false, domain) })
}

/// An array whose samples are read where they lie.
///
/// Invariant 1: `facts` are those of `array`, which is held.
pub struct Readable<'py> {
    array: Bound<'py, PyAny>,
    facts: ArrayFacts,
    dtype: Dtype,
}

impl<'py> Readable<'py> {
    /// The array, if it is of a sample type in native byte order; otherwise the array back.
    #[inline(always)]
    pub fn new(array: Bound<'py, PyAny>) -> PyResult<Result<Readable<'py>, Bound<'py, PyAny>>> {
        let facts = facts(&array)?;
        Ok(match facts.dtype {
            Some(dtype) => Ok(Readable {
                array,
                facts,
                dtype,
            }),
            None => Err(array),
        })
    }

    /// The type of its samples.
    #[inline]
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// Its samples as an operand for audio of `audio`'s shape.
    ///
    /// # Errors
    /// More than two axes.
    #[inline(always)]
    pub fn strided(&self, audio: &Layout) -> PyResult<Strided<'_>> {
        let Some(layout) = self.facts.layout else {
            return Err(Error::ShapeMismatch {
                audio: audio.shape().to_vec(),
                operand: shape(&self.array)?,
                between: None,
            }
            .into());
        };
        let first = self.facts.first;
        let domain = domain_of(&self.array, first, &layout, self.dtype);
        // SAFETY: NumPy keeps the array's memory allocated and initialised while the array lives, and by
        // invariant 1 it lives as long as `self`; writing is allowed as its flag says.
        Ok(unsafe { Strided::from_raw(first, layout, self.dtype, self.facts.writable, domain) })
    }
}

#[cold]
fn shape(array: &Bound<'_, PyAny>) -> PyResult<Vec<usize>> {
    array.getattr("shape")?.extract()
}

/// Whether an array is the samples of some audio, all of them in the same order.
pub fn same_samples(array: &Bound<'_, PyAny>, audio: &Audio) -> PyResult<bool> {
    let Ok(readable) = Readable::new(array.clone())? else {
        return Ok(false);
    };
    let samples = readable.strided(audio.layout())?;
    Ok(samples.same_samples(&audio.samples().strided()))
}

#[cold]
fn no_sample_type(array: &Bound<'_, PyAny>) -> PyErr {
    let name = array.getattr("dtype").map(|dtype| dtype.to_string());
    Error::NotASampleType {
        name: name.unwrap_or_default(),
    }
    .into()
}

/// What an array on memory that is not its own holds on to, behind other arrays perhaps.
#[inline]
fn owner_of<'py>(array: &Bound<'py, PyAny>) -> Option<Bound<'py, PyAny>> {
    let mut object = array.as_ptr();
    // NumPy leads a view of a view to the owner itself, but for arrays of other classes on the way.
    for _ in 0..8 {
        // SAFETY: `object` is an array (checked by `facts`, or below), alive because `array` holds it.
        let base = unsafe { (*object.cast::<PyArrayObject>()).fields.base };
        if base.is_null() {
            return None;
        }
        // SAFETY: the base of a living array is a living object; borrowed for this loop only.
        let base = unsafe { Borrowed::from_ptr(array.py(), base) };
        if !is_array(&base) {
            return Some(base.to_owned());
        }
        object = base.as_ptr();
    }
    None
}

/// Whose memory the array lies in: that of a borrow that is out, one of our allocations, or none of ours.
#[inline(always)]
fn domain_of(array: &Bound<'_, PyAny>, first: *mut u8, layout: &Layout, dtype: Dtype) -> u64 {
    // SAFETY: `array` is one (checked by `facts`); the structure is read while we are attached.
    let base = unsafe { (*array.as_ptr().cast::<PyArrayObject>()).fields.base };
    match base.is_null() {
        true => Origin::FOREIGN.number(),
        false => domain_of_view(array, first, layout, dtype),
    }
}

#[cold]
fn domain_of_view(array: &Bound<'_, PyAny>, first: *mut u8, layout: &Layout, dtype: Dtype) -> u64 {
    let Some(owner) = owner_of(array) else {
        return Origin::FOREIGN.number();
    };
    if let Some(export) = owner::export_of(&owner) {
        return export.samples().buffer().origin().number();
    }
    if let Ok(lent) = owner.cast_exact::<Lent>() {
        return lent.get().domain();
    }
    let reach = layout.reach(dtype.size()).unwrap_or((0, 0));
    let low = first.addr().wrapping_add_signed(reach.0 as isize);
    let known = Buffer::find(low, (reach.1 - reach.0) as usize);
    known
        .map_or(Origin::FOREIGN, |buffer| buffer.origin())
        .number()
}

/// Whether an array made from audio lies in this buffer.
pub fn lies_in(array: &Bound<'_, PyAny>, buffer: &Buffer) -> bool {
    buffer_of(array).is_some_and(|found| found.same_allocation(buffer))
}

/// The buffer of ours that an array made from audio lies in, whatever the buffer's own memory is.
fn buffer_of(array: &Bound<'_, PyAny>) -> Option<Buffer> {
    let owner = owner_of(array)?;
    if let Some(export) = owner::export_of(&owner) {
        return Some(export.samples().buffer().clone());
    }
    if let Ok(lent) = owner.cast_exact::<Lent>() {
        return Some(lent.get().samples().buffer().clone());
    }
    let exporter = owner
        .cast_exact::<PyMemoryView>()
        .ok()?
        .getattr(intern!(owner.py(), "obj"))
        .ok()?;
    let audio = exporter.cast_exact::<AudioSamples>().ok()?;
    Some(audio.get().audio().samples().buffer().clone())
}

/// Holds a Python object and lets go of it on any thread.
struct HeldObject(Option<Py<PyAny>>);

impl Drop for HeldObject {
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
    let Some(layout) = facts.layout else {
        return Err(Error::NotAudio {
            shape: shape(array)?,
        }
        .into());
    };
    let first = NonNull::new(facts.first).unwrap_or(NonNull::dangling());
    if let Some(buffer) = buffer_of(array) {
        // The buffer is held, and the array is not: it may be let go of.
        let offset = first.addr().get().wrapping_sub(buffer.start().addr().get());
        let inside = Layout::strided(layout.shape(), layout.strides(), offset)?;
        if let Ok(samples) = Samples::new(buffer, inside, dtype, facts.writable) {
            return Ok(samples);
        }
    }
    // NumPy does not keep what owns the memory from closing or moving it: an export does.
    let root = owner_of(array).filter(|root| !is_array(root));
    let export = root.and_then(|root| PyMemoryView::from(&root).ok());
    let held = match export {
        Some(export) => (array, export).into_pyobject(array.py())?.into_any(),
        None => array.clone(),
    };
    let owner = Box::new(HeldObject(Some(held.unbind())));
    // SAFETY: NumPy keeps the memory while the array lives, and `owner` holds the array.
    let samples = unsafe { Samples::adopt(first, layout, dtype, facts.writable, owner) }?;
    if !facts.writable && is_constant(array)? {
        samples.buffer().declare_constant();
    }
    Ok(samples)
}

/// Whether an array's memory has no writer: all arrays and memoryviews on the way to it are read-only, and the
/// object at its end is of a kind that is so for every holder. That it shows itself read-only says little: so do a
/// mapped file that others write to, and an Arrow buffer on a `bytearray`.
fn is_constant(array: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = array.py();
    let mut object = array.clone();
    for _ in 0..16 {
        if never_changes(&object)? {
            return Ok(true);
        }
        let behind = if is_array(&object) {
            // SAFETY: it is an array; the structure is read while we are attached and hold a reference.
            let flags = unsafe { (*object.as_ptr().cast::<PyArrayObject>()).fields.flags };
            if flags & (NPY_ARRAY_WRITEABLE | NPY_ARRAY_OWNDATA) != 0 {
                return Ok(false);
            }
            object.getattr(intern!(py, "base"))?
        } else {
            let Ok(view) = PyMemoryView::from(&object) else {
                return Ok(false);
            };
            if !view.getattr(intern!(py, "readonly"))?.is_truthy()? {
                return Ok(false);
            }
            view.getattr(intern!(py, "obj"))?
        };
        if behind.is_none() || behind.is(&object) {
            return Ok(false);
        }
        object = behind;
    }
    Ok(false)
}

/// Whether the object's memory has no writer: that of `bytes`, and what Ray's object store gives out
/// read-only.
fn never_changes(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    if object.is_exact_instance_of::<PyBytes>() {
        return Ok(true);
    }
    let class = object.get_type();
    let is_rays = class.module().is_ok_and(|module| module == "ray._raylet")
        && class
            .name()
            .is_ok_and(|name| name == "SubBuffer" || name == "Buffer");
    if !is_rays {
        return Ok(false);
    }
    let view = PyMemoryView::from(object)?;
    view.getattr(intern!(object.py(), "readonly"))?.is_truthy()
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
