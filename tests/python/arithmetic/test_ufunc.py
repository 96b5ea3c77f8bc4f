"""Every ufunc of NumPy with audio among its arguments, compared with the same call on arrays."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from arithmetic_oracle import SAMPLE_TYPES, assert_same_bits
from signals import RATE, make_audio

from audio_samples import AudioSamples, SampleRateError

UFUNCS = [name for name in dir(np) if isinstance(getattr(np, name), np.ufunc)]
ELEMENTWISE = [name for name in UFUNCS if getattr(np, name).signature is None]
SHAPES = {"mono": (9,), "stereo": (2, 9), "one channel": (1, 9), "no frames": (0,)}


def samples_of(dtype: Any, shape: tuple[int, ...] = (9,), start: int = -4) -> np.ndarray:
    size = int(np.prod(shape))
    values = np.arange(start, start + size) % 11 - 4
    dtype = np.dtype(dtype)
    return (values * (0.3 if dtype.kind == "f" else 1)).astype(dtype).reshape(shape)


def plain(value: Any) -> Any:
    """The same arguments with arrays in the place of audio."""
    if isinstance(value, AudioSamples):
        return value.to_numpy(copy=True)
    if isinstance(value, (list, tuple)):
        return type(value)(plain(item) for item in value)
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return value


def assert_like_numpy(got: Any, wanted: Any, shape: tuple[int, ...]) -> None:
    """Audio where a result has the audio's shape and a sample type, else what NumPy gives."""
    if isinstance(wanted, tuple):
        assert isinstance(got, tuple)
        assert len(got) == len(wanted)
        for one, other in zip(got, wanted, strict=True):
            assert_like_numpy(one, other, shape)
        return
    if wanted is None:
        assert got is None
        return
    if isinstance(wanted, np.ndarray) and wanted.shape == shape and wanted.dtype in SAMPLE_TYPES:
        assert isinstance(got, AudioSamples), f"{type(got)} for {wanted.dtype} {wanted.shape}"
        assert got.sample_rate == RATE
    else:
        assert type(got) is type(wanted)
    assert_same_bits(got, np.asarray(wanted))


def compare(
    call: Callable[..., Any], *arguments: Any, shape: tuple[int, ...], **named: Any
) -> None:
    """The call with audio has the result, or the error class, of the call with arrays."""
    with np.errstate(all="ignore"):
        try:
            wanted = call(*plain(arguments), **plain(named))
        except (TypeError, ValueError) as error:
            base = TypeError if isinstance(error, TypeError) else ValueError
            with pytest.raises(base):
                call(*arguments, **named)
            return
        assert_like_numpy(call(*arguments, **named), wanted, shape)


class TestCalls:
    @pytest.mark.parametrize("dtype", [dtype.name for dtype in SAMPLE_TYPES])
    @pytest.mark.parametrize("name", ELEMENTWISE)
    def test_every_ufunc_takes_audio_in_every_place(self, name: str, dtype: str) -> None:
        ufunc = getattr(np, name)
        for shape in SHAPES.values():
            audio = make_audio(samples_of(dtype, shape))
            before = audio.to_numpy(copy=True)
            if ufunc.nin == 1:
                compare(ufunc, audio, shape=shape)
            elif ufunc.nin == 2:
                array = samples_of(dtype, shape, 3)
                for other in (array, 2, 0.5, np.float32(2), make_audio(array)):
                    compare(ufunc, audio, other, shape=shape)
                    # A NumPy object on the left is not told from an operator, which refuses zeros.
                    is_left = isinstance(other, np.ndarray | np.generic) and (
                        "div" in name or name in ("mod", "remainder")
                    )
                    right = make_audio(np.where(before == 0, 1, before)) if is_left else audio
                    compare(ufunc, other, right, shape=shape)
            else:
                compare(ufunc, audio, -1, 1, shape=shape)
                compare(ufunc, samples_of(dtype, shape, 5), audio, audio, shape=shape)
            assert_same_bits(audio, before)

    @pytest.mark.parametrize("name", ["matmul", "vecdot", "matvec", "vecmat"])
    def test_generalised_ufuncs_give_what_numpy_gives(self, name: str) -> None:
        ufunc = getattr(np, name, None)
        if ufunc is None:
            assert np.lib.NumpyVersion(np.__version__) < "2.2.0"
            return
        mono, stereo = make_audio(samples_of("float64")), make_audio(samples_of("float64", (2, 9)))
        for left, right in ((mono, mono), (stereo, mono), (mono, stereo), (stereo, stereo)):
            compare(ufunc, left, right, shape=(9,))
            compare(ufunc, plain(left), right, shape=(9,))

    def test_unary_operators_are_those_of_numpy(self) -> None:
        for dtype in SAMPLE_TYPES:
            for shape in SHAPES.values():
                audio = make_audio(samples_of(dtype, shape))
                for call in (lambda x: -x, lambda x: +x, abs):
                    compare(call, audio, shape=shape)

    def test_the_gain_may_stand_on_the_left(self) -> None:
        audio, gain = make_audio(samples_of("float32", (2, 9))), np.linspace(0, 1, 9)
        for got in (gain * audio, np.multiply(gain, audio), np.multiply(audio, gain)):
            assert isinstance(got, AudioSamples)
            assert_same_bits(got, gain * audio.to_numpy())

    def test_a_result_larger_than_the_audio_stays_an_array(self) -> None:
        audio = make_audio(samples_of("float64"))
        compare(np.add, audio, np.ones((3, 9)), shape=(9,))
        compare(np.add, audio, np.ones((9, 1)), shape=(9,))

    def test_results_of_other_types_stay_arrays(self) -> None:
        audio = make_audio(samples_of("int16"))
        compare(np.multiply, audio, np.arange(9), shape=(9,))
        compare(np.multiply, audio, 1j, shape=(9,))
        compare(np.isfinite, audio, shape=(9,))

    def test_type_and_casting_are_passed_on(self) -> None:
        audio = make_audio(samples_of("int16"))
        compare(np.add, audio, 1, dtype=np.float64, shape=(9,))
        compare(np.add, audio, 1, dtype=np.int64, shape=(9,))
        compare(np.add, audio, 0.5, dtype=np.int16, shape=(9,))
        compare(np.add, audio, 0.5, dtype=np.int16, casting="unsafe", shape=(9,))
        compare(np.add, audio, 1, signature="dd->d", shape=(9,))
        compare(np.add, audio, 1, subok=False, shape=(9,))
        compare(np.add, audio, 1, order="F", shape=(9,))

    def test_unknown_keywords_are_refused(self) -> None:
        with pytest.raises(TypeError):
            np.add(make_audio(samples_of("int16")), 1, loudness=11)

    def test_two_rates_never_mix_in_any_ufunc(self) -> None:
        one, other = make_audio(samples_of("float32")), make_audio(samples_of("float32"), 48_000)
        for ufunc in (np.add, np.multiply, np.maximum, np.hypot):
            with pytest.raises(SampleRateError, match="resample"):
                ufunc(one, other)


class TestOut:
    @pytest.mark.parametrize("dtype", [dtype.name for dtype in SAMPLE_TYPES])
    @pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
    def test_out_takes_audio_and_gives_it_back(self, shape: tuple[int, ...], dtype: str) -> None:
        samples = samples_of(dtype, shape)
        for ufunc in (np.add, np.subtract, np.multiply):
            for source in (samples, make_audio(samples)):
                out = make_audio(np.zeros(shape, dtype))
                view = out.to_numpy()
                assert ufunc(source, 2, out=out) is out
                assert_same_bits(view, ufunc(samples, 2))
                assert ufunc(source, source, out) is out
                assert_same_bits(view, ufunc(samples, samples))

    def test_out_may_be_the_audio_itself(self) -> None:
        audio = make_audio(samples_of("float32", (2, 9)))
        wanted = np.multiply(audio.to_numpy(), 0.5)
        assert np.multiply(audio, 0.5, out=audio) is audio
        assert_same_bits(audio, wanted)

    def test_out_may_be_an_array(self) -> None:
        audio, out = make_audio(samples_of("float32")), np.zeros(9)
        assert np.multiply(audio, 2, out=out) is out
        assert_same_bits(out, np.multiply(audio.to_numpy(), 2, out=np.zeros(9)))

    def test_out_of_another_type_casts_same_kind_only(self) -> None:
        narrow, whole = make_audio(np.zeros(9, "float32")), make_audio(np.ones(9, "int16"))
        assert np.multiply(np.linspace(0, 1, 9), 0.7, out=narrow) is narrow
        assert_same_bits(narrow, np.multiply(np.linspace(0, 1, 9), 0.7).astype("float32"))
        with pytest.raises(TypeError):
            np.multiply(whole, 0.5, out=whole)
        assert_same_bits(whole, np.ones(9, "int16"))
        assert np.multiply(whole, 2.5, out=whole, casting="unsafe") is whole
        assert_same_bits(whole, np.full(9, 2, "int16"))

    def test_out_of_another_shape_is_refused(self) -> None:
        for out in (make_audio(np.zeros(8)), make_audio(np.zeros((2, 8))), np.zeros(8)):
            with pytest.raises(ValueError, match=r"shape|broadcast"):
                np.add(make_audio(np.ones(9)), 1, out=out)
            assert not np.any(out)

    def test_read_only_out_is_refused(self) -> None:
        samples = np.ones(9)
        samples.flags.writeable = False
        out = AudioSamples.new_mono(samples, RATE, copy=False)
        with pytest.raises((ValueError, BufferError), match=r"read-?\s?only"):
            np.add(make_audio(np.ones(9)), 1, out=out)
        assert_same_bits(out, np.ones(9))

    def test_several_outputs_each_follow_the_rule(self) -> None:
        for dtype in ("float32", "float64"):
            audio = make_audio(samples_of(dtype))
            compare(np.modf, audio, shape=(9,))
            compare(np.frexp, audio, shape=(9,))
            compare(np.divmod, audio, 0.7, shape=(9,))
            compare(divmod, audio, 0.7, shape=(9,))

    def test_several_outputs_may_be_given_in_part(self) -> None:
        samples = samples_of("float64")
        audio, out = make_audio(samples), make_audio(np.zeros(9))
        whole = np.zeros(9)
        fraction, integer = np.modf(samples)
        first, second = np.modf(audio, out=(out, None))
        assert first is out
        assert isinstance(second, AudioSamples)
        assert_same_bits(first, fraction)
        assert_same_bits(second, integer)
        first, second = np.modf(audio, out=(None, whole))
        assert second is whole
        assert_same_bits(first, fraction)
        first, second = np.modf(audio, out=(audio, whole))
        assert first is audio
        assert_same_bits(audio, fraction)

    def test_where_chooses_the_samples_that_are_written(self) -> None:
        samples = samples_of("float32", (2, 9))
        for mask in (samples > 0, samples[0] > 0, True, False, np.array([[True], [False]])):
            out = make_audio(samples)
            wanted = np.multiply(samples, -3, out=samples.copy(), where=mask)
            assert np.multiply(out, -3, out=out, where=mask) is out
            assert_same_bits(out, wanted)

    def test_where_may_come_from_a_comparison_of_audio(self) -> None:
        samples = samples_of("float64")
        audio = make_audio(samples)
        np.negative(audio, out=audio, where=audio < 0)
        assert_same_bits(audio, np.where(samples < 0, -samples, samples))

    def test_arrays_change_in_place_by_audio_and_stay_arrays(self) -> None:
        audio, array = make_audio(samples_of("float32")), np.linspace(0, 1, 9)
        same, wanted = array, array * audio.to_numpy()
        array *= audio
        assert array is same
        assert type(array) is np.ndarray
        assert_same_bits(array, wanted)


class TestMethods:
    @pytest.mark.parametrize("dtype", [dtype.name for dtype in SAMPLE_TYPES])
    @pytest.mark.parametrize("name", ["add", "multiply", "maximum", "minimum"])
    def test_reduce_accumulate_reduceat_and_outer(self, name: str, dtype: str) -> None:
        ufunc = getattr(np, name)
        for shape in ((9,), (2, 9)):
            audio = make_audio(samples_of(dtype, shape))
            for axis in (0, -1, None):
                compare(ufunc.reduce, audio, axis=axis, shape=shape)
            compare(ufunc.reduce, audio, axis=-1, keepdims=True, shape=shape)
            compare(ufunc.reduce, audio, axis=-1, initial=5, shape=shape)
            compare(ufunc.reduce, audio, axis=-1, dtype=np.float64, shape=shape)
            compare(ufunc.reduce, audio, where=plain(audio) > 0, initial=1, shape=shape)
            compare(ufunc.accumulate, audio, axis=-1, shape=shape)
            compare(ufunc.accumulate, audio, axis=-1, dtype=np.float32, shape=shape)
            compare(ufunc.reduceat, audio, [0, 3, 5], axis=-1, shape=shape)
            compare(ufunc.outer, audio, np.arange(3, dtype=dtype), shape=shape)
            compare(ufunc.outer, np.arange(3, dtype=dtype), audio, shape=shape)
            compare(ufunc.outer, audio, 2, shape=shape)

    def test_reduce_and_accumulate_write_into_out(self) -> None:
        samples = samples_of("float64", (2, 9))
        audio = make_audio(samples)
        total = np.zeros(2)
        assert np.add.reduce(audio, axis=1, out=total) is total
        assert_same_bits(total, np.add.reduce(samples, axis=1))
        mixdown = make_audio(np.zeros(9))
        assert np.add.reduce(audio, axis=0, out=mixdown) is mixdown
        assert_same_bits(mixdown, samples.sum(axis=0))
        assert np.add.accumulate(audio, axis=1, out=audio) is audio
        assert_same_bits(audio, np.add.accumulate(samples, axis=1))

    def test_at_changes_the_shared_memory(self) -> None:
        samples = samples_of("float64")
        audio, wanted = make_audio(samples), samples.copy()
        view = audio.to_numpy()
        assert np.add.at(audio, [0, 3, 3], 10) is None
        np.add.at(wanted, [0, 3, 3], 10)
        assert_same_bits(view, wanted)
        assert np.negative.at(audio, np.array([1, 1, 2])) is None
        np.negative.at(wanted, np.array([1, 1, 2]))
        assert_same_bits(view, wanted)
        assert np.multiply.at(audio, slice(2, 5), make_audio(np.array([2.0, 3.0, 4.0]))) is None
        np.multiply.at(wanted, slice(2, 5), np.array([2.0, 3.0, 4.0]))
        assert_same_bits(view, wanted)

    def test_an_array_takes_audio_through_at(self) -> None:
        array = np.zeros(9)
        np.add.at(array, np.arange(9)[::-1], make_audio(samples_of("float64")))
        assert_same_bits(array, samples_of("float64")[::-1])

    def test_python_made_ufuncs_work(self) -> None:
        ufunc = np.frompyfunc(lambda left, right: float(left) + right, 2, 1)
        audio = make_audio(samples_of("float64"))
        got = ufunc(audio, 1.0)
        assert type(got) is np.ndarray
        assert got.astype(float).tolist() == (audio.to_numpy() + 1).tolist()


class Stranger:
    """A type of another library with answers of its own."""

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **named: Any) -> str:
        return f"{ufunc.__name__} {method} by the stranger"


class OptedOut:
    __array_ufunc__ = None

    def __radd__(self, other: Any) -> str:
        return "reflected"


class TestStrangers:
    @pytest.mark.parametrize("ufunc", [np.add, np.multiply, np.maximum])
    def test_a_stranger_gets_its_chance_on_either_side(self, ufunc: np.ufunc) -> None:
        audio = make_audio(samples_of("float64"))
        answer = f"{ufunc.__name__} __call__ by the stranger"
        assert ufunc(audio, Stranger()) == answer
        assert ufunc(Stranger(), audio) == answer

    def test_a_stranger_as_out_gets_its_chance(self) -> None:
        audio = make_audio(samples_of("float64"))
        assert np.add(audio, 1, out=Stranger()) == "add __call__ by the stranger"
        assert np.add(audio.to_numpy(), Stranger(), out=audio) == "add __call__ by the stranger"

    def test_a_type_that_opted_out_answers_operators_and_refuses_ufuncs(self) -> None:
        audio = make_audio(samples_of("float64"))
        assert audio + OptedOut() == "reflected"
        with pytest.raises(TypeError):
            np.add(audio, OptedOut())
        with pytest.raises(TypeError):
            audio += OptedOut()

    @pytest.mark.parametrize("operand", ["2", None, object(), {}, b"2"])
    def test_objects_without_an_answer_are_a_type_error(self, operand: Any) -> None:
        audio = make_audio(samples_of("float64"))
        with pytest.raises(TypeError):
            np.multiply(audio, operand)
        with pytest.raises(TypeError):
            np.multiply(operand, audio)

    def test_lists_stay_what_they_are_to_ufuncs(self) -> None:
        compare(np.add, make_audio(samples_of("float64")), [1.0] * 9, shape=(9,))
        compare(np.add, [1.0] * 9, make_audio(samples_of("float64")), shape=(9,))


class TestIntoAudio:
    """`np.add(a, b, out=audio)` takes the class's own loops, and gives NumPy's bits."""

    @pytest.mark.parametrize("name", ["add", "subtract", "multiply", "divide"])
    @pytest.mark.parametrize("own", SAMPLE_TYPES)
    @pytest.mark.parametrize("theirs", SAMPLE_TYPES)
    @pytest.mark.parametrize("target", ["float32", "float64"])
    def test_every_pair_of_types_on_both_sides(self, name, own, theirs, target):
        ufunc = getattr(np, name)
        left = np.arange(1, 21).astype(own).reshape(2, 10)
        right = (np.arange(20) % 7 + 2).astype(theirs).reshape(2, 10)
        audio, other = make_audio(left), make_audio(right)
        pairs = [(audio, right), (right, audio), (audio, other), (audio, right[0]), (other, audio)]
        for a, b in pairs:
            out = make_audio(np.zeros((2, 10), target))
            wanted = np.zeros((2, 10), target)
            ufunc(plain(a), plain(b), out=wanted)
            assert ufunc(a, b, out=out) is out
            assert_same_bits(out, wanted)

    @pytest.mark.parametrize("name", ["add", "subtract", "multiply", "divide"])
    @pytest.mark.parametrize("frames", [16, 6_000])
    @pytest.mark.parametrize("shift", [-3, 0, 1, 8])
    def test_an_output_that_overlaps_counts_as_it_was_before(self, name, frames, shift):
        ufunc = getattr(np, name)
        memory = np.random.default_rng(3).uniform(0.5, 2, frames + 10)
        ours = AudioSamples.new_mono(memory.copy(), RATE, copy=False)
        start, end = max(0, shift), min(frames, frames + shift)
        read, write = slice(start, end), slice(start - shift, end - shift)
        other = np.linspace(1, 2, end - start)
        ufunc(memory[read], other, out=memory[write])
        ufunc(ours[read], other, out=ours[write])
        assert_same_bits(ours, memory)
        ufunc(other, memory[read], out=memory[write])
        ufunc(other, ours[read], out=ours[write])
        assert_same_bits(ours, memory)

    def test_a_zero_in_a_divisor_gives_what_numpy_gives(self):
        divisor = np.array([1.0, 0.0, 2.0])
        audio, out = make_audio(np.array([1.0, -1.0, 1.0])), make_audio(np.zeros(3))
        with np.errstate(divide="ignore"):
            np.divide(audio, divisor, out=out)
        assert_same_bits(out, np.array([1.0, -np.inf, 0.5]))

    def test_what_does_not_fit_changes_no_sample(self):
        audio, out = make_audio(np.ones((2, 4))), make_audio(np.full((2, 4), 7.0))
        slow = AudioSamples.new_multi(np.ones((2, 4)), RATE // 2)
        integers = make_audio(np.zeros((2, 4), np.int16))
        with pytest.raises(SampleRateError):
            np.add(audio, slow, out=out)
        with pytest.raises(SampleRateError):
            np.add(audio, audio, out=slow)
        with pytest.raises(TypeError):
            np.add(audio, np.ones((2, 4)), out=integers)
        with pytest.raises(ValueError, match=r"shape|broadcast"):
            np.add(audio, np.ones((2, 4)), out=out[:3])
        with pytest.raises(ValueError, match="read-only"):
            np.add(audio, np.ones((2, 4)), out=out.as_readonly())
        for untouched, value in ((out, 7.0), (slow, 1.0), (integers, 0.0)):
            assert (untouched == value).all()
