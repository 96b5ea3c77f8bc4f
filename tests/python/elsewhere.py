"""Work in other threads, in children of a fork and in other interpreters."""

import os
import subprocess
import sys
import textwrap
import threading


def at_once(*workers):
    """Runs functions in threads that start together, and raises what one of them raised."""
    barrier = threading.Barrier(len(workers))
    raised = []

    def guarded(worker):
        barrier.wait()
        try:
            worker()
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=guarded, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(100)
        assert not thread.is_alive(), "a thread hangs"
    if raised:
        raise raised[0]


def lets_others_run(work, times=1000) -> bool:
    """Whether another thread has its turn within so many calls of `work`."""
    begin, ran = threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: (begin.wait(), ran.set()))
    thread.start()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1000)  # a thread keeps the GIL until it lets go by itself
    try:
        begin.set()
        return any((work(), ran.is_set())[1] for _ in range(times))
    finally:
        sys.setswitchinterval(interval)
        thread.join()


def in_child(work) -> int:
    """The exit code of a child of a fork, with limits and rights of its own, that does the work."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        except BaseException as error:
            os.write(2, repr(error).encode())
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def python(code: str, *arguments: str, **options) -> subprocess.Popen[str]:
    """Another interpreter, which says what it prints and reads what it is told."""
    command = [sys.executable, "-c", code, *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, **options)


def program(*arguments: str, **options) -> str:
    """What another interpreter prints, which ends well and says nothing of errors."""
    command = [sys.executable, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, **options)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


def run(code: str, *arguments: str, **options) -> str:
    return program("-c", textwrap.dedent(code), *arguments, **options)
