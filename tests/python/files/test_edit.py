"""`edit`: any plain encoding, changed where it lies, and nothing else changed."""

import errno
import io
import os
import resource
import signal
import struct
import subprocess
import sys
import time
from contextlib import nullcontext

import numpy as np
import pytest
import soundfile
from containers import chunk
from elsewhere import in_child

import audio_samples
from audio_samples import AudioFileError, AudioSamples, BorrowError

RATE = 48_000
ENCODINGS = [
    *[
        ("WAV", name, "FILE")
        for name in ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE")
    ],
    ("WAV", "PCM_24", "BIG"),
    ("AIFF", "PCM_S8", "FILE"),
    ("AIFF", "PCM_24", "FILE"),
    ("AIFF", "PCM_16", "LITTLE"),
    ("CAF", "FLOAT", "BIG"),
    ("W64", "PCM_24", "FILE"),
    ("RF64", "PCM_24", "FILE"),
]
STEP = {"PCM_U8": 2**-7, "PCM_S8": 2**-7, "PCM_16": 2**-15, "PCM_24": 2**-23, "PCM_32": 2**-31}


@pytest.fixture(params=ENCODINGS, ids=lambda case: "-".join(case))
def encoded(request, tmp_path):
    container, subtype, endian = request.param
    path = tmp_path / f"a.{container.lower()}"
    values = np.random.default_rng(3).uniform(-0.99, 0.99, (1_500, 2))
    soundfile.write(path, values, RATE, format=container, subtype=subtype, endian=endian)
    return path, subtype


def read(path):
    return soundfile.read(path, always_2d=True)[0]


@pytest.mark.parametrize("block_frames", [1, 64, 1_000, 65_536])
def test_a_gain_reaches_every_sample_rounded_once(encoded, block_frames):
    path, subtype = encoded
    if block_frames == 1 and subtype != "PCM_24":
        block_frames = 7
    before = read(path)
    with audio_samples.edit(path, block_frames=block_frames) as file:
        assert (file.frames, file.num_channels, file.subtype) == (1_500, 2, subtype)
        for block in file:
            block *= 0.5
    expected = before * 0.5
    if subtype in STEP:
        expected = np.round(expected / STEP[subtype]) * STEP[subtype]
    assert np.array_equal(read(path), expected)


def test_blocks_are_floats_that_hold_every_value(encoded):
    path, subtype = encoded
    with audio_samples.edit(path) as file:
        [block] = file
        wide = subtype in ("PCM_32", "DOUBLE")
        assert block.dtype == (np.float64 if wide else np.float32)
        assert np.array_equal(block.to_numpy().T, read(path))


def test_what_is_too_loud_is_clipped(encoded):
    path, subtype = encoded
    step = STEP.get(subtype)
    warned = nullcontext() if step is None else pytest.warns(UserWarning, match="3000 samples")
    with warned, audio_samples.edit(path, block_frames=400) as file:
        for block in file:
            block[:] = np.full(block.shape, 3, block.dtype)
            # Stored twice, and counted once.
            file.flush()
    assert np.all(read(path) == (3 if step is None else 1 - step))


def test_untouched_blocks_are_not_written_and_nothing_else_changes(encoded):
    path, _ = encoded
    with path.open("ab") as file:
        file.write(b"LIST\x0a\0\0\0INFOxxxx\0\0 trailing bytes")
    before = path.read_bytes()
    with audio_samples.edit(path, block_frames=100) as file:
        for index, block in enumerate(file):
            block *= 1.0
            if index == 3:
                block[10] = [0.25, -0.25]
        assert file.blocks_written == 1
    after = path.read_bytes()
    changed = [at for at, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]
    assert changed
    assert changed[-1] - changed[0] < 16


@pytest.mark.parametrize("dtype", ["int16", "int32", "float32", "float64"])
def test_samples_that_keep_their_value_keep_their_bytes_in_any_type(encoded, dtype):
    path, _ = encoded
    before = path.read_bytes()
    with audio_samples.edit(path, dtype=dtype) as file:
        for block in file:
            assert block.dtype == dtype
            block[0] = 0
    after = path.read_bytes()
    changed = [at for at, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]
    assert changed[-1] - changed[0] < 16


def test_every_other_chunk_is_kept_byte_for_byte(tmp_path):
    path = tmp_path / "a.wav"
    data = (np.arange(900) % 251).astype(np.uint8).tobytes()
    chunks = [
        (b"bext", b"b" * 602),
        (b"fmt ", bytes.fromhex("0100010080bb0000803202000300 1800".replace(" ", ""))),
        (b"iXML", b"<BWFXML/>"),
        (b"data", data),
        (b"cue ", b"c" * 28),
        (b"odd!", b"123"),
    ]
    body = b"".join(chunk(*each) for each in chunks)
    before = b"RIFF" + (len(body) + 4).to_bytes(4, "little") + b"WAVE" + body + b"behind"
    path.write_bytes(before)
    with audio_samples.edit(path, block_frames=33) as file:
        for block in file:
            block *= -1
    after = path.read_bytes()
    start = before.index(data)
    assert after[:start] == before[:start]
    assert after[start + 900 :] == before[start + 900 :]
    assert after[start : start + 900] != data


def test_leaving_a_loop_early_stores_what_was_done(encoded):
    path, _ = encoded
    before = read(path)
    with audio_samples.edit(path, block_frames=500) as file:
        for block in file:
            block[:] = np.zeros_like(block.to_numpy())
            break
    after = read(path)
    assert np.all(after[:500] == 0)
    assert np.array_equal(after[500:], before[500:])


def test_an_exception_leaves_its_own_block_as_it_was(encoded):
    path, _ = encoded
    before = read(path)

    def work():
        with audio_samples.edit(path, block_frames=500) as file:
            for index, block in enumerate(file):
                block *= 0
                if index == 1:
                    raise KeyError(index)

    with pytest.raises(KeyError):
        work()
    after = read(path)
    assert np.all(after[:500] == 0)
    assert np.array_equal(after[500:], before[500:])


def test_a_file_is_gone_over_twice_and_then_closed(encoded):
    path, subtype = encoded
    with audio_samples.edit(path, block_frames=400) as file:
        for _ in range(2):
            assert sum(len(block) for block in file) == 1_500
        file.flush()
    assert file.closed
    file.close()
    for use in (lambda: next(file), file.flush, lambda: iter(file)):
        with pytest.raises(ValueError, match="closed"):
            use()
    assert subtype in repr(file)


def test_what_cannot_be_edited_says_why(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros(100), RATE, subtype="IMA_ADPCM")
    with pytest.raises(AudioFileError, match="ADPCM"):
        audio_samples.edit(path)
    with pytest.raises(FileNotFoundError):
        audio_samples.edit(tmp_path / "missing.wav")
    with pytest.raises(ValueError, match="block_frames"):
        audio_samples.edit(path, block_frames=0)


def test_a_file_that_shrinks_is_an_error_with_the_place(tmp_path):
    path = tmp_path / "a.wav"
    audio_samples.write(path, AudioSamples.zeros(10_000, RATE, dtype=np.int16))
    with audio_samples.edit(path, block_frames=1_000) as file:
        next(file)
        os.truncate(path, 2_544)
        with pytest.raises(AudioFileError, match="became shorter") as caught:
            next(file)
        assert caught.value.offset == 2_044


KILLED = """
import sys
import audio_samples

while True:
    with audio_samples.edit(sys.argv[1], block_frames=int(sys.argv[2])) as file:
        for block in file:
            block *= -1
    print("once", flush=True)
"""
# Each byte of such a sample changes with its sign, so one that is half new has neither value.
VALUES = {"PCM_16": 0x1234 / 2**15, "PCM_24": 0x123456 / 2**23, "DOUBLE": -np.pi / 10}


@pytest.mark.parametrize("subtype", VALUES)
@pytest.mark.parametrize("block_frames", [4_096, 65_536])
def test_a_killed_process_leaves_each_sample_old_or_new_and_no_more_than_one_change(
    tmp_path, subtype, block_frames
):
    path = tmp_path / "a.wav"
    frames = 262_144
    for number in range(4):
        write_behind_44_bytes(path, subtype, np.full(2 * frames, VALUES[subtype]))
        with subprocess.Popen(
            [sys.executable, "-c", KILLED, path, str(block_frames)], stdout=subprocess.PIPE
        ) as process:
            process.stdout.readline()
            time.sleep(0.01 * number)
            process.send_signal(signal.SIGKILL)
        after = read(path)
        assert after.shape == (frames, 2)
        assert np.all(np.abs(after) == abs(VALUES[subtype]))
        # New up to some sample, and old behind it.
        assert np.count_nonzero(np.diff(after.ravel())) <= 1


@pytest.mark.parametrize("subtype", VALUES)
@pytest.mark.parametrize("page", [1, 2, 3, 7, 40])
def test_a_write_that_ends_between_two_pages_cuts_no_sample(tmp_path, subtype, page):
    path = tmp_path / "a.wav"
    write_behind_44_bytes(path, subtype, np.full(120_000, VALUES[subtype]))

    def negate():
        # Up to here a file may be written: the system cuts a write, as that of a killed process.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (page * 4096, page * 4096))
        with audio_samples.edit(path) as file:
            for block in file:
                block *= -1

    def refused():
        with pytest.raises(OSError, match="too large") as caught:
            negate()
        assert caught.value.errno == errno.EFBIG

    assert in_child(refused) == 0
    after = read(path).ravel()
    assert np.all(np.abs(after) == abs(VALUES[subtype]))
    new = np.flatnonzero(after == -VALUES[subtype])
    width = {"PCM_16": 2, "PCM_24": 3, "DOUBLE": 8}[subtype]
    assert len(new) == np.ceil((page * 4096 - 44) / width)
    assert new[-1] == len(new) - 1


def write_behind_44_bytes(path, subtype, values):
    """Stereo at the place where samples of three and eight bytes lie across two pages."""
    width = {"PCM_16": 2, "PCM_24": 3, "DOUBLE": 8}[subtype]
    tag = 3 if subtype == "DOUBLE" else 1
    if subtype == "DOUBLE":
        data = values.astype("<f8").tobytes()
    else:
        whole = np.round(values * 2 ** (8 * width - 1)).astype("<i4")
        data = whole.view(np.uint8).reshape(-1, 4)[:, :width].tobytes()
    form = struct.pack("<HHIIHH", tag, 2, RATE, 2 * width * RATE, 2 * width, 8 * width)
    path.write_bytes(
        b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + struct.pack("<I", 16) + form
        + b"data" + struct.pack("<I", len(data)) + data
    )  # fmt: skip
    assert path.stat().st_size == 44 + len(data)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "DOUBLE"])
def test_samples_across_two_pages_are_stored_like_the_others(tmp_path, subtype):
    path = tmp_path / "a.wav"
    values = np.random.default_rng(7).uniform(-0.9, 0.9, 40_000)
    write_behind_44_bytes(path, subtype, values)
    before = read(path)
    with audio_samples.edit(path, block_frames=10_000, dtype="float64") as file:
        for block in file:
            block *= -1
    assert np.array_equal(read(path), -before)


def test_a_signal_handler_that_looks_at_the_file_is_refused_and_does_not_hang(tmp_path):
    path = tmp_path / "a.wav"
    audio_samples.write(path, AudioSamples.zeros(1_000, RATE, dtype=np.int16))
    refused = []

    class Nosy(io.BytesIO):
        def read(self, size=-1):
            if blocks:
                for look in (lambda: blocks[0].position, blocks[0].close):
                    try:
                        look()
                    except BorrowError as error:
                        refused.append(str(error))
            return super().read(size)

    blocks = []
    with audio_samples.stream(Nosy(path.read_bytes()), 100) as stream:
        blocks.append(stream)
        assert len(next(stream)) == 100
        assert stream.position == 100
        blocks.clear()
    assert refused
    assert all("in the middle" in message for message in refused)


def test_compressed_files_name_what_to_do_instead(tmp_path):
    path = tmp_path / "a.flac"
    soundfile.write(path, np.zeros(1_000), RATE)
    with pytest.raises(AudioFileError, match=r"FLAC file.*read\(\) decodes it.*write\(\)"):
        audio_samples.open(path)
    with pytest.raises(AudioFileError, match=r"FLAC file.*read\(\) decodes this file"):
        audio_samples.edit(path)
    audio = AudioSamples.zeros(10, RATE, dtype=np.int16)
    with pytest.raises(AudioFileError, match=r"FLAC file.*info\(\)\.tags"):
        audio_samples.write(tmp_path / "b.wav", audio, metadata_from=path)


def test_the_type_that_is_told_is_that_of_the_blocks(encoded):
    path, _ = encoded
    for work in (audio_samples.edit, audio_samples.stream):
        with work(path) as file:
            assert file.dtype == next(iter(file)).dtype
        with work(path, dtype="int16") as file:
            assert file.dtype == next(iter(file)).dtype == np.int16
    assert audio_samples.stream(path).dtype == audio_samples.read(path).dtype
