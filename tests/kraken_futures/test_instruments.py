"""The instruments that Kraken Futures lists."""

from __future__ import annotations

from typing import Any

import pytest

from protocol.errors import WireError
from protocol.kraken_futures.instruments import instruments_call, read_instruments
from protocol.kraken_futures.rest_answers import is_over_budget
from protocol.values import Instrument
from protocol.venue import HttpAnswer

from .answers import D, listed, obj


def contract(**changes: str | None) -> str:
    fields: dict[str, str | None] = {
        "symbol": '"PF_ETHUSD"',
        "type": '"flexible_futures"',
        "tradeable": "true",
        "tickSize": "0.10",
        "contractSize": "1",
        "contractValueTradePrecision": "3",
        "base": '"ETH"',
        "quote": '"USD"',
        "makerProtectionMillis": "20",
    }
    return obj(fields | changes)


def eth(**changes: Any) -> Instrument:
    fields: dict[str, Any] = {
        "id": "PF_ETHUSD.KRAKEN-FUTURES",
        "price_increment": D("0.1"),
        "quantity_increment": D("0.001"),
        "minimum_quantity": D("0.001"),
        "multiplier": D(1),
        "quote_currency": "USD",
    }
    return Instrument(**(fields | changes))


def instruments(*rows: str, status: int = 200) -> tuple[Instrument, ...]:
    return read_instruments(HttpAnswer(status=status, body=listed("instruments", *rows).encode()))


WHOLE = {"quantity_increment": D(1), "minimum_quantity": D(1)}

CONTRACTS: dict[str, tuple[dict[str, str | None], dict[str, Any]]] = {
    "as it comes": ({}, {}),
    "with whole quantities": ({"contractValueTradePrecision": "0"}, WHOLE),
    "with quantities in hundreds": (
        {"contractValueTradePrecision": "-2"},
        {"quantity_increment": D(100), "minimum_quantity": D(100)},
    ),
    "with a symbol in lower case": ({"symbol": '"pf_ethusd"'}, {}),
    "in another currency": ({"quote": '"EUR"'}, {"quote_currency": "EUR"}),
    "quoted in XBT": ({"quote": '"xbt"'}, {"quote_currency": "BTC"}),
    "without a currency": ({"quote": None}, {}),
    "without a currency, named in the symbol": (
        {"quote": None, "symbol": '"FF_ETHEUR_261225"'},
        {"id": "FF_ETHEUR_261225.KRAKEN-FUTURES", "quote_currency": "EUR"},
    ),
    "with a contract of ten": ({"contractSize": "10.0"}, {"multiplier": D(10)}),
    "without a contract size": ({"contractSize": None}, {}),
    "without a word on trading": ({"tradeable": None}, {}),
    # Inverse contracts are counted whole where nothing is said.
    "inverse": (
        {"symbol": '"PI_XBTUSD"', "contractValueTradePrecision": None, "tickSize": "0.5"},
        WHOLE | {"id": "PI_XBTUSD.KRAKEN-FUTURES", "price_increment": D("0.5")},
    ),
    "inverse with a date": (
        {"symbol": '"FI_XBTUSD_261225"', "contractValueTradePrecision": None},
        WHOLE | {"id": "FI_XBTUSD_261225.KRAKEN-FUTURES"},
    ),
    "with an unusable field that nobody needs": ({"makerProtectionMillis": '"some"', "base": "{}"}, {}),
}


@pytest.mark.parametrize("kind", CONTRACTS)
def test_an_instrument_is_read(kind: str) -> None:
    changes, expected = CONTRACTS[kind]
    assert instruments(contract(**changes)) == (eth(**expected),)


@pytest.mark.parametrize(
    "row_",
    [
        "null",
        "7",
        "{}",
        contract(symbol='""'),
        contract(tradeable="false"),
        contract(tickSize=None),
        contract(tickSize="0"),
        contract(tickSize='"NaN"'),
        contract(contractSize="-1"),
        contract(contractValueTradePrecision=None),
        contract(contractValueTradePrecision="400"),
        contract(contractValueTradePrecision="-400"),
    ],
)
def test_an_instrument_that_cannot_be_traded_is_left_out(row_: str) -> None:
    assert instruments(row_, contract()) == (eth(),)


def test_there_may_be_no_instruments_to_trade() -> None:
    assert instruments() == ()
    assert instruments(contract(tradeable="false")) == ()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"<html>", 200),
        (b"", 200),
        (b'{"result":"success"}', 200),
        (b'{"result":"error","error":"Unavailable"}', 200),
        (b'{"instruments":[]}', 503),
        (b'{"instruments":[{"symbol":"PF_ETHUSD"}]}', 200),
        (b'{"instruments":[7]}', 200),
        (b"\xff", 200),
    ],
)
def test_without_a_usable_list_there_is_nothing_to_trade(body: bytes, status: int) -> None:
    with pytest.raises(WireError, match="Kraken Futures"):
        read_instruments(HttpAnswer(status=status, body=body))


def test_instruments_are_asked_for_without_a_signature() -> None:
    call = instruments_call()
    assert (call.method, call.path) == ("GET", "/derivatives/api/v3/instruments")
    assert (call.body, call.authorized, call.headers) == (None, False, ())


@pytest.mark.parametrize(
    ("body", "status", "is_so"),
    [
        ('{"result":"error","error":"apiLimitExceeded","serverTime":"2026-11-28T10:00:00.000Z"}', 200, True),
        ('{"result":"error","error":"apiLimitExceeded"}', 429, True),
        ('{"result":"error","errors":["apiLimitExceeded"]}', 200, True),
        ('{"result":"error","error":"apiLimitExceeded"}', 503, False),
        ('{"result":"error","error":"invalidArgument: apiLimitExceeded"}', 200, False),
        ('{"result":"success","note":"apiLimitExceeded"}', 200, False),
        ("<html>apiLimitExceeded</html>", 200, False),
    ],
)
def test_a_budget_is_used_up_when_the_venue_refuses_a_call_for_it(body: str, status: int, is_so: bool) -> None:
    assert is_over_budget(HttpAnswer(status=status, body=body.encode())) is is_so
