//! Arrow data of others as audio: where the channels lie, in how many chunks, and what the metadata says.

use std::ptr::NonNull;
use std::sync::Arc;

use pyo3::exceptions::{PyBufferError, PyTypeError, PyValueError};
use pyo3::prelude::*;

use super::source::structures;
use super::structures::{ArrowArray, ArrowSchema, children, text};
use super::{AXES, RATE, format};
use crate::audio::{Audio, SampleRate};
use crate::dtype::Dtype;
use crate::kernel::Operand;
use crate::layout::Layout;
use crate::memory::Buffer;
use crate::python::class::AudioSamples;
use crate::python::{policy, running};
use crate::view::Samples;

/// More channels than that, and more than frames, are taken for frames.
const MANY: usize = 64;

/// What a schema says about the audio.
struct SchemaFacts {
    dtype: Dtype,
    /// Fields of a struct that are channels, or values of a list; one for numbers.
    channels: usize,
    /// Which fields of a struct they are: an index of pandas, which travels as a column, is none.
    fields: Vec<usize>,
    nesting: Nesting,
    rate: Option<SampleRate>,
    axes: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Nesting {
    /// Numbers.
    None,
    /// A struct with a field for each channel.
    Fields,
    /// A list of a fixed size for each frame.
    Frames,
}

/// One chunk: an array that is kept, and where the first sample of each channel lies.
///
/// Invariant 1: from each of `firsts` on lie the samples of `frames` frames, of the type and as far apart as the
/// facts that [`chunk`] was given say. They are there, and stay as they are, until `array` is dropped.
struct ArrowChunk {
    array: Arc<ArrowArray>,
    frames: usize,
    firsts: Vec<NonNull<u8>>,
}

pub fn import(
    data: &Bound<'_, PyAny>,
    rate: Option<SampleRate>,
    copy: Option<bool>,
) -> PyResult<AudioSamples> {
    let py = data.py();
    let (schema, arrays) = structures(data)?;
    // SAFETY: a producer's schema, straight from its capsule or its stream.
    let facts = unsafe { facts(py, &schema) }?;
    let rate = agreed(facts.rate, rate)?;
    let frames: i64 = arrays.iter().map(|array| array.length).sum();
    if facts.nesting == Nesting::Frames && facts.channels > MANY && facts.channels as i64 > frames {
        return Err(PyValueError::new_err(format!(
            "{frames} lists of {} values look transposed: a list is one frame, with a value for each channel",
            facts.channels
        )));
    }
    let chunks = arrays
        .into_iter()
        .map(|array| {
            // SAFETY: a producer's array, straight from where the schema came from that the facts were read in.
            unsafe { chunk(array, &facts) }
        })
        .collect::<PyResult<Vec<_>>>()?;
    let (shared, why) = match &chunks[..] {
        [only] => match together(only, &facts)? {
            Some(samples) => (Some(samples), ""),
            None => (None, "the channels lie apart and are gathered in a copy"),
        },
        _ => (
            None,
            "the data is in several chunks, which are joined in a copy",
        ),
    };
    let audio = match shared {
        Some(samples) => Audio::new(samples, rate)?,
        None if copy == Some(false) => {
            return Err(PyBufferError::new_err(format!(
                "copy=False: {why}; use copy=None"
            )));
        }
        None => return Ok(AudioSamples::new(gather(py, &chunks, &facts, rate, why)?)),
    };
    let shared = AudioSamples::new(audio);
    if copy == Some(true) {
        let own = shared.copied(py, "copy=True is a copy; copy=None shares where it can")?;
        return Ok(AudioSamples::new(own));
    }
    Ok(shared)
}

/// The rate that the data or the caller names; if both do, it is the same.
fn agreed(said: Option<SampleRate>, given: Option<SampleRate>) -> PyResult<SampleRate> {
    match (said, given) {
        (Some(said), Some(given)) if said != given => Err(PyValueError::new_err(format!(
            "the data says that its sample rate is {} Hz, and sample_rate says {} Hz",
            said.hertz(),
            given.hertz()
        ))),
        (Some(rate), _) | (None, Some(rate)) => Ok(rate),
        (None, None) => Err(PyValueError::new_err(
            "the data says no sample rate (its schema's metadata has no sample_rate); pass sample_rate",
        )),
    }
}

fn no_audio(format: &str) -> PyErr {
    let format = match type_name(format) {
        Some(name) => format!("Arrow data of {name}"),
        None => format!("Arrow data of format {format:?}"),
    };
    PyTypeError::new_err(format!(
        "{format} is no audio: it takes int16, int32, float32 or float64, alone, as the columns of a table or as \
         lists of a fixed size, all of one type; cast it first"
    ))
}

/// The name of a type of numbers or texts by its letter in the C data interface.
fn type_name(format: &str) -> Option<&'static str> {
    Some(match format {
        "b" => "bool",
        "c" => "int8",
        "C" => "uint8",
        "s" => "int16",
        "S" => "uint16",
        "i" => "int32",
        "I" => "uint32",
        "l" => "int64",
        "L" => "uint64",
        "e" => "float16",
        "f" => "float32",
        "g" => "float64",
        "u" | "U" | "vu" => "strings",
        "z" | "Z" | "vz" => "bytes",
        "+l" | "+L" => "lists of any length",
        "+s" => "columns of several types, or of none",
        "n" => "nulls",
        _ => return None,
    })
}

/// The type of numbers.
///
/// # Safety
/// The schema is one that the C data interface describes.
unsafe fn dtype_of(schema: &ArrowSchema) -> PyResult<Dtype> {
    // SAFETY: the caller's promise.
    let name = unsafe { text(schema, schema.format) }.unwrap_or_default();
    let named = |dtype: &Dtype| format(*dtype).to_str() == Ok(name);
    if !schema.dictionary.is_null() {
        return Err(PyTypeError::new_err(
            "Arrow data that is dictionary-encoded is no audio: decode it first, in PyArrow with \
             array.dictionary_decode() or table.cast(schema)",
        ));
    }
    let dtype = Dtype::ALL.into_iter().find(named);
    dtype.ok_or_else(|| no_audio(name))
}

/// # Safety
/// The schema is one that the C data interface describes.
unsafe fn facts(py: Python<'_>, schema: &ArrowSchema) -> PyResult<SchemaFacts> {
    // SAFETY: the caller's promise.
    let entries = unsafe { metadata(schema.metadata) };
    let number = |key: &str| {
        let (_, value) = entries.iter().find(|(name, _)| name == key)?;
        value.parse::<u32>().ok()
    };
    let rate = number(RATE).map(SampleRate::new).transpose()?;
    let axes = number(AXES).map(|axes| axes as usize);
    // SAFETY: the caller's promise.
    let name = unsafe { text(schema, schema.format) }.unwrap_or_default();
    let (nesting, channels) = match (name, name.strip_prefix("+w:")) {
        ("+s", _) => (Nesting::Fields, schema.n_children),
        (_, Some(count)) => (Nesting::Frames, count.parse().unwrap_or(0)),
        _ => (Nesting::None, 1),
    };
    let mut channels = usize::try_from(channels).unwrap_or(0);
    let mut columns = Vec::new();
    let dtype = if nesting == Nesting::None {
        // SAFETY: the caller's promise.
        unsafe { dtype_of(schema) }?
    } else {
        // SAFETY: the caller's promise.
        let fields = unsafe { children(schema, schema.children, schema.n_children) };
        let index = pandas_index(py, &entries);
        let mut only = None;
        for (place, field) in fields.into_iter().enumerate() {
            // SAFETY: a child of a schema that is as promised.
            let column = unsafe { text(field, field.name) }.unwrap_or_default();
            if nesting == Nesting::Fields {
                if index.iter().any(|name| name == column) {
                    continue;
                }
                columns.push(place);
            }
            // SAFETY: as above.
            let dtype = unsafe { dtype_of(field) }?;
            if only.is_some_and(|only| only != dtype) {
                return Err(no_audio(name));
            }
            only = Some(dtype);
        }
        only.ok_or_else(|| no_audio(name))?
    };
    if nesting == Nesting::Fields {
        channels = columns.len();
    }
    if channels == 0 {
        return Err(no_audio(name));
    }
    Ok(SchemaFacts {
        dtype,
        channels,
        fields: columns,
        nesting,
        rate,
        axes,
    })
}

/// The columns that pandas calls the index of the table.
fn pandas_index(py: Python<'_>, entries: &[(String, String)]) -> Vec<String> {
    let names = |text: &str| -> PyResult<Vec<String>> {
        let said = py.import("json")?.call_method1("loads", (text,))?;
        // A range is no column: it is described by a dictionary in the place of a name.
        let columns = said.get_item("index_columns")?.try_iter()?;
        columns
            .filter_map(|column| column.map(|column| column.extract().ok()).transpose())
            .collect()
    };
    let entry = entries.iter().find(|(key, _)| key == "pandas");
    entry
        .and_then(|(_, text)| names(text).ok())
        .unwrap_or_default()
}

/// Keys and values, those that are text.
///
/// # Safety
/// By the C data interface: `start` is null, or a number of pairs stands there, then each key and value after
/// their lengths.
unsafe fn metadata(start: *const u8) -> Vec<(String, String)> {
    let mut at = start;
    let number = |at: &mut *const u8| {
        // SAFETY: the caller's promise: a number of 4 bytes stands here.
        let count = unsafe { at.cast::<i32>().read_unaligned() };
        *at = at.wrapping_add(4);
        usize::try_from(count).unwrap_or(0)
    };
    if start.is_null() {
        return Vec::new();
    }
    let count = number(&mut at);
    let mut part = || {
        let len = number(&mut at);
        let bytes: Vec<u8> = (0..len)
            .map(|index| {
                // SAFETY: the caller's promise: so many bytes follow their number.
                unsafe { at.wrapping_add(index).read() }
            })
            .collect();
        at = at.wrapping_add(len);
        String::from_utf8(bytes).unwrap_or_default()
    };
    (0..count).map(|_| (part(), part())).collect()
}

/// Values that are missing: bits that are 0 in `validity`, from `offset` on.
///
/// # Safety
/// The array is one that the C data interface describes, and has `offset + length` values from its buffers' start.
unsafe fn missing(array: &ArrowArray, offset: usize, length: usize) -> usize {
    if array.null_count == 0 || array.n_buffers == 0 {
        return 0;
    }
    // SAFETY: the caller's promise: there are `n_buffers` pointers, and the first one is the validity.
    let validity = unsafe { array.buffers.read() }.cast::<u8>();
    if validity.is_null() {
        return 0;
    }
    let is_missing = |index: &usize| {
        // SAFETY: the caller's promise: a bit for each value.
        let byte = unsafe { validity.wrapping_add(index / 8).read() };
        byte & (1 << (index % 8)) == 0
    };
    (offset..offset + length).filter(is_missing).count()
}

/// The values of an array of numbers, from `skip` on, of which `length` are to be there.
///
/// # Safety
/// The array is one of numbers of `size` bytes, as the C data interface describes it.
unsafe fn values(
    array: &ArrowArray,
    skip: usize,
    length: usize,
    size: usize,
) -> PyResult<NonNull<u8>> {
    let offset = usize::try_from(array.offset).unwrap_or(0) + skip;
    let there = usize::try_from(array.length).unwrap_or(0);
    if array.n_buffers != 2 {
        return Err(PyValueError::new_err(format!(
            "the Arrow array describes itself wrongly: {} buffers where an array of numbers has 2",
            array.n_buffers
        )));
    }
    if there < skip + length {
        return Err(PyValueError::new_err(format!(
            "the Arrow array describes itself wrongly: {there} values where {} are needed",
            skip + length
        )));
    }
    // SAFETY: the caller's promise, and so many values are there.
    let gone = unsafe { missing(array, offset, length) };
    if gone > 0 {
        return Err(PyValueError::new_err(format!(
            "{gone} of {length} values are missing (null), and audio has none; fill them first, as with \
             fill_null(0)"
        )));
    }
    // SAFETY: the caller's promise: the second of two pointers is that of the values.
    let start = unsafe { array.buffers.wrapping_add(1).read() };
    let first = start.cast::<u8>().cast_mut().wrapping_add(offset * size);
    if length == 0 {
        return Ok(NonNull::dangling());
    }
    NonNull::new(first).ok_or_else(|| PyValueError::new_err("the Arrow array has no values"))
}

/// # Safety
/// The array is one that the C data interface describes, of a schema in which `facts` were read.
unsafe fn chunk(array: ArrowArray, facts: &SchemaFacts) -> PyResult<ArrowChunk> {
    let size = facts.dtype.size();
    let frames = usize::try_from(array.length).unwrap_or(0);
    let skip = usize::try_from(array.offset).unwrap_or(0);
    let gone = match facts.nesting {
        Nesting::None => 0,
        // SAFETY: the caller's promise, and the array says its offset and its length.
        _ => unsafe { missing(&array, skip, frames) },
    };
    if gone > 0 {
        return Err(PyValueError::new_err(format!(
            "{gone} of {frames} frames are missing (null), and audio has none"
        )));
    }
    // SAFETY: the caller's promise.
    let inner = unsafe { children(&array, array.children, array.n_children) };
    let firsts = match (facts.nesting, &inner[..]) {
        (Nesting::None, _) => {
            // SAFETY: by the caller's promise numbers of the type in `facts`.
            vec![unsafe { values(&array, 0, frames, size) }?]
        }
        (Nesting::Fields, fields) if facts.fields.iter().all(|place| *place < fields.len()) => {
            facts
                .fields
                .iter()
                .map(|place| {
                    // SAFETY: as above, a child of the array.
                    unsafe { values(fields[*place], skip, frames, size) }
                })
                .collect::<PyResult<_>>()?
        }
        (Nesting::Frames, [all]) => {
            let count = facts.channels;
            // SAFETY: as above, the child of the array.
            let first = unsafe { values(all, skip * count, frames * count, size) }?;
            let at = |channel: usize| first.as_ptr().wrapping_add(channel * size);
            (0..count)
                .map(|channel| NonNull::new(at(channel)).unwrap_or(first))
                .collect()
        }
        _ => {
            return Err(PyValueError::new_err(
                "the Arrow array does not have the fields of its schema",
            ));
        }
    };
    // Invariant 1: `values` saw that so many are there, and by the interface they stay until the release.
    Ok(ArrowChunk {
        array: Arc::new(array),
        frames,
        firsts,
    })
}

/// The shape of the audio: one column is mono, unless the metadata says otherwise.
fn shape(facts: &SchemaFacts, frames: usize) -> Vec<usize> {
    let is_mono = match facts.nesting {
        Nesting::None => true,
        _ => facts.channels == 1 && facts.axes != Some(2),
    };
    if is_mono {
        vec![frames]
    } else {
        vec![facts.channels, frames]
    }
}

/// A chunk as samples on its own memory, if its channels lie in one piece.
fn together(chunk: &ArrowChunk, facts: &SchemaFacts) -> PyResult<Option<Samples>> {
    let (size, first) = (facts.dtype.size(), chunk.firsts[0]);
    let row = chunk.frames * size;
    let address = |index: usize| chunk.firsts[index].addr().get();
    let step = match chunk.firsts.len() {
        1 => row as isize,
        _ => address(1).wrapping_sub(address(0)) as isize,
    };
    let apart = |pair: &[NonNull<u8>]| {
        pair[1].addr().get().wrapping_sub(pair[0].addr().get()) as isize != step
    };
    let frame = if facts.nesting == Nesting::Frames {
        facts.channels * size
    } else {
        size
    };
    let reach = (chunk.firsts.len() - 1) * step.unsigned_abs() + row;
    // Between rows of separate allocations lie bytes of others, unless all of it is ours.
    let is_whole = facts.nesting == Nesting::Frames
        || step == row as isize
        || (step > 0 && Buffer::find(first.addr().get(), reach).is_some());
    if chunk.frames > 0 && (!is_whole || chunk.firsts.windows(2).any(apart)) {
        return Ok(None);
    }
    let strides = [step, frame as isize];
    let shape = shape(facts, chunk.frames);
    let layout = Layout::strided(&shape, &strides[2 - shape.len()..], 0)?;
    // SAFETY: invariant 1, by which `layout` has no sample outside; the array is the owner. No thread writes to them.
    let samples = unsafe {
        Samples::adopt(
            first,
            layout,
            facts.dtype,
            false,
            Box::new(chunk.array.clone()),
        )
    }?;
    samples.buffer().declare_constant();
    Ok(Some(samples))
}

/// All chunks and channels in memory of their own.
fn gather(
    py: Python<'_>,
    chunks: &[ArrowChunk],
    facts: &SchemaFacts,
    rate: SampleRate,
    why: &str,
) -> PyResult<Audio> {
    let frames = chunks.iter().map(|chunk| chunk.frames).sum();
    let bytes = frames * facts.channels * facts.dtype.size();
    policy::allow_copy(py, bytes, || why.to_owned())?;
    let out = Audio::zeros(&shape(facts, frames), facts.dtype, rate)?;
    let mut start = 0;
    for chunk in chunks {
        for (channel, first) in chunk.firsts.iter().enumerate() {
            let step = match facts.nesting {
                Nesting::Frames => facts.channels * facts.dtype.size(),
                _ => facts.dtype.size(),
            };
            let layout = Layout::strided(&[chunk.frames], &[step as isize], 0)?;
            // SAFETY: invariant 1, for one channel; the array is the owner. No thread writes to it.
            let from = unsafe {
                Samples::adopt(
                    *first,
                    layout,
                    facts.dtype,
                    false,
                    Box::new(chunk.array.clone()),
                )
            }?;
            let place = out.layout().channel(channel)?;
            let place = out.with_layout(place.take_frames(start, chunk.frames, 1)?)?;
            running::run(py, 2 * chunk.frames * facts.dtype.size(), |wait| {
                place.assign(&Operand::Samples(from.strided()), wait)
            })?;
        }
        start += chunk.frames;
    }
    Ok(out)
}
