//! Arrow's C data interface (the PyCapsule protocol): `pyarrow.array(audio)`, `pyarrow.table(audio)`, Parquet.
//!
//! ```text
//!   mono           (frames,)             an array of numbers
//!   multi-channel  (channels, frames)    a struct, one field a channel: in a table, one column a channel
//! ```
//!
//! A column of a table is what pandas, Parquet and queries work on, and the channels of audio lie as columns do.
//! What a consumer is given owns a [`Loan`], so the samples and their entry in the registry stay until the consumer
//! releases it: on any thread, with or without an interpreter, for no Python object is held.
//!
//! # Data that never changes
//!
//! Arrow takes it that its data never changes. Writable audio is meant to change, so it is copied. Read-only audio
//! is shared, and no other holder of the memory may spoil shared data:
//!
//! * Other handles, such as the one that `as_readonly()` was called on: the entry in the registry is one that keeps
//!   writers out, like that of a `borrow()`. A caller that writes to those very samples while the Arrow data is alive gets a
//!   `BorrowError` that names it; arrays that are handed out meanwhile are read-only.
//! * Views that are out already cannot be kept out. A writable one, or a tensor, whose library may not look at the
//!   flag (PyTorch does not), makes it a copy.
//! * Other processes, and libraries that lent us their memory, ask no registry. A file opened `r+`, shared memory that
//!   was made writable, and adopted memory are copied, unless the adopted memory is of a kind that has no writer:
//!   `bytes`, Ray's object store, what came through this interface. A read-only view of anything else is none.
//!
//! Counting handles that may write would be no simpler, cost every slice something, and refuse what slices can have:
//! the registry knows bytes, and a writer of other frames goes on.
//!
//! What is left: a tensor made from the audio while the Arrow data lives is read-only by its flag alone. One made
//! before from a read-only array of the audio (`torch.from_dlpack(np.asarray(audio))`) is not seen, for NumPy makes
//! it, and PyTorch writes through it all the same. A file opened `r` shows what another program writes into it, as
//! it does to every process that maps it.

#![allow(unsafe_code)]

mod import;
mod source;
mod structures;

use std::ffi::{CStr, CString, c_void};
use std::ptr;
use std::sync::Arc;

use pyo3::exceptions::{PyImportError, PyModuleNotFoundError, PyRuntimeError};
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use crate::audio::Audio;
use crate::dtype::Dtype;
use crate::error::Error;
use crate::layout::Layout;
use crate::python::arguments;
use crate::python::class::AudioSamples;
use crate::python::exchange::outward::Outward;
use crate::python::running;
use crate::registry::Until;
use crate::view::{Constancy, Loan, Samples};
use structures::{ArrowArray, ArrowSchema, NULLABLE, Released};

/// The key of the rate in Hz in a schema's metadata, whose values are text.
const RATE: &str = "sample_rate";
/// The key of the number of channels.
const CHANNELS: &str = "num_channels";
/// The key that tells one channel alone, `1`, from multi-channel audio of one channel, `2`.
const AXES: &str = "ndim";

const fn format(dtype: Dtype) -> &'static CStr {
    match dtype {
        Dtype::Int16 => c"s",
        Dtype::Int32 => c"i",
        Dtype::Float32 => c"f",
        Dtype::Float64 => c"g",
    }
}

/// One field for the whole audio, or one that holds a field for each channel.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ArrowForm {
    /// As many axes as the audio has.
    AsIs,
    /// Columns, of mono audio too.
    Columns,
}

impl ArrowForm {
    fn is_struct(self, layout: &Layout) -> bool {
        self == ArrowForm::Columns || layout.ndim() == 2
    }
}

/// Keys and values as the interface encodes them: lengths in the machine's byte order.
fn metadata(entries: &[(&str, String)]) -> Vec<u8> {
    let number = |count: usize| (count as i32).to_ne_bytes();
    let mut bytes = number(entries.len()).to_vec();
    for (key, value) in entries {
        for text in [key.as_bytes(), value.as_bytes()] {
            bytes.extend(number(text.len()));
            bytes.extend(text);
        }
    }
    bytes
}

fn schema(audio: &Audio, form: ArrowForm) -> Box<ArrowSchema> {
    let (layout, number) = (audio.layout(), format(audio.dtype()));
    let facts = metadata(&[
        (RATE, audio.rate().hertz().to_string()),
        (CHANNELS, layout.channels().to_string()),
        (AXES, layout.ndim().to_string()),
    ]);
    if !form.is_struct(layout) {
        return ArrowSchema::new(number, c"samples".into(), Some(facts), NULLABLE, Vec::new());
    }
    let field = |channel: usize| {
        let name = CString::new(format!("channel_{channel}")).unwrap_or_default();
        ArrowSchema::new(number, name, None, NULLABLE, Vec::new())
    };
    let fields = (0..layout.channels()).map(field).collect();
    ArrowSchema::new(c"+s", CString::default(), Some(facts), 0, fields)
}

/// Why these samples cannot be shared, if so.
fn hindrance(samples: &Samples) -> Option<&'static str> {
    let (layout, size) = (samples.layout(), samples.dtype().size());
    if samples.writable() {
        return Some(
            "Arrow data never changes, and this audio may; audio.as_readonly() is shared, and no caller writes to it \
             as long as the Arrow data is alive",
        );
    }
    let step = layout.channel_stride();
    let aligned = samples.first().addr().get().is_multiple_of(size)
        && (layout.channels() < 2 || step % size as isize == 0);
    if !layout.is_empty() && (!layout.has_dense_rows(size) || !aligned) {
        return Some(
            "an Arrow column lies side by side and aligned, and the samples of a channel do not",
        );
    }
    None
}

/// The arrays of samples that lie as Arrow wants them, and what keeps them.
fn array(loan: Loan, form: ArrowForm) -> Box<ArrowArray> {
    let (samples, loan) = (loan.samples().clone(), Arc::new(loan));
    let layout = *samples.layout();
    let column = |channel: usize| {
        let step = layout.channel_stride().wrapping_mul(channel as isize);
        let first = samples.first().as_ptr().wrapping_offset(step);
        let buffers = vec![ptr::null(), first.cast_const().cast::<c_void>()];
        ArrowArray::new(layout.frames(), buffers, Vec::new(), loan.clone())
    };
    if !form.is_struct(&layout) {
        return column(0);
    }
    let columns = (0..layout.channels()).map(column).collect();
    ArrowArray::new(layout.frames(), vec![ptr::null()], columns, loan.clone())
}

/// Frees what a capsule still has. A consumer has emptied the structure that it took.
unsafe extern "C" fn drop_capsule<S: Released>(capsule: *mut ffi::PyObject) {
    // SAFETY: CPython passes the capsule that goes, which `capsule` made with this name.
    let pointer = unsafe { ffi::PyCapsule_GetPointer(capsule, S::NAME.as_ptr()) };
    if !pointer.is_null() {
        // SAFETY: leaked by `capsule`, and taken back once. Its drop releases what is left in it.
        drop(unsafe { Box::from_raw(pointer.cast::<S>()) });
    }
}

fn capsule<S: Released>(py: Python<'_>, structure: Box<S>) -> PyResult<Bound<'_, PyAny>> {
    let pointer = Box::into_raw(structure);
    let name = S::NAME.as_ptr();
    // SAFETY: not null, with a static name; the capsule's destructor frees the structure.
    let capsule = unsafe { ffi::PyCapsule_New(pointer.cast(), name, Some(drop_capsule::<S>)) };
    if capsule.is_null() {
        // SAFETY: leaked just above, and no capsule took it.
        drop(unsafe { Box::from_raw(pointer) });
    }
    // SAFETY: a new reference, or NULL with an exception set.
    unsafe { Bound::from_owned_ptr_or_err(py, capsule) }
}

type Capsules<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>);

fn capsules<'py>(
    py: Python<'py>,
    audio: &AudioSamples,
    form: ArrowForm,
) -> PyResult<Capsules<'py>> {
    let shared = match hindrance(audio.audio().samples()) {
        Some(why) => Err(why),
        None => lend(py, audio.audio().samples())?,
    };
    let loan = match shared {
        Ok(loan) => loan,
        Err(why) => {
            let own = audio.copied(py, why)?;
            // This is the only handle on it: there is no reason to copy it again.
            lend(py, own.samples())?.map_err(PyRuntimeError::new_err)?
        }
    };
    let array = capsule(py, array(loan, form))?;
    Ok((capsule(py, schema(audio.audio(), form))?, array))
}

/// The samples for Arrow, or why they have to be copied.
fn lend(py: Python<'_>, samples: &Samples) -> PyResult<Result<Loan, &'static str>> {
    let constancy = match samples.keep_constant(Until::Now) {
        Err(Error::Busy) => running::wait(py, |until| samples.keep_constant(until))?,
        done => done?,
    };
    Ok(match constancy {
        Constancy::Kept(loan) => Ok(loan),
        Constancy::ForeignWriter => {
            Err("Arrow data never changes, and another holder of this memory may write to it")
        }
        Constancy::WritableView => Err(
            "Arrow data never changes, and a view that may write to these samples is alive \
             (audio.views lists it)",
        ),
    })
}

/// Audio as columns, for consumers that take nothing else.
#[pyclass(frozen, name = "_Columns", module = "audio_samples")]
struct Columns(Py<AudioSamples>);

#[pymethods]
impl Columns {
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Capsules<'py>> {
        let _ = requested_schema;
        capsules(py, self.0.get(), ArrowForm::Columns)
    }
}

fn pyarrow(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    py.import(intern!(py, "pyarrow")).map_err(|error| {
        if !error.is_instance_of::<PyModuleNotFoundError>(py) {
            return error;
        }
        let told = PyImportError::new_err("to_arrow needs PyArrow: pip install pyarrow");
        told.set_cause(py, Some(error));
        told
    })
}

#[pymethods]
impl AudioSamples {
    /// A capsule with the Arrow schema: numbers for mono audio, a struct of channels otherwise; the rate and the
    /// number of channels are in its metadata.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        capsule(py, schema(self.audio(), ArrowForm::AsIs))
    }

    /// Capsules with the Arrow schema and the array: read-only audio is shared, writable audio copied. As long as
    /// what is shared is alive, no operation writes to those samples: that raises `BorrowError`. No other schema can
    /// be requested.
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Capsules<'py>> {
        // By the protocol a producer that cannot give what is requested gives what it has.
        let _ = requested_schema;
        capsules(py, self, ArrowForm::AsIs)
    }

    /// A `pyarrow.RecordBatch` with one column a channel, for tables, Parquet and pandas. Writable
    /// audio is copied. Read-only audio is shared, and as long as that is alive no operation writes
    /// to those samples: through another handle, such as the one that `as_readonly()` was called
    /// on, it raises `BorrowError`. It is copied where a writer could not be refused: with a
    /// writable view alive, in shared memory that others may write to, in a file opened `r+`, in
    /// adopted memory that its owner may write to. Rate and channels are in the schema's metadata,
    /// where `from_arrow` finds them.
    fn to_arrow<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let columns = Bound::new(py, Columns(slf.clone().unbind()))?;
        pyarrow(py)?.call_out(intern!(py, "record_batch"), (columns,))
    }

    /// Audio on Arrow's memory (arrays, record batches and tables of PyArrow, pandas, Polars and others): numbers
    /// are mono audio, columns and lists of a fixed size are channels. It is read-only, for Arrow data never
    /// changes. `copy=None` copies where channels or chunks lie apart, and `copy=False` refuses those.
    /// `sample_rate` is needed unless the schema's metadata says it.
    #[staticmethod]
    #[pyo3(signature = (data, sample_rate = None, *, copy = None))]
    fn from_arrow(
        data: &Bound<'_, PyAny>,
        sample_rate: Option<&Bound<'_, PyAny>>,
        copy: Option<bool>,
    ) -> PyResult<AudioSamples> {
        let rate = sample_rate.map(arguments::sample_rate).transpose()?;
        import::import(data, rate, copy)
    }
}

/// The structure that a capsule has, moved out of it.
fn take<S: Released>(capsule: &Bound<'_, PyAny>) -> PyResult<S> {
    let capsule = capsule.cast::<PyCapsule>()?;
    // SAFETY: a capsule; a wrong name is an exception.
    let pointer = unsafe { ffi::PyCapsule_GetPointer(capsule.as_ptr(), S::NAME.as_ptr()) };
    if pointer.is_null() {
        return Err(PyErr::fetch(capsule.py()));
    }
    // SAFETY: by the protocol a capsule of that name points to such a structure, and the consumer that moves it out marks
    // the place as released.
    Ok(unsafe { S::take(pointer.cast()) })
}
