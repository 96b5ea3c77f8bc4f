"""What can be set for the current context: a thread, a task, a with-block."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Literal

from ._audio_samples import _use_policy


@contextmanager
def _set(variable: ContextVar[Any], value: Any) -> Iterator[None]:
    # Rust reads the variable from now on. Before, it costs one load of a flag.
    _use_policy(variable.name, variable)
    token = variable.set(value)
    try:
        yield
    finally:
        variable.reset(token)


_no_copies: ContextVar[bool | None] = ContextVar("no_copies", default=None)


@contextmanager
def no_copies() -> Iterator[None]:
    """Raises `CopyError` wherever this package would copy sample bytes, with the reason.

    The proof of zero copy that can be put into a test. It holds for the current thread or task.
    Results of arithmetic and of decoding are new samples, no copies. NumPy's own copies
    (`np.array(audio)`, `array.copy()`) are not seen: they go through the buffer protocol, which
    does not say what for.
    """
    with _set(_no_copies, True):
        yield


_integer_overflow: ContextVar[str | None] = ContextVar("integer_overflow", default=None)


@contextmanager
def integer_overflow(mode: Literal["wrap", "saturate", "raise"]) -> Iterator[None]:
    """What `+ - *`, unary minus and `abs()` do with integer results that their type cannot hold.

    In place or not, `"wrap"` wraps as NumPy does (the default), `"saturate"` takes the nearest
    number that fits, `"raise"` raises OverflowError and changes nothing. It holds for the current
    thread or task.

    Everything else wraps as NumPy does: `**`, `<<` and `//`, ufuncs by name such as `np.add`, and
    stores such as `audio[:] = x`.
    """
    if mode not in ("wrap", "saturate", "raise"):
        raise ValueError(f"integer_overflow takes 'wrap', 'saturate' or 'raise', not {mode!r}")
    with _set(_integer_overflow, mode):
        yield
