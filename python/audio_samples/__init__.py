"""Audio in memory that Rust owns and NumPy shares.

One aligned buffer holds the samples. NumPy arrays, memoryviews and slices address the same bytes,
and `AudioSamples.views` lists every one of them that is alive.
"""

import sys as _sys

from ._audio_samples import (
    AudioFileError,
    AudioInfo,
    AudioSamples,
    AudioSamplesError,
    BorrowError,
    CopyError,
    FileEdit,
    FileStream,
    SampleRateError,
    __version__,
    edit,
    generation,
    info,
    open,
    read,
    stream,
    write,
)
from ._policies import no_copies

# Attributes of an extension module are no modules to the import system until they are listed:
# this line makes `import audio_samples.generation` work.
_sys.modules[f"{__name__}.generation"] = generation

__all__ = [
    "AudioFileError",
    "AudioInfo",
    "AudioSamples",
    "AudioSamplesError",
    "BorrowError",
    "CopyError",
    "FileEdit",
    "FileStream",
    "SampleRateError",
    "__version__",
    "edit",
    "generation",
    "info",
    "no_copies",
    "open",
    "read",
    "stream",
    "write",
]
