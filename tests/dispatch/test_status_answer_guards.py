"""The answer about one order: whose it is, what it may end, and by which id the order is asked for next."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from protocol import commands, facts, requests
from protocol.dispatch.inputs import Admission
from protocol.errors import RequestFailed
from protocol.facts import Outcome
from protocol.structs import evolve
from protocol.values import ClientOrderId, OrderStatus
from protocol.venue import SECOND, VenueRules

from ..order_life import WALL, Rig, acknowledged, canceled, external, refused, took, traded, view

A1 = ClientOrderId("a1")
RULES = VenueRules(venue="TEST")
NO_TERMS = VenueRules(venue="TEST", status_shows_terms=False)
"""Of a venue whose answers about one order tell its life and total alone."""


def queries(rig: Rig) -> list[Any]:
    return [request for request in rig.sent() if isinstance(request, requests.QueryOrder)]


def by(rig: Rig) -> list[tuple[Any, Any]]:
    """By which ids orders were asked for since the last look: venue order id, wire id."""
    return [(query.venue_order_id, query.wire_id) for query in queries(rig)]


def answer(query: Any, oid: str, **terms: Any) -> facts.RequestAnswered:
    return facts.RequestAnswered(request_id=query.request_id, order=view(oid, 1, **terms))


def unclear(number: int) -> facts.OrderUnclear:
    """News that leave open where this order stands, so that it is asked for."""
    return facts.OrderUnclear(time=WALL, order=view(f"v{number}", number, status=None))


# An order that goes on under an id that is not known


def asked_for(rig: Rig, *, by_name: bool) -> Any:
    """The query of an order of ours that has the id v1 by the time that it is answered."""
    if by_name:
        rig.place("a1")
        rig.hear(refused(1, Outcome.AMBIGUOUS))
        rig.wait(1)
        rig.hear(took(1, "v1"))
    else:
        rig.live("a1", "v1")
        rig.hear(unclear(1))
    query = queries(rig)[-1]
    assert (query.wire_id == 1) is by_name
    return query


def change(rig: Rig, name: ClientOrderId, becomes: str) -> None:
    """A change is on its way, and the venue has named the id under which the order goes on with it."""
    rig.ask(commands.Replace(client_order_id=name, instrument="GOLD.TEST", price="99.0"))
    rig.hear(took(rig.numbers, becomes))
    rig.sent()


REPLACED = [
    pytest.param(False, None, [(None, 1)], id="by its id, unnamed"),
    pytest.param(False, "v2", [(None, 1)], id="by its id, named"),
    pytest.param(True, "v2", [("v2", None)], id="by its name, named"),
    pytest.param(True, None, [], id="by its name, unnamed"),
    pytest.param(True, "v1", [], id="by its name, the same"),
]


@pytest.mark.parametrize(("by_name", "becomes", "following"), REPLACED)
def test_what_an_order_of_ours_became_is_asked_for_by_its_name_and_if_that_was_done_by_the_promised_id(
    by_name: bool, becomes: str | None, following: list[Any]
) -> None:
    rig = Rig()
    query = asked_for(rig, by_name=by_name)
    if becomes is not None:
        change(rig, A1, becomes)
    rig.hear(answer(query, "v1", status=None))
    assert by(rig) == following
    if not following:
        rig.wait(5)
        assert by(rig) == [("v1", None)], "there is nothing else to ask by; it is asked again later"


@pytest.mark.parametrize(
    ("becomes", "following"), [("v2", [("v2", None)]), (None, [])], ids=["promised id", "no other id"]
)
def test_a_name_that_the_venue_does_not_know_says_nothing_of_an_order_that_has_an_id_by_then(
    becomes: str | None, following: list[Any]
) -> None:
    rig = Rig(rules=evolve(RULES, absence_proves_after=0))
    query = asked_for(rig, by_name=True)
    if becomes is not None:
        change(rig, A1, becomes)
    assert rig.hear(refused(query.request_id, Outcome.NOT_FOUND)) == []
    assert rig.status("a1") is OrderStatus.UNKNOWN
    assert by(rig) == following


@pytest.mark.parametrize("rules", [RULES, NO_TERMS], ids=["terms", "no terms"])
def test_what_an_order_of_another_session_became_is_asked_for_by_the_promised_id_whose_answer_proves_it(
    rules: VenueRules,
) -> None:
    """We have not chosen its name, so that may be another order's, too."""
    rig = Rig(rules=rules)
    external(rig, "x9", "v1")
    rig.hear(facts.OrderUnclear(time=WALL, order=view("v1", None, status=None)))
    (query,) = queries(rig)
    change(rig, ClientOrderId("x9"), "v2")
    rig.hear(answer(query, "v1", status=None))
    (following,) = queries(rig)
    assert (following.venue_order_id, following.wire_id, following.since) == ("v2", None, 0)
    assert rig.hear(answer(following, "v2", price=Decimal("99.0")))[0] == "Updated"
    order = rig.state.orders.by_client_order_id(ClientOrderId("x9"))
    assert order is not None
    assert (order.venue_order_id, order.price) == ("v2", Decimal("99.0"))


# What an answer must not do


def test_an_answer_that_shows_another_order_of_ours_is_told_as_none() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.place("a2")
    rig.ask(commands.Status(ClientOrderId("a2")))
    number = rig.numbers
    query = queries(rig)[-1]
    assert rig.hear(facts.RequestAnswered(request_id=query.request_id, order=view("v1", 2))) == []
    told = rig.answer_to(number)
    assert isinstance(told, RequestFailed)
    assert str(told) == "The venue's answer does not say where the order stands."
    assert rig.status("a2") is OrderStatus.SUBMITTED


def test_nothing_follows_from_an_answer_about_an_order_that_has_ended() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.ask(commands.Status(A1))
    (query,) = queries(rig)
    rig.hear(canceled("v1", 1))
    assert rig.hear(answer(query, "v1", status=None)) == []
    rig.wait(60)
    assert rig.sent() == []


def test_a_cancel_of_an_order_that_is_not_accepted_yet_may_still_act_on_it() -> None:
    rig = Rig()
    rig.place("a1")
    rig.hear(took(1, "v1"))
    rig.ask(commands.Cancel(A1), Admission.CANCEL)
    rig.wait(10)
    query = queries(rig)[-1]
    assert rig.hear(answer(query, "v1", status=OrderStatus.SUBMITTED)) == []
    rig.wait(5)
    following = queries(rig)[-1]
    assert rig.hear(answer(following, "v1")) == ["Accepted", "CancelRejected"]


def test_a_question_that_ended_with_a_list_that_does_not_have_the_order_is_given_up_no_second_time() -> None:
    """It gave its place back once."""
    rig = Rig()
    for number in range(1, 19):
        rig.live(f"a{number}", f"v{number}")
    rig.hear(unclear(1))
    (first,) = queries(rig)
    rig.wait(5)
    rig.hear(canceled("v1", 1), facts.OrderNotListed(request_id=first.request_id, cursor="closed"))
    rig.hear(*map(unclear, range(2, 19)))
    assert by(rig) == [(f"v{number}", None) for number in range(2, 18)]
    rig.wait(5)
    assert by(rig) == []


def test_a_refusal_about_an_order_that_is_remembered_no_more_gives_its_place_back() -> None:
    rig = Rig(finished_window=1)
    for number in range(1, 18):
        rig.live(f"a{number}", f"v{number}")
    rig.hear(*map(unclear, range(1, 18)))
    first, *_ = queries(rig)
    rig.hear(canceled("v1", 1), canceled("v2", 2))
    rig.hear(refused(first.request_id, Outcome.NOT_FOUND))
    assert by(rig) == [("v17", None)]


# The order of an execution


def test_an_order_whose_lookup_the_venue_refused_is_looked_up_again_with_its_next_execution() -> None:
    rig = Rig(rules=evolve(RULES, unnamed_events=True))
    rig.place("a1")
    rig.sent()

    def execute(tid: str, total: int) -> list[str]:
        fact = traded("v5", tid, 1, total)
        return rig.hear(evolve(fact, trade=evolve(fact.trade, time=rig.wall + rig.time)))

    assert execute("t1", 1) == []
    (lookup,) = queries(rig)
    assert (lookup.venue_order_id, lookup.wire_id) == ("v5", None)
    assert execute("t2", 2) == []
    assert queries(rig) == [], "it is being looked up"
    assert rig.hear(refused(lookup.request_id, Outcome.NOT_FOUND)) == []
    assert execute("t3", 3) == []
    (again,) = queries(rig)
    told = rig.hear(facts.RequestAnswered(request_id=again.request_id, order=view("v5", 1, cumulative=Decimal(3))))
    assert told == ["Accepted", "Filled", "Filled", "Filled"]


def test_a_fill_that_was_missing_is_not_taken_for_one_of_those_that_an_end_may_still_have() -> None:
    """How much had executed by its end, nobody has said; that as much was heard as was told before proves nothing."""
    rig = Rig(rules=evolve(RULES, fills_lag=SECOND))
    rig.live("a1", "v1")
    rig.hear(unclear(1))
    rig.hear(acknowledged("v1", 1, cumulative=Decimal(4), quantity=None))
    fill = traded("v1", "t1", 4, 4, 1)
    assert rig.hear(evolve(fill, order=evolve(fill.order, status=None, quantity=None))) == ["Filled"]
    gone = view("v1", 1, status=None, quantity=None, cumulative=None)
    removed = facts.OrderRemoved(time=WALL, order=gone, ending=OrderStatus.CANCELED, reason="asked for", filled=None)
    assert rig.hear(removed) == []
    assert rig.status("a1") is OrderStatus.PARTIALLY_FILLED
