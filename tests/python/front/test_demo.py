"""The demo, from its recording to the files that it leaves."""

import struct
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile
from elsewhere import program, run
from scipy import signal

import audio_samples
from audio_samples import AudioSamples, _demo
from audio_samples.__main__ import main

RECORDING = _demo.recording()


def gains(processor, samples, rate) -> np.ndarray:
    """What the demo's processors multiply frames with: their values are tested with the methods."""
    return 10 ** (processor.gain_curve(AudioSamples.new_multi(samples, rate)) / 20)


def test_the_demo_writes_sound_and_picture(tmp_path: Path, capsys) -> None:
    assert main(["demo", "--out", str(tmp_path)]) == 0
    processed, rate = soundfile.read(tmp_path / "tabla-processed.wav", dtype="float32")
    recorded, recorded_rate = soundfile.read(RECORDING, dtype="float32")
    assert (processed.shape, rate) == (recorded.shape, recorded_rate)
    assert np.abs(processed).max() <= np.float32(10 ** (-1 / 20))
    resampled = soundfile.info(tmp_path / "tabla-48k.wav")
    assert (resampled.samplerate, resampled.frames) == (48_000, len(recorded) * 48 * 10 // 441)
    assert not processed[0].any()
    assert not processed[-1].any()

    picture = (tmp_path / "tabla-processed.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", picture[16:24])
    assert (width, height) == (1650, 1500)

    told = capsys.readouterr().out
    for line in (
        "to_numpy()",
        "memoryview(audio)",
        "apply_inplace(dsp.Gate",
        "peak memory",
        "audio.views",
    ):
        assert line in told
    filtered = AudioSamples.new_multi(recorded.T, rate).highpass(_demo.HIGHPASS_HZ).to_numpy()
    curve = gains(_demo.GATE, filtered, rate)
    quieter, lowest = np.count_nonzero(curve < 10 ** (-12 / 20)), 20 * np.log10(curve.min())
    assert quieter > 1000
    assert f"more than 12 dB from {quieter:,} of {curve.size:,} frames" in told
    assert f"{-lowest:.1f} dB at most" in told


def test_the_demo_gives_what_plain_numpy_gives_on_copies(tmp_path: Path) -> None:
    assert main(["demo", "--out", str(tmp_path)]) == 0
    data, rate = soundfile.read(RECORDING, dtype="float32")
    sections = signal.butter(2, _demo.HIGHPASS_HZ, "highpass", fs=rate, output="sos")
    expected = signal.sosfilt(sections, data.T.astype(float)).astype(np.float32)
    expected *= gains(_demo.GATE, expected, rate)
    expected *= gains(_demo.COMPRESSOR, expected, rate)
    loudness = AudioSamples.new_multi(expected, rate).loudness()
    expected *= 10 ** ((_demo.TARGET_LUFS - loudness) / 20)
    expected *= gains(_demo.LIMITER, expected, rate)
    rise, fall = (
        0.5 - 0.5 * np.cos(np.pi * np.arange(frames) / frames)
        for frames in (
            round(_demo.FADE_IN_SECONDS * rate),
            round(_demo.FADE_OUT_SECONDS * rate),
        )
    )
    expected[:, : rise.size] = expected[:, : rise.size] * rise
    expected[:, -fall.size :] = expected[:, -fall.size :] * fall[::-1]
    processed, _ = soundfile.read(tmp_path / "tabla-processed.wav", dtype="float32")
    np.testing.assert_allclose(processed.T, expected, rtol=2e-6, atol=1e-9)


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
    assert names == ["tabla-48k.wav", "tabla-processed.png", "tabla-processed.wav"]


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
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["tabla-48k.wav", "tabla-processed.wav"]


def test_importing_the_package_imports_no_extra() -> None:
    code = (
        "import sys, audio_samples\n"
        "extras = {'matplotlib', 'scipy', 'torch', 'jax', 'pyarrow', 'ray'}\n"
        "print(sorted(extras & set(sys.modules)))"
    )
    assert run(code) == "[]"
