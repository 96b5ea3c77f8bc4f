//! One of perhaps several openings of a mapped file or a shared segment.

use pyo3::prelude::*;

use crate::audio::Audio;
use crate::memory::Buffer;
use crate::sync::{AtomicBool, Ordering};

/// What `open`, `share` or `attach` has given to the audio that it returned, and that to its slices: one of perhaps
/// several openings of the file or the segment.
pub struct Opening {
    buffer: Buffer,
    is_over: AtomicBool,
}

impl Opening {
    /// That of audio just opened.
    pub fn of(audio: &Audio) -> Opening {
        Opening {
            buffer: audio.samples().buffer().clone(),
            is_over: AtomicBool::new(false),
        }
    }

    pub fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }

    /// Gives it up. `close` is called if it was the last one, and may fail: then nothing has changed.
    pub fn end(&self, close: impl FnOnce() -> PyResult<()>) -> PyResult<()> {
        if self.is_over.swap(true, Ordering::AcqRel) || !self.buffer.leave() {
            return Ok(());
        }
        let closed = close();
        if closed.is_err() {
            self.buffer.stay();
            self.is_over.store(false, Ordering::Release);
        }
        closed
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        if !self.is_over() {
            self.buffer.leave();
        }
    }
}
