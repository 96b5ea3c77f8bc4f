"""The scripts and the notebook among the pages, on the recording that comes along."""

import importlib.util
import json
import runpy
import shutil
from pathlib import Path

import numpy as np
import pytest

import audio_samples
from audio_samples._demo import recording

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = ROOT / "docs" / "examples"


def run(name, *arguments):
    """The exit status of a script's `main`."""
    return runpy.run_path(str(EXAMPLES / name))["main"]([str(one) for one in arguments])


def test_the_port_gives_what_the_script_gave(tmp_path, capsys):
    assert run("port_of_a_soundfile_script.py", recording(), "--out", tmp_path) == 0
    before, after = (
        audio_samples.read(tmp_path / f"{name}.wav", dtype="float64")
        for name in ("before", "after")
    )
    assert before.shape == after.shape
    assert (before - after).peak() <= 1.5 / 2**23
    assert "steps of 24 bits" in capsys.readouterr().out


def test_a_folder_of_podcasts_is_prepared_but_for_what_is_broken(tmp_path, capsys):
    talks, speech = tmp_path / "talks", tmp_path / "speech"
    talks.mkdir()
    shutil.copy(recording(), talks / "a.wav")
    for ending in ("mp3", "ogg", "m4a"):
        shutil.copy(ROOT / "tests" / "data" / f"tabla.{ending}", talks)
    (talks / "cut.wav").write_bytes(recording().read_bytes()[:3_000])
    assert run("podcast_folder.py", talks, "--out", speech) == 1
    said = capsys.readouterr().out
    assert "not read: " in said
    assert "cut.wav" in said
    made = sorted(speech.iterdir())
    assert [path.name for path in made] == [
        "awav.flac", "tablam4a.flac", "tablamp3.flac", "tablaogg.flac",
    ]  # fmt: skip
    for path in made:
        audio = audio_samples.read(path)
        assert (audio.sample_rate, audio.num_channels) == (16_000, 1)
        # The limiter turns some of it down.
        assert -20 < audio.loudness() < -15.5
        assert audio.peak(db=True) <= -1 + 1e-3


def test_a_dataset_names_what_it_needs_or_gives_batches(capsys):
    status = run("pytorch_dataset.py", recording())
    if importlib.util.find_spec("torch") is None:
        assert status == 2
        assert "pip install torch" in capsys.readouterr().err
    else:
        assert status == 0
        assert "(2, 16000) (2, 80, 101)" in capsys.readouterr().out


def test_a_large_file_is_changed_where_it_lies(tmp_path, capsys):
    assert run("edit_two_gigabytes.py", recording(), "--out", tmp_path, "--gigabytes", 0.01) == 0
    whole = audio_samples.read(recording())
    halved = audio_samples.read(tmp_path / "floats.wav", frames=len(whole))
    assert np.array_equal(halved, whole * np.float32(0.5))
    faded = audio_samples.read(tmp_path / "24-bits.wav")
    assert faded.channel(0)[0] == 0
    assert abs(faded.channel(0)[-1]) < 1e-3
    assert "halved in" in capsys.readouterr().out


def test_blocks_in_real_time_are_the_whole_late(tmp_path, capsys):
    assert run("realtime_blocks.py", recording(), "--out", tmp_path / "live.wav") == 0
    assert "latency: 88 frames" in capsys.readouterr().out
    assert audio_samples.read(tmp_path / "live.wav").peak(db=True) <= -1 + 1e-4


def test_the_cells_of_the_notebook_run_one_after_the_other(tmp_path, monkeypatch):
    shutil.copy(recording(), tmp_path / "recording.wav")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    notebook = json.loads((EXAMPLES / "compare_takes.ipynb").read_text("utf-8"))
    names: dict[str, object] = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            exec("".join(cell["source"]), names)
    assert names["audio"].loudness() > names["before"].loudness() + 6


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.glob("*.py")))
def test_a_script_is_on_the_page(name):
    assert f"literalinclude}} {name}" in (EXAMPLES / "index.md").read_text("utf-8")
