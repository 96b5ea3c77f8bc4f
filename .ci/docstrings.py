"""Writes the docstrings of the built module into its stubs, for editors and the reference.

Rust's comments are the one source. `--check` changes nothing, names what differs, and exits with 1.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import sys
import types
from pathlib import Path

import audio_samples

PACKAGE = Path(__file__).resolve().parents[1] / "python" / "audio_samples"
STUBS = {
    "_audio_samples.pyi": audio_samples._audio_samples,
    "dsp.pyi": audio_samples.dsp,
    "generation.pyi": audio_samples.generation,
    "memory.pyi": audio_samples.memory,
}

Definition = ast.FunctionDef | ast.ClassDef


def text_of(found: object) -> str | None:
    """The docstring that the object itself has, without the indentation of its source."""
    text = getattr(found, "__doc__", None)
    if isinstance(found, types.MemberDescriptorType):
        return None
    return inspect.cleandoc(text) if text else None


def runtime(module: types.ModuleType, owner: ast.ClassDef | None, tree: ast.Module) -> object:
    """What has the names of a class, or the module's own.

    A class for type checkers alone stands for the first that has it as a base.
    """
    if owner is None:
        return module
    if not owner.name.startswith("_"):
        return getattr(module, owner.name)
    for other in tree.body:
        if isinstance(other, ast.ClassDef) and not other.name.startswith("_"):
            bases = {base.id for base in other.bases if isinstance(base, ast.Name)}
            if owner.name in bases:
                return getattr(module, other.name)
    return None


def wanted(module: types.ModuleType, tree: ast.Module) -> list[tuple[Definition, str | None]]:
    """Each public definition of a stub, the last of its overloads, with its docstring."""
    found: list[tuple[Definition, str | None]] = []
    owners = [None, *(node for node in tree.body if isinstance(node, ast.ClassDef))]
    for owner in owners:
        holder = runtime(module, owner, tree)
        last: dict[str, Definition] = {}
        for node in owner.body if owner else tree.body:
            if isinstance(node, Definition) and not node.name.startswith("_"):
                setter = any(isinstance(d, ast.Attribute) for d in node.decorator_list)
                if not setter:
                    last[node.name] = node
        for name, node in last.items():
            if holder is not None and hasattr(holder, name):
                found.append((node, text_of(getattr(holder, name))))
    return found


def rewritten(source: str, module: types.ModuleType) -> tuple[str, list[str]]:
    """The stub with those docstrings, and the names of those that had others or have none."""
    tree = ast.parse(source)
    lines, differing = source.splitlines(), []
    definitions = sorted(wanted(module, tree), key=lambda pair: pair[0].lineno, reverse=True)
    for node, text in definitions:
        if text == ast.get_docstring(node) and text:
            continue
        differing.append(node.name)
        if text is None:
            continue
        first = node.body[0]
        indent = " " * (node.col_offset + 4)
        text = text.replace("\\", "\\\\")
        written = "\n".join((indent + line).rstrip() for line in text.split("\n")).strip()
        closing = '"""' if "\n" not in text else f'\n{indent}"""'
        block = f'{indent}"""{written}{closing}'.split("\n")
        is_text = ast.get_docstring(node) is not None
        is_dots = isinstance(first, ast.Expr) and getattr(first.value, "value", None) is ...
        if is_text:
            lines[first.lineno - 1 : first.end_lineno] = block
        elif is_dots:
            line = lines[first.lineno - 1]
            head = (line[: first.col_offset] + line[first.end_col_offset :].lstrip()).rstrip()
            lines[first.lineno - 1 : first.lineno] = [head, *block]
        else:
            decorators = getattr(first, "decorator_list", [])
            at = min(one.lineno for one in [first, *decorators]) - 1
            lines[at:at] = [*block, ""]
    return "\n".join(lines) + "\n", differing


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing")
    options = parser.parse_args()
    failed = False
    for name, module in STUBS.items():
        path = PACKAGE / name
        text, differing = rewritten(path.read_text("utf-8"), module)
        if differing:
            failed = True
            print(f"{name}: {', '.join(reversed(differing))}")
        if not options.check:
            path.write_text(text, "utf-8")
    return int(failed and options.check)


if __name__ == "__main__":
    sys.exit(main())
