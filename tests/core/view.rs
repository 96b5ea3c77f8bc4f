//! Samples that several threads work on.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use audio_samples::dtype::Dtype;
use audio_samples::error::{Error, HeldBy, Place};
use audio_samples::kernel::{Engine, Operand, Operation, Operator, Scalar};
use audio_samples::layout::Layout;
use audio_samples::registry::{Mode, Until, ViewKind};
use audio_samples::view::{Access, Fresh, Lock, Samples, Strided, access};
use rstest::rstest;

use crate::samples::exported;

fn silence(shape: &[usize]) -> Samples {
    Fresh::zeroed(shape, Dtype::Float64).unwrap().share()
}

fn patiently<R>(work: impl FnOnce(Until<'_>) -> Result<R, Error>) -> R {
    work(Until::Stopped(&mut || true)).unwrap()
}

/// `out += other`
fn add(access: &Access, out: Strided<'_>, other: Operand<'_>) -> Result<(), Error> {
    let operation = Operation::plain(Operator::Add, Dtype::Float64);
    Engine::new().binary(access, &operation, &out, &Operand::Samples(out), &other)
}

/// `samples += 1`
fn add_one(samples: &Samples, lock: Lock, until: Until<'_>) -> Result<(), Error> {
    let (out, one) = (samples.strided(), Operand::Scalar(Scalar::Float(1.0)));
    let work = |access: &Access| add(access, out, one);
    access(&[out.claim(Mode::Write)], lock, until, work)?
}

/// All samples at one moment.
fn snapshot(samples: &Samples) -> Vec<f64> {
    let mut copy = Fresh::new(samples.layout().shape(), Dtype::Float64).unwrap();
    let from = samples.strided();
    patiently(|until| {
        access(&[from.claim(Mode::Read)], Lock::Leases, until, |access| {
            Engine::new().copy(access, &copy.strided(), &from)
        })
    })
    .unwrap();
    copy.as_mut_slice::<f64>().unwrap().to_vec()
}

/// How much each thread has to add: fewer samples where every step is checked.
const FRAMES: usize = if cfg!(miri) { 64 } else { 20_000 };

#[rstest]
fn four_threads_that_add_one_twenty_times_leave_eighty(
    #[values(Lock::Leases, Lock::Table)] lock: Lock,
) {
    let samples = silence(&[FRAMES]);
    let finished = AtomicBool::new(false);
    thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    for _ in 0..20 {
                        match lock {
                            Lock::Leases => patiently(|p| add_one(&samples, lock, p)),
                            Lock::Table => add_one(&samples, lock, Until::Now)
                                .or_else(|_| {
                                    add_one(&samples, Lock::Leases, Until::Stopped(&mut || true))
                                })
                                .unwrap(),
                        }
                    }
                })
            })
            .collect();
        scope.spawn(|| {
            while !finished.load(Ordering::Relaxed) {
                let seen = snapshot(&samples);
                let are_equal = seen.iter().all(|value| *value == seen[0]);
                assert!(are_equal, "half an addition was seen");
            }
        });
        for writer in writers {
            writer.join().unwrap();
        }
        finished.store(true, Ordering::Relaxed);
    });
    assert!(snapshot(&samples).iter().all(|value| *value == 80.0));
}

#[test]
fn threads_on_channels_slices_and_all_of_it_lose_no_update() {
    let stereo = silence(&[2, FRAMES]);
    let layout = stereo.layout();
    let right = stereo.with_layout(layout.channel(1).unwrap()).unwrap();
    let half = layout.take_frames(FRAMES / 4, FRAMES / 2, 1).unwrap();
    let half = stereo.with_layout(half).unwrap();
    let backwards = layout.take_frames(FRAMES - 1, FRAMES / 2, -2).unwrap();
    let backwards = stereo.with_layout(backwards).unwrap();
    thread::scope(|scope| {
        for part in [&stereo, &right, &half, &backwards] {
            scope.spawn(|| {
                for _ in 0..20 {
                    patiently(|until| add_one(part, Lock::Leases, until));
                }
            });
        }
    });
    for (index, value) in snapshot(&stereo).into_iter().enumerate() {
        let (channel, frame) = (index / FRAMES, index % FRAMES);
        let in_half = (FRAMES / 4..FRAMES / 4 + FRAMES / 2).contains(&frame);
        let parts = 1 + channel + usize::from(in_half) + usize::from(frame % 2 == 1);
        let wanted = 20.0 * parts as f64;
        assert_eq!(value, wanted, "channel {channel}, frame {frame}");
    }
}

#[test]
fn two_threads_that_add_each_others_samples_do_not_deadlock() {
    let (one, two) = (silence(&[100]), silence(&[100]));
    thread::scope(|scope| {
        for (out, from) in [(&one, &two), (&two, &one)] {
            scope.spawn(|| {
                for _ in 0..200 {
                    let (out, from) = (out.strided(), from.strided());
                    let claims = [out.claim(Mode::Write), from.claim(Mode::Read)];
                    let work = |access: &Access| add(access, out, Operand::Samples(from));
                    patiently(|until| access(&claims, Lock::Leases, until, work)).unwrap();
                }
            });
        }
    });
    let all = [snapshot(&one), snapshot(&two)].concat();
    assert!(all.iter().all(|value| *value == 0.0));
}

#[test]
fn a_refused_write_names_its_samples_and_their_holder() {
    let samples = silence(&[100]);
    let middle = samples.layout().take_frames(40, 20, 1).unwrap();
    let middle = samples.with_layout(middle).unwrap();
    let loan = middle.lend(Mode::Write, Until::Now).unwrap();
    let door = samples.export(ViewKind::Array, true, samples.layout());
    let Err(Error::Borrowed(held)) = door.map(drop) else {
        panic!("not refused");
    };
    assert_eq!(held.holder, HeldBy::BorrowMut);
    let place = Place::Frames {
        frames: (40, 59),
        channels: None,
        shape: vec![100],
    };
    assert_eq!(held.place, place);
    let refused = add_one(&samples, Lock::Table, Until::Now);
    assert!(matches!(refused, Err(Error::Borrowed(_))), "{refused:?}");
    drop(loan);
    assert_eq!(add_one(&samples, Lock::Table, Until::Now), Ok(()));
}

#[test]
fn an_export_while_lent_for_reading_is_readonly() {
    let samples = silence(&[10]);
    let loan = samples.lend(Mode::Read, Until::Now).unwrap();
    assert!(!exported(&samples).writable());
    drop(loan);
    assert!(exported(&samples).writable());
    assert!(!exported(&samples.readonly()).writable());
}

#[test]
fn readonly_samples_are_not_lent_for_writing() {
    let samples = silence(&[10]).readonly();
    let refused = samples.lend(Mode::Write, Until::Now).map(drop);
    assert_eq!(refused, Err(Error::ReadOnly));
    assert!(samples.lend(Mode::Read, Until::Now).is_ok());
}

#[test]
#[should_panic(expected = "a write into read-only samples")]
fn no_kernel_writes_into_readonly_samples() {
    let samples = silence(&[10]).readonly();
    let _ = add_one(&samples, Lock::Leases, Until::Now);
}

#[test]
fn fresh_memory_is_a_slice_of_its_own_type_only() {
    let mut fresh = Fresh::zeroed(&[2, 3], Dtype::Int16).unwrap();
    assert!(fresh.as_mut_slice::<f32>().is_none());
    let slice = fresh.as_mut_slice::<i16>().unwrap();
    assert_eq!(slice.len(), 6);
}

#[test]
fn the_same_samples_in_the_same_order_are_known_as_such() {
    let samples = silence(&[2, 10]);
    let same = |layout: Layout| {
        let other = samples.with_layout(layout).unwrap();
        samples.strided().same_samples(&other.strided())
    };
    let layout = samples.layout();
    assert!(same(*layout));
    assert!(!same(layout.take_frames(9, 10, -1).unwrap()));
    assert!(!same(layout.take_channels(1, 2, -1).unwrap()));
    assert!(!same(layout.take_frames(0, 9, 1).unwrap()));
}
