"""Memory lives as long as its last view, and the registry knows each view until then (M2, A5)."""

import array
import gc
import itertools
import mmap
import random
import sys
import textwrap
import weakref
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path

import numpy as np
import pytest
import signals
from elsewhere import at_once, run
from signals import RATE

from audio_samples import AudioSamples

# What can reach the samples from outside: each counts as a view.
VIEWS = {
    "to_numpy": lambda audio: audio.to_numpy(),
    "asarray": np.asarray,
    "array without copy": lambda audio: np.array(audio, copy=False),
    "__array__": lambda audio: audio.__array__(),
    "memoryview": memoryview,
    "frombuffer": lambda audio: np.frombuffer(audio, audio.dtype),
    "frames_first": lambda audio: audio.frames_first,
    "array of slice": lambda audio: audio[10:20].to_numpy(),
    "memoryview of slice": lambda audio: memoryview(audio[10:20]),
    "array of channel": lambda audio: audio.channel(0).to_numpy(),
}
# Audio on the same memory: an owner of it, but no view.
OWNERS = {
    "slice": lambda audio: audio[10:20],
    "strided slice": lambda audio: audio[::-3],
    "slice by tuple": lambda audio: audio[..., 10:20],
    "channel": lambda audio: audio.channel(0),
}
EXPORTS = VIEWS | OWNERS


@pytest.fixture(params=["mono", "stereo"])
def audio(request):
    return getattr(signals, request.param)(64, "float64")


def churn():
    """Allocates and frees buffers of the same size, to overwrite memory freed too early."""
    for _ in range(50):
        AudioSamples.new_mono(np.full(64, -1.0), RATE)
        AudioSamples.new_multi(np.full((2, 64), -1.0), RATE)


@pytest.mark.parametrize("kind", EXPORTS)
def test_an_export_outlives_its_audio(audio, kind):
    export = EXPORTS[kind](audio)
    expected = np.array(export)
    del audio
    gc.collect()
    churn()
    np.testing.assert_array_equal(np.asarray(export), expected)
    np.asarray(export)[...] = 5
    assert np.all(np.asarray(export) == 5)


@pytest.mark.parametrize("kind", EXPORTS)
@pytest.mark.parametrize("adopt", ["from array", "from memoryview"])
def test_adopted_memory_is_let_go_with_its_last_export(kind, adopt):
    source = np.arange(64.0)
    gone = weakref.ref(source)
    given = source if adopt == "from array" else memoryview(source)
    audio = AudioSamples.new_mono(given, RATE, copy=False)
    export = EXPORTS[kind](audio)
    del source, given, audio
    gc.collect()
    assert gone() is not None
    del export
    gc.collect()
    assert gone() is None


def test_a_copy_does_not_hold_its_source():
    source = np.arange(64.0)
    gone = weakref.ref(source)
    audio = AudioSamples.new_mono(source, RATE)
    del source
    gc.collect()
    assert gone() is None
    assert audio[63] == 63.0


def test_adopted_bytes_can_be_resized_again_when_the_last_view_is_gone():
    data = bytearray(64)
    audio = AudioSamples.new_mono(memoryview(data).cast("d"), RATE, copy=False)
    array = audio.to_numpy()
    del audio
    with pytest.raises(BufferError):
        data.append(0)
    del array
    gc.collect()
    data.append(0)
    assert len(data) == 65


@pytest.mark.parametrize("kind", VIEWS)
def test_a_view_is_in_the_registry_from_export_to_release(audio, kind):
    assert len(audio.views) == 0
    view = VIEWS[kind](audio)
    assert len(audio.views) == 1
    del view
    gc.collect()
    assert len(audio.views) == 0


@pytest.mark.parametrize("kind", OWNERS)
def test_audio_on_the_same_memory_is_no_view(audio, kind):
    part = OWNERS[kind](audio)
    assert len(audio.views) == len(part.views) == 0


def test_a_view_of_a_part_is_a_view_of_the_whole(audio):
    view = audio[10:20].to_numpy()
    assert len(audio.views) == 1
    assert len(audio[5:15].views) == 1
    del view
    assert len(audio.views) == 0


def test_the_registry_outlives_the_audio_that_exported(audio):
    rest = audio[:]
    view = audio.to_numpy()
    del audio
    gc.collect()
    assert len(rest.views) == 1
    del view
    assert len(rest.views) == 0


def test_a_view_of_a_view_keeps_the_one_entry(audio):
    view = audio.to_numpy()
    part = view[..., 4:]
    del view
    gc.collect()
    assert len(audio.views) == 1
    deeper = part[..., ::2].T
    del part
    gc.collect()
    assert len(audio.views) == 1
    del deeper
    assert len(audio.views) == 0


def test_a_memoryview_leaves_the_registry_when_it_is_released(audio):
    view = memoryview(audio)
    view.release()
    assert len(audio.views) == 0
    with memoryview(audio):
        assert len(audio.views) == 1
    assert len(audio.views) == 0


def test_an_entry_says_what_the_view_is(audio):
    array = audio.to_numpy()
    assert [entry.span for entry in audio.views] == [(audio.address, audio.address + audio.nbytes)]
    view = memoryview(audio[10:20])
    entries = list(audio.views)
    assert len(entries) == 2
    assert [entry.mode for entry in entries] == ["write", "write"]
    assert sorted(tuple(entry.shape) for entry in entries) == sorted([array.shape, view.shape])
    for entry in entries:
        assert entry.kind
        first, end = entry.span
        assert audio.address <= first < end <= audio.address + audio.nbytes
        assert "\n" not in repr(entry)


def test_the_entry_of_a_read_only_view_says_read():
    samples = np.zeros(8)
    samples.flags.writeable = False
    audio = AudioSamples.new_mono(samples, RATE, copy=False)
    view = audio.to_numpy()
    assert [entry.mode for entry in audio.views] == ["read"]
    del view


def test_a_view_of_empty_audio_is_registered_too():
    audio = AudioSamples.new_mono(np.zeros(0), RATE)
    view = memoryview(audio)
    assert view.tolist() == []
    view.release()
    assert len(audio.views) == 0


def test_the_entries_of_two_recordings_stay_apart():
    one = AudioSamples.new_mono(np.zeros(64), RATE)
    two = AudioSamples.new_mono(np.zeros(64), RATE)
    view = one.to_numpy()
    assert (len(one.views), len(two.views)) == (1, 0)
    del view


def test_thousands_of_views_leave_in_any_order(audio):
    makers = itertools.cycle(VIEWS.values())
    views = [next(makers)(audio) for _ in range(3000)]
    assert len(audio.views) == 3000
    random.Random(7).shuffle(views)
    while views:
        del views[-100:]
        assert len(audio.views) == len(views)


def test_views_released_on_another_thread_leave_the_registry(audio):
    views = [make(audio) for make in VIEWS.values()]
    at_once(views.clear)
    assert len(audio.views) == 0


def test_threads_that_export_at_once_leave_the_registry_empty(audio):
    def export():
        for _ in range(300):
            held = [make(audio) for make in EXPORTS.values()]
            assert len(audio.views) >= len(VIEWS)
            del held

    at_once(*[export] * 8)
    assert len(audio.views) == 0


def resident_bytes():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * mmap.PAGESIZE


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc/self/statm")
@pytest.mark.parametrize("kind", EXPORTS)
def test_a_hundred_thousand_exports_leave_memory_where_it_was(audio, kind):
    export = EXPORTS[kind]
    repeat = itertools.repeat

    def run(times):
        for _ in repeat(None, times):
            export(audio)
        gc.collect()

    run(10_000)
    references = sys.getrefcount(audio), sys.getrefcount(audio.dtype)
    growth = []
    for _ in range(3):
        blocks, resident = sys.getallocatedblocks(), resident_bytes()
        run(100_000)
        growth.append((sys.getallocatedblocks() - blocks, resident_bytes() - resident))
        # A leak shows every time; the interpreter's own tables grow once.
        if growth[-1][0] < 50 and growth[-1][1] < 512 * 1024:
            break
    assert growth[-1][0] < 50, f"Python objects grew: {growth}"
    assert growth[-1][1] < 512 * 1024, f"resident memory grew: {growth}"
    assert (sys.getrefcount(audio), sys.getrefcount(audio.dtype)) == references
    assert len(audio.views) == 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc/self/statm")
def test_refused_exports_leave_memory_where_it_was():
    audio = AudioSamples.new_mono(np.arange(64.0), RATE)[::2]

    def run(times):
        for _ in range(times):
            try:
                np.frombuffer(audio, audio.dtype)
            except (BufferError, ValueError):
                continue
            raise AssertionError("frombuffer reads no strides, yet it was answered")

    run(5_000)
    gc.collect()
    blocks, resident = sys.getallocatedblocks(), resident_bytes()
    run(100_000)
    gc.collect()
    assert sys.getallocatedblocks() - blocks < 50
    assert resident_bytes() - resident < 1024 * 1024
    assert len(audio.views) == 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc/self/statm")
def test_recordings_made_and_dropped_leave_memory_where_it_was():
    samples = np.zeros((2, 1 << 18))
    for _ in range(5):
        AudioSamples.new_multi(samples, RATE).to_numpy()
    before = resident_bytes()
    for _ in range(200):
        AudioSamples.new_multi(samples, RATE).to_numpy()
    # One leaked recording alone is 4 MiB.
    assert resident_bytes() - before < 16 * 1024 * 1024


SHUTDOWNS = {
    "views held by a module": """
        held = [audio.to_numpy(), memoryview(audio), audio[::2], audio.frames_first]
    """,
    "views in a cycle with their audio": """
        class Holder: pass
        holder = Holder()
        holder.it, holder.audio, holder.view = holder, audio, memoryview(audio)
    """,
    "views held by a daemon thread": """
        import threading
        started = threading.Event()
        def hold(view):
            started.set()
            while True:
                view[0] = len(audio.views)
        threading.Thread(target=hold, args=(audio.to_numpy(),), daemon=True).start()
        started.wait()
    """,
    "views released at exit": """
        import atexit
        atexit.register([audio.to_numpy(), memoryview(audio)].clear)
    """,
    "views held by builtins, the last to go": """
        import builtins
        builtins.held = [audio.to_numpy(), memoryview(audio), audio]
    """,
    "adopted memory": """
        adopted = AudioSamples.new_mono(np.zeros(64), 44100, copy=False)
        held = [adopted.to_numpy(), memoryview(adopted[::2])]
    """,
}


@pytest.mark.parametrize("script", SHUTDOWNS.values(), ids=SHUTDOWNS)
def test_the_interpreter_shuts_down_quietly_with(script):
    start = """
        import numpy as np
        from audio_samples import AudioSamples
        audio = AudioSamples.new_mono(np.arange(64.0), 44100)
    """
    assert run(textwrap.dedent(start) + textwrap.dedent(script)) == ""


ROOTS = {
    "bytearray": (lambda: bytearray(800), lambda owner: owner.extend(bytes(10_000_000))),
    "array": (lambda: array.array("d", [0.0] * 100), lambda owner: owner.append(1.0)),
    "mmap": (lambda: mmap.mmap(-1, 800), lambda owner: owner.close()),
    "shared memory": (lambda: SharedMemory(create=True, size=800), SharedMemory.close),
}


@pytest.mark.parametrize("kind", ROOTS)
def test_what_owns_adopted_memory_neither_closes_nor_moves_it(kind):
    make, let_go = ROOTS[kind]
    owner = make()
    buffer = owner.buf if kind == "shared memory" else owner
    audio = AudioSamples.new_mono(np.ndarray((100,), "f8", buffer=buffer)[::-1], RATE, copy=False)
    with pytest.raises(BufferError):
        let_go(owner)
    audio[3] = 1
    assert audio.sum() == 1
    del audio
    if kind == "shared memory":
        owner.unlink()
    let_go(owner)
