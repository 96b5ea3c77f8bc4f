//! `read_many` and `iter_many`: many files at once, in the order of their paths.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyIterator, PyString};

use crate::files::batch::Batch;
use crate::files::selection::Selection;
use crate::python::arguments;
use crate::python::class::AudioSamples;
use crate::python::files::closable::{Opened, closes_with_its_block};
use crate::python::files::file_object::{path_of, require_path};
use crate::python::files::read::{conformed, keeps_damaged, selection, warn_of_damage};
use crate::python::running;

/// Threads that read files at one time, whatever is asked for.
const MOST_WORKERS: usize = 256;

/// What `read_many` and `iter_many` both take.
struct ManyRequest<'py> {
    paths: Bound<'py, PyAny>,
    selection: Selection,
    keeps: bool,
    workers: usize,
    returns_errors: bool,
    /// How many paths there are, where that is known.
    count: Option<usize>,
    progress: Option<Py<PyAny>>,
}

impl<'py> ManyRequest<'py> {
    fn of(
        function: &str,
        paths: &Bound<'py, PyAny>,
        (selection, keeps): (Selection, bool),
        workers: Option<&Bound<'py, PyAny>>,
        on_error: Option<&Bound<'py, PyAny>>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<ManyRequest<'py>> {
        let py = paths.py();
        if path_of(paths)?.is_some() {
            return Err(PyTypeError::new_err(format!(
                "{function} takes several paths, such as a list, not {}; read() reads one, and sorted(Path(folder)\
                 .glob('*.wav')) are those of a folder",
                arguments::shown(paths)
            )));
        }
        let returns_errors = match on_error {
            None => false,
            Some(given) => returns_errors(given)?,
        };
        let workers = match workers {
            Some(given) => arguments::count(given, "workers", 1)?,
            None => std::thread::available_parallelism().map_or(1, |cores| cores.get()) as u64,
        };
        // More threads than this the system may refuse, and no machine has the cores for.
        let workers =
            usize::try_from(workers).map_or(MOST_WORKERS, |given| given.min(MOST_WORKERS));
        let count = paths.len().ok();
        let progress = match progress.filter(|given| !given.is_none()) {
            Some(given) => {
                let module = py.import(intern!(py, "audio_samples._progress"))?;
                let report = module.call_method1(intern!(py, "report_of"), (given, count))?;
                Some(report).filter(|report| !report.is_none())
            }
            None => None,
        };
        Ok(ManyRequest {
            paths: paths.clone(),
            selection,
            keeps,
            workers,
            returns_errors,
            count,
            progress: progress.map(Bound::unbind),
        })
    }
}

/// Whether an exception stands in the place of the audio, as users write it.
fn returns_errors(given: &Bound<'_, PyAny>) -> PyResult<bool> {
    match given.cast::<PyString>().ok().map(|name| name.to_str()) {
        Some(Ok("raise")) => Ok(false),
        Some(Ok("return")) => Ok(true),
        _ => Err(PyValueError::new_err(format!(
            "on_error must be 'raise', or 'return' to have the exception in the place of the audio, not {}",
            arguments::shown(given)
        ))),
    }
}

/// Paths on their way to audio.
struct ReadAhead {
    paths: Option<Py<PyIterator>>,
    batch: Batch,
    /// Paths that are read ahead, at most.
    ahead: usize,
    /// What the iterable raised: raised again once the files before are given.
    failed: Option<PyErr>,
    returns_errors: bool,
    count: Option<usize>,
    done: usize,
    progress: Option<Py<PyAny>>,
}

impl ReadAhead {
    fn begin(request: ManyRequest<'_>, ahead: usize) -> PyResult<ReadAhead> {
        Ok(ReadAhead {
            paths: Some(request.paths.try_iter()?.unbind()),
            batch: Batch::new(request.selection, request.workers, request.keeps),
            ahead,
            failed: None,
            returns_errors: request.returns_errors,
            count: request.count,
            done: 0,
            progress: request.progress,
        })
    }

    /// Has more files read, as many as may be read ahead.
    fn fill(&mut self, py: Python<'_>) {
        while self.batch.pending() < self.ahead
            && let Some(paths) = &self.paths
        {
            let path = match paths.bind(py).clone().next() {
                Some(Ok(given)) => require_path(&given),
                Some(Err(error)) => Err(error),
                None => {
                    self.paths = None;
                    return;
                }
            };
            match path {
                Ok(path) => self.batch.push(path),
                Err(error) => (self.paths, self.failed) = (None, Some(error)),
            }
        }
    }

    /// The audio of the next path, or the exception in its place; `None` after the last one.
    fn next(&mut self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        self.fill(py);
        let batch = &mut self.batch;
        let Some(read) = running::wait(py, |until| batch.next(until))? else {
            return self.failed.take().map_or(Ok(None), Err);
        };
        self.done += 1;
        // While the caller works with it, the threads go on.
        self.fill(py);
        if let Some(report) = &self.progress {
            report.bind(py).call1((self.done, self.count))?;
        }
        match read {
            Ok((audio, damage)) => {
                if let Some(damage) = damage {
                    warn_of_damage(py, &damage, &audio)?;
                }
                Ok(Some(Py::new(py, AudioSamples::new(audio))?.into_any()))
            }
            Err(error) if self.returns_errors => {
                Ok(Some(PyErr::from(error).into_value(py).into_any()))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Has the progress bar, if there is one, end where it is.
    fn end(&mut self, py: Python<'_>) {
        if let Some(report) = self.progress.take()
            && let Ok(Some(close)) = report.bind(py).getattr_opt(intern!(py, "close"))
            && let Err(error) = close.call0()
        {
            error.write_unraisable(py, None);
        }
    }
}

/// Reads several files at once, each with a thread, and gives a list of their audio in the
/// order of the paths.
///
/// `workers` is how many are read at a time, by default as many as the machine has cores.
/// `dtype`, `start` and `frames` as for `read`, for each of them. Raises the error of the first
/// path that has one; with `on_error="return"` the exception stands in the list in the place of
/// the audio, and all other files are read. `damaged="keep"` gives the whole frames of damaged
/// files, with a UserWarning for each. `progress` is called as `progress(done, total)` after
/// each file, and `True` shows a bar of tqdm.
#[pyfunction]
#[pyo3(
    signature = (paths, *, workers = None, dtype = None, start = None, frames = None, sample_rate = None, channels = None, on_error = None,
        damaged = None, progress = None, **others),
    text_signature = "(paths, *, workers=None, dtype=None, start=0, frames=None, sample_rate=None, channels=None, \
        on_error='raise', damaged='raise', progress=None)"
)]
#[expect(clippy::too_many_arguments, reason = "they are the caller's")]
pub fn read_many(
    py: Python<'_>,
    paths: &Bound<'_, PyAny>,
    workers: Option<&Bound<'_, PyAny>>,
    dtype: Option<&Bound<'_, PyAny>>,
    start: Option<&Bound<'_, PyAny>>,
    frames: Option<&Bound<'_, PyAny>>,
    sample_rate: Option<&Bound<'_, PyAny>>,
    channels: Option<&Bound<'_, PyAny>>,
    on_error: Option<&Bound<'_, PyAny>>,
    damaged: Option<&Bound<'_, PyAny>>,
    progress: Option<&Bound<'_, PyAny>>,
    others: Option<&Bound<'_, PyDict>>,
) -> PyResult<Vec<Py<PyAny>>> {
    let takes = "workers=, dtype=, start=, frames=, sample_rate=, channels=, on_error=, damaged= and progress=";
    arguments::refuse_others("read_many", takes, None, others)?;
    let selection = conformed(selection(dtype, start, frames)?, sample_rate, channels)?;
    let wanted = (selection, keeps_damaged(damaged)?);
    let request = ManyRequest::of("read_many", paths, wanted, workers, on_error, progress)?;
    let mut reading = ReadAhead::begin(request, usize::MAX)?;
    reading.fill(py);
    if let Some(error) = reading.failed.take() {
        return Err(error);
    }
    reading.count = Some(reading.batch.pending());
    let mut all = Vec::with_capacity(reading.batch.pending());
    let read = loop {
        match reading.next(py) {
            Ok(Some(audio)) => all.push(audio),
            Ok(None) => break Ok(all),
            Err(error) => break Err(error),
        }
    };
    reading.end(py);
    read
}

/// Files that are read ahead of where they are wanted, as `iter_many` gives them.
#[pyclass(frozen, generic, module = "audio_samples")]
pub struct FileIterator {
    open: Opened<ReadAhead>,
    count: Option<usize>,
}

#[pymethods]
impl FileIterator {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        self.open.with(py, |py, reading| {
            let next = reading.next(py);
            if matches!(next, Ok(None)) {
                reading.end(py);
            }
            next
        })
    }

    /// The number of paths, where the iterable of them says it.
    fn __len__(&self) -> PyResult<usize> {
        self.count.ok_or_else(|| {
            PyTypeError::new_err(
                "the number of files is not known: the paths come from an iterator; give a list of them",
            )
        })
    }

    /// Reads no further. Files that are being read are given up.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        if let Some(mut reading) = self.open.take(py)? {
            reading.end(py);
        }
        Ok(())
    }
}

closes_with_its_block!(FileIterator);

/// Reads many files one after the other, some of them ahead, and gives their audio in the order
/// of the paths.
///
/// `paths` may be any iterable, a generator without an end too: no more paths are taken from it
/// than files are read ahead. These are `ahead`, by default twice `workers`, and no more audio
/// than that is in memory besides what was given. The other arguments are those of `read_many`.
/// An error of a file is raised in its turn, and the next `next()` goes on with the file behind
/// it; with `on_error="return"` the exception is given in the place of the audio. `len()` is
/// the number of paths where they are a sequence.
#[pyfunction]
#[pyo3(
    signature = (paths, *, workers = None, ahead = None, dtype = None, start = None, frames = None, sample_rate = None, channels = None, on_error = None,
        damaged = None, progress = None, **others),
    text_signature = "(paths, *, workers=None, ahead=None, dtype=None, start=0, frames=None, sample_rate=None, \
        channels=None, on_error='raise', damaged='raise', progress=None)"
)]
#[expect(clippy::too_many_arguments, reason = "they are the caller's")]
pub fn iter_many(
    paths: &Bound<'_, PyAny>,
    workers: Option<&Bound<'_, PyAny>>,
    ahead: Option<&Bound<'_, PyAny>>,
    dtype: Option<&Bound<'_, PyAny>>,
    start: Option<&Bound<'_, PyAny>>,
    frames: Option<&Bound<'_, PyAny>>,
    sample_rate: Option<&Bound<'_, PyAny>>,
    channels: Option<&Bound<'_, PyAny>>,
    on_error: Option<&Bound<'_, PyAny>>,
    damaged: Option<&Bound<'_, PyAny>>,
    progress: Option<&Bound<'_, PyAny>>,
    others: Option<&Bound<'_, PyDict>>,
) -> PyResult<FileIterator> {
    let takes = "workers=, ahead=, dtype=, start=, frames=, sample_rate=, channels=, on_error=, damaged= and progress=";
    arguments::refuse_others("iter_many", takes, None, others)?;
    let selection = conformed(selection(dtype, start, frames)?, sample_rate, channels)?;
    let wanted = (selection, keeps_damaged(damaged)?);
    let request = ManyRequest::of("iter_many", paths, wanted, workers, on_error, progress)?;
    let ahead = match ahead {
        Some(given) => usize::try_from(arguments::count(given, "ahead", 1)?).unwrap_or(usize::MAX),
        None => 2 * request.workers,
    };
    let count = request.count;
    Ok(FileIterator {
        open: Opened::new(ReadAhead::begin(request, ahead)?),
        count,
    })
}
