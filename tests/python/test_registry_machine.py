"""The registry against a model: anything in any order, and afterwards every value, every view and
every refusal is what plain NumPy copies and sets of sample numbers say."""

import gc
from collections import Counter

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from audio_samples import AudioSamples, BorrowError

RATE = 48_000
# Whoever keeps a view of a borrow pays for the search: tens of milliseconds each time.
pytestmark = pytest.mark.timeout(600)
KEPT = ["nothing", "nothing", "the array", "the array", "a slice"]
PICK = st.integers(0, 1_000_000)
SLICE = st.tuples(st.integers(0, 11), st.integers(1, 12), st.sampled_from([1, 1, 2, 3, -1, -2]))


class Memory:
    """One allocation: a plain copy of its samples, and the address of the first."""

    def __init__(self, values, address):
        self.values = values.reshape(-1).copy()
        self.address = address


class Part:
    """Some samples of a memory, by number, in the shape that a handle or a view gives them."""

    def __init__(self, memory, numbers):
        self.memory = memory
        self.numbers = numbers
        self.members = frozenset(numbers.reshape(-1).tolist())

    def meets(self, other):
        return self.memory is other.memory and not self.members.isdisjoint(other.members)

    def read(self):
        return self.memory.values[self.numbers]

    def write(self, values):
        self.memory.values[self.numbers] = values

    def span(self):
        size = self.memory.values.itemsize
        low, high = min(self.members), max(self.members) + 1
        return self.memory.address + low * size, self.memory.address + high * size


class Handle(Part):
    def __init__(self, audio, memory, numbers, writable):
        super().__init__(memory, numbers)
        self.audio = audio
        self.writable = writable


class View(Part):
    """An entry of the registry, alive as long as one of the objects on it."""

    def __init__(self, first, kind, mode, memory, numbers):
        super().__init__(memory, numbers)
        self.kind = kind
        self.mode = mode
        self.objects = [(first, numbers)]


class Borrow(Part):
    def __init__(self, manager, array, mode, part):
        super().__init__(part.memory, part.numbers)
        self.manager = manager
        self.array = array
        self.mode = mode


def refused(call, error):
    try:
        call()
    except error:
        return
    raise AssertionError(f"not refused, although the contract says {error.__name__}")


class RegistryMachine(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.handles = []
        self.views = []
        self.borrows = []
        self.foreign = []

    def pick(self, pick):
        return self.handles[pick % len(self.handles)]

    def borrowed(self, part, mode=None):
        return any(mode in (None, each.mode) and each.meets(part) for each in self.borrows)

    def add(self, handle):
        self.handles.append(handle)
        if len(self.handles) > 6:
            del self.handles[0]

    # -- audio comes, is cut, and goes --

    @rule(channels=st.sampled_from([0, 0, 1, 2, 3]), frames=st.integers(1, 12), pick=PICK)
    def make(self, channels, frames, pick):
        shape = (channels, frames) if channels else (frames,)
        values = (np.arange(np.prod(shape)) + pick % 50).astype(float).reshape(shape)
        make = AudioSamples.new_multi if channels else AudioSamples.new_mono
        audio = make(values, RATE)
        memory = Memory(values, audio.address)
        self.add(Handle(audio, memory, np.arange(values.size).reshape(shape), True))

    @rule(frames=st.integers(1, 12))
    def adopt(self, frames):
        array = np.arange(2.0 * frames)
        memory = Memory(array, array.ctypes.data)
        numbers = np.arange(array.size)
        self.foreign = [(array, memory)]
        audio = AudioSamples.new_mono(array, RATE, copy=False)
        self.add(Handle(audio, memory, numbers, True))

    @precondition(lambda self: self.foreign)
    @rule(key=SLICE)
    def adopt_again(self, key):
        array, memory = self.foreign[0]
        numbers = np.arange(array.size)[slice(*key)]
        if numbers.size:
            audio = AudioSamples.new_mono(array[slice(*key)], RATE, copy=False)
            self.add(Handle(audio, memory, numbers, True))

    @precondition(lambda self: self.handles)
    @rule(pick=PICK, key=SLICE)
    def cut(self, pick, key):
        handle = self.pick(pick)
        numbers = handle.numbers[..., slice(*key)]
        if numbers.size:
            part = handle.audio[slice(*key)]
            self.add(Handle(part, handle.memory, numbers, handle.writable))

    @precondition(lambda self: self.handles)
    @rule(pick=PICK)
    def take_a_channel(self, pick):
        handle = self.pick(pick)
        numbers = np.atleast_2d(handle.numbers)[-1]
        channel = handle.audio.channel(-1)
        self.add(Handle(channel, handle.memory, numbers, handle.writable))

    @precondition(lambda self: self.handles)
    @rule(pick=PICK)
    def make_readonly(self, pick):
        handle = self.pick(pick)
        self.add(Handle(handle.audio.as_readonly(), handle.memory, handle.numbers, False))

    @precondition(lambda self: self.handles)
    @rule(pick=PICK)
    def drop(self, pick):
        del self.handles[pick % len(self.handles)]

    # -- views --

    @precondition(lambda self: self.handles)
    @rule(pick=PICK, door=st.sampled_from(["to_numpy", "asarray", "memoryview", "frames_first"]))
    def export(self, pick, door):
        handle = self.pick(pick)
        numbers, kind = handle.numbers, "numpy"
        if door == "to_numpy":
            call = handle.audio.to_numpy
        elif door == "frames_first":
            call = lambda: handle.audio.frames_first  # noqa: E731
            numbers = np.atleast_2d(numbers).T
        else:
            kind = "buffer"
            call = lambda: {"asarray": np.asarray, "memoryview": memoryview}[door](handle.audio)  # noqa: E731
        if self.borrowed(handle, "write"):
            refused(call, BorrowError)
            return
        mode = "write" if handle.writable and not self.borrowed(handle) else "read"
        view = call()
        shape = view.shape
        assert shape == numbers.shape
        readonly = view.readonly if door == "memoryview" else not view.flags.writeable
        assert readonly == (mode == "read")
        self.views.append(View(view, kind, mode, handle.memory, numbers))

    @precondition(lambda self: self.views)
    @rule(pick=PICK, key=SLICE)
    def derive(self, pick, key):
        view = self.views[pick % len(self.views)]
        held, numbers = view.objects[pick % len(view.objects)]
        derived = np.asarray(held)[..., slice(*key)]
        view.objects.append((derived, numbers[..., slice(*key)]))

    @precondition(lambda self: self.views)
    @rule(pick=PICK, all_of_it=st.booleans())
    def release(self, pick, all_of_it):
        index = pick % len(self.views)
        view = self.views[index]
        if all_of_it:
            view.objects.clear()
        else:
            del view.objects[pick % len(view.objects)]
        if not view.objects:
            del self.views[index]

    @precondition(lambda self: self.views)
    @rule(pick=PICK, value=st.integers(0, 99))
    def write_through_a_view(self, pick, value):
        view = self.views[pick % len(self.views)]
        held, numbers = view.objects[pick % len(view.objects)]
        array = np.asarray(held)
        if view.mode == "read":
            refused(lambda: array.__setitem__(..., value), ValueError)
        else:
            array[...] = value
            view.memory.values[numbers] = value

    @precondition(lambda self: self.views)
    @rule(pick=PICK)
    def adopt_a_view(self, pick):
        view = self.views[pick % len(self.views)]
        held, numbers = view.objects[pick % len(view.objects)]
        if numbers.size == 0:
            return
        layout = "channels_first" if numbers.ndim == 2 else None
        audio = AudioSamples.from_numpy(np.asarray(held), RATE, layout=layout)
        self.add(Handle(audio, view.memory, numbers, view.mode == "write"))

    # -- operations --

    @precondition(lambda self: self.handles)
    @rule(pick=PICK, value=st.integers(1, 9))
    def add_a_number(self, pick, value):
        handle = self.pick(pick)
        if not handle.writable:
            refused(lambda: handle.audio.__iadd__(value), ValueError)
        elif self.borrowed(handle):
            refused(lambda: handle.audio.__iadd__(value), BorrowError)
        else:
            handle.audio += value
            handle.write(handle.read() + value)

    @precondition(lambda self: self.handles)
    @rule(pick=PICK, other=PICK, store=st.booleans())
    def add_or_store_other_audio(self, pick, other, store):
        handle, operand = self.pick(pick), self.pick(other)
        if operand.numbers.shape != handle.numbers.shape:
            return

        def call():
            if store:
                handle.audio[:] = operand.audio
            else:
                handle.audio.__iadd__(operand.audio)

        if not handle.writable:
            refused(call, ValueError)
        elif (
            store
            and operand.audio.address == handle.audio.address
            and np.array_equal(operand.numbers, handle.numbers)
        ):
            call()  # nothing to do
        elif self.borrowed(handle) or self.borrowed(operand, "write"):
            refused(call, BorrowError)
        else:
            call()
            handle.write(operand.read() + (0 if store else handle.read()))

    @precondition(lambda self: self.handles and self.borrows)
    @rule(pick=PICK, other=PICK)
    def add_a_borrowed_array(self, pick, other):
        handle, borrow = self.pick(pick), self.borrows[other % len(self.borrows)]
        if handle.numbers.shape != borrow.numbers.shape or not handle.writable:
            return
        if self.borrowed(handle):
            refused(lambda: handle.audio.__iadd__(borrow.array), BorrowError)
        else:
            handle.audio += borrow.array
            handle.write(handle.read() + borrow.read())

    @precondition(lambda self: self.handles)
    @rule(pick=PICK)
    def copy(self, pick):
        handle = self.pick(pick)
        if self.borrowed(handle, "write"):
            refused(handle.audio.copy, BorrowError)
            return
        audio = handle.audio.copy()
        memory = Memory(handle.read(), audio.address)
        numbers = np.arange(handle.numbers.size).reshape(handle.numbers.shape)
        self.add(Handle(audio, memory, numbers, True))

    # -- borrows --

    @precondition(lambda self: self.handles and len(self.borrows) < 4)
    @rule(pick=PICK, mutably=st.booleans())
    def borrow(self, pick, mutably):
        handle = self.pick(pick)
        if mutably and not handle.writable:
            refused(handle.audio.borrow_mut, ValueError)
            return
        manager = handle.audio.borrow_mut() if mutably else handle.audio.borrow()
        writable_view = any(view.mode == "write" and view.meets(handle) for view in self.views)
        if self.borrowed(handle, None if mutably else "write") or (mutably and writable_view):
            refused(manager.__enter__, BorrowError)
            return
        mode = "write" if mutably else "read"
        self.borrows.append(Borrow(manager, manager.__enter__(), mode, handle))

    @precondition(lambda self: any(borrow.mode == "write" for borrow in self.borrows))
    @rule(pick=PICK, value=st.integers(0, 99))
    def write_through_a_borrow(self, pick, value):
        mutable = [borrow for borrow in self.borrows if borrow.mode == "write"]
        borrow = mutable[pick % len(mutable)]
        borrow.array[...] = value
        borrow.write(value)

    @precondition(lambda self: self.borrows)
    @rule(pick=PICK, keep=st.sampled_from(KEPT))
    def give_back(self, pick, keep):
        borrow = self.borrows.pop(pick % len(self.borrows))
        kept = [(borrow.array[..., :1], borrow.numbers[..., :1])] if keep == "a slice" else []
        if keep == "nothing":
            borrow.array = None
        if kept:
            refused(lambda: borrow.manager.__exit__(None, None, None), BorrowError)
        else:
            borrow.manager.__exit__(None, None, None)
        if keep == "the array":
            kept.append((borrow.array, borrow.numbers))
        if kept:
            view = View(None, "numpy", "read", borrow.memory, borrow.numbers)
            view.objects = kept
            self.views.append(view)
        borrow.array = None

    @rule()
    def collect(self):
        gc.collect()

    # -- afterwards --

    @invariant()
    def every_value_is_the_model_s(self):
        for handle in self.handles:
            if self.borrowed(handle, "write"):
                refused(handle.audio.copy, BorrowError)
            else:
                np.testing.assert_array_equal(handle.audio.copy(), handle.read())
        for view in self.views:
            for held, numbers in view.objects:
                np.testing.assert_array_equal(np.asarray(held), view.memory.values[numbers])
        for borrow in self.borrows:
            np.testing.assert_array_equal(borrow.array, borrow.read())

    @invariant()
    def the_registry_is_the_model_s(self):
        kinds = {"write": "borrow_mut", "read": "borrow"}
        entries = [(view, view.kind, view.mode) for view in self.views]
        entries += [(borrow, kinds[borrow.mode], borrow.mode) for borrow in self.borrows]
        for handle in self.handles:
            assert handle.audio.address == handle.memory.address + 8 * int(handle.numbers.flat[0])
            expected = Counter(
                (kind, mode, part.numbers.shape, part.span())
                for part, kind, mode in entries
                if part.meets(handle)
            )
            views = handle.audio.views
            found = Counter((view.kind, view.mode, view.shape, view.span) for view in views)
            assert found == expected

    def teardown(self):
        self.handles.clear()
        for borrow in self.borrows:
            borrow.array = None
            borrow.manager.__exit__(None, None, None)
        self.views.clear()


TestRegistryMachine = RegistryMachine.TestCase
TestRegistryMachine.settings = settings(stateful_step_count=30, deadline=None)
