//! Bounded memory: an operation on a mapped file works through it window by window and gives the pages
//! of each one back, so that a file of any size passes through a few megabytes.
//!
//! Only where that changes no result: an operand that overlaps what is written, in another order, is seen
//! whole. Whatever can be refused is found before the first window is written.

use crate::error::Error;
use crate::kernel::Operand;
use crate::view::Strided;

/// Bytes of a file that an operation has in memory at one time, per operand.
const WINDOW: usize = 16 << 20;

/// Calls `work` with the first frame and the number of frames of one window after the other, and
/// gives back the pages of `all` in it. All have the same frames; without a file among them there is one window.
pub fn each(
    all: &[&Strided<'_>],
    mut work: impl FnMut(usize, usize) -> Result<(), Error>,
) -> Result<(), Error> {
    let frames = all.first().map_or(0, |first| first.layout().frames());
    let step = frames_at_once(all, frames);
    if step == frames {
        return work(0, frames);
    }
    for start in (0..frames).step_by(step) {
        let count = step.min(frames - start);
        work(start, count)?;
        for one in all {
            one.take_frames(start, count)?.give_back();
        }
    }
    Ok(())
}

fn frames_at_once(all: &[&Strided<'_>], frames: usize) -> usize {
    let reach = |one: &&&Strided<'_>| {
        let layout = one.layout();
        let across = layout.channel_stride().unsigned_abs() * layout.channels();
        layout
            .frame_stride()
            .unsigned_abs()
            .max(across.min(1 << 16))
    };
    let widest = all
        .iter()
        .filter(|one| one.is_file())
        .map(|one| reach(&one))
        .max();
    widest.map_or(frames, |bytes| {
        (WINDOW / bytes.max(1)).clamp(1, frames.max(1))
    })
}

/// The first frame and the number of frames of each window of some samples, for work that goes through
/// them itself; `None` if one window holds them all.
pub fn of(samples: &Strided<'_>) -> Option<impl Iterator<Item = (usize, usize)>> {
    let frames = samples.layout().frames();
    let step = frames_at_once(&[samples], frames);
    let starts = (0..frames).step_by(step.max(1));
    (step < frames).then(|| starts.map(move |start| (start, step.min(frames - start))))
}

/// Whether `out` may be written window by window while `from` is read.
pub fn are_apart(out: &Strided<'_>, from: &Operand<'_>) -> bool {
    match from {
        Operand::Scalar(_) => true,
        Operand::Samples(from) => from.same_samples(out) || !from.span().overlaps(&out.span()),
    }
}

/// The operand's part of a window.
pub fn part<'a>(operand: &Operand<'a>, start: usize, count: usize) -> Result<Operand<'a>, Error> {
    match operand {
        Operand::Samples(samples) => Ok(Operand::Samples(samples.take_frames(start, count)?)),
        Operand::Scalar(_) => Ok(*operand),
    }
}
