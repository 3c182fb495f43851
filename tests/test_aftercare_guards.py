"""When the venue is asked again for an order of which we have concluded that it never arrived."""

from __future__ import annotations

from typing import Any

from protocol import facts, requests
from protocol.facts import Outcome
from protocol.values import OrderStatus
from protocol.venue import SECOND, VenueRules

from .order_life import Desk, acknowledged, canceled, refused

DAY = 86_400


def queries(desk: Desk) -> list[Any]:
    return [request for request in desk.sent() if isinstance(request, requests.QueryOrder)]


def denied(remembered: int = 100, **rules: Any) -> Desk:
    """Asked for until the venue's word proves that it never arrived. remembered: how many orders that have ended."""
    desk = Desk(rules=VenueRules(venue="TEST", **rules), finished_window=remembered)
    desk.place("a1")
    desk.hear(refused(1, Outcome.AMBIGUOUS))
    while desk.status("a1") is not OrderStatus.DENIED:
        due = desk.state.next_deadline
        assert due is not None
        desk.time = max(desk.time, due)
        desk.apply()
        deny(desk, queries(desk))
    return desk


def deny(desk: Desk, asked: list[Any]) -> None:
    for query in asked:
        desk.hear(refused(query.request_id, Outcome.NOT_FOUND))


def looks(desk: Desk, seconds: int) -> list[int]:
    """After how many seconds the venue is asked for the order, and denies it again."""
    began, times = desk.time, []
    for _ in range(seconds):
        desk.wait(1)
        asked = queries(desk)
        times += [(desk.time - began) // SECOND for _ in asked]
        deny(desk, asked)
    return times


def test_a_denied_order_is_asked_for_after_a_minute_five_and_fifteen() -> None:
    desk = denied()
    assert looks(desk, 2000) == [60, 300, 900]
    assert desk.status("a1") is OrderStatus.DENIED


def test_an_order_that_turned_out_to_live_is_asked_for_no_more() -> None:
    desk = denied()
    assert looks(desk, 100) == [60]
    desk.hear(acknowledged("v1", 1))
    assert desk.status("a1") is OrderStatus.ACCEPTED
    assert looks(desk, 1000) == []


def test_after_an_order_was_denied_three_lists_more_are_looked_at_for_it_though_nothing_is_open() -> None:
    desk = denied(reads_history=True, audit_period=60 * SECOND)
    lists = 0
    for _ in range(400):
        desk.wait(1)
        for request in desk.sent():
            if isinstance(request, requests.QueryOrder):
                deny(desk, [request])
            elif isinstance(request, requests.ListFills):
                desk.hear(facts.FillsListed(request_id=request.request_id, trades=()))
            elif isinstance(request, requests.ListOpenOrders):
                lists += 1
                desk.hear(facts.RequestAnswered(request_id=request.request_id, orders=()))
    assert lists == 3


def test_an_order_that_is_not_remembered_any_more_is_not_asked_for() -> None:
    desk = denied(remembered=1)
    desk.live("a2", "v2")
    assert desk.hear(canceled("v2", 2)) == ["Canceled"]
    assert looks(desk, 1000) == []
    assert relogin(desk) == []


def relogin(desk: Desk) -> list[Any]:
    desk.lose_link()
    desk.sent()
    desk.log_in()
    asked = queries(desk)
    deny(desk, asked)
    return asked


def test_every_login_of_a_day_asks_for_a_denied_order_and_none_after_it() -> None:
    desk = denied()
    since = desk.time
    (first,) = relogin(desk)
    assert (first.venue_order_id, first.wire_id) == (None, 1)
    desk.wait(1000)
    desk.time = since + DAY * SECOND
    assert len(relogin(desk)) == 1
    desk.time += 1
    assert relogin(desk) == []
