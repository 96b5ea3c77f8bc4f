"""A file larger than one likes to load, changed where it lies.

It is halved through `open`, and high-passed and faded through `edit`.

Run: python edit_two_gigabytes.py recording.wav --gigabytes 2
"""

import argparse
import itertools
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import audio_samples as aus
from audio_samples import dsp


def long_file(source: Path, target: Path, size: int, subtype: Literal["FLOAT", "PCM_24"]) -> None:
    """The recording again and again, written block by block."""
    audio = aus.read(source)
    width = 4 if subtype == "FLOAT" else 3
    times = max(1, size // (audio.num_channels * len(audio) * width))

    def blocks() -> Iterator[aus.AudioSamples]:
        yield from itertools.repeat(audio, times)

    aus.write(target, blocks(), subtype=subtype)


def peak_memory() -> float:
    """Megabytes that this process has had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recording", type=Path)
    parser.add_argument("--gigabytes", type=float, default=0.02)
    parser.add_argument("--out", type=Path, default=Path())
    options = parser.parse_args(argv)
    size = int(options.gigabytes * 1e9)
    floats, bits24 = options.out / "floats.wav", options.out / "24-bits.wav"
    long_file(options.recording, floats, size, "FLOAT")
    long_file(options.recording, bits24, size, "PCM_24")
    print(f"{floats.stat().st_size / 1e9:.2f} and {bits24.stat().st_size / 1e9:.2f} GB")

    start, memory = time.perf_counter(), peak_memory()
    with aus.open(floats, "r+") as audio:  # the file is the memory
        audio *= 0.5
    took = time.perf_counter() - start
    print(f"halved in {took:.2f} s, with {peak_memory() - memory:.0f} MB more memory")

    start, memory = time.perf_counter(), peak_memory()
    highpass = dsp.Filter(dsp.design("highpass", 80, aus.info(bits24).sample_rate))
    with aus.edit(bits24) as file:  # any encoding, block by block
        file.apply(dsp.Chain([highpass, dsp.Gain(-3), dsp.Fade(1.0, 1.0)]))
    took = time.perf_counter() - start
    print(f"filtered and faded in {took:.2f} s, with {peak_memory() - memory:.0f} MB more memory")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
