//! What a file holds besides its samples: positions of channels, tags, cue points, and whether it can be mapped.

mod chunks;
mod truncation;

use crate::error::Error;
use crate::files::codec::Decoder;
use crate::files::facts::Facts;
use crate::files::input::Input;
use crate::files::pcm;
use crate::files::pcm::reader::Bytes;
use crate::files::sniff::Contents;

/// A place in a file that has a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cue {
    /// The frame.
    pub frame: u64,
    /// Its name; empty if it has none.
    pub label: String,
}

/// What a file says of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct FileInfo {
    /// What is known of its samples.
    pub facts: Facts,
    /// Where each channel is heard, such as `FL`; none where the file does not say.
    pub positions: Vec<&'static str>,
    /// Names and texts, in the order of the file.
    pub tags: Vec<(String, String)>,
    /// Places in the file, in the order of frames.
    pub cues: Vec<Cue>,
    /// Why the samples cannot be mapped; `None` if they can.
    pub obstacle: Option<String>,
    /// What is missing of a compressed file, as far as that is seen without decoding it.
    pub damage: Option<String>,
}

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

/// What a file says of itself. It is decoded only where frames have to be counted; see
/// [`crate::files::source::FrameSource::count`].
///
/// # Errors
/// As [`crate::files::read_from`].
pub fn of(mut input: Input<'_>) -> Result<FileInfo, Error> {
    let (facts, mut details, obstacle, damage) = match pcm::contents(&mut input)? {
        Contents::Plain(header) => {
            let details = chunks::details(&mut Bytes::new(&mut input)?, &header)?;
            (
                Facts::from(&header.info),
                details,
                header.info.obstacle(),
                None,
            )
        }
        Contents::Coded(coded) => {
            let mut bytes = Bytes::new(&mut input)?;
            let start = bytes.start;
            let damage = truncation::missing(&mut bytes, &coded)?;
            pcm::reader::seek(&mut input, start)?;
            let obstacle = Some(coded.message.clone());
            let mut decoder = Decoder::open(input, coded)?;
            let details = decoder.details();
            decoder.count()?;
            let damage = damage.or_else(|| decoder.cut());
            (decoder.facts().clone(), details, obstacle, damage)
        }
    };
    details.cues.sort_by_key(|cue| cue.frame);
    Ok(FileInfo {
        facts,
        positions: details.positions,
        tags: details.tags,
        cues: details.cues,
        obstacle,
        damage,
    })
}

/// What a container's chunks or a demuxer's tags say.
#[derive(Debug, Default)]
pub(super) struct Details {
    pub positions: Vec<&'static str>,
    pub tags: Vec<(String, String)>,
    pub cues: Vec<Cue>,
}
