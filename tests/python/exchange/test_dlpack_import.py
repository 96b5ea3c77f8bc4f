"""DLPack (X2): audio on the tensors of others, and the table of C functions."""

import ctypes
import gc

import capsules
import numpy as np
import pytest
from capsules import CUDA, IS_COPIED, READ_ONLY, Producer
from signals import RATE, mono, read_only

from audio_samples import AudioSamples

# ---- in


@pytest.mark.parametrize("version", [(1, 0), (1, 3), (1, 9)])
def test_audio_shares_a_tensors_memory(version, reference):
    flags = 0 if reference.flags.writeable else READ_ONLY
    audio = AudioSamples.from_dlpack(Producer(reference, version=version, flags=flags), RATE)
    assert audio.writable == reference.flags.writeable
    assert audio.shape == reference.shape
    np.testing.assert_array_equal(audio.to_numpy(), reference)
    if reference.size:
        assert audio.address == reference.ctypes.data
    if reference.flags.writeable:
        audio *= 2
        np.testing.assert_array_equal(audio.to_numpy(), reference)


def test_an_empty_tensor_may_have_no_address():
    producer = Producer(np.zeros((2, 0)), data=None)
    assert AudioSamples.from_dlpack(producer, RATE).shape == (2, 0)
    assert producer.released == 1


def test_the_tensor_is_given_back_once_when_the_last_handle_goes():
    producer = Producer(np.arange(6.0))
    audio = AudioSamples.from_dlpack(producer, RATE)
    part, array = audio[1:3], audio.to_numpy()
    del audio, part
    assert producer.released == 0
    np.testing.assert_array_equal(array, np.arange(6.0))
    del array
    assert producer.released == 1


def test_a_read_only_tensor_makes_read_only_audio():
    audio = AudioSamples.from_dlpack(Producer(np.arange(6.0), flags=READ_ONLY), RATE)
    assert not audio.writable
    with pytest.raises(ValueError, match="read-only"):
        audio *= 2


def test_a_legacy_tensor_makes_read_only_audio_because_it_says_nothing_of_writing():
    producer = Producer(np.arange(6.0), version=None)
    audio = AudioSamples.from_dlpack(producer, RATE)
    assert not audio.writable
    del audio
    assert producer.released == 1


@pytest.mark.parametrize("version", [None, (1, 0), (1, 1)])
def test_a_tensor_without_strides_is_compact(version):
    array = np.arange(12, dtype=np.int16).reshape(3, 4)
    audio = AudioSamples.from_dlpack(Producer(array, version=version, strides=False), RATE)
    assert audio.strides == (8, 2)
    np.testing.assert_array_equal(audio.to_numpy(), array)


def test_a_byte_offset_counts():
    array = np.arange(8, dtype=np.int32)
    audio = AudioSamples.from_dlpack(Producer(array[2:], byte_offset=8), RATE)
    np.testing.assert_array_equal(audio.to_numpy(), array[2:])


def test_a_capsule_is_a_tensor_too_and_is_used_once():
    audio = mono()
    capsule = audio.__dlpack__(max_version=(1, 0))
    assert AudioSamples.from_dlpack(capsule, RATE).address == audio.address
    with pytest.raises(ValueError, match="already been consumed"):
        AudioSamples.from_dlpack(capsule, RATE)


def test_audio_that_comes_back_is_the_same_memory_and_no_view():
    audio = mono()
    again = AudioSamples.from_dlpack(np.from_dlpack(audio), RATE)
    assert again.address == audio.address
    assert audio.views == []
    again *= 0.5
    np.testing.assert_array_equal(audio.to_numpy(), np.arange(8) / 2)


def test_frames_first_tensors_need_their_layout_named():
    array = np.zeros((100, 80), np.float32)
    assert AudioSamples.from_dlpack(array, RATE, layout="frames_first").shape == (80, 100)
    with pytest.raises(ValueError, match="layout='frames_first'"):
        AudioSamples.from_dlpack(array, RATE)


def test_a_copy_shares_nothing_and_gives_the_tensor_back():
    producer = Producer(np.arange(6.0), flags=READ_ONLY)
    audio = AudioSamples.from_dlpack(producer, RATE, copy=True)
    assert audio.writable
    assert producer.released == 1
    np.testing.assert_array_equal(audio.to_numpy(), np.arange(6.0))


def test_copy_false_is_told_to_the_producer_and_its_answer_is_checked():
    producer = Producer(np.arange(6.0))
    AudioSamples.from_dlpack(producer, RATE, copy=False)
    assert producer.calls == [{"max_version": (1, 3), "copy": False}]
    with pytest.raises(BufferError, match="copy=False"):
        AudioSamples.from_dlpack(Producer(np.arange(6.0), flags=IS_COPIED), RATE, copy=False)


class Old(Producer):
    """Knows neither max_version nor copy."""

    def __dlpack__(self, stream=None):
        return super().__dlpack__(stream=stream)


class Middle(Producer):
    """Knows max_version and no copy."""

    def __dlpack__(self, *, stream=None, max_version=None):
        return super().__dlpack__(max_version=max_version)


@pytest.mark.parametrize("copy", [None, False])
def test_older_producers_are_asked_in_their_own_words(copy):
    old = Old(np.arange(6.0), version=None)
    assert AudioSamples.from_dlpack(old, RATE, copy=copy).address == old.array.ctypes.data
    middle = Middle(np.arange(6.0))
    assert AudioSamples.from_dlpack(middle, RATE, copy=copy).writable
    assert middle.calls == [{"max_version": (1, 3)}]


def test_an_error_of_the_producer_is_not_covered_up():
    class Failing:
        def __dlpack__(self, **_):
            raise TypeError("of its own")

    with pytest.raises(TypeError, match="of its own"):
        AudioSamples.from_dlpack(Failing(), RATE)


@pytest.mark.parametrize(
    ("producer", "error", "message"),
    [
        (
            lambda: Producer(np.zeros(3), device=(CUDA, 1)),
            BufferError,
            r"CUDA.*\(device 1\).*\.cpu",
        ),
        (lambda: Producer(np.zeros(3), device=(10, 0)), BufferError, r"ROCm.*\.cpu\(\)"),
        (lambda: Producer(np.zeros(3), device=(99, 0)), BufferError, r"type 99.*\.cpu\(\)"),
        (lambda: Producer(np.zeros(3, np.int64)), TypeError, "int64 is no sample type"),
        (lambda: Producer(np.zeros(3, np.float16)), TypeError, "float16 is no sample type"),
        (lambda: Producer(np.zeros(3, bool)), TypeError, "bool is no sample type"),
        (lambda: Producer(np.zeros(3, np.complex64)), TypeError, "complex64 is no sample type"),
        (lambda: Producer(np.zeros((2, 2, 2))), ValueError, r"not \(2, 2, 2\)"),
        (lambda: Producer(np.zeros(())), ValueError, "single number"),
        (lambda: Producer(np.zeros(3), version=(2, 0)), RuntimeError, "version"),
        (lambda: Producer(np.zeros(3), version=(1, 2), strides=False), BufferError, "strides"),
        (lambda: Producer(np.zeros(3), data=None), BufferError, "is null"),
        (lambda: Producer(np.zeros(3), ndim=-1), BufferError, "negative"),
        (lambda: Producer(np.zeros(3), dtype=capsules.DLDataType(2, 0, 1)), BufferError, "bit"),
        (lambda: Producer(np.zeros(3), dtype=capsules.DLDataType(2, 32, 4)), TypeError, "x 4"),
        (lambda: Producer(np.zeros(3), dtype=capsules.DLDataType(4, 16, 1)), TypeError, "bfloat16"),
        (object, TypeError, "takes a tensor with __dlpack__, not object"),
        (lambda: [0.0, 1.0], TypeError, "not list"),
    ],
)
def test_a_tensor_that_cannot_be_audio_is_refused_and_given_back(producer, error, message):
    made = producer()
    with pytest.raises(error, match=message):
        AudioSamples.from_dlpack(made, RATE)
    if getattr(made, "calls", None):
        assert made.released == 1


def test_a_producer_without_a_capsule_is_refused():
    class Wrong:
        def __dlpack__(self, **_):
            return 7

    with pytest.raises(TypeError, match="no capsule but int"):
        AudioSamples.from_dlpack(Wrong(), RATE)


def test_constructors_take_tensors():
    producer = Producer(np.arange(6.0))
    assert AudioSamples.new_mono(producer, RATE, copy=False).address == producer.array.ctypes.data
    assert AudioSamples.new_mono(Producer(np.arange(6.0)), RATE).writable
    stereo = Producer(np.arange(12, dtype=np.int16).reshape(6, 2))
    audio = AudioSamples.new_multi(stereo, RATE, layout="frames_first", copy=None)
    assert audio.shape == (2, 6)
    with pytest.raises(BufferError, match=r"\.cpu\(\)"):
        AudioSamples.new_mono(Producer(np.zeros(3), device=(CUDA, 0)), RATE)


# ---- the table of C functions


@pytest.fixture
def table():
    return capsules.exchange_table(AudioSamples)


def from_audio(table, audio):
    out = capsules.MANAGED()
    assert table.managed_tensor_from_py_object_no_sync(audio, ctypes.byref(out)) == 0
    return out


def to_object(table, managed):
    out = ctypes.c_void_p()
    assert table.managed_tensor_to_py_object_no_sync(managed, ctypes.byref(out)) == 0
    found = ctypes.cast(out, ctypes.py_object).value
    ctypes.pythonapi.Py_DecRef(ctypes.py_object(found))
    return found


def test_the_table_is_of_version_1(table):
    assert (table.major, table.prev_api) == (1, None)
    assert table.dltensor_from_py_object_no_sync is None


def test_the_table_makes_tensors_of_audio(table):
    audio = mono()
    managed = from_audio(table, audio)
    assert managed.contents.dl_tensor.data == audio.address
    assert [view.kind for view in audio.views] == ["dlpack"]
    capsules.release(managed.contents)
    assert audio.views == []
    managed = from_audio(table, read_only(audio))
    assert managed.contents.flags == READ_ONLY
    capsules.release(managed.contents)


def test_the_table_makes_arrays_of_tensors(table):
    audio = mono()
    array = to_object(table, from_audio(table, audio))
    assert type(array) is np.ndarray
    assert array.ctypes.data == audio.address
    assert [view.kind for view in audio.views] == ["dlpack"]
    del array
    assert audio.views == []


def test_the_table_makes_arrays_of_types_that_are_no_samples(table):
    producer = Producer(np.arange(6).reshape(1, 2, 3))
    array = to_object(table, ctypes.pointer(producer.managed))
    np.testing.assert_array_equal(array, producer.array)
    del array
    assert producer.released == 1


def test_a_tensor_that_cannot_be_an_array_stays_the_callers(table):
    producer = Producer(np.zeros(3), device=(CUDA, 0))
    out = ctypes.c_void_p()
    tensor = ctypes.pointer(producer.managed)
    with pytest.raises((BufferError, RuntimeError)):
        table.managed_tensor_to_py_object_no_sync(tensor, ctypes.byref(out))
    gc.collect()
    assert producer.released == 0


def test_the_table_takes_nothing_but_audio(table):
    with pytest.raises(TypeError, match="AudioSamples and nothing else"):
        table.managed_tensor_from_py_object_no_sync(np.zeros(3), ctypes.byref(capsules.MANAGED()))


@pytest.mark.parametrize("shape", [(), (5,), (2, 3), (2, 3, 4), (0,), (3, 0)])
@pytest.mark.parametrize("dtype", ["int16", "float64", "int64", "bool"])
def test_the_table_allocates(table, shape, dtype):
    prototype = Producer(np.zeros(shape, dtype), strides=False).managed.dl_tensor
    out = capsules.MANAGED()
    assert table.managed_tensor_allocator(prototype, out, None, capsules.SET_ERROR()) == 0
    array = to_object(table, out)
    np.testing.assert_array_equal(array, np.zeros(shape, dtype))
    assert array.dtype == dtype
    if array.size:
        assert array.ctypes.data % 256 == 0


def test_an_allocation_that_fails_says_why(table):
    told = []
    callback = capsules.SET_ERROR(lambda *error: told.append(error))
    producer = Producer(np.zeros(3), device=(CUDA, 0))
    out = capsules.MANAGED()
    tensor = producer.managed.dl_tensor
    assert table.managed_tensor_allocator(tensor, out, 7, callback) == -1
    huge = Producer(np.zeros(3))
    huge.managed.dl_tensor.shape[0] = 1 << 50
    assert table.managed_tensor_allocator(huge.managed.dl_tensor, out, 7, callback) == -1
    assert [error[:2] for error in told] == [(7, b"BufferError"), (7, b"MemoryError")]
    assert b"main memory" in told[0][2]


def test_the_table_knows_no_stream_but_that_of_the_cpu(table):
    out = ctypes.c_void_p(7)
    assert table.current_work_stream(1, 0, ctypes.byref(out)) == 0
    assert out.value is None
    with pytest.raises(BufferError, match="no stream"):
        table.current_work_stream(CUDA, 0, ctypes.byref(out))
