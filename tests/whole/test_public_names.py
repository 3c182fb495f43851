"""A program needs to import from `actors` alone."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any, NewType, get_args, get_type_hints

import pytest

import actors
from actors import Client, Gateway, NewOrder, Order, commands, events


def public_methods(kind: type) -> Iterator[Callable[..., Any]]:
    for name, member in inspect.getmembers(kind):
        function = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
        if not name.startswith("_") and inspect.isfunction(function) and function.__module__ == kind.__module__:
            yield function


def ours(hint: Any) -> Iterator[str]:
    """The names of this library's types in a hint."""
    if get_args(hint):
        for part in get_args(hint):
            yield from ours(part)
    elif isinstance(hint, type | NewType) and hint.__module__.partition(".")[0] in ("actors", "protocol"):
        yield hint.__name__


@pytest.mark.parametrize("kind", [Client, Gateway, NewOrder, Order])
def test_what_public_calls_take_and_give_can_be_imported_from_actors(kind: type) -> None:
    internal = {"OrderTerms", "OtherTerms"}
    known = set(actors.__all__) | set(dir(events)) | set(dir(commands)) | internal
    for method in public_methods(kind):
        hints = get_type_hints(method).values()
        assert {name for hint in hints for name in ours(hint)} <= known, method.__qualname__


def test_every_name_that_is_promised_is_there() -> None:
    assert [name for name in actors.__all__ if not hasattr(actors, name)] == []
    assert actors.CloseReport is events.CloseReport
    for name in (
        "commands",
        "Backoff",
        "CloseReport",
        "Fault",
        "FaultKind",
        "FaultSchedule",
        "FeedStatistics",
        "LinkError",
        "Reconciliation",
    ):
        assert name in actors.__all__
    assert {"Adopt", "LiveOrders"} <= set(commands.__all__)
    assert "Reopened" in events.__all__
