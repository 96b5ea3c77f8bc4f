//! The locking under every order of its threads, as loom tries them.
//!
//! Time stands still here: a thread that is never woken is a deadlock, and loom reports it.

use std::sync::Arc;

use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use super::parts::{Locked, Parts};
use super::*;

const DOMAIN: u64 = 1;
const OTHER_DOMAIN: u64 = 2;

fn claim(domain: u64, mode: Mode) -> Claim {
    let span = Span::new(0x1000 * domain as usize, [1, 8], [0, 8], 8);
    Claim { domain, span, mode }
}

/// Every order with so many preemptions; a thread that has to wait is none.
fn explore(preemptions: usize, threads: impl Fn() + Send + Sync + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(preemptions);
    model.check(threads);
}

/// Two steps that must not be torn apart, as in `sample += 1`.
fn add_one(samples: &AtomicUsize) {
    let value = samples.load(Ordering::Relaxed);
    samples.store(value + 1, Ordering::Relaxed);
}

fn patiently<'r>(registry: &'r Registry, claims: &[Claim]) -> Lease<'r> {
    match registry.lease(claims, Until::Stopped(&mut || true)) {
        Ok(lease) => lease,
        Err(refusal) => panic!("refused: {refusal:?}"),
    }
}

#[test]
fn two_writers_take_turns() {
    explore(3, || {
        let shared = Arc::new((Registry::new(), AtomicUsize::new(0)));
        let writer = |shared: Arc<(Registry, AtomicUsize)>| {
            let _lease = patiently(&shared.0, &[claim(DOMAIN, Mode::Write)]);
            add_one(&shared.1);
        };
        let other = Arc::clone(&shared);
        let thread = thread::spawn(move || writer(other));
        writer(Arc::clone(&shared));
        thread.join().unwrap();
        assert_eq!(shared.1.load(Ordering::Relaxed), 2);
    });
}

#[test]
fn brief_work_and_a_lease_take_turns() {
    explore(3, || {
        let shared = Arc::new((Registry::new(), AtomicUsize::new(0)));
        let other = Arc::clone(&shared);
        let thread = thread::spawn(move || {
            let _lease = patiently(&other.0, &[claim(DOMAIN, Mode::Write)]);
            add_one(&other.1);
        });
        let (registry, samples) = &*shared;
        let done = registry.briefly(&[claim(DOMAIN, Mode::Write)], || add_one(samples));
        let expected = if done.is_ok() { 2 } else { 1 };
        thread.join().unwrap();
        assert_eq!(samples.load(Ordering::Relaxed), expected);
    });
}

/// On two parts at once, in either order, beside a lease on both.
#[test]
fn quiet_work_and_a_lease_take_turns() {
    explore(3, || {
        let shared = Arc::new((Registry::new(), AtomicUsize::new(0)));
        let other = Arc::clone(&shared);
        let both = [claim(0, Mode::Read), claim(DOMAIN, Mode::Write)];
        let thread = thread::spawn(move || {
            let _lease = patiently(&other.0, &both);
            add_one(&other.1);
        });
        let (registry, samples) = &*shared;
        let done = registry.if_quiet([DOMAIN, 0], || add_one(samples));
        let expected = if done.is_some() { 2 } else { 1 };
        thread.join().unwrap();
        assert_eq!(samples.load(Ordering::Relaxed), expected);
    });
}

/// The waiting reader sleeps until the writer is done, and the writer behind it until both are.
#[test]
fn a_thread_that_waits_is_woken() {
    explore(3, || {
        let shared = Arc::new((Registry::new(), AtomicUsize::new(0)));
        let threads = [Mode::Read, Mode::Write].map(|mode| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let _lease = patiently(&shared.0, &[claim(DOMAIN, mode)]);
                if mode == Mode::Write {
                    add_one(&shared.1);
                }
            })
        });
        let lease = patiently(&shared.0, &[claim(DOMAIN, Mode::Write)]);
        add_one(&shared.1);
        drop(lease);
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(shared.1.load(Ordering::Relaxed), 2);
    });
}

#[test]
fn claims_on_two_parts_in_either_order_do_not_deadlock() {
    explore(3, || {
        let registry = Arc::new(Registry::new());
        let (one, two) = (claim(DOMAIN, Mode::Write), claim(OTHER_DOMAIN, Mode::Write));
        let other = Arc::clone(&registry);
        let thread = thread::spawn(move || drop(patiently(&other, &[two, one])));
        drop(patiently(&registry, &[one, two]));
        thread.join().unwrap();
    });
}

/// Each holds what the other wants: one of them at least is refused instead of waiting.
#[test]
fn a_thread_with_a_lease_does_not_wait_for_another() {
    explore(3, || {
        let registry = Arc::new(Registry::new());
        let cross = |registry: Arc<Registry>, first: u64, second: u64| {
            let _first = patiently(&registry, &[claim(first, Mode::Write)]);
            let wanted = [claim(second, Mode::Write)];
            let second = registry.lease(&wanted, Until::Stopped(&mut || true));
            assert!(matches!(second, Ok(_) | Err(Refusal::Busy)));
        };
        let other = Arc::clone(&registry);
        let thread = thread::spawn(move || cross(other, OTHER_DOMAIN, DOMAIN));
        cross(registry, DOMAIN, OTHER_DOMAIN);
        thread.join().unwrap();
    });
}

/// A borrow that is granted to a thread that waited is no lease: those behind it must hear of it and be refused.
#[test]
fn a_borrow_from_the_queue_refuses_those_behind_it() {
    explore(3, || {
        let registry = Arc::new(Registry::new());
        let lease = patiently(&registry, &[claim(DOMAIN, Mode::Write)]);
        let borrower = Arc::clone(&registry);
        let borrower = thread::spawn(move || {
            let view = ViewEntry {
                id: 0,
                kind: ViewKind::BorrowMut,
                mode: Mode::Write,
                span: claim(DOMAIN, Mode::Write).span,
                shape: [1, 8],
                ndim: 1,
            };
            // Held for ever, as a with-block may be.
            if let Ok(borrow) = borrower.borrow(DOMAIN, view, Until::Stopped(&mut || true)) {
                std::mem::forget(borrow);
            }
        });
        let reader = Arc::clone(&registry);
        let reader = thread::spawn(move || {
            let wanted = [claim(DOMAIN, Mode::Read)];
            let lease = reader.lease(&wanted, Until::Stopped(&mut || true));
            assert!(matches!(lease, Ok(_) | Err(Refusal::Conflict(_))));
        });
        drop(lease);
        borrower.join().unwrap();
        reader.join().unwrap();
    });
}

/// The proof that these tests can fail: a lease taken with the lock dropped between check and insert.
#[test]
fn a_lock_dropped_between_check_and_insert_loses_updates() {
    fn careless(registry: &Registry) -> Option<Lease<'_>> {
        let wanted = claim(DOMAIN, Mode::Write);
        let parts = Parts::of_claims(&[wanted]);
        let obstructed = Locked::lock(registry, parts)
            .table(&wanted)
            .obstructs(&wanted, Turn::LAST);
        if obstructed {
            return None;
        }
        let id = next_id();
        Locked::lock(registry, parts)
            .table(&wanted)
            .insert_lease(id, current_thread(), &wanted);
        Some(Lease {
            registry,
            id,
            parts,
        })
    }
    // Not loom's: it remembers over all orders.
    let lost = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let seen = Arc::clone(&lost);
    explore(3, move || {
        let shared = Arc::new((Registry::new(), AtomicUsize::new(0)));
        let writer = |shared: Arc<(Registry, AtomicUsize)>| {
            let lease = careless(&shared.0);
            if lease.is_some() {
                add_one(&shared.1);
            }
            lease.is_some()
        };
        let other = Arc::clone(&shared);
        let thread = thread::spawn(move || writer(other));
        let updates = [writer(Arc::clone(&shared)), thread.join().unwrap()];
        let updates = updates.into_iter().filter(|done| *done).count();
        if shared.1.load(Ordering::Relaxed) < updates {
            lost.store(true, Ordering::Relaxed);
        }
    });
    assert!(
        seen.load(Ordering::Relaxed),
        "loom did not find the order that loses an update"
    );
}
