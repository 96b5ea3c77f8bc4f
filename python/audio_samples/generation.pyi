from typing import Any, TypeVar, overload

import numpy as np
from numpy.typing import DTypeLike

from ._audio_samples import AudioSamples

_S = TypeVar("_S", bound=np.int16 | np.int32 | np.float32 | np.float64)

@overload
def sine_wave(
    frequency: float, duration: float, sample_rate: int = 44100, amplitude: float = 1.0
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
    dtype: DTypeLike = ...,
) -> AudioSamples[Any]: ...
@overload
def silence(duration: float, sample_rate: int = 44100) -> AudioSamples[np.float64]: ...
@overload
def silence(duration: float, sample_rate: int = 44100, *, dtype: type[_S]) -> AudioSamples[_S]: ...
@overload
def silence(
    duration: float, sample_rate: int = 44100, dtype: DTypeLike = ...
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
    dtype: DTypeLike = ...,
    *,
    seed: int | None = None,
) -> AudioSamples[Any]: ...
