//! The exceptions that Python sees, and the one mapping of the core's errors to them.

use pyo3::exceptions::{
    PyBufferError, PyException, PyIndexError, PyKeyboardInterrupt, PyMemoryError, PyOSError,
    PyOverflowError, PyTypeError, PyValueError, PyZeroDivisionError,
};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple, PyType};

use crate::error::{Error, Unfit};
use crate::python::wording::wording;

/// Our own exception classes. Each is an `AudioSamplesError` and what the field expects besides.
struct Classes {
    base: Py<PyType>,
    sample_rate: Py<PyType>,
    borrow: Py<PyType>,
    copy: Py<PyType>,
    file: Py<PyType>,
}

fn classes(py: Python<'_>) -> PyResult<&Classes> {
    static CLASSES: PyOnceLock<Classes> = PyOnceLock::new();
    CLASSES.get_or_try_init(py, || {
        // Classes with two bases have no constructor in PyO3: they are made as Python makes them.
        let make = |name: &str, doc: &str, bases: &[Bound<'_, PyType>]| -> PyResult<Py<PyType>> {
            let members = PyDict::new(py);
            members.set_item("__doc__", doc)?;
            members.set_item("__module__", "audio_samples")?;
            let class = py
                .get_type::<PyType>()
                .call1((name, PyTuple::new(py, bases)?, members))?;
            Ok(class.cast_into::<PyType>()?.unbind())
        };
        let base = make(
            "AudioSamplesError",
            "The base of this package's own errors.",
            &[py.get_type::<PyException>()],
        )?;
        let own = || base.bind(py).clone();
        Ok(Classes {
            sample_rate: make(
                "SampleRateError",
                "Audio of two sample rates in one operation, or a sample rate that is none.",
                &[own(), py.get_type::<PyValueError>()],
            )?,
            borrow: make(
                "BorrowError",
                "Samples that a caller has borrowed, or that an operation of this thread still uses.",
                &[own(), py.get_type::<PyBufferError>()],
            )?,
            copy: make(
                "CopyError",
                "Samples would have been copied inside no_copies().",
                &[own()],
            )?,
            file: make(
                "AudioFileError",
                "A file that is damaged or of a kind that is not read.\n\n`offset` is the byte in \
                 question, or None; `filename` is the path, or None for file objects and bytes.",
                &[own(), py.get_type::<PyValueError>()],
            )?,
            base,
        })
    })
}

/// Puts the classes into the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let classes = classes(py)?;
    let named = [
        &classes.base,
        &classes.sample_rate,
        &classes.borrow,
        &classes.copy,
        &classes.file,
    ];
    for class in named {
        let class = class.bind(py);
        module.add(class.name()?, class)?;
    }
    Ok(())
}

fn raise(which: impl FnOnce(&Classes) -> &Py<PyType>, message: String) -> PyErr {
    Python::attach(|py| match classes(py) {
        Ok(classes) => PyErr::from_type(which(classes).bind(py).clone(), message),
        Err(error) => error,
    })
}

/// A `BorrowError`.
pub fn borrow_error(message: impl Into<String>) -> PyErr {
    raise(|classes| &classes.borrow, message.into())
}

/// A `CopyError`.
pub fn copy_error(message: impl Into<String>) -> PyErr {
    raise(|classes| &classes.copy, message.into())
}

impl From<Error> for PyErr {
    fn from(error: Error) -> PyErr {
        let message = wording(&error);
        match error {
            Error::NotASampleType { .. } | Error::CastRefused { .. } => {
                PyTypeError::new_err(message)
            }
            Error::OutOfMemory { .. } | Error::TooLarge { .. } => PyMemoryError::new_err(message),
            Error::NotAudio { .. }
            | Error::TooManySamples { .. }
            | Error::OutsideBuffer { .. }
            | Error::ShapeMismatch { .. }
            | Error::ReadOnly
            | Error::Closed
            | Error::InvalidArgument { .. } => PyValueError::new_err(message),
            Error::IndexOutOfRange { .. } => PyIndexError::new_err(message),
            Error::SampleRateMismatch { .. } | Error::InvalidSampleRate { .. } => {
                raise(|classes| &classes.sample_rate, message)
            }
            Error::Unfit(unfit) => match *unfit {
                Unfit::Rate { .. } => raise(|classes| &classes.sample_rate, message),
                Unfit::Type { .. } => PyTypeError::new_err(message),
                Unfit::Channels { .. } | Unfit::Shape { .. } => PyValueError::new_err(message),
            },
            Error::DivisionByZero { .. } => PyZeroDivisionError::new_err(message),
            Error::IntegerOverflow { .. } => PyOverflowError::new_err(message),
            Error::Borrowed(_) | Error::StillSeen { .. } | Error::Busy => borrow_error(message),
            Error::Interrupted => PyKeyboardInterrupt::new_err(message),
            Error::File { offset, path, .. } => file_error(message, offset, path),
            Error::FolderRefuses {
                code: Some(code),
                message: reason,
                path,
            } => {
                let reason = format!(
                    "{reason}: the folder takes no new file to replace this one, and replace=False writes into the \
                     file itself"
                );
                PyOSError::new_err((code, reason, path))
            }
            Error::FolderRefuses { .. } => PyOSError::new_err(message),
            Error::Io {
                code,
                message: reason,
                path,
            } => match code {
                // OSError makes FileNotFoundError, PermissionError and the like of the number.
                Some(code) => PyOSError::new_err((code, reason, path)),
                None => PyOSError::new_err(message),
            },
        }
    }
}

fn file_error(message: String, offset: Option<u64>, path: Option<String>) -> PyErr {
    let error = raise(|classes| &classes.file, message);
    let set = Python::attach(|py| {
        let error = error.value(py);
        error.setattr("offset", offset)?;
        error.setattr("filename", path)
    });
    match set {
        Ok(()) => error,
        Err(other) => other,
    }
}
