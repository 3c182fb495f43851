"""Hypothesis draws any value of an event's fields: of every event class, read from its annotations."""

from __future__ import annotations

import types
from decimal import Decimal
from enum import Enum
from typing import Any, NewType, Union, get_args, get_origin, get_type_hints

import attrs
import msgspec
from hypothesis import strategies as st

from protocol import events

__all__ = ["all_event_classes", "any_event", "any_of", "decimals", "texts"]


def all_event_classes() -> list[type[events.Event]]:
    """Every class that is in the stream: those that no other event derives from."""
    found, unseen = [], [events.Event]
    while unseen:
        kind = unseen.pop()
        below = [each for each in kind.__subclasses__() if vars(events).get(each.__name__) is each]
        unseen.extend(below)
        if not below:
            found.append(kind)
    return sorted(found, key=lambda kind: kind.__name__)


decimals = st.one_of(
    st.builds(
        lambda sign, digits, exponent: Decimal((sign, tuple(digits), exponent)),
        st.sampled_from((0, 1)),
        st.lists(st.integers(0, 9), min_size=1, max_size=40),
        st.one_of(st.integers(-20, 20), st.integers(-2_000_000, 2_000_000)),
    ),
    st.sampled_from([Decimal(text) for text in ("1E+2", "-0.0", "0E-8", "2411.50", "1e-30")]),
)
"""Finite ones: every sign, trailing zeros, exponents beyond those of ordinary arithmetic."""
texts = st.text(max_size=60)
"""Control characters and line ends of all kinds included."""

PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: texts,
    int: st.integers(-(2**70), 2**70),
    bool: st.booleans(),
    Decimal: decimals,
    type(None): st.none(),
    object: st.none(),
    msgspec.Raw: st.dictionaries(texts, texts, max_size=3).map(lambda held: msgspec.Raw(msgspec.json.encode(held))),
}


def any_of(hint: Any) -> st.SearchStrategy[Any]:
    """Values of one annotation."""
    if hint in PLAIN:
        return PLAIN[hint]
    if isinstance(hint, NewType):
        return any_of(hint.__supertype__)
    if get_origin(hint) in (Union, types.UnionType):
        return st.one_of([any_of(choice) for choice in get_args(hint)])
    if get_origin(hint) is tuple:
        return st.lists(any_of(get_args(hint)[0]), max_size=5).map(tuple)
    if get_origin(hint) is dict:
        return st.dictionaries(*map(any_of, get_args(hint)), max_size=3)
    if issubclass(hint, Enum):
        return st.sampled_from(hint)
    assert attrs.has(hint) or issubclass(hint, msgspec.Struct)
    return st.builds(hint, **{name: any_of(inner) for name, inner in get_type_hints(hint).items()})


any_event: st.SearchStrategy[events.Event] = st.deferred(lambda: st.one_of([any_of(k) for k in all_event_classes()]))
