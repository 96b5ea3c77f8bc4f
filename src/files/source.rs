//! The frames of any file that is read: plain samples, or those of a codec.
//!
//! ```text
//!   bytes  ->  FrameSource  +- Plain: pcm::Frames      WAV RF64 BW64 W64 AIFF CAF, plain numbers
//!                           +- Coded: codec::Decoder   FLAC MP3 Vorbis AAC ALAC ADPCM ..., in any container
//! ```
//!
//! `pcm::contents` decides which of both.

use crate::audio::Audio;
use crate::error::Error;
use crate::files::codec::{self, Decoder};
use crate::files::facts::{Facts, Split};
use crate::files::input::{Input, Reader};
use crate::files::pcm;
use crate::files::pcm::Frames;
use crate::files::selection::Selection;
use crate::files::sniff::Contents;
use crate::view::{Access, Strided};

impl From<&pcm::Info> for Facts {
    fn from(info: &pcm::Info) -> Facts {
        Facts {
            format: info.container().into(),
            subtype: info.subtype().into(),
            dtype: info.dtype(),
            channels: info.channels,
            frames: Some(info.frames),
            rate: info.rate,
        }
    }
}

/// The frames of a file, from any frame on.
pub struct FrameSource<'s> {
    facts: Facts,
    kind: SourceKind<'s>,
    /// The same bytes for more readers, from where the file begins, if they can be had.
    shared: Option<Reader>,
}

enum SourceKind<'s> {
    Plain(Box<Frames<Input<'s>>>),
    Coded(Box<Decoder<'s>>),
}

impl<'s> FrameSource<'s> {
    /// The file that begins where the input stands and goes on to its end.
    ///
    /// # Errors
    /// [`Error::File`] for what is damaged or not read, [`Error::Io`].
    pub fn open(mut input: Input<'s>) -> Result<FrameSource<'s>, Error> {
        let shared = input.again();
        let (facts, kind) = match pcm::contents(&mut input)? {
            Contents::Plain(header) => {
                let mut facts = Facts::from(&header.info);
                if let Some(shortage) = &header.shortage {
                    facts.frames = Some(shortage.frames.0);
                }
                let frames = Frames::of(input, header.info, header.shortage);
                (facts, SourceKind::Plain(Box::new(frames)))
            }
            Contents::Coded(coded) => {
                let decoder = Decoder::open(input, coded)?;
                (
                    decoder.facts().clone(),
                    SourceKind::Coded(Box::new(decoder)),
                )
            }
        };
        Ok(FrameSource {
            facts,
            kind,
            shared,
        })
    }

    /// The same file for another thread, at its first frame. It is stricter: a packet that does not begin where the one
    /// before it ended is an error.
    ///
    /// # Errors
    /// Bytes that have one reader only, and a file that is not what it was.
    pub(super) fn again(&self) -> Result<FrameSource<'static>, Error> {
        let Some(reader) = self.shared.clone() else {
            return Err(Error::damaged(0, "the file has one reader".into()));
        };
        let input = Box::new(reader);
        let kind = match &self.kind {
            SourceKind::Plain(frames) => {
                SourceKind::Plain(Box::new(Frames::new(input, *frames.info())))
            }
            SourceKind::Coded(decoder) => SourceKind::Coded(Box::new(decoder.again(input)?)),
        };
        Ok(FrameSource {
            facts: self.facts.clone(),
            kind,
            shared: None,
        })
    }

    /// How many frames there are, and how `wanted` of them may be divided among threads; `None` where one has to read
    /// them all, or is as fast.
    pub(super) fn split(&mut self, wanted: u64) -> Option<(u64, Split)> {
        self.shared.as_ref()?;
        match &mut self.kind {
            SourceKind::Plain(frames) if frames.shortage().is_some() => None,
            SourceKind::Plain(frames) => Some((frames.info().frames, frames.split())),
            SourceKind::Coded(decoder) => decoder.split(wanted),
        }
    }

    /// Frames that the reader of a part begins early, to be compared with those of the part before.
    pub(super) fn overlap(&self) -> u64 {
        match &self.kind {
            SourceKind::Plain(_) => 0,
            SourceKind::Coded(_) => codec::OVERLAP,
        }
    }

    /// The frame that is read next.
    pub(super) fn position(&self) -> u64 {
        match &self.kind {
            SourceKind::Plain(frames) => frames.position(),
            SourceKind::Coded(decoder) => decoder.position(),
        }
    }

    /// What the file says of itself.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// How many frames there are. Where the file does not say, they are counted, which takes as long as it
    /// takes to read the file, or to decode it.
    ///
    /// # Errors
    /// A damaged file, where it has to be read.
    pub fn count(&mut self) -> Result<u64, Error> {
        let frames = match (self.facts.frames, &mut self.kind) {
            (Some(frames), _) => frames,
            (None, SourceKind::Plain(frames)) => frames.info().frames,
            (None, SourceKind::Coded(decoder)) => decoder.count()?,
        };
        self.facts.frames = Some(frames);
        Ok(frames)
    }

    /// As many frames as the bytes of the file make likely, whatever it claims.
    pub fn likely_frames(&self) -> u64 {
        match &self.kind {
            SourceKind::Plain(frames) => frames.info().frames,
            SourceKind::Coded(decoder) => decoder.likely_frames(),
        }
    }

    /// Has `frame` be the one that is read next.
    ///
    /// # Errors
    /// [`Error::IndexOutOfRange`] behind the last frame, and a damaged file.
    pub fn seek(&mut self, frame: u64) -> Result<(), Error> {
        match &mut self.kind {
            SourceKind::Plain(frames) => frames.seek(frame),
            SourceKind::Coded(decoder) => decoder.seek(frame),
        }
    }

    /// What is selected, on this thread.
    ///
    /// # Errors
    /// As [`crate::files::read_from`].
    pub fn read(&mut self, selection: Selection) -> Result<Audio, Error> {
        let Selection { start, frames, .. } = selection;
        let dtype = Some(selection.dtype.of(&self.facts));
        match &mut self.kind {
            SourceKind::Plain(plain) => plain.read(dtype, start, frames),
            SourceKind::Coded(decoder) => decoder.read(dtype, start, frames),
        }
    }

    /// Fills `out` with the next frames, converted to its type.
    ///
    /// # Errors
    /// A damaged file, and one that has not as many frames. The position is behind the frames that were stored then.
    pub fn read_into(&mut self, access: &Access, out: &Strided<'_>) -> Result<(), Error> {
        match &mut self.kind {
            SourceKind::Plain(frames) => frames.read_into(access, out),
            SourceKind::Coded(decoder) => decoder.read_into(access, out),
        }
    }
}
