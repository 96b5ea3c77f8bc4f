"""The demo: a recording from high-pass to fades, all in one memory."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import plotting
from ._audio_samples import AudioSamples, dsp, read, write

HIGHPASS_HZ = 60.0
TARGET_LUFS = -16.0
CEILING_DB = -1.0
OUT_RATE = 48_000
QUIETER_DB = 12.0
FADE_IN_SECONDS = 0.02
FADE_OUT_SECONDS = 0.6
FADE: Literal["raised_cosine"] = "raised_cosine"

GATE = dsp.Gate(-38.0, attack_ms=2.0, release_ms=150.0, range_db=48.0)
COMPRESSOR = dsp.Compressor(-24.0, 3.5, release_ms=150.0)
LIMITER = dsp.Limiter(CEILING_DB)

LEAST_RATE = 3_364
"""The lowest rate in Hz at which loudness is defined."""

FLOOR_DB = -120.0
"""The level of silence, so that no logarithm of zero is taken."""

Audio = AudioSamples[np.float32]
Gain = NDArray[np.float32]


class Step(NamedTuple):
    """One in-place operation: its name, and the gain that it gave to each frame."""

    name: str
    gain: Gain


class Look(NamedTuple):
    """What audio looks like: its waveform, and decibels by frequency and time."""

    envelope: plotting.Envelope
    levels: NDArray[np.float32]

    @classmethod
    def at(cls, audio: Audio) -> "Look":
        levels = audio.spectrogram(db=True, n_fft=1024, hop=256)
        return cls(plotting.envelope(audio), levels.mean(axis=0) if levels.ndim == 3 else levels)


def recording() -> Path:
    """The recording that comes along."""
    return Path(__file__).resolve().parent / "_recordings" / "tabla.wav"


def run(source: Path, directory: Path) -> None:
    """Process `source` in place, telling about it on stdout; a WAV and a PNG go to `directory`."""
    start_memory = _peak_memory()
    audio: Audio = read(source, dtype=np.float32)
    print(f"{source.name}: {audio!r}\n")

    # Three views of three kinds, alive to the end of the function.
    samples = audio.to_numpy()
    buffer = memoryview(audio)
    frames = audio.frames_first
    address = _show_addresses(
        {
            "Rust, the buffer itself": lambda: audio.address,
            "NumPy, audio.to_numpy()": lambda: samples.ctypes.data,
            "memoryview(audio)": lambda: np.asarray(buffer).ctypes.data,
            "NumPy, audio.frames_first": lambda: frames.ctypes.data,
        }
    )
    print("\naudio.views, with three kinds of view alive:")
    for view in audio.views:
        print(f"  {view}")

    before = Look.at(audio)
    print(f"\n{'in place':<40}{'peak':>12}{'RMS':>12}")
    _tell("as recorded", audio)
    steps = _process(audio)
    after = Look.at(audio)

    moved = {audio.address, samples.ctypes.data, np.asarray(buffer).ctypes.data} - {address}
    if moved:
        raise RuntimeError(f"the samples moved from {address:#x} to {sorted(map(hex, moved))}")
    print(f"\nThe samples are still at {address:#x}, and every view shows the result:")
    through = {"NumPy": samples, "memoryview": np.asarray(buffer)}
    for name, array in through.items():
        loudest = np.max(np.abs(array), initial=0.0)
        print(f"  peak through {name:<11}{to_decibels(loudest):8.2f} dBFS")
    _tell_memory(audio, start_memory)

    directory.mkdir(parents=True, exist_ok=True)
    sound = directory / f"{source.stem}-processed.wav"
    write(sound, audio)
    print(f"\nwrote {sound}")
    if audio.sample_rate != OUT_RATE:
        resampled = directory / f"{source.stem}-{OUT_RATE // 1000}k.wav"
        write(resampled, audio.resample(OUT_RATE))
        print(f"wrote {resampled}")
    picture = directory / f"{source.stem}-processed.png"
    try:
        _draw(picture, source.name, before, after, steps, audio.sample_rate)
    except ModuleNotFoundError as missing:
        if missing.name != "matplotlib":
            raise
        print("no picture: it takes Matplotlib, pip install matplotlib")
    else:
        print(f"wrote {picture}")


def _show_addresses(addresses: dict[str, Callable[[], int]]) -> int:
    """Print where each sees the first sample, and return the one address that they must share."""
    print("The first sample lies at")
    seen = {name: where() for name, where in addresses.items()}
    for name, address in seen.items():
        print(f"  {address:#x}  {name}")
    if len(set(seen.values())) != 1:
        raise RuntimeError(f"{len(set(seen.values()))} addresses for one recording: {seen}")
    return next(iter(seen.values()))


def _process(audio: Audio) -> list[Step]:
    """Everything that is done, in place; each curve is measured where it acts."""
    frames = audio.samples_per_channel()

    audio.highpass_inplace(min(HIGHPASS_HZ, audio.sample_rate / 4))
    _tell("highpass_inplace", audio)

    gate = _gains(GATE, audio)
    audio.apply_inplace(GATE)
    _tell("apply_inplace(dsp.Gate(...))", audio)
    _tell_gate(gate)

    compression = _gains(COMPRESSOR, audio)
    audio.apply_inplace(COMPRESSOR)
    _tell("apply_inplace(dsp.Compressor(...))", audio)

    quiet = audio.peak()
    if audio.sample_rate >= LEAST_RATE:
        audio.normalize_inplace(lufs=TARGET_LUFS)
        _tell("normalize_inplace(lufs=...)", audio)
    loudness = audio.peak() / quiet if quiet > 0.0 else 1.0

    limiting = _gains(LIMITER, audio)
    audio.limit_inplace(CEILING_DB)
    _tell("limit_inplace", audio)

    fades: Audio = AudioSamples.new_mono(np.ones(frames, np.float32), audio.sample_rate)
    for faded in (audio, fades):
        faded.fade_in_inplace(min(FADE_IN_SECONDS, audio.duration), curve=FADE)
        faded.fade_out_inplace(min(FADE_OUT_SECONDS, audio.duration), curve=FADE)
    _tell("fade_in_inplace, fade_out_inplace", audio)

    return [
        Step("gate", gate),
        Step("compressor", compression),
        Step("loudness", np.full(frames, loudness, dtype=np.float32)),
        Step("limiter", limiting),
        Step("fades", fades.to_numpy()),
    ]


def _gains(processor: dsp.Gate | dsp.Compressor | dsp.Limiter, audio: Audio) -> Gain:
    """What the processor multiplies each frame with."""
    return np.power(10.0, processor.gain_curve(audio) / 20.0).astype(np.float32)


def to_decibels(amplitudes: ArrayLike) -> NDArray[np.float64]:
    """Amplitudes or gains in dB, `FLOOR_DB` at least."""
    floor = 10.0 ** (FLOOR_DB / 20.0)
    result: NDArray[np.float64] = 20.0 * np.log10(
        np.maximum(np.asarray(amplitudes, np.float64), floor)
    )
    return result


def _tell(name: str, audio: Audio) -> None:
    peak_db, rms_db = to_decibels([audio.peak(), audio.rms()])
    print(f"  {name:<38}{peak_db:7.2f} dBFS{rms_db:7.2f} dBFS")


def _tell_gate(gate: Gain) -> None:
    """What peak and RMS do not show: a gate works where it is quiet."""
    quieter = int(np.count_nonzero(gate < 10.0 ** (-QUIETER_DB / 20.0)))
    share = 100.0 * quieter / max(gate.size, 1)
    depth = -float(to_decibels(gate.min(initial=1.0)))
    print(
        f"    the gate took more than {QUIETER_DB:.0f} dB from {quieter:,} of {gate.size:,} frames "
        f"({share:.0f} %), {depth:.1f} dB at most"
    )


def _tell_memory(audio: Audio, start: int | None) -> None:
    now = _peak_memory()
    if start is None or now is None:
        print("peak memory: this system does not tell")
        return
    print(
        f"peak memory: {now / 2**20:.0f} MiB, of which {start / 2**20:.0f} MiB before reading; "
        f"the recording takes {audio.nbytes / 2**20:.1f} MiB"
    )


def _peak_memory() -> int | None:
    """The largest resident size of this process so far in bytes, where the system tells it."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return None
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size if sys.platform == "darwin" else size * 1024


def _draw(
    path: Path,
    title: str,
    before: Look,
    after: Look,
    steps: list[Step],
    sample_rate: int,
) -> None:
    """Before and after, as waveforms and over frequencies, and the gain of every step in dB."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 10), dpi=150, layout="constrained", facecolor="white")
    rows = figure.subplots(5, 1, sharex=True, height_ratios=[1, 1, 1, 1, 1.1])
    above, lower, below, lowest, curves = rows
    above.set_title(title, loc="left", fontsize=13, fontweight="bold")
    plotting.draw_envelope(above, before.envelope, color=plotting.GHOST, label="before")
    plotting.draw_envelope(below, after.envelope, color=plotting.FILL, label="after")
    length = max(steps[0].gain.size, 1) / sample_rate
    for picture, look in ((lower, before), (lowest, after)):
        if look.levels.size:
            extent = (0.0, length, 0.0, sample_rate / 2000)
            picture.imshow(
                look.levels, origin="lower", aspect="auto", extent=extent, vmin=-60, vmax=40
            )
        picture.set_ylabel("kHz")
    for waveform in (above, below):
        waveform.set_ylim(-1.05, 1.05)
        waveform.set_yticks([-1, 0, 1])
        waveform.set_ylabel("full scale")
        waveform.legend(loc="upper right", frameon=False, handlelength=1)

    frames = steps[0].gain.size
    # As many points as the picture has columns: a curve of every frame of an hour is not drawn.
    shown = np.unique(np.linspace(0, max(frames - 1, 0), min(frames, 4000), dtype=np.int64))
    seconds = shown / sample_rate
    whole = np.zeros(shown.size)
    colors = ("#8d99a6", plotting.TRACE, "#6b9080", "#7d5ba6", "#e3a34f")
    for step, color in zip(steps, colors, strict=True):
        gain_db = to_decibels(step.gain[shown])
        whole += gain_db
        curves.plot(seconds, gain_db, color=color, linewidth=1.1, label=step.name)
    curves.plot(seconds, whole, color=plotting.FILL, linewidth=1.8, label="all together")
    curves.set_ylim(-64, max(15.0, float(whole.max(initial=0.0)) + 3))
    curves.set_ylabel("gain, dB")
    curves.set_xlabel("seconds")
    curves.set_xlim(0, max(frames, 1) / sample_rate)
    curves.legend(loc="lower left", ncols=6, frameon=False, handlelength=1.2)
    for axes in (above, below, curves):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color="#e7ebee", linewidth=0.8)
        axes.set_axisbelow(True)
    figure.savefig(path)
