"""A strict simulated AX refuses what AX does not document, and any simulated AX can have the bad days of a real one."""

from __future__ import annotations

from typing import Any

import pytest

from protocol.simulation.exchange import HttpRequest
from protocol.simulation.faults import FaultKind
from protocol.values import Side

from .test_ax import Floor

DOCUMENTED: list[dict[str, Any]] = [
    {"t": "p", "s": "XAU-PERP", "d": "B", "q": 1, "p": "2400", "tif": "GTC", "po": True, "cid": 7, "tag": "alpha01"},
    {"t": "p", "s": "XAU-PERP", "d": "B", "q": 1, "p": "2400", "tif": "IOC", "po": False, "st": "CancelResting"},
    {"t": "x", "cid": 7, "aid": "ACCOUNT-1"},
    {"t": "r", "oid": "O-1", "p": "2401", "q": 2, "tif": "GTC", "po": False},
    {"t": "o", "account_id": "ACCOUNT-1"},
    {"t": "s", "cid": 7},
    {"t": "X", "symbol": "XAU-PERP", "account_id": "ACCOUNT-1"},
    {"t": "ef", "symbol": "XAU-PERP"},
    {"t": "h"},
]

PLACE: dict[str, Any] = {"t": "p", "s": "XAU-PERP", "d": "B", "q": 1, "p": "2400", "tif": "GTC", "po": False}

UNDOCUMENTED: list[tuple[dict[str, Any], str]] = [
    (PLACE | {"reduce_only": True}, "the request 'p' has no reduce_only"),
    (PLACE | {"order_type": "STOP_LOSS_LIMIT", "trigger_price": "2500"}, "has no order_type, trigger_price"),
    (PLACE | {"tag": "trio-orders"}, "a tag has 1 to 10 letters and digits"),
    (PLACE | {"p": 2400}, "a price is text"),
    ({"t": "x", "oid": "O-1", "aid": "ACCOUNT-1"}, "aid goes with cid"),
    ({"t": "o", "aid": "ACCOUNT-1"}, "the request 'o' has no aid"),
    ({"t": "s", "oid": "O-1", "symbol": "XAU-PERP"}, "the request 's' has no symbol"),
    ({"t": "X", "s": "XAU-PERP"}, "the request 'X' has no s"),
]


@pytest.mark.parametrize("message", DOCUMENTED)
def test_what_is_documented_is_taken(message: dict[str, Any]) -> None:
    floor = Floor(strict=True)
    floor.say(floor.open(), rid=1, **message)
    assert floor.exchange.violations == []


@pytest.mark.parametrize(("message", "problem"), UNDOCUMENTED)
def test_what_is_not_documented_is_refused_and_kept(message: dict[str, Any], problem: str) -> None:
    floor = Floor(strict=True)
    (answer,) = floor.say(floor.open(), rid=5, **message)
    assert (answer["rid"], answer["err"]["code"]) == (5, 400)
    assert problem in answer["err"]["msg"]
    assert floor.exchange.violations == [answer["err"]["msg"]]


@pytest.mark.parametrize(("message", "_"), UNDOCUMENTED)
def test_a_venue_that_is_not_strict_ignores_it_as_the_real_one(message: dict[str, Any], _: str) -> None:
    floor = Floor()
    floor.say(floor.open(), rid=5, **message)
    assert floor.exchange.violations == []


def test_triggers_are_documented_at_a_venue_that_has_them() -> None:
    floor = Floor(strict=True, supports_stop_limit=True)
    stop = PLACE | {"order_type": "STOP_LOSS_LIMIT", "trigger_price": "2500"}
    assert floor.say(floor.open(), rid=1, **stop)[0]["res"]["oid"].startswith("O-")


@pytest.mark.parametrize("query", [{"client_heartbeats": "9"}, {"cancel_on_disconnect": "yes"}])
def test_a_misspelt_safety_option_is_refused(query: dict[str, str]) -> None:
    floor = Floor(strict=True)
    assert floor.open(**query) == -400
    assert len(floor.exchange.violations) == 1
    assert Floor().open(**query) > 0


@pytest.mark.parametrize(
    ("method", "path", "body", "query", "problem"),
    [
        ("GET", "/orders/open_orders", None, {}, "old spelling of /orders/open-orders"),
        ("GET", "/orders/open-orders", None, {"symbol": "XAU-PERP"}, "the query of /orders/open-orders has no symbol"),
        ("GET", "/api/fills", None, {"start": "1"}, "the query of /api/fills has no start"),
        ("POST", "/orders/cancel-all-orders", {"execution_venue": "AX"}, {}, "has no execution_venue"),
        ("POST", "/orders/place-order", PLACE | {"tag": "far-too-long"}, {}, "place-order has no t"),
        ("POST", "/api/whoami", {"a": 1}, {}, "the body of /api/whoami has no a"),
    ],
)
def test_calls_are_read_as_strictly(method: str, path: str, body: Any, query: dict[str, str], problem: str) -> None:
    floor = Floor(strict=True)
    status, answer = floor.rest(method, path, body, floor.token(), **query)
    assert status == 400
    assert problem in answer["error"]
    assert floor.exchange.violations == [answer["error"]]


def test_a_proxys_page_comes_in_place_of_an_answer_or_an_upgrade() -> None:
    floor = Floor()
    token = floor.token()
    floor.exchange.faults.fail_next(FaultKind.REST_PAGE, of="/api/whoami", code=403)
    assert floor.rest("GET", "/orders/open-orders", None, token)[0] == 200
    status, page = floor.rest("GET", "/api/whoami", None, token)
    assert status == 403
    assert page.startswith("<!DOCTYPE html>")
    floor.exchange.faults.fail_next(FaultKind.UPGRADE_PAGE)
    assert floor.open(token) == -502
    assert floor.open(token) > 0


def test_a_call_that_is_answered_by_a_proxy_may_have_been_executed() -> None:
    floor = Floor()
    token = floor.token()
    floor.exchange.faults.fail_next(FaultKind.REST_ERROR_EXECUTED, of="/orders/place-order", code=504)
    body = {name: value for name, value in PLACE.items() if name != "t"}
    assert floor.rest("POST", "/orders/place-order", body, token)[0] == 504
    assert len(floor.rest("GET", "/orders/open-orders", None, token)[1]["orders"]) == 1


def test_a_list_can_come_without_its_rows_and_sockets_can_be_cut_behind_a_call() -> None:
    floor = Floor()
    token = floor.token()
    session = floor.open(token)
    floor.place(session)
    floor.exchange.faults.fail_next(FaultKind.LIST_NOTHING)
    assert floor.rest("GET", "/orders/open-orders", None, token)[1]["orders"] == []
    floor.exchange.faults.fail_next(FaultKind.DROP_SESSIONS)
    assert len(floor.rest("GET", "/orders/open-orders", None, token)[1]["orders"]) == 1
    assert floor.closed == {session: None}


def test_too_many_calls_may_be_told_when_to_come_back() -> None:
    floor = Floor(rate_limit=1, rate_burst=1, retry_after=8)
    request = HttpRequest(
        method="GET", path="/api/whoami", headers=(("authorization", f"Bearer {floor.token()}"),), body=b""
    )
    replies = [floor.exchange.request(request, floor.now)[0] for _ in range(2)]
    assert [(reply.status, reply.headers) for reply in replies] == [(200, ()), (429, (("Retry-After", "8"),))]


def test_an_event_is_hit_by_its_letter() -> None:
    floor = Floor()
    session = floor.open()
    floor.exchange.faults.fail_next(FaultKind.DROP_EVENT, of="f")
    told = floor.place(session, q=1)
    assert [message.get("t") for message in told] == [None, "n"]
    floor.trade(Side.BUY, "2411.5", 1)
    floor.place(session, 2, q=1)
    floor.trade(Side.BUY, "2411.5", 1)
    assert [message.get("t") for message in floor.heard[session][1:]] == [None, "n", None, "n", "f"]
