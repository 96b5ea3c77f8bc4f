"""Iterables that cannot become a file: what they raise, and that the old file stays."""

import gc
import io
import itertools
import signal
import sys
import threading
import time
import warnings
import weakref

import numpy as np
import pytest
import soundfile
from elsewhere import run
from signals import RATE, shown

import audio_samples
from audio_samples import AudioSamples, BorrowError


def block(channels=2, frames=100, rate=RATE, dtype="int16"):
    return AudioSamples.zeros((channels, frames), rate, dtype=dtype)


@pytest.fixture
def old(tmp_path):
    """A file that has to stay as it is, and nothing beside it."""
    path = tmp_path / "a.wav"
    path.write_bytes(b"old")
    yield path
    assert path.read_bytes() == b"old"
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({"rate": 22_050}, r"block 2 \(the first is 0\) .*22050 Hz.*44100 Hz"),
        ({"channels": 1}, r"block 2 .*1 channel,.*2 channels"),
        ({"channels": 6}, r"block 2 .*6 channels,.*2 channels"),
        ({"dtype": "float32"}, r"block 2 .*float32.*int16"),
        ({"frames": 0, "rate": 8_000}, r"block 2 .*8000 Hz.*44100 Hz"),
    ],
)
@pytest.mark.parametrize("container", ["WAV", "RF64"])
def test_a_block_of_another_kind_is_refused_with_its_number(old, other, says, container):
    with pytest.raises(ValueError, match=says):
        audio_samples.write(old, [block(), block(frames=7), block(**other)], format=container)


@pytest.mark.parametrize("none", [[], (), iter([]), (part for part in ())], ids=shown)
def test_without_a_block_nothing_is_known_and_nothing_written(old, none):
    with pytest.raises(ValueError, match="sample rate and the channels are unknown"):
        audio_samples.write(old, none)


def test_a_file_object_without_a_block_stays_empty():
    file = io.BytesIO()
    with pytest.raises(ValueError, match="unknown"):
        audio_samples.write(file, iter([]))
    assert file.getvalue() == b""


class BrokenError(Exception):
    pass


@pytest.mark.parametrize("after", [0, 1, 3])
@pytest.mark.parametrize(
    "error", [BrokenError("mine"), KeyboardInterrupt(), RuntimeError("x"), SystemExit(3)]
)
def test_what_the_iterable_raises_passes_as_it_is(old, after, error):
    def blocks():
        for _ in range(after):
            yield block(frames=100_000)
        raise error

    with pytest.raises(type(error)) as told:
        audio_samples.write(old, blocks())
    assert told.value is error


def test_a_finished_generator_is_let_go_of(tmp_path):
    def blocks():
        yield block()

    made = blocks()
    gone = weakref.ref(made)
    audio_samples.write(tmp_path / "a.wav", made)
    del made
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize(
    "given",
    ["text", b"bytes", bytearray(8), memoryview(bytes(8)), np.zeros((2, 4)), [0.5, 0.5], (1, 2),
     [np.zeros(4)], np.float32(1), None, 5, object()],
    ids=lambda given: type(given).__name__,
)  # fmt: skip
def test_what_is_no_audio_has_the_error_that_it_had(old, given):
    says = r"write takes AudioSamples, which know .*new_mono\(data, sample_rate\)"
    with pytest.raises(TypeError, match=says):
        audio_samples.write(old, given)


@pytest.mark.parametrize("after", [0, 2])
def test_a_block_that_is_no_audio_is_named(old, after):
    blocks = iter([*[block()] * after, np.zeros(4, np.int16), block()])
    with pytest.raises(TypeError, match=rf"block {after} \(the first is 0\).*ndarray.*new_mono"):
        audio_samples.write(old, blocks)


def test_no_sample_rate_stands_beside_blocks(old):
    with pytest.raises(TypeError, match="no 44100 besides"):
        audio_samples.write(old, [block()], RATE)


@pytest.mark.parametrize(
    ("name", "options", "first", "says"),
    [
        ("a.mp3", {}, {}, r"does not end in \.wav"),
        ("a.wav", {"format": "FLAC"}, {}, "another format"),
        ("a.wav", {"subtype": "PCM_12"}, {}, "no subtype 'PCM_12'"),
        ("a.wav", {"subtype": "PCM_S8"}, {}, "PCM_U8"),
        ("a.flac", {"subtype": "FLOAT"}, {}, "PCM_24"),
        ("a.flac", {}, {"channels": 9}, "1 to 8 channels, not 9"),
        ("a.flac", {}, {"frames": 0}, "at least one frame"),
        ("a.wav", {}, {"channels": 0}, "without a channel"),
    ],
)
def test_what_a_format_cannot_hold_is_refused(tmp_path, name, options, first, says):
    path = tmp_path / name
    path.write_bytes(b"old")
    with pytest.raises(ValueError, match=says):
        audio_samples.write(path, [block(**first)] * 2, **options)
    assert path.read_bytes() == b"old"
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize("rate", [655_351, 2_000_000])
@pytest.mark.parametrize("whole", [True, False])
def test_flac_of_a_rate_that_no_reader_takes_is_refused_first(tmp_path, rate, whole):
    audio = block(rate=rate)
    path, file = tmp_path / "a.flac", io.BytesIO()
    for target, options in ((path, {}), (file, {"format": "FLAC"})):
        with pytest.raises(ValueError, match=rf"655350 Hz.*{rate} Hz; WAV and AIFF") as told:
            audio_samples.write(target, audio if whole else [audio], **options)
        assert type(told.value) is ValueError
    assert not path.exists()
    assert file.getvalue() == b""
    for ending in ("wav", "aiff"):
        audio_samples.write(tmp_path / f"a.{ending}", audio)
        assert audio_samples.info(tmp_path / f"a.{ending}").sample_rate == rate


# A frame says its rate by a code, in thousands, in ones, in tens, or leaves it to the file.
@pytest.mark.parametrize(
    "rate",
    [1, 8_000, 11_025, 64_000, 65_535, 65_536, 65_540, 88_200, 88_201, 96_000, 176_400, 192_000,
     255_000, 256_000, 384_000, 655_349, 655_350],
)  # fmt: skip
def test_flac_of_any_rate_is_read_by_every_library(tmp_path, rate):
    path = tmp_path / "a.flac"
    audio = AudioSamples.new_mono((np.arange(9_000) % 700).astype(np.int16), rate)
    audio_samples.write(path, [audio])
    back, told = soundfile.read(path, dtype="int16")
    assert told == rate
    assert np.array_equal(back, audio)
    assert audio_samples.read(path).sample_rate == rate


@pytest.mark.parametrize("ending", ["wav", "aiff", "flac"])
def test_clipped_samples_are_counted_over_all_blocks(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    blocks = [AudioSamples.new_mono(np.array([0.5, peak, -peak]), RATE) for peak in (1.5, 0.2, 3)]
    with pytest.warns(UserWarning, match=r"4 samples in .* were clipped.*3\.000000") as told:
        audio_samples.write(path, iter(blocks), subtype="PCM_16")
    assert len(told) == 1
    assert told[0].filename == __file__
    back = audio_samples.read(path, dtype="stored").to_numpy()
    assert back[[1, 2, 7, 8]].tolist() == [32767, -32768, 32767, -32768]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        audio_samples.write(path, [blocks[1]] * 3, subtype="PCM_16")


@pytest.mark.parametrize("ending", ["wav", "rf64"])
def test_metadata_is_passed_on_behind_blocks_too(tmp_path, ending):
    source, path = tmp_path / "source.wav", tmp_path / f"a.{ending}"
    with soundfile.SoundFile(source, "w", RATE, 1, "PCM_16") as file:
        file.title = "odd"
        file.write(np.zeros(3))
    odd = AudioSamples.zeros(333, RATE, dtype=np.int16)
    audio_samples.write(path, [odd, odd], subtype="PCM_U8", metadata_from=source)
    again = tmp_path / f"b.{ending}"
    audio_samples.write(again, [odd, odd], subtype="PCM_U8", metadata_from=path)
    assert again.read_bytes() == path.read_bytes()
    for made in (path, again):
        assert audio_samples.info(made).tags["title"] == "odd"
        assert audio_samples.info(made).frames == 666
        with soundfile.SoundFile(made) as file:
            assert (file.title, file.frames) == ("odd", 666)


def test_a_borrowed_block_is_refused(old):
    part = block()
    with part.borrow_mut() as _, pytest.raises(BorrowError):
        audio_samples.write(old, [block(), part])


def test_a_block_is_leased_while_it_is_written():
    part = block(frames=100_000)
    said = []

    class Curious(io.BytesIO):
        def write(self, data):
            try:
                part[:] = 0
            except BorrowError as error:
                said.append(error)
            else:
                said.append(None)
            return super().write(data)

    file = Curious()
    audio_samples.write(file, [part, part])
    # The last samples, which filled no room, are written when no block is needed any more; then
    # the header once again.
    first, *between, last, header = said
    assert (first, last, header) == (None, None, None)
    assert between
    assert None not in between


def test_other_threads_run_while_a_block_is_written(tmp_path):
    """The encoder works without the interpreter; the iterable, which is Python, with it."""
    turns, stop = [0], threading.Event()

    def count():
        while not stop.is_set():
            turns[0] += 1
            time.sleep(0)

    noise = np.random.default_rng(1).integers(-9_000, 9_000, (2, 3_000_000)).astype(np.int16)
    part = AudioSamples.new_multi(noise, RATE)
    seen = []

    def blocks():
        seen.append(turns[0])
        yield part
        seen.append(turns[0])

    pause = sys.getswitchinterval()
    other = threading.Thread(target=count)
    # No thread is made to hand over: the other has its turns only while this one has let go.
    sys.setswitchinterval(100)
    other.start()
    try:
        audio_samples.write(tmp_path / "a.flac", blocks())
    finally:
        stop.set()
        sys.setswitchinterval(pause)
        other.join()
    assert seen[1] - seen[0] > 100


def test_ctrl_c_is_answered_where_no_python_code_runs(old):
    endless = itertools.repeat(block(frames=0))
    threading.Timer(0.2, signal.raise_signal, [signal.SIGINT]).start()
    with pytest.raises(KeyboardInterrupt):
        audio_samples.write(old, endless)


class Full(io.BytesIO):
    def write(self, data):
        if self.tell() > 50_000:
            raise OSError(28, "No space left on device")
        return super().write(data)


def test_what_the_file_object_raises_is_raised():
    asked = []
    blocks = (asked.append(number) or block(frames=20_000) for number in range(100))
    with pytest.raises(OSError, match="No space left"):
        audio_samples.write(Full(), blocks)
    assert len(asked) < 10


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        audio_samples.write(tmp_path / "missing" / "a.wav", [block()])


CONVERT = """
import resource, sys
import numpy as np
import audio_samples

def blocks():
    for block in audio_samples.stream(sys.argv[1], 65_536, reuse=True):
        block //= 2
        yield block

audio_samples.write(sys.argv[2], audio_samples.stream(sys.argv[1], frames=100_000))
floor = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
audio_samples.write(sys.argv[2], blocks())
audio_samples.write(sys.argv[2], (block * 1 for block in audio_samples.stream(sys.argv[1])))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - floor)
"""


@pytest.mark.parametrize(("ending", "seconds"), [("wav", 3_000), ("aiff", 500), ("flac", 100)])
def test_a_long_recording_is_converted_in_the_memory_of_a_block(
    tmp_path, ending, seconds, thorough
):
    seconds = seconds if thorough else max(seconds // 10, 100)
    source, path = tmp_path / "in.wav", tmp_path / f"out.{ending}"
    second = np.random.default_rng(2).integers(-9_000, 9_000, (2, RATE)).astype(np.int16)
    part = AudioSamples.new_multi(second, RATE)
    audio_samples.write(source, (part for _ in range(seconds)))
    grown = run(CONVERT, source, path)
    assert audio_samples.info(path).frames == seconds * RATE
    for large in (source, path):
        large.unlink()
    assert int(grown) < 8 << 10  # KiB; 18 MB are written twice, or up to 529
