//! Everything that can go wrong, one variant a cause; a variant carries the numbers of its message.

mod held;
mod unfit;

use std::fmt;
use std::io;
use std::path::Path;

pub use held::{Held, HeldBy, Place};
pub use unfit::Unfit;

/// Why an operation was refused. Nothing was changed when one of these is returned.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// A type name that is none of the four sample types.
    NotASampleType {
        /// The name given.
        name: String,
    },
    /// An allocation or layout past the address space.
    TooLarge {
        /// Samples per channel.
        samples: usize,
        /// Bytes of one sample.
        size: usize,
    },
    /// More samples than can be counted, where strides are zero.
    TooManySamples {
        /// Channels asked for.
        channels: usize,
        /// Frames asked for.
        frames: usize,
    },
    /// The system gave no memory.
    OutOfMemory {
        /// Bytes asked for.
        bytes: usize,
    },
    /// A shape that is neither `(frames,)` nor `(channels, frames)`.
    NotAudio {
        /// The shape given.
        shape: Vec<usize>,
    },
    /// A layout that reaches outside its buffer.
    OutsideBuffer {
        /// Lowest byte reached, from the buffer's start.
        low: Wide,
        /// One past the highest byte reached.
        high: Wide,
        /// Bytes of the buffer.
        bytes: usize,
    },
    /// A frame or channel that is not there.
    IndexOutOfRange {
        /// `frame` or `channel`.
        what: &'static str,
        /// The index asked for.
        index: Wide,
        /// How many there are.
        count: usize,
    },
    /// Two shapes that do not broadcast into the audio's own.
    ShapeMismatch {
        /// The audio's shape.
        audio: Vec<usize>,
        /// The operand's shape.
        operand: Vec<usize>,
        /// The operator as the caller wrote it, where both sides are audio.
        between: Option<&'static str>,
    },
    /// Two sample rates in one operation.
    SampleRateMismatch {
        /// The audio's rate in Hz.
        audio: u32,
        /// The operand's rate in Hz.
        operand: u32,
    },
    /// A sample rate that is no positive whole number of Hz below 2^32.
    InvalidSampleRate {
        /// What was given, as the user wrote it.
        given: String,
    },
    /// A zero in a divisor.
    DivisionByZero {
        /// Index of the first zero in the divisor, if it is no scalar.
        index: Option<Vec<usize>>,
    },
    /// An integer result that its type cannot hold, where the user wants to hear of it.
    IntegerOverflow {
        /// The operator.
        operator: &'static str,
        /// The type of the result.
        dtype: &'static str,
        /// Index of the first such result, if it is known.
        index: Option<Vec<usize>>,
    },
    /// An in-place result that the audio's type cannot hold.
    CastRefused {
        /// Type of the computed result.
        from: &'static str,
        /// The audio's type.
        to: &'static str,
        /// The in-place operator.
        operator: &'static str,
        /// Whether the samples are those of a mapped file.
        in_file: bool,
    },
    /// Samples that a file was to be decoded into, and that are of another kind than the file's.
    Unfit(Box<Unfit>),
    /// A write into samples that are read-only.
    ReadOnly,
    /// A lease or a borrow stands in the way, and waiting would not help.
    Borrowed(Box<Held>),
    /// Views can still reach a buffer that was to be closed.
    StillSeen {
        /// A mapped file; otherwise shared memory.
        is_file: bool,
        /// Of each view its kind, its shape, and whether it may write.
        views: Vec<(&'static str, Vec<usize>, bool)>,
    },
    /// The samples were a file's or a segment's, and that was closed.
    Closed,
    /// Another operation stands in the way and is not waited for: the caller has no patience, or is in the
    /// middle of an operation itself.
    Busy,
    /// The wait for a lease was given up, because the caller asked for it.
    Interrupted,
    /// An argument outside its range.
    InvalidArgument {
        /// What is wrong with it, with the numbers.
        message: String,
    },
    /// A file that is damaged, or of a kind that is not read.
    File {
        /// Byte offset of what is wrong, where there is one.
        offset: Option<u64>,
        /// What is wrong.
        message: String,
        /// The file, if it is known.
        path: Option<String>,
        /// How many whole frames there are before, where that is known.
        whole: Option<u64>,
    },
    /// The folder of a file takes no new file, which was to take the file's place.
    FolderRefuses {
        /// The system's error number.
        code: Option<i32>,
        /// What was refused.
        message: String,
        /// The file.
        path: String,
    },
    /// The operating system refused an operation on a file.
    Io {
        /// The system's error number, where there is one.
        code: Option<i32>,
        /// What was refused.
        message: String,
        /// The file, if it is known.
        path: Option<String>,
    },
}

/// A whole number of 128 bits in two halves. As an `i128` it would align every error, and every result that may be one,
/// to 16 bytes: such results were seen to be moved by aligned instructions to where they are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wide {
    high: i64,
    low: u64,
}

impl From<i128> for Wide {
    fn from(value: i128) -> Wide {
        Wide {
            high: (value >> 64) as i64,
            low: value as u64,
        }
    }
}

impl fmt::Display for Wide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (i128::from(self.high) << 64 | i128::from(self.low)).fmt(f)
    }
}

impl Error {
    /// Two pieces of audio whose shapes do not go together.
    pub fn between(audio: &[usize], operand: &[usize], symbol: &'static str) -> Error {
        Error::ShapeMismatch {
            audio: audio.to_vec(),
            operand: operand.to_vec(),
            between: Some(symbol),
        }
    }

    /// What is wrong with an argument, with the numbers.
    pub fn invalid(message: String) -> Error {
        Error::InvalidArgument { message }
    }

    /// What is wrong with a file, and at which byte.
    pub fn damaged(offset: u64, message: String) -> Error {
        Error::File {
            offset: Some(offset),
            message,
            path: None,
            whole: None,
        }
    }

    /// The error of a file that has so many whole frames before what is wrong.
    #[must_use]
    pub fn after(mut self, frames: u64) -> Error {
        if let Error::File { whole, .. } = &mut self {
            *whole = Some(frames);
        }
        self
    }

    /// The error with the path of the file in it, unless it has one.
    #[must_use]
    pub fn at_path(mut self, file: &Path) -> Error {
        if let Error::File { path, .. } | Error::Io { path, .. } = &mut self {
            path.get_or_insert_with(|| file.display().to_string());
        }
        self
    }

    /// What the system refused, in its own words.
    pub fn io(error: &io::Error, path: Option<&Path>) -> Error {
        let code = error.raw_os_error();
        let mut message = error.to_string();
        if let Some(code) = code {
            // The number has its own place.
            let suffix = format!(" (os error {code})");
            message.truncate(message.strip_suffix(&suffix).unwrap_or(&message).len());
        }
        Error::Io {
            code,
            message,
            path: path.map(|path| path.display().to_string()),
        }
    }
}

/// `(2, 44100)`, as Python writes a shape.
pub fn shape_text(shape: &[usize]) -> String {
    match shape {
        [only] => format!("({only},)"),
        _ => {
            let parts: Vec<String> = shape.iter().map(ToString::to_string).collect();
            format!("({})", parts.join(", "))
        }
    }
}

/// How the views that keep a buffer open are told; the first few by name.
fn still_seen(
    f: &mut fmt::Formatter<'_>,
    is_file: bool,
    views: &[(&'static str, Vec<usize>, bool)],
) -> fmt::Result {
    const NAMED: usize = 4;
    let buffer = if is_file { "file" } else { "shared memory" };
    match views.len() {
        1 => write!(f, "the {buffer} cannot be closed while 1 view is alive: ")?,
        count => write!(
            f,
            "the {buffer} cannot be closed while {count} views are alive: "
        )?,
    }
    for (place, (kind, shape, writable)) in views.iter().take(NAMED).enumerate() {
        let comma = if place == 0 { "" } else { ", " };
        let mode = if *writable { "write" } else { "read" };
        write!(f, "{comma}{kind} of shape {} ({mode})", shape_text(shape))?;
    }
    match views.len().saturating_sub(NAMED) {
        0 => Ok(()),
        more => write!(f, " and {more} more"),
    }
}

/// What is wrong with which file, at which byte.
fn in_file(
    f: &mut fmt::Formatter<'_>,
    path: Option<&str>,
    message: &str,
    offset: Option<u64>,
) -> fmt::Result {
    if let Some(path) = path {
        write!(f, "'{path}': ")?;
    }
    f.write_str(message)?;
    match offset {
        Some(offset) => write!(f, " (at byte {offset})"),
        None => Ok(()),
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NotASampleType { name } => write!(
                f,
                "{name} is no sample type; samples are int16, int32, float32 or float64"
            ),
            Error::TooLarge { samples, size } => write!(
                f,
                "{samples} samples of {size} bytes do not fit into the address space"
            ),
            Error::TooManySamples { channels, frames } => write!(
                f,
                "{channels} channels of {frames} frames are more samples than can be counted"
            ),
            Error::OutOfMemory { bytes } => {
                write!(f, "the system gave no memory for {bytes} bytes")
            }
            Error::NotAudio { shape } if shape.is_empty() => f.write_str(
                "a single number is no audio; give a sequence of at least one frame, such as [0.5]",
            ),
            Error::NotAudio { shape } => write!(
                f,
                "audio has the shape (frames,) or (channels, frames), not {}",
                shape_text(shape)
            ),
            Error::OutsideBuffer { low, high, bytes } => write!(
                f,
                "the layout reaches bytes {low} to {high} of a buffer of {bytes} bytes"
            ),
            Error::IndexOutOfRange { what, index, count } => {
                write!(f, "{what} {index} is out of range for {count} {what}s")
            }
            Error::ShapeMismatch { audio, operand, .. } => write!(
                f,
                "audio of shape {} takes no operand of shape {}: it has to broadcast into the audio's shape",
                shape_text(audio),
                shape_text(operand)
            ),
            Error::SampleRateMismatch { audio, operand } => write!(
                f,
                "audio at {audio} Hz and audio at {operand} Hz do not mix; resample one of them first"
            ),
            Error::InvalidSampleRate { given } => write!(
                f,
                "sample_rate must be a whole number of Hz from 1 to 4294967295, not {given}"
            ),
            Error::DivisionByZero { index: Some(index) } => {
                write!(f, "the divisor is zero at index {}", shape_text(index))
            }
            Error::DivisionByZero { index: None } => f.write_str("division by zero"),
            Error::IntegerOverflow {
                operator,
                dtype,
                index,
            } => {
                write!(f, "the result of {operator} does not fit into {dtype}")?;
                match index {
                    Some(index) => write!(f, " at index {}", shape_text(index)),
                    None => Ok(()),
                }
            }
            Error::CastRefused {
                from, to, operator, ..
            } => write!(
                f,
                "{operator} gives {from}, which {to} audio cannot hold in place"
            ),
            Error::Unfit(unfit) => unfit.fmt(f),
            Error::ReadOnly => f.write_str("these samples are read-only"),
            Error::Borrowed(held) => held.fmt(f),
            Error::StillSeen { is_file, views } => still_seen(f, *is_file, views),
            Error::InvalidArgument { message } => f.write_str(message),
            Error::Closed => {
                f.write_str("the file or shared memory that held these samples is closed")
            }
            Error::Busy => f.write_str(
                "another operation is using these samples, and a thread that is in the middle of an operation does \
                 not wait for another",
            ),
            Error::Interrupted => write!(f, "interrupted while waiting for other operations"),
            Error::File {
                offset,
                message,
                path,
                ..
            } => in_file(f, path.as_deref(), message, *offset),
            Error::FolderRefuses { message, path, .. } => write!(
                f,
                "{message}: the folder of '{path}' takes no new file beside it"
            ),
            Error::Io {
                message,
                path: Some(path),
                ..
            } => write!(f, "{message}: '{path}'"),
            Error::Io { message, .. } => f.write_str(message),
        }
    }
}

impl std::error::Error for Error {}
