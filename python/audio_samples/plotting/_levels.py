"""Levels over time."""

from typing import TYPE_CHECKING, Any

import numpy as np

from .._audio_samples import AudioSamples
from ._axes import COLUMNS, axes, check, in_db, names_of, time_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def levels(
    audio: AudioSamples[Any], ax: "Axes | None" = None, *, window: float = 0.05, floor: float = -80
) -> "Axes":
    """Draw peak (thin) and RMS (thick) of each channel over time in dBFS, and return the axes.

    A value stands for `window` seconds, or for a column of the picture where that is longer. What
    is below `floor` dBFS is drawn there; NaN leaves a gap.
    """
    check(audio)
    if not window > 0:
        raise ValueError(f"a window of {window} s: it must be longer than 0")
    if not floor < 0:
        raise ValueError(f"a floor of {floor} dBFS: it must be below 0")
    ax = axes(ax, 3.5)
    frames = len(audio)
    wide = max(1, round(min(window * audio.sample_rate, max(frames, 1))))
    columns = max(min(-(-frames // wide), COLUMNS), 1)
    edges = np.arange(columns + 1, dtype=np.int64) * frames // columns
    # One pass over the samples, in the extension.
    pairs = zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    told = [audio[begin:end].statistics(per_channel=True) for begin, end in pairs if begin < end]
    seconds = (edges[:-1] + edges[1:])[: len(told)] / (2 * audio.sample_rate)
    for channel, name in enumerate(names_of(audio)):
        peaks = in_db(np.array([one.peak[channel] for one in told]), floor)
        (line,) = ax.plot(seconds, peaks, linewidth=0.8, alpha=0.7)
        rms = in_db(np.array([one.rms[channel] for one in told]), floor)
        label = "RMS" if audio.num_channels == 1 else name
        ax.plot(seconds, rms, linewidth=1.8, color=line.get_color(), label=label)
    if audio.num_channels <= 8:
        ax.legend(loc="lower right", frameon=False, ncols=4, title="peak thin, RMS thick")
    ax.set_ylim(floor, 3)
    ax.set_ylabel("dBFS")
    ax.grid(axis="y", alpha=0.3)
    time_axis(ax, audio)
    return ax
