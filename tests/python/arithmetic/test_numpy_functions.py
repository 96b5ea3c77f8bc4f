"""NumPy's functions that are no ufuncs: audio is as good an argument as the array is."""

import bisect
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from arithmetic_oracle import assert_same_bits
from signals import make_audio

from audio_samples import AudioSamples


def one_channel(samples: Any) -> Any:
    return samples[0, :] if np.ndim(samples) == 2 else samples


HALF = np.linspace(0.5, 1, 8)
READING: dict[str, Callable[[Any], Any]] = {
    # statistics
    "mean": np.mean,
    "mean over time": lambda x: np.mean(x, axis=-1),
    "mean kept": lambda x: np.mean(x, axis=-1, keepdims=True),
    "mean in float64": lambda x: np.mean(x, dtype=np.float64),
    "sum": np.sum,
    "sum over time": lambda x: np.sum(x, axis=-1, dtype=np.float64),
    "prod": np.prod,
    "max": np.max,
    "max over time": lambda x: np.max(x, axis=-1),
    "min": np.min,
    "min with initial": lambda x: np.min(x, initial=-3),
    "ptp": np.ptp,
    "std": np.std,
    "std unbiased": lambda x: np.std(x, axis=-1, ddof=1),
    "var": np.var,
    "median": np.median,
    "average": lambda x: np.average(x, axis=-1),
    "percentile": lambda x: np.percentile(x, [5, 50, 95]),
    "quantile": lambda x: np.quantile(x, 0.25, axis=-1),
    "nanmean": np.nanmean,
    "nanmax": np.nanmax,
    "histogram": lambda x: np.histogram(x, bins=4),
    "bincount": lambda x: np.bincount(np.abs(np.ravel(x)).astype(int)),
    "digitize": lambda x: np.digitize(x, [-1, 0, 1]),
    "corrcoef": lambda x: np.corrcoef(x, np.square(x)),
    "cov": lambda x: np.cov(np.atleast_2d(x)),
    "count_nonzero": np.count_nonzero,
    "any": np.any,
    "all": np.all,
    "argmax": np.argmax,
    "argmin over time": lambda x: np.argmin(x, axis=-1),
    "nonzero": np.nonzero,
    "flatnonzero": np.flatnonzero,
    "argwhere": np.argwhere,
    # rounding and clipping
    "clip": lambda x: np.clip(x, -1, 1),
    "clip by keyword": lambda x: np.clip(x, a_min=-1, a_max=None),
    "round": lambda x: np.round(x, 1),
    "around": np.around,
    "fix": np.fix if np.lib.NumpyVersion(np.__version__) < "2.5.0" else np.trunc,
    "nan_to_num": np.nan_to_num,
    "real": np.real,
    "imag": np.imag,
    "angle": np.angle,
    "real_if_close": np.real_if_close,
    "iscomplexobj": np.iscomplexobj,
    "isclose": lambda x: np.isclose(x, x),
    "allclose": lambda x: np.allclose(x, x),
    "array_equal": lambda x: np.array_equal(x, x),
    "array_equiv": lambda x: np.array_equiv(x, x),
    "isin": lambda x: np.isin(x, [1, 2]),
    # sums along time
    "cumsum": lambda x: np.cumsum(x, axis=-1),
    "cumprod": lambda x: np.cumprod(x, axis=-1),
    "nancumsum": lambda x: np.nancumsum(x, axis=-1),
    "diff": lambda x: np.diff(x, axis=-1),
    "ediff1d": np.ediff1d,
    "gradient": lambda x: np.gradient(x, axis=-1),
    "trapezoid": lambda x: np.trapezoid(x, axis=-1),
    # joining and cutting
    "concatenate": lambda x: np.concatenate([x, x], axis=-1),
    "concatenate with an array": lambda x: np.concatenate([np.zeros_like(x), x], axis=-1),
    "stack": lambda x: np.stack([x, x]),
    "vstack": lambda x: np.vstack([x, x]),
    "hstack": lambda x: np.hstack([x, x]),
    "dstack": lambda x: np.dstack([x, x]),
    "column_stack": lambda x: np.column_stack([x, x]),
    "block": lambda x: np.block([x, x]),
    "append": lambda x: np.append(x, x),
    "insert": lambda x: np.insert(x, 2, 7, axis=-1),
    "delete": lambda x: np.delete(x, [0, 2], axis=-1),
    "split": lambda x: np.split(x, 2, axis=-1),
    "array_split": lambda x: np.array_split(x, 3, axis=-1),
    "pad": lambda x: np.pad(x, 2),
    "pad by reflection": lambda x: np.pad(x, 2, mode="reflect"),
    "roll": lambda x: np.roll(x, 3, axis=-1),
    "flip": lambda x: np.flip(x, axis=-1),
    "tile": lambda x: np.tile(x, 2),
    "repeat": lambda x: np.repeat(x, 2, axis=-1),
    "resize": lambda x: np.resize(x, 5),
    "trim_zeros": lambda x: np.trim_zeros(np.ravel(x)),
    "unique": np.unique,
    "unique with counts": lambda x: np.unique(x, return_counts=True),
    # shapes
    "ravel": np.ravel,
    "reshape": lambda x: np.reshape(x, (-1, 2)),
    "transpose": np.transpose,
    "swapaxes": lambda x: np.swapaxes(x, 0, -1),
    "moveaxis": lambda x: np.moveaxis(x, 0, -1),
    "squeeze": np.squeeze,
    "expand_dims": lambda x: np.expand_dims(x, 0),
    "broadcast_to": lambda x: np.broadcast_to(x, (3, *np.shape(x))),
    "atleast_1d": np.atleast_1d,
    "atleast_3d": np.atleast_3d,
    "shape": np.shape,
    "ndim": np.ndim,
    "size": np.size,
    "size of an axis": lambda x: np.size(x, -1),
    # selection and order
    "where": lambda x: np.where(np.asarray(x) > 0, x, 0),
    "where as condition": lambda x: np.where(x, 1, 2),
    "select": lambda x: np.select([np.asarray(x) > 1, np.asarray(x) < 0], [x, x], 0),
    "choose": lambda x: np.choose(np.zeros(np.shape(x), int), [x, x]),
    "take": lambda x: np.take(x, [0, 2, 1], axis=-1),
    "take_along_axis": lambda x: np.take_along_axis(x, np.argsort(x, axis=-1), axis=-1),
    "compress": lambda x: np.compress([True, False, True], x, axis=-1),
    "extract": lambda x: np.extract(np.asarray(x) > 0, x),
    "diag": np.diag,
    "sort": lambda x: np.sort(x, axis=-1),
    "argsort": lambda x: np.argsort(x, axis=-1),
    "partition": lambda x: np.partition(x, 2, axis=-1),
    "searchsorted": lambda x: np.searchsorted(np.array([-1.0, 0, 1]), x),
    "lexsort": lambda x: np.lexsort((np.ravel(x), np.ravel(x))),
    # signal processing and linear algebra
    "rfft": np.fft.rfft,
    "fft": lambda x: np.fft.fft(x, n=16),
    "fftshift": np.fft.fftshift,
    "ifft": np.fft.ifft,
    "convolve": lambda x: np.convolve(np.ravel(x), HALF),
    "convolve with audio": lambda x: np.convolve(HALF, one_channel(x)),
    "correlate": lambda x: np.correlate(np.ravel(x), HALF, "full"),
    "interp": lambda x: np.interp([0.5, 1.5], np.arange(8), one_channel(x)),
    "interp at audio": lambda x: np.interp(x, [-1, 0, 1], [0, 1, 2]),
    "sliding windows": lambda x: np.lib.stride_tricks.sliding_window_view(x, 3, axis=-1),
    "dot": lambda x: np.dot(x, HALF),
    "inner": lambda x: np.inner(x, x),
    "outer": lambda x: np.outer(x, HALF),
    "vdot": lambda x: np.vdot(x, x),
    "tensordot": lambda x: np.tensordot(x, x, axes=([-1], [-1])),
    "einsum": lambda x: np.einsum("...t,t->...", x, HALF),
    "kron": lambda x: np.kron(x, [1, 2]),
    "cross": lambda x: np.cross(np.ravel(x)[:3], [1, 2, 3]),
    "norm": np.linalg.norm,
    "svd": lambda x: np.linalg.svd(np.atleast_2d(x), compute_uv=False),
    "polyfit": lambda x: np.polyfit(np.arange(8), np.transpose(x), 1),
    "polyval": lambda x: np.polyval([1, 2, 3], x),
    "unwrap": np.unwrap,
    "sinc": np.sinc,
    "i0": np.i0,
    "piecewise": lambda x: np.piecewise(np.asarray(x), [np.asarray(x) < 0], [0, 1]),
    "apply_along_axis": lambda x: np.apply_along_axis(np.sum, -1, x),
    "vectorize": lambda x: np.vectorize(float)(x),
    # making arrays
    "array": np.array,
    "asarray": np.asarray,
    "asanyarray": np.asanyarray,
    "ascontiguousarray": np.ascontiguousarray,
    "asfortranarray": np.asfortranarray,
    "asarray of a type": lambda x: np.asarray(x, dtype=np.complex128),
    "require": lambda x: np.require(x, requirements="C"),
    "copy": np.copy,
    "zeros_like": np.zeros_like,
    "ones_like": lambda x: np.ones_like(x, dtype=np.float64),
    "full_like": lambda x: np.full_like(x, 3),
    "empty_like": lambda x: np.shape(np.empty_like(x)),
    "meshgrid": lambda x: np.meshgrid(np.ravel(x), [0, 1]),
    "fromiter": lambda x: np.fromiter(np.ravel(x), float),
    # facts and text
    "result_type": lambda x: np.result_type(x, np.float32),
    "can_cast": lambda x: np.can_cast(x.dtype, np.float64),
    "min_scalar_type": np.min_scalar_type,
    "shares_memory": lambda x: np.shares_memory(x, x),
    "may_share_memory": lambda x: np.may_share_memory(x, x),
    "isscalar": np.isscalar,
    "array2string": np.array2string,
    "array_str": np.array_str,
    "savetxt": lambda x: np.savetxt("samples.txt", x),
    "save and load": lambda x: (np.save("samples.npy", x), np.load("samples.npy"))[1],
    "savez": lambda x: (np.savez("samples.npz", x=x), np.load("samples.npz")["x"])[1],
}
WRITING: dict[str, Callable[[Any], Any]] = {
    "copyto": lambda x: np.copyto(x, 3),
    "copyto where": lambda x: np.copyto(x, 0, where=np.asarray(x) > 1),
    "put": lambda x: np.put(x, [0, 2], 5),
    "put_along_axis": lambda x: np.put_along_axis(x, np.zeros_like(x, int)[..., :1], 5, axis=-1),
    "place": lambda x: np.place(x, np.asarray(x) > 0, [1, 2]),
    "putmask": lambda x: np.putmask(x, np.asarray(x) > 0, [1, 2]),
    "nan_to_num in place": lambda x: np.nan_to_num(x, copy=False),
    "clip out": lambda x: np.clip(x, -1, 1, out=x),
    "round out": lambda x: np.round(x, 0, out=x),
    "cumsum out": lambda x: np.cumsum(np.ones(np.shape(x)), axis=-1, out=x),
    "mean out": lambda x: np.mean(np.ones((5, *np.shape(x))), axis=0, out=x),
    "max out": lambda x: np.max(np.ones((5, *np.shape(x))), axis=0, out=x),
    "take out": lambda x: np.take(np.arange(9.0), np.zeros(np.shape(x), int), out=x, mode="clip"),
    "concatenate out": lambda x: np.concatenate([np.ones(np.shape(x))[..., :4]] * 2, -1, out=x),
    "matmul out": lambda x: np.matmul(np.ones((*np.shape(x)[:-1], 2)), np.ones((2, 8)), out=x),
    "einsum out": lambda x: np.einsum("...t,t->...t", np.ones(np.shape(x)), HALF, out=x),
}
SHAPES = {"mono": (8,), "stereo": (2, 8)}


def assert_equal(got: Any, wanted: Any) -> None:
    if isinstance(wanted, (list, tuple)):
        assert len(got) == len(wanted)
        for one, other in zip(got, wanted, strict=True):
            assert_equal(one, other)
    elif isinstance(wanted, (np.ndarray, np.generic)):
        assert_same_bits(got, np.asarray(wanted))
    else:
        assert got == wanted


def samples_of(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    values = np.arange(np.prod(shape)) * 7 % 13 - 5
    return (values * (0.5 if np.dtype(dtype).kind == "f" else 1)).astype(dtype).reshape(shape)


def outcome(call: Callable[[Any], Any], argument: Any) -> Any:
    with np.errstate(all="ignore"):
        return call(argument)


@pytest.mark.parametrize("dtype", ["int16", "float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("name", READING)
def test_a_function_gives_for_audio_what_it_gives_for_the_array(
    name: str, shape: tuple[int, ...], dtype: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    samples = samples_of(shape, dtype)
    audio = make_audio(samples)
    try:
        wanted = outcome(READING[name], samples)
    except (TypeError, ValueError) as error:
        # What NumPy refuses for the array itself is refused for audio too.
        with pytest.raises(type(error)):
            outcome(READING[name], audio)
        return
    if name in ("shares_memory", "may_share_memory"):
        wanted = True
    assert_equal(outcome(READING[name], audio), wanted)
    assert_same_bits(audio, samples)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("name", WRITING)
def test_a_function_that_writes_into_its_argument_writes_into_audio(
    name: str, shape: tuple[int, ...]
) -> None:
    samples = samples_of(shape, "float64")
    audio, array = make_audio(samples), samples.copy()
    view = audio.to_numpy()
    if name == "nan_to_num in place":
        view[..., 2] = array[..., 2] = np.nan
    outcome(WRITING[name], array)
    outcome(WRITING[name], audio)
    assert not np.array_equal(array, samples)
    assert_same_bits(view, array)


def test_functions_see_the_shared_memory_and_not_a_copy() -> None:
    audio = make_audio(samples_of((2, 8), "float64"))
    for view in (np.asarray, np.ravel, np.transpose, lambda audio: np.reshape(audio, (4, 4))):
        assert np.shares_memory(view(audio), audio.to_numpy())
    np.asarray(audio)[...] = 7
    assert np.all(audio.to_numpy() == 7)


def test_a_copy_that_was_asked_for_is_one() -> None:
    audio = make_audio(samples_of((2, 8), "float64"))
    for copy in (np.array(audio), np.copy(audio), np.array(audio, copy=True)):
        assert not np.shares_memory(copy, audio.to_numpy())
    assert np.shares_memory(np.array(audio, copy=None), audio.to_numpy())
    assert np.shares_memory(np.array(audio, copy=False), audio.to_numpy())


def test_windows_and_filters_run_over_audio() -> None:
    samples = samples_of((8,), "float64")
    audio = make_audio(samples)
    shaped = audio * np.hanning(8)
    assert isinstance(shaped, AudioSamples)
    assert_same_bits(np.fft.rfft(shaped), np.fft.rfft(samples * np.hanning(8)))


REDUCTIONS = [
    "max",
    "min",
    "sum",
    "prod",
    "cumsum",
    "mean",
    "std",
    "var",
    "argmax",
    "argmin",
    "any",
    "all",
]


@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize("axis", [None, 0, -1])
def test_reductions_are_methods_with_the_results_of_numpy(adopted, name, axis):
    array = adopted.to_numpy()

    def result(owner):
        try:
            return np.asarray(getattr(owner, name)(axis=axis))
        except ValueError as error:
            return str(error)

    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        np.testing.assert_array_equal(result(adopted), result(array))


VIEWS = {"transpose": (), "reshape": (-1, 1), "swapaxes": (0, -1), "squeeze": ()}


def test_the_other_methods_of_arrays_are_those_of_numpy(adopted):
    array = adopted.to_numpy()
    assert np.array_equal(adopted.T, array.T)
    assert np.shares_memory(adopted.T, array) == bool(array.size)
    assert adopted.tolist() == array.tolist()
    assert np.array_equal(adopted.ravel(), array.ravel())
    assert np.array_equal(adopted.flatten(), array.flatten())
    assert np.array_equal(adopted.flatten("F"), array.flatten("F"))
    assert not np.shares_memory(adopted.flatten(), array)
    for name, args in VIEWS.items():
        ours, theirs = getattr(adopted, name)(*args), getattr(array, name)(*args)
        assert np.array_equal(ours, theirs)
        assert ours.shape == theirs.shape
        assert np.shares_memory(ours, array) == np.shares_memory(theirs, array)
    if array.size:
        assert adopted.item(0) == array.item(0)
    for result, wanted in ((adopted.clip(-1, 3), array.clip(-1, 3)), (adopted.round(1), array)):
        assert isinstance(result, AudioSamples)
        assert result.sample_rate == adopted.sample_rate
        np.testing.assert_array_equal(np.asarray(result), wanted.round(1))
    assert sys.getsizeof(adopted) >= adopted.nbytes


def test_audio_is_a_sequence_to_c_code():
    assert bisect.bisect(AudioSamples.new_mono(np.arange(4.0), 8000), 2.5) == 3
    assert (np.abs(AudioSamples.new_mono(np.array([-3.0, 2]), 8000))).max() == 3
