"""`__array__` by NumPy 2, asked through NumPy and called the way consumers call it."""

import numpy as np
import pytest
import signals
from signals import RATE, address

from audio_samples import AudioSamples

OTHER = {"int16": np.float64, "int32": np.float32, "float32": np.float64, "float64": np.int16}


@pytest.fixture(params=["mono", "stereo"])
def audio(request, dtype):
    return signals.mono(10, dtype) if request.param == "mono" else signals.stereo(5, dtype)


@pytest.fixture
def read_only(dtype):
    return signals.read_only(signals.mono(10, dtype))


SHARING = {
    "to_numpy()": lambda audio: audio.to_numpy(),
    "to_numpy(copy=False)": lambda audio: audio.to_numpy(copy=False),
    "np.asarray": np.asarray,
    "np.asarray(copy=False)": lambda audio: np.asarray(audio, copy=False),
    "np.asarray(own dtype)": lambda audio: np.asarray(audio, dtype=audio.dtype),
    "np.asanyarray": np.asanyarray,
    "np.array(copy=None)": lambda audio: np.array(audio, copy=None),
    "np.array(copy=False)": lambda audio: np.array(audio, copy=False),
    "np.array(copy=False, own dtype)": lambda audio: np.array(audio, audio.dtype, copy=False),
    "__array__()": lambda audio: audio.__array__(),
    "__array__(own dtype)": lambda audio: audio.__array__(audio.dtype),
    "__array__(None)": lambda audio: audio.__array__(None),
    "__array__(copy=None)": lambda audio: audio.__array__(copy=None),
    "__array__(copy=False)": lambda audio: audio.__array__(copy=False),
    "__array__(own dtype, copy=False)": lambda audio: audio.__array__(audio.dtype, copy=False),
}
COPYING = {
    "to_numpy(copy=True)": lambda audio: audio.to_numpy(copy=True),
    "np.array": np.array,
    "np.array(copy=True)": lambda audio: np.array(audio, copy=True),
    "np.asarray(copy=True)": lambda audio: np.asarray(audio, copy=True),
    "np.copy": np.copy,
    "__array__(copy=True)": lambda audio: audio.__array__(copy=True),
    "__array__(own dtype, copy=True)": lambda audio: audio.__array__(audio.dtype, copy=True),
    "__array__(dtype=None, copy=True)": lambda audio: audio.__array__(dtype=None, copy=True),
}


@pytest.mark.parametrize("door", SHARING)
def test_the_array_is_the_audio_memory(audio, door):
    array = SHARING[door](audio)
    assert type(array) is np.ndarray
    assert (array.dtype, array.shape) == (audio.dtype, audio.shape)
    assert address(array) == address(audio)
    assert not array.flags.owndata
    assert array.flags.writeable
    array[..., 3] = 77
    assert np.all(np.asarray(audio)[..., 3] == 77)


@pytest.mark.parametrize("door", COPYING)
def test_a_copy_never_shares(audio, door):
    before = np.array(audio.to_numpy())
    array = COPYING[door](audio)
    assert type(array) is np.ndarray
    assert array.dtype == audio.dtype
    np.testing.assert_array_equal(array, before)
    assert not np.shares_memory(array, np.asarray(audio))
    assert array.flags.writeable
    array[...] = 99
    np.testing.assert_array_equal(audio.to_numpy(), before)


def test_a_copy_is_no_view_in_the_registry(audio):
    copies = [make(audio) for make in COPYING.values()]
    assert len(copies) == len(COPYING)
    assert len(audio.views) == 0


@pytest.mark.parametrize("copy", [None, True])
def test_another_dtype_is_converted_as_numpy_converts(audio, copy):
    wanted = np.dtype(OTHER[audio.dtype.name])
    expected = audio.to_numpy().astype(wanted)
    for array in (
        audio.__array__(wanted, copy=copy),
        audio.__array__(dtype=wanted, copy=copy),
        np.array(audio, dtype=wanted, copy=copy),
        np.asarray(audio, dtype=wanted),
    ):
        assert array.dtype == wanted
        np.testing.assert_array_equal(array, expected)
        assert not np.shares_memory(array, np.asarray(audio))


@pytest.mark.parametrize("wanted", [np.float16, np.complex128, np.int64, np.uint8, object, ">f8"])
def test_a_dtype_that_is_no_sample_type_is_numpys_business(audio, wanted):
    array = audio.__array__(wanted)
    assert array.dtype == np.dtype(wanted)
    np.testing.assert_array_equal(array, audio.to_numpy().astype(wanted))


def test_another_dtype_without_a_copy_is_refused(audio):
    wanted = OTHER[audio.dtype.name]
    for ask in (
        lambda: audio.__array__(wanted, copy=False),
        lambda: np.array(audio, dtype=wanted, copy=False),
        lambda: np.asarray(audio, dtype=wanted, copy=False),
    ):
        with pytest.raises(ValueError, match="copy"):
            ask()


@pytest.mark.parametrize("door", SHARING)
def test_read_only_audio_gives_read_only_arrays(read_only, door):
    array = SHARING[door](read_only)
    assert address(array) == address(read_only)
    assert not array.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1
    with pytest.raises(ValueError, match="WRITEABLE"):
        array.flags.writeable = True
    with pytest.raises(ValueError, match="WRITEABLE"):
        array[2:4].flags.writeable = True


@pytest.mark.parametrize("door", COPYING)
def test_a_copy_of_read_only_audio_is_writable(read_only, door):
    array = COPYING[door](read_only)
    array[0] = 5
    assert array[0] == 5
    assert read_only[0] == 0


def test_frombuffer_is_as_writable_as_the_audio(audio, read_only):
    assert np.frombuffer(audio, audio.dtype).flags.writeable
    assert not np.frombuffer(read_only, read_only.dtype).flags.writeable


def test_parts_of_read_only_audio_are_read_only(read_only):
    part = read_only[2:5]
    assert not part.writable
    assert not part.to_numpy().flags.writeable
    assert memoryview(part).readonly
    assert not read_only.frames_first.flags.writeable
    assert not read_only.channel(0).writable


def test_no_array_interface_is_offered():
    # It has no hook for release: what reads through it dangles.
    audio = AudioSamples.new_mono(np.zeros(4), RATE)
    assert not hasattr(audio, "__array_interface__")
    assert not hasattr(audio, "__array_struct__")


@pytest.mark.parametrize("bad", ["yes", 2.5, object()])
def test_a_copy_argument_that_is_no_bool_is_an_error(audio, bad):
    with pytest.raises((TypeError, ValueError)):
        audio.__array__(copy=bad)


def test_a_dtype_that_is_none_at_all_is_a_type_error(audio):
    with pytest.raises(TypeError):
        audio.__array__("no such dtype")


def test_numpy_functions_work_on_the_shared_memory(audio):
    array = np.array(audio.to_numpy())
    assert np.mean(audio) == np.mean(array)
    assert np.ptp(audio) == np.ptp(array)
    joined = np.concatenate([audio, audio], axis=-1)
    np.testing.assert_array_equal(joined, np.concatenate([array, array], axis=-1))
    np.testing.assert_array_equal(np.fft.rfft(audio), np.fft.rfft(array))
    np.testing.assert_array_equal(np.vstack([audio, audio]), np.vstack([array, array]))
    assert len(audio.views) == 0
