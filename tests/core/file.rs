#![cfg(not(miri))] // Miri has no file system to speak of.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use audio_samples::audio::Audio;
use audio_samples::dtype::Dtype;
use audio_samples::error::Error;
use audio_samples::files::edit::Edit;
use audio_samples::files::pcm::encoding::Encoding;
use audio_samples::files::write::Recipe;
use audio_samples::files::{ReadAs, Selection, mapped, path};
use audio_samples::registry::Until;
use rstest::{fixture, rstest};

use crate::samples::{self, stored, values};

/// A folder of its own for each test, gone with it.
pub struct Folder(PathBuf);

impl Folder {
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// What lies in it, hidden files included.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name();
        let mut names: Vec<String> = entries
            .map(|entry| name(entry).into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[fixture]
pub fn folder() -> Folder {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("audio-core-{}-{number}", std::process::id());
    let path = std::env::temp_dir().join(name);
    fs::create_dir(&path).unwrap();
    Folder(path)
}

fn ramp(frames: usize) -> Audio {
    samples::ramp(2, frames, Dtype::Int16)
}

fn write(path: &Path, audio: &Audio) -> Result<(), Error> {
    path::write(path, audio, &Recipe::default(), Until::Now).map(drop)
}

fn read(path: &Path) -> Result<Audio, Error> {
    path::read(path, stored(0, None))
}

/// More channels than the format holds: refused, but only once the file beside the target is there.
fn too_wide() -> Audio {
    let audio = ramp(1);
    let layout = audio_samples::layout::Layout::strided(&[40_000, 5], &[0, 0], 0).unwrap();
    audio.with_layout(layout).unwrap()
}

#[rstest]
fn a_path_is_written_and_read(folder: Folder) {
    let path = folder.path("a.wav");
    write(&path, &ramp(100)).unwrap();
    assert_eq!(values(&read(&path).unwrap()), values(&ramp(100)));
    let part = path::read(
        &path,
        Selection {
            start: 10,
            frames: Some(5),
            ..Selection::default()
        },
    )
    .unwrap();
    assert_eq!(part.layout().shape(), [2, 5]);
    assert_eq!(values(&part)[0][0], 10.0 / 32768.0);
    let info = path::info(&path).unwrap();
    assert_eq!((info.facts.frames, info.facts.channels), (Some(100), 2));
    assert_eq!(folder.names(), ["a.wav"]);
}

#[rstest]
fn a_new_file_has_the_permissions_that_any_new_file_has(folder: Folder) {
    fs::write(folder.path("any"), "").unwrap();
    write(&folder.path("a.wav"), &ramp(1)).unwrap();
    let mode = |name| fs::metadata(folder.path(name)).unwrap().mode();
    assert_eq!(mode("a.wav"), mode("any"));
}

#[rstest]
fn replacing_keeps_the_permissions(folder: Folder, #[values(0o600, 0o640, 0o666)] mode: u32) {
    let path = folder.path("a.wav");
    write(&path, &ramp(1)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    write(&path, &ramp(2)).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, mode);
    assert_eq!(values(&read(&path).unwrap()), values(&ramp(2)));
}

#[rstest]
fn an_open_handle_keeps_the_old_file(folder: Folder) {
    let path = folder.path("a.wav");
    write(&path, &ramp(3)).unwrap();
    let mut old = fs::File::open(&path).unwrap();
    write(&path, &ramp(5)).unwrap();
    let kept = audio_samples::files::pcm::wav::read(&mut old, None, 0, None).unwrap();
    assert_eq!(values(&kept), values(&ramp(3)));
    assert_eq!(values(&read(&path).unwrap()), values(&ramp(5)));
}

#[rstest]
fn a_failure_leaves_the_old_file_and_nothing_else(folder: Folder) {
    let path = folder.path("a.wav");
    write(&path, &ramp(3)).unwrap();
    let before = fs::metadata(&path).unwrap();
    let refused = write(&path, &too_wide());
    assert!(matches!(refused, Err(Error::InvalidArgument { .. })));
    assert_eq!(values(&read(&path).unwrap()), values(&ramp(3)));
    assert_eq!(fs::metadata(&path).unwrap().ino(), before.ino());
    assert_eq!(folder.names(), ["a.wav"]);

    let refused = write(&folder.path("new.wav"), &too_wide());
    assert!(refused.is_err());
    assert_eq!(folder.names(), ["a.wav"]);
}

#[rstest]
fn a_link_stays_and_its_file_is_replaced(folder: Folder) {
    let target = folder.path("target.wav");
    fs::create_dir(folder.path("inner")).unwrap();
    symlink("../target.wav", folder.path("inner/first.wav")).unwrap();
    symlink("inner/first.wav", folder.path("second.wav")).unwrap();
    for audio in [ramp(4), ramp(6)] {
        // The first time the links lead to nothing yet.
        write(&folder.path("second.wav"), &audio).unwrap();
        assert_eq!(values(&read(&target).unwrap()), values(&audio));
        let back = read(&folder.path("second.wav")).unwrap();
        assert_eq!(values(&back), values(&audio));
    }
    for link in ["second.wav", "inner/first.wav"] {
        let found = fs::symlink_metadata(folder.path(link)).unwrap();
        assert!(found.is_symlink());
    }
    assert_eq!(folder.names(), ["inner", "second.wav", "target.wav"]);
}

#[rstest]
fn a_circle_of_links_is_an_error(folder: Folder) {
    symlink("b.wav", folder.path("a.wav")).unwrap();
    symlink("a.wav", folder.path("b.wav")).unwrap();
    let refused = write(&folder.path("a.wav"), &ramp(1)).unwrap_err();
    assert!(matches!(refused, Error::Io { code: Some(40), .. }));
    assert!(read(&folder.path("a.wav")).is_err());
}

#[rstest]
fn the_systems_refusals_come_with_number_and_path(folder: Folder) {
    let missing = folder.path("missing.wav");
    let Error::Io {
        code,
        message,
        path,
    } = read(&missing).unwrap_err()
    else {
        panic!("no error of the system");
    };
    assert_eq!(code, Some(2));
    assert_eq!(message, "No such file or directory");
    assert_eq!(path.as_deref(), missing.to_str());

    let nowhere = folder.path("no/folder/a.wav");
    let Err(Error::Io { code, path, .. }) = write(&nowhere, &ramp(1)) else {
        panic!("no error of the system");
    };
    assert!(code == Some(2) && path.is_some());

    for refused in [
        read(&folder.0).unwrap_err(),
        path::info(&folder.0).unwrap_err(),
        write(&folder.0, &ramp(1)).unwrap_err(),
    ] {
        let is_folder = matches!(refused, Error::Io { code: Some(21), .. });
        assert!(is_folder, "{refused:?}");
    }
    for path in ["", "/", "..", "."] {
        assert!(write(Path::new(path), &ramp(1)).is_err());
        assert!(read(Path::new(path)).is_err());
    }
    assert_eq!(folder.names(), [""; 0]);
}

#[rstest]
fn a_pipe_goes_from_a_writer_to_a_reader_and_is_not_mapped_or_edited(folder: Folder) {
    let path = folder.path("pipe.wav");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
    // Nothing reads it yet, and this caller does not wait.
    let refused = write(&path, &ramp(1));
    assert!(matches!(refused, Err(Error::Io { .. })), "{refused:?}");
    std::thread::scope(|scope| {
        scope.spawn(|| audio_samples::files::write(&path, &ramp(50_000)).unwrap());
        assert_eq!(values(&read(&path).unwrap()), values(&ramp(50_000)));
    });
    let refused = [
        mapped::open(&path, false).map(drop),
        Edit::open(&path, ReadAs::Float).map(drop),
    ];
    for refused in refused {
        let Err(Error::File { message, .. }) = refused else {
            panic!("{refused:?}");
        };
        assert!(message.contains("is a pipe or a device"), "{message}");
    }
    assert!(read(Path::new("/dev/zero")).is_err());
    assert_eq!(folder.names(), ["pipe.wav"]);
}

#[rstest]
fn a_damaged_file_is_named(folder: Folder) {
    let path = folder.path("bad.wav");
    fs::write(&path, "RIFF").unwrap();
    let message = read(&path).unwrap_err().to_string();
    let start = format!("'{}': the file ends after 4 bytes", path.display());
    let is_named = message.starts_with(&start) && message.ends_with("(at byte 4)");
    assert!(is_named, "{message}");
}

#[rstest]
fn a_name_that_promises_another_format_is_refused(folder: Folder) {
    for name in ["a.mp3", "a.txt", "a.caf"] {
        let refused = write(&folder.path(name), &ramp(1)).unwrap_err();
        assert!(matches!(refused, Error::InvalidArgument { .. }), "{name}");
    }
    let names = ["a.WAV", "b.wave", "c", "d.aiff", "e.flac"];
    for name in names {
        write(&folder.path(name), &ramp(1)).unwrap();
        assert_eq!(values(&read(&folder.path(name)).unwrap()), values(&ramp(1)));
    }
    assert_eq!(folder.names(), names);
}

#[rstest]
fn a_long_name_has_room_beside_it(folder: Folder) {
    let path = folder.path(&format!("{}.wav", "n".repeat(251)));
    write(&path, &ramp(1)).unwrap();
    write(&path, &ramp(2)).unwrap();
    assert_eq!(values(&read(&path).unwrap()), values(&ramp(2)));
}

#[rstest]
fn many_threads_write_one_path_and_one_of_them_wins(folder: Folder) {
    let path = folder.path("a.wav");
    let recipe = Recipe {
        encoding: Some(Encoding::Pcm24),
        ..Recipe::default()
    };
    std::thread::scope(|scope| {
        for frames in 1..9 {
            let (path, recipe) = (&path, &recipe);
            scope.spawn(move || {
                for _ in 0..20 {
                    path::write(path, &ramp(frames), recipe, Until::Now).unwrap();
                    assert!((1..9).contains(&read(path).unwrap().layout().frames()));
                }
            });
        }
    });
    assert_eq!(folder.names(), ["a.wav"]);
}
