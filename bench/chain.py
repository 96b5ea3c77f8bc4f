"""A whole chain on one long file, against the usual libraries: `python bench/chain.py --help`.

High-pass, -16 LUFS, fades, 48 kHz, 24 bits. Each contender is a process of its own, by turns: its
time and its peak memory, without what its imports take.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

RATE, NEW_RATE = 44_100, 48_000


def make(path: Path, seconds: int) -> None:
    """Stereo of 24 bits, in blocks."""
    import audio_samples
    from audio_samples import AudioSamples

    random = np.random.default_rng(0)

    def blocks() -> Iterator[AudioSamples]:
        for second in range(seconds):
            loud = 0.05 + 0.2 * (second % 20) / 20
            yield AudioSamples.new_multi(loud * random.uniform(-1, 1, (2, RATE)), RATE)

    audio_samples.write(path, blocks(), subtype="PCM_24")


def ours(source: str, target: str) -> None:
    """Two passes over the file, block by block: one measures, one processes and writes."""
    import audio_samples
    from audio_samples import dsp

    def filtered() -> Iterator[audio_samples.AudioSamples]:
        return dsp.Filter(dsp.design("highpass", 80, RATE)).stream(
            audio_samples.stream(source, reuse=True)
        )

    meter = dsp.LoudnessMeter(only="integrated")
    for block in filtered():
        meter.update(block)
    chain = dsp.Chain(
        [dsp.Gain(-16 - meter.integrated), dsp.Fade(1.0, 5.0), dsp.Resampler(NEW_RATE)]
    )
    audio_samples.write(target, chain.stream(filtered()), subtype="PCM_24")


def whole(source: str, target: str) -> None:
    """The same on all of it at one time, in place."""
    import audio_samples

    audio = audio_samples.read(source)
    audio.highpass_inplace(80).normalize_inplace(lufs=-16)
    audio.fade_in_inplace(1.0).fade_out_inplace(5.0)
    audio_samples.write(target, audio.resample(NEW_RATE), subtype="PCM_24")


def peers(source: str, target: str) -> None:
    """What one writes with the usual libraries."""
    import pyloudnorm
    import soundfile
    from scipy import signal

    data, rate = soundfile.read(source, dtype="float32")
    sections = signal.butter(2, 80, "highpass", fs=rate, output="sos").astype(np.float32)
    data = signal.sosfilt(sections, data, axis=0)
    data *= np.float32(10 ** ((-16 - pyloudnorm.Meter(rate).integrated_loudness(data)) / 20))
    data[:rate] *= np.linspace(0, 1, rate, dtype=np.float32)[:, np.newaxis]
    data[-5 * rate :] *= np.linspace(1, 0, 5 * rate, dtype=np.float32)[:, np.newaxis]
    data = signal.resample_poly(data, 160, 147, axis=0)
    soundfile.write(target, data, NEW_RATE, subtype="PCM_24")


CONTENDERS: dict[str, Callable[[str, str], None]] = {
    "block by block": ours,
    "in memory": whole,
    "soundfile, SciPy, pyloudnorm": peers,
}
IMPORTS = {
    "block by block": "import audio_samples",
    "in memory": "import audio_samples",
    "soundfile, SciPy, pyloudnorm": "import soundfile, pyloudnorm; from scipy import signal",
}


def run(name: str, source: str, target: str) -> None:
    """One contender, in this process: seconds and megabytes as JSON."""
    exec(IMPORTS[name], {})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    CONTENDERS[name](source, target)
    took = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(json.dumps({"seconds": took, "megabytes": memory / 1024}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a short file, once: does it run?")
    parser.add_argument("--seconds", type=int, default=3_600)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--run", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        run(*options.run)
        return
    if options.quick:
        options.seconds, options.rounds = 20, 1
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "long.wav", Path(folder) / "out.wav"
        make(source, options.seconds)
        print(f"{options.seconds} s of stereo, {source.stat().st_size / 1e6:.0f} MB")
        figures: dict[str, list[dict[str, float]]] = {name: [] for name in CONTENDERS}
        for _ in range(options.rounds):
            for name in CONTENDERS:
                command = [sys.executable, __file__, "--run", name, str(source), str(target)]
                said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                figures[name].append(json.loads(said))
        slowest = statistics.median(one["seconds"] for one in figures[list(CONTENDERS)[-1]])
        for name, runs in figures.items():
            took = statistics.median(one["seconds"] for one in runs)
            memory = statistics.median(one["megabytes"] for one in runs)
            print(f"{name:30} {took:7.2f} s  {took / slowest:5.2f}  {memory:7.0f} MB")


if __name__ == "__main__":
    main()
