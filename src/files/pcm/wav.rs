//! WAV: RIFF files of uncompressed samples, read from and written to anything that has bytes.
//!
//! ```text
//!   RIFF size WAVE                       header::read   finds every chunk, believes none of them
//!     fmt   encoding, channels, rate
//!     LIST, bext, ...                    kept as offset and size
//!     data  interleaved frames           reading, writing   block by block
//! ```
//!
//! What is read: PCM of 8, 16, 24 and 32 bits, float of 32 and 64 bits, A-law and mu-law, plain or extensible,
//! little-endian (`RIFF`) and big-endian (`RIFX`). What is written: the same, plain and little-endian; RF64 where 32
//! bits do not count the bytes.
//!
//! # Damaged files
//!
//! A header is a claim, and the length of the file is the fact that it is held against. Nothing is
//! allocated for frames that the file has no bytes for.
//!
//! * Bytes missing at the end of the samples are an error. So is a header that contradicts itself.
//! * A stream is no damage: a program that writes to a pipe does not know the size. Its data chunk claims more than
//!   there is, namely `0xFFFFFFFF` bytes or 2 GiB (or up to 64 KiB less), or its RIFF chunk claims `0` or
//!   `0xFFFFFFFF`; its samples go on to the end of the file, as far as frames are whole. The same
//!   holds for a data chunk of size 0 at the very end of a RIFF chunk in a file that goes on: it was never
//!   closed.
//! * The size of the RIFF chunk and the byte rate are otherwise not looked at; too many programs
//!   write them wrong. A missing padding byte is forgiven, and so is anything behind the samples.

pub(super) mod format;
mod header;
mod writing;

pub use crate::files::pcm::{Chunk, Container, Header, Info, info, read};
pub(super) use header::header;
pub(in crate::files) use writing::coder;
