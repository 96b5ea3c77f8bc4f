//! AIFF and AIFF-C: big-endian chunks, read and written.

mod header;
mod writing;

pub(super) use header::header;
pub(in crate::files) use writing::coder;
