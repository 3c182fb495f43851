"""How the simulated Kraken Spot reads requests over the socket, from text typed by hand."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.simulation.kraken_spot import venue_side
from protocol.simulation.kraken_spot.parameters import AddOrder, Request, Triggers

from ..spot_floor import Rig

D = Decimal

PLACED, PLACED_NS = "2026-07-01T12:00:00.000100Z", 1782907200000100000
SEEN, SEEN_NS = "2026-07-01T12:00:00.002100Z", 1782907200002100000
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


def test_the_venue_reads_what_independent_clients_send() -> None:
    text = (
        '{"method":"add_order","params":{"symbol":"BTC/USD","side":"sell","order_type":"stop-loss-limit",'
        '"order_qty":1,"limit_price":60900.0,"trigger":{"reference":"index","price":61000.0},'
        '"time_in_force":"GTC","post_only":false,"cl_ord_id":"sim-0009","token":"T"},"req_id":104}'
    )
    call = venue_side.decode_request(text)
    assert (call.method, call.req_id) == ("add_order", 104)
    assert isinstance(call.params, AddOrder)
    assert (call.params.order_qty, call.params.limit_price) == (D(1), D(60900))
    assert call.params.trigger_terms == Triggers(reference="index", price=D(61000))
    assert "T" not in repr(call.params).replace("Triggers", "").replace("GTC", "").replace("BTC", "")


def test_the_venue_reads_a_ping() -> None:
    assert venue_side.decode_request('{"method":"ping","req_id":1}') == Request(method="ping", req_id=1)


BAD_REQUESTS = {
    "": ("Malformed request", None, None),
    "[1]": ("Malformed request", None, None),
    "{}": ("Unsupported event", None, None),
    '{"method":"fireworks","req_id":3}': ("Unsupported event", "fireworks", 3),
    '{"method":"ping","params":{},"req_id":2}': (
        "Unsupported field: 'params' for the given msg type: ping",
        "ping",
        2,
    ),
    '{"method":"ping","req_id":true}': ("EGeneral:Invalid arguments:req_id", "ping", None),
    '{"method":"ping","req_id":[2]}': ("EGeneral:Invalid arguments:req_id", "ping", None),
    '{"method":"fireworks","req_id":"three"}': ("Unsupported event", "fireworks", "three"),
    '{"method":"add_order","req_id":2}': ("EGeneral:Invalid arguments:params", "add_order", 2),
    '{"method":"add_order","params":{"symbol":"BTC/USD","side":"buy","order_type":"limit","leverage":2},"req_id":2}': (
        "Unsupported field: 'leverage' for the given msg type: add_order",
        "add_order",
        2,
    ),
    '{"method":"add_order","params":{"symbol":"BTC/USD","side":"buy","order_type":"limit","limit_price":"5.0"}}': (
        "Limit_price field must be a number_float",
        "add_order",
        None,
    ),
    '{"method":"add_order","params":{"symbol":"BTC/USD","side":"buy"},"req_id":1}': (
        "EGeneral:Invalid arguments:order_type",
        "add_order",
        1,
    ),
    '{"method":"cancel_order","params":{"order_id":"O-1"},"req_id":1}': (
        "EGeneral:Invalid arguments:order_id",
        "cancel_order",
        1,
    ),
    '{"method":"cancel_order","params":{"order_id":[1]},"req_id":1}': (
        "EGeneral:Invalid arguments:order_id",
        "cancel_order",
        1,
    ),
    '{"method":"batch_add","params":{"symbol":"X","orders":[{"side":"buy","order_type":"limit","symbol":"X"}]}}': (
        "Unsupported field: 'symbol' for the given msg type: batch_add",
        "batch_add",
        None,
    ),
    '{"method":"batch_add","params":{"symbol":"BTC/USD","orders":[7]},"req_id":1}': (
        "EGeneral:Invalid arguments:orders",
        "batch_add",
        1,
    ),
    '{"method":"cancel_all_orders_after","params":{"timeout":1.5},"req_id":1}': (
        "EGeneral:Invalid arguments:timeout",
        "cancel_all_orders_after",
        1,
    ),
    '{"method":"subscribe","params":{"channel":"executions","snap_orders":"yes"},"req_id":1}': (
        "EGeneral:Invalid arguments:snap_orders",
        "subscribe",
        1,
    ),
}


@pytest.mark.parametrize("text", BAD_REQUESTS)
def test_the_venue_refuses_what_it_does_not_know(text: str) -> None:
    with pytest.raises(venue_side.BadRequest) as caught:
        venue_side.decode_request(text)
    problem = caught.value
    assert (str(problem), problem.method, problem.req_id) == BAD_REQUESTS[text]
    refused = json.loads(venue_side.refusal(problem, time_in=PLACED_NS, time_out=SEEN_NS))
    assert (refused["success"], refused["error"]) == (False, BAD_REQUESTS[text][0])
    assert (refused["time_in"], refused["time_out"]) == (PLACED, SEEN)


@given(st.text() | JSON.map(json.dumps))
def test_no_text_makes_the_venue_stumble(text: str) -> None:
    with pytest.raises(venue_side.BadRequest):
        venue_side.decode_request(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"stop_price":60000.0,"trigger":"index"', Triggers(price=D(60000), reference="index")),
        ('"stop_price":60000.0', Triggers(price=D(60000))),
        ('"triggers":{"price":5.0,"price_type":"pct"}', Triggers(price=D(5), price_type="pct")),
        ('"trigger":{"price":5.0}', Triggers(price=D(5))),
        ('"trigger":"index"', None),
    ],
)
def test_a_trigger_may_be_said_in_the_older_ways(text: str, expected: Triggers | None) -> None:
    call = venue_side.decode_request(
        '{"method":"add_order","params":{"symbol":"BTC/USD","side":"sell","order_type":"stop-loss",' + text + "}}"
    )
    assert isinstance(call.params, AddOrder)
    assert call.params.trigger_terms == expected


def test_the_older_name_of_a_close_s_trigger_is_taken() -> None:
    rig = Rig()
    rig.added(conditional={"order_type": "stop-loss", "stop_price": 60000.0})
    assert rig.floor.reports(rig.session)[0]["contingent"] == {
        "order_type": "stop-loss",
        "trigger_price": 60000,
        "trigger_price_type": "static",
    }


def test_a_request_number_may_be_text_and_comes_back_as_it_was() -> None:
    rig = Rig()
    params = {"symbol": "BTC/USD", "side": "buy", "order_type": "limit", "order_qty": 0.02, "limit_price": 60000.0}
    frame = {"method": "add_order", "params": params | {"token": rig.token}, "req_id": "seven"}
    answer, *reports = rig.floor.send_text(rig.session, json.dumps(frame))
    assert (answer["req_id"], answer["success"], len(reports)) == ("seven", True, 2)
    (pong,) = rig.floor.send_text(rig.session, '{"method":"ping","req_id":"eight"}')
    assert (pong["method"], pong["req_id"]) == ("pong", "eight")


def test_a_number_without_a_point_is_taken_or_refused() -> None:
    assert Rig().add(order_qty=1, limit_price=60000)[0]["success"] is True
    rig = Rig(whole_numbers=False)
    assert rig.refused(order_qty=1) == "Order_qty field must be a number_float"
    assert rig.refused(limit_price=60000) == "Limit_price field must be a number_float"
    assert rig.refused(order_type="stop-loss", limit_price=None, triggers={"price": 66000}) == (
        "Price field must be a number_float"
    )
    assert rig.add(limit_price=60000.0)[0]["success"] is True
