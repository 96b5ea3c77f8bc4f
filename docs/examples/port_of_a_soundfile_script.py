"""A script for soundfile, NumPy and SciPy, and its port: the same samples from both.

Both functions take what rumbles below 80 Hz out of a recording, cut the silence off its ends, bring
its peak to -1 dBFS, fade it in and out, and write 24 bits. `main` runs both and compares the files.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
from scipy import signal

import audio_samples as aus

RECORDING = Path(aus.__file__).parent / "_recordings" / "tabla.wav"

RUMBLE_HZ = 80
SILENCE_DB = -45.0
PEAK_DB = -1.0
FADE_IN = 0.01
FADE_OUT = 0.25

TOLERANCE = 2.0**-23
"""One step of 24 bits. libsndfile writes full scale as 8,388,607 steps and the port as 8,388,608,
which rounds some samples to the next step. Of MP3 and other lossy files two decoders give two
roundings, and the difference is some steps more."""


def before(path: Path, out: Path) -> None:
    """The script, with samples as (frames, channels) and the rate beside them."""
    samples, rate = soundfile.read(path, dtype="float64", always_2d=True)

    sections = signal.butter(4, RUMBLE_HZ, "highpass", fs=rate, output="sos")
    samples = signal.sosfilt(sections, samples, axis=0)

    loud = np.flatnonzero(np.abs(samples).max(axis=1) > 10 ** (SILENCE_DB / 20))
    samples = samples[loud[0] : loud[-1] + 1]

    samples *= 10 ** (PEAK_DB / 20) / np.abs(samples).max()

    # The frame behind a fade in is the first that is not faded, so the ramp stops short of 1.
    rise = np.linspace(0, 1, round(FADE_IN * rate), endpoint=False)
    fall = np.linspace(0, 1, round(FADE_OUT * rate), endpoint=False)[::-1]
    samples[: len(rise)] *= rise[:, np.newaxis]
    samples[-len(fall) :] *= fall[:, np.newaxis]

    soundfile.write(out, samples, rate, subtype="PCM_24")


def after(path: Path, out: Path) -> None:
    """The port: the audio knows its rate, and all but the cut works where the samples lie."""
    audio = aus.read(path, dtype=np.float64)
    audio.highpass_inplace(RUMBLE_HZ, order=4)
    audio = audio.trim_silence(SILENCE_DB)  # a view of the same memory
    audio.normalize_inplace(PEAK_DB)
    audio.fade_in_inplace(FADE_IN).fade_out_inplace(FADE_OUT)
    aus.write(out, audio, subtype="PCM_24")


def largest_difference(one: Path, other: Path) -> float:
    """Between the samples of two files of one rate and one shape."""
    first = aus.read(one, dtype=np.float64)
    second = aus.read(other, dtype=np.float64)
    # Audio of two rates does not mix, and neither does audio of two lengths: both are errors here.
    return float((first - second).peak())


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recording", type=Path, nargs="?", default=RECORDING)
    parser.add_argument("--out", type=Path, default=Path("examples-output"))
    options = parser.parse_args(argv)
    options.out.mkdir(parents=True, exist_ok=True)

    old, new = options.out / "before.wav", options.out / "after.wav"
    before(options.recording, old)
    after(options.recording, new)

    difference = largest_difference(old, new)
    print(f"{old}: {aus.info(old)}")
    print(f"{new}: {aus.info(new)}")
    print(f"largest difference: {difference / TOLERANCE:.2f} steps of 24 bits")
    if difference > TOLERANCE:
        print("that is more than one")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
