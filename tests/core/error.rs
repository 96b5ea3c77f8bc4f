//! Every message names the numbers of its cause.

use std::collections::BTreeSet;

use audio_samples::error::{Error, Held, HeldBy, Place, Unfit, shape_text};
use rstest::rstest;

/// One error of each kind, and what its message has to say.
fn examples() -> Vec<(Error, &'static [&'static str])> {
    let path = || Some("take.wav".to_string());
    let message = || "frames 3 to 7".to_string();
    vec![
        (
            Error::NotASampleType {
                name: "int64".into(),
            },
            &["int64", "int16, int32, float32 or float64"],
        ),
        (
            Error::TooLarge {
                samples: 1 << 62,
                size: 8,
            },
            &["4611686018427387904 samples", "8 bytes"],
        ),
        (Error::OutOfMemory { bytes: 123_456 }, &["123456 bytes"]),
        (
            Error::NotAudio {
                shape: vec![2, 3, 4],
            },
            &["(2, 3, 4)", "(channels, frames)"],
        ),
        (
            Error::OutsideBuffer {
                low: (-8).into(),
                high: 96.into(),
                bytes: 80,
            },
            &["-8 to 96", "80 bytes"],
        ),
        (
            Error::IndexOutOfRange {
                what: "frame",
                index: (-3).into(),
                count: 2,
            },
            &["frame -3", "2 frames"],
        ),
        (
            Error::ShapeMismatch {
                audio: vec![2, 5],
                operand: vec![4],
                between: None,
            },
            &["(2, 5)", "(4,)"],
        ),
        (
            Error::SampleRateMismatch {
                audio: 44_100,
                operand: 48_000,
            },
            &["44100 Hz", "48000 Hz", "resample"],
        ),
        (
            Error::InvalidSampleRate { given: "-1".into() },
            &["not -1", "1 to 4294967295"],
        ),
        (
            Error::DivisionByZero {
                index: Some(vec![1, 17]),
            },
            &["zero at index (1, 17)"],
        ),
        (Error::DivisionByZero { index: None }, &["division by zero"]),
        (
            Error::CastRefused {
                from: "float64",
                to: "int16",
                operator: "*=",
                in_file: false,
            },
            &["*= gives float64", "int16 audio"],
        ),
        (
            Error::IntegerOverflow {
                operator: "*",
                dtype: "int16",
                index: Some(vec![1, 17]),
            },
            &["result of *", "int16", "index (1, 17)"],
        ),
        (Error::ReadOnly, &["read-only"]),
        (
            Error::NotAudio { shape: vec![] },
            &["a single number", "[0.5]"],
        ),
        (
            Error::TooManySamples {
                channels: 1 << 33,
                frames: 1 << 34,
            },
            &["8589934592 channels of 17179869184 frames"],
        ),
        (
            held(HeldBy::BorrowMut, Some((2, 2))),
            &[
                "writing channel 2, frames 3 to 7 of audio of shape (4, 9)",
                "borrowed for writing",
            ],
        ),
        (
            held(HeldBy::View("numpy"), None),
            &["frames 3 to 7 of audio", "writable view (numpy)"],
        ),
        (held(HeldBy::Borrow, None), &["borrowed for reading"]),
        (held(HeldBy::Arrow, None), &["Arrow data"]),
        (held(HeldBy::OwnOperation, None), &["this thread"]),
        (
            Error::StillSeen {
                is_file: true,
                views: vec![("numpy", vec![2, 5], true); 5],
            },
            &[
                "the file",
                "5 views",
                "numpy of shape (2, 5) (write)",
                "1 more",
            ],
        ),
        (Error::Busy, &["another operation"]),
        (Error::Interrupted, &["interrupted"]),
        (Error::Closed, &["closed"]),
        (
            Error::InvalidArgument { message: message() },
            &["frames 3 to 7"],
        ),
        (
            Error::File {
                offset: Some(36),
                message: "no data chunk".into(),
                path: path(),
                whole: Some(2),
            },
            &["'take.wav': no data chunk", "at byte 36"],
        ),
        (
            Error::File {
                offset: None,
                message: "no data chunk".into(),
                path: None,
                whole: None,
            },
            &["no data chunk"],
        ),
        (
            unfit(Unfit::Rate {
                out: 48_000,
                file: 44_100,
            }),
            &["48000 Hz", "44100 Hz"],
        ),
        (
            unfit(Unfit::Channels {
                out: vec![3, 50],
                file: 2,
            }),
            &["(3, 50)", "2 channels"],
        ),
        (
            unfit(Unfit::Shape {
                out: vec![2, 50],
                file: (2, 51),
            }),
            &["(2, 50)", "51 frames in 2 channels"],
        ),
        (
            unfit(Unfit::Type {
                out: "int16",
                asked: "float32",
            }),
            &["int16", "float32"],
        ),
        (
            Error::FolderRefuses {
                code: Some(13),
                message: "Permission denied".into(),
                path: "take.wav".into(),
            },
            &["Permission denied", "folder of 'take.wav'"],
        ),
        (
            Error::Io {
                code: Some(13),
                message: "Permission denied".into(),
                path: path(),
            },
            &["Permission denied", "'take.wav'"],
        ),
        (
            Error::Io {
                code: None,
                message: "unexpected end".into(),
                path: None,
            },
            &["unexpected end"],
        ),
    ]
}

fn unfit(what: Unfit) -> Error {
    Error::Unfit(Box::new(what))
}

fn held(holder: HeldBy, channels: Option<(usize, usize)>) -> Error {
    Error::Borrowed(Box::new(Held {
        writing: true,
        place: Place::Frames {
            frames: (3, 7),
            channels,
            shape: vec![4, 9],
        },
        holder,
    }))
}

#[test]
fn every_message_names_its_numbers() {
    for (error, parts) in examples() {
        let message = error.to_string();
        for part in parts {
            assert!(message.contains(part), "{part:?} is missing in {message:?}");
        }
    }
}

#[test]
fn every_message_is_one_line_without_a_full_stop() {
    for (error, _) in examples() {
        let message = error.to_string();
        let plain = !message.contains('\n') && !message.contains("  ") && !message.ends_with('.');
        assert!(plain, "{message:?}");
    }
}

/// The enum is open, so that a match cannot tell: its own text does.
#[test]
fn no_kind_of_error_is_left_out() {
    let text = include_str!("../../src/error.rs");
    let (_, body) = text.split_once("pub enum Error {").unwrap();
    let (body, _) = body.split_once("\n}").unwrap();
    let kinds: BTreeSet<&str> = body
        .lines()
        .filter_map(|line| line.strip_prefix("    "))
        .filter(|line| line.starts_with(char::is_uppercase))
        .map(|line| line.split([' ', ',', '(']).next().unwrap())
        .collect();
    let debugged: Vec<String> = examples()
        .iter()
        .map(|(error, _)| format!("{error:?}"))
        .collect();
    let shown: BTreeSet<&str> = debugged
        .iter()
        .map(|text| text.split([' ', ',', '(']).next().unwrap())
        .collect();
    assert!(kinds.len() > 15, "{kinds:?}");
    assert_eq!(kinds, shown);
}

#[rstest]
#[case(&[], "()")]
#[case(&[5], "(5,)")]
#[case(&[2, 44_100], "(2, 44100)")]
fn shapes_are_written_as_python_writes_them(#[case] shape: &[usize], #[case] text: &str) {
    assert_eq!(shape_text(shape), text);
}

#[test]
fn an_error_of_the_system_keeps_its_number_apart_from_its_words() {
    let refused = std::io::Error::from_raw_os_error(2);
    let error = Error::io(&refused, Some(std::path::Path::new("take.wav")));
    let Error::Io {
        code,
        message,
        path,
    } = &error
    else {
        panic!("{error:?}");
    };
    assert_eq!((*code, path.as_deref()), (Some(2), Some("take.wav")));
    assert!(!message.contains("os error"), "{message}");
}
