"""How a connection to Kraken Spot logs in, frame by frame (spec A.4, A.5, E.17)."""

from __future__ import annotations

import pytest

from protocol.facts import (
    Alive,
    FillsListed,
    LimitTold,
    LoggedIn,
    LoginRefused,
    Notice,
    OrderAcknowledged,
    OrderPending,
    OrderReplaced,
    Outcome,
    RequestRefused,
    SystemChanged,
    TokenRefused,
)
from protocol.kraken_spot.codec import UNASKED
from protocol.kraken_spot.handshake import Stage
from protocol.reasons import RejectReason
from protocol.values import OrderStatus, RequestId, SystemMode

from .messages import (
    HEARTBEAT,
    STATUS,
    TOKEN,
    D,
    ack,
    fill,
    logged_in,
    new_wire,
    pending,
    refused_subscription,
    said,
    snapshot,
    update,
    view,
)


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
        request_id=RequestId(100), outcome=Outcome.TOKEN, reason="EAPI:Invalid token", why=RejectReason.PERMISSION
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
