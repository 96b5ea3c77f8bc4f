"""Audio that tests begin with, and how it is told apart."""

import numpy as np

from audio_samples import AudioSamples

RATE = 44_100


def make_audio(samples, rate=RATE, **how):
    """Mono audio from one axis, multi-channel audio from two."""
    make = AudioSamples.new_mono if samples.ndim == 1 else AudioSamples.new_multi
    return make(samples, rate, **how)


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
    return make_audio(array, copy=False)


def tones(channels, frames=60_000, rate=RATE):
    """Frames of tones and a little noise: nothing that a codec finds trivial."""
    time = np.arange(frames)[:, None] / rate
    noise = np.random.default_rng(5).standard_normal((frames, channels)) * 0.02
    return 0.4 * np.sin(2 * np.pi * 220 * np.arange(1, channels + 1) * time) + noise


def address(exporter):
    return np.asarray(exporter).__array_interface__["data"][0]


def shares(one, other):
    return np.shares_memory(np.asarray(one), np.asarray(other))


def shown(value):
    """The name of a case: what it looks like, without an address."""
    return repr(value).split(" at 0x")[0]
