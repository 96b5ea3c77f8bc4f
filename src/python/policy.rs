//! What users set for the current context: `with no_copies()`, `with integer_overflow("saturate")`.
//!
//! A setting is a `contextvars.ContextVar`, so that threads and tasks have their own. It costs a look-up of
//! some 50 ns, and one load of a flag as long as no caller has ever used it.

use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::audio::Audio;
use crate::dtype::Dtype;
use crate::error::Error;
use crate::kernel::Overflow;
use crate::python::class::AudioSamples;
use crate::python::errors::copy_error;
use crate::python::running;
use crate::sync::{AtomicBool, Ordering};

/// One setting.
pub struct Policy {
    name: &'static str,
    used: AtomicBool,
    variable: PyOnceLock<Py<PyAny>>,
}

static NO_COPIES: Policy = Policy::named("no_copies");
static INTEGER_OVERFLOW: Policy = Policy::named("integer_overflow");

/// All settings, as `_policies.py` names them.
static POLICIES: [&Policy; 2] = [&NO_COPIES, &INTEGER_OVERFLOW];

impl Policy {
    const fn named(name: &'static str) -> Policy {
        Policy {
            name,
            used: AtomicBool::new(false),
            variable: PyOnceLock::new(),
        }
    }

    /// What is set for the current context, if anything was ever set for any.
    #[inline]
    pub fn current<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        // Relaxed: the caller that sets it in this context has written the flag on this thread, or has handed the
        // context over to it.
        if !self.used.load(Ordering::Relaxed) {
            return Ok(None);
        }
        self.look_up(py)
    }

    #[cold]
    fn look_up<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(variable) = self.variable.get(py) else {
            return Ok(None);
        };
        let value = variable.bind(py).call_method0(intern!(py, "get"))?;
        Ok(Some(value).filter(|value| !value.is_none()))
    }
}

/// Has the setting of that name looked up in a `ContextVar`, whose default is None, from now on.
#[pyfunction]
pub fn _use_policy(py: Python<'_>, name: &str, variable: Py<PyAny>) -> PyResult<()> {
    let policy = POLICIES.iter().find(|policy| policy.name == name);
    let policy = policy.ok_or_else(|| PyValueError::new_err(format!("no policy {name}")))?;
    policy.variable.get_or_init(py, || variable);
    policy.used.store(true, Ordering::Release);
    Ok(())
}

/// What becomes of integer results of type `result` that do not fit, in the current context.
#[inline]
pub fn overflow(py: Python<'_>, result: Dtype) -> PyResult<Overflow> {
    if result.is_float() {
        return Ok(Overflow::Wrap);
    }
    match INTEGER_OVERFLOW.current(py)? {
        None => Ok(Overflow::Wrap),
        Some(mode) => match mode.extract::<String>()?.as_str() {
            "saturate" => Ok(Overflow::Saturate),
            "raise" => Ok(Overflow::Raise),
            _ => Ok(Overflow::Wrap),
        },
    }
}

/// A `CopyError` inside `no_copies()`. `bytes` are those that would be copied, `why` says what for, and the
/// way out: "copy() is a copy; ...".
#[inline]
pub fn allow_copy(py: Python<'_>, bytes: usize, why: impl FnOnce() -> String) -> PyResult<()> {
    match NO_COPIES.current(py)? {
        None => Ok(()),
        Some(_) => Err(refused(bytes, &why())),
    }
}

/// As [`allow_copy`], for the bytes of an operand that overlaps what an operation changes.
#[inline]
pub fn allow_operand(py: Python<'_>, bytes: impl FnOnce() -> Result<usize, Error>) -> PyResult<()> {
    if NO_COPIES.current(py)?.is_none() {
        return Ok(());
    }
    match bytes()? {
        0 => Ok(()),
        bytes => Err(refused(
            bytes,
            "the operand overlaps what is changed, in another order, and is copied first",
        )),
    }
}

#[cold]
fn refused(bytes: usize, why: &str) -> PyErr {
    copy_error(format!(
        "{bytes} bytes of samples would be copied inside no_copies(): {why}"
    ))
}

impl AudioSamples {
    /// A `CopyError` where copies are not allowed.
    pub fn allow_copy(&self, py: Python<'_>, why: &str) -> PyResult<()> {
        let layout = self.audio().layout();
        let bytes = layout.len() * self.audio().dtype().size();
        allow_copy(py, bytes, || why.to_owned())
    }

    /// The same audio in memory of its own, if copies are allowed here.
    pub fn copied(&self, py: Python<'_>, why: &str) -> PyResult<Audio> {
        self.allow_copy(py, why)?;
        running::run(py, self.bytes_per_pass(), |wait| self.audio().copy(wait))
    }
}
