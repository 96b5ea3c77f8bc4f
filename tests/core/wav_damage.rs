//! Files that are damaged, or made to do harm.

use std::io::{Cursor, Read, Seek, SeekFrom};

use audio_samples::error::Error;
use audio_samples::files::pcm::wav;
use audio_samples::files::pcm::wav::Header;
use rstest::rstest;

use crate::samples::values;
use crate::wav::{HandMade, fmt, read_all, riff};

/// Miri takes its time: there, a part of all cases.
const STEP: usize = if cfg!(miri) { 13 } else { 1 };

/// The byte offset and the words of a refusal.
fn refusal(file: &[u8]) -> (Option<u64>, String) {
    match read_all(file) {
        Err(Error::File {
            offset, message, ..
        }) => (offset, message),
        other => panic!("{other:?}"),
    }
}

/// Mono, 16 bits, four frames: a file of 52 bytes.
fn good() -> Vec<u8> {
    riff(&[
        (b"fmt ", None, &fmt(1, 1, 8000, 16)),
        (b"data", None, b"\x01\0\x02\0\x03\0\x04\0"),
    ])
}

fn with(file: &[u8], offset: usize, bytes: &[u8]) -> Vec<u8> {
    let mut changed = file.to_vec();
    changed[offset..offset + bytes.len()].copy_from_slice(bytes);
    changed
}

#[rstest]
#[case::no_riff(0, b"JUNK", 0, "begins with 'JUNK")]
#[case::no_wave(8, b"AVI ", 8, "holds 'AVI ', not 'WAVE'")]
#[case::rf64(0, b"RF64", 12, "an RF64 file begins with a chunk 'ds64'")]
#[case::flac(0, b"fLaC", 0, "a FLAC file")]
#[case::no_letters(12, b"\x01\x02\x03\x04", 12, "'\\x01\\x02\\x03\\x04'")]
#[case::no_format(12, b"fmtx", 36, "comes before any 'fmt '")]
#[case::format_too_short(16, b"\x0E\0\0\0", 16, "has 14 bytes; it takes 16")]
#[case::format_past_the_end(
    16,
    b"\xFF\xFF\xFF\x7F",
    52,
    "'fmt ' claims 2147483647 bytes from byte 20"
)]
#[case::compressed(20, b"\x02\0", 20, "format 0x0002, Microsoft ADPCM")]
#[case::unknown_format(20, b"\x34\x12", 20, "format 0x1234)")]
#[case::extensible_too_short(20, b"\xFE\xFF", 16, "has 16 bytes; it takes 40")]
#[case::no_channels(22, b"\0\0", 22, "0 channels")]
#[case::wrong_channels(
    22,
    b"\x02\0",
    32,
    "frames of 2 bytes, but 2 channels of 16 bits take 4"
)]
#[case::no_rate(24, b"\0\0\0\0", 24, "rate of 0 Hz")]
#[case::no_frame(32, b"\0\0", 32, "frames of 0 bytes")]
#[case::wrong_frame(32, b"\x03\0", 32, "frames of 3 bytes")]
#[case::no_bits(34, b"\0\0", 34, "0-bit integers")]
#[case::too_many_bits(34, b"\x21\0", 34, "33-bit integers")]
#[case::other_bits(34, b"\x18\0", 32, "1 channels of 24 bits take 3")]
#[case::half_float(20, b"\x03\0", 34, "16-bit floats")]
#[case::no_data(36, b"daxx", 52, "ends without a 'data' chunk")]
#[case::longer_than_the_file(
    40,
    b"\x09\0\0\0",
    52,
    "claims 9 bytes of samples from byte 44 on, of which there are 8"
)]
#[case::much_longer(40, b"\0\0\0\xF0", 52, "claims 4026531840 bytes")]
fn each_field_is_checked_where_it_stands(
    #[case] offset: usize,
    #[case] bytes: &[u8],
    #[case] at: u64,
    #[case] says: &str,
) {
    let (found, message) = refusal(&with(&good(), offset, bytes));
    assert!(message.contains(says), "{message}");
    assert_eq!(found, Some(at), "{message}");
}

#[test]
fn the_message_ends_with_the_byte() {
    let error = read_all(&with(&good(), 22, b"\0\0")).unwrap_err();
    assert_eq!(error.to_string(), "the file claims 0 channels (at byte 22)");
}

#[rstest]
#[case::size_of_the_riff_chunk_too_small(4, b"\x01\0\0\0")]
#[case::size_of_the_riff_chunk_zero(4, b"\0\0\0\0")]
#[case::size_of_the_riff_chunk_too_large(4, b"\xFF\xFF\xFF\x7F")]
#[case::byte_rate(28, b"\xFF\xFF\xFF\xFF")]
fn fields_that_the_reader_does_not_need_are_not_believed(
    #[case] offset: usize,
    #[case] bytes: &[u8],
) {
    let audio = read_all(&with(&good(), offset, bytes)).unwrap();
    assert_eq!(values(&audio), [[1.0, 2.0, 3.0, 4.0]]);
}

#[test]
fn a_file_cut_anywhere_is_refused_at_its_end() {
    let files = [
        good(),
        riff(&[
            (b"LIST", None, b"something"),
            (b"fmt ", None, &fmt(3, 2, 8000, 32)),
            (b"fact", None, b"\x01\0\0\0"),
            (b"data", None, &[1; 8]),
        ]),
    ];
    for file in files {
        for len in 0..file.len() {
            let (offset, message) = refusal(&file[..len]);
            let is_inside = offset.is_some_and(|at| at <= len as u64);
            assert!(is_inside, "{len}: {message}");
        }
        read_all(&file).unwrap();
    }
}

/// Any file that is read has bytes for every frame that was read.
fn check_any(file: &[u8]) {
    match Header::read(&mut Cursor::new(file)) {
        Ok(header) => {
            let info = header.info;
            let bytes = info.frames * info.frame_bytes() as u64;
            assert!(info.data_offset + bytes <= file.len() as u64);
            for chunk in &header.chunks {
                assert!(chunk.offset + chunk.size <= file.len() as u64);
            }
            let audio = read_all(file).unwrap();
            assert_eq!(audio.layout().frames() as u64, info.frames);
            assert_eq!(audio.layout().channels(), info.channels);
        }
        Err(Error::File { offset, .. }) => {
            assert!(offset.is_some_and(|at| at <= file.len() as u64));
        }
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn every_byte_of_a_header_may_be_any_byte() {
    let file = riff(&[
        (b"LIST", None, b"odd"),
        (b"fmt ", None, &fmt(1, 2, 8000, 24)),
        (b"data", None, &[3; 12]),
        (b"tail", None, b"xy"),
    ]);
    for offset in 0..file.len() {
        for byte in (0..=255).step_by(STEP) {
            check_any(&with(&file, offset, &[byte]));
        }
    }
}

#[test]
fn every_field_of_a_header_may_be_any_number() {
    let file = riff(&[
        (b"fmt ", None, &fmt(1, 2, 8000, 24)),
        (b"data", None, &[3; 12]),
        (b"tail", None, b"xy"),
    ]);
    let small = [0, 1, 7, 12, 13, 36, 60];
    let edges = [
        &small[..],
        &[0x7FFF_0000, 0x7FFF_FFFF, 0x8000_0000, u32::MAX],
    ]
    .concat();
    for first in (0..file.len() - 4).step_by(2 * STEP) {
        for &one in &edges {
            let once = with(&file, first, &u32::to_le_bytes(one));
            for second in (first + 4..file.len() - 4).step_by(2 * STEP) {
                for &other in &edges {
                    check_any(&with(&once, second, &u32::to_le_bytes(other)));
                }
            }
        }
    }
}

#[test]
fn noise_behind_a_good_beginning_is_read_or_refused() {
    let mut state = 1_u64;
    for round in (0..20_000).step_by(STEP * STEP) {
        let mut file = good();
        for _ in 0..1 + round % 6 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let at = 4 + (state >> 33) as usize % (file.len() - 4);
            file[at] = (state >> 56) as u8;
        }
        file.truncate(12 + (state >> 20) as usize % 41);
        check_any(&file);
    }
}

#[rstest]
#[case::unknown_size(0xFFFF_FFFF, None)]
#[case::two_gib(0x8000_0000, None)]
#[case::almost_two_gib(0x7FFF_F000, None)]
#[case::unknown_riff_size(1000, Some(0xFFFF_FFFF))]
#[case::no_riff_size(1000, Some(0))]
#[case::never_closed(0, Some(36))]
#[case::never_closed_nor_begun(0, Some(0))]
#[case::empty_stream_header(0, Some(0xFFFF_FFFF))]
fn a_stream_goes_on_to_the_end_of_the_file(#[case] data: u32, #[case] riff_size: Option<u32>) {
    let content = b"\x01\0\x02\0\x03\0\x04\0\x05";
    let mut file = riff(&[
        (b"fmt ", None, &fmt(1, 2, 8000, 16)),
        (b"data", Some(data), content),
    ]);
    if let Some(size) = riff_size {
        file[4..8].copy_from_slice(&size.to_le_bytes());
    }
    // Two whole frames, and what a crash left of the third.
    assert_eq!(values(&read_all(&file).unwrap()), [[1.0, 3.0], [2.0, 4.0]]);
    let header = Header::read(&mut Cursor::new(&file)).unwrap();
    assert!(header.is_stream);
}

#[rstest]
#[case::at_the_end(&[])]
#[case::with_something_behind(&[(b"LIST", None, &b"abcdefgh"[..])])]
fn an_empty_file_is_empty(#[case] behind: &[HandMade<'_>]) {
    let format = fmt(1, 2, 8000, 16);
    let mut chunks: Vec<HandMade<'_>> = vec![(b"fmt ", None, &format), (b"data", None, b"")];
    chunks.extend(behind);
    let audio = read_all(&riff(&chunks)).unwrap();
    assert_eq!(audio.layout().shape(), [2, 0]);
}

#[rstest]
#[case::a_tag(b"TAG and some text".to_vec())]
#[case::zeros(vec![0; 13])]
#[case::half_a_chunk(b"LIST".to_vec())]
#[case::a_chunk_too_long(b"LIST\xFF\0\0\0abc".to_vec())]
fn what_lies_behind_the_samples_is_forgiven(#[case] behind: Vec<u8>) {
    let file = [good(), behind].concat();
    assert_eq!(values(&read_all(&file).unwrap()), [[1.0, 2.0, 3.0, 4.0]]);
    let header = Header::read(&mut Cursor::new(&file)).unwrap();
    assert_eq!(header.chunks.len(), 2);
}

#[test]
fn an_incomplete_last_frame_is_no_frame() {
    let file = riff(&[
        (b"fmt ", None, &fmt(1, 2, 8000, 16)),
        (b"data", None, b"\x01\0\x02\0\x03\0"),
    ]);
    assert_eq!(values(&read_all(&file).unwrap()), [[1.0], [2.0]]);
}

#[test]
fn two_format_chunks_are_one_too_many() {
    let format = fmt(1, 1, 8000, 16);
    let file = riff(&[
        (b"fmt ", None, &format),
        (b"fmt ", None, &format),
        (b"data", None, b"\0\0"),
    ]);
    let (offset, message) = refusal(&file);
    assert!(message.contains("two 'fmt '"), "{message}");
    assert_eq!(offset, Some(36));
}

#[test]
fn a_guid_of_something_else_is_no_encoding() {
    let mut format = fmt(0xFFFE, 1, 8000, 16);
    format.resize(40, 0);
    let file = riff(&[(b"fmt ", None, &format), (b"data", None, b"\0\0")]);
    let (offset, message) = refusal(&file);
    assert!(message.contains("GUID"), "{message}");
    assert_eq!(offset, Some(44));
}

#[test]
fn a_file_of_nothing_but_chunks_comes_to_an_end() {
    let mut file = good();
    let data = file.split_off(36);
    file.extend(b"junk\0\0\0\0".repeat(70_000));
    file.extend(data);
    let (_, message) = refusal(&file);
    assert!(message.contains("more than 65536 chunks"), "{message}");

    let mut file = good();
    file.extend(b"junk\0\0\0\0".repeat(70_000));
    assert_eq!(values(&read_all(&file).unwrap()), [[1.0, 2.0, 3.0, 4.0]]);
}

/// A file that is found to be shorter than it said.
struct Shrinking(Cursor<Vec<u8>>);

impl Read for Shrinking {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(into)
    }
}

impl Seek for Shrinking {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        match to {
            SeekFrom::End(0) => Ok(52),
            _ => self.0.seek(to),
        }
    }
}

#[rstest]
fn a_file_that_shrinks_while_it_is_read_is_an_error(#[values(13, 36, 44, 51)] len: usize) {
    let mut file = good();
    file.truncate(len);
    let refused = wav::read(&mut Shrinking(Cursor::new(file)), None, 0, None);
    let Err(Error::File { message, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert!(message.contains("became shorter"), "{message}");
}
