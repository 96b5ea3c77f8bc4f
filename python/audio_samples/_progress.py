"""How far `read_many` and `iter_many` have come, for a function of the caller or a bar of tqdm."""

from importlib import import_module
from typing import Any


class _Bar:
    """A bar of tqdm, called as a callable of the caller's would be."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar

    def __call__(self, done: int, total: int | None) -> None:
        if total != self._bar.total:
            self._bar.total = total
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        self._bar.close()


def report_of(progress: Any, total: int | None) -> Any:
    """What is called after each file; None for no report."""
    if progress is False:
        return None
    if progress is True:
        try:
            tqdm = import_module("tqdm.auto").tqdm
        except ImportError as error:
            raise ImportError(
                "progress=True shows a bar of tqdm, which is not installed: install tqdm, or give "
                "a function, as in progress=lambda done, total: print(done, total)"
            ) from error
        return _Bar(tqdm(total=total, unit="file"))
    if not callable(progress):
        raise TypeError(
            "progress must be True for a bar of tqdm, or a function of two arguments (files done, "
            f"files in all), not {progress!r}"
        )
    # Alone: `close` is looked for, which an object of the caller's may have for itself.
    return lambda done, total: progress(done, total)
