"""Audio that tests begin with."""

import numpy as np

from audio_samples import AudioSamples

RATE = 44_100


def mono(samples=8, dtype=None, rate=RATE):
    """Audio of these samples, or float32 audio of so many that count up from 0."""
    if isinstance(samples, int):
        samples, dtype = np.arange(samples), dtype or "float32"
    return AudioSamples.new_mono(np.array(samples, dtype or "float64"), rate)


def stereo(frames=8, dtype="float32", rate=RATE):
    """Two channels of samples that count up from 0."""
    samples = np.arange(2 * frames).reshape(2, frames)
    return AudioSamples.new_multi(samples.astype(dtype), rate)


def read_only(audio):
    """Audio on a read-only array of the samples."""
    array = audio.to_numpy()
    array.flags.writeable = False
    make = AudioSamples.new_mono if array.ndim == 1 else AudioSamples.new_multi
    return make(array, RATE, copy=False)
