"""What the contract says about memory, views and borrows, told with copies and sets of numbers.

Every sample of a memory has a number. Audio, views and borrows are arrays of such numbers, cut by
the same keys as the real thing; two of them meet if they have a number in common. Nothing in here
asks the package for anything.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

# Few enough that they meet each other all the time.
MOST_MEMORIES, MOST_HANDLES, MOST_VIEWS, MOST_BORROWS = 2, 6, 6, 4


class Memory:
    """One allocation: a plain copy of its samples, and the address of the first."""

    def __init__(self, values, address, foreign=False):
        self.values = np.array(values, dtype=float).reshape(-1)
        self.address = address
        self.foreign = foreign

    def numbers(self, shape):
        return np.arange(self.values.size).reshape(shape)


class Part:
    """Some samples of a memory, by number, in the shape in which they are seen."""

    def __init__(self, memory, numbers):
        self.memory = memory
        self.numbers = numbers
        self.members = frozenset(numbers.reshape(-1).tolist())

    @property
    def shape(self):
        return self.numbers.shape

    def meets(self, other):
        return self.memory is other.memory and not self.members.isdisjoint(other.members)

    def is_just(self, other):
        """The same samples in the same order, on one axis or as one channel."""
        numbers = np.atleast_2d(self.numbers), np.atleast_2d(other.numbers)
        return self.memory is other.memory and np.array_equal(*numbers)

    def read(self):
        return self.memory.values[self.numbers]

    def write(self, values):
        self.memory.values[self.numbers] = values

    def span(self):
        size = self.memory.values.itemsize
        low, high = min(self.members), max(self.members) + 1
        return self.memory.address + low * size, self.memory.address + high * size


class Opening:
    """One of perhaps several openings of a shared segment: that of a handle and its slices."""

    def __init__(self):
        self.is_over = False


class Handle(Part):
    """An `AudioSamples`."""

    def __init__(self, audio, memory, numbers, writable, opening=None):
        super().__init__(memory, numbers)
        self.audio = audio
        self.writable = writable
        self.opening = opening


@dataclass
class Held:
    """An object that a caller holds on a view, and by which way it was made from the view's own.

    NumPy can take the right to write away from an `array`, and from one over a `buffer`; not from a
    memoryview, and not from a `tensor`.
    """

    object: Any
    numbers: np.ndarray
    writable: bool
    way: str = "array"

    def array(self):
        return np.asarray(self.object)

    def ways(self, further):
        order = ["array", "buffer", "tensor"]
        return max(self.way, further, key=order.index)


@dataclass(eq=False)
class View:
    """An entry of the registry. It lives as long as one of the objects on it."""

    kind: str
    mode: str
    part: Part
    held: list[Held] = field(default_factory=list)
    # Held by cycles only, until the garbage collector runs.
    lost: list[Held] = field(default_factory=list)
    # Of a borrow that is out: it keeps others away, and its block keeps the entry.
    lends: bool = False
    block: Any = None
    # Whether the block stands in a function that is suspended meanwhile.
    is_suspended: bool = False

    @property
    def alive(self):
        return bool(self.held or self.lost or self.block is not None)

    def shown(self):
        return self.kind, self.mode, self.part.shape, self.part.span()


class World:
    """All handles, and all entries of the registry in the order in which they came."""

    def __init__(self):
        self.handles: list[Handle] = []
        self.views: list[View] = []

    def add(self, audio, memory, numbers, writable, opening=None):
        self.handles.append(Handle(audio, memory, numbers, writable, opening))
        del self.handles[:-MOST_HANDLES]

    def shared(self):
        return [handle for handle in self.handles if handle.opening]

    def is_open_otherwise(self, handle):
        """Whether another opening of its segment is not over."""
        same = [each for each in self.shared() if each.memory is handle.memory]
        return any(not (each.opening.is_over or each.opening is handle.opening) for each in same)

    def is_seen(self, memory):
        return any(view.part.memory is memory for view in self.views)

    def memories(self):
        return len({id(handle.memory) for handle in self.handles})

    def handle(self, pick):
        return self.handles[pick % len(self.handles)]

    def view(self, pick):
        """A view that a caller holds."""
        held = [view for view in self.views if view.held]
        return held[pick % len(held)]

    def blocks(self):
        return [view for view in self.views if view.block is not None]

    def has_held(self):
        return any(view.held for view in self.views)

    # -- the contract --

    def may_be_read(self, part):
        """No borrow for writing has any of it."""
        return not any(
            view.lends and view.mode == "write" and view.part.meets(part) for view in self.views
        )

    def may_be_written(self, part):
        """No borrow has any of it."""
        return not any(view.lends and view.part.meets(part) for view in self.views)

    def may_be_borrowed(self, part, mode):
        if mode == "read":
            return self.may_be_read(part)
        writable = any(view.mode == "write" and view.part.meets(part) for view in self.views)
        return self.may_be_written(part) and not writable

    def operand_may_be_read(self, view, held):
        """A read through the array of a borrow has its permission."""
        if view.lends and held.way == "array":
            return True
        return self.may_be_read(Part(view.part.memory, held.numbers))

    def mode_of_export(self, handle):
        return "write" if handle.writable and self.may_be_written(handle) else "read"

    def expected(self, part):
        """What `views` of these samples has to list."""
        return [view.shown() for view in self.views if view.part.meets(part)]

    # -- what the collector and the end of a with-block do --

    def forget_the_dead(self):
        self.views = [view for view in self.views if view.alive]

    def collect(self):
        for view in self.views:
            view.lost.clear()
        self.forget_the_dead()

    def give_back(self, view, raised):
        """Ends a borrow whose with-block is over. Returns whether something outlived it."""
        is_suspended, view.block = view.is_suspended, None
        view.lends = False
        # The first array handed out is the with-variable, and may stay. In a function that was
        # suspended it has two names, which takes a search to tell from a name and a tensor.
        held = view.held + view.lost
        if not raised and any(not is_variable(each) or is_suspended for each in held):
            self.collect()
        left = view.held + view.lost
        writes = any(held.writable and held.way != "array" for held in left)
        for held in left:
            if isinstance(held.object, np.ndarray) and held.way != "tensor":
                held.writable = False
        view.kind = "numpy"
        view.mode = "write" if writes else "read"
        self.forget_the_dead()
        return any(not is_variable(held) for held in left)


@dataclass
class Variable(Held):
    """The array of a with-block, by its own variable."""


def is_variable(held):
    return isinstance(held, Variable)
