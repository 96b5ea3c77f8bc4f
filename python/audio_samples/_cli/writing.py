"""One file through a plan, into its target or where it lies."""

import argparse
import math
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from .._audio_samples import AudioInfo, dsp, edit, info, write
from .batch import Work
from .report import Outcome
from .sources import Source
from .steps import Plan, Planner, blocks_of
from .targets import FORMATS, format_of, keeps_chunks, subtype_of, tags_of, targets_of


def work_of(planner: Planner, options: argparse.Namespace, sources: Sequence[Source]) -> Work:
    """The function that a batch calls for each source."""
    if getattr(options, "in_place", False):
        return lambda source: _in_place(source, planner, options)
    wanted = getattr(options, "format", None)
    targets = targets_of(sources, options, FORMATS[wanted] if wanted else None)
    first: dict[Path, Path] = {}
    for source, target in targets.items():
        first.setdefault(target.absolute(), source)
    read = {source.path.resolve(): source.path for source in sources}

    def work(source: Source) -> Outcome:
        target = targets[source.path]
        other = first[target.absolute()]
        if other != source.path:
            raise FileExistsError(f"'{source.path}': {other} is written to {target} already")
        if read.get(target.resolve(), source.path) != source.path:
            raise FileExistsError(
                f"'{source.path}': its target, {target}, is one of the files that are read"
            )
        # A device or a pipe is there, and nothing of it is lost.
        if not options.force and (target.is_file() or target.is_dir()):
            raise FileExistsError(f"'{source.path}': {target} is there; --force overwrites it")
        told = info(source.path)
        plan = planner(source.path, told)
        if not options.dry_run:
            _write(source.path, target, plan, told, options)
        return Outcome(source.path, target, facts=plan.facts)

    return work


def _write(
    path: Path, target: Path, plan: Plan, told: AudioInfo, options: argparse.Namespace
) -> None:
    kind = format_of(target, getattr(options, "format", None))
    subtype = getattr(options, "subtype", None) or subtype_of(told, kind)
    how = getattr(options, "dither", None)
    bits = {"PCM_U8": 8, "PCM_S8": 8, "PCM_16": 16, "PCM_24": 24}.get(subtype)
    if how and bits:
        plan = plan._replace(processors=(*plan.processors, dsp.Dither(bits, how)))
    blocks = blocks_of(path, plan)
    # A file that cannot be decoded at all leaves no folder.
    first = next(blocks, None)
    target.parent.mkdir(parents=True, exist_ok=True)
    given: dict[str, Any] = {"format": kind, "subtype": subtype}
    if plan.keeps_frames and keeps_chunks(told, kind):
        given["metadata_from"] = path
    else:
        tags: Mapping[str, str] = tags_of(told, kind)
        given["tags"] = tags or None
    write(target, blocks if first is None else chain([first], blocks), **given)


def _in_place(source: Source, planner: Planner, options: argparse.Namespace) -> Outcome:
    path = source.path
    # Opened before anything is measured, for what cannot be changed says so at once.
    with edit(path) as file:
        plan = planner(path, info(path))
        if not options.dry_run:
            for processor in plan.processors:
                file.apply(processor)
    return Outcome(path, path, facts=plan.facts)


def decibels(value: float) -> float:
    """A factor in dB; -inf for 0."""
    return 20 * math.log10(value) if value > 0 else -math.inf if value == 0 else math.nan
