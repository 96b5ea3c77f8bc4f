"""The segments of shared audio that lie in memory, and programs that use them."""

from __future__ import annotations

import contextlib
import os
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FOLDER = Path("/dev/shm") if sys.platform == "linux" else Path(tempfile.gettempdir())

# Where the header keeps the number of handles on their way, and when the latest was made.
HANDLES, MADE_AT = 64, 72


def names() -> set[str]:
    return {path.name for path in FOLDER.glob("audio_samples-*")}


def is_there(name: str) -> bool:
    return (FOLDER / name).exists()


def made_by(name: str) -> int:
    return int(name.split("-")[1])


def lives(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def handles(name: str) -> int:
    """How many handles of the segment are on their way."""
    with (FOLDER / name).open("rb") as file:
        file.seek(HANDLES)
        return struct.unpack("I", file.read(4))[0]


def age(name: str, seconds: int = 700) -> None:
    """Makes the latest handle of the segment so much older."""
    with (FOLDER / name).open("r+b") as file:
        file.seek(MADE_AT)
        [made_at] = struct.unpack("Q", file.read(8))
        file.seek(MADE_AT)
        file.write(struct.pack("Q", made_at - seconds))


def until(condition, seconds: float = 20.0) -> bool:
    """Whether the condition comes true."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def python(code: str, *arguments: str, **options) -> subprocess.Popen[str]:
    """Another interpreter, which says what it prints and reads what it is told."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        **options,
    )


def run(code: str, *arguments: str) -> str:
    """What another interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
