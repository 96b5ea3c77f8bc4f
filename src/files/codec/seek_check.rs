//! Checks of what a demuxer says: the frame to which it has sought, and the frame at which a packet begins.

use symphonia::core::formats::{SeekMode, SeekTo};
use symphonia::core::units::Timestamp;

use super::Position;
use super::panics::caught;
use super::{Decoder, MPEG_PACKET};
use crate::error::Error;

impl Decoder<'_> {
    /// True if the demuxer's timestamps after a seek agree with sequential decoding. They do not in MPEG audio that was
    /// joined with another file's table of contents inside: a packet without sound, which only a seek counts. The
    /// last packet shows it, where a seek then comes out too late.
    pub(super) fn seek_is_exact(&mut self) -> Result<bool, Error> {
        if self.facts.format != "MP3" {
            return Ok(true);
        }
        if let Some(known) = self.exact_seek {
            return Ok(known);
        }
        let frames = self.count()?;
        let kept = match self.packets_end_at(frames)? {
            Some(kept) => kept,
            None => self.ends_at(frames).unwrap_or(false),
        };
        self.rewind()?;
        self.exact_seek = Some(kept);
        Ok(kept)
    }

    /// What is missing at the end of a file that was counted, where the end or a table shows it.
    pub(in crate::files) fn cut(&self) -> Option<String> {
        self.cut.clone()
    }

    /// Notes that the file ends in the middle of a packet. Matroska of unknown size ends in the same way if it does not.
    pub(super) fn note_cut(&mut self) {
        if self.facts.format == "ADTS" {
            self.cut = Some("the file was cut short: its last packet is not whole".into());
        }
    }

    /// Counts the frames of the last packet where the file claims that it is as long as the others: FFmpeg does so in
    /// CAF, whatever is in it.
    pub(super) fn shorten_last_packet(&mut self) -> Result<(), Error> {
        let (Some(length @ 1..), Some(claimed @ 1..)) =
            (self.traits.whole_packets, self.facts.frames)
        else {
            return Ok(());
        };
        // Reading reports what is wrong with a file, not this.
        if claimed % length == 0 && self.traits.counts_frames {
            if self.jump(claimed - 1).unwrap_or(false) {
                self.facts.frames = Some(self.at + self.ready.len() as u64);
            }
            self.rewind()?;
        }
        Ok(())
    }

    /// Whether packets that are read from shortly before `frames` on end there.
    fn ends_at(&mut self, frames: u64) -> Result<bool, Error> {
        self.rewind()?;
        let target = frames.saturating_sub(4 * MPEG_PACKET);
        let (Some(to), Some(reader)) = (self.timestamp(target), &mut self.reader) else {
            return Ok(false);
        };
        // A seek counts the padding, but the decoder delivers none of it.
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

    /// An error for a packet of `frames` frames whose number is not that of the next frame.
    pub(super) fn require_next(&self, place: u64, frames: usize) -> Result<(), Error> {
        let at = self.at;
        if let Some(missing @ 1..) = place.checked_sub(at) {
            return Err(self.damaged(&format!(
                "{missing} frames from frame {at} on are damaged or missing"
            )));
        }
        // In a file of variable block size the demuxer takes a short last packet for an earlier one.
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
