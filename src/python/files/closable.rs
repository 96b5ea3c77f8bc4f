//! What an open file object of ours works with: for one thread at a time, and nothing once it is closed.

use std::thread_local;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::python::errors::borrow_error;
use crate::sync::{AtomicU64, Mutex, Ordering};

thread_local! {
    /// A number that no other thread has; 0 stands for no thread.
    static THREAD: u64 = {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        NEXT.fetch_add(1, Ordering::Relaxed)
    };
}

/// The error of a call after `close()`.
fn closed() -> PyErr {
    PyValueError::new_err("the file is closed; open it again")
}

/// Something that can be closed.
pub struct Opened<T> {
    content: Mutex<Option<T>>,
    /// The thread that works with it.
    holder: AtomicU64,
}

/// Free again, however the work ends.
struct InUse<'a>(&'a AtomicU64);

impl Drop for InUse<'_> {
    fn drop(&mut self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

impl<T: Send> Opened<T> {
    pub fn new(content: T) -> Opened<T> {
        Opened {
            content: Mutex::new(Some(content)),
            holder: AtomicU64::new(0),
        }
    }

    /// Work on the place of the content, without the GIL while another thread is at it. A thread that is at it
    /// itself is in a signal handler, or in a method of a file object of its own, and would wait for ever.
    fn enter<R: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut Option<T>) -> PyResult<R> + Send,
    ) -> PyResult<R> {
        let this = THREAD.with(|number| *number);
        if self.holder.load(Ordering::Relaxed) == this {
            return Err(borrow_error(
                "this thread is in the middle of reading or writing a block of this file; come back when \
                 that is done",
            ));
        }
        py.detach(|| {
            let mut content = self.content.lock();
            self.holder.store(this, Ordering::Relaxed);
            let _held = InUse(&self.holder);
            Python::attach(|_| work(&mut content))
        })
    }

    /// Work on the content.
    pub fn with<R: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(Python<'_>, &mut T) -> PyResult<R> + Send,
    ) -> PyResult<R> {
        self.enter(py, |content| {
            Python::attach(|py| work(py, content.as_mut().ok_or_else(closed)?))
        })
    }

    /// Closes it: the content, if it was open.
    pub fn take(&self, py: Python<'_>) -> PyResult<Option<T>> {
        self.enter(py, |content| Ok(content.take()))
    }

    pub fn is_closed(&self, py: Python<'_>) -> PyResult<bool> {
        self.enter(py, |content| Ok(content.is_none()))
    }
}

/// What a `with` asks of a class that has an [`Opened`] in `open`, and `close()`: however its block ends, it is closed.
macro_rules! closes_with_its_block {
    ($Class:ident) => {
        #[pymethods]
        impl $Class {
            /// Whether it was closed.
            #[getter]
            fn closed(&self, py: Python<'_>) -> PyResult<bool> {
                self.open.is_closed(py)
            }

            fn __enter__(slf: Py<Self>, py: Python<'_>) -> PyResult<Py<Self>> {
                slf.get().open.with(py, |_, _| Ok(()))?;
                Ok(slf)
            }

            #[pyo3(signature = (kind = None, error = None, trace = None))]
            fn __exit__(
                &self,
                py: Python<'_>,
                kind: Option<&Bound<'_, PyAny>>,
                error: Option<&Bound<'_, PyAny>>,
                trace: Option<&Bound<'_, PyAny>>,
            ) -> PyResult<()> {
                let _ = (kind, error, trace);
                self.close(py)
            }
        }
    };
}
pub(super) use closes_with_its_block;
