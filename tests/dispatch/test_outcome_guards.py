"""What became of a cancel or change is asked until it is known, whatever else is open about its order."""

from __future__ import annotations

from decimal import Decimal

import pytest

from protocol import commands, events, facts, requests
from protocol.dispatch.inputs import Admission
from protocol.facts import Outcome
from protocol.values import ClientOrderId, OrderStatus
from protocol.venue import VenueRules

from ..order_life import WALL, Rig, canceled, refused, took, trade, traded, view

A1 = ClientOrderId("a1")
CANCEL = commands.Cancel(A1)
CHANGE = commands.Replace(client_order_id=A1, instrument="GOLD.TEST", price="99.0")


def acting_on_a_gap(command: commands.Command) -> Rig:
    """The venue counts six executed, of which four were told; and it does not answer to a cancel or change."""
    rig = Rig(rules=VenueRules(venue="TEST"))
    rig.live("a1", "v1")
    assert rig.hear(traded("v1", "t1", 4, 6, 1)) == ["MissingFills", "Filled"]
    rig.ask(command, Admission.CANCEL if command is CANCEL else Admission.ORDER)
    rig.sent()
    rig.wait(10)
    return rig


def query(rig: Rig) -> requests.QueryOrder:
    (found,) = [request for request in rig.sent() if isinstance(request, requests.QueryOrder)]
    return found


@pytest.mark.parametrize("how", ["not known there", "not answered"])
@pytest.mark.parametrize(
    ("command", "rejection"),
    [(CANCEL, events.CancelRejected), (CHANGE, events.ReplaceRejected)],
    ids=["cancel", "change"],
)
def test_one_question_that_comes_to_nothing_is_not_the_last(
    command: commands.Command, rejection: type[events.OrderEvent], how: str
) -> None:
    rig = acting_on_a_gap(command)
    first = query(rig)
    if how == "not known there":
        rig.hear(refused(first.request_id, Outcome.NOT_FOUND))
    else:
        rig.wait(10)
    rig.wait_for_sends()
    again = query(rig)
    assert again.venue_order_id == "v1"
    rig.records.clear()
    alive = view("v1", 1, cumulative=Decimal(6), status=OrderStatus.PARTIALLY_FILLED)
    rig.hear(took(again.request_id, order=alive))
    (told,) = rig.events()
    assert isinstance(told, rejection)


def test_a_login_that_leaves_such_an_order_out_has_not_reconciled_it() -> None:
    rig = acting_on_a_gap(CANCEL)
    query(rig)
    rig.lose_link()
    assert rig.log_in() == ["Reconnected", "Authenticated"]
    gone = view("v1", 1, cumulative=Decimal(4), status=OrderStatus.CANCELED)
    names = rig.hear(took(query(rig).request_id, order=gone))
    assert names[-1] == "Reconciled"


def test_behind_messages_that_were_lost_no_order_is_complete_by_arithmetic() -> None:
    """One of them may have said that the order was changed, so the venue is asked where it stands."""
    rig = Rig(rules=VenueRules(venue="TEST"))
    rig.live("a1", "v1")
    rig.hear(facts.MessagesLost(text="a gap", expected=7, received=9))
    fill = facts.OrderFilled(
        time=WALL, order=view("v1", 1, cumulative=None, quantity=None), trade=trade("v1", "t1", 10), final=False
    )
    assert rig.hear(fill) == ["Filled"]
    assert rig.status("a1") is OrderStatus.PARTIALLY_FILLED


def test_everybody_who_waits_for_the_end_of_an_order_is_told_of_it() -> None:
    rig = Rig()
    rig.live("a1", "v1")
    for _ in range(2):
        rig.ask(commands.Watch(A1, commands.Milestone.DONE), None)
    first, second = rig.numbers - 1, rig.numbers
    assert rig.hear(traded("v1", "t1", 4, 4, 1)) == ["Filled"]
    assert rig.replies == []
    rig.hear(canceled("v1", 1, 4))
    assert [reply.reply_to for reply in rig.replies] == [f"asker {first}", f"asker {second}"]
    assert {reply.value.status for reply in rig.replies} == {OrderStatus.CANCELED}
