use std::io::{Cursor, Read, Seek, SeekFrom, Write};

use audio_samples::audio::{Audio, Wait};
use audio_samples::dtype::Dtype;
use audio_samples::error::Error;
use audio_samples::files;
use audio_samples::files::clipping::Clipped;
use audio_samples::files::pcm::encoding::{Encoding, Law};
use audio_samples::files::pcm::wav;
use audio_samples::files::pcm::wav::Header;
use audio_samples::files::write::{FileFormat, Recipe};
use audio_samples::registry::Until;
use rstest::rstest;

use Encoding::{Float32, Float64, Pcm16, Pcm24, Pcm32, Unsigned8};

use crate::samples::{audio_of, rate, values};

/// A chunk: its letters, its size where that is a lie, its content.
pub type HandMade<'a> = (&'a [u8; 4], Option<u32>, &'a [u8]);

/// A RIFF file of these chunks, padded to even sizes.
pub fn riff(chunks: &[HandMade<'_>]) -> Vec<u8> {
    let mut file = b"RIFF\0\0\0\0WAVE".to_vec();
    for (id, size, content) in chunks {
        file.extend(*id);
        file.extend(size.unwrap_or(content.len() as u32).to_le_bytes());
        file.extend(*content);
        file.resize(file.len().next_multiple_of(2), 0);
    }
    let size = file.len() as u32 - 8;
    file[4..8].copy_from_slice(&size.to_le_bytes());
    file
}

/// The content of a plain `fmt` chunk that is in itself right.
pub fn fmt(tag: u16, channels: u16, hertz: u32, bits: u16) -> Vec<u8> {
    let frame = channels.wrapping_mul(bits.div_ceil(8));
    let mut content = Vec::new();
    content.extend(tag.to_le_bytes());
    content.extend(channels.to_le_bytes());
    content.extend(hertz.to_le_bytes());
    content.extend(hertz.wrapping_mul(u32::from(frame)).to_le_bytes());
    content.extend(frame.to_le_bytes());
    content.extend(bits.to_le_bytes());
    content
}

/// The content of an extensible `fmt` chunk: `tag` stands in its GUID, before `rest`.
fn extensible(tag: u16, channels: u16, bits: u16, rest: [u8; 12]) -> Vec<u8> {
    let mut content = fmt(0xFFFE, channels, 48000, bits);
    content.extend(22_u16.to_le_bytes());
    content.extend(bits.to_le_bytes());
    content.extend(0_u32.to_le_bytes());
    content.extend(u32::from(tag).to_le_bytes());
    content.extend(rest);
    content
}

pub fn read_all(file: &[u8]) -> Result<Audio, Error> {
    wav::read(&mut Cursor::new(file), None, 0, None)
}

/// Writes a whole WAV file.
pub fn write<W: Write>(
    file: &mut W,
    audio: &Audio,
    encoding: Option<Encoding>,
) -> Result<Clipped, Error> {
    let recipe = Recipe {
        format: Some(FileFormat::Wav),
        encoding,
        ..Recipe::default()
    };
    files::write::write(file, audio, &recipe, Until::Now)
}

pub fn written(audio: &Audio, encoding: Option<Encoding>) -> Vec<u8> {
    let mut file = Vec::new();
    write(&mut file, audio, encoding).unwrap();
    file
}

/// Values that use all bits of an encoding, different in every channel and frame.
fn pattern(encoding: Encoding, channel: usize, frame: usize) -> f64 {
    let mixed = (channel as i64 * 7919 + frame as i64 + 1).wrapping_mul(0x9E37_79B9) as i32;
    match encoding {
        Encoding::Unsigned8 | Encoding::Signed8 => f64::from(mixed as i8) * 256.0,
        Encoding::G711(law) => f64::from(law.expand(mixed as u8)),
        Encoding::Pcm16 => f64::from(mixed as i16),
        Encoding::Pcm24 => f64::from(mixed & !0xFF),
        Encoding::Pcm32 => f64::from(mixed),
        Encoding::Float32 => f64::from(mixed as f32 / 3e9),
        Encoding::Float64 => f64::from(mixed) / 3e9,
    }
}

pub fn patterned(encoding: Encoding, shape: &[usize]) -> Audio {
    audio_of(shape, encoding.dtype(), 44100, |channel, frame| {
        pattern(encoding, channel, frame)
    })
}

#[rstest]
#[case::unsigned8(Encoding::Unsigned8)]
#[case::pcm16(Encoding::Pcm16)]
#[case::pcm24(Encoding::Pcm24)]
#[case::pcm32(Encoding::Pcm32)]
#[case::float32(Encoding::Float32)]
#[case::float64(Encoding::Float64)]
#[case::mu_law(Encoding::G711(Law::Mu))]
#[case::a_law(Encoding::G711(Law::A))]
fn what_is_written_is_read_back_bit_for_bit(
    #[case] encoding: Encoding,
    #[values(1, 2, 3, 64)] channels: usize,
    #[values(0, 1, 2, 7, 1001)] frames: usize,
) {
    let audio = patterned(encoding, &[channels, frames]);
    let file = written(&audio, Some(encoding));
    assert_eq!(file.len() % 2, 0);
    let size = (file.len() as u32 - 8).to_le_bytes();
    assert_eq!(file[4..8], size, "size of the RIFF chunk");
    let back = read_all(&file).unwrap();
    assert_eq!(back.dtype(), encoding.dtype());
    assert_eq!(back.rate(), audio.rate());
    let shape = [channels, frames];
    assert_eq!(back.layout().shape(), &shape[usize::from(channels == 1)..]);
    assert_eq!(values(&back), values(&audio));

    let info = wav::info(&mut Cursor::new(&file)).unwrap();
    assert_eq!(info.encoding, encoding);
    assert_eq!((info.channels, info.frames), (channels, frames as u64));
    assert_eq!(info.rate, audio.rate());
    assert_eq!(info.duration(), frames as f64 / 44100.0);
    assert_eq!(info.subtype(), encoding.name());
    let alignment = encoding.dtype().size() as u64;
    assert_eq!(info.data_offset % alignment, 0, "samples lie aligned");
}

#[rstest]
fn blocks_follow_each_other_without_a_seam(
    #[values(Encoding::Pcm24, Encoding::Float64)] encoding: Encoding,
    #[values(1, 2)] channels: usize,
) {
    let audio = patterned(encoding, &[channels, 40_000]);
    let file = written(&audio, Some(encoding));
    let back = read_all(&file).unwrap();
    assert_eq!(values(&back), values(&audio));
    let (start, frames) = (7_000, 30_001);
    let part = wav::read(&mut Cursor::new(&file), None, start, Some(frames)).unwrap();
    for (part, whole) in values(&part).iter().zip(values(&audio)) {
        assert_eq!(part[..], whole[7_000..37_001]);
    }
}

#[rstest]
fn any_range_is_the_slice_of_the_whole(#[values(1, 2, 5)] channels: usize) {
    let audio = patterned(Encoding::Pcm16, &[channels, 9]);
    let file = written(&audio, None);
    let whole = values(&audio);
    for start in 0..=9_usize {
        for frames in [None, Some(0), Some(1), Some(4), Some(9), Some(u64::MAX)] {
            let part = wav::read(&mut Cursor::new(&file), None, start as u64, frames).unwrap();
            let end = frames.map_or(9, |frames| frames.saturating_add(start as u64).min(9));
            assert_eq!(part.layout().frames(), end as usize - start);
            for (part, whole) in values(&part).iter().zip(&whole) {
                assert_eq!(part[..], whole[start..end as usize]);
            }
        }
    }
    let behind = wav::read(&mut Cursor::new(&file), None, 10, Some(0));
    let expected = Error::IndexOutOfRange {
        what: "frame",
        index: 10.into(),
        count: 9,
    };
    assert_eq!(behind.unwrap_err(), expected);
}

#[rstest]
fn reading_into_another_type_is_converting(
    #[values(Unsigned8, Pcm16, Pcm24, Pcm32, Float32, Float64)] encoding: Encoding,
    #[values(Dtype::Int16, Dtype::Int32, Dtype::Float32, Dtype::Float64)] dtype: Dtype,
    #[values(1, 2)] channels: usize,
) {
    let audio = patterned(encoding, &[channels, 300]);
    let file = written(&audio, Some(encoding));
    let read = wav::read(&mut Cursor::new(&file), Some(dtype), 0, None).unwrap();
    assert_eq!(read.dtype(), dtype);
    let converted = audio.convert(dtype, Wait::brief()).unwrap();
    assert_eq!(values(&read), values(&converted));
}

#[test]
fn integers_are_fractions_of_full_scale() {
    let audio = audio_of(&[4], Dtype::Int16, 8000, |_, frame| {
        [-32768.0, -1.0, 1.0, 32767.0][frame]
    });
    let file = written(&audio, None);
    let read = wav::read(&mut Cursor::new(&file), Some(Dtype::Float32), 0, None).unwrap();
    let expected = [-1.0, -1.0 / 32768.0, 1.0 / 32768.0, 32767.0 / 32768.0];
    assert_eq!(values(&read), [expected]);
}

const PCM_GUID: [u8; 12] = [0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71];
const AMBISONIC_GUID: [u8; 12] = [
    0x21, 0x07, 0xD3, 0x11, 0x86, 0x44, 0xC8, 0xC1, 0xCA, 0, 0, 0,
];

#[rstest]
#[case::plain(fmt(1, 2, 48000, 16))]
#[case::with_an_empty_extension([fmt(1, 2, 48000, 16), vec![0, 0]].concat())]
#[case::extensible(extensible(1, 2, 16, PCM_GUID))]
#[case::ambisonic(extensible(1, 2, 16, AMBISONIC_GUID))]
#[case::extensible_and_longer([extensible(1, 2, 16, PCM_GUID), vec![9; 6]].concat())]
#[case::twelve_of_sixteen_bits(fmt(1, 2, 48000, 12))]
fn every_kind_of_format_chunk_is_understood(#[case] format: Vec<u8>) {
    let file = riff(&[
        (b"fmt ", None, &format),
        (b"data", None, b"\x01\0\x02\0\x03\0\x04\0"),
    ]);
    let audio = read_all(&file).unwrap();
    assert_eq!(audio.rate(), rate(48000));
    assert_eq!(values(&audio), [[1.0, 3.0], [2.0, 4.0]]);
}

#[test]
fn an_extensible_float_is_a_float() {
    let format = extensible(3, 1, 64, PCM_GUID);
    let samples = [0.25_f64.to_le_bytes(), (-0.5_f64).to_le_bytes()].concat();
    let file = riff(&[(b"fmt ", None, &format), (b"data", None, &samples)]);
    assert_eq!(values(&read_all(&file).unwrap()), [[0.25, -0.5]]);
}

/// Makes a big-endian file of a little-endian one, but for its samples from byte `data` on.
pub fn turn_header(file: &mut [u8], data: usize) {
    file[3] = b'X';
    for number in [4..8, 16..20, 20..22, 22..24, 24..28, 28..32, 32..34, 34..36] {
        file[number].reverse();
    }
    if data == 56 {
        file[40..44].reverse();
        file[44..48].reverse();
    }
    file[data - 4..data].reverse();
}

#[rstest]
fn a_big_endian_file_has_the_same_samples(
    #[values(Unsigned8, Pcm16, Pcm24, Pcm32, Float32, Float64)] encoding: Encoding,
    #[values(1, 3)] channels: usize,
) {
    let audio = patterned(encoding, &[channels, 11]);
    let mut file = written(&audio, Some(encoding));
    let data = wav::info(&mut Cursor::new(&file)).unwrap().data_offset as usize;
    let end = data + channels * 11 * encoding.width();
    turn_header(&mut file, data);
    file[data..end]
        .chunks_exact_mut(encoding.width())
        .for_each(<[u8]>::reverse);
    assert_eq!(values(&read_all(&file).unwrap()), values(&audio));
}

#[test]
fn other_chunks_are_kept_by_their_place_and_passed_over() {
    let format = fmt(1, 1, 8000, 8);
    let file = riff(&[
        (b"bext", None, &[7; 33]),
        (b"fmt ", None, &format),
        (b"LIST", None, b""),
        (b"data", None, b"\x80\x81\x00"),
        (b"id3 ", None, b"abc"),
    ]);
    let header = Header::read(&mut Cursor::new(&file)).unwrap();
    let found: Vec<_> = header
        .chunks
        .iter()
        .map(|chunk| (&chunk.id, chunk.offset, chunk.size))
        .collect();
    let expected: [(&[u8; 4], u64, u64); 5] = [
        (b"bext", 20, 33),
        (b"fmt ", 62, 16),
        (b"LIST", 86, 0),
        (b"data", 94, 3),
        (b"id3 ", 106, 3),
    ];
    assert_eq!(found, expected);
    assert_eq!(header.info.data_offset, 94);
    assert!(!header.is_stream);
    assert_eq!(values(&read_all(&file).unwrap()), [[0.0, 256.0, -32768.0]]);
}

#[test]
fn a_chunk_without_padding_is_passed_over_all_the_same() {
    let mut file = riff(&[
        (b"note", None, b"odd"),
        (b"fmt ", None, &fmt(1, 1, 8000, 16)),
        (b"data", None, b"\x05\0"),
    ]);
    // Where the padding is there, it may be any byte.
    file[23] = b'x';
    assert_eq!(values(&read_all(&file).unwrap()), [[5.0]]);
    file.remove(23);
    assert_eq!(values(&read_all(&file).unwrap()), [[5.0]]);
}

#[test]
fn a_file_begins_where_the_reader_stands() {
    let audio = patterned(Encoding::Pcm24, &[2, 10]);
    let mut inside = vec![0xAA; 101];
    inside.extend(written(&audio, Some(Encoding::Pcm24)));
    let mut reader = Cursor::new(inside);
    reader.seek(SeekFrom::Start(101)).unwrap();
    let info = wav::info(&mut reader).unwrap();
    assert_eq!(info.data_offset, 101 + 44);
    assert_eq!(reader.stream_position().unwrap(), 101);
    let back = wav::read(&mut reader, None, 0, None).unwrap();
    assert_eq!(values(&back), values(&audio));
}

/// A reader that gives one byte at a time, with interruptions in between.
struct Slow<'a>(Cursor<&'a [u8]>, bool);

impl Read for Slow<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        self.1 = !self.1;
        if self.1 {
            return Err(std::io::ErrorKind::Interrupted.into());
        }
        let len = into.len().min(1);
        self.0.read(&mut into[..len])
    }
}

impl Seek for Slow<'_> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.0.seek(to)
    }
}

#[test]
fn a_slow_reader_gives_the_same_samples() {
    let audio = patterned(Encoding::Pcm24, &[2, 100]);
    let file = written(&audio, Some(Encoding::Pcm24));
    let mut slow = Slow(Cursor::new(&file), false);
    let back = wav::read(&mut slow, None, 0, None).unwrap();
    assert_eq!(values(&back), values(&audio));
}
