"""Every method on every way in which samples can lie: the values are those of a contiguous copy.

A method that is added stands in one of the tables, and is tested for empty audio, one sample, every
type, 1 to 64 channels, memory of its own, adopted, mapped and shared memory, and read-only samples.
"""

import numpy as np
import pytest
from signals import make_audio

import audio_samples
from audio_samples import AudioSamples, dsp

RATE = 8_000
FRAMES = 2_500

# What gives numbers.
MEASURES = {
    "peak": lambda audio: audio.peak(per_channel=True),
    "rms": lambda audio: audio.rms(per_channel=True),
    "crest_factor": lambda audio: audio.crest_factor(per_channel=True),
    "dc_offset": lambda audio: audio.dc_offset(per_channel=True),
    "zero_crossings": lambda audio: audio.zero_crossings(per_channel=True),
    "statistics": lambda audio: np.array(audio.statistics()),
    "loudness": lambda audio: audio.loudness(),
    "loudness_range": lambda audio: audio.loudness_range(),
    "momentary_loudness": lambda audio: audio.momentary_loudness(),
    "short_term_loudness": lambda audio: audio.short_term_loudness(),
    "true_peak": lambda audio: audio.true_peak(per_channel=True),
    "mu_law": lambda audio: audio.mu_law(),
    "pipe": lambda audio: audio.pipe(np.abs).to_numpy(),
    "silences": lambda audio: np.array(audio.silences(-12, 0.001)),
    "stft": lambda audio: np.asarray(audio.stft(256, 100)),
    "istft": lambda audio: audio.stft(256, 100).istft().to_numpy(),
    "spectrogram": lambda audio: audio.spectrogram(n_fft=255, hop=100),
    "mel": lambda audio: audio.mel(20, n_fft=256, hop=300, db=True),
    "mfcc": lambda audio: audio.mfcc(5, n_mels=20, n_fft=256),
    "psd": lambda audio: audio.psd(256).density,
}
# What changes samples and has a twin: the arguments.
TWINS = {
    "gain": (-3.3,),
    "scale": (-0.77,),
    "soft_clip": (4,),
    "remove_dc": (),
    "normalize": (-6,),
    "fade_in": (0.0001,),
    "fade_out": (0.0001,),
    "apply_envelope": ([(0, -3), (0.1, 2)],),
    "lowpass": (900, 4),
    "highpass": (80, 3, "bessel"),
    "bandpass": (300, 3_400),
    "bandstop": (900, 1_000),
    "filter": (dsp.design("lowpass", 500, RATE, 5), True),
    "eq": ([("low_shelf", 100, -3), ("peaking", 1_000, 3)],),
    "notch": (50,),
    "preemphasis": (),
    "delay": (0.01,),
    "compress": (-20, 3),
    "expand": (-10, 2),
    "gate": (-6,),
    "limit": (-6,),
    "apply": (dsp.Chain([dsp.Gain(-1), dsp.Fade(0, 0.0001, curve="equal_power")]),),
}
# The same, of stereo audio alone.
STEREO = {
    "pan": (0.3,),
    "balance": (-0.4,),
    "mid_side": (),
    "swap_channels": (),
}
# What gives audio of another shape.
CHANGES = {
    "resample": lambda audio: audio.resample(11_025),
    "convolve": lambda audio: audio.convolve([0.5, 0, -0.25]),
    "convolve, blocks": lambda audio: audio.convolve(np.linspace(0.1, -0.1, 77), "same"),
    "correlate": lambda audio: audio.correlate(audio.channel(0)),
    "to_mono": lambda audio: audio.to_mono(np.linspace(-1, 1, audio.num_channels)),
    "compress, sidechain": lambda audio: audio.compress(-20, sidechain=audio.channel(0)),
    "gain_curve": lambda audio: AudioSamples.from_numpy(
        dsp.Limiter(-6).gain_curve(audio), audio.sample_rate
    ),
    "pad": lambda audio: audio.pad(0.01, 0.02),
    "fit": lambda audio: audio.fit(0.1),
    "repeat": lambda audio: audio.repeat(2),
    "trim_silence": lambda audio: audio.trim_silence(-12),
    "crossfade": lambda audio: audio.crossfade(audio, frames=len(audio) // 2),
    "concatenate": lambda audio: audio_samples.concatenate([audio, audio]),
    "mix": lambda audio: audio_samples.mix([audio, audio], gains_db=[-3, -9]),
}


def values_of(shape, dtype):
    random = np.random.default_rng(len(shape) + shape[-1])
    values = random.uniform(-0.9, 0.9, shape) + 0.05
    scale = {"int16": 2**15, "int32": 2**31}.get(dtype, 1)
    return np.clip(values * scale, -scale, scale - (scale > 1)).astype(dtype)


def own(values, _):
    return make_audio(values, RATE)


def adopted(values, _):
    return AudioSamples.from_numpy(values.copy(), RATE)


def interleaved(values, _):
    base = np.ascontiguousarray(np.atleast_2d(values).T)
    audio = AudioSamples.from_numpy(base, RATE, layout="frames_first")
    return audio if values.ndim == 2 else audio.channel(0)


def every_second(values, _):
    base = np.zeros((*values.shape[:-1], 2 * values.shape[-1]), values.dtype)
    base[..., ::2] = values
    return AudioSamples.from_numpy(base, RATE, layout=first(values))[::2]


def backwards(values, _):
    base = np.ascontiguousarray(values[..., ::-1])
    return AudioSamples.from_numpy(base, RATE, layout=first(values))[::-1]


def part(values, _):
    base = np.pad(values, [(0, 0)] * (values.ndim - 1) + [(3, 5)])
    audio = AudioSamples.from_numpy(base, RATE, layout=first(values))
    return audio[3 : 3 + values.shape[-1]]


def shared(values, _):
    audio = AudioSamples.zeros(values.shape, RATE, dtype=values.dtype, shared=True)
    audio.to_numpy()[...] = values
    return audio


def mapped(values, folder):
    return mapped_as(values, folder, "r+")


def mapped_to_read(values, folder):
    return mapped_as(values, folder, "r")


def mapped_as(values, folder, mode):
    path = folder / f"{mode}.wav"
    subtype = {"int16": "PCM_16", "int32": "PCM_32", "float32": "FLOAT", "float64": "DOUBLE"}
    audio = make_audio(values, RATE)
    audio_samples.write(path, audio, subtype=subtype[values.dtype.name])
    opened = audio_samples.open(path, mode)
    return opened.channel(0) if values.ndim == 1 and opened.ndim == 2 else opened


def read_only(values, _):
    return make_audio(values, RATE).as_readonly()


def first(values):
    return "channels_first" if values.ndim == 2 else None


WAYS = [own, adopted, interleaved, every_second, backwards, part, shared, mapped]
LOCKED = [mapped_to_read, read_only]
SHAPES = [(FRAMES,), (1, FRAMES), (2, FRAMES), (6, FRAMES), (64, 1100), (1,), (2, 1), (0,), (2, 0)]
TYPES = ["int16", "int32", "float32", "float64"]


def possible(way, shape):
    """Whether samples of the shape can lie so: a file has frames to map, and mono is one axis."""
    return "mapped" not in way.__name__ or (
        shape[-1] > 0 and not (len(shape) == 2 and shape[0] == 1)
    )


CASES = [
    pytest.param(way, shape, dtype, id=f"{way.__name__}-{shape}-{dtype}")
    for way in WAYS + LOCKED
    for shape in SHAPES
    for dtype in TYPES
    if possible(way, shape)
]


def arguments(name, audio):
    """Fades are at most as long as the audio."""
    if len(audio) < 10 and name.startswith("fade"):
        return (0.0,)
    return TWINS[name] if name in TWINS else STEREO[name]


@pytest.mark.parametrize(("way", "shape", "dtype"), CASES)
def test_values_are_those_of_a_contiguous_copy(way, shape, dtype, tmp_path):
    values = values_of(shape, dtype)
    copy = make_audio(values, RATE, **({"layout": "channels_first"} if len(shape) == 2 else {}))
    audio = way(values, tmp_path)
    assert np.array_equal(np.asarray(audio), values)
    for name, measure in MEASURES.items():
        found, expected = measure(audio), measure(copy)
        assert np.array_equal(found, expected, equal_nan=True), name
    for name, change in CHANGES.items():
        assert np.array_equal(change(audio).to_numpy(), change(copy).to_numpy()), name
    twins = [*TWINS, *(STEREO if audio.shape[:-1] == (2,) else ())]
    for name in twins:
        args = arguments(name, audio)
        expected = getattr(copy, name)(*args)
        found = getattr(audio, name)(*args)
        assert (found.shape, found.dtype) == (values.shape, values.dtype), name
        assert (found.sample_rate, found.writable) == (RATE, True), name
        assert np.array_equal(found.to_numpy(), expected.to_numpy()), name
    assert np.array_equal(np.asarray(audio), values)
    for name in [*twins, "reverse", "overlay"]:
        args = {"reverse": (), "overlay": (AudioSamples.zeros(0, RATE),)}.get(name)
        args = arguments(name, audio) if args is None else args
        twin = getattr(audio, f"{name}_inplace")
        if way in LOCKED:
            with pytest.raises(ValueError, match="read-only"):
                twin(*args)
            continue
        expected = getattr(copy, f"{name}_inplace")(*args)
        assert twin(*args) is audio
        assert np.array_equal(np.asarray(audio), expected.to_numpy()), name
    if way in LOCKED:
        assert np.array_equal(np.asarray(audio), values)


@pytest.mark.parametrize("name", TWINS)
def test_a_part_leaves_its_neighbours(name):
    """What lies before, between and behind is not touched."""
    base = np.ones((3, 3_000), "float32")
    audio = AudioSamples.from_numpy(base, RATE)
    strided = audio[::2, 100:2_900:3]
    mask = np.ones_like(base, bool)
    mask[::2, 100:2_900:3] = False
    getattr(strided, f"{name}_inplace")(*arguments(name, strided))
    assert np.all(base[mask] == 1)
