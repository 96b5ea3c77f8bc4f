"""What outlived a `with audio.borrow()`: found, made read-only and named.

Only called when reference counts say that there is something. Every other array holds a reference
to the root and every consumer one to the array that it was given, so that what is found can be
counted against what there is. NumPy's arrays are in no list of the interpreter: they are looked for
where a caller holds them, in containers and in the variables of running functions.
"""

import gc
import inspect
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from itertools import compress, filterfalse
from types import FrameType
from typing import Any

import numpy as np

# The garbage collector looks into these while they run, and into the frames of no other functions.
_GENERATORS = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


def outliving(arrays: Any, on_root: int, on_array: int, raised: bool) -> tuple[str | None, bool]:
    """Freezes what outlives a borrow.

    `arrays` has the `array` of the with and the hidden `root` behind it. There are `on_root`
    references to the root by others than the array, and `on_array` to the array, one of which is
    the with-variable's. Returns what to tell the user, if anything, and whether nothing that is
    left can write. After an exception second names are no news: the traceback has them.
    """
    names, roots, found, consumers = _search(arrays, sys._getframe(1))
    root, array = arrays.root, arrays.array
    views = [view for view in found if isinstance(view, np.ndarray)]
    buffers = [view for view in found if isinstance(view, memoryview)]
    for view in views:
        view.setflags(write=False)
    # A memoryview holds the array through an object of its own, which looked like a name of it.
    buffers_of_array = [view for view in buffers if view.obj is array]
    owners = {id(owner) for view in buffers_of_array for owner in gc.get_referents(view)}
    second_names = 0 if raised else names - len(owners) - 1 + roots
    direct = sum(view.base is root or view.base is array for view in views)
    unseen = on_array + on_root - names - roots - direct + consumers

    told = [f"a NumPy array of shape {view.shape}" for view in views]
    told += [f"a memoryview of shape {view.shape}" for view in buffers]
    if second_names > 0:
        told.append(f"{_references(second_names)} to the array of the with, of shape {array.shape}")
    if unseen > 0:
        told.append(f"{_references(unseen)} by a consumer such as a tensor")
    harmless = unseen <= 0 and all(view.readonly for view in buffers)
    if not told:
        return None, harmless
    state = (
        "can only be read now"
        if harmless
        else "cannot all be made read-only: delete them, and the variable of the with, which holds "
        "the same array, before you borrow again"
    )
    message = (
        "what borrow() and borrow_mut() hand out ends with their with-block, but these outlive it: "
        f"{', '.join(told)}; they {state}. Keep a copy instead, such as array[a:b].copy()"
    )
    return message, harmless


def _search(arrays: Any, caller: FrameType) -> tuple[int, int, list[Any], int]:
    """How often the array and the root are held, what else there is on them, and how often a
    consumer holds that."""
    root, array = arrays.root, arrays.array  # in no cell, which would be one more holder
    names = roots = 0
    found: dict[int, Any] = {}
    holders: Counter[int] = Counter()
    held = None
    for held in _held_arrays(caller):
        holders[id(held)] += 1
        if held is array:
            names += 1
        elif held is root:
            roots += 1
        elif id(held) not in found:
            # What it was made from is held by it alone, and can be written through it.
            found |= {id(each): each for each in _way(held, root, array)}
    del held
    consumers = _consumers(found, holders)
    return names, roots, list(found.values()), consumers


def _consumers(found: dict[int, Any], holders: Counter[int]) -> int:
    """References to arrays by what is no container, no variable and no array: by tensors."""
    holders.update(id(each.base) for each in found.values() if isinstance(each, np.ndarray))
    # An array that nothing else holds shows how many references the counting itself takes.
    found[0] = np.empty(0)
    *counts, own = [sys.getrefcount(each) for each in found.values()]
    del found[0]
    return sum(
        count - own - holders[id(each)]
        for each, count in zip(found.values(), counts, strict=True)
        if isinstance(each, np.ndarray)
    )


def _references(count: int) -> str:
    return "a second reference" if count == 1 else f"{count} more references"


def _held_arrays(caller: FrameType) -> Iterator[Any]:
    """Arrays and memoryviews, once for each container and variable that holds them."""
    here = threading.get_ident()
    others = [frame for thread, frame in sys._current_frames().items() if thread != here]
    containers = gc.get_objects()  # before there are lists of our own among them
    held = [each for top in [caller, *others] for each in _variables(top)]
    while held or containers:
        kinds = set(map(type, held))
        yield from _of(held, {kind for kind in kinds if issubclass(kind, (np.ndarray, memoryview))})
        # The collector does not track containers of plain values: only their holders know them.
        containers += filterfalse(gc.is_tracked, _of(held, {dict, tuple}))
        held = gc.get_referents(*containers)
        containers = []


def _of(objects: list[Any], kinds: set[type]) -> Iterator[Any]:
    """The objects of some kinds: there may be millions of others."""
    return compress(objects, map(kinds.__contains__, map(type, objects)))


def _variables(top: FrameType) -> list[Any]:
    """The variables of running functions that no container holds."""
    values = []
    frame: FrameType | None = top
    while frame is not None:
        code = frame.f_code
        if code.co_flags & inspect.CO_OPTIMIZED and not code.co_flags & _GENERATORS:
            in_cells = {*code.co_cellvars, *code.co_freevars}
            variables = frame.f_locals
            values += [value for name, value in variables.items() if name not in in_cells]
            if sys.version_info < (3, 13) and sys.getrefcount(variables) == 3:
                # A snapshot of this function's own: it would stay and keep all of this alive.
                variables.clear()
        frame = frame.f_back
    return values


def _way(held: Any, root: Any, array: Any) -> list[Any]:
    """An array or memoryview and all others on the way to the root, if it was made from that."""
    way: list[Any] = []
    for _ in range(16):
        if held is root or held is array:
            return way
        way.append(held)
        held = held.obj if isinstance(held, memoryview) else getattr(held, "base", None)
    return []
