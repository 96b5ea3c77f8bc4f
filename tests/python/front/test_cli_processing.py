"""What the commands make of the samples: what the methods make of the whole."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from elsewhere import run

import audio_samples
from audio_samples import generation
from audio_samples._cli import main
from audio_samples._demo import recording

DATA = Path(__file__).resolve().parents[2] / "data"
RATE = 48_000


@pytest.fixture
def music(tmp_path):
    """Stereo of more than one block, in 24 bits, between silences."""
    noise = generation.pink_noise(3.0, RATE, amplitude=0.2, seed=3, channels=2)
    noise[:, :20_000] = 0
    noise[:, 120_000:] = 0
    path = tmp_path / "music.wav"
    audio_samples.write(path, noise, subtype="PCM_24", tags={"title": "Noise"})
    return path


def done(*arguments):
    assert main([*map(str, arguments)]) == 0


def close(path, expected, steps=1.01):
    """Within the rounding of 24 bits."""
    found = audio_samples.read(path)
    assert (found.shape, found.sample_rate) == (expected.shape, expected.sample_rate)
    np.testing.assert_allclose(found, expected, rtol=0, atol=steps * 2.0**-23)


def test_gain(music, tmp_path):
    done("gain", music, "--db", "-3.5", "-o", tmp_path / "out.wav")
    close(tmp_path / "out.wav", audio_samples.read(music).gain(-3.5))
    told = audio_samples.info(tmp_path / "out.wav")
    assert (told.subtype, told.tags) == ("PCM_24", {"title": "Noise"})


@pytest.mark.parametrize(
    ("options", "level"),
    [
        ([], {"peak": -1}),
        (["--peak", "-6"], {"peak": -6}),
        (["--rms", "-30"], {"rms": -30}),
        (["--lufs", "-23"], {"lufs": -23}),
    ],
)
@pytest.mark.parametrize("where", ["file", "in place"])
def test_normalize(music, tmp_path, options, level, where):
    expected = audio_samples.read(music).normalize(**{"peak": None, **level})
    target = music if where == "in place" else tmp_path / "out.wav"
    done("normalize", music, *options, *(["--in-place"] if target == music else ["-o", target]))
    close(target, expected, steps=4)


def test_a_ceiling_holds_the_true_peak(music, tmp_path):
    out = tmp_path / "out.wav"
    done("normalize", music, "--lufs", "-5", "--ceiling", "-1", "-o", out)
    assert audio_samples.read(out).true_peak() == pytest.approx(-1, abs=0.01)
    assert audio_samples.read(out).loudness() < -5


def test_silence_stays_silence_and_what_is_no_number_is_refused(tmp_path, capsys):
    audio_samples.write(tmp_path / "s.wav", generation.silence(1.0))
    for options in (["--lufs", "-16"], ["--peak", "-1"], ["--lufs", "-16", "--ceiling", "-1"]):
        done("normalize", tmp_path / "s.wav", *options, "-o", tmp_path / "t.wav", "--force")
        assert not np.any(audio_samples.read(tmp_path / "t.wav"))
    samples = np.zeros(RATE, "float32")
    samples[7] = np.nan
    bad = audio_samples.AudioSamples.new_mono(samples, RATE)
    audio_samples.write(tmp_path / "n.wav", bad)
    content = (tmp_path / "n.wav").read_bytes()
    for option in ("--peak", "--lufs", "--rms"):
        assert main(["normalize", str(tmp_path / "n.wav"), option, "-9", "--in-place"]) == 1
        assert "no number" in capsys.readouterr().err
    assert (tmp_path / "n.wav").read_bytes() == content


def test_fade(music, tmp_path):
    expected = audio_samples.read(music).fade_in(0.5, curve="equal_power")
    expected.fade_out_inplace(2.0, curve="equal_power")
    options = ["--fade-in", "0.5", "--fade-out", "2", "--curve", "equal_power"]
    done("fade", music, *options, "-o", tmp_path / "out.wav")
    close(tmp_path / "out.wav", expected)
    done("fade", music, *options, "--in-place")
    close(music, expected)


def test_a_fade_that_is_longer_than_the_file_is_a_failure(music, tmp_path, capsys):
    assert main(["fade", str(music), "--fade-out", "4", "-o", str(tmp_path / "x.wav")]) == 1
    assert "longer than the file, which is 3.000 s" in capsys.readouterr().err
    assert not (tmp_path / "x.wav").exists()


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (["--start", "1"], (1, None)),
        (["--end", "1.5"], (0, 1.5)),
        (["--start", "-1", "--end", "-0.25"], (-1, -0.25)),
        (["--start", "0", "--end", "0"], (0, 0)),
    ],
)
def test_trim(music, tmp_path, options, part):
    done("trim", music, *options, "-o", tmp_path / "out.wav")
    close(tmp_path / "out.wav", audio_samples.read(music).trim(*part), 0)


@pytest.mark.parametrize("threshold", [-60, -20])
@pytest.mark.parametrize("keep", [0, 0.1, 10])
def test_trim_silence(music, tmp_path, threshold, keep):
    done(
        "trim",
        music,
        "--silence",
        "--threshold",
        threshold,
        "--keep",
        keep,
        "-o",
        tmp_path / "out.wav",
    )
    close(tmp_path / "out.wav", audio_samples.read(music).trim_silence(threshold, keep), 0)
    assert audio_samples.info(tmp_path / "out.wav").tags == {"title": "Noise"}


def test_of_silence_nothing_is_left(tmp_path):
    audio_samples.write(tmp_path / "s.wav", generation.silence(3.0))
    done("trim", tmp_path / "s.wav", "--silence", "-o", tmp_path / "t.wav")
    assert audio_samples.info(tmp_path / "t.wav").frames == 0


def test_a_part_outside_the_file_is_a_failure(music, tmp_path, capsys):
    for options in (["--start", "3.1"], ["--end", "-4"], ["--start", "2", "--end", "1"]):
        assert main(["trim", str(music), *options, "-o", str(tmp_path / "x.wav")]) == 1
    assert capsys.readouterr().err.count("failed: ") == 3
    assert not (tmp_path / "x.wav").exists()


def test_resample(music, tmp_path):
    for quality in ("high", "best"):
        done("resample", music, "--rate", "16000", "--quality", quality, "-o", tmp_path / "o.wav",
             "--force")  # fmt: skip
        close(tmp_path / "o.wav", audio_samples.read(music).resample(16_000, quality), 3)


def test_convert_does_what_read_does(music, tmp_path):
    done("convert", music, "--channels", "1", "--rate", "22050", "-o", tmp_path / "mono.flac")
    close(tmp_path / "mono.flac", audio_samples.read(music, channels=1, sample_rate=22_050), 3)
    assert audio_samples.info(tmp_path / "mono.flac").tags == {"title": "Noise"}
    done("convert", tmp_path / "mono.flac", "--channels", "3", "-o", tmp_path / "three.aiff")
    close(tmp_path / "three.aiff", audio_samples.read(tmp_path / "mono.flac", channels=3), 0)


def test_channels_that_do_not_become_others_are_a_failure(music, tmp_path, capsys):
    assert main(["convert", str(music), "--channels", "5", "-o", str(tmp_path / "x.wav")]) == 1
    assert "2 channels do not become 5" in capsys.readouterr().err


def test_dither_is_noise_of_one_step(tmp_path):
    tone = generation.sine_wave(100, 1.0, amplitude=2.0**-15)
    audio_samples.write(tmp_path / "t.wav", tone, subtype="FLOAT")
    found = {}
    for name, options in (("plain", []), ("dithered", ["--dither", "tpdf"])):
        out = tmp_path / f"{name}.wav"
        done("convert", tmp_path / "t.wav", "--subtype", "PCM_16", *options, "-o", out)
        found[name] = audio_samples.read(out, dtype="stored").to_numpy()
    assert np.count_nonzero(np.diff(found["dithered"])) > 10 * np.count_nonzero(
        np.diff(found["plain"])
    )
    assert np.abs(found["dithered"]).max() <= 3


@pytest.mark.parametrize(
    ("source", "target", "subtype"),
    [
        ("PCM_U8.wav", "o.aiff", "PCM_S8"),
        ("PCM_U8.wav", "o.flac", "PCM_S8"),
        ("PCM_S8.aiff", "o.wav", "PCM_U8"),
        ("PCM_16.wav", "o.flac", "PCM_16"),
        ("PCM_24.wav", "o.rf64", "PCM_24"),
        ("PCM_32.wav", "o.wav", "PCM_32"),
        ("FLOAT.wav", "o.aiff", "FLOAT"),
        ("DOUBLE.wav", "o.wav", "DOUBLE"),
        ("FLOAT.wav", "o.flac", "PCM_24"),
        ("ULAW.wav", "o.wav", "ULAW"),
        ("ULAW.wav", "o.flac", "PCM_16"),
        ("tabla.mp3", "o.wav", "PCM_16"),
        ("tabla.m4a", "o.wav", "PCM_16"),
    ],
)
def test_the_encoding_stays_as_near_as_the_format_has_it(tmp_path, source, target, subtype):
    path = DATA / source
    if not path.exists():
        path = tmp_path / source
        tone = generation.sine_wave(440, 0.1, amplitude=0.5)
        audio_samples.write(path, tone, subtype=path.stem)
    done("convert", path, "-o", tmp_path / target)
    assert audio_samples.info(tmp_path / target).subtype == subtype
    expected = audio_samples.read(path)
    step = {"PCM_S8": 2.0**-7, "PCM_U8": 2.0**-7}.get(subtype, 2.0**-15)
    np.testing.assert_allclose(audio_samples.read(tmp_path / target), expected, atol=step)


@pytest.mark.parametrize("frames", [0, 1])
def test_files_of_no_frames_and_of_one(tmp_path, frames):
    path = tmp_path / "short.wav"
    audio_samples.write(path, audio_samples.AudioSamples.zeros((2, frames), 8_000))
    for at, command in enumerate(
        [["convert", "--rate", "8000"], ["gain", "--db", "1"], ["normalize", "--lufs", "-20"],
         ["normalize"], ["trim", "--silence"], ["plot"]]
    ):  # fmt: skip
        done(*command, path, "--out", tmp_path / f"out{at}")
    assert audio_samples.info(tmp_path / "out1" / "short.wav").frames == frames


def test_what_is_not_plain_is_not_changed_in_place(tmp_path, capsys):
    path = tmp_path / "a.mp3"
    path.write_bytes((DATA / "tabla.mp3").read_bytes())
    assert main(["gain", str(path), "--db", "-3", "--in-place"]) == 1
    assert "plain samples" in capsys.readouterr().err
    assert path.read_bytes() == (DATA / "tabla.mp3").read_bytes()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process had alone")
def test_a_long_file_takes_the_memory_of_some_blocks(tmp_path):
    minute = generation.white_noise(60.0, RATE, amplitude=0.1, seed=1, channels=2)
    audio_samples.write(tmp_path / "long.wav", (minute for _ in range(5)), subtype="PCM_16")
    code = """
        from pathlib import Path
        from audio_samples._cli import main
        def peak():
            # Not by getrusage, which begins with what the parent had.
            lines = Path("/proc/self/status").read_text().splitlines()
            return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024
        before = peak()
        for command in (["normalize", "--peak", "-1"], ["resample", "--rate", "44100"],
                        ["trim", "--silence"], ["fade", "--fade-out", "1"]):
            name, *options = command
            assert main([name, "long.wav", *options, "-o", f"{name}.wav", "--quiet"]) == 0
        assert main(["gain", "long.wav", "--db", "-1", "--in-place", "--quiet"]) == 0
        print(peak() - before)
    """
    # As float32 the file is 115 MB.
    assert int(run(code, cwd=tmp_path)) < 40_000_000


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_leaves_no_part_of_a_file(tmp_path, jobs):
    (tmp_path / "in").mkdir()
    minute = generation.white_noise(60.0, 8_000, amplitude=0.1, seed=1)
    for name in "ab":
        path = tmp_path / "in" / f"{name}.wav"
        audio_samples.write(path, (minute for _ in range(20)), subtype="PCM_16")
    out = tmp_path / "out"
    arguments = ["resample", "in", "--rate", "96000", "--quality", "best", "--jobs", jobs]
    command = [sys.executable, "-m", "audio_samples", *arguments, "--out", "out"]
    program = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    while not (out.exists() and any(out.iterdir())):
        assert program.poll() is None
    program.send_signal(signal.SIGINT)
    told, _ = program.communicate(timeout=60)
    assert (program.returncode, told) == (130, "")
    assert not any(out.iterdir())


# -- commands that write no audio --


def test_info_as_json(capsys):
    assert main(["info", str(recording()), str(DATA / "tabla.mp3"), "--json"]) == 0
    wav, mp3 = json.loads(capsys.readouterr().out)["files"]
    assert (wav["format"], wav["frames"], wav["sample_rate"]) == ("WAV", 110_250, 44_100)
    assert (mp3["subtype"], mp3["channel_positions"]) == ("MPEG_LAYER_III", ["FL", "FR"])
    assert mp3["tags"] == audio_samples.info(DATA / "tabla.mp3").tags


@pytest.mark.parametrize("kind", ["waveform", "spectrogram", "spectrum", "levels"])
def test_plot(tmp_path, kind):
    pytest.importorskip("matplotlib")
    files = [recording(), DATA / "tabla.mp3"]
    done("plot", *files, "--kind", kind, "--out", tmp_path, "--dpi", "50")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tabla.mp3.png", "tabla.wav.png"]
    done("plot", files[0], "--kind", kind, "-o", tmp_path / "x.svg")
    assert b"<svg" in (tmp_path / "x.svg").read_bytes()
    assert main(["plot", str(files[0]), "-o", str(tmp_path / "x.xyz")]) == 1
    assert not list(tmp_path.glob("*.xyz*"))


def test_the_doctor_proves_that_nothing_is_copied(capsys):
    done("doctor", "--json")
    told = json.loads(capsys.readouterr().out)
    assert told["versions"]["audio_samples"] == audio_samples.__version__
    assert told["versions"]["numpy"] == np.__version__
    assert told["machine"]["threads"] == audio_samples.num_threads()
    assert len({entry["address"] for entry in told["zero_copy"]}) == 1
    assert {"np.asarray(audio)", "audio[a:b]"} <= {entry["view"] for entry in told["zero_copy"]}
    done("doctor")
    assert "nothing is copied" in capsys.readouterr().out


def test_the_doctor_sees_a_copy(capsys, monkeypatch):
    from audio_samples._cli import doctor

    real = np.asarray
    monkeypatch.setattr(doctor.np, "asarray", lambda thing: real(thing).copy())
    assert main(["doctor"]) == 1
    assert "NOT SHARED" in capsys.readouterr().out


def test_bench_measures(capsys):
    done("bench", "--seconds", "0.1", "--runs", "1", "--json")
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert len(rows) > 5
    assert all(row["ms"] > 0 for row in rows)
    done("bench", "--seconds", "0.1", "--runs", "1")
    assert "x real time" in capsys.readouterr().out


def test_edit_takes_all_steps_in_one_pass_over_the_file(tmp_path):
    path, want = tmp_path / "a.wav", audio_samples.read(recording())
    audio_samples.write(path, want, subtype="PCM_24")
    steps = ["--highpass", "80", "--compress", "-24", "3", "--gain", "6", "--limit", "-3"]
    assert main(["edit", str(path), *steps, "--fade-out", "0.5", "--quiet"]) == 0
    want.highpass_inplace(80).compress_inplace(-24, 3).gain_inplace(6).limit_inplace(-3)
    want.fade_out_inplace(0.5)
    found = audio_samples.read(path)
    assert audio_samples.info(path).subtype == "PCM_24"
    assert np.abs(found.to_numpy() - want.to_numpy()).max() < 2 / 2**23


def test_edit_says_what_is_missing_and_changes_nothing_on_a_dry_run(tmp_path, capsys):
    path = tmp_path / "a.wav"
    audio_samples.write(path, audio_samples.read(recording(), dtype="stored"))
    before = path.read_bytes()
    assert main(["edit", str(path), "--gain", "-3", "--dry-run"]) == 0
    with pytest.raises(SystemExit, match="2"):
        main(["edit", str(path)])
    assert "no step is given" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_edit_tells_of_a_step_that_does_not_fit_each_file(tmp_path, capsys):
    low, high = tmp_path / "low.wav", tmp_path / "high.wav"
    audio_samples.write(low, generation.silence(0.1, 44_100), subtype="PCM_16")
    audio_samples.write(high, generation.silence(0.1, 96_000), subtype="PCM_16")
    assert main(["edit", str(high), "--highpass", "30000", "--quiet"]) == 0
    assert main(["edit", str(low), "--highpass", "30000", "--quiet"]) == 1
    assert main(["edit", str(high), "--limit", "5", "--quiet"]) == 1
    said = capsys.readouterr().err
    assert "30000" in said
    assert "ceiling_db" in said
