"""CPython's own judge of buffer exporters, `test.test_buffer`, over our answers.

Interpreters that ship without their `test` package cannot run this file; the requests are then
still asked one by one in `test_protocol_buffer_requests.py`.
"""

import gc

import pytest

test_buffer = pytest.importorskip("test.test_buffer", reason="interpreter without its tests")
testbuffer = pytest.importorskip("_testbuffer", reason="interpreter without _testbuffer")

import numpy as np  # noqa: E402
from signals import RATE  # noqa: E402

from audio_samples import AudioSamples  # noqa: E402

# Each request alone, and with the two flags that go with any of them.
REQUESTS = {
    f"{name} and {extra}": getattr(testbuffer, f"PyBUF_{name}") | flags
    for name in (
        "INDIRECT", "STRIDES", "ND", "SIMPLE", "C_CONTIGUOUS", "F_CONTIGUOUS", "ANY_CONTIGUOUS",
        "FULL", "FULL_RO", "RECORDS", "RECORDS_RO", "STRIDED", "STRIDED_RO", "CONTIG", "CONTIG_RO",
    )
    for extra, flags in (
        ("nothing", 0),
        ("WRITABLE", testbuffer.PyBUF_WRITABLE),
        ("FORMAT", testbuffer.PyBUF_FORMAT),
        ("WRITABLE and FORMAT", testbuffer.PyBUF_WRITABLE | testbuffer.PyBUF_FORMAT),
    )
}  # fmt: skip
FORMATS = {"int16": "h", "int32": "i", "float32": "f", "float64": "d"}


class Judge(test_buffer.TestBufferProtocol):
    """`verify_getbuf` with requests redirected to the audio, which then is the answer's owner."""

    __test__ = False

    def __init__(self, audio):
        super().__init__("verify_getbuf")
        self.setUp()
        self.audio = audio
        # It describes the audio to `verify_getbuf`, and passes each request on to it.
        self.exporter = testbuffer.ndarray(
            audio, getbuf=testbuffer.PyBUF_FULL_RO, flags=testbuffer.ND_REDIRECT
        )

    def verify(self, result, *, obj, **expected):
        owner = self.audio if obj is self.exporter else obj
        super().verify(result, obj=owner, **expected)

    def judge(self):
        for name, request in REQUESTS.items():
            try:
                self.verify_getbuf(self.exporter, self.exporter, request)
                self.verify_getbuf(self.exporter, memoryview(self.audio), request)
            except BaseException as error:
                error.add_note(f"the request was {name}")
                raise


def test_cpython_accepts_every_answer(adopted, reference):
    if reference.size:
        Judge(adopted).judge()
    else:
        # `verify` itself stumbles over arrays without samples.
        for request in REQUESTS.values():
            check_empty(adopted, reference, request)
    gc.collect()
    assert len(adopted.views) == 0


def check_empty(audio, array, request):
    simple = not request & testbuffer.PyBUF_ND
    refused = (request & testbuffer.PyBUF_WRITABLE and not array.flags.writeable) or (
        simple and request & testbuffer.PyBUF_FORMAT
    )
    if refused:
        with pytest.raises(BufferError):
            testbuffer.ndarray(audio, getbuf=request)
        return
    view = testbuffer.ndarray(audio, getbuf=request)
    assert view.nbytes == 0
    assert view.shape == (() if simple else array.shape)
    # Nothing to step over: both orders hold.
    assert testbuffer.is_contiguous(view, "C")
    assert testbuffer.is_contiguous(view, "F")


@pytest.mark.parametrize(
    "key", [np.s_[1:5], np.s_[::-1], np.s_[::-2], np.s_[1, :], np.s_[::-1, ::2], np.s_[..., 3:4]]
)
def test_cpython_accepts_the_answers_of_a_slice_of_owned_audio(dtype, key):
    audio = AudioSamples.new_multi(np.arange(1, 13, dtype=dtype).reshape(2, 6), RATE)
    Judge(audio[key]).judge()
    gc.collect()
    assert len(audio.views) == 0


def test_a_view_of_the_answer_shows_what_the_array_shows(adopted, reference):
    view = memoryview(adopted)
    assert view.obj is adopted
    assert view.format == FORMATS[reference.dtype.name]
    assert view.shape == reference.shape
    assert view.readonly is not reference.flags.writeable
    assert view.tolist() == reference.tolist()
    assert view.tobytes() == reference.tobytes()
    assert view.c_contiguous == reference.flags.c_contiguous
    assert view.f_contiguous == reference.flags.f_contiguous
    for order in "CFA":
        assert view.tobytes(order=order) == reference.tobytes(order=order)
