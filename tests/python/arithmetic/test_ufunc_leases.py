"""NumPy's functions on audio: leases on all of it, and no half-done work."""

import ctypes
import operator
import threading

import numpy as np
import pytest
from signals import RATE, mono

from audio_samples import AudioSamples, BorrowError, SampleRateError, integer_overflow


def test_a_list_inside_itself_is_an_error():
    nested = [mono([1, 2])]
    nested.append(nested)
    nested.append(nested)
    with pytest.raises(ValueError, match="nested"):
        np.concatenate(nested)


def in_another_thread(work):
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(20)
    return not thread.is_alive()


def test_a_ufunc_made_of_python_code_holds_no_lease():
    audio, answers = mono([1, 2, 3]), []

    def double():
        nonlocal audio
        audio *= 2

    def callback(value):
        answers.append(in_another_thread(double))
        return value

    got = np.frompyfunc(callback, 1, 1)(audio)
    assert answers == [True] * 3
    assert got.tolist() == [1, 2, 3]
    assert audio.to_numpy().tolist() == [8, 16, 24]


def test_functions_that_call_back_hold_no_lease():
    audio, answers = mono([1, 2, 3]), []

    def callback(row):
        answers.append(in_another_thread(lambda: audio.__imul__(2)))
        return row.sum()

    np.apply_along_axis(callback, 0, audio)
    np.piecewise(audio, [np.array([True, False, False])], [callback, 0])
    assert answers == [True] * len(answers)
    assert answers


def test_objects_compared_with_audio_hold_no_lease():
    audio, answers = mono([1, 2, 3]), []

    class Curious:
        def __eq__(self, other):
            answers.append(in_another_thread(lambda: audio.__imul__(2)))
            return True

        __hash__ = None

    assert (audio == Curious()).all()
    assert Curious() in audio
    assert answers == [True] * len(answers)


def test_out_of_a_python_ufunc_is_stored():
    audio, out = mono([1, 2, 3]), mono([0, 0, 0])
    assert np.add(audio, np.array([1, 2, 3], object), out=out, casting="unsafe") is out
    assert out.to_numpy().tolist() == [2, 4, 6]


@pytest.mark.parametrize(
    "look",
    [
        *(lambda audio: audio == 1, lambda audio: 1 in audio, np.sum),
        *(lambda it: np.asarray(it, dtype="float32"), lambda it: np.concatenate([it, it])),
    ],
)
def test_reading_waits_for_the_writer(look):
    """Every read sees all of a write or nothing of it."""
    audio = AudioSamples.zeros(1_000_000, RATE)
    stop, errors = threading.Event(), []

    def write():
        while not stop.is_set():
            try:
                audio.__iadd__(1)
            except BaseException as error:
                errors.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(5):
            look(audio)
            seen = audio.__array__(np.dtype("float32"))
            assert seen.min() == seen.max()
    finally:
        stop.set()
        writer.join()
    assert errors == []


def test_functions_ask_the_registry_for_what_they_write():
    audio = mono([1, 2, 3])
    with audio.borrow():
        for write in (
            lambda: np.sum(mono([1, 2, 3])[:, None], axis=1, out=audio),
            lambda: np.copyto(audio, 0),
            lambda: np.put(audio, [0], 5),
        ):
            with pytest.raises((BorrowError, ValueError)):
                write()
    assert audio.to_numpy().tolist() == [1, 2, 3]


def test_any_number_of_audio_arguments_is_possible():
    parts = [mono([i]) for i in range(200)]
    assert np.concatenate(parts).tolist() == list(range(200))
    assert np.stack([parts[0]] * 50).shape == (50, 1)
    tracks = [mono([i]) for i in range(6)]
    total = np.einsum("i,i,i,i,i->i", *tracks[1:])
    assert total.tolist() == [120]


def test_functions_never_mix_two_rates():
    one, other = mono([1, 2]), mono([1, 2], rate=48_000)
    for call in (lambda: np.concatenate([one, other]), lambda: np.dot(one, other)):
        with pytest.raises(SampleRateError, match="48000"):
            call()


@pytest.mark.parametrize(
    "divisor", [0, 0.0, [1, 0, 2], np.array([1, 2, 0.0]), np.int16(0)], ids=repr
)
@pytest.mark.parametrize("dtype", ["int16", "int32"])
def test_whole_numbers_divided_by_zero_are_a_zero_division_error(dtype, divisor):
    audio = mono([5, 6, 7], dtype)
    divisor = np.array(divisor) if isinstance(divisor, list) else divisor
    for name in ("floordiv", "mod", "ifloordiv", "imod"):
        with pytest.raises(ZeroDivisionError):
            getattr(operator, name)(audio, divisor)
    with pytest.raises(ZeroDivisionError):
        divmod(audio, divisor)
    with pytest.raises(ZeroDivisionError):
        7 // mono([1, 0], dtype)
    assert audio.to_numpy().tolist() == [5, 6, 7]


@pytest.mark.parametrize(
    ("operator", "operand"),
    [
        ("__ifloordiv__", np.array([1.0, 2.0, 0.0])),
        ("__imod__", np.array([1.0, 2.0, 0.0])),
        ("__ipow__", np.array([2.0, 2.0, 4000.0])),
        ("__iadd__", np.array([1.0, 2.0, np.finfo(np.longdouble).max], np.longdouble)),
    ],
)
def test_an_operator_that_raises_has_changed_nothing(operator, operand):
    audio = mono([5, 6, 7])
    with np.errstate(all="raise"), pytest.raises(FloatingPointError):
        getattr(audio, operator)(operand)
    assert audio.to_numpy().tolist() == [5, 6, 7]


def test_in_place_operators_follow_same_kind_and_shape():
    audio = mono([5, 6, 7], "int16")
    with pytest.raises(TypeError, match="same_kind"):
        audio //= 2.5
    with pytest.raises(ValueError, match="shape"):
        audio %= np.ones((2, 3), "int16")
    audio //= 2
    audio <<= 3
    audio **= np.int16(2)
    assert audio.to_numpy().tolist() == [256, 576, 576]


def test_an_array_and_audio_make_what_numpy_makes():
    for dtype in ("int16", "int32", "float32", "float64"):
        audio = mono([1, 2, 3], dtype)
        for other in (np.int16([2, 3, 4]), np.float32([0.5]), np.ones((2, 3)), np.ones(())):
            for ufunc in (np.add, np.subtract, np.multiply):
                wanted = ufunc(other, audio.to_numpy())
                got = ufunc(other, audio)
                assert isinstance(got, AudioSamples) == (wanted.shape == (3,))
                assert np.asarray(got).dtype == wanted.dtype
                np.testing.assert_array_equal(np.asarray(got), wanted)
    with np.errstate(all="ignore"):
        assert np.isinf(np.divide(mono([1, 1, 1]), np.zeros(3))).all()


class Subclass(np.ndarray):
    pass


ONES = {
    "scalar": np.int16(1),
    "float": np.float64(1),
    "array": np.ones(3),
    "subclass": np.ones(3).view(Subclass),
}


@pytest.mark.parametrize("one", ONES)
def test_a_zero_is_refused_whatever_is_divided_by_it(one):
    for dtype in ("int16", "float32"):
        with pytest.raises(ZeroDivisionError):
            ONES[one] / mono([1, 0, 2], dtype)
    whole = mono([1, 0, 2], "int16")
    for work in (operator.floordiv, operator.mod, divmod):
        with pytest.raises(ZeroDivisionError, match=r"np\.(floor_divide|remainder|divmod)"):
            work(ONES[one], whole)
        with np.errstate(all="ignore"):
            quotient = work(ONES[one], mono([1, 0, 2]))
            wanted = work(np.asarray(ONES[one], "f8"), np.array([1.0, 0, 2]))
        np.testing.assert_array_equal(np.asarray(quotient), np.asarray(wanted))


TWOS = {"int": 2, "scalar": np.int16(2), "array": np.array([2, 2], "int16"), "audio": None}
TWOS["subclass"] = TWOS["array"].view(Subclass)


@pytest.mark.parametrize("two", TWOS)
def test_integer_overflow_is_chosen_whatever_stands_on_the_left(two):
    audio = mono([30_000, -3], "int16")
    factor = mono([2, 2], "int16") if two == "audio" else TWOS[two]
    out = mono([7, 7], "int16")
    for work in (lambda: factor * audio, lambda: np.multiply(factor, audio)):
        with integer_overflow("saturate"):
            assert np.asarray(work()).tolist() == [32_767, -6]
        with integer_overflow("raise"), pytest.raises(OverflowError):
            work()
    with integer_overflow("raise"), pytest.raises(OverflowError):
        np.multiply(factor, audio, out=out)
    assert out.tolist() == [7, 7]
    with integer_overflow("saturate"):
        assert np.multiply(factor, audio, out=out) is out
    assert out.tolist() == [32_767, -6]


class Defers:
    __array_ufunc__ = None

    def answer(self, _):
        return "asked"

    __rfloordiv__ = __rmod__ = __rdivmod__ = __rpow__ = __rmatmul__ = answer
    __rlshift__ = __rrshift__ = __rand__ = __rxor__ = __ror__ = answer


class HasPriority(Defers):
    __array_priority__ = 10


del HasPriority.__base__.__array_ufunc__
Nothing = type("Nothing", (Defers,), {"__array_ufunc__": None})


@pytest.mark.parametrize("other", [HasPriority(), Nothing()], ids=["priority", "nothing"])
def test_an_operand_that_wants_to_be_asked_is_asked(other):
    audio = mono([1, 2, 3], "int16")
    for name in ["floordiv", "mod", "pow", "matmul", "lshift", "rshift", "and_", "xor", "or_"]:
        assert getattr(operator, name)(audio, other) == "asked"
    assert divmod(audio, other) == "asked"


def test_a_reduction_of_numpys_into_audio_is_whole():
    array = np.arange(8.0).reshape(2, 4)
    for name in ("mean", "var", "std", "sum", "max"):
        out = mono([0, 0])
        getattr(array, name)(axis=1, out=out)
        assert out.tolist() == getattr(array, name)(axis=1).tolist()


@pytest.mark.parametrize("frames", [1, 1281, 1285, 5377])
def test_no_audio_passes_for_an_array_of_a_random_generator(frames):
    """NumPy casts `out` without a look: four bytes of the object are taken for an array's flags."""
    for audio in (mono(frames, "float64"), AudioSamples.zeros((2, frames), RATE)):
        for part in (audio, audio[1:], audio[::2], audio[::-1]):
            flags = ctypes.c_uint.from_address(id(part) + 64).value
            assert flags & 0x501 != 0x501
            with pytest.raises(ValueError, match="contiguous"):
                np.random.default_rng(0).random(out=part)


def test_channels_of_another_rate_are_no_part_of_new_audio():
    channels = [AudioSamples.zeros(3, 48_000), AudioSamples.zeros(3, 44_100)]
    with pytest.raises(SampleRateError, match="44100 Hz is no part of audio at 48000 Hz"):
        AudioSamples.new_multi(channels, 48_000)


def test_an_output_narrower_than_the_result_keeps_to_the_overflow_that_was_chosen():
    audio, out = mono([30_000, -3], "int16"), mono([7, 7], "int16")
    with integer_overflow("raise"), pytest.raises(OverflowError):
        np.multiply(audio, np.array([2, 2], "int32"), out=out)
    assert out.tolist() == [7, 7]
    with integer_overflow("saturate"):
        with pytest.raises(TypeError, match="same_kind"):
            np.multiply(audio, 0.5, out=out)
        assert out.tolist() == [7, 7]
        np.multiply(audio, np.array([2, 2], "int32"), out=out)
    assert out.tolist() == [32_767, -6]


@pytest.mark.parametrize(
    "call",
    [
        lambda out: np.mean(np.ones((2, 2)), 0, None, out),
        lambda out: np.sum(mono([[1.0, 2], [3, 4]][0]).to_numpy()[None], 0, None, out),
        lambda out: np.dot(np.ones((2, 2)), np.ones(2), out),
        lambda out: mono([1.0, 2]).clip(0, 1, out),
        lambda out: np.clip(mono([1.0, 2]), 0, 1, out),
    ],
)
def test_an_output_by_its_place_is_an_output(call):
    out = mono([7.0, 7])
    with out.borrow(), pytest.raises(BorrowError):
        call(out)
    assert out.tolist() == [7, 7]
    call(out)
    assert out.tolist() != [7, 7]
