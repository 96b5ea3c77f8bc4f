"""The commands that make files of files: convert, resample, gain, normalize, fade and trim."""

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .._audio_samples import AudioInfo, dsp
from . import batch
from .steps import Plan, Planner, check_channels, levels_of, loudness_of, sounding
from .targets import FORMATS, SUBTYPES, add_target
from .values import count, length, number
from .writing import decibels, work_of

Parser = argparse.ArgumentParser
Planning = Callable[[argparse.Namespace, Parser], Planner]


def register(listed: Any) -> None:
    """Add the parsers of these commands."""
    _convert(listed)
    _resample(listed)
    _gain(listed)
    _normalize(listed)
    _fade(listed)
    _trim(listed)


def _command(
    listed: Any, name: str, purpose: str, example: str, planning: Planning, *, in_place: bool
) -> Parser:
    parser: Parser = listed.add_parser(
        name,
        help=purpose,
        description=f"{purpose[0].upper()}{purpose[1:]}.",
        epilog=f"example:\n  audio-samples {name} {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    batch.add_files(parser)
    add_target(parser, in_place=in_place)

    def run(options: argparse.Namespace) -> int:
        planner = planning(options, parser)
        sources = batch.sources_of(options, parser)
        return batch.run(sources, work_of(planner, options, sources), options)

    parser.set_defaults(run=run)
    return parser


def _add_encoding(parser: Parser) -> None:
    parser.add_argument("--format", choices=FORMATS, help="default: by the ending, else WAV")
    parser.add_argument("--subtype", choices=SUBTYPES, help="default: as in the file that is read")
    parser.add_argument(
        "--dither", choices=("tpdf", "shaped"), help="noise before rounding to 8, 16 or 24 bits"
    )


def _convert(listed: Any) -> None:
    parser = _command(
        listed,
        "convert",
        "write files in another format, encoding, rate or number of channels",
        "album/ --out flac/ --format flac\n"
        "  audio-samples convert talk.mp3 -o talk.wav --rate 16000 --channels 1 --subtype PCM_16",
        _converting,
        in_place=False,
    )
    _add_encoding(parser)
    parser.add_argument("--channels", type=count, metavar="N", help="1 mixes all of them")
    parser.add_argument("--rate", type=count, metavar="HZ", help="sample rate")
    _add_quality(parser)


def _add_quality(parser: Parser) -> None:
    parser.add_argument("--quality", choices=("high", "best"), default="high", help="of resampling")


def _converting(options: argparse.Namespace, _: Parser) -> Planner:
    def plan(_: Path, told: AudioInfo) -> Plan:
        check_channels(told, options.channels)
        resampler = _resampler(told, options.rate, options.quality)
        return Plan(resampler, channels=options.channels)

    return plan


def _resampler(told: AudioInfo, rate: int | None, quality: Any) -> tuple[dsp.Processor, ...]:
    if rate is None or rate == told.sample_rate:
        return ()
    return (dsp.Resampler(rate, quality),)


def _resample(listed: Any) -> None:
    parser = _command(
        listed,
        "resample",
        "write files with another sample rate",
        "takes/ --rate 48000 --out 48k/",
        _resampling,
        in_place=False,
    )
    _add_encoding(parser)
    parser.add_argument("--rate", type=count, required=True, metavar="HZ", help="sample rate")
    _add_quality(parser)


def _resampling(options: argparse.Namespace, _: Parser) -> Planner:
    return lambda _, told: Plan(_resampler(told, options.rate, options.quality))


def _gain(listed: Any) -> None:
    parser = _command(
        listed,
        "gain",
        "make files louder or softer",
        "take.wav --db -3 -o softer.wav",
        lambda options, _: lambda *_: Plan((dsp.Gain(options.db),)),
        in_place=True,
    )
    parser.add_argument("--db", type=number, required=True, help="decibels; below 0 is softer")


def _normalize(listed: Any) -> None:
    parser = _command(
        listed,
        "normalize",
        "bring files to one level",
        "podcast/*.wav --lufs -16 --ceiling -1 --out ready/",
        _normalizing,
        in_place=True,
    )
    level = parser.add_mutually_exclusive_group()
    level.add_argument("--peak", type=number, metavar="DB", help="in dBFS (default: -1)")
    level.add_argument("--rms", type=number, metavar="DB", help="in dBFS")
    level.add_argument("--lufs", type=number, metavar="LUFS", help="loudness (EBU R 128)")
    parser.add_argument(
        "--ceiling",
        type=number,
        metavar="DB",
        help="with --lufs: the true peak stays below, in dBTP, and files softer if they must",
    )


def _normalizing(options: argparse.Namespace, parser: Parser) -> Planner:
    if options.ceiling is not None and options.lufs is None:
        parser.error("--ceiling goes with --lufs")

    def plan(path: Path, _: AudioInfo) -> Plan:
        if options.lufs is not None:
            meter = loudness_of(path, peaks=options.ceiling is not None)
            was, wanted = meter.integrated, options.lufs
            headroom = math.inf if options.ceiling is None else options.ceiling - meter.true_peak
        else:
            levels = levels_of(path)
            was = decibels(levels.peak if options.rms is None else levels.rms)
            wanted = options.rms if options.rms is not None else options.peak
            wanted = -1.0 if wanted is None else wanted
            headroom = math.inf
        if math.isnan(was):
            raise ValueError("the level is no number, for a sample is none")
        db = 0.0 if math.isinf(was) else min(wanted - was, headroom)  # silence stays silence
        return Plan((dsp.Gain(db),), facts={"gain_db": round(db, 2)})

    return plan


def _fade(listed: Any) -> None:
    parser = _command(
        listed,
        "fade",
        "fade files in and out",
        "take.wav --fade-in 0.01 --fade-out 2 --in-place",
        _fading,
        in_place=True,
    )
    parser.add_argument("--fade-in", type=length, default=0.0, metavar="SECONDS")
    parser.add_argument("--fade-out", type=length, default=0.0, metavar="SECONDS")
    parser.add_argument(
        "--curve",
        choices=("linear", "equal_power", "exponential", "logarithmic", "raised_cosine"),
        default="linear",
    )


def _fading(options: argparse.Namespace, parser: Parser) -> Planner:
    if not options.fade_in and not options.fade_out:
        parser.error("--fade-in, --fade-out or both say how long, in seconds")

    def plan(_: Path, told: AudioInfo) -> Plan:
        for name in ("fade_in", "fade_out"):
            if getattr(options, name) > told.duration:
                raise ValueError(
                    f"a {name.replace('_', ' ')} of {getattr(options, name)} s is longer than the "
                    f"file, which is {told.duration:.3f} s"
                )
        return Plan((dsp.Fade(options.fade_in, options.fade_out, curve=options.curve),))

    return plan


def _trim(listed: Any) -> None:
    parser = _command(
        listed,
        "trim",
        "keep a part of files, or what lies between the silences at their ends",
        "take.wav --start 1.5 --end -0.5 -o part.wav\n"
        "  audio-samples trim takes/ --silence --threshold -50 --keep 0.1 --out trimmed/",
        _trimming,
        in_place=False,
    )
    parser.add_argument("--start", type=number, metavar="SECONDS", help="below 0: from the end")
    parser.add_argument("--end", type=number, metavar="SECONDS", help="below 0: from the end")
    parser.add_argument("--silence", action="store_true", help="leave out the silence at both ends")
    parser.add_argument(
        "--threshold",
        type=number,
        default=-60.0,
        metavar="DB",
        help="what is not above it is silence (default: -60 dBFS)",
    )
    parser.add_argument(
        "--keep", type=length, default=0.0, metavar="SECONDS", help="of the silence, at each end"
    )


def _trimming(options: argparse.Namespace, parser: Parser) -> Planner:
    cut = options.start is not None or options.end is not None
    if cut == options.silence:
        parser.error("either --start and --end say what is kept, or --silence")

    def plan(path: Path, told: AudioInfo) -> Plan:
        rate, frames = told.sample_rate, told.frames
        if cut:
            start, end = _at(options.start or 0.0, told), _at(options.end, told)
            if start > end:
                raise ValueError(f"the part ends at {end / rate:g} s, before its start")
        else:
            start, end = sounding(path, options.threshold)
            if start < end:
                kept = round(options.keep * rate)
                start, end = max(0, start - kept), min(frames, end + kept)
        return Plan(
            start=start, frames=end - start, facts={"seconds": round((end - start) / rate, 3)}
        )

    return plan


def _at(seconds: float | None, told: AudioInfo) -> int:
    """The frame at a time, which is from the end if it is below 0."""
    if seconds is None:
        return told.frames
    frame = round(seconds * told.sample_rate) + (told.frames if seconds < 0 else 0)
    if not 0 <= frame <= told.frames:
        raise ValueError(f"{seconds:g} s is outside the file, which is {told.duration:.3f} s")
    return frame
