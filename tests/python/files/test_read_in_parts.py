"""A long file is read by several threads: the samples and the errors are those of one."""

import io
from functools import partial

import numpy as np
import pytest
import soundfile
from elsewhere import at_once
from hypothesis import given, settings
from hypothesis import strategies as st
from signals import RATE, tones

import audio_samples
from audio_samples import AudioFileError

pytestmark = pytest.mark.usefixtures("num_threads_as_before")
FRAMES = 700_000
WRITTEN = [
    *[("WAV", "PCM_16"), ("WAV", "PCM_24"), ("WAV", "FLOAT"), ("AIFF", "PCM_16")],
    *[("FLAC", "PCM_16"), ("FLAC", "PCM_24"), ("OGG", "VORBIS"), ("MP3", "MPEG_LAYER_III")],
]


def signal(channels):
    """Tones that come and go."""
    envelope = 0.5 + 0.5 * np.sin(2 * np.pi * 0.7 * np.arange(FRAMES) / RATE)
    return tones(channels, FRAMES) * envelope[:, None]


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("long")
    made = {}

    def make(container, subtype, channels=2):
        path = folder / f"{subtype}-{channels}.{container.lower()}"
        if path not in made:
            kind = {"subtype": subtype, "format": container}
            with soundfile.SoundFile(path, "w", RATE, channels, **kind) as file:
                for block in np.array_split(signal(channels), 50):
                    file.write(block)
            made[path] = True
        return path

    return make


def by(threads, given, **wanted):
    """What so many threads read, or what they say is wrong."""
    audio_samples.set_num_threads(threads)
    try:
        return audio_samples.read(given, **wanted).to_numpy()
    except AudioFileError as error:
        return str(error)


def assert_same(one, other):
    assert type(one) is type(other), (one, other)
    if isinstance(one, str):
        assert one == other
    else:
        assert one.dtype == other.dtype
        assert one.shape == other.shape
        assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("container", "subtype"), WRITTEN)
def test_the_bits_are_those_of_one_thread(recordings, container, subtype, channels):
    path = recordings(container, subtype, channels)
    for dtype in (None, "float32", "int16"):
        alone = by(1, path, dtype=dtype)
        for threads in (2, 3, 8):
            assert_same(by(threads, path, dtype=dtype), alone)


@pytest.mark.parametrize(("container", "subtype"), WRITTEN)
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_any_range_is_that_part_of_the_whole(recordings, container, subtype, data):
    path = recordings(container, subtype)
    start = data.draw(st.integers(0, FRAMES // 2), "start")
    frames = data.draw(st.integers(300_000, FRAMES), "frames")
    threads = data.draw(st.sampled_from([2, 3, 5]), "threads")
    alone = by(1, path)[:, start : start + frames]
    assert_same(by(threads, path, start=start, frames=frames), np.ascontiguousarray(alone))


@pytest.mark.parametrize(("container", "subtype"), WRITTEN)
def test_bytes_and_file_objects_are_the_same(recordings, container, subtype):
    path = recordings(container, subtype)
    alone, content = by(1, path), path.read_bytes()
    assert_same(by(3, content), alone)
    assert_same(by(3, io.BytesIO(content)), alone)
    assert_same(by(3, bytearray(content)), alone)
    with path.open("rb") as file:
        assert_same(by(3, file), alone)
    audio_samples.set_num_threads(3)
    for audio in audio_samples.read_many([path, path], workers=2):
        assert_same(audio.to_numpy(), alone)


def test_mp3_of_unknown_length_is_the_same(recordings):
    content = bytearray(recordings("MP3", "MPEG_LAYER_III").read_bytes())
    for tag in (b"Xing", b"Info"):
        place = content.find(tag, 0, 4096)
        if place >= 0:
            content[place : place + 4] = b"    "
    assert_same(by(3, bytes(content)), by(1, bytes(content)))


@pytest.mark.parametrize("damage", ["a byte", "a hole", "an end", "twice"])
@pytest.mark.parametrize(("container", "subtype"), WRITTEN[-4:])
def test_damage_is_what_one_thread_finds(recordings, container, subtype, damage):
    content = recordings(container, subtype).read_bytes()
    random = np.random.default_rng(3)
    for place in map(int, random.integers(2_000, len(content) - 40_000, 5)):
        if damage == "a byte":
            wrong = content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :]
        elif damage == "a hole":
            wrong = content[:place] + content[place + 20_000 :]
        elif damage == "twice":
            wrong = content[:place] + content[place - 1_500 :]
        else:
            wrong = content[:place]
        assert_same(by(3, wrong), by(1, wrong))


def test_several_threads_may_read_long_files_at_once(recordings):
    paths = [recordings(*kind) for kind in WRITTEN[-3:]]
    alone = [by(1, path) for path in paths]
    audio_samples.set_num_threads(4)
    found = {}

    def read(number):
        found[number] = audio_samples.read(paths[number]).to_numpy()

    at_once(*(partial(read, number) for number in range(len(paths))))
    for number, expected in enumerate(alone):
        assert_same(found[number], expected)
