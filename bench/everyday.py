"""What is called in loops over small blocks, as ratios to NumPy: `python bench/everyday.py`.

Blocks are stereo, of 64 and of 512 frames. The goal of each row is the larger of 2.5 times NumPy's
time and 300 ns more; those of the ufuncs are their own.
"""

from __future__ import annotations

import argparse

import numpy as np
from measure import Contender, Effort, in_turns

from audio_samples import AudioSamples

RATE = 44_100

# what: (audio's statement, NumPy's, goal as a ratio or None for the common one)
ROWS = {
    "g * audio": ("g * audio", "g * array", 1.0),
    "np.multiply(g, audio)": ("np.multiply(g, audio)", "np.multiply(g, array)", 1.0),
    "np.abs(audio)": ("np.abs(audio)", "np.abs(array)", 1.5),
    "np.sin(audio)": ("np.sin(audio)", "np.sin(array)", 2.0),
    "np.mean(audio)": ("np.mean(audio)", "np.mean(array)", 1.5),
    "np.add(a, b, out=c)": ("np.add(audio, g, out=other)", "np.add(array, g, out=target)", None),
    "np.clip(a, -1, 1, out=c)": (
        "np.clip(audio, -1, 1, out=other)",
        "np.clip(array, -1, 1, out=target)",
        None,
    ),
    "zeros": ("Audio.zeros(shape, 44100)", "np.zeros(shape)", None),
    "zeros(dtype=)": (
        "Audio.zeros(shape, 44100, dtype='float32')",
        "np.zeros(shape, dtype='float32')",
        None,
    ),
    "from_numpy": ("Audio.from_numpy(array, 44100)", "array.view()", None),
    "new_multi": ("Audio.new_multi(array, 44100)", "array.copy()", None),
    "astype": ("audio.astype('float32')", "array.astype('float32')", None),
    "convert": ("audio.convert('int16')", "(array * 32767).round().astype('int16')", None),
    "channel(1)": ("audio.channel(1)", "array[1]", None),
    "a[0, 3]": ("audio[0, 3]", "array[0, 3]", None),
    "a[mask]": ("audio[mask]", "array[:, mask]", None),
    "frames_first": ("audio.frames_first", "array.T", None),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few rounds: does it run?")
    effort = Effort(rounds=5, least=3, budget=0.1) if parser.parse_args().quick else Effort()
    print(f"{'':26}{'64 frames':>26}{'512 frames':>26}")
    for what, (ours, theirs, goal) in ROWS.items():
        cells = [cell(ours, theirs, goal, frames, effort) for frames in (64, 512)]
        print(f"{what:26}" + "".join(f"{text:>26}" for text in cells))


def cell(ours: str, theirs: str, goal: float | None, frames: int, effort: Effort) -> str:
    array = np.random.default_rng(1).uniform(-0.5, 0.5, (2, frames))
    names = {
        "np": np,
        "Audio": AudioSamples,
        "array": array,
        "audio": AudioSamples.new_multi(array, RATE),
        "g": np.full((2, frames), 0.5),
        "target": np.empty_like(array),
        "other": AudioSamples.zeros((2, frames), RATE),
        "shape": (2, frames),
        "mask": np.arange(frames) % 3 == 0,
    }
    contenders = [Contender("numpy", theirs, names), Contender("audio", ours, names)]
    measured = in_turns(contenders, effort)
    numpy, audio = (measured.seconds[name].median * 1e9 for name in ("numpy", "audio"))
    met = audio / numpy <= goal if goal else audio <= max(2.5 * numpy, numpy + 300)
    return f"{audio:6.0f} ns {audio / numpy:5.2f}{' ' if met else ' *'}"


if __name__ == "__main__":
    main()
