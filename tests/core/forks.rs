//! What a child process finds: one thread, and locks that it can open.

#![cfg(all(target_os = "linux", not(miri)))]
#![allow(unsafe_code)]

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use audio_samples::audio::Audio;
use audio_samples::dtype::Dtype;
use audio_samples::layout::Span;
use audio_samples::memory::Buffer;
use audio_samples::registry::{Claim, Frozen, Mode, Registry, Until};

use crate::samples::rate;

/// Runs `work` in a child process; whether it came to its end and was content. A child that hangs is ended.
fn in_a_child(work: impl FnOnce() -> bool) -> bool {
    // SAFETY: the child calls only what the C library makes ready for it: memory, threads, and `_exit`.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: no handler is involved.
        unsafe { libc::alarm(20) };
        let code = if work() { 0 } else { 1 };
        // SAFETY: ends the child without the parent's handlers.
        unsafe { libc::_exit(code) };
    }
    let mut status = 0;
    // SAFETY: the child of this function, and a place for its status.
    let ended = unsafe { libc::waitpid(child, &raw mut status, 0) };
    (ended, status) == (child, 0)
}

fn claim() -> Claim {
    Claim {
        domain: 7,
        span: Span::new(0x1000, [1, 10], [0, 8], 8),
        mode: Mode::Write,
    }
}

fn touch(registry: &Registry) {
    drop(registry.lease(&[claim()], Until::Now));
}

/// The parent's sleepers are not in the child. A lock that remembers them wakes them first, and the child's own sleep
/// on.
#[test]
fn the_threads_of_the_parent_are_not_woken_in_the_child() {
    static REGISTRY: Registry = Registry::new();
    let registry = &REGISTRY;
    let frozen = registry.freeze();
    let sleepers: Vec<_> = (0..3).map(|_| thread::spawn(|| touch(registry))).collect();
    thread::sleep(Duration::from_millis(30));
    let mut frozen = Some(frozen);
    let content = in_a_child(|| {
        if let Some(frozen) = frozen.take() {
            Frozen::thaw_in_child(frozen);
        }
        let busy = thread::spawn(|| {
            let pause = || thread::sleep(Duration::from_millis(200));
            registry.briefly(&[claim()], pause).is_ok()
        });
        thread::sleep(Duration::from_millis(50));
        touch(registry);
        busy.join().unwrap_or(false)
    });
    drop(frozen);
    for sleeper in sleepers {
        sleeper.join().unwrap();
    }
    assert!(content, "the child hangs or failed");
}

/// Children do some work while two threads of the parent are at it.
fn fork_at_work(work: impl Fn() -> bool + Sync) {
    let finished = AtomicBool::new(false);
    assert!(work());
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !finished.load(Ordering::Relaxed) {
                    assert!(work());
                }
            });
        }
        let content = (0..40).take_while(|_| in_a_child(&work)).count();
        finished.store(true, Ordering::Relaxed);
        assert_eq!(content, 40, "a child hangs or failed");
    });
}

#[test]
fn the_directory_of_buffers_is_open_in_the_child() {
    audio_samples::view::survive_forks();
    fork_at_work(|| {
        let buffer = Buffer::allocate(8).unwrap();
        buffer.publish();
        Buffer::find(buffer.start().addr().get(), 8).is_some()
    });
}

/// The file of a segment that the parent was just making or leaving would keep its lock in the child.
#[test]
fn segments_are_made_attached_and_left_while_the_process_forks() {
    audio_samples::view::survive_forks();
    let rate = rate(8000);
    let held = Audio::zeros_shared(&[16], Dtype::Int16, rate, true).unwrap();
    let name = held.shared_name().unwrap().to_owned();
    fork_at_work(|| {
        let own = Audio::zeros_shared(&[8], Dtype::Int16, rate, true).unwrap();
        let handle = own.handle().unwrap();
        drop(own);
        let again = Audio::of_handle(&handle).unwrap();
        again.layout().frames() == 8 && Audio::attach(&name).is_ok()
    });
    drop(held);
    // A child of another test may have it for a moment longer: then the next search removes it.
    let mut is_gone = false;
    for _ in 0..100 {
        assert!(Audio::zeros_shared(&[8], Dtype::Int16, rate, true).is_ok());
        is_gone = !std::path::Path::new("/dev/shm").join(&name).exists();
        if is_gone {
            break;
        }
        thread::sleep(Duration::from_millis(100));
    }
    assert!(is_gone, "a child's end leaves the name");
}
