"""Signals: `duration` in seconds, `sample_rate` in Hz, `amplitude` as a fraction of full scale.

The same bits on every machine. Signals are mono, of shape (frames,), or of shape (channels, frames)
with `channels=`: waves are the same in every channel, noise is another in each.
"""

from collections.abc import Sequence
from typing import Any, TypeVar, overload

import numpy as np

from ._audio_samples import AudioSamples, _DType, _Int, _Real

__all__ = [
    "am",
    "brown_noise",
    "chirp",
    "cosine_wave",
    "dtmf",
    "exponential_chirp",
    "fm",
    "impulse",
    "pink_noise",
    "sawtooth_wave",
    "silence",
    "sine_wave",
    "square_wave",
    "tones",
    "triangle_wave",
    "white_noise",
]

_S = TypeVar("_S", bound=np.int16 | np.int32 | np.float32 | np.float64)

@overload
def sine_wave(
    frequency: _Real,
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    *,
    channels: _Int | None = None,
) -> AudioSamples[np.float64]: ...
@overload
def sine_wave(
    frequency: _Real,
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    *,
    dtype: type[_S],
    channels: _Int | None = None,
) -> AudioSamples[_S]: ...
@overload
def sine_wave(
    frequency: _Real,
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    dtype: _DType | None = None,
    *,
    channels: _Int | None = None,
) -> AudioSamples[Any]:
    """A sine of `frequency` Hz: `amplitude * sin(2 * pi * frequency * t)`, exact however late.

    >>> audio_samples.generation.sine_wave(1, 1, sample_rate=4).tolist()
    [0.0, 1.0, 0.0, -1.0]
    """

@overload
def cosine_wave(
    frequency: _Real,
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    *,
    channels: _Int | None = None,
) -> AudioSamples[np.float64]: ...
@overload
def cosine_wave(
    frequency: _Real,
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    *,
    dtype: type[_S],
    channels: _Int | None = None,
) -> AudioSamples[_S]: ...
@overload
def cosine_wave(
    frequency: _Real,
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    dtype: _DType | None = None,
    *,
    channels: _Int | None = None,
) -> AudioSamples[Any]:
    """A cosine of `frequency` Hz.

    >>> audio_samples.generation.cosine_wave(1, 1, sample_rate=4).tolist()
    [1.0, 0.0, -1.0, 0.0]
    """

@overload
def square_wave(
    frequency: _Real,
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    *,
    band_limited: bool = False,
    channels: _Int | None = None,
) -> AudioSamples[np.float64]: ...
@overload
def square_wave(
    frequency: _Real,
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    *,
    dtype: type[_S],
    band_limited: bool = False,
    channels: _Int | None = None,
) -> AudioSamples[_S]: ...
@overload
def square_wave(
    frequency: _Real,
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    dtype: _DType | None = None,
    *,
    band_limited: bool = False,
    channels: _Int | None = None,
) -> AudioSamples[Any]:
    """`amplitude` for the first half of every cycle, `-amplitude` for the second.

    `band_limited=True` leaves the harmonics out that do not lie below half the sample rate; then
    the frequency is at least a 16384th of the rate.

    >>> audio_samples.generation.square_wave(1, 1, sample_rate=4).tolist()
    [1.0, 1.0, -1.0, -1.0]
    """

@overload
def sawtooth_wave(
    frequency: _Real,
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    *,
    band_limited: bool = False,
    channels: _Int | None = None,
) -> AudioSamples[np.float64]: ...
@overload
def sawtooth_wave(
    frequency: _Real,
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    *,
    dtype: type[_S],
    band_limited: bool = False,
    channels: _Int | None = None,
) -> AudioSamples[_S]: ...
@overload
def sawtooth_wave(
    frequency: _Real,
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    dtype: _DType | None = None,
    *,
    band_limited: bool = False,
    channels: _Int | None = None,
) -> AudioSamples[Any]:
    """From `-amplitude` up to `amplitude` in every cycle.

    `band_limited=True` leaves the harmonics out that do not lie below half the sample rate; then
    the frequency is at least a 16384th of the rate.

    >>> audio_samples.generation.sawtooth_wave(1, 1, sample_rate=4).tolist()
    [-1.0, -0.5, 0.0, 0.5]
    """

@overload
def triangle_wave(
    frequency: _Real,
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    *,
    band_limited: bool = False,
    channels: _Int | None = None,
) -> AudioSamples[np.float64]: ...
@overload
def triangle_wave(
    frequency: _Real,
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    *,
    dtype: type[_S],
    band_limited: bool = False,
    channels: _Int | None = None,
) -> AudioSamples[_S]: ...
@overload
def triangle_wave(
    frequency: _Real,
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    dtype: _DType | None = None,
    *,
    band_limited: bool = False,
    channels: _Int | None = None,
) -> AudioSamples[Any]:
    """From `-amplitude` up to `amplitude` and back in every cycle.

    `band_limited=True` leaves the harmonics out that do not lie below half the sample rate; then
    the frequency is at least a 16384th of the rate.

    >>> audio_samples.generation.triangle_wave(1, 1, sample_rate=4).tolist()
    [-1.0, 0.0, 1.0, 0.0]
    """

@overload
def chirp(
    first: _Real,
    last: _Real,
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    *,
    channels: _Int | None = None,
) -> AudioSamples[np.float64]: ...
@overload
def chirp(
    first: _Real,
    last: _Real,
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    *,
    dtype: type[_S],
    channels: _Int | None = None,
) -> AudioSamples[_S]: ...
@overload
def chirp(
    first: _Real,
    last: _Real,
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    dtype: _DType | None = None,
    *,
    channels: _Int | None = None,
) -> AudioSamples[Any]:
    """A sine whose frequency goes from `first` to `last` Hz at a constant pace.

    >>> audio_samples.generation.chirp(20, 20_000, 1).shape
    (44100,)
    """

@overload
def exponential_chirp(
    first: _Real,
    last: _Real,
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    *,
    channels: _Int | None = None,
) -> AudioSamples[np.float64]: ...
@overload
def exponential_chirp(
    first: _Real,
    last: _Real,
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    *,
    dtype: type[_S],
    channels: _Int | None = None,
) -> AudioSamples[_S]: ...
@overload
def exponential_chirp(
    first: _Real,
    last: _Real,
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    dtype: _DType | None = None,
    *,
    channels: _Int | None = None,
) -> AudioSamples[Any]:
    """A sine whose frequency goes from `first` to `last` Hz by the same factor in the same time.

    >>> audio_samples.generation.exponential_chirp(20, 20_000, 1).shape
    (44100,)
    """

@overload
def am(
    carrier: _Real,
    modulator: _Real,
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    *,
    depth: _Real = 1.0,
    channels: _Int | None = None,
) -> AudioSamples[np.float64]: ...
@overload
def am(
    carrier: _Real,
    modulator: _Real,
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    *,
    dtype: type[_S],
    depth: _Real = 1.0,
    channels: _Int | None = None,
) -> AudioSamples[_S]: ...
@overload
def am(
    carrier: _Real,
    modulator: _Real,
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    dtype: _DType | None = None,
    *,
    depth: _Real = 1.0,
    channels: _Int | None = None,
) -> AudioSamples[Any]:
    """A sine of `carrier` Hz whose amplitude goes up and down `modulator` times a second.

    `(1 + depth * sin) / (1 + depth)` is its gain, with a depth from 0 to 1.

    >>> audio_samples.generation.am(440, 5, 1).peak() <= 1
    True
    """

@overload
def fm(
    carrier: _Real,
    modulator: _Real,
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    *,
    deviation: _Real = 100.0,
    channels: _Int | None = None,
) -> AudioSamples[np.float64]: ...
@overload
def fm(
    carrier: _Real,
    modulator: _Real,
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    *,
    dtype: type[_S],
    deviation: _Real = 100.0,
    channels: _Int | None = None,
) -> AudioSamples[_S]: ...
@overload
def fm(
    carrier: _Real,
    modulator: _Real,
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    dtype: _DType | None = None,
    *,
    deviation: _Real = 100.0,
    channels: _Int | None = None,
) -> AudioSamples[Any]:
    """A sine around `carrier` Hz that goes `deviation` Hz up and down `modulator` times a second.

    >>> audio_samples.generation.fm(440, 5, 1, deviation=20).shape
    (44100,)
    """

@overload
def tones(
    frequencies: Sequence[float],
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    *,
    channels: _Int | None = None,
) -> AudioSamples[np.float64]: ...
@overload
def tones(
    frequencies: Sequence[float],
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    *,
    dtype: type[_S],
    channels: _Int | None = None,
) -> AudioSamples[_S]: ...
@overload
def tones(
    frequencies: Sequence[float],
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    dtype: _DType | None = None,
    *,
    channels: _Int | None = None,
) -> AudioSamples[Any]:
    """Sines of some frequencies at a time, each of an equal share of the amplitude.

    >>> audio_samples.generation.tones([440, 550, 660], 1).shape
    (44100,)
    """

@overload
def dtmf(
    keys: str,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    *,
    tone: _Real = 0.1,
    pause: _Real = 0.05,
    channels: _Int | None = None,
) -> AudioSamples[np.float64]: ...
@overload
def dtmf(
    keys: str,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    *,
    dtype: type[_S],
    tone: _Real = 0.1,
    pause: _Real = 0.05,
    channels: _Int | None = None,
) -> AudioSamples[_S]: ...
@overload
def dtmf(
    keys: str,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    dtype: _DType | None = None,
    *,
    tone: _Real = 0.1,
    pause: _Real = 0.05,
    channels: _Int | None = None,
) -> AudioSamples[Any]:
    """The tones of a telephone's keys (ITU-T Q.23): 0 to 9, `*`, `#` and A to D.

    Each for `tone` seconds, with `pause` seconds of silence between them.

    >>> audio_samples.generation.dtmf("911", 8_000).duration
    0.4
    """

@overload
def impulse(
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    *,
    position: _Real = 0.0,
    channels: _Int | None = None,
) -> AudioSamples[np.float64]: ...
@overload
def impulse(
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    *,
    dtype: type[_S],
    position: _Real = 0.0,
    channels: _Int | None = None,
) -> AudioSamples[_S]: ...
@overload
def impulse(
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    dtype: _DType | None = None,
    *,
    position: _Real = 0.0,
    channels: _Int | None = None,
) -> AudioSamples[Any]:
    """Silence but for one sample of `amplitude`, `position` seconds after the start.

    >>> audio_samples.generation.impulse(1, 4, position=0.5).tolist()
    [0.0, 0.0, 1.0, 0.0]
    """

@overload
def silence(
    duration: _Real,
    sample_rate: _Int = 44100,
    *,
    channels: _Int | None = None,
) -> AudioSamples[np.float64]: ...
@overload
def silence(
    duration: _Real,
    sample_rate: _Int = 44100,
    *,
    dtype: type[_S],
    channels: _Int | None = None,
) -> AudioSamples[_S]: ...
@overload
def silence(
    duration: _Real,
    sample_rate: _Int = 44100,
    dtype: _DType | None = None,
    *,
    channels: _Int | None = None,
) -> AudioSamples[Any]:
    """Silence of `duration` seconds; mono, or `(channels, frames)` if `channels` is given.

    >>> audio_samples.generation.silence(1, 4, channels=2).shape
    (2, 4)
    """

@overload
def white_noise(
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    *,
    seed: int | None = None,
    channels: _Int | None = None,
) -> AudioSamples[np.float64]: ...
@overload
def white_noise(
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    *,
    dtype: type[_S],
    seed: int | None = None,
    channels: _Int | None = None,
) -> AudioSamples[_S]: ...
@overload
def white_noise(
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    dtype: _DType | None = None,
    *,
    seed: int | None = None,
    channels: _Int | None = None,
) -> AudioSamples[Any]:
    """Every value from `-amplitude` up to `amplitude` with the same probability.

    The same `seed` gives the same noise on every machine (xoshiro256++).

    >>> one = audio_samples.generation.white_noise(1, seed=1)
    >>> bool((one == audio_samples.generation.white_noise(1, seed=1)).all())
    True
    """

@overload
def pink_noise(
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    *,
    seed: int | None = None,
    channels: _Int | None = None,
) -> AudioSamples[np.float64]: ...
@overload
def pink_noise(
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    *,
    dtype: type[_S],
    seed: int | None = None,
    channels: _Int | None = None,
) -> AudioSamples[_S]: ...
@overload
def pink_noise(
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    dtype: _DType | None = None,
    *,
    seed: int | None = None,
    channels: _Int | None = None,
) -> AudioSamples[Any]:
    """Noise whose power falls by 3.01 dB an octave; its largest sample is `amplitude`.

    `seed` as for `white_noise`.

    >>> one = audio_samples.generation.pink_noise(1, seed=1)
    >>> bool((one == audio_samples.generation.pink_noise(1, seed=1)).all())
    True
    """

@overload
def brown_noise(
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    *,
    seed: int | None = None,
    channels: _Int | None = None,
) -> AudioSamples[np.float64]: ...
@overload
def brown_noise(
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    *,
    dtype: type[_S],
    seed: int | None = None,
    channels: _Int | None = None,
) -> AudioSamples[_S]: ...
@overload
def brown_noise(
    duration: _Real,
    sample_rate: _Int = 44100,
    amplitude: _Real = 1.0,
    dtype: _DType | None = None,
    *,
    seed: int | None = None,
    channels: _Int | None = None,
) -> AudioSamples[Any]:
    """Noise whose power falls by 6.02 dB an octave; its largest sample is `amplitude`.

    `seed` as for `white_noise`.

    >>> one = audio_samples.generation.brown_noise(1, seed=1)
    >>> bool((one == audio_samples.generation.brown_noise(1, seed=1)).all())
    True
    """
