//! Compressed files, decoded by Symphonia straight into the samples that the user will see.
//!
//! ```text
//!   Input -> demuxer -> packet -> decoder -> planes of one packet -> the frames that are wanted
//! ```
//!
//! Symphonia seeks to packets; we count frames. A seek goes to a packet that lies far enough in front of the
//! wanted frame for the decoder to be in the state that it would have had, and what comes before the frame is
//! dropped. Where a file's clock does not count frames (Matroska) or a decoder never forgets (Opus), decoding begins at the
//! first packet. A decoder gets no more memory than the file justifies, and its panics are [`Error::File`].

mod aac;
pub(super) mod ebml;
mod links;
mod mixed_blocks;
mod mp3;
mod mp4;
mod names;
mod opus;
mod panics;
mod planes;
mod probe;
mod seek_check;
mod seeking;
pub(super) mod tags;
mod vorbis;
mod window;

use std::io::ErrorKind::UnexpectedEof;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use symphonia::core::codecs::audio::{AudioDecoder, well_known as codecs};
use symphonia::core::errors::Error as Refusal;
use symphonia::core::formats::FormatReader;
use symphonia::core::io::MediaSourceStream;
use symphonia::core::packet::Packet;

use crate::audio::Audio;
use crate::dtype::Dtype;
use crate::error::Error;
use crate::files::facts::{Facts, Split, make_room, resized};
use crate::files::input::Input;
use crate::files::sniff::Coded;
use crate::view::{Access, Strided};
use links::Links;
use mp3::PacketPlaces;
use panics::caught;
pub(super) use panics::guarded_write;
use probe::{MPEG_PACKET, StreamTraits};

/// Frames that a byte may stand for before memory is given to decoded frames only: speech at 6 kbit/s has 11.
const FRAMES_PER_BYTE: u64 = 16;

/// Frames that there is memory for at first where the file does not say how many there are: it may be a film.
const UNTOLD: u64 = 1 << 22;

/// Frames of a part at least: a few milliseconds of decoding, and many times the pre-roll of a seek.
const PART: u64 = 1 << 17;

/// Frames of a part at most.
const MOST_OF_A_PART: u64 = 1 << 22;

/// Frames by which the decoder of a part begins early: the part before has them too. More than one packet.
pub(super) const OVERLAP: u64 = 2048;

/// Where the demuxer is, as far as the decoder knows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    /// At the first packet.
    Start,
    /// Behind the packet that the last frames came from.
    InSync,
    /// Where a seek has led: the next packet says which frame it begins with.
    AfterSeek,
    /// Elsewhere: the decoder skipped packets, or failed.
    Unknown,
}

/// The frames of a compressed file, one after the other.
pub struct Decoder<'s> {
    /// None while the file is being opened again, and after that has failed.
    reader: Option<Box<dyn FormatReader + 's>>,
    decoder: Box<dyn AudioDecoder>,
    facts: Facts,
    traits: StreamTraits,
    /// What the file was recognised as.
    coded: Coded,
    /// How far the file was read.
    reached: Arc<AtomicU64>,
    /// The frame that is delivered next.
    at: u64,
    /// What of the last packet was not delivered.
    ready: Range<usize>,
    /// Frames in front that are still to be dropped.
    to_drop: u64,
    position: Position,
    /// Whether every packet has to begin where the one before it ended.
    is_strict: bool,
    /// The answer of `seek_is_exact`, once it was asked.
    exact_seek: Option<bool>,
    /// What is missing at the end, as far as that is known.
    cut: Option<String>,
    chapters: Vec<(u64, String)>,
    /// Where the packets of MP3 lie, as far as a seek had to know.
    packets: Option<PacketPlaces>,
    /// Where the file is a chain of streams.
    links: Option<Links>,
    /// The file, while no demuxer has it.
    parked: Option<MediaSourceStream<'s>>,
}

impl<'s> Decoder<'s> {
    /// The file that begins where the input stands, as it was recognised.
    ///
    /// # Errors
    /// [`Error::File`] and [`Error::Io`].
    pub fn open(input: Input<'s>, coded: Coded) -> Result<Decoder<'s>, Error> {
        let reached = Arc::new(AtomicU64::new(0));
        let opening = probe::open(input, &coded, &reached)?;
        let links = Links::of(&coded.links, &opening.extent);
        let mut decoder = Decoder {
            reader: Some(opening.reader),
            decoder: opening.decoder,
            facts: opening.facts,
            traits: opening.traits,
            coded,
            reached,
            at: 0,
            ready: 0..0,
            to_drop: 0,
            position: Position::Start,
            is_strict: false,
            exact_seek: None,
            cut: opening.cut,
            chapters: opening.chapters,
            packets: None,
            links,
            parked: None,
        };
        decoder.to_drop = decoder.traits.lead;
        decoder.shorten_last_packet()?;
        if decoder.traits.padding > 0 {
            decoder.count()?;
        }
        decoder.survey()?;
        Ok(decoder)
    }

    /// A decoder of the same file for another thread, at the first frame. It refuses packets that do not begin where
    /// the one before them ended.
    ///
    /// # Errors
    /// A file that is not what it was.
    pub fn again<'o>(&self, input: Input<'o>) -> Result<Decoder<'o>, Error> {
        let mut other = Decoder::open(input, self.coded.clone())?;
        if other.traits != self.traits {
            return Err(self.damaged("the file is another one now"));
        }
        other.facts = self.facts.clone();
        other.packets = self.packets.clone();
        (other.is_strict, other.exact_seek) = (true, self.exact_seek);
        Ok(other)
    }

    /// How many frames there are, and how threads may divide `wanted` of them among themselves, if they may.
    pub fn split(&mut self, wanted: u64) -> Option<(u64, Split)> {
        if !(self.traits.counts_frames && self.traits.is_stateless) {
            return None;
        }
        let least = PART.max(4 * self.traits.preroll);
        // A few frames are not worth the look at the end of the file.
        if wanted < 2 * least {
            return None;
        }
        // Reading reports what is wrong with a file, not this.
        let frames = self.count().ok()?;
        if frames < 2 * least || !self.seek_is_exact().ok()? {
            return None;
        }
        // Memory for all of it has to be justified: see `read`.
        (frames <= self.likely_frames()).then_some((
            frames,
            Split {
                least,
                most: MOST_OF_A_PART,
                last: frames.saturating_sub(self.traits.unreliable_tail),
            },
        ))
    }

    /// The frame that is delivered next.
    pub fn position(&self) -> u64 {
        self.at
    }

    /// What the file says of itself.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// How many frames there are; the demuxer or the decoder counts them if the file does not say.
    ///
    /// # Errors
    /// A damaged file.
    pub fn count(&mut self) -> Result<u64, Error> {
        if let Some(frames) = self.facts.frames {
            return Ok(frames);
        }
        if let Some(frames) = self.count_packets()? {
            self.rewind()?;
            self.facts.frames = Some(frames);
            return Ok(frames);
        }
        self.rewind()?;
        let mut frames = 0_u64;
        if self.traits.counts_frames {
            while let Some(packet) = self.next_packet()? {
                frames = frames.saturating_add(packet.dur.get());
            }
        } else if self.decoder.codec_params().codec == codecs::CODEC_ID_OPUS {
            frames = self.count_opus()?;
        } else {
            frames = self.count_decoded()?;
        }
        self.rewind()?;
        let frames = frames.saturating_sub(self.traits.padding);
        self.facts.frames = Some(frames);
        Ok(frames)
    }

    /// How many frames the packets of Opus from here on say that they have.
    fn count_opus(&mut self) -> Result<u64, Error> {
        let mut frames = 0_u64;
        while let Some(packet) = self.next_packet()? {
            let trimmed = packet.trim_end.get();
            frames += opus::frames_of(&packet.data).saturating_sub(trimmed);
        }
        Ok(frames.saturating_sub(opus::pre_skip(self.decoder.codec_params())))
    }

    /// How many frames are decoded from here on.
    fn count_decoded(&mut self) -> Result<u64, Error> {
        let mut frames = 0;
        while self.decode_next()? {
            frames += self.ready.len() as u64;
        }
        Ok(frames)
    }

    /// Opens the file again, at its first frame.
    fn rewind(&mut self) -> Result<(), Error> {
        if self.position == Position::Start {
            return Ok(());
        }
        let (stream, bytes) = (self.take_stream()?, self.traits.bytes);
        let opening = probe::demux(stream, bytes, &self.coded, &self.reached)?;
        self.reader = Some(opening.reader);
        self.decoder = opening.decoder;
        (self.at, self.ready, self.position) = (0, 0..0, Position::Start);
        self.to_drop = self.traits.lead;
        Ok(())
    }

    /// The file, from whatever has it. The demuxer has to be made again.
    fn take_stream(&mut self) -> Result<MediaSourceStream<'s>, Error> {
        self.position = Position::Unknown;
        match self.reader.take() {
            Some(reader) => Ok(reader.into_inner()),
            None => (self.parked.take())
                .ok_or_else(|| self.damaged("the file could not be opened again")),
        }
    }

    fn next_packet(&mut self) -> Result<Option<Packet>, Error> {
        loop {
            let Some(reader) = &mut self.reader else {
                return Err(self.damaged("the file could not be opened again"));
            };
            if self.position == Position::Start {
                self.position = Position::InSync;
            }
            let packet = match caught(|| reader.next_packet()) {
                Err(Refusal::IoError(error))
                    if self.traits.ends_anywhere && error.kind() == UnexpectedEof =>
                {
                    self.note_cut();
                    return Ok(None);
                }
                packet => packet.map_err(|refusal| self.refused(refusal))?,
            };
            match packet {
                Some(packet) if packet.track_id != self.traits.track => {}
                packet => return Ok(packet),
            }
        }
    }

    /// Decodes packets until one has frames; none of the last one's are left then. False at the end.
    fn decode_next(&mut self) -> Result<bool, Error> {
        let decoded = self.decode_packets();
        if decoded.is_err() && self.position != Position::AfterSeek {
            self.position = Position::Unknown;
        }
        decoded
    }

    fn decode_packets(&mut self) -> Result<bool, Error> {
        loop {
            let end = self
                .links
                .as_ref()
                .and_then(Links::end)
                .or(self.facts.frames);
            let at_end = end.is_some_and(|end| self.at >= end);
            let packet = match at_end && self.position != Position::AfterSeek {
                true => None,
                false => self.next_packet()?,
            };
            let Some(packet) = packet else {
                self.ready = 0..0;
                if self.next_link()? {
                    continue;
                }
                return Ok(false);
            };
            let begins = packet
                .pts
                .get()
                .saturating_add_unsigned(packet.trim_start.get());
            let decoder = &mut self.decoder;
            let decoded = caught(|| {
                let planes = decoder.decode(&packet)?;
                Ok((planes.frames(), planes.num_planes(), planes.spec().rate()))
            });
            let (frames, channels, rate) = decoded.map_err(|refusal| self.refused(refusal))?;
            if frames == 0 {
                continue;
            }
            if channels != self.facts.channels || rate != self.facts.rate.hertz() {
                return Err(self.damaged(&format!(
                    "the file changes from {} channels at {} Hz to {channels} channels at {rate} Hz at \
                     frame {}",
                    self.facts.channels,
                    self.facts.rate.hertz(),
                    self.at
                )));
            }
            let place = u64::try_from(begins.saturating_sub(self.traits.origin)).ok();
            if self.position == Position::AfterSeek {
                let Some(place) = place else { continue };
                (self.at, self.position) = (place, Position::InSync);
            } else if self.is_strict && place != Some(self.at) {
                return Err(self.damaged("the packets do not follow each other"));
            } else if self.traits.numbers_packets
                && let Some(place) = place
            {
                self.require_next(place, frames)?;
            }
            let dropped = self.to_drop.min(frames as u64);
            self.to_drop -= dropped;
            let rest = end.map_or(u64::MAX, |end| end - self.at.min(end));
            let rest = usize::try_from(rest).unwrap_or(usize::MAX);
            let from = dropped as usize;
            self.ready = from..from.saturating_add(rest).min(frames);
            if !self.ready.is_empty() {
                return Ok(true);
            }
        }
    }

    /// Fills `out` with the next frames, as far as there are, and says how many those are.
    fn read_some(&mut self, access: &Access, out: &Strided<'_>) -> Result<usize, Error> {
        let wanted = out.layout().frames();
        let mut done = 0;
        while done < wanted {
            if self.ready.is_empty() && !self.decode_next()? {
                break;
            }
            let count = self.ready.len().min(wanted - done);
            let from = self.ready.start..self.ready.start + count;
            let part = out.take_frames(done, count)?;
            planes::store(access, &part, &self.decoder.last_decoded(), from)?;
            self.ready.start += count;
            self.at += count as u64;
            done += count;
        }
        Ok(done)
    }

    /// Fills `out` with the next frames, converted to its type.
    ///
    /// # Errors
    /// A damaged file, and one that has not as many frames.
    pub fn read_into(&mut self, access: &Access, out: &Strided<'_>) -> Result<(), Error> {
        let wanted = out.layout().frames();
        let done = self.read_some(access, out)?;
        if done < wanted {
            return Err(self.ended_early());
        }
        Ok(())
    }

    /// `frames` frames from `start` on, or as many as there are, in the file's own type or converted.
    ///
    /// # Errors
    /// As [`crate::files::read_from`].
    pub fn read(
        &mut self,
        dtype: Option<Dtype>,
        start: u64,
        frames: Option<u64>,
    ) -> Result<Audio, Error> {
        if self.traits.counts_frames {
            self.count()?;
        }
        self.seek(start)?;
        let dtype = dtype.unwrap_or(self.facts.dtype);
        let rest = self.facts.frames.map(|all| all - start);
        let wanted = frames.unwrap_or(u64::MAX).min(rest.unwrap_or(u64::MAX));
        // Memory for what the file says, but at first no more than its length makes likely.
        let mut likely = self.likely_frames();
        if rest.is_none() {
            likely = likely.min(UNTOLD);
        }
        let size = |frames: u64| usize::try_from(frames).unwrap_or(usize::MAX);
        let mut out = make_room(self.facts.channels, size(wanted.min(likely)), dtype)?;
        let mut done = 0;
        loop {
            let room = out.layout().frames();
            done += out
                .fill(|access, out| self.read_some(access, &out.take_frames(done, room - done)?))?;
            if done as u64 == wanted || done < room {
                break;
            }
            out = resized(&mut out, done, size(wanted.min(2 * room as u64)))?;
        }
        if rest.is_some() && (done as u64) < wanted {
            return Err(self.ended_early());
        }
        if done < out.layout().frames() {
            out = resized(&mut out, done, done)?;
        }
        Audio::new(out.share(), self.facts.rate)
    }

    /// As many frames as so many bytes make likely, whatever the file claims.
    pub fn likely_frames(&self) -> u64 {
        self.traits.bytes.saturating_mul(FRAMES_PER_BYTE).max(4096)
    }

    fn ended_early(&self) -> Error {
        let claimed = self.facts.frames.unwrap_or(self.at);
        self.damaged(&format!(
            "the file claims {claimed} frames and ends after {}; frames={} reads those",
            self.at, self.at
        ))
        .after(self.at)
    }

    fn damaged(&self, message: &str) -> Error {
        Error::damaged(self.reached.load(Ordering::Relaxed), message.into())
    }

    fn refused(&self, refusal: Refusal) -> Error {
        panics::refused(refusal, &self.facts.format, &self.reached)
    }
}
