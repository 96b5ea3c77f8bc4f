"""DLPack (X2): tensors of audio for others, and how long they live."""

import gc
import inspect
import sys
import weakref
from functools import partial
from pathlib import Path

import capsules
import numpy as np
import pytest
from capsules import CUDA, IS_COPIED, LEGACY, READ_ONLY, VERSIONED
from elsewhere import at_once, run
from signals import RATE, mono, read_only

from audio_samples import AudioSamples, BorrowError, CopyError, no_copies

# ---- out


def test_a_tensor_shares_the_samples(adopted, reference):
    tensor = np.from_dlpack(adopted)
    assert tensor.dtype == reference.dtype
    np.testing.assert_array_equal(tensor, reference)
    assert tensor.flags.writeable == reference.flags.writeable
    if reference.size:
        assert tensor.ctypes.data == reference.ctypes.data
    if reference.size and reference.flags.writeable:
        tensor[...] += 1
        np.testing.assert_array_equal(tensor, reference)


def test_a_tensor_says_where_its_samples_are(adopted, reference):
    capsule = adopted.__dlpack__(max_version=(1, 0))
    managed = capsules.read(capsule)
    tensor = managed.dl_tensor
    assert capsules.is_named(capsule, VERSIONED)
    assert managed.major == 1
    assert managed.flags == (0 if reference.flags.writeable else READ_ONLY)
    assert capsules.shape_of(tensor) == reference.shape
    assert tensor.strides, "strides may never be null"
    steps = capsules.strides_of(tensor)
    for count, step, expected in zip(reference.shape, steps, reference.strides, strict=True):
        assert count <= 1 or not reference.size or step * reference.itemsize == expected
    assert (tensor.dtype.code, tensor.dtype.lanes) == (0 if reference.dtype.kind == "i" else 2, 1)
    assert tensor.dtype.bits == reference.itemsize * 8
    assert (tensor.device.device_type, tensor.device.device_id) == adopted.__dlpack_device__()
    assert tensor.byte_offset == 0


@pytest.mark.parametrize(
    ("max_version", "name"),
    [(None, LEGACY), ((0, 8), LEGACY), *((it, VERSIONED) for it in ((1, 0), (1, 3), (9, 9)))],
)
def test_the_consumer_gets_the_structure_it_knows(max_version, name):
    assert capsules.is_named(mono().__dlpack__(max_version=max_version), name)


def test_legacy_tensors_of_read_only_audio_are_refused():
    with pytest.raises(BufferError, match=r"max_version=\(1, 0\).*\.copy\(\)"):
        read_only(mono()).__dlpack__()


def test_a_copy_is_the_consumers_own(adopted, reference):
    capsule = adopted.__dlpack__(max_version=(1, 0), copy=True)
    managed = capsules.read(capsule)
    assert managed.flags == IS_COPIED
    assert adopted.views == []
    copied = np.from_dlpack(adopted, copy=True)
    np.testing.assert_array_equal(copied, reference)
    assert copied.flags.writeable
    assert not np.may_share_memory(copied, reference)


def test_even_a_legacy_consumer_may_copy_read_only_audio():
    assert capsules.is_named(read_only(mono()).__dlpack__(copy=True), LEGACY)


@pytest.mark.parametrize("copy", [None, False])
def test_without_copy_the_memory_is_shared(copy):
    audio = mono()
    managed = capsules.read(audio.__dlpack__(max_version=(1, 0), copy=copy))
    assert managed.dl_tensor.data == audio.address
    assert managed.flags == 0


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"stream": 1}, RuntimeError, "stream must be None, not 1"),
        ({"stream": -1}, RuntimeError, "stream must be None, not -1"),
        ({"dl_device": (CUDA, 0)}, BufferError, r"main memory.*device \(2, 0\)"),
        ({"dl_device": (1, 1)}, BufferError, r"device \(1, 1\)"),
        ({"dl_device": "cpu"}, TypeError, r"dl_device.*not 'cpu'"),
        ({"max_version": 1}, TypeError, r"max_version.*not 1"),
        ({"max_version": (1,)}, TypeError, r"max_version.*not \(1,\)"),
        ({"copy": np.zeros(3)}, ValueError, "ambiguous"),
    ],
)
def test_what_cannot_be_honoured_is_an_error(options, error, message):
    audio = mono()
    with pytest.raises(error, match=message):
        audio.__dlpack__(**options)
    assert audio.views == []


def test_arguments_are_named():
    with pytest.raises(TypeError, match=r"no positional arguments \(1 given\)"):
        mono().__dlpack__(None)
    with pytest.raises(TypeError, match=r"'version'.*max_version"):
        mono().__dlpack__(copy=None, version=(1, 0))
    with pytest.raises(TypeError, match="AudioSamples"):
        AudioSamples.__dlpack__(np.zeros(3), copy=None)
    named = {"".join(["max_", "version"]): (1, 0), "".join(["co", "py"]): True}
    assert not any(name is known for name in named for known in ("max_version", "copy"))
    assert capsules.read(mono().__dlpack__(**named)).flags == IS_COPIED


def test_what_was_refused_is_let_go_of_at_once():
    class Version:
        pass

    audio, given = mono(), Version()
    gone = weakref.ref(given)
    with pytest.raises(TypeError, match="max_version"):
        audio.__dlpack__(max_version=given)
    del given
    assert gone() is None


def test_the_method_says_what_it_takes():
    parameters = inspect.signature(AudioSamples.__dlpack__).parameters
    assert list(parameters) == ["self", "stream", "max_version", "dl_device", "copy"]
    kinds = {parameters[name].kind for name in ("stream", "copy")}
    assert kinds == {inspect.Parameter.KEYWORD_ONLY}
    assert "BufferError" in AudioSamples.__dlpack__.__doc__


@pytest.mark.parametrize(("dtype", "offset"), [("int16", 1), ("float32", 2), ("float64", 4)])
def test_samples_off_their_alignment_are_copied(dtype, offset):
    memory = bytearray(offset + 80)
    array = np.frombuffer(memory, dtype, count=8, offset=offset)
    array[:] = np.arange(8)
    audio = AudioSamples.new_mono(array, RATE, copy=False)
    with pytest.raises(BufferError, match=r"multiples of \d bytes.*\.copy\(\)"):
        np.from_dlpack(audio, copy=False)
    for options in ({}, {"copy": True}):
        np.testing.assert_array_equal(np.from_dlpack(audio, **options), np.arange(8))
    np.testing.assert_array_equal(np.from_dlpack(audio.copy()), np.arange(8))


def test_strides_between_samples_are_refused():
    records = np.zeros(5, np.dtype([("level", np.float32), ("mark", np.int8)]))
    audio = AudioSamples.new_mono(records["level"], RATE, copy=False)
    with pytest.raises(BufferError, match="strides"):
        np.from_dlpack(audio)
    # One sample lies where it lies; it has no stride.
    assert np.from_dlpack(audio[:1]) == [0.0]


def test_a_borrow_for_writing_keeps_tensors_out():
    audio = mono()
    for options in ({}, {"max_version": (1, 0)}, {"copy": True}):
        with audio.borrow_mut(), pytest.raises(BorrowError, match="borrow_mut"):
            audio.__dlpack__(**options)
    tensor = np.from_dlpack(audio)
    with pytest.raises(BorrowError, match="dlpack"), audio.borrow_mut():
        pass
    del tensor
    with audio.borrow_mut():
        pass


def test_a_borrow_for_reading_lets_only_readers_in():
    audio = mono()
    with audio.borrow():
        assert capsules.read(audio.__dlpack__(max_version=(1, 0))).flags == READ_ONLY
        with pytest.raises(BorrowError, match="borrowed for reading"):
            audio.__dlpack__()


def test_no_copies_proves_that_nothing_is_copied():
    audio = mono()
    with no_copies():
        assert AudioSamples.from_dlpack(np.from_dlpack(audio), RATE).address == audio.address
        with pytest.raises(CopyError, match="32 bytes"):
            audio.__dlpack__(copy=True)
        with pytest.raises(CopyError, match="32 bytes"):
            AudioSamples.from_dlpack(np.zeros(8, np.float32), RATE, copy=True)


# ---- lifetime


def test_a_capsule_is_a_view_until_it_goes():
    audio = mono()
    capsule = audio.__dlpack__(max_version=(1, 0))
    [view] = audio.views
    assert (view.kind, view.mode, view.shape) == ("dlpack", "write", (8,))
    del capsule
    assert audio.views == []


def test_a_tensor_is_a_view_until_it_goes():
    audio = mono()
    tensor = np.from_dlpack(audio[2:5])
    [view] = audio.views
    assert view.span == (audio.address + 8, audio.address + 20)
    del tensor
    assert audio.views == []


def test_a_read_only_tensor_is_a_reading_view():
    audio = read_only(mono())
    tensor = np.from_dlpack(audio)
    assert [view.mode for view in audio.views if view.kind == "dlpack"] == ["read"]
    del tensor


def test_a_tensor_outlives_its_audio():
    audio = mono(1 << 20)
    tensor = np.from_dlpack(audio)
    del audio
    gc.collect()
    others = [AudioSamples.new_mono(np.full(1 << 20, -1.0, np.float32), RATE) for _ in range(4)]
    np.testing.assert_array_equal(tensor, np.arange(1 << 20, dtype=np.float32))
    del others


def test_a_tensor_holds_no_python_object():
    audio = mono()
    before = sys.getrefcount(audio)
    capsule = audio.__dlpack__(max_version=(1, 0))
    assert sys.getrefcount(audio) == before
    del capsule


def test_deleters_run_on_any_thread_and_without_the_gil():
    audio = mono()
    taken = [capsules.take(audio.__dlpack__(max_version=(1, 0))) for _ in range(100)]
    taken += [capsules.take(audio.__dlpack__()) for _ in range(100)]
    assert len(audio.views) == 200
    at_once(*(partial(list, map(capsules.release, taken[i::4])) for i in range(4)))
    assert audio.views == []


@pytest.mark.parametrize("memory", ["own", "adopted", "tensor"])
def test_deleters_run_after_the_interpreter_has_ended(memory):
    code = f"""
        import ctypes, sys
        sys.path.insert(0, {str(Path(capsules.__file__).parent)!r})
        import capsules
        import numpy as np
        from audio_samples import AudioSamples, BorrowError, CopyError, no_copies

        array = np.arange(1000.0)
        if {memory!r} == "own":
            audio = AudioSamples.new_mono(array, 8000)
        elif {memory!r} == "adopted":
            audio = AudioSamples.new_mono(array, 8000, copy=False)
        else:
            audio = AudioSamples.from_dlpack(array, 8000)
        managed = capsules.take(audio.__dlpack__(max_version=(1, 0)))
        # The C library calls what is registered here when Python has already finalised.
        ctypes.CDLL(None).__cxa_atexit(
            ctypes.cast(managed.deleter, ctypes.c_void_p),
            ctypes.c_void_p(ctypes.addressof(managed)),
            None,
        )
        tensor = np.from_dlpack(audio)
        sys.modules["builtins"].kept = (tensor, audio, audio.__dlpack__())
    """
    run(code)
