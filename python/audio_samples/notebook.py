"""What a notebook shows for audio: the facts, a waveform and a player.

Plain HTML with an inline SVG, so that it needs no script, no network and no Matplotlib.
"""

import base64
import html
import io
from typing import Any

from ._audio_samples import AudioSamples, write
from .plotting import FILL, envelope

WIDTH = 800
HEIGHT = 120

PLAYER_BYTES = 16 << 20
"""The largest player in bytes of 16-bit PCM: 95 s of 44.1 kHz stereo. Notebooks store it whole."""


def show(audio: AudioSamples[Any]) -> str:
    """`audio` as HTML; what `AudioSamples._repr_html_` returns."""
    return (
        f'<div style="max-width:{WIDTH}px">'
        f'<div style="font-family:monospace;font-size:0.85em">{html.escape(repr(audio))}</div>'
        f"{waveform_svg(audio)}{player(audio)}</div>"
    )


def waveform_svg(audio: AudioSamples[Any]) -> str:
    """The envelope of `audio` as one closed SVG path."""
    shape = envelope(audio, WIDTH)
    middle = HEIGHT / 2
    columns = range(shape.seconds.size)
    spread = WIDTH / max(shape.seconds.size, 1)
    # NaN has no place on the picture, and what is beyond full scale is drawn at the edge.
    top = [f"{i * spread:.1f},{middle - middle * _clip(shape.highest[i]):.1f}" for i in columns]
    bottom = [f"{i * spread:.1f},{middle - middle * _clip(shape.lowest[i]):.1f}" for i in columns]
    path = "M" + " L".join(top + bottom[::-1]) + " Z" if top else ""
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="100%" role="img" aria-label="waveform">'
        f'<line x1="0" x2="{WIDTH}" y1="{middle}" y2="{middle}" stroke="{FILL}" '
        f'stroke-opacity="0.4"/>'
        f'<path d="{path}" fill="{FILL}" stroke="{FILL}" stroke-width="0.6"/></svg>'
    )


def player(audio: AudioSamples[Any]) -> str:
    """An `<audio>` element that carries the recording as 16-bit WAV, or a line saying why not."""
    if audio.size == 0:
        return "<div>no frames to play</div>"
    if 2 * audio.size > PLAYER_BYTES:
        return (
            f"<div>no player: {2 * audio.size:,} bytes as 16-bit WAV, the limit is "
            f"{PLAYER_BYTES:,}; show a slice of the audio</div>"
        )
    wav = io.BytesIO()
    write(wav, audio, subtype="PCM_16")
    encoded = base64.b64encode(wav.getbuffer()).decode("ascii")
    return f'<audio controls style="width:100%" src="data:audio/wav;base64,{encoded}"></audio>'


def _clip(sample: float) -> float:
    return max(-1.0, min(1.0, sample)) if sample == sample else 0.0
