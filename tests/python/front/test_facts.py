"""What audio says of itself, and how it compares (C4, C7)."""

import operator
from types import ModuleType

import numpy as np
import pytest
from signals import make_audio

import audio_samples
from audio_samples import AudioSamples

RATE = 8_000


def make(shape, dtype="float64"):
    samples = np.arange(np.prod(shape)).astype(dtype).reshape(shape)
    return make_audio(samples, RATE), samples


@pytest.mark.parametrize("shape", [(0,), (1,), (12,), (1, 7), (2, 6), (2, 0), (64, 1)])
def test_the_facts_are_those_of_the_array(shape, dtype):
    audio, samples = make(shape, dtype)
    assert audio.shape == samples.shape
    assert audio.ndim == samples.ndim
    assert audio.size == samples.size
    assert audio.nbytes == samples.nbytes
    assert audio.dtype == samples.dtype
    assert isinstance(audio.dtype, np.dtype)
    assert audio.strides == np.asarray(audio).strides
    assert type(audio.strides) is type(audio.shape) is tuple
    assert audio.sample_rate == RATE
    assert audio.num_channels == (1 if samples.ndim == 1 else shape[0])
    assert audio.samples_per_channel() == len(audio) == shape[-1]
    assert audio.duration == shape[-1] / RATE
    assert type(audio.duration) is float
    assert audio.writable is True
    assert len(audio.views) == 0


def test_mono_is_mono_and_stereo_is_not():
    assert make((5,))[0].is_mono is True
    assert make((2, 5))[0].is_mono is False


@pytest.mark.parametrize("name", ["shape", "dtype", "sample_rate", "strides", "views", "writable"])
def test_facts_cannot_be_set(name):
    audio, _ = make((2, 6))
    with pytest.raises(AttributeError):
        setattr(audio, name, getattr(audio, name))


@pytest.mark.parametrize("shape", [(0,), (1,), (100_000,), (2, 6), (64, 1), (2, 100_000)])
def test_repr_is_one_line(shape, dtype):
    audio, _ = make(shape, dtype)
    text = repr(audio)
    assert "\n" not in text
    assert len(text) < 160
    assert text.startswith(("AudioSamples(", "<AudioSamples"))
    assert dtype.name in text
    assert str(RATE) in text.replace(",", "").replace("_", "")
    assert "\n" not in str(audio)


def test_the_sample_type_can_be_named_in_an_annotation():
    assert AudioSamples[np.float32] is not None


@pytest.mark.parametrize("name", ["eq", "ne", "lt", "le", "gt", "ge"])
@pytest.mark.parametrize("shape", [(6,), (2, 6)])
def test_comparisons_are_elementwise(name, shape, dtype):
    compare = getattr(operator, name)
    audio, samples = make(shape, dtype)
    other = samples[..., ::-1].copy()
    other_audio = audio[..., ::-1].copy()
    for got, expected in (
        (compare(audio, 3), compare(samples, 3)),
        (compare(3, audio), compare(3, samples)),
        (compare(audio, other), compare(samples, other)),
        (compare(other, audio), compare(other, samples)),
        (compare(audio, other_audio), compare(samples, other)),
        (compare(audio, np.float64(2.5)), compare(samples, np.float64(2.5))),
    ):
        assert type(got) is np.ndarray
        assert got.dtype == bool
        np.testing.assert_array_equal(got, expected)


def test_a_comparison_makes_a_mask_for_indexing():
    audio, samples = make((12,))
    audio[audio > 5] = 0
    samples[samples > 5] = 0
    np.testing.assert_array_equal(audio.to_numpy(), samples)


def test_nan_is_not_equal_to_itself():
    audio = AudioSamples.new_mono(np.array([np.nan, 1.0]), RATE)
    assert (audio == audio).tolist() == [False, True]
    assert (audio != audio).tolist() == [True, False]


def test_audio_cannot_be_hashed():
    audio, _ = make((6,))
    for use in (hash, lambda audio: {audio}):
        with pytest.raises(TypeError, match="unhashable"):
            use(audio)


@pytest.mark.parametrize("shape", [(2,), (12,), (2, 6)])
def test_the_truth_of_many_samples_is_numpys_error_in_words_for_audio(shape):
    audio, samples = make(shape)
    with pytest.raises(ValueError, match="truth value"):
        bool(samples)
    with pytest.raises(ValueError, match=f"truth value of audio of {samples.size} samples"):
        bool(audio)


@pytest.mark.parametrize("samples", [[0.0], [1.0], [-2.0]])
def test_the_truth_of_one_sample_is_its_own(samples):
    assert bool(AudioSamples.new_mono(samples, RATE)) is bool(np.array(samples))


def test_a_star_import_leaves_the_builtin_open_alone():
    names = {}
    exec("from audio_samples import *", names)
    assert "open" not in names
    public = {name for name in vars(audio_samples) if not name.startswith("_")}
    modules = {name for name in public if isinstance(getattr(audio_samples, name), ModuleType)}
    assert public - modules - {"open"} <= set(names)
    assert {"generation", "memory", "read", "write", "AudioSamples"} <= set(names)
    assert audio_samples.open is not open
