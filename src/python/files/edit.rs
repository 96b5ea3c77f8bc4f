//! `edit`: files of any length changed where they lie, block by block.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::audio::Audio;
use crate::dsp::Processor;
use crate::files::edit::Edit;
use crate::files::facts::Facts;

use crate::python::arguments;
use crate::python::class::AudioSamples;
use crate::python::files::closable::Opened;
use crate::python::files::facts;
use crate::python::files::facts::facts_of;
use crate::python::files::file_object::require_path;
use crate::python::files::read::read_as;
use crate::python::files::write::warn_with;
use crate::python::running;
use crate::sync::{AtomicU64, Ordering};

/// Frames of a block unless the user says otherwise: some hundred kilobytes, a second or so.
pub(super) const BLOCK_FRAMES: usize = 65_536;

struct Open {
    edit: Edit,
    /// The frame after the block that is out.
    next: u64,
    /// The block that the user works on, and its first frame.
    out: Option<(u64, Audio)>,
    /// How many blocks were written, which is told of a closed file too.
    written: Arc<AtomicU64>,
}

impl Open {
    /// Stores the block that is out, if it has changed.
    fn store(&mut self, py: Python<'_>) -> PyResult<()> {
        let Some((start, block)) = self.out.take() else {
            return Ok(());
        };
        let changed = running::wait(py, |until| self.edit.write(start, &block, until));
        match changed {
            Ok(changed) => {
                self.written
                    .fetch_add(u64::from(changed), Ordering::Relaxed);
                Ok(())
            }
            Err(error) => {
                self.out = Some((start, block));
                Err(error)
            }
        }
    }
}

/// A file that `edit` changes where it lies. Iterating gives its blocks; what is done to a
/// block is in the file when the next one is asked for, or the file is closed.
#[pyclass(frozen, module = "audio_samples")]
pub struct FileEdit {
    open: Opened<Open>,
    facts: Facts,
    block_frames: usize,
    written: Arc<AtomicU64>,
}

facts_of!(FileEdit);

#[pymethods]
impl FileEdit {
    /// Whether the file was closed.
    #[getter]
    fn closed(&self, py: Python<'_>) -> PyResult<bool> {
        self.open.is_closed(py)
    }

    /// How many blocks had to be written so far.
    #[getter]
    fn blocks_written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Begins at the first frame again.
    fn __iter__(slf: Py<Self>, py: Python<'_>) -> PyResult<Py<Self>> {
        slf.get().open.with(py, |py, open| {
            open.store(py)?;
            open.next = 0;
            Ok(())
        })?;
        Ok(slf)
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<AudioSamples>> {
        self.open.with(py, |py, open| {
            open.store(py)?;
            let rest = open.edit.info().frames - open.next;
            if rest == 0 {
                return Ok(None);
            }
            let count = self
                .block_frames
                .min(usize::try_from(rest).unwrap_or(usize::MAX));
            let start = open.next;
            let block = py.detach(|| open.edit.read(start, count))?;
            open.next += count as u64;
            open.out = Some((start, block.clone()));
            Ok(Some(AudioSamples::new(block)))
        })
    }

    /// Stores the block that is out and waits until every change is on the disk.
    fn flush(&self, py: Python<'_>) -> PyResult<()> {
        self.open.with(py, |py, open| {
            let again = open.out.clone();
            open.store(py)?;
            open.out = again;
            Ok(py.detach(|| open.edit.flush())?)
        })
    }

    /// Stores the block that is out and lets go of the file, whether or not that can be stored.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let Some(mut open) = self.open.take(py)? else {
            return Ok(());
        };
        let stored = open.store(py);
        let told = warn_of(py, &open.edit);
        stored.and(told)
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
        let _ = (error, trace);
        if kind.is_some_and(|kind| !kind.is_none()) {
            // The block in which something went wrong stays the old one. What was clipped before is told, and the
            // error goes on, also where warnings are errors.
            if let Some(open) = self.open.take(py)?
                && let Err(warning) = warn_of(py, &open.edit)
            {
                warning.write_unraisable(py, None);
            }
            return Ok(());
        }
        self.close(py)
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        // A thread that is at a block of it has it open.
        let closed = self.open.is_closed(py).unwrap_or(false);
        facts::shown("FileEdit", &self.facts, closed)
    }
}

impl FileEdit {
    /// Stores the block that is out, and then uses a processor once on the whole file.
    pub fn process(&self, py: Python<'_>, processor: &dyn Processor) -> PyResult<()> {
        self.open.with(py, |py, open| {
            open.store(py)?;
            open.next = 0;
            let frames = self.block_frames;
            let written = running::wait(py, |until| open.edit.apply(processor, frames, until))?;
            self.written.fetch_add(written, Ordering::Relaxed);
            Ok(())
        })
    }
}

/// Warns of samples that were clipped, which are in the file by now.
fn warn_of(py: Python<'_>, edit: &Edit) -> PyResult<()> {
    let way_out = "multiply by less before it is stored; what was clipped is in the file. A file of floats, as \
        write(path, read(path, dtype='float32')) makes it, keeps what is louder";
    warn_with(py, "the file", edit.clipped(), way_out)
}

/// How many frames a block has.
pub(super) fn block_frames(given: Option<&Bound<'_, PyAny>>, name: &str) -> PyResult<usize> {
    let Some(given) = given else {
        return Ok(BLOCK_FRAMES);
    };
    // More than fit into memory are as many as the file has.
    Ok(usize::try_from(arguments::count(given, name, 1)?).unwrap_or(usize::MAX))
}

/// Opens a file to be changed where it lies, block by block: any plain encoding, 24 bits
/// included.
///
/// Blocks have the type that `read` gives, floats without `dtype`. Values are rounded to the
/// nearest and saturated once, and `close()` warns of those that were too loud (a UserWarning
/// with their number and peak); samples that keep their value keep their bytes, and so does
/// everything else in the file. Use it in a `with`, which stores the last block. A block is
/// stored when the next one is asked for: what is done to one that was kept is stored no more.
///
/// A process that is killed leaves a file in which every sample is the old one or the new one:
/// up to some sample all that was stored, and behind it nothing. Of the block being stored that
/// may be a part. Should the machine itself stop, that holds for what `flush()` has waited for.
#[pyfunction]
#[pyo3(
    signature = (path, *, dtype = None, block_frames = None, **others),
    text_signature = "(path, *, dtype=None, block_frames=65536)"
)]
pub fn edit(
    py: Python<'_>,
    path: &Bound<'_, PyAny>,
    dtype: Option<&Bound<'_, PyAny>>,
    block_frames: Option<&Bound<'_, PyAny>>,
    others: Option<&Bound<'_, PyDict>>,
) -> PyResult<FileEdit> {
    arguments::refuse_others("edit", "dtype= and block_frames=", None, others)?;
    let path = require_path(path)?;
    let dtype = read_as(dtype)?;
    let block_frames = self::block_frames(block_frames, "block_frames")?;
    let edit = py.detach(|| Edit::open(&path, dtype))?;
    let written = Arc::new(AtomicU64::new(0));
    Ok(FileEdit {
        facts: Facts {
            dtype: edit.dtype(),
            ..Facts::from(edit.info())
        },
        block_frames,
        written: written.clone(),
        open: Opened::new(Open {
            edit,
            next: 0,
            out: None,
            written,
        }),
    })
}
