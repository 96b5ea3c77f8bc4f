//! Why a file is not decoded into samples that the caller has.

use std::fmt;

use super::shape_text;

/// How samples differ from those of the file that was to be decoded into them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// In their rate.
    Rate {
        /// Their own, in Hz.
        out: u32,
        /// The file's.
        file: u32,
    },
    /// In the number of channels.
    Channels {
        /// Their shape.
        out: Vec<usize>,
        /// The channels of the file.
        file: usize,
    },
    /// In the number of frames.
    Shape {
        /// Their shape.
        out: Vec<usize>,
        /// Channels and frames of what was selected.
        file: (usize, u64),
    },
    /// In their type, from the one that was asked for.
    Type {
        /// Their own.
        out: &'static str,
        /// The one asked for.
        asked: &'static str,
    },
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unfit::Rate { out, file } => {
                write!(f, "out is audio at {out} Hz, and the file is at {file} Hz")
            }
            Unfit::Channels { out, file } => write!(
                f,
                "out has the shape {}, and the file has {file} channel{}",
                shape_text(out),
                if *file == 1 { "" } else { "s" }
            ),
            Unfit::Shape { out, file } => write!(
                f,
                "out has the shape {}, and what is read has {} frames in {} channel{}",
                shape_text(out),
                file.1,
                file.0,
                if file.0 == 1 { "" } else { "s" }
            ),
            Unfit::Type { out, asked } => {
                write!(f, "out holds {out}, and {asked} was asked for")
            }
        }
    }
}
