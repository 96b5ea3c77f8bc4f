//! MP3 whose granules mix long and short blocks, which Symphonia 0.6.1 does not decode right: it leaves out the scaling of the last
//! band of the long ones, and noise far beyond full scale comes out. Encoders hardly use them. A packet that has one is an
//! error, never noise.

use symphonia::core::audio::GenericAudioBufferRef;
use symphonia::core::codecs::CodecInfo;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, FinalizeResult};
use symphonia::core::errors::{Error as Refusal, Result as Answer};
use symphonia::core::packet::PacketRef;

/// A decoder of MP3 that looks at each packet first.
pub struct UnmixedDecoder(pub Box<dyn AudioDecoder>);

impl AudioDecoder for UnmixedDecoder {
    fn reset(&mut self) {
        self.0.reset();
    }

    fn codec_info(&self) -> &CodecInfo {
        self.0.codec_info()
    }

    fn codec_params(&self) -> &AudioCodecParameters {
        self.0.codec_params()
    }

    fn decode_ref(&mut self, packet: &PacketRef<'_>) -> Answer<GenericAudioBufferRef<'_>> {
        if has_mixed_blocks(packet.data) == Some(true) {
            return Err(Refusal::Unsupported(
                "granules that mix long and short blocks; `ffmpeg -i FILE -f wav -` decodes them, into a pipe that read() \
                 takes",
            ));
        }
        self.0.decode_ref(packet)
    }

    fn finalize(&mut self) -> FinalizeResult {
        self.0.finalize()
    }

    fn last_decoded(&self) -> GenericAudioBufferRef<'_> {
        self.0.last_decoded()
    }
}

/// Whether a granule of a packet of layer III mixes blocks (ISO/IEC 11172-3, 2.4.1.7, and 13818-3); `None` for any other packet.
fn has_mixed_blocks(packet: &[u8]) -> Option<bool> {
    let &[0xFF, second, _, fourth, ref rest @ ..] = packet else {
        return None;
    };
    let (version, layer) = ((second >> 3) & 3, (second >> 1) & 3);
    if layer != 1 {
        return None;
    }
    let is_first = version == 3;
    let channels = if fourth >> 6 == 3 { 1 } else { 2 };
    let side = if second & 1 == 0 {
        rest.get(2..)?
    } else {
        rest
    };
    // Where the bits of the reservoir and those of the caller end, and the bits of a granule in front of the switch.
    let (begin, granules, front) = match (is_first, channels) {
        (true, 1) => (9 + 5 + 4, 2, 12 + 9 + 8 + 4),
        (true, _) => (9 + 3 + 8, 2, 12 + 9 + 8 + 4),
        (false, 1) => (8 + 1, 1, 12 + 9 + 8 + 9),
        (false, _) => (8 + 2, 1, 12 + 9 + 8 + 9),
    };
    // The switch, what depends on it, and two or three flags.
    let granule = front + 1 + 22 + if is_first { 3 } else { 2 };
    let bit = |at: usize| side.get(at / 8).map(|byte| byte >> (7 - at % 8) & 1 == 1);
    for number in 0..granules * channels {
        let switch = begin + number * granule + front;
        // Two bits of the kind of block stand between.
        if bit(switch)? && bit(switch + 3)? && bit(switch + 1)? && !bit(switch + 2)? {
            return Some(true);
        }
    }
    Some(false)
}
