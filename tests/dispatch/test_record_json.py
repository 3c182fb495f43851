"""Records as JSON and back: exact, of the same types, under names that never change."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from protocol.dispatch import records
from protocol.dispatch.record_json import RECORD_TYPES, record_from_json, record_to_json
from protocol.event_json import EVENT_TYPES, to_json
from protocol.events import Filled
from protocol.structs import evolve
from tests.any_event import any_event, any_of
from tests.order_records import A7, O1, O2, US, filled

NOTES = sorted(set(RECORD_TYPES) - set(EVENT_TYPES))
FROZEN = {
    "AlreadyCounted": "identity venue_order_id trade_id quantity time",
    "Bound": "identity venue_order_id quantity price trigger_price time_in_force",
    "CancelAsked": "identity",
    "Disowned": "venue_order_id",
    "ExternalDropped": "venue_order_id",
    "ExternalGone": "venue_order_id",
    "ExternalSeen": "venue_order_id wire_id symbol side order_type time_in_force price trigger_price quantity "
    "cumulative status at",
    "FormerId": "identity venue_order_id",
    "HistoryRead": "until",
    "Intent": "identity order process_before",
    "NonceUsed": "nonce",
    "Opened": "at is_measured",
    "Postponed": "identity at process_before",
    "Registered": "identity venue_order_id heard counted quantity price trigger_price time_in_force post_only",
    "ReplaceAsked": "identity quantity price trigger_price",
    "SwitchSet": "seconds",
    "TotalTold": "identity total totals",
    "Unclear": "identity",
}
"""The tags, and the keys behind them. They may grow; to rename or to drop one makes old journals unreadable."""
REGISTERED = records.Registered(
    identity=US, venue_order_id=O1, counted=records.Counted(since=1, until=2, untold=Decimal("1.50"))
)
any_record: st.SearchStrategy[Any] = st.one_of(any_event, *(any_of(RECORD_TYPES[name]) for name in NOTES))


@given(any_record)
def test_a_record_read_back_is_the_same(record: Any) -> None:
    again = record_from_json(record_to_json(record))
    assert again == record
    assert type(again) is type(record)
    assert _exact(again) == _exact(record)  # 1.0 and 1.00 are equal and not the same


@pytest.mark.parametrize("name", NOTES)
def test_every_kind_of_note_is_read_back(name: str) -> None:
    @given(any_of(RECORD_TYPES[name]))
    def check(record: Any) -> None:
        text = record_to_json(record)
        assert text.startswith(f'{{"type":"{name}",')
        assert _exact(record_from_json(text)) == _exact(record)

    check()


def _exact(record: Any) -> dict[str, str]:
    """Every field in all its digits. Raw JSON has no repr of what it holds."""
    fields = {name: getattr(record, name) for name in record.__struct_fields__}
    return {name: repr(bytes(held)) if type(held) is Raw else repr(held) for name, held in fields.items()}


def test_every_class_of_note_has_a_tag() -> None:
    kinds = [*records.Note.__subclasses__(), *records.AccountNote.__subclasses__()]
    assert sorted(kind.__name__ for kind in kinds) == NOTES


def test_the_tags_of_notes_and_their_keys_never_change() -> None:
    assert {name: " ".join(RECORD_TYPES[name].__struct_encode_fields__) for name in NOTES} == FROZEN
    assert set(json.loads(record_to_json(REGISTERED))["counted"]) == {"since", "until", "untold"}


def test_an_event_is_written_as_it_is_for_users() -> None:
    assert record_to_json(filled("t1", 1)) == to_json(filled("t1", 1))


@pytest.mark.parametrize("number", ["NaN", "-Infinity"])
def test_what_is_not_a_finite_number_is_neither_written_nor_read(number: str) -> None:
    spoiled = evolve(REGISTERED, counted=records.Counted(since=1, until=2, untold=Decimal(number)))
    with pytest.raises(ValueError, match=r"^counted of Registered is .* not a finite number\.$"):
        record_to_json(spoiled)
    with pytest.raises(ValueError, match=r"^The JSON of the record Registered cannot be used: counted of .*\.$"):
        record_from_json(record_to_json(REGISTERED).replace('"1.50"', f'"{number}"'))


def test_a_number_by_venue_order_id_must_be_finite_too() -> None:
    spoiled = records.TotalTold(identity=US, total=Decimal(7), totals={O1: Decimal(3), O2: Decimal("NaN")})
    with pytest.raises(ValueError, match=r"^totals of TotalTold is NaN, which is not a finite number\.$"):
        record_to_json(spoiled)


def test_a_text_that_looks_like_a_number_that_is_none_is_only_a_text() -> None:
    record = records.FormerId(identity=evolve(US, trader="NaN or Infinity"), venue_order_id=O1)
    assert record_from_json(record_to_json(record)) == record


@pytest.mark.parametrize("thing", [None, US, A7, "Registered"])
def test_what_is_not_a_record_is_not_written(thing: Any) -> None:
    with pytest.raises(TypeError, match=r"is not the class of a record"):
        record_to_json(thing)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "The text cannot be read as JSON: "),
        ("[]", "The JSON is not a record: a record is an object"),
        ('{"type":"Note"}', "This version knows no record of the type 'Note'."),
    ],
)
def test_what_is_no_record_is_a_value_error_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=rf"^{sentence}.*"):
        record_from_json(text)


def test_every_note_and_nothing_else_stays_out_of_the_stream() -> None:
    assert {each.__name__ for each in records.NOTES} == set(NOTES)


def test_events_are_numbered_on_without_a_place_for_the_notes_between_them() -> None:
    published = records.numbered([filled("T-1", 1), REGISTERED, filled("T-2", 2)], 7)

    found = [(event.sequence, event.trade_id) for event in published if isinstance(event, Filled)]
    assert found == [(8, "T-1"), (9, "T-2")]
