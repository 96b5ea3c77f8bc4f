"""Arrow's C structures, read and made as a C library does: values missing, memory given back."""

import ctypes

import numpy as np
import pytest
from capsules import new, pointer
from signals import RATE, mono, stereo

from audio_samples import AudioSamples

RELEASE = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
INTEGERS = ("length", "null_count", "offset", "n_buffers", "n_children")
POINTERS = ("buffers", "children", "dictionary")


class ArrowSchema(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_char_p) for name in ("format", "name", "metadata")),
        *((name, ctypes.c_int64) for name in ("flags", "n_children")),
        *((name, ctypes.c_void_p) for name in ("children", "dictionary")),
        *[("release", RELEASE), ("private_data", ctypes.c_void_p)],
    ]


class ArrowArray(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int64) for name in INTEGERS),
        *((name, ctypes.POINTER(ctypes.c_void_p)) for name in POINTERS),
        *[("release", RELEASE), ("private_data", ctypes.c_void_p)],
    ]


class Producer:
    """Numbers of which some are missing: those with a 0 in the mask."""

    def __init__(self, values, mask, offset):
        self.values, self.mask, self.released = np.array(values), np.uint8([mask]), []
        self.buffers = (ctypes.c_void_p * 2)(self.mask.ctypes.data, self.values.ctypes.data)
        self.callbacks = [RELEASE(lambda at: self.release(ArrowSchema, at))]
        self.callbacks += [RELEASE(lambda at: self.release(ArrowArray, at))]
        self.schema = ArrowSchema(format=b"g", name=b"", release=self.callbacks[0])
        length = len(values) - offset
        self.array = ArrowArray(length, -1, offset, 2, 0, self.buffers, release=self.callbacks[1])

    def release(self, kind, at):
        kind.from_address(at).release = RELEASE()
        self.released.append(kind)

    def __arrow_c_array__(self, requested_schema=None):
        structures = (self.schema, b"arrow_schema"), (self.array, b"arrow_array")
        return tuple(new(ctypes.addressof(it), name, None) for it, name in structures)


@pytest.mark.parametrize(("mask", "offset"), [(0b1111, 0), (0b1110, 1), (0b1100, 2)])
def test_values_that_are_all_there_are_audio_until_it_goes(mask, offset):
    producer = Producer([1.0, 2.0, 3.0, 4.0], mask, offset)
    audio = AudioSamples.from_arrow(producer, RATE)
    assert audio.tolist() == [1.0, 2.0, 3.0, 4.0][offset:]
    assert ArrowArray not in producer.released
    del audio
    assert sorted(producer.released, key=str) == [ArrowArray, ArrowSchema]


@pytest.mark.parametrize(
    ("mask", "offset", "told"), [(0b1101, 0, "1 of 4"), (0, 0, "4 of 4"), (0b0101, 1, "2 of 3")]
)
def test_missing_values_are_counted_by_the_bits_of_their_mask(mask, offset, told):
    producer = Producer([1.0, 2.0, 3.0, 4.0], mask, offset)
    with pytest.raises(ValueError, match=f"{told} values are missing"):
        AudioSamples.from_arrow(producer, RATE)
    assert sorted(producer.released, key=str) == [ArrowArray, ArrowSchema]


@pytest.mark.parametrize("make", [mono, stereo])
def test_samples_go_out_where_they_lie_and_are_given_back_by_the_consumer(make):
    audio = make().as_readonly()
    _, capsule = audio.__arrow_c_array__()
    array = ArrowArray.from_address(pointer(capsule, b"arrow_array"))
    columns = audio.num_channels if audio.ndim == 2 else 0
    assert (array.length, array.null_count, array.n_children) == (8, 0, columns)
    first = ArrowArray.from_address(array.children[0]) if columns else array
    assert (first.n_buffers, first.buffers[0], first.buffers[1]) == (2, None, audio.address)
    assert [view.kind for view in audio.views] == ["arrow"]
    array.release(ctypes.addressof(array))
    assert not array.release
    assert audio.views == []
