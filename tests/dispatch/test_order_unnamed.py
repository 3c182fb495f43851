"""Executions that name an order by the venue's id alone, while an order of ours has none here yet."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from attrs import frozen

from protocol import commands, events, facts, requests
from protocol.errors import NotSent
from protocol.facts import Outcome
from protocol.orders import NewOrder
from protocol.structs import evolve
from protocol.values import ClientOrderId, OrderStatus, Side
from protocol.venue import SECOND, VenueRules

from ..guarding import NOBODYS
from ..order_life import (
    WALL,
    PlainVenue,
    Rig,
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


def new_rig(**changes: Any) -> Rig:
    return Rig(rules=evolve(RULES, **changes))


def executed(
    rig: Rig, oid: str, tid: str, size: int, total: int, *, final: bool = False, **changes: Any
) -> facts.OrderFilled:
    """An execution of just now by a message that leaves the client id out. changes: to the execution."""
    fact = traded(oid, tid, size, total, final=final)
    return evolve(fact, trade=evolve(fact.trade, **({"time": WALL + rig.time} | changes)))


def filled_of(rig: Rig, oid: str, tid: str, size: int) -> facts.FillsListed:
    """What the fills that a venue lists at a login show: an execution of just now that names our client id."""
    listed = evolve(trade(oid, tid, size), time=WALL + rig.time, wire_id=7)
    return facts.FillsListed(request_id=NOBODYS, trades=(listed,), cursor=None)


def test_an_execution_ahead_of_its_orders_answer_is_that_orders_fill() -> None:
    rig = new_rig()
    rig.place("a7")
    assert rig.hear(executed(rig, "o1", "t1", 4, 4)) == []
    assert rig.hear(took(rig.numbers, "o1")) == ["Accepted", "Filled"]
    assert rig.hear(executed(rig, "o1", "t1", 4, 4)) == []
    assert rig.hear(executed(rig, "o1", "t2", 6, 10)) == ["Filled"]
    assert rig.status("a7") is OrderStatus.FILLED


def test_an_execution_ahead_of_the_answer_can_complete_its_order() -> None:
    rig = new_rig(fills_lag=0)
    rig.place("a7")
    rig.hear(executed(rig, "o1", "t1", 9, 9, final=True))
    rig.hear(took(rig.numbers, "o1"))
    assert rig.status("a7") is OrderStatus.FILLED


def test_it_is_told_as_somebody_elses_once_no_order_of_ours_can_be_meant() -> None:
    rig = new_rig()
    rig.place("a7")
    assert rig.hear(executed(rig, "o9", "t1", 4, 4)) == []
    assert "FillReport" in rig.hear(took(rig.numbers, "o1"))
    assert rig.hear(executed(rig, "o9", "t1", 4, 4)) == []


def test_orders_that_were_sent_later_do_not_hold_it_back() -> None:
    rig = new_rig()
    rig.place("a7")
    first = rig.numbers
    rig.hear(executed(rig, "o9", "t1", 4, 4))
    rig.place("a8")
    assert "FillReport" in rig.hear(took(first, "o1"))


def test_it_is_told_as_somebody_elses_once_the_order_was_refused() -> None:
    rig = new_rig()
    rig.place("a7")
    assert rig.hear(executed(rig, "o9", "t1", 4, 4)) == []
    assert rig.hear(refused(rig.numbers, Outcome.DEFINITE)) == ["Rejected", "FillReport"]


def test_it_waits_as_long_as_the_order_may_exist() -> None:
    rig = new_rig()
    rig.place("a7")
    rig.hear(executed(rig, "o1", "t1", 4, 4))
    assert "FillReport" not in rig.wait(60)
    assert rig.status("a7") is OrderStatus.UNKNOWN
    rig.hear(traded("o1", "t2", 6, 10, 7))
    fills = [event for event in rig.events() if isinstance(event, events.Filled)]
    assert sorted(fill.trade_id for fill in fills) == ["t1", "t2"]
    assert max(fill.cumulative for fill in fills) == Decimal(10)


@pytest.mark.parametrize("changes", [{"side": Side.SELL}, {"symbol": "SILVER"}, {"time": WALL}], ids=str)
def test_what_cannot_be_ours_is_reported_at_once(changes: dict[str, Any]) -> None:
    rig = new_rig()
    rig.place("a7")
    assert "FillReport" in rig.hear(executed(rig, "o9", "t1", 4, 4, **changes))


def test_an_execution_that_does_not_tell_its_side_may_be_ours() -> None:
    rig = new_rig()
    rig.place("a7")
    assert rig.hear(executed(rig, "o1", "t1", 4, 4, side=None)) == []


def test_where_every_message_names_the_client_nothing_waits() -> None:
    rig = new_rig(unnamed_events=False)
    rig.place("a7")
    assert "FillReport" in rig.hear(executed(rig, "o9", "t1", 4, 4))


def test_an_execution_in_history_waits_for_its_order_too() -> None:
    rig = new_rig()
    rig.place("a7")
    listed = evolve(trade("o1", "t1", 4), time=WALL + rig.time)
    assert rig.hear(facts.FillsListed(request_id=NOBODYS, trades=(listed,), cursor=None)) == []
    rig.hear(executed(rig, "o1", "t1", 4, 4))
    rig.hear(took(rig.numbers, "o1"))
    assert [type(event).__name__ for event in rig.events()] == ["Submitted", "Accepted", "Filled"]


def test_a_fill_from_before_the_login_that_first_tells_of_its_order_says_nothing_of_an_overfill() -> None:
    """Our change to more was made, too, and its answer is lost as well."""
    rig = new_rig(changes_in_place=True)
    rig.place("a7")
    rig.lose_link()
    assert rig.hear(filled_of(rig, "o1", "t1", 18)) == ["Accepted", "Filled"]
    fill = rig.events()[-1]
    assert isinstance(fill, events.Filled)
    assert not fill.overfill
    assert "Updated" in rig.log_in(view("o1", 7, quantity=Decimal(30), cumulative=Decimal(18)))


def lookup_of(rig: Rig, oid: str) -> requests.QueryOrder:
    (found,) = [question for question in queries(rig) if question.venue_order_id == oid]
    return found


@pytest.mark.parametrize(("quantity", "told"), [(Decimal(10), "Filled"), (Decimal(11), "FillReport")])
def test_a_fill_of_before_the_placement_that_names_our_client_id_waits_for_its_order(
    quantity: Decimal, told: str
) -> None:
    """The name was used before, or the venue's clock is behind: what the order is for tells."""
    rig = new_rig()
    rig.wait(10)
    rig.place("a7")
    placed = WALL + rig.time
    rig.lose_link()
    rig.log_in()
    early = evolve(trade("o1", "t1", 4), time=placed - SECOND, wire_id=7)
    assert rig.hear(facts.FillsListed(request_id=NOBODYS, trades=(early,), cursor=None)) == []
    shown = view("o1", 7, quantity=quantity, cumulative=Decimal(4), time=placed - 2 * SECOND)
    assert told in rig.hear(took(lookup_of(rig, "o1").request_id, order=shown))


# Orders that nobody can ask for


@frozen
class SilentVenue(PlainVenue):
    """Its orders never carry their client order id."""

    def is_named(self, order: NewOrder) -> bool:
        return False


def silent_desk() -> Rig:
    rig = Rig(venue=SilentVenue(evolve(RULES, reads_history=False)))
    rig.place("a7")
    return rig


def queries(rig: Rig) -> list[requests.QueryOrder]:
    return [request for request in rig.sent() if isinstance(request, requests.QueryOrder)]


def test_an_order_without_a_name_whose_answer_is_lost_stays_unknown_and_is_not_asked_for() -> None:
    rig = silent_desk()
    rig.wait(600)
    assert rig.status("a7") is OrderStatus.UNKNOWN
    assert queries(rig) == []
    rig.lose_link()
    assert "Reconciled" in rig.log_in()
    assert queries(rig) == []
    assert rig.status("a7") is OrderStatus.UNKNOWN


def test_a_late_answer_still_finds_an_order_without_a_name() -> None:
    rig = silent_desk()
    number = rig.numbers
    rig.wait(60)
    rig.hear(executed(rig, "o1", "t1", 4, 4))
    assert rig.hear(took(number, "o1")) == ["Accepted", "Filled"]


def test_an_execution_does_not_wait_for_ever_for_an_order_without_a_name() -> None:
    rig = silent_desk()
    rig.wait(60)
    assert rig.hear(executed(rig, "o9", "t1", 4, 4)) == []
    assert "FillReport" not in rig.wait(290)
    rig.wait(70)
    assert [type(event).__name__ for event in rig.events()].count("FillReport") == 1


def test_nobody_can_ask_for_or_cancel_an_order_without_a_name() -> None:
    rig = silent_desk()
    for command in (commands.Status(ClientOrderId("a7")), commands.Cancel(ClientOrderId("a7"))):
        assert isinstance(rig.ask(command), NotSent)


# Stops that go on as another order


def fired_stop(**changes: Any) -> Rig:
    rig = new_rig(stops_go_on=True, **changes)
    rig.live("a7", "o1")
    rig.hear(facts.OrderTriggered(time=WALL, order=view("o1", 7)))
    assert rig.status("a7") is OrderStatus.TRIGGERED
    return rig


def goes_on() -> facts.OrderReplaced:
    return replaced("o1", "o2", 7)


def test_an_execution_ahead_of_the_order_that_a_stop_became_is_the_stops_fill() -> None:
    rig = fired_stop()
    assert rig.hear(executed(rig, "o2", "t1", 10, 10)) == []
    assert rig.hear(goes_on()) == ["Updated", "Filled"]
    assert rig.status("a7") is OrderStatus.FILLED


def test_an_execution_of_another_order_does_not_wait_for_a_stop_that_has_gone_on() -> None:
    rig = fired_stop()
    rig.hear(goes_on())
    assert "FillReport" in rig.hear(executed(rig, "o9", "t1", 10, 10))


def test_an_execution_does_not_wait_for_ever_for_what_a_stop_becomes() -> None:
    rig = fired_stop()
    assert rig.hear(executed(rig, "o9", "t1", 10, 10)) == []
    rig.wait(400)
    assert [type(event).__name__ for event in rig.events()].count("FillReport") == 1


def waiting_stop() -> Rig:
    """A stop to buy 10 at 100.0 waits for its trigger; its client id is 7."""
    rig = new_rig(stops_go_on=True, changes_in_place=True)
    rig.place("a7", trigger_price="99.0")
    rig.hear(took(rig.numbers, "o1"), acknowledged("o1", 7))
    assert rig.status("a7") is OrderStatus.ACCEPTED
    rig.records.clear()
    return rig


def test_what_a_stop_became_while_the_link_was_down_is_that_stops_order_and_fill() -> None:
    rig = waiting_stop()
    rig.lose_link()
    assert rig.hear(filled_of(rig, "o2", "t1", 4)) == []
    names = rig.log_in(view("o2", 7, cumulative=Decimal(4), status=OrderStatus.PARTIALLY_FILLED))
    assert names.index("Triggered") < names.index("Updated") < names.index("Filled")
    assert "FillReport" not in names
    assert rig.hear(executed(rig, "o2", "t2", 6, 10)) == ["Filled"]
    assert rig.status("a7") is OrderStatus.FILLED


def test_an_execution_ahead_of_the_news_that_a_stop_fired_is_the_stops_fill() -> None:
    rig = waiting_stop()
    named = executed(rig, "o2", "t1", 10, 10)
    shown = evolve(named.order, wire_id=7, quantity=None, price=None, status=None)
    named = evolve(named, order=shown, trade=evolve(named.trade, wire_id=7))
    assert rig.hear(named) == []
    assert rig.hear(facts.OrderTriggered(time=WALL, order=view("o1", 7)), goes_on()) == [
        "Triggered",
        "Updated",
        "Filled",
    ]


def test_an_order_of_this_name_with_other_terms_is_not_what_a_stop_became() -> None:
    """The stop was canceled and its name used again, and neither was heard."""
    rig = waiting_stop()
    rig.lose_link()
    assert rig.hear(filled_of(rig, "o2", "t1", 4)) == []
    names = rig.log_in(view("o2", 7, quantity=Decimal(50), price=Decimal(90), cumulative=Decimal(4)))
    assert "Updated" not in names
    rig.wait(400)
    assert [type(event).__name__ for event in rig.events()].count("FillReport") == 1
    assert "Filled" not in [type(event).__name__ for event in rig.events()]


def test_where_a_stop_keeps_its_id_nothing_waits_for_it() -> None:
    rig = new_rig()
    rig.live("a7", "o1")
    rig.hear(facts.OrderTriggered(time=WALL, order=view("o1", 7)))
    assert "FillReport" in rig.hear(executed(rig, "o9", "t1", 10, 10))


def test_history_names_what_a_fired_stop_became() -> None:
    """Its execution in history carries our client id, and its own news were lost."""
    rig = fired_stop(reads_history=False)
    listed = evolve(trade("o2", "t1", 4), time=WALL + rig.time, wire_id=7)
    assert rig.hear(facts.FillsListed(request_id=NOBODYS, trades=(listed,), cursor=None)) == ["Updated", "Filled"]
    assert rig.hear(goes_on()) == []
    assert rig.hear(executed(rig, "o2", "t2", 6, 10)) == ["Filled"]
    assert rig.status("a7") is OrderStatus.FILLED


@pytest.mark.parametrize("removed", [True, False])
def test_a_fired_stop_ends_when_what_it_became_is_refused(removed: bool) -> None:
    rig = fired_stop()
    assert rig.hear(evolve(rejected("o2", 7), removed=removed)) == ["Updated", "Canceled"]


def test_where_a_stop_keeps_its_id_a_refused_successor_is_a_refused_change() -> None:
    rig = new_rig()
    rig.live("a7", "o1")
    assert rig.hear(rejected("o2", 7)) == []
    assert rig.status("a7") is OrderStatus.ACCEPTED


# Orders of which nobody knows whether they go on


def unclear_stop() -> Rig:
    rig = new_rig(stops_go_on=True, reads_history=False)
    rig.live("a7", "o1")
    assert rig.hear(facts.OrderUnclear(time=WALL, order=view("o1", 7))) == []
    return rig


def test_an_order_that_may_have_ended_or_gone_on_is_asked_for() -> None:
    rig = unclear_stop()
    (query,) = queries(rig)
    assert rig.hear(took(query.request_id, order=view("o1", 7, status=OrderStatus.CANCELED))) == ["Canceled"]


def test_an_execution_of_what_it_became_is_its_fill() -> None:
    rig = unclear_stop()
    assert rig.hear(executed(rig, "o2", "t1", 10, 10)) == []
    assert rig.hear(goes_on()) == ["Updated", "Filled"]


def test_once_it_has_ended_no_execution_waits_for_it() -> None:
    rig = unclear_stop()
    rig.hear(canceled("o1", 7))
    assert "FillReport" in rig.hear(executed(rig, "o9", "t1", 10, 10))


def test_an_answer_behind_the_news_of_what_a_stop_became_names_the_id_that_it_began_with() -> None:
    rig = new_rig(stops_go_on=True)
    rig.place("a7")
    rig.hear(acknowledged("o2", 7, cumulative=Decimal(0)))
    assert rig.hear(took(rig.numbers, "o1"), acknowledged("o1", 7)) == []
    assert rig.hear(executed(rig, "o2", "t1", 4, 4)) == ["Filled"]
    fill = rig.events()[-1]
    assert isinstance(fill, events.Filled)
    assert fill.venue_order_id == "o2"


# Executions that do not name their instrument


def test_an_execution_of_nobody_without_its_instrument_is_left_to_history() -> None:
    rig = new_rig()
    fact = executed(rig, "o9", "t1", 4, 4, symbol="")
    assert rig.hear(evolve(fact, order=evolve(fact.order, status=None))) == []
    (question,) = [request for request in rig.sent() if isinstance(request, requests.ListFills)]
    listed = evolve(trade("o9", "t1", 4), time=WALL + rig.time)
    assert rig.hear(facts.FillsListed(request_id=question.request_id, trades=(listed,), cursor=None)) == ["FillReport"]


def test_an_execution_of_an_order_of_ours_needs_no_instrument() -> None:
    rig = new_rig()
    rig.live("a7", "o1")
    assert rig.hear(executed(rig, "o1", "t1", 10, 10, symbol="")) == ["Filled"]


def test_an_execution_that_waits_to_be_known_has_not_been_told() -> None:
    """`Reconciled` does not say that every fill of that time has been."""
    rig = new_rig()
    rig.place("a7")
    rig.wait(20)
    rig.lose_link()
    rig.wait(5)
    rig.sends.clear()
    rig.log_in()
    sent = rig.sent()
    (query,) = [request for request in sent if isinstance(request, requests.QueryOrder)]
    rig.hear(refused(query.request_id, Outcome.NOT_FOUND, "no such order"))
    (reading,) = [request for request in sent if isinstance(request, requests.ListFills)]
    found = evolve(trade("o9", "t1", 4), time=WALL + rig.time - 2 * SECOND)
    rig.hear(facts.FillsListed(request_id=reading.request_id, trades=(found,), cursor=None))
    reconciled = rig.events()[-1]
    assert isinstance(reconciled, events.Reconciled)
    assert reconciled.fills_complete_until == found.time


def test_how_far_fills_are_complete_is_told_as_soon_as_one_waits_and_as_soon_as_none_does() -> None:
    rig = new_rig()

    def complete_until() -> int | None:
        assert rig.last.progress is not None
        return rig.last.progress.fills_complete_until

    rig.log_in()
    (reading,) = [request for request in rig.sent() if isinstance(request, requests.ListFills)]
    rig.hear(facts.FillsListed(request_id=reading.request_id, trades=(), cursor=None))
    whole = complete_until()
    assert whole is not None
    rig.place("a7")
    rig.hear(executed(rig, "o9", "t1", 4, 4, time=whole - SECOND))
    assert complete_until() == whole - SECOND
    rig.hear(took(rig.numbers, "o1"))
    assert complete_until() == whole
