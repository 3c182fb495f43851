"""How a connection to Kraken Futures logs in, frame by frame (spec B.3 to B.5, E.18)."""

from __future__ import annotations

import json

import pytest

from protocol.facts import Alive, LoggedIn, LoginRefused, Notice, OrderAcknowledged, OrderReplaced, Say
from protocol.kraken_futures.handshake import Stage

from .feeds import KEY, PLACED_AT, logged_in, new_wire, order, view


def test_the_login_goes_challenge_then_fills_then_open_orders_then_heartbeat() -> None:
    wire = new_wire()
    said = []
    for text in (
        '{"event":"info","version":1}',
        '{"event":"challenge","message":"11111111-2222-4333-8444-555555555555"}',
        '{"event":"subscribed","feed":"fills","api_key":"TESTKEY"}',
        '{"event":"subscribed","feed":"open_orders","api_key":"TESTKEY"}',
    ):
        (fact,) = wire.decode(text)
        assert isinstance(fact, Say)
        said.append(json.loads(fact.text))
    proof = {
        "api_key": KEY,
        "original_challenge": "11111111-2222-4333-8444-555555555555",
        "signed_challenge": "PjDbBGaJT7UcRUOQOE4/MPJ934SMODeLLIym4sK5S7yqM6rQnpN3rSujRA2UG04Eb9JV3onnBCkFaViEgDe5uA==",
    }
    assert said == [
        {"event": "challenge", "api_key": KEY},
        {"event": "subscribe", "feed": "fills", **proof},
        {"event": "subscribe", "feed": "open_orders", **proof},
        {"event": "subscribe", "feed": "heartbeat"},
    ]
    assert wire.stage is Stage.READY


def test_the_login_is_complete_with_the_list_of_open_orders() -> None:
    wire = logged_in()
    wire = new_wire()
    for text in (
        '{"event":"info"}',
        '{"event":"challenge","message":"c"}',
        '{"event":"subscribed","feed":"fills"}',
        '{"event":"subscribed","feed":"open_orders"}',
    ):
        assert not any(isinstance(fact, LoggedIn) for fact in wire.decode(text))
    shown = order(last_update_time=str(PLACED_AT))
    (login,) = wire.decode('{"feed":"open_orders_snapshot","account":"acc-9","orders":[' + shown + "]}")
    assert login == LoggedIn(user="acc-9", orders=(view(),), cancel_on_disconnect=False, heartbeat_timeout=None)


def test_the_snapshot_may_come_before_its_acknowledgement() -> None:
    wire = new_wire(heartbeat=False)
    wire.decode('{"event":"info"}')
    wire.decode('{"event":"challenge","message":"c"}')
    wire.decode('{"event":"subscribed","feed":"fills"}')
    assert wire.decode('{"feed":"open_orders_snapshot","account":"acc-9","orders":[]}') == (Alive(),)
    (login,) = wire.decode('{"event":"subscribed","feed":"open_orders"}')
    assert login == LoggedIn(user="acc-9", orders=(), cancel_on_disconnect=False, heartbeat_timeout=None)


@pytest.mark.parametrize(
    ("text", "unauthorized"),
    [
        ('{"event":"alert","message":"Failed to subscribe to authenticated feed"}', True),
        ('{"event":"subscribed_failed","feed":"fills"}', True),
        ('{"event":"alert","message":"Rate limit exceeded"}', False),
        ('{"event":"alert","message":"Couldn\'t subscribe to invalid feed"}', False),
        ('{"event":"alert","message":"Bad request"}', False),
        ('{"event":"error","message":"Invalid feed"}', False),
        ('{"event":"error","message":"Json Error"}', False),
    ],
)
def test_an_alert_fails_the_subscription_that_waits(text: str, unauthorized: bool) -> None:
    wire = new_wire()
    wire.decode('{"event":"info"}')
    wire.decode('{"event":"challenge","message":"c"}')
    (fact,) = wire.decode(text)
    assert isinstance(fact, LoginRefused)
    assert fact.unauthorized is unauthorized
    assert fact.reason.endswith(".")
    assert wire.stage is Stage.REFUSED


def test_a_challenge_without_a_message_ends_the_login() -> None:
    wire = new_wire()
    wire.decode('{"event":"info"}')
    (fact,) = wire.decode('{"event":"challenge"}')
    assert isinstance(fact, LoginRefused)


@pytest.mark.parametrize(
    "text",
    [
        '{"event":"alert","message":"Rate limit exceeded"}',
        '{"event":"error","message":"Json Error"}',
        '{"event":"subscribed_failed","feed":"heartbeat"}',
    ],
)
def test_an_alert_that_nobody_waits_for_is_only_noticed(text: str) -> None:
    (fact,) = logged_in().decode(text)
    assert isinstance(fact, Notice)


@pytest.mark.parametrize(
    "text",
    [
        '{"event":"pong"}',
        '{"event":"info","version":1}',
        '{"feed":"heartbeat","time":1790000000000}',
        '{"event":"unsubscribed","feed":"heartbeat"}',
        '{"event":"unsubscribed_failed","feed":"open_orders"}',
        '{"event":"challenge","message":"unasked"}',
        '{"event":"subscribed","feed":"heartbeat"}',
    ],
)
def test_a_message_without_consequences_is_a_sign_of_life(text: str) -> None:
    assert logged_in().decode(text) == (Alive(),)


def test_a_feed_that_the_venue_ends_is_subscribed_again_with_the_same_challenge() -> None:
    notice, say = logged_in().decode('{"event":"unsubscribed","feed":"fills"}')
    assert isinstance(notice, Notice)
    assert isinstance(say, Say)
    assert json.loads(say.text)["original_challenge"] == "c-1"


@pytest.mark.parametrize("feed", ["fills", "open_orders"])
@pytest.mark.parametrize(
    "text",
    [
        '{"event":"alert","message":"Failed to subscribe to authenticated feed"}',
        '{"event":"alert","message":"Rate limit exceeded"}',
        '{"event":"error","message":"Invalid feed"}',
        '{"event":"subscribed_failed","feed":"fills"}',
        '{"event":"subscribed_failed","feed":"open_orders"}',
    ],
)
def test_a_feed_that_does_not_come_back_ends_the_connection_and_not_the_session(text: str, feed: str) -> None:
    wire = logged_in()
    wire.decode(f'{{"event":"unsubscribed","feed":"{feed}"}}')
    (fact,) = wire.decode(text)
    assert isinstance(fact, LoginRefused)
    assert not fact.unauthorized
    assert wire.stage is Stage.REFUSED


def test_a_feed_that_came_back_waits_for_nothing_any_more() -> None:
    wire = logged_in()
    wire.decode('{"event":"unsubscribed","feed":"fills"}')
    assert wire.decode('{"event":"subscribed","feed":"fills"}') == (Alive(),)
    (fact,) = wire.decode('{"event":"alert","message":"Rate limit exceeded"}')
    assert isinstance(fact, Notice)
    _, say = wire.decode('{"event":"unsubscribed","feed":"fills"}')
    assert isinstance(say, Say)


def test_the_heartbeat_may_fail_while_a_feed_is_asked_for_again() -> None:
    wire = logged_in()
    wire.decode('{"event":"unsubscribed","feed":"fills"}')
    (fact,) = wire.decode('{"event":"subscribed_failed","feed":"heartbeat"}')
    assert isinstance(fact, Notice)


def test_a_feed_is_asked_for_once_however_often_it_ends() -> None:
    wire = logged_in()
    wire.decode('{"event":"unsubscribed","feed":"fills"}')
    assert wire.decode('{"event":"unsubscribed","feed":"fills"}') == (Alive(),)


def test_a_feed_that_ends_during_the_login_is_subscribed_again_as_well() -> None:
    wire = new_wire()
    for text in (
        '{"event":"info"}',
        '{"event":"challenge","message":"c"}',
        '{"event":"subscribed","feed":"fills"}',
    ):
        wire.decode(text)
    _, say = wire.decode('{"event":"unsubscribed","feed":"fills"}')
    assert isinstance(say, Say)
    assert json.loads(say.text)["feed"] == "fills"
    assert wire.decode('{"event":"subscribed","feed":"fills"}') == (Alive(),)
    assert wire.stage is Stage.OPEN_ORDERS


def test_a_subscription_that_fails_out_of_the_blue_does_not_end_the_session() -> None:
    (fact,) = logged_in().decode('{"event":"subscribed_failed","feed":"fills"}')
    assert isinstance(fact, LoginRefused)
    assert not fact.unauthorized


def test_a_later_snapshot_brings_every_order_up_to_date() -> None:
    wire = logged_in(order())
    replaced, new = wire.decode(
        '{"feed":"open_orders_snapshot","account":"acc-1","orders":['
        + order(limit_price="3000")
        + ","
        + order(order_id='"ord-2"', cli_ord_id=None)
        + "]}"
    )
    assert isinstance(replaced, OrderReplaced)
    assert replaced.order.price == 3000
    assert isinstance(new, OrderAcknowledged)
    assert (new.order.venue_order_id, new.order.wire_id) == ("ord-2", None)
