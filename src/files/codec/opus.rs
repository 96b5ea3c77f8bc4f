//! Opus (RFC 6716, RFC 7845) as a decoder of Symphonia's kind, which has none of its own.
//!
//! What one frame holds depends, through prediction, on all frames before it: there is no number of packets after which
//! two decoders agree to the bit. A range is therefore decoded from the beginning of the file on.

use ropus::OpusMSDecoder;
use symphonia::core::audio::{
    AsGenericAudioBufferRef, AudioBuffer, AudioMut, AudioSpec, GenericAudioBufferRef,
};
use symphonia::core::codecs::CodecInfo;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, FinalizeResult};
use symphonia::core::errors::{Error as Refusal, Result as Answer};
use symphonia::core::packet::PacketRef;

/// The rate at which Opus counts, whatever was encoded.
const RATE: u32 = 48_000;

/// Frames of the longest packet: 120 ms.
const LONGEST: usize = 5_760;

/// For each channel in the order of WAV, its place in the order of Vorbis, by the number of channels.
const ORDERS: [&[usize]; 9] = [
    &[],
    &[0],
    &[0, 1],
    &[0, 2, 1],
    &[0, 1, 2, 3],
    &[0, 2, 1, 3, 4],
    &[0, 2, 1, 5, 3, 4],
    &[0, 2, 1, 6, 5, 3, 4],
    &[0, 2, 1, 7, 5, 6, 3, 4],
];

static INFO: CodecInfo = CodecInfo {
    short_name: "opus",
    long_name: "Opus",
    profiles: &[],
};

/// What the identification header says.
struct Head {
    channels: usize,
    pre_skip: usize,
    gain: f32,
    streams: u8,
    coupled: u8,
    /// The decoded channel that each channel, in the order of WAV, is taken from.
    mapping: Vec<u8>,
}

impl Head {
    fn parse(bytes: &[u8]) -> Option<Head> {
        let (fixed, rest) = bytes.split_first_chunk::<19>()?;
        if !fixed.starts_with(b"OpusHead") {
            return None;
        }
        let channels = usize::from(fixed[9]);
        let gain = f32::from(i16::from_le_bytes([fixed[16], fixed[17]]));
        let (streams, coupled, mapping) = match fixed[18] {
            0 => (1, fixed[9].checked_sub(1)?, (0..fixed[9]).collect()),
            family @ (1 | 255) => {
                let (counts, table) = rest.split_first_chunk::<2>()?;
                let table = table.get(..channels)?;
                let mapping = match ORDERS.get(channels) {
                    Some(order) if family == 1 => order.iter().map(|from| table[*from]).collect(),
                    None if family == 1 => return None,
                    _ => table.to_vec(),
                };
                (counts[0], counts[1], mapping)
            }
            _ => return None,
        };
        Some(Head {
            channels,
            pre_skip: usize::from(u16::from_le_bytes([fixed[10], fixed[11]])),
            // Decibels in units of 1/256.
            gain: 10_f32.powf(gain / (20.0 * 256.0)),
            streams,
            coupled,
            mapping,
        })
    }
}

/// The parameters with the numbers of the identification header in the order of their bytes that Ogg has.
pub fn with_swapped_head(params: &AudioCodecParameters) -> AudioCodecParameters {
    let mut params = params.clone();
    let head = params.extra_data.as_deref_mut();
    if let Some(numbers) = head.and_then(|head| head.get_mut(10..18)) {
        for number in [0..2, 2..6, 6..8] {
            numbers[number].reverse();
        }
    }
    params
}

/// Frames at the front of the first packets that are no sound of the file.
pub fn pre_skip(params: &AudioCodecParameters) -> u64 {
    let head = params.extra_data.as_deref().and_then(Head::parse);
    head.map_or(0, |head| head.pre_skip as u64)
}

/// How many frames a packet says that it has (RFC 6716, 3.1): by its first byte, and by its second where there may be many.
pub fn frames_of(packet: &[u8]) -> u64 {
    let Some(first) = packet.first() else {
        return 0;
    };
    let configuration = first >> 3;
    let each = match configuration {
        0..=11 => [480, 960, 1_920, 2_880][usize::from(configuration % 4)],
        12..=15 => [480, 960][usize::from(configuration % 2)],
        _ => [120, 240, 480, 960][usize::from(configuration % 4)],
    };
    let count = match first & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => packet.get(1).map_or(0, |second| u64::from(second & 0x3F)),
    };
    each * count
}

/// A decoder of packets, of one stream or of several at once.
pub struct OpusPackets {
    params: AudioCodecParameters,
    head: Head,
    decoder: OpusMSDecoder,
    /// Frames that are still to be dropped.
    to_drop: usize,
    /// The last packet, its channels by turns.
    decoded: Vec<i16>,
    planes: AudioBuffer<f32>,
}

impl OpusPackets {
    pub fn open(params: &AudioCodecParameters) -> Answer<OpusPackets> {
        let refusal = Refusal::Unsupported(
            "an Opus header that is damaged or of another channel mapping than 0, 1 and 255",
        );
        let (Some(head), Some(layout)) = (
            params.extra_data.as_deref().and_then(Head::parse),
            params.channels.clone(),
        ) else {
            return Err(refusal);
        };
        let decoder = OpusMSDecoder::new(
            RATE as i32,
            head.channels as i32,
            i32::from(head.streams),
            i32::from(head.coupled),
            &head.mapping,
        );
        let (Ok(decoder), true) = (decoder, layout.count() == head.channels) else {
            return Err(refusal);
        };
        let mut params = params.clone();
        params.sample_rate = Some(RATE);
        Ok(OpusPackets {
            to_drop: head.pre_skip,
            decoded: vec![0; LONGEST * head.channels],
            planes: AudioBuffer::new(AudioSpec::new(RATE, layout), LONGEST),
            params,
            head,
            decoder,
        })
    }
}

impl AudioDecoder for OpusPackets {
    fn reset(&mut self) {
        // Nothing seeks in Opus: see above. A decoder that has lost its place begins anew.
        if let Ok(fresh) = OpusPackets::open(&self.params) {
            *self = fresh;
        }
    }

    fn codec_info(&self) -> &CodecInfo {
        &INFO
    }

    fn codec_params(&self) -> &AudioCodecParameters {
        &self.params
    }

    fn decode_ref(&mut self, packet: &PacketRef<'_>) -> Answer<GenericAudioBufferRef<'_>> {
        self.planes.clear();
        let length = i32::try_from(packet.data.len()).unwrap_or(i32::MAX);
        if length == 0 {
            return Err(Refusal::DecodeError("an Opus packet without a byte"));
        }
        let frames = self
            .decoder
            .decode(
                Some(packet.data),
                length,
                &mut self.decoded,
                LONGEST as i32,
                false,
            )
            .ok()
            .and_then(|frames| usize::try_from(frames).ok())
            .ok_or(Refusal::DecodeError(
                "an Opus packet that breaks the rules of the format",
            ))?;
        let trimmed = usize::try_from(packet.trim_end.get()).unwrap_or(usize::MAX);
        let from = self.to_drop.min(frames);
        let to = frames.saturating_sub(trimmed).max(from);
        self.to_drop -= from;
        self.planes.render_uninit(Some(to - from));
        let (channels, scale) = (self.head.channels, self.head.gain / 32_768.0);
        for (channel, plane) in self.planes.iter_planes_mut().enumerate() {
            let samples = self.decoded[from * channels..to * channels].chunks_exact(channels);
            for (into, frame) in plane.iter_mut().zip(samples) {
                *into = f32::from(frame[channel]) * scale;
            }
        }
        Ok(self.planes.as_generic_audio_buffer_ref())
    }

    fn finalize(&mut self) -> FinalizeResult {
        FinalizeResult::default()
    }

    fn last_decoded(&self) -> GenericAudioBufferRef<'_> {
        self.planes.as_generic_audio_buffer_ref()
    }
}
