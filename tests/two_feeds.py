"""A venue with orders on one feed and their fills on another, as the tests of order handling need it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from attrs import evolve

from protocol import facts, requests
from protocol.values import OrderStatus
from protocol.venue import SECOND, VenueRules

from .order_life import WALL, Rig, trade, view

RULES = VenueRules(
    venue="TEST",
    http_requests=frozenset(
        {
            requests.PlaceOrder,
            requests.CancelOrder,
            requests.QueryOrder,
            requests.ListFills,
            requests.ListOrderHistory,
        }
    ),
    fills_lag=SECOND,
    freshness=SECOND,
    reads_history=True,
    absence_needs_history=True,
    check_unfilled_cancels=True,
)


def new_rig(*, cancel_unknown: bool = False, **changes: Any) -> Rig:
    rig = Rig(rules=evolve(RULES, **changes), cancel_unknown=cancel_unknown)
    rig.sends.clear()
    return rig


def removed(
    oid: str, filled: int | None, ending: OrderStatus = OrderStatus.CANCELED, *, reason: str = "partial_fill"
) -> facts.OrderRemoved:
    total = None if filled is None else Decimal(filled)
    shown = view(oid, 1, cumulative=total, status=ending)
    return facts.OrderRemoved(time=WALL, order=shown, ending=ending, filled=total, reason=reason)


def filled(oid: str, tid: str, size: int, **terms: Any) -> facts.OrderFilled:
    """As a fills feed tells it: it knows no order beside the execution."""
    known: dict[str, Any] = {"cumulative": None, "quantity": None, "price": None, "status": None}
    shown = view(oid, 1, **(known | terms))
    return facts.OrderFilled(time=WALL, order=shown, trade=trade(oid, tid, size), final=False)


def wait_for_question(rig: Rig, seconds: int) -> requests.ListFills:
    """Lets time pass until history is asked for."""
    for _ in range(seconds):
        for send in rig.sends:
            if isinstance(send.request, requests.ListFills):
                return send.request
        rig.wait(1)
    raise AssertionError("nobody asked for the history")


def history(rig: Rig, *trades: facts.Trade, cursor: str | None = None) -> list[str]:
    """Answers the question for fills that is on its way."""
    asked = [request for request in rig.sent() if isinstance(request, requests.ListFills)]
    assert asked, "nobody asked for the history"
    return rig.hear(facts.FillsListed(request_id=asked[-1].request_id, trades=trades, cursor=cursor))
