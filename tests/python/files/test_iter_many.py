"""`iter_many`, and what it shares with `read_many`: order, errors, progress, reading ahead."""

import itertools
import os
import signal
import sys
import threading
import time
import types
from pathlib import Path

import numpy as np
import pytest
from elsewhere import in_child, run

import audio_samples
from audio_samples import AudioFileError, AudioSamples


def make(path, number, frames=1_000):
    audio_samples.write(path, AudioSamples.new_mono(np.full(frames, number, np.int16), 8_000))
    return path


@pytest.fixture
def paths(tmp_path):
    return [make(tmp_path / f"{number}.wav", number) for number in range(20)]


def numbers(audios):
    return [int(audio[0] * 32_768) for audio in audios]


def both(paths, **how):
    yield audio_samples.read_many(paths, **how)
    yield list(audio_samples.iter_many(paths, **how))


@pytest.mark.parametrize("workers", [None, 1, 3, 100])
@pytest.mark.parametrize("ahead", [1, 2, 7, 1_000])
def test_the_order_is_that_of_the_paths(paths, workers, ahead):
    files = audio_samples.iter_many(paths, workers=workers, ahead=ahead)
    assert len(files) == 20
    assert numbers(files) == list(range(20))
    assert next(files, None) is None


def test_it_reads_as_read_does(paths):
    how = {"dtype": "stored", "start": 10, "frames": 20}
    for path, audio in zip(paths, audio_samples.iter_many(map(str, paths), **how), strict=True):
        assert np.array_equal(audio, audio_samples.read(path, **how))


def test_paths_may_be_bytes_and_of_any_iterable(paths):
    names = [os.fsencode(path) for path in paths]
    for given in (names, iter(names), (path for path in paths), dict.fromkeys(paths), set(paths)):
        for audios in (
            both(given) if not hasattr(given, "__next__") else [audio_samples.iter_many(given)]
        ):
            assert sorted(numbers(audios)) == list(range(20))


def test_no_more_paths_are_taken_than_are_read_ahead(paths):
    taken = []

    def endless():
        for number in itertools.count():
            taken.append(number)
            yield paths[number % 20]

    files = audio_samples.iter_many(endless(), ahead=5, workers=2)
    assert taken == []
    for number in range(40):
        assert numbers([next(files)]) == [number % 20]
        assert len(taken) == number + 6
    files.close()
    with pytest.raises(ValueError, match="closed"):
        next(files)
    with pytest.raises(TypeError, match="number of files is not known"):
        len(audio_samples.iter_many(endless()))


def test_a_folder_takes_the_memory_of_a_few_files(tmp_path):
    path = make(tmp_path / "a.wav", 1, 4 << 20)
    program = """
        import re, sys
        from pathlib import Path
        import audio_samples, audio_samples.memory
        audio_samples.memory.set_limit(0)
        def peak():
            return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
        before = peak()
        for audio in audio_samples.iter_many([sys.argv[1]] * 40, workers=2, ahead=2):
            assert len(audio) == 4 << 20
        print((peak() - before) >> 10)
    """
    # Of 40 times 16 MiB: the one given, the two ahead, and one that is being let go.
    assert int(run(program, str(path))) < 100


@pytest.mark.parametrize("workers", [1, 4])
def test_one_broken_file_costs_one_file(paths, workers):
    paths[5].write_bytes(b"RIFF....WAVEnonsense")
    paths[9].unlink()
    for read in both(paths, workers=workers, on_error="return"):
        assert len(read) == 20
        assert isinstance(read[5], AudioFileError)
        assert read[5].filename == str(paths[5])
        assert isinstance(read[9], FileNotFoundError)
        assert read[9].filename == str(paths[9])
        good = [audio for audio in read if isinstance(audio, AudioSamples)]
        assert numbers(good) == [number for number in range(20) if number not in (5, 9)]


def test_an_error_is_raised_in_its_turn_and_the_next_call_goes_on(paths):
    paths[5].write_bytes(b"RIFF....WAVEnonsense")
    files = audio_samples.iter_many(paths)
    assert numbers(itertools.islice(files, 5)) == [0, 1, 2, 3, 4]
    with pytest.raises(AudioFileError, match=r"5\.wav"):
        next(files)
    assert numbers(files) == list(range(6, 20))


def test_what_the_iterable_raises_comes_after_the_files_before_it(paths):
    def broken():
        yield from paths[:3]
        raise LookupError("no more")

    files = audio_samples.iter_many(broken())
    assert numbers(itertools.islice(files, 3)) == [0, 1, 2]
    with pytest.raises(LookupError, match="no more"):
        next(files)
    with pytest.raises(LookupError, match="no more"):
        audio_samples.read_many(broken())
    files = audio_samples.iter_many([paths[0], 7])
    next(files)
    with pytest.raises(TypeError, match=r"a path is .* not 7"):
        next(files)


def test_what_makes_no_sense_is_refused(paths):
    for function in (audio_samples.read_many, audio_samples.iter_many):
        with pytest.raises(TypeError, match=rf"{function.__name__} takes several paths"):
            function(paths[0])
        with pytest.raises(TypeError, match="several"):
            function(os.fsencode(paths[0]))
        with pytest.raises(ValueError, match="on_error must be 'raise'"):
            function(paths, on_error="ignore")
        with pytest.raises(TypeError, match=r"progress must be True .* not 3"):
            function(paths, progress=3)
        with pytest.raises(TypeError, match="sample_rate"):
            function(paths, sr=1)
    with pytest.raises(ValueError, match="ahead"):
        audio_samples.iter_many(paths, ahead=0)


def test_progress_is_called_after_each_file(paths):
    paths[3].unlink()
    for function in (audio_samples.read_many, audio_samples.iter_many):
        calls = []
        for audio in function(
            paths,
            on_error="return",
            progress=lambda done, total, calls=calls: calls.append((done, total)),
        ):
            assert audio is not None
        assert calls == [(number, 20) for number in range(1, 21)]
    calls = []
    list(audio_samples.iter_many(iter(paths[:2]), progress=lambda *call: calls.append(call)))
    assert calls == [(1, None), (2, None)]
    assert len(audio_samples.read_many(paths[:2], progress=False)) == 2


def test_what_progress_raises_ends_the_reading(paths):
    def enough(done, _total):
        if done == 3:
            raise StopIteration("enough")

    with pytest.raises(Exception, match="enough"):
        audio_samples.read_many(paths, progress=enough)


def test_progress_true_is_a_bar_of_tqdm_and_says_what_to_install(paths, monkeypatch):
    bars = []

    class Bar:
        def __init__(self, **how):
            self.how, self.n, self.total, self.closed = how, 0, how["total"], False
            bars.append(self)

        def update(self, count):
            self.n += count

        def close(self):
            self.closed = True

    module = types.ModuleType("tqdm.auto")
    module.tqdm = Bar
    monkeypatch.setitem(sys.modules, "tqdm", types.ModuleType("tqdm"))
    monkeypatch.setitem(sys.modules, "tqdm.auto", module)
    audio_samples.read_many(paths, progress=True)
    list(audio_samples.iter_many(iter(paths), progress=True))
    assert [(bar.n, bar.closed) for bar in bars] == [(20, True), (20, True)]
    paths[3].unlink()
    with pytest.raises(FileNotFoundError):
        audio_samples.read_many(paths, progress=True)
    assert bars[-1].closed
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(ImportError, match="install tqdm, or give a function"):
        audio_samples.read_many(paths, progress=True)


def test_a_wait_for_a_pipe_that_gives_nothing_ends_with_the_signal(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)

    class HandlerError(Exception):
        pass

    def handler(*_):
        raise HandlerError

    before = signal.signal(signal.SIGALRM, handler)
    try:
        for work in (
            lambda: audio_samples.read_many([path]),
            lambda: next(audio_samples.iter_many([path])),
            lambda: audio_samples.read(path),
            lambda: audio_samples.info(path),
        ):
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            with pytest.raises(HandlerError):
                work()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_forked_child_begins_again(paths):
    files = audio_samples.iter_many(paths)
    next(files)

    def work():
        with pytest.raises(ValueError, match="forked child"):
            next(files)
        assert numbers(audio_samples.iter_many(paths)) == list(range(20))

    assert in_child(work) == 0
    assert numbers(files) == list(range(1, 20))


def test_threads_end_with_the_iterator(paths):
    def threads():
        return len([*Path("/proc/self/task").iterdir()])

    before = threads()
    files = audio_samples.iter_many(itertools.cycle(paths), workers=8)
    next(files)
    assert threads() > before
    del files
    for _ in range(1_000):
        if threads() <= before:
            break
        time.sleep(0.01)
    assert threads() <= before


def test_several_threads_share_one_iterator(paths):
    files, taken = audio_samples.iter_many(paths * 5, workers=3), []

    def work():
        taken.extend(numbers(files))

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert sorted(taken) == sorted(list(range(20)) * 5)


def test_a_stream_knows_the_number_of_its_blocks(paths):
    for frames, block, hop in itertools.product(
        (0, 1, 99, 1_000), (1, 64, 1_000), (1, 60, 70, 2_000)
    ):
        stream = audio_samples.stream(paths[1], block, hop, frames=frames)
        assert len(stream) == len([*stream]) == len(list(stream))
        assert stream
