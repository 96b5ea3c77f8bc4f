//! What Symphonia has found in a file besides packets.

use symphonia::core::audio::Channels;
use symphonia::core::meta::{Chapter, ChapterGroup, ChapterGroupItem, StandardTag, Tag};

use crate::files::codec::Decoder;
use crate::files::info::{Cue, Details, positions};

/// More chapters than any book has.
const MOST_CUES: usize = 1 << 16;

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
            let of_tracks = revision.per_track.iter().map(|track| &track.metadata);
            for found in std::iter::once(&revision.media).chain(of_tracks) {
                details.tags.extend(found.tags.iter().map(named));
            }
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
        Some(StandardTag::ReleaseDate(_) | StandardTag::RecordingDate(_)) => "date",
        _ => "",
    };
    let own = tag.raw.key.to_ascii_lowercase();
    let name = if name.is_empty() { own } else { name.into() };
    (name, tag.raw.value.to_string())
}
