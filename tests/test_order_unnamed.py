"""Executions that name an order by the venue's id alone, while an order of ours has none here yet."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from protocol import events, facts
from protocol.facts import Outcome
from protocol.values import OrderStatus, Side
from protocol.venue import SECOND, VenueRules

from .order_life import WALL, Desk, refused, took, trade, traded

RULES = VenueRules(venue="TEST", fills_lag=SECOND, reads_history=True, unnamed_events=True)


def new_desk(**changes: Any) -> Desk:
    return Desk(rules=evolve(RULES, **changes))


def executed(
    desk: Desk, oid: str, tid: str, size: int, total: int, *, final: bool = False, **changes: Any
) -> facts.OrderTraded:
    """An execution of just now by a message that leaves the client id out. changes: to the execution."""
    fact = traded(oid, tid, size, total, final=final)
    return evolve(fact, trade=evolve(fact.trade, **({"time": WALL + desk.time} | changes)))


def test_an_execution_ahead_of_its_orders_answer_is_that_orders_fill() -> None:
    desk = new_desk()
    desk.place("a7")
    assert desk.hear(executed(desk, "o1", "t1", 4, 4)) == []
    assert desk.hear(took(desk.numbers, "o1")) == ["Accepted", "Filled"]
    assert desk.hear(executed(desk, "o1", "t1", 4, 4)) == []
    assert desk.hear(executed(desk, "o1", "t2", 6, 10)) == ["Filled"]
    assert desk.status("a7") is OrderStatus.FILLED


def test_an_execution_ahead_of_the_answer_can_complete_its_order() -> None:
    desk = new_desk(fills_lag=0)
    desk.place("a7")
    desk.hear(executed(desk, "o1", "t1", 9, 9, final=True))
    desk.hear(took(desk.numbers, "o1"))
    assert desk.status("a7") is OrderStatus.FILLED


def test_it_is_told_as_somebody_elses_once_no_order_of_ours_can_be_meant() -> None:
    desk = new_desk()
    desk.place("a7")
    assert desk.hear(executed(desk, "o9", "t1", 4, 4)) == []
    assert "FillReport" in desk.hear(took(desk.numbers, "o1"))
    assert desk.hear(executed(desk, "o9", "t1", 4, 4)) == []


def test_orders_that_were_sent_later_do_not_hold_it_back() -> None:
    desk = new_desk()
    desk.place("a7")
    first = desk.numbers
    desk.hear(executed(desk, "o9", "t1", 4, 4))
    desk.place("a8")
    assert "FillReport" in desk.hear(took(first, "o1"))


def test_it_is_told_as_somebody_elses_once_the_order_was_refused() -> None:
    desk = new_desk()
    desk.place("a7")
    assert desk.hear(executed(desk, "o9", "t1", 4, 4)) == []
    assert desk.hear(refused(desk.numbers, Outcome.DEFINITE)) == ["Rejected", "FillReport"]


def test_it_waits_as_long_as_the_order_may_exist() -> None:
    desk = new_desk()
    desk.place("a7")
    desk.hear(executed(desk, "o1", "t1", 4, 4))
    assert "FillReport" not in desk.wait(60)
    assert desk.status("a7") is OrderStatus.UNKNOWN
    desk.hear(traded("o1", "t2", 6, 10, 7))
    fills = [event for event in desk.events() if isinstance(event, events.Filled)]
    assert sorted(fill.trade_id for fill in fills) == ["t1", "t2"]
    assert max(fill.cumulative for fill in fills) == Decimal(10)


@pytest.mark.parametrize("changes", [{"side": Side.SELL}, {"symbol": "SILVER"}, {"time": WALL}], ids=str)
def test_what_cannot_be_ours_is_reported_at_once(changes: dict[str, Any]) -> None:
    desk = new_desk()
    desk.place("a7")
    assert "FillReport" in desk.hear(executed(desk, "o9", "t1", 4, 4, **changes))


def test_an_execution_that_does_not_tell_its_side_may_be_ours() -> None:
    desk = new_desk()
    desk.place("a7")
    assert desk.hear(executed(desk, "o1", "t1", 4, 4, side=None)) == []


def test_where_every_message_names_the_client_nothing_waits() -> None:
    desk = new_desk(unnamed_events=False)
    desk.place("a7")
    assert "FillReport" in desk.hear(executed(desk, "o9", "t1", 4, 4))


def test_an_execution_in_history_waits_for_its_order_too() -> None:
    desk = new_desk()
    desk.place("a7")
    listed = evolve(trade("o1", "t1", 4), time=WALL + desk.time)
    assert desk.hear(facts.FillsListed(request_id=1 << 20, trades=(listed,), cursor=None)) == []
    desk.hear(executed(desk, "o1", "t1", 4, 4))
    desk.hear(took(desk.numbers, "o1"))
    assert [type(event).__name__ for event in desk.events()] == ["Submitted", "Accepted", "Filled"]
