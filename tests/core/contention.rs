//! Many threads on the samples of one recording: nothing is lost, and no thread sees half an operation.
//!
//! This is what ThreadSanitizer looks at: `cargo +nightly core-tsan contention`.

use std::thread;

use audio_samples::audio::{Audio, Wait};
use audio_samples::dtype::Dtype;
use audio_samples::error::Error;
use audio_samples::kernel::{Operand, Operation, Operator, Scalar};
use audio_samples::registry::Until;
use audio_samples::view::Lock;
use rstest::rstest;

use crate::samples::{audio_of, exported, values};

const THREADS: usize = 4;
const ROUNDS: usize = if cfg!(miri) { 3 } else { 20 };

/// First without waiting, as a small operation does, and then in turn.
fn patiently<R>(lock: Lock, work: impl Fn(Wait<'_>) -> Result<R, Error>) -> R {
    if lock == Lock::Table {
        match work(Wait::brief()) {
            Err(Error::Busy) => {}
            done => return done.unwrap(),
        }
    }
    let until = Until::Stopped(&mut || true);
    let lock = Lock::Leases;
    work(Wait { lock, until }).unwrap()
}

fn add_one(audio: &Audio, lock: Lock) {
    let operation = Operation::plain(Operator::Add, audio.dtype());
    let one = Operand::Scalar(Scalar::Int(1));
    patiently(lock, |wait| audio.operate_in_place(operation, &one, wait));
}

fn silence(shape: &[usize], dtype: Dtype) -> Audio {
    audio_of(shape, dtype, 48_000, |_, _| 0.0)
}

#[rstest]
fn additions_of_many_threads_are_all_there_and_every_copy_is_of_whole_operations(
    #[values(Dtype::Int16, Dtype::Float64)] dtype: Dtype,
    #[values(64, if cfg!(miri) { 300 } else { 70_000 })] frames: usize,
) {
    let audio = silence(&[frames], dtype);
    thread::scope(|scope| {
        for number in 0..THREADS {
            let audio = &audio;
            let lock = [Lock::Table, Lock::Leases][number % 2];
            scope.spawn(move || (0..ROUNDS).for_each(|_| add_one(audio, lock)));
        }
        for lock in [Lock::Table, Lock::Leases] {
            let audio = &audio;
            scope.spawn(move || {
                let mut latest = 0.0;
                for _ in 0..ROUNDS {
                    let view = exported(audio.samples());
                    let copy = patiently(lock, |wait| audio.cast(Dtype::Float64, wait));
                    let copy = values(&copy).remove(0);
                    assert!(copy.iter().all(|sample| *sample == copy[0]));
                    assert!(copy[0] >= latest);
                    latest = copy[0];
                    drop(view);
                }
            });
        }
    });
    let total = (THREADS * ROUNDS) as f64;
    assert_eq!(values(&audio), [vec![total; frames]]);
    assert!(audio.samples().views().is_empty());
}

#[rstest]
fn parts_that_interleave_and_parts_that_overlap_add_up(
    #[values(Lock::Table, Lock::Leases)] lock: Lock,
) {
    let frames = if cfg!(miri) { 40 } else { 10_000 };
    let audio = silence(&[2, frames], Dtype::Float32);
    let part = |start, count, step| {
        let layout = audio.layout().take_frames(start, count, step).unwrap();
        audio.with_layout(layout).unwrap()
    };
    let half = frames / 2;
    let parts = [
        audio.channel(0).unwrap(),
        audio.channel(1).unwrap(),
        part(0, half, 2),
        part(1, half, 2),
        part(frames - 1, half, -1),
        part(frames / 4, half, 1),
    ];
    thread::scope(|scope| {
        for part in &parts {
            scope.spawn(move || (0..ROUNDS).for_each(|_| add_one(part, lock)));
        }
    });
    // Each sample lies in one channel, in one of the interleaved parts, and maybe in the last two.
    let middle = frames / 4..frames / 4 + half;
    let times = |frame| 2 + usize::from(frame >= half) + usize::from(middle.contains(&frame));
    let expected: Vec<f64> = (0..frames)
        .map(|frame| (ROUNDS * times(frame)) as f64)
        .collect();
    assert_eq!(values(&audio), [expected.clone(), expected]);
}
