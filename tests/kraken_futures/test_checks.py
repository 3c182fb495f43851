"""What Kraken Futures is never sent."""

from __future__ import annotations

from typing import Any

import pytest

from protocol.commands import Replace
from protocol.errors import NotSent
from protocol.kraken_futures.checks import check_change, check_order, check_terms
from protocol.orders import VenueOptions
from protocol.values import ClientOrderId, Instrument, OffsetUnit, OrderType, TimeInForce, TriggerType

from .placements import FOK, IOC, MOMENT, PRICE, D, order

ETH = Instrument(
    id="PF_ETHUSD.KRAKEN-FUTURES",
    price_increment="0.5",
    quantity_increment="0.01",
    minimum_quantity="0.10",
)
KNOWN = {"PF_ETHUSD": ETH}


@pytest.mark.parametrize("name", [None, "a", "x" * 36, "x" * 37, "x" * 100, "A b~!"])
def test_an_order_with_such_a_client_id_is_not_stopped(name: str | None) -> None:
    assert check_order(order(client_order_id=name), KNOWN) is ETH


def test_an_instrument_is_found_in_any_case() -> None:
    assert check_order(order(instrument="pf_ethusd.KRAKEN-FUTURES"), KNOWN) is ETH


STOPPED_AT_ONCE: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown instrument": (
        {"instrument": "PF_XBTUSD.KRAKEN-FUTURES"},
        "instrument PF_XBTUSD.KRAKEN-FUTURES is not in the cache; cache it first, or check its name.",
    ),
    "another venue's instrument": (
        {"instrument": "PF_ETHUSD.AX"},
        "instrument PF_ETHUSD.AX is not in the cache: it is of AX, and this is a client of KRAKEN-FUTURES.",
    ),
    "an empty id": (
        {"client_order_id": ""},
        "a client order id must be 1 to 100 printable ASCII characters, not ''.",
    ),
    "an id that is one too long": (
        {"client_order_id": "x" * 101},
        "a client order id must be 1 to 100 printable ASCII characters; this one has 101, and begins with "
        f"'{'x' * 40}'.",
    ),
    "a long id with a line break": (
        {"client_order_id": "x" * 50 + "\n"},
        f"a client order id must be 1 to 100 printable ASCII characters, not '{'x' * 40}'.",
    ),
    "an id with accents": (
        {"client_order_id": "é"},
        "a client order id must be 1 to 100 printable ASCII characters, not 'é'.",
    ),
    "an id with a line break": (
        {"client_order_id": "a\nb"},
        "a client order id must be 1 to 100 printable ASCII characters, not 'a\\nb'.",
    ),
}


@pytest.mark.parametrize("kind", STOPPED_AT_ONCE)
def test_an_order_is_stopped_before_it_has_a_number(kind: str) -> None:
    changes, sentence = STOPPED_AT_ONCE[kind]
    with pytest.raises(NotSent) as caught:
        check_order(order(**changes), KNOWN)
    assert str(caught.value) == sentence


MARKET = {"type": OrderType.MARKET, "price": None}
STOP_MARKET = {"type": OrderType.STOP_MARKET, "price": None, "trigger_price": "3000"}
STOP_LIMIT = {"type": OrderType.STOP_LIMIT, "trigger_price": "3000"}
TOUCHED = {"type": OrderType.MARKET_IF_TOUCHED, "price": None, "trigger_price": "3000"}
TRAILING = {"type": OrderType.TRAILING_STOP_MARKET, "price": None, "trailing_offset": "2"}
TRAILING_LIMIT = {
    "type": OrderType.TRAILING_STOP_LIMIT,
    "price": None,
    "trailing_offset": "2",
    "limit_offset": "1",
}

PASSING: dict[str, dict[str, Any]] = {
    "a limit order": {},
    "the least quantity": {"quantity": "0.10"},
    "post-only": {"post_only": True},
    "immediate or cancel": {"time_in_force": IOC},
    "fill or kill": {"time_in_force": FOK},
    "reduce-only": {"reduce_only": True},
    "a market order": MARKET,
    "a market order, immediate or cancel": MARKET | {"time_in_force": IOC},
    "a stop": STOP_MARKET,
    "a stop on the mark price": STOP_MARKET | {"trigger": TriggerType.MARK},
    "a stop with a distant limit": STOP_MARKET | {"limit_offset": "0.01"},
    "a stop-limit": STOP_LIMIT,
    "a taken profit": TOUCHED,
    "a taken profit with a distant limit": TOUCHED | {"limit_offset": "5", "limit_offset_unit": PRICE},
    "a taken profit with a limit": STOP_LIMIT | {"type": OrderType.LIMIT_IF_TOUCHED},
    "a trailing stop": TRAILING,
    "the shortest distance": TRAILING | {"trailing_offset": "0.1"},
    "the longest distance": TRAILING | {"trailing_offset": "50"},
    "a distance in money": TRAILING | {"trailing_offset": "500", "trailing_unit": PRICE},
    "a trailing stop on the index": TRAILING | {"trigger": TriggerType.INDEX},
    "a trailing stop with a limit": TRAILING_LIMIT,
    "a moment after which it must be refused": {"process_before": MOMENT},
}


@pytest.mark.parametrize("kind", PASSING)
def test_an_order_passes(kind: str) -> None:
    check_terms(order(**PASSING[kind]), ETH)


STOPPED: dict[str, tuple[dict[str, Any], str]] = {
    "an iceberg": ({"display_quantity": "1"}, "Kraken Futures has no icebergs: it shows every order whole."),
    "an amount of money": (
        {"quote_quantity": True},
        "Kraken Futures counts contracts, not quote currency.",
    ),
    "margin": (
        {"margin": True},
        "every Kraken Futures order is on margin; leave the option out.",
    ),
    "another venue's options": ({"options": VenueOptions()}, "Kraken Futures has no options of the kind VenueOptions."),
    "an expiry time": (
        {"expire_time": MOMENT},
        "Kraken Futures has no orders that expire by themselves.",
    ),
    "a tag": ({"tag": "t"}, "Kraken Futures has no order tags, so this one would not reach it."),
    "good till date": (
        {"time_in_force": TimeInForce.GTD},
        "Kraken Futures has no time in force GTD; it takes GTC, IOC and FOK.",
    ),
    "a day order": (
        {"time_in_force": TimeInForce.DAY},
        "Kraken Futures has no time in force DAY; it takes GTC, IOC and FOK.",
    ),
    "an order at the open": (
        {"time_in_force": TimeInForce.AT_THE_OPEN},
        "Kraken Futures has no time in force AT_THE_OPEN; it takes GTC, IOC and FOK.",
    ),
    "an order at the close": (
        {"time_in_force": TimeInForce.AT_THE_CLOSE},
        "Kraken Futures has no time in force AT_THE_CLOSE; it takes GTC, IOC and FOK.",
    ),
    "a market order, fill or kill": (
        MARKET | {"time_in_force": FOK},
        "only limit orders can be FOK on Kraken Futures; this is a MARKET order.",
    ),
    "a stop, immediate or cancel": (
        STOP_MARKET | {"time_in_force": IOC},
        "a STOP_MARKET order cannot be IOC, since it waits until its trigger fires.",
    ),
    "a market order, post-only": (
        MARKET | {"post_only": True},
        "only limit orders can be post-only; this is a MARKET order.",
    ),
    "post-only, immediate or cancel": (
        {"post_only": True, "time_in_force": IOC},
        "post-only cannot be combined with IOC, since such an order could never trade.",
    ),
    "no quantity": ({"quantity": "0"}, "the quantity 0 must be greater than zero and plausible."),
    "a negative quantity": ({"quantity": "-1"}, "the quantity -1 must be greater than zero and plausible."),
    "a quantity beyond reason": (
        {"quantity": "1E+40"},
        "the quantity 1E+40 must be greater than zero and plausible.",
    ),
    "too little": ({"quantity": "0.09"}, "the quantity 0.09 is below the minimum of 0.1."),
    "a fraction of a step": (
        {"quantity": "0.105"},
        "the quantity 0.105 is not a multiple of the size increment 0.01 of PF_ETHUSD.KRAKEN-FUTURES.",
    ),
    "no price": ({"price": None}, "a limit order needs a price."),
    "a stop-limit without a price": (STOP_LIMIT | {"price": None}, "a stop-limit order needs a price."),
    "a market order with a price": (
        {"type": OrderType.MARKET, "price": "3000"},
        "Kraken Futures would ignore the price 3000 of a market order.",
    ),
    "a trailing stop with a price": (
        TRAILING_LIMIT | {"price": "3000"},
        "Kraken Futures would ignore the price 3000 of a trailing-stop-limit order.",
    ),
    "a stop without a trigger": (
        STOP_MARKET | {"trigger_price": None},
        "a stop-market order needs a trigger price.",
    ),
    "a touched order without a trigger": (
        TOUCHED | {"trigger_price": None},
        "a market-if-touched order needs a trigger price.",
    ),
    "a limit order with a trigger": (
        {"trigger_price": "3000"},
        "a limit order cannot have a trigger price on Kraken Futures.",
    ),
    "a trailing stop with a trigger": (
        TRAILING | {"trigger_price": "3000"},
        "a trailing-stop-market order cannot have a trigger price on Kraken Futures.",
    ),
    "a price of nothing": ({"price": "0"}, "the price 0 must be greater than zero and plausible."),
    "a price beyond reason": ({"price": "1E-40"}, "the price 1E-40 must be greater than zero and plausible."),
    "a price between ticks": (
        {"price": "3100.25"},
        "the price 3100.25 is not a multiple of the tick size 0.5 of PF_ETHUSD.KRAKEN-FUTURES.",
    ),
    "a negative trigger": (
        STOP_MARKET | {"trigger_price": "-1"},
        "the trigger price -1 must be greater than zero and plausible.",
    ),
    "a trigger between ticks": (
        STOP_MARKET | {"trigger_price": "3000.1"},
        "the trigger price 3000.1 is not a multiple of the tick size 0.5 of PF_ETHUSD.KRAKEN-FUTURES.",
    ),
    "a trailing stop without a distance": (
        TRAILING | {"trailing_offset": None},
        "a trailing-stop-market order needs a trailing offset.",
    ),
    "a limit order with a distance": (
        {"trailing_offset": "1"},
        "only trailing orders have a trailing offset; this is a limit order.",
    ),
    "a trailing limit without its distance": (
        TRAILING_LIMIT | {"limit_offset": None},
        "a trailing-stop-limit order needs a limit offset.",
    ),
    # A limit price and a distance would contradict each other.
    "a stop-limit with a distant limit": (
        STOP_LIMIT | {"limit_offset": "1"},
        "a stop-limit order cannot have a limit offset on Kraken Futures.",
    ),
    "a limit order with a distant limit": (
        {"limit_offset": "1"},
        "a limit order cannot have a limit offset on Kraken Futures.",
    ),
    "a limit order with a signal": (
        {"trigger": TriggerType.MARK},
        "a limit order has no trigger that MARK could fire.",
    ),
    "a market order with a signal": (
        MARKET | {"trigger": TriggerType.INDEX},
        "a market order has no trigger that INDEX could fire.",
    ),
    "no distance": (
        TRAILING | {"trailing_offset": "0"},
        "the trailing offset 0 must be greater than zero and plausible.",
    ),
    "a distance beyond reason": (
        TRAILING | {"trailing_offset": "1E+40", "trailing_unit": PRICE},
        "the trailing offset 1E+40 must be greater than zero and plausible.",
    ),
    "a limit on the wrong side": (
        STOP_MARKET | {"limit_offset": "-1"},
        "the limit offset -1 must be greater than zero and plausible.",
    ),
    "too short a distance": (
        TRAILING | {"trailing_offset": "0.09"},
        "a trailing offset must be 0.1 to 50 percent, not 0.09.",
    ),
    "too long a distance": (
        TRAILING | {"trailing_offset": "50.1"},
        "a trailing offset must be 0.1 to 50 percent, not 50.1.",
    ),
}


@pytest.mark.parametrize("kind", STOPPED)
def test_an_order_is_stopped(kind: str) -> None:
    changes, sentence = STOPPED[kind]
    with pytest.raises(NotSent) as caught:
        check_terms(order(**changes), ETH)
    assert str(caught.value) == sentence


def change(**changes: Any) -> Replace:
    return Replace(client_order_id=ClientOrderId("mine-1"), instrument=ETH.id, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"quantity": D("0.1")},
        {"price": D("3000.5")},
        {"trigger_price": D("2900")},
        {"trailing_offset": D("0.1")},
        {"trailing_offset": D(50)},
        {"trailing_offset": D(60), "trailing_unit": PRICE},
        {"quantity": D(1), "price": D(1), "trigger_price": D(1), "trailing_offset": D(1), "trailing_unit": PRICE},
    ],
)
def test_a_change_passes(changes: dict[str, Any]) -> None:
    check_change(change(**changes), ETH)


STOPPED_CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "another time in force": (
        {"price": D(1), "time_in_force": IOC},
        "Kraken Futures cannot change the time in force of an order.",
    ),
    "post-only": (
        {"price": D(1), "post_only": False},
        "Kraken Futures cannot make an order post-only, or undo it.",
    ),
    "an iceberg": (
        {"price": D(1), "display_quantity": D(1)},
        "Kraken Futures shows every order whole.",
    ),
    "nothing": ({}, "it changes nothing."),
    "no quantity": ({"quantity": D(0)}, "the quantity 0 must be greater than zero and plausible."),
    "too little": ({"quantity": D("0.01")}, "the quantity 0.01 is below the minimum of 0.1."),
    "a fraction of a step": (
        {"quantity": D("1.001")},
        "the quantity 1.001 is not a multiple of the size increment 0.01 of PF_ETHUSD.KRAKEN-FUTURES.",
    ),
    "a price of nothing": ({"price": D(0)}, "the price 0 must be greater than zero and plausible."),
    "a price beyond belief": ({"price": D("1E+40")}, "the price 1E+40 must be greater than zero and plausible."),
    "a price between ticks": (
        {"price": D("0.7")},
        "the price 0.7 is not a multiple of the tick size 0.5 of PF_ETHUSD.KRAKEN-FUTURES.",
    ),
    "a trigger of nothing": (
        {"trigger_price": D(0)},
        "the trigger price 0 must be greater than zero and plausible.",
    ),
    "too short a distance": (
        {"trailing_offset": D("0.09"), "trailing_unit": OffsetUnit.PERCENT},
        "a trailing offset must be 0.1 to 50 percent, not 0.09.",
    ),
    "too long a distance": (
        {"trailing_offset": D(60), "trailing_unit": OffsetUnit.PERCENT},
        "a trailing offset must be 0.1 to 50 percent, not 60.",
    ),
    "a distance of nothing": (
        {"trailing_offset": D(0)},
        "the trailing offset 0 must be greater than zero and plausible.",
    ),
}


@pytest.mark.parametrize("kind", STOPPED_CHANGES)
def test_a_change_is_stopped(kind: str) -> None:
    changes, sentence = STOPPED_CHANGES[kind]
    with pytest.raises(NotSent) as caught:
        check_change(change(**changes), ETH)
    assert str(caught.value) == sentence
