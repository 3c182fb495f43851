"""A cancel that the socket did not take goes over HTTP, instead or as well: one outcome is told, whatever is first."""

from __future__ import annotations

from itertools import permutations

import pytest

from protocol import commands, facts
from protocol.dispatch.inputs import NotWritten, Rerouted
from protocol.facts import Outcome
from protocol.requests import QueryOrder
from protocol.values import ClientOrderId, OrderStatus, RequestId, VenueOrderId

from .order_life import Desk, canceled, refused, took, view

CANCEL = 2


def canceling() -> Desk:
    desk = Desk()
    desk.live("a1", "v1")
    desk.ask(commands.Cancel(ClientOrderId("a1")))
    desk.sent()
    return desk


def doubled() -> Desk:
    desk = canceling()
    desk.apply(Rerouted([RequestId(CANCEL)], True))
    return desk


def test_one_that_went_over_http_alone_has_its_one_outcome() -> None:
    desk = canceling()
    desk.apply(Rerouted([RequestId(CANCEL)], False))
    assert desk.hear(refused(CANCEL, Outcome.DEFINITE, "it is too late")) == ["CancelRejected"]


def test_one_that_went_over_http_does_not_end_with_the_connection() -> None:
    desk = canceling()
    desk.apply(Rerouted([RequestId(CANCEL)], False))
    desk.lose_link()
    desk.log_in(view("v1", 1))
    assert desk.hear(refused(CANCEL, Outcome.DEFINITE)) == ["CancelRejected"]


def test_one_that_could_not_go_over_http_either_is_told_unsent() -> None:
    desk = canceling()
    desk.apply(Rerouted([RequestId(CANCEL)], False))
    assert desk.apply(NotWritten([RequestId(CANCEL)], "no connection")) == ["CancelRejected"]


@pytest.mark.parametrize(
    "second",
    [
        refused(CANCEL, Outcome.NOT_FOUND, "EOrder:Invalid order"),
        refused(CANCEL, Outcome.DEFINITE, "filled"),
        refused(CANCEL, Outcome.AMBIGUOUS, "no answer"),
        took(CANCEL),
        took(CANCEL, refused=True),
        facts.CancelRefused(venue_order_id=VenueOrderId("v1"), wire_id=None, time=0, reason="ORDER_NOT_FOUND"),
    ],
    ids=["not found", "definite", "ambiguous", "taken", "declined", "news of a refusal"],
)
def test_whatever_the_second_says_the_first_that_worked_is_all_that_is_told(second: facts.Fact) -> None:
    """In every order of the answer, the second answer and the news of the end."""
    for order in permutations([took(CANCEL), second, canceled("v1", 1)]):
        desk = doubled()
        told = [name for fact in order for name in desk.hear(fact)]
        told += desk.wait(60)
        assert told == ["Canceled"], order


def test_what_was_not_written_on_one_way_may_work_on_the_other() -> None:
    desk = doubled()
    assert desk.apply(NotWritten([RequestId(CANCEL)], "no connection")) == []
    assert desk.hear(took(CANCEL), canceled("v1", 1)) == ["Canceled"]


def test_two_refusals_are_told_once() -> None:
    desk = doubled()
    assert desk.hear(refused(CANCEL, Outcome.DEFINITE, "closed")) == []
    assert desk.hear(refused(CANCEL, Outcome.DEFINITE, "closed")) == ["CancelRejected"]
    assert desk.hear(refused(CANCEL, Outcome.DEFINITE, "closed")) == []


def test_one_refusal_and_silence_have_an_outcome_too() -> None:
    desk = doubled()
    desk.hear(refused(CANCEL, Outcome.NOT_FOUND))
    desk.wait(10.5)
    query = desk.sent()[-1]
    assert isinstance(query, QueryOrder)
    told = desk.hear(took(query.request_id, order=view("v1", 1)))
    assert told == ["CancelRejected"]
    assert desk.status("a1") is OrderStatus.ACCEPTED


def test_an_end_that_the_socket_never_tells_is_asked_for() -> None:
    """AX's clients have seen no news after a cancel over HTTP."""
    desk = doubled()
    desk.hear(took(CANCEL))
    desk.wait(1.5)
    query = desk.sent()[-1]
    assert isinstance(query, QueryOrder)
    shown = view("v1", 1, status=OrderStatus.CANCELED)
    assert desk.hear(took(query.request_id, order=shown)) == ["Canceled"]


def test_of_a_cancel_of_all_orders_and_of_the_switch_only_the_last_refusal_counts() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    desk.ask(commands.CancelAll(None))
    desk.apply(Rerouted([RequestId(CANCEL)], True))
    desk.hear(refused(CANCEL, Outcome.DEFINITE))
    assert desk.last.warnings == []
    desk.hear(refused(CANCEL, Outcome.DEFINITE))
    assert len(desk.last.warnings) == 1
