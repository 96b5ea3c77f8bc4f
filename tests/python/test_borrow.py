"""Borrowing (A6): alone with the samples inside a with-block, and nothing left of it afterwards."""

# ruff: noqa: PT012 (what raises is the end of the with-block)

import asyncio
import contextlib
import gc
import re
import threading
import weakref

import numpy as np
import pytest

from audio_samples import AudioSamples, BorrowError

RATE = 48_000

# Everything that reads samples through audio.
READERS = {
    "to_numpy": lambda audio: audio.to_numpy(),
    "to_numpy(copy=True)": lambda audio: audio.to_numpy(copy=True),
    "np.asarray": np.asarray,
    "np.array": np.array,
    "np.array of another type": lambda audio: np.array(audio, dtype=np.float32),
    "np.frombuffer": np.frombuffer,
    "np.sum": np.sum,
    "np.concatenate": lambda audio: np.concatenate([audio, audio]),
    "__array__": lambda audio: audio.__array__(),
    "memoryview": memoryview,
    "bytes": bytes,
    "list": list,
    "iter": iter,
    "frames_first": lambda audio: audio.frames_first,
    "copy": lambda audio: audio.copy(),
    "astype": lambda audio: audio.astype(np.float32),
    "convert": lambda audio: audio.convert(np.int16),
    "a frame": lambda audio: audio[3],
    "a mask": lambda audio: audio[np.ones(len(audio), bool)],
    "an array of a slice": lambda audio: audio[2:5].to_numpy(),
    "an array of a channel": lambda audio: audio.channel(0).to_numpy(),
    "an array of read-only audio": lambda audio: audio.as_readonly().to_numpy(),
    "==": lambda audio: audio == 0,
    "+": lambda audio: audio + 1,
    "reflected": lambda audio: 1 + audio,
    "a ufunc": np.exp,
    "an operand": lambda audio: AudioSamples.zeros(audio.shape, RATE) + audio,
    "adoption": lambda audio: AudioSamples.new_multi(np.asarray(audio), RATE, copy=False),
    "borrow": lambda audio: audio.borrow().__enter__(),
    "borrow of a slice": lambda audio: audio[2:5].borrow().__enter__(),
}
# Everything that writes samples through audio.
WRITERS = {
    "+=": lambda audio: audio.__iadd__(1),
    "+= on a slice": lambda audio: audio[2:5].__iadd__(1),
    "+= on a channel": lambda audio: audio.channel(0).__iadd__(1),
    "a frame": lambda audio: audio.__setitem__(0, 1),
    "a slice": lambda audio: audio.__setitem__(slice(2, 5), np.ones(3)),
    "a mask": lambda audio: audio.__setitem__(np.ones(len(audio), bool), 1),
    "out": lambda audio: np.add(1, 1, out=audio),
    "ufunc.at": lambda audio: np.add.at(audio, 0, 1),
    "borrow_mut": lambda audio: audio.borrow_mut().__enter__(),
}
# Views that are made in the block and kept.
KEPT = {
    "a slice": lambda x: x[:, 2:5],
    "a strided slice": lambda x: x[:, ::-3],
    "one channel": lambda x: x[0],
    "the transpose": lambda x: x.T,
    "a reshape": lambda x: x.reshape(-1),
    "a view": lambda x: x.view(),
    "another type": lambda x: x.view(np.int64),
    "a subclass": lambda x: x.view(np.recarray),
    "a view of a view": lambda x: x[0][2:][::2].reshape(-1, 1),
    "np.asarray of a view": lambda x: np.asarray(x[0]),
    "a 0-d view": lambda x: x[0, 0, ...],
    "as_strided": lambda x: np.lib.stride_tricks.sliding_window_view(x, 5, axis=1),
    "frombuffer": np.frombuffer,
    "the array itself": lambda x: x,
    "np.asarray": np.asarray,
    "its base": lambda x: x.base,
}
CONSUMERS = {
    "a memoryview": memoryview,
    "a memoryview of a view": lambda x: memoryview(x[0]),
    "a DLPack capsule": lambda x: x.__dlpack__(),
}


class Holder:
    """Something with an attribute."""


# Where they are kept: in everything that can hold a reference.
PLACES = {
    "a variable": lambda kept: kept,
    "a list": lambda kept: [kept],
    "a dict": lambda kept: {"kept": kept},
    "a tuple": lambda kept: (kept,),
    "a nested tuple": lambda kept: ((1, {"kept": kept}), "x"),
    "a closure": lambda kept: lambda: kept,
    "a default": lambda kept: lambda x=kept: x,
    "an attribute": lambda kept: (setattr(holder := Holder(), "kept", kept), holder),
    "a generator": lambda kept: (each for each in [kept]),
}


@pytest.fixture
def audio():
    return AudioSamples.new_multi(np.arange(40.0).reshape(2, 20), RATE)


def keep(audio, how, place=lambda kept: kept, method="borrow_mut"):
    """Leaves a with-block with something of it in hand, which is in the list that comes back."""
    kept = []
    with pytest.raises(BorrowError) as raised, getattr(audio, method)() as x:
        kept.append(place(how(x)))
    message = str(raised.value)
    del x, raised
    gc.collect()  # the exception, its traceback and this frame
    return kept, message


def test_borrow_gives_a_read_only_array_on_the_samples(audio):
    with audio.borrow() as x:
        assert type(x) is np.ndarray
        assert x.ctypes.data == audio.address
        assert x.shape == audio.shape
        assert not x.flags.writeable
        with pytest.raises(ValueError, match="read-only"):
            x[0, 0] = 1
        with pytest.raises(ValueError, match="WRITEABLE"):
            x.flags.writeable = True


def test_borrow_mut_gives_a_writable_array_on_the_samples(audio):
    with audio.borrow_mut() as x:
        assert type(x) is np.ndarray
        assert x.ctypes.data == audio.address
        x *= 2
        x[0, :5] = -1
    assert audio[0].tolist() == [-1, 40]
    assert audio[19].tolist() == [38, 78]


def test_a_slice_and_a_channel_are_borrowed_as_they_lie(audio):
    with audio[2:8:2].borrow_mut() as x:
        assert x.shape == (2, 3)
        x += 100
    with audio.channel(1).borrow_mut() as y:
        y[:] = 0
    assert audio.to_numpy()[0, :6].tolist() == [0, 1, 102, 3, 104, 5]
    assert not audio.to_numpy()[1].any()


def test_the_registry_shows_the_borrow_while_it_is_out(audio):
    for method, mode in (("borrow", "read"), ("borrow_mut", "write")):
        with getattr(audio, method)() as x:
            (view,) = audio.views
            assert (view.kind, view.mode, view.shape) == (method, mode, x.shape)
        (view,) = audio.views  # x is alive, and can only be read
        assert (view.kind, view.mode) == ("numpy", "read")
        del x
        assert audio.views == []


@pytest.mark.parametrize("how", [*READERS, *WRITERS])
def test_while_borrowed_for_writing_every_other_access_is_refused(audio, how):
    before = np.array(audio)
    with audio.borrow_mut() as x:
        with pytest.raises(BorrowError, match="borrow_mut"):
            (READERS | WRITERS)[how](audio)
        np.testing.assert_array_equal(x, before)
        assert len(audio.views) == 1
    (READERS | WRITERS)[how](audio)


@pytest.mark.parametrize("how", WRITERS)
def test_while_borrowed_for_reading_nothing_is_written(audio, how):
    before = np.array(audio)
    with audio.borrow() as x:
        with pytest.raises(BorrowError, match="borrow"):
            WRITERS[how](audio)
        np.testing.assert_array_equal(x, before)
    WRITERS[how](audio)


@pytest.mark.parametrize("how", READERS)
def test_while_borrowed_for_reading_everything_is_read(audio, how):
    with audio.borrow():
        result = READERS[how](audio)
        if isinstance(result, np.ndarray) and np.shares_memory(result, audio):
            assert not result.flags.writeable
        del result


def test_audio_taken_from_borrowed_audio_is_writable_when_the_borrow_is_over(audio):
    with audio.borrow():
        part = audio[..., 2:5]
        assert part.writable
        with pytest.raises(BorrowError):
            part += 1
    part += 1
    assert audio[2].tolist() == [3, 23]


def test_facts_are_no_access(audio):
    with audio.borrow_mut():
        assert (len(audio), audio.shape, audio.num_channels) == (20, (2, 20), 2)
        assert "20 frames" in repr(audio)
        assert audio[2:5].shape == (2, 3)
        assert audio.views[0].kind == "borrow_mut"


def test_other_samples_are_not_locked(audio):
    with audio[:10].borrow_mut() as x:
        audio[10:] += 1
        np.asarray(audio[10:])[:] *= 2
        with pytest.raises(BorrowError, match="frames 0 to 9"):
            audio += 1
        with pytest.raises(BorrowError, match="writing frame 0 is refused"):
            audio[9:] += 1
        x += 1
    with audio.channel(0).borrow_mut(), audio.channel(1).borrow_mut():
        pass


def test_frames_that_interleave_are_other_samples():
    audio = AudioSamples.new_mono(np.zeros(10), RATE)
    with audio[::2].borrow_mut() as even, audio[1::2].borrow_mut() as odd:
        even += 1
        odd += 2
    assert audio.to_numpy().tolist() == [1, 2] * 5


def test_readers_share_a_borrow(audio):
    with audio.borrow() as x, audio[2:].borrow() as y:
        assert np.shares_memory(x, y)
        with pytest.raises(BorrowError):
            audio.borrow_mut().__enter__()
    with audio.borrow_mut():
        pass


def test_borrow_mut_is_refused_while_another_writable_view_is_alive(audio):
    array = audio.to_numpy()
    with pytest.raises(BorrowError, match=r"writable view \(numpy\)"), audio.borrow_mut():
        pass
    with audio.borrow():
        pass
    part = array[0, 3:5]
    del array
    with pytest.raises(BorrowError, match="writable view"), audio.borrow_mut():
        pass
    del part
    view = memoryview(audio[5:6])
    with pytest.raises(BorrowError, match=r"writable view \(buffer\)"), audio.borrow_mut():
        pass
    with audio[:5].borrow_mut():
        pass
    view.release()
    with audio.borrow_mut():
        pass


def test_a_read_only_view_stops_nobody_from_borrowing(audio):
    array = audio.as_readonly().to_numpy()
    with audio.borrow_mut() as x:
        x[:] = 7
    assert (array == 7).all()


def test_the_borrowed_array_is_an_operand_of_other_audio(audio):
    other = AudioSamples.zeros((2, 20), RATE)
    with audio.borrow_mut() as x:
        x *= 2
        other += x
        other[:5] = x[:, 5:10]
        other[5] = x[:, 0]
        made = other * x
        copied = AudioSamples.new_multi(x, RATE)
        assert not np.shares_memory(copied, made)
    assert other.to_numpy()[0].tolist() == [10, 12, 14, 16, 18, 0, *range(12, 40, 2)]
    np.testing.assert_array_equal(copied, audio)


def test_audio_that_adopts_the_borrowed_array_is_kept_out_too(audio):
    with audio.borrow_mut() as x:
        adopted = AudioSamples.new_multi(x, RATE, copy=False)
        with pytest.raises(BorrowError):
            adopted += 1
        x += 1
    adopted += 1
    np.testing.assert_array_equal(audio, np.arange(40.0).reshape(2, 20) + 2)


def test_read_only_audio_is_not_borrowed_for_writing(audio):
    with audio.as_readonly().borrow() as x:
        assert not x.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        audio.as_readonly().borrow_mut()


# -- what outlives the block --


def test_the_with_variable_may_live_on_and_only_reads(audio):
    with audio.borrow_mut() as x:
        x[0, 0] = 5
    assert x[0, 0] == 5
    assert not x.flags.writeable
    for array in (x, x.base):
        with pytest.raises(ValueError, match="WRITEABLE"):
            array.flags.writeable = True
    audio *= 2
    assert x[0, 0] == 10
    with audio.borrow_mut() as x:
        assert x.flags.writeable


def test_no_variable_is_fine(audio):
    with audio.borrow_mut():
        pass
    with audio.borrow_mut() as x:
        del x
    assert audio.views == []


@pytest.mark.parametrize("method", ["borrow", "borrow_mut"])
@pytest.mark.parametrize("how", KEPT)
def test_a_view_that_outlives_its_block_is_named_and_only_reads(audio, how, method):
    kept, message = keep(audio, KEPT[how], method=method)
    shown = kept[0].shape
    assert ("a second reference" in message) or (f"a NumPy array of shape {shown}" in message)
    assert not kept[0].flags.writeable
    with pytest.raises(ValueError, match="WRITEABLE"):
        kept[0].flags.writeable = True
    (view,) = audio.views
    assert (view.kind, view.mode) == ("numpy", "read")
    audio += 1  # the borrow is over
    with audio.borrow_mut():
        pass
    kept.clear()
    gc.collect()
    assert audio.views == []


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("how", ["a slice", "the transpose", "the array itself"])
def test_it_is_found_wherever_it_is_kept(audio, how, place):
    kept, message = keep(audio, KEPT[how], PLACES[place])
    assert "can only be read now" in message
    assert audio.views[0].mode == "read"
    assert kept


def test_all_of_them_are_named(audio):
    with pytest.raises(BorrowError) as raised, audio.borrow_mut() as x:
        kept = [x[0, 2:5], x[:, :4], memoryview(x[0, 3:5])]
    for what in ("array of shape (3,)", "array of shape (2, 4)", "a memoryview of shape (2,)"):
        assert what in str(raised.value)
    assert [view.mode for view in audio.views] == ["write"]
    assert kept


@pytest.mark.parametrize("how", CONSUMERS)
def test_a_consumer_that_can_still_write_stays_a_writable_view(audio, how):
    kept, message = keep(audio, CONSUMERS[how])
    assert "delete the rest" in message
    assert [view.mode for view in audio.views] == ["write"]
    audio += 1
    with pytest.raises(BorrowError, match="writable view"), audio.borrow_mut():
        pass
    kept.clear()
    assert audio.views == []
    with audio.borrow_mut():
        pass


def test_a_consumer_of_a_borrow_for_reading_can_only_read(audio):
    kept, message = keep(audio, memoryview, method="borrow")
    assert "a memoryview of shape (2, 20)" in message
    assert kept[0].readonly
    with audio.borrow_mut():
        pass


def test_a_view_kept_by_another_thread_is_found(audio):
    handed, done = threading.Event(), threading.Event()
    inbox = []

    def worker():
        mine = inbox.pop()
        handed.set()
        done.wait(30)
        outcome.append(mine.flags.writeable)

    outcome = []
    thread = threading.Thread(target=worker)
    with pytest.raises(BorrowError, match=r"array of shape \(3,\)"), audio.borrow_mut() as x:
        inbox.append(x[0, 2:5])
        thread.start()
        handed.wait(30)
    done.set()
    thread.join()
    assert outcome == [False]


def test_what_lives_in_a_cycle_only_is_not_alive(audio):
    with audio.borrow_mut() as x:
        cycle = {"view": x[0]}
        cycle["self"] = cycle
        del cycle
    assert [view.shape for view in audio.views] == [(2, 20)]


def test_temporary_views_are_nobody_s_business(audio):
    with audio.borrow_mut() as x:
        for channel in x:
            channel += 1
        x[0, 2:5] *= 2
        total = x[:, ::2].sum()
        sorted(x.reshape(-1))
        part = x[0]
        part += 1
        del channel, part
    assert total > 0


def test_results_and_copies_are_free_to_go(audio):
    with audio.borrow_mut() as x:
        kept = [x.copy(), x * 2, x[x > 3], np.concatenate([x, x]), x.astype(np.float32), x.sum()]
    for array in kept[:-1]:
        assert type(array) is np.ndarray
        assert array.flags.writeable


def test_the_search_leaves_nothing_behind(audio):
    unrelated = np.zeros(3)
    alive = weakref.ref(unrelated)

    def block(mine):
        keep(audio, lambda x: x[0])
        assert mine.size == 3

    block(unrelated)
    del unrelated
    assert alive() is None


# -- exceptions --


@pytest.mark.parametrize("error", [RuntimeError("mine"), KeyboardInterrupt(), SystemExit(3)])
def test_an_exception_in_the_block_comes_out_and_the_borrow_is_over(audio, error):
    with pytest.raises(type(error)) as raised, audio.borrow_mut() as x:
        x[0, 0] = 7
        raise error
    assert raised.value is error
    assert not hasattr(error, "__notes__")
    assert not x.flags.writeable
    audio += 1
    assert audio[0, 0] == 8


def test_a_view_that_outlives_an_exception_is_noted_on_it(audio):
    kept = []
    with pytest.raises(RuntimeError, match="mine") as raised, audio.borrow_mut() as x:
        kept.append(x[0, 2:5])
        raise RuntimeError("mine")
    assert re.search(r"array of shape \(3,\)", "".join(raised.value.__notes__))
    assert not kept[0].flags.writeable
    with audio.borrow_mut():
        pass


def test_a_function_that_fails_with_the_array_is_no_news(audio):
    def fail(array):
        raise RuntimeError(array.shape)

    with pytest.raises(RuntimeError) as raised, audio.borrow_mut() as x:
        fail(x)
    assert not hasattr(raised.value, "__notes__")
    with audio.borrow_mut():  # while the traceback still holds the array
        pass
    del raised


def test_a_refused_borrow_can_be_tried_again(audio):
    again = audio.borrow_mut()
    array = audio.to_numpy()
    with pytest.raises(BorrowError), again:
        pass
    del array
    with again as x:
        x[:] = 1


# -- the object --


def test_a_borrow_is_entered_once(audio):
    borrow = audio.borrow_mut()
    assert "not entered" in repr(borrow)
    with pytest.raises(BorrowError, match="not out"):
        borrow.__exit__(None, None, None)
    borrow = audio.borrow_mut()
    with borrow as x:
        assert "out" in repr(borrow)
        with pytest.raises(BorrowError, match="entered already"):
            borrow.__enter__()
        x += 1
    assert "over" in repr(borrow)
    with pytest.raises(BorrowError, match="over"), borrow:
        pass
    with pytest.raises(BorrowError, match="not out"):
        borrow.__exit__(None, None, None)


def test_a_borrow_that_is_never_left_lasts_as_long_as_its_array(audio):
    array = audio.borrow_mut().__enter__()
    with pytest.raises(BorrowError):
        audio += 1
    part = array[0, :3]
    del array
    with pytest.raises(BorrowError):
        audio += 1
    del part
    audio += 1
    assert audio.views == []


def test_a_borrow_keeps_the_samples(audio):
    with audio.borrow_mut() as x:
        del audio
        gc.collect()
        x += 1
        assert x[0, 0] == 1


def test_borrows_in_an_exit_stack(audio):
    with contextlib.ExitStack() as stack:
        parts = [stack.enter_context(audio[a : a + 5].borrow_mut()) for a in range(0, 20, 5)]
        for index, part in enumerate(parts):
            part[:] = index
        del part
    assert audio.to_numpy()[0].tolist() == [0] * 5 + [1] * 5 + [2] * 5 + [3] * 5
    assert not any(part.flags.writeable for part in parts)


def test_a_borrow_across_an_await(audio):
    async def edit():
        with audio.borrow_mut() as x:
            await asyncio.sleep(0)
            x += 1
            await asyncio.sleep(0)

    async def meddle():
        with pytest.raises(BorrowError):
            audio.to_numpy()

    async def both():
        await asyncio.gather(edit(), meddle())

    asyncio.run(both())
    assert audio[0, 0] == 1


def test_two_threads_never_have_it_both():
    audio = AudioSamples.new_mono(np.zeros(1000), RATE)
    taken, refused = [], []

    def worker():
        for _ in range(300):
            try:
                with audio.borrow_mut() as x:
                    value = x[0]
                    x += 1
                    assert x[0] == value + 1
                    taken.append(1)
            except BorrowError:
                refused.append(1)

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) + len(refused) == 1200
    assert (audio.to_numpy() == len(taken)).all()


# -- read-only to the end (A8) --


def test_read_only_audio_shares_and_stays_read_only(audio):
    readonly = audio.as_readonly()
    assert readonly.address == audio.address
    assert not readonly.writable
    assert "read-only" in repr(readonly)
    assert readonly.as_readonly().address == audio.address
    audio[0] = 9
    assert readonly[0].tolist() == [9, 9]


READ_ONLY_PARTS = {
    "itself": lambda audio: audio,
    "a slice": lambda audio: audio[2:5],
    "a slice of a slice": lambda audio: audio[2:9][1:3],
    "a channel": lambda audio: audio.channel(0),
    "a tuple": lambda audio: audio[..., 2:5],
    "adopted again": lambda audio: AudioSamples.from_numpy(audio.to_numpy(), RATE),
    "adopted from a memoryview": lambda audio: AudioSamples.from_buffer(memoryview(audio), RATE),
}


@pytest.mark.parametrize("how", READ_ONLY_PARTS)
def test_every_part_of_read_only_audio_is_read_only(audio, how):
    part = READ_ONLY_PARTS[how](audio.as_readonly())
    assert np.shares_memory(np.asarray(part), audio.to_numpy())
    assert not part.writable
    assert memoryview(part).readonly
    for array in (part.to_numpy(), np.asarray(part), part.frames_first, np.asarray(part[:1])):
        assert not array.flags.writeable
        with pytest.raises(ValueError, match="WRITEABLE"):
            array.flags.writeable = True
    for write in WRITERS.values():
        with pytest.raises(ValueError, match="read-only"):
            write(part)
    assert {view.mode for view in part.views} == {"read"}
    copied = part.copy()
    copied += 1
    assert copied.writable
