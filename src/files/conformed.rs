//! Files read as audio of another sample rate or number of channels: decoded, mixed and resampled in one pass.
//!
//! ```text
//!   a part of the file -> floats -> fewer channels -> the other rate -> its place in the result, in its type
//! ```
//!
//! A part is some seconds, decoded by several threads; besides the result, that is all the memory there is.

mod frames;

use crate::audio::{Audio, Wait};
use crate::dsp::{Chain, Processor, Quality, Ratio, Remix, Resampler, Session, SignalFormat};
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

pub use frames::ConformedFrames;

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
    resampler: Resampler,
    /// What goes into it.
    format: SignalFormat,
    /// What comes out.
    facts: Facts,
    frames: usize,
    /// The frames of the file.
    range: (u64, u64),
    /// The next of them, and whether all has come out.
    next: u64,
    has_ended: bool,
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
        let facts = source.facts();
        let rate = selection.rate.unwrap_or(facts.rate);
        let channels = selection.channels.unwrap_or(facts.channels);
        if rate == facts.rate && channels == facts.channels {
            return Ok(None);
        }
        Conforming::any(source, selection, threads).map(Some)
    }

    /// Also where there is nothing to do.
    fn any(
        source: &mut FrameSource<'_>,
        selection: Selection,
        threads: usize,
    ) -> Result<Conforming, Error> {
        let facts = source.facts().clone();
        let rate = selection.rate.unwrap_or(facts.rate);
        let channels = selection.channels.unwrap_or(facts.channels);
        let remix = Remix::new(channels)?;
        let ratio = Ratio::of_quality(facts.rate, rate, Quality::High)?;
        let (all, start) = (source.count()?, selection.start);
        let rest = all
            .checked_sub(start)
            .ok_or_else(|| out_of_range(start, all))?;
        let count = selection.frames.unwrap_or(rest).min(rest);
        let frames = ratio.frames(usize::try_from(count).unwrap_or(usize::MAX));
        let read_as = match selection.dtype {
            ReadAs::Type(dtype) if dtype.is_float() => selection.dtype,
            _ => ReadAs::Float,
        };
        let resampler = Resampler::new(rate, Quality::High);
        let format = SignalFormat {
            rate: facts.rate,
            channels: facts.channels,
            dtype: read_as.of(&facts),
        };
        let chain = Chain::new(vec![Box::new(remix), resampler.fresh()]);
        // What channels do not become is said before anything is read.
        chain.fresh().begin(&format)?;
        Ok(Conforming {
            session: Session::new(Box::new(chain)),
            resampler,
            format,
            facts: Facts {
                rate,
                channels,
                ..facts
            },
            frames,
            range: (start, start + count),
            next: start,
            has_ended: false,
            read_as,
            threads,
        })
    }

    /// What comes of the next `part` frames; `None` at the end.
    fn more(&mut self, source: &mut FrameSource<'_>, part: u64) -> Result<Option<Audio>, Error> {
        let end = self.range.1;
        if self.next < end {
            let part = Selection {
                dtype: self.read_as,
                start: self.next,
                frames: Some(part.min(end - self.next)),
                ..Selection::default()
            };
            let audio = parallel::read(source, part, self.threads)?;
            self.next += audio.layout().frames() as u64;
            return self.session.process(&audio, own_wait()).map(Some);
        }
        if self.has_ended {
            return Ok(None);
        }
        self.has_ended = true;
        self.session.flush()
    }

    /// Goes on where `frame` of what comes out is near, and gives the frame that comes out next: up to it, or before it.
    fn go_to(&mut self, frame: u64) -> Result<u64, Error> {
        let frame = usize::try_from(frame).unwrap_or(usize::MAX);
        let (input, output) = self.resampler.entry(&self.format, frame)?;
        self.session.reset();
        self.next = (self.range.0 + input as u64).min(self.range.1);
        self.has_ended = false;
        Ok(output as u64)
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
        let mut at = 0;
        loop {
            if !caller.goes_on() {
                return Err(Error::Interrupted);
            }
            match self.more(source, most)? {
                Some(made) => store(access, out, &mut at, &made)?,
                None => return Ok(()),
            }
        }
    }
}

/// Stores all of `made` from frame `at` on, and counts it.
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
