"""What resampling does to tones, and how far mel spectra are from librosa's; pictures with `--out`.

python bench/quality.py --out docs/_static
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import signal

import audio_samples
from audio_samples import AudioSamples, generation
from audio_samples._demo import recording

OLD, NEW = 48_000, 44_100
Resample = Callable[[np.ndarray], np.ndarray]


def contenders() -> dict[str, Resample]:
    """48 to 44.1 kHz by each library that is installed."""

    def ours(quality: str) -> Resample:
        return lambda x: AudioSamples.new_mono(x, OLD).resample(NEW, quality).to_numpy()  # type: ignore[arg-type]

    found: dict[str, Resample] = {
        'resample, "high"': ours("high"),
        'resample, "best"': ours("best"),
        "SciPy resample_poly": lambda x: signal.resample_poly(x, 147, 160),
    }
    try:
        import soxr
    except ModuleNotFoundError:
        return found
    for quality in ("HQ", "VHQ"):
        found[f"soxr {quality}"] = lambda x, quality=quality: soxr.resample(x, OLD, NEW, quality)
    return found


def tone(hertz: float, rate: int, frames: int) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(frames) / rate)


def fitted(result: np.ndarray, hertz: float) -> tuple[complex, float]:
    """The tone of that frequency in the middle of a result as a factor of what it should be, and
    the rest in dB below it."""
    middle = slice(len(result) // 4, 3 * len(result) // 4)
    turn = np.exp(2j * np.pi * hertz * np.arange(len(result)) / NEW)[middle]
    window = np.blackman(len(turn))
    basis = np.stack([turn.real, turn.imag], 1) * window[:, np.newaxis]
    (c, s), *_ = np.linalg.lstsq(basis, result[middle] * window, rcond=None)
    rest = result[middle] - c * turn.real - s * turn.imag
    noise = np.sqrt(np.mean(rest**2) / (0.125 + 1e-300))
    return complex(s, c) / 0.5, -20 * np.log10(noise + 1e-300)


def measured(resample: Resample) -> tuple[float, float, float, float]:
    """SNR of a tone in dB, the edge of the band, the alias of a tone beyond it in dB, the delay."""
    frames = 2 * OLD
    factor, snr = fitted(resample(tone(997.0, OLD, frames)), 997.0)
    delay = -np.angle(factor) / (2 * np.pi * 997.0) * NEW
    edge = 0.0
    for share in np.arange(0.80, 1.0, 0.005):
        hertz = share * NEW / 2
        level, _ = fitted(resample(tone(hertz, OLD, frames)), hertz)
        if abs(20 * np.log10(abs(level))) > 0.1:
            break
        edge = share
    beyond = resample(tone(1.005 * NEW / 2, OLD, frames))
    alias = 20 * np.log10(np.sqrt(np.mean(beyond[NEW // 2 : -NEW // 2] ** 2)) / np.sqrt(0.125))
    return snr, edge, alias, delay


def sweeps(path: Path) -> None:
    """A sweep from 0 to 24 kHz, through `resample` and through `resample_poly`."""
    from matplotlib.figure import Figure

    sweep = generation.chirp(0, OLD / 2, 8.0, OLD).to_numpy()
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    axes = figure.subplots(1, 2, sharey=True)
    ways = {"resample": 'resample, "high"', "SciPy resample_poly": "SciPy resample_poly"}
    for ax, (title, name) in zip(axes, ways.items(), strict=True):
        result = AudioSamples.new_mono(contenders()[name](sweep), NEW)
        levels = result.spectrogram(db=True, n_fft=2048, hop=1024, window="blackman") - 60
        image = ax.imshow(
            levels, origin="lower", aspect="auto", extent=(0, 8, 0, NEW / 2000), vmin=-150, vmax=0
        )
        ax.set_title(title)
        ax.set_xlabel("seconds")
    axes[0].set_ylabel("kHz")
    figure.colorbar(image, ax=axes, label="dB")
    figure.savefig(path, dpi=110)


def mels(path: Path | None) -> float:
    """The mel spectrum of the recording beside librosa's; the largest difference in dB."""
    import librosa

    audio = audio_samples.read(recording(), sample_rate=22_050, channels=1)
    ours = audio.mel(128, db=True)
    power = librosa.feature.melspectrogram(y=audio.to_numpy(), sr=22_050)
    theirs = librosa.power_to_db(power, top_db=None)
    if path is not None:
        from matplotlib.figure import Figure

        figure = Figure(figsize=(9, 3.2), layout="constrained")
        axes = figure.subplots(1, 3, sharey=True)
        shown = {"audio.mel(db=True)": ours, "librosa": theirs, "difference": ours - theirs}
        for ax, (title, values) in zip(axes, shown.items(), strict=True):
            limits = {"vmin": -80, "vmax": 40} if title != "difference" else {}
            image = ax.imshow(values, origin="lower", aspect="auto", **limits)
            ax.set_title(title)
            ax.set_xlabel("frames")
            figure.colorbar(image, ax=ax, label="dB")
        axes[0].set_ylabel("bands")
        figure.savefig(path, dpi=110)
    return float(np.abs(ours - theirs).max())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="folder for the pictures")
    options = parser.parse_args()
    print("48 to 44.1 kHz           SNR dB    edge   alias dB   delay, frames")
    for name, resample in contenders().items():
        snr, edge, alias, delay = measured(resample)
        print(f"{name:22} {snr:8.0f} {edge:7.3f} {alias:10.0f} {delay:12.1e}")
    if options.out:
        sweeps(options.out / "sweep.png")
    try:
        picture = options.out / "mel.png" if options.out else None
        print(f"mel of the recording: at most {mels(picture):.1e} dB from librosa's")
    except ModuleNotFoundError:
        print("librosa is not installed")


if __name__ == "__main__":
    main()
