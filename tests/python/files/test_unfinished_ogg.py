"""Ogg streams as recorders and live streams leave them: without a last page, cut in a page, joined
late. They are read from the first whole page to the last, as soundfile and FFmpeg do."""

import io

import numpy as np
import pytest
import soundfile

import audio_samples as aus

RATE = 44_100
FRAMES = 200_000


@pytest.fixture(scope="module")
def stream():
    noise = np.random.default_rng(2).normal(0, 0.2, (FRAMES, 2))
    file = io.BytesIO()
    soundfile.write(file, noise, RATE, format="OGG", subtype="VORBIS")
    return file.getvalue()


def pages(content):
    places, at = [], content.find(b"OggS")
    while at >= 0:
        places.append(at)
        at = content.find(b"OggS", at + 1)
    return places


def read(content):
    return aus.read(io.BytesIO(content)).frames_first


def same_as_soundfile(content):
    expected = soundfile.read(io.BytesIO(content), dtype="float32")[0]
    got = read(content)
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected, atol=4e-6)
    assert aus.info(io.BytesIO(content)).frames == len(expected)
    for start in (1, len(got) // 2, len(got) - 7):
        part = aus.read(io.BytesIO(content), start=start, frames=7)
        np.testing.assert_array_equal(part.frames_first, got[start : start + 7])
    blocks = [block.frames_first for block in aus.stream(io.BytesIO(content))]
    np.testing.assert_array_equal(np.concatenate(blocks), got)
    return got


@pytest.mark.parametrize("more", [0, 1, 26, 27, 300, -1])
@pytest.mark.parametrize("page", [4, -2, -1])
def test_it_ends_with_its_last_whole_page(stream, page, more):
    content = stream[: pages(stream)[page] + more]
    got = same_as_soundfile(content)
    np.testing.assert_array_equal(got, read(stream)[: len(got)])
    damage = aus.info(io.BytesIO(content)).damage
    assert "the last page of the stream is missing" in damage


def test_a_whole_stream_is_whole(stream):
    assert aus.info(io.BytesIO(stream)).damage is None
    assert len(same_as_soundfile(stream)) == FRAMES


@pytest.mark.parametrize("first", [3, 5, -2])
def test_a_stream_that_was_joined_late_begins_with_its_first_page(stream, first):
    places = pages(stream)
    got = same_as_soundfile(stream[: places[2]] + stream[places[first] :])
    np.testing.assert_array_equal(got[5_000:], read(stream)[-len(got) :][5_000:])


def test_a_page_with_a_wrong_check_is_not_the_last(stream):
    content = bytearray(stream[: pages(stream)[-1]])
    content[-5] ^= 1
    got = read(bytes(content))
    whole = read(stream)
    assert 0 < len(got) < len(whole)
    np.testing.assert_array_equal(got, whole[: len(got)])


def test_heads_alone_are_no_sound(stream):
    with pytest.raises(aus.AudioFileError, match=r"cut short|damaged"):
        read(stream[: pages(stream)[2]])


def checked(page):
    """A page with its CRC made right (RFC 3533: 0x04c11db7, from 0, unreflected)."""
    page, rest = bytearray(page), 0
    page[22:26] = bytes(4)
    for byte in page:
        rest ^= byte << 24
        for _ in range(8):
            rest = (rest << 1 ^ (0x04C11DB7 if rest >> 31 else 0)) & 0xFFFFFFFF
    page[22:26] = rest.to_bytes(4, "little")
    return bytes(page)


def test_codebooks_that_cannot_be_are_an_error_of_reading(stream):
    """Whatever `info` says, for which they are not built."""
    setup = stream.find(b"\x05vorbis")
    begin, end = stream.rfind(b"OggS", 0, setup), stream.find(b"OggS", setup)
    assert checked(stream[begin:end]) == stream[begin:end]
    refused = 0
    for place in range(setup + 100, end, 300):
        page = bytearray(stream[begin:end])
        page[place - begin] ^= 0x55
        content = stream[:begin] + checked(page) + stream[end:]
        try:
            assert aus.read(io.BytesIO(content), frames=10).samples_per_channel() == 10
        except aus.AudioFileError as error:
            refused += "is damaged: vorbis" in str(error)
    assert refused >= 4
