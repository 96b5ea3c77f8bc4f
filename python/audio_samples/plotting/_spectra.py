"""Frequencies: of the whole, and over time."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .._audio_samples import AudioSamples
from ._axes import COLUMNS, axes, check, full_scale, names_of, time_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_AT_ONCE = 64
"""Windows that are transformed together: their memory stays small."""


def spectrum(
    audio: AudioSamples[Any],
    ax: "Axes | None" = None,
    *,
    window: int = 4096,
    floor: float = -120,
) -> "Axes":
    """Draw the mean spectrum of each channel, decibels over Hz, and return the axes.

    The mean power of Hann windows of `window` frames (Welch, 1967), half overlapping, and of at
    most 1200 of them, evenly spread. A sine of full scale is 0 dBFS.
    """
    _check(audio, window, floor)
    ax = axes(ax, 3.5)
    starts = _starts(len(audio), window, window // 2)
    hertz = np.fft.rfftfreq(window, 1 / audio.sample_rate)
    samples = np.atleast_2d(audio.to_numpy())
    for channel, name in zip(samples, names_of(audio), strict=True):
        power = _powers(channel, starts, window)
        mean = power.mean(axis=0) if len(power) else np.zeros(hertz.size)
        ax.plot(hertz[1:], _power_db(mean, floor)[1:], linewidth=1, alpha=0.8, label=name)
    if 1 < audio.num_channels <= 8:
        ax.legend(loc="upper right", frameon=False)
    ax.set_xscale("log")
    ax.set_xlim(max(20.0, hertz[1]) if hertz[-1] > 40 else hertz[1], hertz[-1])
    ax.set_ylim(floor, 3)
    ax.set_xlabel("Hz")
    ax.set_ylabel("dBFS")
    ax.grid(alpha=0.3, which="both")
    return ax


def spectrogram(
    audio: AudioSamples[Any],
    ax: "Axes | None" = None,
    *,
    channel: int | None = None,
    window: int = 2048,
    floor: float = -100,
    cmap: str = "magma",
) -> "Axes":
    """Draw how strong each frequency is over time, in dBFS, and return the axes.

    Hann windows of `window` frames, at most 1200, evenly spread: of long audio a column shows one
    of the windows that fall on it. The mean of all channels, or one `channel`. The colours go from
    `floor` to 0 dBFS, where a sine of full scale is.
    """
    _check(audio, window, floor)
    ax = axes(ax, 3.5)
    samples = np.atleast_2d(audio.to_numpy())
    chosen = samples if channel is None else samples[channel][None]
    starts = _starts(len(audio), window, window // 8)
    powers = np.zeros((starts.size, window // 2 + 1))
    for one in chosen:
        powers += _powers(one, starts, window) / len(chosen)
    picture = ax.imshow(
        _power_db(powers.T, floor),
        origin="lower",
        aspect="auto",
        extent=(0, max(audio.duration, 1 / audio.sample_rate), 0, audio.sample_rate / 2),
        cmap=cmap,
        vmin=floor,
        vmax=0,
        interpolation="nearest",
    )
    ax.figure.colorbar(picture, ax=ax, label="dBFS", pad=0.01)
    ax.set_ylabel("Hz")
    time_axis(ax, audio)
    return ax


def _check(audio: AudioSamples[Any], window: int, floor: float) -> None:
    check(audio)
    if not 16 <= window <= 1 << 20:
        raise ValueError(f"a window of {window} frames: it must be from 16 to {1 << 20}")
    if not floor < 0:
        raise ValueError(f"a floor of {floor} dBFS: it must be below 0")


def _starts(frames: int, window: int, hop: int) -> NDArray[np.int64]:
    """Where windows begin: each `hop` frames, or evenly spread where those were too many.

    One at least, of audio that is shorter.
    """
    last = max(frames - window, 0)
    count = min(-(-last // hop) + 1, COLUMNS)
    return np.linspace(0, last, count).astype(np.int64)


def _powers(samples: NDArray[Any], starts: NDArray[np.int64], window: int) -> NDArray[np.float32]:
    """The power of each window, of shape (windows, window // 2 + 1); a full sine has 1.

    The one place where a picture transforms samples.
    """
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    hann /= hann.sum() / 2 * full_scale(samples.dtype)
    if samples.size < window:
        samples = np.append(samples, np.zeros(window - samples.size, samples.dtype))
    views = np.lib.stride_tricks.sliding_window_view(samples, window)
    powers = np.empty((starts.size, window // 2 + 1), np.float32)
    for at in range(0, starts.size, _AT_ONCE):
        some = starts[at : at + _AT_ONCE]
        spectra = np.fft.rfft(views[some] * hann, axis=1)
        powers[at : at + _AT_ONCE] = spectra.real**2 + spectra.imag**2
    return powers


def _power_db(powers: NDArray[Any], floor: float) -> NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        found: NDArray[np.float64] = 10 * np.log10(powers, dtype=np.float64)
    return np.maximum(found, floor)
