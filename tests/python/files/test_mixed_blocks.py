"""MP3 whose granules mix long and short blocks: refused by name, for the decoder makes noise."""

import io

import numpy as np
import pytest
import soundfile

import audio_samples as aus

RATE = 44_100


def mp3(channels):
    """Clicks make the encoder use short blocks."""
    sound = np.zeros((RATE, channels))
    sound[::2_500] = 0.9
    sound += np.random.default_rng(5).normal(0, 1e-4, sound.shape)
    file = io.BytesIO()
    options = {"bitrate_mode": "CONSTANT", "compression_level": 0.2}
    soundfile.write(file, sound, RATE, format="MP3", **options)
    return bytearray(file.getvalue())


def flip_a_mixed_flag(content, channels, which):
    """Sets the flag in one granule of short blocks; False if none is left."""
    at = content.index(b"\xff\xfb")
    while content[at : at + 2] == b"\xff\xfb":
        kilobits = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
        length = 144_000 * kilobits[content[at + 2] >> 4] // RATE + (content[at + 2] >> 1 & 1)
        side = int.from_bytes(content[at + 4 : at + 4 + (17 if channels == 1 else 32)], "big")
        bits = (17 if channels == 1 else 32) * 8
        for granule in range(2 * channels):
            switch = (18 if channels == 1 else 20) + 59 * granule + 33
            # The switch, the kind of block (2: short), and the flag.
            if side >> (bits - 1 - (switch + 3)) & 0xF == 0b1_10_0:
                if which == 0:
                    place = switch + 3
                    content[at + 4 + place // 8] |= 0x80 >> place % 8
                    return True
                which -= 1
        at += length
    return False


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("which", [0, 3])
def test_mixed_blocks_are_an_error_by_name(channels, which):
    content = mp3(channels)
    plain = aus.read(bytes(content)).to_numpy()
    assert np.abs(plain).max() < 1.5
    assert flip_a_mixed_flag(content, channels, which)
    with pytest.raises(aus.AudioFileError, match=r"mix long and short blocks.*ffmpeg"):
        aus.read(bytes(content))
    with pytest.raises(aus.AudioFileError, match="mix long and short blocks"):
        list(aus.stream(bytes(content)))
