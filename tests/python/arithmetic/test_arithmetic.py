"""The rules of arithmetic one by one: what comes back, what is refused, and in which words."""

import operator
import re
from typing import Any

import numpy as np
import pytest
from arithmetic_oracle import (
    FORWARD,
    IN_PLACE,
    NUMERIC_TYPES,
    SAMPLE_TYPES,
    assert_operator,
    assert_same_bits,
    expected,
)
from signals import RATE, make_audio, mono

from audio_samples import AudioSamples, SampleRateError

# One size for each way an operation may be carried out: bytes, vectors with a tail, threads.
SIZES = [0, 1, 5, 64, 1000, 4099, 70_001, (1 << 21) + 3]
NAMES = [dtype.name for dtype in SAMPLE_TYPES]
COMPARISONS = [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge]


def stereo(frames: int = 5, dtype: Any = np.float64, rate: int = RATE) -> AudioSamples:
    return AudioSamples.new_multi(waves((2, frames), dtype), rate)


def waves(shape: tuple[int, ...], dtype: Any, seed: int = 7) -> np.ndarray:
    """Samples that are never zero and fill the range of their type."""
    values = np.random.default_rng(seed).uniform(0.01, 1, shape)
    values *= np.random.default_rng(seed + 1).choice([-1, 1], shape)
    top = np.iinfo(dtype).max if np.dtype(dtype).kind == "i" else 1
    return (values * top).astype(dtype)


class TestBits:
    """The dtype and the bits are those of NumPy."""

    @pytest.mark.parametrize("size", SIZES)
    @pytest.mark.parametrize("own", NAMES)
    def test_every_pair_of_types_at_every_size(self, own: str, size: int) -> None:
        others = NAMES if size < 1 << 20 else [own, "float64"]
        samples = waves((size,), own)
        for other in others:
            operand = waves((size,), other, seed=11)
            for symbol in FORWARD:
                for form in ("forward", "in place"):
                    audio = make_audio(samples)
                    outcome = expected(symbol, form, samples, operand)
                    assert_operator(symbol, form, audio, operand, outcome)
                assert_operator(
                    symbol, "forward", make_audio(samples), make_audio(operand),
                    expected(symbol, "forward", samples, operand),
                )  # fmt: skip

    @pytest.mark.parametrize("size", SIZES)
    @pytest.mark.parametrize("own", NAMES)
    def test_scalars_at_every_size(self, own: str, size: int) -> None:
        samples = waves((size,), own)
        scalars = [3, True, 0.7, np.float32(0.7), np.float64(0.7), np.int16(-3), np.array(0.7)]
        for scalar in scalars:
            for symbol in FORWARD:
                for form in ("forward", "reflected", "in place"):
                    outcome = expected(symbol, form, samples, scalar)
                    assert_operator(symbol, form, make_audio(samples), scalar, outcome)

    @pytest.mark.parametrize("own", NAMES)
    @pytest.mark.parametrize("other", [dtype.char for dtype in NUMERIC_TYPES])
    def test_every_numeric_type_of_numpy_as_array_scalar_and_zero_dimensional_array(
        self, own: str, other: str
    ) -> None:
        samples = waves((9,), own)
        array = np.arange(1, 10).astype(other)
        swapped = array.astype(array.dtype.newbyteorder())
        for operand in (array, array[2], np.array(array[2]), swapped):
            for symbol in FORWARD:
                for form in ("forward", "reflected", "in place"):
                    outcome = expected(symbol, form, samples, operand)
                    assert_operator(symbol, form, make_audio(samples), operand, outcome)

    @pytest.mark.parametrize("own", NAMES)
    @pytest.mark.parametrize("edge", [2**15, 2**16, 2**31, 2**32, 2**63, 2**64, 10**40, 10**400])
    def test_python_integers_in_and_out_of_range(self, own: str, edge: int) -> None:
        samples = waves((9,), own)
        for scalar in (edge, edge - 1, edge + 1, -edge, -edge - 1, 1 - edge):
            for symbol in FORWARD:
                for form in ("forward", "reflected", "in place"):
                    outcome = expected(symbol, form, samples, scalar)
                    assert_operator(symbol, form, make_audio(samples), scalar, outcome)

    @pytest.mark.parametrize("own", ["float32", "float64"])
    def test_nan_infinities_denormals_and_negative_zero(self, own: str) -> None:
        limits = np.finfo(own)
        edges = [0.0, np.inf, np.nan, limits.smallest_subnormal, limits.smallest_normal, limits.max]
        edges = np.array([*edges, 1.0, 0.5], own)
        edges = np.concatenate([edges, -edges])
        left, right = np.repeat(edges, edges.size), np.tile(edges, edges.size)
        for symbol in "+-*":
            for form in ("forward", "in place"):
                outcome = expected(symbol, form, left, right)
                assert_operator(symbol, form, make_audio(left), right, outcome)
        divisors = np.where(right == 0, 3, right).astype(own)
        outcome = expected("/", "forward", left, divisors)
        assert_operator("/", "forward", make_audio(left), divisors, outcome)

    def test_python_scalars_are_weak_and_numpy_scalars_are_not(self) -> None:
        audio = mono([1, 2], np.float32)
        assert (audio * 0.5).dtype == np.float32
        assert (audio * np.float64(0.5)).dtype == np.float64
        assert (mono([1, 2], np.int16) * 0.5).dtype == np.float64
        assert (mono([1, 2], np.int16) * 3).dtype == np.int16

    def test_integers_wrap(self) -> None:
        assert_same_bits(mono([30_000], np.int16) + 10_000, np.array([-25_536], np.int16))

    @pytest.mark.parametrize("symbol", FORWARD)
    def test_audio_stands_on_either_side_of_arrays_and_scalars(self, symbol: str) -> None:
        audio, samples = stereo(), waves((2, 5), np.float64)
        for operand in (samples + 3, samples[0] + 3, 3, 0.5, True, np.float32(3), np.array(3.0)):
            left, right = FORWARD[symbol](operand, audio), FORWARD[symbol](audio, operand)
            assert isinstance(left, AudioSamples)
            assert isinstance(right, AudioSamples)
            assert_same_bits(left, FORWARD[symbol](operand, samples))
            assert_same_bits(right, FORWARD[symbol](samples, operand))


class TestResult:
    """Audio comes back, with its rate, or an error."""

    @pytest.mark.parametrize("symbol", FORWARD)
    def test_the_rate_is_kept(self, symbol: str) -> None:
        audio = mono([1, 2, 3], rate=22_050)
        for operand in (2, 0.5, np.float32(2), np.array([1, 2, 3]), audio):
            assert FORWARD[symbol](audio, operand).sample_rate == 22_050
        assert FORWARD[symbol](2, audio).sample_rate == 22_050
        assert FORWARD[symbol](np.array([1, 2, 3]), audio).sample_rate == 22_050

    @pytest.mark.parametrize("symbol", FORWARD)
    def test_the_result_is_memory_of_its_own_and_leaves_the_operands_alone(
        self, symbol: str
    ) -> None:
        audio, operand = mono([1, 2, 3]), np.array([4.0, 5.0, 6.0])
        result = FORWARD[symbol](audio, operand)
        assert not np.shares_memory(result.to_numpy(), audio.to_numpy())
        assert not np.shares_memory(result.to_numpy(), operand)
        result *= 0
        assert_same_bits(audio, np.array([1.0, 2.0, 3.0]))
        assert_same_bits(operand, np.array([4.0, 5.0, 6.0]))

    @pytest.mark.parametrize(
        ("symbol", "other"),
        [(symbol, other) for symbol in "+-*" for other in ("int64", "uint32")]
        + [(symbol, other) for symbol in FORWARD for other in ("longdouble", "F", "D")],
    )
    def test_a_result_that_is_no_sample_type_says_what_to_cast(
        self, symbol: str, other: str
    ) -> None:
        operand = np.array([1, 2, 3], other)
        audio = mono([1, 2, 3], np.int16)
        with pytest.raises(TypeError, match="astype") as caught:
            FORWARD[symbol](audio, operand)
        result_type = FORWARD[symbol](audio.to_numpy(), operand).dtype
        assert result_type.name in str(caught.value)

    def test_python_complex_numbers_give_no_audio(self) -> None:
        with pytest.raises(TypeError):
            mono([1.0]) * 1j
        with pytest.raises(TypeError):
            1j + mono([1.0])

    @pytest.mark.parametrize("compare", COMPARISONS)
    def test_comparisons_give_boolean_arrays(self, compare: Any) -> None:
        samples = np.array([[1.0, np.nan, 3.0], [-1.0, 2.0, 0.0]])
        audio = AudioSamples.new_multi(samples, RATE)
        for operand in (1.0, np.float32(2), samples[0], samples[::-1], samples[:, :1]):
            for got in (compare(audio, operand), ~compare(operand, audio)):
                assert type(got) is np.ndarray
                assert got.dtype == bool
            assert np.array_equal(compare(audio, operand), compare(samples, operand))
            assert np.array_equal(compare(operand, audio), compare(operand, samples))
        both = compare(audio, audio.copy())
        assert type(both) is np.ndarray
        assert np.array_equal(both, compare(samples, samples))


class TestShapes:
    """The result has the audio's own shape."""

    @pytest.mark.parametrize("form", [FORWARD, IN_PLACE], ids=["forward", "in place"])
    @pytest.mark.parametrize("shape", [(), (1,), (5,), (2, 1), (2, 5)])
    def test_operands_broadcast_into_multi_channel_audio(self, shape: tuple, form: dict) -> None:
        samples, operand = waves((2, 5), np.float64), waves(shape, np.float64, 3)
        for symbol in FORWARD:
            got = form[symbol](make_audio(samples), operand)
            assert got.shape == (2, 5)
            assert_same_bits(got, FORWARD[symbol](samples, operand))

    @pytest.mark.parametrize("form", [FORWARD, IN_PLACE], ids=["forward", "in place"])
    @pytest.mark.parametrize(
        ("own", "other"),
        [
            *(((5,), other) for other in ((4,), (2, 5), (5, 1), (0,))),
            *(((2, 5), other) for other in ((4,), (2,), (3, 5), (3, 1), (3, 2, 5), (0,))),
            *[((1,), (5,)), ((2, 1), (2, 5)), ((2, 1), (5,)), ((1, 5), (2, 5))],
        ],
    )
    def test_other_shapes_are_refused_with_both_in_the_message(
        self, own: tuple, other: tuple, form: dict
    ) -> None:
        samples = waves(own, np.float64)
        for symbol in FORWARD:
            audio = make_audio(samples)
            with pytest.raises(ValueError, match=re.escape(str(own))) as caught:
                form[symbol](audio, np.ones(other))
            assert not isinstance(caught.value, SampleRateError)
            assert str(other) in str(caught.value)
            assert_same_bits(audio, samples)

    @pytest.mark.parametrize("symbol", FORWARD)
    def test_mono_audio_meets_multi_channel_audio(self, symbol: str) -> None:
        one, two = waves((5,), np.float64), waves((2, 5), np.float64, 3)
        for left, right in ((two, one), (one, two)):
            got = FORWARD[symbol](make_audio(left), make_audio(right))
            assert_same_bits(got, FORWARD[symbol](left, right))
        audio = make_audio(two)
        audio = IN_PLACE[symbol](audio, make_audio(one))
        assert_same_bits(audio, FORWARD[symbol](two, one))
        audio = make_audio(one)
        with pytest.raises(ValueError, match=re.escape("(2, 5)")):
            IN_PLACE[symbol](audio, make_audio(two))
        assert_same_bits(audio, one)

    @pytest.mark.parametrize("symbol", FORWARD)
    def test_audio_of_different_lengths_is_refused(self, symbol: str) -> None:
        with pytest.raises(ValueError, match=r"5.*4"):
            FORWARD[symbol](stereo(5), stereo(4))

    def test_empty_audio_takes_what_broadcasts_into_nothing(self) -> None:
        empty = mono([], np.float32)
        for operand in (2, 2.5, np.float32(2), np.ones(1, np.float32), np.ones(0), empty):
            for symbol in FORWARD:
                outcome = expected(symbol, "forward", empty.to_numpy(), operand)
                assert_operator(symbol, "forward", empty, operand, outcome)

    def test_gains_for_each_channel_and_one_curve_for_all(self) -> None:
        samples = waves((2, 5), np.float64)
        audio = make_audio(samples)
        left, right = np.linspace(0, 1, 5), np.linspace(1, 0, 5)
        assert_same_bits(audio * np.vstack([left, right]), samples * np.vstack([left, right]))
        assert_same_bits(audio * np.array([[0.5], [2]]), samples * np.array([[0.5], [2]]))
        audio *= left
        assert_same_bits(audio, samples * left)


class TestSampleRates:
    @pytest.mark.parametrize("form", [FORWARD, IN_PLACE], ids=["forward", "in place"])
    @pytest.mark.parametrize("symbol", FORWARD)
    def test_two_rates_never_mix(self, symbol: str, form: dict) -> None:
        audio, other = mono([1, 2], rate=44_100), mono([3, 4], rate=48_000)
        with pytest.raises(SampleRateError, match="resample") as caught:
            form[symbol](audio, other)
        assert isinstance(caught.value, ValueError)
        assert "44100" in str(caught.value)
        assert "48000" in str(caught.value)
        assert_same_bits(audio, np.array([1.0, 2.0]))

    def test_two_rates_never_mix_in_a_ufunc(self) -> None:
        with pytest.raises(SampleRateError, match="resample"):
            np.add(mono([1, 2], rate=44_100), mono([3, 4], rate=48_000))


class TestDivision:
    @pytest.mark.parametrize("own", NAMES)
    @pytest.mark.parametrize(
        "zero",
        [0, 0.0, -0.0, False, np.float32(0), np.int16(0), np.float64(-0.0), np.array(0),
         np.bool(0)],
        ids=lambda zero: f"{type(zero).__name__} {zero!r}",
    )  # fmt: skip
    def test_a_scalar_zero_is_refused(self, own: str, zero: Any) -> None:
        audio = mono([1, 2, 3], own)
        with pytest.raises(ZeroDivisionError):
            audio / zero
        # In place on integers the type is at fault as well, and either may be named.
        with pytest.raises((ZeroDivisionError, TypeError)):
            audio /= zero
        assert_same_bits(audio, np.array([1, 2, 3], own))

    @pytest.mark.parametrize("size", [1, 5, 64, 1000, 70_001, 3_000_001])
    @pytest.mark.parametrize("other", ["int16", "float32", "float64", "float16", "uint8"])
    @pytest.mark.parametrize("place", ["first", "middle", "last"])
    def test_one_zero_anywhere_in_the_divisor_is_found_before_the_first_write(
        self, size: int, other: str, place: str
    ) -> None:
        divisor = np.full(size, 2, other)
        divisor[{"first": 0, "middle": size // 2, "last": size - 1}[place]] = 0
        samples = waves((size,), np.float64)
        audio = make_audio(samples)
        with pytest.raises(ZeroDivisionError):
            audio / divisor
        with pytest.raises(ZeroDivisionError):
            audio /= divisor
        with pytest.raises(ZeroDivisionError):
            audio /= divisor[::-1]
        assert_same_bits(audio, samples)

    def test_a_zero_in_a_broadcast_divisor_is_found(self) -> None:
        audio = stereo()
        before = audio.to_numpy(copy=True)
        arrays = np.array([1, 2, 0, 4, 5]), np.array([[1.0], [0.0]]), np.array([0])
        for divisor in (*arrays, mono([1, 0, 1, 1, 1])):
            with pytest.raises(ZeroDivisionError):
                audio / divisor
            with pytest.raises(ZeroDivisionError):
                audio /= divisor
        assert_same_bits(audio, before)

    def test_silent_samples_cannot_divide(self) -> None:
        silent, whole = mono([1, 0, 2]), mono([1, 0, 2], np.int16)
        for left, right in ((1.0, silent), (1, whole), (mono([1, 2, 3]), silent)):
            with pytest.raises(ZeroDivisionError):
                left / right
        audio = mono([1, 0, 2])
        with pytest.raises(ZeroDivisionError):
            audio /= audio
        assert_same_bits(audio, np.array([1.0, 0.0, 2.0]))

    def test_denormals_infinities_and_nan_are_no_zeros(self) -> None:
        divisors = np.array([5e-324, -5e-324, np.inf, -np.inf, np.nan])
        with np.errstate(over="ignore"):
            wanted = np.ones(5) / divisors
            assert_same_bits(mono(np.ones(5)) / divisors, wanted)
            audio = mono(np.ones(5))
            audio /= divisors
        assert_same_bits(audio, wanted)

    def test_the_ufunc_keeps_inf_and_nan_for_callers_that_want_them(self) -> None:
        samples = np.array([1.0, 0.0, -1.0])
        with np.errstate(all="ignore"):
            for zero in (0, 0.0, -0.0, np.zeros(3), np.array([1, 0, 1])):
                assert_same_bits(np.divide(mono(samples), zero), np.divide(samples, zero))


class TestInPlace:
    @pytest.mark.parametrize("symbol", IN_PLACE)
    def test_the_object_the_address_and_every_view_stay(self, symbol: str) -> None:
        audio = mono([1, 2, 3])
        same, view, part = audio, audio.to_numpy(), audio[1:]
        address = view.__array_interface__["data"][0]
        audio = IN_PLACE[symbol](audio, np.array([2.0, 4.0, 8.0]))
        assert audio is same
        assert audio.to_numpy().__array_interface__["data"][0] == address
        wanted = FORWARD[symbol](np.array([1.0, 2, 3]), np.array([2.0, 4, 8]))
        assert_same_bits(view, wanted)
        assert_same_bits(part, wanted[1:])

    @pytest.mark.parametrize("symbol", IN_PLACE)
    @pytest.mark.parametrize(
        "operand", [0.5, np.float32(0.5), np.array([0.5, 1, 2]), mono([0.5, 1, 2])]
    )
    def test_integers_take_no_fractions_and_the_way_out_is_named(
        self, symbol: str, operand: Any
    ) -> None:
        audio = mono([10, 20, 30], np.int16)
        with pytest.raises(TypeError, match=r"astype|convert") as caught:
            IN_PLACE[symbol](audio, operand)
        assert "int16" in str(caught.value)
        assert_same_bits(audio, np.array([10, 20, 30], np.int16))

    def test_division_in_place_needs_floats(self) -> None:
        audio = mono([10, 20], np.int32)
        with pytest.raises(TypeError, match="int32"):
            audio /= 2
        assert_same_bits(audio, np.array([10, 20], np.int32))

    def test_float32_computes_in_float64_and_rounds_once(self) -> None:
        samples = np.random.default_rng(5).standard_normal(4099).astype(np.float32)
        gain = np.random.default_rng(6).standard_normal(4099)
        for symbol in FORWARD:
            audio = make_audio(samples)
            audio = IN_PLACE[symbol](audio, gain)
            assert_same_bits(audio, FORWARD[symbol](samples, gain).astype(np.float32))

    def test_narrow_integers_take_wide_ones_and_wrap(self) -> None:
        audio = mono([1, 2, 3], np.int16)
        audio += np.array([70_000, -70_000, 2**40], np.int64)
        assert_same_bits(audio, (np.array([70_001, -69_998, 2**40 + 3])).astype(np.int16))

    @pytest.mark.parametrize("symbol", IN_PLACE)
    def test_read_only_audio_is_not_written(self, symbol: str) -> None:
        samples = np.array([1.0, 2.0, 3.0])
        samples.flags.writeable = False
        audio = AudioSamples.new_mono(samples, RATE, copy=False)
        with pytest.raises((ValueError, BufferError), match=r"read-?\s?only"):
            IN_PLACE[symbol](audio, 2)
        assert_same_bits(audio, np.array([1.0, 2.0, 3.0]))
        assert_same_bits(FORWARD[symbol](audio, 2), FORWARD[symbol](samples, 2))

    def test_parts_are_changed_through_indexing(self) -> None:
        samples = waves((2, 9), np.float64)
        audio, wanted = make_audio(samples), samples.copy()
        fade = np.linspace(1, 0, 4)
        audio[-4:] *= fade
        wanted[:, -4:] *= fade
        audio[0, 2:5] += 1
        wanted[0, 2:5] += 1
        audio[::2] -= audio[::-2]
        wanted[:, ::2] -= wanted[:, ::-2].copy()
        assert_same_bits(audio, wanted)
