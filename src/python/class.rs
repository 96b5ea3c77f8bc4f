//! The class `AudioSamples`: the core's audio in a Python object. Its methods stand in the storeys above.

use std::sync::Arc;

use pyo3::prelude::*;

use crate::audio::Audio;
use crate::python::opening::Opening;

/// Audio in memory that Rust owns and NumPy shares.
///
/// Mono audio is `(frames,)`, multi-channel audio `(channels, frames)`; samples are int16,
/// int32, float32 or float64. Shape, type and sample rate never change, only the samples do.
/// Made by `new_mono`, `new_multi`, `zeros`, `from_numpy`, `from_buffer`, `read` and
/// `generation`.
//
// NumPy's random generators cast `out=` to an array without a look, and take four bytes of whatever it is for the array's
// flags. In this order of fields those are the number of axes, which never reads as the flags of a writable array.
#[pyclass(frozen, weakref, generic, freelist = 64, module = "audio_samples")]
#[repr(C)]
pub struct AudioSamples {
    audio: Audio,
    /// That of audio that `open`, `share` or `attach` has returned, and of its slices.
    opening: Option<Arc<Opening>>,
}

impl AudioSamples {
    /// The class around the core's audio.
    #[inline]
    pub fn new(audio: Audio) -> AudioSamples {
        AudioSamples::with(audio, None)
    }

    /// As [`AudioSamples::new`], with what is to be given up when it is closed.
    #[inline]
    pub fn with(audio: Audio, opening: Option<Arc<Opening>>) -> AudioSamples {
        AudioSamples { audio, opening }
    }

    /// As [`AudioSamples::new`], for a file or a segment just opened.
    pub fn opened(audio: Audio) -> AudioSamples {
        let opening = Arc::new(Opening::of(&audio));
        AudioSamples::with(audio, Some(opening))
    }

    #[inline]
    pub fn opening(&self) -> Option<&Arc<Opening>> {
        self.opening.as_ref()
    }

    /// The core's audio.
    #[inline]
    pub fn audio(&self) -> &Audio {
        &self.audio
    }

    /// A part of it on the same memory, which is closed with it, and it with the part.
    #[inline]
    pub fn part(&self, audio: Audio) -> AudioSamples {
        AudioSamples::with(audio, self.opening().cloned())
    }
}
