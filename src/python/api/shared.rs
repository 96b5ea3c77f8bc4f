//! `share` and `attach`: audio that several processes have at once.

use std::borrow::Cow;

use pyo3::prelude::*;

use crate::audio::Audio;
use crate::audio::shared::Handle;
use crate::dtype::Dtype;
use crate::kernel::Operand;
use crate::memory::Ticket;
use crate::python::arguments;
use crate::python::class::AudioSamples;
use crate::python::running;
use crate::python::running::leased;
use crate::registry::Mode;

/// A handle as it is pickled: name, type, shape, strides, first byte, whether the samples may be changed, and the
/// place and the mark of its ticket.
pub type HandleParts = (
    String,
    String,
    Vec<usize>,
    Vec<isize>,
    usize,
    bool,
    Option<(u32, u64)>,
);

#[pymethods]
impl AudioSamples {
    /// The same audio in memory that other processes can have too. The samples are copied into it
    /// once; audio that lies there already is returned as it is. Read-only audio stays read-only.
    ///
    /// Pickled, it is a small handle whatever its length, and the process that unpickles it has the
    /// same memory: what one process writes, all see. The memory goes when the last process lets go
    /// of it, also if that was killed. Each pickle keeps it until it is unpickled, for ten minutes
    /// at most; unpickling it again is good as long as some process has the audio. What was pickled
    /// and never taken goes when a process next shares audio, lets go of it or ends after that.
    ///
    /// Raises OSError if there is no room for it, and `CopyError` inside `no_copies()`.
    fn share(slf: &Bound<'_, Self>) -> PyResult<Py<Self>> {
        let (py, this) = (slf.py(), slf.get());
        let audio = this.audio();
        if audio.shared_name().is_some() {
            audio.samples().require_open("share()")?;
            return Ok(slf.clone().unbind());
        }
        this.allow_copy(
            py,
            "share() copies the samples into shared memory once; zeros(shape, sample_rate, shared=True) \
             makes them there",
        )?;
        let writable = audio.samples().writable();
        let shape = audio.layout().shape();
        let room =
            py.detach(|| Audio::zeros_shared(shape, audio.dtype(), audio.rate(), writable))?;
        running::run(py, this.bytes_per_pass(), |wait| {
            room.assign(&Operand::Samples(audio.samples().strided()), wait)
        })?;
        let shared = if writable {
            room
        } else {
            room.samples()
                .buffer()
                .settle_shared()
                .map_err(PyErr::from)?;
            room.with_samples(room.samples().readonly())
        };
        Py::new(py, AudioSamples::opened(shared))
    }

    /// The name under which other processes attach the memory of this audio; None unless it was
    /// shared.
    #[getter]
    fn shared_name(&self) -> Option<&str> {
        self.audio().shared_name()
    }

    /// The shared audio of that name, which another process made with `share()`: all of it, and no copy. What
    /// is expected of it can be said with `shape` and `dtype`.
    ///
    /// Raises FileNotFoundError where there is none, ValueError for another shape or type than expected, and
    /// `AudioFileError` where it is damaged.
    #[staticmethod]
    #[pyo3(signature = (name, *, shape = None, dtype = None))]
    fn attach(
        py: Python<'_>,
        name: Cow<'_, str>,
        shape: Option<&Bound<'_, PyAny>>,
        dtype: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<AudioSamples> {
        let shape = shape.map(arguments::shape).transpose()?;
        let dtype = dtype.map(arguments::dtype).transpose()?;
        // Refused, it lets go of what it has opened.
        let opened = AudioSamples::opened(py.detach(|| Audio::attach(&name))?);
        opened.audio().require(shape.as_deref(), dtype)?;
        Ok(opened)
    }
}

/// What is pickled instead of shared samples; `None` for samples that are not shared.
#[pyfunction]
#[pyo3(name = "_handle")]
pub fn handle(audio: &Bound<'_, AudioSamples>) -> PyResult<Option<HandleParts>> {
    let (py, audio) = (audio.py(), audio.get().audio());
    // A read lease first: it is refused while the samples are borrowed for writing, or closed.
    // Without the GIL: it looks through the folder, and may wait for another thread that does.
    let made = leased(py, &[(audio, Mode::Read)], || {
        Ok(py.detach(|| audio.handle()))
    })?;
    Ok(made.map(|handle| {
        let dtype = handle.dtype.name().to_owned();
        let Handle {
            name,
            shape,
            strides,
            offset,
            writable,
            ticket,
            ..
        } = handle;
        let ticket = ticket.map(|ticket| (ticket.place, ticket.mark));
        (name, dtype, shape, strides, offset, writable, ticket)
    }))
}

/// The audio that a pickled handle stands for.
#[pyfunction]
#[pyo3(name = "_attach")]
pub fn attach_handle(py: Python<'_>, parts: HandleParts) -> PyResult<AudioSamples> {
    let (name, dtype, shape, strides, offset, writable, ticket) = parts;
    let handle = Handle {
        dtype: Dtype::from_name(&dtype)?,
        name,
        shape,
        strides,
        offset,
        writable,
        ticket: ticket.map(|(place, mark)| Ticket { place, mark }),
    };
    Ok(AudioSamples::opened(
        py.detach(|| Audio::of_handle(&handle))?,
    ))
}
