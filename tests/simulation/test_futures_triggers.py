"""The simulated Kraken Futures: orders that wait for a price, by hand-written JSON, without the client's codec."""

from __future__ import annotations

from decimal import Decimal

import pytest

from protocol.simulation.triggers import Reference, Trailing, Triggers, Waiting, When
from protocol.values import Side

from ..kraken_futures_floor import (
    STOP,
    Floor,
)


def test_a_stop_waits_with_its_trigger() -> None:
    floor = Floor()
    session = floor.listen("open_orders")
    status = floor.send(STOP + "&limitPrice=58900&triggerSignal=mark&reduceOnly=true")
    order_id = status["order_id"]
    assert status["orderEvents"] == [
        {
            "type": "PLACE",
            "orderTrigger": {
                "uid": order_id,
                "clientId": "sim-f-2",
                "type": "lmt",
                "symbol": "PF_XBTUSD",
                "side": "sell",
                "quantity": Decimal("0.5"),
                "limitPrice": 58900,
                "triggerPrice": 59500,
                "triggerSide": "trigger_below",
                "triggerSignal": "mark_price",
                "reduceOnly": True,
                "timestamp": "2026-07-01T12:00:00.000Z",
                "lastUpdateTimestamp": "2026-07-01T12:00:00.000Z",
                "startTime": None,
            },
        }
    ]
    order = floor.heard[session][0]["order"]
    assert (order["type"], order["stop_price"], order["limit_price"]) == ("stop", 59500, 58900)
    assert (order["triggerSignal"], order["reduce_only"], order["direction"]) == ("mark", True, 1)
    canceled = floor.post("cancelorder", "cliOrdId=sim-f-2")["cancelStatus"]["orderEvents"][0]
    assert (canceled["type"], canceled["orderTrigger"]["uid"]) == ("CANCEL", order_id)


def test_a_fired_stop_can_become_a_limit_order_of_a_new_id() -> None:
    floor = Floor(child_order_id="new")
    session = floor.listen("open_orders")
    stop_id = floor.send(STOP + "&limitPrice=59600")["order_id"]
    floor.set_price("mark", "59000")
    floor.heard[session] = []
    floor.bid("59500", "0.1")
    floor.trade(Side.SELL, "59500", "0.1")
    removed, placed = floor.heard[session]
    assert (removed["reason"], removed["is_cancel"], removed["order"]["order_id"]) == (
        "stop_order_triggered",
        True,
        stop_id,
    )
    assert (placed["reason"], placed["is_cancel"]) == ("limit_order_from_stop", False)
    child = placed["order"]
    assert child["order_id"] != stop_id
    assert (child["cli_ord_id"], child["type"], child["limit_price"]) == ("sim-f-2", "limit", 59600)
    (row,) = floor.get("openorders")["openOrders"]
    assert (row["order_id"], row["orderType"]) == (child["order_id"], "lmt")
    assert floor.post("cancelorder", "cliOrdId=sim-f-2")["cancelStatus"]["order_id"] == child["order_id"]


@pytest.mark.parametrize(("manner", "named"), [("same", "sim-f-2"), ("none", None), ("new", "a new one")])
def test_the_ids_of_what_a_stop_becomes_can_be_chosen(manner: str, named: str | None) -> None:
    floor = Floor(child_client_id=manner, child_order_id="same")
    session = floor.listen("open_orders")
    stop_id = floor.send(STOP + "&limitPrice=59600")["order_id"]
    floor.set_price("last", "59500")
    child = floor.heard[session][-1]["order"]
    assert child["order_id"] == stop_id
    client_id = child.get("cli_ord_id")
    assert client_id == named or (manner == "new" and len(client_id) == 36)
    floor.trade(Side.BUY, "59600", "0.5")
    assert floor.news(session)[-1] == "-full_fill 0/0.5"


@pytest.mark.parametrize("announced", [True, False])
def test_a_market_stop_trades_at_once(announced: bool) -> None:
    floor = Floor(announce_child=announced)
    session = floor.listen("fills", "open_orders")
    floor.send(STOP)
    floor.bid("59400", "2")
    floor.news(session)
    floor.set_price("last", "59500")
    child = ["+limit_order_from_stop 0.5/0"] if announced else []
    assert floor.news(session) == ["-stop_order_triggered 0.5/0", *child, "fill 0.5@59400", "-full_fill 0/0.5"]


def test_a_child_that_trades_in_part_rests_with_what_is_left() -> None:
    for announced, told in ((True, "+partial_fill 0.3/0.2"), (False, "+limit_order_from_stop 0.3/0.2")):
        floor = Floor(announce_child=announced)
        session = floor.listen("fills", "open_orders")
        floor.send(STOP + "&limitPrice=59400")
        floor.bid("59400", "0.2")
        floor.set_price("last", "59500")
        assert floor.news(session)[-2:] == ["fill 0.2@59400", told]


@pytest.mark.parametrize(
    ("kind", "side", "signal", "moves", "fires"),
    [
        ("stp", "sell", "last", ("mark", "64000"), False),
        ("stp", "sell", "last", ("last", "64000"), True),
        ("stp", "sell", "last", ("last", "64000.5"), False),
        ("stp", "buy", "mark", ("mark", "66000"), True),
        ("stp", "buy", "mark", ("last", "66000"), False),
        ("take_profit", "sell", "index", ("index", "66000"), True),
        ("take_profit", "buy", "index", ("index", "64000"), True),
        ("take_profit", "buy", "index", ("index", "66000"), False),
    ],
)
def test_triggers_watch_their_own_price_from_their_own_side(
    kind: str, side: str, signal: str, moves: tuple[str, str], fires: bool
) -> None:
    floor = Floor()
    above = (side == "buy") != (kind == "take_profit")
    price = "66000" if above else "64000"
    floor.send(
        f"orderType={kind}&symbol=PF_XBTUSD&side={side}&size=1&stopPrice={price}&triggerSignal={signal}"
        "&limitPrice=65000&cliOrdId=t"
    )
    floor.set_price(*moves)
    (row,) = floor.get("openorders")["openOrders"]
    assert row["orderType"] == ("lmt" if fires else kind)


def test_a_trigger_that_is_reached_already_fires_at_once() -> None:
    floor = Floor()
    session = floor.listen("open_orders")
    floor.send("orderType=stp&symbol=PF_XBTUSD&side=buy&size=1&stopPrice=65000&limitPrice=64000")
    assert floor.news(session) == [
        "+new_placed_order_by_user 1/0",
        "-stop_order_triggered 1/0",
        "+limit_order_from_stop 1/0",
    ]


@pytest.mark.parametrize(
    ("deviation", "unit", "top", "level"),
    [("5", "PERCENT", "70000", "66500"), ("1000", "QUOTE_CURRENCY", "70000", "69000")],
)
def test_a_trailing_stop_follows_the_best_price(deviation: str, unit: str, top: str, level: str) -> None:
    floor = Floor()
    session = floor.listen("open_orders")
    floor.send(
        "orderType=trailing_stop&symbol=PF_XBTUSD&side=sell&size=0.2&triggerSignal=mark&cliOrdId=sim-f-4"
        f"&trailingStopMaxDeviation={deviation}&trailingStopDeviationUnit={unit}"
    )
    order = floor.heard[session][0]["order"]
    assert (order["type"], order["trailing_stop_options"]) == (
        "trailing_stop",
        {"max_deviation": int(deviation), "unit": unit.lower()},
    )
    floor.set_price("mark", top)
    floor.set_price("mark", str(Decimal(level) + 1))
    (row,) = floor.get("openorders")["openOrders"]
    assert (row["orderType"], row["stopPrice"]) == ("trailing_stop", Decimal(level))
    floor.news(session)
    floor.set_price("mark", level)
    assert floor.news(session)[0] == "-stop_order_triggered 0.2/0"


def test_a_deviation_beyond_the_limits_is_refused() -> None:
    text = "orderType=trailing_stop&symbol=PF_XBTUSD&side=sell&size=1&trailingStopDeviationUnit=PERCENT"
    for deviation, status in (("0.05", "invalidPrice"), ("0.1", "placed"), ("50", "placed"), ("50.1", "invalidPrice")):
        assert Floor().send(f"{text}&trailingStopMaxDeviation={deviation}")["status"] == status


@pytest.mark.parametrize(("value", "unit", "limit"), [("-100", "QUOTE_CURRENCY", "59400"), ("1", "PERCENT", "60095")])
def test_the_limit_can_be_an_offset_from_the_trigger(value: str, unit: str, limit: str) -> None:
    floor = Floor()
    session = floor.listen("open_orders")
    floor.send(STOP + f"&limitPriceOffsetValue={value}&limitPriceOffsetUnit={unit}")
    floor.set_price("last", "59000")
    assert floor.heard[session][-1]["order"]["limit_price"] == Decimal(limit)


@pytest.mark.parametrize(
    ("manner", "statuses"),
    [
        ("same", [("TRIGGER_ACTIVATION_FAILURE", "WOULD_NOT_REDUCE_POSITION")]),
        ("new", [("REJECTED", "WOULD_NOT_REDUCE_POSITION")]),
    ],
)
def test_a_stop_that_may_not_reduce_fails_when_it_fires(manner: str, statuses: list[tuple[str, str]]) -> None:
    floor = Floor(child_order_id=manner)
    session = floor.listen("open_orders")
    floor.send(STOP + "&reduceOnly=true&limitPrice=59000")
    floor.news(session)
    floor.set_price("last", "59500")
    assert floor.news(session) == ["-stop_order_triggered 0.5/0", "-would_not_reduce_position"]
    rows = floor.post("orders/status", "cliOrdIds=sim-f-2")["orders"]
    assert [(row["status"], row["updateReason"]) for row in rows] == statuses


def test_fired_stops_set_off_others() -> None:
    floor = Floor()
    session = floor.listen("fills")
    floor.bid("64000", "1")
    floor.bid("63500", "5")
    for stop in ("64900", "64000", "63500"):
        floor.send(f"orderType=stp&symbol=PF_XBTUSD&side=sell&size=1&stopPrice={stop}")
    floor.set_price("last", "64900")
    assert floor.news(session) == ["fill 1@64000", "fill 1@63500", "fill 1@63500"]


def test_a_trigger_is_edited_while_it_waits() -> None:
    floor = Floor()
    session = floor.listen("open_orders")
    floor.send(STOP)
    floor.news(session)
    answer = floor.post("editorder", "cliOrdId=sim-f-2&stopPrice=60000&size=0.7")["editStatus"]
    assert answer["status"] == "edited"
    assert (answer["orderEvents"][0]["old"]["stopPrice"], answer["orderEvents"][0]["new"]["stopPrice"]) == (
        59500,
        60000,
    )
    floor.set_price("last", "60000")
    assert floor.news(session)[:2] == ["+edited_by_user 0.7/0", "-stop_order_triggered 0.7/0"]


def test_a_trailing_distance_is_edited_and_still_follows_the_best_price() -> None:
    floor = Floor()
    floor.send(
        "orderType=trailing_stop&symbol=PF_XBTUSD&side=sell&size=1&cliOrdId=t"
        "&trailingStopMaxDeviation=1000&trailingStopDeviationUnit=QUOTE_CURRENCY"
    )
    floor.set_price("last", "66000")
    floor.set_price("last", "65500")
    wider = "cliOrdId=t&trailingStopMaxDeviation=2000&trailingStopDeviationUnit=QUOTE_CURRENCY"
    assert floor.post("editorder", wider)["editStatus"]["status"] == "edited"
    assert floor.get("openorders")["openOrders"][0]["stopPrice"] == 64000
    floor.lmt("buy", "1", "64000", "plain")
    plain = wider.replace("cliOrdId=t", "cliOrdId=plain")
    assert floor.post("editorder", plain)["editStatus"]["status"] == "orderForEditNotAStop"


def test_waiting_orders_fire_in_the_order_in_which_they_came() -> None:
    triggers = Triggers()
    for name, level in (("b", "99"), ("a", "98"), ("c", "97")):
        triggers.add(Waiting(order_id=name, reference=Reference.MARK, when=When.BELOW, level=Decimal(level)))
    assert triggers.update(Reference.LAST, Decimal(90)) == ()
    assert triggers.update(Reference.MARK, Decimal(98)) == ("b", "a")
    assert "a" not in triggers
    assert triggers.remove("a") is None
    with pytest.raises(ValueError, match="waits already"):
        triggers.add(Waiting(order_id="c", reference=Reference.MARK, when=When.BELOW))


def test_a_trailing_level_never_goes_back() -> None:
    triggers = Triggers()
    triggers.add(
        Waiting(order_id="t", reference=Reference.LAST, when=When.ABOVE, trailing=Trailing(Decimal(2), percent=True))
    )
    assert triggers.level("t") is None
    for price, level in (("100", "102"), ("90", "91.8"), ("91", "91.8")):
        assert triggers.update(Reference.LAST, Decimal(price)) == ()
        assert triggers.level("t") == Decimal(level)
    assert triggers.update(Reference.LAST, Decimal("91.8")) == ("t",)
