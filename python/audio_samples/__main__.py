"""The command line: `python -m audio_samples demo [FILE] [--out DIR]`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from . import AudioSamplesError, __version__, _demo


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
    options = parser.parse_args(arguments)
    try:
        _demo.run(options.file or _demo.recording(), options.out)
    except (AudioSamplesError, OSError) as error:
        print(f"{parser.prog} {options.command}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
