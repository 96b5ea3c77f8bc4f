"""Operands that lie in the memory that an operation writes: the result is as if copied first."""

import numpy as np
import pytest
from arithmetic_oracle import (
    FORWARD,
    IN_PLACE,
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

# From one sample over the sizes of caches and buffers to work for several threads.
SIZES = [1, 2, 3, 8, 63, 64, 65, 1000, 4096, 8193, 65_537, 1 << 21]
Window = tuple[tuple[int, ...], tuple[slice, ...], tuple[slice, ...], bool]
UFUNCS = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}


def ramp(size: int, dtype: object = np.float64) -> np.ndarray:
    """Samples of which no two neighbours are alike, and none is zero."""
    return (np.arange(size) % 251 + 1).astype(dtype)


@st.composite
def cuts(draw: st.DrawFn, length: int, count: int) -> slice:
    """Any slice of `count` elements from an axis of this length, steps and signs included."""
    if count == 0:
        return slice(0, 0)
    step = draw(st.integers(1, max(1, min(4, (length - 1) // max(count - 1, 1)))))
    reach = step * (count - 1)
    first = draw(st.integers(0, length - 1 - reach))
    if draw(st.booleans()):
        return slice(first, first + reach + 1, step)
    return slice(first + reach, first - 1 if first else None, -step)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    """The shape of a whole, two keys of equal extent in it, and whether frames come first."""
    frames = draw(st.integers(1, 30) | st.sampled_from([257, 4099]))
    counts = [draw(st.integers(0, frames))]
    lengths = [frames]
    if draw(st.booleans()):
        channels = draw(st.integers(1, 4))
        lengths.insert(0, channels)
        counts.insert(0, draw(st.integers(1, channels)))
    sizes = list(zip(lengths, counts, strict=True))
    target = tuple(draw(cuts(length, count)) for length, count in sizes)
    source = tuple(draw(cuts(length, count)) for length, count in sizes)
    return tuple(lengths), target, source, draw(st.booleans())


@pytest.mark.parametrize("as_audio", [True, False], ids=["audio", "array"])
@pytest.mark.parametrize("symbol", FORWARD)
@given(data=st.data(), case=windows(), dtype=st.sampled_from(SAMPLE_TYPES))
def test_an_overlapping_operand_counts_as_it_was_before_the_operation(
    symbol: str, as_audio: bool, case: Window, dtype: np.dtype, data: st.DataObject
) -> None:
    lengths, target_key, source_key, transposed = case
    size = int(np.prod(lengths))
    memory = ramp(size, dtype).reshape(lengths[::-1] if transposed else lengths)
    whole = memory.T if transposed else memory
    target = make_audio(whole[target_key], copy=False)
    source = whole[source_key]
    pick = data.draw(st.sampled_from(["all", "row", "element", "column", "other type"]))
    if pick == "row":
        source = source[-1] if source.ndim == 2 else source
    elif pick == "column":
        source = source[:, :1] if source.ndim == 2 else source[:1]
    elif pick == "element" and source.size:
        source = source[(slice(-1, None),) * source.ndim]
        source = source if data.draw(st.booleans()) else source.reshape(())
    elif pick == "other type" and not as_audio and source.strides[-1] == source.itemsize:
        source = source.view(np.dtype(f"i{source.itemsize}"))
    if as_audio and source.ndim == 0:
        source = source.reshape(1)
    operand = make_audio(source, copy=False) if as_audio else source

    samples = whole[target_key].copy()
    outcome = expected(symbol, "in place", samples, operand)
    note(f"{outcome} from {samples!r} and {operand!r}")
    after = whole.copy()
    if assert_operator(symbol, "in place", target, operand, outcome):
        after[target_key] = outcome.value
    assert_same_bits(whole, after)


@pytest.mark.parametrize("symbol", FORWARD)
@given(case=windows(), third=st.data(), dtype=st.sampled_from(SAMPLE_TYPES))
def test_out_may_overlap_both_operands(
    symbol: str, case: Window, third: st.DataObject, dtype: np.dtype
) -> None:
    lengths, left_key, right_key, transposed = case
    size = int(np.prod(lengths))
    memory = ramp(size, dtype).reshape(lengths[::-1] if transposed else lengths)
    whole = memory.T if transposed else memory
    counts = whole[left_key].shape
    out_key = tuple(
        third.draw(cuts(length, count)) for length, count in zip(lengths, counts, strict=True)
    )
    left, right = whole[left_key], whole[right_key]
    wanted = whole.copy()
    with np.errstate(all="ignore"):
        value = UFUNCS[symbol](left.copy(), right.copy())
    out = make_audio(whole[out_key], copy=False)
    left_audio = make_audio(left, copy=False)
    if not np.can_cast(value.dtype, dtype, "same_kind"):
        with pytest.raises(TypeError):
            UFUNCS[symbol](left_audio, right, out=out)
    else:
        wanted[out_key] = value
        assert UFUNCS[symbol](left_audio, right, out=out) is out
    assert_same_bits(whole, wanted)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", ["int16", "float32", "float64"])
def test_audio_times_itself_backwards(size: int, dtype: str) -> None:
    samples = ramp(size, dtype)
    for symbol in "+-*":
        audio = AudioSamples.new_mono(samples, RATE)
        audio = IN_PLACE[symbol](audio, audio.to_numpy()[::-1])
        assert_same_bits(audio, apply(symbol, "in place", samples, samples[::-1].copy()))
        audio = AudioSamples.new_mono(samples, RATE)
        audio = IN_PLACE[symbol](audio, audio[::-1])
        assert_same_bits(audio, apply(symbol, "in place", samples, samples[::-1].copy()))


@pytest.mark.parametrize("size", SIZES[1:])
@pytest.mark.parametrize("direction", ["earlier", "later"])
@pytest.mark.parametrize("dtype", ["int16", "int32", "float32", "float64"])
def test_a_shifted_operand_gives_what_a_copy_gives(size: int, direction: str, dtype: str) -> None:
    samples = ramp(size, dtype)
    for shift in {1, min(7, size - 1), size // 2, size - 1} - {0}:
        late, early = slice(shift, None), slice(None, -shift)
        target, source = (late, early) if direction == "earlier" else (early, late)
        wanted = samples.copy()
        wanted[target] += samples[source]
        audio = AudioSamples.new_mono(samples, RATE)
        audio[target] += audio[source]
        assert_same_bits(audio, wanted)
        audio = AudioSamples.new_mono(samples, RATE)
        part = audio[target]
        part += audio.to_numpy()[source]
        assert_same_bits(audio, wanted)


@pytest.mark.parametrize("size", SIZES[1:])
def test_an_echo_hears_only_the_dry_sound(size: int) -> None:
    samples = np.random.default_rng(size).standard_normal(size)
    delay = max(1, size // 3)
    wanted = samples.copy()
    wanted[delay:] += 0.5 * samples[:-delay]
    audio = AudioSamples.new_mono(samples, RATE)
    audio[delay:] += 0.5 * audio[:-delay]
    assert_same_bits(audio, wanted)


@pytest.mark.parametrize("frames", [1, 5, 1000, 40_001])
def test_a_channel_of_the_audio_is_read_before_it_is_written(frames: int) -> None:
    samples = ramp(3 * frames).reshape(3, frames)
    operands = {
        "first channel": lambda audio: audio.to_numpy()[0],
        "last channel": lambda audio: audio.channel(2),
        "channels reversed": lambda audio: audio.to_numpy()[::-1],
        "time reversed": lambda audio: audio[::-1],
        "first frame": lambda audio: audio.to_numpy()[:, :1],
        "last frame": lambda audio: audio.to_numpy()[:, -1:],
        "one sample": lambda audio: audio.to_numpy()[1, -1:],
        "one sample without axes": lambda audio: audio.to_numpy()[1, -1:].reshape(()),
    }
    for name, operand in operands.items():
        for symbol in FORWARD:
            for layout in (None, "frames_first"):
                data = samples if layout is None else samples.T.copy()
                how = {} if layout is None else {"layout": layout, "copy": False}
                audio = AudioSamples.new_multi(data, RATE, **how)
                wanted = apply(symbol, "in place", samples, np.array(operand(audio)))
                audio = IN_PLACE[symbol](audio, operand(audio))
                assert np.array_equal(audio.to_numpy(), wanted), (name, symbol, layout)


@pytest.mark.parametrize("size", [1, 2, 5, 17, 60])
def test_square_audio_meets_its_own_transpose(size: int) -> None:
    samples = ramp(size * size).reshape(size, size)
    for symbol in FORWARD:
        audio = AudioSamples.new_multi(samples, RATE)
        audio = IN_PLACE[symbol](audio, audio.to_numpy().T)
        assert_same_bits(audio, apply(symbol, "in place", samples, samples.T.copy()))


@pytest.mark.parametrize("size", SIZES)
def test_audio_may_be_its_own_operand(size: int) -> None:
    samples = ramp(size, np.float32)
    for symbol in FORWARD:
        audio = AudioSamples.new_mono(samples, RATE)
        audio = IN_PLACE[symbol](audio, audio)
        assert_same_bits(audio, apply(symbol, "in place", samples, samples.copy()))
        array = audio.to_numpy()
        assert_same_bits(FORWARD[symbol](audio, audio), FORWARD[symbol](array, array))


def test_an_array_on_the_memory_of_audio_takes_it_as_operand_in_place() -> None:
    samples = ramp(5000)
    audio = AudioSamples.new_mono(samples, RATE)
    array = audio.to_numpy()
    array *= audio[::-1]
    assert_same_bits(audio, samples * samples[::-1])
    array[1:] += audio[:-1]
    wanted = samples * samples[::-1]
    wanted[1:] += wanted[:-1].copy()
    assert_same_bits(audio, wanted)


def test_interleaved_channels_take_each_other_without_touching_the_rest() -> None:
    frames = ramp(4 * 3001).reshape(3001, 4)
    wanted = frames.copy()
    wanted[:, 0] *= wanted[::-1, 1]
    wanted[:, 2] -= wanted[:, 3].copy()
    audio = AudioSamples.new_multi(frames, RATE, layout="frames_first", copy=False)
    first, third = audio.channel(0), audio.channel(2)
    first *= audio.channel(1)[::-1]
    third -= audio.channel(3)
    assert_same_bits(frames, wanted)
