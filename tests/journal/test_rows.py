"""A record's row: its columns are what the record says."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from protocol.dispatch.record_json import RECORD_TYPES, record_from_json
from protocol.dispatch.records import NOTES
from protocol.journal import Row, rows_of
from tests.any_event import any_event, any_of

any_note = st.sampled_from(sorted(kind.__name__ for kind in NOTES - {RECORD_TYPES["Intent"]})).flatmap(
    lambda name: any_of(RECORD_TYPES[name])
)


@given(st.one_of(any_event, any_note))
def test_columns_are_what_the_record_says(record: Any) -> None:
    before, row = rows_of([record, record], 5, 2, 3, 99)
    identity = getattr(record, "identity", None)
    is_note = type(record) in NOTES
    assert type(row) is Row
    assert before == (6, *row[1:])
    assert row[:5] == (7, None if is_note else record.sequence, 2, 3, type(record).__name__)
    assert row.client_order_id == getattr(record if identity is None else identity, "client_order_id", None)
    if hasattr(record, "fill_venue_order_id"):
        assert row.venue_order_id == record.fill_venue_order_id
    else:
        assert row.venue_order_id == getattr(record, "venue_order_id", None)
    assert row.trade_id == getattr(record, "trade_id", None)
    assert row.time == (99 if is_note else record.local_time)
    assert record_from_json(row.record) == record
