//! The bytes of a file for a walk over its chunks: no read past the end, no error without an offset.

use std::io::{self, Read, Seek, SeekFrom};

use crate::audio::SampleRate;
use crate::error::Error;
use crate::files::pcm::Chunk;

/// More chunks than any program writes, so that a file of nothing but chunks takes no memory to speak of.
const MAX_CHUNKS: usize = 1 << 16;

/// A reader, from where it was found to its end.
pub struct Bytes<'r, R> {
    reader: &'r mut R,
    /// Where it was found.
    pub start: u64,
    /// One past its last byte.
    pub end: u64,
}

impl<'r, R: Read + Seek> Bytes<'r, R> {
    pub fn new(reader: &'r mut R) -> Result<Bytes<'r, R>, Error> {
        let io = |error| failed(&error, 0);
        let start = reader.stream_position().map_err(io)?;
        let end = reader.seek(SeekFrom::End(0)).map_err(io)?;
        if end > i64::MAX as u64 || start > i64::MAX as u64 {
            // No system has such files, and sums of offsets would overflow.
            return Err(Error::damaged(
                start,
                format!("the file claims {end} bytes"),
            ));
        }
        Ok(Bytes { reader, start, end })
    }

    /// The reader itself, for a walk over other units.
    pub fn reader(&mut self) -> &mut R {
        self.reader
    }

    /// Fills as much of `into` as there are bytes from `offset` on.
    pub fn peek<'b>(&mut self, offset: u64, into: &'b mut [u8]) -> Result<&'b [u8], Error> {
        let len = self.end.saturating_sub(offset).min(into.len() as u64) as usize;
        if len > 0 {
            seek(self.reader, offset)?;
            let filled = self.reader.read_exact(&mut into[..len]);
            filled.map_err(|error| failed(&error, offset))?;
        }
        Ok(&into[..len])
    }

    /// `N` bytes from `offset` on, all of which have to be there. `what` they are goes into the message.
    pub fn take<const N: usize>(&mut self, offset: u64, what: &str) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        let there = self.peek(offset, &mut bytes)?.len();
        if there == N {
            return Ok(bytes);
        }
        Err(Error::damaged(
            offset + there as u64,
            format!("the file ends in the middle of {what}"),
        ))
    }

    /// An error for what begins at `at` and is no chunk, or one that claims more bytes than there are.
    pub fn require_chunk(&self, at: u64, chunk: &Chunk) -> Result<(), Error> {
        if !is_printable(&chunk.id) {
            let found = letters(chunk.id);
            return Err(Error::damaged(
                at,
                format!("no chunk begins where one should: {found}"),
            ));
        }
        if chunk.size > self.end.saturating_sub(chunk.offset) {
            return Err(cut_short(chunk, self.end));
        }
        Ok(())
    }
}

/// Where a reader stands.
pub fn position<R: Seek>(reader: &mut R) -> Result<u64, Error> {
    reader.stream_position().map_err(|error| failed(&error, 0))
}

pub fn seek<R: Seek>(reader: &mut R, offset: u64) -> Result<(), Error> {
    let moved = reader.seek(SeekFrom::Start(offset));
    moved.map(|_| ()).map_err(|error| failed(&error, offset))
}

/// Why reading stopped at a byte: the file is shorter than it was, or the system's reason.
pub fn failed(error: &io::Error, offset: u64) -> Error {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return Error::damaged(offset, "the file became shorter while it was read".into());
    }
    Error::io(error, None)
}

/// The sample rate that a file has as a floating-point number at `at`.
pub fn rate(hertz: f64, at: u64) -> Result<SampleRate, Error> {
    let whole = hertz.round_ties_even();
    // Whatever is no such number, `nan` among it, is as wrong as 0.
    let is_one = (1.0..=f64::from(u32::MAX)).contains(&whole);
    SampleRate::new(if is_one { whole as u32 } else { 0 })
        .map_err(|_| Error::damaged(at, format!("the file claims a sample rate of {hertz} Hz")))
}

/// Four letters as they can be shown.
pub fn letters(id: [u8; 4]) -> String {
    format!("'{}'", id.escape_ascii())
}

pub fn is_printable(id: &[u8]) -> bool {
    id.len() == 4 && id.iter().all(|byte| (b' '..=b'~').contains(byte))
}

/// Adds a chunk to those of a file. `at` is where it begins.
pub fn keep(chunks: &mut Vec<Chunk>, at: u64, chunk: Chunk) -> Result<(), Error> {
    if chunks.len() == MAX_CHUNKS {
        return Err(Error::damaged(
            at,
            format!("the file has more than {MAX_CHUNKS} chunks"),
        ));
    }
    chunks.push(chunk);
    Ok(())
}

/// A chunk that claims more bytes than there are.
pub fn cut_short(chunk: &Chunk, end: u64) -> Error {
    Error::damaged(
        end,
        format!(
            "the file was cut short: its chunk {} claims {} bytes from byte {} on, of which there are \
             {}",
            letters(chunk.id),
            chunk.size,
            chunk.offset,
            end.saturating_sub(chunk.offset)
        ),
    )
}
