"""Where a request on its way stands, and what rests between two tries."""

from __future__ import annotations

import pytest

from protocol import commands, facts
from protocol.dispatch import in_flight
from protocol.dispatch.in_flight import NEXT_STAGE, Flight, Moment, Stage
from protocol.requests import AskTime, CancelAllOrders, CancelOrder
from protocol.values import ClientOrderId, RequestId
from protocol.venue import SECOND, VenueRules

from ..order_life import Rig, refused

THROTTLED = facts.Outcome.THROTTLED


def flight(stage: Stage = Stage.ON_ITS_WAY) -> Flight[AskTime]:
    return Flight(
        request=AskTime(request_id=RequestId(1)),
        client_order_id=None,
        connection=1,
        sent_at=0,
        sent_wall=0,
        stage=stage,
    )


def test_the_moves_drawn_in_the_docstring_are_the_moves_of_the_table() -> None:
    drawn = [tuple(line.split()) for line in (in_flight.__doc__ or "").splitlines() if line.startswith("    ")]
    assert drawn == [(stage.name, moment.name, following.name) for (stage, moment), following in NEXT_STAGE.items()]


def test_every_stage_but_the_first_is_reached_by_some_move() -> None:
    assert {*NEXT_STAGE.values(), Stage.ON_ITS_WAY} == set(Stage)


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("moment", Moment)
def test_what_the_table_leaves_out_changes_nothing(stage: Stage, moment: Moment) -> None:
    moved = flight(stage)
    moved.happens(moment)
    assert moved.stage is NEXT_STAGE.get((stage, moment), stage)


def test_an_answer_is_awaited_until_it_came_or_cannot_come_any_more() -> None:
    taken = flight()
    taken.answered = True
    awaited = {stage for stage in Stage if flight(stage).is_awaited}
    assert not taken.is_awaited
    assert awaited == set(Stage) - {Stage.LOST, Stage.IN_QUESTION}


def resting_over_its_deadline(command: commands.Command) -> Rig:
    """Refused for now 8 s after it was sent, to be sent again 4 s later; an answer is awaited for 10 s."""
    rig = Rig(rules=VenueRules(venue="TEST", throttled_cancel_delays=(4 * SECOND,)))
    rig.live("a1", "v1")
    rig.ask(command)
    (request,) = rig.sent()
    rig.wait(8)
    rig.hear(refused(request.request_id, THROTTLED, "slow down"))
    return rig


@pytest.mark.parametrize(
    ("command", "kind"),
    [(commands.Cancel(ClientOrderId("a1")), CancelOrder), (commands.CancelAll(None), CancelAllOrders)],
    ids=["a cancel", "the cancel of all orders"],
)
def test_what_rests_when_its_time_is_over_is_sent_again_all_the_same(command: commands.Command, kind: type) -> None:
    rig = resting_over_its_deadline(command)
    rig.wait(3.9)
    assert rig.last.warnings == []
    assert kind not in map(type, rig.sent())
    rig.wait(0.2)
    assert kind in map(type, rig.sent())
