"""`read_many`: several files at once."""

import os

import numpy as np
import pytest
from elsewhere import lets_others_run, run

import audio_samples
from audio_samples import AudioFileError, AudioSamples


@pytest.fixture
def paths(tmp_path):
    made = []
    for number in range(12):
        ending = ("wav", "flac", "aiff")[number % 3]
        path = tmp_path / f"{number}.{ending}"
        samples = np.full(1000 + number, number, np.int16)
        audio_samples.write(path, AudioSamples.new_mono(samples, 8000 + number))
        made.append(path)
    return made


@pytest.mark.parametrize("workers", [None, 1, 2, 5, 100])
def test_the_order_is_that_of_the_paths(paths, workers):
    read = audio_samples.read_many(paths, workers=workers, dtype="stored")
    assert [audio.sample_rate for audio in read] == [8000 + number for number in range(12)]
    assert all((audio.to_numpy() == number).all() for number, audio in enumerate(read))


def test_it_reads_as_read_does(paths):
    how = {"dtype": "float32", "start": 10, "frames": 20}
    read = audio_samples.read_many([*map(str, paths[:4])], **how)
    for path, audio in zip(paths, read, strict=False):
        assert np.array_equal(audio, audio_samples.read(path, **how))


def test_no_paths_are_no_audio():
    assert audio_samples.read_many([], dtype="stored") == []


@pytest.mark.parametrize("workers", [1, 3, 12])
def test_the_first_error_by_position_names_its_path(paths, workers):
    paths[5].write_bytes(b"RIFF....WAVEnonsense")
    paths[9].unlink()
    for _ in range(20):
        with pytest.raises(AudioFileError, match=f"{paths[5].name}'"):
            audio_samples.read_many(paths, workers=workers, dtype="stored")


def test_a_missing_file_is_an_os_error(paths):
    with pytest.raises(FileNotFoundError, match=r"nothing\.wav"):
        audio_samples.read_many([*paths, "nothing.wav"], dtype="stored")


def test_no_worker_is_refused(paths):
    with pytest.raises(ValueError, match="workers"):
        audio_samples.read_many(paths, workers=0, dtype="stored")


def test_a_system_that_has_no_more_threads_is_no_obstacle(paths):
    program = (
        "import sys, audio_samples\n"
        "read = audio_samples.read_many(sys.argv[1:], workers=5)\n"
        "print(*(audio.sample_rate for audio in read))"
    )
    # Stacks of a size that no machine has: no thread can be started.
    told = run(program, *paths, env=os.environ | {"RUST_MIN_STACK": str(1 << 50)})
    assert told.split() == [str(8000 + number) for number in range(12)]


def test_other_threads_run_meanwhile(paths):
    assert lets_others_run(lambda: audio_samples.read_many(paths, workers=2, dtype="stored"))
