"""Files larger than one likes to load, changed where they lie.

`open` maps a file of floats as memory: what is done to the audio is done to the file. Nothing
computes with 24 bits as they lie, and `edit` takes such a file through a chain, block by block.
Neither makes a second file, and both take the memory of some blocks. Run the script with
`--gigabytes 2` for the real thing.
"""

import argparse
import itertools
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np

import audio_samples as aus
from audio_samples import AudioSamples, dsp

RECORDING = Path(aus.__file__).parent / "_recordings" / "tabla.wav"

FADE_SECONDS = 2.0


def again_and_again(audio: AudioSamples, frames: int) -> Iterator[AudioSamples]:
    """Blocks of `frames` frames in all, none of them a copy."""
    for _ in itertools.repeat(None, frames // len(audio)):
        yield audio
    yield audio[: frames % len(audio)]


def make(recording: Path, path: Path, seconds: float, subtype: Literal["FLOAT", "PCM_24"]) -> None:
    """A file of any length, in the memory of the recording."""
    audio = aus.read(recording, dtype=np.float32)
    frames = round(seconds * audio.sample_rate)
    aus.write(path, again_and_again(audio, frames), subtype=subtype)


def peak_memory() -> float:
    """The most memory that the process has had so far, in MB; pages of a mapped file count too."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def measured(what: str, path: Path, work: Callable[[Path], None]) -> None:
    memory, begun = peak_memory(), time.perf_counter()
    work(path)
    seconds, more = time.perf_counter() - begun, peak_memory() - memory
    size = path.stat().st_size / 1e6
    print(f"{what}: {size:,.0f} MB in {seconds:.2f} s, with {more:.0f} MB more memory than before")


def halve_and_fade_mapped(path: Path) -> None:
    """With the samples of the file as memory."""
    with aus.open(path, "r+") as audio:
        audio *= 0.5
        audio.fade_in_inplace(FADE_SECONDS).fade_out_inplace(FADE_SECONDS)


def halve_and_fade_edited(path: Path) -> None:
    """Block by block, for encodings that are no memory to compute with."""
    half = 20 * float(np.log10(0.5))
    chain = dsp.Chain([dsp.Gain(half), dsp.Fade(FADE_SECONDS, FADE_SECONDS)])
    with aus.edit(path) as file:
        file.apply(chain)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recording", type=Path, nargs="?", default=RECORDING)
    parser.add_argument("--out", type=Path, default=Path("examples-output"))
    parser.add_argument("--seconds", type=float, default=20.0, help="length of the two files")
    parser.add_argument("--gigabytes", type=float, help="size of the file of floats instead")
    options = parser.parse_args(argv)
    options.out.mkdir(parents=True, exist_ok=True)

    seconds = options.seconds
    if options.gigabytes is not None:
        info = aus.info(options.recording)
        seconds = options.gigabytes * 1e9 / (4 * info.num_channels * info.sample_rate)
    if seconds < 2 * FADE_SECONDS:
        parser.error(f"the two fades take {2 * FADE_SECONDS} s")

    floats, packed = options.out / "floats.wav", options.out / "24-bits.wav"
    make(options.recording, floats, seconds, "FLOAT")
    make(options.recording, packed, seconds, "PCM_24")
    print(f"{aus.info(floats)}, and the same in 24 bits")
    # `info` says what `open` can do with a file, and why not where it cannot.
    assert aus.info(floats).mappable
    print(f"24 bits are not mapped: {aus.info(packed).obstacle}")

    measured("open", floats, halve_and_fade_mapped)
    measured("edit", packed, halve_and_fade_edited)

    # Two streams beside each other: this takes the memory of two blocks.
    with aus.stream(floats) as one, aus.stream(packed) as other:
        largest = max((a - b).peak() for a, b in zip(one, other, strict=True))
    print(f"the two files differ by {largest * 2**23:.2f} steps of 24 bits at most")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
