//! Asking the registry before samples are touched, and saying why it refused.

use super::{Strided, file};
use crate::error::Error;
use crate::layout::Span;
use crate::memory::Origin;
use crate::registry::{Claim, Conflict, Holder, Kind, Lease, Mode, Patience, Refusal, Registry};

/// The proof that the registry was asked: rows of samples are handed out only against it.
pub struct Access(pub(super) ());

/// How long an operation takes, and so how it keeps others out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Microseconds: under the registry's own lock.
    Brief,
    /// Longer: with leases in the registry.
    Long,
}

/// Runs `work` with the right to everything claimed, once all of it is free.
///
/// # Errors
/// [`Error::Borrowed`], [`Error::Busy`] or [`Error::Interrupted`]; `work` has not run then.
#[inline]
pub fn access<R>(
    claims: &[Claim],
    effort: Effort,
    patience: Patience<'_>,
    work: impl FnOnce(&Access) -> R,
) -> Result<R, Error> {
    granted(None, claims, effort, patience, work)
}

/// As [`access`], for an operation on `asked`: a refusal names the frames of it that are held.
#[inline]
pub fn access_to<R>(
    asked: &Strided<'_>,
    claims: &[Claim],
    effort: Effort,
    patience: Patience<'_>,
    work: impl FnOnce(&Access) -> R,
) -> Result<R, Error> {
    granted(Some(asked), claims, effort, patience, work)
}

#[inline]
fn granted<R>(
    asked: Option<&Strided<'_>>,
    claims: &[Claim],
    effort: Effort,
    patience: Patience<'_>,
    work: impl FnOnce(&Access) -> R,
) -> Result<R, Error> {
    let is_file = |claim: &Claim| Origin::is_file_number(claim.domain);
    if claims.iter().any(is_file) {
        return file::access(asked, claims, patience, work);
    }
    let registry = Registry::global();
    let done = match effort {
        Effort::Brief => registry.briefly(claims, || work(&Access(()))),
        Effort::Long => registry
            .lease(claims, patience)
            .map(|_lease| work(&Access(()))),
    };
    done.map_err(|refusal| refused(&refusal, asked))
}

/// Runs work of microseconds on `out` and on what is read beside it, if nobody holds any bytes near them; otherwise
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
    patience: Patience<'_>,
) -> Result<Lease<'static>, Error> {
    file::check(claims)?;
    let leased = Registry::global().lease(claims, patience);
    leased.map_err(|refusal| refused(&refusal, asked))
}

#[cold]
pub(super) fn refused(refusal: &Refusal, asked: Option<&Strided<'_>>) -> Error {
    match refusal {
        Refusal::Conflict(conflict) => describe(conflict, asked),
        Refusal::Busy => Error::Busy,
        Refusal::Interrupted => Error::Interrupted,
    }
}

/// Which samples collide, with what, and the way out.
#[cold]
pub(super) fn describe(conflict: &Conflict, asked: Option<&Strided<'_>>) -> Error {
    let (low, high) = conflict.wanted.bounds();
    let (held_low, held_high) = conflict.held.bounds();
    let (low, high) = (low.max(held_low), high.min(held_high));
    let place = match asked.and_then(|asked| frames_within(asked, &conflict.held)) {
        Some((only, last)) if only == last => format!("frame {only}"),
        Some((first, last)) => format!("frames {first} to {last}"),
        None => format!("{} bytes from address {low:#x}", high.saturating_sub(low)),
    };
    let doing = match conflict.mode {
        Mode::Read => "reading",
        Mode::Write => "writing",
    };
    if conflict.holder == Holder::Borrow(Kind::Closed) {
        return Error::Closed;
    }
    let message = match conflict.holder {
        Holder::Borrow(Kind::BorrowMut) => format!(
            "{doing} {place} is refused: they are borrowed for writing (borrow_mut); \
             use the borrowed array, or leave its with-block first"
        ),
        Holder::Borrow(_) => format!(
            "{doing} {place} is refused: they are borrowed for reading (borrow); \
             leave the with-block of the borrow first, or work on a .copy()"
        ),
        Holder::View(kind) => format!(
            "borrowing {place} for writing is refused: a writable view ({}) of them is alive; \
             delete it first, or borrow_mut() a .copy()",
            kind.name()
        ),
        Holder::OwnOperation => format!(
            "{doing} {place} is refused: an operation of this thread is still using them; \
             let it finish, or work on a .copy()"
        ),
    };
    Error::Borrowed { message }
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
