"""Where `write` writes: pipes and devices, the file that is there, what a new file keeps."""

import io
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile
from elsewhere import in_child

import audio_samples
from audio_samples import AudioSamples

RATE = 8_000
AUDIO = AudioSamples.new_multi(
    np.random.default_rng(3).integers(-9_000, 9_000, (2, 30_000)).astype(np.int16), RATE
)


def blocks():
    yield AUDIO[:20_000]
    yield AUDIO[20_000:]


def samples(content):
    return audio_samples.read(content, dtype="stored")


@pytest.mark.parametrize("name", ["WAV", "AIFF", "FLAC"])
def test_a_named_pipe_takes_the_file_as_it_comes(tmp_path, name):
    pipe, got = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    audio_samples.write(pipe, AUDIO, format=name)
    reader.join(60)
    assert np.array_equal(samples(got[0]), AUDIO)
    assert [entry.name for entry in tmp_path.iterdir()] == ["pipe"]


def test_a_pipe_without_a_reader_is_waited_for_until_a_signal(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    class HandlerError(Exception):
        pass

    def handler(*_):
        raise HandlerError

    before = signal.signal(signal.SIGALRM, handler)
    try:
        for audio in (AUDIO, blocks()):
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            with pytest.raises(HandlerError):
                audio_samples.write(pipe, audio)
        # And one that reads nothing.
        descriptor = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(HandlerError):
            audio_samples.write(pipe, AUDIO)
        os.close(descriptor)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_blocks_into_a_pipe_are_refused_with_the_way_out(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    descriptor = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(ValueError, match=r"pipe' cannot seek: .* give all audio at once"):
        audio_samples.write(pipe, blocks())
    os.close(descriptor)


def test_standard_output_is_written_where_it_stands(tmp_path):
    audio_samples.write(tmp_path / "a.wav", AUDIO)
    program = (
        "import sys, audio_samples as a\n"
        "print('text', flush=True)\n"
        "a.write('/dev/stdout', a.read(sys.argv[1], dtype='stored'), format='FLAC')\n"
        "print('more', flush=True)"
    )
    command = [sys.executable, "-c", program, tmp_path / "a.wav"]
    piped = subprocess.run(command, capture_output=True, timeout=100)
    assert piped.stderr == b""
    with (tmp_path / "out").open("wb") as file:
        subprocess.run(command, stdout=file, check=True, timeout=100)
    for content in (piped.stdout, (tmp_path / "out").read_bytes()):
        assert content.startswith(b"text\nfLaC")
        assert content.endswith(b"more\n")
        assert np.array_equal(samples(content[5:-5]), AUDIO)


def test_the_null_device_takes_everything():
    for _ in range(2):
        audio_samples.write("/dev/null", AUDIO)
        audio_samples.write("/dev/null", blocks(), format="FLAC")
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize("given", [lambda: AUDIO, blocks])
def test_a_file_object_gets_what_its_name_promises(tmp_path, given):
    for name, magic in (
        ("a.flac", b"fLaC"),
        ("a.AIFF", b"FORM"),
        ("a.wav", b"RIFF"),
        ("a", b"RIFF"),
    ):
        with (tmp_path / name).open("wb") as file:
            audio_samples.write(file, given())
        assert (tmp_path / name).read_bytes()[:4] == magic
        named = io.BytesIO()
        named.name = str(tmp_path / name)
        audio_samples.write(named, given())
        assert named.getvalue()[:4] == magic
    with (tmp_path / "b.flac").open("wb") as file:
        audio_samples.write(file, given(), format="WAV")
    assert (tmp_path / "b.flac").read_bytes()[:4] == b"RIFF"
    with (tmp_path / "a.mp3").open("wb") as file, pytest.raises(ValueError, match=r"a\.mp3"):
        audio_samples.write(file, given())
    with tempfile.TemporaryFile() as file:  # whose name is a number
        audio_samples.write(file, given())


def attributes(path):
    return {name: os.getxattr(path, name) for name in os.listxattr(path)}


def test_extended_attributes_are_kept(tmp_path):
    path = tmp_path / "a.wav"
    audio_samples.write(path, AUDIO)
    try:
        os.setxattr(path, "user.comment", b"of the\0second take")
    except OSError:
        pytest.skip("the folder of temporary files has no extended attributes")
    os.setxattr(path, "user.empty", b"")
    kept = attributes(path)
    for given in (AUDIO, blocks()):
        audio_samples.write(path, given)
        assert attributes(path) == kept
    link = tmp_path / "link.wav"
    link.symlink_to(path)
    audio_samples.write(link, AUDIO)
    assert attributes(path) == kept


@pytest.mark.parametrize("given", [lambda: AUDIO, blocks])
def test_replace_false_writes_into_the_file_that_is_there(tmp_path, given):
    path, other = tmp_path / "a.wav", tmp_path / "other"
    path.write_bytes(bytes(500_000))
    other.hardlink_to(path)
    path.chmod(0o640)
    before = path.stat().st_ino
    audio_samples.write(path, given(), replace=False)
    assert (path.stat().st_ino, path.stat().st_mode & 0o777) == (before, 0o640)
    assert np.array_equal(samples(other), AUDIO)
    assert soundfile.info(path).frames == 30_000
    new = tmp_path / "new.flac"
    audio_samples.write(new, given(), replace=False)
    assert np.array_equal(samples(new), AUDIO)


def test_what_is_refused_before_the_first_byte_leaves_the_file_written_in_place(tmp_path):
    path = tmp_path / "a.flac"
    audio_samples.write(path, AUDIO)
    before = path.read_bytes()
    wide = AudioSamples.zeros((9, 10), RATE, dtype="int16")
    for refused in (wide, iter([wide]), iter([])):
        with pytest.raises(ValueError, match=r"channels|no block"):
            audio_samples.write(path, refused, replace=False)
        assert path.read_bytes() == before


@pytest.mark.parametrize("mode", ["r", "r+"])
def test_a_file_that_is_mapped_here_is_not_written_in_place(tmp_path, mode):
    path = tmp_path / "a.wav"
    audio_samples.write(path, AUDIO)
    before = path.read_bytes()
    with audio_samples.open(path, mode) as audio:
        for given in (audio, audio[:10], AUDIO, iter([AUDIO])):
            with pytest.raises(ValueError, match=r"open here .* close\(\) it first"):
                audio_samples.write(path, given, replace=False)
        del given
        assert path.read_bytes() == before
    audio_samples.write(path, AUDIO[:5], replace=False)
    assert len(samples(path)) == 5


def test_a_folder_that_takes_no_new_file_is_said_with_the_way_out():
    # A folder that others may enter, unlike those of pytest.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.wav"
        audio_samples.write(path, AUDIO[:10])
        path.chmod(0o666)
        Path(folder).chmod(0o555)

        def without_rights():
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            for given in (AUDIO, blocks()):
                with pytest.raises(PermissionError, match="replace=False writes into") as caught:
                    audio_samples.write(path, given)
                assert caught.value.filename == str(path)
                assert len(samples(path)) == 10
            with pytest.raises(PermissionError) as caught:
                audio_samples.write(Path(folder) / "new.wav", AUDIO)
            assert "replace=False" not in str(caught.value)
            audio_samples.write(path, AUDIO, replace=False)
            assert np.array_equal(samples(path), AUDIO)

        assert in_child(without_rights) == 0
        Path(folder).chmod(0o755)


def test_ctrl_c_ends_a_long_write_and_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.wav"
    audio_samples.write(path, AUDIO)
    before = path.read_bytes()
    # As long as 70 GiB of samples, in the memory of one.
    long = AudioSamples.from_numpy(
        np.lib.stride_tricks.as_strided(np.zeros(1), (1 << 33,), (0,)), RATE, copy=False
    )

    class HandlerError(Exception):
        pass

    def handler(*_):
        raise HandlerError

    old = signal.signal(signal.SIGALRM, handler)
    try:
        for target, given in (
            (path, long),
            (path, iter([long])),
            ("/dev/null", long),
        ):
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            with pytest.raises(HandlerError):
                audio_samples.write(target, given, subtype="PCM_16")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.wav"]
