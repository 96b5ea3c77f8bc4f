//! The buffer protocol (PEP 3118): `memoryview(audio)`, `np.asarray(audio)`, `hashlib`, `file.write`.

#![allow(unsafe_code)]

use std::ffi::{CStr, c_int, c_void};
use std::ptr;

use pyo3::exceptions::PyBufferError;
use pyo3::ffi;
use pyo3::prelude::*;

use crate::dtype::Dtype;
use crate::python::class::AudioSamples;
use crate::python::errors::borrow_error;
use crate::registry::ViewKind;
use crate::view::Export;

/// What one consumer's buffer points to, freed when it lets go.
struct LentBuffer {
    export: Export,
    shape: [ffi::Py_ssize_t; 2],
    strides: [ffi::Py_ssize_t; 2],
}

const fn format(dtype: Dtype) -> &'static CStr {
    match dtype {
        Dtype::Int16 => c"h",
        Dtype::Int32 => c"i",
        Dtype::Float32 => c"f",
        Dtype::Float64 => c"d",
    }
}

const fn asks(flags: c_int, for_what: c_int) -> bool {
    flags & for_what == for_what
}

fn refused(message: String) -> PyErr {
    PyBufferError::new_err(message)
}

/// What cannot be given as asked. The export itself is refused by the registry.
fn check(audio: &AudioSamples, flags: c_int) -> PyResult<()> {
    let samples = audio.audio().samples();
    let (layout, size) = (samples.layout(), samples.dtype().size());
    let (c, f) = (
        layout.is_contiguous(size),
        layout.is_fortran_contiguous(size),
    );
    if asks(flags, ffi::PyBUF_WRITABLE) && !samples.writable() {
        return Err(refused(
            "a writable buffer of read-only audio; make a writable copy with .copy()".into(),
        ));
    }
    let missing = if asks(flags, ffi::PyBUF_C_CONTIGUOUS) && !c {
        "C-contiguous"
    } else if asks(flags, ffi::PyBUF_F_CONTIGUOUS) && !f {
        "Fortran-contiguous"
    } else if asks(flags, ffi::PyBUF_ANY_CONTIGUOUS) && !c && !f {
        "contiguous"
    } else if !asks(flags, ffi::PyBUF_STRIDES) && !c {
        "C-contiguous, which a consumer that takes no strides needs"
    } else {
        ""
    };
    if !missing.is_empty() {
        return Err(refused(format!(
            "audio of shape {:?} with strides {:?} is not {missing}; \
             make a contiguous copy with .copy()",
            layout.shape(),
            layout.strides()
        )));
    }
    if asks(flags, ffi::PyBUF_FORMAT) && !asks(flags, ffi::PyBUF_ND) {
        return Err(refused(
            "a buffer with a format but without a shape is asked for, which is not possible".into(),
        ));
    }
    Ok(())
}

#[pymethods]
impl AudioSamples {
    unsafe fn __getbuffer__(
        slf: &Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        if view.is_null() {
            return Err(refused(
                "a buffer is asked for, but nowhere to put it".into(),
            ));
        }
        // SAFETY: not null, and CPython passes a buffer to fill in. On failure obj has to be NULL.
        unsafe { (*view).obj = ptr::null_mut() };
        let audio = slf.get();
        check(audio, flags)?;
        let samples = audio.audio().samples();
        let export = samples.export(ViewKind::Buffer, true, samples.layout())?;
        if asks(flags, ffi::PyBUF_WRITABLE) && !export.writable() {
            return Err(borrow_error(
                "a writable buffer of samples that are borrowed for reading (borrow), or that Arrow data is \
                 on; leave the with-block of the borrow, or delete the Arrow data first",
            ));
        }
        let layout = *export.samples().layout();
        let mut lent = LentBuffer {
            export,
            shape: [0; 2],
            strides: [0; 2],
        };
        for axis in 0..layout.ndim() {
            lent.shape[axis] = layout.shape()[axis] as ffi::Py_ssize_t;
            lent.strides[axis] = layout.strides()[axis];
        }
        // In its place for good before anything points into it.
        let lent = Box::into_raw(Box::new(lent));
        // SAFETY: made just now, and this is the only pointer to it.
        let held = unsafe { &mut *lent };
        let samples = held.export.samples();
        let size = samples.dtype().size();
        let with_shape = asks(flags, ffi::PyBUF_ND);
        let filled = ffi::Py_buffer {
            buf: samples.first().as_ptr().cast::<c_void>(),
            obj: slf.clone().into_any().into_ptr(),
            len: (layout.len() * size) as ffi::Py_ssize_t,
            itemsize: size as ffi::Py_ssize_t,
            readonly: c_int::from(!held.export.writable()),
            ndim: if with_shape {
                layout.ndim() as c_int
            } else {
                1
            },
            format: if asks(flags, ffi::PyBUF_FORMAT) {
                format(samples.dtype()).as_ptr().cast_mut()
            } else {
                ptr::null_mut()
            },
            shape: if with_shape {
                held.shape.as_mut_ptr()
            } else {
                ptr::null_mut()
            },
            strides: if asks(flags, ffi::PyBUF_STRIDES) {
                held.strides.as_mut_ptr()
            } else {
                ptr::null_mut()
            },
            suboffsets: ptr::null_mut(),
            internal: lent.cast(),
        };
        // SAFETY: not null. Shape and strides lie in `lent`, the consumer's until `__releasebuffer__`.
        unsafe { view.write(filled) };
        Ok(())
    }

    unsafe fn __releasebuffer__(&self, view: *mut ffi::Py_buffer) {
        // SAFETY: CPython hands back the buffer that `__getbuffer__` filled in, once.
        let lent = unsafe { (*view).internal }.cast::<LentBuffer>();
        if !lent.is_null() {
            // SAFETY: made by Box::into_raw in `__getbuffer__`, taken back once.
            drop(unsafe { Box::from_raw(lent) });
        }
    }
}
