//! Segments: one buffer in a process, a name as long as a process has it, and no lock that a fork loses.

#![cfg(not(miri))] // Miri has no files that are mapped.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use audio_samples::audio::shared::Handle;
use audio_samples::audio::{Audio, Wait};
use audio_samples::dtype::Dtype;
use audio_samples::error::Error;
use audio_samples::kernel::{Operand, Scalar};
use audio_samples::registry::Until;
use rstest::rstest;

use crate::samples::{exported, rate, values};

fn silence(shape: &[usize], dtype: Dtype) -> Audio {
    Audio::zeros_shared(shape, dtype, rate(8000), true).unwrap()
}

fn fill(audio: &Audio, value: i64) -> Result<(), Error> {
    audio.assign(&Operand::Scalar(Scalar::Int(value)), Wait::brief())
}

fn path_of(audio: &Audio) -> PathBuf {
    let memory = Path::new("/dev/shm");
    let folder = if cfg!(target_os = "linux") && memory.is_dir() {
        memory.to_owned()
    } else {
        std::env::temp_dir()
    };
    folder.join(audio.shared_name().unwrap())
}

/// Whether the name goes. A child that another test forks has every segment for a moment; what it leaves goes
/// with the next search.
fn goes(path: &Path) -> bool {
    for _ in 0..100 {
        if !path.exists() {
            return true;
        }
        thread::sleep(Duration::from_millis(50));
        drop(silence(&[1], Dtype::Int16));
    }
    false
}

#[rstest]
fn a_segment_that_is_attached_twice_is_one_buffer(
    #[values(Dtype::Int16, Dtype::Int32, Dtype::Float32, Dtype::Float64)] dtype: Dtype,
    #[values(vec![5], vec![2, 3], vec![0], vec![3, 0])] shape: Vec<usize>,
) {
    let audio = silence(&shape, dtype);
    let again = Audio::attach(audio.shared_name().unwrap()).unwrap();
    let (own, other) = (audio.samples().buffer(), again.samples().buffer());
    assert!(own.same_allocation(other));
    assert_eq!(again.layout(), audio.layout());
    assert_eq!((again.dtype(), again.rate()), (dtype, rate(8000)));
    fill(&again, 3).unwrap();
    assert_eq!(values(&audio), values(&again));
    assert_eq!(audio.samples().buffer().owner_name(), "shared");
}

#[test]
fn the_name_goes_with_the_last_handle() {
    let audio = silence(&[4], Dtype::Int16);
    let path = path_of(&audio);
    let again = Audio::attach(audio.shared_name().unwrap()).unwrap();
    drop(audio);
    assert!(path.exists());
    drop(again);
    assert!(goes(&path));
}

#[test]
fn a_handle_is_the_same_samples_and_keeps_the_name_until_it_is_taken() {
    let audio = silence(&[2, 10], Dtype::Int32);
    let layout = audio.layout().take_frames(2, 4, 2).unwrap();
    let part = audio.with_layout(layout).unwrap();
    fill(&part, 1).unwrap();
    let (handle, path) = (part.handle().unwrap(), path_of(&audio));
    drop((audio, part));
    assert!(path.exists());
    let taken = Audio::of_handle(&handle).unwrap();
    assert_eq!(values(&taken), [[1.0; 4]; 2]);
    drop(taken);
    assert!(goes(&path));
    let gone = Audio::of_handle(&handle);
    assert!(matches!(gone, Err(Error::Io { code: Some(code), .. }) if code == libc::ENOENT));
}

#[test]
fn a_handle_that_does_not_fit_is_refused() {
    let audio = silence(&[10], Dtype::Int16);
    let handle = audio.handle().unwrap();
    let changes: [fn(&mut Handle); 3] = [
        |handle| handle.shape = vec![11],
        |handle| handle.dtype = Dtype::Float64,
        |handle| handle.offset = 2,
    ];
    for change in changes {
        let mut wrong = handle.clone();
        change(&mut wrong);
        assert!(Audio::of_handle(&wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn closed_memory_refuses_every_use() {
    let audio = silence(&[100], Dtype::Float32);
    let path = path_of(&audio);
    let again = audio.clone();
    let samples = audio.samples();
    let export = exported(samples);
    let refused = samples.close(Until::Now);
    assert!(matches!(refused, Err(Error::StillSeen { views, .. }) if views[0].0 == "numpy"));
    drop(export);
    samples.close(Until::Now).unwrap();
    samples.close(Until::Now).unwrap();
    assert!(goes(&path));
    assert_eq!(fill(&again, 1), Err(Error::Closed));
}

#[test]
fn threads_that_make_attach_and_drop_leave_nothing() {
    let audio = silence(&[64], Dtype::Int16);
    let name = audio.shared_name().unwrap().to_owned();
    let path = path_of(&audio);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..200 {
                    let again = Audio::attach(&name).unwrap();
                    assert!(fill(&again, 2).is_ok() || again.layout().is_empty());
                    let own = silence(&[8], Dtype::Int16);
                    let path = path_of(&own);
                    let handle = own.handle().unwrap();
                    drop(own);
                    drop(Audio::of_handle(&handle).unwrap());
                    assert!(goes(&path));
                }
            });
        }
    });
    assert!(path.exists());
    drop(audio);
    assert!(goes(&path));
}
