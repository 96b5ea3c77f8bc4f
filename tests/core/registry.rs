//! Leases: which threads share, wait, or are refused.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use audio_samples::layout::Span;
use audio_samples::registry::{
    Claim, Conflict, Holder, Lease, Mode, PARTS, Refusal, Registry, Until, ViewEntry, ViewKind,
};
use rstest::rstest;

use Mode::{Read, Write};

/// So many float64 samples from a sample on.
pub fn samples(from: usize, count: usize) -> Span {
    Span::new(0x10_0000 + 8 * from, [1, count], [0, 8], 8)
}

fn claim(mode: Mode) -> Claim {
    claim_in(1, mode)
}

fn claim_in(domain: u64, mode: Mode) -> Claim {
    Claim {
        domain,
        span: samples(1000 * domain as usize, 100),
        mode,
    }
}

fn now<'r>(registry: &'r Registry, claims: &[Claim]) -> Result<Lease<'r>, Refusal> {
    registry.lease(claims, Until::Now)
}

fn is_busy<T>(result: Result<T, Refusal>) -> bool {
    matches!(result, Err(Refusal::Busy))
}

/// Runs `test` while another thread holds a lease.
fn while_held<R>(registry: &Registry, claims: &[Claim], test: impl FnOnce() -> R) -> R {
    let (taken, is_taken) = mpsc::channel();
    let (finish, is_finished) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            let lease = now(registry, claims).expect("free so far");
            taken.send(()).unwrap();
            // An error says that the test is over, one way or the other.
            let _ = is_finished.recv();
            drop(lease);
        });
        is_taken.recv().unwrap();
        let result = test();
        drop(finish);
        result
    })
}

/// What another thread gets that asks once.
fn elsewhere(registry: &Registry, wanted: Claim) -> Result<(), Refusal> {
    thread::scope(|scope| scope.spawn(|| now(registry, &[wanted]).map(drop)).join()).unwrap()
}

/// Until a writer waits, so that even readers queue behind.
fn until_a_writer_waits(registry: &Registry) {
    for _ in 0..10_000 {
        if is_busy(elsewhere(registry, claim(Read))) {
            return;
        }
        thread::sleep(Duration::from_millis(1));
    }
    panic!("readers do not queue behind a waiting writer");
}

#[rstest]
#[case::readers_share(Read, Read, true)]
#[case::a_writer_keeps_readers_out(Write, Read, false)]
#[case::readers_keep_a_writer_out(Read, Write, false)]
#[case::a_writer_is_alone(Write, Write, false)]
fn of_two_threads_on_the_same_samples(#[case] one: Mode, #[case] other: Mode, #[case] both: bool) {
    let registry = Registry::new();
    while_held(&registry, &[claim(one)], || {
        let second = now(&registry, &[claim(other)]);
        assert_eq!(second.is_ok(), both);
        assert_eq!(is_busy(second), !both);
        let brief = registry.briefly(&[claim(other)], || ());
        assert_eq!(brief.is_ok(), both);
    });
    assert!(now(&registry, &[claim(Write)]).is_ok(), "all is given back");
}

#[test]
fn interleaved_channels_do_not_conflict() {
    let registry = Registry::new();
    let channel = |index: usize| Claim {
        domain: 1,
        span: Span::new(0x1000 + 4 * index, [1, 1000], [0, 8], 4),
        mode: Write,
    };
    while_held(&registry, &[channel(0)], || {
        assert!(now(&registry, &[channel(1)]).is_ok());
        assert!(is_busy(now(&registry, &[channel(0)])));
        assert!(is_busy(now(&registry, &[channel(1), channel(0)])));
    });
}

#[rstest]
fn neighbours_do_not_conflict_and_a_shared_sample_does(#[values(Read, Write)] mode: Mode) {
    let registry = Registry::new();
    let part = |from, count, mode| Claim {
        span: samples(from, count),
        ..claim(mode)
    };
    while_held(&registry, &[part(100, 50, Write)], || {
        assert!(now(&registry, &[part(0, 100, mode), part(150, 9, mode)]).is_ok());
        assert!(is_busy(now(&registry, &[part(0, 101, mode)])));
        assert!(is_busy(now(&registry, &[part(149, 1, mode)])));
        let empty = now(&registry, &[part(120, 0, mode)]);
        assert!(empty.is_ok(), "no sample, no conflict");
    });
}

/// Also for domains that share a part of the table, and for adopted memory (domain 0).
#[rstest]
#[case::two_parts(&[1, 2])]
#[case::in_descending_order(&[2, 1])]
#[case::one_part(&[1, PARTS as u64])]
#[case::adopted_memory_too(&[0, 1, 2])]
#[case::as_many_as_there_can_be(&[5, 0, 3, PARTS as u64 + 2])]
fn leases_are_taken_all_or_none(#[case] domains: &[u64]) {
    let registry = Registry::new();
    let all: Vec<Claim> = domains
        .iter()
        .map(|domain| claim_in(*domain, Write))
        .collect();
    for taken in &all {
        while_held(&registry, &[*taken], || {
            assert!(is_busy(now(&registry, &all)));
            let brief = registry.briefly(&all, || panic!("not all of it is free"));
            assert!(is_busy(brief));
            for other in all.iter().filter(|other| other.domain != taken.domain) {
                let free = elsewhere(&registry, *other);
                assert!(free.is_ok(), "{other:?} was not taken");
            }
        });
        assert!(now(&registry, &all).is_ok(), "all is given back");
    }
}

#[test]
fn a_thread_that_would_wait_for_itself_is_refused() {
    let registry = Registry::new();
    let _lease = now(&registry, &[claim(Write)]).unwrap();
    let wanted = Claim {
        span: samples(1099, 5),
        ..claim(Read)
    };
    let until = Until::Stopped(&mut || panic!("there is nothing to wait for"));
    let Err(Refusal::Conflict(conflict)) = registry.lease(&[wanted], until) else {
        panic!("not refused");
    };
    let Conflict {
        wanted: asked,
        mode,
        held,
        holder,
    } = conflict;
    assert_eq!((asked, mode), (wanted.span, Read));
    assert_eq!((held, holder), (claim(Write).span, Holder::OwnOperation));
    let brief = registry.briefly(&[wanted], || ());
    assert!(matches!(brief, Err(Refusal::Conflict(_))));
}

#[test]
fn a_thread_that_holds_a_lease_does_not_wait_for_another() {
    let registry = Registry::new();
    while_held(&registry, &[claim_in(1, Write)], || {
        let _own = now(&registry, &[claim_in(2, Read)]).unwrap();
        let until = Until::Stopped(&mut || panic!("it waits while it holds a lease"));
        assert!(is_busy(registry.lease(&[claim_in(1, Read)], until)));
        let free = now(&registry, &[claim_in(3, Write)]);
        assert!(free.is_ok(), "what is free it gets");
    });
}

#[test]
fn what_waiting_cannot_cure_is_refused_before_anything_is_waited_for() {
    let registry = Registry::new();
    let entry = view(ViewKind::BorrowMut, Write, 2000, 100);
    let _borrow = registry.borrow(2, entry, Until::Now);
    while_held(&registry, &[claim_in(1, Write)], || {
        let wanted = [claim_in(1, Read), claim_in(2, Read)];
        assert!(matches!(now(&registry, &wanted), Err(Refusal::Conflict(_))));
        let until = Until::Stopped(&mut || panic!("it waits for what will be refused"));
        let refused = registry.lease(&wanted, until).err();
        assert!(matches!(refused, Some(Refusal::Conflict(_))), "{refused:?}");
    });
}

#[test]
fn a_waiting_thread_wakes_when_its_samples_are_free() {
    let registry = Registry::new();
    let finished = AtomicBool::new(false);
    thread::scope(|scope| {
        let waiting = while_held(&registry, &[claim(Write)], || {
            let waiting = scope.spawn(|| {
                let lease = registry.lease(&[claim(Write)], Until::Stopped(&mut || true));
                assert!(lease.is_ok());
                assert!(finished.load(Ordering::SeqCst), "it did not wait");
            });
            thread::sleep(Duration::from_millis(20));
            finished.store(true, Ordering::SeqCst);
            waiting
        });
        waiting.join().unwrap();
    });
}

#[test]
fn a_waiting_thread_is_asked_and_can_give_up() {
    let registry = Registry::new();
    while_held(&registry, &[claim(Read)], || {
        let mut asked = 0;
        let mut go_on = || {
            asked += 1;
            asked < 3
        };
        let refused = registry
            .lease(&[claim(Write)], Until::Stopped(&mut go_on))
            .err();
        assert!(matches!(refused, Some(Refusal::Interrupted)), "{refused:?}");
        assert_eq!(asked, 3);
        let other = elsewhere(&registry, claim(Read));
        assert!(other.is_ok(), "nothing of it is left in the queue");
    });
}

/// The samples are asked for in another part of the table too, where another thread comes and goes all the time.
#[test]
fn a_waiting_thread_is_asked_also_where_others_come_and_go() {
    let registry = Registry::new();
    let finished = AtomicBool::new(false);
    let coming_and_going = Claim {
        span: samples(5000, 10),
        ..claim(Write)
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            while !finished.load(Ordering::Relaxed) {
                drop(now(&registry, &[coming_and_going]));
                thread::sleep(Duration::from_millis(1));
            }
        });
        while_held(&registry, &[claim(Write)], || {
            let until = Until::Stopped(&mut || false);
            let refused = registry.lease(&[claim(Write)], until).err();
            assert!(matches!(refused, Some(Refusal::Interrupted)), "{refused:?}");
        });
        finished.store(true, Ordering::Relaxed);
    });
}

#[test]
fn what_is_run_during_a_wait_may_come_back_to_the_registry() {
    let registry = Registry::new();
    while_held(&registry, &[claim(Read)], || {
        let mut nested = None;
        let mut go_on = || {
            // A signal handler that plays the very samples that its thread waits to change.
            let until = Until::Stopped(&mut || panic!("it waits for its own request"));
            nested = Some(registry.lease(&[claim(Read)], until).is_ok());
            false
        };
        let outer = registry
            .lease(&[claim(Write)], Until::Stopped(&mut go_on))
            .err();
        assert!(matches!(outer, Some(Refusal::Interrupted)), "{outer:?}");
        assert_eq!(nested, Some(true));
    });
}

#[test]
fn readers_that_come_later_do_not_overtake_a_waiting_writer() {
    let registry = Registry::new();
    let order = AtomicUsize::new(0);
    thread::scope(|scope| {
        let threads = while_held(&registry, &[claim(Read)], || {
            let turn = |mode| {
                let _lease = registry.lease(&[claim(mode)], Until::Stopped(&mut || true));
                order.fetch_add(1, Ordering::SeqCst)
            };
            let writer = scope.spawn(move || turn(Write));
            until_a_writer_waits(&registry);
            let reader = scope.spawn(move || turn(Read));
            // Others are not held up, and neither is brief work: it is over before a request could queue for it.
            assert!(elsewhere(&registry, claim_in(2, Write)).is_ok());
            assert!(registry.briefly(&[claim(Read)], || ()).is_ok());
            [writer, reader]
        });
        let turns = threads.map(|thread| thread.join().unwrap());
        assert_eq!(turns, [0, 1], "writer, reader");
    });
}

#[test]
fn a_writer_gets_its_turn_in_a_stream_of_readers() {
    let registry = Registry::new();
    let written = AtomicBool::new(false);
    let reading = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                // Each takes the next lease before it gives up the last: there is always a reader.
                let patiently = |wanted| registry.lease(&[wanted], Until::Stopped(&mut || true));
                while !written.load(Ordering::SeqCst) {
                    let lease = patiently(claim(Read));
                    reading.fetch_add(1, Ordering::SeqCst);
                    while reading.load(Ordering::SeqCst) < 2 && !written.load(Ordering::SeqCst) {
                        thread::yield_now();
                        if is_busy(elsewhere(&registry, claim(Read))) {
                            break;
                        }
                    }
                    reading.fetch_sub(1, Ordering::SeqCst);
                    drop(lease);
                }
            });
        }
        let lease = registry.lease(&[claim(Write)], Until::Stopped(&mut || true));
        assert!(lease.is_ok());
        assert_eq!(reading.load(Ordering::SeqCst), 0);
        written.store(true, Ordering::SeqCst);
    });
}

#[test]
fn work_that_panics_gives_its_samples_back() {
    let registry = Registry::new();
    let work = || registry.briefly(&[claim(Write)], || panic!("a bug in a kernel"));
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    assert!(panicked.is_err());
    let held = || {
        let _lease = now(&registry, &[claim(Write)]);
        panic!("a bug in a kernel");
    };
    assert!(thread::scope(|scope| scope.spawn(held).join()).is_err());
    assert!(now(&registry, &[claim(Write)]).is_ok());
}

#[test]
fn many_threads_on_overlapping_samples_never_meet() {
    let registry = Registry::new();
    // A writer counts a sample up for as long as it writes it.
    let writers: Vec<AtomicUsize> = (0..40).map(|_| AtomicUsize::new(0)).collect();
    thread::scope(|scope| {
        for thread in 0..4_usize {
            let (registry, writers) = (&registry, &writers);
            scope.spawn(move || {
                for round in 0..200_usize {
                    let from = (7 * thread + 11 * round) % 30;
                    let wanted = Claim {
                        span: samples(from, 10),
                        ..claim(Write)
                    };
                    let other = claim_in(2 + (round % 3) as u64, Read);
                    let lease = registry.lease(&[wanted, other], Until::Stopped(&mut || true));
                    assert!(lease.is_ok());
                    for sample in &writers[from..from + 10] {
                        assert_eq!(sample.fetch_add(1, Ordering::SeqCst), 0);
                    }
                    thread::yield_now();
                    for sample in &writers[from..from + 10] {
                        sample.fetch_sub(1, Ordering::SeqCst);
                    }
                }
            });
        }
    });
}

pub fn view(kind: ViewKind, mode: Mode, from: usize, count: usize) -> ViewEntry {
    ViewEntry {
        id: 0,
        kind,
        mode,
        span: samples(from, count),
        shape: [1, count],
        ndim: 1,
    }
}

#[rstest]
#[case::alone([1, 1], &[], true)]
#[case::two([1, 2], &[], true)]
#[case::an_operation_on_the_first([1, 2], &[1], false)]
#[case::an_operation_on_the_second([1, 2], &[2], false)]
#[case::an_operation_on_adopted_memory([2, 0], &[0], false)]
#[case::an_operation_elsewhere([1, 2], &[3], true)]
fn quiet_work_runs_only_where_no_other_operation_is(
    #[case] domains: [u64; 2],
    #[case] held: &[u64],
    #[case] runs: bool,
) {
    let registry = Registry::new();
    let claims: Vec<_> = held.iter().map(|domain| claim_in(*domain, Read)).collect();
    let [one, other] = domains;
    while_held(&registry, &claims, || {
        for domains in [[one, other], [other, one]] {
            assert_eq!(registry.if_quiet(domains, || 7), runs.then_some(7));
        }
    });
    assert_eq!(registry.if_quiet(domains, || 7), Some(7));
}

#[test]
fn quiet_work_keeps_leases_out_while_it_runs() {
    let registry = Registry::new();
    let given_out = AtomicBool::new(false);
    thread::scope(|scope| {
        registry.if_quiet([1, 2], || {
            scope.spawn(|| {
                let lease = now(&registry, &[claim_in(2, Write)]);
                given_out.store(true, Ordering::SeqCst);
                drop(lease);
            });
            thread::sleep(Duration::from_millis(50));
            assert!(!given_out.load(Ordering::SeqCst));
        });
    });
    assert!(given_out.load(Ordering::SeqCst));
}
