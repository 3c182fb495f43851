"""What a simulated Kraken Futures reads: the parameters of every call and the requests of its socket, as documented.

One class a call; its fields are what the documentation lists. `ALSO` in the metadata of a field names other spellings
that are in live use but not documented: they are taken, unless the venue is strict. Everything else that a call sends
is left alone, as the real venue does, and noted by a strict one (`Reader`).

Money: quote currency per unit, sizes in contracts or base units, times as the documentation of each call has them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any, Final, TypeVar, cast, get_type_hints
from urllib.parse import parse_qsl

import attrs
from attrs import Attribute, define, field, frozen

from ...wire.tolerant import UNUSABLE, BadField, exact_json, read
from .access import Denied

__all__ = [
    "BAD_REQUEST",
    "BadRequest",
    "BatchCancel",
    "BatchEdit",
    "BatchForm",
    "BatchItem",
    "BatchSend",
    "CancelAllAfterForm",
    "CancelAllForm",
    "CancelForm",
    "Changes",
    "EditForm",
    "FillsQuery",
    "HistoryOrdersQuery",
    "HistoryQuery",
    "InstrumentsQuery",
    "InstrumentsStatusQuery",
    "JSON_ERROR",
    "MISSING",
    "NoParameters",
    "OrdersStatusForm",
    "Reader",
    "Request",
    "SendForm",
    "Terms",
    "Undocumented",
    "event_of",
    "UnusableItem",
]

T = TypeVar("T")

MISSING: Final = "requiredArgumentMissing"
"""The venue does not say which; an argument that cannot be used it names."""
TRUTH: Final = frozenset({"true", "false"})


def _also(*spellings: str, default: Any = None) -> Any:
    """A field with other spellings of its key."""
    return field(default=default, metadata={"also": spellings})


@frozen(kw_only=True)
class NoParameters:
    """The call takes none."""


@frozen(kw_only=True)
class Terms:
    """What a new order is to be (spec B.12)."""

    orderType: str
    symbol: str
    side: str
    size: Decimal
    limitPrice: Decimal | None = None
    stopPrice: Decimal | None = None
    cliOrdId: str | None = None
    triggerSignal: str | None = None
    reduceOnly: bool | None = None
    trailingStopMaxDeviation: Decimal | None = None
    trailingStopDeviationUnit: str | None = None
    limitPriceOffsetValue: Decimal | None = None
    limitPriceOffsetUnit: str | None = None


@frozen(kw_only=True)
class SendForm(Terms):
    processBefore: str | None = None


@frozen(kw_only=True)
class Changes:
    """What an open order is to be instead; a missing term is kept. qtyMode: RELATIVE (default): size is the new open
    quantity; ABSOLUTE: size includes what has filled."""

    cliOrdId: str | None = None
    size: Decimal | None = None
    limitPrice: Decimal | None = None
    stopPrice: Decimal | None = None
    trailingStopMaxDeviation: Decimal | None = None
    trailingStopDeviationUnit: str | None = None
    qtyMode: str | None = None


@frozen(kw_only=True)
class EditForm(Changes):
    """One of the ids is required; with both, the order id counts."""

    orderId: str | None = _also("order_id")
    processBefore: str | None = None


@frozen(kw_only=True)
class CancelForm:
    """One of the ids is required."""

    order_id: str | None = _also("orderId")
    cliOrdId: str | None = None
    processBefore: str | None = None


@frozen(kw_only=True)
class CancelAllForm:
    symbol: str | None = None


@frozen(kw_only=True)
class CancelAllAfterForm:
    """timeout: seconds, 0 = off."""

    timeout: int


@frozen(kw_only=True)
class OrdersStatusForm:
    orderIds: list[str] | None = None
    cliOrdIds: list[str] | None = None


@frozen(kw_only=True)
class BatchForm:
    """json: `{"batchOrder": [item, …]}`."""

    json: str
    ProcessBefore: str | None = _also("processBefore")


@frozen(kw_only=True)
class BatchSend(Terms):
    order: str
    order_tag: str = field(metadata={"also": ("orderTag",)})


@frozen(kw_only=True)
class BatchEdit(Changes):
    order: str
    order_id: str | None = _also("orderId")
    order_tag: str | None = _also("orderTag")


@frozen(kw_only=True)
class BatchCancel:
    order: str
    order_id: str | None = _also("orderId")
    cliOrdId: str | None = None
    order_tag: str | None = _also("orderTag")


@frozen(kw_only=True)
class UnusableItem:
    """An item that is answered with an error of its own."""

    order_tag: str | None
    error: str


BatchItem = BatchSend | BatchEdit | BatchCancel | UnusableItem
BATCH_ITEMS: Final[Mapping[object, type[Any]]] = {"send": BatchSend, "edit": BatchEdit, "cancel": BatchCancel}


@frozen(kw_only=True)
class FillsQuery:
    """lastFillTime: the page of fills before this moment."""

    lastFillTime: str | None = None


@frozen(kw_only=True)
class HistoryQuery:
    """since, before: ms since 1970; sort: by time; count: elements on a page."""

    since: int | None = None
    before: int | None = None
    sort: str = "desc"
    continuation_token: str | None = None
    count: int | None = None
    tradeable: str | None = None


@frozen(kw_only=True)
class HistoryOrdersQuery(HistoryQuery):
    """Of orders and triggers."""

    opened: bool | None = None
    closed: bool | None = None


@frozen(kw_only=True)
class InstrumentsQuery:
    contractType: list[str] | None = None
    expired: bool | None = None


@frozen(kw_only=True)
class InstrumentsStatusQuery:
    contractType: list[str] | None = None


# The socket


@frozen(kw_only=True)
class Request:
    """A request over the socket (spec B.2 to B.4). Proofs of identity never shows in repr."""

    event: str
    feed: str | None = None
    product_ids: list[str] | None = None
    api_key: str | None = field(default=None, repr=False)
    original_challenge: str | None = field(default=None, repr=False)
    signed_challenge: str | None = field(default=None, repr=False)


class BadRequest(Exception):
    """A request over the socket that makes no sense; args[0]: what the venue says to it."""


JSON_ERROR: Final = "Json Error"
BAD_REQUEST: Final = "Bad request"
PROOF: Final = frozenset({"api_key", "original_challenge", "signed_challenge"})
SUBSCRIPTION: Final = frozenset({"event", "feed"})
KEYS: Final[Mapping[str, frozenset[str]]] = {
    "ping": frozenset({"event"}),
    "challenge": frozenset({"event", "api_key"}),
    "subscribe": SUBSCRIPTION | PROOF,
    "unsubscribe": SUBSCRIPTION | PROOF,
}
"""The documented keys of each event; fills take product_ids, too, and the heartbeat needs no proof."""
NEEDED: Final = {"challenge": "api_key", "subscribe": "feed", "unsubscribe": "feed"}


def event_of(text: str) -> str:
    """What a request calls itself, "" if that cannot be read."""
    try:
        return read(exact_json(text), Request).event
    except UNUSABLE:
        return ""


# Reading


class Undocumented(Exception):
    """A strict venue refuses what its documentation does not list; args[0]: a sentence."""


@define
class Reader:
    """Reads parameters. strict: what is not documented is refused and a sentence about it added to `violations`, else
    it is left alone, or taken for what it means where the real venue is known to."""

    strict: bool
    violations: list[str] = field(factory=list)

    def undocumented(self, what: str) -> None:
        """Something that the documentation does not list. Raises Undocumented, if this venue is strict."""
        if self.strict:
            self.violations.append(what)
            raise Undocumented(what)

    def form(self, text: str, cls: type[T], call: str) -> T:
        """A url-encoded form or query as one of the classes; call: its name. Raises Denied or Undocumented."""
        try:
            pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text))
        except ValueError:
            raise Denied("invalidArgument") from None
        lists = _lists(cast(Any, cls))
        found: dict[str, Any] = {}
        for key, value in self._renamed(pairs, cls, call):
            if key in lists:
                found.setdefault(key, []).append(value)
            elif value:
                if key in found:
                    self.undocumented(f"{call} was sent {key} twice.")
                found[key] = value
        return self._made(found, cls)

    def batch(self, text: str) -> list[BatchItem]:
        """The items of a batch; one that cannot be used is answered for itself. Raises Denied or Undocumented when
        none of them is to be executed."""
        try:
            tree = exact_json(text)
        except UNUSABLE:
            raise Denied("Json Parse Error") from None
        items = tree.get("batchOrder") if isinstance(tree, dict) else None
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise Denied("Json Parse Error")
        return [self._item(item) for item in items]

    def _item(self, item: dict[str, Any]) -> BatchItem:
        kind = item.get("order")
        cls = BATCH_ITEMS.get(kind) if isinstance(kind, str) else None
        if cls is None:
            raise Denied("invalidArgument: order")
        pairs = self._renamed(item.items(), cls, f"A batch item {kind!r}")
        found = {key: value for key, value in pairs if value is not None}
        try:
            return cast(BatchItem, self._made(found, cls))
        except Denied as denied:
            tag = found.get("order_tag")
            return UnusableItem(order_tag=None if tag is None else str(tag), error=str(denied))

    def request(self, text: str) -> Request:
        """The request in a text frame. Raises BadRequest with what the venue says to it, or Undocumented."""
        try:
            tree = exact_json(text)
            if not isinstance(tree, dict):
                raise BadRequest(JSON_ERROR)
            if "event" not in tree:
                raise BadRequest(BAD_REQUEST)
            request = read(tree, Request)
        except BadField:
            raise BadRequest(BAD_REQUEST) from None
        except UNUSABLE:
            raise BadRequest(JSON_ERROR) from None
        known = KEYS.get(request.event)
        if known is None or (request.event in NEEDED and not getattr(request, NEEDED[request.event])):
            raise BadRequest(BAD_REQUEST)
        if request.feed == "fills":
            known |= {"product_ids"}
        call = f"{request.event} {request.feed or ''}".strip()
        for key in sorted(tree.keys() - known):
            self.undocumented(f"{call} was sent {key}, which its documentation does not list.")
        return request

    def _renamed(self, pairs: Iterable[tuple[str, Any]], cls: type[Any], call: str) -> Iterable[tuple[str, Any]]:
        """Documented keys with their values; keys that this call does not take are left out."""
        names, others = _keys(cast(Any, cls))
        for key, value in pairs:
            if key in names:
                yield key, value
                continue
            self.undocumented(f"{call} was sent {key}, which its documentation does not list.")
            name = others.get(key) or key.removesuffix("[]")
            if key in others or name in _lists(cast(Any, cls)):
                yield name, value

    def _made(self, found: dict[str, Any], cls: type[T]) -> T:
        for at in _fields(cls):
            if at.default is attrs.NOTHING and found.get(at.name) in (None, ""):
                raise Denied(MISSING)
        try:
            return read({key: _spelt(value, key, cls) for key, value in found.items()}, cls)
        except BadField as problem:
            raise Denied(f"invalidArgument: {problem.name}") from None


def _spelt(value: object, key: str, cls: type[Any]) -> object:
    """Booleans are read without regard to case (spec 0)."""
    if isinstance(value, str) and key in _truths(cast(Any, cls)) and value.lower() in TRUTH:
        return value.lower()
    return value


def _fields(cls: object) -> tuple[Attribute[Any], ...]:
    return cast("tuple[Attribute[Any], ...]", attrs.fields(cast(Any, cls)))


@cache
def _keys(cls: Hashable) -> tuple[frozenset[str], Mapping[str, str]]:
    """The documented keys of a call, and which of them others stand for."""
    others = {other: at.name for at in _fields(cls) for other in at.metadata.get("also", ())}
    return frozenset(at.name for at in _fields(cls)), others


@cache
def _lists(cls: Hashable) -> frozenset[str]:
    return _of_type(cls, lambda kind: "list[" in str(kind))


@cache
def _truths(cls: Hashable) -> frozenset[str]:
    return _of_type(cls, lambda kind: "bool" in str(kind))


def _of_type(cls: Hashable, test: Callable[[object], bool]) -> frozenset[str]:
    return frozenset(name for name, kind in get_type_hints(cast(Any, cls)).items() if test(kind))
