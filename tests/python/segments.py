"""The segments of shared audio that lie in memory."""

import contextlib
import os
import struct
import sys
import tempfile
import time
from pathlib import Path

from elsewhere import run

FOLDER = Path("/dev/shm") if sys.platform == "linux" else Path(tempfile.gettempdir())

# Where the header keeps the time of the latest handle that found no place, and where the places
# are: the upper half of a mark there is the time at which a handle was made.
LATEST_WITHOUT, PLACES, END = 72, 80, 4096


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


def _words(name: str, start: int, end: int) -> list[int]:
    with (FOLDER / name).open("rb") as file:
        file.seek(start)
        return list(struct.unpack(f"{(end - start) // 8}Q", file.read(end - start)))


def handles(name: str) -> int:
    """How many places of handles on their way are taken."""
    return sum(mark != 0 for mark in _words(name, PLACES, END))


def times(name: str) -> list[int]:
    """When the handles on their way were made, in seconds."""
    return [mark >> 32 for mark in _words(name, PLACES, END) if mark]


def latest_without_place(name: str) -> int:
    """When the latest handle was made that found no place."""
    return _words(name, LATEST_WITHOUT, PLACES)[0]


def age(name: str, seconds: int = 700) -> None:
    """Makes all handles of the segment so much older."""
    marks = [mark and mark - (seconds << 32) for mark in _words(name, PLACES, END)]
    [latest] = _words(name, LATEST_WITHOUT, PLACES)
    with (FOLDER / name).open("r+b") as file:
        file.seek(LATEST_WITHOUT)
        file.write(struct.pack("Q", latest and latest - seconds))
        file.write(struct.pack(f"{len(marks)}Q", *marks))


def until(condition, seconds: float = 20.0) -> bool:
    """Whether the condition comes true."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def sweep() -> None:
    """Another program shares something, and looks for what no process has."""
    run("from audio_samples import AudioSamples as A; A.zeros(1, 8000, shared=True)")
