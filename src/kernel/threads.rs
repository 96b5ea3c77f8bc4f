//! How many threads one operation may use, and the splitting itself.
//!
//! Threads are made for an operation and end with it. To start one takes some 20 microseconds, and only
//! operations of a much longer time are split; in return nothing is ever left running: there is no pool to
//! start, to shut down, to keep from the interpreter's exit, or to lose in a fork.

use std::sync::atomic::{AtomicUsize, Ordering};

/// More than this does not help: memory is the limit by then.
const MOST: usize = 8;

/// 0 until somebody asks or sets it.
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

/// Sets how many threads an operation may use; 1 keeps everything on the calling thread, 0 goes back
/// to the default.
pub fn set_threads(threads: usize) {
    THREADS.store(threads, Ordering::Relaxed);
}

fn from_environment() -> Option<usize> {
    let text = std::env::var("AUDIO_SAMPLES_NUM_THREADS").ok()?;
    text.trim().parse().ok().filter(|threads| *threads > 0)
}

fn from_machine() -> usize {
    std::thread::available_parallelism().map_or(1, |cpus| cpus.get().min(MOST))
}

/// Runs `work(from, len)` over `0 .. len` in `parts` parts at once, each but the last a multiple of `grain`.
/// A part for which the system has no thread runs on the calling one.
pub fn split<R: Send>(
    len: usize,
    grain: usize,
    parts: usize,
    work: impl Fn(usize, usize) -> R + Sync,
) -> Vec<R> {
    let share = len.div_ceil(parts.max(1)).next_multiple_of(grain.max(1));
    let ranges: Vec<(usize, usize)> = (0..len)
        .step_by(share.max(1))
        .map(|from| (from, share.min(len - from)))
        .collect();
    let work = &work;
    std::thread::scope(|scope| {
        let running: Vec<_> = ranges[1..]
            .iter()
            .map(|&(from, len)| {
                let thread = std::thread::Builder::new().name("audio_samples".into());
                let spawned = thread.spawn_scoped(scope, move || work(from, len));
                spawned.map_err(|_| (from, len))
            })
            .collect();
        let mut results = vec![work(ranges[0].0, ranges[0].1)];
        for thread in running {
            results.push(match thread {
                Ok(thread) => match thread.join() {
                    Ok(result) => result,
                    Err(panic) => std::panic::resume_unwind(panic),
                },
                Err((from, len)) => work(from, len),
            });
        }
        results
    })
}
