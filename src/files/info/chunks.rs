//! Tags, cue points and channel positions in the chunks of plain files.

use std::collections::HashMap;
use std::io::{Read, Seek};

use crate::error::Error;
use crate::files::codec::tags;
use crate::files::facts::{Cue, Details, INFO, positions};
use crate::files::pcm::encoding::ByteOrder;
use crate::files::pcm::reader::Bytes;
use crate::files::pcm::{Chunk, Container, Header};

/// Bytes of a chunk that are read at most.
const MOST: u64 = 1 << 20;

/// The texts at the beginning of a broadcast file's own chunk, and how long each is.
const BROADCAST: [(usize, &str); 5] = [
    (256, "description"),
    (32, "originator"),
    (32, "originator_reference"),
    (10, "origination_date"),
    (8, "origination_time"),
];

/// What the chunks of a file say.
pub fn details<R: Read + Seek>(
    bytes: &mut Bytes<'_, R>,
    header: &Header,
) -> Result<Details, Error> {
    let mut details = Details::default();
    let mut labels = HashMap::new();
    let order = header.info.order;
    let mut id3 = Vec::new();
    for chunk in &header.chunks {
        match (header.info.container, &chunk.id) {
            (_, b"id3 " | b"ID3 ") => id3 = tags::of_id3(content(bytes, chunk)?),
            (Container::Aiff, b"NAME") => details.text("title", &content(bytes, chunk)?),
            (Container::Aiff, b"AUTH") => details.text("artist", &content(bytes, chunk)?),
            (Container::Aiff, b"(c) ") => details.text("copyright", &content(bytes, chunk)?),
            (Container::Aiff, b"ANNO") => details.text("comment", &content(bytes, chunk)?),
            (Container::Aiff, b"MARK") => details.markers(&content(bytes, chunk)?),
            (Container::Caf, b"info") => details.strings(&content(bytes, chunk)?),
            (Container::Aiff | Container::Caf | Container::Au, _) => {}
            (_, b"fmt ") => {
                let format = content(bytes, chunk)?;
                if let (Some(tag), Some(mask)) =
                    (format.first_chunk::<2>(), u32_at(&format, 20, order))
                    && order.u16(*tag) == 0xFFFE
                {
                    details.positions = positions(u64::from(mask), header.info.channels);
                }
            }
            (_, b"bext") => details.broadcast(&content(bytes, chunk)?),
            (_, b"cue ") => details.cues(&content(bytes, chunk)?, order),
            (_, b"LIST") => {
                let list = content(bytes, chunk)?;
                match list.first_chunk::<4>() {
                    Some(b"INFO") => details.info(&list[4..], order),
                    Some(b"adtl") => label(&list[4..], order, &mut labels),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    // Until here the label of a WAV cue is its number.
    for cue in &mut details.cues {
        if let Some(number) = cue.label.strip_prefix('\0') {
            let name = number
                .parse()
                .ok()
                .and_then(|number: u32| labels.remove(&number));
            cue.label = name.unwrap_or_default();
        }
    }
    tags::add(&mut details.tags, id3);
    Ok(details)
}

fn content<R: Read + Seek>(bytes: &mut Bytes<'_, R>, chunk: &Chunk) -> Result<Vec<u8>, Error> {
    let mut content = vec![0; chunk.size.min(MOST) as usize];
    let there = bytes.peek(chunk.offset, &mut content)?.len();
    content.truncate(there);
    Ok(content)
}

fn u32_at(bytes: &[u8], at: usize, order: ByteOrder) -> Option<u32> {
    Some(order.u32(*bytes.get(at..)?.first_chunk::<4>()?))
}

/// Text up to the first zero, in UTF-8 or else in Latin-1.
fn text(bytes: &[u8]) -> String {
    let bytes = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    let latin = |_| bytes.iter().map(|byte| char::from(*byte)).collect();
    let text = str::from_utf8(bytes).map_or_else(latin, str::to_owned);
    text.trim_end().to_owned()
}

/// The chunks inside of a list.
fn inside(list: &[u8], order: ByteOrder) -> Vec<([u8; 4], &[u8])> {
    let (mut at, mut found) = (0, Vec::new());
    while let (Some(id), Some(size)) = (
        list.get(at..).and_then(|rest| rest.first_chunk::<4>()),
        u32_at(list, at + 4, order),
    ) {
        let start = at + 8;
        let end = start.saturating_add(size as usize).min(list.len());
        found.push((*id, &list[start..end]));
        // A byte of padding makes the size even; some writers leave it out, and others pad to four bytes.
        let behind = &list[end..];
        let zeros = behind.iter().take(4).take_while(|byte| **byte == 0).count();
        at = end + zeros.min(3);
    }
    found
}

/// The names of cue points, by their numbers.
fn label(list: &[u8], order: ByteOrder, labels: &mut HashMap<u32, String>) {
    for (id, content) in inside(list, order) {
        if let (b"labl", Some(number)) = (&id, u32_at(content, 0, order)) {
            labels.insert(number, text(&content[4..]));
        }
    }
}

impl Details {
    fn text(&mut self, name: &str, bytes: &[u8]) {
        let value = text(bytes);
        if !value.is_empty() {
            self.tags.push((name.to_owned(), value));
        }
    }

    fn info(&mut self, list: &[u8], order: ByteOrder) {
        for (id, content) in inside(list, order) {
            let known = INFO.iter().find(|(other, _)| **other == id);
            let own = id.escape_ascii().to_string();
            self.text(known.map_or(own.as_str(), |(_, name)| name), content);
        }
    }

    fn broadcast(&mut self, mut rest: &[u8]) {
        for (size, name) in BROADCAST {
            let (content, behind) = rest.split_at(size.min(rest.len()));
            self.text(name, content);
            rest = behind;
        }
        if let Some(frames) = rest.first_chunk::<8>() {
            let frames = u64::from_le_bytes(*frames).to_string();
            self.tags.push(("time_reference".into(), frames));
        }
    }

    fn cues(&mut self, content: &[u8], order: ByteOrder) {
        let claimed = u32_at(content, 0, order).unwrap_or(0) as usize;
        let points = content.get(4..).unwrap_or_default().chunks_exact(24);
        for point in points.take(claimed) {
            if let (Some(number), Some(frame)) = (u32_at(point, 0, order), u32_at(point, 20, order))
            {
                self.cues.push(Cue {
                    frame: u64::from(frame),
                    label: format!("\0{number}"),
                });
            }
        }
    }

    /// The markers of an AIFF file: a number, a frame, and a name with its length before it.
    fn markers(&mut self, content: &[u8]) {
        let mut at = 2;
        while let (Some(frame), Some(len)) =
            (u32_at(content, at + 2, ByteOrder::Big), content.get(at + 6))
        {
            let name = at + 7..at + 7 + usize::from(*len);
            let Some(name) = content.get(name) else { break };
            self.cues.push(Cue {
                frame: u64::from(frame),
                label: text(name),
            });
            // With its length the name takes an even number of bytes.
            at += 6 + (1 + name.len()).next_multiple_of(2);
        }
    }

    /// The texts of a CAF file: names and values, each with a zero behind it.
    fn strings(&mut self, content: &[u8]) {
        let mut parts = content
            .get(4..)
            .unwrap_or_default()
            .split(|byte| *byte == 0);
        while let (Some(name), Some(value)) = (parts.next(), parts.next()) {
            self.text(&text(name).replace(' ', "_"), value);
        }
    }
}
