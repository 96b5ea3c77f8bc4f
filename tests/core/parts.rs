//! One file read in parts by several threads: the same bits and the same errors as by one.

use std::io::{self, Cursor};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use audio_samples::audio::Audio;
use audio_samples::dtype::Dtype;
use audio_samples::error::Error;
use audio_samples::files::input::{Memory, Positional, Reader};
use audio_samples::files::parallel;
use audio_samples::files::pcm::encoding::Encoding;
use audio_samples::files::source::FrameSource;
use audio_samples::files::write;
use audio_samples::files::write::{FileFormat, Recipe};
use audio_samples::files::{ReadAs, Selection};
use audio_samples::registry::Until;
use rstest::rstest;

use crate::samples::{stored, values, wave};

const STEREO_MP3: &[u8] = include_bytes!("../data/tabla.mp3");
const VARYING_MP3: &[u8] = include_bytes!("../data/tabla-vbr.mp3");
const SMALL_MP3: &[u8] = include_bytes!("../data/tabla-low.mp3");
const VORBIS: &[u8] = include_bytes!("../data/tabla.ogg");
const ALAC: &[u8] = include_bytes!("../data/tabla.m4a");

pub fn written(audio: &Audio, format: FileFormat, encoding: Encoding) -> Vec<u8> {
    let recipe = Recipe {
        format: Some(format),
        encoding: Some(encoding),
        ..Recipe::default()
    };
    let mut file = Vec::new();
    write::write(&mut file, audio, &recipe, Until::Now).unwrap();
    file
}

fn flac() -> Vec<u8> {
    written(&wave(2, 120_000), FileFormat::Flac, Encoding::Pcm16)
}

fn long_flac() -> Vec<u8> {
    written(&wave(2, 600_000), FileFormat::Flac, Encoding::Pcm16)
}

fn plain(encoding: Encoding, channels: usize) -> Vec<u8> {
    written(&wave(channels, 120_000), FileFormat::Wav, encoding)
}

fn open(file: impl Positional + 'static) -> FrameSource<'static> {
    FrameSource::open(Box::new(Reader::new(file))).unwrap()
}

/// What one thread reads.
fn whole(file: &[u8], dtype: Option<Dtype>) -> Result<Audio, Error> {
    open(Memory(file.to_vec())).read(Selection::all(dtype.map_or(ReadAs::Stored, ReadAs::Type)))
}

/// Parts between some cuts and both ends.
fn between(cuts: &[u64], end: u64) -> Vec<Range<u64>> {
    let mut edges: Vec<u64> = cuts.iter().map(|cut| cut % (end + 1)).collect();
    edges.extend([0, end]);
    edges.sort_unstable();
    edges.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

/// Numbers that look drawn by chance, the same ones each time.
fn drawn(seed: u64, count: usize) -> Vec<u64> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) + 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state >> 16
    };
    (0..count).map(|_| next()).collect()
}

fn bits(audio: &Audio) -> Vec<u64> {
    let samples = values(audio).concat();
    samples.into_iter().map(f64::to_bits).collect()
}

#[rstest]
#[cfg_attr(miri, ignore = "hours")]
fn wherever_a_file_is_cut_the_samples_are_those_of_one_thread(
    #[values(
        STEREO_MP3.to_vec(), VARYING_MP3.to_vec(), VORBIS.to_vec(), ALAC.to_vec(), flac(),
        plain(Encoding::Pcm16, 2), plain(Encoding::Pcm24, 1), plain(Encoding::Float32, 3)
    )]
    file: Vec<u8>,
    #[values(None, Some(Dtype::Float32), Some(Dtype::Int16))] dtype: Option<Dtype>,
    #[values(1, 2, 3)] threads: usize,
) {
    let expected = whole(&file, dtype).unwrap();
    let frames = expected.layout().frames() as u64;
    let mut source = open(Memory(file));
    source.count().unwrap();
    for seed in 0..6 {
        let cuts = drawn(seed, 1 + seed as usize);
        let read =
            parallel::read_parts(&source, expected.dtype(), &between(&cuts, frames), threads);
        let read = read.expect("it is read in parts, and not given up");
        assert_eq!(bits(&read), bits(&expected), "cut at {cuts:?}");
    }
}

#[rstest]
#[cfg_attr(miri, ignore = "hours")]
fn no_cut_gives_other_samples_where_packets_are_few_bytes(#[values(2, 3)] threads: usize) {
    // 24 bytes a packet: what a frame needs may lie further back than a part begins.
    let expected = whole(SMALL_MP3, None).unwrap();
    let mut source = open(Memory(SMALL_MP3));
    let frames = source.count().unwrap();
    for seed in 0..20 {
        let parts = between(&drawn(seed, 2), frames);
        if let Some(read) = parallel::read_parts(&source, Dtype::Float32, &parts, threads) {
            assert_eq!(bits(&read), bits(&expected), "{parts:?}");
        }
    }
    let again = parallel::read(&mut open(Memory(SMALL_MP3)), stored(0, None), threads);
    assert_eq!(bits(&again.unwrap()), bits(&expected));
}

/// Bytes that count how often they are opened and how many of them are read.
struct Watched {
    bytes: Vec<u8>,
    read: Arc<AtomicU64>,
}

impl Positional for Watched {
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        let count = Memory(&self.bytes).read_at(into, offset)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.bytes.len() as u64)
    }
}

#[rstest]
#[case::flac(long_flac())]
#[case::plain(written(&wave(2, 600_000), FileFormat::Wav, Encoding::Pcm16))]
#[cfg_attr(miri, ignore = "hours")]
fn a_long_file_is_divided_and_no_part_is_read_twice(
    #[case] bytes: Vec<u8>,
    #[values(2, 3, 8)] threads: usize,
) {
    let expected = whole(&bytes, None).unwrap();
    let (len, read) = (bytes.len() as u64, Arc::new(AtomicU64::new(0)));
    let mut source = open(Watched {
        bytes,
        read: Arc::clone(&read),
    });
    assert!(parallel::divide(&mut source, 0, None, 1).is_none());
    let parts = parallel::divide(&mut source, 0, None, threads).unwrap();
    assert!(parts.len() > 1 && parts[0].start == 0);
    assert!(parts.windows(2).all(|pair| pair[0].end == pair[1].start));
    assert_eq!(parts.last().unwrap().end, 600_000);
    let audio = parallel::read(&mut source, stored(0, None), threads).unwrap();
    assert_eq!(bits(&audio), bits(&expected));
    // Seeks in FLAC look here and there.
    let read = read.load(Ordering::Relaxed);
    assert!(read < len + len / 2, "{read} of {len} bytes");
}

#[rstest]
#[case::a_range(100_001, Some(400_000))]
#[case::to_the_end(37, None)]
#[case::more_than_there_is(200_000, Some(10_000_000))]
#[cfg_attr(miri, ignore = "hours")]
fn a_range_is_divided_too(#[case] start: u64, #[case] frames: Option<u64>) {
    let file = long_flac();
    let read = |threads| {
        let mut source = open(Memory(file.clone()));
        parallel::read(&mut source, stored(start, frames), threads)
    };
    assert_eq!(bits(&read(3).unwrap()), bits(&read(1).unwrap()));
}

#[test]
fn short_files_and_those_of_one_reader_are_not_divided() {
    let file = written(&wave(2, 5_000), FileFormat::Flac, Encoding::Pcm16);
    assert!(parallel::divide(&mut open(Memory(file.clone())), 0, None, 8).is_none());
    let mut source = FrameSource::open(Box::new(Cursor::new(file))).unwrap();
    let all = 0..5_000;
    assert!(parallel::read_parts(&source, Dtype::Int16, &[all], 2).is_none());
    let read = parallel::read(&mut source, stored(0, None), 8).unwrap();
    assert_eq!(read.layout().frames(), 5_000);
}

#[rstest]
#[case::flac(long_flac())]
#[cfg_attr(miri, ignore = "hours")]
fn damage_is_the_error_that_one_thread_finds(#[case] file: Vec<u8>) {
    let told = |file: &[u8], threads| {
        let source = FrameSource::open(Box::new(Reader::new(Memory(file.to_vec()))));
        let read = source.and_then(|mut it| parallel::read(&mut it, stored(0, None), threads));
        read.map(|audio| bits(&audio))
    };
    let check = |file: &[u8], what: &str, place| {
        assert_eq!(told(file, 3), told(file, 1), "{what} byte {place}");
    };
    for place in drawn(3, 12) {
        let place = (place % file.len() as u64) as usize;
        let mut wrong = file.clone();
        wrong[place] ^= 0x55;
        check(&wrong, "wrong at", place);
        let mut missing = file.clone();
        missing.drain(place..(place + 30_000).min(file.len()));
        check(&missing, "30000 missing from", place);
        check(&file[..place], "up to", place);
    }
}

/// A file that later readers find to be another one.
struct Changing {
    first: Vec<u8>,
    later: Vec<u8>,
    is_later: Arc<AtomicBool>,
}

impl Positional for Changing {
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        let is_later = self.is_later.load(Ordering::Relaxed);
        Memory(if is_later { &self.later } else { &self.first }).read_at(into, offset)
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.first.len() as u64)
    }
}

#[rstest]
#[case::shorter(plain(Encoding::Pcm16, 2)[..1000].to_vec())]
#[case::another_kind(flac())]
fn a_file_that_changes_meanwhile_is_given_up(#[case] later: Vec<u8>) {
    for first in [
        plain(Encoding::Pcm16, 2),
        written(&wave(1, 120_000), FileFormat::Flac, Encoding::Pcm16),
    ] {
        let is_later = Arc::new(AtomicBool::new(false));
        let source = open(Changing {
            first,
            later: later.clone(),
            is_later: Arc::clone(&is_later),
        });
        is_later.store(true, Ordering::Relaxed);
        let parts = between(&[60_000], 120_000);
        // Bytes of another kind are samples as good as any where samples are plain.
        let is_plain = source.facts().format == "WAV" && later.len() > 400_000;
        let read = parallel::read_parts(&source, Dtype::Int16, &parts, 2);
        assert!(read.is_none() || is_plain);
    }
}
