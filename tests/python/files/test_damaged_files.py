"""Files that are damaged, hostile or out of reach: the documented error, and nothing else."""

import contextlib
import io
import os
import resource
import signal
import struct
import tempfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
from elsewhere import in_child

import audio_samples
from audio_samples import AudioFileError, AudioSamples

RATE = 8_000
HUGE = 2**63


def limited(megabytes, work):
    """Work with that much more memory than there is now."""

    def run():
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        limit = used + megabytes * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        work()

    return in_child(run)


def refused(content):
    """Everything that reads says no, with a place in the file."""
    for work in (audio_samples.read, lambda content: list(audio_samples.stream(content))):
        with pytest.raises(AudioFileError) as caught:
            work(content)
        assert caught.value.offset is None or caught.value.offset <= len(content)
    return str(caught.value)


def chunk(name, content, size=None, order="<"):
    return name + struct.pack(order + "I", len(content) if size is None else size) + content


FORMAT = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16))


def rf64(size, data):
    sizes = struct.pack("<QQQI", 2**62, size, size // 2, 0)
    head = b"RF64\xff\xff\xff\xffWAVE" + chunk(b"ds64", sizes)
    return head + FORMAT + chunk(b"data", data, 2**32 - 1)


def w64(data_size):
    def guid(name):
        return name + bytes.fromhex("f3acd3118cd100c04f8edb8a")

    riff = b"riff" + bytes.fromhex("2e91cf11a5d628db04c10000")
    form = guid(b"fmt ") + struct.pack("<Q", 40) + FORMAT[8:]
    return (
        riff + struct.pack("<Q", 2**62) + guid(b"wave") + form + guid(b"data")
        + struct.pack("<Q", data_size) + bytes(16)
    )  # fmt: skip


def aiff(frames):
    rate = bytes.fromhex("400bfa00000000000000")
    common = struct.pack(">HIH", 1, frames, 16) + rate
    body = chunk(b"COMM", common, order=">") + chunk(b"SSND", bytes(24), order=">")
    return b"FORM" + struct.pack(">I", 4 + len(body)) + b"AIFF" + body


def caf(size):
    desc = struct.pack(">d4sIIIII", RATE, b"lpcm", 0, 2, 1, 1, 16)
    head = b"caff\0\1\0\0desc" + struct.pack(">q", 32) + desc
    return head + b"data" + struct.pack(">q", size) + bytes(20)


def flac(frames):
    file, audio = io.BytesIO(), AudioSamples.new_mono(np.arange(500, dtype=np.int16), RATE)
    audio_samples.write(file, audio, format="FLAC")
    content = bytearray(file.getvalue())
    content[21] = content[21] & 0xF0 | frames >> 32 & 0x0F
    content[22:26] = struct.pack(">I", frames & 0xFFFF_FFFF)
    return bytes(content)


@pytest.mark.parametrize(
    "content",
    [
        *(rf64(size, bytes(16)) for size in (HUGE, 2**64 - 2, 2**62)),
        *map(w64, (2**62 - 1, 23, 0)),
        *(aiff(2**32 - 2), caf(2**62), caf(-2), flac(2**36 - 1)),
        b"RIFF\x63\0\0\0WAVE" + FORMAT + chunk(b"data", bytes(6), 2**31 - 2**20),
        b"RIFF\0\0\0\0WAVE" + chunk(b"LIST", b"", 2**32 - 1),
    ],
    ids=lambda content: content[:4].decode("latin-1"),
)
def test_a_claim_of_more_than_there_is_is_refused_in_little_memory(content):
    refused(content)
    # As much memory as the tests take, and some more for what is read: no claim is allocated.
    assert limited(256, lambda: refused(content)) == 0


@pytest.mark.parametrize("size", [0, 0xFFFF_FFFF])
def test_a_size_that_stands_for_unknown_is_read_to_the_end(size):
    samples = np.arange(100, dtype="<i2").tobytes()
    content = b"RIFF" + struct.pack("<I", size) + b"WAVE" + FORMAT + chunk(b"data", samples, size)
    assert len(audio_samples.read(content)) == 100


@pytest.mark.parametrize("padding", [b"", b"\0"])
def test_odd_chunks_are_found_padded_or_not(padding):
    body = chunk(b"odd ", b"123") + padding + FORMAT + chunk(b"data", bytes(20))
    content = b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body
    assert len(audio_samples.read(content)) == 10


def test_missing_data_is_refused():
    assert "data" in refused(b"RIFF" + struct.pack("<I", 28) + b"WAVE" + FORMAT)


def written(container, subtype):
    time = np.arange(6000) / RATE
    values = 0.5 * np.sin(2 * np.pi * 300 * time) + np.random.default_rng(4).normal(0, 0.02, 6000)
    file, frames = io.BytesIO(), np.stack([values, values[::-1]], 1)
    soundfile.write(file, frames, RATE, format=container, subtype=subtype)
    return file.getvalue()


CODECS = {
    "flac": ("FLAC", "PCM_16"),
    "vorbis": ("OGG", "VORBIS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "ms": ("WAV", "MS_ADPCM"),
    "ima": ("WAV", "IMA_ADPCM"),
    "alac": ("CAF", "ALAC_16"),
    "wav": ("WAV", "PCM_24"),
    "w64": ("W64", "FLOAT"),
    "rf64": ("RF64", "PCM_16"),
    "aiff": ("AIFF", "PCM_16"),
    "caf": ("CAF", "PCM_16"),
}


@pytest.mark.parametrize("name", CODECS)
def test_a_file_cut_short_anywhere_is_read_or_refused(name):
    content = written(*CODECS[name])
    for length in {*range(0, 200, 3), *range(200, len(content), 1 + len(content) // 120)}:
        look(content[:length])


def test_packets_that_come_twice_are_refused():
    """Frames would be told of twice, and others not at all."""
    file = io.BytesIO()
    samples = (np.arange(40_000) * 7919 % 20_011).astype(np.int16)
    audio_samples.write(file, AudioSamples.new_mono(samples, 44_100), format="FLAC")
    content = file.getvalue()
    head = content.index(b"\xff\xf8")
    places = [content.index(content[head : head + 4] + bytes([number])) for number in (1, 3)]
    begin, end = places
    twice = content[:end] + content[begin:end] + content[end:]
    assert np.array_equal(audio_samples.read(content, dtype="stored"), samples)
    with pytest.raises(AudioFileError, match=r"to frame 12288 come twice"):
        audio_samples.read(twice, dtype="stored")


def look(content):
    """All that reads, on anything: audio of a reasonable length, or the error of a file."""
    for work in (
        lambda: audio_samples.read(content),
        lambda: audio_samples.info(content),
        lambda: audio_samples.read(content, start=3000, frames=100),
        lambda: list(audio_samples.stream(content, 1000, 700)),
    ):
        raised = None
        try:
            work()
        except (AudioFileError, IndexError) as error:
            raised = error
        if isinstance(raised, IndexError):
            assert "frame" in str(raised)
        elif raised is not None and raised.offset is not None:
            assert 0 <= raised.offset <= len(content)


@pytest.mark.parametrize("name", CODECS)
def test_any_byte_of_a_file_may_be_wrong(name):
    content = written(*CODECS[name])
    random = np.random.default_rng(17)
    places = [*range(220), *random.integers(220, len(content), 250)]

    def mutate():
        for place in map(int, places):
            changed = bytearray(content)
            changed[place] = int(random.choice([0, 0x7F, 0x80, 0xFF, random.integers(0, 256)]))
            look(bytes(changed))
        for _ in range(60):
            changed = bytearray(content)
            for place in random.integers(0, len(content), 20):
                changed[int(place)] ^= int(random.integers(1, 256))
            look(bytes(changed))

    assert limited(1024, mutate) == 0


@pytest.mark.parametrize("name", ["wav", "w64", "rf64", "aiff", "caf"])
def test_a_header_with_wrong_bytes_is_mapped_edited_and_passed_on_or_refused(tmp_path, name):
    content = written(*CODECS[name])[:2_000]
    random = np.random.default_rng(23)
    path, other = tmp_path / "a.bin", tmp_path / "b.wav"
    few = AudioSamples.new_mono(np.zeros(4, np.int16), RATE)

    def edit():
        with audio_samples.edit(path) as file:
            for block in file:
                block *= 0.5

    def use():
        with audio_samples.open(path, "r+") as audio:
            audio[:1] = 0

    def mutate():
        for number in range(300):
            changed = bytearray(content)
            for place in random.integers(0, 120, int(random.integers(1, 4))):
                changed[int(place)] = int(random.choice([0, 1, 0x7F, 0x80, 0xFF, number % 256]))
            for work in (edit, use, lambda: audio_samples.write(other, few, metadata_from=path)):
                path.write_bytes(changed)
                with contextlib.suppress(AudioFileError, ValueError):
                    work()
                assert path.stat().st_size == len(content)

    assert limited(512, mutate) == 0


def nested(name, depth):
    content = b""
    for _ in range(depth):
        content = struct.pack(">I4s", 8 + len(content), name) + content
        if len(content) > 2_000_000:
            break
    return content


@pytest.mark.parametrize(
    "content",
    [
        struct.pack(">I4s", 16, b"ftyp") + b"M4A \0\0\0\0" + nested(b"moov", 100_000),
        struct.pack(">I4s", 16, b"ftyp") + b"M4A \0\0\0\0" + nested(b"udta", 100_000),
        b"\x1a\x45\xdf\xa3\x80" + b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff" * 50_000,
        b"OggS" + bytes(22) + b"\1\xff" + bytes(300_000),
        b"ID3\4\0\0\x7f\x7f\x7f\x7f" + bytes(1000),
        b"ID3\4\0\0\0\0\0\0" * 20_000,
        b"\xff\xfb\x90\x64" * 20_000,
    ],
    ids=["moov", "udta", "segments", "page", "long ID3", "many ID3", "headers only"],
)
def test_nesting_and_repetition_end(content):
    assert limited(512, lambda: look(content)) == 0


def test_a_folder_is_one(tmp_path):
    for work in (audio_samples.read, audio_samples.info, audio_samples.open, audio_samples.edit):
        with pytest.raises(IsADirectoryError):
            work(tmp_path)
    with pytest.raises(IsADirectoryError):
        audio_samples.write(tmp_path, AudioSamples.zeros(4, RATE, dtype=np.int16), format="WAV")


def test_an_empty_path_is_not_found():
    audio = AudioSamples.zeros(8, RATE)
    for work in (audio_samples.read, lambda path: audio_samples.write(path, audio)):
        with pytest.raises(FileNotFoundError):
            work("")


def test_a_pipe_is_neither_mapped_nor_edited(tmp_path):
    path = tmp_path / "pipe.wav"
    os.mkfifo(path)
    for work in (audio_samples.open, audio_samples.edit):
        with pytest.raises(AudioFileError, match="pipe"):
            work(path)


def test_without_permission_it_is_a_permission_error():
    # A folder that others may enter, unlike those of pytest.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.wav"
        audio_samples.write(path, AudioSamples.new_mono(np.zeros(4, np.int16), RATE))
        path.chmod(0)
        Path(folder).chmod(0o755)

        def look_without_rights():
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            for work in (audio_samples.read, audio_samples.info, audio_samples.open):
                with pytest.raises(PermissionError):
                    work(path)
            with pytest.raises(PermissionError):
                audio_samples.write(path, AudioSamples.new_mono(np.zeros(4, np.int16), RATE))

        assert in_child(look_without_rights) == 0
        path.chmod(0o600)
        assert len(audio_samples.read(path)) == 4


@pytest.mark.parametrize("ending", ["wav", "aiff", "flac"])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    old = AudioSamples.new_mono(np.arange(50, dtype=np.int16), RATE)
    audio_samples.write(path, old)
    noise = np.random.default_rng(1).integers(-9999, 9999, 500_000).astype(np.int16)

    def write_too_much():
        # A file that may not grow further fails as on a full disk.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        with pytest.raises(OSError, match="File too large"):
            audio_samples.write(path, AudioSamples.new_mono(noise, RATE))

    assert in_child(write_too_much) == 0
    assert np.array_equal(audio_samples.read(path, dtype="stored"), old)
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize("container", ["WAV", "AIFF", "FLAC"])
def test_a_device_without_room_is_an_error(container):
    noise = np.random.default_rng(1).integers(-9999, 9999, 100_000).astype(np.int16)
    audio = AudioSamples.new_mono(noise, RATE)
    with open("/dev/full", "wb", 0) as full, pytest.raises(OSError, match="No space"):  # noqa: PTH123
        audio_samples.write(full, audio, format=container)


def test_a_file_that_shrinks_while_it_is_streamed_is_noticed(tmp_path):
    path = tmp_path / "a.wav"
    audio_samples.write(path, AudioSamples.new_mono(np.zeros(50_000, np.int16), RATE))
    with audio_samples.stream(path, 1000) as blocks:
        next(blocks)
        os.truncate(path, 3000)
        with pytest.raises(AudioFileError, match="became shorter"):
            list(blocks)


@pytest.mark.parametrize("front", [b"", b"something else"])
def test_matroska_elements_without_an_end_are_damage_wherever_the_file_begins(front):
    unknown = b"\x01" + b"\xff" * 7
    for elements in (
        bytes.fromhex("1a45dfa3") + unknown,
        bytes.fromhex("1a45dfa380 18538067") + unknown + b"\xec" + unknown,
    ):
        file = io.BytesIO(front + elements + bytes(64))
        file.seek(len(front))
        with pytest.raises(AudioFileError):
            audio_samples.info(file)
