"""Samples over time: the channels of audio, or tracks one below the other."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from .._audio_samples import AudioSamples
from ._axes import FILL, GHOST, axes, check, in_db, names_of, time_axis
from ._envelope import Envelope, draw_envelope, envelope

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FLOOR = -60.0
_STEP = 2.5
"""From the middle of a lane to that of the next one; a lane goes from -1 to 1."""


def waveform(
    audio: AudioSamples[Any],
    ax: "Axes | None" = None,
    *,
    color: str = FILL,
    scale: Literal["linear", "db"] = "linear",
) -> "Axes":
    """Draw the waveform of `audio`, a lane for each channel, and return the axes.

    Full scale is 1. `scale="db"` draws peaks in dBFS instead, down to -60. ValueError for another
    scale, TypeError for what is no audio.
    """
    check(audio)
    if scale not in ("linear", "db"):
        raise ValueError(f"scale is 'linear' or 'db', not {scale!r}")
    shape = envelope(audio, per_channel=True)
    count = audio.num_channels
    ax = axes(ax, 1.2 + 1.3 * min(count, 8))
    for lane in range(count):
        channel = Envelope(shape.seconds, shape.lowest[lane], shape.highest[lane])
        _draw_lane(ax, channel, -_STEP * lane, color, scale, len(audio))
    _label_lanes(ax, names_of(audio) if count > 1 else [""], scale)
    time_axis(ax, audio)
    return ax


def tracks(
    audios: Mapping[str, AudioSamples[Any]] | Iterable[AudioSamples[Any]],
    ax: "Axes | None" = None,
    *,
    color: str = FILL,
) -> "Axes":
    """Draw several pieces of audio below each other on one time axis, all channels of a piece in
    one lane, and return the axes.

    A mapping names them: `tracks({"voice": voice, "music": music})`. Rates may differ.
    """
    given: object = audios
    if isinstance(given, AudioSamples):
        raise TypeError("tracks takes a list or a dict of audio; waveform(audio) draws one")
    if isinstance(audios, Mapping):
        names, pieces = [str(name) for name in audios], list(audios.values())
    else:
        pieces = list(audios)
        names = [f"track {at}" for at in range(len(pieces))]
    if not pieces:
        raise ValueError("tracks needs at least one piece of audio")
    for piece in pieces:
        check(piece)
    ax = axes(ax, 1.2 + 1.0 * min(len(pieces), 10))
    for lane, piece in enumerate(pieces):
        _draw_lane(ax, envelope(piece), -_STEP * lane, color, "linear", len(piece))
    _label_lanes(ax, names, None)
    time_axis(ax, max(pieces, key=lambda piece: piece.duration))
    return ax


def _draw_lane(
    ax: "Axes", shape: Envelope, middle: float, color: str, scale: str, frames: int
) -> None:
    ax.axhline(middle if scale == "linear" else middle - 1, color=GHOST, linewidth=0.5, zorder=0)
    if scale == "db":
        loudest = np.fmax(np.abs(shape.lowest), np.abs(shape.highest))
        height = 1 - 2 * in_db(loudest, _FLOOR) / _FLOOR
        bottom = np.full_like(height, middle - 1)
        draw_envelope(ax, Envelope(shape.seconds, bottom, middle + height), color=color)
    elif shape.seconds.size == frames and np.array_equal(
        shape.lowest, shape.highest, equal_nan=True
    ):
        # A column for each frame: the samples themselves.
        ax.plot(shape.seconds, middle + shape.lowest, color=color, linewidth=1)
    else:
        moved = Envelope(shape.seconds, middle + shape.lowest, middle + shape.highest)
        draw_envelope(ax, moved, color=color)


def _label_lanes(ax: "Axes", names: list[str], scale: str | None) -> None:
    """Names of the lanes; a few lanes have room for the marks of their scale too."""
    lanes = [-_STEP * lane for lane in range(len(names))]
    if len(names) <= 4 and scale is not None:
        marks = (
            {-1.0: "-1", 0.0: "0", 1.0: "1"}
            if scale == "linear"
            else {1 - 2 * db / _FLOOR: f"{db:.0f}" for db in (0.0, -20.0, -40.0, _FLOOR)}
        )
        ax.set_yticks(
            [lane + mark for lane in lanes for mark in marks],
            [text for _ in lanes for text in marks.values()],
        )
        for name, lane in zip(names, lanes, strict=True):
            # Above the lane, for samples reach to both its ends.
            ax.annotate(
                name,
                (0, lane + 1),
                xycoords=("axes fraction", "data"),
                xytext=(4, 1),
                textcoords="offset points",
                fontsize="small",
                va="bottom",
            )
        unit = "full scale" if scale == "linear" else "peak, dBFS"
        ax.set_ylabel(unit)
    else:
        every = max(1, len(names) // 32)
        ax.set_yticks(lanes[::every], names[::every])
    ax.set_ylim(lanes[-1] - 1.1, 1.35 if len(names) > 1 and scale is not None else 1.1)
