"""Audio, and what a process may leave of shared memory."""

import os

import numpy as np
import pytest
import segments

from audio_samples import AudioSamples


@pytest.fixture
def audio():
    return AudioSamples.new_multi(np.arange(40.0).reshape(2, 20), 48_000)


@pytest.fixture
def no_segment_is_left():
    """Neither of this process nor of one that has ended."""
    before = segments.names()
    yield

    def left():
        makers = {name: segments.made_by(name) for name in segments.names() - before}
        return [n for n, pid in makers.items() if pid == os.getpid() or not segments.lives(pid)]

    assert segments.until(lambda: left() == []), left()
