//! MP3 from any packet on.
//!
//! Neither numbers nor a table say where its packets lie: a demuxer that seeks walks over all of them, from the first one
//! where it goes back. So their places are kept. They count only as far as packets of one kind follow each other, each where
//! the one before ends: up to there the demuxer meets the same ones, and the number of a packet says which frames are in it.
//!
//! ```text
//!   | packet 0 | 1 | ... | start | 511 bytes of main data | what filters remember | the one with the frame |
//! ```

use std::io::{self, Read, Seek, SeekFrom};

use symphonia::core::errors::{Error as Refusal, Result as Answer, SeekErrorKind};
use symphonia::core::formats::{
    FormatInfo, FormatOptions, FormatReader, MediaInfo, SeekMode, SeekTo, SeekedTo, Track,
};
use symphonia::core::io::{MediaSource, MediaSourceStream, ReadBytes, SeekBuffered};
use symphonia::core::meta::Metadata;
use symphonia::core::packet::{Packet, PacketBuilder};
use symphonia::core::units::{Duration, Timestamp};
use symphonia::default::formats::MpaReader;

use super::panics::caught;
use super::{Decoder, Position};
use crate::error::Error;
use crate::files::sniff::mpeg_head;

/// Bytes that are read at once: so many that the stream reads them past its own buffer.
const CHUNK: usize = 1 << 18;
/// Bytes that a demuxer looks at when it is made: packets of 16 KiB and one more, at most 1441 bytes long.
const LOOKED_AT: usize = 18_000;
/// Bytes of a packet that tell what it is, and whether it is one without sound.
const HEAD: usize = 40;
/// Bytes of the packets before that the main data of one may begin in (`main_data_begin` has 9 bits).
const RESERVOIR: u64 = 511;
/// Frames in front of a wanted packet that have to be decoded right: the filters remember two granules.
const REMEMBERED: u64 = 2 * 576;

/// Where packets lie, counted from the first byte that the demuxer is shown: 8 bytes for each, which has 24 or more.
#[derive(Clone)]
pub(super) struct PacketPlaces {
    places: Vec<u64>,
    /// Where the next packet begins, if there is one.
    end: u64,
    /// Whether there is none of this kind.
    is_over: bool,
    kind: Option<PacketKind>,
    /// The timestamp of the first packet, and that behind the last frame, if the file says it.
    first: i64,
    last: Option<Timestamp>,
    /// Frames at the end that are cut off.
    padding: u64,
}

/// What all packets have in common.
#[derive(Clone, Copy, PartialEq, Eq)]
struct PacketKind {
    /// Version, layer and rate.
    kind: u32,
    is_mono: bool,
    /// Frames of a packet.
    frames: u64,
}

impl PacketKind {
    /// The kind of the packet that begins here, and its length.
    fn of(packet: &[u8]) -> Option<(PacketKind, u64)> {
        let head = mpeg_head(packet)?;
        let &[_, second, _, fourth, ..] = packet else {
            return None;
        };
        let is_first = (second >> 3) & 3 == 3;
        let kind = PacketKind {
            kind: head.kind,
            is_mono: fourth >> 6 == 3,
            frames: if is_first { 1152 } else { 576 },
        };
        Some((kind, head.len as u64))
    }

    /// Bytes of a packet that are no main data, at most: its head, a check, and the side information.
    fn overhead(self) -> u64 {
        let side = match (self.frames, self.is_mono) {
            (1152, true) => 17,
            (1152, false) => 32,
            (_, true) => 9,
            (_, false) => 17,
        };
        4 + 2 + side
    }
}

impl PacketPlaces {
    /// None yet, of a track whose first packet lies at byte `begin`.
    fn new(track: &Track, begin: u64) -> PacketPlaces {
        let end = track.num_frames.map(Duration::from);
        PacketPlaces {
            places: Vec::new(),
            end: begin,
            is_over: false,
            kind: None,
            first: -i64::from(track.delay.unwrap_or(0)),
            last: end.and_then(|end| end.timestamp_from(Timestamp::ZERO)),
            padding: u64::from(track.padding.unwrap_or(0)),
        }
    }

    /// Finds packets until there are more than `number`, or no more.
    fn extend(&mut self, stream: &mut MediaSourceStream<'_>, number: usize) -> io::Result<()> {
        let all = stream.byte_len().unwrap_or(u64::MAX);
        let mut window = Vec::new();
        while !self.is_over && self.places.len() <= number {
            window.resize(CHUNK, 0);
            stream.seek(SeekFrom::Start(self.end))?;
            let count = fill(stream, &mut window)?;
            let begin = self.end;
            while let Some(rest) = window[..count].get((self.end - begin) as usize..) {
                if rest.len() < HEAD && count == CHUNK {
                    break;
                }
                let next = PacketKind::of(rest).filter(|(kind, len)| {
                    *self.kind.get_or_insert(*kind) == *kind
                        && self.end.saturating_add(*len) <= all
                        && !is_silent(rest)
                });
                let Some((_, len)) = next else {
                    self.is_over = true;
                    break;
                };
                self.places.push(self.end);
                self.end += len;
            }
        }
        Ok(())
    }

    /// The packet to begin with, for the frames of another to be decoded as if all packets had been. `None` where that one is
    /// not known, or nothing would be left out.
    fn start(&self, wanted: usize) -> Option<usize> {
        let kind = self.kind.filter(|_| wanted < self.places.len())?;
        let mut number = wanted.checked_sub((REMEMBERED / kind.frames) as usize)?;
        let mut main_data = 0;
        while main_data < RESERVOIR {
            let end = self.places[number];
            number = number.checked_sub(1)?;
            main_data += (end - self.places[number]).saturating_sub(kind.overhead());
        }
        // One more, for it may begin in the middle of something.
        number.checked_sub(1).filter(|number| *number > 0)
    }

    /// Has a demuxer that is made of the stream begin with a packet. False if that is not there any more.
    fn stand(&self, stream: &mut MediaSourceStream<'_>, number: usize) -> io::Result<bool> {
        let begin = self.places[number];
        stream.seek(SeekFrom::Start(begin))?;
        // The stream keeps these bytes for the demuxer, which is silent about a read that fails, or takes the stream with it.
        let mut packets = vec![0; LOOKED_AT];
        let count = fill(stream, &mut packets)?;
        let is_there = |number: usize| {
            let place = self
                .places
                .get(number)
                .map(|place| (place - begin) as usize);
            let kind = place.and_then(|place| PacketKind::of(packets[..count].get(place..)?));
            kind.map(|(kind, _)| kind) == self.kind
        };
        Ok(stream.seek_buffered(begin) == begin && is_there(number) && is_there(number + 1))
    }

    /// The number of the packet with the frame at a timestamp, if all are of the kind of the first.
    fn number(&mut self, stream: &mut MediaSourceStream<'_>, timestamp: i64) -> io::Result<usize> {
        self.extend(stream, 0)?;
        let frames = u64::try_from(timestamp.saturating_sub(self.first)).unwrap_or(0);
        let number = frames / self.kind.map_or(1, |kind| kind.frames);
        Ok(usize::try_from(number).unwrap_or(usize::MAX))
    }

    fn timestamp(&self, number: usize) -> i64 {
        let frames = self.kind.map_or(0, |kind| kind.frames);
        self.first.saturating_add_unsigned(number as u64 * frames)
    }

    /// How many frames there are, if all packets are known and nothing is behind them.
    fn count(&self, stream: &MediaSourceStream<'_>) -> Option<u64> {
        let is_all = self.is_over && stream.byte_len() == Some(self.end);
        let frames = self.kind.filter(|_| is_all)?.frames;
        Some(self.places.len() as u64 * frames)
    }
}

/// Whether a packet looks like one of the tags that encoders write as packets, and that a demuxer leaves out.
fn is_silent(packet: &[u8]) -> bool {
    let tag = |at: usize| packet.get(at..at + 4);
    [13, 21, 36]
        .into_iter()
        .any(|at| matches!(tag(at), Some(b"Xing" | b"Info" | b"VBRI")))
}

/// Reads as far as there is something.
fn fill(stream: &mut MediaSourceStream<'_>, into: &mut [u8]) -> io::Result<usize> {
    let mut done = 0;
    while done < into.len() {
        match stream.read(&mut into[done..]) {
            Ok(0) => break,
            Ok(count) => done += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// MP3 from one of its packets on, with the timestamps that this and those behind it have in the whole.
struct FromPacket<'s> {
    demuxer: MpaReader<'s>,
    /// The timestamp of its first packet.
    first: i64,
    /// The timestamp behind the last frame, if the file says it.
    last: Option<Timestamp>,
}

impl FormatReader for FromPacket<'_> {
    fn format_info(&self) -> &FormatInfo {
        self.demuxer.format_info()
    }

    fn media_info(&self) -> &MediaInfo {
        self.demuxer.media_info()
    }

    fn metadata(&mut self) -> Metadata<'_> {
        self.demuxer.metadata()
    }

    fn tracks(&self) -> &[Track] {
        self.demuxer.tracks()
    }

    fn seek(&mut self, _: SeekMode, _: SeekTo) -> Answer<SeekedTo> {
        Err(Refusal::SeekError(SeekErrorKind::Unseekable))
    }

    fn next_packet(&mut self) -> Answer<Option<Packet>> {
        let Some(packet) = self.demuxer.next_packet()? else {
            return Ok(None);
        };
        // What the demuxer would cut off counts from where it began.
        let frames = PacketKind::of(&packet.data).map_or(packet.dur.get(), |(kind, _)| kind.frames);
        let place = packet.pts.get().saturating_add(self.first);
        let packet = PacketBuilder::new()
            .track_id(packet.track_id)
            .pts(Timestamp::new(place))
            .trimmed_dur(Duration::from(frames), self.last)
            .data(packet.data)
            .build();
        Ok(Some(packet))
    }

    fn into_inner<'s>(self: Box<Self>) -> MediaSourceStream<'s>
    where
        Self: 's,
    {
        Box::new(self.demuxer).into_inner()
    }
}

impl<'s> Decoder<'s> {
    /// Has `frame` be the one that is read next, by the places of packets. False where these do not lead to it.
    pub(super) fn leap(&mut self, frame: u64) -> Result<bool, Error> {
        let origin = self.traits.origin;
        let Some(timestamp) = i64::try_from(frame)
            .ok()
            .and_then(|frame| frame.checked_add(origin))
        else {
            return Ok(false);
        };
        let found = self.find(|places, stream| {
            let wanted = places.number(stream, timestamp)?;
            places.extend(stream, wanted)?;
            let start = places.start(wanted);
            Ok(match start {
                Some(number) if places.stand(stream, number)? => {
                    Some((places.timestamp(number), places.last))
                }
                _ => None,
            })
        })?;
        let Some((first, last)) = found.flatten() else {
            return Ok(false);
        };
        let stream = self.take_stream()?;
        let demuxer = caught(|| MpaReader::try_new(stream, FormatOptions::default()));
        let demuxer = demuxer.map_err(|refusal| self.refused(refusal))?;
        self.reader = Some(Box::new(FromPacket {
            demuxer,
            first,
            last,
        }));
        self.decoder.reset();
        (self.ready, self.position) = (0..0, Position::AfterSeek);
        let reached = self
            .decode_next()
            .and_then(|is_more| Ok(is_more && self.at <= frame && self.skip_to(frame)?));
        match reached {
            // Decoding from the first packet on decides what is an error.
            Err(Error::File { .. }) => Ok(false),
            reached => reached,
        }
    }

    /// How many frames the packets of MP3 have, where they are all there is.
    pub(super) fn count_packets(&mut self) -> Result<Option<u64>, Error> {
        let counted = self.find(|places, stream| {
            places.extend(stream, usize::MAX)?;
            Ok(places.count(stream))
        })?;
        Ok(counted.flatten())
    }

    /// Whether the packets of MP3 end with so many frames, where they are all there is.
    pub(super) fn packets_end_at(&mut self, frames: u64) -> Result<Option<bool>, Error> {
        let origin = self.traits.origin;
        let end = self.find(|places, stream| {
            places.extend(stream, usize::MAX)?;
            Ok(places
                .count(stream)
                .map(|count| (places.first, places.padding, count)))
        })?;
        Ok(end.flatten().map(|(first, padding, count)| {
            let end = first.saturating_add_unsigned(count).checked_sub(origin);
            let end = end.and_then(|end| u64::try_from(end).ok());
            end == Some(frames) || end == Some(frames.saturating_add(padding))
        }))
    }

    /// Looks for packets of MP3. The file has no demuxer then; `None` where it is no MP3.
    fn find<R>(
        &mut self,
        look: impl FnOnce(&mut PacketPlaces, &mut MediaSourceStream<'s>) -> io::Result<R>,
    ) -> Result<Option<R>, Error> {
        if self.facts.format != "MP3" {
            return Ok(None);
        }
        let mut places = match self.packets.take() {
            Some(places) => places,
            None => {
                self.rewind()?;
                let Some(track) = self
                    .reader
                    .as_ref()
                    .and_then(|reader| reader.tracks().first())
                else {
                    return Ok(None);
                };
                let track = track.clone();
                let stream = self.take_stream()?;
                let places = PacketPlaces::new(&track, stream.pos());
                self.parked = Some(stream);
                places
            }
        };
        let mut stream = self.take_stream()?;
        let found = look(&mut places, &mut stream);
        (self.packets, self.parked) = (Some(places), Some(stream));
        let found = found.map_err(|error| self.refused(Refusal::IoError(error)))?;
        Ok(Some(found))
    }
}
