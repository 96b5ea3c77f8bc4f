"""Reading and changing files against soundfile and others: `python bench/files.py --help`.

Every ratio comes from one process in which the contenders take turns. Memory is that of
a process of its own, with what its imports take subtracted.
"""

from __future__ import annotations

import argparse
import importlib
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from compare import machine
from measure import Contender, Effort, in_turns
from scipy.io import wavfile

import audio_samples

RATE = 44_100
OPUS_RATE = 48_000  # the only one that it decodes to
READS = [
    # what, file, container, subtype, type
    ("WAV, int16", "pcm16.wav", "WAV", "PCM_16", "int16"),
    ("WAV, int16 to float32", "pcm16.wav", "WAV", "PCM_16", "float32"),
    ("WAV, 24 bits to float32", "pcm24.wav", "WAV", "PCM_24", "float32"),
    ("WAV, float32", "float.wav", "WAV", "FLOAT", "float32"),
    ("FLAC, int16", "pcm16.flac", "FLAC", "PCM_16", "int16"),
    ("FLAC, 24 bits to float32", "pcm24.flac", "FLAC", "PCM_24", "float32"),
    ("MP3", "a.mp3", "MP3", "MPEG_LAYER_III", "float32"),
    ("Vorbis", "a.ogg", "OGG", "VORBIS", "float32"),
    ("Opus", "a.opus", "OGG", "OPUS", "float32"),
]


def sound(seconds: int) -> np.ndarray:
    """Stereo that codecs have something to do with."""
    time = np.arange(seconds * RATE) / RATE
    random = np.random.default_rng(0)
    left = 0.3 * np.sin(2 * np.pi * 220 * time) + 0.2 * np.sin(2 * np.pi * 1731 * time)
    right = 0.3 * np.sin(2 * np.pi * 331 * time) * np.sin(2 * np.pi * 0.5 * time)
    return np.stack([left, right], 1) + 0.03 * random.standard_normal((len(time), 2))


def peers(path: str, dtype: str) -> dict[str, Callable[[], Any]]:
    """What else of the registry reads that file as that type."""
    found: dict[str, Callable[[], Any]] = {}
    if path.endswith("pcm16.wav") and dtype == "int16":
        found["scipy"] = lambda: wavfile.read(path)
    if path.endswith("float.wav"):
        found["scipy"] = lambda: wavfile.read(path)
    if (miniaudio := optional("miniaudio")) is not None:
        form = miniaudio.SampleFormat
        form = form.SIGNED16 if dtype == "int16" else form.FLOAT32
        found["miniaudio"] = lambda: miniaudio.decode_file(
            path, output_format=form, nchannels=2, sample_rate=RATE
        )
    if dtype == "float32" and (pedalboard := optional("pedalboard.io")) is not None:

        def read_all() -> Any:
            with pedalboard.AudioFile(path) as file:
                return file.read(file.frames)

        found["pedalboard"] = read_all
    if dtype == "float32" and (sphn := optional("sphn")) is not None:
        found["sphn"] = lambda: sphn.read(path)
    if optional("av") is not None:
        found["PyAV"] = lambda: read_av(path)
    if dtype == "float32" and (decoders := optional("torchcodec.decoders")) is not None:
        found["torchcodec"] = lambda: decoders.AudioDecoder(path).get_all_samples().data
    return found


def read_av(path: str) -> np.ndarray:
    """The samples as FFmpeg decodes them, in its own type: no conversion is counted."""
    av = importlib.import_module("av")
    with av.open(path) as container:
        return np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], -1)


def optional(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        return None
    except Exception as error:  # installed, but not what it needs
        print(f"{name} is left out: {str(error).splitlines()[0]}", file=sys.stderr)
        return None


def reading(folder: Path, seconds: int, effort: Effort) -> list[dict[str, Any]]:
    """The table of reads, soundfile being 1."""
    warnings.simplefilter("ignore", wavfile.WavFileWarning)
    samples, rows = sound(seconds), []
    for what, name, container, subtype, dtype in READS:
        path = str(folder / name)
        if not Path(path).exists():
            # In blocks: libsndfile's Vorbis encoder does not survive a minute at once.
            rate = OPUS_RATE if subtype == "OPUS" else RATE
            with soundfile.SoundFile(path, "w", rate, 2, subtype, format=container) as file:
                for block in np.array_split(samples, max(1, len(samples) // 8192)):
                    file.write(block)
        calls = {
            "soundfile": lambda path=path, dtype=dtype: soundfile.read(path, dtype=dtype),
            "audio": lambda path=path, dtype=dtype: audio_samples.read(path, dtype=dtype),
            **peers(path, dtype),
        }
        working = {}
        for peer, call in calls.items():
            try:
                call()
            except Exception as error:  # a peer that does not read this one
                reason = str(error).partition("\n")[0]
                print(f"{peer} does not read {name}: {reason}", file=sys.stderr)
            else:
                working[peer] = call
        measured = in_turns(
            [Contender(peer, "call()", {"call": call}) for peer, call in working.items()], effort
        )
        row = {
            "what": what,
            "milliseconds": {
                name: 1e3 * spread.median for name, spread in measured.seconds.items()
            },
            "ratios": {name: spread.median for name, spread in measured.ratios.items()},
            "spread": [measured.ratios["audio"].low, measured.ratios["audio"].high],
        }
        others = [ratio for peer, ratio in row["ratios"].items() if peer != "audio"]
        row["to the best"] = row["ratios"]["audio"] / min(others)
        rows.append(row)
    return rows


def writing(folder: Path, seconds: int, effort: Effort) -> list[dict[str, Any]]:
    """The table of writes, soundfile being 1, on one thread and on all."""
    samples, rows = sound(seconds), []
    ours, theirs = str(folder / "ours.flac"), str(folder / "theirs.flac")
    before = audio_samples.num_threads()
    for subtype, dtype in (("PCM_16", "int16"), ("PCM_24", "int32"), ("PCM_24", "float32")):
        array = samples.astype("float32")
        if dtype.startswith("int"):
            array = (samples * np.iinfo(dtype).max * 0.9).astype(dtype)
        audio = audio_samples.AudioSamples.new_multi(array, RATE, layout="frames_first")

        def write(threads: int, audio: Any = audio, subtype: str = subtype) -> None:
            audio_samples.set_num_threads(threads)
            audio_samples.write(ours, audio, subtype=subtype)

        calls = {
            "soundfile": lambda array=array, subtype=subtype: soundfile.write(
                theirs, array, RATE, subtype
            ),
            "audio, 1 thread": lambda write=write: write(1),
            "audio": lambda write=write: write(before),
        }
        row = compared(f"FLAC of {dtype}, {subtype}", calls, effort)
        row["size"] = Path(ours).stat().st_size / Path(theirs).stat().st_size
        rows.append(row)
    audio_samples.set_num_threads(before)
    return rows


def many(folder: Path, files: int, effort: Effort) -> list[dict[str, Any]]:
    """The table of a training set, soundfile being 1: many files, memory that exists."""
    second, rows = (sound(1)[:, 0] * 20_000).astype(np.int16), []
    for ending in ("wav", "flac"):
        paths = [str(folder / f"{number}.{ending}") for number in range(files)]
        for number, path in enumerate(paths):
            soundfile.write(path, np.roll(second, number), RATE)
        calls = {
            "soundfile": lambda paths=paths: [
                soundfile.read(path, dtype="float32") for path in paths
            ],
            "audio": lambda paths=paths: [
                None for _ in audio_samples.iter_many(paths, dtype="float32")
            ],
            "audio, read_many": lambda paths=paths: audio_samples.read_many(paths, dtype="float32"),
        }
        rows.append(compared(f"{files} x 1 s of {ending.upper()}", calls, effort))
    path = str(folder / "out.wav")
    soundfile.write(path, sound(20), RATE, "PCM_16")
    array = np.zeros((20 * RATE, 2), np.float32)
    batch = np.zeros((3, 2, 20 * RATE), np.float32)
    row = audio_samples.AudioSamples.from_numpy(batch[1], RATE)
    calls = {
        "soundfile": lambda: soundfile.read(path, dtype="float32", out=array),
        "audio": lambda: audio_samples.read(path, out=row),
    }
    return [*rows, compared("WAV, int16 to out=", calls, effort)]


def crops(folder: Path, seconds: int, effort: Effort) -> list[dict[str, Any]]:
    """The table of crops from anywhere in a file, soundfile that opens it each time being 1."""
    rows = []
    for name in ("pcm16.wav", "pcm16.flac", "a.mp3"):
        path, frames = str(folder / name), seconds * RATE // 30
        random = np.random.default_rng(0)
        starts = itertools.cycle(random.integers(0, seconds * RATE - frames, 97).tolist())
        file, blocks = soundfile.SoundFile(path), audio_samples.stream(path, frames)

        def kept_file(file=file, frames=frames, starts=starts) -> Any:
            file.seek(next(starts))
            return file.read(frames, dtype="float32")

        def kept_stream(blocks=blocks, starts=starts) -> Any:
            blocks.seek(next(starts))
            return next(blocks)

        sizes = {"frames": frames, "dtype": "float32"}
        calls = {
            "soundfile": lambda path=path, starts=starts, sizes=sizes: soundfile.read(
                path, start=next(starts), **sizes
            ),
            "soundfile, kept": kept_file,
            "audio": lambda path=path, starts=starts, sizes=sizes: audio_samples.read(
                path, start=next(starts), **sizes
            ),
            "audio, kept stream": kept_stream,
        }
        rows.append(compared(f"{frames / RATE:g} s of {name}", calls, effort))
    return rows


def compared(what: str, calls: dict[str, Callable[[], Any]], effort: Effort) -> dict[str, Any]:
    measured = in_turns(
        [Contender(name, "call()", {"call": call}) for name, call in calls.items()], effort
    )
    return {"what": what, "ratios": {name: it.median for name, it in measured.ratios.items()}}


def halve_mapped(path: str) -> None:
    with audio_samples.open(path, "r+") as audio:
        audio //= 2


def halve_edited(path: str) -> None:
    with audio_samples.edit(path) as file:
        for block in file:
            block *= 0.5


def halve_whole(path: str) -> None:
    data, rate = soundfile.read(path, dtype="int16")
    data //= 2
    soundfile.write(path, data, rate)


def halve_in_blocks(path: str) -> None:
    with soundfile.SoundFile(path, "r+") as file:
        place = 0
        while len(block := file.read(65_536, dtype="float32")):
            file.seek(place)
            file.write(block * np.float32(0.5))
            place += len(block)
            file.seek(place)


def halve_with_scipy(path: str) -> None:
    rate, data = wavfile.read(path)
    data //= 2
    wavfile.write(path, rate, data)


def halve_with_pedalboard(path: str) -> None:
    audio_file = importlib.import_module("pedalboard.io").AudioFile
    beside = f"{path}.new.wav"
    with (
        audio_file(path) as file,
        audio_file(beside, "w", file.samplerate, file.num_channels, bit_depth=16) as new,
    ):
        while file.tell() < file.frames:
            new.write(file.read(65_536) * np.float32(0.5))
    Path(beside).replace(path)


HALVES = {
    "soundfile whole": halve_whole,
    "soundfile in blocks": halve_in_blocks,
    "scipy whole": halve_with_scipy,
    "pedalboard in blocks": halve_with_pedalboard,
    "audio, open": halve_mapped,
    "audio, edit": halve_edited,
}
NEEDS = {"pedalboard in blocks": "pedalboard.io"}


def memory(name: str) -> int:
    """Bytes that this process has (VmRSS), or had at most (VmHWM)."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    found = next(line for line in lines if line.startswith(name))
    return 1024 * int(found.split()[1])


def halve_here(name: str, path: str) -> None:
    """Do it in this process, and print seconds and bytes."""
    optional(NEEDS.get(name, "numpy"))  # its import is no part of the work
    before = memory("VmRSS")
    began = time.perf_counter()
    HALVES[name](path)
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "bytes": memory("VmHWM") - before}))


def halving(folder: Path, megabytes: int, rounds: int) -> list[dict[str, Any]]:
    """Each way in a process of its own, in turns, on the same file."""
    path = folder / "long.wav"
    block = (sound(10) * 20_000).astype(np.int16)
    with soundfile.SoundFile(path, "w", RATE, 2, "PCM_16") as file:
        while file.tell() * 4 < megabytes * 1e6:
            file.write(block)
    names = [name for name in HALVES if optional(NEEDS.get(name, "numpy")) is not None]
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for turn in range(rounds):
        for name in names if turn % 2 == 0 else reversed(names):
            os.sync()
            command = [sys.executable, __file__, "--halve", name, str(path)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            runs[name].append(json.loads(done.stdout))
    path.unlink()
    return [
        {
            "what": name,
            "seconds": statistics.median(run["seconds"] for run in measured),
            "megabytes": statistics.median(run["bytes"] for run in measured) / 1e6,
        }
        for name, measured in runs.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="short files and few rounds")
    parser.add_argument("--seconds", type=int, default=60, help="length of what is read")
    parser.add_argument("--megabytes", type=int, default=700, help="size of what is halved")
    parser.add_argument("--no-halving", action="store_true", help="only the table of reads")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure to FILE")
    parser.add_argument("--halve", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.halve:
        halve_here(*options.halve)
        return
    if options.quick:
        options.seconds, options.megabytes = 2, 20
    facts = machine()
    print(", ".join(f"{name} {value}" for name, value in facts.items()))
    effort = Effort(rounds=5, least=3, budget=0.3) if options.quick else Effort(rounds=15, budget=6)
    with tempfile.TemporaryDirectory() as folder:
        rows = reading(Path(folder), options.seconds, effort)
        print(f"\n{options.seconds} s of stereo, time as a ratio to soundfile's:")
        for row in rows:
            ratios = ", ".join(f"{name} {ratio:.2f}" for name, ratio in row["ratios"].items())
            low, high = row["spread"]
            print(
                f"{row['what']:26} {row['to the best']:5.2f} of the best; {ratios}; "
                f"audio {low:.2f} to {high:.2f}"
            )
        writes = writing(Path(folder), options.seconds, effort)
        print(f"\n{options.seconds} s of stereo, written, time as a ratio to soundfile's:")
        for row in writes:
            ratios = ", ".join(f"{name} {ratio:.2f}" for name, ratio in row["ratios"].items())
            print(f"{row['what']:26} {ratios}; size {row['size']:.3f}")
        batches = many(Path(folder), 100 if options.quick else 1_000, effort)
        print("\nmany files, and memory that exists, time as a ratio to soundfile's:")
        for row in batches:
            ratios = ", ".join(f"{name} {ratio:.2f}" for name, ratio in row["ratios"].items())
            print(f"{row['what']:26} {ratios}")
        cuts = crops(Path(folder), options.seconds, effort)
        print("\ncrops from anywhere, time as a ratio to soundfile's that opens each time:")
        for row in cuts:
            ratios = ", ".join(f"{name} {ratio:.2f}" for name, ratio in row["ratios"].items())
            print(f"{row['what']:26} {ratios}")
        halves = []
        if not options.no_halving:
            halves = halving(Path(folder), options.megabytes, 1 if options.quick else 3)
            print(f"\nhalving the gain of {options.megabytes} MB of int16, time and peak memory:")
            for row in halves:
                print(f"{row['what']:26} {row['seconds']:6.2f} s {row['megabytes']:8.0f} MB")
    if options.json:
        figures = {
            "machine": facts,
            "reads": rows,
            "writes": writes,
            "many": batches,
            "crops": cuts,
            "halving": halves,
        }
        options.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
