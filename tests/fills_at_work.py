"""An accepted order whose fills are looked at, what messages tell of them, and what is told where some are missing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from protocol import events, facts, requests
from protocol.structs import evolve
from protocol.values import ClientOrderId, OrderStatus
from protocol.venue import SECOND, VenueRules

from .guarding import asked, order_of
from .order_life import WALL, Rig, acknowledged, took, traded, view

__all__ = [
    "A1",
    "ALONE",
    "LATER",
    "NO_HISTORY",
    "ONE_FEED",
    "TWO_FEEDS",
    "at_work",
    "counts",
    "fill_of",
    "gap",
    "read",
    "removed",
]

A1 = ClientOrderId("a1")
LATER = 10_000 * SECOND
ONE_FEED = VenueRules(venue="TEST", reads_history=True, audit_period=LATER)
TWO_FEEDS = VenueRules(venue="TEST", fills_lag=SECOND, reads_history=True, changes_in_place=True, audit_period=LATER)
ALONE = evolve(TWO_FEEDS, lists_order_fills=True)
NO_HISTORY = evolve(TWO_FEEDS, reads_history=False)


def at_work(rules: VenueRules, quantity: int = 10) -> Rig:
    """One accepted order at 100.0, and the first reading of history over."""
    rig = Rig(rules=rules)
    read(rig)
    rig.place("a1", quantity=quantity)
    rig.hear(took(rig.numbers, "v1"), acknowledged("v1", 1, quantity=Decimal(quantity)))
    rig.wait(500)
    rig.records.clear()
    rig.sends.clear()
    return rig


def read(rig: Rig, *trades: facts.Trade) -> list[str]:
    """Answers what was asked of history, the last page with these."""
    names: list[str] = []
    for page in asked(rig, requests.ListFills):
        names += rig.hear(facts.FillsListed(request_id=page.request_id, trades=trades))
    return names


def gap(rig: Rig, known: int, reported: int) -> events.MissingFills:
    return events.MissingFills(
        venue="TEST",
        account=order_of(rig).identity.account,
        connection=rig.connection,
        local_time=rig.wall + rig.time,
        identity=order_of(rig).identity,
        venue_order_id=view("v1").venue_order_id,
        known=Decimal(known),
        reported=Decimal(reported),
    )


def counts(total: int, **terms: Any) -> facts.OrderAcknowledged:
    return acknowledged("v1", 1, cumulative=Decimal(total), **terms)


def fill_of(tid: str, quantity: int, total: int, whole: int) -> facts.OrderFilled:
    """A fill of an order that the venue shows to be for so much."""
    fill = traded("v1", tid, quantity, total, 1)
    return evolve(fill, order=evolve(fill.order, quantity=Decimal(whole)))


def removed(ending: OrderStatus, filled: int | None, why: str = "gone", **terms: Any) -> facts.OrderRemoved:
    shown = view("v1", 1, status=None, **terms)
    total = None if filled is None else Decimal(filled)
    return facts.OrderRemoved(time=WALL + 7, order=shown, ending=ending, filled=total, reason=why)
