"""`open`: the file is the memory."""

import ctypes
import gc
import os
import signal
import subprocess
import sys
import wave
from functools import partial
from operator import methodcaller
from pathlib import Path

import numpy as np
import pytest
import soundfile
from elsewhere import at_once, run

import audio_samples
from audio_samples import AudioFileError, AudioSamples, BorrowError

RATE = 48_000
SUBTYPES = {"PCM_16": np.int16, "PCM_32": np.int32, "FLOAT": np.float32, "DOUBLE": np.float64}


def ramp(channels, frames, dtype):
    values = np.arange(1, channels * frames + 1).reshape(channels, frames).astype(dtype)
    return values[0] if channels == 1 else values


@pytest.fixture(params=SUBTYPES)
def subtype(request):
    return request.param


@pytest.fixture
def stereo(tmp_path):
    path = tmp_path / "stereo.wav"
    audio_samples.write(path, AudioSamples.new_multi(ramp(2, 1_000, np.float32), RATE))
    return path


def samples_in(path):
    return soundfile.read(path, dtype="float32", always_2d=True)[0].T


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_a_file_comes_up_as_its_samples_without_reading_it(tmp_path, subtype, channels):
    path = tmp_path / "a.wav"
    expected = ramp(channels, 333, SUBTYPES[subtype])
    soundfile.write(path, expected.T, RATE, subtype=subtype)
    audio = audio_samples.open(path)
    assert audio.dtype == SUBTYPES[subtype]
    assert audio.shape == expected.shape
    assert audio.sample_rate == RATE
    assert np.array_equal(audio.to_numpy(), expected)
    if channels > 1:
        size = expected.itemsize
        assert audio.strides == (size, channels * size)


def test_an_edit_in_place_is_an_edit_of_the_file(stereo):
    before = stereo.stat()
    with audio_samples.open(stereo, "r+") as audio:
        audio *= 0.5
        audio[10:20] = 0
    expected = ramp(2, 1_000, np.float32) * np.float32(0.5)
    expected[:, 10:20] = 0
    assert np.array_equal(samples_in(stereo), expected)
    after = stereo.stat()
    assert (after.st_ino, after.st_size) == (before.st_ino, before.st_size)


def test_a_path_may_be_text_and_both_modes_have_names(stereo):
    assert not audio_samples.open(str(stereo)).writable
    assert audio_samples.open(str(stereo), mode="r+").writable
    with pytest.raises(ValueError, match=r"mode must be 'r' .* 'r\+' .*, not \"w\""):
        audio_samples.open(stereo, "w")


def test_every_operator_and_export_works_as_in_memory(stereo):
    mapped, read = audio_samples.open(stereo, "r+"), audio_samples.read(stereo)
    for work in (
        lambda audio: audio * 2,
        lambda audio: audio / np.linspace(1, 2, 1_000, dtype=np.float32),
        lambda audio: audio[100:900:3] - 1,
        lambda audio: audio.channel(1).convert(np.int16),
        lambda audio: np.sqrt(audio),
        lambda audio: audio.frames_first[5:],
        lambda audio: np.asarray(memoryview(audio)),
        lambda audio: audio.copy(),
        lambda audio: audio[:, 7],
    ):
        assert np.array_equal(np.asarray(work(mapped)), np.asarray(work(read)))
    for audio in (mapped, read):
        audio *= np.linspace(0, 1, 1_000, dtype=np.float32)
        audio[1:] += audio[:-1]
        audio -= np.array([[0.5], [0.25]], dtype=np.float32)
        audio *= audio.to_numpy()[:, ::-1]
        audio[0, 3:9] = 7
    assert np.array_equal(mapped.to_numpy(), read.to_numpy())
    mapped.flush()
    assert np.array_equal(samples_in(stereo), read.to_numpy())


def test_float64_behind_a_44_byte_header_works_as_it_lies(tmp_path):
    path = tmp_path / "a.wav"
    values = np.linspace(-1, 1, 501)
    header = b"RIFF" + (36 + values.nbytes).to_bytes(4, "little") + b"WAVEfmt "
    header += (16).to_bytes(4, "little") + (3).to_bytes(2, "little") + (1).to_bytes(2, "little")
    header += RATE.to_bytes(4, "little") + (8 * RATE).to_bytes(4, "little")
    header += (8).to_bytes(2, "little") + (64).to_bytes(2, "little")
    path.write_bytes(header + b"data" + values.nbytes.to_bytes(4, "little") + values.tobytes())
    with audio_samples.open(path, "r+") as audio:
        assert audio.address % 8 == 4
        assert not audio.to_numpy().flags.aligned
        audio *= 3.0
        audio += audio.to_numpy()[::-1]
        audio[::2] /= 2.0
        assert memoryview(audio)[0] == audio[0]
    expected = values * 3.0
    expected += expected[::-1].copy()
    expected[::2] /= 2.0
    assert np.array_equal(soundfile.read(path)[0], expected)


def test_a_file_opened_to_be_read_is_read_only_through_every_door(stereo):
    audio = audio_samples.open(stereo)
    assert not audio.writable
    for array in (audio.to_numpy(), audio.frames_first, np.asarray(audio), audio[2:].to_numpy()):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    assert memoryview(audio).readonly
    for work in (lambda: audio.__imul__(2), lambda: audio.__setitem__(0, 1)):
        with pytest.raises(ValueError, match="read-only"):
            work()


def test_a_consumer_that_ignores_the_read_only_flag_damages_no_file(stereo):
    before = stereo.read_bytes()
    audio = audio_samples.open(stereo)
    ctypes.memset(audio.address, 255, 64)
    assert np.isnan(audio[0, 0])
    assert stereo.read_bytes() == before


@pytest.mark.parametrize("first", ["r", "r+"])
@pytest.mark.parametrize("second", ["r", "r+"])
def test_a_file_opened_twice_is_one_memory(stereo, tmp_path, first, second):
    link = tmp_path / "hard.wav"
    os.link(stereo, link)
    one, two = audio_samples.open(stereo, first), audio_samples.open(link, second)
    assert one.address == two.address
    view = two.to_numpy()
    assert np.shares_memory(one.to_numpy(), view)
    assert [entry.kind for entry in one.views] == ["numpy"]
    assert (one.writable, two.writable) == (first == "r+", second == "r+")
    if two.writable:
        two *= 2
        assert one[0, 0] == 2
    # One buffer: what overlaps is found, whichever handle it comes through.
    if one.writable:
        one[1:] += two[:-1]


def test_closing_names_the_views_that_are_alive(stereo):
    audio = audio_samples.open(stereo, "r+")
    array = audio.to_numpy()
    view = memoryview(audio[5:50])
    says = r"2 views are alive: numpy of shape \(2, 1000\) \(write\)"
    with pytest.raises(BufferError, match=says):
        audio.close()
    with pytest.raises(BorrowError, match=r"buffer of shape \(2, 45\)"):
        audio.close()
    assert not audio.closed
    array[0, 0] = 3
    assert audio[0, 0] == 3
    view.release()
    del array
    audio.close()
    assert audio.closed


def test_a_closed_file_is_an_error_and_not_a_crash(stereo):
    audio = audio_samples.open(stereo, "r+")
    part = audio[10:20]
    audio.close()
    audio.close()
    for handle in (audio, part):
        assert handle.closed
        for use in (
            *(lambda it: it.__imul__(2), lambda it: it + 1, lambda it: it[0, 0], memoryview),
            *map(methodcaller, ("to_numpy", "copy", "flush", "__enter__")),
        ):
            with pytest.raises((ValueError, BufferError), match="is closed"):
                use(handle)
    assert part.shape == (2, 10)
    assert audio.views == []
    assert np.array_equal(samples_in(stereo), ramp(2, 1_000, np.float32))


def test_a_with_block_closes_and_a_view_that_outlives_it_is_reported(stereo):
    with audio_samples.open(stereo) as audio:
        assert audio[0, 0] == 1
    assert audio.closed
    with pytest.raises(BufferError, match="numpy of shape"), audio_samples.open(stereo) as audio:
        array = audio.to_numpy()
    assert array[0, 0] == 1


def test_an_exception_in_a_with_block_is_the_one_that_comes_out(stereo):
    def divide():
        with audio_samples.open(stereo) as audio:
            array = audio.to_numpy()
            return int(array[0, 0]) // 0

    with pytest.raises(ZeroDivisionError):
        divide()


def test_only_mapped_audio_is_flushed_and_closed():
    audio = AudioSamples.zeros(10, RATE)
    assert not audio.closed
    for method in (audio.close, audio.flush, audio.__enter__):
        with pytest.raises(ValueError, match=r"open\(\) has mapped"):
            method()


def test_the_mapping_lives_as_long_as_any_view(stereo):
    audio = audio_samples.open(stereo, "r+")
    array = audio.to_numpy()
    del audio
    gc.collect()
    array *= 2
    assert "stereo.wav" in Path("/proc/self/maps").read_text()
    del array
    gc.collect()
    assert "stereo.wav" not in Path("/proc/self/maps").read_text()
    assert samples_in(stereo)[0, 0] == 2


@pytest.mark.parametrize(
    ("subtype", "reason"), [("PCM_24", "24-bit"), ("PCM_U8", "8-bit"), ("IMA_ADPCM", "ADPCM")]
)
def test_what_cannot_be_mapped_says_why(tmp_path, subtype, reason):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros(100), RATE, subtype=subtype)
    with pytest.raises(AudioFileError, match=reason) as caught:
        audio_samples.open(path)
    assert str(path) in str(caught.value)


def test_the_systems_own_refusals_keep_their_classes(tmp_path):
    with pytest.raises(FileNotFoundError):
        audio_samples.open(tmp_path / "missing.wav")
    with pytest.raises(IsADirectoryError):
        audio_samples.open(tmp_path)
    (tmp_path / "empty.wav").touch()
    with pytest.raises(AudioFileError):
        audio_samples.open(tmp_path / "empty.wav", "r+")


def test_a_file_without_permission_to_write_is_opened_to_be_read_only(stereo):
    if os.geteuid() == 0:
        # Root may write everything: a process with another user's rights asks.
        code = (
            "import os, sys, numpy, audio_samples\n"
            "os.setgid(65534); os.setuid(65534)\n"
            "audio_samples.open(sys.argv[1])\n"
            "try: audio_samples.open(sys.argv[1], 'r+')\n"
            "except PermissionError: sys.exit(7)\n"
        )
        stereo.chmod(0o644)
        for folder in stereo.parents:
            if not folder.stat().st_mode & 0o005:
                folder.chmod(0o755)
        done = subprocess.run([sys.executable, "-c", code, stereo], check=False)
        assert done.returncode == 7
    else:
        stereo.chmod(0o444)
        audio_samples.open(stereo)
        with pytest.raises(PermissionError):
            audio_samples.open(stereo, "r+")


def test_a_file_without_a_frame_is_opened(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros((0, 2), np.int16), RATE)
    with audio_samples.open(path, "r+") as audio:
        assert audio.shape == (2, 0)
        audio *= 2


def test_a_file_that_shrinks_is_an_error_and_not_a_crash(tmp_path):
    path = tmp_path / "a.wav"
    audio_samples.write(path, AudioSamples.new_mono(np.ones(1_000_000, np.float32), RATE))
    audio = audio_samples.open(path, "r+")
    array = audio.to_numpy()
    os.truncate(path, 100_000)
    before = path.read_bytes()
    with pytest.raises(AudioFileError, match="became shorter") as caught:
        audio *= 2
    assert caught.value.offset == 100_000
    assert path.read_bytes() == before
    # NumPy does not ask the registry, and finds silence where the file was.
    assert array[-1] == 0
    assert array.sum() == pytest.approx(25_000, rel=0.1)
    with pytest.raises(AudioFileError):
        audio.to_numpy()
    del array
    audio.close()


# Libraries put handlers of their own in place at any time, Ray in `ray.init()`.
HANDLERS = {
    "earlier": "faulthandler.enable(); audio = audio_samples.open(path, 'r+')",
    "later": "audio = audio_samples.open(path, 'r+'); faulthandler.enable(); audio *= 1",
}


@pytest.mark.parametrize("handlers", HANDLERS)
@pytest.mark.parametrize("whose", ["ours", "another's"])
def test_another_handler_of_the_signal_gets_its_own_and_no_more(tmp_path, handlers, whose):
    """A fault in a mapping of ours is mended; one in other memory goes on and ends the process."""
    path = tmp_path / "a.wav"
    audio_samples.write(path, AudioSamples.zeros(100_000, RATE))
    code = f"""
import faulthandler, mmap, os, sys
import audio_samples
path = sys.argv[1]
{HANDLERS[handlers]}
array = audio.to_numpy()
other = mmap.mmap(os.open(path, os.O_RDWR), 0)
os.truncate(path, 5_000)
print(array[-1], flush=True)
if {whose!r} != "ours":
    other[700_000]
"""
    command = [sys.executable, "-c", code, path]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout == "0.0\n"
    if whose == "ours":
        assert (done.returncode, done.stderr) == (0, "")
    else:
        assert done.returncode == -signal.SIGBUS
        assert done.stderr.count("Fatal Python error: Bus error") == 1


def test_threads_add_up_in_a_file_too(tmp_path):
    path = tmp_path / "a.wav"
    audio_samples.write(path, AudioSamples.zeros((2, 50_000), RATE, dtype=np.float32))
    handles = [audio_samples.open(path, "r+") for _ in range(4)]

    def add(audio):
        for _ in range(20):
            audio += 1

    at_once(*(partial(add, audio) for audio in handles))
    assert np.all(samples_in(path) == 80)


def test_a_zero_in_a_divisor_is_found_before_the_first_window(tmp_path):
    path = tmp_path / "a.wav"
    frames = 6_000_000
    audio_samples.write(path, AudioSamples.new_mono(np.ones(frames, np.float32), RATE))
    divisor = np.full(frames, 2, np.float32)
    divisor[-1] = 0
    with audio_samples.open(path, "r+") as audio:
        with pytest.raises(ZeroDivisionError, match=f"{frames - 1},"):
            audio /= divisor
        assert audio.to_numpy().min() == 1
        audio /= 2
        audio[:] = audio * 4
        audio /= audio
        assert audio.to_numpy().max() == 1


EDIT = """
import resource, sys
import numpy as np
import audio_samples

with audio_samples.open(sys.argv[1], "r+") as audio:
    floor = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    audio *= 0.5
    audio += np.float32(1)
    audio[: len(audio) // 2] = 3
    audio //= 2
    np.add(audio, np.float32([[1], [2]]), out=audio)
    peak = audio_samples.open(sys.argv[1]).convert(np.int16)[-1]
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - floor)
"""


def sparse_wav(path, data_bytes):
    """A stereo float32 file of silence that takes next to no room on the disk."""
    audio_samples.write(path, AudioSamples.zeros((2, 0), RATE, dtype=np.float32))
    header = path.read_bytes()[:-4] + data_bytes.to_bytes(4, "little")
    path.write_bytes(header)
    os.truncate(path, len(header) + data_bytes)


def test_a_file_larger_than_the_limit_is_edited_in_bounded_memory(tmp_path):
    path = tmp_path / "large.wav"
    sparse_wav(path, 200 << 20)
    assert int(run(EDIT, path)) < (50 + 100) << 10  # KiB, 100 MiB of them the int16 copy
    audio = audio_samples.open(path)
    assert audio[0].tolist() == [2, 3]
    assert audio[-1].tolist() == [1, 2]


def test_windows_change_no_result(tmp_path):
    """Operands that overlap across windows, in-place ufuncs and columns."""
    path = tmp_path / "a.wav"
    values = np.random.default_rng(1).integers(-99, 99, (2, 5_000_000)).astype(np.int32)
    audio_samples.write(path, AudioSamples.new_multi(values, RATE))
    with audio_samples.open(path, "r+") as audio:
        for target in (audio, values):
            target //= 2
            target[:, ::-1] += target if target is values else target.to_numpy()
            np.add(target, target, out=target)
            np.subtract(target, np.int32([[3], [4]]), out=target)
            np.multiply(target, target[:, ::-1] if target is values else target[::-1], out=target)
        assert np.array_equal(audio.to_numpy(), values)


def test_the_interpreters_wave_module_sees_the_edit(tmp_path):
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, RATE, 0, "NONE", ""))
        file.writeframes(np.arange(2_000, dtype=np.int16).tobytes())
    with audio_samples.open(path, "r+") as audio:
        audio += 1
    with wave.open(str(path), "rb") as file:
        frames = np.frombuffer(file.readframes(1_000), np.int16)
    assert np.array_equal(frames, np.arange(1, 2_001))
