//! Several files at once. Each is read by one thread, or by more where there are more cores than files.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::audio::Audio;
use crate::dtype::Dtype;
use crate::error::Error;
use crate::files::path;
use crate::kernel;
use crate::registry::Until;

/// How often the caller is asked whether to go on.
const ASKED_EVERY: Duration = Duration::from_millis(50);

/// What of each file is read; see [`path::read`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Range {
    /// The type to convert to.
    pub dtype: Option<Dtype>,
    /// The first frame.
    pub start: u64,
    /// How many frames.
    pub frames: Option<u64>,
}

/// Reads files with as many threads as `workers` says, and gives their audio in the order of the paths.
///
/// # Errors
/// That of the first path that has one, as [`path::read`]; files behind it may not have been looked at.
/// [`Error::Interrupted`] if `until` stops.
pub fn read(
    paths: &[PathBuf],
    wanted: Range,
    workers: usize,
    mut until: Until<'_>,
) -> Result<Vec<Audio>, Error> {
    let next = AtomicUsize::new(0);
    let is_over = AtomicBool::new(false);
    let mut read: Vec<Option<Result<Audio, Error>>> = Vec::new();
    read.resize_with(paths.len(), || None);
    let workers = workers.min(paths.len()).max(1);
    // As many threads in all as one operation may use, or as many as workers were asked for.
    let threads = (kernel::threads() / workers).max(1);
    let (sender, results) = mpsc::channel();
    let read_next = |sender: &mpsc::Sender<_>| {
        if is_over.load(Ordering::Relaxed) {
            return false;
        }
        // Threads take the paths in order, so they also finish every path before one that fails.
        let index = next.fetch_add(1, Ordering::Relaxed);
        let Some(path) = paths.get(index) else {
            return false;
        };
        let Range {
            dtype,
            start,
            frames,
        } = wanted;
        let audio = path::read_with(path, dtype, start, frames, threads);
        if audio.is_err() {
            is_over.store(true, Ordering::Relaxed);
        }
        sender.send((index, audio)).is_ok()
    };
    let mut is_patient = || match &mut until {
        Until::Stopped(go_on) => go_on(),
        _ => true,
    };
    let interrupted = thread::scope(|scope| {
        for number in 0..workers {
            let own = sender.clone();
            let work = move || while read_next(&own) {};
            if thread::Builder::new().spawn_scoped(scope, work).is_ok() {
                continue;
            }
            // The system gives no more threads: the ones it gave read all files, or else this one does.
            while number == 0 && read_next(&sender) {
                if !is_patient() {
                    return true;
                }
            }
            break;
        }
        drop(sender);
        loop {
            match results.recv_timeout(ASKED_EVERY) {
                Ok((index, audio)) => read[index] = Some(audio),
                Err(mpsc::RecvTimeoutError::Disconnected) => return false,
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    if !is_patient() {
                        is_over.store(true, Ordering::Relaxed);
                        return true;
                    }
                }
            }
        }
    });
    if interrupted {
        return Err(Error::Interrupted);
    }
    // The threads have read every file before the first error; the caller takes none behind it.
    read.into_iter().flatten().collect()
}
