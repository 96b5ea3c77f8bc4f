"""What each exchange of a long recording costs in memory: nothing but its own header."""

import pickle
import sys
from pathlib import Path

import extras
import numpy as np
import pytest

from audio_samples import AudioSamples, memory

RATE = 48_000
FRAMES = 32 << 20  # of 4 bytes: 128 MiB

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def own_memory() -> int:
    """Bytes in memory that are this process's alone, and no file's."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if "RssAnon" in line)


def beside(audio):
    buffers = []
    pickled = pickle.dumps(audio, 5, buffer_callback=buffers.append)
    return pickle.loads(pickled, buffers=buffers)


def torch_of(audio):
    return extras.require("torch", "torch").from_dlpack(audio)


def torch_and_back(audio):
    return AudioSamples.from_torch(torch_of(audio), RATE)


def jax_of(audio):
    return extras.require("jax.numpy", "jax").from_dlpack(audio)


def arrow_of(audio):
    return extras.require("pyarrow", "arrow").array(audio.as_readonly())


def arrow_and_back(audio):
    return AudioSamples.from_arrow(arrow_of(audio), RATE)


def arrow_buffer(audio):
    return extras.require("pyarrow", "arrow").py_buffer(audio)


def frames_first(audio):
    return audio.frames_first


def part(audio):
    return audio[1000::3]


EXCHANGES = [
    AudioSamples.to_numpy,
    np.asarray,
    memoryview,
    frames_first,
    part,
    np.from_dlpack,
    torch_of,
    torch_and_back,
    jax_of,
    arrow_of,
    arrow_and_back,
    arrow_buffer,
    beside,
]


@pytest.fixture(scope="module")
def recording():
    audio = AudioSamples.zeros(FRAMES, RATE, dtype="float32")
    audio += 1
    return audio


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("exchange", EXCHANGES)
def test_an_exchange_takes_no_memory_for_samples(recording, exchange):
    # Whatever a library sets up when it is first used is not counted.
    exchange(AudioSamples.zeros(8, RATE, dtype="float32"))
    before = own_memory()
    held = [exchange(recording) for _ in range(3)]
    grown = own_memory() - before
    assert grown < recording.nbytes / 16
    del held


def test_a_shared_recording_is_taken_from_its_handle_without_memory(recording):
    shared = recording.share()
    before = own_memory()
    held = [pickle.loads(pickle.dumps(shared)) for _ in range(10)]
    assert own_memory() - before < 4 << 20
    assert {audio.address for audio in held} == {shared.address}


def test_a_copy_shows_that_this_test_can_tell(recording):
    memory.trim()  # the copy would lie in what an earlier test gave back
    before = own_memory()
    held = recording.copy()
    assert own_memory() - before > recording.nbytes / 2
    del held
