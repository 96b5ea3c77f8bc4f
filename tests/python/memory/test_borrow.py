"""Borrowing (A6): alone with the samples inside a with-block; and read-only to the end (A8)."""

import asyncio
import contextlib
import gc

import numpy as np
import pytest
from elsewhere import at_once

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
        says = r"writing frame 0 of audio of shape \(2, 11\) is refused"
        with pytest.raises(BorrowError, match=says):
            audio[9:] += 1
        x += 1
    with audio.channel(0).borrow_mut(), audio.channel(1).borrow_mut():
        pass


@pytest.mark.parametrize(
    ("use", "place"),
    [
        (lambda a: a[1, 7], "reading channel 1, frame 7"),
        (lambda a: a[7], "reading frame 7"),
        (lambda a: a.__setitem__((1, 7), 0.5), "writing channel 1, frame 7"),
        (lambda a: a.__setitem__(7, 0.5), "writing frame 7"),
        (lambda a: a.__setitem__(slice(6, 12), 0.5), "writing frames 6 to 9"),
        (
            lambda a: a.__setitem__((1, slice(6, 12)), np.ones(6)),
            "writing channel 1, frames 6 to 9",
        ),
        (lambda a: a.__setitem__(slice(6, 12), [[1.0] * 6]), "writing frames 6 to 9"),
        (lambda a: a.__setitem__(np.arange(20) > 3, 0), "writing frames 0 to 9"),
        (lambda a: a.__iadd__(1), "writing frames 0 to 9"),
        (lambda a: a.to_numpy(), "reading frames 0 to 9"),
    ],
)
def test_a_refusal_counts_in_the_audio_that_is_accessed(audio, use, place):
    with audio[:10].borrow_mut(), pytest.raises(BorrowError) as caught:
        use(audio)
    assert f"{place} of audio of shape (2, 20) is refused" in str(caught.value)


def test_a_refusal_about_another_operand_says_so(audio):
    other = AudioSamples.new_multi(np.ones((2, 20)), RATE)
    with other.borrow_mut(), pytest.raises(BorrowError, match="samples of another operand"):
        audio += other


def test_an_array_of_one_frame_is_a_view_of_that_frame(audio):
    for key in (3, (slice(None), 3), (..., -17)):
        frame = audio[key]
        (view,) = audio[3:4].views
        assert view.shape == frame.shape == (2,)
        assert view.span == (audio.address + 8 * 3, audio.address + 8 * 24)
        assert audio[:3].views == audio[4:].views == []
        with audio[4:].borrow_mut(), audio[:3].borrow_mut():
            frame += 1
        del frame, view
    assert audio[3].tolist() == [6, 26]


def test_one_frame_and_one_sample_are_reached_while_others_are_borrowed(audio):
    with audio[:10].borrow_mut() as x:
        audio[10] = [1, 2]
        audio[:, 11] = np.array([3, 4])
        audio[0, 12] = np.float32(5)
        assert audio[10].tolist() == [1, 2]
        assert audio[::-1, 11].tolist() == [4, 3]
        assert audio[0, 12] == 5
        for key in (9, (0, 9), (slice(None), 9)):
            with pytest.raises(BorrowError, match="borrow_mut"):
                audio[key]
            with pytest.raises(BorrowError, match="borrow_mut"):
                audio[key] = np.float32(6)
        assert x[0, 9] == 9


def test_audio_stored_in_itself_is_no_access(audio):
    with audio.borrow_mut():
        audio[:] = audio
        audio[...] = audio
        with pytest.raises(BorrowError):
            audio[...] = audio[::-1]


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


def test_a_read_only_view_stops_no_borrow(audio):
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


# -- the object --


def test_a_refused_borrow_can_be_tried_again(audio):
    again = audio.borrow_mut()
    array = audio.to_numpy()
    with pytest.raises(BorrowError), again:
        pass
    del array
    with again as x:
        x[:] = 1


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

    at_once(*[worker] * 4)
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
