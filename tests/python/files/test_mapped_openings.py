"""One file, opened several times: when it is closed, and when it may be replaced."""

import gc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import soundfile

import audio_samples
from audio_samples import AudioSamples, BorrowError

RATE = 44_100


@pytest.fixture
def stereo(tmp_path):
    path = tmp_path / "stereo.wav"
    samples = np.arange(1, 2_001, dtype=np.float32).reshape(2, 1_000)
    audio_samples.write(path, AudioSamples.new_multi(samples, RATE))
    return path


def samples_in(path):
    return soundfile.read(path, dtype="float32", always_2d=True)[0].T


def test_a_file_is_closed_with_its_last_opening(stereo):
    with audio_samples.open(stereo, "r+") as outer:
        with audio_samples.open(stereo) as inner:
            assert inner[0, 0] == 1
        inner.close()
        assert inner.closed
        assert not outer.closed
        with pytest.raises(ValueError, match="is closed"), inner:
            pass
        outer *= 2
        view = outer.to_numpy()
        with audio_samples.open(stereo) as again:
            assert again[0, 0] == 2
        with pytest.raises(BorrowError, match="numpy of shape"):
            outer.close()
        assert not outer.closed
        with audio_samples.open(stereo, "r+") as again:
            again *= 2
        assert view[0, 0] == 4
        del view
        # A handle that goes without being closed does not keep the file open.
        forgotten = audio_samples.open(stereo)
        del forgotten
        gc.collect()
    assert outer.closed
    with pytest.raises(ValueError, match="is closed"):
        outer *= 2
    assert samples_in(stereo)[0, 0] == 4


def test_a_slice_closes_what_it_is_a_slice_of_and_keeps_it_open(stereo):
    with audio_samples.open(stereo, "r+") as other:
        audio = audio_samples.open(stereo)
        for part in (audio[:, :10], audio.channel(0), audio[..., ::2]):
            assert not part.closed
        audio[:, :10].close()
        assert audio.closed
        assert not other.closed
        other *= 2
    assert other.closed
    part = audio_samples.open(stereo)[:, :10]
    gc.collect()
    with audio_samples.open(stereo) as other:
        assert other[0, 0] == 2
    assert not part.closed
    assert part[0, 0] == 2
    part.close()
    with pytest.raises(ValueError, match="is closed"):
        part.to_numpy()


def test_a_file_opened_while_it_is_about_to_be_closed_is_the_same_memory(tmp_path):
    path = tmp_path / "long.wav"
    frames = 2_000_000
    audio_samples.write(path, AudioSamples.zeros((2, frames), RATE, dtype=np.float32))
    rounds = 20
    with ThreadPoolExecutor(2) as pool:
        for _ in range(rounds):
            first = audio_samples.open(path, "r+")
            adding = pool.submit(first.__iadd__, 1)
            closing = pool.submit(first.close)
            with audio_samples.open(path, "r+") as second:
                second += 1
            closing.result()
            try:
                adding.result()
            except ValueError:  # Closed before it began.
                with audio_samples.open(path, "r+") as again:
                    again += 1
            del adding, first
    assert np.unique(audio_samples.read(path).to_numpy()).tolist() == [2 * rounds]


def test_threads_that_open_one_file_do_not_close_it_to_each_other(stereo):
    def peaks(_):
        found = []
        for number in range(200):
            with audio_samples.open(stereo) as audio:
                found.append(float(np.max(np.abs(audio[:, number : number + 10]))))
        return found

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(peaks, range(4)))
    assert results == [results[0]] * 4
    assert results[0][0] == np.abs(samples_in(stereo)[:, :10]).max()


def test_a_file_that_is_changed_where_it_lies_is_not_replaced(stereo):
    audio = audio_samples.open(stereo, "r+")
    with pytest.raises(ValueError, match=r"stereo\.wav' is open here with mode 'r\+'.*close\(\)"):
        audio_samples.write(stereo, audio)
    audio *= 3
    audio.close()
    assert samples_in(stereo)[0, 0] == 3

    class Opener:
        """Opens the file while the new one is being written."""

        def __init__(self):
            self.audio = None
            self.new = AudioSamples.zeros((2, 20_000_000), RATE, dtype=np.float32)

        def open_soon(self):
            while not any(path.suffix == ".tmp" for path in stereo.parent.iterdir()):
                pass
            self.audio = audio_samples.open(stereo, "r+")

    opener = Opener()
    with ThreadPoolExecutor(1) as pool:
        opened = pool.submit(opener.open_soon)
        with pytest.raises(ValueError, match="is open here with mode"):
            audio_samples.write(stereo, opener.new)
        opened.result()
    opener.audio.close()
    assert [path.name for path in stereo.parent.iterdir()] == [stereo.name]
    assert samples_in(stereo)[0, 0] == 3
    with audio_samples.open(stereo) as reading:
        audio_samples.write(stereo, reading * 2)
    assert samples_in(stereo)[0, 0] == 6
