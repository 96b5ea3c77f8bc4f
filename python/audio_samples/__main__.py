"""The command line: `python -m audio_samples demo [FILE] [--out DIR]`, `... info FILE...`."""

import argparse
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from . import AudioInfo, AudioSamplesError, __version__, _demo
from . import info as info_of


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0, or 1 with one line on stderr."""
    parser = argparse.ArgumentParser(prog="python -m audio_samples", description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    demo = commands.add_parser(
        "demo", help="process a recording in shared memory, write a WAV and a picture"
    )
    demo.add_argument("file", nargs="?", type=Path, metavar="FILE", help="default: a tabla loop")
    demo.add_argument("--out", type=Path, default=Path("demo-output"), metavar="DIR")
    info = commands.add_parser("info", help="tell what files hold, without decoding them")
    info.add_argument("files", nargs="+", type=Path, metavar="FILE")
    options = parser.parse_args(arguments)
    if options.command == "info":
        return _tell(options.files, parser.prog)
    try:
        _demo.run(options.file or _demo.recording(), options.out)
    except (AudioSamplesError, OSError) as error:
        print(f"{parser.prog} {options.command}: {error}", file=sys.stderr)
        return 1
    return 0


def _tell(files: Sequence[Path], program: str) -> int:
    """Print what each file holds; 1 if one of them cannot be read."""
    status = 0
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A text that the terminal has no letters for is no reason to stop.
        sys.stdout.reconfigure(errors="backslashreplace")
    for path in files:
        try:
            told = info_of(path)
        except (AudioSamplesError, OSError) as error:
            print(f"{program} info: {_printable(str(error))}", file=sys.stderr)
            status = 1
        else:
            print("\n".join([_printable(str(path)), *_lines(told)]))
    return status


def _lines(told: AudioInfo) -> list[str]:
    minutes, seconds = divmod(told.duration, 60)
    where = f" ({' '.join(told.channel_positions)})" if told.channel_positions else ""
    lines = [
        f"format       {told.format} {told.subtype}, stored as {told.stored_dtype}, "
        f"read as {told.dtype}",
        f"channels     {told.num_channels}{where}",
        f"sample rate  {told.sample_rate} Hz",
        f"length       {told.frames} frames, {minutes:.0f}:{seconds:06.3f}",
        f"mapped       {f'no: {told.obstacle}' if told.obstacle else 'yes'}",
    ]
    if told.damage:
        lines.append(f"damaged      {told.damage}")
    lines += [f"tag          {name}: {text}" for name, text in told.tags.items()]
    lines += [f"cue          frame {frame} {label}".rstrip() for frame, label in told.cues]
    return [f"  {_printable(line)}" for line in lines]


def _printable(text: str) -> str:
    """Text of a file in one line, without what a terminal would obey."""
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text
    )


def _run() -> int:
    """As a program: a reader that stops early, as `head` does, is no error of ours."""
    try:
        status = main()
        sys.stdout.flush()
    except BrokenPipeError:
        # The interpreter flushes once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status


if __name__ == "__main__":
    sys.exit(_run())
