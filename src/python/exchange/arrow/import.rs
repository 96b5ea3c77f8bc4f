//! Arrow data of others as audio: where the channels lie, in how many chunks, and what the metadata says.

use std::ffi::{CStr, c_char};
use std::ptr::NonNull;
use std::sync::Arc;

use pyo3::exceptions::{PyBufferError, PyOSError, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::structures::{ArrowArray, ArrowArrayStream, ArrowSchema};
use super::{AXES, RATE, format, take};
use crate::audio::{Audio, SampleRate};
use crate::dtype::Dtype;
use crate::kernel::Operand;
use crate::layout::Layout;
use crate::memory::Buffer;
use crate::python::audio::AudioSamples;
use crate::python::{policy, running};
use crate::view::Samples;

/// More channels than that, and more than frames, are taken for frames.
const MANY: usize = 64;

/// What a schema says about the audio.
struct Facts {
    dtype: Dtype,
    /// Fields of a struct, or values of a list; one for numbers.
    channels: usize,
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
struct Chunk {
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
    let facts = facts(&schema)?;
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
        .map(|array| chunk(array, &facts))
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

/// The rate that the data says or the caller, who may not say different things.
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

fn structures(data: &Bound<'_, PyAny>) -> PyResult<(ArrowSchema, Vec<ArrowArray>)> {
    let py = data.py();
    if let Ok(Some(method)) = data.getattr_opt(intern!(py, "__arrow_c_array__")) {
        let answer = method.call0()?;
        let capsules = answer.cast::<PyTuple>()?;
        let schema = take::<ArrowSchema>(&capsules.get_item(0)?)?;
        return Ok((schema, vec![take::<ArrowArray>(&capsules.get_item(1)?)?]));
    }
    let Ok(Some(method)) = data.getattr_opt(intern!(py, "__arrow_c_stream__")) else {
        return Err(PyTypeError::new_err(format!(
            "from_arrow takes Arrow data (an object with __arrow_c_array__ or __arrow_c_stream__, such as a \
             pyarrow.Table), not {}",
            data.get_type().name()?
        )));
    };
    chunks_of(&mut take::<ArrowArrayStream>(&method.call0()?)?)
}

/// All that a stream gives. It is asked with the interpreter attached: that of PyArrow may be Python's own.
fn chunks_of(stream: &mut ArrowArrayStream) -> PyResult<(ArrowSchema, Vec<ArrowArray>)> {
    let (Some(get_schema), Some(get_next)) = (stream.get_schema, stream.get_next) else {
        return Err(PyValueError::new_err(
            "the Arrow stream is released already",
        ));
    };
    let mut schema = ArrowSchema::empty();
    // SAFETY: a stream that is not released, and a place for the schema.
    let code = unsafe { get_schema(stream, &raw mut schema) };
    failed(stream, code)?;
    let mut arrays = Vec::new();
    loop {
        let mut array = ArrowArray::empty();
        // SAFETY: a stream that is not released, and a place for the array.
        let code = unsafe { get_next(stream, &raw mut array) };
        failed(stream, code)?;
        if array.release.is_none() {
            return Ok((schema, arrays));
        }
        arrays.push(array);
    }
}

/// The error of a stream, in its own words.
fn failed(stream: &mut ArrowArrayStream, code: i32) -> PyResult<()> {
    if code == 0 {
        return Ok(());
    }
    let said = stream.get_last_error.map_or(std::ptr::null(), |last| {
        // SAFETY: a stream that is not released.
        unsafe { last(stream) }
    });
    let said = text(said).unwrap_or("the Arrow stream failed");
    Err(PyOSError::new_err((code, said.to_owned())))
}

/// A text of the interface, which ends in a zero and lives as long as its structure.
fn text<'a>(start: *const c_char) -> Option<&'a str> {
    if start.is_null() {
        return None;
    }
    // SAFETY: not null, and by the interface a text that ends in a zero. No caller keeps it for long.
    unsafe { CStr::from_ptr(start) }.to_str().ok()
}

/// The fields of a struct, or the values of a list.
fn children<T>(start: *mut *mut T, count: i64) -> Vec<NonNull<T>> {
    let at = |index| {
        // SAFETY: by the interface there are so many pointers.
        NonNull::new(unsafe { start.wrapping_add(index).read() })
    };
    (0..usize::try_from(count).unwrap_or(0))
        .filter_map(at)
        .collect()
}

fn dtype_of(schema: &ArrowSchema) -> Option<Dtype> {
    let name = text(schema.format)?;
    let named = |dtype: &Dtype| format(*dtype).to_str() == Ok(name);
    let plain = schema.dictionary.is_null();
    Dtype::ALL.into_iter().find(named).filter(|_| plain)
}

fn no_audio(schema: &ArrowSchema) -> PyErr {
    PyTypeError::new_err(format!(
        "Arrow data of format {:?} is no audio: it takes int16, int32, float32 or float64, alone, as the columns \
         of a table or as lists of a fixed size, all of one type; cast it first",
        text(schema.format).unwrap_or_default()
    ))
}

fn facts(schema: &ArrowSchema) -> PyResult<Facts> {
    let entries = metadata(schema.metadata);
    let number = |key: &str| {
        let (_, value) = entries.iter().find(|(name, _)| name == key)?;
        value.parse::<u32>().ok()
    };
    let rate = number(RATE).map(SampleRate::new).transpose()?;
    let axes = number(AXES).map(|axes| axes as usize);
    let name = text(schema.format).unwrap_or_default();
    let (nesting, channels) = match (name, name.strip_prefix("+w:")) {
        ("+s", _) => (Nesting::Fields, schema.n_children),
        (_, Some(count)) => (Nesting::Frames, count.parse().unwrap_or(0)),
        _ => (Nesting::None, 1),
    };
    let channels = usize::try_from(channels).unwrap_or(0);
    let dtype = if nesting == Nesting::None {
        dtype_of(schema).ok_or_else(|| no_audio(schema))?
    } else {
        let fields = children(schema.children, schema.n_children);
        let mut only = None;
        for field in &fields {
            // SAFETY: by the interface a schema, which lives as long as its parent.
            let field = unsafe { field.as_ref() };
            let dtype = dtype_of(field).ok_or_else(|| no_audio(field))?;
            if only.is_some_and(|only| only != dtype) {
                return Err(no_audio(schema));
            }
            only = Some(dtype);
        }
        only.ok_or_else(|| no_audio(schema))?
    };
    if channels == 0 {
        return Err(no_audio(schema));
    }
    Ok(Facts {
        dtype,
        channels,
        nesting,
        rate,
        axes,
    })
}

/// Keys and values, those that are text.
fn metadata(start: *const u8) -> Vec<(String, String)> {
    let mut at = start;
    let number = |at: &mut *const u8| {
        // SAFETY: by the interface a number of 4 bytes stands here.
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
                // SAFETY: by the interface so many bytes follow their number.
                unsafe { at.wrapping_add(index).read() }
            })
            .collect();
        at = at.wrapping_add(len);
        String::from_utf8(bytes).unwrap_or_default()
    };
    (0..count).map(|_| (part(), part())).collect()
}

/// Values that are missing: bits that are 0 in `validity`, from `offset` on.
fn missing(array: &ArrowArray, offset: usize, length: usize) -> usize {
    if array.null_count == 0 || array.n_buffers == 0 {
        return 0;
    }
    // SAFETY: by the interface there are `n_buffers` pointers, and the first one is the validity.
    let validity = unsafe { array.buffers.read() }.cast::<u8>();
    if validity.is_null() {
        return 0;
    }
    let is_missing = |index: &usize| {
        // SAFETY: by the interface a bit for each value.
        let byte = unsafe { validity.wrapping_add(index / 8).read() };
        byte & (1 << (index % 8)) == 0
    };
    (offset..offset + length).filter(is_missing).count()
}

/// The values of an array of numbers, from `skip` on, of which `length` are to be there.
fn values(array: &ArrowArray, skip: usize, length: usize, size: usize) -> PyResult<NonNull<u8>> {
    let offset = usize::try_from(array.offset).unwrap_or(0) + skip;
    let there = usize::try_from(array.length).unwrap_or(0);
    if array.n_buffers != 2 || there < skip + length {
        return Err(PyValueError::new_err(format!(
            "the Arrow array describes itself wrongly: {there} values where {} are needed",
            skip + length
        )));
    }
    let gone = missing(array, offset, length);
    if gone > 0 {
        return Err(PyValueError::new_err(format!(
            "{gone} of {length} values are missing (null), and audio has none; fill them first, as with \
             fill_null(0)"
        )));
    }
    // SAFETY: by the interface the second of two pointers is that of the values.
    let start = unsafe { array.buffers.wrapping_add(1).read() };
    let first = start.cast::<u8>().cast_mut().wrapping_add(offset * size);
    if length == 0 {
        return Ok(NonNull::dangling());
    }
    NonNull::new(first).ok_or_else(|| PyValueError::new_err("the Arrow array has no values"))
}

fn chunk(array: ArrowArray, facts: &Facts) -> PyResult<Chunk> {
    let size = facts.dtype.size();
    let frames = usize::try_from(array.length).unwrap_or(0);
    let skip = usize::try_from(array.offset).unwrap_or(0);
    let gone = match facts.nesting {
        Nesting::None => 0,
        _ => missing(&array, skip, frames),
    };
    if gone > 0 {
        return Err(PyValueError::new_err(format!(
            "{gone} of {frames} frames are missing (null), and audio has none"
        )));
    }
    let inner: Vec<&ArrowArray> = children(array.children, array.n_children)
        .iter()
        .map(|child| {
            // SAFETY: by the interface an array, which lives as long as its parent.
            unsafe { child.as_ref() }
        })
        .collect();
    let firsts = match (facts.nesting, &inner[..]) {
        (Nesting::None, _) => vec![values(&array, 0, frames, size)?],
        (Nesting::Fields, fields) if fields.len() == facts.channels => fields
            .iter()
            .map(|field| values(field, skip, frames, size))
            .collect::<PyResult<_>>()?,
        (Nesting::Frames, [all]) => {
            let count = facts.channels;
            let first = values(all, skip * count, frames * count, size)?;
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
    Ok(Chunk {
        array: Arc::new(array),
        frames,
        firsts,
    })
}

/// The shape of the audio: one column is mono, unless the metadata says otherwise.
fn shape(facts: &Facts, frames: usize) -> Vec<usize> {
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
fn together(chunk: &Chunk, facts: &Facts) -> PyResult<Option<Samples>> {
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
    // Between rows of separate allocations lies what is nobody's business, unless all of it is ours.
    let is_whole = facts.nesting == Nesting::Frames
        || step == row as isize
        || (step > 0 && Buffer::find(first.addr().get(), reach).is_some());
    if chunk.frames > 0 && (!is_whole || chunk.firsts.windows(2).any(apart)) {
        return Ok(None);
    }
    let strides = [step, frame as isize];
    let shape = shape(facts, chunk.frames);
    let layout = Layout::strided(&shape, &strides[2 - shape.len()..], 0)?;
    // SAFETY: by the interface the values stay as they are until the array is released, which its owner does
    // when it is dropped. Nobody writes to them.
    let samples = unsafe {
        Samples::adopt(
            first,
            layout,
            facts.dtype,
            false,
            Box::new(chunk.array.clone()),
        )
    };
    Ok(Some(samples?))
}

/// All chunks and channels in memory of their own.
fn gather(
    py: Python<'_>,
    chunks: &[Chunk],
    facts: &Facts,
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
            // SAFETY: as in `together`.
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
            running::run(py, 2 * chunk.frames * facts.dtype.size(), |manner| {
                place.assign(&Operand::Samples(from.strided()), manner)
            })?;
        }
        start += chunk.frames;
    }
    Ok(out)
}
