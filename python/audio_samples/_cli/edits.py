"""`audio-samples edit`: several steps in one pass over plain samples where they lie."""

import argparse
from pathlib import Path
from typing import Any

from .._audio_samples import AudioInfo, dsp
from . import batch
from .steps import Plan
from .values import length, number
from .writing import work_of

_STEPS = ("highpass", "lowpass", "gate", "compress", "gain", "limit")


def register(listed: Any) -> None:
    """Add the parser of this command."""
    parser = listed.add_parser(
        "edit",
        help="change files where they lie, by several steps at one time",
        description="Change plain samples where they lie in their files, by the steps that are "
        "given, in this order and in one pass: rounded once. All else in a file stays.",
        epilog="example:\n  audio-samples edit takes/ --highpass 80 --gain 3 --limit -1",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    batch.add_files(parser)
    steps = parser.add_argument_group("steps")
    steps.add_argument("--highpass", type=number, metavar="HZ", help="12 dB an octave below")
    steps.add_argument("--lowpass", type=number, metavar="HZ", help="12 dB an octave above")
    steps.add_argument("--gate", type=number, metavar="DB", help="turn down what is below, in dBFS")
    steps.add_argument(
        "--compress", type=number, nargs=2, metavar=("DB", "RATIO"), help="soften what is above"
    )
    steps.add_argument("--gain", type=number, metavar="DB", help="below 0 is softer")
    steps.add_argument("--limit", type=number, metavar="DB", help="the ceiling, in dBFS")
    steps.add_argument("--fade-in", type=length, default=0.0, metavar="SECONDS")
    steps.add_argument("--fade-out", type=length, default=0.0, metavar="SECONDS")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, do nothing")

    def run(options: argparse.Namespace) -> int:
        if not (options.fade_in or options.fade_out) and all(
            getattr(options, step) is None for step in _STEPS
        ):
            parser.error("no step is given, such as --gain -3")
        sources = batch.sources_of(options, parser)

        def plan(_: Path, told: AudioInfo) -> Plan:
            return Plan((dsp.Chain(steps_of(options, told.sample_rate)),))

        return batch.run(sources, work_of(plan, options, sources), options)

    parser.set_defaults(run=run, in_place=True, file=None, out=None)


def steps_of(options: argparse.Namespace, rate: int) -> list[dsp.Processor]:
    """The processors of the steps that are given."""
    steps: list[dsp.Processor] = []
    if options.highpass is not None:
        steps.append(dsp.Filter(dsp.design("highpass", options.highpass, rate)))
    if options.lowpass is not None:
        steps.append(dsp.Filter(dsp.design("lowpass", options.lowpass, rate)))
    if options.gate is not None:
        steps.append(dsp.Gate(options.gate))
    if options.compress is not None:
        threshold, ratio = options.compress
        steps.append(dsp.Compressor(threshold, ratio))
    if options.gain is not None:
        steps.append(dsp.Gain(options.gain))
    if options.limit is not None:
        steps.append(dsp.Limiter(options.limit))
    if options.fade_in or options.fade_out:
        steps.append(dsp.Fade(options.fade_in, options.fade_out))
    return steps
