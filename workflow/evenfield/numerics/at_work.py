"""How far long work is, told to whoever listens; by default nobody does.

Work that takes long passes what it goes through to `told`. A job of the workflow listens
and hands the counts on (`engine/at_work.py`); nothing is printed here, and no number
depends on it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple, TypeVar

Item = TypeVar("Item")


class Count(NamedTuple):
    """How far one loop is."""

    what: str  # a noun in the plural, as ``windows``
    done: int
    total: int


# Called with the counts of a loop and of those around it, the outermost first.
Listener = Callable[[tuple[Count, ...]], None]
_LISTENER: ContextVar[Listener | None] = ContextVar("listener", default=None)
_AROUND: ContextVar[tuple[Count, ...]] = ContextVar("around", default=())


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Let ``listener`` hear how far the work inside is."""
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)


def told(items: Sequence[Item], what: str) -> Iterator[Item]:
    """Yield items and tell the listener, if there is one, how many are done."""
    yield from _told(items, [1] * len(items), what)


def blocks(draws: int, at_once: int) -> Iterator[int]:
    """Yield the sizes of blocks of so many draws at once, and tell how many are done."""
    sizes = [min(at_once, draws - first) for first in range(0, draws, at_once)]
    yield from _told(sizes, sizes, "draws")


def _told(items: Sequence[Item], sizes: Sequence[int], what: str) -> Iterator[Item]:
    listener = _LISTENER.get()
    total = sum(sizes)
    if listener is None or not total:
        yield from items
        return
    around = _AROUND.get()
    done = 0
    try:
        for item, size in zip(items, sizes, strict=True):
            counts = (*around, Count(what, done, total))
            # A loop inside tells these, too.
            _AROUND.set(counts)
            listener(counts)
            yield item
            done += size
        listener((*around, Count(what, total, total)))
    finally:
        _AROUND.set(around)
