"""Envelopes: the extremes of what falls on each column of a picture."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._audio_samples import AudioSamples
from ._axes import COLUMNS, check, full_scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes


_AT_ONCE = 1 << 20
"""Bytes of samples that are looked at together."""


class Envelope(NamedTuple):
    """The lowest and the highest sample in each of some equal stretches of time, which begin at
    `seconds`: of all channels, or of shape (channels, columns).
    """

    seconds: NDArray[np.float64]
    lowest: NDArray[np.float64]
    highest: NDArray[np.float64]


def envelope(
    audio: AudioSamples[Any], columns: int = COLUMNS, *, per_channel: bool = False
) -> Envelope:
    """What a picture `columns` wide can show of `audio`, from its shared memory.

    Integer samples are shown as fractions of full scale. Audio with fewer frames than columns gives
    one column per frame. NaN counts only where there is nothing else.
    """
    check(audio)
    if columns < 1:
        raise ValueError(f"{columns} columns: a picture needs at least 1")
    samples = np.atleast_2d(audio.to_numpy())
    channels, frames = samples.shape
    columns = min(columns, frames)
    if columns == 0:
        nothing = np.zeros((channels, 0) if per_channel else 0)
        return Envelope(np.zeros(0), nothing, nothing)
    starts = np.arange(columns, dtype=np.int64) * frames // columns
    lowest, highest = _extremes(samples, starts)
    if not per_channel:
        lowest, highest = np.fmin.reduce(lowest, axis=0), np.fmax.reduce(highest, axis=0)
    unit = full_scale(samples.dtype)
    seconds = starts / audio.sample_rate
    return Envelope(seconds, lowest / unit, highest / unit)


def _extremes(
    samples: NDArray[Any], starts: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The lowest and the highest sample of each channel from each start to the next one."""
    channels, frames = samples.shape
    edges = np.append(starts, frames)
    lowest, highest = np.empty((2, channels, starts.size))
    # Both of all channels from what is in the processor's cache, or of a mapped file in memory.
    wide = max(1, _AT_ONCE * starts.size // (samples.itemsize * samples.size))
    for at in range(0, starts.size, wide):
        some = slice(at, at + wide)
        inner = starts[some]
        part = samples[:, inner[0] : edges[min(at + wide, starts.size)]]
        lowest[:, some] = np.minimum.reduceat(part, inner - inner[0], axis=1)
        highest[:, some] = np.maximum.reduceat(part, inner - inner[0], axis=1)
    for channel, column in np.argwhere(np.isnan(lowest)):
        part = samples[channel, edges[column] : edges[column + 1]]
        lowest[channel, column] = np.fmin.reduce(part)
        highest[channel, column] = np.fmax.reduce(part)
    return lowest, highest


def draw_envelope(ax: "Axes", shape: Envelope, *, color: str, label: str | None = None) -> None:
    """Fill between lowest and highest samples; a thin edge keeps quiet stretches visible."""
    # The last column is as wide as the others.
    seconds = shape.seconds
    if seconds.size:
        width = seconds[1] - seconds[0] if seconds.size > 1 else 1e-3
        seconds = np.append(seconds, seconds[-1] + width)
    ax.fill_between(
        seconds,
        np.append(shape.lowest, shape.lowest[-1:]),
        np.append(shape.highest, shape.highest[-1:]),
        step="post",
        color=color,
        edgecolor=color,
        linewidth=0.6,
        label=label,
    )
