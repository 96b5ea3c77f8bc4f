//! How an operation of the core is run from Python: under the GIL if it is short, without it if it is long
//! or has to wait, and always so that Ctrl-C is answered.

use std::cell::Cell;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::audio::{Audio, Wait};
use crate::error::Error;
use crate::kernel;
use crate::python::class::AudioSamples;
use crate::registry::{Claim, Lease, Mode, Until};
use crate::view::{self, Lock};

/// Bytes moved from which letting other Python threads run costs less than it gains:
/// detaching and attaching take about 100 ns, moving this many bytes some 10 microseconds.
const DETACH_AT: usize = 256 << 10;

/// Runs `work` once it is allowed to: at once under the GIL for few `bytes`, otherwise without the GIL,
/// waiting for other operations. `work` may be tried twice, but only an attempt that was refused is repeated.
#[inline]
pub fn run<R: Send>(
    py: Python<'_>,
    bytes: usize,
    work: impl Fn(Wait<'_>) -> Result<R, Error> + Sync,
) -> PyResult<R> {
    if bytes < DETACH_AT {
        match work(Wait::brief()) {
            Err(Error::Busy) => {}
            done => return done.map_err(PyErr::from),
        }
    }
    run_detached(py, work)
}

#[cold]
fn run_detached<R: Send>(
    py: Python<'_>,
    work: impl Fn(Wait<'_>) -> Result<R, Error> + Sync,
) -> PyResult<R> {
    let (done, signal) = py.detach(|| {
        let mut signal = None;
        let mut go_on = || !interrupted(&mut signal);
        let done = work(Wait {
            lock: Lock::Leases,
            until: Until::Stopped(&mut go_on),
        });
        (done, signal)
    });
    match (done, signal) {
        (Err(Error::Interrupted), Some(signal)) => Err(signal),
        (done, _) => done.map_err(PyErr::from),
    }
}

/// Whether a signal handler raised an exception, which it leaves in `signal`. There is nothing to wait for
/// either once the interpreter is gone.
fn interrupted(signal: &mut Option<PyErr>) -> bool {
    match Python::try_attach(|py| py.check_signals()) {
        Some(handled) => *signal = handled.err(),
        None => return true,
    }
    signal.is_some()
}

/// Waits without the GIL, answering Ctrl-C, for something that takes a [`Until`].
pub fn wait<R: Send>(
    py: Python<'_>,
    work: impl FnOnce(Until<'_>) -> Result<R, Error> + Send,
) -> PyResult<R> {
    let (done, signal) = py.detach(|| {
        let mut signal = None;
        let mut go_on = || !interrupted(&mut signal);
        let done = work(Until::Stopped(&mut go_on));
        (done, signal)
    });
    match (done, signal) {
        (Err(Error::Interrupted), Some(signal)) => Err(signal),
        (done, _) => done.map_err(PyErr::from),
    }
}

thread_local! {
    /// A lease on its way out of a wait: it stays on its thread, which the compiler cannot see there.
    static GRANTED: Cell<Option<Lease<'static>>> = const { Cell::new(None) };
}

/// Leases on some audio for what NumPy computes on its memory; waits without the GIL, answering Ctrl-C. A refusal
/// counts the frames of `whole`.
pub fn lease(
    py: Python<'_>,
    whole: Option<&Audio>,
    wanted: &[(&Audio, Mode)],
) -> PyResult<Lease<'static>> {
    let claims: Vec<Claim> = wanted
        .iter()
        .map(|(audio, mode)| audio.samples().strided().claim(*mode))
        .collect();
    let asked = whole.map(|audio| audio.samples().strided());
    match view::lease(asked.as_ref(), &claims, Until::Now) {
        Err(Error::Busy) => wait(py, |until| {
            GRANTED.set(Some(view::lease(asked.as_ref(), &claims, until)?));
            Ok(())
        })
        .and_then(|()| GRANTED.take().ok_or_else(|| Error::Busy.into())),
        done => done.map_err(PyErr::from),
    }
}

/// Runs Python code while holding leases on some audio: for what NumPy computes on our memory.
pub fn leased<R>(
    py: Python<'_>,
    wanted: &[(&Audio, Mode)],
    work: impl FnOnce() -> PyResult<R>,
) -> PyResult<R> {
    let _held = lease(py, wanted.first().map(|(audio, _)| *audio), wanted)?;
    work()
}

/// As [`leased`], for parts of `whole`, whose frames a refusal counts.
pub fn leased_within<R>(
    py: Python<'_>,
    whole: &Audio,
    wanted: &[(&Audio, Mode)],
    work: impl FnOnce() -> PyResult<R>,
) -> PyResult<R> {
    let _held = lease(py, Some(whole), wanted)?;
    work()
}

/// How many threads one large operation may use.
#[pyfunction]
pub fn num_threads() -> usize {
    kernel::threads()
}

/// Sets how many threads one large operation may use; 1 keeps everything on the calling thread.
/// The environment variable `AUDIO_SAMPLES_NUM_THREADS` sets it at the start.
#[pyfunction]
pub fn set_num_threads(threads: usize) -> PyResult<()> {
    if threads == 0 {
        return Err(PyValueError::new_err("threads must be at least 1, not 0"));
    }
    kernel::set_threads(threads);
    Ok(())
}

impl AudioSamples {
    /// Bytes read and written by a pass over all samples.
    #[inline]
    pub fn bytes_per_pass(&self) -> usize {
        2 * self.audio().layout().len() * self.audio().dtype().size()
    }
}
