//! Files decoded into samples that exist, and many files read ahead.

use audio_samples::audio::Audio;
use audio_samples::dtype::Dtype;
use audio_samples::error::{Error, Unfit};
use audio_samples::files::batch::Batch;
use audio_samples::files::{self, ReadAs, Selection, path};
use audio_samples::registry::Until;
use rstest::rstest;

use crate::file::{Folder, folder};
use crate::samples::{rate, values, wave};

/// Audio of `wave` in a file.
fn recorded(folder: &Folder, name: &str, channels: usize, frames: usize) -> std::path::PathBuf {
    let path = folder.path(name);
    files::write(&path, &wave(channels, frames)).unwrap();
    path
}

fn room(channels: usize, frames: usize, dtype: Dtype) -> Audio {
    Audio::zeros(&[channels, frames], dtype, wave(1, 1).rate()).unwrap()
}

fn part(start: u64, frames: u64) -> Selection {
    Selection {
        start,
        frames: Some(frames),
        ..Selection::default()
    }
}

#[rstest]
fn a_file_is_decoded_into_samples_of_any_type(
    folder: Folder,
    #[values("a.wav", "a.flac", "a.aiff")] name: &str,
    #[values(Dtype::Int16, Dtype::Int32, Dtype::Float32, Dtype::Float64)] dtype: Dtype,
) {
    let path = recorded(&folder, name, 2, 9_000);
    let out = room(2, 9_000, dtype);
    files::read_into(&path, &out).unwrap();
    let expected = files::read_as(&path, dtype).unwrap();
    assert_eq!(values(&out), values(&expected));
}

#[rstest]
fn a_slice_is_all_that_is_written(folder: Folder) {
    let path = recorded(&folder, "a.wav", 2, 500);
    let whole = room(2, 300, Dtype::Float32);
    let slice = whole
        .with_layout(whole.layout().take_frames(100, 50, 1).unwrap())
        .unwrap();
    path::read_into(&path, &slice, part(7, 50), Until::Now).unwrap();
    let expected = path::read(&path, part(7, 50)).unwrap();
    for (all, some) in values(&whole).iter().zip(values(&expected)) {
        assert_eq!(all[100..150], some);
        assert!(all[..100].iter().chain(&all[150..]).all(|it| *it == 0.0));
    }
}

#[rstest]
fn what_does_not_fit_is_refused_before_the_first_write(folder: Folder) {
    let path = recorded(&folder, "a.wav", 2, 500);
    let slow = Audio::zeros(&[2, 500], Dtype::Float32, rate(1_000)).unwrap();
    let all = Selection::default();
    let typed = Selection::all(ReadAs::Type(Dtype::Int32));
    for (out, selection, is_meant) in [
        (
            slow,
            all,
            (|unfit| matches!(unfit, Unfit::Rate { out: 1_000, .. })) as fn(&Unfit) -> bool,
        ),
        (room(3, 500, Dtype::Float32), all, |unfit| {
            matches!(unfit, Unfit::Channels { file: 2, .. })
        }),
        (room(2, 499, Dtype::Float32), all, |unfit| {
            matches!(unfit, Unfit::Shape { file: (2, 500), .. })
        }),
        (room(2, 500, Dtype::Float32), part(1, 500), |unfit| {
            matches!(unfit, Unfit::Shape { file: (2, 499), .. })
        }),
        (room(2, 500, Dtype::Float32), typed, |unfit| {
            matches!(unfit, Unfit::Type { .. })
        }),
    ] {
        let refused = path::read_into(&path, &out, selection, Until::Now);
        let Err(Error::Unfit(unfit)) = &refused else {
            panic!("{refused:?}");
        };
        assert!(is_meant(unfit), "{unfit:?}");
        assert!(values(&out).concat().iter().all(|it| *it == 0.0));
    }
    let late = path::read_into(&path, &room(2, 1, Dtype::Float32), part(501, 1), Until::Now);
    assert!(
        matches!(late, Err(Error::IndexOutOfRange { .. })),
        "{late:?}"
    );
}

#[rstest]
fn the_audio_of_many_files_comes_in_their_order(
    folder: Folder,
    #[values(1, 3, 20)] workers: usize,
) {
    let mut batch = Batch::new(Selection::default(), workers, false);
    for number in 0..10 {
        let name = format!("{number}.wav");
        match number {
            4 => batch.push(folder.path("nothing.wav")),
            _ => batch.push(recorded(&folder, &name, 1, 100 + number)),
        }
    }
    assert_eq!(batch.pending(), 10);
    for number in 0..10 {
        match batch.next(Until::Now).unwrap().unwrap() {
            Ok((audio, _)) => assert_eq!(audio.layout().frames(), 100 + number),
            Err(error) => assert!(number == 4 && matches!(error, Error::Io { code: Some(2), .. })),
        }
    }
    assert!(batch.next(Until::Now).unwrap().is_none());
}
