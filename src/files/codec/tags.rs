//! What Symphonia has found in a file besides packets.

use std::collections::HashSet;
use std::io::{Cursor, Read, Seek, SeekFrom};

use symphonia::core::audio::Channels;
use symphonia::core::common::Limit;
use symphonia::core::errors::Error as Refusal;
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::{
    Chapter, ChapterGroup, ChapterGroupItem, MetadataOptions, MetadataReader, MetadataRevision,
    StandardTag, Tag,
};
use symphonia::default::meta::{ApeReader, Id3v1Reader, Id3v2Reader};

use crate::error::Error;
use crate::files::codec::Decoder;
use crate::files::codec::panics::caught;
use crate::files::facts::{Cue, Details, positions};
use crate::files::pcm::reader::{failed, position, seek};
use crate::files::sniff::{Coded, TagKind};

/// More chapters than any book has.
const MOST_CUES: usize = 1 << 16;

/// Bytes of a tag that is read: more are those of pictures.
const LARGEST_TAG: u64 = 1 << 24;

impl Decoder<'_> {
    /// Tags, chapters and the positions of channels.
    pub(in crate::files) fn details(&mut self) -> Details {
        let mut details = Details::default();
        if let Some(Channels::Positioned(set)) = &self.decoder.codec_params().channels {
            details.positions = positions(set.bits(), self.facts.channels);
            // A single channel is the centre one: Symphonia calls it front left.
            if details.positions == ["FL"] {
                details.positions = vec!["FC"];
            }
        }
        let chapters = self.chapters.iter().cloned();
        let cues = chapters.map(|(frame, label)| Cue { frame, label });
        details.cues.extend(cues);
        let hertz = f64::from(self.facts.rate.hertz());
        let channels = self.facts.channels;
        let Some(reader) = &mut self.reader else {
            return details;
        };
        if let Some(chapters) = reader.chapters() {
            collect(chapters, hertz, &mut details.cues);
        }
        let mut log = reader.metadata();
        while let Some(revision) = log.current() {
            add(&mut details.tags, all_of(revision));
            if log.pop().is_none() {
                break;
            }
        }
        // FLAC keeps the channel mask in a comment (RFC 9639, 8.6.2); 0 stands for channels without positions.
        let stated = |(name, _): &&(String, String)| name == "waveformatextensible_channel_mask";
        if let Some((_, mask)) = details.tags.iter().find(stated) {
            let digits = mask.trim_start_matches("0x").trim_start_matches("0X");
            if let Ok(mask) = u64::from_str_radix(digits, 16) {
                details.positions = positions(mask, channels);
            }
        }
        details
    }
}

/// The tags around the bytes that a demuxer sees, those that say most first.
///
/// # Errors
/// [`Error::Io`].
pub(in crate::files) fn around<R: Read + Seek>(
    reader: &mut R,
    coded: &Coded,
) -> Result<Vec<Vec<(String, String)>>, Error> {
    let start = position(reader)?;
    let mut places = coded.tags.clone();
    places.sort_by_key(|tag| tag.kind);
    let mut all = Vec::new();
    for place in places {
        let len = place.bytes.end - place.bytes.start;
        if len > LARGEST_TAG {
            continue;
        }
        let mut bytes = vec![0; len as usize];
        seek(reader, place.bytes.start)?;
        let read = reader.read_exact(&mut bytes);
        read.map_err(|error| failed(&error, place.bytes.start))?;
        // A damaged tag is no reason not to hear the rest.
        all.extend(caught(|| parsed(place.kind, bytes)).ok());
    }
    seek(reader, start)?;
    Ok(all)
}

/// What an ID3v2 tag says that is a chunk of a file with plain samples; nothing if it is damaged.
pub(in crate::files) fn of_id3(bytes: Vec<u8>) -> Vec<(String, String)> {
    caught(|| parsed(TagKind::Id3v2, bytes)).unwrap_or_default()
}

/// Adds tags of one kind more: names that are known already are said again.
pub(in crate::files) fn add(known: &mut Vec<(String, String)>, more: Vec<(String, String)>) {
    let names: HashSet<String> = known.iter().map(|(name, _)| name.clone()).collect();
    known.extend(more.into_iter().filter(|(name, _)| !names.contains(name)));
}

fn parsed(kind: TagKind, bytes: Vec<u8>) -> Result<Vec<(String, String)>, Refusal> {
    // An APE tag without a head is read from its foot.
    let foot = bytes.len().saturating_sub(32) as u64;
    let from_foot = kind == TagKind::Ape && !bytes.starts_with(b"APETAGEX");
    let mut stream = MediaSourceStream::new(Box::new(Cursor::new(bytes)), Default::default());
    if from_foot {
        stream.seek(SeekFrom::Start(foot))?;
    }
    // The caller gets no pictures.
    let options = MetadataOptions::default().limit_visual_bytes(Limit::Maximum(0));
    let mut reader: Box<dyn MetadataReader> = match kind {
        TagKind::Id3v2 => Box::new(Id3v2Reader::try_new(stream, options)?),
        TagKind::Ape => Box::new(ApeReader::try_new(stream, options)?),
        TagKind::Id3v1 => Box::new(Id3v1Reader::try_new(stream, options)?),
    };
    Ok(all_of(&reader.read_all()?.revision))
}

/// UTF-16 whose bytes stand in the other order than Symphonia takes them without a mark: characters whose lower eight bits
/// are all zero, which no text has.
fn in_order(text: String) -> String {
    let is_swapped = !text.is_empty()
        && text
            .encode_utf16()
            .all(|unit| unit > 0xFF && unit & 0xFF == 0);
    match is_swapped {
        true => text
            .encode_utf16()
            .map(|unit| char::from(unit.swap_bytes() as u8))
            .collect(),
        false => text,
    }
}

/// A genre by its name, where ID3 has its number: `17`, `(17)` or `(17)Rock` with a name of the writer's own behind.
fn genre(text: String) -> String {
    // Symphonia's own name stands at number 105.
    if text == "Symphonia" {
        return "Symphony".into();
    }
    let (number, own) = match text.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
        Some((number, own)) => (number, own.trim()),
        None => (text.as_str(), ""),
    };
    if !own.is_empty() && (number.parse::<u8>().is_ok() || matches!(number, "RX" | "CR")) {
        return own.into();
    }
    let named = match number {
        "RX" => Some("Remix".into()),
        "CR" => Some("Cover".into()),
        number => number.parse().ok().and_then(numbered_genre),
    };
    named.unwrap_or(text)
}

/// The genre that a tag of ID3v1 means by a number.
fn numbered_genre(number: u8) -> Option<String> {
    let mut tag = vec![0; 128];
    tag[..3].copy_from_slice(b"TAG");
    tag[127] = number;
    let tags = caught(|| parsed(TagKind::Id3v1, tag)).ok()?;
    let found = tags.into_iter().find(|(name, _)| name == "genre");
    found.map(|(_, value)| value)
}

fn all_of(revision: &MetadataRevision) -> Vec<(String, String)> {
    let of_tracks = revision.per_track.iter().map(|track| &track.metadata);
    let all = std::iter::once(&revision.media).chain(of_tracks);
    all.flat_map(|found| found.tags.iter().map(named)).collect()
}

fn collect(group: &ChapterGroup, hertz: f64, cues: &mut Vec<Cue>) {
    for item in &group.items {
        if cues.len() >= MOST_CUES {
            return;
        }
        match item {
            ChapterGroupItem::Group(group) => collect(group, hertz, cues),
            ChapterGroupItem::Chapter(chapter) => cues.push(cue(chapter, hertz)),
        }
    }
}

fn cue(chapter: &Chapter, hertz: f64) -> Cue {
    let title = chapter.tags.first().map(|tag| named(tag).1);
    Cue {
        frame: (chapter.start_time.as_secs_f64() * hertz).round_ties_even() as u64,
        label: title.unwrap_or_default(),
    }
}

/// A tag by the name that the formats share, or by its own.
fn named(tag: &Tag) -> (String, String) {
    let name = match &tag.std {
        Some(StandardTag::TrackTitle(_)) => "title",
        Some(StandardTag::Artist(_)) => "artist",
        Some(StandardTag::Album(_)) => "album",
        Some(StandardTag::Comment(_)) => "comment",
        Some(StandardTag::Copyright(_)) => "copyright",
        Some(StandardTag::Genre(_)) => "genre",
        Some(StandardTag::TrackNumber(_)) => "track_number",
        Some(StandardTag::Encoder(_)) => "software",
        Some(
            StandardTag::ReleaseDate(_)
            | StandardTag::RecordingDate(_)
            | StandardTag::ReleaseYear(_)
            | StandardTag::RecordingYear(_),
        ) => "date",
        _ => "",
    };
    let own = tag.raw.key.to_ascii_lowercase();
    let value = in_order(tag.raw.value.to_string());
    match name {
        "" => (own, value),
        "genre" => (name.into(), genre(value)),
        name => (name.into(), value),
    }
}
