"""Names that the client makes up, and the mark by which it knows them again."""

from __future__ import annotations

import os
import uuid

from protocol.ax.checks import is_tag
from protocol.client_order_ids import IdMark, is_marked, is_name_in_ascii, is_short, new_client_order_id

MARK = IdMark("0123456789abcdef", "fedcba9876543210")
OTHER_LIFE = IdMark("0123456789abcdef", "00dcba9876543210")
OTHER_JOURNAL = IdMark("1123456789abcdef", "fedcba9876543210")
MANY = 2000


def test_a_marked_name_is_a_uuid_of_which_62_bits_are_drawn() -> None:
    found = {uuid.UUID(new_client_order_id(os.urandom(16), MARK)) for _ in range(MANY)}
    assert len(found) == MANY
    assert {(each.version, each.variant) for each in found} == {(4, uuid.RFC_4122)}
    fixed, ever = (1 << 128) - 1, 0
    for each in found:
        fixed &= each.int
        ever |= each.int
    assert (ever & ~fixed).bit_count() == 62


def test_a_mark_is_found_in_its_own_names_alone() -> None:
    marked = new_client_order_id(os.urandom(16), MARK)
    assert marked.startswith("0123456f-edcb-4a98-")
    assert is_marked(marked, {MARK.digits})
    assert not is_marked(marked, {OTHER_LIFE.digits, OTHER_JOURNAL.digits})
    assert not is_marked(new_client_order_id(os.urandom(16)), {MARK.digits})
    for name in ("", "mine", marked[:-1], marked.replace("-4", "-1", 1), f"{marked}0"):
        assert not is_marked(name, {MARK.digits})


def test_a_name_without_a_mark_is_what_was_drawn() -> None:
    drawn = bytes(range(16))
    assert uuid.UUID(new_client_order_id(drawn)) == uuid.UUID(bytes=drawn, version=4)


def test_every_venue_takes_a_marked_name_as_it_is() -> None:
    marked = new_client_order_id(os.urandom(16), MARK)
    assert is_short(marked)
    assert is_name_in_ascii(marked)


def test_the_mark_is_a_tag_as_ax_takes_them() -> None:
    assert is_tag(MARK.tag)
    assert len({MARK.tag, OTHER_LIFE.tag, OTHER_JOURNAL.tag}) == 3
    assert is_tag(IdMark("0" * 16, "f" * 16).tag)
