"""FLAC as we encode it: lossless for any samples, small, the same on any number of threads."""

import hashlib
import io

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

import audio_samples
from audio_samples import AudioSamples

RATE = 44_100
BLOCK = 4096
SHIFT = {8: 24, 16: 0, 24: 8}


def encoded(values, bits):
    """Whole numbers of `bits`, of shape (channels, frames), as a FLAC file."""
    dtype = np.int16 if bits == 16 else np.int32
    audio = AudioSamples.new_multi((values << SHIFT[bits]).astype(dtype), RATE)
    file = io.BytesIO()
    subtype = "PCM_S8" if bits == 8 else f"PCM_{bits}"
    audio_samples.write(file, audio, format="FLAC", subtype=subtype)
    return file.getvalue()


def checksum_of(values, bits):
    """What the header has: all samples, interleaved, with the lowest byte first."""
    frames = np.ascontiguousarray(values.T.astype("<i4"))
    return hashlib.md5(frames.view(np.uint8).reshape(-1, 4)[:, : bits // 8].tobytes()).digest()


def require_lossless(values, bits):
    content = encoded(values, bits)
    theirs = soundfile.read(io.BytesIO(content), dtype="int32", always_2d=True)[0]
    assert np.array_equal(theirs.T >> (32 - bits), values)
    ours = audio_samples.read(io.BytesIO(content), dtype="int32")
    assert np.array_equal(ours.to_numpy().reshape(values.shape) >> (32 - bits), values)
    assert content[:4] == b"fLaC"
    assert content[26:42] == checksum_of(values, bits)
    return content


@st.composite
def signals(draw):
    """Some samples of which a part repeats, is held, or is loud as can be."""
    bits = draw(st.sampled_from([8, 16, 24]))
    channels = draw(st.integers(1, 8))
    top = 2 ** (bits - 1)
    loud = draw(st.integers(1, top))
    values = st.integers(-loud, loud - 1) | st.sampled_from([-top, -1, 0, 1, top - 1])
    frames = draw(st.integers(1, 70))
    rows = [
        draw(st.lists(values, min_size=frames, max_size=frames))
        if draw(st.booleans())
        else [draw(values)] * frames
        for _ in range(channels)
    ]
    # Repeated, it is longer than the shortest block that weights are computed for.
    return np.tile(np.array(rows), (1, draw(st.sampled_from([1, 1, 7])))), bits


@settings(max_examples=150, deadline=None)
@given(signals())
def test_any_samples_come_back_to_the_bit(signal):
    require_lossless(*signal)


def kinds(top, frames):
    """Samples that each need another way of the encoder, in blocks of their own."""
    time = np.arange(frames)
    random = np.random.default_rng(4)
    noise = random.integers(-top, top, (2, frames))
    sine = np.round(0.9 * (top - 1) * np.sin(time / 40)).astype(int)
    quiet = random.integers(-3, 4, (2, frames))
    impulses = np.where(time % 997 == 5, top - 1, 0)
    # So seldom that each takes twice its height in bits: about as many as a word has.
    ticks = np.where(time % 97 == 5, np.minimum(24 + time // 97 % 9, top - 1), quiet[0] // 3)
    return {
        "silence": np.zeros((2, frames), int),
        "noise": noise,
        "quiet noise": quiet,
        "one value": np.full((2, frames), -top),
        "sines": np.stack([sine, np.roll(sine, 11)]),
        "the same in both": np.stack([sine, sine]),
        "one against the other": np.stack([noise[0], -1 - noise[0]]),
        "almost the same": np.stack([sine, sine]) // 2 + quiet,
        "one silent": np.stack([noise[0], np.zeros(frames, int)]),
        "ramps": np.stack([time % (2 * top) - top, top - 1 - time * 3 % (2 * top)]),
        "impulses": np.stack([impulses, np.roll(impulses, 300)]),
        "ticks": np.stack([ticks, np.roll(ticks, 50)]),
        "low bits unused": noise >> 3 << 3,
        "full scale, turned over": np.where(time % 2, top - 1, -top) * np.array([[1], [1]]),
        "a step": np.stack([np.where(time < frames // 2, -top, top - 1), sine]),
        "resonance": np.stack([sine, np.round(sine * np.cos(time / 3)).astype(int)]),
    }


@pytest.mark.parametrize("bits", [8, 16, 24])
@pytest.mark.parametrize("frames", [2 * BLOCK, 2 * BLOCK + 1, 3 * BLOCK - 19])
@pytest.mark.parametrize("kind", kinds(8, 8))
def test_samples_of_every_kind_come_back_to_the_bit(kind, frames, bits):
    content = require_lossless(kinds(2 ** (bits - 1), frames)[kind], bits)
    assert len(content) < 2 * frames * bits / 8 * 1.01 + 200


@pytest.mark.parametrize("channels", range(1, 9))
@pytest.mark.parametrize("bits", [8, 16, 24])
def test_each_number_of_channels_comes_back_to_the_bit(channels, bits):
    top = 2 ** (bits - 1)
    tops = np.linspace(0.1, 1, channels)[:, None]
    time = np.arange(BLOCK + 700) * np.arange(1, channels + 1)[:, None]
    require_lossless(np.round((top - 1) * tops * np.sin(time / 33)).astype(int), bits)


def music(frames):
    """Decaying tones and some noise, unlike in the two channels."""
    random = np.random.default_rng(7)
    time = np.arange(frames) / RATE
    sound = 0.002 * random.standard_normal((2, frames))
    for start in range(0, frames, RATE // 4):
        pan = random.uniform(0.2, 0.8)
        age = time[: frames - start]
        tone = np.exp(-4 * age) * sum(
            np.sin(2 * np.pi * 110 * 2 ** (start % 17 / 12) * partial * age) / partial
            for partial in range(1, 7)
        )
        sound[:, start:] += 0.1 * np.array([[pan], [1 - pan]]) * tone
    return sound


@pytest.mark.parametrize("bits", [16, 24])
@pytest.mark.parametrize(
    "kind",
    [
        "music",
        "noise",
        "quiet noise",
        "low bits unused",
        "the same in both",
        "one silent",
        "full scale, turned over",
    ],
)
def test_files_are_as_small_as_those_of_the_reference_encoder(kind, bits):
    top = 2 ** (bits - 1)
    values = kinds(top, 12 * BLOCK).get(kind)
    if values is None:
        values = np.round((top - 1) * music(3 * RATE)).astype(int)
    theirs = io.BytesIO()
    shifted = (values.T << 32 - bits).astype(np.int32)
    soundfile.write(theirs, shifted, RATE, f"PCM_{bits}", format="FLAC")
    assert len(encoded(values, bits)) < 1.01 * len(theirs.getvalue())


def test_any_number_of_threads_gives_the_same_bytes():
    values = np.round(32_767 * music(4 * RATE)).astype(int)
    before = audio_samples.num_threads()
    try:
        made = set()
        for threads in (1, 2, 5):
            audio_samples.set_num_threads(threads)
            made.add(encoded(values, 16))
    finally:
        audio_samples.set_num_threads(before)
    assert len(made) == 1


def test_blocks_of_any_length_give_the_same_bytes(tmp_path):
    audio = AudioSamples.new_multi(music(5 * RATE).astype(np.float32), RATE)
    audio_samples.write(tmp_path / "whole.flac", audio)
    parts = np.split(np.arange(5 * RATE), [1, 4096, 4097, 140_000])
    blocks = (audio[part[0] : part[-1] + 1] for part in parts)
    audio_samples.write(tmp_path / "blocks.flac", blocks)
    content = (tmp_path / "whole.flac").read_bytes()
    assert (tmp_path / "blocks.flac").read_bytes() == content
    # What does not seek back has the same bytes: the samples are gone through twice.
    file = io.BytesIO()
    audio_samples.write(file, audio, format="FLAC")
    assert file.getvalue() == content


def test_frames_are_numbered_beyond_one_and_two_bytes():
    values = np.zeros((1, 2050 * BLOCK + 5), np.int16)
    values[0, [0, 127 * BLOCK, 128 * BLOCK, 2047 * BLOCK, 2048 * BLOCK, -1]] = 1, 2, 3, 4, 5, 6
    content = encoded(values, 16)
    assert np.array_equal(soundfile.read(io.BytesIO(content), dtype="int16")[0], values[0])
    part = audio_samples.read(io.BytesIO(content), dtype="stored", start=2048 * BLOCK, frames=3)
    assert part.to_numpy().tolist() == [5, 0, 0]


@pytest.mark.filterwarnings("ignore:.*clipped")
@pytest.mark.parametrize("bits", [8, 16, 24])
@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.float32, np.float64])
def test_samples_of_every_type_are_rounded_once_to_the_nearest_even(tmp_path, dtype, bits):
    top = 2.0 ** (bits - 1)
    random = np.random.default_rng(2)
    steps = np.arange(-300, 300) / 4
    fractions = np.concatenate([steps, steps + top - 60, steps - top + 60]) / top
    values = np.concatenate([fractions, random.uniform(-1.1, 1.1, 5000)])
    if np.issubdtype(dtype, np.integer):
        full = 2.0 ** (8 * np.dtype(dtype).itemsize - 1)
        values = np.clip(np.rint(values * full), -full, full - 1).astype(dtype)
        exact = values / full
    else:
        values = np.concatenate([values, [np.nan, np.inf, -np.inf]]).astype(dtype)
        exact = np.nan_to_num(values.astype(np.float64), posinf=2, neginf=-2)
    expected = np.clip(np.rint(exact * top), -top, top - 1)
    path = tmp_path / "a.flac"
    subtype = "PCM_S8" if bits == 8 else f"PCM_{bits}"
    audio_samples.write(path, AudioSamples.new_mono(values, RATE), subtype=subtype)
    back = soundfile.read(path, dtype="int32")[0] >> (32 - bits)
    assert np.array_equal(back, expected)
