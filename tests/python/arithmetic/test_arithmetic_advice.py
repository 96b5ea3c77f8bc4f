"""The ways out that the errors of arithmetic name: each is one."""

import re

import numpy as np
import pytest
from scipy import signal

from audio_samples import AudioSamples, SampleRateError


def test_integers_times_a_fraction():
    audio = AudioSamples.new_mono(np.array([1000, -2000], np.int16), 48_000)
    with pytest.raises(TypeError, match=r"audio \* x gives new float64.*\.convert\('float32'\)"):
        audio *= 0.5
    assert (audio * 0.5).to_numpy().tolist() == [500, -1000]
    scaled = audio.convert("float32")
    scaled *= 0.5
    assert scaled.convert("int16").to_numpy().tolist() == [500, -1000]
    with pytest.raises(TypeError, match=r"audio\.convert\('float32'\)"):
        audio **= np.float64(2)


def test_two_rates():
    audio = AudioSamples.zeros(44_100, 44_100)
    other = AudioSamples.zeros(48_000, 48_000)
    with pytest.raises(SampleRateError, match=r"resample_poly\(other.*, 147, 160, axis=-1\)"):
        audio += other
    resampled = signal.resample_poly(other.to_numpy(), 147, 160, axis=-1)
    audio += AudioSamples.from_numpy(resampled, 44_100)


def test_a_divisor_that_is_zero():
    stereo = AudioSamples.new_multi(np.ones((2, 5)), 48_000)
    for zero in (0, 0.0, np.float64(0), np.int16(0), np.array(0.0)):
        with pytest.raises(ZeroDivisionError, match=r"^division by zero"):
            stereo / zero
        with pytest.raises(ZeroDivisionError, match=r"^division by zero"):
            stereo /= zero
    for divisor, place in (
        (np.array([1.0, 2, 0, 3, 4]), r"\(2,\)"),
        (np.array([[1.0], [0.0]]), r"\(1, 0\)"),
        (np.array([[1.0, 1, 1, 0, 1]]), r"\(0, 3\)"),
        (np.arange(10.0)[::-1].reshape(2, 5), r"\(1, 4\)"),
    ):
        with pytest.raises(ZeroDivisionError, match=f"zero at index {place}"):
            stereo / divisor
        with pytest.raises(ZeroDivisionError, match=f"zero at index {place}"):
            stereo /= divisor


@pytest.mark.parametrize(
    ("shape", "operand", "advice"),
    [
        ((5,), (2, 5), r"pick one channel of it with operand\[0\].*\(5,\), \(1,\) or a single"),
        ((5,), (4,), r"use \(5,\), \(1,\) or a single number"),
        ((2, 5), (5, 2), r"\.T, or use \(5,\).*\(2, 1\)"),
        ((2, 5), (2,), r"use \(5,\) for all channels alike, \(2, 1\) for one number a channel"),
    ],
)
def test_shapes_that_do_not_fit(shape, operand, advice):
    make = AudioSamples.new_mono if len(shape) == 1 else AudioSamples.new_multi
    audio = make(np.ones(shape), 48_000)
    with pytest.raises(ValueError, match=advice):
        audio += np.ones(operand)


def test_an_operand_that_lies_the_other_way_around():
    audio = AudioSamples.new_multi(np.ones((2, 5)), 48_000)
    turned = np.arange(10.0).reshape(5, 2)
    for operand in (turned, AudioSamples.new_multi(turned, 48_000)):
        with pytest.raises(ValueError, match=r"turn it around with (.*\.T), or") as told:
            audio + operand
        advice = re.search(r"turn it around with (.*\.T), or", str(told.value))[1]
        way_out = eval(advice, {"np": np, "operand": operand})
        assert (audio + way_out).to_numpy().tolist() == (turned.T + 1).tolist()


def test_complex_numbers_in_place():
    for dtype in (np.float32, np.int16):
        audio = AudioSamples.new_mono(np.ones(3, dtype), 48_000)
        with pytest.raises(TypeError, match=r"compute on audio\.to_numpy\(\)") as told:
            audio *= np.full(3, 2j)
        assert "convert" not in str(told.value)
        assert (audio.to_numpy() * np.full(3, 2j)).tolist() == [2j] * 3
