"""A folder of recordings in many formats, some of them broken, made ready for a speech model.

Each becomes mono, 16 kHz, -16 LUFS, without the silence at its ends, as FLAC. Threads read ahead,
in the memory of a few files; a broken one costs itself and is named at the end.

Run: python podcast_folder.py talks/ --out speech/
"""

import argparse
from pathlib import Path

import audio_samples as aus

ENDINGS = {".wav", ".flac", ".mp3", ".m4a", ".ogg", ".opus", ".aiff"}


def prepared(audio: aus.AudioSamples) -> aus.AudioSamples:
    """Speech as the model wants it: in place, but for the cut, which is a view."""
    audio.highpass_inplace(60)
    speech = audio.trim_silence(-50, keep=0.1)
    if len(speech) and speech.peak() > 0:
        speech.normalize_inplace(lufs=-16).limit_inplace(-1)
    return speech


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=Path("speech"))
    options = parser.parse_args(argv)
    options.out.mkdir(parents=True, exist_ok=True)
    paths = sorted(path for path in options.folder.rglob("*") if path.suffix.lower() in ENDINGS)
    clips = aus.iter_many(
        paths,
        sample_rate=16_000,
        channels=1,
        on_error="return",
        progress=lambda done, of: print(f"\r{done} of {of}", end="", flush=True),
    )
    seconds, broken = 0.0, []
    for path, clip in zip(paths, clips, strict=True):
        if isinstance(clip, Exception):
            broken.append(str(clip))
            continue
        speech = prepared(clip)
        seconds += speech.duration
        aus.write(options.out / f"{path.stem}{path.suffix[1:]}.flac", speech, subtype="PCM_16")
    print(f"\n{len(paths) - len(broken)} files, {seconds:.1f} s of speech in {options.out}")
    for reason in broken:
        print(f"not read: {reason}")
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
