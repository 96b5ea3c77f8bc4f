"""What is no audio, and how it becomes audio, in the words of the constructor that was called."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._audio_samples import AudioSamples, SampleRateError

_KINDS = {
    "i": "integers of no certain width",
    "u": "integers of no certain width",
    "b": "bools",
    "c": "complex numbers",
    "f": "floats of another width",
    "U": "strings",
    "S": "strings",
}
_NO_TYPE = "{} is no sample type; samples are int16, int32, float32 or float64"


def no_samples(data: Any, array: Any, called: str, is_buffer: bool, is_array: bool) -> Exception:
    """Why values are no samples, in the words of what was given: a buffer, an array, a sequence."""
    dtype, given = array.dtype, type(data).__name__
    name, kind = dtype.name, dtype.kind
    if dtype.names is not None:
        return TypeError(
            f"records with the fields {', '.join(dtype.names)} are no samples; give one field, "
            "such as "
            f"np.asarray(data)['{dtype.names[0]}'], with .astype() to int16, int32, float32 or "
            "float64 "
            "if it is of another type"
        )
    if is_buffer and name in ("uint8", "int8", "bytes8"):
        return TypeError(
            f"the bytes of a {given} do not say what samples they are; name their type with "
            "AudioSamples.from_buffer(data, sample_rate, dtype='int16') (or int32, float32, "
            "float64)"
        )
    if is_buffer:
        return TypeError(f"{_NO_TYPE.format(name)}; {_same_numbers(name, 'new_mono')}")
    if is_array:
        # A buffer that calls itself an array: its own constructor names the type of its bytes.
        called = "new_mono" if called == "from_buffer" else called
        hint = (
            ". Audio of 8 bits rests at 128: (data.astype('int16') - 128) * 256 is that in int16"
            if name == "uint8"
            else ""
        )
        return TypeError(f"{_NO_TYPE.format(name)}; {_same_numbers(name, called)}{hint}")
    if array.ndim == 0 and kind in "iubcf":
        return ValueError(
            "a single number is no audio; give a sequence of at least one frame, such as [0.5]"
        )
    if array.ndim == 0:
        return TypeError(
            "samples come from an array, a buffer, a tensor or a sequence of numbers, not from a "
            f"{given}; make an array of its numbers with np.array(..., dtype='float32')"
        )
    values = _KINDS.get(kind, "objects that are no numbers, or numbers past all sample types")
    held = f"a {given} of {values} (NumPy reads {name})"
    if kind not in "iubf":
        return TypeError(
            f"{held} is no sequence of samples, which are int16, int32, float32 or float64: real "
            "numbers"
        )
    return TypeError(
        f"{held} does not say its sample type; name it, as in AudioSamples.{called}(data, "
        "sample_rate, "
        "dtype='int16'), or give np.array(data, dtype=np.int16), or another of np.int32, "
        "np.float32 "
        "and np.float64"
    )


def _same_numbers(name: str, called: str) -> str:
    """How numbers of another type become samples."""
    if name.startswith("complex"):
        return "real numbers are samples, such as data.real.astype('float32')"
    is_integer = name == "bool" or "int" in name
    if not (is_integer or name.startswith("float") or name == "longdouble"):
        return "numbers of one of these types are samples, as .astype() makes them"
    dtype = "int16" if is_integer else "float32" if name == "float16" else "float64"
    # The only constructor that does not copy by itself.
    copy = ", copy=True" if called == "from_numpy" else ""
    return (
        f"AudioSamples.{called}(data, sample_rate, dtype='{dtype}'{copy}) takes the same numbers, "
        "as "
        f"data.astype('{dtype}') has them"
    )


def array_of(data: Any, rate: int) -> Any:
    """A sequence as an array. Where its channels have not one length, the error says which they "
    "have."""
    if isinstance(data, list | tuple):
        for channel in data:
            if type(channel) is AudioSamples and channel.sample_rate != rate:
                raise SampleRateError(
                    f"a channel at {channel.sample_rate} Hz is no part of audio at {rate} Hz; "
                    "resample it first"
                )
    try:
        return np.asarray(data)
    except ValueError:
        try:
            lengths = [len(channel) for channel in data]
        except TypeError:
            lengths = []
        if len(set(lengths)) < 2:
            raise
        shown = ", ".join(map(str, lengths[:8])) + (", ..." if len(lengths) > 8 else "")
    raise ValueError(
        f"the channels have {shown} frames, and all of them take as many; slice the longer ones, "
        "as in "
        f"x[:{min(lengths)}]"
    )
