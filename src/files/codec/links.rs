//! Files that are a chain: streams one after the other, each with a beginning of its own.

use std::ops::Range;
use std::sync::Arc;

use super::probe;
use super::window::ShownBytes;
use super::{Decoder, Position};
use crate::error::Error;

/// The links of a chain.
pub struct Links {
    extent: Arc<ShownBytes>,
    ranges: Vec<Range<u64>>,
    /// The first frame of each, and the end of the last, as far as they are counted.
    firsts: Vec<u64>,
    /// The one that is decoded.
    at: usize,
}

impl Links {
    /// Those of a file whose demuxer sees the first of them.
    pub fn of(ranges: &[Range<u64>], extent: &Arc<ShownBytes>) -> Option<Links> {
        (ranges.len() > 1).then(|| Links {
            extent: extent.clone(),
            ranges: ranges.to_vec(),
            firsts: vec![0],
            at: 0,
        })
    }

    /// The first frame of the link that is decoded.
    pub fn first(&self) -> u64 {
        self.firsts[self.at]
    }

    /// The frame behind it, if that is counted.
    pub fn end(&self) -> Option<u64> {
        self.firsts.get(self.at + 1).copied()
    }

    /// The link that a frame is in.
    fn with(&self, frame: u64) -> usize {
        let known = &self.firsts[..self.firsts.len().min(self.ranges.len())];
        known.partition_point(|first| *first <= frame) - 1
    }
}

impl Decoder<'_> {
    /// Counts the frames of all links, and goes back to the first.
    ///
    /// # Errors
    /// A link of another rate or number of channels; a damaged one.
    pub(super) fn survey(&mut self) -> Result<(), Error> {
        let Some(count) = self.links.as_ref().map(|links| links.ranges.len()) else {
            return Ok(());
        };
        // The clock of each begins anew.
        self.traits.counts_frames = false;
        for link in 0..count {
            self.enter(link)?;
            let frames = match self.facts.frames {
                Some(frames) => frames,
                None => self.count_decoded()?,
            };
            if let Some(links) = &mut self.links {
                links.firsts.push(links.first() + frames);
            }
        }
        self.facts.frames = self.links.as_ref().and_then(Links::end);
        self.enter(0)
    }

    /// Decodes a link from its beginning.
    fn enter(&mut self, link: usize) -> Result<(), Error> {
        let stream = self.take_stream()?;
        let Some(links) = &mut self.links else {
            return Ok(());
        };
        links.at = link;
        links.extent.show(&links.ranges[link]);
        let (at, range) = (links.first(), links.ranges[link].clone());
        let bytes = range.end - range.start;
        let opening = probe::demux(stream, bytes, &self.coded, &self.reached)?;
        self.reader = Some(opening.reader);
        self.decoder = opening.decoder;
        self.traits.track = opening.traits.track;
        (self.at, self.ready, self.position) = (at, 0..0, Position::Start);
        let (own, its) = (&self.facts, &opening.facts);
        if (own.rate, own.channels) != (its.rate, its.channels) {
            let message = format!(
                "the file changes from {} channels at {} Hz to {} channels at {} Hz at frame {at}, where another stream \
                 begins",
                own.channels,
                own.rate.hertz(),
                its.channels,
                its.rate.hertz()
            );
            return Err(self.damaged(&message).after(at));
        }
        let is_counted = self
            .links
            .as_ref()
            .is_some_and(|links| links.firsts.len() > links.ranges.len());
        if !is_counted {
            self.facts.frames = its.frames;
        }
        Ok(())
    }

    /// Goes on with the next link, if there is one.
    pub(super) fn next_link(&mut self) -> Result<bool, Error> {
        let next = match &self.links {
            Some(links) if links.firsts.len() > links.ranges.len() => links.at + 1,
            _ => return Ok(false),
        };
        let is_there = (self.links.as_ref()).is_some_and(|links| next < links.ranges.len());
        if is_there {
            self.enter(next)?;
        }
        Ok(is_there)
    }

    /// Goes to the beginning of the link that a frame is in. False if the file is no chain.
    pub(super) fn enter_link_of(&mut self, frame: u64) -> Result<bool, Error> {
        let Some(link) = self.links.as_ref().map(|links| links.with(frame)) else {
            return Ok(false);
        };
        self.enter(link)?;
        Ok(true)
    }
}
