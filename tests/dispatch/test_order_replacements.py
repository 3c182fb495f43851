"""Changes at a venue that keeps the order and its id: fills of the changed order may be heard before the change is."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from protocol import commands, events, facts, requests
from protocol.dispatch.inputs import NotWritten
from protocol.facts import Outcome
from protocol.values import ClientOrderId, OrderStatus, RequestId
from protocol.venue import SECOND, VenueRules

from ..order_life import GOLD, WALL, Rig, canceled, refused, took, trade, traded, view

RULES = VenueRules(venue="TEST", changes_in_place=True, fills_lag=SECOND, reads_history=True)
A1 = ClientOrderId("a1")


def new_rig(**changes: Any) -> Rig:
    rig = Rig(rules=evolve(RULES, **changes))
    rig.live("a1", "V1")
    return rig


def change(rig: Rig, **terms: Any) -> int:
    """Asks for a change; gives the number of the request."""
    exact: dict[str, Any] = {name: Decimal(value) for name, value in terms.items()}
    number = rig.ask(commands.Replace(client_order_id=A1, instrument=GOLD.id, **exact))
    assert number == rig.numbers, number
    return rig.numbers


def filled(rig: Rig, tid: str, size: int) -> events.Filled:
    """A fill by a feed that knows no order beside the execution."""
    shown = view("V1", 1, cumulative=None, quantity=None, price=None, status=None)
    fact = facts.OrderFilled(time=WALL, order=shown, trade=trade("V1", tid, size), final=False)
    assert rig.hear(fact) == ["Filled"]
    fill = rig.events()[-1]
    assert isinstance(fill, events.Filled)
    return fill


def changed(**terms: Any) -> facts.OrderReplaced:
    """News of a change in place; what is not named is as the order was placed."""
    return facts.OrderReplaced(time=WALL, order=view("V1", 1, **terms), new_venue_order_id=None, replacement=None)


def updated(rig: Rig) -> events.Updated:
    update = rig.events()[-1]
    assert isinstance(update, events.Updated)
    return update


def show(rig: Rig, **terms: Any) -> list[str]:
    """Answers the status query that is on its way."""
    asked = [request for request in rig.sent() if isinstance(request, requests.QueryOrder)]
    assert asked, "nobody asked for the order"
    return rig.hear(took(asked[-1].request_id, order=view("V1", 1, **terms)))


# Fills ahead of the change


def test_an_order_that_may_have_grown_is_not_complete_with_what_it_was() -> None:
    rig = new_rig()
    change(rig, quantity=20)
    fill = filled(rig, "t1", 10)
    assert (fill.leaves, fill.status) == (Decimal(10), OrderStatus.PARTIALLY_FILLED)
    fill = filled(rig, "t2", 5)
    assert (fill.leaves, fill.overfill) == (Decimal(5), Decimal(0))
    assert rig.hear(changed(quantity=Decimal(20), cumulative=Decimal(15))) == ["Updated"]
    fill = filled(rig, "t3", 5)
    assert (fill.leaves, fill.status) == (Decimal(0), OrderStatus.FILLED)


def test_an_order_is_complete_with_all_that_it_may_have_grown_to() -> None:
    rig = new_rig()
    change(rig, quantity=20)
    filled(rig, "t1", 10)
    assert filled(rig, "t2", 10).status is OrderStatus.FILLED


def test_the_venues_word_that_an_order_is_complete_counts_more_than_a_change_on_its_way() -> None:
    rig = new_rig()
    change(rig, quantity=20)
    rig.hear(traded("V1", "t1", 10, 10, final=True))
    assert rig.status("a1") is OrderStatus.FILLED


@pytest.mark.parametrize("terms", [{"quantity": 5}, {"price": 99}])
def test_a_change_to_less_or_to_another_price_keeps_no_order_open(terms: dict[str, int]) -> None:
    rig = new_rig()
    change(rig, **terms)
    assert filled(rig, "t1", 10).status is OrderStatus.FILLED


def test_where_a_change_makes_a_new_order_the_old_one_is_complete_with_its_own_quantity() -> None:
    rig = new_rig(changes_in_place=False)
    change(rig, quantity=20)
    assert filled(rig, "t1", 10).status is OrderStatus.FILLED


def test_more_than_it_may_have_grown_to_is_an_overfill() -> None:
    rig = new_rig()
    change(rig, quantity=20)
    fill = filled(rig, "t1", 21)
    assert (fill.overfill, fill.leaves, fill.status) == (Decimal(1), Decimal(0), OrderStatus.FILLED)


# News that is not of the change, or leaves something out


def test_a_quantity_that_the_news_leaves_out_is_what_was_asked_for() -> None:
    rig = new_rig()
    change(rig, quantity=20)
    assert rig.hear(changed(quantity=None)) == ["Updated"]
    assert updated(rig).quantity == 20
    assert filled(rig, "t1", 10).status is OrderStatus.PARTIALLY_FILLED


def test_a_quantity_that_nobody_asked_to_change_is_kept_where_the_news_leaves_it_out() -> None:
    rig = new_rig()
    change(rig, price=99)
    assert rig.hear(changed(quantity=None, price=Decimal(99))) == ["Updated"]
    assert (updated(rig).quantity, updated(rig).price) == (Decimal(10), Decimal(99))


def test_what_the_venue_changed_by_itself_is_not_the_change_on_its_way() -> None:
    rig = new_rig()
    number = change(rig, price=99)
    assert rig.hear(changed(quantity=Decimal(8))) == ["Updated"]
    assert rig.hear(refused(number, Outcome.DEFINITE)) == ["ReplaceRejected"]


def test_the_change_can_follow_what_the_venue_changed_by_itself() -> None:
    rig = new_rig()
    number = change(rig, price=99)
    assert rig.hear(changed(quantity=Decimal(8)), took(number, "V1")) == ["Updated"]
    assert rig.hear(changed(quantity=Decimal(8), price=Decimal(99))) == ["Updated"]
    rig.sends.clear()
    assert rig.wait(30) == []
    assert rig.sent() == [], "nobody needs to ask"


# Messages that can be read in two ways


@pytest.mark.parametrize(("first", "other"), [(14, 10), (10, 14)])
def test_of_two_readings_the_one_by_which_nothing_changed_is_right(first: int, other: int) -> None:
    rig = new_rig()
    filled(rig, "t1", 4)
    shown = changed(quantity=Decimal(first), other_quantity=Decimal(other), cumulative=Decimal(4))
    assert rig.hear(shown) == []


def test_of_two_readings_the_one_that_was_asked_for_is_right() -> None:
    rig = new_rig()
    filled(rig, "t1", 4)
    change(rig, quantity=6)
    shown = changed(quantity=Decimal(10), other_quantity=Decimal(6), cumulative=Decimal(4))
    assert rig.hear(shown) == ["Updated"]
    assert updated(rig).quantity == 6


def test_of_two_readings_of_an_order_of_somebody_else_none_is_reported() -> None:
    rig = new_rig()
    shown = view("V9", 9, quantity=Decimal(14), other_quantity=Decimal(10), cumulative=Decimal(4))
    assert rig.hear(facts.OrderAcknowledged(time=WALL, order=shown)) == ["OrderStatusReport"]
    report = rig.events()[-1]
    assert isinstance(report, events.OrderStatusReport)
    assert report.quantity is None


def test_of_two_readings_that_are_both_unlikely_neither_is_taken_and_the_order_is_asked_for() -> None:
    rig = new_rig()
    filled(rig, "t1", 4)
    shown = changed(quantity=Decimal(11), other_quantity=Decimal(7), cumulative=Decimal(4))
    assert rig.hear(shown) == []
    assert show(rig, quantity=Decimal(7), cumulative=Decimal(4)) == ["Updated"]
    assert updated(rig).quantity == 7


def test_a_list_after_a_login_that_can_be_read_in_two_ways_shows_the_change_that_was_asked_for() -> None:
    rig = new_rig()
    filled(rig, "t1", 4)
    change(rig, quantity=12)
    rig.lose_link()
    shown = view("V1", 1, quantity=Decimal(16), other_quantity=Decimal(12), cumulative=Decimal(4))
    assert "Updated" in rig.log_in(shown)
    update = [event for event in rig.events() if isinstance(event, events.Updated)][-1]
    assert update.quantity == 12


# Answers that are older than the change


@pytest.mark.parametrize("question", [commands.OpenOrders(), commands.Status(A1)], ids=["list", "status"])
def test_an_answer_that_is_older_than_a_change_takes_nothing_back(question: Any) -> None:
    rig = new_rig()
    change(rig, quantity=20)
    rig.ask(question)
    number = rig.numbers
    rig.wait(1)
    rig.hear(changed(quantity=Decimal(20)))
    old = view("V1", 1, quantity=Decimal(10))
    answer = took(number, orders=(old,)) if isinstance(question, commands.OpenOrders) else took(number, order=old)
    assert rig.hear(answer) == []
    assert filled(rig, "t1", 10).leaves == 10


# Changes whose time is over when the connection is lost


@pytest.mark.parametrize("shown", [10, 20])
def test_what_came_of_a_change_over_http_is_asked_for_after_the_next_login(shown: int) -> None:
    http = frozenset({requests.ReplaceOrder, requests.QueryOrder, requests.ListFills, requests.ListOpenOrders})
    rig = new_rig(http_requests=http)
    number = change(rig, quantity=20)
    rig.hear(took(number, "V1"))
    rig.wait(10)  # the order is asked for
    rig.lose_link()
    rig.sends.clear()
    there = view("V1", 1, quantity=Decimal(shown))
    rig.log_in(there)
    names = show(rig, quantity=Decimal(shown))
    assert ("ReplaceRejected" in names) == (shown == 10)
    change(rig, quantity=30)


# The change comes to nothing


def test_a_refused_change_completes_an_order_that_was_executed_meanwhile() -> None:
    rig = new_rig()
    number = change(rig, quantity=20)
    filled(rig, "t1", 10)
    assert rig.hear(refused(number, Outcome.DEFINITE)) == ["ReplaceRejected", "Completed"]
    assert rig.status("a1") is OrderStatus.FILLED
    assert rig.wait(30) == []


def test_a_change_that_was_never_written_completes_it_too() -> None:
    rig = new_rig()
    number = change(rig, quantity=20)
    filled(rig, "t1", 10)
    assert rig.apply(NotWritten((RequestId(number),), "The socket was closed.")) == ["ReplaceRejected", "Completed"]
    assert rig.status("a1") is OrderStatus.FILLED


def test_a_refused_change_leaves_an_order_open_that_was_not_executed() -> None:
    rig = new_rig()
    number = change(rig, quantity=20)
    filled(rig, "t1", 9)
    assert rig.hear(refused(number, Outcome.DEFINITE)) == ["ReplaceRejected"]
    assert rig.status("a1") is OrderStatus.PARTIALLY_FILLED


def test_a_cancel_ends_an_order_that_may_have_grown() -> None:
    rig = new_rig()
    change(rig, quantity=20)
    filled(rig, "t1", 10)
    assert rig.hear(canceled("V1", 1, 10)) == ["Canceled"]


# The news of the change never comes


@pytest.mark.parametrize("is_answered", [True, False])
def test_a_change_that_a_status_query_shows_is_not_rejected(is_answered: bool) -> None:
    rig = new_rig()
    number = change(rig, quantity=20, price=99)
    if is_answered:
        rig.hear(took(number, "V1"))
    rig.wait(10)
    names = show(rig, quantity=Decimal(20), price=Decimal("99.00"), status=OrderStatus.ACCEPTED)
    assert names == ["Updated"]
    assert rig.wait(30) == []
    change(rig, quantity=30)


def test_a_change_that_a_status_query_does_not_show_is_rejected() -> None:
    rig = new_rig()
    change(rig, quantity=20, price=99)
    rig.wait(10)
    names = show(rig, quantity=Decimal(20), price=Decimal(100), status=OrderStatus.ACCEPTED)
    assert names == ["Updated", "ReplaceRejected"]


@pytest.mark.parametrize(("is_answered", "expected"), [(True, []), (False, ["ReplaceRejected"])])
def test_a_change_that_no_status_shows_was_made_if_the_venue_said_so(is_answered: bool, expected: list[str]) -> None:
    rig = new_rig()
    number = change(rig, display_quantity=2)
    if is_answered:
        rig.hear(took(number, "V1"))
    rig.wait(10)
    assert show(rig, quantity=Decimal(10), price=Decimal("100.0"), status=OrderStatus.ACCEPTED) == expected


def test_an_order_found_complete_has_not_grown() -> None:
    rig = new_rig()
    change(rig, quantity=20)
    filled(rig, "t1", 10)
    rig.wait(10)
    show(rig, quantity=Decimal(10), cumulative=Decimal(10), status=OrderStatus.FILLED)
    assert rig.status("a1") is OrderStatus.FILLED
