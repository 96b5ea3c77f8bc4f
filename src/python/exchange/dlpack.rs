//! DLPack: `torch.from_dlpack(audio)`, `np.from_dlpack(audio)`, and tensors of others as audio.
//!
//! What a consumer is given owns a [`Hold`], so the samples and their entry in the registry stay until the
//! consumer calls the deleter: on any thread, with or without an interpreter, for no Python object is held.
//!
//! The legacy structure has no flags: it goes out for writable samples only, and what comes in through it is
//! taken as read-only, because nothing says that writing is allowed (JAX exports its arrays, which never
//! change, in no other way).

#![allow(unsafe_code)]

mod import;
mod method;
mod table;

use std::cell::Cell;
use std::ffi::CStr;
use std::mem::{MaybeUninit, offset_of};
use std::ptr;

use dlpark::ffi::{DLDataType, DLDevice, DLManagedTensor, DLManagedTensorVersioned, DLTensor};
use dlpark::{DlpackFlags, ManagedTensorBase};
use pyo3::exceptions::{PyBufferError, PyRuntimeError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;

use crate::dtype::Dtype;
use crate::error::shape_text;
use crate::layout::Layout;
use crate::python::class::AudioSamples;
use crate::python::errors::borrow_error;
use crate::registry::ViewKind;
use crate::view::{Hold, Samples};

pub use import::{Legacy, import};

/// Puts `__dlpack__` and the table of C functions on the class.
pub fn install(py: Python<'_>) -> PyResult<()> {
    method::install(py)?;
    table::install(py)
}

/// The first version of the structure that has flags.
const VERSIONED: i64 = 1;

const fn data_type(dtype: Dtype) -> DLDataType {
    match dtype {
        Dtype::Int16 => DLDataType::I16,
        Dtype::Int32 => DLDataType::I32,
        Dtype::Float32 => DLDataType::F32,
        Dtype::Float64 => DLDataType::F64,
    }
}

fn refused(message: impl Into<String>) -> PyErr {
    PyBufferError::new_err(message.into())
}

/// Shape and strides in samples, or `None` for samples that lie off their natural alignment, which
/// DLPack cannot describe. An axis of one entry steps nowhere: it gets the stride of compact memory.
fn measures(samples: &Samples) -> Option<([i64; 2], [i64; 2])> {
    let (layout, size) = (samples.layout(), samples.dtype().size());
    let shape = [layout.channels(), layout.frames()];
    let bytes = [layout.channel_stride(), layout.frame_stride()];
    let mut strides = [layout.frames() as i64, 1];
    for axis in 0..2 {
        if shape[axis] > 1 && !layout.is_empty() {
            if bytes[axis] % size as isize != 0 {
                return None;
            }
            strides[axis] = (bytes[axis] / size as isize) as i64;
        }
    }
    is_aligned(samples).then_some((shape.map(|count| count as i64), strides))
}

fn is_aligned(samples: &Samples) -> bool {
    let first = samples.first().addr().get();
    samples.layout().is_empty() || first.is_multiple_of(samples.dtype().size())
}

fn unaligned(samples: &Samples) -> PyErr {
    let (layout, size) = (samples.layout(), samples.dtype().size());
    refused(format!(
        "samples at address {:#x} with strides {} do not lie on multiples of {size} bytes, which \
         DLPack cannot describe; make an aligned copy with .copy(), or ask for copy=True",
        samples.first().addr(),
        strides_text(layout)
    ))
}

fn strides_text(layout: &Layout) -> String {
    let strides: Vec<String> = layout.strides().iter().map(ToString::to_string).collect();
    format!("({})", strides.join(", "))
}

/// What a consumer is given: DLPack's structure, and behind it what it points to and what it owns.
///
/// Invariants:
/// 1. the structure is the first field, so that a pointer to it is a pointer to the whole;
/// 2. `_hold` keeps the described samples allocated and in the registry;
/// 3. it lies in a box until the structure's deleter takes it out, once.
#[repr(C)]
struct LentTensor<M> {
    tensor: M,
    shape: [i64; 2],
    strides: [i64; 2],
    _hold: Hold,
}

/// Room for what a consumer is given.
type Room<M> = Box<MaybeUninit<LentTensor<M>>>;

thread_local! {
    /// One that was given back, for the next import: where they follow each other, as in a loop, malloc has no work.
    static SPARE: Cell<Option<Room<DLManagedTensorVersioned>>> = const { Cell::new(None) };
}

/// The two structures of DLPack.
trait Structure: ManagedTensorBase + Sized {
    /// The name of a capsule with this structure.
    const NAME: &'static CStr;
    /// Room for one.
    fn room() -> Room<Self> {
        Box::new_uninit()
    }
    /// Takes room back that is empty again.
    fn give_room(room: Room<Self>) {
        drop(room);
    }
    /// Puts the flags in, where there is a place for them.
    fn flag(&mut self, flags: DlpackFlags);
}

impl Structure for DLManagedTensor {
    const NAME: &'static CStr = c"dltensor";
    fn flag(&mut self, _: DlpackFlags) {}
}

impl Structure for DLManagedTensorVersioned {
    const NAME: &'static CStr = c"dltensor_versioned";
    #[inline]
    fn room() -> Room<Self> {
        let spare = SPARE.try_with(Cell::take).ok().flatten();
        spare.unwrap_or_else(Box::new_uninit)
    }
    #[inline]
    fn give_room(room: Room<Self>) {
        // A thread that ends keeps none.
        let _ = SPARE.try_with(|spare| spare.set(Some(room)));
    }
    fn flag(&mut self, flags: DlpackFlags) {
        self.flags = flags;
    }
}

/// Lets go of what `lend` made: on any thread, and without an interpreter.
unsafe extern "C" fn give_back<M: Structure>(tensor: *mut M) {
    // SAFETY: by invariants 1 and 3 this is the box of a `LentTensor`, taken back once.
    let mut room = unsafe { Room::<M>::from_raw(tensor.cast()) };
    // SAFETY: invariant 3: `lend` has filled it, and this is its last use.
    unsafe { room.assume_init_drop() };
    M::give_room(room);
}

/// The structure that a consumer takes over, and has to give back through its deleter. `hold` is of these samples.
#[inline(always)]
fn lend<M: Structure>(samples: &Samples, hold: Hold, flags: DlpackFlags) -> PyResult<*mut M> {
    let (shape, strides) = measures(samples).ok_or_else(|| unaligned(samples))?;
    let axes = 2 - samples.layout().ndim();
    let lent = Box::into_raw(M::room()).cast::<LentTensor<M>>();
    let at = |field: usize| {
        lent.wrapping_byte_add(field)
            .cast::<i64>()
            .wrapping_add(axes)
    };
    let tensor = DLTensor {
        data: samples.first().as_ptr().cast(),
        device: DLDevice::CPU,
        ndim: samples.layout().ndim() as i32,
        dtype: data_type(samples.dtype()),
        shape: at(offset_of!(LentTensor<M>, shape)),
        strides: at(offset_of!(LentTensor<M>, strides)),
        byte_offset: 0,
    };
    let mut tensor = M::from_parts(tensor, ptr::null_mut(), Some(give_back::<M>));
    tensor.flag(flags);
    let filled = LentTensor {
        tensor,
        shape,
        strides,
        _hold: hold,
    };
    // SAFETY: room for one, just boxed, and this is the only pointer to it.
    unsafe { lent.write(filled) };
    Ok(lent.cast())
}

/// Gives back what no consumer took out of its capsule.
unsafe extern "C" fn drop_capsule<M: Structure>(capsule: *mut ffi::PyObject) {
    // SAFETY: CPython passes the capsule that goes. A consumer has renamed the one that it took from.
    if unsafe { ffi::PyCapsule_IsValid(capsule, M::NAME.as_ptr()) } == 0 {
        return;
    }
    // SAFETY: the name was just checked, so this cannot fail.
    let tensor = unsafe { ffi::PyCapsule_GetPointer(capsule, M::NAME.as_ptr()) };
    // SAFETY: made by `lend`; no consumer has taken it.
    unsafe { give_back::<M>(tensor.cast()) };
}

#[inline(always)]
fn capsule<'py, M: Structure>(
    py: Python<'py>,
    samples: &Samples,
    hold: Hold,
    flags: DlpackFlags,
) -> PyResult<Bound<'py, PyAny>> {
    let tensor = lend::<M>(samples, hold, flags)?;
    let name = M::NAME.as_ptr();
    // SAFETY: not null, with a static name; the capsule's destructor gives the tensor back.
    let capsule = unsafe { ffi::PyCapsule_New(tensor.cast(), name, Some(drop_capsule::<M>)) };
    if capsule.is_null() {
        // SAFETY: no capsule took the tensor that was made above.
        unsafe { give_back(tensor) };
    }
    // SAFETY: a new reference, or NULL with an exception set.
    unsafe { Bound::from_owned_ptr_or_err(py, capsule) }
}

/// What consumers that know flags are told: read-only unless they may write.
#[inline]
fn flags_of(hold: &Hold) -> DlpackFlags {
    if hold.writable() {
        DlpackFlags::empty()
    } else {
        DlpackFlags::READ_ONLY
    }
}

/// A capsule of these samples for consumers that know flags.
#[inline(always)]
fn shared<'py>(py: Python<'py>, samples: &Samples) -> PyResult<Bound<'py, PyAny>> {
    let hold = samples.hold(ViewKind::Tensor, true)?;
    let flags = flags_of(&hold);
    capsule::<DLManagedTensorVersioned>(py, samples, hold, flags)
}

/// For consumers that know no flags, and so have to be allowed to write.
fn hold_legacy(samples: &Samples) -> PyResult<Hold> {
    if !samples.writable() {
        return Err(refused(
            "read-only audio as a tensor needs a consumer that knows DLPack 1.0 \
             (max_version=(1, 0)), whose flags can say so; make a writable copy with .copy()",
        ));
    }
    let hold = samples.hold(ViewKind::Tensor, true)?;
    if !hold.writable() {
        return Err(borrow_error(
            "a writable tensor of samples that are borrowed for reading (borrow), or that Arrow data is on; \
             leave the with-block of the borrow, or delete the Arrow data first",
        ));
    }
    Ok(hold)
}

/// A capsule of the legacy kind, which every consumer knows.
pub fn legacy_capsule<'py>(py: Python<'py>, samples: &Samples) -> PyResult<Bound<'py, PyAny>> {
    let hold = hold_legacy(samples)?;
    capsule::<DLManagedTensor>(py, samples, hold, DlpackFlags::empty())
}

/// Why these samples cannot be shared with consumers that know no negative strides, if so.
pub fn unshareable_forwards(samples: &Samples) -> Option<String> {
    match measures(samples) {
        None => Some(unaligned(samples).to_string()),
        Some((_, strides)) if strides.iter().any(|stride| *stride < 0) => Some(format!(
            "audio of shape {} with strides {} runs backwards, which PyTorch cannot describe",
            shape_text(samples.layout().shape()),
            strides_text(samples.layout())
        )),
        Some(_) => None,
    }
}

/// Whether a consumer of that `max_version` knows the structure with flags. Each library asks with one tuple
/// again and again: the first that does is remembered.
fn knows_flags(max_version: &Bound<'_, PyAny>) -> PyResult<bool> {
    static KNOWN: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = max_version.py();
    if KNOWN.get(py).is_some_and(|known| max_version.is(known)) {
        return Ok(true);
    }
    let parsed = max_version.extract::<(i64, i64)>();
    let (major, _) = parsed.map_err(|_| wrong("max_version", max_version, "(1, 0)"))?;
    if major >= VERSIONED && max_version.is_exact_instance_of::<PyTuple>() {
        KNOWN.get_or_init(py, || max_version.clone().unbind());
    }
    Ok(major >= VERSIONED)
}

/// `copy` as consumers pass it: None, or anything with a truth of its own.
fn copy_request(copy: Option<&Bound<'_, PyAny>>) -> PyResult<Option<bool>> {
    copy.map(|copy| copy.is_truthy()).transpose()
}

#[pymethods]
impl AudioSamples {
    /// Where the samples are: in main memory, `(1, 0)`.
    fn __dlpack_device__(&self) -> (u32, i32) {
        DLDevice::CPU.into()
    }
}

/// What a consumer asks for, by the names of the Python array API standard.
#[derive(Default)]
struct TensorRequest<'a, 'py> {
    stream: Option<&'a Bound<'py, PyAny>>,
    max_version: Option<&'a Bound<'py, PyAny>>,
    dl_device: Option<&'a Bound<'py, PyAny>>,
    copy: Option<&'a Bound<'py, PyAny>>,
}

/// A capsule that a consumer takes the samples from: the same memory, or with `copy=True` its own.
fn answer_to<'py>(
    audio: &AudioSamples,
    py: Python<'py>,
    request: &TensorRequest<'_, 'py>,
) -> PyResult<Bound<'py, PyAny>> {
    if let Some(stream) = request.stream {
        return Err(PyRuntimeError::new_err(format!(
            "samples in main memory have no stream to wait for: stream must be None, not {}",
            stream.repr()?
        )));
    }
    let versioned = match request.max_version {
        None => false,
        Some(given) => knows_flags(given)?,
    };
    if let Some(given) = request.dl_device {
        let parsed = given.extract::<(i64, i64)>();
        let device = parsed.map_err(|_| wrong("dl_device", given, "(1, 0)"))?;
        if device != (i64::from(DLDevice::CPU.device_type.0), 0) {
            return Err(refused(format!(
                "the samples are in main memory, device (1, 0), and cannot be exported to \
                 device ({}, {}); import them and move the tensor, as with tensor.to(device)",
                device.0, device.1
            )));
        }
    }
    let copy = copy_request(request.copy)?;
    // Samples off their alignment are copied, as the standard has it, unless the consumer forbids that.
    let is_askew = !is_aligned(audio.audio().samples());
    if copy == Some(true) || is_askew && copy.is_none() && versioned {
        let own = audio.copied(py, "copy=True is a copy; copy=None shares aligned samples")?;
        let samples = own.samples();
        let hold = samples.hold(ViewKind::Tensor, true)?;
        return if versioned {
            capsule::<DLManagedTensorVersioned>(py, samples, hold, DlpackFlags::IS_COPIED)
        } else {
            capsule::<DLManagedTensor>(py, samples, hold, DlpackFlags::empty())
        };
    }
    let samples = audio.audio().samples();
    if versioned {
        shared(py, samples)
    } else {
        legacy_capsule(py, samples)
    }
}

fn wrong(name: &str, given: &Bound<'_, PyAny>, example: &str) -> PyErr {
    let given = given.repr().map(|text| text.to_string());
    PyTypeError::new_err(format!(
        "{name} must be None or a tuple of two integers such as {example}, not {}",
        given.unwrap_or_default()
    ))
}
