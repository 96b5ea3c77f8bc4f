"""The examples in the stubs, which editors show, run and give what they say."""

import ast
import doctest
import shutil
from pathlib import Path

import numpy as np
import pytest

import audio_samples
from audio_samples import AudioSamples
from audio_samples._demo import recording

STUBS = Path(audio_samples.__file__).parent.glob("*.pyi")


def examples():
    for stub in sorted(STUBS):
        for node in ast.walk(ast.parse(stub.read_text())):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Module)):
                text = ast.get_docstring(node)
                if text and ">>>" in text:
                    yield pytest.param(text, id=f"{stub.stem}-{getattr(node, 'name', 'module')}")


@pytest.mark.parametrize("text", list(examples()))
def test_an_example_gives_what_it_says(text, tmp_path, monkeypatch):
    shutil.copy(recording(), tmp_path / "recording.wav")
    monkeypatch.chdir(tmp_path)
    names = {"np": np, "audio_samples": audio_samples, "AudioSamples": AudioSamples}
    test = doctest.DocTestParser().get_doctest(text, names, "example", None, 0)
    said = []
    doctest.DocTestRunner(verbose=False).run(test, out=said.append)
    assert not said, "".join(said)
