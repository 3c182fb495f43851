"""What became of a cancel or change is asked until it is known, whatever else is open about its order."""

from __future__ import annotations

from decimal import Decimal

import pytest

from protocol import commands, events, facts, requests
from protocol.dispatch.inputs import Admission
from protocol.facts import Outcome
from protocol.values import ClientOrderId, OrderStatus
from protocol.venue import VenueRules

from .order_life import WALL, Desk, canceled, refused, took, trade, traded, view

A1 = ClientOrderId("a1")
CANCEL = commands.Cancel(A1)
CHANGE = commands.Replace(client_order_id=A1, instrument="GOLD.TEST", price="99.0")


def acting_on_a_gap(command: commands.Command) -> Desk:
    """The venue counts six executed, of which four were told; and it does not answer to a cancel or change."""
    desk = Desk(rules=VenueRules(venue="TEST"))
    desk.live("a1", "v1")
    assert desk.hear(traded("v1", "t1", 4, 6, 1)) == ["Gap", "Filled"]
    desk.ask(command, Admission.CANCEL if command is CANCEL else Admission.ORDER)
    desk.sent()
    desk.wait(10)
    return desk


def query(desk: Desk) -> requests.QueryOrder:
    (found,) = [request for request in desk.sent() if isinstance(request, requests.QueryOrder)]
    return found


@pytest.mark.parametrize("how", ["not known there", "not answered"])
@pytest.mark.parametrize(
    ("command", "rejection"),
    [(CANCEL, events.CancelRejected), (CHANGE, events.ModifyRejected)],
    ids=["cancel", "change"],
)
def test_one_question_that_comes_to_nothing_is_not_the_last(
    command: commands.Command, rejection: type[events.OrderEvent], how: str
) -> None:
    desk = acting_on_a_gap(command)
    first = query(desk)
    if how == "not known there":
        desk.hear(refused(first.request_id, Outcome.NOT_FOUND))
    else:
        desk.wait(10)
    desk.wait_for_sends()
    again = query(desk)
    assert again.venue_order_id == "v1"
    desk.records.clear()
    alive = view("v1", 1, cumulative=Decimal(6), status=OrderStatus.PARTIALLY_FILLED)
    desk.hear(took(again.request_id, order=alive))
    (told,) = desk.events()
    assert isinstance(told, rejection)


def test_a_login_that_leaves_such_an_order_out_has_not_reconciled_it() -> None:
    desk = acting_on_a_gap(CANCEL)
    query(desk)
    desk.lose_link()
    assert desk.log_in() == ["Reconnected", "Authenticated"]
    gone = view("v1", 1, cumulative=Decimal(4), status=OrderStatus.CANCELED)
    names = desk.hear(took(query(desk).request_id, order=gone))
    assert names[-1] == "Reconciled"


def test_behind_messages_that_were_lost_no_order_is_complete_by_arithmetic() -> None:
    """One of them may have said that the order was changed, so the venue is asked where it stands."""
    desk = Desk(rules=VenueRules(venue="TEST"))
    desk.live("a1", "v1")
    desk.hear(facts.MessagesLost(text="a gap", expected=7, received=9))
    fill = facts.OrderTraded(
        time=WALL, order=view("v1", 1, cumulative=None, quantity=None), trade=trade("v1", "t1", 10), final=False
    )
    assert desk.hear(fill) == ["Filled"]
    assert desk.status("a1") is OrderStatus.PARTIALLY_FILLED


def test_everybody_who_waits_for_the_end_of_an_order_is_told_of_it() -> None:
    desk = Desk()
    desk.live("a1", "v1")
    for _ in range(2):
        desk.ask(commands.Watch(A1, commands.Milestone.DONE), None)
    first, second = desk.numbers - 1, desk.numbers
    assert desk.hear(traded("v1", "t1", 4, 4, 1)) == ["Filled"]
    assert desk.replies == []
    desk.hear(canceled("v1", 1, 4))
    assert [reply.reply_to for reply in desk.replies] == [f"asker {first}", f"asker {second}"]
    assert {reply.value.status for reply in desk.replies} == {OrderStatus.CANCELED}  # type: ignore[attr-defined]
