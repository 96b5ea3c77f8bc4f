//! Matroska chapters whose edition has no UID. The standard requires one, FFmpeg writes none, and Symphonia's demuxer
//! then refuses the whole file. We change the element's ID to an unknown one on the way, so the demuxer skips it.
//!
//! Elements: <https://www.rfc-editor.org/rfc/rfc9559>; their names and sizes: <https://www.rfc-editor.org/rfc/rfc8794>.

use std::io::{self, Read, Seek, SeekFrom};

const EBML: u32 = 0x1A45_DFA3;
const SEGMENT: u32 = 0x1853_8067;
const CLUSTER: u32 = 0x1F43_B675;
const CHAPTERS: u32 = 0x1043_A770;
const EDITION: u32 = 0x45B9;
const EDITION_NUMBER: u32 = 0x45BC;

/// Replaces the last byte of the ID: no element has this one.
pub const NO_NAME: u8 = 0x7F;

/// The end of an element of unknown size: an offset to which a reader can still seek.
const NO_END: u64 = i64::MAX as u64;

/// More elements than a file has in front of its first cluster.
const MOST: usize = 1 << 12;

struct EbmlElement {
    name: u32,
    /// Where its content begins and ends; [`NO_END`] if its size is unknown.
    start: u64,
    end: u64,
}

/// Where the last byte of the name of such chapters is, if they lie where FFmpeg writes them: before the first cluster.
pub fn unnumbered<R: Read + Seek>(file: &mut R) -> io::Result<Option<u64>> {
    EbmlWalk { file, left: MOST }.unnumbered()
}

struct EbmlWalk<'f, R> {
    file: &'f mut R,
    /// Elements that the walk may still visit.
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

    /// A variable-length integer and its length in bytes, with or without its length marker.
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
