"""The examples run, and leave what they say: files, rates, levels and bits."""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import audio_samples
from audio_samples._demo import recording

EXAMPLES = Path(__file__).resolve().parents[3] / "docs" / "examples"
RECORDING = recording()


def run(name, *arguments, status=0):
    """A script by itself, as its reader runs it: what it printed, and what it complained of."""
    command = [sys.executable, "-W", "error", EXAMPLES / name, *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == status, ended.stderr
    return ended.stdout, ended.stderr


def test_the_port_leaves_the_samples_of_the_script(tmp_path):
    said, _ = run("port_of_a_soundfile_script.py", "--out", tmp_path)
    assert "steps of 24 bits" in said
    before, after = (tmp_path / "before.wav", tmp_path / "after.wav")
    for path in (before, after):
        info = audio_samples.info(path)
        assert (info.subtype, info.sample_rate, info.num_channels) == ("PCM_24", 44_100, 2)
    assert audio_samples.info(before).frames == audio_samples.info(after).frames < 110_250
    audio = audio_samples.read(after)
    assert audio.peak(db=True) == pytest.approx(-1, abs=1e-5)
    assert not audio[0].any()
    assert not audio[-1].any()
    assert np.abs(np.subtract(audio, audio_samples.read(before))).max() <= 2**-23


def test_the_folder_becomes_segments_of_one_loudness_and_names_the_broken_file(tmp_path):
    said, progress = run("podcast_folder.py", "--out", tmp_path)
    names = {path.name for path in (tmp_path / "podcasts").iterdir()}
    assert {"monday.wav", "tuesday.flac", "wednesday.aiff", "thursday.mp3"} < names
    assert f"{len(names)} of {len(names)} files read" in progress
    assert f"{len(names) - 1} files in" in said
    loudness = [float(told) for told in re.findall(r"(\S+) LUFS", said)]
    assert loudness == pytest.approx([-16] * (len(names) - 1), abs=0.15)
    last = said.splitlines()[-1]
    assert "upload-that-failed.wav" in last
    assert "cut short" in last

    by_source = {}
    for path in sorted((tmp_path / "speech").iterdir()):
        info = audio_samples.info(path)
        facts = (info.format, info.subtype, info.sample_rate, info.num_channels)
        assert facts == ("FLAC", "PCM_16", 16_000, 1)
        assert info.tags["title"] in names
        by_source.setdefault(info.tags["title"], []).append(audio_samples.read(path))
    assert set(by_source) == names - {"upload-that-failed.wav"}
    for segments in by_source.values():
        assert len(segments) > 1
        whole = audio_samples.concatenate(segments)
        # Without its silences a recording is a little louder.
        assert -16.2 < whole.loudness() < -15
        assert whole.peak(db=True) < -0.99


def test_a_recording_alone_is_enough_for_the_folder(tmp_path):
    elsewhere = tmp_path / "docs" / "examples"
    elsewhere.mkdir(parents=True)
    shutil.copy(EXAMPLES / "podcast_folder.py", elsewhere)
    said, _ = run(elsewhere / "podcast_folder.py", RECORDING, "--out", tmp_path)
    assert "3 files in" in said
    assert "1 broken" in said


def test_the_dataset_gives_batches_or_names_what_it_needs(tmp_path):
    if importlib.util.find_spec("torch") is None:
        _, complaint = run("pytorch_dataset.py", "--out", tmp_path, status=2)
        assert complaint == "this example needs PyTorch: pip install torch\n"
        return
    import torch

    said, _ = run("pytorch_dataset.py", "--out", tmp_path)
    assert "2 workers" in said
    batches = torch.load(tmp_path / "batches.pt")
    assert sum(len(samples) for samples, _ in batches) == 14
    # The crops came in another order: each is found again by its samples.
    whole = audio_samples.read(RECORDING, sample_rate=16_000, channels=1)
    first = audio_samples.read(RECORDING, frames=44_100, sample_rate=16_000, channels=1).to_numpy()
    rows = [row for samples, _ in batches for row in samples.numpy()]
    assert sum(np.array_equal(row, first) for row in rows) == 2  # of WAV and of FLAC
    assert all(np.abs(row).max() <= whole.peak() + 0.01 for row in rows)
    for samples, features in batches:
        assert features.shape == (len(samples), 64, 101)
        for row, bands in zip(samples, features, strict=True):
            clip = audio_samples.AudioSamples.from_torch(row, 16_000)
            assert np.array_equal(bands, clip.mel(64, n_fft=400, hop=160, db=True))


def test_the_files_are_halved_and_faded_where_they_lie(tmp_path):
    said, _ = run("edit_two_gigabytes.py", "--out", tmp_path, "--seconds", "6")
    assert "open: 2 MB in " in said
    assert "edit: 2 MB in " in said
    original = audio_samples.read(RECORDING)
    source = audio_samples.concatenate([original] * 3)[: 6 * 44_100]
    expected = source.scale(0.5).fade_in(2).fade_out(2)
    mapped = audio_samples.read(tmp_path / "floats.wav")
    edited = audio_samples.read(tmp_path / "24-bits.wav")
    assert audio_samples.info(tmp_path / "24-bits.wav").subtype == "PCM_24"
    assert np.array_equal(mapped, expected)
    assert (edited - expected).peak() <= 2**-23
    # Between the fades.
    assert mapped[88_200:176_400].peak() == source[88_200:176_400].peak() / 2


def test_blocks_of_a_sound_card_give_the_bits_of_the_whole(tmp_path):
    said, _ = run("realtime_blocks.py", "--out", tmp_path)
    assert "216 blocks of 512 frames, 11.61 ms each" in said
    assert "latency: 88 frames, 2.00 ms" in said
    assert "allocated meanwhile: 0 buffers of samples" in said
    played = audio_samples.read(tmp_path / "played.wav")
    original = audio_samples.read(RECORDING)
    assert played.shape == original.shape
    assert played.peak(db=True) <= -1
    assert played.loudness() > original.loudness()


def test_the_cells_of_the_notebook_run_in_their_order(monkeypatch):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    monkeypatch.chdir(EXAMPLES)
    path = EXAMPLES / "compare_takes.ipynb"
    notebook = json.loads(path.read_text("utf-8"))
    assert notebook["nbformat"] == 4
    names = {"__name__": "notebook"}
    before = set(plt.get_fignums())
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None
            code = "".join(cell["source"])
            exec(compile(code, f"{path.name}, {cell['id']}", "exec"), names)
    drawn = set(plt.get_fignums()) - before
    for number in drawn:
        plt.close(number)
    assert len(drawn) == 3
    assert names["lag"] == round(0.025 * 44_100)
    assert names["aligned"].loudness() == pytest.approx(names["first"].loudness())
    assert names["difference"].rms(db=True) < names["left"].rms(db=True) - 15
    assert "<audio controls" in names["first"]._repr_html_()


def test_every_example_is_in_the_index():
    index = (EXAMPLES / "index.md").read_text("utf-8")
    for path in EXAMPLES.iterdir():
        if path.suffix == ".py":
            assert f"{{literalinclude}} {path.name}\n:language: python\n" in index
        elif path.suffix == ".ipynb":
            assert f"{{download}}`{path.name}`" in index
