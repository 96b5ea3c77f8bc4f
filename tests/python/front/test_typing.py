"""What a type checker knows about audio: run by pytest for the values, by mypy for the types."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_type

import numpy as np
from numpy.typing import NDArray

import audio_samples
from audio_samples import AudioSamples, generation


def test_a_dtype_argument_sets_the_sample_type() -> None:
    audio = generation.silence(0.01, dtype=np.float32)
    assert_type(audio, AudioSamples[np.float32])
    assert audio.dtype == np.float32


def test_the_sample_type_reaches_arrays_and_slices() -> None:
    audio = generation.sine_wave(440.0, 0.01)
    assert_type(audio, AudioSamples[np.float64])
    assert_type(audio.to_numpy(), NDArray[np.float64])
    assert_type(audio[10:20], AudioSamples[np.float64])
    assert_type(audio > 0.5, NDArray[np.bool_])
    assert audio[10:20].to_numpy().dtype == np.float64
    assert (audio > 0.5).dtype == np.bool_


def test_arithmetic_keeps_or_widens_the_sample_type() -> None:
    audio = generation.silence(0.01, dtype=np.float32)
    half = audio * 0.5
    assert_type(half, AudioSamples[np.float32])
    wide = audio * np.float64(0.5)
    assert_type(wide, AudioSamples[np.float64])
    integers = generation.silence(0.01, dtype=np.int16)
    doubled = integers + integers
    assert_type(doubled, AudioSamples[np.int16])
    quotient = integers / 2
    assert_type(quotient, AudioSamples[Any])
    assert half.dtype == np.float32
    assert wide.dtype == np.float64
    assert doubled.dtype == np.int16
    assert quotient.dtype == np.float64


def test_in_place_arithmetic_keeps_the_object() -> None:
    audio = generation.silence(0.01, dtype=np.float32)
    same = audio
    audio *= 0.5
    audio[:10] += np.ones(10, dtype=np.float32)
    assert_type(audio, AudioSamples[np.float32])
    assert audio is same


def test_a_conversion_names_its_result() -> None:
    audio = generation.silence(0.01, dtype=np.int16)
    assert_type(audio.convert(np.float32), AudioSamples[np.float32])
    assert_type(audio.astype(np.float64), AudioSamples[np.float64])
    assert audio.convert(np.float32).dtype == np.float32
    assert audio.astype(np.float64).dtype == np.float64


def test_a_type_by_its_name_is_that_type(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    audio_samples.write(path, generation.silence(0.01))
    assert_type(generation.silence(0.01).convert("int16"), AudioSamples[np.int16])
    assert_type(generation.silence(0.01).astype("float32"), AudioSamples[np.float32])
    read = audio_samples.read(path, dtype="float32")
    assert_type(read, AudioSamples[np.float32])
    assert read.dtype == np.float32


def test_measures_are_numbers_or_arrays() -> None:
    audio = generation.silence(0.01, channels=2)
    assert_type(audio.peak(), float)
    assert_type(audio.rms(db=True, per_channel=True), NDArray[np.float64])
    assert_type(audio.zero_crossings(), int)
    for frame in audio:
        assert_type(frame, np.float64 | NDArray[np.float64])
    assert audio.rms(per_channel=True).shape == (2,)


def test_what_is_read_is_of_the_type_that_was_named(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    audio_samples.write(path, generation.silence(0.01), tags={"title": "a", "artist": ["b", "c"]})
    named = audio_samples.read(path, dtype=np.float32)
    assert_type(named, AudioSamples[np.float32])
    assert_type(audio_samples.read(path, dtype="stored"), AudioSamples[Any])
    assert_type(audio_samples.read(path, out=named), AudioSamples[np.float32])
    assert_type(audio_samples.read_many([path], dtype=np.int16), list[AudioSamples[np.int16]])
    for audio in audio_samples.iter_many([path], dtype=np.float32):
        assert_type(audio, AudioSamples[np.float32])
        assert audio.dtype == np.float32
    for given in audio_samples.iter_many([path], on_error="return"):
        assert_type(given, AudioSamples[Any] | Exception)
        assert not isinstance(given, Exception)


def test_the_class_can_be_parametrised_at_run_time() -> None:
    assert AudioSamples[np.float32].__origin__ is AudioSamples  # type: ignore[attr-defined]


if TYPE_CHECKING:
    # Errors that a checker must find: mypy reports a comment as unused if it does not.
    generation.silence(0.01, dtype=np.float32).sample_rate = 1  # type: ignore[misc]
    generation.silence(0.01).convert("int17")  # type: ignore[call-overload]
    generation.silence(0.01).fade_in(0.1, curve="lin")  # type: ignore[arg-type]
    generation.silence(0.01).peak(per_channel="yes")  # type: ignore[call-overload]
    audio_samples.write("a.wav", generation.silence(0.01), subtype="PCM_17")  # type: ignore[arg-type]
    audio_samples.read("a.wav", dtype="flaot32")  # type: ignore[call-overload]
    audio_samples.dsp.Fade("long")  # type: ignore[arg-type]
