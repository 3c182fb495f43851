"""What the simulated Kraken Futures takes and how it refuses: forms, ids, signatures, clocks and errors (spec B.10 to
B.14)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest

from protocol.simulation.kraken_futures import Failure, KrakenFuturesUser
from protocol.values import Side

from ..kraken_futures_floor import ACCOUNT, BASE, OTHER_SECRET, SECOND, Floor, short, web_page

ORDERS = "/api/history/v3/orders"
STOP = "orderType=stp&symbol=PF_XBTUSD&side=sell&size=0.5&stopPrice=59500&cliOrdId=sim-f-2"
REFUSED = {"result": "error", "serverTime": "2026-07-01T12:00:00.000Z"}


def batch(floor: Floor, items: str, more: str = "") -> Any:
    return floor.post("batchorder", urlencode({"json": f'{{"batchOrder":[{items}]}}'}) + more)["batchStatus"]


# Booleans, times, numbers, client order ids


@pytest.mark.parametrize("word", ["true", "True", "TRUE", "false", "False"])
def test_booleans_of_forms_are_read_without_regard_to_case(word: str) -> None:
    floor = Floor()
    floor.offer("65000", "1")
    floor.lmt("buy", "1", "65000")
    (event,) = floor.lmt("sell", "1", "66000", "a", f"&reduceOnly={word}")["orderEvents"]
    assert event["order"]["reduceOnly"] is (word.lower() == "true")


@pytest.mark.parametrize("word", ["1", "0", "yes", "no"])
def test_other_words_are_no_booleans(word: str) -> None:
    text = f"orderType=lmt&symbol=PF_XBTUSD&side=buy&size=1&limitPrice=60000&reduceOnly={word}"
    assert Floor().post("sendorder", text) == REFUSED | {"error": "invalidArgument: reduceOnly"}
    assert Floor().get(ORDERS, f"opened={word}")["error"] == "invalidArgument: opened"


@pytest.mark.parametrize(("opened", "closed"), [("true", "True"), ("TRUE", "true")])
def test_booleans_of_queries_too(opened: str, closed: str) -> None:
    floor = Floor()
    floor.lmt("buy", "1", "60000")
    assert floor.get(ORDERS, f"opened={opened}&closed={closed}")["len"] == 1


def test_numbers_in_json_may_have_a_fraction_and_may_be_text() -> None:
    floor = Floor()
    rows = batch(
        floor,
        '{"order":"send","order_tag":"1","orderType":"lmt","symbol":"PF_XBTUSD","side":"buy","size":0.01,'
        '"limitPrice":60000.5,"reduceOnly":false},'
        '{"order":"send","order_tag":"2","orderType":"lmt","symbol":"PF_XBTUSD","side":"buy","size":"0.02",'
        '"limitPrice":"60001"}',
    )
    assert [row["orderEvents"][0]["order"]["limitPrice"] for row in rows] == [Decimal("60000.5"), 60001]


def test_an_item_of_a_batch_that_lacks_something_is_answered_for_itself() -> None:
    """Tags may be numbers."""
    floor = Floor()
    rows = batch(
        floor,
        '{"order":"send","orderType":"lmt","symbol":"PF_XBTUSD","side":"buy","size":1,"limitPrice":60000},'
        '{"order":"send","order_tag":"x","orderType":"lmt","symbol":"PF_XBTUSD","side":"buy"},'
        '{"order":"send","order_tag":0,"orderType":"lmt","symbol":"PF_XBTUSD","side":"buy","size":1,'
        '"limitPrice":60000,"cliOrdId":"a"}',
    )
    assert [(row["status"], row.get("order_tag")) for row in rows] == [
        ("requiredArgumentMissing", None),
        ("requiredArgumentMissing", "x"),
        ("placed", "0"),
    ]
    assert [row["orderEvents"] for row in rows[:2]] == [[], []]
    assert [row["cliOrdId"] for row in floor.get("openorders")["openOrders"]] == ["a"]


def test_a_client_order_id_of_a_hundred_characters_is_taken_whole() -> None:
    floor = Floor()
    session = floor.listen("open_orders")
    name = "sim-f-50-a-client-order-id-longer-than-eighteen-characters-".ljust(99, "x") + "y"
    assert floor.lmt("buy", "1", "60000", name)["cliOrdId"] == name
    assert floor.heard[session][0]["order"]["cli_ord_id"] == name
    assert floor.get("openorders")["openOrders"][0]["cliOrdId"] == name
    assert floor.lmt("buy", "1", "60000", name[:-1] + "z")["status"] == "placed"
    assert floor.lmt("buy", "1", "60000", name + "x")["status"] == "clientOrderIdTooLong"
    assert floor.post("cancelorder", f"cliOrdId={name}")["cancelStatus"]["status"] == "cancelled"


# Deadlines and clocks


@pytest.mark.parametrize(
    "before",
    [
        "2026-07-01T12:00:00.000Z",
        "2026-07-01T12:00:00Z",
        "2026-07-01T14:00:00.000+02:00",
        "2026-07-01T07:00:00-05:00",
        "2026-07-01T12:00:00.000000+00:00",
    ],
)
def test_a_request_at_its_deadline_is_processed(before: str) -> None:
    floor = Floor()
    text = f"&processBefore={before.replace('+', '%2B')}"
    assert floor.lmt("buy", "1", "60000", "a", text)["status"] == "placed"
    floor.wait("0.001")
    assert floor.lmt("buy", "1", "60000", "b", text)["status"] == "wouldProcessAfterSpecifiedTime"


@pytest.mark.parametrize("end", ["2026-07-01T12:00:01Z", "2026-07-01T13:00:01+01:00"])
def test_times_of_queries_take_an_offset_too(end: str) -> None:
    floor = Floor()
    floor.lmt("buy", "1", "65000", "a")
    for _ in range(2):
        floor.trade(Side.SELL, "65000", "0.1")
        floor.wait(1)
    assert len(floor.get("fills")["fills"]) == 2
    assert len(floor.get("fills", f"lastFillTime={end.replace('+', '%2B')}")["fills"]) == 1


@pytest.mark.parametrize("before", ["2026-07-01T12:00:00", "2026-07-01T12:00:00+0200", "1782907200000", "noon"])
def test_what_is_no_time_is_refused(before: str) -> None:
    text = "orderType=lmt&symbol=PF_XBTUSD&side=buy&size=1&limitPrice=60000&processBefore="
    assert Floor().post("sendorder", text + before.replace("+", "%2B")) == REFUSED | {
        "error": "invalidArgument: processBefore"
    }


def test_a_venue_whose_clock_is_ahead_refuses_what_is_late_by_its_own() -> None:
    """Its clock is 30 s ahead, and every answer shows that."""
    floor = Floor(clock_skew=30 * SECOND)
    text = "orderType=lmt&symbol=PF_XBTUSD&side=buy&size=1&limitPrice=60000&cliOrdId=sim-f-52"
    answer = floor.post("sendorder", f"{text}&processBefore=2026-07-01T12:00:05.000Z")
    assert answer == {
        "result": "success",
        "sendStatus": {
            "cliOrdId": "sim-f-52",
            "status": "wouldProcessAfterSpecifiedTime",
            "receivedTime": "2026-07-01T12:00:30.000Z",
            "orderEvents": [],
        },
        "serverTime": "2026-07-01T12:00:30.000Z",
    }


def test_a_clock_that_is_behind_can_be_set_right() -> None:
    floor = Floor(clock_skew=-3600 * SECOND)
    session = floor.listen("open_orders")
    late = "&processBefore=2026-07-01T11:00:05.000Z"
    assert floor.lmt("buy", "1", "60000", "a", late)["status"] == "placed"
    assert floor.heard[session][0]["order"]["time"] == 1782907200000 - 3_600_000
    floor.exchange.skew_clock(0)
    assert floor.lmt("buy", "1", "60000", "b", late)["status"] == "wouldProcessAfterSpecifiedTime"
    assert floor.get("openorders")["serverTime"] == "2026-07-01T12:00:00.000Z"


@pytest.mark.parametrize("told", [True, False])
def test_the_time_of_the_venue_may_be_missing(told: bool) -> None:
    floor = Floor(server_time=told)
    answers = [floor.get("openorders"), floor.get(ORDERS), floor.post("cancelorder"), floor.get("accounts")]
    assert [("serverTime" in answer) for answer in answers] == [told] * 4


# Both ids


def test_an_edit_and_a_cancel_may_name_both_ids() -> None:
    floor = Floor()
    order_id = floor.lmt("buy", "1", "60000", "sim-f-1")["order_id"]
    both = f"orderId={order_id}&cliOrdId=sim-f-1"
    answer = floor.post("editorder", f"{both}&size=1.2&limitPrice=65010&qtyMode=ABSOLUTE")["editStatus"]
    assert (answer["status"], answer["orderId"], answer["cliOrdId"]) == ("edited", order_id, "sim-f-1")
    canceled = floor.post("cancelorder", f"order_id={order_id}&cliOrdId=sim-f-1")["cancelStatus"]
    assert (canceled["status"], canceled["order_id"]) == ("cancelled", order_id)


@pytest.mark.parametrize(
    ("meaning", "statuses"),
    [("not_found", ("orderForEditNotFound", "notFound")), ("order_id", ("edited", "cancelled"))],
)
def test_two_ids_that_disagree(meaning: str, statuses: tuple[str, str]) -> None:
    floor = Floor(disagreeing_ids=meaning)
    first = floor.lmt("buy", "1", "60000", "a")["order_id"]
    floor.lmt("buy", "1", "60000", "b")
    edited = floor.post("editorder", f"orderId={first}&cliOrdId=b&size=2")["editStatus"]["status"]
    canceled = floor.post("cancelorder", f"order_id={first}&cliOrdId=b")["cancelStatus"]["status"]
    assert (edited, canceled) == statuses
    left = {row["cliOrdId"]: row["unfilledSize"] for row in floor.get("openorders")["openOrders"]}
    assert left == ({"a": 1, "b": 1} if meaning == "not_found" else {"b": 1})


def test_items_of_a_batch_may_name_both_ids() -> None:
    floor = Floor()
    order_id = floor.lmt("buy", "1", "60000", "a")["order_id"]
    rows = batch(
        floor,
        f'{{"order":"edit","order_id":"{order_id}","cliOrdId":"a","size":2}},'
        f'{{"order":"cancel","order_id":"{order_id}","cliOrdId":"a"}}',
    )
    assert [row["status"] for row in rows] == ["edited", "cancelled"]


# Reduce-only orders that are cut


def test_a_reduce_only_order_is_cut_in_the_answer_and_on_the_feed() -> None:
    floor = Floor()
    floor.offer("65000", "0.4")
    floor.lmt("buy", "0.4", "65000")
    session = floor.listen("open_orders")
    status = floor.lmt("sell", "1", "66000", "sim-f-51", "&reduceOnly=true")
    (event,) = status["orderEvents"]
    assert (event["type"], event["order"]["quantity"], event["reducedQuantity"]) == (
        "PLACE",
        Decimal("0.4"),
        Decimal("0.6"),
    )
    assert floor.heard[session] == [
        {
            "feed": "open_orders",
            "order": {
                "instrument": "PF_XBTUSD",
                "time": 1782907200000,
                "last_update_time": 1782907200000,
                "qty": Decimal("0.4"),
                "filled": 0,
                "limit_price": 66000,
                "stop_price": 0,
                "type": "limit",
                "order_id": status["order_id"],
                "cli_ord_id": "sim-f-51",
                "direction": 1,
                "reduce_only": True,
            },
            "is_cancel": False,
            "reason": "new_placed_order_by_user",
        }
    ]


def test_an_edit_of_a_reduce_only_order_is_cut_too() -> None:
    floor = Floor()
    floor.offer("65000", "0.4")
    floor.lmt("buy", "0.4", "65000")
    floor.lmt("sell", "0.1", "66000", "a", "&reduceOnly=true")
    session = floor.listen("open_orders")
    answer = floor.post("editorder", "cliOrdId=a&size=1&limitPrice=66010")["editStatus"]
    (event,) = answer["orderEvents"]
    assert answer["status"] == "edited"
    assert (event["new"]["quantity"], event["new"]["limitPrice"], event["reducedQuantity"]) == (
        Decimal("0.4"),
        66010,
        Decimal("0.6"),
    )
    assert [short(message) for message in floor.heard[session]] == ["+edited_by_user 0.4/0"]
    kind, body = next(iter(floor.get(ORDERS)["elements"][0]["event"].items()))
    assert (kind, body["newOrder"]["quantity"], body["reducedQuantity"]) == ("OrderUpdated", "0.4", "0.6")


# The ends of immediate orders


@pytest.mark.parametrize(
    ("manner", "told"),
    [("delta", "-partial_fill 0.7/0.3"), ("cancel_only", "-partial_fill")],
)
def test_the_rest_of_an_immediate_order_is_removed_with_or_without_the_order(manner: str, told: str) -> None:
    floor = Floor(remainder=manner)
    session = floor.listen("open_orders", "fills")
    floor.offer("65000", "0.3")
    floor.send("orderType=ioc&symbol=PF_XBTUSD&side=buy&size=1&limitPrice=65000&cliOrdId=sim-f-5")
    assert floor.news(session) == ["fill 0.3@65000", told]


def test_a_fill_or_kill_order_is_filled_whole_or_refused() -> None:
    floor = Floor()
    floor.offer("65000", "1")
    text = "orderType=fok&symbol=PF_XBTUSD&side=buy&limitPrice=65000&size="
    assert floor.send(text + "1.5")["status"] == "iocWouldNotExecute"
    status = floor.send(text + "1")
    assert [event["type"] for event in status["orderEvents"]] == ["EXECUTION"]
    assert floor.get("fills")["fills"][0]["size"] == 1


@pytest.mark.parametrize("reason", ["would_filled", "would_be_filled"])
def test_a_refused_post_only_order_is_told_in_either_spelling(reason: str) -> None:
    floor = Floor(post_reason=f"post_order_failed_because_it_{reason}")
    session = floor.listen("open_orders_verbose")
    floor.offer("65000", "1")
    status = floor.send("orderType=post&symbol=PF_XBTUSD&side=buy&size=1&limitPrice=66000&cliOrdId=a")
    assert floor.heard[session][0]["reason"] == f"post_order_failed_because_it_{reason}"
    assert (status["status"], status["orderEvents"][0]["reason"]) == ("postWouldExecute", "POST_WOULD_EXECUTE")
    (row,) = floor.post("orders/status", "cliOrdIds=a")["orders"]
    assert row["updateReason"] == "POST_WOULD_EXECUTE_REASON"


# Signatures and nonces


def test_a_call_is_signed_with_or_without_a_nonce() -> None:
    """Vectors F3 and F6."""
    floor = Floor(users=(KrakenFuturesUser(api_key="other-key", api_secret=OTHER_SECRET),))
    for headers in (
        {
            "authent": "ba9+l9uTTvatzPlo3MNUyUdhcKbRwAcGy5f7dMlLRWz4aZzKyoIm34iciR8UPYgR2FQqXqq9wr4W1XtdLHWIQg==",
            "nonce": "1767225600001",
        },
        {"authent": "AKzQpLf14ESOQP6ZJsTcJmp/nCE+DYme8kMW6ocMxbuRmnu4nTH45LDaHyyFA+Z/q5at7hNoHHieMiQ1+hdGmg=="},
    ):
        signed = {"apikey": "other-key"} | headers
        assert floor.unsigned("GET", f"{BASE}/openorders", "", signed)[1]["result"] == "success"
        again = floor.unsigned("GET", f"{BASE}/openorders", "", signed)[1]
        assert again.get("error") == ("nonceDuplicate" if "nonce" in headers else None)


def test_a_nonce_that_is_sent_must_be_a_new_one() -> None:
    floor = Floor(nonce_window=100)
    errors = [floor.call("GET", f"{BASE}/openorders", nonce=nonce)[1].get("error") for nonce in ("1000", "1000", "900")]
    assert errors == [None, "nonceDuplicate", "nonceBelowThreshold"]
    assert floor.call("GET", f"{BASE}/openorders", nonce="")[1]["result"] == "success"


# Errors


@pytest.mark.parametrize(
    "code", ["apiLimitExceeded", "nonceBelowThreshold", "nonceDuplicate", "Server Error", "Unavailable"]
)
@pytest.mark.parametrize(
    ("call", "text"),
    [("cancelorder", "cliOrdId=a"), ("editorder", "cliOrdId=a&size=2"), ("orders/status", "cliOrdIds=a")],
)
def test_any_error_can_meet_a_chosen_call(code: str, call: str, text: str) -> None:
    floor = Floor()
    floor.lmt("buy", "1", "60000", "a")
    floor.exchange.refuse_next(code, call=call)
    assert floor.get("openorders")["result"] == "success"
    assert floor.post(call, text) == REFUSED | {"error": code}
    assert floor.get("openorders")["openOrders"][0]["unfilledSize"] == 1
    assert floor.post(call, text)["result"] == "success"


def test_the_codes_of_a_refusal_can_be_in_an_array_too() -> None:
    floor = Floor(errors_array=True)
    floor.exchange.refuse_next("apiLimitExceeded", call="history/v3/orders")
    assert floor.post("cancelorder") == REFUSED | {
        "error": "requiredArgumentMissing",
        "errors": ["requiredArgumentMissing"],
    }
    assert floor.get(ORDERS) == REFUSED | {"error": "apiLimitExceeded", "errors": ["apiLimitExceeded"]}


def test_a_proxy_answers_in_html_and_may_ask_to_wait() -> None:
    floor = Floor()
    floor.lmt("buy", "1", "60000", "a")
    floor.exchange.fail_calls(
        Failure(call="cancelorder", status=503, retry_after=2), Failure(status=429), Failure(status=520)
    )
    path = f"{BASE}/cancelorder"
    assert floor.call("POST", path, "cliOrdId=a") == (503, web_page(503))
    assert floor.headers["Retry-After"] == "2"
    assert floor.call("POST", path, "cliOrdId=a")[0] == 429
    assert floor.headers == {}
    assert floor.call("GET", f"{BASE}/openorders")[0] == 520
    assert floor.post("cancelorder", "cliOrdId=a")["cancelStatus"]["status"] == "cancelled"


@pytest.mark.parametrize("error", ["Server Error", None])
def test_a_call_can_be_executed_and_fail_all_the_same(error: str | None) -> None:
    floor = Floor()
    floor.exchange.fail_calls(Failure(call="sendorder", error=error, status=500, executed=True))
    text = "orderType=lmt&symbol=PF_XBTUSD&side=buy&size=1&limitPrice=60000&cliOrdId=a"
    status, answer = floor.call("POST", f"{BASE}/sendorder", text)
    assert status == 500
    assert answer == web_page(500) if error is None else answer["error"] == "Server Error"
    assert [row["cliOrdId"] for row in floor.get("openorders")["openOrders"]] == ["a"]


def test_orders_status_is_documented_for_post_alone() -> None:
    order = "cliOrdIds=a"
    for is_served, status in ((False, 404), (True, 200)):
        floor = Floor(strict=False, status_by_get=is_served)
        floor.lmt("buy", "1", "60000", "a")
        assert floor.call("GET", f"{BASE}/orders/status", order)[0] == status
        assert len(floor.post("orders/status", order)["orders"]) == 1


# Costs


@pytest.mark.parametrize(
    ("method", "path", "text", "cost"),
    [
        ("POST", "sendorder", "orderType=lmt&symbol=PF_XBTUSD&side=buy&size=1&limitPrice=60000", 10),
        ("POST", "editorder", "cliOrdId=a&size=1", 10),
        ("POST", "cancelorder", "cliOrdId=a", 10),
        ("POST", "batchorder", urlencode({"json": '{"batchOrder":[{"order":"cancel","cliOrdId":"a"}]}'}), 10),
        ("POST", "cancelallorders", "", 25),
        ("POST", "cancelallordersafter", "timeout=60", 25),
        ("POST", "orders/status", "cliOrdIds=a", 1),
        ("GET", "openorders", "", 2),
        ("GET", "openpositions", "", 2),
        ("GET", "accounts", "", 2),
        ("GET", "fills", "", 2),
        ("GET", "fills", "lastFillTime=2026-07-01T12:00:00Z", 25),
    ],
)  # fmt: skip
def test_what_a_call_costs(method: str, path: str, text: str, cost: int) -> None:
    """Of 500 tokens, of which nothing comes back while no time passes."""
    floor = Floor(throttle=True)
    for _ in range(500 // cost):
        assert "apiLimitExceeded" not in str(floor.call(method, f"{BASE}/{path}", text)[1])
    assert floor.call(method, f"{BASE}/{path}", text)[1] == REFUSED | {"error": "apiLimitExceeded"}


def test_public_calls_cost_nothing() -> None:
    floor = Floor(throttle=True)
    for _ in range(600):
        assert floor.unsigned("GET", f"{BASE}/instruments/status", "", {})[1]["result"] == "success"


# Fees


@pytest.mark.parametrize(("on_feed", "in_fills"), [(True, True), (False, True), (False, False)])
def test_a_fee_has_a_sign_and_may_not_be_told(on_feed: bool, in_fills: bool) -> None:
    user = KrakenFuturesUser(maker_fee=Decimal("-0.0001"))
    floor = Floor(users=(user,), fees_on_feed=on_feed, fees_in_fills=in_fills)
    session = floor.listen("fills")
    floor.lmt("buy", "0.4", "65000", "a")
    floor.trade(Side.SELL, "65000", "0.4")
    told = floor.heard[session][0]["fills"][0]
    (row,) = floor.get("fills")["fills"]
    expected = {"fee_paid": Decimal("-2.6"), "fee_currency": "USD"}
    for fill, has_fee in ((told, on_feed), (row, in_fills)):
        assert {key: fill[key] for key in expected if key in fill} == (expected if has_fee else {})


# Times of rows


@pytest.mark.parametrize(
    ("settings", "time"), [({}, "2026-07-01T12:00:00.123Z"), ({"microseconds": True}, "2026-07-01T12:00:00.123456Z")]
)
def test_times_of_open_orders_have_three_decimals_or_six(settings: dict[str, Any], time: str) -> None:
    floor = Floor(clock_skew=123_456_789, **settings)
    floor.lmt("buy", "1", "60000")
    (row,) = floor.get("openorders")["openOrders"]
    assert (row["receivedTime"], row["lastUpdateTime"]) == (time, time)


# The history's choice


@pytest.mark.parametrize(
    ("choice", "kinds"),
    [
        ("all", ["OrderCancelled", "OrderUpdated", "OrderPlaced"]),
        ("opened", ["OrderPlaced"]),
        ("closed", ["OrderCancelled"]),
    ],
)
def test_without_flags_the_choice_is_the_venues(choice: str, kinds: list[str]) -> None:
    floor = Floor(history_choice=choice)
    floor.lmt("buy", "1", "60000", "a")
    floor.post("editorder", "cliOrdId=a&size=2")
    floor.post("cancelorder", "cliOrdId=a")
    assert [next(iter(element["event"])) for element in floor.get(ORDERS)["elements"]] == kinds
    assert floor.get(ORDERS, "opened=true&closed=true")["len"] == 3


# The socket


@pytest.mark.parametrize(
    ("answered", "told"),
    [(True, {"event": "pong"}), (False, {"event": "alert", "message": "Bad request"})],
)
def test_a_text_ping_may_be_answered(answered: bool, told: dict[str, str]) -> None:
    floor = Floor(text_pings=answered)
    assert floor.hear(floor.open(), '{"event":"ping"}') == [told]


def test_a_connection_beyond_the_hundredth_is_refused_where_rates_count() -> None:
    floor = Floor(throttle=True)
    assert [floor.open() for _ in range(101)][-2:] == [100, -429]
    calm = Floor()
    assert [calm.open() for _ in range(101)][-1] == 101


def test_upgrades_can_be_refused_with_a_status_and_a_pause() -> None:
    floor = Floor()
    floor.exchange.refuse_upgrades(503, 502, retry_after=3)
    assert [floor.open() for _ in range(3)] == [-503, -502, 3]


def test_a_challenge_is_issued_for_any_key_and_bound_to_its_connection() -> None:
    floor = Floor()
    session = floor.open()
    assert floor.heard[session] == [{"event": "info", "version": 1}]
    (challenge,) = floor.hear(session, '{"event":"challenge","api_key":"nobody"}')
    assert (challenge["event"], len(challenge["message"])) == ("challenge", 36)
    proof = floor.proof(session)
    other = floor.open()
    floor.proof(other)
    assert floor.hear(other, f'{{"event":"subscribe","feed":"fills",{proof}}}') == [
        {"event": "alert", "message": "Failed to subscribe to authenticated feed"}
    ]
    acknowledged, shown = floor.hear(session, f'{{"event":"subscribe","feed":"fills",{proof}}}')
    assert acknowledged["event"] == "subscribed"
    assert set(acknowledged) == {"event", "feed", "api_key", "original_challenge", "signed_challenge"}
    assert shown == {"feed": "fills_snapshot", "account": ACCOUNT, "fills": []}
