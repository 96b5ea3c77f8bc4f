//! Threads that help with large operations.
//!
//! An operation is cut into parts. The next thread that is free takes the next one: the calling thread, and helpers that
//! sleep until there is something to do.
//!
//! * The caller waits for helpers that are at work, never for one that has not come: on a busy machine it
//!   does all the parts itself, and no later than it would have done alone.
//! * The first large operation starts the helpers. One operation at a time has them; another works alone.
//! * After a fork the child has no helpers, whatever their records say: records belong to a process, and a
//!   process starts its own.
//!
//! A pool of a library waits for its workers to come, and does not survive a fork.

#![allow(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::kernel::arch::{FloatMode, SharedFlags};

/// Parts of one operation, and how many of them threads have taken.
struct Job<'w> {
    work: &'w (dyn Fn(usize) + Sync),
    parts: usize,
    next: AtomicUsize,
    failed: AtomicBool,
    /// The caller's floating-point mode, in which helpers work too: flushed denormals, the direction of rounding.
    mode: FloatMode,
    /// What their arithmetic has raised.
    raised: SharedFlags,
}

impl Job<'_> {
    /// Takes parts until there are none left.
    fn take_parts(&self) {
        loop {
            let part = self.next.fetch_add(1, Ordering::Relaxed);
            if part >= self.parts {
                return;
            }
            (self.work)(part);
        }
    }
}

/// Invariant 1: `job`, where there is one, lives until it has been taken away *and* `inside` is 0.
struct JobBoard {
    job: Option<*const Job<'static>>,
    /// Tells jobs apart: a helper takes part in each of them once.
    number: u64,
    /// Helpers that may still join this job.
    open_slots: usize,
    /// Helpers at work on it.
    inside: usize,
    /// Helpers that were started.
    helpers: usize,
}

// SAFETY: the pointer is only followed as invariant 1 allows, and a job is shared by design: what it holds is Sync.
unsafe impl Send for JobBoard {}

struct Pool {
    process: u32,
    table: Mutex<JobBoard>,
    /// There is a job.
    work_ready: Condvar,
    /// The last helper has left.
    gone: Condvar,
}

impl Pool {
    fn lock(&self) -> MutexGuard<'_, JobBoard> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// This process's own pool.
    fn of_this_process() -> &'static Pool {
        static CREW: AtomicPtr<Pool> = AtomicPtr::new(ptr::null_mut());
        let process = std::process::id();
        let known = CREW.load(Ordering::Acquire);
        // SAFETY: null, or a leaked pool.
        if let Some(pool) = unsafe { known.as_ref() }
            && pool.process == process
        {
            return pool;
        }
        // What a parent process left is not freed: its locks may be held by threads that are not here.
        let pool: &'static Pool = Box::leak(Box::new(Pool {
            process,
            table: Mutex::new(JobBoard {
                job: None,
                number: 0,
                open_slots: 0,
                inside: 0,
                helpers: 0,
            }),
            work_ready: Condvar::new(),
            gone: Condvar::new(),
        }));
        let place = ptr::from_ref(pool).cast_mut();
        match CREW.compare_exchange(known, place, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => pool,
            // SAFETY: another thread was faster; it leaked its pool too.
            Err(other) => unsafe { &*other },
        }
    }

    /// Lets helpers in, as far as no other operation has them. False if they are busy, or cannot be had.
    fn offer(&'static self, job: *const Job<'static>, helpers: usize) -> bool {
        let mut table = self.lock();
        if table.job.is_some() || table.inside > 0 {
            return false;
        }
        while table.helpers < helpers {
            let thread = std::thread::Builder::new().name("audio_samples".into());
            if thread.spawn(|| self.help()).is_err() {
                break;
            }
            table.helpers += 1;
        }
        if table.helpers == 0 {
            return false;
        }
        table.job = Some(job);
        table.number += 1;
        table.open_slots = helpers;
        drop(table);
        match helpers {
            1 => self.work_ready.notify_one(),
            _ => self.work_ready.notify_all(),
        }
        true
    }

    /// What a helper does all its life.
    fn help(&self) {
        let mut seen = 0;
        let mut table = self.lock();
        loop {
            let job = match table.job {
                Some(job) if table.number != seen && table.open_slots > 0 => job,
                _ => {
                    let woken = self.work_ready.wait(table);
                    table = woken.unwrap_or_else(PoisonError::into_inner);
                    continue;
                }
            };
            seen = table.number;
            table.open_slots -= 1;
            table.inside += 1;
            drop(table);
            // SAFETY: invariant 1: this helper is inside.
            let job = unsafe { &*job };
            let own = FloatMode::of_this_thread();
            job.mode.set();
            let done = catch_unwind(AssertUnwindSafe(|| job.take_parts()));
            job.raised.collect();
            own.set();
            if done.is_err() {
                job.failed.store(true, Ordering::Relaxed);
            }
            table = self.lock();
            table.inside -= 1;
            if table.inside == 0 {
                self.gone.notify_all();
            }
        }
    }
}

/// Takes the job away and waits for those inside: also when the caller's own part panics.
struct Withdraw(&'static Pool);

impl Drop for Withdraw {
    fn drop(&mut self) {
        let mut table = self.0.lock();
        table.job = None;
        while table.inside > 0 {
            let woken = self.0.gone.wait(table);
            table = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Runs `work` once for each of `parts`, on this thread and on up to `helpers` others. Returns when all is done.
///
/// # Panics
/// If a part does.
pub fn share(parts: usize, helpers: usize, work: &(dyn Fn(usize) + Sync)) {
    let job = Job {
        work,
        parts,
        next: AtomicUsize::new(0),
        failed: AtomicBool::new(false),
        mode: FloatMode::of_this_thread(),
        raised: SharedFlags::default(),
    };
    let helpers = helpers.min(parts.saturating_sub(1));
    if helpers > 0 && !cfg!(miri) {
        let pool = Pool::of_this_process();
        // Its lifetime is what `Withdraw` sees to: invariant 1.
        let place = ptr::from_ref(&job).cast::<Job<'static>>();
        if pool.offer(place, helpers) {
            let withdraw = Withdraw(pool);
            job.take_parts();
            drop(withdraw);
            job.raised.take_over();
        }
    }
    job.take_parts();
    assert!(
        !job.failed.load(Ordering::Relaxed),
        "a part of an operation panicked"
    );
}
