"""Tags as programs really write them, against what they mean."""

import io
import struct

import numpy as np
import pytest
import soundfile
from containers import riff

import audio_samples


def mp3():
    target = io.BytesIO()
    soundfile.write(target, np.zeros(4_410), 44_100, format="MP3")
    return target.getvalue()


def id3(name, encoding, text, version=3):
    """An ID3v2 tag of one text."""
    body = bytes([encoding]) + text
    frame = name + struct.pack(">I", len(body)) + b"\0\0" + body
    size = bytes(len(frame) >> shift & 127 for shift in (21, 14, 7, 0))
    return b"ID3" + bytes([version, 0, 0]) + size + frame


def id3v1(genre):
    texts = (
        b"Title".ljust(30, b"\0") + b"Artist".ljust(60, b"\0") + b"1999" + b"note".ljust(30, b"\0")
    )
    return b"TAG" + texts + bytes([genre])


def pcm(*chunks):
    fmt = struct.pack("<HHIIHH", 1, 1, 8_000, 16_000, 2, 16)
    return riff((b"fmt ", fmt), *chunks, (b"data", bytes(200)))


def tags(content):
    return audio_samples.info(content).tags


@pytest.mark.parametrize(
    ("encoding", "text", "version"),
    [
        (0, "Ann é".encode("latin-1"), 3),
        (1, "Ann é".encode("utf-16"), 3),
        (1, "Ann é".encode("utf-16-le"), 3),  # without the mark that says the order
        (2, "Ann é".encode("utf-16-be"), 4),
        (3, "Ann é".encode(), 4),
    ],
)
def test_texts_of_id3_in_all_encodings(encoding, text, version):
    tag = id3(b"TIT2", encoding, text, version)
    assert tags(tag + mp3())["title"] == "Ann é"
    assert tags(pcm((b"id3 ", tag)))["title"] == "Ann é"


@pytest.mark.parametrize(
    ("text", "genre"),
    [
        ("(0)", "Blues"),
        ("(17)", "Rock"),
        ("17", "Rock"),
        ("(17)Krautrock", "Krautrock"),
        ("(105)", "Symphony"),
        ("(RX)", "Remix"),
        ("(250)", "(250)"),
        ("Folk", "Folk"),
        ("(a) b", "(a) b"),
    ],
)
def test_genres_by_number_have_names(text, genre):
    assert tags(id3(b"TCON", 0, text.encode()) + mp3())["genre"] == genre


@pytest.mark.parametrize(
    ("number", "genre"), [(0, "Blues"), (105, "Symphony"), (191, "Psybient"), (255, None)]
)
def test_the_oldest_tags(number, genre):
    found = tags(mp3() + id3v1(number))
    assert found.get("genre") == genre
    assert (found["title"], found["artist"], found["date"]) == ("Title", "Artist", "1999")


@pytest.mark.parametrize("to", [1, 2, 4])
def test_lists_padded_by_any_rule(to):
    texts = {b"INAM": b"Abcde", b"IART": b"Z", b"ICMT": b"xyz", b"ICOP": b"four"}
    parts = b"".join(
        name + struct.pack("<I", len(text)) + text + bytes(-len(text) % to)
        for name, text in texts.items()
    )
    found = tags(pcm((b"LIST", b"INFO" + parts)))
    assert found == {"title": "Abcde", "artist": "Z", "comment": "xyz", "copyright": "four"}
