"""Pictures of audio: envelopes for any number of frames, and waveforms in Matplotlib.

Matplotlib is imported by the functions that draw, never by the package.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._audio_samples import AudioSamples

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FILL = "#2a6f97"
TRACE = "#c8553d"
GHOST = "#8d99a6"


class Envelope(NamedTuple):
    """The lowest and the highest sample of all channels in each of some equal stretches of time."""

    seconds: NDArray[np.float64]
    lowest: NDArray[np.float64]
    highest: NDArray[np.float64]


def envelope(audio: AudioSamples[Any], columns: int = 1200) -> Envelope:
    """What a picture `columns` wide can show of `audio`, from its shared memory.

    Integer samples are shown as fractions of full scale. Audio with fewer frames than columns gives
    one column per frame.
    """
    if not isinstance(audio, AudioSamples):
        raise TypeError(
            f"pictures are drawn of AudioSamples, not of {type(audio).__name__}: an array has no "
            "sample rate; AudioSamples.new_mono(array, sample_rate) gives it one (several "
            "channels: new_multi)"
        )
    if columns < 1:
        raise ValueError(f"{columns} columns: a picture needs at least 1")
    samples = np.atleast_2d(audio.to_numpy())
    frames = samples.shape[1]
    columns = min(columns, frames)
    if columns == 0:
        nothing = np.zeros(0)
        return Envelope(nothing, nothing, nothing)
    starts = np.arange(columns, dtype=np.int64) * frames // columns
    full_scale = -float(np.iinfo(samples.dtype).min) if samples.dtype.kind == "i" else 1.0
    lowest = np.minimum.reduceat(samples, starts, axis=1).min(axis=0) / full_scale
    highest = np.maximum.reduceat(samples, starts, axis=1).max(axis=0) / full_scale
    seconds = starts / audio.sample_rate
    return Envelope(seconds, lowest.astype(np.float64), highest.astype(np.float64))


def waveform(audio: AudioSamples[Any], ax: "Axes | None" = None, *, color: str = FILL) -> "Axes":
    """Draw the waveform of `audio` on `ax`, or on a new figure, and return the axes."""
    shape = envelope(audio)
    if ax is None:
        import matplotlib.pyplot as plt

        _, ax = plt.subplots(figsize=(10, 2.5), layout="constrained")
    draw_envelope(ax, shape, color=color)
    ax.set_xlim(0, max(audio.duration, 1 / audio.sample_rate))
    ax.set_xlabel("seconds")
    return ax


def draw_envelope(ax: "Axes", shape: Envelope, *, color: str, label: str | None = None) -> None:
    """Fill between lowest and highest samples; a thin edge keeps quiet stretches visible."""
    ax.fill_between(
        shape.seconds,
        shape.lowest,
        shape.highest,
        step="post",
        color=color,
        edgecolor=color,
        linewidth=0.6,
        label=label,
    )
