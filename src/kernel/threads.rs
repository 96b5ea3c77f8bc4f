//! How many threads one operation may use, and the cutting itself.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::kernel::workers::share;

/// More than this does not help: memory is the limit by then.
const MOST: usize = 8;
/// More than this are never used, whatever is asked for.
const LIMIT: usize = 1024;

/// 0 until a caller asks for it or sets it.
static THREADS: AtomicUsize = AtomicUsize::new(0);

/// How many threads an operation on large audio may use. At first what `AUDIO_SAMPLES_NUM_THREADS` says, or else
/// one for each CPU that this process may use, up to 8.
pub fn threads() -> usize {
    match THREADS.load(Ordering::Relaxed) {
        0 => {
            let threads = from_environment().unwrap_or_else(from_machine);
            THREADS.store(threads, Ordering::Relaxed);
            threads
        }
        threads => threads,
    }
}

/// Sets how many threads an operation may use, at most 1024; 1 keeps everything on the calling thread, 0 goes
/// back to the default.
pub fn set_threads(threads: usize) {
    THREADS.store(threads.min(LIMIT), Ordering::Relaxed);
}

fn from_environment() -> Option<usize> {
    let text = std::env::var("AUDIO_SAMPLES_NUM_THREADS").ok()?;
    let threads = text.trim().parse().ok().filter(|threads| *threads > 0)?;
    Some(LIMIT.min(threads))
}

fn from_machine() -> usize {
    std::thread::available_parallelism().map_or(1, |cpus| cpus.get().min(MOST))
}

/// Runs `work(from, len)` over `0 .. len` in parts of `share` each (the last may be shorter), on up to `threads`
/// threads, and joins what they return: in no particular order.
pub fn cut<R: Send>(
    len: usize,
    part: usize,
    threads: usize,
    work: impl Fn(usize, usize) -> R + Sync,
    join: impl Fn(R, R) -> R + Sync,
) -> Option<R> {
    let part = part.max(1);
    let joined: Mutex<Option<R>> = Mutex::new(None);
    share(len.div_ceil(part), threads.saturating_sub(1), &|number| {
        let from = number * part;
        let one = work(from, part.min(len - from));
        // A part takes so much longer than this that no thread waits here.
        let mut all = joined.lock().unwrap_or_else(|broken| broken.into_inner());
        *all = Some(match all.take() {
            Some(others) => join(others, one),
            None => one,
        });
    });
    joined
        .into_inner()
        .unwrap_or_else(|broken| broken.into_inner())
}

/// As [`cut`], and gives what `work` returned in the order of the parts.
pub fn in_order<R: Send>(
    len: usize,
    part: usize,
    threads: usize,
    work: impl Fn(usize, usize) -> R + Sync,
) -> Vec<R> {
    let numbered = |from, count| vec![(from, work(from, count))];
    let joined = cut(len, part, threads, numbered, |mut one, other| {
        one.extend(other);
        one
    });
    let mut parts = joined.unwrap_or_default();
    parts.sort_by_key(|(from, _)| *from);
    parts.into_iter().map(|(_, result)| result).collect()
}
