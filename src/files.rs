//! Files: audio read from them, written to them, mapped and edited in them.
//!
//! ```text
//!   input -> sniff -> pcm (plain samples) or codec (compressed) -> source -> read, stream, batch
//!   audio -> write: a coder for each kind of file -> replace
//!   mapped: the file is the memory          edit: the file is changed block by block
//! ```
//!
//! [`Audio`] never names this floor.

pub mod asking;
pub mod batch;
pub mod clipping;
mod codec;
pub mod conformed;
pub mod destination;
pub mod edit;
pub mod facts;
pub mod info;
pub mod input;
pub mod into;
pub mod mapped;
pub mod parallel;
pub mod path;
pub mod pcm;
pub mod regular;
pub mod replace;
pub mod selection;
mod sniff;
pub mod source;
pub mod spool;
pub mod stream;

pub mod write;

use std::path::Path;

use crate::audio::Audio;
use crate::error::Error;
use crate::kernel;
use crate::registry::Until;

pub use selection::{ReadAs, Selection};

/// All samples of a file as floats to compute with: float32, or float64 where the file has 32-bit integers or 64-bit
/// floats.
///
/// # Errors
/// [`Error::Io`] with the path; [`Error::File`] for a file that is damaged or of no known format.
pub fn read(path: impl AsRef<Path>) -> Result<Audio, Error> {
    path::read(path.as_ref(), Selection::default())
}

/// As [`read`], in the type that the file stores ([`ReadAs::Stored`]) or in one of the caller's: at audio scale,
/// rounded to the nearest, saturating.
///
/// # Errors
/// As [`read`].
pub fn read_as(path: impl AsRef<Path>, dtype: impl Into<ReadAs>) -> Result<Audio, Error> {
    path::read(path.as_ref(), Selection::all(dtype))
}

/// Decodes a whole file into samples that exist: a slice, a tensor's memory, a mapped file. Frames, channels and rate
/// are those of the file; the type is that of `out`.
///
/// # Errors
/// As [`read`], and as [`into::read_into`].
pub fn read_into(path: impl AsRef<Path>, out: &Audio) -> Result<(), Error> {
    let until = Until::Stopped(&mut || true);
    path::read_into(path.as_ref(), out, Selection::all(out.dtype()), until)
}

/// Reads what is selected, converted to its type as [`Audio::convert`] does. Long files whose bytes several readers
/// share are read by several threads, as many as [`kernel::threads`] says.
///
/// # Errors
/// [`Error::File`] with the byte offset of what is damaged or not read, [`Error::Io`], and
/// [`Error::IndexOutOfRange`] for a start behind the last frame.
pub fn read_from(input: input::Input<'_>, selection: Selection) -> Result<Audio, Error> {
    let mut source = source::FrameSource::open(input)?;
    conformed::read(&mut source, selection, kernel::threads())
}

/// As [`read_from`], and of a file that is damaged the whole frames before the damage, with the error that stood in the way
/// of the others.
///
/// # Errors
/// As there, where it is not known how many frames are whole.
pub fn read_kept(
    input: input::Input<'_>,
    selection: Selection,
) -> Result<(Audio, Option<Error>), Error> {
    let mut source = source::FrameSource::open(input)?;
    conformed::read_kept(&mut source, selection, kernel::threads())
}

/// Writes audio as what the path's ending says (`.wav`, `.rf64`, `.aiff`, `.flac`), in the encoding of its type. A file
/// that stands there is replaced when all is written; where anything fails it is as it was.
///
/// # Errors
/// [`Error::Io`] with the path; an ending that is not written.
pub fn write(path: impl AsRef<Path>, audio: &Audio) -> Result<(), Error> {
    let until = Until::Stopped(&mut || true);
    path::write(path.as_ref(), audio, &write::Recipe::default(), until).map(drop)
}

/// Maps a file: nothing is read. The samples of a file opened for writing are the file.
///
/// # Errors
/// As [`read`], and for samples that the machine does not compute with as they lie.
pub fn open(path: impl AsRef<Path>, writable: bool) -> Result<Audio, Error> {
    mapped::open(path.as_ref(), writable)
}

/// What a file holds besides its samples, without decoding them.
///
/// # Errors
/// As [`read`].
pub fn info(path: impl AsRef<Path>) -> Result<info::FileInfo, Error> {
    path::info(path.as_ref())
}
