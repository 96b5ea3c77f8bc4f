//! Where bytes come from and go to: paths, Python's file objects, and objects that are bytes.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyBlockingIOError, PyFileNotFoundError, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyMemoryView, PySlice};

use crate::error::Error;
use crate::files::input::{ByteSource, Input, Memory, Positional, Reader, sought};
use crate::files::regular;
use crate::files::spool::{Pipe, spool};
use crate::python::arguments;
use crate::python::class::AudioSamples;
use crate::python::exchange::ndarray;
use crate::python::exchange::outward::Outward;
use crate::sync::Mutex;

/// What a Python object raised while the core was reading: raised again once that has given up.
#[derive(Clone)]
pub struct Raised(Arc<Mutex<Option<PyErr>>>);

impl Raised {
    fn new() -> Raised {
        Raised(Arc::new(Mutex::new(None)))
    }

    /// The result, or what was raised.
    pub fn finish<R>(&self, result: Result<R, impl Into<PyErr>>) -> PyResult<R> {
        match self.0.lock().take() {
            Some(error) => Err(error),
            None => result.map_err(Into::into),
        }
    }

    /// An error once a signal handler has raised something, as that of Ctrl-C does.
    fn ask(&self) -> io::Result<()> {
        match Python::try_attach(|py| py.check_signals()) {
            Some(handled) => handled.map_err(|error| self.keep(error)),
            None => Err(io::Error::other("the interpreter is gone")),
        }
    }

    fn keep(&self, error: PyErr) -> io::Error {
        *self.0.lock() = Some(error);
        io::Error::other("the file object raised an exception")
    }
}

/// Where samples are read from.
pub struct From {
    raised: Raised,
    path: Option<PathBuf>,
}

impl From {
    /// Opens a path, or takes an object's bytes.
    pub fn open(given: &Bound<'_, PyAny>) -> PyResult<(From, Input<'static>)> {
        let raised = Raised::new();
        let mut path = None;
        refuse_what_is_no_file(given)?;
        refuse_text_mode(given, "rb")?;
        let py = given.py();
        let named = match given.cast::<PyBytes>() {
            Ok(bytes) => path_in(bytes)?,
            Err(_) => path_of(given)?,
        };
        let input: Input<'static> = if let Some(named) = named {
            let input = py.detach(|| at_path(&named, &raised));
            path = Some(named);
            raised.finish(input)?
        } else if given.hasattr(intern!(py, "read"))? {
            let mut object = FileObject {
                object: given.clone().unbind(),
                raised: raised.clone(),
            };
            if is_pipe(given)? {
                let spooled = py.detach(|| spool(&mut object));
                let spooled = raised.finish(spooled.map_err(|error| Error::io(&error, None)))?;
                Box::new(Reader::new(Attentive::new(spooled, raised.clone())))
            } else {
                Box::new(object)
            }
        } else if let Ok(bytes) = given.cast::<PyBytes>() {
            // Bytes never change: as many may read them as like.
            let bytes = Memory(PyBackedBytes::from(bytes.clone()));
            Box::new(Reader::new(Attentive::new(bytes, raised.clone())))
        } else if let Ok(view) = PyMemoryView::from(given) {
            Box::new(BufferObject::of(&view, raised.clone())?)
        } else {
            return Err(PyTypeError::new_err(format!(
                "expected a path, a binary file object with .read(), or bytes, not {}",
                given.get_type().name()?
            )));
        };
        Ok((From { raised, path }, input))
    }

    /// The error with the path in it.
    pub fn named(&self, error: Error) -> Error {
        match &self.path {
            Some(path) => error.at_path(path),
            None => error,
        }
    }

    /// The result of reading, or what the object raised meanwhile; an error names the path.
    pub fn finish<R>(&self, result: Result<R, Error>) -> PyResult<R> {
        self.raised
            .finish(result.map_err(|error| self.named(error)))
    }

    /// What the object raised, or the result, whose error names the path already.
    pub fn finish_named<R>(&self, result: PyResult<R>) -> PyResult<R> {
        self.raised.finish(result)
    }
}

/// The bytes of the file at a path. A pipe is read to its end first.
fn at_path(path: &Path, raised: &Raised) -> Result<Input<'static>, Error> {
    if !regular::is_pipe(path) {
        let file = regular::open(path, false)?;
        return Ok(Box::new(Reader::new(Attentive::new(file, raised.clone()))));
    }
    let io = |error| Error::io(&error, Some(path));
    let mut pipe = Pipe::open(path, || raised.ask()).map_err(io)?;
    let spooled = spool(&mut pipe).map_err(io)?;
    Ok(Box::new(Reader::new(Attentive::new(
        spooled,
        raised.clone(),
    ))))
}

/// How often signal handlers are given a chance while a file is read.
const ASKED_EVERY: Duration = Duration::from_millis(50);

/// Bytes that are read until a signal handler raises something, as that of Ctrl-C does.
struct Attentive<P> {
    bytes: P,
    raised: Raised,
    /// The thread that asks: the others that read the same file need not wait for the interpreter.
    thread: ThreadId,
    asked: Mutex<Instant>,
}

impl<P> Attentive<P> {
    fn new(bytes: P, raised: Raised) -> Attentive<P> {
        Attentive {
            bytes,
            raised,
            thread: thread::current().id(),
            asked: Mutex::new(Instant::now()),
        }
    }

    /// An error once something was raised.
    fn ask(&self) -> io::Result<()> {
        if self.raised.0.lock().is_some() {
            return Err(io::Error::other("reading was interrupted"));
        }
        if thread::current().id() != self.thread || self.asked.lock().elapsed() < ASKED_EVERY {
            return Ok(());
        }
        *self.asked.lock() = Instant::now();
        self.raised.ask()
    }
}

impl<P: Positional> Positional for Attentive<P> {
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        self.ask()?;
        self.bytes.read_at(into, offset)
    }

    fn size(&self) -> io::Result<u64> {
        self.bytes.size()
    }
}

/// Samples are no file, and a file of plain bytes in an array is one.
fn refuse_what_is_no_file(given: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = given.py();
    if given.is_instance_of::<AudioSamples>() {
        return Err(PyTypeError::new_err(
            "expected a path, a binary file object or the bytes of a file, not AudioSamples, which are audio \
             already; AudioSamples.new_mono(audio, sample_rate) and audio.copy() copy it",
        ));
    }
    if ndarray::is_array(given) {
        let dtype = given.getattr(intern!(py, "dtype"))?;
        let width: usize = dtype.getattr(intern!(py, "itemsize"))?.extract()?;
        if width != 1 {
            return Err(PyTypeError::new_err(format!(
                "expected a path, a binary file object or the bytes of a file, not an array of {dtype}; \
                 AudioSamples.new_mono(array, sample_rate) makes audio of samples, and new_multi of several channels"
            )));
        }
    }
    Ok(())
}

/// A file that Python has opened as text gives and takes no bytes.
fn refuse_text_mode(given: &Bound<'_, PyAny>, mode: &str) -> PyResult<()> {
    let py = given.py();
    let text = py
        .import(intern!(py, "io"))?
        .getattr(intern!(py, "TextIOBase"))?;
    if given.is_instance(&text)? {
        return Err(PyTypeError::new_err(format!(
            "the file is open as text; open it with mode '{mode}', or give its .buffer"
        )));
    }
    Ok(())
}

/// Whether a file object gives its bytes once, as a pipe does: formats need to go back.
fn is_pipe(given: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = given.py();
    if given.hasattr(intern!(py, "seekable"))? {
        return Ok(!given.call_out(intern!(py, "seekable"), ())?.is_truthy()?);
    }
    Ok(!given.hasattr(intern!(py, "seek"))?)
}

/// The path that an argument is, if it is one: a str, bytes, or an object that gives one of both.
pub fn path_of(given: &Bound<'_, PyAny>) -> PyResult<Option<PathBuf>> {
    if let Ok(path) = given.extract::<PathBuf>() {
        return Ok(Some(path));
    }
    let py = given.py();
    let fspath = intern!(py, "__fspath__");
    if !given.is_instance_of::<PyBytes>() && !given.hasattr(fspath)? {
        return Ok(None);
    }
    let decoded = py
        .import(intern!(py, "os"))?
        .call_method1(intern!(py, "fsdecode"), (given,))?;
    decoded.extract().map(Some)
}

/// The path that an argument has to be.
pub fn require_path(given: &Bound<'_, PyAny>) -> PyResult<PathBuf> {
    path_of(given)?.ok_or_else(|| {
        PyTypeError::new_err(format!(
            "a path is a str, bytes or os.PathLike, not {}; read() takes file objects",
            arguments::shown(given)
        ))
    })
}

/// A path in bytes, where a file is expected or the bytes of one. A path has no zero byte, and the headers of all
/// formats have; where no file has that name, they are bytes.
fn path_in(bytes: &Bound<'_, PyBytes>) -> PyResult<Option<PathBuf>> {
    const LONGEST: usize = 4096;
    let content = bytes.as_bytes();
    if content.is_empty() || content.len() > LONGEST || content.contains(&0) {
        return Ok(None);
    }
    let path = path_of(bytes.as_any())?;
    Ok(path.filter(|path| path.exists()))
}

/// Where samples are written to.
pub enum To {
    /// A path, which is replaced as a whole.
    Path(PathBuf),
    /// A binary file object.
    Object(FileObject),
}

impl To {
    /// What a user gave.
    pub fn of(given: &Bound<'_, PyAny>) -> PyResult<To> {
        if let Some(path) = path_of(given)? {
            if path.as_os_str().is_empty() {
                return Err(PyFileNotFoundError::new_err(
                    "the path is empty; name a file, such as 'take.wav'",
                ));
            }
            return Ok(To::Path(path));
        }
        refuse_text_mode(given, "wb")?;
        if given.hasattr(intern!(given.py(), "write"))? {
            return Ok(To::Object(FileObject {
                object: given.clone().unbind(),
                raised: Raised::new(),
            }));
        }
        Err(PyTypeError::new_err(format!(
            "expected a path or a binary file object with .write(), not {}",
            given.get_type().name()?
        )))
    }
}

/// An object with the buffer protocol, read piece by piece: another thread may write to it meanwhile.
struct BufferObject {
    view: Py<PyAny>,
    at: u64,
    len: u64,
    raised: Raised,
}

impl BufferObject {
    fn of(view: &Bound<'_, PyMemoryView>, raised: Raised) -> PyResult<BufferObject> {
        let view = view.call_out(intern!(view.py(), "cast"), ("B",))?;
        Ok(BufferObject {
            len: view.len()? as u64,
            view: view.unbind(),
            at: 0,
            raised,
        })
    }
}

impl ByteSource for BufferObject {}

impl Read for BufferObject {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let rest = self.len.saturating_sub(self.at);
        let count = usize::try_from(rest).map_or(into.len(), |rest| rest.min(into.len()));
        if count == 0 {
            return Ok(0);
        }
        let copied = Python::attach(|py| {
            let from = self.at as isize;
            let part = PySlice::new(py, from, from + count as isize, 1);
            let part = self.view.bind(py).get_item(part)?;
            PyBuffer::<u8>::get(&part)?.copy_to_slice(py, &mut into[..count])
        });
        copied.map_err(|error| self.raised.keep(error))?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for BufferObject {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = sought(to, self.at, || Ok(self.len))?;
        Ok(self.at)
    }
}

/// A Python file object. What it raises is kept and raised again once the core has given up.
pub struct FileObject {
    object: Py<PyAny>,
    raised: Raised,
}

impl FileObject {
    fn call<R>(&mut self, work: impl FnOnce(&Bound<'_, PyAny>) -> PyResult<R>) -> io::Result<R> {
        Python::attach(|py| work(self.object.bind(py))).map_err(|error| self.raised.keep(error))
    }

    /// The result, or what the file object itself raised.
    pub fn finish<R>(&self, result: Result<R, impl Into<PyErr>>) -> PyResult<R> {
        self.raised.finish(result)
    }

    /// What it will have raised, for a caller that lets go of it before.
    pub fn raised(&self) -> Raised {
        self.raised.clone()
    }

    /// An error for an object in which the writer cannot go back and write there.
    pub fn require_return(&self, py: Python<'_>) -> PyResult<()> {
        let object = self.object.bind(py);
        let asked = intern!(py, "seekable");
        let reason = if object.hasattr(asked)? {
            let seeks = object.call_out(asked, ())?.is_truthy()?;
            (!seeks).then_some("cannot seek")
        } else {
            let seeks = object.hasattr(intern!(py, "seek"))?;
            (!seeks).then_some("has no seek()")
        };
        let appends = || {
            let mode = object.getattr_opt(intern!(py, "mode"))?;
            let mode = mode.and_then(|mode| mode.extract::<String>().ok());
            let appends = mode.is_some_and(|mode| mode.contains('a'));
            Ok::<_, PyErr>(appends.then_some("writes at its end only (mode 'a')"))
        };
        match reason.map_or_else(appends, |reason| Ok(Some(reason)))? {
            None => Ok(()),
            Some(reason) => Err(PyValueError::new_err(format!(
                "the file object {reason}: how many frames there are is written into the beginning of the file, and \
                 known after the last block only; write to a path and send that file on, or give all audio at once"
            ))),
        }
    }
}

impl ByteSource for FileObject {}

impl Read for FileObject {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.call(|object| {
            let py = object.py();
            let read = object.call_out(intern!(py, "read"), (into.len(),))?;
            let bytes = read.cast::<PyBytes>().map_err(|_| {
                PyTypeError::new_err(
                    "the file object's read() gave no bytes; open it with mode 'rb'",
                )
            })?;
            let bytes = bytes.as_bytes();
            if bytes.len() > into.len() {
                return Err(PyValueError::new_err(format!(
                    "the file object's read({}) gave {} bytes",
                    into.len(),
                    bytes.len()
                )));
            }
            into[..bytes.len()].copy_from_slice(bytes);
            Ok(bytes.len())
        })
    }
}

impl Seek for FileObject {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.call(|object| {
            let py = object.py();
            let seek = intern!(py, "seek");
            let place = match to {
                SeekFrom::Start(offset) => object.call_out(seek, (offset, 0))?,
                SeekFrom::Current(offset) => object.call_out(seek, (offset, 1))?,
                SeekFrom::End(offset) => object.call_out(seek, (offset, 2))?,
            };
            if place.is_none() {
                // Some objects, memory maps among them, only tell where they are when they are asked.
                return object.call_out(intern!(py, "tell"), ())?.extract();
            }
            place.extract()
        })
    }
}

impl Write for FileObject {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.call(|object| {
            let py = object.py();
            let chunk = PyBytes::new(py, bytes);
            let written = object.call_out(intern!(py, "write"), (chunk,))?;
            let length = bytes.len();
            if written.is_none() {
                // What a raw file in non-blocking mode says when it took nothing.
                return Err(PyBlockingIOError::new_err(format!(
                    "the file object's write({length} bytes) returned None: it wrote nothing; open \
                     it in blocking mode, and let write() return the number of bytes written"
                )));
            }
            let Some(count) = arguments::whole(&written)? else {
                return Err(PyTypeError::new_err(format!(
                    "the file object's write() returned {}, and not the number of bytes written",
                    arguments::shown(&written)
                )));
            };
            // A raw file may take a part.
            match count.extract::<usize>() {
                Ok(count) if count <= length => Ok(count),
                _ => Err(PyValueError::new_err(format!(
                    "the file object's write() returned {} for {length} bytes; it has to return \
                     how many of them it wrote",
                    arguments::shown(&count)
                ))),
            }
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
