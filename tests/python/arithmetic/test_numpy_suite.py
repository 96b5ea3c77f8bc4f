"""NumPy's own tests, from the installed wheel, run with audio in the place of its arrays.

`numpy.lib.tests.test_mixins` knows what an object with `__array_ufunc__` owes to the operators;
`numpy._core.tests.test_mem_overlap` knows how memory can overlap.
"""

import importlib
import itertools
import operator
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from arithmetic_oracle import SAMPLE_TYPES, assert_same_bits
from numpy._core._multiarray_tests import internal_overlap
from numpy.lib.tests import test_mixins as mixins
from signals import RATE, make_audio

from audio_samples import AudioSamples

DEFAULT_INTEGER = np.dtype(np.int64)
SYMBOLS: dict[str, tuple[Callable, Callable]] = {
    "+": (operator.iadd, np.add),
    "-": (operator.isub, np.subtract),
    "*": (operator.imul, np.multiply),
    "/": (operator.itruediv, np.divide),
}


# ---- operators: the suite of NDArrayOperatorsMixin


def audio_like(value: Any) -> Any:
    """The audio that stands for NumPy's `ArrayLike(value)`; what is no audio stays an array."""
    array = np.atleast_1d(np.asarray(value))
    if array.dtype == DEFAULT_INTEGER:
        array = array.astype(np.int32)  # the widest integer that is a sample type
    return make_audio(array) if array.dtype in SAMPLE_TYPES else array


def array_of_samples(value: Any, dtype: Any = None) -> np.ndarray:
    array = np.array(value, dtype)
    return array.astype(np.int32) if array.dtype == DEFAULT_INTEGER else array


def assert_same_kind_and_values(result: Any, expected: Any, err_msg: str = "") -> None:
    assert type(result) is type(expected), err_msg
    if isinstance(result, tuple):
        for one, other in zip(result, expected, strict=True):
            assert_same_kind_and_values(one, other, err_msg)
        return
    assert_same_bits(result, np.asarray(expected))


# Left out, and said here instead: `test_inplace` and `test_matmul` expect wrapped results where
# audio leaves the array what it is (own versions below), and `test_subclass` derives a class.
MIXIN_TESTS = [
    name
    for name in dir(mixins.TestNDArrayOperatorsMixin)
    if name.startswith("test_") and name not in ("test_inplace", "test_matmul", "test_subclass")
]


@pytest.mark.parametrize("name", MIXIN_TESTS)
def test_the_suite_of_array_likes_passes_with_audio(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    numpy = SimpleNamespace(**vars(np))
    numpy.array = array_of_samples
    monkeypatch.setattr(mixins, "np", numpy)
    monkeypatch.setattr(mixins, "ArrayLike", audio_like)
    monkeypatch.setattr(mixins, "_assert_equal_type_and_value", assert_same_kind_and_values)

    def wrap(result: Any) -> Any:
        return tuple(map(audio_like, result)) if type(result) is tuple else audio_like(result)

    # This one asks for the class itself, to wrap what arrays give.
    monkeypatch.setattr(mixins, "wrap_array_like", wrap)
    getattr(mixins.TestNDArrayOperatorsMixin(), name)()


def test_the_suite_of_array_likes_is_the_one_we_know() -> None:
    known = "array_like_add opt_out object unary_methods forward_binary_methods"
    known += " reflected_binary_methods ufunc_at ufunc_two_outputs"
    assert {f"test_{name}" for name in known.split()} <= set(MIXIN_TESTS)


def test_in_place_keeps_audio_audio_and_arrays_arrays() -> None:
    audio = audio_like([0])
    audio += 1
    assert_same_kind_and_values(audio, audio_like([1]))
    array = np.array([0], np.int32)
    array += audio_like(1)
    assert_same_kind_and_values(array, np.array([1], np.int32))


def test_matrix_products_give_what_they_give_for_arrays() -> None:
    array = np.array([1, 2], dtype=np.float64)
    audio = audio_like(array)
    for result in (np.matmul(audio, array), audio @ array, array @ audio):
        assert_same_kind_and_values(result, np.float64(5))


# ---- memory overlap


@pytest.fixture(scope="module")
def overlap(pytestconfig: pytest.Config) -> ModuleType:
    # The module marks tests with a word of NumPy's own, which has to be known before the import.
    pytestconfig.addinivalue_line("markers", "slow: a slow test of NumPy's suite")
    return importlib.import_module("numpy._core.tests.test_mem_overlap")


def random_pairs(
    overlap: ModuleType, samples: np.ndarray, *, equal_size: bool
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """NumPy's pairs of overlapping views, less those that reach a sample of `b` twice."""
    pairs = overlap.iter_random_view_pairs(
        samples, same_steps=not equal_size, equal_size=equal_size
    )
    return ((a, b) for a, b in pairs if not internal_overlap(b))


def adopted(array: np.ndarray) -> Any:
    """Audio on the memory of an array of one or two axes that reaches each sample once."""
    if array.ndim not in (1, 2) or internal_overlap(array):
        return array
    if array.ndim == 1:
        return AudioSamples.new_mono(array, RATE, copy=False)
    return AudioSamples.new_multi(array.T, RATE, layout="frames_first", copy=False)


@pytest.fixture
def overlap_on_audio(overlap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let NumPy's overlap tests draw audio for the views chosen by `sides`."""
    original = overlap.iter_random_view_pairs

    def install(sides: str) -> None:
        def pairs(samples: np.ndarray, **how: Any) -> Iterator[tuple]:
            for a, b in original(samples, **how):
                yield (adopted(a) if "a" in sides else a), (adopted(b) if "b" in sides else b)

        monkeypatch.setattr(overlap, "iter_random_view_pairs", pairs)

    return install


@pytest.mark.parametrize("sides", ["a", "b", "ab"])
@pytest.mark.parametrize("ufunc", [np.invert, np.negative, np.square, np.absolute])
def test_unary_ufuncs_on_overlapping_audio(
    ufunc: np.ufunc, sides: str, overlap: ModuleType, overlap_on_audio: Callable[..., None]
) -> None:
    overlap_on_audio(sides)
    overlap.TestUFunc().check_unary_fuzz(ufunc, None, np.int16, count=600)


@pytest.mark.parametrize("name", ["accumulate", "reduce", "reduceat"])
def test_reductions_of_audio_into_overlapping_arrays(
    name: str, overlap: ModuleType, overlap_on_audio: Callable[..., None]
) -> None:
    overlap_on_audio("a")
    getattr(overlap.TestUFunc(), f"test_binary_ufunc_{name}_fuzz")()


@pytest.mark.parametrize("shape", [(60,), (7, 13)], ids=["mono", "multi"])
@pytest.mark.parametrize("dtype", [dtype.name for dtype in SAMPLE_TYPES])
@pytest.mark.parametrize("symbol", SYMBOLS)
def test_in_place_operators_are_copy_equivalent(
    symbol: str, dtype: str, shape: tuple[int, ...], overlap: ModuleType
) -> None:
    in_place, ufunc = SYMBOLS[symbol]
    if symbol == "/" and dtype.startswith("int"):
        dtype = {"int16": "float32", "int32": "float64"}[dtype]
    samples = np.random.RandomState(1234).randint(1, 99, size=shape).astype(dtype)
    original, seen = samples.copy(), 0
    for a, b in itertools.islice(random_pairs(overlap, samples, equal_size=True), 600):
        for operand in (a, adopted(a)):
            samples[...] = original
            expected = ufunc(b.copy(), a.copy())
            b[...] = expected
            everything = samples.copy()
            samples[...] = original
            audio = adopted(b)
            assert in_place(audio, operand) is audio
            assert_same_bits(samples, everything)
        seen += bool(np.shares_memory(a, b))
    assert seen > 100


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_ufuncs_into_overlapping_audio_are_copy_equivalent(
    symbol: str, overlap: ModuleType
) -> None:
    ufunc = SYMBOLS[symbol][1]
    for shape in ((60,), (7, 13)):
        samples = np.random.RandomState(1234).randint(1, 99, size=shape).astype(np.float64)
        original = samples.copy()
        for a, b in itertools.islice(random_pairs(overlap, samples, equal_size=True), 200):
            samples[...] = original
            overlap.assert_copy_equivalent(ufunc, [adopted(a), a], out=adopted(b))
            samples[...] = original
            overlap.assert_copy_equivalent(ufunc, [adopted(a), adopted(b)], out=adopted(b))
            samples[...] = original
            overlap.assert_copy_equivalent(ufunc, [a, b], out=adopted(b))


@pytest.mark.parametrize("dtype", [dtype.name for dtype in SAMPLE_TYPES])
def test_three_overlapping_audio_in_every_order_of_dependence(dtype: str) -> None:
    count, shift = 1000, 10
    indices = []
    for step in (1, 2):
        indices += [
            np.s_[: step * count : step],
            np.s_[shift : shift + step * count : step],
            np.s_[step * count - 1 :: -step],
            np.s_[shift + step * count - 1 : shift - 1 : -step],
        ]
    values = (np.arange(6 * count) % 1009).astype(dtype)
    for left, right, target in itertools.product(indices, indices, indices):
        samples = values.copy()
        for x, y in (
            (samples[left], samples[right]),
            (samples[left][:1], samples[right]),
            (samples[left], samples[right][-1:]),
            (samples[left], samples[right][-1:].reshape(())),
        ):
            samples[...] = values
            z = samples[target]
            expected = np.add(x, y, out=z.copy())
            np.add(adopted(x), adopted(y), out=adopted(z))
            assert_same_bits(z, expected)


def test_overlapping_assignments_through_audio(overlap: ModuleType) -> None:
    samples = np.arange(np.prod(overlap.shape), dtype=np.int32).reshape(overlap.shape)
    for pair in overlap._indices(overlap.ndims):
        source, target = tuple(zip(*pair, strict=True))
        audio, expected = make_audio(samples), samples.copy()
        expected[target] = samples[source]
        audio[target] = audio[source]
        assert_same_bits(audio, expected)


def test_sharing_of_memory_is_judged_as_for_arrays(overlap: ModuleType) -> None:
    samples = np.zeros((17, 34), np.int16)
    for a, b in itertools.islice(random_pairs(overlap, samples, equal_size=False), 300):
        shared = np.shares_memory(a, b)
        assert np.shares_memory(adopted(a), adopted(b)) == shared
        assert np.may_share_memory(adopted(a), b) == np.may_share_memory(a, b)


def test_audio_larger_than_the_buffer_of_numpy_plus_its_transpose() -> None:
    samples = np.random.RandomState(1234).rand(200, 200)
    audio = AudioSamples.new_multi(samples, RATE, layout="frames_first", copy=False)
    audio += audio.to_numpy().T
    assert_same_bits(samples - samples.T, np.zeros((200, 200)))
