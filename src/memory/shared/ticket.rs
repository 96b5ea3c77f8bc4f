//! Tickets: what keeps the name of a segment while a handle of it is on its way and no process has it.
//!
//! ```text
//!   pickle    finds a free place in the header's table, and writes a mark there: the time and a number
//!   unpickle  frees the place, if its mark is there still
//! ```
//!
//! No mark is written twice, so a handle that is unpickled again frees no other handle's place. Places are taken and
//! freed by one atomic operation each: a process that is killed in between leaves the table whole.
//!
//! A mark counts for [`LIFETIME`]; then its place is free for others. While no place is free, the time of the
//! latest handle is all that is written down of those that found none: they keep the segment for as long, taken
//! or not.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::header;

/// How long a segment that no process has waits for a handle that was made and not taken.
const LIFETIME: Duration = Duration::from_secs(600);

/// Where the number of handles ever made stands.
const MADE: usize = 64;
/// Where the time stands of the latest handle that found no place.
const LATEST_WITHOUT: usize = 72;
/// Where the first place is.
const FIRST: usize = 80;
/// Places: more than the handles that the pipe of a pool or a queue takes.
const PLACES: usize = (header::LEN - FIRST) / 8;

/// The byte of a place.
const fn byte_of(place: usize) -> usize {
    FIRST + 8 * place
}

/// The bytes of all places.
fn places() -> impl Iterator<Item = usize> {
    (0..PLACES).map(byte_of)
}

/// The place of a handle on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Which place.
    pub place: u32,
    /// What was written there.
    pub mark: u64,
}

/// Whether a mark stands for a handle that may still be taken.
fn waits(mark: u64, now: u64) -> bool {
    is_recent(mark >> 32, now)
}

/// Whether a time is no longer ago than a handle is waited for. One in the future counts, for clocks are set:
/// what is kept too long takes memory, what is removed too early is lost.
fn is_recent(time: u64, now: u64) -> bool {
    time != 0 && now.saturating_sub(time) <= LIFETIME.as_secs()
}

/// A ticket for a handle that is made now, from the table whose numbers `word` gives by their byte; `None`
/// while no place is free.
pub fn give<'a>(word: impl Fn(usize) -> &'a AtomicU64, now: u64) -> Option<Ticket> {
    let number = word(MADE).fetch_add(1, Ordering::AcqRel) as u32;
    let mark = (now << 32) | u64::from(number);
    // From another place on each time: those of the latest handles are taken, if any are.
    let from = number as usize % PLACES;
    for place in (from..PLACES).chain(0..from) {
        let word = word(byte_of(place));
        let there = word.load(Ordering::Acquire);
        if !waits(there, now) && replace(word, there, mark) {
            let place = place as u32;
            return Some(Ticket { place, mark });
        }
    }
    // The latest, not the largest: a wrong time would stay.
    word(LATEST_WITHOUT).store(now, Ordering::Release);
    None
}

/// The handle has arrived. A ticket that was taken before, or is none, changes nothing.
pub fn take<'a>(word: impl Fn(usize) -> &'a AtomicU64, ticket: Ticket) {
    let place = ticket.place as usize;
    if place < PLACES {
        replace(word(byte_of(place)), ticket.mark, 0);
    }
}

fn replace(word: &AtomicU64, there: u64, mark: u64) -> bool {
    word.compare_exchange(there, mark, Ordering::AcqRel, Ordering::Acquire)
        .is_ok()
}

/// Whether handles are on their way: none of a segment whose maker was killed before it had written a header.
/// `None` for a file that is no segment at all.
pub fn is_awaited(file: &File, now: u64) -> Option<bool> {
    let mut bytes = [0; header::LEN];
    let there = file.metadata().ok()?.len().min(header::LEN as u64) as usize;
    file.read_exact_at(&mut bytes[..there], 0).ok()?;
    if bytes == [0; header::LEN] {
        return Some(false);
    }
    if bytes[..8] != header::MAGIC {
        return None;
    }
    let word = |at: usize| u64::from_ne_bytes(std::array::from_fn(|i| bytes[at + i]));
    let by_ticket = places().any(|place| waits(word(place), now));
    Some(by_ticket || is_recent(word(LATEST_WITHOUT), now))
}
