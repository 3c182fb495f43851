"""Kraken Spot's frames: system status, numbers of the stream, and what makes no sense."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.facts import (
    Alive,
    FillsListed,
    LoggedIn,
    MessagesLost,
    Notice,
    OrderAcknowledged,
    OrderFilled,
    RequestAnswered,
    Say,
    SlowDown,
    SystemChanged,
    TokenRefused,
    Unreadable,
)
from protocol.kraken_spot.sequence import SequenceCounter, Verdict
from protocol.simulation.kraken_spot import venue_side
from protocol.values import SystemMode

from .messages import (
    HEARTBEAT,
    JSON,
    STATUS,
    TOKEN,
    ack,
    fields_as_json,
    fill,
    logged_in,
    new,
    new_wire,
    pending,
    refused_subscription,
    said,
    snapshot,
    update,
)


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
    first, second, *_ = facts
    assert isinstance(first, MessagesLost)
    assert isinstance(second, Say)


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
