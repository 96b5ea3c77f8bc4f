"""`stream`: a file of any length in the memory of one block, and what closed files still tell."""

import numpy as np
import pytest
import soundfile

import audio_samples
from audio_samples import AudioFileError, AudioSamples

RATE = 8_000


@pytest.fixture(params=[("WAV", "PCM_16"), ("WAV", "PCM_24"), ("AIFF", "FLOAT"), ("CAF", "DOUBLE")])
def path(request, tmp_path):
    container, subtype = request.param
    path = tmp_path / f"a.{container.lower()}"
    values = np.random.default_rng(5).uniform(-1, 1, (1_000, 2))
    soundfile.write(path, values, RATE, format=container, subtype=subtype)
    return path


@pytest.mark.parametrize("reuse", [False, True])
@pytest.mark.parametrize("block_frames", [1, 64, 1_000, 9_999])
def test_the_blocks_are_the_file(path, block_frames, reuse):
    whole = audio_samples.read(path).to_numpy()
    with audio_samples.stream(path, block_frames, reuse=reuse) as blocks:
        parts = [block.to_numpy(copy=True) for block in blocks]
    assert all(part.shape[1] == block_frames for part in parts[:-1])
    assert np.array_equal(np.concatenate(parts, axis=1), whole)
    assert parts[0].dtype == whole.dtype


@pytest.mark.parametrize("hop", [100, 256, 300])
@pytest.mark.parametrize("reuse", [False, True])
def test_a_hop_moves_on_by_as_many_frames(path, hop, reuse):
    whole = audio_samples.read(path, dtype=np.float32).to_numpy()
    blocks = audio_samples.stream(path, 256, hop, dtype=np.float32, reuse=reuse)
    place = 0
    for block in blocks:
        assert np.array_equal(block.to_numpy(), whole[:, place : place + 256])
        reached, place = place + len(block), place + hop
    assert reached == 1_000 or place >= 1_000


def test_overlapping_blocks_are_those_of_soundfile(path):
    ours = audio_samples.stream(path, 256, 200, dtype="float64")
    theirs = soundfile.blocks(path, 256, overlap=56, always_2d=True)
    for one, other in zip(ours, theirs, strict=True):
        assert np.array_equal(one.to_numpy().T, other)


def test_a_range_is_all_that_is_read(path):
    whole = audio_samples.read(path).to_numpy()
    blocks = audio_samples.stream(path, 100, start=150, frames=430)
    parts = [block.to_numpy() for block in blocks]
    assert [part.shape[1] for part in parts] == [100, 100, 100, 100, 30]
    assert np.array_equal(np.concatenate(parts, axis=1), whole[:, 150:580])
    assert list(audio_samples.stream(path, start=1_000)) == []
    with pytest.raises(IndexError, match="frame 1001"):
        audio_samples.stream(path, start=1_001)


def test_one_memory_is_used_again_or_every_block_has_its_own(path):
    reused = {block.address for block in audio_samples.stream(path, 300, reuse=True)}
    assert len(reused) == 1
    kept = list(audio_samples.stream(path, 300))
    assert len({block.address for block in kept}) == 4
    assert not np.array_equal(kept[0].to_numpy(), kept[1].to_numpy())


def test_seeking_is_by_frame_or_by_seconds(path):
    whole = audio_samples.read(path).to_numpy()
    with audio_samples.stream(path, 10) as blocks:
        assert (blocks.frames, blocks.num_channels, blocks.sample_rate) == (1_000, 2, RATE)
        blocks.seek(500)
        assert blocks.position == 500
        assert np.array_equal(next(blocks).to_numpy(), whole[:, 500:510])
        blocks.seek(seconds=0.1)
        assert np.array_equal(next(blocks).to_numpy(), whole[:, 800:810])
        blocks.seek(1_000)
        assert next(blocks, None) is None
        blocks.seek(0)
        assert np.array_equal(next(blocks).to_numpy(), whole[:, :10])
        with pytest.raises(IndexError):
            blocks.seek(1_001)
        with pytest.raises(ValueError, match="seconds="):
            blocks.seek()
    with pytest.raises(ValueError, match="closed"):
        next(blocks)


def test_blocks_and_hops_of_no_frame_are_refused(path):
    for arguments in ((0,), (10, 0)):
        with pytest.raises(ValueError, match="must be from 1"):
            audio_samples.stream(path, *arguments)


def test_a_second_pass_begins_again_and_a_broken_off_one_goes_on(path):
    whole = audio_samples.read(path).to_numpy()
    with audio_samples.stream(path, 300, start=100) as blocks:
        for _ in range(3):
            parts = [block.to_numpy() for block in blocks]
            assert np.array_equal(np.concatenate(parts, axis=1), whole[:, 100:])
        assert next(blocks, None) is None
        for _ in blocks:
            break
        assert np.array_equal(next(iter(blocks)).to_numpy(), whole[:, 400:700])
        blocks.seek(900)
        assert [block.shape[1] for block in blocks] == [100]
        assert not blocks.closed
    assert blocks.closed
    for use in (lambda: iter(blocks), lambda: next(blocks), lambda: blocks.position):
        with pytest.raises(ValueError, match="closed"):
            use()


def test_counts_are_checked_as_those_of_read(path):
    whole = audio_samples.read(path).to_numpy()
    [block] = audio_samples.stream(path, 10**15, frames=-1)
    assert np.array_equal(block, whole)
    blocks = audio_samples.stream(path, 10**12, 600)
    assert [block.shape[1] for block in blocks] == [1_000]
    for arguments, says in (
        ({"start": -1}, "start must be 0 or more, not -1"),
        ({"frames": -2}, "frames must be 0 or more"),
        ({"block_frames": -1}, "block_frames must be"),
        ({"hop": 0}, "hop must be"),
    ):
        with pytest.raises(ValueError, match=says):
            audio_samples.stream(path, **arguments)
    with audio_samples.stream(path) as blocks, pytest.raises(ValueError, match="frame must be"):
        blocks.seek(-1)
    with pytest.raises(ValueError, match="block_frames must be"):
        audio_samples.edit(path, block_frames=-5)


def test_a_file_cut_short_is_an_error(path):
    with pytest.raises(FileNotFoundError):
        audio_samples.stream(path.with_name("missing.wav"))
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(AudioFileError):
        list(audio_samples.stream(path))


# A ramp of 1000 frames


@pytest.fixture
def ramp(tmp_path):
    path = tmp_path / "a.wav"
    ramp = np.arange(1_000, dtype=np.int16)
    audio_samples.write(path, AudioSamples.new_mono(ramp, 8_000))
    return path


@pytest.mark.parametrize("reuse", [False, True])
def test_a_stream_that_was_sent_to_its_end_gives_no_block_and_then_all(ramp, reuse):
    with audio_samples.stream(ramp, 300, reuse=reuse) as blocks:
        blocks.seek(1_000)
        assert [len(block) for block in blocks] == []
        assert [len(block) for block in blocks] == [300, 300, 300, 100]
        blocks.seek(seconds=0.125)
        assert list(blocks) == []


def test_a_stream_goes_on_where_seek_went_also_after_its_end(ramp):
    with audio_samples.stream(ramp, 300, dtype="stored") as blocks:
        for _ in blocks:
            pass
        blocks.seek(900)
        assert [block[0] for block in blocks] == [900]
        assert [block[0] for block in blocks] == [0, 300, 600, 900]


def test_a_closed_edit_still_tells_what_it_wrote_and_of_what(ramp):
    with audio_samples.edit(ramp, block_frames=400) as file:
        for number, block in enumerate(file):
            if number != 1:
                block *= 0.5
    assert file.closed
    assert (file.blocks_written, file.frames, file.sample_rate) == (2, 1_000, 8_000)


@pytest.mark.parametrize("opened", [audio_samples.edit, audio_samples.stream])
def test_the_repr_of_a_closed_file_says_closed(ramp, opened):
    file = opened(ramp)
    assert "closed" not in repr(file)
    file.close()
    assert repr(file).endswith("(WAV PCM_16, 1 channel, 1000 frames, 8000 Hz, 0.125 s, closed)")


def test_one_frame_is_one_frame(tmp_path):
    audio = AudioSamples.new_mono(np.zeros(1), 8_000)
    assert repr(audio) == "AudioSamples(mono, 1 frame, float64, 8000 Hz, 0.000 s)"
    assert "mono, 2 frames," in repr(AudioSamples.new_mono(np.zeros(2), 8_000))
    audio_samples.write(tmp_path / "one.wav", audio)
    assert ", 1 frame," in repr(audio_samples.info(tmp_path / "one.wav"))
