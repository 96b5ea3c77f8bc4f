"""Blocks as a sound card's callback has them, through a chain of five.

512 frames at a time, in the card's own memory.

Run: python realtime_blocks.py recording.wav
"""

import argparse
import statistics
import time
from pathlib import Path

import numpy as np

import audio_samples as aus
from audio_samples import AudioSamples, dsp

BLOCK = 512


def channel_strip(rate: int) -> dsp.Chain:
    """High-pass, gate, compressor, gain and limiter."""
    return dsp.Chain(
        [
            dsp.Filter(dsp.design("highpass", 80, rate)),
            dsp.Gate(-50),
            dsp.Compressor(threshold_db=-24, ratio=3),
            dsp.Gain(6),
            dsp.Limiter(-1, lookahead_ms=2),
        ]
    )


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recording", type=Path)
    parser.add_argument("--out", type=Path, default=Path("live.wav"))
    options = parser.parse_args(argv)
    audio = aus.read(options.recording)
    rate, strip = audio.sample_rate, channel_strip(audio.sample_rate)

    # The card's buffer, and audio on it. The callback fills it, has it processed, and plays it.
    buffer = np.zeros((audio.num_channels, BLOCK), np.float32)
    block = AudioSamples.from_numpy(buffer, rate)
    played, times = [], []
    source = audio.to_numpy().reshape(audio.num_channels, -1)
    for start in range(0, len(audio) - BLOCK + 1, BLOCK):
        buffer[:] = source[:, start : start + BLOCK]
        began = time.perf_counter()
        strip.process_inplace(block)
        times.append(time.perf_counter() - began)
        played.append(buffer.copy())
    live = AudioSamples.from_numpy(np.concatenate(played, axis=1), rate)

    budget = BLOCK / rate
    print(f"latency: {strip.latency} frames, {1e3 * strip.latency / rate:.1f} ms")
    print(f"a block: {1e6 * statistics.median(times):.0f} us of {1e6 * budget:.0f}")
    # Late by the latency, it is what the whole at one time gives, bit for bit.
    whole = audio.apply(channel_strip(rate))
    late = len(live) - strip.latency
    assert np.array_equal(live[strip.latency :], whole[:late])
    aus.write(options.out, live, subtype="PCM_24")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
