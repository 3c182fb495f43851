"""The most frequent records are read in part at a restart, and change the state as whole ones do."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.dispatch import DispatchState
from protocol.dispatch.lean_records import LEAN_TYPES, RecordLines
from protocol.structs import evolve
from protocol.values import OrderStatus
from tests.any_event import any_of
from tests.order_records import FEE, O1, PLACED, US, accepted, filled, identity, submitted
from tests.restarting import lines_of, restored

KINDS = sorted(LEAN_TYPES, key=lambda kind: kind.__name__)
BEGINNINGS: dict[str, list[Any]] = {
    "unknown": [],
    "submitted": [submitted()],
    "accepted": [submitted(), accepted()],
    "filled in part": [submitted(), accepted(), filled("t1", 1)],
    "ended": [submitted(), accepted(), filled("t1", 10, size=10, status=OrderStatus.FILLED)],
}


def restored_whole(records: Iterable[Any]) -> DispatchState:
    state = restored(())
    for record in records:
        state.restore(record)
    return state


@pytest.mark.parametrize("beginning", BEGINNINGS.values(), ids=BEGINNINGS)
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_read_of_a_record_changes_the_state_as_the_whole_one_does(
    kind: type[Any], beginning: list[Any]
) -> None:
    @given(any_of(kind), st.booleans())
    def check(record: Any, is_of_the_order: bool) -> None:
        if is_of_the_order:
            record = evolve(record, identity=US)
        records = [*beginning, record]
        assert restored(records).snapshot() == restored_whole(records).snapshot()

    check()


def test_an_order_that_no_record_before_knows_begins_with_the_whole_of_one() -> None:
    """Its own beginning was dropped, and a snapshot holds no order that ended long ago."""
    late = identity("b1", wire_id=9)
    records = [submitted(), filled("t9", 3, size=1, identity=late), accepted()]
    (order,) = (each for each in restored(records).orders.live.values() if each.identity.client_order_id == "b1")
    assert order.identity == late
    assert order.cumulative == Decimal(3)


def test_records_of_other_sessions_between_them_change_nothing() -> None:
    lines = lines_of([submitted(), submitted(identity("b1")), accepted(), filled("t1", 1, identity=identity("b1"))])
    state = restored(())
    state.restore_lines(lines, [0, 2])
    assert state.snapshot() == restored_whole([submitted(), accepted()]).snapshot()


def test_a_fee_that_is_there_is_told_from_one_that_is_not() -> None:
    for commission in (FEE, None):
        state = restored([submitted(), accepted(), filled("t1", 1, commission=commission)])
        order = state.orders.live[US.client_order_id]
        assert order.fills == {(O1, "t1"): commission is not None}


def test_a_line_that_is_no_record_is_named() -> None:
    with pytest.raises(ValueError, match="This version knows no record of the type 'Guess'"):
        RecordLines(b'{"type":"Guess"}\n')
    with pytest.raises(ValueError, match="The JSON of the record Accepted cannot be used"):
        RecordLines(b'{"type":"Accepted"}\n')


def test_when_the_last_order_was_placed_is_known_of_one_without_a_note() -> None:
    account = msgspec.json.decode(restored([submitted(), accepted()]).snapshot())["account"]
    assert account["last_intent"] == PLACED
