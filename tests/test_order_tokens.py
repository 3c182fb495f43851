"""Requests that the venue refused for the session token alone: sent again once, with time of their own."""

from __future__ import annotations

from typing import Any

from protocol import facts, requests
from protocol.facts import Outcome
from protocol.values import OrderStatus
from protocol.venue import SECOND, BatchRules, VenueRules

from .order_life import WALL, Desk, acknowledged, refused, took
from .test_order_batches import place

RULES = VenueRules(venue="TEST", process_within=5 * SECOND, batch=BatchRules(most=5, most_orders=5))
WITHIN = 5 * SECOND


def refused_desk(**terms: Any) -> Desk:
    """An order whose token was refused two seconds after it was sent."""
    desk = Desk(rules=RULES)
    desk.place("a1", **terms)
    desk.sends.clear()
    desk.wait(2)
    assert desk.hear(refused(desk.numbers, Outcome.TOKEN)) == []
    return desk


def sent_again(desk: Desk) -> Any:
    desk.hear(facts.TokenRenewed())
    (request,) = desk.sent()
    return request


def test_the_time_for_an_answer_begins_anew() -> None:
    desk = refused_desk()
    desk.wait(7.5)
    request = sent_again(desk)
    assert request.process_before == WALL + desk.time + WITHIN
    assert desk.wait(9) == []
    assert desk.hear(took(desk.numbers, "V1"), acknowledged("V1", 1)) == ["Accepted"]


def test_a_deadline_that_the_user_chose_is_kept() -> None:
    chosen = WALL + 103 * SECOND
    desk = refused_desk(process_before=chosen)
    assert sent_again(desk).process_before == chosen


def test_a_question_of_our_own_is_given_up_in_time_after_it_was_sent_again() -> None:
    """One over HTTP has longer than other requests, since it may wait for its turn; both times."""
    desk = Desk(rules=VenueRules(venue="TEST", http_requests=frozenset({requests.QueryOrder})))
    desk.place("a1")
    desk.wait(11)
    query = next(request for request in desk.sent() if isinstance(request, requests.QueryOrder))
    desk.hear(refused(query.request_id, Outcome.TOKEN))
    assert sent_again(desk) == query
    desk.wait(200)
    assert any(isinstance(request, requests.QueryOrder) for request in desk.sent()), "it is asked again"


def test_a_request_is_sent_again_once() -> None:
    desk = refused_desk()
    sent_again(desk)
    assert desk.hear(refused(desk.numbers, Outcome.TOKEN)) == ["Rejected"]


def test_a_batch_is_sent_again_as_one_with_time_for_each_part() -> None:
    desk = Desk(rules=RULES)
    desk.batch(place("a1"), place("a2"))
    batch = desk.numbers
    desk.sends.clear()
    desk.wait(9)
    desk.hear(refused(batch, Outcome.TOKEN))
    again = sent_again(desk)
    assert isinstance(again, requests.BatchOrders)
    assert again.process_before == WALL + desk.time + WITHIN
    assert {leg.process_before for leg in again.legs} == {again.process_before}  # type: ignore[union-attr]
    assert desk.wait(9) == [], "the parts are awaited as long as the batch"
    answers = [facts.LegAnswer(wire_id=None, venue_order_id=name) for name in ("V1", "V2")]  # type: ignore[arg-type]
    desk.hear(facts.BatchAnswered(request_id=again.request_id, legs=tuple(answers)))
    assert desk.hear(acknowledged("V1"), acknowledged("V2")) == ["Accepted", "Accepted"]


def test_a_request_without_another_token_certainly_was_not_executed() -> None:
    desk = refused_desk()
    assert desk.wait(20) == ["Denied"]
    assert desk.status("a1") is OrderStatus.DENIED


def test_the_parts_of_a_batch_without_another_token_certainly_were_not_executed() -> None:
    desk = Desk(rules=RULES)
    desk.batch(place("a1"), place("a2"))
    desk.wait(2)
    desk.hear(refused(desk.numbers, Outcome.TOKEN))
    assert desk.wait(20) == ["Denied", "Denied"]
