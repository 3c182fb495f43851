"""The simulated Kraken Spot's questions about orders and trades over REST, against what its documentation says."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from protocol.simulation.kraken_spot import KrakenSpotUser
from protocol.values import Side

from ..spot_floor import SECOND, START, Floor, Rig

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
NEVER_WAS = "ONEVER-WASAN-ORDER1"


def taker_of_three(**options: Any) -> tuple[Rig, str]:
    """An order that took three others at three prices in one go, and its id."""
    rig = Rig(**options)
    for price in ("64000.0", "64000.1", "64000.2"):
        rig.floor.trade(SELL, price, "0.1", rest=True)
    return rig, rig.added(order_type="market", limit_price=None, order_qty=0.3)


def told_trades(rig: Rig) -> list[Any]:
    return [report for report in rig.floor.reports(rig.session) if report["exec_type"] == "trade"]


def open_ids(rig: Rig, **form: Any) -> list[str]:
    return list(rig.floor.rest("OpenOrders", **form)["result"]["open"])


def closed_ids(rig: Rig, **form: Any) -> list[str]:
    return list(rig.floor.rest("ClosedOrders", **form)["result"]["closed"])


# Orders


def test_an_order_is_queried_by_its_order_id_alone() -> None:
    rig = Rig()
    first, second = rig.added(cl_ord_id="sim-0038"), rig.added()
    found = rig.floor.rest("QueryOrders", txid=f"{first},{second},{NEVER_WAS}")["result"]
    assert list(found) == [first, second]
    forms: list[dict[str, Any]] = [{}, {"userref": "1"}, {"txid": ""}, {"txid": ","}]
    for form in forms:
        assert rig.floor.rest("QueryOrders", **form) == {"error": ["EGeneral:Invalid arguments:txid"]}
    fifty_one = ",".join([first] * 51)
    assert rig.floor.rest("QueryOrders", txid=fifty_one) == {"error": ["EGeneral:Invalid arguments:txid"]}
    assert list(rig.floor.rest("QueryOrders", txid=fifty_one[20:])["result"]) == [first]


def test_a_query_by_client_order_id_is_refused_for_want_of_an_order_id() -> None:
    rig = Rig(strict=False)
    rig.added(cl_ord_id="sim-0038")
    answer = rig.floor.rest_text("QueryOrders", "nonce=NONCE&cl_ord_id=sim-0038")
    assert answer == {"error": ["EGeneral:Invalid arguments:txid"]}


def test_a_query_without_an_order_id_may_find_nothing_instead() -> None:
    rig = Rig(query_without_txid="empty", strict=False)
    rig.added(cl_ord_id="sim-0038")
    assert rig.floor.rest("QueryOrders", cl_ord_id="sim-0038") == {"error": [], "result": {}}
    assert rig.floor.rest("QueryOrders", trades="true") == {"error": [], "result": {}}


def test_a_query_can_be_narrowed_by_a_tag() -> None:
    rig = Rig()
    first, second = rig.added(order_userref=7), rig.added(order_userref=8)
    assert list(rig.floor.rest("QueryOrders", txid=f"{first},{second}", userref="8")["result"]) == [second]


def test_orders_of_others_are_not_found() -> None:
    users = (KrakenSpotUser(), KrakenSpotUser(api_key="other", account="ACCOUNT-2"))
    rig = Rig(users=users)
    order_id = rig.added(cl_ord_id="mine")
    other = ("other", users[1].api_secret)
    assert rig.floor.rest("QueryOrders", who=other, txid=order_id)["result"] == {}
    assert rig.floor.rest("OpenOrders", who=other, cl_ord_id="mine")["result"] == {"open": {}}
    assert rig.floor.rest("OrderAmends", who=other, order_id=order_id) == {"error": ["EOrder:Invalid order"]}


def test_open_and_closed_orders_are_found_by_client_order_id_and_by_tag() -> None:
    rig = Rig()
    old = rig.added(cl_ord_id="sim-0038")
    rig.say("cancel_order", order_id=[old])
    new = rig.added(cl_ord_id="sim-0038")
    tagged = rig.added(order_userref=77)
    ended = rig.added(order_userref=77)
    rig.say("cancel_order", order_id=[ended])
    assert open_ids(rig) == [new, tagged]
    assert open_ids(rig, cl_ord_id="sim-0038") == [new]
    assert open_ids(rig, userref="77") == [tagged]
    assert open_ids(rig, cl_ord_id="nobody") == []
    assert closed_ids(rig) == [ended, old]
    assert closed_ids(rig, cl_ord_id="sim-0038") == [old]
    assert closed_ids(rig, userref="77") == [ended]
    assert rig.floor.rest("ClosedOrders", cl_ord_id="sim-0038")["result"]["count"] == 1
    assert rig.floor.rest("ClosedOrders", cl_ord_id="nobody") == {"error": [], "result": {"closed": {}, "count": 0}}


def test_an_open_order_has_every_field_of_the_documentation_digit_for_digit() -> None:
    rig = Rig()
    order_id = rig.added(symbol="BTC/USD", limit_price=59000.0, cl_ord_id="sim-0038")
    assert rig.floor.rest_text("OpenOrders", "nonce=NONCE&cl_ord_id=sim-0038&trades=True") == {
        "error": [],
        "result": {
            "open": {
                order_id: {
                    "refid": None,
                    "userref": None,
                    "cl_ord_id": "sim-0038",
                    "status": "open",
                    "opentm": START,
                    "starttm": 0,
                    "expiretm": 0,
                    "descr": {
                        "pair": "XBTUSD",
                        "type": "buy",
                        "ordertype": "limit",
                        "price": "59000.0",
                        "price2": "0",
                        "leverage": "none",
                        "order": "buy 0.02000000 XBTUSD @ limit 59000.0",
                        "close": "",
                    },
                    "vol": "0.02000000",
                    "vol_exec": "0.00000000",
                    "cost": "0.00000",
                    "fee": "0.00000",
                    "price": "0.00000",
                    "stopprice": "0.00000",
                    "limitprice": "0.00000",
                    "misc": "",
                    "oflags": "fciq",
                }
            }
        },
    }


def test_an_ended_order_says_when_and_why() -> None:
    rig = Rig()
    order_id = rig.added(post_only=True)
    rig.floor.wait(2.5)
    rig.say("cancel_order", order_id=[order_id])
    row = rig.floor.rest("ClosedOrders")["result"]["closed"][order_id]
    assert (row["status"], row["closetm"], row["reason"], row["oflags"]) == (
        "canceled",
        D("1782907202.5"),
        "User requested",
        "post,fciq",
    )
    assert "closetm" not in rig.floor.rest("OpenOrders")["result"]["open"].get(rig.added(), {})


def test_what_else_happened_to_an_order_is_its_miscellany() -> None:
    rig = Rig()
    amended = rig.added(order_qty=1.0)
    rig.say("amend_order", order_id=amended, order_qty=0.9)
    rig.floor.trade(SELL, "64000.5", "0.4")
    rig.say("cancel_order", order_id=[amended])
    rig.floor.trade(BUY, "60000.0", "1", rest=True)
    fired = rig.added(side="sell", order_type="stop-loss", limit_price=None, triggers={"price": 64500.0})
    touched = rig.added(side="buy", order_type="take-profit", limit_price=None, triggers={"price": 64500.0})
    found = rig.floor.rest("QueryOrders", txid=f"{amended},{fired},{touched}")["result"]
    assert [row["misc"] for row in found.values()] == ["partial,amended", "stopped", "touched"]


def test_older_captures_wrote_none_and_zero_where_there_is_nothing() -> None:
    rig = Rig(refid_as_text=True, zero_userref=True)
    (row,) = rig.floor.rest("QueryOrders", txid=rig.added())["result"].values()
    assert (row["refid"], row["userref"]) == ("None", 0)


def test_an_order_by_value_counts_in_quote_currency() -> None:
    rig = Rig()
    rig.floor.trade(SELL, "64000.0", "1", rest=True)
    answer = rig.floor.rest("AddOrder", pair="XBTUSD", type="buy", ordertype="market", volume="640", oflags="viqc")
    (order_id,) = answer["result"]["txid"]
    row = rig.floor.rest("QueryOrders", txid=order_id)["result"][order_id]
    assert (row["vol"], row["vol_exec"], row["cost"], row["oflags"]) == (
        "640.00000000",
        "640.00000000",
        "640.00000",
        "viqc,fciq",
    )


def test_closed_orders_are_listed_by_either_time_page_by_page() -> None:
    rig = Rig()
    ids = []
    for _ in range(3):  # opened at 0, 20, 40, closed at 10, 30, 50
        ids.append(rig.added())
        rig.floor.wait(10)
        rig.say("cancel_order", order_id=[ids[-1]])
        rig.floor.wait(10)
    first, second, third = ids
    assert closed_ids(rig) == [third, second, first]
    assert closed_ids(rig, ofs="1") == [second, first]
    assert closed_ids(rig, start=str(START + 10), end=str(START + 30), closetime="close") == [second]
    assert closed_ids(rig, start=str(START + 20), end=str(START + 40), closetime="open") == [third]
    assert closed_ids(rig, start=str(START + 10), end=str(START + 20), closetime="both") == [second]
    assert closed_ids(rig, start=str(START + 10.5), end=str(START + 29.5)) == [second]
    assert closed_ids(rig, start=first) == [third, second]
    assert closed_ids(rig, end=second) == [second, first]
    assert closed_ids(rig, start=first, end=second) == [second]
    assert "count" not in rig.floor.rest("ClosedOrders", without_count="true")["result"]
    unusable: dict[str, Any] = {"closetime": "never", "start": NEVER_WAS, "end": "never", "ofs": "-1"}
    for name, value in unusable.items():
        assert rig.floor.rest("ClosedOrders", **{name: value}) == {"error": [f"EGeneral:Invalid arguments:{name}"]}


# Trades


def test_what_a_taker_took_in_one_go_is_one_trade_unless_asked_for_part_by_part() -> None:
    rig, order_id = taker_of_three()
    parts = told_trades(rig)
    ids = [part["exec_id"] for part in parts]
    ((trade_id, row),) = rig.floor.rest("TradesHistory")["result"]["trades"].items()
    assert trade_id not in ids
    assert trade_id.startswith("T")
    assert row == {
        "ordertxid": order_id,
        "postxid": row["postxid"],
        "pair": "XXBTZUSD",
        "time": START,
        "type": "buy",
        "ordertype": "market",
        "price": "64000.10000",
        "cost": "19200.03000",
        "fee": "49.920078",
        "vol": "0.30000000",
        "margin": "0.00000",
        "leverage": "0",
        "misc": "",
        "trade_id": parts[0]["trade_id"],
        "maker": False,
    }
    single = rig.floor.rest("TradesHistory", consolidate_taker="false")["result"]
    assert list(single["trades"]) == ids[::-1]
    assert single["count"] == 3
    assert [row["price"] for row in single["trades"].values()] == ["64000.20000", "64000.10000", "64000.00000"]
    assert rig.floor.rest("TradesHistory", consolidate_taker="True")["result"]["count"] == 1


def test_a_trade_that_was_put_together_may_carry_the_id_of_its_first_part() -> None:
    rig, order_id = taker_of_three(consolidated_id="first")
    first = told_trades(rig)[0]["exec_id"]
    ((trade_id, row),) = rig.floor.rest("TradesHistory")["result"]["trades"].items()
    assert (trade_id, row["vol"]) == (first, "0.30000000")
    assert rig.floor.rest("QueryOrders", txid=order_id, trades="true")["result"][order_id]["trades"] == [first]


@pytest.mark.parametrize("call", ["QueryOrders", "ClosedOrders"])
def test_the_trades_of_an_order_follow_the_same_rule(call: str) -> None:
    rig, order_id = taker_of_three()

    def trades(**form: Any) -> list[str] | None:
        named: dict[str, Any] = {"txid": order_id} if call == "QueryOrders" else {}
        result = rig.floor.rest(call, **named, **form)["result"]
        row = result[order_id] if call == "QueryOrders" else result["closed"][order_id]
        found: list[str] | None = row.get("trades")
        return found

    together = list(rig.floor.rest("TradesHistory")["result"]["trades"])
    assert trades() is None
    assert trades(trades="false") is None
    assert trades(trades="true") == together
    assert trades(trades="true", consolidate_taker="true") == together
    parts = [report["exec_id"] for report in told_trades(rig)]
    assert trades(trades="true", consolidate_taker="false") == parts


def test_fills_of_a_maker_and_of_separate_goes_stay_apart() -> None:
    rig = Rig()
    rig.added(order_qty=0.3)
    rig.floor.trade(SELL, "64000.5", "0.1")
    rig.floor.trade(SELL, "64000.5", "0.2")
    ids = [report["exec_id"] for report in told_trades(rig)]
    assert list(rig.floor.rest("TradesHistory")["result"]["trades"]) == ids[::-1]


def test_a_trade_tells_its_ledger_entries_and_a_rebate_with_its_sign() -> None:
    rig = Rig(users=(KrakenSpotUser(maker_fee=D("-0.0002")),))
    rig.added(symbol="SOL/EUR", order_qty=40.0, limit_price=150.0)
    rig.floor.trade(SELL, "150.00", "40", symbol="SOL/EUR")
    (row,) = rig.floor.rest("TradesHistory", ledgers="true")["result"]["trades"].values()
    assert (row["pair"], row["price"], row["cost"], row["fee"]) == ("SOLEUR", "150.00000", "6000.00000", "-1.20000")
    assert (row["maker"], len(row["ledgers"])) == (True, 2)
    assert all(entry.startswith("L") for entry in row["ledgers"])
    assert "ledgers" not in next(iter(rig.floor.rest("TradesHistory")["result"]["trades"].values()))
    (order,) = rig.floor.rest("ClosedOrders")["result"]["closed"].values()
    assert order["fee"] == "-1.20000"


def test_a_fee_in_base_currency_is_told_at_its_worth_in_quote_currency() -> None:
    rig = Rig()
    rig.added(fee_preference="base", order_qty=1.0)
    rig.floor.trade(SELL, "64000.5", "1")
    (row,) = rig.floor.rest("TradesHistory")["result"]["trades"].values()
    assert row["fee"] == "102.40080"


def test_trades_are_listed_in_a_range_and_from_one_id_to_another() -> None:
    rig = Rig()
    rig.added(order_qty=1.0)
    for _ in range(3):
        rig.floor.trade(SELL, "64000.5", "0.1")
        rig.floor.wait(10)
    first, second, third = [report["exec_id"] for report in told_trades(rig)]

    def listed(**form: Any) -> list[str]:
        return list(rig.floor.rest("TradesHistory", **form)["result"]["trades"])

    assert listed() == [third, second, first]
    assert listed(start=str(START), end=str(START + 20)) == [third, second]
    assert listed(start=str(START), end=str(START + 19.999)) == [second]
    assert listed(start=first) == [third, second]
    assert listed(end=second) == [second, first]
    assert listed(ofs="2") == [first]
    assert "count" not in rig.floor.rest("TradesHistory", without_count="True")["result"]
    assert rig.floor.rest("TradesHistory", type="odd") == {"error": ["EGeneral:Invalid arguments:type"]}
    assert rig.floor.rest("TradesHistory", start="TNEVER-WASAN-TRADE1")["error"] != []


def test_trades_are_listed_by_what_they_did_to_a_position() -> None:
    rig = Rig()
    rig.floor.trade(BUY, "64000.0", "1", rest=True)
    for terms in ({"margin": True}, {}):
        rig.added(order_qty=0.5, **terms)
        rig.floor.trade(SELL, "64000.5", "0.5")
    rig.added(side="sell", margin=True, reduce_only=True, order_qty=0.5, limit_price=64000.0)
    opening, plain, closing = [report["exec_id"] for report in told_trades(rig)]

    def listed(kind: str) -> list[str]:
        return list(rig.floor.rest("TradesHistory", type=kind)["result"]["trades"])

    assert listed("all") == [closing, plain, opening]
    assert listed("any position") == [closing, opening]
    assert listed("no position") == [plain]
    assert listed("closing position") == [closing]
    assert listed("closed position") == [opening]
    row = rig.floor.rest("QueryTrades", txid=closing)["result"][closing]
    assert (row["misc"], row["leverage"], row["margin"]) == ("closing", "5", "6400.00000")
    assert "posstatus" not in row
    row = rig.floor.rest("QueryTrades", txid=opening)["result"][opening]
    assert {name: row[name] for name in ("posstatus", "cprice", "ccost", "cvol", "cmargin", "net", "trades")} == {
        "posstatus": "closed",
        "cprice": 64000,
        "ccost": 32000,
        "cvol": D("0.5"),
        "cmargin": 6400,
        "net": D("-0.25"),
        "trades": [closing],
    }


def test_trades_are_queried_by_their_ids() -> None:
    rig, _ = taker_of_three()
    first, second, _ = [report["exec_id"] for report in told_trades(rig)]
    (together,) = rig.floor.rest("TradesHistory")["result"]["trades"]
    found = rig.floor.rest("QueryTrades", txid=f"{second},{first},TNEVER-WASAN-TRADE1", trades="False")["result"]
    assert list(found) == [second, first]
    assert (found[first]["vol"], found[first]["price"]) == ("0.10000000", "64000.00000")
    assert rig.floor.rest("QueryTrades", txid=together)["result"][together]["vol"] == "0.30000000"
    for txid in ("", ",".join([first] * 21)):
        assert rig.floor.rest("QueryTrades", txid=txid) == {"error": ["EGeneral:Invalid arguments:txid"]}


# Amendments


def test_the_changes_of_an_order_begin_with_it_as_it_was_placed() -> None:
    rig = Rig()
    order_id = rig.added(symbol="ETH/USD", side="sell", order_qty=2.5, limit_price=3020.1)
    assert rig.floor.rest("OrderAmends", order_id=order_id)["result"] == {"amends": [], "count": 0}
    rig.floor.wait(1)
    rig.floor.trade(BUY, "3020.10", "0.5", symbol="ETH/USD")
    rig.say("amend_order", order_id=order_id, order_qty=2.4)
    amend_id = rig.floor.heard[rig.session][-2]["result"]["amend_id"]
    rig.floor.wait(1)
    rig.floor.take(rig.floor.exchange.restate_order(order_id, D("2.0"), "Engine maintenance", rig.floor.now))
    result = rig.floor.rest("OrderAmends", order_id=order_id)["result"]
    original, user, restated = result["amends"]
    assert result["count"] == 3
    assert original == {
        "amend_id": original["amend_id"],
        "amend_type": "original",
        "order_qty": "2.50000000",
        "remaining_qty": "2.50000000",
        "limit_price": "3020.10",
        "timestamp": START * SECOND,
    }
    assert user == {
        "amend_id": amend_id,
        "amend_type": "user",
        "order_qty": "2.40000000",
        "remaining_qty": "1.90000000",
        "limit_price": "3020.10",
        "reason": "User requested",
        "post_only": False,
        "timestamp": (START + 1) * SECOND,
    }
    assert (restated["amend_type"], restated["order_qty"], restated["reason"]) == (
        "restated",
        "2.00000000",
        "Engine maintenance",
    )
    assert len({row["amend_id"] for row in result["amends"]}) == 3
    assert rig.floor.rest("OrderAmends", order_id=NEVER_WAS) == {"error": ["EOrder:Invalid order"]}
    assert rig.floor.rest("OrderAmends") == {"error": ["EGeneral:Invalid arguments:order_id"]}


def test_the_changes_of_a_trigger_and_of_an_iceberg_show_theirs() -> None:
    rig = Rig()
    stop = rig.added(order_type="stop-loss", limit_price=None, triggers={"price": 65000.0})
    rig.say("amend_order", order_id=stop, trigger_price=65500.0)
    rows = rig.floor.rest("OrderAmends", order_id=stop)["result"]["amends"]
    assert [row["trigger_price"] for row in rows] == ["65000.0", "65500.0"]
    assert "limit_price" not in rows[0]
    iceberg = rig.added(order_type="iceberg", order_qty=1.0, display_qty=0.5)
    rig.say("amend_order", order_id=iceberg, display_qty=0.25)
    rows = rig.floor.rest("OrderAmends", order_id=iceberg)["result"]["amends"]
    assert [row["display_qty"] for row in rows] == ["0.50000000", "0.25000000"]


# A minute behind


def test_rest_shows_the_book_as_it_was_a_while_ago() -> None:
    rig = Rig(rest_lag=30 * SECOND)
    order_id = rig.added(order_qty=1.0, cl_ord_id="slow")
    assert open_ids(rig) == []
    assert rig.floor.rest("QueryOrders", txid=order_id)["result"] == {}
    rig.floor.wait(10)
    rig.say("amend_order", order_id=order_id, order_qty=0.9)
    rig.floor.wait(10)
    rig.floor.trade(SELL, "64000.5", "0.4")
    rig.floor.wait(10)
    rig.say("cancel_order", order_id=[order_id])

    def row() -> Any:
        (found,) = rig.floor.rest("QueryOrders", txid=order_id, trades="true")["result"].values()
        return found

    def counts() -> tuple[int, int, int]:
        trades = rig.floor.rest("TradesHistory")["result"]["count"]
        return len(open_ids(rig, cl_ord_id="slow")), trades, len(closed_ids(rig, cl_ord_id="slow"))

    assert (row()["vol"], row()["status"], counts()) == ("1.00000000", "open", (1, 0, 0))
    assert rig.floor.rest("OrderAmends", order_id=order_id)["result"]["count"] == 0
    rig.floor.wait(10)
    assert (row()["vol"], row()["vol_exec"], counts()) == ("0.90000000", "0.00000000", (1, 0, 0))
    assert rig.floor.rest("OrderAmends", order_id=order_id)["result"]["count"] == 2
    assert "trades" not in row()
    rig.floor.wait(10)
    assert (row()["vol_exec"], row()["cost"], row()["status"], counts()) == (
        "0.40000000",
        "25600.20000",
        "open",
        (1, 1, 0),
    )
    assert len(row()["trades"]) == 1
    rig.floor.wait(10)
    assert (row()["status"], counts()) == ("canceled", (0, 1, 1))


def test_rest_learns_of_an_end_that_no_report_tells() -> None:
    rig = Rig(rest_lag=30 * SECOND, omit_filled=True)
    rig.added(order_qty=0.4)
    rig.floor.trade(SELL, "64000.5", "0.4")
    rig.floor.wait(29)
    assert closed_ids(rig) == []
    rig.floor.wait(1)
    assert (open_ids(rig), len(closed_ids(rig))) == ([], 1)


def test_the_socket_does_not_lag() -> None:
    rig = Rig(rest_lag=60 * SECOND)
    rig.added()
    assert rig.kinds == ["pending_new", "new"]
    again = rig.floor.say(rig.session, "subscribe", channel="executions", token=rig.token)
    assert len(again[1]["data"]) == 1


def test_a_lag_beyond_a_minute_is_none_of_this_venue() -> None:
    with pytest.raises(ValueError):
        Floor(rest_lag=61 * SECOND)
