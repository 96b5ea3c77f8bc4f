"""`write` of an iterable: what comes block by block is the file that the whole audio would be."""

import io
import itertools
import struct
import wave

import numpy as np
import pytest
import soundfile
from scipy.io import wavfile
from signals import RATE, make_audio

import audio_samples
from audio_samples import AudioSamples

WIDE = ("PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW")
MADE = [
    *[("wav", name) for name in ("PCM_U8", *WIDE)],
    *[("rf64", name) for name in ("PCM_U8", "PCM_16", "PCM_24", "FLOAT", "DOUBLE")],
    *[("aiff", name) for name in ("PCM_S8", *WIDE)],
    *[("flac", name) for name in ("PCM_S8", "PCM_16", "PCM_24")],
]
LENGTHS = [0, 1, 4_095, 0, 7, 20_000, 9_998, 0, 30]
FRAMES = sum(LENGTHS)


def sound(channels, dtype="float32", frames=FRAMES, rate=RATE):
    values = np.random.default_rng(11).uniform(-0.9, 0.9, (channels, frames))
    if np.dtype(dtype).kind == "i":
        values = np.round(values * np.iinfo(dtype).max)
    return make_audio((values if channels > 1 else values[0]).astype(dtype), rate)


def cut(audio, lengths=LENGTHS):
    places = np.cumsum([0, *lengths])
    return [audio[a:b] for a, b in itertools.pairwise(places)]


def chunks(content):
    """Names and contents of the chunks of a RIFF or RF64 file, all of its bytes accounted for."""
    assert content[8:12] == b"WAVE"
    at, found = 12, []
    long = {}
    while at < len(content):
        name, size = struct.unpack_from("<4sI", content, at)
        if name == b"ds64":
            sizes = struct.unpack_from("<QQQ", content, at + 8)
            long = dict(zip(("riff", "data", "frames"), sizes, strict=True))
        if size == 0xFFFF_FFFF:
            size = long["data"]
        found.append((name, content[at + 8 : at + 8 + size]))
        at += 8 + size + size % 2
    assert at == len(content)
    riff = struct.unpack_from("<I", content, 4)[0]
    assert (long["riff"] if riff == 0xFFFF_FFFF else riff) == len(content) - 8
    return found


def without_reserve(content):
    return [part for part in chunks(content) if part[0] != b"JUNK"]


@pytest.mark.parametrize("channels", [1, 2, 5])
@pytest.mark.parametrize(("ending", "subtype"), MADE)
def test_blocks_make_the_file_that_the_whole_makes(tmp_path, ending, subtype, channels):
    whole, parts = tmp_path / f"whole.{ending}", tmp_path / f"parts.{ending}"
    audio = sound(channels)
    audio_samples.write(whole, audio, subtype=subtype)
    audio_samples.write(parts, iter(cut(audio)), subtype=subtype)
    one, other = whole.read_bytes(), parts.read_bytes()
    if ending == "wav":
        # A place for the sizes of 64 bits, which were not needed.
        assert chunks(other)[0] == (b"JUNK", bytes(28))
        assert without_reserve(other) == without_reserve(one)
        assert other.index(b"data") % 8 == 0
    else:
        assert other == one
    back, rate = soundfile.read(parts, dtype="float64", always_2d=True)
    assert rate == RATE
    assert np.array_equal(back, soundfile.read(whole, dtype="float64", always_2d=True)[0])
    assert soundfile.info(parts).subtype == subtype
    info = audio_samples.info(parts)
    assert (info.frames, info.num_channels, info.damage) == (len(audio), channels, None)


@pytest.mark.parametrize("dtype", ["int16", "int32", "float32", "float64"])
@pytest.mark.parametrize("channels", [1, 3])
def test_other_libraries_read_what_was_written_in_blocks(tmp_path, dtype, channels):
    path = tmp_path / "a.wav"
    audio = sound(channels, dtype)
    audio_samples.write(path, (block for block in cut(audio)))
    rate, samples = wavfile.read(path)
    assert (rate, samples.dtype) == (RATE, dtype)
    assert np.array_equal(samples.reshape(-1, channels).T, audio.to_numpy().reshape(channels, -1))
    if dtype == "int16":
        with wave.open(str(path)) as file:
            assert (file.getnchannels(), file.getnframes()) == (channels, len(audio))
            frames = np.frombuffer(file.readframes(len(audio)), "<i2").reshape(-1, channels)
        assert np.array_equal(frames, samples.reshape(-1, channels))
    with audio_samples.open(path) as mapped:
        assert np.array_equal(mapped.to_numpy(), audio.to_numpy())


@pytest.mark.parametrize("ending", ["wav", "aiff", "flac"])
@pytest.mark.parametrize("lengths", [[1] * 300, [4_096] * 3, [4_097, 4_095], [1], [0, 0, 5, 0]])
def test_lengths_of_blocks_do_not_matter(tmp_path, ending, lengths):
    path = tmp_path / f"a.{ending}"
    audio = sound(2, "int16", sum(lengths))
    audio_samples.write(path, cut(audio, lengths))
    assert np.array_equal(audio_samples.read(path, dtype="stored"), audio)
    assert np.array_equal(soundfile.read(path, dtype="int16", always_2d=True)[0].T, audio)


@pytest.mark.parametrize("ending", ["wav", "rf64", "aiff"])
def test_blocks_without_frames_make_a_file_without_frames(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    audio_samples.write(path, [AudioSamples.zeros((3, 0), 22_050, dtype=np.int16)] * 2)
    info = audio_samples.info(path)
    assert (info.frames, info.num_channels, info.sample_rate) == (0, 3, 22_050)
    assert len(soundfile.read(path)[0]) == 0


@pytest.mark.parametrize("reuse", [False, True])
@pytest.mark.parametrize("ending", ["wav", "aiff", "flac"])
def test_a_stream_is_an_iterable_of_blocks(tmp_path, ending, reuse):
    source, path = tmp_path / "in.wav", tmp_path / f"out.{ending}"
    audio = sound(2, "int16", 30_000)
    audio_samples.write(source, audio)
    for blocks in (
        audio_samples.stream(source, 1_000, reuse=reuse, dtype="stored"),
        (block for block in audio_samples.stream(source, 7_001, reuse=reuse, dtype="stored")),
    ):
        audio_samples.write(path, blocks)
        assert np.array_equal(audio_samples.read(path, dtype="stored"), audio)


def test_a_compressed_file_is_converted_block_by_block(tmp_path):
    source, path = tmp_path / "in.ogg", tmp_path / "out.flac"
    soundfile.write(source, np.sin(np.arange(100_000) / 40) / 2, RATE)
    audio_samples.write(path, audio_samples.stream(source, 4_000, dtype="stored"), subtype="PCM_16")
    whole = audio_samples.read(source, dtype="stored")
    audio_samples.write(tmp_path / "whole.flac", whole, subtype="PCM_16")
    assert path.read_bytes() == (tmp_path / "whole.flac").read_bytes()


def test_one_block_that_changes_between_its_turns_is_written_as_it_was(tmp_path):
    path = tmp_path / "a.wav"
    block = AudioSamples.zeros((2, 100), RATE, dtype=np.int16)

    def changing():
        for number in range(50):
            block[:] = number
            yield block

    audio_samples.write(path, changing())
    expected = np.repeat(np.arange(50, dtype=np.int16), 100)
    assert np.array_equal(audio_samples.read(path, dtype="stored").to_numpy(), [expected, expected])


@pytest.mark.parametrize("ending", ["wav", "aiff", "flac"])
def test_a_file_is_read_and_replaced_by_its_own_blocks(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    audio = sound(2, "float32")
    audio_samples.write(path, audio)
    before = audio_samples.read(path, dtype="float32")
    louder = (block * np.float32(0.5) for block in audio_samples.stream(path, 777, dtype="float32"))
    audio_samples.write(path, louder)
    # FLAC has 24 bits, of which half a step is 2^-24.
    error = audio_samples.read(path, dtype="float32") - before * np.float32(0.5)
    assert np.max(np.abs(error)) <= (2**-24 if ending == "flac" else 0)
    assert [*tmp_path.iterdir()] == [path]


def test_blocks_that_are_views_are_written_as_they_are_seen(tmp_path):
    path = tmp_path / "a.wav"
    audio = sound(3, "int32", 1_000)
    blocks = [audio[::-2], audio.channel(1)[10:20], audio[:, 5:6]]
    with pytest.raises(ValueError, match=r"block 1 .*1 channel.*3 channels"):
        audio_samples.write(path, blocks)
    audio_samples.write(path, [audio[::-2], audio[5:6], audio[40:10:-1]])
    whole = audio.to_numpy()
    expected = np.concatenate([whole[:, ::-2], whole[:, 5:6], whole[:, 40:10:-1]], axis=1)
    assert np.array_equal(audio_samples.read(path, dtype="stored"), expected)


def test_one_channel_may_be_of_either_shape(tmp_path):
    path = tmp_path / "a.wav"
    mono = sound(1, "int16", 100)
    row = AudioSamples.new_multi(mono.to_numpy()[None], RATE)
    audio_samples.write(path, [mono, row, mono])
    assert np.array_equal(audio_samples.read(path, dtype="stored"), np.tile(mono.to_numpy(), 3))


# File objects


@pytest.mark.parametrize(("ending", "subtype"), MADE)
def test_a_file_object_gets_the_bytes_of_a_path_and_is_left_at_their_end(tmp_path, ending, subtype):
    path = tmp_path / f"a.{ending}"
    audio = sound(2)
    audio_samples.write(path, cut(audio), subtype=subtype)
    file = io.BytesIO()
    audio_samples.write(file, cut(audio), subtype=subtype, format=ending)
    assert file.getvalue() == path.read_bytes()
    assert file.tell() == len(file.getvalue())


@pytest.mark.parametrize("ending", ["wav", "rf64", "aiff", "flac"])
@pytest.mark.parametrize("buffering", [0, -1])
def test_what_stands_before_the_file_in_a_file_object_stays(tmp_path, ending, buffering):
    path = tmp_path / "archive"
    audio = sound(2, "int16")
    with path.open("wb", buffering=buffering) as file:
        file.write(b"before")
        audio_samples.write(file, cut(audio), format=ending)
        file.write(b"behind")
    content = path.read_bytes()
    assert content.startswith(b"before")
    assert content.endswith(b"behind")
    assert np.array_equal(audio_samples.read(content[6:-6], dtype="stored"), audio)


class Bare:
    """Nothing but a `write`."""

    taken = b""

    def write(self, data):
        self.taken += bytes(data)
        return len(data)


class Pipe(Bare, io.RawIOBase):
    """Takes bytes, and does not go back."""

    def writable(self):
        return True


@pytest.mark.parametrize("kind", [Pipe, Bare])
@pytest.mark.parametrize("ending", ["wav", "rf64", "aiff", "flac"])
def test_an_object_that_cannot_seek_is_refused_before_the_first_block(kind, ending):
    file = kind()
    asked = []
    blocks = (asked.append(part) or part for part in cut(sound(2)))
    with pytest.raises(ValueError, match=r"(cannot seek|has no seek).*write to a path"):
        audio_samples.write(file, blocks, format=ending)
    assert not asked
    assert not file.taken
    audio_samples.write(file, sound(2), format=ending)
    assert file.taken


def test_an_object_that_only_appends_is_refused(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(b"old")
    with path.open("ab") as file, pytest.raises(ValueError, match="mode 'a'"):
        audio_samples.write(file, cut(sound(2)))
    assert path.read_bytes() == b"old"


def test_an_object_that_goes_back_only_in_words_is_an_error_after_the_header():
    class Forward(io.BytesIO):
        def seek(self, place, whence=0):
            if whence == 0 and place < self.tell():
                raise OSError("forward only")
            return super().seek(place, whence)

    file, asked = Forward(), []
    blocks = (asked.append(part) or part for part in cut(sound(2)))
    with pytest.raises(OSError, match="forward only"):
        audio_samples.write(file, blocks)
    assert len(asked) == 1
    assert len(file.getvalue()) < 200
