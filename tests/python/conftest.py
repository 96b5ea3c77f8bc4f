"""How tests run, and the layouts in which samples can lie in memory.

`AUDIO_SAMPLES_THOROUGH=1` runs each loop to its end: thousands of examples, hours of audio.
"""

import gc
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from signals import make_audio

import audio_samples

THOROUGH = bool(os.environ.get("AUDIO_SAMPLES_THOROUGH"))

settings.register_profile("fast", max_examples=60, deadline=None)
settings.register_profile("thorough", max_examples=2000, deadline=None)
settings.load_profile("thorough" if THOROUGH else "fast")

# A shell that starts the tests in the background has SIGINT ignored, by them and by every process
# that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# name: (shape of a C-ordered base array, the key that cuts the layout out of it)
LAYOUTS = {
    "mono": ((12,), np.s_[:]),
    "mono-one-sample": ((1,), np.s_[:]),
    "mono-empty": ((0,), np.s_[:]),
    "mono-offset": ((12,), np.s_[3:9]),
    "mono-reversed": ((12,), np.s_[::-1]),
    "mono-every-second": ((12,), np.s_[::2]),
    "mono-every-second-reversed": ((12,), np.s_[::-2]),
    "mono-one-sample-of-strided": ((12,), np.s_[5:6:3]),
    "one-channel": ((1, 7), np.s_[:, :]),
    "stereo": ((2, 6), np.s_[:, :]),
    "stereo-empty": ((2, 0), np.s_[:, :]),
    "stereo-one-frame": ((2, 6), np.s_[:, 2:3]),
    "stereo-part": ((2, 6), np.s_[:, 1:5]),
    "stereo-reversed": ((2, 6), np.s_[:, ::-1]),
    "stereo-both-reversed": ((2, 6), np.s_[::-1, ::-1]),
    "every-second-channel": ((6, 4), np.s_[::2, :]),
    "first-channels": ((6, 4), np.s_[:3, :]),
    "one-frame-of-64-channels": ((64, 1), np.s_[:, :]),
}


def _base(shape, dtype, frames_first=False):
    values = np.arange(1, 1 + int(np.prod(shape)), dtype=dtype)
    return values.reshape(shape[::-1]).T if frames_first else values.reshape(shape)


@pytest.fixture
def thorough():
    """Whether there is time for everything."""
    return THOROUGH


@pytest.fixture
def num_threads_as_before():
    before = audio_samples.num_threads()
    yield
    audio_samples.set_num_threads(before)


@pytest.fixture(params=["int16", "int32", "float32", "float64"])
def dtype(request):
    return np.dtype(request.param)


@pytest.fixture(params=[*LAYOUTS, "frames-first", "frames-first-part"])
def layout(request):
    return request.param


@pytest.fixture(params=["writable", "read-only"])
def reference(request, dtype, layout):
    """A plain array in the layout: what audio that adopts it has to say of itself."""
    if layout.startswith("frames-first"):
        array = _base((2, 6), dtype, frames_first=True)
        array = array[:, 1:4] if layout.endswith("part") else array
    else:
        shape, key = LAYOUTS[layout]
        array = _base(shape, dtype)[key]
    array.flags.writeable = request.param == "writable"
    return array


@pytest.fixture
def adopted(reference):
    """Audio on the memory of `reference`."""
    return make_audio(reference, copy=False)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """One worker takes all tests of a file, and one those that count segments of shared memory."""
    from xdist.scheduler import LoadScopeScheduling

    tests = Path(__file__).parent
    counting = {
        path.relative_to(config.rootpath).as_posix()
        for path in tests.rglob("test_*.py")
        if "\nimport segments\n" in path.read_text()
    }

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            file = nodeid.split("::")[0]
            return "segments" if file in counting else file

    return Scheduling(config, log)


def pytest_collection_finish():
    """Thousands of tests are objects that the collector need not look at in each of them."""
    gc.collect()
    gc.freeze()
