//! What Symphonia's demuxer does not take of Matroska files.
//!
//! A pipe and a browser's recorder write segments of unknown size, which end where the file does.
//!
//! Chapters may have an edition with no UID. The standard requires one, FFmpeg writes none, and Symphonia's demuxer
//! then refuses the whole file. We change the element's ID to an unknown one on the way, so the demuxer skips it.
//!
//! In a file that was cut short, the list of what stands where names places behind the end, and the demuxer gives up there, as
//! it does for a segment that ends there. We hide the one the same way, and show the other without a size.
//!
//! Elements: <https://www.rfc-editor.org/rfc/rfc9559>; their names and sizes: <https://www.rfc-editor.org/rfc/rfc8794>.

use std::io::{self, Read, Seek, SeekFrom};

const EBML: u32 = 0x1A45_DFA3;
const SEGMENT: u32 = 0x1853_8067;
const SEEK_HEAD: u32 = 0x114D_9B74;
const CLUSTER: u32 = 0x1F43_B675;
const CHAPTERS: u32 = 0x1043_A770;
const EDITION: u32 = 0x45B9;
const EDITION_NUMBER: u32 = 0x45BC;
const TRACKS: u32 = 0x1654_AE6B;
const TRACK_ENTRY: u32 = 0xAE;
const CODEC_DELAY: u32 = 0x56AA;
const BLOCK_GROUP: u32 = 0xA0;
const DISCARD_PADDING: u32 = 0x75A2;

/// Replaces the last byte of the ID: no element has this one.
const NO_NAME: u8 = 0x7F;

/// The end of an element of unknown size: an offset to which a reader can still seek.
const NO_END: u64 = i64::MAX as u64;

/// More elements than a file has in front of its first cluster.
const MOST: usize = 1 << 12;

struct EbmlElement {
    name: u32,
    /// Where it begins.
    at: u64,
    /// Where its content begins and ends; [`NO_END`] if its size is unknown.
    start: u64,
    end: u64,
}

/// More elements than a file has in all.
const MOST_OF_ALL: usize = 1 << 24;

/// What is unusual about a file.
#[derive(Clone, Debug, Default)]
pub struct Oddities {
    /// Bytes that the demuxer is to see as others than they are, by their places, as far as they lie before the first cluster:
    /// in the names of chapters without an edition's UID, which is where FFmpeg writes them, and of the list of places in a
    /// file that was cut, and the size of that file's segment.
    pub changed: Vec<(u64, u8)>,
    /// Whether the segment ends where the file does.
    pub is_open: bool,
    /// Nanoseconds at the front of the only track that are the encoder's delay; `None` where there are several tracks.
    pub delay: Option<u64>,
    /// Nanoseconds at the end of the last block that are no sound: the encoder had to fill its packet.
    pub padding: u64,
}

/// Looks at the elements in front of the first cluster of a file of so many bytes, and at its last block.
pub fn oddities<R: Read + Seek>(file: &mut R, bytes: u64) -> io::Result<Oddities> {
    let mut odd = EbmlWalk { file, left: MOST }.oddities(bytes)?;
    let left = MOST_OF_ALL;
    // The last block of several tracks may be of any of them.
    if odd.delay.is_some() {
        odd.padding = EbmlWalk { file, left }.padding()?;
    }
    Ok(odd)
}

/// Why a file is not whole, if an element in it goes on behind its end.
pub fn missing<R: Read + Seek>(file: &mut R, start: u64, end: u64) -> io::Result<Option<String>> {
    let left = MOST_OF_ALL;
    EbmlWalk { file, left }.missing(start, end)
}

struct EbmlWalk<'f, R> {
    file: &'f mut R,
    /// Elements that the walk may still visit.
    left: usize,
}

impl<R: Read + Seek> EbmlWalk<'_, R> {
    fn segment(&mut self, start: u64) -> io::Result<Option<EbmlElement>> {
        let Some(head) = self.element_at(start)?.filter(|head| head.name == EBML) else {
            return Ok(None);
        };
        let segment = self.element_at(head.end)?;
        Ok(segment.filter(|segment| segment.name == SEGMENT))
    }

    fn oddities(&mut self, bytes: u64) -> io::Result<Oddities> {
        let Some(segment) = self.segment(0)? else {
            return Ok(Oddities::default());
        };
        let mut odd = Oddities {
            changed: Vec::new(),
            is_open: segment.end == NO_END,
            delay: None,
            padding: 0,
        };
        let is_cut = !odd.is_open && segment.end > bytes;
        if is_cut {
            let size = segment.at + 4..segment.start;
            let first = 0xFF >> (size.end - size.start - 1).min(7);
            let rest = size.clone().skip(1).map(|place| (place, 0xFF));
            odd.changed
                .extend([(size.start, first)].into_iter().chain(rest));
        }
        let mut at = segment.start;
        while let Some(found) = self.element_at(at)? {
            if found.name == CLUSTER {
                break;
            }
            if found.name == TRACKS {
                odd.delay = self.delay(&found)?;
            }
            // All of these names have four bytes.
            if (found.name == CHAPTERS && self.lacks_number(&found)?)
                || (found.name == SEEK_HEAD && is_cut)
            {
                odd.changed.push((at + 3, NO_NAME));
            }
            at = found.end;
        }
        Ok(odd)
    }

    fn missing(&mut self, start: u64, end: u64) -> io::Result<Option<String>> {
        let Some(segment) = self.segment(start)? else {
            return Ok(None);
        };
        let cut = |what: &str, from: u64, to: u64| {
            Some(format!(
                "the file was cut short: its {what} claims {} bytes from byte {from} on, of which there are {}",
                to - from,
                end - from.min(end)
            ))
        };
        if segment.end != NO_END {
            let is_cut = segment.end > end;
            return Ok(if is_cut {
                cut("segment", segment.start, segment.end)
            } else {
                None
            });
        }
        let mut at = segment.start;
        while at < end {
            let Some(found) = self.element_at(at)? else {
                break;
            };
            if found.end != NO_END && found.end > end {
                return Ok(cut("last element", found.start, found.end));
            }
            // What a cluster of unknown size holds comes next.
            at = if found.end == NO_END {
                found.start
            } else {
                found.end
            };
        }
        Ok((at < end && self.left > 0).then(|| {
            format!(
                "no element of the file begins at byte {at}, and there are {} bytes from there on",
                end - at
            )
        }))
    }

    /// The padding of the last block, where clusters say how long they are.
    fn padding(&mut self) -> io::Result<u64> {
        let Some(segment) = self.segment(0)? else {
            return Ok(0);
        };
        let mut last = None;
        let mut at = segment.start;
        while let Some(found) = self.element_at(at)? {
            at = found.end;
            if found.name == CLUSTER {
                last = Some(found);
            }
        }
        let Some(group) = self.last_of(last)?.filter(|last| last.name == BLOCK_GROUP) else {
            return Ok(0);
        };
        // Less than nothing is padding in front, of which the track tells.
        let padding = self.inner(&group, DISCARD_PADDING)?;
        Ok(padding.filter(|padding| padding >> 63 == 0).unwrap_or(0))
    }

    /// The delay of the track, if there is one track.
    fn delay(&mut self, tracks: &EbmlElement) -> io::Result<Option<u64>> {
        let (mut delay, mut count, mut at) = (0, 0, tracks.start);
        while at < tracks.end
            && let Some(track) = self.element_at(at)?
        {
            if track.name == TRACK_ENTRY {
                delay = self.inner(&track, CODEC_DELAY)?.unwrap_or(0);
                count += 1;
            }
            at = track.end;
        }
        Ok((count == 1).then_some(delay))
    }

    /// The number in the first element of that name in another one, with its sign as the highest bit.
    fn inner(&mut self, outer: &EbmlElement, name: u32) -> io::Result<Option<u64>> {
        let mut at = outer.start;
        while at < outer.end
            && let Some(part) = self.element_at(at)?
        {
            let len = (part.end - part.start) as usize;
            if part.name == name && (1..=8).contains(&len) {
                let mut bytes = [0; 8];
                self.file.seek(SeekFrom::Start(part.start))?;
                let is_whole = self.fill(&mut bytes[..len])?;
                return Ok(is_whole.then_some((i64::from_be_bytes(bytes) >> (64 - 8 * len)) as u64));
            }
            at = part.end;
        }
        Ok(None)
    }

    /// The last element in another one.
    fn last_of(&mut self, outer: Option<EbmlElement>) -> io::Result<Option<EbmlElement>> {
        let Some(outer) = outer else {
            return Ok(None);
        };
        let (mut last, mut at) = (None, outer.start);
        while at < outer.end
            && let Some(found) = self.element_at(at)?
        {
            at = found.end;
            last = Some(found);
        }
        Ok(last)
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
        Ok(Some(EbmlElement {
            name,
            at,
            start,
            end,
        }))
    }

    /// The next bytes; false if the file ends before.
    fn fill(&mut self, bytes: &mut [u8]) -> io::Result<bool> {
        match self.file.read_exact(bytes) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(error),
        }
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
        if !self.fill(&mut bytes[1..len as usize])? {
            return Ok(None);
        }
        let value = u64::from_be_bytes(bytes) >> (64 - 8 * len);
        let mark = if unmarked { 1 << (7 * len) } else { 0 };
        Ok(Some((value ^ mark, len)))
    }
}
