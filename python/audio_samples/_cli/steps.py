"""What is done to the blocks of a file on their way, in the memory of a few blocks."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from threading import Event
from typing import Any, NamedTuple

import numpy as np

from .._audio_samples import AudioInfo, AudioSamples, dsp, read, stream

Audio = AudioSamples[Any]
Blocks = Iterable[Audio]

stopping = Event()
"""Set after Ctrl-C: what runs in other threads ends at its next block, and leaves no file."""


class Plan(NamedTuple):
    """What becomes of one file: a range of its frames through processors, in order."""

    processors: tuple[dsp.Processor, ...] = ()
    channels: int | None = None
    start: int = 0
    frames: int | None = None
    facts: dict[str, Any] | None = None

    @property
    def keeps_frames(self) -> bool:
        """Whether every frame stays where it is: cue points still fit then."""
        resamples = any(isinstance(processor, dsp.Resampler) for processor in self.processors)
        return self.start == 0 and self.frames is None and not resamples


Planner = Callable[[Path, AudioInfo], Plan]


def blocks_of(path: Path, plan: Plan) -> Iterator[Audio]:
    """The blocks of `path`, processed."""
    with stream(path, start=plan.start, frames=plan.frames) as source:
        blocks: Blocks = _at_least_one(_until_stopped(source), path, plan)
        if plan.channels is not None and plan.channels != source.num_channels:
            blocks = _mixed(blocks, plan.channels)
        for processor in plan.processors:
            blocks = processor.stream(blocks)
        yield from blocks


def _until_stopped(blocks: Blocks) -> Iterator[Audio]:
    for block in blocks:
        if stopping.is_set():
            raise KeyboardInterrupt
        yield block


def _at_least_one(blocks: Blocks, path: Path, plan: Plan) -> Iterator[Audio]:
    """One block without frames if there is no other: a file of it has a rate and channels."""
    none = True
    for block in blocks:
        none = False
        yield block
    if none:
        yield read(path, start=plan.start, frames=0)


def check_channels(told: AudioInfo, channels: int | None) -> None:
    """Refuses what `read(channels=)` refuses."""
    if channels is None or channels == told.num_channels or 1 in (channels, told.num_channels):
        return
    raise ValueError(
        f"{told.num_channels} channels do not become {channels}: all of them become 1, and 1 "
        "becomes any number"
    )


def _mixed(blocks: Blocks, channels: int) -> Iterator[Audio]:
    for block in blocks:
        mono = block.to_mono()
        if channels == 1:
            yield mono
        else:
            # Rows on one memory: what comes next reads them, and makes memory of its own.
            rows = np.broadcast_to(mono.to_numpy(), (channels, len(mono)))
            yield AudioSamples.new_multi(rows, mono.sample_rate)


def loudness_of(path: Path, *, peaks: bool) -> dsp.LoudnessMeter:
    """The loudness of a file, with its true peak if that is wanted."""
    meter = dsp.LoudnessMeter(only=None if peaks else "integrated")
    with stream(path, reuse=True) as blocks:
        for block in _until_stopped(blocks):
            meter.update(block)
    return meter


def levels_of(path: Path) -> dsp.LevelMeter:
    """The peak and the RMS of a file."""
    meter = dsp.LevelMeter()
    with stream(path, reuse=True) as blocks:
        for block in _until_stopped(blocks):
            meter.update(block)
    return meter


def sounding(path: Path, threshold_db: float) -> tuple[int, int]:
    """The first frame of a file that is not silent, and the one behind the last: (0, 0) if none."""
    begin, end, at = None, 0, 0
    with stream(path, reuse=True) as blocks:
        for block in _until_stopped(blocks):
            kept = block.trim_silence(threshold_db)
            if len(kept):
                first = at + (kept.address - block.address) // block.strides[-1]
                begin = first if begin is None else begin
                end = first + len(kept)
            at += len(block)
            del kept  # a view of the memory that is used again
    return (begin or 0, end)
