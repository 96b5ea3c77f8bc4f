"""Streams of Ogg one after the other in one file, as stations send them."""

import io

import numpy as np
import pytest
import soundfile
from signals import tones

import audio_samples
from audio_samples import AudioFileError

RATE = 48_000
LENGTHS = (30_000, 7, 20_001)


def ogg(subtype, frames, channels=2, rate=RATE):
    target = io.BytesIO()
    soundfile.write(target, tones(channels, frames), rate, subtype, format="OGG")
    return target.getvalue()


@pytest.fixture(params=["VORBIS", "OPUS"], scope="module")
def parts(request):
    return [ogg(request.param, frames) for frames in LENGTHS]


def joined(parts):
    return np.concatenate([audio_samples.read(part).to_numpy() for part in parts], axis=1)


def test_a_chain_is_the_sum_of_its_links(parts):
    content, expected = b"".join(parts), joined(parts)
    assert expected.shape[1] == sum(LENGTHS)
    assert np.array_equal(audio_samples.read(content).to_numpy(), expected)
    info = audio_samples.info(content)
    assert (info.frames, info.damage) == (sum(LENGTHS), None)
    blocks = [block.to_numpy() for block in audio_samples.stream(content, 4_096)]
    assert np.array_equal(np.concatenate(blocks, axis=1), expected)


def test_any_range_of_a_chain(parts):
    content, expected = b"".join(parts), joined(parts)
    edges = (0, 29_999, 30_000, 30_003, 30_007, 30_008, 50_000, 50_008)
    for start in edges:
        for frames in (0, 1, 9, 1_000, 60_000):
            found = audio_samples.read(content, start=start, frames=frames).to_numpy()
            assert np.array_equal(found, expected[:, start : start + frames]), (start, frames)
    stream = audio_samples.stream(content, 1_000)
    for start in (40_000, 100, 30_001, 29_000):
        stream.seek(start)
        assert np.array_equal(next(stream).to_numpy(), expected[:, start : start + 1_000])


def test_a_last_link_that_is_cut_is_read_to_its_last_whole_page(parts):
    content = b"".join(parts)
    expected = joined(parts)
    found = audio_samples.read(content[:-2_000]).to_numpy()
    assert 30_007 < found.shape[1] < 50_008
    assert np.array_equal(found, expected[:, : found.shape[1]])
    assert "last page of the stream is missing" in audio_samples.info(content[:-2_000]).damage


@pytest.mark.parametrize("other", [{"channels": 1}, {"rate": 44_100}])
def test_links_of_another_kind_are_an_error(other):
    content = ogg("VORBIS", 1_000) + ogg("VORBIS", 1_000, **other)
    with pytest.raises(
        AudioFileError, match=r"changes from 2 channels at 48000 Hz to .* frame 1000"
    ):
        audio_samples.read(content)
