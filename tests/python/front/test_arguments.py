"""Arguments that are not what they should be: what is refused, and in which words."""

import fractions
import io
import signal
import threading
from collections import OrderedDict
from decimal import Decimal

import numpy as np
import pytest
from signals import RATE, shown

import audio_samples
from audio_samples import AudioSamples, SampleRateError, generation


@pytest.fixture
def audio():
    return AudioSamples.new_mono(np.linspace(-0.5, 0.5, 5000), RATE)


@pytest.fixture
def path(tmp_path, audio):
    audio_samples.write(tmp_path / "some.wav", audio)
    return tmp_path / "some.wav"


# Writers


class Writer:
    """A file object with a write() that says what it is told to say."""

    def __init__(self, said):
        self.said = said

    def write(self, chunk):
        return self.said(len(chunk))


@pytest.mark.parametrize(
    "said", [lambda n: n + 1, lambda _: -1, lambda _: 2**70], ids=["more", "negative", "huge"]
)
def test_a_writer_that_claims_an_impossible_count_is_a_value_error(audio, said):
    with pytest.raises(ValueError, match=r"write\(\) returned .* bytes"):
        audio_samples.write(Writer(said), audio)


def test_a_writer_that_returns_no_count_is_a_type_error(audio):
    with pytest.raises(TypeError, match=r"'many', and not the number of bytes"):
        audio_samples.write(Writer(lambda _: "many"), audio)


def test_a_writer_that_returns_none_wrote_nothing(audio):
    with pytest.raises(OSError, match="wrote nothing; open it in blocking mode"):
        audio_samples.write(Writer(lambda _: None), audio)


def test_a_writer_may_take_a_part_at_a_time(audio):
    class Slow(io.BytesIO):
        def write(self, chunk):
            return super().write(bytes(chunk)[:1000])

    slow, whole = Slow(), io.BytesIO()
    audio_samples.write(slow, audio)
    audio_samples.write(whole, audio)
    assert slow.getvalue() == whole.getvalue()


def test_what_a_writer_raises_is_what_the_caller_sees(audio):
    def said(_):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        audio_samples.write(Writer(said), audio)


def test_ctrl_c_ends_the_wait_of_a_write_to_a_file_object(audio):
    entered, let_go = threading.Event(), threading.Event()
    finished = []

    def hold(*_):
        entered.set()
        let_go.wait(20)

    def change():
        with np.errstate(divide="call", call=hold):  # is called before NumPy is done
            np.divide(1, np.zeros(len(audio)), out=audio)
        finished.append(True)

    other = threading.Thread(target=change)
    other.start()
    try:
        assert entered.wait(20)
        threading.Timer(0.3, signal.raise_signal, [signal.SIGINT]).start()
        with pytest.raises(KeyboardInterrupt):
            audio_samples.write(io.BytesIO(), audio)
        assert not finished
        assert not let_go.is_set()
    finally:
        let_go.set()
        other.join()
    assert finished


@pytest.mark.parametrize("given", [np.zeros(4), [0.5, 0.5], None, 44_100], ids=shown)
def test_write_says_how_an_array_becomes_audio(tmp_path, given):
    with pytest.raises(TypeError, match=r"AudioSamples\.new_mono\(data, sample_rate\)"):
        audio_samples.write(tmp_path / "some.wav", given)
    assert not (tmp_path / "some.wav").exists()


def test_write_takes_no_sample_rate_beside_the_samples(tmp_path, audio):
    for first, second in ((np.zeros(4), RATE), (RATE, np.zeros(4))):
        with pytest.raises(TypeError, match=r"AudioSamples\.new_mono\(data, sample_rate\)"):
            audio_samples.write(tmp_path / "some.wav", first, second)
    with pytest.raises(TypeError, match=r"no 44100 besides.*subtype='PCM_24'"):
        audio_samples.write(tmp_path / "some.wav", audio, RATE)
    assert not (tmp_path / "some.wav").exists()


# Memory that is none to share


class Maker:
    """`__array__` with memory that is new each time."""

    def __init__(self, honest):
        self.honest = honest

    def __array__(self, dtype=None, copy=None):
        if self.honest and copy is False:
            raise ValueError("mine is always new")
        return np.array([0.25, 0.5], dtype)


class Holder:
    """`__array__` on memory of its own."""

    def __init__(self):
        self.samples = np.array([0.25, 0.5])

    def __array__(self, dtype=None, copy=None):
        return self.samples


@pytest.mark.parametrize("honest", [True, False])
def test_copy_false_never_takes_memory_that_an_object_made_for_it(honest):
    with pytest.raises(ValueError, match=r"copy=False: __array__ of Maker .* copy=None"):
        AudioSamples.new_mono(Maker(honest), RATE, copy=False)
    for copy in (True, None):
        assert AudioSamples.new_mono(Maker(honest), RATE, copy=copy).to_numpy()[1] == 0.5


class Shower:
    """Memory of its own, shown by one of NumPy's older protocols and by nothing else."""

    def __init__(self, protocol):
        self.samples = np.array([0.25, 0.5])
        setattr(self, protocol, getattr(self.samples, protocol))


HOLDERS = [Holder, lambda: Shower("__array_interface__"), lambda: Shower("__array_struct__")]


@pytest.mark.parametrize("make", HOLDERS, ids=["method", "interface", "struct"])
def test_memory_that_an_object_holds_is_copied_or_shared_as_asked(make):
    holder = make()
    for copy in (False, None):
        audio = AudioSamples.new_mono(holder, RATE, copy=copy)
        audio[0] = holder.samples[0] + 1.0
        assert audio[0] == holder.samples[0]
    for arguments in ({}, {"copy": True}, {"dtype": "float64"}):
        own = AudioSamples.new_mono(holder, RATE, **arguments)
        own[0] = 0.0
        assert holder.samples[0] == 2.25


# Byte order

SWAPPED = [np.dtype(name).newbyteorder("S") for name in ("i2", "i4", "f4", "f8")]


@pytest.mark.parametrize("swapped", SWAPPED, ids=str)
def test_a_dtype_of_the_other_byte_order_is_refused_where_samples_are_made(swapped, audio, path):
    native = swapped.newbyteorder("=").name
    for make in (
        lambda: AudioSamples.zeros(4, RATE, dtype=swapped),
        lambda: audio.astype(swapped),
        lambda: audio.convert(swapped.str),
        lambda: generation.silence(0.1, dtype=swapped),
        lambda: audio_samples.read(path, dtype=swapped),
    ):
        with pytest.raises(TypeError, match=f"other byte order.*use '{native}'"):
            make()


@pytest.mark.parametrize("swapped", SWAPPED, ids=str)
def test_a_buffer_of_the_other_byte_order_is_copied_or_refused(swapped):
    values = np.array([1, 2, -3], swapped)
    raw = values.tobytes()
    for copy in (True, None):
        made = AudioSamples.from_buffer(raw, RATE, dtype=swapped, copy=copy)
        assert made.to_numpy().tolist() == [1, 2, -3]
        assert made.dtype == swapped.newbyteorder("=")
    with pytest.raises(ValueError, match="byte order"):
        AudioSamples.from_buffer(raw, RATE, dtype=swapped, copy=False)


# Sample rates


@pytest.mark.parametrize(
    "rate",
    [np.float32(1e12), Decimal(10**12), Decimal("1e400"), fractions.Fraction(10**400), 1e12,
     np.int64(2**40), 2**32, 0, 0.0, Decimal(0), -1, np.float32(-44100), 44_100.5, Decimal("0.5"),
     float("nan"), np.float32("inf")],
    ids=str,
)  # fmt: skip
def test_one_range_holds_for_a_sample_rate_of_any_type(rate):
    with pytest.raises(SampleRateError, match="whole number of Hz from 1 to 4294967295, not "):
        AudioSamples.zeros(4, rate)


@pytest.mark.parametrize("rate", [10**5000, -(10**5000)], ids=["positive", "negative"])
def test_a_sample_rate_of_thousands_of_digits_has_a_short_message(rate):
    with pytest.raises(SampleRateError, match=r"not an int of 16610 bits$"):
        AudioSamples.zeros(4, rate)


@pytest.mark.parametrize(
    "rate",
    [True, False, np.True_, np.array(True), "44100", b"44100", 44100j, [44_100],
     np.array([44_100, 1]), object()],
    ids=shown,
)  # fmt: skip
def test_what_is_no_number_is_no_sample_rate(rate):
    with pytest.raises(TypeError, match="sample_rate must be a whole number of Hz, such as 44100"):
        AudioSamples.zeros(4, rate)


@pytest.mark.parametrize(
    "rate",
    [48_000, 48_000.0, np.float32(48_000), np.uint16(48_000), np.array(48_000), Decimal(48_000),
     fractions.Fraction(48_000)],
    ids=shown,
)  # fmt: skip
def test_any_whole_number_is_a_sample_rate(rate):
    assert AudioSamples.zeros(4, rate).sample_rate == 48_000


def test_a_sample_rate_may_be_the_largest():
    for rate in (2**32 - 1, float(2**32 - 1), np.float64(2**32 - 1)):
        assert AudioSamples.zeros(4, rate).sample_rate == 2**32 - 1


# Counts


@pytest.mark.parametrize(
    ("shape", "error", "message"),
    [
        (-5, ValueError, "frames in the shape -5 must be from 0 .*, not -5"),
        (2**70, ValueError, f"must be from 0 .*, not {2**70}"),
        (10**5000, ValueError, "an int of 16610 bits"),
        ((2, -5), ValueError, r"frames in the shape \(2, -5\) must be from 0 .*, not -5"),
        ((-2, 5), ValueError, r"channels in the shape \(-2, 5\) must be from 0 .*, not -2"),
        (2.0, TypeError, r"whole number of frames.*not 2\.0; use int\(\)"),
        ((2, 5.0), TypeError, r"frames in the shape \(2, 5\.0\) must be a whole number, not 5\.0"),
        *((it, TypeError, f"whole number of frames.*not {it}") for it in (True, None)),
        *((it, TypeError, f"whole number of frames.*not {it!r}") for it in ("12", b"12")),
    ],
    ids=lambda value: str(value)[:20] if not isinstance(value, int) or value < 2**64 else "huge",
)
def test_an_impossible_shape_of_zeros_is_named(shape, error, message):
    with pytest.raises(error, match=message):
        AudioSamples.zeros(shape, RATE)


@pytest.mark.parametrize("shape", [(2, 5), [2, 5], np.array([2, 5]), (np.int8(2), np.array(5))])
def test_a_shape_is_any_sequence_of_whole_numbers(shape):
    assert AudioSamples.zeros(shape, RATE).shape == (2, 5)
    assert AudioSamples.zeros(np.int64(5), RATE).shape == (5,)
    assert AudioSamples.zeros(np.array(5), RATE).shape == (5,)


def test_minus_one_frames_are_all_the_rest(path):
    for frames in (-1, None, 2**70, np.int64(-1), np.int8(-1)):
        assert len(audio_samples.read(path, start=1000, frames=frames)) == 4000
    assert len(audio_samples.read(path, frames=0)) == 0
    assert len(audio_samples.read(path, start=0, frames=np.int32(7))) == 7
    assert len(audio_samples.read(io.BytesIO(path.read_bytes()), frames=-1)) == 5000


@pytest.mark.parametrize(
    ("name", "value", "error", "message"),
    [
        ("start", -1, ValueError, r"start must be 0 or more, not -1.*info\(path\)\.frames"),
        ("start", 2**70, ValueError, f"start must be from 0 .*, not {2**70}"),
        ("start", 1.5, TypeError, r"start must be a whole number, not 1\.5"),
        ("start", True, TypeError, "start must be a whole number, not True"),
        ("start", 5001, IndexError, "5001"),
        ("frames", -2, ValueError,
         "frames must be 0 or more, or None or -1 for all the rest, not -2"),
        ("frames", -(10**5000), ValueError, "not an int of 16610 bits"),
        ("frames", 2.0, TypeError, r"frames must be a whole number, not 2\.0"),
    ],
    ids=["-1", "huge", "1.5", "True", "5001", "-2", "minus huge", "2.0"],
)  # fmt: skip
def test_an_impossible_start_or_number_of_frames_is_named(path, name, value, error, message):
    with pytest.raises(error, match=message):
        audio_samples.read(path, **{name: value})


@pytest.mark.parametrize("given", [-1, 2**70, 0])
def test_an_impossible_number_of_channels_is_named(given):
    with pytest.raises(ValueError, match=f"channels must be from 1 .*, not {given}"):
        generation.silence(0.1, channels=given)
    with pytest.raises(TypeError, match=r"channels must be a whole number, not 2\.0"):
        generation.silence(0.1, channels=2.0)
    assert generation.silence(0.1, channels=np.int16(2)).num_channels == 2


@pytest.mark.parametrize("given", [-1, 2**64])
def test_an_impossible_seed_is_named(given):
    with pytest.raises(ValueError, match=f"seed must be from 0 to {2**64 - 1}, not {given}"):
        generation.white_noise(0.1, seed=given)
    with pytest.raises(TypeError, match=r"seed must be a whole number, not 1\.5"):
        generation.white_noise(0.1, seed=1.5)
    first, second = (generation.white_noise(0.1, seed=s) for s in (7, np.uint8(7)))
    assert np.array_equal(first, second)


def test_a_channel_far_out_of_range_is_an_index_error():
    stereo = AudioSamples.zeros((2, 5), RATE)
    for index in (2**100, -(2**100), 2**63 - 1, -(2**63), 2, -3):
        with pytest.raises(IndexError, match=f"channel {index} is out of range for 2 channels"):
            stereo.channel(index)
    with pytest.raises(IndexError, match="an int of 16610 bits"):
        stereo.channel(10**5000)
    for index in (1.0, None, slice(1), True):
        with pytest.raises(TypeError, match="a channel is a whole number from -2 to 1, not"):
            stereo.channel(index)
    assert stereo.channel(np.int8(-2)).address == stereo.address


# What holds no samples


class Struct:
    pass


@pytest.mark.parametrize(
    "source",
    [[1, 2, 3], (1, 2), range(5), [True, False], [[1, 2], [3, 4]]],
    ids=["list", "tuple", "range", "bools", "nested"],
)
def test_a_sequence_without_a_sample_type_is_told_to_name_one(source):
    for new in (AudioSamples.new_mono, AudioSamples.new_multi):
        for copy in (True, None):
            with pytest.raises(TypeError, match=r"np\.array\(data, dtype=np\.int16\)") as caught:
                new(source, RATE, copy=copy)
            assert type(source).__name__ in str(caught.value)


@pytest.mark.parametrize(
    "source",
    [[1j], ["a"], [None, 0.5], [2**70], [Struct()]],
    ids=["complex", "strings", "none", "large", "objects"],
)
def test_no_type_is_advised_for_what_is_no_real_number(source):
    for new in (AudioSamples.new_mono, AudioSamples.new_multi):
        for copy in (True, None):
            with pytest.raises(TypeError, match=r"a list of .*: real numbers") as caught:
                new(source, RATE, copy=copy)
            assert "dtype=" not in str(caught.value)


@pytest.mark.parametrize(
    "source",
    [{0.5, 0.25}, frozenset([0.5]), {"left": [0.5]}, OrderedDict(), {}.keys(), (x for x in [0.5]),
     iter([0.5]), map(float, "1"), "0.5", None, Struct()],
    ids=lambda source: type(source).__name__,
)  # fmt: skip
def test_what_is_no_sequence_is_named_and_what_to_make_of_it(source):
    for copy in (True, None, False):
        with pytest.raises((TypeError, ValueError)) as caught:
            AudioSamples.new_mono(source, RATE, copy=copy)
        assert type(source).__name__ in str(caught.value)
        if copy is not False:
            assert caught.type is TypeError
            assert "np.array" in str(caught.value)


@pytest.mark.parametrize("number", [5, 0.5, True, np.float32(0.5), 1j], ids=shown)
def test_a_single_number_is_no_audio_whatever_its_type(number):
    with pytest.raises((ValueError, TypeError), match=r"single number is no audio.*\[0\.5\]"):
        AudioSamples.new_mono(number, RATE)


def test_records_are_told_to_give_one_field():
    records = np.zeros(3, [("left", "i2"), ("right", "i2")])
    for source in (records, memoryview(records)):
        with pytest.raises(TypeError, match=r"fields left, right.*\['left'\]"):
            AudioSamples.new_mono(source, RATE)


@pytest.mark.parametrize("raw", [bytes(4), bytearray(4), memoryview(bytes(4))], ids=type)
def test_bytes_are_told_to_name_their_type(raw):
    for make in (AudioSamples.new_mono, AudioSamples.from_buffer):
        with pytest.raises(TypeError, match=r"from_buffer\(data, sample_rate, dtype='int16'\)"):
            make(raw, RATE)


def test_from_buffer_names_what_is_no_buffer():
    for dtype in (None, "float32"):
        with pytest.raises(TypeError, match=r"from_buffer takes a buffer .* not a list"):
            AudioSamples.from_buffer([0.5], RATE, dtype=dtype)


# Numbers


@pytest.mark.parametrize("name", ["int16", "int32", "float32", "float64"])
@pytest.mark.parametrize("shape", [(1,), (1, 1)])
def test_audio_of_one_sample_is_its_number(name, shape):
    one = AudioSamples.from_numpy(np.full(shape, -3.75).astype(name), RATE)
    assert type(float(one)) is float
    assert type(int(one)) is int
    assert float(one) == float(one.to_numpy().item())
    assert int(one) == -3


@pytest.mark.parametrize("shape", [0, 2, (2, 1), (2, 0)])
def test_audio_of_several_samples_is_no_number(shape):
    several = AudioSamples.zeros(shape, RATE)
    for number in (float, int):
        with pytest.raises(TypeError) as expected:
            number(np.zeros(shape))
        with pytest.raises(TypeError) as found:
            number(several)
        assert str(found.value) == str(expected.value)


def test_round_is_that_of_numpy():
    values = np.array([0.5, 1.5, -2.25, 3.14159])
    audio = AudioSamples.new_mono(values, RATE)
    np.testing.assert_array_equal(np.asarray(round(audio)), np.round(values))
    np.testing.assert_array_equal(np.asarray(round(audio, 2)), np.round(values, 2))
    assert type(round(audio)) is type(np.round(audio))
    assert audio.to_numpy().tolist() == values.tolist()


# Facts


def test_dtype_objects_are_made_once(monkeypatch):
    names = ("int16", "int32", "float32", "float64")
    made = {name: AudioSamples.zeros(1, RATE, dtype=name) for name in names}
    before = {name: audio.dtype for name, audio in made.items()}

    def no_more(*_):
        raise AssertionError("asked NumPy again")

    monkeypatch.setattr(np, "dtype", no_more)
    for name, audio in made.items():
        assert audio.dtype is before[name]
        assert audio.dtype.name == name
