"""Gain curves: what a gate, a compressor and a fade multiply the samples with.

Levels are in dBFS (0 is a sample of 1.0), gains in dB until the last step. A curve is one float32
number per frame and the same for all channels, so the stereo image stays where it is.

Gate and compressor are feed-forward (Giannoulis, Massberg and Reiss, "Digital Dynamic Range
Compressor Design", J. Audio Eng. Soc. 60(6), 2012): the level is measured before the gain is
applied, a static curve turns level into gain, and smoothing is done on dB. The level is measured
once per hop, and the gain interpolated between hops.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

HOP = 32
"""Frames per measurement of the level: 0.7 ms at 44.1 kHz, below what an ear resolves in gain."""

FLOOR_DB = -120.0
"""The level of silence, so that no logarithm of zero is taken."""

Gain = NDArray[np.float32]
Decibels = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Gate:
    """A downward expander: below `threshold_db` each dB of level loses `ratio - 1` dB more."""

    threshold_db: float = -38.0
    ratio: float = 4.0
    range_db: float = 48.0
    attack: float = 0.004
    release_db_per_second: float = 160.0

    def static_gain(self, level_db: Decibels) -> Decibels:
        """The gain in dB for a steady level; never below `-range_db`, never above 0."""
        below: Decibels = (level_db - self.threshold_db) * (self.ratio - 1.0)
        return below.clip(-self.range_db, 0.0)


@dataclass(frozen=True, slots=True)
class Compressor:
    """Above `threshold_db`, `ratio` dB of level become one; the knee around it is quadratic."""

    threshold_db: float = -24.0
    ratio: float = 3.5
    knee_db: float = 6.0
    attack: float = 0.006
    release_db_per_second: float = 90.0

    def static_gain(self, level_db: Decibels) -> Decibels:
        """The gain in dB for a steady level: 0 below the knee, a straight line above it."""
        slope = 1.0 / self.ratio - 1.0
        over = level_db - self.threshold_db
        into_knee = np.clip(over + self.knee_db / 2, 0.0, self.knee_db)
        above_knee = np.maximum(over - self.knee_db / 2, 0.0)
        gain_db: Decibels = slope * (into_knee**2 / (2 * self.knee_db) + above_knee)
        return gain_db


def gain_curve(
    samples: NDArray[np.float32], sample_rate: int, processor: Gate | Compressor
) -> Gain:
    """The gain of `processor` for each frame of `samples`, `(frames,)` or `(channels, frames)`.

    The level looks `attack` seconds ahead and falls by `release_db_per_second`: at every frame the
    gain answers a level at least as high as the peak there, so no attack is missed.
    """
    frames = samples.shape[-1]
    if frames == 0:
        return np.ones(0, dtype=np.float32)
    hops_per_second = sample_rate / HOP
    reach = round(processor.attack * hops_per_second)
    level = _release(
        # One hop further than the smoothing: a frame's gain is interpolated between two hops.
        _look_around(_peak_per_hop(samples), reach + 1),
        processor.release_db_per_second / hops_per_second,
    )
    gain_db = _smooth(processor.static_gain(level), reach)
    middles = HOP * np.arange(gain_db.size) + (HOP - 1) / 2
    per_frame = np.interp(np.arange(frames), middles, gain_db)
    return np.power(10.0, per_frame / 20.0).astype(np.float32)


def to_decibels(amplitudes: ArrayLike) -> Decibels:
    """Amplitudes or gains in dB, `FLOOR_DB` at least."""
    floor = 10.0 ** (FLOOR_DB / 20.0)
    result: Decibels = 20.0 * np.log10(np.maximum(np.asarray(amplitudes, np.float64), floor))
    return result


def _peak_per_hop(samples: NDArray[np.float32]) -> Decibels:
    """The peak of all channels in each hop of `HOP` frames, in dB; the last hop may be short."""
    starts = np.arange(0, samples.shape[-1], HOP)
    highest = np.maximum.reduceat(samples, starts, axis=-1)
    lowest = np.minimum.reduceat(samples, starts, axis=-1)
    peaks = np.maximum(highest, -lowest)
    if peaks.ndim == 2:
        peaks = peaks.max(axis=0)
    return to_decibels(peaks)


def _look_around(level_db: Decibels, reach: int) -> Decibels:
    """The highest level within `reach` hops on either side."""
    padded = np.pad(level_db, reach, mode="edge")
    highest: Decibels = sliding_window_view(padded, 2 * reach + 1).max(axis=-1)
    return highest


def _release(level_db: Decibels, fall_per_hop: float) -> Decibels:
    """The level, rising at once and falling by `fall_per_hop` dB at most.

    y[n] = max over k <= n of (x[k] - fall * (n - k)), which is a running maximum once the slope is
    added: no loop over hops is needed.
    """
    slope = fall_per_hop * np.arange(level_db.size)
    highest: Decibels = np.maximum.accumulate(level_db + slope)
    return highest - slope


def _smooth(gain_db: Decibels, reach: int) -> Decibels:
    """A Hann-weighted mean over `reach` hops on either side; it stays in the range it averages."""
    window = np.hanning(2 * reach + 3)[1:-1]
    padded = np.pad(gain_db, reach, mode="edge")
    return np.convolve(padded, window / window.sum(), mode="valid")
