//! Whether a seek can be relied on: where it says that it came out, and whether that is so.

use symphonia::core::formats::{SeekMode, SeekTo};
use symphonia::core::units::Timestamp;

use super::Position;
use super::panics::caught;
use super::{Decoder, MPEG_PACKET};
use crate::error::Error;

impl Decoder<'_> {
    /// Whether the demuxer's timestamps after a seek agree with those of reading on. Not so in MPEG audio that was joined with another
    /// file's table of contents inside: a packet without sound, which only a seek counts. Seen at the
    /// end, where a seek then comes out too late.
    pub(super) fn seek_is_exact(&mut self) -> Result<bool, Error> {
        if self.facts.format != "MP3" {
            return Ok(true);
        }
        if let Some(known) = self.exact_seek {
            return Ok(known);
        }
        let frames = self.count()?;
        let kept = self.ends_at(frames).unwrap_or(false);
        self.rewind()?;
        self.exact_seek = Some(kept);
        Ok(kept)
    }

    /// Whether packets that are read from shortly before `frames` on end there.
    fn ends_at(&mut self, frames: u64) -> Result<bool, Error> {
        let target = frames.saturating_sub(4 * MPEG_PACKET);
        let Some(to) = self.timestamp(target) else {
            return Ok(false);
        };
        let Some(reader) = &mut self.reader else {
            return Ok(false);
        };
        // Counted to a seek, but no sound.
        let track = reader
            .tracks()
            .iter()
            .find(|track| track.id == self.traits.track);
        let padding = track.and_then(|track| track.padding).unwrap_or(0);
        self.position = Position::Unknown;
        caught(|| reader.seek(SeekMode::Accurate, to)).map_err(|refusal| self.refused(refusal))?;
        let mut end = 0;
        while let Some(packet) = self.next_packet()? {
            let trimmed = packet.trim_start.get().saturating_add(packet.dur.get());
            end = packet.pts.get().saturating_add_unsigned(trimmed);
        }
        let end = u64::try_from(end.saturating_sub(self.traits.origin)).ok();
        Ok(end == Some(frames) || end == Some(frames.saturating_add(u64::from(padding))))
    }

    /// An error for a packet of `frames` frames that is numbered as if it began elsewhere than where we are.
    pub(super) fn require_next(&self, place: u64, frames: usize) -> Result<(), Error> {
        let at = self.at;
        if let Some(missing @ 1..) = place.checked_sub(at) {
            return Err(self.damaged(&format!(
                "{missing} frames from frame {at} on are damaged or missing"
            )));
        }
        // Where packets are said to be of several sizes, a short last one is taken for an earlier one.
        let all = self.facts.frames.unwrap_or(u64::MAX);
        if place < at && at.saturating_add(frames as u64) < all {
            return Err(self.damaged(&format!(
                "the frames from frame {place} to frame {at} come twice"
            )));
        }
        Ok(())
    }

    /// Where a seek to a frame goes to; `None` beyond what timestamps can say.
    pub(super) fn timestamp(&self, frame: u64) -> Option<SeekTo> {
        let frame = i64::try_from(frame).ok()?;
        Some(SeekTo::Timestamp {
            ts: Timestamp::new(self.traits.origin.saturating_add(frame)),
            track_id: self.traits.track,
        })
    }
}
