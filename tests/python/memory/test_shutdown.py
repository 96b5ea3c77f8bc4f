"""Whatever is alive when a process ends, forks or is interrupted: no crash, no hang, no message."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

PRELUDE = """
import gc, os, signal, sys, threading, time
import numpy as np
from audio_samples import AudioSamples, BorrowError

RATE = 48_000

def until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.001)

def hold(work, wait):
    '''Does work on one sample, and waits in the middle of it, with its lease, with the GIL free.'''
    with np.errstate(all="call", call=lambda *_: wait()):
        work()

def slow(audio, seconds):
    '''Holds a lease on the first sample of the audio.'''
    hold(lambda: np.divide(audio[:1], 0), lambda: time.sleep(seconds))

def in_child(work):
    '''Runs work in a fork, and gives its exit code. It ends itself if it hangs.'''
    pid = os.fork()
    if pid == 0:
        signal.alarm(30)
        try:
            work()
        except BaseException:
            import traceback
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
"""


def run(code, returncode=0, *, seconds=60, interrupt_at=None):
    """Runs a script in a fresh interpreter. With `interrupt_at` it gets SIGINT after that line."""
    script = PRELUDE + textwrap.dedent(code)
    environment = {**os.environ, "PYTHONWARNINGS": "ignore::DeprecationWarning"}
    with subprocess.Popen(
        [sys.executable, "-X", "faulthandler", "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        try:
            if interrupt_at is not None:
                line = process.stdout.readline()
                while line.strip() != interrupt_at:
                    assert line, process.stderr.read()
                    line = process.stdout.readline()
                time.sleep(0.3)  # into what comes after it
                process.send_signal(signal.SIGINT)
            out, errors = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            _, errors = process.communicate()
            pytest.fail(f"it hangs: {errors}")
        finally:
            process.kill()
    assert errors == ""
    assert process.returncode == returncode
    return out


ALIVE = {
    "arrays": "kept = [audio.to_numpy(), np.asarray(audio[3:]), audio.frames_first.T[1:]]",
    "a memoryview": "kept = [memoryview(audio), memoryview(audio[2:])]",
    "a capsule": "kept = audio.to_numpy().__dlpack__()",
    "an iterator": "kept = iter(audio); next(kept)",
    "adopted memory": """
array = np.zeros(1000)
kept = AudioSamples.new_mono(array, RATE, copy=False)
kept += 1
del array
""",
    "a cycle": """
kept = {"audio": audio, "array": audio.to_numpy()}
kept["self"] = kept
del kept
""",
    "a borrow": "kept = audio.borrow_mut(); array = kept.__enter__()",
    "a borrow without its array": "kept = audio.borrow(); kept.__enter__()",
    "a suspended borrow": """
def block():
    with audio.borrow_mut() as x:
        yield x
kept = block()
array = next(kept)
del array
""",
    "views in a module": "sys.modules['elsewhere'] = audio.to_numpy()",
    "a view in a late finalizer": """
class Late:
    def __init__(self): self.view = audio.to_numpy()
    def __del__(self): self.view += 1; self.view.sum()
sys.late = Late()
""",
    "a view at exit": """
import atexit
atexit.register(lambda view: view.__setitem__(0, 1), audio.to_numpy())
""",
    "a thread that works": """
def work():
    while True:
        audio.__iadd__(1)
        audio.to_numpy().sum()
for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
time.sleep(0.05)
""",
    "a thread in a long operation": """
large = AudioSamples.zeros(40_000_000, RATE, dtype=np.int16)
def work():
    while True:
        large.__iadd__(1)
for _ in range(2):
    threading.Thread(target=work, daemon=True).start()
time.sleep(0.1)
""",
    "a thread that waits for a lease": """
threading.Thread(target=slow, args=(audio, 60), daemon=True).start()
until(lambda: len(audio.views) > 0)
threading.Thread(target=lambda: audio.__iadd__(1), daemon=True).start()
threading.Thread(target=lambda: audio.borrow_mut().__enter__(), daemon=True).start()
time.sleep(0.1)
""",
    "a thread in a with-block": """
entered = threading.Event()
def work():
    with audio.borrow_mut() as x:
        entered.set()
        time.sleep(60)
threading.Thread(target=work, daemon=True).start()
entered.wait()
""",
}
ENDS = {
    "the end": ("", 0),
    "sys.exit": ("sys.exit(3)", 3),
    "os._exit": ("os._exit(4)", 4),
    "an exception": ("sys.excepthook = lambda *_: None\nraise RuntimeError", 1),
    "a signal": ("os.kill(os.getpid(), signal.SIGTERM)", -signal.SIGTERM),
    "an interrupt": ("sys.excepthook = lambda *_: None\nsignal.raise_signal(2)", -signal.SIGINT),
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("alive", ALIVE)
def test_the_process_ends_in_silence(alive, end):
    call, code = ENDS[end]
    make = "audio = AudioSamples.new_multi(np.ones((2, 1000)), RATE)"
    run("\n".join([make, ALIVE[alive], call]), code)


# What a thread does while the interpreter ends: it lets go of the GIL, or runs Python code.
BUSY = {
    "a ufunc": "np.sin(audio)",
    "a ufunc into audio": "np.add(audio, audio, out=audio)",
    "an operator": "audio // 2",
    "a comparison": "audio == 1",
    "a function": "np.sort(audio)",
    "a function of a list": "np.concatenate([audio, audio])",
    "a mask": "audio[audio > 0]",
    "a store": "audio[:] = half",
    "a cast operand": "audio.__iadd__(half)",
    "a sequence": "AudioSamples.new_mono(numbers, RATE)",
    "a converted array": "AudioSamples.new_mono(half, RATE, dtype='float32')",
    "a pickle": "pickle.loads(pickle.dumps(audio, 4))",
    "a tensor": "AudioSamples.from_dlpack(half.astype('f8'), RATE)",
    "a file object": "audio_samples.read(Slow(content))",
    "a stream": "list(audio_samples.stream(Slow(content), 1000))",
    "a written file": "audio_samples.write(io.BytesIO(), audio, format='flac')",
    "many files": "audio_samples.read_many([path] * 2)",
    "an edited file": "edited()",
    "a mapped file": "mapped()",
    "a consumer of DLPack": "np.from_dlpack(audio).sum()",
    "a borrow": "borrowed()",
    "a cast": "audio.astype('float32').convert('int16')",
    "shared memory": "with audio.share() as it: AudioSamples.attach(it.shared_name)",
}


@pytest.mark.parametrize("call", BUSY)
def test_a_thread_that_is_inside_a_call_ends_with_the_process(call, tmp_path):
    run(f"""
        import io, pickle, audio_samples

        class Slow(io.BytesIO):
            def read(self, size=-1):
                return super().read(min(size, 1000) if size > 0 else size)

        audio = AudioSamples.new_mono(np.random.rand(500_000), RATE)
        half, numbers = audio.to_numpy().astype("f2"), [0.0] * 100_000
        content = io.BytesIO()
        audio_samples.write(content, audio, format="wav")
        content = content.getvalue()
        path = {str(tmp_path / "audio.wav")!r}
        audio_samples.write(path, audio)
        started = threading.Event()

        def edited():
            with audio_samples.edit(path) as file:
                for block in file:
                    block *= 0.5

        def mapped():
            with audio_samples.open(path, "r+") as opened:
                opened *= 0.5

        def borrowed():
            with audio.borrow_mut() as x:
                x += np.sin(x)

        def work():
            while True:
                {BUSY[call]}
                started.set()

        threading.Thread(target=work, daemon=True).start()
        assert started.wait(30)
        time.sleep(0.02)
        """)


def test_the_process_is_killed():
    code = "audio = AudioSamples.zeros(100, RATE)\nview = audio.to_numpy()\nos.kill(os.getpid(), 9)"
    run(code, -signal.SIGKILL)


# -- forks --

FORKED = {
    "a view": "kept = audio.to_numpy()",
    "a memoryview": "kept = memoryview(audio)",
    "a borrow of this thread": "kept = audio[500:].borrow_mut(); array = kept.__enter__()",
    "a thread in an operation": """
threading.Thread(target=slow, args=(audio[:10], 2)).start()
until(lambda: len(audio.views) > 0)
""",
    "a thread that waits": """
threading.Thread(target=slow, args=(audio[:10], 2)).start()
until(lambda: len(audio.views) > 0)
threading.Thread(target=lambda: audio[:20].__iadd__(1)).start()
threading.Thread(target=lambda: audio[:20].copy()).start()
time.sleep(0.2)
""",
    "threads at work": """
stop = False
def work():
    while not stop:
        audio.__iadd__(0)
        large.__iadd__(0)
        memoryview(audio).release()
large = AudioSamples.zeros(100_000, RATE)
for _ in range(3):
    threading.Thread(target=work).start()
""",
}


@pytest.mark.parametrize("alive", FORKED)
def test_a_child_works_on_with_what_it_got(alive):
    code = """
    audio = AudioSamples.new_multi(np.ones((2, 1000)), RATE)
    {alive}
    def work():
        part = audio[:400]
        for _ in range(3):
            part += 1
            part.copy()
            np.add(part, 1, out=part)
            part.to_numpy()[0, 0]
            memoryview(part).release()
        with part.borrow() as x:
            assert not x.flags.writeable
        big = AudioSamples.zeros(200_000, RATE)
        big += 1
        threads = [threading.Thread(target=lambda: big.__iadd__(1)) for _ in range(3)]
        [thread.start() for thread in threads]
        [thread.join(20) for thread in threads]
        assert (big.to_numpy() == 4).all()
    for _ in range({times}):
        assert in_child(work) == 0
    stop = True
    work()
    """
    times = 40 if alive == "threads at work" else 1
    run(textwrap.dedent(code).format(alive=FORKED[alive], times=times), seconds=110)


@pytest.mark.parametrize("method", ["borrow", "borrow_mut"])
def test_a_child_takes_back_what_another_thread_had_borrowed(method):
    code = """
    audio = AudioSamples.new_mono(np.ones(1000), RATE)
    entered, done = threading.Event(), threading.Event()
    def other():
        with audio[:400].{method}() as x:
            entered.set()
            done.wait(30)
    thread = threading.Thread(target=other)
    thread.start()
    entered.wait(30)
    def refused(says):
        try:
            audio[:10].__iadd__(1)
        except BorrowError as error:
            return says in str(error)
    def work():
        assert refused("when this process was forked")
        assert refused(".reclaim()")
        audio[500:].reclaim()  # others than those
        assert refused("when this process was forked")
        audio.reclaim()
        audio.__iadd__(1)
        with audio.borrow_mut() as x:
            assert (x == 2).all()
            audio.reclaim()  # not what this process has borrowed
            assert refused("borrow_mut")
    assert in_child(work) == 0
    assert refused("{method}")
    audio.reclaim()  # nothing is lost here
    assert refused("{method}")
    done.set()
    thread.join()
    audio.__iadd__(1)
    """
    run(textwrap.dedent(code).format(method=method))


def test_a_fork_of_a_c_library_is_no_different():
    """One that the interpreter does not hear of."""
    run("""
    import ctypes
    audio, long = AudioSamples.zeros(1000, RATE), AudioSamples.zeros(300_000, RATE)
    stop = False
    def work():
        while not stop:
            long.__iadd__(0)  # with the GIL free
    # No thread may ask for the GIL: the child of a fork unknown to the interpreter waits for ever.
    sys.setswitchinterval(1000)
    threads = [threading.Thread(target=work) for _ in range(3)]
    [thread.start() for thread in threads]
    libc = ctypes.PyDLL(None)
    for _ in range(40):
        pid = libc.fork()
        if pid == 0:
            signal.alarm(30)
            audio.__iadd__(1)
            audio.to_numpy()
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
    stop = True
    """)


def test_a_borrow_is_left_in_the_parent_and_in_the_child():
    run("""
    audio = AudioSamples.zeros(1000, RATE)
    with audio.borrow_mut() as x:
        pid = os.fork()
        x += 1 if pid else 2
    assert (audio.to_numpy() == (1 if pid else 2)).all()
    if pid:
        assert os.waitpid(pid, 0)[1] == 0
    """)


# -- interruptions --


@pytest.mark.parametrize("error", ["KeyboardInterrupt", "RuntimeError('mine')", "SystemExit(5)"])
def test_an_exception_in_a_with_block_leaves_everything_released(error):
    run(f"""
    audio = AudioSamples.zeros(1000, RATE)
    try:
        with audio.borrow_mut() as x:
            part = x[3:]
            raise {error}
    except BaseException as caught:
        assert caught.args == ({error}).args if "(" in "{error}" else not caught.args
    assert not part.flags.writeable and not x.flags.writeable
    audio += 1
    del x, part
    gc.collect()
    assert audio.views == []
    with audio.borrow_mut():
        pass
    """)


def test_ctrl_c_in_a_with_block_leaves_everything_released():
    run(
        """
        audio = AudioSamples.zeros(1000, RATE)
        try:
            with audio.borrow_mut() as x:
                print("inside", flush=True)
                time.sleep(60)
        except KeyboardInterrupt:
            audio += 1
            assert audio[0] == 1
        else:
            raise AssertionError("not interrupted")
        """,
        interrupt_at="inside",
    )


# What waits, and what it waits for: an operation that writes frame 0, or one that reads it.
WAITS = {
    "a small operation": ("audio[:1].__iadd__(1)", "write"),
    "a large operation": ("audio.__iadd__(1)", "write"),
    "a large operation after a reader": ("audio.__iadd__(1)", "read"),
    "a copy": ("audio.copy()", "write"),
    "a ufunc": ("np.negative(audio, out=audio)", "write"),
    "an assignment": ("audio[:5] = [1, 2, 3, 4, 5]", "write"),
    "a frame": ("audio[0]", "write"),
    "borrow": ("audio.borrow().__enter__()", "write"),
    "borrow_mut": ("audio.borrow_mut().__enter__()", "read"),
}


@pytest.mark.parametrize("what", WAITS)
def test_ctrl_c_is_answered_while_waiting_for_a_lease(what):
    wait, mode = WAITS[what]
    code = """
    audio = AudioSamples.zeros(300_000, RATE)
    holding, done = threading.Event(), threading.Event()
    def wait():
        holding.set()
        done.wait(60)
    def write():
        hold(lambda: np.divide(np.ones(1), 0, out=audio[:1]), wait)
    def read():
        hold(lambda: np.divide(audio[:1], 0), wait)
    thread = threading.Thread(target=%(mode)s)
    thread.start()
    holding.wait()
    try:
        print("waiting", flush=True)
        %(wait)s
    except KeyboardInterrupt:
        assert not done.is_set()
    else:
        raise AssertionError("did not wait")
    finally:
        done.set()
        thread.join()
    audio += 1
    """
    run(code % {"mode": mode, "wait": wait}, interrupt_at="waiting")
