"""Orders that are asked for as JSON and back, exactly: `order_to_json` and `order_from_json`.

One object an order, without line breaks, written as events are (see `event_json`): decimals as text, enumerations as
their values, times in ns. Its first key is `type`, which says "NewOrder"; its field of that name is `order_type`.

    {"type":"NewOrder","instrument":{"symbol":"BTC/USD","venue":"KRAKEN"},"side":"BUY","order_type":"LIMIT", ...,
     "options":{"type":"KrakenSpotOptions","fee_preference":"quote", ...}}

The terms that one venue alone has are an object with the name of their class. Nothing here knows a venue, so the reader
names the classes that there may be (`VenueRules.order_options`).

Keys that this version does not know are ignored, and missing ones with a default get it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from operator import attrgetter
from typing import Any, Final, TypeVar

import attrs
import msgspec

from .events import RENAMED
from .orders import NewOrder, VenueOptions
from .printable import on_one_line, shortened
from .tagged_json import TAG, UNREADABLE, complaint

__all__ = ["has_further_terms", "order_from_json", "order_to_brief_json", "order_to_json"]

T = TypeVar("T")

NAME: Final = NewOrder.__name__
OPTIONS: Final = "options"

_ENCODER: Final = msgspec.json.Encoder()
# An order is written with each placement, and a struct of its fields is written three times as fast as a dict of them.
_FIELDS: Final = [at.name for at in attrs.fields(NewOrder)]
_VALUES: Final = attrgetter(*_FIELDS)


def _field(at: attrs.Attribute[Any]) -> tuple[Any, ...]:
    """With the value that it is left out for. Enumerations and names always stand there: no value of theirs is None."""
    key = RENAMED.get(at.name, at.name)
    return (key, Any) if at.default is attrs.NOTHING else (key, Any, False if at.default is False else None)


def _form(*, omit_defaults: bool) -> Any:
    fields: Any = [_field(at) for at in attrs.fields(NewOrder)]
    return msgspec.defstruct(NAME, fields, tag_field=TAG, tag=NAME, gc=False, omit_defaults=omit_defaults)


_TOLD: Final = frozenset(
    {
        # Of its identity, and of its terms.
        *("instrument", "side", "type", "strategy", "client_order_id"),
        *("quantity", "quote_quantity", "price", "trigger_price", "time_in_force", "post_only"),
    }
)
"""What the event of an order's registration tells of it."""
_FURTHER: Final = attrgetter(*(each for each in _FIELDS if each not in _TOLD))
_NOTHING_FURTHER: Final = tuple(at.default for at in attrs.fields(NewOrder) if at.name not in _TOLD)
_WHOLE: Final = _form(omit_defaults=False)
_BRIEF: Final = _form(omit_defaults=True)
_DECODER: Final = msgspec.json.Decoder(float_hook=Decimal)


def has_further_terms(order: NewOrder) -> bool:
    """True for an order with a term that the event of its registration, `Submitted`, does not tell."""
    return _FURTHER(order) != _NOTHING_FURTHER


def order_to_json(order: NewOrder) -> str:
    """The order as one JSON object, its options included, without a line break.

    Raises TypeError for what is not a `NewOrder`, ValueError for a text in it that is not Unicode.
    """
    return _written(order, _WHOLE).decode()


def order_to_brief_json(order: NewOrder) -> bytes:
    """The same in UTF-8 without the keys that are null or false, a third as long: what a journal keeps of an order.
    `order_from_json` reads both alike."""
    return _written(order, _BRIEF)


def _written(order: NewOrder, form: Any) -> bytes:
    if type(order) is not NewOrder:
        raise TypeError(f"{type(order).__name__} is not the class of an order that can be written as JSON.")
    written = form(*_VALUES(order))
    if order.options is not None:
        written.options = _tagged(order.options)
    return _ENCODER.encode(written)


def order_from_json(text: str | bytes, order_options: Iterable[type[VenueOptions]] = ()) -> NewOrder:
    """The order that `order_to_json` made this text of: equal, and its fields of the same types.

    order_options: the classes that its options may be of. Raises ValueError for anything else: text that is not JSON,
    options of another class, a field that is missing or has a value that `NewOrder` refuses.
    """
    try:
        raw = _DECODER.decode(text)
    except UNREADABLE as problem:
        raise ValueError(f"The text cannot be read as JSON: {complaint(problem)}") from None
    if not isinstance(raw, dict) or raw.get(TAG) != NAME:
        raise ValueError(f"The JSON is not an order: an order is an object with {NAME!r} under the key {TAG!r}.")
    options = _options(raw.pop(OPTIONS, None), {kind.__name__: kind for kind in order_options})
    return attrs.evolve(_value(raw, NewOrder), options=options)


def _options(raw: object, kinds: Mapping[str, type[VenueOptions]]) -> VenueOptions | None:
    if raw is None:
        return None
    tag = raw.get(TAG) if isinstance(raw, dict) else None
    if not isinstance(raw, dict) or not isinstance(tag, str):
        raise ValueError(f"The options of an order are an object with the name of their class under the key {TAG!r}.")
    if tag not in kinds:
        raise ValueError(f"No options of the type {shortened(on_one_line(tag), 60)!r} are known here.")
    return _value(raw, kinds[tag])


def _tagged(value: VenueOptions) -> dict[str, Any]:
    """The fields under their keys, behind the name of the class."""
    kind: Any = type(value)
    fields = {RENAMED.get(at.name, at.name): getattr(value, at.name) for at in attrs.fields(kind)}
    return {TAG: kind.__name__, **fields}


def _value(raw: dict[str, Any], kind: type[T]) -> T:
    """A value of a class of these fields, checked as its constructor does."""
    fields = {key: each for key, each in raw.items() if key not in RENAMED and key != TAG}
    fields |= {name: raw[key] for name, key in RENAMED.items() if key in raw}
    try:
        return _checked(msgspec.convert(fields, kind))
    except UNREADABLE as problem:
        raise ValueError(f"The JSON of the order's {kind.__name__} cannot be used: {complaint(problem)}") from None


def _checked(value: T) -> T:
    """A copy by way of the constructors: the decoder passes by the converters, which refuse NaN."""
    if not attrs.has(type(value)):
        return value
    kind: Any = type(value)
    copy: T = kind(**{at.name: _checked(getattr(value, at.name)) for at in attrs.fields(kind)})
    return copy
