"""Kraken Futures' lists as they come whole: rows with every field that the venue documents, with times in every form
that it may write, with codes that it could not decode itself (spec Kraken B.6, B.9, B.13)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from protocol.facts import Fact, FillsListed, OrderAcknowledged, OrderFilled, OrderView, RequestAnswered, Unreadable
from protocol.kraken_futures.codec import FuturesWire
from protocol.kraken_futures.instruments import read_instruments
from protocol.kraken_futures.rest_answers import read_answer
from protocol.kraken_futures.signing import Credentials
from protocol.requests import ListFills, ListOpenOrders, QueryOrder
from protocol.values import (
    Instrument,
    LiquiditySide,
    Money,
    OrderStatus,
    OrderType,
    RequestId,
    Side,
    TriggerType,
    VenueOrderId,
)
from protocol.venue import HttpAnswer

D = Decimal
NOON = 1_782_907_200_000_000_000
"""2026-07-01T12:00:00Z."""

KEYS = Credentials("key", "Pz49PDs6OTg3NjU0MzIxMC8uLSwrKikoJyYlJCMiISAfHh0cGxoZGBcWFRQTEhEQDw4NDAsKCQgHBgUEAwIBAA==")

LIMIT_ROW = (
    '{"order_id":"aaaaaaaa-0000-4000-8000-000000000001","symbol":"PF_XBTUSD","side":"buy","orderType":"lmt",'
    '"limitPrice":65000.0,"filledSize":0.4,"receivedTime":"2026-07-01T12:00:00.000Z",'
    '"lastUpdateTime":"2026-07-01T12:00:03.500Z","status":"partiallyFilled","reduceOnly":false,'
    '"cliOrdId":"sim-f-1","unfilledSize":0.6}'
)
STOP_ROW = (
    '{"order_id":"aaaaaaaa-0000-4000-8000-000000000002","symbol":"PF_XBTUSD","side":"sell","orderType":"stp",'
    '"stopPrice":59500.0,"limitPrice":58900.0,"filledSize":0.0,"receivedTime":"2026-07-01T12:00:00.000Z",'
    '"lastUpdateTime":"2026-07-01T12:00:00.000Z","status":"untouched","reduceOnly":true,"triggerSignal":"mark",'
    '"cliOrdId":"sim-f-2","unfilledSize":0.5}'
)


def answer(body: str) -> HttpAnswer:
    return HttpAnswer(status=200, body=body.encode())


def open_orders(*rows: str) -> tuple[Fact, ...]:
    body = '{"result":"success","openOrders":[' + ",".join(rows) + '],"serverTime":"2026-07-01T12:00:00.123Z"}'
    return tuple(read_answer(ListOpenOrders(request_id=RequestId(1)), answer(body)))


def shown(*rows: str) -> tuple[OrderView, ...]:
    (fact,) = open_orders(*rows)
    assert isinstance(fact, RequestAnswered)
    assert fact.orders is not None
    return fact.orders


# Open orders


def test_the_list_of_open_orders_is_read_whole() -> None:
    limit, stop = shown(LIMIT_ROW, STOP_ROW)
    assert (limit.quantity, limit.cumulative, limit.status) == (D(1), D("0.4"), OrderStatus.PARTIALLY_FILLED)
    assert (limit.type, limit.price, limit.side, limit.wire_id) == (OrderType.LIMIT, D(65000), Side.BUY, "sim-f-1")
    assert (stop.quantity, stop.cumulative, stop.status) == (D("0.5"), D(0), OrderStatus.ACCEPTED)
    assert (stop.type, stop.price, stop.trigger_price) == (OrderType.STOP_LIMIT, D(58900), D(59500))
    assert (stop.trigger_type, stop.reduce_only) == (TriggerType.MARK, True)


def test_a_stop_without_a_size_keeps_what_is_known_and_costs_no_other_row() -> None:
    without = STOP_ROW.replace(',"unfilledSize":0.5', "")
    stop, limit = shown(without, LIMIT_ROW)
    assert (stop.quantity, stop.cumulative, stop.status) == (None, D(0), OrderStatus.ACCEPTED)
    assert limit.quantity == 1


@pytest.mark.parametrize("spelling", ["cliOrdId", "cli_ord_id"])
def test_a_client_id_is_read_in_both_spellings(spelling: str) -> None:
    (view,) = shown(LIMIT_ROW.replace("cliOrdId", spelling))
    assert view.wire_id == "sim-f-1"


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("take_profit", OrderType.LIMIT_IF_TOUCHED),
        ("stop", OrderType.STOP_LIMIT),
        ("stp", OrderType.STOP_LIMIT),
        ("unknown", None),
    ],
)
def test_the_type_of_a_row(word: str, kind: OrderType | None) -> None:
    (view,) = shown(STOP_ROW.replace('"stp"', f'"{word}"'))
    assert view.type is kind


@pytest.mark.parametrize(
    ("signal", "trigger"),
    [
        ("last", TriggerType.LAST),
        ("index", TriggerType.INDEX),
        ("spot", TriggerType.INDEX),
        ("mark_price", TriggerType.MARK),
        ("unknown", None),
        ("Unknown", None),
    ],
)
def test_which_price_fires_a_row(signal: str, trigger: TriggerType | None) -> None:
    (view,) = shown(STOP_ROW.replace('"mark"', f'"{signal}"'))
    assert view.trigger_type is trigger


@pytest.mark.parametrize(
    ("text", "later"),
    [
        ("2026-07-01T12:00:00.000Z", 0),
        ("2026-07-01T12:00:00Z", 0),
        ("2026-07-01T12:00:00.123Z", 123_000_000),
        ("2026-07-01T12:00:00.123456Z", 123_456_000),
        ("2026-07-01T12:00:00.123456+00:00", 123_456_000),
        ("2026-07-01T14:00:00.000+02:00", 0),
        ("2026-07-01T07:00:00.5-05:00", 500_000_000),
    ],
)
def test_a_time_may_have_any_offset_and_precision(text: str, later: int) -> None:
    (view,) = shown(LIMIT_ROW.replace("2026-07-01T12:00:00.000Z", text))
    assert view.time == NOON + later
    (trade,) = fills(FILL_ROW.replace("2026-07-01T12:00:03.510Z", text))
    assert trade.time == NOON + later


@pytest.mark.parametrize("broken", ["null", "7", "{}", '{"order_id":""}'])
def test_one_bad_row_never_costs_its_neighbours(broken: str) -> None:
    fact, lost = open_orders(LIMIT_ROW, broken, STOP_ROW)
    assert isinstance(fact, RequestAnswered)
    assert fact.orders is not None
    assert len(fact.orders) == 2
    assert isinstance(lost, Unreadable)


# Fills

FILL_ROW = (
    '{"fill_id":"ffffffff-0000-4000-8000-000000000010","symbol":"PF_XBTUSD","side":"buy",'
    '"order_id":"aaaaaaaa-0000-4000-8000-000000000001","cliOrdId":"sim-f-1","size":0.4,"price":65000.0,'
    '"fillTime":"2026-07-01T12:00:03.510Z","fillType":"maker","fee_paid":-2.6,"fee_currency":"USD"}'
)


def fills(*rows: str) -> tuple[Any, ...]:
    body = '{"result":"success","fills":[' + ",".join(rows) + '],"serverTime":"2026-07-01T12:00:00.123Z"}'
    question = ListFills(request_id=RequestId(1), start=0, end=2**62, symbol=None)
    (fact,) = read_answer(question, answer(body))
    assert isinstance(fact, FillsListed)
    return fact.trades


@pytest.mark.parametrize("written", ['"symbol":null,', ""], ids=["null", "left out"])
def test_a_fill_of_the_history_without_a_symbol_is_a_fill_all_the_same(written: str) -> None:
    without = FILL_ROW.replace('"symbol":"PF_XBTUSD",', written)
    named, unnamed = fills(without, FILL_ROW)  # the venue lists the newest first
    assert (named.symbol, unnamed.symbol) == ("PF_XBTUSD", "")
    assert named.quantity == unnamed.quantity == D("0.4")


def test_a_rebate_is_a_negative_fee_in_the_history_and_on_the_feed() -> None:
    (trade,) = fills(FILL_ROW)
    assert trade.fee == Money(D("-2.6"), "USD")
    assert (trade.quantity, trade.price, trade.liquidity) == (D("0.4"), 65000, LiquiditySide.MAKER)
    told = (
        '{"feed":"fills","username":"f0f0f0f0-0000-4000-8000-000000000001","fills":[{"instrument":"PF_XBTUSD",'
        '"time":1782907203510,"price":65000.0,"seq":43,"buy":true,"qty":0.4,"remaining_order_qty":0.6,'
        '"order_id":"aaaaaaaa-0000-4000-8000-000000000001","cli_ord_id":"sim-f-1",'
        '"fill_id":"ffffffff-0000-4000-8000-000000000010","fill_type":"maker","fee_paid":-2.6,"fee_currency":"USD",'
        '"taker_order_type":"ioc","order_type":"lmt"}]}'
    )
    (fact,) = FuturesWire(KEYS).decode(told)
    assert isinstance(fact, OrderFilled)
    assert fact.trade.fee == Money(D("-2.6"), "USD")
    assert fact.trade.trade_id == trade.trade_id, "one fill, by whatever way it comes"


def test_a_fee_that_is_missing_is_not_zero() -> None:
    (trade,) = fills(FILL_ROW.replace(',"fee_paid":-2.6,"fee_currency":"USD"', ""))
    assert trade.fee is None


@pytest.mark.parametrize("spelling", ["cliOrdId", "cli_ord_id"])
def test_a_fill_names_its_order_in_both_spellings(spelling: str) -> None:
    (trade,) = fills(FILL_ROW.replace("cliOrdId", spelling))
    assert trade.wire_id == "sim-f-1"


# orders/status

STATUS_ROWS = (
    '{"result":"success","orders":[{"order":{"type":"TRIGGER_ORDER",'
    '"orderId":"aaaaaaaa-0000-4000-8000-000000000002","cliOrdId":"sim-f-2","symbol":"PF_XBTUSD","side":"sell",'
    '"quantity":0.5,"filled":0.0,"limitPrice":58900.0,"reduceOnly":false,"timestamp":"2026-07-01T12:00:00.000Z",'
    '"lastUpdateTimestamp":"2026-07-01T12:00:00.000Z","priceTriggerOptions":{"triggerPrice":59500.0,'
    '"triggerSide":"TRIGGER_BELOW","triggerSignal":"MARK_PRICE"},"triggerTime":null},"status":"TRIGGER_PLACED",'
    '"updateReason":"NEW_USER_ORDER","error":null}],"serverTime":"2026-07-01T12:00:00.123Z"}'
)


def test_a_stop_that_was_asked_for_waits_for_its_trigger() -> None:
    stop = VenueOrderId("aaaaaaaa-0000-4000-8000-000000000002")
    question = QueryOrder(request_id=RequestId(1), venue_order_id=stop, wire_id=None)
    (fact,) = read_answer(question, answer(STATUS_ROWS))
    assert isinstance(fact, RequestAnswered)
    assert fact.order is not None
    assert (fact.order.status, fact.order.quantity, fact.order.cumulative) == (OrderStatus.ACCEPTED, D("0.5"), D(0))
    assert (fact.order.trigger_price, fact.order.trigger_type) == (D(59500), TriggerType.MARK)
    assert fact.order.type is None, "the row does not say what kind of order it is"


# The feed


def test_a_word_that_the_venue_could_not_decode_costs_that_field_alone() -> None:
    told = (
        '{"feed":"open_orders","order":{"instrument":"PF_XBTUSD","time":1782907200000,'
        '"last_update_time":1782907200000,"qty":0.5,"filled":0.0,"limit_price":0.0,"stop_price":59500.0,'
        '"type":"unknown","order_id":"aaaaaaaa-0000-4000-8000-000000000002","cli_ord_id":"sim-f-2","direction":1,'
        '"reduce_only":true,"triggerSignal":"unknown"},"is_cancel":false,"reason":"new_placed_order_by_user"}'
    )
    (fact,) = FuturesWire(KEYS).decode(told)
    assert isinstance(fact, OrderAcknowledged)
    assert (fact.order.type, fact.order.trigger_type) == (None, None)
    assert (fact.order.trigger_price, fact.order.quantity, fact.order.side) == (D(59500), D("0.5"), Side.SELL)


# Instruments

LINEAR = (
    '{"symbol":"PF_XBTUSD","pair":"BTC:USD","base":"BTC","quote":"USD","type":"flexible_futures","tickSize":1,'
    '"contractSize":1,"tradeable":true,"impactMidSize":0.25,"maxPositionSize":1500.0,'
    '"openingDate":"2022-03-22T13:18:45Z","marginLevels":[{"numNonContractUnits":0.0,"initialMargin":0.02,'
    '"maintenanceMargin":0.01},{"numNonContractUnits":2000000.0,"initialMargin":0.04,"maintenanceMargin":0.02}],'
    '"retailMarginLevels":[{"numNonContractUnits":0.0,"initialMargin":0.1,"maintenanceMargin":0.05}],'
    '"marginSchedules":{"retail":[{"numNonContractUnits":0.0,"initialMargin":0.1,"maintenanceMargin":0.05}]},'
    '"fundingRateCoefficient":24,"maxRelativeFundingRate":0.0025,"isin":"GB00SIM00001",'
    '"contractValueTradePrecision":4,"postOnly":false,"makerProtectionMillis":20,'
    '"feeScheduleUid":"bbbbbbbb-0000-4000-8000-000000000001","category":"Layer 1","tags":[],"tradfi":false,"mtf":true,'
    '"isExpired":false}'
)
INVERSE = (
    '{"symbol":"PI_XBTUSD","pair":"BTC:USD","base":"BTC","quote":"USD","type":"futures_inverse",'
    '"underlying":"rr_xbtusd","tickSize":0.5,"contractSize":1,"tradeable":true,"impactMidSize":1000.0,'
    '"maxPositionSize":75000000.0,"openingDate":"2018-08-31T00:00:00Z","marginLevels":[{"contracts":0,'
    '"initialMargin":0.02,"maintenanceMargin":0.01}],"retailMarginLevels":[],"fundingRateCoefficient":24,'
    '"maxRelativeFundingRate":0.0025,"isin":"GB00SIM00002","contractValueTradePrecision":0,"postOnly":false,'
    '"category":"","tags":[],"tradfi":false,"mtf":true,"isExpired":false}'
)


def instruments(*rows: str) -> tuple[Instrument, ...]:
    body = '{"result":"success","instruments":[' + ",".join(rows) + '],"serverTime":"2026-07-01T12:00:00.123Z"}'
    return read_instruments(answer(body))


def test_rows_of_instruments_are_read_whole() -> None:
    linear, inverse = instruments(LINEAR, INVERSE)
    assert str(linear.id) == "PF_XBTUSD.KRAKEN-FUTURES"
    assert (linear.price_increment, linear.quantity_increment, linear.multiplier) == (D(1), D("0.0001"), D(1))
    assert str(inverse.id) == "PI_XBTUSD.KRAKEN-FUTURES"
    assert (inverse.price_increment, inverse.quantity_increment, inverse.quote_currency) == (D("0.5"), D(1), "USD")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"tags":[]', '"tags":null'),
        ('"tags":[]', '"tags":[{"a":1}]'),
        ('"impactMidSize":0.25', '"impactMidSize":"a lot"'),
        ('"openingDate":"2022-03-22T13:18:45Z"', '"openingDate":1647955125'),
        ('"postOnly":false', '"postOnly":"unknown"'),
        ('"type":"flexible_futures"', '"type":"unknown"'),
        ('"marginLevels":[{', '"marginLevels":[null,{'),
        ('"isExpired":false', '"isExpired":null'),
        ('"tickSize":1', '"tickSize":"1"'),
        ('"contractValueTradePrecision":4', '"contractValueTradePrecision":4.0'),
    ],
)
def test_what_is_not_needed_of_an_instrument_cannot_cost_it(before: str, after: str) -> None:
    assert LINEAR.count(before) == 1
    assert instruments(LINEAR.replace(before, after), INVERSE) == instruments(LINEAR, INVERSE)


def test_a_contract_that_has_expired_is_left_out() -> None:
    expired = LINEAR.replace('"isExpired":false', '"isExpired":true')
    assert [str(each.id) for each in instruments(expired, INVERSE)] == ["PI_XBTUSD.KRAKEN-FUTURES"]
