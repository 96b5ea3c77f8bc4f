"""Streams at another rate and in other channels: joined they are what `read` gives, bit for bit."""

import io

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from signals import tones

import audio_samples
from audio_samples import AudioFileError, AudioSamples, SampleRateError, dsp

FORMATS = {"wav": "PCM_24", "flac": "PCM_16", "mp3": "MPEG_LAYER_III", "ogg": "VORBIS"}
FRAMES, RATE = 90_001, 44_100


def file_of(ending, frames=FRAMES, channels=2, rate=RATE):
    target = io.BytesIO()
    container = {"ogg": "OGG"}.get(ending, ending.upper())
    soundfile.write(target, tones(channels, frames, rate), rate, FORMATS[ending], format=container)
    return target.getvalue()


FILES = {ending: file_of(ending) for ending in FORMATS}
WAV = FILES["wav"]


def joined(blocks):
    return np.concatenate([block.to_numpy(copy=True) for block in blocks], axis=-1)


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize(
    ("rate", "channels"),
    [(16_000, 1), (48_000, None), (None, 1), (RATE, 2), (8_000, 2), (96_000, 1)],
)
@pytest.mark.parametrize("block_frames", [777, 65_536, 10**12])
def test_joined_it_is_what_read_gives(ending, rate, channels, block_frames):
    content = FILES[ending]
    whole = audio_samples.read(content, sample_rate=rate, channels=channels)
    stream = audio_samples.stream(content, block_frames, sample_rate=rate, channels=channels)
    assert stream.frames == len(whole)
    assert (stream.sample_rate, stream.num_channels) == (whole.sample_rate, whole.num_channels)
    assert stream.dtype == whole.dtype
    count = len(stream)
    blocks = list(stream)
    assert len(blocks) == count
    assert all(len(block) == block_frames for block in blocks[:-1])
    assert {block.sample_rate for block in blocks} == {whole.sample_rate}
    assert np.array_equal(joined(blocks), whole.to_numpy())
    # It begins again.
    assert np.array_equal(joined(stream), whole.to_numpy())


@pytest.mark.parametrize("dtype", ["int16", "int32", "float32", "float64", "stored", None])
@pytest.mark.parametrize("reuse", [False, True])
def test_types_are_those_of_read(dtype, reuse):
    how = {"sample_rate": 22_050, "channels": 1, "dtype": dtype}
    whole = audio_samples.read(WAV, **how)
    stream = audio_samples.stream(WAV, 1_000, reuse=reuse, **how)
    assert stream.dtype == whole.dtype
    assert np.array_equal(joined(stream), whole.to_numpy())


def test_the_blocks_of_one_memory():
    blocks = audio_samples.stream(WAV, 1_000, sample_rate=16_000, reuse=True)
    assert len({block.address for block in blocks}) == 1


@pytest.mark.parametrize("dtype", ["int16", "float32", "float64"])
def test_blocks_are_decoded_into_out(dtype):
    expected = audio_samples.read(WAV, sample_rate=16_000, channels=1)
    room = AudioSamples.zeros(len(expected), 16_000, dtype=dtype)
    audio_samples.read(WAV, sample_rate=16_000, channels=1, out=room)
    out = AudioSamples.zeros(1_000, 16_000, dtype=dtype)
    parts = []
    for block in audio_samples.stream(WAV, sample_rate=16_000, channels=1, out=out):
        assert block.address == out.address
        parts.append(block.to_numpy(copy=True))
    assert np.array_equal(np.concatenate(parts), room.to_numpy())
    for wrong, error in (
        (AudioSamples.zeros(10, 8_000, dtype=dtype), SampleRateError),
        (AudioSamples.zeros((2, 10), 16_000, dtype=dtype), ValueError),
    ):
        with pytest.raises(error):
            audio_samples.stream(WAV, sample_rate=16_000, channels=1, out=wrong)


def test_a_range_is_one_of_the_files_frames():
    how = {"start": 10_000, "frames": 30_000, "sample_rate": 16_000}
    whole = audio_samples.read(WAV, **how)
    stream = audio_samples.stream(WAV, 1_000, **how)
    assert (stream.position, stream.frames, len(stream)) == (0, len(whole), 11)
    assert np.array_equal(joined(stream), whole.to_numpy())
    stream.seek(5_000)
    assert np.array_equal(next(stream).to_numpy(), whole.to_numpy()[:, 5_000:6_000])
    assert list(audio_samples.stream(WAV, start=FRAMES, sample_rate=16_000)) == []
    with pytest.raises(IndexError, match=str(FRAMES + 1)):
        audio_samples.stream(WAV, start=FRAMES + 1, sample_rate=16_000)


@pytest.mark.parametrize(("block", "hop"), [(1_000, 400), (1_000, 1_000), (300, 1_700), (3_000, 1)])
def test_blocks_may_overlap_or_leave_frames_out(block, hop):
    how = {"sample_rate": 11_025, "channels": 1, "frames": 20_000 if hop > 1 else 13_000}
    whole = audio_samples.read(WAV, **how).to_numpy()
    stream = audio_samples.stream(WAV, block, hop, **how)
    place, count = 0, len(stream)
    for found in stream:
        assert np.array_equal(found.to_numpy(), whole[place : place + block])
        place, count = place + hop, count - 1
    assert count == 0


@given(
    st.lists(st.integers(0, 10**6), min_size=1, max_size=8),
    st.sampled_from([(16_000, 1), (48_000, 2), (RATE, 1), (96_000, 1)]),
    st.sampled_from(["wav", "flac", "mp3"]),
    st.sampled_from([None, "float64"]),
)
@settings(max_examples=25, deadline=None)
def test_seeking_goes_to_a_frame_of_what_comes_out(places, wanted, ending, dtype):
    rate, channels = wanted
    how = {"sample_rate": rate, "channels": channels, "dtype": dtype}
    whole = audio_samples.read(FILES[ending], **how).to_numpy()
    stream = audio_samples.stream(FILES[ending], 5_000, **how)
    for place in places:
        place = min(place, whole.shape[-1])
        stream.seek(place)
        assert stream.position == place
        block = next(stream, None)
        expected = whole[..., place : place + 5_000]
        assert (block is None) == (expected.shape[-1] == 0)
        if block is not None:
            assert np.array_equal(block.to_numpy(), expected)


def test_seconds_are_those_of_the_new_rate():
    how = {"sample_rate": 16_000, "channels": 1}
    whole = audio_samples.read(WAV, **how).to_numpy()
    stream = audio_samples.stream(WAV, 100, **how)
    stream.seek(seconds=0.5)
    assert stream.position == 8_000
    assert np.array_equal(next(stream).to_numpy(), whole[8_000:8_100])
    with pytest.raises(IndexError):
        stream.seek(stream.frames + 1)


def test_a_seek_far_into_a_long_file_has_the_bits_of_the_whole():
    content = file_of("flac", 3_000_000, 1, 48_000)
    whole = audio_samples.read(content, sample_rate=16_000).to_numpy()
    stream = audio_samples.stream(content, 1_000, sample_rate=16_000)
    for place in (999_500, 777_777, 12, 500_000, 500_900, 530_000):
        stream.seek(place)
        assert np.array_equal(next(stream).to_numpy(), whole[place : place + 1_000])


def test_what_cannot_be_is_refused_at_once():
    with pytest.raises(ValueError, match="5 channels do not become 2"):
        audio_samples.stream(file_of("wav", 100, 5), channels=2)
    with pytest.raises(ValueError, match="channels must be from 1"):
        audio_samples.stream(WAV, channels=0)
    with pytest.raises(ValueError, match="sample_rate"):
        audio_samples.stream(WAV, sample_rate=0)
    with pytest.raises(ValueError, match="block_frames must be from 1"):
        audio_samples.stream(WAV, 0, sample_rate=16_000)
    with pytest.raises(TypeError, match="sample_rate="):
        audio_samples.stream(WAV, sr=16_000)


def test_a_damaged_file_is_an_error_where_it_is(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(WAV[:-50])
    with pytest.raises(AudioFileError), audio_samples.stream(path, sample_rate=16_000) as blocks:
        list(blocks)


def test_mono_becomes_any_number_of_channels():
    content = file_of("wav", 20_000, 1)
    whole = audio_samples.read(content).to_numpy()
    found = joined(audio_samples.stream(content, 777, channels=3))
    assert found.shape == (3, 20_000)
    assert all(np.array_equal(row, whole) for row in found)


def test_a_stream_goes_on_into_processors_and_files(tmp_path):
    stream = audio_samples.stream(WAV, 3_000, sample_rate=16_000, channels=1)
    audio_samples.write(tmp_path / "a.wav", dsp.Gain(-6).stream(stream), subtype="FLOAT")
    expected = audio_samples.read(WAV, sample_rate=16_000, channels=1).gain(-6)
    assert np.array_equal(audio_samples.read(tmp_path / "a.wav").to_numpy(), expected.to_numpy())


def test_a_file_without_frames_has_no_blocks():
    stream = audio_samples.stream(file_of("wav", 0), sample_rate=16_000, channels=1)
    assert (len(stream), stream.frames, list(stream)) == (0, 0, [])
