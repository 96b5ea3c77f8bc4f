"""What is said of files that are empty, unknown, damaged or closed, and of what is clipped."""

import io
import os
import struct
import subprocess
import sys
import threading
import time

import extras
import numpy as np
import pytest
import soundfile
from containers import chunk, form, riff
from signals import RATE, tones

import audio_samples
from audio_samples import AudioFileError, AudioSamples
from audio_samples.__main__ import main

av = extras.require("av", "test")

READERS = [audio_samples.read, audio_samples.info, audio_samples.stream]


@pytest.mark.parametrize("work", READERS)
def test_an_empty_file_is_called_empty(tmp_path, work):
    path = tmp_path / "a.wav"
    path.write_bytes(b"")
    for given in (path, b"", io.BytesIO()):
        with pytest.raises(AudioFileError, match="is empty: it has 0 bytes") as caught:
            work(given)
        assert caught.value.offset == 0
    for mapped in (audio_samples.open, audio_samples.edit):
        with pytest.raises(AudioFileError, match=r"a\.wav'.* is empty"):
            mapped(path)


@pytest.mark.parametrize("work", READERS)
def test_a_file_object_that_was_written_is_to_be_sent_back_to_its_beginning(work):
    file = io.BytesIO()
    audio_samples.write(file, AudioSamples.zeros(10, RATE, dtype=np.int16))
    with pytest.raises(AudioFileError, match=r"stands at byte 64 of 64; seek\(0\) comes first"):
        work(file)


@pytest.mark.parametrize("work", READERS)
def test_an_unknown_file_is_shown_by_its_first_bytes_beside_what_is_known(work):
    with pytest.raises(AudioFileError, match="no format that is read begins with") as caught:
        work(b"<!DOCTYPE html>")
    message = str(caught.value)
    for part in ("'<!DOCTYP'", "3c 21 44 4f 43 54 59 50", "WAV", "FLAC", "MP3"):
        assert part in message


def test_the_repr_of_a_closed_file_says_so(tmp_path):
    path = tmp_path / "a.wav"
    audio_samples.write(path, AudioSamples.zeros(10, RATE, dtype=np.int16))
    audio = audio_samples.open(path, "r+")
    part = audio[2:5]
    assert "closed" not in repr(audio)
    audio.close()
    assert repr(audio).endswith(", closed)")
    assert repr(part).endswith(", closed)")
    assert "closed" not in repr(AudioSamples.zeros(10, RATE))


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_a_flac_file_tells_what_was_cut_off_without_being_decoded(tmp_path, subtype, capsys):
    path = tmp_path / "a.flac"
    soundfile.write(path, tones(2), RATE, subtype=subtype)
    content = path.read_bytes()
    assert audio_samples.info(path).damage is None
    assert audio_samples.info(content + b"TAG" + bytes(125)).damage is None
    for length in (len(content) - 1, len(content) - 300, len(content) // 2, len(content) // 3):
        info = audio_samples.info(content[:length])
        assert info.frames == 60_000
        assert "cut short: it claims 60000 frames" in info.damage
    assert "the last of them are not whole" in audio_samples.info(content[:-1]).damage
    half = audio_samples.info(content[: len(content) // 2]).damage
    told = int(half.split()[-1])
    assert 20_000 < told < 40_000
    path.write_bytes(content[: len(content) // 2])
    assert main(["info", str(path)]) == 0
    assert f"damaged      {half}" in capsys.readouterr().out


@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("kind", ["ours", "libFLAC", "FFmpeg", "silence", "noise", "short"])
def test_no_whole_flac_file_is_called_damaged(tmp_path, kind, channels):
    path = tmp_path / "a.flac"
    samples = {
        "silence": np.zeros((50_000, channels)),
        "noise": np.random.default_rng(3).uniform(-1, 1, (400_000, channels)),
        "short": tones(channels, 7),
    }.get(kind, tones(channels, 50_000))
    if kind == "ours":
        audio = AudioSamples.new_multi(samples, RATE, layout="frames_first")
        audio_samples.write(path, audio)
    elif kind == "FFmpeg":
        with av.open(str(path), "w") as container:
            stream = container.add_stream("flac", rate=RATE)
            stream.layout = {1: "mono", 2: "stereo", 6: "5.1"}[channels]
            stream.format = "s16"
            whole = (samples * 32767).astype(np.int16).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(whole, format="s16", layout=stream.layout.name)
            frame.rate = RATE
            for packet in [*stream.encode(frame), *stream.encode(None)]:
                container.mux(packet)
    else:
        soundfile.write(path, samples, RATE)
    assert audio_samples.info(path).damage is None
    assert audio_samples.read(path).samples_per_channel() == len(samples)


def test_an_mp3_that_lacks_bytes_says_so(tmp_path):
    path = tmp_path / "a.mp3"
    soundfile.write(path, tones(2), RATE)
    content = path.read_bytes()
    assert audio_samples.info(content).damage is None
    assert audio_samples.info(content + b"TAG" + bytes(125)).damage is None
    damage = audio_samples.info(content[:-2000]).damage
    assert f"claims {len(content)} bytes" in damage
    assert f"there are {len(content) - 2000}" in damage


@pytest.mark.parametrize("ending", ["wav", "rf64", "aiff", "flac"])
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_clipped_samples_are_counted_in_a_warning(tmp_path, ending, subtype, dtype):
    path = tmp_path / f"a.{ending}"
    samples = np.zeros((2, 30_000), dtype)
    samples[0, ::100], samples[1, 7] = 1.5, -4.0
    says = r"301 samples in '.*' were clipped.* peak is 4\.0"
    with pytest.warns(UserWarning, match=says) as told:
        audio_samples.write(path, AudioSamples.new_multi(samples, RATE), subtype=subtype)
    assert "+12.04 dB" in str(told[0].message)
    assert told[0].filename == __file__
    assert audio_samples.read(path, dtype="float32").to_numpy().max() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "ULAW"])
def test_full_scale_itself_is_not_clipped(tmp_path, subtype):
    path = tmp_path / "a.wav"
    values = np.array([1.0, -1.0, np.nextafter(1, 2), 0.5, np.nan])
    audio_samples.write(path, AudioSamples.new_mono(values, RATE), subtype=subtype)
    step = 2.0 ** {"PCM_U8": -7, "PCM_24": -23, "PCM_32": -31}.get(subtype, -15)
    loud = AudioSamples.new_mono(np.array([-1 - step, 1 + step]), RATE)
    with pytest.warns(UserWarning, match="2 samples"):
        audio_samples.write(path, loud, subtype=subtype)


def test_floats_and_integers_are_never_clipped(tmp_path):
    loud = AudioSamples.new_mono(np.array([3.0, -3.0]), RATE)
    for subtype in ("FLOAT", "DOUBLE"):
        audio_samples.write(tmp_path / "a.wav", loud, subtype=subtype)
    full = AudioSamples.new_mono(np.array([2**31 - 1, -(2**31)], np.int32), RATE)
    audio_samples.write(tmp_path / "a.wav", full, subtype="PCM_16")


def test_a_warning_made_an_error_comes_after_the_file(tmp_path):
    path = tmp_path / "a.wav"
    integers = AudioSamples.new_mono(np.array([20_000, -20_000], np.int16), RATE)
    with pytest.raises(UserWarning, match=r"peak is 10000.* \(\+80\.00 dB\)"):
        audio_samples.write(path, integers * 0.5, subtype="PCM_16")
    assert audio_samples.read(path, dtype="stored").to_numpy().tolist() == [32_767, -32_768]


def loud_blocks(tmp_path, block_frames):
    """A file opened for an edit that clips whatever is made four times as loud."""
    path = tmp_path / "a.wav"
    half = AudioSamples.new_mono(np.full(1_000, 0.5, np.float32), RATE)
    audio_samples.write(path, half, subtype="PCM_16")
    return audio_samples.edit(path, block_frames=block_frames)


@pytest.mark.parametrize("block_frames", [500, 1_000])
def test_what_an_edit_clipped_is_told_though_it_was_read_again(tmp_path, block_frames):
    edit = loud_blocks(tmp_path, block_frames)
    for block in edit:
        block *= 4
    for _ in edit:
        pass
    with pytest.warns(UserWarning, match="1000 samples in the file were clipped"):
        edit.close()


def test_what_an_edit_clipped_is_told_though_an_error_ended_it(tmp_path):
    def fail(edit):
        with edit:
            for number, block in enumerate(edit):
                block *= 4
                if number == 5:
                    raise KeyError(number)

    told = pytest.warns(UserWarning, match="500 samples in the file were clipped")
    with told, pytest.raises(KeyError):
        fail(loud_blocks(tmp_path, 100))
    assert (
        audio_samples.read(tmp_path / "a.wav", dtype="stored").to_numpy() == 32_767
    ).sum() == 500


def test_a_chain_of_empty_blocks_in_flac_is_no_long_walk(tmp_path):
    path = tmp_path / "a.flac"
    audio_samples.write(path, AudioSamples.zeros(100, RATE, dtype=np.int16))
    head = bytearray(path.read_bytes()[:42])
    head[4] &= 0x7F  # there is another block
    path.write_bytes(head)
    os.truncate(path, 1 << 32)  # of zeros, which take no room
    with pytest.raises(AudioFileError, match="damaged"):
        audio_samples.info(path)


def test_several_paths_may_come_from_anything_that_gives_paths(tmp_path):
    for name in ("a.wav", "b.wav"):
        audio_samples.write(tmp_path / name, AudioSamples.zeros(10, RATE, dtype=np.int16))
    assert len(audio_samples.read_many(sorted(tmp_path.glob("*.wav")))) == 2
    assert len(audio_samples.read_many(tmp_path.glob("*.wav"), workers=10**18)) == 2
    with pytest.raises(TypeError, match="read_many takes several paths"):
        audio_samples.read_many(tmp_path / "a.wav")


@pytest.mark.parametrize(
    "work", [audio_samples.read, lambda file: next(audio_samples.stream(file))]
)
@pytest.mark.parametrize("container", ["WAV", "FLAC"])
def test_a_pipe_is_read_to_its_end_first(work, container):
    content = io.BytesIO()
    soundfile.write(content, tones(2, 5_000), RATE, format=container)
    out, into = os.pipe()

    def feed():
        with os.fdopen(into, "wb") as file:
            file.write(content.getvalue()[:1_000])
            file.flush()
            time.sleep(0.05)
            file.write(content.getvalue()[1_000:])

    thread = threading.Thread(target=feed)
    thread.start()
    with os.fdopen(out, "rb") as file:
        assert not file.seekable()
        audio = work(file)
    thread.join()
    assert np.array_equal(audio, audio_samples.read(content.getvalue()))


def test_the_chunks_of_a_file_of_the_other_byte_order_are_not_passed_on(tmp_path):
    cue = b"cue ", struct.pack(">IIIIIII", 1, 7, 3, 0, 0, 0, 3)
    source = riff(form(">"), (b"data", bytes(20)), cue, magic=b"RIFX")
    assert audio_samples.info(source).cues == [(3, "")]
    audio = AudioSamples.zeros(10, RATE, dtype=np.int16)
    with pytest.raises(ValueError, match="RIFX"):
        audio_samples.write(tmp_path / "a.wav", audio, metadata_from=source)
    assert [*tmp_path.iterdir()] == []


def test_chunks_that_would_no_longer_be_true_are_left_behind(tmp_path):
    gone = [(name, b"12345678") for name in (b"PEAK", b"levl", b"FLLR", b"JUNK", b"junk")]
    kept = b"iXML", b"<BWFXML/>"
    audio = AudioSamples.zeros(10, RATE, dtype=np.int16)
    path = tmp_path / "a.wav"
    audio_samples.write(path, audio, metadata_from=riff(form(), *gone, kept, (b"data", bytes(20))))
    content = path.read_bytes()
    assert kept[1] in content
    assert b"12345678" not in content


def test_a_name_that_stands_for_very_many_texts_is_told_in_no_time():
    part = b"ICMT" + struct.pack("<I", 2) + b"x\0"
    lists = [(b"LIST", b"INFO" + part * 100_000)] * 8
    tags = audio_samples.info(riff(form(), *lists, (b"data", bytes(20)))).tags
    assert tags["comment"] == "\n".join(["x"] * 800_000)


@pytest.mark.parametrize(
    "hertz", [b"\x7f\xfe" + b"\xff" * 8, b"\xc0\x0e\xac" + bytes(7), bytes(10)]
)
def test_an_aiff_file_of_an_impossible_rate_is_refused(hertz):
    common = struct.pack(">HIH", 1, 2, 16) + hertz
    body = b"AIFF" + chunk(b"COMM", common, ">") + chunk(b"SSND", bytes(12), ">")
    content = b"FORM" + struct.pack(">I", len(body)) + body
    with pytest.raises(AudioFileError, match="claims a sample rate") as caught:
        audio_samples.read(content)
    assert caught.value.offset == 28


@pytest.mark.parametrize("hertz", [np.inf, np.nan, 0.4, -44_100.0, 2.0**32])
def test_a_caf_file_of_an_impossible_rate_is_refused(hertz):
    with pytest.raises(AudioFileError, match="claims a sample rate") as caught:
        audio_samples.read(caf(hertz))
    assert caught.value.offset == 20


def caf(hertz, size=32):
    fields = struct.pack(">d4sIIIII", hertz, b"lpcm", 2, 2, 1, 1, 16)[:size]
    return (
        b"caff\0\1\0\0desc" + struct.pack(">q", size) + fields
        + b"data" + struct.pack(">q", 24) + bytes(24)
    )  # fmt: skip


def test_a_caf_description_that_is_too_short_is_not_read_past_its_end():
    assert len(audio_samples.read(caf(8_000.0))) == 10
    with pytest.raises(AudioFileError, match="'desc' chunk has 31 bytes"):
        audio_samples.read(caf(8_000.0, 31))


def test_a_caf_file_that_was_never_closed_goes_on_to_its_end():
    content = caf(8_000.0).replace(struct.pack(">q", 24), struct.pack(">q", -1))
    audio = audio_samples.read(content[:-4] + bytes(9))
    # Nine bytes are four frames and a half.
    assert len(audio) == 8 + 4
    assert audio_samples.info(content).frames == 10


@pytest.mark.parametrize(
    ("mask", "told"), [(3, ("FL", "FR")), (4, None), (7, None), (1 << 30, None)]
)
def test_channels_have_positions_only_if_each_has_one(mask, told):
    guid = b"\x01\0\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71"
    fields = struct.pack("<HHIIHHHHI", 0xFFFE, 2, RATE, 4 * RATE, 4, 16, 22, 16, mask)
    content = riff((b"fmt ", fields + guid), (b"data", bytes(40)))
    assert audio_samples.info(content).channel_positions == told


def test_texts_of_odd_length_are_followed_by_a_byte_of_padding():
    texts = ((b"INAM", b"odd"), (b"IART", b"even"), (b"ICMT", b"x"), (b"ISFT", b"z"))
    parts = b"".join(chunk(*text) for text in texts)
    tags = audio_samples.info(riff(form(), (b"LIST", b"INFO" + parts), (b"data", b""))).tags
    assert tags == {"title": "odd", "artist": "even", "comment": "x", "software": "z"}


def test_a_closed_w64_file_of_no_frame_has_none():
    file = io.BytesIO()
    soundfile.write(file, np.zeros(0), RATE, format="W64", subtype="PCM_16")
    content = bytearray(file.getvalue())
    behind = b"levl" + bytes.fromhex("f3acd3118cd100c04f8edb8a") + struct.pack("<Q", 32) + bytes(8)
    content[16:24] = struct.pack("<Q", len(content) + len(behind))
    assert audio_samples.info(bytes(content) + behind).frames == 0
    # A recording that was never closed goes on to the end.
    content[16:24] = struct.pack("<Q", len(content))
    assert audio_samples.info(bytes(content) + bytes(20)).frames == 10


def test_the_chunks_of_w64_begin_at_multiples_of_eight():
    file = io.BytesIO()
    soundfile.write(file, np.arange(50, dtype=np.int16), RATE, format="W64")
    content = file.getvalue()
    at = content.index(b"data\xf3\xac")
    odd = b"odd " + bytes.fromhex("f3acd3118cd100c04f8edb8a") + struct.pack("<Q", 29) + b"12345"
    more = content[:at] + odd + bytes(3) + content[at:]
    assert audio_samples.read(more, dtype="stored").to_numpy().tolist() == list(range(50))


@pytest.mark.parametrize("size", [0, 2**64 - 1])
def test_an_rf64_file_that_was_never_closed_goes_on_to_its_end(size):
    sizes = b"ds64", struct.pack("<QQQI", 0, size, 0, 0)
    content = bytearray(riff(sizes, form(), (b"data", bytes(range(20)))))
    content[:4], content[4:8] = b"RF64", b"\xff" * 4
    at = content.index(b"data")
    content[at + 4 : at + 8] = b"\xff" * 4
    assert len(audio_samples.read(bytes(content))) == 10


def test_the_command_line_shows_no_signs_that_a_terminal_obeys(tmp_path, capsys):
    title = (b"LIST", b"INFOINAM" + struct.pack("<I", 12) + b"a\x1b[2J\nb\x07c\0\0")
    path = tmp_path / "a.wav"
    path.write_bytes(riff(form(), title, (b"data", bytes(20))))
    assert main(["info", str(path)]) == 0
    assert r"tag          title: a\x1b[2J\nb\x07c" in capsys.readouterr().out.splitlines()[6]


@pytest.mark.parametrize("name", ["\udcff.wav", "ü☃.wav", "a\x1b[2J\nb.wav"])
def test_the_command_line_tells_of_files_of_any_name(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(riff(form(), (b"data", bytes(20))))
    command = [sys.executable, "-m", "audio_samples", "info", path, tmp_path / f"no{name}"]
    environment = os.environ | {"PYTHONIOENCODING": "ascii:strict"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "format       WAV PCM_16" in done.stdout
    assert done.stderr.count("\n") == 1
    assert "\x1b" not in done.stdout + done.stderr


def test_the_command_line_ends_quietly_once_its_pipe_is_closed(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(riff(form(), (b"data", bytes(20))))
    command = [sys.executable, "-m", "audio_samples", "info", *[path] * 3_000]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        assert program.stdout.readline()
        program.stdout.close()
        assert program.stderr.read() == b""
        assert program.wait() == 1


@pytest.mark.parametrize("container", ["WAV", "RF64", "W64", "AIFF", "CAF", "FLAC", "OGG", "MP3"])
def test_the_command_line_tells_of_every_format_and_of_every_error(tmp_path, container, capsys):
    good, bad = tmp_path / f"a.{container.lower()}", tmp_path / "b.wav"
    soundfile.write(good, tones(2, 5_000), RATE, format=container)
    bad.write_bytes(b"")
    missing, folder = tmp_path / "missing.wav", tmp_path / "empty"
    folder.mkdir()
    assert main(["info", *map(str, (bad, good, missing, folder, good))]) == 1
    told = capsys.readouterr()
    assert told.out.count(f"{good}\n  format       {container} ") == 2
    assert told.out.count("length       5000 frames") == 2
    errors = told.err.splitlines()
    assert len(errors) == 3
    for error, path in zip(errors, (bad, missing, folder), strict=True):
        assert f"'{path}'" in error
