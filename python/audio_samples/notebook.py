"""What a notebook shows for audio: the facts, a waveform of each channel and a player.

Plain HTML with inline SVG: no script, no network and no Matplotlib. A notebook stores all of it,
so the player has a preview unless the caller asks for more: `notebook.show(audio, player="whole")`.
"""

import base64
import html
import io
import math
import warnings
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ._audio_samples import AudioSamples, write
from .plotting import envelope

PREVIEW_BYTES = 450_000
"""The largest preview in bytes of 16-bit WAV; as text it is a third larger."""

_PREVIEW_RATE = 22_050
_COLUMNS = 600
_LABELLED = 8
"""So many channels have a label each."""

_STYLE = (
    "<style>"
    ".audio-samples{--wave:#2a6f97;max-width:800px;font:13px/1.4 system-ui,sans-serif}"
    ".audio-samples svg{display:block;width:100%}"
    ".audio-samples small{display:flex;flex-wrap:wrap;justify-content:space-between;opacity:.75;"
    "font-size:11px}"
    ".audio-samples .axis{position:relative;height:16px;font-size:11px;border-top:1px solid;"
    "opacity:.75}"
    ".audio-samples .axis span{position:absolute;white-space:nowrap}"
    ".audio-samples audio{width:100%;height:40px;margin-top:6px}"
    '[data-jp-theme-light="false"] .audio-samples,.vscode-dark .audio-samples'
    "{--wave:#6db9e8;color-scheme:dark}"
    "@media(prefers-color-scheme:dark){.audio-samples{--wave:#6db9e8;color-scheme:light dark}}"
    "</style>"
)


class Html(str):
    """Text that a notebook shows as HTML."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return str(self)


def show(
    audio: AudioSamples[Any],
    *,
    player: Literal["preview", "whole", "none"] = "preview",
    mono: bool | None = None,
    sample_rate: int | None = None,
) -> Html:
    """`audio` as HTML; what `AudioSamples._repr_html_` returns.

    `player` has the beginning, the whole, or nothing. A preview that would be large is mono and of
    half the sample rate or less, as the caption says; `mono` and `sample_rate` say it otherwise. Of
    more than two channels the first two are played.
    """
    if player not in ("preview", "whole", "none"):
        raise ValueError(f"player is 'preview', 'whole' or 'none', not {player!r}")
    sound = ""
    if player != "none":
        sound = _player(audio, whole=player == "whole", mono=mono, sample_rate=sample_rate)
    facts = f"<div>{html.escape(repr(audio))}</div>"
    return Html(f'<div class="audio-samples">{_STYLE}{facts}{_waveforms(audio)}{sound}</div>')


# -- waveforms --


def _waveforms(audio: AudioSamples[Any]) -> str:
    count = audio.num_channels
    # Many channels share what two have, so that the page stays small.
    columns = max(100, min(_COLUMNS, 2 * _COLUMNS // max(count, 1)))
    shape = envelope(audio, columns, per_channel=True)
    loudest = np.fmax(np.abs(shape.lowest), np.abs(shape.highest))
    peaks = np.max(loudest, axis=1, initial=0, where=~np.isnan(loudest))
    missing = _count_nan(audio)
    parts = []
    if count > _LABELLED:
        first = int(np.argmax(peaks))
        parts.append(_caption(f"{count} channels", _level(peaks[first], int(missing.sum())),
                              f"the loudest is channel {first}"))  # fmt: skip
    for channel in range(count):
        if count <= _LABELLED:
            name = {1: "", 2: ("left", "right")[channel % 2]}.get(count, f"channel {channel}")
            parts.append(_caption(name, _level(peaks[channel], int(missing[channel]))))
        height = {1: 96, 2: 64}.get(count, 40 if count <= _LABELLED else max(6, 384 // count))
        parts.append(_svg(shape.lowest[channel], shape.highest[channel], height))
    return "".join(parts) + _time_axis(audio.duration)


def _caption(*texts: str) -> str:
    return "<small>" + "".join(f"<span>{text}</span>" for text in texts) + "</small>"


def _level(peak: float, missing: int) -> str:
    decibels = 20 * math.log10(peak) if peak > 0 else -math.inf
    text = f"peak {decibels:.1f} dBFS".replace("-inf", "-∞").replace("inf", "∞")
    return f"{text}, <b>{missing:,} NaN</b>" if missing else text


def _count_nan(audio: AudioSamples[Any]) -> NDArray[np.int64]:
    """The samples of each channel that are no numbers."""
    found = np.zeros(audio.num_channels, dtype=np.int64)
    if audio.dtype.kind != "f":
        return found
    # The peak is NaN if a sample is, and is computed in one pass without memory.
    for channel in np.flatnonzero(np.isnan(audio.peak(per_channel=True))):
        samples = np.atleast_2d(audio.to_numpy())[channel]
        step = 1 << 20
        for at in range(0, samples.size, step):
            found[channel] += np.count_nonzero(np.isnan(samples[at : at + step]))
    return found


def _svg(lowest: NDArray[np.float64], highest: NDArray[np.float64], height: int) -> str:
    """One channel as a closed path: 200 units high, as wide as it has columns, and stretched."""
    columns = lowest.size
    path = ""
    if columns:
        # What is beyond full scale is drawn at the edge, and NaN on the line.
        top, bottom = (
            np.rint(100 - 100 * np.clip(np.nan_to_num(np.append(side, side[-1:])), -1, 1))
            .astype(int)
            .tolist()
            for side in (highest, lowest)
        )
        points = [*enumerate(top), *reversed([*enumerate(bottom)])]
        path = "M" + " ".join(f"{x},{y}" for x, y in points) + "Z"
    return (
        f'<svg viewBox="0 0 {max(columns, 1)} 200" height="{height}" preserveAspectRatio="none" '
        'role="img" aria-label="waveform">'
        f'<path d="M0,100H{max(columns, 1)}" stroke="currentColor" stroke-opacity=".3" '
        'vector-effect="non-scaling-stroke"/>'
        f'<path d="{path}" fill="var(--wave,#2a6f97)" stroke="var(--wave,#2a6f97)" '
        'stroke-width=".7" vector-effect="non-scaling-stroke"/></svg>'
    )


def _time_axis(duration: float) -> str:
    """Seconds below the waveforms, as text that keeps its size when these are stretched."""
    if not duration > 0:
        return ""
    step = _step(duration / 5)
    marks = []
    for at in range(int(duration / step + 1e-9) + 1):
        share = min(100 * at * step / duration, 100)
        shift = "0" if at == 0 else "-100%" if share > 96 else "-50%"
        marks.append(
            f'<span style="left:{share:.4g}%;transform:translateX({shift})">'
            f"{_time(at * step, step)}</span>"
        )
    return f'<div class="axis" aria-label="time axis">{"".join(marks)}</div>'


def _step(least: float) -> float:
    """The next larger step of 1, 2 or 5 times a power of ten; of a minute or an hour beyond."""
    for step in (60.0, 120.0, 300.0, 600.0, 1200.0, 3600.0, 7200.0, 18000.0, 36000.0):
        if 20 < least <= step:
            return step
    ten = 10.0 ** math.floor(math.log10(least))
    return next(step * ten for step in (1, 2, 5, 10) if step * ten >= least * (1 - 1e-9))


def _time(seconds: float, step: float) -> str:
    if step < 60 and seconds < 60 + step:
        digits = max(0, -math.floor(math.log10(step) + 1e-9))
        return f"{seconds:.{digits}f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


# -- the player --


def _player(
    audio: AudioSamples[Any], *, whole: bool, mono: bool | None, sample_rate: int | None
) -> str:
    """An `<audio>` element that carries 16-bit WAV, and what it leaves out."""
    if len(audio) == 0:
        return _caption("no frames to play")
    piece: AudioSamples[Any] = audio[:2, :] if audio.num_channels > 2 else audio
    rate = sample_rate or audio.sample_rate
    channels = 1 if mono else piece.num_channels
    large = 2 * channels * rate * audio.duration > PREVIEW_BYTES
    if large and not whole:
        channels = piece.num_channels if mono is False else 1
        rate = sample_rate or _preview_rate(audio.sample_rate)
        most = max(1, int(PREVIEW_BYTES / (2 * channels * rate) * audio.sample_rate))
        piece = piece[:most]
    left_out = []
    if audio.num_channels > 2:
        left_out.append(f"the first two of {audio.num_channels} channels")
    if len(piece) < len(audio):
        left_out.append(f"the first {piece.duration:.3g} s")
    if channels < piece.num_channels:
        piece = piece.to_mono()
        left_out.append("mono")
    if rate != piece.sample_rate:
        piece = piece.resample(rate)
        left_out.append(f"{rate / 1000:g} kHz")
    with warnings.catch_warnings():
        # What is too loud is clipped, as the browser would clip it.
        warnings.simplefilter("ignore", UserWarning)
        wav = io.BytesIO()
        write(wav, piece, subtype="PCM_16", format="WAV")
    encoded = base64.b64encode(wav.getbuffer()).decode("ascii")
    hint = ""
    if large and not whole:
        hint = '<code>notebook.show(audio, player="whole")</code>'
    note = _caption(f"plays {', '.join(left_out)}", hint) if left_out else ""
    return f'<audio controls src="data:audio/wav;base64,{encoded}"></audio>{note}'


def _preview_rate(rate: int) -> int:
    """The lowest whole part of the rate that is not below 22.05 kHz."""
    parts = (part for part in range(rate // _PREVIEW_RATE, 1, -1) if rate % part == 0)
    return rate // next(parts, 1)
