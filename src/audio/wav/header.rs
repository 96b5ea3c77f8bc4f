//! The walk over the chunks of a file: what is where, held against what there is.

use std::io::{self, Read, Seek, SeekFrom};

use crate::audio::encoding::ByteOrder;
use crate::audio::wav::Info;
use crate::audio::wav::format::{self, Format};
use crate::error::Error;

/// More chunks than any program writes, so that a file of nothing but chunks takes no memory to speak of.
const MAX_CHUNKS: usize = 1 << 16;

/// What a stream of unknown length claims to be long.
const UNKNOWN: u32 = u32::MAX;

/// `RIFF`, a size and `WAVE`.
const PREFIX: u64 = 12;

/// A chunk as it lies in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Four letters.
    pub id: [u8; 4],
    /// Where its content begins, in bytes from the start of the file; its id is eight bytes before.
    pub offset: u64,
    /// Bytes of its content, without padding.
    pub size: u64,
}

/// A file's chunks, and what its samples are.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// The samples.
    pub info: Info,
    /// Every chunk in the order of the file, `fmt` and `data` among them.
    pub chunks: Vec<Chunk>,
    /// True if the end of the samples is the end of the file because the header does not know it.
    pub is_stream: bool,
}

impl Header {
    /// Reads the header that begins at the reader's position, whose chunks go on to the end of the reader.
    ///
    /// # Errors
    /// [`Error::File`] with the byte offset of what is damaged or not read, [`Error::Io`].
    pub fn read<R: Read + Seek>(reader: &mut R) -> Result<Header, Error> {
        read(reader).map(|(_, header)| header)
    }
}

/// Why reading stopped at a byte: the file is shorter than it was, or the system's reason.
pub fn failed(error: &io::Error, offset: u64) -> Error {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return Error::damaged(offset, "the file became shorter while it was read".into());
    }
    Error::io(error, None)
}

/// Four letters as they can be shown.
fn letters(id: [u8; 4]) -> String {
    format!("'{}'", id.escape_ascii())
}

fn is_printable(id: &[u8]) -> bool {
    id.len() == 4 && id.iter().all(|byte| (b' '..=b'~').contains(byte))
}

pub fn seek<R: Seek>(reader: &mut R, offset: u64) -> Result<(), Error> {
    let moved = reader.seek(SeekFrom::Start(offset));
    moved.map(|_| ()).map_err(|error| failed(&error, offset))
}

/// Fills as much of `into` as there are bytes from `offset` on.
fn peek<'b, R: Read + Seek>(
    reader: &mut R,
    offset: u64,
    end: u64,
    into: &'b mut [u8],
) -> Result<&'b [u8], Error> {
    let len = end.saturating_sub(offset).min(into.len() as u64) as usize;
    if len > 0 {
        seek(reader, offset)?;
        reader
            .read_exact(&mut into[..len])
            .map_err(|error| failed(&error, offset))?;
    }
    Ok(&into[..len])
}

/// The position at which the reader was found, and the header.
pub fn read<R: Read + Seek>(reader: &mut R) -> Result<(u64, Header), Error> {
    let io = |error| failed(&error, 0);
    let start = reader.stream_position().map_err(io)?;
    let end = reader.seek(SeekFrom::End(0)).map_err(io)?;
    let mut prefix = [0; PREFIX as usize];
    let prefix = peek(reader, start, end, &mut prefix)?;
    let (order, riff_size) = check_prefix(start, prefix)?;
    let header = Walk {
        reader,
        order,
        end,
        riff_size,
        riff_end: start + 8 + u64::from(riff_size),
        chunks: Vec::new(),
        format: None,
    }
    .run(start + PREFIX)?;
    Ok((start, header))
}

fn check_prefix(start: u64, prefix: &[u8]) -> Result<(ByteOrder, u32), Error> {
    let other = match prefix {
        [b'R', b'F', b'6', b'4', ..] | [b'B', b'W', b'6', b'4', ..] => "an RF64 file",
        [b'r', b'i', b'f', b'f', ..] => "a W64 file",
        [b'F', b'O', b'R', b'M', ..] => "an AIFF file",
        [b'c', b'a', b'f', b'f', ..] => "a CAF file",
        [b'f', b'L', b'a', b'C', ..] => "a FLAC file",
        [b'O', b'g', b'g', b'S', ..] => "an Ogg file",
        [b'I', b'D', b'3', ..] | [0xFF, 0xE0..=0xFF, ..] => "an MPEG file",
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => "an MP4 file",
        _ => "",
    };
    if !other.is_empty() {
        return Err(Error::damaged(
            start,
            format!("this is {other}; only WAV is read"),
        ));
    }
    let order = match prefix {
        [b'R', b'I', b'F', b'F', ..] => ByteOrder::Little,
        [b'R', b'I', b'F', b'X', ..] => ByteOrder::Big,
        _ => {
            let found = prefix.get(..4).unwrap_or(prefix).escape_ascii();
            let message =
                format!("this is no WAV file: a WAV file begins with 'RIFF', this with '{found}'");
            return Err(Error::damaged(start, message));
        }
    };
    match *prefix {
        [_, _, _, _, a, b, c, d, b'W', b'A', b'V', b'E'] => Ok((order, order.u32([a, b, c, d]))),
        [_, _, _, _, _, _, _, _, a, b, c, d] => Err(Error::damaged(
            start + 8,
            format!("this RIFF file holds {}, not 'WAVE'", letters([a, b, c, d])),
        )),
        _ => Err(Error::damaged(
            start + prefix.len() as u64,
            format!(
                "the file ends after {} bytes, in the middle of its RIFF header",
                prefix.len()
            ),
        )),
    }
}

struct Walk<'r, R> {
    reader: &'r mut R,
    order: ByteOrder,
    /// One past the file's last byte.
    end: u64,
    riff_size: u32,
    /// One past the last byte that the RIFF chunk claims.
    riff_end: u64,
    chunks: Vec<Chunk>,
    format: Option<Format>,
}

impl<R: Read + Seek> Walk<'_, R> {
    fn run(mut self, first: u64) -> Result<Header, Error> {
        let mut at = first;
        loop {
            let (chunk, claimed) = self.chunk_at(at)?;
            match &chunk.id {
                b"data" => return self.finish(chunk.offset, claimed),
                b"fmt " if self.format.is_some() => {
                    return Err(Error::damaged(at, "the file has two 'fmt ' chunks".into()));
                }
                _ if chunk.size > self.end - chunk.offset => {
                    return Err(Error::damaged(
                        self.end,
                        format!(
                            "the file was cut short: its chunk {} claims {claimed} bytes from byte \
                             {} on, of which there are {}",
                            letters(chunk.id),
                            chunk.offset,
                            self.end - chunk.offset
                        ),
                    ));
                }
                b"fmt " => self.format = Some(self.parse_format(&chunk)?),
                _ => {}
            }
            self.keep(chunk)?;
            at = self.behind(&chunk)?;
        }
    }

    /// The header of a chunk that has to be there, and its size as written.
    fn chunk_at(&mut self, at: u64) -> Result<(Chunk, u32), Error> {
        let mut head = [0; 8];
        let head = peek(self.reader, at, self.end, &mut head)?;
        let [a, b, c, d, size @ ..] = match <[u8; 8]>::try_from(head) {
            Ok(head) => head,
            Err(_) if head.is_empty() => {
                let missing = if self.format.is_none() {
                    "'fmt '"
                } else {
                    "'data'"
                };
                let message = format!("the file ends without a {missing} chunk");
                return Err(Error::damaged(at, message));
            }
            Err(_) => {
                return Err(Error::damaged(
                    self.end,
                    "the file ends in the middle of a chunk's header".into(),
                ));
            }
        };
        let (id, size) = ([a, b, c, d], self.order.u32(size));
        if !is_printable(&id) {
            return Err(Error::damaged(
                at,
                format!("no chunk begins where one should: {}", letters(id)),
            ));
        }
        let chunk = Chunk {
            id,
            offset: at + 8,
            size: u64::from(size),
        };
        Ok((chunk, size))
    }

    fn keep(&mut self, chunk: Chunk) -> Result<(), Error> {
        if self.chunks.len() == MAX_CHUNKS {
            return Err(Error::damaged(
                chunk.offset - 8,
                format!("the file has more than {MAX_CHUNKS} chunks"),
            ));
        }
        self.chunks.push(chunk);
        Ok(())
    }

    /// Where the next chunk begins. Chunks of odd size are padded, but not by everybody: where only
    /// the unpadded place has the letters of a chunk, that is the place.
    fn behind(&mut self, chunk: &Chunk) -> Result<u64, Error> {
        let next = chunk.offset + chunk.size;
        if chunk.size.is_multiple_of(2) {
            return Ok(next);
        }
        let mut both = [0; 5];
        let both = peek(self.reader, next, self.end, &mut both)?;
        let unpadded = both.get(..4).is_some_and(is_printable);
        let padded = both.get(1..).is_some_and(is_printable);
        Ok(if unpadded && !padded {
            next
        } else {
            self.end.min(next + 1)
        })
    }

    fn parse_format(&mut self, chunk: &Chunk) -> Result<Format, Error> {
        let mut content = [0; 40];
        let len = chunk.size.min(40) as usize;
        let content = peek(self.reader, chunk.offset, self.end, &mut content[..len])?;
        format::parse(self.order, chunk.offset, content)
    }

    /// The data chunk is found: how long is it, and what follows?
    fn finish(mut self, offset: u64, claimed: u32) -> Result<Header, Error> {
        let Some(format) = self.format.take() else {
            let message = "the 'data' chunk comes before any 'fmt ' chunk".into();
            return Err(Error::damaged(offset - 8, message));
        };
        let (size, is_stream) = self.data_size(offset, claimed)?;
        let data = Chunk {
            id: *b"data",
            offset,
            size,
        };
        self.keep(data)?;
        if !is_stream {
            self.walk_trailer(&data)?;
        }
        let channels = usize::from(format.channels);
        let frame_bytes = channels * format.encoding.width();
        let info = Info {
            encoding: format.encoding,
            order: self.order,
            channels,
            frames: size / frame_bytes as u64,
            rate: format.rate,
            data_offset: offset,
        };
        Ok(Header {
            info,
            chunks: self.chunks,
            is_stream,
        })
    }

    fn data_size(&self, offset: u64, claimed: u32) -> Result<(u64, bool), Error> {
        let there = self.end - offset;
        let size = u64::from(claimed);
        if size == 0 {
            // Where the RIFF chunk covers what follows, or nothing follows, there is no sample.
            let is_closed = there == 0 || (offset < self.riff_end && self.riff_end <= self.end);
            return Ok(if is_closed { (0, false) } else { (there, true) });
        }
        if size <= there {
            return Ok((size, false));
        }
        let two_gib = 0x7FFF_0000..=0x8000_0000;
        if claimed == UNKNOWN
            || two_gib.contains(&claimed)
            || [0, UNKNOWN].contains(&self.riff_size)
        {
            return Ok((there, true));
        }
        Err(Error::damaged(
            self.end,
            format!(
                "the file was cut short: its 'data' chunk claims {size} bytes of samples from byte \
                 {offset} on, of which there are {there}"
            ),
        ))
    }

    /// The chunks behind the samples, as far as they are chunks.
    fn walk_trailer(&mut self, data: &Chunk) -> Result<(), Error> {
        let behind = data.offset + data.size;
        let limit = if (behind..=self.end).contains(&self.riff_end) {
            self.riff_end
        } else {
            self.end
        };
        let mut at = self.behind(data)?;
        while at + 8 <= limit {
            let chunk = match self.chunk_at(at) {
                Ok((chunk, _)) if chunk.size <= limit - chunk.offset => chunk,
                Ok(_) | Err(Error::File { .. }) => break,
                Err(error) => return Err(error),
            };
            if self.keep(chunk).is_err() {
                break;
            }
            at = self.behind(&chunk)?;
        }
        Ok(())
    }
}
