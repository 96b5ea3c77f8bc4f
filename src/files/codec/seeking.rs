//! From any frame to any other.

use symphonia::core::formats::SeekMode;

use super::panics::caught;
use super::probe::{MPEG_PACKET, fresh_decoder};
use super::{Decoder, PART, Position};
use crate::error::Error;
use crate::files::facts::out_of_range;

impl Decoder<'_> {
    /// Has `frame` be the one that is read next.
    ///
    /// # Errors
    /// [`Error::IndexOutOfRange`] behind the last frame, and a damaged file.
    pub fn seek(&mut self, frame: u64) -> Result<(), Error> {
        let frames = if self.traits.counts_frames {
            Some(self.count()?)
        } else {
            self.facts.frames
        };
        match frames {
            Some(frames) if frame > frames => return Err(out_of_range(frame, frames)),
            Some(frames) if frame == frames => {
                // There is nothing to decode, and demuxers refuse it.
                (self.at, self.ready, self.position) = (frame, 0..0, Position::Unknown);
                return Ok(());
            }
            _ => {}
        }
        let is_ahead = frame >= self.at && frame - self.at <= self.traits.skip_at_most;
        let is_known = matches!(self.position, Position::Start | Position::InSync);
        if is_ahead && is_known && self.skip_to(frame)? {
            return Ok(());
        }
        if self.leap(frame)? {
            return Ok(());
        }
        if !self.traits.counts_frames || !self.jump(frame)? {
            if self.is_strict && frame > PART {
                // One thread had better decode it all than several from the beginning.
                return Err(self.damaged("no packet is found in front of a part"));
            }
            if !self.enter_link_of(frame)? {
                self.rewind()?;
            }
        }
        if self.skip_to(frame)? {
            return Ok(());
        }
        Err(out_of_range(frame, self.at))
    }

    /// Goes to a packet in front of `frame`, far enough for the decoder to be as if it had come from the
    /// beginning. False if the demuxer cannot.
    pub(super) fn jump(&mut self, frame: u64) -> Result<bool, Error> {
        let mut target = frame.saturating_sub(self.traits.preroll);
        if let Some(frames) = self.facts.frames {
            target = target.min(frames.saturating_sub(self.traits.unreliable_tail));
        }
        if target == 0 || !self.seek_is_exact()? {
            return Ok(false);
        }
        if self.parked.is_some() {
            self.rewind()?;
        }
        let (Some(to), Some(reader)) = (self.timestamp(target), &mut self.reader) else {
            return Ok(false);
        };
        self.position = Position::Unknown;
        if let Err(refusal) = caught(|| reader.seek(SeekMode::Accurate, to)) {
            return match self.refused(refusal) {
                error @ Error::Io { .. } => Err(error),
                _ => Ok(false),
            };
        }
        if self.traits.resets_by_half {
            let decoder = fresh_decoder(&**reader, &self.traits);
            self.decoder = decoder.map_err(|refusal| self.refused(refusal))?;
        } else {
            self.decoder.reset();
        }
        (self.ready, self.position) = (0..0, Position::AfterSeek);
        self.to_drop = 0;
        // The first packets after a jump may refer to what was left out.
        let mut forgiven = 2 * self.traits.preroll / MPEG_PACKET;
        loop {
            match self.decode_next() {
                Ok(true) => return Ok(self.at <= frame),
                Ok(false) => return Ok(false),
                Err(Error::File { .. }) if forgiven > 0 => forgiven -= 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Decodes and drops until `frame` is next. False if the file ends before.
    pub(super) fn skip_to(&mut self, frame: u64) -> Result<bool, Error> {
        loop {
            if self.ready.is_empty() && self.at == frame {
                return Ok(true);
            }
            if self.ready.is_empty() && !self.decode_next()? {
                return Ok(self.at == frame);
            }
            if self.at > frame {
                return Ok(false);
            }
            let dropped = (frame - self.at).min(self.ready.len() as u64);
            self.ready.start += dropped as usize;
            self.at += dropped;
            if self.at == frame {
                return Ok(true);
            }
        }
    }
}
