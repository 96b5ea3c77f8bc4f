"""Handles of shared memory on their way (X6): each has a hold of its own until it is taken."""

import multiprocessing
import pickle
import signal
import sys
import time
from pathlib import Path

import pytest
import segments
from elsewhere import lets_others_run, python, run
from segments import sweep
from signals import mono

from audio_samples import AudioSamples

PLACES = (segments.END - segments.PLACES) // 8

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*fork"),
    pytest.mark.usefixtures("no_segment_is_left"),
]


def shared(frames: int = 6) -> AudioSamples:
    return mono(frames, "float64").share()


def test_a_handle_that_is_unpickled_twice_takes_no_other_handle_s_hold():
    audio = shared()
    name = audio.shared_name
    first, second = pickle.dumps(audio), pickle.dumps(audio)
    assert segments.handles(name) == 2
    del audio
    for _ in range(2):
        taken = pickle.loads(first)
        assert taken[1] == 1
        del taken
        assert segments.handles(name) == 1
    sweep()
    last = pickle.loads(second)
    assert last.to_numpy().tolist() == [0, 1, 2, 3, 4, 5]
    del last
    assert not segments.is_there(name)


def test_of_three_handles_two_of_which_are_the_same_each_counts_once():
    audio = shared()
    name, same, other = audio.shared_name, pickle.dumps(audio), pickle.dumps(audio[2:])
    del audio
    held = [pickle.loads(pickled) for pickled in (same, same, other)]
    assert [part.address - held[0].address for part in held] == [0, 0, 16]
    assert segments.handles(name) == 0
    held.clear()
    assert not segments.is_there(name)


def take(pickled, told):
    told.put(float(pickle.loads(pickled)[3]))


def test_one_pickle_for_several_processes_takes_one_hold():
    """As when a pool's initializer is given it: `audio` here has to keep the memory meanwhile."""
    context = multiprocessing.get_context("spawn")
    audio, told = shared(), context.Queue()
    name, for_all, own = audio.shared_name, pickle.dumps(audio), pickle.dumps(audio)
    processes = [context.Process(target=take, args=(for_all, told)) for _ in range(3)]
    for process in processes:
        process.start()
    assert [told.get(timeout=60) for _ in processes] == [3, 3, 3]
    for process in processes:
        process.join()
    assert segments.handles(name) == 1
    del audio
    assert pickle.loads(own)[3] == 3
    assert not segments.is_there(name)


TAKE_AND_WAIT = """
import pickle, sys
audio = pickle.loads(bytes.fromhex(sys.argv[1]))
print(audio[1], flush=True)
sys.stdin.readline()
"""


def test_a_worker_that_is_killed_takes_its_own_hold_along_and_no_other():
    audio = shared()
    name, its, other = audio.shared_name, pickle.dumps(audio), pickle.dumps(audio)
    del audio
    with python(TAKE_AND_WAIT, its.hex()) as worker:
        assert worker.stdout.readline() == "1.0\n"
        worker.kill()
    assert worker.returncode == -signal.SIGKILL
    sweep()
    assert segments.handles(name) == 1
    taken = pickle.loads(other)
    assert taken[1] == 1
    del taken
    assert not segments.is_there(name)


PICKLE_AND_DIE = """
import os, pickle, sys
from audio_samples import AudioSamples
audio = AudioSamples.zeros(1000, 8000, shared=True)
audio += 7
print(audio.shared_name, pickle.dumps(audio).hex(), flush=True)
sys.stdin.readline()
"""


def test_a_handle_is_good_though_its_sender_was_killed():
    with python(PICKLE_AND_DIE) as sender:
        name, pickled = sender.stdout.readline().split()
        sender.kill()
    sweep()
    assert segments.is_there(name)
    taken = pickle.loads(bytes.fromhex(pickled))
    assert taken[999] == 7
    del taken
    assert not segments.is_there(name)


USES = {
    "letting go": lambda held: held.pop(),
    "pickling": lambda held: pickle.dumps(held[0]),
    "attaching": lambda held: AudioSamples.attach(held[0].shared_name),
    "sharing": lambda held: held.append(shared()),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_a_handle_untaken_in_time_goes_with_any_use_of_shared_memory(use):
    held = [shared(), shared()]
    audio = shared()
    name = audio.shared_name
    pickle.dumps(audio)
    del audio
    sweep()
    assert segments.is_there(name)
    segments.age(name)
    # No process looks again before a second is over.
    time.sleep(1.1)
    use(held)
    assert not segments.is_there(name)
    segments.age(held[0].shared_name)


def test_one_handle_in_time_holds_what_others_too_old_do_not():
    audio = shared()
    name = audio.shared_name
    pickle.dumps(audio)
    segments.age(name)
    late = pickle.dumps(audio)
    del audio
    sweep()
    assert pickle.loads(late)[5] == 5
    assert not segments.is_there(name)


def test_more_handles_than_places_hold_the_memory_by_their_time():
    audio = shared()
    name = audio.shared_name
    pickled = [pickle.dumps(audio) for _ in range(PLACES + 10)]
    assert segments.handles(name) == PLACES
    del audio
    for each in pickled:
        assert pickle.loads(each)[2] == 2
    assert segments.handles(name) == 0
    sweep()
    # No process knows which of those without a place have arrived: the memory waits for its time.
    assert segments.is_there(name)
    segments.age(name)
    sweep()
    assert not segments.is_there(name)


def test_places_of_handles_too_old_are_given_to_others():
    audio = shared()
    name = audio.shared_name
    for _ in range(PLACES):
        pickle.dumps(audio)
    segments.age(name)
    old = pickle.dumps(audio)
    del audio
    assert pickle.loads(old)[1] == 1
    assert not segments.is_there(name)


def test_a_process_that_ends_takes_along_what_is_too_old():
    code = """if True:
        import pickle, sys
        sys.path.insert(0, sys.argv[1])
        import segments
        from audio_samples import AudioSamples as A
        audio, kept = A.zeros(10, 8000, shared=True), A.zeros(10, 8000, shared=True)
        name = audio.shared_name
        pickle.dumps(audio)
        del audio
        assert segments.is_there(name)
        segments.age(name)
        print(name)
    """
    assert not segments.is_there(run(code, str(Path(segments.__file__).parent)))


@pytest.mark.skipif(sys.platform != "linux", reason="segments lie on a disk and outlive the start")
def test_the_time_of_a_handle_is_told_by_a_clock_that_no_user_sets():
    audio = shared()
    before = int(time.monotonic())
    pickled = pickle.dumps(audio)
    [told] = segments.times(audio.shared_name)
    since_start = told - 3600  # so that what is too old has a number on a system just started
    assert before <= since_start <= int(time.monotonic())
    pickle.loads(pickled)


def test_a_handle_from_the_future_holds_the_memory():
    audio = shared()
    name, pickled = audio.shared_name, pickle.dumps(audio)
    segments.age(name, -100_000)
    del audio
    sweep()
    assert segments.is_there(name)
    taken = pickle.loads(pickled)
    assert taken[4] == 4
    segments.age(name, 100_700)
    del taken
    assert not segments.is_there(name)


def test_a_wrong_time_of_a_handle_without_a_place_is_put_right_by_the_next():
    audio = shared()
    name = audio.shared_name
    pickled = [pickle.dumps(audio) for _ in range(PLACES + 1)]
    right = segments.latest_without_place(name)
    segments.age(name, -2000)
    assert segments.latest_without_place(name) == right + 2000
    pickled += [pickle.dumps(audio)]
    assert right <= segments.latest_without_place(name) < right + 1000
    segments.age(name, 2700)
    del audio, pickled
    sweep()
    assert not segments.is_there(name)


def test_other_threads_run_while_a_handle_is_made():
    """The call looks for segments without a process, and may wait for a thread that does so too."""
    audio = shared()
    assert lets_others_run(lambda: audio.__reduce_ex__(5), 20_000)
    segments.age(audio.shared_name)
