"""The name that the client makes up for an order that has none."""

from __future__ import annotations

import uuid

from actors.wiring import _make_client_order_ids

MANY = 2000


def test_a_made_up_name_is_a_random_uuid() -> None:
    found = {uuid.UUID(_make_client_order_ids(None)()) for _ in range(MANY)}
    assert len(found) == MANY
    assert {(each.version, each.variant) for each in found} == {(4, uuid.RFC_4122)}
    fixed = (1 << 128) - 1
    ever = 0
    for each in found:
        fixed &= each.int
        ever |= each.int
    assert (ever & ~fixed).bit_count() == 122  # all that version and variant leave are drawn


def test_a_made_up_name_is_written_as_a_uuid_is() -> None:
    for _ in range(MANY):
        name = _make_client_order_ids(None)()
        assert str(uuid.UUID(name)) == name
