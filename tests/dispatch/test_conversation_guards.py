"""What becomes of requests of any kind: answers for nobody, connections that end, times that are over."""

from __future__ import annotations

import pytest

from protocol import commands, events, facts
from protocol.dispatch.inputs import Admission, LinkFailed
from protocol.facts import Outcome
from protocol.requests import FIRST_INTERNAL_ID, CancelOrder, ListOpenOrders, QueryOrder
from protocol.values import ClientOrderId, OrderStatus, RequestId
from protocol.venue import VenueRules

from ..order_life import Rig, canceled, refused, took, view
from .test_cancels_guards import CANCEL, SLOW, cancel, canceling, rejection, sent
from .test_order_deadlines import change, jumped, measured
from .test_placements_guards import TOO_LATE, forget, is_waiting

A1 = ClientOrderId("a1")
HTTP = VenueRules(venue="TEST", http_requests=frozenset({QueryOrder, ListOpenOrders}))


def denial(rig: Rig) -> str:
    """Why the order was denied, as was told last."""
    event = rig.events()[-1]
    assert isinstance(event, events.Denied)
    return event.reason


# Nobody waits for it


def test_an_answer_to_nothing_is_ignored_with_a_word_in_the_log() -> None:
    rig = Rig()
    assert rig.hear(took(99, "v9")) == []
    assert rig.last.warnings == ["An answer to request 99 came too late or twice, and was ignored."]


@pytest.mark.parametrize(
    ("number", "which"), [(None, "without a request number"), (RequestId(99), "of request 99")], ids=["none", "unknown"]
)
def test_a_refusal_of_nothing_is_told_in_the_log(number: RequestId | None, which: str) -> None:
    rig = Rig()
    rig.live("a1", "v1")
    assert rig.hear(facts.RequestRefused(request_id=number, outcome=Outcome.DEFINITE, reason="what?")) == []
    assert rig.last.warnings == [f"A refusal {which} came from the venue, and no pending request matches it: what?"]
    rig.wait(30)
    assert rig.sent() == []


# The connection ends


def test_our_own_question_over_http_is_forgotten_with_the_connection() -> None:
    """The next login asks anew; what the old answer shows may be older than that."""
    rig = Rig(rules=HTTP)
    rig.place("a1")
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    rig.wait(1)
    (query,) = sent(rig, QueryOrder)
    rig.lose_link()
    assert rig.last.forgotten == [query.request_id]
    assert rig.hear(took(query.request_id, order=view("v1", 1))) == []
    assert rig.last.warnings == [f"An answer to request {query.request_id} came too late or twice, and was ignored."]
    assert rig.status("a1") is OrderStatus.UNKNOWN


def test_a_question_of_the_users_over_http_outlives_the_connection() -> None:
    rig = Rig(rules=HTTP)
    rig.live("a1", "v1")
    rig.ask(commands.Status(A1))
    number = rig.numbers
    rig.lose_link()
    assert rig.last.forgotten == []
    rig.hear(took(number, order=view("v1", 1)))
    assert isinstance(rig.answer_to(number), events.OrderStatusReport)


def test_a_placement_whose_connection_ended_awaits_no_answer_once_the_order_is_seen_to_live() -> None:
    rig = Rig()
    rig.place("a1")
    assert rig.lose_link() == ["Disconnected", "StatusUnknown"]
    event = rig.events()[-1]
    assert isinstance(event, events.StatusUnknown)
    assert event.reason == "The connection ended before the venue answered."
    rig.log_in(view("v1", 1))
    assert rig.status("a1") is OrderStatus.ACCEPTED
    rig.hear(took(1, "v1"))
    assert rig.last.warnings == [TOO_LATE]


def test_a_lost_placement_whose_connection_ends_again_is_told_once() -> None:
    rig = Rig()
    rig.place("a1")
    rig.hear(refused(1, Outcome.AMBIGUOUS))
    assert rig.lose_link() == ["Disconnected"]
    rig.log_in()
    rig.records.clear()
    assert rig.apply(LinkFailed(2, "The key was withdrawn.", False, None)) == ["SessionFailed"]


def test_what_waits_for_a_token_when_the_connection_ends_was_not_executed() -> None:
    rig = Rig()
    rig.place("a1")
    rig.hear(refused(1, Outcome.TOKEN))
    assert rig.lose_link() == ["Disconnected", "Denied"]
    assert denial(rig) == (
        "The venue refused its session token, and there was no other in time. "
        "The connection ended before the venue answered."
    )
    assert not is_waiting(rig)
    rig.sent()
    rig.hear(facts.TokenRenewed())
    assert rig.sent() == []


def test_what_waits_for_a_token_until_its_time_is_over_was_not_executed() -> None:
    rig = Rig()
    rig.place("a1")
    rig.hear(refused(1, Outcome.TOKEN))
    assert rig.wait(9.999) == []
    assert rig.wait(0.001) == ["Denied"]
    assert denial(rig) == (
        "The venue refused its session token, and there was no other in time. The venue did not answer within 10 s."
    )


def test_what_waits_for_the_venues_time_when_the_session_ends_was_not_sent() -> None:
    rig = jumped()
    rig.place("a1")
    assert rig.apply(LinkFailed(1, "The key was withdrawn.", False, None)) == ["SessionFailed", "Denied"]
    assert denial(rig) == (
        "It waited for the venue's time, and was not sent. "
        "The session ended before the venue answered. The key was withdrawn."
    )
    assert rig.last.released == [Admission.ORDER]


def test_a_change_that_waits_for_the_venues_time_when_the_connection_ends_was_not_sent() -> None:
    rig = measured()
    rig.live("a1", "v1")
    rig.jump(3600)
    rig.ask(change("a1"))
    assert rig.lose_link() == ["Disconnected", "ReplaceRejected"]
    event = rig.events()[-1]
    assert isinstance(event, events.ReplaceRejected)
    assert event.reason == "The connection ended before it was sent."


# Times that are over


def test_the_time_of_a_request_is_not_that_of_a_later_one_of_its_number() -> None:
    rig = canceling()
    rig.wait(5)
    rig.hear(refused(2, Outcome.DEFINITE))
    rig.wait(1)
    rig.numbers -= 1
    assert cancel(rig) == CANCEL
    rig.sends.clear()
    rig.wait(9.999)
    assert rig.sent() == []
    rig.wait(0.001)
    (query,) = sent(rig, QueryOrder)
    assert rig.hear(took(query.request_id, order=view("v1", 1))) == ["CancelRejected"]
    assert rejection(rig) == "The venue has not acted on it; the order is still live."


def test_a_cancel_that_rests_for_an_order_that_is_remembered_no_longer_is_not_sent() -> None:
    rig = canceling(SLOW, finished_window=1)
    rig.hear(refused(2, Outcome.THROTTLED))
    cancel(rig)
    forget(rig)
    rig.wait(30)
    assert rig.sent() == []
    assert not is_waiting(rig, CANCEL)


# Orders of which nobody knows whether they live


def in_doubt(rules: VenueRules | None = None) -> Rig:
    rig = Rig(rules=rules or VenueRules(venue="TEST"), cancel_unknown=True)
    rig.place("a1")
    rig.sends.clear()
    return rig


def test_without_a_connection_an_unknown_order_is_canceled_after_the_next_login() -> None:
    rig = in_doubt()
    assert rig.lose_link() == ["Disconnected", "StatusUnknown"]
    rig.wait(1)
    assert rig.sent() == []
    rig.log_in()
    (request,) = sent(rig, CancelOrder)
    assert (request.venue_order_id, request.wire_id) == (None, 1)
    assert request.request_id >= FIRST_INTERNAL_ID
    assert rig.hear(refused(request.request_id, Outcome.DEFINITE)) == [], "nobody asked for that cancel"


def test_a_login_cancels_no_order_that_lives() -> None:
    rig = Rig(cancel_unknown=True)
    rig.live("a1", "v1")
    rig.lose_link()
    rig.log_in(view("v1", 1))
    assert sent(rig, CancelOrder) == []


def test_a_login_cancels_nothing_for_those_who_do_not_want_it() -> None:
    rig = Rig()
    rig.place("a1")
    rig.lose_link()
    rig.log_in()
    assert rig.status("a1") is OrderStatus.UNKNOWN
    assert sent(rig, CancelOrder) == []


def test_an_order_that_the_same_message_ends_is_not_canceled() -> None:
    rig = in_doubt()
    rig.hear(refused(1, Outcome.AMBIGUOUS), canceled("v1", 1))
    rig.wait(1)
    assert sent(rig, CancelOrder) == []
