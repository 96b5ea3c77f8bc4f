"""How audio is made: from what, with which memory, and what is refused (C3)."""

import array
import ctypes
import itertools
import mmap

import numpy as np
import pytest
from signals import RATE, address, make_audio, shares, shown

from audio_samples import AudioSamples


def assert_holds(audio, expected, rate=RATE):
    assert type(audio) is AudioSamples
    got = audio.to_numpy()
    assert (got.dtype, got.shape) == (np.dtype(expected.dtype).newbyteorder("="), expected.shape)
    np.testing.assert_array_equal(got, expected)
    assert audio.sample_rate == rate


def assert_right_or_refused(make, expected, *mentions):
    """Either the samples arrive, or a clear error says why not."""
    try:
        audio = make()
    except (TypeError, ValueError, BufferError) as error:
        message = str(error).lower()
        assert len(message) > 20, message
        assert not mentions or any(word in message for word in mentions), message
    else:
        assert_holds(audio, expected)


@pytest.fixture
def mono(dtype):
    return np.arange(-5, 7).astype(dtype)


@pytest.fixture
def stereo(dtype):
    return np.arange(-5, 7).astype(dtype).reshape(2, 6)


# copy=


def test_the_default_is_a_copy(mono, stereo):
    for source, how in itertools.product((mono, stereo), ({}, {"copy": True})):
        audio = make_audio(source, **how)
        assert_holds(audio, source)
        assert not shares(audio, source)
        assert audio.writable


@pytest.mark.parametrize("copy", [False, None])
def test_memory_is_adopted_without_a_copy(mono, stereo, copy):
    for source in (mono, stereo):
        audio = make_audio(source, copy=copy)
        assert_holds(audio, source)
        assert audio.address == address(audio) == address(source)
        audio[..., 0] = 42
        assert np.all(source[..., 0] == 42)


@pytest.mark.parametrize("make", ["new_mono", "new_multi"])
def test_arguments_go_by_position_or_by_name(make):
    new = getattr(AudioSamples, make)
    data = np.zeros(4) if make == "new_mono" else np.zeros((2, 4))
    for audio in (
        new(data, RATE),
        new(data, sample_rate=RATE),
        new(data=data, sample_rate=RATE),
        new(sample_rate=RATE, data=data),
        new(data=data, sample_rate=RATE, copy=True),
    ):
        assert_holds(audio, data)


def test_a_missing_sample_rate_is_a_type_error():
    with pytest.raises(TypeError, match="sample_rate"):
        AudioSamples.new_mono(np.zeros(4))


def test_an_unknown_argument_is_a_type_error():
    with pytest.raises(TypeError, match="samplerate"):
        AudioSamples.new_mono(np.zeros(4), samplerate=RATE)


@pytest.mark.parametrize("source", [[0.0, 0.5, -0.5], (0.0, 0.5, -0.5)])
def test_a_sequence_of_floats_is_float64(source):
    for copy in (True, None):
        assert_holds(AudioSamples.new_mono(source, RATE, copy=copy), np.array(source))


def test_nested_sequences_are_channels():
    source = [[0.0, 0.5, -0.5], [1.0, 2.0, 3.0]]
    assert_holds(AudioSamples.new_multi(source, RATE), np.array(source))


def test_a_sequence_of_ints_keeps_its_values_or_is_refused():
    try:
        audio = AudioSamples.new_mono([1, 2, -3], RATE)
    except TypeError:
        with pytest.raises(TypeError, match=r"astype|dtype"):
            AudioSamples.new_mono([1, 2, -3], RATE)
    else:
        assert audio.to_numpy().tolist() == [1, 2, -3]


def test_a_sequence_has_no_memory_to_adopt():
    with pytest.raises((TypeError, ValueError, BufferError), match="copy"):
        AudioSamples.new_mono([0.0, 1.0], RATE, copy=False)


@pytest.mark.parametrize(
    "junk",
    [None, "abc", 1.5, object(), {"a": 1.0}, ["a", "b"], [None, 1.0], [[0.0], [0.0, 1.0]], [1j]],
    ids=shown,
)
def test_what_holds_no_samples_is_refused(junk):
    for new in (AudioSamples.new_mono, AudioSamples.new_multi):
        with pytest.raises((TypeError, ValueError)):
            new(junk, RATE)


@pytest.mark.parametrize(
    "other",
    ["int8", "uint8", "uint16", "uint32", "int64", "uint64", "float16", "longdouble",
     "complex64", "complex128", "bool", "object", "U3", "S2", "M8[s]", "i2,i2"],
)  # fmt: skip
@pytest.mark.parametrize("copy", [True, False, None])
def test_another_dtype_is_a_type_error_that_names_the_cast(other, copy):
    source = np.zeros(6, other)
    for data in (source, source.reshape(2, 3)):
        is_of_numbers = source.dtype.kind in "biufcV"
        told = r"astype|convert" if is_of_numbers else "is no sample type"
        with pytest.raises(TypeError, match=told) as caught:
            make_audio(data, copy=copy)
        assert "float64" in str(caught.value) or "float32" in str(caught.value)


# Buffers that are no arrays


@pytest.mark.parametrize(
    ("code", "name"), [("h", "int16"), ("i", "int32"), ("f", "float32"), ("d", "float64")]
)
def test_any_buffer_exporter_is_taken_and_adopted(code, name):
    expected = np.arange(6).astype(name)
    ctype = {"h": ctypes.c_short, "i": ctypes.c_int, "f": ctypes.c_float, "d": ctypes.c_double}
    exporters = [
        array.array(code, expected.tolist()),
        memoryview(bytearray(expected.tobytes())).cast(code),
        (ctype[code] * 6)(*expected.tolist()),
    ]
    for exporter in exporters:
        assert_holds(AudioSamples.new_mono(exporter, RATE), expected)
        audio = AudioSamples.new_mono(exporter, RATE, copy=False)
        assert_holds(audio, expected)
        assert audio.writable
        exporter[2] = 9
        assert audio[2] == 9
        audio[3] = 8
        assert exporter[3] == 8


def test_read_only_bytes_become_read_only_audio():
    exporter = memoryview(np.arange(6.0).tobytes()).cast("d")
    for copy in (False, None):
        audio = AudioSamples.new_mono(exporter, RATE, copy=copy)
        assert_holds(audio, np.arange(6.0))
        assert not audio.writable
        assert address(audio) == address(exporter)
    assert AudioSamples.new_mono(exporter, RATE).writable


def test_a_strided_memoryview_is_adopted_as_it_lies():
    exporter = memoryview(array.array("d", range(10)))[::-3]
    audio = AudioSamples.new_mono(exporter, RATE, copy=False)
    assert_holds(audio, np.arange(10.0)[::-3])
    assert audio.strides == (-24,)


def test_a_memoryview_of_two_dimensions_is_channels():
    exporter = memoryview(bytearray(np.arange(8.0).tobytes())).cast("d", (2, 4))
    audio = AudioSamples.new_multi(exporter, RATE, copy=False)
    assert_holds(audio, np.arange(8.0).reshape(2, 4))
    audio[1, 3] = -1
    assert exporter[1, 3] == -1


def test_a_memory_map_is_adopted():
    with mmap.mmap(-1, 4096) as mapped:
        audio = AudioSamples.new_mono(memoryview(mapped).cast("f"), RATE, copy=False)
        audio[1] = 1.0
        assert mapped[4:8] == np.float32(1.0).tobytes()
        with pytest.raises(BufferError):
            mapped.close()
        del audio


@pytest.mark.parametrize("raw", [bytes(16), bytearray(16), memoryview(bytes(16))], ids=type)
def test_plain_bytes_do_not_say_their_sample_type(raw):
    for make in (AudioSamples.new_mono, AudioSamples.from_buffer):
        with pytest.raises(TypeError, match=r"dtype|cast|astype|frombuffer"):
            make(raw, RATE)


def test_audio_is_a_source_like_any_other(mono):
    audio = AudioSamples.new_mono(mono, RATE)
    assert not shares(AudioSamples.new_mono(audio, RATE), audio)
    again = AudioSamples.new_mono(audio, 48_000, copy=False)
    assert_holds(again, mono, 48_000)
    assert address(again) == address(audio)


def test_from_numpy_and_from_buffer_take_mono_and_channels(mono, stereo):
    for source in (mono, stereo):
        assert_holds(AudioSamples.from_numpy(source, RATE), source)
        adopted = AudioSamples.from_numpy(source, sample_rate=RATE, copy=False)
        assert_holds(adopted, source)
        assert address(adopted) == address(source)
        assert_holds(AudioSamples.from_buffer(memoryview(source), RATE), source)


@pytest.mark.parametrize("make", ["from_numpy", "from_buffer"])
def test_a_layout_can_be_named_for_any_source(make, stereo):
    adopt = getattr(AudioSamples, make)
    for copy in (True, False, None):
        audio = adopt(stereo.T, RATE, layout="frames_first", copy=copy)
        assert_holds(audio, stereo)
        assert shares(audio, stereo) is (copy is not True)


@pytest.mark.parametrize("shape", [0, 5, (5,), (2, 5), (1, 5), (64, 1), (2, 0)])
def test_zeros_are_silence_of_the_shape(shape, dtype):
    audio = AudioSamples.zeros(shape, RATE, dtype=dtype)
    assert_holds(audio, np.zeros(shape, dtype))
    assert audio.writable


@pytest.mark.parametrize("shape", [-1, (2, -3), (2, 3, 4), (), "ab", 2**62, (2**40, 2**40)])
def test_zeros_of_an_impossible_shape_are_refused(shape):
    with pytest.raises((ValueError, TypeError, MemoryError, OverflowError)):
        AudioSamples.zeros(shape, RATE)


# Dimensions and layout


def test_two_dimensions_are_no_mono_audio(stereo):
    with pytest.raises(ValueError, match="new_multi") as caught:
        AudioSamples.new_mono(stereo, RATE)
    assert "(2, 6)" in str(caught.value)


@pytest.mark.parametrize("shape", [(2, 3, 4), (1, 1, 1), ()])
def test_audio_has_one_or_two_dimensions(shape):
    for new in (AudioSamples.new_mono, AudioSamples.new_multi):
        with pytest.raises((ValueError, TypeError)):
            new(np.zeros(shape), RATE)


@pytest.mark.parametrize("copy", [True, False, None])
def test_frames_first_takes_what_soundfile_returns(dtype, copy):
    data = np.arange(200).astype(dtype).reshape(100, 2)
    audio = AudioSamples.new_multi(data, RATE, layout="frames_first", copy=copy)
    assert_holds(audio, data.T)
    assert shares(audio, data) is (copy is not True)
    np.testing.assert_array_equal(audio.frames_first, data)
    if copy is not True:
        assert audio.strides == data.T.strides
        assert address(audio.frames_first) == address(data)


def test_frames_first_takes_nested_sequences_too():
    frames = [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]
    audio = AudioSamples.new_multi(frames, RATE, layout="frames_first")
    assert_holds(audio, np.array([[0.0, 2.0, 4.0], [1.0, 3.0, 5.0]]))


@pytest.mark.parametrize("shape", [(65, 64), (100, 2), (44_100, 1)])
def test_an_array_that_looks_transposed_is_refused(shape):
    for copy in (True, False, None):
        with pytest.raises(ValueError, match="frames_first") as caught:
            AudioSamples.new_multi(np.zeros(shape), RATE, copy=copy)
        assert str(shape[0]) in str(caught.value)
        assert str(shape[1]) in str(caught.value)


@pytest.mark.parametrize("shape", [(64, 1), (64, 63), (65, 65), (65, 66), (2, 1), (3, 2)])
def test_an_array_that_may_be_meant_is_taken(shape):
    assert AudioSamples.new_multi(np.zeros(shape), RATE).shape == shape


def test_a_named_layout_overrules_the_guard():
    data = np.zeros((100, 2))
    assert AudioSamples.new_multi(data, RATE, layout="channels_first").shape == (100, 2)
    assert AudioSamples.new_multi(data, RATE, layout="frames_first").shape == (2, 100)
    # 2 frames of 100 channels: said to be so, taken as said.
    assert AudioSamples.new_multi(data.T, RATE, layout="frames_first").shape == (100, 2)


@pytest.mark.parametrize("layout", ["interleaved?", "", 1, "FRAMES_FIRST"])
def test_an_unknown_layout_names_those_that_exist(layout):
    with pytest.raises((ValueError, TypeError), match=r"frames_first|str"):
        AudioSamples.new_multi(np.zeros((2, 10)), RATE, layout=layout)


@pytest.mark.parametrize("shape", [(0,), (1,), (2, 0), (1, 0), (1, 1), (64, 1)])
@pytest.mark.parametrize("copy", [True, False, None])
def test_the_smallest_audio_is_audio(shape, copy, dtype):
    source = np.arange(np.prod(shape)).astype(dtype).reshape(shape)
    audio = make_audio(source, copy=copy)
    assert_holds(audio, source)
    assert len(audio) == shape[-1]
    assert audio.duration == shape[-1] / RATE
    assert repr(audio)


# Arrays that lie otherwise


@pytest.mark.parametrize("copy", [True, False, None])
@pytest.mark.parametrize("key", [np.s_[::-1], np.s_[::3], np.s_[10:2:-2], np.s_[4:5]], ids=str)
def test_strided_arrays_keep_their_order(copy, key, dtype):
    source = np.arange(24).astype(dtype)[key]
    audio = AudioSamples.new_mono(source, RATE, copy=copy)
    assert_holds(audio, source)
    assert shares(audio, source) is (copy is not True)
    both = np.arange(48).astype(dtype).reshape(2, 24)[::-1, key]
    assert_holds(AudioSamples.new_multi(both, RATE, copy=copy), both)


@pytest.mark.parametrize("copy", [True, False, None])
def test_fortran_order_keeps_channels_and_frames(copy, stereo):
    source = np.asfortranarray(stereo)
    audio = AudioSamples.new_multi(source, RATE, copy=copy)
    assert_holds(audio, stereo)
    assert shares(audio, source) is (copy is not True)


def test_a_broadcast_array_is_right_or_refused():
    source = np.broadcast_to(np.arange(4.0), (2, 4))
    assert_holds(AudioSamples.new_multi(source, RATE), source)
    assert_right_or_refused(lambda: AudioSamples.new_multi(source, RATE, copy=False), source)


def test_read_only_memory_stays_read_only(mono):
    mono.flags.writeable = False
    before = mono.tolist()
    audio = AudioSamples.new_mono(mono, RATE, copy=False)
    assert not audio.writable
    assert address(audio) == address(mono)
    for key in (0, slice(1, 3)):
        with pytest.raises((ValueError, BufferError), match="read-only"):
            audio[key] = 1
    with pytest.raises((ValueError, BufferError), match="read-only"):
        audio *= 2
    assert mono.tolist() == before
    assert AudioSamples.new_mono(mono, RATE).writable


def unaligned(dtype):
    source = np.frombuffer(bytearray(1 + 6 * dtype.itemsize), dtype, offset=1)
    source[:] = np.arange(6)
    assert not source.flags.aligned
    return source


@pytest.mark.parametrize("copy", [True, None])
def test_unaligned_arrays_are_read_as_they_lie(dtype, copy):
    source = unaligned(dtype)
    assert_holds(AudioSamples.new_mono(source, RATE, copy=copy), source)


def test_unaligned_arrays_are_adopted_whole_or_refused(dtype):
    source = unaligned(dtype)
    assert_right_or_refused(lambda: make_audio(source, copy=False), source, "align")


@pytest.mark.parametrize("copy", [True, None])
def test_the_other_byte_order_is_read_right_or_refused(mono, copy):
    source = mono.astype(mono.dtype.newbyteorder("S"))
    assert_right_or_refused(lambda: make_audio(source, copy=copy), mono, "byte", "endian")


def test_the_other_byte_order_is_never_adopted(mono):
    source = mono.astype(mono.dtype.newbyteorder("S"))
    with pytest.raises((TypeError, ValueError, BufferError), match=r"byte|endian"):
        AudioSamples.new_mono(source, RATE, copy=False)


class Signal(np.ndarray):
    """What many libraries make of an array."""


@pytest.mark.parametrize("copy", [True, False, None])
def test_a_subclass_of_ndarray_is_its_samples(mono, copy):
    source = mono.view(Signal)
    audio = AudioSamples.new_mono(source, RATE, copy=copy)
    assert_holds(audio, mono)
    assert type(audio.to_numpy()) is np.ndarray
    assert shares(audio, mono) is (copy is not True)


def test_a_numpy_memmap_is_adopted(tmp_path, mono):
    mono.tofile(tmp_path / "samples")
    source = np.memmap(tmp_path / "samples", mono.dtype, "r+")
    audio = AudioSamples.new_mono(source, RATE, copy=False)
    assert_holds(audio, mono)
    audio[0] = 3
    source.flush()
    assert np.fromfile(tmp_path / "samples", mono.dtype)[0] == 3


@pytest.mark.parametrize("copy", [True, False, None])
def test_masked_samples_are_never_taken_for_samples(mono, copy):
    source = np.ma.masked_greater(mono, 3)
    with pytest.raises((TypeError, ValueError), match=r"mask|filled"):
        AudioSamples.new_mono(source, RATE, copy=copy)


def test_a_masked_array_that_masks_nothing_is_right_or_refused(mono):
    source = np.ma.masked_array(mono)
    assert_right_or_refused(lambda: AudioSamples.new_mono(source, RATE), mono, "mask", "filled")


def test_values_arrive_bit_for_bit():
    odd = np.array([np.nan, -np.nan, np.inf, -np.inf, -0.0, 5e-324, 1e308])
    for dtype in ("float32", "float64"):
        with np.errstate(over="ignore"):
            source = odd.astype(dtype)
        assert AudioSamples.new_mono(source, RATE).to_numpy().tobytes() == source.tobytes()
    for dtype in ("int16", "int32"):
        info = np.iinfo(dtype)
        source = np.array([info.min, -1, 0, info.max], dtype)
        assert_holds(AudioSamples.new_mono(source, RATE), source)


# Sample rates


@pytest.mark.parametrize(
    "rate", [0, -1, -44_100, float("nan"), float("inf"), 2**40, 2**70, "44100", None, [44_100], 1j],
    ids=shown,
)  # fmt: skip
def test_what_is_no_sample_rate_is_refused(rate):
    makers = (
        lambda: AudioSamples.new_mono(np.zeros(4), rate),
        lambda: AudioSamples.new_multi(np.zeros((2, 4)), rate),
        lambda: AudioSamples.zeros(4, rate),
    )
    for make in makers:
        with pytest.raises((ValueError, TypeError, OverflowError), match=r"(?i)sample.rate"):
            make()


@pytest.mark.parametrize("rate", [1, 8_000, 44_100, 192_000, 384_000])
@pytest.mark.parametrize("kind", [int, np.int64, np.uint32, np.int32])
def test_any_integer_is_a_sample_rate(rate, kind):
    audio = AudioSamples.new_mono(np.zeros(4), kind(rate))
    assert type(audio.sample_rate) is int
    assert audio.sample_rate == rate
    assert audio.duration == 4 / rate
