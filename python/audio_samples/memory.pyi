"""Freed memory is kept for the next result: what is kept, and how much of it."""

from typing import final

__all__ = ["Stats", "set_limit", "stats", "trim"]

@final
class Stats:
    """What our own memory is doing."""

    @property
    def limit(self) -> int:
        """Bytes that may be kept for reuse."""
    @property
    def held(self) -> int:
        """Bytes that are kept for reuse now."""
    @property
    def chunks(self) -> int:
        """Blocks that are kept for reuse now."""
    @property
    def in_use(self) -> int:
        """Bytes that samples occupy now."""
    @property
    def reused(self) -> int:
        """Allocations so far that took a kept block."""
    @property
    def fresh(self) -> int:
        """Allocations so far that took memory from the system."""

def stats() -> Stats:
    """What is kept, what is in use, and how often memory was reused."""

def set_limit(bytes: int) -> None:
    """Sets how many bytes may be kept for reuse; what is beyond goes back at once. 0 keeps
    nothing.
    """

def trim() -> int:
    """Gives everything that is kept back to the system, and says how many bytes that was."""
