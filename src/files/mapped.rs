//! Files whose samples are worked on where they lie: the file is the memory.
//!
//! ```text
//!   header | frame 0: L R | frame 1: L R | ...        the file, mapped
//!          ^ offset   <------->                       strides: (one sample, one frame)
//! ```
//!
//! Interleaved frames come up as `(channels, frames)` with strides, and the system reads a page when it is first used. It
//! takes samples that the machine computes with as they lie; which byte they begin at does not matter.

use std::path::Path;

use crate::audio::Audio;
use crate::error::Error;
use crate::files::pcm::Header;
use crate::files::regular;
use crate::layout::Layout;
use crate::memory::Buffer;
use crate::view::Samples;

/// The samples of a file as they lie in it. What is written to them is written to the file if `writable`;
/// otherwise they are read-only. A file that is open already is the same buffer.
///
/// # Errors
/// As [`crate::files::path::read`], and [`Error::File`] with the reason for a file that cannot be mapped.
pub fn open(path: &Path, writable: bool) -> Result<Audio, Error> {
    let mut file = regular::open(path, writable)?;
    let in_file = |error: Error| error.at_path(path);
    let header = Header::of(
        &mut file,
        "read() decodes it, and write() makes a WAV file of that, which open() maps",
    );
    let info = header.map_err(in_file)?.info;
    if let Some(reason) = info.obstacle() {
        let message = format!(
            "{reason}, so the file cannot be the memory; edit() changes it block by block, read() makes \
             samples of it"
        );
        return Err(in_file(Error::damaged(info.data_offset, message)));
    }
    let end = info.data_offset + info.frames * info.frame_bytes() as u64;
    let size = |number: u64| {
        usize::try_from(number).map_err(|_| Error::TooLarge {
            samples: usize::MAX,
            size: info.dtype().size(),
        })
    };
    let (frames, offset, end) = (size(info.frames)?, size(info.data_offset)?, size(end)?);
    let (sample, frame) = (info.encoding.width() as isize, info.frame_bytes() as isize);
    let layout = if info.channels == 1 {
        Layout::strided(&[frames], &[sample], offset)
    } else {
        Layout::strided(&[info.channels, frames], &[sample, frame], offset)
    };
    let layout = layout.map_err(in_file)?;
    let buffer = Buffer::map(file, end, writable).map_err(in_file)?;
    Audio::new(
        Samples::new(buffer, layout, info.dtype(), writable)?,
        info.rate,
    )
}
