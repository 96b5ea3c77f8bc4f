"""Processors of `audio_samples.dsp` at work on a stream of blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ._audio_samples import AudioSamples, dsp


def _stream(self: dsp.Processor, blocks: Iterable[AudioSamples]) -> Iterator[AudioSamples]:
    """The blocks of a signal processed: as long as the whole, without the latency, with the
    rest.

    The processor's own state is neither used nor changed. `write` takes what comes out:
    `write("out.wav", dsp.Gain(-3).stream(stream("in.wav")))`.
    """
    worker = self.copy()
    late: int | None = None
    last: AudioSamples | None = None
    gave = False
    for block in blocks:
        last = worker.process(block)
        if late is None:
            late = worker.latency
        skipped = min(late, len(last))
        late -= skipped
        last = last[skipped:]
        if len(last):
            gave = True
            yield last
    rest = worker.flush()
    if rest is not None:
        last = rest[late or 0 :]
    # A signal without frames is a block without frames: a file of it has a rate and channels.
    if last is not None and (len(last) or not gave):
        yield last


_stream.__name__ = "stream"
_stream.__qualname__ = "Processor.stream"
_stream.__module__ = "audio_samples.dsp"
dsp.Processor.stream = _stream  # type: ignore[method-assign]
