"""Every spelling that the simulated Kraken Spot takes over REST: booleans, times, numbers, distances, closes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from protocol.simulation.kraken_spot import KrakenSpotUser
from protocol.values import Side

from ..spot_floor import Floor, Rig

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
LIMIT: dict[str, Any] = {"pair": "XBTUSD", "type": "buy", "ordertype": "limit", "volume": "0.02", "price": "59000"}
LEG = {"type": "buy", "ordertype": "limit", "volume": "0.01", "price": "59000"}


def descr(floor: Floor, **form: Any) -> Any:
    answer = floor.rest("AddOrder", **{key: value for key, value in (LIMIT | form).items() if value is not None})
    assert answer["error"] == []
    return answer["result"]["descr"]


def refused(floor: Floor, **form: Any) -> str:
    (text,) = floor.rest("AddOrder", **{k: v for k, v in (LIMIT | form).items() if v is not None})["error"]
    return str(text)


def child(floor: Floor) -> Any:
    """The order that a conditional close has placed."""
    (row,) = [row for row in floor.rest("OpenOrders")["result"]["open"].values() if row["refid"] is not None]
    return row


# Booleans


@pytest.mark.parametrize("spelling", ["true", "True", "TRUE"])
def test_true_is_read_without_regard_to_case(spelling: str) -> None:
    assert "txid" not in Floor().rest("AddOrder", **LIMIT, validate=spelling)["result"]


@pytest.mark.parametrize("spelling", ["false", "False", "FALSE"])
def test_false_is_read_without_regard_to_case(spelling: str) -> None:
    answer = Floor().rest("AddOrder", **LIMIT, validate=spelling, reduce_only=spelling)
    assert len(answer["result"]["txid"]) == 1


@pytest.mark.parametrize("spelling", ["1", "0", "yes", "t"])
def test_anything_else_is_no_boolean(spelling: str) -> None:
    floor = Floor()
    assert refused(floor, validate=spelling) == "EGeneral:Invalid arguments:validate"
    answer = floor.rest("OpenOrders", trades=spelling)
    assert answer == {"error": ["EGeneral:Invalid arguments:trades"]}


def test_one_and_zero_may_be_booleans_after_all() -> None:
    floor = Floor(numeric_booleans=True)
    assert "txid" not in floor.rest("AddOrder", **LIMIT, validate="1")["result"]
    assert "txid" in floor.rest("AddOrder", **LIMIT, validate="0")["result"]
    assert refused(floor, validate="2") == "EGeneral:Invalid arguments:validate"


def test_json_has_booleans_of_its_own_and_takes_text() -> None:
    floor = Floor()
    assert "txid" not in floor.rest_json("AddOrder", **LIMIT, validate=True)["result"]
    assert "txid" not in floor.rest_json("AddOrder", **LIMIT, validate="True")["result"]
    assert floor.rest_json("AddOrder", **LIMIT, validate=1) == {"error": ["EGeneral:Invalid arguments:validate"]}


# Times


@pytest.mark.parametrize(
    "deadline",
    [
        "2026-07-01T12:00:20Z",
        "2026-07-01T12:00:20+00:00",
        "2026-07-01T12:00:20.000000+00:00",
        "2026-07-01T14:00:20.000+02:00",
        "2026-07-01T07:00:20-05:00",
        "2026-07-01T17:30:20+05:30",
        "2026-07-01T12:00:02Z",
        "2026-07-01T12:01:00Z",
    ],
)
def test_a_deadline_may_have_any_offset(deadline: str) -> None:
    assert "order" in descr(Floor(), deadline=deadline)
    rig = Rig()
    assert rig.add(deadline=deadline)[0]["success"]


def test_a_deadline_over_rest_is_two_seconds_ahead_at_least() -> None:
    floor = Floor()
    assert refused(floor, deadline="2026-07-01T12:00:01.999Z") == "EGeneral:Invalid arguments:deadline"
    assert refused(floor, deadline="2026-07-01T12:01:00.001Z") == "EGeneral:Invalid arguments:deadline"
    assert refused(floor, deadline="2026-07-01T11:59:59.999Z") == "EService:Deadline elapsed"
    assert refused(floor, deadline="2026-07-01T14:00:20") == "EGeneral:Invalid arguments:deadline"
    assert Rig().add(deadline="2026-07-01T12:00:00.500Z")[0]["success"]


def test_an_expiry_over_the_socket_may_have_an_offset() -> None:
    rig = Rig()
    rig.added(time_in_force="gtd", expire_time="2026-07-01T14:00:30+02:00")
    assert rig.floor.reports(rig.session)[0]["expire_time"] == "2026-07-01T12:00:30.000000Z"
    rig.floor.wait(31)
    assert rig.kinds[-1] == "expired"


# Numbers


@pytest.mark.parametrize(
    ("price", "shown"),
    [
        ("60000.5", "60000.5"),
        ('"60000.5"', "60000.5"),
        ("60000", "60000.0"),
        ("60000.50", "60000.5"),
        ("6e4", "60000.0"),
    ],
)
def test_a_json_body_has_prices_as_numbers_or_text(price: str, shown: str) -> None:
    body = (
        '{"nonce":NONCE,"pair":"XBTUSD","orders":['
        f'{{"type":"buy","ordertype":"limit","volume":0.01,"price":{price}}},'
        '{"type":"buy","ordertype":"limit","volume":"0.01","price":"59000"}]}'
    )
    answer = Floor().rest_text("AddOrderBatch", body, "application/json")
    assert answer["error"] == []
    assert answer["result"]["orders"][0]["descr"] == {"order": f"buy 0.01000000 XBTUSD @ limit {shown}"}


def test_a_number_is_taken_digit_for_digit() -> None:
    body = '{"nonce":"NONCE","pair":"XBTUSD","type":"buy","ordertype":"limit","volume":0.12345678,"price":59000.1}'
    answer = Floor().rest_text("AddOrder", body, "application/json")
    assert answer["result"]["descr"] == {"order": "buy 0.12345678 XBTUSD @ limit 59000.1"}


@pytest.mark.parametrize("volume", ["1_000", "\uff11", "0x10", "NaN", "Infinity", "1e99", "--1", "1 0"])
def test_what_is_no_number_is_refused(volume: str) -> None:
    assert refused(Floor(), volume=volume) == "EGeneral:Invalid arguments:volume"


# Distances


@pytest.mark.parametrize(
    ("form", "sentence", "stands"),
    [
        ({"price": "-2%"}, "limit -2.0000%", "62720"),
        ({"price": "-1000"}, "limit -1000.0", "63000"),
        ({"price": "+0.5%"}, "limit +0.5000%", "64320"),
        ({"price": "#2%"}, "limit -2.0000%", "62720"),
        ({"price": "#2%", "type": "sell"}, "limit +2.0000%", "65280"),
        ({"price": "#1000.5", "type": "sell"}, "limit +1000.5", "65000.5"),
    ],
)
def test_a_limit_may_be_a_distance_from_the_last_price(form: dict[str, Any], sentence: str, stands: str) -> None:
    rig = Rig()
    assert descr(rig.floor, **form)["order"].endswith(f"XBTUSD @ {sentence}")
    pending = rig.floor.reports(rig.session)[0]
    assert (pending["limit_price"], pending["limit_price_type"]) == (D(stands), "static")


@pytest.mark.parametrize(
    ("form", "sentence", "fires", "limit"),
    [
        ({"price": "70000", "price2": "+1000"}, "stop loss 70000.0 -> limit +1000.0", "70000", "71000"),
        ({"price": "70000", "price2": "#1%"}, "stop loss 70000.0 -> limit +1.0000%", "70000", "70700"),
        ({"price": "+5%", "price2": "-10"}, "stop loss +5.0000% -> limit -10.0", "67200", "67190"),
        ({"price": "#640", "price2": "70000"}, "stop loss +640.0 -> limit 70000.0", "64640", "70000"),
        (
            {"type": "sell", "price": "#5%", "price2": "#100"},
            "stop loss -5.0000% -> limit -100.0",
            "60800",
            "60700",
        ),
        (
            {"type": "sell", "ordertype": "take-profit-limit", "price": "#5%", "price2": "-1%"},
            "take profit +5.0000% -> limit -1.0000%",
            "67200",
            "66528",
        ),
    ],
)
def test_a_trigger_and_its_limit_may_be_distances(form: dict[str, Any], sentence: str, fires: str, limit: str) -> None:
    rig = Rig()
    shown = descr(rig.floor, **({"ordertype": "stop-loss-limit"} | form))
    assert shown["order"].endswith(f"XBTUSD @ {sentence}")
    pending = rig.floor.reports(rig.session)[0]
    assert (pending["stop_price"], pending["limit_price"]) == (D(fires), D(limit))
    (row,) = rig.floor.rest("OpenOrders")["result"]["open"].values()
    first, _, second = sentence.removeprefix("stop loss ").removeprefix("take profit ").partition(" -> limit ")
    assert (row["descr"]["price"], row["descr"]["price2"]) == (first, second)


def test_the_limit_of_a_trigger_may_be_measured_from_the_last_price() -> None:
    rig = Rig(limit_distance_from="last")
    descr(rig.floor, ordertype="stop-loss-limit", price="70000", price2="+1000")
    assert rig.floor.reports(rig.session)[0]["limit_price"] == 65000


def test_a_stop_at_a_distance_fires_where_that_lies() -> None:
    rig = Rig()
    rig.floor.trade(SELL, "66000", "1", rest=True)
    descr(rig.floor, ordertype="stop-loss", price="+1%")
    pending = rig.floor.reports(rig.session)[0]
    assert (pending["triggers"]["price"], pending["triggers"]["price_type"]) == (1, "pct")
    assert pending["triggers"]["actual_price"] == 64640
    rig.floor.trade(BUY, "66000", "0.5")
    assert rig.kinds[-3:] == ["status", "trade", "filled"]


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"ordertype": "trailing-stop", "price": "+1.5%", "type": "sell"}, "trailing stop +1.5000%"),
        ({"ordertype": "trailing-stop", "price": "+500"}, "trailing stop +500.0"),
        (
            {"ordertype": "trailing-stop-limit", "price": "+1%", "price2": "-10", "type": "sell"},
            "trailing stop +1.0000% -> limit -10.0",
        ),
        (
            {"ordertype": "trailing-stop-limit", "price": "+1%", "price2": "+0.5%"},
            "trailing stop +1.0000% -> limit +0.5000%",
        ),
        ({"ordertype": "trailing-stop-limit", "price": "+1%", "price2": "+0"}, "trailing stop +1.0000% -> limit +0.0"),
    ],
)
def test_a_trailing_stop_has_distances_alone(form: dict[str, Any], sentence: str) -> None:
    assert descr(Floor(), **form)["order"].endswith(f"XBTUSD @ {sentence}")


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"ordertype": "trailing-stop", "price": "60000"}, "EGeneral:Invalid arguments:price"),
        ({"ordertype": "trailing-stop", "price": "-1%"}, "EGeneral:Invalid arguments:price"),
        (
            {"ordertype": "trailing-stop-limit", "price": "+1%", "price2": "59000"},
            "EGeneral:Invalid arguments:price2",
        ),
        ({"price": "2%"}, "EOrder:Invalid price"),
        ({"price": "+-2%"}, "EGeneral:Invalid arguments:price"),
        ({"price": "%"}, "EGeneral:Invalid arguments:price"),
        ({"price": "+"}, "EGeneral:Invalid arguments:price"),
        ({"price": "-100%"}, None),
    ],
)
def test_a_distance_that_makes_no_sense_is_refused(form: dict[str, Any], error: str | None) -> None:
    floor = Floor()
    if error is None:  # a tick is the lowest price that there is; it is worth too little
        assert refused(floor, **form) == "EOrder:Cost minimum not met"
    else:
        assert refused(floor, **form) == error


def test_an_amendment_over_rest_may_name_distances() -> None:
    rig = Rig()
    plain = rig.added()
    assert rig.floor.rest("AmendOrder", txid=plain, limit_price="-1%")["error"] == []
    assert (rig.last["limit_price"], rig.last["limit_price_type"]) == (63360, "static")
    trailing = rig.added(
        order_type="trailing-stop", side="sell", limit_price=None, triggers={"price": 500.0, "price_type": "quote"}
    )
    assert rig.floor.rest("AmendOrder", txid=trailing, trigger_price="+2%")["error"] == []
    triggers = rig.last["triggers"]
    assert (triggers["price"], triggers["price_type"], triggers["actual_price"]) == (2, "pct", 62720)
    answer = rig.floor.rest("AmendOrder", txid=plain, trigger_price="60000")
    assert answer == {"error": ["EGeneral:Invalid arguments:trigger_price"]}


# Conditional closes


def test_a_form_spells_its_close_with_brackets() -> None:
    floor = Floor()
    body = (
        "nonce=NONCE&pair=XBTUSD&type=buy&ordertype=limit&volume=0.02&price=59000&cl_ord_id=sim-0033"
        "&close%5Bordertype%5D=stop-loss-limit&close%5Bprice%5D=58000&close%5Bprice2%5D=57000"
    )
    answer = floor.rest_text("AddOrder", body)
    assert answer["result"]["descr"] == {
        "order": "buy 0.02000000 XBTUSD @ limit 59000.0",
        "close": "close position @ stop loss 58000.0 -> limit 57000.0",
    }
    (row,) = floor.rest("OpenOrders", cl_ord_id="sim-0033")["result"]["open"].values()
    assert row["descr"]["close"] == "close position @ stop loss 58000.0 -> limit 57000.0"


CLOSE = {"ordertype": "stop-loss-limit", "price": "58000", "price2": "57000"}


@pytest.mark.parametrize("call", ["AddOrder", "AddOrderBatch"])
def test_json_nests_its_close(call: str) -> None:
    floor = Floor()
    leg = LEG | {"cl_ord_id": "sim-0034", "close": CLOSE}
    if call == "AddOrder":
        shown = floor.rest_json("AddOrder", pair="XBTUSD", **leg)["result"]["descr"]
    else:
        first, second = floor.rest_json("AddOrderBatch", pair="XBTUSD", orders=[leg, LEG])["result"]["orders"]
        shown = first["descr"]
        assert second["descr"] == {"order": "buy 0.01000000 XBTUSD @ limit 59000.0"}
    assert shown == {
        "order": "buy 0.01000000 XBTUSD @ limit 59000.0",
        "close": "close position @ stop loss 58000.0 -> limit 57000.0",
    }
    floor.trade(SELL, "59000", "0.01")
    row = child(floor)
    assert (row["descr"]["type"], row["descr"]["order"], row.get("cl_ord_id", None)) == (
        "sell",
        "sell 0.01000000 XBTUSD @ stop loss 58000.0 -> limit 57000.0",
        None,
    )


@pytest.mark.parametrize("call", ["AddOrder", "AddOrderBatch"])
def test_a_form_s_keys_inside_json_are_refused_and_noted(call: str) -> None:
    floor = Floor()
    leg = LEG | {"close[ordertype]": "stop-loss", "close[price]": "58000"}
    form = leg if call == "AddOrder" else {"orders": [leg, LEG]}
    assert floor.rest_json(call, pair="XBTUSD", **form) == {"error": ["EGeneral:Invalid arguments:close"]}
    path = "close[ordertype]" if call == "AddOrder" else "orders[0].close[ordertype]"
    assert floor.exchange.violations == [f"{call}: '{path}' belongs into a form; in JSON the close is nested."]


def test_the_real_venue_may_lose_such_keys_in_silence() -> None:
    floor = Floor(json_close_keys="ignored", strict=False)
    leg = LEG | {"close[ordertype]": "stop-loss", "close[price]": "58000"}
    first, _ = floor.rest_json("AddOrderBatch", pair="XBTUSD", orders=[leg, LEG])["result"]["orders"]
    assert first["descr"] == {"order": "buy 0.01000000 XBTUSD @ limit 59000.0"}


@pytest.mark.parametrize(
    ("close", "sentence", "placed"),
    [
        ({"ordertype": "limit", "price": "65000"}, "limit 65000.0", "limit 65000.0"),
        ({"ordertype": "take-profit", "price": "#2%"}, "take profit +2.0000%", "take profit +2.0000%"),
        ({"ordertype": "stop-loss", "price": "-1000"}, "stop loss -1000.0", "stop loss -1000.0"),
        (
            {"ordertype": "take-profit-limit", "price": "77000", "price2": "#2%"},
            "take profit 77000.0 -> limit -2.0000%",
            "take profit 77000.0 -> limit -2.0000%",
        ),
        ({"ordertype": "limit", "price": "+10%"}, "limit +10.0000%", "limit +10.0000%"),
        ({"ordertype": "trailing-stop", "price": "+3%"}, "trailing stop +3.0000%", "trailing stop +3.0000%"),
        (
            {"ordertype": "trailing-stop-limit", "price": "+300", "price2": "-20"},
            "trailing stop +300.0 -> limit -20.0",
            "trailing stop +300.0 -> limit -20.0",
        ),
    ],
)
def test_a_close_may_have_distances(close: dict[str, str], sentence: str, placed: str) -> None:
    floor = Floor()
    shown = descr(floor, **{f"close[{key}]": value for key, value in close.items()})
    assert shown["close"] == f"close position @ {sentence}"
    floor.trade(SELL, "59000", "0.02")
    assert child(floor)["descr"]["order"] == f"sell 0.02000000 XBTUSD @ {placed}"


def test_the_distances_of_a_close_count_from_the_price_at_its_own_placement() -> None:
    rig = Rig()
    descr(rig.floor, **{"close[ordertype]": "limit", "close[price]": "+10%"})
    rig.floor.trade(SELL, "59000", "0.02")
    child_report = next(report for report in rig.floor.reports(rig.session) if "ord_ref_id" in report)
    assert child_report["limit_price"] == 64900  # the last price is 59000 by then


def test_each_fill_has_a_close_of_its_own_size() -> None:
    rig = Rig()
    parent = rig.added(order_qty=1.0, conditional={"order_type": "stop-loss", "trigger_price": 60000.0})
    rig.floor.trade(SELL, "64000.5", "0.25")
    rig.floor.trade(SELL, "64000.5", "0.75")
    placed = [report for report in rig.floor.reports(rig.session) if report.get("ord_ref_id") == parent]
    assert [report["order_qty"] for report in placed if report["exec_type"] == "pending_new"] == [D("0.25"), D("0.75")]


@pytest.mark.parametrize(
    "close",
    [
        {"ordertype": "market"},
        {"ordertype": "iceberg", "price": "60000"},
        {"price": "60000"},
        {"ordertype": "stop-loss"},
        {"ordertype": "limit"},
        {"ordertype": "stop-loss-limit", "price": "58000"},
        {"ordertype": "trailing-stop", "price": "58000"},
        {"ordertype": "limit", "price": "soon"},
    ],
)
def test_a_close_that_cannot_be_is_refused(close: dict[str, str]) -> None:
    floor = Floor()
    form = {f"close[{key}]": value for key, value in close.items()}
    assert refused(floor, **form) in ("EGeneral:Invalid arguments:close", "EGeneral:Invalid arguments:price")
    assert floor.rest_json("AddOrder", **LIMIT, close=close)["error"] != []


def test_the_socket_takes_a_close_with_a_client_order_id_or_refuses_the_two() -> None:
    conditional = {"order_type": "stop-loss", "trigger_price": 60000.0}
    assert Rig().add(cl_ord_id="both", conditional=conditional)[0]["success"]
    rig = Rig(named_conditionals=False)
    assert rig.refused(cl_ord_id="both", conditional=conditional) == "EGeneral:Invalid arguments:cl_ord_id"
    assert rig.add(order_userref=7, conditional=conditional)[0]["success"]
    legs = [{"side": "buy", "order_type": "limit", "order_qty": 0.01, "limit_price": 59000.0} for _ in range(2)]
    legs[0] |= {"cl_ord_id": "both", "conditional": conditional}
    assert rig.refused("batch_add", symbol="BTC/USD", orders=legs) == "EGeneral:Invalid arguments:cl_ord_id"
    assert "order" in descr(rig.floor, cl_ord_id="both", **{"close[ordertype]": "limit", "close[price]": "65000"})


def test_a_close_over_the_socket_may_have_distances() -> None:
    rig = Rig()
    rig.added(
        conditional={
            "order_type": "take-profit-limit",
            "trigger_price": 5.0,
            "trigger_price_type": "pct",
            "limit_price": 1.0,
            "limit_price_type": "pct",
        }
    )
    rig.floor.trade(SELL, "64000.5", "0.02")
    placed = next(report for report in rig.floor.reports(rig.session) if "ord_ref_id" in report)
    assert (placed["stop_price"], placed["limit_price"]) == (D("67200.5"), D("66528.5"))


# Fill or kill


@pytest.mark.parametrize("kind", ["limit", "iceberg"])
def test_fill_or_kill_is_taken_by_rest_and_by_the_socket(kind: str) -> None:
    rig = Rig()
    rig.floor.trade(SELL, "64000.0", "0.5", rest=True)
    extra = {"display_qty": 1.0} if kind == "iceberg" else {}
    rig.added(order_type=kind, order_qty=1.0, time_in_force="fok", **extra)
    assert (rig.kinds[-1], rig.last["cum_qty"]) == ("canceled", 0)
    rig.added(order_type=kind, order_qty=0.25, time_in_force="fok", **({"display_qty": 0.25} if extra else {}))
    assert rig.kinds[-1] == "filled"
    form = LIMIT | {"price": "64000", "volume": "0.25", "timeinforce": "FOK"}
    (order_id,) = rig.floor.rest("AddOrder", **form)["result"]["txid"]
    assert rig.floor.rest("QueryOrders", txid=order_id)["result"][order_id]["status"] == "closed"


def test_the_socket_may_take_no_fill_or_kill() -> None:
    rig = Rig(socket_fok=False)
    assert rig.refused(time_in_force="fok") == "EGeneral:Invalid arguments:time_in_force"
    assert rig.floor.rest("AddOrder", **LIMIT, timeinforce="FOK")["error"] == []


# The whole answer to an edit


def test_an_edit_tells_the_new_order_in_full() -> None:
    rig = Rig()
    old = rig.added(order_userref=5, limit_price=58800.0)
    body = f"nonce=NONCE&txid={old}&pair=XBTUSD&volume=0.03&price=58900&validate=false"
    answer = rig.floor.rest_text("EditOrder", body)
    new = answer["result"]["txid"]
    assert answer == {
        "error": [],
        "result": {
            "status": "ok",
            "txid": new,
            "originaltxid": old,
            "volume": "0.03000000",
            "price": "58900.0",
            "price2": "0",
            "orders_cancelled": 1,
            "descr": {"order": "buy 0.03000000 XBTUSD @ limit 58900.0"},
            "olduserref": "5",
        },
    }


def test_an_edit_of_a_trigger_has_both_prices_and_finds_it_by_its_tag() -> None:
    rig = Rig()
    old = rig.added(order_type="stop-loss-limit", limit_price=66000.0, triggers={"price": 65500.0}, order_userref=31)
    result = rig.floor.rest("EditOrder", txid="31", pair="XBTUSD", price="67000", price2="+500", userref="32")["result"]
    assert (result["originaltxid"], result["price"], result["price2"]) == (old, "67000.0", "+500.0")
    assert (result["newuserref"], result["olduserref"]) == ("32", "31")
    assert rig.floor.rest("EditOrder", txid="31", pair="XBTUSD") == {"error": ["EOrder:Invalid order"]}
    for _ in range(2):
        rig.added(order_userref=33)
    assert rig.floor.rest("EditOrder", txid="33", pair="XBTUSD")["error"] == ["EGeneral:Invalid arguments:txid"]
    assert rig.floor.rest("EditOrder", txid=old)["error"] == ["EQuery:Unknown asset pair"]


def test_some_orders_cannot_be_edited() -> None:
    rig = Rig()
    closing = rig.added(conditional={"order_type": "stop-loss", "trigger_price": 60000.0})
    executed = rig.added(order_qty=1.0, limit_price=64001.0)
    rig.floor.trade(SELL, "64001", "0.5")
    changes: list[dict[str, Any]] = [{"txid": closing, "volume": "0.03"}, {"txid": executed, "volume": "0.4"}]
    for terms in changes:
        assert rig.floor.rest("EditOrder", pair="XBTUSD", **terms) == {"error": ["EOrder:Invalid order"]}
    assert set(rig.floor.rest("OpenOrders")["result"]["open"]) == {closing, executed}


# Words of REST


@pytest.mark.parametrize(
    ("form", "key"),
    [
        ({"ordertype": "odd"}, "ordertype"),
        ({"volume": "0"}, "volume"),
        ({"price": None}, "price"),
        ({"timeinforce": "GTD"}, "expiretm"),
        ({"expiretm": "+60"}, "expiretm"),
        ({"displayvol": "0.0001", "ordertype": "iceberg"}, "displayvol"),
        ({"cl_ord_id": "a" * 19}, "cl_ord_id"),
        ({"cl_ord_id": "a", "userref": "1"}, "cl_ord_id"),
        ({"userref": "4294967296"}, "userref"),
        ({"oflags": "post", "ordertype": "market", "price": None}, "oflags"),
        ({"stptype": "cancel_newest"}, "stptype"),
    ],
)
def test_a_refusal_names_the_parameter_as_rest_does(form: dict[str, Any], key: str) -> None:
    assert refused(Floor(), **form) == f"EGeneral:Invalid arguments:{key}"


@pytest.mark.parametrize("call", ["AmendOrder", "CancelOrder", "EditOrder"])
def test_an_order_is_named_by_exactly_one_id(call: str) -> None:
    rig = Rig()
    order_id = rig.added(cl_ord_id="twice")
    form: dict[str, Any] = {"pair": "XBTUSD"} if call == "EditOrder" else {}
    assert rig.floor.rest(call, **form) == {"error": ["EGeneral:Invalid arguments:txid"]}
    if call != "EditOrder":
        both = rig.floor.rest(call, txid=order_id, cl_ord_id="twice")
        assert both == {"error": ["EGeneral:Invalid arguments:txid"]}
    assert rig.kinds == ["pending_new", "new"]


def test_free_text_ids_may_have_to_be_in_lower_case() -> None:
    rig = Rig(uppercase_ids=False)
    assert rig.refused(cl_ord_id="O202602270023") == "EGeneral:Invalid arguments:cl_ord_id"
    for name in ("o202602270023", "6D1B345E-2821-40E2-AD83-4ECB18A06876", "0123456789ABCDEF0123456789ABCDEF"):
        rig.added(cl_ord_id=name)


def test_a_key_without_permission_asks_and_places_nothing() -> None:
    floor = Floor(users=(KrakenSpotUser(may_trade=False),))
    assert refused(floor) == "EGeneral:Permission denied"
    assert floor.rest("BalanceEx")["error"] == []
