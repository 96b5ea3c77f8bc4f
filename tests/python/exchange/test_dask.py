"""Dask: audio in delayed calls, and arrays on the memory of a mapped file."""

import extras
import numpy as np
import pytest

import audio_samples
from audio_samples import AudioSamples, generation, no_copies

dask = extras.require("dask", "dask")
da = extras.require("dask.array", "dask")

RATE = 48_000


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "recording.wav"
    frames = np.vstack([np.arange(200_000), -np.arange(200_000)]) / 200_000
    audio_samples.write(path, AudioSamples.new_multi(frames.astype(np.float32), RATE))
    return path


def test_delayed_calls_take_audio_and_give_audio():
    tones = [generation.sine_wave(110 * i, 0.1, sample_rate=RATE) for i in (1, 2, 4)]

    def peak(audio):
        assert isinstance(audio, AudioSamples)
        return float(np.max(np.abs(audio)))

    def mix(*parts):
        return sum(parts[1:], parts[0]) / len(parts)

    mixed = dask.delayed(mix)(*map(dask.delayed, tones))
    result = mixed.compute(scheduler="threads")
    assert (result.sample_rate, len(result)) == (RATE, RATE // 10)
    np.testing.assert_allclose(result, sum(tone.to_numpy() for tone in tones) / 3)
    assert dask.delayed(peak)(tones[0]).compute(scheduler="threads") == pytest.approx(1, abs=1e-3)


def test_threads_work_on_one_memory():
    audio = AudioSamples.zeros(100_000, RATE)

    def fill(part, value):
        part += value

    parts = [dask.delayed(fill)(audio[i * 10_000 : (i + 1) * 10_000], i) for i in range(10)]
    with no_copies():
        dask.compute(*parts, scheduler="threads")
    np.testing.assert_array_equal(audio.to_numpy(), np.repeat(np.arange(10.0), 10_000))


def test_processes_work_on_one_memory_that_is_shared():
    audio = AudioSamples.zeros(40_000, RATE, shared=True)
    parts = [dask.delayed(add)(audio[i * 10_000 : (i + 1) * 10_000], i) for i in range(4)]
    dask.compute(*parts, scheduler="processes", num_workers=2)
    np.testing.assert_array_equal(audio.to_numpy(), np.repeat(np.arange(4.0), 10_000))


def add(part, value):
    part += value


def cut(whole, frames=50_000):
    """The chunks as the guide makes them."""
    slices = [whole[:, i : i + frames] for i in range(0, whole.shape[1], frames)]
    chunks = [da.from_delayed(dask.delayed(part), part.shape, part.dtype) for part in slices]
    return da.concatenate(chunks, axis=1), [part.ctypes.data for part in slices]


def test_the_chunks_of_a_mapped_file_are_views_of_it(path):
    with audio_samples.open(path) as audio:
        whole = audio.to_numpy()
        array, addresses = cut(whole)
        assert (array.shape, array.numblocks) == ((2, 200_000), (1, 4))
        seen = []

        def noted(chunk):
            seen.append(chunk.ctypes.data)
            return chunk

        like = np.empty((0, 0), np.float32)
        means = array.map_blocks(noted, meta=like).mean(axis=1).compute(scheduler="threads")
        assert sorted(seen) == addresses
        np.testing.assert_allclose(means, whole.mean(axis=1), rtol=1e-4)
        # What Dask has not computed yet it still reads from the file.
        with pytest.raises(BufferError, match=r"alive: numpy"):
            audio.close()
        part = array[:, 60_000:60_010].compute(scheduler="sync")
        np.testing.assert_array_equal(part, whole[:, 60_000:60_010])
        del whole, array


def test_from_array_copies_as_the_guide_says(path):
    """If it no longer does, the guide may say something simpler."""
    with audio_samples.open(path) as audio:
        whole = audio.to_numpy()
        array = da.from_array(whole, chunks=(2, 50_000), name=False, asarray=False)
        held = [chunk for chunk in array.dask.values() if isinstance(chunk, np.ndarray)]
        assert not any(np.shares_memory(chunk, whole) for chunk in held)
        del whole, array, held


def test_a_mapped_file_is_changed_chunk_by_chunk(path):
    with audio_samples.open(path, "r+") as audio:
        target = audio.to_numpy()
        array, _ = cut(target)
        da.store(array * np.float32(0.5), target, scheduler="threads", lock=False)
        del target, array
    changed = audio_samples.read(path)
    np.testing.assert_allclose(changed[1], [0.5 / 200_000, -0.5 / 200_000], rtol=1e-6)
    assert changed.sample_rate == RATE
