"""Events as JSON and back: exact, of the same types, under names that never change."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from protocol import Money, events, from_json, to_json
from protocol.event_json import EVENT_TYPES
from protocol.structs import evolve
from protocol.values import StrategyId
from tests.any_event import all_event_classes, any_event, any_of
from tests.order_records import A7, O1, US, accepted, filled

STREAM = "local_time sequence"
OF_ORDER = f"{STREAM} identity venue_order_id venue_time"
OF_REPORT = f"{STREAM} account instrument client_order_id venue_order_id venue_time"
OF_LINK = f"{STREAM} venue account connection"

FROZEN = {
    "Accepted": OF_ORDER,
    "Authenticated": f"{OF_LINK} user",
    "AuthenticationFailed": f"{OF_LINK} reason",
    "CancelRejected": f"{OF_ORDER} request_id reason why",
    "Canceled": f"{OF_ORDER} reason cumulative due_post_only",
    "CloseReport": f"{OF_LINK} canceled still_open unknown canceled_count still_open_count unknown_count"
    " cancel_confirmed",
    "Completed": f"{OF_ORDER} cumulative concluded",
    "Connected": f"{OF_LINK} url",
    "Denied": f"{OF_ORDER} reason why",
    "Disconnected": f"{OF_LINK} reason will_retry",
    "Expired": f"{OF_ORDER} reason cumulative",
    "FeeReported": f"{OF_ORDER} trade_id fill_venue_order_id commission",
    "FillReport": f"{OF_REPORT} trade_id side last_price last_quantity currency commission liquidity",
    "Filled": f"{OF_ORDER} trade_id fill_venue_order_id last_price last_quantity cumulative leaves overfill currency"
    " commission liquidity status side concluded",
    "JournalFailed": f"{STREAM} path reason",
    "JournalSlow": f"{STREAM} path duration",
    "MessagesLost": f"{OF_LINK} expected received",
    "MissingFills": f"{OF_LINK} identity venue_order_id known reported since until",
    "OrderStatusReport": f"{OF_REPORT} status side order_type time_in_force price trigger_price quantity cumulative"
    " post_only reason reduce_only trigger average_price display_quantity parent",
    "Reconciled": f"{OF_LINK} open_orders settled gaps open_questions fills_complete_until history_failed",
    "Reconnected": f"{OF_LINK} url",
    "Rejected": f"{OF_ORDER} reason due_post_only why",
    "Reopened": f"{OF_ORDER} was status leaves reason",
    "ReplaceRejected": f"{OF_ORDER} request_id reason why",
    "SessionFailed": f"{OF_LINK} reason",
    "StatusUnknown": f"{OF_ORDER} reason since",
    "Submitted": f"{OF_ORDER} request_id quantity price trigger_price time_in_force post_only quote_quantity",
    "SystemStatus": f"{OF_LINK} mode reason",
    "Triggered": OF_ORDER,
    "Updated": f"{OF_ORDER} quantity price trigger_price previous_venue_order_id venue_cumulative_base",
}
"""The tags, and the keys behind them. They may grow; to rename or to drop one makes old files unreadable."""
FROZEN_PARTS = {
    "identity": "trader strategy account instrument client_order_id side type currency wire_id local_time",
    "instrument": "symbol venue",
    "commission": "amount currency",
}
FROZEN_VALUES = {
    "OrderStatus": "SUBMITTED UNKNOWN ACCEPTED TRIGGERED PARTIALLY_FILLED FILLED CANCELED EXPIRED REJECTED DENIED",
    "OrderType": "MARKET LIMIT STOP_MARKET STOP_LIMIT MARKET_IF_TOUCHED LIMIT_IF_TOUCHED TRAILING_STOP_MARKET"
    " TRAILING_STOP_LIMIT",
    "TimeInForce": "GTC IOC FOK GTD DAY AT_THE_OPEN AT_THE_CLOSE",
    "SystemMode": "online maintenance cancel_only post_only",
    "TriggerType": "DEFAULT LAST MARK INDEX",
    "LiquiditySide": "MAKER TAKER NONE",
    "Side": "BUY SELL",
}


def types_in(value: Any) -> object:
    """The types of a value and of all that is in it."""
    kind = type(value)
    if isinstance(value, Struct):
        return kind, [types_in(getattr(value, name)) for name in value.__struct_fields__]
    if isinstance(value, tuple):
        return tuple, [types_in(each) for each in value]
    return kind


def digits_in(value: Any) -> object:
    """The decimals in a value, digit by digit: 1.0 and 1.00 are equal and not the same."""
    if isinstance(value, Struct):
        return [digits_in(getattr(value, name)) for name in value.__struct_fields__]
    return value.as_tuple() if isinstance(value, Decimal) else None


@given(any_event)
def test_an_event_read_back_is_the_same_to_the_last_digit(event: events.Event) -> None:
    again = from_json(to_json(event))
    assert again == event
    assert types_in(again) == types_in(event)
    assert digits_in(again) == digits_in(event)


@pytest.mark.parametrize("kind", all_event_classes())
def test_every_event_has_a_tag_and_is_read_back(kind: type[events.Event]) -> None:
    @given(any_of(kind))
    def check(event: events.Event) -> None:
        text = to_json(event)
        assert text.startswith(f'{{"type":"{kind.__name__}",')
        assert from_json(text) == event

    check()


@given(any_event)
def test_an_event_is_one_line_of_strict_json(event: events.Event) -> None:
    def refuse(name: str) -> None:
        raise AssertionError(name)

    text = to_json(event)
    assert len(text.encode().splitlines()) == 1
    assert isinstance(json.loads(text, parse_constant=refuse), dict)


def test_the_tags_and_their_keys_never_change() -> None:
    examples = {kind.__name__: any_of(kind).map(to_json).map(json.loads) for kind in all_event_classes()}
    found = {tag: list(one_of(example)) for tag, example in examples.items()}
    assert found == {tag: ["type", *keys.split()] for tag, keys in FROZEN.items()}
    assert set(EVENT_TYPES) == set(FROZEN)


def one_of(strategy: st.SearchStrategy[Any]) -> Any:
    """One value that a strategy draws."""
    drawn = []

    @settings(max_examples=1, database=None)
    @given(strategy)
    def draw(value: Any) -> None:
        drawn.append(value)

    draw()
    return drawn[0]


def test_the_keys_of_nested_objects_never_change() -> None:
    raw = json.loads(to_json(filled("t1", 1)))
    found = {"identity": raw["identity"], "instrument": raw["identity"]["instrument"], "commission": raw["commission"]}
    assert {name: set(part) for name, part in found.items()} == {
        name: set(keys.split()) for name, keys in FROZEN_PARTS.items()
    }


def test_the_values_of_enumerations_never_change() -> None:
    from protocol import values

    found = {name: " ".join(each.value for each in getattr(values, name)) for name in FROZEN_VALUES}
    assert found == FROZEN_VALUES


WRITTEN = (
    '{"type":"FeeReported","local_time":1700000000000000001,"sequence":9007199254740993,'
    '"identity":{"trader":"T","strategy":"s","account":"A","instrument":{"symbol":"GOLD","venue":"TEST"},'
    '"client_order_id":"a7","side":"BUY","type":"LIMIT","currency":"USD","wire_id":18446744073709551615,'
    '"local_time":1700000000000000000},"venue_order_id":"o1","venue_time":0,"trade_id":"t1",'
    '"fill_venue_order_id":"o1","commission":{"amount":"-0.10","currency":"USD"}}'
)
"""As the first version wrote it."""
READ = events.FeeReported(
    local_time=1700000000000000001,
    sequence=2**53 + 1,
    identity=evolve(US, wire_id=2**64 - 1),
    venue_order_id=O1,
    venue_time=0,
    trade_id=filled("t1", 1).trade_id,
    fill_venue_order_id=O1,
    commission=Money(Decimal("-0.10"), "USD"),
)


def test_a_line_of_the_first_version_is_read() -> None:
    assert from_json(WRITTEN) == READ
    assert from_json(WRITTEN.encode()) == READ
    assert json.loads(to_json(READ)) == json.loads(WRITTEN)


def test_a_key_of_a_later_version_is_ignored() -> None:
    assert from_json(WRITTEN.replace('"sequence"', '"mood":{"type":"good"},"order_type":"X","sequence"')) == READ
    assert from_json(WRITTEN.replace('"trader"', '"nickname":1,"trader"')) == READ


def test_a_missing_key_gets_its_default() -> None:
    raw = json.loads(to_json(filled("t1", 1)))
    for name in ("sequence", "side", "concluded"):
        del raw[name]
    assert from_json(json.dumps(raw)) == filled("t1", 1)


def test_a_missing_key_without_a_default_is_named() -> None:
    raw = json.loads(to_json(filled("t1", 1)))
    del raw["last_price"]
    with pytest.raises(ValueError, match=r"^The JSON of the event Filled cannot be used: .*last_price.*\.$"):
        from_json(json.dumps(raw))


def test_the_order_of_keys_does_not_matter() -> None:
    raw = json.loads(to_json(filled("t1", 1)))
    assert from_json(json.dumps(dict(reversed(raw.items())))) == filled("t1", 1)


def test_a_number_without_quotes_loses_no_digit() -> None:
    text = to_json(filled("t1", 1)).replace('"last_price":"100"', '"last_price":0.1000000000000000000000001')
    event = from_json(text)
    assert isinstance(event, events.Filled)
    assert event.last_price == Decimal("0.1000000000000000000000001")


def test_an_unknown_type_is_named() -> None:
    with pytest.raises(ValueError, match=r"^This version knows no event of the type 'Teleported'\.$"):
        from_json('{"type":"Teleported"}')


@pytest.mark.parametrize(
    "text",
    [
        *("", "null", "[]", "7", "{", "{}", '"Filled"', "NaN", "[" * 100_000, "\ud800"),
        *('{"type":null}', '{"type":["Filled"]}', '{"type":"OrderEvent"}', '{"type":"Event"}'),
        *('{"a":' + "9" * 5000 + "}", '{"a":1e99999999999999999999}'),
    ],
)
def test_what_is_no_event_is_a_value_error_in_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"^(The|This) .*\.$"):
        from_json(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.one_of(st.text(), st.binary(), st.text(st.characters(categories=["Cs"])), json_values.map(json.dumps)))
def test_garbage_is_nothing_but_a_value_error(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        from_json(text)


@given(any_event, st.data())
def test_an_event_with_one_value_spoiled_is_read_or_is_a_value_error(event: events.Event, data: st.DataObject) -> None:
    raw = json.loads(to_json(event))
    raw[data.draw(st.sampled_from(sorted(raw)))] = data.draw(json_values)
    try:
        again = from_json(json.dumps(raw))
    except ValueError as problem:
        complaint = str(problem)
    else:
        complaint = "" if isinstance(again, events.Event) else repr(again)
    assert re.fullmatch(r"((The|This) .*\.)?", complaint)


@pytest.mark.parametrize("number", ["NaN", "-sNaN", "Infinity"])
def test_what_is_not_a_finite_number_is_neither_written_nor_read(number: str) -> None:
    for spoiled in (
        evolve(filled("t1", 1), leaves=Decimal(number)),
        evolve(filled("t1", 1), commission=Money(Decimal(number), "USD")),
    ):
        with pytest.raises(ValueError, match="not a finite number"):
            to_json(spoiled)
    for old in ('"leaves":"0"', '"amount":"0.1"'):
        text = to_json(filled("t1", 1))
        assert old in text
        with pytest.raises(ValueError, match="not a finite number"):
            from_json(text.replace(old, f'{old.partition(":")[0]}:"{number}"'))


@pytest.mark.parametrize("thing", [None, US, A7, Decimal(1), "Filled"])
def test_what_is_not_an_event_is_not_written(thing: Any) -> None:
    with pytest.raises(TypeError, match="is not the class of an event"):
        to_json(thing)


def test_a_class_of_the_users_own_is_not_written_under_an_events_name() -> None:
    class Accepted(events.Accepted, frozen=True, kw_only=True):
        pass

    with pytest.raises(TypeError):
        to_json(Accepted(**msgspec.structs.asdict(accepted())))


def test_text_that_is_not_unicode_is_a_value_error() -> None:
    with pytest.raises(ValueError):
        to_json(evolve(accepted(), identity=evolve(US, strategy=StrategyId("\ud800"))))
