"""Shared memory (X6) between processes: one memory, small handles, nothing left by the killed."""

import multiprocessing
import os
import pickle
import signal
import sys

import numpy as np
import pytest
import segments
from elsewhere import in_child, python, run
from signals import RATE, stereo

from audio_samples import AudioSamples

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*fork"),
    pytest.mark.usefixtures("no_segment_is_left"),
]


def ramp(frames: int = 1000) -> AudioSamples:
    return stereo(frames, "float64")


@pytest.fixture(params=["fork", "spawn", "forkserver"])
def context(request):
    return multiprocessing.get_context(request.param)


# ---- one memory


def double(audio):
    audio *= 2


def test_what_another_process_writes_is_seen(context):
    shared = ramp().share()
    process = context.Process(target=double, args=(shared,))
    process.start()
    process.join(60)
    assert process.exitcode == 0
    np.testing.assert_array_equal(shared.to_numpy(), ramp().to_numpy() * 2)


def add_one(audio):
    audio += 1
    return audio


def test_a_pool_works_on_parts_of_one_recording(context):
    shared = ramp().share()
    with context.Pool(2) as pool:
        parts = pool.map(add_one, [shared[i : i + 250] for i in range(0, 1000, 250)])
        pool.close()
        pool.join()
    np.testing.assert_array_equal(shared.to_numpy(), ramp().to_numpy() + 1)
    assert [part.address for part in parts] == [shared[i:].address for i in range(0, 1000, 250)]


def make(frames):
    audio = AudioSamples.zeros(frames, RATE, shared=True)
    audio += frames
    return audio


def test_audio_made_in_a_worker_comes_back_without_its_samples(context):
    with context.Pool(2) as pool:
        made = pool.map(make, [10, 100_000])
        pool.close()
        pool.join()
    assert [float(audio.to_numpy().mean()) for audio in made] == [10, 100_000]
    assert all(segments.made_by(audio.shared_name) != os.getpid() for audio in made)


def put(queue, frames):
    queue.put(make(frames))


def test_a_handle_outlives_the_process_that_sent_it(context):
    queue = context.Queue()
    process = context.Process(target=put, args=(queue, 5000))
    process.start()
    # A queue's own thread sends; the process ends only after that.
    process.join(60)
    assert not segments.lives(process.pid)
    audio = queue.get(timeout=60)
    assert (audio[0], audio.writable) == (5000, True)


ATTACH = """
import sys
from audio_samples import AudioSamples
audio = AudioSamples.attach(sys.argv[1])
print(audio, flush=True)
sys.stdin.readline()
audio += 1
print("written", flush=True)
sys.stdin.readline()
"""


def test_a_program_attaches_by_name():
    shared = ramp().share()
    with python(ATTACH, shared.shared_name) as other:
        assert other.stdout.readline().startswith("AudioSamples(2 channels, 1000 frames, float64")
        shared *= 10
        other.stdin.write("go on\n")
        other.stdin.flush()
        assert other.stdout.readline() == "written\n"
        np.testing.assert_array_equal(shared.to_numpy(), ramp().to_numpy() * 10 + 1)
        other.stdin.close()
    assert other.returncode == 0


def test_a_handle_of_a_name_that_is_gone_says_so_in_the_other_process():
    shared = ramp().share()
    pickled = pickle.dumps(shared)
    pickle.loads(pickled)
    code = """if True:
        import pickle, sys
        try:
            pickle.loads(bytes.fromhex(sys.argv[1]))
        except FileNotFoundError as error:
            print(error)
    """
    assert run(code, pickled.hex()) == ""
    del shared
    assert "keep the audio until" in run(code, pickled.hex())


# ---- the last user


def test_the_segment_goes_with_its_last_user_maker_or_not():
    shared = ramp().share()
    name = shared.shared_name
    with python(ATTACH, name) as other:
        other.stdout.readline()
        del shared
        assert segments.is_there(name)
        other.stdin.write("go on\n\n")
        other.stdin.close()
    assert not segments.is_there(name)


def test_a_killed_worker_leaves_the_others_their_memory_and_nothing_else():
    shared = ramp().share()
    name = shared.shared_name
    with python(ATTACH, name) as other:
        other.stdout.readline()
        other.kill()
    assert other.returncode == -signal.SIGKILL
    shared += 1
    del shared
    assert not segments.is_there(name)


MAKE = """
import sys
from audio_samples import AudioSamples
audio = AudioSamples.zeros((2, 1000), 8000, shared=True)
audio += 7
print(audio.shared_name, flush=True)
sys.stdin.readline()
"""


def test_a_killed_maker_leaves_the_others_their_memory_and_nothing_else():
    with python(MAKE) as maker:
        name = maker.stdout.readline().strip()
        audio = AudioSamples.attach(name)
        maker.kill()
    assert maker.returncode == -signal.SIGKILL
    assert (audio.to_numpy() == 7).all()
    assert AudioSamples.attach(name).address == audio.address
    del audio
    assert not segments.is_there(name)


def test_what_the_killed_leave_goes_with_the_next_program_that_shares():
    with python(MAKE) as maker:
        name = maker.stdout.readline().strip()
        maker.kill()
    assert segments.is_there(name)
    segments.sweep()
    assert not segments.is_there(name)


def test_an_ending_program_leaves_nothing_even_if_it_holds_on():
    code = """if True:
        import ctypes
        from audio_samples import AudioSamples as A
        kept = A.zeros(1000, 8000, shared=True)
        # One reference more than there are: nothing ever lets go of them.
        for each in (kept, kept.to_numpy()):
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(each))
        print(kept.shared_name)
    """
    assert not segments.is_there(run(code))


def test_too_many_segments_are_an_error_that_says_what_is_short():
    code = """if True:
        import resource
        from audio_samples import AudioSamples as A
        resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
        held = []
        try:
            while len(held) < 100:
                held.append(A.zeros(1, 8000, shared=True))
        except OSError as error:
            print(error)
        held.pop()
        assert A.zeros(1, 8000, shared=True).share().size == 1
    """
    assert "each shared audio keeps one open; let go of some" in run(code)


# ---- forks


def test_a_child_has_the_same_memory_without_asking():
    shared = ramp().share()
    assert in_child(lambda: double(shared)) == 0
    np.testing.assert_array_equal(shared.to_numpy(), ramp().to_numpy() * 2)


def test_a_child_that_lets_go_takes_nothing_from_its_parent():
    held = [ramp().share()]
    name = held[0].shared_name
    assert in_child(held.clear) == 0
    assert segments.is_there(name)
    assert AudioSamples.attach(name).address == held[0].address
    held.clear()
    assert not segments.is_there(name)


def test_a_parent_that_lets_go_takes_nothing_from_its_child():
    held = [ramp().share()]
    name = held[0].shared_name
    parent, child = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=answer, args=(held, child))
    process.start()
    assert parent.poll(60)
    parent.recv()
    held.clear()
    assert segments.is_there(name)
    parent.send("your turn")
    assert parent.poll(60)
    audio = parent.recv()
    np.testing.assert_array_equal(audio.to_numpy(), ramp().to_numpy() * 2)
    process.join(60)
    del audio
    assert not segments.is_there(name)


def answer(held, pipe):
    pipe.send("here")
    pipe.recv()
    double(held[0])
    pipe.send(held[0])


def test_a_child_is_the_last_and_its_parents_end_clears_up():
    code = """if True:
        import os, time
        from audio_samples import AudioSamples as A
        audio = A.zeros(1000, 8000, shared=True)
        name = audio.shared_name
        child = os.fork()
        if child == 0:
            time.sleep(0.5)
            os._exit(0)
        del audio
        assert os.path.exists("/dev/shm/" + name) == os.path.isdir("/dev/shm")
        os.waitpid(child, 0)
        print(name)
    """
    assert not segments.is_there(run(code))


def test_many_segments_are_made_and_dropped_while_processes_fork():
    names = []
    for _ in range(30):
        shared = AudioSamples.zeros(100, RATE, shared=True)
        names.append(shared.shared_name)
        assert in_child(lambda audio=shared: double(audio)) == 0
    del shared
    assert not any(map(segments.is_there, names))


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_recording_is_in_memory_once_however_many_have_it():
    shared = AudioSamples.zeros((2, 8 << 20), RATE, shared=True)
    shared += 1
    code = """if True:
        import re, sys
        from pathlib import Path
        from audio_samples import AudioSamples
        audio = AudioSamples.attach(sys.argv[1])
        audio += 1
        facts = Path("/proc/self/status").read_text()
        for name in ("RssAnon", "RssShmem"):
            print(re.search(name + r":\\s+(\\d+)", facts)[1])
    """
    own, in_common = (int(kib) << 10 for kib in run(code, shared.shared_name).split())
    assert own < shared.nbytes / 2
    assert in_common >= shared.nbytes
    assert (shared.to_numpy() == 2).all()
