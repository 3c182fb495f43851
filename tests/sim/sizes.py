"""How much a client's order state keeps: every container that can be reached from it, by the name of its owner."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sized
from contextlib import contextmanager
from typing import Any, Final
from unittest.mock import patch

from actors import wiring
from protocol.dispatch import DispatchState
from protocol.window import Window

__all__ = ["sizes", "states_noted"]

CONTAINERS: Final = (dict, list, set, deque, Window)


@contextmanager
def states_noted() -> Iterator[dict[str, DispatchState]]:
    """Gives the state of every client that is opened in the block, the last one by its trader's name."""
    noted: dict[str, DispatchState] = {}

    def noting(venue: Any, trader: Any, *more: Any, **options: Any) -> DispatchState:
        noted[str(trader)] = state = DispatchState(venue, trader, *more, **options)
        return state

    with patch.object(wiring, "DispatchState", noting):
        yield noted


def sizes(root: object) -> Counter[str]:
    """Entries by owner and attribute, such as `Timers._heap`; those of equal owners together."""
    found: Counter[str] = Counter()
    seen: set[int] = set()
    todo: list[object] = [root]
    while todo:
        thing = todo.pop()
        if id(thing) in seen or not _is_ours(thing):
            continue
        seen.add(id(thing))
        for name, value in _attributes(thing):
            if isinstance(value, CONTAINERS):
                found[f"{type(thing).__name__}.{name}"] += _count(value)
                todo += _inside(value)
            else:
                todo.append(value)
    return found


def _is_ours(thing: object) -> bool:
    module = type(thing).__module__
    return module.startswith("protocol.") and not module.startswith("protocol.simulation")


def _attributes(thing: object) -> Iterator[tuple[str, object]]:
    names = dict.fromkeys(
        name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ()) if not name.startswith("__")
    )
    names |= dict.fromkeys(getattr(thing, "__dict__", ()))
    for name in names:
        value = getattr(thing, name, None)
        if value is not None and not isinstance(value, type):
            yield name, value


def _count(container: Sized) -> int:
    return len(container)


def _inside(container: Any) -> Iterable[object]:
    if isinstance(container, Window):
        return [container.get(key) for key in container]
    return list(container.values()) if isinstance(container, Mapping) else list(container)
