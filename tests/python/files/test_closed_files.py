"""What a stream does behind its end, and what closed files still tell."""

import numpy as np
import pytest

import audio_samples
from audio_samples import AudioSamples


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "a.wav"
    ramp = np.arange(1_000, dtype=np.int16)
    audio_samples.write(path, AudioSamples.new_mono(ramp, 8_000))
    return path


@pytest.mark.parametrize("reuse", [False, True])
def test_a_stream_that_was_sent_to_its_end_gives_no_block_and_then_all(path, reuse):
    with audio_samples.stream(path, 300, reuse=reuse) as blocks:
        blocks.seek(1_000)
        assert [len(block) for block in blocks] == []
        assert [len(block) for block in blocks] == [300, 300, 300, 100]
        blocks.seek(seconds=0.125)
        assert list(blocks) == []


def test_a_stream_goes_on_where_seek_went_also_after_its_end(path):
    with audio_samples.stream(path, 300) as blocks:
        for _ in blocks:
            pass
        blocks.seek(900)
        assert [block[0] for block in blocks] == [900]
        assert [block[0] for block in blocks] == [0, 300, 600, 900]


def test_a_closed_edit_still_tells_what_it_wrote_and_of_what(path):
    with audio_samples.edit(path, block_frames=400) as file:
        for number, block in enumerate(file):
            if number != 1:
                block *= 0.5
    assert file.closed
    assert (file.blocks_written, file.frames, file.sample_rate) == (2, 1_000, 8_000)


@pytest.mark.parametrize("opened", [audio_samples.edit, audio_samples.stream])
def test_the_repr_of_a_closed_file_says_closed(path, opened):
    file = opened(path)
    assert "closed" not in repr(file)
    file.close()
    assert repr(file).endswith("(WAV PCM_16, 1 channel, 1000 frames, 8000 Hz, 0.125 s, closed)")


def test_one_frame_is_one_frame(tmp_path):
    audio = AudioSamples.new_mono(np.zeros(1), 8_000)
    assert repr(audio) == "AudioSamples(mono, 1 frame, float64, 8000 Hz, 0.000 s)"
    assert "mono, 2 frames," in repr(AudioSamples.new_mono(np.zeros(2), 8_000))
    audio_samples.write(tmp_path / "one.wav", audio)
    assert ", 1 frame," in repr(audio_samples.info(tmp_path / "one.wav"))
