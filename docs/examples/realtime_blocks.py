"""A chain of five processors in blocks of 512 frames, as the callback of a sound card has them.

The card has one buffer. It fills the buffer with what came in, calls `callback`, and plays what the
buffer has then: the chain works where the samples lie, and nothing is allocated. The example plays
a recording through it without a card, and shows that the blocks give what the whole gives at once.
"""

import argparse
import time
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import audio_samples as aus
from audio_samples import AudioSamples, dsp, memory

RECORDING = Path(__file__).resolve().parents[2] / "tests" / "data" / "tabla.wav"

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


class Card:
    """Stands in for a sound card: one buffer, which it fills, hands over, and plays."""

    def __init__(self, recording: AudioSamples) -> None:
        self.recording = recording
        shape = (recording.num_channels, BLOCK_FRAMES) if recording.ndim == 2 else BLOCK_FRAMES
        self.buffer = AudioSamples.zeros(shape, recording.sample_rate, dtype=np.float32)
        self.played = AudioSamples.zeros(recording.shape, recording.sample_rate, dtype=np.float32)
        self.seconds = np.zeros(-(-len(recording) // BLOCK_FRAMES))

    def play_through(self, chain: dsp.Processor) -> None:
        for number in range(len(self.seconds)):
            block = self.recording[number * BLOCK_FRAMES : (number + 1) * BLOCK_FRAMES]
            # The last block of a file may be shorter; that of a card never is.
            buffer = self.buffer[: len(block)]
            buffer[:] = block
            before = time.perf_counter()
            callback(chain, buffer)
            self.seconds[number] = time.perf_counter() - before
            self.played[number * BLOCK_FRAMES : (number + 1) * BLOCK_FRAMES] = buffer


def callback(chain: dsp.Processor, buffer: AudioSamples) -> None:
    """All that a program does between two blocks of the card."""
    chain.process_inplace(buffer)


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

    # A first pass warms up. `reset` then lets the same chain begin another signal.
    card.play_through(chain)
    chain.reset()

    buffers = allocations()
    tracemalloc.start()
    card.play_through(chain)
    _, python_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    buffers = allocations() - buffers

    # A chain knows its latency from a signal's first block on, until `flush` ends the signal.
    latency = chain.latency
    tail = chain.flush()  # what the limiter's look-ahead still holds
    assert tail is not None
    late = aus.concatenate([card.played, tail])[latency:]
    at_once = audio.apply(chain)
    assert np.array_equal(late, at_once), "blocks and the whole differ"

    block_seconds = BLOCK_FRAMES / audio.sample_rate
    usual, worst = float(np.median(card.seconds)), float(card.seconds.max())
    print(f"{len(card.seconds)} blocks of {BLOCK_FRAMES} frames, {1e3 * block_seconds:.2f} ms each")
    print(f"latency: {latency} frames, {1e3 * latency / audio.sample_rate:.2f} ms")
    print(f"time a block: {1e6 * usual:.0f} us, {usual / block_seconds:.1%} of its duration")
    print(f"the slowest: {1e6 * worst:.0f} us, {worst / block_seconds:.1%}")
    print(f"allocated meanwhile: {buffers} buffers of samples, {python_bytes} bytes of Python's")
    print(f"peak: {audio.peak(db=True):.1f} dBFS before, {at_once.peak(db=True):.1f} dBFS after")
    aus.write(options.out / "played.wav", late, subtype="PCM_24")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
