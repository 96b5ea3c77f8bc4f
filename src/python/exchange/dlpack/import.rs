//! Tensors of others as samples, on their memory.

use dlpark::ffi::{DLDataType, DLDataTypeCode, DLDevice, DLDeviceType};
use dlpark::python::{ImportedDlpack, from_dlpack};
use dlpark::tensor::TensorRef;
use dlpark::{AllocationDeleter, DlpackFlags};
use pyo3::exceptions::{PyBufferError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict};

use std::mem::ManuallyDrop;
use std::ptr::NonNull;

use super::{data_type, refused};
use crate::dtype::Dtype;
use crate::error::Error;
use crate::layout::Layout;
use crate::python::exchange::outward;
use crate::python::exchange::outward::Outward;
use crate::python::policy;
use crate::view::Samples;

/// The newest version whose structure we read.
const KNOWN: (u32, u32) = (
    dlpark::ffi::DLPACK_MAJOR_VERSION,
    dlpark::ffi::DLPACK_MINOR_VERSION,
);

/// What a tensor without flags says about writing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Legacy {
    /// Nothing: no consumer writes.
    ReadOnly,
    /// It may be written: its library knows no other tensors.
    Writable,
}

/// Gives a tensor back to its library, on any thread.
struct Release(ManuallyDrop<AllocationDeleter>);

impl Drop for Release {
    fn drop(&mut self) {
        // Deleters of Python libraries may need the interpreter. Once it is gone the process ends, and
        // what was lent by then is forgotten.
        Python::try_attach(|_| {
            // SAFETY: taken once, here, and never used again.
            drop(unsafe { ManuallyDrop::take(&mut self.0) });
        });
    }
}

/// The samples of a tensor, shared; the tensor's memory is held until the last handle on them goes.
/// `copy` is what its library is told; a copy of ours is the caller's business.
///
/// # Errors
/// A tensor on another device, of a type that is no sample type, or with more than two axes.
pub fn import(tensor: &Bound<'_, PyAny>, copy: Option<bool>, legacy: Legacy) -> PyResult<Samples> {
    if let Ok(capsule) = tensor.cast::<PyCapsule>() {
        return adopt(capsule, copy, legacy);
    }
    let py = tensor.py();
    if let Ok(Some(device)) = tensor.getattr_opt(intern!(py, "__dlpack_device__")) {
        let (device_type, device_id): (u32, i32) = outward::call(&device, (), None)?.extract()?;
        require_main_memory(DLDevice {
            device_type: DLDeviceType(device_type),
            device_id,
        })?;
    }
    // PyTorch exports a tensor with a pending negation as if there were none.
    if let Ok(Some(is_neg)) = tensor.getattr_opt(intern!(py, "is_neg"))
        && is_neg.call0()?.is_truthy()?
    {
        return Err(refused(
            "the tensor's negation is still pending and its memory has the wrong signs; \
             pass tensor.resolve_neg()",
        ));
    }
    if copy != Some(true) {
        fix_storage(tensor)?;
    }
    let answer = ask(tensor, copy)?;
    let capsule = answer.cast::<PyCapsule>().map_err(|_| {
        let name = answer.get_type().name().map(|name| name.to_string());
        PyTypeError::new_err(format!(
            "__dlpack__ returned no capsule but {}",
            name.unwrap_or_default()
        ))
    })?;
    adopt(capsule, copy, legacy)
}

/// Has PyTorch refuse to resize a tensor's storage, as it does once an array shares it: `resize_` frees the memory.
fn fix_storage(tensor: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = tensor.py();
    let module = tensor.get_type().module()?;
    if module.to_str()?.split('.').next() == Some("torch") {
        let detached = tensor.call_out(intern!(py, "detach"), ())?;
        // Not every type of PyTorch's has one of NumPy's, and those are no sample types.
        drop(detached.call_out(intern!(py, "numpy"), ()));
    }
    Ok(())
}

/// Asks for a capsule as new as possible, then without the arguments that older libraries do not know.
fn ask<'py>(tensor: &Bound<'py, PyAny>, copy: Option<bool>) -> PyResult<Bound<'py, PyAny>> {
    let py = tensor.py();
    let Ok(Some(method)) = tensor.getattr_opt(intern!(py, "__dlpack__")) else {
        return Err(PyTypeError::new_err(format!(
            "from_dlpack takes a tensor with __dlpack__, not {}",
            tensor.get_type().name()?
        )));
    };
    let options = PyDict::new(py);
    options.set_item(intern!(py, "max_version"), KNOWN)?;
    if copy == Some(false) {
        options.set_item(intern!(py, "copy"), false)?;
    }
    loop {
        match outward::call(&method, (), Some(&options)) {
            Err(error) if !options.is_empty() && error.is_instance_of::<PyTypeError>(py) => {
                let last = if options.contains(intern!(py, "copy"))? {
                    intern!(py, "copy")
                } else {
                    intern!(py, "max_version")
                };
                options.del_item(last)?;
            }
            answer => return answer,
        }
    }
}

fn adopt(capsule: &Bound<'_, PyCapsule>, copy: Option<bool>, legacy: Legacy) -> PyResult<Samples> {
    let imported = from_dlpack(capsule.as_any().as_borrowed(), None, None)?;
    let flags = imported.flags();
    if copy == Some(false) && flags.contains(DlpackFlags::IS_COPIED) {
        return Err(refused(
            "copy=False: the tensor's library made a copy all the same; use copy=None",
        ));
    }
    let writable = match imported {
        ImportedDlpack::Legacy(_) => legacy == Legacy::Writable,
        ImportedDlpack::Versioned(_) => !flags.contains(DlpackFlags::READ_ONLY),
    };
    let found = imported.validate().map_err(invalid)?;
    let (layout, dtype, first) = describe(&found)?;
    if flags.contains(DlpackFlags::IS_COPIED) {
        policy::allow_copy(capsule.py(), layout.len() * dtype.size(), || {
            "the tensor's library made a copy; copy=False asks it for none".to_owned()
        })?;
    }
    let owner = Box::new(Release(ManuallyDrop::new(imported.into_deleter())));
    // SAFETY: by the protocol the described memory stays as it is until the deleter is called, which the
    // owner does when it is dropped, and may be written unless the flags forbid it.
    Ok(unsafe { Samples::adopt(first, layout, dtype, writable, owner) }?)
}

fn invalid(error: impl std::fmt::Display) -> PyErr {
    PyBufferError::new_err(format!("the tensor describes itself wrongly: {error}"))
}

/// Where the samples lie, of which type, and the address of the first.
fn describe(tensor: &TensorRef<'_>) -> PyResult<(Layout, Dtype, NonNull<u8>)> {
    require_main_memory(tensor.device())?;
    let dtype = Dtype::ALL
        .into_iter()
        .find(|dtype| data_type(*dtype) == tensor.dtype());
    let dtype = dtype.ok_or_else(|| {
        let name = type_name(tensor.dtype());
        let way_out = if name.starts_with("complex") {
            "take its real part first"
        } else {
            "cast the tensor first: tensor.float() makes float32 of PyTorch's, .astype('float32') of others"
        };
        let error = Error::NotASampleType { name };
        PyTypeError::new_err(format!("{error}; {way_out}"))
    })?;
    let shape: Vec<usize> = tensor.shape().iter().map(|count| *count as usize).collect();
    let steps = tensor.strides_or_compact().map_err(invalid)?;
    let size = dtype.size() as i64;
    let strides: Option<Vec<isize>> = steps
        .iter()
        .map(|step| step.checked_mul(size).map(|bytes| bytes as isize))
        .collect();
    let strides = strides.ok_or_else(|| invalid("strides past the address space"))?;
    let layout = Layout::strided(&shape, &strides, 0)?;
    // SAFETY: only adds the byte offset to the data pointer, both as the tensor gives them.
    let first = unsafe { tensor.offset_bytes_ptr() };
    match NonNull::new(first.map_err(invalid)?.cast_mut()) {
        Some(first) => Ok((layout, dtype, first)),
        None if layout.is_empty() => Ok((layout, dtype, NonNull::dangling())),
        None => Err(invalid("no address for its samples")),
    }
}

fn require_main_memory(device: DLDevice) -> PyResult<()> {
    let name = match device.device_type {
        // Pinned memory is main memory too.
        DLDeviceType::CPU | DLDeviceType::CUDAHOST | DLDeviceType::ROCMHOST => return Ok(()),
        DLDeviceType::CUDA | DLDeviceType::CUDAMANAGED => "a CUDA GPU".to_owned(),
        DLDeviceType::ROCM => "a ROCm GPU".to_owned(),
        DLDeviceType::METAL => "a Metal GPU".to_owned(),
        DLDeviceType(other) => format!("a device of type {other}"),
    };
    Err(refused(format!(
        "the tensor is on {name} (device {}), and samples have to be in main memory; \
         move it there first with tensor.cpu(), jax.device_get(array) or array.get()",
        device.device_id
    )))
}

/// A type as users of tensors name it.
fn type_name(dtype: DLDataType) -> String {
    let kind = match dtype.code {
        DLDataTypeCode::INT => "int",
        DLDataTypeCode::UINT => "uint",
        DLDataTypeCode::FLOAT => "float",
        DLDataTypeCode::BFLOAT => "bfloat",
        DLDataTypeCode::COMPLEX => "complex",
        DLDataTypeCode::BOOL => return "bool".to_owned(),
        _ => "a type of another kind with bits: ",
    };
    let lanes = if dtype.lanes == 1 {
        String::new()
    } else {
        format!(" x {}", dtype.lanes)
    };
    format!("{kind}{}{lanes}", dtype.bits)
}
