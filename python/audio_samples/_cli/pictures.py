"""`audio-samples plot`: pictures of files."""

import argparse
from pathlib import Path
from typing import Any

from .. import plotting
from .._audio_samples import AudioSamples, info, read
from .._audio_samples import open as mapped
from . import batch
from .report import Outcome
from .sources import Source
from .targets import add_target

_KINDS = ("waveform", "spectrogram", "spectrum", "levels")
_FORMATS = ("png", "svg", "pdf")


def register(listed: Any) -> None:
    """Add the parser of this command."""
    parser: argparse.ArgumentParser = listed.add_parser(
        "plot",
        help="draw pictures of files, with Matplotlib",
        description="Draw pictures of files, with Matplotlib. Plain samples are drawn from the "
        "mapped file, all others are decoded into memory.",
        epilog="example:\n  audio-samples plot take.wav --kind spectrogram -o take.png",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    batch.add_files(parser, jobs=False)  # Matplotlib draws in one thread
    parser.add_argument("--kind", choices=_KINDS, default="waveform")
    parser.add_argument("--format", choices=_FORMATS, help="default: by the ending, else png")
    parser.add_argument("--dpi", type=int, default=120, choices=range(10, 1201), metavar="DPI")
    add_target(parser)
    parser.set_defaults(run=lambda options: _run(options, parser))


def _run(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    taken: set[Path] = set()

    def work(source: Source) -> Outcome:
        target = _target(source, options)
        if not options.force and target.exists():
            raise FileExistsError(f"'{source.path}': {target} is there; --force overwrites it")
        if target.absolute() in taken:
            raise FileExistsError(f"'{source.path}': another file is drawn to {target}")
        taken.add(target.absolute())
        told = info(source.path)
        if not options.dry_run:
            audio: AudioSamples[Any] = mapped(source.path) if told.mappable else read(source.path)
            _draw(audio, source.path.name, target, options)
        return Outcome(source.path, target)

    return batch.run(batch.sources_of(options, parser), work, options)


def _target(source: Source, options: argparse.Namespace) -> Path:
    if options.file is not None:
        return Path(options.file)
    # The whole name: take.wav and take.mp3 have a picture each.
    below = source.below
    return Path(options.out) / below.with_name(f"{below.name}.{options.format or 'png'}")


def _draw(audio: AudioSamples[Any], title: str, target: Path, options: argparse.Namespace) -> None:
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as missing:
        if missing.name != "matplotlib":
            raise
        raise ImportError(
            "pictures are drawn by Matplotlib, which is not installed: pip install matplotlib"
        ) from missing
    lanes = min(audio.num_channels, 8) if options.kind == "waveform" else 2
    figure = Figure(figsize=(11, 1.6 + 1.3 * lanes), dpi=options.dpi, layout="constrained")
    axes = getattr(plotting, options.kind)(audio, figure.subplots())
    axes.set_title(title, loc="left")
    target.parent.mkdir(parents=True, exist_ok=True)
    # Drawn beside and renamed: a picture that fails leaves the old one.
    beside = target.with_name(f".{target.name}.part")
    kind = options.format or target.suffix.lstrip(".").lower() or "png"
    try:
        figure.savefig(beside, format=kind)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
