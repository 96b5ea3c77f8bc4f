//! What is known of a file, and the memory that its frames take.

use std::borrow::Cow;
use std::ops::Range;

use crate::audio::SampleRate;
use crate::dtype::Dtype;
use crate::error::Error;
use crate::files::pcm::block::transfer;
use crate::view::Fresh;

/// What is known of a file before it is decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// The kind of file, such as `WAV` or `FLAC`.
    pub format: Cow<'static, str>,
    /// How its samples are stored, such as `PCM_16` or `VORBIS`.
    pub subtype: Cow<'static, str>,
    /// The sample type that holds every value of it.
    pub dtype: Dtype,
    /// Channels, at least one.
    pub channels: usize,
    /// Frames, where the file says how many.
    pub frames: Option<u64>,
    /// Frames per second.
    pub rate: SampleRate,
}

impl Facts {
    /// The narrower float that holds every value: up to 24 bits fit into a float32.
    pub fn float(&self) -> Dtype {
        let fits = ["_24", "_20"]
            .iter()
            .any(|bits| self.subtype.ends_with(bits));
        match self.dtype {
            Dtype::Int32 if !fits => Dtype::Float64,
            Dtype::Float64 => Dtype::Float64,
            _ => Dtype::Float32,
        }
    }
}

/// How the frames of a file may be divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split {
    /// Frames of a part at least.
    pub least: u64,
    /// Frames of a part at most: a thread that is done early takes the next one.
    pub most: u64,
    /// The last frame that a part may begin with.
    pub last: u64,
}

impl Split {
    /// `frames` cut for so many threads.
    pub fn parts(&self, frames: Range<u64>, threads: usize) -> Vec<Range<u64>> {
        let share = (frames.end - frames.start).div_ceil((threads as u64).saturating_mul(4));
        let part = share.clamp(self.least, self.most);
        let mut parts = Vec::new();
        let mut from = frames.start;
        // What would be left over goes to the last one.
        while frames.end - from >= 2 * part && from + part <= self.last {
            parts.push(from..from + part);
            from += part;
        }
        parts.push(from..frames.end);
        parts
    }
}

/// An error for a frame behind the last of a file.
pub fn out_of_range(frame: u64, frames: u64) -> Error {
    Error::IndexOutOfRange {
        what: "frame",
        index: i128::from(frame).into(),
        count: usize::try_from(frames).unwrap_or(usize::MAX),
    }
}

/// Memory for some frames of a file.
pub fn make_room(channels: usize, frames: usize, dtype: Dtype) -> Result<Fresh, Error> {
    if channels == 1 {
        Fresh::new(&[frames], dtype)
    } else {
        Fresh::new(&[channels, frames], dtype)
    }
}

/// Memory for `frames` frames that begin with the `kept` of `old`.
pub fn resized(old: &mut Fresh, kept: usize, frames: usize) -> Result<Fresh, Error> {
    let (channels, dtype) = (old.layout().channels(), old.dtype());
    let mut new = make_room(channels, frames, dtype)?;
    let from = old.strided().take_frames(0, kept)?;
    new.fill(|access, out| transfer(access, &out.take_frames(0, kept)?, &from))?;
    Ok(new)
}

/// A place in a file that has a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cue {
    /// The frame.
    pub frame: u64,
    /// Its name; empty if it has none.
    pub label: String,
}

/// The names of a WAV file's texts, by the letters of its list `INFO`.
pub(super) const INFO: [(&[u8; 4], &str); 9] = [
    (b"INAM", "title"),
    (b"IART", "artist"),
    (b"IPRD", "album"),
    (b"ICMT", "comment"),
    (b"ICOP", "copyright"),
    (b"ICRD", "date"),
    (b"IGNR", "genre"),
    (b"ISFT", "software"),
    (b"ITRK", "track_number"),
];

/// The positions of WAV's channel mask, lowest bit first, as they are commonly abbreviated.
pub const POSITIONS: [&str; 18] = [
    "FL", "FR", "FC", "LFE", "BL", "BR", "FLC", "FRC", "BC", "SL", "SR", "TC", "TFL", "TFC", "TFR",
    "TBL", "TBC", "TBR",
];

/// The positions of a mask, if there are as many as channels.
pub(super) fn positions(mask: u64, channels: usize) -> Vec<&'static str> {
    let set = |(bit, _): &(usize, &&str)| mask >> bit & 1 == 1;
    let names = POSITIONS.iter().enumerate().filter(set);
    let names: Vec<&str> = names.map(|(_, name)| *name).collect();
    if names.len() == channels && mask.count_ones() as usize == channels {
        names
    } else {
        Vec::new()
    }
}

/// What a container's chunks or a demuxer's tags say.
#[derive(Debug, Default)]
pub(super) struct Details {
    pub positions: Vec<&'static str>,
    pub tags: Vec<(String, String)>,
    pub cues: Vec<Cue>,
}
