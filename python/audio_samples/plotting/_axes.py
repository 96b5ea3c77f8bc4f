"""Axes to draw on, and what all pictures have in common."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .._audio_samples import AudioSamples

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FILL = "#2a6f97"
TRACE = "#c8553d"
GHOST = "#8d99a6"

COLUMNS = 1200
"""As many columns as a picture of usual size can show."""


def check(audio: object) -> None:
    """Refuses what is no audio."""
    if not isinstance(audio, AudioSamples):
        raise TypeError(
            f"pictures are drawn of AudioSamples, not of {type(audio).__name__}: an array has no "
            "sample rate; AudioSamples.new_mono(array, sample_rate) gives it one (several "
            "channels: new_multi)"
        )


def axes(ax: "Axes | None", height: float) -> "Axes":
    """`ax`, or the axes of a new figure."""
    if ax is not None:
        return ax
    try:
        import matplotlib.pyplot as plt
    except ModuleNotFoundError as missing:
        if missing.name != "matplotlib":
            raise
        raise ModuleNotFoundError(
            "pictures are drawn by Matplotlib, which is not installed: pip install matplotlib",
            name="matplotlib",
        ) from missing
    new: Axes = plt.subplots(figsize=(10, height), layout="constrained")[1]
    return new


def time_axis(ax: "Axes", audio: AudioSamples[Any]) -> None:
    """Seconds from the first frame to the end of the last."""
    ax.set_xlim(0, max(audio.duration, 1 / audio.sample_rate))
    ax.set_xlabel("seconds")


def names_of(audio: AudioSamples[Any]) -> list[str]:
    """What the channels are called in a picture."""
    if audio.num_channels == 2:
        return ["left", "right"]
    return [f"channel {at}" for at in range(audio.num_channels)]


def full_scale(dtype: np.dtype[Any]) -> float:
    """The sample that is 1.0."""
    return -float(np.iinfo(dtype).min) if dtype.kind == "i" else 1.0


def in_db(values: NDArray[Any], floor: float) -> NDArray[np.float64]:
    """Factors in dB, none below `floor`."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found: NDArray[np.float64] = 20 * np.log10(np.abs(values, dtype=np.float64))
    return np.maximum(found, floor)
