//! From bytes to a demuxer and a decoder, and to what the file says of itself.

use std::io::{Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use symphonia::core::codecs::audio::well_known as codecs;
use symphonia::core::codecs::audio::{
    AudioCodecId, AudioCodecParameters, AudioDecoder, AudioDecoderOptions,
};
use symphonia::core::common::Limit;
use symphonia::core::errors::Error as Refusal;
use symphonia::core::formats::well_known as formats;
use symphonia::core::formats::{FormatOptions, FormatReader, Track, TrackType, probe::Hint};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;
use symphonia::default::{get_codecs, get_probe};

use crate::audio::SampleRate;
use crate::error::Error;
use crate::files::codec::mixed_blocks::UnmixedDecoder;
use crate::files::codec::names::{encoding, format_name, unread};
use crate::files::codec::opus::{OpusPackets, pre_skip, with_swapped_head};
use crate::files::codec::panics::{caught, refused};
use crate::files::codec::vorbis::LateDecoder;
use crate::files::codec::window::{ShownBytes, Window};
use crate::files::codec::{aac, mp4};
use crate::files::facts::Facts;
use crate::files::input::Input;
use crate::files::sniff::{Coded, Coding, WAY_OUT};

/// Frames of the largest MPEG packet.
pub const MPEG_PACKET: u64 = 1152;

/// A demuxer and a decoder that are at the first frame.
pub struct OpenStream<'s> {
    pub reader: Box<dyn FormatReader + 's>,
    pub decoder: Box<dyn AudioDecoder>,
    pub facts: Facts,
    pub traits: StreamTraits,
    /// What is missing at the end, if that is known.
    pub cut: Option<String>,
    /// What of the file the demuxer sees.
    pub extent: Arc<ShownBytes>,
    /// First frames and names of chapters that the demuxer does not know of.
    pub chapters: Vec<(u64, String)>,
}

/// What is the same each time that the file is opened.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamTraits {
    /// The track that is decoded.
    pub track: u32,
    /// Bytes of the file.
    pub bytes: u64,
    /// The timestamp of the first frame.
    pub origin: i64,
    /// Whether timestamps count frames.
    pub counts_frames: bool,
    /// Whether each packet has its own number in the file, so that a missing one is noticed.
    pub numbers_packets: bool,
    /// Frames that the decoder needs in front of a wanted one.
    pub preroll: u64,
    /// Frames at the end of the file whose timestamps are wrong after a seek.
    pub unreliable_tail: u64,
    /// The decoder decodes and drops so many frames rather than seek.
    pub skip_at_most: u64,
    /// Whether `preroll` frames are all that a decoder remembers.
    pub is_stateless: bool,
    /// Whether the decoder keeps some state when it is reset.
    pub resets_by_half: bool,
    /// Whether the demuxer guesses the number of frames from the size of the file, and would cut off the frames behind.
    pub guesses: bool,
    /// Whether a file may end in the middle of a packet and be read up to there.
    pub ends_anywhere: bool,
    /// Whether the header of Opus has its numbers with the highest byte first: MP4 has it so, and the demuxer passes it on.
    pub has_swapped_head: bool,
    /// Frames of each packet, where the last one may have fewer than the file says.
    pub whole_packets: Option<u64>,
    /// Frames of the first packets that are the encoder's delay, and those at the end of the last one that fill it.
    pub lead: u64,
    pub padding: u64,
}

/// Opens a file.
pub fn open<'s>(
    input: Input<'s>,
    coded: &Coded,
    reached: &Arc<AtomicU64>,
) -> Result<OpenStream<'s>, Error> {
    let mut window = Window::new(input, coded, reached)?;
    let (bytes, is_open) = (window.extent.len(), window.is_open);
    let (delay, padding) = (window.delay, window.padding);
    let extent = Arc::clone(&window.extent);
    let tables = if coded.coding == Some(Coding::Mp4) {
        let start = extent.start();
        let tables = mp4::tables(&mut window, start, bytes);
        let mut tables = tables.map_err(|error| Error::io(&error, None))?;
        if let Some(impossible) = tables.impossible.take() {
            return Err(Error::damaged(start, impossible));
        }
        Some(tables)
    } else {
        None
    };
    let stream = MediaSourceStream::new(Box::new(window), Default::default());
    let mut opening = demux(stream, bytes, coded, reached)?;
    let track = opening.traits.track;
    if aac::may_hide_upper_half(opening.decoder.codec_params()) {
        if aac::hides_upper_half(&mut *opening.reader, track) {
            return Err(not_read(opening.facts.format.as_ref(), "HE-AAC", reached));
        }
        opening = demux(opening.reader.into_inner(), bytes, coded, reached)?;
    }
    opening.traits.ends_anywhere |= is_open;
    let hertz = u128::from(opening.facts.rate.hertz());
    let frames_in = |nanoseconds: u64| {
        let frames = (u128::from(nanoseconds) * hertz + 500_000_000) / 1_000_000_000;
        u64::try_from(frames).unwrap_or(0)
    };
    let is_aac = opening.decoder.codec_params().codec == codecs::CODEC_ID_AAC;
    opening.traits.padding = frames_in(padding);
    if is_aac {
        opening.traits.lead = frames_in(delay);
    }
    opening.extent = extent;
    if let Some(tables) = tables {
        let own = tables.tracks.iter().find(|packets| packets.track == track);
        let params = opening.decoder.codec_params();
        let (frames, is_even) = own.map_or((None, false), |packets| mp4_frames(packets, params));
        let is_opus = params.codec == codecs::CODEC_ID_OPUS;
        let lead = own
            .filter(|own| params.sample_rate == Some(own.timescale))
            .map_or(0, |own| u64::from(own.lead));
        let before = match is_opus {
            true => pre_skip(params),
            false if is_aac => lead,
            false => 0,
        };
        if is_aac {
            opening.traits.lead = lead;
            opening.traits.origin = opening.traits.origin.saturating_add_unsigned(lead);
        }
        opening.facts.frames = frames.map(|frames| frames.saturating_sub(before));
        opening.traits.counts_frames = is_even && !is_opus;
        opening.cut = tables.cut;
        opening.chapters = (tables.chapters.into_iter())
            .map(|(time, label)| {
                let frame = u128::from(time) * hertz / 10_000_000;
                let frame = u64::try_from(frame).unwrap_or(u64::MAX);
                (frame, label)
            })
            .collect();
    }
    Ok(opening)
}

/// How many frames the packets of a track have, where that is known without decoding them, and whether their dates
/// count frames.
fn mp4_frames(packets: &mp4::Packets, params: &AudioCodecParameters) -> (Option<u64>, bool) {
    let length = packet_length(params);
    let is_even = params.sample_rate == Some(packets.timescale)
        && !packets.is_uneven
        && packets.last <= packets.first
        && length.is_none_or(|length| {
            let first = u64::from(packets.first);
            first == length || (packets.count == 1 && first < length)
        });
    let is_cut = is_even && !packets.is_fragmented;
    let frames = match params.codec {
        // Only where all else is right does a shorter last duration say that the rest of the packet is silence.
        codecs::CODEC_ID_AAC if !is_cut => Some(packets.count.saturating_mul(aac::PACKET)),
        _ if is_even => Some(packets.duration),
        _ => None,
    };
    (frames, is_even)
}

/// Frames of each packet but the last, where the codec or its header says so.
pub fn packet_length(params: &AudioCodecParameters) -> Option<u64> {
    let header = params.extra_data.as_deref();
    match params.codec {
        codecs::CODEC_ID_AAC => Some(aac::PACKET),
        codecs::CODEC_ID_ALAC => {
            let length = alac_header(params)?.first_chunk::<4>()?;
            Some(u64::from(u32::from_be_bytes(*length)))
        }
        codecs::CODEC_ID_FLAC => match header?.first_chunk::<4>()? {
            &[a, b, c, d] if [a, b] == [c, d] => Some(u64::from(u16::from_be_bytes([a, b]))),
            // No duration is this one.
            _ => Some(u64::MAX),
        },
        _ => None,
    }
}

/// An error for what has no decoder here.
fn not_read(format: &str, what: &str, reached: &Arc<AtomicU64>) -> Error {
    Error::damaged(
        reached.load(Ordering::Relaxed),
        format!("this {format} file has {what} in it, which is not read; {WAY_OUT}"),
    )
}

/// Opens the file of a stream, from its first byte on.
pub fn demux<'s>(
    mut stream: MediaSourceStream<'s>,
    bytes: u64,
    coded: &Coded,
    reached: &Arc<AtomicU64>,
) -> Result<OpenStream<'s>, Error> {
    let give_up = |refusal| match refusal {
        Refusal::Unsupported(_) => coded.undecoded(),
        refusal => refused(refusal, "compressed", reached),
    };
    let sought = stream.seek(SeekFrom::Start(0));
    sought.map_err(|error| give_up(Refusal::IoError(error)))?;
    // The caller gets no pictures.
    let tags = MetadataOptions::default().limit_visual_bytes(Limit::Maximum(0));
    let reader = caught(|| get_probe().probe(&Hint::new(), stream, FormatOptions::default(), tags));
    let reader = reader.map_err(give_up)?;
    let track = reader.default_track(TrackType::Audio);
    let track = track.ok_or_else(|| coded.undecoded())?;
    let traits = traits_of(&*reader, track, bytes, coded);
    let (facts, decoder) = describe(&*reader, track, &traits, reached)?;
    Ok(OpenStream {
        reader,
        decoder,
        facts,
        traits,
        cut: None,
        extent: Arc::default(),
        chapters: Vec::new(),
    })
}

fn traits_of(reader: &dyn FormatReader, track: &Track, bytes: u64, coded: &Coded) -> StreamTraits {
    let format = reader.format_info().format;
    let params = audio_of(track);
    let rate = params.and_then(|params| params.sample_rate).unwrap_or(0);
    let is_ogg = format == formats::FORMAT_ID_OGG;
    // An Ogg stream may begin at any timestamp, and its decoder drops the frames of the first packet.
    let delay = if is_ogg { track.delay.unwrap_or(0) } else { 0 };
    let base = track.time_base;
    let is_opus = params.is_some_and(|params| params.codec == codecs::CODEC_ID_OPUS);
    let (preroll, unreliable_tail) = match params.map(|params| params.codec) {
        // The bit reservoir (main_data_begin) reaches back 511 bytes at 32 kHz and above, 255 below. The smallest
        // packet holds 58 bytes of it, or 1 in half as many frames. The filters need some packets more.
        Some(codecs::CODEC_ID_MP1 | codecs::CODEC_ID_MP2 | codecs::CODEC_ID_MP3)
            if rate < 32_000 =>
        {
            (130 * MPEG_PACKET, 0)
        }
        Some(codecs::CODEC_ID_MP1 | codecs::CODEC_ID_MP2 | codecs::CODEC_ID_MP3) => {
            (32 * MPEG_PACKET, 0)
        }
        // After a seek to the last page the demuxer dates its packets, up to 255, from the end of the page, where
        // frames are cut off.
        Some(codecs::CODEC_ID_VORBIS) => (1 << 13, 255 * vorbis_packet(params)),
        Some(codecs::CODEC_ID_AAC) => (1 << 13, 0),
        _ => (0, 0),
    };
    let is_clock = base.is_some_and(|base| base.numer.get() == 1 && base.denom.get() == rate);
    // The demuxer never comes to an end when it seeks one of several streams in one Ogg file.
    let is_alone = !is_ogg || reader.tracks().len() == 1;
    StreamTraits {
        track: track.id,
        bytes,
        origin: track.start_ts.get().saturating_add(i64::from(delay)),
        counts_frames: is_clock && is_alone && !is_opus && !is_joined_late(reader, track),
        numbers_packets: format == formats::FORMAT_ID_FLAC,
        preroll,
        unreliable_tail,
        skip_at_most: match params.map(|params| params.codec) {
            Some(codecs::CODEC_ID_MP3 | codecs::CODEC_ID_FLAC) => 16 * MPEG_PACKET,
            _ => 1 << 16,
        },
        is_stateless: params.is_some_and(|params| is_stateless(params.codec)),
        resets_by_half: params.is_some_and(|params| params.codec == codecs::CODEC_ID_AAC),
        ends_anywhere: format == formats::FORMAT_ID_ADTS,
        has_swapped_head: is_opus && format == formats::FORMAT_ID_ISOMP4,
        whole_packets: params
            .filter(|params| {
                params.codec == codecs::CODEC_ID_ALAC
                    || (params.codec == codecs::CODEC_ID_FLAC
                        && format == formats::FORMAT_ID_ISOMP4)
            })
            .and_then(packet_length),
        lead: 0,
        padding: 0,
        guesses: is_estimated(reader)
            && !matches!(
                coded.coding,
                Some(Coding::Mpeg {
                    counts_packets: true,
                    ..
                })
            ),
    }
}

/// Whether a decoder's output depends on a few packets before and on nothing else. The noise generator of AAC runs on
/// from the first packet; we have not tested other codecs.
fn is_stateless(codec: AudioCodecId) -> bool {
    matches!(
        codec,
        codecs::CODEC_ID_FLAC
            | codecs::CODEC_ID_ALAC
            | codecs::CODEC_ID_VORBIS
            | codecs::CODEC_ID_MP1
            | codecs::CODEC_ID_MP2
            | codecs::CODEC_ID_MP3
    )
}

fn audio_of(track: &Track) -> Option<&AudioCodecParameters> {
    track
        .codec_params
        .as_ref()
        .and_then(|params| params.audio())
}

fn describe(
    reader: &dyn FormatReader,
    track: &Track,
    traits: &StreamTraits,
    reached: &Arc<AtomicU64>,
) -> Result<(Facts, Box<dyn AudioDecoder>), Error> {
    let format = format_name(reader);
    let damaged = |message: String| Error::damaged(reached.load(Ordering::Relaxed), message);
    let Some(params) = audio_of(track) else {
        return Err(damaged(format!("there is no audio in this {format} file")));
    };
    let frames = frames_of(reader, track, params, traits);
    // Ogg's demuxer reads the headers too. It counts no frames where they make no sense, and the decoder says why.
    let is_late = format == "OGG" && frames.is_some_and(|frames| frames > 0);
    let decoder = make_decoder(params, traits, is_late).map_err(|refusal| match refusal {
        Refusal::Unsupported(_)
            if params.codec != codecs::CODEC_ID_OPUS
                && get_codecs().get_audio_decoder(params.codec).is_none() =>
        {
            not_read(format, unread(params.codec), reached)
        }
        Refusal::Unsupported(_) if params.codec == codecs::CODEC_ID_AAC => {
            not_read(format, &aac::unread(params), reached)
        }
        refusal => refused(refusal, format, reached),
    })?;
    if aac::adds_upper_half(params) {
        return Err(not_read(format, "HE-AAC", reached));
    }
    // The decoder may know better than the file.
    let known = decoder.codec_params();
    let channels = known.channels.as_ref().or(params.channels.as_ref());
    let channels = channels.map_or(0, |channels| channels.count());
    let hertz = known.sample_rate.or(params.sample_rate).unwrap_or(0);
    if channels == 0 {
        return Err(damaged(format!(
            "this {format} file does not say how many channels it has"
        )));
    }
    if params.codec == codecs::CODEC_ID_VORBIS && channels > 2 {
        // Symphonia 0.6.1 undoes the coupling of channels in the wrong order: noise, and no error.
        return Err(damaged(format!(
            "this {format} file has Vorbis of {channels} channels in it, of which 1 and 2 are read; {WAY_OUT}"
        )));
    }
    let zero = |_| damaged(format!("this {format} file claims a sample rate of 0 Hz"));
    let rate = SampleRate::new(hertz).map_err(zero)?;
    let bits = alac_bits(params)
        .or(known.bits_per_sample)
        .or(params.bits_per_sample)
        .unwrap_or(16);
    let (subtype, dtype) = encoding(params.codec, bits);
    let facts = Facts {
        format: format.into(),
        subtype: subtype.into(),
        dtype,
        channels,
        frames,
        rate,
    };
    Ok((facts, decoder))
}

/// Whether it is a stream of Ogg that was joined late: it begins at another time than 0. The demuxer gives the time at which
/// it ends for the number of its frames, and counts those of the first packet, which has none without the one before.
fn is_joined_late(reader: &dyn FormatReader, track: &Track) -> bool {
    reader.format_info().format == formats::FORMAT_ID_OGG && track.start_ts.get() > 0
}

/// How many frames the file says there are, where that is worth something.
fn frames_of(
    reader: &dyn FormatReader,
    track: &Track,
    params: &AudioCodecParameters,
    traits: &StreamTraits,
) -> Option<u64> {
    let said = track.num_frames.filter(|_| !traits.guesses);
    if params.codec != codecs::CODEC_ID_OPUS {
        return said.filter(|_| !is_joined_late(reader, track));
    }
    // Ogg's last page says where the sound ends, with the frames in it that are dropped at the front; the durations of
    // Matroska and MP4 are not to the frame.
    let before = track
        .start_ts
        .get()
        .saturating_add_unsigned(pre_skip(params));
    let end = said.filter(|_| reader.format_info().format == formats::FORMAT_ID_OGG)?;
    u64::try_from(i64::try_from(end).ok()?.saturating_sub(before)).ok()
}

fn make_decoder(
    params: &AudioCodecParameters,
    traits: &StreamTraits,
    is_late: bool,
) -> Result<Box<dyn AudioDecoder>, Refusal> {
    let options = AudioDecoderOptions::default().gapless(!traits.guesses);
    if params.codec == codecs::CODEC_ID_OPUS {
        return Ok(Box::new(caught(|| match traits.has_swapped_head {
            true => OpusPackets::open(&with_swapped_head(params)),
            false => OpusPackets::open(params),
        })?));
    }
    if params.codec == codecs::CODEC_ID_VORBIS && is_late {
        return Ok(Box::new(LateDecoder::new(params, options)));
    }
    let decoder = caught(|| get_codecs().make_audio_decoder(params, &options))?;
    Ok(match params.codec {
        codecs::CODEC_ID_MP3 => Box::new(UnmixedDecoder(decoder)),
        _ => decoder,
    })
}

/// A decoder as it is before the first packet.
pub fn fresh_decoder(
    reader: &dyn FormatReader,
    traits: &StreamTraits,
) -> Result<Box<dyn AudioDecoder>, Refusal> {
    let mut tracks = reader.tracks().iter();
    let params = tracks
        .find(|track| track.id == traits.track)
        .and_then(audio_of)
        .ok_or(Refusal::DecodeError("its audio track is gone"))?;
    make_decoder(params, traits, false)
}

/// Frames of the largest packet of Vorbis: half a block, whose length is a power of two.
fn vorbis_packet(params: Option<&AudioCodecParameters>) -> u64 {
    let header = params.and_then(|params| params.extra_data.as_deref());
    let sizes = header.and_then(|header| header.get(28));
    let longest = sizes.map_or(13, |sizes| sizes >> 4).min(13);
    (1 << longest) / 2
}

/// The bit depth of ALAC from its own header: containers say 16.
fn alac_bits(params: &AudioCodecParameters) -> Option<u32> {
    if params.codec != codecs::CODEC_ID_ALAC {
        return None;
    }
    alac_header(params)?.get(5).map(|bits| u32::from(*bits))
}

/// The header of ALAC, without the atoms that may be around it.
fn alac_header(params: &AudioCodecParameters) -> Option<&[u8]> {
    let mut header = params.extra_data.as_deref()?;
    for atom in [b"frma", b"alac"] {
        if header.get(4..8) == Some(atom.as_slice()) {
            header = header.get(12..)?;
        }
    }
    Some(header)
}

/// Whether the demuxer estimates the number of frames where the file does not say it.
fn is_estimated(reader: &dyn FormatReader) -> bool {
    matches!(
        reader.format_info().format,
        formats::FORMAT_ID_MP1
            | formats::FORMAT_ID_MP2
            | formats::FORMAT_ID_MP3
            | formats::FORMAT_ID_ADTS
    )
}
