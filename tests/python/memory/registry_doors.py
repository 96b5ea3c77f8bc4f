"""The ways to samples that the registry is tried by: reading, adding, views, blocks."""

import contextlib
import pickle

import numpy as np
from signals import RATE

from audio_samples import AudioSamples

# How samples are read, each as an array of its own.
READERS = {
    "copy": lambda audio: audio.copy().to_numpy(),
    "to_numpy": lambda audio: audio.to_numpy(copy=True),
    "np.array": np.array,
    "cast": lambda audio: np.array(audio, dtype=np.float32),
    "+": lambda audio: (audio + 0).to_numpy(),
    "ufunc": lambda audio: np.positive(np.add(audio, 0)).to_numpy(),
    "pickle": lambda audio: pickle.loads(pickle.dumps(audio)).to_numpy(),
    "bytes": lambda audio: np.frombuffer(bytes(audio)).reshape(audio.shape),
    "list": lambda audio: np.array([frame.copy() for frame in audio]).T,
}
# How a number is added in place to all samples.
ADDERS = {
    "+=": lambda audio, value: audio.__iadd__(value),
    "ufunc": lambda audio, value: np.add(audio, value, out=audio),
    "slice": lambda audio, value: audio[:].__iadd__(value),
    "an array": lambda audio, value: audio.__iadd__(np.full(audio.shape, float(value))),
}
# How a view is made: what it is called, which samples it shows, and the call.
DOORS = {
    "to_numpy": ("numpy", lambda numbers: numbers, lambda audio: audio.to_numpy()),
    "np.asarray": ("buffer", lambda numbers: numbers, np.asarray),
    "memoryview": ("buffer", lambda numbers: numbers, memoryview),
    "np.from_dlpack": ("dlpack", lambda numbers: numbers, np.from_dlpack),
    "__array__": ("numpy", lambda numbers: numbers, lambda audio: audio.__array__()),
    "frames_first": ("numpy", lambda it: np.atleast_2d(it).T, lambda audio: audio.frames_first),
}
# What is made from an array of a view, and of its samples' numbers.
DERIVED = {
    "a 0-d array": lambda array: array[(0,) * array.ndim + (...,)],
    "the transpose": lambda array: array.T,
    "a view": lambda array: array.view(),
    "one more axis": lambda array: array[None],
}
HOW = {"layout": "channels_first", "copy": False}
ADOPTIONS = {
    "from_numpy": lambda array: AudioSamples.from_numpy(array, RATE, **HOW),
    "from_buffer": lambda array: AudioSamples.from_buffer(memoryview(array), RATE, **HOW),
    "from_dlpack": lambda array: AudioSamples.from_dlpack(array, RATE, **HOW),
}
# Memory of ours is found again by its address. Only arrays of a view lead back to adopted memory;
# audio made of it by another way holds the view, which then lives as long as that audio.
FOUND_AGAIN = {(kind, "array") for kind in ("numpy", "buffer", "borrow", "borrow_mut")}


@contextlib.contextmanager
def in_a_generator(block):
    with block as array:
        yield array


async def coroutine(block):
    with block as array:
        await Suspended(array)


class InACoroutine:
    """A with-block in a coroutine, which is suspended while it is out."""

    def __init__(self, block):
        self.running = coroutine(block)  # which does not know this object: no cycle

    def __enter__(self):
        return self.running.send(None)

    def __exit__(self, kind, error, trace):
        try:
            if error is None:
                self.running.send(None)
            else:
                self.running.throw(error)
        except StopIteration:
            return
        except RuntimeError as other:
            if other is not error:
                raise
            error.__traceback__ = trace  # which would hold this frame, and that the error


class Suspended:
    def __init__(self, array):
        self.array = array

    def __await__(self):
        yield self.__dict__.pop("array")


# What the with-block of a borrow stands in.
FUNCTIONS = {"plain": lambda it: it, "generator": in_a_generator, "coroutine": InACoroutine}
