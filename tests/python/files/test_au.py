"""AU files, read as soundfile reads them; mapped and edited as other plain samples."""

import io
import struct

import numpy as np
import pytest
import soundfile

import audio_samples as aus

RATE = 22_050
SUBTYPES = ["PCM_S8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"]


def au(subtype="PCM_16", channels=2, endian="BIG", frames=1_000):
    content = io.BytesIO()
    noise = np.random.default_rng(3).uniform(-0.9, 0.9, (frames, channels))
    options = {"format": "AU", "subtype": subtype, "endian": endian}
    soundfile.write(content, noise, RATE, **options)
    return content.getvalue()


@pytest.mark.parametrize("subtype", SUBTYPES)
@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("endian", ["BIG", "LITTLE"])
def test_the_samples_are_those_of_soundfile(subtype, channels, endian):
    content = au(subtype, channels, endian)
    expected = soundfile.read(io.BytesIO(content), always_2d=True)[0]
    audio = aus.read(content, dtype="float64")
    assert audio.sample_rate == RATE
    np.testing.assert_array_equal(audio.frames_first.reshape(expected.shape), expected)
    info = aus.info(content)
    assert (info.format, info.frames, info.num_channels) == ("AU", 1_000, channels)
    assert info.subtype == subtype


def test_a_size_that_is_not_known_goes_on_to_the_end():
    content = bytearray(au())
    struct.pack_into(">I", content, 8, 2**32 - 1)
    np.testing.assert_array_equal(aus.read(bytes(content)), aus.read(au()))


@pytest.mark.parametrize(
    ("place", "number", "says"),
    [
        (4, 23, "samples from byte 23 on"),
        (4, 10_000, "samples from byte 10000 on"),
        (8, 5_000, "cut short: it claims 5000 bytes"),
        (12, 8, "number 8 of AU"),
        (16, 0, "a sample rate of 0 Hz"),
        (20, 0, "0 channels"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(place, number, says):
    content = bytearray(au())
    struct.pack_into(">I", content, place, number)
    with pytest.raises(aus.AudioFileError, match=says):
        aus.read(bytes(content))
    with pytest.raises(aus.AudioFileError, match="in the middle of its header"):
        aus.read(bytes(content[:20]))


def test_it_is_mapped_and_edited_where_it_lies(tmp_path):
    path = tmp_path / "sound.au"
    path.write_bytes(au("PCM_24"))
    before = aus.read(path, dtype="float64")
    with aus.edit(path) as blocks:
        for block in blocks:
            block *= 0.5
    np.testing.assert_allclose(aus.read(path, dtype="float64"), before.to_numpy() / 2, atol=2**-23)
    assert path.read_bytes()[:24] == au("PCM_24")[:24]
    path.write_bytes(au("FLOAT", endian="LITTLE"))
    with aus.open(path, "r+") as audio:
        audio *= 2
    expected = soundfile.read(io.BytesIO(au("FLOAT", endian="LITTLE")), dtype="float32")[0] * 2
    np.testing.assert_array_equal(soundfile.read(path, dtype="float32")[0], expected)
