"""CPython's own `test.test_memoryview` cases, with audio as the object that is viewed.

The cases speak of six bytes, `b"abcdef"`; here they become six samples of the same values, or six
bytes of audio memory seen through `cast("B")`. A case that cannot apply is named below with its
reason, and `test_no_case_is_dropped_in_silence` holds the list to that.
"""

import gc
import unittest

import numpy as np
import pytest

cpython = pytest.importorskip("test.test_memoryview", reason="interpreter without its tests")

from signals import RATE, read_only  # noqa: E402

from audio_samples import AudioSamples  # noqa: E402

FORMATS = {"int16": "h", "int32": "i", "float32": "f", "float64": "d"}

UNHASHABLE = "memoryview hashes its exporter, and audio is not hashable"
EXCLUDED = {
    "samples": {
        "test_hash": "memoryview hashes formats B, b and c only",
        "test_getbuffer": "str(view, 'utf-8') reads one byte per character; bytes view instead",
        "test_gc": "subclasses the source with the bytes as its only argument; own test instead",
    },
    "floats": {
        "test_getitem": "asserts that an item is an int; own test instead",
        "test_setitem_writable": "one sample is a number (float(audio)); own test instead",
    },
    "bytes": {
        "test_hash": UNHASHABLE,
        "test_gc": "subclasses the source with the bytes as its only argument; own test instead",
    },
}


class AudioSource:
    """The sources for one sample type: each byte of the case is one sample."""

    def __init__(self, dtype):
        self.dtype = np.dtype(dtype)

    def writable(self, content):
        return AudioSamples.new_mono(np.array(list(content), self.dtype), RATE)

    def read_only(self, content):
        return read_only(AudioSamples.new_mono(np.array(list(content), self.dtype), RATE))

    def item_bytes(self, content):
        return np.array(list(content), self.dtype).tobytes()

    def is_equal(self, audio, content):
        return memoryview(audio).tolist() == list(content)


class ByteSource(AudioSource):
    """The bytes of the case as the memory of audio, padded to whole samples."""

    def _bytes_of(self, content):
        padding = -len(content) % self.dtype.itemsize
        return np.frombuffer(bytearray(content + bytes(padding)), self.dtype)

    def writable(self, content):
        audio = AudioSamples.new_mono(self._bytes_of(content), RATE)
        return memoryview(audio).cast("B")[: len(content)]

    def read_only(self, content):
        audio = read_only(AudioSamples.new_mono(self._bytes_of(content), RATE))
        return memoryview(audio).cast("B")[: len(content)]

    def item_bytes(self, content):
        return content

    def is_equal(self, view, content):
        return bytes(view) == content


def audio_slice_view(_case, audio):
    return memoryview(audio[1:7])


INDIRECTIONS = {
    "whole": (cpython.BaseMemoryviewTests, None),
    "slice": (cpython.BaseMemorySliceTests, None),
    "slice_of_slice": (cpython.BaseMemorySliceSliceTests, None),
    "slice_of_audio": (cpython.BaseMemorySliceTests, audio_slice_view),
}


def excluded_from(kind, dtype):
    names = dict(EXCLUDED[kind])
    if kind == "samples" and np.dtype(dtype).kind == "f":
        names |= EXCLUDED["floats"]
    return names


def build(kind, dtype, indirection):
    """One `TestCase` of CPython's cases over one kind of source."""
    source = AudioSource(dtype) if kind == "samples" else ByteSource(dtype)
    mixin, view = INDIRECTIONS[indirection]

    def check_contents(_case, _tp, exporter, content):
        part = exporter if indirection == "whole" else exporter[1:7]
        assert source.is_equal(part, content), (part, content)

    members = {
        # Functions would become methods; CPython's own classes bind theirs with `self` as well.
        "ro_type": staticmethod(source.read_only),
        "rw_type": staticmethod(source.writable),
        "getitem_type": staticmethod(source.item_bytes),
        "itemsize": source.dtype.itemsize if kind == "samples" else 1,
        "format": FORMATS[dtype] if kind == "samples" else "B",
        "_check_contents": check_contents,
        "__module__": __name__,
    }
    if view is not None:
        members["_view"] = view
    members |= dict.fromkeys(excluded_from(kind, dtype))
    name = f"Test_{kind}_{dtype}_{indirection}"
    return type(name, (unittest.TestCase, mixin, cpython.AbstractMemoryTests), members)


CASES = [
    (kind, dtype, indirection)
    for kind in ("samples", "bytes")
    for dtype in FORMATS
    for indirection in INDIRECTIONS
    # A slice of audio counts frames, not bytes.
    if (kind, indirection) != ("bytes", "slice_of_audio")
]
for _case in CASES:
    _built = build(*_case)
    globals()[_built.__name__] = _built
del _case, _built


def case_names(cls):
    return {name for name in dir(cls) if name.startswith("test_") and callable(getattr(cls, name))}


@pytest.mark.parametrize(("kind", "dtype", "indirection"), CASES)
def test_no_case_is_dropped_in_silence(kind, dtype, indirection):
    mixin, _ = INDIRECTIONS[indirection]
    known = case_names(mixin) | case_names(cpython.AbstractMemoryTests)
    applied = case_names(build(kind, dtype, indirection))
    assert known - applied == set(excluded_from(kind, dtype))
    assert len(applied) >= (17 if dtype.startswith("float") and kind == "samples" else 18)


# What stands in for the excluded cases.


@pytest.mark.parametrize("dtype", FORMATS)
def test_items_of_a_view_are_the_samples(dtype):
    audio = AudioSamples.new_mono(np.array(list(b"abcdef"), dtype), RATE)
    view = memoryview(audio)
    kind = float if np.dtype(dtype).kind == "f" else int
    assert type(view[0]) is kind
    assert (view[0], view[5], view[-1], view[-6]) == (97, 102, 102, 97)
    for beyond in (6, -7, 2**62, -(2**62)):
        with pytest.raises(IndexError):
            view[beyond]


@pytest.mark.parametrize("dtype", FORMATS)
def test_a_view_cannot_be_hashed_because_audio_cannot(dtype):
    audio = read_only(AudioSamples.new_mono(np.array(list(b"abcdef"), dtype), RATE))
    with pytest.raises(TypeError, match="unhashable"):
        hash(memoryview(audio).cast("B"))


def test_a_view_in_a_reference_cycle_is_collected():
    class Holder:
        pass

    audio = AudioSamples.new_mono(np.zeros(6), RATE)
    holder = Holder()
    holder.view = memoryview(audio)
    holder.itself = holder
    assert len(audio.views) == 1
    del holder
    gc.collect()
    assert len(audio.views) == 0


def test_a_view_of_two_channels_is_indexed_by_channel_and_frame():
    audio = AudioSamples.new_multi(np.arange(12, dtype=np.int32).reshape(2, 6), RATE)
    view = memoryview(audio)
    assert (view.ndim, view.shape, view.strides) == (2, (2, 6), (24, 4))
    assert view[1, 2] == 8
    view[1, 2] = 80
    assert audio[1, 2] == 80
    assert view.tolist() == np.asarray(audio).tolist()


@pytest.mark.parametrize("dtype", FORMATS)
def test_every_native_format_survives_a_round_of_casts(dtype):
    audio = AudioSamples.new_mono(np.arange(16, dtype=dtype), RATE)
    there_and_back = memoryview(audio).cast("B").cast(FORMATS[dtype])
    there_and_back[3] = 99
    assert audio[3] == 99


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_memoryview_of_floats_takes_one_sample_as_a_number_and_no_more(dtype):
    audio = AudioSamples.new_mono(np.zeros(4, dtype), RATE)
    view = memoryview(audio)
    view[1] = AudioSamples.new_mono(np.array([0.5], dtype), RATE)
    assert view.tolist() == [0.0, 0.5, 0.0, 0.0]
    with pytest.raises(TypeError):
        view[0] = AudioSamples.new_mono(np.zeros(2, dtype), RATE)
    with pytest.raises(ValueError, match="different structures"):
        view[0:1] = AudioSamples.new_mono(np.zeros(2, dtype), RATE)
    assert view.tolist() == [0.0, 0.5, 0.0, 0.0]
