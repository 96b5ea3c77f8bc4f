"""The registry against a model: anything in any order, and after each step every value, every view
and every refusal is what plain copies and sets of sample numbers say (`registry_model.py`)."""

import gc
import os
import pickle
import signal
import sys

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from registry_doors import ADDERS, ADOPTIONS, DERIVED, DOORS, FOUND_AGAIN, FUNCTIONS, READERS
from registry_model import (
    MOST_BORROWS,
    MOST_MEMORIES,
    MOST_VIEWS,
    Held,
    Memory,
    Opening,
    Part,
    Variable,
    View,
    World,
)
from signals import RATE, make_audio

from audio_samples import AudioSamples, BorrowError

pytestmark = [pytest.mark.timeout(1200), pytest.mark.filterwarnings("ignore:.*fork")]

PICK = st.integers(0, 5)
CHANNELS = st.integers(0, 3)  # 0: mono
FRAMES = st.integers(1, 12)
VALUE = st.integers(1, 9)
SLICE = st.builds(
    slice,
    st.none() | st.integers(-12, 11),
    st.none() | st.integers(-11, 12),
    st.sampled_from([None, 1, 2, 3, -1, -2]),
)


@pytest.fixture(autouse=True, scope="module")
def _cycles_go_when_the_model_says_so():
    # The search for what outlives a borrow looks through all containers: without those that are
    # alive already it takes a millisecond instead of a hundred.
    gc.collect()
    gc.freeze()
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


def refused(error, call, *arguments):
    try:
        call(*arguments)
    except error:
        return
    raise AssertionError(f"not refused, although the contract says {error}")


class RegistryMachine(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.world = World()
        self.foreign = None
        self.has_forked = False

    def changes(self, handle, part, call, values):
        """A call that stores `values` in a part of what a handle reaches, or is refused."""
        borrowed = not self.world.may_be_written(part)
        if not handle.writable:
            refused((ValueError, BorrowError) if borrowed else ValueError, call)
        elif borrowed:
            refused(BorrowError, call)
        else:
            call()
            part.write(values)

    # -- audio comes, is cut, and goes --

    @initialize(adopted=st.booleans())
    def begin(self, adopted):
        if adopted:
            self.adopt_memory(12)
        else:
            self.make_audio(2, 6)

    @precondition(lambda self: self.world.memories() < MOST_MEMORIES)
    @rule(channels=CHANNELS, frames=FRAMES)
    def make(self, channels, frames):
        self.make_audio(channels, frames)

    def make_audio(self, channels, frames, shared=False):
        shape = (channels, frames) if channels else (frames,)
        values = np.arange(1.0, 1 + np.prod(shape)).reshape(shape)
        audio = make_audio(values).share() if shared else make_audio(values)
        memory = Memory(values, audio.address)
        opening = Opening() if shared else None
        self.world.add(audio, memory, memory.numbers(shape), True, opening)

    @precondition(lambda self: self.world.memories() < MOST_MEMORIES)
    @rule(channels=CHANNELS, frames=FRAMES)
    def share(self, channels, frames):
        self.make_audio(channels, frames, shared=True)

    @precondition(lambda self: self.world.shared())
    @rule(pick=PICK)
    def attach_again(self, pick):
        shared = self.world.shared()
        handle = shared[pick % len(shared)]
        if not self.world.may_be_read(handle):
            refused(BorrowError, pickle.dumps, handle.audio)
            return
        audio = pickle.loads(pickle.dumps(handle.audio))
        self.world.add(audio, handle.memory, handle.numbers, handle.writable, Opening())

    @precondition(lambda self: self.world.shared())
    @rule(pick=PICK)
    def close(self, pick):
        shared = self.world.shared()
        handle = shared[pick % len(shared)]
        memory = handle.memory
        if handle.opening.is_over or self.world.is_open_otherwise(handle):
            handle.audio.close()
            handle.opening.is_over = True
            assert handle.audio.closed
            return
        if self.world.is_seen(memory):
            refused(BorrowError, handle.audio.close)
            assert not handle.audio.closed
            return
        handle.audio.close()
        for each in [each for each in self.world.handles if each.memory is memory]:
            assert each.audio.closed
            refused(ValueError, each.audio.copy)
        self.world.handles = [each for each in self.world.handles if each.memory is not memory]
        if not self.world.handles:
            self.make_audio(1, 3)

    @precondition(lambda self: self.world.memories() < MOST_MEMORIES)
    @rule(frames=FRAMES)
    def adopt(self, frames):
        self.adopt_memory(frames)

    def adopt_memory(self, frames):
        array = np.arange(2.0 * frames)
        memory = Memory(array, array.ctypes.data, foreign=True)
        self.foreign = array, memory
        audio = AudioSamples.new_mono(array, RATE, copy=False)
        self.world.add(audio, memory, memory.numbers(array.shape), True)

    @precondition(lambda self: self.foreign)
    @rule(key=SLICE, windows=st.booleans())
    def adopt_again(self, key, windows):
        array, memory = self.foreign
        numbers = memory.numbers(array.shape)[key]
        if numbers.size < 2:
            return
        array = array[key]
        if windows:  # samples that lie in each other's place
            numbers = np.lib.stride_tricks.sliding_window_view(numbers, 2)
            array = np.lib.stride_tricks.sliding_window_view(array, 2, writeable=True)
        writable = np.unique(numbers).size == numbers.size
        self.world.add(make_audio(array, copy=False), memory, numbers, writable)

    @rule(pick=PICK, key=SLICE, of_a_channel=st.booleans())
    def cut(self, pick, key, of_a_channel):
        handle = self.world.handle(pick)
        key = (-1, key) if of_a_channel and handle.numbers.ndim == 2 else (..., key)
        numbers = handle.numbers[key]
        if numbers.size:
            part = handle.audio[key[-1]] if key[0] is ... else handle.audio[key]
            self.world.add(part, handle.memory, numbers, handle.writable, handle.opening)

    @rule(pick=PICK, index=PICK)
    def take_a_channel(self, pick, index):
        handle = self.world.handle(pick)
        channels = np.atleast_2d(handle.numbers)
        index %= len(channels)
        audio = handle.audio.channel(index)
        writable, opening = handle.writable, handle.opening
        self.world.add(audio, handle.memory, channels[index], writable, opening)

    @rule(pick=PICK)
    def make_readonly(self, pick):
        handle = self.world.handle(pick)
        audio = handle.audio.as_readonly()
        self.world.add(audio, handle.memory, handle.numbers, False, handle.opening)

    @precondition(lambda self: self.world.memories() < MOST_MEMORIES)
    @rule(pick=PICK)
    def copy(self, pick):
        handle = self.world.handle(pick)
        if not self.world.may_be_read(handle):
            refused(BorrowError, handle.audio.copy)
            return
        audio = handle.audio.copy()
        memory = Memory(handle.read(), audio.address)
        self.world.add(audio, memory, memory.numbers(handle.shape), True)

    @precondition(lambda self: len(self.world.handles) > 1)
    @rule(pick=PICK)
    def drop(self, pick):
        del self.world.handles[pick % len(self.world.handles)]

    # -- views --

    @precondition(lambda self: len(self.world.views) < MOST_VIEWS)
    @rule(pick=PICK, door=st.sampled_from(sorted(DOORS)))
    def export(self, pick, door):
        handle = self.world.handle(pick)
        kind, shown, call = DOORS[door]
        self.show(handle, Part(handle.memory, shown(handle.numbers)), kind, call)

    @precondition(lambda self: len(self.world.views) < MOST_VIEWS)
    @rule(pick=PICK, index=PICK)
    def export_a_frame(self, pick, index):
        handle = self.world.handle(pick)
        index %= handle.shape[-1]
        frame = Part(handle.memory, handle.numbers[..., index])
        if handle.numbers.ndim == 2:
            self.show(handle, frame, "numpy", lambda audio: audio[index])
        elif self.world.may_be_read(frame):
            assert handle.audio[index] == frame.read()
        else:
            refused(BorrowError, lambda: handle.audio[index])

    def show(self, handle, part, kind, call):
        if not self.world.may_be_read(part):
            refused(BorrowError, call, handle.audio)
            return
        writable = handle.writable and self.world.may_be_written(part)
        held = Held(call(handle.audio), part.numbers, writable)
        assert held.object.shape == part.shape
        mode = "write" if writable else "read"
        self.world.views.append(View(kind, mode, part, [held]))

    @precondition(lambda self: self.world.has_held())
    @rule(pick=PICK, which=PICK, how=SLICE | st.sampled_from(sorted(DERIVED)))
    def derive(self, pick, which, how):
        view = self.world.view(pick)
        held = view.held[which % len(view.held)]
        if held.numbers.ndim not in (1, 2) or not held.numbers.size:
            return
        derive = DERIVED[how] if isinstance(how, str) else lambda array: array[..., how]
        way = held.ways("buffer" if isinstance(held.object, memoryview) else "array")
        numbers, array = derive(held.numbers), derive(held.array())
        view.held.append(Held(array, numbers, held.writable, way))
        del view.held[:-6]

    @precondition(lambda self: self.world.has_held())
    @rule(pick=PICK, which=PICK, way=st.sampled_from(["buffer", "tensor"]))
    def hand_on(self, pick, which, way):
        view = self.world.view(pick)
        held = view.held[which % len(view.held)]
        consumer = {"buffer": memoryview, "tensor": np.from_dlpack}[way]
        made = consumer(held.array())
        view.held.append(Held(made, held.numbers, held.writable, held.ways(way)))
        del view.held[:-6]

    @precondition(lambda self: self.world.has_held())
    @rule(pick=PICK, which=PICK, everything=st.booleans(), lost=st.booleans())
    def release(self, pick, which, everything, lost):
        view = self.world.view(pick)
        which %= len(view.held)
        let_go = slice(None) if everything else slice(which, which + 1)
        if lost:  # in a cycle
            cycle = [held.object for held in view.held[let_go]]
            cycle.append(cycle)
            for held in view.held[let_go]:
                held.object = None
                view.lost.append(held)
        del view.held[let_go]
        self.world.forget_the_dead()

    @precondition(lambda self: self.world.has_held())
    @rule(pick=PICK, which=PICK, value=VALUE)
    def write_through_a_view(self, pick, which, value):
        view = self.world.view(pick)
        held = view.held[which % len(view.held)]
        if held.writable:
            held.array()[...] = value
            Part(view.part.memory, held.numbers).write(value)
        else:
            refused(ValueError, held.array().__setitem__, ..., value)

    @precondition(lambda self: self.world.has_held())
    @rule(pick=PICK, which=PICK, how=st.sampled_from(sorted(ADOPTIONS)))
    def adopt_a_view(self, pick, which, how):
        view = self.world.view(pick)
        held = view.held[which % len(view.held)]
        if view.part.memory.foreign and (view.kind, held.way) not in FOUND_AGAIN:
            return
        if held.numbers.ndim in (1, 2) and held.numbers.size:
            how = "from_numpy" if view.part.memory.foreign else how
            audio = ADOPTIONS[how](held.array())
            self.world.add(audio, view.part.memory, held.numbers, held.writable)

    @rule()
    def collect(self):
        gc.collect()
        self.world.collect()

    # -- operations --

    @rule(pick=PICK, how=st.sampled_from(sorted(READERS)))
    def read(self, pick, how):
        handle = self.world.handle(pick)
        if self.world.may_be_read(handle):
            assert np.array_equal(READERS[how](handle.audio), handle.read())
        else:
            refused(BorrowError, READERS[how], handle.audio)

    @rule(pick=PICK, value=VALUE, how=st.sampled_from(sorted(ADDERS)))
    def add_a_number(self, pick, value, how):
        handle = self.world.handle(pick)
        call = ADDERS[how]
        self.changes(handle, handle, lambda: call(handle.audio, value), handle.read() + value)

    @rule(pick=PICK, value=VALUE, key=SLICE | PICK, as_array=st.booleans())
    def store(self, pick, value, key, as_array):
        handle = self.world.handle(pick)
        if isinstance(key, int):
            key %= handle.shape[-1]
        part = Part(handle.memory, handle.numbers[..., key])
        values = np.full(part.shape, float(value)) if as_array else value
        self.changes(handle, part, lambda: handle.audio.__setitem__(key, values), value)

    @rule(pick=PICK, other=PICK, store=st.booleans())
    def add_or_store_other_audio(self, pick, other, store):
        handle = self.world.handle(pick)
        shapes = (handle.shape, handle.shape[1:])
        fits = [each for each in self.world.handles if each.shape in shapes]
        operand = fits[other % len(fits)]
        self.combine(handle, operand, operand.audio, self.world.may_be_read(operand), store)

    @rule(pick=PICK, shift=st.integers(1, 4), forwards=st.booleans(), store=st.booleans())
    def shift(self, pick, shift, forwards, store):
        handle = self.world.handle(pick)
        first, second = slice(None, -shift), slice(shift, None)
        keys = (second, first) if forwards else (first, second)
        target, operand = (Part(handle.memory, handle.numbers[..., key]) for key in keys)
        if not target.members:
            return
        target.audio, target.writable = handle.audio[keys[0]], handle.writable
        allowed = self.world.may_be_read(operand)
        self.combine(target, operand, handle.audio[keys[1]], allowed, store)

    @precondition(lambda self: self.world.has_held())
    @rule(pick=PICK, other=PICK, which=PICK, store=st.booleans())
    def add_or_store_a_view(self, pick, other, which, store):
        handle, view = self.world.handle(pick), self.world.view(other)
        held = view.held[which % len(view.held)]
        if held.numbers.shape not in (handle.shape, handle.shape[1:]):
            return
        operand = Part(view.part.memory, held.numbers)
        allowed = self.world.operand_may_be_read(view, held)
        self.combine(handle, operand, held.array(), allowed, store)

    def combine(self, handle, operand, value, allowed, store):
        """`handle += value` or `handle[:] = value`, where `value` is the samples of `operand`."""
        everything = handle.audio.__setitem__, (..., value)
        call, arguments = everything if store else (handle.audio.__iadd__, (value,))
        if not handle.writable:
            refused(ValueError, call, *arguments)
        elif store and operand.is_just(handle):
            call(*arguments)  # nothing to do, so no borrow refuses it
        elif allowed and self.world.may_be_written(handle):
            call(*arguments)
            handle.write(operand.read() + (0 if store else handle.read()))
        else:
            refused(BorrowError, call, *arguments)

    # -- borrows --

    @precondition(lambda self: sum(view.lends for view in self.world.views) < MOST_BORROWS)
    @rule(
        pick=PICK, mode=st.sampled_from(["read", "write"]), where=st.sampled_from(list(FUNCTIONS))
    )
    def borrow(self, pick, mode, where):
        handle = self.world.handle(pick)
        method = {"read": "borrow", "write": "borrow_mut"}[mode]
        if mode == "write" and not handle.writable:
            refused(ValueError, handle.audio.borrow_mut)
            return
        block = FUNCTIONS[where](getattr(handle.audio, method)())
        if not self.world.may_be_borrowed(handle, mode):
            refused(BorrowError, block.__enter__)
            return
        array = Variable(block.__enter__(), handle.numbers, mode == "write")
        part = Part(handle.memory, handle.numbers)
        view = View(method, mode, part, [array], lends=True, block=block)
        view.is_suspended = where != "plain"
        self.world.views.append(view)

    @precondition(lambda self: self.world.blocks())
    @rule(pick=PICK, raised=st.booleans())
    def leave_the_block(self, pick, raised):
        blocks = self.world.blocks()
        view = blocks[pick % len(blocks)]
        block, error = view.block, RuntimeError() if raised else None
        expected = self.world.give_back(view, raised)
        if expected and not raised:
            refused(BorrowError, block.__exit__, None, None, None)
        else:
            block.__exit__(type(error) if raised else None, error, None)
            assert bool(getattr(error, "__notes__", [])) == expected

    @precondition(lambda self: self.world.blocks())
    @rule(pick=PICK)
    def forget_the_block(self, pick):
        blocks = self.world.blocks()
        view = blocks[pick % len(blocks)]
        if view.is_suspended:  # a function that is never resumed is closed, which leaves its block
            self.world.give_back(view, raised=True)
        else:
            view.block = None  # lent for as long as its arrays live
            self.world.forget_the_dead()

    # -- forks --

    @precondition(lambda self: not self.has_forked)
    @rule()
    def fork(self):
        """In the child all of it is as it was here, for the thread that forked is there too."""
        self.has_forked = True
        child = os.fork()
        if not child:
            signal.alarm(60)
            try:
                self.every_value_is_the_model_s()
                self.the_registry_is_the_model_s()
                for handle in self.world.handles:
                    handle.audio.reclaim()
                self.every_value_is_the_model_s()
            except BaseException:
                os._exit(1)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

    # -- afterwards --

    @invariant()
    def every_value_is_the_model_s(self):
        for handle in self.world.handles:
            if self.world.may_be_read(handle):
                assert np.array_equal(handle.audio.copy(), handle.read())
            else:
                refused(BorrowError, handle.audio.copy)
        for view in self.world.views:
            for held in view.held:
                array = held.array()
                assert array.flags.writeable == held.writable
                assert np.array_equal(array, view.part.memory.values[held.numbers])

    @invariant()
    def the_registry_is_the_model_s(self):
        for handle in self.world.handles:
            first = handle.numbers.reshape(-1)[0]
            assert handle.audio.address == handle.memory.address + 8 * int(first)
            assert handle.audio.writable == handle.writable
            found = [(view.kind, view.mode, view.shape, view.span) for view in handle.audio.views]
            assert found == self.world.expected(handle)

    def teardown(self):
        if sys.exc_info()[0] is not None:
            return  # the traceback holds what the failing step had in hand
        # With everything let go of, nothing is left in the registry.
        handles = self.world.handles
        self.world = World()
        gc.collect()
        for handle in handles:
            assert handle.audio.views == []
            if handle.writable:
                with handle.audio.borrow_mut():
                    pass


TestRegistryMachine = RegistryMachine.TestCase
TestRegistryMachine.settings = settings(
    max_examples=min(2 * settings.default.max_examples, 500), stateful_step_count=40, deadline=None
)
