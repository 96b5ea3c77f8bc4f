"""Shared memory (X6) that is read-only (A8), and what is no handle and no segment of ours."""

import ctypes
import multiprocessing
import os
import pickle
import struct
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path

import numpy as np
import pytest
import segments
from elsewhere import run
from signals import RATE

from audio_samples import AudioSamples
from audio_samples._audio_samples import _attach

pytestmark = pytest.mark.filterwarnings("ignore:.*fork")


def write_in_spite_of_the_flag(audio: AudioSamples, value: float) -> None:
    """As PyTorch does, which knows no read-only memory."""
    ctypes.c_double.from_address(audio.to_numpy().ctypes.data).value = value


def write_and_tell(handle: bytes | str, told) -> None:
    is_name = isinstance(handle, str)
    audio = AudioSamples.attach(handle) if is_name else pickle.loads(handle)
    write_in_spite_of_the_flag(audio, 7.0)
    told.put((audio.writable, audio.to_numpy().tolist()))


@pytest.mark.parametrize("by", ["handle", "name"])
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_process_that_ignores_the_flag_changes_only_what_it_has_itself(method, by):
    context = multiprocessing.get_context(method)
    audio = AudioSamples.new_mono(np.ones(4), RATE).as_readonly().share()
    given = pickle.dumps(audio) if by == "handle" else audio.shared_name
    told = context.Queue()
    process = context.Process(target=write_and_tell, args=(given, told))
    process.start()
    assert told.get(timeout=60) == (False, [7, 1, 1, 1])
    process.join()
    # Here the pages are this process's own already: another looks at what is in the segment.
    assert audio.to_numpy().tolist() == [1, 1, 1, 1]
    second = context.Process(target=tell, args=(audio.shared_name, told))
    second.start()
    assert told.get(timeout=60) == [1, 1, 1, 1]
    second.join()


def test_not_even_its_maker_changes_what_others_have():
    audio = AudioSamples.new_mono(np.ones(4), RATE).as_readonly().share()
    write_in_spite_of_the_flag(audio, 7.0)
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    process = context.Process(target=tell, args=(audio.shared_name, told))
    process.start()
    assert told.get(timeout=60) == [1, 1, 1, 1]
    process.join()


def tell(name: str, told) -> None:
    told.put(AudioSamples.attach(name).to_numpy().tolist())


ATTACH_AND_GO_ON = """
import sys
from audio_samples import AudioSamples
try:
    AudioSamples.attach(sys.argv[1])
except OSError as error:
    print(error)
print(AudioSamples.zeros(4, 44_100, shared=True).size)
"""


def test_what_the_system_does_not_map_read_only_leaves_the_rest_at_work():
    # Eight TiB, of which none is there: more than a system promises to one process for writing.
    frames, start = 2**40, 2**21
    audio = AudioSamples.zeros(4, RATE).as_readonly().share()
    header = bytearray((segments.FOLDER / audio.shared_name).read_bytes()[:4096])
    header[32:40], header[48:64] = struct.pack("Q", frames), struct.pack("2Q", start, 8 * frames)
    sparse = segments.FOLDER / "audio_samples-too-large-to-map"
    try:
        sparse.write_bytes(header)
        os.truncate(sparse, start + 8 * frames)
        assert run(ATTACH_AND_GO_ON, sparse.name).endswith("4")
    finally:
        sparse.unlink(missing_ok=True)


def test_writable_audio_is_one_memory_still():
    audio = AudioSamples.new_mono(np.ones(4), RATE).share()
    told = multiprocessing.Queue()
    process = multiprocessing.Process(target=write_and_tell, args=(pickle.dumps(audio), told))
    process.start()
    assert told.get(timeout=60) == (True, [7, 1, 1, 1])
    process.join()
    assert audio.to_numpy().tolist() == [7, 1, 1, 1]


def test_memory_of_other_programs_is_left_alone():
    """Whatever its name: only what begins as a segment does is one."""
    folder = Path("/dev/shm")
    memory = SharedMemory(create=True, size=4096, name="audio_samples-mix1")
    alike = folder / "audio_samples-123-0123456789abcdef"
    alike.write_bytes(b"something else" * 100)
    left_by_the_killed = folder / "audio_samples-124-0123456789abcdef"
    left_by_the_killed.write_bytes(bytes(100))
    try:

        def swept() -> bool:
            AudioSamples.zeros(10, RATE, shared=True)
            return not left_by_the_killed.exists()

        assert segments.until(swept)
        assert alike.exists()
        SharedMemory(name="audio_samples-mix1").close()
    finally:
        memory.close()
        memory.unlink()
        alike.unlink()
        left_by_the_killed.unlink(missing_ok=True)


@pytest.mark.parametrize(
    ("shape", "strides"),
    [([5], [0]), ([4], [4]), ([1 << 62], [0]), ([], []), ([2, 4], [8, 8])],
    ids=str,
)
def test_what_no_pickle_says_is_no_handle(shape, strides):
    audio = AudioSamples.new_mono(np.ones(8), RATE).share()
    with pytest.raises(ValueError, match="no handle of shared audio"):
        _attach((audio.shared_name, "float64", shape, strides, 0, True, None))
    for ticket in (None, (10**6, 1), (3, 12345)):
        whole = _attach((audio.shared_name, "float64", [8], [8], 0, True, ticket))
        assert whole.to_numpy().sum() == 8
