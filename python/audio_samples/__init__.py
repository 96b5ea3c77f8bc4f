"""Audio in memory that Rust owns and NumPy shares.

One aligned buffer holds the samples. NumPy arrays, memoryviews and slices address the same bytes,
and `AudioSamples.views` lists every one of them that is alive.
"""

import sys as _sys
from collections.abc import Callable as _Callable
from importlib import import_module as _import_module
from typing import TYPE_CHECKING as _TYPE_CHECKING

from . import _foreign, _numbers, _pickle, _pipe, _plot, _processing, _reductions, _spectrum  # noqa: F401  they complete the classes
from ._audio_samples import (
    AudioFileError,
    AudioInfo,
    AudioSamples,
    AudioSamplesError,
    BorrowError,
    CopyError,
    FileEdit,
    FileIterator,
    FileStream,
    SampleRateError,
    __version__,
    concatenate,
    dsp,
    edit,
    generation,
    info,
    iter_many,
    memory,
    mix,
    num_threads,
    read,
    read_many,
    set_num_threads,
    stream,
    write,
)
from ._audio_samples import open as open
from ._measures import Statistics
from ._policies import integer_overflow, no_copies
from ._spectrum import Density, Spectrum

# Attributes of an extension module are no modules to the import system until they are listed:
# these lines make `import audio_samples.generation` work.
_sys.modules[f"{__name__}.dsp"] = dsp
_sys.modules[f"{__name__}.generation"] = generation
_sys.modules[f"{__name__}.memory"] = memory

if not _TYPE_CHECKING:  # with it every name would pass for one

    def __getattr__(name: str) -> object:
        if name in ("notebook", "plotting"):  # imported where a caller draws
            return _import_module(f"{__name__}.{name}")
        from ._names import missing

        raise missing(name)

    def _advised(module: str) -> _Callable[[str], object]:
        def missing_of(name: str) -> object:
            from ._names import missing

            raise missing(name, module)

        return missing_of

    for _module in (dsp, generation):
        vars(_module)["__getattr__"] = _advised(_module.__name__.rpartition(".")[2])
    del _module


# Without `open`, which `from audio_samples import *` would put in the place of Python's own.
__all__ = [
    "AudioFileError",
    "AudioInfo",
    "AudioSamples",
    "AudioSamplesError",
    "BorrowError",
    "CopyError",
    "Density",
    "FileEdit",
    "FileIterator",
    "FileStream",
    "SampleRateError",
    "Spectrum",
    "Statistics",
    "__version__",
    "concatenate",
    "dsp",
    "edit",
    "generation",
    "info",
    "integer_overflow",
    "iter_many",
    "memory",
    "mix",
    "no_copies",
    "num_threads",
    "read",
    "read_many",
    "set_num_threads",
    "stream",
    "write",
]
