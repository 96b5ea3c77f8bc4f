"""NumPy's own DLPack tests, from the installed wheel, with audio as the producer."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy._core.tests import test_dlpack as suite
from signals import make_audio

from audio_samples import AudioSamples

SAMPLE_TYPES = ("int16", "int32", "float32", "float64")
audio_of = partial(make_audio, copy=False)


class OldAudio:
    """Audio for consumers that know the first DLPack only."""

    def __init__(self, audio: AudioSamples) -> None:
        self.audio = audio

    def __dlpack__(self, stream: Any = None) -> Any:
        return self.audio.__dlpack__(stream=stream)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.audio.__dlpack_device__()

    def copy(self) -> OldAudio:
        return OldAudio(self.audio.copy())

    @property
    def views(self) -> list:
        return self.audio.views


def new_and_old() -> tuple[AudioSamples, OldAudio]:
    audio = audio_of(np.arange(5, dtype=np.int32))
    return audio, OldAudio(audio)


# Tensors hold the samples and no Python object: what NumPy counts as references are views here.
REFERENCES = SimpleNamespace(getrefcount=lambda producer: len(producer.views))

DIRECT = [
    *(
        ("test_dunder_dlpack_refcount", {"max_version": v})
        for v in [(0, 0), None, (1, 0), (100, 3)]
    ),
    ("test_dunder_dlpack_stream", {}),
    ("test_dunder_dlpack_copy", {}),
    *(("test_from_dlpack_refcount", {"arr": arr}) for arr in new_and_old()),
    ("test_dlpack_device", {}),
    *(("test_dlpack_destructor_exception", {"max_version": v}) for v in [None, (1, 0)]),
    ("test_writeable", {}),
    ("test_copy", {}),
    ("test_device", {}),
]

THROUGH_FROM_DLPACK = [
    ("test_strides_not_multiple_of_itemsize", {}),
    *(
        ("test_dtype_passthrough", {"arr": np.arange(5), "dtype": np.dtype(dtype)})
        for dtype in SAMPLE_TYPES
    ),
    ("test_non_contiguous", {}),
    *(("test_higher_dims", {"ndim": ndim}) for ndim in (1, 2)),
]

# No such audio: 0-d, three axes, a type of another kind or byte order, flags to set.
# The read-only case is in test_dlpack.py.
LEFT_OUT = {
    "test_invalid_dtype",
    "test_invalid_byte_swapping",
    "test_readonly",
    "test_ndim0",
    "test_size1dims_arrays",
}


def test_no_test_of_the_suite_is_forgotten() -> None:
    there = {name for name in dir(suite.TestDLPack) if name.startswith("test_")}
    assert there == {name for name, _ in DIRECT + THROUGH_FROM_DLPACK} | LEFT_OUT


@pytest.mark.parametrize(("name", "arguments"), DIRECT)
def test_audio_in_the_place_of_arrays(
    name: str, arguments: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    numpy = SimpleNamespace(**vars(np))
    numpy.arange = lambda count: audio_of(np.arange(count, dtype=np.int32))
    monkeypatch.setattr(suite, "np", numpy)
    monkeypatch.setattr(suite, "sys", REFERENCES)
    monkeypatch.setattr(suite, "new_and_old_dlpack", new_and_old)
    getattr(suite.TestDLPack(), name)(**arguments)


@pytest.mark.parametrize(("name", "arguments"), THROUGH_FROM_DLPACK)
def test_arrays_exported_by_audio_on_them(
    name: str, arguments: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    numpy = SimpleNamespace(**vars(np))
    numpy.arange = lambda *bounds: np.arange(*bounds, dtype=np.int32)
    exported = []

    def from_dlpack(array: np.ndarray) -> np.ndarray:
        exported.append(audio_of(array))
        return np.from_dlpack(exported[-1])

    numpy.from_dlpack = from_dlpack
    monkeypatch.setattr(suite, "np", numpy)
    getattr(suite.TestDLPack(), name)(**arguments)
    assert exported
