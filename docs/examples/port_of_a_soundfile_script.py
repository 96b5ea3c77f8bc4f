"""A script for soundfile, NumPy and SciPy, and the same with audio_samples.

It high-passes, normalises to -1 dBFS, fades at both ends, and writes 24 bits.

Run: python port_of_a_soundfile_script.py recording.wav
"""

import argparse
from pathlib import Path

import numpy as np
import soundfile
from scipy import signal

import audio_samples as aus


def before(source: Path, target: Path) -> None:
    """With soundfile: arrays of (frames, channels), the rate beside them, a copy at each step."""
    data, rate = soundfile.read(source, dtype="float64", always_2d=True)
    sections = signal.butter(2, 80, "highpass", fs=rate, output="sos")
    data = signal.sosfilt(sections, data, axis=0)
    data *= 10 ** (-1 / 20) / np.abs(data).max()
    frames = rate // 10
    data[:frames] *= np.linspace(0, 1, frames, endpoint=False)[:, np.newaxis]
    data[-frames:] *= np.linspace(1, 0, frames + 1)[1:, np.newaxis]
    soundfile.write(target, data, rate, subtype="PCM_24")


def after(source: Path, target: Path) -> None:
    """With audio_samples: one object with its rate, changed where it lies."""
    audio = aus.read(source, dtype="float64")
    audio.highpass_inplace(80, order=2)
    audio.normalize_inplace(peak=-1)
    audio.fade_in_inplace(0.1).fade_out_inplace(0.1)
    aus.write(target, audio, subtype="PCM_24")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recording", type=Path)
    parser.add_argument("--out", type=Path, default=Path(), help="folder for both files")
    options = parser.parse_args(argv)
    one, other = options.out / "before.wav", options.out / "after.wav"
    before(options.recording, one)
    after(options.recording, other)
    difference = aus.read(one, dtype="float64") - aus.read(other, dtype="float64")
    # One step of 24 bits: soundfile rounds another way.
    print(f"largest difference: {difference.peak() * 2**23:.0f} steps of 24 bits")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
