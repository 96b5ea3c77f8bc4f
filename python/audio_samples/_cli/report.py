"""What a command tells: a line for each file, a bar on a terminal, a summary, or JSON."""

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, Protocol


class Outcome(NamedTuple):
    """What became of one file."""

    source: Path
    target: Path | None = None
    error: str | None = None
    warnings: tuple[str, ...] = ()
    facts: dict[str, Any] | None = None

    def as_json(self, planned: bool) -> dict[str, Any]:
        """As JSON has it; numbers that JSON has no word for are null."""
        status = "failed" if self.error else "planned" if planned else "done"
        entry: dict[str, Any] = {"source": str(self.source), "status": status}
        if self.target is not None:
            entry["target"] = str(self.target)
        if self.error:
            entry["error"] = self.error
        if self.warnings:
            entry["warnings"] = list(self.warnings)
        return {**entry, **(self.facts or {})}


def printable(text: str) -> str:
    """Text of a file in one line, without what a terminal would obey."""
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text
    )


def print_json(document: dict[str, Any]) -> None:
    """One JSON document on stdout."""
    print(json.dumps(_spoken(document), indent=2, allow_nan=False, default=str))


def _spoken(value: Any) -> Any:
    """Without nan and inf, which are not JSON."""
    if isinstance(value, dict):
        return {key: _spoken(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_spoken(item) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value


class Bar(Protocol):
    """How far a batch has come."""

    def advance(self) -> None:
        """One more file is done."""

    def close(self) -> None:
        """Nothing more comes."""


class _NoBar:
    def advance(self) -> None:
        pass

    def close(self) -> None:
        pass


class _PlainBar:
    """`12/200 files` in one line that is written over."""

    def __init__(self, total: int) -> None:
        self._done, self._total = 0, total
        self._draw()

    def _draw(self) -> None:
        filled = 30 * self._done // self._total
        bar = "#" * filled + "-" * (30 - filled)
        print(f"\r[{bar}] {self._done}/{self._total} files", end="", file=sys.stderr, flush=True)

    def advance(self) -> None:
        self._done += 1
        self._draw()

    def close(self) -> None:
        print(file=sys.stderr)


class _TqdmBar:
    def __init__(self, tqdm: Any, total: int) -> None:
        self._bar = tqdm(total=total, unit="file", file=sys.stderr)

    def advance(self) -> None:
        self._bar.update(1)

    def close(self) -> None:
        self._bar.close()


class _RichBar:
    def __init__(self, rich: Any, total: int) -> None:
        self._bar = rich.Progress(console=import_module("rich.console").Console(stderr=True))
        self._bar.start()
        self._task = self._bar.add_task("files", total=total)

    def advance(self) -> None:
        self._bar.advance(self._task)

    def close(self) -> None:
        self._bar.stop()


def bar_of(total: int, wanted: bool = True) -> Bar:
    """A bar of tqdm or rich, or a plain one; nobody gets one off a terminal or for one file."""
    if not wanted or total < 2 or not sys.stderr.isatty():
        return _NoBar()
    try:
        return _TqdmBar(import_module("tqdm").tqdm, total)
    except ImportError:
        pass
    try:
        return _RichBar(import_module("rich.progress"), total)
    except ImportError:
        return _PlainBar(total)
