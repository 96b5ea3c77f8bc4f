"""The Python examples of the README and of all pages run as they stand, each by itself."""

import re
import shutil
from pathlib import Path

import pytest

from audio_samples._demo import recording

ROOT = Path(__file__).resolve().parents[3]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def name_of(page: Path) -> str:
    """A page's path, for there are two of some names."""
    return page.relative_to(ROOT).as_posix()


def examples() -> list[tuple[Path, str, int, str]]:
    """Page, heading, line and text of each block marked as Python."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for block in PYTHON.finditer(text):
            heading = re.findall(r"^#+ (.*)$", text[: block.start()], re.MULTILINE)[-1]
            line = text.count("\n", 0, block.start(1))
            found.append((page, heading, line, block.group(1)))
    return found


EXAMPLES = examples()


def test_the_pages_have_examples() -> None:
    assert len({page for page, *_ in EXAMPLES}) >= 12
    assert len(EXAMPLES) >= 50


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_block_of_a_page_is_closed(page: Path) -> None:
    # A fence that is missing, or that is not at the margin, would hide an example from the run.
    text = page.read_text(encoding="utf-8")
    assert len(re.findall(r"^```", text, re.MULTILINE)) % 2 == 0
    assert len(re.findall(r"^\s*```python", text, re.MULTILINE)) == len(PYTHON.findall(text))


@pytest.mark.parametrize(
    ("page", "line", "code"),
    [
        pytest.param(page, line, code, id=f"{name_of(page)}: {heading}, line {line}")
        for page, heading, line, code in EXAMPLES
    ],
)
def test_an_example_runs(
    page: Path, line: int, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(recording(), tmp_path / "recording.wav")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    # Blank lines in front let a traceback name the page's own line.
    exec(compile("\n" * line + code, str(page), "exec"), {"__name__": "example"})


def test_the_first_frame_of_an_error_names_the_pages_line() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        exec(compile("\n" * 6 + "1 / 0\n", str(PAGES[0]), "exec"), {})
    assert caught.traceback[-1].lineno == 6


@pytest.mark.parametrize("needle", ["-m audio_samples demo", "-m pytest"])
def test_a_command_of_the_readme_is_one_line_that_makes_its_own_environment(needle: str) -> None:
    commands = re.findall(r"^```sh\n(.*?)^```$", PAGES[0].read_text("utf-8"), re.M | re.S)
    [command] = [command for command in commands if needle in command]
    assert command.count("\n") == 1
    assert command.startswith("python3 -m venv .venv && ")


def test_the_readme_is_one_screen() -> None:
    assert len(PAGES[0].read_text("utf-8").splitlines()) <= 200


def test_a_link_leads_to_a_file() -> None:
    for page in PAGES:
        for link in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"
