"""Functions of other libraries on the memory of audio: `audio.pipe(librosa.effects.hpss)`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from ._audio_samples import AudioSamples
from ._class import install

_SAMPLES = ("int16", "int32", "float32", "float64")


def _is_audio(result: Any, channels: int, frames_first: bool) -> bool:
    """Whether an array is samples in as many channels, or in one."""
    if not isinstance(result, np.ndarray) or result.dtype.name not in _SAMPLES:
        return False
    if result.ndim == 1:
        # One number for each channel is a measure, and no sound.
        return channels == 1 or len(result) != channels
    return result.ndim == 2 and result.shape[1 if frames_first else 0] == channels


def _pipe(
    self: AudioSamples,
    function: Callable[..., Any],
    *args: Any,
    rate_as: str | None = None,
    layout: str | None = None,
    new_rate: int | None = None,
    **kwargs: Any,
) -> Any:
    if not callable(function):
        raise TypeError(
            f"pipe takes a function, such as scipy.signal.hilbert, not {function!r}; "
            "its arguments follow it"
        )
    if layout not in (None, "channels_first", "frames_first"):
        raise ValueError(f"layout must be 'channels_first' or 'frames_first', not {layout!r}")
    frames_first = layout == "frames_first"
    array = self.frames_first if frames_first and self.ndim == 2 else self.to_numpy()
    if rate_as is not None:
        if rate_as in kwargs:
            raise TypeError(f"{rate_as}= is given twice: as it is, and by rate_as='{rate_as}'")
        kwargs[rate_as] = self.sample_rate
    result = function(array, *args, **kwargs)
    rate = self.sample_rate if new_rate is None else new_rate
    if not _is_audio(result, self.num_channels, frames_first):
        return result
    order: Literal["channels_first", "frames_first"] | None = None
    if result.ndim == 2:
        order = "frames_first" if frames_first else "channels_first"
    return AudioSamples.from_numpy(result, rate, layout=order, copy=None)


_pipe.__doc__ = """What a function of any library makes of the samples, as audio of the same rate.

The function gets the array on the audio's own memory: what it writes there is written to
the audio. `layout="frames_first"` hands it over as (frames, channels) and takes the result
so; `rate_as="sr"` passes the sample rate by that name. An array of samples that comes back,
mono or with the audio's channels, becomes audio on the array's memory, at `new_rate` if the
function has changed the rate; anything else, such as one number for each channel, comes
back as it is. No lease is held while the function runs.

>>> AudioSamples.new_mono(np.array([1.0, -1.0]), 48_000).pipe(np.abs).sample_rate
48000
"""
install("pipe", _pipe)
