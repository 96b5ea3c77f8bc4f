"""Codecs that soundfile has none of, encoded by FFmpeg at test time."""

from fractions import Fraction

import extras
import numpy as np
import pytest
from signals import tones

import audio_samples
from audio_samples import AudioFileError

av = extras.require("av", "test")

RATE = 48_000
FRAMES = 50_000


def as_samples(values, form):
    """Values as planes of a sample format of FFmpeg's, and as the samples that they stand for."""
    if form == "fltp":
        planes = values.astype(np.float32)
        return planes, planes
    bits = {"s16": 16, "s32": 24}[form.rstrip("p")]
    whole = np.round(values * 2 ** (bits - 1)).astype(np.int32) << (32 - bits)
    if bits == 16:
        whole = (whole >> 16).astype(np.int16)
    return whole, whole


def encode(path, codec, form, channels, container=None):
    """Writes a file and returns the samples that went into it."""
    planes, expected = as_samples(tones(channels, FRAMES, RATE).T, form)
    layout = {1: "mono", 2: "stereo"}[channels]
    with av.open(str(path), "w", format=container) as file:
        stream = file.add_stream(codec, rate=RATE, layout=layout, format=form)
        if codec == "mp2":  # at its own choice FFmpeg makes files that the standard forbids
            stream.bit_rate = 128_000
        stream.codec_context.open()
        size = stream.codec_context.frame_size or 4096
        for start in range(0, FRAMES, size):
            part = planes[:, start : start + size]
            if not form.endswith("p"):
                part = part.T.reshape(1, -1)
            part = np.ascontiguousarray(part)
            frame = av.AudioFrame.from_ndarray(part, format=form, layout=layout)
            frame.sample_rate = RATE
            frame.pts = start
            frame.time_base = Fraction(1, RATE)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return expected


def decoded(path):
    """What FFmpeg makes of a file."""
    parts = []
    with av.open(str(path)) as file:
        for frame in file.decode(audio=0):
            part = frame.to_ndarray()
            if not frame.format.is_planar:
                part = part.reshape(-1, frame.layout.nb_channels).T
            parts.append(part)
    return np.concatenate(parts, axis=1)


def planes_of(audio):
    return audio.to_numpy().reshape(audio.num_channels, -1)


LOSSLESS = [
    ("m4a", None, "alac", "s16p", "MP4", "ALAC_16"),
    ("m4a", None, "alac", "s32p", "MP4", "ALAC_24"),
    ("mkv", None, "flac", "s16", "MKV", "PCM_16"),
    ("mkv", None, "alac", "s16p", "MKV", "ALAC_16"),
    ("mka", "matroska", "pcm_s16le", "s16", "MKV", "PCM_16"),
    ("caf", None, "alac", "s16p", "CAF", "ALAC_16"),
]
LOSSY = [
    ("m4a", None, "aac", "fltp", "MP4", "AAC"),
    ("aac", "adts", "aac", "fltp", "ADTS", "AAC"),
    ("mkv", None, "aac", "fltp", "MKV", "AAC"),
    ("mp2", None, "mp2", "s16", "MP3", "MPEG_LAYER_II"),
    ("mkv", None, "libmp3lame", "fltp", "MKV", "MPEG_LAYER_III"),
    ("wav", None, "libmp3lame", "fltp", "MP3", "MPEG_LAYER_III"),
    ("wav", None, "mp2", "s16", "MP3", "MPEG_LAYER_II"),
]


def file_of(folder, row, channels):
    ending, container, codec, form, *_ = row
    path = folder / f"a.{ending}"
    return path, encode(path, codec, form, channels, container)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("row", LOSSLESS, ids=lambda row: "-".join(map(str, row[:4])))
def test_lossless_codecs_give_back_what_was_encoded(tmp_path, row, channels):
    path, expected = file_of(tmp_path, row, channels)
    audio = audio_samples.read(path, dtype="stored")
    info = audio_samples.info(path)
    assert (info.format, info.subtype) == row[4:]
    assert (audio.sample_rate, audio.num_channels) == (RATE, channels)
    assert audio.dtype == expected.dtype
    assert info.frames == FRAMES
    assert np.array_equal(planes_of(audio), expected)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("row", LOSSY, ids=lambda row: "-".join(map(str, row[:4])))
def test_lossy_codecs_decode_as_ffmpeg_does(tmp_path, row, channels):
    path, _ = file_of(tmp_path, row, channels)
    audio = audio_samples.read(path)
    info = audio_samples.info(path)
    assert (info.format, info.subtype) == row[4:]
    assert info.frames == len(audio)
    assert audio.dtype == np.float32
    expected = decoded(path)
    if expected.dtype == np.int16:
        expected = expected / 32768
    ours = planes_of(audio)
    # FFmpeg cuts off what the container says is there for the decoder only; we keep it.
    lead = ours.shape[1] - expected.shape[1]
    best = min(
        np.abs(ours[:, shift : shift + 30_000] - expected[:, :30_000]).max()
        for shift in range(2400)
    )
    assert best < 1e-4, lead


@pytest.mark.parametrize("row", [*LOSSLESS, *LOSSY], ids=lambda row: "-".join(map(str, row[:4])))
def test_any_range_is_the_same_as_that_part_of_the_whole(tmp_path, row):
    path, _ = file_of(tmp_path, row, 2)
    whole = audio_samples.read(path).to_numpy()
    count = whole.shape[1]
    random = np.random.default_rng(2)
    for start in [0, 1, count - 1, count, *map(int, random.integers(0, count, 12))]:
        frames = int(random.integers(0, 5000))
        part = audio_samples.read(path, start=start, frames=frames)
        assert np.array_equal(part, whole[:, start : start + frames]), start
    with audio_samples.stream(path, 3000, 2500) as blocks:
        for number, block in enumerate(blocks):
            assert np.array_equal(block, whole[:, number * 2500 : number * 2500 + 3000])


def test_a_film_takes_no_more_memory_than_its_sound(tmp_path):
    """Matroska does not say how many frames there are, and its length is that of the pictures."""
    path = tmp_path / "a.mkv"
    expected = encode(path, "flac", "s16", 2)
    pictures = 1 << 36  # of which none is stored
    with path.open("ab") as file:
        file.write(b"\xec\x01" + pictures.to_bytes(7, "big"))
        file.truncate(file.tell() + pictures)
    assert np.array_equal(audio_samples.read(path, dtype="stored"), expected)


@pytest.mark.parametrize(
    ("ending", "codec", "form", "says"),
    [
        ("mkv", "ac3", "fltp", "this MKV file has AC-3 in it"),
        ("ac3", "ac3", "fltp", "this file is AC-3"),
        ("wv", "wavpack", "s16p", "this file is WavPack"),
        ("tta", "tta", "s16", "this file is True Audio"),
        ("wav", "ac3", "fltp", "format 0x2000, AC-3"),
        ("aiff", "adpcm_ima_qt", "s16p", "'ima4'"),
    ],
)
def test_what_no_decoder_knows_is_named_with_the_way_out(tmp_path, ending, codec, form, says):
    path = tmp_path / f"a.{ending}"
    encode(path, codec, form, 2)
    with pytest.raises(AudioFileError, match=f"{says}.*`ffmpeg -i FILE -f wav -` makes WAV of it"):
        audio_samples.read(path)


def test_mpeg_in_wav_ends_with_its_chunk(tmp_path):
    path = tmp_path / "a.wav"
    encode(path, "libmp3lame", "fltp", 2)
    content, whole = path.read_bytes(), audio_samples.read(path).to_numpy()
    # What lies behind the data is none of it, also if it looks so.
    assert np.array_equal(audio_samples.read(content + content[-4_000:]), whole)
    cut = audio_samples.info(content[:-4_000]).damage
    assert "cut short: its data claims" in cut


def test_the_chapters_of_a_file_are_its_cues(tmp_path):
    path = tmp_path / "a.mp3"
    with av.open(str(path), "w", format="mp3") as file:
        stream = file.add_stream("libmp3lame", rate=RATE, layout="mono", format="s16p")
        chapter = {"time_base": Fraction(1, 1000), "metadata": {"title": "first"}}
        second = {"title": "second"}
        first = {"id": 1, "start": 0, "end": 250, **chapter}
        file.set_chapters(
            [first, {"id": 2, "start": 250, "end": 500, **chapter, "metadata": second}]
        )
        for start in range(0, FRAMES, 1152):
            samples = np.zeros((1, 1152), np.int16)
            frame = av.AudioFrame.from_ndarray(samples, format="s16p", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    assert audio_samples.info(path).cues == [(0, "first"), (RATE // 4, "second")]


def test_plain_samples_of_24_bits_in_matroska_keep_their_channels(tmp_path):
    path = tmp_path / "a.mka"
    expected = encode(path, "pcm_s24le", "s32", 2, "matroska")
    assert np.array_equal(audio_samples.read(path, dtype="stored"), expected)


def test_a_seek_in_mp3_of_the_lowest_bit_rate_reaches_back_far_enough(tmp_path):
    """Packets of 24 bytes leave three for sound: what one takes from before lies in very many."""
    path, rate, frames = tmp_path / "low.mp3", 24_000, 480_000
    time = np.arange(frames)
    noise = 0.05 * np.random.default_rng(0).standard_normal(frames)
    tone = 0.3 * np.sin(0.05 * time) * (np.sin(0.0003 * time) > 0) + noise
    with av.open(str(path), "w") as file:
        stream = file.add_stream("mp3", rate=rate, layout="stereo")
        stream.bit_rate = 8_000
        planes = np.stack([tone, tone[::-1]]).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(planes, format="fltp", layout="stereo")
        frame.sample_rate = rate
        file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    whole = audio_samples.read(path).to_numpy()
    for start in range(0, frames - 100, 4_800):
        part = audio_samples.read(path, start=start, frames=100)
        assert np.array_equal(part, whole[:, start : start + 100]), start


def test_chapters_without_an_edition_number_do_not_keep_the_sound_away(tmp_path):
    """FFmpeg writes them so."""
    path = tmp_path / "a.mkv"
    expected = (np.arange(RATE) % 1000).astype(np.int16)
    with av.open(str(path), "w", format="matroska") as file:
        stream = file.add_stream("pcm_s16le", rate=RATE, layout="mono")
        chapter = {"time_base": Fraction(1, 1000), "metadata": {"title": "first"}}
        file.set_chapters([{"id": 1, "start": 0, "end": 250, **chapter}])
        frame = av.AudioFrame.from_ndarray(expected[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
        file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    content = path.read_bytes()
    chapters = bytes.fromhex("1043a770")
    assert chapters in content[: content.find(bytes.fromhex("1f43b675"))]
    assert np.array_equal(audio_samples.read(path, dtype="stored"), expected)
    assert np.array_equal(audio_samples.read(content, start=1000, dtype="stored"), expected[1000:])
    for cut in range(content.find(chapters), content.find(chapters) + 60):
        with pytest.raises(AudioFileError):
            audio_samples.read(content[:cut], dtype="stored")
