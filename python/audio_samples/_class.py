"""Methods of `AudioSamples` that are written in Python."""

from collections.abc import Callable
from typing import Any

from ._audio_samples import AudioSamples


def install(name: str, method: Callable[..., Any]) -> None:
    """Makes a function the method of that name, as if it stood in the class."""
    method.__name__ = name
    method.__qualname__ = f"AudioSamples.{name}"
    method.__module__ = "audio_samples"
    setattr(AudioSamples, name, method)
