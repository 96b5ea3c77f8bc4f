//! How an operation of the core is run from Python: under the GIL if it is short, without it if it is long
//! or has to wait, and always so that Ctrl-C is answered.

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::audio::{Audio, Manner};
use crate::error::Error;
use crate::registry::{Claim, Frozen, Lease, Mode, Patience, Registry};
use crate::view::{self, Effort};

/// Bytes moved from which letting other Python threads run costs less than it gains:
/// detaching and attaching take about 100 ns, moving this many bytes some 10 microseconds.
const DETACH_AT: usize = 256 << 10;

/// Runs `work` once it is allowed to: at once under the GIL for few `bytes`, otherwise without the GIL,
/// waiting for other operations. `work` may be tried twice, but only an attempt that was refused is repeated.
#[inline]
pub fn run<R: Send>(
    py: Python<'_>,
    bytes: usize,
    work: impl Fn(Manner<'_>) -> Result<R, Error> + Sync,
) -> PyResult<R> {
    if bytes < DETACH_AT {
        match work(Manner::brief()) {
            Err(Error::Busy) => {}
            done => return done.map_err(PyErr::from),
        }
    }
    run_detached(py, work)
}

#[cold]
fn run_detached<R: Send>(
    py: Python<'_>,
    work: impl Fn(Manner<'_>) -> Result<R, Error> + Sync,
) -> PyResult<R> {
    let (done, signal) = py.detach(|| {
        let mut signal = None;
        let mut go_on = || !interrupted(&mut signal);
        let done = work(Manner {
            effort: Effort::Long,
            patience: Patience::While(&mut go_on),
        });
        (done, signal)
    });
    match (done, signal) {
        (Err(Error::Interrupted), Some(signal)) => Err(signal),
        (done, _) => done.map_err(PyErr::from),
    }
}

/// Whether a signal handler raised an exception, which it leaves in `signal`.
fn interrupted(signal: &mut Option<PyErr>) -> bool {
    *signal = Python::attach(|py| py.check_signals().err());
    signal.is_some()
}

/// Waits without the GIL, answering Ctrl-C, for something that takes a [`Patience`].
pub fn wait<R: Send>(
    py: Python<'_>,
    work: impl FnOnce(Patience<'_>) -> Result<R, Error> + Send,
) -> PyResult<R> {
    let (done, signal) = py.detach(|| {
        let mut signal = None;
        let mut go_on = || !interrupted(&mut signal);
        let done = work(Patience::While(&mut go_on));
        (done, signal)
    });
    match (done, signal) {
        (Err(Error::Interrupted), Some(signal)) => Err(signal),
        (done, _) => done.map_err(PyErr::from),
    }
}

/// Leases on some audio for what NumPy computes on its memory; waits without the GIL, answering Ctrl-C.
pub fn lease(py: Python<'_>, wanted: &[(&Audio, Mode)]) -> PyResult<Lease<'static>> {
    let claims: Vec<Claim> = wanted
        .iter()
        .map(|(audio, mode)| audio.samples().strided().claim(*mode))
        .collect();
    match view::lease(&claims, Patience::Never) {
        Err(Error::Busy) => wait(py, |patience| view::lease(&claims, patience)),
        done => done.map_err(PyErr::from),
    }
}

thread_local! {
    /// The locks of the registry, held by the thread that forks while it forks.
    static FROZEN: std::cell::RefCell<Option<Frozen<'static>>> =
        const { std::cell::RefCell::new(None) };
}

#[pyfunction]
fn before_fork() {
    FROZEN.with_borrow_mut(|frozen| *frozen = Some(Registry::global().freeze()));
}

#[pyfunction]
fn after_fork_in_parent() {
    FROZEN.with_borrow_mut(|frozen| drop(frozen.take()));
}

#[pyfunction]
fn after_fork_in_child() {
    if let Some(frozen) = FROZEN.with_borrow_mut(Option::take) {
        frozen.thaw_in_child();
    }
}

/// Has the registry stand still around every `os.fork()`.
pub fn survive_forks(py: Python<'_>) -> PyResult<()> {
    let os = py.import("os")?;
    if !os.hasattr("register_at_fork")? {
        return Ok(());
    }
    let hooks = PyDict::new(py);
    hooks.set_item("before", wrap_pyfunction!(before_fork, py)?)?;
    hooks.set_item(
        "after_in_parent",
        wrap_pyfunction!(after_fork_in_parent, py)?,
    )?;
    hooks.set_item("after_in_child", wrap_pyfunction!(after_fork_in_child, py)?)?;
    os.call_method("register_at_fork", (), Some(&hooks))?;
    Ok(())
}
