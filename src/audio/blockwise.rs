//! The way of methods to the samples: block by block through private memory, under a lease.
//!
//! A method is a value that says what becomes of a block ([`PerFrame`]). The audio's own samples are read and written
//! in windows ([`paging`]) and on several threads; a block knows the number of its first frame, so that what comes out
//! depends on neither.

use std::ops::Range;

use crate::audio::{Audio, Wait, paging};
use crate::dtype::Dtype;
use crate::error::Error;
use crate::kernel;
use crate::kernel::planes::{Planes, Real, block_frames};
use crate::kernel::{Engine, Operand, Operation, Operator, Scalar};
use crate::registry::Mode;
use crate::view::{Access, Fresh, Strided, access_to};

/// Bytes read and written from which a pass is shared among threads, and those of a part of it.
const PARALLEL_FROM: usize = 4 << 20;
const PART_BYTES: usize = 1 << 20;
/// Bytes of a result from which it is written past the cache.
const PAST_CACHE_FROM: usize = 8 << 20;

/// A change of audio that makes each frame from that frame alone, and from its number.
pub trait PerFrame: Sync {
    /// The frames of `audio` that it touches; by default all.
    fn frames(&self, audio: &Audio) -> Range<usize> {
        0..audio.layout().frames()
    }

    /// Where it multiplies all samples by one number of their type: floats need no detour then.
    fn factor(&self, dtype: Dtype) -> Option<f64> {
        let _ = dtype;
        None
    }

    /// Changes a block, whose first frame has this number.
    fn change<T: Real>(&self, first: usize, block: &mut Planes<T>);
}

impl Audio {
    /// New audio in which `work` has changed each frame.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`]; samples that are borrowed.
    pub fn changed(&self, work: &impl PerFrame, wait: Wait<'_>) -> Result<Audio, Error> {
        let mut fresh = Fresh::alike(self.layout(), self.dtype())?;
        let from = self.samples.strided();
        let touched = work.frames(self);
        let claims = [from.claim(Mode::Read)];
        access_to(&from, &claims, wait.lock, wait.until, |access| {
            let out = fresh.strided();
            for rest in [0..touched.start, touched.end..self.layout().frames()] {
                let (out, from) = (part_of(&out, &rest)?, part_of(&from, &rest)?);
                paging::each(&[&out, &from], |start, count| {
                    let from = from.take_frames(start, count)?;
                    Engine::new().copy(access, &out.take_frames(start, count)?, &from)
                })?;
            }
            let (out, from) = (part_of(&out, &touched)?, part_of(&from, &touched)?);
            pass(access, &out, &from, touched.start, work)
        })??;
        Ok(self.with_samples(fresh.share()))
    }

    /// Changes the samples where they lie. Nothing but the frames that `work` touches is leased.
    ///
    /// # Errors
    /// Read-only samples; samples that are borrowed. No sample has changed then.
    pub fn change_inplace(&self, work: &impl PerFrame, wait: Wait<'_>) -> Result<(), Error> {
        self.samples.require_writable()?;
        let whole = self.samples.strided();
        let touched = work.frames(self);
        let own = part_of(&whole, &touched)?;
        let claims = [own.claim(Mode::Write)];
        access_to(&whole, &claims, wait.lock, wait.until, |access| {
            pass(access, &own, &own, touched.start, work)
        })?
    }
}

fn part_of<'a>(samples: &Strided<'a>, frames: &Range<usize>) -> Result<Strided<'a>, Error> {
    samples.take_frames(frames.start, frames.len())
}

/// Runs `work` over `from` into `out` of the same shape, which is the same memory or apart from it. The first frame has
/// the number `first`.
///
/// # Errors
/// None that is not a fault of the caller.
pub fn pass(
    access: &Access,
    out: &Strided<'_>,
    from: &Strided<'_>,
    first: usize,
    work: &impl PerFrame,
) -> Result<(), Error> {
    paging::each(&[out, from], |start, count| {
        let (out, from) = (
            out.take_frames(start, count)?,
            from.take_frames(start, count)?,
        );
        if let (true, Some(factor)) = (from.dtype().is_float(), work.factor(from.dtype())) {
            let operation = Operation::plain(Operator::Mul, from.dtype());
            let (from, factor) = (
                Operand::Samples(from),
                Operand::Scalar(Scalar::Float(factor)),
            );
            return Engine::new().binary(access, &operation, &out, &from, &factor);
        }
        match from.dtype() {
            Dtype::Float32 => pass_in::<f32>(access, &out, &from, first + start, work),
            _ => pass_in::<f64>(access, &out, &from, first + start, work),
        }
    })
}

fn pass_in<T: Real>(
    access: &Access,
    out: &Strided<'_>,
    from: &Strided<'_>,
    first: usize,
    work: &impl PerFrame,
) -> Result<(), Error> {
    let layout = from.layout();
    let bytes = layout.len() * out.dtype().size();
    let past_cache =
        bytes >= PAST_CACHE_FROM && out.first_address() != from.first_address() && !out.is_file();
    let done = in_parts(from, |start, count| {
        let mut block = Planes::<T>::new(layout.channels());
        each_block(start, count, layout.channels(), |at, frames| {
            block.load(access, &from.take_frames(at, frames)?);
            work.change(first + at, &mut block);
            block.store(access, &out.take_frames(at, frames)?, past_cache);
            Ok(())
        })
    });
    done.into_iter().collect()
}

/// Calls `work` with the first frame and the number of frames of each block.
pub fn each_block(
    start: usize,
    count: usize,
    channels: usize,
    mut work: impl FnMut(usize, usize) -> Result<(), Error>,
) -> Result<(), Error> {
    let step = block_frames(channels);
    (start..start + count)
        .step_by(step)
        .try_for_each(|at| work(at, step.min(start + count - at)))
}

/// Runs `work` on parts of some samples, on several threads where that pays, and gives what it returned in their order.
/// Where the parts begin depends on the shape and the type alone.
pub fn in_parts<R: Send>(samples: &Strided<'_>, work: impl Fn(usize, usize) -> R + Sync) -> Vec<R> {
    let layout = samples.layout();
    let frame_bytes = (layout.channels() * samples.dtype().size()).max(1);
    let step = block_frames(layout.channels());
    let part = (PART_BYTES / frame_bytes / step).max(1) * step;
    let threads = match 2 * layout.frames() * frame_bytes >= PARALLEL_FROM {
        true => kernel::threads(),
        false => 1,
    };
    kernel::in_order(layout.frames(), part, threads, work)
}
