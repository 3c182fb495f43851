"""Where a session stands, as bytes: so that a restart need not fold the records of years.

It holds what the records before it come to, and no more: the tracked orders and the account's state. Of orders that
have ended it keeps the newest, for the journal itself knows the names and fills of the others (`Known`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final, TypeVar

from msgspec import MsgspecError, Struct, json

from ..orders import OrderIdentity
from ..reasons import RejectReason, Why
from ..values import ClientOrderId, OrderStatus, RequestId, TimeInForce, TradeId, VenueOrderId
from ..window import Window
from .account_state import AccountState, Departure, SeenOrder
from .records import Counted, Opened, ReplaceAsked, TotalTold
from .tracking import NO_IDS, FillKey, Order, TrackedOrders

__all__ = ["MOST_ENDED", "put_back", "snapshot_of"]

MOST_ENDED: Final = 10_000
"""Orders that have ended in one snapshot: the newest."""
VERSION: Final = 1

K = TypeVar("K")
V = TypeVar("V")
Fill = tuple[VenueOrderId, TradeId, bool]


class _Order(Struct, array_like=True, gc=False):
    """Fields may only be added, behind the others and with a default."""

    identity: OrderIdentity
    status: OrderStatus
    accepted: bool
    venue_order_id: VenueOrderId | None
    former_ids: dict[VenueOrderId, Decimal]
    fills: list[Fill]
    is_placed: bool
    quantity: Decimal | None
    price: Decimal | None
    trigger_price: Decimal | None
    time_in_force: TimeInForce | None
    post_only: bool
    cumulative: Decimal
    base: Decimal
    by_amount: bool
    changed_at: int
    concluded: bool
    reason: str
    # Two enumerations, so the name alone would not do.
    denied: Why | None
    rejected: RejectReason | None


class _Account(Struct, gc=False):
    opened: Opened | None
    history_until: int | None
    switch: int
    user: str
    last_intent: int
    departures: dict[ClientOrderId, Departure]
    changing: list[ReplaceAsked]
    canceling: list[ClientOrderId]
    unclear: list[ClientOrderId]
    missing: list[TotalTold]
    seen: list[SeenOrder]
    ended: list[SeenOrder]
    disowned: list[VenueOrderId]
    nonce: int = 0


class _Snapshot(Struct, gc=False):
    version: int
    orders: list[_Order]
    fills: list[Fill]
    later_fills: list[Fill]
    counted: dict[ClientOrderId, Counted]
    has_forgotten: bool
    account: _Account
    forgotten_until: int = 0


_ENCODER: Final = json.Encoder()
_DECODER: Final = json.Decoder(_Snapshot)


def snapshot_of(orders: TrackedOrders, account: AccountState) -> bytes:
    """The state, to be read back by `put_back`."""
    # The ended ones first: a live order has the first claim on a name that it shares with one of them.
    ended = [order for _, order in _items(orders.finished)]
    left_out, ended = ended[:-MOST_ENDED], ended[-MOST_ENDED:]
    kept = [*ended, *orders.live.values()]
    names = {order.identity.client_order_id for order in kept}
    return _ENCODER.encode(
        _Snapshot(
            version=VERSION,
            orders=[_kept(order) for order in kept],
            fills=_fills(_items(orders.fills)),
            later_fills=_fills(_items(orders.later_fills)),
            counted={name: each for name, each in orders.counted.items() if name in names},
            has_forgotten=orders.has_forgotten or bool(left_out),
            account=_account(account, orders, names),
            forgotten_until=max(orders.forgotten_until, *(order.dated_until for order in left_out), 0),
        )
    )


def _kept(order: Order) -> _Order:
    return _Order(
        order.identity,
        order.status,
        order.accepted,
        order.venue_order_id,
        order.former_ids,
        [] if order.fills is None else _fills(order.fills.items()),
        order.request_id is not None,
        order.quantity,
        order.price,
        order.trigger_price,
        order.time_in_force,
        order.post_only,
        order.cumulative,
        order.base,
        order.by_amount,
        order.changed_at,
        order.concluded,
        order.reason,
        order.why if isinstance(order.why, Why) else None,
        order.why if isinstance(order.why, RejectReason) else None,
    )


def _account(account: AccountState, orders: TrackedOrders, names: set[ClientOrderId]) -> _Account:
    live = orders.live
    unanswered = {name for name, order in live.items() if not order.accepted}
    return _Account(
        opened=account.opened,
        history_until=account.history_until,
        switch=account.switch,
        user=account.user,
        last_intent=account.last_intent,
        departures={name: each for name, each in account.departures.items() if name in unanswered},
        changing=[asked for name, asked in account.changing.items() if name in live],
        canceling=[name for name in account.canceling if name in live],
        unclear=[name for name in account.unclear if name in live],
        missing=[told for name, told in account.missing.items() if name in names],
        seen=list(account.seen.values()),
        ended=[seen for _, seen in _items(account.ended)],
        disowned=list(account.disowned),
        nonce=account.nonce,
    )


def put_back(data: bytes, orders: TrackedOrders, account: AccountState) -> None:
    """Fills an empty state with what `snapshot_of` gave. Raises ValueError for anything else."""
    try:
        snapshot = _DECODER.decode(data)
    except (MsgspecError, ValueError) as problem:
        raise ValueError(f"The snapshot of the journal cannot be read: {problem}") from None
    if snapshot.version != VERSION:
        raise ValueError(f"The snapshot of the journal has the version {snapshot.version}; this one reads {VERSION}.")
    # First what those below may add to, or take from: the windows of this run may be smaller.
    orders.has_forgotten, orders.forgotten_until = snapshot.has_forgotten, snapshot.forgotten_until
    orders.counted.update(snapshot.counted)
    for kept in snapshot.orders:
        orders.put_back(_order(kept))
    for window, fills in ((orders.fills, snapshot.fills), (orders.later_fills, snapshot.later_fills)):
        for venue_order_id, trade_id, fee_known in fills:
            orders.put_fill(window, (venue_order_id, trade_id), fee_known=fee_known)
    _put_back_account(snapshot.account, account)


def _order(kept: _Order) -> Order:
    return Order(
        identity=kept.identity,
        status=kept.status,
        accepted=kept.accepted,
        venue_order_id=kept.venue_order_id,
        former_ids=kept.former_ids or NO_IDS,
        fills={(oid, tid): fee_known for oid, tid, fee_known in kept.fills} or None,
        request_id=RequestId(0) if kept.is_placed else None,
        quantity=kept.quantity,
        price=kept.price,
        trigger_price=kept.trigger_price,
        time_in_force=kept.time_in_force,
        post_only=kept.post_only,
        cumulative=kept.cumulative,
        base=kept.base,
        by_amount=kept.by_amount,
        changed_at=kept.changed_at,
        concluded=kept.concluded,
        reason=kept.reason,
        why=kept.denied or kept.rejected,
    )


def _put_back_account(kept: _Account, account: AccountState) -> None:
    account.opened, account.history_until = kept.opened, kept.history_until
    account.switch, account.user = kept.switch, kept.user
    account.last_intent, account.nonce = kept.last_intent, kept.nonce
    account.departures.update(kept.departures)
    account.changing.update({asked.identity.client_order_id: asked for asked in kept.changing})
    account.canceling.update(dict.fromkeys(kept.canceling, True))
    account.unclear.update(dict.fromkeys(kept.unclear, True))
    account.missing.update({told.identity.client_order_id: told for told in kept.missing})
    account.seen.update({seen.venue_order_id: seen for seen in kept.seen})
    for seen in kept.ended:
        account.ended.put(seen.venue_order_id, seen)
    for venue_order_id in kept.disowned:
        account.disowned.put(venue_order_id, True)


def _items(window: Window[K, V]) -> Iterator[tuple[K, V]]:
    """The oldest first."""
    for key in window:
        held = window.get(key)
        assert held is not None  # a look lets no other go
        yield key, held


def _fills(fills: Iterable[tuple[FillKey, bool]]) -> list[Fill]:
    return [(venue_order_id, trade_id, fee_known) for (venue_order_id, trade_id), fee_known in fills]
