//! What formats and codecs are called.

use symphonia::core::codecs::audio::AudioCodecId;
use symphonia::core::codecs::audio::well_known as codecs;
use symphonia::core::formats::FormatReader;
use symphonia::core::formats::well_known as formats;

use crate::dtype::Dtype;

/// The name of a file's format that libsndfile has made common.
pub fn format_name(reader: &dyn FormatReader) -> &'static str {
    match reader.format_info().format {
        formats::FORMAT_ID_WAVE => "WAV",
        formats::FORMAT_ID_AIFF => "AIFF",
        formats::FORMAT_ID_CAF => "CAF",
        formats::FORMAT_ID_MP1 | formats::FORMAT_ID_MP2 | formats::FORMAT_ID_MP3 => "MP3",
        formats::FORMAT_ID_ADTS => "ADTS",
        formats::FORMAT_ID_OGG => "OGG",
        formats::FORMAT_ID_FLAC => "FLAC",
        formats::FORMAT_ID_ISOMP4 => "MP4",
        formats::FORMAT_ID_MKV => "MKV",
        _ => reader.format_info().short_name,
    }
}

/// The name that libsndfile has made common, and the sample type that holds every value.
pub fn encoding(codec: AudioCodecId, bits: u32) -> (&'static str, Dtype) {
    let whole = if bits <= 16 {
        Dtype::Int16
    } else {
        Dtype::Int32
    };
    match codec {
        codecs::CODEC_ID_MP1 => ("MPEG_LAYER_I", Dtype::Float32),
        codecs::CODEC_ID_MP2 => ("MPEG_LAYER_II", Dtype::Float32),
        codecs::CODEC_ID_MP3 => ("MPEG_LAYER_III", Dtype::Float32),
        codecs::CODEC_ID_VORBIS => ("VORBIS", Dtype::Float32),
        codecs::CODEC_ID_AAC => ("AAC", Dtype::Float32),
        codecs::CODEC_ID_OPUS => ("OPUS", Dtype::Float32),
        codecs::CODEC_ID_ADPCM_MS => ("MS_ADPCM", Dtype::Int16),
        codecs::CODEC_ID_ADPCM_IMA_WAV | codecs::CODEC_ID_ADPCM_IMA_QT => {
            ("IMA_ADPCM", Dtype::Int16)
        }
        codecs::CODEC_ID_PCM_ALAW => ("ALAW", Dtype::Int16),
        codecs::CODEC_ID_PCM_MULAW => ("ULAW", Dtype::Int16),
        codecs::CODEC_ID_PCM_F32LE | codecs::CODEC_ID_PCM_F32BE => ("FLOAT", Dtype::Float32),
        codecs::CODEC_ID_PCM_F64LE | codecs::CODEC_ID_PCM_F64BE => ("DOUBLE", Dtype::Float64),
        codecs::CODEC_ID_ALAC => match bits {
            0..=16 => ("ALAC_16", whole),
            17..=20 => ("ALAC_20", whole),
            21..=24 => ("ALAC_24", whole),
            _ => ("ALAC_32", whole),
        },
        _ => match bits {
            0..=8 => ("PCM_S8", whole),
            9..=16 => ("PCM_16", whole),
            17..=24 => ("PCM_24", whole),
            _ => ("PCM_32", whole),
        },
    }
}

/// A codec that containers may hold and that has no decoder here.
pub fn unread(codec: AudioCodecId) -> &'static str {
    match codec {
        codecs::CODEC_ID_AC3 => "AC-3",
        codecs::CODEC_ID_EAC3 => "E-AC-3",
        codecs::CODEC_ID_DCA => "DTS",
        codecs::CODEC_ID_WAVPACK => "WavPack",
        codecs::CODEC_ID_SPEEX => "Speex",
        _ => "a codec",
    }
}
