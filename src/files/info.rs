//! What a file holds besides its samples: positions of channels, tags, cue points, and whether it can be mapped.

mod chunks;

use crate::error::Error;
use crate::files::codec::{Decoder, tags};
use crate::files::facts::{Cue, Facts};
use crate::files::input::Input;
use crate::files::pcm;
use crate::files::pcm::reader::Bytes;
use crate::files::sniff::Contents;

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
            let (obstacle, damage) = (Some(coded.message.clone()), coded.damage.clone());
            let around = tags::around(&mut input, &coded)?;
            let mut decoder = Decoder::open(input, coded)?;
            let mut details = decoder.details();
            for more in around {
                tags::add(&mut details.tags, more);
            }
            decoder.count()?;
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
