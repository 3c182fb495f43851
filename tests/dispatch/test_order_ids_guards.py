"""Under which venue order ids an order is known, and what its quantity is under another one."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from protocol import commands, events, facts, requests
from protocol.dispatch.inquiries import Question
from protocol.facts import Outcome
from protocol.structs import evolve
from protocol.values import OrderStatus, RequestId
from protocol.values import VenueOrderId as Oid
from protocol.venue import SECOND, VenueRules

from ..guarding import A1, NOBODYS, ask_for, asked, at_work, listed, open_questions, status_of, terms, told, updated
from ..order_life import WALL, Rig, acknowledged, external, refused, rejected, replaced, took, trade, traded, view

STOPS = VenueRules(venue="TEST", changes_in_place=True, stops_go_on=True)
CHAINS = VenueRules(venue="TEST", reads_history=True, chain_history=True, audit_period=10_000 * SECOND)
D = Decimal


def fired_stop(*, fired: bool = True) -> Rig:
    rig = Rig(rules=STOPS)
    rig.place("a1", trigger_price="99.0")
    rig.hear(took(1, "v1"), acknowledged("v1", 1, trigger_price=D("99.0")))
    if fired:
        rig.hear(facts.OrderTriggered(time=WALL, order=view("v1", 1, trigger_price=D("99.0"))))
    rig.records.clear()
    rig.sends.clear()
    return rig


# Ids


def test_a_pending_order_is_known_by_its_id_and_told_only_by_that() -> None:
    rig = Rig()
    rig.place("a1")
    rig.records.clear()
    pending = facts.OrderPending(time=WALL, order=view("v1", 1, status=OrderStatus.SUBMITTED))
    assert rig.hear(pending) == []
    assert terms(rig) == ("v1", 10, D("100.0"), None)
    assert rig.status("a1") is OrderStatus.SUBMITTED
    assert rig.hear(traded("v1", "t1", 4, 4)) == ["Accepted", "Filled"]


def test_pending_news_of_another_sessions_order_is_reported() -> None:
    rig = Rig()
    pending = facts.OrderPending(time=WALL, order=view("v9", 8, status=OrderStatus.SUBMITTED))
    assert rig.hear(pending) == ["OrderStatusReport"]


def test_an_order_that_went_on_before_its_acceptance_was_told_is_accepted_under_the_id_that_it_began_with() -> None:
    rig = Rig()
    rig.place("a1")
    rig.hear(took(1, "v1"))
    rig.lose_link()
    rig.records.clear()
    names = rig.log_in(view("v2", 1, quantity=D(6)))
    assert names[:4] == ["Reconnected", "Authenticated", "Accepted", "Updated"]
    (accepted,), (change,) = told(rig, events.Accepted), told(rig, events.Updated)
    assert accepted.venue_order_id == "v1"
    assert change == updated(rig, "v2", quantity=D(6), previous_venue_order_id=Oid("v1"))


def test_a_lost_order_that_went_on_under_another_id_is_reopened_under_the_one_that_we_know() -> None:
    rig = at_work()
    rig.lose_link()
    rig.log_in()
    while rig.status("a1") is not OrderStatus.UNKNOWN:
        query = ask_for(rig, requests.QueryOrder)
        rig.hear(refused(query.request_id, Outcome.NOT_FOUND))
    rig.lose_link()
    rig.records.clear()
    rig.log_in(view("v2", 1))
    (reopened,), (change,) = told(rig, events.Reopened), told(rig, events.Updated)
    assert (reopened.venue_order_id, change.venue_order_id) == ("v1", "v2")


def in_doubt(rules: VenueRules | None, shown: facts.OrderView) -> Rig:
    """After a new login, which shows this."""
    rig = at_work(rules)
    rig.hear(traded("v1", "t1", 4, 4, 1))
    rig.lose_link()
    rig.records.clear()
    rig.sends.clear()
    rig.log_in(shown)
    return rig


def test_an_id_that_no_event_told_is_followed_and_what_filled_under_the_old_one_is_asked_for() -> None:
    rig = in_doubt(None, view("v2", 1, quantity=D(6), price=D("99.0")))
    (change,) = told(rig, events.Updated)
    expected = updated(rig, "v2", quantity=D(10), price=D("99.0"), previous_venue_order_id=Oid("v1"))
    assert change == evolve(expected, venue_cumulative_base=D(4))
    assert [query.venue_order_id for query in asked(rig, requests.QueryOrder)] == ["v1"]
    assert open_questions(rig) == {Question.FILLS}
    assert asked(rig, requests.ListOpenOrders) == []


def test_an_id_that_is_shown_without_a_quantity_leaves_that_to_be_asked_for() -> None:
    rig = in_doubt(None, view("v2", 1, quantity=None))
    (change,) = told(rig, events.Updated)
    assert (change.quantity, change.price) == (None, D("100.0"))
    assert open_questions(rig) == {Question.FILLS, Question.TERMS}
    assert len(asked(rig, requests.ListOpenOrders)) == 1


def test_what_a_fired_stop_became_keeps_a_quantity_that_the_view_leaves_out() -> None:
    rig = fired_stop()
    rig.lose_link()
    rig.log_in(view("v2", 1, quantity=None, trigger_price=D("99.0")))
    assert terms(rig) == ("v2", 10, D("100.0"), D("99.0"))
    assert [query for query in asked(rig, requests.QueryOrder) if query.venue_order_id == "v1"] == []


@pytest.mark.parametrize(
    ("shown", "quantity"), [((10, 7), 10), ((7, 10), 10), ((8, 7), 10)], ids=["first", "second", "neither"]
)
def test_of_two_readings_of_what_a_stop_became_the_likely_one_counts(shown: Sequence[int], quantity: int) -> None:
    rig = fired_stop()
    rig.lose_link()
    rig.log_in(view("v2", 1, quantity=D(shown[0]), other_quantity=D(shown[1]), trigger_price=D("99.0")))
    assert terms(rig)[:2] == ("v2", quantity)


def test_the_first_of_two_readings_counts_where_the_quantity_was_not_known() -> None:
    rig = Rig(rules=STOPS)
    external(rig, "x7", "v1")
    rig.hear(acknowledged("v1", 7, quantity=None))
    told_of = replaced("v1", "v2", 7)
    assert told_of.replacement is not None
    new = evolve(told_of.replacement, quantity=D(8), other_quantity=D(7))
    rig.hear(evolve(told_of, order=evolve(told_of.order, quantity=None), replacement=new))
    assert terms(rig, "x7")[:2] == ("v2", 8)


def test_an_order_that_may_spend_an_amount_keeps_an_unknown_quantity() -> None:
    rig = Rig(rules=STOPS)
    rig.place("a1", quote_quantity=True)
    rig.hear(took(1, "v1"), acknowledged("v1", 1))
    assert terms(rig)[1] is None
    rig.hear(replaced("v1", "v2", 1))
    assert terms(rig)[:2] == ("v2", None)


def test_without_chains_in_history_an_order_that_is_shown_first_has_no_other_ids() -> None:
    rig = Rig(rules=VenueRules(venue="TEST", reads_history=True))
    rig.place("a1")
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    query = ask_for(rig, requests.QueryOrder)
    assert rig.hear(took(query.request_id, order=view("v1", 1))) == ["Accepted"]
    assert open_questions(rig) == set()


@pytest.mark.parametrize("live", [True, False], ids=["on the stream", "in a list"])
def test_an_order_that_a_list_shows_first_may_have_had_other_ids_and_fills_under_them(live: bool) -> None:
    rig = Rig(rules=CHAINS)
    rig.place("a1")
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    while rig.status("a1") is not OrderStatus.DENIED:
        query = ask_for(rig, requests.QueryOrder)
        rig.hear(refused(query.request_id, Outcome.NOT_FOUND))
    rig.wait(1)
    names = rig.hear(acknowledged("v1", 1)) if live else listed(rig, view("v1", 1))
    assert names == ["Reopened", "Accepted"]
    assert open_questions(rig) == (set() if live else {Question.FILLS})


def replacement_of(oid: str, **shown: Any) -> facts.OrderReplaced:
    told_of = replaced("v1", oid, 1)
    assert told_of.replacement is not None
    return evolve(told_of, replacement=evolve(told_of.replacement, **shown))


def test_what_the_new_id_counts_again_is_not_counted_twice() -> None:
    rig = at_work()
    rig.hear(traded("v1", "t1", 4, 4, 1))
    rig.records.clear()
    told_of = replacement_of("v2", cumulative=D(4), quantity=D(10))
    assert rig.hear(evolve(told_of, order=evolve(told_of.order, cumulative=D(4)))) == ["Updated"]
    assert rig.events() == [updated(rig, "v2", time=WALL, previous_venue_order_id=Oid("v1"))]
    assert rig.hear(traded("v2", "t2", 2, 6, 1)) == ["Filled"]
    assert told(rig, events.Filled)[0].leaves == 4


@pytest.mark.parametrize("shown", [(6, 3), (3, 6)], ids=["first", "second"])
def test_a_reading_of_what_a_stop_became_is_without_what_filled_before(shown: Sequence[int]) -> None:
    rig = fired_stop()
    rig.hear(traded("v1", "t1", 4, 4, 1))
    rig.hear(replacement_of("v2", quantity=D(shown[0]), other_quantity=D(shown[1])))
    assert terms(rig)[:2] == ("v2", 10)


def test_a_quantity_that_the_replacement_leaves_out_is_the_one_that_was_asked_for() -> None:
    """The new order is for as much, and four of the old one had filled."""
    rig = at_work()
    rig.hear(traded("v1", "t1", 4, 4, 1))
    rig.ask(commands.Replace(client_order_id=A1, instrument="GOLD.TEST", quantity=12))
    rig.records.clear()
    rig.hear(acknowledged("v2", 1, quantity=None))
    (change,) = told(rig, events.Updated)
    assert (change.quantity, change.venue_cumulative_base) == (16, 4)


def test_what_a_fired_stop_became_as_a_fill_in_history_shows_has_its_own_terms() -> None:
    """Whether the change on its way was made, that does not tell."""
    rig = fired_stop()
    rig.ask(commands.Replace(client_order_id=A1, instrument="GOLD.TEST", quantity=12))
    late = evolve(trade("v2", "t1", 4), wire_id=1, time=rig.wall + rig.time)
    assert rig.hear(facts.FillsListed(request_id=NOBODYS, trades=(late,))) == ["Updated", "Filled"]
    assert told(rig, events.Updated)[0] == updated(
        rig, "v2", time=late.time, trigger_price=D("99.0"), previous_venue_order_id=Oid("v1")
    )


@pytest.mark.parametrize("kind", ["a stop elsewhere", "a limit order", "of unknown type"])
def test_another_id_fires_no_trigger_unless_a_stop_goes_on_under_one(kind: str) -> None:
    rig = Rig(rules=None if kind == "a stop elsewhere" else STOPS)
    if kind == "of unknown type":
        external(rig, "x1", "v1")
    else:
        rig.place("a1", **({} if kind == "a limit order" else {"trigger_price": "99.0"}))
        rig.hear(took(1, "v1"))
    rig.hear(acknowledged("v1", 1))
    assert rig.hear(replaced("v1", "v2", 1)) == ["Updated"]


def test_a_stop_that_goes_on_under_another_id_has_fired() -> None:
    rig = fired_stop(fired=False)
    assert rig.hear(replaced("v1", "v2", 1)) == ["Triggered", "Updated"]
    assert rig.status("a1") is OrderStatus.TRIGGERED


@pytest.mark.parametrize("status", [None, OrderStatus.ACCEPTED, OrderStatus.CANCELED])
def test_the_quantity_under_an_unheard_id_is_asked_for_unless_the_order_has_ended(status: OrderStatus | None) -> None:
    rig = at_work()
    shown = view("v2", 1, quantity=None, status=status)
    if status is OrderStatus.CANCELED:
        rig.hear(facts.OrderCanceled(time=WALL, order=shown, reason=""))
    else:
        rig.hear(facts.OrderUnclear(time=WALL, order=shown))
    lists = asked(rig, requests.ListOpenOrders)
    assert len(lists) == (0 if status is OrderStatus.CANCELED else 1)
    assert terms(rig)[:2] == ("v2", None)


def settled(rules: VenueRules) -> Rig:
    """One accepted order, and nothing of history to be read any more."""
    rig = Rig(rules=rules)
    rig.live("a1", "v1")
    for _ in range(5):
        for page in asked(rig, requests.ListOrderHistory):
            rig.hear(facts.OrderHistoryListed(request_id=page.request_id, orders=(), cursor=None))
        for page in asked(rig, requests.ListFills):
            rig.hear(facts.FillsListed(request_id=page.request_id, trades=()))
        rig.wait(2)
    rig.sends.clear()
    return rig


@pytest.mark.parametrize(("oid", "reads"), [("v1", 0), ("v2", 1)], ids=["the same", "another"])
def test_an_unheard_id_makes_history_be_read_for_others_in_between(oid: str, reads: int) -> None:
    rig = settled(CHAINS)
    listed(rig, view(oid, 1))
    assert len(asked(rig, requests.ListOrderHistory)) == reads
    assert (Question.FILLS in open_questions(rig)) is bool(reads)


def test_pending_news_under_another_id_or_again_teach_nothing() -> None:
    rig = at_work()
    rig.records.clear()
    pending = view("v1", 1, status=OrderStatus.SUBMITTED)
    rig.hear(facts.OrderPending(time=WALL, order=pending))
    rig.hear(facts.OrderPending(time=WALL, order=evolve(pending, venue_order_id=Oid("v2"), trigger_price=D("99.0"))))
    assert rig.records == []
    assert terms(rig)[0] == "v1"


def test_pending_news_of_an_order_that_was_refused_teach_no_id() -> None:
    rig = Rig()
    rig.place("a1")
    rig.hear(refused(1, Outcome.DEFINITE))
    rig.hear(facts.OrderPending(time=WALL, order=view("v1", 1, status=OrderStatus.SUBMITTED)))
    assert terms(rig)[0] is None


@pytest.mark.parametrize("quantity", [D(10), None])
def test_what_is_known_is_not_learned_again(quantity: Decimal | None) -> None:
    rig = Rig()
    external(rig, "x7", "v7")
    rig.hear(acknowledged("v7", 7, quantity=quantity))
    assert terms(rig, "x7") == ("v7", quantity, quantity and D("100.0"), None)
    rig.records.clear()
    rig.hear(acknowledged("v7", 7, quantity=quantity))
    assert rig.records == []


@pytest.mark.parametrize("status", [OrderStatus.SUBMITTED, None], ids=["pending", "unsaid"])
def test_an_answer_that_shows_an_order_not_yet_alive_teaches_its_id_and_what_it_counts(
    status: OrderStatus | None,
) -> None:
    rig = Rig()
    rig.place("a1")
    rig.records.clear()
    assert status_of(rig, view("v1", 1, status=status, cumulative=D(4))) == ["MissingFills"]
    assert terms(rig)[0] == "v1"
    assert rig.status("a1") is OrderStatus.SUBMITTED


@pytest.mark.parametrize("shown", [(8, 5), (5, 8)], ids=["first", "second"])
def test_a_reading_of_what_a_stop_became_is_the_one_that_was_asked_for(shown: Sequence[int]) -> None:
    rig = fired_stop()
    rig.hear(traded("v1", "t1", 4, 4, 1))
    rig.ask(commands.Replace(client_order_id=A1, instrument="GOLD.TEST", quantity=12))
    rig.hear(replacement_of("v2", quantity=D(shown[0]), other_quantity=D(shown[1])))
    assert terms(rig)[:2] == ("v2", 12)


def test_nothing_is_due_for_an_order_whose_answer_names_its_id_in_time() -> None:
    """A client that cancels orders of which it does not know whether they live has no reason to."""
    rig = Rig(cancel_unknown=True)
    rig.place("a1")
    rig.hear(took(1, "v1"))
    due = rig.state.next_deadline
    assert due is not None
    assert due > rig.time


@pytest.mark.parametrize("is_rejected", [True, False])
def test_a_row_that_says_replaced_accepts_an_order_but_not_one_that_the_venue_rejected(is_rejected: bool) -> None:
    rig = Rig(rules=CHAINS)
    rig.place("a1")
    rig.hear(rejected("v1", 1) if is_rejected else took(1, "v1"))
    rig.records.clear()
    row = view("v1", 1, status=None, replaced=True)
    names = rig.hear(facts.OrderHistoryListed(request_id=RequestId(9), orders=(row,), cursor=None))
    assert names == ([] if is_rejected else ["Accepted"])
    assert rig.status("a1") is (OrderStatus.REJECTED if is_rejected else OrderStatus.ACCEPTED)
