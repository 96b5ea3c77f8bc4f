"""FLAC files whose metadata is unusual: what soundfile reads is read, to the bit."""

import io
import struct

import numpy as np
import pytest
import soundfile

import audio_samples as aus

RATE = 44_100
FRAMES = 30_000


def plain():
    file = io.BytesIO()
    noise = np.random.default_rng(7).integers(-9_000, 9_000, (FRAMES, 2)).astype("int16")
    soundfile.write(file, noise, RATE, format="FLAC", subtype="PCM_16")
    return file.getvalue()


PLAIN = plain()


def blocks():
    """The blocks of metadata, and the packets behind them."""
    at, found = 4, []
    while True:
        kind, length = PLAIN[at], int.from_bytes(PLAIN[at + 1 : at + 4], "big")
        found.append((kind & 0x7F, PLAIN[at + 4 : at + 4 + length]))
        at += 4 + length
        if kind & 0x80:
            return found, PLAIN[at:]


BLOCKS, PACKETS = blocks()
INFO = BLOCKS[0][1]


def file(info=INFO, *others):
    made = b"fLaC"
    metadata = [(0, info), *others, *BLOCKS[1:]]
    for number, (kind, content) in enumerate(metadata):
        last = 0x80 if number == len(metadata) - 1 else 0
        made += bytes([kind | last]) + len(content).to_bytes(3, "big") + content
    return made + PACKETS


def cue_sheet(is_cd, first, lead_out):
    sheet = bytes(128) + struct.pack(">Q", 88_200 * is_cd) + bytes([0x80 * is_cd]) + bytes(258)
    place = struct.pack(">Q", 0) + bytes([1]) + bytes(3)
    track = struct.pack(">Q", first) + bytes([1]) + bytes(12) + bytes(14) + bytes([1]) + place
    end = struct.pack(">Q", lead_out) + bytes([170 if is_cd else 255]) + bytes(12) + bytes(15)
    return (5, sheet + bytes([2]) + track + end)


UNUSUAL = {
    "no smallest packet": file(bytes(2) + INFO[2:]),
    "no size of packets": file(bytes(4) + INFO[4:]),
    "no bytes of packets": file(INFO[:4] + bytes(6) + INFO[10:]),
    "no check of all samples": file(INFO[:18] + bytes(16)),
    "a cue sheet of a CD within its sectors": file(INFO, cue_sheet(True, 1_001, FRAMES)),
    "a cue sheet of a CD": file(INFO, cue_sheet(True, 588, 588 * 51)),
    "a cue sheet of no CD": file(INFO, cue_sheet(False, 1_001, FRAMES)),
    "a reserved block": file(INFO, (120, b"xyz" * 50)),
    "another program's block": file(INFO, (2, b"abcd" + b"xyz" * 50)),
    "a long padding": file(INFO, (1, bytes(100_000))),
}


@pytest.mark.parametrize("what", UNUSUAL)
def test_it_is_read_as_by_soundfile(what):
    content = UNUSUAL[what]
    expected = soundfile.read(io.BytesIO(content), dtype="int16")[0]
    assert len(expected) == FRAMES
    np.testing.assert_array_equal(aus.read(content, dtype="int16").frames_first, expected)
    part = aus.read(content, start=20_001, frames=100, dtype="int16")
    np.testing.assert_array_equal(part.frames_first, expected[20_001:20_101])
    info = aus.info(content)
    assert (info.frames, info.damage) == (FRAMES, None)


class Counting(io.BytesIO):
    taken = 0

    def read(self, size=-1):
        data = super().read(size)
        self.taken += len(data)
        return data


UNCOUNTED = file(INFO[:13] + bytes([INFO[13] & 0xF0]) + bytes(4) + INFO[18:])


@pytest.mark.parametrize("behind", [0, 1, 300])
def test_frames_that_an_encoder_into_a_pipe_could_not_count_are_counted_by_the_last_packet(behind):
    """If it is whole; else each packet is counted."""
    content = Counting(UNCOUNTED[: len(UNCOUNTED) - behind])
    frames = aus.info(content).frames
    whole = FRAMES // 4_096 * 4_096 if behind else FRAMES
    assert frames == whole
    assert behind or content.taken < len(UNCOUNTED) * 0.75
    expected = soundfile.read(io.BytesIO(PLAIN), dtype="int16")[0]
    got = aus.read(content.getvalue(), dtype="int16").frames_first
    np.testing.assert_array_equal(got, expected[:whole])
    part = aus.read(content.getvalue(), start=20_001, frames=100, dtype="int16")
    np.testing.assert_array_equal(part.frames_first, expected[20_001:20_101])
