//! One block of all channels, as a frame of a FLAC file.

use crc::{CRC_8_SMBUS, CRC_16_UMTS, Crc, Table};

use super::bits::BitWriter;
use super::predictor::Taper;
use super::subframe::{BlockRoom, Channel};
use crate::kernel::{Arch, SafeLoop};

/// Frames of a block, as by default in the reference encoder.
pub const BLOCK: usize = 4096;

/// The places of channels that are written as they are.
const CHANNELS: [usize; 8] = [0, 1, 2, 3, 4, 5, 6, 7];
/// The place of the difference of two channels, behind left, right and middle.
const SIDE: usize = 3;
/// Partial sums of a long sum, as many as the widest vectors hold.
const LANES: usize = 16;

static HEADER_CHECK: Crc<u8> = Crc::<u8>::new(&CRC_8_SMBUS);
static FRAME_CHECK: Crc<u16, Table<16>> = Crc::<u16, Table<16>>::new(&CRC_16_UMTS);

/// What all frames of a file have in common.
#[derive(Clone, Copy)]
pub struct FrameFormat {
    pub channels: usize,
    pub bits: u32,
    pub hertz: u32,
}

/// How two channels are written: as they are, or one or both as what they share and how they differ.
#[derive(Clone, Copy)]
enum Pairing {
    LeftRight,
    LeftSide,
    SideRight,
    MiddleSide,
}

impl Pairing {
    /// The code in the frame's header, and which of left, right, middle and side are written.
    fn parts(self) -> (u32, &'static [usize]) {
        match self {
            Pairing::LeftRight => (1, &[0, 1]),
            Pairing::LeftSide => (8, &[0, SIDE]),
            Pairing::SideRight => (9, &[SIDE, 1]),
            Pairing::MiddleSide => (10, &[2, SIDE]),
        }
    }
}

/// Encodes blocks, each by itself. What it keeps is room.
pub struct FrameEncoder {
    format: FrameFormat,
    /// Those of the block, and for two channels their middle and their side.
    channels: Vec<Channel>,
    taper: Taper,
    room: BlockRoom,
}

impl FrameEncoder {
    /// For blocks of one format.
    pub fn new(format: FrameFormat) -> FrameEncoder {
        let channels = match format.channels {
            2 => 4,
            channels => channels,
        };
        FrameEncoder {
            format,
            channels: (0..channels).map(|_| Channel::default()).collect(),
            taper: Taper::new(BLOCK),
            room: BlockRoom::default(),
        }
    }

    /// BlockRoom for `len` samples of a channel, which the caller fills before [`FrameEncoder::encode`].
    pub fn channel(&mut self, number: usize, len: usize) -> &mut [i32] {
        self.channels[number].room(len)
    }

    /// The channels as one frame.
    pub fn encode(&mut self, number: u64, out: &mut BitWriter) {
        let len = self.channels[0].samples().len();
        if self.taper.len() != len {
            self.taper = Taper::new(len);
        }
        out.clear();
        let (code, parts) = match self.format.channels {
            2 => self.pair(len).parts(),
            channels => (channels as u32 - 1, &CHANNELS[..channels]),
        };
        self.write_header(number, len, code, out);
        for part in parts {
            // A difference has one bit more.
            let is_side = self.format.channels == 2 && *part == SIDE;
            let channel = &mut self.channels[*part];
            channel.examine(
                self.format.bits + u32::from(is_side),
                &self.taper,
                &mut self.room,
            );
            channel.write(&mut self.room, out);
        }
        out.align();
        let check = FRAME_CHECK.checksum(out.bytes());
        out.put(check.into(), 16);
    }

    /// Computes the middle and the side, and finds the pair of the four that seems to take the fewest bits.
    fn pair(&mut self, len: usize) -> Pairing {
        let [left, right, middle, side] = &mut self.channels[..] else {
            return Pairing::LeftRight;
        };
        let [left, right, middle, side] = Arch::best().compute(MiddleSide {
            left: left.samples(),
            right: right.samples(),
            middle: middle.room(len),
            side: side.room(len),
        });
        // The bits of a sample, or as many as it has: the side of two noises takes one more than they do. Low bits that
        // are 0 in all samples take no place.
        let bits = |rough: Roughness, width: u32| {
            (rough.mean.log2() + 2.5).min(width.into()) - f64::from(rough.used.trailing_zeros())
        };
        let width = self.format.bits;
        let [left, right, middle, side] = [
            bits(left, width),
            bits(right, width),
            bits(middle, width),
            bits(side, width + 1),
        ];
        let ways = [
            (Pairing::LeftRight, left + right),
            (Pairing::LeftSide, left + side),
            (Pairing::SideRight, side + right),
            (Pairing::MiddleSide, middle + side),
        ];
        let best = ways.into_iter().min_by(|(_, a), (_, b)| a.total_cmp(b));
        best.map_or(Pairing::LeftRight, |(way, _)| way)
    }

    fn write_header(&self, number: u64, len: usize, channels: u32, out: &mut BitWriter) {
        out.put(0b1111_1111_1111_1000, 16);
        let rate = self.format.hertz;
        let (len_code, len_bits) = match len {
            BLOCK => (12, 0),
            ..=256 => (6, 8),
            _ => (7, 16),
        };
        let (rate_code, rate_value, rate_bits) = match rate {
            88_200 => (1, 0, 0),
            176_400 => (2, 0, 0),
            192_000 => (3, 0, 0),
            8_000 => (4, 0, 0),
            16_000 => (5, 0, 0),
            22_050 => (6, 0, 0),
            24_000 => (7, 0, 0),
            32_000 => (8, 0, 0),
            44_100 => (9, 0, 0),
            48_000 => (10, 0, 0),
            96_000 => (11, 0, 0),
            _ if rate.is_multiple_of(1000) && rate <= 255_000 => (12, rate / 1000, 8),
            _ if rate <= 0xFFFF => (13, rate, 16),
            _ if rate.is_multiple_of(10) && rate <= 655_350 => (14, rate / 10, 16),
            // As the header of the file says.
            _ => (0, 0, 0),
        };
        out.put(len_code, 4);
        out.put(rate_code, 4);
        out.put(channels, 4);
        out.put(
            match self.format.bits {
                8 => 1,
                16 => 4,
                24 => 6,
                _ => 0,
            },
            3,
        );
        out.put(0, 1);
        put_number(number, out);
        out.put(len as u32 - 1, len_bits);
        out.put(rate_value, rate_bits);
        let check = HEADER_CHECK.checksum(out.bytes());
        out.put(check.into(), 8);
    }
}

/// A number as UTF-8 would have it, had it that many signs.
fn put_number(number: u64, out: &mut BitWriter) {
    if number < 0x80 {
        return out.put(number as u32, 8);
    }
    // Each byte that follows has six bits, and the first one a bit less than the byte before it had.
    let follow = (1..6)
        .find(|follow| number >> (6 * follow + 6 - follow) == 0)
        .unwrap_or(6);
    let first = (0xFF00_u32 >> (follow + 1)) & 0xFF;
    out.put(first | (number >> (6 * follow)) as u32, 8);
    for byte in (0..follow).rev() {
        out.put(0x80 | (number >> (6 * byte)) as u32 & 0x3F, 8);
    }
}

/// The middle and the side of two channels.
struct MiddleSide<'a> {
    left: &'a [i32],
    right: &'a [i32],
    middle: &'a mut [i32],
    side: &'a mut [i32],
}

impl SafeLoop for MiddleSide<'_> {
    type Result = [Roughness; 4];

    #[inline(always)]
    fn run(self) -> [Roughness; 4] {
        let len = self.left.len();
        let (left, right) = (&self.left[..len], &self.right[..len]);
        let (middle, side) = (&mut self.middle[..len], &mut self.side[..len]);
        for i in 0..len {
            middle[i] = (left[i] + right[i]) >> 1;
            side[i] = left[i] - right[i];
        }
        [
            roughness(left),
            roughness(right),
            roughness(middle),
            roughness(side),
        ]
    }
}

/// How hard samples are to guess.
struct Roughness {
    /// The mean magnitude of the samples, of their differences, or of the differences of these: the least of the three.
    mean: f64,
    /// Every bit that is 1 in some sample.
    used: i32,
}

#[inline(always)]
fn roughness(samples: &[i32]) -> Roughness {
    let len = samples.len().saturating_sub(2);
    let (before, _) = samples[..len].as_chunks::<LANES>();
    let (now, _) = samples[samples.len().min(1)..][..len].as_chunks::<LANES>();
    let (behind, _) = samples[samples.len() - len..].as_chunks::<LANES>();
    let mut used = 0;
    for sample in samples {
        used |= sample;
    }
    let mut sums = [[0.0_f32; LANES]; 3];
    for ((a, b), c) in before.iter().zip(now).zip(behind) {
        for lane in 0..LANES {
            let (a, b, c) = (a[lane], b[lane], c[lane]);
            sums[0][lane] += c.abs() as f32;
            sums[1][lane] += (c - b).abs() as f32;
            sums[2][lane] += (c - 2 * b + a).abs() as f32;
        }
    }
    let mut least = f64::INFINITY;
    for lanes in sums {
        let mut sum = 0.0;
        for lane in lanes {
            sum += f64::from(lane);
        }
        least = least.min(sum);
    }
    Roughness {
        mean: least / (before.len() * LANES).max(1) as f64,
        used,
    }
}
