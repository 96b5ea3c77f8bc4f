//! Texts about a recording, by the names that `info` has for them, as each kind of file keeps them.

use crate::error::Error;
use crate::files::facts::INFO;

/// The chunks of an AIFF file that are texts.
const AIFF: [(&[u8; 4], &str); 4] = [
    (b"NAME", "title"),
    (b"AUTH", "artist"),
    (b"(c) ", "copyright"),
    (b"ANNO", "comment"),
];

/// The names of Vorbis comments that are not ours in capital letters.
const COMMENTS: [(&str, &str); 3] = [
    ("track_number", "TRACKNUMBER"),
    ("album_artist", "ALBUMARTIST"),
    ("software", "ENCODER"),
];

/// What a metadata block of FLAC has room for.
const MOST: usize = (1 << 24) - 1;

/// The type of FLAC's block of comments, and the bit that says that no other block follows.
const COMMENT_BLOCK: u8 = 4;
const LAST: u8 = 0x80;

/// What names a chunk.
type Letters = [u8; 4];

/// Names and texts, in the order of the caller. A name may come several times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags(pub Vec<(String, String)>);

impl Tags {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A list `INFO` for a WAV file; nothing without tags. Names of four capital letters or digits stand for themselves.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a name that the list has no letters for, and a text with a zero in it.
    pub fn info_list(&self) -> Result<Vec<(Letters, Vec<u8>)>, Error> {
        if self.is_empty() {
            return Ok(Vec::new());
        }
        let mut list = b"INFO".to_vec();
        for (name, text) in &self.0 {
            let id = letters(&INFO, name).or_else(|| {
                let id: [u8; 4] = name.as_bytes().try_into().ok()?;
                let is_own = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
                id.iter().all(is_own).then_some(id)
            });
            let id = id.ok_or_else(|| unknown(name, "a WAV file", &INFO))?;
            // The text ends with a zero, which the size counts.
            let text = [plain(name, text)?, &[0]].concat();
            list.extend(id);
            list.extend((text.len() as u32).to_le_bytes());
            list.extend(text);
            list.resize(list.len().next_multiple_of(2), 0);
        }
        Ok(vec![(*b"LIST", list)])
    }

    /// The chunks of an AIFF file.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a name that the format has no chunk for, and a text with a zero in it.
    pub fn aiff_chunks(&self) -> Result<Vec<(Letters, Vec<u8>)>, Error> {
        let chunk = |(name, text): &(String, String)| {
            let id = letters(&AIFF, name).ok_or_else(|| unknown(name, "an AIFF file", &AIFF))?;
            Ok((id, plain(name, text)?.to_vec()))
        };
        self.0.iter().map(chunk).collect()
    }

    /// The first blocks of a FLAC file with the tags in a block of comments behind the first.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a name that is none of a comment, and more texts than a block has room for.
    pub fn in_flac(&self, mut header: Vec<u8>) -> Result<Vec<u8>, Error> {
        // The magic word, then the first block: its type, three bytes of size, its content.
        const FIRST: usize = 4;
        const BEHIND: usize = FIRST + 4 + 34;
        if self.is_empty() {
            return Ok(header);
        }
        let mut comments = Vec::new();
        for (name, text) in &self.0 {
            let own = COMMENTS.iter().find(|(known, _)| known == name);
            let own = own.map_or_else(|| name.to_ascii_uppercase(), |(_, own)| (*own).into());
            let is_sign = |byte: u8| (b' '..=b'}').contains(&byte) && byte != b'=';
            if own.is_empty() || !own.bytes().all(is_sign) {
                return Err(Error::invalid(format!(
                    "{name:?} is no name of a tag in a FLAC file: it takes the signs of ASCII from space to }}, \
                     without ="
                )));
            }
            comments.push(format!("{own}={text}"));
        }
        // Texts with their lengths: the program's name, then how many comments there are, and these.
        let sized = |text: &str| [&(text.len() as u32).to_le_bytes(), text.as_bytes()].concat();
        let mut block = sized(concat!("audio_samples ", env!("CARGO_PKG_VERSION")));
        block.extend((comments.len() as u32).to_le_bytes());
        block.extend(comments.iter().flat_map(|comment| sized(comment)));
        if block.len() > MOST {
            return Err(Error::invalid(format!(
                "the tags are {} bytes; a FLAC file has room for {MOST}",
                block.len()
            )));
        }
        let is_last = header[FIRST] & LAST;
        header[FIRST] &= !LAST;
        let size = (block.len() as u32).to_be_bytes();
        let start = [COMMENT_BLOCK | is_last, size[1], size[2], size[3]];
        let rest = header.split_off(BEHIND.min(header.len()));
        Ok([header, start.to_vec(), block, rest].concat())
    }
}

/// Whether a chunk of a WAV or AIFF file is texts that tags take the place of.
pub(super) fn is_text(id: &[u8; 4], content: &[u8]) -> bool {
    (id == b"LIST" && content.starts_with(b"INFO")) || AIFF.iter().any(|(own, _)| *own == id)
}

fn letters(known: &[(&[u8; 4], &str)], name: &str) -> Option<Letters> {
    let found = known.iter().find(|(_, own)| *own == name);
    found.map(|(id, _)| **id)
}

/// A text without a zero, where readers would end it.
fn plain<'a>(name: &str, text: &'a str) -> Result<&'a [u8], Error> {
    match text.bytes().position(|byte| byte == 0) {
        None => Ok(text.as_bytes()),
        Some(at) => Err(Error::invalid(format!(
            "the tag {name:?} has a zero byte at {at}, where readers end it; leave it out"
        ))),
    }
}

#[cold]
fn unknown(name: &str, file: &str, known: &[(&[u8; 4], &str)]) -> Error {
    let names: Vec<&str> = known.iter().map(|(_, name)| *name).collect();
    let names = names.join(", ");
    Error::invalid(format!(
        "{file} has no place for the tag {name:?}; it has {names}, and a FLAC file takes any name"
    ))
}
