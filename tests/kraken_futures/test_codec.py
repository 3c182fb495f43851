"""Kraken Futures' frames: which is which, and what makes no sense (spec C.2)."""

from __future__ import annotations

import pytest

from protocol.facts import Alive, FillsListed, OrderAcknowledged, OrderRemoved, Unreadable

from .feeds import bare, delta, logged_in, new_wire, order


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('{"feed":"heartbeat","time":1}', Alive),
        ('{"feed":"open_orders_snapshot","account":"a","orders":[' + order() + "]}", OrderAcknowledged),
        ('{"feed":"open_orders_verbose_snapshot","account":"a","orders":[' + order() + "]}", OrderAcknowledged),
        (delta(order(), "new_placed_order_by_user"), OrderAcknowledged),
        (delta(order(), "new_placed_order_by_user", feed="open_orders_verbose"), OrderAcknowledged),
        (bare("cancelled_by_user"), OrderRemoved),
        (bare("cancelled_by_user").replace("open_orders", "open_orders_verbose"), OrderRemoved),
        ('{"feed":"fills_snapshot","account":"a","fills":[]}', FillsListed),
        ('{"feed":"fills","username":"a","fills":[]}', Alive),
        ('{"feed":"ticker","bid":1}', Unreadable),
        ('{"event":"fireworks"}', Unreadable),
        ('{"event":"pong","feed":"open_orders"}', Alive),
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
        '{"feed":null}',
        '{"feed":"fills"',
        '{"feed":"open_orders","is_cancel":true}',
        '{"feed":"open_orders","order":{"qty":1},"is_cancel":false}',
        '{"feed":"open_orders_snapshot","account":"a"}',
        '{"feed":"x","a":1e9999999999999999999}',
        '{"feed":"\\ud800"}',
        '{"feed":NaN}',
        "[" * 100_000,
        '{"a":' + "9" * 5000 + "}",
    ],
)
def test_what_makes_no_sense_is_unreadable_and_shows_how_it_begins(text: str) -> None:
    (fact,) = logged_in().decode(text)
    assert isinstance(fact, Unreadable)
    assert fact.text == text[:200]
    assert fact.why.endswith(".")


def test_a_binary_message_is_unreadable() -> None:
    (fact,) = new_wire().decode(b'{"event":"info"}')
    assert isinstance(fact, Unreadable)
    assert "binary" in fact.why
