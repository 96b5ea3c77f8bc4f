"""Operators on drawn audio and operands, compared bit for bit with NumPy."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from arithmetic_oracle import (
    FORMS,
    FORWARD,
    NUMERIC_TYPES,
    SAMPLE_TYPES,
    apply,
    assert_operator,
    assert_same_bits,
    expected,
)
from hypothesis import given, note
from hypothesis import strategies as st
from signals import RATE, make_audio

from audio_samples import AudioSamples

SMALL_FRAMES = st.integers(0, 40)
# Around the widths of vector registers, of a page and of NumPy's own buffer.
LARGE_FRAMES = st.sampled_from([63, 64, 65, 127, 129, 1023, 4099, 8193, 20_001])
FRAMES = SMALL_FRAMES | SMALL_FRAMES | LARGE_FRAMES
CHANNELS = st.sampled_from([None, None, 1, 2, 3, 4])
PYTHON_INTS = st.one_of(
    st.integers(-9, 9),
    st.sampled_from([2**15, 2**31, 2**32, 2**63, 2**64, 10**30, 10**400]).flatmap(
        lambda edge: st.sampled_from([edge - 1, edge, edge + 1, -edge, -edge - 1, 1 - edge])
    ),
)
PYTHON_SCALARS = st.one_of(
    PYTHON_INTS,
    st.floats(allow_subnormal=True),
    st.sampled_from([0.0, -0.0, 0.5, 5e-324, 1e-46, 3.5e38, float("inf"), float("nan")]),
    st.booleans(),
    st.complex_numbers(max_magnitude=9),
)


def special_values(dtype: np.dtype) -> np.ndarray:
    if dtype.kind == "b":
        return np.array([False, True])
    if dtype.kind in "iu":
        low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
        return np.array([low, low + 1, 0, 1, high - 1, high], dtype)
    limits = np.finfo(dtype)
    edges = [limits.smallest_subnormal, limits.smallest_normal, limits.eps, limits.max, 1, 0.1, 0]
    edges += [np.inf, np.nan]
    with np.errstate(all="ignore"):
        return np.concatenate([np.array(edges, dtype), -np.array(edges, dtype)])


def fill(seed: int, dtype: np.dtype, shape: tuple[int, ...], flavour: str) -> np.ndarray:
    """Samples that are small numbers, the extremes of the type, or any bits at all."""
    rng = np.random.default_rng(seed)
    native = dtype.newbyteorder("=")
    size = int(np.prod(shape))
    if flavour == "extreme":
        values = rng.choice(special_values(native), size)
    elif flavour == "bits" and native.char not in "?gFDG":
        values = np.frombuffer(rng.bytes(size * native.itemsize), native)
    else:
        low = 0 if native.kind in "bu" else -9
        values = rng.integers(low, 10, size).astype(native)
        if native.kind in "fc":
            values = values * native.type(0.37)
    return values.reshape(shape).astype(dtype)


@st.composite
def values(
    draw: st.DrawFn, dtype: np.dtype, shape: tuple[int, ...], *, nonzero: bool = False
) -> np.ndarray:
    flavour = draw(st.sampled_from(["small", "extreme", "bits"]))
    array = fill(draw(st.integers(0, 2**32 - 1)), dtype, shape, flavour)
    if nonzero:
        array[array == 0] = 1
    return array


@st.composite
def steps(draw: st.DrawFn, count: int) -> tuple[int, slice]:
    """The length of an axis and a slice of it that has `count` elements."""
    step = draw(st.integers(1, 3))
    first, spare = draw(st.integers(1, 3)), draw(st.integers(0, 2))
    length = first + step * max(count, 1) + spare
    if count == 0:
        return length, slice(first, first)
    if draw(st.booleans()):
        return length, slice(first, first + step * (count - 1) + 1, step)
    return length, slice(first + step * (count - 1), first - 1, -step)


@dataclass
class Placed:
    """Audio on part of an array: `window` finds that part in any copy of the whole."""

    audio: AudioSamples
    whole: np.ndarray
    key: tuple[slice, ...]
    transposed: bool

    def window(self, whole: np.ndarray) -> np.ndarray:
        return (whole.T if self.transposed else whole)[self.key]


@st.composite
def placed_audio(draw: st.DrawFn, *, nonzero: bool = False) -> Placed:
    dtype = draw(st.sampled_from(SAMPLE_TYPES))
    channels, frames = draw(CHANNELS), draw(FRAMES)
    shape = (frames,) if channels is None else (channels, frames)
    everything = (slice(None),) * len(shape)
    how = draw(st.sampled_from(["own", "slice", "adopted", "frames first"]))
    if how == "frames first" and channels is None:
        how = "adopted"
    if how == "own":
        audio = make_audio(draw(values(dtype, shape, nonzero=nonzero)))
        return Placed(audio, audio.to_numpy(), everything, transposed=False)
    if how == "slice":
        length, key = draw(steps(frames))
        base = make_audio(draw(values(dtype, (*shape[:-1], length), nonzero=nonzero)))
        return Placed(base[key], base.to_numpy(), (*everything[:-1], key), transposed=False)
    if how == "frames first":
        whole = draw(values(dtype, shape[::-1], nonzero=nonzero))
        audio = AudioSamples.new_multi(whole, RATE, layout="frames_first", copy=False)
        return Placed(audio, whole, everything, transposed=True)
    lengths, key = zip(*[draw(steps(count)) for count in shape], strict=True)
    transposed = draw(st.booleans())
    whole = draw(values(dtype, lengths[::-1] if transposed else lengths, nonzero=nonzero))
    placed = Placed(None, whole, key, transposed)
    placed.audio = make_audio(placed.window(whole), copy=False)
    return placed


@st.composite
def operand_shapes(draw: st.DrawFn, own: tuple[int, ...]) -> tuple[int, ...]:
    frames = own[-1]
    fitting = [own, own, (), (1,), (frames,)]
    if len(own) == 2:
        fitting += [(own[0], 1), (1, frames), (1, 1)]
    others = [(frames + 1,), (3, frames + 1), (2, *own), (1, 1, 1), (2, 1), (1, frames)]
    return draw(st.sampled_from(fitting * 3 + others))


@st.composite
def arrays(draw: st.DrawFn, own: tuple[int, ...], *, nonzero: bool) -> np.ndarray:
    dtype = draw(st.sampled_from(NUMERIC_TYPES))
    if draw(st.integers(0, 5)) == 0:
        dtype = dtype.newbyteorder()
    shape = draw(operand_shapes(own))
    how = draw(st.sampled_from(["plain", "stepped", "fortran", "broadcast", "unaligned"]))
    if how == "stepped" and shape:
        lengths, key = zip(*[draw(steps(count)) for count in shape], strict=True)
        array = draw(values(dtype, lengths, nonzero=nonzero))[key]
    elif how == "broadcast" and shape:
        array = np.broadcast_to(draw(values(dtype, (*shape[:-1], 1), nonzero=nonzero)), shape)
    else:
        array = draw(values(dtype, shape, nonzero=nonzero))
        if how == "fortran":
            array = np.asfortranarray(array)
        elif how == "unaligned":
            room = np.zeros(array.nbytes + 1, np.uint8)[1:]
            shifted = room.view(dtype).reshape(shape)
            shifted[...] = array
            array = shifted
    if draw(st.booleans()):
        array.flags.writeable = False
    return array


@st.composite
def other_audio(draw: st.DrawFn, own: tuple[int, ...], *, nonzero: bool) -> AudioSamples:
    shape = draw(operand_shapes(own).filter(lambda shape: len(shape) in (1, 2)))
    if len(own) == 1 and draw(st.booleans()):
        shape = (2, *own)
    dtype = draw(st.sampled_from(SAMPLE_TYPES))
    rate = draw(st.sampled_from([RATE, RATE, RATE, RATE, 48_000]))
    # Odd shapes may well look transposed, so the layout is named.
    samples = draw(values(dtype, shape, nonzero=nonzero))
    return make_audio(samples, rate) if samples.ndim == 1 else frames_last(samples, rate)


def frames_last(samples: np.ndarray, rate: int) -> AudioSamples:
    return AudioSamples.new_multi(samples.T.copy(), rate, layout="frames_first", copy=False)


@st.composite
def numpy_scalars(draw: st.DrawFn, *, nonzero: bool) -> np.generic:
    dtype = draw(st.sampled_from(NUMERIC_TYPES))
    return draw(values(dtype, (1,), nonzero=nonzero))[0]


@st.composite
def operands(draw: st.DrawFn, own: tuple[int, ...], *, nonzero: bool) -> Any:
    kind = draw(st.sampled_from(["array", "array", "audio", "python", "numpy scalar"]))
    if kind == "array":
        return draw(arrays(own, nonzero=nonzero))
    if kind == "audio":
        return draw(other_audio(own, nonzero=nonzero))
    if kind == "numpy scalar":
        return draw(numpy_scalars(nonzero=nonzero))
    return draw(PYTHON_SCALARS.filter(bool) if nonzero else PYTHON_SCALARS)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("symbol", FORWARD)
@given(data=st.data())
def test_an_operator_gives_the_bits_the_type_and_the_error_of_numpy(
    symbol: str, form: str, data: st.DataObject
) -> None:
    # Mostly without zeros, or division would seldom come to a result.
    nonzero = symbol == "/" and data.draw(st.sampled_from([True, True, True, False]))
    placed = data.draw(placed_audio(nonzero=nonzero))
    samples = placed.window(placed.whole).copy()
    assert_same_bits(placed.audio, samples)
    operand = data.draw(operands(samples.shape, nonzero=nonzero))
    if form == "reflected" and isinstance(operand, AudioSamples):
        form, operand = "forward", operand  # audio on the left is the forward form

    outcome = expected(symbol, form, samples, operand)
    note(f"{form} {symbol}: {samples.dtype} {samples.shape} with {operand!r} -> {outcome}")
    whole = placed.whole.copy()
    operand_before = np.array(operand) if hasattr(operand, "dtype") else None

    has_value = assert_operator(symbol, form, placed.audio, operand, outcome)
    if has_value and form == "in place":
        placed.window(whole)[...] = outcome.value
    # The samples beside the audio, and those of the operand, are as they were.
    assert_same_bits(placed.whole, whole)
    if operand_before is not None:
        assert_same_bits(operand, operand_before)


@pytest.mark.parametrize("symbol", FORWARD)
@given(data=st.data())
def test_an_array_changed_in_place_by_audio_gives_the_bits_of_numpy(
    symbol: str, data: st.DataObject
) -> None:
    placed = data.draw(placed_audio(nonzero=symbol == "/"))
    samples = placed.window(placed.whole).copy()
    array = data.draw(arrays(samples.shape, nonzero=False)).copy()
    try:
        wanted = apply(symbol, "in place", array, samples)
    except (TypeError, ValueError) as error:
        wanted, before = type(error), array.copy()
    with np.errstate(all="ignore"):
        if isinstance(wanted, type):
            base = TypeError if issubclass(wanted, TypeError) else ValueError
            with pytest.raises(base):
                change_in_place(symbol, array, placed.audio)
            assert_same_bits(array, before)
        else:
            got = change_in_place(symbol, array, placed.audio)
            assert got is array
            assert_same_bits(array, wanted)
    assert_same_bits(placed.audio, samples)


def change_in_place(symbol: str, array: np.ndarray, audio: AudioSamples) -> np.ndarray:
    # The statements themselves: an operator function would hide which operand answers them.
    if symbol == "+":
        array += audio
    elif symbol == "-":
        array -= audio
    elif symbol == "*":
        array *= audio
    else:
        array /= audio
    return array
