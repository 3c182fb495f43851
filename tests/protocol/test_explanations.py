"""Every field that a user reads says what it means, below it, where an editor and the reference show it."""

from __future__ import annotations

import pytest
from attrs import frozen

from protocol import NewOrder, OrderIdentity, OrderState, Reconciliation, events
from tests.any_event import all_event_classes
from tests.explained_fields import unexplained_fields

ROOTS = [events.Event, events.OrderEvent, events.Report, events.ConnectionEvent]


@pytest.mark.parametrize("kind", [*ROOTS, *all_event_classes(), NewOrder, OrderIdentity, OrderState, Reconciliation])
def test_every_class_and_every_field_is_explained(kind: type) -> None:
    assert (kind.__doc__ or "").strip()
    assert unexplained_fields(kind) == []


@frozen
class Terse:
    said: int
    """A text."""
    unsaid: int
    also_unsaid: int = 0


def test_a_field_without_a_text_is_noticed() -> None:
    assert unexplained_fields(Terse) == ["unsaid", "also_unsaid"]
