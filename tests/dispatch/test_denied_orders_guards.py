"""When the venue is asked again for an order of which we have concluded that it never arrived."""

from __future__ import annotations

from typing import Any

from protocol import facts, requests
from protocol.facts import Outcome
from protocol.values import OrderStatus
from protocol.venue import SECOND, VenueRules

from ..order_life import Rig, acknowledged, canceled, refused

DAY = 86_400


def queries(rig: Rig) -> list[Any]:
    return [request for request in rig.sent() if isinstance(request, requests.QueryOrder)]


def denied(remembered: int = 100, **rules: Any) -> Rig:
    """Asked for until the venue's word proves that it never arrived. remembered: how many orders that have ended."""
    rig = Rig(rules=VenueRules(venue="TEST", **rules), finished_window=remembered)
    rig.place("a1")
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    while rig.status("a1") is not OrderStatus.DENIED:
        due = rig.state.next_deadline
        assert due is not None
        rig.time = max(rig.time, due)
        rig.apply()
        deny(rig, queries(rig))
    return rig


def deny(rig: Rig, asked: list[Any]) -> None:
    for query in asked:
        rig.hear(refused(query.request_id, Outcome.NOT_FOUND))


def looks(rig: Rig, seconds: int) -> list[int]:
    """After how many seconds the venue is asked for the order, and denies it again."""
    began, times = rig.time, []
    for _ in range(seconds):
        rig.wait(1)
        asked = queries(rig)
        times += [(rig.time - began) // SECOND for _ in asked]
        deny(rig, asked)
    return times


def test_a_denied_order_is_asked_for_after_a_minute_five_and_fifteen() -> None:
    rig = denied()
    assert looks(rig, 2000) == [60, 300, 900]
    assert rig.status("a1") is OrderStatus.DENIED


def test_an_order_that_turned_out_to_live_is_asked_for_no_more() -> None:
    rig = denied()
    assert looks(rig, 100) == [60]
    rig.hear(acknowledged("v1", 1))
    assert rig.status("a1") is OrderStatus.ACCEPTED
    assert looks(rig, 1000) == []


def test_after_an_order_was_denied_three_lists_more_are_looked_at_for_it_though_nothing_is_open() -> None:
    rig = denied(reads_history=True, audit_period=60 * SECOND)
    lists = 0
    for _ in range(400):
        rig.wait(1)
        for request in rig.sent():
            if isinstance(request, requests.QueryOrder):
                deny(rig, [request])
            elif isinstance(request, requests.ListFills):
                rig.hear(facts.FillsListed(request_id=request.request_id, trades=()))
            elif isinstance(request, requests.ListOpenOrders):
                lists += 1
                rig.hear(facts.RequestAnswered(request_id=request.request_id, orders=()))
    assert lists == 3


def test_an_order_that_is_not_remembered_any_more_is_not_asked_for() -> None:
    rig = denied(remembered=1)
    rig.live("a2", "v2")
    assert rig.hear(canceled("v2", 2)) == ["Canceled"]
    assert looks(rig, 1000) == []
    assert relogin(rig) == []


def relogin(rig: Rig) -> list[Any]:
    rig.lose_link()
    rig.sent()
    rig.log_in()
    asked = queries(rig)
    deny(rig, asked)
    return asked


def test_every_login_of_a_day_asks_for_a_denied_order_and_none_after_it() -> None:
    rig = denied()
    since = rig.time
    (first,) = relogin(rig)
    assert (first.venue_order_id, first.wire_id) == (None, 1)
    rig.wait(1000)
    rig.time = since + DAY * SECOND
    assert len(relogin(rig)) == 1
    rig.time += 1
    assert relogin(rig) == []
