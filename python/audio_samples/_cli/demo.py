"""`audio-samples demo`: a recording processed in shared memory."""

import argparse
import sys
from pathlib import Path
from typing import Any

from .. import _demo
from .._audio_samples import AudioSamplesError


def register(listed: Any) -> None:
    """Add the parser of this command."""
    parser = listed.add_parser(
        "demo", help="process a recording in shared memory, write a WAV and a picture"
    )
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="default: a tabla loop")
    parser.add_argument("--out", type=Path, default=Path("demo-output"), metavar="DIR")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    try:
        _demo.run(options.file or _demo.recording(), options.out)
    except (AudioSamplesError, OSError) as error:
        print(f"audio-samples demo: {error}", file=sys.stderr)
        return 1
    return 0
