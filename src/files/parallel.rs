//! One file, read by several threads: each opens it for itself, and writes its part of the frames where they belong.
//!
//! ```text
//!   file     |----------------|----------------|----------------|      frames
//!   thread 1  open, decode ----------------->|
//!   thread 2             pre-roll ==overlap==|-------------------->
//! ```
//!
//! The samples are those of one thread that reads from the beginning, bit for bit:
//!
//! * Plain samples stand for themselves.
//! * A packet of FLAC or ALAC needs no other. One of Vorbis needs the one before it; one of MPEG audio needs the bit
//!   reservoir of those before it (511 bytes at most) and the state of short filters. A seek begins with enough
//!   pre-roll for that: `Decoder` in `codec`.
//! * AAC may have noise in it from a generator that runs from the first packet, and in some containers timestamps do
//!   not count frames. One thread reads such files.
//!
//! The threads check this as far as they can. The decoder of a part refuses a packet that does not begin where the one
//! before it ended; and it begins some frames early, the overlap, where its samples must be those of the part before
//! (silence proves little). If they are not, or if anything fails, one thread reads the file again from the beginning
//! and alone decides what is an error.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::audio::Audio;
use crate::dtype::Dtype;
use crate::error::Error;
use crate::files::facts::make_room;
use crate::files::pcm::block::{as_bytes, transfer};
use crate::files::selection::Selection;
use crate::files::source::FrameSource;
use crate::kernel;
use crate::sync::Mutex;
use crate::view::{Access, Fresh, Strided};

/// Frames of a part as its decoder had them, which the part before has too.
struct Overlapped {
    start: u64,
    samples: Fresh,
}

/// The parts of `frames` frames from `start` on that it pays to read with so many threads; `None` where one thread is
/// as fast, or the only one that can.
pub fn divide(
    source: &mut FrameSource<'_>,
    start: u64,
    frames: Option<u64>,
    threads: usize,
) -> Option<Vec<Range<u64>>> {
    if threads < 2 {
        return None;
    }
    let (all, split) = source.split(frames.unwrap_or(u64::MAX))?;
    let rest = all.checked_sub(start)?;
    let end = start + frames.unwrap_or(rest).min(rest);
    let parts = split.parts(start..end, threads);
    (parts.len() > 1).then_some(parts)
}

/// Reads parts that follow each other with up to so many threads. `None` if anything did not work out.
pub fn read_parts(
    source: &FrameSource<'_>,
    dtype: Dtype,
    parts: &[Range<u64>],
    threads: usize,
) -> Option<Audio> {
    let facts = source.facts();
    let count = parts.last()?.end.checked_sub(parts.first()?.start)?;
    let count = usize::try_from(count).ok()?;
    let mut out = make_room(facts.channels, count, dtype).ok()?;
    out.fill(|access, out| read_parts_into(source, access, &out, parts, threads))?;
    Audio::new(out.share(), facts.rate).ok()
}

/// As [`read_parts`], into samples that exist, as many as the parts have. They are undefined where it gives `None`.
pub fn read_parts_into(
    source: &FrameSource<'_>,
    access: &Access,
    out: &Strided<'_>,
    parts: &[Range<u64>],
    threads: usize,
) -> Option<()> {
    // One after the other: no two threads write the same frames.
    let follows = |two: &[Range<u64>]| two[0].end == two[1].start;
    if !parts.windows(2).all(follows) || parts.iter().any(|part| part.start > part.end) {
        return None;
    }
    let start = parts.first()?.start;
    let filling = ParallelRead {
        source,
        start,
        idle: Mutex::new(Vec::new()),
        overlaps: Mutex::new(Vec::new()),
        is_over: AtomicBool::new(false),
    };
    let fill = |number: usize, _| {
        if filling.is_over.load(Ordering::Relaxed) {
            return;
        }
        let filled = filling.fill(access, out, parts[number].clone());
        if filled.is_err() {
            filling.is_over.store(true, Ordering::Relaxed);
        }
    };
    kernel::cut(parts.len(), 1, threads, fill, |(), ()| ());
    if filling.is_over.into_inner() {
        return None;
    }
    let overlaps = std::mem::take(&mut *filling.overlaps.lock());
    for mut overlap in overlaps {
        let from = usize::try_from(overlap.start - start).ok()?;
        let there = out.take_frames(from, overlap.samples.layout().frames());
        if !is_same(access, &there.ok()?, &mut overlap.samples).ok()? {
            return None;
        }
    }
    Some(())
}

/// Reads what is selected with up to so many threads, where that pays.
///
/// # Errors
/// As [`crate::files::read_from`].
pub fn read(
    source: &mut FrameSource<'_>,
    selection: Selection,
    threads: usize,
) -> Result<Audio, Error> {
    let dtype = selection.dtype.of(source.facts());
    if let Some(parts) = divide(source, selection.start, selection.frames, threads)
        && let Some(audio) = read_parts(source, dtype, &parts, threads)
    {
        return Ok(audio);
    }
    source.read(selection)
}

/// What the threads share.
struct ParallelRead<'a, 's> {
    source: &'a FrameSource<'s>,
    /// The frame of the file that is the first of the samples.
    start: u64,
    /// Readers that no thread uses at the moment.
    idle: Mutex<Vec<FrameSource<'static>>>,
    overlaps: Mutex<Vec<Overlapped>>,
    is_over: AtomicBool,
}

impl ParallelRead<'_, '_> {
    /// Reads one part, and the overlap in front of it.
    fn fill(&self, access: &Access, out: &Strided<'_>, part: Range<u64>) -> Result<(), Error> {
        let mut reader = self.reader_at(part.start)?;
        if reader.position() != part.start {
            let early = self.source.overlap().min(part.start - self.start);
            reader.seek(part.start - early)?;
            if early > 0 {
                let channels = out.layout().channels();
                let mut samples = make_room(channels, early as usize, out.dtype())?;
                samples.fill(|access, out| reader.read_into(access, &out))?;
                self.overlaps.lock().push(Overlapped {
                    start: part.start - early,
                    samples,
                });
            }
        }
        let place = (part.start - self.start) as usize;
        let out = out.take_frames(place, (part.end - part.start) as usize)?;
        reader.read_into(access, &out)?;
        self.idle.lock().push(reader);
        Ok(())
    }

    /// A reader that stands at a frame, or else any, or else a new one.
    fn reader_at(&self, frame: u64) -> Result<FrameSource<'static>, Error> {
        let mut idle = self.idle.lock();
        let there = idle.iter().position(|reader| reader.position() == frame);
        if let Some(number) = there {
            return Ok(idle.swap_remove(number));
        }
        if let Some(reader) = idle.pop() {
            return Ok(reader);
        }
        drop(idle);
        self.source.again()
    }
}

/// Whether the frames that are there are those of `part`, bit for bit.
fn is_same(access: &Access, there: &Strided<'_>, part: &mut Fresh) -> Result<bool, Error> {
    let layout = there.layout();
    let mut copy = make_room(layout.channels(), layout.frames(), there.dtype())?;
    transfer(access, &copy.strided(), there)?;
    Ok(as_bytes(&mut copy) == as_bytes(part))
}
