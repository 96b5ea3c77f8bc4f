"""Methods of audio against NumPy and the libraries of their field: `bench/methods.py --help`.

Every ratio comes from one process in which the contenders take turns; peers that are not installed
are left out.
"""

from __future__ import annotations

import argparse
import importlib
import json
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from compare import machine
from measure import Contender, Effort, in_turns

import audio_samples
from audio_samples import AudioSamples, dsp

RATE = 48_000
Calls = dict[str, Callable[[], Any]]


def optional(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def levels(samples: int) -> Iterator[tuple[str, Calls]]:
    """Measures, gains and fades of mono float32."""
    noise = (0.1 * np.random.default_rng(0).standard_normal(samples)).astype(np.float32)
    audio = AudioSamples.new_mono(noise, RATE)

    def numpy_rms() -> float:
        return np.sqrt(np.mean(np.square(noise)))

    def numpy_all() -> tuple[Any, ...]:
        return numpy_rms(), np.max(np.abs(noise)), np.mean(noise)

    yield "rms", {"NumPy": numpy_rms, "audio": audio.rms}
    yield "peak", {"NumPy": lambda: np.max(np.abs(noise)), "audio": audio.peak}
    yield "peak, rms, mean", {"NumPy": numpy_all, "audio": audio.statistics}

    array = noise.copy()
    one = np.float32(1.0001)
    yield (
        "gain in place",
        {
            "NumPy": lambda: np.multiply(array, one, out=array),
            "audio": lambda: audio.gain_inplace(0.001),
        },
    )
    yield "gain", {"NumPy": lambda: noise * one, "audio": lambda: audio.gain(0.001)}

    def numpy_fade() -> None:
        # The first sample is set back, so that nothing fades into denormal numbers.
        array[:] = noise
        np.multiply(array, np.linspace(0, 1, samples, endpoint=False), out=array)

    def our_fade() -> None:
        audio[:] = noise
        audio.fade_in_inplace(frames=samples)

    yield "fade in place, and a copy", {"NumPy": numpy_fade, "audio": our_fade}

    def numpy_curve() -> np.ndarray:
        return noise * np.sin(np.pi / 2 * np.linspace(0, 1, samples, endpoint=False))

    yield (
        "fade, equal power",
        {"NumPy": numpy_curve, "audio": lambda: audio.fade_in(frames=samples, curve="equal_power")},
    )


def loudness(seconds: int) -> Iterator[tuple[str, Calls]]:
    """Loudness of stereo."""
    random = np.random.default_rng(1)
    frames = 0.1 * random.standard_normal((seconds * RATE, 2))
    audio = AudioSamples.from_numpy(frames, RATE, layout="frames_first")
    calls: Calls = {}
    if (pyloudnorm := optional("pyloudnorm")) is not None:
        meter = pyloudnorm.Meter(RATE)
        calls["pyloudnorm"] = lambda: meter.integrated_loudness(frames)
    calls["audio"] = audio.loudness
    yield "loudness", calls
    yield "loudness, range, true peak", {"audio": lambda: measured_by_blocks(audio)}


def measured_by_blocks(audio: AudioSamples) -> float:
    meter = dsp.LoudnessMeter()
    for start in range(0, len(audio), 65_536):
        meter.update(audio[start : start + 65_536])
    return meter.integrated


def rates(seconds: int) -> Iterator[tuple[str, Calls]]:
    """Resampling of mono, in both types and both ways."""
    noise = np.random.default_rng(2).standard_normal(seconds * RATE)
    soxr, signal = optional("soxr"), optional("scipy.signal")
    for dtype in ("float32", "float64"):
        samples = noise.astype(dtype)
        for source, target in ((48_000, 44_100), (44_100, 48_000), (44_100, 16_000)):
            audio = AudioSamples.new_mono(samples, source)
            for quality, theirs in (("high", "HQ"), ("best", "VHQ")):
                calls: Calls = {}
                if soxr is not None:
                    calls[f"soxr {theirs}"] = partial(
                        soxr.resample, samples, source, target, theirs
                    )
                calls["audio"] = partial(audio.resample, target, quality)
                yield f"{dtype} {source} to {target}, {quality}", calls
    if signal is not None:
        audio = AudioSamples.new_mono(noise.astype("float32"), 48_000)
        array = audio.to_numpy()
        yield (
            "float32 48000 to 44100, SciPy",
            {
                "resample_poly": lambda: signal.resample_poly(array, 147, 160),
                "audio": lambda: audio.resample(44_100),
            },
        )


def filters(samples: int) -> Iterator[tuple[str, Calls]]:
    """Cascades over stereo, forwards and both ways."""
    signal = optional("scipy.signal")
    if signal is None:
        return
    noise = np.random.default_rng(3).standard_normal((2, samples // 2))
    audio = AudioSamples.new_multi(noise, RATE)
    for order in (4, 8):
        sos = signal.butter(order, 1_000, fs=RATE, output="sos")
        yield (
            f"sosfilt, stereo, order {order}",
            {"SciPy": partial(signal.sosfilt, sos, noise), "audio": partial(audio.filter, sos)},
        )
    yield (
        "sosfiltfilt, stereo, order 8",
        {
            "SciPy": partial(signal.sosfiltfilt, sos, noise),
            "audio": partial(audio.filter, sos, zero_phase=True),
        },
    )


def dynamics(seconds: int) -> Iterator[tuple[str, Calls]]:
    """Compressors, gates and limiters over stereo float32."""
    random = np.random.default_rng(6)
    noise = (0.3 * random.standard_normal((2, 44_100 * seconds))).astype(np.float32)
    audio = AudioSamples.new_multi(noise, 44_100)
    pedalboard = optional("pedalboard")
    for name, theirs, ours in (
        ("compressor, stereo", "Compressor", lambda: audio.compress(-20, 4, knee_db=0)),
        ("gate, stereo", "NoiseGate", lambda: audio.gate(-20)),
        ("limiter, stereo", "Limiter", lambda: audio.limit(-1)),
    ):
        options = {"Compressor": {"ratio": 4}}.get(theirs, {})
        level = -1 if theirs == "Limiter" else -20
        peer = (
            {}
            if pedalboard is None
            else {
                "pedalboard": partial(
                    getattr(pedalboard, theirs)(threshold_db=level, **options), noise, 44_100
                )
            }
        )
        yield name, {**peer, "audio": ours}


def responses(seconds: int) -> Iterator[tuple[str, Calls]]:
    """Convolution of mono with an impulse response of a second and a short one, and correlation."""
    signal = optional("scipy.signal")
    if signal is None:
        return
    noise = np.random.default_rng(8).standard_normal((2, seconds * RATE))
    for dtype in ("float32", "float64"):
        samples, long = noise[0].astype(dtype), noise[1, :RATE].astype(dtype)
        audio = AudioSamples.new_mono(samples, RATE)
        for what, taps in (("1 s", long), ("255 taps", long[:255])):
            yield (
                f"{dtype} convolved with {what}",
                {
                    "oaconvolve": partial(signal.oaconvolve, samples, taps),
                    "audio": partial(audio.convolve, taps),
                },
            )
        yield (
            f"{dtype} 1 s from block to block",
            {
                "oaconvolve": partial(signal.oaconvolve, samples, long),
                "audio": partial(audio.apply, dsp.Convolver(long)),
            },
        )
        yield (
            f"{dtype} correlated with as much",
            {
                "SciPy": partial(signal.correlate, samples, noise[1].astype(dtype)),
                "audio": partial(audio.correlate, noise[1].astype(dtype)),
            },
        )


def spectra(seconds: int) -> Iterator[tuple[str, Calls]]:
    """Over time: NumPy on all frames at once, and librosa where it is installed."""
    rate = 22_050
    sound = np.random.default_rng(3).uniform(-0.5, 0.5, rate * seconds).astype(np.float32)
    audio = AudioSamples.from_numpy(sound, rate)
    window = np.hanning(2049)[:-1].astype(np.float32)

    def by_numpy() -> np.ndarray:
        padded = np.pad(sound, 1024)
        frames = np.lib.stride_tricks.sliding_window_view(padded, 2048)[::512]
        return np.fft.rfft(frames * window).T

    librosa = optional("librosa")
    calls: Calls = {"NumPy": by_numpy, "audio": audio.stft}
    if librosa is not None:
        calls["librosa"] = partial(librosa.stft, sound)
    yield "stft", calls
    if librosa is not None:
        mel, mfcc = librosa.feature.melspectrogram, librosa.feature.mfcc
        yield "mel, 128 bands", {"librosa": partial(mel, y=sound, sr=rate), "audio": audio.mel}
        yield "mfcc", {"librosa": partial(mfcc, y=sound, sr=rate), "audio": audio.mfcc}
    else:
        yield "mel, 128 bands", {"audio": audio.mel}


def cuts(seconds: int) -> Iterator[tuple[str, Calls]]:
    """Silences of half an hour for a minute asked for."""
    random = np.random.default_rng(4)
    loud = np.repeat(random.integers(0, 2, 30 * seconds), 44_100).astype("float32")
    sound = random.uniform(-1, 1, loud.size).astype("float32") * loud
    audio = AudioSamples.new_mono(sound, 44_100)
    calls: Calls = {}
    if (librosa := optional("librosa")) is not None:
        calls["librosa"] = lambda: librosa.effects.split(sound, top_db=60)
    calls["audio"] = audio.split_silence
    yield f"split_silence, {30 * seconds // 60} min mono", calls


def conversions(samples: int) -> Iterator[tuple[str, Calls]]:
    """To int16 with dither."""
    noise = np.random.default_rng(5).uniform(-0.9, 0.9, samples).astype("float32")
    audio = AudioSamples.new_mono(noise, RATE)
    random = np.random.default_rng(6)

    def numpy_dither() -> np.ndarray:
        triangle = random.random(samples, "float32") - random.random(samples, "float32")
        return np.clip(np.rint(noise * 32_768 + triangle), -32_768, 32_767).astype("int16")

    yield (
        "to int16, triangular dither",
        {"NumPy": numpy_dither, "audio": partial(audio.convert, "int16", "tpdf")},
    )
    yield "to int16, shaped dither", {"audio": partial(audio.convert, "int16", "shaped")}


def signals(samples: int) -> Iterator[tuple[str, Calls]]:
    """Signals of float64."""
    seconds = samples / RATE
    make = audio_samples.generation
    time = np.arange(samples) / RATE
    random = np.random.default_rng(7)
    yield (
        "sine",
        {
            "NumPy": lambda: np.sin(2 * np.pi * 440 * time),
            "audio": lambda: make.sine_wave(440, seconds, RATE),
        },
    )
    yield (
        "chirp",
        {
            "NumPy": lambda: np.sin(2 * np.pi * (20 + 10 * time) * time),
            "audio": lambda: make.chirp(20, 20_000, seconds, RATE),
        },
    )
    yield (
        "white noise",
        {
            "NumPy": lambda: random.uniform(-1, 1, samples),
            "audio": lambda: make.white_noise(seconds, RATE, seed=1),
        },
    )


def reads(seconds: int) -> Iterator[tuple[str, Calls]]:
    """Files read as a speech model takes them: 16 kHz, mono."""
    soundfile, librosa = optional("soundfile"), optional("librosa")
    if soundfile is None:
        return
    random = np.random.default_rng(8)
    frames = 0.05 * random.standard_normal((seconds * 44_100, 2))
    frames += 0.3 * np.sin(0.03 * np.arange(len(frames)))[:, None]
    with tempfile.TemporaryDirectory() as folder:
        for ending in ("wav", "flac", "mp3"):
            path = f"{folder}/a.{ending}"
            with soundfile.SoundFile(path, "w", 44_100, 2) as file:
                for block in np.array_split(frames, max(1, len(frames) // 8192)):
                    file.write(block)
            calls: Calls = {}
            if librosa is not None:
                calls["librosa"] = partial(librosa.load, path, sr=16_000)
            calls["audio"] = partial(audio_samples.read, path, sample_rate=16_000, channels=1)
            yield f"read {ending.upper()} at 16 kHz, mono", calls


def blocks(_: int) -> Iterator[tuple[str, Calls]]:
    """A block of 512 frames of stereo through a chain of five."""
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (2, 512)).astype(np.float32)
    block = AudioSamples.from_numpy(noise, RATE)
    highpass = dsp.Filter(dsp.design("highpass", 80, RATE))
    parts = [highpass, dsp.Gate(-50), dsp.Compressor(-20, ratio=3), dsp.Gain(3), dsp.Limiter(-1)]
    chain = dsp.Chain(parts)
    yield "a block of 512 frames, a chain of 5", {"audio": lambda: chain.process_inplace(block)}


def measured(cases: Iterator[tuple[str, Calls]], effort: Effort) -> Iterator[dict[str, Any]]:
    for what, calls in cases:
        contenders = [Contender(name, "call()", {"call": call}) for name, call in calls.items()]
        found = in_turns(contenders, effort)
        yield {
            "what": what,
            "milliseconds": {name: 1e3 * it.median for name, it in found.seconds.items()},
            "ratios": {name: it.median for name, it in found.ratios.items()},
            "spread": [found.ratios["audio"].low, found.ratios["audio"].high],
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="little audio and few rounds")
    parser.add_argument("--samples", type=int, default=10_000_000, help="of the tables of levels")
    parser.add_argument("--seconds", type=int, default=60, help="of the other tables")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure to FILE")
    options = parser.parse_args()
    if options.quick:
        options.samples, options.seconds = 100_000, 2
    facts = machine()
    print(", ".join(f"{name} {value}" for name, value in facts.items()))
    effort = Effort(rounds=5, least=3, budget=0.3) if options.quick else Effort(rounds=15, budget=6)
    rows = []
    for threads in (1, audio_samples.num_threads()):
        audio_samples.set_num_threads(threads)
        print(f"\n{threads} thread(s), time as a ratio to the first of each row:")
        for table, size in TABLES.items():
            for row in measured(table(getattr(options, size)), effort):
                rows.append({"threads": threads, **row})
                ratios = ", ".join(
                    f"{name} {row['milliseconds'][name]:.3g} ms ({ratio:.2f})"
                    for name, ratio in row["ratios"].items()
                )
                low, high = row["spread"]
                print(f"{row['what']:36} {ratios}; audio {low:.2f} to {high:.2f}")
    if options.json:
        figures = {"machine": facts, "rows": rows}
        options.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")


TABLES = {
    levels: "samples",
    loudness: "seconds",
    rates: "seconds",
    filters: "samples",
    dynamics: "seconds",
    responses: "seconds",
    spectra: "seconds",
    cuts: "seconds",
    conversions: "samples",
    signals: "samples",
    reads: "seconds",
    blocks: "seconds",
}

if __name__ == "__main__":
    main()
