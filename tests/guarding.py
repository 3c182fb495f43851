"""What the tests of single guards look at: an order, its questions, what was told of it, and what was asked."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from protocol import commands, events, facts, requests
from protocol.dispatch.inquiries import Question
from protocol.dispatch.tracking import Order
from protocol.values import ClientOrderId, RequestId, VenueOrderId
from protocol.venue import VenueRules

from .order_life import WALL, Rig, took, view

__all__ = [
    "A1",
    "IN_PLACE",
    "NOBODYS",
    "ask_for",
    "asked",
    "at_work",
    "listed",
    "open_questions",
    "order_of",
    "status_of",
    "terms",
    "told",
    "unclear",
    "updated",
    "whose",
]

A1: Final = ClientOrderId("a1")
IN_PLACE: Final = VenueRules(venue="TEST", changes_in_place=True)
NOBODYS: Final = RequestId(9_999)
"""Of a question that nobody has asked: what answers it is taken over all the same."""


def order_of(rig: Rig, name: str = "a1") -> Order:
    order = rig.state.orders.by_client_order_id(ClientOrderId(name))
    assert order is not None
    return order


def open_questions(rig: Rig, name: str = "a1") -> set[Question]:
    inquiry = order_of(rig, name).inquiry
    return set() if inquiry is None else set(inquiry.open)


def told(rig: Rig, kind: type) -> list[Any]:
    return [record for record in rig.records if isinstance(record, kind)]


def asked(rig: Rig, kind: type) -> list[Any]:
    """Requests of this kind that were sent since the last look; the others are left."""
    found = [send.request for send in rig.sends if isinstance(send.request, kind)]
    rig.sends = [send for send in rig.sends if not isinstance(send.request, kind)]
    return found


def ask_for(rig: Rig, kind: type) -> Any:
    """Lets time pass until the venue is asked that, ten minutes at most."""
    for _ in range(1200):
        found = asked(rig, kind)
        if found:
            return found[-1]
        rig.wait(0.5)
    raise AssertionError("nobody asked")


def at_work(rules: VenueRules | None = None, **options: Any) -> Rig:
    """One order of 10 at 100.0 that the venue has accepted, a while ago."""
    rig = Rig(rules=rules, **options)
    rig.live("a1", "v1")
    rig.wait(3)
    return rig


def terms(rig: Rig, name: str = "a1") -> tuple[Any, ...]:
    """The venue order id, quantity, price and trigger that are known."""
    order = order_of(rig, name)
    return order.venue_order_id, order.quantity, order.price, order.trigger_price


def whose(rig: Rig, oid: str | None = "v1", time: int = WALL) -> dict[str, Any]:
    """What every event of order a1 says that comes now. time: the venue's."""
    return {
        "identity": order_of(rig).identity,
        "venue_order_id": None if oid is None else VenueOrderId(oid),
        "venue_time": time,
        "local_time": rig.wall + rig.time,
    }


def updated(rig: Rig, oid: str = "v1", time: int = 0, **changed: Any) -> events.Updated:
    """Of order a1 now; what is not named is as it was placed."""
    known: dict[str, Any] = {"quantity": Decimal(10), "price": Decimal("100.0"), "trigger_price": None}
    return events.Updated(
        identity=order_of(rig).identity,
        venue_order_id=VenueOrderId(oid),
        venue_time=time,
        local_time=rig.wall + rig.time,
        **(known | changed),
    )


def unclear(**shown: Any) -> facts.OrderUnclear:
    return facts.OrderUnclear(time=WALL, order=view("v1", 1, status=None, **shown))


def listed(rig: Rig, *views: facts.OrderView) -> list[str]:
    """A list of the open orders that the user asked for just now."""
    rig.ask(commands.OpenOrders(), None)
    (listing,) = asked(rig, requests.ListOpenOrders)
    return rig.hear(took(listing.request_id, orders=views))


def status_of(rig: Rig, shown: facts.OrderView) -> list[str]:
    """The answer to a question for the order's status."""
    rig.ask(commands.Status(A1), None)
    query = asked(rig, requests.QueryOrder)[-1]
    return rig.hear(took(query.request_id, order=shown))
