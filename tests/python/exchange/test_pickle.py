"""Pickling (X4): beside the pickle without a copy, in it with one, and between processes."""

import concurrent.futures
import copy
import io
import multiprocessing
import operator
import pickle
import tracemalloc

import numpy as np
import pytest
from signals import RATE, shares

from audio_samples import AudioSamples, BorrowError, CopyError, no_copies


def dump_beside(audio):
    buffers = []
    return pickle.dumps(audio, 5, buffer_callback=buffers.append), buffers


def assert_same(restored, audio):
    facts = operator.attrgetter("shape", "dtype", "sample_rate", "writable")
    assert facts(restored) == facts(audio)
    np.testing.assert_array_equal(restored.to_numpy(), audio.to_numpy())


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_audio_comes_back_as_it_was(adopted, protocol):
    restored = pickle.loads(pickle.dumps(adopted, protocol))
    assert_same(restored, adopted)
    assert not shares(restored, adopted)
    if restored.writable and restored.size:
        before = adopted.to_numpy(copy=True)
        restored += 1
        np.testing.assert_array_equal(restored.to_numpy(), before + 1)
        np.testing.assert_array_equal(adopted.to_numpy(), before)


def test_audio_comes_back_from_beside_the_pickle(adopted):
    pickled, buffers = dump_beside(adopted)
    restored = pickle.loads(pickled, buffers=buffers)
    assert_same(restored, adopted)


@pytest.mark.parametrize("frames_first", [False, True])
@pytest.mark.parametrize("shape", [(1 << 20,), (2, 1 << 19)])
def test_beside_the_pickle_nothing_is_copied(shape, frames_first):
    audio = AudioSamples.zeros(shape, RATE, dtype="float32")
    if frames_first and len(shape) == 2:
        array = np.zeros(shape[::-1], np.float32)
        audio = AudioSamples.new_multi(array, RATE, layout="frames_first", copy=False)
    tracemalloc.start()
    pickled, buffers = dump_beside(audio)
    restored = pickle.loads(pickled, buffers=buffers)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16_384
    assert len(pickled) < 200
    assert (restored.address, restored.strides) == (audio.address, audio.strides)
    restored[5] = 1
    assert audio.to_numpy().any()


def test_the_pickle_does_not_grow_with_the_audio():
    lengths = [len(dump_beside(AudioSamples.zeros(n, RATE))[0]) for n in (1, 255, 1 << 22)]
    assert max(lengths) - min(lengths) <= 4  # the bytes of the shape itself


def test_in_the_pickle_the_samples_are_copied_as_often_as_those_of_an_array():
    audio = AudioSamples.zeros(1 << 22, RATE, dtype="float32")
    array = audio.to_numpy(copy=True)

    def peak(work):
        tracemalloc.start()
        work()
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(lambda: pickle.dumps(audio, 5)) <= peak(lambda: pickle.dumps(array, 5)) + 4096
    pickled = pickle.dumps(audio, 5)
    assert peak(lambda: pickle.loads(pickled)) < audio.nbytes + 16_384


def test_samples_beside_the_pickle_are_a_view_until_their_carrier_lets_go():
    audio = AudioSamples.zeros(8, RATE)
    pickled, buffers = dump_beside(audio)
    assert [view.kind for view in audio.views] == ["buffer"]
    del buffers
    assert audio.views == []
    del pickled


def test_audio_outlives_the_one_it_was_pickled_from():
    audio = AudioSamples.new_mono(np.arange(1000.0), RATE)
    pickled, buffers = dump_beside(audio)
    restored = pickle.loads(pickled, buffers=buffers)
    del audio, buffers
    np.testing.assert_array_equal(restored.to_numpy(), np.arange(1000.0))


@pytest.mark.parametrize("carrier", [bytes, lambda raw: memoryview(bytes(raw))])
def test_read_only_memory_is_adopted_as_read_only_audio(carrier):
    audio = AudioSamples.new_mono(np.arange(1000.0), RATE)
    pickled, [buffer] = dump_beside(audio)
    carried = carrier(buffer.raw())
    restored = pickle.loads(pickled, buffers=[carried])
    assert not restored.writable
    assert restored.address == np.frombuffer(carried, np.float64).ctypes.data
    with pytest.raises(ValueError, match="read-only"):
        restored *= 2


def test_writable_memory_of_read_only_audio_stays_read_only():
    array = np.arange(8.0)
    array.flags.writeable = False
    audio = AudioSamples.from_numpy(array, RATE)
    pickled, [buffer] = dump_beside(audio)
    assert not pickle.loads(pickled, buffers=[bytearray(buffer.raw())]).writable


def test_memory_off_its_alignment_is_adopted_all_the_same():
    audio = AudioSamples.new_mono(np.arange(8.0), RATE)
    pickled, [buffer] = dump_beside(audio)
    carried = memoryview(bytearray(b"-" + bytes(buffer.raw())))[1:]
    restored = pickle.loads(pickled, buffers=[carried])
    assert_same(restored, audio)
    restored *= 2
    np.testing.assert_array_equal(np.frombuffer(carried, np.float64), np.arange(8.0) * 2)


@pytest.mark.parametrize("given", [b"", bytes(63), bytes(72)])
def test_memory_of_the_wrong_size_is_refused(given):
    pickled, _ = dump_beside(AudioSamples.zeros(8, RATE))
    with pytest.raises(ValueError, match=rf"{len(given)} bytes.*\(8,\).*needs 64 bytes"):
        pickle.loads(pickled, buffers=[given])


def test_part_of_a_recording_is_pickled_without_the_rest():
    audio = AudioSamples.zeros((2, 1 << 20), RATE, dtype="int16")
    assert len(pickle.dumps(audio[1000:2000])) < 5000
    pickled, [buffer] = dump_beside(audio[::2])
    assert buffer.raw().nbytes == audio.nbytes // 2
    assert audio.views == []
    del pickled


def test_one_recording_pickled_twice_is_one():
    audio = AudioSamples.zeros(8, RATE)
    one, other = pickle.loads(pickle.dumps([audio, audio]))
    assert one is other


def test_a_file_holds_the_samples():
    audio = AudioSamples.new_multi(np.arange(2000, dtype=np.int16).reshape(2, 1000), RATE)
    file = io.BytesIO()
    pickle.dump({"take": 1, "audio": audio}, file, protocol=5)
    file.seek(0)
    assert_same(pickle.load(file)["audio"], audio)


@pytest.mark.parametrize("make", [copy.copy, copy.deepcopy])
def test_copies_are_their_own(make):
    audio = AudioSamples.new_mono(np.arange(8.0), RATE)
    copied = make(audio)
    assert_same(copied, audio)
    assert not shares(copied, audio)
    assert not shares(copy.deepcopy([audio])[0], audio)


@pytest.mark.parametrize("protocol", [2, 5])
def test_a_borrow_keeps_pickling_out(protocol):
    audio = AudioSamples.zeros(8, RATE)
    with audio.borrow_mut(), pytest.raises(BorrowError):
        pickle.dumps(audio, protocol)


def test_no_copies_proves_that_nothing_is_copied():
    audio = AudioSamples.zeros(8, RATE)
    with no_copies():
        pickled, buffers = dump_beside(audio)
        assert pickle.loads(pickled, buffers=buffers).address == audio.address
        with pytest.raises(CopyError, match=r"64 bytes.*protocol 5"):
            pickle.dumps(audio, 4)
        with pytest.raises(CopyError, match="side by side"):
            dump_beside(audio[::2])


def gain(audio, factor):
    audio *= factor
    return audio


@pytest.mark.filterwarnings("ignore:.*fork")
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_another_process_takes_audio_and_gives_it_back(method):
    audio = AudioSamples.new_multi(np.arange(2000.0).reshape(2, 1000), RATE)
    context = multiprocessing.get_context(method)
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
        restored = pool.submit(gain, audio, 2).result()
    np.testing.assert_array_equal(restored.to_numpy(), audio.to_numpy() * 2)
    assert (restored.sample_rate, restored.writable) == (RATE, True)
