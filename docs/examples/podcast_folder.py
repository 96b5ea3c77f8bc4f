"""A folder of recordings in mixed formats, some of them broken, made ready for a speech model.

Each recording becomes mono at 16 kHz while it is decoded, and threads read some files ahead of the
loop: a folder of any size takes the memory of a few files. What lies between the silences of a
recording is written as FLAC, at -16 LUFS. A broken file costs that file and no other.
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import audio_samples as aus
from audio_samples import AudioSamples

RECORDING = Path(aus.__file__).parent / "_recordings" / "tabla.wav"

COMPRESSED = Path(__file__).resolve().parents[2] / "tests" / "data"
"""Where a clone of the sources has the same recording as MP3, Ogg Vorbis and MP4."""

RATE = 16_000
LUFS = -16.0
CEILING_DB = -1.0

# For the drum that comes along: speech has its pauses below -45 dBFS and longer than 0.3 s.
SILENCE_DB = -32.0
MIN_SILENCE = 0.05
KEEP = 0.02


class Prepared(NamedTuple):
    """What became of one recording."""

    path: Path
    segments: int = 0
    seconds: float = 0.0
    lufs: float = float("-inf")
    error: Exception | None = None


def make_folder(recording: Path, folder: Path) -> None:
    """The recording in several formats, and a file that ends in the middle of its samples."""
    folder.mkdir(parents=True, exist_ok=True)
    audio = aus.read(recording)
    aus.write(folder / "monday.wav", audio, subtype="PCM_16")
    aus.write(folder / "tuesday.flac", audio)
    aus.write(folder / "wednesday.aiff", audio.resample(48_000), subtype="PCM_24")
    for ending in (".mp3", ".ogg", ".m4a"):
        compressed = COMPRESSED / f"tabla{ending}"
        if compressed.is_file():
            shutil.copyfile(compressed, folder / f"thursday{ending}")
    whole = (folder / "monday.wav").read_bytes()
    (folder / "upload-that-failed.wav").write_bytes(whole[: len(whole) // 3])


def level(audio: AudioSamples) -> AudioSamples:
    """The audio without rumble and of one loudness, where it lies."""
    audio.highpass_inplace(80)
    # The limiter takes some loudness away where peaks are high, and the next round brings it back.
    for _ in range(4):
        audio.normalize_inplace(lufs=LUFS).limit_inplace(CEILING_DB)
    return audio


def prepare(path: Path, audio: AudioSamples, out: Path) -> Prepared:
    """Writes what lies between the silences of `audio`: of silence alone that is nothing."""
    whole = level(audio)
    segments = whole.split_silence(SILENCE_DB, MIN_SILENCE, KEEP)  # views of its memory
    for number, segment in enumerate(segments):
        # With its ending: a folder may have one name in two formats.
        name = f"{path.stem}-{path.suffix[1:]}-{number:03}.flac"
        aus.write(out / name, segment, subtype="PCM_16", tags={"title": path.name})
    seconds = sum(segment.duration for segment in segments)
    return Prepared(path, len(segments), seconds, whole.loudness())


def show(done: int, total: int | None) -> None:
    """One line that is written over by the next."""
    print(f"\r{done} of {total} files read", end="", file=sys.stderr, flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recording", type=Path, nargs="?", default=RECORDING)
    parser.add_argument("--folder", type=Path, help="a folder of yours, in place of one made here")
    parser.add_argument("--out", type=Path, default=Path("examples-output"))
    options = parser.parse_args(argv)
    folder, speech = options.folder or options.out / "podcasts", options.out / "speech"
    if options.folder is None:
        make_folder(options.recording, folder)
    speech.mkdir(parents=True, exist_ok=True)

    paths = sorted(path for path in folder.iterdir() if path.is_file())
    results = []
    clips = aus.iter_many(paths, sample_rate=RATE, channels=1, on_error="return", progress=show)
    for path, clip in zip(paths, clips, strict=True):
        if isinstance(clip, Exception):
            results.append(Prepared(path, error=clip))
        else:
            results.append(prepare(path, clip, speech))
    print(file=sys.stderr)

    for result in results:
        if result.error is None:
            print(
                f"{result.path.name:24} {result.segments:3} segments, {result.seconds:6.2f} s, "
                f"{result.lufs:6.1f} LUFS"
            )
    broken = [result for result in results if result.error is not None]
    print(f"{len(results) - len(broken)} files in {speech}, {len(broken)} broken:")
    for result in broken:
        print(result.error)  # which names the file
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
