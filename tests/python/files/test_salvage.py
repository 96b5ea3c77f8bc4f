"""Files that were cut short: what is whole can be had, and nothing else passes for it."""

import io
import warnings

import av
import numpy as np
import pytest
import soundfile
from signals import tones

import audio_samples
from audio_samples import AudioFileError, AudioSamples

FRAMES = 5_000
PLAIN = {
    "WAV": ("PCM_16", "PCM_24", "FLOAT"),
    "RF64": ("PCM_16",),
    "W64": ("PCM_16", "DOUBLE"),
    "AIFF": ("PCM_16", "PCM_24"),
    "CAF": ("PCM_16", "FLOAT"),
    "AU": ("PCM_16", "PCM_32"),
}
CASES = [(container, subtype) for container, subtypes in PLAIN.items() for subtype in subtypes]
WIDTHS = {"PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8}


def encoded(container, subtype, channels=2):
    target = io.BytesIO()
    # Samples that are all different, so that a frame out of place is seen.
    soundfile.write(target, tones(channels, FRAMES), 44_100, subtype, format=container)
    return target.getvalue()


def first_sample(content, container):
    """The byte at which the samples begin."""
    if container == "AU":
        return int.from_bytes(content[4:8], "big" if content.startswith(b".snd") else "little")
    name, behind = {"AIFF": (b"SSND", 16), "CAF": (b"data", 16), "W64": (b"data", 24)}.get(
        container, (b"data", 8)
    )
    return content.index(name) + behind


def cut(container, subtype, missing, channels=2):
    """The file without its last samples' bytes, and how many frames of it are whole."""
    content = encoded(container, subtype, channels)
    begin, frame = first_sample(content, container), WIDTHS[subtype] * channels
    kept = FRAMES * frame - missing
    return content[: begin + kept], kept // frame


@pytest.mark.parametrize(("container", "subtype"), CASES)
@pytest.mark.parametrize("missing", [1, 7, 4_000])
def test_what_is_whole_is_read(container, subtype, missing):
    content, whole = cut(container, subtype, missing)
    expected = audio_samples.read(encoded(container, subtype)).to_numpy()
    assert 0 < whole < FRAMES
    with pytest.raises(
        AudioFileError, match=rf"{whole} of {FRAMES} frames.*frames={whole}"
    ) as told:
        audio_samples.read(content)
    assert told.value.offset == len(content)
    assert np.array_equal(audio_samples.read(content, frames=whole).to_numpy(), expected[:, :whole])
    part = audio_samples.read(content, start=100, frames=whole - 100)
    assert np.array_equal(part.to_numpy(), expected[:, 100:whole])
    for start, frames in ((0, whole + 1), (whole, 1), (100, FRAMES), (whole + 1, 0)):
        with pytest.raises(AudioFileError, match="cut short"):
            audio_samples.read(content, start=start, frames=frames)
    info = audio_samples.info(content)
    assert "cut short" in info.damage
    assert f"{whole} of {FRAMES} frames" in info.damage
    assert not info.mappable


@pytest.mark.parametrize(("container", "subtype"), CASES)
def test_all_that_is_whole_is_kept(container, subtype):
    content, whole = cut(container, subtype, 999)
    expected = audio_samples.read(encoded(container, subtype)).to_numpy()
    with pytest.warns(UserWarning, match=f"the {whole} whole frames were kept"):
        kept = audio_samples.read(content, damaged="keep")
    assert np.array_equal(kept.to_numpy(), expected[:, :whole])
    with pytest.warns(UserWarning, match="cut short"):
        mono = audio_samples.read(content, start=50, channels=1, damaged="keep")
    assert len(mono) == whole - 50
    # What is whole, and what lies within it, needs no warning.
    assert audio_samples.read(content, frames=whole, damaged="keep").shape == (2, whole)
    complete = audio_samples.read(encoded(container, subtype), damaged="keep")
    assert np.array_equal(complete.to_numpy(), expected)


@pytest.mark.parametrize(("container", "subtype"), CASES)
def test_streams_go_on_to_the_last_whole_block(container, subtype):
    content, whole = cut(container, subtype, 4_000)
    expected = audio_samples.read(encoded(container, subtype)).to_numpy()
    found = []

    def collect():
        found.extend(block.to_numpy() for block in audio_samples.stream(content, 512))

    with pytest.raises(AudioFileError, match=f"frames={whole}"):
        collect()
    joined = np.concatenate(found, axis=1)
    assert joined.shape[1] == whole // 512 * 512
    assert np.array_equal(joined, expected[:, : joined.shape[1]])
    blocks = audio_samples.stream(content, 512, frames=whole)
    assert sum(len(block) for block in blocks) == whole


def test_a_cut_file_is_neither_mapped_nor_changed(tmp_path):
    path = tmp_path / "cut.wav"
    path.write_bytes(cut("WAV", "PCM_16", 500)[0])
    before = path.read_bytes()
    for use in (audio_samples.open, audio_samples.edit):
        with pytest.raises(AudioFileError, match="cut short"):
            use(path)
    with pytest.raises(AudioFileError, match=r"cut\.wav"):
        audio_samples.read(path)
    out = AudioSamples.zeros((2, FRAMES), 44_100, dtype="float32")
    with pytest.raises(AudioFileError, match="cut short"):
        audio_samples.read(path, out=out)
    whole = audio_samples.read_many([path], on_error="return")[0]
    assert isinstance(whole, AudioFileError)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("container", "subtype"), [("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("MP3", "MPEG_LAYER_III")]
)
def test_compressed_files_keep_what_was_decoded(container, subtype):
    target = io.BytesIO()
    soundfile.write(target, tones(2, 60_000), 44_100, subtype, format=container)
    content = target.getvalue()
    expected = audio_samples.read(content).to_numpy()
    try:
        audio_samples.read(content[: len(content) // 2])
    except AudioFileError:
        with pytest.warns(UserWarning, match="whole frames were kept"):
            kept = audio_samples.read(content[: len(content) // 2], damaged="keep")
    else:
        kept = audio_samples.read(content[: len(content) // 2], damaged="keep")
    assert 10_000 < len(kept) < 60_000
    # The last frames of a packet whose neighbour is missing may be others.
    settled = len(kept) - 4_096
    assert np.allclose(kept.to_numpy()[:, :settled], expected[:, :settled], atol=1e-4)


def test_many_files_keep_what_is_whole(tmp_path):
    content, whole = cut("WAV", "PCM_16", 999)
    paths = [tmp_path / name for name in ("whole.wav", "cut.wav", "none.wav")]
    for path, bytes_of in zip(paths, (encoded("WAV", "PCM_16"), content, b"no audio"), strict=True):
        path.write_bytes(bytes_of)
    expected = audio_samples.read(paths[0]).to_numpy()
    for read in (audio_samples.read_many, audio_samples.iter_many):
        with pytest.warns(
            UserWarning, match=rf"cut\.wav.*the {whole} whole frames were kept"
        ) as told:
            found = list(read(paths, damaged="keep", on_error="return"))
        assert len(told) == 1
        assert np.array_equal(found[0].to_numpy(), expected)
        assert np.array_equal(found[1].to_numpy(), expected[:, :whole])
        assert isinstance(found[2], AudioFileError)
        with pytest.raises(AudioFileError, match="cut short"):
            list(read(paths[:2]))


@pytest.mark.parametrize("container", ["mp4", "adts", "matroska"])
def test_cut_aac_keeps_what_was_decoded(container):
    target = io.BytesIO()
    with av.open(target, "w", format=container) as file:
        stream = file.add_stream("aac", rate=44_100, layout="stereo")
        for part in tones(2, 60_000).reshape(-1, 1_000, 2).astype("float32"):
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(part.T), "fltp", "stereo")
            frame.rate = 44_100
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    content = target.getvalue()
    expected = audio_samples.read(content).to_numpy()
    # The index of MP4 stands behind the samples: without it there is nothing to be had.
    end = len(content) - 3_000
    if container == "mp4":
        with pytest.raises(AudioFileError, match=r"cut short|no audio"):
            audio_samples.read(content[:end], damaged="keep")
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        kept = audio_samples.read(content[:end], damaged="keep").to_numpy()
    assert 40_000 < kept.shape[1] < expected.shape[1]
    assert np.array_equal(kept, expected[:, : kept.shape[1]])


def test_what_cannot_be_kept_is_refused():
    content, _ = cut("WAV", "PCM_16", 500)
    with pytest.raises(ValueError, match=r"'raise', or 'keep' .* not 'yes'"):
        audio_samples.read(content, damaged="yes")
    with pytest.raises(ValueError, match="read without out="):
        audio_samples.read(content, damaged="keep", out=AudioSamples.zeros(1, 44_100))
    with pytest.raises(AudioFileError):
        audio_samples.read(content[:30], damaged="keep")
    with pytest.raises(AudioFileError):
        audio_samples.read(b"no audio at all", damaged="keep")
