"""Fills on Kraken Futures' feed, field by field (spec B.9, D.5)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from protocol.facts import FillsListed, LoggedIn, OrderFilled, OrderRemoved, Trade, Unreadable
from protocol.kraken_futures.codec import UNASKED
from protocol.values import Instrument, LiquiditySide, Money, Side

from .feeds import AT, D, bare, fill, fills, logged_in, new_wire, order, view


def trade(**changes: Any) -> Trade:
    fields: dict[str, Any] = {
        "venue_order_id": "ord-1",
        "trade_id": "fill-1",
        "symbol": "PF_ETHUSD",
        "side": Side.BUY,
        "price": D("3100.25"),
        "quantity": D("0.4"),
        "liquidity": LiquiditySide.MAKER,
        "time": AT,
        "fee": Money(D("-0.62"), "USD"),
        "wire_id": "mine-1",
    }
    return Trade(**(fields | changes))


def test_a_fill_says_what_was_traded_and_how_much_the_order_has_filled() -> None:
    (fact,) = logged_in(order()).decode(fills(fill()))
    shown = view(cumulative=D("0.4"), status=None, time_in_force=None, time=0)
    told = OrderFilled(time=AT, order=shown, event_id="fill-1", trade=trade(), final=False, goes_on=True)
    assert fact == told, "1.1 remain, so the order is certainly not complete"


@pytest.mark.parametrize("word", ["fok", "fillOrKill", "brandNew"])
def test_the_types_that_a_fill_names_change_nothing(word: str) -> None:
    told = fills(fill(taker_order_type=f'"{word}"', order_type=f'"{word}"'))
    assert logged_in(order()).decode(told) == logged_in(order()).decode(fills(fill()))


def test_a_fill_of_an_order_that_was_never_shown_claims_nothing_about_it() -> None:
    (fact,) = logged_in().decode(fills(fill()))
    assert isinstance(fact, OrderFilled)
    assert (fact.order.quantity, fact.order.cumulative, fact.order.price, fact.order.type) == (None, None, None, None)
    assert fact.trade == trade()


@pytest.mark.parametrize(
    ("changes", "final", "cumulative"),
    [
        ({"remaining_order_qty": "0.0"}, True, D("2.50")),
        ({"remaining_order_qty": "0.1"}, False, D("2.40")),
        ({"remaining_order_qty": None}, False, None),
        ({"remaining_order_qty": "3"}, False, None),
        ({"remaining_order_qty": "-1"}, False, None),
    ],
)
def test_what_remains_tells_the_total_and_the_end(
    changes: dict[str, Any], final: bool, cumulative: Decimal | None
) -> None:
    (fact,) = logged_in(order()).decode(fills(fill(**changes)))
    assert isinstance(fact, OrderFilled)
    assert (fact.final, fact.order.cumulative) == (final, cumulative)


LIQUIDITY = {
    "maker": LiquiditySide.MAKER,
    "taker": LiquiditySide.TAKER,
    "takerAfterEdit": LiquiditySide.TAKER,
    "liquidation": LiquiditySide.NONE,
    "partialLiquidation": LiquiditySide.NONE,
    "assignee": LiquiditySide.NONE,
    "assignor": LiquiditySide.NONE,
    "unwindBankrupt": LiquiditySide.NONE,
    "unwindCounterparty": LiquiditySide.NONE,
    "fromTheFuture": LiquiditySide.NONE,
}


@pytest.mark.parametrize("word", LIQUIDITY)
def test_every_type_of_fill_is_a_fill(word: str) -> None:
    (fact,) = logged_in().decode(fills(fill(fill_type=f'"{word}"')))
    assert isinstance(fact, OrderFilled)
    assert fact.trade == trade(liquidity=LIQUIDITY[word])


FILL_FIELDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a cost": ({"fee_paid": "1.66e-05", "fee_currency": '"ETH"'}, {"fee": Money(D("0.0000166"), "ETH")}),
    "a cost in XBT": ({"fee_paid": "0.00012", "fee_currency": '"XBT"'}, {"fee": Money(D("0.00012"), "BTC")}),
    "no currency": ({"fee_currency": None}, {}),
    "no cost named yet": ({"fee_paid": None}, {"fee": None}),
    "no cost at all": ({"fee_paid": "0.0"}, {"fee": Money(D(0), "USD")}),
    "a sell": ({"buy": "false"}, {"side": Side.SELL}),
    "no side": ({"buy": None}, {"side": None}),
    "the symbol under its other name": ({"instrument": None, "product_id": '"pf_ethusd"'}, {}),
    "an empty client id": ({"cli_ord_id": '""'}, {"wire_id": None}),
    "ids in the other spelling": (
        {
            "order_id": None,
            "cli_ord_id": None,
            "fill_id": None,
            "orderId": '"ord-1"',
            "cliOrdId": '"mine-1"',
            "fillId": '"fill-1"',
        },
        {},
    ),
    "no time": ({"time": None}, {"time": 0}),
    "no type": ({"fill_type": None}, {"liquidity": LiquiditySide.NONE}),
    "numbers as text": ({"price": '"3100.25"', "qty": '"0.4"'}, {}),
    "an unusable fee": ({"fee_paid": "[]"}, {"fee": None}),
    "an unusable sequence number": ({"seq": '"first"'}, {}),
}


@pytest.mark.parametrize("kind", FILL_FIELDS)
def test_a_field_of_a_fill_is_read(kind: str) -> None:
    changes, expected = FILL_FIELDS[kind]
    (fact,) = logged_in().decode(fills(fill(**changes)))
    assert isinstance(fact, OrderFilled)
    assert fact.trade == trade(**expected)


def test_a_fill_without_a_currency_takes_that_of_its_instrument() -> None:
    euro = Instrument(id="PF_ETHEUR.KRAKEN-FUTURES", price_increment="0.1", quote_currency="EUR")
    text = fills(fill(instrument='"PF_ETHEUR"', fee_currency=None))
    for options in ({"instruments": {"PF_ETHEUR": euro}}, {}):
        (fact,) = logged_in(**options).decode(text)
        assert isinstance(fact, OrderFilled)
        assert fact.trade.fee == Money(D("-0.62"), "EUR")


def test_a_fill_without_a_symbol_or_client_id_takes_what_its_order_had() -> None:
    wire = logged_in(order())
    wire.decode(bare("full_fill"))
    (fact,) = wire.decode(fills(fill(instrument=None, cli_ord_id=None)))
    assert isinstance(fact, OrderFilled)
    assert fact.trade == trade()


def test_a_fill_that_nobody_can_place_is_still_a_fill() -> None:
    (fact,) = logged_in().decode(fills(fill(instrument=None)))
    assert isinstance(fact, OrderFilled)
    assert fact.trade == trade(symbol="")


@pytest.mark.parametrize(
    "broken",
    [
        fill(fill_id=None),
        fill(order_id=None),
        fill(price=None),
        fill(price="0"),
        fill(qty=None),
        fill(qty="0"),
        fill(qty='"some"'),
        '"not an object"',
        "null",
    ],
)
def test_one_bad_fill_never_costs_its_neighbours(broken: str) -> None:
    facts = logged_in().decode(fills(fill(seq="1"), broken, fill(seq="3", fill_id='"fill-3"')))
    trades = [fact.trade.trade_id for fact in facts if isinstance(fact, OrderFilled)]
    lost = [fact for fact in facts if isinstance(fact, Unreadable)]
    assert (trades, len(lost)) == (["fill-1", "fill-3"], 1)


def test_one_bad_order_never_costs_its_neighbours() -> None:
    wire = new_wire()
    for text in (
        '{"event":"info"}',
        '{"event":"challenge","message":"c"}',
        '{"event":"subscribed","feed":"fills"}',
        '{"event":"subscribed","feed":"open_orders"}',
    ):
        wire.decode(text)
    listed = ",".join([order(), '"nothing"', order(order_id=None), order(order_id='"ord-2"')])
    login, *lost = wire.decode('{"feed":"open_orders_snapshot","account":"a","orders":[' + listed + "]}")
    assert isinstance(login, LoggedIn)
    assert [shown.venue_order_id for shown in login.orders] == ["ord-1", "ord-2"]
    assert [type(fact) for fact in lost] == [Unreadable, Unreadable]


def test_a_snapshot_of_fills_is_history_in_the_order_of_its_numbers() -> None:
    listed = ",".join(fill(seq=seq, fill_id=f'"fill-{seq}"') for seq in ("43", "41", "42"))
    (fact,) = logged_in().decode('{"feed":"fills_snapshot","account":"acc-1","fills":[' + listed + "]}")
    assert isinstance(fact, FillsListed)
    assert fact.request_id == UNASKED
    assert [one.trade_id for one in fact.trades] == ["fill-41", "fill-42", "fill-43"]
    assert fact.cursor is None


def test_a_snapshot_without_numbers_is_in_the_order_of_its_times() -> None:
    listed = ",".join(
        fill(seq=None, time=str(time), fill_id=f'"fill-{time}"') for time in (1790000000003, 1790000000001)
    )
    (fact,) = logged_in().decode('{"feed":"fills_snapshot","account":"acc-1","fills":[' + listed + "]}")
    assert isinstance(fact, FillsListed)
    assert [one.trade_id for one in fact.trades] == ["fill-1790000000001", "fill-1790000000003"]


def test_each_connection_begins_with_nothing_remembered() -> None:
    first, second = logged_in(order()), logged_in()
    (known,) = first.decode(bare("cancelled_by_user"))
    (unknown,) = second.decode(bare("cancelled_by_user"))
    assert isinstance(known, OrderRemoved)
    assert isinstance(unknown, OrderRemoved)
    assert (known.order.symbol, unknown.order.symbol) == ("PF_ETHUSD", "")
