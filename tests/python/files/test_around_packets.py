"""What stands around the packets of FLAC and MPEG files is no packet: tags of other formats,
padding, cut packets, other bytes; and a count of packets that cannot be is not believed."""

import io
import struct
import zlib

import numpy as np
import pytest
import soundfile

import audio_samples as aus

RATE = 44_100
FRAMES = 40_000


def sound():
    time = np.arange(FRAMES) / RATE
    noise = np.random.default_rng(1).normal(0, 0.05, (FRAMES, 2))
    return 0.4 * np.sin(2 * np.pi * 440 * time)[:, None] + noise


def encoded(container, **options):
    file = io.BytesIO()
    soundfile.write(file, sound(), RATE, format=container, **options)
    return file.getvalue()


FLAC = encoded("FLAC", subtype="PCM_16")
MP3 = encoded(
    "MP3", bitrate_mode="CONSTANT", compression_level=0.3
)  # its first packet counts the others


def packet_length(head):
    kilobits = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320][head[2] >> 4]
    return 144_000 * kilobits // RATE + (head[2] >> 1 & 1)


COUNTED = MP3.index(b"\xff\xfb")
BARE = MP3[COUNTED + packet_length(MP3[COUNTED:]) :]  # without that packet


ID3V1 = (b"TAG" + b"One".ljust(30, b"\0") + b"Ann".ljust(30, b"\0") + bytes(63)).ljust(126, b"\0")
ID3V1 += bytes([5, 17])


def id3v2(title):
    text = b"\0" + title
    frame = b"TIT2" + struct.pack(">IH", len(text), 0) + text
    return b"ID3\3\0\0" + bytes([0, 0, 0, len(frame)]) + frame


def ape(head=True):
    items = [(b"Title", b"Ape"), (b"Artist", b"Bob")]
    body = b"".join(struct.pack("<II", len(value), 0) + key + b"\0" + value for key, value in items)

    def end(flags):
        numbers = struct.pack("<IIII", 2000, len(body) + 32, len(items), flags)
        return b"APETAGEX" + numbers + bytes(8)

    return (end(0xA0000000) if head else b"") + body + end(0x80000000 if head else 0)


LYRICS = b"LYRICSBEGIN" + b"INT00003abc"
LYRICS += b"%06dLYRICS200" % len(LYRICS)

BEHIND = {
    "ID3v1": ID3V1,
    "APE": ape(),
    "APE without a head": ape(head=False),
    "APE and ID3v1": ape() + ID3V1,
    "lyrics and ID3v1": LYRICS + ID3V1,
    "zeros": bytes(700),
    "one byte": b"x",
    "other bytes": np.random.default_rng(3).bytes(5_000),
    "many other bytes": np.random.default_rng(4).bytes(200_000),
    "bytes like heads of packets": b"xx" + b"\xff\xfb\x90\x64" * 500,
}
FRONT = {
    "APE": ape(),
    "ID3v2": id3v2(b"Two"),
    "two ID3v2": id3v2(b"Two") + id3v2(b"Old"),
    "ID3v2 and APE": id3v2(b"Two") + ape(),
    "APE and ID3v2": ape() + id3v2(b"Two"),
    "zeros": bytes(3_000),
    "ID3v2 and zeros": id3v2(b"Two") + bytes(500),
    "a cut packet": BARE[200 : packet_length(BARE)],
}


def read(content):
    with np.errstate(all="ignore"):
        return aus.read(io.BytesIO(content), dtype="float64").frames_first


def same(content, expected):
    """Whatever reads the file, and from wherever on, has the same frames."""
    got = read(content)
    np.testing.assert_array_equal(got, expected)
    info = aus.info(io.BytesIO(content))
    assert (info.frames, info.damage) == (len(expected), None)
    part = aus.read(io.BytesIO(content), dtype="float64", start=len(expected) - 500, frames=500)
    np.testing.assert_array_equal(part.frames_first, expected[-500:])
    blocks = [block.convert("float64").frames_first for block in aus.stream(io.BytesIO(content))]
    np.testing.assert_array_equal(np.concatenate(blocks), expected)


@pytest.mark.parametrize("what", BEHIND)
def test_flac_ends_with_its_last_packet(what):
    expected = soundfile.read(io.BytesIO(FLAC))[0]
    same(FLAC + BEHIND[what], expected)


@pytest.mark.parametrize("what", BEHIND)
@pytest.mark.parametrize("file", [MP3, BARE], ids=["counted", "not counted"])
def test_mp3_ends_with_its_last_packet(what, file):
    same(file + BEHIND[what], read(file))


def test_the_oracle_agrees_on_mp3_that_counts_no_packets():
    expected = soundfile.read(io.BytesIO(BARE))[0]
    np.testing.assert_allclose(read(BARE), expected, atol=1e-6)
    np.testing.assert_allclose(read(BARE + ape() + ID3V1), expected, atol=1e-6)
    np.testing.assert_allclose(read(bytes(900) + BARE), expected, atol=1e-6)


@pytest.mark.parametrize("what", FRONT)
@pytest.mark.parametrize("file", [MP3, BARE], ids=["counted", "not counted"])
def test_mp3_begins_with_its_first_packet(what, file):
    same(FRONT[what] + file, read(file))


@pytest.mark.parametrize("what", ["APE", "ID3v2", "two ID3v2", "APE and ID3v2"])
def test_flac_begins_behind_the_tags(what):
    same(FRONT[what] + FLAC, read(FLAC))


@pytest.mark.parametrize("count", [0, 1, 9])
def test_a_count_of_packets_that_cannot_be_is_not_believed(count):
    place = MP3.index(b"Info" if b"Info" in MP3[:300] else b"Xing") + 8
    changed = bytearray(MP3)
    changed[place : place + 4] = struct.pack(">I", count)
    same(bytes(changed), read(BARE))


def test_a_file_that_is_cut_is_cut_still():
    for cut in (len(MP3) // 2, len(MP3) - 700):
        assert "cut short" in aus.info(io.BytesIO(MP3[:cut])).damage
        assert "cut short" in aus.info(io.BytesIO(MP3[:cut] + ID3V1)).damage
    for cut in (len(FLAC) // 2, len(FLAC) - 1, len(FLAC) - 700):
        assert "cut short" in aus.info(io.BytesIO(FLAC[:cut])).damage
        with pytest.raises(aus.AudioFileError, match=r"cut short|damaged"):
            aus.read(io.BytesIO(FLAC[:cut]))


def test_what_only_looks_like_a_packet_is_no_file():
    for content in (bytes(5_000), np.random.default_rng(5).bytes(50_000), b"\xff\xfb" * 2_000):
        with pytest.raises(aus.AudioFileError):
            aus.read(io.BytesIO(b"x" + content))


# ---- what the tags say

SAYS = [
    (id3v2(b"Two"), ape() + ID3V1, {"title": "Two", "artist": "Bob", "track_number": "5"}),
    (b"", ape() + ID3V1, {"title": "Ape", "artist": "Bob", "track_number": "5"}),
    (b"", ape(head=False), {"title": "Ape", "artist": "Bob"}),
    (b"", ID3V1, {"title": "One", "artist": "Ann", "track_number": "5"}),
    (id3v2(b"Two") + id3v2(b"Old"), ID3V1, {"title": "Two", "artist": "Ann"}),
    (ape(), ID3V1, {"title": "Ape", "artist": "Bob"}),
    (ape() + id3v2(b"Two"), b"", {"title": "Two", "artist": "Bob"}),
]


@pytest.mark.parametrize(("front", "behind", "said"), SAYS)
@pytest.mark.parametrize("file", [MP3, BARE, FLAC], ids=["counted", "not counted", "FLAC"])
def test_a_tag_is_said_once_by_the_format_that_says_most(file, front, behind, said):
    tags = aus.info(io.BytesIO(front + file + behind)).tags
    assert {name: tags.get(name) for name in said} == said


def test_a_damaged_tag_costs_no_sample():
    damaged = bytearray(ape())
    damaged[40] ^= 0xFF
    content = BARE + bytes(damaged)
    assert zlib.crc32(content) != zlib.crc32(BARE)
    same(content, read(BARE))


def test_a_wav_file_behind_a_tag_is_read(tmp_path):
    path = tmp_path / "tagged.wav"
    file = io.BytesIO()
    soundfile.write(file, sound(), RATE, format="WAV", subtype="PCM_16")
    path.write_bytes(id3v2(b"Two") + file.getvalue())
    expected = soundfile.read(io.BytesIO(file.getvalue()))[0]
    np.testing.assert_array_equal(aus.read(path, dtype="float64").frames_first, expected)
    assert aus.info(path).frames == FRAMES
    mapped = aus.open(path)
    np.testing.assert_array_equal(mapped.convert("float64").frames_first, expected)
    with aus.edit(path) as blocks:
        for block in blocks:
            block *= 0
    assert not aus.read(path).to_numpy().any()
    assert path.read_bytes().startswith(id3v2(b"Two") + b"RIFF")


def with_chunk(container, name, content):
    """A file of plain samples with one chunk more."""
    file = io.BytesIO()
    soundfile.write(file, sound(), RATE, format=container, subtype="PCM_16")
    order = "<" if container == "WAV" else ">"
    content += b"\0" * (len(content) % 2)
    made = bytearray(file.getvalue() + name + struct.pack(f"{order}I", len(content)) + content)
    struct.pack_into(f"{order}I", made, 4, len(made) - 8)
    return bytes(made)


@pytest.mark.parametrize(
    ("container", "name"), [("WAV", b"id3 "), ("WAV", b"ID3 "), ("AIFF", b"ID3 ")]
)
def test_an_id3_chunk_says_what_it_says(container, name):
    content = with_chunk(container, name, id3v2(b"Two"))
    info = aus.info(content)
    assert info.tags["title"] == "Two"
    assert info.frames == FRAMES
    damaged = with_chunk(container, name, b"ID3\3\0\0\0\0\0\x7fTIT2\xff\xff\xff\xff")
    assert "title" not in aus.info(damaged).tags
