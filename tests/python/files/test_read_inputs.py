"""Inputs besides paths and files that seek: pipes, paths of bytes, objects with only `read()`."""

import io
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from elsewhere import run
from signals import tones

import audio_samples
from audio_samples import AudioFileError, AudioSamples

RATE = 8_000
FORMATS = ["wav", "aiff", "flac"]


@pytest.fixture(params=FORMATS)
def path(request, tmp_path):
    path = tmp_path / f"a.{request.param}"
    audio = AudioSamples.from_numpy(tones(2, 40_000), RATE, layout="frames_first")
    audio_samples.write(path, audio.convert("int16"))
    return path


class OnlyRead:
    """A source that gives what it has in pieces of its own."""

    def __init__(self, content, piece=1_000):
        self.file, self.piece = io.BytesIO(content), piece

    def read(self, size):
        return self.file.read(min(size, self.piece))


def fed(pipe, content):
    """A named pipe with a writer at its other end."""
    os.mkfifo(pipe)
    threading.Thread(target=pipe.write_bytes, args=(content,), daemon=True).start()
    return pipe


def test_a_named_pipe_is_read_to_its_end(path, tmp_path):
    expected, content = audio_samples.read(path), path.read_bytes()
    assert np.array_equal(audio_samples.read(fed(tmp_path / "1", content)), expected)
    part = audio_samples.read(fed(tmp_path / "2", content), start=100, frames=50, dtype="int16")
    assert np.array_equal(part, audio_samples.read(path, start=100, frames=50, dtype="int16"))
    assert audio_samples.info(fed(tmp_path / "3", content)).frames == 40_000
    blocks = audio_samples.stream(fed(tmp_path / "4", content), 7_000)
    assert sum(len(block) for block in blocks) == 40_000
    pipes = [fed(tmp_path / f"m{number}", content) for number in range(4)]
    for audio in audio_samples.read_many(pipes):
        assert np.array_equal(audio, expected)
    out = AudioSamples.zeros((2, 40_000), RATE, dtype=np.float32)
    audio_samples.read(fed(tmp_path / "5", content), out=out)
    assert np.array_equal(out, expected)


def test_a_pipe_that_closes_without_a_byte_is_an_empty_file(tmp_path):
    with pytest.raises(AudioFileError, match="empty"):
        audio_samples.read(fed(tmp_path / "pipe", b""))


def test_standard_input_is_read_by_its_name(path):
    program = "import audio_samples; print(len(audio_samples.read('/dev/stdin')))"
    with path.open("rb") as file:
        assert run(program, stdin=file) == "40000"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, input=path.read_bytes(), capture_output=True, timeout=100)
    assert (done.stdout.strip(), done.stderr) == (b"40000", b"")


def test_a_shells_process_substitution_is_a_path(path):
    program = "import sys, audio_samples; print(len(audio_samples.read(sys.argv[1])))"
    command = ["bash", "-c", f'"{sys.executable}" -c "{program}" <(cat "{path}")']
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert (done.stdout.strip(), done.stderr) == ("40000", "")


def test_a_path_of_bytes_is_a_path(path):
    name = os.fsencode(path)

    class Named:
        def __fspath__(self):
            return name

    for given in (name, Named()):
        assert np.array_equal(audio_samples.read(given), audio_samples.read(path))
        assert audio_samples.info(given).frames == 40_000
        assert len([*audio_samples.stream(given, 10_000)]) == 4
        audio_samples.write(given, audio_samples.read(path))
    if path.suffix == ".wav":
        with audio_samples.open(name) as audio:
            assert len(audio) == 40_000
        with audio_samples.edit(name) as file:
            assert len(next(file)) == 40_000


def test_bytes_that_are_no_path_are_a_file(path, monkeypatch):
    monkeypatch.chdir(path.parent)
    assert np.array_equal(audio_samples.read(path.read_bytes()), audio_samples.read(path))
    with pytest.raises(AudioFileError, match="no format that is read begins with"):
        audio_samples.read(b"no-such-file.wav")


@pytest.mark.parametrize("piece", [1, 1_000, 1 << 20])
def test_an_object_with_only_read_is_read_to_its_end(path, piece):
    content = path.read_bytes()
    piece = max(piece, len(content) // 2_000)
    expected = audio_samples.read(path)
    assert np.array_equal(audio_samples.read(OnlyRead(content, piece)), expected)
    assert audio_samples.info(OnlyRead(content, piece)).frames == 40_000
    with audio_samples.stream(OnlyRead(content, piece), 1_000, 500) as blocks:
        for number, block in enumerate(blocks):
            assert np.array_equal(block, expected[500 * number : 500 * number + 1_000])


def test_a_socket_is_read_to_its_end(path):
    import socket

    ours, theirs = socket.socketpair()
    content = path.read_bytes()
    thread = threading.Thread(target=lambda: (ours.sendall(content), ours.close()))
    thread.start()
    with theirs.makefile("rb") as file:
        assert np.array_equal(audio_samples.read(file), audio_samples.read(path))
    thread.join()
    theirs.close()


def test_what_read_raises_comes_out_as_it_is():
    class Broken:
        def read(self, _size):
            raise LookupError("no line")

    class Text:
        def read(self, _size):
            return "text"

    with pytest.raises(LookupError, match="no line"):
        audio_samples.read(Broken())
    with pytest.raises(TypeError, match="gave no bytes"):
        audio_samples.read(Text())


def test_a_long_pipe_takes_bounded_memory(tmp_path):
    """96 MiB go through; 16 MiB of them stay in memory."""
    program = """
        import re, sys
        from pathlib import Path
        import audio_samples
        def peak():
            return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
        class Long:
            def __init__(self):
                self.head, self.left = Path(sys.argv[1]).read_bytes(), 96 << 20
            def read(self, size):
                head, self.head = self.head, b""
                count = 0 if head else min(size, self.left)
                self.left -= count
                return head or bytes(count)
        before = peak()
        frames = sum(map(len, audio_samples.stream(Long(), reuse=True)))
        assert frames == 48 << 20, frames
        print((peak() - before) >> 10)
    """
    path = tmp_path / "a.wav"
    header = b"RIFF\xff\xff\xff\xffWAVEfmt " + bytes([16, 0, 0, 0, 1, 0, 1, 0, 0x40, 0x1F, 0, 0])
    path.write_bytes(header + bytes([0x80, 0x3E, 0, 0, 2, 0, 16, 0]) + b"data\xff\xff\xff\xff")
    assert int(run(program, str(path), env=os.environ | {"TMPDIR": str(tmp_path)})) < 40
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.wav"]
