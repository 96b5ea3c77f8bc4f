"""Threads (A4, A9): operations are whole, whatever else goes on with the same samples.

The interpreter switches threads every microsecond here, so that whatever could be torn apart is.
"""

import contextlib
import sys
import threading
import time

import numpy as np
import pytest
from elsewhere import at_once

from audio_samples import AudioSamples, BorrowError

RATE = 48_000
# Below and above the size from which operations run without the GIL.
SIZES = [1_000, 200_000]


@pytest.fixture(autouse=True)
def restless_interpreter():
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def add(audio, times, amount=1):
    for _ in range(times):
        audio += amount


@pytest.mark.parametrize("dtype", ["int16", "float64"])
@pytest.mark.parametrize("size", [*SIZES, 2_000_000])
def test_four_threads_that_add_one_twenty_times_leave_eighty(size, dtype):
    audio = AudioSamples.zeros(size, RATE, dtype=dtype)
    at_once(*[lambda: add(audio, 20)] * 4)
    assert (audio.to_numpy() == 80).all()


@pytest.mark.parametrize("size", SIZES)
def test_it_makes_no_difference_through_which_handle(size):
    audio = AudioSamples.zeros((2, size), RATE)
    again = AudioSamples.from_numpy(audio.to_numpy(), RATE)
    strided = AudioSamples.from_buffer(memoryview(audio), RATE)
    at_once(
        lambda: add(audio, 20),
        lambda: add(again, 20),
        lambda: add(strided, 20),
        lambda: [audio.__setitem__(slice(None), audio) for _ in range(20)],
    )
    assert (audio.to_numpy() == 60).all()


@pytest.mark.parametrize("size", SIZES)
def test_two_adoptions_of_foreign_memory_are_one(size):
    array = np.zeros(size)
    one = AudioSamples.new_mono(array, RATE, copy=False)
    two = AudioSamples.new_mono(array[::-1], RATE, copy=False)
    at_once(*[lambda: add(one, 20), lambda: add(two, 20)] * 2)
    assert (array == 80).all()


@pytest.mark.parametrize("size", SIZES)
def test_overlapping_slices_and_channels(size):
    audio = AudioSamples.zeros((2, size), RATE)
    third = size // 3
    at_once(
        lambda: add(audio[: 2 * third], 20),
        lambda: add(audio[third:], 20),
        lambda: add(audio.channel(0), 20, 100),
        lambda: add(audio[::2], 20, 10_000),
        lambda: add(audio.channel(1)[::-1], 20, 100),
    )
    expected = np.zeros((2, size))
    expected[:, : 2 * third] += 20
    expected[:, third:] += 20
    expected[:, ::2] += 200_000
    expected += 2000
    np.testing.assert_array_equal(audio, expected)


@pytest.mark.parametrize("size", SIZES)
def test_interleaved_channels_do_not_meet(size):
    frames = np.zeros((size, 2), np.float32)
    audio = AudioSamples.new_multi(frames, RATE, layout="frames_first", copy=False)
    at_once(lambda: add(audio.channel(0), 40), lambda: add(audio.channel(1), 40, 2))
    assert (frames == [40, 80]).all()


@pytest.mark.parametrize("size", SIZES)
def test_every_reader_sees_whole_operations(size):
    """All samples of an audio are equal between two operations, so each reader finds them equal."""
    audio = AudioSamples.zeros(size, RATE)
    done = threading.Event()
    torn = []

    def write():
        try:
            add(audio, 60)
            for _ in range(20):
                audio[:] = np.zeros(size)
                np.add(audio, 3, out=audio)
        finally:
            done.set()

    def read(how):
        def loop():
            while not done.is_set():
                seen = np.asarray(how())
                if seen.size and not (seen == seen.flat[0]).all():
                    torn.append(seen)
                time.sleep(0)

        return loop

    other = AudioSamples.zeros(size, RATE)
    at_once(
        write,
        read(audio.copy),
        read(lambda: audio.to_numpy(copy=True)),
        read(lambda: audio + 1),
        read(lambda: np.multiply(audio, 2)),
        read(lambda: audio.astype(np.float32)),
        read(lambda: other + audio),
        read(lambda: audio[np.arange(0, size, 7)]),
        read(lambda: AudioSamples.new_mono(audio, RATE)),
    )
    assert not torn
    assert (audio.to_numpy() == 3).all()


@pytest.mark.parametrize("size", SIZES)
def test_exports_come_and_go_beside_operations(size):
    audio = AudioSamples.zeros(size, RATE)
    done = threading.Event()

    def export():
        while not done.is_set():
            views = [audio.to_numpy(), memoryview(audio), np.asarray(audio[3:9]), audio[::2]]
            assert all(view.mode == "write" for view in audio.views)
            del views

    def work():
        try:
            at_once(*[lambda: add(audio, 20)] * 4)
        finally:
            done.set()

    at_once(work, export, export)
    assert (audio.to_numpy() == 80).all()
    assert audio.views == []


@pytest.mark.parametrize("size", SIZES)
def test_borrows_come_and_go_beside_operations(size):
    audio = AudioSamples.zeros(size, RATE)
    count = [0, 0]

    def work():
        while count[0] < 40:
            try:
                audio.__iadd__(1)
                count[0] += 1
            except BorrowError:
                time.sleep(0)

    def borrow():
        while count[1] < 40:
            try:
                with audio.borrow_mut() as x:
                    assert (x == x[0]).all()
                    x += 1
                count[1] += 1
            except BorrowError:
                time.sleep(0)

    at_once(work, borrow)
    assert (audio.to_numpy() == 80).all()


@pytest.mark.parametrize("size", SIZES)
def test_two_audios_in_either_order_do_not_deadlock(size):
    one = AudioSamples.new_mono(np.ones(size), RATE)
    two = AudioSamples.new_mono(np.ones(size), RATE)

    def mix(target, source):
        def loop():
            for _ in range(50):
                target.__iadd__(source)
                np.subtract(target, source, out=target)

        return loop

    at_once(mix(one, two), mix(two, one), mix(one, two), mix(two, one))
    assert np.isfinite(one.to_numpy()).all()


def test_python_code_inside_an_operation_is_told_instead_of_waiting_for_itself():
    audio = AudioSamples.new_mono(np.arange(4.0), RATE)
    told = []

    def meddle(*_):
        with pytest.raises(BorrowError, match="an operation of this thread") as error:
            audio.__iadd__(1)
        told.append(str(error.value))

    with np.errstate(divide="call", call=meddle):  # is called before NumPy is done
        np.divide(1, audio)
        assert len(told) == 1
        np.divide(1, audio.copy(), out=audio)
        assert len(told) == 2
    assert audio.to_numpy().tolist() == [np.inf, 1, 1 / 2, 1 / 3]


def test_python_code_that_is_a_ufunc_may_do_anything():
    """It runs on copies, with no lease: what it computes from is what was there before."""
    audio = AudioSamples.new_mono(np.arange(4.0), RATE)

    def meddle(value):
        audio.__iadd__(1)
        return value

    assert list(np.frompyfunc(meddle, 1, 1)(audio)) == [0, 1, 2, 3]
    assert audio.to_numpy().tolist() == [4, 5, 6, 7]


def test_nested_operations_of_two_threads_do_not_wait_for_each_other():
    """Each is inside an operation on one audio when it wants the other."""
    audios = [AudioSamples.zeros(4, RATE) for _ in range(2)]
    inside = threading.Barrier(2)
    outcome = []

    def cross(first, second):
        def meddle(*_):
            inside.wait(30)
            try:
                audios[second].__iadd__(1)
                outcome.append("done")
            except BorrowError as error:
                outcome.append(str(error))

        def work():
            with np.errstate(divide="call", call=meddle):
                np.divide(np.ones(4), 0, out=audios[first])

        return work

    at_once(cross(0, 1), cross(1, 0))
    assert len(outcome) == 2
    told = [message for message in outcome if message != "done"]
    assert told
    assert all("in the middle of an operation" in message for message in told)


def test_a_lease_is_given_back_when_the_operation_fails():
    audio = AudioSamples.new_mono(np.arange(400_000, dtype=np.int32), RATE)

    def fail(value):
        raise RuntimeError(f"mine at {value}")

    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            audio / np.zeros(len(audio), np.int32)
        with pytest.raises(ValueError, match="broadcast"):
            audio.__iadd__(np.zeros(3, np.int32))
        with pytest.raises(RuntimeError, match="mine"):
            np.frompyfunc(fail, 1, 1)(audio)
        with (
            pytest.raises(RuntimeError, match="mine at divide by zero"),
            np.errstate(divide="call", call=lambda kind, _: fail(kind)),
        ):
            np.divide(audio, 0)
        with pytest.raises(TypeError):
            np.exp(audio, out=audio)
    at_once(*[lambda: add(audio, 5)] * 2)
    assert audio[0] == 10


def test_a_generator_s_samples_are_released_on_another_thread():
    audio = AudioSamples.zeros(100_000, RATE)
    views = [audio.to_numpy()[n:] for n in range(100)] + [memoryview(audio) for _ in range(100)]

    def release():
        # Another thread may take the last one between a look and the grasp.
        with contextlib.suppress(IndexError):
            while True:
                views.pop()

    def work():
        add(audio, 100)

    at_once(release, release, work)
    assert audio.views == []


def test_no_copies_and_borrows_of_many_threads_stay_apart():
    """Everything at once on a few audios; only what the contract names is ever raised."""
    audios = [AudioSamples.zeros((2, 300), RATE) for _ in range(3)]
    counts = [0] * 6

    def worker(seed):
        def loop():
            rng = np.random.default_rng(seed)
            for _ in range(300):
                audio = audios[rng.integers(3)]
                try:
                    match rng.integers(7):
                        case 0:
                            audio += 1
                        case 1:
                            audio[int(rng.integers(300)) :] += audio.channel(0)[0]
                        case 2:
                            with audio.borrow() as x:
                                assert not x.flags.writeable
                        case 3:
                            with audio.borrow_mut() as x:
                                x *= 1
                        case 4:
                            np.asarray(audio).sum()
                        case 5:
                            audio.copy()
                        case 6:
                            memoryview(audio.channel(1)).release()
                except BorrowError:
                    pass
                counts[seed] += 1

        return loop

    at_once(*[worker(seed) for seed in range(6)])
    assert counts == [300] * 6
    for audio in audios:
        assert audio.views == []
        audio += 1
