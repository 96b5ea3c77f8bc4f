"""Arrow data never changes (X5): shared data keeps writers out, what could be spoiled is copied."""

import contextlib
import gc
import mmap
import pickle
import tempfile
import threading
import time

import extras
import numpy as np
import pytest
import segments
from signals import RATE, mono

import audio_samples
from audio_samples import AudioSamples, BorrowError, CopyError, no_copies

pa = extras.require("pyarrow", "arrow")


def address(array) -> int:
    return array.buffers()[1].address + array.offset * array.type.byte_width


def is_shared(audio: AudioSamples) -> bool:
    """Whether the Arrow data of mono audio lies where the samples do."""
    array = pa.array(audio)
    assert array.to_pylist() == audio.to_numpy().tolist()
    return address(array) == audio.address


# ---- writers that can be refused


WRITES = {
    "in place": lambda audio: audio.__iadd__(1),
    "a slice in place": lambda audio: audio[2:4].__imul__(0),
    "an item": lambda audio: audio.__setitem__(3, 9),
    "a mask": lambda audio: audio.__setitem__(np.ones(8, bool), 9),
    "a ufunc's output": lambda audio: np.add(audio, 1, out=audio),
    "ufunc.at": lambda audio: np.add.at(audio, [0], 1),
    "a function of NumPy": lambda audio: np.copyto(audio, 1),
    "the same memory adopted": lambda it: AudioSamples.from_buffer(memoryview(it), RATE).__iadd__(
        1
    ),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_no_call_writes_to_the_samples_while_arrow_data_is_on_them(write):
    audio = mono()
    array = pa.array(audio.as_readonly())
    assert address(array) == audio.address
    with pytest.raises((BorrowError, BufferError, ValueError), match=r"Arrow data|read-only"):
        write(audio)
    assert array.to_pylist() == audio.to_numpy().tolist() == list(range(8))
    del array
    gc.collect()
    write(audio)
    assert audio.to_numpy().tolist() != list(range(8))


def test_the_refusal_names_the_arrow_data_and_the_frames():
    audio = mono()
    batch = audio[2:5].as_readonly().to_arrow()
    wanted = (
        r"writing frames 2 to 4 of audio of shape \(8,\) is refused: Arrow data on them is alive"
    )
    with pytest.raises(BorrowError, match=wanted):
        audio *= 2
    [view] = audio.views
    assert (view.kind, view.mode, view.shape) == ("arrow", "read", (3,))
    with pytest.raises(BorrowError, match="Arrow data"), audio.borrow_mut():
        pass
    del batch


def test_writers_of_other_frames_go_on():
    audio = mono()
    array = pa.array(audio[2:5].as_readonly())
    audio[:2] += 10
    audio[5:] = 7
    with audio[5:].borrow_mut() as x:
        x += 1
    assert array.to_pylist() == [2, 3, 4]
    assert audio.to_numpy().tolist() == [10, 11, 2, 3, 4, 8, 8, 8]


def test_readers_go_on():
    audio = mono()
    array = pa.array(audio.as_readonly())
    again = pa.array(audio.as_readonly())
    assert address(array) == address(again) == audio.address
    with audio.borrow() as x:
        assert x.sum() == 28
    assert (audio * 2).to_numpy().sum() == 56


def test_an_array_that_is_handed_out_meanwhile_is_read_only():
    audio = mono()
    array = pa.array(audio.as_readonly())
    seen, view = audio.to_numpy(), memoryview(audio)
    assert not seen.flags.writeable
    assert view.readonly
    with pytest.raises(BufferError, match="Arrow data"):
        audio.__dlpack__()
    del array
    assert audio.to_numpy().flags.writeable


def test_a_column_alone_keeps_writers_out():
    pair = AudioSamples.new_multi(np.arange(8.0).reshape(2, 4), RATE)
    column = pair.as_readonly().to_arrow().column(1)
    gc.collect()
    with pytest.raises(BorrowError):
        pair[0, 0] = 1  # the table is one: a column keeps all of it
    del column
    pair[0, 0] = 1


def test_arrow_data_waits_for_a_writer_and_comes_out_whole():
    audio = AudioSamples.zeros(1 << 21, RATE)
    stop = threading.Event()
    shared, torn, changed, kept_out = [], [], [], []

    def write():
        while not stop.is_set():
            with contextlib.suppress(BorrowError):
                audio.__iadd__(1)  # through no array, which would make it a copy

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        array = pa.array(audio.as_readonly())
        shared.append(address(array) == audio.address)
        values = array.to_numpy(zero_copy_only=True)
        before = values.copy()
        torn.append(before.min() != before.max())
        time.sleep(0.005)
        changed.append((values != before).any())
        del array, values
        kept_out.append(not segments.until(lambda then=before[0]: audio[0] != then))
    stop.set()
    for thread in threads:
        thread.join()
    assert all(shared)
    assert not any(torn)
    assert not any(changed)
    assert not any(kept_out)


# ---- writers that cannot be refused


def test_a_writable_view_that_is_out_makes_it_a_copy():
    audio = mono()
    for make in (AudioSamples.to_numpy, memoryview, np.from_dlpack, lambda a: a.to_numpy()[3:5]):
        view = make(audio)
        assert not is_shared(audio.as_readonly())
        with no_copies(), pytest.raises(CopyError, match="a view that may write"):
            pa.array(audio.as_readonly())
        del view
        assert is_shared(audio.as_readonly())


def test_a_view_of_other_frames_makes_no_copy():
    audio = mono()
    view = audio[:3].to_numpy()
    assert is_shared(audio[3:].as_readonly())
    assert not is_shared(audio[2:].as_readonly())
    del view


def test_read_only_views_make_no_copy_but_tensors_do():
    quiet = mono().as_readonly()
    seen, view = quiet.to_numpy(), memoryview(quiet)
    assert is_shared(quiet)
    tensor = np.from_dlpack(quiet)  # not every library looks at the flag
    assert not is_shared(quiet)
    del seen, view, tensor


def test_shared_memory_that_others_may_write_to_is_copied():
    loud = mono().share()
    assert not is_shared(loud.as_readonly())
    with no_copies(), pytest.raises(CopyError, match="another holder of this memory may write"):
        pa.array(loud.as_readonly())
    quiet = mono().as_readonly().share()
    assert is_shared(quiet)
    assert is_shared(AudioSamples.attach(quiet.shared_name))


def test_a_file_that_is_written_to_is_copied_and_one_that_is_read_is_not(tmp_path):
    path = tmp_path / "take.wav"
    audio_samples.write(path, mono(1000))
    with audio_samples.open(path) as audio:
        assert is_shared(audio)
        array = pa.array(audio)
        with pytest.raises(BufferError, match="1 view is alive: arrow"):
            audio.close()
        with audio_samples.open(path, "r+") as same:
            with pytest.raises(BorrowError, match="Arrow data"):
                same += 1
            del array
            same += 1
            assert not is_shared(same.as_readonly())


def test_adopted_memory_is_shared_if_no_owner_may_write_to_it():
    data = np.arange(8, dtype=np.float32).tobytes()
    for source in (data, memoryview(data)):
        assert is_shared(AudioSamples.from_buffer(source, RATE, dtype="float32"))
    assert is_shared(AudioSamples.from_numpy(np.frombuffer(data, np.float32)[1:7][::1], RATE))
    arrow = pa.array(np.arange(8, dtype=np.float32))
    assert is_shared(AudioSamples.from_arrow(arrow, RATE))


def test_audio_out_of_an_object_store_is_shared():
    """As Ray's: the samples come back in memory that no process may write to."""
    buffers = []
    pickled = pickle.dumps(mono(), 5, buffer_callback=buffers.append)
    stored = [memoryview(bytes(buffer)) for buffer in buffers]
    assert is_shared(pickle.loads(pickled, buffers=stored))


def owned() -> np.ndarray:
    array = np.arange(8, dtype=np.float32)
    array.flags.writeable = False
    return array


def behind_a_writable_array() -> np.ndarray:
    array = np.arange(8, dtype=np.float32)[:]
    array.flags.writeable = False
    return array


def mapped() -> mmap.mmap:
    with tempfile.TemporaryFile() as file:
        file.write(bytes(32))
        file.flush()
        return mmap.mmap(file.fileno(), 32, access=mmap.ACCESS_READ)


def mapped_by_numpy() -> np.ndarray:
    with tempfile.TemporaryFile() as file:
        file.write(bytes(32))
        file.flush()
        return np.memmap(file, np.float32, "r")


SPOILABLE = {
    "an array that owns its samples": owned,
    "a view of a writable array": behind_a_writable_array,
    "a bytearray": lambda: np.frombuffer(memoryview(bytearray(32)).toreadonly(), np.float32),
    "a tensor": lambda: np.from_dlpack(behind_a_writable_array()),
    "a mapped file": lambda: np.frombuffer(mapped(), np.float32),
    "a view of a mapped file": lambda: np.frombuffer(memoryview(mapped()), np.float32)[1:],
    "NumPy's mapped file": mapped_by_numpy,
    "a slice of Arrow's": lambda: np.frombuffer(pa.py_buffer(bytearray(40)).slice(8), np.float32),
}


@pytest.mark.parametrize("make", SPOILABLE.values(), ids=SPOILABLE)
def test_adopted_memory_that_its_owner_may_write_to_is_copied(make):
    audio = AudioSamples.from_numpy(make(), RATE)
    assert not audio.writable
    assert not is_shared(audio)


def test_arrow_data_stays_as_it_is_when_the_memory_under_an_arrow_buffer_changes():
    memory = bytearray(32)
    slice_of_it = pa.py_buffer(memory).slice(0)
    array = pa.array(AudioSamples.from_buffer(slice_of_it, RATE, dtype="float32"))
    memory[:] = b"x" * 32
    assert array.to_pylist() == [0] * 8
