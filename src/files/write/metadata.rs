//! Metadata that a writer copies from another file: every chunk but those about how the samples lie.

use super::tags;
use crate::error::Error;
use crate::files::input::Input;
use crate::files::pcm::encoding::ByteOrder;
use crate::files::pcm::{Container, Header, reader};

/// As much as is passed on: pictures and texts, not samples.
const MOST: u64 = 64 << 20;

/// Chunks that the writer makes itself, or that would no longer be true.
const OWN: [&[u8; 4]; 14] = [
    b"fmt ", b"fact", b"data", b"ds64", b"JUNK", b"junk", b"FLLR", b"PAD ", b"PEAK", b"levl",
    b"COMM", b"SSND", b"FVER", b"MD5 ",
];

/// Files whose chunks fit into each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// WAV, RF64 and BW64.
    Riff,
    /// AIFF and AIFF-C.
    Aiff,
}

/// A chunk: its letters, and its content without padding.
pub type NamedChunk = ([u8; 4], Vec<u8>);

/// Chunks on their way from one file to another, each with its letters.
#[derive(Clone, Debug, Default)]
pub struct Metadata {
    family: Option<Family>,
    before: Vec<NamedChunk>,
    behind: Vec<NamedChunk>,
}

impl Metadata {
    /// The chunks of a file.
    ///
    /// # Errors
    /// A file of another kind than WAV and AIFF, more than 64 MiB of chunks, and what reading gives.
    pub fn from(mut input: Input<'_>) -> Result<Metadata, Error> {
        let header = Header::of(
            &mut input,
            "metadata_from takes the chunks of a WAV or AIFF file; the tags of this one are in info().tags",
        )?;
        let family = match header.info.container {
            Container::Wav | Container::Rf64 | Container::Bw64 => Family::Riff,
            Container::Aiff => Family::Aiff,
            other => {
                let name = other.name();
                return Err(Error::invalid(format!(
                    "metadata is passed on from WAV to WAV and from AIFF to AIFF files, and not from {name}"
                )));
            }
        };
        if family == Family::Riff && header.info.order == ByteOrder::Big {
            return Err(Error::invalid(
                "the chunks of a RIFX file have their bytes the other way round than those of the \
                          WAV files that are written, so they are not passed on"
                    .into(),
            ));
        }
        let mut kept = Metadata {
            family: Some(family),
            ..Metadata::default()
        };
        let mut bytes = reader::Bytes::new(&mut input)?;
        let mut total = 0_u64;
        for chunk in &header.chunks {
            if OWN.contains(&&chunk.id) {
                continue;
            }
            total = total.saturating_add(chunk.size);
            if total > MOST {
                return Err(Error::invalid(format!(
                    "the chunks of the file are {total} bytes and more; {MOST} are passed on at most"
                )));
            }
            let mut content = vec![0; chunk.size as usize];
            let there = bytes.peek(chunk.offset, &mut content)?.len();
            content.truncate(there);
            let side = if chunk.offset < header.info.data_offset {
                &mut kept.before
            } else {
                &mut kept.behind
            };
            side.push((chunk.id, content));
        }
        Ok(kept)
    }

    /// An error for a file that they do not fit into.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`].
    pub fn require(&self, family: Option<Family>, name: &str) -> Result<(), Error> {
        if self.family.is_none() || self.family == family {
            return Ok(());
        }
        let from = match self.family {
            Some(Family::Aiff) => "an AIFF",
            _ => "a WAV",
        };
        Err(Error::invalid(format!(
            "the metadata of {from} file is passed on to files of the same kind, and not to {name}"
        )))
    }

    /// The chunks with others instead of those that are texts, if there are any. They come behind the samples.
    #[must_use]
    pub fn with_texts(&self, texts: Vec<NamedChunk>) -> Metadata {
        if texts.is_empty() {
            return self.clone();
        }
        let others = |kept: &[NamedChunk]| {
            let others = kept
                .iter()
                .filter(|(id, content)| !tags::is_text(id, content));
            others.cloned().collect()
        };
        let mut behind: Vec<NamedChunk> = others(&self.behind);
        behind.extend(texts);
        Metadata {
            family: self.family,
            before: others(&self.before),
            behind,
        }
    }

    /// The chunks in front of the samples, as bytes; sizes have the low byte first, or the high one.
    pub fn before(&self, low_first: bool) -> Vec<u8> {
        chunks(&self.before, low_first)
    }

    /// The chunks behind the samples.
    pub fn behind(&self, low_first: bool) -> Vec<u8> {
        chunks(&self.behind, low_first)
    }
}

fn chunks(kept: &[NamedChunk], low_first: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (id, content) in kept {
        let size = content.len() as u32;
        bytes.extend(id);
        bytes.extend(if low_first {
            size.to_le_bytes()
        } else {
            size.to_be_bytes()
        });
        bytes.extend(content);
        bytes.resize(bytes.len().next_multiple_of(2), 0);
    }
    bytes
}
