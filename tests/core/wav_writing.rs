use std::io::{Cursor, Write};

use audio_samples::audio::{Audio, Wait};
use audio_samples::dtype::Dtype;
use audio_samples::error::Error;
use audio_samples::files::pcm::encoding::Encoding;
use audio_samples::files::pcm::wav;
use audio_samples::kernel::{Operand, Scalar};
use audio_samples::layout::Layout;
use rstest::rstest;

use crate::blocks::u64_at;
use crate::samples::{audio_of, values};
use crate::wav::{patterned, read_all, write, written};

#[rstest]
#[case::unsigned8(Encoding::Unsigned8, 128.0)]
#[case::pcm16(Encoding::Pcm16, 32768.0)]
#[case::pcm24(Encoding::Pcm24, 8_388_608.0)]
#[case::pcm32(Encoding::Pcm32, 2_147_483_648.0)]
fn floats_are_rounded_once_to_the_even_and_saturate(
    #[case] encoding: Encoding,
    #[case] scale: f64,
) {
    let steps = [0.5, 1.5, -0.5, -1.5, 2.4, -2.6];
    let infinity = f64::INFINITY;
    let edges = [1.0, -1.0, 7.0, -7.0, infinity, -infinity, f64::NAN];
    let given = [&steps.map(|step| step / scale)[..], &edges].concat();
    let (most, least) = (scale - 1.0, -scale);
    let expected = [
        0.0, 2.0, -0.0, -2.0, 2.0, -3.0, most, least, most, least, most, least, 0.0,
    ];
    let value = |_, frame: usize| given[frame];
    let audio = audio_of(&[given.len()], Dtype::Float64, 8000, value);
    let back = read_all(&written(&audio, Some(encoding))).unwrap();
    let step = encoding.dtype().full_scale() / scale;
    assert_eq!(values(&back), [expected.map(|value| value * step)]);
}

#[test]
fn a_value_just_above_a_tie_is_not_rounded_twice() {
    // Rounded to 32 bits first, this would become a tie, and then the even 0.
    let value = 0.5 / 8_388_608.0 + 1e-12;
    let audio = audio_of(&[1], Dtype::Float64, 8000, |_, _| value);
    let back = read_all(&written(&audio, Some(Encoding::Pcm24))).unwrap();
    assert_eq!(values(&back), [[256.0]]);
}

#[test]
fn the_type_chooses_the_encoding() {
    for dtype in Dtype::ALL {
        let audio = audio_of(&[2], dtype, 8000, |_, _| 0.0);
        let file = written(&audio, None);
        let info = wav::info(&mut Cursor::new(file)).unwrap();
        assert_eq!(info.encoding, Encoding::of(dtype));
        assert_eq!(info.dtype(), dtype);
    }
}

#[test]
fn an_encoding_is_found_by_its_name() {
    for encoding in Encoding::ALL {
        assert_eq!(Encoding::from_name(encoding.name()).unwrap(), encoding);
    }
    assert_eq!(Encoding::from_name("pcm_16").unwrap(), Encoding::Pcm16);
    let unknown = Encoding::from_name("PCM_12").unwrap_err().to_string();
    assert!(unknown.contains("'PCM_12'") && unknown.contains("PCM_U8, PCM_16, PCM_24"));
}

#[test]
fn the_bytes_of_an_integer_file_are_these() {
    let audio = audio_of(&[2, 2], Dtype::Int16, 44100, |channel, frame| {
        [[1.0, 2.0], [-1.0, 256.0]][channel][frame]
    });
    let expected = [
        &b"RIFF\x2C\0\0\0WAVEfmt \x10\0\0\0"[..],
        &b"\x01\0\x02\0\x44\xAC\0\0\x10\xB1\x02\0\x04\0\x10\0"[..],
        &b"data\x08\0\0\0\x01\0\xFF\xFF\x02\0\0\x01"[..],
    ];
    assert_eq!(written(&audio, None), expected.concat());
}

#[test]
fn the_bytes_of_a_float_file_are_these() {
    let audio = audio_of(&[1], Dtype::Float32, 8000, |_, _| 1.0);
    let expected = [
        &b"RIFF\x34\0\0\0WAVEfmt \x10\0\0\0"[..],
        &b"\x03\0\x01\0\x40\x1F\0\0\0\x7D\0\0\x04\0\x20\0"[..],
        &b"fact\x04\0\0\0\x01\0\0\0"[..],
        &b"data\x04\0\0\0\0\0\x80\x3F"[..],
    ];
    assert_eq!(written(&audio, None), expected.concat());
}

#[test]
fn audio_is_written_as_it_is_seen_not_as_it_lies() {
    let audio = patterned(Encoding::Pcm32, &[3, 50]);
    let layout = audio.layout().take_frames(48, 20, -2).unwrap();
    let layout = layout.take_channels(2, 2, -2).unwrap();
    let view = audio.with_layout(layout).unwrap();
    let back = read_all(&written(&view, None)).unwrap();
    assert_eq!(values(&back), values(&view));
    assert_eq!(back.layout().shape(), [2, 20]);
}

#[test]
fn the_greatest_rate_is_kept() {
    let audio = audio_of(&[2, 1], Dtype::Float64, u32::MAX, |_, _| 0.5);
    let back = read_all(&written(&audio, None)).unwrap();
    assert_eq!(back.rate(), audio.rate());
}

/// Samples that repeat one place in memory, so that their number costs nothing.
fn repeated(shape: &[usize]) -> Audio {
    let audio = audio_of(&[1], Dtype::Int16, 8000, |_, _| 1.0);
    let layout = Layout::strided(shape, &[0, 0][..shape.len()], 0).unwrap();
    audio.with_layout(layout).unwrap()
}

#[rstest]
#[case::no_channel(&[0, 5], Encoding::Pcm16, "without a channel")]
#[case::too_many_channels(&[40_000, 5], Encoding::Pcm16, "40000 channels as PCM_16 are frames of 80000 bytes")]
fn what_the_format_cannot_hold_is_refused_before_the_first_byte(
    #[case] shape: &[usize],
    #[case] encoding: Encoding,
    #[case] says: &str,
) {
    let mut file = Vec::new();
    let refused = write(&mut file, &repeated(shape), Some(encoding));
    let Err(error @ Error::InvalidArgument { .. }) = refused else {
        panic!("{refused:?}");
    };
    assert!(error.to_string().contains(says), "{error}");
    assert!(file.is_empty());
}

/// The first bytes of a file, all that the test reads of it.
fn head(frames: usize, encoding: Encoding) -> Vec<u8> {
    let full = || Err(std::io::ErrorKind::StorageFull.into());
    let mut disk = Disk::new(128, full);
    let refused = write(&mut disk, &repeated(&[frames]), Some(encoding));
    assert!(matches!(refused, Err(Error::Io { .. })));
    disk.taken
}

#[rstest]
#[case::of_16_bits(1 << 33, Encoding::Pcm16)]
#[case::just_too_long_for_riff((1 << 31) - 18, Encoding::Pcm16)]
#[case::of_floats(1 << 31, Encoding::Float32)]
#[case::of_doubles(1 << 30, Encoding::Float64)]
fn what_32_bits_cannot_count_is_rf64(#[case] frames: usize, #[case] encoding: Encoding) {
    let head = head(frames, encoding);
    assert_eq!(&head[..20], b"RF64\xFF\xFF\xFF\xFFWAVEds64\x1C\0\0\0");
    let bytes = frames as u64 * encoding.width() as u64;
    assert_eq!([28, 36].map(|at| u64_at(&head, at)), [bytes, frames as u64]);
    let data = head.windows(4).position(|letters| letters == b"data");
    let data = data.unwrap();
    assert_eq!(head[data + 4..data + 8], [0xFF; 4]);
    assert!((data + 8).is_multiple_of(8));
    assert_eq!(u64_at(&head, 20), bytes + data as u64);
}

#[test]
fn the_longest_riff_file_stays_one() {
    let head = head((1 << 31) - 19, Encoding::Pcm16);
    assert_eq!(&head[..8], b"RIFF\xFE\xFF\xFF\xFF");
}

#[test]
fn as_many_channels_as_the_format_holds_are_written_and_read() {
    let audio = patterned(Encoding::Pcm16, &[32767, 3]);
    let back = read_all(&written(&audio, None)).unwrap();
    assert_eq!(values(&back), values(&audio));
}

/// A disk that takes so many bytes and then looks at the audio or is full.
struct Disk<F> {
    room: usize,
    full: F,
    taken: Vec<u8>,
}

impl<F> Disk<F> {
    fn new(room: usize, full: F) -> Disk<F> {
        let taken = Vec::new();
        Disk { room, full, taken }
    }
}

impl<F: FnMut() -> std::io::Result<usize>> Write for Disk<F> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.room == 0 {
            return (self.full)();
        }
        let taken = bytes.len().min(self.room);
        self.room -= taken;
        self.taken.extend(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[rstest]
fn a_full_disk_is_an_error(#[values(0, 1, 44, 45, 1000)] room: usize) {
    let audio = patterned(Encoding::Pcm16, &[2, 5000]);
    let mut disk = Disk::new(room, || Err(std::io::Error::from_raw_os_error(28)));
    let refused = write(&mut disk, &audio, None).unwrap_err();
    let Error::Io { code, message, .. } = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(code, Some(28));
    assert!(!message.contains("os error"), "{message}");
}

#[test]
fn samples_do_not_change_while_they_are_written() {
    let audio = patterned(Encoding::Pcm16, &[2, 5000]);
    let same = audio.clone();
    let mut seen = None;
    let zero = Operand::Scalar(Scalar::Int(0));
    let mut disk = Disk::new(100, || {
        seen = Some(same.assign(&zero, Wait::brief()));
        Err(std::io::Error::other("enough"))
    });
    let refused = write(&mut disk, &audio, None);
    assert!(matches!(refused, Err(Error::Io { .. })));
    assert!(matches!(seen, Some(Err(Error::Borrowed(_)))), "{seen:?}");
    audio.assign(&zero, Wait::brief()).unwrap();
}
