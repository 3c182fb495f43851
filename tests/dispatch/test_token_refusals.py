"""Requests that the venue refused for the session token alone: sent again once, with time of their own."""

from __future__ import annotations

from typing import Any

from protocol import facts, requests
from protocol.facts import Outcome
from protocol.values import OrderStatus, VenueOrderId
from protocol.venue import SECOND, BatchRules, VenueRules

from ..order_life import WALL, Rig, acknowledged, refused, took
from .test_order_batches import place

RULES = VenueRules(venue="TEST", process_within=5 * SECOND, batch=BatchRules(most=5, most_orders=5))
WITHIN = 5 * SECOND


def refused_desk(**terms: Any) -> Rig:
    """An order whose token was refused two seconds after it was sent."""
    rig = Rig(rules=RULES)
    rig.place("a1", **terms)
    rig.sends.clear()
    rig.wait(2)
    assert rig.hear(refused(rig.numbers, Outcome.TOKEN)) == []
    return rig


def sent_again(rig: Rig) -> Any:
    rig.hear(facts.TokenRenewed())
    (request,) = rig.sent()
    return request


def test_the_time_for_an_answer_begins_anew() -> None:
    rig = refused_desk()
    rig.wait(7.5)
    request = sent_again(rig)
    assert request.process_before == WALL + rig.time + WITHIN
    assert rig.wait(9) == []
    assert rig.hear(took(rig.numbers, "V1"), acknowledged("V1", 1)) == ["Accepted"]


def test_a_deadline_that_the_user_chose_is_kept() -> None:
    chosen = WALL + 103 * SECOND
    rig = refused_desk(process_before=chosen)
    assert sent_again(rig).process_before == chosen


def test_a_question_of_our_own_is_given_up_in_time_after_it_was_sent_again() -> None:
    """One over HTTP has longer than other requests, since it may wait for its turn; both times."""
    rig = Rig(rules=VenueRules(venue="TEST", http_requests=frozenset({requests.QueryOrder})))
    rig.place("a1")
    rig.wait(11)
    query = next(request for request in rig.sent() if isinstance(request, requests.QueryOrder))
    rig.hear(refused(query.request_id, Outcome.TOKEN))
    assert sent_again(rig) == query
    rig.wait(200)
    assert any(isinstance(request, requests.QueryOrder) for request in rig.sent()), "it is asked again"


def test_a_request_is_sent_again_once() -> None:
    rig = refused_desk()
    sent_again(rig)
    assert rig.hear(refused(rig.numbers, Outcome.TOKEN)) == ["Rejected"]


def test_a_batch_is_sent_again_as_one_with_time_for_each_part() -> None:
    rig = Rig(rules=RULES)
    rig.batch(place("a1"), place("a2"))
    batch = rig.numbers
    rig.sends.clear()
    rig.wait(9)
    rig.hear(refused(batch, Outcome.TOKEN))
    again = sent_again(rig)
    assert isinstance(again, requests.BatchOrders)
    assert again.process_before == WALL + rig.time + WITHIN
    legs: Any = again.legs
    assert {leg.process_before for leg in legs} == {again.process_before}
    assert rig.wait(9) == [], "the parts are awaited as long as the batch"
    answers = [facts.LegAnswer(wire_id=None, venue_order_id=VenueOrderId(name)) for name in ("V1", "V2")]
    rig.hear(facts.BatchAnswered(request_id=again.request_id, legs=tuple(answers)))
    assert rig.hear(acknowledged("V1"), acknowledged("V2")) == ["Accepted", "Accepted"]


def test_a_request_without_another_token_certainly_was_not_executed() -> None:
    rig = refused_desk()
    assert rig.wait(20) == ["Denied"]
    assert rig.status("a1") is OrderStatus.DENIED


def test_the_parts_of_a_batch_without_another_token_certainly_were_not_executed() -> None:
    rig = Rig(rules=RULES)
    rig.batch(place("a1"), place("a2"))
    rig.wait(2)
    rig.hear(refused(rig.numbers, Outcome.TOKEN))
    assert rig.wait(20) == ["Denied", "Denied"]
