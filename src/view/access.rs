//! Asking the registry before samples are touched, and saying why it refused.

use super::Strided;
use crate::error::{Error, Held, HeldBy, Place};
use crate::layout::Span;
use crate::memory::{self, Origin};
use crate::registry::{Claim, Conflict, Holder, Lease, Mode, Refusal, Registry, Until, ViewKind};

/// The proof that the registry was asked: rows of samples are handed out only against it.
pub struct Access(pub(super) ());

/// What keeps others out while an operation runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// The lock of the registry's table itself: for work of microseconds, which never waits.
    Table,
    /// Leases in the registry: for longer work.
    Leases,
}

/// Runs `work` with the right to everything claimed, once all of it is free.
///
/// # Errors
/// [`Error::Borrowed`], [`Error::Busy`] or [`Error::Interrupted`]; `work` has not run then.
#[inline]
pub fn access<R>(
    claims: &[Claim],
    lock: Lock,
    until: Until<'_>,
    work: impl FnOnce(&Access) -> R,
) -> Result<R, Error> {
    granted(None, claims, lock, until, work)
}

/// As [`access`], for an operation on `asked`: a refusal names the frames of it that are held.
#[inline]
pub fn access_to<R>(
    asked: &Strided<'_>,
    claims: &[Claim],
    lock: Lock,
    until: Until<'_>,
    work: impl FnOnce(&Access) -> R,
) -> Result<R, Error> {
    granted(Some(asked), claims, lock, until, work)
}

#[inline]
fn granted<R>(
    asked: Option<&Strided<'_>>,
    claims: &[Claim],
    lock: Lock,
    until: Until<'_>,
    work: impl FnOnce(&Access) -> R,
) -> Result<R, Error> {
    let is_file = |claim: &Claim| Origin::is_file_number(claim.domain);
    if claims.iter().any(is_file) {
        // Not under the registry's lock, since a page may have to come from a disk; and only if the whole file is there,
        // before and afterwards.
        let _lease = lease(asked, claims, until)?;
        let done = work(&Access(()));
        check_files(claims)?;
        return Ok(done);
    }
    let registry = Registry::global();
    let done = match lock {
        Lock::Table => registry.briefly(claims, || work(&Access(()))),
        Lock::Leases => registry
            .lease(claims, until)
            .map(|_lease| work(&Access(()))),
    };
    done.map_err(|refusal| error_of(&refusal, asked))
}

/// Runs work of microseconds on `out` and on what is read beside it, if no lease or borrow is out near them; otherwise
/// `None`, and nothing is known about them. Samples in a file take the long way.
#[inline]
pub fn access_if_quiet<R>(
    out: &Strided<'_>,
    beside: Option<&Strided<'_>>,
    work: impl FnOnce(&Access) -> R,
) -> Option<R> {
    let domains = [out.domain, beside.map_or(out.domain, |from| from.domain)];
    if domains.into_iter().any(Origin::is_file_number) {
        return None;
    }
    Registry::global().if_quiet(domains, || work(&Access(())))
}

/// Takes leases that outlast this call: for what NumPy computes on our memory.
///
/// # Errors
/// As [`access_to`].
pub fn lease(
    asked: Option<&Strided<'_>>,
    claims: &[Claim],
    until: Until<'_>,
) -> Result<Lease<'static>, Error> {
    check_files(claims)?;
    let leased = Registry::global().lease(claims, until);
    leased.map_err(|refusal| error_of(&refusal, asked))
}

/// An error if one of the files claimed has become shorter.
fn check_files(claims: &[Claim]) -> Result<(), Error> {
    let domains = claims.iter().map(|claim| claim.domain);
    domains
        .filter(|domain| Origin::is_file_number(*domain))
        .try_for_each(memory::check_file)
}

#[cold]
pub(super) fn error_of(refusal: &Refusal, asked: Option<&Strided<'_>>) -> Error {
    match refusal {
        Refusal::Conflict(conflict) => describe(conflict, asked),
        Refusal::Busy => Error::Busy,
        Refusal::Interrupted => Error::Interrupted,
    }
}

/// Which samples collide, and with what.
#[cold]
pub(super) fn describe(conflict: &Conflict, asked: Option<&Strided<'_>>) -> Error {
    let holder = match conflict.holder {
        Holder::Borrow(ViewKind::Closed) => return Error::Closed,
        Holder::Borrow(ViewKind::BorrowMut) => HeldBy::BorrowMut,
        Holder::Borrow(ViewKind::Arrow) => HeldBy::Arrow,
        Holder::Borrow(_) => HeldBy::Borrow,
        Holder::LostBorrow => HeldBy::LostBorrow,
        Holder::View(kind) => HeldBy::View(kind.name()),
        Holder::OwnOperation => HeldBy::OwnOperation,
    };
    let place = match asked {
        Some(asked) => place_in(asked, &conflict.wanted, &conflict.held).unwrap_or(Place::Other),
        None => Place::Own,
    };
    Error::Borrowed(Box::new(Held {
        writing: conflict.mode == Mode::Write,
        place,
        holder,
    }))
}

/// The error of an operation on `part`, told in the frames and channels of the audio that `part` was cut from.
#[cold]
#[must_use]
pub fn told_of(whole: &Strided<'_>, part: &Strided<'_>, mut error: Error) -> Error {
    if let Error::Borrowed(held) = &mut error
        && let Some(place) = held_part(part, &held.place)
            .and_then(|held| place_in(whole, &held.span(), &held.span()))
    {
        held.place = place;
    }
    error
}

/// The samples of `part` that are held.
fn held_part<'a>(part: &Strided<'a>, place: &Place) -> Option<Strided<'a>> {
    let Place::Frames {
        frames, channels, ..
    } = place
    else {
        return None;
    };
    let layout = part.layout();
    let layout = match channels {
        Some((first, last)) => layout.take_channels(*first, last - first + 1, 1).ok()?,
        None => *layout,
    };
    let layout = layout
        .take_frames(frames.0, frames.1 - frames.0 + 1, 1)
        .ok()?;
    Some(Strided { layout, ..*part })
}

/// Which channels and frames of `asked` collide; `None` if none does.
fn place_in(asked: &Strided<'_>, wanted: &Span, held: &Span) -> Option<Place> {
    let wanting = frames_within(asked, wanted)?;
    let holding = frames_within(asked, held)?;
    let (first, last) = (wanting.0.max(holding.0), wanting.1.min(holding.1));
    let all = asked.layout().channels();
    Some(Place::Frames {
        frames: if first <= last {
            (first, last)
        } else {
            wanting
        },
        channels: channels_within(asked, wanted, held)
            .filter(|some| all > 1 && *some != (0, all - 1)),
        shape: asked.layout().shape().to_vec(),
    })
}

/// The first and the last channel that collide, where there are not too many to look.
fn channels_within(asked: &Strided<'_>, wanted: &Span, held: &Span) -> Option<(usize, usize)> {
    const MOST: usize = 64;
    let layout = asked.layout();
    let meets = |channel: &usize| {
        let layout = layout.channel(*channel);
        layout.is_ok_and(|layout| {
            let span = Strided { layout, ..*asked }.span();
            span.overlaps(wanted) && span.overlaps(held)
        })
    };
    let mut met = (0..layout.channels().min(MOST)).filter(meets);
    let first = met.next()?;
    (layout.channels() <= MOST).then(|| (first, met.next_back().unwrap_or(first)))
}

/// The first and the last frame of `samples` that reach into `held`; `None` if none does.
fn frames_within(samples: &Strided<'_>, held: &Span) -> Option<(usize, usize)> {
    let frames = samples.layout().frames();
    let meets = |start, count| {
        let part = samples.take_frames(start, count);
        part.is_ok_and(|part| part.span().overlaps(held))
    };
    if !meets(0, frames) {
        return None;
    }
    // The longest parts from the start and from the end that do not reach it.
    let longest = |meets: &dyn Fn(usize) -> bool| {
        let (mut clear, mut met) = (0, frames);
        while met - clear > 1 {
            let middle = clear.midpoint(met);
            if meets(middle) {
                met = middle;
            } else {
                clear = middle;
            }
        }
        clear
    };
    let before = longest(&|count| meets(0, count));
    let after = longest(&|count| meets(frames - count, count));
    Some((before, frames - 1 - after))
}
