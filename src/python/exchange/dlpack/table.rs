//! DLPack's table of C functions, `__dlpack_c_exchange_api__`: for consumers too fast to call Python.
//!
//! A tensor that comes back through the table has no sample rate, so it becomes a NumPy array and not audio. It
//! is the caller's until that has worked: on failure the caller gives it back itself.

use std::ffi::{CString, c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use dlpark::Managed;
use dlpark::ffi::{
    DLDevice, DLDeviceType, DLManagedTensorVersioned, DLPackExchangeAPI, DLPackExchangeAPIHeader,
    DLPackVersion, DLTensor,
};
use dlpark::metadata::Dynamic;
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict};

use super::{flags_of, lend, refused};
use crate::memory::Buffer;
use crate::python::class::AudioSamples;
use crate::python::numpy::numpy_module;
use crate::registry::ViewKind;

struct ExchangeTable(DLPackExchangeAPI);

// SAFETY: read only, and its one pointer is null.
unsafe impl Sync for ExchangeTable {}

static TABLE: ExchangeTable = ExchangeTable(DLPackExchangeAPI {
    header: DLPackExchangeAPIHeader {
        version: DLPackVersion::CURRENT,
        prev_api: ptr::null_mut(),
    },
    managed_tensor_allocator: Some(allocate),
    managed_tensor_from_py_object_no_sync: Some(tensor_of_audio),
    managed_tensor_to_py_object_no_sync: Some(array_of_tensor),
    // A borrowed view would have no entry in the registry.
    dltensor_from_py_object_no_sync: None,
    current_work_stream: Some(current_work_stream),
});

/// Puts the table on the class.
pub fn install(py: Python<'_>) -> PyResult<()> {
    let address = ptr::from_ref(&TABLE.0).cast_mut();
    // SAFETY: the table is static, and consumers read it only.
    let capsule =
        unsafe { ffi::PyCapsule_New(address.cast(), c"dlpack_exchange_api".as_ptr(), None) };
    // SAFETY: a new reference, or NULL with an exception set.
    let capsule = unsafe { Bound::from_owned_ptr_or_err(py, capsule) }?;
    py.get_type::<AudioSamples>()
        .setattr("__dlpack_c_exchange_api__", capsule)
}

/// Runs what a C caller asked for: 0, or -1 with an exception set. A panic is such an exception.
fn answer(work: impl FnOnce(Python<'_>) -> PyResult<()>) -> c_int {
    let done = catch_unwind(AssertUnwindSafe(|| {
        Python::attach(|py| match work(py) {
            Ok(()) => 0,
            Err(error) => {
                error.restore(py);
                -1
            }
        })
    }));
    done.unwrap_or_else(|_| {
        Python::try_attach(|py| PyRuntimeError::new_err("a panic in DLPack's table").restore(py));
        -1
    })
}

unsafe extern "C" fn tensor_of_audio(
    object: *mut c_void,
    out: *mut *mut DLManagedTensorVersioned,
) -> c_int {
    answer(|py| {
        // SAFETY: the caller passes an object and holds a reference to it during the call.
        let object = unsafe { Borrowed::from_ptr(py, object.cast()) };
        let audio = object.cast_exact::<AudioSamples>().map_err(|_| {
            PyTypeError::new_err("this table makes tensors of AudioSamples and nothing else")
        })?;
        let samples = audio.get().audio().samples();
        let hold = samples.hold(ViewKind::Tensor, true)?;
        let flags = flags_of(&hold);
        let tensor = lend(samples, hold, flags)?;
        // SAFETY: the caller passes a place for the result.
        unsafe { out.write(tensor) };
        Ok(())
    })
}

/// A tensor as an object that NumPy can import.
#[pyclass(frozen, name = "_Tensor", module = "audio_samples")]
struct Tensor {
    capsule: Py<PyAny>,
    device: (u32, i32),
}

#[pymethods]
impl Tensor {
    #[pyo3(signature = (**_options))]
    fn __dlpack__(&self, py: Python<'_>, _options: Option<&Bound<'_, PyDict>>) -> Py<PyAny> {
        self.capsule.clone_ref(py)
    }

    fn __dlpack_device__(&self) -> (u32, i32) {
        self.device
    }
}

unsafe extern "C" fn array_of_tensor(
    tensor: *mut DLManagedTensorVersioned,
    out: *mut *mut c_void,
) -> c_int {
    answer(|py| {
        // SAFETY: the caller passes a tensor that it owns.
        let device = unsafe { (*tensor).dl_tensor.device };
        // SAFETY: the capsule has no destructor: until NumPy takes the tensor it stays the caller's.
        let capsule =
            unsafe { ffi::PyCapsule_New(tensor.cast(), c"dltensor_versioned".as_ptr(), None) };
        // SAFETY: a new reference, or NULL with an exception set.
        let capsule = unsafe { Bound::from_owned_ptr_or_err(py, capsule) }?;
        debug_assert!(capsule.is_instance_of::<PyCapsule>());
        let stand_in = Tensor {
            capsule: capsule.unbind(),
            device: device.into(),
        };
        let array = numpy_module(py)?.call_method1("from_dlpack", (Bound::new(py, stand_in)?,))?;
        // SAFETY: the caller passes a place for the result, and takes the reference over.
        unsafe { out.write(array.into_ptr().cast()) };
        Ok(())
    })
}

unsafe extern "C" fn current_work_stream(
    device_type: DLDeviceType,
    device_id: i32,
    out: *mut *mut c_void,
) -> c_int {
    answer(|_| {
        if device_type != DLDeviceType::CPU {
            return Err(refused(format!(
                "audio is in main memory and has no stream on device ({}, {device_id})",
                device_type.0
            )));
        }
        // SAFETY: the caller passes a place for the result.
        unsafe { out.write(ptr::null_mut()) };
        Ok(())
    })
}

type SetError = unsafe extern "C" fn(*mut c_void, *const c_char, *const c_char);

unsafe extern "C" fn allocate(
    prototype: *mut DLTensor,
    out: *mut *mut DLManagedTensorVersioned,
    error_context: *mut c_void,
    set_error: Option<SetError>,
) -> c_int {
    let made = catch_unwind(|| {
        // SAFETY: the caller passes a prototype to read during the call.
        new_tensor(unsafe { &*prototype })
    });
    let (kind, message) = match made {
        Ok(Ok(tensor)) => {
            // SAFETY: the caller passes a place for the result.
            unsafe { out.write(tensor.into_raw()) };
            return 0;
        }
        Ok(Err((kind, message))) => (kind, message),
        Err(_) => (c"RuntimeError", "a panic in DLPack's table".to_owned()),
    };
    if let (Some(set_error), Ok(message)) = (set_error, CString::new(message)) {
        // SAFETY: the caller's own function, with its own context and two strings to read.
        unsafe { set_error(error_context, kind.as_ptr(), message.as_ptr()) };
    }
    -1
}

type Refused = (&'static std::ffi::CStr, String);

/// Zeros of the prototype's type and shape, side by side.
fn new_tensor(prototype: &DLTensor) -> Result<Managed<DLManagedTensorVersioned>, Refused> {
    let wrong = |message: String| (c"BufferError", message);
    if prototype.device != DLDevice::CPU {
        return Err(wrong(format!(
            "audio_samples allocates in main memory, not on device ({}, {})",
            prototype.device.device_type.0, prototype.device.device_id
        )));
    }
    // SAFETY: the prototype's shape is to be read during the call; its strides are not.
    let shape = unsafe { prototype.shape() }.map_err(|error| wrong(error.to_string()))?;
    // SAFETY: as above.
    let bytes = unsafe { prototype.num_bytes() }.map_err(|error| wrong(error.to_string()))?;
    let buffer =
        Buffer::allocate_zeroed(bytes).map_err(|error| (c"MemoryError", error.to_string()))?;
    let start = buffer.start().as_ptr();
    let mut tensor = Dynamic::compact(shape)
        .initialize_as::<DLManagedTensorVersioned>(Box::new(buffer))
        .map_err(|error| wrong(error.to_string()))?;
    tensor
        .set_data(start.cast())
        .set_device(DLDevice::CPU)
        .set_dtype(prototype.dtype);
    // SAFETY: as many bytes as type and shape need, owned by the tensor.
    Ok(unsafe { tensor.finish() })
}
