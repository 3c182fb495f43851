"""Executions that name an order by the venue's id alone, while an order of ours has none here yet."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve, frozen

from protocol import commands, events, facts, requests
from protocol.errors import NotSent
from protocol.facts import Outcome
from protocol.orders import NewOrder
from protocol.values import ClientOrderId, OrderStatus, Side
from protocol.venue import SECOND, VenueRules

from .order_life import (
    WALL,
    Desk,
    PlainVenue,
    acknowledged,
    canceled,
    refused,
    rejected,
    replaced,
    took,
    trade,
    traded,
    view,
)

RULES = VenueRules(venue="TEST", fills_lag=SECOND, reads_history=True, unnamed_events=True)


def new_desk(**changes: Any) -> Desk:
    return Desk(rules=evolve(RULES, **changes))


def executed(
    desk: Desk, oid: str, tid: str, size: int, total: int, *, final: bool = False, **changes: Any
) -> facts.OrderTraded:
    """An execution of just now by a message that leaves the client id out. changes: to the execution."""
    fact = traded(oid, tid, size, total, final=final)
    return evolve(fact, trade=evolve(fact.trade, **({"time": WALL + desk.time} | changes)))


def filled_of(desk: Desk, oid: str, tid: str, size: int) -> facts.FillsListed:
    """What the fills that a venue lists at a login show: an execution of just now that names our client id."""
    listed = evolve(trade(oid, tid, size), time=WALL + desk.time, wire_id=7)
    return facts.FillsListed(request_id=None, trades=(listed,), cursor=None)


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


def test_a_fill_from_before_the_login_that_first_tells_of_its_order_says_nothing_of_an_overfill() -> None:
    """Our change to more was made, too, and its answer is lost as well."""
    desk = new_desk(changes_in_place=True)
    desk.place("a7")
    desk.lose_link()
    assert desk.hear(filled_of(desk, "o1", "t1", 18)) == ["Accepted", "Filled"]
    fill = desk.events()[-1]
    assert isinstance(fill, events.Filled)
    assert not fill.overfill
    assert "Updated" in desk.log_in(view("o1", 7, quantity=Decimal(30), cumulative=Decimal(18)))


def lookup_of(desk: Desk, oid: str) -> requests.QueryOrder:
    (found,) = [question for question in queries(desk) if question.venue_order_id == oid]
    return found


@pytest.mark.parametrize(("quantity", "told"), [(Decimal(10), "Filled"), (Decimal(11), "FillReport")])
def test_a_fill_of_before_the_placement_that_names_our_client_id_waits_for_its_order(
    quantity: Decimal, told: str
) -> None:
    """The name was used before, or the venue's clock is behind: what the order is for tells."""
    desk = new_desk()
    desk.wait(10)
    desk.place("a7")
    placed = WALL + desk.time
    desk.lose_link()
    desk.log_in()
    early = evolve(trade("o1", "t1", 4), time=placed - SECOND, wire_id=7)
    assert desk.hear(facts.FillsListed(request_id=None, trades=(early,), cursor=None)) == []
    shown = view("o1", 7, quantity=quantity, cumulative=Decimal(4), time=placed - 2 * SECOND)
    assert told in desk.hear(took(lookup_of(desk, "o1").request_id, order=shown))


# Orders that nobody can ask for


@frozen
class SilentVenue(PlainVenue):
    """Its orders never carry their client order id."""

    def is_named(self, order: NewOrder) -> bool:
        return False


def silent_desk() -> Desk:
    desk = Desk(venue=SilentVenue(evolve(RULES, reads_history=False)))
    desk.place("a7")
    return desk


def queries(desk: Desk) -> list[requests.QueryOrder]:
    return [request for request in desk.sent() if isinstance(request, requests.QueryOrder)]


def test_an_order_without_a_name_whose_answer_is_lost_stays_unknown_and_is_not_asked_for() -> None:
    desk = silent_desk()
    desk.wait(600)
    assert desk.status("a7") is OrderStatus.UNKNOWN
    assert queries(desk) == []
    desk.lose_link()
    assert "Reconciled" in desk.log_in()
    assert queries(desk) == []
    assert desk.status("a7") is OrderStatus.UNKNOWN


def test_a_late_answer_still_finds_an_order_without_a_name() -> None:
    desk = silent_desk()
    number = desk.numbers
    desk.wait(60)
    desk.hear(executed(desk, "o1", "t1", 4, 4))
    assert desk.hear(took(number, "o1")) == ["Accepted", "Filled"]


def test_an_execution_does_not_wait_for_ever_for_an_order_without_a_name() -> None:
    desk = silent_desk()
    desk.wait(60)
    assert desk.hear(executed(desk, "o9", "t1", 4, 4)) == []
    assert "FillReport" not in desk.wait(290)
    desk.wait(70)
    assert [type(event).__name__ for event in desk.events()].count("FillReport") == 1


def test_nobody_can_ask_for_or_cancel_an_order_without_a_name() -> None:
    desk = silent_desk()
    for command in (commands.Status(ClientOrderId("a7")), commands.Cancel(ClientOrderId("a7"))):
        assert isinstance(desk.ask(command), NotSent)


# Stops that go on as another order


def fired_stop(**changes: Any) -> Desk:
    desk = new_desk(stops_go_on=True, **changes)
    desk.live("a7", "o1")
    desk.hear(facts.OrderTriggered(time=WALL, order=view("o1", 7)))
    assert desk.status("a7") is OrderStatus.TRIGGERED
    return desk


def goes_on() -> facts.OrderReplaced:
    return replaced("o1", "o2", 7)


def test_an_execution_ahead_of_the_order_that_a_stop_became_is_the_stops_fill() -> None:
    desk = fired_stop()
    assert desk.hear(executed(desk, "o2", "t1", 10, 10)) == []
    assert desk.hear(goes_on()) == ["Updated", "Filled"]
    assert desk.status("a7") is OrderStatus.FILLED


def test_an_execution_of_another_order_does_not_wait_for_a_stop_that_has_gone_on() -> None:
    desk = fired_stop()
    desk.hear(goes_on())
    assert "FillReport" in desk.hear(executed(desk, "o9", "t1", 10, 10))


def test_an_execution_does_not_wait_for_ever_for_what_a_stop_becomes() -> None:
    desk = fired_stop()
    assert desk.hear(executed(desk, "o9", "t1", 10, 10)) == []
    desk.wait(400)
    assert [type(event).__name__ for event in desk.events()].count("FillReport") == 1


def waiting_stop() -> Desk:
    """A stop to buy 10 at 100.0 waits for its trigger; its client id is 7."""
    desk = new_desk(stops_go_on=True, changes_in_place=True)
    desk.place("a7", trigger_price="99.0")
    desk.hear(took(desk.numbers, "o1"), acknowledged("o1", 7))
    assert desk.status("a7") is OrderStatus.ACCEPTED
    desk.records.clear()
    return desk


def test_what_a_stop_became_while_the_link_was_down_is_that_stops_order_and_fill() -> None:
    desk = waiting_stop()
    desk.lose_link()
    assert desk.hear(filled_of(desk, "o2", "t1", 4)) == []
    names = desk.log_in(view("o2", 7, cumulative=Decimal(4), status=OrderStatus.PARTIALLY_FILLED))
    assert names.index("Triggered") < names.index("Updated") < names.index("Filled")
    assert "FillReport" not in names
    assert desk.hear(executed(desk, "o2", "t2", 6, 10)) == ["Filled"]
    assert desk.status("a7") is OrderStatus.FILLED


def test_an_execution_ahead_of_the_news_that_a_stop_fired_is_the_stops_fill() -> None:
    desk = waiting_stop()
    named = executed(desk, "o2", "t1", 10, 10)
    shown = evolve(named.order, wire_id=7, quantity=None, price=None, status=None)
    named = evolve(named, order=shown, trade=evolve(named.trade, wire_id=7))
    assert desk.hear(named) == []
    assert desk.hear(facts.OrderTriggered(time=WALL, order=view("o1", 7)), goes_on()) == [
        "Triggered",
        "Updated",
        "Filled",
    ]


def test_an_order_of_this_name_with_other_terms_is_not_what_a_stop_became() -> None:
    """The stop was canceled and its name used again, and neither was heard."""
    desk = waiting_stop()
    desk.lose_link()
    assert desk.hear(filled_of(desk, "o2", "t1", 4)) == []
    names = desk.log_in(view("o2", 7, quantity=Decimal(50), price=Decimal(90), cumulative=Decimal(4)))
    assert "Updated" not in names
    desk.wait(400)
    assert [type(event).__name__ for event in desk.events()].count("FillReport") == 1
    assert "Filled" not in [type(event).__name__ for event in desk.events()]


def test_where_a_stop_keeps_its_id_nothing_waits_for_it() -> None:
    desk = new_desk()
    desk.live("a7", "o1")
    desk.hear(facts.OrderTriggered(time=WALL, order=view("o1", 7)))
    assert "FillReport" in desk.hear(executed(desk, "o9", "t1", 10, 10))


def test_history_names_what_a_fired_stop_became() -> None:
    """Its execution in history carries our client id, and its own news were lost."""
    desk = fired_stop(reads_history=False)
    listed = evolve(trade("o2", "t1", 4), time=WALL + desk.time, wire_id=7)
    assert desk.hear(facts.FillsListed(request_id=1 << 20, trades=(listed,), cursor=None)) == ["Updated", "Filled"]
    assert desk.hear(goes_on()) == []
    assert desk.hear(executed(desk, "o2", "t2", 6, 10)) == ["Filled"]
    assert desk.status("a7") is OrderStatus.FILLED


@pytest.mark.parametrize("removed", [True, False])
def test_a_fired_stop_ends_when_what_it_became_is_refused(removed: bool) -> None:
    desk = fired_stop()
    assert desk.hear(evolve(rejected("o2", 7), removed=removed)) == ["Updated", "Canceled"]


def test_where_a_stop_keeps_its_id_a_refused_successor_is_a_refused_change() -> None:
    desk = new_desk()
    desk.live("a7", "o1")
    assert desk.hear(rejected("o2", 7)) == []
    assert desk.status("a7") is OrderStatus.ACCEPTED


# Orders of which nobody knows whether they go on


def unclear_stop() -> Desk:
    desk = new_desk(stops_go_on=True, reads_history=False)
    desk.live("a7", "o1")
    assert desk.hear(facts.OrderUnclear(time=WALL, order=view("o1", 7))) == []
    return desk


def test_an_order_that_may_have_ended_or_gone_on_is_asked_for() -> None:
    desk = unclear_stop()
    (query,) = queries(desk)
    assert desk.hear(took(query.request_id, order=view("o1", 7, status=OrderStatus.CANCELED))) == ["Canceled"]


def test_an_execution_of_what_it_became_is_its_fill() -> None:
    desk = unclear_stop()
    assert desk.hear(executed(desk, "o2", "t1", 10, 10)) == []
    assert desk.hear(goes_on()) == ["Updated", "Filled"]


def test_once_it_has_ended_no_execution_waits_for_it() -> None:
    desk = unclear_stop()
    desk.hear(canceled("o1", 7))
    assert "FillReport" in desk.hear(executed(desk, "o9", "t1", 10, 10))


def test_an_answer_behind_the_news_of_what_a_stop_became_names_the_id_that_it_began_with() -> None:
    desk = new_desk(stops_go_on=True)
    desk.place("a7")
    desk.hear(acknowledged("o2", 7, cumulative=Decimal(0)))
    assert desk.hear(took(desk.numbers, "o1"), acknowledged("o1", 7)) == []
    assert desk.hear(executed(desk, "o2", "t1", 4, 4)) == ["Filled"]
    fill = desk.events()[-1]
    assert isinstance(fill, events.Filled)
    assert fill.venue_order_id == "o2"


# Executions that do not name their instrument


def test_an_execution_of_nobody_without_its_instrument_is_left_to_history() -> None:
    desk = new_desk()
    fact = executed(desk, "o9", "t1", 4, 4, symbol="")
    assert desk.hear(evolve(fact, order=evolve(fact.order, status=None))) == []
    (question,) = [request for request in desk.sent() if isinstance(request, requests.ListFills)]
    listed = evolve(trade("o9", "t1", 4), time=WALL + desk.time)
    assert desk.hear(facts.FillsListed(request_id=question.request_id, trades=(listed,), cursor=None)) == ["FillReport"]


def test_an_execution_of_an_order_of_ours_needs_no_instrument() -> None:
    desk = new_desk()
    desk.live("a7", "o1")
    assert desk.hear(executed(desk, "o1", "t1", 10, 10, symbol="")) == ["Filled"]


def test_an_execution_that_waits_to_be_known_has_not_been_told() -> None:
    """`Reconciled` does not say that every fill of that time has been."""
    desk = new_desk()
    desk.place("a7")
    desk.wait(20)
    desk.lose_link()
    desk.wait(5)
    desk.sends.clear()
    desk.log_in()
    sent = desk.sent()
    (query,) = [request for request in sent if isinstance(request, requests.QueryOrder)]
    desk.hear(refused(query.request_id, Outcome.NOT_FOUND, "no such order"))
    (reading,) = [request for request in sent if isinstance(request, requests.ListFills)]
    found = evolve(trade("o9", "t1", 4), time=WALL + desk.time - 2 * SECOND)
    desk.hear(facts.FillsListed(request_id=reading.request_id, trades=(found,), cursor=None))
    reconciled = desk.events()[-1]
    assert isinstance(reconciled, events.Reconciled)
    assert reconciled.fills_complete_until == found.time


def test_how_far_fills_are_complete_is_told_as_soon_as_one_waits_and_as_soon_as_none_does() -> None:
    desk = new_desk()

    def complete_until() -> int | None:
        assert desk.last.progress is not None
        return desk.last.progress.fills_complete_until

    desk.log_in()
    (reading,) = [request for request in desk.sent() if isinstance(request, requests.ListFills)]
    desk.hear(facts.FillsListed(request_id=reading.request_id, trades=(), cursor=None))
    whole = complete_until()
    assert whole is not None
    desk.place("a7")
    desk.hear(executed(desk, "o9", "t1", 4, 4, time=whole - SECOND))
    assert complete_until() == whole - SECOND
    desk.hear(took(desk.numbers, "o1"))
    assert complete_until() == whole
