"""Writes THIRD-PARTY-NOTICES.txt: what is linked into the module, and under which terms.

`--check` changes nothing and exits with 1 if the file is not what `Cargo.lock` and the crates say.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
NOTICES = ROOT / "THIRD-PARTY-NOTICES.txt"
# Of several licences that a crate may be used under, the first of these that it offers.
PREFERRED = [
    "MIT",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "Zlib",
    "Apache-2.0 WITH LLVM-exception",
    "Apache-2.0",
    "MPL-2.0",
]
HEAD = """\
THIRD-PARTY NOTICES

The compiled module of audio_samples contains the crates below. Each is used under the licence that
stands behind it; the texts follow. The source of each, those of MPL-2.0 included, is at the address
given, and is unchanged.
"""
RULE = "\n" + 80 * "-" + "\n"


def linked() -> list[dict[str, Any]]:
    """The crates that are linked into the module, on any system, by name."""
    command = ["cargo", "metadata", "--format-version", "1", "--locked"]
    graph = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
    packages = {package["id"]: package for package in graph["packages"]}
    nodes = {node["id"]: node for node in graph["resolve"]["nodes"]}
    [root] = [one for one in packages.values() if one["name"] == "audio_samples"]
    found: set[str] = set()
    waiting = [root["id"]]
    while waiting:
        one = waiting.pop()
        kinds = {kind for target in packages[one]["targets"] for kind in target["kind"]}
        # A procedural macro runs in the compiler.
        if one in found or "proc-macro" in kinds:
            continue
        found.add(one)
        for dependency in nodes[one]["deps"]:
            if any(kind["kind"] is None for kind in dependency["dep_kinds"]):
                waiting.append(dependency["pkg"])
    others = [packages[one] for one in found - {root["id"]}]
    return sorted(others, key=lambda package: (package["name"], package["version"]))


def licence_of(package: dict[str, Any]) -> str:
    """The licence that the crate is used under: one that it offers, or all that it demands."""
    expression = package["license"].replace("/", " OR ")
    if " AND " in expression:
        return str(expression)
    offered = [one.strip() for one in expression.split(" OR ")]
    return next(one for one in PREFERRED if one in offered)


def text_of(package: dict[str, Any], licence: str) -> str | None:
    """The text of that licence in the crate's own files, with its copyright."""
    folder = Path(package["manifest_path"]).parent
    names = [path for path in sorted(folder.iterdir()) if path.is_file()]
    names = [path for path in names if re.match(r"(?i)(licen[cs]e|copying|notice)", path.name)]
    short = licence.split("-")[0].split(" ")[0].lower()
    own = [path for path in names if short in path.name.lower()]
    general = [path for path in names if not re.search(r"(?i)apache|mit|zlib|bsd", path.name)]
    chosen = own or general or names
    if not chosen:
        return None
    return "\n\n".join(path.read_text("utf-8", errors="replace").strip() for path in chosen)


def notices() -> str:
    """The whole file."""
    texts: dict[str, list[str]] = {}
    rows = []
    for package in linked():
        licence, name = licence_of(package), f"{package['name']} {package['version']}"
        source = package["repository"] or package["homepage"] or "its package"
        rows.append(f"{name}: {licence}; {source}")
        text = text_of(package, licence)
        if text is None:
            authors = ", ".join(package["authors"]) or "its authors"
            text = f"Copyright {authors}. The package has no text of its licence, {licence}."
        text = "\n".join(line.rstrip() for line in text.splitlines())
        texts.setdefault(text, []).append(name)
    parts = [HEAD + "\n" + "\n".join(rows) + "\n"]
    parts += [f"{', '.join(names)}\n\n{text}\n" for text, names in texts.items()]
    return RULE.join(parts)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="change nothing; 1 if the file differs"
    )
    options = parser.parse_args()
    text = notices()
    if not options.check:
        NOTICES.write_text(text, "utf-8")
        return 0
    if NOTICES.is_file() and NOTICES.read_text("utf-8") == text:
        return 0
    print(f"{NOTICES.name} is not what Cargo.lock says: run `python .ci/notices.py`")
    return 1


if __name__ == "__main__":
    sys.exit(main())
