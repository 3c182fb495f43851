"""A program needs to import from `trio_orders` alone."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, NewType, get_args, get_type_hints

import pytest

import actors
import protocol.commands
import protocol.events
import trio_orders
from trio_orders import Client, Gateway, NewOrder, Order, commands, events, testing

PUBLIC = (trio_orders, commands, events, testing)


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
def test_what_public_calls_take_and_give_can_be_imported(kind: type) -> None:
    internal = {"OrderTerms", "OtherTerms"}
    known = set().union(*(module.__all__ for module in PUBLIC)) | internal
    late = {name: getattr(trio_orders, name) for name in trio_orders.__all__}  # some are loaded when they are asked for
    for method in public_methods(kind):
        hints = get_type_hints(method, localns=late).values()
        assert {name for hint in hints for name in ours(hint)} <= known, method.__qualname__


@pytest.mark.parametrize("module", PUBLIC, ids=lambda module: module.__name__)
def test_every_public_name_is_there_and_says_what_it_is(module: ModuleType) -> None:
    assert sorted(module.__all__) == sorted(set(module.__all__))
    for name in module.__all__:
        thing = getattr(module, name)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            assert thing.__doc__, name


def test_a_name_is_the_same_thing_wherever_it_comes_from() -> None:
    assert set(trio_orders.__all__) == set(actors.__all__) | {"__version__", "testing"}
    for name in set(actors.__all__) - {"commands", "events"}:
        assert getattr(trio_orders, name) is getattr(actors, name), name
    for name in set(testing.__all__) & set(trio_orders.__all__):
        assert getattr(testing, name) is getattr(trio_orders, name), name
    for pure, front, middle in (
        (protocol.events, events, actors.events),
        (protocol.commands, commands, actors.commands),
    ):
        shared = set(pure.__all__) - {"number"}
        assert set(front.__all__) - {"asdict", "evolve", "from_json", "to_json"} == shared
        for name in shared:
            assert getattr(front, name) is getattr(middle, name) is getattr(pure, name), name


def test_names_that_programs_have_missed_are_there() -> None:
    assert {"Credentials", "Execution", "LinkError", "Milestone", "Number", "WireError"} <= set(trio_orders.__all__)
    assert {"Adopt", "LiveOrders"} <= set(commands.__all__)
    assert "Reopened" in events.__all__
