"""`audio-samples bench`: how fast this machine is, beside NumPy where NumPy does the same."""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .._audio_samples import AudioSamples, dsp, generation, read, stream, write
from .report import print_json

Work = Callable[[], object]


def register(listed: Any) -> None:
    """Add the parser of this command."""
    parser = listed.add_parser(
        "bench",
        help="measure this machine, beside NumPy",
        description="Measure some operations on noise in stereo at 48 kHz; the best of some runs.",
    )
    parser.add_argument("--seconds", type=_seconds, default=60.0, help="of audio (default: 60)")
    parser.add_argument("--runs", type=int, default=5, choices=range(1, 101), metavar="N")
    parser.add_argument("--json", action="store_true", help="tell it as one JSON document")
    parser.set_defaults(run=_run)


def _seconds(text: str) -> float:
    value = float(text)
    if not 0.01 <= value <= 3_600:
        raise argparse.ArgumentTypeError(f"{text} s: between 0.01 and 3600")
    return value


def _run(options: argparse.Namespace) -> int:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, ours, peer in _rows(options.seconds, Path(folder)):
            best = _best(ours, options.runs)
            row: dict[str, Any] = {"name": name, "ms": best * 1e3}
            row["times_real_time"] = options.seconds / best
            if peer is not None:
                row["numpy_ms"] = _best(peer, options.runs) * 1e3
                row["numpy_by_ours"] = row["numpy_ms"] / row["ms"]
            rows.append(row)
            if not options.json:
                _tell(row)
    if options.json:
        print_json({"command": "bench", "seconds": options.seconds, "rows": rows})
    return 0


def _tell(row: dict[str, Any]) -> None:
    text = f"{row['name']:<34}{row['ms']:10.2f} ms {row['times_real_time']:12,.0f} x real time"
    if "numpy_ms" in row:
        text += f"   NumPy {row['numpy_ms']:8.2f} ms, {row['numpy_by_ours']:.2f} times as long"
    print(text, flush=True)


def _best(work: Work, runs: int) -> float:
    times = []
    for _ in range(runs):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return max(min(times), 1e-9)


def _rows(seconds: float, folder: Path) -> list[tuple[str, Work, Work | None]]:
    audio: AudioSamples[Any] = generation.white_noise(
        seconds, 48_000, amplitude=0.5, seed=1, channels=2
    ).convert("float32")
    array = audio.to_numpy(copy=True)
    path = folder / "noise.wav"
    write(path, audio, subtype="PCM_16")
    whole, factor = np.empty_like(array), np.float32(0.999_999)

    def gain_in_numpy() -> None:
        np.multiply(array, factor, out=array)

    def streamed() -> None:
        write(folder / "out.wav", dsp.Gain(-3).stream(stream(path)), subtype="PCM_16")

    return [
        ("audio *= factor", lambda: audio.__imul__(factor), gain_in_numpy),
        ("audio.gain(-3)", lambda: audio.gain(-3), lambda: np.multiply(array, factor)),
        ("audio.peak()", audio.peak, lambda: np.abs(array, out=whole).max()),
        ("audio.rms()", audio.rms, lambda: np.sqrt(np.mean(np.square(array), dtype=np.float64))),
        ("audio.loudness()", audio.loudness, None),
        ("audio.lowpass(1_000, 4)", lambda: audio.lowpass(1_000, 4), None),
        ("audio.resample(44_100)", lambda: audio.resample(44_100), None),
        ("read(16-bit WAV)", lambda: read(path), None),
        ("stream, gain, write 16 bits", streamed, None),
    ]
