"""What `info` tells goes to other processes, and so do the errors of files."""

import copy
import io
import pickle
import struct
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
import soundfile
from containers import chunk

import audio_samples
from audio_samples import AudioFileError, AudioSamples

DATA = Path(__file__).resolve().parents[2] / "data"


def facts(info):
    return {name: getattr(info, name) for name in dir(info) if not name.startswith("_")}


@pytest.fixture
def paths(tmp_path):
    """Files that tell different things: tags, cues, positions, an obstacle, damage."""
    audio = AudioSamples.new_multi(np.zeros((2, 50), np.int16), 8_000)
    audio_samples.write(tmp_path / "a.wav", audio)
    content = (tmp_path / "a.wav").read_bytes()
    text = b"INFOINAM" + struct.pack("<I", 6) + b"title\0"
    cue = struct.pack("<III4sIII", 1, 7, 0, b"data", 0, 0, 20)
    content += chunk(b"LIST", text) + chunk(b"cue ", cue)
    content = content[:4] + struct.pack("<I", len(content) - 8) + content[8:]
    (tmp_path / "a.wav").write_bytes(content)
    cut = (DATA / "tabla.mp3").read_bytes()[:9_000]
    (tmp_path / "cut.mp3").write_bytes(cut)
    return [tmp_path / "a.wav", tmp_path / "cut.mp3", DATA / "tabla.m4a"]


def test_what_is_told_is_the_same_behind_a_pickle(paths):
    told = [audio_samples.info(path) for path in paths]
    assert told[0].tags == {"title": "title"}
    assert told[0].cues == [(20, "")]
    assert told[1].damage
    assert told[2].channel_positions == ("FL", "FR")
    for info in told:
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            same = pickle.loads(pickle.dumps(info, protocol))
            assert facts(same) == facts(info)
            assert repr(same) == repr(info)
        assert facts(copy.copy(info)) == facts(copy.deepcopy(info)) == facts(info)


def test_a_pool_of_processes_tells_of_files(paths):
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        told = list(pool.map(audio_samples.info, paths))
    assert [facts(info) for info in told] == [facts(audio_samples.info(path)) for path in paths]


def encoded(channels, **options):
    file = io.BytesIO()
    soundfile.write(file, np.zeros((3_000, channels)), 44_100, **options)
    return file.getvalue()


@pytest.mark.parametrize("container", ["FLAC", "OGG", "MP3"])
def test_one_channel_alone_is_heard_from_the_front(container):
    assert audio_samples.info(encoded(1, format=container)).channel_positions == ("FC",)
    assert audio_samples.info(encoded(2, format=container)).channel_positions == ("FL", "FR")


def stated(content, mask):
    """A FLAC file that says where its channels are heard."""
    text = f"WAVEFORMATEXTENSIBLE_CHANNEL_MASK={mask}".encode()
    block = struct.pack("<II", 0, 1) + struct.pack("<I", len(text)) + text
    at, out = 4, content[:4]
    while True:
        kind, size = content[at], int.from_bytes(content[at + 1 : at + 4])
        is_last, kind = kind & 0x80, kind & 0x7F
        if kind == 0:
            out += b"\0" + content[at + 1 : at + 4 + size]
        at += 4 + size
        if is_last:
            return out + b"\x84" + len(block).to_bytes(3) + block + content[at:]


@pytest.mark.parametrize(
    ("channels", "mask", "told"),
    [
        *[(1, "0x4", ("FC",)), (1, "0x1", ("FL",)), (1, "0x0", None)],
        (2, "0x0600", ("SL", "SR")),
        (2, "0x3", ("FL", "FR")),
    ],
)
def test_what_a_flac_file_says_of_its_channels_is_told(channels, mask, told):
    content = stated(encoded(channels, format="FLAC"), mask)
    assert soundfile.read(io.BytesIO(content))[0].size == 3_000 * channels
    assert audio_samples.info(content).channel_positions == told


@pytest.mark.parametrize("name", ["read", "info", "stream", "open", "edit", "read_many"])
def test_the_error_of_a_file_has_its_name(tmp_path, name):
    work = getattr(audio_samples, name)
    path = tmp_path / "bad.wav"
    path.write_bytes(b"RIFF\x24\0\0\0WAVEjunk\xff\0\0\0")
    with pytest.raises(AudioFileError, match=r"bad\.wav") as caught:
        work([path] if name == "read_many" else path)
    same = pickle.loads(pickle.dumps(caught.value))
    for error in (caught.value, same):
        assert error.filename == str(path)
        assert error.offset == caught.value.offset is not None
        assert str(error) == str(caught.value)


def test_the_error_of_bytes_has_no_name(tmp_path):
    for given in (b"no audio", io.BytesIO(b"no audio")):
        with pytest.raises(AudioFileError) as caught:
            audio_samples.read(given)
        assert caught.value.filename is None
    path = tmp_path / "later.wav"
    audio_samples.write(path, AudioSamples.zeros(100, 8_000, dtype="int16"))
    with audio_samples.stream(path, 60) as blocks:
        next(blocks)
        path.write_bytes(path.read_bytes()[:50])
        with pytest.raises(AudioFileError) as caught:
            next(blocks)
    assert caught.value.filename == str(path)
