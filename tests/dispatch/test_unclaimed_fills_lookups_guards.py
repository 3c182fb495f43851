"""Whose an execution is, the venue is asked for by its order: what is asked when, and what an answer says."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from protocol import events, facts, requests
from protocol.facts import Outcome
from protocol.values import VenueOrderId
from protocol.venue import SECOND

from ..order_life import WALL, Rig, refused, took, view
from ..unnamed_fills import executed, history, listed, lookups, new_rig, told, waiting

# Looking up


def test_the_venue_is_asked_by_the_venue_order_id_once_for_each() -> None:
    rig = waiting()
    (question,) = lookups(rig)
    assert question == requests.QueryOrder(
        request_id=question.request_id, venue_order_id=VenueOrderId("o1"), wire_id=None
    )
    rig.hear(executed(rig, "o1", "t2"))
    assert lookups(rig) == []
    rig.hear(executed(rig, "o2", "t3"))
    assert [each.venue_order_id for each in lookups(rig)] == ["o2"]
    rig.hear(refused(question.request_id, Outcome.NOT_FOUND))
    assert told(rig) == [], "it proves nothing"
    rig.hear(executed(rig, "o1", "t4"))
    assert [each.venue_order_id for each in lookups(rig)] == ["o1"], "that question is over"


def by_id(rig: Rig) -> list[str]:
    """What is looked up, without the questions about orders of ours."""
    return [each.venue_order_id for each in lookups(rig) if each.venue_order_id is not None]


def test_no_more_than_sixteen_are_looked_up_at_once() -> None:
    rig = new_rig()
    rig.place("a7")
    rig.sends.clear()
    for number in range(18):
        rig.hear(executed(rig, f"o{number}", "t1"))
    first = lookups(rig)
    assert [each.venue_order_id for each in first] == [f"o{number}" for number in range(16)]
    rig.hear(refused(first[0].request_id, Outcome.NOT_FOUND))
    rig.hear(executed(rig, "o18", "t1"))
    assert [each.venue_order_id for each in lookups(rig)] == ["o18"]


def test_nothing_is_looked_up_while_there_is_no_link_and_all_that_waits_is_behind_the_next_login() -> None:
    rig = waiting(http_requests=frozenset({requests.QueryOrder}))
    (question,) = lookups(rig)
    rig.lose_link()
    assert question.request_id in rig.last.forgotten
    rig.hear(history(listed(rig, "o2", "t2")))
    assert lookups(rig) == []
    rig.log_in()
    assert by_id(rig) == ["o1", "o2"]
    rig.hear(executed(rig, "o1", "t3"))
    assert lookups(rig) == [], "that question is open"


def test_one_that_was_looked_up_in_vain_is_looked_up_again_after_a_minute_and_not_at_once() -> None:
    rig = waiting()
    (question,) = lookups(rig)
    rig.hear(refused(question.request_id, Outcome.AMBIGUOUS))
    rig.wait(59.9)
    assert by_id(rig) == []
    rig.wait(0.1)
    assert by_id(rig) == ["o1"]


def test_where_an_answer_shows_no_terms_history_is_read_behind_its_lag_instead() -> None:
    rig = new_rig(status_shows_terms=False, reads_history=True, lists_lag=5 * SECOND, audit_period=3600 * SECOND)
    rig.place("a7")
    rig.sends.clear()
    rig.hear(executed(rig, "o1", "t1"))
    assert lookups(rig) == []
    rig.wait(5.9)
    assert rig.sent() == []
    rig.wait(0.1)
    assert [type(sent) for sent in rig.sent()] == [requests.ListFills]


def answer(rig: Rig, **terms: Any) -> list[str]:
    """To the one lookup, without a client id."""
    (question,) = lookups(rig)
    shown = view("o1", time=WALL + rig.time, **terms)
    return rig.hear(took(question.request_id, order=shown))


@pytest.mark.parametrize(
    ("quantity", "names"), [(10, ["Accepted", "Filled"]), (11, ["FillReport"]), (None, ["FillReport"])]
)
def test_without_a_client_id_what_it_is_for_tells_whose_it_is(quantity: int | None, names: list[str]) -> None:
    rig = waiting()
    assert answer(rig, quantity=None if quantity is None else Decimal(quantity)) == names
    order = rig.state.orders.by_venue_order_id(VenueOrderId("o1"))
    assert (order is not None) is (names[-1] == "Filled")
    assert rig.wait(5) == []


def test_all_that_wait_for_an_order_are_told_once_it_is_known() -> None:
    rig = waiting()
    rig.hear(executed(rig, "o1", "t2", 1), executed(rig, "o5", "t5"))
    question = lookups(rig)[0]
    shown = view("o1", 9, time=WALL + rig.time)
    rig.hear(took(question.request_id, order=shown))
    assert told(rig) == [("FillReport", "t1"), ("FillReport", "t2")]


def test_an_order_of_an_amount_whose_quantity_nobody_knows_does_not_fit_a_view_without_one() -> None:
    rig = new_rig()
    rig.place("a7", quote_quantity=True)
    rig.sends.clear()
    rig.hear(executed(rig, "o1", "t1"))
    assert answer(rig, quantity=None) == ["FillReport"]


def test_where_two_orders_fit_it_is_neither_ones_for_certain() -> None:
    rig = new_rig()
    rig.place("a6")
    rig.place("a7")
    rig.sends.clear()
    rig.hear(executed(rig, "o1", "t1"))
    assert answer(rig) == ["FillReport"]


def test_an_order_that_cannot_be_meant_any_more_does_not_fit() -> None:
    """Two orders of 10 may be meant; then the answer names the id of one of them."""
    rig = new_rig()
    rig.place("a6")
    first = rig.numbers
    rig.place("a7")
    rig.sends.clear()
    rig.hear(executed(rig, "o1", "t1"))
    rig.hear(took(first, "o6"))
    assert answer(rig) == ["Accepted", "Filled"]
    order = rig.state.orders.by_venue_order_id(VenueOrderId("o1"))
    assert order is not None
    assert order.identity.client_order_id == "a7"


@pytest.mark.parametrize("chains", [True, False])
def test_by_its_client_id_an_answer_says_whose_it_is_and_what_it_is_for(chains: bool) -> None:
    rig = waiting(chain_history=chains)
    (question,) = lookups(rig)
    shown = view("o1", 7, time=WALL + rig.time + 5)
    assert rig.hear(took(question.request_id, order=shown)) == ["Accepted", "Filled"]
    accepted = rig.events()[-2]
    assert isinstance(accepted, events.Accepted)
    assert accepted.venue_time == shown.time, "as the answer says, not the execution"


def test_an_answer_may_say_that_a_fired_stop_goes_on() -> None:
    rig = new_rig(stops_go_on=True)
    rig.live("a7", "o1")
    rig.hear(facts.OrderTriggered(time=WALL, order=view("o1", 7)))
    rig.sends.clear()
    assert rig.hear(executed(rig, "o2", "t1")) == []
    (question,) = lookups(rig)
    shown = view("o2", 7, time=WALL + rig.time + 5, price=Decimal(101))
    assert rig.hear(took(question.request_id, order=shown)) == ["Updated", "Filled"]
    updated = rig.events()[-2]
    assert isinstance(updated, events.Updated)
    assert (updated.price, updated.venue_order_id, updated.previous_venue_order_id) == (Decimal(101), "o2", "o1")


def test_which_id_of_an_order_came_after_which_its_history_says_alone() -> None:
    """The order is first shown by a login; it may have been replaced before, by a change whose answer was lost."""
    rig = new_rig(chain_history=True, reads_history=True)
    rig.place("a7")
    rig.lose_link()
    rig.sends.clear()
    rig.log_in(view("o1", 7))
    (reading,) = rig.sent()
    assert isinstance(reading, requests.ListOrderHistory)
    now = WALL + rig.time
    assert rig.hear(executed(rig, "o2", "t1"), executed(rig, "o9", "t9")) == []
    first, second = lookups(rig)
    assert rig.hear(took(first.request_id, order=view("o2", 7, time=now))) == []
    assert rig.hear(took(second.request_id, order=view("o9", 9, time=now))) == ["FillReport"]
    rig.hear(executed(rig, "o8", "t8"))
    rig.sends.clear()
    before = view("o2", 7, time=now, status=None, replaced=True, cumulative=Decimal(4))
    rows = (before, view("o1", 7, time=now))
    assert rig.hear(facts.OrderHistoryListed(request_id=reading.request_id, orders=rows)) == ["Updated", "Filled"]
    fill = rig.events()[-1]
    assert isinstance(fill, events.Filled)
    assert (fill.venue_order_id, fill.fill_venue_order_id) == ("o1", "o2")
    (reading,) = rig.sent()
    assert isinstance(reading, requests.ListFills)
    names = rig.hear(facts.FillsListed(request_id=reading.request_id, trades=(), cursor=None))
    assert names == ["FillReport"], "history is read, and does not show it as ours"
    assert told(rig) == [("FillReport", "t9"), ("Filled", "t1"), ("FillReport", "t8")]


def test_a_view_for_which_nothing_waits_changes_nothing() -> None:
    rig = waiting()
    (question,) = lookups(rig)
    rig.hear(took(rig.numbers, "o1"))
    rig.records.clear()
    assert rig.hear(took(question.request_id, order=view("o1"))) == []
    assert rig.hear(took(question.request_id, order=view("o3", 7))) == []
