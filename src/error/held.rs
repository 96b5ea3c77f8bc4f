//! Samples that an operation wanted and did not get.

use std::fmt;

use super::shape_text;

/// Samples that an operation wanted, and what holds them.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// Whether the operation wanted to write; otherwise to read.
    pub writing: bool,
    /// Which samples.
    pub place: Place,
    /// What holds them.
    pub holder: HeldBy,
}

/// Which samples an operation wanted and did not get.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// Those of the operation: it works on one piece of audio only.
    Own,
    /// Those of another operand than the one that the operation is told of.
    Other,
    /// Some frames of audio.
    Frames {
        /// The first and the last.
        frames: (usize, usize),
        /// The first and the last channel, where not all of them are held.
        channels: Option<(usize, usize)>,
        /// The shape of the audio.
        shape: Vec<usize>,
    },
}

/// What holds samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldBy {
    /// An operation of the very thread that asks.
    OwnOperation,
    /// A borrow for reading.
    Borrow,
    /// A borrow for writing.
    BorrowMut,
    /// A borrow of a thread that is not in this process, which was forked meanwhile.
    LostBorrow,
    /// Arrow data, which never changes.
    Arrow,
    /// A view of this kind that may write.
    View(&'static str),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |what: &str, (first, last): (usize, usize)| match first == last {
            true => format!("{what} {first}"),
            false => format!("{what}s {first} to {last}"),
        };
        match self {
            Place::Own => f.write_str("these samples"),
            Place::Other => f.write_str("the samples of another operand"),
            Place::Frames {
                frames,
                channels,
                shape,
            } => {
                if let Some(channels) = channels {
                    write!(f, "{}, ", count("channel", *channels))?;
                }
                let frames = count("frame", *frames);
                write!(f, "{frames} of audio of shape {}", shape_text(shape))
            }
        }
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = &self.place;
        let doing = if self.writing { "writing" } else { "reading" };
        match self.holder {
            HeldBy::BorrowMut => write!(
                f,
                "{doing} {place} is refused: they are borrowed for writing"
            ),
            HeldBy::Borrow => write!(
                f,
                "{doing} {place} is refused: they are borrowed for reading"
            ),
            HeldBy::LostBorrow => write!(
                f,
                "{doing} {place} is refused: another thread had borrowed them when this process was forked, and is in \
                 the parent only"
            ),
            HeldBy::Arrow => write!(
                f,
                "{doing} {place} is refused: Arrow data on them is alive (an array or a table, also one inside a \
                 data frame), and Arrow data never changes"
            ),
            HeldBy::View(kind) => write!(
                f,
                "borrowing {place} for writing is refused: a writable view ({kind}) of them is alive"
            ),
            HeldBy::OwnOperation => write!(
                f,
                "{doing} {place} is refused: an operation of this thread is still using them"
            ),
        }
    }
}
