"""The demo, from its gain curves to the files that it leaves."""

import struct
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile
from elsewhere import program, run
from signals import RATE

import audio_samples
from audio_samples import _demo, _dynamics
from audio_samples.__main__ import main
from audio_samples._dynamics import HOP, Compressor, Gate, gain_curve

RECORDING = _demo.recording()


def burst(level: float, frames: int = 8_000) -> np.ndarray:
    """Silence, then noise up to `level`, then silence again."""
    samples = np.zeros(3 * frames, dtype=np.float32)
    noise = np.random.default_rng(1).uniform(-1, 1, frames)
    samples[frames : 2 * frames] = level * noise
    return samples


# -- gain curves --


@pytest.mark.parametrize("processor", [Gate(), Compressor()], ids=["gate", "compressor"])
@pytest.mark.parametrize("frames", [0, 1, HOP - 1, HOP, HOP + 1, 10_007])
@pytest.mark.parametrize("channels", [None, 1, 2, 64])
def test_a_curve_has_one_gain_per_frame_between_0_and_1(processor, frames, channels) -> None:
    shape = (frames,) if channels is None else (channels, frames)
    samples = np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)
    curve = gain_curve(samples, RATE, processor)
    assert curve.shape == (frames,)
    assert curve.dtype == np.float32
    assert np.all((curve > 0) & (curve <= 1))


def test_the_compressor_answers_the_peak_of_every_hop() -> None:
    samples = burst(0.9)
    processor = Compressor()
    curve = gain_curve(samples, RATE, processor)
    for start in range(0, samples.size, HOP):
        level = _dynamics.to_decibels([np.abs(samples[start : start + HOP]).max()])
        asked = 10 ** (processor.static_gain(level)[0] / 20)
        assert curve[start : start + HOP].max() <= asked * (1 + 1e-6)


def test_the_compressor_leaves_what_is_below_its_knee_alone() -> None:
    assert np.all(gain_curve(burst(0.02), RATE, Compressor()) == 1)


def test_a_steady_tone_is_compressed_by_the_ratio() -> None:
    processor = Compressor(threshold_db=-20, ratio=4, knee_db=6)
    samples = np.full(RATE, 10 ** (-8 / 20), dtype=np.float32)
    curve = gain_curve(samples, RATE, processor)
    np.testing.assert_allclose(20 * np.log10(curve), -12 * (1 - 1 / 4), atol=1e-4)


def test_the_knee_is_continuous_in_value_and_slope() -> None:
    processor = Compressor(threshold_db=-20, ratio=4, knee_db=6)
    level = np.linspace(-40, 0, 40_001)
    slope = np.gradient(processor.static_gain(level), level)
    assert np.abs(np.diff(slope)).max() < 1e-3
    assert slope[0] == pytest.approx(0.0)
    assert slope[-1] == pytest.approx(1 / 4 - 1)


def test_the_gate_is_open_at_loud_frames_and_closed_in_silence() -> None:
    processor = Gate()
    samples = burst(0.5, frames=40_000)
    curve = gain_curve(samples, RATE, processor)
    assert np.all(curve[np.abs(samples) > 0.1] == 1)
    assert 20 * np.log10(curve[0]) == pytest.approx(-processor.range_db, abs=1e-3)
    assert 20 * np.log10(curve[-1]) == pytest.approx(-processor.range_db, abs=1e-3)


@pytest.mark.parametrize("processor", [Gate(), Compressor()], ids=["gate", "compressor"])
def test_gain_never_jumps(processor) -> None:
    decibels = 20 * np.log10(gain_curve(burst(0.9), RATE, processor).astype(np.float64))
    assert np.abs(np.diff(decibels)).max() < 1.0


def test_the_level_falls_by_the_release_and_no_faster() -> None:
    level = np.array([-80.0, 0.0, -80.0, -80.0, -3.0, -80.0])
    released = _dynamics._release(level, 2.0)
    assert released.tolist() == [-80.0, 0.0, -2.0, -4.0, -3.0, -5.0]


def test_channels_share_one_curve() -> None:
    loud, quiet = burst(0.9), burst(0.1)
    together = gain_curve(np.stack([quiet, loud]), RATE, Compressor())
    np.testing.assert_array_equal(together, gain_curve(loud, RATE, Compressor()))


# -- the command --


def test_the_demo_writes_sound_and_picture(tmp_path: Path, capsys) -> None:
    assert main(["demo", "--out", str(tmp_path)]) == 0
    processed, rate = soundfile.read(tmp_path / "tabla-processed.wav", dtype="float32")
    recorded, recorded_rate = soundfile.read(RECORDING, dtype="float32")
    assert (processed.shape, rate) == (recorded.shape, recorded_rate)
    assert 20 * np.log10(np.abs(processed).max()) == pytest.approx(-1.0, abs=0.01)
    assert not processed[0].any()
    assert not processed[-1].any()

    picture = (tmp_path / "tabla-processed.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", picture[16:24])
    assert (width, height) == (1650, 1050)

    told = capsys.readouterr().out
    for line in ("to_numpy()", "memoryview(audio)", "audio *= gate", "peak memory", "audio.views"):
        assert line in told
    curve = gain_curve(recorded.T, rate, Gate())
    quieter, lowest = np.count_nonzero(curve < 10 ** (-12 / 20)), 20 * np.log10(curve.min())
    assert quieter > 1000
    assert f"more than 12 dB from {quieter:,} of {curve.size:,} frames" in told
    assert f"{-lowest:.1f} dB at most" in told


def test_the_demo_gives_what_plain_numpy_gives_on_copies(tmp_path: Path) -> None:
    assert main(["demo", "--out", str(tmp_path)]) == 0
    data, rate = soundfile.read(RECORDING, dtype="float32")
    expected = data.T.copy()
    expected *= gain_curve(expected, rate, Gate())
    expected *= gain_curve(expected, rate, Compressor())
    rise, fall = (
        0.5 - 0.5 * np.cos(np.pi * np.arange(frames) / frames)
        for frames in (
            round(_demo.FADE_IN_SECONDS * rate),
            round(_demo.FADE_OUT_SECONDS * rate),
        )
    )
    expected[:, : rise.size] = expected[:, : rise.size] * rise
    expected[:, -fall.size :] = expected[:, -fall.size :] * fall[::-1]
    expected *= 10 ** (_demo.TARGET_PEAK_DB / 20) / float(np.abs(expected).max())
    processed, _ = soundfile.read(tmp_path / "tabla-processed.wav", dtype="float32")
    np.testing.assert_allclose(processed.T, expected, rtol=3e-7, atol=1e-12)


def test_the_demo_leaves_no_view_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    audio = audio_samples.read(RECORDING, dtype=np.float32)
    monkeypatch.setattr(_demo, "read", lambda *_, **__: audio)
    assert main(["demo", "--out", str(tmp_path)]) == 0
    assert list(audio.views) == []


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("frames", [0, 1, 500])
def test_the_demo_takes_short_and_silent_recordings(
    channels: int, frames: int, tmp_path: Path
) -> None:
    source = tmp_path / "short.wav"
    with wave.open(str(source), "wb") as file:
        file.setparams((channels, 2, 8_000, 0, "NONE", ""))
        file.writeframes(bytes(2 * channels * frames))
    assert main(["demo", str(source), "--out", str(tmp_path)]) == 0
    processed, rate = soundfile.read(tmp_path / "short-processed.wav", always_2d=True)
    assert (processed.shape, rate) == ((frames, channels), 8_000)
    assert not processed.any()


def test_a_missing_file_is_one_line_on_stderr(tmp_path: Path, capsys) -> None:
    missing = tmp_path / "missing.wav"
    assert main(["demo", str(missing), "--out", str(tmp_path)]) == 1
    told = capsys.readouterr().err
    assert str(missing) in told
    assert told.count("\n") == 1


def test_a_file_that_is_no_audio_is_one_line_on_stderr(tmp_path: Path, capsys) -> None:
    letter = tmp_path / "letter.wav"
    letter.write_text("Dear Sir or Madam,")
    assert main(["demo", str(letter), "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_the_demo_runs_as_a_module(tmp_path: Path) -> None:
    program("-W", "error", "-m", "audio_samples", "demo", "--out", ".", cwd=tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["tabla-processed.png", "tabla-processed.wav"]


def test_the_demo_without_matplotlib_says_so_and_writes_the_sound(tmp_path: Path) -> None:
    code = """
        import sys
        class Absent:
            def find_spec(self, name, *_):
                if name == 'matplotlib': raise ModuleNotFoundError(name=name)
        sys.meta_path.insert(0, Absent())
        from audio_samples.__main__ import main
        sys.exit(main(['demo', '--out', '.']))
    """
    assert "pip install matplotlib" in run(code, cwd=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["tabla-processed.wav"]


def test_importing_the_package_imports_no_extra() -> None:
    code = (
        "import sys, audio_samples\n"
        "extras = {'matplotlib', 'scipy', 'torch', 'jax', 'pyarrow', 'ray'}\n"
        "print(sorted(extras & set(sys.modules)))"
    )
    assert run(code) == "[]"
