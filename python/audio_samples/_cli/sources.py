"""Which files a command is given: files, folders and patterns."""

import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

# What a folder is searched for. A file that is named is read whatever its ending.
ENDINGS = {
    *(".wav", ".wave", ".bwf", ".rf64", ".w64", ".aif", ".aiff", ".aifc", ".au", ".snd", ".caf"),
    *(".flac", ".ogg", ".oga", ".opus", ".mp1", ".mp2", ".mp3", ".m4a", ".m4b", ".mp4", ".aac"),
}


class Source(NamedTuple):
    """A file, and where it lies below the folder that the caller named; or why there is none."""

    path: Path
    below: Path
    obstacle: str | None = None


def find(named: Iterable[str], skipped: Path | None = None) -> list[Source]:
    """The files that `named` stands for, in order; none of a folder below the folder `skipped`."""
    leave = skipped.resolve() if skipped else None
    return [source for name in named for source in _of(name, leave)]


def once(sources: Iterable[Source]) -> list[Source]:
    """Each file once, though it was named twice. A link is a file of its own."""
    first: dict[Path, Source] = {}
    for source in sources:
        first.setdefault(source.path.absolute(), source)
    return list(first.values())


def _of(name: str, leave: Path | None) -> Iterator[Source]:
    path = Path(name)
    if path.is_dir():
        yield from _below(path, leave)
    elif os.path.lexists(path) or not glob.has_magic(name):
        yield Source(path, Path(path.name))  # one that is missing has its own error
    else:
        matches = [Path(match) for match in sorted(glob.glob(name, recursive=True))]  # noqa: PTH207
        # A pattern of one folder's files names files; of `takes/**` the folders below stay.
        root = Path(*_plain_parts(path))
        files = [match for match in matches if match.is_file() and not _inside(match, leave)]
        if not files:
            yield Source(path, Path(path.name), "no file has a name of this pattern")
        for match in files:
            yield Source(match, match.relative_to(root))


def _plain_parts(pattern: Path) -> Iterator[str]:
    for part in pattern.parts:
        if glob.has_magic(part):
            return
        yield part


def _below(folder: Path, leave: Path | None) -> Iterator[Source]:
    empty = True
    for directory, folders, names in os.walk(folder):
        here = Path(directory)
        folders[:] = sorted(
            name for name in folders if name[0] != "." and not _inside(here / name, leave)
        )
        for name in sorted(names):
            path = here / name
            # Hidden files have the endings of audio on some disks, and hold none.
            if name[0] != "." and path.suffix.lower() in ENDINGS:
                empty = False
                yield Source(path, path.relative_to(folder))
    if empty:
        yield Source(folder, Path(folder.name), "a folder without audio files")


def _inside(path: Path, leave: Path | None) -> bool:
    return leave is not None and path.resolve().is_relative_to(leave)
