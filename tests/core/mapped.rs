//! Files as memory: one buffer for each, closed when its views are gone, whole or refused.

#![cfg(not(miri))] // Miri has no file system to speak of.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use audio_samples::audio::{Audio, Wait};
use audio_samples::dtype::Dtype;
use audio_samples::error::Error;
use audio_samples::files::pcm::encoding::Encoding;
use audio_samples::files::write::Recipe;
use audio_samples::files::{mapped, path};
use audio_samples::kernel::{Operand, Operation, Operator, Scalar};
use audio_samples::registry::{Mode, Until, ViewKind};
use rstest::rstest;

use crate::file::{Folder, folder};
use crate::samples::{exported, ramp, stored, values};
use crate::wav::turn_header;

fn store(path: &Path, audio: &Audio) {
    path::write(path, audio, &Recipe::default(), Until::Now).unwrap();
}

fn multiply(audio: &Audio, by: f64) -> Result<(), Error> {
    let operation = Operation::plain(Operator::Mul, audio.dtype());
    let operand = Operand::Scalar(Scalar::Float(by));
    audio.operate_in_place(operation, &operand, Wait::brief())
}

fn on_disk(path: &Path) -> Vec<Vec<f64>> {
    values(&path::read(path, stored(0, None)).unwrap())
}

#[rstest]
fn a_mapped_file_has_the_samples_of_a_read_one(
    folder: Folder,
    #[values(1, 2, 5)] channels: usize,
    #[values(Dtype::Int16, Dtype::Int32, Dtype::Float32, Dtype::Float64)] dtype: Dtype,
) {
    let path = folder.path("a.wav");
    store(&path, &ramp(channels, 50, dtype));
    let audio = mapped::open(&path, false).unwrap();
    assert_eq!(audio.dtype(), dtype);
    assert_eq!(values(&audio), values(&ramp(channels, 50, dtype)));
    assert!(!audio.samples().writable());
    assert_eq!(audio.samples().buffer().owner_name(), "file");
}

#[rstest]
fn a_write_is_a_write_into_the_file(folder: Folder) {
    let path = folder.path("a.wav");
    store(&path, &ramp(2, 50, Dtype::Float32));
    let before = fs::metadata(&path).unwrap().ino();
    let audio = mapped::open(&path, true).unwrap();
    multiply(&audio, 2.0).unwrap();
    audio.samples().flush().unwrap();
    let expected: Vec<Vec<f64>> = values(&ramp(2, 50, Dtype::Float32))
        .iter()
        .map(|row| row.iter().map(|x| x * 2.0).collect())
        .collect();
    assert_eq!(on_disk(&path), expected);
    assert_eq!(fs::metadata(&path).unwrap().ino(), before);
}

#[rstest]
fn a_file_opened_to_be_read_refuses_to_be_written(folder: Folder) {
    let path = folder.path("a.wav");
    store(&path, &ramp(2, 5, Dtype::Float32));
    let audio = mapped::open(&path, false).unwrap();
    assert_eq!(multiply(&audio, 2.0), Err(Error::ReadOnly));
}

#[rstest]
fn one_file_opened_twice_is_one_buffer(
    folder: Folder,
    #[values(false, true)] first: bool,
    #[values(false, true)] second: bool,
) {
    let path = folder.path("a.wav");
    store(&path, &ramp(1, 50, Dtype::Float64));
    std::os::unix::fs::symlink(&path, folder.path("link.wav")).unwrap();
    let one = mapped::open(&path, first).unwrap();
    let two = mapped::open(&folder.path("link.wav"), second).unwrap();
    let (own, other) = (one.samples().buffer(), two.samples().buffer());
    assert!(own.same_allocation(other));
    assert_eq!(one.samples().writable(), first);
    assert_eq!(two.samples().writable(), second);
    for audio in [&one, &two] {
        if audio.samples().writable() {
            multiply(audio, 2.0).unwrap();
        }
    }
    assert_eq!(values(&one), values(&two));
    assert_eq!(values(&one), on_disk(&path));
    let views = [&one, &two].map(|audio| exported(audio.samples()));
    assert_eq!(one.samples().views().len(), 2);
    drop(views);
}

#[rstest]
fn a_file_that_was_replaced_is_another_buffer(folder: Folder) {
    let path = folder.path("a.wav");
    store(&path, &ramp(1, 5, Dtype::Int16));
    let old = mapped::open(&path, true).unwrap();
    let beside = folder.path("b.wav");
    store(&beside, &ramp(1, 9, Dtype::Int16));
    std::fs::rename(&beside, &path).unwrap();
    let new = mapped::open(&path, true).unwrap();
    let (own, other) = (old.samples().buffer(), new.samples().buffer());
    assert!(!own.same_allocation(other));
    assert_eq!((old.layout().frames(), new.layout().frames()), (5, 9));
}

#[rstest]
fn a_file_is_opened_again_after_the_last_handle_is_gone(folder: Folder) {
    let path = folder.path("a.wav");
    store(&path, &ramp(1, 5, Dtype::Float32));
    let part = {
        let audio = mapped::open(&path, true).unwrap();
        let layout = audio.layout().take_frames(1, 3, 1).unwrap();
        audio.with_layout(layout).unwrap()
    };
    multiply(&part, 10.0).unwrap();
    drop(part);
    let again = mapped::open(&path, false).unwrap();
    assert_eq!(values(&again), [[0.0, 10.0, 20.0, 30.0, 4.0]]);
}

#[rstest]
fn closing_is_refused_while_a_view_is_alive_and_names_it(folder: Folder) {
    let path = folder.path("a.wav");
    store(&path, &ramp(2, 5, Dtype::Int16));
    let audio = mapped::open(&path, false).unwrap();
    let first = audio.channel(0).unwrap();
    let layout = *first.layout();
    let view = first
        .samples()
        .export(ViewKind::Tensor, true, &layout)
        .unwrap();
    let seen = Error::StillSeen {
        is_file: true,
        views: vec![("dlpack", vec![5], false)],
    };
    assert_eq!(audio.samples().close(Until::Now), Err(seen));
    assert_eq!(values(&audio), values(&ramp(2, 5, Dtype::Int16)));
    drop(view);
    audio.samples().close(Until::Now).unwrap();
}

#[rstest]
fn a_closed_file_refuses_every_handle_and_every_door(folder: Folder) {
    let path = folder.path("a.wav");
    store(&path, &ramp(2, 5, Dtype::Float32));
    let audio = mapped::open(&path, true).unwrap();
    let part = audio.channel(1).unwrap();
    part.samples().close(Until::Now).unwrap();
    part.samples().close(Until::Now).unwrap();
    let layout = *part.layout();
    for audio in [&audio, &part] {
        let samples = audio.samples();
        assert!(samples.buffer().is_closed());
        assert_eq!(multiply(audio, 2.0), Err(Error::Closed));
        assert!(audio.cast(Dtype::Int16, Wait::brief()).is_err());
        assert_eq!(samples.flush(), Err(Error::Closed));
        let seen = samples.export(ViewKind::Array, true, &layout);
        assert!(matches!(seen, Err(Error::Closed)));
        let lent = samples.lend(Mode::Read, Until::Now);
        assert!(matches!(lent, Err(Error::Closed)));
        assert!(samples.views().is_empty());
    }
    let again = mapped::open(&path, true).unwrap();
    multiply(&again, 2.0).unwrap();
    assert_eq!(values(&again)[0], [0.0, 2.0, 4.0, 6.0, 8.0]);
}

#[rstest]
fn only_a_mapped_file_is_flushed_and_closed() {
    let audio = ramp(1, 5, Dtype::Int16);
    for refused in [audio.samples().close(Until::Now), audio.samples().flush()] {
        assert!(matches!(refused, Err(Error::InvalidArgument { .. })));
    }
}

#[rstest]
fn what_cannot_be_mapped_says_why_and_names_the_way_out(
    folder: Folder,
    #[values((Encoding::Pcm24, "24-bit"), (Encoding::Unsigned8, "8-bit"))] case: (Encoding, &str),
) {
    let path = folder.path("a.wav");
    let recipe = Recipe {
        encoding: Some(case.0),
        ..Recipe::default()
    };
    path::write(&path, &ramp(1, 5, Dtype::Int16), &recipe, Until::Now).unwrap();
    let message = mapped::open(&path, true).unwrap_err().to_string();
    assert!(
        message.contains(case.1) && message.contains("edit()"),
        "{message}"
    );
    assert!(message.contains("a.wav"), "{message}");
}

#[rstest]
fn samples_of_the_other_byte_order_cannot_be_mapped(folder: Folder) {
    let path = folder.path("a.wav");
    store(&path, &ramp(1, 5, Dtype::Int16));
    let mut bytes = fs::read(&path).unwrap();
    turn_header(&mut bytes, 44);
    fs::write(&path, bytes).unwrap();
    let message = mapped::open(&path, false).unwrap_err().to_string();
    assert!(message.contains("big-endian"), "{message}");
}

#[rstest]
fn a_file_that_shrinks_is_refused_without_a_crash(folder: Folder) {
    let path = folder.path("a.wav");
    store(&path, &ramp(2, 50_000, Dtype::Float32));
    let audio = mapped::open(&path, true).unwrap();
    let view = exported(audio.samples());
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(10_000).unwrap();
    let refused = multiply(&audio, 2.0);
    let message = refused.unwrap_err().to_string();
    assert!(message.ends_with("(at byte 10000)"), "{message}");
    assert!(message.contains("became shorter"), "{message}");
    // A view that is out already finds empty pages.
    let span = view.samples().span().bounds();
    let last = std::ptr::with_exposed_provenance::<f32>(span.1 - 4);
    let start = audio.samples().buffer().start();
    let _ = start.as_ptr().expose_provenance();
    assert_eq!(read_volatile(last), 0.0);
    // Longer again, but no longer the memory: the place is remembered.
    file.set_len(400_056).unwrap();
    let refused = multiply(&audio, 2.0);
    assert!(matches!(refused, Err(Error::File { .. })), "{refused:?}");
    drop(view);
    audio.samples().close(Until::Now).unwrap();
    multiply(&mapped::open(&path, true).unwrap(), 2.0).unwrap();
}

#[allow(unsafe_code)]
fn read_volatile(place: *const f32) -> f32 {
    // SAFETY: inside the mapping, whose addresses stay readable as long as the audio lives.
    unsafe { place.read_volatile() }
}

/// Resident bytes of this process that are pages of files.
fn resident_file_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("RssFile"));
    let kib: u64 = line
        .unwrap()
        .split_whitespace()
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    kib << 10
}

#[rstest]
fn a_pass_over_a_large_file_gives_its_pages_back(folder: Folder) {
    let path = folder.path("a.wav");
    // Sparse: 128 MB of silence behind a header.
    let mut header = crate::wav::written(&ramp(2, 0, Dtype::Float32), None);
    let len = header.len();
    let data: u32 = 128 << 20;
    header[len - 4..].copy_from_slice(&data.to_le_bytes());
    fs::write(&path, header).unwrap();
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(len as u64 + u64::from(data)).unwrap();
    let audio = mapped::open(&path, false).unwrap();
    let before = resident_file_bytes();
    let silence = audio.channel(0).unwrap();
    let quiet = silence.cast(Dtype::Int16, Wait::brief()).unwrap();
    let kept = resident_file_bytes().saturating_sub(before);
    assert_eq!(quiet.layout().frames(), (data / 8) as usize);
    assert!(kept < 48 << 20, "{kept} bytes stay in memory");
}
