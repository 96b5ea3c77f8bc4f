"""Audio in memory that Rust owns and NumPy shares.

One aligned buffer holds the samples. NumPy arrays, memoryviews and slices address the same bytes,
and `AudioSamples.views` lists every one of them that is alive.
"""

import sys as _sys

from ._audio_samples import (
    AudioFileError,
    AudioSamples,
    AudioSamplesError,
    BorrowError,
    CopyError,
    SampleRateError,
    __version__,
)

# Attributes of an extension module are no modules to the import system until they are listed:
# this line makes `import audio_samples.generation` work.

__all__ = [
    "AudioFileError",
    "AudioSamples",
    "AudioSamplesError",
    "BorrowError",
    "CopyError",
    "SampleRateError",
    "__version__",
]
