"""`dtype=` of the constructors (C3): numbers of any type as samples, unscaled and unspoiled."""

import array
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from audio_samples import AudioSamples, CopyError, no_copies

RATE = 48_000
SAMPLE_TYPES = ["int16", "int32", "float32", "float64"]
OTHERS = ["bool", "int8", "uint8", "uint16", "int64", "uint64", "float16", "longdouble"]


@pytest.mark.parametrize("dtype", SAMPLE_TYPES)
@pytest.mark.parametrize(
    "source", [[1, 2, -3], (1, 2, -3), [1.0, 2.0, -3.0], array.array("q", [1, 2, -3])], ids=repr
)
def test_a_sequence_becomes_samples_of_the_type_named(source, dtype):
    for copy in (True, None):
        audio = AudioSamples.new_mono(source, RATE, dtype=dtype, copy=copy)
        assert (audio.dtype, audio.to_numpy().tolist()) == (dtype, [1, 2, -3])
    assert AudioSamples.new_multi([source, source], RATE, dtype=np.dtype(dtype)).shape == (2, 3)


@pytest.mark.parametrize("dtype", SAMPLE_TYPES)
@pytest.mark.parametrize("other", OTHERS + SAMPLE_TYPES)
def test_an_array_of_any_numbers_becomes_samples_of_the_type_named(other, dtype):
    source = np.array([[0, 1, 1], [1, 0, 1]], other)
    for data, layout in ((source, None), (source.T, "frames_first"), (source[:, ::-1], None)):
        audio = AudioSamples.new_multi(data, RATE, dtype=dtype, layout=layout)
        assert (audio.dtype, audio.shape) == (dtype, (2, 3))
        np.testing.assert_array_equal(audio, data.T if layout else data)
    audio = AudioSamples.from_numpy(source, RATE, dtype=dtype, copy=None)
    assert (audio.address == source.ctypes.data) == (other == dtype)


NUMBERS = st.sampled_from([np.int64, np.uint64, np.int32, np.float16, np.float32, np.float64])


@given(hnp.arrays(NUMBERS, st.integers(1, 5)), st.sampled_from(SAMPLE_TYPES))
def test_what_is_made_is_equal_to_what_was_given_or_refused(data, dtype):
    finite = bool(np.isfinite(data).all())
    if np.dtype(dtype).kind == "i":
        limits = np.iinfo(dtype)
        # Python's numbers compare exactly, whatever their types.
        whole = finite and all(value == int(value) for value in data.tolist())
        fits = whole and all(limits.min <= int(value) <= limits.max for value in data.tolist())
    else:
        with np.errstate(over="ignore"):
            fits = bool((np.isfinite(data.astype(dtype)) == np.isfinite(data)).all())
    if not fits:
        with pytest.raises(ValueError, match="does not fit"):
            AudioSamples.new_mono(data, RATE, dtype=dtype)
        return
    audio = AudioSamples.new_mono(data, RATE, dtype=dtype)
    np.testing.assert_array_equal(audio.to_numpy(), data.astype(dtype))


@pytest.mark.parametrize(
    ("value", "dtype", "message"),
    [
        (32_768, "int16", r"value 32768 at index \(1,\).*from -32768 to 32767"),
        (-(2**31) - 1, "int32", "value -2147483649"),
        (np.uint64(2**64 - 1), "int16", "18446744073709551615"),
        (0.5, "int16", r"value 0\.5 at index \(1,\).*leave dtype out and \.convert\('int16'\)"),
        (float("nan"), "int32", "value nan"),
        (float(2**31), "int32", r"2147483648\.0"),
        (np.float32(2**31), "int32", "2147483"),
        (np.float16(32_768), "int16", "32768"),
        (1e300, "float32", r"1e\+300 at index \(1,\).*up to 3\.4"),
    ],
    ids=repr,
)  # fmt: skip
def test_a_value_that_the_type_does_not_hold_is_named(value, dtype, message):
    data = np.zeros(3, np.asarray(value).dtype)
    data[1] = value
    with pytest.raises(ValueError, match=message):
        AudioSamples.new_mono(data, RATE, dtype=dtype)


def test_copies_are_named_and_refused_where_they_are_not_allowed():
    data = np.arange(4)
    with pytest.raises(ValueError, match=r"copy=False: int64 data .* int16 samples.*copy=None"):
        AudioSamples.from_numpy(data, RATE, dtype="int16")
    with no_copies(), pytest.raises(CopyError, match=r"8 bytes .* int64 data becomes int16"):
        AudioSamples.new_mono(data, RATE, dtype="int16", copy=None)
    own = np.arange(4, dtype=np.int16)
    with no_copies():
        assert AudioSamples.from_numpy(own, RATE, dtype="int16").address == own.ctypes.data


def test_audio_and_tensors_are_taken_too():
    audio = AudioSamples.new_mono([0.5, 1.0], RATE)
    assert AudioSamples.new_mono(audio, RATE, dtype="float32").dtype == np.float32
    assert AudioSamples.new_mono(audio, RATE, dtype=float, copy=False).address == audio.address

    class Tensor:
        def __init__(self, array):
            self.array = array

        def __dlpack__(self, **options):
            return self.array.__dlpack__(**options)

        def __dlpack_device__(self):
            return self.array.__dlpack_device__()

    tensor = Tensor(np.array([3, 4]))
    assert AudioSamples.new_mono(tensor, RATE, dtype="int32").to_numpy().tolist() == [3, 4]
    assert AudioSamples.new_mono(Tensor(np.ones(2)), RATE, dtype="float64").size == 2


@pytest.mark.parametrize("copy", [True, None, False])
@pytest.mark.parametrize("protocol", ["__array__", "__dlpack__"])
def test_data_of_the_type_named_is_asked_for_its_samples_once(protocol, copy):
    class Fickle:
        array = np.arange(4, dtype=np.int16)
        asked = 0

        def answer(self, *arguments, **options):
            self.asked += 1
            if self.asked > 1:
                raise AssertionError("asked again")
            return getattr(self.array, protocol)(*arguments, **options)

        def __dlpack_device__(self):
            return self.array.__dlpack_device__()

    setattr(Fickle, protocol, Fickle.answer)
    data = Fickle()
    audio = AudioSamples.new_mono(data, RATE, dtype="int16", copy=copy)
    assert (audio.to_numpy().tolist(), data.asked) == ([0, 1, 2, 3], 1)
    assert (audio.address == data.array.ctypes.data) == (copy is not True)


@pytest.mark.parametrize("data", [["a"], [1j], [None], np.zeros(3, "M8[s]"), "abc", b"1234"])
def test_what_is_no_number_is_refused_whatever_type_is_named(data):
    with pytest.raises(TypeError):
        AudioSamples.new_mono(data, RATE, dtype="int16")


def test_a_type_that_is_no_sample_type_says_how_it_is_reached():
    audio = AudioSamples.new_mono([0.5], RATE)
    for call in (
        lambda: AudioSamples.new_mono([1], RATE, dtype="uint8"),
        lambda: audio.astype("uint8"),
        lambda: audio.convert(np.uint8),
    ):
        with pytest.raises(TypeError, match=r"audio\.to_numpy\(\)\.astype\('uint8'\)"):
            call()


@pytest.mark.parametrize("data", [[1, 2], np.array([1, 2]), np.array([True, False])], ids=repr)
def test_data_without_a_sample_type_is_told_of_dtype(data):
    says = r"AudioSamples\.new_mono\(data, sample_rate, dtype='int16'"
    with pytest.raises(TypeError, match=says):
        AudioSamples.new_mono(data, RATE)


def test_data_of_8_bits_is_told_where_it_rests():
    data = np.array([128, 255, 0], np.uint8)
    with pytest.raises(TypeError, match=r"\(data\.astype\('int16'\) - 128\) \* 256") as caught:
        AudioSamples.new_mono(data, RATE)
    assert "dtype=" in str(caught.value)
    audio = AudioSamples.new_mono((data.astype("int16") - 128) * 256, RATE)
    assert audio.to_numpy().tolist() == [0, 32_512, -32_768]


def test_the_class_is_not_called_and_says_what_is():
    for arguments in ((), (np.zeros(3), RATE)):
        with pytest.raises(TypeError, match=r"new_mono\(data, sample_rate\).*new_multi\("):
            AudioSamples(*arguments)
    with pytest.raises(TypeError, match="new_mono"):
        AudioSamples(data=[0.0], sample_rate=RATE)


SNAPSHOTS = {
    "audio": lambda audio: AudioSamples.new_mono(audio, RATE, dtype="float32"),
    "an array on it": lambda audio: AudioSamples.new_mono(audio.to_numpy(), RATE, dtype="float32"),
    "audio as whole numbers": lambda audio: AudioSamples.new_mono(audio, RATE, dtype="int32"),
    "a slice": lambda audio: AudioSamples.new_mono(audio[::-2], RATE, dtype="float32"),
    "its transpose": lambda audio: AudioSamples.new_multi(
        audio.to_numpy()[:, None], RATE, dtype="int32", layout="frames_first"
    ),
}


@pytest.mark.parametrize("make", SNAPSHOTS.values(), ids=SNAPSHOTS)
def test_audio_that_other_threads_write_to_is_taken_at_one_moment(make):
    audio, stop = AudioSamples.zeros(1 << 20, RATE), threading.Event()

    def write():
        while not stop.is_set():
            np.add(audio, 1, out=audio)

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        taken = [make(audio).to_numpy() for _ in range(20)]
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert [(each.min(), each.max()) for each in taken if each.min() != each.max()] == []


def test_numbers_that_change_while_they_are_checked_are_what_they_were_or_refused():
    data, stop = np.zeros(1 << 18, np.int64), threading.Event()

    def write():
        while not stop.is_set():
            data[:] = 1 << 40
            data[:] = 5

    thread = threading.Thread(target=write)
    thread.start()
    seen, refusals = set(), []
    try:
        for _ in range(200):
            try:
                seen.update(np.unique(AudioSamples.new_mono(data, RATE, dtype="int16").to_numpy()))
            except ValueError as error:
                refusals.append(str(error))
    finally:
        stop.set()
        thread.join()
    assert seen <= {0, 5}
    # The value that is named is one that does not fit.
    assert [told for told in refusals if "the value 1099511627776 at" not in told] == []


class Tensor:
    """A tensor of no library."""

    def __init__(self, device, error=None):
        self.device, self.error = device, error

    def __dlpack__(self, **options):
        raise self.error or BufferError("no main memory")

    def __dlpack_device__(self):
        return self.device


@pytest.mark.parametrize("options", [{}, {"dtype": "float32"}, {"dtype": "int16", "copy": None}])
def test_a_tensor_on_a_device_is_told_the_way_to_main_memory(options):
    with pytest.raises(BufferError, match=r"on a CUDA GPU \(device 3\).*tensor\.cpu\(\)"):
        AudioSamples.new_mono(Tensor((2, 3)), RATE, **options)


@pytest.mark.parametrize(
    "data",
    [np.ones(3, np.complex64), np.array(["a", "b"]), np.array([1, None], object),
     np.zeros(3, "M8[s]"), np.zeros(3, "m8[s]"), [1j, 2], ["a"], [None]],
    ids=repr,
)  # fmt: skip
@pytest.mark.parametrize("options", [{}, {"dtype": "float32"}])
def test_no_type_is_advised_for_what_no_type_makes_samples_of(data, options):
    with pytest.raises(TypeError) as told:
        AudioSamples.new_mono(data, RATE, **options)
    assert "dtype=" not in str(told.value)
    assert "int16, int32, float32 or float64" in str(told.value)


@pytest.mark.parametrize("other", OTHERS)
def test_a_type_is_advised_for_numbers_that_become_samples_by_it(other):
    data = np.ones(3, other)
    with pytest.raises(TypeError, match="dtype="):
        AudioSamples.new_mono(data, RATE)
    assert AudioSamples.new_mono(data, RATE, dtype="int16").size == 3
