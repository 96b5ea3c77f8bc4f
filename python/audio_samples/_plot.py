"""`audio.plot()`: the pictures of `audio_samples.plotting` as a method."""

from __future__ import annotations

from typing import Any

from ._audio_samples import AudioSamples
from ._class import install

_KINDS = ("waveform", "spectrum", "spectrogram", "levels")


def _plot(self: AudioSamples[Any], kind: str = "waveform", ax: Any = None, **options: Any) -> Any:
    """Draws the audio with Matplotlib on `ax`, or on a new figure, and gives the axes.

    `kind` is `waveform`, `spectrum`, `spectrogram` or `levels`; options are those of the
    function of that name in `audio_samples.plotting`. ValueError for another kind;
    ModuleNotFoundError without Matplotlib.
    """
    if kind not in _KINDS:
        raise ValueError(f"kind is one of {', '.join(map(repr, _KINDS))}, not {kind!r}")
    from . import plotting

    return getattr(plotting, kind)(self, ax, **options)


install("plot", _plot)
