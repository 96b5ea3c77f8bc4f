"""Indexing: no chain of owners, keys as NumPy reads them, values stored whole or not at all."""

import numpy as np
import pytest
from elsewhere import run
from signals import mono, stereo

from audio_samples import AudioSamples, SampleRateError


def test_slices_of_slices_of_adopted_audio_are_no_chain():
    # In a process of its own: what fails here would take this one along.
    run("""
        import numpy as np
        from audio_samples import AudioSamples
        rest = AudioSamples.from_numpy(np.zeros((2, 300_000)), 1)
        for _ in range(60_000):
            rest = rest[:, 4:]
        assert rest.shape == (2, 60_000)
        del rest
    """)


@pytest.mark.parametrize(
    "key",
    [(slice(None), slice(2, None)), (0,), (..., slice(3)), (slice(None, None, -1), ...), (1, ...)],
    ids=str,
)
def test_a_tuple_slice_is_no_view(key):
    audio = stereo(6)
    part = audio[key]
    assert type(part) is AudioSamples
    assert part.views == audio.views == []
    array = audio.to_numpy()
    np.testing.assert_array_equal(part.to_numpy(), array[key])
    assert np.shares_memory(part.to_numpy(), array)


def test_what_numpy_slices_on_our_memory_is_no_view_either():
    audio = stereo(6)
    part = audio[np.int64(1), 1:4]
    assert type(part) is AudioSamples
    assert audio.views == []
    part[:] = 9
    assert audio.channel(1).to_numpy().tolist() == [6, 9, 9, 9, 10, 11]


def test_a_tuple_of_two_dimensional_indices_is_the_indices_themselves():
    audio, index = mono([1, 2, 3]), np.array([[0, 1], [2, 0]])
    for key in (index, (index,)):
        assert type(audio[key]) is np.ndarray
        assert audio[key].tolist() == [[1, 2], [3, 1]]


@pytest.mark.parametrize("key", [True, False, None, np.True_, (True,)], ids=repr)
@pytest.mark.parametrize("audio", [mono([1, 2, 3]), stereo(6)], ids=["mono", "stereo"])
def test_truth_values_and_none_add_an_axis_as_for_the_array(audio, key):
    expected = audio.to_numpy()[key]
    got = np.asarray(audio[key])
    assert got.shape == expected.shape
    np.testing.assert_array_equal(got, expected)


def test_reversed_gives_the_frames_from_the_last():
    assert list(reversed(mono([1, 2, 3]))) == [3, 2, 1]
    assert [frame.tolist() for frame in reversed(stereo(3))] == [[2, 5], [1, 4], [0, 3]]
    assert list(reversed(mono([]))) == []


class Index:
    def __init__(self, value):
        self.value, self.asked = value, 0

    def __index__(self):
        self.asked += 1
        return self.value


@pytest.mark.parametrize("value", [1.0, 1, [7.0], np.ones(1, "int64"), np.ones(1)], ids=repr)
def test_an_index_of_the_users_own_is_asked_once(value):
    for key in (lambda i: i, lambda i: slice(i, 3), lambda i: (slice(None), slice(i, 3))):
        index, audio = Index(2), stereo(6)
        audio[key(index)] = value
        assert index.asked == 1
        assert audio[1, 2] == np.asarray(value).ravel()[0]


@pytest.mark.parametrize("shape", [(1, 2, 4), (1, 1, 2, 4), (1, 1, 4), (1, 2, 1), (1, 1, 1)])
def test_leading_axes_of_length_1_are_no_more_than_in_numpy(shape):
    value = np.arange(np.prod(shape), dtype=float).reshape(shape) + 1
    audio, array = stereo(4), np.zeros((2, 4))
    audio[...] = value
    array[...] = value
    np.testing.assert_array_equal(audio, array)
    audio[:, 1:3] = value[..., :1]
    array[:, 1:3] = value[..., :1]
    np.testing.assert_array_equal(audio, array)
    with pytest.raises(ValueError, match="broadcast"):
        audio[...] = np.ones((2, 2, 4))
    np.testing.assert_array_equal(audio, array)


@pytest.mark.parametrize(
    "value",
    [
        *(np.int32(40_000), np.int64(-40_000), np.float32(1e5), np.float32(1e20), np.float64(1e5)),
        *(np.float32("nan"), np.float64("inf"), np.uint8(7), 70_000, 1e5, 7),
    ],
)
@pytest.mark.parametrize("key", [..., 0, slice(1, 3), [0, 1], [True, False, True, False]])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_number_of_numpys_is_stored_or_refused_as_by_an_array(value, key):
    audio, array = mono([1, 2, 3, 4], "int16"), np.array([1, 2, 3, 4], "int16")
    outcomes = []
    key = np.array(key) if isinstance(key, list) else key
    for owner in (audio, array):
        try:
            owner[key] = value
            outcomes.append(None)
        except (OverflowError, ValueError) as error:
            outcomes.append(type(error))
    assert outcomes[0] == outcomes[1]
    np.testing.assert_array_equal(audio, array)


@pytest.mark.parametrize("dtype", ["int16", "int32", "float32", "float64"])
def test_a_sample_is_a_scalar_of_the_audios_type(dtype):
    audio = mono([1, -2, 3], dtype)
    for at, value in ((0, 1), (1, -2), (-1, 3), (np.int64(2), 3)):
        assert type(audio[at]) is np.dtype(dtype).type
        assert audio[at] == value
    assert audio.views == []


NUMBERS = [0, -3, 40_000, 2**40, 2**70, 0.5, -1.9, 1e10, 1e300, float("nan"), float("inf"),
           -0.0, True, np.float64(2.5), np.float64("nan")]  # fmt: skip


@pytest.mark.parametrize("errors", ["ignore", "raise"])
@pytest.mark.parametrize("dtype", ["int16", "int32", "float32", "float64"])
@pytest.mark.parametrize("number", NUMBERS, ids=repr)
def test_numbers_are_stored_as_numpy_stores_them(number, dtype, errors):
    for key in (slice(1, 3), 1, (..., slice(2)), slice(None, None, -2)):
        audio, array = mono([1, 2, 3], dtype), np.array([1, 2, 3], dtype)
        with np.errstate(all=errors):
            try:
                array[key] = number
            except (OverflowError, ValueError, FloatingPointError) as error:
                with pytest.raises(type(error)):
                    audio[key] = number
                assert audio.to_numpy().tolist() == [1, 2, 3]
                continue
            audio[key] = number
        np.testing.assert_array_equal(audio.to_numpy(), array)
        assert audio.to_numpy().tobytes() == array.tobytes()


@pytest.mark.parametrize("key", [slice(None), [0, 1, 2, 3], (slice(None),), ...], ids=repr)
def test_a_value_that_raises_while_it_is_cast_changes_nothing(key):
    audio = mono([1, 2, 3, 4], "int16")
    value = np.array([9, 9, np.nan, 9], ">f8")
    with np.errstate(all="raise"), pytest.raises(FloatingPointError):
        audio[key] = value
    assert audio.to_numpy().tolist() == [1, 2, 3, 4]


def test_a_masked_array_is_refused_by_assignment_and_by_ufuncs_alike():
    audio = mono([1, 2, 3])
    masked = np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0])
    with pytest.raises(TypeError, match="filled"):
        audio[:] = masked
    for call in (np.multiply, np.maximum):
        with pytest.raises(TypeError, match="filled"):
            call(audio, masked)
    with pytest.raises(TypeError, match="filled"):
        audio //= masked
    assert audio.to_numpy().tolist() == [1, 2, 3]


def test_comparisons_never_mix_two_rates():
    one, other = mono([1, 2]), AudioSamples.new_mono([1.0, 2.0], 48_000)
    for compare in (lambda: one == other, lambda: one < other, lambda: one != other):
        with pytest.raises(SampleRateError, match="48000"):
            compare()
    assert (one == mono([1, 3])).tolist() == [True, False]
