"""The command line: `python -m audio_samples`, which is `audio-samples`."""

import sys

from ._cli import main, program

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(program())
