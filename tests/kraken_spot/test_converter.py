"""Numbers, times and names on Kraken Spot's wire."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import WireError
from protocol.facts import FillsListed, RequestAnswered
from protocol.kraken_spot import wire
from protocol.kraken_spot.converter import encode_message, rfc3339, with_point
from protocol.kraken_spot.instruments import instruments_call, read_instruments
from protocol.kraken_spot.symbols import currency, quote_of, rest_pair, symbol_of_pair
from protocol.kraken_spot.venue import KrakenSpotSettings, KrakenSpotVenue
from protocol.requests import ListFills, ListOpenOrders
from protocol.values import Instrument, RequestId
from protocol.venue import HttpAnswer
from protocol.wire.times import nanoseconds

from .messages import PAIR_ROW, SECRET, D, descr, fields_as_json, http, pairs, row, trade_row


@pytest.mark.parametrize(
    ("number", "text"),
    [("1", "1.0"), ("1E+2", "100.0"), ("0.00010000", "0.00010000"), ("1E-7", "0.0000001"), ("-0.5", "-0.5")],
)
def test_a_number_always_has_a_point(number: str, text: str) -> None:
    assert with_point(D(number)) == text
    assert encode_message({"n": D(number)}) == f'{{"n":{text}}}'


def test_decimals_of_rest_are_text_and_times_are_short_numbers() -> None:
    shown = wire.OrderRow(vol=D("2.50000000"), opentm=D("1782907090.0002"), expiretm=D(0), status="open")
    assert encode_message(shown) == (
        '{"refid":null,"userref":null,"status":"open","opentm":1782907090.0002,"expiretm":0,"vol":"2.50000000"}'
    )


@given(st.integers(min_value=0, max_value=2**33 * 10**9))
def test_times_survive_the_wire(time: int) -> None:
    assert nanoseconds(rfc3339(time, 9)) == time
    assert nanoseconds(rfc3339(time, 6)) == time // 1000 * 1000
    assert nanoseconds(rfc3339(time, 0)) == time // 10**9 * 10**9


PAIRS = {
    "BTC/USD": "BTC/USD",
    "XBT/USD": "BTC/USD",
    "XDG/EUR": "DOGE/EUR",
    "XXBTZUSD": "BTC/USD",
    "XETHZEUR": "ETH/EUR",
    "XETHXXBT": "ETH/BTC",
    "XBTUSD": "BTC/USD",
    "XBTUSDT": "BTC/USDT",
    "XRPUSD": "XRP/USD",
    "XTZUSD": "XTZ/USD",
    "XTZXBT": "XTZ/BTC",
    "ZECUSD": "ZEC/USD",
    "USDTUSD": "USDT/USD",
    "USDTZUSD": "USDT/USD",
    "USDTZEUR": "USDT/EUR",
    "XBTZUSD": "BTC/USD",
    "XXBTUSDT": "BTC/USDT",
    "CHZUSD": "CHZ/USD",
    "XTZEUR": "XTZ/EUR",
    "AVAXXBT": "AVAX/BTC",
    "AVAXETH": "AVAX/ETH",
    "USDTZUSDX": "USDTZUSDX",
    "SOLEUR": "SOL/EUR",
    "WHATEVER": "WHATEVER",
    "": "",
}


@pytest.mark.parametrize("pair", PAIRS)
def test_every_spelling_of_a_pair_has_one_symbol(pair: str) -> None:
    assert symbol_of_pair(pair) == PAIRS[pair]


def test_codes_that_begin_with_x_or_z_are_left_alone() -> None:
    assert [currency(code) for code in ("XRP", "XLM", "XMR", "XTZ", "ZEC", "XXLM", "ZUSD", "XBT", "XDG")] == [
        "XRP",
        "XLM",
        "XMR",
        "XTZ",
        "ZEC",
        "XLM",
        "USD",
        "BTC",
        "DOGE",
    ]


def test_rest_has_legacy_names() -> None:
    assert [rest_pair(symbol) for symbol in ("BTC/USD", "DOGE/BTC", "ETH/EUR")] == ["XBTUSD", "XDGXBT", "ETHEUR"]
    assert (quote_of("BTC/EUR"), quote_of("XXBTZUSD"), quote_of("?")) == ("EUR", "USD", "")


def test_the_venue_lists_its_instruments() -> None:
    call = instruments_call()
    assert (call.method, call.path, call.authorized) == ("GET", "/0/public/AssetPairs", False)
    (instrument,) = read_instruments(pairs(fields_as_json(PAIR_ROW, {})))
    assert instrument == Instrument(
        id="BTC/USD.KRAKEN",
        price_increment="0.1",
        quantity_increment="0.00000001",
        minimum_quantity="0.0001",
        quote_currency="USD",
    )


def test_an_instrument_without_all_its_terms_has_the_usual_ones() -> None:
    sparse = fields_as_json(PAIR_ROW, {"wsname": None, "tick_size": None, "ordermin": None})
    (instrument,) = read_instruments(pairs(sparse))
    assert instrument.symbol == "BTC/USD"
    assert (instrument.price_increment, instrument.minimum_quantity) == (D("0.1"), D("0.00000001"))


def test_an_instrument_that_cannot_be_read_is_left_out() -> None:
    good = fields_as_json(PAIR_ROW, {"wsname": '"SOL/EUR"'})
    broken = [
        fields_as_json(PAIR_ROW, {"lot_decimals": None}),
        fields_as_json(PAIR_ROW, {"wsname": None, "altname": '"?"'}),
        fields_as_json(PAIR_ROW, {"tick_size": '"-1"'}),
        '"nothing"',
    ]
    assert [one.symbol for one in read_instruments(pairs(*broken, good))] == ["SOL/EUR"]
    with pytest.raises(WireError):
        read_instruments(pairs(*broken))


def test_pairs_of_lists_have_the_names_that_the_venue_gave_them() -> None:
    spot = KrakenSpotVenue(KrakenSpotSettings(api_key="k", api_secret=SECRET))
    listed = fields_as_json(PAIR_ROW, {"altname": '"ODDTRY"', "wsname": '"ODD/TRY"', "quote": '"TRY"'})
    assert len(spot.read_instruments(pairs(listed, fields_as_json(PAIR_ROW, {})))) == 2
    rows = [trade_row(pair=f'"{pair}"') for pair in ("P0", "ODDTRY", "XBTUSD", "USDTZUSD", "WHATEVER")]
    body = '{"error":[],"result":{"trades":{' + ",".join(f'"T-{at}":{text}' for at, text in enumerate(rows))
    (fact,) = spot.read_answer(
        ListFills(request_id=RequestId(1), start=0, end=2**62, symbol=None), http(body + '},"count":5}}')
    )
    assert isinstance(fact, FillsListed)
    named = {one.trade_id: one.symbol for one in fact.trades}
    assert named == {"T-0": "ODD/TRY", "T-1": "ODD/TRY", "T-2": "BTC/USD", "T-3": "USDT/USD", "T-4": "WHATEVER"}
    (orders,) = spot.read_answer(
        ListOpenOrders(request_id=RequestId(1)),
        http('{"error":[],"result":{"open":{"O-1":' + row(descr=descr(pair='"ODDTRY"')) + "}}}"),
    )
    assert isinstance(orders, RequestAnswered)
    assert orders.orders is not None
    assert orders.orders[0].symbol == "ODD/TRY"


def test_a_list_that_was_refused_names_no_pairs() -> None:
    spot = KrakenSpotVenue(KrakenSpotSettings(api_key="k", api_secret=SECRET))
    with pytest.raises(WireError):
        spot.read_instruments(http('{"error":["EService:Busy"]}'))
    (answered,) = spot.read_answer(
        ListOpenOrders(request_id=RequestId(1)), http('{"error":[],"result":{"open":{"O-1":' + row() + "}}}")
    )
    assert isinstance(answered, RequestAnswered)


@pytest.mark.parametrize("answered", [http("<html>", 502), http('{"error":["EService:Busy"]}'), http("{}")])
def test_without_a_list_there_are_no_instruments(answered: HttpAnswer) -> None:
    with pytest.raises(WireError):
        read_instruments(answered)
