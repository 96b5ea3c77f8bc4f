"""Signals: `duration` in seconds, `sample_rate` in Hz, `amplitude` as a fraction of full scale."""

from typing import Any, TypeVar, overload

import numpy as np
from numpy.typing import DTypeLike

from ._audio_samples import AudioSamples

__all__ = [
    "chirp",
    "cosine_wave",
    "impulse",
    "sawtooth_wave",
    "silence",
    "sine_wave",
    "square_wave",
    "triangle_wave",
    "white_noise",
]

_S = TypeVar("_S", bound=np.int16 | np.int32 | np.float32 | np.float64)

@overload
def sine_wave(
    frequency: float,
    duration: float,
    sample_rate: int = 44100,
    amplitude: float = 1.0,
) -> AudioSamples[np.float64]: ...
@overload
def sine_wave(
    frequency: float,
    duration: float,
    sample_rate: int = 44100,
    amplitude: float = 1.0,
    *,
    dtype: type[_S],
) -> AudioSamples[_S]: ...
@overload
def sine_wave(
    frequency: float,
    duration: float,
    sample_rate: int = 44100,
    amplitude: float = 1.0,
    dtype: DTypeLike | None = None,
) -> AudioSamples[Any]: ...
@overload
def cosine_wave(
    frequency: float,
    duration: float,
    sample_rate: int = 44100,
    amplitude: float = 1.0,
) -> AudioSamples[np.float64]: ...
@overload
def cosine_wave(
    frequency: float,
    duration: float,
    sample_rate: int = 44100,
    amplitude: float = 1.0,
    *,
    dtype: type[_S],
) -> AudioSamples[_S]: ...
@overload
def cosine_wave(
    frequency: float,
    duration: float,
    sample_rate: int = 44100,
    amplitude: float = 1.0,
    dtype: DTypeLike | None = None,
) -> AudioSamples[Any]: ...
@overload
def square_wave(
    frequency: float,
    duration: float,
    sample_rate: int = 44100,
    amplitude: float = 1.0,
) -> AudioSamples[np.float64]: ...
@overload
def square_wave(
    frequency: float,
    duration: float,
    sample_rate: int = 44100,
    amplitude: float = 1.0,
    *,
    dtype: type[_S],
) -> AudioSamples[_S]: ...
@overload
def square_wave(
    frequency: float,
    duration: float,
    sample_rate: int = 44100,
    amplitude: float = 1.0,
    dtype: DTypeLike | None = None,
) -> AudioSamples[Any]: ...
@overload
def sawtooth_wave(
    frequency: float,
    duration: float,
    sample_rate: int = 44100,
    amplitude: float = 1.0,
) -> AudioSamples[np.float64]: ...
@overload
def sawtooth_wave(
    frequency: float,
    duration: float,
    sample_rate: int = 44100,
    amplitude: float = 1.0,
    *,
    dtype: type[_S],
) -> AudioSamples[_S]: ...
@overload
def sawtooth_wave(
    frequency: float,
    duration: float,
    sample_rate: int = 44100,
    amplitude: float = 1.0,
    dtype: DTypeLike | None = None,
) -> AudioSamples[Any]: ...
@overload
def triangle_wave(
    frequency: float,
    duration: float,
    sample_rate: int = 44100,
    amplitude: float = 1.0,
) -> AudioSamples[np.float64]: ...
@overload
def triangle_wave(
    frequency: float,
    duration: float,
    sample_rate: int = 44100,
    amplitude: float = 1.0,
    *,
    dtype: type[_S],
) -> AudioSamples[_S]: ...
@overload
def triangle_wave(
    frequency: float,
    duration: float,
    sample_rate: int = 44100,
    amplitude: float = 1.0,
    dtype: DTypeLike | None = None,
) -> AudioSamples[Any]: ...
@overload
def chirp(
    first: float,
    last: float,
    duration: float,
    sample_rate: int = 44100,
    amplitude: float = 1.0,
) -> AudioSamples[np.float64]: ...
@overload
def chirp(
    first: float,
    last: float,
    duration: float,
    sample_rate: int = 44100,
    amplitude: float = 1.0,
    *,
    dtype: type[_S],
) -> AudioSamples[_S]: ...
@overload
def chirp(
    first: float,
    last: float,
    duration: float,
    sample_rate: int = 44100,
    amplitude: float = 1.0,
    dtype: DTypeLike | None = None,
) -> AudioSamples[Any]: ...
@overload
def impulse(
    duration: float,
    sample_rate: int = 44100,
    amplitude: float = 1.0,
    *,
    position: float = 0.0,
) -> AudioSamples[np.float64]: ...
@overload
def impulse(
    duration: float,
    sample_rate: int = 44100,
    amplitude: float = 1.0,
    *,
    dtype: type[_S],
    position: float = 0.0,
) -> AudioSamples[_S]: ...
@overload
def impulse(
    duration: float,
    sample_rate: int = 44100,
    amplitude: float = 1.0,
    dtype: DTypeLike | None = None,
    *,
    position: float = 0.0,
) -> AudioSamples[Any]: ...
@overload
def silence(
    duration: float,
    sample_rate: int = 44100,
    *,
    channels: int | None = None,
) -> AudioSamples[np.float64]: ...
@overload
def silence(
    duration: float,
    sample_rate: int = 44100,
    *,
    dtype: type[_S],
    channels: int | None = None,
) -> AudioSamples[_S]: ...
@overload
def silence(
    duration: float,
    sample_rate: int = 44100,
    dtype: DTypeLike | None = None,
    *,
    channels: int | None = None,
) -> AudioSamples[Any]: ...
@overload
def white_noise(
    duration: float,
    sample_rate: int = 44100,
    amplitude: float = 1.0,
    *,
    seed: int | None = None,
) -> AudioSamples[np.float64]: ...
@overload
def white_noise(
    duration: float,
    sample_rate: int = 44100,
    amplitude: float = 1.0,
    *,
    dtype: type[_S],
    seed: int | None = None,
) -> AudioSamples[_S]: ...
@overload
def white_noise(
    duration: float,
    sample_rate: int = 44100,
    amplitude: float = 1.0,
    dtype: DTypeLike | None = None,
    *,
    seed: int | None = None,
) -> AudioSamples[Any]: ...
