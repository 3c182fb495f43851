"""A changed copy of a value, and its fields as a dict: of the struct values (events, facts, order states, money) and of
the attrs classes (orders, configurations) alike.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

import attrs
import msgspec

__all__ = ["asdict", "evolve"]

T = TypeVar("T")

_COLLECTIONS: Final = (tuple, list)


def evolve(value: T, **changes: Any) -> T:
    """A copy of an event, an order or another value of this library, with other values in some of its fields.

    Raises TypeError for a field that there is not, and for what is no value of this library. A struct takes any value;
    an order checks the new ones as its constructors do.
    """
    if isinstance(value, msgspec.Struct):
        return msgspec.structs.replace(value, **changes)
    if not attrs.has(type(value)):
        raise TypeError(f"evolve makes a changed copy of events, orders and the like, not of {type(value).__name__}.")
    changed: T = attrs.evolve(value, **changes)  # type: ignore[misc]
    return changed


def asdict(value: object) -> dict[str, Any]:
    """The fields of an event, an order or another value of this library by their names.

    Values with fields of their own, such as the identity and the instrument, are dicts as well. Everything else stays
    what it is: decimals, enumerations, tuples. Raises TypeError for what is no value of this library.
    """
    names = _names(type(value))
    if names is None:
        raise TypeError(f"asdict takes events, orders and the like, not {type(value).__name__}.")
    return {name: _plain(getattr(value, name)) for name in names}


def _plain(value: object) -> object:
    if isinstance(value, _COLLECTIONS):
        return type(value)(_plain(each) for each in value)
    return value if _names(type(value)) is None else asdict(value)


def _names(kind: type) -> tuple[str, ...] | None:
    """Of the fields of a class; None: its values have none."""
    if issubclass(kind, msgspec.Struct):
        return kind.__struct_fields__
    return tuple(at.name for at in attrs.fields(kind)) if attrs.has(kind) else None
