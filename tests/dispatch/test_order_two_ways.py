"""A cancel that the socket did not take goes over HTTP, instead or as well: one outcome is told, whatever is first."""

from __future__ import annotations

from itertools import permutations

import pytest

from protocol import commands, facts
from protocol.dispatch.inputs import NotWritten, Rerouted
from protocol.facts import Outcome
from protocol.requests import QueryOrder
from protocol.values import ClientOrderId, OrderStatus, RequestId, VenueOrderId

from ..order_life import Rig, canceled, refused, took, view

CANCEL = 2


def canceling() -> Rig:
    rig = Rig()
    rig.live("a1", "v1")
    rig.ask(commands.Cancel(ClientOrderId("a1")))
    rig.sent()
    return rig


def doubled() -> Rig:
    rig = canceling()
    rig.apply(Rerouted([RequestId(CANCEL)], True))
    return rig


def test_one_that_went_over_http_alone_has_its_one_outcome() -> None:
    rig = canceling()
    rig.apply(Rerouted([RequestId(CANCEL)], False))
    assert rig.hear(refused(CANCEL, Outcome.DEFINITE, "it is too late")) == ["CancelRejected"]


def test_one_that_went_over_http_does_not_end_with_the_connection() -> None:
    rig = canceling()
    rig.apply(Rerouted([RequestId(CANCEL)], False))
    rig.lose_link()
    rig.log_in(view("v1", 1))
    assert rig.hear(refused(CANCEL, Outcome.DEFINITE)) == ["CancelRejected"]


def test_one_that_could_not_go_over_http_either_is_told_unsent() -> None:
    rig = canceling()
    rig.apply(Rerouted([RequestId(CANCEL)], False))
    assert rig.apply(NotWritten([RequestId(CANCEL)], "no connection")) == ["CancelRejected"]


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
        rig = doubled()
        told = [name for fact in order for name in rig.hear(fact)]
        told += rig.wait(60)
        assert told == ["Canceled"], order


def test_what_was_not_written_on_one_way_may_work_on_the_other() -> None:
    rig = doubled()
    assert rig.apply(NotWritten([RequestId(CANCEL)], "no connection")) == []
    assert rig.hear(took(CANCEL), canceled("v1", 1)) == ["Canceled"]


def test_two_refusals_are_told_once() -> None:
    rig = doubled()
    assert rig.hear(refused(CANCEL, Outcome.DEFINITE, "closed")) == []
    assert rig.hear(refused(CANCEL, Outcome.DEFINITE, "closed")) == ["CancelRejected"]
    assert rig.hear(refused(CANCEL, Outcome.DEFINITE, "closed")) == []


def test_one_refusal_and_silence_have_an_outcome_too() -> None:
    rig = doubled()
    rig.hear(refused(CANCEL, Outcome.NOT_FOUND))
    rig.wait(10.5)
    query = rig.sent()[-1]
    assert isinstance(query, QueryOrder)
    told = rig.hear(took(query.request_id, order=view("v1", 1)))
    assert told == ["CancelRejected"]
    assert rig.status("a1") is OrderStatus.ACCEPTED


def test_an_end_that_the_socket_never_tells_is_asked_for() -> None:
    """AX's clients have seen no news after a cancel over HTTP."""
    rig = doubled()
    rig.hear(took(CANCEL))
    rig.wait(1.5)
    query = rig.sent()[-1]
    assert isinstance(query, QueryOrder)
    shown = view("v1", 1, status=OrderStatus.CANCELED)
    assert rig.hear(took(query.request_id, order=shown)) == ["Canceled"]


def test_of_a_cancel_of_all_orders_and_of_the_switch_only_the_last_refusal_counts() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    rig.ask(commands.CancelAll(None))
    rig.apply(Rerouted([RequestId(CANCEL)], True))
    rig.hear(refused(CANCEL, Outcome.DEFINITE))
    assert rig.last.warnings == []
    rig.hear(refused(CANCEL, Outcome.DEFINITE))
    assert len(rig.last.warnings) == 1
