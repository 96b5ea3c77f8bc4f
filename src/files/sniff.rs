//! What a file is, recognised once: by its first bytes, and by the first packet of MPEG audio.

mod flac;
mod mpeg;
mod ogg;
mod tags;

use std::io::{Read, Seek};
use std::ops::Range;

use crate::error::Error;
use crate::files::pcm::reader::Bytes;

pub use mpeg::head as mpeg_head;
pub use tags::{TagBytes, TagKind};

/// A container whose samples are plain numbers, unless its header says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// RIFF or RIFX.
    Wav,
    /// WAV with sizes of 64 bits.
    Rf64,
    /// The same by a later standard.
    Bw64,
    /// Sony Wave64.
    W64,
    /// Apple's AIFF, and AIFF-C.
    Aiff,
    /// Apple's Core Audio Format.
    Caf,
    /// Sun's AU.
    Au,
}

impl Container {
    /// The name that libsndfile has made common.
    pub const fn name(self) -> &'static str {
        match self {
            Container::Wav => "WAV",
            Container::Rf64 => "RF64",
            Container::Bw64 => "BW64",
            Container::W64 => "W64",
            Container::Aiff => "AIFF",
            Container::Caf => "CAF",
            Container::Au => "AU",
        }
    }
}

/// A container of compressed samples, which only a demuxer opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// FLAC, whose magic word is at this byte: an ID3 tag may come before it.
    Flac {
        magic: u64,
    },
    Ogg,
    /// MPEG audio.
    Mpeg {
        /// The byte of the first packet.
        first: u64,
        /// Whether encoders have written the number of packets into it.
        counts_packets: bool,
        /// That number, if it says so.
        packets: Option<u32>,
        /// Bytes of all packets, if it says so.
        bytes: Option<u32>,
    },
    Mp4,
    Matroska,
}

/// Samples that are no plain numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Coded {
    /// The byte that says so, and the words for what they are.
    pub offset: u64,
    pub message: String,
    /// The file's own container, where it is not one of plain samples.
    pub coding: Option<Coding>,
    /// The bytes that a demuxer is to see, where those are not all.
    pub shown: Option<Range<u64>>,
    /// Bytes that it is to see as others than they are, by their places.
    pub changed: Vec<(u64, u8)>,
    /// Tags around those bytes.
    pub tags: Vec<TagBytes>,
    /// What is missing at the end, as far as that is seen without decoding; `None` if nothing is known to be.
    pub damage: Option<String>,
    /// The bytes of streams one after the other, where there are several.
    pub links: Vec<Range<u64>>,
}

/// What a file holds, as far as it was looked at: `T` is what is known of one with plain samples.
#[derive(Clone, Debug, PartialEq)]
pub enum Contents<T> {
    /// Samples that are plain numbers.
    Plain(T),
    /// Others, for a decoder.
    Coded(Coded),
}

impl<T> Contents<T> {
    /// Samples inside a container of plain ones that are of another kind.
    pub fn coded(offset: u64, message: String) -> Contents<T> {
        Contents::Coded(Coded {
            offset,
            message,
            coding: None,
            shown: None,
            changed: Vec::new(),
            tags: Vec::new(),
            damage: None,
            links: Vec::new(),
        })
    }

    /// What is known of plain samples, for a caller that takes no others. `otherwise` is what can be done with those.
    ///
    /// # Errors
    /// [`Error::File`] for other samples.
    pub fn plain(self, otherwise: &str) -> Result<T, Error> {
        match self {
            Contents::Plain(known) => Ok(known),
            Contents::Coded(Coded {
                offset, message, ..
            }) => Err(Error::damaged(offset, format!("{message}; {otherwise}"))),
        }
    }
}

impl Coded {
    /// The error where no demuxer takes the file either: a file that begins as one of a known format and cannot be
    /// read as one is damaged.
    pub fn undecoded(&self) -> Error {
        let message = match self.coding {
            Some(coding) => format!(
                "this begins like {}, and what it takes to read one is not there: it was cut short or is damaged, \
                 or there is no sound in it",
                coding.name()
            ),
            None => format!("{}; {WAY_OUT}", self.message),
        };
        Error::damaged(self.offset, message)
    }
}

impl Coding {
    const fn name(self) -> &'static str {
        match self {
            Coding::Flac { .. } => "a FLAC file",
            Coding::Ogg => "an Ogg file",
            Coding::Mpeg { .. } => "an MPEG file",
            Coding::Mp4 => "an MP4 file",
            Coding::Matroska => "a Matroska or WebM file",
        }
    }
}

/// What the file is that begins where the reader was found.
///
/// # Errors
/// [`Error::File`] for a file of no known format or without a byte, [`Error::Io`].
pub fn sniff<R: Read + Seek>(bytes: &mut Bytes<'_, R>) -> Result<Contents<Container>, Error> {
    let start = bytes.start;
    let mut around = Vec::new();
    let at = tags::in_front(bytes, &mut around)?;
    let mut prefix = [0; 12];
    let prefix = bytes.peek(at, &mut prefix)?;
    let coding = match *prefix {
        [] if at == start => return Err(nothing(start, bytes.end)),
        [b'f', b'L', b'a', b'C', ..] => Coding::Flac { magic: at },
        [b'O', b'g', b'g', b'S', ..] => Coding::Ogg,
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Coding::Mp4,
        [0x1A, 0x45, 0xDF, 0xA3, ..] => Coding::Matroska,
        [b'R', b'I', b'F', b'F' | b'X', ..] => return Ok(plain(bytes, at, Container::Wav)),
        [b'R', b'F', b'6', b'4', ..] => return Ok(plain(bytes, at, Container::Rf64)),
        [b'B', b'W', b'6', b'4', ..] => return Ok(plain(bytes, at, Container::Bw64)),
        [b'r', b'i', b'f', b'f', ..] => return Ok(plain(bytes, at, Container::W64)),
        [b'F', b'O', b'R', b'M', ..] => return Ok(plain(bytes, at, Container::Aiff)),
        [b'c', b'a', b'f', b'f', ..] => return Ok(plain(bytes, at, Container::Caf)),
        [b'.', b's', b'n', b'd', ..] | [b'd', b'n', b's', b'.', ..] => {
            return Ok(plain(bytes, at, Container::Au));
        }
        [0xFF, 0xE0..=0xFF, ..] => counting(bytes, at)?,
        _ => match mpeg::first(bytes, at)? {
            Some(first) => counting(bytes, first)?,
            None if at == start => return Err(Error::damaged(start, unknown(prefix))),
            None => counting(bytes, at)?,
        },
    };
    let mut coded = Coded::of(start, coding, around);
    match coding {
        Coding::Flac { magic } => coded.bound_flac(bytes, magic)?,
        Coding::Mpeg { first, .. } => coded.bound_mpeg(bytes, first)?,
        Coding::Ogg if ogg::is_speex(bytes, at)? => {
            return Err(Error::damaged(start, not_read("Speex in Ogg")));
        }
        Coding::Ogg if at == start => coded.bound_ogg(bytes)?,
        _ => coded.tags.clear(),
    }
    Ok(Contents::Coded(coded))
}

/// The MPEG audio that lies from `at` to the end of `bytes`, if a packet begins near there.
///
/// # Errors
/// [`Error::Io`].
pub fn mpeg_within<R: Read + Seek>(
    bytes: &mut Bytes<'_, R>,
    at: u64,
) -> Result<Option<Coded>, Error> {
    let Some(first) = mpeg::first(bytes, at)? else {
        return Ok(None);
    };
    let mut coded = Coded::of(at, counting(bytes, first)?, Vec::new());
    coded.bound_mpeg(bytes, first)?;
    Ok(Some(coded))
}

/// Plain samples, which may have a tag in front.
fn plain<R: Read + Seek>(
    bytes: &mut Bytes<'_, R>,
    at: u64,
    container: Container,
) -> Contents<Container> {
    bytes.start = at;
    Contents::Plain(container)
}

impl Coded {
    fn of(offset: u64, coding: Coding, tags: Vec<TagBytes>) -> Coded {
        Coded {
            offset,
            message: format!("this is {}, which holds no plain samples", coding.name()),
            coding: Some(coding),
            shown: None,
            changed: Vec::new(),
            tags,
            damage: None,
            links: Vec::new(),
        }
    }

    /// Finds where the packets of FLAC end, and whether they are all there.
    fn bound_flac<R: Read + Seek>(
        &mut self,
        bytes: &mut Bytes<'_, R>,
        magic: u64,
    ) -> Result<(), Error> {
        let end = tags::behind(bytes, magic, &mut self.tags)?;
        let found = flac::look(bytes, magic, end)?;
        (self.damage, self.changed) = (found.damage, found.changed);
        self.show(bytes, magic, found.end);
        Ok(())
    }

    /// Finds where the packets of MPEG audio begin and end, and whether what the first of them says can be.
    fn bound_mpeg<R: Read + Seek>(
        &mut self,
        bytes: &mut Bytes<'_, R>,
        first: u64,
    ) -> Result<(), Error> {
        let mut end = tags::behind(bytes, first, &mut self.tags)?;
        let Some(Coding::Mpeg {
            counts_packets,
            packets,
            bytes: claimed,
            ..
        }) = &mut self.coding
        else {
            return Ok(());
        };
        let mut begin = [0; 8];
        let head = mpeg::head(bytes.peek(first, &mut begin)?);
        let mut shown = first;
        if let (Some(count), Some(head)) = (*packets, head) {
            let most = (u64::from(count) + 1).saturating_mul(head.most as u64);
            // Where the bytes are counted too, others may follow.
            let there = claimed.map_or(end - first, u64::from);
            if count == 0 || there > most.saturating_add(SLACK) {
                // The packet that counts is none of sound: without it the demuxer counts by itself.
                (*counts_packets, *packets, *claimed) = (false, None, None);
                shown = first + head.len as u64;
            }
        }
        if !*counts_packets {
            end = mpeg::end(bytes, first, end)?;
        }
        let there = end - first;
        if let Some(claimed) = claimed
            && u64::from(*claimed) > there
        {
            self.damage = Some(format!(
                "the file was cut short: it claims {claimed} bytes of packets from byte {first} on, of which there are \
                 {there}"
            ));
        }
        self.show(bytes, shown, end);
        Ok(())
    }

    /// Ends an Ogg stream that has no last page with its last whole one.
    fn bound_ogg<R: Read + Seek>(&mut self, bytes: &mut Bytes<'_, R>) -> Result<(), Error> {
        self.links = ogg::links(bytes)?;
        let begin = bytes.start;
        bytes.start = self.links.last().map_or(begin, |last| last.start);
        let unfinished = ogg::unfinished(bytes)?;
        bytes.start = begin;
        if let Some(stream) = unfinished {
            self.damage = Some(format!(
                "the last page of the stream is missing, so the file was cut short or its recorder was ended: it is read \
                 up to byte {}, where the last whole page ends",
                stream.end
            ));
            self.shown = Some(begin..stream.end);
            self.changed = stream.marked;
            if let Some(last) = self.links.last_mut() {
                last.end = stream.end;
            }
        }
        if let Some(first) = self.links.first() {
            self.shown = Some(first.clone());
        }
        Ok(())
    }

    /// Has a demuxer see the bytes from `begin` to `end`, and a single ID3v2 tag in front of them, which it knows.
    fn show<R: Read + Seek>(&mut self, bytes: &Bytes<'_, R>, begin: u64, end: u64) {
        let leads = |tag: &TagBytes| tag.bytes == (bytes.start..begin);
        let known = |tag: &TagBytes| tag.kind == TagKind::Id3v2 && leads(tag);
        let begin = match self.tags.first() {
            Some(tag) if known(tag) => {
                self.tags.remove(0);
                bytes.start
            }
            _ => begin,
        };
        self.shown = Some(begin..end);
    }
}

/// Bytes of other things among packets that make no count of them wrong.
const SLACK: u64 = 1 << 12;

/// MPEG audio, whose first packet may count the others.
fn counting<R: Read + Seek>(bytes: &mut Bytes<'_, R>, first: u64) -> Result<Coding, Error> {
    let mut packet = [0; 256];
    let packet = bytes.peek(first, &mut packet)?;
    let tags: [&[u8]; 3] = [b"Xing", b"Info", b"VBRI"];
    let tag = packet.windows(4).position(|id| tags.contains(&id));
    let field = |at: usize| {
        let four = packet.get(tag? + at..)?.first_chunk::<4>()?;
        Some(u32::from_be_bytes(*four))
    };
    let is_vbri = field(0) == Some(u32::from_be_bytes(*b"VBRI"));
    let (packets, bytes) = match field(4) {
        _ if is_vbri => (field(14), field(10)),
        // The number of bytes comes behind that of packets, if that is there.
        Some(flags) if flags & 3 == 3 => (field(8), field(12)),
        Some(flags) if flags & 3 == 2 => (None, field(8)),
        Some(flags) if flags & 1 == 1 => (field(8), None),
        _ => (None, None),
    };
    Ok(Coding::Mpeg {
        first,
        counts_packets: tag.is_some(),
        packets,
        bytes,
    })
}

/// What of all formats reads a file that is not read here.
pub const WAY_OUT: &str = "`ffmpeg -i FILE -f wav -` makes WAV of it, which is read";

/// How files begin that are known and not read.
const NOT_READ: [(&[u8], &str); 14] = [
    (b"wvpk", "WavPack"),
    (b"MAC ", "Monkey's Audio"),
    (b"TTA1", "True Audio"),
    (b"tBaK", "TAK"),
    (b"OFR ", "OptimFROG"),
    (b"MPCK", "Musepack"),
    (b"MP+", "Musepack"),
    (b"#!AMR", "AMR"),
    (b"Creative", "Creative Voice"),
    (b"DSD ", "DSD"),
    (b"FRM8", "DSD"),
    (b"\x30\x26\xB2\x75", "Windows Media"),
    (b"\x0B\x77", "AC-3"),
    (b"\x7F\xFE\x80\x01", "DTS"),
];

fn not_read(name: &str) -> String {
    format!("this file is {name}, which is not read; {WAY_OUT}")
}

/// A file that begins like none that is read.
fn unknown(prefix: &[u8]) -> String {
    if let Some((_, name)) = NOT_READ.iter().find(|(begin, _)| prefix.starts_with(begin)) {
        return not_read(name);
    }
    if prefix.starts_with(b"MThd") {
        return "this is a MIDI file: notes, and no samples".into();
    }
    let found = prefix.get(..8).unwrap_or(prefix);
    let bytes: Vec<String> = found.iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "no format that is read begins with '{}' (the bytes {}); known are WAV, RF64, BW64, W64, AIFF, CAF, AU, \
         FLAC, Ogg, MP3, ADTS, MP4 and Matroska; whatever ffmpeg knows, `ffmpeg -i FILE -f wav -` makes WAV of",
        found.escape_ascii(),
        bytes.join(" ")
    )
}

/// There is no byte to look at.
fn nothing(start: u64, end: u64) -> Error {
    let message = match end {
        0 => "the file is empty: it has 0 bytes".into(),
        end => format!(
            "there is nothing to read: the file object stands at byte {start} of {end}; seek(0) comes first"
        ),
    };
    Error::damaged(start, message)
}
