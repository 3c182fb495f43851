"""Kraken Spot's wire, message by message: the login, the stream of executions, requests, answers, and REST.

Every message is typed out here, so that a mistake shared by both directions of the codec cannot hide.
"""

# Ids and request numbers are written as plain text and numbers here, and terms as dicts.
# mypy: disable-error-code="arg-type"

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.dispatch.batch_answers import settle_batch
from protocol.errors import AuthenticationError, WireError
from protocol.facts import (
    Alive,
    BatchAnswered,
    CancelAllAfterSet,
    Fact,
    FillsListed,
    LegAnswer,
    LimitTold,
    LoggedIn,
    LoginRefused,
    MessagesLost,
    Notice,
    OrderAcknowledged,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderHistoryListed,
    OrderPending,
    OrderRejected,
    OrderRemoved,
    OrderReplaced,
    OrderTriggered,
    OrderTriggerMoved,
    OrderView,
    Outcome,
    RequestAnswered,
    RequestRefused,
    Say,
    SlowDown,
    SystemChanged,
    TokenRefused,
    Trade,
    Unreadable,
    VenueTime,
)
from protocol.kraken_spot import wire
from protocol.kraken_spot.codec import UNASKED, SpotWire
from protocol.kraken_spot.converter import encode_form, encode_message, rfc3339, with_point
from protocol.kraken_spot.enumerations import error_outcome, order_status
from protocol.kraken_spot.handshake import Stage
from protocol.kraken_spot.instruments import instruments_call, read_instruments
from protocol.kraken_spot.options import ConditionalClose, KrakenSpotOptions
from protocol.kraken_spot.order_entry import edit_frame, encode
from protocol.kraken_spot.rest_answers import read_answer
from protocol.kraken_spot.rest_order_entry import encode_rest
from protocol.kraken_spot.sequence import SequenceCounter, Verdict
from protocol.kraken_spot.signing import Credentials
from protocol.kraken_spot.symbols import currency, quote_of, rest_pair, symbol_of_pair
from protocol.kraken_spot.venue import KrakenSpotSettings, KrakenSpotVenue
from protocol.reasons import RejectReason
from protocol.requests import (
    BatchOrders,
    CancelAllOrders,
    CancelOrder,
    ListFills,
    ListOpenOrders,
    ListOrderHistory,
    PlaceOrder,
    PreviewPrice,
    QueryOrder,
    ReplaceOrder,
    Request,
    SetCancelAllAfter,
)
from protocol.simulation.kraken_spot import venue_side
from protocol.simulation.kraken_spot.parameters import AddOrder
from protocol.values import (
    Instrument,
    LiquiditySide,
    Money,
    OffsetUnit,
    OrderStatus,
    OrderType,
    Side,
    SystemMode,
    TimeInForce,
    TriggerType,
)
from protocol.venue import HttpAnswer, Opening, SignedCall, Venue
from protocol.wire.times import nanoseconds

D = Decimal
TOKEN = "SECRET-TOKEN-1"
SECRET = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw=="
PLACED = "2026-07-01T12:00:00.000100Z"
SEEN = "2026-07-01T12:00:05.250000Z"
PLACED_NS = 1782907200000100000
SEEN_NS = 1782907205250000000

STATUS = (
    '{"channel":"status","type":"update","data":[{"version":"2.0.10","system":"online","api_version":"v2",'
    '"connection_id":17000000000000000001,"upcoming_maintenance":[],"emergency":[]}]}'
)
HEARTBEAT = '{"channel":"heartbeat"}'


def ack(number: int = 2**31, method: str = "subscribe") -> str:
    return (
        f'{{"method":"{method}","req_id":{number},"result":{{"channel":"executions","maxratecount":125,'
        '"snap_orders":true,"snap_trades":false},"success":true,'
        '"time_in":"2026-07-01T12:00:00.500000Z","time_out":"2026-07-01T12:00:00.502100Z"}'
    )


def snapshot(*reports: str, sequence: int = 1) -> str:
    return f'{{"channel":"executions","type":"snapshot","data":[{",".join(reports)}],"sequence":{sequence}}}'


def update(*reports: str, sequence: int | None = None) -> str:
    number = "" if sequence is None else f',"sequence":{sequence}'
    return f'{{"channel":"executions","type":"update","data":[{",".join(reports)}]{number}}}'


class WireWithoutTime(SpotWire):
    """Leaves out the venue's time, which comes with every answer and has tests of its own."""

    def decode(self, message: str | bytes) -> tuple[Any, ...]:
        return tuple(fact for fact in super().decode(message) if not isinstance(fact, VenueTime))


def new_wire(**opening: Any) -> SpotWire:
    return WireWithoutTime(Opening(**{"token": TOKEN, "instruments": {}} | opening))


def logged_in(*reports: str, **opening: Any) -> SpotWire:
    """A wire whose login is done, with these orders and fills in its snapshot."""
    spot = new_wire(**opening)
    for text in (STATUS, ack(), snapshot(*reports)):
        spot.decode(text)
    return spot


def heard(spot: SpotWire, *reports: str) -> list[Any]:
    return list(spot.decode(update(*reports)))


def said(facts: Sequence[Any]) -> list[Any]:
    return [json.loads(fact.text) for fact in facts if isinstance(fact, Say)]


def fields_as_json(fields: dict[str, Any], changes: dict[str, Any]) -> str:
    return "{" + ",".join(f'"{key}":{value}' for key, value in (fields | changes).items() if value is not None) + "}"


def pending(**changes: Any) -> str:
    """A full report as the venue writes it; None takes a key out, text is JSON as it stands."""
    fields = {
        "order_id": '"OAAAA1-BBBB2-CCCC33"',
        "symbol": '"ETH/USD"',
        "order_qty": "0.50000000",
        "cum_cost": "0.00000",
        "time_in_force": '"GTC"',
        "exec_type": '"pending_new"',
        "side": '"buy"',
        "order_type": '"limit"',
        "cl_ord_id": '"sim-0001"',
        "limit_price_type": '"static"',
        "limit_price": "3000.10",
        "stop_price": "0.00",
        "order_status": '"pending_new"',
        "fee_usd_equiv": "0.0",
        "fee_ccy_pref": '"fciq"',
        "timestamp": f'"{PLACED}"',
    }
    return fields_as_json(fields, changes)


def delta(**changes: Any) -> str:
    """A report with nothing but what every one has."""
    fields = {"timestamp": f'"{SEEN}"', "order_id": '"OAAAA1-BBBB2-CCCC33"'}
    return fields_as_json(fields, changes)


def new() -> str:
    return delta(exec_type='"new"', order_status='"new"')


def ended(kind: str, **changes: Any) -> str:
    fields = {"exec_type": f'"{kind}"', "order_status": f'"{kind}"', "cum_qty": "0.0", "cum_cost": "0.0"}
    return delta(**(fields | {"avg_price": "0.0"} | changes))


def fill(**changes: Any) -> str:
    fields = {
        "order_id": '"OAAAA1-BBBB2-CCCC33"',
        "exec_id": '"TXXXX1-YYYY2-ZZZZ33"',
        "exec_type": '"trade"',
        "trade_id": "900001",
        "symbol": '"ETH/USD"',
        "side": '"buy"',
        "last_qty": "0.50000000",
        "last_price": "3000.10",
        "liquidity_ind": '"m"',
        "cost": "1500.05000",
        "order_type": '"limit"',
        "timestamp": f'"{SEEN}"',
        "order_status": '"partially_filled"',
        "cum_qty": "0.50000000",
        "cum_cost": "1500.05000",
        "avg_price": "3000.10",
        "fee_usd_equiv": "2.40008",
        "fees": '[{"asset":"USD","qty":2.40008}]',
    }
    return fields_as_json(fields, changes)


def view(**changes: Any) -> OrderView:
    fields: dict[str, Any] = {
        "venue_order_id": "OAAAA1-BBBB2-CCCC33",
        "wire_id": "sim-0001",
        "symbol": "ETH/USD",
        "side": Side.BUY,
        "price": D("3000.10"),
        "quantity": D("0.5"),
        "cumulative": None,
        "status": OrderStatus.ACCEPTED,
        "time_in_force": TimeInForce.GTC,
        "post_only": False,
        "type": OrderType.LIMIT,
        "time": PLACED_NS,
    }
    return OrderView(**(fields | changes))


def trade(**changes: Any) -> Trade:
    fields: dict[str, Any] = {
        "venue_order_id": "OAAAA1-BBBB2-CCCC33",
        "trade_id": "TXXXX1-YYYY2-ZZZZ33",
        "symbol": "ETH/USD",
        "side": Side.BUY,
        "price": D("3000.10"),
        "quantity": D("0.5"),
        "liquidity": LiquiditySide.MAKER,
        "time": SEEN_NS,
        "fee": Money(D("2.40008"), "USD"),
        "wire_id": "sim-0001",
    }
    return Trade(**(fields | changes))


# The login (spec A.4, A.5, E.17)


def test_the_login_is_a_subscription_with_the_token() -> None:
    spot = new_wire()
    facts = spot.decode(STATUS)
    assert said(facts) == [
        {
            "method": "subscribe",
            "params": {
                "channel": "executions",
                "token": TOKEN,
                "snap_orders": True,
                "snap_trades": False,
                "order_status": True,
            },
            "req_id": 2**31,
        }
    ]
    assert facts[1] == SystemChanged(text="The venue is online.", mode=SystemMode.ONLINE)
    assert spot.decode(ack()) == (LimitTold(most=125),)
    login = LoggedIn(user="", orders=(), cancel_on_disconnect=False, heartbeat_timeout=None)
    assert spot.decode(snapshot()) == (login,)
    assert spot.stage is Stage.SUBSCRIBED


def test_the_snapshot_may_come_before_the_acknowledgement() -> None:
    spot = new_wire()
    spot.decode(STATUS)
    assert spot.decode(snapshot(pending(exec_type='"new"', order_status='"new"'))) == (Alive(),)
    _, login = spot.decode(ack())
    assert isinstance(login, LoggedIn)
    assert login.orders == (view(),)


def test_any_first_message_begins_the_login() -> None:
    assert said(new_wire().decode(HEARTBEAT))


def test_after_a_reconnect_the_newest_fills_are_listed_as_well() -> None:
    (request,) = said(new_wire(again=True).decode(STATUS))
    assert request["params"]["snap_trades"] is True


def test_a_snapshot_lists_fills_in_order_before_what_is_open() -> None:
    spot = new_wire(again=True)
    spot.decode(STATUS)
    spot.decode(ack())
    newest_first = [
        fill(exec_id='"T-3"', timestamp='"2026-07-01T11:59:30.700002Z"', cum_qty=None, cum_cost=None, avg_price=None),
        fill(exec_id='"T-2"', timestamp='"2026-07-01T11:59:30.700001Z"', cum_qty=None, order_status='"filled"'),
        fill(exec_id='"T-1"', timestamp='"2026-07-01T11:59:30.700001Z"', cum_qty=None, order_status='"filled"'),
    ]
    open_order = pending(exec_type='"new"', order_status='"partially_filled"', cum_qty="0.2", amended="false")
    fills, login = spot.decode(snapshot(newest_first[0], open_order, *newest_first[1:]))
    assert isinstance(fills, FillsListed)
    assert fills.request_id == UNASKED
    assert [one.trade_id for one in fills.trades] == ["T-1", "T-2", "T-3"]
    assert isinstance(login, LoggedIn)
    assert login.orders == (view(status=OrderStatus.PARTIALLY_FILLED, cumulative=D("0.2")),)


def test_a_snapshot_that_never_comes_does_not_block_the_start() -> None:
    by_beats, by_news = new_wire(), new_wire()
    for spot in (by_beats, by_news):
        spot.decode(STATUS)
        spot.decode(ack())
    assert by_beats.decode(HEARTBEAT) == (Alive(),)
    assert [type(fact) for fact in by_beats.decode(HEARTBEAT)] == [Notice, LoggedIn]
    facts = by_news.decode(update(pending(), sequence=1))
    assert [type(fact) for fact in facts] == [Notice, LoggedIn, OrderPending]
    assert by_beats.decode(HEARTBEAT) == (Alive(),)


def test_a_snapshot_that_comes_too_late_is_news_all_the_same() -> None:
    spot = new_wire()
    for text in (STATUS, ack(), HEARTBEAT, HEARTBEAT):
        spot.decode(text)
    first, second = pending(exec_type='"new"'), pending(exec_type='"new"', order_id='"O-2"')
    acknowledged, new_one = spot.decode(snapshot(first, second))
    assert isinstance(acknowledged, OrderAcknowledged)
    assert isinstance(new_one, OrderAcknowledged)
    (changed,) = spot.decode(snapshot(pending(exec_type='"new"', limit_price="2999.0"), sequence=2))
    assert isinstance(changed, OrderReplaced)
    assert changed.order.price == 2999


REFUSED_SUBSCRIPTIONS = {
    '"error":"EGeneral:Permission denied","success":false': True,
    '"error":"EAPI:Invalid key","success":false': True,
    '"error":"Currency pair not supported XBT/USD","success":false,"symbol":"XBT/USD"': False,
    '"error":"Unsupported event"': False,
    '"error":"Subscription name invalid","success":"no","status":"error","channel":"executions"': False,
    '"success":false': False,
}


@pytest.mark.parametrize("said_by_venue", REFUSED_SUBSCRIPTIONS)
def test_a_refused_subscription_ends_the_login(said_by_venue: str) -> None:
    spot = new_wire()
    spot.decode(STATUS)
    (fact,) = spot.decode('{"method":"subscribe",' + said_by_venue + "}")
    assert isinstance(fact, LoginRefused)
    assert fact.unauthorized is REFUSED_SUBSCRIPTIONS[said_by_venue]
    assert spot.stage is Stage.REFUSED


@pytest.mark.parametrize("error", ["ESession:Invalid session", "EAPI:Invalid token", "Token(s) not found"])
def test_a_dead_token_is_replaced_on_the_same_connection_a_few_times(error: str) -> None:
    spot = new_wire()
    spot.decode(STATUS)
    for number in (2**31, 2**31 + 1):
        (fact,) = spot.decode(refused_subscription(number, error))
        assert isinstance(fact, TokenRefused)
        (again,) = said(spot.take_token(f"TOKEN-{number}"))
        assert (again["params"]["token"], again["req_id"]) == (f"TOKEN-{number}", number + 1)
    (fact,) = spot.decode(refused_subscription(2**31 + 2, error))
    assert fact == LoginRefused(reason=f"Kraken did not let us subscribe ({error}).", unauthorized=True)


def refused_subscription(number: int, error: str) -> str:
    return (
        f'{{"method":"subscribe","req_id":{number},"error":"{error}","success":false,'
        '"time_in":"2026-07-01T12:00:00.500000Z","time_out":"2026-07-01T12:00:00.502100Z",'
        '"channel":"executions","status":"error"}'
    )


def test_an_answer_with_another_number_is_not_ours() -> None:
    spot = new_wire()
    spot.decode(STATUS)
    (fact,) = spot.decode(refused_subscription(7, "EAPI:Invalid token"))
    assert isinstance(fact, Notice)
    assert spot.stage is Stage.SUBSCRIBING


def test_a_token_that_dies_in_mid_session_is_asked_for_once_and_keeps_the_subscription() -> None:
    spot = logged_in()
    text = '{"method":"add_order","req_id":100,"error":"EAPI:Invalid token","success":false}'
    refusal, asked = spot.decode(text)
    assert refusal == RequestRefused(
        request_id=100, outcome=Outcome.TOKEN, reason="EAPI:Invalid token", why=RejectReason.PERMISSION
    )
    assert isinstance(asked, TokenRefused)
    assert [type(fact) for fact in spot.decode(text)] == [RequestRefused]
    assert spot.take_token("SECRET-TOKEN-2") == ()
    assert [type(fact) for fact in spot.decode(text)] == [RequestRefused, TokenRefused]
    assert spot.stage is Stage.SUBSCRIBED


def test_a_stream_that_the_venue_ends_is_subscribed_again() -> None:
    spot = logged_in()
    text = '{"method":"unsubscribe","result":{"channel":"executions"},"success":true}'
    (request,) = said(spot.decode(text))
    assert request["method"] == "subscribe"


def test_a_warning_about_the_subscription_is_noticed() -> None:
    spot = new_wire()
    spot.decode(STATUS)
    fact, limit = spot.decode(
        ack().replace('"maxratecount":125', '"maxratecount":60,"warnings":["snapshot is deprecated"]')
    )
    assert isinstance(fact, Notice)
    assert "snapshot is deprecated" in fact.text
    assert limit == LimitTold(most=60)


# The system


@pytest.mark.parametrize(
    ("word", "mode"),
    [
        ("maintenance", SystemMode.MAINTENANCE),
        ("cancel_only", SystemMode.CANCEL_ONLY),
        ("post_only", SystemMode.POST_ONLY),
        ("half_asleep", None),
    ],
)
def test_the_system_says_what_it_takes(word: str, mode: SystemMode | None) -> None:
    spot = logged_in()
    assert spot.decode(STATUS.replace("online", word)) == (SystemChanged(text=f"The venue is {word}.", mode=mode),)
    assert spot.mode is mode


def test_a_status_that_is_pushed_again_is_a_sign_of_life() -> None:
    spot = logged_in()
    assert spot.decode(STATUS) == (Alive(),)
    assert spot.decode('{"channel":"status","data":[]}') == (Alive(),)
    assert spot.decode('{"channel":"status","data":"soon"}') == (Alive(),)


# The numbers of the stream (spec A.6)


def test_the_numbers_tell_what_is_missing_and_what_came_twice() -> None:
    counter = SequenceCounter()
    heard = [
        (1, True),
        (2, False),
        (2, False),
        (1, False),
        (4, False),
        (None, False),
        (5, False),
        (1, True),
        (2, False),
    ]
    verdicts = [counter.hear(number, snapshot=shown) for number, shown in heard]
    next_, lost, again = Verdict.NEXT, Verdict.LOST, Verdict.REPEATED
    assert verdicts == [next_, next_, again, again, lost, next_, next_, next_, next_]


def test_a_repeated_message_says_nothing() -> None:
    spot = logged_in()
    assert len(spot.decode(update(pending(), sequence=2))) == 1
    assert spot.decode(update(pending(), sequence=2)) == (Alive(),)


def test_a_gap_lists_everything_anew_on_the_same_connection() -> None:
    spot = logged_in(pending(exec_type='"new"', order_status='"new"'))
    lost, say, traded = spot.decode(update(fill(), sequence=4))
    assert isinstance(lost, MessagesLost)
    assert (lost.expected, lost.received) == (2, 4)
    assert isinstance(traded, OrderFilled)
    (request,) = said([say])
    assert request == {
        "method": "unsubscribe",
        "params": {"channel": "executions", "token": TOKEN},
        "req_id": 2**31 + 1,
    }
    # While that is under way the old stream goes on, and another gap in it changes nothing.
    (again, _) = spot.decode(update(fill(exec_id='"T-9"'), sequence=9))
    assert isinstance(again, MessagesLost)
    (request,) = said(spot.decode(ack(2**31 + 1, "unsubscribe")))
    assert (request["params"]["snap_orders"], request["params"]["snap_trades"]) == (True, True)
    spot.decode(ack(2**31 + 2))
    listed, login = spot.decode(snapshot(fill()))
    assert isinstance(listed, FillsListed)
    assert isinstance(login, LoggedIn)
    assert spot.decode(update(pending(), sequence=2)) != (Alive(),)


def test_a_first_message_that_is_not_the_first_of_the_stream_shows_a_gap() -> None:
    spot = new_wire()
    spot.decode(STATUS)
    spot.decode(ack())
    facts = spot.decode(update(pending(), sequence=2))
    assert [type(fact) for fact in facts][:2] == [MessagesLost, Say]


def test_a_token_that_died_meanwhile_is_replaced_when_the_stream_is_subscribed_anew() -> None:
    spot = logged_in()
    spot.decode(update(fill(), sequence=4))
    spot.decode(ack(2**31 + 1, "unsubscribe"))
    (asked,) = spot.decode(refused_subscription(2**31 + 2, "ESession:Invalid session"))
    assert isinstance(asked, TokenRefused)
    (request,) = said(spot.take_token("SECRET-TOKEN-2"))
    assert (request["method"], request["params"]["token"]) == ("subscribe", "SECRET-TOKEN-2")
    spot.decode(ack(2**31 + 3))
    assert [type(fact) for fact in spot.decode(snapshot())] == [LoggedIn]


# Classification (spec C.1) and what makes no sense


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('{"method":"pong","time_in":"x","time_out":"y"}', Alive),
        ('{"method":"pong","success":true,"result":{"warnings":["old"]}}', Alive),
        ('{"method":"unsubscribe","result":{"channel":"executions"},"success":true,"req_id":4}', Notice),
        ('{"method":"cancel_all","req_id":1,"result":{"count":4},"success":true}', RequestAnswered),
        ('{"method":"ping","req_id":2,"error":"Unsupported field: \'params\'","success":false}', Notice),
        (HEARTBEAT, Alive),
        (STATUS, Alive),
        (update(new()), OrderAcknowledged),
        ('{"Error":"Exceeded msg rate"}', SlowDown),
        ('{"error":"Exceeded msg rate","success":false}', SlowDown),
        ('{"error":"Something else"}', Notice),
        ('{"method":"fireworks"}', Unreadable),
        ('{"channel":"executions","type":"update"}', Unreadable),
        ('{"channel":"ticker","data":[{}]}', Unreadable),
        ('{"method":"pong","channel":"executions","data":[' + new() + "]}", Alive),
    ],
)
def test_a_message_is_classified_by_its_first_match(text: str, kind: type) -> None:
    (fact,) = logged_in().decode(text)
    assert type(fact) is kind


@pytest.mark.parametrize(
    "text",
    [
        "",
        "restarting, please reconnect",
        "[]",
        "7",
        "null",
        "{}",
        '{"channel":null}',
        '{"channel":"executions"',
        update(fields_as_json({}, {"exec_type": '"new"'})),
        '{"channel":"x","a":1e9999999999999999999}',
        '{"channel":"\\ud800"}',
        '{"channel":NaN}',
        "[" * 100_000,
        '{"a":' + "9" * 5000 + "}",
    ],
)
def test_what_makes_no_sense_is_unreadable(text: str) -> None:
    (fact,) = logged_in().decode(text)
    assert isinstance(fact, Unreadable)
    assert fact.why.endswith(".")


def test_a_binary_message_is_unreadable() -> None:
    (fact,) = new_wire().decode(b'{"channel":"heartbeat"}')
    assert isinstance(fact, Unreadable)
    assert "binary" in fact.why


@given(st.text())
def test_no_text_makes_the_wire_raise(text: str) -> None:
    assert logged_in().decode(text)
    assert new_wire().decode(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([at.name for at in attrs.fields(wire.Report)]), inner, max_size=6)
    ),
    max_leaves=12,
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "channel": st.sampled_from(["executions", "status", "heartbeat"]) | JSON,
            "method": st.sampled_from([*venue_side.METHODS, "pong"]) | JSON,
            "type": st.sampled_from(["snapshot", "update"]) | JSON,
            "data": st.lists(JSON, max_size=3) | JSON,
            "result": st.lists(JSON, max_size=3) | JSON,
            "success": st.booleans() | JSON,
            "req_id": st.integers(min_value=0, max_value=2**33) | JSON,
            "sequence": st.integers() | JSON,
            "error": st.text(max_size=9) | JSON,
        },
    )
)
def test_no_json_makes_the_wire_raise(tree: Any) -> None:
    text = json.dumps(tree)
    for spot in (logged_in(), new_wire()):
        assert spot.decode(text)


# Reports, kind by kind (spec A.9, A.11)


def test_a_pending_order_is_no_news_but_its_id() -> None:
    (fact,) = heard(logged_in(), pending())
    assert fact == OrderPending(time=PLACED_NS, order=view(status=OrderStatus.SUBMITTED))


def test_an_order_that_is_live_is_acknowledged_with_what_its_first_report_told() -> None:
    spot = logged_in()
    heard(spot, pending())
    (fact,) = heard(spot, delta(exec_type='"new"', order_status='"new"', cl_ord_id='""'))
    assert fact == OrderAcknowledged(time=SEEN_NS, order=view())


def test_a_report_of_an_order_that_was_never_shown_names_its_id_alone() -> None:
    (fact,) = heard(logged_in(), new())
    assert isinstance(fact, OrderAcknowledged)
    shown = view(
        wire_id=None,
        symbol="",
        side=None,
        price=None,
        quantity=None,
        time_in_force=None,
        type=None,
        time=SEEN_NS,
    )
    assert fact.order == shown


STATUS_TABLE = [
    ("canceled", "new", OrderStatus.CANCELED),
    ("expired", "anything", OrderStatus.EXPIRED),
    ("filled", None, OrderStatus.FILLED),
    ("trade", "filled", OrderStatus.FILLED),
    ("trade", "partially_filled", OrderStatus.PARTIALLY_FILLED),
    ("trade", None, OrderStatus.PARTIALLY_FILLED),
    ("trade", "canceled", OrderStatus.CANCELED),
    ("pending_new", "pending_new", OrderStatus.SUBMITTED),
    ("new", "new", OrderStatus.ACCEPTED),
    ("status", "partially_filled", OrderStatus.PARTIALLY_FILLED),
    ("iceberg_refill", "filled", OrderStatus.FILLED),
    ("status", "canceled", OrderStatus.CANCELED),
    ("restated", "expired", OrderStatus.EXPIRED),
    ("status", "triggered", OrderStatus.TRIGGERED),
    ("new", None, OrderStatus.ACCEPTED),
    ("future_event", "NEW", OrderStatus.ACCEPTED),
    ("future_event", "future_status", None),
]


@pytest.mark.parametrize(("exec_type", "word", "expected"), STATUS_TABLE)
def test_where_an_order_stands_follows_from_both_words(exec_type: str, word: str, expected: OrderStatus | None) -> None:
    assert order_status(exec_type, word) is expected


def test_a_trigger_that_fired_counts_on_a_status_report_and_in_a_snapshot() -> None:
    assert order_status("status", "new", triggered=True) is OrderStatus.TRIGGERED
    assert order_status("new", "new", triggered=True) is OrderStatus.ACCEPTED
    assert order_status("new", "new", triggered=True, listed=True) is OrderStatus.TRIGGERED
    assert order_status("status", "new", triggered=True, listed=True) is OrderStatus.TRIGGERED
    assert order_status("new", "partially_filled", triggered=True, listed=True) is OrderStatus.PARTIALLY_FILLED
    assert order_status("new", "new", listed=True) is OrderStatus.ACCEPTED
    assert order_status("status", None, triggered=True) is OrderStatus.TRIGGERED
    assert order_status("status", "partially_filled", triggered=True) is OrderStatus.PARTIALLY_FILLED
    assert order_status("amended", "new", triggered=True) is OrderStatus.ACCEPTED


KINDS: dict[str, tuple[dict[str, Any], type]] = {
    "live": ({"exec_type": '"new"', "order_status": '"new"'}, OrderAcknowledged),
    "filled": ({"exec_type": '"filled"', "order_status": '"filled"', "cum_qty": "0.5"}, OrderRemoved),
    "an iceberg's next slice": ({"exec_type": '"iceberg_refill"', "order_status": '"new"'}, OrderAcknowledged),
    "canceled": ({"exec_type": '"canceled"', "order_status": '"canceled"'}, OrderCanceled),
    "expired": ({"exec_type": '"expired"', "order_status": '"expired"'}, OrderExpired),
    "amended": ({"exec_type": '"amended"', "order_status": '"new"'}, OrderReplaced),
    "restated": ({"exec_type": '"restated"', "order_status": '"new"'}, OrderReplaced),
    "amended, in no state": ({"exec_type": '"amended"', "limit_price": "3011.0"}, OrderReplaced),
    "restated, in no state": ({"exec_type": '"restated"', "limit_price": "3011.0"}, OrderReplaced),
    "pending, told by another kind": ({"exec_type": '"status"', "order_status": '"pending_new"'}, OrderPending),
    "pending, in a state that is not": ({"exec_type": '"pending_new"', "order_status": '"new"'}, OrderPending),
    "amended, in a state that we do not know": ({"exec_type": '"amended"', "order_status": '"odd"'}, OrderReplaced),
    "amended away": ({"exec_type": '"amended"', "order_status": '"canceled"'}, OrderCanceled),
    "another change": ({"exec_type": '"status"', "order_status": '"new"'}, OrderAcknowledged),
    "triggered": ({"exec_type": '"status"', "order_status": '"triggered"'}, OrderTriggered),
    "of a kind that we do not know": ({"exec_type": '"future"', "order_status": '"future"'}, OrderAcknowledged),
    "without words": ({"exec_type": None}, OrderAcknowledged),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_report_says_what_happened(kind: str) -> None:
    changes, expected = KINDS[kind]
    spot = logged_in()
    heard(spot, pending(), new())
    (fact,) = heard(spot, delta(**changes))
    shown = fact.order
    assert type(fact) is expected
    assert (shown.wire_id, shown.symbol, shown.side) == ("sim-0001", "ETH/USD", Side.BUY)


@pytest.mark.parametrize("state", [{}, {"order_status": "null"}, {"order_status": '"odd"'}], ids=str)
@pytest.mark.parametrize("kind", ["amended", "restated"])
def test_what_is_changed_is_open_where_its_report_does_not_say_so(kind: str, state: dict[str, str]) -> None:
    spot = logged_in(pending(exec_type='"new"', order_status='"new"'))
    (fact,) = heard(spot, delta(exec_type=f'"{kind}"', limit_price="3011.0", **state))
    assert (fact.order.status, fact.order.price) == (OrderStatus.ACCEPTED, D("3011.0"))


def test_an_amendment_takes_its_new_terms_in_place() -> None:
    spot = logged_in(pending(exec_type='"new"', order_status='"new"'))
    text = delta(
        exec_type='"amended"',
        order_status='"new"',
        cum_qty="0.0",
        reason='"User requested"',
        amended="true",
        order_qty="0.03",
        limit_price="3010.0",
        limit_price_type='"static"',
    )
    (fact,) = heard(spot, text)
    shown = view(quantity=D("0.03"), price=D("3010.0"), cumulative=D("0.0"), reason="User requested")
    assert fact == OrderReplaced(time=SEEN_NS, order=shown, new_venue_order_id=None, replacement=None)


@pytest.mark.parametrize("kind", ["amended", "restated"])
def test_an_amendment_that_leaves_the_quantity_out_may_have_changed_it(kind: str) -> None:
    spot = logged_in(pending(exec_type='"new"', order_status='"partially_filled"', cum_qty="0.2"))
    (fact,) = heard(spot, delta(exec_type=f'"{kind}"', order_status='"partially_filled"', limit_price="3011.0"))
    assert (fact.order.quantity, fact.order.cumulative, fact.order.price) == (None, D("0.2"), D("3011.0"))
    (traded,) = heard(spot, fill(last_qty="0.1", cum_qty="0.3"))
    assert traded.order.quantity is None
    (unknown,) = heard(logged_in(), delta(exec_type=f'"{kind}"', order_status='"new"', cum_qty="0.2", avg_price="3"))
    assert (unknown.order.quantity, unknown.order.price) == (None, None)


def test_a_cancel_says_why() -> None:
    for words in ({"reason": '"User requested"'}, {"reason": '""', "cancel_reason": '"User requested"'}):
        spot = logged_in()
        heard(spot, pending(), new())
        (fact,) = heard(spot, ended("canceled", **words))
        shown = view(status=OrderStatus.CANCELED, cumulative=D("0.0"), reason="User requested")
        assert fact == OrderCanceled(time=SEEN_NS, order=shown, reason="User requested")


def test_a_cancel_after_fills_waits_for_them() -> None:
    spot = logged_in()
    heard(spot, pending(), new(), fill(last_qty="0.4", cum_qty="0.4"))
    (fact,) = heard(spot, ended("canceled", cum_qty="0.4", cum_cost="1200.04", avg_price="3000.1"))
    assert isinstance(fact, OrderRemoved)
    assert (fact.ending, fact.filled, fact.reason) == (OrderStatus.CANCELED, D("0.4"), "")


def test_a_cancel_that_does_not_say_how_much_was_filled_remembers_it() -> None:
    spot = logged_in()
    heard(spot, pending(), new(), fill(last_qty="0.4", cum_qty="0.4"))
    (fact,) = heard(spot, delta(exec_type='"canceled"', order_status='"canceled"'))
    assert isinstance(fact, OrderRemoved)
    assert fact.filled == D("0.4")


@pytest.mark.parametrize("reason", ["Post only order", "post only order", "EOrder:Post only order"])
def test_a_post_only_order_that_never_was_live_is_rejected(reason: str) -> None:
    spot = logged_in()
    heard(spot, pending(post_only="true"))
    (fact,) = heard(spot, ended("canceled", reason=f'"{reason}"', post_only="true"))
    assert isinstance(fact, OrderRejected)
    assert (fact.why, fact.removed, fact.reason) == (RejectReason.POST_ONLY, True, reason)
    assert (fact.order.status, fact.order.post_only) == (OrderStatus.CANCELED, True)


def test_a_post_only_order_that_was_live_is_canceled() -> None:
    spot = logged_in()
    heard(spot, pending(post_only="true"), new())
    (fact,) = heard(spot, ended("canceled", reason='"Post only order"'))
    assert isinstance(fact, OrderCanceled)


def test_an_order_that_expires_says_so() -> None:
    spot = logged_in()
    heard(spot, pending(time_in_force='"GTD"', expire_time=f'"{SEEN}"'), new())
    (fact,) = heard(spot, ended("expired"))
    shown = view(status=OrderStatus.EXPIRED, time_in_force=TimeInForce.GTD, cumulative=D("0.0"))
    assert fact == OrderExpired(time=SEEN_NS, order=shown, reason="")
    spot = logged_in()
    (fact,) = heard(spot, ended("expired", cum_qty="0.1"))
    assert isinstance(fact, OrderRemoved)
    assert (fact.ending, fact.filled) == (OrderStatus.EXPIRED, D("0.1"))


def test_an_edited_order_goes_on_under_an_id_that_its_report_does_not_name() -> None:
    spot = logged_in(pending(exec_type='"new"', order_status='"new"'))
    (fact,) = heard(spot, ended("canceled", reason='"Order replaced"', cancel_reason='"Order replaced"'))
    assert isinstance(fact, OrderReplaced)
    assert (fact.new_venue_order_id, fact.replacement, fact.order.status) == (None, None, None)


# Canonical flows (spec A.11)


def story(spot: SpotWire, *reports: str) -> list[str]:
    return [type(fact).__name__ for report in reports for fact in heard(spot, report)]


FLOWS = {
    "a resting limit": ([pending(), new()], ["OrderPending", "OrderAcknowledged"]),
    "a full taker fill": (
        [pending(), new(), fill(last_qty="0.2", cum_qty="0.2"), fill(exec_id='"T-2"'), ended("filled", cum_qty="0.5")],
        ["OrderPending", "OrderAcknowledged", "OrderFilled", "OrderFilled", "OrderRemoved"],
    ),
    "a cancel": (
        [pending(), new(), ended("canceled", reason='"User requested"')],
        ["OrderPending", "OrderAcknowledged", "OrderCanceled"],
    ),
    "a post-only order that would cross": (
        [pending(), ended("canceled", reason='"Post only order"')],
        ["OrderPending", "OrderRejected"],
    ),
    "an IOC in part": (
        [pending(time_in_force='"IOC"'), new(), fill(last_qty="0.4", cum_qty="0.4"), ended("canceled", cum_qty="0.4")],
        ["OrderPending", "OrderAcknowledged", "OrderFilled", "OrderRemoved"],
    ),
    "an amendment": (
        [pending(), new(), delta(exec_type='"amended"', order_status='"new"', order_qty="0.6")],
        ["OrderPending", "OrderAcknowledged", "OrderReplaced"],
    ),
    "an edit": (
        [
            pending(),
            new(),
            ended("canceled", reason='"Order replaced"'),
            pending(order_id='"O-2"', cl_ord_id=None),
            delta(order_id='"O-2"', exec_type='"new"', order_status='"new"'),
        ],
        ["OrderPending", "OrderAcknowledged", "OrderReplaced", "OrderPending", "OrderAcknowledged"],
    ),
    "a stop": (
        [
            pending(order_type='"stop-loss"', limit_price=None, triggers='{"price":2900.0,"status":"untriggered"}'),
            new(),
            delta(exec_type='"status"', order_status='"new"', triggers='{"price":2900.0,"status":"triggered"}'),
            fill(),
            ended("filled", cum_qty="0.5"),
        ],
        ["OrderPending", "OrderAcknowledged", "OrderTriggered", "OrderFilled", "OrderRemoved"],
    ),
    "the end of a GTD": (
        [pending(time_in_force='"GTD"'), new(), ended("expired")],
        ["OrderPending", "OrderAcknowledged", "OrderExpired"],
    ),
}


@pytest.mark.parametrize("flow", FLOWS)
def test_a_flow_is_told_step_by_step(flow: str) -> None:
    reports, expected = FLOWS[flow]
    assert story(logged_in(), *reports) == expected


def test_the_marker_that_an_order_is_filled_names_the_total() -> None:
    spot = logged_in()
    heard(spot, pending(), new(), fill())
    (fact,) = heard(spot, ended("filled", cum_qty="0.50000000", cum_cost="1500.05", avg_price="3000.10"))
    assert isinstance(fact, OrderRemoved)
    assert (fact.ending, fact.filled, fact.order.status) == (OrderStatus.FILLED, D("0.5"), OrderStatus.FILLED)


def test_a_marker_without_a_total_means_the_whole_order() -> None:
    spot = logged_in()
    heard(spot, pending(), new(), fill(last_qty="0.2", cum_qty="0.2"))
    (fact,) = heard(spot, delta(exec_type='"filled"', order_status='"filled"'))
    assert fact.filled == D("0.5")
    (unknown,) = heard(spot, delta(order_id='"O-9"', exec_type='"filled"'))
    assert unknown.filled is None


def test_an_order_shows_that_it_is_by_amount_in_whatever_report_says_so() -> None:
    spot = logged_in()
    heard(spot, pending(order_type='"market"', limit_price=None, order_qty="0.0015"))
    (live,) = heard(spot, delta(exec_type='"new"', order_status='"new"', cash_order_qty="100.0"))
    assert (live.order.quantity, live.order.quote_amount) == (None, 100)


def test_a_marker_without_a_total_says_none_of_a_market_order_that_may_be_by_amount() -> None:
    spot = logged_in()
    heard(spot, pending(order_type='"market"', limit_price=None), new())
    (removed,) = heard(spot, delta(exec_type='"filled"', order_status='"filled"'))
    assert (removed.ending, removed.filled) == (OrderStatus.FILLED, None)


def test_what_is_remembered_of_an_order_goes_with_its_last_report() -> None:
    spot = logged_in(pending(exec_type='"new"', order_status='"new"'))
    assert len(spot._memory) == 1
    heard(spot, ended("canceled"))
    assert len(spot._memory) == 0
    heard(spot, pending(), fill(order_status='"filled"'))
    assert len(spot._memory) == 1  # a fill's own word ends nothing
    heard(spot, ended("filled", cum_qty="0.5"))
    assert len(spot._memory) == 0


# Fields of an order (spec A.7, A.10, D.1)

FIELDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a limit price of zero is none": ({"limit_price": "0.0"}, {"price": None}),
    "a sell": ({"side": '"sell"'}, {"side": Side.SELL}),
    "a side that we do not know": ({"side": '"up"'}, {"side": None}),
    "market": ({"order_type": '"market"', "limit_price": None}, {"type": OrderType.MARKET, "price": None}),
    "settle-position": ({"order_type": '"settle-position"'}, {"type": OrderType.MARKET}),
    "a type that we do not know": ({"order_type": '"brand-new"'}, {"type": None}),
    "no type": ({"order_type": None}, {"type": None}),
    "an iceberg": (
        {"order_type": '"iceberg"', "display_qty": "0.1", "display_qty_remain": "0.1"},
        {"display_quantity": D("0.1")},
    ),
    "a stop": (
        {
            "order_type": '"stop-loss"',
            "triggers": '{"price":2900.0,"price_type":"static","reference":"index","status":"untriggered"}',
            "stop_price": "2900.0",
        },
        {"type": OrderType.STOP_MARKET, "trigger_price": D(2900), "trigger_type": TriggerType.INDEX},
    ),
    "a stop with a limit": (
        {"order_type": '"stop-loss-limit"', "triggers": '{"price":2900.0,"reference":"last"}'},
        {"type": OrderType.STOP_LIMIT, "trigger_price": D(2900), "trigger_type": TriggerType.LAST},
    ),
    "a take profit": (
        {"order_type": '"take-profit"', "triggers": '{"price":3900.0}'},
        {"type": OrderType.MARKET_IF_TOUCHED, "trigger_price": D(3900), "trigger_type": TriggerType.DEFAULT},
    ),
    "a take profit with a limit": (
        {"order_type": '"take-profit-limit"', "stop_price": "3900.0", "trigger": '"index"'},
        {"type": OrderType.LIMIT_IF_TOUCHED, "trigger_price": D(3900), "trigger_type": TriggerType.INDEX},
    ),
    "a trailing stop": (
        {
            "order_type": '"trailing-stop"',
            "triggers": '{"price":2.0,"price_type":"pct","reference":"last","actual_price":2940.0,"peak_price":3000.0}',
        },
        {"type": OrderType.TRAILING_STOP_MARKET, "trigger_price": D(2940), "trigger_type": TriggerType.LAST},
    ),
    "a trailing stop whose trigger is not settled": (
        {"order_type": '"trailing-stop-limit"', "triggers": '{"price":2.0,"price_type":"pct","reference":"moon"}'},
        {"type": OrderType.TRAILING_STOP_LIMIT, "trigger_price": None, "trigger_type": None},
    ),
    "a limit at a distance": (
        {"limit_price": "5.0", "limit_price_type": '"quote"', "order_type": '"trailing-stop-limit"'},
        {"price": None, "type": OrderType.TRAILING_STOP_LIMIT},
    ),
    "a limit that is a price by itself": ({"limit_price_type": None}, {}),
    "a distance that the old field repeats": (
        {
            "order_type": '"trailing-stop"',
            "limit_price": None,
            "triggers": '{"price":2.0,"price_type":"pct","reference":"last"}',
            "stop_price": "2.0",
        },
        {
            "type": OrderType.TRAILING_STOP_MARKET,
            "price": None,
            "trigger_price": None,
            "trigger_type": TriggerType.LAST,
        },
    ),
    "IOC": ({"time_in_force": '"IOC"'}, {"time_in_force": TimeInForce.IOC}),
    "fok in small letters": ({"time_in_force": '"fok"'}, {"time_in_force": TimeInForce.FOK}),
    "no time in force": ({"time_in_force": None}, {"time_in_force": TimeInForce.GTC}),
    "a time in force that we do not know": ({"time_in_force": '"GFD"'}, {"time_in_force": None}),
    "post-only": (
        {"post_only": "true", "time_in_force": '"IOC"'},
        {"post_only": True, "time_in_force": TimeInForce.GTC},
    ),
    "post-only in doubt": ({"post_only": "1"}, {}),
    "reduce-only": ({"reduce_only": "true", "margin": "true"}, {"reduce_only": True}),
    "no client id": ({"cl_ord_id": None, "order_userref": "0"}, {"wire_id": None}),
    "an empty client id": ({"cl_ord_id": '""'}, {"wire_id": None}),
    "a quote amount": (
        {"order_type": '"market"', "limit_price": None, "cash_order_qty": "100.0", "order_qty": "0.0015"},
        {"type": OrderType.MARKET, "price": None, "quantity": None, "quote_amount": D(100)},
    ),
    "the child of another order": ({"ord_ref_id": '"OPARENT"'}, {"parent": "OPARENT"}),
    "an unusable price": ({"limit_price": '"cheap"'}, {"price": None}),
    "numbers as text": ({"order_qty": '"0.5"', "limit_price": '"3000.10"'}, {}),
    "a time in nanoseconds": (
        {"timestamp": '"2026-07-01T12:00:00.000100001Z"'},
        {"time": PLACED_NS + 1},
    ),
    "no time": ({"timestamp": None}, {"time": 0}),
    "new keys": ({"brand_new": "[1]", "sender_sub_id": '"x"', "ratecount": "1.5"}, {}),
}


@pytest.mark.parametrize("kind", FIELDS)
def test_a_field_of_an_order_is_read(kind: str) -> None:
    changes, expected = FIELDS[kind]
    (fact,) = heard(logged_in(), pending(**changes))
    assert fact.order == view(status=OrderStatus.SUBMITTED, **expected)


def test_quantities_stay_exact() -> None:
    (fact,) = heard(logged_in(), pending(order_qty="0.10000000000000000001", limit_price="1e-7"))
    assert (str(fact.order.quantity), fact.order.price) == ("0.10000000000000000001", D("0.0000001"))


PRICES = [
    ({"limit_price": "5.0", "avg_price": "4.0", "last_price": "3.0"}, "5", "4"),
    ({"limit_price": "0.0", "avg_price": "4.0", "last_price": "3.0"}, "4", "4"),
    ({"limit_price": None, "avg_price": "0.0", "cum_cost": "12.0", "cum_qty": "4.0"}, "3", "3"),
    ({"limit_price": None, "avg_price": "0.0", "cum_qty": "0", "last_price": "3.5"}, "3.5", "3.5"),
    ({"limit_price": None, "avg_price": "0.0", "cum_qty": "0", "last_price": None}, None, None),
]


@pytest.mark.parametrize(("changes", "price", "average"), PRICES)
def test_an_order_without_a_limit_shows_what_it_traded_at(
    changes: dict[str, Any], price: str | None, average: str | None
) -> None:
    (fact,) = heard(logged_in(), delta(exec_type='"expired"', **changes))
    assert (fact.order.price, fact.order.average_price) == (price and D(price), average and D(average))


def test_a_stop_that_moves_takes_its_trigger_along() -> None:
    spot = logged_in()
    heard(spot, pending(order_type='"trailing-stop"', limit_price=None, triggers='{"price":2.0,"price_type":"pct"}'))
    moved = '{"price":2.0,"price_type":"pct","reference":"last","actual_price":62720.0,"status":"untriggered"}'
    (fact,) = heard(spot, delta(exec_type='"status"', order_status='"new"', triggers=moved))
    assert isinstance(fact, OrderTriggerMoved)
    assert fact.order.trigger_price == 62720
    fired = '{"price":2.0,"price_type":"pct","actual_price":62800.0,"status":"triggered","last_price":62799.0}'
    where, when = heard(spot, delta(exec_type='"status"', order_status='"new"', triggers=fired))
    assert (type(where), where.order.trigger_price, type(when)) == (OrderTriggerMoved, 62800, OrderTriggered)


def test_a_distance_stays_one_where_later_reports_do_not_say_so_again() -> None:
    spot = logged_in()
    trailing = '{"price":2.0,"price_type":"pct","reference":"index","status":"untriggered"}'
    terms = {"order_type": '"trailing-stop-limit"', "limit_price": "5.0", "limit_price_type": '"quote"'}
    heard(spot, pending(triggers=trailing, **terms), new())
    (moved,) = heard(
        spot, delta(exec_type='"amended"', order_status='"new"', limit_price="6.0", triggers='{"price":3}')
    )
    assert (moved.order.price, moved.order.trigger_price, moved.order.trigger_type) == (None, None, TriggerType.INDEX)
    fired = {"limit_price": "2995.0", "limit_price_type": '"static"', "triggers": '{"status":"triggered"}'}
    (told,) = heard(spot, delta(exec_type='"status"', order_status='"new"', **fired))
    assert isinstance(told, OrderTriggered)
    assert (told.order.price, told.order.trigger_type) == (2995, TriggerType.INDEX)


# Fills (spec D.2)


def test_a_fill_says_what_was_traded_and_never_ends_the_order_by_its_own_word() -> None:
    for word in ('"partially_filled"', '"filled"'):
        spot = logged_in()
        heard(spot, pending(), new())
        (fact,) = heard(spot, fill(order_status=word))
        assert isinstance(fact, OrderFilled)
        assert fact.trade == trade()
        assert (fact.final, fact.event_id, fact.time) == (False, "TXXXX1-YYYY2-ZZZZ33", SEEN_NS)
        assert (fact.order.cumulative, fact.order.quantity, fact.order.price) == (D("0.5"), D("0.5"), D("3000.10"))


def test_a_fill_of_an_order_that_was_never_shown_claims_nothing_about_it() -> None:
    (fact,) = heard(logged_in(), fill())
    assert fact.trade == trade(wire_id=None)
    assert (fact.order.quantity, fact.order.symbol) == (None, "ETH/USD")


FILL_FIELDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a taker": ({"liquidity_ind": '"t"'}, {"liquidity": LiquiditySide.TAKER}),
    "neither": ({"liquidity_ind": '"x"'}, {"liquidity": LiquiditySide.NONE}),
    "not told which": ({"liquidity_ind": None}, {"liquidity": LiquiditySide.NONE}),
    "no fees": ({"fees": "[]"}, {"fee": None}),
    "fees left out": ({"fees": None}, {"fee": None}),
    "fees that are null": ({"fees": "null"}, {"fee": None}),
    "a fee of nothing": ({"fees": '[{"asset":"USD","qty":0.0}]'}, {"fee": Money(D(0), "USD")}),
    "a rebate": ({"fees": '[{"asset":"USD","qty":-0.300010}]'}, {"fee": Money(D("-0.300010"), "USD")}),
    "a fee in base currency": ({"fees": '[{"asset":"ETH","qty":0.0008}]'}, {"fee": Money(D("0.0008"), "ETH")}),
    "a fee in XBT": ({"fees": '[{"asset":"XBT","qty":0.0008}]'}, {"fee": Money(D("0.0008"), "BTC")}),
    "several fees": (
        {"fees": '[{"asset":"USD","qty":1.5},{"asset":"ETH","qty":9},{"asset":"USD","qty":-0.25}]'},
        {"fee": Money(D("1.25"), "USD")},
    ),
    "a fee that cannot be read": ({"fees": '[{"asset":"USD","qty":"free"}]'}, {"fee": None}),
    "no side": ({"side": None}, {}),
    "no symbol": ({"symbol": None}, {}),
    "no type": ({"order_type": None}, {}),
    "a client id of its own": ({"cl_ord_id": '"sim-0001"'}, {}),
    "no time": ({"timestamp": None}, {"time": 0}),
    "numbers as text": ({"last_qty": '"0.5"', "last_price": '"3000.10"'}, {}),
    "no public number": ({"trade_id": None}, {}),
    "another kind of report": ({"exec_type": '"brand_new"'}, {}),
}


@pytest.mark.parametrize("kind", FILL_FIELDS)
def test_a_field_of_a_fill_is_read(kind: str) -> None:
    changes, expected = FILL_FIELDS[kind]
    spot = logged_in()
    heard(spot, pending(), new())
    fact = heard(spot, fill(**changes))[0]
    assert isinstance(fact, OrderFilled)
    assert fact.trade == trade(**expected)


def test_a_fill_that_comes_with_the_end_of_its_order_is_told_first() -> None:
    spot = logged_in()
    heard(spot, pending(), new())
    traded, removed = heard(spot, fill(exec_type='"filled"', order_status='"filled"'))
    assert isinstance(traded, OrderFilled)
    assert isinstance(removed, OrderRemoved)
    assert removed.filled == D("0.5")


@pytest.mark.parametrize(
    "broken",
    [
        fill(exec_id=None),
        fill(last_qty=None),
        fill(last_qty="0"),
        fill(last_price=None),
        fill(last_price='"dear"'),
    ],
)
def test_a_fill_that_cannot_be_counted_still_shows_that_something_is_missing(broken: str) -> None:
    spot = logged_in()
    heard(spot, pending(), new())
    lost, shown = heard(spot, broken)
    assert isinstance(lost, Unreadable)
    assert isinstance(shown, OrderAcknowledged)
    assert shown.order.cumulative == D("0.5")


@pytest.mark.parametrize("broken", ['"not an object"', "null", fill(order_id=None), fill(last_qty="[]")])
def test_one_bad_element_never_costs_its_neighbours(broken: str) -> None:
    facts = heard(logged_in(), fill(exec_id='"T-1"'), broken, fill(exec_id='"T-3"'))
    trades = [fact.trade.trade_id for fact in facts if isinstance(fact, OrderFilled)]
    lost = [fact for fact in facts if isinstance(fact, Unreadable)]
    assert (trades, len(lost)) == (["T-1", "T-3"], 1)


def test_one_bad_element_of_a_snapshot_never_costs_its_neighbours() -> None:
    spot = new_wire()
    spot.decode(STATUS)
    spot.decode(ack())
    listed = [pending(exec_type='"new"'), pending(order_id=None), '"nothing"', fill(last_qty=None), fill()]
    fills, login, *lost = spot.decode(snapshot(*listed))
    assert isinstance(fills, FillsListed)
    assert isinstance(login, LoggedIn)
    assert (len(fills.trades), len(login.orders)) == (1, 1)
    assert [type(fact) for fact in lost] == [Unreadable] * 3


def test_an_order_by_amount_is_complete_by_its_marker_alone() -> None:
    spot = logged_in()
    amount = pending(order_type='"market"', limit_price=None, cash_order_qty="100.0", order_qty="0.0015")
    heard(spot, amount, new())
    (traded,) = heard(spot, fill(last_qty="0.0016", cum_qty="0.0016"))
    assert (traded.final, traded.order.quantity) == (False, None)
    (removed,) = heard(spot, ended("filled", cum_qty="0.0016"))
    assert (removed.ending, removed.filled, removed.order.quantity) == (OrderStatus.FILLED, D("0.0016"), None)


def test_each_connection_begins_with_nothing_remembered() -> None:
    first, second = logged_in(pending()), logged_in()
    assert heard(first, new())[0].order.symbol == "ETH/USD"
    assert heard(second, new())[0].order.symbol == ""


# Requests on the socket (spec A.12)


def place(**changes: Any) -> PlaceOrder:
    fields: dict[str, Any] = {
        "request_id": 100,
        "symbol": "BTC/USD",
        "side": Side.BUY,
        "type": OrderType.LIMIT,
        "quantity": D("0.02"),
        "price": D("64000.5"),
        "trigger_price": None,
        "time_in_force": TimeInForce.GTC,
        "post_only": False,
        "wire_id": "sim-0001",
        "tag": None,
    }
    return PlaceOrder(**(fields | changes))


def replace(**changes: Any) -> ReplaceOrder:
    fields: dict[str, Any] = {
        "request_id": 110,
        "venue_order_id": "OSIM01-AAAAA-BBBB01",
        "quantity": None,
        "price": None,
        "time_in_force": None,
        "post_only": None,
        "symbol": "BTC/USD",
    }
    return ReplaceOrder(**(fields | changes))


def cancel(number: int, venue_order_id: str | None, wire_id: str | None = None) -> CancelOrder:
    return CancelOrder(request_id=number, venue_order_id=venue_order_id, wire_id=wire_id)


SELL = {"side": Side.SELL, "symbol": "BTC/USD", "quantity": D("0.05"), "price": None}
DEADLINE = 1782907205000000000
TOMORROW = 1782993600000000000
PLACEMENTS: dict[str, tuple[PlaceOrder, str]] = {
    "limit": (
        place(),
        '"side":"buy","order_type":"limit","order_qty":0.02,"limit_price":64000.5,"time_in_force":"gtc",'
        '"cl_ord_id":"sim-0001","symbol":"BTC/USD"',
    ),
    "market": (
        place(type=OrderType.MARKET, price=None, quantity=D(15)),
        '"side":"buy","order_type":"market","order_qty":15.0,"cl_ord_id":"sim-0001","symbol":"BTC/USD"',
    ),
    "market by amount": (
        place(type=OrderType.MARKET, price=None, quantity=D("1E+2"), quote_quantity=True),
        '"side":"buy","order_type":"market","cash_order_qty":100.0,"cl_ord_id":"sim-0001","symbol":"BTC/USD"',
    ),
    "post-only": (
        place(post_only=True),
        '"side":"buy","order_type":"limit","order_qty":0.02,"limit_price":64000.5,"time_in_force":"gtc",'
        '"post_only":true,"cl_ord_id":"sim-0001","symbol":"BTC/USD"',
    ),
    "IOC": (
        place(time_in_force=TimeInForce.IOC, price=D("1E-7")),
        '"side":"buy","order_type":"limit","order_qty":0.02,"limit_price":0.0000001,"time_in_force":"ioc",'
        '"cl_ord_id":"sim-0001","symbol":"BTC/USD"',
    ),
    "IOC market": (
        place(type=OrderType.MARKET, price=None, time_in_force=TimeInForce.IOC),
        '"side":"buy","order_type":"market","order_qty":0.02,"time_in_force":"ioc","cl_ord_id":"sim-0001",'
        '"symbol":"BTC/USD"',
    ),
    "FOK": (
        place(time_in_force=TimeInForce.FOK),
        '"side":"buy","order_type":"limit","order_qty":0.02,"limit_price":64000.5,"time_in_force":"fok",'
        '"cl_ord_id":"sim-0001","symbol":"BTC/USD"',
    ),
    "GTD with a deadline": (
        place(time_in_force=TimeInForce.GTD, expire_time=TOMORROW, process_before=DEADLINE),
        '"side":"buy","order_type":"limit","order_qty":0.02,"limit_price":64000.5,"time_in_force":"gtd",'
        '"expire_time":"2026-07-02T12:00:00Z","cl_ord_id":"sim-0001","symbol":"BTC/USD",'
        '"deadline":"2026-07-01T12:00:05.000Z"',
    ),
    "iceberg": (
        place(display_quantity=D("0.01")),
        '"side":"buy","order_type":"iceberg","order_qty":0.02,"limit_price":64000.5,"time_in_force":"gtc",'
        '"display_qty":0.01,"cl_ord_id":"sim-0001","symbol":"BTC/USD"',
    ),
    "margin, reduce-only": (
        place(margin=True, reduce_only=True),
        '"side":"buy","order_type":"limit","order_qty":0.02,"limit_price":64000.5,"time_in_force":"gtc",'
        '"reduce_only":true,"margin":true,"cl_ord_id":"sim-0001","symbol":"BTC/USD"',
    ),
    "stop": (
        place(**SELL | {"type": OrderType.STOP_MARKET, "trigger_price": D(61000)}),
        '"side":"sell","order_type":"stop-loss","order_qty":0.05,'
        '"triggers":{"reference":"last","price":61000.0,"price_type":"static"},"cl_ord_id":"sim-0001","symbol":"BTC/USD"',
    ),
    "stop-limit": (
        place(
            **SELL
            | {"type": OrderType.STOP_LIMIT, "price": D(60900), "trigger_price": D(61000), "trigger": TriggerType.INDEX}
        ),
        '"side":"sell","order_type":"stop-loss-limit","order_qty":0.05,"limit_price":60900.0,'
        '"triggers":{"reference":"index","price":61000.0,"price_type":"static"},"cl_ord_id":"sim-0001","symbol":"BTC/USD"',
    ),
    "market-if-touched": (
        place(**SELL | {"type": OrderType.MARKET_IF_TOUCHED, "trigger_price": D(71000)}),
        '"side":"sell","order_type":"take-profit","order_qty":0.05,'
        '"triggers":{"reference":"last","price":71000.0,"price_type":"static"},"cl_ord_id":"sim-0001","symbol":"BTC/USD"',
    ),
    "limit-if-touched": (
        place(**SELL | {"type": OrderType.LIMIT_IF_TOUCHED, "price": D(70900), "trigger_price": D(71000)}),
        '"side":"sell","order_type":"take-profit-limit","order_qty":0.05,"limit_price":70900.0,'
        '"triggers":{"reference":"last","price":71000.0,"price_type":"static"},"cl_ord_id":"sim-0001","symbol":"BTC/USD"',
    ),
    "trailing stop": (
        place(**SELL | {"type": OrderType.TRAILING_STOP_MARKET, "trailing_offset": D(2)}),
        '"side":"sell","order_type":"trailing-stop","order_qty":0.05,'
        '"triggers":{"reference":"last","price":2.0,"price_type":"pct"},"cl_ord_id":"sim-0001","symbol":"BTC/USD"',
    ),
    "trailing stop-limit": (
        place(
            **SELL
            | {
                "type": OrderType.TRAILING_STOP_LIMIT,
                "trailing_offset": D(500),
                "trailing_unit": OffsetUnit.PRICE,
                "limit_offset": D(25),
                "limit_offset_unit": OffsetUnit.PRICE,
            }
        ),
        '"side":"sell","order_type":"trailing-stop-limit","order_qty":0.05,"limit_price":25.0,'
        '"limit_price_type":"quote","triggers":{"reference":"last","price":500.0,"price_type":"quote"},'
        '"cl_ord_id":"sim-0001","symbol":"BTC/USD"',
    ),
    "trailing stop-limit at a fixed price": (
        place(
            **SELL
            | {
                "type": OrderType.TRAILING_STOP_LIMIT,
                "price": D(60000),
                "trailing_offset": D("1.5"),
                "options": KrakenSpotOptions(limit_price_type="static"),
            }
        ),
        '"side":"sell","order_type":"trailing-stop-limit","order_qty":0.05,"limit_price":60000.0,'
        '"limit_price_type":"static","triggers":{"reference":"last","price":1.5,"price_type":"pct"},'
        '"cl_ord_id":"sim-0001","symbol":"BTC/USD"',
    ),
    "options": (
        place(
            options=KrakenSpotOptions(
                fee_preference="base", stp_type="cancel_both", sender_sub_id="desk-1", effective_time=DEADLINE
            )
        ),
        '"side":"buy","order_type":"limit","order_qty":0.02,"limit_price":64000.5,"time_in_force":"gtc",'
        '"effective_time":"2026-07-01T12:00:05.000Z","fee_preference":"base","stp_type":"cancel_both",'
        '"cl_ord_id":"sim-0001","sender_sub_id":"desk-1","symbol":"BTC/USD"',
    ),
    "a conditional close": (
        place(
            options=KrakenSpotOptions(
                order_userref=77,
                conditional=ConditionalClose(type=OrderType.STOP_LIMIT, trigger_price=60000, price=59900),
                unnamed=True,
            )
        ),
        '"side":"buy","order_type":"limit","order_qty":0.02,"limit_price":64000.5,"time_in_force":"gtc",'
        '"order_userref":77,"conditional":{"order_type":"stop-loss-limit","limit_price":59900.0,'
        '"trigger_price":60000.0},"symbol":"BTC/USD"',
    ),
}


@pytest.mark.parametrize("kind", PLACEMENTS)
def test_a_placement_is_written(kind: str) -> None:
    request, params = PLACEMENTS[kind]
    assert encode(request, "T") == '{"method":"add_order","params":{' + params + ',"token":"T"},"req_id":100}'


FRAMES: dict[str, tuple[Request, str]] = {
    "an amendment": (
        replace(quantity=D("0.03"), price=D(64010), process_before=DEADLINE),
        '{"method":"amend_order","params":{"order_id":"OSIM01-AAAAA-BBBB01","order_qty":0.03,"limit_price":64010.0,'
        '"deadline":"2026-07-01T12:00:05.000Z","token":"T"},"req_id":110}',
    ),
    "an amendment of one term": (
        replace(price=D(64011), post_only=True),
        '{"method":"amend_order","params":{"order_id":"OSIM01-AAAAA-BBBB01","limit_price":64011.0,"post_only":true,'
        '"token":"T"},"req_id":110}',
    ),
    "an amendment of a trigger": (
        replace(trigger_price=D(61000), display_quantity=D("0.5")),
        '{"method":"amend_order","params":{"order_id":"OSIM01-AAAAA-BBBB01","display_qty":0.5,"trigger_price":61000.0,'
        '"token":"T"},"req_id":110}',
    ),
    "an amendment of a trailing offset": (
        replace(trailing_offset=D("1.5"), symbol="AAPLx/USD"),
        '{"method":"amend_order","params":{"order_id":"OSIM01-AAAAA-BBBB01","trigger_price":1.5,'
        '"trigger_price_type":"pct","symbol":"AAPLx/USD","token":"T"},"req_id":110}',
    ),
    "a cancel by venue order id": (
        cancel(113, "OSIM03-CANCL-ORDR03"),
        '{"method":"cancel_order","params":{"order_id":["OSIM03-CANCL-ORDR03"],"token":"T"},"req_id":113}',
    ),
    "a cancel by client order id": (
        cancel(115, None, "sim-0003"),
        '{"method":"cancel_order","params":{"cl_ord_id":["sim-0003"],"token":"T"},"req_id":115}',
    ),
    "a cancel of everything": (
        CancelAllOrders(request_id=117, symbol=None),
        '{"method":"cancel_all","params":{"token":"T"},"req_id":117}',
    ),
    "the cancel timer": (
        SetCancelAllAfter(request_id=118, seconds=60),
        '{"method":"cancel_all_orders_after","params":{"timeout":60,"token":"T"},"req_id":118}',
    ),
    "the cancel timer off": (
        SetCancelAllAfter(request_id=119, seconds=0),
        '{"method":"cancel_all_orders_after","params":{"timeout":0,"token":"T"},"req_id":119}',
    ),
    "a batch of orders": (
        BatchOrders(
            request_id=120,
            legs=(
                place(request_id=1, quantity=D("0.01"), price=D(63000), wire_id="sim-b-1"),
                place(request_id=2, quantity=D("0.01"), price=D(66000), wire_id="sim-b-2", side=Side.SELL),
            ),
            process_before=DEADLINE,
        ),
        '{"method":"batch_add","params":{"symbol":"BTC/USD","orders":[{"side":"buy","order_type":"limit",'
        '"order_qty":0.01,"limit_price":63000.0,"time_in_force":"gtc","cl_ord_id":"sim-b-1"},{"side":"sell",'
        '"order_type":"limit","order_qty":0.01,"limit_price":66000.0,"time_in_force":"gtc","cl_ord_id":"sim-b-2"}],'
        '"deadline":"2026-07-01T12:00:05.000Z","token":"T"},"req_id":120}',
    ),
    "a batch of cancels": (
        BatchOrders(request_id=121, legs=(cancel(1, "O-1"), cancel(2, "O-2"))),
        '{"method":"batch_cancel","params":{"orders":["O-1","O-2"],"token":"T"},"req_id":121}',
    ),
    "a batch of cancels by client order id": (
        BatchOrders(request_id=122, legs=(cancel(1, None, "sim-b-1"), cancel(2, None, "sim-b-2"))),
        '{"method":"batch_cancel","params":{"orders":[],"cl_ord_id":["sim-b-1","sim-b-2"],"token":"T"},"req_id":122}',
    ),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_a_request_is_written(kind: str) -> None:
    request, frame = FRAMES[kind]
    assert encode(request, "T") == frame


def test_an_edit_is_written() -> None:
    assert edit_frame(replace(quantity=D("0.04"), price=D(63000)), "T") == (
        '{"method":"edit_order","params":{"order_id":"OSIM01-AAAAA-BBBB01","symbol":"BTC/USD","order_qty":0.04,'
        '"limit_price":63000.0,"token":"T"},"req_id":110}'
    )
    moved = json.loads(edit_frame(replace(trigger_price=D(5)), "T"))["params"]["triggers"]
    trailing = json.loads(edit_frame(replace(trailing_offset=D(5), trailing_unit=OffsetUnit.PRICE), "T"))
    assert moved == {"price": 5.0, "price_type": "static"}
    assert trailing["params"]["triggers"] == {"price": 5.0, "price_type": "quote"}


IMPOSSIBLE: list[Request] = [
    replace(time_in_force=TimeInForce.IOC),
    CancelAllOrders(request_id=1, symbol="BTC/USD"),
    PreviewPrice(request_id=1, symbol="BTC/USD", side=Side.BUY, quantity=D(1)),
    ListOpenOrders(request_id=1),
    place(price=None),
    place(type=OrderType.STOP_MARKET, price=None),
    place(type=OrderType.TRAILING_STOP_LIMIT, price=None, trailing_offset=D(1)),
    BatchOrders(request_id=1, legs=(place(),)),
    BatchOrders(request_id=1, legs=(place(),) * 16),
    BatchOrders(request_id=1, legs=(place(), place(symbol="ETH/USD"))),
    BatchOrders(request_id=1, legs=(place(), cancel(2, "O"))),
    BatchOrders(request_id=1, legs=(cancel(2, "O"),)),
    BatchOrders(request_id=1, legs=(cancel(2, "O"),) * 51),
]


@pytest.mark.parametrize("request_", IMPOSSIBLE, ids=lambda request: type(request).__name__)
def test_what_the_socket_cannot_be_asked_is_refused(request_: Request) -> None:
    with pytest.raises(ValueError):
        encode(request_, "T")


# Answers on the socket (spec A.12, A.14, A.16)


def answer(method: str, number: int, result: str) -> str:
    return (
        f'{{"method":"{method}","req_id":{number},"result":{result},"success":true,'
        '"time_in":"2026-07-01T12:00:02.000000Z","time_out":"2026-07-01T12:00:02.002100Z"}'
    )


def error(method: str, number: int, text: str) -> str:
    return (
        f'{{"method":"{method}","req_id":{number},"error":"{text}","success":false,'
        '"time_in":"2026-07-01T12:00:02.000000Z","time_out":"2026-07-01T12:00:02.002100Z"}'
    )


ANSWERS: dict[str, tuple[str, Any]] = {
    "a placement": (
        answer("add_order", 100, '{"order_id":"OSIM01-AAAAA-BBBB01","cl_ord_id":"sim-0001"}'),
        RequestAnswered(request_id=100, venue_order_id="OSIM01-AAAAA-BBBB01"),
    ),
    "a placement that names no order": (
        answer("add_order", 100, '{"order_id":""}'),
        RequestAnswered(request_id=100),
    ),
    "a placement without a word of success": (
        '{"method":"add_order","req_id":100,"result":{"order_id":"O-1"}}',
        RequestAnswered(request_id=100, venue_order_id="O-1"),
    ),
    "an amendment by client order id": (
        answer("amend_order", 110, '{"amend_id":"TSIMAM-ENDID-000001","cl_ord_id":"sim-0001"}'),
        RequestAnswered(request_id=110),
    ),
    "an amendment": (
        answer("amend_order", 111, '{"amend_id":"TSIMAM-ENDID-000002","order_id":"OSIM01-AAAAA-BBBB01"}'),
        RequestAnswered(request_id=111, venue_order_id="OSIM01-AAAAA-BBBB01"),
    ),
    "an edit": (
        answer("edit_order", 112, '{"order_id":"O-NEW","original_order_id":"O-OLD"}'),
        RequestAnswered(request_id=112, venue_order_id="O-NEW"),
    ),
    "a cancel": (
        answer("cancel_order", 113, '{"order_id":"OSIM03-CANCL-ORDR03"}'),
        RequestAnswered(request_id=113),
    ),
    "a cancel of everything": (
        answer("cancel_all", 117, '{"count":4}'),
        RequestAnswered(request_id=117, canceled=4),
    ),
    "a cancel of everything that finds nothing": (
        answer("cancel_all", 117, '{"count":0}'),
        RequestAnswered(request_id=117, canceled=0),
    ),
    "a cancel of everything that tells no count": (
        answer("cancel_all", 117, "{}"),
        RequestAnswered(request_id=117),
    ),
    "the cancel timer": (
        answer(
            "cancel_all_orders_after",
            118,
            '{"currentTime":"2026-07-01T12:00:14Z","triggerTime":"2026-07-01T12:01:14Z"}',
        ),
        CancelAllAfterSet(request_id=118, cancels_at=1782907274000000000),
    ),
    "the cancel timer off": (
        answer("cancel_all_orders_after", 119, '{"currentTime":"2026-07-01T12:00:14Z","triggerTime":"0"}'),
        CancelAllAfterSet(request_id=119, cancels_at=None),
    ),
    "a batch of orders": (
        answer("batch_add", 120, '[{"order_id":"O-1","cl_ord_id":"sim-b-1"},{"order_id":"O-2"}]'),
        BatchAnswered(
            request_id=120,
            legs=(
                LegAnswer(wire_id="sim-b-1", venue_order_id="O-1"),
                LegAnswer(wire_id=None, venue_order_id="O-2"),
            ),
        ),
    ),
    "a batch with a leg that failed": (
        answer("batch_add", 120, '[{"order_id":"O-1"},{"cl_ord_id":"sim-b-2","error":"EOrder:Insufficient funds"}]'),
        BatchAnswered(
            request_id=120,
            legs=(
                LegAnswer(wire_id=None, venue_order_id="O-1"),
                LegAnswer(
                    wire_id="sim-b-2",
                    venue_order_id=None,
                    outcome=Outcome.DEFINITE,
                    reason="EOrder:Insufficient funds",
                    why=RejectReason.INSUFFICIENT_FUNDS,
                ),
            ),
        ),
    ),
    "a batch as an object": (
        answer(
            "batch_add",
            120,
            '{"orders":[{"success":true,"order_id":"O-1","cl_ord_id":"sim-b-1"},'
            '{"success":false,"cl_ord_id":"sim-b-2","error":"EOrder:Post only order"}]}',
        ),
        BatchAnswered(
            request_id=120,
            legs=(
                LegAnswer(wire_id="sim-b-1", venue_order_id="O-1"),
                LegAnswer(
                    wire_id="sim-b-2",
                    venue_order_id=None,
                    outcome=Outcome.DEFINITE,
                    reason="EOrder:Post only order",
                    why=RejectReason.POST_ONLY,
                ),
            ),
        ),
    ),
    "a batch of cancels": (answer("batch_cancel", 121, '{"count":2}'), BatchAnswered(request_id=121, count=2)),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_an_answer_is_read(kind: str) -> None:
    text, expected = ANSWERS[kind]
    assert logged_in().decode(text) == (expected,)


def test_the_answer_may_come_before_or_after_the_first_report() -> None:
    answered = answer("add_order", 100, '{"order_id":"OAAAA1-BBBB2-CCCC33","cl_ord_id":"sim-0001"}')
    told = []
    for texts in ([answered, update(pending()), update(new())], [update(pending()), update(new()), answered]):
        spot = logged_in()
        told.append([fact for text in texts for fact in spot.decode(text)])
    assert sorted(map(repr, told[0])) == sorted(map(repr, told[1]))


def test_a_leg_that_names_neither_an_order_nor_an_error_is_open() -> None:
    facts: list[Any] = list(logged_in().decode(answer("batch_add", 1, "[{}]")))
    assert [leg.outcome for leg in facts[0].legs] == [Outcome.AMBIGUOUS]


def test_of_several_ids_each_gets_its_own_answer() -> None:
    spot = logged_in()
    first = spot.decode(answer("cancel_order", 114, '{"order_id":"OSIM03-CANCL-ORDR03"}'))
    second = spot.decode(error("cancel_order", 114, "EOrder:Unknown order"))
    assert first == (RequestAnswered(request_id=114),)
    assert second == (
        RequestRefused(
            request_id=114, outcome=Outcome.NOT_FOUND, reason="EOrder:Unknown order", why=RejectReason.UNKNOWN_ORDER
        ),
    )


def test_a_warning_comes_beside_the_answer() -> None:
    for shape in ('"warnings":["old terms"]', '"warning":"old terms"'):
        answered, notice = logged_in().decode(answer("add_order", 108, '{"order_id":"O-1",' + shape + "}"))
        assert isinstance(answered, RequestAnswered)
        assert isinstance(notice, Notice)
        assert "old terms" in notice.text


def test_an_answer_without_its_result_leaves_the_outcome_open() -> None:
    for method in ("batch_add", "cancel_all_orders_after"):
        refusal, complaint = logged_in().decode(f'{{"method":"{method}","req_id":5,"success":true}}')
        assert isinstance(refusal, RequestRefused)
        assert refusal.outcome is Outcome.AMBIGUOUS
        assert isinstance(complaint, Unreadable)


def test_an_answer_without_a_number_is_nobodys() -> None:
    (taken,) = logged_in().decode('{"method":"add_order","result":{"order_id":"O-1"},"success":true}')
    (refused,) = logged_in().decode('{"method":"add_order","error":"EOrder:Invalid price","success":false}')
    assert isinstance(taken, Notice)
    assert refused == RequestRefused(
        request_id=None, outcome=Outcome.DEFINITE, reason="EOrder:Invalid price", why=RejectReason.PRICE
    )


DEFINITE, AMBIGUOUS, THROTTLED, NOT_FOUND = Outcome.DEFINITE, Outcome.AMBIGUOUS, Outcome.THROTTLED, Outcome.NOT_FOUND
ERRORS = {
    "EOrder:Post only order": DEFINITE,
    "EOrder:Insufficient funds": DEFINITE,
    "EOrder:Order minimum not met": DEFINITE,
    "EOrder:Cost minimum not met": DEFINITE,
    "EOrder:Tick size check failed": DEFINITE,
    "EOrder:Invalid price": DEFINITE,
    "EOrder:Invalid order": DEFINITE,
    "EOrder:Limit price check failed": DEFINITE,
    "EOrder:Reduce only:No position exists": DEFINITE,
    "EOrder:Insufficient margin": DEFINITE,
    "EOrder:Margin allowance exceeded": DEFINITE,
    "EOrder:Margin level too low": DEFINITE,
    "EOrder:Margin position size exceeded": DEFINITE,
    "EOrder:Cannot open position": DEFINITE,
    "EOrder:Orders limit exceeded": DEFINITE,
    "EOrder:Positions limit exceeded": DEFINITE,
    "EOrder:Scheduled orders limit exceeded": DEFINITE,
    "EOrder:Trading agreement required": DEFINITE,
    "EOrder:Something brand new": DEFINITE,
    "EOrder:Unknown order": NOT_FOUND,
    "EGeneral:Invalid arguments:cl_ord_id not unique": DEFINITE,
    "EQuery:Unknown asset pair": DEFINITE,
    "Limit_price field must be a number_float": DEFINITE,
    "Unsupported field: 'leverage' for the given msg type: add_order": DEFINITE,
    "EGeneral:Permission denied": DEFINITE,
    "EAccount:Invalid permissions:XMR trading restricted": DEFINITE,
    "EAPI:Invalid key": DEFINITE,
    "EAPI:Invalid signature": DEFINITE,
    "EAPI:Permission denied": DEFINITE,
    "EAuth:Account temporary disabled": DEFINITE,
    "EAuth:Account unconfirmed": DEFINITE,
    "EAuth:Something brand new": AMBIGUOUS,
    "EGeneral:Unknown method": DEFINITE,
    "EQuery:Unknown asset": DEFINITE,
    "EAPI:Invalid token": Outcome.TOKEN,
    "ESession:Invalid session": Outcome.TOKEN,
    "Token(s) not found": Outcome.TOKEN,
    "EOrder:Rate limit exceeded": THROTTLED,
    "EOrder:Domain rate limit exceeded": THROTTLED,
    "EAPI:Rate limit exceeded": THROTTLED,
    "EAuth:Rate limit exceeded": THROTTLED,
    "EAuth:Too many requests": THROTTLED,
    "EGeneral:Too many requests": THROTTLED,
    "EService: Throttled: 1782907205": THROTTLED,
    "EBM:limit exceeded:CAL": THROTTLED,
    "EGeneral:Temporary lockout": THROTTLED,
    "Exceeded msg rate": THROTTLED,
    "EAPI:Invalid nonce": DEFINITE,
    "EService:Unavailable": AMBIGUOUS,
    "EService:Busy": AMBIGUOUS,
    "EGeneral:Internal error": AMBIGUOUS,
    "EService:Market timeout": AMBIGUOUS,
    "EService:Unavailable; EOrder:Insufficient funds": AMBIGUOUS,
    "EService:Deadline elapsed": DEFINITE,
    "EService:Market in cancel_only mode": DEFINITE,
    "EService:Market in post_only mode": DEFINITE,
    "EService:Market in limit_only mode": DEFINITE,
    "EBrandNew:Whatever": AMBIGUOUS,
    "": AMBIGUOUS,
}


@pytest.mark.parametrize("text", ERRORS)
def test_an_error_proves_what_its_text_says(text: str) -> None:
    fact = logged_in().decode(error("add_order", 100, text))[0]
    assert isinstance(fact, RequestRefused)
    assert (fact.request_id, fact.outcome) == (100, ERRORS[text])
    assert (fact.why is RejectReason.POST_ONLY) is (text == "EOrder:Post only order")


@pytest.mark.parametrize("method", ["add_order", "amend_order", "cancel_order", "batch_add", "ping"])
def test_a_flood_is_slowed_down_wherever_the_venue_complains_of_it(method: str) -> None:
    facts: list[Any] = list(logged_in().decode(error(method, 100, "Exceeded msg rate")))
    assert [fact.text for fact in facts if isinstance(fact, SlowDown)] == ["The venue says: Exceeded msg rate"]
    assert not any(
        isinstance(fact, SlowDown) for fact in logged_in().decode(error(method, 100, "EOrder:Invalid price"))
    )


UNREADABLE = ["null", "7", '"nothing"', "[]"]


@pytest.mark.parametrize("broken", UNREADABLE)
@pytest.mark.parametrize("shape", ["[%s]", '{"orders":[%s]}'])
def test_a_leg_that_cannot_be_read_keeps_its_place(shape: str, broken: str) -> None:
    text = answer("batch_add", 9, shape % (broken + ',{"order_id":"O-2"},{"order_id":"O-3"}'))
    answered = logged_in().decode(text)[0]
    assert isinstance(answered, BatchAnswered)
    assert settled(answered) == [(1, AMBIGUOUS), (2, "O-2"), (3, "O-3")]


@pytest.mark.parametrize("broken", UNREADABLE)
def test_a_leg_that_cannot_be_read_keeps_its_place_over_rest(broken: str) -> None:
    body = '{"error":[],"result":{"orders":[{"txid":"O-1"},' + broken + ',{"txid":"O-3"}]}}'
    first, second, third, *_ = read_answer(BATCH, http(body))
    assert first == RequestAnswered(request_id=1, venue_order_id="O-1")
    assert isinstance(second, RequestRefused)
    assert (second.request_id, second.outcome) == (2, AMBIGUOUS)
    assert third == RequestAnswered(request_id=3, venue_order_id="O-3")


CONTRADICTIONS = [
    '"success":"true","error":"EOrder:Insufficient funds"',
    '"success":"true","result":{"order_id":"O-1"}',
    '"success":1,"result":{"order_id":"O-1"}',
    '"success":"false","error":"EOrder:Insufficient funds"',
    '"success":{},"result":{"order_id":"O-1"}',
    '"success":true,"error":"EOrder:Insufficient funds"',
    '"success":true,"error":"EOrder:Insufficient funds","result":{"order_id":"O-1"}',
]


@pytest.mark.parametrize("said_", CONTRADICTIONS)
@pytest.mark.parametrize("method", ["add_order", "amend_order", "cancel_order"])
def test_a_success_that_is_none_proves_nothing(method: str, said_: str) -> None:
    (refused,) = logged_in().decode(f'{{"method":"{method}","req_id":5,{said_}}}')
    assert isinstance(refused, RequestRefused)
    assert (refused.request_id, refused.outcome) == (5, AMBIGUOUS)


@pytest.mark.parametrize("said_", ['"success":"true"', '"success":1', '"success":true,"error":"EOrder:Invalid price"'])
def test_a_leg_whose_success_is_none_proves_nothing(said_: str) -> None:
    text = answer("batch_add", 9, f'{{"orders":[{{"order_id":"O-1",{said_}}},{{"success":true,"order_id":"O-2"}}]}}')
    (answered,) = logged_in().decode(text)
    assert isinstance(answered, BatchAnswered)
    assert settled(answered)[:2] == [(1, AMBIGUOUS), (2, "O-2")]


@pytest.mark.parametrize("method", ["amend_order", "edit_order", "cancel_order"])
def test_an_invalid_order_that_was_to_be_changed_was_never_there(method: str) -> None:
    (fact,) = logged_in().decode(error(method, 100, "EOrder:Invalid order"))
    assert isinstance(fact, RequestRefused)
    assert fact.outcome is NOT_FOUND
    assert error_outcome("EOrder:Invalid order") is DEFINITE


# Batches, leg by leg

LEGS = (place(request_id=1, wire_id="a"), place(request_id=2, wire_id="b"), place(request_id=3, wire_id="c"))
BATCH = BatchOrders(request_id=9, legs=LEGS)


def settled(answered: BatchAnswered, batch: BatchOrders = BATCH) -> list[tuple[Any, ...]]:
    return [
        (each.request_id, each.venue_order_id if isinstance(each, RequestAnswered) else each.outcome)
        for each in settle_batch(batch, answered)
    ]


def legs(*answers: tuple[str | None, str | None]) -> BatchAnswered:
    told = tuple(LegAnswer(wire_id=wire_id, venue_order_id=order_id) for wire_id, order_id in answers)
    return BatchAnswered(request_id=9, legs=told)


def test_legs_are_told_by_their_client_order_ids() -> None:
    assert settled(legs(("c", "O-3"), ("a", "O-1"), ("b", "O-2"))) == [(1, "O-1"), (2, "O-2"), (3, "O-3")]


def test_legs_without_names_are_told_by_their_places() -> None:
    assert settled(legs((None, "O-1"), ("b", "O-2"), (None, "O-3"))) == [(1, "O-1"), (2, "O-2"), (3, "O-3")]


def test_a_leg_without_an_answer_may_have_been_carried_out() -> None:
    assert settled(legs(("b", "O-2"))) == [(1, AMBIGUOUS), (2, "O-2"), (3, AMBIGUOUS)]


def test_a_leg_that_failed_is_refused_alone() -> None:
    failed = LegAnswer(
        wire_id="b", venue_order_id=None, outcome=DEFINITE, reason="EOrder:Invalid price", why=RejectReason.PRICE
    )
    first = LegAnswer(wire_id="a", venue_order_id="O-1")
    assert settled(BatchAnswered(request_id=9, legs=(first, failed)))[:2] == [(1, "O-1"), (2, DEFINITE)]


def test_a_count_settles_cancels_only_when_it_is_complete() -> None:
    batch = BatchOrders(request_id=9, legs=(cancel(1, "O-1"), cancel(2, "O-2")))
    assert settled(BatchAnswered(request_id=9, count=2), batch) == [(1, None), (2, None)]
    assert settled(BatchAnswered(request_id=9, count=1), batch) == [(1, AMBIGUOUS), (2, AMBIGUOUS)]


# REST calls (spec A.17)

CREDENTIALS = Credentials("key", SECRET)


def form_of(request: Request) -> tuple[str, dict[str, str]]:
    call = encode_rest(request, CREDENTIALS)
    assert call.method == "POST"
    return call.path, dict(parse_qsl((call.body or b"").decode()))


TRAILED: dict[str, Any] = {"type": OrderType.TRAILING_STOP_LIMIT, "price": None, "trailing_offset": D(2)}
TRAILED_FORM = {
    "type": "buy",
    "ordertype": "trailing-stop-limit",
    "volume": "0.02",
    "price": "+2%",
    "cl_ord_id": "sim-0001",
    "trigger": "last",
    "pair": "XBTUSD",
}
CLOSED_FORM = {
    "type": "buy",
    "ordertype": "limit",
    "volume": "0.02",
    "price": "64000.5",
    "cl_ord_id": "sim-0001",
    "pair": "XBTUSD",
}


def closing(**close: Any) -> PlaceOrder:
    return place(options=KrakenSpotOptions(conditional=ConditionalClose(**close)))


REST_CALLS: dict[str, tuple[Request, str, dict[str, str]]] = {
    "a limit order": (
        place(symbol="ETH/USD", side=Side.SELL, quantity=D("2.5"), price=D("3020.10"), wire_id="sim-0000"),
        "/0/private/AddOrder",
        {
            "type": "sell",
            "ordertype": "limit",
            "volume": "2.5",
            "price": "3020.10",
            "cl_ord_id": "sim-0000",
            "pair": "ETHUSD",
        },
    ),
    "a limit order with everything": (
        place(
            post_only=True,
            time_in_force=TimeInForce.GTD,
            expire_time=TOMORROW,
            process_before=DEADLINE,
            display_quantity=D("0.01"),
            options=KrakenSpotOptions(fee_preference="quote", stp_type="cancel_oldest", effective_time=DEADLINE),
        ),
        "/0/private/AddOrder",
        {
            "type": "buy",
            "ordertype": "iceberg",
            "volume": "0.02",
            "price": "64000.5",
            "cl_ord_id": "sim-0001",
            "oflags": "fciq,post",
            "timeinforce": "GTD",
            "expiretm": "1782993600",
            "starttm": "1782907205",
            "stptype": "cancel-oldest",
            "displayvol": "0.01",
            "pair": "XBTUSD",
            "deadline": "2026-07-01T12:00:05.000Z",
        },
    ),
    "a market order by amount": (
        place(type=OrderType.MARKET, price=None, quantity=D(100), quote_quantity=True, reduce_only=True),
        "/0/private/AddOrder",
        {
            "type": "buy",
            "ordertype": "market",
            "volume": "100",
            "cl_ord_id": "sim-0001",
            "oflags": "viqc",
            "reduce_only": "true",
            "pair": "XBTUSD",
        },
    ),
    "a stop-limit order": (
        place(type=OrderType.STOP_LIMIT, trigger_price=D(61000), price=D(60900), trigger=TriggerType.INDEX),
        "/0/private/AddOrder",
        {
            "type": "buy",
            "ordertype": "stop-loss-limit",
            "volume": "0.02",
            "price": "61000",
            "price2": "60900",
            "cl_ord_id": "sim-0001",
            "trigger": "index",
            "pair": "XBTUSD",
        },
    ),
    "a trailing stop-limit order": (
        place(
            side=Side.SELL,
            type=OrderType.TRAILING_STOP_LIMIT,
            price=None,
            trailing_offset=D(2),
            limit_offset=D("0.5"),
            limit_offset_unit=OffsetUnit.PRICE,
        ),
        "/0/private/AddOrder",
        {
            "type": "sell",
            "ordertype": "trailing-stop-limit",
            "volume": "0.02",
            "price": "+2%",
            "price2": "-0.5",
            "cl_ord_id": "sim-0001",
            "trigger": "last",
            "pair": "XBTUSD",
        },
    ),
    "a conditional close": (
        place(
            options=KrakenSpotOptions(
                conditional=ConditionalClose(type=OrderType.STOP_LIMIT, trigger_price=60000, price=59900)
            )
        ),
        "/0/private/AddOrder",
        {
            "type": "buy",
            "ordertype": "limit",
            "volume": "0.02",
            "price": "64000.5",
            "cl_ord_id": "sim-0001",
            "close[ordertype]": "stop-loss-limit",
            "close[price]": "60000",
            "close[price2]": "59900",
            "pair": "XBTUSD",
        },
    ),
    "a trailing stop-limit order by the venue's own word": (
        place(**TRAILED | {"limit_offset": D(5), "options": KrakenSpotOptions(limit_price_type="quote")}),
        "/0/private/AddOrder",
        TRAILED_FORM | {"price2": "+5"},
    ),
    "a trailing stop-limit order in percent": (
        place(
            **TRAILED
            | {
                "side": Side.SELL,
                "limit_offset": D(5),
                "limit_offset_unit": OffsetUnit.PRICE,
                "options": KrakenSpotOptions(limit_price_type="pct"),
            }
        ),
        "/0/private/AddOrder",
        TRAILED_FORM | {"type": "sell", "price2": "-5%"},
    ),
    "a trailing stop-limit order at a fixed price": (
        place(**TRAILED | {"price": D(60000), "options": KrakenSpotOptions(limit_price_type="static")}),
        "/0/private/AddOrder",
        TRAILED_FORM | {"price2": "60000"},
    ),
    "a trailing close": (
        closing(type=OrderType.TRAILING_STOP_MARKET, trigger_price=2, trigger_price_type="pct"),
        "/0/private/AddOrder",
        CLOSED_FORM | {"close[ordertype]": "trailing-stop", "close[price]": "+2%"},
    ),
    "a trailing close with a limit": (
        closing(type=OrderType.TRAILING_STOP_LIMIT, trigger_price=500, trigger_price_type="quote", price=25),
        "/0/private/AddOrder",
        CLOSED_FORM | {"close[ordertype]": "trailing-stop-limit", "close[price]": "+500", "close[price2]": "-25"},
    ),
    "a trailing close with a limit at a fixed price": (
        closing(
            type=OrderType.TRAILING_STOP_LIMIT,
            trigger_price=500,
            trigger_price_type="quote",
            price=60000,
            price_type="static",
        ),
        "/0/private/AddOrder",
        CLOSED_FORM | {"close[ordertype]": "trailing-stop-limit", "close[price]": "+500", "close[price2]": "60000"},
    ),
    "a close with a limit at a fixed price": (
        closing(type=OrderType.LIMIT, price=65000, price_type="static"),
        "/0/private/AddOrder",
        CLOSED_FORM | {"close[ordertype]": "limit", "close[price]": "65000"},
    ),
    "a close at a distance in percent": (
        closing(type=OrderType.STOP_MARKET, trigger_price=2, trigger_price_type="pct"),
        "/0/private/AddOrder",
        CLOSED_FORM | {"close[ordertype]": "stop-loss", "close[price]": "#2%"},
    ),
    "a close at a distance, and its limit at another": (
        closing(
            type=OrderType.LIMIT_IF_TOUCHED,
            trigger_price=500,
            trigger_price_type="quote",
            price="2.5",
            price_type="pct",
        ),
        "/0/private/AddOrder",
        CLOSED_FORM | {"close[ordertype]": "take-profit-limit", "close[price]": "#500", "close[price2]": "#2.5%"},
    ),
    "a limit close at a distance": (
        closing(type=OrderType.LIMIT, price=5, price_type="quote"),
        "/0/private/AddOrder",
        CLOSED_FORM | {"close[ordertype]": "limit", "close[price]": "#5"},
    ),
    "a close without a client order id": (
        place(options=KrakenSpotOptions(conditional=ConditionalClose(type=OrderType.LIMIT, price=65000), unnamed=True)),
        "/0/private/AddOrder",
        {
            "type": "buy",
            "ordertype": "limit",
            "volume": "0.02",
            "price": "64000.5",
            "close[ordertype]": "limit",
            "close[price]": "65000",
            "pair": "XBTUSD",
        },
    ),
    "an order that fills at once or not at all": (
        place(time_in_force=TimeInForce.FOK),
        "/0/private/AddOrder",
        CLOSED_FORM | {"timeinforce": "FOK"},
    ),
    "an order for a tokenized stock": (
        place(symbol="AAPLx/USD"),
        "/0/private/AddOrder",
        CLOSED_FORM | {"pair": "AAPLxUSD", "asset_class": "tokenized_asset"},
    ),
    "an amendment of an order for a tokenized stock": (
        replace(symbol="AAPLx/USD", price=D("64010.5")),
        "/0/private/AmendOrder",
        {"txid": "OSIM01-AAAAA-BBBB01", "limit_price": "64010.5", "pair": "AAPLxUSD"},
    ),
    "an amendment": (
        replace(quantity=D("2.4"), price=D("64010.5"), post_only=False),
        "/0/private/AmendOrder",
        {"txid": "OSIM01-AAAAA-BBBB01", "order_qty": "2.4", "limit_price": "64010.5", "post_only": "false"},
    ),
    "a cancel": (cancel(1, "OSIM00-OLDER-ORDR00"), "/0/private/CancelOrder", {"txid": "OSIM00-OLDER-ORDR00"}),
    "a cancel by client order id": (cancel(1, None, "x"), "/0/private/CancelOrder", {"cl_ord_id": "x"}),
    "a cancel of everything": (CancelAllOrders(request_id=1, symbol=None), "/0/private/CancelAll", {}),
    "the cancel timer": (
        SetCancelAllAfter(request_id=1, seconds=60),
        "/0/private/CancelAllOrdersAfter",
        {"timeout": "60"},
    ),
    "open orders": (ListOpenOrders(request_id=1), "/0/private/OpenOrders", {}),
    "one order": (
        QueryOrder(request_id=1, venue_order_id="OSIM00-OLDER-ORDR00", wire_id=None),
        "/0/private/QueryOrders",
        {"txid": "OSIM00-OLDER-ORDR00", "consolidate_taker": "false"},
    ),
    "one order by client order id": (
        QueryOrder(request_id=1, venue_order_id=None, wire_id="sim-0000", since=DEADLINE),
        "/0/private/OpenOrders",
        {"cl_ord_id": "sim-0000"},
    ),
    "one order by client order id, among those that have ended": (
        QueryOrder(request_id=1, venue_order_id=None, wire_id="sim-0000", since=DEADLINE, cursor="closed"),
        "/0/private/ClosedOrders",
        {"cl_ord_id": "sim-0000", "consolidate_taker": "false"},
    ),
    "fills": (
        ListFills(request_id=1, start=1782900000 * 10**9, end=1782907205 * 10**9 + 1, symbol=None),
        "/0/private/TradesHistory",
        {"start": "1782899999", "end": "1782907206", "consolidate_taker": "false"},
    ),
    "more fills": (
        ListFills(request_id=1, start=0, end=10**9, symbol=None, cursor="50"),
        "/0/private/TradesHistory",
        {"start": "0", "end": "1", "ofs": "50", "consolidate_taker": "false"},
    ),
    "fills up to now": (
        ListFills(request_id=1, start=0, end=10**9, symbol=None, latest=True),
        "/0/private/TradesHistory",
        {"start": "0", "consolidate_taker": "false"},
    ),
    "order history": (
        ListOrderHistory(request_id=1, start=1782900000 * 10**9, end=1782907205 * 10**9),
        "/0/private/ClosedOrders",
        {"start": "1782899999", "end": "1782907205", "closetime": "both", "consolidate_taker": "false"},
    ),
}


@pytest.mark.parametrize("kind", REST_CALLS)
def test_a_rest_call_is_written(kind: str) -> None:
    request, path, form = REST_CALLS[kind]
    assert form_of(request) == (path, form)


def test_batches_go_out_as_json_over_rest() -> None:
    call = encode_rest(BatchOrders(request_id=1, legs=(cancel(1, "O-1"), cancel(2, None, "w"))), CREDENTIALS)
    assert (call.path, call.body) == ("/0/private/CancelOrderBatch", b'{"orders":["O-1"],"cl_ord_ids":["w"]}')
    call = encode_rest(BatchOrders(request_id=1, legs=LEGS[:2]), CREDENTIALS)
    leg = '{"type":"buy","ordertype":"limit","volume":"0.02","price":"64000.5","cl_ord_id":"%s"}'
    expected = '{"pair":"XBTUSD","orders":[' + leg % "a" + "," + leg % "b" + "]}"
    assert (call.path, call.body) == ("/0/private/AddOrderBatch", expected.encode())
    stop = closing(type=OrderType.STOP_LIMIT, trigger_price=58000, price=57000)
    call = encode_rest(BatchOrders(request_id=1, legs=(stop, LEGS[1])), CREDENTIALS)
    nested = ',"close":{"ordertype":"stop-loss-limit","price":"58000","price2":"57000"}}'
    expected = '{"pair":"XBTUSD","orders":[' + (leg % "sim-0001")[:-1] + nested + "," + leg % "b" + "]}"
    assert (call.path, call.body) == ("/0/private/AddOrderBatch", expected.encode())
    assert ("Content-Type", "application/json") in call.headers


@pytest.mark.parametrize(
    "request_",
    [
        place(margin=True),
        replace(time_in_force=TimeInForce.IOC),
        CancelAllOrders(request_id=1, symbol="BTC/USD"),
        PreviewPrice(request_id=1, symbol="BTC/USD", side=Side.BUY, quantity=D(1)),
        BatchOrders(request_id=1, legs=(place(), cancel(2, "O"))),
        BatchOrders(request_id=1, legs=(place(margin=True, reduce_only=True), place())),
        ListFills(request_id=1, start=0, end=1, symbol=None, venue_order_id="O-1"),
    ],
    ids=lambda request: type(request).__name__,
)
def test_what_rest_cannot_be_asked_is_refused(request_: Request) -> None:
    with pytest.raises(ValueError):
        encode_rest(request_, CREDENTIALS)


# REST answers (spec A.2, D.3)


def http(body: str, status: int = 200) -> HttpAnswer:
    return HttpAnswer(status=status, body=body.encode())


def row(**changes: Any) -> str:
    fields = {
        "refid": "null",
        "userref": "0",
        "cl_ord_id": '"sim-0000"',
        "status": '"open"',
        "opentm": "1782907090.0002",
        "starttm": "0",
        "expiretm": "0",
        "descr": descr(),
        "vol": '"2.50000000"',
        "vol_exec": '"0.50000000"',
        "cost": '"1510.05000"',
        "fee": '"2.41608"',
        "price": '"3020.10"',
        "stopprice": '"0.00000"',
        "limitprice": '"0.00000"',
        "misc": '""',
        "oflags": '"fciq"',
    }
    return fields_as_json(fields, changes)


def descr(**changes: str) -> str:
    fields = {
        "pair": '"ETHUSD"',
        "type": '"sell"',
        "ordertype": '"limit"',
        "price": '"3020.10"',
        "price2": '"0"',
        "leverage": '"none"',
        "order": '"sell 2.50000000 ETHUSD @ limit 3020.10"',
        "close": '""',
    }
    return fields_as_json(fields, changes)


OPENED = 1782907090000200000


def rest_view(**changes: Any) -> OrderView:
    fields: dict[str, Any] = {
        "venue_order_id": "OSIM00-OLDER-ORDR00",
        "wire_id": "sim-0000",
        "symbol": "ETH/USD",
        "side": Side.SELL,
        "price": D("3020.10"),
        "quantity": D("2.5"),
        "cumulative": D("0.5"),
        "status": OrderStatus.PARTIALLY_FILLED,
        "time_in_force": TimeInForce.GTC,
        "post_only": False,
        "time": OPENED,
        "average_price": D("3020.1"),
    }
    return OrderView(**(fields | changes))


def open_orders(*rows: str) -> tuple[Fact, ...]:
    listed = ",".join(f'"O-{place}":{text}' for place, text in enumerate(rows))
    return read_answer(ListOpenOrders(request_id=1), http('{"error":[],"result":{"open":{' + listed + "}}}"))


ROWS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "open in part": ({}, {}),
    "open": (
        {"vol_exec": '"0"', "cost": '"0"'},
        {"status": OrderStatus.ACCEPTED, "cumulative": D(0), "average_price": None},
    ),
    "pending": ({"status": '"pending"'}, {"status": OrderStatus.SUBMITTED}),
    "closed": ({"status": '"closed"'}, {"status": OrderStatus.FILLED}),
    "canceled": (
        {"status": '"canceled"', "reason": '"User requested"', "closetm": "1782907260.5"},
        {"status": OrderStatus.CANCELED, "reason": "User requested", "ended": 1_782_907_260_500_000_000},
    ),
    "expired": ({"status": '"expired"'}, {"status": OrderStatus.EXPIRED}),
    "in a state that we do not know": ({"status": '"odd"'}, {"status": None, "reason": "odd"}),
    "GTD": ({"expiretm": "1782993600"}, {"time_in_force": TimeInForce.GTD}),
    "IOC": ({"oflags": '"fciq,ioc"'}, {"time_in_force": TimeInForce.IOC}),
    "post-only": ({"oflags": '"post,fciq"'}, {"post_only": True}),
    "an average of its own": ({"avg_price": '"3000"'}, {"average_price": D(3000)}),
    "a market order": (
        {"descr": descr(ordertype='"market"', price='"0"')},
        {"type": OrderType.MARKET, "price": None},
    ),
    "a stop": (
        {"descr": descr(ordertype='"stop-loss"', price='"2900"'), "trigger": '"index"'},
        {
            "type": OrderType.STOP_MARKET,
            "price": None,
            "trigger_price": D(2900),
            "trigger_type": TriggerType.INDEX,
        },
    ),
    "a stop with a limit": (
        {"descr": descr(ordertype='"stop-loss-limit"', price='"2900"', price2='"2890"'), "stopprice": '"2901"'},
        {
            "type": OrderType.STOP_LIMIT,
            "price": D(2890),
            "trigger_price": D(2901),
            "trigger_type": TriggerType.DEFAULT,
        },
    ),
    "a trailing stop": (
        {"descr": descr(ordertype='"trailing-stop"', price='"+2.0%"')},
        {
            "type": OrderType.TRAILING_STOP_MARKET,
            "price": None,
            "trigger_price": None,
            "trigger_type": TriggerType.DEFAULT,
        },
    ),
    "a trailing stop with a limit at a distance": (
        {"descr": descr(ordertype='"trailing-stop-limit"', price='"+100.0"', price2='"+5.0"'), "stopprice": '"3100"'},
        {
            "type": OrderType.TRAILING_STOP_LIMIT,
            "price": None,
            "trigger_price": D(3100),
            "trigger_type": TriggerType.DEFAULT,
        },
    ),
    "a stop at a distance": (
        {"descr": descr(ordertype='"stop-loss-limit"', price='"#5"', price2='"-1.5%"')},
        {"type": OrderType.STOP_LIMIT, "price": None, "trigger_price": None, "trigger_type": TriggerType.DEFAULT},
    ),
    "by amount": (
        {"oflags": '"viqc,fciq"', "vol": '"100"', "descr": descr(ordertype='"market"', price='"0"')},
        {"quantity": None, "quote_amount": D(100), "type": OrderType.MARKET, "price": None},
    ),
    "without a client id": ({"cl_ord_id": None}, {"wire_id": None}),
    "a child": ({"refid": '"OPARENT"'}, {"parent": "OPARENT"}),
    "in legacy names": ({"descr": descr(pair='"XXBTZUSD"')}, {"symbol": "BTC/USD"}),
    "without a description": (
        {"descr": None},
        {"symbol": "", "side": None, "price": None, "type": None},
    ),
    "numbers as numbers": ({"vol": "2.5", "vol_exec": "0.5", "cost": "1510.05", "price": "3020.1"}, {}),
    "an unusable time": ({"opentm": '"noon"'}, {"time": 0}),
}


@pytest.mark.parametrize("kind", ROWS)
def test_an_order_is_read_over_rest(kind: str) -> None:
    changes, expected = ROWS[kind]
    (fact,) = open_orders(row(**changes))
    assert isinstance(fact, RequestAnswered)
    assert fact.orders == (rest_view(venue_order_id="O-0", **expected),)


def test_an_order_that_cannot_be_read_never_costs_its_neighbours() -> None:
    answered, lost = open_orders(row(), '"nothing"', row())
    assert isinstance(answered, RequestAnswered)
    assert answered.orders is not None
    assert [one.venue_order_id for one in answered.orders] == ["O-0", "O-2"]
    assert isinstance(lost, Unreadable)


def query(text: str, **ids: Any) -> Any:
    request = QueryOrder(request_id=7, **({"venue_order_id": None, "wire_id": None} | ids))
    return read_answer(request, http(text))[0]


def test_one_order_is_found_by_its_id() -> None:
    text = '{"error":[],"result":{"OSIM00-OLDER-ORDR00":' + row(status='"canceled"') + "}}"
    fact = query(text, venue_order_id="OSIM00-OLDER-ORDR00")
    assert fact == RequestAnswered(request_id=7, order=rest_view(status=OrderStatus.CANCELED))


@pytest.mark.parametrize(
    "text",
    [
        '{"error":[],"result":{}}',
        '{"error":[],"result":{"O-OTHER":' + row() + "}}",
        '{"error":["EOrder:Unknown order"]}',
        '{"error":["EOrder:Invalid order"]}',
    ],
)
def test_an_order_that_the_venue_does_not_know_is_not_found(text: str) -> None:
    assert query(text, venue_order_id="OSIM00-OLDER-ORDR00").outcome is NOT_FOUND


def trade_row(**changes: Any) -> str:
    fields = {
        "ordertxid": '"OSIM00-OLDER-ORDR00"',
        "postxid": '"TSIM00-POSXX-000000"',
        "pair": '"ETHUSD"',
        "time": "1782907170.7",
        "type": '"sell"',
        "ordertype": '"limit"',
        "price": '"3020.10"',
        "cost": '"1510.05"',
        "fee": '"2.41608"',
        "vol": '"0.50000000"',
        "margin": '"0.00000"',
        "leverage": '"0"',
        "misc": '""',
        "trade_id": "810001",
        "maker": "true",
        "ledgers": '["LSIM00-LEDGR-000000"]',
    }
    return fields_as_json(fields, changes)


TRADED_AT = 1782907170700000000


def history(*rows: str, count: int = 1, **options: Any) -> Any:
    listed = ",".join(f'"T-{place}":{text}' for place, text in enumerate(rows))
    options = {"start": 1782900000 * 10**9, "end": 1782908000 * 10**9, "symbol": None} | options
    body = '{"error":[],"result":{"trades":{' + listed + f'}},"count":{count}' + "}}"
    return read_answer(ListFills(request_id=5, **options), http(body))


def test_a_fill_is_read_over_rest() -> None:
    (fact,) = history(trade_row())
    expected = Trade(
        venue_order_id="OSIM00-OLDER-ORDR00",
        trade_id="T-0",
        symbol="ETH/USD",
        side=Side.SELL,
        price=D("3020.10"),
        quantity=D("0.5"),
        liquidity=LiquiditySide.MAKER,
        time=TRADED_AT,
        fee=Money(D("2.41608"), "USD"),
    )
    assert fact == FillsListed(request_id=5, trades=(expected,), cursor=None)


@pytest.mark.parametrize(
    ("maker", "liquidity"), [("false", LiquiditySide.TAKER), (None, LiquiditySide.NONE), ("7", LiquiditySide.NONE)]
)
def test_who_was_resting_is_read_over_rest(maker: str | None, liquidity: LiquiditySide) -> None:
    (fact,) = history(trade_row(maker=maker))
    assert fact.trades[0].liquidity is liquidity


def test_fills_come_newest_first_and_page_by_page() -> None:
    newer, older = trade_row(time="1782907171"), trade_row()
    (fact,) = history(newer, older, count=120)
    assert ([one.trade_id for one in fact.trades], fact.cursor) == (["T-1", "T-0"], "2/120")
    (fact,) = history(newer, older, count=52, cursor="50")
    assert fact.cursor is None
    (fact,) = history(count=52, cursor="50")
    assert (fact.trades, fact.cursor) == ((), None)


def test_fills_that_were_not_asked_for_are_left_out() -> None:
    early, late = trade_row(time="1782899999.999"), trade_row(time="1782908000")
    (fact,) = history(late, trade_row(), early)
    assert [one.trade_id for one in fact.trades] == ["T-1"]
    (fact,) = history(late, latest=True)
    assert [one.trade_id for one in fact.trades] == ["T-0"]
    (fact,) = history(trade_row(), symbol="BTC/USD")
    assert fact.trades == ()


def test_fills_of_a_pair_with_a_name_of_its_own_are_not_left_out() -> None:
    for pair, symbol in (("USDTZUSD", "USDT/USD"), ("ADATRY", "ADA/TRY"), ("XXBTZUSD", "BTC/USD")):
        (fact,) = history(trade_row(pair=f'"{pair}"'), symbol=symbol)
        assert [(one.trade_id, one.symbol) for one in fact.trades] == [("T-0", symbol)]
    listed, lost = history(trade_row(pair='"WHATEVER"'), symbol="BTC/USD")
    assert (listed.trades, type(lost)) == ((), Unreadable)


def test_a_fill_that_cannot_be_counted_is_shown_to_be_missing() -> None:
    listed, lost = history(trade_row(price='"0"'), trade_row())
    assert [one.trade_id for one in listed.trades] == ["T-1"]
    assert isinstance(lost, Unreadable)


def test_the_history_of_orders_is_oldest_first() -> None:
    newer, older = row(status='"closed"', closetm="1782907300"), row(status='"canceled"', closetm="1782907260.5")
    body = '{"error":[],"result":{"closed":{"O-2":' + newer + ',"O-1":' + older + '},"count":60}}'
    (fact,) = read_answer(ListOrderHistory(request_id=6, start=0, end=1), http(body))
    assert isinstance(fact, OrderHistoryListed)
    assert ([one.venue_order_id for one in fact.orders], fact.cursor) == (["O-1", "O-2"], "2/60")


REST_ANSWERS: dict[str, tuple[Request, str, list[Any]]] = {
    "a placement": (
        place(),
        '{"error":[],"result":{"descr":{"order":"sell"},"txid":["OSIM00-OLDER-ORDR00"]}}',
        [RequestAnswered(request_id=100, venue_order_id="OSIM00-OLDER-ORDR00")],
    ),
    "a placement that names no order": (
        place(),
        '{"error":[],"result":{"descr":{"order":"sell"}}}',
        [RequestAnswered(request_id=100)],
    ),
    "an amendment": (
        replace(),
        '{"error":[],"result":{"amend_id":"TSIMAM-ENDID-000003"}}',
        [RequestAnswered(request_id=110, venue_order_id="OSIM01-AAAAA-BBBB01")],
    ),
    "a cancel": (cancel(1, "O"), '{"result":{"count":1}}', [RequestAnswered(request_id=1)]),
    "a cancel under way": (
        cancel(1, "O"),
        '{"error":[],"result":{"count":0,"pending":true}}',
        [RequestAnswered(request_id=1)],
    ),
    "a cancel of nothing": (
        cancel(1, "O"),
        '{"error":[],"result":{"count":0}}',
        [
            RequestRefused(
                request_id=1, outcome=NOT_FOUND, reason="The venue knows no such order.", why=RejectReason.UNKNOWN_ORDER
            )
        ],
    ),
    "a cancel of everything": (
        CancelAllOrders(request_id=1, symbol=None),
        '{"error":[],"result":{"count":3}}',
        [RequestAnswered(request_id=1, canceled=3)],
    ),
    "a cancel of everything that finds nothing": (
        CancelAllOrders(request_id=1, symbol=None),
        '{"error":[],"result":{"count":0}}',
        [RequestAnswered(request_id=1, canceled=0)],
    ),
    "the cancel timer": (
        SetCancelAllAfter(request_id=1, seconds=60),
        '{"error":[],"result":{"currentTime":"2026-07-01T12:00:14Z","triggerTime":"2026-07-01T12:01:14Z"}}',
        [CancelAllAfterSet(request_id=1, cancels_at=1782907274000000000)],
    ),
    "a batch of orders": (
        BatchOrders(request_id=9, legs=LEGS),
        '{"error":[],"result":{"orders":[{"txid":"O-1","descr":{}},{"error":"EOrder:Insufficient funds"}]}}',
        [
            RequestAnswered(request_id=1, venue_order_id="O-1"),
            RequestRefused(
                request_id=2, outcome=DEFINITE, reason="EOrder:Insufficient funds", why=RejectReason.INSUFFICIENT_FUNDS
            ),
            RequestRefused(
                request_id=3,
                outcome=AMBIGUOUS,
                reason="The answer to the batch does not say what became of this part.",
            ),
            RequestAnswered(request_id=9),
        ],
    ),
    "a batch of cancels": (
        BatchOrders(request_id=9, legs=(cancel(1, "O-1"), cancel(2, "O-2"))),
        '{"error":[],"result":{"count":2}}',
        [RequestAnswered(request_id=1), RequestAnswered(request_id=2), RequestAnswered(request_id=9)],
    ),
    "an error": (
        place(),
        '{"error":["EOrder:Post only order"]}',
        [RequestRefused(request_id=100, outcome=DEFINITE, reason="EOrder:Post only order", why=RejectReason.POST_ONLY)],
    ),
    "an error that leaves it open": (
        place(),
        '{"error":["EService:Unavailable"],"result":null}',
        [
            RequestRefused(
                request_id=100, outcome=AMBIGUOUS, reason="EService:Unavailable", why=RejectReason.UNAVAILABLE
            )
        ],
    ),
    "a question that fails has done nothing": (
        ListOpenOrders(request_id=1),
        '{"error":["EService:Unavailable"]}',
        [RequestRefused(request_id=1, outcome=DEFINITE, reason="EService:Unavailable", why=RejectReason.UNAVAILABLE)],
    ),
    "an error for a batch": (
        BatchOrders(request_id=9, legs=LEGS[:2]),
        '{"error":["EGeneral:Invalid arguments"]}',
        [
            RequestRefused(
                request_id=number, outcome=DEFINITE, reason="EGeneral:Invalid arguments", why=RejectReason.INVALID
            )
            for number in (1, 2, 9)
        ],
    ),
    "a warning": (
        cancel(1, "O"),
        '{"error":["WGeneral:Sample advisory"],"result":{"count":1}}',
        [
            RequestAnswered(request_id=1),
            Notice(text="The venue warns about request 1: WGeneral:Sample advisory"),
        ],
    ),
}


@pytest.mark.parametrize("kind", REST_ANSWERS)
def test_a_rest_answer_is_read(kind: str) -> None:
    request, body, expected = REST_ANSWERS[kind]
    assert list(read_answer(request, http(body))) == expected


@pytest.mark.parametrize(
    ("body", "status"),
    [("<html>", 502), ("", 200), ("[]", 200), ('{"error":[]}', 200), ('{"error":[],"result":{"count":1}}', 503)],
)
def test_an_answer_that_says_nothing_leaves_a_command_open_and_a_question_unasked(body: str, status: int) -> None:
    for request, outcome in ((cancel(1, "O"), AMBIGUOUS), (ListOpenOrders(request_id=1), DEFINITE)):
        refusal, complaint = read_answer(request, http(body, status))
        assert isinstance(refusal, RequestRefused)
        assert (refusal.outcome, type(complaint)) == (outcome, Unreadable)


@pytest.mark.parametrize("text", ["EGeneral:Invalid arguments", "EOrder:Unknown order", "EAPI:Invalid token"])
def test_a_server_that_fails_may_have_carried_a_command_out(text: str) -> None:
    body = f'{{"error":["{text}"]}}'
    for command in (place(), replace(), cancel(1, "O"), BatchOrders(request_id=9, legs=LEGS)):
        facts: Any = read_answer(command, http(body, 502))
        assert {fact.outcome for fact in facts} == {AMBIGUOUS}
        assert facts[-1].reason == text
    (refused,) = read_answer(ListOpenOrders(request_id=1), http('{"error":["EGeneral:Invalid arguments"]}', 502))
    assert isinstance(refused, RequestRefused)
    assert refused.outcome is DEFINITE


def test_an_order_beside_an_error_proves_nothing_over_rest() -> None:
    (fact,) = read_answer(place(), http('{"error":["EOrder:Invalid price"],"result":{"txid":["O-1"]}}'))
    assert isinstance(fact, RequestRefused)
    assert fact.outcome is AMBIGUOUS
    legs = '[{"txid":"O-1","error":"EOrder:Insufficient funds"},{"txid":"O-2"},{"txid":"O-3"}]'
    facts: Any = read_answer(BATCH, http('{"error":[],"result":{"orders":' + legs + "}}"))
    assert (facts[0].outcome, facts[1].venue_order_id, facts[2].venue_order_id) == (AMBIGUOUS, "O-2", "O-3")


ASKED = [
    place(),
    replace(),
    cancel(1, "O"),
    ListOpenOrders(request_id=1),
    BATCH,
    SetCancelAllAfter(request_id=1, seconds=1),
]


@given(st.sampled_from(ASKED), st.binary() | JSON.map(lambda tree: json.dumps({"error": [], "result": tree}).encode()))
def test_no_answer_makes_the_reader_raise(request_: Request, body: bytes) -> None:
    assert read_answer(request_, HttpAnswer(status=200, body=body))


# Numbers, times, names


@pytest.mark.parametrize(
    ("number", "text"),
    [("1", "1.0"), ("1E+2", "100.0"), ("0.00010000", "0.00010000"), ("1E-7", "0.0000001"), ("-0.5", "-0.5")],
)
def test_a_number_always_has_a_point(number: str, text: str) -> None:
    assert with_point(D(number)) == text
    assert encode_message({"n": D(number)}) == f'{{"n":{text}}}'


def test_decimals_of_rest_are_text_and_times_are_short_numbers() -> None:
    shown = wire.OrderRow(vol=D("2.50000000"), opentm=D("1782907090.0002"), expiretm=D(0), status="open")
    assert encode_message(shown) == (
        '{"refid":null,"userref":null,"status":"open","opentm":1782907090.0002,"expiretm":0,"vol":"2.50000000"}'
    )


@given(st.integers(min_value=0, max_value=2**33 * 10**9))
def test_times_survive_the_wire(time: int) -> None:
    assert nanoseconds(rfc3339(time, 9)) == time
    assert nanoseconds(rfc3339(time, 6)) == time // 1000 * 1000
    assert nanoseconds(rfc3339(time, 0)) == time // 10**9 * 10**9


PAIRS = {
    "BTC/USD": "BTC/USD",
    "XBT/USD": "BTC/USD",
    "XDG/EUR": "DOGE/EUR",
    "XXBTZUSD": "BTC/USD",
    "XETHZEUR": "ETH/EUR",
    "XETHXXBT": "ETH/BTC",
    "XBTUSD": "BTC/USD",
    "XBTUSDT": "BTC/USDT",
    "XRPUSD": "XRP/USD",
    "XTZUSD": "XTZ/USD",
    "XTZXBT": "XTZ/BTC",
    "ZECUSD": "ZEC/USD",
    "USDTUSD": "USDT/USD",
    "USDTZUSD": "USDT/USD",
    "USDTZEUR": "USDT/EUR",
    "XBTZUSD": "BTC/USD",
    "XXBTUSDT": "BTC/USDT",
    "CHZUSD": "CHZ/USD",
    "XTZEUR": "XTZ/EUR",
    "AVAXXBT": "AVAX/BTC",
    "AVAXETH": "AVAX/ETH",
    "USDTZUSDX": "USDTZUSDX",
    "SOLEUR": "SOL/EUR",
    "WHATEVER": "WHATEVER",
    "": "",
}


@pytest.mark.parametrize("pair", PAIRS)
def test_every_spelling_of_a_pair_has_one_symbol(pair: str) -> None:
    assert symbol_of_pair(pair) == PAIRS[pair]


def test_codes_that_begin_with_x_or_z_are_left_alone() -> None:
    assert [currency(code) for code in ("XRP", "XLM", "XMR", "XTZ", "ZEC", "XXLM", "ZUSD", "XBT", "XDG")] == [
        "XRP",
        "XLM",
        "XMR",
        "XTZ",
        "ZEC",
        "XLM",
        "USD",
        "BTC",
        "DOGE",
    ]


def test_rest_has_legacy_names() -> None:
    assert [rest_pair(symbol) for symbol in ("BTC/USD", "DOGE/BTC", "ETH/EUR")] == ["XBTUSD", "XDGXBT", "ETHEUR"]
    assert (quote_of("BTC/EUR"), quote_of("XXBTZUSD"), quote_of("?")) == ("EUR", "USD", "")


PAIR_ROW = {
    "altname": '"XBTUSD"',
    "wsname": '"XBT/USD"',
    "base": '"XXBT"',
    "quote": '"ZUSD"',
    "pair_decimals": "1",
    "lot_decimals": "8",
    "tick_size": '"0.1"',
    "ordermin": '"0.0001"',
    "costmin": '"0.5"',
    "status": '"online"',
    "fees": "[[0,0.26]]",
}


def pairs(*rows: str) -> HttpAnswer:
    listed = ",".join(f'"P{place}":{text}' for place, text in enumerate(rows))
    return http('{"error":[],"result":{' + listed + "}}")


def test_the_venue_lists_its_instruments() -> None:
    call = instruments_call()
    assert (call.method, call.path, call.authorized) == ("GET", "/0/public/AssetPairs", False)
    (instrument,) = read_instruments(pairs(fields_as_json(PAIR_ROW, {})))
    assert instrument == Instrument(
        id="BTC/USD.KRAKEN",
        price_increment="0.1",
        quantity_increment="0.00000001",
        minimum_quantity="0.0001",
        quote_currency="USD",
    )


def test_an_instrument_without_all_its_terms_has_the_usual_ones() -> None:
    sparse = fields_as_json(PAIR_ROW, {"wsname": None, "tick_size": None, "ordermin": None})
    (instrument,) = read_instruments(pairs(sparse))
    assert instrument.symbol == "BTC/USD"
    assert (instrument.price_increment, instrument.minimum_quantity) == (D("0.1"), D("0.00000001"))


def test_an_instrument_that_cannot_be_read_is_left_out() -> None:
    good = fields_as_json(PAIR_ROW, {"wsname": '"SOL/EUR"'})
    broken = [
        fields_as_json(PAIR_ROW, {"lot_decimals": None}),
        fields_as_json(PAIR_ROW, {"wsname": None, "altname": '"?"'}),
        fields_as_json(PAIR_ROW, {"tick_size": '"-1"'}),
        '"nothing"',
    ]
    assert [one.symbol for one in read_instruments(pairs(*broken, good))] == ["SOL/EUR"]
    with pytest.raises(WireError):
        read_instruments(pairs(*broken))


def test_pairs_of_lists_have_the_names_that_the_venue_gave_them() -> None:
    spot = KrakenSpotVenue(KrakenSpotSettings(api_key="k", api_secret=SECRET))
    listed = fields_as_json(PAIR_ROW, {"altname": '"ODDTRY"', "wsname": '"ODD/TRY"', "quote": '"TRY"'})
    assert len(spot.read_instruments(pairs(listed, fields_as_json(PAIR_ROW, {})))) == 2
    rows = [trade_row(pair=f'"{pair}"') for pair in ("P0", "ODDTRY", "XBTUSD", "USDTZUSD", "WHATEVER")]
    body = '{"error":[],"result":{"trades":{' + ",".join(f'"T-{at}":{text}' for at, text in enumerate(rows))
    (fact,) = spot.read_answer(ListFills(request_id=1, start=0, end=2**62, symbol=None), http(body + '},"count":5}}'))
    assert isinstance(fact, FillsListed)
    named = {one.trade_id: one.symbol for one in fact.trades}
    assert named == {"T-0": "ODD/TRY", "T-1": "ODD/TRY", "T-2": "BTC/USD", "T-3": "USDT/USD", "T-4": "WHATEVER"}
    (orders,) = spot.read_answer(
        ListOpenOrders(request_id=1),
        http('{"error":[],"result":{"open":{"O-1":' + row(descr=descr(pair='"ODDTRY"')) + "}}}"),
    )
    assert isinstance(orders, RequestAnswered)
    assert orders.orders is not None
    assert orders.orders[0].symbol == "ODD/TRY"


def test_a_list_that_was_refused_names_no_pairs() -> None:
    spot = KrakenSpotVenue(KrakenSpotSettings(api_key="k", api_secret=SECRET))
    with pytest.raises(WireError):
        spot.read_instruments(http('{"error":["EService:Busy"]}'))
    (answered,) = spot.read_answer(
        ListOpenOrders(request_id=1), http('{"error":[],"result":{"open":{"O-1":' + row() + "}}}")
    )
    assert isinstance(answered, RequestAnswered)


@pytest.mark.parametrize("answered", [http("<html>", 502), http('{"error":["EService:Busy"]}'), http("{}")])
def test_without_a_list_there_are_no_instruments(answered: HttpAnswer) -> None:
    with pytest.raises(WireError):
        read_instruments(answered)


# The venue's side


def test_every_frame_of_ours_is_one_that_the_venue_takes() -> None:
    requests = [request for request, _ in [*PLACEMENTS.values(), *FRAMES.values()]]
    for request in requests:
        call = venue_side.decode_request(encode(request, "T"))
        assert (call.req_id, call.params and call.params.token) == (request.request_id, "T")
    assert venue_side.decode_request(edit_frame(replace(price=D(1)), "T")).method == "edit_order"


def test_amounts_go_into_a_form_without_exponents() -> None:
    assert encode_form(wire.AddOrderForm(pair="XBTUSD", volume=D("1E+2"))) == "volume=100&pair=XBTUSD"


NUMBERS = st.decimals(min_value="0.00000001", max_value="1e9", places=8)
NAMES = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=18)


@given(quantity=NUMBERS, price=NUMBERS, name=NAMES, side=st.sampled_from(Side), number=st.integers(1, 2**31 - 1))
def test_an_order_arrives_at_the_venue_as_it_was_meant(
    quantity: Decimal, price: Decimal, name: str, side: Side, number: int
) -> None:
    request = place(quantity=quantity, price=price, wire_id=name, side=side, request_id=number)
    call = venue_side.decode_request(encode(request, "T"))
    assert isinstance(call.params, AddOrder)
    params = call.params
    assert (params.order_qty, params.limit_price, params.cl_ord_id) == (quantity, price, name)
    assert (params.side, call.req_id) == (side.name.lower(), number)


@given(quantity=NUMBERS, price=NUMBERS, fee=NUMBERS, name=NAMES, time=st.integers(10**9, 2**33 * 10**9))
def test_a_fill_arrives_at_the_client_as_it_happened(
    quantity: Decimal, price: Decimal, fee: Decimal, name: str, time: int
) -> None:
    report = wire.Report(
        order_id="O-1",
        cl_ord_id=name,
        exec_id="T-1",
        exec_type="trade",
        symbol="BTC/USD",
        side="sell",
        last_qty=quantity,
        last_price=price,
        liquidity_ind="t",
        fees=[wire.Fee(asset="USD", qty=fee)],
        timestamp=rfc3339(time, 9),
    )
    frame = wire.Frame(channel="executions", type="update", data=[report], sequence=2)
    (fact,) = logged_in().decode(encode_message(frame))
    assert isinstance(fact, OrderFilled)
    assert fact.trade == Trade(
        venue_order_id="O-1",
        trade_id="T-1",
        symbol="BTC/USD",
        side=Side.SELL,
        price=price,
        quantity=quantity,
        liquidity=LiquiditySide.TAKER,
        time=time,
        fee=Money(fee, "USD"),
        wire_id=name,
    )


# The venue behind the seam


def test_the_venue_satisfies_the_seam() -> None:
    spot = KrakenSpotVenue(KrakenSpotSettings(api_key="key", api_secret=SECRET))
    venue: Venue = spot
    assert (venue.rules.venue, venue.rules.nonce_unit) == ("KRAKEN", 1)
    assert venue.rest_url == "https://api.kraken.com"
    assert venue.upgrade("T").url == "wss://ws-auth.kraken.com/v2"
    assert venue.heartbeat == ('{"method":"ping"}', 20 * 10**9)
    assert venue.token_lifetime == 900 * 10**9
    login = LoggedIn(user="", orders=(), cancel_on_disconnect=False, heartbeat_timeout=None)
    assert venue.login_problem(login) is None
    assert venue.wire_id("abc") == venue.external_client_order_id("abc") == "abc"


def test_frames_go_over_the_socket_and_questions_over_rest() -> None:
    spot = KrakenSpotVenue(KrakenSpotSettings(api_key="key", api_secret=SECRET))
    assert '"token":"T"' in str(spot.encode(place(), "T"))
    call = spot.encode(ListOpenOrders(request_id=1), "T")
    assert isinstance(call, SignedCall)
    assert (call.pool, call.cost, call.urgent) == ("rest", 100, False)
    assert type(ListOpenOrders(request_id=1)) in spot.rules.http_requests
    assert spot.encode_rest(place()).path == "/0/private/AddOrder"
    assert spot.read_answer(ListOpenOrders(request_id=1), http("?"))
    assert spot.read_instruments(pairs(fields_as_json(PAIR_ROW, {})))
    assert spot.open_wire(Opening(instruments={}, token="T")).stage is Stage.GREETING


def test_the_token_is_read() -> None:
    spot = KrakenSpotVenue(KrakenSpotSettings(api_key="key", api_secret=SECRET))
    assert spot.login_call().path == "/0/private/GetWebSocketsToken"
    assert spot.read_token(http('{"error":[],"result":{"token":"ABC","expires":900}}')) == "ABC"


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ('{"error":["EAPI:Invalid key"]}', 200, AuthenticationError),
        ('{"error":["EGeneral:Permission denied"]}', 200, AuthenticationError),
        ('{"error":["EAPI:Invalid signature"]}', 200, AuthenticationError),
        ("{}", 401, AuthenticationError),
        ('{"error":["EAPI:Permission denied"]}', 200, AuthenticationError),
        ('{"error":["EAccount:Invalid permissions:API access"]}', 200, AuthenticationError),
        ('{"error":["EAuth:Account temporary disabled"]}', 200, AuthenticationError),
        ('{"error":["EAuth:Account unconfirmed"]}', 200, AuthenticationError),
        ('{"error":["EAuth:Rate limit exceeded"]}', 200, WireError),
        ('{"error":["EAuth:Rate limit exceeded"]}', 403, WireError),
        ('{"error":["EAuth:Too many requests"]}', 200, WireError),
        ('{"error":["EAuth:Too many requests"]}', 401, WireError),
        ('{"error":["EAuth:Something brand new"]}', 200, WireError),
        ('{"error":["EAPI:Rate limit exceeded"]}', 200, WireError),
        ('{"error":["EGeneral:Temporary lockout"]}', 200, WireError),
        ('{"error":["EAPI:Invalid nonce"]}', 200, WireError),
        ("<html><title>Attention Required!</title></html>", 403, WireError),
        ("<html><title>Authorization Required</title></html>", 401, WireError),
        ("Unauthorized", 401, WireError),
        ("", 403, WireError),
        ('{"error":["EService:Unavailable"]}', 503, WireError),
        ('{"error":[],"result":{"token":""}}', 200, WireError),
        ('{"error":[]}', 200, WireError),
        ("<html>", 502, WireError),
    ],
)
def test_a_login_without_a_token_says_why(body: str, status: int, kind: type[Exception]) -> None:
    spot = KrakenSpotVenue(KrakenSpotSettings(api_key="key", api_secret=SECRET))
    with pytest.raises(kind):
        spot.read_token(http(body, status))


@pytest.mark.parametrize(
    "options",
    [
        {"api_key": ""},
        {"api_secret": "?"},
        {"websocket_url": "https://x"},
        {"rest_url": "wss://x"},
        {"request_timeout": 0},
        {"process_within": 0.9},
        {"process_within": 61},
        {"tier": "gold"},
    ],
)
def test_settings_that_cannot_be_meant_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        KrakenSpotSettings(**({"api_key": "key", "api_secret": SECRET} | options))


def test_addresses_can_be_chosen() -> None:
    beta = KrakenSpotSettings(api_key="key", api_secret=SECRET, beta=True)
    assert beta.websocket_url == "wss://beta-ws-auth.kraken.com/v2"
    own = KrakenSpotSettings(api_key="k", api_secret=SECRET, websocket_url="ws://localhost:1/v2", rest_url="http://h/")
    assert (own.websocket_url, own.rest_url) == ("ws://localhost:1/v2", "http://h")
