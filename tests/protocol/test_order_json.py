"""Orders that are asked for as JSON and back: exact, with the options of every venue."""

from __future__ import annotations

import json
from typing import Any, get_type_hints

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.venues import VENUES
from protocol import NewOrder, Side
from protocol.kraken_spot.options import FEE_PREFERENCES, PRICE_TYPES, STP_TYPES, ConditionalClose, KrakenSpotOptions
from protocol.order_json import order_from_json, order_to_brief_json, order_to_json
from protocol.orders import VenueOptions
from protocol.values import InstrumentId, OrderType
from tests.any_event import any_of, decimals, texts

ALL_OPTIONS = (KrakenSpotOptions,)
times = st.none() | st.integers(1, 2**62)
words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
closes = st.builds(
    ConditionalClose,
    type=st.sampled_from(OrderType),
    price=st.none() | decimals,
    price_type=st.sampled_from((None, *PRICE_TYPES)),
    trigger_price=st.none() | decimals,
    trigger_price_type=st.sampled_from((None, *PRICE_TYPES)),
)
spot_options = st.builds(
    KrakenSpotOptions,
    fee_preference=st.sampled_from((None, *FEE_PREFERENCES)),
    stp_type=st.sampled_from((None, *STP_TYPES)),
    sender_sub_id=st.none() | texts,
    effective_time=times,
    limit_price_type=st.sampled_from((None, *PRICE_TYPES)),
    order_userref=st.none() | st.integers(1, 2**31 - 1),
    conditional=st.none() | closes,
    unnamed=st.booleans(),
)
SPECIAL = {"instrument": st.builds(InstrumentId, words, words), "expire_time": times, "process_before": times}
any_order = st.builds(
    NewOrder,
    **{
        name: SPECIAL[name] if name in SPECIAL else any_of(hint)
        for name, hint in get_type_hints(NewOrder).items()
        if name != "options"
    },
    options=st.none() | spot_options,
)
ORDER = NewOrder.limit("BTC/USD.KRAKEN", Side.BUY, quantity="1.50", price="2411.50")
WITH_OPTIONS = attrs.evolve(
    ORDER,
    options=KrakenSpotOptions(
        fee_preference="quote", conditional=ConditionalClose(type=OrderType.STOP_MARKET, trigger_price="2300.0")
    ),
)
FROZEN = (
    "type instrument side order_type quantity price trigger_price time_in_force post_only reduce_only strategy"
    " client_order_id tag trigger trailing_offset trailing_unit limit_offset limit_offset_unit expire_time"
    " process_before display_quantity quote_quantity margin options"
)
FROZEN_OPTIONS = (
    "type fee_preference stp_type sender_sub_id effective_time limit_price_type order_userref conditional unnamed"
)


@given(any_order)
def test_an_order_read_back_is_the_same(order: NewOrder) -> None:
    text = order_to_json(order)
    again = order_from_json(text, ALL_OPTIONS)
    assert again == order
    assert repr(again) == repr(order)  # to the last digit
    assert len(text.encode().splitlines()) == 1
    brief = order_to_brief_json(order)
    assert repr(order_from_json(brief, ALL_OPTIONS)) == repr(order)
    whole, kept = json.loads(text), json.loads(brief)
    assert {name: value for name, value in whole.items() if value not in (None, False)} == kept


def test_a_brief_order_leaves_out_only_what_says_nothing() -> None:
    assert order_to_brief_json(ORDER).decode() == (
        '{"type":"NewOrder","instrument":{"symbol":"BTC/USD","venue":"KRAKEN"},"side":"BUY","order_type":"LIMIT",'
        '"quantity":"1.50","price":"2411.50","time_in_force":"GTC","strategy":"default","trigger":"DEFAULT",'
        '"trailing_unit":"PERCENT","limit_offset_unit":"PERCENT"}'
    )


def test_the_keys_of_an_order_never_change() -> None:
    raw = json.loads(order_to_json(WITH_OPTIONS))
    assert " ".join(raw) == FROZEN
    assert " ".join(raw["options"]) == FROZEN_OPTIONS
    assert (raw["type"], raw["options"]["type"]) == ("NewOrder", "KrakenSpotOptions")
    assert (raw["order_type"], raw["price"]) == ("LIMIT", "2411.50")


@pytest.mark.parametrize("name", sorted(VENUES))
def test_the_rules_of_a_venue_name_its_options(name: str) -> None:
    row = VENUES[name]
    package = f"protocol.{name.replace('-', '_')}."
    venue = row.config(credentials=row.simulation().credentials).venue()
    below = [kind for kind in VenueOptions.__subclasses__() if kind.__module__.startswith(package)]
    # A slotted attrs class replaces the one it is made from, which is listed too until it is collected.
    assert {kind.__name__ for kind in venue.rules.order_options} == {kind.__name__ for kind in below}


def test_options_of_a_class_that_the_reader_does_not_name_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^No options of the type 'KrakenSpotOptions' are known here\.$"):
        order_from_json(order_to_json(WITH_OPTIONS))


def test_unknown_keys_are_ignored_and_missing_ones_get_their_default() -> None:
    raw = json.loads(order_to_json(WITH_OPTIONS))
    raw["mood"], raw["options"]["mood"] = "good", 1
    del raw["tag"], raw["options"]["stp_type"]
    assert order_from_json(json.dumps(raw), ALL_OPTIONS) == WITH_OPTIONS


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('"quantity":"1.50"', '"quantity":"NaN"', r"order's NewOrder cannot be used: .* not a finite number\."),
        ('"quantity":"1.50"', '"quantity":true', r"order's NewOrder cannot be used: .*quantity.*"),
        ('"quantity":"1.50",', "", r"order's NewOrder cannot be used: .*quantity.*"),
        ('"post_only":false', '"post_only":0', r"order's NewOrder cannot be used: .*post_only.*"),
        ('"trigger_price":"2300.0"', '"trigger_price":"Infinity"', r"KrakenSpotOptions cannot be used: .*finite.*"),
        ('"fee_preference":"quote"', '"fee_preference":"gold"', r"KrakenSpotOptions cannot be used: fee_preference.*"),
        ('"type":"KrakenSpotOptions"', '"type":["x"]', r"The options of an order are an object with the name .*"),
    ],
)
def test_what_an_order_would_refuse_is_a_value_error_in_a_sentence(old: str, new: str, sentence: str) -> None:
    text = order_to_json(WITH_OPTIONS)
    assert old in text
    with pytest.raises(ValueError, match=rf"{sentence}$"):
        order_from_json(text.replace(old, new), ALL_OPTIONS)


@pytest.mark.parametrize("text", ["", "null", "{}", '{"type":"Filled"}', "[" * 100_000, '{"type":"NewOrder"}'])
def test_what_is_no_order_is_a_value_error_in_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"^The .*\.$"):
        order_from_json(text)


@pytest.mark.parametrize("thing", [None, "NewOrder", KrakenSpotOptions()])
def test_what_is_not_an_order_is_not_written(thing: Any) -> None:
    with pytest.raises(TypeError, match=r"is not the class of an order"):
        order_to_json(thing)
