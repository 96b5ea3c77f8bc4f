//! Compressed files through the core: what is decoded, and that no damage does more than an error.

use std::io::Cursor;

use audio_samples::audio::Audio;
use audio_samples::error::Error;
use audio_samples::files;
use audio_samples::files::info;
use audio_samples::files::pcm::encoding::Encoding;
use audio_samples::files::source::FrameSource;
use audio_samples::files::write::FileFormat;
use rstest::rstest;

use crate::parts::written;
use crate::samples::{stored, values, wave};

/// Miri takes its time: there, a part of all cases.
const STEP: usize = if cfg!(miri) { 997 } else { 1 };

fn flac(audio: &Audio) -> Vec<u8> {
    written(audio, FileFormat::Flac, Encoding::Pcm16)
}

fn read(file: &[u8], start: u64, frames: Option<u64>) -> Result<Audio, Error> {
    files::read_from(Box::new(Cursor::new(file.to_vec())), stored(start, frames))
}

#[rstest]
fn flac_is_lossless(
    #[values(1, 2, 3)] channels: usize,
    #[values(1, 31, 4096, 10_000)] frames: usize,
) {
    let audio = wave(channels, frames);
    let back = read(&flac(&audio), 0, None).unwrap();
    assert_eq!(values(&back), values(&audio).as_slice());
}

#[test]
fn a_range_is_that_part_of_the_whole() {
    let audio = wave(2, 50_000);
    let file = flac(&audio);
    let whole = values(&audio);
    for start in [0_usize, 1, 4095, 4096, 33_333, 49_999, 50_000] {
        let part = values(&read(&file, start as u64, Some(700)).unwrap());
        for (part, whole) in part.iter().zip(&whole) {
            assert_eq!(part, &whole[start..(start + 700).min(50_000)]);
        }
    }
    let behind = read(&file, 50_001, None);
    assert!(matches!(behind, Err(Error::IndexOutOfRange { .. })));
}

#[test]
fn going_back_gives_the_same_frames_again() {
    let audio = wave(1, 30_000);
    let mut source = FrameSource::open(Box::new(Cursor::new(flac(&audio)))).unwrap();
    assert_eq!(source.count().unwrap(), 30_000);
    for start in [20_000, 0, 29_000, 5] {
        let part = source.read(stored(start, Some(100))).unwrap();
        let from = start as usize;
        assert_eq!(values(&part)[0], values(&audio)[0][from..from + 100]);
    }
}

/// Whatever the bytes are: audio no longer than they justify, or an error of a file.
fn check(file: &[u8]) {
    let told = info::of(Box::new(Cursor::new(file.to_vec())));
    assert!(matches!(told, Ok(_) | Err(Error::File { .. })), "{told:?}");
    match read(file, 0, None) {
        Ok(_) => {}
        Err(Error::File { offset, .. }) => {
            let is_inside = offset.is_none_or(|at| at <= file.len() as u64);
            assert!(is_inside, "{offset:?}");
        }
        Err(other) => panic!("{other:?}"),
    }
    match read(file, 3000, Some(2000)) {
        Ok(_) | Err(Error::File { .. } | Error::IndexOutOfRange { .. }) => {}
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn a_flac_file_may_be_cut_short_anywhere() {
    let file = flac(&wave(2, 6000));
    for length in (0..file.len()).step_by(11 * STEP) {
        check(&file[..length]);
        assert!(read(&file[..length], 0, None).is_err(), "{length} bytes");
    }
}

#[test]
fn every_byte_of_a_flac_header_may_be_any_byte() {
    let file = flac(&wave(1, 5000));
    for at in (0..60).step_by(STEP) {
        for byte in [0, 1, 0x7F, 0x80, 0xFE, 0xFF] {
            let mut changed = file.clone();
            changed[at] = byte;
            check(&changed);
        }
    }
}

#[test]
fn damage_anywhere_in_flac_is_noticed() {
    let audio = wave(1, 9000);
    let file = flac(&audio);
    for at in (42..file.len()).step_by(37 * STEP) {
        let mut changed = file.clone();
        changed[at] ^= 0x10;
        check(&changed);
        // Each frame has a checksum.
        assert!(read(&changed, 0, None).is_err(), "byte {at}");
    }
}

#[test]
fn noise_behind_any_beginning_is_read_or_refused() {
    let beginnings: [&[u8]; 9] = [
        b"fLaC\0\0\0\x22",
        b"OggS\0\x02",
        b"ID3\x04\0\0\0\0\0\x20",
        b"\xFF\xFB\x90\x64",
        b"\xFF\xF1\x50\x80",
        b"\0\0\0\x18ftypM4A ",
        b"\x1A\x45\xDF\xA3\x9F\x42\x86",
        b"caff\0\x01\0\0desc",
        b"RIFF\xFF\0\0\0WAVEfmt ",
    ];
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    for beginning in beginnings {
        for length in (0..4000).step_by(97 * STEP) {
            let mut file = beginning.to_vec();
            file.extend((0..length).map(|_| {
                // Marsaglia's xorshift.
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state as u8
            }));
            check(&file);
        }
    }
}

#[test]
fn a_claim_of_frames_is_no_reason_for_memory() {
    let mut file = flac(&wave(1, 5000));
    // 36 bits of frames.
    file[21] |= 0x0F;
    file[22..26].fill(0xFF);
    let Err(Error::File { message, .. }) = read(&file, 0, None) else {
        panic!("read");
    };
    assert!(message.contains("cut short"), "{message}");
}

#[test]
fn frames_behind_damage_do_not_take_its_place() {
    let mut file = flac(&wave(1, 20_000));
    file[100] ^= 0x10;
    let refused = read(&file, 0, Some(4000));
    assert!(matches!(refused, Err(Error::File { .. })), "{refused:?}");
}
