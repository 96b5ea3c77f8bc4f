"""One function on many files: each on its own, so that a broken one costs one file."""

import argparse
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from typing import Any

from .._audio_samples import AudioSamplesError
from .report import Outcome, bar_of, print_json, printable
from .sources import Source, find, once
from .steps import stopping

Work = Callable[[Source], Outcome]


def add_files(parser: argparse.ArgumentParser, *, jobs: bool = True) -> None:
    """`FILE...` and what every command on files takes."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="files, folders or patterns")
    parser.add_argument("--json", action="store_true", help="tell it as one JSON document")
    parser.add_argument("--quiet", action="store_true", help="tell of failures only")
    if jobs:
        parser.add_argument(
            "--jobs",
            type=_jobs,
            default=min(4, os.cpu_count() or 1),
            metavar="N",
            help="files at a time (default: %(default)s)",
        )


def _jobs(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} files at a time: there must be at least 1")
    return int(text)


def sources_of(options: argparse.Namespace, parser: argparse.ArgumentParser) -> list[Source]:
    """The files of a command that writes; one of them alone for `-o`."""
    sources = once(find(options.files, options.out))
    if options.file is not None and len(sources) > 1:
        parser.error(f"-o names one file, and there are {len(sources)}; --out DIR takes them all")
    return sources


def run(sources: Sequence[Source], work: Work, options: argparse.Namespace) -> int:
    """Do `work` for every source, tell what became of it, and return the exit status."""
    planned = getattr(options, "dry_run", False)
    outcomes: dict[int, Outcome] = {}
    bar = bar_of(len(sources), not options.quiet)
    try:
        with _kept_warnings() as kept:
            for at, outcome in _each(sources, _guarded(work, kept), getattr(options, "jobs", 1)):
                outcomes[at] = outcome
                bar.advance()
    finally:
        bar.close()
    told = [outcomes[at] for at in sorted(outcomes)]
    failed = sum(outcome.error is not None for outcome in told)
    if options.json:
        done = len(told) - failed
        files = [outcome.as_json(planned) for outcome in told]
        print_json({"command": options.command, "done": done, "failed": failed, "files": files})
    else:
        _tell(told, options, planned)
    return 1 if failed else 0


def _tell(told: Sequence[Outcome], options: argparse.Namespace, planned: bool) -> None:
    """Lines of text: what was done on stdout, what went wrong on stderr."""
    sys.stdout.flush()
    for outcome in told:
        source = printable(str(outcome.source))
        for warning in outcome.warnings:
            print(f"warning: {source}: {printable(warning)}", file=sys.stderr)
        if outcome.error:
            # Errors about a file begin with its name, or do not have it.
            named = str(outcome.source) in outcome.error
            text = outcome.error if named else f"'{outcome.source}': {outcome.error}"
            print(f"failed: {printable(text)}", file=sys.stderr)
        elif outcome.target is not None and not options.quiet:
            would = "would write " if planned else ""
            facts = "".join(f", {name} {value}" for name, value in (outcome.facts or {}).items())
            print(f"{would}{source} -> {printable(str(outcome.target))}{printable(facts)}")
    failed = sum(outcome.error is not None for outcome in told)
    if options.command != "info" and len(told) > 1 and (failed or not options.quiet):
        sys.stdout.flush()
        word = "planned" if planned else "done"
        print(f"{len(told) - failed} {word}, {failed} failed", file=sys.stderr)


def _each(sources: Sequence[Source], work: Work, jobs: int) -> Iterator[tuple[int, Outcome]]:
    if jobs == 1 or len(sources) < 2:
        for at, source in enumerate(sources):
            yield at, work(source)
        return
    with ThreadPoolExecutor(min(jobs, len(sources))) as pool:
        running = {pool.submit(work, source): at for at, source in enumerate(sources)}
        stopping.clear()
        try:
            for future in as_completed(running):
                yield running[future], future.result()
        finally:
            # After Ctrl-C what has begun ends early, and nothing more begins.
            stopping.set()
            pool.shutdown(wait=True, cancel_futures=True)
            stopping.clear()


def _guarded(work: Work, kept: threading.local) -> Work:
    def guarded(source: Source) -> Outcome:
        kept.messages = []
        try:
            if source.obstacle:
                raise FileNotFoundError(f"'{source.path}': {source.obstacle}")
            outcome = work(source)
        except BrokenPipeError:  # the reader of what is told has gone
            raise
        except (AudioSamplesError, OSError, ValueError, ImportError, MemoryError) as error:
            outcome = Outcome(source.path, error=str(error) or type(error).__name__)
        except Exception as error:  # ours or a library's: the other files are to be done
            outcome = Outcome(source.path, error=f"{type(error).__name__}: {error}")
        return outcome._replace(warnings=tuple(dict.fromkeys(kept.messages)))

    return guarded


@contextmanager
def _kept_warnings() -> Iterator[threading.local]:
    """Warnings of each thread in a list of its own, such as those of clipped samples."""
    kept = threading.local()

    def keep(message: Warning | str, *_: Any, **__: Any) -> None:
        messages: list[str] = getattr(kept, "messages", [])
        messages.append(str(message))

    shown_before = warnings.showwarning
    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = keep
        try:
            yield kept
        finally:
            # Where warnings belong to a context, as without the GIL, this does not come by itself.
            warnings.showwarning = shown_before
