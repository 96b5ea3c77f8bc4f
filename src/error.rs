//! Everything that can go wrong, one variant a cause; a variant carries the numbers of its message.

use std::fmt;
use std::io;
use std::path::Path;

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
    /// The system gave no memory.
    OutOfMemory {
        /// Bytes asked for.
        bytes: usize,
    },
    /// More axes than channels and frames.
    TooManyAxes {
        /// The shape given.
        shape: Vec<usize>,
    },
    /// A layout that reaches outside its buffer.
    OutsideBuffer {
        /// Lowest byte reached, from the buffer's start.
        low: i128,
        /// One past the highest byte reached.
        high: i128,
        /// Bytes of the buffer.
        bytes: usize,
    },
    /// A frame or channel that is not there.
    IndexOutOfRange {
        /// `frame` or `channel`.
        what: &'static str,
        /// The index asked for.
        index: i128,
        /// How many there are.
        count: usize,
    },
    /// Two shapes that do not broadcast into the audio's own.
    ShapeMismatch {
        /// The audio's shape.
        audio: Vec<usize>,
        /// The operand's shape.
        operand: Vec<usize>,
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
    /// A write into samples that are read-only.
    ReadOnly,
    /// A lease or a borrow stands in the way, and waiting would not help.
    Borrowed {
        /// Which samples, held by whom, and the way out.
        message: String,
    },
    /// The samples were a file's or a segment's, and that was closed.
    Closed,
    /// Another operation stands in the way and is not waited for: the caller has no patience, or is in the
    /// middle of an operation itself.
    Busy,
    /// The wait for a lease was given up, because the caller asked for it.
    Interrupted,
    /// Channels of different lengths, or a shape that is neither mono nor multi-channel.
    InvalidShape {
        /// What is wrong with it, and what to do.
        message: String,
    },
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
    },
    /// A file whose samples are no plain numbers, where those are needed.
    Compressed {
        /// Byte offset of what says so.
        offset: u64,
        /// What they are.
        message: String,
        /// The kind of file, where it is known by how it begins and by no more: `an MP4 file`.
        begins_like: Option<&'static str>,
        /// The file, if it is known.
        path: Option<String>,
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

impl Error {
    /// What is wrong with a file, and at which byte.
    pub fn damaged(offset: u64, message: String) -> Error {
        Error::File {
            offset: Some(offset),
            message,
            path: None,
        }
    }

    /// The error with the path of the file in it, unless it has one.
    #[must_use]
    pub fn at_path(mut self, file: &Path) -> Error {
        if let Error::File { path, .. } | Error::Compressed { path, .. } | Error::Io { path, .. } =
            &mut self
        {
            path.get_or_insert_with(|| file.display().to_string());
        }
        self
    }

    /// Samples that are no plain numbers, and at which byte the file says so.
    pub fn compressed(offset: u64, message: String) -> Error {
        Error::Compressed {
            offset,
            message,
            begins_like: None,
            path: None,
        }
    }

    /// A file that no decoder takes either: what begins as a known kind, and cannot be read as one, is damaged.
    pub fn undecoded(self) -> Error {
        match self {
            Error::Compressed {
                offset,
                begins_like: Some(kind),
                ..
            } => Error::damaged(
                offset,
                format!(
                    "this begins like {kind}, and what it takes to read one is not there: it was cut short or is \
                     damaged, or there is no sound in it"
                ),
            ),
            other => other,
        }
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

/// Operands that audio of a shape takes, and what of the one given would be one.
fn fitting(audio: &[usize], operand: &[usize]) -> String {
    let turned = match operand {
        [frames, channels] if [*channels, *frames] == *audio => {
            "turn it around with np.asarray(operand).T, or "
        }
        [_, frames] if [*frames] == *audio => "pick one channel of it with operand[0], or ",
        _ => "",
    };
    match audio {
        [frames] => format!("{turned}use ({frames},), (1,) or a single number"),
        [channels, frames] => format!(
            "{turned}use ({frames},) for all channels alike, ({channels}, 1) for one number a channel, \
             ({channels}, {frames}) or a single number"
        ),
        _ => format!("{turned}use a single number"),
    }
}

/// The greatest common divisor of two rates, neither of which is 0.
fn divisor(one: u32, other: u32) -> u32 {
    if other == 0 {
        return one.max(1);
    }
    divisor(other, one % other)
}

/// The largest number of a type of integers, as audio counts it.
fn full_scale(dtype: &str) -> u64 {
    if dtype == "int16" { 1 << 15 } else { 1 << 31 }
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
            Error::OutOfMemory { bytes } => {
                write!(f, "the system gave no memory for {bytes} bytes")
            }
            Error::TooManyAxes { shape } => write!(
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
            Error::ShapeMismatch { audio, operand } => write!(
                f,
                "audio of shape {} takes no operand of shape {}: it has to broadcast into the \
                 audio's shape; {}",
                shape_text(audio),
                shape_text(operand),
                fitting(audio, operand)
            ),
            Error::SampleRateMismatch { audio, operand } => write!(
                f,
                "audio at {audio} Hz and audio at {operand} Hz do not mix; resample one of them first: \
                 scipy.signal.resample_poly(other.to_numpy(), {}, {}, axis=-1) brings other from \
                 {operand} to {audio} Hz, and AudioSamples.from_numpy(..., {audio}) makes it audio again",
                audio / divisor(*audio, *operand),
                operand / divisor(*audio, *operand)
            ),
            Error::InvalidSampleRate { given } => write!(
                f,
                "sample_rate must be a whole number of Hz from 1 to 4294967295, not {given}"
            ),
            Error::DivisionByZero { index: Some(index) } => write!(
                f,
                "the divisor is zero at index {}; np.divide keeps inf and nan if you want them",
                shape_text(index)
            ),
            Error::DivisionByZero { index: None } => write!(
                f,
                "division by zero; np.divide keeps inf and nan if you want them"
            ),
            Error::IntegerOverflow {
                operator,
                dtype,
                index,
            } => {
                write!(f, "the result of {operator} does not fit into {dtype}")?;
                if let Some(index) = index {
                    write!(f, " at index {}", shape_text(index))?;
                }
                f.write_str(
                    "; use integer_overflow(\"saturate\") or (\"wrap\"), \
                     or convert the audio to a wider type first",
                )
            }
            Error::CastRefused {
                from,
                to,
                operator,
                in_file,
            } => write!(
                f,
                "{operator} gives {from}, which {to} audio cannot hold in place (casting='same_kind'); {}\
                 audio {} x gives new {from} audio of {to}'s own numbers (up to \
                 {}), and audio.convert('float32') gives audio of full scale 1.0, which takes {operator} \
                 and goes back with .convert('{to}')",
                if *in_file {
                    format!(
                        "to change this file, close() it and go over it with edit(path), whose blocks are floats \
                         and take {operator}, or keep to whole numbers, as in audio //= 2; "
                    )
                } else {
                    String::new()
                },
                operator.trim_end_matches('='),
                full_scale(to)
            ),
            Error::ReadOnly => write!(
                f,
                "these samples are read-only; make a writable copy with .copy()"
            ),
            Error::Borrowed { message }
            | Error::InvalidShape { message }
            | Error::InvalidArgument { message } => f.write_str(message),
            Error::Closed => write!(
                f,
                "the file or shared memory that held these samples is closed; open it again, or take a \
                 .copy() before it is closed"
            ),
            Error::Busy => write!(
                f,
                "another operation is using these samples, and a thread that is in the middle of an \
                 operation does not wait for another; finish that one first, or work on a .copy()"
            ),
            Error::Interrupted => write!(f, "interrupted while waiting for other operations"),
            Error::File {
                offset,
                message,
                path,
            } => in_file(f, path.as_deref(), message, *offset),
            Error::Compressed {
                offset,
                message,
                path,
                ..
            } => in_file(f, path.as_deref(), message, Some(*offset)),
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
