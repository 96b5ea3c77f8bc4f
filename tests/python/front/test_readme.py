"""The Python examples of the README and of the pages run as they stand, each by itself."""

import re
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("**/*.md"))]

PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def examples(page: Path) -> list[tuple[str, int, str]]:
    """Heading, line and text of each block marked as Python."""
    text = page.read_text(encoding="utf-8")
    found = []
    for block in PYTHON.finditer(text):
        headings = re.findall(r"^#+ (.*)$", text[: block.start()], re.MULTILINE)
        line = text.count("\n", 0, block.start(1))
        found.append((headings[-1] if headings else "", line, block.group(1)))
    return found


EXAMPLES = [(page, *example) for page in PAGES for example in examples(page)]


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 10


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_block_of_a_page_is_closed(page: Path) -> None:
    # A fence that is missing, or that is not at the margin, would hide an example from the run.
    text = page.read_text(encoding="utf-8")
    assert len(re.findall(r"^```", text, re.MULTILINE)) % 2 == 0
    assert len(re.findall(r"^\s*```python", text, re.MULTILINE)) == len(PYTHON.findall(text))


@pytest.mark.parametrize(
    ("page", "line", "code"),
    [
        pytest.param(
            page, line, code, id=f"{page.relative_to(ROOT).as_posix()}: {heading}, line {line}"
        )
        for page, heading, line, code in EXAMPLES
    ],
)
def test_an_example_runs(
    page: Path, line: int, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(ROOT / "tests" / "data" / "tabla.wav", tmp_path / "recording.wav")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    # Blank lines in front let a traceback name the page's own line.
    exec(compile("\n" * line + code, str(page), "exec"), {"__name__": "readme"})


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
