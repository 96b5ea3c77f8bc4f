//! The frames of a file at another rate or in other channels, from any frame on.

use super::{Conforming, store};
use crate::audio::Audio;
use crate::error::Error;
use crate::files::asking::Caller;
use crate::files::facts::Facts;
use crate::files::selection::Selection;
use crate::files::source::FrameSource;
use crate::view::{Access, Strided};

/// Frames of the file that are decoded at a time.
const PART: u64 = 1 << 16;

/// What [`read`](super::read) gives, part by part in the memory of some seconds.
pub struct ConformedFrames {
    source: FrameSource<'static>,
    work: Conforming,
    facts: Facts,
    /// The frame that is given next.
    at: u64,
    /// What has come out and was not given: all of it from some frame on.
    ready: Option<(Audio, usize)>,
}

impl ConformedFrames {
    /// What is selected of a file, also where it is as it is wanted.
    ///
    /// # Errors
    /// As [`read`](super::read).
    pub fn of(
        mut source: FrameSource<'static>,
        selection: Selection,
    ) -> Result<ConformedFrames, Error> {
        let work = Conforming::any(&mut source, selection, 1)?;
        Ok(ConformedFrames {
            facts: Facts {
                frames: Some(work.frames as u64),
                ..work.facts.clone()
            },
            source,
            work,
            at: 0,
            ready: None,
        })
    }

    /// What comes out: the rate, the channels, and as many frames as come of those that were selected.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// How many frames there are.
    pub fn count(&self) -> u64 {
        self.work.frames as u64
    }

    /// As many frames as the bytes of the file make likely.
    pub fn likely_frames(&self) -> u64 {
        let (own, likely) = (self.source.facts().rate, self.source.likely_frames());
        // Twice as many at twice the rate.
        let times = f64::from(self.facts.rate.hertz()) / f64::from(own.hertz());
        (likely as f64 * times).ceil() as u64
    }

    /// Has `frame` be the one that is given next. What is decoded for it begins some blocks of the resampler before.
    ///
    /// # Errors
    /// A damaged file.
    pub fn seek(&mut self, frame: u64, caller: &Caller<'_>) -> Result<(), Error> {
        if frame < self.at || frame - self.at > PART {
            self.ready = None;
            self.at = self.work.go_to(frame)?;
        }
        while self.at < frame {
            let rest = usize::try_from(frame - self.at).unwrap_or(usize::MAX);
            let Some((_, skipped)) = self.some(rest, caller)? else {
                return Ok(());
            };
            self.at += skipped as u64;
        }
        Ok(())
    }

    /// Fills `out` with the next frames, converted to its type.
    ///
    /// # Errors
    /// A damaged file, and the caller who wants it no more.
    pub fn read_into(
        &mut self,
        access: &Access,
        out: &Strided<'_>,
        caller: &Caller<'_>,
    ) -> Result<(), Error> {
        let (mut done, frames) = (0, out.layout().frames());
        while done < frames {
            let Some((part, count)) = self.some(frames - done, caller)? else {
                return Ok(());
            };
            store(access, out, &mut done, &part)?;
            self.at += count as u64;
        }
        Ok(())
    }

    /// At most so many of the next frames; `None` at the end.
    fn some(&mut self, most: usize, caller: &Caller<'_>) -> Result<Option<(Audio, usize)>, Error> {
        loop {
            if let Some((made, first)) = &mut self.ready {
                let rest = made.layout().frames() - *first;
                if rest > 0 {
                    let count = rest.min(most);
                    let part = made.with_layout(made.layout().take_frames(*first, count, 1)?)?;
                    *first += count;
                    return Ok(Some((part, count)));
                }
            }
            if !caller.goes_on() {
                return Err(Error::Interrupted);
            }
            match self.work.more(&mut self.source, PART)? {
                Some(made) => self.ready = Some((made, 0)),
                None => return Ok(None),
            }
        }
    }
}
