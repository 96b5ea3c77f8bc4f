"""A chain of five processors in blocks of 512 frames, as the callback of a sound card has them.

The card has one buffer, an array of (frames, channels). It fills the buffer with what came in,
calls `callback`, and plays what the buffer has then: the chain works where the card's samples lie,
and no buffer is allocated. The example plays a recording through it without a card, and asserts
that the blocks give the bits that the chain gives on the whole.
"""

import argparse
import time
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import audio_samples as aus
from audio_samples import AudioSamples, dsp, memory

RECORDING = Path(aus.__file__).parent / "_recordings" / "tabla.wav"

BLOCK_FRAMES = 512


def make_chain(sample_rate: int) -> dsp.Chain:
    return dsp.Chain(
        [
            dsp.Filter(dsp.design("highpass", 80, sample_rate, order=4)),
            dsp.Gate(-50, hold_ms=80),
            dsp.Compressor(-24, ratio=3, attack_ms=5, release_ms=120),
            dsp.Gain(9),
            dsp.Limiter(-1, lookahead_ms=2),
        ]
    )


def callback(buffer: NDArray[np.float32], sample_rate: int, chain: dsp.Processor) -> None:
    """All that a program does between two blocks of the card."""
    chain.process_inplace(AudioSamples.from_numpy(buffer, sample_rate, layout="frames_first"))


class Card:
    """Stands in for a sound card, and takes the time of each call."""

    def __init__(self, recording: AudioSamples[np.float32]) -> None:
        self.came_in = recording.frames_first
        self.played = np.zeros_like(self.came_in)
        self.sample_rate = recording.sample_rate
        self.buffer = np.zeros((BLOCK_FRAMES, recording.num_channels), np.float32)
        self.seconds = np.zeros(-(-len(recording) // BLOCK_FRAMES))

    def play(self, chain: dsp.Processor) -> None:
        for number in range(len(self.seconds)):
            frames = slice(number * BLOCK_FRAMES, (number + 1) * BLOCK_FRAMES)
            # The last block of a file may be shorter; that of a card never is.
            buffer = self.buffer[: len(self.came_in[frames])]
            buffer[:] = self.came_in[frames]
            before = time.perf_counter()
            callback(buffer, self.sample_rate, chain)
            self.seconds[number] = time.perf_counter() - before
            self.played[frames] = buffer


def allocations() -> int:
    """The buffers of samples that the package has allocated so far."""
    stats = memory.stats()
    return stats.fresh + stats.reused


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recording", type=Path, nargs="?", default=RECORDING)
    parser.add_argument("--out", type=Path, default=Path("examples-output"))
    options = parser.parse_args(argv)
    options.out.mkdir(parents=True, exist_ok=True)

    audio = aus.read(options.recording, dtype=np.float32)
    chain = make_chain(audio.sample_rate)
    card = Card(audio)

    for _ in range(2):  # the first pass warms up
        card.play(chain)
        chain.reset()  # and begins another signal
    usual, worst = float(np.median(card.seconds)), float(card.seconds.max())

    buffers = allocations()
    tracemalloc.start()
    card.play(chain)
    _, python_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    buffers = allocations() - buffers

    # A chain knows its latency from a signal's first block on, until `flush` ends the signal.
    latency = chain.latency
    tail = chain.flush()  # what the look-ahead of the limiter still holds
    assert tail is not None
    late = np.concatenate([card.played, tail.frames_first])[latency:]
    at_once = audio.apply(chain)
    assert np.array_equal(late, at_once.frames_first), "other bits"

    block_seconds = BLOCK_FRAMES / audio.sample_rate
    print(f"{len(card.seconds)} blocks of {BLOCK_FRAMES} frames, {1e3 * block_seconds:.2f} ms each")
    print(f"latency: {latency} frames, {1e3 * latency / audio.sample_rate:.2f} ms")
    print(f"time a block: {1e6 * usual:.0f} us, {usual / block_seconds:.1%} of its duration")
    print(f"the slowest: {1e6 * worst:.0f} us, {worst / block_seconds:.1%}")
    print(f"allocated meanwhile: {buffers} buffers of samples, {python_bytes} bytes of Python's")
    print(f"peak: {audio.peak(db=True):.1f} dBFS before, {at_once.peak(db=True):.1f} dBFS after")
    played = AudioSamples.from_numpy(late, audio.sample_rate, layout="frames_first")
    aus.write(options.out / "played.wav", played, subtype="PCM_24")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
