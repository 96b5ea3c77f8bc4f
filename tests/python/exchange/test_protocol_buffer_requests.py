"""Every buffer request (PEP 3118) asked in C, and the answer read field by field."""

import ctypes
import itertools

import numpy as np
import pytest
from elsewhere import run
from signals import RATE

from audio_samples import AudioSamples

WRITABLE, FORMAT, ND = 0x1, 0x4, 0x8
STRIDES = 0x10 | ND
C_CONTIGUOUS = 0x20 | STRIDES
F_CONTIGUOUS = 0x40 | STRIDES
ANY_CONTIGUOUS = 0x80 | STRIDES
INDIRECT = 0x100 | STRIDES

REQUESTS = {
    "SIMPLE": 0,
    "WRITABLE": WRITABLE,
    "FORMAT": FORMAT,
    "WRITABLE|FORMAT": WRITABLE | FORMAT,
    "ND": ND,
    "STRIDES": STRIDES,
    "C_CONTIGUOUS": C_CONTIGUOUS,
    "F_CONTIGUOUS": F_CONTIGUOUS,
    "ANY_CONTIGUOUS": ANY_CONTIGUOUS,
    "C_CONTIGUOUS|F_CONTIGUOUS": C_CONTIGUOUS | F_CONTIGUOUS,
    "C_CONTIGUOUS|ANY_CONTIGUOUS": C_CONTIGUOUS | ANY_CONTIGUOUS,
    "INDIRECT": INDIRECT,
    "INDIRECT|C_CONTIGUOUS": INDIRECT | C_CONTIGUOUS,
    "CONTIG": ND | WRITABLE,
    "CONTIG_RO": ND,
    "STRIDED": STRIDES | WRITABLE,
    "STRIDED_RO": STRIDES,
    "RECORDS": STRIDES | WRITABLE | FORMAT,
    "RECORDS_RO": STRIDES | FORMAT,
    "FULL": INDIRECT | WRITABLE | FORMAT,
    "FULL_RO": INDIRECT | FORMAT,
}
# Each request again with the two flags that go with any of them.
FLAGS = (0, WRITABLE, FORMAT, WRITABLE | FORMAT)
ALL_REQUESTS = sorted({ask | flag for ask, flag in itertools.product(REQUESTS.values(), FLAGS)})

NATIVE_FORMATS = {"int16": b"h", "int32": b"i", "float32": b"f", "float64": b"d"}


class PyBuffer(ctypes.Structure):
    """`Py_buffer` as the stable ABI fixes it since 3.11."""

    _fields_ = [
        ("buf", ctypes.c_void_p),
        ("obj", ctypes.c_void_p),
        ("len", ctypes.c_ssize_t),
        ("itemsize", ctypes.c_ssize_t),
        ("readonly", ctypes.c_int),
        ("ndim", ctypes.c_int),
        ("format", ctypes.c_char_p),
        ("shape", ctypes.POINTER(ctypes.c_ssize_t)),
        ("strides", ctypes.POINTER(ctypes.c_ssize_t)),
        ("suboffsets", ctypes.POINTER(ctypes.c_ssize_t)),
        ("internal", ctypes.c_void_p),
    ]


def get_buffer(exporter, request):
    """Asks for a buffer in a struct full of rubbish, as a C caller's stack is."""
    view = PyBuffer()
    ctypes.memset(ctypes.byref(view), 0xAB, ctypes.sizeof(view))
    get = ctypes.pythonapi.PyObject_GetBuffer
    get.argtypes = [ctypes.py_object, ctypes.POINTER(PyBuffer), ctypes.c_int]
    get.restype = ctypes.c_int
    try:
        get(exporter, ctypes.byref(view), request)
    except BufferError as error:
        return view, error
    return view, None


def release(view):
    free = ctypes.pythonapi.PyBuffer_Release
    free.argtypes = [ctypes.POINTER(PyBuffer)]
    free.restype = None
    free(ctypes.byref(view))


def asks(request, flag):
    return request & flag == flag


def must_be_refused(array, request):
    c_order = array.flags.c_contiguous
    f_order = array.flags.f_contiguous
    return (
        (asks(request, WRITABLE) and not array.flags.writeable)
        or (asks(request, C_CONTIGUOUS) and not c_order)
        or (asks(request, F_CONTIGUOUS) and not f_order)
        or (asks(request, ANY_CONTIGUOUS) and not (c_order or f_order))
        # Without strides the consumer reads C order.
        or (not asks(request, STRIDES) and not c_order)
        # A format without a shape contradicts itself: no shape means plain bytes.
        or (asks(request, FORMAT) and not asks(request, ND))
    )


def test_every_request_is_answered_as_it_asks_or_refused(adopted, reference):
    for request in ALL_REQUESTS:
        view, error = get_buffer(adopted, request)
        if must_be_refused(reference, request):
            assert error is not None, f"{request:#x} was answered"
            assert view.obj is None, f"{request:#x}: obj is not NULL after BufferError"
            assert len(str(error)) > 10, f"{request:#x}: {error}"
            continue
        assert error is None, f"{request:#x}: {error}"
        try:
            check_fields(view, adopted, reference, request)
        finally:
            release(view)
        assert view.obj is None


def check_fields(view, audio, array, request):
    where = f"request {request:#x}"
    assert view.obj == id(audio), where
    if array.size:
        assert view.buf == array.__array_interface__["data"][0], where
    assert view.len == array.nbytes, where
    assert view.itemsize == array.itemsize, where
    assert bool(view.readonly) is not array.flags.writeable, where
    assert view.ndim == (array.ndim if asks(request, ND) else 1), where
    if asks(request, FORMAT):
        assert view.format == NATIVE_FORMATS[array.dtype.name], where
    else:
        assert view.format is None, where
    assert bool(view.shape) is asks(request, ND), where
    if asks(request, ND):
        assert tuple(view.shape[: array.ndim]) == array.shape, where
    assert bool(view.strides) is asks(request, STRIDES), where
    if asks(request, STRIDES):
        assert tuple(view.strides[: array.ndim]) == audio.strides, where
        for length, said, true in zip(array.shape, audio.strides, array.strides, strict=True):
            # The stride of an axis that is never stepped along means nothing.
            assert said == true or length < 2 or array.size == 0, where
    assert not view.suboffsets, where


def test_a_refused_request_leaves_no_view_behind(adopted, reference):
    for request in ALL_REQUESTS:
        if must_be_refused(reference, request):
            get_buffer(adopted, request)
    assert len(adopted.views) == 0


def test_every_answer_is_in_the_registry_until_it_is_released(adopted):
    held = []
    for request in ALL_REQUESTS:
        view, error = get_buffer(adopted, request)
        if error is None:
            held.append(view)
            assert len(adopted.views) == len(held)
    assert held
    for view in held[::2] + held[1::2]:
        release(view)
    assert len(adopted.views) == 0


def test_releasing_twice_is_harmless():
    audio = AudioSamples.new_mono(np.zeros(8), RATE)
    other = memoryview(audio)
    view, _ = get_buffer(audio, REQUESTS["FULL_RO"])
    release(view)
    release(view)
    assert len(audio.views) == 1
    other.release()
    assert len(audio.views) == 0


def test_the_fields_stay_right_while_other_views_come_and_go():
    samples = np.arange(12, dtype=np.int32).reshape(2, 6)
    audio = AudioSamples.new_multi(samples, RATE)
    view, _ = get_buffer(audio, REQUESTS["FULL_RO"])
    for _ in range(1000):
        memoryview(audio[:, ::2]).release()
        memoryview(audio.channel(1)).release()
    assert tuple(view.shape[:2]) == (2, 6)
    assert tuple(view.strides[:2]) == (24, 4)
    assert view.format == b"i"
    assert ctypes.string_at(view.buf, view.len) == samples.tobytes()
    release(view)


def test_the_answer_keeps_the_audio_alive():
    audio = AudioSamples.new_mono(np.arange(8, dtype=np.int16), RATE)
    view, _ = get_buffer(audio, REQUESTS["FULL_RO"])
    del audio
    assert ctypes.string_at(view.buf, view.len) == np.arange(8, dtype=np.int16).tobytes()
    release(view)


@pytest.mark.parametrize("kind", ["slice", "channel"])
def test_a_part_of_audio_answers_for_itself(kind):
    audio = AudioSamples.new_multi(np.arange(12, dtype=np.float64).reshape(2, 6), RATE)
    part = audio[:, 1:5] if kind == "slice" else audio.channel(1)
    expected = np.asarray(audio)[:, 1:5] if kind == "slice" else np.asarray(audio)[1]
    for request in ALL_REQUESTS:
        view, error = get_buffer(part, request)
        assert (error is not None) is must_be_refused(expected, request)
        if error is None:
            check_fields(view, part, expected, request)
            release(view)


def test_a_null_struct_is_an_error_and_no_crash():
    script = """
        import ctypes
        from audio_samples import AudioSamples
        audio = AudioSamples.new_mono([0.0, 1.0], 44100)
        get = ctypes.pythonapi.PyObject_GetBuffer
        get.argtypes = [ctypes.py_object, ctypes.c_void_p, ctypes.c_int]
        try:
            get(audio, None, 0)
        except BufferError:
            print("refused", len(audio.views))
    """
    assert run(script) == "refused 0"
