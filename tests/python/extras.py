"""Optional libraries: without one its tests are skipped with one line, or fail on demand.

`AUDIO_SAMPLES_EXTRAS=required` is what `.ci/run` sets once it has installed them all.
"""

import gc
import importlib
import os
from types import ModuleType

import pytest


def require(module: str, extra: str) -> ModuleType:
    """The module, at the head of a file of tests that need it."""
    try:
        imported = importlib.import_module(module)
    except ModuleNotFoundError:
        if os.environ.get("AUDIO_SAMPLES_EXTRAS") == "required":
            raise
        pytest.skip(
            f"{module} is not installed; pyproject.toml has it in the extra {extra!r}",
            allow_module_level=True,
        )
    # They make a million objects: the collector need not look at those in every other test.
    gc.freeze()
    return imported
