//! How far in front of a wanted frame a decoder has to begin, to be in the state that it would have had.

use super::{Decoder, MPEG_PACKET};

impl Decoder<'_> {
    /// Frames that nearly every file of the kind needs in front of a wanted one; where more are needed, the seam
    /// does not fit.
    pub(super) fn usual_lead(&self) -> u64 {
        match self.reservoir() {
            Some(frames) => frames.min(self.opened.lead),
            None => self.opened.lead,
        }
    }

    /// Frames that a seek starts early. At the lowest bit rates MPEG audio reaches back further than usual.
    pub(super) fn lead(&self) -> u64 {
        match self.reservoir() {
            Some(frames) if !self.is_strict => frames.max(self.opened.lead),
            _ => self.opened.lead,
        }
    }

    /// How far MPEG audio reaches back, by the bytes it can: twice the most, in packets of mean length without
    /// their headers, and what the filters remember. `None` for other kinds.
    fn reservoir(&self) -> Option<u64> {
        if self.facts.format != "MP3" {
            return None;
        }
        let packets = self.facts.frames.unwrap_or(0).div_ceil(MPEG_PACKET).max(1);
        let data = (self.opened.bytes / packets).saturating_sub(38).max(1);
        Some(MPEG_PACKET * (4 + 1022_u64.div_ceil(data)))
    }
}
