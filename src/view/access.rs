//! Asking the registry before samples are touched, and saying why it refused.

use super::{Strided, file};
use crate::error::Error;
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
    let is_file = |claim: &Claim| Origin::is_file_number(claim.domain);
    if claims.iter().any(is_file) {
        return file::access(claims, patience, work);
    }
    let registry = Registry::global();
    match effort {
        Effort::Brief => match registry.briefly(claims, || work(&Access(()))) {
            Ok(done) => Ok(done),
            Err(refusal) => Err(refused(&refusal, None)),
        },
        Effort::Long => match registry.lease(claims, patience) {
            Ok(_lease) => Ok(work(&Access(()))),
            Err(refusal) => Err(refused(&refusal, None)),
        },
    }
}

/// Takes leases that outlast this call: for what NumPy computes on our memory.
///
/// # Errors
/// As [`access`].
pub fn lease(claims: &[Claim], patience: Patience<'_>) -> Result<Lease<'static>, Error> {
    file::check(claims)?;
    let leased = Registry::global().lease(claims, patience);
    leased.map_err(|refusal| refused(&refusal, None))
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
    let place = match asked.and_then(|asked| frames_between(asked, low, high)) {
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

/// The frames of `samples` between two addresses; `None` if they have no single place in time.
fn frames_between(samples: &Strided<'_>, low: usize, high: usize) -> Option<(usize, usize)> {
    let layout = samples.layout();
    let stride = layout.frame_stride();
    if stride == 0 || layout.is_empty() {
        return None;
    }
    let size = samples.dtype().size() as i128;
    let (mut first, mut last) = (layout.frames(), None);
    for channel in 0..layout.channels() {
        let row =
            samples.first_address() as i128 + layout.channel_stride() as i128 * channel as i128;
        let frame = |address: i128| (address - row).div_euclid(stride as i128);
        let (a, b) = (frame(low as i128), frame(high as i128 - size));
        let (from, to) = (a.min(b).max(0), a.max(b));
        let to = to.min(layout.frames() as i128 - 1);
        if from <= to {
            first = first.min(from as usize);
            last = last.max(Some(to as usize));
        }
    }
    last.map(|last| (first, last))
}
