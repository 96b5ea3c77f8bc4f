//! The class of all processors: what their kinds extend.

use std::sync::{Mutex, TryLockError};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::dsp as core;
use crate::dsp::Session;
use crate::error::Error;
use crate::python::class::AudioSamples;
use crate::python::running;

/// The state of something that several threads may call, one at a time.
pub struct OneAtATime<T>(Mutex<T>);

impl<T: Send> OneAtATime<T> {
    pub fn new(state: T) -> OneAtATime<T> {
        OneAtATime(Mutex::new(state))
    }

    /// Runs `work` on the state. A thread that would have to wait for another one is refused: blocks come in an order.
    pub fn with<R>(&self, work: impl FnOnce(&mut T) -> PyResult<R>) -> PyResult<R> {
        match self.0.try_lock() {
            Ok(mut state) => work(&mut state),
            Err(TryLockError::Poisoned(poisoned)) => work(&mut poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => Err(PyRuntimeError::new_err(
                "another thread is using this processor; blocks have an order, so make a processor for each thread",
            )),
        }
    }
}

/// The state of one kind of processing, carried from block to block. Made by its kinds, such as
/// `Gain`.
///
/// A block of another rate, type or number of channels than those before it is a ValueError
/// that names both.
#[pyclass(frozen, subclass, module = "audio_samples.dsp", name = "Processor")]
pub struct ProcessorObject {
    session: OneAtATime<Session>,
    /// As it was made, for copies: one is made while another thread uses the session.
    made: Box<dyn core::Processor>,
}

impl ProcessorObject {
    pub fn of(processor: impl core::Processor + 'static) -> PyClassInitializer<ProcessorObject> {
        PyClassInitializer::from(ProcessorObject::boxed(Box::new(processor)))
    }

    pub fn boxed(processor: Box<dyn core::Processor>) -> ProcessorObject {
        ProcessorObject {
            made: processor.fresh(),
            session: OneAtATime::new(Session::new(processor)),
        }
    }

    /// One of the same kind that has not processed anything.
    pub fn another(&self) -> Box<dyn core::Processor> {
        self.made.fresh()
    }
}

/// Runs something that has a state, which one attempt must not take from another: it waits from the start.
pub fn wait<R: Send>(
    py: Python<'_>,
    work: impl FnOnce(crate::audio::Wait<'_>) -> Result<R, Error> + Send,
) -> PyResult<R> {
    running::wait(py, |until| {
        work(crate::audio::Wait {
            lock: crate::view::Lock::Leases,
            until,
        })
    })
}

#[pymethods]
impl ProcessorObject {
    /// Processes the next block and gives what comes out as new audio.
    ///
    /// What comes out lags behind by `latency` frames; `stream` and `AudioSamples.apply` take that
    /// out.
    ///
    /// >>> block = AudioSamples.new_mono(np.ones(2), 48_000)
    /// >>> audio_samples.dsp.Gain(-20).process(block).to_numpy()
    /// array([0.1, 0.1])
    fn process(&self, py: Python<'_>, block: &Bound<'_, AudioSamples>) -> PyResult<AudioSamples> {
        let audio = block.get().audio();
        let out = self
            .session
            .with(|session| wait(py, |until| session.process(audio, until)))?;
        Ok(AudioSamples::new(out))
    }

    /// Processes the next block where it lies, and gives the same object.
    fn process_inplace<'py>(
        &self,
        block: Bound<'py, AudioSamples>,
    ) -> PyResult<Bound<'py, AudioSamples>> {
        let py = block.py();
        let audio = block.get().audio();
        self.session
            .with(|session| wait(py, |until| session.process_inplace(audio, until)))?;
        Ok(block)
    }

    /// What is still inside, as new audio; None if there was no block.
    ///
    /// The next block begins another signal.
    fn flush(&self, py: Python<'_>) -> PyResult<Option<AudioSamples>> {
        let rest = self.session.with(|session| wait(py, |_| session.flush()))?;
        Ok(rest.map(AudioSamples::new))
    }

    /// Forgets all blocks: the next one begins another signal.
    fn reset(&self) -> PyResult<()> {
        self.session.with(|session| {
            session.reset();
            Ok(())
        })
    }

    /// Frames by which what comes out lags behind what goes in.
    ///
    /// Known from the first block on, which says the rate.
    #[getter]
    fn latency(&self) -> PyResult<usize> {
        self.session
            .with(|session| Ok(session.processor().latency()))
    }

    /// A processor of the same kind that has not processed anything.
    fn copy(&self) -> ProcessorObject {
        ProcessorObject::boxed(self.another())
    }
}
