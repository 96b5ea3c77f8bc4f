"""Opus in Ogg, Matroska and MP4: libopus, in soundfile and PyAV, encodes and is the oracle.

The decoder computes in fixed point, as libopus does where it is built so; PyAV's computes in
floats. They differ by up to 44 steps of 16 bits in what was tried, by 1.5 in the root mean square.
"""

import io
import struct

import av
import numpy as np
import pytest
import soundfile

import audio_samples

RATE = 48_000


def tones(channels, frames=RATE):
    time = np.arange(frames)[:, None] / RATE
    pitch = 220 * (1 + np.arange(channels)) * (1 + time)
    return (0.2 * np.sin(2 * np.pi * pitch * time)).astype(np.float32)


def ogg(channels=2, frames=RATE, rate=RATE):
    file = io.BytesIO()
    soundfile.write(file, tones(channels, frames), rate, format="OGG", subtype="OPUS")
    return file.getvalue()


def encoded(container, channels=2, count=RATE, **options):
    file = io.BytesIO()
    layout = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}[channels]
    with av.open(file, "w", format=container) as out:
        stream = out.add_stream("libopus", rate=RATE, layout=layout, options=options)
        frame = av.AudioFrame.from_ndarray(tones(channels, count).reshape(1, -1), "flt", layout)
        frame.sample_rate, frame.pts = RATE, 0
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return file.getvalue()


def by_libopus(content):
    with av.open(io.BytesIO(content)) as file:
        codec = av.CodecContext.create("libopus", "r")
        codec.extradata = file.streams.audio[0].codec_context.extradata
        codec.sample_rate = RATE
        codec.layout = file.streams.audio[0].codec_context.layout.name
        frames = [
            frame for packet in file.demux(audio=0) if packet.size for frame in codec.decode(packet)
        ]
        channels = codec.layout.nb_channels
        return (
            np.concatenate([frame.to_ndarray().reshape(-1, channels) for frame in frames]).T / 32768
        )


def near(read, expected):
    read = np.atleast_2d(read)
    assert read.shape == expected.shape
    difference = read.astype(np.float64) - expected
    assert np.sqrt(np.mean(difference**2)) < 2 / 32768
    assert np.abs(difference).max() < 64 / 32768


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [8_000, 48_000])
def test_what_soundfile_wrote_is_what_soundfile_reads(channels, rate):
    content = ogg(channels, 20_000, rate)
    expected, _ = soundfile.read(io.BytesIO(content), always_2d=True)
    info = audio_samples.info(content)
    whole = audio_samples.read(content)
    assert (info.format, info.subtype, info.sample_rate) == ("OGG", "OPUS", RATE)
    assert info.frames == len(whole)
    if rate == RATE:
        near(np.atleast_2d(whole.to_numpy()), expected.T)


@pytest.mark.parametrize("options", [
    {"b": "8000", "application": "voip", "frame_duration": "60"},
    {"b": "24000", "application": "voip", "frame_duration": "20"},
    {"b": "128000", "application": "lowdelay", "frame_duration": "2.5"},
    {"b": "256000", "application": "audio", "frame_duration": "5"},
    {"b": "16000", "application": "voip", "frame_duration": "10", "fec": "1", "packet_loss": "20"},
])  # fmt: skip
@pytest.mark.parametrize("channels", [1, 2])
def test_each_mode_is_decoded_as_by_libopus(channels, options):
    content = encoded("ogg", channels, **options)
    near(audio_samples.read(content).to_numpy(), by_libopus(content))


@pytest.mark.parametrize("channels", [6, 8])
def test_channels_are_in_the_order_of_wav(channels):
    content = encoded("ogg", channels, b="512000")
    near(audio_samples.read(content).to_numpy(), by_libopus(content))


@pytest.mark.parametrize("container", ["webm", "matroska"])
@pytest.mark.parametrize("frames", [1_000, 5_000, 48_000, 96_333])
@pytest.mark.parametrize("frame_duration", ["2.5", "20", "60", "120"])
def test_matroska_holds_the_same_and_ends_with_the_sound(container, frames, frame_duration):
    """The last block says what the encoder had put behind the sound to fill its packet. PyAV gives
    that too where a file has one packet."""
    content = encoded(container, 2, frames, b="96000", frame_duration=frame_duration)
    expected = by_libopus(content)
    read = audio_samples.read(content).to_numpy()
    assert read.shape == (2, frames)
    assert audio_samples.info(content).frames == frames <= expected.shape[1]
    near(read, expected[:, :frames])
    start = frames // 2 + 1
    assert np.array_equal(audio_samples.read(content, start=start).to_numpy(), read[:, start:])


@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("frames", [1_000, 44_100, 96_000])
def test_mp4_holds_the_same_and_ends_with_the_sound(channels, frames):
    content = encoded("mp4", channels, frames, b="256000")
    expected = by_libopus(content)
    read = audio_samples.read(content).to_numpy().reshape(channels, -1)
    assert read.shape[1] == audio_samples.info(content).frames == frames
    near(read, expected[:, :frames])
    part = audio_samples.read(content, start=frames // 2 + 1).to_numpy()
    assert np.array_equal(part.reshape(channels, -1), read[:, frames // 2 + 1 :])


def test_a_range_is_that_of_the_whole():
    content = ogg(2, 3 * RATE)
    whole = audio_samples.read(content).to_numpy()
    for start in (0, 1, 311, 960, 50_000, 143_000, len(whole[0])):
        part = audio_samples.read(content, start=start, frames=700).to_numpy()
        assert np.array_equal(part, whole[:, start : start + 700])


def checksummed(page):
    page = page[:22] + bytes(4) + page[26:]
    register = 0
    for byte in page:
        register ^= byte << 24
        for _ in range(8):
            register = (register << 1 ^ (0x04C11DB7 if register >> 31 else 0)) & 0xFFFFFFFF
    return page[:22] + struct.pack("<I", register) + page[26:]


def test_the_gain_of_the_header_is_applied():
    content = ogg(1)
    end = content.index(b"OggS", 4)
    head = content.index(b"OpusHead")
    quieter = content[: head + 16] + struct.pack("<h", -6 * 256) + content[head + 18 : end]
    plain = audio_samples.read(content).to_numpy()
    soft = audio_samples.read(checksummed(quieter) + content[end:]).to_numpy()
    assert np.allclose(soft, plain * 10 ** (-6 / 20), rtol=1e-6, atol=0)


def test_a_cut_file_is_read_to_its_last_whole_page():
    content = ogg(2, 4 * RATE)
    cut = content[: len(content) * 2 // 3]
    whole, part = (audio_samples.read(each).to_numpy() for each in (content, cut))
    assert 0 < part.shape[1] < whole.shape[1]
    assert np.array_equal(part, whole[:, : part.shape[1]])
    info = audio_samples.info(cut)
    assert info.frames == part.shape[1]
    assert "the last page of the stream is missing" in info.damage
