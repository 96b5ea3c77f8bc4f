//! Samples in a segment, which other processes can have too.

use super::Samples;
use crate::error::Error;
use crate::layout::Layout;
use crate::memory::{Buffer, Content, Ticket};

impl Samples {
    /// Silence in a new segment. It may be written to here, whatever `content` says to processes that attach it.
    ///
    /// # Errors
    /// As [`Buffer::make_shared`].
    pub fn in_segment(content: Content) -> Result<Samples, Error> {
        let (layout, dtype) = (layout_of(&content)?, content.dtype);
        Samples::new(Buffer::make_shared(content)?, layout, dtype, true)
    }

    /// All samples of the segment of that name, and their rate in Hz.
    ///
    /// # Errors
    /// As [`Buffer::attach_shared`].
    pub fn attach(name: &str, ticket: Option<Ticket>) -> Result<(Samples, u32), Error> {
        let buffer = Buffer::attach_shared(name, ticket)?;
        let Some((_, content)) = buffer.shared() else {
            unreachable!("what was attached is a segment");
        };
        let (layout, dtype, rate) = (layout_of(content)?, content.dtype, content.rate);
        let writable = content.writable;
        Ok((Samples::new(buffer, layout, dtype, writable)?, rate))
    }
}

/// The samples of a segment fill it.
fn layout_of(content: &Content) -> Result<Layout, Error> {
    Layout::contiguous(&content.shape, content.dtype.size())
}
