//! Files read as audio of another sample rate or number of channels: decoded, mixed and resampled in one pass.
//!
//! ```text
//!   a part of the file -> floats -> fewer channels -> the other rate -> its place in the result, in its type
//! ```
//!
//! A part is some seconds, decoded by several threads; besides the result, that is all the memory there is.

use crate::audio::{Audio, Wait};
use crate::dsp::{Chain, Processor, Quality, Ratio, Remix, Resampler, Session};
use crate::error::{Error, Unfit};
use crate::files::asking::Caller;
use crate::files::facts::{Facts, make_room, out_of_range};
use crate::files::input::Input;
use crate::files::into;
use crate::files::parallel;
use crate::files::selection::{ReadAs, Selection};
use crate::files::source::FrameSource;
use crate::kernel;
use crate::kernel::Engine;
use crate::registry::{Mode, Until};
use crate::view::{Access, Lock, Strided, access_to};

/// Samples of a part: few enough for memory, and enough for threads.
const PART: u64 = 1 << 22;

/// Reads what is selected with up to so many threads: as the file has it, or at the rate and in the channels of the
/// selection.
///
/// # Errors
/// As [`crate::files::read_from`]; channels that those of the file do not become.
pub fn read(
    source: &mut FrameSource<'_>,
    selection: Selection,
    threads: usize,
) -> Result<Audio, Error> {
    let Some(mut work) = Conforming::of(source, selection, threads)? else {
        return parallel::read(source, selection, threads);
    };
    let dtype = selection.dtype.of(source.facts());
    let mut out = make_room(work.facts.channels, work.frames, dtype)?;
    out.fill(|access, out| work.fill(access, &out, source, &Caller::of(Until::Now)))?;
    Audio::new(out.share(), work.facts.rate)
}

/// As [`read`], and of a file that is damaged the whole frames before the damage, with the error that stood in the way of the
/// others.
///
/// # Errors
/// As there, where it is not known how many frames are whole.
pub fn read_kept(
    source: &mut FrameSource<'_>,
    selection: Selection,
    threads: usize,
) -> Result<(Audio, Option<Error>), Error> {
    let error = match read(source, selection, threads) {
        Ok(audio) => return Ok((audio, None)),
        Err(error) => error,
    };
    let whole = match &error {
        Error::File { whole, .. } => whole.unwrap_or(source.position()),
        _ => return Err(error),
    };
    let Some(frames) = whole
        .checked_sub(selection.start)
        .filter(|frames| *frames > 0)
    else {
        return Err(error);
    };
    let kept = Selection {
        frames: Some(selection.frames.unwrap_or(frames).min(frames)),
        ..selection
    };
    source.seek(selection.start)?;
    Ok((read(source, kept, threads)?, Some(error)))
}

/// As [`read`], into samples that exist.
///
/// # Errors
/// As there, and as [`into::read_into`].
pub fn read_into(
    input: Input<'_>,
    out: &Audio,
    selection: Selection,
    until: Until<'_>,
) -> Result<(), Error> {
    let threads = kernel::threads();
    let mut source = FrameSource::open(input)?;
    let Some(mut work) = Conforming::of(&mut source, selection, threads)? else {
        return into::read_into(&mut source, out, selection, threads, until);
    };
    into::require_kind(out, &work.facts, selection.dtype)?;
    let samples = out.samples().strided();
    if samples.layout().frames() != work.frames {
        return Err(Error::Unfit(Box::new(Unfit::Shape {
            out: samples.layout().shape().to_vec(),
            file: (work.facts.channels, work.frames as u64),
        })));
    }
    let caller = Caller::of(until);
    let claims = [samples.claim(Mode::Write)];
    caller.until(|until| {
        access_to(&samples, &claims, Lock::Leases, until, |access| {
            work.fill(access, &samples, &mut source, &caller)
        })
    })?
}

/// What makes a file's frames those that are wanted.
struct Conforming {
    session: Session,
    /// What comes out.
    facts: Facts,
    frames: usize,
    /// The frames of the file.
    range: (u64, u64),
    read_as: ReadAs,
    threads: usize,
}

impl Conforming {
    /// `None` where the file is as it is wanted.
    fn of(
        source: &mut FrameSource<'_>,
        selection: Selection,
        threads: usize,
    ) -> Result<Option<Conforming>, Error> {
        let facts = source.facts().clone();
        let rate = selection.rate.unwrap_or(facts.rate);
        let channels = selection.channels.unwrap_or(facts.channels);
        if rate == facts.rate && channels == facts.channels {
            return Ok(None);
        }
        let mut chain: Vec<Box<dyn Processor>> = vec![Box::new(Remix::new(channels)?)];
        if rate != facts.rate {
            chain.push(Box::new(Resampler::new(rate, Quality::High)));
        }
        let (all, start) = (source.count()?, selection.start);
        let rest = all
            .checked_sub(start)
            .ok_or_else(|| out_of_range(start, all))?;
        let count = selection.frames.unwrap_or(rest).min(rest);
        let frames = usize::try_from(count).unwrap_or(usize::MAX);
        let frames = match rate == facts.rate {
            true => frames,
            false => Ratio::of_quality(facts.rate, rate, Quality::High)?.frames(frames),
        };
        let read_as = match selection.dtype {
            ReadAs::Type(dtype) if dtype.is_float() => selection.dtype,
            _ => ReadAs::Float,
        };
        Ok(Some(Conforming {
            session: Session::new(Box::new(Chain::new(chain))),
            facts: Facts {
                rate,
                channels,
                ..facts
            },
            frames,
            range: (start, start + count),
            read_as,
            threads,
        }))
    }

    fn fill(
        &mut self,
        access: &Access,
        out: &Strided<'_>,
        source: &mut FrameSource<'_>,
        caller: &Caller<'_>,
    ) -> Result<(), Error> {
        let channels = source.facts().channels.max(self.facts.channels).max(1) as u64;
        let most = (PART / channels).max(1);
        let (mut at, (mut start, end)) = (0, self.range);
        while start < end {
            if !caller.goes_on() {
                return Err(Error::Interrupted);
            }
            let part = Selection {
                dtype: self.read_as,
                start,
                frames: Some(most.min(end - start)),
                ..Selection::default()
            };
            let audio = parallel::read(source, part, self.threads)?;
            start += audio.layout().frames() as u64;
            let made = self.session.process(&audio, own_wait())?;
            store(access, out, &mut at, &made)?;
        }
        match self.session.flush()? {
            Some(rest) => store(access, out, &mut at, &rest),
            None => Ok(()),
        }
    }
}

fn store(access: &Access, out: &Strided<'_>, at: &mut usize, made: &Audio) -> Result<(), Error> {
    let frames = made.layout().frames();
    let place = out.take_frames(*at, frames)?;
    let made = made.samples().strided();
    match place.layout().same_shape(made.layout()) {
        true => Engine::new().convert(access, &place, &made),
        // Mono on one axis and on two.
        false => Engine::new().convert(access, &place.window(0, 0, 1), &made.window(0, 0, 1)),
    }
    place.give_back();
    *at += frames;
    Ok(())
}

/// Parts are the reader's own: nothing else has them.
fn own_wait() -> Wait<'static> {
    Wait {
        lock: Lock::Leases,
        until: Until::Now,
    }
}
