"""What the measures of audio give back."""

from __future__ import annotations

from typing import Any, NamedTuple


class Statistics(NamedTuple):
    """The levels of audio, where full scale is 1.0; arrays of one for each channel with
    `per_channel=True`.
    """

    peak: Any
    rms: Any
    crest_factor: Any
    dc_offset: Any
    zero_crossings: Any
    min: Any
    max: Any


Statistics.__module__ = "audio_samples"
