"""The command line on folders: which files, what it says, and that nothing is lost."""

import json
import os
import pkgutil
import shutil
import tomllib
from pathlib import Path

import numpy as np
import pytest
from elsewhere import program

import audio_samples
from audio_samples import AudioSamples, generation
from audio_samples._cli import main
from audio_samples._cli import program as program_of_the_package
from audio_samples._cli.sources import find, once
from audio_samples._demo import recording

DATA = Path(__file__).resolve().parents[2] / "data"


@pytest.fixture
def folder(tmp_path):
    """Three good files, one of them below, two damaged ones, and two that are no audio."""
    folder = tmp_path / "takes"
    (folder / "day 2").mkdir(parents=True)
    shutil.copy(recording(), folder / "a.wav")
    shutil.copy(DATA / "tabla.mp3", folder / "b.mp3")
    shutil.copy(DATA / "tabla.ogg", folder / "day 2" / "c.ogg")
    (folder / "cut.wav").write_bytes((recording()).read_bytes()[:20])
    audio_samples.write(folder / "spoilt.flac", audio_samples.read(recording()))
    content = bytearray((folder / "spoilt.flac").read_bytes())
    content[len(content) // 2 : len(content) // 2 + 64] = bytes(64)
    (folder / "spoilt.flac").write_bytes(content)
    (folder / "notes.txt").write_text("not audio")
    (folder / "._a.wav").write_text("what another system leaves behind")
    return folder


def all_below(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def told(capsys, *arguments, status=0):
    assert main([*map(str, arguments), "--json"]) == status
    return json.loads(capsys.readouterr().out)


def test_a_broken_file_costs_one_file(folder, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["convert", str(folder), "--out", str(out), "--format", "flac"]) == 1
    assert all_below(out) == {"a.flac", "b.flac", "day 2/c.flac"}
    spoken = capsys.readouterr()
    assert spoken.err.count("failed: ") == 2
    assert "cut.wav" in spoken.err
    assert "spoilt.flac" in spoken.err
    assert spoken.err.endswith("3 done, 2 failed\n")
    assert f"{folder / 'a.wav'} -> {out / 'a.flac'}\n" in spoken.out


def test_json_has_every_file_with_what_became_of_it(folder, tmp_path, capsys):
    document = told(capsys, "gain", folder, "--db", "-6", "--out", tmp_path / "out", status=1)
    assert (document["command"], document["done"], document["failed"]) == ("gain", 3, 2)
    files = {Path(file["source"]).name: file for file in document["files"]}
    assert {name: file["status"] for name, file in files.items()} == {
        "a.wav": "done",
        "b.mp3": "done",
        "c.ogg": "done",
        "cut.wav": "failed",
        "spoilt.flac": "failed",
    }
    assert files["c.ogg"]["target"] == str(tmp_path / "out" / "day 2" / "c.wav")
    assert "frame" in files["spoilt.flac"]["error"]
    assert [file["source"] for file in document["files"]] == sorted(
        (file["source"] for file in document["files"]), key=lambda name: ("day 2" in name, name)
    )


@pytest.mark.parametrize(
    "command",
    [
        ["convert", "--format", "flac"],
        ["resample", "--rate", "16000"],
        ["gain", "--db", "-3"],
        ["normalize", "--lufs", "-20"],
        ["fade", "--fade-in", "0.1"],
        ["trim", "--silence"],
        ["plot"],
    ],
    ids=lambda command: command[0],
)
def test_a_dry_run_writes_nothing(folder, tmp_path, capsys, command):
    name, *options = command
    out = tmp_path / "out"
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*.*")}
    document = told(capsys, name, folder, *options, "--out", out, "--dry-run", status=1)
    assert {file["status"] for file in document["files"]} == {"planned", "failed"}
    assert not out.exists()
    if name in ("gain", "normalize", "fade"):
        told(capsys, name, folder / "a.wav", *options, "--in-place", "--dry-run")
    after = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*.*")}
    assert after == before


def test_nothing_is_overwritten_without_force(folder, tmp_path, capsys):
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.wav").write_text("mine")
    convert = ["convert", str(folder / "a.wav"), "--out", str(out)]
    for extra in ([], ["--dry-run"]):
        assert main([*convert, *extra]) == 1
        assert "a.wav is there; --force overwrites it" in capsys.readouterr().err
    assert (out / "a.wav").read_text() == "mine"
    assert main(["plot", str(folder / "a.wav"), "-o", str(out / "a.wav")]) == 1
    assert (out / "a.wav").read_text() == "mine"
    assert main([*convert, "--force"]) == 0
    assert np.array_equal(audio_samples.read(out / "a.wav"), audio_samples.read(folder / "a.wav"))
    assert all_below(out) == {"a.wav"}


def test_a_failure_leaves_the_old_file_although_it_is_forced(folder, tmp_path):
    old = tmp_path / "old.wav"
    old.write_text("mine")
    assert main(["convert", str(folder / "spoilt.flac"), "-o", str(old), "--force"]) == 1
    assert old.read_text() == "mine"
    assert all_below(tmp_path) == {"old.wav", *(f"takes/{name}" for name in all_below(folder))}


def test_files_of_one_name_keep_their_endings(tmp_path, capsys):
    for source in (DATA / "tabla.mp3", DATA / "tabla.ogg", recording()):
        shutil.copy(source, tmp_path / f"t{source.suffix}")
    out = tmp_path / "out"
    assert main(["convert", str(tmp_path), "--out", str(out)]) == 0
    assert all_below(out) == {"t.mp3.wav", "t.ogg.wav", "t.wav"}
    capsys.readouterr()
    # Another one of the same name from elsewhere has no place left.
    (tmp_path / "more").mkdir()
    shutil.copy(recording(), tmp_path / "more" / "t.wav")
    both = [tmp_path / "t.wav", tmp_path / "more" / "t.wav"]
    document = told(capsys, "convert", *both, "--out", tmp_path / "two", status=1)
    assert [file["status"] for file in document["files"]] == ["done", "failed"]
    assert "already" in document["files"][1]["error"]


def test_no_file_of_the_run_is_overwritten_by_another(tmp_path, capsys):
    shutil.copy(recording(), tmp_path / "a.wav")
    (tmp_path / "sub").mkdir()
    shutil.copy(recording(), tmp_path / "sub" / "a.wav")
    given = [tmp_path / "a.wav", tmp_path / "sub" / "a.wav"]
    document = told(
        capsys, "gain", *given, "--db", "-6", "--out", tmp_path / "sub", "--force", status=1
    )
    assert {file["status"] for file in document["files"]} == {"failed"}
    assert (tmp_path / "sub" / "a.wav").read_bytes() == (recording()).read_bytes()


def test_a_second_run_takes_nothing_of_the_first(folder, capsys):
    out = folder / "out"
    for _ in range(2):
        document = told(capsys, "convert", folder, "--out", out, "--force", status=1)
        assert len(document["files"]) == 5
    assert all_below(out) == {"a.wav", "b.wav", "day 2/c.wav"}


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.wav", ["a.wav", "cut.wav"]),
        ("**/*.o*", ["day 2/c.ogg"]),
        ("**/?.*", ["a.wav", "b.mp3", "day 2/c.ogg"]),
        ("", ["a.wav", "b.mp3", "cut.wav", "spoilt.flac", "day 2/c.ogg"]),
        ("notes.txt", ["notes.txt"]),
    ],
)
def test_files_folders_and_patterns(folder, pattern, found):
    sources = find([str(folder / pattern)])
    assert [source.path.relative_to(folder).as_posix() for source in sources] == found
    if pattern != "notes.txt":
        assert [source.below.as_posix() for source in sources] == found
    both = once(find([str(folder / pattern), str(folder)]))
    assert [source.path for source in both][: len(found)] == [folder / name for name in found]
    assert len(both) == len({*found, *all_audio(folder)})


def all_audio(folder):
    return {name for name in all_below(folder) if name not in ("notes.txt", "._a.wav")}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("none.wav", "No such file"),
        ("*.xyz", "no file has a name of this pattern"),
        ("empty", "a folder without audio files"),
        ("notes.txt", "no format that is read"),
    ],
)
def test_what_is_not_there_is_one_failure(folder, capsys, name, reason):
    (folder / "empty").mkdir()
    document = told(capsys, "info", folder / name, folder / "a.wav", status=1)
    assert (document["done"], document["failed"]) == (1, 1)
    assert reason in document["files"][0]["error"]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["polish", "a.wav"],
        ["info"],
        ["gain", "a.wav", "--out", "x"],
        ["gain", "a.wav", "--db", "loud", "--out", "x"],
        ["gain", "a.wav", "--db", "nan", "--out", "x"],
        ["gain", "a.wav", "--db", "-3"],
        ["gain", "a.wav", "--db", "-3", "--out", "x", "-o", "y"],
        ["convert", "a.wav", "b.mp3", "-o", "x.wav"],
        ["convert", "a.wav", "-o", "x.wav", "--channels", "0"],
        ["convert", "a.wav", "-o", "x.wav", "--in-place"],
        ["convert", "a.wav", "-o", "x.wav", "--jobs", "0"],
        ["normalize", "a.wav", "-o", "x.wav", "--peak", "-1", "--lufs", "-16"],
        ["normalize", "a.wav", "-o", "x.wav", "--ceiling", "-1"],
        ["fade", "a.wav", "-o", "x.wav"],
        ["fade", "a.wav", "-o", "x.wav", "--fade-in", "-1"],
        ["trim", "a.wav", "-o", "x.wav"],
        ["trim", "a.wav", "-o", "x.wav", "--silence", "--start", "1"],
    ],
)
def test_wrong_usage_is_2_and_writes_nothing(folder, monkeypatch, capsys, arguments):
    monkeypatch.chdir(folder)
    before = all_below(folder)
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: audio-samples" in capsys.readouterr().err
    assert all_below(folder) == before


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_two_hundred_files(tmp_path, capsys, jobs):
    many = tmp_path / "many"
    many.mkdir()
    for at in range(200):
        if at % 50 == 7:
            (many / f"{at:03}.wav").write_bytes(b"RIFF....WAVE")
        else:
            tone = generation.sine_wave(100 + at, 0.01, 8_000, amplitude=0.5)
            audio_samples.write(many / f"{at:03}.wav", tone, subtype="PCM_16")
    out = tmp_path / "out"
    document = told(
        capsys, "normalize", many, "--peak", "-6", "--out", out, "--jobs", jobs, status=1
    )
    assert (document["done"], document["failed"]) == (196, 4)
    assert [Path(file["source"]).name for file in document["files"]] == sorted(
        path.name for path in many.iterdir()
    )
    peaks = [audio.peak(db=True) for audio in audio_samples.read_many(sorted(out.iterdir()))]
    assert len(peaks) == 196
    np.testing.assert_allclose(peaks, -6, atol=0.001)


def test_clipping_is_told_of_the_file_that_it_is_in(tmp_path, capsys):
    for name, level in (("loud", 0.9), ("soft", 0.1)):
        tone = generation.sine_wave(440, 0.1, 8_000, amplitude=level)
        audio_samples.write(tmp_path / f"{name}.wav", tone, subtype="PCM_16")
    document = told(capsys, "gain", tmp_path, "--db", "6", "--out", tmp_path / "out")
    loud, soft = document["files"]
    assert "clipped" in loud["warnings"][0]
    assert "warnings" not in soft
    assert main(["gain", str(tmp_path / "loud.wav"), "--db", "6", "--in-place"]) == 0
    assert "warning: " in capsys.readouterr().err


def test_quiet_says_what_failed_only(folder, tmp_path, capsys):
    assert main(["convert", str(folder / "a.wav"), "-o", str(tmp_path / "x.wav"), "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")
    assert main(["info", str(folder), "--quiet"]) == 1
    spoken = capsys.readouterr()
    assert spoken.out == ""
    assert "cut.wav" in spoken.err


def test_no_terminal_no_bar(folder, tmp_path, capsys):
    main(["convert", str(folder), "--out", str(tmp_path / "out")])
    assert "\r" not in capsys.readouterr().err


def test_a_bar_on_a_terminal_counts_to_the_end(folder, tmp_path, capsys, monkeypatch):
    from audio_samples._cli import report

    def absent(name):
        raise ImportError(name)

    monkeypatch.setattr(report, "import_module", absent)
    monkeypatch.setattr(report.sys.stderr, "isatty", lambda: True, raising=False)
    main(["convert", str(folder), "--out", str(tmp_path / "out")])
    err = capsys.readouterr().err
    assert "0/5 files" in err
    assert f"\r[{'#' * 30}] 5/5 files\n" in err


def test_letters_that_a_terminal_would_obey_are_escaped(tmp_path, capsys):
    path = tmp_path / "a\x1b[31m.wav"
    audio_samples.write(path, AudioSamples.zeros(8, 8_000))
    assert main(["gain", str(path), "--db", "1", "--out", str(tmp_path / "out")]) == 0
    assert main(["convert", str(path / "none.wav"), "--out", str(tmp_path / "out")]) == 1
    spoken = capsys.readouterr()
    assert "\x1b" not in spoken.out + spoken.err


@pytest.mark.skipif(os.name != "posix", reason="a device by its path")
def test_a_device_is_no_file_that_is_overwritten(folder):
    assert main(["convert", str(folder / "a.wav"), "--format", "wav", "-o", "/dev/null"]) == 0


def test_the_script_of_the_package_is_the_program():
    with (DATA.parents[1] / "pyproject.toml").open("rb") as file:
        scripts = tomllib.load(file)["project"]["scripts"]
    assert list(scripts) == ["audio-samples"]
    assert pkgutil.resolve_name(scripts["audio-samples"]) is program_of_the_package


def test_the_program_by_name_and_as_a_module(folder):
    for arguments in (["--version"], ["info", str(folder / "a.wav")]):
        assert program("-m", "audio_samples", *arguments)
    code = "import sys; from audio_samples._cli import program; sys.exit(program())"
    assert program("-c", code, "--version") == audio_samples.__version__
    for command in ("info", "convert", "resample", "gain", "normalize", "fade", "trim", "plot"):
        assert "example:\n" in program("-m", "audio_samples", command, "--help")


def test_an_ending_of_no_format_that_is_written_is_refused(tmp_path, capsys):
    target = tmp_path / "y.mp3"
    assert main(["convert", str(recording()), "-o", str(target)]) == 1
    assert "ends in .mp3; they are wav, rf64, aiff, flac" in capsys.readouterr().err
    assert not target.exists()
    assert main(["convert", str(recording()), "-o", str(target), "--format", "flac"]) == 0
    assert target.read_bytes()[:4] == b"fLaC"
