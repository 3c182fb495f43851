"""What becomes of requests of any kind: answers for nobody, connections that end, times that are over."""

from __future__ import annotations

import pytest

from protocol import commands, events, facts
from protocol.dispatch.inputs import Admission, LinkFailed
from protocol.facts import Outcome
from protocol.requests import FIRST_INTERNAL_ID, CancelOrder, ListOpenOrders, QueryOrder
from protocol.values import ClientOrderId, OrderStatus, RequestId
from protocol.venue import VenueRules

from .order_life import Desk, canceled, refused, took, view
from .test_cancels_guards import CANCEL, SLOW, cancel, canceling, rejection, sent
from .test_order_deadlines import change, jumped, measured
from .test_placements_guards import TOO_LATE, forget, is_waiting

A1 = ClientOrderId("a1")
HTTP = VenueRules(venue="TEST", http_requests=frozenset({QueryOrder, ListOpenOrders}))


def denial(desk: Desk) -> str:
    """Why the order was denied, as was told last."""
    event = desk.events()[-1]
    assert isinstance(event, events.Denied)
    return event.reason


# Nobody waits for it


def test_an_answer_to_nothing_is_ignored_with_a_word_in_the_log() -> None:
    desk = Desk()
    assert desk.hear(took(99, "v9")) == []
    assert desk.last.warnings == ["An answer to request 99 came too late or twice, and was ignored."]


@pytest.mark.parametrize(
    ("number", "which"), [(None, "without a request number"), (RequestId(99), "of request 99")], ids=["none", "unknown"]
)
def test_a_refusal_of_nothing_is_told_in_the_log(number: RequestId | None, which: str) -> None:
    desk = Desk()
    desk.live("a1", "v1")
    assert desk.hear(facts.RequestRefused(request_id=number, outcome=Outcome.DEFINITE, reason="what?")) == []
    assert desk.last.warnings == [f"A refusal {which} came from the venue, and nobody waits for it: what?"]
    desk.wait(30)
    assert desk.sent() == []


# The connection ends


def test_our_own_question_over_http_is_forgotten_with_the_connection() -> None:
    """The next login asks anew; what the old answer shows may be older than that."""
    desk = Desk(rules=HTTP)
    desk.place("a1")
    desk.hear(refused(1, Outcome.AMBIGUOUS))
    desk.wait(1)
    (query,) = sent(desk, QueryOrder)
    desk.lose_link()
    assert desk.last.forgotten == [query.request_id]
    assert desk.hear(took(query.request_id, order=view("v1", 1))) == []
    assert desk.last.warnings == [f"An answer to request {query.request_id} came too late or twice, and was ignored."]
    assert desk.status("a1") is OrderStatus.UNKNOWN


def test_a_question_of_the_users_over_http_outlives_the_connection() -> None:
    desk = Desk(rules=HTTP)
    desk.live("a1", "v1")
    desk.ask(commands.Status(A1))
    number = desk.numbers
    desk.lose_link()
    assert desk.last.forgotten == []
    desk.hear(took(number, order=view("v1", 1)))
    assert isinstance(desk.answer_to(number), events.OrderStatusReport)


def test_a_placement_whose_connection_ended_awaits_no_answer_once_the_order_is_seen_to_live() -> None:
    desk = Desk()
    desk.place("a1")
    assert desk.lose_link() == ["Disconnected", "Unknown"]
    event = desk.events()[-1]
    assert isinstance(event, events.Unknown)
    assert event.reason == "The connection ended before the venue answered."
    desk.log_in(view("v1", 1))
    assert desk.status("a1") is OrderStatus.ACCEPTED
    desk.hear(took(1, "v1"))
    assert desk.last.warnings == [TOO_LATE]


def test_a_lost_placement_whose_connection_ends_again_is_told_once() -> None:
    desk = Desk()
    desk.place("a1")
    desk.hear(refused(1, Outcome.AMBIGUOUS))
    assert desk.lose_link() == ["Disconnected"]
    desk.log_in()
    desk.records.clear()
    assert desk.apply(LinkFailed(2, "The key was withdrawn.", False, None)) == ["SessionFailed"]


def test_what_waits_for_a_token_when_the_connection_ends_was_not_executed() -> None:
    desk = Desk()
    desk.place("a1")
    desk.hear(refused(1, Outcome.TOKEN))
    assert desk.lose_link() == ["Disconnected", "Denied"]
    assert denial(desk) == (
        "The venue refused its session token, and there was no other in time. "
        "The connection ended before the venue answered."
    )
    assert not is_waiting(desk)
    desk.sent()
    desk.hear(facts.TokenRenewed())
    assert desk.sent() == []


def test_what_waits_for_a_token_until_its_time_is_over_was_not_executed() -> None:
    desk = Desk()
    desk.place("a1")
    desk.hear(refused(1, Outcome.TOKEN))
    assert desk.wait(9.999) == []
    assert desk.wait(0.001) == ["Denied"]
    assert denial(desk) == (
        "The venue refused its session token, and there was no other in time. The venue did not answer within 10 s."
    )


def test_what_waits_for_the_venues_time_when_the_session_ends_was_not_sent() -> None:
    desk = jumped()
    desk.place("a1")
    assert desk.apply(LinkFailed(1, "The key was withdrawn.", False, None)) == ["SessionFailed", "Denied"]
    assert denial(desk) == (
        "It waited for the venue's time, and was not sent. "
        "The session ended before the venue answered. The key was withdrawn."
    )
    assert desk.last.released == [Admission.ORDER]


def test_a_change_that_waits_for_the_venues_time_when_the_connection_ends_was_not_sent() -> None:
    desk = measured()
    desk.live("a1", "v1")
    desk.jump(3600)
    desk.ask(change("a1"))
    assert desk.lose_link() == ["Disconnected", "ModifyRejected"]
    event = desk.events()[-1]
    assert isinstance(event, events.ModifyRejected)
    assert event.reason == "The connection ended before it was sent."


# Times that are over


def test_the_time_of_a_request_is_not_that_of_a_later_one_of_its_number() -> None:
    desk = canceling()
    desk.wait(5)
    desk.hear(refused(2, Outcome.DEFINITE))
    desk.wait(1)
    desk.numbers -= 1
    assert cancel(desk) == CANCEL
    desk.sends.clear()
    desk.wait(9.999)
    assert desk.sent() == []
    desk.wait(0.001)
    (query,) = sent(desk, QueryOrder)
    assert desk.hear(took(query.request_id, order=view("v1", 1))) == ["CancelRejected"]
    assert rejection(desk) == "The venue has not acted on it; the order is still live."


def test_a_cancel_that_rests_for_an_order_that_is_remembered_no_longer_is_not_sent() -> None:
    desk = canceling(SLOW, finished_window=1)
    desk.hear(refused(2, Outcome.THROTTLED))
    cancel(desk)
    forget(desk)
    desk.wait(30)
    assert desk.sent() == []
    assert not is_waiting(desk, CANCEL)


# Orders of which nobody knows whether they live


def in_doubt(rules: VenueRules | None = None) -> Desk:
    desk = Desk(rules=rules or VenueRules(venue="TEST"), cancel_unknown=True)
    desk.place("a1")
    desk.sends.clear()
    return desk


def test_without_a_connection_an_unknown_order_is_canceled_after_the_next_login() -> None:
    desk = in_doubt()
    assert desk.lose_link() == ["Disconnected", "Unknown"]
    desk.wait(1)
    assert desk.sent() == []
    desk.log_in()
    (request,) = sent(desk, CancelOrder)
    assert (request.venue_order_id, request.wire_id) == (None, 1)
    assert request.request_id >= FIRST_INTERNAL_ID
    assert desk.hear(refused(request.request_id, Outcome.DEFINITE)) == [], "nobody asked for that cancel"


def test_a_login_cancels_no_order_that_lives() -> None:
    desk = Desk(cancel_unknown=True)
    desk.live("a1", "v1")
    desk.lose_link()
    desk.log_in(view("v1", 1))
    assert sent(desk, CancelOrder) == []


def test_a_login_cancels_nothing_for_those_who_do_not_want_it() -> None:
    desk = Desk()
    desk.place("a1")
    desk.lose_link()
    desk.log_in()
    assert desk.status("a1") is OrderStatus.UNKNOWN
    assert sent(desk, CancelOrder) == []


def test_an_order_that_the_same_message_ends_is_not_canceled() -> None:
    desk = in_doubt()
    desk.hear(refused(1, Outcome.AMBIGUOUS), canceled("v1", 1))
    desk.wait(1)
    assert sent(desk, CancelOrder) == []
