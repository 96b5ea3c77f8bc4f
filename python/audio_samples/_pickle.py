"""Pickling: with protocol 5 the samples travel beside the pickle.

What comes back is audio on the memory that the carrier hands over: the very same in this process,
Ray's object store on a cluster, a `bytearray` of the unpickler for samples in the pickle itself.
Audio in shared memory is pickled as a handle.
"""

from __future__ import annotations

import math
from pickle import PickleBuffer
from typing import Any, Literal, SupportsIndex

import numpy as np

from ._audio_samples import AudioSamples, _allow_copy, _array, _attach, _copied, _handle, _lease
from ._class import install

# Type, shape, order of axes, rate, whether the samples may be changed, and whether they have to be
# copied out of the pickle.
Description = tuple[str, tuple[int, ...], Literal["C", "F"], int, bool, bool]


def _reduce(self: AudioSamples, protocol: SupportsIndex, /) -> tuple[Any, ...]:
    """How pickle takes audio apart."""
    if self.shared_name is not None and (handle := _handle(self)) is not None:
        return _attach, (handle,)
    whole, order, flags = self, "C", _array(self, False, None).flags
    if not flags.c_contiguous:
        order = "F" if flags.f_contiguous else "C"
    if not flags.forc:
        whole = _copied(self, "samples that do not lie side by side are pickled from a copy")
    aside = int(protocol) >= 5
    payload: Any = PickleBuffer(whole)
    if not aside:
        why = "this protocol copies the samples into the pickle; protocol 5 carries them beside it"
        _allow_copy(self, why)
        with _lease([(self, False)]):
            payload = payload.raw().tobytes()
    described = (self.dtype.name, self.shape, order, self.sample_rate, self.writable, not aside)
    return restore, (payload, described)


def restore(payload: Any, description: Description) -> AudioSamples:
    """Audio on the memory of `payload`, which any object with a buffer may hold."""
    dtype, shape, order, rate, writable, copy = description
    raw = PickleBuffer(payload).raw()
    wanted = math.prod(shape) * np.dtype(dtype).itemsize
    if raw.nbytes != wanted:
        raise ValueError(
            f"{raw.nbytes} bytes of samples came with a pickle of {dtype} audio of shape {shape}, "
            f"which needs {wanted} bytes"
        )
    if wanted:
        array = np.frombuffer(raw, dtype).reshape(shape, order=order)
        audio = AudioSamples.from_numpy(array, rate, layout="channels_first")
    else:
        audio = AudioSamples.zeros(shape, rate, dtype=np.dtype(dtype))
    if not writable:
        return audio.as_readonly()
    why = "samples in a pickle of an older protocol are copied out of it; use protocol 5"
    return _copied(audio, why) if copy and wanted else audio


install("__reduce_ex__", _reduce)
