//! Many files, read ahead by threads and given in the order of their paths.
//!
//! ```text
//!   push(path) ->  jobs  ->  a thread each: open, decode  ->  next(): the first path that was not given yet
//! ```
//!
//! A file that cannot be read costs that file alone. How many are read ahead, and so how much memory that takes, is how
//! many paths the caller pushes before it asks for the next audio.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use crate::audio::Audio;
use crate::error::Error;
use crate::files::path;
use crate::files::selection::Selection;
use crate::kernel;
use crate::registry::Until;
use crate::sync::{AtomicBool, Mutex, Ordering};

/// How often the caller is asked whether to go on.
const ASKED_EVERY: Duration = Duration::from_millis(50);

/// Audio, with what is missing of it where the whole frames of damaged files are kept.
type FileRead = Result<(Audio, Option<Error>), Error>;

/// One path on its way through a thread.
struct FileJob {
    path: PathBuf,
    done: Sender<FileRead>,
}

/// What the threads share.
struct Shop {
    jobs: Mutex<Receiver<FileJob>>,
    selection: Selection,
    /// Whether the whole frames of damaged files are kept.
    keeps: bool,
    /// Threads that read one file.
    threads: usize,
    is_over: Arc<AtomicBool>,
}

impl Shop {
    fn next(&self) -> Option<FileJob> {
        self.jobs.lock().recv().ok()
    }

    fn work_on(&self, job: FileJob) {
        if self.is_over.load(Ordering::Relaxed) {
            return;
        }
        let read = path::read_until(
            &job.path,
            self.selection,
            self.keeps,
            self.threads,
            &self.is_over,
        );
        // There is no one to take it once the batch is dropped.
        let _ = job.done.send(read);
    }
}

/// Files that are being read. Dropped, its threads end at the next byte that they ask a file for.
pub struct Batch {
    jobs: Sender<FileJob>,
    /// One for each path that was pushed and not given, in their order.
    waiting: VecDeque<Receiver<FileRead>>,
    shop: Arc<Shop>,
    workers: usize,
    started: usize,
    /// The process whose threads they are: a forked child has none of them.
    process: u32,
}

impl Batch {
    /// No file yet. `workers` files are read at one time, at least one. With `keeps`, the audio of a damaged file is its
    /// whole frames.
    pub fn new(selection: Selection, workers: usize, keeps: bool) -> Batch {
        let workers = workers.max(1);
        let (jobs, taken) = mpsc::channel();
        Batch {
            jobs,
            waiting: VecDeque::new(),
            shop: Arc::new(Shop {
                jobs: Mutex::new(taken),
                selection,
                keeps,
                // As many threads in all as one operation may use, or as many as workers were asked for.
                threads: (kernel::threads() / workers).max(1),
                is_over: Arc::new(AtomicBool::new(false)),
            }),
            workers,
            started: 0,
            process: std::process::id(),
        }
    }

    /// Has one more file read.
    pub fn push(&mut self, path: PathBuf) {
        let (done, result) = mpsc::channel();
        self.waiting.push_back(result);
        // The shop holds the other end.
        let _ = self.jobs.send(FileJob { path, done });
        if self.started < self.workers && self.started < self.waiting.len() {
            let shop = self.shop.clone();
            let work = move || {
                while let Some(job) = shop.next() {
                    shop.work_on(job);
                }
            };
            // Where the system gives no more threads, the ones that it gave read all files, or else the caller's does.
            let spawned = thread::Builder::new().name("audio-read".into()).spawn(work);
            self.started += usize::from(spawned.is_ok());
        }
    }

    /// How many files were pushed and not given.
    pub fn pending(&self) -> usize {
        self.waiting.len()
    }

    /// The audio of the next path, or why there is none; `None` after the last one.
    ///
    /// # Errors
    /// [`Error::Interrupted`] if `until` stops; [`Error::InvalidArgument`] in a child of the process that made it.
    pub fn next(&mut self, mut until: Until<'_>) -> Result<Option<FileRead>, Error> {
        if self.process != std::process::id() {
            return Err(Error::invalid(
                "the files are read by threads of the process that began with them, and a forked child has none of \
                 these; begin again here"
                    .into(),
            ));
        }
        if self.started == 0
            && let Ok(job) = self.shop.jobs.lock().try_recv()
        {
            self.shop.work_on(job);
        }
        let Some(first) = self.waiting.front() else {
            return Ok(None);
        };
        let read = loop {
            match first.recv_timeout(ASKED_EVERY) {
                Ok(read) => break read,
                Err(RecvTimeoutError::Disconnected) => {
                    let message = "the thread that read it ended without a result";
                    break Err(Error::invalid(message.into()));
                }
                Err(RecvTimeoutError::Timeout) => {
                    let goes_on = match &mut until {
                        Until::Stopped(go_on) => go_on(),
                        Until::Now => true,
                    };
                    if !goes_on {
                        return Err(Error::Interrupted);
                    }
                }
            }
        };
        self.waiting.pop_front();
        Ok(Some(read))
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        self.shop.is_over.store(true, Ordering::Relaxed);
    }
}
