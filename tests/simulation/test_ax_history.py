"""What a simulated AX lists of the past: by hand-written JSON, and as the client asks for it and reads it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from protocol.ax.venue import AxSettings, AxVenue
from protocol.facts import FillsListed, OrderHistoryListed, Outcome, RequestRefused
from protocol.requests import ListFills, ListOrderHistory
from protocol.simulation.ax import AxUser
from protocol.simulation.exchange import HttpRequest, Received, Requested, Upgraded
from protocol.simulation.faults import FaultKind
from protocol.simulation.input_log import encode_input, replay
from protocol.values import OrderStatus, RequestId, Side
from protocol.venue import HttpAnswer, HttpCall

from .test_ax import Floor

SECOND = 1_000_000_000
DAY = 24 * 3600 * SECOND
BEGINNING = 1_790_000_000 * SECOND
VENUE = AxVenue(AxSettings(token="t"))


class Past(Floor):
    """A floor with one socket that stays quiet for weeks, whose history is asked for over REST."""

    def __init__(self, **settings: Any) -> None:
        year = 365 * DAY
        super().__init__(**({"heartbeat": year, "token_lifetime": year} | settings))
        self.bearer = self.token(seconds=30 * 24 * 3600)
        self.session = self.open(self.bearer)

    def get(self, path: str, **query: Any) -> Any:
        status, body = self.rest("GET", path, token=self.bearer, **query)
        assert status == 200, body
        return body

    def within(self, days: int = 7) -> dict[str, int]:
        """A time range that ends a moment from now."""
        return {
            "start_timestamp_ns": self.now.wall_ns + SECOND - days * DAY,
            "end_timestamp_ns": self.now.wall_ns + SECOND,
        }

    def orders(self, **query: Any) -> list[Any]:
        rows: list[Any] = self.get("/orders/orders", **({"sort_ts": "asc"} | self.within() | query))["orders"]
        return rows

    def fills(self, **query: Any) -> list[Any]:
        rows: list[Any] = self.get("/api/fills", **({"sort_ts": "asc"} | self.within() | query))["fills"]
        return rows

    def ask(self, request: ListFills | ListOrderHistory) -> Any:
        """What the client reads in the answer to its question; the first fact."""
        call = VENUE.encode(request)
        assert isinstance(call, HttpCall)
        asked = HttpRequest(
            method=call.method,
            path=call.path,
            query=tuple(call.query),
            headers=(("authorization", f"Bearer {self.bearer}"),),
        )
        reply, outputs = self.exchange.request(asked, self.now)
        self.take(outputs)
        return VENUE.read_answer(request, HttpAnswer(status=reply.status, body=reply.body))[0]

    def read(self, request: Any, disturb: Callable[[int], None] = lambda page: None) -> Iterator[Any]:
        """Page after page; what is refused is asked again at the same place. disturb: what happens before a page."""
        for page in range(200):
            disturb(page)
            listed = self.ask(request)
            if isinstance(listed, RequestRefused):
                yield listed
                continue
            yield listed
            if listed.cursor is None:
                return
            request = evolve(request, cursor=listed.cursor)
        raise AssertionError("The history never ends.")


def all_fills(floor: Past) -> ListFills:
    return ListFills(
        request_id=RequestId(1), start=floor.now.wall_ns - DAY, end=floor.now.wall_ns + SECOND, symbol=None
    )


def all_orders(floor: Past) -> ListOrderHistory:
    return ListOrderHistory(request_id=RequestId(1), start=floor.now.wall_ns - DAY, end=floor.now.wall_ns + SECOND)


def replaced_twice(floor: Past) -> tuple[str, str, str]:
    """One client order under three venue order ids, of which 15, 20 and 5 filled."""
    (answer, *_) = floor.place(floor.session, q=40, cid=501, tag="demo1")
    first = answer["res"]["oid"]
    floor.wait(1)
    floor.trade(Side.BUY, "2411.5", 15)
    second = floor.say(floor.session, rid=2, t="r", oid=first, p="2411.6")[0]["res"]["oid"]
    floor.wait(1)
    floor.trade(Side.BUY, "2411.6", 20)
    third = floor.say(floor.session, rid=3, t="r", oid=second, p="2411.7")[0]["res"]["oid"]
    floor.wait(1)
    floor.trade(Side.BUY, "2411.7", 5)
    return first, second, third


# The wire


def test_a_page_of_orders_looks_as_the_venue_writes_it() -> None:
    floor = Past()
    oid = floor.place(floor.session, q=40, cid=501, tag="demo1")[0]["res"]["oid"]
    floor.trade(Side.BUY, "2411.5", 15)
    floor.say(floor.session, rid=2, t="x", oid=oid)
    assert floor.get("/orders/orders", **floor.within()) == {
        "orders": [
            {
                "oid": oid,
                "u": "01KTRADER00000000000000001",
                "aid": "ACCOUNT-1",
                "s": "XAU-PERP",
                "p": "2411.5",
                "q": 40,
                "xq": 15,
                "rq": 0,
                "o": "CANCELED",
                "d": "S",
                "tif": "GTC",
                "cid": 501,
                "tag": "demo1",
                "po": False,
                "ts": 1_790_000_000,
                "tn": 0,
            }
        ],
        "limit": 100,
        "total_count": 1,
    }


def test_the_fills_of_a_range_and_of_one_order_look_alike() -> None:
    floor = Past(users=(AxUser(),))
    oid = floor.place(floor.session, q=40, cid=501)[0]["res"]["oid"]
    floor.trade(Side.BUY, "2411.5", 15)
    row = floor.fills()[0]
    trade_id = row["trade_id"]
    assert row == {
        "trade_id": trade_id,
        "order_id": oid,
        "user_id": "01KTRADER00000000000000001",
        "account_id": "ACCOUNT-1",
        "timestamp": "2026-09-21T14:13:20.000000000Z",
        "symbol": "XAU-PERP",
        "price": "2411.5",
        "quantity": 15,
        "is_taker": False,
        "fee": "0.72345",
        "side": "S",
    }
    assert floor.get("/orders/order-fills", order_id=oid) == {"fills": [row]}
    assert floor.heard[floor.session][-1]["xs"]["tid"] == trade_id


def test_a_range_is_required_and_has_an_end_after_its_beginning_and_seven_days_at_most() -> None:
    floor = Past()
    for path in ("/orders/orders", "/api/fills"):
        for start, end, status in ((5, 5, 400), (5, 4, 400), (5, 5 + 7 * DAY + 1, 400), (5, 5 + 7 * DAY, 200)):
            span = {"start_timestamp_ns": start, "end_timestamp_ns": end}
            assert floor.rest("GET", path, token=floor.bearer, **span)[0] == status
        assert floor.rest("GET", path, token=floor.bearer, start_timestamp_ns=5)[0] == 400
        assert floor.rest("GET", path, token=floor.bearer, end_timestamp_ns=5)[0] == 400
        assert floor.rest("GET", path, token=floor.bearer, **floor.within(), cursor="mine")[0] == 400
    assert floor.rest("GET", "/orders/order-fills", token=floor.bearer)[0] == 400
    assert floor.get("/orders/order-fills", order_id="O-NONE") == {"fills": []}


def test_the_beginning_of_a_range_belongs_to_it_and_the_end_does_not() -> None:
    floor = Past()
    floor.place(floor.session, q=2)
    floor.trade(Side.BUY, "2411.5", 1)
    for start, end, count in ((0, 1, 1), (-1, 0, 0), (1, 2, 0)):
        span = {"start_timestamp_ns": BEGINNING + start, "end_timestamp_ns": BEGINNING + end}
        assert (len(floor.orders(**span)), len(floor.fills(**span))) == (count, count)


# Orders


def test_history_lists_orders_that_have_ended_in_every_way_and_those_that_live() -> None:
    floor = Past(acknowledge_after=SECOND)
    floor.place(floor.session, 1, cid=1, p="2411.55")
    floor.place(floor.session, 2, cid=2, q=1, tif="IOC")
    floor.place(floor.session, 3, cid=3)
    floor.place(floor.session, 4, cid=4, p="2412.0")
    floor.wait(2)
    floor.say(floor.session, rid=5, t="x", cid=3)
    floor.trade(Side.BUY, "2412.0", 40)
    floor.place(floor.session, 6, cid=5)
    assert [(row["cid"], row["o"]) for row in floor.orders()] == [
        (1, "REJECTED"),
        (2, "EXPIRED"),
        (3, "CANCELED"),
        (4, "FILLED"),
        (5, "PENDING"),
    ]
    assert [row["cid"] for row in floor.orders(order_states="CANCELED,FILLED", sort_ts="desc")] == [4, 3]
    assert floor.orders(symbol="EURUSD-PERP") == []


def test_each_venue_order_id_of_a_replaced_order_is_a_row_of_its_own() -> None:
    floor = Past()
    ids = replaced_twice(floor)
    told = [(row["oid"], row["cid"], row["q"], row["xq"], row["rq"], row["o"]) for row in floor.orders()]
    assert told == [
        (ids[0], 501, 40, 15, 0, "REPLACED"),
        (ids[1], 501, 25, 20, 0, "REPLACED"),
        (ids[2], 501, 5, 5, 0, "FILLED"),
    ]
    assert [row["quantity"] for oid in ids for row in floor.get("/orders/order-fills", order_id=oid)["fills"]] == [
        15,
        20,
        5,
    ]
    listed = floor.ask(all_orders(floor))
    assert isinstance(listed, OrderHistoryListed)
    assert [(view.venue_order_id, view.cumulative, view.replaced, view.status) for view in listed.orders] == [
        (ids[0], Decimal(15), True, None),
        (ids[1], Decimal(20), True, None),
        (ids[2], Decimal(5), False, OrderStatus.FILLED),
    ]


def test_an_order_is_found_by_when_it_came_however_late_it_ends() -> None:
    for by_change, found_early, found_late in ((False, 1, 0), (True, 0, 1)):
        floor = Past(history_by_change=by_change)
        early = floor.within()
        oid = floor.place(floor.session)[0]["res"]["oid"]
        floor.wait(8 * 24 * 3600)
        floor.say(floor.session, rid=2, t="x", oid=oid)
        assert (len(floor.orders(**early)), len(floor.orders())) == (found_early, found_late)


def test_pages_of_orders_go_on_where_the_last_one_ended() -> None:
    floor = Past(page_size=2)
    for cid in range(1, 6):
        floor.place(floor.session, cid, cid=cid, q=1)  # all of them at one moment
    for request in (all_orders(floor), evolve(all_orders(floor), start=floor.now.wall_ns)):
        pages = [[view.wire_id for view in listed.orders] for listed in floor.read(request)]
        assert pages == [[1, 2], [3, 4], [5]]


def test_an_older_venue_counts_the_rows_of_its_pages() -> None:
    floor = Past(page_size=2, legacy=True, strict=True)
    for cid in range(1, 6):
        floor.place(floor.session, cid, cid=cid, q=1)
    page = floor.get("/orders/orders", **floor.within(), offset=4)
    assert (len(page["orders"]), page["total"], page["limit"], page["offset"]) == (1, 5, 2, 4)
    assert "next_cursor" not in page
    pages = [[view.wire_id for view in listed.orders] for listed in floor.read(all_orders(floor))]
    assert pages == [[1, 2], [3, 4], [5]]
    assert floor.exchange.violations == []


# Executions


def test_five_thousand_fills_are_read_over_refused_pages_without_loss_or_repetition() -> None:
    floor = Past(rate_limit=None)
    floor.place(floor.session, q=5000)
    for number in range(5000):
        floor.trade(Side.BUY, "2411.5", 1)
        if number % 7 == 0:
            floor.wait(0.000001)  # else they happen at one moment
    faults = {3: FaultKind.REST_PAGE, 9: FaultKind.REST_ERROR, 10: FaultKind.REST_PAGE}

    def disturb(page: int) -> None:
        if page in faults:
            floor.exchange.faults.fail_next(faults[page], of="/api/fills")

    pages = list(floor.read(all_fills(floor), disturb))
    refused = [page for page in pages if isinstance(page, RequestRefused)]
    assert [refusal.outcome for refusal in refused] == [Outcome.AMBIGUOUS] * 3
    read = [trade for page in pages if isinstance(page, FillsListed) for trade in page.trades]
    assert len(pages) == 50 + 3
    booked = [e for e in floor.exchange.ledger.executions if e.account == "ACCOUNT-1"]
    assert [trade.trade_id for trade in read] == [execution.trade_id for execution in booked]
    assert [trade.fee and trade.fee.amount for trade in read] == [execution.fee for execution in booked]
    assert sum(trade.quantity for trade in read) == 5000


def test_fills_that_happen_while_pages_are_read_come_on_a_later_page() -> None:
    floor = Past(page_size=3)
    floor.place(floor.session, q=100)
    for _ in range(11):
        floor.trade(Side.BUY, "2411.5", 1)
    pages = list(floor.read(all_fills(floor), lambda page: floor.trade(Side.BUY, "2411.5", 1)))
    read = [trade.trade_id for page in pages for trade in page.trades]
    assert read == [e.trade_id for e in floor.exchange.ledger.executions if e.account == "ACCOUNT-1"]
    assert len(read) == len(set(read)) > 11


def test_a_longer_time_is_read_week_by_week() -> None:
    floor = Past()
    began = floor.now.wall_ns
    floor.place(floor.session, q=100, cid=1)
    for day in range(1, 22):
        floor.wait(24 * 3600)
        floor.trade(Side.BUY, "2411.5", 1)
        floor.place(floor.session, day + 1, cid=day + 1, p="2412.0", q=1)
    span = VENUE.rules.history_span
    assert span == 7 * DAY
    fills: list[Any] = []
    orders: list[Any] = []
    for start in range(began, floor.now.wall_ns + SECOND, span):
        end = min(start + span, floor.now.wall_ns + SECOND)
        fills += floor.ask(ListFills(request_id=RequestId(1), start=start, end=end, symbol=None)).trades
        orders += floor.ask(ListOrderHistory(request_id=RequestId(1), start=start, end=end)).orders
    assert [trade.time for trade in fills] == [began + day * DAY for day in range(1, 22)]
    assert [view.wire_id for view in orders] == list(range(1, 23))


def test_the_fills_of_one_order_are_told_however_old_it_is_and_whichever_account_had_it() -> None:
    owner = AxUser(id="01KOWNER", api_key="o", api_secret="o", accounts=("FIRST", "SECOND"))
    floor = Past(users=(owner, AxUser()))
    floor.bearer = floor.token("o", "o", seconds=30 * 24 * 3600)
    session = floor.open(floor.bearer, account_id="SECOND")
    oid = floor.place(session)[0]["res"]["oid"]
    floor.trade(Side.BUY, "2411.5", 7)
    floor.wait(20 * 24 * 3600)
    request = ListFills(request_id=RequestId(1), start=0, end=1, symbol=None, venue_order_id=oid)
    assert [trade.quantity for trade in floor.ask(request).trades] == [Decimal(7)]
    assert floor.fills() == []
    floor.bearer = floor.token()
    assert floor.ask(request).trades == ()


@pytest.mark.parametrize(("manner", "told"), [("newest", 2), ("oldest", 0)])
def test_a_status_by_cid_may_tell_of_an_older_order(manner: str, told: int) -> None:
    floor = Past(status_by_cid=manner)
    ids = replaced_twice(floor)
    asked = {"t": "s", "cid": 501}
    assert floor.say(floor.session, rid=7, **asked)[0]["res"]["status"]["order_id"] == ids[told]
    assert floor.get("/orders/order-status", cid=501)["status"]["order_id"] == ids[told]
    assert floor.get("/orders/order-status", oid=ids[1])["status"]["order_id"] == ids[1]
    floor.place(floor.session, 8, cid=502)
    for cid, found in ((502, 502), (503, None)):
        answer = floor.say(floor.session, rid=9, t="s", cid=cid)[0]
        assert answer.get("res", {}).get("status", {}).get("clord_id") == found


# Lag, faults and restarts


def test_lists_and_history_follow_behind_the_socket() -> None:
    floor = Past(rest_lag=5 * SECOND)
    oid = floor.place(floor.session, q=40, cid=501)[0]["res"]["oid"]
    floor.trade(Side.BUY, "2411.5", 15)

    def seen() -> tuple[Any, ...]:
        listed = [row["xq"] for row in floor.get("/orders/open-orders")["orders"]]
        of_order = len(floor.get("/orders/order-fills", order_id=oid)["fills"])
        return listed, [row["o"] for row in floor.orders()], len(floor.fills()), of_order

    assert seen() == ([], [], 0, 0)
    floor.wait(4.9)
    assert seen() == ([], [], 0, 0)
    floor.say(floor.session, rid=2, t="x", oid=oid)
    floor.wait(0.1)
    assert seen() == ([15], ["PARTIALLY_FILLED"], 1, 1)
    assert floor.get("/orders/order-status", oid=oid)["status"]["state"] == "CANCELED"
    assert floor.say(floor.session, rid=3, t="o")[0]["res"] == {"orders": []}
    floor.wait(4.9)
    assert seen() == ([], ["CANCELED"], 1, 1)


def test_a_replaced_order_is_seen_as_it_was_too() -> None:
    floor = Past(rest_lag=5 * SECOND)
    ids = replaced_twice(floor)
    floor.wait(3.5)
    assert [(row["oid"], row["xq"], row["o"]) for row in floor.orders()] == [
        (ids[0], 15, "REPLACED"),
        (ids[1], 0, "ACCEPTED"),
    ]
    floor.wait(5)
    assert [row["o"] for row in floor.orders()] == ["REPLACED", "REPLACED", "FILLED"]


@pytest.mark.parametrize("path", ["/orders/orders", "/api/fills", "/orders/order-fills", "/orders/open-orders"])
def test_every_list_can_be_hit_by_a_fault_of_its_own(path: str) -> None:
    floor = Past()
    query = {"order_id": "O-1"} if path == "/orders/order-fills" else {}
    if path in ("/orders/orders", "/api/fills"):
        query = floor.within()  # type: ignore[assignment]
    for kind, status in ((FaultKind.REST_PAGE, 403), (FaultKind.REST_ERROR, 429)):
        floor.exchange.faults.fail_next(kind, of=path, code=status)
        assert floor.rest("GET", "/api/whoami", token=floor.bearer)[0] == 200
        statuses = [floor.rest("GET", path, token=floor.bearer, **query)[0] for _ in range(2)]
        assert statuses == [status, 200]


def test_a_strict_venue_takes_the_clients_questions_and_no_others() -> None:
    floor = Past(strict=True, page_size=1)
    oid = floor.place(floor.session, q=3)[0]["res"]["oid"]
    for _ in range(3):
        floor.trade(Side.BUY, "2411.5", 1)
    assert len(list(floor.read(all_fills(floor)))) == 3
    assert len(list(floor.read(all_orders(floor)))) == 1
    floor.ask(evolve(all_fills(floor), venue_order_id=oid))
    assert floor.exchange.violations == []
    for path, wrong, problem in (
        ("/orders/orders", {"offset": 1}, "the query of /orders/orders has no offset"),
        ("/orders/orders", {"start": 1}, "the query of /orders/orders has no start"),
        ("/orders/orders", {"order_states": "FILLED,OPEN"}, "there is no order state OPEN"),
        ("/api/fills", {"sort_ts": "up"}, "sort_ts is asc or desc, not 'up'"),
        ("/api/fills", {"limit": 0}, "a limit is a whole number above zero, unlike '0'"),
        ("/orders/order-fills", {"oid": oid}, "the query of /orders/order-fills has no oid"),
    ):
        status, answer = floor.rest("GET", path, token=floor.bearer, **wrong)
        assert (status, answer["error"]) == (400, problem)
        assert floor.exchange.violations[-1] == problem


def test_history_survives_a_restart_of_the_venue() -> None:
    floor = Past(rest_lag=2 * SECOND)
    log: list[str] = []

    def note(item: Any) -> None:
        line = encode_input(floor.exchange, item, floor.now)
        assert line is not None
        log.append(line)

    def say(**message: Any) -> Any:
        note(Received(1, json.dumps(message)))  # type: ignore[arg-type]
        return floor.say(floor.session, **message)[0]["res"]

    login = HttpRequest(method="GET", path="/orders/ws", headers=(("authorization", f"Bearer {floor.bearer}"),))
    note(Upgraded(1, login))  # type: ignore[arg-type]
    terms = {"t": "p", "s": "XAU-PERP", "q": 40, "p": "2411.5", "tif": "GTC", "po": False, "st": "CancelResting"}
    first = say(rid=1, d="S", cid=501, **terms)["oid"]
    second = say(rid=2, t="r", oid=first, p="2411.6")["oid"]
    other = {"s": "XAU-PERP", "d": "S", "q": 5, "p": "2412.0", "tif": "GTC", "po": False, "cid": 502}
    headers = (("authorization", f"Bearer {floor.bearer}"),)
    body = json.dumps(other).encode()
    note(Requested(HttpRequest(method="POST", path="/orders/place-order", headers=headers, body=body)))
    floor.rest("POST", "/orders/place-order", other, floor.bearer)
    say(rid=3, t="x", oid=second)
    floor.wait(3)
    before = floor.orders()
    assert [row["o"] for row in before] == ["REPLACED", "CANCELED", "ACCEPTED"]

    fresh = Past(rest_lag=2 * SECOND)
    fresh.now = floor.now
    assert replay(fresh.exchange, log, floor.now) == len(log)
    fresh.bearer = fresh.token()
    assert fresh.orders() == before
