"""What outlives a `with audio.borrow()` (A6): found, made read-only, named; and exceptions."""

# ruff: noqa: PT012 (what raises is the end of the with-block)

import contextlib
import ctypes
import gc
import inspect
import re
import threading
import weakref

import numpy as np
import pytest

from audio_samples import BorrowError

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
}
# The very array of the with, or the one behind it: read-only by itself, however it is kept.
NAMES = {
    "the array itself": lambda x: x,
    "np.asarray": np.asarray,
    "its base": lambda x: x.base,
}
CONSUMERS = {
    "a memoryview": memoryview,
    "a memoryview of a view": lambda x: memoryview(x[0]),
    "a DLPack capsule": lambda x: x.__dlpack__(),
    "a ctypes array": np.ctypeslib.as_ctypes,
    "a ctypes array of a view": lambda x: np.ctypeslib.as_ctypes(x[0]),
    "a ctypes pointer": lambda x: x.ctypes.data_as(ctypes.POINTER(ctypes.c_double)),
    "what ctypes asks for": lambda x: x.ctypes,
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


def keep(audio, how, place=lambda kept: kept, method="borrow_mut"):
    """Leaves a with-block with something of it in hand, which is in the list that comes back."""
    kept = []
    with pytest.raises(BorrowError) as raised, getattr(audio, method)() as x:
        kept.append(place(how(x)))
    message = str(raised.value)
    del x, raised
    gc.collect()  # the exception, its traceback and this frame
    return kept, message


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
    assert f"a NumPy array of shape {kept[0].shape}" in message
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
@pytest.mark.parametrize("how", ["a slice", "the transpose"])
def test_it_is_found_wherever_it_is_kept(audio, how, place):
    kept, message = keep(audio, KEPT[how], PLACES[place])
    assert "can only be read now" in message
    assert audio.views[0].mode == "read"
    assert kept


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("how", NAMES)
def test_the_array_itself_may_be_kept_anywhere_and_only_reads(audio, how, place):
    with audio.borrow_mut() as x:
        kept = PLACES[place](NAMES[how](x))
    assert not NAMES[how](x).flags.writeable
    assert [view.mode for view in audio.views] == ["read"]
    with audio.borrow_mut():
        pass
    assert kept is not None


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
    assert "delete them, and the variable of the with" in message
    assert [view.mode for view in audio.views] == ["write"]
    audio += 1
    with pytest.raises(BorrowError, match="writable view"), audio.borrow_mut():
        pass
    kept.clear()
    assert audio.views == []
    with audio.borrow_mut():
        pass


def test_the_variable_of_the_with_holds_on_as_the_message_says(audio):
    with pytest.raises(BorrowError, match="and the variable of the with"), audio.borrow_mut() as x:
        kept = np.from_dlpack(x)
    del kept
    gc.collect()
    with pytest.raises(BorrowError, match="also where a variable of an earlier with-block has it"):
        audio.borrow_mut().__enter__()
    del x
    with audio.borrow_mut():
        pass


def test_a_consumer_of_a_view_that_is_kept_too_stays_a_writable_view(audio):
    kept = []
    with pytest.raises(BorrowError, match="by a consumer") as raised, audio.borrow_mut() as x:
        kept.append(x[0, 2:5])
        kept.append(np.from_dlpack(kept[0]))
    del x, raised
    assert [array.flags.writeable for array in kept] == [False, True]
    assert [view.mode for view in audio.views] == ["write"]
    with pytest.raises(BorrowError, match="writable view"), audio.borrow_mut():
        pass
    kept.clear()
    with audio.borrow_mut():
        pass


def test_a_consumer_of_a_borrow_for_reading_can_only_read(audio):
    kept, message = keep(audio, memoryview, method="borrow")
    assert "a memoryview of shape (2, 20)" in message
    assert kept[0].readonly
    with audio.borrow_mut():
        pass


@pytest.mark.parametrize("method", ["borrow", "borrow_mut"])
def test_what_a_kept_array_was_made_from_is_named_too(audio, method):
    kept, message = keep(audio, lambda x: np.asarray(memoryview(x))[0, 2:5], method=method)
    assert "a memoryview of shape (2, 20)" in message
    (array,) = kept
    while isinstance(array, np.ndarray):
        assert not array.flags.writeable
        array = array.base
    # NumPy cannot take the right to write away from a memoryview.
    assert array.readonly == (method == "borrow")
    assert [view.mode for view in audio.views] == ["read" if method == "borrow" else "write"]


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


def test_temporary_views_are_not_reported(audio):
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


# -- kinds of functions --


def outlive(audio, kept, make):
    with audio.borrow_mut() as x:
        kept.append(z := make(x))
    return z


def outlive_in_a_generator(audio, kept, make):
    with audio.borrow_mut() as x:
        yield x.shape
        kept.append(z := make(x))
    yield z


async def outlive_in_a_coroutine(audio, kept, make):
    with audio.borrow_mut() as x:
        kept.append(z := make(x))
    return z


async def outlive_in_an_asynchronous_generator(audio, kept, make):
    with audio.borrow_mut() as x:
        kept.append(z := make(x))
    yield z


def outlive_where_locals_were_asked_for(audio, kept, make):
    with audio.borrow_mut() as x:
        kept.append(z := make(x))
        locals()
    return z


@contextlib.contextmanager
def lent(audio):
    with audio.borrow_mut() as x:
        yield x


def outlive_a_context_manager(audio, kept, make):
    with lent(audio) as x:
        kept.append(z := make(x))
    return z


def finish(result):
    """Runs a function of any kind to its end."""
    if inspect.isgenerator(result):
        return list(result)
    if inspect.isasyncgen(result):
        result = anext(result)
    if inspect.isawaitable(result):
        with pytest.raises(StopIteration):
            result.__await__().send(None)
    return None


FUNCTIONS = [
    outlive,
    outlive_in_a_generator,
    outlive_in_a_coroutine,
    outlive_in_an_asynchronous_generator,
    outlive_where_locals_were_asked_for,
    outlive_a_context_manager,
]
names_of_functions = pytest.mark.parametrize("function", FUNCTIONS, ids=lambda each: each.__name__)


@names_of_functions
def test_a_view_is_named_in_every_kind_of_function(audio, function):
    kept = []
    with pytest.raises(BorrowError, match=r"a NumPy array of shape \(2, 3\)") as raised:
        finish(function(audio, kept, lambda x: x[:, 2:5]))
    assert "consumer" not in str(raised.value)
    assert not kept[0].flags.writeable
    assert [view.mode for view in audio.views] == ["read"]
    with audio.borrow_mut():
        pass


@names_of_functions
def test_a_tensor_is_noticed_in_every_kind_of_function(audio, function):
    kept = []
    with pytest.raises(BorrowError, match="a reference by a consumer such as a tensor"):
        finish(function(audio, kept, np.from_dlpack))
    gc.collect()
    assert [view.mode for view in audio.views] == ["write"]
    with pytest.raises(BorrowError, match="writable view"), audio.borrow_mut():
        pass
    kept.clear()


@names_of_functions
def test_no_kind_of_function_raises_a_false_alarm(audio, function):
    kept = []
    finish(function(audio, kept, lambda x: x.sum()))
    finish(function(audio, kept, lambda x: x))
    assert not kept[1].flags.writeable
    audio += 1
    with audio.borrow_mut():
        pass


def test_what_a_block_returns_is_named_as_an_array(audio):
    def first_frames():
        with audio.borrow_mut() as x:
            return x[:, 2:5]

    with pytest.raises(BorrowError, match="a NumPy array in no variable") as raised:
        first_frames()
    assert "tensor" not in str(raised.value)
    del raised
    gc.collect()
    assert audio.views == []


def test_a_dictionary_of_the_variables_is_a_place_like_any_other(audio):
    with audio.borrow_mut() as x:
        variables = locals()
    assert not variables["x"].flags.writeable
    del x, variables
    with audio.borrow_mut():
        pass


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
