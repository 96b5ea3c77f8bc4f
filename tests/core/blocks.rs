use std::io::{Cursor, Error as IoError, Seek, SeekFrom, Write};

use audio_samples::audio::Audio;
use audio_samples::dtype::Dtype;
use audio_samples::error::Error;
use audio_samples::files::pcm::encoding::Encoding;
use audio_samples::files::pcm::wav;
use audio_samples::files::write;
use audio_samples::files::write::{Blocks, FileFormat, Recipe, SampleSpec};
use audio_samples::registry::Until;
use rstest::rstest;

use crate::samples::{self, audio_of, rate, values};

fn ramp(channels: usize, frames: usize) -> Audio {
    samples::ramp(channels, frames, Dtype::Int16)
}

fn recipe(format: FileFormat) -> Recipe {
    Recipe {
        format: Some(format),
        ..Recipe::default()
    }
}

fn in_blocks(blocks: &[Audio], recipe: &Recipe) -> Result<Vec<u8>, Error> {
    let mut file = Blocks::begin(Cursor::new(Vec::new()), SampleSpec::of(&blocks[0]), recipe)?;
    for block in blocks {
        file.append(block, Until::Now)?;
    }
    Ok(file.finish()?.0.into_inner())
}

#[rstest]
fn blocks_are_the_whole(
    #[values(FileFormat::Rf64, FileFormat::Aiff, FileFormat::Flac)] format: FileFormat,
    #[values(Encoding::Pcm16, Encoding::Pcm24)] encoding: Encoding,
) {
    let recipe = Recipe {
        encoding: Some(encoding),
        ..recipe(format)
    };
    let audio = ramp(3, 9001);
    let mut whole = Vec::new();
    write::write(&mut whole, &audio, &recipe, Until::Now).unwrap();
    let part = |start, count| {
        let layout = audio.layout().take_frames(start, count, 1).unwrap();
        audio.with_layout(layout).unwrap()
    };
    let blocks = [part(0, 1), part(1, 0), part(1, 4095), part(4096, 4905)];
    assert_eq!(in_blocks(&blocks, &recipe).unwrap(), whole);
}

#[test]
fn the_place_for_long_sizes_is_the_first_chunk() {
    let file = in_blocks(&[ramp(1, 3), ramp(1, 2)], &recipe(FileFormat::Wav)).unwrap();
    assert_eq!(&file[..4], b"RIFF");
    assert_eq!(&file[8..20], b"WAVEJUNK\x1C\0\0\0");
    assert_eq!(&file[48..52], b"fmt ");
    assert_eq!(&file[72..80], b"data\x0A\0\0\0");
    assert_eq!(file.len(), 90);
}

#[test]
fn a_block_of_another_kind_can_be_left_out() {
    let (file, facts) = (Cursor::new(Vec::new()), SampleSpec::of(&ramp(2, 1)));
    let mut file = Blocks::begin(file, facts, &Recipe::default()).unwrap();
    file.append(&ramp(2, 10), Until::Now).unwrap();
    let refused = file.append(&ramp(1, 10), Until::Now).unwrap_err();
    assert!(matches!(&refused, Error::InvalidArgument { message }
        if message.contains("block 1 (the first is 0) has 1 channel, and the blocks before it have 2 channels")));
    file.append(&ramp(2, 5), Until::Now).unwrap();
    let bytes = file.finish().unwrap().0.into_inner();
    let back = wav::read(&mut Cursor::new(bytes), None, 0, None).unwrap();
    assert_eq!(back.layout().shape(), [2, 15]);
}

/// A file that is never closed: what is left of a process that was killed.
#[rstest]
#[case::of_integers(Dtype::Int16)]
#[case::of_floats(Dtype::Float64)]
fn a_file_that_was_never_finished_is_read_as_far_as_it_goes(
    #[case] dtype: Dtype,
    #[values(FileFormat::Wav, FileFormat::Rf64)] format: FileFormat,
) {
    let block = audio_of(&[2, 70_000], dtype, 8000, |_, frame| (frame % 2) as f64);
    let mut left = Cursor::new(Vec::new());
    let mut file = Blocks::begin(&mut left, SampleSpec::of(&block), &recipe(format)).unwrap();
    file.append(&block, Until::Now).unwrap();
    drop(file);
    left.set_position(0);
    assert_eq!(left.get_ref()[4..8], [0xFF; 4]);
    let back = wav::read(&mut left, None, 0, None).unwrap();
    let frames = back.layout().frames();
    assert!((60_000..=70_000).contains(&frames), "{frames}");
    assert_eq!(values(&back)[1][..8], [0.0, 1.0].repeat(4));
}

/// The first bytes of a file as they are in the end, and how many there were.
#[derive(Default)]
struct Head {
    bytes: Vec<u8>,
    at: u64,
    len: u64,
}

const KEPT: u64 = 128;

impl Write for Head {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        for (place, byte) in (self.at..KEPT).zip(bytes) {
            let place = place as usize;
            self.bytes.resize(self.bytes.len().max(place + 1), 0);
            self.bytes[place] = *byte;
        }
        self.at += bytes.len() as u64;
        self.len = self.len.max(self.at);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Seek for Head {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.at = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::Current(by) => self.at.checked_add_signed(by).unwrap_or_default(),
            SeekFrom::End(_) => return Err(IoError::other("from the end")),
        };
        Ok(self.at)
    }
}

/// Doubles on one channel, `count` bytes of them, in blocks of up to 32 MiB.
fn head_of(bytes: u64, format: FileFormat) -> Result<Head, Error> {
    let block = Audio::zeros(&[4 << 20], Dtype::Float64, rate(8000)).unwrap();
    let kind = SampleSpec::of(&block);
    let mut file = Blocks::begin(Head::default(), kind, &recipe(format))?;
    let mut rest = bytes / 8;
    while rest > 0 {
        let count = rest.min(4 << 20);
        let layout = block.layout().take_frames(0, count as usize, 1)?;
        file.append(&block.with_layout(layout)?, Until::Now)?;
        rest -= count;
    }
    Ok(file.finish()?.0)
}

pub fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

/// Bytes of the header for doubles with a place for long sizes, and the most samples that RIFF counts behind it.
const HEADER: u64 = 104;
const LONGEST: u64 = (1 << 32) - HEADER;

#[rstest]
#[cfg_attr(miri, ignore = "4 GiB")]
#[case::the_longest_riff_file(LONGEST, false)]
#[cfg_attr(miri, ignore = "4 GiB")]
#[case::one_frame_more(LONGEST + 8, true)]
fn a_file_that_has_grown_past_4_gib_is_rf64(#[case] data: u64, #[case] is_long: bool) {
    let head = head_of(data, FileFormat::Wav).unwrap();
    assert_eq!(head.len, HEADER + data);
    assert_eq!(head.at, head.len);
    let bytes = &head.bytes;
    let place = bytes.windows(4).position(|name| name == b"data").unwrap();
    assert_eq!(place as u64 + 8, HEADER);
    if is_long {
        assert_eq!(&bytes[..20], b"RF64\xFF\xFF\xFF\xFFWAVEds64\x1C\0\0\0");
        let sizes = [20, 28, 36].map(|at| u64_at(bytes, at));
        assert_eq!(sizes, [head.len - 8, data, data / 8]);
        assert_eq!(bytes[place + 4..place + 8], [0xFF; 4]);
    } else {
        let size = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        assert_eq!((&bytes[..4], &bytes[12..16]), (&b"RIFF"[..], &b"JUNK"[..]));
        assert_eq!(u64::from(size(4)), head.len - 8);
        assert_eq!(u64::from(size(place + 4)), data);
    }
    let start = head_of(0, FileFormat::Wav).unwrap();
    assert_eq!(start.len, HEADER);
}

#[test]
#[cfg_attr(miri, ignore = "4 GiB")]
fn an_aiff_file_refuses_the_block_that_is_too_much_for_it() {
    let refused = head_of(1 << 32, FileFormat::Aiff).map(|head| head.len);
    let Err(Error::InvalidArgument { message }) = refused else {
        panic!("{refused:?}");
    };
    assert!(message.contains("write it as WAV"), "{message}");
}

/// A place that is written to and not gone back in.
struct Pipe(usize);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Seek for Pipe {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        match to {
            SeekFrom::Current(0) => Ok(self.0 as u64),
            SeekFrom::Start(at) if at == self.0 as u64 => Ok(at),
            _ => Err(IoError::from_raw_os_error(29)),
        }
    }
}

#[rstest]
fn what_does_not_go_back_is_found_out_before_the_first_block(
    #[values(FileFormat::Wav, FileFormat::Rf64, FileFormat::Aiff, FileFormat::Flac)]
    format: FileFormat,
) {
    let begun = Blocks::begin(Pipe(0), SampleSpec::of(&ramp(2, 1)), &recipe(format));
    let Err(Error::Io { code, .. }) = begun.map(drop) else {
        panic!("a pipe was begun");
    };
    assert_eq!(code, Some(29));
}
