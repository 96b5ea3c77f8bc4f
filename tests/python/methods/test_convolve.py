"""Convolution, correlation and delay against SciPy, and blocks against the whole."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal
from signals import make_audio

import audio_samples
from audio_samples import AudioSamples, SampleRateError, dsp

RATE = 48_000
# On both sides of where the sum itself, one block and several parts take over from each other.
TAPS = [1, 2, 15, 16, 17, 33, 255, 256, 257, 5_000, 8_192, 8_193, 16_385, 48_000, 140_001]
TOLERANCE = {"float32": 1e-6, "float64": 1e-12}


def noise(shape, dtype="float64", seed=1):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(dtype)


def decaying(taps, dtype="float64", seed=2):
    return noise(taps, dtype, seed) * np.exp(-3 * np.arange(taps) / taps).astype(dtype)


def close(found, expected, dtype):
    assert found.shape == expected.shape
    if expected.size:
        distance = np.abs(np.asarray(found, "float64") - expected).max()
        assert distance <= TOLERANCE[dtype] * np.abs(expected).max()


def scipys(values, taps, mode):
    return signal.oaconvolve(values.astype("float64"), taps.astype("float64"), mode)


def joined(blocks):
    return np.concatenate([np.asarray(block) for block in blocks], axis=-1)


def cut(audio, size):
    return (audio[at : at + size] for at in range(0, len(audio), size))


@pytest.mark.parametrize("taps", TAPS)
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_every_length_of_a_response_is_scipys(taps, dtype):
    values, ir = noise(70_001, dtype), decaying(taps, dtype)
    audio = make_audio(values, RATE)
    for mode in ("full", "same", "valid"):
        found = audio.convolve(ir, mode)
        assert (found.dtype, found.sample_rate) == (dtype, RATE)
        close(found.to_numpy(), scipys(values, ir, mode), dtype)
        found = audio.correlate(ir, mode)
        assert found.dtype == dtype
        expected = signal.correlate(values.astype("float64"), ir.astype("float64"), mode, "fft")
        close(found.to_numpy(), expected, dtype)


@given(st.integers(1, 60), st.integers(1, 60), st.sampled_from(["full", "same", "valid"]))
def test_little_audio_and_short_responses_are_scipys(frames, taps, mode):
    values, ir = noise(frames), noise(taps, seed=3)
    audio = make_audio(values, RATE)
    expected = signal.convolve(values, ir, mode, "direct")
    # SciPy's direct sums have the longer one in front, and centre on that.
    if mode == "same":
        expected = signal.fftconvolve(values, ir, mode)
    close(audio.convolve(ir, mode).to_numpy(), expected, "float64")
    close(
        audio.correlate(ir, mode).to_numpy(), signal.correlate(values, ir, mode, "fft"), "float64"
    )


@pytest.mark.parametrize("taps", [10, 700, 20_000])
@pytest.mark.parametrize("mode", ["full", "same", "valid"])
def test_each_channel_has_its_own_or_the_same_response(taps, mode):
    values = noise((3, 30_000))
    one, three = decaying(taps), np.stack([decaying(taps, seed=seed) for seed in (5, 6, 7)])
    audio = make_audio(values, RATE)
    for ir, by_channel in ((one, [one] * 3), (one[None], [one] * 3), (three, three)):
        expected = np.stack(
            [scipys(row, own, mode) for row, own in zip(values, by_channel, strict=True)]
        )
        close(audio.convolve(ir, mode).to_numpy(), expected, "float64")
        expected = np.stack(
            [
                signal.correlate(row, own, mode, "fft")
                for row, own in zip(values, by_channel, strict=True)
            ]
        )
        close(audio.correlate(make_audio(np.array(ir), RATE), mode).to_numpy(), expected, "float64")


def test_what_an_impulse_response_may_be():
    values, taps = noise(2_000), decaying(50)
    audio = make_audio(values, RATE)
    expected = audio.convolve(taps).to_numpy()
    for ir in (taps.tolist(), tuple(taps), make_audio(taps, RATE), np.stack([taps, taps]).T[:, 0]):
        assert np.array_equal(audio.convolve(ir).to_numpy(), expected)
    assert np.array_equal(audio.convolve([1, 2]), audio.convolve(np.array([1.0, 2.0])))
    # Audio of integers is fractions of full scale; an array of them is numbers.
    half = make_audio(np.array([16_384], "int16"), RATE)
    assert np.array_equal(audio.convolve(half).to_numpy(), 0.5 * values)
    assert np.array_equal(audio.convolve(np.array([3], "int16")).to_numpy(), 3 * values)
    # The audio itself, and a slice of it.
    assert np.array_equal(
        audio.convolve(audio[:50]).to_numpy(), audio.convolve(values[:50]).to_numpy()
    )


@pytest.mark.parametrize(
    ("ir", "error", "said"),
    [
        ([], ValueError, "at least one tap"),
        (np.zeros((2, 0)), ValueError, "at least one tap"),
        ([1.0, math.nan], ValueError, "tap 1 of channel 0 of the impulse response is NaN"),
        ([[0, 1], [math.inf, 0]], ValueError, "tap 0 of channel 1 .* is inf"),
        (np.ones((3, 4)), ValueError, "3 channels do not go with audio of 2"),
        (np.ones((1, 2, 3)), ValueError, "shape"),
        (make_audio(np.ones(3), 44_100), SampleRateError, "48000.*44100|44100.*48000"),
        (0.5, TypeError, "ir is AudioSamples, or an array or a list of real numbers"),
        ("hall.wav", TypeError, "not 'hall.wav'"),
        ([1j], TypeError, "real numbers"),
        (None, TypeError, "not None"),
        (np.ma.array([1.0, 2.0], mask=[True, False]), TypeError, "mask"),
    ],
    ids=str,
)
@pytest.mark.parametrize("use", ["convolve", "Convolver"])
def test_what_is_no_impulse_response_is_refused(ir, error, said, use):
    audio = AudioSamples.zeros((2, 10), RATE)
    with pytest.raises(error, match=said):
        audio.convolve(ir) if use == "convolve" else audio.apply(dsp.Convolver(ir))


@pytest.mark.parametrize("use", ["convolve", "correlate", "Convolver"])
def test_a_response_that_no_memory_holds_is_refused(use):
    """One sample, 2**40 times by a stride of 0."""
    endless = AudioSamples.from_numpy(np.broadcast_to(0.5, (2**40,)), RATE, copy=False)
    of = dsp.Convolver if use == "Convolver" else getattr(AudioSamples.zeros(9, RATE), use)
    with pytest.raises(MemoryError, match="no memory for 8796093022208 bytes"):
        of(endless)


def test_modes_and_rates_are_named_in_errors():
    audio = AudioSamples.zeros(10, RATE)
    for method in (audio.convolve, audio.correlate):
        with pytest.raises(ValueError, match="'full', 'same' or 'valid', not 'reflect'"):
            method([1.0], "reflect")
    with pytest.raises(SampleRateError, match=r"48000.*8000|8000.*48000"):
        audio.correlate(AudioSamples.zeros(10, 8_000))
    with pytest.raises(TypeError, match="other is AudioSamples"):
        audio.correlate("x")


def test_out_takes_what_fits():
    audio = make_audio(noise((2, 4_000)), RATE)
    ir = decaying(1_000)
    expected = audio.convolve(ir).to_numpy()
    batch = AudioSamples.zeros((2, 6_000), RATE)
    part = batch[500:5_499]
    assert audio.convolve(ir, out=part) is part
    assert np.array_equal(part.to_numpy(), expected)
    assert not batch.to_numpy()[:, :500].any()
    assert not batch.to_numpy()[:, 5_499:].any()
    single = AudioSamples.zeros((2, 4_000), RATE, dtype="float32")
    audio.convolve(ir, "same", out=single)
    assert np.array_equal(
        single.to_numpy(), audio.convolve(ir, "same").to_numpy().astype("float32")
    )
    with pytest.raises(ValueError, match=r"make it of shape \[2, 4999\]"):
        audio.convolve(ir, out=batch)
    with pytest.raises(SampleRateError):
        audio.convolve(ir, out=AudioSamples.zeros((2, 4_999), 8_000))
    with pytest.raises(ValueError, match="read-only"):
        audio.convolve(ir, out=part.as_readonly())
    with pytest.raises(ValueError, match="overlaps"):
        audio.convolve(ir, "same", out=audio)


@pytest.mark.parametrize("dtype", ["int16", "int32"])
def test_integers_are_fractions_that_are_rounded_and_saturate(dtype):
    scale = 2.0 ** {"int16": 15, "int32": 31}[dtype]
    values = (noise(5_000, seed=4) * scale * 0.9).astype(dtype)
    ir = np.array([1.0, 0.7, -0.6])
    found = make_audio(values, RATE).convolve(ir)
    assert found.dtype == dtype
    exact = np.convolve(values / scale, ir)
    assert np.abs(exact).max() > 1.1
    expected = np.clip(np.rint(exact * scale), -scale, scale - 1)
    assert np.abs(found.to_numpy().astype("float64") - expected).max() <= 1
    assert (found.to_numpy().max(), found.to_numpy().min()) == (scale - 1, -scale)
    # A correlation is floats of the same fractions.
    found = make_audio(values, RATE).correlate(make_audio(values, RATE))
    close(found.to_numpy(), np.correlate(values / scale, values / scale, "full"), "float64")
    assert found.dtype == np.float64


def test_a_correlation_finds_where_audio_is():
    values = noise(20_000, "float32")
    audio, late = make_audio(values, RATE), make_audio(np.pad(values, (1_234, 0)), RATE)
    assert late.correlate(audio).argmax() - (len(audio) - 1) == 1_234
    assert audio.correlate(late).argmax() - (len(late) - 1) == -1_234
    # What is no number comes out, for it is measured.
    assert np.isnan(audio.correlate([math.nan, 1.0]).to_numpy()).all()


@pytest.mark.parametrize("taps", [3, 16, 17, 700, 9_000, 40_000])
@pytest.mark.parametrize("size", [1, 7, 480, 65_536])
@pytest.mark.parametrize("dtype", ["int16", "float32", "float64"])
def test_blocks_of_any_size(taps, size, dtype):
    frames = 3_000 if size == 1 else 70_000
    audio = make_audio(noise(frames, seed=6) * 0.3, RATE).convert(dtype)
    ir = decaying(taps) / math.sqrt(taps)
    whole = audio.convolve(ir).to_numpy()
    convolver = dsp.Convolver(ir)
    found = list(convolver.stream(cut(audio, size)))
    assert np.array_equal(joined(found), whole)
    assert np.array_equal(audio.apply(convolver).to_numpy(), whole)


@given(
    st.lists(st.integers(0, 20_000), min_size=1, max_size=6),
    st.sampled_from([1, 10, 17, 300, 5_000, 9_000, 40_000]),
    st.sampled_from(["int32", "float32", "float64"]),
    st.booleans(),
)
@settings(max_examples=30, deadline=None)
def test_every_split_gives_the_same(lengths, taps, dtype, own):
    audio = make_audio(noise((2, 23_456), seed=8) * 0.2, RATE).convert(dtype)
    ir = np.stack([decaying(taps), decaying(taps, seed=9)])[: 1 + own] / math.sqrt(taps)
    whole = audio.convolve(ir).to_numpy()
    blocks, at = [], 0
    for length in [*lengths, 1 << 20]:
        blocks.append(audio[at : at + length])
        at = min(at + length, len(audio))
    assert np.array_equal(joined(dsp.Convolver(ir).stream(blocks)), whole)


@pytest.mark.parametrize("taps", [10, 300, 20_000])
def test_process_lags_by_the_latency_and_the_tail_is_flushed(taps):
    audio, ir = make_audio(noise((2, 30_000)), RATE), decaying(taps)
    whole = audio.convolve(ir).to_numpy()
    convolver = dsp.Convolver(ir)
    blocks = [convolver.process(block) for block in cut(audio, 1_000)]
    assert {len(block) for block in blocks} == {1_000}
    late = convolver.latency
    assert (late == 0) == (taps == 10)
    rest = convolver.flush()
    assert len(rest) == late + taps - 1
    assert np.array_equal(joined([*blocks, rest])[:, late:], whole)
    again = joined([convolver.process(block) for block in cut(audio, 1_000)])
    assert np.array_equal(again, joined(blocks))


@pytest.mark.parametrize("taps", [10, 300, 20_000])
def test_in_place_there_is_no_room_for_the_tail(taps):
    values, ir = noise((2, 30_000)), decaying(taps)
    whole = make_audio(values, RATE).convolve(ir).to_numpy()
    audio = make_audio(values, RATE)
    assert audio.apply_inplace(dsp.Convolver(ir)) is audio
    assert np.array_equal(audio.to_numpy(), whole[:, :30_000])
    audio, convolver = make_audio(values, RATE), dsp.Convolver(ir)
    for block in cut(audio, 480):
        convolver.process_inplace(block)
    late = convolver.latency
    assert np.array_equal(audio.to_numpy()[:, late:], whole[:, : 30_000 - late])


@pytest.mark.parametrize("taps", [10, 20_000])
def test_files_keep_their_length_and_streams_get_the_tail(tmp_path, taps):
    source, target = tmp_path / "a.wav", tmp_path / "b.wav"
    audio = make_audio(noise((2, 30_000), "float32") / 9, RATE)
    ir = decaying(taps) / math.sqrt(taps)
    whole = audio.convolve(ir).to_numpy()
    audio_samples.write(source, audio, subtype="FLOAT")
    stream = audio_samples.stream(source, 1_000)
    audio_samples.write(target, dsp.Convolver(ir).stream(stream), subtype="FLOAT")
    assert np.array_equal(audio_samples.read(target).to_numpy(), whole)
    with audio_samples.edit(source, block_frames=777) as file:
        file.apply(dsp.Convolver(ir))
    assert np.array_equal(audio_samples.read(source).to_numpy(), whole[:, :30_000])


def test_a_chain_knows_the_tails():
    audio = make_audio(noise((2, 30_000)), RATE)
    one, other = decaying(3_000), decaying(50, seed=5)
    chain = dsp.Chain([dsp.Convolver(one), dsp.Gain(-6), dsp.Convolver(other), dsp.Fade(0.1, 0.2)])
    expected = audio.convolve(one).gain(-6).convolve(other).fade_in(0.1).fade_out(0.2).to_numpy()
    assert np.array_equal(audio.apply(chain).to_numpy(), expected)
    assert np.array_equal(joined(chain.stream(cut(audio, 777))), expected)
    chain = dsp.Chain([dsp.Convolver(one), dsp.Resampler(16_000), dsp.Convolver(other)])
    expected = audio.convolve(one).resample(16_000).convolve(other).to_numpy()
    assert np.array_equal(audio.apply(chain).to_numpy(), expected)
    assert np.array_equal(joined(chain.stream(cut(audio, 777))), expected)


@pytest.mark.parametrize("taps", [5, 300, 9_000, 40_000])
def test_threads_change_no_bit(taps):
    audio, ir = make_audio(noise((2, 300_000), "float32"), RATE), decaying(taps)
    before = audio_samples.num_threads()
    try:
        found = []
        for threads in (1, 2, 3):
            audio_samples.set_num_threads(threads)
            found.append(
                [audio.convolve(ir, mode).to_numpy() for mode in ("full", "same", "valid")]
            )
    finally:
        audio_samples.set_num_threads(before)
    for modes in zip(*found, strict=True):
        assert np.array_equal(modes[0], modes[1])
        assert np.array_equal(modes[0], modes[2])


@pytest.mark.parametrize(("taps", "reach"), [(10, 11), (300, 3_000), (40_000, 80_000)])
def test_a_number_that_is_none_spoils_only_what_is_near(taps, reach):
    values, ir = noise(400_000), decaying(taps)
    clean = make_audio(values, RATE).convolve(ir).to_numpy()
    values[200_000] = math.nan
    found = make_audio(values, RATE).convolve(ir).to_numpy()
    spoiled = np.flatnonzero(np.isnan(found))
    assert set(range(200_000, 200_000 + taps)) <= set(spoiled.tolist())
    assert spoiled.max() - spoiled.min() < reach
    rest = ~np.isnan(found)
    assert np.array_equal(found[rest], clean[rest])


@pytest.mark.parametrize("shape", [(0,), (2, 0)])
@pytest.mark.parametrize("taps", [1, 33, 9_000])
def test_of_no_audio_comes_none(shape, taps):
    audio, ir = AudioSamples.zeros(shape, RATE), np.ones(taps)
    for mode in ("full", "same", "valid"):
        assert audio.convolve(ir, mode).shape == shape
        assert audio.correlate(ir, mode).shape == shape
    assert audio.apply(dsp.Convolver(ir)).shape == shape
    assert [block.shape for block in dsp.Convolver(ir).stream([audio])] == [shape]
    some = AudioSamples.zeros((*shape[:-1], 5), RATE)
    assert some.correlate(AudioSamples.zeros(0, RATE)).shape == shape


def test_an_impulse_is_audio_as_it_is():
    values = noise((2, 5_000), "float32")
    audio = make_audio(values, RATE)
    assert np.array_equal(audio.convolve([1.0]).to_numpy(), values)
    assert np.array_equal(audio.convolve([0, 0, 0.5], "valid").to_numpy(), values[:, :-2] / 2)


@pytest.mark.parametrize("dtype", ["int16", "int32", "float32", "float64"])
@pytest.mark.parametrize("shape", [(5_000,), (3, 5_000)])
@pytest.mark.parametrize("frames", [0, 1, 1_234, 4_999, 5_000, 2**63])
def test_a_delay_is_silence_in_front(dtype, shape, frames):
    values = (noise(shape) * (1 if dtype.startswith("f") else 1_000)).astype(dtype)
    late = min(frames, 5_000)
    expected = np.zeros_like(values)
    expected[..., late:] = values[..., : 5_000 - late]
    audio = make_audio(values, RATE)
    assert np.array_equal(audio.delay(frames=frames).to_numpy(), expected)
    assert np.array_equal(audio.to_numpy(), values)
    assert audio.delay_inplace(frames=frames) is audio
    assert np.array_equal(audio.to_numpy(), expected)


def test_a_delay_of_more_than_a_step_in_place():
    values = np.arange(3_000_000, dtype="int32")
    for frames in (3, 1_500_000):
        audio = make_audio(values, RATE)
        audio.delay_inplace(frames=frames)
        assert np.array_equal(audio.to_numpy()[frames:], values[:-frames])
        assert not audio.to_numpy()[:frames].any()


def test_a_delay_is_in_seconds_or_frames():
    audio = make_audio(np.arange(1.0, 9.0), 10)
    assert audio.delay(0.26).to_numpy().tolist() == [0, 0, 0, 1, 2, 3, 4, 5]
    assert audio.delay(1e300).to_numpy().tolist() == [0] * 8
    with pytest.raises(ValueError, match="seconds must be a finite number from 0 on, not -1"):
        audio.delay(-1)
    with pytest.raises(ValueError, match="frames must be from 0"):
        audio.delay_inplace(frames=-1)
    with pytest.raises(TypeError, match="not by both"):
        audio.delay(1, frames=1)
    with pytest.raises(TypeError, match="seconds= or frames="):
        audio.delay()
