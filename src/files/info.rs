//! What a file tells besides its samples: names of channels, tags, cue points, and whether it can be mapped.

mod chunks;
mod truncation;

use crate::error::Error;
use crate::files::codec::Decoder;
use crate::files::facts::Facts;
use crate::files::input::Input;
use crate::files::pcm;
use crate::files::pcm::Found;
use crate::files::pcm::reader::Bytes;

/// A place in a file that has a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cue {
    /// The frame.
    pub frame: u64,
    /// Its name; empty if it has none.
    pub label: String,
}

/// Everything that is told of a file.
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

/// What a file tells. Nothing is decoded but where frames have to be counted; see
/// [`crate::files::source::FrameSource::count`].
///
/// # Errors
/// As [`crate::files::read_from`].
pub fn of(mut input: Input<'_>) -> Result<FileInfo, Error> {
    let start = pcm::reader::position(&mut input)?;
    let header = match pcm::header(&mut input)? {
        Found::Plain(header) => header,
        Found::Compressed(samples) => {
            pcm::reader::seek(&mut input, start)?;
            let damage = truncation::missing(&mut Bytes::new(&mut input)?)?;
            pcm::reader::seek(&mut input, start)?;
            let obstacle = samples.message.clone();
            let mut decoder = Decoder::open(input, samples.undecoded())?;
            let told = decoder.told();
            decoder.count()?;
            return Ok(FileInfo {
                facts: decoder.facts().clone(),
                positions: told.positions,
                tags: told.tags,
                cues: sorted(told.cues),
                obstacle: Some(obstacle),
                damage,
            });
        }
    };
    let mut bytes = Bytes::new(&mut input)?;
    let told = chunks::told(&mut bytes, &header)?;
    Ok(FileInfo {
        facts: Facts::from(&header.info),
        positions: told.positions,
        tags: told.tags,
        cues: sorted(told.cues),
        obstacle: header.info.obstacle(),
        damage: None,
    })
}

fn sorted(mut cues: Vec<Cue>) -> Vec<Cue> {
    cues.sort_by_key(|cue| cue.frame);
    cues
}

/// What is found in a file's own words.
#[derive(Debug, Default)]
pub(super) struct Details {
    pub positions: Vec<&'static str>,
    pub tags: Vec<(String, String)>,
    pub cues: Vec<Cue>,
}
