"""Draws docs/_static/speed.svg from what the other benchmarks wrote with `--json`.

python bench/figure.py files.json methods.json docs/_static/speed.svg
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

# What is drawn: the row's name in the benchmark, the words for it, and the peer that is 1.
METHODS = [
    ("peak, rms, mean", "peak, RMS and mean", "NumPy"),
    ("fade in place, and a copy", "fade in place", "NumPy"),
    ("loudness", "loudness, EBU R 128", "pyloudnorm"),
    ("float32 44100 to 48000, high", "resample 44.1 to 48 kHz", "soxr HQ"),
    ("sosfilt, stereo, order 8", "filter of order 8", "SciPy"),
    ("float32 convolved with 1 s", "convolve with 1 s", "oaconvolve"),
    ("stft", "STFT", "librosa"),
    ("mel, 128 bands", "mel spectrogram", "librosa"),
    ("to int16, triangular dither", "to int16 with dither", "NumPy"),
    ("read WAV at 16 kHz, mono", "read WAV at 16 kHz, mono", "librosa"),
]
FILES = [
    ("reads", "WAV, int16 to float32", "read WAV", "soundfile"),
    ("reads", "FLAC, 24 bits to float32", "read FLAC", "soundfile"),
    ("reads", "MP3", "read MP3", "soundfile"),
    ("many", "1000 x 1 s of WAV", "read 1,000 short WAV files", "soundfile"),
    ("writes", "FLAC of int32, PCM_24", "write FLAC", "soundfile"),
]
WIDTH, LEFT, RIGHT, ROW, TOP = 860, 330, 120, 25, 44
STYLE = """
    text { fill: #1f2937; font: 13px system-ui, sans-serif } .soft { fill: #5b6472 }
    .bar { fill: #2f7f79 } .peer { stroke: #9aa5b4; stroke-dasharray: 3 3 }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6e9ee } .soft { fill: #a7b0bd }
      .bar { fill: #58b3ab } .peer { stroke: #667080 }
    }"""

Bar = tuple[str, str, float]


def of_methods(found: dict[str, Any]) -> list[Bar]:
    """The bars of `methods.py`, with all threads."""
    # The rows of more threads come last.
    rows = {row["what"]: row["ratios"] for row in found["rows"]}
    return [
        (words, peer, rows[what]["audio"] / rows[what][peer])
        for what, words, peer in METHODS
        if peer in rows.get(what, {})
    ]


def of_files(found: dict[str, Any]) -> list[Bar]:
    """The bars of `files.py`."""
    bars = []
    for table, what, words, peer in FILES:
        rows = {row["what"]: row["ratios"] for row in found[table]}
        if peer in rows.get(what, {}):
            bars.append((words, peer, rows[what]["audio"] / rows[what][peer]))
    return bars


def drawn(bars: list[Bar], machine: str) -> str:
    """The picture."""
    bars = sorted(bars, key=lambda bar: bar[2])
    height = TOP + ROW * len(bars) + 34
    most = max(1.15, *(ratio for *_, ratio in bars))
    scale = (WIDTH - LEFT - RIGHT) / most
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        'aria-label="Time as a share of a peer\'s, measured by turns">',
        f"  <style>{STYLE}\n  </style>",
        '  <text x="10" y="22">Time as a share of the peer\'s; shorter is faster</text>',
        f'  <path class="peer" d="M{LEFT + scale:.1f} {TOP - 10}V{height - 34}"/>',
        f'  <text class="soft" x="{LEFT + scale + 6:.1f}" y="{TOP - 12}">the peer\'s time</text>',
    ]
    for place, (words, peer, ratio) in enumerate(bars):
        y = TOP + ROW * place
        lines += [
            f'  <text x="{LEFT - 10}" y="{y + 14}" text-anchor="end">{words} '
            f'<tspan class="soft">/ {peer}</tspan></text>',
            f'  <rect class="bar" x="{LEFT}" y="{y + 2}" width="{ratio * scale:.1f}" height="15"/>',
            f'  <text x="{LEFT + ratio * scale + 6:.1f}" y="{y + 14}">{ratio:.2f}</text>',
        ]
    lines.append(f'  <text class="soft" x="10" y="{height - 10}">{machine}</text>')
    return "\n".join([*lines, "</svg>", ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", type=Path)
    parser.add_argument("methods", type=Path)
    parser.add_argument("picture", type=Path)
    options = parser.parse_args()
    files, methods = (
        json.loads(path.read_text("utf-8")) for path in (options.files, options.methods)
    )
    machine = files["machine"]
    facts = f"{machine['processor']}, {machine['cores']} cores, NumPy {machine['numpy']}; medians"
    bars = [*of_files(files), *of_methods(methods)]
    options.picture.write_text(drawn(bars, facts), "utf-8")


if __name__ == "__main__":
    main()
