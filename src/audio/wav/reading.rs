//! Frames of a file, decoded into samples of their own.

use std::io::{Read, Seek};

use crate::audio::Audio;
use crate::audio::encoding::{Block, ByteOrder, as_bytes, transfer};
use crate::audio::wav::Info;
use crate::audio::wav::header::{self, failed};
use crate::dtype::Dtype;
use crate::error::Error;
use crate::view::Fresh;

/// Reads `frames` frames from `start` on, or as many as there are; `None` stands for all the rest. They keep
/// the type of the file ([`Info::dtype`]), or are converted to `dtype` as [`Audio::convert`] does. The reader
/// stands at the beginning of a WAV file; where it stands afterwards is not said.
///
/// # Errors
/// [`Error::File`] with the byte offset of what is damaged or not read, [`Error::Io`], and
/// [`Error::IndexOutOfRange`] for a start behind the last frame.
pub fn read<R: Read + Seek>(
    reader: &mut R,
    dtype: Option<Dtype>,
    start: u64,
    frames: Option<u64>,
) -> Result<Audio, Error> {
    let (_, header) = header::read(reader)?;
    let info = header.info;
    let Some(rest) = info.frames.checked_sub(start) else {
        return Err(Error::IndexOutOfRange {
            what: "frame",
            index: i128::from(start),
            count: usize::try_from(info.frames).unwrap_or(usize::MAX),
        });
    };
    let frames = frames.unwrap_or(rest).min(rest);
    let dtype = dtype.unwrap_or(info.dtype());
    // No more frames than the file has bytes for: the header was held against its length.
    let frames = usize::try_from(frames).map_err(|_| Error::TooLarge {
        samples: usize::MAX,
        size: dtype.size(),
    })?;
    let mut out = if info.channels == 1 {
        Fresh::new(&[frames], dtype)?
    } else {
        Fresh::new(&[info.channels, frames], dtype)?
    };
    let mut at = info.data_offset + start * info.frame_bytes() as u64;
    header::seek(reader, at)?;
    if is_memory(&info, dtype) {
        let bytes = as_bytes(&mut out);
        reader
            .read_exact(bytes)
            .map_err(|error| failed(&error, at))?;
        return Audio::new(out.share(), info.rate);
    }
    let mut block = Block::to_read(info.encoding, info.order, info.channels, frames)?;
    let mut done = 0;
    while done < frames {
        let count = block.frames().min(frames - done);
        let bytes = block.bytes(count);
        reader
            .read_exact(bytes)
            .map_err(|error| failed(&error, at))?;
        at += bytes.len() as u64;
        let decoded = block.decode(count)?;
        out.fill(|access, out| transfer(access, &out.take_frames(done, count)?, &decoded))?;
        done += count;
    }
    Audio::new(out.share(), info.rate)
}

/// Whether the bytes of the file are the bytes of the samples asked for.
fn is_memory(info: &Info, dtype: Dtype) -> bool {
    info.channels == 1
        && info.encoding.is_sample_type()
        && info.dtype() == dtype
        && info.order == ByteOrder::NATIVE
}
