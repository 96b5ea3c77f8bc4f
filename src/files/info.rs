//! What a file holds besides its samples: positions of channels, tags, cue points, and whether it can be mapped.

mod chunks;

use crate::error::Error;
use crate::files::codec::{Decoder, ebml, tags};
use crate::files::facts::{Cue, Facts};
use crate::files::input::Input;
use crate::files::pcm;
use crate::files::pcm::Shortage;
use crate::files::pcm::reader::Bytes;
use crate::files::sniff::{Coding, Contents};

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
            let mut facts = Facts::from(&header.info);
            if let Some(shortage) = &header.shortage {
                facts.frames = Some(shortage.frames.0);
            }
            let damage = header.shortage.as_ref().map(Shortage::told);
            let obstacle = header.info.obstacle();
            (facts, details, obstacle.or_else(|| damage.clone()), damage)
        }
        Contents::Coded(coded) => {
            let (obstacle, mut damage) = (Some(coded.message.clone()), coded.damage.clone());
            if coded.coding == Some(Coding::Matroska) {
                damage = missing_elements(&mut input)?;
            }
            let around = tags::around(&mut input, &coded)?;
            let mut decoder = Decoder::open(input, coded)?;
            let mut details = decoder.details();
            for more in around {
                tags::add(&mut details.tags, more);
            }
            decoder.count()?;
            damage = damage.or_else(|| decoder.cut());
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

/// What of a Matroska file is missing.
fn missing_elements(input: &mut Input<'_>) -> Result<Option<String>, Error> {
    let mut bytes = Bytes::new(input)?;
    let (start, end) = (bytes.start, bytes.end);
    let missing = ebml::missing(bytes.reader(), start, end);
    let missing = missing.map_err(|error| pcm::reader::failed(&error, start))?;
    pcm::reader::seek(input, start)?;
    Ok(missing)
}
