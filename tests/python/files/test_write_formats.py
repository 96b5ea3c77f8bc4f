"""What `write` makes, read back by soundfile and by us, and the metadata that it passes on."""

import hashlib
import io
import struct

import numpy as np
import pytest
import soundfile
from containers import NATIVE, chunk, form, riff
from signals import RATE, make_audio

import audio_samples
from audio_samples import AudioFileError, AudioSamples
from audio_samples.__main__ import main

WIDE = ("PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE")
MADE = [
    *[("wav", "WAV", name) for name in ("PCM_U8", *WIDE)],
    *[("rf64", "RF64", name) for name in ("PCM_16", "PCM_24", "FLOAT", "DOUBLE")],
    *[("aiff", "AIFF", name) for name in ("PCM_S8", *WIDE)],
    *[("flac", "FLAC", name) for name in ("PCM_S8", "PCM_16", "PCM_24")],
]
KEPT_BITS = {"PCM_U8": 8, "PCM_S8": 8, "PCM_24": 24}


def signal(channels, frames=10_001):
    time = np.arange(frames) / RATE
    noise = np.random.default_rng(3).uniform(-0.3, 0.3, (channels, frames))
    return 0.6 * np.sin(2 * np.pi * 100 * np.arange(1, channels + 1)[:, None] * time) + noise


def holding(subtype, channels, frames=10_001):
    """Audio whose every value the subtype holds."""
    values = signal(channels, frames)
    native = NATIVE[subtype]
    if native.startswith("float"):
        whole = values.astype(native)
    else:
        bits = 8 * np.dtype(native).itemsize
        whole = np.round(values * 2 ** (bits - 1)).astype(native)
        shift = bits - KEPT_BITS.get(subtype, bits)
        whole = (whole >> shift) << shift
    return make_audio(whole[0] if channels == 1 else whole)


@pytest.mark.parametrize("channels", [1, 2, 5])
@pytest.mark.parametrize(("ending", "container", "subtype"), MADE)
def test_what_is_written_is_read_back_to_the_bit(tmp_path, ending, container, subtype, channels):
    path = tmp_path / f"a.{ending}"
    audio = holding(subtype, channels)
    audio_samples.write(path, audio, subtype=subtype)
    info = audio_samples.info(path)
    assert (info.format, info.subtype, info.frames) == (container, subtype, 10_001)
    assert np.array_equal(audio_samples.read(path, dtype="stored"), audio)
    back, rate = soundfile.read(path, dtype=audio.dtype.name, always_2d=True)
    assert rate == RATE
    assert np.array_equal(back.T, audio.to_numpy().reshape(channels, -1))
    theirs = soundfile.info(path)
    assert (theirs.format, theirs.subtype) == (container, subtype)


@pytest.mark.parametrize("frames", [1, 2, 15, 16, 31, 32, 33, 63, 64, 65, 4095, 4096, 4097])
@pytest.mark.parametrize("channels", [1, 2, 8])
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_flac_of_any_length_is_lossless(tmp_path, frames, channels, subtype):
    path = tmp_path / "a.flac"
    audio = holding(subtype, channels, frames)
    audio_samples.write(path, audio, subtype=subtype)
    assert np.array_equal(audio_samples.read(path, dtype="stored"), audio)
    assert path.stat().st_size < 10_000 + 2 * audio.nbytes
    back = soundfile.read(path, dtype=audio.dtype.name, always_2d=True)[0]
    assert np.array_equal(back.T, audio.to_numpy().reshape(channels, -1))


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
@pytest.mark.parametrize("kind", ["noise", "silence", "extremes", "one value", "square"])
def test_flac_of_any_samples_is_lossless(tmp_path, kind, subtype):
    bits = int(subtype[-2:])
    top = 2 ** (bits - 1)
    random = np.random.default_rng(8)
    values = {
        "noise": random.integers(-top, top, (2, 9000)),
        "silence": np.zeros((2, 9000), int),
        "extremes": np.tile([[-top, top - 1], [top - 1, -top]], (1, 4500)),
        "one value": np.full((2, 9000), -top),
        "square": np.where(np.arange(18_000) // 50 % 2, top - 1, -top).reshape(2, -1),
    }[kind]
    dtype = np.dtype(NATIVE[subtype])
    shift = 8 * dtype.itemsize - bits
    audio = AudioSamples.new_multi((values << shift).astype(dtype), 96_000)
    path = tmp_path / "a.flac"
    audio_samples.write(path, audio, subtype=subtype)
    assert path.stat().st_size < 10_000 + audio.nbytes
    assert np.array_equal(audio_samples.read(path, dtype="stored"), audio)
    assert np.array_equal(soundfile.read(path, dtype=dtype.name)[0].T, audio)


@pytest.mark.parametrize("ending", ["wav", "aiff", "flac"])
def test_floats_are_rounded_once_and_saturate(tmp_path, ending):
    audio = AudioSamples.new_mono(np.array([0.5, -1.0, 1.0, 2.0, 0.25 + 2**-17]), RATE)
    path = tmp_path / f"a.{ending}"
    with pytest.warns(UserWarning, match="1 sample in .* was clipped.*2\\.000000"):
        audio_samples.write(path, audio, subtype="PCM_16")
    assert audio_samples.read(path, dtype="stored").to_numpy().tolist() == [
        16384,
        -32768,
        32767,
        32767,
        8192,
    ]


@pytest.mark.parametrize("ending", ["wav", "aiff", "rf64"])
@pytest.mark.parametrize("law", ["ULAW", "ALAW"])
def test_telephone_samples_are_written_and_edited(tmp_path, ending, law):
    path = tmp_path / f"a.{ending}"
    audio = holding("PCM_16", 2)
    audio_samples.write(path, audio, subtype=law)
    once = audio_samples.read(path, dtype="stored")
    # The steps are an eighth of the loudness at most, and 16 where it is quiet.
    error = np.abs(once.to_numpy().astype(float) - audio.to_numpy())
    assert (error <= np.maximum(16, np.abs(audio.to_numpy().astype(float)) / 16)).all()
    assert np.array_equal(soundfile.read(path, dtype="int16")[0].T, once)
    content = path.read_bytes()
    with audio_samples.edit(path) as file:
        for block in file:
            block *= 1
    assert path.read_bytes() == content
    audio_samples.write(path, once, subtype=law)
    assert np.array_equal(audio_samples.read(path, dtype="stored"), once)


@pytest.mark.parametrize(("ending", "subtype"), [("wav", "PCM_U8"), ("aiff", "PCM_S8")])
@pytest.mark.parametrize("frames", [4, 5])
def test_chunks_fill_the_file_and_begin_at_even_places(tmp_path, ending, subtype, frames):
    path = tmp_path / f"a.{ending}"
    source = tmp_path / f"b.{ending}"
    with soundfile.SoundFile(source, "w", RATE, 1, "PCM_16") as file:
        file.title = "odd"
        file.write(np.zeros(3))
    audio = holding(subtype, 1, frames)
    audio_samples.write(path, audio, subtype=subtype, metadata_from=source)
    content = path.read_bytes()
    order = "<" if ending == "wav" else ">"
    assert struct.unpack_from(order + "I", content, 4) == (len(content) - 8,)
    at, names = 12, []
    while at < len(content):
        name, size = struct.unpack_from(order + "4sI", content, at)
        names.append(name)
        at += 8 + size + size % 2
    assert at == len(content)
    assert {b"wav": b"data", b"aiff": b"SSND"}[ending.encode()] in names
    assert len(names) > 2


@pytest.mark.parametrize("subtype", ["PCM_S8", "PCM_16", "PCM_24"])
def test_flac_has_the_checksum_of_its_samples(tmp_path, subtype):
    path = tmp_path / "a.flac"
    audio = holding(subtype, 2)
    audio_samples.write(path, audio, subtype=subtype)
    width = {"PCM_S8": 1, "PCM_16": 2, "PCM_24": 3}[subtype]
    whole = np.ascontiguousarray(audio.to_numpy().T)
    lowest = whole.dtype.itemsize - width
    kept = whole.view(np.uint8).reshape(-1, whole.dtype.itemsize)[:, lowest:]
    assert path.read_bytes()[26:42] == hashlib.md5(kept.tobytes()).digest()


def test_the_ending_of_a_name_may_be_in_capitals(tmp_path):
    for ending, container in (("WAV", "WAV"), ("Aif", "AIFF"), ("FLAC", "FLAC")):
        path = tmp_path / f"a.{ending}"
        audio_samples.write(path, holding("PCM_16", 1))
        assert audio_samples.info(path).format == container


def test_flac_of_floats_has_24_bits(tmp_path):
    path = tmp_path / "a.flac"
    audio_samples.write(path, AudioSamples.new_mono(signal(1)[0], RATE))
    assert audio_samples.info(path).subtype == "PCM_24"


@pytest.mark.parametrize(("ending", "container", "subtype"), MADE)
def test_a_file_object_gets_the_same_bytes(tmp_path, ending, container, subtype):
    path = tmp_path / f"a.{ending}"
    audio = holding(subtype, 2)
    audio_samples.write(path, audio, subtype=subtype)
    file = io.BytesIO()
    audio_samples.write(file, audio, subtype=subtype, format=container)
    assert file.getvalue() == path.read_bytes()


def test_rf64_may_be_named_wav(tmp_path):
    path = tmp_path / "a.wav"
    audio_samples.write(path, holding("PCM_16", 2), format="RF64")
    assert audio_samples.info(path).format == "RF64"
    with audio_samples.open(path) as audio:
        assert np.array_equal(audio.to_numpy(), holding("PCM_16", 2))


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("a.mp3", {}, r"does not end in \.wav"),
        ("a.flac", {"format": "WAV"}, "another format"),
        ("a.wav", {"format": "MP3"}, "there is no format 'MP3'"),
        ("a.flac", {"subtype": "FLOAT"}, "PCM_S8, PCM_16 and PCM_24"),
        ("a.aiff", {"subtype": "PCM_U8"}, "PCM_S8"),
        ("a.wav", {"subtype": "PCM_S8"}, "PCM_U8"),
    ],
)
def test_what_cannot_be_written_is_refused_and_leaves_the_old_file(tmp_path, name, options, says):
    path = tmp_path / name
    path.write_bytes(b"old")
    with pytest.raises(ValueError, match=says):
        audio_samples.write(path, holding("PCM_16", 2), **options)
    assert path.read_bytes() == b"old"
    assert [*tmp_path.iterdir()] == [path]


def test_flac_of_nothing_is_refused(tmp_path):
    # Neither libsndfile nor Symphonia reads one.
    with pytest.raises(ValueError, match="at least one frame"):
        audio_samples.write(tmp_path / "a.flac", holding("PCM_16", 2, 0))


def test_flac_of_too_many_channels_is_refused(tmp_path):
    audio = AudioSamples.new_multi(np.zeros((9, 100), np.int16), RATE)
    with pytest.raises(ValueError, match="1 to 8 channels, not 9"):
        audio_samples.write(tmp_path / "a.flac", audio)


def cue(*points):
    entries = b"".join(struct.pack("<II4sIII", n, f, b"data", 0, 0, f) for n, f in points)
    return b"cue ", struct.pack("<I", len(points)) + entries


def labels(*names):
    parts = (chunk(b"labl", struct.pack("<I", number) + name + b"\0") for number, name in names)
    return b"LIST", b"adtl" + b"".join(parts)


def texts(**names):
    parts = (chunk(name.encode(), value.encode() + b"\0") for name, value in names.items())
    return b"LIST", b"INFO" + b"".join(parts)


BROADCAST = (
    b"bext",
    b"A door".ljust(256, b"\0") + b"Studio".ljust(32, b"\0") + b"id".ljust(32, b"\0")
    + b"2024-05-06" + b"07:08:09" + struct.pack("<Q", 123_456) + bytes(256),
)  # fmt: skip
SOURCE = riff(
    BROADCAST,
    form(),
    texts(INAM="Café", ISFT="A tool"),
    (b"data", bytes(40)),
    cue((7, 15), (3, 4)),
    labels((3, b"first"), (7, b"second")),
    (b"odd ", b"123"),
)


def test_info_tells_what_the_chunks_say():
    info = audio_samples.info(SOURCE)
    assert info.tags == {
        "description": "A door",
        "originator": "Studio",
        "originator_reference": "id",
        "origination_date": "2024-05-06",
        "origination_time": "07:08:09",
        "time_reference": "123456",
        "title": "Café",
        "software": "A tool",
    }
    assert info.cues == [(4, "first"), (15, "second")]
    assert (info.mappable, info.obstacle) == (True, None)


@pytest.mark.parametrize("container", ["WAV", "RF64"])
def test_metadata_is_passed_on_where_it_stood(tmp_path, container):
    path = tmp_path / "a.wav"
    audio = holding("PCM_24", 2)
    audio_samples.write(path, audio, subtype="PCM_24", format=container, metadata_from=SOURCE)
    assert np.array_equal(audio_samples.read(path, dtype="stored"), audio)
    info, source = audio_samples.info(path), audio_samples.info(SOURCE)
    assert (info.tags, info.cues) == (source.tags, source.cues)
    content = path.read_bytes()
    for name, part in (BROADCAST, texts(INAM="Café", ISFT="A tool"), (b"odd ", b"123")):
        assert name + struct.pack("<I", len(part)) + part in content
    assert content.index(b"bext") < content.index(b"data") < content.index(b"cue ")
    assert struct.unpack("<I", content[4:8])[0] in (len(content) - 8, 0xFFFF_FFFF)
    soundfile.read(path)


def test_the_command_line_tells_it_too(tmp_path, capsys):
    good, bad = tmp_path / "a.wav", tmp_path / "b.wav"
    good.write_bytes(SOURCE)
    assert main(["info", str(good)]) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"{good}\n  format       WAV PCM_16, stored as int16, read as float32\n")
    assert "length       20 frames, 0:00.000" in told
    assert "mapped       yes" in told
    assert "tag          title: Café" in told
    assert "cue          frame 4 first" in told
    bad.write_bytes(b"nothing")
    assert main(["info", str(bad), str(good)]) == 1
    both = capsys.readouterr()
    assert (both.out, f"'{bad}'" in both.err) == (told, True)


def test_metadata_of_aiff_is_passed_on_to_aiff_only(tmp_path):
    first, second = tmp_path / "a.aiff", tmp_path / "b.aiff"
    with soundfile.SoundFile(first, "w", RATE, 1, "PCM_16") as file:
        file.title, file.artist = "A title", "A band"
        file.write(signal(1)[0])
    assert audio_samples.info(first).tags["title"] == "A title"
    audio_samples.write(second, holding("PCM_16", 1), metadata_from=first)
    with soundfile.SoundFile(second) as file:
        assert (file.title, file.artist) == ("A title", "A band")
    with pytest.raises(ValueError, match="an AIFF file is passed on to files of the same kind"):
        audio_samples.write(tmp_path / "c.wav", holding("PCM_16", 1), metadata_from=first)
    with pytest.raises(ValueError, match="not to a FLAC file"):
        audio_samples.write(tmp_path / "c.flac", holding("PCM_16", 1), metadata_from=SOURCE)
    assert not (tmp_path / "c.flac").exists()


@pytest.mark.parametrize("ending", ["flac", "ogg", "mp3"])
def test_tags_of_codecs_are_told(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    with soundfile.SoundFile(path, "w", RATE, 2) as file:
        file.title, file.artist = "A title", "A band"
        file.write(signal(2).T)
    info = audio_samples.info(path)
    assert (info.tags["title"], info.tags["artist"]) == ("A title", "A band")
    assert not info.mappable
    assert "holds no plain samples" in info.obstacle


def test_positions_of_channels_are_told(tmp_path):
    mask = struct.pack("<HHIIHHHHI", 0xFFFE, 6, RATE, 12 * RATE, 12, 16, 22, 16, 0x3F)
    guid = b"\x01\0\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71"
    content = riff((b"fmt ", mask + guid), (b"data", bytes(24)))
    assert audio_samples.info(content).channel_positions == ("FL", "FR", "FC", "LFE", "BL", "BR")
    assert audio_samples.info(SOURCE).channel_positions is None
    path = tmp_path / "a.flac"
    soundfile.write(path, signal(2).T, RATE)
    assert audio_samples.info(path).channel_positions == ("FL", "FR")


@pytest.mark.parametrize(
    ("subtype", "endian", "reason"),
    [("PCM_24", "LITTLE", "no sample type"), ("PCM_16", "BIG", "big-endian")],
)
def test_why_a_file_is_not_mapped_is_told(tmp_path, subtype, endian, reason):
    path = tmp_path / "a.wav"
    soundfile.write(path, signal(1)[0], RATE, subtype=subtype, endian=endian)
    info = audio_samples.info(path)
    assert not info.mappable
    assert reason in info.obstacle
    with pytest.raises(AudioFileError, match=reason):
        audio_samples.open(path)
