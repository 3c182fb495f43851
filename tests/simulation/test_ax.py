"""The simulated AX Exchange by hand-written JSON, without the client's codec."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.simulation.ax import AxExchange, AxExchangeSettings, AxUser, Scope
from protocol.simulation.ax.risk import equity
from protocol.simulation.book import Book, Incoming, Resting, SelfTrade
from protocol.simulation.exchange import Accept, Close, HttpRequest, Refuse, SessionNumber, Tell
from protocol.simulation.faults import Fault, FaultKind, FaultSchedule
from protocol.simulation.input_log import encode_input, replay
from protocol.values import Instant, Side

SECOND = 1_000_000_000
READER = AxUser(id="01KREADER0000000000000001", api_key="r", api_secret="r", scope=Scope.READ_ONLY)


class Floor:
    """An exchange, its clock, and sessions that talk JSON to it."""

    def __init__(self, *faults: Fault, **settings: Any) -> None:
        ours: dict[str, Any] = {"quotes": False, "users": (AxUser(), READER)}
        options = AxExchangeSettings(**(ours | settings))
        self.exchange = AxExchange(options, random.Random(7).random, FaultSchedule(faults))
        self.now = Instant(10 * SECOND, 1_790_000_000 * SECOND)
        self.numbers = 0
        self.heard: dict[int, list[Any]] = {}
        self.closed: dict[int, int | None] = {}

    def wait(self, seconds: float) -> None:
        passed = int(seconds * SECOND)
        until = self.now.monotonic_ns + passed
        while (due := self.exchange.next_due) is not None and due <= until:
            step = max(0, due - self.now.monotonic_ns)
            self.now = Instant(self.now.monotonic_ns + step, self.now.wall_ns + step)
            self.take(self.exchange.tick(self.now))
        rest = until - self.now.monotonic_ns
        self.now = Instant(until, self.now.wall_ns + rest)

    def take(self, outputs: Any) -> None:
        for output in outputs:
            if isinstance(output, Tell):
                message = output.message
                parsed = json.loads(message) if isinstance(message, str) and message.endswith("}") else message
                self.heard.setdefault(output.session, []).append(parsed)
            else:
                assert isinstance(output, Close)
                self.closed[output.session] = output.code

    def rest(self, method: str, path: str, body: Any = None, token: str | None = None, **query: Any) -> tuple[int, Any]:
        request = HttpRequest(
            method=method,
            path=path,
            query=tuple((key, str(value)) for key, value in query.items()),
            headers=() if token is None else (("authorization", f"Bearer {token}"),),
            body=b"" if body is None else json.dumps(body).encode(),
        )
        reply, outputs = self.exchange.request(request, self.now)
        self.take(outputs)
        is_json = reply.content_type == "application/json"
        return reply.status, json.loads(reply.body) if is_json else reply.body.decode()

    def token(self, key: str = "demo-key", secret: str = "demo-secret", seconds: int = 3600) -> str:
        body = {"api_key": key, "api_secret": secret, "expiration_seconds": seconds}
        status, answer = self.rest("POST", "/api/authenticate", body)
        assert status == 200
        return str(answer["token"])

    def open(self, token: str | None = None, **query: Any) -> int:
        self.numbers += 1
        request = HttpRequest(
            method="GET",
            path="/orders/ws",
            query=tuple((key, str(value)) for key, value in query.items()),
            headers=(("authorization", f"Bearer {token or self.token()}"),),
        )
        decision, outputs = self.exchange.upgrade(SessionNumber(self.numbers), request, self.now)
        if isinstance(decision, Refuse):
            return -decision.reply.status
        assert isinstance(decision, Accept)
        self.take(outputs)
        return self.numbers

    def say(self, session: int, **message: Any) -> list[Any]:
        """Sends a request; gives what this session hears of it at once."""
        before = len(self.heard.get(session, []))
        self.take(self.exchange.receive(SessionNumber(session), json.dumps(message), self.now))
        return self.heard.get(session, [])[before:]

    def place(self, session: int, rid: int = 1, **terms: Any) -> list[Any]:
        known = {"s": "XAU-PERP", "d": "S", "q": 40, "p": "2411.5", "tif": "GTC", "po": False}
        return self.say(session, rid=rid, t="p", **(known | terms))

    def trade(self, side: Side, price: str, quantity: int, *, rest: bool = False) -> None:
        self.take(self.exchange.trade_against("XAU-PERP", side, Decimal(price), quantity, self.now, rest=rest))


def test_the_login_answer_comes_first_and_says_what_is_set() -> None:
    floor = Floor()
    session = floor.open()
    assert floor.heard[session][0] == {"rid": 0, "res": {"li": "01KTRADER00000000000000001", "o": None, "cod": False}}
    careful = floor.open(cancel_on_disconnect="true", client_heartbeat_timeout=9)
    assert floor.heard[careful][0]["res"] == {"li": "01KTRADER00000000000000001", "o": None, "cod": True, "chb": 9}


def test_an_order_rests_fills_in_parts_and_ends() -> None:
    floor = Floor()
    session = floor.open()
    answer, acknowledged = floor.place(session, cid=501, tag="demo1")
    oid = answer["res"]["oid"]
    assert answer == {"rid": 1, "res": {"oid": oid}}
    assert (acknowledged["t"], acknowledged["o"]["oid"], acknowledged["o"]["rq"]) == ("n", oid, 40)
    assert len(oid) == 28
    floor.trade(Side.BUY, "2412", 15)
    partial = floor.heard[session][-1]
    assert (partial["t"], partial["o"]["xq"], partial["o"]["rq"], partial["xs"]["q"]) == ("p", 15, 25, 15)
    assert partial["xs"]["agg"] is False
    assert partial["xs"]["p"] == "2411.5"
    floor.trade(Side.BUY, "2412", 25)
    final = floor.heard[session][-1]
    assert (final["t"], final["o"]["o"], final["o"]["rq"]) == ("f", "FILLED", 0)


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"s": "NO-SUCH"}, "symbol"),
        ({"q": 0}, "whole number"),
        ({"tif": "FOK"}, "FOK"),
        ({"po": True, "tif": "IOC"}, "IOC"),
        ({"tag": "no spaces"}, "tag"),
        ({"q": 50, "s": "EURUSD-PERP", "p": "1.1"}, "minimum"),
        ({"q": 10_000_000}, "margin"),
    ],
)
def test_the_gateway_refuses_without_an_event(terms: dict[str, Any], words: str) -> None:
    floor = Floor()
    (answer,) = floor.place(floor.open(), **terms)
    assert answer["err"]["code"] == 400
    assert words in answer["err"]["msg"]
    assert "res" not in answer


@pytest.mark.parametrize(
    ("terms", "reason"),
    [({"p": "2411.55"}, "INVALID_PRICE_INCREMENT"), ({"p": "2999"}, "PRICE_OUT_OF_BOUNDS")],
)
def test_the_engine_rejects_with_an_id_and_an_event(terms: dict[str, Any], reason: str) -> None:
    floor = Floor()
    answer, rejected = floor.place(floor.open(), **terms)
    assert rejected["t"] == "j"
    assert (rejected["r"], rejected["o"]["oid"], rejected["o"]["rq"]) == (reason, answer["res"]["oid"], 0)


def test_a_post_only_order_that_would_trade_is_rejected_without_a_code() -> None:
    floor = Floor()
    session = floor.open()
    floor.trade(Side.BUY, "2411.5", 5, rest=True)
    _, rejected = floor.place(session, po=True)
    assert rejected["r"] is None
    assert rejected["txt"] == "post-only order would cross the book"


def test_a_cid_belongs_to_one_open_order() -> None:
    floor = Floor()
    session = floor.open()
    floor.place(session, cid=5)
    assert floor.place(session, 2, cid=5)[-1]["r"] == "DUPLICATE_CLIENT_ORDER_ID"
    floor.say(session, rid=3, t="x", cid=5)
    assert floor.place(session, 4, cid=5)[-1]["t"] == "n"


def test_what_is_left_of_an_ioc_expires() -> None:
    floor = Floor()
    session = floor.open()
    floor.trade(Side.BUY, "2411.5", 5, rest=True)
    told = floor.place(session, tif="IOC")
    assert [message.get("t") for message in told] == [None, "n", "p", "x"]
    assert (told[-1]["o"]["o"], told[-1]["o"]["xq"], told[-1]["o"]["rq"]) == ("EXPIRED", 5, 0)


def test_canceling_by_either_id_and_of_what_is_gone() -> None:
    floor = Floor()
    session = floor.open()
    oid = floor.place(session, cid=7)[0]["res"]["oid"]
    taken, gone = floor.say(session, rid=2, t="x", cid=7)
    assert taken == {"rid": 2, "res": {"cxl_rx": True}}
    assert (gone["t"], gone["xr"], gone["txt"], gone["o"]["rq"]) == ("c", "", "", 0)
    late, refused = floor.say(session, rid=3, t="x", oid=oid)
    assert late["res"] == {"cxl_rx": True}
    assert (refused["t"], refused["r"]) == ("e", "ORDER_NOT_FOUND")
    assert "eid" not in refused
    (both,) = floor.say(session, rid=4, t="x", oid=oid, cid=7)
    assert both["err"]["code"] == 400
    for manner, answer in (("404", ("err", {"code": 404})), ("declined", ("res", {"cxl_rx": False}))):
        other = Floor(cancel_of_unknown=manner)
        (said,) = other.say(other.open(), rid=1, t="x", oid="O-none")
        assert said[answer[0]].items() >= answer[1].items()


def test_an_order_that_is_pending_cannot_be_canceled_yet() -> None:
    floor = Floor(acknowledge_after=SECOND)
    session = floor.open()
    (answer,) = floor.place(session)
    (early,) = floor.say(session, rid=2, t="x", oid=answer["res"]["oid"])
    assert early["err"]["code"] == 409
    floor.wait(1)
    assert any(isinstance(m, dict) and m.get("t") == "n" for m in floor.heard[session])
    assert floor.say(session, rid=3, t="x", oid=answer["res"]["oid"])[0]["res"] == {"cxl_rx": True}


def test_a_replacement_inherits_what_was_left_or_counts_from_zero() -> None:
    floor = Floor()
    session = floor.open()
    oid = floor.place(session, cid=9)[0]["res"]["oid"]
    floor.trade(Side.BUY, "2412", 15)
    answer, event = floor.say(session, rid=2, t="r", oid=oid, p="2410.9")
    assert event["t"] == "r"
    assert (event["ro"]["o"], event["ro"]["rq"], event["noid"]) == ("REPLACED", 0, answer["res"]["oid"])
    assert (event["no"]["q"], event["no"]["xq"], event["no"]["cid"]) == (25, 0, 9)
    _, again = floor.say(session, rid=3, t="r", cid=9, q=30)
    assert (again["no"]["q"], again["no"]["p"]) == (30, "2410.9")
    floor.trade(Side.BUY, "2410", 4, rest=True)
    crossing = floor.say(session, rid=4, t="r", cid=9, p="2410")
    assert [message.get("t") for message in crossing] == [None, "r", "p"]


def test_questions() -> None:
    floor = Floor()
    session = floor.open()
    oid = floor.place(session, cid=11)[0]["res"]["oid"]
    (listed,) = floor.say(session, rid=2, t="o")
    assert [order["oid"] for order in listed["res"]["orders"]] == [oid]
    (status,) = floor.say(session, rid=3, t="s", cid=11)
    assert status["res"]["status"]["state"] == "ACCEPTED"
    (unknown,) = floor.say(session, rid=4, t="s", cid=12)
    assert unknown["err"]["code"] == 404
    told = floor.say(session, rid=5, t="X", symbol="XAU-PERP")
    assert told[0] == {"rid": 5, "res": {}}
    assert told[1]["t"] == "c"


def test_who_may_do_what() -> None:
    floor = Floor(rate_limit=1, rate_burst=2)
    assert floor.open("no such token") == -401
    assert floor.open(floor.token(), account_id="SOMEBODY-ELSE") == -403
    reader = floor.open(floor.token("r", "r"))
    assert floor.place(reader)[0]["err"]["code"] == 403
    session = floor.open()
    codes = [floor.say(session, rid=n, t="o")[0].get("err", {}).get("code") for n in range(1, 4)]
    assert codes == [None, None, 429]
    token = floor.token(seconds=10)
    floor.wait(11)
    assert floor.open(token) == -401
    assert floor.closed == {}
    floor.open(client_heartbeat_timeout=301)
    assert list(floor.closed.values()) == [1008]


def test_heartbeats_both_ways() -> None:
    floor = Floor()
    quiet = floor.open(client_heartbeat_timeout=4)
    floor.wait(3.5)
    assert [message for message in floor.heard[quiet] if message.get("t") == "h"]
    floor.say(quiet, t="h")
    floor.wait(4)
    assert quiet not in floor.closed
    floor.wait(5)
    assert floor.closed == {quiet: None}


def test_a_lost_socket_cancels_its_own_orders_where_asked_to() -> None:
    floor = Floor()
    careful, other = floor.open(cancel_on_disconnect="true"), floor.open()
    floor.place(careful, cid=1)
    floor.place(other, cid=2)
    floor.take(floor.exchange.gone(SessionNumber(careful), floor.now))
    gone = floor.heard[other][-1]
    assert (gone["t"], gone["o"]["cid"]) == ("c", 1)
    (listed,) = floor.say(other, rid=2, t="o")
    assert [order["cid"] for order in listed["res"]["orders"]] == [2]


def test_older_shapes_on_request() -> None:
    floor = Floor(legacy=True)
    session = floor.open()
    assert floor.heard[session][0]["res"] == {"li": "01KTRADER00000000000000001", "o": None}
    oid = floor.place(session)[0]["res"]["oid"]
    assert isinstance(floor.say(session, rid=2, t="o")[0]["res"], list)
    _, replaced = floor.say(session, rid=3, t="r", oid=oid, p="2411.0")
    assert replaced["o"]["oid"] == oid
    assert "ro" not in replaced


def test_an_own_order_is_not_traded_with() -> None:
    floor = Floor()
    session = floor.open()
    floor.place(session, d="B", p="2411.0", cid=1)
    assert [m.get("t") for m in floor.place(session, 2, p="2411.0", cid=2)] == [None, "n", "c"]
    told = floor.place(session, 3, p="2411.0", cid=3, st="CancelResting")
    assert [(m.get("t"), m.get("o", {}).get("cid")) for m in told[1:]] == [("n", 3), ("c", 1)]


def test_rest_shares_the_book_and_the_accounts() -> None:
    floor = Floor()
    session, token = floor.open(), floor.token()
    body = {"s": "XAU-PERP", "d": "S", "q": 10, "p": "2411.5", "tif": "GTC", "po": False, "cid": 3}
    status, placed = floor.rest("POST", "/orders/place-order", body, token)
    assert status == 200
    assert floor.heard[session][-1]["o"]["oid"] == placed["oid"]
    assert floor.rest("POST", "/orders/place_order", body, token)[0] == 200
    assert floor.rest("GET", "/orders/open-orders", token=token)[1]["total_count"] == 1
    assert floor.rest("GET", "/orders/order-status", token=token, cid=3)[1]["status"]["order_id"]
    assert floor.rest("GET", "/orders/order-status", token=token, order_id="x")[0] == 400
    assert floor.rest("GET", "/orders/order-status", token=token, cid=99)[0] == 404
    assert floor.rest("GET", "/api/whoami")[0] == 401
    floor.trade(Side.BUY, "2412", 4)
    (position,) = floor.rest("GET", "/api/positions", token=token)[1]["positions"]
    assert position["signed_quantity"] == -4
    now = floor.now.wall_ns
    span = {"start_timestamp_ns": now - SECOND, "end_timestamp_ns": now + SECOND}
    (fill,) = floor.rest("GET", "/api/fills", token=token, **span)[1]["fills"]
    assert (fill["quantity"], fill["is_taker"], Decimal(fill["fee"])) == (
        4,
        False,
        Decimal("2411.5") * 4 * Decimal("0.00002"),
    )
    week = 7 * 24 * 3600 * SECOND
    too_long = {"start_timestamp_ns": 0, "end_timestamp_ns": week + 1}
    assert floor.rest("GET", "/api/fills", token=token, **too_long)[0] == 400
    assert floor.rest("GET", "/api/fills", token=token)[0] == 400
    preview = {"symbol": "XAU-PERP", "quantity": 9, "side": "B"}
    answer = floor.rest("POST", "/api/preview-aggressive-limit-order", preview, token)[1]
    assert (answer["limit_price"], answer["filled_quantity"], answer["remaining_quantity"]) == ("2411.5", 6, 3)
    assert floor.rest("POST", "/orders/cancel-all-orders", {}, token) == (200, {})
    assert floor.heard[session][-1]["t"] == "c"


def test_history_comes_in_pages_in_both_directions() -> None:
    floor = Floor()
    session, token = floor.open(), floor.token()
    floor.place(session, q=40)
    for _ in range(5):
        floor.trade(Side.BUY, "2412", 2)
        floor.wait(1)
    span = {"start_timestamp_ns": floor.now.wall_ns - 60 * SECOND, "end_timestamp_ns": floor.now.wall_ns + SECOND}
    for order in ("asc", "desc"):
        read: list[str] = []
        cursor: dict[str, Any] = {}
        while True:
            page = floor.rest("GET", "/api/fills", token=token, sort_ts=order, limit=2, **span, **cursor)[1]
            read += [fill["timestamp"] for fill in page["fills"]]
            if "next_cursor" not in page:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert len(read) == 5
        assert read == sorted(read, reverse=order == "desc")


def test_quotes_come_back_after_trades() -> None:
    floor = Floor(quotes=True)
    session = floor.open()
    for rid in range(1, 30):
        told = floor.place(session, rid, d="B", q=12, p="2411.5", tif="IOC")
        assert [message["t"] for message in told[1:]][-1] == "f", told


@pytest.mark.parametrize("kind", list(FaultKind))
def test_every_fault_can_happen_and_the_venue_goes_on(kind: FaultKind) -> None:
    floor = Floor(*(Fault(kind=kind, nth=n, delay=SECOND) for n in range(1, 4)))
    failing = {FaultKind.REST_ERROR: 500, FaultKind.REST_ERROR_EXECUTED: 500, FaultKind.REST_PAGE: 502}
    if kind in failing:
        body = {"api_key": "demo-key", "api_secret": "demo-secret", "expiration_seconds": 60}
        statuses = [floor.rest("POST", "/api/authenticate", body)[0] for _ in range(4)]
        assert statuses == [failing[kind]] * 3 + [200]
        return
    token = floor.token()
    sessions = [floor.open(token) for _ in range(4)]
    session = sessions[-1]
    for rid in range(1, 5):
        floor.place(session, rid, cid=rid)
        floor.say(session, rid=rid + 10, t="x", cid=rid)
    floor.wait(5)
    assert floor.place(session, 90, cid=90)[0]["res"]


def test_equal_inputs_give_equal_bytes() -> None:
    def run() -> list[Any]:
        floor = Floor(quotes=True)
        session = floor.open()
        floor.place(session, d="B", q=30, p="2411.4")
        floor.wait(3)
        return floor.heard[session]

    assert run() == run()


def clients_orders(exchange: AxExchange) -> list[Any]:
    return [order.status() for order in exchange.engine.orders.values() if order.oid.startswith("O-")]


def test_a_replayed_log_brings_back_orders_and_positions() -> None:
    from protocol.simulation.exchange import Received, Requested, Upgraded

    floor = Floor(quotes=True)
    log: list[str] = []
    exchange = floor.exchange

    def note(item: Any) -> None:
        line = encode_input(exchange, item, floor.now)
        if line is not None:
            log.append(line)

    token = floor.token()
    login = HttpRequest(method="GET", path="/orders/ws", headers=(("authorization", f"Bearer {token}"),))
    note(Upgraded(SessionNumber(1), login))
    exchange.upgrade(SessionNumber(1), login, floor.now)
    for rid in range(1, 4):
        body = {"rid": rid, "t": "p", "s": "XAU-PERP", "d": "B", "q": 3, "p": "2411.1", "tif": "GTC", "po": False}
        note(Received(SessionNumber(1), json.dumps(body)))
        exchange.receive(SessionNumber(1), json.dumps(body), floor.now)
    secret = HttpRequest(
        method="POST",
        path="/api/authenticate",
        body=b'{"api_key":"demo-key","api_secret":"demo-secret","expiration_seconds":1}',
    )
    note(Requested(secret))
    assert token not in "".join(log)
    assert "demo-secret" not in "".join(log)
    fresh = Floor(quotes=True).exchange
    assert replay(fresh, [*log, '{"cut off'], floor.now) == 4
    assert fresh.ledger.executions == exchange.ledger.executions
    assert clients_orders(fresh) == clients_orders(exchange)
    with pytest.raises(ValueError, match="cannot be read"):
        replay(Floor().exchange, ["nonsense", *log], floor.now)


# Properties

STEPS = st.lists(
    st.tuples(
        st.sampled_from(("place", "cancel", "replace", "other")),
        st.sampled_from(("B", "S")),
        st.integers(1, 30),
        st.integers(-5, 5),
        st.sampled_from(("GTC", "IOC")),
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_money_and_contracts_are_conserved(steps: list[tuple[str, str, int, int, str]]) -> None:
    floor = Floor()
    session = floor.open()
    for number, (what, side, quantity, offset, tif) in enumerate(steps, 1):
        price = Decimal("2411.0") + offset * Decimal("0.1")
        if what == "place":
            floor.place(session, number, d=side, q=quantity, p=str(price), tif=tif, cid=number)
        elif what == "cancel":
            floor.say(session, rid=number, t="x", cid=max(1, number - 1))
        elif what == "replace":
            floor.say(session, rid=number, t="r", cid=max(1, number - 1), p=str(price), q=quantity)
        else:
            floor.trade(Side.BUY if side == "B" else Side.SELL, str(price), quantity, rest=tif == "GTC")
    engine, executions = floor.exchange.engine, floor.exchange.ledger.executions
    for account in engine.accounts.values():
        signed = sum((e.quantity if e.side is Side.BUY else -e.quantity) for e in executions if e.account == account.id)
        assert account.position("XAU-PERP").signed == signed
    assert sum(account.position("XAU-PERP").signed for account in engine.accounts.values()) == 0
    fees = sum((e.fee for e in executions), Decimal(0))
    total = sum((equity(account, engine.markets) for account in engine.accounts.values()), Decimal(0))
    started = Decimal(1_000_000) + Decimal(10) ** 12  # both users trade on one account
    assert abs(total + fees - started) < Decimal("1e-9")
    book = engine.markets["XAU-PERP"].book
    bid, offer = book.best(Side.BUY), book.best(Side.SELL)
    assert bid is None or offer is None or bid < offer


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(Side), st.integers(95, 105), st.integers(1, 20)), max_size=40))
def test_the_book_trades_the_best_price_first_and_then_who_came_first(orders: list[tuple[Side, int, int]]) -> None:
    book = Book()
    for number, (side, price, quantity) in enumerate(orders):
        waiting = [(o.price, o.order_id) for o in book.orders(side.opposite)]
        matched = book.match(
            Incoming(
                order_id=str(number), account=str(number), side=side, quantity=Decimal(quantity), price=Decimal(price)
            )
        )
        assert [(m.price, m.resting_id) for m in matched.matches] == waiting[: len(matched.matches)]
        assert matched.left + sum((m.quantity for m in matched.matches), Decimal(0)) == quantity
        if matched.left:
            book.rest(Resting(str(number), str(number), side, Decimal(price), matched.left))
        bid, offer = book.best(Side.BUY), book.best(Side.SELL)
        assert bid is None or offer is None or bid < offer
        assert all(o.quantity > 0 for half in Side for o in book.orders(half))


@pytest.mark.parametrize(
    ("mode", "traded", "resting_left", "stopped"),
    [
        (SelfTrade.ALLOW, 5, False, False),
        (SelfTrade.CANCEL_INCOMING, 0, True, True),
        (SelfTrade.CANCEL_RESTING, 0, False, False),
        (SelfTrade.CANCEL_BOTH, 0, False, True),
    ],
)
def test_self_trade_prevention(mode: SelfTrade, traded: int, resting_left: bool, stopped: bool) -> None:
    book = Book()
    book.rest(Resting("1", "me", Side.SELL, Decimal(100), Decimal(5)))
    matched = book.match(
        Incoming(order_id="2", account="me", side=Side.BUY, quantity=Decimal(5), price=None, self_trade=mode)
    )
    assert sum(m.quantity for m in matched.matches) == traded
    assert ("1" in book) is resting_left
    assert matched.stopped is stopped
