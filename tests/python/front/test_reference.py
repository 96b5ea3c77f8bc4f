"""The reference names all that is public, once, and every name has a docstring."""

import inspect
import re
from pathlib import Path

import pytest

import audio_samples
from audio_samples import AudioSamples, dsp, generation, memory, plotting

REFERENCE = Path(__file__).resolve().parents[3] / "docs" / "reference"
# What pictures of one's own are made of: colours, and the envelope of a waveform.
PARTS = {"FILL", "GHOST", "TRACE", "Envelope", "envelope", "draw_envelope"}
NOT_NAMES = {"dsp", "generation", "memory", "__version__"}


def listed():
    """The full names on all pages."""
    found = []
    for page in REFERENCE.glob("*.rst"):
        found += re.findall(r"^\.\. autoapi\w+:: audio_samples\.(\S+)$", page.read_text(), re.M)
    return found


def members():
    methods = [
        f"AudioSamples.{name}"
        for name, found in vars(AudioSamples).items()
        if not name.startswith("_") and not type(found).__module__.endswith("_foreign")
    ]
    modules = {"dsp": dsp, "generation": generation, "memory": memory, "plotting": plotting}
    inside = [
        f"{module}.{name}"
        for module, found in modules.items()
        for name in found.__all__
        if name not in PARTS
    ]
    return [*(name for name in audio_samples.__all__ if name not in NOT_NAMES), *inside, *methods]


def test_no_name_stands_there_twice():
    names = listed()
    assert len(names) == len(set(names)) > 200


@pytest.mark.parametrize("name", sorted(members()))
def test_a_public_name_is_in_the_reference_and_has_a_docstring(name):
    assert name in listed()
    found = audio_samples
    for part in name.split("."):
        found = getattr(found, part)
    assert len(inspect.getdoc(found) or "") > 10
