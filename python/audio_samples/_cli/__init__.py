"""The command line: `audio-samples COMMAND FILE...`, or `python -m audio_samples COMMAND FILE...`.

A file for each subject: `sources` and `targets` say which files, `batch` goes through them and
`report` tells of it, `steps` has the processing, `commands` the commands that write files, and
`edits`, `facts`, `pictures`, `doctor` and `benchmark` one command each.
"""

import argparse
import io
import os
import sys
from collections.abc import Sequence

from .. import __version__
from . import benchmark, commands, demo, doctor, edits, facts, pictures

_EPILOG = """\
FILE is a file, a folder (all audio files in it and below) or a pattern such as 'takes/**/*.wav'.
Nothing is overwritten without --force. Exit status: 0 all done, 1 some file failed, 2 wrong usage.

examples:
  audio-samples info take.wav
  audio-samples convert album/ --out flac/ --format flac
  audio-samples normalize podcast/*.wav --lufs -16 --out ready/
  audio-samples COMMAND --help
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0, 1 if some file failed, 2 for wrong usage."""
    parser = argparse.ArgumentParser(
        prog="audio-samples",
        description="Audio files from the command line, in the memory of a few blocks.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=__version__)
    listed = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for room in (facts, commands, edits, pictures, doctor, benchmark, demo):
        room.register(listed)
    options = parser.parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A text that the terminal has no letters for is no reason to stop.
            stream.reconfigure(errors="backslashreplace")
    status: int = options.run(options)
    return status


def program() -> int:
    """As a program: a reader that stops early, as `head` does, is no error of ours."""
    try:
        status = main()
        sys.stdout.flush()
    except BrokenPipeError:
        # The interpreter flushes once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    return status
