"""Every codec that soundfile writes is read as soundfile reads it."""

import io
import mmap

import numpy as np
import pytest
import soundfile
from containers import NATIVE
from elsewhere import lets_others_run
from signals import RATE, tones

import audio_samples
from audio_samples import AudioFileError

FRAMES = 60_000

# Lossy decoders differ by roundings.
TOLERANCE = {"VORBIS": 4e-6, "MPEG_LAYER_III": 4e-6}
WRITTEN = [
    *[("FLAC", f"PCM_{bits}") for bits in ("S8", "16", "24")],
    *[(container, "ULAW") for container in ("WAV", "RF64", "W64", "AIFF", "CAF")],
    *[(container, "ALAW") for container in ("WAV", "RF64", "W64", "AIFF", "CAF")],
    ("OGG", "VORBIS"),
    ("MP3", "MPEG_LAYER_III"),
]


def planes(audio):
    return audio.to_numpy().reshape(audio.num_channels, -1)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    """A file of each codec that soundfile writes, by container, subtype and channels."""
    folder = tmp_path_factory.mktemp("recordings")
    made = {}

    def make(container, subtype, channels):
        key = (container, subtype, channels)
        if key not in made:
            path = folder / f"{subtype}-{channels}.{container.lower()}"
            soundfile.write(path, tones(channels), RATE, format=container, subtype=subtype)
            made[key] = path
        return made[key]

    return make


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("container", "subtype"), WRITTEN)
def test_the_samples_are_those_of_soundfile(recordings, container, subtype, channels):
    path = recordings(container, subtype, channels)
    audio = audio_samples.read(path, dtype="stored")
    assert audio.dtype == NATIVE[subtype]
    assert (audio.sample_rate, audio.num_channels) == (RATE, channels)
    expected = soundfile.read(path, dtype=audio.dtype.name, always_2d=True)[0].T
    assert planes(audio).shape == expected.shape
    assert np.abs(planes(audio).astype(float) - expected).max() <= TOLERANCE.get(subtype, 0)
    info = audio_samples.info(path)
    assert (info.format, info.subtype) == (container, subtype)
    facts = (info.frames, info.num_channels, info.stored_dtype)
    assert facts == (expected.shape[1], channels, audio.dtype)


@pytest.mark.parametrize("bits", ["16", "24"])
def test_six_channels_of_flac_keep_their_order(recordings, bits):
    path = recordings("FLAC", f"PCM_{bits}", 6)
    audio = audio_samples.read(path)
    expected = soundfile.read(path, dtype=audio.dtype.name)[0].T
    assert np.array_equal(audio, expected)


def test_vorbis_of_more_channels_than_are_decoded_right_is_refused(recordings):
    with pytest.raises(AudioFileError, match="Vorbis of 6 channels"):
        audio_samples.read(recordings("OGG", "VORBIS", 6))


@pytest.mark.parametrize("dtype", ["int16", "int32", "float32", "float64"])
@pytest.mark.parametrize(("container", "subtype"), WRITTEN)
def test_a_type_asked_for_is_converted_to_while_decoding(recordings, container, subtype, dtype):
    path = recordings(container, subtype, 2)
    native = audio_samples.read(path)
    assert np.array_equal(audio_samples.read(path, dtype=dtype), native.convert(dtype))


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(
    ("container", "subtype"),
    [*WRITTEN, ("WAV", "MS_ADPCM"), ("WAV", "IMA_ADPCM")],
)
def test_any_range_is_the_same_as_that_part_of_the_whole(recordings, container, subtype, channels):
    path = recordings(container, subtype, channels)
    whole = planes(audio_samples.read(path))
    count = whole.shape[1]
    random = np.random.default_rng(11)
    starts = [0, 1, 1151, 1152, 4096, count - 1, count, *random.integers(0, count, 12)]
    for start in map(int, starts):
        frames = int(random.integers(0, 9000))
        part = planes(audio_samples.read(path, start=start, frames=frames))
        assert np.array_equal(part, whole[:, start : start + frames]), (start, frames)
    with pytest.raises(IndexError, match=f"frame {count + 1}"):
        audio_samples.read(path, start=count + 1)


@pytest.mark.parametrize(("container", "subtype"), WRITTEN)
def test_blocks_are_parts_of_the_whole_whatever_the_hop(recordings, container, subtype):
    path = recordings(container, subtype, 2)
    whole = audio_samples.read(path).to_numpy()
    for block, hop in ((4096, 4096), (5000, 1700), (3000, 7000)):
        with audio_samples.stream(path, block, hop) as stream:
            assert stream.frames == whole.shape[1]
            for number, part in enumerate(stream):
                start = number * hop
                assert np.array_equal(part, whole[:, start : start + block])


@pytest.mark.parametrize(("container", "subtype"), WRITTEN)
def test_a_stream_goes_back_and_forth(recordings, container, subtype):
    path = recordings(container, subtype, 2)
    whole = audio_samples.read(path).to_numpy()
    with audio_samples.stream(path, 2000, reuse=True) as stream:
        for start in (50_000, 100, 30_000, 29_000, 0, 58_001):
            stream.seek(start)
            assert np.array_equal(next(stream), whole[:, start : start + 2000]), start


@pytest.mark.parametrize(("container", "subtype"), [("FLAC", "PCM_16"), ("WAV", "PCM_24")])
def test_everything_that_has_bytes_is_read(recordings, container, subtype):
    path = recordings(container, subtype, 2)
    expected = audio_samples.read(path).to_numpy()
    content = path.read_bytes()
    behind = io.BytesIO(b"something else" + content)
    behind.seek(14)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        views = (memoryview(content), memoryview(bytearray(content)), np.frombuffer(content, "u1"))
        for given in (path, str(path), file, behind, content, bytearray(content), mapped, *views):

            def again(given=given):
                if hasattr(given, "seek"):
                    given.seek(14 if given is behind else 0)
                return given

            assert np.array_equal(audio_samples.read(again()), expected)
            assert audio_samples.info(again()).frames == FRAMES
            with audio_samples.stream(again(), 7000) as blocks:
                assert np.array_equal(np.concatenate([*blocks], axis=1), expected)


def test_what_has_no_bytes_is_a_type_error():
    with pytest.raises(TypeError, match=r"path, a binary file object with \.read\(\), or bytes"):
        audio_samples.read(17)


def test_what_a_file_object_raises_comes_through_the_decoder(recordings):
    class Broken(io.BytesIO):
        calls = 0

        def read(self, size=-1):
            self.calls += 1
            if self.calls > 6:
                raise RuntimeError("the line is cut")
            return super().read(size)

    with pytest.raises(RuntimeError, match="the line is cut"):
        audio_samples.read(Broken(recordings("FLAC", "PCM_16", 2).read_bytes()))


def test_other_threads_run_while_a_file_is_decoded(recordings):
    content = recordings("FLAC", "PCM_24", 2).read_bytes()
    assert lets_others_run(lambda: audio_samples.read(content))


def test_mp3_is_as_long_as_what_was_encoded(recordings):
    # Encoders put silence before and behind; their own tag says how much.
    path = recordings("MP3", "MPEG_LAYER_III", 1)
    audio = audio_samples.read(path)
    assert len(audio) == FRAMES
    assert np.corrcoef(audio.to_numpy(), tones(1)[:, 0])[0, 1] > 0.99


def without_length(content):
    """MPEG audio without the packet that says how long it is."""
    at = max(content.find(b"Info", 0, 200), content.find(b"Xing", 0, 200))
    assert at > 0
    following = content.index(content[:2], at)
    return content[following:]


def test_mp3_that_does_not_say_how_long_it_is_is_counted(recordings):
    content = without_length(recordings("MP3", "MPEG_LAYER_III", 2).read_bytes())
    info = audio_samples.info(content)
    audio = audio_samples.read(content)
    assert info.frames == len(audio)
    assert info.frames % 1152 == 0
    assert info.frames > FRAMES
    part = audio_samples.read(content, start=20_000, frames=5000)
    assert np.array_equal(part, audio[20_000:25_000])


def test_flac_of_unknown_length_is_counted(recordings):
    content = bytearray(recordings("FLAC", "PCM_16", 2).read_bytes())
    # The number of frames has the last 36 of the 8 bytes behind the block sizes.
    content[21] &= 0xF0
    content[22:26] = bytes(4)
    assert audio_samples.info(content).frames == FRAMES
    assert len(audio_samples.read(content)) == FRAMES


def test_compressed_files_are_neither_mapped_nor_edited(recordings):
    for work in (audio_samples.open, audio_samples.edit):
        with pytest.raises(AudioFileError, match="FLAC"):
            work(recordings("FLAC", "PCM_16", 2))
