"""Indexing against NumPy (C2).

Mono audio is indexed as its array. In multi-channel audio a single index runs over frames, so
`audio[key]` is `array[:, key]`; a tuple, or a mask of the whole shape, means what it means for the
array.
"""

import operator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from signals import RATE, address, make_audio, shown

from audio_samples import AudioSamples

DTYPES = ["int16", "int32", "float32", "float64"]


def make(array):
    """Audio on the memory of `array`, so that addresses can be compared too."""
    how = {} if array.ndim == 1 else {"layout": "channels_first"}
    return make_audio(array, copy=False, **how)


def array_key(array, key):
    """What NumPy has to be asked for `audio[key]`."""
    whole_mask = isinstance(key, np.ndarray) and key.dtype == bool and key.shape == array.shape
    if array.ndim == 1 or isinstance(key, tuple) or key is Ellipsis or whole_mask:
        return key
    return slice(None), key


def assert_same(got, expected):
    if np.ndim(expected) == 0:
        assert np.ndim(got) == 0
        assert np.asarray(got).dtype == np.asarray(expected).dtype
        assert got == expected
        return
    array = np.asarray(got)
    assert (array.dtype, array.shape) == (expected.dtype, expected.shape)
    np.testing.assert_array_equal(array, expected)


def assert_same_memory(got, expected):
    ours, theirs = np.asarray(got), expected
    assert ours.shape == theirs.shape
    if theirs.size == 0:
        return
    assert address(ours) == address(theirs)
    for length, stride, wanted in zip(ours.shape, ours.strides, theirs.strides, strict=True):
        assert stride == wanted or length == 1


shapes = st.one_of(
    st.tuples(st.integers(0, 24)),
    st.tuples(st.integers(1, 5), st.integers(0, 24)),
)


@st.composite
def arrays(draw, shape=shapes):
    shape = draw(shape)
    values = np.arange(1, 1 + int(np.prod(shape)), dtype=draw(st.sampled_from(DTYPES)))
    array = values.reshape(shape)
    if array.ndim == 2 and draw(st.booleans()):
        array = np.asfortranarray(array)
    return array


@st.composite
def frame_keys(draw, frames):
    """A single index: of one frame, of some in order, or of picked ones."""
    choices = [
        st.slices(frames),
        st.builds(slice, *[st.none() | st.integers(-30, 30)] * 2,
                  st.none() | st.integers(-5, 5).filter(bool)),
        hnp.arrays(bool, frames),
    ]  # fmt: skip
    if frames:
        position = st.integers(-frames, frames - 1)
        choices += [
            position,
            position.map(np.int64),
            st.lists(position, min_size=1, max_size=8),
            st.lists(position, min_size=1, max_size=8).map(np.array),
        ]
    return draw(st.one_of(choices))


@st.composite
def tuple_keys(draw, shape):
    """A tuple of what NumPy calls basic indices, one channel or one frame by list included."""
    basic = hnp.basic_indices(shape, allow_newaxis=False, allow_ellipsis=True)
    key = draw(basic)
    return key if isinstance(key, tuple) else (key,)


@st.composite
def cases(draw, keys):
    array = draw(arrays())
    return array, draw(keys(array.shape[-1] if keys is frame_keys else array.shape))


def keeps_frames(array, key):
    """Whether a basic key leaves the axis of frames in the result."""
    probe = np.empty(array.shape, np.int8)
    probe = np.lib.stride_tricks.as_strided(probe, array.shape, (*[0] * (array.ndim - 1), 1))
    if 0 in array.shape or array.shape[-1] < 2:
        return None
    result = probe[array_key(array, key)]
    if np.ndim(result) == 0:
        return False
    if result.shape[-1] < 2:
        return None
    return result.strides[-1] != 0


# Reading


@given(cases(frame_keys))
def test_a_single_index_runs_over_frames(case):
    array, key = case
    assert_same(make(array)[key], array[array_key(array, key)])


@given(cases(tuple_keys))
def test_a_tuple_means_what_it_means_for_the_array(case):
    array, key = case
    assert_same(make(array)[key], array[key])


@given(cases(tuple_keys))
def test_a_tuple_slice_shares_the_memory_of_the_array_slice(case):
    array, key = case
    expected = array[key]
    if np.ndim(expected) and keeps_frames(array, key):
        got = make(array)[key]
        assert type(got) is AudioSamples
        assert got.sample_rate == RATE
        assert_same_memory(got, expected)


@given(arrays(), st.data())
def test_slices_of_slices_share_memory(array, data):
    audio = make(array)
    for _ in range(data.draw(st.integers(1, 4))):
        key = data.draw(st.slices(array.shape[-1]))
        audio, array = audio[key], array[..., key]
        assert type(audio) is AudioSamples
        assert audio.sample_rate == RATE
        assert audio.shape == array.shape
        assert_same_memory(audio, array)
        np.testing.assert_array_equal(audio.to_numpy(), array)


@given(arrays(), st.data())
def test_a_mask_of_the_whole_shape_is_the_arrays_mask(array, data):
    mask = data.draw(hnp.arrays(bool, array.shape))
    assert_same(make(array)[mask], array[mask])


@given(arrays(shape=st.tuples(st.integers(1, 5), st.integers(1, 24))), st.data())
def test_index_arrays_in_a_tuple_are_the_arrays(array, data):
    channels, frames = array.shape
    channel = st.integers(-channels, channels - 1)
    frame = st.integers(-frames, frames - 1)
    audio = make(array)
    for key in (
        (data.draw(st.lists(channel, min_size=1)), slice(None)),
        (slice(None), data.draw(st.lists(frame, min_size=1))),
        (..., data.draw(hnp.arrays(bool, frames))),
        (data.draw(hnp.arrays(bool, channels)),),
        (data.draw(channel), data.draw(st.lists(frame, min_size=1))),
    ):
        assert_same(audio[key], array[key])


@given(arrays())
def test_audio_is_a_sequence_of_frames(array):
    audio = make(array)
    assert len(audio) == array.shape[-1]
    ours, theirs = list(audio), list(array.T)
    assert len(ours) == len(theirs)
    for got, expected in zip(ours, theirs, strict=True):
        assert_same(got, expected)


def stereo(dtype="float64"):
    array = np.arange(12, dtype=dtype).reshape(2, 6)
    return make(array), array


def test_what_comes_back():
    audio, _ = stereo("float32")
    mono = audio.channel(0)
    for part, shape in (
        (audio[1:3], (2, 2)),
        (audio[0, 1:3], (2,)),
        (audio[0:1, 1:3], (1, 2)),
        (audio[..., 1:3], (2, 2)),
        (audio[:, ::-1], (2, 6)),
        (audio[...], (2, 6)),
        (audio[0, ...], (6,)),
        (mono[2:4], (2,)),
    ):
        assert (type(part), part.shape) == (AudioSamples, shape)
    for frame in (audio[2], audio[:, 2], audio[..., 2]):
        assert (type(frame), frame.shape) == (np.ndarray, (2,))
    for sample in (audio[0, 2], audio[0, ..., 2], mono[2]):
        assert np.ndim(sample) == 0
        assert sample.dtype == np.float32
        assert float(sample) == 2.0
    assert type(audio[0, 2]) is type(mono[2]) is np.float32


def test_picked_frames_are_audio_again():
    audio, array = stereo()
    mask = np.array([True, False, True, True, False, False])
    for key in (mask, mask.tolist(), [0, 2, 3], np.array([0, 2, 3]), (slice(None), [0, 2, 3])):
        picked = audio[key]
        assert type(picked) is AudioSamples
        assert picked.sample_rate == RATE
        np.testing.assert_array_equal(picked.to_numpy(), array[:, mask])
        assert not np.shares_memory(np.asarray(picked), array)


def test_a_mask_of_all_channels_gives_an_array():
    audio, array = stereo()
    assert type(audio[array > 3]) is np.ndarray


def test_a_slice_keeps_read_only():
    samples = np.zeros((2, 6))
    samples.flags.writeable = False
    audio = make(samples)
    for part in (audio[1:3], audio[0, :], audio[..., ::2], audio[:][:]):
        assert not part.writable
        with pytest.raises((ValueError, BufferError), match="read-only"):
            part[0] = 1


def test_an_object_with_index_is_an_index():
    class Fifth:
        def __index__(self):
            return 4

    audio, array = stereo()
    assert_same(audio[Fifth()], array[:, 4])
    assert_same(audio[: Fifth()], array[:, :4])
    assert_same(audio[1, Fifth()], array[1, 4])


def test_slices_reach_as_far_as_there_is_audio():
    audio, array = stereo()
    assert_same(audio[2 : 2**70], array[:, 2:])
    assert_same(audio[-(2**70) : 3], array[:, :3])
    assert_same(audio[50:60], array[:, 50:60])
    assert_same(audio[:: 2**62], array[:, :: 2**62])


# Errors

BEYOND = [6, -7, 2**31, -(2**31), 2**62, 2**70, -(2**70), np.int64(6), [0, 6], [-7],
          np.array([6]), np.ones(5, bool), np.ones(7, bool), (0, 6), (2, 0), (-3, 0), (..., 6),
          (0, 0, 0), (slice(None), [6]), ([2], slice(None)), np.ones((2, 5), bool)]  # fmt: skip


@pytest.mark.parametrize("key", BEYOND, ids=shown)
def test_indexing_beyond_the_end_is_an_index_error(key):
    audio, array = stereo()
    before = array.copy()
    with pytest.raises(IndexError) as caught:
        audio[key]
    assert str(caught.value)
    with pytest.raises(IndexError):
        audio[key] = 0
    np.testing.assert_array_equal(array, before)


@pytest.mark.parametrize("key", [0, -1, [0], (0,)], ids=shown)
def test_empty_audio_has_no_first_frame(key):
    audio = AudioSamples.new_mono(np.zeros(0), RATE)
    with pytest.raises(IndexError):
        audio[key]
    assert audio[:].shape == audio[5:].shape == (0,)


@pytest.mark.parametrize(
    "key", [1.0, "a", [0.5], np.array([1.0]), object(), (0, "a"), 1j], ids=shown
)
def test_what_is_no_index_is_refused(key):
    audio, array = stereo()
    before = array.copy()
    with pytest.raises((IndexError, TypeError)):
        audio[key]
    with pytest.raises((IndexError, TypeError)):
        audio[key] = 0
    np.testing.assert_array_equal(array, before)


def test_a_step_of_zero_is_a_value_error():
    audio, _ = stereo()
    with pytest.raises(ValueError, match="step"):
        audio[::0]
    with pytest.raises(ValueError, match="step"):
        audio[0, ::0] = 1


def test_frames_cannot_be_deleted():
    audio, _ = stereo()
    with pytest.raises(TypeError):
        del audio[0]
    with pytest.raises(TypeError):
        del audio[1:3]
    assert len(audio) == 6


# Writing


def both(array):
    """The same samples as audio and as the oracle's array."""
    return make(array.copy(order="K")), array.copy(order="K")


def assert_assigned(array, key, value):
    audio, oracle = both(array)
    audio[key] = value
    oracle[array_key(array, key)] = value
    np.testing.assert_array_equal(audio.to_numpy(), oracle)


@given(cases(frame_keys), st.integers(-100, 100))
def test_a_scalar_is_assigned_to_the_frames(case, value):
    assert_assigned(*case, value)


@given(cases(tuple_keys), st.integers(-100, 100))
def test_a_scalar_is_assigned_by_tuple(case, value):
    assert_assigned(*case, value)


@given(cases(frame_keys), st.data())
def test_an_array_is_assigned_to_the_frames(case, data):
    array, key = case
    shape = array[array_key(array, key)].shape
    value = data.draw(hnp.arrays(array.dtype, shape, elements=st.integers(-100, 100)))
    if isinstance(key, list | np.ndarray) and np.asarray(key).dtype != bool:
        # Which write to one frame stays is not promised: give a frame one value.
        value = np.zeros_like(value) + np.asarray(key) % max(1, array.shape[-1])
    assert_assigned(array, key, value)


@given(cases(frame_keys), st.data())
def test_values_are_broadcast_as_numpy_broadcasts(case, data):
    array, key = case
    if isinstance(key, list | np.ndarray):
        return
    shape = array[array_key(array, key)].shape
    value_shape = data.draw(hnp.broadcastable_shapes(shape, max_dims=len(shape), min_side=0))
    value = np.arange(int(np.prod(value_shape)), dtype=array.dtype).reshape(value_shape)
    try:
        oracle = array.copy()
        oracle[array_key(array, key)] = value
    except ValueError:
        return
    assert_assigned(array, key, value)


@given(arrays(), st.data())
def test_masked_samples_are_assigned(array, data):
    mask = data.draw(hnp.arrays(bool, array.shape))
    assert_assigned(array, mask, 0)
    assert_assigned(array, mask, np.arange(mask.sum(), dtype=array.dtype))


@given(arrays(), st.data())
def test_audio_is_assigned_as_its_array(array, data):
    key = data.draw(st.slices(array.shape[-1]))
    audio, oracle = both(array)
    value = np.array(oracle[..., key]) + 1
    audio[key] = make(value)
    oracle[..., key] = value
    np.testing.assert_array_equal(audio.to_numpy(), oracle)


@given(arrays(), st.data())
def test_overlapping_assignment_is_as_if_copied(array, data):
    frames = array.shape[-1]
    length = data.draw(st.integers(0, frames))
    to = data.draw(st.integers(0, frames - length))
    source = data.draw(st.integers(0, frames - length))
    backwards = data.draw(st.booleans())
    for door in (lambda audio: audio, lambda audio: audio.to_numpy()):
        audio, oracle = both(array)
        part = door(audio)[..., source : source + length]
        taken = oracle[..., source : source + length].copy()
        audio[to : to + length] = part[..., ::-1] if backwards else part
        oracle[..., to : to + length] = taken[..., ::-1] if backwards else taken
        np.testing.assert_array_equal(audio.to_numpy(), oracle)


IN_PLACE = {"+=": operator.iadd, "-=": operator.isub, "*=": operator.imul}


@pytest.mark.parametrize("sign", IN_PLACE)
@given(case=cases(frame_keys), factor=st.integers(-3, 3))
def test_in_place_work_on_a_key_writes_through(sign, case, factor):
    array, key = case
    audio, oracle = both(array)
    at = array_key(array, key)
    audio[key] = IN_PLACE[sign](audio[key], factor)
    oracle[at] = IN_PLACE[sign](oracle[at], factor)
    np.testing.assert_array_equal(audio.to_numpy(), oracle)


@given(case=cases(tuple_keys), factor=st.integers(-3, 3))
def test_in_place_work_on_a_tuple_writes_through(case, factor):
    array, key = case
    audio, oracle = both(array)
    audio[key] *= factor
    oracle[key] *= factor
    np.testing.assert_array_equal(audio.to_numpy(), oracle)


def test_a_fade_out_is_one_line(dtype):
    if dtype.kind != "f":
        dtype = np.dtype("float64")
    for array in (np.ones(10, dtype), np.ones((2, 10), dtype)):
        audio, view = make(array), memoryview(make(array))
        fade_out = np.linspace(1, 0, 4, dtype=dtype)
        audio[-4:] *= fade_out
        assert np.all(array[..., -4:] == fade_out)
        assert np.all(array[..., :-4] == 1)
        assert view.tolist() == array.tolist()


def test_a_slice_worked_on_in_place_by_name_writes_through():
    audio, array = stereo()
    part = audio[2:4]
    part *= 10
    part[0] = [7, 8]
    assert array.tolist() == [[0, 1, 7, 30, 4, 5], [6, 7, 8, 90, 10, 11]]


def test_one_channel_of_two_is_worked_on_alone():
    audio, array = stereo()
    audio[1, :] *= 2
    audio[0, 1:3] += 100
    assert array.tolist() == [[0, 101, 102, 3, 4, 5], [12, 14, 16, 18, 20, 22]]


@pytest.mark.parametrize(
    ("key", "shape"),
    [(np.s_[1:4], (2,)), (np.s_[1:4], (3, 3)), (np.s_[1:4], (2, 2)),
     (np.s_[2], (3,)), (np.s_[0, 1:4], (2, 3)), (np.s_[:, 1], (6,)), ([0, 2], (2, 3))],
    ids=shown,
)  # fmt: skip
def test_a_value_of_the_wrong_shape_changes_nothing(key, shape):
    audio, array = stereo()
    before = array.copy()
    with pytest.raises(ValueError, match=str(shape).strip("(),").replace(" ", " ?")):
        audio[key] = np.full(shape, 99.0)
    np.testing.assert_array_equal(array, before)


@pytest.mark.parametrize("value", ["loud", None, object(), {}, [1, "a"]], ids=shown)
def test_a_value_that_is_no_number_changes_nothing(value):
    audio, array = stereo()
    before = array.copy()
    for key in (2, slice(1, 4), (0, slice(None)), [0, 1], array > 3):
        with pytest.raises((TypeError, ValueError)):
            audio[key] = value
    np.testing.assert_array_equal(array, before)


def test_a_frame_is_one_value_per_channel():
    audio, array = stereo()
    audio[2] = [100, 200]
    audio[-1] = (5, 6)
    assert array[:, 2].tolist() == [100, 200]
    assert array[:, 5].tolist() == [5, 6]
