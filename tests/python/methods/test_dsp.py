"""The contract of processors: for every split into blocks the same frames come out, bit for bit."""

import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from signals import RATE, make_audio, mono, read_only

import audio_samples
from audio_samples import AudioSamples, BorrowError, dsp

SPLITS = (1, 7, 480, 65_536)


def noise(dtype="float32", shape=(2, 3001), seed=1):
    values = np.random.default_rng(seed).uniform(-0.9, 0.9, shape)
    return (values * (2**15 if dtype == "int16" else 2**31 if dtype == "int32" else 1)).astype(
        dtype
    )


PROCESSORS = {
    "gain": lambda: dsp.Gain(-3.3),
    "fade-in": lambda: dsp.Fade(0.01, curve="equal_power"),
    "fade-out": lambda: dsp.Fade(0, 0.02, curve="exponential"),
    "fades": lambda: dsp.Fade(0.013, 0.017),
    "chain": lambda: dsp.Chain(
        [dsp.Gain(-3), dsp.Fade(0.01, 0.02), dsp.Gain(2), dsp.Fade(0.02, 0.01)]
    ),
    "nothing": lambda: dsp.Chain([]),
}
METHODS = {
    "chain": lambda audio: (
        audio.gain(-3).fade_in(0.01).fade_out(0.02).gain(2).fade_in(0.02).fade_out(0.01)
    ),
    "gain": lambda audio: audio.gain(-3.3),
    "fade-in": lambda audio: audio.fade_in(0.01, curve="equal_power"),
    "fade-out": lambda audio: audio.fade_out(0.02, curve="exponential"),
    "fades": lambda audio: audio.fade_in(0.013).fade_out(0.017),
    "nothing": lambda audio: audio,
}


def joined(blocks):
    return np.concatenate([np.asarray(block) for block in blocks], axis=-1)


def cut(audio, lengths):
    """Blocks of these lengths, over and over."""
    at, number = 0, 0
    while at < len(audio):
        length = lengths[number % len(lengths)]
        yield audio[at : at + length]
        at, number = at + length, number + 1


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("dtype", ["int16", "int32", "float32", "float64"])
def test_a_processor_used_once_is_the_method(name, dtype):
    audio = make_audio(noise(dtype))
    expected = np.asarray(METHODS[name](audio))
    if dtype.startswith("i") and name in ("fades", "chain"):
        # The methods round each time.
        found = np.asarray(audio.apply(PROCESSORS[name]())).astype(float)
        assert np.abs(found - expected).max() <= 4
        return
    assert np.array_equal(np.asarray(audio.apply(PROCESSORS[name]())), expected)


@pytest.mark.parametrize("name", PROCESSORS)
@pytest.mark.parametrize("size", SPLITS)
@pytest.mark.parametrize("dtype", ["int16", "float32", "float64"])
def test_every_split_gives_the_same(name, size, dtype):
    audio = make_audio(noise(dtype))
    whole = audio.apply(PROCESSORS[name]())
    assert whole.shape == audio.shape
    found = joined(PROCESSORS[name]().stream(cut(audio, [size])))
    assert np.array_equal(found, whole.to_numpy())


@given(st.lists(st.integers(0, 900), min_size=1, max_size=8), st.sampled_from(sorted(PROCESSORS)))
@settings(max_examples=40)
def test_empty_and_odd_blocks_give_the_same(lengths, name):
    audio = make_audio(noise("float64"))
    whole = audio.apply(PROCESSORS[name]())
    found = joined(PROCESSORS[name]().stream(cut(audio, [*lengths, 333])))
    assert np.array_equal(found, whole.to_numpy())


@pytest.mark.parametrize("name", PROCESSORS)
def test_process_lags_by_the_latency(name):
    audio = make_audio(noise())
    whole = audio.apply(PROCESSORS[name]()).to_numpy()
    processor = PROCESSORS[name]()
    blocks = [processor.process(block) for block in cut(audio, [512])]
    assert [len(block) for block in blocks] == [len(block) for block in cut(audio, [512])]
    late = processor.latency
    rest = processor.flush()
    assert len(rest) == late
    assert np.array_equal(joined([*blocks, rest])[:, late:], whole)
    # A flushed processor begins anew.
    again = joined([processor.process(block) for block in cut(audio, [512])])
    assert np.array_equal(again, joined(blocks))


@pytest.mark.parametrize("name", PROCESSORS)
def test_in_place_is_the_same(name):
    samples = noise()
    audio = make_audio(samples)
    whole = audio.apply(PROCESSORS[name]()).to_numpy()
    view = audio.to_numpy()
    assert audio.apply_inplace(PROCESSORS[name]()) is audio
    assert np.array_equal(view, whole)
    audio = make_audio(samples)
    processor, other = PROCESSORS[name](), PROCESSORS[name]()
    for block in cut(audio, [480]):
        expected = other.process(block).to_numpy()
        assert processor.process_inplace(block) is block
        assert np.array_equal(block.to_numpy(), expected)


def test_what_was_processed_stays_with_the_processor():
    processor = dsp.Fade(0.01)
    audio = make_audio(noise())
    processor.process(audio[:100])
    fresh = audio.apply(dsp.Fade(0.01)).to_numpy()
    for used in (
        audio.apply(processor),
        audio.apply(dsp.Chain([processor])),
        audio.apply(processor.copy()),
    ):
        assert np.array_equal(used.to_numpy(), fresh)
    assert np.array_equal(joined(processor.stream([audio])), fresh)
    # The signal goes on where it was.
    assert np.array_equal(processor.process(audio[100:]).to_numpy(), fresh[:, 100:])
    processor.reset()
    assert np.array_equal(processor.process(audio).to_numpy(), fresh)


@pytest.mark.parametrize(
    ("later", "said"),
    [
        (make_audio(noise(), 48_000), "float32 of 2 channels at 48000 Hz"),
        (make_audio(noise("int16")), "int16 of 2 channels at 44100 Hz"),
        (make_audio(noise(shape=(10,))), "float32 of 1 channel at 44100 Hz"),
    ],
)
@pytest.mark.parametrize("kind", ["process", "process_inplace", "meter"])
def test_a_block_of_another_kind_is_refused(later, said, kind):
    meter, processor = dsp.LevelMeter(), dsp.Gain(-6)
    use = meter.update if kind == "meter" else getattr(processor, kind)
    use(make_audio(noise()))
    with pytest.raises(
        ValueError, match=f"{said}, and those before it were float32 of 2 channels at 44"
    ):
        use(later)
    use(make_audio(noise()))
    (meter if kind == "meter" else processor).reset()
    use(later)


@pytest.mark.parametrize("shape", [(0,), (2, 0)])
def test_a_signal_without_frames_is_one(shape):
    empty = AudioSamples.zeros(shape, RATE)
    for make in PROCESSORS.values():
        assert empty.apply(make()).shape == shape
        assert [block.shape for block in make().stream([empty])] == [shape]
    assert list(dsp.Gain(1).stream([])) == []
    assert dsp.Gain(1).flush() is None


def test_a_signal_shorter_than_its_fades():
    audio = AudioSamples.new_mono(np.ones(10), 10)
    faded = audio.apply(dsp.Fade(2, 2))
    assert faded.to_numpy().tolist() == pytest.approx([k / 20 * (9 - k) / 20 for k in range(10)])


@pytest.mark.parametrize("frames", [0, 1, 150, 200, 400])
def test_a_chain_on_a_signal_shorter_than_its_latency(frames):
    audio = make_audio(noise(shape=(2, 400)))[:, :frames]
    fades = [dsp.Fade(0, 200 / RATE), dsp.Gain(-3), dsp.Fade(0, 100 / RATE)]
    alone = audio
    for fade in fades:
        alone = alone.apply(fade)
    chain = dsp.Chain(fades)
    assert np.array_equal(np.asarray(audio.apply(chain)), np.asarray(alone))
    one = dsp.Chain(fades)
    late = joined([one.process(audio), one.flush()])
    assert late.shape == (2, frames + 300)
    assert not late[:, :300].any()
    assert np.array_equal(late[:, 300:], np.asarray(alone))


def test_a_chain_leaves_a_rate_and_comes_back():
    audio = mono(9_001, rate=44_100)
    links = [dsp.Resampler(48_000), dsp.Gain(-3), dsp.Resampler(44_100)]
    expected = audio.resample(48_000).gain(-3).resample(44_100)
    assert np.array_equal(audio.apply(dsp.Chain(links)), expected)
    parts = list(dsp.Chain(links).stream(cut(audio, [1_000, 1])))
    assert np.array_equal(joined(parts), expected)
    before = audio.to_numpy(copy=True)
    for change in (audio.apply_inplace, lambda chain: chain.process_inplace(audio)):
        with pytest.raises(ValueError, match="the number of frames, and memory keeps its own"):
            change(dsp.Chain(links))
    assert np.array_equal(audio, before)


@pytest.mark.parametrize("seconds", [1e11, 1e300])
def test_a_fade_that_memory_cannot_hold_is_an_error(seconds):
    audio = mono(10)
    with pytest.raises(MemoryError):
        audio.apply(dsp.Fade(0, seconds))
    assert audio.apply(dsp.Fade(seconds, 0)).to_numpy()[0] == 0


def test_a_first_block_that_fails_is_no_beginning():
    refused = [
        (dsp.Gain(1), lambda thing: thing.process),
        (dsp.Gain(1), lambda thing: thing.process_inplace),
        (dsp.LevelMeter(), lambda thing: thing.update),
        (dsp.LoudnessMeter(), lambda thing: thing.update),
    ]
    for thing, call in refused:
        stereo = make_audio(noise())
        with stereo.borrow_mut(), pytest.raises(BorrowError):
            call(thing)(stereo)
        call(thing)(mono(100))
    resampler = dsp.Resampler(48_000)
    with pytest.raises(ValueError, match="memory keeps its own"):
        resampler.process_inplace(mono(100, rate=44_100))
    resampler.process(mono(100, rate=8_000))


def test_copies_are_made_while_another_thread_processes():
    audio, processor = mono(4_000_000), dsp.Chain([dsp.Fade(1, 1)] * 8)
    thread = threading.Thread(target=processor.process, args=(audio,))
    thread.start()
    short = mono(10)
    while thread.is_alive():
        assert short.apply(processor).shape == short.shape
        assert len(list(dsp.Chain([processor.copy()]).stream([short]))) >= 1
    thread.join()


def test_read_only_and_borrowed_blocks():
    audio = make_audio(noise())
    before = audio.to_numpy(copy=True)
    with pytest.raises(ValueError, match="read-only"):
        dsp.Gain(1).process_inplace(read_only(audio))
    with pytest.raises(ValueError, match="read-only"):
        read_only(audio).apply_inplace(dsp.Gain(1))
    with audio.borrow(), pytest.raises(BorrowError):
        audio.apply_inplace(dsp.Gain(1))
    with audio.borrow_mut(), pytest.raises(BorrowError):
        dsp.LevelMeter().update(audio)
    assert np.array_equal(audio.to_numpy(), before)


def test_a_chain_takes_processors():
    with pytest.raises(TypeError, match=r"dsp.Gain\(-6\), not 3"):
        dsp.Chain([dsp.Gain(1), 3])
    with pytest.raises(TypeError, match="a meter is updated with the blocks"):
        dsp.Chain([dsp.LevelMeter()])
    with pytest.raises(TypeError, match="cannot create"):
        dsp.Processor()
    with pytest.raises(ValueError, match="fade_out must be a finite number of seconds"):
        dsp.Fade(0, -1)


@pytest.mark.parametrize("dtype", ["int16", "float32", "float64"])
@pytest.mark.parametrize("size", [1, 1000, 4096, 70_000])
def test_the_level_meter_measures_blocks_as_the_whole(dtype, size):
    audio = make_audio(noise(dtype, (2, 200_003 if size > 1 else 2100)))
    meter = dsp.LevelMeter()
    for block in cut(audio, [size]):
        meter.update(block)
    assert (meter.peak, meter.rms) == (audio.peak(), audio.rms())
    assert (meter.crest_factor, meter.dc_offset) == (audio.crest_factor(), audio.dc_offset())
    meter.reset()
    assert (meter.peak, meter.rms, meter.dc_offset) == (0, 0, 0)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
@pytest.mark.parametrize("block_frames", [100, 65_536])
def test_files_are_processed_where_they_lie(tmp_path, subtype, block_frames):
    path = tmp_path / "audio.wav"
    audio = make_audio(noise(shape=(2, 30_001)))
    audio_samples.write(path, audio, subtype=subtype)
    before = audio_samples.read(path)
    chain = PROCESSORS["chain"]()
    with audio_samples.edit(path, block_frames=block_frames) as file:
        first = next(file)
        first *= 0.5
        file.apply(chain)
    before[: len(first)] *= 0.5
    steps = {"PCM_16": 2.0**-15, "PCM_24": 2.0**-23, "FLOAT": 1e-9}[subtype]
    found = audio_samples.read(path)
    assert np.abs(np.asarray(found) - np.asarray(before.apply(chain))).max() <= 2 * steps
    assert audio_samples.info(path).frames == 30_001


def test_a_stream_of_a_file_is_written_again(tmp_path):
    source, target = tmp_path / "a.wav", tmp_path / "b.wav"
    audio = make_audio(noise(shape=(2, 30_001)))
    audio_samples.write(source, audio, subtype="FLOAT")
    fade = dsp.Fade(0.1, 0.2)
    blocks = audio_samples.stream(source, 1000)
    audio_samples.write(target, fade.stream(blocks), subtype="FLOAT")
    assert np.array_equal(np.asarray(audio_samples.read(target)), np.asarray(audio.apply(fade)))


def test_threads_take_turns_or_are_refused():
    audio = mono(2_000_000)
    processor = dsp.Chain([dsp.Fade(1, 1)] * 8)
    outcomes = []

    def use():
        try:
            outcomes.append(processor.process(audio).shape)
        except RuntimeError as error:
            outcomes.append(str(error))

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    refused = "another thread is using this processor"
    assert all(outcome == audio.shape or refused in outcome for outcome in outcomes)
    assert audio.shape in outcomes


def test_chains_within_chains_are_one():
    """In a process of its own: a stack that overflows ends it."""
    program = """
        from audio_samples import AudioSamples, dsp
        chain = dsp.Limiter(-6)
        for _ in range(10_000):
            chain = dsp.Chain([chain])
        audio = AudioSamples.zeros(10, 8_000) + 1
        assert (audio.apply(chain) == audio.limit(-6)).all()
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True)


@pytest.mark.parametrize("kind", ["Gain(-3)", "Limiter(-1)", "Chain([dsp.Convolver([0.5] * 99)])"])
def test_a_block_takes_its_own_memory_once(kind):
    """32 MiB of integers come out; as float64 they would be 128 more."""
    program = f"""
        import re
        from pathlib import Path
        from audio_samples import AudioSamples, dsp
        def peak():
            return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
        processor = dsp.{kind}
        block = AudioSamples.zeros(16 << 20, 48_000, dtype="int16")
        block += 100
        processor.process(block[:100])
        before = peak()
        assert len(processor.process(block)) == len(block)
        print(peak() - before)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 48 << 10


@pytest.mark.parametrize("only", ["integrated", "range", "true_peak"])
def test_a_meter_of_one_thing_gives_what_a_meter_of_all_gives(only):
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (2, 5 * RATE))
    audio = AudioSamples.new_multi(noise, RATE)
    whole, one = dsp.LoudnessMeter(), dsp.LoudnessMeter(only=only)
    for start in range(0, len(audio), 7_001):
        whole.update(audio[start : start + 7_001])
        one.update(audio[start : start + 7_001])
    assert getattr(one, only) == getattr(whole, only)
    for other in {"integrated", "range", "true_peak"} - {only}:
        with pytest.raises(ValueError, match=f"made with only='{only}'"):
            getattr(one, other)
    with pytest.raises(
        ValueError, match="only is 'integrated', 'range' or 'true_peak', not 'lufs'"
    ):
        dsp.LoudnessMeter(only="lufs")


@pytest.mark.parametrize(
    ("call", "meant"),
    [
        (lambda audio: audio.apply([dsp.Gain(-3)]), r"dsp\.Chain\(\[\.\.\.\]\)"),
        (lambda audio: audio.apply_inplace("gain"), r"such as dsp\.Gain\(-6\)"),
        (lambda _: dsp.Chain(dsp.Gain(-3)), r"a list of processors, such as Chain\(\[dsp\.Gain"),
    ],
)
def test_what_is_no_processor_is_refused_with_what_is_one(call, meant):
    with pytest.raises(TypeError, match=meant):
        call(mono())


@pytest.mark.parametrize("name", ["trim_silence", "split_silence", "silences"])
def test_a_threshold_above_full_scale_is_refused(name):
    with pytest.raises(ValueError, match=r"in dBFS, 0 at most, not 60; -60 is so far below"):
        getattr(mono(), name)(60)
