"""The README's Python examples run as they stand, each by itself."""

import re
import shutil
from pathlib import Path

import pytest

from audio_samples._demo import recording

ROOT = Path(__file__).resolve().parents[3]
README = ROOT / "README.md"


def examples() -> list[tuple[str, int, str]]:
    """Heading, line and text of each block marked as Python."""
    text = README.read_text(encoding="utf-8")
    found = []
    for block in re.finditer(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        heading = re.findall(r"^#+ (.*)$", text[: block.start()], re.MULTILINE)[-1]
        line = text.count("\n", 0, block.start(1))
        found.append((heading, line, block.group(1)))
    return found


EXAMPLES = examples()


def test_the_readme_has_examples() -> None:
    assert len(EXAMPLES) >= 10


@pytest.mark.parametrize(
    ("line", "code"),
    [pytest.param(line, code, id=f"{heading}, line {line}") for heading, line, code in EXAMPLES],
)
def test_an_example_runs(
    line: int, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(recording(), tmp_path / "recording.wav")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    # Blank lines in front let a traceback name the README's own line.
    exec(compile("\n" * line + code, str(README), "exec"), {"__name__": "readme"})


def test_the_first_frame_of_an_error_names_the_readmes_line() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        exec(compile("\n" * 6 + "1 / 0\n", str(README), "exec"), {})
    assert caught.traceback[-1].lineno == 6


@pytest.mark.parametrize("needle", ["-m audio_samples demo", "-m pytest"])
def test_a_command_of_the_readme_is_one_line_that_makes_its_own_environment(needle: str) -> None:
    commands = re.findall(r"^```sh\n(.*?)^```$", README.read_text("utf-8"), re.M | re.S)
    [command] = [command for command in commands if needle in command]
    assert command.count("\n") == 1
    assert command.startswith("python3 -m venv .venv && ")
