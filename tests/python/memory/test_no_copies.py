"""`no_copies` (C6): an error, with the reason, wherever sample bytes would be copied."""

# ruff: noqa: ARG005 (every way to copy is called with audio)

import asyncio
import contextvars
import copy
import pickle

import numpy as np
import pytest
from capsules import IS_COPIED, Producer
from elsewhere import at_once

import audio_samples
from audio_samples import AudioSamples, CopyError, no_copies

RATE = 48_000

SWAPPED = np.arange(20.0).astype(np.dtype(np.float64).newbyteorder())
INDICES = np.array([3, 1, 2])
OLD_PICKLE = pickle.dumps(AudioSamples.new_mono(np.zeros(20), RATE), 4)

COPIES = {
    "new_mono": lambda audio: AudioSamples.new_mono(np.zeros(20), RATE),
    "new_multi": lambda audio: AudioSamples.new_multi(np.zeros((2, 20)), RATE, copy=True),
    "new_multi of audio": lambda audio: AudioSamples.new_multi(audio, RATE),
    "new_mono of a memoryview": lambda audio: AudioSamples.new_mono(memoryview(np.zeros(3)), RATE),
    "from_numpy": lambda audio: AudioSamples.from_numpy(np.zeros(20), RATE, copy=True),
    "from_buffer": lambda audio: AudioSamples.from_buffer(bytes(8), RATE, dtype="i2", copy=True),
    "other byte order": lambda audio: AudioSamples.new_mono(SWAPPED, RATE, copy=None),
    "copy": lambda audio: audio.copy(),
    "copy.copy": copy.copy,
    "copy.deepcopy": copy.deepcopy,
    "astype": lambda audio: audio.astype(np.float32),
    "astype of the same type": lambda audio: audio.astype(audio.dtype),
    "convert": lambda audio: audio.convert(np.int16),
    "to_numpy": lambda audio: audio.to_numpy(copy=True),
    "a tensor with copy": lambda audio: audio.__dlpack__(copy=True),
    "from_dlpack": lambda audio: AudioSamples.from_dlpack(np.zeros(20), RATE, copy=True),
    "from_dlpack of a copy": lambda audio: AudioSamples.from_dlpack(
        Producer(np.zeros(20), flags=IS_COPIED), RATE
    ),
    "pickle of an older protocol": lambda audio: pickle.dumps(audio, 4),
    "pickle of samples apart": lambda audio: pickle.dumps(audio[::2], 5),
    "unpickling of an older protocol": lambda audio: pickle.loads(OLD_PICKLE),
    "share": lambda audio: audio.share(),
    "Arrow of what may change": lambda audio: audio.__arrow_c_array__(),
    "Arrow of samples apart": lambda audio: audio.as_readonly()[::2].__arrow_c_array__(),
    "__array__ with copy": lambda audio: audio.__array__(copy=True),
    "__array__ with dtype": lambda audio: audio.__array__(np.float32),
    "a mask": lambda audio: audio[np.arange(20) > 3],
    "indices": lambda audio: audio[INDICES],
    "a list": lambda audio: audio[[1, 2]],
    "indices in a tuple": lambda audio: audio[0, INDICES],
    "channels in a tuple": lambda audio: audio[[1, 0], 2:5],
    "a mask of all samples": lambda audio: audio[np.asarray(audio) > 3],
    "an overlap": lambda audio: audio.__iadd__(audio.to_numpy().reshape(20, 2).T),
    "an overlap that is stored": lambda audio: audio.__setitem__(
        slice(None), audio.to_numpy().reshape(20, 2).T
    ),
}
SHARES = {
    "new_mono without copy": lambda audio: AudioSamples.new_mono(np.zeros(20), RATE, copy=False),
    "new_mono that may copy": lambda audio: AudioSamples.new_mono(np.zeros(20), RATE, copy=None),
    "new_mono of numbers": lambda audio: AudioSamples.new_mono([1.0, 2.0], RATE),
    "frames first": lambda audio: AudioSamples.new_multi(
        np.zeros((20, 2)), RATE, layout="frames_first", copy=False
    ),
    "from_numpy": lambda audio: AudioSamples.from_numpy(np.zeros(20), RATE),
    "from_buffer": lambda audio: AudioSamples.from_buffer(bytearray(16), RATE, dtype="int16"),
    "zeros": lambda audio: AudioSamples.zeros(3, RATE),
    "to_numpy": lambda audio: audio.to_numpy(),
    "np.asarray": np.asarray,
    "memoryview": memoryview,
    "frames_first": lambda audio: audio.frames_first,
    "__array__": lambda audio: audio.__array__(audio.dtype),
    "DLPack": np.from_dlpack,
    "from_dlpack": lambda audio: AudioSamples.from_dlpack(np.zeros(20), RATE),
    "pickle beside": lambda audio: pickle.dumps(audio, 5, buffer_callback=[].append),
    "Arrow": lambda audio: audio.as_readonly().__arrow_c_array__(),
    "from_arrow": lambda audio: AudioSamples.from_arrow(audio.as_readonly()),
    "shared silence": lambda audio: AudioSamples.zeros(3, RATE, shared=True).share(),
    "a slice": lambda audio: audio[2:9:3],
    "a tuple": lambda audio: audio[0, 2:5],
    "a frame": lambda audio: audio[3],
    "a sample": lambda audio: audio[1, 3],
    "a channel": lambda audio: audio.channel(1),
    "as_readonly": lambda audio: audio.as_readonly(),
    "borrow": lambda audio: audio.borrow_mut().__enter__(),
    "iteration": list,
    "arithmetic": lambda audio: (audio + 1) * audio.to_numpy(),
    "arithmetic in place": lambda audio: audio.__imul__(audio.to_numpy()),
    "a shift": lambda audio: audio[1:].__iadd__(audio[:-1]),
    "backwards": lambda audio: audio.channel(0).__iadd__(audio.channel(0)[::-1]),
    "storing": lambda audio: audio.__setitem__(slice(2, 4), np.ones(2)),
    "a ufunc": np.abs,
    "a reduction": np.sum,
    "a comparison": lambda audio: audio > 3,
}


@pytest.mark.parametrize("how", COPIES)
def test_a_copy_is_refused_with_its_reason(audio, how):
    before = np.array(audio)
    with no_copies(), pytest.raises(CopyError, match=r"\d+ bytes .* inside no_copies\(\): \w"):
        COPIES[how](audio)
    np.testing.assert_array_equal(audio, before)
    COPIES[how](audio)


@pytest.mark.parametrize("how", SHARES)
def test_what_shares_is_allowed(audio, how):
    with no_copies():
        SHARES[how](audio)


def test_the_bytes_are_named(audio):
    with no_copies(), pytest.raises(CopyError, match="320 bytes"):
        audio.copy()


def test_decoding_a_file_is_no_copy(audio, tmp_path):
    path = tmp_path / "a.wav"
    with no_copies():
        audio_samples.write(path, audio)
        read = audio_samples.read(path, dtype=np.float32)
    np.testing.assert_array_equal(read, audio)


def test_it_ends_with_its_block_also_by_an_exception(audio):
    with pytest.raises(RuntimeError), no_copies():
        raise RuntimeError
    audio.copy()
    with no_copies():
        with no_copies():
            pass
        with pytest.raises(CopyError):
            audio.copy()
    audio.copy()


def test_it_decorates_functions(audio):
    @no_copies()
    def work():
        audio.copy()

    for _ in range(2):
        with pytest.raises(CopyError):
            work()
    audio.copy()


def test_other_threads_copy_as_they_like(audio):
    outcome = []
    with no_copies():
        at_once(lambda: outcome.append(audio.copy()))
    assert len(outcome) == 1


def test_a_context_that_is_handed_over_brings_it_along(audio):
    with no_copies():
        context = contextvars.copy_context()
    with pytest.raises(CopyError):
        at_once(lambda: context.run(audio.copy))


def test_each_task_has_its_own(audio):
    async def strict():
        with no_copies():
            await asyncio.sleep(0)
            with pytest.raises(CopyError):
                audio.copy()
            await asyncio.sleep(0)

    async def lax():
        for _ in range(3):
            audio.copy()
            await asyncio.sleep(0)

    async def both():
        await asyncio.gather(strict(), lax())

    asyncio.run(both())


def test_a_copy_error_is_an_error_of_this_package():
    assert issubclass(CopyError, audio_samples.AudioSamplesError)
