"""Ctrl-C is answered while a long file is read, not after."""

import io
import signal

import numpy as np
import pytest
import soundfile

import audio_samples


class SignalError(Exception):
    """What the handler of a signal raises."""


@pytest.fixture
def signalled():
    """A signal comes when this process has computed for some milliseconds."""

    def handler(*_):
        raise SignalError

    before = signal.signal(signal.SIGVTALRM, handler)
    yield lambda: signal.setitimer(signal.ITIMER_VIRTUAL, 0.03)
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    signal.signal(signal.SIGVTALRM, before)


@pytest.fixture(scope="module")
def endless():
    """MP3 of which it takes long to find out that not all that it claims is there."""
    file = io.BytesIO()
    samples = 0.5 * np.random.default_rng(0).uniform(-1, 1, (100_000, 2))
    soundfile.write(file, samples, 44_100, format="MP3", subtype="MPEG_LAYER_III")
    content = bytearray(file.getvalue())
    at = max(content.find(tag, 0, 4096) for tag in (b"Xing", b"Info"))
    assert content[at + 7] & 1  # it says how many packets there are
    content[at + 8 : at + 12] = (1 << 20).to_bytes(4, "big")
    first = content.find(content[:2], at)
    return bytes(content) + 300 * bytes(content[first:])


@pytest.mark.usefixtures("num_threads_as_before")
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("given", ["path", "bytes"])
def test_what_a_handler_raises_ends_the_reading(endless, signalled, given, threads, tmp_path):
    path = tmp_path / "a.mp3"
    path.write_bytes(endless)
    audio_samples.set_num_threads(threads)
    signalled()
    # A reader that answers later finds the end of the file, and has another error.
    with pytest.raises(SignalError):
        audio_samples.read(path if given == "path" else endless)


def test_a_stream_goes_on_after_a_handler_has_raised(endless, signalled):
    frames = 1 << 23
    with audio_samples.stream(endless, frames) as blocks:
        expected = next(blocks).to_numpy()
    with audio_samples.stream(endless, frames) as blocks:
        signalled()
        with pytest.raises(SignalError):
            next(blocks)
        assert blocks.position == 0
        assert np.array_equal(next(blocks), expected)
