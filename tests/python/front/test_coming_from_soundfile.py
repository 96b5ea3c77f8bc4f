"""Each row of the guide's table for users of soundfile: the same samples by both."""

import numpy as np
import pytest
import soundfile

import audio_samples
from audio_samples import AudioSamples

RATE = 8_000


@pytest.fixture(params=[1, 2])
def path(request, tmp_path):
    path = tmp_path / "a.wav"
    values = np.random.default_rng(2).integers(-9_000, 9_000, (1_000, request.param))
    soundfile.write(path, values.astype(np.int16), RATE)
    return path


def test_reading_gives_the_same_samples_and_the_rate(path):
    data, rate = soundfile.read(path)
    audio = audio_samples.read(path, dtype="float64")
    assert np.array_equal(audio.frames_first.squeeze(), data)
    assert audio.sample_rate == rate
    assert np.array_equal(audio_samples.read(path), audio)
    assert audio_samples.read(path, dtype="stored").dtype == np.int16
    part, _ = soundfile.read(path, start=100, stop=130)
    same = audio_samples.read(path, start=100, frames=130 - 100, dtype="float64")
    assert np.array_equal(same.frames_first.squeeze(), part)
    assert np.array_equal(audio[100:130], same)
    if audio.num_channels > 1:
        assert data[3, 1] == audio[1, 3]


def test_an_array_of_soundfile_is_audio_on_its_own_memory(path):
    data, rate = soundfile.read(path)
    audio = AudioSamples.from_numpy(data, rate, layout="frames_first")
    assert len(audio) == len(data)
    audio *= 0.5
    assert np.array_equal(data * 2, soundfile.read(path)[0])


def test_an_array_is_filled_where_it_lies(path):
    theirs = np.zeros_like(soundfile.read(path, dtype="float32")[0])
    ours = theirs.copy()
    soundfile.read(path, dtype="float32", out=theirs)
    audio_samples.read(path, out=AudioSamples.from_numpy(ours, RATE, layout="frames_first"))
    assert np.array_equal(ours, theirs)


def test_blocks_and_facts_are_those_of_soundfile(path):
    theirs = soundfile.blocks(path, blocksize=300, overlap=100, dtype="float32")
    ours = audio_samples.stream(path, 300, hop=300 - 100)
    for block, expected in zip(ours, theirs, strict=True):
        assert np.array_equal(block.frames_first.squeeze(), expected)
    told, info = soundfile.info(path), audio_samples.info(path)
    assert (info.sample_rate, info.num_channels) == (told.samplerate, told.channels)


def test_writing_takes_the_subtype_and_no_rate(path, tmp_path):
    audio = audio_samples.read(path)
    audio_samples.write(tmp_path / "b.wav", audio, subtype="PCM_24")
    assert soundfile.info(tmp_path / "b.wav").subtype == "PCM_24"
    assert soundfile.info(tmp_path / "b.wav").samplerate == RATE
    for subtype in ("ULAW", "ALAW"):
        assert subtype in audio_samples.write.__doc__
        audio_samples.write(tmp_path / "c.wav", audio, subtype=subtype)
        assert soundfile.info(tmp_path / "c.wav").subtype == subtype
        with pytest.raises(ValueError, match="FLAC"):
            audio_samples.write(tmp_path / "c.flac", audio, subtype=subtype)


def test_blocks_of_a_file_of_24_bits_meet_those_of_16(path, tmp_path):
    whole = tmp_path / "24.wav"
    audio_samples.write(whole, audio_samples.read(path), subtype="PCM_24")
    with (
        audio_samples.stream(path, 300) as source,
        audio_samples.edit(whole, block_frames=300) as target,
    ):
        for old, new in zip(source, target, strict=True):
            assert np.array_equal(old, new)
            new -= old
    assert not audio_samples.read(whole).to_numpy().any()


@pytest.mark.parametrize("mode", ["saturate", "raise"])
def test_the_overflow_that_can_be_chosen_is_that_of_five_operators(mode):
    audio = AudioSamples.new_mono(np.array([30_000, -32_768], np.int16), RATE)
    other = np.array([-30_000, 30_000], np.int16)
    covered = [
        lambda: audio + audio,
        lambda: audio - other,
        lambda: audio * 2,
        lambda: audio.copy().__isub__(other),
        lambda: -audio,
        lambda: abs(audio),
        lambda: np.add(audio, audio),
    ]
    wrapping = {
        "**": (lambda: audio**2, np.int16(0)),
        "<<": (lambda: audio << 1, np.int16(0)),
        "//": (lambda: audio // -1, np.int16(-32_768)),
    }
    with audio_samples.integer_overflow(mode):
        for work in covered:
            if mode == "raise":
                with pytest.raises(OverflowError):
                    work()
            else:
                assert abs(int(work()[1])) >= 32_767
        with np.errstate(over="ignore"):
            for work, expected in wrapping.values():
                assert work()[1] == expected
        audio[:] = np.array([40_000, 1], np.int32)
    assert audio[0] == 40_000 - 65_536
    for name in ("`**`", "`<<`", "`//`", "np.add", "audio[:] = x", "unary minus", "`abs()`"):
        assert name in audio_samples.integer_overflow.__doc__


def test_a_floor_and_a_rest_by_zero_are_numpys():
    audio = AudioSamples.new_mono(np.array([1.0, -1.0]), RATE)
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        audio //= 0
    assert np.isinf(audio).all()
    with pytest.warns(RuntimeWarning, match="invalid"):
        audio %= 0
    assert np.isnan(audio).all()
