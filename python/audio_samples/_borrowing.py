"""What outlived a `with audio.borrow()`: found, made read-only and named.

Only called when reference counts leave a question open. Names of the array that the block was
given are none: it is read-only by now, whatever holds it. What was made from it is another matter:

* an array made from it holds the hidden root behind it, so that references to the root count such
  arrays, in whatever frame or container they are;
* a memoryview, a ctypes object or a tensor holds the array as a name of it would. The first two are
  objects that the garbage collector knows; the last is what is left when all names were counted.

NumPy's arrays are in no list of the interpreter: to be made read-only they are looked for where a
caller holds them, in containers and in the variables of running functions.
"""

import gc
import inspect
import sys
import threading
from collections import Counter
from collections.abc import Generator, Iterator
from itertools import compress
from types import FrameType
from typing import Any

import numpy as np

_GENERATORS = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


def outliving(arrays: Any, raised: bool) -> tuple[str | None, bool]:
    """Freezes what outlives a borrow.

    `arrays` has the `array` of the with, the hidden `root` behind it, and how many references
    others have to them. Returns what to say to the user, if anything, and whether nothing that is
    left can write.
    """
    caller = sys._getframe(1)
    named = _names_in_frames(arrays, caller)
    on_array, on_root = arrays.references()
    if on_root == 0 and on_array <= named:
        return None, True
    if not raised:
        gc.collect()  # no variable reaches what lives in a cycle only
    search = _search(arrays, caller)
    on_array, on_root = arrays.references()
    views = [view for view in search.found if isinstance(view, np.ndarray)]
    buffers = [view for view in search.found if isinstance(view, memoryview)]
    for view in views:
        view.setflags(write=False)
    root, array = arrays.root, arrays.array
    direct = sum(view.base is root for view in views)
    second = sum(
        view.base is array for view in views
    )  # of a subclass: it holds what it was made from
    del root, array
    unfound = on_root - search.roots - direct
    # A loop over the names may meet a reference that has gone meanwhile, never one too few.
    unseen = max(on_array - search.names - second, 0) + search.consumers

    told = [f"a NumPy array of shape {view.shape}" for view in views]
    told += [f"a memoryview of shape {view.shape}" for view in buffers]
    told += [f"a ctypes object of type {type(each).__name__}" for each in search.pointers]
    if unfound > 0:
        told.append(
            f"{_counted(unfound, 'a NumPy array', 'NumPy arrays')} in no variable or container"
        )
    if unseen > 0:
        references = _counted(unseen, "a reference", "references")
        told.append(f"{references} by a consumer such as a tensor, or by a `return` in the block")
    readonly = all(view.readonly for view in buffers) and not search.pointers
    harmless = unseen <= 0 and unfound <= 0 and readonly
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


class _Search:
    """What holds the array and the root, and what else there is on them."""

    def __init__(self) -> None:
        self.names = self.roots = self.consumers = 0
        self.found: list[Any] = []
        self.pointers: list[Any] = []


def _search(arrays: Any, caller: FrameType) -> _Search:
    result = _Search()
    root, array = arrays.root, arrays.array  # in no cell, which would be one more holder
    found: dict[int, Any] = {}
    holders: Counter[int] = Counter()
    held = None
    for held in _held_arrays(caller):
        holders[id(held)] += 1
        if held is array:
            result.names += 1
        elif held is root:
            result.roots += 1
        elif id(held) not in found:
            # What it was made from is held by it alone, and can be written through it.
            found |= {id(each): each for each in _way(held, root, array)}
    del held
    result.consumers = _consumers(found, holders)
    result.found = list(found.values())
    result.pointers = _pointers([array, root, *result.found])
    return result


def _pointers(arrays: list[Any]) -> list[Any]:
    """Objects of ctypes that keep one of the arrays, which they write to.

    NumPy makes them so that they keep it in an attribute."""
    ctypes, numpys = sys.modules.get("_ctypes"), sys.modules.get("numpy._core._internal")
    if ctypes is None or numpys is None:
        return []
    kinds = (ctypes._SimpleCData.__base__, numpys._ctypes)
    wanted = set(map(id, arrays))
    pointers = (each for each in gc.get_objects() if isinstance(each, kinds))
    return [
        each
        for each in pointers
        if any(id(kept) in wanted for kept in getattr(each, "__dict__", {}).values())
    ]


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


def _counted(count: int, one: str, more: str) -> str:
    return one if count == 1 else f"{count} {more}"


def _names_in_frames(arrays: Any, caller: FrameType) -> int:
    """How many variables of the running functions of this thread are the array."""
    array = arrays.array
    return sum(value is array for value in _variables(caller))


def _held_arrays(caller: FrameType) -> Iterator[Any]:
    """Arrays and memoryviews, once for each container and variable that holds them."""
    here = threading.get_ident()
    others = [frame for thread, frame in sys._current_frames().items() if thread != here]
    containers = gc.get_objects()  # before there are lists of our own among them
    skipped = _GENERATORS if _RUNNING_ARE_SEEN else 0
    held = [each for top in [caller, *others] for each in _variables(top, skipped)]
    plain: dict[int, Any] = {}
    while held or containers:
        kinds = set(map(type, held))
        yield from _of(held, {kind for kind in kinds if issubclass(kind, (np.ndarray, memoryview))})
        # The collector does not track containers of plain values: only their holders know them.
        for each in _of(held, {dict, tuple}):
            if not gc.is_tracked(each) and id(each) not in plain:
                plain[id(each)] = each
                containers.append(each)
        held = gc.get_referents(*containers)
        containers = []


def _of(objects: list[Any], kinds: set[type]) -> Iterator[Any]:
    """The objects of some kinds: there may be millions of others."""
    return compress(objects, map(kinds.__contains__, map(type, objects)))


def _variables(top: FrameType, skipped: int = 0) -> list[Any]:
    """The variables of running functions that no container holds, but for `skipped` kinds."""
    values = []
    frame: FrameType | None = top
    while frame is not None:
        code = frame.f_code
        if code.co_flags & inspect.CO_OPTIMIZED and not code.co_flags & skipped:
            in_cells = {*code.co_cellvars, *code.co_freevars}
            variables = frame.f_locals
            values += [value for name, value in variables.items() if name not in in_cells]
            if sys.version_info < (3, 13) and sys.getrefcount(variables) == 3:
                # A snapshot of this function's own: it would stay and keep all of this alive.
                variables.clear()
        frame = frame.f_back
    return values


def _sees_itself_run() -> Generator[bool, Any, None]:
    marker, running = object(), (yield False)
    yield any(each is marker for each in gc.get_referents(running))


_PROBE = _sees_itself_run()
next(_PROBE)
# Whether the garbage collector looks into a generator that runs: versions of Python differ.
_RUNNING_ARE_SEEN = _PROBE.send(_PROBE)
_PROBE.close()


def _way(held: Any, root: Any, array: Any) -> list[Any]:
    """An array or memoryview and all others on the way to the root, if it was made from that."""
    way: list[Any] = []
    for _ in range(16):
        if held is root or held is array:
            return way
        way.append(held)
        held = held.obj if isinstance(held, memoryview) else getattr(held, "base", None)
    return []
