//! The walk over the chunks of a file: what is where, held against what there is.

use std::io::{Read, Seek};

use crate::error::Error;
use crate::files::pcm::encoding::ByteOrder;
use crate::files::pcm::reader;
use crate::files::pcm::reader::{Bytes, is_printable, letters};
use crate::files::pcm::wav::format;
use crate::files::pcm::wav::format::WavFormat;
use crate::files::pcm::{Chunk, Container, Header, Info};
use crate::files::sniff::{self, Coded, Contents};

/// What a stream of unknown length claims to be long.
const UNKNOWN: u32 = u32::MAX;

/// `RIFF`, a size and `WAVE`.
const PREFIX: u64 = 12;

/// The sizes that do not fit into 32 bits, from the chunk 'ds64' of an RF64 file.
struct LongSizes {
    data: u64,
    /// Sizes of other chunks, by their letters.
    others: Vec<([u8; 4], u64)>,
}

/// The header of the WAV file that begins where the reader was found.
pub fn header<R: Read + Seek>(
    bytes: &mut Bytes<'_, R>,
    container: Container,
) -> Result<Contents<Header>, Error> {
    let start = bytes.start;
    let mut prefix = [0; PREFIX as usize];
    let prefix = bytes.peek(start, &mut prefix)?;
    let (order, riff_size) = check_prefix(start, prefix)?;
    let mut walk = Walk {
        bytes,
        container,
        order,
        riff_size,
        riff_end: start + 8 + u64::from(riff_size),
        long: None,
        chunks: Vec::new(),
        format: None,
    };
    if container != Container::Wav {
        walk.read_long_sizes(start)?;
    }
    walk.run(start + PREFIX)
}

fn check_prefix(start: u64, prefix: &[u8]) -> Result<(ByteOrder, u32), Error> {
    let order = match prefix {
        [_, _, _, b'X', ..] => ByteOrder::Big,
        _ => ByteOrder::Little,
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

struct Walk<'w, 'r, R> {
    bytes: &'w mut Bytes<'r, R>,
    container: Container,
    order: ByteOrder,
    riff_size: u32,
    /// One past the last byte that the RIFF chunk claims.
    riff_end: u64,
    long: Option<LongSizes>,
    chunks: Vec<Chunk>,
    format: Option<WavFormat>,
}

impl<R: Read + Seek> Walk<'_, '_, R> {
    /// The chunk 'ds64', which comes first.
    fn read_long_sizes(&mut self, start: u64) -> Result<(), Error> {
        const MAX_OTHERS: u32 = 64;
        let at = start + PREFIX;
        let (chunk, _) = self.chunk_at(at)?;
        if chunk.id != *b"ds64" || chunk.size < 28 {
            return Err(Error::damaged(
                at,
                format!(
                    "an {} file begins with a chunk 'ds64' of 28 bytes, this one with {} of {}",
                    self.container.name(),
                    letters(chunk.id),
                    chunk.size
                ),
            ));
        }
        let what = "its chunk 'ds64'";
        let fields: [u8; 28] = self.bytes.take(chunk.offset, what)?;
        let long = |index: usize| u64::from_le_bytes(fields.as_chunks::<8>().0[index]);
        let (riff, data) = (long(0), long(1));
        let [.., a, b, c, d] = fields;
        let count = u32::from_le_bytes([a, b, c, d]);
        let room = (chunk.size - 28) / 12;
        let mut others = Vec::new();
        for index in 0..u64::from(count.min(MAX_OTHERS)).min(room) {
            let entry: [u8; 12] = self.bytes.take(chunk.offset + 28 + 12 * index, what)?;
            let [a, b, c, d, size @ ..] = entry;
            others.push(([a, b, c, d], u64::from_le_bytes(size)));
        }
        self.riff_end = start.saturating_add(8).saturating_add(riff);
        self.long = Some(LongSizes { data, others });
        Ok(())
    }

    fn run(mut self, first: u64) -> Result<Contents<Header>, Error> {
        let mut at = first;
        loop {
            let (chunk, claimed) = self.chunk_at(at)?;
            match &chunk.id {
                b"data" => return self.finish(chunk.offset, claimed).map(Contents::Plain),
                b"fmt " if self.format.is_some() => {
                    return Err(Error::damaged(at, "the file has two 'fmt ' chunks".into()));
                }
                _ if chunk.size > self.bytes.end - chunk.offset => {
                    return Err(reader::cut_short(&chunk, self.bytes.end));
                }
                b"fmt " => match self.parse_format(&chunk)? {
                    Contents::Plain(format) => self.format = Some(format),
                    Contents::Coded(coded) => {
                        let packets = self.packets(&chunk)?;
                        return Ok(Contents::Coded(packets.unwrap_or(coded)));
                    }
                },
                _ => {}
            }
            self.keep(chunk)?;
            at = self.behind(&chunk)?;
        }
    }

    /// The packets of MPEG audio in the data chunk, where the format says that they are there.
    fn packets(&mut self, format: &Chunk) -> Result<Option<Coded>, Error> {
        const MPEG: [u16; 2] = [0x0050, 0x0055];
        let mut tag = [0; 2];
        let tag = self.bytes.peek(format.offset, &mut tag)?;
        if !matches!(tag.first_chunk(), Some(tag) if MPEG.contains(&self.order.u16(*tag))) {
            return Ok(None);
        }
        let mut chunk = *format;
        while chunk.id != *b"data" {
            let at = self.behind(&chunk)?;
            chunk = self.chunk_at(at)?.0;
        }
        let claimed = chunk.offset.saturating_add(chunk.size);
        let end = self.bytes.end;
        self.bytes.end = claimed.min(end);
        let mut found = sniff::mpeg_within(self.bytes, chunk.offset)?;
        self.bytes.end = end;
        if let Some(found) = &mut found
            && claimed > end
        {
            let there = end - chunk.offset;
            found.damage = Some(format!(
                "the file was cut short: its data claims {} bytes, of which there are {there}",
                chunk.size
            ));
        }
        Ok(found)
    }

    /// The header of a chunk that has to be there, and its size as written.
    fn chunk_at(&mut self, at: u64) -> Result<(Chunk, u32), Error> {
        let mut head = [0; 8];
        let head = self.bytes.peek(at, &mut head)?;
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
                    self.bytes.end,
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
        let long = self.long.as_ref().filter(|_| size == UNKNOWN);
        let known = long.and_then(|long| long.others.iter().find(|(other, _)| *other == id));
        let chunk = Chunk {
            id,
            offset: at + 8,
            size: known.map_or(u64::from(size), |(_, size)| *size),
        };
        Ok((chunk, size))
    }

    fn keep(&mut self, chunk: Chunk) -> Result<(), Error> {
        reader::keep(&mut self.chunks, chunk.offset - 8, chunk)
    }

    /// Where the next chunk begins. Chunks of odd size are padded, but not by every program: where only
    /// the unpadded place has the letters of a chunk, that is the place.
    fn behind(&mut self, chunk: &Chunk) -> Result<u64, Error> {
        let next = chunk.offset.saturating_add(chunk.size);
        if chunk.size.is_multiple_of(2) {
            return Ok(next);
        }
        let mut both = [0; 5];
        let both = self.bytes.peek(next, &mut both)?;
        let unpadded = both.get(..4).is_some_and(is_printable);
        let padded = both.get(1..).is_some_and(is_printable);
        Ok(if unpadded && !padded {
            next
        } else {
            self.bytes.end.min(next + 1)
        })
    }

    fn parse_format(&mut self, chunk: &Chunk) -> Result<Contents<WavFormat>, Error> {
        let mut content = [0; 40];
        let len = chunk.size.min(40) as usize;
        let content = self.bytes.peek(chunk.offset, &mut content[..len])?;
        format::parse(self.order, chunk.offset, content)
    }

    /// The data chunk is found: how long is it, and what follows?
    fn finish(mut self, offset: u64, claimed: u32) -> Result<Header, Error> {
        let Some(format) = self.format.take() else {
            let message = "the 'data' chunk comes before any 'fmt ' chunk".into();
            return Err(Error::damaged(offset - 8, message));
        };
        let (claimed, is_stream) = self.data_size(offset, claimed);
        // Of a file that was cut short, what is there.
        let size = claimed.min(self.bytes.end - offset);
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
            container: self.container,
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
            shortage: info.shortage(claimed, self.bytes.end),
        })
    }

    /// Bytes of samples, as the header claims them, and whether they are as many as there are.
    fn data_size(&self, offset: u64, claimed: u32) -> (u64, bool) {
        let there = self.bytes.end - offset;
        // Some programs write 0 where the other size counts.
        let is_long = |long: &&LongSizes| claimed == UNKNOWN || (claimed == 0 && long.data > 0);
        if let Some(long) = self.long.as_ref().filter(is_long) {
            return match long.data {
                // A recording that was never closed, or is written as a stream.
                0 | u64::MAX => (there, true),
                size => (size, false),
            };
        }
        let size = u64::from(claimed);
        if size == 0 {
            // Where the RIFF chunk covers what follows, or nothing follows, there is no sample.
            let is_closed =
                there == 0 || (offset < self.riff_end && self.riff_end <= self.bytes.end);
            return if is_closed { (0, false) } else { (there, true) };
        }
        if size <= there {
            return (size, false);
        }
        // The largest size less what stands in front, or whole pages of it.
        let two_gib = 0x7FFF_0000..=0x8000_0000;
        let four_gib = 0xFFFF_0000..=UNKNOWN;
        if two_gib.contains(&claimed)
            || four_gib.contains(&claimed)
            || [0, UNKNOWN].contains(&self.riff_size)
        {
            return (there, true);
        }
        (size, false)
    }

    /// The chunks behind the samples, as far as they are chunks.
    fn walk_trailer(&mut self, data: &Chunk) -> Result<(), Error> {
        let behind = data.offset + data.size;
        let limit = if (behind..=self.bytes.end).contains(&self.riff_end) {
            self.riff_end
        } else {
            self.bytes.end
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
