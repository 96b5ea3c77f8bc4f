//! Chapters of Matroska whose edition has no number. The standard wants one, FFmpeg writes none, and our demuxer gives
//! the whole file up. So that it does not see them, the name of the element is made one that it does not know.
//!
//! Elements: <https://www.rfc-editor.org/rfc/rfc9559>; their names and sizes: <https://www.rfc-editor.org/rfc/rfc8794>.

use std::io::{self, Read, Seek, SeekFrom};

const EBML: u32 = 0x1A45_DFA3;
const SEGMENT: u32 = 0x1853_8067;
const CLUSTER: u32 = 0x1F43_B675;
const CHAPTERS: u32 = 0x1043_A770;
const EDITION: u32 = 0x45B9;
const EDITION_NUMBER: u32 = 0x45BC;

/// What takes the place of the last byte of the name: no element has that one.
pub const NO_NAME: u8 = 0x7F;

/// The end of an element that does not tell: a place that can be sought from wherever the file begins.
const NO_END: u64 = i64::MAX as u64;

/// More elements than a file has in front of its first cluster.
const MOST: usize = 1 << 12;

struct EbmlElement {
    name: u32,
    /// Where its content begins and ends; [`NO_END`] if it does not tell.
    start: u64,
    end: u64,
}

/// Where the last byte of the name of such chapters is, if they lie where FFmpeg writes them: before the first cluster.
pub fn unnumbered<R: Read + Seek>(file: &mut R) -> io::Result<Option<u64>> {
    EbmlWalk { file, left: MOST }.unnumbered()
}

struct EbmlWalk<'f, R> {
    file: &'f mut R,
    /// Elements that are looked at yet.
    left: usize,
}

impl<R: Read + Seek> EbmlWalk<'_, R> {
    fn unnumbered(&mut self) -> io::Result<Option<u64>> {
        let Some(head) = self.element_at(0)?.filter(|head| head.name == EBML) else {
            return Ok(None);
        };
        let segment = self.element_at(head.end)?;
        let Some(segment) = segment.filter(|segment| segment.name == SEGMENT) else {
            return Ok(None);
        };
        let mut at = segment.start;
        while let Some(found) = self.element_at(at)? {
            if found.name == CHAPTERS && self.lacks_number(&found)? {
                return Ok(Some(at + 3));
            }
            if found.name == CLUSTER {
                break;
            }
            at = found.end;
        }
        Ok(None)
    }

    /// Whether an edition in it has no number.
    fn lacks_number(&mut self, chapters: &EbmlElement) -> io::Result<bool> {
        let mut at = chapters.start;
        while at < chapters.end
            && let Some(edition) = self.element_at(at)?
        {
            if edition.name == EDITION && !self.has_number(&edition)? {
                return Ok(true);
            }
            at = edition.end;
        }
        Ok(false)
    }

    fn has_number(&mut self, edition: &EbmlElement) -> io::Result<bool> {
        let mut at = edition.start;
        while at < edition.end
            && let Some(part) = self.element_at(at)?
        {
            if part.name == EDITION_NUMBER {
                return Ok(true);
            }
            at = part.end;
        }
        Ok(false)
    }

    /// The element that begins there; `None` at the end, for what is none, and once enough were looked at.
    fn element_at(&mut self, at: u64) -> io::Result<Option<EbmlElement>> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        self.file.seek(SeekFrom::Start(at))?;
        let (Some((name, _)), Some((size, len))) = (self.number(false)?, self.number(true)?) else {
            return Ok(None);
        };
        let start = self.file.stream_position()?;
        let is_unknown = size == (1 << (7 * len)) - 1;
        let end = if is_unknown {
            NO_END
        } else {
            start.saturating_add(size)
        };
        let name = u32::try_from(name).unwrap_or(0);
        Ok(Some(EbmlElement { name, start, end }))
    }

    /// A number whose first byte tells how many it has, and how many those are; with or without the mark that tells.
    fn number(&mut self, unmarked: bool) -> io::Result<Option<(u64, u32)>> {
        let mut bytes = [0; 8];
        if self.file.read(&mut bytes[..1])? == 0 {
            return Ok(None);
        }
        let len = bytes[0].leading_zeros() + 1;
        if len > 8 {
            return Ok(None);
        }
        match self.file.read_exact(&mut bytes[1..len as usize]) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
        let value = u64::from_be_bytes(bytes) >> (64 - 8 * len);
        let mark = if unmarked { 1 << (7 * len) } else { 0 };
        Ok(Some((value ^ mark, len)))
    }
}
