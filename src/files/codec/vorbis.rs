//! Vorbis whose codebooks are built with the first packet: they take longer than all else that opens a file, and what
//! only asks for its facts needs none.

use symphonia::core::audio::{AsGenericAudioBufferRef, AudioBuffer, GenericAudioBufferRef};
use symphonia::core::codecs::CodecInfo;
use symphonia::core::codecs::audio::{
    AudioCodecParameters, AudioDecoder, AudioDecoderOptions, FinalizeResult,
};
use symphonia::core::errors::Result as Answer;
use symphonia::core::packet::PacketRef;
use symphonia::default::codecs::VorbisDecoder;

static INFO: CodecInfo = CodecInfo {
    short_name: "vorbis",
    long_name: "Vorbis",
    profiles: &[],
};

/// A decoder of Vorbis from its first packet on.
pub struct LateDecoder {
    params: AudioCodecParameters,
    options: AudioDecoderOptions,
    decoder: Option<VorbisDecoder>,
    /// What was decoded before anything was.
    nothing: AudioBuffer<f32>,
}

impl LateDecoder {
    pub fn new(params: &AudioCodecParameters, options: AudioDecoderOptions) -> LateDecoder {
        LateDecoder {
            params: params.clone(),
            options,
            decoder: None,
            nothing: AudioBuffer::default(),
        }
    }
}

impl AudioDecoder for LateDecoder {
    fn reset(&mut self) {
        if let Some(decoder) = &mut self.decoder {
            decoder.reset();
        }
    }

    fn codec_info(&self) -> &CodecInfo {
        &INFO
    }

    fn codec_params(&self) -> &AudioCodecParameters {
        &self.params
    }

    fn decode_ref(&mut self, packet: &PacketRef<'_>) -> Answer<GenericAudioBufferRef<'_>> {
        let decoder = match self.decoder.take() {
            Some(decoder) => decoder,
            None => VorbisDecoder::try_new(&self.params, &self.options)?,
        };
        self.decoder.insert(decoder).decode_ref(packet)
    }

    fn finalize(&mut self) -> FinalizeResult {
        FinalizeResult::default()
    }

    fn last_decoded(&self) -> GenericAudioBufferRef<'_> {
        match &self.decoder {
            Some(decoder) => decoder.last_decoded(),
            None => self.nothing.as_generic_audio_buffer_ref(),
        }
    }
}
