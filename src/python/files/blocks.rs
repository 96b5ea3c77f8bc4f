//! `write` of audio that comes block by block: an iterable on one side, a file that grows on the other.

use std::io::{Seek, Write};

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyIterator, PyList, PyMemoryView, PyString, PyTuple};

use crate::error::Error;
use crate::files::asking::Caller;
use crate::files::clipping::Clipped;
use crate::files::destination::{Destination, Placement};
use crate::files::path;
use crate::files::write::{Blocks, Recipe, SampleSpec};
use crate::python::class::AudioSamples;
use crate::python::files::file_object::To;
use crate::python::running;

/// Whether something may give blocks of audio when it is iterated: whatever is an array, a text or numbers gives none.
pub fn may_give_blocks(given: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = given.py();
    if given.is_instance_of::<PyString>() || PyMemoryView::from(given).is_ok() {
        return Ok(false);
    }
    if given.is_instance_of::<PyList>() || given.is_instance_of::<PyTuple>() {
        return match given.try_iter()?.next().transpose()? {
            Some(first) => Ok(first.is_instance_of::<AudioSamples>()),
            None => Ok(true),
        };
    }
    for array in [intern!(py, "__array__"), intern!(py, "__dlpack__")] {
        if given.hasattr(array)? {
            return Ok(false);
        }
    }
    given.hasattr(intern!(py, "__iter__"))
}

/// Writes the blocks of an iterable one after the other, and gives a name for the file and what was clipped.
pub fn write(
    given: &Bound<'_, PyAny>,
    to: To,
    recipe: &Recipe,
    placement: Placement,
) -> PyResult<(String, Clipped)> {
    let py = given.py();
    match to {
        To::Path(path) => {
            let recipe = path::recipe_for(&path, recipe)?;
            let (first, rest) = begin(given)?;
            let named = |error: Error| error.at_path(&path);
            let target = running::wait(py, |until| {
                let target = Destination::begin(&path, placement, &Caller::of(until))?;
                target.require_return()?;
                Ok(target)
            })?;
            let (target, clipped) = fill(target, first, rest, &recipe, named)?;
            py.detach(|| target.commit())?;
            Ok((format!("'{}'", path.display()), clipped))
        }
        To::Object(object) => {
            object.require_return(py)?;
            let (first, rest) = begin(given)?;
            let raised = object.raised();
            let filled = fill(object, first, rest, recipe, |error| error);
            let (_, clipped) = raised.finish(filled)?;
            Ok(("the file".into(), clipped))
        }
    }
}

type FileBlock<'py> = Bound<'py, AudioSamples>;

/// The first block, which says what the file is of, and those behind it.
fn begin<'py>(given: &Bound<'py, PyAny>) -> PyResult<(FileBlock<'py>, Bound<'py, PyIterator>)> {
    let mut blocks = given.try_iter()?;
    match next(&mut blocks, 0)? {
        Some(first) => Ok((first, blocks)),
        None => Err(PyValueError::new_err(
            "there was no block to write, so the sample rate and the channels are unknown, and nothing was written; \
             for a file without samples give one block without frames, such as AudioSamples.zeros((2, 0), 48_000)",
        )),
    }
}

fn next<'py>(blocks: &mut Bound<'py, PyIterator>, number: u64) -> PyResult<Option<FileBlock<'py>>> {
    let Some(block) = blocks.next().transpose()? else {
        return Ok(None);
    };
    match block.cast_into::<AudioSamples>() {
        Ok(block) => Ok(Some(block)),
        Err(refused) => Err(PyTypeError::new_err(format!(
            "write takes AudioSamples, or an iterable of them, and block {number} (the first is 0) is no AudioSamples \
             but {}; AudioSamples.new_mono(data, sample_rate) and AudioSamples.new_multi(data, sample_rate) make \
             them of arrays",
            refused.into_inner().get_type().name()?
        ))),
    }
}

/// Everything from the first block on. The iterable runs with the GIL, all else without.
fn fill<W: Write + Seek + Send>(
    out: W,
    first: FileBlock<'_>,
    mut rest: Bound<'_, PyIterator>,
    recipe: &Recipe,
    named: impl Fn(Error) -> Error + Sync,
) -> PyResult<(W, Clipped)> {
    let py = first.py();
    let kind = SampleSpec::of(first.get().audio());
    let mut file = running::wait(py, |_| Blocks::begin(out, kind, recipe).map_err(&named))?;
    let mut block = Some(first);
    for number in 1_u64.. {
        let Some(this) = block.take() else { break };
        let audio = this.get().audio();
        running::wait(py, |until| file.append(audio, until).map_err(&named))?;
        // Its memory may be that of the next one.
        drop(this);
        // An iterable that is no Python code never asks.
        py.check_signals()?;
        block = next(&mut rest, number)?;
    }
    running::wait(py, |_| file.finish().map_err(&named))
}
