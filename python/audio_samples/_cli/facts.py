"""`audio-samples info`: what files hold, without decoding them."""

import argparse
from typing import Any

from .._audio_samples import AudioInfo, info
from . import batch
from .report import Outcome, printable
from .sources import Source, find


def register(listed: Any) -> None:
    """Add the parser of this command."""
    parser = listed.add_parser(
        "info",
        help="tell what files hold, without decoding them",
        description="Tell what files hold, without decoding them.",
        epilog="example:\n  audio-samples info takes/ --json",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    batch.add_files(parser, jobs=False)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    def work(source: Source) -> Outcome:
        told = info(source.path)
        if not options.json and not options.quiet:
            print("\n".join([printable(str(source.path)), *_lines(told)]), flush=True)
        return Outcome(source.path, facts=_facts(told))

    return batch.run(find(options.files), work, options)


def _facts(told: AudioInfo) -> dict[str, Any]:
    return {
        "format": told.format,
        "subtype": told.subtype,
        "stored_dtype": str(told.stored_dtype),
        "dtype": str(told.dtype),
        "channels": told.num_channels,
        "channel_positions": told.channel_positions,
        "sample_rate": told.sample_rate,
        "frames": told.frames,
        "duration": told.duration,
        "mappable": told.mappable,
        "damage": told.damage,
        "tags": told.tags,
        "cues": [{"frame": frame, "label": label} for frame, label in told.cues],
    }


def _lines(told: AudioInfo) -> list[str]:
    minutes, seconds = divmod(told.duration, 60)
    where = f" ({' '.join(told.channel_positions)})" if told.channel_positions else ""
    lines = [
        f"format       {told.format} {told.subtype}, stored as {told.stored_dtype}, "
        f"read as {told.dtype}",
        f"channels     {told.num_channels}{where}",
        f"sample rate  {told.sample_rate} Hz",
        f"length       {told.frames} frames, {minutes:.0f}:{seconds:06.3f}",
        f"mapped       {f'no: {told.obstacle}' if told.obstacle else 'yes'}",
    ]
    if told.damage:
        lines.append(f"damaged      {told.damage}")
    lines += [f"tag          {name}: {text}" for name, text in told.tags.items()]
    lines += [f"cue          frame {frame} {label}".rstrip() for frame, label in told.cues]
    return [f"  {printable(line)}" for line in lines]
